/* Plugins are found in every place that the header names, in its order, and
 * each unusable candidate says why. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "core/discovery.h"
#include "core/discovery_python.h"
#include "elf_image.h"
#include "temp_tree.h"

/* ---- Help --------------------------------------------------------------- */

/* A folder, and an environment whose values may hold "%s" for it. */
typedef struct fixture {
  temp_tree tree;
  char variables[8][2048];
  const char *pointers[8];
  pjrt_environment environment;
  pjrt_plugin_list *list;
} fixture;

static void write_image(const fixture *it, const char *path,
                        const elf_image_spec *spec) {
  elf_image image;
  elf_image_build(spec, &image);
  temp_write(&it->tree, path, image.bytes, image.size);
}

static void write_plugin(const fixture *it, const char *path) {
  write_image(it, path, &(elf_image_spec){.symbols = {"GetPjrtApi"}});
}

/* Sets NAME=value, with the tree's folder for each '@'. */
static void set(fixture *it, const char *name, const char *value) {
  size_t num = it->environment.num++;
  char *to = it->variables[num];
  char *end = to + sizeof it->variables[num] - 1;
  to += snprintf(to, (size_t)(end - to), "%s=", name);
  for (; *value; value++) {
    if (*value == '@') {
      to += snprintf(to, (size_t)(end - to), "%s", it->tree.root);
    } else {
      *to++ = *value;
    }
  }
  *to = 0;
  it->pointers[num] = it->variables[num];
  it->environment.variables = it->pointers;
}

static void discover(fixture *it) {
  char system[2048];
  snprintf(system, sizeof system, "%s/etc/plugins.d", it->tree.root);
  assert_null(pjrt_discover_all(&it->environment, system, &it->list));
}

static void expect_size(const fixture *it, size_t size) {
  if (pjrt_plugin_list_size(it->list) == size) return;
  for (size_t i = 0; i < pjrt_plugin_list_size(it->list); i++) {
    print_message("%s: %s\n", pjrt_plugin_list_name(it->list, i, NULL),
                  pjrt_plugin_list_path(it->list, i, NULL));
  }
  assert_int_equal(pjrt_plugin_list_size(it->list), size);
}

/* Expects the i-th candidate; `path` is relative to the tree unless it starts
 * with a slash or is "", and `problem` is a part of its verdict or NULL. */
static void expect(const fixture *it, size_t i, pjrt_plugin_source source,
                   const char *name, const char *path, const char *problem) {
  temp_path full;
  if (*path && *path != '/') path = temp_at(&it->tree, path, &full);
  assert_int_equal(pjrt_plugin_list_source(it->list, i), source);
  assert_string_equal(pjrt_plugin_list_name(it->list, i, NULL), name);
  assert_string_equal(pjrt_plugin_list_path(it->list, i, NULL), path);
  const pjrt_error *verdict = pjrt_plugin_list_verdict(it->list, i);
  const char *message = pjrt_error_message(verdict, NULL);
  if (!problem) {
    assert_string_equal(message, "");
    assert_null(verdict);
  } else if (!strstr(message, problem)) {
    fail_msg("\"%s\" lacks \"%s\"", message, problem);
  }
}

static void expect_origin(const fixture *it, size_t i, const char *part) {
  assert_non_null(strstr(pjrt_plugin_list_origin(it->list, i, NULL), part));
}

static void expect_found(const fixture *it, const char *name, size_t index) {
  size_t found = 99;
  assert_null(pjrt_plugin_list_find(it->list, name, PJRT_NUL_ENDED, &found));
  assert_int_equal(found, index);
}

static void expect_not_found(const fixture *it, const char *name,
                             const char *part) {
  size_t found = 99;
  pjrt_error *error =
      pjrt_plugin_list_find(it->list, name, PJRT_NUL_ENDED, &found);
  assert_int_equal(pjrt_error_code(error), PJRT_NOT_FOUND);
  if (!strstr(pjrt_error_message(error, NULL), part)) {
    fail_msg("\"%s\" lacks \"%s\"", pjrt_error_message(error, NULL), part);
  }
  pjrt_error_free(error);
}

static int set_up(void **state) {
  fixture *it = calloc(1, sizeof *it);
  temp_tree_make(&it->tree);
  *state = it;
  return 0;
}

static int tear_down(void **state) {
  fixture *it = *state;
  pjrt_plugin_list_free(it->list);
  temp_tree_remove(&it->tree);
  free(it);
  return 0;
}

/* ---- The list ----------------------------------------------------------- */

static void nothing_is_installed(void **state) {
  fixture *it = *state;
  discover(it);
  expect_size(it, 0);
  expect_not_found(it, "", "no usable plugin; none is installed");
  expect_not_found(it, "cpu", "plugin \"cpu\": no plugin has that");
  size_t size = 9;
  assert_string_equal(pjrt_plugin_list_name(it->list, 0, &size), "");
  assert_int_equal(size, 0);
  assert_string_equal(pjrt_plugin_list_path(it->list, 0, NULL), "");
  assert_string_equal(pjrt_plugin_list_origin(it->list, 0, NULL), "");
  assert_int_equal(pjrt_plugin_list_source(it->list, 0), PJRT_SOURCE_NONE);
  assert_null(pjrt_plugin_list_verdict(it->list, 0));
  assert_null(pjrt_plugin_list_options(it->list, 0));
}

