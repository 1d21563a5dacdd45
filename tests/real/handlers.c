#include "real/handlers.h"

#include <dlfcn.h>
#include <pjrt/abi.h>
#include <pthread.h>

/* The products keep plugins from taking the programs for cheap, and running
 * them before the call returns. */
#define PROGRAM(target, donation)                                           \
  "func.func @main(%a: tensor<4xf32>" donation                              \
  ") -> tensor<4xf32> {\n"                                                  \
  "  %0 = stablehlo.custom_call @" target                                   \
  "(%a) {api_version = 4 : i32}\n"                                          \
  "      : (tensor<4xf32>) -> tensor<4xf32>\n"                              \
  "  %1 = stablehlo.broadcast_in_dim %0, dims = [1]\n"                      \
  "      : (tensor<4xf32>) -> tensor<256x4xf32>\n"                          \
  "  %2 = stablehlo.dot_general %1, %1, contracting_dims = [1] x [1]\n"     \
  "      : (tensor<256x4xf32>, tensor<256x4xf32>) -> tensor<256x256xf32>\n" \
  "  %3 = stablehlo.slice %2 [0:1, 0:4]\n"                                  \
  "      : (tensor<256x256xf32>) -> tensor<1x4xf32>\n"                      \
  "  %4 = stablehlo.reshape %3 : (tensor<1x4xf32>) -> tensor<4xf32>\n"      \
  "  %5 = stablehlo.add %0, %4 : tensor<4xf32>\n"                           \
  "  %6 = stablehlo.subtract %5, %4 : tensor<4xf32>\n"                      \
  "  return %6 : tensor<4xf32>\n"                                           \
  "}\n"

const char gate_program[] = PROGRAM("test_gate", "");
const char donating_gate_program[] =
    PROGRAM("test_gate", " {tf.aliasing_output = 0 : i32}");
const char failing_program[] = PROGRAM("test_fail", "");

/* ---- the gate ------------------------------------------------------------ */

static struct {
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  bool is_open;
  int num_waiting;
} gate = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, 0};

static void set_gate(bool is_open) {
  pthread_mutex_lock(&gate.mutex);
  gate.is_open = is_open;
  pthread_cond_broadcast(&gate.changed);
  pthread_mutex_unlock(&gate.mutex);
}

void gate_shut(void) { set_gate(false); }
void gate_open(void) { set_gate(true); }

void gate_await_arrival(void) {
  pthread_mutex_lock(&gate.mutex);
  while (gate.num_waiting == 0) pthread_cond_wait(&gate.changed, &gate.mutex);
  pthread_mutex_unlock(&gate.mutex);
}

static void pass_gate(void) {
  pthread_mutex_lock(&gate.mutex);
  gate.num_waiting++;
  pthread_cond_broadcast(&gate.changed);
  while (!gate.is_open) pthread_cond_wait(&gate.changed, &gate.mutex);
  gate.num_waiting--;
  pthread_mutex_unlock(&gate.mutex);
}

pending start_gate(pjrt_executable *executable, pjrt_buffer *arg) {
  pending work;
  bool ready;
  gate_shut();
  assert_ok(pjrt_executable_execute_async(executable, &arg, 1, NULL, &work.out,
                                          1, &work.done));
  gate_await_arrival();
  assert_ok(pjrt_event_is_ready(work.done, &ready));
  assert_false(ready);
  return work;
}

pending start_failing(pjrt_executable *executable, pjrt_buffer *arg) {
  pending work;
  assert_ok(pjrt_executable_execute_async(executable, &arg, 1, NULL, &work.out,
                                          1, &work.done));
  return work;
}

void pending_free(pending *work) {
  pjrt_buffer_free(work->out);
  pjrt_event_free(work->done);
}

/* ---- the custom calls ---------------------------------------------------- */

/* Plugins call a handler once to learn the API version that it was made for;
 * 0.1 is what all of them take. */
static bool answers_metadata(const XLA_FFI_CallFrame *frame) {
  if (!frame->extension_start ||
      frame->extension_start->type != XLA_FFI_Extension_Metadata) {
    return false;
  }
  XLA_FFI_Metadata *metadata =
      ((XLA_FFI_Metadata_Extension *)frame->extension_start)->metadata;
  metadata->api_version.major_version = 0;
  metadata->api_version.minor_version = 1;
  return true;
}

/* Who reads the output waits for it through the plugin's own locks, which
 * ThreadSanitizer does not see. */
static __attribute__((noinline, no_sanitize("thread"))) void copy_floats(
    float *to, const float *from) {
  for (int i = 0; i < 4; i++) to[i] = from[i];
}

static XLA_FFI_Error *run_gate(XLA_FFI_CallFrame *frame) {
  if (answers_metadata(frame)) return NULL;
  const XLA_FFI_Buffer *in = frame->args.args[0];
  const XLA_FFI_Buffer *out = frame->rets.rets[0];
  pass_gate();
  copy_floats(out->data, in->data);
  return NULL;
}

static XLA_FFI_Error *run_fail(XLA_FFI_CallFrame *frame) {
  XLA_FFI_Error_Create_Args args = {
      .struct_size = XLA_FFI_Error_Create_Args_STRUCT_SIZE,
      .message = "the test wants it to fail",
      .errc = XLA_FFI_Error_Code_INTERNAL};
  if (answers_metadata(frame)) return NULL;
  return frame->api->XLA_FFI_Error_Create(&args);
}

/* ---- registering --------------------------------------------------------- */

static void register_handler(const PJRT_FFI_Extension *ffi, const char *name,
                             XLA_FFI_Handler *handler) {
  PJRT_FFI_Register_Handler_Args args = {
      .struct_size = PJRT_FFI_Register_Handler_Args_STRUCT_SIZE,
      .target_name = name,
      .target_name_size = strlen(name),
      .platform_name = "Host",
      .platform_name_size = strlen("Host")};
  memcpy(&args.handler, &handler, sizeof args.handler);
  assert_null(ffi->register_handler(&args));
}

static void register_handlers(const fixture *f) {
  const char *path = pjrt_plugin_path(f->plugin, NULL);
  const PJRT_Api *(*get_api)(void);
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
  assert_non_null(library);
  void *symbol = dlsym(library, "GetPjrtApi");
  assert_non_null(symbol);
  memcpy(&get_api, &symbol, sizeof get_api);
  const PJRT_Extension_Base *node = get_api()->extension_start;
  while (node && node->type != PJRT_Extension_Type_FFI) node = node->next;
  assert_non_null(node);
  register_handler((const PJRT_FFI_Extension *)node, "test_gate", run_gate);
  register_handler((const PJRT_FFI_Extension *)node, "test_fail", run_fail);
  dlclose(library);
}

int fixture_open_with_handlers(void **state) {
  if (fixture_open(state)) return -1;
  register_handlers(*state);
  gate_shut();
  return 0;
}
