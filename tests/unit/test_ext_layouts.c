/* The Layouts extension on the simulated plugin: what it tells, plugins that
 * lack it or parts of it, and such as tell nonsense. */
#include "core/plugin.h"
#include "pjrt/ext/layouts.h"
#include "sim_fixture.h"

static const int64_t two_by_three[] = {2, 3};

static void expect_text(pjrt_error *error, pjrt_layout *layout,
                        const char *expected) {
  char *text;
  expect_ok(error);
  expect_ok(pjrt_layout_to_text(layout, &text, NULL));
  assert_string_equal(text, expected);
  pjrt_host_free(text);
  pjrt_layout_free(layout);
}

static pjrt_topology *machine(pjrt_plugin *plugin) {
  pjrt_topology *topology;
  expect_ok(pjrt_topology_create(plugin, "4x1x1", 5, NULL, &topology));
  return topology;
}

/* ---- what it tells ------------------------------------------------------- */

static void test_defaults(void **state) {
  const fixture *f = *state;
  pjrt_layout *layout;
  pjrt_error *error =
      pjrt_layouts_default(f->client, PJRT_F32, two_by_three, 2, &layout);
  expect_text(error, layout, "{1,0}");
  error = pjrt_layouts_default(f->client, PJRT_F32, NULL, 0, &layout);
  expect_text(error, layout, "{}");
  error = pjrt_layouts_default(f->client, PJRT_S4, two_by_three, 2, &layout);
  expect_text(error, layout, "{1,0:E(4)}");
}

static void test_defaults_of_topologies(void **state) {
  const fixture *f = *state;
  pjrt_layout *layout;
  pjrt_topology *of_client, *other = machine(f->plugin);
  expect_ok(pjrt_client_topology(f->client, &of_client));
  pjrt_error *error = pjrt_layouts_default_for_topology(
      of_client, PJRT_F32, two_by_three, 2, &layout);
  expect_text(error, layout, "{1,0}");
  error = pjrt_layouts_default_for_topology(other, PJRT_U4, two_by_three, 2,
                                            &layout);
  expect_text(error, layout, "{1,0:E(4)}");
  pjrt_topology_free(other);
}

static void test_tiles(void **state) {
  (void)state;
  pjrt_sim_options options;
  pjrt_layout *layout;
  sim_path();
  sim.options_init(&options);
  options.tiled_layouts = true;
  fixture *f = fixture_create(&options);
  pjrt_error *error =
      pjrt_layouts_default(f->client, PJRT_F32, two_by_three, 2, &layout);
  expect_text(error, layout, "{1,0:T(8,128)}");
  fixture_drop(f);
  test_free(f);
  expect_nothing_alive();
}

static void test_of_an_executable(void **state) {
  const fixture *f = *state;
  pjrt_layout *layout = (pjrt_layout *)1;
  pjrt_executable *executable = compile(f->client, pass_program, NULL);
  pjrt_error *error = pjrt_layouts_of_parameter(executable, 1, &layout);
  expect_text(error, layout, "{0}");
  error = pjrt_layouts_of_output(executable, 0, &layout);
  expect_text(error, layout, "{0}");
  expect_error(pjrt_layouts_of_parameter(executable, 2, &layout),
               PJRT_INVALID_ARGUMENT, "layout 2 of a program that has 2");
  assert_null(layout);
  layout = (pjrt_layout *)1;
  expect_error(pjrt_layouts_of_output(executable, SIZE_MAX, &layout),
               PJRT_INVALID_ARGUMENT, "of a program that has 2");
  assert_null(layout);
  expect_ok(pjrt_executable_delete(executable));
  expect_error(pjrt_layouts_of_output(executable, 0, &layout),
               PJRT_FAILED_PRECONDITION, "deleted");
  pjrt_executable_free(executable);
}

