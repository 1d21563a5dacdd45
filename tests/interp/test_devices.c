/* Several devices, and the host: collectives and how they group devices,
 * devices that part at a branch, shardings, custom calls, send and recv. */
#include "interp_fixture.h"

#include "unit/expect.h"

/* A program on replicas and partitions; arguments and results device after
 * device. */
static void expect_devices(size_t replicas, size_t partitions, const char *text,
                           const char *args, const char *expected) {
  fixture f = {
      .opts = {.num_replicas = replicas, .num_partitions = partitions}};
  size_t num_args;
  size_t num_expected;
  pjrt_array **inputs = fixture_arrays(args, &num_args);
  pjrt_array **outputs = fixture_arrays(expected, &num_expected);
  expect_ok(fixture_prepare(&f, text));
  expect_ok(fixture_run(&f, inputs));
  assert_int_equal(f.num_results, num_expected);
  for (size_t i = 0; i < num_expected; i++) {
    expect_ok(pjrt_array_compare(f.results[i], outputs[i], NULL));
  }
  fixture_free_arrays(inputs, num_args);
  fixture_free_arrays(outputs, num_expected);
  fixture_end(&f);
}

#define ALL_REDUCE(attributes)                          \
  "func.func @main(%a: tensor<i32>) -> tensor<i32> {\n" \
  "  %0 = \"stablehlo.all_reduce\"(%a) <{" attributes   \
  "}> ({\n"                                             \
  "  ^bb0(%x: tensor<i32>, %y: tensor<i32>):\n"         \
  "    %1 = stablehlo.add %x, %y : tensor<i32>\n"       \
  "    stablehlo.return %1 : tensor<i32>\n"             \
  "  }) : (tensor<i32>) -> tensor<i32>\n"               \
  "  return %0 : tensor<i32>\n}"
#define CHANNEL \
  "channel_handle = #stablehlo.channel_handle<handle = 1, type = 1>"
#define FOUR "s32=1;s32=2;s32=4;s32=8"

/* Devices (replica, partition): 1 is (0,0), 2 (0,1), 4 (1,0), 8 (1,1). */
static void test_groups(void **state) {
  (void)state;
  expect_devices(2, 2,
                 ALL_REDUCE("replica_groups = dense<[[0, 1]]> : "
                            "tensor<1x2xi64>"),
                 FOUR, "s32=5;s32=10;s32=5;s32=10");
  expect_devices(2, 2,
                 ALL_REDUCE(CHANNEL ", replica_groups = dense<[[0], [1]]> : "
                                    "tensor<2x1xi64>"),
                 FOUR, "s32=3;s32=3;s32=12;s32=12");
  expect_devices(2, 2,
                 ALL_REDUCE(CHANNEL ", use_global_device_ids, replica_groups ="
                                    " dense<[[0, 3], [1, 2]]> : "
                                    "tensor<2x2xi64>"),
                 FOUR, "s32=9;s32=6;s32=6;s32=9");
  expect_devices(4, 1, ALL_REDUCE("replica_groups = dense<> : tensor<0x0xi64>"),
                 FOUR, "s32=15;s32=15;s32=15;s32=15");
}

static void test_bad_groups(void **state) {
  (void)state;
  fixture f = {.opts = {.num_replicas = 2}};
  expect_error(fixture_prepare(&f, ALL_REDUCE("replica_groups = dense<[[0, 0]"
                                              "]> : tensor<1x2xi64>")),
               PJRT_INVALID_ARGUMENT, "is in two groups");
  fixture_end(&f);
  fixture g = {.opts = {.num_replicas = 2}};
  expect_error(fixture_prepare(&g, ALL_REDUCE("replica_groups = dense<[[0, 2]"
                                              "]> : tensor<1x2xi64>")),
               PJRT_INVALID_ARGUMENT, "has 2, expected less than 2");
  fixture_end(&g);
}

