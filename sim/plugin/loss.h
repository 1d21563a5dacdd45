/* Devices that are lost, and what ends with them. */
#ifndef PJRT_SIM_LOSS_H_
#define PJRT_SIM_LOSS_H_

#include "plugin/internal.h"

/* While a client is known its devices can be lost. */
void sim_loss_add_client(PJRT_Client *client);
void sim_loss_remove_client(PJRT_Client *client);

/* UNAVAILABLE when the device is lost. */
PJRT_Error *sim_device_check(const PJRT_Device *device);

/* Lets what is under way on the devices end when one of them is lost: the
 * future is done then, with that error. An execution can be poisoned too. */
void sim_devices_watch(PJRT_Device *const *devices, size_t num_devices,
                       int launch_id, sim_future *future);

/* Of one device, for a transfer; returns the future. */
sim_future *sim_device_watch(PJRT_Device *device, sim_future *future);

#endif /* PJRT_SIM_LOSS_H_ */
