/* Compiling a program for a client's devices. */
#ifndef PJRT_COMPILE_H_
#define PJRT_COMPILE_H_

#include "pjrt/compile_options.h"
#include "pjrt/device.h"
#include "pjrt/executable.h"
#include "pjrt/program.h"

PJRT_BEGIN_DECLS

/* Compiles and loads a program. Blocks, often for seconds. The plugin's own
 * error when the program is not valid; INVALID_ARGUMENT for counts below 1 or
 * a device assignment that does not fit or names a device twice or one that
 * does not exist.
 * PJRT: PJRT_Client_Compile (0.40); PJRT_Executable_OptimizedProgram (0.40)
 * for the signature.
 * @param client [shared]
 * @param program [borrowed: call]
 * @param opts [borrowed: call] may be NULL
 * @param out [owned: pjrt_executable_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_client_compile(
    pjrt_client *client, const pjrt_program *program,
    const pjrt_compile_opts *opts, pjrt_executable **out);

PJRT_END_DECLS

#endif /* PJRT_COMPILE_H_ */
