/* Making shardings, and what they say of themselves. */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "core/spec.h"
#include "ext/shardings.h"

/* ---- judging ------------------------------------------------------------- */

static pjrt_error *bad(const char *what) {
  return pjrt_error_format(PJRT_INVALID_ARGUMENT, "a sharding %s", what);
}

pjrt_error *pjrt_sharding_is_named(void) {
  return pjrt_error_format(PJRT_UNIMPLEMENTED,
                           "a named sharding, by the axes of a mesh, which "
                           "this library does not read");
}

/* How many elements an array of these dimensions has; all at least 1. */
static pjrt_error *multiply(const char *what, const int64_t *dims,
                            size_t num_dims, size_t *out) {
  if (num_dims == 0 || num_dims > PJRT_MAX_RANK) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "a sharding with %zu dimensions of %s, expected 1 "
                             "to %d",
                             num_dims, what, PJRT_MAX_RANK);
  }
  *out = 1;
  for (size_t i = 0; i < num_dims; i++) {
    if (dims[i] < 1 || !pjrt_size_mul(*out, (size_t)dims[i], out) ||
        *out > PTRDIFF_MAX) {
      return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                               "a sharding with %lld %s along dimension %zu",
                               (long long)dims[i], what, i);
    }
  }
  return NULL;
}

static pjrt_error *check_subgroups(const pjrt_sharding *draft) {
  if (draft->num_subgroups > draft->num_tile_dims) {
    return bad("with more subgroups than dimensions");
  }
  for (size_t i = 0; i < draft->num_subgroups; i++) {
    const pjrt_sharding_kind kind = draft->subgroups[i];
    if (kind != PJRT_SHARDING_REPLICATED && kind != PJRT_SHARDING_MANUAL &&
        kind != PJRT_SHARDING_UNREDUCED) {
      return bad("with a subgroup that is not replicated, manual or unreduced");
    }
  }
  return NULL;
}

static pjrt_error *check_number(const pjrt_sharding *draft, size_t num_tiles) {
  if (draft->num_devices == num_tiles) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "a sharding with %zu tiles for %zu devices",
                           num_tiles, draft->num_devices);
}

static pjrt_error *check_iota(const pjrt_sharding *draft, size_t num_tiles) {
  pjrt_sharding counted = *draft;
  PJRT_TRY(multiply("devices", draft->iota_dims, draft->num_iota_dims,
                    &counted.num_devices));
  if (!pjrt_order_is_valid(draft->iota_order, draft->num_iota_dims)) {
    return bad("whose transposition does not name each dimension once");
  }
  return check_number(&counted, num_tiles);
}

/* ---- copying ------------------------------------------------------------- */

static pjrt_error *copy_list(const int64_t *list, size_t num,
                             const int64_t **out) {
  void *copy;
  PJRT_TRY(pjrt_alloc_copy(list, num, sizeof *list, &copy));
  *out = copy;
  return NULL;
}

static int compare_places(const void *a, const void *b) {
  const int64_t first = ((const pjrt_sharding_place *)a)->device;
  const int64_t second = ((const pjrt_sharding_place *)b)->device;
  return (first > second) - (first < second);
}

static int compare_devices(const void *a, const void *b) {
  const int64_t first = *(const int64_t *)a, second = *(const int64_t *)b;
  return (first > second) - (first < second);
}

static pjrt_error *check_places(const pjrt_sharding_place *places, size_t num) {
  if (num && places[0].device < 0) return bad("with a negative device");
  for (size_t i = 1; i < num; i++) {
    if (places[i].device != places[i - 1].device) continue;
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "a sharding that names device %lld twice",
                             (long long)places[i].device);
  }
  return NULL;
}

/* Sorted in groups of so many, whose order says nothing. */
static pjrt_error *copy_devices(const pjrt_sharding *draft, size_t group,
                                pjrt_sharding *out) {
  void *copy, *memory;
  const size_t num = draft->num_devices;
  PJRT_TRY(pjrt_alloc_copy(draft->devices, num, sizeof *out->devices, &copy));
  out->devices = copy;
  out->num_devices = num;
  int64_t *devices = copy;
  for (size_t i = 0; group > 1 && i < num; i += group) {
    qsort(devices + i, group, sizeof *devices, compare_devices);
  }
  PJRT_TRY(pjrt_alloc(num, sizeof *out->places, &memory));
  out->places = memory;
  pjrt_sharding_place *places = memory;
  for (size_t i = 0; i < num; i++) {
    places[i] = (pjrt_sharding_place){devices[i], i};
  }
  qsort(places, num, sizeof *places, compare_places);
  return check_places(places, num);
}