static void chooses_by_name(void **state) {
  fixture *it = *state;
  write_plugin(it, "a.so");
  write_plugin(it, "b.so");
  set(it, "PJRT_NAMES_AND_LIBRARY_PATHS",
      "bad:@/none.so,my_cpu:@/a.so,gpu:@/b.so,cpu:@/none.so,tpu-1:@/a.so,"
      "tpu-2:@/b.so,twin-1:@/a.so,twin-2:@/a.so");
  discover(it);
  expect_size(it, 8);
  expect_found(it, "", 1);
  expect_found(it, "gpu", 2);
  expect_found(it, "my", 1);
  expect_found(it, "bad", 0);
  expect_found(it, "cpu", 3); /* the whole name, though it is unusable */
  expect_found(it, "twin", 6);
  expect_not_found(it, "tpu", "more than one");
  expect_not_found(it, "rocm", "bad (unusable), my_cpu, gpu");
}

static void a_usable_one_comes_before_its_unusable_namesake(void **state) {
  fixture *it = *state;
  write_plugin(it, "a.so");
  set(it, "PJRT_NAMES_AND_LIBRARY_PATHS", "cpu:@/none.so,cpu:@/a.so");
  discover(it);
  expect_found(it, "cpu", 1);
  expect_found(it, "cp", 1);
}

/* ---- Variables ---------------------------------------------------------- */

static void reads_names_and_paths_as_jax_does(void **state) {
  fixture *it = *state;
  const pjrt_plugin_source source = PJRT_SOURCE_NAMES_AND_LIBRARY_PATHS;
  write_plugin(it, "a.so");
  set(it, "PJRT_NAMES_AND_LIBRARY_PATHS",
      "one:@/a.so, two:@/a.so,three,four:@/a.so:x,,five:,:@/a.so,six:@/no.so");
  discover(it);
  expect_size(it, 8);
  expect(it, 0, source, "one", "a.so", NULL);
  expect(it, 1, source, " two", "a.so", NULL);
  expect(it, 2, source, "three", "", "expected NAME:PATH, found \"three\"");
  char bad[2048];
  snprintf(bad, sizeof bad, "four:%s/a.so:x", it->tree.root);
  expect(it, 3, source, bad, "", "expected NAME:PATH");
  expect(it, 4, source, "", "", "expected NAME:PATH, found \"\"");
  expect(it, 5, source, "five:", "", "expected NAME:PATH");
  expect(it, 7, source, "six", "no.so", "No such file");
  expect_origin(it, 0, "PJRT_NAMES_AND_LIBRARY_PATHS");
}

static void an_empty_variable_counts_as_unset(void **state) {
  fixture *it = *state;
  set(it, "PJRT_NAMES_AND_LIBRARY_PATHS", "");
  set(it, "PJRT_PLUGIN", "");
  set(it, "TPU_LIBRARY_PATH", "");
  discover(it);
  expect_size(it, 0);
}

static void reads_the_path_variables_in_order(void **state) {
  fixture *it = *state;
  write_plugin(it, "libpjrt_x.so");
  set(it, "TPU_LIBRARY_PATH", "@/none.so");
  set(it, "PJRT_PLUGIN_LIBRARY_PATH", "@/libpjrt_x.so");
  set(it, "PJRT_NAMES_AND_LIBRARY_PATHS", "n:@/libpjrt_x.so");
  set(it, "PJRT_PLUGIN", "@/none.so");
  discover(it);
  expect_size(it, 4);
  expect(it, 0, PJRT_SOURCE_PJRT_PLUGIN, "none", "none.so", "No such file");
  expect(it, 1, PJRT_SOURCE_NAMES_AND_LIBRARY_PATHS, "n", "libpjrt_x.so", NULL);
  expect(it, 2, PJRT_SOURCE_PLUGIN_LIBRARY_PATH, "pjrt_x", "libpjrt_x.so",
         NULL);
  expect(it, 3, PJRT_SOURCE_TPU_LIBRARY_PATH, "tpu", "none.so", "No such file");
  expect_found(it, "", 0); /* what PJRT_PLUGIN names is never passed over */
}

static void a_name_without_a_slash_is_searched_as_dlopen_does(void **state) {
  fixture *it = *state;
  write_plugin(it, "lib/libplugin-of-this-test.so");
  set(it, "LD_LIBRARY_PATH", "@/lib");
  set(it, "PJRT_PLUGIN_LIBRARY_PATH", "libplugin-of-this-test.so");
  set(it, "TPU_LIBRARY_PATH", "libnone-of-this-test.so");
  discover(it);
  expect(it, 0, PJRT_SOURCE_PLUGIN_LIBRARY_PATH, "plugin-of-this-test",
         "lib/libplugin-of-this-test.so", NULL);
  assert_string_equal(pjrt_plugin_list_path(it->list, 1, NULL),
                      "libnone-of-this-test.so");
  assert_int_equal(pjrt_error_code(pjrt_plugin_list_verdict(it->list, 1)),
                   PJRT_NOT_FOUND);
}

