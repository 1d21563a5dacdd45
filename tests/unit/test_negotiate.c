/* Version negotiation: which plugins are spoken to, and with which sizes. */
#include <stdio.h>

#include "abi/generated/sizes.h"
#include "abi/plugin.h"
#include "sim_fixture.h"

static pjrt_sim_options defaults(void) {
  pjrt_sim_options options;
  sim_path();
  sim.options_init(&options);
  return options;
}

static pjrt_error *open_sim(const pjrt_sim_options *options,
                            const pjrt_plugin_opts *opts, pjrt_plugin **out) {
  *out = (pjrt_plugin *)out;
  sim.configure(options);
  return pjrt_plugin_open(sim_path(), PJRT_NUL_ENDED, opts, out);
}

static void expect_refused(const pjrt_sim_options *options, pjrt_code code,
                           const char *part) {
  pjrt_plugin *plugin;
  expect_error(open_sim(options, NULL, &plugin), code, part);
  assert_null(plugin);
}

/* ---- what a plugin of every minor can do --------------------------------- */

/* Every struct of the plugin grows by eight bytes with each minor, more than
 * any has, and the reserve has room for eight of them. */
enum { NEWEST_THAT_FITS = PJRT_NEWEST_MINOR + 8 };

static bool has(const pjrt_plugin *plugin, const char *function) {
  return pjrt_plugin_supports(plugin, function, PJRT_NUL_ENDED);
}

static size_t num_supported(const pjrt_plugin *plugin) {
  size_t num = 0;
  for (size_t i = 0; i < pjrt_num_functions(); i++) {
    num += has(plugin, pjrt_function_name(i));
  }
  return num;
}

/* Compiles, executes, reads: enough to meet most of the structs. */
static void work(pjrt_plugin *plugin) {
  pjrt_client *client;
  pjrt_buffer *outs[2];
  expect_ok(pjrt_client_create(plugin, NULL, &client));
  pjrt_executable *executable = compile(client, donate_program, NULL);
  arguments in = upload_arguments(pjrt_client_addressable_device(client, 0));
  expect_ok(pjrt_executable_execute(executable, in.args, 2, NULL, outs, 2));
  expect_f32(outs[0]);
  free_buffers(in.args, 2);
  free_buffers(outs, 2);
  pjrt_executable_free(executable);
  pjrt_client_free(client);
}

/* By how many minors it is newer than any known. */
static int num_new(int minor) {
  return minor > PJRT_NEWEST_MINOR ? minor - PJRT_NEWEST_MINOR : 0;
}

static void try_minor(const pjrt_sim_options *options) {
  pjrt_plugin *plugin;
  const size_t newest = (size_t)pjrt_api_functions_at(PJRT_NEWEST_MINOR);
  expect_ok(open_sim(options, NULL, &plugin));
  assert_int_equal(pjrt_plugin_api_major(plugin), 0);
  assert_int_equal(pjrt_plugin_api_minor(plugin), options->minor);
  assert_int_equal(pjrt_plugin_table_size(plugin),
                   pjrt_api_size_at(options->minor) +
                       (size_t)num_new(options->minor) * sizeof(void *));
  const size_t num = (size_t)pjrt_api_functions_at(options->minor);
  assert_int_equal(num_supported(plugin), num < newest ? num : newest);
  assert_int_equal(pjrt_plugin_wants_exact_struct_sizes(plugin),
                   options->exact_sizes);
  work(plugin);
  pjrt_plugin_free(plugin);
  expect_nothing_alive();
}

static void test_every_minor(void **state) {
  pjrt_sim_options options = defaults();
  (void)state;
  for (int minor = 40; minor <= NEWEST_THAT_FITS; minor++) {
    if (minor == 56) continue;
    options.minor = minor;
    try_minor(&options);
  }
}

/* A plugin that takes its own sizes alone is found out by itself. */
static void test_exact_sizes(void **state) {
  static const int minors[] = {40, 48, 55, 57, 76, 99, 114, 117};
  pjrt_sim_options options = defaults();
  (void)state;
  options.exact_sizes = true;
  for (size_t i = 0; i < sizeof minors / sizeof *minors; i++) {
    options.minor = minors[i];
    try_minor(&options);
    assert_int_equal(
        sim.last_struct_size("PJRT_LoadedExecutable_Execute"),
        pjrt_args_size_at(PJRT_CALL_PJRT_LoadedExecutable_Execute, minors[i]));
  }
}

