/* What GPU plugins let be registered and compiled without a GPU: custom calls,
 * partitioners, Triton kernels and transformations, on CUDA plugins of all ages
 * and, where it has the extension, on libtpu.
 * tier: all */
#include <pjrt/ext/custom_partitioner.h>
#include <pjrt/ext/gpu_custom_call.h>
#include <pjrt/ext/stream.h>
#include <pjrt/ext/triton.h>
#include <pjrt/ext/xla_transform.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "compat/plugins.h"

static const char *const variables[] = {
    "PJRT_TEST_PLUGIN_CUDA_0_40", "PJRT_TEST_PLUGIN_CUDA_0_47",
    "PJRT_TEST_PLUGIN_CUDA_0_54", "PJRT_TEST_PLUGIN_CUDA_0_57",
    "PJRT_TEST_PLUGIN_CUDA_0_76", "PJRT_TEST_PLUGIN_CUDA_0_114",
    "PJRT_TEST_PLUGIN_CUDA",
};

enum { NUM_VERSIONS = sizeof variables / sizeof *variables };

/* Runs `check` for each version, all in one process. */
static void for_each_version(void (*check)(pjrt_plugin *plugin, int minor)) {
  for (size_t i = 0; i < NUM_VERSIONS; i++) {
    pjrt_plugin *plugin = open_plugin(variables[i]);
    check(plugin, pjrt_plugin_api_minor(plugin));
    pjrt_plugin_free(plugin);
  }
}

/* ---- Gpu_Custom_Call ----------------------------------------------------- */

static pjrt_error *do_nothing(pjrt_ffi_call *call, void *user) {
  (void)call;
  (void)user;
  return NULL;
}
static PJRT_FFI_HANDLER(nothing, do_nothing, NULL);

static void untyped(void) {}

static pjrt_error *enter_handler(pjrt_plugin *plugin, const char *target,
                                 bool has_stages, bool is_compatible) {
  pjrt_ffi_handler handler;
  pjrt_ffi_handler_init(&handler);
  handler.execute = nothing;
  if (has_stages) handler.instantiate = handler.prepare = nothing;
  handler.is_command_buffer_compatible = is_compatible;
  return pjrt_gpu_custom_call_register(plugin, target, PJRT_NUL_ENDED,
                                       &handler);
}

static void expect_from(int minor, int since, pjrt_error *error) {
  if (minor >= since) {
    assert_ok(error);
  } else {
    assert_refused(error, PJRT_UNIMPLEMENTED, "has no place for");
  }
}

/* Of 0.114 there are two kinds: this one is the older. */
static void check_custom_calls(pjrt_plugin *plugin, int minor) {
  assert_ok(pjrt_gpu_custom_call_register_untyped(plugin, "pjrt_untyped",
                                                  PJRT_NUL_ENDED, untyped));
  expect_from(minor, 47, enter_handler(plugin, "pjrt_plain", false, false));
  expect_from(minor, 55, enter_handler(plugin, "pjrt_stages", true, false));
  expect_from(minor, 115, enter_handler(plugin, "pjrt_traits", true, true));
}

static void custom_calls_are_registered(void **state) {
  (void)state;
  for_each_version(check_custom_calls);
}

/* ---- Custom_Partitioner -------------------------------------------------- */

static const char rows[] = "{devices=[4,1]<=[4]}";

/* What is seen of a compilation, and what each device is to compute. */
typedef struct splitter {
  const char *program;
  atomic_int num_partitions;
  atomic_int num_inferred;
  char config[16];
  bool has_sharding;
  char sharding[64]; /* the operand's, where it is of a kind that is known */
  int64_t dims[2];
} splitter;

