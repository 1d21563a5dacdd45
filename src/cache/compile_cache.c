#include "cache/compile_cache.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "core/client.h"
#include "core/opts.h"

#define DEFAULT_MAX_SIZE (INT64_C(4) << 30)

/* ---- life ---------------------------------------------------------------- */

void pjrt_compile_cache_opts_init(pjrt_compile_cache_opts *opts) {
  *opts = (pjrt_compile_cache_opts){.struct_size = sizeof *opts,
                                    .max_size_in_bytes = DEFAULT_MAX_SIZE};
}

static pjrt_error *check_size(int64_t size) {
  if (size >= 0) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "max_size_in_bytes is %lld, expected 0 or more",
                           (long long)size);
}

static pjrt_error *open_cache(pjrt_compile_cache *cache, const char *path,
                              size_t path_size,
                              const pjrt_compile_cache_opts *opts) {
  pjrt_compile_cache_opts known;
  char *copy;
  pjrt_compile_cache_opts_init(&known);
  PJRT_TRY(
      pjrt_opts_read(opts, "pjrt_compile_cache_opts", sizeof known, &known));
  PJRT_TRY(check_size(known.max_size_in_bytes));
  cache->max_size = known.max_size_in_bytes > 0
                        ? (uint64_t)known.max_size_in_bytes
                        : UINT64_MAX;
  cache->read_only = known.read_only;
  PJRT_TRY(pjrt_text_copy_path("compile cache path", path, path_size, &copy));
  pjrt_error *error =
      pjrt_cache_folder_open(copy, !known.read_only, &cache->folder);
  free(copy);
  return error;
}

pjrt_error *pjrt_compile_cache_open(const char *path, size_t path_size,
                                    const pjrt_compile_cache_opts *opts,
                                    pjrt_compile_cache **out) {
  void *memory;
  *out = NULL;
  PJRT_TRY(pjrt_alloc(1, sizeof **out, &memory));
  pjrt_compile_cache *cache = memory;
  cache->folder.fd = -1;
  pjrt_error *error = open_cache(cache, path, path_size, opts);
  if (error) {
    pjrt_compile_cache_free(cache);
    return error;
  }
  *out = cache;
  return NULL;
}

void pjrt_compile_cache_free(pjrt_compile_cache *cache) {
  if (!cache) return;
  pjrt_cache_folder_close(&cache->folder);
  free(cache);
}

/* ---- finding ------------------------------------------------------------- */

pjrt_error *pjrt_cache_open_entry(const pjrt_cache_folder *folder,
                                  const char *name, pjrt_cache_file *file,
                                  pjrt_cache_entry *out) {
  *out = (pjrt_cache_entry){0};
  PJRT_TRY(pjrt_cache_folder_map(folder, name, file));
  return pjrt_cache_entry_read(file->mapping.data, file->mapping.size, out);
}

/* The entry of a key, which says itself that it is. */
static pjrt_error *find(const pjrt_compile_cache *cache,
                        const pjrt_cache_key *key, pjrt_cache_file *file,
                        pjrt_cache_entry *out) {
  PJRT_TRY(pjrt_cache_open_entry(&cache->folder, key->name, file, out));
  if (memcmp(out->fields, key->fields, sizeof key->fields) == 0) return NULL;
  return pjrt_error_format(PJRT_DATA_LOSS, "it is the entry of another key");
}

/* Writes down why an entry is not there, and removes the file that was. */
static void discard(pjrt_compile_cache *cache, const pjrt_cache_key *key,
                    ino_t inode, const char *why) {
  int lock;
  if (cache->read_only) return;
  pjrt_error *error = pjrt_cache_folder_lock(&cache->folder, &lock);
  if (!error) {
    if (inode) pjrt_cache_folder_remove(&cache->folder, key->name, inode);
    pjrt_cache_history_add(&cache->folder, key->name, why);
    pjrt_cache_folder_unlock(lock);
  }
  pjrt_error_free(error);
}

/* Whether an entry that is there is of no use to anybody. What a plugin, or its
 * lack of a function, or a lack of memory or descriptors says is about
 * something else. */