static void pjrt_plugin_may_be_a_name(void **state) {
  fixture *it = *state;
  write_plugin(it, "a.so");
  write_plugin(it, "b.so");
  set(it, "PJRT_NAMES_AND_LIBRARY_PATHS", "one:@/a.so,two:@/b.so");
  set(it, "PJRT_PLUGIN", "tw");
  discover(it);
  expect_size(it, 3);
  expect(it, 0, PJRT_SOURCE_PJRT_PLUGIN, "two", "b.so", NULL);
  expect_origin(it, 0, "PJRT_PLUGIN");
  expect_found(it, "", 0);
  expect_found(it, "tw", 0);
}

static void pjrt_plugin_may_be_a_wrong_name(void **state) {
  fixture *it = *state;
  write_plugin(it, "a.so");
  set(it, "PJRT_NAMES_AND_LIBRARY_PATHS", "one:@/a.so");
  set(it, "PJRT_PLUGIN", "three");
  discover(it);
  expect_size(it, 2);
  expect(it, 0, PJRT_SOURCE_PJRT_PLUGIN, "three", "",
         "plugin \"three\": no plugin has that in its name; found: one");
  expect_found(it, "", 0);
}

static void judges_what_the_variables_name(void **state) {
  fixture *it = *state;
  temp_folder(&it->tree, "folder");
  temp_write_text(&it->tree, "text.so", "#!/bin/sh\n");
  write_image(it, "other.so", &(elf_image_spec){.symbols = {"f"}});
  write_image(
      it, "alpha.so",
      &(elf_image_spec){.symbols = {"GetPjrtApi"}, .machine = EM_ALPHA});
  temp_path path;
  assert_int_equal(mkfifo(temp_at(&it->tree, "fifo.so", &path), 0600), 0);
  set(it, "PJRT_NAMES_AND_LIBRARY_PATHS",
      "a:@/folder,b:@/text.so,c:@/other.so,d:@/alpha.so,e:@/fifo.so");
  discover(it);
  const pjrt_plugin_source source = PJRT_SOURCE_NAMES_AND_LIBRARY_PATHS;
  expect_size(it, 5);
  expect(it, 0, source, "a", "folder", "found a folder");
  expect(it, 1, source, "b", "text.so", "starts with \"#!/bin/sh\"");
  expect(it, 2, source, "c", "other.so", "exports no function GetPjrtApi");
  expect(it, 3, source, "d", "alpha.so", "ELF machine");
  expect(it, 4, source, "e", "fifo.so", "found a FIFO");
  expect_not_found(it, "", "no usable plugin; found: a (unusable), b");
}

/* ---- Which environment -------------------------------------------------- */

static void a_privileged_process_has_no_variables(void **state) {
  (void)state;
  char variable[] = "PJRT_PLUGIN=/x.so";
  char *const own[] = {variable, NULL};
  pjrt_discovery_opts opts;
  pjrt_discovery_opts_init(&opts);
  pjrt_environment found = pjrt_environment_choose(&opts, own, false);
  assert_int_equal(found.num, 1);
  assert_string_equal(pjrt_environment_get(&found, "PJRT_PLUGIN"), "/x.so");
  assert_null(pjrt_environment_get(&found, "PJRT"));
  assert_null(pjrt_environment_get(&found, "PJRT_PLUGIN_LIBRARY_PATH"));
  found = pjrt_environment_choose(&opts, own, true);
  assert_int_equal(found.num, 0);
  assert_null(pjrt_environment_get(&found, "PJRT_PLUGIN"));
}

static void the_callers_environment_replaces_the_own(void **state) {
  fixture *it = *state;
  write_plugin(it, "a.so");
  set(it, "PJRT_NAMES_AND_LIBRARY_PATHS", "given:@/a.so");
  pjrt_discovery_opts opts;
  pjrt_discovery_opts_init(&opts);
  opts.environment = it->environment.variables;
  opts.num_environment = it->environment.num;
  assert_null(pjrt_plugin_discover(&opts, &it->list));
  assert_true(pjrt_plugin_list_size(it->list) >= 1);
  expect(it, 0, PJRT_SOURCE_NAMES_AND_LIBRARY_PATHS, "given", "a.so", NULL);
}

static void finding_opens_or_gives_the_verdict(void **state) {
  fixture *it = *state;
  temp_path path;
  pjrt_plugin *plugin = (void *)it;
  assert_int_equal(
      pjrt_error_consume(pjrt_plugin_find(temp_at(&it->tree, "none.so", &path),
                                          PJRT_NUL_ENDED, NULL, &plugin)),
      PJRT_NOT_FOUND);
  assert_null(plugin);
  assert_int_equal(setenv("PJRT_PLUGIN", it->tree.root, 1), 0);
  pjrt_error *error = pjrt_plugin_find(NULL, 0, NULL, &plugin);
  assert_int_equal(unsetenv("PJRT_PLUGIN"), 0);
  assert_int_equal(pjrt_error_code(error), PJRT_INVALID_ARGUMENT);
  assert_non_null(strstr(pjrt_error_message(error, NULL), "found a folder"));
  pjrt_error_free(error);
  assert_int_equal(
      pjrt_error_consume(pjrt_plugin_find("no-plugin-has-this-name",
                                          PJRT_NUL_ENDED, NULL, &plugin)),
      PJRT_NOT_FOUND);
}