static void test_moves(void **state) {
  (void)state;
  expect_devices(
      2, 1,
      "func.func @main(%a: tensor<2xi32>) -> (tensor<4xi32>, tensor<2xi32>, "
      "tensor<2xi32>, tensor<2xi32>) {\n"
      "  %0 = \"stablehlo.all_gather\"(%a) <{all_gather_dim = 0 : i64, "
      "replica_groups = dense<[[1, 0]]> : tensor<1x2xi64>}> : "
      "(tensor<2xi32>) -> tensor<4xi32>\n"
      "  %1 = \"stablehlo.all_to_all\"(%a) <{concat_dimension = 0 : i64, "
      "replica_groups = dense<[[0, 1]]> : tensor<1x2xi64>, split_count = 2 : "
      "i64, split_dimension = 0 : i64}> : (tensor<2xi32>) -> tensor<2xi32>\n"
      "  %2 = \"stablehlo.collective_permute\"(%a) <{source_target_pairs = "
      "dense<[[0, 1]]> : tensor<1x2xi64>}> : (tensor<2xi32>) -> "
      "tensor<2xi32>\n"
      "  %3 = \"stablehlo.collective_broadcast\"(%a) <{replica_groups = "
      "dense<[[1, 0]]> : tensor<1x2xi64>}> : (tensor<2xi32>) -> "
      "tensor<2xi32>\n"
      "  return %0, %1, %2, %3 : tensor<4xi32>, tensor<2xi32>, "
      "tensor<2xi32>, tensor<2xi32>\n}",
      "2xs32=1 2;2xs32=3 4",
      "4xs32=3 4 1 2;2xs32=1 3;2xs32=0 0;2xs32=3 4;"
      "4xs32=3 4 1 2;2xs32=2 4;2xs32=1 2;2xs32=3 4");
}

/* With a channel, these are between the partitions of each replica. */
static void test_moves_of_partitions(void **state) {
  (void)state;
  expect_devices(
      2, 2,
      "func.func @main(%a: tensor<i32>) -> (tensor<i32>, tensor<i32>) {\n"
      "  %0 = \"stablehlo.collective_permute\"(%a) <{" CHANNEL
      ", source_target_pairs = dense<[[0, 1], [1, 0]]> : tensor<2x2xi64>}> : "
      "(tensor<i32>) -> tensor<i32>\n"
      "  %1 = \"stablehlo.collective_broadcast\"(%a) <{" CHANNEL
      ", replica_groups = dense<[[1, 0]]> : tensor<1x2xi64>}> : "
      "(tensor<i32>) -> tensor<i32>\n"
      "  return %0, %1 : tensor<i32>, tensor<i32>\n}",
      FOUR, "s32=2;s32=2;s32=1;s32=2;s32=8;s32=8;s32=4;s32=8");
}

static void test_ids(void **state) {
  (void)state;
  expect_devices(2, 2,
                 "func.func @main() -> (tensor<ui32>, tensor<ui32>) {\n"
                 "  %0 = stablehlo.replica_id : tensor<ui32>\n"
                 "  %1 = stablehlo.partition_id : tensor<ui32>\n"
                 "  return %0, %1 : tensor<ui32>, tensor<ui32>\n}",
                 "", "u32=0;u32=0;u32=0;u32=1;u32=1;u32=0;u32=1;u32=1");
}

/* Each device loops as often as its argument says. */
static void test_parting(void **state) {
  (void)state;
  expect_devices(
      3, 1,
      "func.func @main(%n: tensor<i32>) -> tensor<i32> {\n"
      "  %all = \"stablehlo.all_reduce\"(%n) <{replica_groups = dense<[[0, 1, "
      "2]]> : tensor<1x3xi64>}> ({\n"
      "  ^bb0(%x: tensor<i32>, %y: tensor<i32>):\n"
      "    %s = stablehlo.add %x, %y : tensor<i32>\n"
      "    stablehlo.return %s : tensor<i32>\n"
      "  }) : (tensor<i32>) -> tensor<i32>\n"
      "  %one = stablehlo.constant dense<1> : tensor<i32>\n"
      "  %zero = stablehlo.constant dense<0> : tensor<i32>\n"
      "  %0:2 = stablehlo.while(%i = %zero, %p = %all) : tensor<i32>, "
      "tensor<i32>\n"
      "    cond {\n"
      "      %1 = stablehlo.compare LT, %i, %n : (tensor<i32>, tensor<i32>) ->"
      " tensor<i1>\n"
      "      stablehlo.return %1 : tensor<i1>\n"
      "    } do {\n"
      "      %1 = stablehlo.add %i, %one : tensor<i32>\n"
      "      %2 = stablehlo.add %p, %p : tensor<i32>\n"
      "      stablehlo.return %1, %2 : tensor<i32>, tensor<i32>\n"
      "    }\n"
      "  return %0#1 : tensor<i32>\n}",
      "s32=0;s32=3;s32=1", "s32=4;s32=32;s32=8");
}

