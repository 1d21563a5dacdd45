#include "real/fixture.h"

#include <stdio.h>
#include <time.h>

/* ---- errors -------------------------------------------------------------- */

static void fail_with(const pjrt_error *error, const char *expected,
                      const char *file, int line) {
  print_error("expected %s, got %s from \"%s\" of \"%s\": %s\n", expected,
              pjrt_code_name(pjrt_error_code(error)), pjrt_error_call(error),
              pjrt_error_plugin(error), pjrt_error_message(error, NULL));
  _fail(file, line);
}

void check_ok(pjrt_error *error, const char *file, int line) {
  if (error) fail_with(error, "success", file, line);
}

void check_code(pjrt_error *error, pjrt_code code, const char *part,
                const char *file, int line) {
  char expected[256];
  snprintf(expected, sizeof expected, "%s with \"%s\"", pjrt_code_name(code),
           part);
  if (pjrt_error_code(error) != code ||
      !strstr(pjrt_error_message(error, NULL), part)) {
    fail_with(error, expected, file, line);
  }
  pjrt_error_free(error);
}

void check_refused(pjrt_error *error, pjrt_code code, const char *part,
                   const char *file, int line) {
  if (pjrt_error_origin(error) != PJRT_ORIGIN_LIBRARY) {
    fail_with(error, "the library's own error", file, line);
  }
  check_code(error, code, part, file, line);
}

void check_plugin_error(pjrt_error *error, const char *file, int line) {
  if (!error || pjrt_error_origin(error) != PJRT_ORIGIN_PLUGIN ||
      pjrt_error_message(error, NULL)[0] == '\0') {
    fail_with(error, "the plugin's own error", file, line);
  }
  pjrt_error_free(error);
}

/* ---- plugin and client --------------------------------------------------- */

fixture *fixture_create(const char *path) {
  fixture *f = calloc(1, sizeof *f);
  assert_non_null(f);
  assert_ok(pjrt_plugin_open(path, PJRT_NUL_ENDED, NULL, &f->plugin));
  assert_ok(pjrt_client_create(f->plugin, NULL, &f->client));
  f->device = pjrt_client_addressable_device(f->client, 0);
  f->minor = pjrt_plugin_api_minor(f->plugin);
  assert_non_null(f->device);
  return f;
}

void fixture_free(fixture *f) {
  pjrt_client_free(f->client);
  pjrt_plugin_free(f->plugin);
  free(f);
}

int fixture_open(void **state) {
  const char *path = getenv("PJRT_TEST_PLUGIN");
  if (!path) {
    print_error("PJRT_TEST_PLUGIN is not set: which plugin is to be tested?\n");
    return -1;
  }
  *state = fixture_create(path);
  return 0;
}

int fixture_close(void **state) {
  fixture_free(*state);
  return 0;
}

/* ---- programs ------------------------------------------------------------ */

const char add_program[] =
    "func.func @main(%a: tensor<4xf32>, %b: tensor<4xf32>) -> tensor<4xf32> {\n"
    "  %0 = stablehlo.add %a, %b : tensor<4xf32>\n"
    "  return %0 : tensor<4xf32>\n"
    "}\n";

const char donate_program[] =
    "func.func @main(%a: tensor<4xf32> {tf.aliasing_output = 0 : i32},\n"
    "                %b: tensor<4xf32>) -> tensor<4xf32> {\n"
    "  %0 = stablehlo.add %a, %b : tensor<4xf32>\n"
    "  return %0 : tensor<4xf32>\n"
    "}\n";

const char replicas_program[] =
    "module @sum_over_replicas attributes {mhlo.num_replicas = 4 : i32} {\n"
    "func.func @main(%a: tensor<2x3xf32>) -> tensor<2x3xf32> {\n"
    "  %0 = \"stablehlo.all_reduce\"(%a) <{\n"
    "      replica_groups = dense<[[0, 1, 2, 3]]> : tensor<1x4xi64>}> ({\n"
    "    ^bb0(%x: tensor<f32>, %y: tensor<f32>):\n"
    "      %s = stablehlo.add %x, %y : tensor<f32>\n"
    "      stablehlo.return %s : tensor<f32>\n"
    "  }) : (tensor<2x3xf32>) -> tensor<2x3xf32>\n"
    "  return %0 : tensor<2x3xf32>\n"
    "}\n"
    "}\n";

static pjrt_program *program_of(const char *code) {
  pjrt_program *program;
  assert_ok(
      pjrt_program_create(code, strlen(code), PJRT_FORMAT_AUTO, &program));
  return program;
}

