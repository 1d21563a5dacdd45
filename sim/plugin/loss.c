#include "plugin/loss.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/launches.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static PJRT_Client *clients;

void sim_loss_add_client(PJRT_Client *client) {
  pthread_mutex_lock(&lock);
  client->next = clients;
  clients = client;
  pthread_mutex_unlock(&lock);
}

void sim_loss_remove_client(PJRT_Client *client) {
  pthread_mutex_lock(&lock);
  PJRT_Client **at = &clients;
  while (*at != client) at = &(*at)->next;
  *at = client->next;
  pthread_mutex_unlock(&lock);
}

PJRT_Error *sim_device_check(const PJRT_Device *device) {
  if (!atomic_load(&device->is_lost)) return NULL;
  return sim_error(PJRT_Error_Code_UNAVAILABLE, "device %d is lost",
                   device->description->id);
}

static void complete_as_lost(sim_future *future, int device_id) {
  char message[64];
  const int size =
      snprintf(message, sizeof(message), "device %d is lost", device_id);
  sim_future_complete(future, PJRT_Error_Code_UNAVAILABLE, message,
                      (size_t)size);
}

/* ---- what is under way --------------------------------------------------- */

void sim_devices_watch(PJRT_Device *const *devices, size_t num_devices,
                       int launch_id, sim_future *future) {
  if (!num_devices || sim_future_is_done(future)) return;
  sim_launches_add(devices[0]->client->launches, launch_id, devices,
                   num_devices, future);
  /* One that was lost just now did not know of it. */
  for (size_t i = 0; i < num_devices; i++)
    if (atomic_load(&devices[i]->is_lost))
      complete_as_lost(future, devices[i]->description->id);
}

sim_future *sim_device_watch(PJRT_Device *device, sim_future *future) {
  sim_devices_watch(&device, 1, SIM_NO_LAUNCH, future);
  return future;
}

/* ---- losing -------------------------------------------------------------- */

/* A lost device, to be compared alone: its client may be gone by then. */
typedef struct loss {
  struct loss *next;
  const PJRT_Device *device;
  sim_launches *launches;
} loss;

static PJRT_Device *find_device(const PJRT_Client *client, int id) {
  for (size_t i = 0; i < client->num_devices; i++)
    if (client->devices[i]->description->id == id) return client->devices[i];
  return NULL;
}

static loss *mark_as_lost(int id) {
  loss *losses = NULL;
  pthread_mutex_lock(&lock);
  for (PJRT_Client *client = clients; client; client = client->next) {
    PJRT_Device *device = find_device(client, id);
    if (!device) continue;
    atomic_store(&device->is_lost, true);
    loss *one = sim_allocate(sizeof(*one));
    *one = (loss){losses, device, sim_launches_share(client->launches)};
    losses = one;
  }
  pthread_mutex_unlock(&lock);
  return losses;
}

static void end_all(const loss *one, int id) {
  sim_future *future;
  while ((future = sim_launches_find(one->launches, one->device)) != NULL) {
    complete_as_lost(future, id);
    sim_future_drop(future);
  }
}

void pjrt_sim_lose_device(int device_id) {
  loss *next;
  for (loss *one = mark_as_lost(device_id); one; one = next) {
    next = one->next;
    end_all(one, device_id);
    sim_launches_drop(one->launches);
    free(one);
  }
}
