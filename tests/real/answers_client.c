/* What needs hardware: clients, devices, buffers, events, executables. */
#include <pjrt/raw.h>
#include <pjrt/unsafe.h>

#include "real/answers.h"

static const int64_t four[] = {4};
static const float values[] = {1, 2, 3, 4};

/* ---- clients ------------------------------------------------------------- */

static pjrt_error *client_facts(answer_world *w) {
  PJRT_TRY(answer_client(w));
  assert_string_equal(pjrt_client_platform_name(w->client, NULL), "cpu");
  assert_string_equal(pjrt_client_platform_version(w->client, NULL), "cpu");
  assert_int_equal(pjrt_client_process_index(w->client), 0);
  assert_int_equal(pjrt_client_num_devices(w->client), 4);
  assert_int_equal(pjrt_client_num_addressable_devices(w->client), 4);
  assert_int_equal(pjrt_client_num_memories(w->client), 12);
  return NULL;
}

static pjrt_error *client_ends(answer_world *w) {
  PJRT_TRY(answer_client(w));
  pjrt_client_free(w->client);
  w->client = NULL;
  return NULL;
}

/* The library answers from what it read at the beginning. */
static pjrt_error *lookup_device(answer_world *w) {
  pjrt_device *device;
  PJRT_TRY(answer_client(w));
  PJRT_Client_LookupDevice_Args args = {.client = pjrt_client_raw(w->client),
                                        .id = 2};
  PJRT_TRY(pjrt_raw_PJRT_Client_LookupDevice(w->plugin, &args));
  assert_ok(pjrt_client_lookup_device(w->client, 2, &device));
  assert_ptr_equal(pjrt_device_raw(device), args.device);
  return NULL;
}

static pjrt_error *lookup_addressable_device(answer_world *w) {
  pjrt_device *device;
  PJRT_TRY(answer_client(w));
  PJRT_Client_LookupAddressableDevice_Args args = {
      .client = pjrt_client_raw(w->client), .local_hardware_id = 1};
  PJRT_TRY(pjrt_raw_PJRT_Client_LookupAddressableDevice(w->plugin, &args));
  assert_ok(pjrt_client_lookup_addressable_device(w->client, 1, &device));
  assert_ptr_equal(pjrt_device_raw(device), args.addressable_device);
  return NULL;
}

static pjrt_error *default_assignment(answer_world *w) {
  int ids[4] = {-1, -1, -1, -1};
  PJRT_TRY(answer_client(w));
  PJRT_TRY(pjrt_client_default_device_assignment(w->client, 4, 1, ids, 4));
  for (int i = 0; i < 4; i++) assert_int_equal(ids[i], i);
  return NULL;
}

static pjrt_error *update_processes(answer_world *w) {
  const pjrt_process_info self = {
      .process_index = 0, .incarnation_id = 1, .state = PJRT_PROCESS_CONNECTED};
  PJRT_TRY(answer_client(w));
  return pjrt_client_update_process_infos(w->client, &self, 1);
}

static pjrt_error *dma(answer_world *w) {
  static char memory[4096];
  pjrt_dma_mapping *mapping;
  PJRT_TRY(answer_client(w));
  PJRT_TRY(pjrt_dma_map(w->client, memory, sizeof memory, &mapping));
  return pjrt_dma_unmap(mapping);
}

/* There is no mapping to end, so the library has nothing to call it for. */
static pjrt_error *dma_unmap(answer_world *w) {
  static char memory[4096];
  PJRT_TRY(answer_client(w));
  PJRT_Client_DmaUnmap_Args args = {.client = pjrt_client_raw(w->client),
                                    .data = memory};
  return pjrt_raw_PJRT_Client_DmaUnmap(w->plugin, &args);
}

static pjrt_error *context(answer_world *w) {
  pjrt_execute_context *context;
  PJRT_TRY(answer_client(w));
  PJRT_TRY(pjrt_execute_context_create(w->client, &context));
  pjrt_execute_context_free(context);
  return NULL;
}

/* ---- devices and memories ------------------------------------------------ */

static pjrt_error *device_facts(answer_world *w) {
  PJRT_TRY(answer_client(w));
  assert_true(pjrt_device_is_addressable(w->device));
  assert_int_equal(pjrt_device_local_hardware_id(w->device), 0);
  assert_int_equal(pjrt_device_num_memories(w->device), 3);
  assert_string_equal(
      pjrt_memory_kind(pjrt_device_default_memory(w->device), NULL), "device");
  return NULL;
}

