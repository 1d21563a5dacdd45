#include "sim_fixture.h"

#include <dlfcn.h>
#include <stdio.h>
#include <time.h>

sim_controls sim;

#if defined(__SANITIZE_THREAD__)
/* The C library frees the thread-local memory of a loaded library on whichever
 * thread reuses the stack, in a way that ThreadSanitizer cannot see. */
__attribute__((visibility("default"))) const char *__tsan_default_suppressions(
    void);
const char *__tsan_default_suppressions(void) {
  return "race:_dl_deallocate_tls\n";
}
#endif

/* ---- the plugin's controls ----------------------------------------------- */

static void find(void *library, const char *name, void *out, size_t size) {
  void *symbol = dlsym(library, name);
  if (!symbol) fail_msg("the plugin has no %s", name);
  memcpy(out, &symbol, size);
}

#define FIND(library, field) \
  find((library), "pjrt_sim_" #field, &sim.field, sizeof sim.field)

/* Most tests are of what the library does around a program. */
static void (*plugin_defaults)(pjrt_sim_options *options);

static void echo_by_default(pjrt_sim_options *options) {
  plugin_defaults(options);
  options->execution = PJRT_SIM_ECHO;
}

static void load(const char *path) {
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) fail_msg("cannot load the plugin: %s", dlerror());
  find(library, "pjrt_sim_options_init", &plugin_defaults,
       sizeof plugin_defaults);
  sim.options_init = echo_by_default;
  FIND(library, configure);
  FIND(library, release_events);
  FIND(library, lose_device);
  FIND(library, get_live);
  FIND(library, num_calls);
  FIND(library, last_struct_size);
  FIND(library, num_misuses);
  FIND(library, first_misuse);
  FIND(library, get_execution);
}

const char *sim_path(void) {
  const char *path = getenv("PJRT_TEST_SIM");
  if (!path || !*path)
    fail_msg("PJRT_TEST_SIM does not name the simulated plugin");
  if (!sim.configure) load(path);
  return path;
}

void sim_configure_default(void) {
  pjrt_sim_options options;
  sim_path();
  sim.options_init(&options);
  sim.configure(&options);
}

static void configure_fault(pjrt_sim_fault fault) {
  pjrt_sim_options options;
  sim_path();
  sim.options_init(&options);
  options.faults = &fault;
  options.num_faults = 1;
  sim.configure(&options);
}

void sim_fail(const char *function, int nth, PJRT_Error_Code code) {
  configure_fault((pjrt_sim_fault){
      .function = function, .nth = nth, .code = code, .message = "the fault"});
}

void sim_fail_later(const char *function, PJRT_Error_Code code) {
  configure_fault((pjrt_sim_fault){
      .function = function, .async_code = code, .message = "the fault"});
}

void sim_hold(const char *function, PJRT_Error_Code code) {
  configure_fault((pjrt_sim_fault){.function = function,
                                   .async_code = code,
                                   .async_delay_ms = -1,
                                   .message = "the fault"});
}

/* ---- leaving nothing behind ---------------------------------------------- */

void nap(int spins, const char *file, int line) {
  const struct timespec millisecond = {0, 1000000};
  if (spins > 60000) {
    print_error("waited for a minute\n");
    _fail(file, line);
  }
  nanosleep(&millisecond, NULL);
}

static bool is_nothing_alive(void) {
  static const pjrt_sim_live nothing;
  pjrt_sim_live live;
  sim.get_live(&live);
  return memcmp(&live, &nothing, sizeof live) == 0;
}

void expect_no_misuse(void) {
  if (sim.num_misuses()) fail_msg("misuse: %s", sim.first_misuse());
}

void expect_nothing_alive(void) {
  pjrt_sim_live live;
  /* A client that ends on its reaper's thread does so a moment later. */
  for (int spins = 0; spins < 5000 && !is_nothing_alive(); spins++) {
    nap(spins, __FILE__, __LINE__);
  }
  sim.get_live(&live);
  if (!is_nothing_alive()) {
    fail_msg(
        "alive: %zu errors, %zu events, %zu clients, %zu buffers, "
        "%zu executables, %zu loaded, %zu others, %zu bytes",
        live.errors, live.events, live.clients, live.buffers, live.executables,
        live.loaded_executables, live.others, live.bytes);
  }
  expect_no_misuse();
}

