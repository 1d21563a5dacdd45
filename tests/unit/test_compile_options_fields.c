/* Compile options with any fields: by name, from JSON and back, and with what
 * this library does not know. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pjrt/array.h"
#include "pjrt/compile_options.h"
#include "temp_tree.h"

#define ALL PJRT_NUL_ENDED
#define BUILD "executable_build_options."

static pjrt_compile_options *create(void) {
  pjrt_compile_options *options;
  assert_null(pjrt_compile_options_create(NULL, &options));
  return options;
}

static pjrt_compile_options *parse(const char *bytes, size_t size) {
  pjrt_compile_options *options;
  pjrt_error *error = pjrt_compile_options_parse(bytes, size, &options);
  assert_string_equal(pjrt_error_message(error, NULL), "");
  return options;
}

/* Without the blanks and line feeds between its parts. */
static void expect_json(const pjrt_compile_options *options,
                        const char *expected) {
  char *json;
  size_t size;
  assert_null(pjrt_compile_options_to_json(options, &json, &size));
  assert_int_equal(size, strlen(json));
  size_t kept = 0;
  for (size_t i = 0; i < size; i++) {
    if (json[i] != ' ' && json[i] != '\n') json[kept++] = json[i];
  }
  json[kept] = '\0';
  assert_string_equal(json, expected);
  pjrt_host_free(json);
}

static void expect_bytes(const pjrt_compile_options *options,
                         const char *expected, size_t expected_size) {
  void *bytes;
  size_t size;
  assert_null(pjrt_compile_options_serialize(options, &bytes, &size));
  assert_int_equal(size, expected_size);
  assert_memory_equal(bytes, expected, size);
  pjrt_host_free(bytes);
}

static void expect_invalid(pjrt_error *error, const char *message) {
  assert_int_equal(pjrt_error_code(error), PJRT_INVALID_ARGUMENT);
  assert_string_equal(pjrt_error_message(error, NULL), message);
  pjrt_error_free(error);
}

/* ---- by name ------------------------------------------------------------- */

static void every_type_of_value(void **state) {
  (void)state;
  pjrt_compile_options *it = create();
  assert_null(pjrt_compile_options_set_int64(it, "profile_version", ALL, -7));
  assert_null(
      pjrt_compile_options_set_bool(it, BUILD "run_backend_only", ALL, true));
  assert_null(pjrt_compile_options_set_string(it, BUILD "fdo_profile", ALL,
                                              "\0\xff\x10", 3));
  assert_null(pjrt_compile_options_set_string(it, BUILD "optimization_level",
                                              ALL, "EFFORT_O2", ALL));
  assert_null(pjrt_compile_options_set_int64(it, BUILD "memory_fitting_level",
                                             ALL, 12));
  assert_null(pjrt_compile_options_set_double(it, BUILD "memory_fitting_effort",
                                              ALL, 0.1));
  assert_null(pjrt_compile_options_set_string(
      it, "env_option_overrides.xla.dotted", ALL, "say \"\\\n", ALL));
  expect_json(it,
              "{\"executable_build_options\":{\"num_replicas\":1,"
              "\"num_partitions\":1,\"run_backend_only\":true,"
              "\"fdo_profile\":\"AP8Q\",\"memory_fitting_effort\":0.1,"
              "\"optimization_level\":\"EFFORT_O2\","
              "\"memory_fitting_level\":12},\"profile_version\":-7,"
              "\"env_option_overrides\":{\"xla.dotted\":"
              "{\"string_field\":\"say\\\"\\\\\\u000a\"}}}");
  pjrt_compile_options_free(it);
}

static void a_value_replaces_the_one_before(void **state) {
  (void)state;
  pjrt_compile_options *it = parse("", 0);
  assert_null(pjrt_compile_options_set_int64(it, "profile_version", ALL, 1));
  assert_null(pjrt_compile_options_set_int64(it, "profile_version", ALL, 2));
  expect_bytes(it, "\x28\x02", 2);
  assert_null(pjrt_compile_options_clear(it, "profile_version", ALL));
  expect_bytes(it, "", 0);
  const char *const flag = "env_option_overrides.xla_a";
  assert_null(pjrt_compile_options_set_int64(it, flag, ALL, 1));
  assert_null(pjrt_compile_options_set_bool(it, "env_option_overrides.xla_b",
                                            ALL, false));
  assert_null(pjrt_compile_options_set_double(it, flag, ALL, 2));
  expect_json(it,
              "{\"env_option_overrides\":{\"xla_b\":{\"bool_field\":false},"
              "\"xla_a\":{\"double_field\":2.0}}}");
  assert_null(pjrt_compile_options_clear(it, flag, ALL));
  expect_json(it,
              "{\"env_option_overrides\":{\"xla_b\":{\"bool_field\":false}}}");
  pjrt_compile_options_free(it);
}