/* ---- JSON --------------------------------------------------------------- */

#ifdef PJRT_HAVE_JANSSON

static void a_json_file_brings_options(void **state) {
  fixture *it = *state;
  write_plugin(it, "a.so");
  char text[2048];
  snprintf(text, sizeof text,
           "{\"library_path\": \"%s/a.so\", \"name\": \"not used\", "
           "\"create_options\": {\"s\": \"text\", \"i\": -3, \"f\": 0.5, "
           "\"b\": true, \"l\": [1, 2]}, \"other\": {}}",
           it->tree.root);
  temp_write_text(&it->tree, "a.json", text);
  set(it, "PJRT_NAMES_AND_LIBRARY_PATHS", "mine:@/a.json");
  discover(it);
  expect_size(it, 1);
  expect(it, 0, PJRT_SOURCE_NAMES_AND_LIBRARY_PATHS, "mine", "a.so", NULL);
  expect_origin(it, 0, "a.json");
  const pjrt_named_values *options = pjrt_plugin_list_options(it->list, 0);
  assert_int_equal(pjrt_named_values_size(options), 5);
  size_t all = PJRT_NUL_ENDED;
  size_t s = pjrt_named_values_find(options, "s", all);
  size_t i = pjrt_named_values_find(options, "i", all);
  size_t f = pjrt_named_values_find(options, "f", all);
  size_t b = pjrt_named_values_find(options, "b", all);
  size_t l = pjrt_named_values_find(options, "l", all);
  assert_string_equal(pjrt_named_values_string(options, s, NULL), "text");
  assert_int_equal(pjrt_named_values_int64(options, i), -3);
  assert_true(pjrt_named_values_float(options, f) == 0.5F);
  assert_int_equal(pjrt_named_values_kind(options, b), PJRT_VALUE_BOOL);
  assert_true(pjrt_named_values_bool(options, b));
  size_t num = 0;
  const int64_t *list = pjrt_named_values_int64_list(options, l, &num);
  assert_int_equal(num, 2);
  assert_int_equal(list[1], 2);
}

/* As in JAX, which hands the path to dlopen as it is. */
static void a_relative_path_in_a_named_json_file_stays(void **state) {
  fixture *it = *state;
  temp_write_text(&it->tree, "a.json", "{\"library_path\": \"no/such.so\"}");
  set(it, "PJRT_NAMES_AND_LIBRARY_PATHS", "mine:@/a.json");
  discover(it);
  expect_size(it, 1);
  assert_string_equal(pjrt_plugin_list_path(it->list, 0, NULL), "no/such.so");
}

static void pjrt_plugin_keeps_the_options_of_what_it_names(void **state) {
  fixture *it = *state;
  write_plugin(it, "etc/plugins.d/a.so");
  temp_write_text(&it->tree, "etc/plugins.d/mine.json",
                  "{\"library_path\": \"a.so\", "
                  "\"create_options\": {\"i\": 3}}");
  set(it, "PJRT_PLUGIN", "mine");
  discover(it);
  expect_size(it, 2);
  const pjrt_named_values *options = pjrt_plugin_list_options(it->list, 0);
  assert_int_equal(pjrt_named_values_size(options), 1);
  assert_int_equal(pjrt_named_values_int64(options, 0), 3);
}

static void says_what_is_wrong_with_a_json_file(void **state) {
  fixture *it = *state;
  const struct {
    const char *text;
    const char *problem;
  } cases[] = {
      {"", "not JSON"},
      {"{\"library_path\": \"x\"", "line 1"},
      {"[1]", "expected a JSON object, found an array"},
      {"{}", "\"library_path\": expected a text, found nothing"},
      {"{\"library_path\": \"\"}", "found an empty one"},
      {"{\"library_path\": 3}", "found an integer"},
      {"{\"library_path\": \"/none\", \"name\": null}", "found null"},
      {"{\"library_path\": \"/none\", \"create_options\": [1]}",
       "\"create_options\": expected an object"},
      {"{\"library_path\": \"/none\", \"create_options\": {\"o\": null}}",
       "option \"o\": expected a string"},
      {"{\"library_path\": \"/none\", \"create_options\": {\"o\": [1, true]}}",
       "option \"o\": expected a list of integers, found a bool"},
      {"{\"library_path\": \"/none\", \"create_options\": {\"\": 1}}", ""},
      {"{\"library_path\": \"/none\", \"create_options\": null}",
       "No such file"},
      {"{\"library_path\": \"a\\u0000b\"}", "not JSON"},
  };
  const size_t num = sizeof cases / sizeof cases[0];
  for (size_t i = 0; i < num; i++) {
    char file[64];
    snprintf(file, sizeof file, "etc/plugins.d/%02zu.json", i);
    temp_write_text(&it->tree, file, cases[i].text);
  }
  discover(it);
  expect_size(it, num);
  for (size_t i = 0; i < num; i++) {
    const pjrt_error *verdict = pjrt_plugin_list_verdict(it->list, i);
    assert_non_null(verdict);
    const char *message = pjrt_error_message(verdict, NULL);
    if (!strstr(message, cases[i].problem)) {
      fail_msg("\"%s\" lacks \"%s\"", message, cases[i].problem);
    }
  }
}

