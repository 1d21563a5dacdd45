/* Plugins that are not OpenXLA's, or that do not load at all.
 * tier: all */
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "compat/plugins.h"

/* ---- Tenstorrent 0.114: not derived from OpenXLA's ----------------------- */

/* Runs in a child: without hardware the plugin ends its process, with many
 * words. */
static int make_client_in_child(const char *path) {
  pjrt_plugin *plugin;
  pjrt_client *client;
  int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (nowhere < 0 || dup2(nowhere, 1) < 0 || dup2(nowhere, 2) < 0) return 1;
  pjrt_error *error = pjrt_plugin_open(path, PJRT_NUL_ENDED, NULL, &plugin);
  if (!error) error = pjrt_client_create(plugin, NULL, &client);
  return error ? 42 : 0;
}

static void tt_cannot_take_the_process_along(void **state) {
  (void)state;
  int status;
  const char *path = plugin_path("PJRT_TEST_PLUGIN_TT");
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    alarm(120);
    _exit(make_client_in_child(path));
  }
  assert_int_equal(waitpid(child, &status, 0), child);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
    skip_because("this machine has the hardware");
  }
  /* A clean error, or the plugin's own end; no crash in our code. */
  assert_true(WIFEXITED(status) ? WEXITSTATUS(status) == 42
                                : WTERMSIG(status) == SIGABRT);
}

static void tt_lacks_a_function_in_the_middle(void **state) {
  (void)state;
  static const int types[] = {1, 23};
  const char *missing = "PJRT_LoadedExecutable_AddressableDeviceLogicalIds";
  pjrt_plugin_opts opts;
  pjrt_plugin *plugin;
  pjrt_plugin_opts_init(&opts);
  opts.inspect_only = true;
  assert_ok(pjrt_plugin_open(plugin_path("PJRT_TEST_PLUGIN_TT"), PJRT_NUL_ENDED,
                             &opts, &plugin));
  assert_int_equal(pjrt_plugin_api_minor(plugin), 114);
  assert_string_equal(pjrt_function_name(130), missing);
  for (size_t i = 0; i < pjrt_num_functions(); i++) {
    assert_int_equal(
        pjrt_plugin_supports(plugin, pjrt_function_name(i), PJRT_NUL_ENDED),
        i != 130 && pjrt_function_since(i) <= 114);
  }
  assert_extensions(plugin, types, 2);
  pjrt_plugin_free(plugin);
}

/* It checks no struct_size, so nothing makes the library ask for exact ones. */
static void tt_takes_any_struct_size(void **state) {
  (void)state;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_TT");
  assert_false(pjrt_plugin_wants_exact_struct_sizes(plugin));
  pjrt_plugin_free(plugin);
}

/* ---- oneAPI: a library is missing ---------------------------------------- */

static void oneapi_says_which_library_is_missing(void **state) {
  (void)state;
  pjrt_plugin *plugin;
  const char *path = plugin_path("PJRT_TEST_PLUGIN_ONEAPI");
  pjrt_error *error = pjrt_plugin_open(path, PJRT_NUL_ENDED, NULL, &plugin);
  if (!error) {
    pjrt_plugin_free(plugin);
    skip_because("this machine has libmpi.so.12");
  }
  assert_null(plugin);
  assert_int_equal(pjrt_error_origin(error), PJRT_ORIGIN_SYSTEM);
  assert_non_null(strstr(pjrt_error_message(error, NULL), path));
  assert_code(error, PJRT_FAILED_PRECONDITION, "libmpi.so.12");
}

static void oneapi_can_be_inspected(void **state) {
  (void)state;
  pjrt_plugin_file *file;
  size_t num_missing = 0;
  assert_ok(pjrt_plugin_file_open(plugin_path("PJRT_TEST_PLUGIN_ONEAPI"),
                                  PJRT_NUL_ENDED, &file));
  assert_null(pjrt_plugin_file_verdict(file));
  for (size_t i = 0; i < pjrt_plugin_file_num_needed(file); i++) {
    if (*pjrt_plugin_file_needed_path(file, i, NULL) == '\0') num_missing++;
  }
  assert_true(num_missing > 0);
  pjrt_plugin_file_free(file);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tt_cannot_take_the_process_along),
      cmocka_unit_test(tt_lacks_a_function_in_the_middle),
      cmocka_unit_test(tt_takes_any_struct_size),
      cmocka_unit_test(oneapi_says_which_library_is_missing),
      cmocka_unit_test(oneapi_can_be_inspected),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
