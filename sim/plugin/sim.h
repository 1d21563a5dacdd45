/* The simulated plugin: a complete PJRT plugin that misbehaves on request.
 * Programs are StableHLO text, which an interpreter runs on the plugin's own
 * threads.
 *
 * A test loads libpjrt_sim.so, finds these functions with dlsym, configures
 * it, and opens it as a plugin. A command is told the same through environment
 * variables. One loaded file has one configuration; copy the file to have
 * several of them in a process.
 *
 * What a real plugin would crash on is counted as misuse and answered with
 * INTERNAL: see pjrt_sim_num_misuses. No text that the plugin returns ends with
 * a NUL. */
#ifndef PJRT_SIM_H_
#define PJRT_SIM_H_

#include "pjrt/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PJRT_SIM_EXPORT __attribute__((visibility("default")))

/* What executing a program does. */
typedef enum pjrt_sim_execution_mode {
  PJRT_SIM_COMPUTE = 0, /* what it says */
  /* Of the program only the signature of @main is read; each output gets the
   * bytes of the argument with the same number, or zeroes where that has
   * another size. */
  PJRT_SIM_ECHO,
  /* For measuring what a caller costs: executing, copying, awaiting and
   * destroying return at once, allocate nothing and do nothing. Buffers and
   * events are shared ones that are always ready, whatever they are asked to
   * hold; nothing is counted, and no faults occur in these calls. */
  PJRT_SIM_INSTANT
} pjrt_sim_execution_mode;

/* Where the callbacks of events run. */
typedef enum pjrt_sim_callback_mode {
  /* On the thread that completes the event; inside PJRT_Event_OnReady when it
   * is complete. */
  PJRT_SIM_CALLBACKS_AS_COMPLETED = 0,
  /* Each on a thread of its own, also when the event is complete already. */
  PJRT_SIM_CALLBACKS_ON_FOREIGN_THREADS,
  /* Inside PJRT_Event_OnReady, which waits as PJRT_Event_Await does. */
  PJRT_SIM_CALLBACKS_IN_REGISTERING_CALL
} pjrt_sim_callback_mode;

/* Something that goes wrong in a function of the table or of an extension.
 * Zero-initialized fields mean: nothing. */
typedef struct pjrt_sim_fault {
  const char *function; /* such as "PJRT_Client_Compile" */
  int nth;              /* its how many-th call since configured; 0: each */
  int one_in;           /* of so many calls, drawn with the seed by their
                         * numbers, whichever threads make them; 0: each */
  int delay_ms;         /* pass before answering */
  PJRT_Error_Code code; /* answer with this error, and do nothing */
  const char *message;  /* of either error; NULL: a default text */
  PJRT_Error_Code async_code; /* let the event of the call end so */
  int async_delay_ms;         /* after so long; -1: never, unless a test calls
                       * pjrt_sim_release_events */
  bool garbage_counts;        /* each count and size in the answer's args is
                               * absurd */
  bool loses_device;          /* the device `device_id` is lost from then on */
  int device_id;
} pjrt_sim_fault;

