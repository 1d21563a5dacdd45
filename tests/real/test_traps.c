/* What real plugins crash on, hang on, or silently take for something else:
 * each is refused by the library, or is the plugin's own clean error. One test
 * for each kind; the comments say what the plugin would do. */
#include <stdio.h>

#include "real/handlers.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HUGE_ALLOCATIONS_ARE_FATAL 1
#else
#define HUGE_ALLOCATIONS_ARE_FATAL 0
#endif

static const pjrt_code invalid = PJRT_INVALID_ARGUMENT;
static const int64_t dims4[] = {4};

static pjrt_error *try_add(pjrt_executable *add, pjrt_buffer *a,
                           pjrt_buffer *b) {
  pjrt_buffer *out, *args[] = {a, b};
  pjrt_error *error = pjrt_executable_execute(add, args, 2, NULL, &out, 1);
  assert_true(error ? out == NULL : out != NULL);
  pjrt_buffer_free(out);
  return error;
}

static pjrt_error *try_upload(pjrt_device *device, pjrt_dtype dtype,
                              const int64_t *dims, size_t num_dims,
                              const void *data, size_t size) {
  pjrt_buffer *buffer;
  pjrt_error *error =
      pjrt_buffer_from_host(device, dtype, dims, num_dims, data, size, &buffer);
  assert_true(error ? buffer == NULL : buffer != NULL);
  pjrt_buffer_free(buffer);
  return error;
}

/* ---- compiling ----------------------------------------------------------- */

/* SIGSEGV. */
static void no_program_and_no_code(void **state) {
  fixture *f = *state;
  pjrt_executable *executable;
  pjrt_program *program;
  assert_refused(pjrt_client_compile(f->client, NULL, NULL, &executable),
                 invalid, "program is NULL");
  assert_refused(pjrt_program_create(NULL, 0, PJRT_FORMAT_MLIR, &program),
                 invalid, "got nothing");
}

static pjrt_error *try_options(fixture *f, const char *bytes, size_t size) {
  pjrt_compile_opts opts;
  pjrt_compile_opts_init(&opts);
  opts.serialized = bytes;
  opts.serialized_size = size;
  return try_compile(f, add_program, &opts);
}

static pjrt_error *try_counts(fixture *f, int replicas, int partitions) {
  pjrt_compile_opts opts;
  pjrt_compile_opts_init(&opts);
  opts.num_replicas = replicas;
  opts.num_partitions = partitions;
  return try_compile(f, add_program, &opts);
}

/* The plugin aborts. */
static void empty_compile_options_and_no_replicas(void **state) {
  fixture *f = *state;
  assert_refused(try_options(f, "", 0), invalid, "");
  assert_refused(try_options(f, "\x1a\x00", 2), invalid, "");
  assert_refused(try_options(f, "\x1a\x04\x20\x00\x28\x01", 6), invalid, "");
  assert_refused(try_options(f, "\x1a\x04\x20\x01\x28\x00", 6), invalid, "");
  assert_refused(
      try_options(f,
                  "\x1a\x0d\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x28"
                  "\x01",
                  15),
      invalid, "");
  assert_refused(try_options(f, "garbage", 7), invalid, "");
  assert_refused(try_counts(f, 0, 1), invalid, "");
  assert_refused(try_counts(f, -1, 1), invalid, "");
  assert_refused(try_counts(f, 1, 0), invalid, "");
  assert_refused(try_counts(f, 65536, 65536), invalid, "");
}

