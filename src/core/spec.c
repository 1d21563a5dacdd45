#include "core/spec.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

/* A power of two of slots, at most half of them taken, probed one after the
 * other. A table that grows keeps its old slots, since other threads may still
 * read them; together they are smaller than the newest. */
struct pjrt_spec_slots {
  pjrt_spec_slots *older;
  size_t num;
  _Atomic(pjrt_spec *) at[];
};

enum { FIRST_SLOTS = 64 };

void pjrt_spec_table_init(pjrt_spec_table *table) {
  atomic_init(&table->slots, NULL);
  pthread_mutex_init(&table->add, NULL);
  table->num_specs = 0;
}

void pjrt_spec_table_destroy(pjrt_spec_table *table) {
  pjrt_spec_slots *slots = atomic_load(&table->slots);
  for (size_t i = 0; slots && i < slots->num; i++) {
    free(atomic_load(&slots->at[i]));
  }
  while (slots) {
    pjrt_spec_slots *older = slots->older;
    free(slots);
    slots = older;
  }
  pthread_mutex_destroy(&table->add);
}

/* ---- contents ------------------------------------------------------------ */

/* What is asked for, before there is a spec of it. */
typedef struct contents {
  uint64_t hash;
  pjrt_dtype dtype;
  pjrt_spec_order order;
  const int64_t *dims;
  size_t num_dims;
  const int64_t *minor_to_major;
  struct pjrt_device *device;
} contents;

static uint64_t mix(uint64_t hash, uint64_t value) {
  hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
  return hash ^ (hash >> 29);
}

static uint64_t hash_of(const contents *key) {
  uint64_t hash = mix((uint64_t)key->dtype, (uint64_t)key->order);
  hash = mix(hash, (uintptr_t)key->device);
  hash = mix(hash, key->num_dims);
  for (size_t i = 0; i < key->num_dims; i++) {
    hash = mix(hash, (uint64_t)key->dims[i]);
    if (key->order == PJRT_ORDER_GIVEN) {
      hash = mix(hash, (uint64_t)key->minor_to_major[i]);
    }
  }
  return hash;
}

/* memcmp with a pointer that may be NULL for nothing. */
static bool same(const int64_t *a, const int64_t *b, size_t num) {
  return num == 0 || memcmp(a, b, num * sizeof *a) == 0;
}

static bool holds(const pjrt_spec *spec, const contents *key) {
  return spec->hash == key->hash && spec->dtype == key->dtype &&
         spec->order == key->order && spec->device == key->device &&
         spec->num_dims == key->num_dims &&
         same(spec->dims, key->dims, key->num_dims) &&
         (key->order != PJRT_ORDER_GIVEN ||
          same(spec->minor_to_major, key->minor_to_major, key->num_dims));
}

bool pjrt_order_is_valid(const int64_t *minor_to_major, size_t num_dims) {
  uint64_t seen = 0;
  if (num_dims > PJRT_MAX_RANK) return false;
  for (size_t i = 0; i < num_dims; i++) {
    if (minor_to_major[i] < 0 || (uint64_t)minor_to_major[i] >= num_dims) {
      return false;
    }
    seen |= UINT64_C(1) << minor_to_major[i];
  }
  return seen == (num_dims == PJRT_MAX_RANK ? UINT64_MAX
                                            : (UINT64_C(1) << num_dims) - 1);
}

static bool is_row_major(const int64_t *minor_to_major, size_t num_dims) {
  for (size_t i = 0; i < num_dims; i++) {
    if (minor_to_major[i] != (int64_t)(num_dims - 1 - i)) return false;
  }
  return true;
}

static pjrt_error *make(const contents *key, pjrt_spec **out) {
  size_t num_elements;
  size_t element_size = pjrt_dtype_host_size(key->dtype);
  PJRT_TRY(pjrt_dims_num_elements(key->dims, key->num_dims,
                                  element_size ? element_size : 1,
                                  &num_elements));
  size_t numbers = key->num_dims * (key->order == PJRT_ORDER_GIVEN ? 3 : 2);
  pjrt_spec *spec = calloc(1, sizeof *spec + numbers * sizeof(int64_t));
  if (!spec) return pjrt_error_out_of_memory();
  spec->hash = key->hash;
  spec->device = key->device;
  spec->dtype = key->dtype;
  spec->order = key->order;
  spec->host_size = num_elements * element_size;
  spec->num_dims = key->num_dims;
  size_t bytes = key->num_dims * sizeof(int64_t);
  if (bytes) memcpy(spec->dims, key->dims, bytes);
  int64_t *row_major = spec->dims + key->num_dims;
  for (size_t i = 0; i < key->num_dims; i++) {
    row_major[i] = (int64_t)(key->num_dims - 1 - i);
  }
  spec->row_major = row_major;
  if (key->order == PJRT_ORDER_GIVEN) {
    spec->minor_to_major = row_major + key->num_dims;
    memcpy(row_major + key->num_dims, key->minor_to_major, bytes);
  }
  *out = spec;
  return NULL;
}

/* ---- the table ----------------------------------------------------------- */

static pjrt_spec *find(pjrt_spec_slots *slots, const contents *key) {
  if (!slots) return NULL;
  for (size_t i = key->hash;; i++) {
    pjrt_spec *spec = atomic_load_explicit(&slots->at[i & (slots->num - 1)],
                                           memory_order_acquire);
    if (!spec || holds(spec, key)) return spec;
  }
}

