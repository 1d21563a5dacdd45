/* The functions of TpuExecutable that are not in tpu_executable.c. */
#ifndef PJRT_SIM_EXT_TPU_EXECUTABLE_H_
#define PJRT_SIM_EXT_TPU_EXECUTABLE_H_

#include "ext/ext.h"

#define SIM_TPU_EXECUTABLE_FUNCTION(name) \
  PJRT_Error *sim_tpu_executable_##name(PJRT_TpuExecutable_##name##_Args *args)

SIM_TPU_EXECUTABLE_FUNCTION(SetTpuCompilationEnv);
SIM_TPU_EXECUTABLE_FUNCTION(GetTpuCompilationEnvFieldAsString);
SIM_TPU_EXECUTABLE_FUNCTION(IsTpuPredeterminedError);

/* What the extension's answers live in. Its handles all point to one. */
typedef struct sim_tpu_bytes {
  sim_kind kind;
  sim_bytes bytes;
} sim_tpu_bytes;

/* Takes over the bytes. */
sim_tpu_bytes *sim_tpu_bytes_create(sim_bytes bytes);
void sim_tpu_bytes_free(sim_tpu_bytes *holder);

/* Whether bytes are there, and a protocol buffer. */
PJRT_Error *sim_tpu_check_message(const char *name, const char *bytes,
                                  size_t size);

#endif /* PJRT_SIM_EXT_TPU_EXECUTABLE_H_ */
