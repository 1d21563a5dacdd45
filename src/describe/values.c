/* Errors, named values, layouts, arrays, key-value stores: what stands on no
 * device. */
#include <inttypes.h>
#include <string.h>

#include "core/named_values.h"
#include "describe/describe.h"

/* ---- errors -------------------------------------------------------------- */

void pjrt_describe_error(pjrt_builder *text, const pjrt_error *error) {
  size_t size;
  const char *message = pjrt_error_message(error, &size);
  pjrt_builder_appendf(text, "%s: ", pjrt_code_name(pjrt_error_code(error)));
  pjrt_describe_text(text, message, size);
}

static void append_origin(pjrt_builder *text, const pjrt_error *error) {
  const char *call = pjrt_error_call(error);
  const char *plugin = pjrt_error_plugin(error);
  if (!*call && !*plugin) return;
  pjrt_builder_appendf(text, " (%s%s", call, *call && *plugin ? " on " : "");
  pjrt_describe_text(text, plugin, strlen(plugin));
  pjrt_builder_appendf(text, ")");
}

static void append_payloads(pjrt_builder *text, const pjrt_error *error) {
  for (size_t i = 0; i < pjrt_error_num_payloads(error); i++) {
    size_t key_size, size;
    const char *key = pjrt_error_payload_key(error, i, &key_size);
    const char *value = pjrt_error_payload_value(error, i, &size);
    pjrt_describe_line(text);
    pjrt_describe_text(text, key, key_size);
    pjrt_builder_appendf(text, ": ");
    pjrt_describe_text(text, value, size);
  }
}

pjrt_error *pjrt_error_describe(const pjrt_error *error, pjrt_detail detail,
                                char **out, size_t *out_size) {
  pjrt_builder text;
  if (pjrt_describe_begin(&text, error, "error")) {
    pjrt_describe_error(&text, error);
    append_origin(&text, error);
    if (detail == PJRT_ALL_LINES) append_payloads(&text, error);
  }
  return pjrt_builder_finish(&text, out, out_size);
}

/* ---- named values -------------------------------------------------------- */

static void append_value(pjrt_builder *text, const pjrt_named_value *value) {
  switch (value->kind) {
    case PJRT_VALUE_STRING:
      pjrt_builder_append(text, "\"", 1);
      pjrt_describe_text(text, value->string, value->value_size);
      pjrt_builder_append(text, "\"", 1);
      return;
    case PJRT_VALUE_INT64:
      pjrt_builder_appendf(text, "%" PRId64, value->int64);
      return;
    case PJRT_VALUE_INT64_LIST:
      pjrt_describe_list(text, "[]", value->int64_list, value->value_size);
      return;
    case PJRT_VALUE_FLOAT:
      pjrt_builder_appendf(text, "%.9g", (double)value->float32);
      return;
    case PJRT_VALUE_BOOL:
      pjrt_builder_appendf(text, value->boolean ? "true" : "false");
      return;
  }
  pjrt_builder_appendf(text, "a value of kind %d", (int)value->kind);
}

void pjrt_describe_values(pjrt_builder *text, const pjrt_named_values *values) {
  const pjrt_named_value *value;
  for (size_t i = 0; (value = pjrt_named_values_at(values, i)); i++) {
    pjrt_describe_line(text);
    pjrt_describe_text(text, value->name, value->name_size);
    pjrt_builder_append(text, "=", 1);
    append_value(text, value);
  }
}

static void append_names(pjrt_builder *text, const pjrt_named_values *values) {
  const pjrt_named_value *value;
  for (size_t i = 0; (value = pjrt_named_values_at(values, i)); i++) {
    pjrt_builder_appendf(text, i ? ", " : ": ");
    pjrt_describe_text(text, value->name, value->name_size);
  }
}

pjrt_error *pjrt_named_values_describe(const pjrt_named_values *values,
                                       pjrt_detail detail, char **out,
                                       size_t *out_size) {
  pjrt_builder text;
  if (pjrt_describe_begin(&text, values, "named values")) {
    pjrt_describe_count(&text, pjrt_named_values_size(values), "named value");
    if (detail == PJRT_ALL_LINES) {
      pjrt_describe_values(&text, values);
    } else {
      append_names(&text, values);
    }
  }
  return pjrt_builder_finish(&text, out, out_size);
}

