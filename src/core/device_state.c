/* What a device is asked and told while it works. */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"
#include "core/event.h"
#include "core/opts.h"
#include "core/plugin.h"
#include "core/raw_values.h"

static pjrt_error *check(const pjrt_device *device) {
  if (device) return pjrt_client_check(device->client);
  return pjrt_error_format(PJRT_INVALID_ARGUMENT, "device is NULL");
}

/* The state of a device is where its process is. */
static pjrt_error *check_addressable(const pjrt_device *device,
                                     const char *call) {
  PJRT_TRY(check(device));
  if (device->is_addressable) return NULL;
  return pjrt_error_about(
      pjrt_error_format(PJRT_FAILED_PRECONDITION,
                        "device %d is of process %d, expected one of this "
                        "process, %d",
                        pjrt_device_id(device),
                        pjrt_device_process_index(device),
                        device->client->process_index),
      device->client->plugin, call);
}

/* ---- memory -------------------------------------------------------------- */

void pjrt_memory_stats_init(pjrt_memory_stats *stats) {
  *stats = (pjrt_memory_stats){.struct_size = sizeof *stats};
}

static pjrt_optional_int64 optional(int64_t value, bool is_set) {
  return (pjrt_optional_int64){is_set ? value : 0, is_set};
}

#define OPTIONAL(args, field) optional((args)->field, (args)->field##_is_set)

static pjrt_error *ask_memory_stats(const pjrt_device *device,
                                    pjrt_memory_stats *out) {
  PJRT_ARGS(PJRT_Device_MemoryStats, args);
  args->device = device->raw;
  PJRT_TRY(PJRT_CALL(device->client->plugin, PJRT_Device_MemoryStats, args));
  out->bytes_in_use = args->bytes_in_use;
  out->peak_bytes_in_use = OPTIONAL(args, peak_bytes_in_use);
  out->num_allocs = OPTIONAL(args, num_allocs);
  out->largest_alloc_size = OPTIONAL(args, largest_alloc_size);
  out->bytes_limit = OPTIONAL(args, bytes_limit);
  out->bytes_reserved = OPTIONAL(args, bytes_reserved);
  out->peak_bytes_reserved = OPTIONAL(args, peak_bytes_reserved);
  out->bytes_reservable_limit = OPTIONAL(args, bytes_reservable_limit);
  out->largest_free_block_bytes = OPTIONAL(args, largest_free_block_bytes);
  out->pool_bytes = OPTIONAL(args, pool_bytes);
  out->peak_pool_bytes = OPTIONAL(args, peak_pool_bytes);
  out->peak_allocated_bytes = OPTIONAL(args, peak_allocated_bytes);
  return NULL;
}

pjrt_error *pjrt_device_memory_stats(const pjrt_device *device,
                                     pjrt_memory_stats *out) {
  static const char name[] = "pjrt_memory_stats";
  pjrt_memory_stats stats;
  pjrt_memory_stats_init(&stats);
  PJRT_TRY(pjrt_opts_write(&stats, name, sizeof stats, out));
  PJRT_TRY(check_addressable(device, "PJRT_Device_MemoryStats"));
  PJRT_TRY(ask_memory_stats(device, &stats));
  return pjrt_opts_write(&stats, name, sizeof stats, out);
}

pjrt_error *pjrt_device_clear_memory_stats(pjrt_device *device) {
  PJRT_TRY(check_addressable(device, "PJRT_Device_ClearMemoryStats"));
  PJRT_ARGS(PJRT_Device_ClearMemoryStats, args);
  args->device = device->raw;
  return PJRT_CALL(device->client->plugin, PJRT_Device_ClearMemoryStats, args);
}

/* ---- attributes ---------------------------------------------------------- */

pjrt_error *pjrt_device_get_attributes(const pjrt_device *device,
                                       pjrt_named_values **out) {
  *out = NULL;
  PJRT_TRY(check(device));
  const pjrt_plugin *plugin = device->client->plugin;
  PJRT_ARGS(PJRT_Device_GetAttributes, args);
  args->device = device->raw;
  PJRT_TRY(PJRT_CALL(plugin, PJRT_Device_GetAttributes, args));
  pjrt_error *error =
      pjrt_named_values_from_raw(args->attributes, args->num_attributes, out);
  if (args->attributes_deleter) {
    args->attributes_deleter(args->device_attributes);
  }
  if (!error) return NULL;
  return pjrt_error_about(error, plugin, "PJRT_Device_GetAttributes");
}

/* ---- poison -------------------------------------------------------------- */

