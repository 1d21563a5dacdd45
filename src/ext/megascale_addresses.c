/* Megascale: how others reach this host. */
#include <stdlib.h>

#include "abi/counts.h"
#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"
#include "core/opts.h"
#include "core/wire.h"
#include "ext/megascale.h"
#include "pjrt/array.h"
#include "pjrt/ext/megascale.h"

#define CALL MEGASCALE_CALL
static const char call[] = "PJRT_Megascale_GetInterfaceAddressesHelper";

/* Fields of HostNetworkAddress. */
enum {
  ADDRESS = 1,
  INTERFACE_NAME = 2,
  HOST_NAME = 3,
  NUM_TEXTS = 3,
  NUMA_NODE = 4
};

void pjrt_megascale_addresses_opts_init(pjrt_megascale_addresses_opts *opts) {
  *opts = (pjrt_megascale_addresses_opts){
      .struct_size = sizeof *opts, .port = -1, .use_all_interfaces = true};
}

static pjrt_error *check(const pjrt_megascale_addresses_opts *opts) {
  enum { LAST_PORT = 65535 };
  const size_t num = opts->num_interface_prefixes;
  if (opts->port < -1 || opts->port > LAST_PORT) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "port is %d, expected -1 to %d", opts->port,
                             LAST_PORT);
  }
  if (num && !opts->interface_prefixes) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "interface_prefixes is NULL for %zu of them", num);
  }
  for (size_t i = 0; i < num; i++) {
    if (opts->interface_prefixes[i]) continue;
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "prefix %zu of interfaces is NULL", i);
  }
  return NULL;
}

/* ---- the plugin's messages in one block ---------------------------------- */

typedef struct message {
  const char *data;
  size_t size;
} message;

/* What is told last counts, as for every protocol buffer. */
static pjrt_error *read_fields(message bytes, message out[NUM_TEXTS],
                               pjrt_optional_int64 *out_node) {
  pjrt_wire wire = pjrt_wire_start(bytes.data, bytes.size);
  pjrt_wire_field field;
  while (pjrt_wire_next(&wire, &field)) {
    if (field.type == PJRT_WIRE_BYTES && field.number >= ADDRESS &&
        field.number <= HOST_NAME) {
      out[field.number - ADDRESS] = (message){field.data, field.size};
    } else if (field.type == PJRT_WIRE_VARINT && field.number == NUMA_NODE) {
      *out_node = (pjrt_optional_int64){(int64_t)field.value, true};
    }
  }
  if (!wire.malformed) return NULL;
  return pjrt_error_format(PJRT_INTERNAL,
                           "the plugin's address is no HostNetworkAddress");
}

/* Copies to `at`, which moves on, with a NUL. */
static const char *put(char **at, message text) {
  char *copy = *at;
  if (text.size) memcpy(copy, text.data, text.size);
  copy[text.size] = 0;
  *at += text.size + 1;
  return copy;
}

static pjrt_error *put_address(message bytes, char **at,
                               pjrt_megascale_address *out) {
  message texts[NUM_TEXTS] = {{0}};
  pjrt_optional_int64 node = {0};
  PJRT_TRY(read_fields(bytes, texts, &node));
  *out = (pjrt_megascale_address){
      .address = put(at, texts[ADDRESS - 1]),
      .interface_name = put(at, texts[INTERFACE_NAME - 1]),
      .host_name = put(at, texts[HOST_NAME - 1]),
      .numa_node = node,
      .serialized = put(at, bytes),
      .serialized_size = bytes.size};
  return NULL;
}

/* Room for the list, and for what it points to: a message's texts are parts of
 * it, so that twice its size and four NULs do. */
static pjrt_error *measure(
    const PJRT_Megascale_GetInterfaceAddressesHelper_Args *args, size_t *out) {
  const size_t num = args->num_addresses;
  PJRT_TRY(pjrt_count_check("a number of addresses", num,
                            args->serialized_addresses));
  PJRT_TRY(pjrt_count_check("a number of addresses", num,
                            args->serialized_addresses_sizes));
  size_t total = num * sizeof(pjrt_megascale_address);
  for (size_t i = 0; i < num; i++) {
    const size_t size = args->serialized_addresses_sizes[i];
    PJRT_TRY(pjrt_count_check("an address's size", size,
                              args->serialized_addresses[i]));
    if (!pjrt_size_add(total, 2 * size + NUM_TEXTS + 1, &total)) {
      return pjrt_error_out_of_memory();
    }
  }
  *out = total;
  return NULL;
}

static pjrt_error *read(
    const PJRT_Megascale_GetInterfaceAddressesHelper_Args *args,
    pjrt_megascale_address **out, size_t *out_num) {
  size_t size = 0;
  void *block;
  PJRT_TRY(measure(args, &size));
  PJRT_TRY(pjrt_host_alloc(size, &block));
  pjrt_megascale_address *addresses = block;
  char *at = (char *)(addresses + args->num_addresses);
  for (size_t i = 0; i < args->num_addresses; i++) {
    const message bytes = {args->serialized_addresses[i],
                           args->serialized_addresses_sizes[i]};
    pjrt_error *error = put_address(bytes, &at, &addresses[i]);
    if (!error) continue;
    pjrt_host_free(block);
    return error;
  }
  *out = addresses;
  *out_num = args->num_addresses;
  return NULL;
}

/* ---- asking -------------------------------------------------------------- */

static pjrt_error *ask(const pjrt_plugin *plugin,
                       const pjrt_megascale_addresses_opts *opts,
                       const size_t *prefix_sizes, pjrt_megascale_address **out,
                       size_t *out_num) {
  PJRT_ARGS(PJRT_Megascale_GetInterfaceAddressesHelper, args);
  args->megascale_port_name = opts->port_name ? opts->port_name : "";
  args->megascale_port_name_size =
      pjrt_text_size(opts->port_name, opts->port_name_size);
  args->megascale_port = opts->port;
  args->interface_prefixes =
      (const char **)(uintptr_t)opts->interface_prefixes; /* only read */
  args->interface_prefixes_sizes = prefix_sizes;
  args->num_interface_prefixes = opts->num_interface_prefixes;
  args->use_all_interfaces = opts->use_all_interfaces;
  args->limit_to_process_numa_local_interfaces = opts->only_numa_local;
  PJRT_TRY(CALL(plugin, get_interface_addresses_helper,
                PJRT_Megascale_GetInterfaceAddressesHelper, args));
  pjrt_error *error = read(args, out, out_num);
  if (args->addresses_deleter) args->addresses_deleter(args->addresses);
  return error ? pjrt_error_about(error, plugin, call) : NULL;
}

pjrt_error *pjrt_megascale_interface_addresses(
    const pjrt_plugin *plugin, const pjrt_megascale_addresses_opts *opts,
    pjrt_megascale_address **out, size_t *out_num) {
  void *sizes;
  pjrt_megascale_addresses_opts known;
  *out = NULL;
  *out_num = 0;
  PJRT_TRY(pjrt_plugin_check(plugin));
  pjrt_megascale_addresses_opts_init(&known);
  PJRT_TRY(pjrt_opts_read(opts, "pjrt_megascale_addresses_opts", sizeof known,
                          &known));
  PJRT_TRY(check(&known));
  PJRT_TRY(pjrt_alloc(known.num_interface_prefixes, sizeof(size_t), &sizes));
  for (size_t i = 0; i < known.num_interface_prefixes; i++) {
    ((size_t *)sizes)[i] = strlen(known.interface_prefixes[i]);
  }
  pjrt_error *error = ask(plugin, &known, sizes, out, out_num);
  free(sizes);
  return error;
}
