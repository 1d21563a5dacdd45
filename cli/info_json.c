/* The facts of a plugin and a client as JSON. Jansson's setters drop NULL, so
 * that a lack of memory shows as missing members and not as a crash. */
#include <stdlib.h>

#include <pjrt/ext/extensions.h>

#include "info.h"
#include "json_text.h"

static json_t *list_json(const int64_t *list, size_t num) {
  json_t *array = json_array();
  for (size_t i = 0; i < num; i++) {
    json_array_append_new(array, json_integer(list[i]));
  }
  return array;
}

static json_t *value_json(const pjrt_named_values *values, size_t i) {
  size_t size;
  switch (pjrt_named_values_kind(values, i)) {
    case PJRT_VALUE_STRING: {
      const char *text = pjrt_named_values_string(values, i, &size);
      return text_json(text, size);
    }
    case PJRT_VALUE_INT64:
      return json_integer(pjrt_named_values_int64(values, i));
    case PJRT_VALUE_INT64_LIST: {
      const int64_t *list = pjrt_named_values_int64_list(values, i, &size);
      return list_json(list, size);
    }
    case PJRT_VALUE_FLOAT:
      return json_real((double)pjrt_named_values_float(values, i));
    case PJRT_VALUE_BOOL:
      return json_boolean(pjrt_named_values_bool(values, i));
  }
  return json_null(); /* a kind newer than the library */
}

static json_t *values_json(const pjrt_named_values *values) {
  json_t *object = json_object();
  for (size_t i = 0; i < pjrt_named_values_size(values); i++) {
    json_object_set_new(object, pjrt_named_values_name(values, i, NULL),
                        value_json(values, i));
  }
  return object;
}

static const char *state_name(pjrt_slot_state state) {
  switch (state) {
    case PJRT_SLOT_ABSENT:
      return "absent";
    case PJRT_SLOT_NULL:
      return "null";
    case PJRT_SLOT_PRESENT:
      return "present";
    case PJRT_SLOT_UNKNOWN:
      return "unknown";
  }
  return "unknown";
}

/* Slots that only the plugin knows have no name and no minor. */
static json_t *slots_json(const pjrt_plugin *plugin, size_t i) {
  json_t *array = json_array();
  const int type = pjrt_plugin_extension_type(plugin, i);
  for (size_t n = 0; n < pjrt_plugin_extension_num_slots(plugin, i); n++) {
    const pjrt_slot_state state = pjrt_plugin_extension_slot(plugin, i, n);
    const char *name = pjrt_extension_slot_name(type, n);
    json_t *slot =
        json_pack("{s:s, s:s?}", "state", state_name(state), "name", name);
    if (name) {
      json_object_set_new(slot, "since_minor",
                          json_integer(pjrt_extension_slot_since(type, n)));
    }
    json_array_append_new(array, slot);
  }
  return array;
}

static json_t *version_json(const pjrt_plugin *plugin, size_t i) {
  const int version = pjrt_plugin_extension_version(plugin, i);
  return version < 0 ? json_null() : json_integer(version);
}

static json_t *extensions_json(const pjrt_plugin *plugin) {
  json_t *array = json_array();
  for (size_t i = 0; i < pjrt_plugin_num_extensions(plugin); i++) {
    int type = pjrt_plugin_extension_type(plugin, i);
    size_t size = pjrt_plugin_extension_size(plugin, i);
    json_array_append_new(
        array, json_pack("{s:i, s:s, s:o, s:I, s:o}", "type", type, "name",
                         pjrt_extension_name(type), "version",
                         version_json(plugin, i), "struct_size",
                         (json_int_t)size, "slots", slots_json(plugin, i)));
  }
  return array;
}

static json_t *missing_json(const pjrt_plugin *plugin) {
  json_t *array = json_array();
  for (size_t i = 0; i < pjrt_num_functions(); i++) {
    const char *name = pjrt_function_name(i);
    if (pjrt_plugin_supports(plugin, name, PJRT_NUL_ENDED)) continue;
    json_array_append_new(array,
                          json_pack("{s:s, s:i}", "name", name, "since_minor",
                                    pjrt_function_since(i)));
  }
  return array;
}

static json_t *quirks_json(const pjrt_plugin *plugin) {
  json_t *array = json_array();
  if (pjrt_plugin_wants_exact_struct_sizes(plugin)) {
    json_array_append_new(
        array, json_string("wants the struct sizes of its own API version"));
  }
  return array;
}

json_t *info_plugin_json(const pjrt_plugin *plugin) {
  size_t size;
  const char *path = pjrt_plugin_path(plugin, &size);
  json_t *object = json_object();
  json_object_set_new(object, "path", text_json(path, size));
  json_object_set_new(object, "api_major",
                      json_integer(pjrt_plugin_api_major(plugin)));
  json_object_set_new(object, "api_minor",
                      json_integer(pjrt_plugin_api_minor(plugin)));
  json_object_set_new(object, "table_size",
                      json_integer((json_int_t)pjrt_plugin_table_size(plugin)));
  json_object_set_new(object, "known_functions",
                      json_integer((json_int_t)pjrt_num_functions()));
  json_object_set_new(object, "missing_functions", missing_json(plugin));
  json_object_set_new(object, "extensions", extensions_json(plugin));
  json_object_set_new(object, "attributes",
                      values_json(pjrt_plugin_attributes(plugin)));
  json_object_set_new(object, "quirks", quirks_json(plugin));
  return object;
}

