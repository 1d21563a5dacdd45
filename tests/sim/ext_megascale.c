/* Megascale and MultiSlice. */
#include <unistd.h>

#include "check.h"

static const PJRT_MultiSlice_Extension *slices(void) {
  return find_extension(PJRT_Extension_Type_MultiSlice);
}

/* ---- contexts ------------------------------------------------------------ */

static PJRT_Megascale_ClientContext *default_context(void) {
  ARGS(PJRT_Megascale_CreateDefaultClientContext, .client_context = NULL);
  return megascale()->create_default_client_context(&args)
             ? NULL
             : args.client_context;
}

static PJRT_Error *delete_context(PJRT_Megascale_ClientContext *context) {
  ARGS(PJRT_Megascale_DeleteClientContext, .client_context = context);
  return megascale()->delete_client_context(&args);
}

static void check_contexts(void) {
  PJRT_Client *client = new_client();
  ARGS(PJRT_Megascale_CreateClientContextFromPjRtClient, .client = client);
  CHECK(!megascale()->create_client_context_from_pjrt_client(&args));
  CHECK(args.client_context);
  MAKE(port, PJRT_Megascale_ClientContext_MegascalePort,
       .client_context = args.client_context);
  CHECK(!megascale()->client_context_megascale_port(&port) && port.port == -1);
  CHECK(!delete_context(args.client_context));
  free_client(client);
  args.client = NULL;
  CHECK(says(megascale()->create_client_context_from_pjrt_client(&args),
             PJRT_Error_Code_INTERNAL, "misuse"));
  port.client_context = NULL;
  CHECK(says(megascale()->client_context_megascale_port(&port),
             PJRT_Error_Code_INTERNAL, "misuse"));
  CHECK(!delete_context(NULL));
}

/* Work can be unblocked once the context is initialized. */
static void check_initialize(void) {
  PJRT_Megascale_ClientContext *context = default_context();
  CHECK(context);
  MAKE(unblock, PJRT_Megascale_ClientContext_UnblockPendingWork,
       .client_context = context, .launch_id = 1);
  CHECK(says(megascale()->client_context_unblock_pending_work(&unblock),
             PJRT_Error_Code_FAILED_PRECONDITION,
             "the client context is not initialized"));
  ARGS(PJRT_Megascale_ClientContext_Initialize, .client_context = context);
  CHECK(!megascale()->client_context_initialize(&args));
  CHECK(!megascale()->client_context_unblock_pending_work(&unblock));
  unblock.expire_after_ms = -1;
  CHECK(says(megascale()->client_context_unblock_pending_work(&unblock),
             PJRT_Error_Code_INVALID_ARGUMENT,
             "expire_after_ms is -1, expected at least 0"));
  args.client_context = NULL;
  CHECK(says(megascale()->client_context_initialize(&args),
             PJRT_Error_Code_INTERNAL, "misuse"));
  CHECK(!delete_context(context));
}

/* ---- configurations ------------------------------------------------------ */

static PJRT_Error *destroy_config(PJRT_MultiSlice_Config *config) {
  ARGS(PJRT_MultiSlice_Config_Destroy, .config = config);
  return slices()->config_destroy(&args);
}

static void check_config(PJRT_MultiSlice_Config *config, int32_t num,
                         int32_t id) {
  ARGS(PJRT_MultiSlice_Config_NumSlices, .config = config);
  CHECK(!slices()->config_num_slices(&args) && args.num_slices == num);
  MAKE(slice, PJRT_MultiSlice_Config_SliceId, .config = config, .slice_id = 9);
  CHECK(!slices()->config_slice_id(&slice) && slice.slice_id == id);
  MAKE(map, PJRT_MultiSlice_Config_NumDevicesPerSlice, .config = config);
  CHECK(!slices()->config_num_devices_per_slice(&map));
  CHECK(map.num_devices_per_slice_map == (size_t)num);
  for (int32_t i = 0; i < num; i++)
    CHECK(map.slice_ids[i] == i && map.num_devices[i] == 4);
  map.devices_per_slice_map_deleter(map.devices_per_slice_map);
}

