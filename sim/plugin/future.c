/* Futures, and the events that show them. */
#include <stdlib.h>
#include <string.h>

#include "plugin/slots.h"

typedef struct waiter {
  sim_action action;
  void *arg;
  struct waiter *next;
} waiter;

struct sim_future {
  int refs;
  bool is_completing;
  bool is_done;
  PJRT_Error_Code code;
  char *message; /* no NUL at its end */
  size_t message_size;
  waiter *steps;   /* what is done before the future is */
  waiter *waiters; /* who is told after that */
  /* Held back by a fault, to end in fault_code. */
  sim_future *next_held;
  PJRT_Error_Code fault_code;
  const char *fault_message;
  int delay_ms;
};

struct PJRT_Event {
  sim_kind kind;
  sim_future *future;
  bool is_settable;
};

/* One lock for all futures keeps this file small; nothing is measured here. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t done = PTHREAD_COND_INITIALIZER;
static sim_future *held;

sim_future *sim_future_pending(void) {
  sim_future *future = sim_allocate(sizeof(*future));
  future->refs = 1;
  return future;
}

sim_future *sim_future_share(sim_future *future) {
  pthread_mutex_lock(&lock);
  future->refs++;
  pthread_mutex_unlock(&lock);
  return future;
}

void sim_future_drop(sim_future *future) {
  pthread_mutex_lock(&lock);
  const bool is_last = --future->refs == 0;
  pthread_mutex_unlock(&lock);
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

void sim_future_complete(sim_future *future, PJRT_Error_Code code,
                         const char *message, size_t message_size) {
  pthread_mutex_lock(&lock);
  if (future->is_completing) {
    pthread_mutex_unlock(&lock);
    return;
  }
  future->is_completing = true;
  future->code = code;
  if (code) future->message = sim_text(message, message_size);
  future->message_size = message_size;
  waiter *steps = take(&future->steps);
  pthread_mutex_unlock(&lock);
  run_all(steps, code);
  pthread_mutex_lock(&lock);
  future->is_done = true;
  waiter *waiters = take(&future->waiters);
  pthread_cond_broadcast(&done);
  pthread_mutex_unlock(&lock);
  run_all(waiters, code);
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

static void complete_held(sim_future *future) {
  const char *message = future->fault_message;
  if (!message) message = "injected fault";
  sim_future_complete(future, future->fault_code, message, strlen(message));
  sim_future_drop(future);
}

static void *complete_later(void *arg) {
  sim_future *future = arg;
  sim_sleep_us(INT64_C(1000) * future->delay_ms);
  complete_held(future);
  return NULL;
}

static void hold(sim_future *future) {
  pthread_mutex_lock(&lock);
  future->next_held = held;
  held = future;
  pthread_mutex_unlock(&lock);
}

void sim_futures_release(void) {
  pthread_mutex_lock(&lock);
  sim_future *list = held;
  held = NULL;
  pthread_mutex_unlock(&lock);
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
    future->is_completing = future->is_done = true;
    return future;
  }
  future->fault_code = fault->async_code;
  future->fault_message = fault->message;
  future->delay_ms = fault->async_delay_ms;
  sim_future_share(future);
  pthread_t thread;
  if (fault->async_delay_ms < 0) {
    hold(future);
  } else if (fault->async_delay_ms == 0) {
    complete_held(future);
  } else if (pthread_create(&thread, NULL, complete_later, future)) {
    abort();
  } else {
    pthread_detach(thread);
  }
  return future;
}

bool sim_future_is_done(sim_future *future) {
  pthread_mutex_lock(&lock);
  const bool is_done = future->is_done;
  pthread_mutex_unlock(&lock);
  return is_done;
}

static PJRT_Error *error_of(const sim_future *future) {
  if (!future->code) return NULL;
  return sim_error(future->code, "%.*s", (int)future->message_size,
                   future->message);
}

static void wait_until_done(sim_future *future) {
  pthread_mutex_lock(&lock);
  while (!future->is_done) pthread_cond_wait(&done, &lock);
  pthread_mutex_unlock(&lock);
}

PJRT_Error *sim_future_error(sim_future *future) {
  wait_until_done(future);
  return error_of(future);
}

/* Appends to a list unless it is too late; then says so. */
static bool append(waiter **list, const bool *is_too_late, sim_action action,
                   void *arg) {
  waiter *one = sim_allocate(sizeof(*one));
  *one = (waiter){action, arg, NULL};
  pthread_mutex_lock(&lock);
  const bool is_appended = !*is_too_late;
  while (*list) list = &(*list)->next;
  if (is_appended) *list = one;
  pthread_mutex_unlock(&lock);
  if (!is_appended) free(one);
  return is_appended;
}

void sim_future_before(sim_future *future, sim_action action, void *arg) {
  if (append(&future->steps, &future->is_completing, action, arg)) return;
  /* The steps before this one may be under way on another thread. */
  wait_until_done(future);
  action(arg, future->code);
}

void sim_future_then(sim_future *future, sim_action action, void *arg) {
  if (!append(&future->waiters, &future->is_done, action, arg))
    action(arg, future->code);
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
  if (!event) return NULL;
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

PJRT_Error *sim_PJRT_Event_OnReady(PJRT_Event_OnReady_Args *args) {
  SIM_REQUIRE(args->event, SIM_EVENT);
  if (!args->callback) return sim_misuse("PJRT_Event_OnReady of NULL");
  on_ready *ready = sim_allocate(sizeof(*ready));
  ready->future = sim_future_share(args->event->future);
  ready->callback = args->callback;
  ready->user_arg = args->user_arg;
  sim_future_then(ready->future, call_back, ready);
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
