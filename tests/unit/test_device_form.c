/* Buffers that do not lie on the device as they would on the host: in padded
 * tiles, and with dynamic dimensions. All of them are in host memory, as the
 * plugin says, and none may be read as if it were dense. */
#include "sim_fixture.h"

enum { ROWS = 10, COLUMNS = 130, NUM = ROWS * COLUMNS };
/* 2 by 2 tiles of 8 by 128. */
enum { TILED_SIZE = 4 * 8 * 128 * sizeof(float) };

static const int64_t wide_dims[] = {ROWS, COLUMNS};

static pjrt_sim_options compute_options(void) {
  pjrt_sim_options options;
  sim_path();
  sim.options_init(&options);
  options.execution = PJRT_SIM_COMPUTE;
  return options;
}

static int open_tiled(void **state) {
  pjrt_sim_options options = compute_options();
  options.tiled_layouts = true;
  *state = fixture_create(&options);
  return 0;
}

/* The plugin says nothing of what a program takes and gives. */
static int open_unchecked(void **state) {
  pjrt_sim_options options = compute_options();
  options.tiled_layouts = true;
  options.no_optimized_program = true;
  *state = fixture_create(&options);
  return 0;
}

static int open_dense(void **state) {
  const pjrt_sim_options options = compute_options();
  *state = fixture_create(&options);
  return 0;
}

#define tiled_test(function) \
  cmocka_unit_test_setup_teardown(function, open_tiled, fixture_close)
#define unchecked_test(function)     \
  {.name = #function " (unchecked)", \
   .test_func = function,            \
   .setup_func = open_unchecked,     \
   .teardown_func = fixture_close}
#define dense_test(function) \
  cmocka_unit_test_setup_teardown(function, open_dense, fixture_close)

/* ---- tiles --------------------------------------------------------------- */

static pjrt_buffer *upload_wide(const fixture *f, pjrt_memory *memory) {
  float data[NUM];
  pjrt_upload_opts opts;
  pjrt_buffer *buffer;
  for (int i = 0; i < NUM; i++) data[i] = (float)i;
  pjrt_upload_opts_init(&opts);
  opts.memory = memory;
  expect_ok(pjrt_buffer_from_host_async(f->device, PJRT_F32, wide_dims, 2, data,
                                        sizeof data, &opts, &buffer, NULL));
  return buffer;
}

/* Elements are `factor` times their number, however they are read. */
static void expect_wide(pjrt_buffer *buffer, float factor, bool in_place) {
  float read[NUM];
  const void *view;
  size_t size;
  expect_ok(pjrt_buffer_to_host(buffer, read, sizeof read));
  expect_ok(pjrt_buffer_map(buffer, &view, &size));
  assert_int_equal(size, sizeof read);
  assert_memory_equal(view, read, sizeof read);
  assert_int_equal(pjrt_buffer_is_mapped_in_place(buffer), in_place);
  expect_ok(pjrt_buffer_unmap(buffer));
  for (int i = 0; i < NUM; i++) {
    assert_true(read[i] == factor * (float)i);
  }
}

static void test_tiled_facts(void **state) {
  const fixture *f = *state;
  pjrt_buffer *buffer = upload_wide(f, NULL);
  pjrt_layout *layout;
  bool on_cpu;
  size_t num;
  int64_t dims[2];
  expect_ok(pjrt_buffer_is_on_cpu(buffer, &on_cpu));
  assert_true(on_cpu);
  assert_int_equal(pjrt_buffer_host_size(buffer), NUM * sizeof(float));
  expect_ok(pjrt_buffer_on_device_size(buffer, &num));
  assert_int_equal(num, TILED_SIZE);
  expect_ok(pjrt_buffer_unpadded_dims(buffer, dims, 2));
  assert_memory_equal(dims, wide_dims, sizeof dims);
  expect_ok(pjrt_buffer_layout(buffer, &layout));
  assert_int_equal(pjrt_layout_kind_of(layout), PJRT_LAYOUT_TILED);
  assert_false(pjrt_layout_is_row_major(layout));
  assert_int_equal(pjrt_layout_num_tiles(layout), 1);
  const int64_t *tile = pjrt_layout_tile(layout, 0, &num);
  assert_true(num == 2 && tile[0] == 8 && tile[1] == 128);
  const int64_t *order = pjrt_layout_minor_to_major(layout, &num);
  assert_true(num == 2 && order[0] == 1 && order[1] == 0);
  pjrt_layout_free(layout);
  pjrt_buffer_free(buffer);
}

