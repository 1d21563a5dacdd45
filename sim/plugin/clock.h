/* Time, real or virtual, and what happens at a given time. */
#ifndef PJRT_SIM_CLOCK_H_
#define PJRT_SIM_CLOCK_H_

#include <stdbool.h>
#include <stdint.h>

/* At 0. What is pending moves over to the new time: see sim_clock_finish. */
void sim_clock_start(bool is_virtual);
/* Lets everything happen that is pending, in its order and at once. */
void sim_clock_finish(void);

/* Microseconds since the start. */
int64_t sim_clock_now(void);
/* So long after `time`; at the end of time when that is sooner. */
int64_t sim_time_after(int64_t time, int64_t us);

/* Runs `action` at that time; what has the same time, in the order of these
 * calls. In real time that is on a thread of the clock's own, which is there
 * only as long as something is pending; in virtual time, on the thread that
 * lets time pass. */
void sim_clock_at(int64_t when, void (*action)(void *arg), void *arg);

/* Sleeps, or lets virtual time pass. */
void sim_sleep_us(int64_t us);

/* ---- what waits ---------------------------------------------------------- */

/* One lock for time and for all that waits for something: the two have to be
 * seen together, and nothing is measured here. */
void sim_clock_lock(void);
void sim_clock_unlock(void);

/* With the lock held: now, and how often the clock was started. */
int64_t sim_clock_read(int *out_num_starts);

/* Something to wait for; zeroed, it is still to come. */
typedef struct sim_moment {
  bool has_come;
  int num_paused; /* computing threads that wait for it */
} sim_moment;

/* With the lock held. While a thread waits it does not count as computing.
 * Where it `passes_time`, virtual time passes as soon as nothing else is left
 * to wait for. */
void sim_moment_await(sim_moment *moment, bool passes_time);
void sim_moment_come(sim_moment *moment);

/* ---- what computes ------------------------------------------------------- */

/* Virtual time stands still while something is computed. Whoever hands work to
 * another thread announces it, so that no time passes before that thread has
 * taken it up. */
void sim_computing_announce(void);
void sim_computing_begin(void);
void sim_computing_end(void);

/* Under the virtual clock, waits until nothing is computed any more; on a
 * thread that computes, does nothing. It makes what a single thread does with
 * the plugin deterministic. */
void sim_computing_settle(void);

#endif /* PJRT_SIM_CLOCK_H_ */
