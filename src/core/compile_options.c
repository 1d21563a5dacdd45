#include "core/compile_options.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "core/dtype.h"
#include "core/generated/option_numbers.h"
#include "core/named_values.h"
#include "core/opts.h"
#include "core/wire.h"
#include "proto/xla.pb-c.h"

/* Far more than any program has. */
#define MAX_DIMS 64

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

static pjrt_error *check_device_ids(int num_replicas, int num_partitions,
                                    const int *ids, size_t num) {
  const size_t expected = (size_t)num_replicas * (size_t)num_partitions;
  if (num != expected) {
    return pjrt_error_format(
        PJRT_INVALID_ARGUMENT,
        "compile options: %d replicas of %d partitions need %zu device ids, "
        "got %zu",
        num_replicas, num_partitions, expected, num);
  }
  return check_unique(ids, num);
}

/* XLA reads flags as C texts: one that holds a NUL would be cut. */
static bool holds_nul(const char *text, size_t size) {
  return size > 0 && memchr(text, '\0', size);
}

static pjrt_error *check_kind(const pjrt_named_value *option) {
  switch (option->kind) {
    case PJRT_VALUE_STRING:
    case PJRT_VALUE_INT64:
    case PJRT_VALUE_FLOAT:
    case PJRT_VALUE_BOOL:
      return NULL;
    default:
      return pjrt_error_format(
          PJRT_INVALID_ARGUMENT,
          "expected a string, int64, float or bool, "
          "got %s",
          option->kind == PJRT_VALUE_INT64_LIST ? "a list" : "an unknown kind");
  }
}

/* Text that is not UTF-8 makes Google's readers refuse all options. */
static pjrt_error *check_text(const pjrt_named_value *option) {
  const bool is_text = option->kind == PJRT_VALUE_STRING;
  if (holds_nul(option->name, option->name_size) ||
      (is_text && holds_nul(option->string, option->value_size))) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "expected text, got a NUL byte");
  }
  pjrt_error *error = pjrt_text_check_utf8(option->name, option->name_size);
  if (error) {
    pjrt_error_prefix(error, "key");
    return error;
  }
  return is_text ? pjrt_text_check_utf8(option->string, option->value_size)
                 : NULL;
}

static pjrt_error *check_xla_option(const pjrt_named_value *option) {
  pjrt_error *error = check_text(option);
  if (!error) error = check_kind(option);
  if (error) pjrt_error_prefix(error, "XLA option %s", option->name);
  return error;
}

pjrt_error *pjrt_compile_check_xla_options(const pjrt_named_values *options) {
  for (size_t i = 0; i < pjrt_named_values_size(options); i++) {
    PJRT_TRY(check_xla_option(pjrt_named_values_at(options, i)));
  }
  return NULL;
}

static pjrt_error *check_list(const char *name, const void *list, size_t num) {
  if (list || num == 0) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "compile options: %s is NULL, expected %zu of them",
                           name, num);
}

static pjrt_error *check_lists(const pjrt_compile_opts *opts) {
  PJRT_TRY(check_list("device_ids", opts->device_ids, opts->num_device_ids));
  PJRT_TRY(check_list("propagate_sharding_to_parameters",
                      opts->propagate_sharding_to_parameters,
                      opts->num_propagate_sharding_to_parameters));
  PJRT_TRY(check_list("propagate_sharding_to_outputs",
                      opts->propagate_sharding_to_outputs,
                      opts->num_propagate_sharding_to_outputs));
  PJRT_TRY(check_list("argument_layouts", opts->argument_layouts,
                      opts->num_argument_layouts));
  PJRT_TRY(check_list("output_layouts", opts->output_layouts,
                      opts->num_output_layouts));
  return check_list("fdo_profile", opts->fdo_profile, opts->fdo_profile_size);
}

