/* What a plugin tells of a PJRT_Executable, which may be loaded or not, and the
 * artifacts that are made of it. */
#ifndef PJRT_CORE_UNLOADED_H_
#define PJRT_CORE_UNLOADED_H_

#include "core/artifact.h"
#include "core/facts.h"
#include "core/signature.h"

typedef struct pjrt_unloaded_facts {
  pjrt_text_fact name;
  size_t num_replicas;
  size_t num_partitions;
  size_t num_outputs;
} pjrt_unloaded_facts;

/* What was read before an error stays; clear the name. */
pjrt_error *pjrt_unloaded_read_facts(const pjrt_plugin *plugin,
                                     PJRT_Executable *raw,
                                     pjrt_unloaded_facts *out)
    __attribute__((warn_unused_result));

/* The fingerprint, into an empty text. */
pjrt_error *pjrt_unloaded_fingerprint(const pjrt_plugin *plugin,
                                      PJRT_Executable *raw, pjrt_text_fact *out)
    __attribute__((warn_unused_result));

pjrt_error *pjrt_unloaded_code_size(const pjrt_plugin *plugin,
                                    PJRT_Executable *raw, int64_t *out)
    __attribute__((warn_unused_result));

/* Learns the signature from the optimized program, unless there is one. It
 * stays, or becomes, NULL where the plugin cannot tell that program, tells it
 * in a form that gives no signature, or the signature has not `num_outputs`
 * outputs: the executable is then unchecked. */
pjrt_error *pjrt_unloaded_settle_signature(const pjrt_plugin *plugin,
                                           PJRT_Executable *raw,
                                           size_t num_outputs,
                                           pjrt_signature **signature)
    __attribute__((warn_unused_result));

/* Has the plugin serialize the executable, and encodes that with what
 * `artifact` says of it, the signature, which may be NULL, and the plugin's
 * identity. Free with pjrt_host_free. */
pjrt_error *pjrt_unloaded_serialize(pjrt_plugin *plugin, PJRT_Executable *raw,
                                    const pjrt_signature *signature,
                                    pjrt_artifact artifact, void **out,
                                    size_t *out_size)
    __attribute__((warn_unused_result));

/* The optimized program in the plugin's form, for a `program` whose struct_size
 * is set; free() its code, also when this fails. */
pjrt_error *pjrt_unloaded_read_program(const pjrt_plugin *plugin,
                                       PJRT_Executable *raw,
                                       PJRT_Program *program)
    __attribute__((warn_unused_result));

/* Whether that form is `format`, such as "hlo". */
bool pjrt_program_has_format(const PJRT_Program *program, const char *format);

void pjrt_unloaded_destroy(const pjrt_plugin *plugin, PJRT_Executable *raw);

#endif /* PJRT_CORE_UNLOADED_H_ */
