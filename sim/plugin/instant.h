/* The instant mode: what a loop calls again and again returns at once, and
 * hands out objects that all calls share. */
#ifndef PJRT_SIM_INSTANT_H_
#define PJRT_SIM_INSTANT_H_

#include "plugin/executable.h"

/* The shared buffers of a client. */
typedef struct sim_instant sim_instant;

sim_instant *sim_instant_create(void);
void sim_instant_free(sim_instant *instant); /* NULL is a no-op */

/* The one buffer of this shape in this memory, made when it is new. */
PJRT_Error *sim_instant_buffer(PJRT_Memory *memory, const sim_shape *shape,
                               PJRT_Buffer **out);

/* What a loaded executable hands out. */
typedef struct sim_instant_outputs sim_instant_outputs;

sim_instant_outputs *sim_instant_outputs_create(
    const PJRT_LoadedExecutable *loaded);
void sim_instant_outputs_free(sim_instant_outputs *outputs);

/* Replaces the slots of the calls that are instant. */
void sim_instant_fill(PJRT_Api *api);

#endif /* PJRT_SIM_INSTANT_H_ */