/* Whether every dimension stands in the order once. */
static bool is_permutation(const int64_t *order, size_t num) {
  for (size_t i = 0; i < num; i++) {
    size_t found = 0;
    for (size_t j = 0; j < num; j++) found += order[j] == (int64_t)i;
    if (found != 1) return false;
  }
  return true;
}

static pjrt_error *check_layouts(const char *name,
                                 const pjrt_shape_layout *layouts, size_t num) {
  for (size_t i = 0; i < num; i++) {
    const pjrt_shape_layout *it = &layouts[i];
    const char *wrong = NULL;
    if (it->num_dims > MAX_DIMS || (!it->dims && it->num_dims > 0)) {
      wrong = "expected its dimensions";
    } else if (pjrt_dtype_host_size(it->dtype) == 0) {
      wrong = "expected an element type";
    } else if (it->minor_to_major &&
               !is_permutation(it->minor_to_major, it->num_dims)) {
      wrong = "expected every dimension once in minor_to_major";
    }
    for (size_t d = 0; !wrong && d < it->num_dims; d++) {
      if (it->dims[d] < 0) wrong = "expected dimensions of at least 0";
    }
    if (wrong) {
      return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                               "compile options: %s[%zu]: %s", name, i, wrong);
    }
  }
  return NULL;
}

static pjrt_error *check_fields(const pjrt_compile_opts *opts) {
  PJRT_TRY(check_counts(opts->num_replicas, opts->num_partitions));
  if (opts->device_ids && opts->compile_portable_executable) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "compile options: a portable executable is "
                             "compiled for no device, got %zu device ids",
                             opts->num_device_ids);
  }
  PJRT_TRY(check_lists(opts));
  if (opts->device_ids) {
    PJRT_TRY(check_device_ids(opts->num_replicas, opts->num_partitions,
                              opts->device_ids, opts->num_device_ids));
  }
  if (opts->device_memory_size < 0) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "compile options: device_memory_size is %lld, "
                             "expected at least 0 bytes",
                             (long long)opts->device_memory_size);
  }
  if (opts->num_output_layouts > 0 && opts->num_argument_layouts == 0) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "compile options: output_layouts have no effect "
                             "without argument_layouts, got none");
  }
  PJRT_TRY(check_layouts("argument_layouts", opts->argument_layouts,
                         opts->num_argument_layouts));
  PJRT_TRY(check_layouts("output_layouts", opts->output_layouts,
                         opts->num_output_layouts));
  return pjrt_compile_check_xla_options(opts->xla_options);
}

/* What the serialized form says holds; the struct's other fields do not. */
static pjrt_error *settle_serialized(pjrt_compile_opts *opts) {
  pjrt_compile_facts facts;
  PJRT_TRY(
      pjrt_compile_facts_read(opts->serialized, opts->serialized_size, &facts));
  const void *serialized = opts->serialized;
  const size_t size = opts->serialized_size;
  pjrt_compile_opts_init(opts);
  opts->serialized = serialized;
  opts->serialized_size = size;
  opts->num_replicas = facts.num_replicas;
  opts->num_partitions = facts.num_partitions;
  opts->compile_portable_executable = facts.is_portable;
  return NULL;
}

pjrt_error *pjrt_compile_opts_read(const pjrt_compile_opts *given,
                                   pjrt_compile_opts *out) {
  pjrt_compile_opts_init(out);
  PJRT_TRY(pjrt_opts_read(given, "pjrt_compile_opts", sizeof *out, out));
  if (out->options) {
    if (out->serialized) {
      return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                               "compile options: expected one of serialized "
                               "and options, got both");
    }
    out->serialized = out->options->data;
    out->serialized_size = out->options->size;
  }
  return out->serialized ? settle_serialized(out) : check_fields(out);
}

/* ---- reading the serialized form ----------------------------------------- */

typedef struct raw_facts {
  int64_t num_replicas;
  int64_t num_partitions;
  bool is_portable;
} raw_facts;

