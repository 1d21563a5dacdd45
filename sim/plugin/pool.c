#include "plugin/pool.h"

#include <stdlib.h>

#include "plugin/clock.h"
#include "plugin/internal.h"

/* That compute at the same time; more would only wait for one another. */
enum { MAX_THREADS = 8 };

typedef struct task {
  sim_job job;
  void *arg;
  struct task *next;
} task;

typedef struct worker {
  sim_pool *pool;
  int number; /* from 1 */
  bool is_idle;
  struct worker *next; /* of a higher number */
} worker;

struct sim_pool {
  atomic_int refs;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  task *first, **last;
  size_t num_tasks;
  worker *workers, **last_worker;
  int num_threads;
  int num_idle;
  int num_away;          /* between sim_pool_leave and sim_pool_return */
  size_t num_unfinished; /* tasks, also those that are under way */
  bool is_closed;
  sim_future *finished; /* when closed: all of them */
  int slow_thread;
  int64_t slow_thread_us;
};

static _Thread_local sim_pool *own_pool;

sim_pool *sim_pool_create(void) {
  sim_pool *pool = sim_allocate(sizeof(*pool));
  pool->refs = 1;
  pool->last = &pool->first;
  pool->last_worker = &pool->workers;
  pool->finished = sim_future_pending();
  pool->slow_thread = sim_options()->slow_thread;
  pool->slow_thread_us = sim_options()->slow_thread_us;
  pthread_mutex_init(&pool->lock, NULL);
  pthread_cond_init(&pool->changed, NULL);
  return pool;
}

sim_pool *sim_pool_share(sim_pool *pool) {
  atomic_fetch_add(&pool->refs, 1);
  return pool;
}

void sim_pool_drop(sim_pool *pool) {
  if (atomic_fetch_sub(&pool->refs, 1) != 1) return;
  sim_future_drop(pool->finished);
  pthread_mutex_destroy(&pool->lock);
  pthread_cond_destroy(&pool->changed);
  while (pool->workers) {
    worker *next = pool->workers->next;
    free(pool->workers);
    pool->workers = next;
  }
  free(pool);
}

/* ---- threads ------------------------------------------------------------- */

/* Of several idle threads the one with the lowest number takes a task, so that
 * it is known which one does. */
static bool is_next(const worker *w) {
  const worker *other = w->pool->workers;
  while (!other->is_idle) other = other->next;
  return other == w;
}

/* The next task, waited for with the lock held; NULL when there will be none
 * any more. */
static task *take(worker *w) {
  sim_pool *pool = w->pool;
  w->is_idle = true;
  pool->num_idle++;
  while (pool->first ? !is_next(w) : !pool->is_closed)
    pthread_cond_wait(&pool->changed, &pool->lock);
  w->is_idle = false;
  pool->num_idle--;
  task *taken = pool->first;
  if (!taken) return NULL;
  pool->num_tasks--;
  pool->first = taken->next;
  if (!pool->first) pool->last = &pool->first;
  pthread_cond_broadcast(&pool->changed); /* another one is next now */
  return taken;
}

/* Called and returns with the lock held. */
static void rest_if_slow(const worker *w) {
  sim_pool *pool = w->pool;
  if (w->number != pool->slow_thread || pool->is_closed) return;
  sim_future *rest =
      sim_future_at(sim_time_after(sim_clock_now(), pool->slow_thread_us));
  pthread_mutex_unlock(&pool->lock);
  sim_future_error(rest);
  sim_future_drop(rest);
  pthread_mutex_lock(&pool->lock);
}

static void finish_task(sim_pool *pool) {
  pthread_mutex_lock(&pool->lock);
  const bool is_last = --pool->num_unfinished == 0 && pool->is_closed;
  pthread_mutex_unlock(&pool->lock);
  if (is_last) sim_future_complete(pool->finished, PJRT_Error_Code_OK, "", 0);
}

static void *work(void *arg) {
  worker *w = arg;
  sim_pool *pool = own_pool = w->pool;
  pthread_mutex_lock(&pool->lock);
  for (task *t = take(w); t; t = take(w)) {
    sim_computing_begin();
    rest_if_slow(w);
    pthread_mutex_unlock(&pool->lock);
    t->job(t->arg);
    free(t);
    finish_task(pool);
    sim_computing_end();
    pthread_mutex_lock(&pool->lock);
  }
  pool->num_threads--;
  pthread_cond_broadcast(&pool->changed);
  pthread_mutex_unlock(&pool->lock);
  sim_pool_drop(pool);
  return NULL;
}

/* Starts a thread when no other one will take up a task. */
static void grow(sim_pool *pool) {
  pthread_t thread;
  if (pool->num_tasks <= (size_t)pool->num_idle ||
      pool->num_threads - pool->num_away >= MAX_THREADS)
    return;
  worker *w = sim_allocate(sizeof(*w));
  w->pool = sim_pool_share(pool);
  w->number = ++pool->num_threads;
  *pool->last_worker = w;
  pool->last_worker = &w->next;
  if (pthread_create(&thread, NULL, work, w)) abort();
  pthread_detach(thread);
}

void sim_pool_leave(void) {
  sim_pool *pool = own_pool;
  if (!pool) return;
  pthread_mutex_lock(&pool->lock);
  pool->num_away++;
  grow(pool);
  pthread_mutex_unlock(&pool->lock);
}

void sim_pool_return(void) {
  sim_pool *pool = own_pool;
  if (!pool) return;
  pthread_mutex_lock(&pool->lock);
  pool->num_away--;
  pthread_mutex_unlock(&pool->lock);
}

/* ---- jobs ---------------------------------------------------------------- */

bool sim_pool_submit(sim_pool *pool, sim_job job, void *arg) {
  task *one = sim_allocate(sizeof(*one));
  *one = (task){job, arg, NULL};
  pthread_mutex_lock(&pool->lock);
  const bool is_taken = !pool->is_closed;
  if (is_taken) {
    sim_computing_announce();
    *pool->last = one;
    pool->last = &one->next;
    pool->num_tasks++;
    pool->num_unfinished++;
    grow(pool);
    pthread_cond_broadcast(&pool->changed);
  }
  pthread_mutex_unlock(&pool->lock);
  if (!is_taken) free(one);
  return is_taken;
}

void sim_pool_close(sim_pool *pool) {
  pthread_mutex_lock(&pool->lock);
  pool->is_closed = true;
  const bool has_tasks = pool->num_unfinished > 0;
  pthread_cond_broadcast(&pool->changed);
  pthread_mutex_unlock(&pool->lock);
  if (own_pool == pool) return;
  if (has_tasks) sim_future_await(pool->finished);
  pthread_mutex_lock(&pool->lock);
  while (pool->num_threads) pthread_cond_wait(&pool->changed, &pool->lock);
  pthread_mutex_unlock(&pool->lock);
}

bool sim_pool_is_closed(sim_pool *pool) {
  pthread_mutex_lock(&pool->lock);
  const bool is_closed = pool->is_closed;
  pthread_mutex_unlock(&pool->lock);
  return is_closed;
}
