#include "mlir/names.h"

#include <stdlib.h>
#include <string.h>

/* FNV-1a. */
static uint32_t hash_of(const char *text, size_t size) {
  uint32_t hash = 2166136261u;
  for (size_t i = 0; i < size; i++) {
    hash = (hash ^ (unsigned char)text[i]) * 16777619u;
  }
  return hash;
}

const mlir_name *mlir_names_find(const mlir_names *names, const char *text,
                                 size_t size) {
  if (!names->num_buckets) return NULL;
  uint32_t hash = hash_of(text, size);
  uint32_t at = names->buckets[hash & (names->num_buckets - 1)];
  while (at) {
    const mlir_name *name = &names->names[at - 1];
    if (name->hash == hash && name->size == size &&
        memcmp(name->text, text, size) == 0) {
      return name;
    }
    at = name->next;
  }
  return NULL;
}

static void link_name(mlir_names *names, size_t index) {
  mlir_name *name = &names->names[index];
  uint32_t *bucket = &names->buckets[name->hash & (names->num_buckets - 1)];
  name->next = *bucket;
  *bucket = (uint32_t)index + 1;
}

/* Twice the room. Names stay in order, so that the newest comes first in its
 * bucket. */
static bool grow(mlir_names *names) {
  size_t capacity = names->capacity ? 2 * names->capacity : 64;
  if (capacity > UINT32_MAX / 2) return false;
  mlir_name *items = realloc(names->names, capacity * sizeof *items);
  if (!items) return false;
  names->names = items;
  uint32_t *buckets = calloc(capacity, sizeof *buckets);
  if (!buckets) return false;
  free(names->buckets);
  names->buckets = buckets;
  names->num_buckets = names->capacity = capacity;
  for (size_t i = 0; i < names->num; i++) link_name(names, i);
  return true;
}

bool mlir_names_add(mlir_names *names, const mlir_name *name) {
  if (names->num == names->capacity && !grow(names)) return false;
  mlir_name *added = &names->names[names->num];
  *added = *name;
  added->hash = hash_of(name->text, name->size);
  link_name(names, names->num++);
  return true;
}

void mlir_names_pop(mlir_names *names, size_t num) {
  while (names->num > num) {
    const mlir_name *last = &names->names[--names->num];
    names->buckets[last->hash & (names->num_buckets - 1)] = last->next;
  }
}

void mlir_names_clear(mlir_names *names) {
  free(names->names);
  free(names->buckets);
  *names = (mlir_names){0};
}