/* The layout tells where each element is in the raw bytes. */
static void test_tiled_bytes(void **state) {
  const fixture *f = *state;
  static char raw[TILED_SIZE];
  pjrt_buffer *buffer = upload_wide(f, NULL);
  pjrt_layout *layout;
  char *text;
  size_t size;
  expect_ok(pjrt_buffer_layout(buffer, &layout));
  expect_ok(pjrt_layout_to_text(layout, &text, NULL));
  assert_string_equal(text, "{1,0:T(8,128)}");
  pjrt_host_free(text);
  expect_ok(pjrt_layout_size(layout, PJRT_F32, wide_dims, 2, &size));
  assert_int_equal(size, TILED_SIZE);
  expect_ok(pjrt_buffer_copy_raw_to_host(buffer, 0, raw, sizeof raw));
  for (int64_t i = 0; i < NUM; i++) {
    int64_t bit;
    float element;
    expect_ok(pjrt_layout_element_at(
        layout, PJRT_F32, wide_dims, 2,
        (const int64_t[]){i / COLUMNS, i % COLUMNS}, &bit));
    memcpy(&element, raw + bit / 8, sizeof element);
    assert_true(element == (float)i);
  }
  pjrt_layout_free(layout);
  pjrt_buffer_free(buffer);
}

static void test_tiled_upload_is_not_read_in_place(void **state) {
  const fixture *f = *state;
  pjrt_buffer *buffer = upload_wide(f, NULL);
  expect_wide(buffer, 1, false);
  pjrt_buffer_free(buffer);
}

static void test_vectors_stay_dense(void **state) {
  const fixture *f = *state;
  pjrt_buffer *buffer = upload_f32(f->device);
  const void *view;
  expect_ok(pjrt_buffer_map(buffer, &view, NULL));
  assert_true(pjrt_buffer_is_mapped_in_place(buffer));
  expect_ok(pjrt_buffer_unmap(buffer));
  expect_f32(buffer);
  pjrt_buffer_free(buffer);
}

static void test_tiled_outputs_are_not_read_in_place(void **state) {
  static const char code[] =
      "func.func @main(%a: tensor<10x130xf32>) -> tensor<10x130xf32> {\n"
      "  %0 = stablehlo.add %a, %a : tensor<10x130xf32>\n"
      "  return %0 : tensor<10x130xf32>\n}\n";
  const fixture *f = *state;
  pjrt_executable *executable = compile(f->client, code, NULL);
  pjrt_buffer *in = upload_wide(f, NULL);
  pjrt_buffer *out, *again;
  expect_ok(pjrt_executable_execute(executable, &in, 1, NULL, &out, 1));
  expect_wide(out, 2, false);
  expect_ok(pjrt_executable_execute(executable, &out, 1, NULL, &again, 1));
  expect_wide(again, 4, false);
  pjrt_buffer_free(in);
  pjrt_buffer_free(out);
  pjrt_buffer_free(again);
  pjrt_executable_free(executable);
}

/* Memories differ in layout: what was learnt of one says nothing of another. */
static void test_each_memory_has_its_layout(void **state) {
  const fixture *f = *state;
  pjrt_memory *device = pjrt_device_memory(f->device, 0);
  pjrt_memory *host = pjrt_device_memory(f->device, 1);
  assert_string_equal(pjrt_memory_kind(host, NULL), "pinned_host");
  for (int i = 0; i < 2; i++) {
    pjrt_buffer *dense = upload_wide(f, host);
    pjrt_buffer *tiled = upload_wide(f, i ? device : NULL);
    expect_wide(dense, 1, true);
    expect_wide(tiled, 1, false);
    pjrt_buffer_free(dense);
    pjrt_buffer_free(tiled);
  }
}