static pjrt_error *memory_facts(answer_world *w) {
  PJRT_TRY(answer_client(w));
  const pjrt_memory *memory = pjrt_device_default_memory(w->device);
  assert_int_equal(pjrt_memory_id(memory), 0);
  assert_true(pjrt_memory_kind_id(memory) != 0);
  assert_true(*pjrt_memory_debug_string(memory, NULL));
  assert_true(*pjrt_memory_to_string(memory, NULL));
  assert_int_equal(pjrt_memory_num_devices(memory), 1);
  assert_ptr_equal(pjrt_memory_device(memory, 0), w->device);
  return NULL;
}

static pjrt_error *memory_stats(answer_world *w) {
  pjrt_memory_stats stats;
  PJRT_TRY(answer_client(w));
  pjrt_memory_stats_init(&stats);
  return pjrt_device_memory_stats(w->device, &stats);
}

static pjrt_error *clear_memory_stats(answer_world *w) {
  PJRT_TRY(answer_client(w));
  return pjrt_device_clear_memory_stats(w->device);
}

static pjrt_error *get_attributes(answer_world *w) {
  pjrt_named_values *facts;
  PJRT_TRY(answer_client(w));
  PJRT_TRY(pjrt_device_get_attributes(w->device, &facts));
  assert_int_equal(pjrt_named_values_size(facts), 0);
  pjrt_named_values_free(facts);
  return NULL;
}

static pjrt_error *poison(answer_world *w) {
  bool poisoned = true;
  PJRT_TRY(answer_client(w));
  pjrt_error *why = pjrt_error_create(PJRT_ABORTED, "not today", 9);
  pjrt_error *error =
      pjrt_device_poison_execution(w->device, 1, why, &poisoned);
  pjrt_error_free(why);
  assert_false(poisoned);
  return error;
}

/* The plugin makes none, and yet has a function to destroy it. */
static pjrt_error *tracking(answer_world *w) {
  pjrt_async_tracking_event *event;
  PJRT_TRY(answer_client(w));
  PJRT_TRY(
      pjrt_device_create_async_tracking_event(w->device, "work", 4, &event));
  pjrt_async_tracking_event_free(event);
  return NULL;
}

static pjrt_error *end_tracking(answer_world *w) {
  PJRT_AsyncTrackingEvent_Destroy_Args args = {0};
  PJRT_TRY(tracking(w));
  return pjrt_raw_PJRT_AsyncTrackingEvent_Destroy(w->plugin, &args);
}

/* ---- executables --------------------------------------------------------- */

static pjrt_error *check_sum(answer_world *w, pjrt_executable *add) {
  pjrt_buffer *sum;
  PJRT_TRY(answer_buffer(w, 0));
  PJRT_TRY(answer_buffer(w, 1));
  PJRT_TRY(pjrt_executable_execute(add, w->buffers, 2, NULL, &sum, 1));
  assert_f32(sum, 4, 2, 4, 6, 8);
  pjrt_buffer_free(sum);
  return NULL;
}

static pjrt_error *execute(answer_world *w) {
  PJRT_TRY(answer_executable(w));
  return check_sum(w, w->executable);
}

static pjrt_error *executable_ends(answer_world *w) {
  PJRT_TRY(answer_executable(w));
  pjrt_executable_free(w->executable);
  w->executable = NULL;
  return NULL;
}

static pjrt_error *executable_devices(answer_world *w) {
  PJRT_TRY(answer_executable(w));
  assert_int_equal(pjrt_executable_num_devices(w->executable), 1);
  assert_ptr_equal(pjrt_executable_device(w->executable, 0), w->device);
  return NULL;
}

static pjrt_error *delete_executable(answer_world *w) {
  PJRT_TRY(answer_executable(w));
  PJRT_TRY(pjrt_executable_delete(w->executable));
  assert_true(pjrt_executable_is_deleted(w->executable));
  return NULL;
}

static pjrt_error *is_not_deleted(answer_world *w) {
  PJRT_TRY(answer_executable(w));
  assert_false(pjrt_executable_is_deleted(w->executable));
  return NULL;
}

/* Needed by none: the newer way of asking works. */
static pjrt_error *loaded_fingerprint(answer_world *w) {
  PJRT_TRY(answer_executable(w));
  PJRT_LoadedExecutable_Fingerprint_Args args = {
      .executable = pjrt_executable_raw(w->executable)};
  return pjrt_raw_PJRT_LoadedExecutable_Fingerprint(w->plugin, &args);
}

static pjrt_error *deserialize(answer_world *w) {
  pjrt_executable *copy;
  void *data;
  size_t size;
  PJRT_TRY(answer_executable(w));
  PJRT_TRY(pjrt_executable_serialize(w->executable, &data, &size));
  pjrt_error *error = pjrt_executable_load(w->client, data, size, &copy);
  pjrt_host_free(data);
  if (error) return error;
  error = check_sum(w, copy);
  pjrt_executable_free(copy);
  return error;
}

