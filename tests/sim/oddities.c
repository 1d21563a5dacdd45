/* Plugins that are not as callers expect: newer than they know, failing at
 * random, answering nonsense, losing devices, or doing nothing at all. */
#include <pthread.h>

#include "check.h"

/* ---- newer than any known ------------------------------------------------ */

enum { NUM_NEW = 3, NEW_BYTES = NUM_NEW * 8 };

static void use_newer(void) {
  pjrt_sim_options options = default_options();
  options.minor += NUM_NEW;
  use_options(&options);
}

/* The args of a function, with room behind them. */
#define GROWN(name, fn)                \
  struct {                             \
    fn##_Args known;                   \
    unsigned char rest[NEW_BYTES + 8]; \
  } name = {.known = {.struct_size = fn##_Args_STRUCT_SIZE + NEW_BYTES}}

static void check_new_table(void) {
  use_newer();
  CHECK(api->struct_size == PJRT_Api_STRUCT_SIZE + NEW_BYTES);
  CHECK((
      (void *const *)(const void *)api)[PJRT_Api_STRUCT_SIZE / sizeof(void *)]);
  const PJRT_Extension_Base *node = find_extension(PJRT_Extension_Type_Layouts);
  CHECK(node->struct_size == PJRT_Layouts_Extension_STRUCT_SIZE + NEW_BYTES);
}

static void check_new_outputs(void) {
  use_newer();
  GROWN(args, PJRT_Plugin_Attributes);
  CHECK(!api->PJRT_Plugin_Attributes(&args.known));
  CHECK(args.known.num_attributes > 0);
  for (int i = 0; i < NEW_BYTES; i++) CHECK(args.rest[i] == 0xa5);
  CHECK(args.rest[NEW_BYTES] == 0);
}

/* Whether the message begins so; the functions that return nothing serve
 * whoever has only their older structs. */
static bool has_message(PJRT_Error *error, const char *beginning) {
  MAKE(text, PJRT_Error_Message, .error = error);
  MAKE(destroy, PJRT_Error_Destroy, .error = error);
  if (!error) return false;
  api->PJRT_Error_Message(&text);
  const bool is_so = text.message_size >= strlen(beginning) &&
                     memcmp(text.message, beginning, strlen(beginning)) == 0;
  api->PJRT_Error_Destroy(&destroy);
  return is_so;
}

static void check_old_structs(void) {
  use_newer();
  ARGS(PJRT_Plugin_Attributes, .num_attributes = 0);
  CHECK(has_message(api->PJRT_Plugin_Attributes(&args),
                    "Unexpected PJRT_Plugin_Attributes_Args size: expected 56, "
                    "got 32. "));
  GROWN(create, PJRT_Client_Create);
  CHECK(!api->PJRT_Client_Create(&create.known));
  PJRT_Program program = {.struct_size = PJRT_Program_STRUCT_SIZE};
  GROWN(compile, PJRT_Client_Compile);
  compile.known.client = create.known.client;
  compile.known.program = &program;
  CHECK(has_message(api->PJRT_Client_Compile(&compile.known),
                    "Unexpected PJRT_Program size: expected 72, got 48. "));
  GROWN(destroy, PJRT_Client_Destroy);
  destroy.known.client = create.known.client;
  CHECK(!api->PJRT_Client_Destroy(&destroy.known));
  CHECK(sim.num_misuses() == 0);
}

static void check_new_inputs(void) {
  use_newer();
  GROWN(args, PJRT_Plugin_Attributes);
  args.rest[NEW_BYTES - 1] = 7;
  CHECK(has_message(api->PJRT_Plugin_Attributes(&args.known), "misuse: byte"));
  CHECK(sim.num_misuses() == 1);
  GROWN(serialize, PJRT_Layouts_MemoryLayout_Serialize);
  serialize.rest[0] = 1;
  CHECK(has_message(
      layouts()->PJRT_Layouts_MemoryLayout_Serialize(&serialize.known),
      "misuse: byte"));
}

/* ---- drawn --------------------------------------------------------------- */

enum { NUM_CALLS = 64, NUM_THREADS = 4 };

static const pjrt_sim_fault now_and_then = {
    .function = "PJRT_Plugin_Attributes",
    .one_in = 4,
    .code = PJRT_Error_Code_ABORTED};

static bool fails(void) {
  ARGS(PJRT_Plugin_Attributes, .num_attributes = 0);
  PJRT_Error *error = api->PJRT_Plugin_Attributes(&args);
  free_error(error);
  return error != NULL;
}

/* A bit for each call. */
static uint64_t failures_of(int64_t seed) {
  uint64_t failures = 0;
  use_fault(&now_and_then, seed);
  for (int i = 0; i < NUM_CALLS; i++) failures |= (uint64_t)fails() << i;
  return failures;
}

static void *call_often(void *num_failures) {
  for (int i = 0; i < NUM_CALLS / NUM_THREADS; i++)
    *(int *)num_failures += fails();
  return NULL;
}

static void check_one_in(void) {
  const uint64_t failures = failures_of(1);
  const int num = __builtin_popcountll(failures);
  CHECK(num > NUM_CALLS / 16 && num < NUM_CALLS / 2);
  CHECK(failures_of(1) == failures);
  CHECK(failures_of(2) != failures);
  /* Whichever thread makes the calls, those of the same FOUR fail. */
  pthread_t threads[NUM_THREADS];
  int counts[NUM_THREADS] = {0};
  int sum = 0;
  use_fault(&now_and_then, 1);
  for (int i = 0; i < NUM_THREADS; i++)
    CHECK(!pthread_create(&threads[i], NULL, call_often, &counts[i]));
  for (int i = 0; i < NUM_THREADS; i++) {
    pthread_join(threads[i], NULL);
    sum += counts[i];
  }
  CHECK(sum == num);
}

/* ---- nonsense ------------------------------------------------------------ */

enum { SANE = 1 << 20 };

static size_t num_attributes(int64_t seed) {
  static const pjrt_sim_fault fault = {.function = "PJRT_Plugin_Attributes",
                                       .garbage_counts = true};
  use_fault(&fault, seed);
  ARGS(PJRT_Plugin_Attributes, .num_attributes = 0);
  return api->PJRT_Plugin_Attributes(&args) ? 0 : args.num_attributes;
}

static void check_garbage_counts(void) {
  bool is_always_same = true;
  for (int64_t seed = 0; seed < 8; seed++) {
    const size_t num = num_attributes(seed);
    CHECK(num > SANE);
    CHECK(num_attributes(seed) == num);
    is_always_same &= num == num_attributes(0);
  }
  CHECK(!is_always_same);
}

static void check_garbage_in_structs(void) {
  static const pjrt_sim_fault fault = {
      .function = "PJRT_Buffer_GetMemoryLayout", .garbage_counts = true};
  use_fault(&fault, 0);
  PJRT_Client *client = new_client();
  PJRT_Buffer *buffer = upload_floats(client, 0, FOUR, 4);
  ARGS(PJRT_Buffer_GetMemoryLayout, .buffer = buffer);
  CHECK(!api->PJRT_Buffer_GetMemoryLayout(&args));
  CHECK(args.layout.tiled.num_tiles > SANE);
  CHECK(args.layout.tiled.minor_to_major_size > SANE);
  free_buffer(buffer);
  free_client(client);
}

static void check_garbage_in_extensions(void) {
  static const pjrt_sim_fault fault = {
      .function = "PJRT_RawBuffer_GetOnDeviceSizeInBytes",
      .nth = 2,
      .garbage_counts = true};
  use_fault(&fault, 0);
  PJRT_Client *client = new_client();
  PJRT_Buffer *buffer = upload_floats(client, 0, FOUR, 4);
  const PJRT_RawBuffer_Extension *raw =
      find_extension(PJRT_Extension_Type_RawBuffer);
  MAKE(alias, PJRT_RawBuffer_CreateRawAliasOfBuffer, .buffer = buffer);
  CHECK(!raw->PJRT_RawBuffer_CreateRawAliasOfBuffer(&alias));
  MAKE(size, PJRT_RawBuffer_GetOnDeviceSizeInBytes, .buffer = alias.raw_buffer);
  CHECK(!raw->PJRT_RawBuffer_GetOnDeviceSizeInBytes(&size));
  CHECK(size.on_device_size_in_bytes == sizeof(FOUR));
  CHECK(!raw->PJRT_RawBuffer_GetOnDeviceSizeInBytes(&size));
  CHECK(size.on_device_size_in_bytes > SANE);
  MAKE(destroy, PJRT_RawBuffer_Destroy, .buffer = alias.raw_buffer);
  CHECK(!raw->PJRT_RawBuffer_Destroy(&destroy));
  free_buffer(buffer);
  free_client(client);
}

static void check_late_fault_in_extension(void) {
  static const pjrt_sim_fault fault = {
      .function = "PJRT_RawBuffer_CopyRawHostToDevice",
      .async_code = PJRT_Error_Code_DATA_LOSS,
      .message = "late"};
  use_fault(&fault, 0);
  PJRT_Client *client = new_client();
  PJRT_Buffer *buffer = upload_floats(client, 0, FOUR, 4);
  const PJRT_RawBuffer_Extension *raw =
      find_extension(PJRT_Extension_Type_RawBuffer);
  MAKE(alias, PJRT_RawBuffer_CreateRawAliasOfBuffer, .buffer = buffer);
  CHECK(!raw->PJRT_RawBuffer_CreateRawAliasOfBuffer(&alias));
  MAKE(copy, PJRT_RawBuffer_CopyRawHostToDevice, .buffer = alias.raw_buffer,
       .src = FOUR, .transfer_size = sizeof(FOUR));
  CHECK(!raw->PJRT_RawBuffer_CopyRawHostToDevice(&copy));
  CHECK(says(await_free(copy.event), PJRT_Error_Code_DATA_LOSS, "late"));
  MAKE(destroy, PJRT_RawBuffer_Destroy, .buffer = alias.raw_buffer);
  CHECK(!raw->PJRT_RawBuffer_Destroy(&destroy));
  free_buffer(buffer);
  free_client(client);
}

/* ---- stubs --------------------------------------------------------------- */

static void check_stub(int64_t seed, bool expects_error) {
  pjrt_sim_options options = default_options();
  options.stubbed_errors = true;
  options.seed = seed;
  use_options(&options);
  ARGS(PJRT_Client_Create, .num_options = 0);
  args.struct_size = 1;
  MAKE(text, PJRT_Error_Message, .error = api->PJRT_Client_Create(&args));
  MAKE(code, PJRT_Error_GetCode, .error = (PJRT_Error *)(uintptr_t)text.error);
  CHECK(text.error);
  api->PJRT_Error_Message(&text);
  CHECK(!text.message && !text.message_size);
  MAKE(second, PJRT_Error_Destroy, .error = api->PJRT_Error_GetCode(&code));
  CHECK(!second.error == !expects_error && !code.code);
  api->PJRT_Error_Destroy(&second);
  MAKE(first, PJRT_Error_Destroy, .error = (PJRT_Error *)(uintptr_t)text.error);
  api->PJRT_Error_Destroy(&first);
}

static void check_stubs(void) {
  check_stub(0, false);
  check_stub(1, true);
}

/* ---- lost devices -------------------------------------------------------- */

static bool says_lost(PJRT_Error *error, const char *message) {
  return says(error, PJRT_Error_Code_UNAVAILABLE, message);
}

static PJRT_Error *try_upload(PJRT_Client *client, int device,
                              PJRT_Buffer **out) {
  static const int64_t dims[] = {4};
  const host_array array = {.client = client,
                            .data = FOUR,
                            .type = PJRT_Buffer_Type_F32,
                            .dims = dims,
                            .num_dims = 1,
                            .device = device_of(client, device)};
  return upload(array, out, NULL);
}

static PJRT_Error *try_copy(PJRT_Buffer *buffer, PJRT_Device *device) {
  ARGS(PJRT_Buffer_CopyToDevice, .buffer = buffer, .dst_device = device);
  return api->PJRT_Buffer_CopyToDevice(&args);
}

static PJRT_Error *try_download(PJRT_Buffer *buffer, float *data,
                                PJRT_Event **out) {
  ARGS(PJRT_Buffer_ToHostBuffer, .src = buffer, .dst = data,
       .dst_size = 4 * sizeof(*data));
  PJRT_Error *error = api->PJRT_Buffer_ToHostBuffer(&args);
  *out = args.event;
  return error;
}

static void check_lost_device(void) {
  PJRT_Client *client = new_client();
  PJRT_LoadedExecutable *loaded;
  PJRT_Buffer *here = upload_floats(client, 0, FOUR, 4);
  PJRT_Buffer *there = upload_floats(client, 1, FOUR, 4);
  PJRT_Buffer *out;
  PJRT_Event *event;
  float data[4];
  CHECK(!compile(client, TWICE_PROGRAM, 1, &loaded));
  sim.lose_device(0);
  CHECK(says_lost(execute(loaded, &here, 1, &out, &event), "device 0 is lost"));
  CHECK(says_lost(try_upload(client, 0, &out), "device 0 is lost"));
  CHECK(says_lost(try_download(here, data, &event), "device 0 is lost"));
  CHECK(says_lost(try_copy(here, device_of(client, 1)), "device 0 is lost"));
  CHECK(says_lost(try_copy(there, device_of(client, 0)), "device 0 is lost"));
  CHECK(holds_floats(there, FOUR, 4));
  /* Clients to come have all their devices. */
  PJRT_Client *second = new_client();
  CHECK(!try_upload(second, 0, &out));
  CHECK(holds_floats(out, FOUR, 4));
  free_buffer(out);
  free_client(second);
  free_buffer(here);
  free_buffer(there);
  free_loaded(loaded);
  free_client(client);
}

static void check_lost_execution(void) {
  static const pjrt_sim_fault hold = {
      .function = "PJRT_LoadedExecutable_Execute", .async_delay_ms = -1};
  use_fault(&hold, 0);
  PJRT_Client *client = new_client();
  PJRT_LoadedExecutable *loaded;
  PJRT_Buffer *argument = upload_floats(client, 0, FOUR, 4);
  PJRT_Buffer *out;
  PJRT_Event *event;
  CHECK(!compile(client, TWICE_PROGRAM, 1, &loaded));
  CHECK(!execute(loaded, &argument, 1, &out, &event));
  PJRT_Event *ready = ready_event(out);
  sim.lose_device(1); /* which has nothing to do with it */
  CHECK(!is_ready(event));
  sim.lose_device(0);
  CHECK(says_lost(await_free(event), "device 0 is lost"));
  CHECK(says_lost(await_free(ready), "device 0 is lost"));
  free_buffer(argument);
  free_buffer(out);
  free_loaded(loaded);
  free_client(client);
  sim.release_events();
}

static void check_lost_download(void) {
  static const pjrt_sim_fault hold = {.function = "PJRT_Buffer_ToHostBuffer",
                                      .async_delay_ms = -1};
  use_fault(&hold, 0);
  PJRT_Client *client = new_client();
  PJRT_Buffer *buffer = upload_floats(client, 2, FOUR, 4);
  float data[4] = {9, 9, 9, 9};
  PJRT_Event *event;
  CHECK(!try_download(buffer, data, &event));
  sim.lose_device(2);
  CHECK(says_lost(await_free(event), "device 2 is lost"));
  sim.release_events();
  CHECK(data[0] == 9 && data[3] == 9);
  free_buffer(buffer);
  free_client(client);
}

static void check_fault_loses_device(void) {
  static const pjrt_sim_fault fault = {
      .function = "PJRT_Client_Compile", .loses_device = true, .device_id = 3};
  use_fault(&fault, 0);
  PJRT_Client *client = new_client();
  PJRT_LoadedExecutable *loaded;
  PJRT_Buffer *out;
  CHECK(!try_upload(client, 3, &out));
  CHECK(!compile(client, TWICE_PROGRAM, 1, &loaded));
  free_buffer(out);
  CHECK(says_lost(try_upload(client, 3, &out), "device 3 is lost"));
  free_loaded(loaded);
  free_client(client);
}

/* ---- instant ------------------------------------------------------------- */

static void use_instant(void) {
  pjrt_sim_options options = default_options();
  options.execution = PJRT_SIM_INSTANT;
  use_options(&options);
}

static bool runs(PJRT_Client *client, PJRT_LoadedExecutable *loaded,
                 PJRT_Buffer *expected) {
  PJRT_Buffer *argument, *out;
  PJRT_Event *event, *arrived;
  float data[4];
  if (try_upload(client, 0, &argument) || argument != expected ||
      execute(loaded, &argument, 1, &out, &event) || await_free(event) ||
      out != expected || try_download(out, data, &arrived) ||
      await_free(arrived))
    return false;
  free_buffer(argument);
  free_buffer(out);
  return true;
}

/* One buffer stands for all of its shape and memory. */
static void check_instant_loop(void) {
  use_instant();
  PJRT_Client *client = new_client();
  PJRT_LoadedExecutable *loaded;
  PJRT_Buffer *shared;
  pjrt_sim_live before, after;
  CHECK(!compile(client, TWICE_PROGRAM, 1, &loaded));
  CHECK(!try_upload(client, 0, &shared));
  sim.get_live(&before);
  for (int i = 0; i < 1000000; i++) CHECK(runs(client, loaded, shared));
  sim.get_live(&after);
  CHECK(memcmp(&before, &after, sizeof(before)) == 0);
  CHECK(sim.num_calls("PJRT_LoadedExecutable_Execute") == 0);
  free_loaded(loaded);
  free_client(client);
}

static void check_instant_buffers(void) {
  static const float zeroes[4] = {0};
  use_instant();
  PJRT_Client *client = new_client();
  PJRT_Buffer *first, *second, *copy;
  CHECK(!try_upload(client, 0, &first) && !try_upload(client, 1, &second));
  CHECK(first != second);
  ARGS(PJRT_Buffer_CopyToDevice, .buffer = first,
       .dst_device = device_of(client, 1));
  CHECK(!api->PJRT_Buffer_CopyToDevice(&args));
  copy = args.dst_buffer;
  CHECK(copy == second);
  MAKE(dims, PJRT_Buffer_Dimensions, .buffer = second);
  CHECK(!api->PJRT_Buffer_Dimensions(&dims));
  CHECK(dims.num_dims == 1 && dims.dims[0] == 4);
  MAKE(device, PJRT_Buffer_Device, .buffer = second);
  CHECK(!api->PJRT_Buffer_Device(&device));
  CHECK(device.device == device_of(client, 1));
  MAKE(pointer, PJRT_Buffer_UnsafePointer, .buffer = second);
  CHECK(!api->PJRT_Buffer_UnsafePointer(&pointer));
  CHECK(!memcmp((void *)pointer.buffer_pointer, zeroes, sizeof(zeroes)));
  MAKE(delete, PJRT_Buffer_Delete, .buffer = second);
  MAKE(is_deleted, PJRT_Buffer_IsDeleted, .buffer = second);
  CHECK(!api->PJRT_Buffer_Delete(&delete));
  CHECK(!api->PJRT_Buffer_IsDeleted(&is_deleted) && !is_deleted.is_deleted);
  CHECK(buffer_is_ready(second));
  free_client(client);
}

static void check_instant_transfers(void) {
  const int64_t dims[] = {4};
  PJRT_ShapeSpec spec = {.struct_size = PJRT_ShapeSpec_STRUCT_SIZE,
                         .dims = dims,
                         .num_dims = 1,
                         .element_type = PJRT_Buffer_Type_F32};
  use_instant();
  PJRT_Client *client = new_client();
  MAKE(memory, PJRT_Device_DefaultMemory, .device = device_of(client, 0));
  CHECK(!api->PJRT_Device_DefaultMemory(&memory));
  ARGS(PJRT_Client_CreateBuffersForAsyncHostToDevice, .client = client,
       .shape_specs = &spec, .num_shape_specs = 1, .memory = memory.memory);
  CHECK(!api->PJRT_Client_CreateBuffersForAsyncHostToDevice(&args));
  MAKE(data, PJRT_AsyncHostToDeviceTransferManager_TransferData,
       .transfer_manager = args.transfer_manager, .data = FOUR,
       .transfer_size = sizeof(FOUR), .is_last_transfer = true);
  CHECK(!api->PJRT_AsyncHostToDeviceTransferManager_TransferData(&data));
  CHECK(!await_free(data.done_with_h2d_transfer));
  MAKE(buffer, PJRT_AsyncHostToDeviceTransferManager_RetrieveBuffer,
       .transfer_manager = args.transfer_manager);
  CHECK(!api->PJRT_AsyncHostToDeviceTransferManager_RetrieveBuffer(&buffer));
  CHECK(buffer_is_ready(buffer.buffer_out));
  MAKE(destroy, PJRT_AsyncHostToDeviceTransferManager_Destroy,
       .transfer_manager = args.transfer_manager);
  CHECK(!api->PJRT_AsyncHostToDeviceTransferManager_Destroy(&destroy));
  free_buffer(buffer.buffer_out);
  free_client(client);
}

/* What is no shared buffer behaves as ever. */
static void check_instant_others(void) {
  use_instant();
  PJRT_Client *client = new_client();
  const int64_t dims[] = {4};
  MAKE(memory, PJRT_Device_DefaultMemory, .device = device_of(client, 0));
  CHECK(!api->PJRT_Device_DefaultMemory(&memory));
  ARGS(PJRT_Client_CreateErrorBuffer, .client = client,
       .error_code = PJRT_Error_Code_ABORTED, .error_message = "broken",
       .error_message_size = 6, .memory = memory.memory, .shape_dims = dims,
       .shape_num_dims = 1, .shape_element_type = PJRT_Buffer_Type_F32);
  CHECK(!api->PJRT_Client_CreateErrorBuffer(&args));
  CHECK(says(await_free(ready_event(args.buffer)), PJRT_Error_Code_ABORTED,
             "broken"));
  free_buffer(args.buffer);
  free_client(client);
}

void suite_oddities(void) {
  run_check("new-table", check_new_table);
  run_check("new-outputs", check_new_outputs);
  run_check("new-inputs", check_new_inputs);
  run_check("old-structs", check_old_structs);
  run_check("one-in", check_one_in);
  run_check("garbage-counts", check_garbage_counts);
  run_check("garbage-in-structs", check_garbage_in_structs);
  run_check("garbage-in-extensions", check_garbage_in_extensions);
  run_check("late-fault-in-extension", check_late_fault_in_extension);
  run_check("stubs", check_stubs);
  run_check("lost-device", check_lost_device);
  run_check("lost-execution", check_lost_execution);
  run_check("lost-download", check_lost_download);
  run_check("fault-loses-device", check_fault_loses_device);
  run_check("instant-loop", check_instant_loop);
  run_check("instant-buffers", check_instant_buffers);
  run_check("instant-transfers", check_instant_transfers);
  run_check("instant-others", check_instant_others);
}
