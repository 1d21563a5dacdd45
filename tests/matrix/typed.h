/* The cases of the typed functions, and what they start from. */
#ifndef PJRT_TESTS_MATRIX_TYPED_H_
#define PJRT_TESTS_MATRIX_TYPED_H_

#include <stdatomic.h>

#include "matrix.h"

/* An object that only a few cases know, and what frees it. */
typedef struct typed_kept {
  void *object;
  void (*free)(void *object);
} typed_kept;

/* What an attempt made; freed at its end. */
typedef struct typed_world {
  pjrt_client *client;
  pjrt_device *device; /* the first */
  pjrt_program *program;
  pjrt_executable *executable;
  pjrt_executable *loaded;
  pjrt_topology *topology; /* not the client's */
  pjrt_topology *copy;
  pjrt_compiled *compiled;
  pjrt_buffer *args[4];
  pjrt_buffer *outs[2];
  pjrt_event *event;
  pjrt_event *join;
  pjrt_transfer *transfer;
  pjrt_writer *writer;
  pjrt_stream *stream;
  pjrt_execute_context *context;
  pjrt_array *array;
  pjrt_layout *layout;
  pjrt_kvstore *kvstore;
  void *artifact;
  size_t artifact_size;
  /* Whatever else there is, freed before all that is above, last first. */
  typed_kept kept[8];
  size_t num_kept;
  float read[4];
  int num_callbacks;
  atomic_int num_releases;
} typed_world;

static inline typed_world *typed(matrix_attempt *a) { return a->world; }

void typed_end(matrix_attempt *a);
bool typed_can_fork(matrix_attempt *a);

/* Frees the object when the attempt ends; NULL is fine. */
void typed_keep(matrix_attempt *a, void *object, void (*free)(void *object));

/* The values of every buffer, and their sums as the program adds them. */
extern const float typed_values[4];
extern const float typed_sums[4];

/* ---- beginnings ---------------------------------------------------------- */

pjrt_error *typed_nothing(matrix_attempt *a);
pjrt_error *typed_client(matrix_attempt *a);
/* args[0] and args[1] on the first device. */
pjrt_error *typed_buffers(matrix_attempt *a);
/* An event of an upload to args[0]; see matrix_case.held. */
pjrt_error *typed_event(matrix_attempt *a);
/* Adds args[0] and args[1], and donates the first. */
pjrt_error *typed_executable(matrix_attempt *a);
/* With the buffers too. */
pjrt_error *typed_launch(matrix_attempt *a);

pjrt_error *typed_upload(matrix_attempt *a, pjrt_device *device,
                         pjrt_buffer **out);
/* The program that the executables are compiled from. */
pjrt_error *typed_program(matrix_attempt *a);
pjrt_error *typed_compile(matrix_attempt *a, const pjrt_compile_opts *opts);

/* Reads the buffer and notes when it holds anything else. */
pjrt_error *typed_expect(matrix_attempt *a, pjrt_buffer *buffer,
                         const float expected[4]);

/* Notes when lent memory does not come back, once, which may take a moment and
 * another thread. */
void typed_expect_release(matrix_attempt *a);

/* What gives lent memory back, and the counter it is told; not that of the
 * world where the memory may come back after the world's end. */
void typed_release(void *data, void *user);
atomic_int *typed_releases(matrix_attempt *a);

/* ---- the cases ----------------------------------------------------------- */

extern const matrix_case typed_fact_cases[];
extern const size_t typed_num_fact_cases;
extern const matrix_case typed_buffer_cases[];
extern const size_t typed_num_buffer_cases;
extern const matrix_case typed_buffer_copy_cases[];
extern const size_t typed_num_buffer_copy_cases;
extern const matrix_case typed_event_cases[];
extern const size_t typed_num_event_cases;
extern const matrix_case typed_executable_cases[];
extern const size_t typed_num_executable_cases;
extern const matrix_case typed_topology_cases[];
extern const size_t typed_num_topology_cases;
extern const matrix_case typed_transfer_cases[];
extern const size_t typed_num_transfer_cases;
extern const matrix_case typed_stream_cases[];
extern const size_t typed_num_stream_cases;

/* Of extensions, a few to a file. */
extern const matrix_case typed_ext_ffi_cases[];
extern const size_t typed_num_ext_ffi_cases;
extern const matrix_case typed_ext_layouts_cases[];
extern const size_t typed_num_ext_layouts_cases;
extern const matrix_case typed_ext_profiler_cases[];
extern const size_t typed_num_ext_profiler_cases;
extern const matrix_case typed_ext_tpu_a_cases[];
extern const size_t typed_num_ext_tpu_a_cases;
extern const matrix_case typed_ext_tpu_b_cases[];
extern const size_t typed_num_ext_tpu_b_cases;
extern const matrix_case typed_ext_runtime_cases[];
extern const size_t typed_num_ext_runtime_cases;
extern const matrix_case typed_ext_gpu_cases[];
extern const size_t typed_num_ext_gpu_cases;

#endif /* PJRT_TESTS_MATRIX_TYPED_H_ */
