/* What is asked of a loaded executable when somebody wants to know. */
#include <limits.h>
#include <stdlib.h>

#include "base/error.h"
#include "core/executable.h"
#include "core/opts.h"
#include "core/plugin.h"
#include "core/unloaded.h"
#include "proto/xla.pb-c.h"

/* ---- the program --------------------------------------------------------- */

/* The older way of asking, which most plugins refuse. */
static pjrt_error *ask_loaded_fingerprint(pjrt_executable *executable) {
  PJRT_ARGS(PJRT_LoadedExecutable_Fingerprint, args);
  args->executable = executable->raw;
  PJRT_TRY(PJRT_CALL(executable->client->plugin,
                     PJRT_LoadedExecutable_Fingerprint, args));
  return pjrt_text_fact_set(&executable->fingerprint,
                            args->executable_fingerprint,
                            args->executable_fingerprint_size);
}

/* Where neither way works, the error is that of the newer one. */
static pjrt_error *ask_fingerprint(pjrt_executable *executable) {
  if (executable->fingerprint.data) return NULL;
  pjrt_error *error =
      pjrt_unloaded_fingerprint(executable->client->plugin,
                                executable->unloaded, &executable->fingerprint);
  if (pjrt_error_code(error) != PJRT_UNIMPLEMENTED) return error;
  pjrt_error *older = ask_loaded_fingerprint(executable);
  const bool is_told = !older;
  pjrt_error_free(older);
  if (!is_told) return error;
  pjrt_error_free(error);
  return NULL;
}

pjrt_error *pjrt_executable_fingerprint(pjrt_executable *executable,
                                        const char **out, size_t *out_size) {
  *out = NULL;
  *out_size = 0;
  PJRT_TRY(pjrt_executable_check(executable));
  pthread_mutex_lock(&executable->mutex);
  pjrt_error *error = ask_fingerprint(executable);
  pthread_mutex_unlock(&executable->mutex);
  PJRT_TRY(error);
  *out = executable->fingerprint.data;
  *out_size = executable->fingerprint.size;
  return NULL;
}

pjrt_error *pjrt_executable_generated_code_size(pjrt_executable *executable,
                                                int64_t *out_size) {
  *out_size = 0;
  PJRT_TRY(pjrt_executable_check(executable));
  return pjrt_unloaded_code_size(executable->client->plugin,
                                 executable->unloaded, out_size);
}

pjrt_error *pjrt_executable_optimized_program(const pjrt_executable *executable,
                                              pjrt_program **out) {
  *out = NULL;
  PJRT_TRY(pjrt_executable_check(executable));
  return pjrt_unloaded_optimized_program(executable->client->plugin,
                                         executable->unloaded, out);
}

pjrt_error *pjrt_executable_compile_options(const pjrt_executable *executable,
                                            void **out, size_t *out_size) {
  *out = NULL;
  *out_size = 0;
  PJRT_TRY(pjrt_executable_check(executable));
  return pjrt_unloaded_compile_options(executable->client->plugin,
                                       executable->unloaded, out, out_size);
}

/* ---- analyses ------------------------------------------------------------ */

pjrt_error *pjrt_executable_cost_analysis(const pjrt_executable *executable,
                                          pjrt_named_values **out) {
  *out = NULL;
  PJRT_TRY(pjrt_executable_check(executable));
  return pjrt_unloaded_cost_analysis(executable->client->plugin,
                                     executable->unloaded, out);
}

pjrt_error *pjrt_executable_memory_analysis(const pjrt_executable *executable,
                                            pjrt_memory_analysis *out) {
  pjrt_memory_analysis nothing;
  pjrt_memory_analysis_init(&nothing);
  PJRT_TRY(
      pjrt_opts_write(&nothing, "pjrt_memory_analysis", sizeof nothing, out));
  PJRT_TRY(pjrt_executable_check(executable));
  return pjrt_unloaded_memory_analysis(executable->client->plugin,
                                       executable->unloaded, out);
}

/* ---- memory kinds -------------------------------------------------------- */

pjrt_error *pjrt_executable_parameter_memory_kind(pjrt_executable *executable,
                                                  size_t i, const char **out,
                                                  size_t *out_size) {
  *out = NULL;
  if (out_size) *out_size = 0;
  PJRT_TRY(pjrt_executable_check(executable));
  pthread_mutex_lock(&executable->mutex);
  pjrt_error *error = pjrt_unloaded_parameter_memory_kinds(
      executable->client->plugin, executable->unloaded,
      &executable->parameter_memory_kinds);
  pthread_mutex_unlock(&executable->mutex);
  PJRT_TRY(error);
  return pjrt_memory_kinds_get(&executable->parameter_memory_kinds, "parameter",
                               i, out, out_size);
}

pjrt_error *pjrt_executable_output_memory_kind(pjrt_executable *executable,
                                               size_t i, const char **out,
                                               size_t *out_size) {
  *out = NULL;
  if (out_size) *out_size = 0;
  PJRT_TRY(pjrt_executable_check(executable));
  pthread_mutex_lock(&executable->mutex);
  pjrt_error *error = pjrt_unloaded_output_memory_kinds(
      executable->client->plugin, executable->unloaded,
      &executable->output_memory_kinds);
  pthread_mutex_unlock(&executable->mutex);
  PJRT_TRY(error);
  return pjrt_memory_kinds_get(&executable->output_memory_kinds, "output", i,
                               out, out_size);
}

/* ---- devices ------------------------------------------------------------- */

typedef Pjrt__DeviceAssignmentProto assignment_proto;

