/* Clients: a plugin at work, with its devices and memories. */
#ifndef PJRT_CLIENT_H_
#define PJRT_CLIENT_H_

#include "pjrt/kvstore.h"
#include "pjrt/named_values.h"
#include "pjrt/plugin.h"

PJRT_BEGIN_DECLS

typedef struct pjrt_client pjrt_client;
typedef struct pjrt_device pjrt_device;
typedef struct pjrt_memory pjrt_memory;

typedef struct pjrt_client_opts {
  size_t struct_size;
  /* The plugin's create options, such as cpu_device_count on CPU and
   * visible_devices on CUDA. Some plugins ignore names they do not know.
   * NULL: none. [borrowed: call] */
  const pjrt_named_values *options;
  /* Where the processes of a job find each other, for a plugin that runs on
   * several hosts; those that do not (CPU) never ask. Such a plugin wants to
   * know which process this is as well, mostly by the options node_id and
   * num_nodes. NULL: none. [shared] */
  pjrt_kvstore *kvstore;
  /* How long all waiting for other processes may last together while the
   * client is made, in nanoseconds: DEADLINE_EXCEEDED then names the key that
   * nobody put. By default PJRT_NO_DEADLINE: each wait lasts as long as the
   * plugin wants, which is minutes. */
  int64_t kvstore_timeout_ns;
} pjrt_client_opts;

/* @param opts [borrowed: call] */
PJRT_API void pjrt_client_opts_init(pjrt_client_opts *opts);

/* Makes a client, which finds the hardware; may block for seconds, and some
 * plugins wait for other hosts here. Errors are the plugin's own, and
 * INVALID_ARGUMENT for an option whose kind is known to end the process:
 * old CPU plugins take cpu_device_count as int64 alone.
 * PJRT: PJRT_Client_Create (0.40).
 * @param plugin [shared]
 * @param opts [borrowed: call] may be NULL
 * @param out [owned: pjrt_client_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_client_create(
    pjrt_plugin *plugin, const pjrt_client_opts *opts, pjrt_client **out);

/* Drops the handle. The client itself ends when its last buffer, executable
 * and event is gone; that may block for pending work, and never happens on a
 * thread of the plugin's. Outside callbacks this first lets the callbacks that
 * are under way return (for two seconds at most): when it was the last object,
 * the process may end. In a forked child this leaks and calls nothing.
 * PJRT: PJRT_Client_Destroy (0.40).
 * @param client [taken] */
PJRT_API void pjrt_client_free(pjrt_client *client);

/* @param client [borrowed: call]
 * @return [borrowed: client] */
PJRT_API pjrt_plugin *pjrt_client_plugin(const pjrt_client *client);

/* The platform, such as "cpu" or "cuda".
 * PJRT: PJRT_Client_PlatformName (0.40), read at create.
 * @param client [borrowed: call]
 * @param out_size [borrowed: call] may be NULL
 * @return [borrowed: client] */
PJRT_API const char *pjrt_client_platform_name(const pjrt_client *client,
                                               size_t *out_size);

/* The platform's version in the plugin's own words; may have several lines.
 * PJRT: PJRT_Client_PlatformVersion (0.40), read at create.
 * @param client [borrowed: call]
 * @param out_size [borrowed: call] may be NULL
 * @return [borrowed: client] */
PJRT_API const char *pjrt_client_platform_version(const pjrt_client *client,
                                                  size_t *out_size);

/* This process's index among those that share the client's devices; 0 when it
 * is alone.
 * PJRT: PJRT_Client_ProcessIndex (0.40), read at create.
 * @param client [borrowed: call] */
PJRT_API int pjrt_client_process_index(const pjrt_client *client);

/* All devices, also those of other processes.
 * PJRT: PJRT_Client_Devices (0.40), read at create.
 * @param client [borrowed: call] */
PJRT_API size_t pjrt_client_num_devices(const pjrt_client *client);

