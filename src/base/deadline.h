/* Points in time until which someone waits, in nanoseconds of the monotonic
 * clock. INT64_MAX is for ever, as a time to wait and as a deadline. */
#ifndef PJRT_BASE_DEADLINE_H_
#define PJRT_BASE_DEADLINE_H_

#include <pthread.h>

#include "pjrt/base.h"

/* 0 and less: now. */
int64_t pjrt_deadline_after(int64_t timeout_ns);

/* The time until then; 0 when it has passed. */
int64_t pjrt_deadline_left(int64_t deadline);

/* A time to wait as poll() takes it: rounded up, and -1 for ever. */
int pjrt_poll_timeout(int64_t timeout_ns);

/* Waits until the condition is signalled or the deadline has passed; false in
 * the latter case. Sets the clock itself, so any condition will do. */
bool pjrt_deadline_wait(int64_t deadline, pthread_cond_t *condition,
                        pthread_mutex_t *mutex);

#endif /* PJRT_BASE_DEADLINE_H_ */