static void what_is_not_there_is_not_made_by_clearing_it(void **state) {
  (void)state;
  pjrt_compile_options *it = parse("", 0);
  assert_null(
      pjrt_compile_options_clear(it, BUILD "debug_options.xla_dump_to", ALL));
  expect_bytes(it, "", 0);
  const char *const device = "target_config.gpu_device_info.";
  char rocm[128];
  char cuda[128];
  snprintf(rocm, sizeof rocm, "%srocm_compute_capability.gcn_arch_name",
           device);
  snprintf(cuda, sizeof cuda, "%scuda_compute_capability.major", device);
  assert_null(pjrt_compile_options_set_string(it, rocm, ALL, "gfx90a", ALL));
  assert_null(pjrt_compile_options_clear(it, cuda, ALL));
  expect_json(it,
              "{\"target_config\":{\"gpu_device_info\":{"
              "\"rocm_compute_capability\":{\"gcn_arch_name\":\"gfx90a\"}}}}");
  assert_null(pjrt_compile_options_set_int64(it, cuda, ALL, 9));
  expect_json(it,
              "{\"target_config\":{\"gpu_device_info\":{"
              "\"cuda_compute_capability\":{\"major\":9}}}}");
  pjrt_compile_options_free(it);
}

/* What of a oneof is not set cannot be cleared, and what another member unset
 * does not come back. */
static void members_of_a_oneof_are_apart(void **state) {
  (void)state;
#define DEVICE "target_config.gpu_device_info."
  const char *const rocm = DEVICE "rocm_compute_capability";
  const char *const cuda = DEVICE "cuda_compute_capability";
  const char *const minor = DEVICE "cuda_compute_capability.minor";
  /* cuda { major: 9 }, then rocm { gcn_arch_name: "g" } */
  static const char bytes[] =
      "\x42\x0d\x0a\x0b\x82\x01\x02\x08\x09"
      "\x8a\x01\x03\x0a\x01g";
  pjrt_compile_options *it = parse(bytes, sizeof bytes - 1);
  assert_null(pjrt_compile_options_clear(it, cuda, ALL));
  assert_null(pjrt_compile_options_clear(it, minor, ALL));
  expect_bytes(it, bytes, sizeof bytes - 1);
  assert_null(pjrt_compile_options_set_int64(it, minor, ALL, 1));
  expect_json(it,
              "{\"target_config\":{\"gpu_device_info\":{"
              "\"cuda_compute_capability\":{\"minor\":1}}}}");
  assert_null(pjrt_compile_options_clear(it, rocm, ALL));
  expect_json(it,
              "{\"target_config\":{\"gpu_device_info\":{"
              "\"cuda_compute_capability\":{\"minor\":1}}}}");
  assert_null(pjrt_compile_options_clear(it, cuda, ALL));
  expect_json(it, "{\"target_config\":{\"gpu_device_info\":{}}}");
  pjrt_compile_options_free(it);
}

/* cuda { major: 9 }, rocm { gcn_arch_name: "g" }, and then cuda { minor: 1 } */
static void what_a_oneof_unset_stays_so(void **state) {
  static const char bytes[] =
      "\x42\x12\x0a\x10\x82\x01\x02\x08\x09"
      "\x8a\x01\x03\x0a\x01g"
      "\x82\x01\x02\x10\x01";
  (void)state;
  pjrt_compile_options *it = parse(bytes, sizeof bytes - 1);
  expect_json(it,
              "{\"target_config\":{\"gpu_device_info\":{"
              "\"cuda_compute_capability\":{\"minor\":1}}}}");
  pjrt_compile_options_free(it);
}