/* ---- a plugin and a client ----------------------------------------------- */

fixture *fixture_create(const pjrt_sim_options *options) {
  fixture *f = test_calloc(1, sizeof *f);
  const char *path = sim_path();
  if (options) {
    sim.configure(options);
  } else {
    sim_configure_default();
  }
  expect_ok(pjrt_plugin_open(path, PJRT_NUL_ENDED, NULL, &f->plugin));
  expect_ok(pjrt_client_create(f->plugin, NULL, &f->client));
  f->device = pjrt_client_addressable_device(f->client, 0);
  return f;
}

void fixture_drop(fixture *f) {
  pjrt_client_free(f->client);
  pjrt_plugin_free(f->plugin);
  f->client = NULL;
  f->plugin = NULL;
  f->device = NULL;
}

int fixture_open(void **state) {
  *state = fixture_create(NULL);
  return 0;
}

int fixture_close(void **state) {
  fixture *f = *state;
  fixture_drop(f);
  test_free(f);
  expect_nothing_alive();
  return 0;
}

/* ---- programs, buffers --------------------------------------------------- */

const char pass_program[] =
    "func.func @main(%a: tensor<4xf32>, %b: tensor<2xi32>)\n"
    "    -> (tensor<4xf32>, tensor<2xi32>) {\n"
    "  return %a, %b : tensor<4xf32>, tensor<2xi32>\n"
    "}\n";

const char donate_program[] =
    "func.func @main(%a: tensor<4xf32> {tf.aliasing_output = 0 : i32},\n"
    "                %b: tensor<2xi32> {tf.aliasing_output = 1 : i32})\n"
    "    -> (tensor<4xf32>, tensor<2xi32>) {\n"
    "  return %a, %b : tensor<4xf32>, tensor<2xi32>\n"
    "}\n";

pjrt_error *try_compile(pjrt_client *client, const char *code,
                        const pjrt_compile_opts *opts, pjrt_executable **out) {
  pjrt_program *program;
  *out = NULL;
  PJRT_TRY(pjrt_program_create(code, strlen(code), PJRT_FORMAT_AUTO, &program));
  pjrt_error *error = pjrt_client_compile(client, program, opts, out);
  pjrt_program_free(program);
  return error;
}

pjrt_executable *compile(pjrt_client *client, const char *code,
                         const pjrt_compile_opts *opts) {
  pjrt_executable *executable;
  expect_ok(try_compile(client, code, opts, &executable));
  return executable;
}

static const float floats[] = {1, 2, 3, 4};
static const int32_t integers[] = {5, 6};

pjrt_buffer *upload_f32(pjrt_device *device) {
  pjrt_buffer *buffer;
  expect_ok(pjrt_buffer_from_host(device, PJRT_F32, (const int64_t[]){4}, 1,
                                  floats, sizeof floats, &buffer));
  return buffer;
}

pjrt_buffer *upload_s32(pjrt_device *device) {
  pjrt_buffer *buffer;
  expect_ok(pjrt_buffer_from_host(device, PJRT_S32, (const int64_t[]){2}, 1,
                                  integers, sizeof integers, &buffer));
  return buffer;
}

arguments upload_arguments(pjrt_device *device) {
  return (arguments){{upload_f32(device), upload_s32(device)}};
}

void free_buffers(pjrt_buffer **buffers, size_t num) {
  for (size_t i = 0; i < num; i++) {
    pjrt_buffer_free(buffers[i]);
    buffers[i] = NULL;
  }
}

void expect_f32(pjrt_buffer *buffer) {
  float read[4] = {0};
  expect_ok(pjrt_buffer_to_host(buffer, read, sizeof read));
  assert_memory_equal(read, floats, sizeof read);
}
