/* The inside of an executable that is not loaded. */
#ifndef PJRT_CORE_COMPILED_H_
#define PJRT_CORE_COMPILED_H_

#include "core/reaper.h"
#include "core/topology.h"
#include "core/unloaded.h"
#include "core/unloaded_facts.h"
#include "pjrt/compiled.h"

struct pjrt_compiled {
  pjrt_grave grave; /* for one of a client's topology, freed in a callback */
  pjrt_topology *topology;
  PJRT_Executable *raw;
  pjrt_unloaded_facts facts;
  pjrt_signature *signature; /* NULL: unchecked */
  bool is_portable;
  void *options; /* serialized */
  size_t options_size;
  pthread_mutex_t mutex; /* guards what follows, which is asked for late */
  pjrt_memory_kinds parameter_memory_kinds;
  pjrt_memory_kinds output_memory_kinds;
};

/* INVALID_ARGUMENT or NOT_FOUND when complete options ask for more devices than
 * the topology has, or for others. */
pjrt_error *pjrt_topology_check_opts(const pjrt_topology *topology,
                                     const pjrt_compile_opts *opts)
    __attribute__((warn_unused_result));

#endif /* PJRT_CORE_COMPILED_H_ */
