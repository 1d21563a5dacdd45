/* Profiler: counts the calls between start and stop, and reports them as an
 * XSpace: one plane, one line, one event per function that was called. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ext/ext.h"

enum { FIRST_MINOR_WITH_CONSUME = 113, OLD_API_SIZE = 80 };

struct PLUGIN_Profiler {
  sim_kind kind;
  bool is_running;
  bool has_data;
  uint64_t start_ns;
  uint64_t duration_ns;
  size_t before[PJRT_NUM_CALLS];
  sim_bytes space; /* a serialized XSpace, made by stop */
};

struct PLUGIN_Profiler_ConsumeResult {
  sim_kind kind;
  sim_bytes space;
};

/* ---- errors: a type of their own ----------------------------------------- */

struct PLUGIN_Profiler_Error {
  sim_kind kind;
  PJRT_Error_Code code;
  size_t size;
  char message[128];
};

static PLUGIN_Profiler_Error *failed(PJRT_Error_Code code, const char *message,
                                     size_t size) {
  PLUGIN_Profiler_Error *error = sim_new(SIM_OTHER, sizeof(*error));
  error->code = code;
  error->size = size < sizeof(error->message) ? size : sizeof(error->message);
  memcpy(error->message, message, error->size);
  return error;
}
#define FAILED(code, literal) \
  failed(PJRT_Error_Code_##code, (literal), sizeof(literal) - 1)

/* What was asked for, as an error of this kind. */
static PLUGIN_Profiler_Error *enter(sim_ext_call *call) {
  PJRT_Error *error = sim_ext_enter(call);
  if (!error) return NULL;
  PJRT_Error_GetCode_Args code = {
      .struct_size = PJRT_Error_GetCode_Args_STRUCT_SIZE, .error = error};
  PJRT_Error_Message_Args message = {
      .struct_size = PJRT_Error_Message_Args_STRUCT_SIZE, .error = error};
  sim_PJRT_Error_GetCode(&code);
  sim_PJRT_Error_Message(&message);
  PLUGIN_Profiler_Error *own =
      failed(code.code, message.message, message.message_size);
  sim_PJRT_Error_Destroy(&(PJRT_Error_Destroy_Args){.error = error});
  return own;
}

/* Begins a function of the table, as SIM_EXT_ENTER does. */
#define ENTER(args, type)                           \
  SIM_EXT_CALL(args, type, 0);                      \
  do {                                              \
    PLUGIN_Profiler_Error *own_ = enter(&ext_call); \
    if (own_) return own_;                          \
  } while (0)

static void error_destroy(PLUGIN_Profiler_Error_Destroy_Args *args) {
  SIM_EXT_ENTER_VOID(args, PLUGIN_Profiler_Error_Destroy_Args);
  if (args->error) sim_delete(args->error, SIM_OTHER);
}

static void error_message(PLUGIN_Profiler_Error_Message_Args *args) {
  SIM_EXT_ENTER_VOID(args, PLUGIN_Profiler_Error_Message_Args);
  args->message = args->error->message;
  args->message_size = args->error->size;
}

static PLUGIN_Profiler_Error *error_get_code(
    PLUGIN_Profiler_Error_GetCode_Args *args) {
  ENTER(args, PLUGIN_Profiler_Error_GetCode_Args);
  args->code = (int)args->error->code;
  return NULL;
}

/* ---- what is recorded ---------------------------------------------------- */

static uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static size_t calls_since_start(const PLUGIN_Profiler *profiler, int id) {
  const char *name = sim_call_name((pjrt_call_id)id);
  return pjrt_sim_num_calls(name) - profiler->before[id];
}

/* XEvent: metadata_id = 1, duration_ps = 3, num_occurrences = 5. */
static void write_events(const PLUGIN_Profiler *profiler, sim_bytes *line) {
  for (int id = 0; id < PJRT_NUM_CALLS; id++) {
    const size_t num = calls_since_start(profiler, id);
    sim_bytes event = {0};
    if (!num) continue;
    sim_write_number(&event, 1, (uint64_t)id + 1);
    sim_write_number(&event, 3, profiler->duration_ns * 1000);
    sim_write_number(&event, 5, num);
    sim_write_bytes(line, 4, event.data, event.size);
    free(event.data);
  }
}

/* XPlane.event_metadata = 4: a map from ids to {id = 1, name = 2}. */
static void write_metadata(const PLUGIN_Profiler *profiler, sim_bytes *plane) {
  for (int id = 0; id < PJRT_NUM_CALLS; id++) {
    const char *name = sim_call_name((pjrt_call_id)id);
    sim_bytes metadata = {0}, entry = {0};
    if (!calls_since_start(profiler, id)) continue;
    sim_write_number(&metadata, 1, (uint64_t)id + 1);
    sim_write_bytes(&metadata, 2, name, strlen(name));
    sim_write_number(&entry, 1, (uint64_t)id + 1);
    sim_write_bytes(&entry, 2, metadata.data, metadata.size);
    sim_write_bytes(plane, 4, entry.data, entry.size);
    free(metadata.data);
    free(entry.data);
  }
}

/* XSpace.planes = 1; XPlane: id = 1, name = 2, lines = 3; XLine: id = 1,
 * name = 2, timestamp_ns = 3, events = 4. */
static void write_space(const PLUGIN_Profiler *profiler, sim_bytes *space) {
  sim_bytes line = {0}, plane = {0};
  sim_write_number(&line, 1, 1);
  sim_write_bytes(&line, 2, "calls", 5);
  sim_write_number(&line, 3, profiler->start_ns);
  write_events(profiler, &line);
  sim_write_number(&plane, 1, 1);
  sim_write_bytes(&plane, 2, "/host:sim", 9);
  sim_write_bytes(&plane, 3, line.data, line.size);
  write_metadata(profiler, &plane);
  sim_write_bytes(space, 1, plane.data, plane.size);
  free(line.data);
  free(plane.data);
}

/* ---- the table ----------------------------------------------------------- */

static PLUGIN_Profiler_Error *profiler_create(
    PLUGIN_Profiler_Create_Args *args) {
  ENTER(args, PLUGIN_Profiler_Create_Args);
  if (args->struct_size < PLUGIN_Profiler_Create_Args_STRUCT_SIZE)
    return FAILED(INVALID_ARGUMENT, "Unexpected PLUGIN_Profiler_Create_Args");
  args->profiler = sim_new(SIM_OTHER, sizeof(*args->profiler));
  return NULL;
}

static PLUGIN_Profiler_Error *profiler_destroy(
    PLUGIN_Profiler_Destroy_Args *args) {
  ENTER(args, PLUGIN_Profiler_Destroy_Args);
  if (!args->profiler) return NULL;
  if (!sim_is(args->profiler, SIM_OTHER))
    return FAILED(INTERNAL, "no living profiler is destroyed");
  free(args->profiler->space.data);
  sim_delete(args->profiler, SIM_OTHER);
  return NULL;
}

static PLUGIN_Profiler_Error *profiler_start(PLUGIN_Profiler_Start_Args *args) {
  ENTER(args, PLUGIN_Profiler_Start_Args);
  PLUGIN_Profiler *profiler = args->profiler;
  if (!sim_is(profiler, SIM_OTHER))
    return FAILED(INTERNAL, "no living profiler is started");
  if (profiler->is_running)
    return FAILED(FAILED_PRECONDITION, "the profiler runs already");
  for (int id = 0; id < PJRT_NUM_CALLS; id++)
    profiler->before[id] = pjrt_sim_num_calls(sim_call_name((pjrt_call_id)id));
  profiler->start_ns = now_ns();
  profiler->is_running = true;
  profiler->has_data = false;
  return NULL;
}

static PLUGIN_Profiler_Error *profiler_stop(PLUGIN_Profiler_Stop_Args *args) {
  ENTER(args, PLUGIN_Profiler_Stop_Args);
  PLUGIN_Profiler *profiler = args->profiler;
  if (!sim_is(profiler, SIM_OTHER))
    return FAILED(INTERNAL, "no living profiler is stopped");
  if (!profiler->is_running)
    return FAILED(FAILED_PRECONDITION, "the profiler does not run");
  profiler->duration_ns = now_ns() - profiler->start_ns;
  profiler->is_running = false;
  profiler->has_data = true;
  profiler->space.size = 0;
  write_space(profiler, &profiler->space);
  return NULL;
}

static PLUGIN_Profiler_Error *collect_data(
    PLUGIN_Profiler_CollectData_Args *args) {
  ENTER(args, PLUGIN_Profiler_CollectData_Args);
  const PLUGIN_Profiler *profiler = args->profiler;
  if (!sim_is(profiler, SIM_OTHER))
    return FAILED(INTERNAL, "no living profiler is asked");
  if (!profiler->has_data)
    return FAILED(FAILED_PRECONDITION, "the profiler was not stopped");
  if (args->buffer)
    memcpy(args->buffer, profiler->space.data, profiler->space.size);
  args->buffer_size_in_bytes = profiler->space.size;
  return NULL;
}

/* Moves the data out of the profiler. */
static PLUGIN_Profiler_Error *consume(PLUGIN_Profiler_Consume_Args *args) {
  ENTER(args, PLUGIN_Profiler_Consume_Args);
  PLUGIN_Profiler *profiler = args->profiler;
  if (!sim_is(profiler, SIM_OTHER))
    return FAILED(INTERNAL, "no living profiler is asked");
  if (!profiler->has_data)
    return FAILED(FAILED_PRECONDITION, "the profiler was not stopped");
  args->result = sim_new(SIM_OTHER, sizeof(*args->result));
  args->result->space = profiler->space;
  profiler->space = (sim_bytes){0};
  profiler->has_data = false;
  return NULL;
}

static void consume_result_destroy(
    PLUGIN_Profiler_ConsumeResult_Destroy_Args *args) {
  SIM_EXT_ENTER_VOID(args, PLUGIN_Profiler_ConsumeResult_Destroy_Args);
  if (!args->consume_result) return;
  free(args->consume_result->space.data);
  sim_delete(args->consume_result, SIM_OTHER);
}

static PLUGIN_Profiler_Error *serialize(PLUGIN_Profiler_Serialize_Args *args) {
  ENTER(args, PLUGIN_Profiler_Serialize_Args);
  if (!sim_is(args->consume_result, SIM_OTHER))
    return FAILED(INTERNAL, "no living result is serialized");
  args->serialized_bytes = args->consume_result->space.data;
  args->serialized_size = args->consume_result->space.size;
  return NULL;
}

static void adapt(void *node, int minor) {
  PLUGIN_Profiler_Api *api = sim_allocate_forever(sizeof(*api));
  *api = (PLUGIN_Profiler_Api){
      .struct_size = minor < FIRST_MINOR_WITH_CONSUME
                         ? OLD_API_SIZE
                         : PLUGIN_Profiler_Api_STRUCT_SIZE,
      .error_destroy = error_destroy,
      .error_message = error_message,
      .error_get_code = error_get_code,
      .create = profiler_create,
      .destroy = profiler_destroy,
      .start = profiler_start,
      .stop = profiler_stop,
      .collect_data = collect_data,
  };
  if (minor >= FIRST_MINOR_WITH_CONSUME) {
    api->consume = consume;
    api->consume_result_destroy = consume_result_destroy;
    api->serialize = serialize;
  }
  ((PJRT_Profiler_Extension *)node)->profiler_api =
      SIM_TABLE(PLUGIN_Profiler_Api, api);
}

static const PJRT_Profiler_Extension node = {0};

const sim_extension sim_ext_profiler = {
    .type = PJRT_Extension_Type_Profiler,
    .name = "Profiler",
    .steps = {{34, 32}, {51, 40}},
    .node = &node,
    .node_size = sizeof(node),
    .adapt = adapt,
};