static void test_exact_sizes_on_request(void **state) {
  pjrt_sim_options options = defaults();
  pjrt_plugin_opts opts;
  pjrt_plugin *plugin;
  (void)state;
  pjrt_plugin_opts_init(&opts);
  opts.exact_struct_sizes = true;
  options.minor = 60;
  expect_ok(open_sim(&options, &opts, &plugin));
  assert_true(pjrt_plugin_wants_exact_struct_sizes(plugin));
  assert_int_equal(sim.last_struct_size("PJRT_Plugin_Attributes"),
                   pjrt_args_size_at(PJRT_CALL_PJRT_Plugin_Attributes, 60));
  work(plugin);
  pjrt_plugin_free(plugin);
}

static size_t declared_by(int minor) {
  pjrt_sim_options options = defaults();
  pjrt_plugin *plugin;
  options.minor = minor;
  expect_ok(open_sim(&options, NULL, &plugin));
  work(plugin);
  pjrt_plugin_free(plugin);
  return sim.last_struct_size("PJRT_Client_Compile");
}

/* Old plugins are told the newest size; newer ones the reserve as well, in
 * which they may find fields that this library does not know. */
static void test_declared_sizes(void **state) {
  const size_t newest = pjrt_args_size(PJRT_CALL_PJRT_Client_Compile);
  (void)state;
  assert_int_equal(declared_by(40), newest);
  assert_int_equal(declared_by(PJRT_NEWEST_MINOR), newest);
  assert_int_equal(declared_by(PJRT_NEWEST_MINOR + 1), newest + 64);
}

/* Structs that have outgrown the reserve are one clear error, and nothing is
 * called that might read or write behind ours. */
static void test_outgrown_reserve(void **state) {
  static const int minors[] = {NEWEST_THAT_FITS + 1, 140, 999};
  pjrt_sim_options options = defaults();
  char expected[80];
  (void)state;
  for (size_t i = 0; i < sizeof minors / sizeof *minors; i++) {
    pjrt_plugin *plugin;
    options.minor = minors[i];
    snprintf(expected, sizeof expected,
             "the plugin speaks PJRT API 0.%d, this library 0.%d", minors[i],
             PJRT_NEWEST_MINOR);
    pjrt_error *error = open_sim(&options, NULL, &plugin);
    assert_string_equal(pjrt_error_call(error), "PJRT_Plugin_Attributes");
    assert_non_null(strstr(pjrt_error_message(error, NULL),
                           "Unexpected PJRT_Plugin_Attributes_Args size"));
    /* Its code cannot be asked for with such structs either. */
    expect_error(error, PJRT_UNKNOWN, expected);
    assert_null(plugin);
    expect_nothing_alive();
    expect_no_misuse();
  }
}

/* Attributes that a plugin refuses for good are an error, and no sign that it
 * wants other sizes. */
static void test_refused_attributes(void **state) {
  pjrt_plugin *plugin;
  (void)state;
  sim_fail("PJRT_Plugin_Attributes", 0, PJRT_Error_Code_INVALID_ARGUMENT);
  expect_error(pjrt_plugin_open(sim_path(), PJRT_NUL_ENDED, NULL, &plugin),
               PJRT_INVALID_ARGUMENT, "the fault");
  assert_null(plugin);
  expect_nothing_alive();
}

static void test_plugin_without_size_checks(void **state) {
  pjrt_sim_options options = defaults();
  (void)state;
  options.no_size_checks = true;
  options.minor = 40;
  try_minor(&options);
  options.minor = NEWEST_THAT_FITS;
  try_minor(&options);
}

/* ---- refused ------------------------------------------------------------- */

