/* Plugins, clients, devices and memories: nearly all of it is read when the
 * client is made, and each fact comes from one PJRT function. */
#include <pthread.h>
#include <stdio.h>

#include "typed.h"

#define TEXT(a, getter, object, function, expected)                \
  do {                                                             \
    size_t size_ = 7;                                              \
    const char *text_ = getter((object), &size_);                  \
    matrix_expect_text((a), (function), text_, size_, (expected)); \
  } while (0)

/* ---- plugins ------------------------------------------------------------- */

static pjrt_error *plugin_open(matrix_attempt *a) {
  PJRT_TRY(matrix_open(a));
  MATRIX_EXPECT(a, pjrt_plugin_api_major(a->plugin) == 0);
  MATRIX_EXPECT(a, pjrt_plugin_api_minor(a->plugin) == a->how->options.minor);
  MATRIX_EXPECT(a, pjrt_plugin_wants_exact_struct_sizes(a->plugin) ==
                       a->how->options.exact_sizes);
  return NULL;
}

/* Says of every function whether it is there. */
static pjrt_error *plugin_supports(matrix_attempt *a) {
  PJRT_TRY(matrix_open(a));
  for (size_t i = 0; i < pjrt_num_functions(); i++) {
    const char *function = pjrt_function_name(i);
    MATRIX_EXPECT(a,
                  pjrt_plugin_supports(a->plugin, function, PJRT_NUL_ENDED) ==
                      !a->how->missing[i]);
  }
  return NULL;
}

static pjrt_error *plugin_attributes(matrix_attempt *a) {
  PJRT_TRY(matrix_open(a));
  const pjrt_named_values *attributes = pjrt_plugin_attributes(a->plugin);
  const bool is_told = matrix_has(a, "PJRT_Plugin_Attributes");
  MATRIX_EXPECT(a, (pjrt_named_values_size(attributes) > 0) == is_told);
  return NULL;
}

/* ---- clients ------------------------------------------------------------- */

/* One of two processes, which find each other through a store. */
static pjrt_error *create_node(const matrix_attempt *a, int id,
                               pjrt_client **out) {
  pjrt_client_opts opts;
  pjrt_named_values *options;
  char text[16];
  pjrt_client_opts_init(&opts);
  PJRT_TRY(pjrt_named_values_create(&options));
  snprintf(text, sizeof text, "node_id=%d", id);
  expect_ok(pjrt_named_values_parse(options, text, PJRT_NUL_ENDED));
  expect_ok(pjrt_named_values_parse(options, "num_nodes=2", PJRT_NUL_ENDED));
  opts.options = options;
  opts.kvstore = ((typed_world *)a->world)->kvstore;
  pjrt_error *error = pjrt_client_create(a->plugin, &opts, out);
  /* The other one need not wait any more. */
  if (error) pjrt_kvstore_cancel(opts.kvstore);
  pjrt_named_values_free(options);
  return error;
}

static void *meet_node_1(void *attempt) {
  pjrt_client *client;
  pjrt_error *error = create_node(attempt, 0, &client);
  pjrt_client_free(client);
  return error;
}

/* Both leave in the store what the second one will find there again. */
static pjrt_error *meet_once(matrix_attempt *a) {
  pthread_t thread;
  pjrt_client *client;
  void *other;
  PJRT_TRY(matrix_open(a));
  PJRT_TRY(pjrt_kvstore_create_in_process(&typed(a)->kvstore));
  pthread_create(&thread, NULL, meet_node_1, a);
  pjrt_error *error = create_node(a, 1, &client);
  pthread_join(thread, &other);
  pjrt_client_free(client);
  if (!error) return other;
  pjrt_error_free(other);
  return error;
}

static pjrt_error *create_with_kvstore(matrix_attempt *a) {
  PJRT_TRY(create_node(a, 1, &typed(a)->client));
  MATRIX_EXPECT(a, pjrt_client_num_devices(typed(a)->client) == 4);
  return NULL;
}

static pjrt_error *client_free(matrix_attempt *a) {
  pjrt_sim_live live;
  pjrt_client_free(typed(a)->client);
  typed(a)->client = NULL;
  sim.get_live(&live);
  if (!a->how->may_leak) MATRIX_EXPECT(a, live.clients == 0);
  return NULL;
}

static pjrt_error *client_platform_name(matrix_attempt *a) {
  TEXT(a, pjrt_client_platform_name, typed(a)->client,
       "PJRT_Client_PlatformName", "sim");
  return NULL;
}

static pjrt_error *client_platform_version(matrix_attempt *a) {
  TEXT(a, pjrt_client_platform_version, typed(a)->client,
       "PJRT_Client_PlatformVersion", "sim 1.0");
  return NULL;
}

