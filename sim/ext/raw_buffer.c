/* RawBuffer: the memory of a buffer, without its type and shape. */
#include <stdlib.h>
#include <string.h>

#include "ext/device_event.h"
#include "plugin/line.h"
#include "plugin/loss.h"

enum {
  FIRST_MINOR_WITH_TABLE = 112,
  FIRST_MINOR_WITH_SLICES = 113,
  OLD_TABLE_SIZE = 88
};

/* The handle comes first, for it is a public struct from 0.112 on. */
typedef struct raw_buffer {
  PJRT_RawBuffer base;
  sim_kind kind;
  atomic_int refs;
  PJRT_Memory *memory;
  sim_storage *storage;
  sim_future *ready;
  size_t offset;
  size_t size;
} raw_buffer;

/* Counts it as alive: sim_new would write the kind over the handle. */
typedef struct token {
  sim_kind kind;
  raw_buffer raw;
} token;

static raw_buffer *raw_of(const PJRT_RawBuffer *handle) {
  return (raw_buffer *)(uintptr_t)handle;
}

#define REQUIRE_RAW(handle)                                    \
  do {                                                         \
    if (!(handle) || raw_of(handle)->kind != SIM_OTHER)        \
      return sim_misuse("%s: no living raw buffer", __func__); \
  } while (0)

static const PJRT_RawBuffer_FunctionTable *table(void);

static PJRT_RawBuffer *raw_create(PJRT_Memory *memory, sim_storage *storage,
                                  sim_future *ready, size_t offset,
                                  size_t size) {
  token *t = sim_new(SIM_OTHER, sizeof(*t));
  t->raw = (raw_buffer){
      .base = {.vtable = table()},
      .kind = SIM_OTHER,
      .refs = 1,
      .memory = memory,
      .storage = sim_storage_share(storage),
      .ready = sim_future_share(ready),
      .offset = offset,
      .size = size,
  };
  return &t->raw.base;
}

static void dec_ref(PJRT_RawBuffer *handle) {
  raw_buffer *raw = raw_of(handle);
  if (atomic_fetch_sub(&raw->refs, 1) != 1) return;
  sim_storage_drop(raw->storage);
  sim_future_drop(raw->ready);
  raw->kind = SIM_DEAD;
  sim_delete((char *)raw - offsetof(token, raw), SIM_OTHER);
}

static void inc_ref(PJRT_RawBuffer *handle) {
  atomic_fetch_add(&raw_of(handle)->refs, 1);
}

static unsigned char *bytes_of(const raw_buffer *raw) {
  return raw->storage->bytes + raw->offset;
}

static PJRT_Device *device_of(const raw_buffer *raw) {
  return ((const sim_memory *)(const void *)raw->memory)->device;
}

static bool is_host_visible(const raw_buffer *raw) {
  return !device_of(raw)->client->machine.not_on_cpu;
}

/* ---- over the links ------------------------------------------------------ */

typedef struct passage {
  sim_future *transfer;
  void (*then)(void *arg, PJRT_Error *error);
  void *arg;
} passage;

static void end_passage(void *arg, PJRT_Error_Code code) {
  passage *p = arg;
  (void)code;
  p->then(p->arg, sim_future_error(p->transfer));
  sim_future_drop(p->transfer);
  free(p);
}

/* Without an error, `then` runs after the time that the links take. */
static void cross(sim_line *const *links, size_t num_links, size_t size,
                  PJRT_Error *error, void (*then)(void *arg, PJRT_Error *error),
                  void *arg) {
  if (error) {
    then(arg, error);
    return;
  }
  passage *p = sim_allocate(sizeof(*p));
  *p = (passage){sim_lines_use(links, num_links, size), then, arg};
  sim_future_then(p->transfer, end_passage, p);
}

/* ---- copies -------------------------------------------------------------- */

typedef struct copy {
  unsigned char *to;
  const unsigned char *from;
  size_t size;
  PJRT_RawBuffer *raw; /* kept until then */
  sim_line *link;
  sim_future *done;
} copy;

