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
  PJRT_SIM_ECHO
} pjrt_sim_execution_mode;

/* Something that goes wrong. Zero-initialized fields mean: nothing. */
typedef struct pjrt_sim_fault {
  const char *function; /* such as "PJRT_Client_Compile" */
  int nth;              /* its how many-th call since configured; 0: each */
  int delay_ms;         /* sleep before answering */
  PJRT_Error_Code code; /* answer with this error, and do nothing */
  const char *message;  /* of either error; NULL: a default text */
  PJRT_Error_Code async_code; /* let the event of the call end so */
  int async_delay_ms; /* after so long; -1: with pjrt_sim_release_events */
} pjrt_sim_fault;

typedef struct pjrt_sim_options {
  size_t struct_size;
  int major;
  int minor;         /* default: the newest known */
  size_t table_size; /* struct_size of the table; 0: as `minor` declares it */
  bool null_api;     /* GetPjrtApi returns NULL */
  const char *const *null_functions; /* slots that are NULL */
  size_t num_null_functions;
  const pjrt_sim_fault *faults;
  size_t num_faults;
  bool no_size_checks; /* write whole structs whatever struct_size says */
  bool exact_sizes;    /* refuse every struct_size but that of `minor` */
  int num_unknown_extensions;
  bool garbage_in_unknown_extensions; /* behind their header */
  bool extension_cycle;      /* the chain's last node points to its first */
  int num_payloads;          /* of each error */
  bool not_on_cpu;           /* PJRT_Buffer_IsOnCpu is false */
  bool no_optimized_program; /* PJRT_Executable_OptimizedProgram refuses */
  int num_devices;           /* default 4 */
  int num_remote_devices;    /* further ones, of another process */
  pjrt_sim_execution_mode execution;
  /* Bytes of each device's own memory; default 16 GiB. */
  int64_t memory_capacity;
  int64_t execute_latency_us; /* how long computing takes at least */
  /* Extensions by name ("Layouts", "all"): which are not there, which lack
   * their last field, and which have two fields more than are known. */
  const char *const *absent_extensions;
  size_t num_absent_extensions;
  const char *const *short_extensions;
  size_t num_short_extensions;
  const char *const *long_extensions;
  size_t num_long_extensions;
} pjrt_sim_options;

/* The defaults. */
PJRT_SIM_EXPORT void pjrt_sim_options_init(pjrt_sim_options *options);

/* Takes effect for the next GetPjrtApi, and for faults at once; forgets calls,
 * misuses and held events. NULL: what the environment says, as at load:
 *   PJRT_SIM_MINOR, _MAJOR, _TABLE_SIZE, _UNKNOWN_EXTENSIONS, _PAYLOADS,
 *   _DEVICES, _REMOTE_DEVICES           numbers
 *   PJRT_SIM_EXECUTE_LATENCY_US         a number
 *   PJRT_SIM_MEMORY_CAPACITY            a number
 *   PJRT_SIM_EXECUTION                  compute or echo
 *   PJRT_SIM_NULL_API, _NO_SIZE_CHECKS, _EXACT_SIZES, _EXTENSION_CYCLE,
 *   _NOT_ON_CPU, _NO_OPTIMIZED_PROGRAM  1 or 0
 *   PJRT_SIM_GARBAGE_IN_UNKNOWN_EXTENSIONS  1 or 0
 *   PJRT_SIM_NULL_FUNCTIONS, _ABSENT_EXTENSIONS, _SHORT_EXTENSIONS,
 *   _LONG_EXTENSIONS                   names, with commas between
 *   PJRT_SIM_FAULTS                    faults, with semicolons between:
 *     FUNCTION[,nth=N][,delay_ms=N][,code=N][,async_code=N]
 *     [,async_delay_ms=N][,message=TEXT]
 * Unknown names are reported on stderr and end the process. */
PJRT_SIM_EXPORT void pjrt_sim_configure(const pjrt_sim_options *options);

/* Completes the events that faults with async_delay_ms = -1 hold back. */
PJRT_SIM_EXPORT void pjrt_sim_release_events(void);

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
