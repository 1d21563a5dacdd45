/* Objects, texts, errors. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stub/slots.h"

static atomic_size_t live[STUB_NUM_KINDS - STUB_ERROR];
static atomic_size_t live_bytes;

void *stub_allocate(size_t size) {
  void *memory = calloc(1, size ? size : 1);
  if (!memory) abort();
  return memory;
}

typedef struct permanent {
  struct permanent *next;
  max_align_t data[];
} permanent;

static _Atomic(permanent *) permanents;

void *stub_allocate_forever(size_t size) {
  permanent *block = stub_allocate(sizeof(*block) + size);
  block->next = atomic_load(&permanents);
  while (!atomic_compare_exchange_weak(&permanents, &block->next, block)) {
  }
  return block->data;
}

char *stub_copy_forever(const char *text) {
  const size_t size = strlen(text) + 1;
  return memcpy(stub_allocate_forever(size), text, size);
}

/* Handles whose official struct begins with a vtable keep their kind behind
 * it; the vtable stays NULL, as in plugins that are older than it. */
static stub_kind *kind_of(const void *object, stub_kind kind) {
  size_t offset = 0;
  if (kind == STUB_ERROR) offset = sizeof(PJRT_Error);
  if (kind == STUB_MEMORY) offset = sizeof(PJRT_Memory);
  return (stub_kind *)((char *)(uintptr_t)object + offset);
}

void *stub_new(stub_kind kind, size_t size) {
  void *object = stub_allocate(size);
  *kind_of(object, kind) = kind;
  atomic_fetch_add(&live[kind - STUB_ERROR], 1);
  return object;
}

bool stub_is(const void *object, stub_kind kind) {
  return object && *kind_of(object, kind) == kind;
}

void stub_delete(void *object, stub_kind kind) {
  *kind_of(object, kind) = STUB_DEAD;
  atomic_fetch_sub(&live[kind - STUB_ERROR], 1);
  free(object);
}

void stub_count_bytes(ptrdiff_t change) {
  atomic_fetch_add(&live_bytes, (size_t)change);
}

void pjrt_stub_get_live(pjrt_stub_live *out) {
#define LIVE(kind) atomic_load(&live[(kind) - STUB_ERROR])
  *out = (pjrt_stub_live){
      .errors = LIVE(STUB_ERROR),
      .events = LIVE(STUB_EVENT),
      .clients = LIVE(STUB_CLIENT),
      .buffers = LIVE(STUB_BUFFER),
      .executables = LIVE(STUB_EXECUTABLE),
      .loaded_executables = LIVE(STUB_LOADED_EXECUTABLE),
      .topologies = LIVE(STUB_TOPOLOGY),
      .contexts = LIVE(STUB_CONTEXT),
      .transfer_managers = LIVE(STUB_TRANSFER_MANAGER),
      .streams = LIVE(STUB_STREAM),
      .others = LIVE(STUB_OTHER),
      .bytes = atomic_load(&live_bytes),
  };
#undef LIVE
}

char *stub_text(const char *text, size_t size) {
  char *copy = stub_allocate(size + sizeof(STUB_JUNK));
  if (size) memcpy(copy, text, size);
  memcpy(copy + size, STUB_JUNK, sizeof(STUB_JUNK));
  return copy;
}

/* ---- errors -------------------------------------------------------------- */

typedef struct stub_error_object {
  PJRT_Error base;
  stub_kind kind;
  PJRT_Error_Code code;
  char *message;
  size_t message_size;
  int num_payloads;
} stub_error_object;

static PJRT_Error *make_error(PJRT_Error_Code code, const char *message,
                              size_t size) {
  stub_error_object *error = stub_new(STUB_ERROR, sizeof(*error));
  error->code = code;
  error->message = stub_text(message, size);
  error->message_size = size;
  error->num_payloads = stub_options()->num_payloads;
  return &error->base;
}

PJRT_Error *stub_error(PJRT_Error_Code code, const char *format, ...) {
  char message[1024];
  va_list args;
  va_start(args, format);
  vsnprintf(message, sizeof(message), format, args);
  va_end(args);
  return make_error(code, message, strlen(message));
}

PJRT_Error *stub_misuse(const char *format, ...) {
  char message[1024];
  va_list args;
  va_start(args, format);
  vsnprintf(message, sizeof(message), format, args);
  va_end(args);
  stub_note_misuse(message);
  return stub_error(PJRT_Error_Code_INTERNAL, "misuse: %s", message);
}

void stub_PJRT_Error_Destroy(PJRT_Error_Destroy_Args *args) {
  if (!args->error) return;
  if (!stub_is(args->error, STUB_ERROR)) {
    stub_note_misuse("PJRT_Error_Destroy of no living error");
    return;
  }
  free(((stub_error_object *)args->error)->message);
  stub_delete(args->error, STUB_ERROR);
}

void stub_PJRT_Error_Message(PJRT_Error_Message_Args *args) {
  const stub_error_object *error = (const stub_error_object *)args->error;
  if (!stub_is(error, STUB_ERROR)) {
    stub_note_misuse("PJRT_Error_Message of no living error");
    return;
  }
  args->message = error->message;
  args->message_size = error->message_size;
}

PJRT_Error *stub_PJRT_Error_GetCode(PJRT_Error_GetCode_Args *args) {
  STUB_REQUIRE(args->error, STUB_ERROR);
  args->code = ((const stub_error_object *)args->error)->code;
  return NULL;
}

PJRT_Error *stub_PJRT_Error_ForEachPayload(
    PJRT_Error_ForEachPayload_Args *args) {
  STUB_REQUIRE(args->error, STUB_ERROR);
  const int num = ((const stub_error_object *)args->error)->num_payloads;
  for (int i = 0; i < num; i++) {
    char key[32], value[32];
    const int key_size = snprintf(key, sizeof(key), "type.test/payload%d", i);
    const int value_size = snprintf(value, sizeof(value), "value %d", i);
    char *junk_key = stub_text(key, (size_t)key_size);
    char *junk_value = stub_text(value, (size_t)value_size);
    args->visitor(junk_key, (size_t)key_size, junk_value, (size_t)value_size,
                  args->user_arg);
    free(junk_key);
    free(junk_value);
  }
  return NULL;
}