static pjrt_error *load(answer_world *w) {
  pjrt_program *program;
  PJRT_TRY(answer_topology(w));
  PJRT_TRY(answer_client(w));
  assert_ok(pjrt_program_create(add_program, PJRT_NUL_ENDED, PJRT_FORMAT_AUTO,
                                &program));
  pjrt_error *error =
      pjrt_topology_compile(w->topology, program, NULL, &w->compiled);
  pjrt_program_free(program);
  if (error) return error;
  PJRT_TRY(pjrt_client_load(w->client, w->compiled, &w->executable));
  return check_sum(w, w->executable);
}

/* Its parameters are one tuple, so no signature tells its outputs. */
static pjrt_error *outputs(answer_world *w) {
  static const unsigned char tupled[] = {0x10, 1, 0x1a, 4, 0x20, 1, 0x28, 1};
  pjrt_compile_opts opts;
  pjrt_program *program;
  size_t num;
  PJRT_TRY(answer_client(w));
  pjrt_compile_opts_init(&opts);
  opts.serialized = tupled;
  opts.serialized_size = sizeof tupled;
  assert_ok(pjrt_program_create(add_program, PJRT_NUL_ENDED, PJRT_FORMAT_AUTO,
                                &program));
  pjrt_error *error =
      pjrt_client_compile(w->client, program, &opts, &w->executable);
  pjrt_program_free(program);
  if (error) return error;
  assert_int_equal(pjrt_executable_output_dtype(w->executable, 0), PJRT_F32);
  const int64_t *dims = pjrt_executable_output_dims(w->executable, 0, &num);
  assert_int_equal(num, 1);
  assert_int_equal(dims[0], 4);
  return NULL;
}

static pjrt_error *device_assignment(answer_world *w) {
  int id = -1;
  PJRT_TRY(answer_executable(w));
  PJRT_TRY(pjrt_executable_device_assignment(w->executable, &id, 1));
  assert_int_equal(id, 0);
  return NULL;
}

static pjrt_error *logical_ids(answer_world *w) {
  int replica = -1, partition = -1;
  PJRT_TRY(answer_executable(w));
  PJRT_TRY(pjrt_executable_device_logical_ids(w->executable, 0, &replica,
                                              &partition));
  assert_int_equal(replica, 0);
  assert_int_equal(partition, 0);
  return NULL;
}

/* Only a program that sends or receives has a stream. */
static pjrt_error *stream(answer_world *w) {
  static const char sends[] =
      "func.func @main(%a: tensor<2xf32>) -> tensor<2xf32> {\n"
      "  %t = stablehlo.create_token : !stablehlo.token\n"
      "  %s = \"stablehlo.send\"(%a, %t) <{channel_handle = "
      "#stablehlo.channel_handle<handle = 5, type = 2>, is_host_transfer = "
      "true}> : (tensor<2xf32>, !stablehlo.token) -> !stablehlo.token\n"
      "  return %a : tensor<2xf32>\n"
      "}\n";
  pjrt_program *program;
  PJRT_TRY(answer_client(w));
  assert_ok(
      pjrt_program_create(sends, PJRT_NUL_ENDED, PJRT_FORMAT_AUTO, &program));
  pjrt_error *error =
      pjrt_client_compile(w->client, program, NULL, &w->executable);
  pjrt_program_free(program);
  return error;
}

/* ---- buffers: made ------------------------------------------------------- */

static pjrt_error *from_host(answer_world *w) {
  PJRT_TRY(answer_buffer(w, 0));
  assert_f32(w->buffers[0], 4, 1, 2, 3, 4);
  return NULL;
}

static pjrt_error *uninitialized(answer_world *w) {
  PJRT_TRY(answer_client(w));
  PJRT_TRY(pjrt_buffer_create_uninitialized(w->device, PJRT_F32, four, 1, NULL,
                                            &w->buffers[0]));
  assert_int_equal(pjrt_buffer_host_size(w->buffers[0]), 16);
  return pjrt_buffer_await(w->buffers[0]);
}

static pjrt_error *with_error(answer_world *w) {
  PJRT_TRY(answer_client(w));
  pjrt_error *why = pjrt_error_create(PJRT_DATA_LOSS, "a bad day", 9);
  pjrt_error *error = pjrt_buffer_create_error(w->device, PJRT_F32, four, 1,
                                               why, NULL, &w->buffers[0]);
  pjrt_error_free(why);
  if (error) return error;
  assert_code(pjrt_buffer_await(w->buffers[0]), PJRT_DATA_LOSS, "a bad day");
  return NULL;
}