static void copy_finish(void *arg, PJRT_Error *error) {
  copy *c = arg;
  if (!error && c->size) memcpy(c->to, c->from, c->size);
  sim_future_complete_with(c->done, error);
  sim_future_drop(c->done);
  sim_line_drop(c->link);
  dec_ref(c->raw);
  free(c);
}

static void copy_begin(void *arg, PJRT_Error *error) {
  copy *c = arg;
  cross(&c->link, 1, c->size, error, copy_finish, c);
}

static PJRT_Error *check_range(const raw_buffer *raw, int64_t offset,
                               int64_t size) {
  const int64_t end = (int64_t)raw->size;
  if (offset >= 0 && size >= 0 && offset <= end && size <= end - offset)
    return NULL;
  return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                   "%lld bytes from %lld on of a raw buffer of %lld",
                   (long long)size, (long long)offset, (long long)end);
}

/* Between the host and `offset` of the buffer, once all is ready. */
static PJRT_Error *start_copy(PJRT_RawBuffer *handle, void *host,
                              int64_t offset, int64_t size, bool is_upload,
                              const PJRT_DeviceEventVector *dependencies,
                              sim_future **out) {
  raw_buffer *raw = raw_of(handle);
  SIM_TRY(sim_device_check(device_of(raw)));
  SIM_TRY(check_range(raw, offset, size));
  if (!host && size) return sim_misuse("a NULL host pointer");
  unsigned char *device = bytes_of(raw) + offset;
  copy *c = sim_allocate(sizeof(*c));
  *c = (copy){.to = is_upload ? device : host,
              .from = is_upload ? host : device,
              .size = (size_t)size,
              .raw = handle,
              .link = sim_line_share(device_of(raw)->link),
              .done = sim_future_pending()};
  inc_ref(handle);
  *out = sim_future_both(sim_future_share(c->done),
                         sim_device_watch(device_of(raw), sim_future_create()));
  sim_device_events_await(dependencies, raw->ready, copy_begin, c);
  return NULL;
}

/* ---- the table ----------------------------------------------------------- */

static size_t get_size(const PJRT_RawBuffer *handle) {
  return raw_of(handle)->size;
}

static PJRT_Memory *get_memory(const PJRT_RawBuffer *handle) {
  return raw_of(handle)->memory;
}

static void *get_host(const PJRT_RawBuffer *handle) {
  return is_host_visible(raw_of(handle)) ? bytes_of(raw_of(handle)) : NULL;
}

static void *get_device_pointer(const PJRT_RawBuffer *handle) {
  return bytes_of(raw_of(handle));
}

static PJRT_Error *copy_in(PJRT_RawBuffer *handle, const void *src,
                           int64_t offset, int64_t size,
                           PJRT_DeviceEventVector *dependencies,
                           PJRT_DeviceEvent *event) {
  sim_future *done = NULL;
  REQUIRE_RAW(handle);
  SIM_TRY(start_copy(handle, (void *)(uintptr_t)src, offset, size, true,
                     dependencies, &done));
  *event = sim_device_event(done);
  return NULL;
}

static PJRT_Error *copy_out(PJRT_RawBuffer *handle, void *dst, int64_t offset,
                            int64_t size, PJRT_DeviceEventVector *dependencies,
                            PJRT_DeviceEvent *event) {
  sim_future *done = NULL;
  REQUIRE_RAW(handle);
  SIM_TRY(start_copy(handle, dst, offset, size, false, dependencies, &done));
  *event = sim_device_event(done);
  return NULL;
}

static PJRT_Error *ready_event(PJRT_RawBuffer *handle,
                               PJRT_DeviceEvent *event) {
  REQUIRE_RAW(handle);
  *event = sim_device_event(sim_future_share(raw_of(handle)->ready));
  return NULL;
}

static bool is_mutable(const PJRT_RawBuffer *handle) {
  return raw_of(handle)->storage->account != NULL;
}

static PJRT_Error *slice(PJRT_RawBuffer *handle, int64_t offset, int64_t size,
                         PJRT_RawBuffer **out) {
  REQUIRE_RAW(handle);
  const raw_buffer *raw = raw_of(handle);
  SIM_TRY(check_range(raw, offset, size));
  *out = raw_create(raw->memory, raw->storage, raw->ready,
                    raw->offset + (size_t)offset, (size_t)size);
  return NULL;
}