static pjrt_error *split(const pjrt_partition_call *call, void *user,
                         pjrt_partition *out) {
  splitter *s = user;
  atomic_fetch_add(&s->num_partitions, 1);
  snprintf(s->config, sizeof s->config, "%.*s", (int)call->backend_config_size,
           call->backend_config);
  if (call->num_operands != 1 || call->operands[0].num_dims != 2 ||
      call->operands[0].dtype != PJRT_F32 || call->result.num_dims != 2) {
    return pjrt_error_create(PJRT_INTERNAL, "another call", PJRT_NUL_ENDED);
  }
  s->has_sharding = call->operands[0].has_sharding &&
                    call->operands[0].sharding_proto_size > 0;
  if (call->operands[0].sharding) {
    char *text;
    assert_ok(pjrt_sharding_to_text(call->operands[0].sharding, &text, NULL));
    snprintf(s->sharding, sizeof s->sharding, "%s", text);
    pjrt_host_free(text);
  }
  memcpy(s->dims, call->operands[0].dims, sizeof s->dims);
  if (!s->program) {
    return pjrt_error_create(PJRT_PERMISSION_DENIED, "it is not to be cut",
                             PJRT_NUL_ENDED);
  }
  PJRT_TRY(
      pjrt_sharding_parse(rows, PJRT_NUL_ENDED, &out->operand_shardings[0]));
  return pjrt_program_create(s->program, PJRT_NUL_ENDED, PJRT_FORMAT_AUTO,
                             &out->program);
}

/* By rows. */
static pjrt_sharding *infer(const pjrt_partition_call *call, void *user) {
  pjrt_sharding *sharding;
  splitter *s = user;
  atomic_fetch_add(&s->num_inferred, 1);
  assert_int_equal(call->num_operands, 1);
  assert_false(call->result.has_sharding);
  assert_ok(pjrt_sharding_parse(rows, PJRT_NUL_ENDED, &sharding));
  return sharding;
}

static pjrt_error *enter_splitter(pjrt_plugin *plugin, const char *target,
                                  splitter *s) {
  pjrt_custom_partitioner partitioner;
  pjrt_custom_partitioner_init(&partitioner);
  partitioner.partition = split;
  partitioner.infer_sharding = infer;
  partitioner.user = s;
  return pjrt_custom_partitioner_register(plugin, target, PJRT_NUL_ENDED,
                                          &partitioner);
}

static void check_partitioners(pjrt_plugin *plugin, int minor) {
  static splitter unused;
  pjrt_error *error = enter_splitter(plugin, "pjrt_registered", &unused);
  if (minor < 47) {
    assert_refused(error, PJRT_UNIMPLEMENTED,
                   "the plugin has no extension Custom_Partitioner");
    return;
  }
  assert_ok(error);
  assert_refused(enter_splitter(plugin, "pjrt_registered", &unused),
                 PJRT_ALREADY_EXISTS, "pjrt_registered has a partitioner");
  error = pjrt_custom_partitioner_register_batch(plugin, "pjrt_batch",
                                                 PJRT_NUL_ENDED);
  if (minor < 67) {
    assert_refused(error, PJRT_UNIMPLEMENTED,
                   "has no PJRT_Register_Batch_Partitionable");
    return;
  }
  assert_ok(error);
  assert_refused(enter_splitter(plugin, "pjrt_batch", &unused),
                 PJRT_ALREADY_EXISTS, "pjrt_batch has a partitioner");
}

static void partitioners_are_registered(void **state) {
  (void)state;
  for_each_version(check_partitioners);
}

/* ---- compiling for an H100 ----------------------------------------------- */

static pjrt_topology *h100(pjrt_plugin *plugin, const char *shape) {
  pjrt_topology *topology;
  pjrt_named_values *options;
  size_t size;
  char *config = read_data("targets/h100.txtpb", &size);
  assert_ok(pjrt_named_values_create(&options));
  assert_ok(pjrt_named_values_set_string(options, "target_config",
                                         PJRT_NUL_ENDED, config, size));
  assert_ok(pjrt_named_values_set_string(options, "topology", PJRT_NUL_ENDED,
                                         shape, PJRT_NUL_ENDED));
  assert_ok(
      pjrt_topology_create(plugin, "cuda", PJRT_NUL_ENDED, options, &topology));
  pjrt_named_values_free(options);
  free(config);
  return topology;
}

static pjrt_error *try_compile_for(pjrt_topology *topology, const char *code,
                                   int num_partitions, pjrt_compiled **out) {
  pjrt_program *program;
  pjrt_compile_opts opts;
  pjrt_compile_opts_init(&opts);
  opts.num_partitions = num_partitions;
  assert_ok(
      pjrt_program_create(code, PJRT_NUL_ENDED, PJRT_FORMAT_AUTO, &program));
  pjrt_error *error = pjrt_topology_compile(topology, program, &opts, out);
  pjrt_program_free(program);
  return error;
}