static pjrt_error *client_process_index(matrix_attempt *a) {
  MATRIX_EXPECT(a, pjrt_client_process_index(typed(a)->client) == 0);
  return NULL;
}

static pjrt_error *client_devices(matrix_attempt *a) {
  const pjrt_client *client = typed(a)->client;
  MATRIX_EXPECT(a, pjrt_client_num_devices(client) == 2);
  MATRIX_EXPECT(a, pjrt_device_id(pjrt_client_device(client, 1)) == 1);
  return NULL;
}

static pjrt_error *client_addressable_devices(matrix_attempt *a) {
  const pjrt_client *client = typed(a)->client;
  MATRIX_EXPECT(a, pjrt_client_num_addressable_devices(client) == 2);
  return NULL;
}

static pjrt_error *lookup_device(matrix_attempt *a) {
  pjrt_device *device;
  PJRT_TRY(pjrt_client_lookup_device(typed(a)->client, 1, &device));
  MATRIX_EXPECT(a, pjrt_device_id(device) == 1);
  return NULL;
}

/* Without hardware ids no device can be found by one. */
static pjrt_error *lookup_addressable_device(matrix_attempt *a) {
  pjrt_device *device;
  pjrt_error *error =
      pjrt_client_lookup_addressable_device(typed(a)->client, 0, &device);
  if (matrix_has(a, "PJRT_Device_LocalHardwareId")) {
    MATRIX_EXPECT(a, error || pjrt_device_id(device) == 0);
    return error;
  }
  MATRIX_EXPECT(a, pjrt_error_code(error) == PJRT_NOT_FOUND);
  pjrt_error_free(error);
  return NULL;
}

static bool has_memories(const matrix_attempt *a) {
  return matrix_has(a, "PJRT_Client_AddressableMemories");
}

static pjrt_error *client_memories(matrix_attempt *a) {
  const size_t num = pjrt_client_num_memories(typed(a)->client);
  MATRIX_EXPECT(a, has_memories(a) ? num >= 2 : num == 0);
  return NULL;
}

static pjrt_error *default_device_assignment(matrix_attempt *a) {
  int ids[2] = {-1, -1};
  PJRT_TRY(
      pjrt_client_default_device_assignment(typed(a)->client, 2, 1, ids, 2));
  MATRIX_EXPECT(a, ids[0] == 0 && ids[1] == 1);
  return NULL;
}

static pjrt_error *update_process_infos(matrix_attempt *a) {
  const pjrt_process_info info = {0, 1, PJRT_PROCESS_CONNECTED, NULL};
  return pjrt_client_update_process_infos(typed(a)->client, &info, 1);
}

/* ---- devices: the first, whose facts are read first ---------------------- */

static pjrt_error *device_id(matrix_attempt *a) {
  MATRIX_EXPECT(a, pjrt_device_id(typed(a)->device) == 0);
  return NULL;
}

static pjrt_error *device_process_index(matrix_attempt *a) {
  MATRIX_EXPECT(a, pjrt_device_process_index(typed(a)->device) == 0);
  return NULL;
}

static pjrt_error *device_is_addressable(matrix_attempt *a) {
  MATRIX_EXPECT(a, pjrt_device_is_addressable(typed(a)->device));
  return NULL;
}

static pjrt_error *device_local_hardware_id(matrix_attempt *a) {
  const int id = pjrt_device_local_hardware_id(typed(a)->device);
  MATRIX_EXPECT(a,
                id == (matrix_has(a, "PJRT_Device_LocalHardwareId") ? 0 : -1));
  return NULL;
}

static pjrt_error *device_kind(matrix_attempt *a) {
  TEXT(a, pjrt_device_kind, typed(a)->device, "PJRT_DeviceDescription_Kind",
       "sim device");
  return NULL;
}

static pjrt_error *device_debug_string(matrix_attempt *a) {
  TEXT(a, pjrt_device_debug_string, typed(a)->device,
       "PJRT_DeviceDescription_DebugString", NULL);
  return NULL;
}

static pjrt_error *device_to_string(matrix_attempt *a) {
  TEXT(a, pjrt_device_to_string, typed(a)->device,
       "PJRT_DeviceDescription_ToString", "sim:0");
  return NULL;
}

static pjrt_error *device_attributes(matrix_attempt *a) {
  const pjrt_named_values *facts = pjrt_device_attributes(typed(a)->device);
  const bool is_told = matrix_has(a, "PJRT_DeviceDescription_Attributes");
  MATRIX_EXPECT(a, (pjrt_named_values_size(facts) > 0) == is_told);
  return NULL;
}

