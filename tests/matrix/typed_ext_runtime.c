/* The extensions of the runtime: host memory, raw buffers, callbacks and
 * transfers between hosts. */
#include "pjrt/ext/callback.h"
#include "pjrt/ext/cross_host_transfers.h"
#include "pjrt/ext/example.h"
#include "pjrt/ext/host_allocator.h"
#include "pjrt/ext/host_memory_allocator.h"
#include "pjrt/ext/raw_buffer.h"
#include "typed.h"

/* ---- Example ------------------------------------------------------------- */

static void free_example(void *example) { pjrt_example_free(example); }

static pjrt_error *create_example(matrix_attempt *a) {
  pjrt_example *example;
  PJRT_TRY(matrix_open(a));
  PJRT_TRY(pjrt_example_create(a->plugin, &example));
  typed_keep(a, example, free_example);
  return NULL;
}

static void *kept(matrix_attempt *a) {
  return typed(a)->kept[typed(a)->num_kept - 1].object;
}

static pjrt_error *use_example(matrix_attempt *a) {
  return pjrt_example_method(kept(a), 3);
}

/* Ends what the preparation kept. */
static pjrt_error *end_kept(matrix_attempt *a) {
  typed_world *w = typed(a);
  const typed_kept *last = &w->kept[--w->num_kept];
  last->free(last->object);
  return NULL;
}

/* Both functions go by one name: what fails of it is the first. */
static pjrt_error *come_and_go(matrix_attempt *a) {
  PJRT_TRY(create_example(a));
  return end_kept(a);
}

/* ---- host memory --------------------------------------------------------- */

static void free_memory(void *memory) { pjrt_host_memory_free(memory); }

static pjrt_error *use_memory(matrix_attempt *a) {
  pjrt_host_memory *memory = kept(a);
  MATRIX_EXPECT(a, pjrt_host_memory_size(memory) == 64);
  memset(pjrt_host_memory_data(memory), 1, 64);
  return NULL;
}

static pjrt_error *allocate(matrix_attempt *a) {
  pjrt_host_memory *memory;
  PJRT_TRY(pjrt_host_memory_allocate(typed(a)->client, 64, PJRT_ANY_NUMA_NODE,
                                     &memory));
  typed_keep(a, memory, free_memory);
  return use_memory(a);
}

static pjrt_error *allocated(matrix_attempt *a) {
  PJRT_TRY(typed_client(a));
  return allocate(a);
}

static pjrt_error *keep_aligned(matrix_attempt *a) {
  pjrt_host_memory *memory;
  PJRT_TRY(pjrt_host_allocator_allocate(typed(a)->client, 64, 4096, &memory));
  typed_keep(a, memory, free_memory);
  MATRIX_EXPECT(a, (uintptr_t)pjrt_host_memory_data(memory) % 4096 == 0);
  return use_memory(a);
}

static pjrt_error *allocate_aligned(matrix_attempt *a) {
  PJRT_TRY(keep_aligned(a));
  return end_kept(a);
}

static pjrt_error *aligned(matrix_attempt *a) {
  PJRT_TRY(typed_client(a));
  return keep_aligned(a);
}

static pjrt_error *preferred_alignment(matrix_attempt *a) {
  size_t alignment;
  PJRT_TRY(
      pjrt_host_allocator_preferred_alignment(typed(a)->client, &alignment));
  MATRIX_EXPECT(a, alignment == 64);
  return NULL;
}

/* ---- callbacks ----------------------------------------------------------- */

static void free_callback(void *callback) { pjrt_callback_free(callback); }

static void count_failure(pjrt_slice_failure failure, void *user) {
  typed_world *w = user;
  w->num_callbacks += failure == PJRT_SLICE_FAILURE_SW_INJECT_ERROR;
}

static void count_prefatal(const pjrt_error *error, void *user) {
  typed_world *w = user;
  w->num_callbacks += pjrt_error_code(error) == PJRT_DATA_LOSS;
}

static pjrt_error *on_slice_failure(matrix_attempt *a) {
  pjrt_callback *callback;
  PJRT_TRY(pjrt_callback_on_slice_failure(typed(a)->client, count_failure,
                                          typed(a), &callback));
  typed_keep(a, callback, free_callback);
  return NULL;
}

static pjrt_error *on_prefatal(matrix_attempt *a) {
  pjrt_callback *callback;
  PJRT_TRY(pjrt_callback_on_prefatal(typed(a)->client, count_prefatal, typed(a),
                                     &callback));
  typed_keep(a, callback, free_callback);
  return NULL;
}

