/* The extensions of the simulated plugin: one file each, and what they share.
 *
 * Which of them a plugin of some minor has, and how long their nodes are then,
 * stands at the end of each file, as the registry of the ABI knows it. */
#ifndef PJRT_SIM_EXT_H_
#define PJRT_SIM_EXT_H_

#include "plugin/executable.h"

/* ---- the chain ----------------------------------------------------------- */

/* From `minor` on the node has `size` bytes; 0: there is none any more. */
typedef struct sim_ext_step {
  int minor;
  size_t size;
} sim_ext_step;

enum { SIM_EXT_MAX_STEPS = 4, SIM_EXT_NODE_BYTES = 320 };

typedef struct sim_extension {
  PJRT_Extension_Type type;
  const char *name;                      /* as in the options */
  sim_ext_step steps[SIM_EXT_MAX_STEPS]; /* ascending */
  const void *node;                      /* the newest; type and next unset */
  size_t node_size;                      /* its sizeof */
  void (*adapt)(void *node, int minor);  /* changes a copy of it; NULL: no */
} sim_extension;

/* The first node of the chain that the options ask for. */
PJRT_Extension_Base *sim_ext_chain(const pjrt_sim_options *options);

/* Whether options may name this: an extension, or "all". */
bool sim_ext_is_known(const char *name);

extern const sim_extension sim_ext_abi_version;
extern const sim_extension sim_ext_callback;
extern const sim_extension sim_ext_collectives;
extern const sim_extension sim_ext_cross_host_transfers;
extern const sim_extension sim_ext_custom_partitioner;
extern const sim_extension sim_ext_example;
extern const sim_extension sim_ext_executable_metadata;
extern const sim_extension sim_ext_ffi;
extern const sim_extension sim_ext_gpu_custom_call;
extern const sim_extension sim_ext_host_allocator;
extern const sim_extension sim_ext_host_memory_allocator;
extern const sim_extension sim_ext_layouts;
extern const sim_extension sim_ext_megascale;
extern const sim_extension sim_ext_memory_descriptions;
extern const sim_extension sim_ext_multi_slice;
extern const sim_extension sim_ext_phase_compile;
extern const sim_extension sim_ext_profiler;
extern const sim_extension sim_ext_raw_buffer;
extern const sim_extension sim_ext_shardings;
extern const sim_extension sim_ext_stream;
extern const sim_extension sim_ext_tpu_executable;
extern const sim_extension sim_ext_tpu_topology;
extern const sim_extension sim_ext_triton;
extern const sim_extension sim_ext_xla_transform;

/* ---- calls --------------------------------------------------------------- */

/* One call of an extension's function. */
typedef struct sim_ext_call {
  const char *args_name; /* of the args struct */
  void *args;
  size_t size; /* at the configured minor; 0: it has no struct_size */
  size_t nth;
  const pjrt_sim_fault *fault;
} sim_ext_call;

/* Counts the call, refuses args that are too short, and fails on request. */
PJRT_Error *sim_ext_enter(sim_ext_call *call);
bool sim_ext_enter_void(sim_ext_call *call);
/* Garbles the outputs on request. */
void sim_ext_leave(const sim_ext_call *call);

/* Begins a function that returns an error, and leaves the call wherever that
 * returns. */
