/* The inside of programs. */
#ifndef PJRT_CORE_PROGRAM_H_
#define PJRT_CORE_PROGRAM_H_

#include "pjrt/abi.h"
#include "pjrt/program.h"

/* PJRT's name of a format, for PJRT_Program.format: "mlir" or "hlo". */
const char *pjrt_program_format_name(pjrt_program_format format);

/* Makes a program of code that needs no check, and takes it, also when this
 * fails: memory from malloc. */
pjrt_error *pjrt_program_take(pjrt_program_format format, void *code,
                              size_t size, pjrt_program **out)
    __attribute__((warn_unused_result));

/* Points the plugin's struct, whose struct_size is set, to the program. */
void pjrt_program_to_raw(const pjrt_program *program, PJRT_Program *raw);

/* Finds out a program's format, or checks it when it is not AUTO. `name` says
 * which program in messages. */
pjrt_error *pjrt_program_check(const char *name, const void *code, size_t size,
                               pjrt_program_format format,
                               pjrt_program_format *out)
    __attribute__((warn_unused_result));

#endif /* PJRT_CORE_PROGRAM_H_ */
