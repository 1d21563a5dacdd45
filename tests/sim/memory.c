/* Memories: what they are, what fits into them, and what is told of them. */
#include "check.h"

enum { NUM_KINDS = 3 };
static const char *const kinds[NUM_KINDS] = {"device", "pinned_host",
                                             "unpinned_host"};

/* A client of two devices. */
static PJRT_Client *new_pair(void) {
  pjrt_sim_options options = default_options();
  options.num_devices = 2;
  return client_with(&options);
}

static PJRT_Memory *memory_on(PJRT_Client *client, int device, int kind) {
  return memory_of(device_of(client, device), (size_t)kind);
}

/* On device 1 of two in this process. */
static void check_memory_facts(void) {
  static const char *const texts[NUM_KINDS] = {
      "device memory 3 of sim:1", "pinned_host memory 4 of sim:1",
      "unpinned_host memory 5 of sim:1"};
  static const int kind_ids[NUM_KINDS] = {7, -9, 23};
  PJRT_Client *client = new_pair();
  for (int k = 0; k < NUM_KINDS; k++) {
    PJRT_Memory *memory = memory_on(client, 1, k);
    CHECK(memory && memory_id(memory) == 3 + k);
    MAKE(kind, PJRT_Memory_Kind, .memory = memory);
    CHECK(!api->PJRT_Memory_Kind(&kind) &&
          is_text(kind.kind, kind.kind_size, kinds[k]));
    MAKE(kind_id, PJRT_Memory_Kind_Id, .memory = memory);
    CHECK(!api->PJRT_Memory_Kind_Id(&kind_id) &&
          kind_id.kind_id == kind_ids[k]);
    MAKE(debug, PJRT_Memory_DebugString, .memory = memory);
    CHECK(!api->PJRT_Memory_DebugString(&debug) &&
          is_text(debug.debug_string, debug.debug_string_size, texts[k]));
    MAKE(text, PJRT_Memory_ToString, .memory = memory);
    CHECK(!api->PJRT_Memory_ToString(&text) &&
          is_text(text.to_string, text.to_string_size, texts[k]));
    MAKE(by, PJRT_Memory_AddressableByDevices, .memory = memory);
    CHECK(!api->PJRT_Memory_AddressableByDevices(&by) && by.num_devices == 1 &&
          by.devices[0] == device_of(client, 1));
  }
  MAKE(usual, PJRT_Device_DefaultMemory, .device = device_of(client, 1));
  CHECK(!api->PJRT_Device_DefaultMemory(&usual) &&
        usual.memory == memory_on(client, 1, 0));
  MAKE(all, PJRT_Client_AddressableMemories, .client = client);
  CHECK(!api->PJRT_Client_AddressableMemories(&all));
  CHECK(all.num_addressable_memories == 6 &&
        all.addressable_memories[4] == memory_on(client, 1, 1));
  free_client(client);
}

static PJRT_Error *upload_to(PJRT_Client *client, PJRT_Memory *memory,
                             const float *data, size_t num, PJRT_Buffer **out) {
  const int64_t dims[] = {(int64_t)num};
  const host_array array = {.client = client,
                            .data = data,
                            .type = PJRT_Buffer_Type_F32,
                            .dims = dims,
                            .num_dims = 1,
                            .memory = memory};
  return upload(array, out, NULL);
}

static PJRT_Error *copy_to(PJRT_Buffer *buffer, PJRT_Memory *memory,
                           PJRT_Buffer **out) {
  ARGS(PJRT_Buffer_CopyToMemory, .buffer = buffer, .dst_memory = memory);
  PJRT_Error *error = api->PJRT_Buffer_CopyToMemory(&args);
  *out = args.dst_buffer;
  return error;
}

static PJRT_Memory *where(PJRT_Buffer *buffer) {
  ARGS(PJRT_Buffer_Memory, .buffer = buffer);
  return api->PJRT_Buffer_Memory(&args) ? NULL : args.memory;
}

static void check_copies_between_memories(void) {
  static const float data[3] = {1, 2, 3};
  PJRT_Client *client = new_pair();
  for (int from = 0; from < NUM_KINDS; from++)
    for (int to = 0; to < 2 * NUM_KINDS; to++) {
      PJRT_Memory *target = memory_on(client, to / NUM_KINDS, to % NUM_KINDS);
      PJRT_Buffer *buffer, *copy;
      CHECK(!upload_to(client, memory_on(client, 0, from), data, 3, &buffer));
      CHECK(where(buffer) == memory_on(client, 0, from));
      CHECK(!copy_to(buffer, target, &copy) && where(copy) == target);
      CHECK(holds_floats(copy, data, 3));
      free_buffer(buffer);
      free_buffer(copy);
    }
  free_client(client);
}

