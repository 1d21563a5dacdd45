#include "core/event.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "core/plugin.h"

struct pjrt_event_callback {
  pjrt_event_callback *next;
  pjrt_event_fn function;
  void *user;
};

/* ---- events of the plugin's ---------------------------------------------- */

pjrt_error *pjrt_raw_event_is_ready(const pjrt_client *client, PJRT_Event *raw,
                                    bool *out_ready) {
  PJRT_ARGS(PJRT_Event_IsReady, args);
  args->event = raw;
  PJRT_TRY(PJRT_CALL(client->plugin, PJRT_Event_IsReady, args));
  *out_ready = args->is_ready;
  return NULL;
}

/* ---- making and ending --------------------------------------------------- */

/* What an event that wraps nothing but the plugin's does not touch, and what
 * every event leaves behind when it ends. */
static void clear_more(pjrt_event *event) {
  event->error = NULL;
  event->is_watched = false;
  event->is_asking = false;
  event->call = PJRT_EVENT_CALL_UNKNOWN;
  event->fd = -1;
  event->callbacks = NULL;
  event->joined = NULL;
  event->num_joined = 0;
  atomic_store_explicit(&event->is_given_up, false, memory_order_relaxed);
  atomic_store_explicit(&event->promise, PJRT_PROMISE_NONE,
                        memory_order_relaxed);
  atomic_store_explicit(&event->waited_since, 0, memory_order_relaxed);
  atomic_store_explicit(&event->has_more, false, memory_order_relaxed);
  atomic_store_explicit(&event->refs, 1, memory_order_relaxed);
}

/* For a plugin that cannot destroy events. */
static PJRT_Error *keep(PJRT_Event_Destroy_Args *args) {
  (void)args;
  return NULL;
}

void pjrt_event_settle_in(void *event, pjrt_pool_lane *lane) {
  ((pjrt_event *)event)->lane = lane;
}

void pjrt_event_make(void *object, void *owner) {
  pjrt_event *event = object;
  pjrt_client *client = owner;
  const pjrt_plugin *plugin = client->plugin;
  event->client = client;
  event->destroy = plugin->table.PJRT_Event_Destroy;
  if (!event->destroy) event->destroy = keep;
  event->destroy_args.value.struct_size =
      plugin->args_size[PJRT_CALL_PJRT_Event_Destroy];
  pthread_mutex_init(&event->mutex, NULL);
  pthread_cond_init(&event->published, NULL);
  clear_more(event);
}

static void add_more(pjrt_event *event) {
  atomic_store_explicit(&event->has_more, true, memory_order_release);
}

static pjrt_error *make(pjrt_client *client, const char *what,
                        pjrt_event_state state, pjrt_event **out) {
  void *event;
  *out = NULL;
  PJRT_TRY(pjrt_pool_take(client->pool, PJRT_POOL_EVENT, 1, &event));
  *out = event;
  pjrt_event_fill(*out, NULL, what, state);
  return NULL;
}

pjrt_error *pjrt_event_make_ready(pjrt_client *client, const char *what,
                                  pjrt_event **out) {
  return make(client, what, PJRT_EVENT_READY, out);
}

pjrt_error *pjrt_event_wrap_slowly(pjrt_client *client, PJRT_Event *raw,
                                   const char *what, pjrt_event **out) {
  pjrt_error *error =
      make(client, what, raw ? PJRT_EVENT_PENDING : PJRT_EVENT_READY, out);
  if (error) {
    /* Nobody else can wait for it now, and it may stand for work on the
     * caller's memory. */
    pjrt_error_drop(pjrt_raw_event_finish(client, raw));
    return error;
  }
  (*out)->raw = raw;
  return NULL;
}

pjrt_error *pjrt_event_drop_reserved(pjrt_event **event, pjrt_error *error) {
  (*event)->raw = NULL;
  pjrt_event_free(*event);
  *event = NULL;
  return error;
}

static inline bool give(pjrt_event *event) {
  return pjrt_pool_give(event->lane, PJRT_POOL_EVENT, &event->grave.link);
}

