/* Options by name: from the environment, and from a client's create options. */
#ifndef PJRT_SIM_SETTINGS_H_
#define PJRT_SIM_SETTINGS_H_

#include "plugin/sim.h"

/* Ends the process when the environment is wrong. */
void sim_options_from_environment(pjrt_sim_options *options);

/* Sets what `value`, an option of `function`, names of a machine. */
PJRT_Error *sim_options_set(const char *function, pjrt_sim_options *options,
                            const PJRT_NamedValue *value);

#endif /* PJRT_SIM_SETTINGS_H_ */
