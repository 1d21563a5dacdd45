/* Compile options with any fields: an object around their serialized form. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#include "core/compile_options.h"
#include "options/proto.h"

#define OPTIONS pjrt_proto_options()

/* A profile may be megabytes, in base64. */
#define MAX_FILE_SIZE ((size_t)256 << 20)

/* ---- making -------------------------------------------------------------- */

/* Takes `data`, even when it fails. */
static pjrt_error *create_from(void *data, size_t size,
                               pjrt_compile_options **out) {
  void *options;
  pjrt_error *error = pjrt_alloc(1, sizeof **out, &options);
  if (error) {
    free(data);
    return error;
  }
  *out = options;
  **out = (pjrt_compile_options){.data = data, .size = size};
  return NULL;
}

pjrt_error *pjrt_compile_options_create(const pjrt_compile_opts *opts,
                                        pjrt_compile_options **out) {
  pjrt_compile_opts known;
  void *data;
  size_t size;
  *out = NULL;
  PJRT_TRY(pjrt_compile_opts_read(opts, &known));
  if (known.serialized) {
    return pjrt_compile_options_parse(known.serialized, known.serialized_size,
                                      out);
  }
  PJRT_TRY(pjrt_compile_opts_serialize(&known, known.device_ids,
                                       known.num_device_ids, &data, &size));
  return create_from(data, size, out);
}

pjrt_error *pjrt_compile_options_parse(const void *serialized,
                                       size_t serialized_size,
                                       pjrt_compile_options **out) {
  *out = NULL;
  if (!serialized && serialized_size > 0) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "serialized is NULL");
  }
  pjrt_error *error = pjrt_proto_check(OPTIONS, serialized, serialized_size);
  if (error) {
    pjrt_error_prefix(error, "compile options");
    return error;
  }
  void *copy;
  PJRT_TRY(pjrt_alloc_copy(serialized, serialized_size, 1, &copy));
  return create_from(copy, serialized_size, out);
}

/* What comes later in a message replaces what came before it. A field by its
 * number may hold anything, so that the whole has to be checked. */
static pjrt_error *put_json(const char *json, size_t size,
                            pjrt_builder *message) {
  pjrt_compile_opts defaults;
  void *data;
  size_t data_size;
  pjrt_compile_opts_init(&defaults);
  PJRT_TRY(pjrt_compile_opts_serialize(&defaults, NULL, 0, &data, &data_size));
  pjrt_builder_append(message, data, data_size);
  free(data);
  PJRT_TRY(pjrt_proto_parse(OPTIONS, json, size, message));
  return pjrt_proto_check(OPTIONS, message->data, message->size);
}

/* `name` is what messages start with. */
static pjrt_error *from_json(const char *name, const char *json, size_t size,
                             pjrt_compile_options **out) {
  pjrt_builder message = {0};
  char *data;
  size_t data_size;
  pjrt_error *error = put_json(json, size, &message);
  if (error) {
    pjrt_builder_clear(&message);
    pjrt_error_prefix(error, "%s", name);
    return error;
  }
  PJRT_TRY(pjrt_builder_finish(&message, &data, &data_size));
  return create_from(data, data_size, out);
}

pjrt_error *pjrt_compile_options_from_json(const char *json, size_t json_size,
                                           pjrt_compile_options **out) {
  *out = NULL;
  return from_json("compile options", json, pjrt_text_size(json, json_size),
                   out);
}

pjrt_error *pjrt_compile_options_read(const char *path, size_t path_size,
                                      pjrt_compile_options **out) {
  *out = NULL;
  char *name;
  PJRT_TRY(pjrt_text_copy_path("compile options", path, path_size, &name));
  char *json;
  size_t size;
  pjrt_error *error =
      pjrt_file_read("compile options", name, MAX_FILE_SIZE, &json, &size);
  if (!error) {
    error = from_json(name, json, size, out);
    free(json);
  }
  free(name);
  return error;
}

void pjrt_compile_options_free(pjrt_compile_options *options) {
  if (!options) return;
  free(options->data);
  free(options);
}

/* ---- changing ------------------------------------------------------------ */