static bool bury(pjrt_grave *grave) {
  pjrt_event *event = (pjrt_event *)grave;
  pjrt_raw_event_destroy(event->client, event->raw);
  if (event->fd >= 0) close(event->fd);
  pjrt_error_free(event->error);
  for (size_t i = 0; i < event->num_joined; i++) {
    pjrt_event_release(event->joined[i]);
  }
  free(event->joined);
  clear_more(event);
  return give(event);
}

void pjrt_event_release(pjrt_event *event) {
  if (atomic_fetch_sub_explicit(&event->refs, 1, memory_order_acq_rel) != 1) {
    return;
  }
  event->grave.bury = bury;
  pjrt_client_bury(event->client, &event->grave);
}

void pjrt_event_retain(pjrt_event *event) {
  add_more(event);
  atomic_fetch_add_explicit(&event->refs, 1, memory_order_release);
}

static bool has_more(const pjrt_event *event) {
  return atomic_load_explicit(&event->has_more, memory_order_acquire);
}

/* Destroying must never be fatal, and nobody is left to tell. */
__attribute__((cold, noinline)) static void drop_error(
    const pjrt_client *client, PJRT_Error *raw) {
  pjrt_error_free(pjrt_error_from_plugin(client->plugin,
                                         PJRT_CALL_PJRT_Event_Destroy, raw));
}

static inline void destroy_raw(pjrt_event *event) {
  if (!event->raw) return;
  event->destroy_args.value.event = event->raw;
  PJRT_Error *error = event->destroy(&event->destroy_args.value);
  if (error) drop_error(event->client, error);
}

/* What belongs to the parent of a forked process is left alone. */
static void free_slowly(pjrt_event *event) {
  if (!event->lane->is_ours) return;
  pjrt_promise_break(event);
  pjrt_event_release(event);
}

void pjrt_event_free(pjrt_event *event) {
  if (!event) return;
  /* Nobody else has it, unless it ever was more than the plugin's. */
  if (!event->lane->is_plain || has_more(event) || pjrt_in_callback()) {
    free_slowly(event);
    return;
  }
  destroy_raw(event);
  if (give(event)) pjrt_client_destroy(event->client);
}

/* ---- publishing ---------------------------------------------------------- */

/* The outcome of an event that is not pending: a copy of its error. */
static pjrt_error *outcome(pjrt_event *event) {
  return pjrt_event_state_of(event) == PJRT_EVENT_FAILED
             ? pjrt_error_copy(event->error)
             : NULL;
}

static void run_callbacks(pjrt_event *event, pjrt_event_callback *callback) {
  while (callback) {
    pjrt_event_callback *next = callback->next;
    callback->function(event->error, callback->user);
    free(callback);
    callback = next;
  }
}

void pjrt_event_publish(pjrt_event *event, pjrt_error *error) {
  add_more(event);
  pthread_mutex_lock(&event->mutex);
  pjrt_event_callback *callbacks = event->callbacks;
  event->callbacks = NULL;
  if (pjrt_event_state_of(event) == PJRT_EVENT_PENDING) {
    event->error = error;
    error = NULL;
    atomic_store_explicit(&event->state,
                          event->error ? PJRT_EVENT_FAILED : PJRT_EVENT_READY,
                          memory_order_release);
    if (event->fd >= 0) eventfd_write(event->fd, 1);
    pthread_cond_broadcast(&event->published);
  }
  pthread_mutex_unlock(&event->mutex);
  pjrt_error_free(error);
  run_callbacks(event, callbacks);
}

/* ---- watching: having the plugin call back ------------------------------- */

/* Somebody else found the event ready. */
static void expect_callback(pjrt_event *event) {
  pthread_mutex_lock(&event->mutex);
  if ((event->is_watched || event->is_asking) &&
      event->call == PJRT_EVENT_CALL_UNKNOWN) {
    event->call = PJRT_EVENT_CALL_DUE;
    pjrt_reaper_expect_callback(&event->client->reaper, 1);
  }
  pthread_mutex_unlock(&event->mutex);
}