static void set_number(json_t *object, const char *key,
                       pjrt_optional_int64 number) {
  if (number.has_value)
    json_object_set_new(object, key, json_integer(number.value));
}

/* What the plugin counts; null where it does not. */
static json_t *memory_stats_json(const pjrt_device *device) {
  pjrt_memory_stats stats;
  pjrt_memory_stats_init(&stats);
  if (pjrt_error_consume(pjrt_device_memory_stats(device, &stats)))
    return json_null();
  json_t *object = json_object();
  json_object_set_new(object, "bytes_in_use", json_integer(stats.bytes_in_use));
  set_number(object, "peak_bytes_in_use", stats.peak_bytes_in_use);
  set_number(object, "num_allocs", stats.num_allocs);
  set_number(object, "largest_alloc_size", stats.largest_alloc_size);
  set_number(object, "bytes_limit", stats.bytes_limit);
  set_number(object, "bytes_reserved", stats.bytes_reserved);
  set_number(object, "peak_bytes_reserved", stats.peak_bytes_reserved);
  set_number(object, "bytes_reservable_limit", stats.bytes_reservable_limit);
  set_number(object, "largest_free_block_bytes",
             stats.largest_free_block_bytes);
  set_number(object, "pool_bytes", stats.pool_bytes);
  set_number(object, "peak_pool_bytes", stats.peak_pool_bytes);
  set_number(object, "peak_allocated_bytes", stats.peak_allocated_bytes);
  return object;
}

static json_t *device_json(const pjrt_device *device) {
  json_t *memories = json_array();
  pjrt_memory *memory;
  for (size_t i = 0; (memory = pjrt_device_memory(device, i)); i++) {
    json_array_append_new(memories, json_integer(pjrt_memory_id(memory)));
  }
  memory = pjrt_device_default_memory(device);
  size_t size;
  json_t *object = json_object();
  json_object_set_new(object, "id", json_integer(pjrt_device_id(device)));
  const char *kind = pjrt_device_kind(device, &size);
  json_object_set_new(object, "kind", text_json(kind, size));
  const char *name = pjrt_device_to_string(device, &size);
  json_object_set_new(object, "name", text_json(name, size));
  const char *debug = pjrt_device_debug_string(device, &size);
  json_object_set_new(object, "debug_string", text_json(debug, size));
  json_object_set_new(object, "process_index",
                      json_integer(pjrt_device_process_index(device)));
  json_object_set_new(object, "is_addressable",
                      json_boolean(pjrt_device_is_addressable(device)));
  json_object_set_new(object, "local_hardware_id",
                      json_integer(pjrt_device_local_hardware_id(device)));
  json_object_set_new(object, "memories", memories);
  json_object_set_new(
      object, "default_memory",
      memory ? json_integer(pjrt_memory_id(memory)) : json_null());
  json_object_set_new(object, "attributes",
                      values_json(pjrt_device_attributes(device)));
  json_object_set_new(object, "memory_stats", memory_stats_json(device));
  return object;
}

static json_t *memory_json(const pjrt_memory *memory) {
  json_t *devices = json_array();
  pjrt_device *device;
  for (size_t i = 0; (device = pjrt_memory_device(memory, i)); i++) {
    json_array_append_new(devices, json_integer(pjrt_device_id(device)));
  }
  size_t size;
  json_t *object = json_object();
  json_object_set_new(object, "id", json_integer(pjrt_memory_id(memory)));
  const char *kind = pjrt_memory_kind(memory, &size);
  json_object_set_new(object, "kind", text_json(kind, size));
  json_object_set_new(object, "kind_id",
                      json_integer(pjrt_memory_kind_id(memory)));
  const char *name = pjrt_memory_to_string(memory, &size);
  json_object_set_new(object, "name", text_json(name, size));
  json_object_set_new(object, "devices", devices);
  return object;
}

json_t *info_client_json(const pjrt_client *client) {
  json_t *devices = json_array();
  pjrt_device *device;
  for (size_t i = 0; (device = pjrt_client_device(client, i)); i++) {
    json_array_append_new(devices, device_json(device));
  }
  json_t *memories = json_array();
  pjrt_memory *memory;
  for (size_t i = 0; (memory = pjrt_client_memory(client, i)); i++) {
    json_array_append_new(memories, memory_json(memory));
  }
  size_t size;
  json_t *object = json_object();
  const char *platform = pjrt_client_platform_name(client, &size);
  json_object_set_new(object, "platform_name", text_json(platform, size));
  const char *version = pjrt_client_platform_version(client, &size);
  json_object_set_new(object, "platform_version", text_json(version, size));
  json_object_set_new(object, "process_index",
                      json_integer(pjrt_client_process_index(client)));
  json_object_set_new(object, "devices", devices);
  json_object_set_new(object, "memories", memories);
  return object;
}