static void lists(void **state) {
  (void)state;
  pjrt_compile_options *it = parse("", 0);
  const int64_t list[] = {0, 1, 1};
  assert_null(pjrt_compile_options_set_int64_list(
      it, BUILD "auto_spmd_partitioning_mesh_shape", ALL, list, 3));
  assert_null(pjrt_compile_options_set_int64_list(
      it, BUILD "allow_spmd_sharding_propagation_to_output", ALL, list, 2));
  expect_json(it,
              "{\"executable_build_options\":{"
              "\"allow_spmd_sharding_propagation_to_output\":[false,true],"
              "\"auto_spmd_partitioning_mesh_shape\":[0,1,1]}}");
  assert_null(pjrt_compile_options_set_int64_list(
      it, BUILD "auto_spmd_partitioning_mesh_shape", ALL, NULL, 0));
  expect_json(it,
              "{\"executable_build_options\":{"
              "\"allow_spmd_sharding_propagation_to_output\":[false,true]}}");
  pjrt_compile_options_free(it);
}

static void devices_come_replica_major(void **state) {
  (void)state;
  pjrt_compile_options *it = create();
  assert_null(pjrt_compile_options_set_int64(it, BUILD "num_replicas", ALL, 2));
  const int ids[] = {7, 4};
  assert_null(pjrt_compile_options_set_device_ids(it, ids, 2));
  expect_json(it,
              "{\"executable_build_options\":{\"device_ordinal\":-1,"
              "\"num_replicas\":2,\"num_partitions\":1,"
              "\"device_assignment\":{\"replica_count\":2,"
              "\"computation_count\":1,\"computation_devices\":[{"
              "\"replica_device_ids\":[7,4]}]}}}");
  expect_invalid(pjrt_compile_options_set_device_ids(it, ids, 1),
                 "compile options: 2 replicas of 1 partitions need 2 device "
                 "ids, got 1");
  pjrt_compile_options_free(it);
}

/* ---- refusals ------------------------------------------------------------ */

static void names_that_lead_nowhere(void **state) {
  (void)state;
  pjrt_compile_options *it = create();
  expect_invalid(
      pjrt_compile_options_set_int64(it, "num_replicas", ALL, 2),
      "compile options: CompileOptionsProto has no field \"num_replicas\"; did "
      "you mean executable_build_options.num_replicas?");
  expect_invalid(
      pjrt_compile_options_set_bool(it, "xla_dump_hlo_as_text", ALL, true),
      "compile options: CompileOptionsProto has no field "
      "\"xla_dump_hlo_as_text\"; did you mean "
      "executable_build_options.debug_options.xla_dump_hlo_as_text?");
  expect_invalid(pjrt_compile_options_clear(it, BUILD "nothing", ALL),
                 "compile options: ExecutableBuildOptionsProto has no field "
                 "\"nothing\"");
  expect_invalid(pjrt_compile_options_clear(it, "", ALL),
                 "compile options: CompileOptionsProto has no field \"\"");
  expect_invalid(pjrt_compile_options_clear(it, "profile_version.x", ALL),
                 "compile options: profile_version is int64, nothing in it has "
                 "the name \"x\"");
  expect_invalid(pjrt_compile_options_clear(it, "argument_layouts.layout", ALL),
                 "compile options: argument_layouts is a list of ShapeProto, "
                 "nothing in it has the name \"layout\"");
  expect_invalid(pjrt_compile_options_clear(it, BUILD, ALL),
                 "compile options: ExecutableBuildOptionsProto has no field "
                 "\"\"");
  expect_invalid(pjrt_compile_options_clear(it, "profile_version.", ALL),
                 "compile options: profile_version is int64, nothing in it has "
                 "the name \"\"");
  expect_invalid(pjrt_compile_options_clear(it, NULL, 0), "field is NULL");
  expect_invalid(pjrt_compile_options_clear(NULL, "x", ALL), "options is NULL");
  expect_json(it,
              "{\"executable_build_options\":{\"num_replicas\":1,"
              "\"num_partitions\":1}}");
  pjrt_compile_options_free(it);
}

