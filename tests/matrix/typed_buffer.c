/* Buffers: up, down, asked, mapped, deleted. */
#include <time.h>

#include "typed.h"

static const int64_t four[] = {4};

/* ---- host to device ------------------------------------------------------ */

static pjrt_error *from_host(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_TRY(typed_upload(a, w->device, &w->args[0]));
  return typed_expect(a, w->args[0], typed_values);
}

static pjrt_error *from_host_async(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_TRY(pjrt_buffer_from_host_async(w->device, PJRT_F32, four, 1,
                                       typed_values, sizeof typed_values, NULL,
                                       &w->args[0], &w->event));
  PJRT_TRY(pjrt_event_await(w->event));
  return typed_expect(a, w->args[0], typed_values);
}

/* Two rows of two, given column by column. */
static pjrt_error *from_array(matrix_attempt *a) {
  static const float by_rows[4] = {1, 3, 2, 4};
  typed_world *w = typed(a);
  PJRT_TRY(pjrt_array_wrap(
      PJRT_F32, (const int64_t[]){2, 2}, 2, (const int64_t[]){4, 8},
      (void *)(uintptr_t)typed_values, NULL, NULL, &w->array));
  PJRT_TRY(pjrt_buffer_from_array(w->device, w->array, &w->args[0]));
  return typed_expect(a, w->args[0], by_rows);
}

static pjrt_error *round_trip(matrix_attempt *a, pjrt_dtype dtype) {
  unsigned char data[4 * 16], read[4 * 16] = {0};
  const size_t size = 4 * pjrt_dtype_host_size(dtype);
  pjrt_buffer *buffer;
  /* Small enough for a type of one bit. */
  memset(data, 0, sizeof data);
  if (pjrt_dtype_bit_width(dtype) > 8) memset(data, 0x3c, sizeof data);
  PJRT_TRY(pjrt_buffer_from_host(typed(a)->device, dtype, four, 1, data, size,
                                 &buffer));
  pjrt_error *error = pjrt_buffer_to_host(buffer, read, size);
  pjrt_buffer_free(buffer);
  if (!error) MATRIX_EXPECT(a, !memcmp(data, read, size));
  return error;
}

/* Those that the plugin has go up and come back; newer ones are refused before
 * it sees them, for plugins end the process. */