/* Clean errors of the plugin's, or of the library's where it looks first. */
static void wrong_format_count_size_device_and_no_devices(void **state) {
  fixture *f = *state;
  pjrt_program *program;
  pjrt_client *none;
  pjrt_client_opts opts;
  pjrt_named_values *values;
  pjrt_executable *executable, *add = compile(f, add_program);
  pjrt_buffer *a = upload_f32(f->device, 4, 1.0, 2.0, 3.0, 4.0), *out;
  assert_refused(pjrt_program_create(add_program, PJRT_NUL_ENDED,
                                     PJRT_FORMAT_HLO, &program),
                 invalid, "expected a serialized HloModuleProto");
  assert_refused(pjrt_executable_execute(add, &a, 1, NULL, &out, 1), invalid,
                 "1 arguments, where the executable main takes 2");
  assert_refused(pjrt_executable_execute(add, NULL, 0, NULL, &out, 1), invalid,
                 "0 arguments");
  assert_refused(try_upload(f->device, PJRT_F32, dims4, 1, "abcd", 4), invalid,
                 "4 bytes of data, where 4 elements of f32 take 16");
  pjrt_client_opts_init(&opts);
  assert_ok(pjrt_named_values_create(&values));
  assert_ok(pjrt_named_values_set_int64(values, "cpu_device_count",
                                        PJRT_NUL_ENDED, 0));
  opts.options = values;
  assert_ok(pjrt_client_create(f->plugin, &opts, &none));
  assert_ok(pjrt_program_create(add_program, PJRT_NUL_ENDED, PJRT_FORMAT_AUTO,
                                &program));
  assert_refused(pjrt_client_compile(none, program, NULL, &executable), invalid,
                 "need 1 devices; the client has 0");
  pjrt_client_free(none);
  pjrt_named_values_free(values);
  pjrt_program_free(program);
  pjrt_buffer_free(a);
  pjrt_executable_free(add);
}

/* The last one wins. */
static void duplicate_option(void **state) {
  fixture *f = *state;
  pjrt_client_opts opts;
  pjrt_client *client;
  pjrt_named_values *values;
  const char *name = "cpu_device_count";
  assert_ok(pjrt_named_values_create(&values));
  assert_ok(pjrt_named_values_set_int64(values, name, PJRT_NUL_ENDED, 3));
  assert_ok(pjrt_named_values_set_int64(values, name, PJRT_NUL_ENDED, 2));
  assert_int_equal(pjrt_named_values_size(values), 1);
  pjrt_client_opts_init(&opts);
  opts.options = values;
  assert_ok(pjrt_client_create(f->plugin, &opts, &client));
  assert_int_equal(pjrt_client_num_devices(client), 2);
  pjrt_client_free(client);
  pjrt_named_values_free(values);
}

/* 0.81 and 0.106 abort. */
static void default_assignment_of_no_replicas(void **state) {
  fixture *f = *state;
  int id;
  assert_refused(pjrt_client_default_device_assignment(f->client, 0, 1, &id, 1),
                 invalid, "at least 1 of each");
  assert_refused(
      pjrt_client_default_device_assignment(f->client, 1, -1, &id, 1), invalid,
      "at least 1 of each");
}

/* ---- executing: silently wrong ------------------------------------------- */

/* Runs on reinterpreted bits. */
static void argument_of_another_type_or_rank_and_the_same_size(void **state) {
  fixture *f = *state;
  const int64_t square[] = {2, 2};
  const int32_t bits[4] = {1, 2, 3, 4};
  pjrt_executable *add = compile(f, add_program);
  pjrt_buffer *right = upload_f32(f->device, 4, 1.0, 2.0, 3.0, 4.0);
  pjrt_buffer *integers = upload(f->device, PJRT_S32, dims4, 1, bits);
  pjrt_buffer *matrix = upload(f->device, PJRT_F32, square, 2, bits);
  assert_refused(try_add(add, integers, right), invalid,
                 "argument 0 of main: expected f32[4], got s32[4]");
  assert_refused(try_add(add, right, matrix), invalid,
                 "argument 1 of main: expected f32[4], got f32[2,2]");
  assert_ok(try_add(add, right, right));
  pjrt_buffer_free(right);
  pjrt_buffer_free(integers);
  pjrt_buffer_free(matrix);
  pjrt_executable_free(add);
}

static pjrt_buffer *column_major(fixture *f, pjrt_buffer *arg) {
  static const char code[] =
      "func.func @main(%a: tensor<2x3xf32>) -> (tensor<2x3xf32>\n"
      "    {mhlo.layout_mode = \"{0,1}\"}) {\n"
      "  %0 = stablehlo.add %a, %a : tensor<2x3xf32>\n"
      "  return %0 : tensor<2x3xf32>\n"
      "}\n";
  pjrt_executable *executable = compile(f, code);
  pjrt_buffer *out = execute1(executable, arg);
  pjrt_executable_free(executable);
  return out;
}

