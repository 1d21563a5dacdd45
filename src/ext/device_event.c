#include "ext/device_event.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "core/plugin.h"
#include "ext/own_event.h"

/* Whether the table is as long as it is needed here, and full so far. */
static bool is_usable(const PJRT_DeviceEvent *raw) {
  const PJRT_DeviceEvent_FunctionTable *table = raw->vtable;
  const size_t end =
      offsetof(PJRT_DeviceEvent_FunctionTable, get_error_if_present) +
      sizeof table->get_error_if_present;
  return table && raw->device_event && table->struct_size >= end &&
         table->dec_ref && table->and_then && table->get_error_if_present;
}

pjrt_error *pjrt_device_event_reserve(pjrt_client *client, const char *call,
                                      pjrt_device_event_watch **out_watch,
                                      pjrt_event **out) {
  void *memory;
  *out = NULL;
  PJRT_TRY(pjrt_alloc(1, sizeof **out_watch, &memory));
  pjrt_error *error = pjrt_own_event_create(client, call, out);
  if (error) {
    free(memory);
    return error;
  }
  *out_watch = memory;
  (*out_watch)->client = client;
  (*out_watch)->event = *out;
  atomic_init(&(*out_watch)->refs, 2);
  return NULL;
}

static bool bury(pjrt_grave *grave) {
  pjrt_device_event_watch *watch = (pjrt_device_event_watch *)grave;
  pjrt_client *client = watch->client;
  watch->raw.vtable->dec_ref(watch->raw.device_event);
  free(watch);
  return pjrt_pool_drop(client->pool);
}

/* The plugin's event stays until and_then has returned, too: it may look at the
 * event after it has called back. */
static void release(pjrt_device_event_watch *watch) {
  if (atomic_fetch_sub(&watch->refs, 1) != 1) return;
  watch->grave.bury = bury;
  pjrt_client_bury(watch->client, &watch->grave);
}

static pjrt_error *outcome(const pjrt_device_event_watch *watch) {
  static const char none[] = "the plugin gave no message";
  PJRT_Error_Code code = PJRT_Error_Code_UNKNOWN;
  const char *message = NULL;
  size_t size = 0;
  if (!watch->raw.vtable->get_error_if_present(watch->raw.device_event, &code,
                                               &message, &size)) {
    return NULL;
  }
  pjrt_error *absurd = pjrt_count_check("a message's size", size, message);
  const bool has_message = !absurd && size > 0;
  pjrt_error_drop(absurd);
  pjrt_error *error =
      pjrt_error_from_text((pjrt_code)code, has_message ? message : none,
                           has_message ? size : sizeof none - 1);
  pjrt_error_set_origin(error, PJRT_ORIGIN_PLUGIN);
  return pjrt_error_about(error, watch->client->plugin, watch->event->what);
}

/* Comes once, on any thread, and maybe before and_then has returned. */
static void is_over(void *user) {
  pjrt_device_event_watch *watch = user;
  pjrt_reaper *reaper = pjrt_own_event_enter(watch->event);
  pjrt_own_event_end(watch->event, outcome(watch));
  release(watch);
  pjrt_reaper_leave_callback(reaper);
}

pjrt_error *pjrt_device_event_start(pjrt_device_event_watch *watch,
                                    pjrt_error *error, pjrt_event **event) {
  if (!error && !is_usable(&watch->raw)) {
    error = pjrt_error_about(
        pjrt_error_format(PJRT_INTERNAL,
                          "the plugin reports success and gives no event"),
        watch->client->plugin, watch->event->what);
  }
  if (error) {
    free(watch);
    return pjrt_own_event_abandon(event, error);
  }
  pjrt_pool_hold(watch->client->pool);
  watch->raw.vtable->and_then(watch->raw.device_event, is_over, watch);
  release(watch);
  return NULL;
}
