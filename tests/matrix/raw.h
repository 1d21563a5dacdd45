/* The cases of the raw calls, one for each function of the registry.
 *
 * What a function takes is filled in by type and name: a handle is made by the
 * function that gives such a handle (and what that takes, likewise), texts and
 * arrays come from a table. What it gives is checked: every output is set, the
 * known ones are right, events are awaited, buffers hold what they should.
 * Where that is not enough a function has a hook. */
#ifndef PJRT_TESTS_MATRIX_RAW_H_
#define PJRT_TESTS_MATRIX_RAW_H_

#include "matrix.h"

enum { RAW_MAX_THINGS = 64, RAW_ARGS_SIZE = 1024, RAW_NUM_VALUES = 4 };

typedef struct raw_row {
  const char *function;
  const char *args; /* the name of its struct */
  size_t args_size;
  pjrt_error *(*call)(pjrt_plugin *plugin, void *args);
} raw_row;

/* A handle that a call gave. */
typedef struct raw_thing {
  const char *type; /* without "const " */
  void *handle;
  const char *made_by;
} raw_thing;

/* A struct that args point to, with a reserve as the library has it. */
#define RAW_ROOM(type, name)   \
  struct {                     \
    type value;                \
    unsigned char reserve[64]; \
  } name

typedef struct raw_world {
  raw_thing things[RAW_MAX_THINGS]; /* in the order in which they were made */
  size_t num_things;
  bool is_filled;
  max_align_t args[RAW_ARGS_SIZE / sizeof(max_align_t)];
  void *bytes; /* that a serializing call gave */
  size_t num_bytes;
  RAW_ROOM(PJRT_Program, program);
  RAW_ROOM(PJRT_ExecuteOptions, options);
  RAW_ROOM(PJRT_ShapeSpec, shape);
  RAW_ROOM(PJRT_ProcessInfo, process);
  PJRT_Chunk chunk;
  PJRT_RecvCallbackInfo receive;
  PJRT_RecvCallbackInfo *receives;
  PJRT_Buffer *arguments[2];
  PJRT_Buffer *const *argument_list;
  PJRT_Buffer *outputs[1];
  PJRT_Buffer **output_list;
  PJRT_Event *complete[1];
  float read[RAW_NUM_VALUES];
  int ids[2];
  char code[65536]; /* of a program */
  int num_callbacks;
  int num_payloads;
} raw_world;

static inline raw_world *raw(matrix_attempt *a) { return a->world; }

extern const float raw_values[RAW_NUM_VALUES];

const raw_row *raw_find_row(const char *function);

/* Fills in what the function takes; makes what it needs for that. */
pjrt_error *raw_fill(matrix_attempt *a, const raw_row *row, void *args);

/* Fills in, calls, and keeps what came. `args` has RAW_ARGS_SIZE bytes. */
pjrt_error *raw_call(matrix_attempt *a, const char *function, void *args);

/* Keeps the handles that a call gave. */
void raw_keep(matrix_attempt *a, const raw_row *row, const void *args);

/* A handle of a type: the latest, made if there is none; NULL where no call
 * makes it. */
pjrt_error *raw_get(matrix_attempt *a, const char *type, void *out);

/* Keeps a handle, or forgets one that was consumed. */
void raw_remember(matrix_attempt *a, const char *type, void *handle,
                  const char *made_by);
void raw_forget(matrix_attempt *a, const void *handle);

void raw_begin(matrix_attempt *a);
void raw_end(matrix_attempt *a);

/* Awaits an event, and destroys it not. */
pjrt_error *raw_await(matrix_attempt *a, PJRT_Event *event);

/* Notes when a buffer does not hold raw_values times `factor`. */
pjrt_error *raw_expect(matrix_attempt *a, PJRT_Buffer *buffer, float factor);

/* ---- what is special about a function ------------------------------------ */

/* What an input is, by the name of the field. */
typedef struct raw_input {
  const char *function; /* NULL: any */
  const char *field;
  int64_t number;
  const void *pointer;
} raw_input;

extern const raw_input raw_inputs[];
extern const size_t raw_num_inputs;

/* What an output must be; text where that is given. */
typedef struct raw_output {
  const char *function;
  const char *field;
  int64_t number;
  const char *text;
} raw_output;

extern const raw_output raw_outputs[];
extern const size_t raw_num_outputs;

typedef struct raw_hook {
  const char *function;
  /* Sets inputs that depend on the attempt, before the call. */
  pjrt_error *(*before)(matrix_attempt *a, void *args);
  /* Judges what came, and finishes what the call began. */
  pjrt_error *(*after)(matrix_attempt *a, void *args);
  void (*configure)(pjrt_sim_options *options);
  const char *held; /* see matrix_case */
} raw_hook;

extern const raw_hook raw_hooks[];
extern const size_t raw_num_hooks;
const raw_hook *raw_find_hook(const char *function);

/* The plugin's own refusal, where it has the function and does not do it. */
const char *raw_refusal(const char *function);

#endif /* PJRT_TESTS_MATRIX_RAW_H_ */
