/* Buffers: copied, made of nothing or of each other, lent and borrowed. */
#include "pjrt/unsafe.h"
#include "typed.h"

static const int64_t four[] = {4};

/* ---- copies -------------------------------------------------------------- */

static pjrt_error *to_device(matrix_attempt *a) {
  typed_world *w = typed(a);
  const size_t num = pjrt_client_num_devices(w->client);
  pjrt_device *last = pjrt_client_device(w->client, num - 1);
  PJRT_TRY(pjrt_buffer_copy_to_device_async(w->args[0], last, &w->args[2]));
  MATRIX_EXPECT(a, pjrt_buffer_device(w->args[2]) == last);
  return typed_expect(a, w->args[2], typed_values);
}

/* Of a client without memories there is none to copy to. */
static pjrt_error *to_memory(matrix_attempt *a) {
  typed_world *w = typed(a);
  pjrt_memory *memory = pjrt_client_memory(w->client, 1);
  pjrt_error *error =
      pjrt_buffer_copy_to_memory_async(w->args[0], memory, &w->args[2]);
  if (!memory) {
    MATRIX_EXPECT(a, pjrt_error_code(error) == PJRT_INVALID_ARGUMENT);
    pjrt_error_free(error);
    return NULL;
  }
  if (error) return error;
  return typed_expect(a, w->args[2], typed_values);
}

static pjrt_error *raw_to_host(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_TRY(
      pjrt_buffer_copy_raw_to_host_async(w->args[0], 4, w->read, 8, &w->event));
  PJRT_TRY(pjrt_event_await(w->event));
  MATRIX_EXPECT(a, !memcmp(w->read, typed_values + 1, 8));
  return NULL;
}

static pjrt_error *start(matrix_attempt *a) {
  pjrt_raw_copy *copy;
  typed_world *w = typed(a);
  PJRT_TRY(
      pjrt_buffer_copy_raw_to_host_future(w->args[0], 4, 8, &copy, &w->event));
  pjrt_error *error = pjrt_raw_copy_start(copy, w->read);
  pjrt_raw_copy_free(copy);
  if (!error) error = pjrt_event_await(w->event);
  if (!error) MATRIX_EXPECT(a, !memcmp(w->read, typed_values + 1, 8));
  return error;
}

/* The event ends with the caller's own error, or with what went wrong. */
static pjrt_error *expect_own_error(matrix_attempt *a, pjrt_error *error) {
  if (!error) {
    matrix_wrong(a, "the caller's error is lost");
    return NULL;
  }
  if (!strstr(pjrt_error_message(error, NULL), "a bad day")) return error;
  MATRIX_EXPECT(a, pjrt_error_code(error) == PJRT_DATA_LOSS);
  pjrt_error_free(error);
  return NULL;
}

static pjrt_error *own_error(void) {
  return pjrt_error_create(PJRT_DATA_LOSS, "a bad day", 9);
}

static pjrt_error *fail_copy(matrix_attempt *a) {
  pjrt_raw_copy *copy;
  typed_world *w = typed(a);
  PJRT_TRY(
      pjrt_buffer_copy_raw_to_host_future(w->args[0], 4, 8, &copy, &w->event));
  pjrt_error *why = own_error();
  pjrt_error *error = pjrt_raw_copy_fail(copy, why);
  pjrt_error_free(why);
  pjrt_raw_copy_free(copy);
  return error ? error : expect_own_error(a, pjrt_event_await(w->event));
}

/* ---- made of nothing ----------------------------------------------------- */

static pjrt_error *uninitialized(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_TRY(pjrt_buffer_create_uninitialized(w->device, PJRT_F32, four, 1, NULL,
                                            &w->args[2]));
  MATRIX_EXPECT(a, pjrt_buffer_host_size(w->args[2]) == 16);
  return pjrt_buffer_await(w->args[2]);
}

static pjrt_error *with_error(matrix_attempt *a) {
  typed_world *w = typed(a);
  pjrt_error *why = own_error();
  pjrt_error *error = pjrt_buffer_create_error(w->device, PJRT_F32, four, 1,
                                               why, NULL, &w->args[2]);
  pjrt_error_free(why);
  if (error) return error;
  return expect_own_error(a, pjrt_buffer_await(w->args[2]));
}

static pjrt_error *fulfill(matrix_attempt *a) {
  pjrt_alias *alias;
  typed_world *w = typed(a);
  PJRT_TRY(pjrt_buffer_create_alias(w->device, PJRT_F32, four, 1, NULL,
                                    &w->args[2], &alias));
  pjrt_error *error = pjrt_alias_fulfill(alias, w->args[0]);
  pjrt_alias_free(alias);
  if (error) return error;
  MATRIX_EXPECT(a, pjrt_buffer_is_deleted(w->args[0]));
  return typed_expect(a, w->args[2], typed_values);
}

static pjrt_error *fail_alias(matrix_attempt *a) {
  pjrt_alias *alias;
  typed_world *w = typed(a);
  PJRT_TRY(pjrt_buffer_create_alias(w->device, PJRT_F32, four, 1, NULL,
                                    &w->args[2], &alias));
  pjrt_error *why = own_error();
  pjrt_error *error = pjrt_alias_fail(alias, why);
  pjrt_error_free(why);
  pjrt_alias_free(alias);
  return error ? error : expect_own_error(a, pjrt_buffer_await(w->args[2]));
}

/* ---- of each other's memory ---------------------------------------------- */

static pjrt_error *bitcast(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_TRY(pjrt_buffer_bitcast(w->args[0], PJRT_U32, four, 1, &w->args[2]));
  MATRIX_EXPECT(a, pjrt_buffer_dtype(w->args[2]) == PJRT_U32);
  MATRIX_EXPECT(a, pjrt_buffer_is_deleted(w->args[0]));
  return typed_expect(a, w->args[2], typed_values);
}