static void test_of_a_compiled_program(void **state) {
  const fixture *f = *state;
  pjrt_layout *layout;
  pjrt_program *program;
  pjrt_compiled *compiled;
  pjrt_topology *topology = machine(f->plugin);
  expect_ok(pjrt_program_create(pass_program, PJRT_NUL_ENDED, PJRT_FORMAT_AUTO,
                                &program));
  expect_ok(pjrt_topology_compile(topology, program, NULL, &compiled));
  pjrt_topology_free(topology);
  pjrt_error *error = pjrt_layouts_of_compiled_parameter(compiled, 1, &layout);
  expect_text(error, layout, "{0}");
  error = pjrt_layouts_of_compiled_output(compiled, 1, &layout);
  expect_text(error, layout, "{0}");
  expect_error(pjrt_layouts_of_compiled_output(compiled, 2, &layout),
               PJRT_INVALID_ARGUMENT, "layout 2 of a program that has 2");
  assert_null(layout);
  pjrt_compiled_free(compiled);
  pjrt_program_free(program);
}

static void test_of_a_buffer(void **state) {
  const fixture *f = *state;
  pjrt_layout *layout;
  pjrt_buffer *buffer = upload_f32(f->device);
  pjrt_error *error = pjrt_layouts_of_buffer(buffer, &layout);
  expect_text(error, layout, "{0}");
  expect_ok(pjrt_buffer_delete(buffer));
  expect_error(pjrt_layouts_of_buffer(buffer, &layout),
               PJRT_FAILED_PRECONDITION, "deleted");
  pjrt_buffer_free(buffer);
}

/* ---- what never reaches the plugin --------------------------------------- */

static void test_refused(void **state) {
  const pjrt_code bad = PJRT_INVALID_ARGUMENT;
  const int64_t negative[] = {-1}, huge[] = {INT64_MAX, 2}, many[65] = {0};
  const fixture *f = *state;
  pjrt_layout *layout;
  pjrt_topology *topology;
  expect_ok(pjrt_client_topology(f->client, &topology));
  expect_error(pjrt_layouts_default(NULL, PJRT_F32, NULL, 0, &layout), bad,
               "client is NULL");
  expect_error(pjrt_layouts_default(f->client, PJRT_F32, NULL, 1, &layout), bad,
               "dims is NULL for 1 dimensions");
  expect_error(pjrt_layouts_default(f->client, PJRT_F32, negative, 1, &layout),
               bad, "-1");
  expect_error(pjrt_layouts_default(f->client, PJRT_F32, huge, 2, &layout), bad,
               "does not fit");
  expect_error(pjrt_layouts_default(f->client, PJRT_F32, many, 65, &layout),
               bad, "65 dimensions, expected at most 64");
  expect_error(pjrt_layouts_default(f->client, PJRT_TOKEN, NULL, 0, &layout),
               bad, "token");
  expect_error(pjrt_layouts_default_for_topology(topology, PJRT_F32, negative,
                                                 1, &layout),
               bad, "-1");
  expect_error(
      pjrt_layouts_default_for_topology(NULL, PJRT_F32, NULL, 0, &layout), bad,
      "topology is NULL");
  expect_error(pjrt_layouts_of_buffer(NULL, &layout), bad, "buffer is NULL");
  expect_error(pjrt_layouts_of_parameter(NULL, 0, &layout), bad,
               "executable is NULL");
  expect_error(pjrt_layouts_of_output(NULL, 0, &layout), bad,
               "executable is NULL");
  expect_error(pjrt_layouts_of_compiled_parameter(NULL, 0, &layout), bad,
               "compiled is NULL");
  expect_error(pjrt_layouts_of_compiled_output(NULL, 0, &layout), bad,
               "compiled is NULL");
  assert_int_equal(sim.num_calls("PJRT_Layouts_PJRT_Client_GetDefaultLayout"),
                   0);
}

/* ---- what plugins lack --------------------------------------------------- */

static pjrt_error *ask_parameter(int minor) {
  pjrt_sim_options options;
  pjrt_layout *layout;
  sim_path();
  sim.options_init(&options);
  options.minor = minor;
  fixture *f = fixture_create(&options);
  pjrt_executable *executable = compile(f->client, pass_program, NULL);
  pjrt_error *error = pjrt_layouts_of_parameter(executable, 0, &layout);
  pjrt_layout_free(layout);
  pjrt_executable_free(executable);
  fixture_drop(f);
  test_free(f);
  expect_nothing_alive();
  return error;
}

