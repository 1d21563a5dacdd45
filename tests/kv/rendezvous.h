/* Processes find each other through a store, and when one of them is killed,
 * wherever that happens, the others end with a clear error in time. */
#ifndef PJRT_TESTS_KV_RENDEZVOUS_H_
#define PJRT_TESTS_KV_RENDEZVOUS_H_

/* 2 to 8 processes make clients together, each of which sees all devices; see
 * job.h for addresses. They are to be started by `launcher`. */
void check_all_meet(const char *address, const char *launcher);

/* Of three processes the victim is killed at its first step, at its second, and
 * so on. Of the first process there are 3 steps, and 2 for each of its calls
 * until the others do not need it any more: put its part, get three, put the
 * whole, say that it is done. The others get nothing but the whole. */
void check_first_is_killed(const char *address);
void check_other_is_killed(const char *address);

#endif /* PJRT_TESTS_KV_RENDEZVOUS_H_ */