/* Puts `payload`, whole fields, where the path leads; takes it. */
static pjrt_error *replace(pjrt_compile_options *options,
                           const pjrt_proto_target *target,
                           pjrt_builder *payload) {
  pjrt_builder message = {0};
  char *data = NULL;
  size_t size = 0;
  pjrt_error *error = pjrt_proto_replace(OPTIONS, options->data, options->size,
                                         target, payload, &message);
  pjrt_builder_clear(payload);
  if (!error) error = pjrt_proto_check(OPTIONS, message.data, message.size);
  if (error) {
    pjrt_builder_clear(&message);
    pjrt_error_prefix(error, "compile options");
    return error;
  }
  PJRT_TRY(pjrt_builder_finish(&message, &data, &size));
  free(options->data);
  *options = (pjrt_compile_options){.data = data, .size = size};
  return NULL;
}

/* A value for a field, made by one of the functions below from `from`. */
typedef pjrt_error *(*make_payload)(const pjrt_proto_target *target,
                                    const void *from, pjrt_builder *out);

static pjrt_error *set(pjrt_compile_options *options, const char *field,
                       size_t field_size, make_payload make, const void *from) {
  if (!options || !field) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "%s is NULL",
                             options ? "field" : "options");
  }
  field_size = pjrt_text_size(field, field_size);
  pjrt_proto_target target;
  pjrt_builder payload = {0};
  pjrt_error *error = pjrt_proto_find(OPTIONS, field, field_size, &target);
  if (error) {
    pjrt_error_prefix(error, "compile options");
    return error;
  }
  error = make(&target, from, &payload);
  if (!error) return replace(options, &target, &payload);
  pjrt_builder_clear(&payload);
  pjrt_error_prefix(error, "compile options: %.*s", (int)field_size, field);
  return error;
}

static pjrt_error *make_scalar(const pjrt_proto_target *target,
                               const void *from, pjrt_builder *out) {
  const pjrt_proto_field *field = pjrt_proto_target_field(target);
  if (pjrt_proto_is_repeated(field)) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "expected a list of %s, got one value",
                             PJRT_PROTO_TYPE_NAME(field));
  }
  return pjrt_proto_put_target(target, from, out);
}

pjrt_error *pjrt_compile_options_set_bool(pjrt_compile_options *options,
                                          const char *field, size_t field_size,
                                          bool value) {
  const pjrt_proto_value from = {.kind = PJRT_PROTO_BOOL, .boolean = value};
  return set(options, field, field_size, make_scalar, &from);
}

pjrt_error *pjrt_compile_options_set_int64(pjrt_compile_options *options,
                                           const char *field, size_t field_size,
                                           int64_t value) {
  const pjrt_proto_value from = {.kind = PJRT_PROTO_INT64, .int64 = value};
  return set(options, field, field_size, make_scalar, &from);
}

pjrt_error *pjrt_compile_options_set_double(pjrt_compile_options *options,
                                            const char *field,
                                            size_t field_size, double value) {
  const pjrt_proto_value from = {.kind = PJRT_PROTO_DOUBLE, .number = value};
  return set(options, field, field_size, make_scalar, &from);
}

pjrt_error *pjrt_compile_options_set_string(pjrt_compile_options *options,
                                            const char *field,
                                            size_t field_size,
                                            const char *value,
                                            size_t value_size) {
  const pjrt_proto_value from = {
      .kind = PJRT_PROTO_STRING,
      .text = value,
      .text_size = pjrt_text_size(value, value_size)};
  return set(options, field, field_size, make_scalar, &from);
}

typedef struct int64_list {
  const int64_t *items;
  size_t num;
} int64_list;

static pjrt_error *make_list(const pjrt_proto_target *target, const void *from,
                             pjrt_builder *out) {
  const int64_list *list = from;
  const pjrt_proto_field *field = pjrt_proto_target_field(target);
  if (!pjrt_proto_is_repeated(field)) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "expected %s, got a list",
                             PJRT_PROTO_TYPE_NAME(field));
  }
  for (size_t i = 0; i < list->num; i++) {
    const int64_t item = list->items[i];
    const bool is_bool = pjrt_proto_kind_of(field) == PJRT_PROTO_BOOL;
    pjrt_proto_value value = {.kind = PJRT_PROTO_INT64, .int64 = item};
    if (is_bool && (item == 0 || item == 1)) {
      value = (pjrt_proto_value){.kind = PJRT_PROTO_BOOL, .boolean = item == 1};
    }
    pjrt_error *error = pjrt_proto_put(field, &value, out);
    if (error) {
      pjrt_error_prefix(error, "[%zu]", i);
      return error;
    }
  }
  return NULL;
}