/* 0.115 reads it as row-major. Reading it back must give row-major data. */
static void argument_of_another_layout(void **state) {
  fixture *f = *state;
  static const char code[] =
      "func.func @main(%a: tensor<2x3xf32>) -> tensor<2x3xf32> {\n"
      "  %0 = stablehlo.add %a, %a : tensor<2x3xf32>\n"
      "  return %0 : tensor<2x3xf32>\n"
      "}\n";
  const int64_t dims[] = {2, 3};
  const float values[] = {1, 2, 3, 4, 5, 6};
  const void *view;
  pjrt_layout *layout;
  pjrt_buffer *none;
  pjrt_executable *row_major = compile(f, code);
  pjrt_buffer *arg = upload(f->device, PJRT_F32, dims, 2, values);
  pjrt_buffer *turned = column_major(f, arg);
  assert_ok(pjrt_buffer_layout(turned, &layout));
  assert_false(pjrt_layout_is_row_major(layout));
  assert_f32(turned, 6, 2, 4, 6, 8, 10, 12);
  assert_ok(pjrt_buffer_map(turned, &view, NULL));
  assert_memory_equal(view, ((float[]){2, 4, 6, 8, 10, 12}), 24);
  assert_false(pjrt_buffer_is_mapped_in_place(turned));
  assert_ok(pjrt_buffer_unmap(turned));
  assert_refused(pjrt_executable_execute(row_major, &turned, 1, NULL, &none, 1),
                 invalid, "expected f32[2,3], got f32[2,3]{0,1}");
  pjrt_layout_free(layout);
  pjrt_buffer_free(turned);
  pjrt_buffer_free(arg);
  pjrt_executable_free(row_major);
}

/* Accepted, and everything is as before. */
static void device_of_another_client(void **state) {
  fixture *f = *state;
  fixture *other = fixture_create(pjrt_plugin_path(f->plugin, NULL));
  pjrt_compile_opts opts;
  pjrt_execute_opts where;
  pjrt_upload_opts into;
  pjrt_buffer *out, *a = upload_f32(f->device, 4, 1.0, 2.0, 3.0, 4.0);
  pjrt_buffer *args[] = {a, a};
  pjrt_compile_opts_init(&opts);
  opts.compile_portable_executable = true;
  pjrt_executable *add = compile_with(f, add_program, &opts);
  pjrt_execute_opts_init(&where);
  where.device = other->device;
  assert_refused(pjrt_executable_execute(add, args, 2, &where, &out, 1),
                 invalid, "another one is named");
  pjrt_upload_opts_init(&into);
  into.memory = pjrt_device_default_memory(other->device);
  assert_refused(pjrt_buffer_from_host_async(f->device, PJRT_F32, NULL, 0,
                                             "abcd", 4, &into, &out, NULL),
                 invalid, "none of device 0's");
  pjrt_buffer_free(a);
  pjrt_executable_free(add);
  fixture_free(other);
}

/* It runs. */
static void execute_after_delete(void **state) {
  fixture *f = *state;
  pjrt_executable *add = compile(f, add_program);
  pjrt_buffer *a = upload_f32(f->device, 4, 1.0, 2.0, 3.0, 4.0);
  assert_ok(pjrt_executable_delete(add));
  assert_refused(try_add(add, a, a), PJRT_FAILED_PRECONDITION,
                 "the executable main was deleted");
  pjrt_buffer_free(a);
  pjrt_executable_free(add);
}

/* ---- executing: crashes -------------------------------------------------- */

/* SIGSEGV. */
static void no_argument_no_options_no_outputs(void **state) {
  fixture *f = *state;
  pjrt_executable *add = compile(f, add_program);
  pjrt_buffer *a = upload_f32(f->device, 4, 1.0, 2.0, 3.0, 4.0), *out;
  pjrt_buffer *args[] = {a, a};
  assert_refused(try_add(add, a, NULL), invalid,
                 "argument 1 of main: it is NULL");
  assert_refused(pjrt_executable_execute(add, NULL, 2, NULL, &out, 1), invalid,
                 "args is NULL");
  assert_refused(pjrt_executable_execute(add, args, 2, NULL, NULL, 1), invalid,
                 "outs is NULL");
  assert_refused(pjrt_executable_execute(add, args, 2, NULL, NULL, 0), invalid,
                 "room for 0 outputs, where the executable main has 1");
  assert_refused(pjrt_executable_execute(NULL, args, 2, NULL, &out, 1), invalid,
                 "executable is NULL");
  assert_null(out);
  assert_ok(try_add(add, a, a));
  pjrt_buffer_free(a);
  pjrt_executable_free(add);
}

