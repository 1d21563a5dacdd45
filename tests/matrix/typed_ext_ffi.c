/* FFI: registering handlers and types, user data, and a handler that runs. */
#include "pjrt/ext/ffi.h"
#include "typed.h"

static pjrt_error *double_all(pjrt_ffi_call *call, void *user) {
  pjrt_ffi_buffer in, out;
  (void)user;
  pjrt_ffi_buffer_init(&in);
  pjrt_ffi_buffer_init(&out);
  PJRT_TRY(pjrt_ffi_call_arg(call, 0, &in));
  PJRT_TRY(pjrt_ffi_call_result(call, 0, &out));
  for (size_t i = 0; i < in.num_elements; i++) {
    ((float *)out.data)[i] = 2 * ((const float *)in.data)[i];
  }
  return NULL;
}
static PJRT_FFI_HANDLER(double_entry, double_all, NULL);

static pjrt_error *register_handler(matrix_attempt *a) {
  pjrt_ffi_handler handler;
  pjrt_ffi_handler_init(&handler);
  handler.execute = double_entry;
  return pjrt_ffi_register_handler(a->plugin, "matrix_double", PJRT_NUL_ENDED,
                                   NULL, 0, &handler);
}

/* A type's name is taken for the life of the process: each gets its own. */
static pjrt_error *register_fresh_type(pjrt_plugin *plugin, int64_t *out_id) {
  static int num;
  char name[40];
  snprintf(name, sizeof name, "matrix_type_%d", num++);
  *out_id = 0;
  return pjrt_ffi_register_type(plugin, name, PJRT_NUL_ENDED, NULL, out_id);
}

static pjrt_error *register_type(matrix_attempt *a) {
  int64_t id;
  PJRT_TRY(register_fresh_type(a->plugin, &id));
  MATRIX_EXPECT(a, id != 0);
  return NULL;
}

/* The type of the attempt under way, of which there is one at a time. */
static int64_t data_type;

static pjrt_error *make_context(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_TRY(typed_client(a));
  PJRT_TRY(register_fresh_type(a->plugin, &data_type));
  return pjrt_execute_context_create(w->client, &w->context);
}

static pjrt_error *add_user_data(matrix_attempt *a) {
  return pjrt_ffi_add_user_data(typed(a)->context, data_type, a);
}

/* ---- all ----------------------------------------------------------------- */

const matrix_case typed_ext_ffi_cases[] = {
    {.name = "pjrt_ffi_register_handler",
     .prepare = matrix_open,
     .run = register_handler},
    {.name = "pjrt_ffi_register_type",
     .prepare = matrix_open,
     .run = register_type},
    {.name = "pjrt_ffi_add_user_data",
     .prepare = make_context,
     .run = add_user_data,
     .direct = "PJRT_ExecuteContext_Create"},
};
const size_t typed_num_ext_ffi_cases =
    sizeof typed_ext_ffi_cases / sizeof *typed_ext_ffi_cases;
