/* The Triton extension on the simulated plugin: what a kernel tells, in the
 * three forms that plugins gave it, and what is refused before they see it. */
#include "pjrt/ext/triton.h"

#include "sim_fixture.h"

static const char module[] = "module {}";

static pjrt_error *try_compile_kernel(fixture *f, const pjrt_triton_opts *opts,
                                      pjrt_triton_kernel **out) {
  return pjrt_triton_compile(f->plugin, module, PJRT_NUL_ENDED, "sim",
                             PJRT_NUL_ENDED, opts, out);
}

static fixture *create(int minor) {
  pjrt_sim_options options;
  sim_path();
  sim.options_init(&options);
  options.minor = minor;
  return fixture_create(&options);
}

static void drop(fixture *f) {
  fixture_drop(f);
  test_free(f);
  expect_nothing_alive();
}

/* ---- kernels ------------------------------------------------------------- */

static void test_newest(void **state) {
  pjrt_triton_kernel *kernel;
  pjrt_triton_opts opts;
  size_t size;
  fixture *f = create(114);
  (void)state;
  expect_ok(try_compile_kernel(f, NULL, &kernel));
  assert_string_equal(pjrt_triton_kernel_assembly(kernel, &size),
                      "// sim: 4 warps, 3 stages, 9 bytes of MLIR\n");
  assert_int_equal(size, 43);
  assert_string_equal(pjrt_triton_kernel_path(kernel, &size), "sim.s");
  assert_int_equal(size, 5);
  assert_int_equal(pjrt_triton_kernel_shared_memory_size(kernel), 4096);
  assert_int_equal(pjrt_triton_kernel_cluster_dim(kernel, 0), 0);
  pjrt_triton_kernel_free(kernel);
  pjrt_triton_opts_init(&opts);
  opts.num_warps = 8;
  opts.num_stages = 1;
  expect_ok(try_compile_kernel(f, &opts, &kernel));
  assert_string_equal(pjrt_triton_kernel_assembly(kernel, NULL),
                      "// sim: 8 warps, 1 stages, 9 bytes of MLIR\n");
  assert_int_equal(pjrt_triton_kernel_shared_memory_size(kernel), 8192);
  pjrt_triton_kernel_free(kernel);
  drop(f);
}

/* Before 0.90 there is no path, and before 0.85 there are three dimensions. */
static void test_older(void **state) {
  static const struct {
    int minor;
    int cluster_dims[4];
  } rows[] = {{65, {2, 1, 1, 0}}, {84, {2, 1, 1, 0}}, {85, {0}}, {89, {0}}};
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    pjrt_triton_kernel *kernel;
    pjrt_triton_opts opts;
    size_t size;
    fixture *f = create(rows[i].minor);
    pjrt_triton_opts_init(&opts);
    opts.num_ctas = 2;
    expect_ok(try_compile_kernel(f, &opts, &kernel));
    assert_int_equal(pjrt_triton_kernel_shared_memory_size(kernel), 4096);
    assert_string_equal(pjrt_triton_kernel_path(kernel, &size), "");
    assert_int_equal(size, 0);
    for (size_t axis = 0; axis < 4; axis++) {
      assert_int_equal(pjrt_triton_kernel_cluster_dim(kernel, axis),
                       rows[i].cluster_dims[axis]);
    }
    pjrt_triton_kernel_free(kernel);
    drop(f);
  }
}

/* ---- what is refused ----------------------------------------------------- */

static void expect_bad_number(fixture *f, int warps, int ctas, int stages,
                              const char *why) {
  pjrt_triton_kernel *kernel = (pjrt_triton_kernel *)1;
  pjrt_triton_opts opts;
  pjrt_triton_opts_init(&opts);
  opts.num_warps = warps;
  opts.num_ctas = ctas;
  opts.num_stages = stages;
  expect_error(try_compile_kernel(f, &opts, &kernel), PJRT_INVALID_ARGUMENT,
               why);
  assert_null(kernel);
}

static void test_refused(void **state) {
  const pjrt_code bad = PJRT_INVALID_ARGUMENT;
  pjrt_triton_kernel *kernel = (pjrt_triton_kernel *)1;
  fixture *f = create(114);
  (void)state;
  expect_error(pjrt_triton_compile(NULL, "m", 1, "a", 1, NULL, &kernel), bad,
               "plugin is NULL");
  assert_null(kernel);
  expect_error(pjrt_triton_compile(f->plugin, NULL, 1, "a", 1, NULL, &kernel),
               bad, "the module is empty");
  expect_error(pjrt_triton_compile(f->plugin, "m", 1, "", 0, NULL, &kernel),
               bad, "the architecture is empty");
  expect_bad_number(f, 0, 1, 1, "num_warps is 0, expected 1 to 1024");
  expect_bad_number(f, -1, 1, 1, "num_warps is -1");
  expect_bad_number(f, 1025, 1, 1, "num_warps is 1025");
  expect_bad_number(f, 1, 0, 1, "num_ctas is 0");
  expect_bad_number(f, 1, 1, 0, "num_stages is 0");
  assert_int_equal(sim.num_calls("PJRT_Triton_Compile"), 0);
  drop(f);
}

static void test_the_plugin_fails(void **state) {
  pjrt_sim_fault fault = {.function = "PJRT_Triton_Compile",
                          .code = PJRT_Error_Code_ABORTED};
  pjrt_triton_kernel *kernel = (pjrt_triton_kernel *)1;
  pjrt_sim_options options;
  (void)state;
  sim_path();
  sim.options_init(&options);
  options.minor = 114;
  options.faults = &fault;
  options.num_faults = 1;
  fixture *f = fixture_create(&options);
  expect_error(try_compile_kernel(f, NULL, &kernel), PJRT_ABORTED, "");
  assert_null(kernel);
  fault.code = PJRT_Error_Code_OK;
  fault.garbage_counts = true;
  sim.configure(&options);
  expect_error(try_compile_kernel(f, NULL, &kernel), PJRT_INTERNAL,
               "the plugin answered with the assembly's size");
  assert_null(kernel);
  drop(f);
}

static void test_plugins_without_it(void **state) {
  static const int minors[] = {64, 116};
  (void)state;
  for (size_t i = 0; i < 2; i++) {
    pjrt_triton_kernel *kernel = (pjrt_triton_kernel *)1;
    fixture *f = create(minors[i]);
    expect_error(try_compile_kernel(f, NULL, &kernel), PJRT_UNIMPLEMENTED,
                 "the plugin has no extension Triton, which API 0.65 brought");
    assert_null(kernel);
    drop(f);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_newest),
      cmocka_unit_test(test_older),
      cmocka_unit_test(test_refused),
      cmocka_unit_test(test_the_plugin_fails),
      cmocka_unit_test(test_plugins_without_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
