/* What every object says of itself, in every state that it can be in. */
#include <stdatomic.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim_fixture.h"

/* The text of the last description; see expect_says. */
static char *text;
static size_t text_size;

#define LINE PJRT_ONE_LINE, &text, &text_size
#define LINES PJRT_ALL_LINES, &text, &text_size
#define PLUGIN "libpjrt_sim.so (API 0.117)"

/* What a description gave: expect_says(pjrt_buffer_describe(buffer, LINE), ..)
 */
static void expect_says(pjrt_error *error, const char *expected) {
  expect_ok(error);
  assert_int_equal(strlen(text), text_size);
  assert_string_equal(text, expected);
  pjrt_host_free(text);
}

/* The same where some of it is not the same each time. */
static void expect_mentions(pjrt_error *error, const char *expected) {
  expect_ok(error);
  assert_int_equal(strlen(text), text_size);
  if (!strstr(text, expected)) fail_msg("no '%s' in: %s", expected, text);
  pjrt_host_free(text);
}

static const int64_t four[] = {4};
static const float floats[] = {1, 2, 3, 4};

/* ---- nothing ------------------------------------------------------------- */

static void test_null(void **state) {
  (void)state;
  expect_says(pjrt_plugin_describe(NULL, LINE), "no plugin");
  expect_says(pjrt_plugin_file_describe(NULL, LINE), "no plugin file");
  expect_says(pjrt_plugin_list_describe(NULL, LINE), "no list of plugins");
  expect_says(pjrt_client_describe(NULL, LINE), "no client");
  expect_says(pjrt_device_describe(NULL, LINES), "no device");
  expect_says(pjrt_memory_describe(NULL, LINES), "no memory");
  expect_says(pjrt_topology_describe(NULL, LINE), "no topology");
  expect_says(pjrt_device_description_describe(NULL, LINE),
              "no device description");
  expect_says(pjrt_buffer_describe(NULL, LINES), "no buffer");
  expect_says(pjrt_event_describe(NULL, LINES), "no event");
  expect_says(pjrt_executable_describe(NULL, LINES), "no executable");
  expect_says(pjrt_compiled_describe(NULL, LINE), "no compiled program");
  expect_says(pjrt_program_describe(NULL, LINE), "no program");
  expect_says(pjrt_compile_options_describe(NULL, LINES), "no compile options");
  expect_says(pjrt_execute_context_describe(NULL, LINE), "no execute context");
  expect_says(pjrt_transfer_describe(NULL, LINES), "no transfer");
  expect_says(pjrt_writer_describe(NULL, LINE), "no writer");
  expect_says(pjrt_chunk_describe(NULL, LINE), "no chunk");
  expect_says(pjrt_stream_describe(NULL, LINE), "no stream");
  expect_says(pjrt_raw_copy_describe(NULL, LINE), "no raw copy");
  expect_says(pjrt_alias_describe(NULL, LINE), "no alias");
  expect_says(pjrt_dma_mapping_describe(NULL, LINE), "no mapping");
  expect_says(pjrt_async_tracking_event_describe(NULL, LINE),
              "no tracking event");
  expect_says(pjrt_array_describe(NULL, LINES), "no array");
  expect_says(pjrt_layout_describe(NULL, LINE), "no layout");
  expect_says(pjrt_named_values_describe(NULL, LINE), "no named values");
  expect_says(pjrt_error_describe(NULL, LINES), "no error");
  expect_says(pjrt_kvstore_describe(NULL, LINE), "no key-value store");
  expect_says(pjrt_kvstore_value_describe(NULL, LINE), "no value");
  expect_says(pjrt_launch_describe(NULL, LINE), "no launch");
}

/* ---- buffers ------------------------------------------------------------- */

#define F32_4 "buffer f32[4] on device 0 (sim:0), 16 bytes"

static void test_buffer(void **state) {
  const fixture *f = *state;
  pjrt_buffer *buffer = upload_f32(f->device);
  expect_ok(pjrt_buffer_await(buffer));
  expect_says(pjrt_buffer_describe(buffer, LINE), F32_4 ", ready");
  expect_says(pjrt_buffer_describe(buffer, LINES), F32_4
              ", ready\n"
              "  of the client on " PLUGIN
              "\n"
              "  memory 0, device, of 1 device\n"
              "  16 bytes on the device");
  expect_ok(pjrt_buffer_delete(buffer));
  expect_says(pjrt_buffer_describe(buffer, LINE), F32_4 ", deleted");
  expect_says(pjrt_buffer_describe(buffer, LINES),
              F32_4 ", deleted\n  of the client on " PLUGIN);
  pjrt_buffer_free(buffer);
}

static void test_mapped_buffer(void **state) {
  const fixture *f = *state;
  const void *view;
  pjrt_buffer *buffer = upload_f32(f->device);
  expect_ok(pjrt_buffer_map(buffer, &view, NULL));
  expect_says(pjrt_buffer_describe(buffer, LINE), F32_4 ", mapped, ready");
  expect_ok(pjrt_buffer_map(buffer, &view, NULL));
  expect_says(pjrt_buffer_describe(buffer, LINE),
              F32_4 ", mapped 2 times, ready");
  expect_ok(pjrt_buffer_unmap(buffer));
  expect_ok(pjrt_buffer_unmap(buffer));
  pjrt_buffer_free(buffer);
}