/* A collective that only one of its devices reaches. */
static void test_deadlock(void **state) {
  (void)state;
  size_t num;
  fixture f = {.opts = {.num_replicas = 2}};
  pjrt_array **args = fixture_arrays("pred=1;pred=0", &num);
  expect_ok(fixture_prepare(
      &f,
      "func.func @main(%p: tensor<i1>) -> tensor<i1> {\n"
      "  %0 = \"stablehlo.if\"(%p) ({\n"
      "    %1 = \"stablehlo.collective_broadcast\"(%p) <{replica_groups = "
      "dense<[[0, 1]]> : tensor<1x2xi64>}> : (tensor<i1>) -> tensor<i1>\n"
      "    stablehlo.return %1 : tensor<i1>\n"
      "  }, {\n"
      "    stablehlo.return %p : tensor<i1>\n"
      "  }) : (tensor<i1>) -> tensor<i1>\n"
      "  return %0 : tensor<i1>\n}"));
  expect_error(fixture_run(&f, args), PJRT_FAILED_PRECONDITION,
               "devices 0 and 1 wait for each other");
  fixture_free_arrays(args, num);
  fixture_end(&f);
}

/* --- Shardings ------------------------------------------------------------ */

#define SHARDED(in, out)                                       \
  "func.func @main(%a: tensor<4x2xi32> {mhlo.sharding = \"" in \
  "\"}) -> (tensor<4x2xi32> {mhlo.sharding = \"" out           \
  "\"}) {\n"                                                   \
  "  return %a : tensor<4x2xi32>\n}"

/* What goes in cut one way comes out cut another. */
static void test_shardings(void **state) {
  (void)state;
  expect_devices(1, 2, SHARDED("{devices=[2,1]<=[2]}", "{devices=[1,2]<=[2]}"),
                 "2x2xs32=0 1 2 3;2x2xs32=4 5 6 7",
                 "4x1xs32=0 2 4 6;4x1xs32=1 3 5 7");
  expect_devices(1, 2, SHARDED("{devices=[2,1]1,0}", "{devices=[2,1]<=[2]}"),
                 "2x2xs32=4 5 6 7;2x2xs32=0 1 2 3",
                 "2x2xs32=0 1 2 3;2x2xs32=4 5 6 7");
  expect_devices(
      1, 4,
      SHARDED("{devices=[2,2]<=[2,2]T(1,0)}",
              "{devices=[2,1,2]<=[4] last_tile_dim_replicate}"),
      "2x1xs32=0 2;2x1xs32=4 6;2x1xs32=1 3;2x1xs32=5 7",
      "2x2xs32=0 1 2 3;2x2xs32=0 1 2 3;2x2xs32=4 5 6 7;2x2xs32=4 5 6 7");
}

static void test_replicas_of_partitions(void **state) {
  (void)state;
  expect_devices(2, 2, SHARDED("{devices=[2,1]<=[2]}", "{devices=[1,2]<=[2]}"),
                 "2x2xs32=0 1 2 3;2x2xs32=4 5 6 7;"
                 "2x2xs32=10 11 12 13;2x2xs32=14 15 16 17",
                 "4x1xs32=0 2 4 6;4x1xs32=1 3 5 7;"
                 "4x1xs32=10 12 14 16;4x1xs32=11 13 15 17");
}

static void test_bad_shardings(void **state) {
  (void)state;
  static const char *const texts[] = {
      SHARDED("{devices=[3,1]<=[3]}", "{replicated}"),
      SHARDED("{devices=[2]<=[2]}", "{replicated}"),
      SHARDED("{devices=[2,1]0,0,0}", "{replicated}"),
      SHARDED("{devices=[2,1]<=[1,2]T(0,0)}", "{replicated}"),
      SHARDED("{maximal device=0}", "{replicated}"),
      SHARDED("{devices=[99999999999,1]<=[2]}", "{replicated}")};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    fixture f = {.opts = {.num_partitions = 2}};
    expect_error(fixture_prepare(&f, texts[i]), PJRT_UNIMPLEMENTED,
                 "the sharding {");
    fixture_end(&f);
  }
}

