/* Hostile RECORD and entry_points.txt files: reading ends, stays inside the
 * text, and no path that is accepted leads out of the packages' folder. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/dist_info.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Follows a path part by part; false when it ever leaves its folder. */
static bool stays_inside(pjrt_span path) {
  long depth = 0;
  const char *at = path.text;
  const char *end = path.text + path.size;
  if (at < end && *at == '/') return false;
  while (at < end) {
    const char *slash = memchr(at, '/', (size_t)(end - at));
    size_t part = (size_t)((slash ? slash : end) - at);
    if (part == 2 && memcmp(at, "..", 2) == 0) {
      if (--depth < 0) return false;
    } else if (part > 0 && !(part == 1 && *at == '.')) {
      depth++;
    }
    at += part + 1;
  }
  return true;
}

static void read_entry_points(const char *text, size_t size, pjrt_span path) {
  pjrt_entry_points reader = {.at = text, .end = text + size};
  pjrt_entry_point entry;
  while (pjrt_entry_points_next(&reader, &entry)) {
    (void)pjrt_span_equal(entry.group, "jax_plugins");
    (void)pjrt_module_contains(entry.module, path);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *text = malloc(size ? size : 1);
  if (!text) return 0;
  memcpy(text, data, size);
  pjrt_span path = {"jax_plugins/a/b.so", 18};
  read_entry_points(text, size, path);

  pjrt_record record = {.at = text, .end = text + size};
  while (pjrt_record_next(&record, &path)) {
    if (path.size == 0) abort();
    (void)pjrt_is_plain_library_name(path);
    if (pjrt_record_path_is_inside(path) && !stays_inside(path)) abort();
  }
  free(text);
  return 0;
}