/* It came, or will not come. */
static void end_callback(pjrt_event *event, pjrt_event_call call) {
  pthread_mutex_lock(&event->mutex);
  if (event->call == PJRT_EVENT_CALL_DUE) {
    pjrt_reaper_expect_callback(&event->client->reaper, -1);
  }
  event->call = call;
  pthread_mutex_unlock(&event->mutex);
}

static void on_ready(PJRT_Error *raw, void *user) {
  pjrt_event *event = user;
  pjrt_error *error = NULL;
  /* Pairs with pjrt_event_retain() before the call. The plugin orders the two
   * itself, but a race detector cannot see into it. */
  (void)atomic_load_explicit(&event->refs, memory_order_acquire);
  pjrt_reaper *reaper = &event->client->reaper;
  pjrt_reaper_enter_callback(reaper);
  end_callback(event, PJRT_EVENT_CALL_CAME);
  if (raw) {
    error = pjrt_error_from_plugin(event->client->plugin,
                                   PJRT_CALL_PJRT_Event_OnReady, raw);
    pjrt_error_set_call(error, event->what);
  }
  pjrt_event_publish(event, error);
  pjrt_event_release(event);
  pjrt_reaper_leave_callback(reaper);
}

static pjrt_error *ask_for_callback(pjrt_event *event) {
  PJRT_TRY(pjrt_reaper_start(&event->client->reaper));
  PJRT_ARGS(PJRT_Event_OnReady, args);
  args->event = event->raw;
  args->callback = on_ready;
  args->user_arg = event;
  pjrt_event_retain(event);
  pjrt_error *error =
      PJRT_CALL(event->client->plugin, PJRT_Event_OnReady, args);
  if (error) { /* no callback will come */
    end_callback(event, PJRT_EVENT_CALL_UNKNOWN);
    pjrt_event_release(event);
  }
  return error;
}

/* Makes sure that the outcome will be published without anyone awaiting it. A
 * plugin may call back before its function returns, so this holds no lock
 * while it asks; another thread that wants the same waits for the answer, since
 * it has to ask by itself when the plugin refuses. */
static pjrt_error *watch(pjrt_event *event) {
  pthread_mutex_lock(&event->mutex);
  while (event->is_asking && pjrt_event_state_of(event) == PJRT_EVENT_PENDING) {
    pthread_cond_wait(&event->published, &event->mutex);
  }
  bool ask = event->raw && !event->is_watched &&
             pjrt_event_state_of(event) == PJRT_EVENT_PENDING;
  if (ask) event->is_asking = true;
  pthread_mutex_unlock(&event->mutex);
  if (!ask) return NULL;
  pjrt_error *error = ask_for_callback(event);
  pthread_mutex_lock(&event->mutex);
  event->is_asking = false;
  event->is_watched = !error;
  pthread_cond_broadcast(&event->published);
  pthread_mutex_unlock(&event->mutex);
  return error;
}

/* ---- waiting ------------------------------------------------------------- */

pjrt_error *pjrt_event_check(const pjrt_event *event) {
  if (event) return pjrt_client_check(event->client);
  return pjrt_error_format(PJRT_INVALID_ARGUMENT, "event is NULL");
}