/* The reason's payloads as a list, whose array the plugin is given. */
static pjrt_error *list_payloads(const pjrt_error *reason,
                                 pjrt_named_values **out) {
  PJRT_TRY(pjrt_named_values_create(out));
  for (size_t i = 0; i < pjrt_error_num_payloads(reason); i++) {
    size_t key_size, value_size;
    const char *key = pjrt_error_payload_key(reason, i, &key_size);
    const char *value = pjrt_error_payload_value(reason, i, &value_size);
    pjrt_error *error =
        pjrt_named_values_set_string(*out, key, key_size, value, value_size);
    if (!error) continue;
    pjrt_named_values_free(*out);
    return error;
  }
  return NULL;
}

static pjrt_error *poison(const pjrt_device *device, int32_t launch_id,
                          const pjrt_error *reason,
                          const pjrt_named_values *payloads,
                          bool *out_poisoned) {
  PJRT_NamedValue *raw;
  const pjrt_plugin *plugin = device->client->plugin;
  PJRT_ARGS(PJRT_Device_PoisonExecution, args);
  PJRT_TRY(
      pjrt_named_values_to_raw(payloads, plugin, &raw, &args->num_payload));
  args->device = device->raw;
  args->launch_id = launch_id;
  args->error_code = (PJRT_Error_Code)pjrt_error_code(reason);
  args->error_message = pjrt_error_message(reason, &args->error_message_size);
  args->payload = raw;
  pjrt_error *error = PJRT_CALL(plugin, PJRT_Device_PoisonExecution, args);
  free(raw);
  if (!error) *out_poisoned = args->poisoned;
  return error;
}

/* The field came after the function. */
static pjrt_error *check_payloads(const pjrt_plugin *plugin,
                                  const pjrt_error *reason) {
  if (pjrt_error_num_payloads(reason) == 0 || plugin->minor >= 100 ||
      !plugin->table.PJRT_Device_PoisonExecution) {
    return NULL;
  }
  return pjrt_error_about(
      pjrt_error_format(PJRT_UNIMPLEMENTED,
                        "payloads of an error are newer than the plugin: API "
                        "0.100 brought them"),
      plugin, "PJRT_Device_PoisonExecution");
}

pjrt_error *pjrt_device_poison_execution(pjrt_device *device, int32_t launch_id,
                                         const pjrt_error *reason,
                                         bool *out_poisoned) {
  pjrt_named_values *payloads;
  *out_poisoned = false;
  PJRT_TRY(check_addressable(device, "PJRT_Device_PoisonExecution"));
  PJRT_TRY(pjrt_reason_check(reason));
  PJRT_TRY(check_payloads(device->client->plugin, reason));
  PJRT_TRY(list_payloads(reason, &payloads));
  pjrt_error *error = poison(device, launch_id, reason, payloads, out_poisoned);
  pjrt_named_values_free(payloads);
  return error;
}

/* ---- tracking ------------------------------------------------------------ */

static bool bury(pjrt_grave *grave) {
  pjrt_async_tracking_event *event = (pjrt_async_tracking_event *)grave;
  pjrt_client *client = event->client;
  if (event->raw) {
    PJRT_ARGS(PJRT_AsyncTrackingEvent_Destroy, args);
    args->event = event->raw;
    pjrt_error_drop(
        PJRT_CALL(client->plugin, PJRT_AsyncTrackingEvent_Destroy, args));
  }
  free(event);
  return pjrt_pool_drop(client->pool);
}

void pjrt_async_tracking_event_free(pjrt_async_tracking_event *event) {
  if (!event || pjrt_client_is_forked(event->client)) return;
  event->grave.bury = bury;
  pjrt_client_bury(event->client, &event->grave);
}

static pjrt_error *create_raw(const pjrt_device *device,
                              const char *description, size_t description_size,
                              PJRT_AsyncTrackingEvent **out) {
  const pjrt_plugin *plugin = device->client->plugin;
  PJRT_ARGS(PJRT_Device_CreateAsyncTrackingEvent, args);
  args->device = device->raw;
  args->description = description;
  args->description_size = description_size;
  PJRT_TRY(PJRT_CALL(plugin, PJRT_Device_CreateAsyncTrackingEvent, args));
  *out = args->event;
  return NULL;
}

pjrt_error *pjrt_device_create_async_tracking_event(
    pjrt_device *device, const char *description, size_t description_size,
    pjrt_async_tracking_event **out) {
  void *memory;
  *out = NULL;
  PJRT_TRY(check_addressable(device, "PJRT_Device_CreateAsyncTrackingEvent"));
  if (!description) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "description is NULL");
  }
  PJRT_TRY(pjrt_alloc(1, sizeof **out, &memory));
  pjrt_async_tracking_event *event = memory;
  pjrt_error *error =
      create_raw(device, description,
                 pjrt_text_size(description, description_size), &event->raw);
  if (error) {
    free(event);
    return error;
  }
  event->client = device->client;
  pjrt_pool_hold(event->client->pool);
  *out = event;
  return NULL;
}
