/* The inside of an executable. */
#ifndef PJRT_CORE_EXECUTABLE_H_
#define PJRT_CORE_EXECUTABLE_H_

#include "core/client.h"
#include "core/signature.h"
#include "core/unloaded_facts.h"
#include "pjrt/executable.h"

struct pjrt_executable {
  pjrt_grave grave;
  pjrt_client *client;
  PJRT_LoadedExecutable *raw;
  PJRT_Executable *unloaded; /* must be destroyed before `raw` */
  atomic_bool is_deleted;

  pjrt_text_fact name;
  size_t num_replicas;
  size_t num_partitions;
  pjrt_device **devices; /* of this process; one NULL when portable */
  size_t num_devices;    /* at least 1 */
  bool is_portable;

  /* What is checked and what is known of the outputs, device by device. */
  pjrt_signature *signature;         /* NULL: unchecked */
  size_t num_parameters;             /* 0 when unchecked */
  const pjrt_spec **parameter_specs; /* num_devices groups */
  size_t *donated;                   /* indexes of donated parameters */
  size_t num_donated;
  /* One device, named at compile time; nothing donated; all specs known; no
   * more parameters and outputs than a launch has room for; a plugin no newer
   * than the library that has all it takes; not deleted. */
  atomic_bool is_plain;
  size_t num_outputs;
  const pjrt_spec **output_specs; /* num_devices groups; NULL: ask */

  void *compile_options; /* serialized, for artifacts */
  size_t compile_options_size;
  pthread_mutex_t mutex; /* guards what is asked for late */
  pjrt_text_fact fingerprint;
  pjrt_memory_kinds parameter_memory_kinds, output_memory_kinds;
};

/* The pointers that a launch needs fit in its room, up to 100 arguments and
 * outputs and far beyond; a larger one allocates. */
enum { PJRT_LAUNCH_POINTERS = 512 };

/* Wraps a loaded executable and reads its facts; owns `raw` from now on, also
 * when it fails. `signature` is taken; NULL: learn it from the plugin. */
pjrt_error *pjrt_executable_wrap(pjrt_client *client,
                                 PJRT_LoadedExecutable *raw, bool is_portable,
                                 const void *compile_options,
                                 size_t compile_options_size,
                                 pjrt_signature *signature,
                                 pjrt_executable **out)
    __attribute__((warn_unused_result));

/* INVALID_ARGUMENT for NULL, FAILED_PRECONDITION when it was deleted or the
 * process was forked. */
pjrt_error *pjrt_executable_check(const pjrt_executable *executable)
    __attribute__((warn_unused_result));

#endif /* PJRT_CORE_EXECUTABLE_H_ */
