/* The fixture of the simulated plugin's checks: the plugin under test through
 * the raw ABI, and short ways to make things. */
#ifndef PJRT_TESTS_SIM_CHECK_H_
#define PJRT_TESTS_SIM_CHECK_H_

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/sim.h"

/* ---- cases --------------------------------------------------------------- */

/* Every suite: suite_NAME() in NAME.c runs its cases with run_check. */
#define CHECK_SUITES(ROW) \
  ROW(tables)             \
  ROW(faults)             \
  ROW(oddities)           \
  ROW(clients)            \
  ROW(memory)             \
  ROW(machine)            \
  ROW(processes)          \
  ROW(buffers)            \
  ROW(uploads)            \
  ROW(layouts)            \
  ROW(executables)        \
  ROW(execution)          \
  ROW(time)               \
  ROW(ext_chain)          \
  ROW(ext_buffers)        \
  ROW(ext_programs)       \
  ROW(ext_ffi)            \
  ROW(ext_tpu_topology)   \
  ROW(ext_tpu_executable) \
  ROW(ext_megascale)      \
  ROW(ext_collectives)

#define DECLARE_SUITE(name) void suite_##name(void);
CHECK_SUITES(DECLARE_SUITE)
#undef DECLARE_SUITE

/* Runs a check on a plugin with its defaults, and sees that it leaves nothing
 * alive. */
void run_check(const char *name, void (*check)(void));

void check_failed(const char *file, int line, const char *what);

