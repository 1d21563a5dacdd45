/* What the tests on the simulated plugin start from: its controls, and a plugin
 * with a client, an executable and short ways to upload and read.
 *
 * Whatever is made in a test is counted by the plugin: at the end of each test
 * nothing may be alive and nothing may have been misused. */
#ifndef PJRT_TESTS_UNIT_SIM_FIXTURE_H_
#define PJRT_TESTS_UNIT_SIM_FIXTURE_H_

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Needs the headers above. */
#include <cmocka.h>

#include "../sim/plugin/sim.h"
#include "expect.h"
#include "pjrt/pjrt.h"
#include "pjrt/raw.h"

/* The functions of sim.h, from the loaded plugin. The default here is that
 * programs are echoed instead of computed. */
typedef struct sim_controls {
  void (*options_init)(pjrt_sim_options *options);
  void (*configure)(const pjrt_sim_options *options);
  void (*release_events)(void);
  void (*lose_device)(int device_id);
  void (*get_live)(pjrt_sim_live *out);
  size_t (*num_calls)(const char *function);
  size_t (*last_struct_size)(const char *function);
  size_t (*num_misuses)(void);
  const char *(*first_misuse)(void);
  void (*get_execution)(pjrt_sim_execution *out);
} sim_controls;

extern sim_controls sim;

/* The plugin's path; loads the controls on the first call. */
const char *sim_path(void);

/* ---- configuring --------------------------------------------------------- */

void sim_configure_default(void);

/* One thing goes wrong: its nth call, 0 for each. Also forgets the counters. */
void sim_fail(const char *function, int nth, PJRT_Error_Code code);

/* The event of each call of `function` ends with `code`, after a release when
 * it is held. */
void sim_fail_later(const char *function, PJRT_Error_Code code);
void sim_hold(const char *function, PJRT_Error_Code code);

/* ---- leaving nothing behind ---------------------------------------------- */

/* Waits for the reaper where it must, and fails when an object stays alive or
 * the plugin was misused. */
void expect_nothing_alive(void);
void expect_no_misuse(void);

/* Waits until `condition` holds; gives up, and fails, after a minute. */
#define wait_until(condition) \
  for (int spins = 0; !(condition); spins++) nap(spins, __FILE__, __LINE__)
void nap(int spins, const char *file, int line);

/* ---- a plugin and a client ----------------------------------------------- */

typedef struct fixture {
  pjrt_plugin *plugin;
  pjrt_client *client;
  pjrt_device *device; /* the first of four */
} fixture;

/* Set up and tear down one test, with a plugin that behaves. */
int fixture_open(void **state);
int fixture_close(void **state);

/* The same with options. */
fixture *fixture_create(const pjrt_sim_options *options);

/* Drops the client and the plugin, which a test may have done already. */
void fixture_drop(fixture *f);

#define sim_test(function) \
  cmocka_unit_test_setup_teardown(function, fixture_open, fixture_close)

/* ---- programs, buffers --------------------------------------------------- */

/* main(f32[4], s32[2]) -> (f32[4], s32[2]): its own arguments. */
extern const char pass_program[];
/* The same, with both donated. */
extern const char donate_program[];

pjrt_executable *compile(pjrt_client *client, const char *code,
                         const pjrt_compile_opts *opts);
pjrt_error *try_compile(pjrt_client *client, const char *code,
                        const pjrt_compile_opts *opts, pjrt_executable **out);

/* f32[4] of 1, 2, 3, 4 and s32[2] of 5, 6: what the programs take. */
pjrt_buffer *upload_f32(pjrt_device *device);
pjrt_buffer *upload_s32(pjrt_device *device);

/* Both, and what is left of them. */
typedef struct arguments {
  pjrt_buffer *args[2];
} arguments;
arguments upload_arguments(pjrt_device *device);
void free_buffers(pjrt_buffer **buffers, size_t num);

/* The buffer holds 1, 2, 3, 4. */
void expect_f32(pjrt_buffer *buffer);

#endif /* PJRT_TESTS_UNIT_SIM_FIXTURE_H_ */
