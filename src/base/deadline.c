#include "base/deadline.h"

#include <limits.h>
#include <time.h>

enum { NS_PER_S = 1000000000, NS_PER_MS = 1000000 };

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * NS_PER_S + time.tv_nsec;
}

int64_t pjrt_deadline_after(int64_t timeout_ns) {
  int64_t deadline;
  const int64_t start = now();
  if (timeout_ns <= 0) return start;
  return __builtin_add_overflow(start, timeout_ns, &deadline) ? INT64_MAX
                                                              : deadline;
}

int64_t pjrt_deadline_left(int64_t deadline) {
  if (deadline == INT64_MAX) return INT64_MAX;
  const int64_t left = deadline - now();
  return left > 0 ? left : 0;
}

int pjrt_poll_timeout(int64_t timeout_ns) {
  if (timeout_ns == INT64_MAX) return -1;
  if (timeout_ns <= 0) return 0;
  const int64_t ms = timeout_ns / NS_PER_MS + (timeout_ns % NS_PER_MS != 0);
  return ms > INT_MAX ? INT_MAX : (int)ms;
}

bool pjrt_deadline_wait(int64_t deadline, pthread_cond_t *condition,
                        pthread_mutex_t *mutex) {
  if (deadline == INT64_MAX) return pthread_cond_wait(condition, mutex) == 0;
  const struct timespec until = {deadline / NS_PER_S, deadline % NS_PER_S};
  return pthread_cond_clockwait(condition, mutex, CLOCK_MONOTONIC, &until) == 0;
}