static void json_files_are_limited(void **state) {
  fixture *it = *state;
  const size_t size = (1 << 20) + 1;
  char *text = malloc(size);
  assert_non_null(text);
  memset(text, '[', size);
  temp_write(&it->tree, "etc/plugins.d/big.json", text, size);
  temp_write(&it->tree, "etc/plugins.d/deep.json", text, size - 1);
  free(text);
  temp_folder(&it->tree, "etc/plugins.d/folder.json");
  discover(it);
  expect_size(it, 3);
  expect(it, 0, PJRT_SOURCE_MANIFEST, "big", "", "at most 1048576 bytes");
  expect(it, 1, PJRT_SOURCE_MANIFEST, "deep", "", "not JSON");
  expect(it, 2, PJRT_SOURCE_MANIFEST, "folder", "", "found a folder");
}

static void searches_the_manifest_folders_in_order(void **state) {
  fixture *it = *state;
  const char *const folders[] = {"m1", "m2", "config/pjrt/plugins.d",
                                 "etc/plugins.d", "data/pjrt/plugins.d"};
  for (size_t i = 0; i < 5; i++) {
    char file[128];
    snprintf(file, sizeof file, "%s/lib/p.so", folders[i]);
    write_plugin(it, file);
    snprintf(file, sizeof file, "%s/p%zu.json", folders[i], i);
    temp_write_text(&it->tree, file, "{\"library_path\": \"lib/p.so\"}");
  }
  temp_write_text(&it->tree, "m1/a.json",
                  "{\"library_path\": \"lib/p.so\", \"name\": \"named\"}");
  temp_write_text(&it->tree, "m1/not-json.txt", "x");
  temp_write_text(&it->tree, "m1/.hidden.json", "x");
  set(it, "PJRT_MANIFEST_PATH", "@/m1::@/none:@/m2");
  set(it, "XDG_CONFIG_HOME", "@/config");
  set(it, "XDG_DATA_HOME", "@/data");
  discover(it);
  expect_size(it, 6);
  expect(it, 0, PJRT_SOURCE_MANIFEST, "named", "m1/lib/p.so", NULL);
  expect_origin(it, 0, "m1/a.json");
  expect(it, 1, PJRT_SOURCE_MANIFEST, "p0", "m1/lib/p.so", NULL);
  expect(it, 2, PJRT_SOURCE_MANIFEST, "p1", "m2/lib/p.so", NULL);
  expect(it, 3, PJRT_SOURCE_MANIFEST, "p2", "config/pjrt/plugins.d/lib/p.so",
         NULL);
  expect(it, 4, PJRT_SOURCE_MANIFEST, "p3", "etc/plugins.d/lib/p.so", NULL);
  expect(it, 5, PJRT_SOURCE_MANIFEST, "p4", "data/pjrt/plugins.d/lib/p.so",
         NULL);
}

static void manifest_folders_default_to_the_home(void **state) {
  fixture *it = *state;
  write_plugin(it, "home/.config/pjrt/plugins.d/p.so");
  temp_write_text(&it->tree, "home/.config/pjrt/plugins.d/c.json",
                  "{\"library_path\": \"p.so\"}");
  temp_write_text(&it->tree, "home/.local/share/pjrt/plugins.d/d.json",
                  "{\"library_path\": \"none.so\"}");
  set(it, "HOME", "@/home");
  set(it, "XDG_CONFIG_HOME", "relative");
  discover(it);
  expect_size(it, 2);
  expect(it, 0, PJRT_SOURCE_MANIFEST, "c", "home/.config/pjrt/plugins.d/p.so",
         NULL);
  expect(it, 1, PJRT_SOURCE_MANIFEST, "d",
         "home/.local/share/pjrt/plugins.d/none.so", "No such file");
}

#else /* PJRT_HAVE_JANSSON */

static void json_needs_jansson(void **state) {
  fixture *it = *state;
  temp_write_text(&it->tree, "etc/plugins.d/a.json", "{}");
  set(it, "PJRT_NAMES_AND_LIBRARY_PATHS", "n:@/a.json");
  discover(it);
  expect_size(it, 2);
  expect(it, 0, PJRT_SOURCE_NAMES_AND_LIBRARY_PATHS, "n", "", "jansson");
  expect(it, 1, PJRT_SOURCE_MANIFEST, "a", "", "jansson");
}

#endif /* PJRT_HAVE_JANSSON */

