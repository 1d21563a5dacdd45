/* Compile options with any fields: what real plugins make of them. */
#include "real/fixture.h"

static const char identity_program[] =
    "func.func @main(%a: tensor<2x3xf32>) -> tensor<2x3xf32> {\n"
    "  return %a : tensor<2x3xf32>\n"
    "}\n";

static pjrt_executable *compile_options(fixture *f, const char *program,
                                        const pjrt_compile_options *options) {
  pjrt_compile_opts opts;
  pjrt_compile_opts_init(&opts);
  opts.options = options;
  return compile_with(f, program, &opts);
}

static pjrt_error *try_options(fixture *f,
                               const pjrt_compile_options *options) {
  pjrt_compile_opts opts;
  pjrt_compile_opts_init(&opts);
  opts.options = options;
  return try_compile(f, add_program, &opts);
}

/* ---- fields -------------------------------------------------------------- */

static void counts_and_devices_of_an_object(void **state) {
  fixture *f = *state;
  pjrt_compile_options *options;
  const int ids[] = {3, 1};
  assert_ok(pjrt_compile_options_create(NULL, &options));
  assert_ok(pjrt_compile_options_set_int64(
      options, "executable_build_options.num_replicas", PJRT_NUL_ENDED, 2));
  assert_ok(pjrt_compile_options_set_device_ids(options, ids, 2));
  pjrt_executable *add = compile_options(f, add_program, options);
  assert_int_equal(pjrt_executable_num_replicas(add), 2);
  for (size_t i = 0; i < 2; i++) {
    assert_ptr_equal(pjrt_executable_device(add, i),
                     pjrt_client_device(f->client, (size_t)ids[i]));
  }
  pjrt_executable_free(add);
  assert_ok(pjrt_compile_options_set_int64(
      options, "executable_build_options.num_replicas", PJRT_NUL_ENDED, 5));
  assert_refused(try_options(f, options), PJRT_INVALID_ARGUMENT, "5 replicas");
  pjrt_compile_options_free(options);
}

static void portability_of_an_object(void **state) {
  fixture *f = *state;
  pjrt_compile_options *options;
  assert_ok(pjrt_compile_options_create(NULL, &options));
  assert_ok(pjrt_compile_options_set_bool(
      options, "compile_portable_executable", PJRT_NUL_ENDED, true));
  pjrt_executable *add = compile_options(f, add_program, options);
  assert_int_equal(pjrt_executable_num_devices(add), 0);
  pjrt_executable_free(add);
  pjrt_compile_options_free(options);
}

static void flags_of_an_object(void **state) {
  fixture *f = *state;
  pjrt_compile_options *options;
  assert_ok(pjrt_compile_options_create(NULL, &options));
  assert_ok(pjrt_compile_options_set_bool(
      options, "env_option_overrides.xla_cpu_enable_fast_math", PJRT_NUL_ENDED,
      true));
  assert_ok(try_options(f, options));
  assert_ok(pjrt_compile_options_set_bool(
      options, "env_option_overrides.xla_nobody_knows_it", PJRT_NUL_ENDED,
      true));
  assert_plugin_error(try_options(f, options));
  assert_ok(pjrt_compile_options_clear(
      options, "env_option_overrides.xla_nobody_knows_it", PJRT_NUL_ENDED));
  assert_ok(try_options(f, options));
  pjrt_compile_options_free(options);
}

/* ---- layouts ------------------------------------------------------------- */

static void assert_minor_to_major(pjrt_buffer *buffer, int64_t first) {
  pjrt_layout *layout;
  size_t num;
  assert_ok(pjrt_buffer_layout(buffer, &layout));
  const int64_t *order = pjrt_layout_minor_to_major(layout, &num);
  assert_int_equal(num, 2);
  assert_int_equal(order[0], first);
  pjrt_layout_free(layout);
}

static pjrt_executable *identity(fixture *f, const pjrt_shape_layout *from,
                                 const pjrt_shape_layout *to) {
  pjrt_compile_opts opts;
  pjrt_compile_opts_init(&opts);
  opts.argument_layouts = from;
  opts.num_argument_layouts = 1;
  opts.output_layouts = to;
  opts.num_output_layouts = 1;
  return compile_with(f, identity_program, &opts);
}

static void arrays_lie_as_asked(void **state) {
  fixture *f = *state;
  const int64_t dims[] = {2, 3};
  const int64_t columns[] = {0, 1};
  const float values[] = {1, 2, 3, 4, 5, 6};
  const pjrt_shape_layout by_rows = {PJRT_F32, dims, 2, NULL};
  const pjrt_shape_layout by_columns = {PJRT_F32, dims, 2, columns};
  pjrt_executable *turn = identity(f, &by_rows, &by_columns);
  pjrt_executable *turn_back = identity(f, &by_columns, &by_rows);
  pjrt_buffer *rows = upload(f->device, PJRT_F32, dims, 2, values);
  pjrt_buffer *turned = execute1(turn, rows);
  assert_minor_to_major(rows, 1);
  assert_minor_to_major(turned, 0);
  assert_f32(turned, 6, 1, 2, 3, 4, 5, 6);
  pjrt_buffer *back = execute1(turn_back, turned);
  assert_minor_to_major(back, 1);
  assert_f32(back, 6, 1, 2, 3, 4, 5, 6);
  pjrt_buffer *none = NULL;
  assert_refused(pjrt_executable_execute(turn_back, &rows, 1, NULL, &none, 1),
                 PJRT_INVALID_ARGUMENT, "f32[2,3]{0,1}");
  pjrt_buffer_free(back);
  pjrt_buffer_free(turned);
  pjrt_buffer_free(rows);
  pjrt_executable_free(turn_back);
  pjrt_executable_free(turn);
}

/* ---- what a plugin says -------------------------------------------------- */

/* What it compiled with can be told, changed and compiled with again. */
static void a_plugins_own_options_come_around(void **state) {
  fixture *f = *state;
  pjrt_executable *add = compile_with(f, add_program, NULL);
  void *bytes;
  size_t size;
  pjrt_error *error = pjrt_executable_compile_options(add, &bytes, &size);
  pjrt_executable_free(add);
  if (pjrt_error_code(error) == PJRT_UNIMPLEMENTED) {
    pjrt_error_free(error);
    return;
  }
  assert_ok(error);
  pjrt_compile_options *options;
  char *json;
  assert_ok(pjrt_compile_options_parse(bytes, size, &options));
  pjrt_host_free(bytes);
  assert_ok(pjrt_compile_options_to_json(options, &json, NULL));
  assert_non_null(strstr(json, "\"num_replicas\": 1"));
  pjrt_host_free(json);
  assert_ok(pjrt_compile_options_set_string(
      options, "executable_build_options.optimization_level", PJRT_NUL_ENDED,
      "EFFORT_O1", PJRT_NUL_ENDED));
  assert_ok(try_options(f, options));
  pjrt_compile_options_free(options);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(counts_and_devices_of_an_object),
      cmocka_unit_test(portability_of_an_object),
      cmocka_unit_test(flags_of_an_object),
      cmocka_unit_test(arrays_lie_as_asked),
      cmocka_unit_test(a_plugins_own_options_come_around),
  };
  return RUN_REAL_TESTS(tests);
}
