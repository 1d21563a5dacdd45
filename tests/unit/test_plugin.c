/* Opening plugins, and what is known of them. */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim_fixture.h"

static pjrt_error *open_path(const char *path, pjrt_plugin **out) {
  *out = (pjrt_plugin *)out;
  return pjrt_plugin_open(path, PJRT_NUL_ENDED, NULL, out);
}

static void expect_refused(const char *path, pjrt_code code, const char *part) {
  pjrt_plugin *plugin;
  expect_error(open_path(path, &plugin), code, part);
  assert_null(plugin);
}

static void write_file(const char *path, const char *text) {
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  assert_true(fputs(text, file) >= 0);
  assert_int_equal(fclose(file), 0);
}

/* The C library, wherever it is: a shared library that is no plugin. */
static void c_library(char *out, size_t size) {
  char line[512];
  FILE *maps = fopen("/proc/self/maps", "r");
  assert_non_null(maps);
  *out = '\0';
  while (fgets(line, sizeof line, maps)) {
    char *path = strchr(line, '/');
    if (!path || !strstr(path, "/libc.so")) continue;
    snprintf(out, size, "%.*s", (int)strcspn(path, "\n"), path);
  }
  fclose(maps);
  assert_int_not_equal(*out, '\0');
}

/* ---- files that are no plugins ------------------------------------------- */

static void test_files_that_are_no_plugins(void **state) {
  char libc[512];
  (void)state;
  expect_refused("missing.so", PJRT_NOT_FOUND, "missing.so");
  expect_refused(".", PJRT_INVALID_ARGUMENT, ".");
  write_file("text.so", "#!/bin/sh\n");
  expect_refused("text.so", PJRT_INVALID_ARGUMENT, "text.so");
  write_file("empty.so", "");
  expect_refused("./empty.so", PJRT_INVALID_ARGUMENT, "empty.so");
  c_library(libc, sizeof libc);
  expect_refused(libc, PJRT_INVALID_ARGUMENT, "GetPjrtApi");
}

static void test_paths(void **state) {
  pjrt_plugin *plugin = (pjrt_plugin *)1;
  (void)state;
  expect_error(pjrt_plugin_open(NULL, 0, NULL, &plugin), PJRT_INVALID_ARGUMENT,
               "path");
  assert_null(plugin);
  expect_error(pjrt_plugin_open("", 0, NULL, &plugin), PJRT_INVALID_ARGUMENT,
               "path");
  expect_error(pjrt_plugin_open("a\0b", 3, NULL, &plugin),
               PJRT_INVALID_ARGUMENT, "path");
}

/* ---- opening ------------------------------------------------------------- */

/* Also with a name that the dynamic loader would look for elsewhere, and with
 * a size. */
static void test_open(void **state) {
  pjrt_plugin *plugin;
  size_t size;
  char padded[4096];
  const char *path = sim_path();
  (void)state;
  sim_configure_default();
  snprintf(padded, sizeof padded, "%sXYZ", path);
  expect_ok(pjrt_plugin_open(padded, strlen(path), NULL, &plugin));
  assert_string_equal(pjrt_plugin_path(plugin, &size), path);
  assert_int_equal(size, strlen(path));
  assert_string_equal(pjrt_plugin_path(plugin, NULL), path);
  pjrt_plugin_free(plugin);
}

static void test_open_in_the_working_directory(void **state) {
  pjrt_plugin *plugin;
  (void)state;
  unlink("here.so");
  assert_int_equal(symlink(sim_path(), "here.so"), 0);
  sim_configure_default();
  expect_ok(open_path("here.so", &plugin));
  assert_string_equal(pjrt_plugin_path(plugin, NULL), "./here.so");
  pjrt_plugin_free(plugin);
  unlink("here.so");
}

static void test_open_twice(void **state) {
  pjrt_plugin *first, *second;
  (void)state;
  sim_configure_default();
  expect_ok(open_path(sim_path(), &first));
  expect_ok(open_path(sim_path(), &second));
  assert_ptr_not_equal(first, second);
  pjrt_plugin_free(first);
  pjrt_client *client;
  expect_ok(pjrt_client_create(second, NULL, &client));
  pjrt_plugin_free(second);
  /* The client keeps its plugin. */
  assert_string_equal(pjrt_plugin_path(pjrt_client_plugin(client), NULL),
                      sim_path());
  pjrt_client_free(client);
  expect_nothing_alive();
}

static void test_initialize_is_called_once(void **state) {
  pjrt_plugin *plugin;
  pjrt_client *client = (pjrt_client *)1;
  pjrt_plugin_opts opts;
  (void)state;
  sim_configure_default();
  expect_ok(open_path(sim_path(), &plugin));
  assert_int_equal(sim.num_calls("PJRT_Plugin_Initialize"), 1);
  pjrt_plugin_free(plugin);

  sim_configure_default();
  pjrt_plugin_opts_init(&opts);
  opts.inspect_only = true;
  expect_ok(pjrt_plugin_open(sim_path(), PJRT_NUL_ENDED, &opts, &plugin));
  assert_int_equal(sim.num_calls("PJRT_Plugin_Initialize"), 0);
  assert_int_equal(pjrt_named_values_size(pjrt_plugin_attributes(plugin)), 4);
  expect_error(pjrt_client_create(plugin, NULL, &client),
               PJRT_FAILED_PRECONDITION, "inspect_only");
  assert_null(client);
  pjrt_plugin_free(plugin);
}

