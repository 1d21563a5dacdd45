/* The Shardings extension of real plugins: a program of four partitions, whose
 * shardings they tell, and one of one, which has none. Plugins before 0.91 have
 * no such extension. */
#include "real/fixture.h"

/* Needs the header above. */
#include <pjrt/ext/shardings.h>

enum { EXTENSION_FROM = 91 };

static const char sharded_program[] =
    "module @sharded attributes {mhlo.num_partitions = 4 : i32} {\n"
    "func.func @main(%a: tensor<8x6xf32>\n"
    "    {mhlo.sharding = \"{devices=[2,2]<=[2,2]T(1,0)}\"},\n"
    "    %b: tensor<8x6xf32>\n"
    "    {mhlo.sharding = \"{devices=[2,1,2]<=[4] "
    "last_tile_dim_replicate}\"},\n"
    "    %c: tensor<8x6xf32> {mhlo.sharding = \"{replicated}\"})\n"
    "    -> (tensor<8x6xf32> {mhlo.sharding = \"{devices=[4,1]3,2,1,0}\"},\n"
    "        tensor<8x6xf32> {mhlo.sharding = \"{replicated}\"}) {\n"
    "  %0 = stablehlo.add %a, %b : tensor<8x6xf32>\n"
    "  return %0, %c : tensor<8x6xf32>, tensor<8x6xf32>\n"
    "}\n"
    "}\n";

static pjrt_executable *compile_sharded(fixture *f) {
  pjrt_compile_opts opts;
  pjrt_compile_opts_init(&opts);
  opts.num_partitions = 4;
  opts.use_spmd_partitioning = true;
  return compile_with(f, sharded_program, &opts);
}

static void assert_text(pjrt_error *error, pjrt_sharding *sharding,
                        const char *expected) {
  char *text;
  assert_ok(error);
  assert_ok(pjrt_sharding_to_text(sharding, &text, NULL));
  assert_string_equal(text, expected);
  pjrt_host_free(text);
  pjrt_sharding_free(sharding);
}

static bool is_missing(const fixture *f) { return f->minor < EXTENSION_FROM; }

static void older_plugins_lack_it(void **state) {
  fixture *f = *state;
  pjrt_sharding *sharding;
  if (!is_missing(f)) skip_because("this plugin has the extension");
  pjrt_executable *executable = compile_sharded(f);
  assert_refused(pjrt_shardings_of_parameter(executable, 0, &sharding),
                 PJRT_UNIMPLEMENTED,
                 "the plugin has no extension Shardings, which API 0.91");
  assert_null(sharding);
  assert_refused(pjrt_shardings_of_output(executable, 0, &sharding),
                 PJRT_UNIMPLEMENTED, "has no extension Shardings");
  pjrt_executable_free(executable);
}

static void partitions_have_shardings(void **state) {
  static const char *const parameters[] = {
      "{devices=[2,2]<=[2,2]T(1,0)}",
      "{devices=[2,1,2]<=[4] last_tile_dim_replicate}", "{replicated}"};
  static const char *const outputs[] = {"{devices=[4,1]3,2,1,0}",
                                        "{replicated}"};
  fixture *f = *state;
  pjrt_sharding *sharding;
  if (is_missing(f)) skip_because("the plugin has no such extension");
  pjrt_executable *executable = compile_sharded(f);
  for (size_t i = 0; i < 3; i++) {
    pjrt_error *error = pjrt_shardings_of_parameter(executable, i, &sharding);
    assert_text(error, sharding, parameters[i]);
  }
  for (size_t i = 0; i < 2; i++) {
    pjrt_error *error = pjrt_shardings_of_output(executable, i, &sharding);
    assert_text(error, sharding, outputs[i]);
  }
  assert_code(pjrt_shardings_of_parameter(executable, 3, &sharding),
              PJRT_INVALID_ARGUMENT, "parameter 3 of a program that has 3");
  pjrt_executable_free(executable);
}

/* Told in the same words where axes of a mesh were said. */
static void shardy_has_shardings(void **state) {
  static const char meshed[] =
      "module @meshed attributes {mhlo.num_partitions = 4 : i32} {\n"
      "sdy.mesh @mesh = <[\"x\"=2, \"y\"=2]>\n"
      "func.func @main(%a: tensor<8x6xf32> {sdy.sharding =\n"
      "    #sdy.sharding<@mesh, [{\"y\"}, {\"x\"}]>})\n"
      "    -> (tensor<8x6xf32> {sdy.sharding =\n"
      "    #sdy.sharding<@mesh, [{\"x\"}, {}]>}) {\n"
      "  %0 = stablehlo.add %a, %a : tensor<8x6xf32>\n"
      "  return %0 : tensor<8x6xf32>\n"
      "}\n"
      "}\n";
  fixture *f = *state;
  pjrt_sharding *sharding;
  pjrt_compile_opts opts;
  if (is_missing(f)) skip_because("the plugin has no such extension");
  pjrt_compile_opts_init(&opts);
  opts.num_partitions = 4;
  opts.use_spmd_partitioning = true;
  opts.use_shardy_partitioner = true;
  pjrt_executable *executable = compile_with(f, meshed, &opts);
  pjrt_error *error = pjrt_shardings_of_parameter(executable, 0, &sharding);
  assert_text(error, sharding, "{devices=[2,2]<=[2,2]T(1,0)}");
  error = pjrt_shardings_of_output(executable, 0, &sharding);
  assert_text(error, sharding,
              "{devices=[2,1,2]<=[4] last_tile_dim_replicate}");
  pjrt_executable_free(executable);
}