pjrt_error *pjrt_compile_options_set_int64_list(pjrt_compile_options *options,
                                                const char *field,
                                                size_t field_size,
                                                const int64_t *list,
                                                size_t num_list) {
  const int64_list from = {list, num_list};
  if (!list && num_list > 0) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "list is NULL");
  }
  return set(options, field, field_size, make_list, &from);
}

typedef struct json_text {
  const char *text;
  size_t size;
} json_text;

static pjrt_error *make_from_json(const pjrt_proto_target *target,
                                  const void *from, pjrt_builder *out) {
  const json_text *json = from;
  return pjrt_proto_parse_target(target, json->text, json->size, out);
}

pjrt_error *pjrt_compile_options_set_json(pjrt_compile_options *options,
                                          const char *field, size_t field_size,
                                          const char *json, size_t json_size) {
  const json_text from = {json, pjrt_text_size(json, json_size)};
  return set(options, field, field_size, make_from_json, &from);
}

static pjrt_error *make_nothing(const pjrt_proto_target *target,
                                const void *from, pjrt_builder *out) {
  (void)target, (void)from, (void)out;
  return NULL;
}

pjrt_error *pjrt_compile_options_clear(pjrt_compile_options *options,
                                       const char *field, size_t field_size) {
  return set(options, field, field_size, make_nothing, NULL);
}

/* The same for a payload that is known to fit; takes it. */
static pjrt_error *put(pjrt_compile_options *options, const char *field,
                       pjrt_builder *payload) {
  pjrt_proto_target target;
  pjrt_error *error = pjrt_proto_find(OPTIONS, field, strlen(field), &target);
  if (!error) return replace(options, &target, payload);
  pjrt_builder_clear(payload);
  return error;
}

pjrt_error *pjrt_compile_options_set_device_ids(pjrt_compile_options *options,
                                                const int *device_ids,
                                                size_t num_device_ids) {
  pjrt_compile_facts facts;
  if (!options || !device_ids) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "%s is NULL",
                             options ? "device_ids" : "options");
  }
  PJRT_TRY(pjrt_compile_facts_read(options->data, options->size, &facts));
  pjrt_builder ordinal = {0};
  pjrt_builder assignment = {0};
  PJRT_TRY(pjrt_compile_put_devices(facts.num_replicas, facts.num_partitions,
                                    device_ids, num_device_ids, &ordinal,
                                    &assignment));
  pjrt_error *error =
      put(options, "executable_build_options.device_ordinal", &ordinal);
  if (error) {
    pjrt_builder_clear(&assignment);
    return error;
  }
  return put(options, "executable_build_options.device_assignment",
             &assignment);
}

static pjrt_error *set_xla_option(pjrt_compile_options *options,
                                  const pjrt_named_value *option) {
  static const char map[] = "env_option_overrides";
  pjrt_proto_target target;
  pjrt_builder payload = {0};
  PJRT_TRY(pjrt_proto_find(OPTIONS, map, sizeof map - 1, &target));
  target.key = option->name;
  target.key_size = option->name_size;
  pjrt_compile_put_xla_option(option, &payload);
  return replace(options, &target, &payload);
}

pjrt_error *pjrt_compile_options_set_xla_options(
    pjrt_compile_options *options, const pjrt_named_values *xla_options) {
  if (!options) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "options is NULL");
  }
  PJRT_TRY(pjrt_compile_check_xla_options(xla_options));
  for (size_t i = 0; i < pjrt_named_values_size(xla_options); i++) {
    PJRT_TRY(set_xla_option(options, pjrt_named_values_at(xla_options, i)));
  }
  return NULL;
}

/* ---- telling ------------------------------------------------------------- */

pjrt_error *pjrt_compile_options_to_json(const pjrt_compile_options *options,
                                         char **out, size_t *out_size) {
  *out = NULL;
  if (out_size) *out_size = 0;
  if (!options) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "options is NULL");
  }
  pjrt_builder text = {0};
  pjrt_error *error =
      pjrt_proto_print(OPTIONS, options->data, options->size, &text);
  if (error) {
    pjrt_builder_clear(&text);
    return error;
  }
  return pjrt_builder_finish(&text, out, out_size);
}

pjrt_error *pjrt_compile_options_serialize(const pjrt_compile_options *options,
                                           void **out, size_t *out_size) {
  *out = NULL;
  *out_size = 0;
  if (!options) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "options is NULL");
  }
  PJRT_TRY(pjrt_alloc_copy(options->data, options->size, 1, out));
  *out_size = options->size;
  return NULL;
}