static void options_of_no_size(void **state) {
  fixture *f = *state;
  pjrt_executable *add = compile(f, add_program);
  pjrt_buffer *a = upload_f32(f->device, 4, 1.0, 2.0, 3.0, 4.0), *out;
  pjrt_buffer *args[] = {a, a};
  const pjrt_execute_opts zero = {0};
  const pjrt_compile_opts no_compile_opts = {0};
  assert_refused(pjrt_executable_execute(add, args, 2, &zero, &out, 1), invalid,
                 "struct_size");
  assert_refused(try_compile(f, add_program, &no_compile_opts), invalid,
                 "struct_size");
  pjrt_buffer_free(a);
  pjrt_executable_free(add);
}

/* SIGSEGV on 0.106. */
static void argument_on_the_wrong_device_of_four(void **state) {
  fixture *f = *state;
  pjrt_compile_opts opts;
  pjrt_buffer *args[8], *outs[4];
  pjrt_compile_opts_init(&opts);
  opts.num_replicas = 4;
  pjrt_executable *add = compile_with(f, add_program, &opts);
  for (size_t i = 0; i < 8; i++) {
    args[i] =
        upload_f32(pjrt_client_device(f->client, i / 2), 4, 1.0, 2.0, 3.0, 4.0);
  }
  pjrt_buffer *right = args[7];
  args[7] = args[0];
  assert_refused(
      pjrt_executable_execute_sharded(add, 4, args, 2, NULL, outs, 1), invalid,
      "argument 1 of main, device 3: expected on device 3, it is on device 0");
  args[7] = right;
  assert_ok(pjrt_executable_execute_sharded(add, 4, args, 2, NULL, outs, 1));
  for (int i = 0; i < 4; i++) pjrt_buffer_free(outs[i]);
  for (int i = 0; i < 8; i++) pjrt_buffer_free(args[i]);
  pjrt_executable_free(add);
}

/* SIGSEGV in all three. The handle has both, and frees them in order. */
static void executable_after_its_loaded_one(void **state) {
  fixture *f = *state;
  const char *text;
  size_t size;
  pjrt_executable *first = compile(f, add_program);
  pjrt_executable *second = compile(f, add_program);
  pjrt_executable_free(first);
  assert_ok(pjrt_executable_fingerprint(second, &text, &size));
  assert_ok(pjrt_executable_delete(second));
  assert_string_equal(pjrt_executable_name(second, NULL), "main");
  pjrt_executable_free(second);
}

/* SIGSEGV. */
static void load_no_bytes(void **state) {
  fixture *f = *state;
  pjrt_executable *executable;
  assert_refused(pjrt_executable_load(f->client, NULL, 100, &executable),
                 invalid, "data is NULL");
  assert_refused(pjrt_executable_load(f->client, "", 0, &executable), invalid,
                 "");
}

/* ---- buffers ------------------------------------------------------------- */

/* SIGSEGV. */
static void no_data_no_dims_no_device(void **state) {
  fixture *f = *state;
  assert_refused(try_upload(f->device, PJRT_F32, dims4, 1, NULL, 16), invalid,
                 "data is NULL");
  assert_refused(try_upload(f->device, PJRT_F32, NULL, 1, "abcd", 4), invalid,
                 "dims is NULL");
  assert_refused(try_upload(NULL, PJRT_F32, dims4, 1, "abcdefghijklmnop", 16),
                 invalid, "device is NULL");
}

