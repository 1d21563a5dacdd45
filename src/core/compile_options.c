#include "core/compile_options.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "core/named_values.h"
#include "core/wire.h"
#include "proto/xla.pb-c.h"

/* Field numbers of the messages that are walked when they come serialized. */
enum {
  OPTIONS_EXECUTABLE_BUILD_OPTIONS = 3,
  BUILD_OPTIONS_NUM_REPLICAS = 4,
  BUILD_OPTIONS_NUM_PARTITIONS = 5
};

void pjrt_compile_opts_init(pjrt_compile_opts *opts) {
  *opts = (pjrt_compile_opts){.struct_size = sizeof *opts,
                              .num_replicas = 1,
                              .num_partitions = 1,
                              .use_spmd_partitioning = true};
}

/* ---- checking ------------------------------------------------------------ */

static pjrt_error *check_counts(int64_t num_replicas, int64_t num_partitions) {
  const bool replicas_fit = num_replicas >= 1 && num_replicas <= INT_MAX;
  if (!replicas_fit || num_partitions < 1 || num_partitions > INT_MAX) {
    return pjrt_error_format(
        PJRT_INVALID_ARGUMENT,
        "compile options: %s is %lld, expected a number from 1 to %d",
        replicas_fit ? "num_partitions" : "num_replicas",
        (long long)(replicas_fit ? num_partitions : num_replicas), INT_MAX);
  }
  if (num_replicas * num_partitions > INT_MAX) {
    return pjrt_error_format(
        PJRT_INVALID_ARGUMENT,
        "compile options: %lld replicas of %lld partitions are more than %d "
        "devices",
        (long long)num_replicas, (long long)num_partitions, INT_MAX);
  }
  return NULL;
}

static int compare_ids(const void *a, const void *b) {
  const int *left = a;
  const int *right = b;
  return (*left > *right) - (*left < *right);
}

static pjrt_error *check_unique(const int *ids, size_t num) {
  int *sorted;
  PJRT_TRY(pjrt_alloc_copy(ids, num, sizeof *ids, (void **)&sorted));
  qsort(sorted, num, sizeof *sorted, compare_ids);
  pjrt_error *error = NULL;
  for (size_t i = 1; i < num && !error; i++) {
    if (sorted[i] == sorted[i - 1]) {
      error = pjrt_error_format(PJRT_INVALID_ARGUMENT,
                                "compile options: device %d is named twice",
                                sorted[i]);
    }
  }
  free(sorted);
  return error;
}

static pjrt_error *check_device_ids(const pjrt_compile_opts *opts,
                                    const int *ids, size_t num) {
  const size_t expected =
      (size_t)opts->num_replicas * (size_t)opts->num_partitions;
  if (num != expected) {
    return pjrt_error_format(
        PJRT_INVALID_ARGUMENT,
        "compile options: %d replicas of %d partitions need %zu device ids, "
        "got %zu",
        opts->num_replicas, opts->num_partitions, expected, num);
  }
  return check_unique(ids, num);
}

/* protobuf-c takes NUL-ended texts: one that holds a NUL would be cut. */
static bool holds_nul(const char *text, size_t size) {
  return size > 0 && memchr(text, '\0', size);
}

static pjrt_error *check_xla_option(const pjrt_named_value *option) {
  if (holds_nul(option->name, option->name_size) ||
      (option->kind == PJRT_VALUE_STRING &&
       holds_nul(option->string, option->value_size))) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "XLA option %s: expected text, got a NUL byte",
                             option->name);
  }
  switch (option->kind) {
    case PJRT_VALUE_STRING:
    case PJRT_VALUE_INT64:
    case PJRT_VALUE_FLOAT:
    case PJRT_VALUE_BOOL:
      return NULL;
    default:
      return pjrt_error_format(
          PJRT_INVALID_ARGUMENT,
          "XLA option %s: expected a string, int64, float or bool, got %s",
          option->name,
          option->kind == PJRT_VALUE_INT64_LIST ? "a list" : "an unknown kind");
  }
}

static pjrt_error *check_xla_options(const pjrt_named_values *options) {
  for (size_t i = 0; i < pjrt_named_values_size(options); i++) {
    PJRT_TRY(check_xla_option(pjrt_named_values_at(options, i)));
  }
  return NULL;
}