static void check_aot_config(void) {
  /* Slice 0, host 0, and of each slice its shape: a host of four chips. */
  static const char expected[] =
      "\x08\x00\x10\x00"
      "\x1a\x14\x08\x00\x1a\x10\x2a\x06\x08\x04\x10\x01\x18\x01"
      "\x32\x06\x08\x01\x10\x01\x18\x01"
      "\x1a\x14\x08\x01\x1a\x10\x2a\x06\x08\x04\x10\x01\x18\x01"
      "\x32\x06\x08\x01\x10\x01\x18\x01";
  PJRT_Client *client = new_client();
  ARGS(PJRT_Megascale_CreateAoTConfig, .topology = topology_of(client),
       .num_slices = 2);
  CHECK(!megascale()->create_aot_config(&args));
  check_config(args.multi_slice_config, 2, 0);
  MAKE(bytes, PJRT_MultiSlice_Config_Serialize,
       .config = args.multi_slice_config);
  CHECK(!slices()->config_serialize(&bytes));
  CHECK(is_bytes(bytes.serialized, bytes.size, expected, sizeof(expected) - 1));
  bytes.serialized_config_deleter(bytes.serialized_config);
  CHECK(!destroy_config(args.multi_slice_config) && !destroy_config(NULL));
  args.num_slices = 0;
  CHECK(says(megascale()->create_aot_config(&args),
             PJRT_Error_Code_INVALID_ARGUMENT,
             "num_slices is 0, expected 1 to 1024"));
  args.topology = NULL;
  CHECK(says(megascale()->create_aot_config(&args), PJRT_Error_Code_INTERNAL,
             "misuse"));
  free_client(client);
}

static void check_null_config(void) {
  ARGS(PJRT_MultiSlice_Config_NumSlices, .config = NULL);
  CHECK(says(slices()->config_num_slices(&args), PJRT_Error_Code_INTERNAL,
             "misuse"));
  MAKE(id, PJRT_MultiSlice_Config_SliceId, .config = NULL);
  CHECK(
      says(slices()->config_slice_id(&id), PJRT_Error_Code_INTERNAL, "misuse"));
  MAKE(map, PJRT_MultiSlice_Config_NumDevicesPerSlice, .config = NULL);
  CHECK(says(slices()->config_num_devices_per_slice(&map),
             PJRT_Error_Code_INTERNAL, "misuse"));
  MAKE(bytes, PJRT_MultiSlice_Config_Serialize, .config = NULL);
  CHECK(says(slices()->config_serialize(&bytes), PJRT_Error_Code_INTERNAL,
             "misuse"));
  bytes.struct_size = 40;
  CHECK(says(slices()->config_serialize(&bytes),
             PJRT_Error_Code_INVALID_ARGUMENT,
             "Unexpected PJRT_MultiSlice_Config_Serialize_Args size"));
}

static void check_multi_slice_config(void) {
  /* Host 0 of slice 2. */
  static const char endpoint[] = "\x0a\x04\x08\x02\x10\x00";
  PJRT_Client *client = new_client();
  PJRT_Megascale_ClientContext *context = default_context();
  ARGS(PJRT_Megascale_CreateMultiSliceConfig, .topology = topology_of(client),
       .num_slices = 3, .local_slice_id = 2, .endpoint_addresses = endpoint,
       .endpoint_addresses_size = 6, .client_context = context);
  CHECK(!megascale()->create_multi_slice_config(&args));
  check_config(args.multi_slice_config, 3, 2);
  CHECK(!destroy_config(args.multi_slice_config));
#define REFUSED(text)                                       \
  CHECK(says(megascale()->create_multi_slice_config(&args), \
             PJRT_Error_Code_INVALID_ARGUMENT, text))
  args.local_host_id = 1;
  REFUSED("local_host_id is 1, expected 0 to 0");
  args.local_host_id = 0;
  args.dcn_topology = "\x0a";
  args.dcn_topology_size = 1;
  REFUSED("dcn_topology is no protocol buffer");
  args.dcn_topology_size = -1;
  REFUSED("dcn_topology has -1 bytes");
  args.local_slice_id = 1;
  args.num_slices = 2;
  REFUSED("the slice of an endpoint is 2, expected 0 to 1");
  args.endpoint_addresses_size = 5;
  REFUSED("endpoint_addresses is no protocol buffer");
  args.local_slice_id = -1;
  REFUSED("local_slice_id is -1, expected 0 to 1");
#undef REFUSED
  args.client_context = NULL;
  CHECK(says(megascale()->create_multi_slice_config(&args),
             PJRT_Error_Code_INTERNAL, "misuse"));
  CHECK(!delete_context(context));
  free_client(client);
}

