/* The Custom_Partitioner extension on the simulated plugin, which asks
 * partitioners about a call with one operand, f32[8,4] split by rows. */
#include "pjrt/ext/custom_partitioner.h"

#include <pthread.h>
#include <stdatomic.h>

#include "ext/sharding_bytes.h"
#include "sim_fixture.h"

static const char rows[] = "{devices=[2,1]0,1}";

/* Registrations are for ever, so each test has a target of its own. */
#define PROGRAM(target)                                         \
  "func.func @main(%x: tensor<8x4xf32>) -> tensor<8x4xf32> {\n" \
  "  %y = stablehlo.custom_call @" target                       \
  "(%x) : (tensor<8x4xf32>) -> tensor<8x4xf32>\n"               \
  "  return %y : tensor<8x4xf32>\n"                             \
  "}\n"

static pjrt_error *compile_for_two(fixture *f, const char *code) {
  pjrt_compile_opts opts;
  pjrt_executable *executable;
  pjrt_compile_opts_init(&opts);
  opts.num_partitions = 2;
  pjrt_error *error = try_compile(f->client, code, &opts, &executable);
  pjrt_executable_free(executable);
  return error;
}

typedef struct splitter {
  atomic_int num_partitions, num_inferred, num_propagated;
  pjrt_error *(*act)(pjrt_partition *out);
} splitter;

static void expect_rows(const pjrt_partition_value *value) {
  char *text;
  assert_int_equal(value->struct_size, sizeof *value);
  assert_int_equal(value->dtype, PJRT_F32);
  assert_int_equal(value->num_dims, 2);
  assert_int_equal(value->dims[0], 8);
  assert_int_equal(value->dims[1], 4);
  assert_int_equal(value->shape_proto_size, 6);
  assert_true(value->has_sharding);
  assert_true(value->sharding_proto_size > 0);
  expect_ok(pjrt_sharding_to_text(value->sharding, &text, NULL));
  assert_string_equal(text, rows);
  pjrt_host_free(text);
}

static pjrt_error *split(const pjrt_partition_call *call, void *user,
                         pjrt_partition *out) {
  splitter *s = user;
  atomic_fetch_add(&s->num_partitions, 1);
  assert_int_equal(call->struct_size, sizeof *call);
  assert_int_equal(call->num_operands, 1);
  expect_rows(&call->operands[0]);
  expect_rows(&call->result);
  assert_int_equal(call->backend_config_size, 6);
  assert_memory_equal(call->backend_config, "config", 6);
  assert_int_equal(out->struct_size, sizeof *out);
  assert_null(out->program);
  assert_null(out->operand_shardings[0]);
  return s->act(out);
}

static pjrt_sharding *parse(const char *text) {
  pjrt_sharding *sharding;
  expect_ok(pjrt_sharding_parse(text, PJRT_NUL_ENDED, &sharding));
  return sharding;
}

static pjrt_sharding *infer(const pjrt_partition_call *call, void *user) {
  assert_int_equal(call->num_operands, 1);
  expect_rows(&call->operands[0]);
  assert_int_equal(call->result.num_dims, 2);
  assert_false(call->result.has_sharding);
  assert_null(call->result.sharding);
  return atomic_fetch_add(&((splitter *)user)->num_inferred, 1) ? NULL
                                                                : parse(rows);
}

static pjrt_sharding *propagate(const pjrt_partition_call *call, void *user) {
  assert_int_equal(call->num_operands, 0);
  expect_rows(&call->result);
  return atomic_fetch_add(&((splitter *)user)->num_propagated, 1)
             ? NULL
             : parse("{replicated}");
}

static pjrt_error *enter(fixture *f, const char *target, splitter *s) {
  pjrt_custom_partitioner partitioner;
  pjrt_custom_partitioner_init(&partitioner);
  partitioner.partition = split;
  partitioner.infer_sharding = infer;
  partitioner.propagate_user_sharding = propagate;
  partitioner.user = s;
  return pjrt_custom_partitioner_register(f->plugin, target, PJRT_NUL_ENDED,
                                          &partitioner);
}

/* ---- answers ------------------------------------------------------------- */

static pjrt_error *program_alone(pjrt_partition *out) {
  return pjrt_program_create("module {}", PJRT_NUL_ENDED, PJRT_FORMAT_AUTO,
                             &out->program);
}

static pjrt_error *all_of_it(pjrt_partition *out) {
  out->operand_shardings[0] = parse(rows);
  out->result_sharding = parse("{replicated}");
  return program_alone(out);
}