pjrt_error *pjrt_compile_options_check(const pjrt_compile_opts *opts) {
  if (opts->serialized) {
    int num_replicas;
    int num_partitions;
    return pjrt_compile_options_counts(opts->serialized, opts->serialized_size,
                                       &num_replicas, &num_partitions);
  }
  PJRT_TRY(check_counts(opts->num_replicas, opts->num_partitions));
  if (opts->device_ids && opts->compile_portable_executable) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "compile options: a portable executable is "
                             "compiled for no device, got %zu device ids",
                             opts->num_device_ids);
  }
  if (!opts->device_ids && opts->num_device_ids > 0) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "compile options: device_ids is NULL, expected "
                             "%zu ids",
                             opts->num_device_ids);
  }
  if (opts->device_ids) {
    PJRT_TRY(check_device_ids(opts, opts->device_ids, opts->num_device_ids));
  }
  return check_xla_options(opts->xla_options);
}

/* ---- reading the serialized form ----------------------------------------- */

static bool read_build_options(const pjrt_wire_field *message,
                               int64_t *num_replicas, int64_t *num_partitions) {
  pjrt_wire wire = pjrt_wire_start(message->data, message->size);
  pjrt_wire_field field;
  while (pjrt_wire_next(&wire, &field)) {
    if (field.type != PJRT_WIRE_VARINT) continue;
    if (field.number == BUILD_OPTIONS_NUM_REPLICAS) {
      *num_replicas = (int64_t)field.value;
    } else if (field.number == BUILD_OPTIONS_NUM_PARTITIONS) {
      *num_partitions = (int64_t)field.value;
    }
  }
  return !wire.malformed;
}

/* A message that comes twice is merged, so later numbers replace earlier. */
static bool read_counts(const void *serialized, size_t size,
                        int64_t *num_replicas, int64_t *num_partitions) {
  pjrt_wire wire = pjrt_wire_start(serialized, size);
  pjrt_wire_field field;
  while (pjrt_wire_next(&wire, &field)) {
    if (field.number == OPTIONS_EXECUTABLE_BUILD_OPTIONS &&
        field.type == PJRT_WIRE_BYTES &&
        !read_build_options(&field, num_replicas, num_partitions)) {
      return false;
    }
  }
  return !wire.malformed;
}

pjrt_error *pjrt_compile_options_counts(const void *serialized, size_t size,
                                        int *out_num_replicas,
                                        int *out_num_partitions) {
  *out_num_replicas = *out_num_partitions = 0;
  int64_t num_replicas = 0;
  int64_t num_partitions = 0;
  if (!read_counts(serialized, size, &num_replicas, &num_partitions)) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "compile options: expected a serialized "
                             "CompileOptionsProto, got %zu other bytes",
                             size);
  }
  PJRT_TRY(check_counts(num_replicas, num_partitions));
  *out_num_replicas = (int)num_replicas;
  *out_num_partitions = (int)num_partitions;
  return NULL;
}

/* ---- serializing --------------------------------------------------------- */

typedef Pjrt__DeviceAssignmentProto__ComputationDevice computation_device;
typedef Pjrt__CompileOptionsProto__EnvOptionOverridesEntry override_entry;

/* What the message points to while it is packed. */
typedef struct pack_memory {
  int64_t *ids; /* partition-major, the opposite of PJRT's order */
  computation_device *partitions;
  computation_device **partition_pointers;
  Pjrt__OptionOverrideProto *values;
  override_entry *entries;
  override_entry **entry_pointers;
} pack_memory;

static void pack_memory_clear(pack_memory *memory) {
  free(memory->ids);
  free(memory->partitions);
  free(memory->partition_pointers);
  free(memory->values);
  free(memory->entries);
  free(memory->entry_pointers);
}

static pjrt_error *fill_assignment(const pjrt_compile_opts *opts,
                                   const int *device_ids, pack_memory *memory,
                                   Pjrt__DeviceAssignmentProto *proto) {
  const size_t num_replicas = (size_t)opts->num_replicas;
  const size_t num_partitions = (size_t)opts->num_partitions;
  PJRT_TRY(pjrt_alloc(num_replicas * num_partitions, sizeof *memory->ids,
                      (void **)&memory->ids));
  PJRT_TRY(pjrt_alloc(num_partitions, sizeof *memory->partitions,
                      (void **)&memory->partitions));
  PJRT_TRY(pjrt_alloc(num_partitions, sizeof *memory->partition_pointers,
                      (void **)&memory->partition_pointers));
  for (size_t p = 0; p < num_partitions; p++) {
    int64_t *ids = memory->ids + p * num_replicas;
    for (size_t r = 0; r < num_replicas; r++) {
      ids[r] = device_ids[r * num_partitions + p];
    }
    computation_device *partition = &memory->partitions[p];
    pjrt__device_assignment_proto__computation_device__init(partition);
    partition->n_replica_device_ids = num_replicas;
    partition->replica_device_ids = ids;
    memory->partition_pointers[p] = partition;
  }
  proto->replica_count = opts->num_replicas;
  proto->computation_count = opts->num_partitions;
  proto->n_computation_devices = num_partitions;
  proto->computation_devices = memory->partition_pointers;
  return NULL;
}