/* Pending outputs, then failed ones; their arguments are gone. */
static void test_outputs(void **state) {
  const fixture *f = *state;
  pjrt_buffer *outs[2];
  pjrt_event *done;
  sim_hold("PJRT_LoadedExecutable_Execute", PJRT_Error_Code_DATA_LOSS);
  pjrt_executable *donate = compile(f->client, donate_program, NULL);
  arguments in = upload_arguments(f->device);
  expect_ok(
      pjrt_executable_execute_async(donate, in.args, 2, NULL, outs, 2, &done));
  expect_says(pjrt_buffer_describe(in.args[0], LINE), F32_4 ", donated");
  expect_says(pjrt_buffer_describe(outs[0], LINE), F32_4 ", pending");
  expect_says(pjrt_buffer_describe(outs[0], LINES),
              F32_4 ", pending\n  of the client on " PLUGIN
                    "\n  memory 0, device, of 1 device");
  sim.release_events();
  expect_error(pjrt_event_await(done), PJRT_DATA_LOSS, "the fault");
  expect_mentions(pjrt_buffer_describe(outs[0], LINE),
                  F32_4 ", failed, DATA_LOSS: the fault");
  pjrt_event_free(done);
  free_buffers(outs, 2);
  free_buffers(in.args, 2);
  pjrt_executable_free(donate);
}

/* A plugin that cannot say whether it is ready, or that says nonsense. */
static void test_unknown_readiness(void **state) {
  const fixture *f = *state;
  pjrt_buffer *buffer = upload_f32(f->device);
  sim_fail("PJRT_Buffer_ReadyEvent", 0, PJRT_Error_Code_INTERNAL);
  expect_says(pjrt_buffer_describe(buffer, LINE), F32_4 ", readiness unknown");
  expect_says(pjrt_buffer_describe(buffer, LINES),
              F32_4 ", readiness unknown\n  of the client on " PLUGIN);
  sim_fail("PJRT_Event_IsReady", 0, PJRT_Error_Code_INTERNAL);
  expect_says(pjrt_buffer_describe(buffer, LINE), F32_4 ", readiness unknown");
  sim_configure_default();
  pjrt_buffer_free(buffer);
}

static void give_back(void *data, void *user) {
  (void)data;
  atomic_fetch_add((atomic_int *)user, 1);
}

static void test_lent_memory(void **state) {
  const fixture *f = *state;
  _Alignas(64) static float lent[4];
  atomic_int num_given_back = 0;
  pjrt_buffer *buffer;
  expect_ok(pjrt_buffer_adopt_host(f->device, PJRT_F32, four, 1, lent,
                                   sizeof lent, PJRT_ADOPT_READ_ONLY, give_back,
                                   &num_given_back, &buffer));
  expect_says(pjrt_buffer_describe(buffer, LINE),
              F32_4 ", in memory that was lent, ready");
  pjrt_buffer_free(buffer);
  wait_until(atomic_load(&num_given_back) == 1);
}

/* The client's handle went first. */
static void test_client_is_freed(void **state) {
  (void)state;
  fixture *f = fixture_create(NULL);
  pjrt_buffer *buffer = upload_f32(f->device);
  pjrt_device *device = f->device;
  fixture_drop(f);
  expect_says(pjrt_buffer_describe(buffer, LINE), F32_4 ", ready");
  expect_says(pjrt_client_describe(pjrt_buffer_client(buffer), LINE),
              "client of sim (sim 1.0) on " PLUGIN
              ", process 0, 4 devices, 4 addressable");
  expect_mentions(pjrt_device_describe(device, LINE), "device 0 (");
  pjrt_buffer_free(buffer);
  test_free(f);
  expect_nothing_alive();
}

/* ---- clients, devices, memories ------------------------------------------ */

static void test_client(void **state) {
  const fixture *f = *state;
  expect_says(pjrt_client_describe(f->client, LINE),
              "client of sim (sim 1.0) on " PLUGIN
              ", process 0, 4 devices, 4 addressable");
  expect_mentions(pjrt_client_describe(f->client, LINES),
                  "\n  device 3 (sim:3)\n"
                  "  memory 0, device, of 1 device\n");
}

static void test_device(void **state) {
  const fixture *f = *state;
  expect_says(pjrt_device_describe(f->device, LINE),
              "device 0 (sim:0) on " PLUGIN ", sim device, process 0");
  expect_mentions(pjrt_device_describe(f->device, LINES),
                  "\n  memory 0, device, of 1 device, the default\n"
                  "  memory ");
  expect_mentions(pjrt_device_describe(f->device, LINES), "\n  coords=[0");
}

/* Of another process. */
static void test_remote_device(void **state) {
  (void)state;
  pjrt_sim_options options;
  sim_path();
  sim.options_init(&options);
  options.num_remote_devices = 1;
  fixture *f = fixture_create(&options);
  expect_says(pjrt_device_describe(pjrt_client_device(f->client, 4), LINE),
              "device 4 (sim:4) on " PLUGIN
              ", sim device, process 1, not addressable");
  fixture_drop(f);
  test_free(f);
  expect_nothing_alive();
}

