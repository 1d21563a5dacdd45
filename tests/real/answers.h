/* Whether a real plugin answers each PJRT function as answers.inc says.
 *
 * Each function has a check, which brings the call about, through the typed API
 * where that calls it, and judges what comes. The slots of the plugin's table
 * are replaced beforehand, so that it is seen whether the function was called
 * and what it answered. */
#ifndef PJRT_TESTS_REAL_ANSWERS_H_
#define PJRT_TESTS_REAL_ANSWERS_H_

#include "real/fixture.h"

typedef enum answer_column {
  ANSWERS_CPU_81,
  ANSWERS_CPU_106,
  ANSWERS_CPU_115,
  ANSWERS_CUDA,
  ANSWERS_TPU,
  ANSWERS_NUM_COLUMNS
} answer_column;

/* What a check starts from: made on demand, freed after it. */
typedef struct answer_world {
  answer_column column;
  pjrt_plugin *plugin;
  pjrt_client *client;
  pjrt_device *device;
  pjrt_executable *executable;
  pjrt_topology *topology;
  pjrt_compiled *compiled;
  pjrt_transfer *transfer;
  pjrt_event *event;
  pjrt_buffer *buffers[3];
} answer_world;

/* Returns the error of the call that it is about, or of one that it needs; a
 * wrong result fails the test. */
typedef pjrt_error *answer_check_fn(answer_world *w);

typedef struct answer_check {
  const char *function;
  answer_check_fn *run;
} answer_check;

extern const answer_check answer_machine_checks[];
extern const size_t answer_num_machine_checks;
extern const answer_check answer_client_checks[];
extern const size_t answer_num_client_checks;
/* What the library refuses. */
extern const answer_check answer_refusals[];
extern const size_t answer_num_refusals;

/* A machine that is not there; of a plugin that finds no hardware. */
static inline bool answer_is_aot(const answer_world *w) {
  return w->column >= ANSWERS_CUDA;
}

/* Make what the world does not have yet. */
pjrt_error *answer_client(answer_world *w);
pjrt_error *answer_topology(answer_world *w);
pjrt_error *answer_executable(answer_world *w);
/* For the topology. */
pjrt_error *answer_compiled(answer_world *w);
/* The i-th buffer: f32[4] of 1 to 4. */
pjrt_error *answer_buffer(answer_world *w, size_t i);

/* Runs every check and refusal on the plugin, one test each. */
int answers_run(const char *path, answer_column column);

#endif /* PJRT_TESTS_REAL_ANSWERS_H_ */
