/* Programs that test themselves: a custom call that compares a value with the
 * expected one, and fails the execution where they differ.
 *
 *   26_ffi_check [PLUGIN] */
#include <pjrt/ext/ffi.h>
#include <pjrt/pjrt.h>
#include <stdlib.h>

#define PROGRAM(expected, ulps)                                        \
  "func.func @main() -> tensor<3xf32> {\n"                             \
  "  %x = stablehlo.constant dense<[1.0, 2.0, 4.0]> : tensor<3xf32>\n" \
  "  %e = stablehlo.constant dense<" expected                          \
  "> : tensor<3xf32>\n"                                                \
  "  %y = stablehlo.sqrt %x : tensor<3xf32>\n"                         \
  "  stablehlo.custom_call @example_expect_close(%y, %e) {\n"          \
  "    api_version = 4 : i32, has_side_effect = true,\n"               \
  "    backend_config = {ulps = " ulps                                 \
  " : i64}\n"                                                          \
  "  } : (tensor<3xf32>, tensor<3xf32>) -> ()\n"                       \
  "  return %y : tensor<3xf32>\n"                                      \
  "}\n"

static const struct {
  const char *what;
  const char *code;
} programs[] = {
    {"close enough", PROGRAM("[1.0, 1.4142137, 2.0]", "1")},
    {"not exactly", PROGRAM("[1.0, 1.4142137, 2.0]", "0")},
    {"wrong", PROGRAM("[1.0, 1.5, 2.0]", "1")},
};

/* The whole argument as an array. */
static pjrt_error *read(pjrt_ffi_call *call, size_t i, pjrt_array **out) {
  pjrt_ffi_buffer buffer;
  *out = NULL;
  pjrt_ffi_buffer_init(&buffer);
  PJRT_TRY(pjrt_ffi_call_arg(call, i, &buffer));
  return pjrt_ffi_buffer_to_array(&buffer, out);
}

static pjrt_error *expect_close(pjrt_ffi_call *call, void *user) {
  pjrt_array *actual = NULL, *expected = NULL;
  pjrt_tolerance tolerance;
  int64_t ulps;
  (void)user;
  PJRT_TRY(pjrt_ffi_attrs_int64(pjrt_ffi_call_attrs(call), "ulps",
                                PJRT_NUL_ENDED, &ulps));
  pjrt_tolerance_init(&tolerance);
  tolerance.ulps = (uint64_t)ulps;
  pjrt_error *error = read(call, 0, &actual);
  if (!error) error = read(call, 1, &expected);
  if (!error) error = pjrt_array_compare(actual, expected, &tolerance);
  pjrt_array_free(actual);
  pjrt_array_free(expected);
  return error;
}
static PJRT_FFI_HANDLER(expect_close_entry, expect_close, NULL);

static pjrt_error *register_check(pjrt_plugin *plugin) {
  pjrt_ffi_handler handler;
  pjrt_ffi_handler_init(&handler);
  handler.execute = expect_close_entry;
  return pjrt_ffi_register_handler(plugin, "example_expect_close",
                                   PJRT_NUL_ENDED, NULL, 0, &handler);
}

static pjrt_error *run(pjrt_client *client, const char *code) {
  pjrt_executable *executable = NULL;
  pjrt_program *program = NULL;
  pjrt_buffer *y = NULL;
  pjrt_error *error =
      pjrt_program_create(code, PJRT_NUL_ENDED, PJRT_FORMAT_AUTO, &program);
  if (!error) error = pjrt_client_compile(client, program, NULL, &executable);
  if (!error) {
    error = pjrt_executable_execute(executable, NULL, 0, NULL, &y, 1);
  }
  pjrt_buffer_free(y);
  pjrt_executable_free(executable);
  pjrt_program_free(program);
  return error;
}

/* DATA_LOSS is what pjrt_array_compare says of arrays that differ. */
static pjrt_error *run_all(pjrt_client *client) {
  for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
    pjrt_error *error = run(client, programs[i].code);
    if (error && pjrt_error_code(error) != PJRT_DATA_LOSS) return error;
    printf("%s: %s\n", programs[i].what, error ? "differs" : "passes");
    if (error) pjrt_error_print(error, stderr);
    pjrt_error_free(error);
  }
  return NULL;
}

int main(int argc, char **argv) {
  pjrt_plugin *plugin = NULL;
  pjrt_client *client = NULL;
  pjrt_error *error =
      pjrt_plugin_find(argc > 1 ? argv[1] : "", PJRT_NUL_ENDED, NULL, &plugin);
  if (!error) error = register_check(plugin);
  if (!error) error = pjrt_client_create(plugin, NULL, &client);
  if (!error) error = run_all(client);

  if (error) pjrt_error_print(error, stderr);
  int status = error ? EXIT_FAILURE : EXIT_SUCCESS;
  pjrt_error_free(error);
  pjrt_client_free(client);
  pjrt_plugin_free(plugin);
  return status;
}
