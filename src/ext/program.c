#include "ext/program.h"

#include "base/error.h"

pjrt_error *pjrt_ext_executable(const pjrt_executable *executable,
                                pjrt_ext_program *out) {
  PJRT_TRY(pjrt_executable_check(executable));
  *out = (pjrt_ext_program){executable->client->plugin, executable->unloaded};
  return NULL;
}

pjrt_error *pjrt_ext_compiled(const pjrt_compiled *compiled,
                              pjrt_ext_program *out) {
  if (!compiled) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "compiled is NULL");
  }
  PJRT_TRY(pjrt_topology_check(compiled->topology));
  *out = (pjrt_ext_program){compiled->topology->plugin, compiled->raw};
  return NULL;
}
