/* Programs: what is compiled. StableHLO as text, bytecode or portable
 * artifact, or an HloModuleProto. */
#ifndef PJRT_PROGRAM_H_
#define PJRT_PROGRAM_H_

#include "pjrt/error.h"

PJRT_BEGIN_DECLS

typedef struct pjrt_program pjrt_program;

typedef enum pjrt_program_format {
  /* Tell by the first bytes: MLIR bytecode (which portable artifacts are) by
   * its magic number, MLIR by being text, else HLO. */
  PJRT_FORMAT_AUTO = 0,
  PJRT_FORMAT_MLIR = 1, /* text, bytecode or portable artifact */
  PJRT_FORMAT_HLO = 2   /* a serialized HloModuleProto */
} pjrt_program_format;

/* Copies a program. INVALID_ARGUMENT when the code is empty, is neither text
 * nor one of the binary forms, or does not match the format.
 * @param code [borrowed: call]
 * @param out [owned: pjrt_program_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_program_create(
    const void *code, size_t code_size, pjrt_program_format format,
    pjrt_program **out);

/* Reads a program from a file, format by its contents. The errors name the
 * path.
 * @param path [borrowed: call]
 * @param out [owned: pjrt_program_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_program_read(const char *path,
                                                     size_t path_size,
                                                     pjrt_program **out);

/* @param program [taken] */
PJRT_API void pjrt_program_free(pjrt_program *program);

/* @param program [borrowed: call] */
PJRT_API pjrt_program_format
pjrt_program_format_of(const pjrt_program *program);

/* @param program [borrowed: call]
 * @param out_size [borrowed: call]
 * @return [borrowed: program] */
PJRT_API const void *pjrt_program_code(const pjrt_program *program,
                                       size_t *out_size);

PJRT_END_DECLS

#endif /* PJRT_PROGRAM_H_ */