/* f32[8,4], cut into four times two rows: two calls, one after the other, so
 * that the compiler has to ask how the first one's result is split. */
#define SPMD_PROGRAM(target)                                    \
  "module @spmd attributes {mhlo.num_partitions = 4 : i32} {\n" \
  "  func.func public @main(%x: tensor<8x4xf32>\n"              \
  "      {mhlo.sharding = \"{devices=[4,1]<=[4]}\"})\n"         \
  "      -> (tensor<8x4xf32>) {\n"                              \
  "    %y = stablehlo.custom_call @" target                     \
  "(%x)\n"                                                      \
  "        {backend_config = \"config\"}\n"                     \
  "        : (tensor<8x4xf32>) -> tensor<8x4xf32>\n"            \
  "    %z = stablehlo.custom_call @" target                     \
  "(%y)\n"                                                      \
  "        {backend_config = \"config\"}\n"                     \
  "        : (tensor<8x4xf32>) -> tensor<8x4xf32>\n"            \
  "    return %z : tensor<8x4xf32>\n"                           \
  "  }\n"                                                       \
  "}\n"

/* Needs no kernel, and so none of NVIDIA's tools. */
static const char two_rows[] =
    "module @shard {\n"
    "  func.func public @main(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {\n"
    "    return %x : tensor<2x4xf32>\n"
    "  }\n"
    "}\n";

/* By the axes of a mesh, as the newest plugins have them, shardings are not
 * read. */
static void check_cut(const splitter *s, int num_partitions) {
  assert_int_equal(s->num_partitions, num_partitions);
  assert_true(s->num_inferred > 0);
  assert_true(s->has_sharding);
  if (s->sharding[0]) assert_string_equal(s->sharding, rows);
  assert_string_equal(s->config, "config");
  assert_int_equal(s->dims[0], 8);
  assert_int_equal(s->dims[1], 4);
}

static void check_a_call_is_cut(const char *variable, splitter *s) {
  pjrt_compiled *compiled;
  pjrt_program *optimized;
  char *text;
  pjrt_plugin *plugin = open_plugin(variable);
  pjrt_topology *topology = h100(plugin, "1x1x4");
  assert_ok(enter_splitter(plugin, "pjrt_cut", s));
  assert_ok(try_compile_for(topology, SPMD_PROGRAM("pjrt_cut"), 4, &compiled));
  check_cut(s, 2);
  assert_ok(pjrt_compiled_optimized_program(compiled, &optimized));
  assert_ok(pjrt_hlo_print(optimized, NULL, &text, NULL));
  assert_non_null(strstr(text, "f32[2,4]"));
  assert_null(strstr(text, "pjrt_cut"));
  pjrt_host_free(text);
  pjrt_program_free(optimized);
  pjrt_compiled_free(compiled);
  pjrt_topology_free(topology);
  pjrt_plugin_free(plugin);
}

static void a_partitioner_cuts_a_call(void **state) {
  static splitter middle = {.program = two_rows},
                  newest = {.program = two_rows};
  (void)state;
  check_a_call_is_cut("PJRT_TEST_PLUGIN_CUDA_0_114", &middle);
  assert_string_equal(middle.sharding, rows);
  check_a_call_is_cut("PJRT_TEST_PLUGIN_CUDA", &newest);
}

static void a_partitioner_refuses(void **state) {
  static splitter s;
  pjrt_compiled *compiled;
  (void)state;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_CUDA");
  pjrt_topology *topology = h100(plugin, "1x1x4");
  assert_ok(enter_splitter(plugin, "pjrt_refuse", &s));
  assert_code(
      try_compile_for(topology, SPMD_PROGRAM("pjrt_refuse"), 4, &compiled),
      PJRT_PERMISSION_DENIED, "it is not to be cut");
  check_cut(&s, 1);
  pjrt_topology_free(topology);
  pjrt_plugin_free(plugin);
}

/* ---- XlaTransform -------------------------------------------------------- */