/* Before 0.98 Megascale has the functions of MultiSlice itself. */
static void check_old_slots(void) {
  PJRT_MultiSlice_Config_Destroy *destroy;
  PJRT_MultiSlice_Config_NumSlices *num_slices;
  use_minor(97);
  CHECK(!slices() && megascale()->base.struct_size == 128);
  memcpy(&destroy, &megascale()->delete_multi_slice_config, sizeof(destroy));
  memcpy(&num_slices, &megascale()->multi_slice_config_num_slices,
         sizeof(num_slices));
  PJRT_Client *client = new_client();
  MAKE(make, PJRT_Megascale_CreateAoTConfig, .topology = topology_of(client),
       .num_slices = 5);
  CHECK(!megascale()->create_aot_config(&make));
  ARGS(PJRT_MultiSlice_Config_NumSlices, .config = make.multi_slice_config);
  CHECK(!num_slices(&args) && args.num_slices == 5);
  MAKE(end, PJRT_MultiSlice_Config_Destroy, .config = make.multi_slice_config);
  CHECK(!destroy(&end));
  free_client(client);
  use_defaults();
  CHECK(slices() && !megascale()->delete_multi_slice_config);
  CHECK(!megascale()->multi_slice_config_serialize);
}

/* ---- ids ----------------------------------------------------------------- */

static void check_ids(void) {
  ARGS(PJRT_Megascale_DeviceId_To_MegascaleId, .slice_id = 1,
       .per_slice_device_id = 3);
  CHECK(!megascale()->device_id_to_megascale_id(&args));
  CHECK(args.megascale_id == 200003);
  MAKE(back, PJRT_Megascale_MegascaleId_To_DeviceId, .megascale_id = 300007);
  CHECK(!megascale()->megascale_id_to_device_id(&back));
  CHECK(back.slice_id == 2 && back.per_slice_device_id == 7);
  args.per_slice_device_id = 100000;
  CHECK(says(megascale()->device_id_to_megascale_id(&args),
             PJRT_Error_Code_INVALID_ARGUMENT,
             "per_slice_device_id is 100000, expected 0 to 99999"));
  args.slice_id = -1;
  CHECK(says(megascale()->device_id_to_megascale_id(&args),
             PJRT_Error_Code_INVALID_ARGUMENT, "slice_id is -1, expected 0"));
  back.megascale_id = 99999;
  CHECK(says(megascale()->megascale_id_to_device_id(&back),
             PJRT_Error_Code_INVALID_ARGUMENT,
             "megascale_id is 99999, expected 100000"));
}

/* ---- errors -------------------------------------------------------------- */

static int num_told;
static char told[64];

static void on_error(const char *error, size_t size, void *user_arg) {
  num_told += *(int *)user_arg;
  memcpy(told, error, size < sizeof(told) ? size : sizeof(told));
}

static PJRT_Error *register_handler(const char *name, int *weight) {
  ARGS(PJRT_Megascale_RegisterErrorHandler, .handler_name = name,
       .handler_name_size = strlen(name), .handler = on_error,
       .user_data = weight);
  return megascale()->register_megascale_error_handler(&args);
}

static PJRT_Error *unregister_handler(const char *name) {
  ARGS(PJRT_Megascale_UnregisterErrorHandler, .handler_name = name,
       .handler_name_size = strlen(name));
  return megascale()->unregister_megascale_error_handler(&args);
}

/* Errors last as long as the process: each check has launches of its own. */
static bool make_error(int32_t launch_id) {
  ARGS(PJRT_Megascale_GetOrCreateRuntimeError, .error_type = 1,
       .launch_id = launch_id);
  if (megascale()->get_or_create_runtime_error(&args)) return false;
  args.error_deleter(args.error);
  return args.is_new_error;
}

