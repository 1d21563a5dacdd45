/* Futures, and the events that show them. */
#include <stdlib.h>
#include <string.h>

#include "plugin/clock.h"
#include "plugin/pool.h"
#include "plugin/slots.h"

typedef struct waiter {
  sim_action action;
  void *arg;
  struct waiter *next;
} waiter;

struct sim_future {
  int refs;
  bool is_completing;
  sim_moment done;
  PJRT_Error_Code code;
  char *message; /* no NUL at its end */
  size_t message_size;
  waiter *steps;   /* what is done before the future is */
  waiter *waiters; /* who is told after that */
  /* Held back by a fault, to end in fault_code. */
  sim_future *next_held;
  PJRT_Error_Code fault_code;
  const char *fault_message;
};

struct PJRT_Event {
  sim_kind kind;
  sim_future *future;
  bool is_settable;
};

static sim_future ready_future = {
    .refs = 1, .is_completing = true, .done = {.has_come = true}};
PJRT_Event sim_ready_event = {.kind = SIM_EVENT, .future = &ready_future};

static sim_future *held; /* guarded by the clock's lock, like all futures */

sim_future *sim_future_pending(void) {
  sim_future *future = sim_allocate(sizeof(*future));
  future->refs = 1;
  return future;
}

sim_future *sim_future_share(sim_future *future) {
  sim_clock_lock();
  future->refs++;
  sim_clock_unlock();
  return future;
}

void sim_future_drop(sim_future *future) {
  sim_clock_lock();
  const bool is_last = --future->refs == 0;
  sim_clock_unlock();
  if (!is_last) return;
  free(future->message);
  free(future);
}

/* Runs a list that was taken with `take`. */
static void run_all(waiter *list, PJRT_Error_Code code) {
  while (list) {
    waiter *next = list->next;
    list->action(list->arg, code);
    free(list);
    list = next;
  }
}

static waiter *take(waiter **list) {
  waiter *taken = *list;
  *list = NULL;
  return taken;
}

bool sim_future_complete(sim_future *future, PJRT_Error_Code code,
                         const char *message, size_t message_size) {
  sim_clock_lock();
  if (future->is_completing) {
    sim_clock_unlock();
    return false;
  }
  future->is_completing = true;
  future->code = code;
  if (code) future->message = sim_text(message, message_size);
  future->message_size = message_size;
  waiter *steps = take(&future->steps);
  sim_clock_unlock();
  run_all(steps, code);
  sim_clock_lock();
  sim_moment_come(&future->done);
  waiter *waiters = take(&future->waiters);
  sim_clock_unlock();
  run_all(waiters, code);
  return true;
}

void sim_future_complete_with(sim_future *future, PJRT_Error *error) {
  PJRT_Error_Message_Args text = {.error = error};
  PJRT_Error_GetCode_Args code = {.error = error};
  if (error) {
    sim_PJRT_Error_Message(&text);
    sim_PJRT_Error_GetCode(&code);
  }
  sim_future_complete(future, code.code, text.message, text.message_size);
  sim_PJRT_Error_Destroy(&(PJRT_Error_Destroy_Args){.error = error});
}

static void complete_held(void *arg) {
  sim_future *future = arg;
  const char *message = future->fault_message;
  if (!message) message = "injected fault";
  sim_future_complete(future, future->fault_code, message, strlen(message));
  sim_future_drop(future);
}

static void hold(sim_future *future) {
  sim_clock_lock();
  future->next_held = held;
  held = future;
  sim_clock_unlock();
}

void sim_futures_release(void) {
  sim_clock_lock();
  sim_future *list = held;
  held = NULL;
  sim_clock_unlock();
  while (list) {
    sim_future *next = list->next_held;
    complete_held(list);
    list = next;
  }
}

sim_future *sim_future_create(void) {
  sim_future *future = sim_future_pending();
  const pjrt_sim_fault *fault = sim_fault_now();
  if (!fault || (!fault->async_code && !fault->async_delay_ms)) {
    future->is_completing = future->done.has_come = true;
    return future;
  }
  future->fault_code = fault->async_code;
  future->fault_message = fault->message;
  sim_future_share(future);
  if (fault->async_delay_ms < 0)
    hold(future);
  else if (fault->async_delay_ms == 0)
    complete_held(future);
  else
    sim_clock_at(
        sim_time_after(sim_clock_now(), INT64_C(1000) * fault->async_delay_ms),
        complete_held, future);
  return future;
}

