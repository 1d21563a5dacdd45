/* The list of candidates: gathering it, looking into it, choosing from it. */
#include "core/discovery.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"
#include "core/opts.h"

typedef struct item {
  pjrt_plugin_source source;
  char *name;
  char *path;
  char *origin;
  pjrt_error *verdict;
  pjrt_named_values *options;
} item;

struct pjrt_plugin_list {
  item *items;
  size_t num;
  size_t capacity;
};

/* ---- Filling ------------------------------------------------------------ */

static void item_clear(item *it) {
  free(it->name);
  free(it->path);
  free(it->origin);
  pjrt_error_free(it->verdict);
  pjrt_named_values_free(it->options);
}

void pjrt_plugin_list_free(pjrt_plugin_list *list) {
  if (!list) return;
  for (size_t i = 0; i < list->num; i++) item_clear(&list->items[i]);
  free(list->items);
  free(list);
}

static pjrt_error *reserve(pjrt_plugin_list *list) {
  if (list->num < list->capacity) return NULL;
  size_t capacity = list->capacity * 2 + 8;
  item *items = reallocarray(list->items, capacity, sizeof *items);
  if (!items) return pjrt_error_out_of_memory();
  list->items = items;
  list->capacity = capacity;
  return NULL;
}

static pjrt_error *fill_item(item *it, const pjrt_candidate *candidate) {
  PJRT_TRY(pjrt_text_copy(candidate->name, PJRT_NUL_ENDED, &it->name));
  PJRT_TRY(pjrt_text_copy(candidate->path, PJRT_NUL_ENDED, &it->path));
  PJRT_TRY(pjrt_text_copy(candidate->origin, PJRT_NUL_ENDED, &it->origin));
  if (!it->options) PJRT_TRY(pjrt_named_values_create(&it->options));
  return NULL;
}

pjrt_error *pjrt_plugin_list_add(pjrt_plugin_list *list,
                                 const pjrt_candidate *candidate) {
  item new_item = {.source = candidate->source,
                   .verdict = candidate->verdict,
                   .options = candidate->options};
  pjrt_error *error = fill_item(&new_item, candidate);
  if (!error) error = reserve(list);
  if (error) {
    item_clear(&new_item);
    return error;
  }
  if (!new_item.verdict) {
    pjrt_file_kind kind;
    new_item.verdict = pjrt_plugin_judge(new_item.path, &kind);
  }
  list->items[list->num++] = new_item;
  return NULL;
}

bool pjrt_plugin_list_has_path(const pjrt_plugin_list *list, const char *path) {
  for (size_t i = 0; i < list->num; i++) {
    if (strcmp(list->items[i].path, path) == 0) return true;
  }
  return false;
}

void pjrt_plugin_list_last_to_front(pjrt_plugin_list *list) {
  if (list->num == 0) return;
  item last = list->items[list->num - 1];
  memmove(list->items + 1, list->items, (list->num - 1) * sizeof last);
  list->items[0] = last;
}

/* ---- Looking into it ---------------------------------------------------- */

size_t pjrt_plugin_list_size(const pjrt_plugin_list *list) {
  return list ? list->num : 0;
}

static const item *item_at(const pjrt_plugin_list *list, size_t i) {
  return list && i < list->num ? &list->items[i] : NULL;
}

static const char *text_out(const char *text, size_t *out_size) {
  if (out_size) *out_size = strlen(text);
  return text;
}

const char *pjrt_plugin_list_name(const pjrt_plugin_list *list, size_t i,
                                  size_t *out_size) {
  const item *it = item_at(list, i);
  return text_out(it ? it->name : "", out_size);
}

const char *pjrt_plugin_list_path(const pjrt_plugin_list *list, size_t i,
                                  size_t *out_size) {
  const item *it = item_at(list, i);
  return text_out(it ? it->path : "", out_size);
}

const char *pjrt_plugin_list_origin(const pjrt_plugin_list *list, size_t i,
                                    size_t *out_size) {
  const item *it = item_at(list, i);
  return text_out(it ? it->origin : "", out_size);
}

pjrt_plugin_source pjrt_plugin_list_source(const pjrt_plugin_list *list,
                                           size_t i) {
  const item *it = item_at(list, i);
  return it ? it->source : PJRT_SOURCE_NONE;
}

const pjrt_error *pjrt_plugin_list_verdict(const pjrt_plugin_list *list,
                                           size_t i) {
  const item *it = item_at(list, i);
  return it ? it->verdict : NULL;
}

const pjrt_named_values *pjrt_plugin_list_options(const pjrt_plugin_list *list,
                                                  size_t i) {
  const item *it = item_at(list, i);
  return it ? it->options : NULL;
}

/* ---- Choosing ----------------------------------------------------------- */

static bool name_equals(const item *it, const char *name, size_t size) {
  return pjrt_text_equal(name, size, it->name);
}

static bool name_contains(const item *it, const char *name, size_t size) {
  return memmem(it->name, strlen(it->name), name, size) != NULL;
}

typedef bool (*name_test)(const item *it, const char *name, size_t size);

/* The first candidate that passes a test and is usable or not, after `start`;
 * list->num when there is none. */
static size_t first_match(const pjrt_plugin_list *list, size_t start,
                          name_test test, const char *name, size_t size,
                          bool usable) {
  for (size_t i = start; i < list->num; i++) {
    const item *it = &list->items[i];
    if (!it->verdict == usable && test(it, name, size)) return i;
  }
  return list->num;
}

/* Whether all further matches are the same file as the one at `first`: two
 * places may name one plugin. */