static pjrt_error *every_type(matrix_attempt *a) {
  static const struct {
    const char *enumeration;
    int number;
    int since;
  } rows[] = {
#define PJRT_ENUM_ROW(enumeration, name, since) \
  {#enumeration, (int)(name), (since)},
#include "abi/generated/enums.inc"
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const pjrt_dtype dtype = (pjrt_dtype)rows[i].number;
    if (strcmp(rows[i].enumeration, "PJRT_Buffer_Type") ||
        pjrt_dtype_host_size(dtype) == 0)
      continue;
    pjrt_error *error = round_trip(a, dtype);
    if (rows[i].since <= a->how->options.minor) {
      if (error) return error;
      continue;
    }
    MATRIX_EXPECT(a, pjrt_error_code(error) == PJRT_UNIMPLEMENTED);
    pjrt_error_free(error);
  }
  return NULL;
}

void typed_release(void *data, void *user) {
  pjrt_host_free(data);
  atomic_fetch_add((atomic_int *)user, 1);
}

atomic_int *typed_releases(matrix_attempt *a) {
  static atomic_int not_waited_for;
  return a->how->may_leak ? &not_waited_for : &typed(a)->num_releases;
}

void typed_expect_release(matrix_attempt *a) {
  const struct timespec moment = {0, 100000};
  if (a->how->may_leak) return;
  for (int i = 0; i < 50000 && !atomic_load(&typed(a)->num_releases); i++)
    nanosleep(&moment, NULL);
  MATRIX_EXPECT(a, atomic_load(&typed(a)->num_releases) == 1);
}

/* The memory comes back, whatever happened. */
static pjrt_error *adopt_host(matrix_attempt *a) {
  typed_world *w = typed(a);
  void *memory;
  PJRT_TRY(pjrt_host_alloc(sizeof typed_values, &memory));
  memcpy(memory, typed_values, sizeof typed_values);
  pjrt_error *error = pjrt_buffer_adopt_host(
      w->device, PJRT_F32, four, 1, memory, sizeof typed_values,
      PJRT_ADOPT_MUTABLE, typed_release, typed_releases(a), &w->args[0]);
  if (!error) error = typed_expect(a, w->args[0], typed_values);
  free_buffers(w->args, 1);
  typed_expect_release(a);
  return error;
}

static pjrt_error *from_raw(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_Buffer_CopyToDevice_Args args;
  memset(&args, 0, sizeof args);
  args.buffer = pjrt_buffer_raw(w->args[0]);
  args.dst_device = pjrt_device_raw(w->device);
  PJRT_TRY(pjrt_raw_PJRT_Buffer_CopyToDevice(a->plugin, &args));
  PJRT_TRY(pjrt_buffer_from_raw(w->device, args.dst_buffer, &w->args[2]));
  return typed_expect(a, w->args[2], typed_values);
}

/* ---- asking -------------------------------------------------------------- */

/* Of a client without memories a buffer has none either. */
static pjrt_error *memory(matrix_attempt *a) {
  pjrt_memory *found;
  pjrt_error *error = pjrt_buffer_memory(typed(a)->args[0], &found);
  if (error) return error;
  MATRIX_EXPECT(a, found == pjrt_client_memory(typed(a)->client, 0));
  return NULL;
}

static pjrt_error *on_device_size(matrix_attempt *a) {
  size_t size;
  PJRT_TRY(pjrt_buffer_on_device_size(typed(a)->args[0], &size));
  MATRIX_EXPECT(a, size == sizeof typed_values);
  return NULL;
}

static pjrt_error *layout(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_TRY(pjrt_buffer_layout(w->args[0], &w->layout));
  MATRIX_EXPECT(a, pjrt_layout_is_row_major(w->layout));
  return NULL;
}

static pjrt_error *unpadded_dims(matrix_attempt *a) {
  int64_t dims[1] = {0};
  PJRT_TRY(pjrt_buffer_unpadded_dims(typed(a)->args[0], dims, 1));
  MATRIX_EXPECT(a, dims[0] == 4);
  return NULL;
}

static pjrt_error *dynamic_dims(matrix_attempt *a) {
  bool dynamic[1] = {true};
  PJRT_TRY(pjrt_buffer_dynamic_dims(typed(a)->args[0], dynamic, 1));
  MATRIX_EXPECT(a, !dynamic[0]);
  return NULL;
}

static pjrt_error *is_on_cpu(matrix_attempt *a) {
  bool on_cpu = false;
  PJRT_TRY(pjrt_buffer_is_on_cpu(typed(a)->args[0], &on_cpu));
  MATRIX_EXPECT(a, on_cpu);
  return NULL;
}

/* ---- readiness and life -------------------------------------------------- */

static pjrt_error *ready_event(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_TRY(pjrt_buffer_ready_event(w->args[0], &w->event));
  return pjrt_event_await(w->event);
}

static pjrt_error *await(matrix_attempt *a) {
  return pjrt_buffer_await(typed(a)->args[0]);
}

static pjrt_error *delete(matrix_attempt *a) {
  pjrt_buffer *buffer = typed(a)->args[0];
  PJRT_TRY(pjrt_buffer_delete(buffer));
  MATRIX_EXPECT(a, pjrt_buffer_is_deleted(buffer));
  pjrt_error *error = pjrt_buffer_await(buffer);
  MATRIX_EXPECT(a, pjrt_error_code(error) == PJRT_FAILED_PRECONDITION);
  pjrt_error_free(error);
  return NULL;
}

static pjrt_error *free_one(matrix_attempt *a) {
  pjrt_sim_live live;
  free_buffers(typed(a)->args, 2);
  sim.get_live(&live);
  if (!a->how->may_leak) MATRIX_EXPECT(a, live.buffers == 0);
  return NULL;
}

/* ---- device to host ------------------------------------------------------ */

static pjrt_error *to_host(matrix_attempt *a) {
  return typed_expect(a, typed(a)->args[0], typed_values);
}

static pjrt_error *to_host_async(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_TRY(pjrt_buffer_to_host_async(w->args[0], w->read, sizeof w->read,
                                     &w->event));
  PJRT_TRY(pjrt_event_await(w->event));
  MATRIX_EXPECT(a, !memcmp(w->read, typed_values, sizeof w->read));
  return NULL;
}

static pjrt_error *to_array(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_TRY(pjrt_buffer_to_array(w->args[0], &w->array));
  MATRIX_EXPECT(
      a, !memcmp(pjrt_array_data(w->array), typed_values, sizeof typed_values));
  return NULL;
}

/* Twice, so that one mapping ends while the other goes on. */
static pjrt_error *map(matrix_attempt *a) {
  pjrt_buffer *buffer = typed(a)->args[0];
  const void *data, *again;
  size_t size;
  PJRT_TRY(pjrt_buffer_map(buffer, &data, &size));
  pjrt_error *error = pjrt_buffer_map(buffer, &again, NULL);
  MATRIX_EXPECT(a, data == again && size == sizeof typed_values);
  if (!error) error = pjrt_buffer_unmap(buffer);
  MATRIX_EXPECT(a, !memcmp(data, typed_values, sizeof typed_values));
  pjrt_error *last = pjrt_buffer_unmap(buffer);
  if (error) {
    pjrt_error_free(last);
    return error;
  }
  return last;
}

/* ---- all ----------------------------------------------------------------- */

/* Memory that the host cannot read. */
static void far(pjrt_sim_options *options) { options->not_on_cpu = true; }

#define READING(function, read)                                    \
  {.name = (function), .prepare = typed_buffers, .run = (read)}, { \
    .name = (function), .prepare = typed_buffers, .run = (read),   \
    .variant = "device memory", .configure = far                   \
  }

/* Of a buffer; `function` alone can tell it. */
#define ASKING(function, ask, told_by) \
  {.name = (function),                 \
   .prepare = typed_buffers,           \
   .run = (ask),                       \
   .direct = (told_by)}

const matrix_case typed_buffer_cases[] = {
    {.name = "pjrt_buffer_from_host",
     .prepare = typed_client,
     .run = from_host},
    {.name = "pjrt_buffer_from_host",
     .prepare = typed_client,
     .run = every_type,
     .variant = "every element type"},
    {.name = "pjrt_buffer_from_host_async",
     .prepare = typed_client,
     .run = from_host_async},
    {.name = "pjrt_buffer_from_array",
     .prepare = typed_client,
     .run = from_array},
    {.name = "pjrt_buffer_adopt_host",
     .prepare = typed_client,
     .run = adopt_host,
     .spare = "PJRT_Event_IsReady"},
    {.name = "pjrt_buffer_from_raw",
     .prepare = typed_buffers,
     .run = from_raw,
     .calls_when_forked = true},
    ASKING("pjrt_buffer_memory", memory, "PJRT_Client_AddressableMemories"),
    ASKING("pjrt_buffer_on_device_size", on_device_size, NULL),
    ASKING("pjrt_buffer_layout", layout, "PJRT_Buffer_GetMemoryLayout"),
    ASKING("pjrt_buffer_unpadded_dims", unpadded_dims, NULL),
    ASKING("pjrt_buffer_dynamic_dims", dynamic_dims,
           "PJRT_Buffer_DynamicDimensionIndices"),
    ASKING("pjrt_buffer_is_on_cpu", is_on_cpu, "PJRT_Buffer_IsOnCpu"),
    ASKING("pjrt_buffer_ready_event", ready_event, NULL),
    ASKING("pjrt_buffer_await", await, NULL),
    ASKING("pjrt_buffer_delete", delete, NULL),
    ASKING("pjrt_buffer_free", free_one, NULL),
    READING("pjrt_buffer_to_host", to_host),
    READING("pjrt_buffer_to_host_async", to_host_async),
    READING("pjrt_buffer_to_array", to_array),
    READING("pjrt_buffer_map", map),
    READING("pjrt_buffer_unmap", map),
};
const size_t typed_num_buffer_cases =
    sizeof typed_buffer_cases / sizeof *typed_buffer_cases;
