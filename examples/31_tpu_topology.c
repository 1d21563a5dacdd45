/* A TPU without a TPU: its chips, hosts and devices, parts of it, and the
 * machines there are to choose from.
 *
 *   31_tpu_topology [PLUGIN [TOPOLOGY [PLATFORM]]]
 *
 * libtpu describes the topologies v4:2x2x1, v5e:4x4 and others, and the
 * platform tpu7x; see also 10_aot.c, which compiles for them. */
#include <pjrt/ext/tpu_topology.h>
#include <pjrt/pjrt.h>
#include <stdlib.h>

static pjrt_error *print_counts(const pjrt_topology *topology) {
  static const struct {
    const char *what;
    pjrt_error *(*ask)(const pjrt_topology *topology, size_t *out);
  } counts[] = {
      {"hosts", pjrt_tpu_topology_num_processes},
      {"chips", pjrt_tpu_topology_num_chips},
      {"chips per host", pjrt_tpu_topology_num_chips_per_process},
      {"cores", pjrt_tpu_topology_num_cores},
      {"cores per host", pjrt_tpu_topology_num_cores_per_process},
      {"cores per chip", pjrt_tpu_topology_num_cores_per_chip},
      {"devices", pjrt_tpu_topology_num_devices},
      {"devices per host", pjrt_tpu_topology_num_devices_per_process},
      {"devices per chip", pjrt_tpu_topology_num_devices_per_chip},
  };
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
    size_t count;
    PJRT_TRY(counts[i].ask(topology, &count));
    printf("%-17s %zu\n", counts[i].what, count);
  }
  return NULL;
}

static pjrt_error *print_mesh(const pjrt_topology *topology) {
  int32_t chips[PJRT_TPU_MAX_DIMS], box[PJRT_TPU_MAX_DIMS],
      hosts[PJRT_TPU_MAX_DIMS];
  size_t num_dims;
  bool is_limited, is_reachable, has_barrier;
  char *routing;

  PJRT_TRY(pjrt_tpu_topology_chip_bounds(topology, chips, &num_dims));
  PJRT_TRY(
      pjrt_tpu_topology_chips_per_process_bounds(topology, box, &num_dims));
  PJRT_TRY(pjrt_tpu_topology_process_bounds(topology, hosts, &num_dims));
  printf("mesh              %dx%dx%d, as %dx%dx%d hosts of %dx%dx%d\n",
         chips[0], chips[1], chips[2], hosts[0], hosts[1], hosts[2], box[0],
         box[1], box[2]);
  PJRT_TRY(pjrt_tpu_topology_has_enhanced_barrier(topology, &has_barrier));
  PJRT_TRY(pjrt_tpu_topology_has_limited_ici(topology, &is_limited));
  PJRT_TRY(pjrt_tpu_topology_is_reachable(topology, 0, 1, &is_reachable));
  PJRT_TRY(pjrt_tpu_topology_routing_strategy(topology, &routing, NULL));
  printf("routing           %s%s%s%s\n", routing, is_limited ? ", limited" : "",
         is_reachable ? ", chip 0 reaches chip 1" : "",
         has_barrier ? ", enhanced barrier" : "");
  pjrt_host_free(routing);
  return NULL;
}

static pjrt_error *print_device(const pjrt_topology *topology, int32_t id) {
  int32_t at[PJRT_TPU_MAX_DIMS], host, core, chip, nth_device, nth_chip;
  size_t num_dims;

  PJRT_TRY(pjrt_tpu_topology_device_coords(topology, id, at, &num_dims, &core));
  PJRT_TRY(pjrt_tpu_topology_chip_at(topology, at, num_dims, &chip));
  PJRT_TRY(pjrt_tpu_topology_chip_process(topology, chip, &host, &nth_chip));
  PJRT_TRY(pjrt_tpu_topology_device_process(topology, id, &host, &nth_device));
  PJRT_TRY(pjrt_tpu_topology_device_at(topology, at, num_dims, core, &id));
  printf(
      "  device %d (host's %d): core %d of chip %d (host's %d) at %d,%d,%d\n",
      id, nth_device, core, chip, nth_chip, at[0], at[1], at[2]);
  return NULL;
}

