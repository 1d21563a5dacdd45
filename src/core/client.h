/* The inside of a client: its facts, and what its children share. */
#ifndef PJRT_CORE_CLIENT_H_
#define PJRT_CORE_CLIENT_H_

#include "core/dma.h"
#include "core/facts.h"
#include "core/kvstore.h"
#include "core/pool.h"
#include "core/reaper.h"
#include "core/spec.h"
#include "pjrt/device.h"
#include "pjrt/memory.h"

struct pjrt_memory {
  pjrt_client *client;
  PJRT_Memory *raw;
  int id;
  int kind_id;
  pjrt_text_fact kind, debug_string, to_string;
  pjrt_device **devices;
  size_t num_devices;
};

struct pjrt_device {
  pjrt_client *client;
  PJRT_Device *raw;
  pjrt_device_description description;
  int local_hardware_id;
  bool is_addressable;
  pjrt_memory **memories;
  size_t num_memories;
  pjrt_memory *default_memory;
};

struct pjrt_async_tracking_event {
  pjrt_grave grave;
  pjrt_client *client;
  PJRT_AsyncTrackingEvent *raw; /* NULL on plugins that have nothing to show */
};

struct pjrt_client {
  pjrt_grave grave; /* for a handle that is freed in a callback */
  pjrt_plugin *plugin;
  PJRT_Client *raw;
  pjrt_kvstore_loan kvstore;
  int process_index;
  pjrt_text_fact platform_name, platform_version;

  pjrt_device *devices; /* sorted as the plugin lists them */
  size_t num_devices;
  pjrt_device **devices_by_raw; /* sorted by raw pointer, for look-ups */
  pjrt_device **devices_by_id;
  pjrt_device **addressable_devices;
  size_t num_addressable_devices;
  pjrt_memory *memories;
  size_t num_memories;
  pjrt_memory **memories_by_raw;

  /* NULL until it is asked for. */
  _Atomic(pjrt_topology *) topology;

  pjrt_pool *pool;
  pjrt_reaper reaper;
  pjrt_spec_table specs;
  pjrt_dma_list dma;
  /* What plain launches ask for: nothing, in a context of the client's own
   * where the plugin has handlers (context.h). Plugins only read it. */
  PJRT_ROOM_FOR(PJRT_ExecuteOptions) plain_options;
};

/* A client without one of the plugin's: it has no devices, and nothing can be
 * asked of it. The events and objects that a plugin makes without a client live
 * in it, as others live in theirs. */
pjrt_error *pjrt_client_create_hollow(pjrt_plugin *plugin, pjrt_client **out)
    __attribute__((warn_unused_result));

/* FAILED_PRECONDITION in a forked child, where the plugin's threads are gone
 * and its locks may be held for ever. */
pjrt_error *pjrt_client_forked(const pjrt_client *client)
    __attribute__((cold, warn_unused_result));

static inline bool pjrt_client_is_forked(const pjrt_client *client) {
  return !client->pool->lanes[0].is_ours;
}

static inline __attribute__((warn_unused_result)) pjrt_error *pjrt_client_check(
    const pjrt_client *client) {
  return pjrt_client_is_forked(client) ? pjrt_client_forked(client) : NULL;
}

/* Ends the client. Called by whoever drops the last thing that needs it. */
void pjrt_client_destroy(pjrt_client *client);

/* Destroys an object now, or on the reaper's thread when this is a plugin's. */
void pjrt_client_bury(pjrt_client *client, pjrt_grave *grave);

/* Our device or memory for a plugin's; NULL when it is none of the client's. */
pjrt_device *pjrt_client_device_of(const pjrt_client *client,
                                   const PJRT_Device *raw);
pjrt_memory *pjrt_client_memory_of(const pjrt_client *client,
                                   const PJRT_Memory *raw);

/* ---- reading facts (facts.c) --------------------------------------------- */

/* Fills in the client's platform, devices and memories. */
pjrt_error *pjrt_client_read_facts(pjrt_client *client)
    __attribute__((warn_unused_result));
void pjrt_client_clear_facts(pjrt_client *client);

#endif /* PJRT_CORE_CLIENT_H_ */