static pjrt_error *look(const pjrt_program *hlo, void *user,
                        pjrt_program **out) {
  char *text;
  (void)out;
  PJRT_TRY(pjrt_hlo_print(hlo, NULL, &text, NULL));
  if (strstr(text, " dot(") || strstr(text, "custom-call(") ||
      strstr(text, " convolution(") || strstr(text, " fusion(")) {
    atomic_fetch_add((atomic_int *)user, 1);
  }
  pjrt_host_free(text);
  return pjrt_error_create(PJRT_PERMISSION_DENIED, "no product here",
                           PJRT_NUL_ENDED);
}

static const char product[] =
    "func.func @main(%a: tensor<256x256xf32>, %b: tensor<256x256xf32>)\n"
    "    -> tensor<256x256xf32> {\n"
    "  %0 = stablehlo.dot_general %a, %b, contracting_dims = [1] x [0]\n"
    "      : (tensor<256x256xf32>, tensor<256x256xf32>)\n"
    "      -> tensor<256x256xf32>\n"
    "  return %0 : tensor<256x256xf32>\n"
    "}\n";

static void check_transformation(pjrt_plugin *plugin, pjrt_topology *topology) {
  static const char name[] = "refuse_product";
  const pjrt_xla_transform_stage stage = PJRT_XLA_TRANSFORM_BEFORE_SCHEDULER;
  static atomic_int num_products;
  pjrt_compiled *compiled;
  bool cleared;
  num_products = 0;
  assert_ok(pjrt_xla_transform_register(plugin, name, PJRT_NUL_ENDED, stage,
                                        look, &num_products, NULL));
  assert_code(try_compile_for(topology, product, 1, &compiled), PJRT_INTERNAL,
              "no product here");
  assert_int_equal(num_products, 1);
  assert_ok(
      pjrt_xla_transform_clear(plugin, name, PJRT_NUL_ENDED, stage, &cleared));
  assert_true(cleared);
}

static void transformations_see_what_is_for_a_gpu(void **state) {
  static const char *const with_it[] = {"PJRT_TEST_PLUGIN_CUDA_0_114",
                                        "PJRT_TEST_PLUGIN_CUDA"};
  (void)state;
  for (size_t i = 0; i < 2; i++) {
    pjrt_plugin *plugin = open_plugin(with_it[i]);
    pjrt_topology *topology = h100(plugin, "1x1x1");
    check_transformation(plugin, topology);
    pjrt_topology_free(topology);
    pjrt_plugin_free(plugin);
  }
}

static void transformations_see_what_is_for_a_tpu(void **state) {
  pjrt_topology *topology;
  (void)state;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_TPU");
  assert_ok(
      pjrt_topology_create(plugin, "v5e:2x2", PJRT_NUL_ENDED, NULL, &topology));
  check_transformation(plugin, topology);
  pjrt_topology_free(topology);
  pjrt_plugin_free(plugin);
}

/* ---- Triton -------------------------------------------------------------- */

static const char kernel_code[] =
    "module {\n"
    "  tt.func public @copy(%from: !tt.ptr<f32>, %to: !tt.ptr<f32>) {\n"
    "    %i = tt.get_program_id x : i32\n"
    "    %f = tt.addptr %from, %i : !tt.ptr<f32>, i32\n"
    "    %t = tt.addptr %to, %i : !tt.ptr<f32>, i32\n"
    "    %v = tt.load %f : !tt.ptr<f32>\n"
    "    tt.store %t, %v : !tt.ptr<f32>\n"
    "    tt.return\n"
    "  }\n"
    "}\n";

static pjrt_error *try_kernel(pjrt_plugin *plugin, const char *code,
                              const char *arch, pjrt_triton_kernel **out) {
  return pjrt_triton_compile(plugin, code, PJRT_NUL_ENDED, arch, PJRT_NUL_ENDED,
                             NULL, out);
}

/* Plugins of the first version of the extension tell the cluster as well. */
static void check_kernel(const pjrt_triton_kernel *kernel, int minor) {
  size_t size;
  const char *assembly = pjrt_triton_kernel_assembly(kernel, &size);
  assert_int_equal(strlen(assembly), size);
  assert_non_null(strstr(assembly, ".visible .entry copy("));
  assert_non_null(strstr(assembly, ".target sm_90"));
  assert_non_null(strstr(assembly, "st.global"));
  assert_string_equal(pjrt_triton_kernel_path(kernel, NULL), "");
  assert_int_equal(pjrt_triton_kernel_shared_memory_size(kernel), 0);
  for (size_t axis = 0; axis < 3; axis++) {
    assert_int_equal(pjrt_triton_kernel_cluster_dim(kernel, axis), minor < 85);
  }
}