/* XLA's form of an iota: dimensions of one are left out, and those that stay
 * together, in order, are one. */
static pjrt_error *copy_iota(const pjrt_sharding *draft, pjrt_sharding *out) {
  int64_t dims[PJRT_MAX_RANK] = {0}, order[PJRT_MAX_RANK], last = -2;
  int64_t run_of[PJRT_MAX_RANK]; /* by dimension: the first of its run */
  size_t num = 0;
  for (size_t i = 0; i < draft->num_iota_dims; i++) run_of[i] = -1;
  for (size_t i = 0; i < draft->num_iota_dims; i++) {
    const int64_t d = draft->iota_order[i];
    int64_t next = last + 1;
    if (draft->iota_dims[d] == 1) continue;
    while (next >= 0 && next < d && draft->iota_dims[next] == 1) next++;
    if (next == d) {
      dims[num - 1] *= draft->iota_dims[d];
    } else {
      run_of[d] = (int64_t)num;
      dims[num++] = draft->iota_dims[d];
    }
    last = d;
  }
  if (num == 0) {
    run_of[0] = 0;
    dims[num++] = 1;
  }
  /* In the order of the dimensions, where until now it was the order after. */
  int64_t sorted[PJRT_MAX_RANK], place = 0;
  for (size_t d = 0; d < draft->num_iota_dims; d++) {
    if (run_of[d] < 0) continue;
    order[run_of[d]] = place;
    sorted[place++] = dims[run_of[d]];
  }
  out->num_iota_dims = num;
  PJRT_TRY(copy_list(sorted, num, &out->iota_dims));
  return copy_list(order, num, &out->iota_order);
}

static pjrt_error *copy_subgroups(const pjrt_sharding *draft,
                                  pjrt_sharding *out) {
  void *copy;
  PJRT_TRY(pjrt_alloc_copy(draft->subgroups, draft->num_subgroups,
                           sizeof *draft->subgroups, &copy));
  out->subgroups = copy;
  out->num_subgroups = draft->num_subgroups;
  return NULL;
}

/* ---- making -------------------------------------------------------------- */

static pjrt_error *fill_maximal(const pjrt_sharding *draft,
                                pjrt_sharding *out) {
  out->kind = PJRT_SHARDING_MAXIMAL;
  return copy_devices(draft, 1, out);
}

/* The devices of each tile, where all of them have all of it; 0 elsewhere. */
static size_t num_replicas(const pjrt_sharding *draft) {
  const bool is_replicated = draft->num_subgroups == 1 &&
                             draft->subgroups[0] == PJRT_SHARDING_REPLICATED;
  return is_replicated ? (size_t)draft->tile_dims[draft->num_tile_dims - 1] : 0;
}

static pjrt_error *fill_lists(const pjrt_sharding *draft, pjrt_sharding *out) {
  PJRT_TRY(copy_subgroups(draft, out));
  PJRT_TRY(copy_list(draft->tile_dims, draft->num_tile_dims, &out->tile_dims));
  out->num_tile_dims = draft->num_tile_dims;
  return draft->devices ? copy_devices(draft, num_replicas(draft), out)
                        : copy_iota(draft, out);
}

/* What says the same in fewer words is told so, as XLA does. */
static pjrt_error *fill_tiled(const pjrt_sharding *draft, pjrt_sharding *out) {
  size_t num;
  pjrt_sharding simple = *draft;
  PJRT_TRY(multiply("tiles", draft->tile_dims, draft->num_tile_dims, &num));
  PJRT_TRY(check_subgroups(draft));
  PJRT_TRY(draft->devices ? check_number(draft, num) : check_iota(draft, num));
  if (num == 1 && draft->devices) return fill_maximal(draft, out);
  if (num_replicas(draft) == num) {
    out->kind = PJRT_SHARDING_REPLICATED;
    return NULL;
  }
  if (num_replicas(draft) == 1) {
    simple.num_tile_dims--;
    simple.num_subgroups = 0;
  }
  simple.num_devices = num;
  out->num_devices = num;
  return fill_lists(&simple, out);
}

static pjrt_error *fill(const pjrt_sharding *draft, pjrt_sharding *out) {
  switch (draft->kind) {
    case PJRT_SHARDING_TILED:
      return fill_tiled(draft, out);
    case PJRT_SHARDING_MAXIMAL:
      if (draft->num_devices == 1) return fill_maximal(draft, out);
      return bad("on one device that names another number of them");
    case PJRT_SHARDING_REPLICATED:
    case PJRT_SHARDING_MANUAL:
    case PJRT_SHARDING_UNKNOWN:
    case PJRT_SHARDING_UNREDUCED:
      return NULL;
    case PJRT_SHARDING_TUPLE:
      return bad("of a tuple in a tuple");
  }
  return bad("of no known kind");
}

