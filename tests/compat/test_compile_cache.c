/* One compile cache for plugins of several versions: nobody loads another's.
 * tier: all */
#include <dirent.h>
#include <stdio.h>

#include "compat/plugins.h"

static const char *const variables[] = {"PJRT_TEST_PLUGIN_CPU",
                                        "PJRT_TEST_PLUGIN_CPU_0_106",
                                        "PJRT_TEST_PLUGIN_CPU_0_81"};

static const char folder[] = "compiled";

static bool look_up(pjrt_compile_cache *cache, fixture *f, char **out_told) {
  pjrt_program *program;
  pjrt_executable *executable;
  bool was_hit;
  assert_ok(pjrt_program_create(add_program, PJRT_NUL_ENDED, PJRT_FORMAT_AUTO,
                                &program));
  assert_ok(pjrt_compile_cache_compile(cache, f->client, program, NULL,
                                       &executable, &was_hit, out_told));
  pjrt_buffer *a = upload_f32(f->device, 4, 1.0, 2.0, 3.0, 4.0);
  pjrt_buffer *sum = execute2(executable, a, a);
  assert_f32(sum, 4, 2, 4, 6, 8);
  pjrt_buffer_free(sum);
  pjrt_buffer_free(a);
  pjrt_executable_free(executable);
  pjrt_program_free(program);
  return was_hit;
}

static pjrt_compile_cache *open_empty(void) {
  pjrt_compile_cache *cache;
  assert_ok(pjrt_compile_cache_open(folder, PJRT_NUL_ENDED, NULL, &cache));
  assert_ok(pjrt_compile_cache_clear(cache));
  return cache;
}

static void each_plugin_has_its_own_entries(void **state) {
  (void)state;
  pjrt_compile_cache *cache = open_empty();
  fixture *f[3];
  for (int i = 0; i < 3; i++) {
    char *told;
    f[i] = fixture_create(plugin_path(variables[i]));
    assert_false(look_up(cache, f[i], &told));
    assert_non_null(strstr(told, i ? "compiled by another plugin (API 0."
                                   : "there is no entry of this program"));
    assert_non_null(strstr(told, "; stored"));
    pjrt_host_free(told);
  }
  for (int i = 0; i < 3; i++) {
    assert_true(look_up(cache, f[i], NULL));
    fixture_free(f[i]);
  }
  assert_ok(pjrt_compile_cache_clear(cache));
  pjrt_compile_cache_free(cache);
}

/* The path of the only entry but `other`. */
static void find_entry(const char *other, char out[512]) {
  const struct dirent *entry;
  DIR *stream = opendir(folder);
  assert_non_null(stream);
  out[0] = 0;
  while ((entry = readdir(stream))) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
    if (strstr(path, ".pjrt") && strcmp(path, other) != 0) {
      memcpy(out, path, sizeof path);
    }
  }
  closedir(stream);
  assert_true(out[0]);
}

/* 0.81 loads what 0.106 serialized, and computes wrong results. */
static void entry_under_the_name_of_another_is_refused(void **state) {
  (void)state;
  char theirs[512], ours[512];
  char *told;
  pjrt_compile_cache *cache = open_empty();
  fixture *newer = fixture_create(plugin_path(variables[1]));
  assert_false(look_up(cache, newer, NULL));
  find_entry("", theirs);
  fixture *older = fixture_create(plugin_path(variables[2]));
  assert_false(look_up(cache, older, NULL));
  find_entry(theirs, ours);
  assert_int_equal(rename(theirs, ours), 0);
  assert_false(look_up(cache, older, &told));
  assert_non_null(strstr(told, "it is the entry of another key; stored"));
  pjrt_host_free(told);
  assert_true(look_up(cache, older, NULL));
  fixture_free(older);
  fixture_free(newer);
  assert_ok(pjrt_compile_cache_clear(cache));
  pjrt_compile_cache_free(cache);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_plugin_has_its_own_entries),
      cmocka_unit_test(entry_under_the_name_of_another_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