static void values_of_another_type(void **state) {
  (void)state;
  pjrt_compile_options *it = create();
  const char *const replicas = BUILD "num_replicas";
  const int64_t list[] = {1, INT64_C(1) << 31};
  expect_invalid(pjrt_compile_options_set_bool(it, replicas, ALL, true),
                 "compile options: executable_build_options.num_replicas: "
                 "expected int64, got true");
  expect_invalid(
      pjrt_compile_options_set_string(it, replicas, ALL, "two", ALL),
      "compile options: executable_build_options.num_replicas: expected "
      "int64, got \"two\"");
  expect_invalid(pjrt_compile_options_set_double(it, replicas, ALL, 1.5),
                 "compile options: executable_build_options.num_replicas: "
                 "expected int64, got 1.5");
  expect_invalid(
      pjrt_compile_options_set_int64(it, "compile_portable_executable", ALL, 1),
      "compile options: compile_portable_executable: expected bool, got 1");
  expect_invalid(
      pjrt_compile_options_set_int64_list(it, replicas, ALL, list, 2),
      "compile options: executable_build_options.num_replicas: "
      "expected int64, got a list");
  expect_invalid(
      pjrt_compile_options_set_int64_list(
          it, "individually_defined_output_indices", ALL, list, 2),
      "compile options: individually_defined_output_indices: [1]: expected "
      "int32, got 2147483648");
  expect_invalid(pjrt_compile_options_set_int64(it, "argument_layouts", ALL, 1),
                 "compile options: argument_layouts: expected a list of "
                 "ShapeProto, got one value");
  expect_invalid(
      pjrt_compile_options_set_string(it, "matrix_unit_operand_precision", ALL,
                                      "LOW", ALL),
      "compile options: matrix_unit_operand_precision: expected one of "
      "DEFAULT, HIGH, HIGHEST, got \"LOW\"");
  expect_invalid(
      pjrt_compile_options_set_string(it, "matrix_unit_operand_precision", ALL,
                                      NULL, 0),
      "compile options: matrix_unit_operand_precision: expected one of "
      "DEFAULT, HIGH, HIGHEST, got \"\"");
  expect_invalid(pjrt_compile_options_set_string(it, "compiler_variant", ALL,
                                                 "a\xff", ALL),
                 "compile options: compiler_variant: expected text in UTF-8, "
                 "got byte 0xff at 1");
  expect_invalid(
      pjrt_compile_options_set_double(it, BUILD "memory_fitting_effort", ALL,
                                      1e300),
      "compile options: executable_build_options.memory_fitting_effort: "
      "expected float, got 1e+300");
  pjrt_compile_options_free(it);
}

/* ---- serialized forms ---------------------------------------------------- */

#define UNKNOWN                                                  \
  "\xf8\x3f\x05"                             /* 1023: 5 */       \
  "\xfa\x3f\x02hi"                           /* 1023: bytes */   \
  "\xf5\x3f\x01\x00\x00\x00"                 /* 1022: fixed32 */ \
  "\xe9\x3f\x02\x00\x00\x00\x00\x00\x00\x00" /* 1021: fixed64 */ \
  "\x2d\x01\x02\x03\x04" /* 5, profile_version, of the wrong type */

static void what_is_unknown_survives(void **state) {
  (void)state;
  const char bytes[] = UNKNOWN "\x1a\x06\xf8\x3f\x07\x20\x01\x30" UNKNOWN;
  pjrt_compile_options *it;
  expect_invalid(
      pjrt_compile_options_parse(bytes, sizeof bytes - 1, &it),
      "compile options: executable_build_options: expected a serialized "
      "ExecutableBuildOptionsProto, got 6 other bytes");
  assert_null(it);

  const char whole[] = UNKNOWN "\x1a\x05\xf8\x3f\x07\x20\x01";
  it = parse(whole, sizeof whole - 1);
  expect_bytes(it, whole, sizeof whole - 1);
  assert_null(pjrt_compile_options_set_int64(it, BUILD "num_replicas", ALL, 3));
  const char changed[] = UNKNOWN "\x1a\x05\xf8\x3f\x07\x20\x03";
  expect_bytes(it, changed, sizeof changed - 1);
  assert_null(pjrt_compile_options_set_int64(it, "profile_version", ALL, 9));
  const char more[] = UNKNOWN "\x1a\x05\xf8\x3f\x07\x20\x03\x28\x09";
  expect_bytes(it, more, sizeof more - 1);
  expect_json(it,
              "{\"executable_build_options\":{\"num_replicas\":3,"
              "\"1023\":7},\"profile_version\":9,\"5\":{\"fixed32\":67305985},"
              "\"1021\":{\"fixed64\":2},\"1022\":{\"fixed32\":1},"
              "\"1023\":[5,\"aGk=\"]}");
  pjrt_compile_options_free(it);
}