static void complete_timed(void *future) {
  sim_future_complete(future, PJRT_Error_Code_OK, "", 0);
  sim_future_drop(future);
}

sim_future *sim_future_at(int64_t when) {
  sim_future *future = sim_future_pending();
  sim_clock_at(when, complete_timed, sim_future_share(future));
  return future;
}

bool sim_future_is_done(sim_future *future) {
  sim_clock_lock();
  const bool is_done = future->done.has_come;
  sim_clock_unlock();
  return is_done;
}

bool sim_future_is_ending(sim_future *future) {
  sim_clock_lock();
  const bool is_ending = future->is_completing;
  sim_clock_unlock();
  return is_ending;
}

static PJRT_Error *error_of(const sim_future *future) {
  if (!future->code) return NULL;
  return sim_error(future->code, "%.*s", (int)future->message_size,
                   future->message);
}

static void wait_until_done(sim_future *future, bool passes_time) {
  if (sim_future_is_done(future)) return;
  sim_pool_leave();
  sim_clock_lock();
  sim_moment_await(&future->done, passes_time);
  sim_clock_unlock();
  sim_pool_return();
}

void sim_future_await(sim_future *future) { wait_until_done(future, true); }

PJRT_Error *sim_future_error(sim_future *future) {
  wait_until_done(future, false);
  return error_of(future);
}

/* Appends to a list unless it is too late; then says so. */
static bool append(waiter **list, const bool *is_too_late, sim_action action,
                   void *arg) {
  waiter *one = sim_allocate(sizeof(*one));
  *one = (waiter){action, arg, NULL};
  sim_clock_lock();
  const bool is_appended = !*is_too_late;
  while (*list) list = &(*list)->next;
  if (is_appended) *list = one;
  sim_clock_unlock();
  if (!is_appended) free(one);
  return is_appended;
}

void sim_future_before(sim_future *future, sim_action action, void *arg) {
  if (append(&future->steps, &future->is_completing, action, arg)) return;
  /* The steps before this one may be under way on another thread. */
  wait_until_done(future, false);
  action(arg, future->code);
}

void sim_future_then(sim_future *future, sim_action action, void *arg) {
  if (!append(&future->waiters, &future->done.has_come, action, arg))
    action(arg, future->code);
}

/* ---- two in one ---------------------------------------------------------- */

typedef struct both {
  atomic_int left;
  sim_future *first, *second, *result;
} both;

static void end_both(void *arg, PJRT_Error_Code code) {
  both *b = arg;
  if (code) {
    const bool is_first = sim_future_is_done(b->first) && b->first->code;
    sim_future_complete_with(b->result,
                             error_of(is_first ? b->first : b->second));
  }
  if (atomic_fetch_sub(&b->left, 1) != 1) return;
  sim_future_complete(b->result, PJRT_Error_Code_OK, "", 0);
  sim_future_drop(b->first);
  sim_future_drop(b->second);
  sim_future_drop(b->result);
  free(b);
}

typedef struct following {
  sim_future *follower, *leader;
} following;

static void end_following(void *arg, PJRT_Error_Code code) {
  following *f = arg;
  (void)code;
  sim_future_complete_with(f->follower, error_of(f->leader));
  sim_future_drop(f->follower);
  sim_future_drop(f->leader);
  free(f);
}

void sim_future_follow(sim_future *future, sim_future *leader) {
  following *f = sim_allocate(sizeof(*f));
  *f = (following){sim_future_share(future), leader};
  sim_future_then(leader, end_following, f);
}

static bool is_over_well(sim_future *future) {
  return sim_future_is_done(future) && !future->code;
}

sim_future *sim_future_both(sim_future *first, sim_future *second) {
  if (is_over_well(second)) {
    sim_future_drop(second);
    return first;
  }
  if (is_over_well(first)) {
    sim_future_drop(first);
    return second;
  }
  both *b = sim_allocate(sizeof(*b));
  sim_future *result = sim_future_pending();
  *b = (both){2, first, second, sim_future_share(result)};
  sim_future_then(first, end_both, b);
  sim_future_then(second, end_both, b);
  return result;
}

