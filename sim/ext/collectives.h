/* Making the objects of the Collectives extension. */
#ifndef PJRT_SIM_EXT_COLLECTIVES_H_
#define PJRT_SIM_EXT_COLLECTIVES_H_

#include "ext/rendezvous.h"

/* For communicators of at most so many devices, which meet in the lobby. */
PJRT_Collectives *sim_collectives_create(sim_lobby *lobby, size_t num_devices);

#endif /* PJRT_SIM_EXT_COLLECTIVES_H_ */