static void test_older_plugins(void **state) {
  (void)state;
  expect_error(ask_parameter(50), PJRT_UNIMPLEMENTED,
               "the plugin has no extension Layouts, which API 0.51 brought");
  expect_error(ask_parameter(92), PJRT_UNIMPLEMENTED,
               "the plugin's extension Layouts has no "
               "PJRT_Layouts_PJRT_Executable_GetParameterLayouts, which API "
               "0.93 brought");
  expect_ok(ask_parameter(93));
}

/* ---- what plugins get wrong ---------------------------------------------- */

static void test_failing_calls(void **state) {
  static const char *const functions[] = {
      "PJRT_Layouts_PJRT_Client_GetDefaultLayout",
      "PJRT_Layouts_MemoryLayout_Serialize"};
  const fixture *f = *state;
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    pjrt_layout *layout = (pjrt_layout *)1;
    sim_fail(functions[i], 0, PJRT_Error_Code_DATA_LOSS);
    pjrt_error *error =
        pjrt_layouts_default(f->client, PJRT_F32, NULL, 0, &layout);
    assert_string_equal(pjrt_error_call(error), functions[i]);
    expect_error(error, PJRT_DATA_LOSS, "");
    assert_null(layout);
  }
}

/* A node like the plugin's own, for a test to spoil. */
static PJRT_Layouts_Extension *spoil(const fixture *f) {
  static PJRT_Layouts_Extension node;
  const size_t i = pjrt_plugin_find_extension(f->plugin, 4);
  node = *(const PJRT_Layouts_Extension *)f->plugin->extensions[i].node;
  f->plugin->extensions[i].node = &node.base;
  return &node;
}

static struct {
  const char *text;
  size_t size;
  int num_deleted;
} told;

static void count_deleted(PJRT_Layouts_SerializedLayout *layout) {
  assert_null(layout);
  told.num_deleted++;
}

static PJRT_Error *tell(PJRT_Layouts_MemoryLayout_Serialize_Args *args) {
  args->serialized_bytes = told.text;
  args->serialized_bytes_size = told.size;
  args->serialized_layout_deleter = count_deleted;
  return NULL;
}

static void test_texts_that_are_none(void **state) {
  static const struct {
    const char *text;
    size_t size;
    pjrt_code code;
    const char *message;
  } cases[] = {
      {"", 0, PJRT_INTERNAL, "no layout"},
      {NULL, 0, PJRT_INTERNAL, "no layout"},
      {NULL, 5, PJRT_INTERNAL, "NULL pointer"},
      {"{0}", SIZE_MAX, PJRT_INTERNAL, "taken for garbage"},
      {"{1,1}", 5, PJRT_INTERNAL, "each dimension once"},
      {"{0:D(C)}", 8, PJRT_UNIMPLEMENTED, "level types"},
      {"{0}}", 4, PJRT_INTERNAL, "the end expected"},
  };
  const fixture *f = *state;
  spoil(f)->PJRT_Layouts_MemoryLayout_Serialize = tell;
  told.num_deleted = 0;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    pjrt_layout *layout = (pjrt_layout *)1;
    told.text = cases[i].text;
    told.size = cases[i].size;
    pjrt_error *error =
        pjrt_layouts_default(f->client, PJRT_F32, NULL, 0, &layout);
    assert_string_equal(pjrt_error_call(error),
                        "PJRT_Layouts_MemoryLayout_Serialize");
    expect_error(error, cases[i].code, cases[i].message);
    assert_null(layout);
    assert_int_equal(told.num_deleted, i + 1);
  }
}

/* Text without a NUL, and nobody to give it back to. */
static PJRT_Error *tell_shortly(
    PJRT_Layouts_MemoryLayout_Serialize_Args *args) {
  args->serialized_bytes = "{0,1}garbage";
  args->serialized_bytes_size = 5;
  return NULL;
}