static void test_memory(void **state) {
  const fixture *f = *state;
  const pjrt_memory *memory = pjrt_device_default_memory(f->device);
  expect_says(pjrt_memory_describe(memory, LINE),
              "memory 0, device, of 1 device on " PLUGIN);
  expect_says(pjrt_memory_describe(memory, LINES),
              "memory 0, device, of 1 device on " PLUGIN
              "\n  device 0 (sim:0)");
}

/* What a plugin says may be anything. */
static void test_text_of_plugins(void **state) {
  (void)state;
  pjrt_named_values *values;
  pjrt_error *error =
      pjrt_error_create(PJRT_DATA_LOSS, "one\ntwo\0three\x1b[0m", 17);
  expect_says(pjrt_error_describe(error, LINE), "DATA_LOSS: one two three [0m");
  pjrt_error_free(error);
  expect_ok(pjrt_named_values_create(&values));
  expect_ok(pjrt_named_values_set_string(values, "a\nb", 3, "c\td", 3));
  expect_says(pjrt_named_values_describe(values, LINES),
              "1 named value\n  a b=\"c d\"");
  pjrt_named_values_free(values);
}

static void test_topology(void **state) {
  const fixture *f = *state;
  pjrt_topology *topology, *of_client;
  expect_ok(pjrt_topology_create(f->plugin, "2x1x1", 5, NULL, &topology));
  expect_says(pjrt_topology_describe(topology, LINE),
              "topology of sim (sim 1.0) on " PLUGIN ", 2 devices");
  expect_mentions(pjrt_topology_describe(topology, LINES),
                  "\n  description of device 1, sim device, process 0");
  const pjrt_device_description *device = pjrt_topology_device(topology, 1);
  expect_says(pjrt_device_description_describe(device, LINE),
              "description of device 1, sim device, process 0");
  expect_mentions(pjrt_device_description_describe(device, LINES),
                  "\n  coords=[1");
  pjrt_topology_free(topology);
  expect_ok(pjrt_client_topology(f->client, &of_client));
  expect_says(pjrt_topology_describe(of_client, LINE),
              "topology of sim (sim 1.0) on " PLUGIN ", 4 devices, a client's");
}

/* ---- plugins ------------------------------------------------------------- */

static void test_plugin(void **state) {
  const fixture *f = *state;
  char expected[120];
  snprintf(expected, sizeof expected,
           "plugin " PLUGIN ", %zu of %zu functions, %zu extensions",
           pjrt_num_functions(), pjrt_num_functions(),
           pjrt_plugin_num_extensions(f->plugin));
  expect_says(pjrt_plugin_describe(f->plugin, LINE), expected);
  expect_mentions(pjrt_plugin_describe(f->plugin, LINES), "\n  path /");
  expect_mentions(pjrt_plugin_describe(f->plugin, LINES),
                  "bytes, the newest struct sizes\n  ");
  expect_mentions(pjrt_plugin_describe(f->plugin, LINES), "\n  extension ");
}

static void test_old_plugin(void **state) {
  (void)state;
  pjrt_sim_options options;
  pjrt_plugin_opts opts;
  pjrt_plugin *plugin;
  sim_path();
  sim.options_init(&options);
  options.minor = 57;
  options.exact_sizes = true;
  sim.configure(&options);
  pjrt_plugin_opts_init(&opts);
  opts.inspect_only = true;
  expect_ok(pjrt_plugin_open(sim_path(), PJRT_NUL_ENDED, &opts, &plugin));
  expect_mentions(pjrt_plugin_describe(plugin, LINE),
                  "plugin libpjrt_sim.so (API 0.57), ");
  expect_mentions(pjrt_plugin_describe(plugin, LINE), ", not initialized");
  expect_mentions(pjrt_plugin_describe(plugin, LINES),
                  "its own version's struct sizes");
  pjrt_plugin_free(plugin);
}

static void test_plugin_files(void **state) {
  (void)state;
  char setting[600];
  const char *const environment[] = {setting};
  const pjrt_discovery_opts opts = {sizeof opts, environment, 1};
  pjrt_plugin_file *file;
  pjrt_plugin_list *list;
  expect_ok(pjrt_plugin_file_open(sim_path(), PJRT_NUL_ENDED, &file));
  expect_mentions(pjrt_plugin_file_describe(file, LINE), " bytes for ");
  expect_mentions(pjrt_plugin_file_describe(file, LINE), ", usable");
  expect_mentions(pjrt_plugin_file_describe(file, LINES), "\n  identity ");
  expect_mentions(pjrt_plugin_file_describe(file, LINES), "\n  needs libc.so");
  pjrt_plugin_file_free(file);
  snprintf(setting, sizeof setting,
           "PJRT_NAMES_AND_LIBRARY_PATHS=sim:%s,gone:/nowhere/plugin.so",
           sim_path());
  expect_ok(pjrt_plugin_discover(&opts, &list));
  expect_mentions(pjrt_plugin_list_describe(list, LINE), "2 plugins, 1 usable");
  expect_mentions(pjrt_plugin_list_describe(list, LINES), "\n  sim: /");
  expect_mentions(pjrt_plugin_list_describe(list, LINES),
                  "\n  gone: /nowhere/plugin.so, named by "
                  "PJRT_NAMES_AND_LIBRARY_PATHS, unusable: ");
  pjrt_plugin_list_free(list);
}

