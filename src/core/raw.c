/* Conversions between the library's handles and the plugin's. */
#include "pjrt/raw.h"

#include "base/error.h"
#include "core/buffer.h"
#include "core/client.h"
#include "core/event.h"
#include "core/executable.h"
#include "core/plugin.h"

const PJRT_Api *pjrt_plugin_raw(const pjrt_plugin *plugin) {
  return &plugin->table;
}

const void *pjrt_plugin_extension_raw(const pjrt_plugin *plugin, size_t i) {
  return i < plugin->num_extensions ? plugin->extensions[i].node : NULL;
}

PJRT_Client *pjrt_client_raw(const pjrt_client *client) { return client->raw; }

PJRT_Device *pjrt_device_raw(const pjrt_device *device) { return device->raw; }

PJRT_Memory *pjrt_memory_raw(const pjrt_memory *memory) { return memory->raw; }

PJRT_Buffer *pjrt_buffer_raw(const pjrt_buffer *buffer) { return buffer->raw; }

PJRT_Event *pjrt_event_raw(const pjrt_event *event) { return event->raw; }

PJRT_LoadedExecutable *pjrt_executable_raw(const pjrt_executable *executable) {
  return executable->raw;
}

PJRT_Executable *pjrt_executable_raw_unloaded(
    const pjrt_executable *executable) {
  return executable->unloaded;
}

pjrt_device *pjrt_device_from_raw(const pjrt_client *client,
                                  const PJRT_Device *raw) {
  return pjrt_client_device_of(client, raw);
}

pjrt_memory *pjrt_memory_from_raw(const pjrt_client *client,
                                  const PJRT_Memory *raw) {
  return pjrt_client_memory_of(client, raw);
}

pjrt_error *pjrt_buffer_from_raw(pjrt_device *device, PJRT_Buffer *raw,
                                 pjrt_buffer **out) {
  const pjrt_spec *spec;
  pjrt_client *client = device->client;
  *out = NULL;
  PJRT_TRY(pjrt_client_check(client)); /* what a parent has is left alone */
  if (!raw) {
    return pjrt_error_about(
        pjrt_error_format(PJRT_INTERNAL, "the plugin's buffer is NULL"),
        client->plugin, NULL);
  }
  pjrt_error *error = pjrt_buffer_ask_spec(client, raw, device, &spec);
  if (!error) error = pjrt_buffer_ask_order(client, raw, spec, &spec);
  if (!error) error = pjrt_buffers_take(client, 1, out);
  if (error) {
    pjrt_raw_buffer_destroy(client, raw);
    return error;
  }
  pjrt_buffer_fill(*out, raw, spec);
  return NULL;
}

pjrt_error *pjrt_event_from_raw(pjrt_client *client, PJRT_Event *raw,
                                pjrt_event **out) {
  *out = NULL;
  PJRT_TRY(pjrt_client_check(client));
  return pjrt_event_wrap(client, raw, "an event from a raw call", out);
}
