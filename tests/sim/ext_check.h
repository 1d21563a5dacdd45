/* What the checks of the extensions share: the plugin under test, through the
 * raw ABI, and short ways to make things. */
#ifndef PJRT_TESTS_SIM_EXT_CHECK_H_
#define PJRT_TESTS_SIM_EXT_CHECK_H_

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/sim.h"

typedef struct sim_functions {
  void (*configure)(const pjrt_sim_options *);
  void (*options_init)(pjrt_sim_options *);
  void (*release_events)(void);
  int64_t (*now_us)(void);
  void (*advance_us)(int64_t);
  void (*lose_device)(int);
  void (*get_live)(pjrt_sim_live *);
  size_t (*num_calls)(const char *);
  size_t (*num_misuses)(void);
  size_t (*stream_num_waits)(const pjrt_sim_stream *);
  const PJRT_Api *(*get_api)(void);
} sim_functions;

extern sim_functions sim;
extern const PJRT_Api *api;

void check_failed(const char *file, int line, const char *what);

#define CHECK(condition)                            \
  do {                                              \
    if (!(condition)) {                             \
      check_failed(__FILE__, __LINE__, #condition); \
      return;                                       \
    }                                               \
  } while (0)

#define ARGS(fn, ...) \
  fn##_Args args = {.struct_size = fn##_Args_STRUCT_SIZE, __VA_ARGS__}

/* Another one in the same scope. */
#define MAKE(name, fn, ...) \
  fn##_Args name = {.struct_size = fn##_Args_STRUCT_SIZE, __VA_ARGS__}

/* Runs a check, and sees that nothing is alive afterwards. */
void run_check(const char *name, void (*check)(void));

void use_defaults(void);
void use_minor(int minor);

/* The node of this type, or NULL. */
const void *find_extension(PJRT_Extension_Type type);

/* Whether `error` has this code and a message that begins so; destroys it. */
bool says(PJRT_Error *error, PJRT_Error_Code code, const char *beginning);

PJRT_Client *new_client(void);
void free_client(PJRT_Client *client);
PJRT_Device *device_of(PJRT_Client *client, int id);

/* A vector of floats on a device. */
PJRT_Buffer *upload_floats(PJRT_Client *client, int device, const float *data,
                           size_t num);
bool holds_floats(PJRT_Buffer *buffer, const float *expected, size_t num);
/* A vector of four floats that becomes ready when `*out_alias` is fulfilled. */
PJRT_Buffer *pending_floats(PJRT_Client *client,
                            PJRT_FulfillAliasBufferCallback **out_alias);
PJRT_Error *fulfill(PJRT_Client *client, PJRT_FulfillAliasBufferCallback *alias,
                    PJRT_Buffer *with);
void free_buffer(PJRT_Buffer *buffer);
bool buffer_is_ready(PJRT_Buffer *buffer);

PJRT_Error *await_free(PJRT_Event *event);

/* For `num_partitions` devices. */
PJRT_Error *compile(PJRT_Client *client, const char *code, int num_partitions,
                    PJRT_LoadedExecutable **out);
void free_loaded(PJRT_LoadedExecutable *loaded);
PJRT_Executable *executable_of(PJRT_LoadedExecutable *loaded);
void free_executable(PJRT_Executable *executable);

/* Each is in the file of its name. */
void check_clients(void);
void check_buffers(void);
void check_executables(void);
void check_machine(void);
void check_processes(void);
void check_oddities(void);
void check_time(void);
void check_layouts_and_dims(void);
void check_buffer_extensions(void);
void check_program_extensions(void);
void check_ffi_extensions(void);
void check_tpu_topology(void);
void check_tpu_executable(void);
void check_megascale(void);
void check_collectives(void);

#endif /* PJRT_TESTS_SIM_EXT_CHECK_H_ */
