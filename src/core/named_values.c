#include "core/named_values.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"

struct pjrt_named_values {
  pjrt_named_value *items;
  size_t size;
  size_t capacity;
};

pjrt_error *pjrt_named_values_create(pjrt_named_values **out) {
  *out = NULL;
  void *values;
  PJRT_TRY(pjrt_alloc(1, sizeof **out, &values));
  *out = values;
  return NULL;
}

static void clear_item(pjrt_named_value *item) {
  free((char *)item->name);
  if (item->kind == PJRT_VALUE_STRING) free((char *)item->string);
  if (item->kind == PJRT_VALUE_INT64_LIST) free((int64_t *)item->int64_list);
}

void pjrt_named_values_free(pjrt_named_values *values) {
  if (!values) return;
  for (size_t i = 0; i < values->size; i++) clear_item(&values->items[i]);
  free(values->items);
  free(values);
}

static pjrt_error *copy_value(const pjrt_named_value *from,
                              pjrt_named_value *to) {
  if (from->kind == PJRT_VALUE_STRING) {
    to->value_size = pjrt_text_size(from->string, from->value_size);
    char *copy;
    PJRT_TRY(pjrt_text_copy(from->string, to->value_size, &copy));
    to->string = copy;
  } else if (from->kind == PJRT_VALUE_INT64_LIST) {
    to->value_size = from->int64_list ? from->value_size : 0;
    void *copy;
    PJRT_TRY(pjrt_alloc_copy(from->int64_list, to->value_size, sizeof(int64_t),
                             &copy));
    to->int64_list = copy;
  }
  return NULL;
}

/* A deep copy. On failure `out` holds nothing. */
static pjrt_error *copy_item(const pjrt_named_value *from,
                             pjrt_named_value *out) {
  *out = *from;
  out->name_size = pjrt_text_size(from->name, from->name_size);
  char *name;
  PJRT_TRY(pjrt_text_copy(from->name, out->name_size, &name));
  out->name = name;
  pjrt_error *error = copy_value(from, out);
  if (error) free(name);
  return error;
}

static pjrt_error *reserve_one(pjrt_named_values *values) {
  if (values->size < values->capacity) return NULL;
  size_t capacity = values->capacity ? 2 * values->capacity : 8;
  size_t bytes;
  if (!pjrt_size_mul(capacity, sizeof *values->items, &bytes)) {
    return pjrt_error_out_of_memory();
  }
  pjrt_named_value *items = realloc(values->items, bytes);
  if (!items) return pjrt_error_out_of_memory();
  values->items = items;
  values->capacity = capacity;
  return NULL;
}

pjrt_error *pjrt_named_values_append(pjrt_named_values *values,
                                     const pjrt_named_value *value) {
  PJRT_TRY(reserve_one(values));
  PJRT_TRY(copy_item(value, &values->items[values->size]));
  values->size++;
  return NULL;
}

/* Appends, or replaces the value of a name that is there. */
static pjrt_error *set(pjrt_named_values *values,
                       const pjrt_named_value *value) {
  size_t name_size = pjrt_text_size(value->name, value->name_size);
  if (!name_size) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "a named value needs a name, got an empty one");
  }
  size_t i = pjrt_named_values_find(values, value->name, name_size);
  if (i == values->size) return pjrt_named_values_append(values, value);
  pjrt_named_value copy;
  PJRT_TRY(copy_item(value, &copy));
  clear_item(&values->items[i]);
  values->items[i] = copy;
  return NULL;
}

pjrt_error *pjrt_named_values_set_string(pjrt_named_values *values,
                                         const char *name, size_t name_size,
                                         const char *value, size_t value_size) {
  return set(values, &(pjrt_named_value){.name = name,
                                         .name_size = name_size,
                                         .kind = PJRT_VALUE_STRING,
                                         .string = value,
                                         .value_size = value_size});
}

pjrt_error *pjrt_named_values_set_int64(pjrt_named_values *values,
                                        const char *name, size_t name_size,
                                        int64_t value) {
  return set(values, &(pjrt_named_value){.name = name,
                                         .name_size = name_size,
                                         .kind = PJRT_VALUE_INT64,
                                         .int64 = value,
                                         .value_size = 1});
}

