/* TpuTopology. */
#include "check.h"

static const PJRT_TpuTopology_Extension *tpu(void) {
  return find_extension(PJRT_Extension_Type_TpuTopology);
}

/* 32 cores: two processes, each with eight chips of one plane. */
static PJRT_TopologyDescription *two_planes(void) {
  return new_topology("4x2x2x2", 2);
}

static bool is_box(const int32_t *values, int32_t x, int32_t y, int32_t z) {
  return values[0] == x && values[1] == y && values[2] == z;
}

/* ---- counts -------------------------------------------------------------- */

#define COUNT(name, slot, field, expected)                               \
  do {                                                                   \
    MAKE(args, PJRT_TpuTopology_##name, .topology = topology);           \
    CHECK(!tpu()->slot(&args) && args.field == (expected));              \
    args.topology = NULL;                                                \
    CHECK(says(tpu()->slot(&args), PJRT_Error_Code_INTERNAL, "misuse")); \
    args.struct_size -= 1;                                               \
    CHECK(says(tpu()->slot(&args), PJRT_Error_Code_INVALID_ARGUMENT,     \
               "Unexpected PJRT_TpuTopology_" #name "_Args size"));      \
  } while (0)

static void check_counts(void) {
  PJRT_TopologyDescription *topology = two_planes();
  COUNT(ProcessCount, process_count, process_count, 2);
  COUNT(ChipsPerProcess, chips_per_process, chips_per_process, 8);
  COUNT(CoreCountPerChip, core_count_per_chip,
        core_count_of_default_type_per_chip, 2);
  COUNT(ChipCount, chip_count, chip_count, 16);
  COUNT(CoreCount, core_count, core_count_of_default_type, 32);
  COUNT(LogiDeviceCount, logical_device_count,
        logical_device_count_of_default_type, 32);
  COUNT(LogiDeviceCountPerProcess, logical_device_count_per_process,
        logical_device_count_of_default_type_per_process, 16);
  COUNT(LogiDeviceCountPerChip, logical_device_count_per_chip,
        logical_device_count_of_default_type_per_chip, 2);
  COUNT(CoreCountPerProcess, core_count_per_process,
        core_count_of_default_type_per_process, 16);
  free_topology(topology);
}

/* Four devices here and two elsewhere: nothing is per process. */
static void check_uneven(void) {
  pjrt_sim_options options = default_options();
  options.num_remote_devices = 2;
  use_options(&options);
  ARGS(PJRT_TopologyDescription_Create, .topology_name = NULL);
  CHECK(!api->PJRT_TopologyDescription_Create(&args));
  const char *const no_number = "the processes have no common number of chips";
  MAKE(chips, PJRT_TpuTopology_ChipsPerProcess, .topology = args.topology);
  CHECK(says(tpu()->chips_per_process(&chips),
             PJRT_Error_Code_FAILED_PRECONDITION, no_number));
  int32_t bounds[3];
  MAKE(boxes, PJRT_TpuTopology_ProcessBounds, .topology = args.topology,
       .process_bounds_max_dims = 3, .process_bounds = bounds);
  CHECK(says(tpu()->process_bounds(&boxes), PJRT_Error_Code_FAILED_PRECONDITION,
             "the 2 processes do not have boxes of chips in the mesh 6x1x1"));
  free_topology(args.topology);
}

/* ---- processes ----------------------------------------------------------- */

static void check_process_ids(void) {
  int32_t ids[2] = {-1, -1};
  PJRT_TopologyDescription *topology = two_planes();
  ARGS(PJRT_TpuTopology_ProcessIds, .topology = topology, .max_process_ids = 1,
       .process_ids = ids);
  CHECK(says(tpu()->process_ids(&args), PJRT_Error_Code_INVALID_ARGUMENT,
             "process ids: needed 2, provided 1"));
  CHECK(args.num_process_ids == 2 && ids[0] == -1);
  args.max_process_ids = 2;
  CHECK(!tpu()->process_ids(&args) && ids[0] == 0 && ids[1] == 1);
  args.process_ids = NULL;
  CHECK(says(tpu()->process_ids(&args), PJRT_Error_Code_INTERNAL, "misuse"));
  free_topology(topology);
}

static void check_devices_of_process(void) {
  int32_t ids[16] = {0};
  PJRT_TopologyDescription *topology = two_planes();
  ARGS(PJRT_TpuTopology_LogiDeviceIdsOnProcess, .topology = topology,
       .process_id = 1, .max_logical_device_ids = 16,
       .logical_device_of_default_type_ids = ids);
  CHECK(!tpu()->logical_device_ids_on_process(&args));
  CHECK(args.num_logical_device_ids == 16 && ids[0] == 16 && ids[15] == 31);
  args.max_logical_device_ids = -1;
  CHECK(says(tpu()->logical_device_ids_on_process(&args),
             PJRT_Error_Code_INVALID_ARGUMENT,
             "device ids: needed 16, provided 0"));
  args.process_id = 2;
  CHECK(says(tpu()->logical_device_ids_on_process(&args),
             PJRT_Error_Code_INVALID_ARGUMENT,
             "process_id is 2, expected 0 to 1"));
  free_topology(topology);
}

static void check_index_on_process(void) {
  PJRT_TopologyDescription *topology = two_planes();
  ARGS(PJRT_TpuTopology_ProcIdAndIdxOnProcForChip, .topology = topology,
       .chip_id = 11);
  CHECK(!tpu()->proc_id_and_idx_on_proc_for_chip(&args));
  CHECK(args.process_id == 1 && args.index_on_process == 3);
  args.chip_id = 16;
  CHECK(says(tpu()->proc_id_and_idx_on_proc_for_chip(&args),
             PJRT_Error_Code_INVALID_ARGUMENT, "chip_id is 16, expected 0"));
  MAKE(device, PJRT_TpuTopology_ProcIdAndIdxOnProcForLogiDevice,
       .topology = topology, .device_id = 23);
  CHECK(!tpu()->proc_id_and_idx_on_proc_for_logi_device(&device));
  CHECK(device.process_id == 1 && device.index_on_process == 7);
  device.device_id = -1;
  CHECK(says(tpu()->proc_id_and_idx_on_proc_for_logi_device(&device),
             PJRT_Error_Code_INVALID_ARGUMENT,
             "the device id is -1, expected 0 to 31"));
  free_topology(topology);
}

static void check_process_coords(void) {
  int32_t at[3] = {-1, -1, -1};
  PJRT_TopologyDescription *topology = two_planes();
  ARGS(PJRT_TpuTopology_ProcessCoordFromId, .topology = topology,
       .process_id = 1, .coords_max_dims = 3, .coords = at);
  CHECK(!tpu()->process_coord_from_id(&args));
  CHECK(args.coords_num_dims == 3 && is_box(at, 0, 0, 1));
  args.coords_max_dims = 2;
  CHECK(says(tpu()->process_coord_from_id(&args),
             PJRT_Error_Code_INVALID_ARGUMENT, "coords: needed 3, provided 2"));
  args.process_id = 2;
  CHECK(says(tpu()->process_coord_from_id(&args),
             PJRT_Error_Code_INVALID_ARGUMENT, "process_id is 2"));
  free_topology(topology);
}

/* ---- chips --------------------------------------------------------------- */

static void check_chip_of_coords(void) {
  int32_t at[4] = {3, 0, 1, 0};
  PJRT_TopologyDescription *topology = two_planes();
  ARGS(PJRT_TpuTopology_ChipIdFromCoord, .topology = topology, .coords = at,
       .coords_num_dims = 3);
  CHECK(!tpu()->chip_id_from_coord(&args) && args.chip_id == 11);
  args.coords_num_dims = 1;
  CHECK(!tpu()->chip_id_from_coord(&args) && args.chip_id == 3);
  args.coords_num_dims = 4;
  CHECK(says(tpu()->chip_id_from_coord(&args), PJRT_Error_Code_INVALID_ARGUMENT,
             "chip coords of 4 dimensions, expected 1 to 3"));
  args.coords_num_dims = 3;
  at[1] = 2;
  CHECK(says(tpu()->chip_id_from_coord(&args), PJRT_Error_Code_INVALID_ARGUMENT,
             "there is no chip at 3,2,1, the mesh is 4x2x2"));
  args.coords = NULL;
  CHECK(says(tpu()->chip_id_from_coord(&args), PJRT_Error_Code_INTERNAL,
             "misuse"));
  free_topology(topology);
}

/* One is the inverse of the other, for each device. */
static void check_device_coords(void) {
  int32_t at[3];
  PJRT_TopologyDescription *topology = two_planes();
  ARGS(PJRT_TpuTopology_ChipCoordAndIdxForLogiDevice, .topology = topology,
       .chip_coords_max_dims = 3, .chip_coords = at);
  MAKE(back, PJRT_TpuTopology_LogiDeviceIdFromChipCoordAndIdx,
       .topology = topology, .chip_coords = at, .chip_coords_num_dims = 3);
  for (int32_t id = 0; id < 32; id++) {
    args.device_id = id;
    CHECK(!tpu()->chip_coord_and_idx_for_logi_device(&args));
    CHECK(args.chip_coords_num_dims == 3);
    CHECK(args.device_index_on_chip == id % 2);
    CHECK(is_box(at, id / 2 % 4, id / 8 % 2, id / 16));
    back.logical_device_index_on_chip = args.device_index_on_chip;
    back.logical_device_of_default_type_id = -1;
    CHECK(!tpu()->logical_device_id_from_chip_coord_and_idx(&back));
    CHECK(back.logical_device_of_default_type_id == id);
  }
  args.device_id = 32;
  CHECK(says(tpu()->chip_coord_and_idx_for_logi_device(&args),
             PJRT_Error_Code_INVALID_ARGUMENT, "the device id is 32"));
  back.logical_device_index_on_chip = 2;
  CHECK(says(tpu()->logical_device_id_from_chip_coord_and_idx(&back),
             PJRT_Error_Code_INVALID_ARGUMENT,
             "logical_device_index_on_chip is 2, expected 0 to 1"));
  free_topology(topology);
}

static void check_bounds(void) {
  int32_t got[3] = {0};
  PJRT_TopologyDescription *topology = two_planes();
  ARGS(PJRT_TpuTopology_ChipBounds, .topology = topology,
       .chip_bounds_max_dims = 3, .chip_bounds = got);
  CHECK(!tpu()->chip_bounds(&args));
  CHECK(args.chip_bounds_num_dims == 3 && is_box(got, 4, 2, 2));
  args.chip_bounds_max_dims = 0;
  CHECK(says(tpu()->chip_bounds(&args), PJRT_Error_Code_INVALID_ARGUMENT,
             "bounds: needed 3, provided 0"));
  MAKE(chips, PJRT_TpuTopology_ChipsPerProcessBounds, .topology = topology,
       .chip_per_process_bounds_max_dims = 3, .chip_per_process_bounds = got);
  CHECK(!tpu()->chips_per_process_bounds(&chips));
  CHECK(chips.chip_per_process_bounds_num_dims == 3 && is_box(got, 4, 2, 1));
  MAKE(processes, PJRT_TpuTopology_ProcessBounds, .topology = topology,
       .process_bounds_max_dims = 3, .process_bounds = got);
  CHECK(!tpu()->process_bounds(&processes));
  CHECK(processes.process_bounds_num_dims == 3 && is_box(got, 1, 1, 2));
  free_topology(topology);
}

/* ---- links --------------------------------------------------------------- */

static bool reaches(PJRT_TopologyDescription *topology, int32_t from,
                    int32_t to) {
  ARGS(PJRT_TpuTopology_IsReachableOverLimitedIci, .topology = topology,
       .source_chip_id = from, .dest_chip_id = to);
  return !tpu()->is_reachable_over_limited_ici(&args) &&
         args.is_reachable_over_limited_ici;
}

static void check_links_of(PJRT_TopologyDescription *topology, bool is_limited,
                           const char *strategy) {
  char name[32];
  ARGS(PJRT_TpuTopology_HasLimitedIciConnectivity, .topology = topology,
       .has_limited_ici_connectivity = !is_limited);
  CHECK(!tpu()->has_limited_ici_connectivity(&args));
  CHECK(args.has_limited_ici_connectivity == is_limited);
  MAKE(barrier, PJRT_TpuTopology_IsEnhancedBarrierEnabled, .topology = topology,
       .is_enhanced_barrier_enabled = true);
  CHECK(!tpu()->is_enhanced_barrier_enabled(&barrier));
  CHECK(!barrier.is_enhanced_barrier_enabled);
  MAKE(routing, PJRT_TpuTopology_GetRoutingStrategy, .topology = topology,
       .routing_strategy = name, .routing_strategy_len = sizeof(name));
  CHECK(!tpu()->get_routing_strategy(&routing));
  CHECK(routing.routing_strategy_len == strlen(strategy));
  CHECK(!memcmp(name, strategy, strlen(strategy)));
  routing.routing_strategy_len = 3;
  CHECK(says(tpu()->get_routing_strategy(&routing),
             PJRT_Error_Code_INVALID_ARGUMENT, "routing strategy: needed 1"));
  CHECK(routing.routing_strategy_len == strlen(strategy));
}

static void check_links(void) {
  PJRT_TopologyDescription *mesh = two_planes(), *row = new_topology("4", 1);
  check_links_of(mesh, true, "ROUTING_MESH");
  check_links_of(row, false, "ROUTING_DEFAULT");
  CHECK(reaches(mesh, 0, 3) && reaches(mesh, 0, 8) && !reaches(mesh, 0, 5));
  CHECK(reaches(row, 0, 3));
  ARGS(PJRT_TpuTopology_IsReachableOverLimitedIci, .topology = row,
       .dest_chip_id = 4);
  CHECK(says(tpu()->is_reachable_over_limited_ici(&args),
             PJRT_Error_Code_INVALID_ARGUMENT,
             "dest_chip_id is 4, expected 0 to 3"));
  free_topology(mesh);
  free_topology(row);
}

/* ---- parts --------------------------------------------------------------- */

static bool is_subslice(const PJRT_TopologyDescription *topology) {
  ARGS(PJRT_TpuTopology_IsSubsliceTopology, .topology = topology);
  return !tpu()->is_subslice_topology(&args) && args.is_subslice_topology;
}

static int process_of_device(const PJRT_TopologyDescription *topology,
                             int32_t id) {
  ARGS(PJRT_TpuTopology_ProcIdAndIdxOnProcForLogiDevice, .topology = topology,
       .device_id = id);
  if (tpu()->proc_id_and_idx_on_proc_for_logi_device(&args)) return -1;
  return args.process_id;
}

/* Four hosts of two chips along the second axis: their devices alternate. */
static void check_subslice(void) {
  int32_t chips[] = {1, 2}, hosts[] = {4, 1, 1}, bounds[3];
  PJRT_TopologyDescription *topology = two_planes();
  ARGS(PJRT_TpuTopology_Subslice, .topology = topology,
       .chips_per_host_bounds = chips, .chips_per_host_bounds_num_dims = 2,
       .host_bounds = hosts, .host_bounds_num_dims = 3);
  CHECK(!tpu()->subslice(&args));
  PJRT_TopologyDescription *part = args.subslice_topology;
  CHECK(is_subslice(part) && !is_subslice(topology));
  CHECK(process_of_device(part, 0) == 0 && process_of_device(part, 2) == 1);
  CHECK(process_of_device(part, 8) == 0 && process_of_device(part, 15) == 3);
  MAKE(box, PJRT_TpuTopology_ChipsPerProcessBounds, .topology = part,
       .chip_per_process_bounds_max_dims = 3,
       .chip_per_process_bounds = bounds);
  CHECK(!tpu()->chips_per_process_bounds(&box) && is_box(bounds, 1, 2, 1));
  MAKE(cores, PJRT_TpuTopology_CoreCount, .topology = part);
  CHECK(!tpu()->core_count(&cores) && cores.core_count_of_default_type == 16);
  free_topology(part);
  chips[1] = 3;
  CHECK(says(tpu()->subslice(&args), PJRT_Error_Code_INVALID_ARGUMENT,
             "4x1x1 hosts of 1x3x1 chips do not fit into the mesh 4x2x2"));
  chips[1] = 0;
  CHECK(says(tpu()->subslice(&args), PJRT_Error_Code_INVALID_ARGUMENT,
             "chips_per_host_bounds are 1x0x1"));
  args.host_bounds_num_dims = 0;
  chips[1] = 1;
  CHECK(says(tpu()->subslice(&args), PJRT_Error_Code_INVALID_ARGUMENT,
             "host_bounds of 0 dimensions"));
  free_topology(topology);
}

static void check_subslice_device(void) {
  const int32_t chips[] = {2, 2, 1}, hosts[] = {1, 1, 1};
  int32_t origin[] = {1, 0, 1};
  PJRT_TopologyDescription *topology = two_planes();
  MAKE(part, PJRT_TpuTopology_Subslice, .topology = topology,
       .chips_per_host_bounds = chips, .chips_per_host_bounds_num_dims = 3,
       .host_bounds = hosts, .host_bounds_num_dims = 3);
  CHECK(!tpu()->subslice(&part));
  /* The second core of the chip at 2,1,1, which is at 1,1,0 of the part. */
  ARGS(PJRT_TpuTopology_SubsliceDeviceIdFromFullDeviceId,
       .client_topology = topology, .subslice_topology = part.subslice_topology,
       .subslice_origin = origin, .subslice_origin_dim_num = 3,
       .full_device_id = 29);
  CHECK(!tpu()->subslice_device_id_from_full_device_id(&args));
  CHECK(args.subslice_device_id == 7);
  args.full_device_id = 0;
  CHECK(says(tpu()->subslice_device_id_from_full_device_id(&args),
             PJRT_Error_Code_INVALID_ARGUMENT,
             "device 0 is outside of the subslice of 2x2x1 chips at 1,0,1"));
  args.full_device_id = 32;
  CHECK(says(tpu()->subslice_device_id_from_full_device_id(&args),
             PJRT_Error_Code_INVALID_ARGUMENT, "the device id is 32"));
  args.subslice_topology = NULL;
  CHECK(says(tpu()->subslice_device_id_from_full_device_id(&args),
             PJRT_Error_Code_INTERNAL, "misuse"));
  free_topology(part.subslice_topology);
  free_topology(topology);
}

static void check_replace_hosts(void) {
  int32_t hosts[] = {1, 2, 1}, bounds[3];
  PJRT_TopologyDescription *topology = two_planes();
  ARGS(PJRT_TpuTopology_ReplaceHostBounds, .topology = topology,
       .host_bounds = hosts, .host_bounds_dim_num = 3);
  CHECK(!tpu()->replace_host_bounds(&args));
  MAKE(chips, PJRT_TpuTopology_ChipBounds, .topology = args.new_topology,
       .chip_bounds_max_dims = 3, .chip_bounds = bounds);
  CHECK(!tpu()->chip_bounds(&chips) && is_box(bounds, 4, 4, 1));
  CHECK(!is_subslice(args.new_topology));
  CHECK(process_of_device(args.new_topology, 31) == 1);
  free_topology(args.new_topology);
  hosts[0] = -1;
  CHECK(says(tpu()->replace_host_bounds(&args),
             PJRT_Error_Code_INVALID_ARGUMENT, "host_bounds are -1x2x1"));
  args.host_bounds = NULL;
  CHECK(says(tpu()->replace_host_bounds(&args), PJRT_Error_Code_INTERNAL,
             "misuse"));
  free_topology(topology);
}

/* ---- platforms ----------------------------------------------------------- */

static void check_slice_config(void) {
  PJRT_TpuTopology_SliceConfig config = {.twist = true};
  ARGS(PJRT_TpuTopology_GetSliceConfig, .platform_type_name = "sim",
       .platform_type_name_len = 3, .slice_name = "4x2x2", .slice_name_len = 5,
       .slice_config = &config);
  CHECK(!tpu()->get_slice_config(&args));
  CHECK(config.dim_size == 3 && is_box(config.dimensions, 4, 2, 2));
  CHECK(!config.wrap[0] && !config.twist);
  args.slice_name_len = 3;
  CHECK(says(tpu()->get_slice_config(&args), PJRT_Error_Code_NOT_FOUND,
             "there is no slice '4x2'"));
  args.platform_type_name = "tpu";
  CHECK(says(tpu()->get_slice_config(&args), PJRT_Error_Code_NOT_FOUND,
             "there is no platform 'tpu', expected 'sim'"));
}

static void check_slice_configs(void) {
  PJRT_TpuTopology_SliceConfig configs[16] = {{0}};
  ARGS(PJRT_TpuTopology_GetSliceConfigs, .platform_type_name = "sim",
       .platform_type_name_len = 3, .slice_configs = configs,
       .max_slice_configs = 1);
  CHECK(says(tpu()->get_slice_configs(&args), PJRT_Error_Code_INVALID_ARGUMENT,
             "slice configs: needed 6, provided 1"));
  CHECK(args.num_slice_configs == 6 && configs[0].dim_size == 0);
  args.max_slice_configs = 16;
  CHECK(!tpu()->get_slice_configs(&args));
  CHECK(is_box(configs[0].dimensions, 1, 1, 1));
  CHECK(is_box(configs[5].dimensions, 4, 4, 4));
  args.platform_type_name = NULL;
  CHECK(says(tpu()->get_slice_configs(&args), PJRT_Error_Code_NOT_FOUND,
             "there is no platform ''"));
}

static void check_platform(void) {
  ARGS(PJRT_TpuTopology_GetDefaultPlatformConfig, .platform_type_name = "sim",
       .platform_type_name_len = 3);
  CHECK(!tpu()->get_default_platform_config(&args));
  CHECK(args.num_chips_per_tray == 4 && args.num_trays == 1);
  args.platform_type_name_len = 2;
  CHECK(says(tpu()->get_default_platform_config(&args),
             PJRT_Error_Code_NOT_FOUND, "there is no platform 'si'"));
}

void suite_ext_tpu_topology(void) {
  run_check("tpu-counts", check_counts);
  run_check("tpu-uneven-processes", check_uneven);
  run_check("tpu-process-ids", check_process_ids);
  run_check("tpu-devices-of-process", check_devices_of_process);
  run_check("tpu-index-on-process", check_index_on_process);
  run_check("tpu-process-coords", check_process_coords);
  run_check("tpu-chip-of-coords", check_chip_of_coords);
  run_check("tpu-device-coords", check_device_coords);
  run_check("tpu-bounds", check_bounds);
  run_check("tpu-links", check_links);
  run_check("tpu-subslice", check_subslice);
  run_check("tpu-subslice-device", check_subslice_device);
  run_check("tpu-replace-hosts", check_replace_hosts);
  run_check("tpu-slice-config", check_slice_config);
  run_check("tpu-slice-configs", check_slice_configs);
  run_check("tpu-platform", check_platform);
}
