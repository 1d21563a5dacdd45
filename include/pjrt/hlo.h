/* Programs as HLO text: what the compiler made of a program, for people and for
 * the tools that read XLA's dumps. Nothing here needs a plugin. */
#ifndef PJRT_HLO_H_
#define PJRT_HLO_H_

#include "pjrt/program.h"

PJRT_BEGIN_DECLS

/* What the text has. The defaults are those of XLA. */
typedef struct pjrt_hlo_opts {
  size_t struct_size;
  /* Constants of more than ten elements; default false: "{...}". */
  bool print_large_constants;
  /* Where an instruction comes from: op_name, source_file and the like;
   * default true. */
  bool print_metadata;
  /* What a compiler noted for itself; default true. */
  bool print_backend_config;
  /* The type of each operand before its name; default false. */
  bool print_operand_shapes;
} pjrt_hlo_opts;

/* @param opts [borrowed: call] */
PJRT_API void pjrt_hlo_opts_init(pjrt_hlo_opts *opts);

/* Writes a program of PJRT_FORMAT_HLO, such as
 * pjrt_executable_optimized_program gives, as XLA's HLO text: what
 * HloModule::ToString of XLA has for the same module, byte for byte. What is
 * newer than this library is left out, and named in comments at the end, which
 * XLA's parser passes over.
 *
 * UNIMPLEMENTED for a program in another format: plugins may tell an optimized
 * program as StableHLO. INVALID_ARGUMENT for a module that is damaged or
 * contradicts itself, names what and where; RESOURCE_EXHAUSTED for one whose
 * text would be out of all proportion to its size. Takes memory for the text
 * and a few words per instruction. Thread-safe.
 * @param program [borrowed: call]
 * @param opts [borrowed: call] may be NULL
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] may be NULL */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_hlo_print(const pjrt_program *program,
                                                  const pjrt_hlo_opts *opts,
                                                  char **out, size_t *out_size);

PJRT_END_DECLS

#endif /* PJRT_HLO_H_ */