static pjrt_error *device_memories(matrix_attempt *a) {
  const size_t num = pjrt_device_num_memories(typed(a)->device);
  const bool is_told =
      has_memories(a) && matrix_has(a, "PJRT_Device_AddressableMemories");
  MATRIX_EXPECT(a, is_told ? num >= 1 : num == 0);
  return NULL;
}

static pjrt_error *device_default_memory(matrix_attempt *a) {
  const pjrt_memory *memory = pjrt_device_default_memory(typed(a)->device);
  const bool is_told = has_memories(a) &&
                       matrix_has(a, "PJRT_Device_AddressableMemories") &&
                       matrix_has(a, "PJRT_Device_DefaultMemory");
  MATRIX_EXPECT(a, (memory != NULL) == is_told);
  return NULL;
}

/* ---- devices at work ----------------------------------------------------- */

static pjrt_error *memory_stats(matrix_attempt *a) {
  pjrt_memory_stats stats;
  pjrt_memory_stats_init(&stats);
  PJRT_TRY(pjrt_device_memory_stats(typed(a)->device, &stats));
  MATRIX_EXPECT(a, stats.bytes_in_use == 0);
  MATRIX_EXPECT(a, stats.bytes_limit.has_value && stats.bytes_limit.value > 0);
  MATRIX_EXPECT(a, !stats.pool_bytes.has_value);
  return NULL;
}

static pjrt_error *clear_memory_stats(matrix_attempt *a) {
  return pjrt_device_clear_memory_stats(typed(a)->device);
}

static pjrt_error *get_attributes(matrix_attempt *a) {
  pjrt_named_values *values;
  PJRT_TRY(pjrt_device_get_attributes(typed(a)->device, &values));
  MATRIX_EXPECT(a, values && pjrt_named_values_size(values) == 0);
  pjrt_named_values_free(values);
  return NULL;
}

/* Nothing is under way. */
static pjrt_error *poison_execution(matrix_attempt *a) {
  bool poisoned = true;
  pjrt_error *reason = pjrt_error_create(PJRT_ABORTED, "not today", 9);
  pjrt_error *error =
      pjrt_device_poison_execution(typed(a)->device, 7, reason, &poisoned);
  pjrt_error_free(reason);
  MATRIX_EXPECT(a, !poisoned);
  return error;
}

static pjrt_error *track(matrix_attempt *a) {
  pjrt_async_tracking_event *event;
  PJRT_TRY(pjrt_device_create_async_tracking_event(typed(a)->device, "work", 4,
                                                   &event));
  MATRIX_EXPECT(a, event);
  pjrt_async_tracking_event_free(event);
  return NULL;
}

/* ---- memories ------------------------------------------------------------ */

static pjrt_memory *first_memory(matrix_attempt *a) {
  pjrt_memory *memory = pjrt_client_memory(typed(a)->client, 0);
  MATRIX_EXPECT(a, (memory != NULL) == has_memories(a));
  return memory;
}

static pjrt_error *memory_id(matrix_attempt *a) {
  const pjrt_memory *memory = first_memory(a);
  if (memory) MATRIX_EXPECT(a, pjrt_memory_id(memory) == 0);
  return NULL;
}

static pjrt_error *memory_kind(matrix_attempt *a) {
  const pjrt_memory *memory = first_memory(a);
  if (memory) TEXT(a, pjrt_memory_kind, memory, "PJRT_Memory_Kind", "device");
  return NULL;
}

static pjrt_error *memory_kind_id(matrix_attempt *a) {
  const pjrt_memory *memory = first_memory(a);
  const bool is_told = matrix_has(a, "PJRT_Memory_Kind_Id");
  if (memory) MATRIX_EXPECT(a, (pjrt_memory_kind_id(memory) != 0) == is_told);
  return NULL;
}

static pjrt_error *memory_debug_string(matrix_attempt *a) {
  const pjrt_memory *memory = first_memory(a);
  if (memory)
    TEXT(a, pjrt_memory_debug_string, memory, "PJRT_Memory_DebugString", NULL);
  return NULL;
}

static pjrt_error *memory_to_string(matrix_attempt *a) {
  const pjrt_memory *memory = first_memory(a);
  if (memory)
    TEXT(a, pjrt_memory_to_string, memory, "PJRT_Memory_ToString", NULL);
  return NULL;
}

static pjrt_error *memory_devices(matrix_attempt *a) {
  const pjrt_memory *memory = first_memory(a);
  const bool is_told = matrix_has(a, "PJRT_Memory_AddressableByDevices");
  if (!memory) return NULL;
  MATRIX_EXPECT(a, pjrt_memory_num_devices(memory) == is_told);
  MATRIX_EXPECT(
      a, pjrt_memory_device(memory, 0) == (is_told ? typed(a)->device : NULL));
  return NULL;
}