typedef struct pjrt_sim_options {
  size_t struct_size;

  /* The version. With each minor beyond the newest known, the table and every
   * extension's node grow by a slot, which nobody may call, and every struct
   * that a pointer leads to by 8 bytes. What callers pass there has to be zero,
   * and is overwritten. */
  int major;
  int minor;         /* default: the newest known */
  size_t table_size; /* struct_size of the table; 0: as `minor` declares it */
  bool null_api;     /* GetPjrtApi returns NULL */
  /* Slots that are NULL, in the table and in the nodes of extensions. */
  const char *const *null_functions;
  size_t num_null_functions;
  bool no_size_checks; /* write whole structs whatever struct_size says */
  bool exact_sizes;    /* refuse every struct_size but that of `minor` */

  /* Extensions by name ("Layouts", "all"): which are not there, which lack
   * their last field, and which have two fields more than are known. */
  const char *const *absent_extensions;
  size_t num_absent_extensions;
  const char *const *short_extensions;
  size_t num_short_extensions;
  const char *const *long_extensions;
  size_t num_long_extensions;
  int num_unknown_extensions;
  bool garbage_in_unknown_extensions; /* behind their header */
  bool extension_cycle; /* the chain's last node points to its first */

  /* What goes wrong. */
  const pjrt_sim_fault *faults;
  size_t num_faults;
  int64_t seed;        /* of everything that is drawn */
  int num_payloads;    /* of each error */
  bool stubbed_errors; /* PJRT_Error_Message, _GetCode and _ForEachPayload do
                        * nothing; with an odd seed the latter two answer with
                        * another such error */
  pjrt_sim_callback_mode callbacks;
  /* The number of a thread of each client, from 1; 0: none. A program is taken
   * by the idle thread with the lowest number, or by a new one. */
  int slow_thread;
  int64_t slow_thread_us; /* what it waits before each program */
  /* What transfer managers, raw copies and streams move piece by piece arrives
   * in an order drawn with the seed: each piece up to seven times its own time
   * late, at least a millisecond each. */
  bool chunks_out_of_order;

  /* The machine of each client, and of each topology that is made without one.
   * These can be given as create options too. A topology's name is its mesh:
   * "4x2x2", "v4:4x2x2". */
  int num_devices;        /* addressable ones, up to 100,000; default 4 */
  int num_remote_devices; /* further ones, of another process */
  /* This process of several, each with its own devices, which exchange their
   * topology through the key-value callbacks. A topology that is made without
   * a client has `num_devices` in each. */
  int node_id;
  int num_nodes;
  /* Chips along one to three axes, such as "4x2x2", and the cores of a chip,
   * such as "4x2x2x2", each of which is a device; NULL: all chips in a row. It
   * must have as many devices as all processes together. */
  const char *mesh;
  /* Bytes of the three memories of each device. */
  int64_t memory_capacity;        /* default: 16 GiB */
  int64_t pinned_host_capacity;   /* default: unlimited */
  int64_t unpinned_host_capacity; /* default: unlimited */
  /* Arrays of two dimensions and more lie in padded tiles of 8 by 128. */
  bool tiled_layouts;
  bool not_on_cpu; /* PJRT_Buffer_IsOnCpu is false */

  /* Time. A device runs one program after the other, in the order in which
   * their arguments get ready; outputs are ready after that time, or when they
   * are computed if that is later. Its link to the host makes one transfer
   * after the other, in both directions; a copy between devices takes the links
   * of both. What works in the host's memory is no transfer. */
  int64_t execute_latency_us;   /* of each program */
  int64_t transfer_latency_us;  /* of each transfer, besides its bytes */
  int64_t transfer_bytes_per_s; /* 0: unlimited */

  /* The rest holds for all clients.
   * Nothing sleeps: time passes in pjrt_sim_advance_us, in delays of calls, and
   * when PJRT_Event_Await or PJRT_Client_Destroy has nothing else to wait for.
   * It stands still while programs are computed or foreign threads call back,
   * not while programs wait for their host. Executing returns when the program
   * has been computed, which takes no time, or waits. So what one thread does
   * with the plugin is deterministic; what is due at the same time happens in
   * the order in which it was asked for. */
  bool virtual_clock;
  pjrt_sim_execution_mode execution;
  bool no_optimized_program; /* PJRT_Executable_OptimizedProgram refuses */
} pjrt_sim_options;

/* The defaults. */
PJRT_SIM_EXPORT void pjrt_sim_options_init(pjrt_sim_options *options);