/* ---- events -------------------------------------------------------------- */

PJRT_Event *sim_event(sim_future *future) {
  PJRT_Event *event = sim_new(SIM_EVENT, sizeof(*event));
  event->future = future;
  return event;
}

PJRT_Error *sim_PJRT_Event_Destroy(PJRT_Event_Destroy_Args *args) {
  PJRT_Event *event = args->event;
  const char message[] = "Promise destroyed without being set";
  if (!event || event == &sim_ready_event) return NULL;
  SIM_REQUIRE(event, SIM_EVENT);
  if (event->is_settable)
    sim_future_complete(event->future, PJRT_Error_Code_INTERNAL, message,
                        sizeof(message) - 1);
  sim_future_drop(event->future);
  sim_delete(event, SIM_EVENT);
  return NULL;
}

PJRT_Error *sim_PJRT_Event_IsReady(PJRT_Event_IsReady_Args *args) {
  SIM_REQUIRE(args->event, SIM_EVENT);
  args->is_ready = sim_future_is_done(args->event->future);
  return NULL;
}

PJRT_Error *sim_PJRT_Event_Error(PJRT_Event_Error_Args *args) {
  SIM_REQUIRE(args->event, SIM_EVENT);
  if (!sim_future_is_done(args->event->future))
    return sim_misuse("PJRT_Event_Error of a pending event");
  return sim_future_error(args->event->future);
}

PJRT_Error *sim_PJRT_Event_Await(PJRT_Event_Await_Args *args) {
  SIM_REQUIRE(args->event, SIM_EVENT);
  sim_future_await(args->event->future);
  return sim_future_error(args->event->future);
}

typedef struct on_ready {
  sim_future *future;
  PJRT_Event_OnReadyCallback callback;
  void *user_arg;
} on_ready;

static void call_back(void *arg, PJRT_Error_Code code) {
  on_ready *ready = arg;
  (void)code;
  ready->callback(error_of(ready->future), ready->user_arg);
  sim_future_drop(ready->future);
  free(ready);
}

static void *call_back_here(void *ready) {
  sim_computing_begin();
  call_back(ready, PJRT_Error_Code_OK);
  sim_computing_end();
  return NULL;
}

static void call_back_elsewhere(void *ready, PJRT_Error_Code code) {
  pthread_t thread;
  (void)code;
  sim_computing_announce();
  if (pthread_create(&thread, NULL, call_back_here, ready)) abort();
  pthread_detach(thread);
}

PJRT_Error *sim_PJRT_Event_OnReady(PJRT_Event_OnReady_Args *args) {
  SIM_REQUIRE(args->event, SIM_EVENT);
  if (!args->callback) return sim_misuse("PJRT_Event_OnReady of NULL");
  on_ready *ready = sim_allocate(sizeof(*ready));
  ready->future = sim_future_share(args->event->future);
  ready->callback = args->callback;
  ready->user_arg = args->user_arg;
  const pjrt_sim_callback_mode mode = sim_options()->callbacks;
  if (mode == PJRT_SIM_CALLBACKS_IN_REGISTERING_CALL)
    sim_future_await(ready->future);
  sim_future_then(ready->future,
                  mode == PJRT_SIM_CALLBACKS_ON_FOREIGN_THREADS
                      ? call_back_elsewhere
                      : call_back,
                  ready);
  return NULL;
}

PJRT_Error *sim_PJRT_Event_Create(PJRT_Event_Create_Args *args) {
  args->event = sim_event(sim_future_pending());
  args->event->is_settable = true;
  return NULL;
}

PJRT_Error *sim_PJRT_Event_Set(PJRT_Event_Set_Args *args) {
  SIM_REQUIRE(args->event, SIM_EVENT);
  if (!args->event->is_settable)
    return sim_misuse("PJRT_Event_Set of an event of the plugin's");
  if (sim_future_is_done(args->event->future))
    return sim_misuse("PJRT_Event_Set of an event that is set");
  sim_future_complete(args->event->future, args->error_code,
                      args->error_message, args->error_message_size);
  return NULL;
}
