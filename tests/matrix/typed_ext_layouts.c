/* The extensions that tell of layouts, memories and shardings. */
#include "pjrt/ext/layouts.h"
#include "pjrt/ext/memory_descriptions.h"
#include "pjrt/ext/shardings.h"
#include "typed.h"

/* ---- layouts ------------------------------------------------------------- */

static const int64_t four_by_two[] = {4, 2};

static pjrt_error *expect_row_major(matrix_attempt *a) {
  MATRIX_EXPECT(a, pjrt_layout_is_row_major(typed(a)->layout));
  return NULL;
}

static pjrt_error *of_buffer(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_TRY(pjrt_layouts_of_buffer(w->args[0], &w->layout));
  return expect_row_major(a);
}

static pjrt_error *of_client(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_TRY(
      pjrt_layouts_default(w->client, PJRT_F32, four_by_two, 2, &w->layout));
  return expect_row_major(a);
}

static pjrt_error *make_topology(matrix_attempt *a) {
  PJRT_TRY(matrix_open(a));
  return pjrt_topology_create(a->plugin, "2x1x1", 5, NULL, &typed(a)->topology);
}

static pjrt_error *of_topology(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_TRY(pjrt_layouts_default_for_topology(w->topology, PJRT_F32, four_by_two,
                                             2, &w->layout));
  return expect_row_major(a);
}

static pjrt_error *of_parameter(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_TRY(pjrt_layouts_of_parameter(w->executable, 1, &w->layout));
  return expect_row_major(a);
}

static pjrt_error *of_output(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_TRY(pjrt_layouts_of_output(w->executable, 0, &w->layout));
  return expect_row_major(a);
}

static pjrt_error *make_compiled(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_TRY(make_topology(a));
  PJRT_TRY(typed_program(a));
  return pjrt_topology_compile(w->topology, w->program, NULL, &w->compiled);
}

static pjrt_error *of_compiled_parameter(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_TRY(pjrt_layouts_of_compiled_parameter(w->compiled, 1, &w->layout));
  return expect_row_major(a);
}

static pjrt_error *of_compiled_output(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_TRY(pjrt_layouts_of_compiled_output(w->compiled, 0, &w->layout));
  return expect_row_major(a);
}

/* ---- memories ------------------------------------------------------------ */

static pjrt_error *expect_three(matrix_attempt *a,
                                pjrt_memory_descriptions *all) {
  MATRIX_EXPECT(a, pjrt_memory_descriptions_size(all) == 3);
  MATRIX_EXPECT(a, pjrt_memory_descriptions_default(all) == 0);
  MATRIX_EXPECT(
      a, !strcmp(pjrt_memory_descriptions_kind(all, 1, NULL), "pinned_host"));
  pjrt_memory_descriptions_free(all);
  return NULL;
}

static pjrt_error *memories_of_device(matrix_attempt *a) {
  pjrt_memory_descriptions *all;
  PJRT_TRY(pjrt_memory_descriptions_of_device(typed(a)->device, &all));
  return expect_three(a, all);
}

static pjrt_error *memories_of_topology(matrix_attempt *a) {
  pjrt_memory_descriptions *all;
  PJRT_TRY(pjrt_memory_descriptions_of_topology(typed(a)->topology, 1, &all));
  return expect_three(a, all);
}

/* ---- shardings ----------------------------------------------------------- */

static const char sharded_program[] =
    "func.func @main(%a: tensor<4xf32> {mhlo.sharding = "
    "\"{devices=[2]<=[2]}\"})\n"
    "    -> (tensor<4xf32> {mhlo.sharding = \"{replicated}\"}) {\n"
    "  return %a : tensor<4xf32>\n"
    "}\n";

static pjrt_error *make_program(matrix_attempt *a) {
  return pjrt_program_create(sharded_program, PJRT_NUL_ENDED, PJRT_FORMAT_MLIR,
                             &typed(a)->program);
}

