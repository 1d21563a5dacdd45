#include "plugin/launches.h"

#include <stdlib.h>
#include <string.h>

#include "plugin/slots.h"

typedef struct launch {
  struct launch *next;
  sim_launches *launches;
  int id;
  sim_future *end;
  size_t num_devices;
  PJRT_Device *devices[];
} launch;

struct sim_launches {
  atomic_int refs;
  pthread_mutex_t lock;
  launch *first; /* the earliest */
};

sim_launches *sim_launches_create(void) {
  sim_launches *launches = sim_allocate(sizeof(*launches));
  launches->refs = 1;
  pthread_mutex_init(&launches->lock, NULL);
  return launches;
}

sim_launches *sim_launches_share(sim_launches *launches) {
  atomic_fetch_add(&launches->refs, 1);
  return launches;
}

void sim_launches_drop(sim_launches *launches) {
  if (atomic_fetch_sub(&launches->refs, 1) != 1) return;
  pthread_mutex_destroy(&launches->lock);
  free(launches);
}

/* ---- their ends ---------------------------------------------------------- */

static void forget(void *arg, PJRT_Error_Code code) {
  launch *l = arg;
  sim_launches *launches = l->launches;
  (void)code;
  pthread_mutex_lock(&launches->lock);
  launch **at = &launches->first;
  while (*at != l) at = &(*at)->next;
  *at = l->next;
  pthread_mutex_unlock(&launches->lock);
  sim_future_drop(l->end);
  free(l);
  sim_launches_drop(launches);
}

void sim_launches_add(sim_launches *launches, int launch_id,
                      PJRT_Device *const *devices, size_t num_devices,
                      sim_future *end) {
  if (sim_future_is_done(end)) return;
  launch *l = sim_allocate(sizeof(*l) + num_devices * sizeof(*devices));
  l->launches = sim_launches_share(launches);
  l->id = launch_id;
  l->end = sim_future_share(end);
  l->num_devices = num_devices;
  memcpy(l->devices, devices, num_devices * sizeof(*devices));
  pthread_mutex_lock(&launches->lock);
  launch **at = &launches->first;
  while (*at) at = &(*at)->next;
  *at = l;
  pthread_mutex_unlock(&launches->lock);
  sim_future_then(end, forget, l);
}

static bool runs_on(const launch *l, const PJRT_Device *device) {
  for (size_t i = 0; i < l->num_devices; i++)
    if (l->devices[i] == device) return true;
  return false;
}

/* The earliest that is not over, of this execution or of any. */
static sim_future *find(sim_launches *launches, const PJRT_Device *device,
                        const int *id) {
  sim_future *end = NULL;
  pthread_mutex_lock(&launches->lock);
  for (launch *l = launches->first; l && !end; l = l->next)
    if ((!id || l->id == *id) && runs_on(l, device) &&
        !sim_future_is_ending(l->end))
      end = sim_future_share(l->end);
  pthread_mutex_unlock(&launches->lock);
  return end;
}

sim_future *sim_launches_find(sim_launches *launches,
                              const PJRT_Device *device) {
  return find(launches, device, NULL);
}

/* ---- poison -------------------------------------------------------------- */

/* The outputs end with the error at once, on all devices of the execution;
 * what is being computed for them is thrown away. */
PJRT_Error *sim_PJRT_Device_PoisonExecution(
    PJRT_Device_PoisonExecution_Args *args) {
  SIM_REQUIRE(args->device, SIM_DEVICE);
  if (args->error_code == PJRT_Error_Code_OK)
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "error_code is OK, expected an error");
  sim_future *end =
      find(args->device->client->launches, args->device, &args->launch_id);
  args->poisoned =
      end && sim_future_complete(end, args->error_code, args->error_message,
                                 args->error_message_size);
  if (end) sim_future_drop(end);
  return NULL;
}