/* ---- from raw buffer to raw buffer --------------------------------------- */

typedef struct raw_copy {
  PJRT_RawBuffer *src;
  PJRT_RawBuffer *dst;
  PJRT_DeviceEventPromise *promises[2]; /* NULL: nobody asks */
  sim_line *links[2];
} raw_copy;

static void keep_promise(PJRT_DeviceEventPromise *promise, PJRT_Error *error) {
  if (!promise) return;
  PJRT_Error_Message_Args text = {.error = error};
  PJRT_Error_GetCode_Args code = {.error = error};
  if (error) {
    sim_PJRT_Error_Message(&text);
    sim_PJRT_Error_GetCode(&code);
    promise->vtable->set_error(
        promise,
        sim_error(code.code, "%.*s", (int)text.message_size, text.message));
  } else {
    promise->vtable->set_ready(promise);
  }
  promise->vtable->dec_ref(promise);
}

static void raw_copy_finish(void *arg, PJRT_Error *error) {
  raw_copy *c = arg;
  if (!error && raw_of(c->src)->size)
    memcpy(bytes_of(raw_of(c->dst)), bytes_of(raw_of(c->src)),
           raw_of(c->src)->size);
  for (int i = 0; i < 2; i++) keep_promise(c->promises[i], error);
  sim_PJRT_Error_Destroy(&(PJRT_Error_Destroy_Args){.error = error});
  for (int i = 0; i < 2; i++) sim_line_drop(c->links[i]);
  dec_ref(c->src);
  dec_ref(c->dst);
  free(c);
}

static void raw_copy_begin(void *arg, PJRT_Error *error) {
  raw_copy *c = arg;
  cross(c->links, 2, raw_of(c->src)->size, error, raw_copy_finish, c);
}

static void schedule_copy_to(PJRT_RawBuffer *src,
                             PJRT_DeviceEventVector *dependencies,
                             PJRT_RawBuffer *dst,
                             PJRT_DeviceEventPromise *definition,
                             PJRT_DeviceEventPromise *usage,
                             void (*allocated)(PJRT_Error *, void *),
                             void *allocated_arg) {
  raw_copy *c = sim_allocate(sizeof(*c));
  *c = (raw_copy){src,
                  dst,
                  {definition, usage},
                  {sim_line_share(device_of(raw_of(src))->link),
                   sim_line_share(device_of(raw_of(dst))->link)}};
  inc_ref(src);
  inc_ref(dst);
  for (int i = 0; i < 2; i++)
    if (c->promises[i]) c->promises[i]->vtable->inc_ref(c->promises[i]);
  if (allocated) allocated(NULL, allocated_arg);
  if (raw_of(dst)->size < raw_of(src)->size)
    raw_copy_finish(c, sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                                 "%zu bytes do not fit into %zu",
                                 raw_of(src)->size, raw_of(dst)->size));
  else
    sim_device_events_await(dependencies, raw_of(src)->ready, raw_copy_begin,
                            c);
}

/* NULL where the handle had no table yet. */
static const PJRT_RawBuffer_FunctionTable *table(void) {
#define COMMON                                                                 \
  .instance_size = sizeof(raw_buffer), .inc_ref = inc_ref, .dec_ref = dec_ref, \
  .get_on_device_size_in_bytes = get_size, .get_memory_space = get_memory,     \
  .get_host_pointer = get_host,                                                \
  .copy_raw_host_to_device_and_return_event = copy_in,                         \
  .copy_raw_device_to_host_and_return_event = copy_out,                        \
  .opaque_device_memory_data_pointer = get_device_pointer
  static const PJRT_RawBuffer_FunctionTable old = {
      .struct_size = OLD_TABLE_SIZE, COMMON};
  static const PJRT_RawBuffer_FunctionTable newest = {
      .struct_size = PJRT_RawBuffer_FunctionTable_STRUCT_SIZE,
      COMMON,
      .make_allocation_ready_event = ready_event,
      .get_raw_buffer_async_value = ready_event,
      .is_mutable = is_mutable,
      .slice = slice,
      .schedule_copy_to = schedule_copy_to};
#undef COMMON
  const int minor = sim_options()->minor;
  if (minor < FIRST_MINOR_WITH_TABLE) return NULL;
  return SIM_TABLE(PJRT_RawBuffer_FunctionTable,
                   minor < FIRST_MINOR_WITH_SLICES ? &old : &newest);
}