/* --- The host ------------------------------------------------------------- */

static bool knows_double(void *user, const char *target) {
  (void)user;
  return strcmp(target, "double") == 0;
}

static pjrt_error *call_double(void *user, const sim_custom_call *call) {
  size_t *last_device = user;
  const int32_t *in = call->operands[0]->data;
  int32_t *out = call->results[0]->data;
  assert_string_equal(call->target, "double");
  *last_device = call->device;
  *out = 2 * *in;
  return NULL;
}

#define CUSTOM_CALL(target)                             \
  "func.func @main(%a: tensor<i32>) -> tensor<i32> {\n" \
  "  %0 = stablehlo.custom_call @" target               \
  "(%a) : (tensor<i32>) -> tensor<i32>\n"               \
  "  return %0 : tensor<i32>\n}"

static void test_custom_call(void **state) {
  (void)state;
  size_t num;
  size_t last_device = 0;
  fixture f = {.opts = {.num_replicas = 2, .knows_custom_call = knows_double},
               .embedder = {.user = &last_device, .custom_call = call_double}};
  pjrt_array **args = fixture_arrays("s32=3;s32=4", &num);
  expect_ok(fixture_prepare(&f, CUSTOM_CALL("double")));
  expect_ok(fixture_run(&f, args));
  assert_int_equal(*(int32_t *)pjrt_array_data(f.results[1]), 8);
  assert_int_equal(last_device, 1);
  fixture_free_arrays(args, num);
  fixture_end(&f);
  expect_failure(CUSTOM_CALL("triple"), "s32=1", PJRT_UNIMPLEMENTED,
                 "no custom call target \"triple\"");
}

typedef struct mailbox {
  int32_t value;
  int64_t channel;
} mailbox;

static pjrt_error *take(void *user, size_t device, int64_t channel,
                        const sim_tensor *value) {
  mailbox *box = user;
  (void)device;
  box->value = *(const int32_t *)value->data;
  box->channel = channel;
  return NULL;
}

static pjrt_error *give(void *user, size_t device, int64_t channel,
                        sim_tensor *out_value) {
  const mailbox *box = user;
  (void)device;
  *(int32_t *)out_value->data = box->value + (int32_t)channel;
  return NULL;
}

static const char transfers[] =
    "func.func @main(%a: tensor<i32>) -> tensor<i32> {\n"
    "  %t = stablehlo.create_token : !stablehlo.token\n"
    "  %s = \"stablehlo.send\"(%a, %t) <{channel_handle = "
    "#stablehlo.channel_handle<handle = 5, type = 2>, is_host_transfer = "
    "true}> : (tensor<i32>, !stablehlo.token) -> !stablehlo.token\n"
    "  %r:2 = \"stablehlo.recv\"(%s) <{channel_handle = "
    "#stablehlo.channel_handle<handle = 100, type = 3>, is_host_transfer = "
    "true}> : (!stablehlo.token) -> (tensor<i32>, !stablehlo.token)\n"
    "  return %r#0 : tensor<i32>\n}";

static void test_transfers(void **state) {
  (void)state;
  size_t num;
  mailbox box = {0, 0};
  fixture f = {.embedder = {.user = &box, .send = take, .recv = give}};
  pjrt_array **args = fixture_arrays("s32=7", &num);
  expect_ok(fixture_prepare(&f, transfers));
  expect_ok(fixture_run(&f, args));
  assert_int_equal(box.channel, 5);
  assert_int_equal(*(int32_t *)pjrt_array_data(f.results[0]), 107);
  fixture_free_arrays(args, num);
  fixture_end(&f);
  expect_failure(transfers, "s32=1", PJRT_UNIMPLEMENTED, "nobody to send to");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_groups),
      cmocka_unit_test(test_bad_groups),
      cmocka_unit_test(test_moves),
      cmocka_unit_test(test_moves_of_partitions),
      cmocka_unit_test(test_ids),
      cmocka_unit_test(test_parting),
      cmocka_unit_test(test_deadlock),
      cmocka_unit_test(test_shardings),
      cmocka_unit_test(test_replicas_of_partitions),
      cmocka_unit_test(test_bad_shardings),
      cmocka_unit_test(test_custom_call),
      cmocka_unit_test(test_transfers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
