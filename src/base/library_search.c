#include "base/library_search.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"

#define CACHE_PATH "/etc/ld.so.cache"
#define CACHE_MAGIC "glibc-ld.so.cache1.1"

#if defined(__x86_64__)
#define MULTIARCH "x86_64-linux-gnu"
#elif defined(__aarch64__)
#define MULTIARCH "aarch64-linux-gnu"
#elif defined(__riscv)
#define MULTIARCH "riscv64-linux-gnu"
#elif defined(__powerpc64__)
#define MULTIARCH "powerpc64le-linux-gnu"
#elif defined(__s390x__)
#define MULTIARCH "s390x-linux-gnu"
#else
#define MULTIARCH "loongarch64-linux-gnu"
#endif

/* ---- One file and one folder -------------------------------------------- */

static bool is_native_library(const char *path) {
  pjrt_elf_file file;
  pjrt_error *error = pjrt_elf_open("library", path, &file);
  if (error) {
    pjrt_error_free(error);
    return false;
  }
  bool native = pjrt_elf_is_native(&file.elf) && pjrt_elf_is_shared(&file.elf);
  pjrt_elf_close(&file);
  return native;
}

/* Keeps *out when it is the library that was looked for. */
static void keep_native(char **out) {
  if (*out && !is_native_library(*out)) {
    free(*out);
    *out = NULL;
  }
}

/* The size of a name for the folder of the file that needs the library, at the
 * start of a text; 0 when there is none. */
static size_t origin_size(const char *text, size_t size) {
  static const char *const names[] = {"$ORIGIN", "${ORIGIN}"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    size_t length = strlen(names[i]);
    if (size >= length && memcmp(text, names[i], length) == 0) return length;
  }
  return 0;
}

static void append_folder_of(pjrt_builder *builder, const char *path) {
  const char *slash = strrchr(path, '/');
  if (!slash) path = "."; /* a file in the working folder */
  pjrt_builder_append(builder, path, slash ? (size_t)(slash - path) : 1);
}

/* Appends a folder of a search path. The loader's other names, $LIB and
 * $PLATFORM, are its own secret: false, such a folder is passed over. */
static bool append_folder(pjrt_builder *builder, const char *folder,
                          size_t size, const char *needed_by_path) {
  if (size == 0) pjrt_builder_append(builder, ".", 1);
  for (size_t i = 0; i < size; i++) {
    if (folder[i] != '$') {
      pjrt_builder_append(builder, folder + i, 1);
      continue;
    }
    size_t name = origin_size(folder + i, size - i);
    if (name == 0 || !needed_by_path) return false;
    append_folder_of(builder, needed_by_path);
    i += name - 1;
  }
  return true;
}

static pjrt_error *search_folder(const char *folder, size_t folder_size,
                                 const char *name, const char *needed_by_path,
                                 char **out) {
  pjrt_builder builder = {0};
  if (!append_folder(&builder, folder, folder_size, needed_by_path)) {
    pjrt_builder_clear(&builder);
    return NULL;
  }
  pjrt_builder_appendf(&builder, "/%s", name);
  PJRT_TRY(pjrt_builder_finish(&builder, out, NULL));
  keep_native(out);
  return NULL;
}

/* Searches folders with colons between them; `separators` holds the colon and
 * whatever else separates. */
static pjrt_error *search_folders(const char *folders, const char *separators,
                                  const char *name, const char *needed_by_path,
                                  char **out) {
  while (folders && !*out) {
    size_t size = strcspn(folders, separators);
    PJRT_TRY(search_folder(folders, size, name, needed_by_path, out));
    folders = folders[size] ? folders + size + 1 : NULL;
  }
  return NULL;
}

static pjrt_error *search_dynamic(const pjrt_elf *needed_by, Elf64_Sxword tag,
                                  const char *name, const char *needed_by_path,
                                  char **out) {
  size_t at = 0;
  const char *folders = pjrt_elf_next_text(needed_by, tag, &at);
  return search_folders(folders, ":", name, needed_by_path, out);
}

