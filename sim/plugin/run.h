/* One run of a program, from its call to its end. */
#ifndef PJRT_SIM_RUN_H_
#define PJRT_SIM_RUN_H_

#include "plugin/executable.h"

/* Makes the outputs (those that there are when it fails are the caller's to
 * destroy), and lets the program fill them on a thread of the client
 * once its arguments are ready; one that is not computed is echoed. The future
 * is done when that is over and the program has taken its time, with the run's
 * error if there was one; what is echoed hands the errors of arguments to the
 * outputs alone. */
PJRT_Error *sim_run_start(const PJRT_LoadedExecutable_Execute_Args *args,
                          const PJRT_ExecuteOptions *options,
                          PJRT_Device *const *devices, sim_future **out);

#endif /* PJRT_SIM_RUN_H_ */