static void test_opts(void **state) {
  pjrt_plugin_opts opts;
  pjrt_plugin *plugin = (pjrt_plugin *)1;
  (void)state;
  pjrt_plugin_opts_init(&opts);
  assert_int_equal(opts.struct_size, sizeof opts);
  assert_false(opts.exact_struct_sizes || opts.inspect_only);
  opts.struct_size = 3;
  expect_error(pjrt_plugin_open(sim_path(), PJRT_NUL_ENDED, &opts, &plugin),
               PJRT_INVALID_ARGUMENT, "pjrt_plugin_opts.struct_size is 3");
  assert_null(plugin);
}

/* ---- facts --------------------------------------------------------------- */

static void test_attributes(void **state) {
  pjrt_plugin *plugin;
  size_t num;
  (void)state;
  sim_configure_default();
  expect_ok(open_path(sim_path(), &plugin));
  const pjrt_named_values *attributes = pjrt_plugin_attributes(plugin);
  size_t i = pjrt_named_values_find(attributes, "xla_version", PJRT_NUL_ENDED);
  assert_int_equal(pjrt_named_values_int64(attributes, i), 2);
  i = pjrt_named_values_find(attributes, "stablehlo_minimum_version",
                             PJRT_NUL_ENDED);
  const int64_t *list = pjrt_named_values_int64_list(attributes, i, &num);
  assert_int_equal(num, 3);
  assert_int_equal(list[0], 1);
  pjrt_plugin_free(plugin);
}

static void test_functions(void **state) {
  pjrt_plugin *plugin;
  (void)state;
  sim_configure_default();
  expect_ok(open_path(sim_path(), &plugin));
  assert_int_equal(pjrt_num_functions(), 138);
  assert_string_equal(pjrt_function_name(0), "PJRT_Error_Destroy");
  assert_int_equal(pjrt_function_since(0), 40);
  assert_null(pjrt_function_name(138));
  assert_int_equal(pjrt_function_since(138), 0);
  assert_true(pjrt_plugin_supports(plugin, "PJRT_Client_DmaMap and on", 18));
  assert_false(
      pjrt_plugin_supports(plugin, "PJRT_Client_DmaMapp", PJRT_NUL_ENDED));
  assert_false(pjrt_plugin_supports(plugin, "", 0));
  pjrt_plugin_free(plugin);
}

static int since(const char *field) {
  return pjrt_field_since(field, PJRT_NUL_ENDED);
}

static void test_fields(void **state) {
  (void)state;
  assert_int_equal(since("PJRT_ExecuteOptions.launch_id"), 40);
  assert_int_equal(since("PJRT_ExecuteOptions.call_location"), 76);
  assert_int_equal(since("PJRT_ExecuteOptions.custom_options"), 116);
  assert_int_equal(since("PJRT_Buffer_MemoryLayout.tiled"), 40);
  assert_int_equal(since("PJRT_ExecuteOptions.call_locations"), 0);
  assert_int_equal(since("PJRT_ExecuteOptions."), 0);
  assert_int_equal(since("PJRT_ExecuteOption.launch_id"), 0);
  assert_int_equal(since(".launch_id"), 0);
  assert_int_equal(since("PJRT_ExecuteOptions"), 0);
  assert_int_equal(since(""), 0);
  assert_int_equal(since(NULL), 0);
  assert_int_equal(pjrt_field_since("PJRT_Api_Version.major_version it", 30),
                   40);
}

/* Of an old plugin, and of one that lacks a function. */
static void test_supported_fields(void **state) {
  static const char location[] = "PJRT_ExecuteOptions.call_location";
  static const char payload[] = "PJRT_Device_PoisonExecution_Args.payload";
  const char *lacking[] = {"PJRT_Device_PoisonExecution"};
  const struct {
    int minor;
    size_t num_lacking;
    bool has_location, has_payload;
  } cases[] = {{75, 0, false, false}, {76, 0, true, false},
               {99, 0, true, false},  {100, 0, true, true},
               {117, 0, true, true},  {117, 1, true, false}};
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    pjrt_sim_options options;
    pjrt_plugin *plugin;
    sim_path();
    sim.options_init(&options);
    options.minor = cases[i].minor;
    options.null_functions = lacking;
    options.num_null_functions = cases[i].num_lacking;
    sim.configure(&options);
    expect_ok(open_path(sim_path(), &plugin));
    assert_int_equal(
        pjrt_plugin_supports_field(plugin, location, PJRT_NUL_ENDED),
        cases[i].has_location);
    assert_int_equal(
        pjrt_plugin_supports_field(plugin, payload, PJRT_NUL_ENDED),
        cases[i].has_payload);
    assert_false(
        pjrt_plugin_supports_field(plugin, "no.field", PJRT_NUL_ENDED));
    pjrt_plugin_free(plugin);
  }
}

static void test_extension_names(void **state) {
  (void)state;
  assert_string_equal(pjrt_extension_name(PJRT_Extension_Type_Layouts),
                      "Layouts");
  assert_string_equal(pjrt_extension_name(PJRT_Extension_Type_Profiler),
                      "Profiler");
  assert_string_equal(pjrt_extension_name(-3), "unknown");
}

static void test_free_of_nothing(void **state) {
  (void)state;
  pjrt_plugin_free(NULL);
  pjrt_client_free(NULL);
  pjrt_buffer_free(NULL);
  pjrt_executable_free(NULL);
  pjrt_event_free(NULL);
  pjrt_layout_free(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_files_that_are_no_plugins),
      cmocka_unit_test(test_paths),
      cmocka_unit_test(test_open),
      cmocka_unit_test(test_open_in_the_working_directory),
      cmocka_unit_test(test_open_twice),
      cmocka_unit_test(test_initialize_is_called_once),
      cmocka_unit_test(test_opts),
      cmocka_unit_test(test_attributes),
      cmocka_unit_test(test_functions),
      cmocka_unit_test(test_fields),
      cmocka_unit_test(test_supported_fields),
      cmocka_unit_test(test_extension_names),
      cmocka_unit_test(test_free_of_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