static bool read_build_options(const pjrt_wire_field *message, raw_facts *out) {
  pjrt_wire wire = pjrt_wire_start(message->data, message->size);
  pjrt_wire_field at;
  while (pjrt_wire_next(&wire, &at)) {
    if (at.type != PJRT_WIRE_VARINT) continue;
    const int64_t value = (int64_t)at.value;
    if (at.number == BUILD_NUM_REPLICAS) out->num_replicas = value;
    if (at.number == BUILD_NUM_PARTITIONS) out->num_partitions = value;
  }
  return !wire.malformed;
}

/* A message that comes twice is merged, so later numbers replace earlier. */
static bool read_facts(const void *serialized, size_t size, raw_facts *out) {
  pjrt_wire wire = pjrt_wire_start(serialized, size);
  pjrt_wire_field at;
  while (pjrt_wire_next(&wire, &at)) {
    if (at.number == OPTIONS_COMPILE_PORTABLE_EXECUTABLE &&
        at.type == PJRT_WIRE_VARINT) {
      out->is_portable = at.value != 0;
    }
    if (at.number == OPTIONS_EXECUTABLE_BUILD_OPTIONS &&
        at.type == PJRT_WIRE_BYTES && !read_build_options(&at, out)) {
      return false;
    }
  }
  return !wire.malformed;
}

pjrt_error *pjrt_compile_facts_read(const void *serialized, size_t size,
                                    pjrt_compile_facts *out) {
  *out = (pjrt_compile_facts){0};
  raw_facts raw = {0};
  if (!read_facts(serialized, size, &raw)) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "compile options: expected a serialized "
                             "CompileOptionsProto, got %zu other bytes",
                             size);
  }
  PJRT_TRY(check_counts(raw.num_replicas, raw.num_partitions));
  *out = (pjrt_compile_facts){.num_replicas = (int)raw.num_replicas,
                              .num_partitions = (int)raw.num_partitions,
                              .is_portable = raw.is_portable};
  return NULL;
}

/* ---- serializing --------------------------------------------------------- */

/* What has its default is left out. */
static void put_number(uint32_t number, int64_t value, pjrt_builder *out) {
  if (value == 0) return;
  pjrt_wire_put_varint(out, number, (uint64_t)value);
}

/* Takes the message's content, and what is remembered of short memory. */
static void put_message(uint32_t number, pjrt_builder *message,
                        pjrt_builder *out) {
  pjrt_wire_put_bytes(out, number, message->data, message->size);
  out->out_of_memory |= message->out_of_memory;
  pjrt_builder_clear(message);
}

static void put_bools(uint32_t number, const bool *list, size_t num,
                      pjrt_builder *out) {
  pjrt_builder packed = {0};
  for (size_t i = 0; i < num; i++) {
    pjrt_builder_append(&packed, list[i] ? "\1" : "\0", 1);
  }
  if (num > 0) put_message(number, &packed, out);
  pjrt_builder_clear(&packed);
}

pjrt_error *pjrt_compile_put_devices(int num_replicas, int num_partitions,
                                     const int *device_ids,
                                     size_t num_device_ids,
                                     pjrt_builder *ordinal,
                                     pjrt_builder *assignment) {
  PJRT_TRY(check_device_ids(num_replicas, num_partitions, device_ids,
                            num_device_ids));
  /* "Not set": compile for the assigned devices, not for the first one. */
  put_number(BUILD_DEVICE_ORDINAL, -1, ordinal);
  pjrt_builder message = {0};
  put_number(ASSIGNMENT_REPLICA_COUNT, num_replicas, &message);
  put_number(ASSIGNMENT_COMPUTATION_COUNT, num_partitions, &message);
  for (int p = 0; p < num_partitions; p++) {
    pjrt_builder ids = {0};
    for (int r = 0; r < num_replicas; r++) {
      pjrt_wire_append_varint(
          &ids, (uint64_t)(int64_t)device_ids[r * num_partitions + p]);
    }
    pjrt_builder devices = {0};
    put_message(COMPUTATION_DEVICE_REPLICA_DEVICE_IDS, &ids, &devices);
    put_message(ASSIGNMENT_COMPUTATION_DEVICES, &devices, &message);
  }
  put_message(BUILD_DEVICE_ASSIGNMENT, &message, assignment);
  return NULL;
}

