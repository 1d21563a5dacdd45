/* What a plugin is asked of a PJRT_Executable, loaded or not, when somebody
 * wants to know. */
#ifndef PJRT_CORE_UNLOADED_FACTS_H_
#define PJRT_CORE_UNLOADED_FACTS_H_

#include "core/facts.h"
#include "pjrt/executable.h"

/* Of each parameter, or of each output. */
typedef struct pjrt_memory_kinds {
  bool is_known;
  pjrt_text_fact *kinds;
  size_t num_kinds;
} pjrt_memory_kinds;

/* Nothing is asked when they are known already. */
pjrt_error *pjrt_unloaded_parameter_memory_kinds(const pjrt_plugin *plugin,
                                                 PJRT_Executable *raw,
                                                 pjrt_memory_kinds *out)
    __attribute__((warn_unused_result));
pjrt_error *pjrt_unloaded_output_memory_kinds(const pjrt_plugin *plugin,
                                              PJRT_Executable *raw,
                                              pjrt_memory_kinds *out)
    __attribute__((warn_unused_result));

/* The i-th of those that are known; `what` is "parameter" or "output". */
pjrt_error *pjrt_memory_kinds_get(const pjrt_memory_kinds *kinds,
                                  const char *what, size_t i, const char **out,
                                  size_t *out_size)
    __attribute__((warn_unused_result));
void pjrt_memory_kinds_clear(pjrt_memory_kinds *kinds);

pjrt_error *pjrt_unloaded_cost_analysis(const pjrt_plugin *plugin,
                                        PJRT_Executable *raw,
                                        pjrt_named_values **out)
    __attribute__((warn_unused_result));

/* `out` is the caller's, of any size. */
pjrt_error *pjrt_unloaded_memory_analysis(const pjrt_plugin *plugin,
                                          PJRT_Executable *raw,
                                          pjrt_memory_analysis *out)
    __attribute__((warn_unused_result));

pjrt_error *pjrt_unloaded_optimized_program(const pjrt_plugin *plugin,
                                            PJRT_Executable *raw,
                                            pjrt_program **out)
    __attribute__((warn_unused_result));

/* Free with pjrt_host_free. */
pjrt_error *pjrt_unloaded_compile_options(const pjrt_plugin *plugin,
                                          PJRT_Executable *raw, void **out,
                                          size_t *out_size)
    __attribute__((warn_unused_result));

#endif /* PJRT_CORE_UNLOADED_FACTS_H_ */