static void test_cuts_calls(void **state) {
  static splitter plain = {.act = program_alone}, full = {.act = all_of_it};
  fixture *f = *state;
  expect_ok(enter(f, "plain", &plain));
  expect_ok(enter(f, "full", &full));
  assert_int_equal(plain.num_partitions, 0);
  expect_ok(compile_for_two(f, PROGRAM("plain")));
  expect_ok(compile_for_two(f, PROGRAM("plain")));
  assert_int_equal(plain.num_partitions, 2);
  assert_int_equal(plain.num_inferred, 2);
  assert_int_equal(plain.num_propagated, 2);
  assert_int_equal(full.num_partitions, 0);
  expect_ok(compile_for_two(f, PROGRAM("full")));
  assert_int_equal(full.num_partitions, 1);
}

static pjrt_error *refuse(pjrt_partition *out) {
  expect_ok(all_of_it(out));
  return pjrt_error_create(PJRT_PERMISSION_DENIED, "not to be cut",
                           PJRT_NUL_ENDED);
}

/* Codes that PJRT does not define end some plugins. */
static pjrt_error *refuse_oddly(pjrt_partition *out) {
  (void)out;
  return pjrt_error_create((pjrt_code)99, "an odd code", PJRT_NUL_ENDED);
}

static pjrt_error *say_nothing(pjrt_partition *out) {
  (void)out;
  return NULL;
}

static pjrt_error *give_hlo(pjrt_partition *out) {
  return pjrt_program_create("\x0a\x01m\x1a\x00", 5, PJRT_FORMAT_HLO,
                             &out->program);
}

static void test_answers_that_are_none(void **state) {
  static splitter refuses = {.act = refuse}, nothing = {.act = say_nothing},
                  hlo = {.act = give_hlo}, odd = {.act = refuse_oddly};
  fixture *f = *state;
  expect_ok(enter(f, "refuses", &refuses));
  expect_ok(enter(f, "nothing", &nothing));
  expect_ok(enter(f, "hlo", &hlo));
  expect_ok(enter(f, "odd", &odd));
  expect_error(compile_for_two(f, PROGRAM("refuses")), PJRT_PERMISSION_DENIED,
               "not to be cut");
  expect_error(compile_for_two(f, PROGRAM("nothing")), PJRT_INVALID_ARGUMENT,
               "the partition has no program");
  expect_error(compile_for_two(f, PROGRAM("hlo")), PJRT_INVALID_ARGUMENT,
               "a partition's program is no MLIR");
  expect_error(compile_for_two(f, PROGRAM("odd")), PJRT_UNKNOWN, "an odd code");
}

static void test_without_the_optional_callbacks(void **state) {
  static splitter s = {.act = program_alone};
  pjrt_custom_partitioner partitioner;
  fixture *f = *state;
  pjrt_custom_partitioner_init(&partitioner);
  partitioner.partition = split;
  partitioner.user = &s;
  expect_ok(pjrt_custom_partitioner_register(f->plugin, "optional",
                                             PJRT_NUL_ENDED, &partitioner));
  expect_ok(compile_for_two(f, PROGRAM("optional")));
  assert_int_equal(s.num_partitions, 1);
}

static void *compile_often(void *f) {
  for (int i = 0; i < 20; i++) {
    expect_ok(compile_for_two(f, PROGRAM("threads")));
  }
  return NULL;
}

static void test_many_threads(void **state) {
  enum { NUM = 3 };
  static splitter s = {.act = all_of_it};
  fixture *f = *state;
  pthread_t threads[NUM];
  expect_ok(enter(f, "threads", &s));
  for (int i = 0; i < NUM; i++) {
    assert_int_equal(pthread_create(&threads[i], NULL, compile_often, f), 0);
  }
  for (int i = 0; i < NUM; i++) pthread_join(threads[i], NULL);
  assert_int_equal(s.num_partitions, NUM * 20);
}

/* ---- shardings as bytes -------------------------------------------------- */

static void test_shardings_come_back_from_bytes(void **state) {
  static const char *const texts[] = {
      "{replicated}",
      "{manual}",
      "{maximal device=3}",
      "{devices=[2,2]0,2,1,3}",
      "{devices=[2,2]<=[4]}",
      "{devices=[2,1,2]<=[4] last_tile_dim_replicate}",
      "{devices=[2,2]<=[2,2]T(1,0)}",
      "{{replicated}, {devices=[2]<=[2]}}",
      "{replicated shard_as 5}",
  };
  (void)state;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    pjrt_sharding *copy;
    char *bytes, *text, *expected;
    size_t size;
    pjrt_sharding *sharding = parse(texts[i]);
    expect_ok(pjrt_sharding_to_bytes(sharding, &bytes, &size));
    expect_ok(pjrt_sharding_from_proto(bytes, size, &copy));
    expect_ok(pjrt_sharding_to_text(sharding, &expected, NULL));
    expect_ok(pjrt_sharding_to_text(copy, &text, NULL));
    assert_string_equal(text, expected);
    pjrt_host_free(text);
    pjrt_host_free(expected);
    pjrt_sharding_free(sharding);
    pjrt_sharding_free(copy);
    free(bytes);
  }
}

