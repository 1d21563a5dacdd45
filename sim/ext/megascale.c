/* Megascale: several slices. Those of this plugin are all in one process and
 * need no network, so a context's port is -1, and its collectives are those of
 * Collectives. What it says of errors is in megascale_errors.c. */
#include "ext/megascale.h"

#include <stdlib.h>
#include <string.h>

#include "ext/collectives.h"
#include "ext/multi_slice.h"
#include "ext/wire.h"

struct PJRT_Megascale_ClientContext {
  sim_kind kind;
  atomic_bool is_initialized;
  sim_lobby *lobby;
};

/* ---- contexts ------------------------------------------------------------ */

/* Contexts of one client share it, so that their communicators meet. */
typedef struct client_lobby {
  sim_lobby *lobby;
} client_lobby;

static const char client_key;

static void client_lobby_release(void *data) {
  sim_lobby_leave(((client_lobby *)data)->lobby);
}

static sim_lobby *enter_lobby_of(PJRT_Client *client) {
  client_lobby *kept = sim_attached(&client->attachments, &client_key,
                                    sizeof(*kept), client_lobby_release);
  sim_ext_lock();
  if (!kept->lobby) kept->lobby = sim_lobby_create();
  sim_lobby *lobby = sim_lobby_enter(kept->lobby);
  sim_ext_unlock();
  return lobby;
}

/* Takes over the use of the lobby. */
static PJRT_Megascale_ClientContext *context_create(sim_lobby *lobby) {
  PJRT_Megascale_ClientContext *context = sim_new(SIM_OTHER, sizeof(*context));
  context->lobby = lobby;
  return context;
}

static PJRT_Error *create_from_client(
    PJRT_Megascale_CreateClientContextFromPjRtClient_Args *args) {
  SIM_EXT_ENTER(
      args, PJRT_Megascale_CreateClientContextFromPjRtClient_Args,
      PJRT_Megascale_CreateClientContextFromPjRtClient_Args_STRUCT_SIZE);
  SIM_REQUIRE(args->client, SIM_CLIENT);
  args->client_context = context_create(enter_lobby_of(args->client));
  return NULL;
}

static PJRT_Error *create_default(
    PJRT_Megascale_CreateDefaultClientContext_Args *args) {
  SIM_EXT_ENTER(args, PJRT_Megascale_CreateDefaultClientContext_Args,
                PJRT_Megascale_CreateDefaultClientContext_Args_STRUCT_SIZE);
  args->client_context = context_create(sim_lobby_create());
  return NULL;
}

static PJRT_Error *delete_context(
    PJRT_Megascale_DeleteClientContext_Args *args) {
  SIM_EXT_ENTER(args, PJRT_Megascale_DeleteClientContext_Args,
                PJRT_Megascale_DeleteClientContext_Args_STRUCT_SIZE);
  if (!args->client_context) return NULL;
  SIM_REQUIRE(args->client_context, SIM_OTHER);
  sim_lobby_leave(args->client_context->lobby);
  sim_delete(args->client_context, SIM_OTHER);
  return NULL;
}

static PJRT_Error *initialize(
    PJRT_Megascale_ClientContext_Initialize_Args *args) {
  SIM_EXT_ENTER(args, PJRT_Megascale_ClientContext_Initialize_Args,
                PJRT_Megascale_ClientContext_Initialize_Args_STRUCT_SIZE);
  SIM_REQUIRE(args->client_context, SIM_OTHER);
  atomic_store(&args->client_context->is_initialized, true);
  return NULL;
}

static PJRT_Error *require_initialized(
    const PJRT_Megascale_ClientContext *context) {
  SIM_REQUIRE(context, SIM_OTHER);
  if (atomic_load(&context->is_initialized)) return NULL;
  return sim_error(PJRT_Error_Code_FAILED_PRECONDITION,
                   "the client context is not initialized");
}

static PJRT_Error *unblock(
    PJRT_Megascale_ClientContext_UnblockPendingWork_Args *args) {
  SIM_EXT_ENTER(
      args, PJRT_Megascale_ClientContext_UnblockPendingWork_Args,
      PJRT_Megascale_ClientContext_UnblockPendingWork_Args_STRUCT_SIZE);
  SIM_TRY(require_initialized(args->client_context));
  if (args->expire_after_ms < 0)
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "expire_after_ms is %lld, expected at least 0",
                     (long long)args->expire_after_ms);
  sim_lobby_unblock(args->client_context->lobby, args->launch_id,
                    args->expire_after_ms);
  return NULL;
}

static PJRT_Error *port(PJRT_Megascale_ClientContext_MegascalePort_Args *args) {
  SIM_EXT_ENTER(args, PJRT_Megascale_ClientContext_MegascalePort_Args,
                PJRT_Megascale_ClientContext_MegascalePort_Args_STRUCT_SIZE);
  SIM_REQUIRE(args->client_context, SIM_OTHER);
  args->port = -1;
  return NULL;
}

