#include "plugin/clock.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "plugin/internal.h"

typedef struct timer {
  int64_t when;
  uint64_t order; /* among those of the same time */
  void (*action)(void *arg);
  void *arg;
} timer;

/* The time of all clients, as the plugin has one configuration. */
static struct {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  bool is_virtual;
  int64_t now;     /* virtual */
  int64_t started; /* by the machine's clock, for real time */
  int num_starts;
  timer *heap;
  size_t num_timers;
  size_t capacity;
  uint64_t num_set;
  bool has_thread;
  bool is_ringing; /* one action at a time, on whichever thread */
  int num_computing;
} world = {.lock = PTHREAD_MUTEX_INITIALIZER,
           .changed = PTHREAD_COND_INITIALIZER};

/* Of this thread. */
static _Thread_local bool rings;
static _Thread_local bool computes;

void sim_clock_lock(void) { pthread_mutex_lock(&world.lock); }
void sim_clock_unlock(void) { pthread_mutex_unlock(&world.lock); }

static void wait_for_change(void) {
  pthread_cond_wait(&world.changed, &world.lock);
}

static void tell_change(void) { pthread_cond_broadcast(&world.changed); }

/* ---- time ---------------------------------------------------------------- */

static int64_t machine_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t now_us(void) {
  return world.is_virtual ? world.now : machine_us() - world.started;
}

int64_t sim_clock_read(int *out_num_starts) {
  *out_num_starts = world.num_starts;
  return now_us();
}

int64_t sim_clock_now(void) {
  sim_clock_lock();
  const int64_t now = now_us();
  sim_clock_unlock();
  return now;
}

int64_t sim_time_after(int64_t time, int64_t us) {
  return us > INT64_MAX - time ? INT64_MAX : time + us;
}

/* ---- the heap ------------------------------------------------------------ */

static bool is_before(const timer *a, const timer *b) {
  return a->when < b->when || (a->when == b->when && a->order < b->order);
}

static void swap(size_t i, size_t j) {
  const timer old = world.heap[i];
  world.heap[i] = world.heap[j];
  world.heap[j] = old;
}

static void push(timer one) {
  if (world.num_timers == world.capacity) {
    world.capacity = world.capacity ? 2 * world.capacity : 16;
    world.heap = realloc(world.heap, world.capacity * sizeof(*world.heap));
    if (!world.heap) abort();
  }
  size_t i = world.num_timers++;
  world.heap[i] = one;
  while (i && is_before(&world.heap[i], &world.heap[(i - 1) / 2])) {
    swap(i, (i - 1) / 2);
    i = (i - 1) / 2;
  }
}

static timer pop(void) {
  const timer first = world.heap[0];
  world.heap[0] = world.heap[--world.num_timers];
  for (size_t i = 0, least = 0;; i = least) {
    for (size_t child = 2 * i + 1; child <= 2 * i + 2; child++)
      if (child < world.num_timers &&
          is_before(&world.heap[child], &world.heap[least]))
        least = child;
    if (least == i) break;
    swap(i, least);
  }
  if (world.num_timers) return first;
  free(world.heap);
  world.heap = NULL;
  world.capacity = 0;
  return first;
}

/* ---- ringing ------------------------------------------------------------- */

/* An action may itself let time pass. */
static bool may_ring(void) { return !world.is_ringing || rings; }

static void ring_first(void) {
  const bool was_ringing = rings;
  const timer first = pop();
  if (world.now < first.when) world.now = first.when;
  world.is_ringing = rings = true;
  sim_clock_unlock();
  first.action(first.arg);
  sim_clock_lock();
  world.is_ringing = rings = was_ringing;
  tell_change();
}

/* Waits until the first timer is due, or something changes. */
static void wait_for_first(void) {
  const int64_t longest = INT64_C(1000000) * 3600;
  const int64_t us = world.heap[0].when - now_us();
  const int64_t end = machine_us() + (us < longest ? us : longest);
  const struct timespec time = {end / 1000000, end % 1000000 * 1000};
  pthread_cond_clockwait(&world.changed, &world.lock, CLOCK_MONOTONIC, &time);
}