pjrt_executable *compile_with(fixture *f, const char *code,
                              const pjrt_compile_opts *opts) {
  pjrt_executable *executable;
  pjrt_program *program = program_of(code);
  assert_ok(pjrt_client_compile(f->client, program, opts, &executable));
  pjrt_program_free(program);
  return executable;
}

pjrt_executable *compile(fixture *f, const char *code) {
  return compile_with(f, code, NULL);
}

pjrt_error *try_compile(fixture *f, const char *code,
                        const pjrt_compile_opts *opts) {
  pjrt_executable *executable;
  pjrt_program *program = program_of(code);
  pjrt_error *error =
      pjrt_client_compile(f->client, program, opts, &executable);
  assert_true(error ? executable == NULL : executable != NULL);
  pjrt_program_free(program);
  pjrt_executable_free(executable);
  return error;
}

char *data_path(const char *name) {
  const char *source = getenv("PJRT_TEST_SOURCE_DIR");
  char *path = NULL;
  if (!source) skip_because("PJRT_TEST_SOURCE_DIR is not set");
  if (asprintf(&path, "%s/tests/data/%s", source, name) < 0) path = NULL;
  assert_non_null(path);
  return path;
}

void *read_data(const char *name, size_t *out_size) {
  char *path = data_path(name);
  FILE *file = fopen(path, "rb");
  if (!file) fail_msg("cannot open %s", path);
  assert_int_equal(fseek(file, 0, SEEK_END), 0);
  *out_size = (size_t)ftell(file);
  rewind(file);
  void *data = malloc(*out_size);
  assert_non_null(data);
  assert_int_equal(fread(data, 1, *out_size, file), *out_size);
  fclose(file);
  free(path);
  return data;
}

/* ---- buffers ------------------------------------------------------------- */

pjrt_buffer *upload(pjrt_device *device, pjrt_dtype dtype, const int64_t *dims,
                    size_t num_dims, const void *data) {
  size_t size = pjrt_dtype_host_size(dtype);
  pjrt_buffer *buffer;
  for (size_t i = 0; i < num_dims; i++) size *= (size_t)dims[i];
  assert_ok(pjrt_buffer_from_host(device, dtype, dims, num_dims, data, size,
                                  &buffer));
  return buffer;
}

pjrt_buffer *upload_f32(pjrt_device *device, int num, ...) {
  float values[16];
  const int64_t dims[] = {num};
  va_list args;
  assert_in_range(num, 0, 16);
  va_start(args, num);
  for (int i = 0; i < num; i++) values[i] = (float)va_arg(args, double);
  va_end(args);
  return upload(device, PJRT_F32, dims, 1, values);
}

void check_f32(pjrt_buffer *buffer, size_t num, const float *expected,
               const char *file, int line) {
  float values[16];
  assert_in_range(num, 0, 16);
  check_ok(pjrt_buffer_to_host(buffer, values, num * sizeof *values), file,
           line);
  for (size_t i = 0; i < num; i++) {
    if (values[i] == expected[i]) continue;
    print_error("element %zu is %g, expected %g\n", i, (double)values[i],
                (double)expected[i]);
    _fail(file, line);
  }
}

/* ---- executing ----------------------------------------------------------- */

static pjrt_buffer *execute(pjrt_executable *executable,
                            pjrt_buffer *const *args, size_t num_args) {
  pjrt_buffer *out;
  assert_ok(pjrt_executable_execute(executable, args, num_args, NULL, &out, 1));
  return out;
}

pjrt_buffer *execute1(pjrt_executable *executable, pjrt_buffer *arg) {
  return execute(executable, &arg, 1);
}

pjrt_buffer *execute2(pjrt_executable *executable, pjrt_buffer *arg0,
                      pjrt_buffer *arg1) {
  pjrt_buffer *args[] = {arg0, arg1};
  return execute(executable, args, 2);
}

void count_release(void *data, void *counter) {
  pjrt_host_free(data);
  __atomic_add_fetch((int *)counter, 1, __ATOMIC_SEQ_CST);
}

void await_count(const int *counter, int wanted) {
  const struct timespec pause = {.tv_nsec = 1000000};
  for (int i = 0; i < 60000; i++) {
    if (__atomic_load_n(counter, __ATOMIC_SEQ_CST) >= wanted) return;
    nanosleep(&pause, NULL);
  }
  fail_msg("still %d after a minute, expected %d",
           __atomic_load_n(counter, __ATOMIC_SEQ_CST), wanted);
}