static bool is_unique(const pjrt_plugin_list *list, size_t first,
                      const char *name, size_t size, bool usable) {
  size_t next = first;
  while ((next = first_match(list, next + 1, name_contains, name, size,
                             usable)) < list->num) {
    if (strcmp(list->items[next].path, list->items[first].path) != 0) {
      return false;
    }
  }
  return true;
}

static pjrt_error *not_found(const pjrt_plugin_list *list, const char *name,
                             size_t size, const char *reason) {
  pjrt_builder builder = {0};
  if (size > 0) {
    pjrt_builder_append(&builder, "plugin \"", PJRT_NUL_ENDED);
    pjrt_builder_append(&builder, name, size);
    pjrt_builder_append(&builder, "\": ", PJRT_NUL_ENDED);
  }
  pjrt_builder_append(&builder, reason, PJRT_NUL_ENDED);
  for (size_t i = 0; i < list->num; i++) {
    const item *it = &list->items[i];
    pjrt_builder_appendf(&builder, "%s%s%s", i ? ", " : "; found: ", it->name,
                         it->verdict ? " (unusable)" : "");
  }
  if (list->num == 0) {
    pjrt_builder_append(&builder,
                        "; none is installed (set PJRT_PLUGIN to "
                        "the path of one)",
                        PJRT_NUL_ENDED);
  }
  char *text = NULL;
  PJRT_TRY(pjrt_builder_finish(&builder, &text, NULL));
  pjrt_error *error = pjrt_error_format(PJRT_NOT_FOUND, "%s", text);
  free(text);
  return error;
}

/* What is meant when no name is given. Who sets PJRT_PLUGIN wants that one and
 * must learn that it is unusable, instead of getting another. */
static pjrt_error *find_default(const pjrt_plugin_list *list, size_t *out) {
  bool chosen =
      list->num > 0 && list->items[0].source == PJRT_SOURCE_PJRT_PLUGIN;
  size_t i = chosen ? 0 : first_match(list, 0, name_contains, "", 0, true);
  if (i == list->num) return not_found(list, "", 0, "no usable plugin");
  *out = i;
  return NULL;
}

pjrt_error *pjrt_plugin_list_find(const pjrt_plugin_list *list,
                                  const char *name, size_t name_size,
                                  size_t *out) {
  *out = 0;
  size_t size = pjrt_text_size(name, name_size);
  if (size == 0) return find_default(list, out);
  for (int usable = 1; usable >= 0; usable--) {
    size_t i = first_match(list, 0, name_equals, name, size, usable);
    if (i < list->num) {
      *out = i;
      return NULL;
    }
  }
  for (int usable = 1; usable >= 0; usable--) {
    size_t i = first_match(list, 0, name_contains, name, size, usable);
    if (i == list->num) continue;
    if (!is_unique(list, i, name, size, usable)) {
      return not_found(list, name, size,
                       "more than one plugin has that in "
                       "its name");
    }
    *out = i;
    return NULL;
  }
  return not_found(list, name, size, "no plugin has that in its name");
}

/* ---- All places --------------------------------------------------------- */

void pjrt_discovery_opts_init(pjrt_discovery_opts *opts) {
  *opts = (pjrt_discovery_opts){.struct_size = sizeof *opts};
}

static pjrt_error *search_places(pjrt_plugin_list *list,
                                 const pjrt_environment *environment,
                                 const char *system_manifests) {
  PJRT_TRY(pjrt_discover_variables(list, environment));
  PJRT_TRY(pjrt_discover_manifests(list, environment, system_manifests));
  PJRT_TRY(pjrt_discover_python(list, environment));
  return pjrt_discover_own(list, environment);
}

pjrt_error *pjrt_discover_all(const pjrt_environment *environment,
                              const char *system_manifests,
                              pjrt_plugin_list **out) {
  *out = NULL;
  void *list = NULL;
  PJRT_TRY(pjrt_alloc(1, sizeof(pjrt_plugin_list), &list));
  pjrt_error *error = search_places(list, environment, system_manifests);
  if (error) {
    pjrt_plugin_list_free(list);
    return error;
  }
  *out = list;
  return NULL;
}

pjrt_error *pjrt_plugin_discover(const pjrt_discovery_opts *opts,
                                 pjrt_plugin_list **out) {
  *out = NULL;
  pjrt_discovery_opts known;
  pjrt_discovery_opts_init(&known);
  PJRT_TRY(pjrt_opts_read(opts, "pjrt_discovery_opts", sizeof known, &known));
  pjrt_environment environment =
      pjrt_environment_choose(&known, environ, pjrt_process_is_privileged());
  return pjrt_discover_all(&environment, "/etc/pjrt/plugins.d", out);
}

static pjrt_error *open_found(const pjrt_plugin_list *list, const char *name,
                              size_t name_size, const pjrt_plugin_opts *opts,
                              pjrt_plugin **out) {
  size_t i = 0;
  PJRT_TRY(pjrt_plugin_list_find(list, name, name_size, &i));
  if (list->items[i].verdict) return pjrt_error_copy(list->items[i].verdict);
  return pjrt_plugin_open(list->items[i].path, PJRT_NUL_ENDED, opts, out);
}

pjrt_error *pjrt_plugin_find(const char *name, size_t name_size,
                             const pjrt_plugin_opts *opts, pjrt_plugin **out) {
  *out = NULL;
  size_t size = pjrt_text_size(name, name_size);
  if (size > 0 && memchr(name, '/', size)) {
    return pjrt_plugin_open(name, size, opts, out);
  }
  pjrt_plugin_list *list = NULL;
  PJRT_TRY(pjrt_plugin_discover(NULL, &list));
  pjrt_error *error = open_found(list, name, size, opts, out);
  pjrt_plugin_list_free(list);
  return error;
}