static void *ring_in_real_time(void *arg) {
  sim_clock_lock();
  while (world.num_timers && !world.is_virtual) {
    if (!may_ring())
      wait_for_change();
    else if (world.heap[0].when > now_us())
      wait_for_first();
    else
      ring_first();
  }
  world.has_thread = false;
  sim_clock_unlock();
  return arg;
}

static void start_thread(void) {
  pthread_t thread;
  world.has_thread = true;
  if (pthread_create(&thread, NULL, ring_in_real_time, NULL)) abort();
  pthread_detach(thread);
}

void sim_clock_at(int64_t when, void (*action)(void *arg), void *arg) {
  sim_clock_lock();
  push((timer){when, world.num_set++, action, arg});
  if (!world.is_virtual && !world.has_thread) start_thread();
  tell_change();
  sim_clock_unlock();
}

void sim_clock_finish(void) {
  sim_clock_lock();
  while (world.num_timers)
    if (may_ring())
      ring_first();
    else
      wait_for_change();
  sim_clock_unlock();
}

void sim_clock_start(bool is_virtual) {
  sim_clock_lock();
  world.is_virtual = is_virtual;
  world.now = 0;
  world.started = machine_us();
  world.num_starts++;
  if (!is_virtual && world.num_timers && !world.has_thread) start_thread();
  tell_change();
  sim_clock_unlock();
}

/* ---- letting time pass --------------------------------------------------- */

typedef enum step { NOTHING_DUE, NOT_NOW, RANG } step;

/* Of virtual time: what is due first, unless something is computed or happens
 * at the moment. */
static step pass(int64_t until) {
  if (world.num_computing || !may_ring()) return NOT_NOW;
  if (!world.num_timers || world.heap[0].when > until) return NOTHING_DUE;
  ring_first();
  return RANG;
}

/* Whoever calls this waits itself. */
static void pass_all(int64_t until) {
  const bool did_compute = computes;
  world.num_computing -= did_compute;
  computes = false;
  tell_change();
  for (step s = pass(until); s != NOTHING_DUE; s = pass(until))
    if (s == NOT_NOW) wait_for_change();
  if (world.now < until) world.now = until;
  world.num_computing += did_compute;
  computes = did_compute;
}

void sim_sleep_us(int64_t us) {
  struct timespec time = {us / 1000000, us % 1000000 * 1000};
  sim_clock_lock();
  const bool is_virtual = world.is_virtual;
  if (is_virtual) pass_all(sim_time_after(world.now, us));
  sim_clock_unlock();
  while (!is_virtual && us > 0 && nanosleep(&time, &time)) {
  }
}

/* A computing thread would wait for itself. */
static void finish_instant(void) {
  if (computes) return;
  for (step s = pass(world.now); s != NOTHING_DUE; s = pass(world.now))
    if (s == NOT_NOW) wait_for_change();
}

void sim_moment_await(sim_moment *moment, bool passes_time) {
  const bool did_compute = computes;
  bool has_passed = false;
  if (moment->has_come) return;
  moment->num_paused += did_compute;
  world.num_computing -= did_compute;
  computes = false;
  tell_change();
  while (!moment->has_come) {
    const bool may_pass = passes_time && world.is_virtual;
    if (may_pass && pass(INT64_MAX) == RANG)
      has_passed = true;
    else
      wait_for_change();
  }
  computes = did_compute;
  if (has_passed) finish_instant();
}

/* Those who waited compute from now on, although they are not awake yet. */
void sim_moment_come(sim_moment *moment) {
  moment->has_come = true;
  world.num_computing += moment->num_paused;
  tell_change();
}

int64_t pjrt_sim_now_us(void) {
  sim_options();
  return sim_clock_now();
}

void pjrt_sim_advance_us(int64_t us) {
  sim_options();
  sim_sleep_us(us);
}

/* ---- what computes ------------------------------------------------------- */

void sim_computing_announce(void) {
  sim_clock_lock();
  world.num_computing++;
  sim_clock_unlock();
}

void sim_computing_begin(void) { computes = true; }

void sim_computing_end(void) {
  computes = false;
  sim_clock_lock();
  world.num_computing--;
  tell_change();
  sim_clock_unlock();
}

void sim_computing_settle(void) {
  if (computes) return;
  sim_clock_lock();
  while (world.is_virtual && world.num_computing) wait_for_change();
  sim_clock_unlock();
}
