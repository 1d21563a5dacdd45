/* XLA's text form of shardings, such as {devices=[2,1,2]<=[4]
 * last_tile_dim_replicate}. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/number.h"
#include "base/text.h"
#include "core/spec.h"
#include "ext/shardings.h"

static const char *const kind_names[] = {
    [PJRT_SHARDING_REPLICATED] = "replicated",
    [PJRT_SHARDING_MAXIMAL] = "maximal",
    [PJRT_SHARDING_TUPLE] = NULL, /* has a form of its own, as tiles have */
    [PJRT_SHARDING_TILED] = NULL,
    [PJRT_SHARDING_MANUAL] = "manual",
    [PJRT_SHARDING_UNKNOWN] = "unknown",
    [PJRT_SHARDING_UNREDUCED] = "unreduced"};
enum { NUM_KINDS = sizeof kind_names / sizeof *kind_names };

/* ---- printing ------------------------------------------------------------ */

static void put(pjrt_builder *text, const char *more) {
  pjrt_builder_append(text, more, strlen(more));
}

static void put_list(pjrt_builder *text, const int64_t *list, size_t num) {
  for (size_t i = 0; i < num; i++) {
    pjrt_builder_appendf(text, i ? ",%lld" : "%lld", (long long)list[i]);
  }
}

static void put_devices(pjrt_builder *text, const pjrt_sharding *s) {
  put(text, "devices=[");
  put_list(text, s->tile_dims, s->num_tile_dims);
  put(text, "]");
  if (s->devices) {
    put_list(text, s->devices, s->num_devices);
    return;
  }
  put(text, "<=[");
  put_list(text, s->iota_dims, s->num_iota_dims);
  put(text, "]");
  if (s->num_iota_dims == 1) return; /* nothing is transposed */
  put(text, "T(");
  put_list(text, s->iota_order, s->num_iota_dims);
  put(text, ")");
}

static void put_subgroups(pjrt_builder *text, const pjrt_sharding *s) {
  if (s->num_subgroups == 0) return;
  if (s->num_subgroups == 1 && s->subgroups[0] == PJRT_SHARDING_REPLICATED) {
    put(text, " last_tile_dim_replicate");
    return;
  }
  for (size_t i = 0; i < s->num_subgroups; i++) {
    put(text, i ? ", " : " last_tile_dims={");
    put(text, kind_names[s->subgroups[i]]);
  }
  put(text, "}");
}

static void put_leaf(pjrt_builder *text, const pjrt_sharding *s) {
  put(text, "{");
  if (s->kind == PJRT_SHARDING_TILED) {
    put_devices(text, s);
    put_subgroups(text, s);
  } else {
    put(text, kind_names[s->kind]);
  }
  if (s->kind == PJRT_SHARDING_MAXIMAL) {
    pjrt_builder_appendf(text, " device=%lld", (long long)s->devices[0]);
  }
  if (s->group != PJRT_SHARD_GROUP_NONE) {
    pjrt_builder_appendf(text, " shard_%s %lld",
                         s->group == PJRT_SHARD_GROUP_AS ? "as" : "like",
                         (long long)s->group_id);
  }
  put(text, "}");
}

pjrt_error *pjrt_sharding_to_text(const pjrt_sharding *sharding, char **out,
                                  size_t *out_size) {
  pjrt_builder text = {0};
  if (sharding->kind == PJRT_SHARDING_TUPLE) {
    put(&text, "{");
    for (size_t i = 0; i < sharding->num_elements; i++) {
      put(&text, i ? ", " : "");
      put_leaf(&text, sharding->elements[i]);
    }
    put(&text, "}");
  } else {
    put_leaf(&text, sharding);
  }
  return pjrt_builder_finish(&text, out, out_size);
}

/* ---- tokens -------------------------------------------------------------- */

typedef struct reader {
  const char *text;
  size_t size;
  size_t at;
} reader;

static pjrt_error *unexpected(const reader *r, const char *expected) {
  enum { SHOWN = 80 };
  const int shown = r->size < SHOWN ? (int)r->size : SHOWN;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "the sharding \"%.*s\"%s: %s expected at byte %zu",
                           shown, r->text ? r->text : "",
                           r->size > SHOWN ? "..." : "", expected, r->at);
}

static bool is_next(const reader *r, const char *token) {
  const size_t size = strlen(token);
  return size <= r->size - r->at && memcmp(r->text + r->at, token, size) == 0;
}