#define SIM_EXT_CALL(args, type, size)                              \
  __attribute__((cleanup(sim_ext_leave))) sim_ext_call ext_call = { \
      #type, (args), (size), 0, NULL}
#define SIM_EXT_ENTER(args, type, size) \
  SIM_EXT_CALL(args, type, size);       \
  SIM_TRY(sim_ext_enter(&ext_call));    \
  if (sim_is_mutant(#type)) return NULL
/* Begins one that returns nothing. It cannot refuse, so that `size` is unknown
 * to it; told to fail, it does nothing. */
#define SIM_EXT_ENTER_VOID(args, type) \
  SIM_EXT_CALL(args, type, 0);         \
  if (!sim_ext_enter_void(&ext_call) || sim_is_mutant(#type)) return

/* Whether a fault or a question may name this function; its calls so far. */
bool sim_ext_has_function(const char *function);
size_t sim_ext_num_calls(const char *function);
void sim_ext_forget_calls(void);

/* ---- attachments --------------------------------------------------------- */

/* What extensions keep for an object of the core, each under a key of its own.
 * Zeroed memory is an empty list. */
struct sim_attachment {
  sim_attachment *next;
  const void *key;
  void (*release)(void *data);
  max_align_t data[];
};

/* The attachment under `key`; zeroed memory of `size` bytes when it is new.
 * `release` runs before the memory is freed. */
void *sim_attached(sim_attachment **list, const void *key, size_t size,
                   void (*release)(void *data));

/* One lock guards what all extensions keep. */
void sim_ext_lock(void);
void sim_ext_unlock(void);

/* ---- texts and bytes ----------------------------------------------------- */

/* A copy that lives until it is released, counted as alive. */
typedef struct sim_holder {
  sim_kind kind;
  char *bytes;
} sim_holder;

sim_holder *sim_holder_create(const void *bytes, size_t size);
void sim_holder_free(sim_holder *holder);

void sim_write_varint(sim_bytes *out, uint64_t value);
/* Field `number` of a protocol buffer: a number, or bytes. */
void sim_write_number(sim_bytes *out, int number, uint64_t value);
void sim_write_bytes(sim_bytes *out, int number, const void *data, size_t size);

/* ---- compiling ----------------------------------------------------------- */

/* Runs the registered transformations over the optimized program. */
PJRT_Error *sim_ext_transform(sim_bytes *hlo);

/* Asks the registered partitioners whose targets a program's text calls. */
PJRT_Error *sim_ext_partition(const char *code, size_t size,
                              int num_partitions);

/* ---- FFI: what runs custom calls needs ----------------------------------- */

enum { SIM_FFI_NUM_STAGES = 5 };

typedef struct sim_ffi_handler {
  struct sim_ffi_handler *next;
  char *name;
  char *platform;
  XLA_FFI_Handler *stages[SIM_FFI_NUM_STAGES]; /* NULL: nothing to do */
  XLA_FFI_Handler_Traits traits;
  XLA_FFI_TypeId state_type;
} sim_ffi_handler;

/* The handler of a custom call with api_version 4; NULL: there is none.
 * Handlers registered for "Host", "cpu" and any spelling of the plugin's own
 * name are found under all of these. */
const sim_ffi_handler *sim_ffi_find_handler(const char *platform,
                                            const char *name);

/* State that a handler of one custom call keeps from one stage to the next. */
typedef struct sim_ffi_state {
  XLA_FFI_TypeId type[SIM_FFI_NUM_STAGES];
  void *value[SIM_FFI_NUM_STAGES];
} sim_ffi_state;

void sim_ffi_state_free(sim_ffi_state *state);

/* One run of one custom call. The caller fills sizes, types and pointers of
 * args, rets and attrs, and leaves their struct_size alone. */
typedef struct sim_ffi_call {
  PJRT_ExecuteContext *context; /* NULL: none */
  sim_ffi_state *state;         /* NULL: the handler can keep none */
  int device_ordinal;
  int64_t run_id;
  XLA_FFI_Args args;
  XLA_FFI_Rets rets;
  XLA_FFI_Attrs attrs;
} sim_ffi_call;

/* Runs one stage, and waits for it when it completes later. Stages without a
 * handler succeed. */
PJRT_Error *sim_ffi_run(const sim_ffi_handler *handler,
                        XLA_FFI_ExecutionStage stage, const sim_ffi_call *call);

/* For the interpreter: whether a handler is registered for a target, and a
 * call of it. */
bool sim_ffi_knows(void *user, const char *target);
pjrt_error *sim_ffi_custom_call(PJRT_ExecuteContext *context, int64_t run_id,
                                const sim_custom_call *from);

/* Registers a handler: asks it for its metadata first. INVALID_ARGUMENT for one
 * of a version that this plugin does not speak, and where there is another. */
PJRT_Error *sim_ffi_register(const char *name, size_t name_size,
                             const char *platform, size_t platform_size,
                             XLA_FFI_Handler *const *stages,
                             XLA_FFI_Handler_Traits traits);

/* The same, and nobody is told that it was ignored, as in the extensions of
 * real plugins. */
PJRT_Error *sim_ffi_register_silently(const char *name, size_t name_size,
                                      const char *platform,
                                      size_t platform_size,
                                      XLA_FFI_Handler *const *stages,
                                      XLA_FFI_Handler_Traits traits);

#endif /* PJRT_SIM_EXT_H_ */