static pjrt_error *alias(answer_world *w) {
  pjrt_alias *alias;
  PJRT_TRY(answer_buffer(w, 0));
  PJRT_TRY(pjrt_buffer_create_alias(w->device, PJRT_F32, four, 1, NULL,
                                    &w->buffers[1], &alias));
  pjrt_error *error = pjrt_alias_fulfill(alias, w->buffers[0]);
  pjrt_alias_free(alias);
  if (error) return error;
  assert_true(pjrt_buffer_is_deleted(w->buffers[0]));
  assert_f32(w->buffers[1], 4, 1, 2, 3, 4);
  return NULL;
}

static pjrt_error *view(answer_world *w) {
  void *memory;
  int num_releases = 0;
  PJRT_TRY(answer_client(w));
  assert_ok(pjrt_host_alloc(sizeof values, &memory));
  memcpy(memory, values, sizeof values);
  pjrt_error *error = pjrt_buffer_view_device_memory(
      w->device, PJRT_F32, four, 1, memory, NULL, count_release, &num_releases,
      &w->buffers[0]);
  if (!error) assert_f32(w->buffers[0], 4, 1, 2, 3, 4);
  pjrt_buffer_free(w->buffers[0]);
  w->buffers[0] = NULL;
  await_count(&num_releases, 1);
  return error;
}

static pjrt_error *to_device(answer_world *w) {
  PJRT_TRY(answer_buffer(w, 0));
  pjrt_device *last = pjrt_client_device(w->client, 3);
  PJRT_TRY(
      pjrt_buffer_copy_to_device_async(w->buffers[0], last, &w->buffers[1]));
  assert_f32(w->buffers[1], 4, 1, 2, 3, 4);
  return NULL;
}

static pjrt_error *to_memory(answer_world *w) {
  PJRT_TRY(answer_buffer(w, 0));
  pjrt_memory *memory = pjrt_client_memory(w->client, 1);
  PJRT_TRY(
      pjrt_buffer_copy_to_memory_async(w->buffers[0], memory, &w->buffers[1]));
  assert_f32(w->buffers[1], 4, 1, 2, 3, 4);
  return NULL;
}

static pjrt_error *bitcast(answer_world *w) {
  PJRT_TRY(answer_buffer(w, 0));
  PJRT_TRY(
      pjrt_buffer_bitcast(w->buffers[0], PJRT_U32, four, 1, &w->buffers[1]));
  assert_true(pjrt_buffer_is_deleted(w->buffers[0]));
  assert_f32(w->buffers[1], 4, 1, 2, 3, 4);
  return NULL;
}

static pjrt_error *donate(answer_world *w) {
  PJRT_TRY(answer_client(w));
  PJRT_TRY(answer_buffer(w, 0));
  PJRT_TRY(pjrt_buffer_from_host_async(w->device, PJRT_F32, four, 1, values,
                                       sizeof values, NULL, &w->buffers[1],
                                       &w->event));
  PJRT_TRY(pjrt_buffer_donate_with_dependency(w->buffers[0], w->event,
                                              &w->buffers[2]));
  assert_true(pjrt_buffer_is_deleted(w->buffers[0]));
  assert_f32(w->buffers[2], 4, 1, 2, 3, 4);
  return NULL;
}

/* ---- buffers: asked ------------------------------------------------------ */

/* A raw one, which the library has to ask everything. */
static pjrt_error *from_raw(answer_world *w) {
  size_t num;
  PJRT_TRY(answer_buffer(w, 0));
  PJRT_Buffer_CopyToDevice_Args args = {
      .buffer = pjrt_buffer_raw(w->buffers[0]),
      .dst_device = pjrt_device_raw(w->device)};
  PJRT_TRY(pjrt_raw_PJRT_Buffer_CopyToDevice(w->plugin, &args));
  PJRT_TRY(pjrt_buffer_from_raw(w->device, args.dst_buffer, &w->buffers[1]));
  assert_int_equal(pjrt_buffer_dtype(w->buffers[1]), PJRT_F32);
  assert_int_equal(pjrt_buffer_dims(w->buffers[1], &num)[0], 4);
  assert_int_equal(num, 1);
  assert_f32(w->buffers[1], 4, 1, 2, 3, 4);
  return NULL;
}

static pjrt_error *layout(answer_world *w) {
  pjrt_layout *layout;
  PJRT_TRY(answer_buffer(w, 0));
  PJRT_TRY(pjrt_buffer_layout(w->buffers[0], &layout));
  assert_true(pjrt_layout_is_row_major(layout));
  pjrt_layout_free(layout);
  return NULL;
}

static pjrt_error *unpadded_dims(answer_world *w) {
  int64_t dims[1] = {0};
  PJRT_TRY(answer_buffer(w, 0));
  PJRT_TRY(pjrt_buffer_unpadded_dims(w->buffers[0], dims, 1));
  assert_int_equal(dims[0], 4);
  return NULL;
}