/* ---- programs ------------------------------------------------------------ */

#define PASSES                                \
  "executable main on " PLUGIN                \
  ", 1 replica of 1 partition, 2 parameters," \
  " 2 outputs"

static void test_executable(void **state) {
  const fixture *f = *state;
  pjrt_executable *donate = compile(f->client, donate_program, NULL);
  expect_says(pjrt_executable_describe(donate, LINE), PASSES);
  expect_says(pjrt_executable_describe(donate, LINES), PASSES
              "\n"
              "  parameter 0, f32[4], donated\n"
              "  parameter 1, s32[2], donated\n"
              "  output 0, f32[4]\n"
              "  output 1, s32[2]\n"
              "  device 0 (sim:0)");
  expect_ok(pjrt_executable_delete(donate));
  expect_says(pjrt_executable_describe(donate, LINE), PASSES ", deleted");
  pjrt_executable_free(donate);
}

/* Portable, on no device; and of a plugin that does not show programs. */
static void test_odd_executables(void **state) {
  const fixture *f = *state;
  pjrt_compile_opts opts;
  pjrt_compile_opts_init(&opts);
  opts.compile_portable_executable = true;
  pjrt_executable *portable = compile(f->client, pass_program, &opts);
  expect_says(pjrt_executable_describe(portable, LINE), PASSES ", portable");
  expect_mentions(pjrt_executable_describe(portable, LINES),
                  "\n  output 1, s32[2]");
  pjrt_executable_free(portable);
  sim_fail("PJRT_Executable_OptimizedProgram", 0,
           PJRT_Error_Code_UNIMPLEMENTED);
  pjrt_executable *unchecked = compile(f->client, pass_program, NULL);
  expect_says(pjrt_executable_describe(unchecked, LINE),
              "executable main on " PLUGIN
              ", 1 replica of 1 partition, unchecked parameters, 2 outputs");
  expect_says(pjrt_executable_describe(unchecked, LINES),
              "executable main on " PLUGIN
              ", 1 replica of 1 partition, unchecked parameters, 2 outputs"
              "\n  device 0 (sim:0)");
  pjrt_executable_free(unchecked);
}

static void test_compiled(void **state) {
  const fixture *f = *state;
  pjrt_topology *topology;
  pjrt_program *program;
  pjrt_compiled *compiled;
  char expected[60];
  expect_ok(pjrt_topology_create(f->plugin, "4x1x1", 5, NULL, &topology));
  expect_ok(pjrt_program_create(pass_program, PJRT_NUL_ENDED, PJRT_FORMAT_AUTO,
                                &program));
  snprintf(expected, sizeof expected, "program in MLIR, %zu bytes",
           strlen(pass_program));
  expect_says(pjrt_program_describe(program, LINE), expected);
  expect_ok(pjrt_topology_compile(topology, program, NULL, &compiled));
  pjrt_program_free(program);
  pjrt_topology_free(topology);
  expect_says(pjrt_compiled_describe(compiled, LINE),
              "compiled program main for sim on " PLUGIN
              ", 1 replica of 1 partition, 2 parameters, 2 outputs");
  expect_mentions(pjrt_compiled_describe(compiled, LINES),
                  "outputs\n  parameter 0, f32[4]\n");
  pjrt_compiled_free(compiled);
}

static void test_compile_options(void **state) {
  (void)state;
  pjrt_compile_opts opts;
  pjrt_compile_options *options;
  pjrt_compile_opts_init(&opts);
  opts.num_replicas = 2;
  expect_ok(pjrt_compile_options_create(&opts, &options));
  expect_mentions(pjrt_compile_options_describe(options, LINE),
                  "compile options, ");
#ifdef PJRT_HAVE_JANSSON
  expect_mentions(pjrt_compile_options_describe(options, LINES), "\n  {\n");
  expect_mentions(pjrt_compile_options_describe(options, LINES),
                  "\"num_replicas\": ");
#endif
  pjrt_compile_options_free(options);
}

static void test_context(void **state) {
  const fixture *f = *state;
  pjrt_execute_context *context;
  pjrt_execute_opts opts;
  pjrt_buffer *outs[2];
  pjrt_event *done;
  sim_hold("PJRT_LoadedExecutable_Execute", PJRT_Error_Code_OK);
  expect_ok(pjrt_execute_context_create(f->client, &context));
  expect_says(pjrt_execute_context_describe(context, LINE),
              "execute context on " PLUGIN);
  pjrt_executable *pass = compile(f->client, pass_program, NULL);
  arguments in = upload_arguments(f->device);
  pjrt_execute_opts_init(&opts);
  opts.context = context;
  expect_ok(
      pjrt_executable_execute_async(pass, in.args, 2, &opts, outs, 2, &done));
  expect_says(pjrt_execute_context_describe(context, LINE),
              "execute context on " PLUGIN ", in use");
  sim.release_events();
  expect_ok(pjrt_event_await(done));
  pjrt_event_free(done);
  free_buffers(outs, 2);
  free_buffers(in.args, 2);
  pjrt_executable_free(pass);
  pjrt_execute_context_free(context);
}