static void test_refused_versions(void **state) {
  pjrt_sim_options options = defaults();
  (void)state;
  options.major = 1;
  expect_refused(&options, PJRT_FAILED_PRECONDITION,
                 "speaks PJRT API 1.117; this library speaks major 0");
  options.major = -1;
  expect_refused(&options, PJRT_FAILED_PRECONDITION, "major 0");
  options.major = 0;
  options.minor = 39;
  expect_refused(&options, PJRT_FAILED_PRECONDITION,
                 "oldest supported is 0.40");
  options.minor = -5;
  expect_refused(&options, PJRT_FAILED_PRECONDITION,
                 "oldest supported is 0.40");
  options.minor = 56;
  options.table_size = 816;
  expect_refused(&options, PJRT_FAILED_PRECONDITION, "0.56");
}

static void test_refused_error_names_the_plugin(void **state) {
  pjrt_sim_options options = defaults();
  pjrt_plugin *plugin;
  (void)state;
  options.major = 2;
  pjrt_error *error = open_sim(&options, NULL, &plugin);
  assert_string_equal(pjrt_error_plugin(error), "libpjrt_sim.so");
  assert_int_equal(pjrt_error_origin(error), PJRT_ORIGIN_LIBRARY);
  expect_error(error, PJRT_FAILED_PRECONDITION, "2.117");
}

static void test_null_api(void **state) {
  pjrt_sim_options options = defaults();
  (void)state;
  options.null_api = true;
  expect_refused(&options, PJRT_INVALID_ARGUMENT, "GetPjrtApi returned NULL");
}

/* ---- tables of odd sizes ------------------------------------------------- */

static void test_short_tables(void **state) {
  const size_t first = offsetof(PJRT_Api, PJRT_Error_Destroy);
  pjrt_sim_options options = defaults();
  (void)state;
  options.table_size = 1;
  expect_refused(&options, PJRT_INVALID_ARGUMENT, "declares 1 bytes");
  options.table_size = first - 1;
  expect_refused(&options, PJRT_INVALID_ARGUMENT, "too few for a version");
  options.table_size = first;
  expect_refused(&options, PJRT_INVALID_ARGUMENT, "PJRT_Error_Destroy");
  options.table_size = first + sizeof(void *);
  expect_refused(&options, PJRT_INVALID_ARGUMENT, "PJRT_Error_Message");
  /* Half a slot is none. */
  options.table_size = first + 3 * sizeof(void *) - 1;
  expect_refused(&options, PJRT_INVALID_ARGUMENT, "PJRT_Error_GetCode");
}

/* From 0.57 on the size counts, whatever the minor promises. */
static void test_table_shorter_than_its_minor(void **state) {
  pjrt_sim_options options = defaults();
  pjrt_plugin *plugin;
  pjrt_client *client = (pjrt_client *)1;
  (void)state;
  options.table_size = offsetof(PJRT_Api, PJRT_Client_Create);
  expect_ok(open_sim(&options, NULL, &plugin));
  assert_false(has(plugin, "PJRT_Client_Create"));
  assert_true(has(plugin, "PJRT_Event_OnReady"));
  pjrt_error *error = pjrt_client_create(plugin, NULL, &client);
  assert_string_equal(pjrt_error_call(error), "PJRT_Client_Create");
  expect_error(error, PJRT_UNIMPLEMENTED, "API 0.40 or earlier brought");
  assert_null(client);
  pjrt_plugin_free(plugin);
}

/* A table beyond all that is known is read as far as it is known. */
static void test_huge_table(void **state) {
  pjrt_sim_options options = defaults();
  pjrt_plugin *plugin;
  (void)state;
  options.table_size = (size_t)1 << 40;
  options.minor = NEWEST_THAT_FITS;
  expect_ok(open_sim(&options, NULL, &plugin));
  assert_int_equal(pjrt_plugin_table_size(plugin), (size_t)1 << 40);
  assert_int_equal(num_supported(plugin), pjrt_num_functions());
  work(plugin);
  pjrt_plugin_free(plugin);
  expect_nothing_alive();
}

/* ---- extensions ---------------------------------------------------------- */

static const char *const all_extensions[] = {"all"};