static bool is_damage(const pjrt_error *error) {
  return pjrt_error_origin(error) == PJRT_ORIGIN_LIBRARY &&
         !*pjrt_error_call(error) &&
         pjrt_error_code(error) != PJRT_RESOURCE_EXHAUSTED;
}

static void tell_failure(const pjrt_error *error, pjrt_builder *out) {
  pjrt_builder_appendf(out, "the entry %s: %s",
                       is_damage(error) ? "was damaged" : "cannot be loaded",
                       pjrt_error_message(error, NULL));
}

/* Tells of an entry that could not be used, and removes it if it never can be.
 * Others are replaced when the program was compiled. */
static void handle_failure(pjrt_compile_cache *cache, const pjrt_cache_key *key,
                           const pjrt_cache_file *file, const pjrt_error *error,
                           pjrt_builder *told) {
  pjrt_builder why = {0};
  tell_failure(error, &why);
  pjrt_builder_append(told, why.data, why.size);
  if (is_damage(error)) {
    atomic_fetch_add(&cache->damaged, 1);
    if (why.data) discard(cache, key, file->inode, why.data);
  }
  pjrt_builder_clear(&why);
}

/* Loads the entry, or tells why not. */
static bool load(pjrt_compile_cache *cache, pjrt_client *client,
                 const pjrt_cache_key *key, pjrt_executable **out,
                 pjrt_builder *told) {
  pjrt_cache_file file;
  pjrt_cache_entry entry;
  pjrt_error *error = find(cache, key, &file, &entry);
  if (!error) {
    error = pjrt_executable_load(client, entry.artifact.data,
                                 entry.artifact.size, out);
  }
  if (!error) {
    if (!cache->read_only) pjrt_cache_folder_touch(&cache->folder, key->name);
    pjrt_builder_appendf(told, "hit: %s, %zu bytes", key->name,
                         file.mapping.size);
  } else {
    pjrt_builder_appendf(told, "miss: ");
    if (pjrt_error_code(error) == PJRT_NOT_FOUND) {
      pjrt_cache_explain_absence(cache, key, told);
    } else {
      handle_failure(cache, key, &file, error, told);
    }
  }
  pjrt_file_unmap(&file.mapping);
  atomic_fetch_add(error ? &cache->misses : &cache->hits, 1);
  pjrt_error_free(error);
  return *out != NULL;
}

/* ---- storing ------------------------------------------------------------- */

/* Makes room for `size` bytes more, under the lock; `name` is to be replaced,
 * and so takes no room. */
static pjrt_error *make_room(pjrt_compile_cache *cache, uint64_t max_size,
                             uint64_t size, const char *name) {
  pjrt_cache_item *items;
  size_t num;
  PJRT_TRY(pjrt_cache_folder_list(&cache->folder, &items, &num));
  uint64_t total = size;
  for (size_t i = 0; i < num; i++) {
    if (strcmp(items[i].name, name) != 0) total += items[i].size;
  }
  for (size_t i = 0; i < num && total > max_size; i++) {
    if (strcmp(items[i].name, name) == 0) continue;
    pjrt_cache_folder_remove(&cache->folder, items[i].name, 0);
    pjrt_cache_history_add(&cache->folder, items[i].name,
                           "the entry was evicted to make room for others");
    atomic_fetch_add(&cache->evicted, 1);
    total -= items[i].size;
  }
  free(items);
  return NULL;
}

static pjrt_error *write_entry(pjrt_compile_cache *cache,
                               const pjrt_cache_key *key, const void *artifact,
                               size_t size) {
  unsigned char header[PJRT_CACHE_HEADER_SIZE];
  const pjrt_file_part parts[] = {{header, sizeof header}, {artifact, size}};
  int lock;
  if (size + sizeof header > cache->max_size) {
    return pjrt_error_format(PJRT_RESOURCE_EXHAUSTED,
                             "its %zu bytes are more than the %llu that the "
                             "cache may have",
                             size + sizeof header,
                             (unsigned long long)cache->max_size);
  }
  pjrt_cache_entry_put_header(key, size, header);
  PJRT_TRY(pjrt_cache_folder_lock(&cache->folder, &lock));
  pjrt_error *error =
      make_room(cache, cache->max_size, size + sizeof header, key->name);
  if (!error) {
    error = pjrt_cache_folder_write(&cache->folder, key->name, parts, 2);
  }
  pjrt_cache_folder_unlock(lock);
  return error;
}