/* Some abort. */
static void number_of_strides(void **state) {
  fixture *f = *state;
  const float data[4] = {0};
  const int64_t strides[] = {4, 4};
  pjrt_upload_opts opts;
  pjrt_buffer *buffer;
  pjrt_upload_opts_init(&opts);
  opts.byte_strides = strides;
  opts.num_byte_strides = 2;
  assert_refused(pjrt_buffer_from_host_async(f->device, PJRT_F32, dims4, 1,
                                             data, 16, &opts, &buffer, NULL),
                 invalid, "2 byte strides for 1 dimensions");
  opts = (pjrt_upload_opts){.struct_size = sizeof opts,
                            .semantics = (pjrt_host_semantics)99};
  assert_refused(pjrt_buffer_from_host_async(f->device, PJRT_F32, dims4, 1,
                                             data, 16, &opts, &buffer, NULL),
                 invalid, "host semantics 99");
  opts.semantics = PJRT_HOST_UNTIL_TRANSFER_COMPLETES;
  assert_refused(pjrt_buffer_from_host_async(f->device, PJRT_F32, dims4, 1,
                                             data, 16, &opts, &buffer, NULL),
                 invalid, "out_done is NULL");
}

static void negative_and_overflowing_dimensions(void **state) {
  fixture *f = *state;
  const int64_t negative[] = {2, -1};
  const int64_t large[] = {INT64_MAX, 2}, wraps[] = {1L << 32, 1L << 32};
  const int64_t hidden[] = {INT64_MAX, INT64_MAX, 0};
  assert_refused(try_upload(f->device, PJRT_F32, negative, 2, "abcd", 4),
                 invalid, "-1");
  assert_refused(try_upload(f->device, PJRT_F32, large, 2, "abcd", 4), invalid,
                 "");
  assert_refused(try_upload(f->device, PJRT_F32, wraps, 2, "abcd", 0), invalid,
                 "");
  assert_refused(try_upload(f->device, PJRT_F32, hidden, 3, NULL, 0), invalid,
                 "");
}

/* Clean, but for a sanitizer's allocator. */
static void memory_that_is_not_there(void **state) {
  fixture *f = *state;
  static const char code[] =
      "func.func @main(%a: tensor<f32>) -> tensor<8796093022208xf32> {\n"
      "  %0 = stablehlo.broadcast_in_dim %a, dims = []\n"
      "      : (tensor<f32>) -> tensor<8796093022208xf32>\n"
      "  return %0 : tensor<8796093022208xf32>\n"
      "}\n";
  const int64_t dims[] = {INT64_C(1) << 43}, strides[] = {0};
  const float one = 1;
  pjrt_upload_opts opts;
  pjrt_buffer *buffer;
  if (HUGE_ALLOCATIONS_ARE_FATAL) skip_because("a sanitizer ends the process");
  pjrt_upload_opts_init(&opts);
  opts.byte_strides = strides;
  opts.num_byte_strides = 1;
  assert_code(
      pjrt_buffer_from_host_async(f->device, PJRT_F32, dims, 1, &one,
                                  (size_t)1 << 45, &opts, &buffer, NULL),
      PJRT_RESOURCE_EXHAUSTED, "35184372088832");
  assert_null(buffer);
  pjrt_executable *executable = compile(f, code);
  pjrt_buffer *arg = upload(f->device, PJRT_F32, NULL, 0, &one);
  assert_code(pjrt_executable_execute(executable, &arg, 1, NULL, &buffer, 1),
              PJRT_RESOURCE_EXHAUSTED, "35184372088832");
  assert_null(buffer);
  pjrt_buffer_free(arg);
  pjrt_executable_free(executable);
}

/* Aborts or SIGSEGVs, in the upload or in the download. */
static void types_outside_the_plugins_range(void **state) {
  fixture *f = *state;
  static const int dtypes[] = {0, PJRT_TOKEN, 34, 99};
  for (int i = 0; i < 4; i++) {
    assert_refused(try_upload(f->device, (pjrt_dtype)dtypes[i], dims4, 1,
                              "abcdefghijklmnop", 16),
                   invalid, "no elements");
  }
  if (f->minor < 115) {
    assert_refused(try_upload(f->device, PJRT_F6E2M3FN, dims4, 1, "abcd", 4),
                   PJRT_UNIMPLEMENTED, "f6e2m3fn is newer than the plugin");
  }
}