static void put_override(const pjrt_named_value *option, pjrt_builder *out) {
  double number;
  uint64_t bits;
  switch (option->kind) {
    case PJRT_VALUE_INT64:
      pjrt_wire_put_varint(out, OVERRIDE_INT_FIELD, (uint64_t)option->int64);
      return;
    case PJRT_VALUE_BOOL:
      pjrt_wire_put_varint(out, OVERRIDE_BOOL_FIELD, option->boolean);
      return;
    case PJRT_VALUE_FLOAT:
      number = (double)option->float32;
      memcpy(&bits, &number, sizeof bits);
      pjrt_wire_put_fixed(out, OVERRIDE_DOUBLE_FIELD, PJRT_WIRE_FIXED64, bits);
      return;
    default: /* the check lets nothing else through */
      pjrt_wire_put_bytes(out, OVERRIDE_STRING_FIELD, option->string,
                          option->value_size);
  }
}

void pjrt_compile_put_xla_option(const pjrt_named_value *option,
                                 pjrt_builder *out) {
  pjrt_builder override = {0};
  pjrt_builder entry = {0};
  put_override(option, &override);
  pjrt_wire_put_bytes(&entry, OVERRIDES_ENTRY_KEY, option->name,
                      option->name_size);
  put_message(OVERRIDES_ENTRY_VALUE, &override, &entry);
  put_message(OPTIONS_ENV_OPTION_OVERRIDES, &entry, out);
}

static void put_numbers(uint32_t number, const int64_t *list, size_t num,
                        pjrt_builder *out) {
  pjrt_builder packed = {0};
  for (size_t i = 0; i < num; i++) {
    pjrt_wire_append_varint(&packed, (uint64_t)list[i]);
  }
  if (num > 0) put_message(number, &packed, out);
  pjrt_builder_clear(&packed);
}

/* The field is a shape. */
static void put_shape(uint32_t number, const pjrt_shape_layout *it,
                      pjrt_builder *out) {
  int64_t row_major[MAX_DIMS];
  for (size_t i = 0; i < it->num_dims; i++) {
    row_major[i] = (int64_t)(it->num_dims - 1 - i);
  }
  pjrt_builder layout = {0};
  pjrt_builder shape = {0};
  put_number(SHAPE_ELEMENT_TYPE, pjrt_dtype_to_xla(it->dtype), &shape);
  put_numbers(SHAPE_DIMENSIONS, it->dims, it->num_dims, &shape);
  put_numbers(LAYOUT_MINOR_TO_MAJOR,
              it->minor_to_major ? it->minor_to_major : row_major, it->num_dims,
              &layout);
  put_message(SHAPE_LAYOUT, &layout, &shape);
  put_message(number, &shape, out);
}

/* Several outputs are a tuple. */
static void put_result(const pjrt_compile_opts *opts, pjrt_builder *out) {
  const size_t num = opts->num_output_layouts;
  if (num == 0) return;
  if (num == 1) {
    put_shape(BUILD_RESULT_LAYOUT, opts->output_layouts, out);
    return;
  }
  pjrt_builder tuple = {0};
  put_number(SHAPE_ELEMENT_TYPE, PJRT__PRIMITIVE_TYPE__TUPLE, &tuple);
  for (size_t i = 0; i < num; i++) {
    put_shape(SHAPE_TUPLE_SHAPES, &opts->output_layouts[i], &tuple);
  }
  put_message(BUILD_RESULT_LAYOUT, &tuple, out);
}