static void test_text_without_an_end(void **state) {
  const fixture *f = *state;
  pjrt_layout *layout;
  spoil(f)->PJRT_Layouts_MemoryLayout_Serialize = tell_shortly;
  pjrt_error *error =
      pjrt_layouts_default(f->client, PJRT_F32, two_by_three, 2, &layout);
  expect_text(error, layout, "{0,1}");
}

static PJRT_Error *give_nothing(
    PJRT_Layouts_PJRT_Client_GetDefaultLayout_Args *args) {
  (void)args;
  return NULL;
}

static PJRT_Error *list_nothing(
    PJRT_Layouts_PJRT_Executable_GetParameterLayouts_Args *args) {
  static PJRT_Layouts_MemoryLayout *nothing[1];
  args->layouts = nothing;
  args->num_parameters = 1;
  return NULL;
}

static PJRT_Error *list_too_many(
    PJRT_Layouts_PJRT_Executable_GetOutputLayouts_Args *args) {
  args->num_outputs = 3;
  return NULL;
}

static void test_layouts_that_are_not_there(void **state) {
  const fixture *f = *state;
  pjrt_layout *layout;
  pjrt_executable *executable = compile(f->client, pass_program, NULL);
  PJRT_Layouts_Extension *node = spoil(f);
  node->PJRT_Layouts_PJRT_Client_GetDefaultLayout = give_nothing;
  node->PJRT_Layouts_PJRT_Executable_GetParameterLayouts = list_nothing;
  node->PJRT_Layouts_PJRT_Executable_GetOutputLayouts = list_too_many;
  expect_error(pjrt_layouts_default(f->client, PJRT_F32, NULL, 0, &layout),
               PJRT_INTERNAL, "gives no layout");
  expect_error(pjrt_layouts_of_parameter(executable, 0, &layout), PJRT_INTERNAL,
               "gives no layout 0 of 1");
  pjrt_error *error = pjrt_layouts_of_output(executable, 0, &layout);
  assert_string_equal(pjrt_error_call(error),
                      "PJRT_Layouts_PJRT_Executable_GetOutputLayouts");
  expect_error(error, PJRT_INTERNAL, "NULL pointer");
  assert_null(layout);
  node->PJRT_Layouts_PJRT_Executable_GetOutputLayouts = NULL;
  expect_error(pjrt_layouts_of_output(executable, 0, &layout),
               PJRT_UNIMPLEMENTED, "GetOutputLayouts");
  pjrt_executable_free(executable);
}

static const PJRT_Layouts_Extension *original;
static PJRT_Layouts_MemoryLayout *remembered;

static PJRT_Error *remember(PJRT_Layouts_MemoryLayout_Serialize_Args *args) {
  remembered = args->layout;
  return original->PJRT_Layouts_MemoryLayout_Serialize(args);
}

/* Nobody is left to tell, and nothing else is wrong. */
static void test_layouts_that_cannot_be_destroyed(void **state) {
  const fixture *f = *state;
  const size_t i = pjrt_plugin_find_extension(f->plugin, 4);
  pjrt_layout *layout;
  original = f->plugin->extensions[i].node;
  PJRT_Layouts_Extension *node = spoil(f);
  node->PJRT_Layouts_MemoryLayout_Destroy = NULL;
  node->PJRT_Layouts_MemoryLayout_Serialize = remember;
  pjrt_error *error =
      pjrt_layouts_default(f->client, PJRT_F32, NULL, 0, &layout);
  expect_text(error, layout, "{}");
  PJRT_Layouts_MemoryLayout_Destroy_Args args = {.struct_size = sizeof args,
                                                 .layout = remembered};
  assert_null(original->PJRT_Layouts_MemoryLayout_Destroy(&args));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      sim_test(test_defaults),
      sim_test(test_defaults_of_topologies),
      cmocka_unit_test(test_tiles),
      sim_test(test_of_an_executable),
      sim_test(test_of_a_compiled_program),
      sim_test(test_of_a_buffer),
      sim_test(test_refused),
      cmocka_unit_test(test_older_plugins),
      sim_test(test_failing_calls),
      sim_test(test_texts_that_are_none),
      sim_test(test_text_without_an_end),
      sim_test(test_layouts_that_are_not_there),
      sim_test(test_layouts_that_cannot_be_destroyed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