/* ---- the extension ------------------------------------------------------- */

static PJRT_Error *create_alias(
    PJRT_RawBuffer_CreateRawAliasOfBuffer_Args *args) {
  SIM_EXT_ENTER(args, PJRT_RawBuffer_CreateRawAliasOfBuffer_Args, 32);
  const PJRT_Buffer *buffer = args->buffer;
  SIM_REQUIRE(buffer, SIM_BUFFER);
  SIM_TRY(sim_buffer_require_data(buffer));
  args->raw_buffer = raw_create(buffer->memory, buffer->storage, buffer->ready,
                                0, buffer->storage->size);
  return NULL;
}

static PJRT_Error *destroy(PJRT_RawBuffer_Destroy_Args *args) {
  SIM_EXT_ENTER(args, PJRT_RawBuffer_Destroy_Args, 24);
  if (!args->buffer) return NULL;
  REQUIRE_RAW(args->buffer);
  dec_ref(args->buffer);
  return NULL;
}

static PJRT_Error *device_size(
    PJRT_RawBuffer_GetOnDeviceSizeInBytes_Args *args) {
  SIM_EXT_ENTER(args, PJRT_RawBuffer_GetOnDeviceSizeInBytes_Args, 32);
  REQUIRE_RAW(args->buffer);
  args->on_device_size_in_bytes = get_size(args->buffer);
  return NULL;
}

static PJRT_Error *memory_space(PJRT_RawBuffer_GetMemorySpace_Args *args) {
  SIM_EXT_ENTER(args, PJRT_RawBuffer_GetMemorySpace_Args, 32);
  REQUIRE_RAW(args->buffer);
  args->memory_space = get_memory(args->buffer);
  return NULL;
}

static PJRT_Error *host_to_device(
    PJRT_RawBuffer_CopyRawHostToDevice_Args *args) {
  sim_future *done = NULL;
  SIM_EXT_ENTER(args, PJRT_RawBuffer_CopyRawHostToDevice_Args, 56);
  REQUIRE_RAW(args->buffer);
  SIM_TRY(start_copy(args->buffer, (void *)(uintptr_t)args->src, args->offset,
                     args->transfer_size, true, NULL, &done));
  args->event = sim_event(done);
  return NULL;
}

static PJRT_Error *device_to_host(
    PJRT_RawBuffer_CopyRawDeviceToHost_Args *args) {
  sim_future *done = NULL;
  SIM_EXT_ENTER(args, PJRT_RawBuffer_CopyRawDeviceToHost_Args, 56);
  REQUIRE_RAW(args->buffer);
  SIM_TRY(start_copy(args->buffer, args->dst, args->offset, args->transfer_size,
                     false, NULL, &done));
  args->event = sim_event(done);
  return NULL;
}

static PJRT_Error *host_pointer(PJRT_RawBuffer_GetHostPointer_Args *args) {
  SIM_EXT_ENTER(args, PJRT_RawBuffer_GetHostPointer_Args, 32);
  REQUIRE_RAW(args->buffer);
  args->host_pointer = get_host(args->buffer);
  return NULL;
}

static const PJRT_RawBuffer_Extension node = {
    .PJRT_RawBuffer_CreateRawAliasOfBuffer = create_alias,
    .PJRT_RawBuffer_Destroy = destroy,
    .PJRT_RawBuffer_GetOnDeviceSizeInBytes = device_size,
    .PJRT_RawBuffer_GetMemorySpace = memory_space,
    .PJRT_RawBuffer_CopyRawHostToDevice = host_to_device,
    .PJRT_RawBuffer_CopyRawDeviceToHost = device_to_host,
    .PJRT_RawBuffer_GetHostPointer = host_pointer,
};

const sim_extension sim_ext_raw_buffer = {
    .type = PJRT_Extension_Type_RawBuffer,
    .name = "RawBuffer",
    .steps = {{69, 80}},
    .node = &node,
    .node_size = sizeof(node),
};