int64_t pjrt_event_clock(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Waiting is about to begin. */
static void note_wait(pjrt_event *event) {
  if (atomic_load_explicit(&event->waited_since, memory_order_relaxed)) return;
  atomic_store_explicit(&event->waited_since, pjrt_event_clock(),
                        memory_order_relaxed);
}

/* The deadline on the monotonic clock. */
static struct timespec deadline_after(int64_t timeout_ns) {
  struct timespec now;
  const int64_t second = 1000000000;
  clock_gettime(CLOCK_MONOTONIC, &now);
  int64_t nanoseconds = now.tv_nsec + timeout_ns % second;
  now.tv_sec += (time_t)(timeout_ns / second + nanoseconds / second);
  now.tv_nsec = (long)(nanoseconds % second);
  return now;
}

static pjrt_error *given_up(const pjrt_event *event) {
  return pjrt_error_about(
      pjrt_error_format(PJRT_CANCELLED,
                        "%s is not done, and waiting for it was given up",
                        event->what),
      event->client->plugin, event->what);
}

/* Of a join, it also says what keeps it. */
static pjrt_error *late(const pjrt_event *event, int64_t timeout_ns) {
  const pjrt_event *first;
  const double seconds = (double)timeout_ns / 1e9;
  const size_t num = pjrt_event_num_pending(event, &first);
  pjrt_error *error =
      num ? pjrt_error_format(PJRT_DEADLINE_EXCEEDED,
                              "%s is not done after waiting %.3f s: %zu of "
                              "%zu are pending, the first is that of %s",
                              event->what, seconds, num, event->num_joined,
                              first->what)
          : pjrt_error_format(PJRT_DEADLINE_EXCEEDED,
                              "%s is not done after waiting %.3f s",
                              event->what, seconds);
  return pjrt_error_about(error, event->client->plugin, event->what);
}

static bool is_given_up(const pjrt_event *event) {
  return atomic_load_explicit(&event->is_given_up, memory_order_relaxed);
}

/* Waits until someone publishes or gives up, or until the deadline. */
static pjrt_error *wait_published(pjrt_event *event, int64_t timeout_ns) {
  int is_late = 0;
  struct timespec deadline = {0};
  const bool forever = timeout_ns == PJRT_NO_DEADLINE;
  if (timeout_ns > 0) note_wait(event);
  if (!forever) deadline = deadline_after(timeout_ns);
  pthread_mutex_lock(&event->mutex);
  while (pjrt_event_state_of(event) == PJRT_EVENT_PENDING && !is_late &&
         !is_given_up(event)) {
    is_late = forever ? pthread_cond_wait(&event->published, &event->mutex)
                      : pthread_cond_clockwait(&event->published, &event->mutex,
                                               CLOCK_MONOTONIC, &deadline);
  }
  pthread_mutex_unlock(&event->mutex);
  if (pjrt_event_state_of(event) != PJRT_EVENT_PENDING) return outcome(event);
  return is_given_up(event) ? given_up(event) : late(event, timeout_ns);
}

/* Publishes what the plugin said in an await. */
static pjrt_error *publish_awaited(pjrt_event *event, pjrt_error *error) {
  if (error) pjrt_error_set_call(error, event->what);
  expect_callback(event);
  pjrt_event_publish(event, error);
  return outcome(event);
}

pjrt_error *pjrt_event_await(pjrt_event *event) {
  PJRT_TRY(pjrt_event_check(event));
  if (pjrt_event_state_of(event) != PJRT_EVENT_PENDING) return outcome(event);
  if (!event->raw) return wait_published(event, PJRT_NO_DEADLINE);
  if (has_more(event) && is_given_up(event)) {
    return pjrt_event_await_for(event, 0);
  }
  /* Lets the plugin wait, which needs no callback and no lock. While nobody
   * else wants to know, there is nothing to publish: it can be asked again. */
  note_wait(event);
  pjrt_error *error = pjrt_raw_event_await(event->client, event->raw);
  if (!error && !has_more(event)) {
    atomic_store_explicit(&event->waited_since, 0, memory_order_relaxed);
    return NULL;
  }
  return publish_awaited(event, error);
}

pjrt_error *pjrt_event_poll(pjrt_event *event, bool *out_ready) {
  *out_ready = pjrt_event_state_of(event) != PJRT_EVENT_PENDING;
  if (*out_ready || !event->raw) return NULL;
  PJRT_TRY(pjrt_raw_event_is_ready(event->client, event->raw, out_ready));
  if (*out_ready) {
    pjrt_error_free(publish_awaited(
        event, pjrt_raw_event_await(event->client, event->raw)));
  }
  return NULL;
}

pjrt_error *pjrt_event_await_for(pjrt_event *event, int64_t timeout_ns) {
  bool ready;
  PJRT_TRY(pjrt_event_check(event));
  PJRT_TRY(pjrt_event_poll(event, &ready));
  if (ready) return outcome(event);
  if (timeout_ns > 0) PJRT_TRY(watch(event));
  return wait_published(event, timeout_ns > 0 ? timeout_ns : 0);
}

pjrt_error *pjrt_event_is_ready(pjrt_event *event, bool *out_ready) {
  *out_ready = false;
  PJRT_TRY(pjrt_event_check(event));
  return pjrt_event_poll(event, out_ready);
}

pjrt_error *pjrt_event_cancel_waits(pjrt_event *event) {
  PJRT_TRY(pjrt_event_check(event));
  add_more(event);
  pthread_mutex_lock(&event->mutex);
  atomic_store_explicit(&event->is_given_up, true, memory_order_relaxed);
  pthread_cond_broadcast(&event->published);
  pthread_mutex_unlock(&event->mutex);
  return NULL;
}

/* What the plugin says is not published: an error of the call itself is not the
 * event's, and cannot be told from it. */
static pjrt_error *ask_error(const pjrt_event *event) {
  PJRT_ARGS(PJRT_Event_Error, args);
  args->event = event->raw;
  return PJRT_CALL(event->client->plugin, PJRT_Event_Error, args);
}

pjrt_error *pjrt_event_error(pjrt_event *event) {
  bool ready = false;
  PJRT_TRY(pjrt_event_check(event));
  if (pjrt_event_state_of(event) != PJRT_EVENT_PENDING) return outcome(event);
  if (event->raw) {
    PJRT_TRY(pjrt_raw_event_is_ready(event->client, event->raw, &ready));
  }
  if (ready) return ask_error(event);
  return pjrt_error_about(
      pjrt_error_format(PJRT_FAILED_PRECONDITION,
                        "%s is pending, so whether it fails is not known yet",
                        event->what),
      event->client->plugin, "PJRT_Event_Error");
}

/* ---- callbacks and descriptors ------------------------------------------- */

/* False when the event is ready already. */
static bool add_callback(pjrt_event *event, pjrt_event_callback *callback) {
  pthread_mutex_lock(&event->mutex);
  bool pending = pjrt_event_state_of(event) == PJRT_EVENT_PENDING;
  if (pending) {
    callback->next = event->callbacks;
    event->callbacks = callback;
  }
  pthread_mutex_unlock(&event->mutex);
  return pending;
}

/* Takes a callback back; false when it ran or runs. */
static bool remove_callback(pjrt_event *event, pjrt_event_callback *callback) {
  pthread_mutex_lock(&event->mutex);
  pjrt_event_callback **at = &event->callbacks;
  while (*at && *at != callback) at = &(*at)->next;
  bool found = *at != NULL;
  if (found) *at = callback->next;
  pthread_mutex_unlock(&event->mutex);
  return found;
}

static pjrt_error *call_when_ready(pjrt_event *event, pjrt_event_fn callback,
                                   void *user) {
  bool ready;
  void *memory;
  PJRT_TRY(pjrt_event_poll(event, &ready));
  PJRT_TRY(pjrt_alloc(1, sizeof(pjrt_event_callback), &memory));
  pjrt_event_callback *entry = memory;
  *entry = (pjrt_event_callback){.function = callback, .user = user};
  if (!add_callback(event, entry)) {
    run_callbacks(event, entry);
    return NULL;
  }
  pjrt_error *error = watch(event);
  if (error && remove_callback(event, entry)) {
    free(entry);
    return error;
  }
  pjrt_error_free(error); /* it ran nevertheless */
  return NULL;
}

/* The callback may run at any moment from here on, and free the event. */
pjrt_error *pjrt_event_on_ready(pjrt_event *event, pjrt_event_fn callback,
                                void *user) {
  PJRT_TRY(pjrt_event_check(event));
  if (!callback) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "callback is NULL");
  }
  pjrt_event_retain(event);
  pjrt_error *error = call_when_ready(event, callback, user);
  pjrt_event_release(event);
  return error;
}

