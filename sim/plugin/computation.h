/* Programs that the interpreter runs. */
#ifndef PJRT_SIM_COMPUTATION_H_
#define PJRT_SIM_COMPUTATION_H_

#include "interp/interp.h"
#include "plugin/internal.h"

typedef struct sim_computation sim_computation;

/* Reads StableHLO text and checks that all of it is supported; UNIMPLEMENTED
 * names what is not. */
PJRT_Error *sim_computation_create(const char *code, size_t size,
                                   const sim_compile_options *options,
                                   sim_signature *out_signature,
                                   sim_computation **out);
void sim_computation_free(sim_computation *computation); /* NULL is a no-op */

const sim_program *sim_computation_program(const sim_computation *computation);
const pjrt_mlir_module *sim_computation_module(
    const sim_computation *computation);

/* Consumes the interpreter's error; NULL stays NULL. */
PJRT_Error *sim_error_from(pjrt_error *error);
/* The other way round. */
pjrt_error *sim_error_to(PJRT_Error *error);

#endif /* PJRT_SIM_COMPUTATION_H_ */