pjrt_error *pjrt_named_values_set_int64_list(pjrt_named_values *values,
                                             const char *name, size_t name_size,
                                             const int64_t *list,
                                             size_t num_list) {
  return set(values, &(pjrt_named_value){.name = name,
                                         .name_size = name_size,
                                         .kind = PJRT_VALUE_INT64_LIST,
                                         .int64_list = list,
                                         .value_size = num_list});
}

pjrt_error *pjrt_named_values_set_float(pjrt_named_values *values,
                                        const char *name, size_t name_size,
                                        float value) {
  return set(values, &(pjrt_named_value){.name = name,
                                         .name_size = name_size,
                                         .kind = PJRT_VALUE_FLOAT,
                                         .float32 = value,
                                         .value_size = 1});
}

pjrt_error *pjrt_named_values_set_bool(pjrt_named_values *values,
                                       const char *name, size_t name_size,
                                       bool value) {
  return set(values, &(pjrt_named_value){.name = name,
                                         .name_size = name_size,
                                         .kind = PJRT_VALUE_BOOL,
                                         .boolean = value,
                                         .value_size = 1});
}

size_t pjrt_named_values_size(const pjrt_named_values *values) {
  return values ? values->size : 0;
}

size_t pjrt_named_values_find(const pjrt_named_values *values, const char *name,
                              size_t name_size) {
  name_size = pjrt_text_size(name, name_size);
  size_t size = pjrt_named_values_size(values);
  for (size_t i = 0; i < size; i++) {
    const pjrt_named_value *item = &values->items[i];
    if (item->name_size == name_size &&
        (!name_size || memcmp(item->name, name, name_size) == 0)) {
      return i;
    }
  }
  return size;
}

const pjrt_named_value *pjrt_named_values_at(const pjrt_named_values *values,
                                             size_t i) {
  return i < pjrt_named_values_size(values) ? &values->items[i] : NULL;
}

/* The i-th value if it has this kind, else NULL. */
static const pjrt_named_value *at_kind(const pjrt_named_values *values,
                                       size_t i, pjrt_value_kind kind) {
  const pjrt_named_value *item = pjrt_named_values_at(values, i);
  return item && item->kind == kind ? item : NULL;
}

const char *pjrt_named_values_name(const pjrt_named_values *values, size_t i,
                                   size_t *out_size) {
  const pjrt_named_value *item = pjrt_named_values_at(values, i);
  if (out_size) *out_size = item ? item->name_size : 0;
  return item ? item->name : "";
}

pjrt_value_kind pjrt_named_values_kind(const pjrt_named_values *values,
                                       size_t i) {
  const pjrt_named_value *item = pjrt_named_values_at(values, i);
  return item ? item->kind : (pjrt_value_kind)-1;
}

const char *pjrt_named_values_string(const pjrt_named_values *values, size_t i,
                                     size_t *out_size) {
  const pjrt_named_value *item = at_kind(values, i, PJRT_VALUE_STRING);
  if (out_size) *out_size = item ? item->value_size : 0;
  return item ? item->string : "";
}

int64_t pjrt_named_values_int64(const pjrt_named_values *values, size_t i) {
  const pjrt_named_value *item = at_kind(values, i, PJRT_VALUE_INT64);
  return item ? item->int64 : 0;
}

const int64_t *pjrt_named_values_int64_list(const pjrt_named_values *values,
                                            size_t i, size_t *out_num) {
  const pjrt_named_value *item = at_kind(values, i, PJRT_VALUE_INT64_LIST);
  if (out_num) *out_num = item ? item->value_size : 0;
  return item ? item->int64_list : NULL;
}

float pjrt_named_values_float(const pjrt_named_values *values, size_t i) {
  const pjrt_named_value *item = at_kind(values, i, PJRT_VALUE_FLOAT);
  return item ? item->float32 : 0;
}

bool pjrt_named_values_bool(const pjrt_named_values *values, size_t i) {
  const pjrt_named_value *item = at_kind(values, i, PJRT_VALUE_BOOL);
  return item && item->boolean;
}
