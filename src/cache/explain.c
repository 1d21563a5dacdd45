#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "cache/compile_cache.h"

/* Fields in which an entry differs from a key, as bits. */
static unsigned differences(const pjrt_cache_key *key,
                            const pjrt_cache_entry *entry) {
  unsigned found = 0;
  for (int i = 0; i < PJRT_CACHE_NUM_FIELDS; i++) {
    if (memcmp(key->fields[i], entry->fields[i], PJRT_SHA256_SIZE) != 0) {
      found |= 1u << i;
    }
  }
  return found;
}

static int count(unsigned bits) { return __builtin_popcount(bits); }

/* The entry of the same program that differs least; of several, the one that
 * was used last. Returns its differences, 0 when there is none. */
static unsigned find_nearest(const pjrt_compile_cache *cache,
                             const pjrt_cache_key *key, char *out_name) {
  pjrt_cache_item *items;
  size_t num;
  unsigned nearest = 0;
  pjrt_error_free(pjrt_cache_folder_list(&cache->folder, &items, &num));
  for (size_t i = 0; i < num; i++) {
    if (memcmp(items[i].name, key->name, PJRT_CACHE_PROGRAM_DIGITS) != 0) {
      continue;
    }
    pjrt_cache_file file;
    pjrt_cache_entry entry;
    pjrt_error *error =
        pjrt_cache_open_entry(&cache->folder, items[i].name, &file, &entry);
    const unsigned found = error ? 0 : differences(key, &entry);
    pjrt_file_unmap(&file.mapping);
    pjrt_error_free(error);
    if (found == 0 || found & 1u << PJRT_CACHE_PROGRAM) continue;
    if (nearest && count(found) > count(nearest)) continue;
    nearest = found;
    memcpy(out_name, items[i].name, sizeof items[i].name);
  }
  free(items);
  return nearest;
}

static void name_difference(pjrt_cache_field field, const pjrt_cache_key *key,
                            const pjrt_artifact *artifact, pjrt_builder *out) {
  static const char *const names[] = {
      [PJRT_CACHE_OPTIONS] = "with other compile options",
      [PJRT_CACHE_PLUGIN] = "by another plugin",
      [PJRT_CACHE_PLATFORM] = "for another platform or version of it",
      [PJRT_CACHE_DEVICES] = "for other devices",
      [PJRT_CACHE_MACHINE] = "on a machine with another processor",
      [PJRT_CACHE_ENVIRONMENT] = "with other XLA_FLAGS or LIBTPU_INIT_ARGS"};
  pjrt_builder_appendf(out, "%s", names[field]);
  if (!artifact) return;
  if (field == PJRT_CACHE_OPTIONS) {
    pjrt_builder_appendf(out, " (");
    pjrt_cache_compare_options(key->options, key->options_size,
                               artifact->compile_options.data,
                               artifact->compile_options.size, out);
    pjrt_builder_appendf(out, ")");
  } else if (field == PJRT_CACHE_PLUGIN) {
    pjrt_builder_appendf(out, " (API %d.%d, %.*s)", artifact->api_major,
                         artifact->api_minor,
                         (int)artifact->plugin_identity.size,
                         (const char *)artifact->plugin_identity.data);
  }
}

static void explain_nearest(const pjrt_compile_cache *cache,
                            const pjrt_cache_key *key, const char *name,
                            unsigned found, pjrt_builder *out) {
  pjrt_cache_file file;
  pjrt_cache_entry entry;
  pjrt_artifact artifact;
  pjrt_error *error =
      pjrt_cache_open_entry(&cache->folder, name, &file, &entry);
  if (!error) {
    error = pjrt_artifact_decode(entry.artifact.data, entry.artifact.size,
                                 &artifact);
  }
  pjrt_builder_appendf(out, "the same program is there, compiled ");
  int left = count(found);
  for (int i = 0; i < PJRT_CACHE_NUM_FIELDS; i++) {
    if (!(found & 1u << i)) continue;
    name_difference((pjrt_cache_field)i, key, error ? NULL : &artifact, out);
    left--;
    pjrt_builder_appendf(out, "%s", left > 1 ? ", " : left ? " and " : "");
  }
  pjrt_file_unmap(&file.mapping);
  pjrt_error_free(error);
}

void pjrt_cache_explain_absence(const pjrt_compile_cache *cache,
                                const pjrt_cache_key *key, pjrt_builder *out) {
  char name[PJRT_CACHE_NAME_SIZE];
  char *remembered = pjrt_cache_history_find(&cache->folder, key->name);
  if (remembered) {
    pjrt_builder_appendf(out, "%s", remembered);
    free(remembered);
    return;
  }
  const unsigned found = find_nearest(cache, key, name);
  if (found) {
    explain_nearest(cache, key, name, found, out);
  } else {
    pjrt_builder_appendf(out, "there is no entry of this program");
  }
}