static void check_triton(pjrt_plugin *plugin, int minor) {
  pjrt_triton_kernel *kernel;
  if (minor < 65 || minor >= 116) {
    assert_refused(try_kernel(plugin, kernel_code, "9.0", &kernel),
                   PJRT_UNIMPLEMENTED, "the plugin has no extension Triton");
    return;
  }
  assert_ok(try_kernel(plugin, kernel_code, "9.0", &kernel));
  check_kernel(kernel, minor);
  pjrt_triton_kernel_free(kernel);
  assert_code(try_kernel(plugin, kernel_code, "sm_90", &kernel),
              PJRT_INVALID_ARGUMENT, "Invalid CUDA architecture name: sm_90");
  assert_code(try_kernel(plugin, "nonsense", "9.0", &kernel),
              PJRT_INVALID_ARGUMENT, "Failed to parse Triton module");
}

static void triton_compiles_without_a_gpu(void **state) {
  (void)state;
  for_each_version(check_triton);
}

/* ---- Stream -------------------------------------------------------------- */

/* Who has clients here has no streams, and who has streams no clients. */
static void streams_need_a_gpu(void **state) {
  const int stream = 3; /* the extension's type */
  intptr_t native = 1;
  (void)state;
  fixture *f = fixture_create(plugin_path("PJRT_TEST_PLUGIN_CPU"));
  assert_refused(pjrt_native_stream_of(f->device, &native), PJRT_UNIMPLEMENTED,
                 "the plugin has no extension Stream");
  assert_true(native == 0);
  fixture_free(f);
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_CUDA");
  assert_true(pjrt_plugin_find_extension(plugin, stream) <
              pjrt_plugin_num_extensions(plugin));
  assert_no_client(plugin, PJRT_FAILED_PRECONDITION, "No visible GPU devices.");
  pjrt_plugin_free(plugin);
}

/* ---- plugins for other devices ------------------------------------------- */

static void other_plugins_have_none_of_it(void **state) {
  static const char *const others[] = {
      "PJRT_TEST_PLUGIN_CPU", "PJRT_TEST_PLUGIN_TPU", "PJRT_TEST_PLUGIN_TT"};
  static splitter unused;
  (void)state;
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    pjrt_triton_kernel *kernel;
    pjrt_plugin *plugin = open_plugin(others[i]);
    assert_refused(enter_handler(plugin, "pjrt_plain", false, false),
                   PJRT_UNIMPLEMENTED, "no extension Gpu_Custom_Call");
    assert_refused(enter_splitter(plugin, "pjrt_cut", &unused),
                   PJRT_UNIMPLEMENTED, "no extension Custom_Partitioner");
    assert_refused(try_kernel(plugin, kernel_code, "9.0", &kernel),
                   PJRT_UNIMPLEMENTED, "no extension Triton");
    pjrt_plugin_free(plugin);
  }
}

/* Keeps libtpu from asking the network, and from minding another user's lock
 * file. */
static int spare_the_tpu(void **state) {
  (void)state;
  setenv("TPU_SKIP_MDS_QUERY", "1", 1);
  setenv("ALLOW_MULTIPLE_LIBTPU_LOAD", "1", 1);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(custom_calls_are_registered),
      cmocka_unit_test(partitioners_are_registered),
      cmocka_unit_test(a_partitioner_cuts_a_call),
      cmocka_unit_test(a_partitioner_refuses),
      cmocka_unit_test(transformations_see_what_is_for_a_gpu),
      cmocka_unit_test(transformations_see_what_is_for_a_tpu),
      cmocka_unit_test(triton_compiles_without_a_gpu),
      cmocka_unit_test(streams_need_a_gpu),
      cmocka_unit_test(other_plugins_have_none_of_it),
  };
  return cmocka_run_group_tests(tests, spare_the_tpu, NULL);
}
