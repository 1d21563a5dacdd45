/* Megascale: the network interfaces of the simulated host. There are two, of
 * one NUMA node each, whose addresses are of the loopback network. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ext/megascale.h"

enum { NUM_INTERFACES = 2, PROCESS_NUMA_NODE = 0 };

static const struct {
  const char *name;
  const char *address;
  int numa_node;
} interfaces[NUM_INTERFACES] = {
    {"sim0", "127.0.0.1", 0},
    {"sim1", "127.0.0.2", 1},
};

struct PJRT_Megascale_SerializedAddresses {
  sim_kind kind;
  size_t num;
  const char *bytes[NUM_INTERFACES];
  size_t sizes[NUM_INTERFACES];
};

static void addresses_free(PJRT_Megascale_SerializedAddresses *addresses) {
  for (size_t i = 0; i < addresses->num; i++)
    free((void *)(uintptr_t)addresses->bytes[i]);
  sim_delete(addresses, SIM_OTHER);
}

/* An interface is wanted when all are, or when its name begins so. */
static bool is_wanted(
    const PJRT_Megascale_GetInterfaceAddressesHelper_Args *args, size_t i) {
  const char *name = interfaces[i].name;
  bool is_named = args->use_all_interfaces;
  for (size_t p = 0; p < args->num_interface_prefixes; p++) {
    const size_t size = args->interface_prefixes_sizes[p];
    is_named = is_named || (size <= strlen(name) &&
                            !memcmp(args->interface_prefixes[p], name, size));
  }
  return is_named && (!args->limit_to_process_numa_local_interfaces ||
                      interfaces[i].numa_node == PROCESS_NUMA_NODE);
}

/* HostNetworkAddress. A negative port is left out of the address. */
static void add_address(PJRT_Megascale_SerializedAddresses *addresses, size_t i,
                        int32_t port) {
  char text[32];
  sim_bytes bytes = {0};
  const char *const ip = interfaces[i].address;
  const int size = port < 0 ? snprintf(text, sizeof(text), "%s", ip)
                            : snprintf(text, sizeof(text), "%s:%d", ip, port);
  sim_write_bytes(&bytes, 1, text, (size_t)size);
  sim_write_bytes(&bytes, 2, interfaces[i].name, strlen(interfaces[i].name));
  sim_write_number(&bytes, 4, (uint64_t)interfaces[i].numa_node);
  addresses->bytes[addresses->num] = (const char *)bytes.data;
  addresses->sizes[addresses->num++] = bytes.size;
}

SIM_MEGASCALE_FUNCTION(GetInterfaceAddressesHelper) {
  SIM_EXT_ENTER(args, PJRT_Megascale_GetInterfaceAddressesHelper_Args,
                PJRT_Megascale_GetInterfaceAddressesHelper_Args_STRUCT_SIZE);
  if (args->megascale_port < -1 || args->megascale_port > 65535)
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "megascale_port is %d, expected -1 to 65535",
                     args->megascale_port);
  if (args->num_interface_prefixes &&
      (!args->interface_prefixes || !args->interface_prefixes_sizes))
    return sim_misuse("NULL interface_prefixes");
  PJRT_Megascale_SerializedAddresses *addresses =
      sim_new(SIM_OTHER, sizeof(*addresses));
  for (size_t i = 0; i < NUM_INTERFACES; i++)
    if (is_wanted(args, i)) add_address(addresses, i, args->megascale_port);
  args->serialized_addresses = addresses->bytes;
  args->serialized_addresses_sizes = addresses->sizes;
  args->num_addresses = addresses->num;
  args->addresses = addresses;
  args->addresses_deleter = addresses_free;
  return NULL;
}
