#include "core/unloaded.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/text.h"
#include "core/plugin.h"

pjrt_error *pjrt_unloaded_read_facts(const pjrt_plugin *plugin,
                                     PJRT_Executable *raw,
                                     pjrt_unloaded_facts *out) {
  PJRT_ARGS(PJRT_Executable_Name, name);
  name->executable = raw;
  PJRT_TRY(PJRT_CALL(plugin, PJRT_Executable_Name, name));
  PJRT_TRY(pjrt_text_fact_set(&out->name, name->executable_name,
                              name->executable_name_size));
  PJRT_ARGS(PJRT_Executable_NumReplicas, replicas);
  replicas->executable = raw;
  PJRT_TRY(PJRT_CALL(plugin, PJRT_Executable_NumReplicas, replicas));
  out->num_replicas = replicas->num_replicas;
  PJRT_ARGS(PJRT_Executable_NumPartitions, partitions);
  partitions->executable = raw;
  PJRT_TRY(PJRT_CALL(plugin, PJRT_Executable_NumPartitions, partitions));
  out->num_partitions = partitions->num_partitions;
  PJRT_ARGS(PJRT_Executable_NumOutputs, outputs);
  outputs->executable = raw;
  PJRT_TRY(PJRT_CALL(plugin, PJRT_Executable_NumOutputs, outputs));
  out->num_outputs = outputs->num_outputs;
  return NULL;
}

pjrt_error *pjrt_unloaded_fingerprint(const pjrt_plugin *plugin,
                                      PJRT_Executable *raw,
                                      pjrt_text_fact *out) {
  PJRT_ARGS(PJRT_Executable_Fingerprint, args);
  args->executable = raw;
  PJRT_TRY(PJRT_CALL(plugin, PJRT_Executable_Fingerprint, args));
  return pjrt_text_fact_set(out, args->executable_fingerprint,
                            args->executable_fingerprint_size);
}

pjrt_error *pjrt_unloaded_code_size(const pjrt_plugin *plugin,
                                    PJRT_Executable *raw, int64_t *out) {
  PJRT_ARGS(PJRT_Executable_SizeOfGeneratedCodeInBytes, args);
  args->executable = raw;
  PJRT_TRY(PJRT_CALL(plugin, PJRT_Executable_SizeOfGeneratedCodeInBytes, args));
  *out = args->size_in_bytes;
  return NULL;
}

void pjrt_unloaded_destroy(const pjrt_plugin *plugin, PJRT_Executable *raw) {
  PJRT_ARGS(PJRT_Executable_Destroy, args);
  args->executable = raw;
  pjrt_error_free(PJRT_CALL(plugin, PJRT_Executable_Destroy, args));
}

/* ---- the signature ------------------------------------------------------- */

bool pjrt_program_has_format(const PJRT_Program *program, const char *format) {
  return program->format &&
         pjrt_text_equal(program->format, program->format_size, format);
}

/* With args of its own, for a newer plugin may leave outputs in the reserve. */
static pjrt_error *ask_for_program(const pjrt_plugin *plugin,
                                   PJRT_Executable *raw,
                                   PJRT_Program *program) {
  PJRT_ARGS(PJRT_Executable_OptimizedProgram, args);
  args->executable = raw;
  args->program = program;
  return PJRT_CALL(plugin, PJRT_Executable_OptimizedProgram, args);
}

/* A protocol of two calls: the first tells the size. */
pjrt_error *pjrt_unloaded_read_program(const pjrt_plugin *plugin,
                                       PJRT_Executable *raw,
                                       PJRT_Program *program) {
  PJRT_TRY(ask_for_program(plugin, raw, program));
  const size_t room = program->code_size;
  program->code = malloc(room ? room : 1);
  if (!program->code) return pjrt_error_out_of_memory();
  PJRT_TRY(ask_for_program(plugin, raw, program));
  if (program->code_size <= room) return NULL;
  return pjrt_error_about(
      pjrt_error_format(PJRT_INTERNAL,
                        "the plugin tells %zu bytes of a program of %zu",
                        program->code_size, room),
      plugin, "PJRT_Executable_OptimizedProgram");
}

static pjrt_error *learn(const pjrt_plugin *plugin, PJRT_Executable *raw,
                         pjrt_signature **out) {
  PJRT_STRUCT(plugin, PJRT_Program, program);
  pjrt_error *error = pjrt_unloaded_read_program(plugin, raw, program);
  bool with_config = pjrt_program_has_format(program, "hlo_with_config");
  if (!error && (with_config || pjrt_program_has_format(program, "hlo"))) {
    error = pjrt_signature_from_hlo(program->code, program->code_size,
                                    with_config, out);
  }
  free(program->code);
  if (pjrt_error_code(error) == PJRT_RESOURCE_EXHAUSTED) return error;
  pjrt_error_free(error);
  return NULL;
}

pjrt_error *pjrt_unloaded_settle_signature(const pjrt_plugin *plugin,
                                           PJRT_Executable *raw,
                                           size_t num_outputs,
                                           pjrt_signature **signature) {
  if (!*signature) PJRT_TRY(learn(plugin, raw, signature));
  if (*signature && (*signature)->num_outputs != num_outputs) {
    pjrt_signature_free(*signature);
    *signature = NULL;
  }
  return NULL;
}

/* ---- artifacts ----------------------------------------------------------- */

static pjrt_error *encode(pjrt_plugin *plugin, pjrt_artifact *artifact,
                          const pjrt_signature *signature, void **out,
                          size_t *out_size) {
  const char *identity;
  void *packed = NULL;
  PJRT_TRY(pjrt_plugin_identity(plugin, &identity));
  artifact->api_major = plugin->major;
  artifact->api_minor = plugin->minor;
  artifact->plugin_identity = (pjrt_bytes){identity, strlen(identity)};
  if (signature) {
    PJRT_TRY(
        pjrt_signature_pack(signature, &packed, &artifact->signature.size));
    artifact->signature.data = packed;
  }
  pjrt_error *error = pjrt_artifact_encode(artifact, out, out_size);
  free(packed);
  return error;
}

pjrt_error *pjrt_unloaded_serialize(pjrt_plugin *plugin, PJRT_Executable *raw,
                                    const pjrt_signature *signature,
                                    pjrt_artifact artifact, void **out,
                                    size_t *out_size) {
  PJRT_ARGS(PJRT_Executable_Serialize, args);
  args->executable = raw;
  PJRT_TRY(PJRT_CALL(plugin, PJRT_Executable_Serialize, args));
  artifact.executable =
      (pjrt_bytes){args->serialized_bytes, args->serialized_bytes_size};
  pjrt_error *error = encode(plugin, &artifact, signature, out, out_size);
  if (args->serialized_executable_deleter) {
    args->serialized_executable_deleter(args->serialized_executable);
  }
  return error;
}