/* ---- all ----------------------------------------------------------------- */

/* A fact that is read when the client is made. */
#define FACT(function, check, told_by) \
  {.name = (function),                 \
   .prepare = typed_client,            \
   .run = (check),                     \
   .fact = (told_by)}

#define ASKING(function, ask) \
  {.name = (function), .prepare = typed_client, .run = (ask)}

const matrix_case typed_fact_cases[] = {
    {.name = "pjrt_plugin_open", .prepare = typed_nothing, .run = plugin_open},
    {.name = "pjrt_plugin_attributes",
     .prepare = typed_nothing,
     .run = plugin_attributes},
    {.name = "pjrt_plugin_supports",
     .prepare = typed_nothing,
     .run = plugin_supports},
    {.name = "pjrt_client_create",
     .prepare = typed_nothing,
     .run = typed_client},
    {.name = "pjrt_client_create",
     .variant = "with a key-value store",
     .prepare = meet_once,
     .run = create_with_kvstore},
    {.name = "pjrt_client_free", .prepare = typed_client, .run = client_free},
    FACT("pjrt_client_platform_name", client_platform_name,
         "PJRT_Client_PlatformName"),
    FACT("pjrt_client_platform_version", client_platform_version,
         "PJRT_Client_PlatformVersion"),
    FACT("pjrt_client_process_index", client_process_index,
         "PJRT_Client_ProcessIndex"),
    FACT("pjrt_client_num_devices", client_devices, "PJRT_Client_Devices"),
    FACT("pjrt_client_num_addressable_devices", client_addressable_devices,
         "PJRT_Client_AddressableDevices"),
    FACT("pjrt_client_lookup_device", lookup_device,
         "PJRT_DeviceDescription_Id"),
    FACT("pjrt_client_lookup_addressable_device", lookup_addressable_device,
         "PJRT_Device_LocalHardwareId"),
    FACT("pjrt_client_num_memories", client_memories,
         "PJRT_Client_AddressableMemories"),
    {.name = "pjrt_client_default_device_assignment",
     .prepare = typed_client,
     .run = default_device_assignment},
    {.name = "pjrt_client_update_process_infos",
     .prepare = typed_client,
     .run = update_process_infos,
     .since = 76,
     .before = "API 0.7"},
    FACT("pjrt_device_id", device_id, "PJRT_DeviceDescription_Id"),
    FACT("pjrt_device_process_index", device_process_index,
         "PJRT_DeviceDescription_ProcessIndex"),
    FACT("pjrt_device_is_addressable", device_is_addressable,
         "PJRT_Device_IsAddressable"),
    FACT("pjrt_device_local_hardware_id", device_local_hardware_id,
         "PJRT_Device_LocalHardwareId"),
    FACT("pjrt_device_kind", device_kind, "PJRT_DeviceDescription_Kind"),
    FACT("pjrt_device_debug_string", device_debug_string,
         "PJRT_DeviceDescription_DebugString"),
    FACT("pjrt_device_to_string", device_to_string,
         "PJRT_DeviceDescription_ToString"),
    FACT("pjrt_device_attributes", device_attributes,
         "PJRT_DeviceDescription_Attributes"),
    FACT("pjrt_device_num_memories", device_memories,
         "PJRT_Device_AddressableMemories"),
    FACT("pjrt_device_default_memory", device_default_memory,
         "PJRT_Device_DefaultMemory"),
    ASKING("pjrt_device_memory_stats", memory_stats),
    ASKING("pjrt_device_clear_memory_stats", clear_memory_stats),
    ASKING("pjrt_device_get_attributes", get_attributes),
    ASKING("pjrt_device_poison_execution", poison_execution),
    ASKING("pjrt_device_create_async_tracking_event", track),
    ASKING("pjrt_async_tracking_event_free", track),
    FACT("pjrt_memory_id", memory_id, "PJRT_Memory_Id"),
    FACT("pjrt_memory_kind", memory_kind, "PJRT_Memory_Kind"),
    FACT("pjrt_memory_kind_id", memory_kind_id, "PJRT_Memory_Kind_Id"),
    FACT("pjrt_memory_debug_string", memory_debug_string,
         "PJRT_Memory_DebugString"),
    FACT("pjrt_memory_to_string", memory_to_string, "PJRT_Memory_ToString"),
    FACT("pjrt_memory_num_devices", memory_devices,
         "PJRT_Memory_AddressableByDevices"),
};
const size_t typed_num_fact_cases =
    sizeof typed_fact_cases / sizeof *typed_fact_cases;