/* ---- configurations ------------------------------------------------------ */

static PJRT_Error *check_number(const char *what, int64_t number, int64_t first,
                                int64_t end) {
  if (number >= first && number < end) return NULL;
  return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                   "%s is %lld, expected %lld to %lld", what, (long long)number,
                   (long long)first, (long long)end - 1);
}

enum { MAX_SLICES = 1024 };

static PJRT_Error *read_slices(const PJRT_TopologyDescription *topology,
                               int32_t num_slices, sim_tpu_mesh *out) {
  SIM_REQUIRE(topology, SIM_TOPOLOGY);
  SIM_TRY(check_number("num_slices", num_slices, 1, MAX_SLICES + 1));
  return sim_tpu_mesh_read(topology, out);
}

static PJRT_Error *create_aot_config(
    PJRT_Megascale_CreateAoTConfig_Args *args) {
  sim_tpu_mesh mesh;
  SIM_EXT_ENTER(args, PJRT_Megascale_CreateAoTConfig_Args,
                PJRT_Megascale_CreateAoTConfig_Args_STRUCT_SIZE);
  SIM_TRY(read_slices(args->topology, args->num_slices, &mesh));
  args->multi_slice_config =
      sim_multi_slice_create(&mesh, args->num_slices, 0, 0);
  return NULL;
}

static PJRT_Error *check_message(const char *name, const char *bytes,
                                 int64_t size) {
  if (size < 0)
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT, "%s has %lld bytes",
                     name, (long long)size);
  if (size && !bytes) return sim_misuse("NULL %s", name);
  if (sim_wire_is_valid(bytes, (size_t)size)) return NULL;
  return sim_error(PJRT_Error_Code_INVALID_ARGUMENT, "%s is no protocol buffer",
                   name);
}

/* EndpointAddresses: of each host its slice, its number and its addresses. */
static PJRT_Error *check_endpoints(
    const PJRT_Megascale_CreateMultiSliceConfig_Args *args,
    const sim_tpu_mesh *mesh) {
  SIM_TRY(check_message("endpoint_addresses", args->endpoint_addresses,
                        args->endpoint_addresses_size));
  sim_wire wire = sim_wire_of(args->endpoint_addresses,
                              (size_t)args->endpoint_addresses_size);
  sim_wire_field host;
  while (sim_wire_next(&wire, &host)) {
    if (host.number != 1) continue;
    SIM_TRY(check_message("endpoint_addresses", host.data, (int64_t)host.size));
    const uint64_t slice = sim_wire_number(host.data, host.size, 1, 0);
    const uint64_t number = sim_wire_number(host.data, host.size, 2, 0);
    SIM_TRY(check_number("the slice of an endpoint", (int64_t)slice, 0,
                         args->num_slices));
    SIM_TRY(check_number("the host of an endpoint", (int64_t)number, 0,
                         mesh->num_processes));
  }
  return NULL;
}

static PJRT_Error *create_config(
    PJRT_Megascale_CreateMultiSliceConfig_Args *args) {
  sim_tpu_mesh mesh;
  SIM_EXT_ENTER(args, PJRT_Megascale_CreateMultiSliceConfig_Args,
                PJRT_Megascale_CreateMultiSliceConfig_Args_STRUCT_SIZE);
  SIM_REQUIRE(args->client_context, SIM_OTHER);
  SIM_TRY(read_slices(args->topology, args->num_slices, &mesh));
  SIM_TRY(check_number("local_slice_id", args->local_slice_id, 0,
                       args->num_slices));
  SIM_TRY(check_number("local_host_id", args->local_host_id, 0,
                       mesh.num_processes));
  SIM_TRY(check_endpoints(args, &mesh));
  SIM_TRY(check_message("dcn_topology", args->dcn_topology,
                        args->dcn_topology_size));
  args->multi_slice_config = sim_multi_slice_create(
      &mesh, args->num_slices, args->local_slice_id, args->local_host_id);
  return NULL;
}

/* ---- collectives --------------------------------------------------------- */

static PJRT_Error *check_indexes(const char *name, const int32_t *indexes,
                                 size_t num, size_t num_processes) {
  if (!indexes || num == num_processes) return NULL;
  return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                   "%zu %s, expected one for each of %zu processes", num, name,
                   num_processes);
}

static PJRT_Error *check_processes(const PJRT_Megascale_ProcessesInfo *info) {
  if (!info) return sim_misuse("NULL processes_info");
  SIM_TRY(check_number("num_addresses", (int64_t)info->num_addresses, 1,
                       INT32_MAX));
  SIM_TRY(check_number("num_devices_per_process", info->num_devices_per_process,
                       1, INT32_MAX));
  SIM_TRY(check_indexes("slice_indexes", info->slice_indexes,
                        info->num_slice_indexes, info->num_addresses));
  return check_indexes("per_slice_indexes", info->per_slice_indexes,
                       info->num_per_slice_indexes, info->num_addresses);
}