static void check_handlers(void) {
  int one = 1, ten = 10;
  num_told = 0;
  CHECK(!register_handler("one", &one) && !register_handler("ten", &ten));
  CHECK(says(register_handler("one", &one), PJRT_Error_Code_ALREADY_EXISTS,
             "an error handler 'one' is registered"));
  CHECK(make_error(100) && num_told == 11);
  CHECK(!unregister_handler("one"));
  CHECK(make_error(101) && num_told == 21);
  CHECK(!unregister_handler("ten"));
  CHECK(make_error(102) && num_told == 21);
  CHECK(says(unregister_handler("ten"), PJRT_Error_Code_NOT_FOUND,
             "there is no error handler 'ten'"));
  CHECK(says(register_handler("", &one), PJRT_Error_Code_INVALID_ARGUMENT,
             "handler_name is empty"));
  CHECK(says(unregister_handler(""), PJRT_Error_Code_INVALID_ARGUMENT,
             "handler_name is empty"));
  ARGS(PJRT_Megascale_RegisterErrorHandler, .handler_name = "none",
       .handler_name_size = 4);
  CHECK(says(megascale()->register_megascale_error_handler(&args),
             PJRT_Error_Code_INTERNAL, "misuse"));
}

/* The second time there is the first one again, and nobody hears of it. */
static void check_runtime_error(void) {
  static const char expected[] =
      "\x08\x02\x12\x0bUNKNOWN: no\x18\x07\x28\xc8\x01\x60\x01";
  int one = 1;
  num_told = 0;
  CHECK(!register_handler("one", &one));
  ARGS(PJRT_Megascale_GetOrCreateRuntimeError, .error_type = 2,
       .start_time_nanos = 7000000, .status_code = PJRT_Error_Code_UNKNOWN,
       .status_message = "no", .status_message_size = 2, .launch_id = 200,
       .has_unrecoverable_error_type = true, .unrecoverable_error_type = 1);
  for (int i = 0; i < 2; i++) {
    CHECK(!megascale()->get_or_create_runtime_error(&args));
    CHECK(args.is_new_error == (i == 0) && num_told == 1);
    CHECK(is_bytes(args.serialized_error, args.serialized_error_size, expected,
                   sizeof(expected) - 1));
    CHECK(!memcmp(told, expected, sizeof(expected) - 1));
    args.error_deleter(args.error);
    args.status_message = "ok";
  }
  CHECK(!unregister_handler("one"));
  args.unrecoverable_error_type = 3;
  CHECK(says(megascale()->get_or_create_runtime_error(&args),
             PJRT_Error_Code_INVALID_ARGUMENT,
             "unrecoverable_error_type is 3, expected 0 to 2"));
  args.status_code = 17;
  CHECK(says(megascale()->get_or_create_runtime_error(&args),
             PJRT_Error_Code_INVALID_ARGUMENT,
             "status_code is 17, expected 0 to 16"));
  args.error_type = 0;
  CHECK(says(megascale()->get_or_create_runtime_error(&args),
             PJRT_Error_Code_INVALID_ARGUMENT,
             "error_type is 0, expected 1 to 3"));
}

/* ---- aggregators --------------------------------------------------------- */

static PJRT_Megascale_ErrorAggregator *new_aggregator(void) {
  ARGS(PJRT_Megascale_ErrorAggregator_Create, .app_type = "app",
       .app_type_size = 3);
  return megascale()->error_aggregator_create(&args) ? NULL : args.aggregator;
}

static PJRT_Error *delete_aggregator(PJRT_Megascale_ErrorAggregator *which) {
  ARGS(PJRT_Megascale_ErrorAggregator_Delete, .aggregator = which);
  return megascale()->error_aggregator_delete(&args);
}

static PJRT_Error *add_error(PJRT_Megascale_ErrorAggregator *aggregator,
                             const char *worker, const char *error,
                             size_t size) {
  ARGS(PJRT_Megascale_ErrorAggregator_AddError, .aggregator = aggregator,
       .worker_id = worker, .worker_id_size = strlen(worker),
       .serialized_error = error, .serialized_error_size = size);
  return megascale()->error_aggregator_add_error(&args);
}