/* Stores what was compiled, and tells of it. That it cannot be stored is no
 * error of the program's. */
static void store(pjrt_compile_cache *cache, const pjrt_cache_key *key,
                  pjrt_executable *executable, pjrt_builder *told) {
  void *artifact;
  size_t size;
  if (cache->read_only) {
    pjrt_builder_appendf(told, "; not stored: the cache is read-only");
    return;
  }
  pjrt_error *error = pjrt_executable_serialize(executable, &artifact, &size);
  if (!error) error = write_entry(cache, key, artifact, size);
  pjrt_host_free(artifact);
  if (!error) {
    atomic_fetch_add(&cache->stored, 1);
    pjrt_builder_appendf(told, "; stored, %zu bytes",
                         size + PJRT_CACHE_HEADER_SIZE);
    return;
  }
  pjrt_builder why = {0};
  pjrt_builder_appendf(&why, "not stored: %s", pjrt_error_message(error, NULL));
  pjrt_error_free(error);
  if (!why.data) return;
  pjrt_builder_appendf(told, "; %s", why.data);
  discard(cache, key, 0, why.data);
  pjrt_builder_clear(&why);
}

/* ---- compiling ----------------------------------------------------------- */

static pjrt_error *check_arguments(const pjrt_compile_cache *cache,
                                   const pjrt_client *client,
                                   const pjrt_program *program) {
  if (!cache || !client || !program) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "%s is NULL",
                             !cache    ? "cache"
                             : !client ? "client"
                                       : "program");
  }
  return pjrt_client_check(client);
}

static pjrt_error *compile(pjrt_compile_cache *cache, pjrt_client *client,
                           const pjrt_program *program,
                           const pjrt_compile_opts *opts, pjrt_executable **out,
                           bool *out_was_hit, pjrt_builder *told) {
  pjrt_cache_key key;
  pjrt_error *no_key = pjrt_cache_key_make(client, program, opts, &key);
  *out_was_hit = !no_key && load(cache, client, &key, out, told);
  pjrt_error *error =
      *out_was_hit ? NULL : pjrt_client_compile(client, program, opts, out);
  if (no_key) {
    pjrt_builder_appendf(told, "miss: the cache was not used: %s",
                         pjrt_error_message(no_key, NULL));
  } else if (!error && !*out_was_hit) {
    store(cache, &key, *out, told);
  }
  pjrt_error_free(no_key);
  pjrt_cache_key_clear(&key);
  return error;
}

/* A plugin's message may have several lines. */
static pjrt_error *finish_line(pjrt_builder *told, char **out,
                               size_t *out_size) {
  for (size_t i = 0; i < told->size; i++) {
    if (told->data[i] == '\n') told->data[i] = ' ';
  }
  return pjrt_builder_finish(told, out, out_size);
}

pjrt_error *pjrt_compile_cache_compile(pjrt_compile_cache *cache,
                                       pjrt_client *client,
                                       const pjrt_program *program,
                                       const pjrt_compile_opts *opts,
                                       pjrt_executable **out, bool *out_was_hit,
                                       char **out_explanation) {
  pjrt_builder told = {0};
  bool was_hit;
  *out = NULL;
  if (out_was_hit) *out_was_hit = false;
  if (out_explanation) *out_explanation = NULL;
  PJRT_TRY(check_arguments(cache, client, program));
  pjrt_error *error =
      compile(cache, client, program, opts, out, &was_hit, &told);
  if (!error && out_explanation) {
    error = finish_line(&told, out_explanation, NULL);
  }
  pjrt_builder_clear(&told);
  if (error) {
    pjrt_executable_free(*out);
    *out = NULL;
    return error;
  }
  if (out_was_hit) *out_was_hit = was_hit;
  return NULL;
}

/* ---- explaining ---------------------------------------------------------- */