/* NULL past the end.
 * @param client [borrowed: call]
 * @return [borrowed: client] */
PJRT_API pjrt_device *pjrt_client_device(const pjrt_client *client, size_t i);

/* The devices that this process can use.
 * PJRT: PJRT_Client_AddressableDevices (0.40), read at create.
 * @param client [borrowed: call] */
PJRT_API size_t pjrt_client_num_addressable_devices(const pjrt_client *client);

/* NULL past the end.
 * @param client [borrowed: call]
 * @return [borrowed: client] */
PJRT_API pjrt_device *pjrt_client_addressable_device(const pjrt_client *client,
                                                     size_t i);

/* The device with a global id. NOT_FOUND names the id and the ids that exist.
 * PJRT: PJRT_Client_LookupDevice (0.40); answered from the facts read at
 * create.
 * @param client [borrowed: call]
 * @param out [borrowed: client] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_client_lookup_device(
    const pjrt_client *client, int id, pjrt_device **out);

/* The addressable device with a local hardware id. NOT_FOUND as above.
 * PJRT: PJRT_Client_LookupAddressableDevice (0.40); answered from the facts
 * read at create.
 * @param client [borrowed: call]
 * @param out [borrowed: client] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_client_lookup_addressable_device(
    const pjrt_client *client, int local_hardware_id, pjrt_device **out);

/* The memories that this process can use; 0 where the plugin tells none.
 * PJRT: PJRT_Client_AddressableMemories (0.40), read at create.
 * @param client [borrowed: call] */
PJRT_API size_t pjrt_client_num_memories(const pjrt_client *client);

/* NULL past the end.
 * @param client [borrowed: call]
 * @return [borrowed: client] */
PJRT_API pjrt_memory *pjrt_client_memory(const pjrt_client *client, size_t i);

/* The plugin's choice of devices for a program: device ids, replica-major.
 * INVALID_ARGUMENT for counts below 1, when `num_ids` is not replicas times
 * partitions, or when they are more than the devices there are; some plugins
 * abort on the first and make up devices on the last.
 * PJRT: PJRT_Client_DefaultDeviceAssignment (0.40).
 * @param client [borrowed: call]
 * @param out_ids [borrowed: call] num_ids device ids */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_client_default_device_assignment(
    const pjrt_client *client, int num_replicas, int num_partitions,
    int *out_ids, size_t num_ids);

/* ---- other processes ----------------------------------------------------- */

/* How a process of the job is. The numbers equal PJRT_ProcessState's. */
typedef enum pjrt_process_state {
  PJRT_PROCESS_UNINITIALIZED = 1,
  PJRT_PROCESS_DISCONNECTED = 2,
  PJRT_PROCESS_CONNECTED = 3,
  PJRT_PROCESS_FAILED = 4
} pjrt_process_state;

/* This struct does not grow. */
typedef struct pjrt_process_info {
  int process_index;
  /* Tells a process from the one that had its index before it was started
   * anew. */
  uint64_t incarnation_id;
  pjrt_process_state state;
  /* What a process failed with; NULL for the others. [borrowed: call] */
  const pjrt_error *error;
} pjrt_process_info;

/* Tells the client how the processes of its job are, as whoever watches them
 * has found; plugins then end what waits for a process that is gone. CPU
 * plugins take it and do nothing.
 * INVALID_ARGUMENT: NULL, an index below 0 or told twice, an unknown state, a
 * failed process without an error or an error of another. UNIMPLEMENTED on
 * plugins before API 0.76, whose infos had another form.
 * PJRT: PJRT_Client_UpdateGlobalProcessInfo (0.73).
 * @param client [borrowed: call]
 * @param infos [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_client_update_process_infos(
    pjrt_client *client, const pjrt_process_info *infos, size_t num_infos);

PJRT_END_DECLS

#endif /* PJRT_CLIENT_H_ */