static size_t size_of(PJRT_Megascale_ErrorAggregator *aggregator) {
  ARGS(PJRT_Megascale_ErrorAggregator_Size, .aggregator = aggregator,
       .size = 99);
  return megascale()->error_aggregator_size(&args) ? 99 : args.size;
}

static bool is_active(PJRT_Megascale_ErrorAggregator *aggregator, bool before) {
  ARGS(PJRT_Megascale_ErrorAggregator_Active, .aggregator = aggregator,
       .active = before);
  return megascale()->error_aggregator_active(&args) ? before : args.active;
}

static PJRT_Megascale_ErrorDigest *digest_of(
    PJRT_Megascale_ErrorAggregator *aggregator) {
  ARGS(PJRT_Megascale_ErrorAggregator_ProcessAndShutdown,
       .aggregator = aggregator);
  return megascale()->error_aggregator_process_and_shutdown(&args)
             ? NULL
             : args.digest;
}

static PJRT_Error *delete_digest(PJRT_Megascale_ErrorDigest *digest) {
  ARGS(PJRT_Megascale_ErrorDigest_Delete, .digest = digest);
  return megascale()->error_digest_delete(&args);
}

/* A hang, with its message. */
static const char HANG[] = "\x08\x01\x12\x04slow";
static const char UNRECOVERABLE[] = "\x08\x02";
static const char CANCELLED[] = "\x08\x03";
#define ERROR(bytes) (bytes), sizeof(bytes) - 1

static void check_aggregator(void) {
  PJRT_Megascale_ErrorAggregator *aggregator = new_aggregator();
  CHECK(aggregator && size_of(aggregator) == 0 && is_active(aggregator, false));
  CHECK(!add_error(aggregator, "a", ERROR(HANG)));
  CHECK(!add_error(aggregator, "b", ERROR(HANG)));
  CHECK(!add_error(aggregator, "a", ERROR(UNRECOVERABLE)));
  CHECK(size_of(aggregator) == 2);
  CHECK(says(add_error(aggregator, "a", "\x08", 1),
             PJRT_Error_Code_INVALID_ARGUMENT,
             "serialized_error is no MegaScaleRuntimeError"));
  CHECK(says(add_error(aggregator, "", ERROR(HANG)),
             PJRT_Error_Code_INVALID_ARGUMENT, "worker_id is empty"));
  CHECK(says(add_error(NULL, "a", ERROR(HANG)), PJRT_Error_Code_INTERNAL,
             "misuse"));
  PJRT_Megascale_ErrorDigest *digest = digest_of(aggregator);
  CHECK(digest && !is_active(aggregator, true));
  CHECK(!add_error(aggregator, "c", ERROR(HANG)) && size_of(aggregator) == 2);
  CHECK(!delete_digest(digest) && !delete_digest(NULL));
  CHECK(!delete_aggregator(aggregator) && !delete_aggregator(NULL));
  ARGS(PJRT_Megascale_ErrorAggregator_Create, .app_type = "");
  CHECK(says(megascale()->error_aggregator_create(&args),
             PJRT_Error_Code_INVALID_ARGUMENT, "app_type is empty"));
}

/* A job that is cancelled first has no errors to explain. */
static void check_cancelled(void) {
  PJRT_Megascale_ErrorAggregator *aggregator = new_aggregator();
  CHECK(!add_error(aggregator, "a", ERROR(CANCELLED)));
  CHECK(size_of(aggregator) == 0 && !is_active(aggregator, true));
  CHECK(!add_error(aggregator, "b", ERROR(HANG)) && size_of(aggregator) == 0);
  CHECK(!delete_aggregator(aggregator));
}