static PJRT_Error *create_collectives(
    PJRT_Megascale_CreateMegascaleCollectives_Args *args) {
  SIM_EXT_ENTER(args, PJRT_Megascale_CreateMegascaleCollectives_Args,
                PJRT_Megascale_CreateMegascaleCollectives_Args_STRUCT_SIZE);
  const PJRT_Megascale_ProcessesInfo *info = args->processes_info;
  SIM_TRY(require_initialized(args->client_context));
  SIM_TRY(check_processes(info));
  SIM_TRY(check_message("dcn_topology", args->dcn_topology,
                        (int64_t)args->dcn_topology_size));
  args->collectives = sim_collectives_create(
      args->client_context->lobby,
      info->num_addresses * (size_t)info->num_devices_per_process);
  return NULL;
}

/* ---- ids ----------------------------------------------------------------- */

/* As libtpu numbers them: device 3 of slice 1 is 200003. */
enum { IDS_PER_SLICE = 100000 };

static PJRT_Error *id_of_device(
    PJRT_Megascale_DeviceId_To_MegascaleId_Args *args) {
  SIM_EXT_ENTER(args, PJRT_Megascale_DeviceId_To_MegascaleId_Args,
                PJRT_Megascale_DeviceId_To_MegascaleId_Args_STRUCT_SIZE);
  SIM_TRY(check_number("slice_id", args->slice_id, 0, INT32_MAX));
  SIM_TRY(check_number("per_slice_device_id", args->per_slice_device_id, 0,
                       IDS_PER_SLICE));
  args->megascale_id =
      ((int64_t)args->slice_id + 1) * IDS_PER_SLICE + args->per_slice_device_id;
  return NULL;
}

static PJRT_Error *device_of_id(
    PJRT_Megascale_MegascaleId_To_DeviceId_Args *args) {
  SIM_EXT_ENTER(args, PJRT_Megascale_MegascaleId_To_DeviceId_Args,
                PJRT_Megascale_MegascaleId_To_DeviceId_Args_STRUCT_SIZE);
  SIM_TRY(check_number("megascale_id", args->megascale_id, IDS_PER_SLICE,
                       (int64_t)INT32_MAX * IDS_PER_SLICE));
  args->slice_id = (int32_t)(args->megascale_id / IDS_PER_SLICE - 1);
  args->per_slice_device_id = (int32_t)(args->megascale_id % IDS_PER_SLICE);
  return NULL;
}

/* ---- the node ------------------------------------------------------------ */

/* Before there was MultiSlice its functions were here. */
static void adapt(void *node, int minor) {
  if (minor >= SIM_MINOR_WITH_MULTI_SLICE) return;
  const size_t begin =
      offsetof(PJRT_Megascale_Extension, delete_multi_slice_config);
  const size_t end =
      offsetof(PJRT_Megascale_Extension, client_context_initialize);
  memcpy((char *)node + begin,
         (const char *)&sim_multi_slice_node +
             offsetof(PJRT_MultiSlice_Extension, config_destroy),
         end - begin);
}

static const PJRT_Megascale_Extension node = {
    .create_client_context_from_pjrt_client = create_from_client,
    .create_default_client_context = create_default,
    .delete_client_context = delete_context,
    .create_aot_config = create_aot_config,
    .create_multi_slice_config = create_config,
    .client_context_initialize = initialize,
    .client_context_unblock_pending_work = unblock,
    .client_context_megascale_port = port,
    .create_megascale_collectives = create_collectives,
    .device_id_to_megascale_id = id_of_device,
    .megascale_id_to_device_id = device_of_id,
    .register_megascale_error_handler = sim_megascale_RegisterErrorHandler,
    .unregister_megascale_error_handler = sim_megascale_UnregisterErrorHandler,
    .error_aggregator_create = sim_megascale_ErrorAggregator_Create,
    .error_aggregator_delete = sim_megascale_ErrorAggregator_Delete,
    .error_digest_delete = sim_megascale_ErrorDigest_Delete,
    .error_aggregator_add_error = sim_megascale_ErrorAggregator_AddError,
    .error_aggregator_process_and_shutdown =
        sim_megascale_ErrorAggregator_ProcessAndShutdown,
    .error_aggregator_log_error_digest =
        sim_megascale_ErrorAggregator_LogErrorDigest,
    .error_aggregator_size = sim_megascale_ErrorAggregator_Size,
    .error_aggregator_active = sim_megascale_ErrorAggregator_Active,
    .get_interface_addresses_helper = sim_megascale_GetInterfaceAddressesHelper,
    .get_or_create_runtime_error = sim_megascale_GetOrCreateRuntimeError,
};

const sim_extension sim_ext_megascale = {
    .type = PJRT_Extension_Type_Megascale,
    .name = "Megascale",
    .steps = {{90, 128}, {114, 248}},
    .node = &node,
    .node_size = sizeof(node),
    .adapt = adapt,
};