static void test_padding_takes_memory(void **state) {
  pjrt_sim_options options = compute_options();
  options.tiled_layouts = true;
  options.memory_capacity = TILED_SIZE + 4;
  fixture *f = fixture_create(&options);
  const float one = 1;
  pjrt_buffer *wide = upload_wide(f, NULL);
  pjrt_buffer *small, *none;
  (void)state;
  expect_ok(pjrt_buffer_from_host(f->device, PJRT_F32, NULL, 0, &one,
                                  sizeof one, &small));
  expect_error(
      pjrt_buffer_from_host(f->device, PJRT_F32, (const int64_t[]){1, 1}, 2,
                            &one, sizeof one, &none),
      PJRT_RESOURCE_EXHAUSTED, "allocating 4096 bytes, 0 are left");
  pjrt_buffer_free(small);
  pjrt_buffer_free(wide);
  void *fixture_state = f;
  fixture_close(&fixture_state);
}

/* ---- dynamic dimensions -------------------------------------------------- */

#define STATIC "tensor<2x3xf32>"
#define DYNAMIC "tensor<2x?xf32, #stablehlo.bounds<?, 3>>"
#define SIZE "tensor<i32>"

static const char cut_program[] =
    "func.func @main(%a: " STATIC ", %n: " SIZE ") -> " DYNAMIC
    " {\n"
    "  %0 = stablehlo.set_dimension_size %a, %n, dim = 1\n"
    "      : (" STATIC ", " SIZE ") -> " DYNAMIC
    "\n"
    "  return %0 : " DYNAMIC "\n}\n";

/* The sums of the elements with themselves, and how many there are. */
static const char double_program[] =
    "func.func @main(%a: " DYNAMIC ") -> (" DYNAMIC ", " SIZE
    ") {\n"
    "  %0 = stablehlo.add %a, %a : " DYNAMIC
    "\n"
    "  %1 = stablehlo.get_dimension_size %0, dim = 1\n"
    "      : (" DYNAMIC ") -> " SIZE
    "\n"
    "  return %0, %1 : " DYNAMIC ", " SIZE "\n}\n";

static pjrt_buffer *upload_six(const fixture *f) {
  static const float floats[] = {1, 2, 3, 4, 5, 6};
  pjrt_buffer *buffer;
  expect_ok(pjrt_buffer_from_host(f->device, PJRT_F32, (const int64_t[]){2, 3},
                                  2, floats, sizeof floats, &buffer));
  return buffer;
}

/* f32[2,3] of which `columns` are present. */
static pjrt_buffer *cut(const fixture *f, int32_t columns) {
  pjrt_executable *executable = compile(f->client, cut_program, NULL);
  pjrt_buffer *out, *in[] = {upload_six(f), NULL};
  expect_ok(pjrt_buffer_from_host(f->device, PJRT_S32, NULL, 0, &columns,
                                  sizeof columns, &in[1]));
  expect_ok(pjrt_executable_execute(executable, in, 2, NULL, &out, 1));
  free_buffers(in, 2);
  pjrt_executable_free(executable);
  return out;
}

static void expect_dynamic(pjrt_buffer *buffer, int64_t columns) {
  int64_t present[2];
  bool dynamic[2];
  size_t num;
  assert_int_equal(pjrt_buffer_dims(buffer, &num)[1], 3);
  expect_ok(pjrt_buffer_unpadded_dims(buffer, present, 2));
  assert_true(present[0] == 2 && present[1] == columns);
  expect_ok(pjrt_buffer_dynamic_dims(buffer, dynamic, 2));
  assert_true(!dynamic[0] && dynamic[1]);
}

static void expect_unreadable(pjrt_buffer *buffer) {
  const char *why = "the buffer f32[2,3]";
  pjrt_event *done;
  pjrt_array *array;
  const void *view;
  float read[6];
  expect_error(pjrt_buffer_to_host(buffer, read, sizeof read),
               PJRT_UNIMPLEMENTED, why);
  expect_error(pjrt_buffer_to_host_async(buffer, read, sizeof read, &done),
               PJRT_UNIMPLEMENTED, "as many elements as there are");
  expect_error(pjrt_buffer_to_array(buffer, &array), PJRT_UNIMPLEMENTED, why);
  expect_error(pjrt_buffer_map(buffer, &view, NULL), PJRT_UNIMPLEMENTED, why);
}

