#include "pjrt/inspect.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/library_search.h"
#include "base/text.h"
#include "core/discovery.h"

static const char entry_function[] = "GetPjrtApi";

/* ---- Judging ------------------------------------------------------------ */

static pjrt_error *judge(const char *path, const pjrt_elf *elf) {
  if (!pjrt_elf_is_shared(elf)) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "plugin %s: expected a shared library, found %s",
                             path, pjrt_elf_type(elf));
  }
  if (!pjrt_elf_is_native(elf)) {
    return pjrt_error_format(
        PJRT_INVALID_ARGUMENT,
        "plugin %s: expected a shared library for %s, found one for %s (ELF "
        "machine %d)",
        path, pjrt_elf_native_machine(), pjrt_elf_machine(elf),
        elf->header.e_machine);
  }
  if (!pjrt_elf_defines(elf, entry_function)) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "plugin %s: expected a PJRT plugin, found a "
                             "shared library that exports no function %s",
                             path, entry_function);
  }
  return NULL;
}

pjrt_error *pjrt_plugin_judge(const char *path, pjrt_file_kind *out_kind) {
  *out_kind = PJRT_FILE_UNREADABLE;
  pjrt_elf_file file;
  PJRT_TRY(pjrt_elf_open("plugin", path, &file));
  *out_kind = pjrt_elf_defines(&file.elf, entry_function)
                  ? PJRT_FILE_PLUGIN
                  : PJRT_FILE_OTHER_LIBRARY;
  pjrt_error *verdict = judge(path, &file.elf);
  pjrt_elf_close(&file);
  return verdict;
}

pjrt_error *pjrt_plugin_judge_file(const char *path, size_t path_size) {
  char *copy = NULL;
  PJRT_TRY(pjrt_text_copy_path("plugin", path, path_size, &copy));
  pjrt_file_kind kind;
  pjrt_error *verdict = pjrt_plugin_judge(copy, &kind);
  free(copy);
  return verdict;
}

/* ---- A plugin's file ---------------------------------------------------- */

/* No plugin needs as many libraries as a damaged table may claim. */
enum { MAX_NEEDED = 1024 };

/* One library that the file needs. */
typedef struct needed {
  const char *name; /* in the mapping */
  char *path;       /* NULL: not found */
} needed;

struct pjrt_plugin_file {
  char *path;
  pjrt_elf_file file;
  pjrt_error *verdict;
  char identity[PJRT_ELF_IDENTITY_SIZE];
  needed *needed;
  size_t num_needed;
  const char **exports; /* in the mapping */
  size_t num_exports;
};

static pjrt_error *read_needed(pjrt_plugin_file *file) {
  const pjrt_elf *elf = &file->file.elf;
  size_t num = 0;
  size_t at = 0;
  while (num < MAX_NEEDED && pjrt_elf_next_text(elf, DT_NEEDED, &at)) num++;
  void *memory = NULL;
  PJRT_TRY(pjrt_alloc(num, sizeof(needed), &memory));
  file->needed = memory;
  at = 0;
  for (; file->num_needed < num; file->num_needed++) {
    needed *it = &file->needed[file->num_needed];
    it->name = pjrt_elf_next_text(elf, DT_NEEDED, &at);
    PJRT_TRY(pjrt_library_search(it->name, elf, file->path,
                                 secure_getenv("LD_LIBRARY_PATH"), &it->path));
  }
  return NULL;
}

static pjrt_error *read_exports(pjrt_plugin_file *file) {
  const pjrt_elf *elf = &file->file.elf;
  size_t num = pjrt_elf_num_symbols(elf);
  void *memory = NULL;
  PJRT_TRY(pjrt_alloc(num, sizeof(const char *), &memory));
  file->exports = memory;
  for (size_t i = 0; i < num; i++) {
    const char *name = pjrt_elf_export(elf, i);
    if (name) file->exports[file->num_exports++] = name;
  }
  return NULL;
}

static pjrt_error *read_file(pjrt_plugin_file *file) {
  PJRT_TRY(pjrt_elf_open("plugin", file->path, &file->file));
  file->verdict = judge(file->path, &file->file.elf);
  pjrt_elf_identity_of(&file->file.elf, file->identity);
  PJRT_TRY(read_needed(file));
  return read_exports(file);
}

pjrt_error *pjrt_plugin_file_open(const char *path, size_t path_size,
                                  pjrt_plugin_file **out) {
  *out = NULL;
  void *memory = NULL;
  PJRT_TRY(pjrt_alloc(1, sizeof(pjrt_plugin_file), &memory));
  pjrt_plugin_file *file = memory;
  pjrt_error *error =
      pjrt_text_copy_path("plugin", path, path_size, &file->path);
  if (!error) error = read_file(file);
  if (error) {
    pjrt_plugin_file_free(file);
    return error;
  }
  *out = file;
  return NULL;
}

void pjrt_plugin_file_free(pjrt_plugin_file *file) {
  if (!file) return;
  for (size_t i = 0; i < file->num_needed; i++) free(file->needed[i].path);
  free(file->needed);
  free(file->exports);
  pjrt_error_free(file->verdict);
  pjrt_elf_close(&file->file);
  free(file->path);
  free(file);
}

static const char *text_out(const char *text, size_t *out_size) {
  if (!text) text = "";
  if (out_size) *out_size = strlen(text);
  return text;
}

const char *pjrt_plugin_file_path(const pjrt_plugin_file *file,
                                  size_t *out_size) {
  return text_out(file->path, out_size);
}

size_t pjrt_plugin_file_size(const pjrt_plugin_file *file) {
  return file->file.mapping.size;
}

const pjrt_error *pjrt_plugin_file_verdict(const pjrt_plugin_file *file) {
  return file->verdict;
}

const char *pjrt_plugin_file_machine(const pjrt_plugin_file *file) {
  return pjrt_elf_machine(&file->file.elf);
}

const char *pjrt_plugin_file_identity(const pjrt_plugin_file *file,
                                      size_t *out_size) {
  return text_out(file->identity, out_size);
}

size_t pjrt_plugin_file_num_needed(const pjrt_plugin_file *file) {
  return file->num_needed;
}

const char *pjrt_plugin_file_needed(const pjrt_plugin_file *file, size_t i,
                                    size_t *out_size) {
  return text_out(i < file->num_needed ? file->needed[i].name : NULL, out_size);
}

const char *pjrt_plugin_file_needed_path(const pjrt_plugin_file *file, size_t i,
                                         size_t *out_size) {
  return text_out(i < file->num_needed ? file->needed[i].path : NULL, out_size);
}

size_t pjrt_plugin_file_num_exports(const pjrt_plugin_file *file) {
  return file->num_exports;
}

const char *pjrt_plugin_file_export(const pjrt_plugin_file *file, size_t i,
                                    size_t *out_size) {
  return text_out(i < file->num_exports ? file->exports[i] : NULL, out_size);
}