static pjrt_error *wrong_assignment(const pjrt_executable *executable,
                                    const char *what) {
  return pjrt_error_about(
      pjrt_error_format(PJRT_INTERNAL,
                        "the plugin's device assignment %s %zu replicas of "
                        "%zu partitions",
                        what, executable->num_replicas,
                        executable->num_partitions),
      executable->client->plugin, "PJRT_LoadedExecutable_GetDeviceAssignment");
}

/* One list of devices per partition, with one for each replica. */
static pjrt_error *copy_ids(const pjrt_executable *executable,
                            const assignment_proto *assignment, int *out_ids) {
  const size_t num_partitions = executable->num_partitions;
  if (assignment->n_computation_devices != num_partitions) {
    return wrong_assignment(executable, "is not that of");
  }
  for (size_t p = 0; p < num_partitions; p++) {
    const Pjrt__DeviceAssignmentProto__ComputationDevice *devices =
        assignment->computation_devices[p];
    if (devices->n_replica_device_ids != executable->num_replicas) {
      return wrong_assignment(executable, "is not that of");
    }
    for (size_t r = 0; r < executable->num_replicas; r++) {
      const int64_t id = devices->replica_device_ids[r];
      if (id < INT_MIN || id > INT_MAX) {
        return wrong_assignment(executable, "has an id that is none, for");
      }
      out_ids[r * num_partitions + p] = (int)id;
    }
  }
  return NULL;
}

static pjrt_error *read_assignment(const pjrt_executable *executable,
                                   const void *bytes, size_t size,
                                   int *out_ids) {
  assignment_proto *assignment =
      pjrt__device_assignment_proto__unpack(NULL, size, bytes);
  if (!assignment) {
    return wrong_assignment(executable, "does not parse, for");
  }
  pjrt_error *error = copy_ids(executable, assignment, out_ids);
  pjrt__device_assignment_proto__free_unpacked(assignment, NULL);
  return error;
}

static pjrt_error *check_assignment(const pjrt_executable *executable,
                                    const int *out_ids, size_t num_ids) {
  const size_t num = executable->num_replicas * executable->num_partitions;
  if (num_ids != num || (num && !out_ids)) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "room for %zu device ids, expected %zu: %zu "
                             "replicas of %zu partitions",
                             out_ids ? num_ids : 0, num,
                             executable->num_replicas,
                             executable->num_partitions);
  }
  if (!executable->is_portable) return NULL;
  return pjrt_error_format(PJRT_FAILED_PRECONDITION,
                           "the executable %s is portable: its device is named "
                           "at each execution",
                           executable->name.data);
}

pjrt_error *pjrt_executable_device_assignment(const pjrt_executable *executable,
                                              int *out_ids, size_t num_ids) {
  PJRT_TRY(pjrt_executable_check(executable));
  PJRT_TRY(check_assignment(executable, out_ids, num_ids));
  PJRT_ARGS(PJRT_LoadedExecutable_GetDeviceAssignment, args);
  args->executable = executable->raw;
  PJRT_TRY(PJRT_CALL(executable->client->plugin,
                     PJRT_LoadedExecutable_GetDeviceAssignment, args));
  pjrt_error *error = read_assignment(executable, args->serialized_bytes,
                                      args->serialized_bytes_size, out_ids);
  if (args->serialized_device_assignment_deleter) {
    args->serialized_device_assignment_deleter(
        args->serialized_device_assignment);
  }
  return error;
}

pjrt_error *pjrt_executable_device_logical_ids(
    const pjrt_executable *executable, size_t i, int *out_replica,
    int *out_partition) {
  *out_replica = 0;
  *out_partition = 0;
  PJRT_TRY(pjrt_executable_check(executable));
  if (i >= pjrt_executable_num_devices(executable)) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "there is no device %zu: the executable %s has "
                             "%zu in this process",
                             i, executable->name.data,
                             pjrt_executable_num_devices(executable));
  }
  const pjrt_plugin *plugin = executable->client->plugin;
  PJRT_ARGS(PJRT_LoadedExecutable_AddressableDeviceLogicalIds, args);
  args->executable = executable->raw;
  PJRT_TRY(PJRT_CALL(plugin, PJRT_LoadedExecutable_AddressableDeviceLogicalIds,
                     args));
  if (i >= args->num_addressable_device_logical_ids) {
    return pjrt_error_about(
        pjrt_error_format(PJRT_INTERNAL,
                          "the plugin tells the logical ids of %zu devices, "
                          "expected %zu",
                          args->num_addressable_device_logical_ids,
                          executable->num_devices),
        plugin, "PJRT_LoadedExecutable_AddressableDeviceLogicalIds");
  }
  *out_replica = args->addressable_device_logical_ids[i].replica;
  *out_partition = args->addressable_device_logical_ids[i].partition;
  return NULL;
}

/* ---- life ---------------------------------------------------------------- */

/* Our own flag comes first: plugins forget what was deleted, and run it. */
bool pjrt_executable_is_deleted(const pjrt_executable *executable) {
  if (atomic_load(&executable->is_deleted)) return true;
  if (pjrt_client_is_forked(executable->client)) return false;
  PJRT_ARGS(PJRT_LoadedExecutable_IsDeleted, args);
  args->executable = executable->raw;
  pjrt_error *error = PJRT_CALL(executable->client->plugin,
                                PJRT_LoadedExecutable_IsDeleted, args);
  const bool is_deleted = !error && args->is_deleted;
  pjrt_error_free(error);
  return is_deleted;
}
