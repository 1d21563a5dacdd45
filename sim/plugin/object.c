/* Objects, texts, errors. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/slots.h"

static atomic_size_t live[SIM_NUM_KINDS - SIM_ERROR];
static atomic_size_t live_bytes;

void *sim_allocate(size_t size) {
  void *memory = calloc(1, size ? size : 1);
  if (!memory) abort();
  return memory;
}

typedef struct permanent {
  struct permanent *next;
  max_align_t data[];
} permanent;

static _Atomic(permanent *) permanents;

void *sim_allocate_forever(size_t size) {
  permanent *block = sim_allocate(sizeof(*block) + size);
  block->next = atomic_load(&permanents);
  while (!atomic_compare_exchange_weak(&permanents, &block->next, block)) {
  }
  return block->data;
}

char *sim_copy_forever(const char *text) {
  const size_t size = strlen(text) + 1;
  return memcpy(sim_allocate_forever(size), text, size);
}

/* Handles whose official struct begins with a vtable keep their kind behind
 * it; the vtable stays NULL, as in plugins that are older than it. */
static sim_kind *kind_of(const void *object, sim_kind kind) {
  size_t offset = 0;
  if (kind == SIM_ERROR) offset = sizeof(PJRT_Error);
  if (kind == SIM_MEMORY) offset = sizeof(PJRT_Memory);
  return (sim_kind *)((char *)(uintptr_t)object + offset);
}

void *sim_new(sim_kind kind, size_t size) {
  void *object = sim_allocate(size);
  *kind_of(object, kind) = kind;
  atomic_fetch_add(&live[kind - SIM_ERROR], 1);
  return object;
}

bool sim_is(const void *object, sim_kind kind) {
  return object && *kind_of(object, kind) == kind;
}

void sim_delete(void *object, sim_kind kind) {
  *kind_of(object, kind) = SIM_DEAD;
  atomic_fetch_sub(&live[kind - SIM_ERROR], 1);
  free(object);
}

void sim_count_bytes(ptrdiff_t change) {
  atomic_fetch_add(&live_bytes, (size_t)change);
}

void pjrt_sim_get_live(pjrt_sim_live *out) {
#define LIVE(kind) atomic_load(&live[(kind) - SIM_ERROR])
  *out = (pjrt_sim_live){
      .errors = LIVE(SIM_ERROR),
      .events = LIVE(SIM_EVENT),
      .clients = LIVE(SIM_CLIENT),
      .buffers = LIVE(SIM_BUFFER),
      .executables = LIVE(SIM_EXECUTABLE),
      .loaded_executables = LIVE(SIM_LOADED_EXECUTABLE),
      .topologies = LIVE(SIM_TOPOLOGY),
      .contexts = LIVE(SIM_CONTEXT),
      .transfer_managers = LIVE(SIM_TRANSFER_MANAGER),
      .streams = LIVE(SIM_STREAM),
      .others = LIVE(SIM_OTHER),
      .bytes = atomic_load(&live_bytes),
  };
#undef LIVE
}

char *sim_text(const char *text, size_t size) {
  char *copy = sim_allocate(size + sizeof(SIM_JUNK));
  if (size) memcpy(copy, text, size);
  memcpy(copy + size, SIM_JUNK, sizeof(SIM_JUNK));
  return copy;
}

/* ---- errors -------------------------------------------------------------- */

typedef struct sim_error_object {
  PJRT_Error base;
  sim_kind kind;
  PJRT_Error_Code code;
  char *message;
  size_t message_size;
  int num_payloads;
} sim_error_object;

static PJRT_Error *make_error(PJRT_Error_Code code, const char *message,
                              size_t size) {
  sim_error_object *error = sim_new(SIM_ERROR, sizeof(*error));
  error->code = code;
  error->message = sim_text(message, size);
  error->message_size = size;
  error->num_payloads = sim_options()->num_payloads;
  return &error->base;
}

PJRT_Error *sim_error(PJRT_Error_Code code, const char *format, ...) {
  char message[1024];
  va_list args;
  va_start(args, format);
  vsnprintf(message, sizeof(message), format, args);
  va_end(args);
  return make_error(code, message, strlen(message));
}

PJRT_Error *sim_misuse(const char *format, ...) {
  char message[1024];
  va_list args;
  va_start(args, format);
  vsnprintf(message, sizeof(message), format, args);
  va_end(args);
  sim_note_misuse(message);
  return sim_error(PJRT_Error_Code_INTERNAL, "misuse: %s", message);
}

void sim_PJRT_Error_Destroy(PJRT_Error_Destroy_Args *args) {
  if (!args->error) return;
  if (!sim_is(args->error, SIM_ERROR)) {
    sim_note_misuse("PJRT_Error_Destroy of no living error");
    return;
  }
  free(((sim_error_object *)args->error)->message);
  sim_delete(args->error, SIM_ERROR);
}

void sim_PJRT_Error_Message(PJRT_Error_Message_Args *args) {
  const sim_error_object *error = (const sim_error_object *)args->error;
  if (!sim_is(error, SIM_ERROR)) {
    sim_note_misuse("PJRT_Error_Message of no living error");
    return;
  }
  args->message = error->message;
  args->message_size = error->message_size;
}

PJRT_Error *sim_PJRT_Error_GetCode(PJRT_Error_GetCode_Args *args) {
  SIM_REQUIRE(args->error, SIM_ERROR);
  args->code = ((const sim_error_object *)args->error)->code;
  return NULL;
}

PJRT_Error *sim_PJRT_Error_ForEachPayload(
    PJRT_Error_ForEachPayload_Args *args) {
  SIM_REQUIRE(args->error, SIM_ERROR);
  const int num = ((const sim_error_object *)args->error)->num_payloads;
  for (int i = 0; i < num; i++) {
    char key[32], value[32];
    const int key_size = snprintf(key, sizeof(key), "type.test/payload%d", i);
    const int value_size = snprintf(value, sizeof(value), "value %d", i);
    char *junk_key = sim_text(key, (size_t)key_size);
    char *junk_value = sim_text(value, (size_t)value_size);
    args->visitor(junk_key, (size_t)key_size, junk_value, (size_t)value_size,
                  args->user_arg);
    free(junk_key);
    free(junk_value);
  }
  return NULL;
}

/* ---- the stubs of some plugins ------------------------------------------- */

static void say_nothing(PJRT_Error_Message_Args *args) { (void)args; }

/* Does nothing, or answers with another such error. */
static PJRT_Error *stub(const char *function) {
  if (sim_options()->seed % 2 == 0) return NULL;
  return sim_error(PJRT_Error_Code_UNIMPLEMENTED, "%s is a stub", function);
}

static PJRT_Error *give_no_code(PJRT_Error_GetCode_Args *args) {
  (void)args;
  return stub("PJRT_Error_GetCode");
}

static PJRT_Error *give_no_payload(PJRT_Error_ForEachPayload_Args *args) {
  (void)args;
  return stub("PJRT_Error_ForEachPayload");
}

void sim_stub_errors(PJRT_Api *api) {
  api->PJRT_Error_Message = say_nothing;
  api->PJRT_Error_GetCode = give_no_code;
  api->PJRT_Error_ForEachPayload = give_no_payload;
}