static void explain(const pjrt_compile_cache *cache, const pjrt_cache_key *key,
                    pjrt_builder *out) {
  pjrt_cache_file file;
  pjrt_cache_entry entry;
  pjrt_artifact artifact;
  pjrt_error *error = find(cache, key, &file, &entry);
  if (!error) {
    error = pjrt_artifact_decode(entry.artifact.data, entry.artifact.size,
                                 &artifact);
  }
  if (!error) {
    pjrt_builder_appendf(out, "hit: %s, %zu bytes", key->name,
                         file.mapping.size);
  } else if (pjrt_error_code(error) == PJRT_NOT_FOUND) {
    pjrt_builder_appendf(out, "miss: ");
    pjrt_cache_explain_absence(cache, key, out);
  } else {
    pjrt_builder_appendf(out, "miss: ");
    tell_failure(error, out);
  }
  pjrt_file_unmap(&file.mapping);
  pjrt_error_free(error);
}

pjrt_error *pjrt_compile_cache_explain(pjrt_compile_cache *cache,
                                       pjrt_client *client,
                                       const pjrt_program *program,
                                       const pjrt_compile_opts *opts,
                                       char **out, size_t *out_size) {
  pjrt_cache_key key;
  pjrt_builder told = {0};
  *out = NULL;
  if (out_size) *out_size = 0;
  PJRT_TRY(check_arguments(cache, client, program));
  pjrt_error *error = pjrt_cache_key_make(client, program, opts, &key);
  if (!error) {
    explain(cache, &key, &told);
    error = finish_line(&told, out, out_size);
  }
  pjrt_cache_key_clear(&key);
  return error;
}

/* ---- the folder ---------------------------------------------------------- */

void pjrt_compile_cache_stats_init(pjrt_compile_cache_stats *stats) {
  *stats = (pjrt_compile_cache_stats){.struct_size = sizeof *stats};
}

pjrt_error *pjrt_compile_cache_read_stats(pjrt_compile_cache *cache,
                                          pjrt_compile_cache_stats *out) {
  pjrt_compile_cache_stats stats;
  pjrt_cache_item *items;
  size_t num;
  pjrt_compile_cache_stats_init(&stats);
  PJRT_TRY(pjrt_cache_folder_list(&cache->folder, &items, &num));
  stats.num_entries = (int64_t)num;
  for (size_t i = 0; i < num; i++) {
    stats.size_in_bytes += (int64_t)items[i].size;
  }
  free(items);
  if (cache->max_size != UINT64_MAX) {
    stats.max_size_in_bytes = (int64_t)cache->max_size;
  }
  stats.num_hits = atomic_load(&cache->hits);
  stats.num_misses = atomic_load(&cache->misses);
  stats.num_stored = atomic_load(&cache->stored);
  stats.num_evicted = atomic_load(&cache->evicted);
  stats.num_damaged = atomic_load(&cache->damaged);
  return pjrt_opts_write(&stats, "pjrt_compile_cache_stats", sizeof stats, out);
}

static pjrt_error *lock_to_remove(pjrt_compile_cache *cache, int *out) {
  *out = -1;
  if (cache->read_only) {
    return pjrt_error_format(PJRT_FAILED_PRECONDITION,
                             "compile cache %s: it was opened read-only",
                             cache->folder.path);
  }
  return pjrt_cache_folder_lock(&cache->folder, out);
}

pjrt_error *pjrt_compile_cache_evict(pjrt_compile_cache *cache,
                                     int64_t max_size_in_bytes) {
  int lock;
  PJRT_TRY(check_size(max_size_in_bytes));
  PJRT_TRY(lock_to_remove(cache, &lock));
  pjrt_cache_folder_clean(&cache->folder);
  pjrt_error *error = make_room(cache, (uint64_t)max_size_in_bytes, 0, "");
  pjrt_cache_folder_unlock(lock);
  return error;
}

pjrt_error *pjrt_compile_cache_clear(pjrt_compile_cache *cache) {
  int lock;
  PJRT_TRY(lock_to_remove(cache, &lock));
  pjrt_cache_folder_clean(&cache->folder);
  pjrt_error *error = make_room(cache, 0, 0, "");
  if (!error) pjrt_cache_history_clear(&cache->folder);
  pjrt_cache_folder_unlock(lock);
  return error;
}