static pjrt_error *print_host(const pjrt_topology *topology, int32_t id) {
  int32_t at[PJRT_TPU_MAX_DIMS], *devices;
  size_t num, num_dims;

  PJRT_TRY(pjrt_tpu_topology_process_coords(topology, id, at, &num_dims));
  printf("host %d at %d,%d,%d\n", id, at[0], at[1], at[2]);
  PJRT_TRY(pjrt_tpu_topology_device_ids(topology, id, &devices, &num));
  pjrt_error *error = NULL;
  for (size_t i = 0; i < num && !error; i++)
    error = print_device(topology, devices[i]);
  pjrt_host_free(devices);
  return error;
}

static pjrt_error *print_hosts(const pjrt_topology *topology) {
  int32_t *hosts;
  size_t num;
  PJRT_TRY(pjrt_tpu_topology_process_ids(topology, &hosts, &num));
  pjrt_error *error = NULL;
  for (size_t i = 0; i < num && !error; i++)
    error = print_host(topology, hosts[i]);
  pjrt_host_free(hosts);
  return error;
}

/* A row of two chips, and twice as many hosts. */
static pjrt_error *print_others(const pjrt_topology *topology) {
  const int32_t row[] = {2, 1, 1}, one[] = {1, 1, 1}, origin[] = {0, 0, 0};
  pjrt_topology *part = NULL, *twice = NULL;
  bool is_part = false;
  int32_t id = 0;

  pjrt_error *error = pjrt_tpu_topology_subslice(topology, row, one, 3, &part);
  if (!error) error = pjrt_tpu_topology_is_subslice(part, &is_part);
  if (!error)
    error =
        pjrt_tpu_topology_subslice_device_id(topology, part, origin, 3, 1, &id);
  if (!error) error = pjrt_tpu_topology_with_hosts(topology, row, 3, &twice);
  if (!error)
    printf("%s of %zu devices, where device 1 is %d; with two hosts, %zu\n",
           is_part ? "part" : "whole", pjrt_topology_num_devices(part), id,
           pjrt_topology_num_devices(twice));
  pjrt_topology_free(part);
  pjrt_topology_free(twice);
  return error;
}

static pjrt_error *print_machines(pjrt_plugin *plugin, const char *platform) {
  pjrt_tpu_slice *slices, slice;
  size_t num;
  int64_t chips, trays;

  PJRT_TRY(
      pjrt_tpu_slice_list(plugin, platform, PJRT_NUL_ENDED, &slices, &num));
  pjrt_host_free(slices);
  PJRT_TRY(pjrt_tpu_slice_find(plugin, platform, PJRT_NUL_ENDED, "4x4x4",
                               PJRT_NUL_ENDED, &slice));
  PJRT_TRY(pjrt_tpu_platform_trays(plugin, platform, PJRT_NUL_ENDED, &chips,
                                   &trays));
  printf("%s: %zu slices, 4x4x4 %s around, trays of %d chips\n", platform, num,
         slice.wraps[0] ? "wraps" : "does not wrap", (int)chips);
  return NULL;
}

int main(int argc, char **argv) {
  pjrt_plugin *plugin = NULL;
  pjrt_topology *topology = NULL;

  pjrt_error *error =
      pjrt_plugin_find(argc > 1 ? argv[1] : "", PJRT_NUL_ENDED, NULL, &plugin);
  if (!error)
    error = pjrt_topology_create(plugin, argc > 2 ? argv[2] : "2x2x1",
                                 PJRT_NUL_ENDED, NULL, &topology);
  if (!error) error = print_counts(topology);
  if (!error) error = print_mesh(topology);
  if (!error) error = print_hosts(topology);
  if (!error) error = print_others(topology);
  if (!error) error = print_machines(plugin, argc > 3 ? argv[3] : "sim");

  if (error) pjrt_error_print(error, stderr);
  int status = error ? EXIT_FAILURE : EXIT_SUCCESS;
  pjrt_error_free(error);
  pjrt_topology_free(topology);
  pjrt_plugin_free(plugin);
  return status;
}