/* ---- ends ---------------------------------------------------------------- */

/* Reading the buffer is a SIGSEGV. */
static void client_before_its_buffer(void **state) {
  fixture *f = *state;
  fixture *other = fixture_create(pjrt_plugin_path(f->plugin, NULL));
  pjrt_executable *add = compile(other, add_program);
  pjrt_event *ready;
  pjrt_buffer *a = upload_f32(other->device, 4, 1.0, 2.0, 3.0, 4.0);
  assert_ok(pjrt_buffer_ready_event(a, &ready));
  fixture_free(other);
  assert_f32(a, 4, 1, 2, 3, 4);
  assert_ok(pjrt_event_await(ready));
  assert_string_equal(pjrt_executable_name(add, NULL), "main");
  assert_ok(try_add(add, a, a));
  pjrt_event_free(ready);
  pjrt_executable_free(add);
  pjrt_buffer_free(a);
}

/* Abort and SIGSEGV; what can be told apart in C is. */
static void twice_the_same_end(void **state) {
  fixture *f = *state;
  pjrt_buffer *a = upload_f32(f->device, 1, 1.0);
  assert_ok(pjrt_buffer_delete(a));
  assert_ok(pjrt_buffer_delete(a));
  assert_refused(pjrt_buffer_delete(NULL), invalid, "buffer is NULL");
  assert_refused(pjrt_buffer_unmap(a), PJRT_FAILED_PRECONDITION, "not mapped");
  pjrt_buffer_free(a);
  pjrt_buffer_free(NULL);
  pjrt_client_free(NULL);
  pjrt_plugin_free(NULL);
  pjrt_executable_free(NULL);
  pjrt_program_free(NULL);
}

/* SIGSEGV. */
static void no_event_and_no_error(void **state) {
  (void)state;
  assert_refused(pjrt_event_await(NULL), invalid, "event is NULL");
  assert_int_equal(pjrt_error_code(NULL), PJRT_OK);
  pjrt_event_free(NULL);
  pjrt_error_free(NULL);
}

/* A plugin has no name for it, and asking it crashes it. */
static void buffer_of_another_client(void **state) {
  fixture *f = *state;
  fixture *other = fixture_create(pjrt_plugin_path(f->plugin, NULL));
  pjrt_executable *add = compile(f, add_program);
  pjrt_buffer *own = upload_f32(f->device, 4, 1.0, 2.0, 3.0, 4.0);
  pjrt_buffer *foreign = upload_f32(other->device, 4, 1.0, 2.0, 3.0, 4.0);
  assert_refused(try_add(add, own, foreign), invalid,
                 "argument 1 of main: it belongs to another client");
  pjrt_buffer_free(own);
  pjrt_buffer_free(foreign);
  pjrt_executable_free(add);
  fixture_free(other);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(no_program_and_no_code),
      cmocka_unit_test(empty_compile_options_and_no_replicas),
      cmocka_unit_test(wrong_format_count_size_device_and_no_devices),
      cmocka_unit_test(duplicate_option),
      cmocka_unit_test(default_assignment_of_no_replicas),
      cmocka_unit_test(argument_of_another_type_or_rank_and_the_same_size),
      cmocka_unit_test(argument_of_another_layout),
      cmocka_unit_test(device_of_another_client),
      cmocka_unit_test(execute_after_delete),
      cmocka_unit_test(no_argument_no_options_no_outputs),
      cmocka_unit_test(options_of_no_size),
      cmocka_unit_test(argument_on_the_wrong_device_of_four),
      cmocka_unit_test(executable_after_its_loaded_one),
      cmocka_unit_test(load_no_bytes),
      cmocka_unit_test(no_data_no_dims_no_device),
      cmocka_unit_test(number_of_strides),
      cmocka_unit_test(negative_and_overflowing_dimensions),
      cmocka_unit_test(memory_that_is_not_there),
      cmocka_unit_test(types_outside_the_plugins_range),
      cmocka_unit_test(client_before_its_buffer),
      cmocka_unit_test(twice_the_same_end),
      cmocka_unit_test(no_event_and_no_error),
      cmocka_unit_test(buffer_of_another_client),
  };
  return RUN_REAL_TESTS(tests);
}