static pjrt_error *donate(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_TRY(pjrt_buffer_from_host_async(w->device, PJRT_F32, four, 1,
                                       typed_values, sizeof typed_values, NULL,
                                       &w->args[3], &w->event));
  PJRT_TRY(
      pjrt_buffer_donate_with_dependency(w->args[0], w->event, &w->args[2]));
  MATRIX_EXPECT(a, pjrt_buffer_is_deleted(w->args[0]));
  return typed_expect(a, w->args[2], typed_values);
}

/* ---- lent and borrowed --------------------------------------------------- */

static pjrt_error *dma(matrix_attempt *a) {
  static char memory[64];
  pjrt_dma_mapping *mapping, *again;
  pjrt_client *client = typed(a)->client;
  PJRT_TRY(pjrt_dma_map(client, memory, sizeof memory, &mapping));
  pjrt_error *twice = pjrt_dma_map(client, memory, 1, &again);
  MATRIX_EXPECT(a, pjrt_error_code(twice) == PJRT_ALREADY_EXISTS);
  pjrt_error_free(twice);
  return pjrt_dma_unmap(mapping);
}

static pjrt_error *unsafe_pointer(matrix_attempt *a) {
  uintptr_t at;
  PJRT_TRY(pjrt_buffer_unsafe_pointer(typed(a)->args[0], &at));
  MATRIX_EXPECT(a, !memcmp((void *)at, typed_values, sizeof typed_values));
  return NULL;
}

static pjrt_error *map_device(matrix_attempt *a) {
  void *pointer;
  pjrt_buffer *buffer = typed(a)->args[0];
  PJRT_TRY(pjrt_buffer_map_device(buffer, &pointer));
  MATRIX_EXPECT(a, !memcmp(pointer, typed_values, sizeof typed_values));
  return pjrt_buffer_unmap_device(buffer);
}

static pjrt_error *look(void *pointer, void *user) {
  matrix_attempt *a = user;
  MATRIX_EXPECT(a, !memcmp(pointer, typed_values, sizeof typed_values));
  return NULL;
}

static pjrt_error *with_device_memory(matrix_attempt *a) {
  return pjrt_buffer_with_device_memory(typed(a)->args[0], look, a);
}

static pjrt_error *view(matrix_attempt *a) {
  typed_world *w = typed(a);
  void *memory;
  PJRT_TRY(pjrt_host_alloc(sizeof typed_values, &memory));
  memcpy(memory, typed_values, sizeof typed_values);
  pjrt_error *error = pjrt_buffer_view_device_memory(
      w->device, PJRT_F32, four, 1, memory, NULL, typed_release,
      typed_releases(a), &w->args[0]);
  if (!error) error = typed_expect(a, w->args[0], typed_values);
  free_buffers(w->args, 1);
  typed_expect_release(a);
  return error;
}

/* ---- all ----------------------------------------------------------------- */

#define OF_BUFFERS(function, does) \
  {.name = (function), .prepare = typed_buffers, .run = (does)}
#define OF_CLIENT(function, does) \
  {.name = (function), .prepare = typed_client, .run = (does)}
/* Given no memory, but a device whose default one is needed. */
#define IN_A_MEMORY(function, does)                                       \
  {.name = (function),                                                    \
   .prepare = typed_buffers,                                              \
   .run = (does),                                                         \
   .direct =                                                              \
       "PJRT_Client_AddressableMemories PJRT_Device_AddressableMemories " \
       "PJRT_Device_DefaultMemory"}
/* Nothing else tells where the memory is. */
#define MAPPING(function, does)                      \
  {.name = (function),                               \
   .prepare = typed_buffers,                         \
   .run = (does),                                    \
   .direct =                                         \
       "PJRT_Buffer_IncreaseExternalReferenceCount " \
       "PJRT_Buffer_DecreaseExternalReferenceCount " \
       "PJRT_Buffer_OpaqueDeviceMemoryDataPointer"}

const matrix_case typed_buffer_copy_cases[] = {
    OF_BUFFERS("pjrt_buffer_copy_to_device_async", to_device),
    OF_BUFFERS("pjrt_buffer_copy_to_memory_async", to_memory),
    OF_BUFFERS("pjrt_buffer_copy_raw_to_host_async", raw_to_host),
    OF_BUFFERS("pjrt_buffer_copy_raw_to_host_future", start),
    OF_BUFFERS("pjrt_raw_copy_start", start),
    OF_BUFFERS("pjrt_raw_copy_fail", fail_copy),
    OF_CLIENT("pjrt_buffer_create_uninitialized", uninitialized),
    IN_A_MEMORY("pjrt_buffer_create_error", with_error),
    IN_A_MEMORY("pjrt_buffer_create_alias", fulfill),
    IN_A_MEMORY("pjrt_alias_fulfill", fulfill),
    IN_A_MEMORY("pjrt_alias_fail", fail_alias),
    OF_BUFFERS("pjrt_buffer_bitcast", bitcast),
    OF_BUFFERS("pjrt_buffer_donate_with_dependency", donate),
    OF_CLIENT("pjrt_dma_map", dma),
    OF_CLIENT("pjrt_dma_unmap", dma),
    OF_BUFFERS("pjrt_buffer_unsafe_pointer", unsafe_pointer),
    MAPPING("pjrt_buffer_map_device", map_device),
    MAPPING("pjrt_buffer_unmap_device", map_device),
    MAPPING("pjrt_buffer_with_device_memory", with_device_memory),
    OF_CLIENT("pjrt_buffer_view_device_memory", view),
};
const size_t typed_num_buffer_copy_cases =
    sizeof typed_buffer_copy_cases / sizeof *typed_buffer_copy_cases;