static void split_in_two(pjrt_compile_opts *opts) {
  pjrt_compile_opts_init(opts);
  opts->num_partitions = 2;
  opts->use_spmd_partitioning = true;
}

static pjrt_error *make_sharded(matrix_attempt *a) {
  typed_world *w = typed(a);
  pjrt_compile_opts opts;
  split_in_two(&opts);
  PJRT_TRY(typed_client(a));
  PJRT_TRY(make_program(a));
  return pjrt_client_compile(w->client, w->program, &opts, &w->executable);
}

static pjrt_error *make_sharded_compiled(matrix_attempt *a) {
  typed_world *w = typed(a);
  pjrt_compile_opts opts;
  split_in_two(&opts);
  PJRT_TRY(make_topology(a));
  PJRT_TRY(make_program(a));
  return pjrt_topology_compile(w->topology, w->program, &opts, &w->compiled);
}

static pjrt_error *expect_sharding(matrix_attempt *a, pjrt_sharding *sharding,
                                   pjrt_sharding_kind kind) {
  MATRIX_EXPECT(a, pjrt_sharding_kind_of(sharding) == kind);
  pjrt_sharding_free(sharding);
  return NULL;
}

static pjrt_error *sharding_of_parameter(matrix_attempt *a) {
  pjrt_sharding *sharding;
  PJRT_TRY(pjrt_shardings_of_parameter(typed(a)->executable, 0, &sharding));
  return expect_sharding(a, sharding, PJRT_SHARDING_TILED);
}

static pjrt_error *sharding_of_output(matrix_attempt *a) {
  pjrt_sharding *sharding;
  PJRT_TRY(pjrt_shardings_of_output(typed(a)->executable, 0, &sharding));
  return expect_sharding(a, sharding, PJRT_SHARDING_REPLICATED);
}

static pjrt_error *sharding_of_compiled_parameter(matrix_attempt *a) {
  pjrt_sharding *sharding;
  PJRT_TRY(
      pjrt_shardings_of_compiled_parameter(typed(a)->compiled, 0, &sharding));
  return expect_sharding(a, sharding, PJRT_SHARDING_TILED);
}

static pjrt_error *sharding_of_compiled_output(matrix_attempt *a) {
  pjrt_sharding *sharding;
  PJRT_TRY(pjrt_shardings_of_compiled_output(typed(a)->compiled, 0, &sharding));
  return expect_sharding(a, sharding, PJRT_SHARDING_REPLICATED);
}

/* ---- all ----------------------------------------------------------------- */

#define CASE(function, from, check) \
  {.name = (function), .prepare = (from), .run = (check)}

const matrix_case typed_ext_layouts_cases[] = {
    CASE("pjrt_layouts_of_buffer", typed_buffers, of_buffer),
    CASE("pjrt_layouts_default", typed_client, of_client),
    CASE("pjrt_layouts_default_for_topology", make_topology, of_topology),
    CASE("pjrt_layouts_of_parameter", typed_executable, of_parameter),
    CASE("pjrt_layouts_of_output", typed_executable, of_output),
    CASE("pjrt_layouts_of_compiled_parameter", make_compiled,
         of_compiled_parameter),
    CASE("pjrt_layouts_of_compiled_output", make_compiled, of_compiled_output),
    CASE("pjrt_memory_descriptions_of_device", typed_client,
         memories_of_device),
    CASE("pjrt_memory_descriptions_of_topology", make_topology,
         memories_of_topology),
    CASE("pjrt_shardings_of_parameter", make_sharded, sharding_of_parameter),
    CASE("pjrt_shardings_of_output", make_sharded, sharding_of_output),
    CASE("pjrt_shardings_of_compiled_parameter", make_sharded_compiled,
         sharding_of_compiled_parameter),
    CASE("pjrt_shardings_of_compiled_output", make_sharded_compiled,
         sharding_of_compiled_output),
};
const size_t typed_num_ext_layouts_cases =
    sizeof typed_ext_layouts_cases / sizeof *typed_ext_layouts_cases;
