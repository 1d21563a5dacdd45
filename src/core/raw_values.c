#include "core/raw_values.h"

#include <stdlib.h>

#include "abi/counts.h"
#include "base/alloc.h"
#include "base/error.h"
#include "core/named_values.h"

static pjrt_named_value from_raw(const PJRT_NamedValue *raw) {
  pjrt_named_value value = {.name = raw->name,
                            .name_size = raw->name_size,
                            .kind = (pjrt_value_kind)raw->type,
                            .value_size = raw->value_size};
  switch (raw->type) {
    case PJRT_NamedValue_kString:
      value.string = raw->string_value;
      break;
    case PJRT_NamedValue_kInt64:
      value.int64 = raw->int64_value;
      break;
    case PJRT_NamedValue_kInt64List:
      value.int64_list = raw->int64_array_value;
      break;
    case PJRT_NamedValue_kFloat:
      value.float32 = raw->float_value;
      break;
    case PJRT_NamedValue_kBool:
      value.boolean = raw->bool_value;
      break;
  }
  return value;
}

static pjrt_error *check(const PJRT_NamedValue *raw) {
  PJRT_TRY(pjrt_count_check("name_size", raw->name_size, raw->name));
  if (raw->type == PJRT_NamedValue_kString ||
      raw->type == PJRT_NamedValue_kInt64List) {
    return pjrt_count_check("value_size", raw->value_size, raw->string_value);
  }
  return NULL;
}

static pjrt_error *append(const PJRT_NamedValue *raw,
                          pjrt_named_values *values) {
  PJRT_TRY(check(raw));
  const pjrt_named_value value = from_raw(raw);
  return pjrt_named_values_append(values, &value);
}

pjrt_error *pjrt_named_values_from_raw(const PJRT_NamedValue *raw, size_t num,
                                       pjrt_named_values **out) {
  PJRT_TRY(pjrt_named_values_create(out));
  for (size_t i = 0; raw && i < num; i++) {
    pjrt_error *error = append(&raw[i], *out);
    if (!error) continue;
    pjrt_named_values_free(*out);
    *out = NULL;
    return error;
  }
  return NULL;
}

static pjrt_error *to_raw(const pjrt_named_value *value, PJRT_NamedValue *raw) {
  raw->name = value->name;
  raw->name_size = value->name_size;
  raw->type = (PJRT_NamedValue_Type)value->kind;
  raw->value_size = value->value_size;
  switch (value->kind) {
    case PJRT_VALUE_STRING:
      raw->string_value = value->string;
      return NULL;
    case PJRT_VALUE_INT64:
      raw->int64_value = value->int64;
      return NULL;
    case PJRT_VALUE_INT64_LIST:
      raw->int64_array_value = value->int64_list;
      return NULL;
    case PJRT_VALUE_FLOAT:
      raw->float_value = value->float32;
      return NULL;
    case PJRT_VALUE_BOOL:
      raw->bool_value = value->boolean;
      return NULL;
  }
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "option %s is of kind %d, which this library cannot "
                           "pass to a plugin",
                           value->name, (int)value->kind);
}

pjrt_error *pjrt_named_values_to_raw(const pjrt_named_values *values,
                                     const pjrt_plugin *plugin,
                                     PJRT_NamedValue **out, size_t *out_num) {
  size_t num = pjrt_named_values_size(values);
  *out = NULL;
  *out_num = 0;
  if (num == 0) return NULL;
  void *memory;
  /* One more than needed: the zero reserve behind the last one. */
  PJRT_TRY(pjrt_alloc(num + 1, sizeof **out, &memory));
  PJRT_NamedValue *raw = memory;
  for (size_t i = 0; i < num; i++) {
    raw[i].struct_size = plugin->struct_size[PJRT_STRUCT_PJRT_NamedValue];
    pjrt_error *error = to_raw(pjrt_named_values_at(values, i), &raw[i]);
    if (!error) continue;
    free(raw);
    return error;
  }
  *out = raw;
  *out_num = num;
  return NULL;
}
