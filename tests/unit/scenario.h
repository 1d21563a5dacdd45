/* The life of a program, with everything in it that the library can do on one
 * client. It stops at the first error. */
#ifndef PJRT_TESTS_UNIT_SCENARIO_H_
#define PJRT_TESTS_UNIT_SCENARIO_H_

#include <stdatomic.h>

#include "sim_fixture.h"

typedef struct scenario {
  const char *step; /* the one that failed, or the last */
  pjrt_plugin *plugin;
  pjrt_client *client;
  pjrt_program *program;
  pjrt_executable *executable;
  pjrt_executable *loaded;
  pjrt_executable *sharded;
  void *artifact;
  size_t artifact_size;
  pjrt_buffer *args[2];
  pjrt_event *uploaded;
  pjrt_buffer *adopted;
  pjrt_buffer *matrix;
  pjrt_layout *layout;
  pjrt_buffer *outs[2];
  pjrt_event *done;
  pjrt_event *ready;
  pjrt_event *join;
  pjrt_event *downloaded;
  pjrt_array *array;
  pjrt_buffer *loaded_outs[2];
  pjrt_transfer *transfer;
  pjrt_buffer *transferred;
  pjrt_writer *writer;
  pjrt_execute_context *context;
  pjrt_buffer *shards[4];
  pjrt_buffer *shard_outs[4];
  float read[4];

  pjrt_topology *topology, *again; /* the second from what the first told */
  pjrt_layout *canonical;
  void *description;
  size_t description_size;
  pjrt_compiled *compiled;
  pjrt_executable *of_compiled;
  void *compiled_artifact;
  pjrt_program *optimized;
  pjrt_named_values *costs;
  void *options;
  pjrt_named_values *attributes;
  pjrt_async_tracking_event *tracking;
  pjrt_buffer *copies[2];
  pjrt_raw_copy *raw_copy;
  pjrt_event *raw_copied;
  pjrt_buffer *made[7];
  pjrt_alias *alias;
  pjrt_event *promised;
  _Alignas(64) float pinned[4];
  pjrt_dma_mapping *mapping;
  pjrt_compile_options *compile_options;
  char *json;

  atomic_int num_callbacks; /* on `done` */
  bool was_adopted;
  atomic_int num_releases; /* of the adopted memory */
} scenario;

/* Configures the plugin for the scenario: its first execution ends with the
 * next release of held events. `function` fails at its nth call, or is missing
 * when `nth` is -1; NULL: nothing else goes wrong. */
void scenario_configure(const char *function, int nth);

/* Runs all steps. Fails the test when one that fails leaves an output set. */
pjrt_error *scenario_run(scenario *out);

/* Frees whatever there is. */
void scenario_end(scenario *s);

/* Waits until the adopted memory came back, as it must unless the plugin could
 * not destroy the buffer. */
void scenario_await_release(const scenario *s);

#endif /* PJRT_TESTS_UNIT_SCENARIO_H_ */