/* What the plugin writes to stderr meanwhile. */
static size_t log_digest(PJRT_Megascale_ErrorAggregator *aggregator,
                         PJRT_Megascale_ErrorDigest *digest, char *out,
                         size_t size) {
  FILE *file = tmpfile();
  const int saved = dup(STDERR_FILENO);
  ARGS(PJRT_Megascale_ErrorAggregator_LogErrorDigest, .aggregator = aggregator,
       .digest = digest);
  fflush(stderr);
  dup2(fileno(file), STDERR_FILENO);
  PJRT_Error *error = megascale()->error_aggregator_log_error_digest(&args);
  fflush(stderr);
  dup2(saved, STDERR_FILENO);
  close(saved);
  rewind(file);
  const size_t got = error ? 0 : fread(out, 1, size, file);
  fclose(file);
  return got;
}

static void check_digest(void) {
  static const char expected[] =
      "pjrt_sim: app: 2 errors, the first 'slow'; UNRECOVERABLE_ERROR; "
      "workers a, b\n";
  char text[256];
  PJRT_Megascale_ErrorAggregator *aggregator = new_aggregator();
  CHECK(!add_error(aggregator, "a", ERROR(HANG)));
  CHECK(!add_error(aggregator, "b", ERROR(UNRECOVERABLE)));
  PJRT_Megascale_ErrorDigest *digest = digest_of(aggregator);
  const size_t size = log_digest(aggregator, digest, text, sizeof(text));
  CHECK(is_bytes(text, size, expected, sizeof(expected) - 1));
  CHECK(!delete_digest(digest) && !delete_aggregator(aggregator));
  ARGS(PJRT_Megascale_ErrorAggregator_LogErrorDigest, .digest = NULL);
  CHECK(says(megascale()->error_aggregator_log_error_digest(&args),
             PJRT_Error_Code_INTERNAL, "misuse"));
}

/* ---- addresses ----------------------------------------------------------- */

static void check_addresses(void) {
  static const char first[] =
      "\x0a\x0e"
      "127.0.0.1:8080\x12\x04sim0\x20\x00";
  static const char second[] =
      "\x0a\x09"
      "127.0.0.2\x12\x04sim1\x20\x01";
  static const char *const prefixes[] = {"eth", "sim1"};
  static const size_t sizes[] = {3, 4};
  ARGS(PJRT_Megascale_GetInterfaceAddressesHelper, .megascale_port = 8080,
       .use_all_interfaces = true,
       .limit_to_process_numa_local_interfaces = true);
  CHECK(!megascale()->get_interface_addresses_helper(&args));
  CHECK(args.num_addresses == 1);
  CHECK(is_bytes(args.serialized_addresses[0],
                 args.serialized_addresses_sizes[0], first, sizeof(first) - 1));
  args.addresses_deleter(args.addresses);
  args.megascale_port = -1;
  args.interface_prefixes = (const char **)(uintptr_t)prefixes;
  args.interface_prefixes_sizes = sizes;
  args.num_interface_prefixes = 2;
  args.use_all_interfaces = args.limit_to_process_numa_local_interfaces = false;
  CHECK(!megascale()->get_interface_addresses_helper(&args));
  CHECK(args.num_addresses == 1);
  CHECK(is_bytes(args.serialized_addresses[0],
                 args.serialized_addresses_sizes[0], second,
                 sizeof(second) - 1));
  args.addresses_deleter(args.addresses);
  args.interface_prefixes = NULL;
  CHECK(says(megascale()->get_interface_addresses_helper(&args),
             PJRT_Error_Code_INTERNAL, "misuse"));
  args.megascale_port = 65536;
  CHECK(says(megascale()->get_interface_addresses_helper(&args),
             PJRT_Error_Code_INVALID_ARGUMENT,
             "megascale_port is 65536, expected -1 to 65535"));
}

void suite_ext_megascale(void) {
  run_check("megascale-contexts", check_contexts);
  run_check("megascale-initialize", check_initialize);
  run_check("megascale-aot-config", check_aot_config);
  run_check("megascale-null-config", check_null_config);
  run_check("megascale-config", check_multi_slice_config);
  run_check("megascale-old-slots", check_old_slots);
  run_check("megascale-ids", check_ids);
  run_check("megascale-handlers", check_handlers);
  run_check("megascale-runtime-error", check_runtime_error);
  run_check("megascale-aggregator", check_aggregator);
  run_check("megascale-cancelled", check_cancelled);
  run_check("megascale-digest", check_digest);
  run_check("megascale-addresses", check_addresses);
}