static void try_extensions(int minor, int num) {
  pjrt_sim_options options = defaults();
  pjrt_plugin *plugin;
  options.minor = minor;
  options.absent_extensions = all_extensions;
  options.num_absent_extensions = 1;
  options.num_unknown_extensions = num;
  expect_ok(open_sim(&options, NULL, &plugin));
  const size_t unknown = (size_t)num;
  assert_int_equal(pjrt_plugin_num_extensions(plugin), unknown);
  for (size_t i = 0; i < unknown; i++) {
    const int type = pjrt_plugin_extension_type(plugin, i);
    assert_int_equal(type, 900 + (int)i);
    assert_string_equal(pjrt_extension_name(type), "unknown");
    assert_int_equal(pjrt_plugin_extension_size(plugin, i),
                     minor < 45 ? 0 : sizeof(PJRT_Extension_Base) + 8);
    assert_int_equal(pjrt_plugin_find_extension(plugin, type), i);
  }
  assert_int_equal(pjrt_plugin_extension_type(plugin, unknown), -1);
  assert_int_equal(pjrt_plugin_extension_size(plugin, unknown), 0);
  assert_int_equal(pjrt_plugin_find_extension(plugin, 7), unknown);
  pjrt_plugin_free(plugin);
}

static void test_unknown_extensions(void **state) {
  (void)state;
  try_extensions(44, 3); /* the last minor whose nodes have no size */
  try_extensions(45, 3);
  try_extensions(117, 0);
  try_extensions(117, 40);
}

static size_t size_of_extension(const pjrt_sim_options *options, int type) {
  pjrt_plugin *plugin;
  expect_ok(open_sim(options, NULL, &plugin));
  const size_t size = pjrt_plugin_extension_size(
      plugin, pjrt_plugin_find_extension(plugin, type));
  pjrt_plugin_free(plugin);
  return size;
}

static void test_known_extensions(void **state) {
  pjrt_sim_options options = defaults();
  (void)state;
  assert_int_equal(size_of_extension(&options, PJRT_Extension_Type_Layouts),
                   PJRT_Layouts_Extension_STRUCT_SIZE);
  assert_int_equal(
      size_of_extension(&options, PJRT_Extension_Type_Gpu_Custom_Call), 33);
  options.minor = 54;
  assert_int_equal(size_of_extension(&options, PJRT_Extension_Type_Layouts),
                   56);
  assert_int_equal(size_of_extension(&options, PJRT_Extension_Type_Triton), 0);
  options.minor = 117;
  options.garbage_in_unknown_extensions = true;
  options.num_unknown_extensions = 1;
  options.long_extensions = all_extensions;
  options.num_long_extensions = 1;
  assert_int_equal(size_of_extension(&options, PJRT_Extension_Type_FFI),
                   PJRT_FFI_Extension_STRUCT_SIZE + 16);
  assert_int_equal(size_of_extension(&options, 900),
                   sizeof(PJRT_Extension_Base) + 72);
  options.num_long_extensions = 0;
  options.short_extensions = all_extensions;
  options.num_short_extensions = 1;
  assert_int_equal(size_of_extension(&options, PJRT_Extension_Type_FFI),
                   PJRT_FFI_Extension_STRUCT_SIZE - 8);
}

static void test_extension_cycle(void **state) {
  pjrt_sim_options options = defaults();
  (void)state;
  options.num_unknown_extensions = 3;
  options.extension_cycle = true;
  expect_refused(&options, PJRT_INVALID_ARGUMENT, "does not end");
  options.num_unknown_extensions = 1;
  options.minor = 41;
  expect_refused(&options, PJRT_INVALID_ARGUMENT, "does not end");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_minor),
      cmocka_unit_test(test_exact_sizes),
      cmocka_unit_test(test_exact_sizes_on_request),
      cmocka_unit_test(test_declared_sizes),
      cmocka_unit_test(test_outgrown_reserve),
      cmocka_unit_test(test_refused_attributes),
      cmocka_unit_test(test_plugin_without_size_checks),
      cmocka_unit_test(test_refused_versions),
      cmocka_unit_test(test_refused_error_names_the_plugin),
      cmocka_unit_test(test_null_api),
      cmocka_unit_test(test_short_tables),
      cmocka_unit_test(test_table_shorter_than_its_minor),
      cmocka_unit_test(test_huge_table),
      cmocka_unit_test(test_unknown_extensions),
      cmocka_unit_test(test_known_extensions),
      cmocka_unit_test(test_extension_cycle),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