/* The buffers of the devices are of the shape that the sharding says. */
static void shards_have_the_shape_of_the_buffers(void **state) {
  const int64_t dims[] = {8, 6};
  fixture *f = *state;
  if (is_missing(f)) skip_because("the plugin has no such extension");
  pjrt_executable *executable = compile_sharded(f);
  for (size_t i = 0; i < 3; i++) {
    size_t num;
    int64_t shard[2];
    pjrt_sharding *sharding;
    assert_ok(pjrt_shardings_of_parameter(executable, i, &sharding));
    assert_ok(pjrt_sharding_shard_dims(sharding, dims, 2, shard));
    const int64_t *buffer = pjrt_executable_parameter_dims(executable, i, &num);
    assert_int_equal(num, 2);
    assert_int_equal(buffer[0], shard[0]);
    assert_int_equal(buffer[1], shard[1]);
    pjrt_sharding_free(sharding);
  }
  pjrt_executable_free(executable);
}

/* ---- what the plugin really puts where ----------------------------------- */

enum { ROWS = 8, COLUMNS = 6, NUM_DEVICES = 4 };

/* The device's part of an array whose elements are their own numbers. */
static pjrt_buffer *upload_part(fixture *f, const pjrt_sharding *sharding,
                                size_t device) {
  const int64_t dims[] = {ROWS, COLUMNS};
  float part[ROWS * COLUMNS];
  int64_t from[2], sizes[2];
  size_t num = 0;
  assert_ok(
      pjrt_sharding_slice(sharding, dims, 2, (int64_t)device, from, sizes));
  for (int64_t r = from[0]; r < from[0] + sizes[0]; r++) {
    for (int64_t c = from[1]; c < from[1] + sizes[1]; c++) {
      part[num++] = (float)(r * COLUMNS + c);
    }
  }
  return upload(pjrt_client_device(f->client, device), PJRT_F32, sizes, 2,
                part);
}

static void assert_part(pjrt_buffer *buffer, const pjrt_sharding *sharding,
                        size_t device) {
  const int64_t dims[] = {ROWS, COLUMNS};
  float part[ROWS * COLUMNS];
  int64_t from[2], sizes[2];
  size_t num = 0;
  assert_ok(
      pjrt_sharding_slice(sharding, dims, 2, (int64_t)device, from, sizes));
  assert_ok(pjrt_buffer_to_host(buffer, part,
                                (size_t)(sizes[0] * sizes[1]) * sizeof *part));
  for (int64_t r = from[0]; r < from[0] + sizes[0]; r++) {
    for (int64_t c = from[1]; c < from[1] + sizes[1]; c++) {
      assert_true(part[num++] == 2.f * (float)(r * COLUMNS + c));
    }
  }
}

/* Slices by the parameters' shardings add up to slices by the outputs'. */
static void slices_are_what_the_program_means(void **state) {
  fixture *f = *state;
  pjrt_sharding *in[3], *sum;
  pjrt_buffer *args[3 * NUM_DEVICES], *outs[2 * NUM_DEVICES];
  if (is_missing(f)) skip_because("the plugin has no such extension");
  pjrt_executable *executable = compile_sharded(f);
  for (size_t i = 0; i < 3; i++) {
    assert_ok(pjrt_shardings_of_parameter(executable, i, &in[i]));
  }
  assert_ok(pjrt_shardings_of_output(executable, 0, &sum));
  for (size_t d = 0; d < NUM_DEVICES; d++) {
    for (size_t i = 0; i < 3; i++) {
      args[d * 3 + i] = upload_part(f, in[i], d);
    }
  }
  assert_ok(pjrt_executable_execute_sharded(executable, NUM_DEVICES, args, 3,
                                            NULL, outs, 2));
  for (size_t d = 0; d < NUM_DEVICES; d++) assert_part(outs[2 * d], sum, d);
  for (size_t i = 0; i < 3 * NUM_DEVICES; i++) pjrt_buffer_free(args[i]);
  for (size_t i = 0; i < 2 * NUM_DEVICES; i++) pjrt_buffer_free(outs[i]);
  for (size_t i = 0; i < 3; i++) pjrt_sharding_free(in[i]);
  pjrt_sharding_free(sum);
  pjrt_executable_free(executable);
}

static void one_partition_has_none(void **state) {
  fixture *f = *state;
  pjrt_sharding *sharding;
  if (is_missing(f)) skip_because("the plugin has no such extension");
  pjrt_executable *add = compile(f, add_program);
  assert_code(pjrt_shardings_of_parameter(add, 0, &sharding), PJRT_NOT_FOUND,
              "tells no parameter shardings");
  assert_null(sharding);
  assert_code(pjrt_shardings_of_output(add, 0, &sharding), PJRT_NOT_FOUND,
              "tells no output shardings");
  pjrt_executable_free(add);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(older_plugins_lack_it),
      cmocka_unit_test(partitions_have_shardings),
      cmocka_unit_test(shardy_has_shardings),
      cmocka_unit_test(shards_have_the_shape_of_the_buffers),
      cmocka_unit_test(slices_are_what_the_program_means),
      cmocka_unit_test(one_partition_has_none),
  };
  return RUN_REAL_TESTS(tests);
}