/* ---- The loader's cache ------------------------------------------------- */

typedef struct cache_head {
  char magic[20];
  uint32_t num_entries;
  uint32_t strings_size;
  uint32_t unused[5];
} cache_head;

typedef struct cache_entry {
  int32_t flags;
  uint32_t name; /* offsets of strings, from the start of the head */
  uint32_t path;
  uint32_t os_version;
  uint64_t hwcap;
} cache_entry;

static const char *cache_string(const char *data, size_t size,
                                uint32_t offset) {
  if (offset >= size || !memchr(data + offset, 0, size - offset)) return NULL;
  return data + offset;
}

const char *pjrt_loader_cache_find(const void *data, size_t size,
                                   const char *name, size_t start,
                                   size_t *out_next) {
  *out_next = start;
  cache_head head;
  if (size < sizeof head) return NULL;
  memcpy(&head, data, sizeof head);
  if (memcmp(head.magic, CACHE_MAGIC, sizeof head.magic) != 0) return NULL;
  size_t num = (size - sizeof head) / sizeof(cache_entry);
  if (head.num_entries < num) num = head.num_entries;
  for (size_t i = start; i < num; i++) {
    cache_entry entry;
    memcpy(&entry, (const char *)data + sizeof head + i * sizeof entry,
           sizeof entry);
    const char *key = cache_string(data, size, entry.name);
    if (!key || strcmp(key, name) != 0) continue;
    *out_next = i + 1;
    const char *path = cache_string(data, size, entry.path);
    if (path) return path;
  }
  return NULL;
}

static pjrt_error *search_cache(const char *name, char **out) {
  pjrt_mapping cache;
  pjrt_error *error = pjrt_file_map("cache", CACHE_PATH, &cache);
  if (error) { /* musl has none, and neither has a minimal container */
    pjrt_error_free(error);
    return NULL;
  }
  size_t next = 0;
  while (!error && !*out) {
    const char *path =
        pjrt_loader_cache_find(cache.data, cache.size, name, next, &next);
    if (!path) break;
    error = pjrt_text_copy(path, PJRT_NUL_ENDED, out);
    keep_native(out);
  }
  pjrt_file_unmap(&cache);
  return error;
}

/* ---- All of them -------------------------------------------------------- */

static pjrt_error *search_all(const char *name, const pjrt_elf *needed_by,
                              const char *needed_by_path,
                              const char *library_path, char **out) {
  size_t at = 0;
  bool has_runpath =
      needed_by && pjrt_elf_next_text(needed_by, DT_RUNPATH, &at);
  if (needed_by && !has_runpath) {
    PJRT_TRY(search_dynamic(needed_by, DT_RPATH, name, needed_by_path, out));
  }
  if (!*out && library_path && *library_path) {
    PJRT_TRY(search_folders(library_path, ":;", name, NULL, out));
  }
  if (!*out && has_runpath) {
    PJRT_TRY(search_dynamic(needed_by, DT_RUNPATH, name, needed_by_path, out));
  }
  if (!*out) PJRT_TRY(search_cache(name, out));
  if (!*out) {
    PJRT_TRY(search_folders("/lib/" MULTIARCH ":/usr/lib/" MULTIARCH
                            ":/lib64:/usr/lib64:/lib:/usr/lib",
                            ":", name, NULL, out));
  }
  return NULL;
}

pjrt_error *pjrt_library_search(const char *name, const pjrt_elf *needed_by,
                                const char *needed_by_path,
                                const char *library_path, char **out) {
  *out = NULL;
  if (strchr(name, '/')) {
    PJRT_TRY(pjrt_text_copy(name, PJRT_NUL_ENDED, out));
    keep_native(out);
    return NULL;
  }
  return search_all(name, needed_by, needed_by_path, library_path, out);
}
