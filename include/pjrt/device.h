/* Devices and their descriptions: facts read once, when the client is made, and
 * what a device is asked while it works.
 *
 * Every device is borrowed from its client and stays valid while any handle
 * of that client lives. */
#ifndef PJRT_DEVICE_H_
#define PJRT_DEVICE_H_

#include "pjrt/client.h"

PJRT_BEGIN_DECLS

/* @param device [borrowed: call]
 * @return [borrowed: device] */
PJRT_API pjrt_client *pjrt_device_client(const pjrt_device *device);

/* The id, unique among all devices of all processes.
 * PJRT: PJRT_DeviceDescription_Id (0.40).
 * PJRT: PJRT_Device_GetDescription (0.40), asked beforehand.
 * @param device [borrowed: call] */
PJRT_API int pjrt_device_id(const pjrt_device *device);

/* The process that can address the device.
 * PJRT: PJRT_DeviceDescription_ProcessIndex (0.40).
 * @param device [borrowed: call] */
PJRT_API int pjrt_device_process_index(const pjrt_device *device);

/* Whether this process can use the device.
 * PJRT: PJRT_Device_IsAddressable (0.40).
 * @param device [borrowed: call] */
PJRT_API bool pjrt_device_is_addressable(const pjrt_device *device);

/* The number of the device on its host, such as the CUDA ordinal; -1 where
 * there is none.
 * PJRT: PJRT_Device_LocalHardwareId (0.40).
 * @param device [borrowed: call] */
PJRT_API int pjrt_device_local_hardware_id(const pjrt_device *device);

/* The kind of hardware, such as "cpu" or "NVIDIA H100 80GB HBM3".
 * PJRT: PJRT_DeviceDescription_Kind (0.40).
 * @param device [borrowed: call]
 * @param out_size [borrowed: call] may be NULL
 * @return [borrowed: device] */
PJRT_API const char *pjrt_device_kind(const pjrt_device *device,
                                      size_t *out_size);

/* The plugin's own words for it, for logs of the plugin's authors.
 * PJRT: PJRT_DeviceDescription_DebugString (0.40).
 * @param device [borrowed: call]
 * @param out_size [borrowed: call] may be NULL
 * @return [borrowed: device] */
PJRT_API const char *pjrt_device_debug_string(const pjrt_device *device,
                                              size_t *out_size);

/* The plugin's own words for it, for messages to users.
 * PJRT: PJRT_DeviceDescription_ToString (0.40).
 * @param device [borrowed: call]
 * @param out_size [borrowed: call] may be NULL
 * @return [borrowed: device] */
PJRT_API const char *pjrt_device_to_string(const pjrt_device *device,
                                           size_t *out_size);

/* Facts of the plugin's choice, such as coords or core_count.
 * PJRT: PJRT_DeviceDescription_Attributes (0.40).
 * @param device [borrowed: call]
 * @return [borrowed: device] never NULL */
PJRT_API const pjrt_named_values *pjrt_device_attributes(
    const pjrt_device *device);

/* The memories that the device can address; 0 for a device of another
 * process.
 * PJRT: PJRT_Device_AddressableMemories (0.40).
 * @param device [borrowed: call] */
PJRT_API size_t pjrt_device_num_memories(const pjrt_device *device);

/* NULL past the end.
 * @param device [borrowed: call]
 * @return [borrowed: device] */
PJRT_API pjrt_memory *pjrt_device_memory(const pjrt_device *device, size_t i);

/* The memory that buffers go to unless another is asked for; NULL where the
 * plugin names none.
 * PJRT: PJRT_Device_DefaultMemory (0.40).
 * @param device [borrowed: call]
 * @return [borrowed: device] */
PJRT_API pjrt_memory *pjrt_device_default_memory(const pjrt_device *device);

/* ---- asked anew each time ------------------------------------------------ */

/* The functions below ask the plugin. They are for devices of this process:
 * FAILED_PRECONDITION for those of others, whose state only they have. */

/* Bytes and numbers of allocations in a device's memory. */
typedef struct pjrt_memory_stats {
  size_t struct_size;
  int64_t bytes_in_use;
  pjrt_optional_int64 peak_bytes_in_use;
  pjrt_optional_int64 num_allocs;
  pjrt_optional_int64 largest_alloc_size;
  pjrt_optional_int64 bytes_limit;
  pjrt_optional_int64 bytes_reserved;
  pjrt_optional_int64 peak_bytes_reserved;
  pjrt_optional_int64 bytes_reservable_limit;
  pjrt_optional_int64 largest_free_block_bytes;
  pjrt_optional_int64 pool_bytes;
  pjrt_optional_int64 peak_pool_bytes;
  pjrt_optional_int64 peak_allocated_bytes; /* API 0.113 */
} pjrt_memory_stats;

/* @param stats [borrowed: call] */
PJRT_API void pjrt_memory_stats_init(pjrt_memory_stats *stats);

/* What is in use of the device's memory, and what was. UNIMPLEMENTED on
 * plugins that do not count, such as CPU.
 * PJRT: PJRT_Device_MemoryStats (0.40).
 * @param device [borrowed: call]
 * @param out [borrowed: call] initialized; zeros when this fails */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_device_memory_stats(
    const pjrt_device *device, pjrt_memory_stats *out);

/* Begins to count anew: peaks become what is in use now.
 * PJRT: PJRT_Device_ClearMemoryStats (0.106).
 * @param device [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_device_clear_memory_stats(
    pjrt_device *device);

/* The device's attributes as they are now, where pjrt_device_attributes are
 * those of its description. For devices of other processes too.
 * PJRT: PJRT_Device_GetAttributes (0.92).
 * @param device [borrowed: call]
 * @param out [owned: pjrt_named_values_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_device_get_attributes(
    const pjrt_device *device, pjrt_named_values **out);

/* Lets the launch with this id end with an error, if it is still under way on
 * the device: its outputs and events then carry the code, the message and the
 * payloads of `reason`. *out_poisoned says whether there was such a launch.
 * INVALID_ARGUMENT for no reason, or one whose code PJRT does not define;
 * UNIMPLEMENTED for payloads given to a plugin older than 0.100.
 * PJRT: PJRT_Device_PoisonExecution (0.85).
 * @param device [borrowed: call]
 * @param reason [borrowed: call]
 * @param out_poisoned [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_device_poison_execution(
    pjrt_device *device, int32_t launch_id, const pjrt_error *reason,
    bool *out_poisoned);

typedef struct pjrt_async_tracking_event pjrt_async_tracking_event;

/* Tells the plugin of asynchronous work of the caller's on the device, so that
 * its tools can show it; the work ends when the event is freed.
 * INVALID_ARGUMENT for a description of NULL.
 * PJRT: PJRT_Device_CreateAsyncTrackingEvent (0.86).
 * @param device [shared]
 * @param description [borrowed: call]
 * @param out [owned: pjrt_async_tracking_event_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_device_create_async_tracking_event(
    pjrt_device *device, const char *description, size_t description_size,
    pjrt_async_tracking_event **out);

/* Says that the work has ended.
 * PJRT: PJRT_AsyncTrackingEvent_Destroy (0.86).
 * @param event [taken] */
PJRT_API void pjrt_async_tracking_event_free(pjrt_async_tracking_event *event);

PJRT_END_DECLS

#endif /* PJRT_DEVICE_H_ */
