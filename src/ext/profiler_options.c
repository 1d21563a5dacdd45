#include "ext/profiler_options.h"

#include "base/error.h"
#include "core/opts.h"
#include "core/wire.h"

/* Fields of ProfileOptions. */
enum {
  INCLUDE_DATASET_OPS = 1,
  HOST_TRACER_LEVEL = 2,
  DEVICE_TRACER_LEVEL = 3,
  PYTHON_TRACER_LEVEL = 4,
  VERSION = 5,
  DEVICE_TYPE = 6,
  ENABLE_HLO_PROTO = 7,
  START_TIMESTAMP_NS = 8,
  DURATION_MS = 9,
  TRACE_OPTIONS = 11,
  ADVANCED_CONFIGURATION = 12,
  RAISE_ERROR_ON_START_FAILURE = 13
};
/* Of TraceOptions, of an entry of a map, and of AdvancedConfigValue. */
enum { HOST_TRACEME_FILTER_MASK = 1 };
enum { KEY = 1, VALUE = 2 };
enum { STRING_VALUE = 1, BOOL_VALUE = 2, INT64_VALUE = 3 };

void pjrt_profiler_opts_init(pjrt_profiler_opts *opts) {
  *opts = (pjrt_profiler_opts){
      .struct_size = sizeof *opts,
      .host_tracer_level = 2,
      .device_tracer_level = 1,
      .include_dataset_ops = true,
      .enable_hlo_proto = true,
  };
}

static pjrt_error *check(const pjrt_profiler_opts *opts) {
  const struct {
    const char *name;
    int64_t value;
  } numbers[] = {
      {"host_tracer_level", opts->host_tracer_level},
      {"device_tracer_level", opts->device_tracer_level},
      {"python_tracer_level", opts->python_tracer_level},
      {"start_timestamp_ns", opts->start_timestamp_ns},
      {"duration_ms", opts->duration_ms},
  };
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    if (numbers[i].value >= 0) continue;
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "%s is %lld",
                             numbers[i].name, (long long)numbers[i].value);
  }
  if ((unsigned)opts->device > PJRT_PROFILE_PLUGGABLE_DEVICE) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "there is no kind of device %d",
                             (int)opts->device);
  }
  if (opts->serialized_size && !opts->serialized) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "serialized is NULL for %zu bytes",
                             opts->serialized_size);
  }
  return NULL;
}

/* Zero is what an absent number means. */
static void put(pjrt_builder *out, uint32_t number, uint64_t value) {
  if (value) pjrt_wire_put_varint(out, number, value);
}

static pjrt_error *put_value(pjrt_builder *out, const pjrt_named_values *values,
                             size_t i) {
  size_t size;
  const char *text;
  switch (pjrt_named_values_kind(values, i)) {
    case PJRT_VALUE_STRING:
      text = pjrt_named_values_string(values, i, &size);
      pjrt_wire_put_bytes(out, STRING_VALUE, text, size);
      return NULL;
    case PJRT_VALUE_BOOL:
      pjrt_wire_put_varint(out, BOOL_VALUE, pjrt_named_values_bool(values, i));
      return NULL;
    case PJRT_VALUE_INT64:
      pjrt_wire_put_varint(out, INT64_VALUE,
                           (uint64_t)pjrt_named_values_int64(values, i));
      return NULL;
    case PJRT_VALUE_INT64_LIST:
    case PJRT_VALUE_FLOAT:
      break;
  }
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "%s is neither a text nor an integer nor a boolean",
                           pjrt_named_values_name(values, i, NULL));
}

static void put_message(pjrt_builder *out, uint32_t number,
                        pjrt_builder *message) {
  out->out_of_memory = out->out_of_memory || message->out_of_memory;
  pjrt_wire_put_bytes(out, number, message->data, message->size);
  pjrt_builder_clear(message);
}

static pjrt_error *put_advanced(pjrt_builder *out,
                                const pjrt_named_values *values) {
  for (size_t i = 0; i < pjrt_named_values_size(values); i++) {
    pjrt_builder entry = {0}, value = {0};
    size_t size;
    const char *name = pjrt_named_values_name(values, i, &size);
    pjrt_error *error = put_value(&value, values, i);
    pjrt_wire_put_bytes(&entry, KEY, name, size);
    put_message(&entry, VALUE, &value);
    put_message(out, ADVANCED_CONFIGURATION, &entry);
    if (error) return error;
  }
  return NULL;
}

static void put_numbers(pjrt_builder *out, const pjrt_profiler_opts *opts) {
  pjrt_builder trace = {0};
  put(out, INCLUDE_DATASET_OPS, opts->include_dataset_ops);
  put(out, HOST_TRACER_LEVEL, (uint64_t)opts->host_tracer_level);
  put(out, DEVICE_TRACER_LEVEL, (uint64_t)opts->device_tracer_level);
  put(out, PYTHON_TRACER_LEVEL, (uint64_t)opts->python_tracer_level);
  put(out, VERSION, 1);
  put(out, DEVICE_TYPE, (uint64_t)opts->device);
  put(out, ENABLE_HLO_PROTO, opts->enable_hlo_proto);
  put(out, START_TIMESTAMP_NS, (uint64_t)opts->start_timestamp_ns);
  put(out, DURATION_MS, (uint64_t)opts->duration_ms);
  put(out, RAISE_ERROR_ON_START_FAILURE, opts->raise_error_on_start_failure);
  if (!opts->host_traceme_filter_mask) return;
  put(&trace, HOST_TRACEME_FILTER_MASK, opts->host_traceme_filter_mask);
  put_message(out, TRACE_OPTIONS, &trace);
}

pjrt_error *pjrt_profiler_options_pack(const pjrt_profiler_opts *given,
                                       char **out, size_t *out_size) {
  pjrt_profiler_opts opts;
  pjrt_builder builder = {0};
  pjrt_profiler_opts_init(&opts);
  PJRT_TRY(pjrt_opts_read(given, "pjrt_profiler_opts", sizeof opts, &opts));
  PJRT_TRY(check(&opts));
  put_numbers(&builder, &opts);
  pjrt_error *error = put_advanced(&builder, opts.advanced);
  if (error) {
    pjrt_builder_clear(&builder);
    return error;
  }
  pjrt_builder_append(&builder, opts.serialized, opts.serialized_size);
  return pjrt_builder_finish(&builder, out, out_size);
}