/* With the lock held, so that publishing sees either the descriptor or us. */
static pjrt_error *make_fd(pjrt_event *event) {
  if (event->fd >= 0) return NULL;
  add_more(event);
  event->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (event->fd < 0) return pjrt_error_from_errno(errno, "eventfd");
  if (pjrt_event_state_of(event) != PJRT_EVENT_PENDING)
    eventfd_write(event->fd, 1);
  return NULL;
}

pjrt_error *pjrt_event_fd(pjrt_event *event, int *out_fd) {
  bool ready;
  *out_fd = -1;
  PJRT_TRY(pjrt_event_check(event));
  PJRT_TRY(pjrt_event_poll(event, &ready));
  pthread_mutex_lock(&event->mutex);
  pjrt_error *error = make_fd(event);
  int fd = event->fd;
  pthread_mutex_unlock(&event->mutex);
  PJRT_TRY(error);
  PJRT_TRY(watch(event));
  *out_fd = fd;
  return NULL;
}

/* ---- joins --------------------------------------------------------------- */

size_t pjrt_event_num_pending(const pjrt_event *join,
                              const pjrt_event **out_first) {
  size_t num = 0;
  *out_first = NULL;
  for (size_t i = 0; i < join->num_joined; i++) {
    const pjrt_event *event = join->joined[i];
    if (pjrt_event_state_of(event) != PJRT_EVENT_PENDING) continue;
    if (num++ == 0) *out_first = event;
  }
  return num;
}

