/* Device events: futures behind a table of functions, as raw buffers give and
 * take them. */
#ifndef PJRT_SIM_EXT_DEVICE_EVENT_H_
#define PJRT_SIM_EXT_DEVICE_EVENT_H_

#include "ext/ext.h"

/* Takes over the reference. The caller of the plugin gives it back with the
 * table's dec_ref. */
PJRT_DeviceEvent sim_device_event(sim_future *future);

/* Calls `then` once when all events of the vector, which may be NULL or hold
 * another plugin's, and `own` are over, with the first error among them, which
 * it owns; NULL: none. */
void sim_device_events_await(const PJRT_DeviceEventVector *events,
                             sim_future *own,
                             void (*then)(void *arg, PJRT_Error *error),
                             void *arg);

#endif /* PJRT_SIM_EXT_DEVICE_EVENT_H_ */
