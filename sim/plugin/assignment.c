/* Device assignments: which devices a program runs on. */
#include <stdlib.h>

#include "plugin/executable.h"

/* As in XLA's clients: the devices of this process where they are enough, and
 * the machine's first ones otherwise. */
static int default_id(const PJRT_Client *client, size_t num, size_t i) {
  if (num > client->num_addressable) return (int)i;
  return client->addressable[i]->description->id;
}

static PJRT_Error *check_count(int64_t num_replicas, int64_t num_partitions,
                               size_t num_devices) {
  if ((size_t)num_replicas <= num_devices / (size_t)num_partitions) return NULL;
  return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                   "%lld replicas of %lld partitions need more than the "
                   "%zu devices that there are",
                   (long long)num_replicas, (long long)num_partitions,
                   num_devices);
}

PJRT_Error *sim_PJRT_Client_DefaultDeviceAssignment(
    PJRT_Client_DefaultDeviceAssignment_Args *args) {
  const PJRT_Client *client = args->client;
  SIM_REQUIRE(client, SIM_CLIENT);
  if (args->num_replicas < 1 || args->num_partitions < 1)
    return sim_misuse("a device assignment of %d by %d", args->num_replicas,
                      args->num_partitions);
  SIM_TRY(check_count(args->num_replicas, args->num_partitions,
                      client->num_devices));
  const size_t num = (size_t)args->num_replicas * (size_t)args->num_partitions;
  if (args->default_assignment_size < num)
    return sim_error(PJRT_Error_Code_FAILED_PRECONDITION,
                     "default_assignment_size is %zu, expected at least %zu",
                     args->default_assignment_size, num);
  for (size_t i = 0; i < num; i++)
    args->default_assignment[i] = default_id(client, num, i);
  return NULL;
}

/* ---- of an executable ---------------------------------------------------- */

static PJRT_Error *check_ids(const int *ids, size_t num_ids,
                             size_t num_devices) {
  PJRT_Error *error = NULL;
  bool *is_taken = sim_allocate(num_devices);
  for (size_t i = 0; i < num_ids && !error; i++) {
    if ((size_t)ids[i] >= num_devices)
      error = sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                        "the device assignment names device %d of %zu", ids[i],
                        num_devices);
    else if (is_taken[ids[i]])
      error = sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                        "the device assignment names device %d twice", ids[i]);
    else
      is_taken[ids[i]] = true;
  }
  free(is_taken);
  return error;
}

PJRT_Error *sim_check_assignment(const sim_compile_options *options,
                                 size_t num_devices) {
  if (options->is_portable) return NULL;
  SIM_TRY(
      check_count(options->num_replicas, options->num_partitions, num_devices));
  if (!options->ids) return NULL;
  return check_ids(options->ids, options->num_ids, num_devices);
}

static void add_device(PJRT_LoadedExecutable *loaded, PJRT_Device *device,
                       size_t i) {
  const size_t num_partitions = (size_t)loaded->program->options.num_partitions;
  if (!device->is_addressable) return;
  loaded->logical_ids[loaded->num_devices] =
      (PJRT_LogicalDeviceIds){.replica = (int)(i / num_partitions),
                              .partition = (int)(i % num_partitions)};
  loaded->devices[loaded->num_devices++] = device;
}

PJRT_Error *sim_assign(PJRT_LoadedExecutable *loaded) {
  const sim_compile_options *options = &loaded->program->options;
  const PJRT_Client *client = loaded->client;
  const size_t num = options->num_ids;
  SIM_TRY(sim_check_assignment(options, client->num_devices));
  if (options->is_portable) return NULL;
  loaded->ids = sim_allocate(num * sizeof(*loaded->ids));
  loaded->devices = sim_allocate(num * sizeof(PJRT_Device *));
  loaded->logical_ids = sim_allocate(num * sizeof(*loaded->logical_ids));
  for (size_t i = 0; i < num; i++) {
    loaded->ids[i] =
        options->ids ? options->ids[i] : default_id(client, num, i);
    add_device(loaded, client->devices[loaded->ids[i]], i);
  }
  return NULL;
}

struct PJRT_DeviceAssignmentSerialized {
  sim_kind kind;
  sim_bytes bytes;
};

static void assignment_free(PJRT_DeviceAssignmentSerialized *assignment) {
  free(assignment->bytes.data);
  sim_delete(assignment, SIM_OTHER);
}

PJRT_Error *sim_PJRT_LoadedExecutable_GetDeviceAssignment(
    PJRT_LoadedExecutable_GetDeviceAssignment_Args *args) {
  const PJRT_LoadedExecutable *loaded = args->executable;
  SIM_REQUIRE(loaded, SIM_LOADED_EXECUTABLE);
  if (!loaded->ids)
    return sim_error(PJRT_Error_Code_UNIMPLEMENTED,
                     "a portable executable has no device assignment");
  PJRT_DeviceAssignmentSerialized *assignment =
      sim_new(SIM_OTHER, sizeof(*assignment));
  sim_write_assignment(&loaded->program->options, loaded->ids,
                       &assignment->bytes);
  args->serialized_bytes = (char *)assignment->bytes.data;
  args->serialized_bytes_size = assignment->bytes.size;
  args->serialized_device_assignment = assignment;
  args->serialized_device_assignment_deleter = assignment_free;
  return NULL;
}
