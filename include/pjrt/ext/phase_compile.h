/* The PhaseCompile extension: compiling one phase at a time. What a phase gives
 * can be kept, and compiling goes on from there, at another time or place.
 *
 *   pjrt_phase_compiler_create(plugin, &compiler);
 *   pjrt_phase_compiler_run(compiler, topology, NULL, &program, 1,
 *                           (const char *[]){"phase1_hlo_opts"}, 1, &outputs);
 *
 * UNIMPLEMENTED where the plugin has no such extension, or one without a
 * compiler, as XLA's plugins for CPUs; pjrt_plugin_find_extension tells the
 * former before. libtpu has the phases phase1_hlo_opts, phase2a_tlp_lowering,
 * phase2b_deduped_lowering and phase3_linking. */
#ifndef PJRT_EXT_PHASE_COMPILE_H_
#define PJRT_EXT_PHASE_COMPILE_H_

#include "pjrt/compile.h"
#include "pjrt/topology.h"

PJRT_BEGIN_DECLS

/* Immutable: any number of threads may use one. */
typedef struct pjrt_phase_compiler pjrt_phase_compiler;

/* What came of running phases: copies, which outlive the compiler. */
typedef struct pjrt_phase_outputs pjrt_phase_outputs;

/* What goes into a phase: a serialized PjRtPartialProgramProto, which holds a
 * program, the name of its format, the phase that made it, those that take it,
 * its version and its name, in fields 1 to 6. */
typedef struct pjrt_phase_program {
  const void *data; /* [borrowed: call] */
  size_t size;
} pjrt_phase_program;

/* ---- compilers ----------------------------------------------------------- */

/* A compiler, and the names of its phases. Needs no hardware.
 * PJRT: PJRT_PhaseCompile_Get_Compiler (0.72),
 * PJRT_PhaseCompile_Get_PhaseNames (0.72),
 * PJRT_PhaseCompile_C_Buffers_Destroy (0.72).
 * @param plugin [shared]
 * @param out [owned: pjrt_phase_compiler_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_phase_compiler_create(
    pjrt_plugin *plugin, pjrt_phase_compiler **out);

/* Drops the handle; what came of running phases stays.
 * PJRT: PJRT_PhaseCompile_Destroy_Compiler (0.72).
 * @param compiler [taken] */
PJRT_API void pjrt_phase_compiler_free(pjrt_phase_compiler *compiler);

/* How many phases there are.
 * @param compiler [borrowed: call] */
PJRT_API size_t
pjrt_phase_compiler_num_phases(const pjrt_phase_compiler *compiler);

/* The name of the i-th phase, in the order in which they run; empty past the
 * end.
 * @param compiler [borrowed: call]
 * @param out_size [borrowed: call] may be NULL
 * @return [borrowed: compiler] */
PJRT_API const char *pjrt_phase_compiler_phase(
    const pjrt_phase_compiler *compiler, size_t i, size_t *out_size);

/* Runs phases, each on what came of the one before. Blocks, often for seconds.
 * The plugin's own error when a program does not compile. INVALID_ARGUMENT: no
 * program, an empty one, one that is for other phases than the first of these,
 * no phase, one that there is not, a topology of another plugin, options that
 * do not fit the topology. Which programs a phase wants together nobody can
 * check: libtpu's phase2a_tlp_lowering ends the process unless it gets those
 * for it that phase1_hlo_opts gave, all and in their order.
 * PJRT: PJRT_PhaseCompile_Run_Phase (0.72),
 * PJRT_PhaseCompile_C_Buffers_Destroy (0.72).
 * @param compiler [borrowed: call]
 * @param topology [borrowed: call]
 * @param opts [borrowed: call] may be NULL
 * @param programs [borrowed: call]
 * @param phases [borrowed: call] names that end with a NUL
 * @param out [owned: pjrt_phase_outputs_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_phase_compiler_run(
    const pjrt_phase_compiler *compiler, const pjrt_topology *topology,
    const pjrt_compile_opts *opts, const pjrt_phase_program *programs,
    size_t num_programs, const char *const *phases, size_t num_phases,
    pjrt_phase_outputs **out);

/* ---- what came of it ----------------------------------------------------- */

/* @param outputs [taken] */
PJRT_API void pjrt_phase_outputs_free(pjrt_phase_outputs *outputs);

/* How many programs came of it; not always as many as went in.
 * @param outputs [borrowed: call] */
PJRT_API size_t pjrt_phase_outputs_size(const pjrt_phase_outputs *outputs);

/* The i-th of them, for the next phase; NULL past the end.
 * @param outputs [borrowed: call]
 * @param out_size [borrowed: call]
 * @return [borrowed: outputs] */
PJRT_API const void *pjrt_phase_outputs_data(const pjrt_phase_outputs *outputs,
                                             size_t i, size_t *out_size);

PJRT_END_DECLS

#endif /* PJRT_EXT_PHASE_COMPILE_H_ */