/* ---- Python ------------------------------------------------------------- */

#define SITE "venv/lib/python3.11/site-packages/"

static void use_venv(fixture *it) {
  temp_write_text(&it->tree, "venv/pyvenv.cfg",
                  "home = /usr/bin\n"
                  "include-system-site-packages = false\n");
  set(it, "VIRTUAL_ENV", "@/venv");
  discover(it);
}

/* The layouts of the wheels that exist: a plain package, an entry point of
 * JAX, an entry point of another group. */
static void finds_plugins_of_every_layout(void **state) {
  fixture *it = *state;
  write_plugin(it, SITE "my_cpu/pjrt_c_api_cpu_plugin.so");
  temp_write_text(&it->tree, SITE "my_cpu-0.11.2.dist-info/RECORD",
                  "my_cpu/__init__.py,sha256=x,1\n"
                  "my_cpu/pjrt_c_api_cpu_plugin.so,sha256=x,2\n"
                  "my_cpu-0.11.2.dist-info/RECORD,,\n");
  write_plugin(it, SITE "jax_plugins/xla_cuda13/xla_cuda_plugin.so");
  temp_write_text(&it->tree, SITE "jax_cuda13_pjrt-0.12.dist-info/RECORD",
                  "jax_plugins/xla_cuda13/xla_cuda_plugin.so,,\n");
  temp_write_text(&it->tree,
                  SITE "jax_cuda13_pjrt-0.12.dist-info/entry_points.txt",
                  "[jax_plugins]\nxla_cuda13 = jax_plugins.xla_cuda13\n");
  write_plugin(it, SITE "xla_plugins/old_cpu/old_cpu.so");
  temp_write_text(&it->tree, SITE "old_cpu_pjrt-0.0.1.dist-info/RECORD",
                  "xla_plugins/old_cpu/old_cpu.so,,\n");
  temp_write_text(&it->tree,
                  SITE "old_cpu_pjrt-0.0.1.dist-info/entry_points.txt",
                  "[xla_plugins]\nold_cpu = xla_plugins.old_cpu\n");
  use_venv(it);
  expect_size(it, 3);
  expect(it, 0, PJRT_SOURCE_PYTHON, "xla_cuda13",
         SITE "jax_plugins/xla_cuda13/xla_cuda_plugin.so", NULL);
  expect(it, 1, PJRT_SOURCE_PYTHON, "my-cpu",
         SITE "my_cpu/pjrt_c_api_cpu_plugin.so", NULL);
  expect(it, 2, PJRT_SOURCE_PYTHON, "old_cpu",
         SITE "xla_plugins/old_cpu/old_cpu.so", NULL);
  expect_origin(it, 1, "my_cpu-0.11.2 in ");
}

static void passes_over_other_libraries(void **state) {
  fixture *it = *state;
  write_image(it, SITE "pkg/libhelp.so", &(elf_image_spec){.symbols = {"f"}});
  write_plugin(it, SITE "pkg/mod.cpython-311-x86_64-linux-gnu.so");
  temp_write_text(&it->tree, SITE "pkg/broken.so", "text");
  temp_write_text(&it->tree, SITE "pkg-1.dist-info/RECORD",
                  "pkg/libhelp.so,,\n"
                  "pkg/mod.cpython-311-x86_64-linux-gnu.so,,\n"
                  "pkg/broken.so,,\npkg/none.so,,\n");
  use_venv(it);
  expect_size(it, 0);
}

static void names_follow_the_entry_points(void **state) {
  fixture *it = *state;
  write_plugin(it, SITE "jax_plugins/a/x.so");
  write_plugin(it, SITE "jax_plugins/b/y.so");
  write_plugin(it, SITE "other/z.so");
  temp_write_text(&it->tree, SITE "Two_In.One-1.dist-info/RECORD",
                  "jax_plugins/a/x.so,,\njax_plugins/b/y.so,,\nother/z.so,,\n");
  temp_write_text(&it->tree, SITE "Two_In.One-1.dist-info/entry_points.txt",
                  "[jax_plugins]\nfirst = jax_plugins.a\n"
                  "second = jax_plugins.b:init\n");
  use_venv(it);
  expect_size(it, 3);
  expect(it, 0, PJRT_SOURCE_PYTHON, "first", SITE "jax_plugins/a/x.so", NULL);
  expect(it, 1, PJRT_SOURCE_PYTHON, "second", SITE "jax_plugins/b/y.so", NULL);
  expect(it, 2, PJRT_SOURCE_PYTHON, "two-in-one", SITE "other/z.so", NULL);
}

static void a_declared_plugin_that_is_damaged_is_listed(void **state) {
  fixture *it = *state;
  write_image(it, SITE "p/libhelp.so", &(elf_image_spec){.symbols = {"f"}});
  temp_write_text(&it->tree, SITE "p/cut.so", "\177ELF");
  temp_write_text(&it->tree, SITE "p-1.dist-info/RECORD",
                  "p/libhelp.so,,\np/cut.so,,\np/gone.so,,\n");
  temp_write_text(&it->tree, SITE "p-1.dist-info/entry_points.txt",
                  "[jax_plugins]\np = p\n");
  use_venv(it);
  expect_size(it, 2);
  expect(it, 0, PJRT_SOURCE_PYTHON, "p", SITE "p/cut.so", "truncated");
  expect(it, 1, PJRT_SOURCE_PYTHON, "p", SITE "p/gone.so", "No such file");
}

