#include "describe/describe.h"

#include <string.h>

#include "cache/compile_cache.h"

static void append_counter(pjrt_builder *text, const char *what,
                           const atomic_llong *counter) {
  pjrt_describe_line(text);
  pjrt_builder_appendf(text, "%lld %s", atomic_load(counter), what);
}

static void append_cache(pjrt_builder *text, const pjrt_compile_cache *cache) {
  pjrt_builder_appendf(text, "compile cache ");
  pjrt_describe_text(text, cache->folder.path, strlen(cache->folder.path));
  if (cache->read_only) {
    pjrt_builder_appendf(text, ", read-only");
  } else if (cache->max_size != UINT64_MAX) {
    pjrt_builder_appendf(text, ", at most %llu bytes",
                         (unsigned long long)cache->max_size);
  }
}

pjrt_error *pjrt_compile_cache_describe(const pjrt_compile_cache *cache,
                                        pjrt_detail detail, char **out,
                                        size_t *out_size) {
  pjrt_builder text;
  if (pjrt_describe_begin(&text, cache, "compile cache")) {
    append_cache(&text, cache);
    if (detail == PJRT_ALL_LINES) {
      append_counter(&text, "hits", &cache->hits);
      append_counter(&text, "misses", &cache->misses);
      append_counter(&text, "stored", &cache->stored);
      append_counter(&text, "evicted", &cache->evicted);
      append_counter(&text, "damaged", &cache->damaged);
    }
  }
  return pjrt_builder_finish(&text, out, out_size);
}
