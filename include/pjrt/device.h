/* Devices and their descriptions: facts read once, when the client is made.
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

/* PJRT: PJRT_DeviceDescription_DebugString (0.40).
 * @param device [borrowed: call]
 * @param out_size [borrowed: call] may be NULL
 * @return [borrowed: device] */
PJRT_API const char *pjrt_device_debug_string(const pjrt_device *device,
                                              size_t *out_size);

/* PJRT: PJRT_DeviceDescription_ToString (0.40).
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

PJRT_END_DECLS

#endif /* PJRT_DEVICE_H_ */