static void pieces_of_a_message_are_joined(void **state) {
  (void)state;
  const char bytes[] = "\x1a\x02\x20\x02\x28\x07\x1a\x04\x28\x03\x20\x04";
  pjrt_compile_options *it = parse(bytes, sizeof bytes - 1);
  expect_json(it,
              "{\"executable_build_options\":{\"num_replicas\":4,"
              "\"num_partitions\":3},\"profile_version\":7}");
  assert_null(
      pjrt_compile_options_set_int64(it, BUILD "num_partitions", ALL, 1));
  expect_json(it,
              "{\"executable_build_options\":{\"num_replicas\":4,"
              "\"num_partitions\":1},\"profile_version\":7}");
  pjrt_compile_options_free(it);
}

static void nesting_has_an_end(void **state) {
  (void)state;
  /* result_layout { tuple_shapes { tuple_shapes { ... */
  unsigned char bytes[1024];
  size_t size = 0;
  for (int depth = 0; depth < 120; depth++) {
    const size_t header = size < 128 ? 2 : 3;
    memmove(bytes + header, bytes, size);
    bytes[0] = depth == 119 ? 0x1a : depth == 118 ? 0x12 : 0x22;
    bytes[1] = (unsigned char)(header == 2 ? size : 0x80 | (size & 0x7f));
    if (header == 3) bytes[2] = (unsigned char)(size >> 7);
    size += header;
  }
  pjrt_compile_options *it;
  pjrt_error *error =
      pjrt_compile_options_parse((const char *)bytes, size, &it);
  assert_int_equal(pjrt_error_code(error), PJRT_INVALID_ARGUMENT);
  assert_non_null(strstr(pjrt_error_message(error, NULL),
                         "a ShapeProto stands deeper than 100 messages"));
  pjrt_error_free(error);
}

static void paths_have_an_end_too(void **state) {
  (void)state;
  char path[4096];
  size_t size = (size_t)snprintf(path, sizeof path, BUILD "result_layout");
  for (int depth = 0; depth < 50; depth++) {
    size += (size_t)snprintf(path + size, sizeof path - size,
                             ".layout.physical_shape");
  }
  pjrt_compile_options *it = create();
  expect_invalid(pjrt_compile_options_clear(it, path, size),
                 "compile options: a ShapeProto stands deeper than 100 "
                 "messages");
  pjrt_compile_options_free(it);
}

/* XLA calls them as we do, in capitals. */
static void element_types_have_the_names_of_xla(void **state) {
  (void)state;
  for (int i = 1; pjrt_dtype_since((pjrt_dtype)i) > 0; i++) {
    const pjrt_shape_layout scalar = {.dtype = (pjrt_dtype)i};
    if (pjrt_dtype_host_size(scalar.dtype) == 0) continue;
    pjrt_compile_opts opts;
    pjrt_compile_options *it;
    char expected[64] = "";
    pjrt_compile_opts_init(&opts);
    opts.argument_layouts = &scalar;
    opts.num_argument_layouts = 1;
    assert_null(pjrt_compile_options_create(&opts, &it));
    assert_null(
        pjrt_compile_options_clear(it, "executable_build_options", ALL));
    snprintf(expected, sizeof expected, "%s", pjrt_dtype_name(scalar.dtype));
    for (char *c = expected; *c; c++) *c = (char)toupper((unsigned char)*c);
    char json[160];
    snprintf(json, sizeof json,
             "{\"argument_layouts\":[{\"element_type\":\"%s\","
             "\"layout\":{}}]}",
             expected);
    expect_json(it, json);
    pjrt_compile_options_free(it);
  }
}

static void the_struct_takes_an_object(void **state) {
  (void)state;
  pjrt_compile_options *it = create();
  assert_null(pjrt_compile_options_set_int64(it, BUILD "num_replicas", ALL, 3));
  pjrt_compile_opts opts;
  pjrt_compile_opts_init(&opts);
  opts.options = it;
  pjrt_compile_options *copy;
  assert_null(pjrt_compile_options_create(&opts, &copy));
  expect_json(copy,
              "{\"executable_build_options\":{\"num_replicas\":3,"
              "\"num_partitions\":1}}");
  opts.serialized = "";
  pjrt_compile_options *none;
  expect_invalid(pjrt_compile_options_create(&opts, &none),
                 "compile options: expected one of serialized and options, got "
                 "both");
  assert_null(none);
  pjrt_compile_options_free(copy);
  pjrt_compile_options_free(it);
}