/* ---- registering --------------------------------------------------------- */

static void test_a_target_keeps_its_first(void **state) {
  static splitter first = {.act = program_alone}, second = {.act = refuse};
  fixture *f = *state;
  expect_ok(enter(f, "first", &first));
  expect_error(enter(f, "first", &second), PJRT_ALREADY_EXISTS,
               "the target first has a partitioner already");
  expect_ok(pjrt_custom_partitioner_register_batch(f->plugin, "first",
                                                   PJRT_NUL_ENDED));
  expect_ok(compile_for_two(f, PROGRAM("first")));
  assert_int_equal(first.num_partitions, 1);
  expect_ok(pjrt_custom_partitioner_register_batch(f->plugin, "batch",
                                                   PJRT_NUL_ENDED));
  expect_error(enter(f, "batch", &second), PJRT_ALREADY_EXISTS, "batch");
  expect_ok(compile_for_two(f, PROGRAM("batch")));
}

static void test_refused(void **state) {
  const pjrt_code bad = PJRT_INVALID_ARGUMENT;
  fixture *f = *state;
  pjrt_custom_partitioner partitioner;
  pjrt_custom_partitioner_init(&partitioner);
  expect_error(pjrt_custom_partitioner_register(NULL, "a", 1, &partitioner),
               bad, "plugin is NULL");
  expect_error(pjrt_custom_partitioner_register(f->plugin, "", 0, &partitioner),
               bad, "the name is empty");
  expect_error(
      pjrt_custom_partitioner_register(f->plugin, "a", 1, &partitioner), bad,
      "the partitioner has no partition");
  expect_error(pjrt_custom_partitioner_register(f->plugin, "a", 1, NULL), bad,
               "the partitioner has no partition");
  expect_error(pjrt_custom_partitioner_register_batch(NULL, "a", 1), bad,
               "plugin is NULL");
  expect_error(pjrt_custom_partitioner_register_batch(f->plugin, NULL, 1), bad,
               "the name is empty");
  assert_int_equal(sim.num_calls("PJRT_Register_Custom_Partitioner"), 0);
  assert_int_equal(sim.num_calls("PJRT_Register_Batch_Partitionable"), 0);
}

static void test_the_plugin_refuses(void **state) {
  static splitter s = {.act = program_alone};
  fixture *f = *state;
  sim_fail("PJRT_Register_Custom_Partitioner", 1, PJRT_Error_Code_ABORTED);
  expect_error(enter(f, "fails", &s), PJRT_ABORTED, "");
  sim_fail("PJRT_Register_Batch_Partitionable", 1, PJRT_Error_Code_ABORTED);
  expect_error(pjrt_custom_partitioner_register_batch(f->plugin, "fails",
                                                      PJRT_NUL_ENDED),
               PJRT_ABORTED, "");
  sim_configure_default();
}

static void test_older_plugins(void **state) {
  static const int minors[] = {46, 66};
  static splitter s = {.act = program_alone};
  (void)state;
  for (size_t i = 0; i < 2; i++) {
    pjrt_sim_options options;
    sim_path();
    sim.options_init(&options);
    options.minor = minors[i];
    fixture *f = fixture_create(&options);
    if (i == 0) {
      expect_error(enter(f, "old", &s), PJRT_UNIMPLEMENTED,
                   "the plugin has no extension Custom_Partitioner, which API "
                   "0.47 brought");
    } else {
      expect_ok(enter(f, "old", &s));
    }
    expect_error(pjrt_custom_partitioner_register_batch(f->plugin, "old",
                                                        PJRT_NUL_ENDED),
                 PJRT_UNIMPLEMENTED, "Custom_Partitioner");
    fixture_drop(f);
    test_free(f);
    expect_nothing_alive();
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      sim_test(test_cuts_calls),
      sim_test(test_answers_that_are_none),
      sim_test(test_without_the_optional_callbacks),
      sim_test(test_many_threads),
      sim_test(test_shardings_come_back_from_bytes),
      sim_test(test_a_target_keeps_its_first),
      sim_test(test_refused),
      sim_test(test_the_plugin_refuses),
      cmocka_unit_test(test_older_plugins),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