/* Behind blanks, which stay where the token does not follow. */
static bool accept(reader *r, const char *token) {
  reader next = *r;
  while (is_next(&next, " ")) next.at++;
  if (!is_next(&next, token)) return false;
  r->at = next.at + strlen(token);
  return true;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* Groups may have any; what else is negative is refused when it is made. */
static pjrt_error *read_number(reader *r, int64_t *out) {
  while (is_next(r, " ")) r->at++;
  size_t end = r->at + is_next(r, "-");
  while (end < r->size && is_digit(r->text[end])) end++;
  if (end == r->at ||
      !pjrt_number_read_int64(r->text + r->at, end - r->at, out)) {
    return unexpected(r, "a number");
  }
  r->at = end;
  return NULL;
}

static pjrt_error *read_list(reader *r, int64_t *list, size_t most,
                             size_t *out_num) {
  *out_num = 0;
  do {
    if (*out_num == most) return unexpected(r, "no more than 64 numbers");
    PJRT_TRY(read_number(r, &list[(*out_num)++]));
  } while (accept(r, ","));
  return NULL;
}

static pjrt_error *read_dims(reader *r, int64_t dims[PJRT_MAX_RANK],
                             const char *end, size_t *out_num) {
  PJRT_TRY(read_list(r, dims, PJRT_MAX_RANK, out_num));
  return accept(r, end) ? NULL : unexpected(r, end);
}

/* ---- one array ----------------------------------------------------------- */

/* What a draft points to. */
typedef struct draft_lists {
  int64_t tile_dims[PJRT_MAX_RANK];
  int64_t iota_dims[PJRT_MAX_RANK];
  int64_t iota_order[PJRT_MAX_RANK];
  pjrt_sharding_kind subgroups[PJRT_MAX_RANK];
  int64_t *devices; /* free() it */
} draft_lists;

/* One dimension is in order; XLA always says how more are transposed. */
static pjrt_error *read_iota(reader *r, draft_lists *lists,
                             pjrt_sharding *draft) {
  size_t num = 1;
  PJRT_TRY(read_dims(r, lists->iota_dims, "]", &draft->num_iota_dims));
  lists->iota_order[0] = 0;
  if (draft->num_iota_dims > 1) {
    if (!accept(r, "T(")) return unexpected(r, "T(");
    PJRT_TRY(read_dims(r, lists->iota_order, ")", &num));
  }
  if (num != draft->num_iota_dims) {
    return unexpected(r, "a number for each dimension of the devices was");
  }
  draft->iota_dims = lists->iota_dims;
  draft->iota_order = lists->iota_order;
  return NULL;
}

/* Each takes two bytes at least, but the last; a tuple may have much text
 * behind the brace. */
static pjrt_error *read_devices(reader *r, draft_lists *lists,
                                pjrt_sharding *draft) {
  void *memory;
  const char *from = r->text + r->at;
  const char *end = memchr(from, '}', r->size - r->at);
  const size_t most = (end ? (size_t)(end - from) : r->size - r->at) / 2 + 1;
  PJRT_TRY(pjrt_alloc(most, sizeof *lists->devices, &memory));
  lists->devices = memory;
  draft->devices = memory;
  return read_list(r, memory, most, &draft->num_devices);
}

static bool accept_kind(reader *r, pjrt_sharding_kind *out) {
  for (int i = 0; i < NUM_KINDS; i++) {
    if (!kind_names[i] || !accept(r, kind_names[i])) continue;
    *out = (pjrt_sharding_kind)i;
    return true;
  }
  return false;
}

static pjrt_error *read_subgroups(reader *r, draft_lists *lists,
                                  pjrt_sharding *draft) {
  draft->subgroups = lists->subgroups;
  if (accept(r, "last_tile_dim_replicate")) {
    lists->subgroups[draft->num_subgroups++] = PJRT_SHARDING_REPLICATED;
    return NULL;
  }
  if (!accept(r, "last_tile_dims={")) return NULL;
  do {
    if (draft->num_subgroups == PJRT_MAX_RANK) {
      return unexpected(r, "no more than 64 subgroups");
    }
    if (!accept_kind(r, &lists->subgroups[draft->num_subgroups++])) {
      return unexpected(r, "replicated, manual or unreduced");
    }
  } while (accept(r, ","));
  return accept(r, "}") ? NULL : unexpected(r, "a comma or }");
}

static pjrt_error *read_tiles(reader *r, draft_lists *lists,
                              pjrt_sharding *draft) {
  draft->kind = PJRT_SHARDING_TILED;
  PJRT_TRY(read_dims(r, lists->tile_dims, "]", &draft->num_tile_dims));
  draft->tile_dims = lists->tile_dims;
  PJRT_TRY(accept(r, "<=[") ? read_iota(r, lists, draft)
                            : read_devices(r, lists, draft));
  return read_subgroups(r, lists, draft);
}

static pjrt_error *read_kind(reader *r, draft_lists *lists,
                             pjrt_sharding *draft) {
  if (accept(r, "mesh[") || accept(r, "maximal_mesh[")) {
    return pjrt_sharding_is_named();
  }
  if (accept(r, "devices=[")) return read_tiles(r, lists, draft);
  if (!accept_kind(r, &draft->kind)) {
    return unexpected(r,
                      "devices=[...], replicated, maximal, manual, unknown "
                      "or unreduced");
  }
  if (draft->kind != PJRT_SHARDING_MAXIMAL) return NULL;
  if (!accept(r, "device=")) return unexpected(r, "device=");
  draft->devices = lists->tile_dims;
  draft->num_devices = 1;
  return read_number(r, lists->tile_dims);
}

static pjrt_error *read_group(reader *r, pjrt_sharding *draft) {
  if (accept(r, "shard_as ")) {
    draft->group = PJRT_SHARD_GROUP_AS;
  } else if (accept(r, "shard_like ")) {
    draft->group = PJRT_SHARD_GROUP_LIKE;
  } else {
    return NULL;
  }
  return read_number(r, &draft->group_id);
}

/* Behind the opening brace, up to the closing one. */
static pjrt_error *read_draft(reader *r, draft_lists *lists,
                              pjrt_sharding *draft) {
  PJRT_TRY(read_kind(r, lists, draft));
  PJRT_TRY(read_group(r, draft));
  if (accept(r, "metadata=")) {
    return pjrt_error_format(PJRT_UNIMPLEMENTED,
                             "the sharding has metadata, which this library "
                             "does not read");
  }
  return accept(r, "}") ? NULL : unexpected(r, "}");
}

static pjrt_error *read_leaf(reader *r, pjrt_sharding **out) {
  draft_lists lists;
  pjrt_sharding draft = {0};
  *out = NULL;
  lists.devices = NULL;
  pjrt_error *error = read_draft(r, &lists, &draft);
  if (!error) error = pjrt_sharding_make(&draft, out);
  free(lists.devices);
  return error;
}

/* ---- tuples -------------------------------------------------------------- */

static pjrt_error *read_elements(reader *r, pjrt_sharding *tuple) {
  if (accept(r, "}")) return NULL;
  do {
    if (tuple->num_elements == PJRT_SHARDING_MAX_ELEMENTS) {
      return unexpected(r, "no more than 65,536 elements");
    }
    if (!accept(r, "{")) return unexpected(r, "{");
    PJRT_TRY(read_leaf(r, &tuple->elements[tuple->num_elements]));
    tuple->num_elements++;
  } while (accept(r, ","));
  return accept(r, "}") ? NULL : unexpected(r, "a comma or }");
}

/* No more elements than braces that open them. */
static pjrt_error *read_tuple(reader *r, pjrt_sharding **out) {
  pjrt_sharding *tuple;
  size_t most = 0;
  for (size_t i = r->at; i < r->size; i++) most += r->text[i] == '{';
  if (most > PJRT_SHARDING_MAX_ELEMENTS) most = PJRT_SHARDING_MAX_ELEMENTS;
  PJRT_TRY(pjrt_sharding_make_tuple(most, &tuple));
  pjrt_error *error = read_elements(r, tuple);
  if (error) {
    pjrt_sharding_free(tuple);
    return error;
  }
  *out = tuple;
  return NULL;
}

static pjrt_error *read_sharding(reader *r, pjrt_sharding **out) {
  if (!accept(r, "{")) return unexpected(r, "{");
  reader ahead = *r;
  const bool is_tuple = accept(&ahead, "{") || accept(&ahead, "}");
  return is_tuple ? read_tuple(r, out) : read_leaf(r, out);
}

pjrt_error *pjrt_sharding_parse(const char *text, size_t text_size,
                                pjrt_sharding **out) {
  reader r = {.text = text, .size = pjrt_text_size(text, text_size)};
  *out = NULL;
  PJRT_TRY(read_sharding(&r, out));
  while (is_next(&r, " ")) r.at++;
  if (r.at == r.size) return NULL;
  pjrt_sharding_free(*out);
  *out = NULL;
  return unexpected(&r, "the end");
}