static void flags_of_xla(void **state) {
  (void)state;
  static const char both[] =
      "{\"executable_build_options\":{\"num_replicas\":1,\"num_partitions\":1},"
      "\"env_option_overrides\":{\"xla_a\":{\"bool_field\":false},"
      "\"xla_b\":{\"int_field\":2}}}";
  pjrt_compile_options *it = create();
  pjrt_named_values *flags;
  assert_null(pjrt_named_values_create(&flags));
  assert_null(pjrt_named_values_set_bool(flags, "xla_a", ALL, true));
  assert_null(pjrt_compile_options_set_xla_options(it, flags));
  assert_null(pjrt_named_values_set_bool(flags, "xla_a", ALL, false));
  assert_null(pjrt_named_values_set_int64(flags, "xla_b", ALL, 2));
  assert_null(pjrt_compile_options_set_xla_options(it, flags));
  assert_null(pjrt_compile_options_set_xla_options(it, NULL));
  expect_json(it, both);

  assert_null(pjrt_named_values_set_int64(flags, "xla_b", ALL, 3));
  assert_null(pjrt_named_values_set_int64_list(flags, "xla_c", ALL, NULL, 0));
  expect_invalid(pjrt_compile_options_set_xla_options(it, flags),
                 "XLA option xla_c: expected a string, int64, float or bool, "
                 "got a list");
  expect_json(it, both);
  expect_invalid(pjrt_compile_options_set_xla_options(NULL, flags),
                 "options is NULL");
  pjrt_named_values_free(flags);
  pjrt_compile_options_free(it);
}

/* ---- JSON ---------------------------------------------------------------- */

#ifdef PJRT_HAVE_JANSSON

static pjrt_compile_options *from_json(const char *json) {
  pjrt_compile_options *options;
  pjrt_error *error = pjrt_compile_options_from_json(json, ALL, &options);
  assert_string_equal(pjrt_error_message(error, NULL), "");
  return options;
}

static void json_over_the_defaults(void **state) {
  (void)state;
  pjrt_compile_options *it = from_json(
      "{\"executable_build_options\": {\"num_partitions\": \"2\","
      " \"result_layout\": {\"element_type\": \"F32\", \"dimensions\": [2, 3],"
      "  \"layout\": {\"minor_to_major\": [0, 1]}},"
      " \"debug_options\": {\"xla_backend_extra_options\": {\"a\": \"b\"}},"
      " \"fdo_profile\": \"AP8Q\", \"memory_fitting_effort\": 1,"
      " \"deduplicate_hlo\": null},"
      " \"env_option_overrides\": {\"xla_i\": 5, \"xla_d\": 5.0,"
      "  \"xla_b\": true, \"xla_s\": \"x\", \"xla_m\": {\"int_field\": 6}}}");
  expect_json(
      it,
      "{\"executable_build_options\":{\"result_layout\":{"
      "\"element_type\":\"F32\",\"dimensions\":[2,3],\"layout\":{"
      "\"minor_to_major\":[0,1]}},\"debug_options\":{"
      "\"xla_backend_extra_options\":{\"a\":\"b\"}},\"num_replicas\":1,"
      "\"num_partitions\":2,\"fdo_profile\":\"AP8Q\","
      "\"memory_fitting_effort\":1.0},"
      "\"env_option_overrides\":{\"xla_i\":{\"int_field\":5},"
      "\"xla_d\":{\"double_field\":5.0},\"xla_b\":{\"bool_field\":true},"
      "\"xla_s\":{\"string_field\":\"x\"},\"xla_m\":{\"int_field\":6}}}");
  pjrt_compile_options_free(it);
}

static void what_is_told_reads_back(void **state) {
  (void)state;
  const char whole[] = "\x1a\x07\x20\x01\x28\x01\xf8\x3f\x07" UNKNOWN;
  pjrt_compile_options *it = parse(whole, sizeof whole - 1);
  char *json;
  assert_null(pjrt_compile_options_to_json(it, &json, NULL));
  pjrt_compile_options *again = from_json(json);
  char *second;
  assert_null(pjrt_compile_options_to_json(again, &second, NULL));
  assert_string_equal(second, json);
  pjrt_host_free(json);
  pjrt_host_free(second);
  pjrt_compile_options_free(again);
  pjrt_compile_options_free(it);
}

