#include "ext/device_event.h"

#include <stdlib.h>

typedef struct device_event {
  sim_kind kind;
  atomic_int refs;
  sim_future *future;
  PJRT_Error *error; /* what get_error_if_present points into */
} device_event;

static void inc_ref(void *event) {
  atomic_fetch_add(&((device_event *)event)->refs, 1);
}

static void dec_ref(void *event) {
  device_event *e = event;
  if (atomic_fetch_sub(&e->refs, 1) != 1) return;
  sim_PJRT_Error_Destroy(&(PJRT_Error_Destroy_Args){.error = e->error});
  sim_future_drop(e->future);
  sim_delete(e, SIM_OTHER);
}

typedef struct continuation {
  PJRT_DeviceEvent_AndThen callback;
  void *user_arg;
} continuation;

static void call_back(void *arg, PJRT_Error_Code code) {
  continuation *c = arg;
  (void)code;
  c->callback(c->user_arg);
  free(c);
}

static void and_then(void *event, PJRT_DeviceEvent_AndThen callback,
                     void *user_arg) {
  continuation *c = sim_allocate(sizeof(*c));
  *c = (continuation){callback, user_arg};
  sim_future_then(((device_event *)event)->future, call_back, c);
}

static int get_error_if_present(void *event, PJRT_Error_Code *code,
                                const char **message, size_t *message_size) {
  device_event *e = event;
  if (!sim_future_is_done(e->future)) return 0;
  sim_ext_lock();
  if (!e->error) e->error = sim_future_error(e->future);
  sim_ext_unlock();
  if (!e->error) return 0;
  PJRT_Error_Message_Args text = {.error = e->error};
  PJRT_Error_GetCode_Args number = {.error = e->error};
  sim_PJRT_Error_Message(&text);
  sim_PJRT_Error_GetCode(&number);
  *code = number.code;
  *message = text.message;
  *message_size = text.message_size;
  return 1;
}

static PJRT_DeviceEvent_State get_state(void *event) {
  PJRT_Error_Code code;
  const char *message;
  size_t size;
  if (!sim_future_is_done(((device_event *)event)->future))
    return PJRT_DeviceEvent_State_Unavailable;
  return get_error_if_present(event, &code, &message, &size)
             ? PJRT_DeviceEvent_State_Error
             : PJRT_DeviceEvent_State_Ready;
}

/* No stream defines it. */
static intptr_t get_definition_stream(void *event, uint64_t *sequence_number) {
  (void)event;
  *sequence_number = 0;
  return 0;
}

PJRT_DeviceEvent sim_device_event(sim_future *future) {
  static const PJRT_DeviceEvent_FunctionTable table = {
      .struct_size = PJRT_DeviceEvent_FunctionTable_STRUCT_SIZE,
      .inc_ref = inc_ref,
      .dec_ref = dec_ref,
      .and_then = and_then,
      .get_error_if_present = get_error_if_present,
      .get_state = get_state,
      .get_definition_stream = get_definition_stream,
  };
  device_event *event = sim_new(SIM_OTHER, sizeof(*event));
  event->refs = 1;
  event->future = future;
  return (PJRT_DeviceEvent){SIM_TABLE(PJRT_DeviceEvent_FunctionTable, &table),
                            event};
}

/* ---- waiting ------------------------------------------------------------- */

typedef struct waiting {
  atomic_size_t left;
  sim_future *own;
  size_t num_events;
  PJRT_DeviceEvent *events;
  void (*then)(void *arg, PJRT_Error *error);
  void *arg;
} waiting;

static PJRT_Error *first_error(const waiting *w) {
  for (size_t i = 0; i < w->num_events; i++) {
    const PJRT_DeviceEvent *event = &w->events[i];
    PJRT_Error_Code code;
    const char *message;
    size_t size;
    if (event->vtable->get_error_if_present(event->device_event, &code,
                                            &message, &size))
      return sim_error(code, "%.*s", (int)size, message);
  }
  return sim_future_error(w->own);
}

static void one_is_over(void *arg) {
  waiting *w = arg;
  if (atomic_fetch_sub(&w->left, 1) != 1) return;
  PJRT_Error *error = first_error(w);
  for (size_t i = 0; i < w->num_events; i++)
    w->events[i].vtable->dec_ref(w->events[i].device_event);
  w->then(w->arg, error);
  sim_future_drop(w->own);
  free(w->events);
  free(w);
}

static void own_is_over(void *arg, PJRT_Error_Code code) {
  (void)code;
  one_is_over(arg);
}

void sim_device_events_await(const PJRT_DeviceEventVector *events,
                             sim_future *own,
                             void (*then)(void *arg, PJRT_Error *error),
                             void *arg) {
  waiting *w = sim_allocate(sizeof(*w));
  w->num_events = events ? events->size : 0;
  w->events = sim_allocate(w->num_events * sizeof(*w->events));
  w->left = w->num_events + 1;
  w->own = sim_future_share(own);
  w->then = then;
  w->arg = arg;
  for (size_t i = 0; i < w->num_events; i++) {
    w->events[i] = events->data[i];
    w->events[i].vtable->inc_ref(w->events[i].device_event);
  }
  /* The last of these may free it. */
  const size_t num = w->num_events;
  for (size_t i = 0; i < num; i++) {
    const PJRT_DeviceEvent *event = &events->data[i];
    event->vtable->and_then(event->device_event, one_is_over, w);
  }
  sim_future_then(own, own_is_over, w);
}
