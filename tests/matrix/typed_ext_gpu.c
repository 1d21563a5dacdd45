/* What GPU plugins and compilers let be registered, and Triton. Registrations
 * are for ever, or until they are cleared, so each attempt has names of its
 * own where the plugin keeps them. */
#include <pjrt/ext/custom_partitioner.h>
#include <pjrt/ext/gpu_custom_call.h>
#include <pjrt/ext/stream.h>
#include <pjrt/ext/triton.h>
#include <pjrt/ext/xla_transform.h>
#include <stdio.h>

#include "typed.h"

/* ---- Gpu_Custom_Call ----------------------------------------------------- */

static pjrt_error *handle(pjrt_ffi_call *call, void *user) {
  (void)call;
  (void)user;
  return NULL;
}
static PJRT_FFI_HANDLER(entry, handle, NULL);

static void untyped(void) {}

static pjrt_error *register_handler(matrix_attempt *a) {
  pjrt_ffi_handler handler;
  pjrt_ffi_handler_init(&handler);
  handler.execute = entry;
  return pjrt_gpu_custom_call_register(a->plugin, "matrix_typed",
                                       PJRT_NUL_ENDED, &handler);
}

static pjrt_error *register_untyped(matrix_attempt *a) {
  return pjrt_gpu_custom_call_register_untyped(a->plugin, "matrix_untyped",
                                               PJRT_NUL_ENDED, untyped);
}

/* ---- Custom_Partitioner -------------------------------------------------- */

static pjrt_error *partition(const pjrt_partition_call *call, void *user,
                             pjrt_partition *out) {
  (void)call;
  (void)user;
  return pjrt_program_create("module {}", PJRT_NUL_ENDED, PJRT_FORMAT_AUTO,
                             &out->program);
}

static pjrt_error *register_partitioner(matrix_attempt *a) {
  static unsigned num_names;
  char name[32];
  pjrt_custom_partitioner partitioner;
  snprintf(name, sizeof name, "matrix_cut_%u", num_names++);
  pjrt_custom_partitioner_init(&partitioner);
  partitioner.partition = partition;
  return pjrt_custom_partitioner_register(a->plugin, name, PJRT_NUL_ENDED,
                                          &partitioner);
}

static pjrt_error *register_batch(matrix_attempt *a) {
  return pjrt_custom_partitioner_register_batch(a->plugin, "matrix_batch",
                                                PJRT_NUL_ENDED);
}

/* ---- XlaTransform -------------------------------------------------------- */

static const char name[] = "matrix";
static const pjrt_xla_transform_stage stage =
    PJRT_XLA_TRANSFORM_BEFORE_SCHEDULER;

static pjrt_error *look(const pjrt_program *hlo, void *user,
                        pjrt_program **out) {
  (void)hlo;
  (void)user;
  (void)out;
  return NULL;
}

static void clear_it(void *plugin) {
  pjrt_error_free(
      pjrt_xla_transform_clear(plugin, name, PJRT_NUL_ENDED, stage, NULL));
}

static pjrt_error *register_transform(matrix_attempt *a) {
  PJRT_TRY(pjrt_xla_transform_register(a->plugin, name, PJRT_NUL_ENDED, stage,
                                       look, NULL, NULL));
  typed_keep(a, a->plugin, clear_it);
  return NULL;
}

static pjrt_error *registered(matrix_attempt *a) {
  PJRT_TRY(matrix_open(a));
  return register_transform(a);
}

/* What cannot be cleared is not registered either. */
static pjrt_error *register_and_clear(matrix_attempt *a) {
  PJRT_TRY(register_transform(a));
  typed(a)->num_kept--;
  return pjrt_xla_transform_clear(a->plugin, name, PJRT_NUL_ENDED, stage, NULL);
}

static pjrt_error *clear_transform(matrix_attempt *a) {
  bool cleared;
  PJRT_TRY(pjrt_xla_transform_clear(a->plugin, name, PJRT_NUL_ENDED, stage,
                                    &cleared));
  MATRIX_EXPECT(a, cleared);
  return NULL;
}

/* ---- Triton -------------------------------------------------------------- */

static void free_kernel(void *kernel) { pjrt_triton_kernel_free(kernel); }

/* Plugins of 0.116 and later have it no more. */
static void before_it_went(pjrt_sim_options *options) {
  if (options->minor > 115) options->minor = 115;
}

static pjrt_error *compile_kernel(matrix_attempt *a) {
  pjrt_triton_kernel *kernel;
  PJRT_TRY(pjrt_triton_compile(a->plugin, "module {}", PJRT_NUL_ENDED, "sim",
                               PJRT_NUL_ENDED, NULL, &kernel));
  typed_keep(a, kernel, free_kernel);
  MATRIX_EXPECT(a, pjrt_triton_kernel_shared_memory_size(kernel) == 4096);
  return NULL;
}

/* ---- Stream -------------------------------------------------------------- */

static pjrt_error *stream_of(matrix_attempt *a) {
  intptr_t stream;
  PJRT_TRY(pjrt_native_stream_of(typed(a)->device, &stream));
  MATRIX_EXPECT(a, stream != 0);
  return NULL;
}

static pjrt_error *wait_for(matrix_attempt *a) {
  intptr_t stream;
  PJRT_TRY(pjrt_native_stream_of(typed(a)->device, &stream));
  return pjrt_native_stream_wait_for(stream, typed(a)->args[0]);
}

/* ---- the cases ----------------------------------------------------------- */

const matrix_case typed_ext_gpu_cases[] = {
    {.name = "pjrt_gpu_custom_call_register",
     .prepare = matrix_open,
     .run = register_handler,
     .since = 47,
     .before = "no place for handlers"},
    {.name = "pjrt_gpu_custom_call_register_untyped",
     .prepare = matrix_open,
     .run = register_untyped},
    {.name = "pjrt_custom_partitioner_register",
     .prepare = matrix_open,
     .run = register_partitioner},
    {.name = "pjrt_custom_partitioner_register_batch",
     .prepare = matrix_open,
     .run = register_batch},
    {.name = "pjrt_xla_transform_register",
     .prepare = matrix_open,
     .run = register_and_clear,
     .direct = "PJRT_Clear_Xla_Transform"},
    {.name = "pjrt_xla_transform_clear",
     .prepare = registered,
     .run = clear_transform},
    {.name = "pjrt_triton_compile",
     .prepare = matrix_open,
     .run = compile_kernel,
     .configure = before_it_went},
    {.name = "pjrt_native_stream_of",
     .prepare = typed_client,
     .run = stream_of},
    {.name = "pjrt_native_stream_wait_for",
     .prepare = typed_buffers,
     .run = wait_for},
};
const size_t typed_num_ext_gpu_cases =
    sizeof typed_ext_gpu_cases / sizeof *typed_ext_gpu_cases;
