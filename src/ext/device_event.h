/* Device events: what newer extensions give and take in place of PJRT_Event, a
 * pointer with a table of functions. Callers of the library see them as the
 * events that they know. */
#ifndef PJRT_EXT_DEVICE_EVENT_H_
#define PJRT_EXT_DEVICE_EVENT_H_

#include "core/event.h"

/* An event of ours, still without one of the plugin's: to be made before the
 * call that gives that. */
typedef struct pjrt_device_event_watch {
  pjrt_grave grave;
  pjrt_client *client;
  pjrt_event *event;  /* a reference beside the handle's */
  atomic_size_t refs; /* of the callback, and of the call that asks for it */
  PJRT_DeviceEvent raw;
} pjrt_device_event_watch;

/* `call` names what gives the event, for errors. */
pjrt_error *pjrt_device_event_reserve(pjrt_client *client, const char *call,
                                      pjrt_device_event_watch **out_watch,
                                      pjrt_event **out)
    __attribute__((warn_unused_result));

/* Takes over the plugin's event in watch->raw: the reserved event is ready when
 * that one is. Where the call failed, or what it gave is no event, the reserved
 * one is freed instead, and the error returned. */
pjrt_error *pjrt_device_event_start(pjrt_device_event_watch *watch,
                                    pjrt_error *error, pjrt_event **event)
    __attribute__((warn_unused_result));

#endif /* PJRT_EXT_DEVICE_EVENT_H_ */