static pjrt_error *dynamic_dims(answer_world *w) {
  bool dynamic[1] = {true};
  PJRT_TRY(answer_buffer(w, 0));
  PJRT_TRY(pjrt_buffer_dynamic_dims(w->buffers[0], dynamic, 1));
  assert_false(dynamic[0]);
  return NULL;
}

static pjrt_error *on_device_size(answer_world *w) {
  size_t size;
  PJRT_TRY(answer_buffer(w, 0));
  PJRT_TRY(pjrt_buffer_on_device_size(w->buffers[0], &size));
  assert_int_equal(size, 16);
  return NULL;
}

static pjrt_error *device_of(answer_world *w) {
  PJRT_TRY(answer_buffer(w, 0));
  PJRT_Buffer_Device_Args args = {.buffer = pjrt_buffer_raw(w->buffers[0])};
  PJRT_TRY(pjrt_raw_PJRT_Buffer_Device(w->plugin, &args));
  assert_ptr_equal(args.device, pjrt_device_raw(w->device));
  return NULL;
}

static pjrt_error *memory_of(answer_world *w) {
  pjrt_memory *memory;
  PJRT_TRY(answer_buffer(w, 0));
  PJRT_TRY(pjrt_buffer_memory(w->buffers[0], &memory));
  assert_ptr_equal(memory, pjrt_device_default_memory(w->device));
  return NULL;
}

static pjrt_error *is_on_cpu(answer_world *w) {
  bool is_on_cpu = false;
  PJRT_TRY(answer_buffer(w, 0));
  PJRT_TRY(pjrt_buffer_is_on_cpu(w->buffers[0], &is_on_cpu));
  assert_true(is_on_cpu);
  return NULL;
}

static pjrt_error *unsafe_pointer(answer_world *w) {
  uintptr_t at;
  PJRT_TRY(answer_buffer(w, 0));
  PJRT_TRY(pjrt_buffer_unsafe_pointer(w->buffers[0], &at));
  assert_memory_equal((const void *)at, values, sizeof values);
  return NULL;
}

static pjrt_error *map_device(answer_world *w) {
  void *pointer;
  PJRT_TRY(answer_buffer(w, 0));
  PJRT_TRY(pjrt_buffer_map_device(w->buffers[0], &pointer));
  assert_memory_equal(pointer, values, sizeof values);
  return pjrt_buffer_unmap_device(w->buffers[0]);
}

/* ---- buffers: read, and gone --------------------------------------------- */

/* To the host by the plugin's own way, whatever the library prefers. */
static pjrt_error *to_host(answer_world *w) {
  float read[4] = {0};
  PJRT_TRY(answer_buffer(w, 0));
  PJRT_Buffer_ToHostBuffer_Args args = {.src = pjrt_buffer_raw(w->buffers[0]),
                                        .dst = read,
                                        .dst_size = sizeof read};
  PJRT_TRY(pjrt_raw_PJRT_Buffer_ToHostBuffer(w->plugin, &args));
  PJRT_TRY(pjrt_event_from_raw(w->client, args.event, &w->event));
  PJRT_TRY(pjrt_event_await(w->event));
  assert_memory_equal(read, values, sizeof read);
  return NULL;
}

static pjrt_error *raw_to_host(answer_world *w) {
  float read[2] = {0};
  PJRT_TRY(answer_buffer(w, 0));
  PJRT_TRY(pjrt_buffer_copy_raw_to_host_async(w->buffers[0], 4, read,
                                              sizeof read, &w->event));
  PJRT_TRY(pjrt_event_await(w->event));
  assert_memory_equal(read, values + 1, sizeof read);
  return NULL;
}

static pjrt_error *raw_to_host_future(answer_world *w) {
  pjrt_raw_copy *copy;
  float read[2] = {0};
  PJRT_TRY(answer_buffer(w, 0));
  PJRT_TRY(pjrt_buffer_copy_raw_to_host_future(w->buffers[0], 4, sizeof read,
                                               &copy, &w->event));
  pjrt_error *error = pjrt_raw_copy_start(copy, read);
  pjrt_raw_copy_free(copy);
  if (!error) error = pjrt_event_await(w->event);
  if (!error) assert_memory_equal(read, values + 1, sizeof read);
  return error;
}

static pjrt_error *delete_buffer(answer_world *w) {
  PJRT_TRY(answer_buffer(w, 0));
  PJRT_Buffer_IsDeleted_Args args = {.buffer = pjrt_buffer_raw(w->buffers[0])};
  assert_ok(pjrt_raw_PJRT_Buffer_IsDeleted(w->plugin, &args));
  assert_false(args.is_deleted);
  PJRT_TRY(pjrt_buffer_delete(w->buffers[0]));
  assert_true(pjrt_buffer_is_deleted(w->buffers[0]));
  return NULL;
}

static pjrt_error *buffer_ends(answer_world *w) {
  PJRT_TRY(answer_buffer(w, 0));
  pjrt_buffer_free(w->buffers[0]);
  w->buffers[0] = NULL;
  return NULL;
}