static void test_dynamic_outputs_are_not_misread(void **state) {
  const fixture *f = *state;
  for (int32_t columns = 0; columns <= 3; columns++) {
    pjrt_buffer *buffer = cut(f, columns);
    expect_dynamic(buffer, columns);
    expect_unreadable(buffer);
    pjrt_buffer_free(buffer);
  }
}

static void test_dynamic_arguments(void **state) {
  const fixture *f = *state;
  pjrt_executable *executable = compile(f->client, double_program, NULL);
  pjrt_buffer *in = cut(f, 2), *fixed = upload_six(f), *outs[2];
  int32_t columns;
  expect_ok(pjrt_executable_execute(executable, &in, 1, NULL, outs, 2));
  expect_dynamic(outs[0], 2);
  expect_unreadable(outs[0]);
  expect_ok(pjrt_buffer_to_host(outs[1], &columns, sizeof columns));
  assert_int_equal(columns, 2);
  free_buffers(outs, 2);
  /* The bounds alone do not make an argument. */
  pjrt_error *error =
      pjrt_executable_execute(executable, &fixed, 1, NULL, outs, 2);
  expect_error(error, PJRT_INVALID_ARGUMENT, "bytes, expected");
  pjrt_buffer_free(in);
  pjrt_buffer_free(fixed);
  pjrt_executable_free(executable);
}

/* The other way round the library knows without asking. */
static void test_dynamic_for_static(void **state) {
  static const char code[] = "func.func @main(%a: " STATIC ") -> " STATIC
                             " {\n  return %a : " STATIC "\n}\n";
  const fixture *f = *state;
  pjrt_executable *executable = compile(f->client, code, NULL);
  pjrt_buffer *in = cut(f, 3), *out;
  expect_error(pjrt_executable_execute(executable, &in, 1, NULL, &out, 1),
               PJRT_INVALID_ARGUMENT, "f32[2,3] (dynamic)");
  pjrt_buffer_free(in);
  pjrt_executable_free(executable);
}

/* A buffer of which nothing is known but its handle. */
static void test_dynamic_from_raw(void **state) {
  const fixture *f = *state;
  const PJRT_Api *api = pjrt_plugin_raw(f->plugin);
  pjrt_buffer *original = cut(f, 2), *copy;
  PJRT_Buffer_CopyToDevice_Args args = {
      .struct_size = PJRT_Buffer_CopyToDevice_Args_STRUCT_SIZE,
      .buffer = pjrt_buffer_raw(original),
      .dst_device = pjrt_device_raw(f->device)};
  assert_null(api->PJRT_Buffer_CopyToDevice(&args));
  expect_ok(pjrt_buffer_from_raw(f->device, args.dst_buffer, &copy));
  expect_dynamic(copy, 2);
  expect_unreadable(copy);
  pjrt_buffer_free(original);
  pjrt_buffer_free(copy);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      tiled_test(test_tiled_facts),
      tiled_test(test_tiled_bytes),
      tiled_test(test_tiled_upload_is_not_read_in_place),
      tiled_test(test_vectors_stay_dense),
      tiled_test(test_tiled_outputs_are_not_read_in_place),
      unchecked_test(test_tiled_outputs_are_not_read_in_place),
      tiled_test(test_each_memory_has_its_layout),
      cmocka_unit_test(test_padding_takes_memory),
      dense_test(test_dynamic_outputs_are_not_misread),
      tiled_test(test_dynamic_outputs_are_not_misread),
      unchecked_test(test_dynamic_outputs_are_not_misread),
      dense_test(test_dynamic_arguments),
      tiled_test(test_dynamic_arguments),
      dense_test(test_dynamic_for_static),
      dense_test(test_dynamic_from_raw),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