static pjrt_error *both_registered(matrix_attempt *a) {
  PJRT_TRY(typed_client(a));
  PJRT_TRY(on_slice_failure(a));
  return on_prefatal(a);
}

static pjrt_error *invoke_slice_failure(matrix_attempt *a) {
  PJRT_TRY(pjrt_callback_invoke_slice_failure(
      typed(a)->client, PJRT_SLICE_FAILURE_SW_INJECT_ERROR));
  MATRIX_EXPECT(a, typed(a)->num_callbacks == 1);
  return NULL;
}

static pjrt_error *invoke_prefatal(matrix_attempt *a) {
  pjrt_error *reason =
      pjrt_error_create(PJRT_DATA_LOSS, "the end", PJRT_NUL_ENDED);
  pjrt_error *error = pjrt_callback_invoke_prefatal(typed(a)->client, reason);
  pjrt_error_free(reason);
  PJRT_TRY(error);
  MATRIX_EXPECT(a, typed(a)->num_callbacks == 1);
  return NULL;
}

/* ---- raw buffers --------------------------------------------------------- */

static void free_raw(void *raw) { pjrt_raw_buffer_free(raw); }

static pjrt_error *create_alias(matrix_attempt *a) {
  pjrt_raw_buffer *raw;
  PJRT_TRY(pjrt_raw_buffer_create_alias(typed(a)->args[0], &raw));
  typed_keep(a, raw, free_raw);
  MATRIX_EXPECT(a, pjrt_raw_buffer_size(raw) == sizeof typed_values);
  return NULL;
}

static pjrt_error *aliased(matrix_attempt *a) {
  PJRT_TRY(typed_buffers(a));
  return create_alias(a);
}

static pjrt_error *raw_size(matrix_attempt *a) {
  MATRIX_EXPECT(a, pjrt_raw_buffer_size(kept(a)) == sizeof typed_values);
  return NULL;
}

static pjrt_error *raw_memory(matrix_attempt *a) {
  pjrt_memory *memory;
  PJRT_TRY(pjrt_raw_buffer_memory(kept(a), &memory));
  MATRIX_EXPECT(a, pjrt_memory_client(memory) == typed(a)->client);
  return NULL;
}

static pjrt_error *raw_host_pointer(matrix_attempt *a) {
  void *host;
  PJRT_TRY(pjrt_raw_buffer_host_pointer(kept(a), &host));
  MATRIX_EXPECT(a, !memcmp(host, typed_values, sizeof typed_values));
  return NULL;
}

static pjrt_error *raw_from_host(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_TRY(pjrt_raw_buffer_copy_from_host_async(kept(a), 0, typed_sums,
                                                sizeof typed_sums, &w->event));
  PJRT_TRY(pjrt_event_await(w->event));
  return typed_expect(a, w->args[0], typed_sums);
}

static pjrt_error *raw_to_host(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_TRY(pjrt_raw_buffer_copy_to_host_async(kept(a), 0, w->read,
                                              sizeof w->read, &w->event));
  PJRT_TRY(pjrt_event_await(w->event));
  MATRIX_EXPECT(a, !memcmp(w->read, typed_values, sizeof w->read));
  return NULL;
}

/* ---- transfers between hosts --------------------------------------------- */

static const int64_t four[] = {4}, keys[] = {11};
static const int32_t first_id[] = {0};
static const pjrt_transfer_shape f32_4 = {PJRT_F32, four, 1, NULL};

static pjrt_error *receive(matrix_attempt *a) {
  typed_world *w = typed(a);
  return pjrt_cross_host_receive(w->device, &f32_4, 1, first_id, keys, NULL,
                                 w->outs);
}

static pjrt_error *awaited(matrix_attempt *a) {
  PJRT_TRY(typed_buffers(a));
  return receive(a);
}

static pjrt_error *send(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_TRY(pjrt_cross_host_send(w->args, 1, first_id, keys, NULL, &w->event));
  PJRT_TRY(pjrt_event_await(w->event));
  return typed_expect(a, w->outs[0], typed_values);
}

static void free_receiver(void *receiver) {
  pjrt_cross_host_receiver_free(receiver);
}

static pjrt_error *open_receiver(matrix_attempt *a, bool can_cancel) {
  typed_world *w = typed(a);
  pjrt_cross_host_receiver *receiver;
  PJRT_TRY(pjrt_cross_host_receiver_create(w->device, &f32_4, 1, can_cancel,
                                           w->outs, &receiver, &w->event));
  typed_keep(a, receiver, free_receiver);
  return pjrt_event_await(w->event);
}

static pjrt_error *create_receiver(matrix_attempt *a) {
  return open_receiver(a, false);
}