/* Takes effect for the next GetPjrtApi and client, and for faults at once;
 * forgets calls and misuses. Held events, and all that waits for its time, end
 * before; then the clock starts at 0. NULL: what the environment says, as at
 * load. There PJRT_SIM_MINOR stands for `minor`, and so on for each field;
 * numbers lose their "num_" (PJRT_SIM_DEVICES), and booleans are 1 or 0.
 *   PJRT_SIM_EXECUTION       compute, echo or instant
 *   PJRT_SIM_CALLBACKS       as_completed, foreign_threads or
 *                            registering_call
 *   PJRT_SIM_NULL_FUNCTIONS, _ABSENT_EXTENSIONS, _SHORT_EXTENSIONS,
 *   _LONG_EXTENSIONS         names, with commas between
 *   PJRT_SIM_FAULTS          faults, with semicolons between:
 *     FUNCTION[,nth=N][,one_in=N][,delay_ms=N][,code=N][,async_code=N]
 *     [,async_delay_ms=N][,garbage_counts=1][,lose_device=ID][,message=TEXT]
 * The machine's names in lower case are create options of a client
 * ("devices", "memory_capacity"). Unknown names and unusable values in the
 * environment are reported on stderr and end the process. */
PJRT_SIM_EXPORT void pjrt_sim_configure(const pjrt_sim_options *options);

/* Completes the events that faults with async_delay_ms = -1 hold back. */
PJRT_SIM_EXPORT void pjrt_sim_release_events(void);

/* The clock, in microseconds since configured. Advancing the virtual one
 * completes what is due, in the order of time, before it returns, also what
 * comes to be due meanwhile; the real one is slept out. */
PJRT_SIM_EXPORT int64_t pjrt_sim_now_us(void);
PJRT_SIM_EXPORT void pjrt_sim_advance_us(int64_t us);

/* Loses a device of all clients, as a fault does: what is under way on it and
 * what is asked of it fails with UNAVAILABLE. */
PJRT_SIM_EXPORT void pjrt_sim_lose_device(int device_id);

/* Objects that are alive. */
typedef struct pjrt_sim_live {
  size_t errors;
  size_t events;
  size_t clients;
  size_t buffers;
  size_t executables;
  size_t loaded_executables;
  size_t topologies;
  size_t contexts;
  size_t transfer_managers;
  size_t streams;
  size_t others; /* serialized things, callback holders */
  size_t bytes;  /* of buffer memory that the plugin allocated */
} pjrt_sim_live;

PJRT_SIM_EXPORT void pjrt_sim_get_live(pjrt_sim_live *out);

/* How often a function was called since configured, and the struct_size that
 * the latest call declared. */
PJRT_SIM_EXPORT size_t pjrt_sim_num_calls(const char *function);
PJRT_SIM_EXPORT size_t pjrt_sim_last_struct_size(const char *function);

/* What no caller may do: use a dead or NULL handle, an unknown element type,
 * an argument of the wrong type. The text describes the first one. */
PJRT_SIM_EXPORT size_t pjrt_sim_num_misuses(void);
PJRT_SIM_EXPORT const char *pjrt_sim_first_misuse(void);

/* What the latest execute was told. */
typedef struct pjrt_sim_execution {
  int launch_id;
  size_t num_devices;
  size_t num_args;
  size_t num_non_donatable;
  bool has_context;
  bool wants_events;
  char call_location[128]; /* NUL-ended, cut short */
  size_t num_tasks;
  int last_task_id; /* 0 without tasks, and so is the next */
  int64_t last_incarnation_id;
  bool has_multi_slice_config;
  bool uses_major_to_minor;
  size_t num_custom_options;
} pjrt_sim_execution;

PJRT_SIM_EXPORT void pjrt_sim_get_execution(pjrt_sim_execution *out);

/* What the Stream extension hands out, as an integer. */
typedef struct pjrt_sim_stream pjrt_sim_stream;

/* How many buffers that are not ready yet the stream waits for. */
PJRT_SIM_EXPORT size_t pjrt_sim_stream_num_waits(const pjrt_sim_stream *stream);

/* The plugin itself. */
PJRT_SIM_EXPORT const PJRT_Api *GetPjrtApi(void);

#ifdef __cplusplus
}
#endif

#endif /* PJRT_SIM_H_ */