static void a_declared_plugin_without_a_library_is_listed(void **state) {
  fixture *it = *state;
  temp_write_text(&it->tree, SITE "p-1.dist-info/entry_points.txt",
                  "[console_scripts]\np = p:main\n"
                  "[jax_plugins]\nmy_plugin = p\n");
  use_venv(it);
  expect_size(it, 1);
  expect(it, 0, PJRT_SOURCE_PYTHON, "my_plugin", "",
         "Python package p declares the plugin my_plugin");
}

static void record_leads_nowhere_else(void **state) {
  fixture *it = *state;
  write_plugin(it, "outside.so");
  char text[2048];
  snprintf(text, sizeof text,
           "../../../../outside.so,,\n%s/outside.so,,\n"
           "p/../../../../../outside.so,,\n",
           it->tree.root);
  temp_write_text(&it->tree, SITE "p-1.dist-info/RECORD", text);
  temp_folder(&it->tree, SITE "p");
  use_venv(it);
  expect_size(it, 0);
}

static void the_files_of_a_package_are_limited(void **state) {
  fixture *it = *state;
  temp_path path;
  temp_folder(&it->tree, SITE "p-1.dist-info");
  temp_write_text(&it->tree, SITE "p-1.dist-info/RECORD", "p/x.so,,\n");
  write_plugin(it, SITE "p/x.so");
  temp_at(&it->tree, SITE "p-1.dist-info/RECORD", &path);
  assert_int_equal(truncate(path.text, (off_t)1 << 40), 0); /* sparse */
  temp_at(&it->tree, SITE "q-1.dist-info/RECORD", &path);
  temp_folder(&it->tree, SITE "q-1.dist-info");
  assert_int_equal(mkfifo(path.text, 0600), 0);
  use_venv(it);
  expect_size(it, 0);
}

static void finds_namespace_packages_without_a_record(void **state) {
  fixture *it = *state;
  write_plugin(it, SITE "jax_plugins/mine/plugin.so");
  write_image(it, SITE "jax_plugins/mine/libhelp.so",
              &(elf_image_spec){.symbols = {"f"}});
  temp_write_text(&it->tree, SITE "jax_plugins/mine/__init__.py", "");
  temp_write_text(&it->tree, SITE "jax_plugins/README", "");
  write_plugin(it, SITE "jax_plugins/listed/plugin.so");
  temp_write_text(&it->tree, SITE "p-1.dist-info/RECORD",
                  "jax_plugins/listed/plugin.so,,\n");
  use_venv(it);
  expect_size(it, 2);
  expect(it, 0, PJRT_SOURCE_PYTHON, "p", SITE "jax_plugins/listed/plugin.so",
         NULL);
  expect(it, 1, PJRT_SOURCE_PYTHON, "mine", SITE "jax_plugins/mine/plugin.so",
         NULL);
}

/* ---- Which Python ------------------------------------------------------- */

typedef struct sites {
  char text[4096];
} sites;

static pjrt_error *collect(void *user, const char *folder) {
  sites *it = user;
  size_t used = strlen(it->text);
  int length =
      snprintf(it->text + used, sizeof it->text - used, "%s\n", folder);
  assert_in_range(length, 1, sizeof it->text - used - 1);
  return NULL;
}

/* Expects these folders of the tree, in this order. */
static void expect_sites(const fixture *it, const char *const *folders) {
  sites found = {{0}};
  sites expected = {{0}};
  temp_path path;
  assert_null(pjrt_python_sites(&it->environment, collect, &found));
  for (; *folders; folders++) {
    collect(&expected, temp_at(&it->tree, *folders, &path));
  }
  assert_string_equal(found.text, expected.text);
}

static void write_program(const fixture *it, const char *path) {
  temp_path full;
  write_image(it, path, &(elf_image_spec){.pie = true});
  assert_int_equal(chmod(temp_at(&it->tree, path, &full), 0755), 0);
}

static void make_sites(const fixture *it) {
  temp_folder(&it->tree, "venv/lib/python3.11/site-packages");
  temp_folder(&it->tree, "conda/lib/python3.12/site-packages");
  temp_folder(&it->tree, "opt/lib/python3.9/site-packages");
  temp_folder(&it->tree, "opt/lib/python3/dist-packages");
  temp_folder(&it->tree, "opt/lib/python2.7/site-packages");
  temp_folder(&it->tree, "opt/lib64/python3.9/site-packages");
  temp_folder(&it->tree, "home/.local/lib/python3.9/site-packages");
  temp_link(&it->tree, "venv/lib64", "lib");
  write_program(it, "opt/bin/python3.9");
}

