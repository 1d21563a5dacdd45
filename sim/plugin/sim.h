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
  PJRT_SIM_CALLBACKS_ON_FOREIGN_THREADS, /* each on one of its own, at once */
  /* Inside PJRT_Event_OnReady, which waits until the event is complete. */
  PJRT_SIM_CALLBACKS_IN_REGISTERING_CALL
} pjrt_sim_callback_mode;

/* Something that goes wrong in a function of the table or of an extension.
 * Zero-initialized fields mean: nothing. */
typedef struct pjrt_sim_fault {
  const char *function; /* such as "PJRT_Client_Compile" */
  int nth;              /* its how many-th call since configured; 0: each */
  int one_in;           /* of so many calls, drawn with the seed; 0: each */
  int delay_ms;         /* pass before answering */
  PJRT_Error_Code code; /* answer with this error, and do nothing */
  const char *message;  /* of either error; NULL: a default text */
  PJRT_Error_Code async_code; /* let the event of the call end so */
  int async_delay_ms;         /* after so long; -1: never, unless a test calls
                       * pjrt_sim_release_events */
  bool garbage_counts;        /* each count and size in the answer is absurd */
  bool loses_device;          /* the device `device_id` is lost from then on */
  int device_id;
} pjrt_sim_fault;

typedef struct pjrt_sim_options {
  size_t struct_size;

  /* The version. Beyond the newest known minor every args struct has grown by
   * 8 bytes for each further minor, and the table by a slot. */
  int major;
  int minor;         /* default: the newest known */
  size_t table_size; /* struct_size of the table; 0: as `minor` declares it */
  bool null_api;     /* GetPjrtApi returns NULL */
  const char *const *null_functions; /* slots that are NULL */
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
                        * nothing, or answer with another such error */
  pjrt_sim_callback_mode callbacks;
  int slow_thread;          /* number of the client's thread, from 1; 0: none */
  int64_t slow_thread_us;   /* what it waits before each program */
  bool chunks_out_of_order; /* pieces of transfers complete in any order */

  /* The machine of each client. These can be given as create options too. */
  int num_devices;        /* addressable ones, up to 100,000; default 4 */
  int num_remote_devices; /* further ones, of another process */
  /* This process of several, each with its own devices, which exchange their
   * topology through the key-value callbacks. */
  int node_id;
  int num_nodes;
  /* Chips per axis, such as "4x2x2", and cores of a chip, such as "4x2x2x2";
   * NULL: all chips in a row. It must fit the number of devices. */
  const char *mesh;
  int64_t memory_capacity;      /* bytes of each device's own; default 16 GiB */
  int64_t pinned_host_capacity; /* default: unlimited */
  int64_t unpinned_host_capacity; /* default: unlimited */
  /* Arrays of two dimensions and more lie in padded tiles of 8 by 128. */
  bool tiled_layouts;
  bool not_on_cpu; /* PJRT_Buffer_IsOnCpu is false */

  /* Time. A device runs one program after the other, and its link to the host
   * one transfer after the other. */
  int64_t execute_latency_us;   /* of each program */
  int64_t transfer_latency_us;  /* of each transfer */
  int64_t transfer_bytes_per_s; /* 0: unlimited */

  /* The rest holds for all clients.
   * Nothing sleeps: time passes in pjrt_sim_advance_us, in delays, and when
   * PJRT_Event_Await has nothing else to wait for. */
  bool virtual_clock;
  pjrt_sim_execution_mode execution;
  bool no_optimized_program; /* PJRT_Executable_OptimizedProgram refuses */
} pjrt_sim_options;

/* The defaults. */
PJRT_SIM_EXPORT void pjrt_sim_options_init(pjrt_sim_options *options);

/* Takes effect for the next GetPjrtApi and client, and for faults at once;
 * forgets calls, misuses and held events. NULL: what the environment says, as
 * at load. There PJRT_SIM_MINOR stands for `minor`, and so on for each field;
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

/* The virtual clock, in microseconds since configured. Advancing it completes
 * what is due, in the order of time, before it returns; programs that are
 * being computed are waited for. */
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