/* ---- events: the rest is in test_event_waits.c --------------------------- */

static void test_event(void **state) {
  const fixture *f = *state;
  pjrt_event *events[2], *join;
  pjrt_async_tracking_event *tracking;
  expect_ok(pjrt_event_create(f->client, &events[0]));
  expect_ok(pjrt_event_create(f->client, &events[1]));
  expect_ok(pjrt_event_join(events, 2, &join));
  expect_says(pjrt_event_describe(join, LINE),
              "the join of events on " PLUGIN
              ": pending, 2 of 2, nobody waited for it yet");
  pjrt_event_free(events[0]);
  pjrt_event_free(events[1]);
  expect_error(pjrt_event_await(join), PJRT_CANCELLED, "freed");
  expect_mentions(pjrt_event_describe(join, LINE), ": failed, CANCELLED: ");
  pjrt_event_free(join);
  expect_ok(
      pjrt_device_create_async_tracking_event(f->device, "work", 4, &tracking));
  expect_says(pjrt_async_tracking_event_describe(tracking, LINE),
              "tracking event on " PLUGIN);
  pjrt_async_tracking_event_free(tracking);
}

/* What is known is told where the plugin cannot be asked. */
static void test_event_that_cannot_be_asked(void **state) {
  const fixture *f = *state;
  pjrt_event *event;
  pjrt_buffer *buffer = upload_f32(f->device);
  expect_ok(pjrt_buffer_ready_event(buffer, &event));
  sim_fail("PJRT_Event_IsReady", 0, PJRT_Error_Code_INTERNAL);
  expect_says(pjrt_event_describe(event, LINE),
              "PJRT_Buffer_ReadyEvent on " PLUGIN
              ": pending, nobody waited for it yet");
  sim_configure_default();
  pjrt_event_free(event);
  pjrt_buffer_free(buffer);
}

/* ---- what is on its way -------------------------------------------------- */

#define TO_DEVICE "to device 0 (sim:0) on " PLUGIN

static void test_transfer(void **state) {
  const fixture *f = *state;
  const pjrt_transfer_shape shapes[] = {{PJRT_F32, four, 1, NULL},
                                        {PJRT_S32, four, 1, NULL},
                                        {PJRT_U8, four, 1, NULL}};
  pjrt_transfer *transfer;
  pjrt_buffer *buffer;
  pjrt_error *reason = pjrt_error_create(PJRT_ABORTED, "no", 2);
  expect_ok(pjrt_transfer_create(f->device, NULL, shapes, 3, &transfer));
  expect_says(pjrt_transfer_describe(transfer, LINE),
              "transfer of 3 buffers " TO_DEVICE ", 3 open");
  expect_ok(pjrt_transfer_data(transfer, 0, floats, 16, 0, true));
  expect_ok(pjrt_transfer_set_error(transfer, 1, reason));
  pjrt_error_free(reason);
  expect_ok(pjrt_transfer_take_buffer(transfer, 0, &buffer));
  expect_says(pjrt_transfer_describe(transfer, LINES),
              "transfer of 3 buffers " TO_DEVICE
              ", 1 open, 1 complete, 1 failed\n"
              "  buffer 0, f32[4], 16 bytes, complete, taken\n"
              "  buffer 1, s32[4], 16 bytes, failed\n"
              "  buffer 2, u8[4], 4 bytes, open");
  pjrt_buffer_free(buffer);
  pjrt_transfer_free(transfer);
}

static void test_writer(void **state) {
  const fixture *f = *state;
  const pjrt_transfer_shape shape = {PJRT_F32, four, 1, NULL};
  pjrt_transfer *transfer;
  pjrt_writer *writer;
  pjrt_writer_opts opts;
  pjrt_writer_opts_init(&opts);
  opts.chunk_size = 8;
  expect_ok(pjrt_transfer_create(f->device, NULL, &shape, 1, &transfer));
  expect_ok(pjrt_writer_create(transfer, 0, &opts, &writer));
  expect_ok(pjrt_writer_write(writer, floats, 4));
  expect_says(pjrt_writer_describe(writer, LINES),
              "writer of buffer 0 of a transfer on " PLUGIN
              ", 4 of 16 bytes\n"
              "  2 chunks of 8 bytes, 4 in the current one");
  expect_error(pjrt_writer_write_fd(writer, -1, 4), PJRT_INVALID_ARGUMENT, "");
  expect_ok(pjrt_writer_write(writer, floats + 1, 12));
  expect_ok(pjrt_writer_finish(writer));
  expect_says(pjrt_writer_describe(writer, LINE),
              "writer of buffer 0 of a transfer on " PLUGIN
              ", 16 of 16 bytes, finished");
  pjrt_writer_free(writer);
  pjrt_transfer_free(transfer);
  expect_ok(pjrt_transfer_create(f->device, NULL, &shape, 1, &transfer));
  expect_ok(pjrt_writer_create(transfer, 0, &opts, &writer));
  int ends[2];
  assert_int_equal(pipe(ends), 0);
  close(ends[1]);
  expect_error(pjrt_writer_write_fd(writer, ends[0], 4), PJRT_DATA_LOSS, "");
  close(ends[0]);
  expect_says(pjrt_writer_describe(writer, LINE),
              "writer of buffer 0 of a transfer on " PLUGIN
              ", 0 of 16 bytes, failed");
  pjrt_writer_free(writer);
  pjrt_transfer_free(transfer);
}