#define CHECK(condition)                            \
  do {                                              \
    if (!(condition)) {                             \
      check_failed(__FILE__, __LINE__, #condition); \
      return;                                       \
    }                                               \
  } while (0)

#define ARGS(fn, ...) MAKE(args, fn, __VA_ARGS__)

/* Another one in the same scope. */
#define MAKE(name, fn, ...) \
  fn##_Args name = {.struct_size = fn##_Args_STRUCT_SIZE, __VA_ARGS__}

/* ---- the plugin ---------------------------------------------------------- */

typedef struct sim_functions {
  void (*configure)(const pjrt_sim_options *);
  void (*options_init)(pjrt_sim_options *);
  void (*release_events)(void);
  int64_t (*now_us)(void);
  void (*advance_us)(int64_t);
  void (*lose_device)(int);
  void (*get_live)(pjrt_sim_live *);
  size_t (*num_calls)(const char *);
  size_t (*last_struct_size)(const char *);
  size_t (*num_misuses)(void);
  const char *(*first_misuse)(void);
  void (*get_execution)(pjrt_sim_execution *);
  size_t (*stream_num_waits)(const pjrt_sim_stream *);
  const PJRT_Api *(*get_api)(void);
} sim_functions;

extern sim_functions sim;
extern const PJRT_Api *api;

/* Configures the plugin, and gets its table anew. */
pjrt_sim_options default_options(void);
void use_options(const pjrt_sim_options *options);
void use_defaults(void);
void use_minor(int minor);
void use_fault(const pjrt_sim_fault *fault, int64_t seed);

/* Living objects of the plugin that have no count of their own. */
size_t num_others(void);

/* The node of this type, or NULL. */
const void *find_extension(PJRT_Extension_Type type);
const PJRT_Layouts_Extension *layouts(void);
const PJRT_Megascale_Extension *megascale(void);

/* ---- errors, events, texts ----------------------------------------------- */

/* Whether `error` has this code and a message that begins so, and is followed
 * by anything but a NUL; destroys it. */
bool says(PJRT_Error *error, PJRT_Error_Code code, const char *beginning);
void free_error(PJRT_Error *error);

PJRT_Error *await_free(PJRT_Event *event);
bool is_ready(PJRT_Event *event);
void free_event(PJRT_Event *event);

bool is_bytes(const char *bytes, size_t size, const char *expected,
              size_t expected_size);
bool is_text(const char *text, size_t size, const char *expected);

/* The value of this name, or NULL. */
const PJRT_NamedValue *named_value(const PJRT_NamedValue *values, size_t num,
                                   const char *name);
PJRT_NamedValue int64_option(const char *name, int64_t value);

/* ---- clients, devices, memories ------------------------------------------ */

PJRT_Client *new_client(void);
PJRT_Client *client_with(const pjrt_sim_options *options);
void free_client(PJRT_Client *client);

PJRT_Device *device_of(PJRT_Client *client, int id);
PJRT_DeviceDescription *description_of(PJRT_Device *device);
int process_of(PJRT_DeviceDescription *description);

/* The i-th memory of a device. */
PJRT_Memory *memory_of(PJRT_Device *device, size_t i);
int memory_id(PJRT_Memory *memory);

/* The client's own. */
PJRT_TopologyDescription *topology_of(PJRT_Client *client);
/* Of this mesh, on so many processes. */
PJRT_TopologyDescription *new_topology(const char *mesh, int64_t num_processes);
void free_topology(PJRT_TopologyDescription *topology);
uint64_t topology_fingerprint(PJRT_TopologyDescription *topology);

/* ---- buffers ------------------------------------------------------------- */

extern const float FOUR[4];  /* 1 to 4 */
extern const float TWICE[4]; /* 2, 4, 6, 8 */

typedef PJRT_Client_BufferFromHostBuffer_Args host_array;

/* Uploads an array, whose struct_size is set here. Waits for it if `out_done`
 * is NULL. */
PJRT_Error *upload(host_array array, PJRT_Buffer **out, PJRT_Event **out_done);
/* A vector of floats on a device. */
PJRT_Buffer *upload_floats(PJRT_Client *client, int device, const float *data,
                           size_t num);
bool holds_floats(PJRT_Buffer *buffer, const float *expected, size_t num);
PJRT_Event *download(PJRT_Buffer *buffer, void *dst, size_t size);
/* A vector of four floats that becomes ready when `*out_alias` is fulfilled. */
PJRT_Buffer *pending_floats(PJRT_Client *client,
                            PJRT_FulfillAliasBufferCallback **out_alias);
PJRT_Error *fulfill(PJRT_Client *client, PJRT_FulfillAliasBufferCallback *alias,
                    PJRT_Buffer *with);
void free_buffer(PJRT_Buffer *buffer);
PJRT_Event *ready_event(PJRT_Buffer *buffer);
bool buffer_is_ready(PJRT_Buffer *buffer);

/* ---- layouts ------------------------------------------------------------- */

/* Whether it is this, as text. */
bool layout_reads(PJRT_Layouts_MemoryLayout *layout, const char *expected);
PJRT_Error *destroy_layout(PJRT_Layouts_MemoryLayout *layout);

/* ---- programs ------------------------------------------------------------ */

/* tensor<4xf32> and twice that. */
extern const char TWICE_PROGRAM[];

/* For `num_partitions` devices. */
PJRT_Error *compile(PJRT_Client *client, const char *code, int num_partitions,
                    PJRT_LoadedExecutable **out);
PJRT_LoadedExecutable *load_twice(PJRT_Client *client);
void free_loaded(PJRT_LoadedExecutable *loaded);
PJRT_Executable *executable_of(PJRT_LoadedExecutable *loaded);
void free_executable(PJRT_Executable *executable);

/* On one device; `out_done` may be NULL. */
PJRT_Error *execute(PJRT_LoadedExecutable *loaded, PJRT_Buffer *const *in,
                    size_t num_in, PJRT_Buffer **out, PJRT_Event **out_done);
/* The same with options, whose struct_size is set here. */
PJRT_Error *execute_with(PJRT_ExecuteOptions options,
                         PJRT_LoadedExecutable *loaded, PJRT_Buffer *const *in,
                         size_t num_in, PJRT_Buffer **out,
                         PJRT_Event **out_done);

#endif /* PJRT_TESTS_SIM_CHECK_H_ */