static void put(pjrt_spec_slots *slots, pjrt_spec *spec) {
  size_t i = spec->hash;
  while (atomic_load_explicit(&slots->at[i & (slots->num - 1)],
                              memory_order_relaxed)) {
    i++;
  }
  atomic_store_explicit(&slots->at[i & (slots->num - 1)], spec,
                        memory_order_release);
}

/* Makes room for one more. */
static pjrt_error *reserve(pjrt_spec_table *table) {
  pjrt_spec_slots *old =
      atomic_load_explicit(&table->slots, memory_order_relaxed);
  if (old && table->num_specs < old->num / 2) return NULL;
  size_t num = old ? old->num * 2 : FIRST_SLOTS;
  pjrt_spec_slots *slots = calloc(1, sizeof *slots + num * sizeof slots->at[0]);
  if (!slots) return pjrt_error_out_of_memory();
  slots->older = old;
  slots->num = num;
  for (size_t i = 0; old && i < old->num; i++) {
    pjrt_spec *spec = atomic_load_explicit(&old->at[i], memory_order_relaxed);
    if (spec) put(slots, spec);
  }
  atomic_store_explicit(&table->slots, slots, memory_order_release);
  return NULL;
}

/* With the lock held; another thread may have been faster. */
static pjrt_error *add(pjrt_spec_table *table, const contents *key,
                       const pjrt_spec **out) {
  pjrt_spec *spec =
      find(atomic_load_explicit(&table->slots, memory_order_relaxed), key);
  if (!spec) {
    PJRT_TRY(reserve(table));
    PJRT_TRY(make(key, &spec));
    put(atomic_load_explicit(&table->slots, memory_order_relaxed), spec);
    table->num_specs++;
  }
  *out = spec;
  return NULL;
}

pjrt_error *pjrt_spec_intern(pjrt_spec_table *table, pjrt_dtype dtype,
                             const int64_t *dims, size_t num_dims,
                             pjrt_spec_order order,
                             const int64_t *minor_to_major,
                             struct pjrt_device *device,
                             const pjrt_spec **out) {
  contents key = {.dtype = dtype,
                  .order = order,
                  .dims = dims,
                  .num_dims = num_dims,
                  .minor_to_major = minor_to_major,
                  .device = device};
  if (order == PJRT_ORDER_GIVEN && is_row_major(minor_to_major, num_dims)) {
    key.order = PJRT_ORDER_ROW_MAJOR;
  }
  key.hash = hash_of(&key);
  *out = find(atomic_load_explicit(&table->slots, memory_order_acquire), &key);
  if (*out) return NULL;
  pthread_mutex_lock(&table->add);
  pjrt_error *error = add(table, &key, out);
  pthread_mutex_unlock(&table->add);
  return error;
}

/* ---- comparing and printing ---------------------------------------------- */

/* What a dynamic parameter takes, a plugin alone can tell. */
bool pjrt_spec_same_shape(const pjrt_spec *actual, const pjrt_spec *expected) {
  size_t num_dims = expected->num_dims;
  if (actual->dtype != expected->dtype || actual->num_dims != num_dims) {
    return false;
  }
  if (!same(actual->dims, expected->dims, num_dims)) return false;
  if (actual->order == PJRT_ORDER_UNKNOWN ||
      expected->order == PJRT_ORDER_UNKNOWN ||
      expected->order == PJRT_ORDER_DYNAMIC) {
    return true;
  }
  if (actual->order != expected->order) return false;
  return actual->order != PJRT_ORDER_GIVEN ||
         same(actual->minor_to_major, expected->minor_to_major, num_dims);
}

bool pjrt_spec_fits(const pjrt_spec *actual, const pjrt_spec *expected) {
  if (actual == expected) return true;
  if (expected->device && actual->device != expected->device) return false;
  return pjrt_spec_same_shape(actual, expected);
}

static size_t print_list(char *out, size_t size, size_t at,
                         const char *brackets, const int64_t *list,
                         size_t num) {
  for (size_t i = 0; i < num && at < size; i++) {
    at += (size_t)snprintf(out + at, size - at, "%c%" PRId64,
                           i ? ',' : brackets[0], list[i]);
  }
  if (num == 0 && at < size) {
    at += (size_t)snprintf(out + at, size - at, "%c", brackets[0]);
  }
  if (at < size) at += (size_t)snprintf(out + at, size - at, "%c", brackets[1]);
  return at;
}

void pjrt_spec_print(const pjrt_spec *spec, char out[PJRT_SPEC_TEXT_SIZE]) {
  size_t size = PJRT_SPEC_TEXT_SIZE;
  size_t at = (size_t)snprintf(out, size, "%s", pjrt_dtype_name(spec->dtype));
  at = print_list(out, size, at, "[]", spec->dims, spec->num_dims);
  if (spec->order == PJRT_ORDER_GIVEN && at < size) {
    print_list(out, size, at, "{}", spec->minor_to_major, spec->num_dims);
  }
  if (spec->order == PJRT_ORDER_DYNAMIC && at < size) {
    snprintf(out + at, size - at, " (dynamic)");
  }
}