static void a_named_environment_comes_first(void **state) {
  fixture *it = *state;
  make_sites(it);
  temp_write_text(&it->tree, "venv/pyvenv.cfg", "");
  set(it, "HOME", "@/home");
  set(it, "CONDA_PREFIX", "@/conda");
  expect_sites(
      it, (const char *const[]){"home/.local/lib/python3.9/site-packages",
                                "conda/lib/python3.12/site-packages", NULL});
  set(it, "VIRTUAL_ENV", "@/venv");
  expect_sites(
      it, (const char *const[]){"venv/lib/python3.11/site-packages", NULL});
}

static void a_deleted_environment_is_passed_over(void **state) {
  fixture *it = *state;
  make_sites(it);
  set(it, "VIRTUAL_ENV", "@/none");
  set(it, "CONDA_PREFIX", "@/conda");
  expect_sites(
      it, (const char *const[]){"conda/lib/python3.12/site-packages", NULL});
}

static void python_in_the_path_tells_its_prefix(void **state) {
  fixture *it = *state;
  make_sites(it);
  temp_link(&it->tree, "bin/python3", "../opt/bin/python3.9");
  temp_write_text(&it->tree, "shims/python3", "#!/bin/sh\n");
  temp_path path;
  chmod(temp_at(&it->tree, "shims/python3", &path), 0755);
  set(it, "PATH", ":@/none:@/shims:@/bin");
  expect_sites(
      it, (const char *const[]){"opt/lib/python3/dist-packages",
                                "opt/lib/python3.9/site-packages",
                                "opt/lib64/python3.9/site-packages", NULL});
}

static void a_virtual_environment_in_the_path_is_recognized(void **state) {
  fixture *it = *state;
  make_sites(it);
  temp_link(&it->tree, "venv/bin/python3", "../../opt/bin/python3.9");
  temp_write_text(&it->tree, "venv/pyvenv.cfg", "home = /nowhere\n");
  set(it, "PATH", "@/venv/bin");
  expect_sites(
      it, (const char *const[]){"venv/lib/python3.11/site-packages", NULL});
}

static void a_virtual_environment_may_see_the_system(void **state) {
  fixture *it = *state;
  make_sites(it);
  char config[2048];
  snprintf(config, sizeof config,
           "home=%s/opt/bin\r\nInclude-System = x\n\n"
           "include-system-site-packages =  True \n",
           it->tree.root);
  temp_write_text(&it->tree, "venv/pyvenv.cfg", config);
  set(it, "VIRTUAL_ENV", "@/venv");
  set(it, "HOME", "@/home");
  expect_sites(
      it, (const char *const[]){"venv/lib/python3.11/site-packages",
                                "home/.local/lib/python3.9/site-packages",
                                "opt/lib/python3/dist-packages",
                                "opt/lib/python3.9/site-packages",
                                "opt/lib64/python3.9/site-packages", NULL});
}

static void without_a_python_there_are_no_sites(void **state) {
  fixture *it = *state;
  make_sites(it);
  expect_sites(it, (const char *const[]){NULL});
  set(it, "HOME", "@/home");
  set(it, "PATH", "@/none");
  expect_sites(it, (const char *const[]){NULL});
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(nothing_is_installed),
      TEST(chooses_by_name),
      TEST(a_usable_one_comes_before_its_unusable_namesake),
      TEST(reads_names_and_paths_as_jax_does),
      TEST(an_empty_variable_counts_as_unset),
      TEST(reads_the_path_variables_in_order),
      TEST(a_name_without_a_slash_is_searched_as_dlopen_does),
      TEST(pjrt_plugin_may_be_a_name),
      TEST(pjrt_plugin_may_be_a_wrong_name),
      TEST(judges_what_the_variables_name),
      TEST(a_privileged_process_has_no_variables),
      TEST(the_callers_environment_replaces_the_own),
      TEST(finding_opens_or_gives_the_verdict),
#ifdef PJRT_HAVE_JANSSON
      TEST(a_json_file_brings_options),
      TEST(a_relative_path_in_a_named_json_file_stays),
      TEST(pjrt_plugin_keeps_the_options_of_what_it_names),
      TEST(says_what_is_wrong_with_a_json_file),
      TEST(json_files_are_limited),
      TEST(searches_the_manifest_folders_in_order),
      TEST(manifest_folders_default_to_the_home),
#else
      TEST(json_needs_jansson),
#endif
      TEST(finds_plugins_of_every_layout),
      TEST(passes_over_other_libraries),
      TEST(names_follow_the_entry_points),
      TEST(a_declared_plugin_that_is_damaged_is_listed),
      TEST(a_declared_plugin_without_a_library_is_listed),
      TEST(record_leads_nowhere_else),
      TEST(the_files_of_a_package_are_limited),
      TEST(finds_namespace_packages_without_a_record),
      TEST(a_named_environment_comes_first),
      TEST(a_deleted_environment_is_passed_over),
      TEST(python_in_the_path_tells_its_prefix),
      TEST(a_virtual_environment_in_the_path_is_recognized),
      TEST(a_virtual_environment_may_see_the_system),
      TEST(without_a_python_there_are_no_sites),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