/* Merged options: the key of a map may come twice. */
static void the_last_entry_of_a_key_is_told(void **state) {
  (void)state;
  pjrt_compile_options *it = parse(
      "\x3a\x07\x0a\x01"
      "a\x12\x02\x18\x01"
      "\x3a\x07\x0a\x01"
      "b\x12\x02\x18\x02"
      "\x3a\x07\x0a\x01"
      "a\x12\x02\x18\x03",
      27);
  expect_json(it,
              "{\"env_option_overrides\":{\"b\":{\"int_field\":2},"
              "\"a\":{\"int_field\":3}}}");
  char *json;
  assert_null(pjrt_compile_options_to_json(it, &json, NULL));
  pjrt_compile_options_free(from_json(json));
  pjrt_host_free(json);
  pjrt_compile_options_free(it);
}

/* A field by its number may be one that is known. */
static void json_of_bytes_is_checked(void **state) {
  (void)state;
  pjrt_compile_options *it;
  expect_invalid(
      pjrt_compile_options_from_json("{\"3\": \"////\"}", ALL, &it),
      "compile options: executable_build_options: expected a serialized "
      "ExecutableBuildOptionsProto, got 3 other bytes");
  assert_null(it);
  it = parse("", 0);
  expect_invalid(
      pjrt_compile_options_set_json(it, "executable_build_options", ALL,
                                    "{\"3\": \"////\"}", ALL),
      "compile options: executable_build_options: debug_options: expected a "
      "serialized DebugOptions, got 3 other bytes");
  expect_bytes(it, "", 0);
  pjrt_compile_options_free(it);
}

static void null_is_no_member_of_a_oneof(void **state) {
  (void)state;
  pjrt_compile_options *it = parse("", 0);
  assert_null(pjrt_compile_options_set_json(
      it, "env_option_overrides.x", ALL,
      "{\"int_field\": 4, \"bool_field\": null}", ALL));
  expect_json(it, "{\"env_option_overrides\":{\"x\":{\"int_field\":4}}}");
  pjrt_compile_options_free(it);
}

static void json_for_one_field(void **state) {
  (void)state;
  pjrt_compile_options *it = parse("", 0);
  assert_null(pjrt_compile_options_set_json(
      it, "argument_layouts", ALL,
      "[{\"element_type\": \"S32\", \"dimensions\": [4]}]", ALL));
  assert_null(pjrt_compile_options_set_json(it, "env_option_overrides.xla_x",
                                            ALL, "{\"int_field\": 4}", ALL));
  expect_json(it,
              "{\"argument_layouts\":[{\"element_type\":\"S32\","
              "\"dimensions\":[4]}],\"env_option_overrides\":{"
              "\"xla_x\":{\"int_field\":4}}}");
  expect_invalid(
      pjrt_compile_options_set_json(it, "argument_layouts", ALL, "[{}, 1]",
                                    ALL),
      "compile options: argument_layouts: [1]: expected ShapeProto, got 1");
  pjrt_compile_options_free(it);
}

typedef struct refused_json {
  const char *json;
  const char *message; /* after "compile options: " */
} refused_json;

static const refused_json kRefused[] = {
    {"", "line 1, column 0: not JSON: unexpected token near end of file"},
    {"[]", "expected a JSON object, got a list"},
    {"{\"num_replicas\": 1}",
     "CompileOptionsProto has no field \"num_replicas\"; did you mean "
     "executable_build_options.num_replicas?"},
    {"{\"executable_build_options\": {\"num_replicas\": true}}",
     "executable_build_options: num_replicas: expected int64, got true"},
    {"{\"executable_build_options\": {\"num_replica\": 1}}",
     "executable_build_options: ExecutableBuildOptionsProto has no field "
     "\"num_replica\""},
    {"{\"executable_build_options\": []}",
     "executable_build_options: expected ExecutableBuildOptionsProto, got a "
     "list"},
    {"{\"argument_layouts\": {}}",
     "argument_layouts: expected a list of ShapeProto, got an object"},
    {"{\"argument_layouts\": [{\"dimensions\": [1, \"x\"]}]}",
     "argument_layouts: [0]: dimensions: [1]: expected int64, got \"x\""},
    {"{\"serialized_multi_slice_config\": 3}",
     "serialized_multi_slice_config: expected bytes as a string in base64, got "
     "an integer"},
    {"{\"serialized_multi_slice_config\": \"a\"}",
     "serialized_multi_slice_config: expected bytes in base64, got \"a\""},
    {"{\"serialized_multi_slice_config\": \"?aaa\"}",
     "serialized_multi_slice_config: expected bytes in base64, got \"?aaa\""},
    {"{\"env_option_overrides\": {\"xla_x\": [1]}}",
     "env_option_overrides: xla_x: expected OptionOverrideProto, got a list"},
    {"{\"env_option_overrides\": {\"xla_x\": {\"int_field\": 1,"
     " \"bool_field\": true}}}",
     "env_option_overrides: xla_x: expected one of bool_field and int_field, "
     "got both"},
    {"{\"1023\": true}",
     "a field by its number: expected an integer, a string in base64, or "
     "{\"fixed64\": INTEGER}, got a bool"},
};