/* ---- events -------------------------------------------------------------- */

static pjrt_error *raw_event(answer_world *w, PJRT_Event **out) {
  PJRT_TRY(answer_buffer(w, 0));
  PJRT_Buffer_ReadyEvent_Args args = {.buffer = pjrt_buffer_raw(w->buffers[0])};
  PJRT_TRY(pjrt_raw_PJRT_Buffer_ReadyEvent(w->plugin, &args));
  *out = args.event;
  return pjrt_event_from_raw(w->client, args.event, &w->event);
}

static pjrt_error *ready_event(answer_world *w) {
  PJRT_Event *raw;
  PJRT_TRY(raw_event(w, &raw));
  return pjrt_event_await(w->event);
}

static pjrt_error *event_ends(answer_world *w) {
  PJRT_TRY(ready_event(w));
  pjrt_event_free(w->event);
  w->event = NULL;
  return NULL;
}

static pjrt_error *await_and_ask(answer_world *w) {
  PJRT_Event *raw;
  PJRT_TRY(raw_event(w, &raw));
  PJRT_Event_Await_Args await = {.event = raw};
  PJRT_TRY(pjrt_raw_PJRT_Event_Await(w->plugin, &await));
  PJRT_Event_IsReady_Args ready = {.event = raw};
  PJRT_TRY(pjrt_raw_PJRT_Event_IsReady(w->plugin, &ready));
  assert_true(ready.is_ready);
  PJRT_Event_Error_Args error = {.event = raw};
  return pjrt_raw_PJRT_Event_Error(w->plugin, &error);
}

static void count_call(PJRT_Error *error, void *counter) {
  if (!error) __atomic_add_fetch((int *)counter, 1, __ATOMIC_SEQ_CST);
}

static pjrt_error *on_ready(answer_world *w) {
  PJRT_Event *raw;
  int num_calls = 0;
  PJRT_TRY(raw_event(w, &raw));
  PJRT_Event_OnReady_Args args = {
      .event = raw, .callback = count_call, .user_arg = &num_calls};
  PJRT_TRY(pjrt_raw_PJRT_Event_OnReady(w->plugin, &args));
  await_count(&num_calls, 1);
  return NULL;
}

static pjrt_error *promise(answer_world *w) {
  PJRT_TRY(answer_client(w));
  PJRT_TRY(pjrt_event_create(w->client, &w->event));
  PJRT_TRY(pjrt_event_set(w->event, NULL));
  return pjrt_event_await(w->event);
}

/* ---- transfers ----------------------------------------------------------- */

static pjrt_error *transfer(answer_world *w) {
  const pjrt_transfer_shape shape = {PJRT_F32, four, 1, NULL};
  PJRT_TRY(answer_client(w));
  return pjrt_transfer_create(w->device, NULL, &shape, 1, &w->transfer);
}

static pjrt_error *transfer_facts(answer_world *w) {
  PJRT_TRY(transfer(w));
  assert_ptr_equal(pjrt_transfer_device(w->transfer), w->device);
  assert_int_equal(pjrt_transfer_num_buffers(w->transfer), 1);
  assert_int_equal(pjrt_transfer_buffer_size(w->transfer, 0), 16);
  return NULL;
}

static pjrt_error *expect_filled(answer_world *w) {
  PJRT_TRY(pjrt_transfer_take_buffer(w->transfer, 0, &w->buffers[0]));
  pjrt_transfer_free(w->transfer);
  w->transfer = NULL;
  assert_f32(w->buffers[0], 4, 1, 2, 3, 4);
  return NULL;
}

static pjrt_error *transfer_data(answer_world *w) {
  PJRT_TRY(transfer(w));
  PJRT_TRY(pjrt_transfer_data(w->transfer, 0, values, sizeof values, 0, true));
  return expect_filled(w);
}

static pjrt_error *transfer_literal(answer_world *w) {
  PJRT_TRY(transfer(w));
  PJRT_TRY(pjrt_transfer_literal(w->transfer, 0, values, sizeof values));
  return expect_filled(w);
}

static pjrt_error *transfer_error(answer_world *w) {
  PJRT_TRY(transfer(w));
  pjrt_error *why = pjrt_error_create(PJRT_ABORTED, "not today", 9);
  pjrt_error *error = pjrt_transfer_set_error(w->transfer, 0, why);
  pjrt_error_free(why);
  if (error) return error;
  PJRT_TRY(pjrt_transfer_take_buffer(w->transfer, 0, &w->buffers[0]));
  assert_code(pjrt_buffer_await(w->buffers[0]), PJRT_ABORTED, "not today");
  return NULL;
}