static int64_t bytes_in_use(PJRT_Client *client) {
  ARGS(PJRT_Device_MemoryStats, .device = device_of(client, 0));
  return api->PJRT_Device_MemoryStats(&args) ? -1 : args.bytes_in_use;
}

/* Each memory has its own end. */
static void check_capacities(void) {
  static const float data[20] = {0};
  pjrt_sim_options options = default_options();
  PJRT_Client *client;
  PJRT_Buffer *buffers[NUM_KINDS], *none;
  options.memory_capacity = 80;
  options.pinned_host_capacity = 40;
  options.unpinned_host_capacity = 20;
  CHECK(client = client_with(&options));
  for (int k = 0; k < NUM_KINDS; k++) {
    const size_t num = (size_t)20 >> k; /* floats: all that fit */
    PJRT_Memory *memory = memory_on(client, 0, k);
    CHECK(!upload_to(client, memory, data, num, &buffers[k]));
    CHECK(says(upload_to(client, memory, data, 1, &none),
               PJRT_Error_Code_RESOURCE_EXHAUSTED,
               "Out of memory allocating 4 bytes, 0 are left"));
    CHECK(says(copy_to(buffers[k], memory, &none),
               PJRT_Error_Code_RESOURCE_EXHAUSTED, "Out of memory"));
  }
  CHECK(bytes_in_use(client) == 80);
  for (int k = NUM_KINDS; k-- > 0;) {
    CHECK(bytes_in_use(client) == 80);
    free_buffer(buffers[k]);
  }
  CHECK(bytes_in_use(client) == 0);
  free_client(client);
}

/* ---- statistics ---------------------------------------------------------- */

static bool uses(PJRT_Device *device, int64_t bytes, int64_t peak) {
  ARGS(PJRT_Device_MemoryStats, .device = device);
  return !api->PJRT_Device_MemoryStats(&args) && args.bytes_limit_is_set &&
         args.bytes_limit == 100 && args.bytes_in_use == bytes &&
         args.peak_bytes_in_use_is_set && args.peak_bytes_in_use == peak;
}

static PJRT_Client *client_of_100_bytes(pjrt_sim_execution_mode mode) {
  pjrt_sim_options options = default_options();
  options.execution = mode;
  options.memory_capacity = 100;
  return client_with(&options);
}

static void check_stats(void) {
  static const float values[20] = {0};
  PJRT_Client *client = client_of_100_bytes(PJRT_SIM_COMPUTE);
  PJRT_Device *device = device_of(client, 0);
  PJRT_Buffer *buffer = upload_floats(client, 0, values, 20);
  CHECK(buffer && uses(device, 80, 80));
  ARGS(PJRT_Buffer_CopyToDevice, .buffer = buffer, .dst_device = device);
  CHECK(says(api->PJRT_Buffer_CopyToDevice(&args),
             PJRT_Error_Code_RESOURCE_EXHAUSTED,
             "Out of memory allocating 80 bytes, 20 are left"));
  /* Each device has a memory of its own. */
  args.dst_device = device_of(client, 1);
  CHECK(!api->PJRT_Buffer_CopyToDevice(&args));
  free_buffer(args.dst_buffer);
  free_buffer(buffer);
  CHECK(uses(device, 0, 80));
  MAKE(clear, PJRT_Device_ClearMemoryStats, .device = device);
  CHECK(!api->PJRT_Device_ClearMemoryStats(&clear));
  CHECK(uses(device, 0, 0));
  free_client(client);
}

/* An execution whose outputs do not fit leaves none of them behind. */
static void check_outputs_that_do_not_fit(void) {
  static const char program[] =
      "func.func @main() -> (tensor<20xf32>, tensor<20xf32>) {\n"
      "  %0 = stablehlo.constant dense<1.0> : tensor<20xf32>\n"
      "  return %0, %0 : tensor<20xf32>, tensor<20xf32>\n}\n";
  for (int mode = PJRT_SIM_COMPUTE; mode <= PJRT_SIM_ECHO; mode++) {
    PJRT_Client *client = client_of_100_bytes((pjrt_sim_execution_mode)mode);
    PJRT_Buffer *outputs[2] = {NULL, NULL};
    PJRT_LoadedExecutable *loaded;
    CHECK(!compile(client, program, 1, &loaded));
    CHECK(says(execute(loaded, NULL, 0, outputs, NULL),
               PJRT_Error_Code_RESOURCE_EXHAUSTED, "Out of memory"));
    CHECK(!outputs[0] && !outputs[1]);
    free_loaded(loaded);
    free_client(client);
  }
}

void suite_memory(void) {
  run_check("memory-facts", check_memory_facts);
  run_check("copies-between-memories", check_copies_between_memories);
  run_check("capacities", check_capacities);
  run_check("memory-stats", check_stats);
  run_check("outputs-that-do-not-fit", check_outputs_that_do_not_fit);
}