/* ---- layouts ------------------------------------------------------------- */

static void append_tiles(pjrt_builder *text, const pjrt_layout *layout) {
  size_t num;
  const size_t num_tiles = pjrt_layout_num_tiles(layout);
  for (size_t i = 0; i < num_tiles; i++) {
    const int64_t *tile = pjrt_layout_tile(layout, i, &num);
    pjrt_builder_appendf(text, i ? "" : " in tiles ");
    pjrt_describe_list(text, "()", tile, num);
  }
}

pjrt_error *pjrt_layout_describe(const pjrt_layout *layout, pjrt_detail detail,
                                 char **out, size_t *out_size) {
  pjrt_builder text;
  size_t num;
  (void)detail;
  if (pjrt_describe_begin(&text, layout, "layout")) {
    if (pjrt_layout_kind_of(layout) == PJRT_LAYOUT_STRIDES) {
      const int64_t *strides = pjrt_layout_byte_strides(layout, &num);
      pjrt_builder_appendf(&text, "layout of byte strides ");
      pjrt_describe_list(&text, "()", strides, num);
    } else {
      const int64_t *order = pjrt_layout_minor_to_major(layout, &num);
      pjrt_builder_appendf(&text, "layout ");
      pjrt_describe_list(&text, "{}", order, num);
      append_tiles(&text, layout);
    }
  }
  return pjrt_builder_finish(&text, out, out_size);
}

/* ---- arrays -------------------------------------------------------------- */

static void append_array(pjrt_builder *text, const pjrt_array *array) {
  size_t num;
  const int64_t *dims = pjrt_array_dims(array, &num);
  pjrt_builder_appendf(text, "array ");
  pjrt_describe_shape(text, pjrt_array_dtype(array), dims, num);
  pjrt_builder_appendf(text, ", ");
  pjrt_describe_count(text, pjrt_array_size(array), "byte");
  if (!pjrt_array_is_dense(array)) pjrt_builder_appendf(text, ", not dense");
}

pjrt_error *pjrt_array_describe(const pjrt_array *array, pjrt_detail detail,
                                char **out, size_t *out_size) {
  pjrt_builder text;
  size_t num;
  if (pjrt_describe_begin(&text, array, "array")) {
    append_array(&text, array);
    if (detail == PJRT_ALL_LINES) {
      const int64_t *strides = pjrt_array_byte_strides(array, &num);
      pjrt_describe_line(&text);
      pjrt_builder_appendf(&text, "at %p, byte strides ",
                           pjrt_array_data(array));
      pjrt_describe_list(&text, "()", strides, num);
    }
  }
  return pjrt_builder_finish(&text, out, out_size);
}

/* ---- key-value stores ---------------------------------------------------- */

pjrt_error *pjrt_kvstore_describe(pjrt_kvstore *store, pjrt_detail detail,
                                  char **out, size_t *out_size) {
  pjrt_builder text;
  (void)detail;
  if (pjrt_describe_begin(&text, store, "key-value store")) {
    const char *name = store->functions.name;
    pjrt_builder_appendf(&text, "key-value store ");
    pjrt_describe_text(&text, name, strlen(name));
    pthread_mutex_lock(&store->mutex);
    if (store->is_cancelled) pjrt_builder_appendf(&text, ", cancelled");
    pthread_mutex_unlock(&store->mutex);
  }
  return pjrt_builder_finish(&text, out, out_size);
}

pjrt_error *pjrt_kvstore_value_describe(const pjrt_kvstore_value *value,
                                        pjrt_detail detail, char **out,
                                        size_t *out_size) {
  pjrt_builder text;
  (void)detail;
  if (pjrt_describe_begin(&text, value, "value")) {
    if (pjrt_kvstore_value_is_set(value)) {
      pjrt_builder_appendf(&text, "value of ");
      pjrt_describe_count(&text, value->size, "byte");
    } else {
      pjrt_builder_appendf(&text, "value that is not set");
    }
  }
  return pjrt_builder_finish(&text, out, out_size);
}
