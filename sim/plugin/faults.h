/* What goes wrong on request: which call, and how. */
#ifndef PJRT_SIM_FAULTS_H_
#define PJRT_SIM_FAULTS_H_

#include "plugin/internal.h"

/* What is drawn: every bit of the result depends on every bit of `x`
 * (SplitMix64). */
uint64_t sim_mix(uint64_t x);

/* The fault of the nth call, from 1, of a function; NULL: none. Of several the
 * first. What is drawn depends on the seed, the name and the number alone. */
const pjrt_sim_fault *sim_fault_find(const pjrt_sim_options *options,
                                     const char *function, size_t function_size,
                                     size_t nth);

/* What the fault does before the function: NULL when that shall go on. A NULL
 * fault does nothing. */
PJRT_Error *sim_fault_strike(const pjrt_sim_fault *fault);

/* The fault that sim_fault_now answers with on this thread. */
void sim_fault_set_now(const pjrt_sim_fault *fault);

/* Makes each count and size in the outputs of a function absurd, as far as they
 * lie within `size` bytes of its args. */
void sim_fault_garble(int64_t seed, const char *function, size_t function_size,
                      size_t nth, void *args, size_t size);

#endif /* PJRT_SIM_FAULTS_H_ */