/* The fields stand in the order of their numbers, as Google writes them. */
static pjrt_error *put_build_options(const pjrt_compile_opts *opts,
                                     const int *device_ids,
                                     size_t num_device_ids, pjrt_builder *out) {
  pjrt_builder assignment = {0};
  if (device_ids) {
    PJRT_TRY(pjrt_compile_put_devices(opts->num_replicas, opts->num_partitions,
                                      device_ids, num_device_ids, out,
                                      &assignment));
  }
  put_result(opts, out);
  put_number(BUILD_NUM_REPLICAS, opts->num_replicas, out);
  put_number(BUILD_NUM_PARTITIONS, opts->num_partitions, out);
  put_number(BUILD_USE_SPMD_PARTITIONING,
             opts->use_spmd_partitioning && opts->num_partitions > 1, out);
  pjrt_builder_append(out, assignment.data, assignment.size);
  out->out_of_memory |= assignment.out_of_memory;
  pjrt_builder_clear(&assignment);
  put_number(BUILD_ALIAS_PASSTHROUGH_PARAMS, opts->alias_passthrough_params,
             out);
  put_bools(BUILD_ALLOW_SPMD_SHARDING_PROPAGATION_TO_OUTPUT,
            opts->propagate_sharding_to_outputs,
            opts->num_propagate_sharding_to_outputs, out);
  if (opts->fdo_profile) {
    pjrt_wire_put_bytes(out, BUILD_FDO_PROFILE, opts->fdo_profile,
                        opts->fdo_profile_size);
  }
  put_number(BUILD_DEVICE_MEMORY_SIZE, opts->device_memory_size, out);
  put_bools(BUILD_ALLOW_SPMD_SHARDING_PROPAGATION_TO_PARAMETERS,
            opts->propagate_sharding_to_parameters,
            opts->num_propagate_sharding_to_parameters, out);
  put_number(BUILD_USE_SHARDY_PARTITIONER, opts->use_shardy_partitioner, out);
  put_number(BUILD_OPTIMIZATION_LEVEL, opts->optimization_level, out);
  put_number(BUILD_MEMORY_FITTING_LEVEL, opts->memory_fitting_level, out);
  return NULL;
}

static pjrt_error *put_options(const pjrt_compile_opts *opts,
                               const int *device_ids, size_t num_device_ids,
                               pjrt_builder *out) {
  pjrt_builder build = {0};
  for (size_t i = 0; i < opts->num_argument_layouts; i++) {
    put_shape(OPTIONS_ARGUMENT_LAYOUTS, &opts->argument_layouts[i], out);
  }
  pjrt_error *error =
      put_build_options(opts, device_ids, num_device_ids, &build);
  if (error) {
    pjrt_builder_clear(&build);
    return error;
  }
  put_message(OPTIONS_EXECUTABLE_BUILD_OPTIONS, &build, out);
  put_number(OPTIONS_COMPILE_PORTABLE_EXECUTABLE,
             opts->compile_portable_executable, out);
  put_number(OPTIONS_PROFILE_VERSION, opts->profile_version, out);
  for (size_t i = 0; i < pjrt_named_values_size(opts->xla_options); i++) {
    pjrt_compile_put_xla_option(pjrt_named_values_at(opts->xla_options, i),
                                out);
  }
  return NULL;
}

pjrt_error *pjrt_compile_opts_serialize(const pjrt_compile_opts *opts,
                                        const int *device_ids,
                                        size_t num_device_ids, void **out,
                                        size_t *out_size) {
  *out = NULL;
  *out_size = 0;
  if (opts->serialized) {
    PJRT_TRY(pjrt_alloc_copy(opts->serialized, opts->serialized_size, 1, out));
    *out_size = opts->serialized_size;
    return NULL;
  }
  if (opts->compile_portable_executable) device_ids = NULL;
  pjrt_builder message = {0};
  pjrt_error *error = put_options(opts, device_ids, num_device_ids, &message);
  if (error) {
    pjrt_builder_clear(&message);
    return error;
  }
  return pjrt_builder_finish(&message, (char **)out, out_size);
}