static pjrt_error *take_chunk(pjrt_chunk *chunk, size_t total_size,
                              bool is_last, void *user) {
  (void)total_size;
  (void)is_last;
  (void)user;
  pjrt_error *error = pjrt_chunk_describe(chunk, LINE);
  pjrt_chunk_free(chunk);
  return error;
}

static void keep_stream(pjrt_stream *stream, void *user) {
  *(pjrt_stream **)user = stream;
}

static void test_stream(void **state) {
  const fixture *f = *state;
  const pjrt_send_callback sends[] = {{5, take_chunk, NULL}};
  pjrt_stream *stream = NULL;
  const pjrt_recv_callback recvs[] = {{6, keep_stream, &stream}};
  pjrt_execute_opts opts;
  pjrt_buffer *outs[2];
  pjrt_executable *pass = compile(f->client, pass_program, NULL);
  arguments in = upload_arguments(f->device);
  pjrt_execute_opts_init(&opts);
  opts.send_callbacks = sends;
  opts.num_send_callbacks = 1;
  opts.recv_callbacks = recvs;
  opts.num_recv_callbacks = 1;
  expect_ok(pjrt_executable_execute(pass, in.args, 2, &opts, outs, 2));
  expect_says(NULL, "chunk of 16 bytes");
  expect_says(pjrt_stream_describe(stream, LINE),
              "stream on " PLUGIN ", 0 of 16 bytes");
  sim_fail("PJRT_CopyToDeviceStream_CurrentBytes", 0, PJRT_Error_Code_INTERNAL);
  expect_says(pjrt_stream_describe(stream, LINE), "stream on " PLUGIN);
  sim_configure_default();
  pjrt_stream_free(stream);
  free_buffers(outs, 2);
  free_buffers(in.args, 2);
  pjrt_executable_free(pass);
}

static pjrt_error *look_at_argument(pjrt_chunk *chunk, size_t total_size,
                                    bool is_last, void *user) {
  (void)total_size;
  (void)is_last;
  pjrt_chunk_free(chunk);
  return pjrt_buffer_describe(user, LINE);
}

/* While a launch is about to take it. */
static void test_claimed_buffer(void **state) {
  const fixture *f = *state;
  arguments in = upload_arguments(f->device);
  const pjrt_send_callback sends[] = {{5, look_at_argument, in.args[0]}};
  pjrt_execute_opts opts;
  pjrt_buffer *outs[2];
  pjrt_executable *donate = compile(f->client, donate_program, NULL);
  pjrt_execute_opts_init(&opts);
  opts.send_callbacks = sends;
  opts.num_send_callbacks = 1;
  expect_ok(pjrt_executable_execute(donate, in.args, 2, &opts, outs, 2));
  expect_says(NULL, F32_4 ", being donated");
  free_buffers(outs, 2);
  free_buffers(in.args, 2);
  pjrt_executable_free(donate);
}

static void test_chunk(void **state) {
  (void)state;
  char byte = 7, expected[60];
  pjrt_chunk *chunk;
  expect_ok(pjrt_chunk_create(&byte, 1, NULL, NULL, &chunk));
  expect_says(pjrt_chunk_describe(chunk, LINE), "chunk of 1 byte");
  snprintf(expected, sizeof expected, "chunk of 1 byte\n  at %p",
           (void *)&byte);
  expect_says(pjrt_chunk_describe(chunk, LINES), expected);
  pjrt_chunk_free(chunk);
}

/* ---- promises ------------------------------------------------------------ */

static void test_raw_copy(void **state) {
  const fixture *f = *state;
  float read[4];
  pjrt_raw_copy *copy;
  pjrt_event *done;
  pjrt_buffer *buffer = upload_f32(f->device);
  expect_ok(pjrt_buffer_copy_raw_to_host_future(buffer, 0, 16, &copy, &done));
  expect_says(pjrt_raw_copy_describe(copy, LINE),
              "raw copy of 16 bytes on " PLUGIN ", without a destination yet");
  expect_ok(pjrt_raw_copy_start(copy, read));
  expect_says(pjrt_raw_copy_describe(copy, LINE),
              "raw copy of 16 bytes on " PLUGIN ", answered");
  expect_ok(pjrt_event_await(done));
  pjrt_event_free(done);
  pjrt_raw_copy_free(copy);
  pjrt_buffer_free(buffer);
}

