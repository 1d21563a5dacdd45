/* The Profiler extension: what a plugin records of itself and its devices
 * between two moments, as XLA's XSpace; pjrt/ext/xspace.h reads that.
 *
 *   pjrt_profiler_create -> pjrt_profiler_start -> ... -> pjrt_profiler_stop
 *   -> pjrt_profiler_collect -> pjrt_profiler_free
 *
 * A profiler records once: some plugins refuse to start one again, or give
 * nothing the second time. One at a time runs in a process, as a rule; a plugin
 * may refuse the next, or record nothing with it. What is called too early, too
 * late or twice is FAILED_PRECONDITION and never reaches the plugin.
 *
 * UNIMPLEMENTED where the plugin has no such extension, as plugins for CPUs;
 * pjrt_plugin_find_extension tells before. Two threads may use one profiler;
 * the second waits for the first. In a forked child a profiler of the parent's
 * is FAILED_PRECONDITION for everything but freeing, which leaks it. */
#ifndef PJRT_EXT_PROFILER_H_
#define PJRT_EXT_PROFILER_H_

#include "pjrt/plugin.h"

PJRT_BEGIN_DECLS

typedef struct pjrt_profiler pjrt_profiler;

/* The devices that are recorded. */
typedef enum pjrt_profiler_device {
  PJRT_PROFILE_ALL_DEVICES = 0,
  PJRT_PROFILE_CPU = 1,
  PJRT_PROFILE_GPU = 2,
  PJRT_PROFILE_TPU = 3,
  PJRT_PROFILE_PLUGGABLE_DEVICE = 4
} pjrt_profiler_device;

/* XLA's ProfileOptions. Which of them a plugin heeds is its own affair, and
 * none says what it does not know. */
typedef struct pjrt_profiler_opts {
  size_t struct_size;
  pjrt_profiler_device device; /* default: all */
  /* How much is recorded of the plugin's own work on the host: 0 nothing, 1
   * what users marked, 2 costly operations, 3 all; default 2. */
  int host_tracer_level;
  int device_tracer_level;  /* 0 nothing, 1 what devices do; default 1 */
  int python_tracer_level;  /* 0 nothing, 1 calls of Python; default 0 */
  bool include_dataset_ops; /* of input pipelines; default true */
  bool enable_hlo_proto;    /* add the compiled programs; default true */
  bool raise_error_on_start_failure; /* default false: record without */
  int64_t start_timestamp_ns;        /* since 1970; default 0: none */
  int64_t duration_ms;               /* default 0: until it is stopped */
  uint64_t host_traceme_filter_mask; /* default 0: no filter */
  /* Options of one kind of device, such as tpu_trace_mode: texts, integers and
   * booleans. [borrowed: call] NULL: none */
  const pjrt_named_values *advanced;
  /* A serialized ProfileOptions, for what is not above; what it sets counts for
   * more. [borrowed: call] */
  const void *serialized;
  size_t serialized_size;
} pjrt_profiler_opts;

/* @param opts [borrowed: call] */
PJRT_API void pjrt_profiler_opts_init(pjrt_profiler_opts *opts);

/* A profiler that does not run yet.
 * INVALID_ARGUMENT: a negative level or time, an unknown device, an advanced
 * option of another kind. FAILED_PRECONDITION: the plugin was opened with
 * inspect_only.
 * PJRT: PLUGIN_Profiler_Create (0.40), and for the errors of all functions here
 * PLUGIN_Profiler_Error_Message (0.40), PLUGIN_Profiler_Error_GetCode (0.40),
 * PLUGIN_Profiler_Error_Destroy (0.40).
 * @param plugin [shared]
 * @param opts [borrowed: call] may be NULL
 * @param out [owned: pjrt_profiler_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_profiler_create(
    pjrt_plugin *plugin, const pjrt_profiler_opts *opts, pjrt_profiler **out);

/* Stops the profiler if it runs, and drops what was not collected.
 * PJRT: PLUGIN_Profiler_Destroy (0.40), PLUGIN_Profiler_Stop (0.40).
 * @param profiler [taken] */
PJRT_API void pjrt_profiler_free(pjrt_profiler *profiler);

/* Begins to record. FAILED_PRECONDITION: it did so before. It may be tried
 * again when the plugin could not.
 * PJRT: PLUGIN_Profiler_Start (0.40).
 * @param profiler [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_profiler_start(pjrt_profiler *profiler);

/* Ends the recording. Blocks while devices hand over what they have.
 * FAILED_PRECONDITION: it does not run.
 * PJRT: PLUGIN_Profiler_Stop (0.40).
 * @param profiler [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_profiler_stop(pjrt_profiler *profiler);

/* What was recorded, as a serialized XSpace; no bytes at all when that is
 * empty. It can be had once. Blocks while the plugin serializes it.
 * FAILED_PRECONDITION: not stopped yet, or collected before. INTERNAL: the
 * plugin tells a size that cannot be.
 * PJRT: PLUGIN_Profiler_CollectData (0.40).
 * @param profiler [borrowed: call]
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_profiler_collect(
    pjrt_profiler *profiler, void **out, size_t *out_size);

/* The same by way of newer functions, which few plugins have yet: what was
 * recorded leaves the plugin's profiler before it is serialized.
 * PJRT: PLUGIN_Profiler_Consume (0.113), PLUGIN_Profiler_Serialize (0.113),
 * PLUGIN_Profiler_ConsumeResult_Destroy (0.113).
 * @param profiler [borrowed: call]
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_profiler_consume(
    pjrt_profiler *profiler, void **out, size_t *out_size);

/* ---- files --------------------------------------------------------------- */

/* Writes a serialized XSpace to where xprof and TensorBoard look for it,
 * DIR/plugins/profile/RUN/HOST.xplane.pb, whole or not at all; makes the
 * folders.
 * INVALID_ARGUMENT: a run or host that cannot name a file: an empty one, one
 * with a slash or a control character, or one that begins with a dot.
 * @param dir [borrowed: call] the log directory
 * @param run [borrowed: call] NULL: the time, such as 2030_12_31_23_59_59
 * @param host [borrowed: call] NULL: this machine's name
 * @param data [borrowed: call] may be NULL when data_size is 0
 * @param out_path [owned: pjrt_host_free] the file's name; may be NULL */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_profile_write(
    const char *dir, size_t dir_size, const char *run, size_t run_size,
    const char *host, size_t host_size, const void *data, size_t data_size,
    char **out_path);

PJRT_END_DECLS

#endif /* PJRT_EXT_PROFILER_H_ */