pjrt_error *pjrt_sharding_make(const pjrt_sharding *draft,
                               pjrt_sharding **out) {
  void *memory;
  *out = NULL;
  PJRT_TRY(pjrt_alloc(1, sizeof **out, &memory));
  pjrt_sharding *sharding = memory;
  sharding->kind = draft->kind;
  sharding->group = draft->group;
  sharding->group_id = draft->group_id;
  pjrt_error *error = fill(draft, sharding);
  if (error) {
    pjrt_sharding_free(sharding);
    return error;
  }
  *out = sharding;
  return NULL;
}

pjrt_error *pjrt_sharding_make_tuple(size_t num_elements, pjrt_sharding **out) {
  void *memory;
  *out = NULL;
  if (num_elements > PJRT_SHARDING_MAX_ELEMENTS) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "a sharding of a tuple of %zu, expected at most "
                             "%d",
                             num_elements, PJRT_SHARDING_MAX_ELEMENTS);
  }
  PJRT_TRY(pjrt_alloc(1, sizeof **out, &memory));
  pjrt_sharding *tuple = memory;
  tuple->kind = PJRT_SHARDING_TUPLE;
  pjrt_error *error =
      pjrt_alloc(num_elements, sizeof *tuple->elements, &memory);
  if (error) {
    pjrt_sharding_free(tuple);
    return error;
  }
  tuple->elements = memory;
  *out = tuple;
  return NULL;
}

void pjrt_sharding_free(pjrt_sharding *sharding) {
  if (!sharding) return;
  for (size_t i = 0; i < sharding->num_elements; i++) {
    pjrt_sharding_free(sharding->elements[i]); /* no tuples: see fill */
  }
  free(sharding->elements);
  free((void *)sharding->tile_dims);
  free((void *)sharding->subgroups);
  free((void *)sharding->devices);
  free((void *)sharding->places);
  free((void *)sharding->iota_dims);
  free((void *)sharding->iota_order);
  free(sharding);
}

/* ---- what it says -------------------------------------------------------- */

static const int64_t *list_of(const int64_t *list, size_t num,
                              size_t *out_num) {
  static const int64_t none = 0;
  if (out_num) *out_num = num;
  return list ? list : &none;
}

pjrt_sharding_kind pjrt_sharding_kind_of(const pjrt_sharding *sharding) {
  return sharding->kind;
}

size_t pjrt_sharding_num_elements(const pjrt_sharding *sharding) {
  return sharding->num_elements;
}

const pjrt_sharding *pjrt_sharding_element(const pjrt_sharding *sharding,
                                           size_t i) {
  return i < sharding->num_elements ? sharding->elements[i] : NULL;
}

const int64_t *pjrt_sharding_tiles(const pjrt_sharding *sharding,
                                   size_t *out_num) {
  return list_of(sharding->tile_dims, pjrt_sharding_rank(sharding), out_num);
}

size_t pjrt_sharding_num_subgroups(const pjrt_sharding *sharding) {
  return sharding->num_subgroups;
}

int64_t pjrt_sharding_subgroup(const pjrt_sharding *sharding, size_t i,
                               pjrt_sharding_kind *out_kind) {
  const bool is_there = i < sharding->num_subgroups;
  if (out_kind) {
    *out_kind = is_there ? sharding->subgroups[i] : PJRT_SHARDING_REPLICATED;
  }
  return is_there ? sharding->tile_dims[pjrt_sharding_rank(sharding) + i] : 0;
}

size_t pjrt_sharding_num_devices(const pjrt_sharding *sharding) {
  return sharding->num_devices;
}

const int64_t *pjrt_sharding_iota_dims(const pjrt_sharding *sharding,
                                       size_t *out_num) {
  return list_of(sharding->iota_dims, sharding->num_iota_dims, out_num);
}

const int64_t *pjrt_sharding_iota_order(const pjrt_sharding *sharding,
                                        size_t *out_num) {
  return list_of(sharding->iota_order, sharding->num_iota_dims, out_num);
}

pjrt_shard_group pjrt_sharding_group(const pjrt_sharding *sharding,
                                     int64_t *out_id) {
  if (out_id) *out_id = sharding->group_id;
  return sharding->group;
}