static void test_alias(void **state) {
  const fixture *f = *state;
  pjrt_buffer *promised, *buffer = upload_f32(f->device);
  pjrt_alias *alias;
  expect_ok(pjrt_buffer_create_alias(f->device, PJRT_F32, four, 1, NULL,
                                     &promised, &alias));
  expect_says(pjrt_alias_describe(alias, LINE),
              "alias of f32[4] on " PLUGIN ", without a buffer yet");
  expect_says(pjrt_buffer_describe(promised, LINE), F32_4 ", pending");
  expect_ok(pjrt_alias_fulfill(alias, buffer));
  expect_says(pjrt_alias_describe(alias, LINE),
              "alias of f32[4] on " PLUGIN ", answered");
  expect_says(pjrt_buffer_describe(promised, LINE), F32_4 ", ready");
  pjrt_alias_free(alias);
  pjrt_buffer_free(promised);
  pjrt_buffer_free(buffer);
}

static void test_mapping(void **state) {
  const fixture *f = *state;
  static char page[4096];
  char expected[120];
  pjrt_dma_mapping *mapping;
  expect_ok(pjrt_dma_map(f->client, page, sizeof page, &mapping));
  snprintf(expected, sizeof expected, "mapping of 4096 bytes at %p on " PLUGIN,
           (void *)page);
  expect_says(pjrt_dma_mapping_describe(mapping, LINE), expected);
  expect_ok(pjrt_dma_unmap(mapping));
}

/* ---- values -------------------------------------------------------------- */

static void test_named_values(void **state) {
  (void)state;
  pjrt_named_values *values;
  expect_ok(pjrt_named_values_create(&values));
  expect_says(pjrt_named_values_describe(values, LINE), "0 named values");
  expect_ok(pjrt_named_values_set_string(values, "s", 1, "text", 4));
  expect_ok(pjrt_named_values_set_int64(values, "i", 1, -7));
  expect_ok(pjrt_named_values_set_int64_list(values, "l", 1,
                                             (const int64_t[]){1, 2}, 2));
  expect_ok(pjrt_named_values_set_float(values, "f", 1, 0.5F));
  expect_ok(pjrt_named_values_set_bool(values, "b", 1, true));
  expect_says(pjrt_named_values_describe(values, LINE),
              "5 named values: s, i, l, f, b");
  expect_says(pjrt_named_values_describe(values, LINES),
              "5 named values\n"
              "  s=\"text\"\n  i=-7\n  l=[1,2]\n  f=0.5\n  b=true");
  pjrt_named_values_free(values);
}

static void test_error(void **state) {
  (void)state;
  pjrt_plugin *plugin;
  pjrt_sim_options options;
  const pjrt_sim_fault fault = {.function = "PJRT_Client_Create",
                                .code = PJRT_Error_Code_ABORTED,
                                .message = "no"};
  pjrt_client *client;
  sim_path();
  sim.options_init(&options);
  options.num_payloads = 1;
  options.faults = &fault;
  options.num_faults = 1;
  sim.configure(&options);
  expect_ok(pjrt_plugin_open(sim_path(), PJRT_NUL_ENDED, NULL, &plugin));
  pjrt_error *error = pjrt_client_create(plugin, NULL, &client);
  expect_says(pjrt_error_describe(error, LINE),
              "ABORTED: no (PJRT_Client_Create on " PLUGIN ")");
  expect_mentions(pjrt_error_describe(error, LINES), PLUGIN ")\n  ");
  pjrt_error_free(error);
  pjrt_plugin_free(plugin);
}

static void test_arrays(void **state) {
  const fixture *f = *state;
  const int64_t dims[] = {2, 2}, strides[] = {4, 8};
  float data[4] = {1, 2, 3, 4};
  char expected[120];
  pjrt_array *array;
  pjrt_layout *layout;
  expect_ok(pjrt_array_wrap(PJRT_F32, dims, 2, NULL, data, NULL, NULL, &array));
  expect_says(pjrt_array_describe(array, LINE), "array f32[2,2], 16 bytes");
  pjrt_array_free(array);
  expect_ok(
      pjrt_array_wrap(PJRT_F32, dims, 2, strides, data, NULL, NULL, &array));
  snprintf(expected, sizeof expected,
           "array f32[2,2], 16 bytes, not dense\n  at %p, byte strides (4,8)",
           (void *)data);
  expect_says(pjrt_array_describe(array, LINES), expected);
  pjrt_array_free(array);
  pjrt_buffer *buffer = upload_f32(f->device);
  expect_ok(pjrt_buffer_layout(buffer, &layout));
  expect_says(pjrt_layout_describe(layout, LINE), "layout {0}");
  pjrt_layout_free(layout);
  pjrt_buffer_free(buffer);
}

