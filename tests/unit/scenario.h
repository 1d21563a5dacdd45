/* The life of a program, with everything in it that the library can do on one
 * client. Stops at the first error. */
#ifndef PJRT_TESTS_UNIT_SCENARIO_H_
#define PJRT_TESTS_UNIT_SCENARIO_H_

#include "stub_fixture.h"

enum { SCENARIO_ARTIFACT_NUM = 2 };

typedef struct scenario {
  const char *step; /* the one that failed, or the last */
  pjrt_plugin *plugin;
  pjrt_client *client;
  pjrt_device *device;
  pjrt_program *program;
  pjrt_executable *executable;
  pjrt_executable *loaded;
  pjrt_executable *sharded;
  void *artifact;
  size_t artifact_size;
  pjrt_buffer *args[2];
  pjrt_buffer *adopted;
  pjrt_buffer *matrix;
  pjrt_buffer *outs[2];
  pjrt_buffer *more_outs[4];
  pjrt_event *events[3];
  pjrt_array *array;
  pjrt_layout *layout;
  bool is_mapped;
  void *lent;   /* memory that the plugin has */
  int released; /* how often it came back */
} scenario;

/* Runs all steps on the stub as it is configured. Fails the test when a step
 * that fails leaves an output set. */
pjrt_error *scenario_run(scenario *out);

/* Frees whatever there is. */
void scenario_end(scenario *s);

#endif /* PJRT_TESTS_UNIT_SCENARIO_H_ */
