#include "plugin/pool.h"

#include <stdlib.h>

#include "plugin/internal.h"

/* More would only wait for one another; fewer would let one program that waits
 * for its host stop all the others. */
enum { MAX_THREADS = 8 };

typedef struct task {
  sim_job job;
  void *arg;
  struct task *next;
} task;

struct sim_pool {
  atomic_int refs;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  task *first, **last;
  int num_threads;
  int num_idle;
  bool is_closed;
};

static _Thread_local const sim_pool *own_pool;

sim_pool *sim_pool_create(void) {
  sim_pool *pool = sim_allocate(sizeof(*pool));
  pool->refs = 1;
  pool->last = &pool->first;
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
  pthread_mutex_destroy(&pool->lock);
  pthread_cond_destroy(&pool->changed);
  free(pool);
}

/* The next task, waited for with the lock held; NULL when there will be none
 * any more. */
static task *take(sim_pool *pool) {
  pool->num_idle++;
  while (!pool->first && !pool->is_closed)
    pthread_cond_wait(&pool->changed, &pool->lock);
  pool->num_idle--;
  task *taken = pool->first;
  if (!taken) return NULL;
  pool->first = taken->next;
  if (!pool->first) pool->last = &pool->first;
  return taken;
}

static void *work(void *arg) {
  sim_pool *pool = arg;
  own_pool = pool;
  pthread_mutex_lock(&pool->lock);
  for (task *t = take(pool); t; t = take(pool)) {
    pthread_mutex_unlock(&pool->lock);
    t->job(t->arg);
    free(t);
    pthread_mutex_lock(&pool->lock);
  }
  pool->num_threads--;
  pthread_cond_broadcast(&pool->changed);
  pthread_mutex_unlock(&pool->lock);
  sim_pool_drop(pool);
  return NULL;
}

static void start_thread(sim_pool *pool) {
  pthread_t thread;
  pool->num_threads++;
  if (pthread_create(&thread, NULL, work, sim_pool_share(pool))) abort();
  pthread_detach(thread);
}

bool sim_pool_submit(sim_pool *pool, sim_job job, void *arg) {
  task *one = sim_allocate(sizeof(*one));
  *one = (task){job, arg, NULL};
  pthread_mutex_lock(&pool->lock);
  const bool is_taken = !pool->is_closed;
  if (is_taken) {
    *pool->last = one;
    pool->last = &one->next;
    if (pool->num_idle == 0 && pool->num_threads < MAX_THREADS)
      start_thread(pool);
    pthread_cond_broadcast(&pool->changed);
  }
  pthread_mutex_unlock(&pool->lock);
  if (!is_taken) free(one);
  return is_taken;
}

void sim_pool_close(sim_pool *pool) {
  pthread_mutex_lock(&pool->lock);
  pool->is_closed = true;
  pthread_cond_broadcast(&pool->changed);
  while (own_pool != pool && pool->num_threads)
    pthread_cond_wait(&pool->changed, &pool->lock);
  pthread_mutex_unlock(&pool->lock);
}

bool sim_pool_is_closed(sim_pool *pool) {
  pthread_mutex_lock(&pool->lock);
  const bool is_closed = pool->is_closed;
  pthread_mutex_unlock(&pool->lock);
  return is_closed;
}