static void test_tiled_layout(void **state) {
  (void)state;
  const int64_t dims[] = {2, 3};
  const float data[6] = {0};
  pjrt_sim_options options;
  pjrt_buffer *buffer;
  pjrt_layout *layout;
  sim_path();
  sim.options_init(&options);
  options.tiled_layouts = true;
  fixture *f = fixture_create(&options);
  expect_ok(pjrt_buffer_from_host(f->device, PJRT_F32, dims, 2, data,
                                  sizeof data, &buffer));
  expect_ok(pjrt_buffer_layout(buffer, &layout));
  expect_says(pjrt_layout_describe(layout, LINE),
              "layout {1,0} in tiles (8,128)");
  pjrt_layout_free(layout);
  pjrt_buffer_free(buffer);
  fixture_drop(f);
  test_free(f);
  expect_nothing_alive();
}

static void test_kvstore(void **state) {
  (void)state;
  pjrt_kvstore *store;
  expect_ok(pjrt_kvstore_create_in_process(&store));
  expect_mentions(pjrt_kvstore_describe(store, LINE), "key-value store ");
  pjrt_kvstore_cancel(store);
  expect_mentions(pjrt_kvstore_describe(store, LINE), ", cancelled");
  pjrt_kvstore_free(store);
}

static pjrt_error *find(void *user, const char *key, size_t key_size,
                        pjrt_kvstore_value *value) {
  (void)user;
  (void)key;
  (void)key_size;
  expect_says(pjrt_kvstore_value_describe(value, LINE),
              "value that is not set");
  PJRT_TRY(pjrt_kvstore_value_set(value, "abc", 3));
  expect_says(pjrt_kvstore_value_describe(value, LINE), "value of 3 bytes");
  return NULL;
}

static pjrt_error *keep(void *user, const char *key, size_t key_size,
                        const void *value, size_t value_size) {
  (void)user;
  (void)key;
  (void)key_size;
  (void)value;
  (void)value_size;
  return NULL;
}

static void test_kvstore_of_ones_own(void **state) {
  (void)state;
  pjrt_kvstore_functions functions;
  pjrt_kvstore *store;
  void *value;
  size_t size;
  pjrt_kvstore_functions_init(&functions);
  functions.name = "the test's\nstore";
  functions.try_get = find;
  functions.put = keep;
  expect_ok(pjrt_kvstore_create(&functions, &store));
  expect_says(pjrt_kvstore_describe(store, LINE),
              "key-value store the test's store");
  expect_ok(pjrt_kvstore_try_get(store, "k", 1, &value, &size));
  pjrt_host_free(value);
  pjrt_kvstore_free(store);
}

/* ---- a forked child ------------------------------------------------------ */

static bool says_forked(pjrt_error *error) {
  const bool right =
      !error && strstr(text, ", made before this process was forked");
  pjrt_error_free(error);
  pjrt_host_free(text);
  return right;
}

/* 0, or the number of what went wrong. */
static int describe_in_child(const fixture *f, pjrt_buffer *buffer,
                             pjrt_event *event) {
  if (!says_forked(pjrt_client_describe(f->client, LINES))) return 1;
  if (!says_forked(pjrt_device_describe(f->device, LINES))) return 2;
  if (!says_forked(pjrt_buffer_describe(buffer, LINES))) return 3;
  if (!says_forked(pjrt_event_describe(event, LINES))) return 4;
  return sim.num_calls("PJRT_Event_IsReady") ? 5 : 0;
}

static void test_fork(void **state) {
  const fixture *f = *state;
  int status;
  pjrt_event *event;
  pjrt_buffer *buffer = upload_f32(f->device);
  expect_ok(pjrt_buffer_ready_event(buffer, &event));
  sim_configure_default();
  pid_t child = fork();
  assert_int_not_equal(child, -1);
  if (child == 0) _exit(describe_in_child(f, buffer, event));
  assert_int_equal(waitpid(child, &status, 0), child);
  if (status) fail_msg("the child ended with status %d", status);
  pjrt_event_free(event);
  pjrt_buffer_free(buffer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_null),
      sim_test(test_buffer),
      sim_test(test_mapped_buffer),
      sim_test(test_outputs),
      sim_test(test_unknown_readiness),
      sim_test(test_lent_memory),
      cmocka_unit_test(test_client_is_freed),
      sim_test(test_client),
      sim_test(test_device),
      cmocka_unit_test(test_remote_device),
      sim_test(test_memory),
      cmocka_unit_test(test_text_of_plugins),
      sim_test(test_topology),
      sim_test(test_plugin),
      cmocka_unit_test(test_old_plugin),
      cmocka_unit_test(test_plugin_files),
      sim_test(test_executable),
      sim_test(test_odd_executables),
      sim_test(test_compiled),
      cmocka_unit_test(test_compile_options),
      sim_test(test_context),
      sim_test(test_event),
      sim_test(test_event_that_cannot_be_asked),
      sim_test(test_transfer),
      sim_test(test_writer),
      sim_test(test_stream),
      sim_test(test_claimed_buffer),
      cmocka_unit_test(test_chunk),
      sim_test(test_raw_copy),
      sim_test(test_alias),
      sim_test(test_mapping),
      cmocka_unit_test(test_named_values),
      cmocka_unit_test(test_error),
      sim_test(test_arrays),
      cmocka_unit_test(test_tiled_layout),
      cmocka_unit_test(test_kvstore),
      cmocka_unit_test(test_kvstore_of_ones_own),
      sim_test(test_fork),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
