/* The programs that extensions are asked about: executables, and what was
 * compiled ahead of time. */
#ifndef PJRT_EXT_PROGRAM_H_
#define PJRT_EXT_PROGRAM_H_

#include "core/compiled.h"
#include "core/executable.h"

typedef struct pjrt_ext_program {
  pjrt_plugin *plugin;
  PJRT_Executable *raw;
} pjrt_ext_program;

/* INVALID_ARGUMENT for NULL, FAILED_PRECONDITION when it was deleted or the
 * process was forked. */
pjrt_error *pjrt_ext_executable(const pjrt_executable *executable,
                                pjrt_ext_program *out)
    __attribute__((warn_unused_result));
pjrt_error *pjrt_ext_compiled(const pjrt_compiled *compiled,
                              pjrt_ext_program *out)
    __attribute__((warn_unused_result));

#endif /* PJRT_EXT_PROGRAM_H_ */
