/* What the tests of compile caches share: a folder, and a cache in it. */
#ifndef PJRT_TESTS_UNIT_CACHE_FIXTURE_H_
#define PJRT_TESTS_UNIT_CACHE_FIXTURE_H_

#include <dirent.h>

#include "cache/compile_cache.h"
#include "sim_fixture.h"
#include "temp_tree.h"

static inline pjrt_compile_cache *open_at(const temp_tree *tree,
                                          const pjrt_compile_cache_opts *opts) {
  temp_path path;
  pjrt_compile_cache *cache;
  expect_ok(pjrt_compile_cache_open(temp_at(tree, "cache", &path),
                                    PJRT_NUL_ENDED, opts, &cache));
  return cache;
}

static inline pjrt_program *program_of(const char *code) {
  pjrt_program *program;
  expect_ok(
      pjrt_program_create(code, PJRT_NUL_ENDED, PJRT_FORMAT_AUTO, &program));
  return program;
}

/* The name of the only entry, in a static buffer; NULL when there is none. */
static inline const char *only_entry(const temp_tree *tree) {
  static char name[PJRT_CACHE_NAME_SIZE];
  temp_path path;
  DIR *folder = opendir(temp_at(tree, "cache", &path));
  const struct dirent *entry;
  int num = 0;
  assert_non_null(folder);
  while ((entry = readdir(folder))) {
    if (!pjrt_cache_is_entry_name(entry->d_name)) continue;
    memcpy(name, entry->d_name, sizeof name);
    num++;
  }
  closedir(folder);
  assert_in_range(num, 0, 1);
  return num ? name : NULL;
}

#endif /* PJRT_TESTS_UNIT_CACHE_FIXTURE_H_ */