static void json_that_does_not_fit(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof kRefused / sizeof *kRefused; i++) {
    char message[512];
    pjrt_compile_options *options;
    snprintf(message, sizeof message, "compile options: %s",
             kRefused[i].message);
    expect_invalid(
        pjrt_compile_options_from_json(kRefused[i].json, ALL, &options),
        message);
    assert_null(options);
  }
}

static pjrt_error *read_file(const temp_tree *tree, const char *name,
                             pjrt_compile_options **out) {
  temp_path path;
  return pjrt_compile_options_read(temp_at(tree, name, &path), ALL, out);
}

static void json_in_a_file(void **state) {
  (void)state;
  temp_tree tree;
  pjrt_compile_options *it;
  temp_tree_make(&tree);
  temp_write_text(&tree, "good.json", "{\"profile_version\": 3}");
  temp_write_text(&tree, "odd.json", "{\"profile\": 3}");
  assert_null(read_file(&tree, "good.json", &it));
  expect_json(it,
              "{\"executable_build_options\":{\"num_replicas\":1,"
              "\"num_partitions\":1},\"profile_version\":3}");
  pjrt_compile_options_free(it);
  pjrt_error *error = read_file(&tree, "odd.json", &it);
  assert_int_equal(pjrt_error_code(error), PJRT_INVALID_ARGUMENT);
  assert_non_null(strstr(pjrt_error_message(error, NULL), "odd.json: "));
  pjrt_error_free(error);
  assert_null(it);
  assert_int_equal(pjrt_error_consume(read_file(&tree, "none.json", &it)),
                   PJRT_NOT_FOUND);
  assert_null(it);
  temp_tree_remove(&tree);
}

#else /* PJRT_HAVE_JANSSON */

static void json_needs_jansson(void **state) {
  (void)state;
  pjrt_compile_options *options;
  assert_int_equal(
      pjrt_error_consume(pjrt_compile_options_from_json("{}", ALL, &options)),
      PJRT_UNIMPLEMENTED);
}

#endif /* PJRT_HAVE_JANSSON */

#define TEST(name) cmocka_unit_test(name)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(every_type_of_value),
      TEST(a_value_replaces_the_one_before),
      TEST(what_is_not_there_is_not_made_by_clearing_it),
      TEST(members_of_a_oneof_are_apart),
      TEST(what_a_oneof_unset_stays_so),
      TEST(lists),
      TEST(devices_come_replica_major),
      TEST(names_that_lead_nowhere),
      TEST(values_of_another_type),
      TEST(what_is_unknown_survives),
      TEST(pieces_of_a_message_are_joined),
      TEST(nesting_has_an_end),
      TEST(paths_have_an_end_too),
      TEST(element_types_have_the_names_of_xla),
      TEST(the_struct_takes_an_object),
      TEST(flags_of_xla),
#ifdef PJRT_HAVE_JANSSON
      TEST(json_over_the_defaults),
      TEST(what_is_told_reads_back),
      TEST(the_last_entry_of_a_key_is_told),
      TEST(json_of_bytes_is_checked),
      TEST(null_is_no_member_of_a_oneof),
      TEST(json_for_one_field),
      TEST(json_that_does_not_fit),
      TEST(json_in_a_file),
#else
      TEST(json_needs_jansson),
#endif
  };
  return cmocka_run_group_tests_name("compile_options_fields", tests, NULL,
                                     NULL);
}