static pjrt_error *transfer_metadata(answer_world *w) {
  pjrt_named_values *metadata;
  PJRT_TRY(transfer(w));
  assert_ok(pjrt_named_values_create(&metadata));
  assert_ok(pjrt_named_values_set_string(metadata, "source", PJRT_NUL_ENDED,
                                         "answers", PJRT_NUL_ENDED));
  pjrt_error *error = pjrt_transfer_add_metadata(w->transfer, metadata);
  pjrt_named_values_free(metadata);
  return error;
}

/* ---- what plugins end the process on ------------------------------------- */

static pjrt_error *error_of_pending(answer_world *w) {
  PJRT_TRY(answer_client(w));
  assert_ok(pjrt_event_create(w->client, &w->event));
  return pjrt_event_error(w->event);
}

static pjrt_error *set_twice(answer_world *w) {
  assert_ok(promise(w));
  return pjrt_event_set(w->event, NULL);
}

static pjrt_error *assign_nothing(answer_world *w) {
  int id;
  PJRT_TRY(answer_client(w));
  return pjrt_client_default_device_assignment(w->client, 0, 1, &id, 0);
}

static pjrt_error *upload_no_type(answer_world *w) {
  PJRT_TRY(answer_client(w));
  return pjrt_buffer_from_host(w->device, PJRT_DTYPE_INVALID, four, 1, values,
                               sizeof values, &w->buffers[0]);
}

static pjrt_error *negative_size(answer_world *w) {
  PJRT_TRY(answer_client(w));
  return pjrt_buffer_create_uninitialized(
      w->device, PJRT_F32, (const int64_t[]){-1}, 1, NULL, &w->buffers[0]);
}

static pjrt_error *fill_past_the_end(answer_world *w) {
  assert_ok(transfer(w));
  return pjrt_transfer_data(w->transfer, 1, values, sizeof values, 0, true);
}

static pjrt_error *fail_past_the_end(answer_world *w) {
  assert_ok(transfer(w));
  pjrt_error *why = pjrt_error_create(PJRT_ABORTED, "not today", 9);
  pjrt_error *error = pjrt_transfer_set_error(w->transfer, 1, why);
  pjrt_error_free(why);
  return error;
}

/* ---- all ----------------------------------------------------------------- */

#define MANAGER "PJRT_AsyncHostToDeviceTransferManager_"
#define STREAM "PJRT_CopyToDeviceStream_"