/* The last one to be ready publishes: the first failure in the order given. */
static void joined_is_ready(const pjrt_error *ignored, void *user) {
  pjrt_event *join = user;
  pjrt_error *error = NULL;
  (void)ignored;
  if (atomic_fetch_sub(&join->num_pending, 1) != 1) return;
  for (size_t i = 0; i < join->num_joined && !error; i++) {
    error = outcome(join->joined[i]);
  }
  pjrt_event_publish(join, error);
  pjrt_event_release(join);
}

/* Every joined event counts down once; one count more is ours, so that nothing
 * is published while callbacks are still being added. */
static pjrt_error *connect(pjrt_event *join) {
  pjrt_error *error = NULL;
  atomic_store(&join->num_pending, join->num_joined + 1);
  pjrt_event_retain(join); /* dropped with the last count */
  for (size_t i = 0; i < join->num_joined && !error; i++) {
    error = pjrt_event_on_ready(join->joined[i], joined_is_ready, join);
    if (!error) continue;
    /* Those that were not reached will never count down. */
    atomic_fetch_sub(&join->num_pending, join->num_joined - i);
  }
  joined_is_ready(NULL, join);
  return error;
}

static pjrt_error *make_join(pjrt_event *const *events, size_t num_events,
                             pjrt_event **out) {
  void *joined;
  PJRT_TRY(pjrt_alloc(num_events, sizeof *events, &joined));
  pjrt_error *error =
      make(events[0]->client, "the join of events", PJRT_EVENT_PENDING, out);
  if (error) {
    free(joined);
    return error;
  }
  add_more(*out);
  (*out)->joined = joined;
  (*out)->num_joined = num_events;
  for (size_t i = 0; i < num_events; i++) {
    (*out)->joined[i] = events[i];
    pjrt_event_retain(events[i]);
  }
  return NULL;
}

pjrt_error *pjrt_event_join(pjrt_event *const *events, size_t num_events,
                            pjrt_event **out) {
  *out = NULL;
  if (num_events == 0) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "no events to join");
  }
  for (size_t i = 0; i < num_events; i++) PJRT_TRY(pjrt_event_check(events[i]));
  pjrt_event *join;
  PJRT_TRY(make_join(events, num_events, &join));
  pjrt_error *error = connect(join);
  if (error) {
    pjrt_event_free(join);
    return error;
  }
  *out = join;
  return NULL;
}
