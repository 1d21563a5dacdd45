/* The inside of a topology. */
#ifndef PJRT_CORE_TOPOLOGY_H_
#define PJRT_CORE_TOPOLOGY_H_

#include <stdatomic.h>
#include <sys/types.h>

#include "core/facts.h"

struct pjrt_topology {
  pjrt_plugin *plugin;
  PJRT_TopologyDescription *raw;
  pjrt_client *client; /* whose topology it is; NULL: nobody's */
  /* Unused when it is a client's: how many own it, and the process that made
   * it. */
  atomic_size_t refs;
  pid_t process;

  pjrt_text_fact platform_name, platform_version;
  pjrt_device_description *devices;
  size_t num_devices;
  pjrt_named_values *attributes;
};

/* Whether it was made before this process was forked: nothing of it may be
 * touched then. */
bool pjrt_topology_is_forked(const pjrt_topology *topology);

/* INVALID_ARGUMENT for NULL, FAILED_PRECONDITION when it is another process's.
 */
pjrt_error *pjrt_topology_check(const pjrt_topology *topology)
    __attribute__((warn_unused_result));

/* Wraps what `call` of an extension gave, which may be NULL, and reads its
 * facts; owns `raw` from now on, also when it fails. */
pjrt_error *pjrt_topology_wrap(pjrt_plugin *plugin, const char *call,
                               PJRT_TopologyDescription *raw,
                               pjrt_topology **out)
    __attribute__((warn_unused_result));

/* Another owner; that of a client's topology keeps the client. */
pjrt_topology *pjrt_topology_retain(pjrt_topology *topology);

/* Drops one. True when the topology's client must be destroyed next. */
bool pjrt_topology_release(pjrt_topology *topology)
    __attribute__((warn_unused_result));

/* Ends a client's topology; NULL is nothing. The plugin's own object ends with
 * the plugin's client. */
void pjrt_topology_end(pjrt_topology *topology);

#endif /* PJRT_CORE_TOPOLOGY_H_ */