const answer_check answer_client_checks[] = {
    {"PJRT_Event_Destroy", event_ends},
    {"PJRT_Event_IsReady", await_and_ask},
    {"PJRT_Event_Error", await_and_ask},
    {"PJRT_Event_Await", await_and_ask},
    {"PJRT_Event_OnReady", on_ready},
    {"PJRT_Event_Create", promise},
    {"PJRT_Event_Set", promise},
    {"PJRT_Client_Create", answer_client},
    {"PJRT_Client_Destroy", client_ends},
    {"PJRT_Client_PlatformName", client_facts},
    {"PJRT_Client_ProcessIndex", client_facts},
    {"PJRT_Client_PlatformVersion", client_facts},
    {"PJRT_Client_Devices", client_facts},
    {"PJRT_Client_AddressableDevices", client_facts},
    {"PJRT_Client_LookupDevice", lookup_device},
    {"PJRT_Client_LookupAddressableDevice", lookup_addressable_device},
    {"PJRT_Client_AddressableMemories", client_facts},
    {"PJRT_Client_Compile", execute},
    {"PJRT_Client_DefaultDeviceAssignment", default_assignment},
    {"PJRT_Client_BufferFromHostBuffer", from_host},
    {"PJRT_Client_CreateViewOfDeviceBuffer", view},
    {"PJRT_Client_CreateBuffersForAsyncHostToDevice", transfer_facts},
    {"PJRT_Client_DmaMap", dma},
    {"PJRT_Client_DmaUnmap", dma_unmap},
    {"PJRT_Client_CreateUninitializedBuffer", uninitialized},
    {"PJRT_Client_UpdateGlobalProcessInfo", update_processes},
    {"PJRT_Client_CreateAliasBuffer", alias},
    {"PJRT_Client_FulfillAliasBuffer", alias},
    {"PJRT_Client_CreateErrorBuffer", with_error},
    {"PJRT_Client_Load", load},
    {"PJRT_Device_GetDescription", device_facts},
    {"PJRT_Device_IsAddressable", device_facts},
    {"PJRT_Device_LocalHardwareId", device_facts},
    {"PJRT_Device_AddressableMemories", device_facts},
    {"PJRT_Device_DefaultMemory", device_facts},
    {"PJRT_Device_MemoryStats", memory_stats},
    {"PJRT_Device_ClearMemoryStats", clear_memory_stats},
    {"PJRT_Device_GetAttributes", get_attributes},
    {"PJRT_Device_PoisonExecution", poison},
    {"PJRT_Device_CreateAsyncTrackingEvent", tracking},
    {"PJRT_AsyncTrackingEvent_Destroy", end_tracking},
    {"PJRT_Memory_Id", memory_facts},
    {"PJRT_Memory_Kind", device_facts},
    {"PJRT_Memory_Kind_Id", memory_facts},
    {"PJRT_Memory_DebugString", memory_facts},
    {"PJRT_Memory_ToString", memory_facts},
    {"PJRT_Memory_AddressableByDevices", memory_facts},
    {"PJRT_Executable_DeserializeAndLoad", deserialize},
    {"PJRT_Executable_OutputElementTypes", outputs},
    {"PJRT_Executable_OutputDimensions", outputs},
    {"PJRT_LoadedExecutable_Destroy", executable_ends},
    {"PJRT_LoadedExecutable_GetExecutable", answer_executable},
    {"PJRT_LoadedExecutable_AddressableDevices", executable_devices},
    {"PJRT_LoadedExecutable_Delete", delete_executable},
    {"PJRT_LoadedExecutable_IsDeleted", is_not_deleted},
    {"PJRT_LoadedExecutable_Execute", execute},
    {"PJRT_LoadedExecutable_Fingerprint", loaded_fingerprint},
    {"PJRT_LoadedExecutable_GetDeviceAssignment", device_assignment},
    {"PJRT_LoadedExecutable_AddressableDeviceLogicalIds", logical_ids},
    {"PJRT_Buffer_Destroy", buffer_ends},
    {"PJRT_Buffer_ElementType", from_raw},
    {"PJRT_Buffer_Dimensions", from_raw},
    {"PJRT_Buffer_UnpaddedDimensions", unpadded_dims},
    {"PJRT_Buffer_DynamicDimensionIndices", dynamic_dims},
    {"PJRT_Buffer_GetMemoryLayout", layout},
    {"PJRT_Buffer_OnDeviceSizeInBytes", on_device_size},
    {"PJRT_Buffer_Device", device_of},
    {"PJRT_Buffer_Memory", memory_of},
    {"PJRT_Buffer_Delete", delete_buffer},
    {"PJRT_Buffer_IsDeleted", delete_buffer},
    {"PJRT_Buffer_CopyToDevice", to_device},
    {"PJRT_Buffer_CopyToMemory", to_memory},
    {"PJRT_Buffer_ToHostBuffer", to_host},
    {"PJRT_Buffer_IsOnCpu", is_on_cpu},
    {"PJRT_Buffer_ReadyEvent", ready_event},
    {"PJRT_Buffer_UnsafePointer", unsafe_pointer},
    {"PJRT_Buffer_IncreaseExternalReferenceCount", map_device},
    {"PJRT_Buffer_DecreaseExternalReferenceCount", map_device},
    {"PJRT_Buffer_OpaqueDeviceMemoryDataPointer", map_device},
    {"PJRT_Buffer_CopyRawToHost", raw_to_host},
    {"PJRT_Buffer_CopyRawToHostFuture", raw_to_host_future},
    {"PJRT_Buffer_DonateWithControlDependency", donate},
    {"PJRT_Buffer_Bitcast", bitcast},
    {STREAM "Destroy", stream},
    {STREAM "AddChunk", stream},
    {STREAM "TotalBytes", stream},
    {STREAM "GranuleSize", stream},
    {STREAM "CurrentBytes", stream},
    {"PJRT_ExecuteContext_Create", context},
    {"PJRT_ExecuteContext_Destroy", context},
    {MANAGER "Destroy", transfer_data},
    {MANAGER "TransferData", transfer_data},
    {MANAGER "RetrieveBuffer", transfer_data},
    {MANAGER "Device", transfer_facts},
    {MANAGER "BufferCount", transfer_facts},
    {MANAGER "BufferSize", transfer_facts},
    {MANAGER "SetBufferError", transfer_error},
    {MANAGER "AddMetadata", transfer_metadata},
    {MANAGER "TransferLiteral", transfer_literal},
};
const size_t answer_num_client_checks =
    sizeof answer_client_checks / sizeof *answer_client_checks;

const answer_check answer_refusals[] = {
    {"PJRT_Event_Error", error_of_pending},
    {"PJRT_Event_Set", set_twice},
    {"PJRT_Client_DefaultDeviceAssignment", assign_nothing},
    {"PJRT_Client_BufferFromHostBuffer", upload_no_type},
    {"PJRT_Client_CreateUninitializedBuffer", negative_size},
    {MANAGER "TransferData", fill_past_the_end},
    {MANAGER "SetBufferError", fail_past_the_end},
};
const size_t answer_num_refusals =
    sizeof answer_refusals / sizeof *answer_refusals;