static void fill_override(const pjrt_named_value *option,
                          Pjrt__OptionOverrideProto *value,
                          override_entry *entry) {
  pjrt__option_override_proto__init(value);
  pjrt__compile_options_proto__env_option_overrides_entry__init(entry);
  entry->key = (char *)option->name;
  entry->value = value;
  switch (option->kind) {
    case PJRT_VALUE_INT64:
      value->value_case = PJRT__OPTION_OVERRIDE_PROTO__VALUE_INT_FIELD;
      value->int_field = option->int64;
      break;
    case PJRT_VALUE_FLOAT:
      value->value_case = PJRT__OPTION_OVERRIDE_PROTO__VALUE_DOUBLE_FIELD;
      value->double_field = (double)option->float32;
      break;
    case PJRT_VALUE_BOOL:
      value->value_case = PJRT__OPTION_OVERRIDE_PROTO__VALUE_BOOL_FIELD;
      value->bool_field = option->boolean;
      break;
    default: /* the check lets nothing else through */
      value->value_case = PJRT__OPTION_OVERRIDE_PROTO__VALUE_STRING_FIELD;
      value->string_field = (char *)option->string;
      break;
  }
}

static pjrt_error *fill_overrides(const pjrt_named_values *options,
                                  pack_memory *memory,
                                  Pjrt__CompileOptionsProto *proto) {
  const size_t num = pjrt_named_values_size(options);
  PJRT_TRY(pjrt_alloc(num, sizeof *memory->values, (void **)&memory->values));
  PJRT_TRY(pjrt_alloc(num, sizeof *memory->entries, (void **)&memory->entries));
  PJRT_TRY(pjrt_alloc(num, sizeof *memory->entry_pointers,
                      (void **)&memory->entry_pointers));
  for (size_t i = 0; i < num; i++) {
    fill_override(pjrt_named_values_at(options, i), &memory->values[i],
                  &memory->entries[i]);
    memory->entry_pointers[i] = &memory->entries[i];
  }
  proto->n_env_option_overrides = num;
  proto->env_option_overrides = memory->entry_pointers;
  return NULL;
}

static pjrt_error *pack(const pjrt_compile_opts *opts, const int *device_ids,
                        pack_memory *memory, void **out, size_t *out_size) {
  Pjrt__ExecutableBuildOptionsProto build =
      PJRT__EXECUTABLE_BUILD_OPTIONS_PROTO__INIT;
  build.num_replicas = opts->num_replicas;
  build.num_partitions = opts->num_partitions;
  build.use_spmd_partitioning =
      opts->use_spmd_partitioning && opts->num_partitions > 1;
  build.use_shardy_partitioner = opts->use_shardy_partitioner;
  Pjrt__DeviceAssignmentProto assignment = PJRT__DEVICE_ASSIGNMENT_PROTO__INIT;
  if (device_ids) {
    PJRT_TRY(fill_assignment(opts, device_ids, memory, &assignment));
    build.device_assignment = &assignment;
    /* "Not set": compile for the assigned devices, not for the first one. */
    build.device_ordinal = -1;
  }
  Pjrt__CompileOptionsProto proto = PJRT__COMPILE_OPTIONS_PROTO__INIT;
  proto.executable_build_options = &build;
  proto.compile_portable_executable = opts->compile_portable_executable;
  PJRT_TRY(fill_overrides(opts->xla_options, memory, &proto));

  const size_t size = pjrt__compile_options_proto__get_packed_size(&proto);
  PJRT_TRY(pjrt_alloc(size, 1, out));
  *out_size = pjrt__compile_options_proto__pack(&proto, *out);
  return NULL;
}

pjrt_error *pjrt_compile_options_serialize(const pjrt_compile_opts *opts,
                                           const int *device_ids,
                                           size_t num_device_ids, void **out,
                                           size_t *out_size) {
  *out = NULL;
  *out_size = 0;
  PJRT_TRY(pjrt_compile_options_check(opts));
  if (opts->serialized) {
    PJRT_TRY(pjrt_alloc_copy(opts->serialized, opts->serialized_size, 1, out));
    *out_size = opts->serialized_size;
    return NULL;
  }
  if (opts->compile_portable_executable) device_ids = NULL;
  if (device_ids) PJRT_TRY(check_device_ids(opts, device_ids, num_device_ids));
  pack_memory memory = {0};
  pjrt_error *error = pack(opts, device_ids, &memory, out, out_size);
  pack_memory_clear(&memory);
  return error;
}