static pjrt_error *described(matrix_attempt *a) {
  PJRT_TRY(typed_buffers(a));
  return create_receiver(a);
}

static pjrt_error *can_be_canceled(matrix_attempt *a) {
  PJRT_TRY(typed_buffers(a));
  return open_receiver(a, true);
}

static pjrt_error *read_descriptor(matrix_attempt *a) {
  const void *data;
  size_t size;
  PJRT_TRY(pjrt_cross_host_receiver_descriptor(kept(a), 0, &data, &size));
  MATRIX_EXPECT(a, size > 0);
  return NULL;
}

static pjrt_error *cancel(matrix_attempt *a) {
  pjrt_error *reason = pjrt_error_create(PJRT_ABORTED, "no", PJRT_NUL_ENDED);
  pjrt_error *error =
      pjrt_cross_host_receiver_cancel(kept(a), 0, reason, &typed(a)->join);
  pjrt_error_free(reason);
  PJRT_TRY(error);
  return pjrt_event_await(typed(a)->join);
}

/* As the simulated plugin writes them; nobody waits for this one. */
static const char descriptor[] = "sim transfer 123456";

static pjrt_error *copy_to_remote_device(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_TRY(pjrt_cross_host_copy_to_remote_device(
      w->args[0], descriptor, sizeof descriptor - 1, &w->event));
  return pjrt_event_await(w->event);
}

/* ---- all ----------------------------------------------------------------- */

#define CASE(function, from, check) \
  {.name = (function), .prepare = (from), .run = (check)}

const matrix_case typed_ext_runtime_cases[] = {
    {.name = "pjrt_example_create",
     .prepare = typed_nothing,
     .run = create_example,
     .calls_when_forked = true},
    CASE("pjrt_example_method", create_example, use_example),
    {.name = "pjrt_example_free",
     .prepare = typed_nothing,
     .run = come_and_go,
     .calls_when_forked = true},
    CASE("pjrt_host_memory_allocate", typed_client, allocate),
    {.name = "pjrt_host_memory_data",
     .prepare = allocated,
     .run = use_memory,
     .fact = "PJRT_HostMemoryAllocator_Allocate"},
    CASE("pjrt_host_memory_free", allocated, end_kept),
    {.name = "pjrt_host_memory_free",
     .prepare = aligned,
     .run = end_kept,
     .variant = "of HostAllocator"},
    CASE("pjrt_host_allocator_preferred_alignment", typed_client,
         preferred_alignment),
    CASE("pjrt_host_allocator_allocate", typed_client, allocate_aligned),
    CASE("pjrt_callback_on_slice_failure", typed_client, on_slice_failure),
    CASE("pjrt_callback_on_prefatal", typed_client, on_prefatal),
    CASE("pjrt_callback_invoke_slice_failure", both_registered,
         invoke_slice_failure),
    CASE("pjrt_callback_invoke_prefatal", both_registered, invoke_prefatal),
    CASE("pjrt_raw_buffer_create_alias", typed_buffers, create_alias),
    CASE("pjrt_raw_buffer_free", aliased, end_kept),
    {.name = "pjrt_raw_buffer_size",
     .prepare = aliased,
     .run = raw_size,
     .fact = "PJRT_RawBuffer_GetOnDeviceSizeInBytes"},
    {.name = "pjrt_raw_buffer_memory",
     .prepare = aliased,
     .run = raw_memory,
     .direct = "PJRT_Client_AddressableMemories"},
    CASE("pjrt_raw_buffer_host_pointer", aliased, raw_host_pointer),
    CASE("pjrt_raw_buffer_copy_from_host_async", aliased, raw_from_host),
    CASE("pjrt_raw_buffer_copy_to_host_async", aliased, raw_to_host),
    CASE("pjrt_cross_host_receive", typed_client, receive),
    {.name = "pjrt_cross_host_send",
     .prepare = awaited,
     .run = send,
     .spare = "PJRT_Event_IsReady"},
    CASE("pjrt_cross_host_receiver_create", typed_client, create_receiver),
    CASE("pjrt_cross_host_receiver_descriptor", described, read_descriptor),
    {.name = "pjrt_cross_host_receiver_cancel",
     .prepare = can_be_canceled,
     .run = cancel,
     .since = 116,
     .before = "can_cancel is asked for, which API 0.116 brought"},
    {.name = "pjrt_cross_host_copy_to_remote_device",
     .prepare = typed_buffers,
     .run = copy_to_remote_device,
     .since = 104,
     .before = "copying to a descriptor needs API 0.104"},
};
const size_t typed_num_ext_runtime_cases =
    sizeof typed_ext_runtime_cases / sizeof *typed_ext_runtime_cases;
