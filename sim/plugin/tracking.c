/* What a client keeps for its caller: mapped host memory, and the events that
 * track asynchronous work. */
#include <stdlib.h>

#include "plugin/machine.h"
#include "plugin/slots.h"

/* ---- mapped host memory -------------------------------------------------- */

typedef struct sim_mapping {
  sim_kind kind;
  uintptr_t begin;
  size_t size;
  struct sim_mapping *next;
} sim_mapping;

/* Called with the lock held. */
static bool overlaps(const PJRT_Client *client, uintptr_t begin, size_t size) {
  for (const sim_mapping *m = client->mappings; m; m = m->next)
    if (begin < m->begin + m->size && m->begin < begin + size) return true;
  return false;
}

PJRT_Error *sim_PJRT_Client_DmaMap(PJRT_Client_DmaMap_Args *args) {
  PJRT_Client *client = args->client;
  SIM_REQUIRE(client, SIM_CLIENT);
  const uintptr_t begin = (uintptr_t)args->data;
  if (!begin || !args->size || args->size > UINTPTR_MAX - begin)
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "cannot map %zu bytes at %p", args->size, args->data);
  pthread_mutex_lock(&client->lock);
  const bool is_free = !overlaps(client, begin, args->size);
  if (is_free) {
    sim_mapping *mapping = sim_new(SIM_OTHER, sizeof(*mapping));
    mapping->begin = begin;
    mapping->size = args->size;
    mapping->next = client->mappings;
    client->mappings = mapping;
  }
  pthread_mutex_unlock(&client->lock);
  if (is_free) return NULL;
  return sim_error(PJRT_Error_Code_ALREADY_EXISTS,
                   "of %zu bytes at %p some are mapped already", args->size,
                   args->data);
}

PJRT_Error *sim_PJRT_Client_DmaUnmap(PJRT_Client_DmaUnmap_Args *args) {
  PJRT_Client *client = args->client;
  SIM_REQUIRE(client, SIM_CLIENT);
  pthread_mutex_lock(&client->lock);
  sim_mapping **at = &client->mappings;
  while (*at && (*at)->begin != (uintptr_t)args->data) at = &(*at)->next;
  sim_mapping *found = *at;
  if (found) *at = found->next;
  pthread_mutex_unlock(&client->lock);
  if (!found)
    return sim_error(PJRT_Error_Code_NOT_FOUND, "nothing is mapped at %p",
                     args->data);
  sim_delete(found, SIM_OTHER);
  return NULL;
}

void sim_mappings_clear(PJRT_Client *client) {
  while (client->mappings) {
    sim_mapping *mapping = client->mappings;
    client->mappings = mapping->next;
    sim_note_misuse("PJRT_Client_Destroy with host memory that is mapped");
    sim_delete(mapping, SIM_OTHER);
  }
}

/* ---- tracking events ----------------------------------------------------- */

struct PJRT_AsyncTrackingEvent {
  sim_kind kind;
  PJRT_Client *client; /* NULL: it is gone */
  PJRT_AsyncTrackingEvent *next;
};

PJRT_Error *sim_PJRT_Device_CreateAsyncTrackingEvent(
    PJRT_Device_CreateAsyncTrackingEvent_Args *args) {
  SIM_REQUIRE(args->device, SIM_DEVICE);
  if (!args->description && args->description_size)
    return sim_misuse("an async tracking event without a description");
  PJRT_Client *client = args->device->client;
  args->event = sim_new(SIM_OTHER, sizeof(*args->event));
  args->event->client = client;
  pthread_mutex_lock(&client->lock);
  args->event->next = client->trackings;
  client->trackings = args->event;
  pthread_mutex_unlock(&client->lock);
  return NULL;
}

static void unlink_event(PJRT_Client *client, PJRT_AsyncTrackingEvent *event) {
  pthread_mutex_lock(&client->lock);
  PJRT_AsyncTrackingEvent **at = &client->trackings;
  while (*at != event) at = &(*at)->next;
  *at = event->next;
  pthread_mutex_unlock(&client->lock);
}

PJRT_Error *sim_PJRT_AsyncTrackingEvent_Destroy(
    PJRT_AsyncTrackingEvent_Destroy_Args *args) {
  if (!args->event) return NULL;
  SIM_REQUIRE(args->event, SIM_OTHER);
  if (args->event->client) unlink_event(args->event->client, args->event);
  sim_delete(args->event, SIM_OTHER);
  return NULL;
}

void sim_trackings_clear(PJRT_Client *client) {
  for (; client->trackings; client->trackings = client->trackings->next) {
    sim_note_misuse("PJRT_Client_Destroy with living async tracking events");
    client->trackings->client = NULL;
  }
}
