/* What a buffer tells of itself, mappings, and the end of its life. */
#include "real/handlers.h"

/* ---- facts --------------------------------------------------------------- */

static void facts_are_those_of_the_upload(void **state) {
  fixture *f = *state;
  const int64_t dims[] = {2, 3, 5};
  const int16_t values[30] = {1};
  size_t num;
  pjrt_buffer *buffer = upload(f->device, PJRT_S16, dims, 3, values);
  assert_ptr_equal(pjrt_buffer_client(buffer), f->client);
  assert_ptr_equal(pjrt_buffer_device(buffer), f->device);
  assert_int_equal(pjrt_buffer_dtype(buffer), PJRT_S16);
  assert_memory_equal(pjrt_buffer_dims(buffer, &num), dims, sizeof dims);
  assert_int_equal(num, 3);
  assert_int_equal(pjrt_buffer_host_size(buffer), 60);
  assert_false(pjrt_buffer_is_deleted(buffer));
  pjrt_buffer_free(buffer);
}

static void memory_is_the_default_one(void **state) {
  fixture *f = *state;
  pjrt_memory *memory;
  bool on_cpu;
  pjrt_buffer *buffer = upload_f32(f->device, 1, 1.0);
  assert_ok(pjrt_buffer_memory(buffer, &memory));
  assert_ptr_equal(memory, pjrt_device_default_memory(f->device));
  assert_ok(pjrt_buffer_is_on_cpu(buffer, &on_cpu));
  assert_true(on_cpu);
  pjrt_buffer_free(buffer);
}

static size_t device_size(fixture *f, pjrt_dtype dtype, int64_t num) {
  const unsigned char zeros[64] = {0};
  size_t size;
  pjrt_buffer *buffer = upload(f->device, dtype, &num, 1, zeros);
  assert_ok(pjrt_buffer_on_device_size(buffer, &size));
  pjrt_buffer_free(buffer);
  return size;
}

static void device_size_counts_packed_elements(void **state) {
  fixture *f = *state;
  assert_int_equal(device_size(f, PJRT_F32, 5), 20);
  assert_int_equal(device_size(f, PJRT_C128, 3), 48);
  assert_int_equal(device_size(f, PJRT_PRED, 7), 7);
  assert_int_equal(device_size(f, PJRT_S4, 5), 3);
  assert_int_equal(device_size(f, PJRT_U2, 5), 2);
  assert_int_equal(device_size(f, PJRT_F4E2M1FN, 5), 3);
  assert_int_equal(device_size(f, PJRT_F32, 0), 0);
}

static void check_row_major(fixture *f, const int64_t *dims, size_t num_dims) {
  static const char *const texts[] = {"{}", "{0}", "{1,0}", "{2,1,0}",
                                      "{3,2,1,0}"};
  const float values[24] = {0};
  pjrt_layout *layout;
  char *text;
  size_t num;
  pjrt_buffer *buffer = upload(f->device, PJRT_F32, dims, num_dims, values);
  assert_ok(pjrt_buffer_layout(buffer, &layout));
  assert_int_equal(pjrt_layout_kind_of(layout), PJRT_LAYOUT_TILED);
  const int64_t *order = pjrt_layout_minor_to_major(layout, &num);
  assert_int_equal(num, num_dims);
  for (size_t i = 0; i < num; i++) assert_int_equal(order[i], num - 1 - i);
  assert_int_equal(pjrt_layout_num_tiles(layout), 0);
  assert_true(pjrt_layout_is_row_major(layout));
  assert_ok(pjrt_layout_to_text(layout, &text, NULL));
  assert_string_equal(text, texts[num]);
  pjrt_host_free(text);
  pjrt_layout_free(layout);
  pjrt_buffer_free(buffer);
}

static void layout_is_row_major(void **state) {
  check_row_major(*state, NULL, 0);
  check_row_major(*state, (const int64_t[]){4}, 1);
  check_row_major(*state, (const int64_t[]){2, 3, 4}, 3);
}

static void no_dimension_is_dynamic(void **state) {
  fixture *f = *state;
  const int64_t dims[] = {2, 3};
  const float values[6] = {0};
  int64_t unpadded[2] = {-1, -1};
  bool dynamic[2] = {true, true};
  pjrt_buffer *buffer = upload(f->device, PJRT_F32, dims, 2, values);
  assert_ok(pjrt_buffer_unpadded_dims(buffer, unpadded, 2));
  assert_memory_equal(unpadded, dims, sizeof dims);
  assert_ok(pjrt_buffer_dynamic_dims(buffer, dynamic, 2));
  assert_false(dynamic[0] || dynamic[1]);
  assert_refused(pjrt_buffer_unpadded_dims(buffer, unpadded, 1),
                 PJRT_INVALID_ARGUMENT, "room for 1 dimensions");
  assert_refused(pjrt_buffer_dynamic_dims(buffer, dynamic, 3),
                 PJRT_INVALID_ARGUMENT, "room for 3 dimensions");
  pjrt_buffer_free(buffer);
}

/* ---- downloads ----------------------------------------------------------- */

static void wrong_room_is_refused(void **state) {
  fixture *f = *state;
  float read[2];
  pjrt_event *done;
  pjrt_buffer *buffer = upload_f32(f->device, 2, 1.0, 2.0);
  assert_refused(pjrt_buffer_to_host(buffer, read, 4), PJRT_INVALID_ARGUMENT,
                 "room for 4 bytes, where the buffer f32[2] has 8");
  assert_refused(pjrt_buffer_to_host(buffer, NULL, 8), PJRT_INVALID_ARGUMENT,
                 "dst is NULL");
  assert_refused(pjrt_buffer_to_host_async(buffer, read, 9, &done),
                 PJRT_INVALID_ARGUMENT, "room for 9 bytes");
  assert_null(done);
  assert_refused(pjrt_buffer_to_host(NULL, read, 8), PJRT_INVALID_ARGUMENT,
                 "buffer is NULL");
  pjrt_buffer_free(buffer);
}

static void download_waits_for_the_contents(void **state) {
  fixture *f = *state;
  float read[4] = {0};
  pjrt_event *ready, *copied;
  bool is_ready;
  pjrt_executable *gate = compile(f, gate_program);
  pjrt_buffer *arg = upload_f32(f->device, 4, 1.0, 2.0, 3.0, 4.0);
  pending work = start_gate(gate, arg);
  assert_ok(pjrt_buffer_ready_event(work.out, &ready));
  assert_ok(pjrt_buffer_to_host_async(work.out, read, 16, &copied));
  assert_ok(pjrt_event_is_ready(ready, &is_ready));
  assert_false(is_ready);
  assert_ok(pjrt_event_is_ready(copied, &is_ready));
  assert_false(is_ready);
  gate_open();
  assert_ok(pjrt_event_await(copied));
  assert_true(read[0] == 1 && read[3] == 4);
  assert_ok(pjrt_event_await(ready));
  pjrt_event_free(ready);
  pjrt_event_free(copied);
  pending_free(&work);
  pjrt_buffer_free(arg);
  pjrt_executable_free(gate);
}

static void ready_download_is_done_at_once(void **state) {
  fixture *f = *state;
  float read[2];
  pjrt_event *done;
  bool is_ready;
  pjrt_buffer *buffer = upload_f32(f->device, 2, 1.0, 2.0);
  assert_ok(pjrt_buffer_await(buffer));
  assert_ok(pjrt_buffer_to_host_async(buffer, read, 8, &done));
  assert_true(read[0] == 1 && read[1] == 2);
  assert_ok(pjrt_event_is_ready(done, &is_ready));
  assert_true(is_ready);
  pjrt_event_free(done);
  pjrt_buffer_free(buffer);
}

/* ---- mappings ------------------------------------------------------------ */

static void mappings_nest(void **state) {
  fixture *f = *state;
  const void *first, *second;
  size_t size;
  pjrt_buffer *buffer = upload_f32(f->device, 2, 1.0, 2.0);
  assert_false(pjrt_buffer_is_mapped_in_place(buffer));
  assert_ok(pjrt_buffer_map(buffer, &first, &size));
  assert_int_equal(size, 8);
  assert_true(pjrt_buffer_is_mapped_in_place(buffer));
  assert_ok(pjrt_buffer_map(buffer, &second, NULL));
  assert_ptr_equal(first, second);
  assert_ok(pjrt_buffer_unmap(buffer));
  assert_true(((const float *)first)[1] == 2);
  assert_ok(pjrt_buffer_unmap(buffer));
  assert_false(pjrt_buffer_is_mapped_in_place(buffer));
  assert_refused(pjrt_buffer_unmap(buffer), PJRT_FAILED_PRECONDITION,
                 "not mapped");
  assert_ok(pjrt_buffer_map(buffer, &first, NULL));
  assert_ok(pjrt_buffer_unmap(buffer));
  pjrt_buffer_free(buffer);
}

static void sub_byte_mapping_is_one_copy(void **state) {
  fixture *f = *state;
  const int64_t dims[] = {3};
  const void *first, *second;
  pjrt_buffer *buffer = upload(f->device, PJRT_U4, dims, 1, "\x01\x0f\x08");
  assert_ok(pjrt_buffer_map(buffer, &first, NULL));
  assert_ok(pjrt_buffer_map(buffer, &second, NULL));
  assert_ptr_equal(first, second);
  assert_memory_equal(first, "\x01\x0f\x08", 3);
  assert_false(pjrt_buffer_is_mapped_in_place(buffer));
  assert_ok(pjrt_buffer_unmap(buffer));
  assert_memory_equal(second, "\x01\x0f\x08", 3);
  assert_ok(pjrt_buffer_unmap(buffer));
  pjrt_buffer_free(buffer);
}

static void mapping_survives_free(void **state) {
  fixture *f = *state;
  const void *view, *copy;
  const int64_t dims[] = {3};
  pjrt_buffer *whole = upload_f32(f->device, 2, 1.0, 2.0);
  pjrt_buffer *packed = upload(f->device, PJRT_U4, dims, 1, "\x01\x0f\x08");
  assert_ok(pjrt_buffer_map(whole, &view, NULL));
  assert_ok(pjrt_buffer_map(packed, &copy, NULL));
  pjrt_buffer_free(whole);
  pjrt_buffer_free(packed);
  assert_true(((const float *)view)[1] == 2);
  assert_memory_equal(copy, "\x01\x0f\x08", 3);
  assert_ok(pjrt_buffer_unmap(whole));
  assert_ok(pjrt_buffer_unmap(packed));
}

static void mapped_buffer_cannot_be_deleted(void **state) {
  fixture *f = *state;
  const void *view;
  pjrt_buffer *buffer = upload_f32(f->device, 2, 1.0, 2.0);
  assert_ok(pjrt_buffer_map(buffer, &view, NULL));
  assert_refused(pjrt_buffer_delete(buffer), PJRT_FAILED_PRECONDITION,
                 "the buffer f32[2] is mapped; unmap it first");
  assert_false(pjrt_buffer_is_deleted(buffer));
  assert_true(((const float *)view)[0] == 1);
  assert_ok(pjrt_buffer_unmap(buffer));
  assert_ok(pjrt_buffer_delete(buffer));
  assert_true(pjrt_buffer_is_deleted(buffer));
  pjrt_buffer_free(buffer);
}

static void mapping_waits_for_the_contents(void **state) {
  fixture *f = *state;
  const void *view;
  pjrt_executable *gate = compile(f, gate_program);
  pjrt_buffer *arg = upload_f32(f->device, 4, 1.0, 2.0, 3.0, 4.0);
  pending work = start_gate(gate, arg);
  gate_open();
  assert_ok(pjrt_buffer_map(work.out, &view, NULL));
  assert_true(((const float *)view)[3] == 4);
  assert_ok(pjrt_buffer_unmap(work.out));
  pending_free(&work);
  pjrt_buffer_free(arg);
  pjrt_executable_free(gate);
}

static void contents_that_failed_cannot_be_read(void **state) {
  fixture *f = *state;
  float read[4];
  const void *view;
  const char *why = "the test wants it to fail";
  pjrt_array *array;
  pjrt_executable *failing = compile(f, failing_program);
  pjrt_buffer *arg = upload_f32(f->device, 4, 1.0, 2.0, 3.0, 4.0);
  pending work = start_failing(failing, arg);
  assert_code(pjrt_buffer_await(work.out), PJRT_INTERNAL, why);
  assert_code(pjrt_buffer_to_host(work.out, read, 16), PJRT_INTERNAL, why);
  assert_code(pjrt_buffer_map(work.out, &view, NULL), PJRT_INTERNAL, why);
  assert_null(view);
  assert_refused(pjrt_buffer_unmap(work.out), PJRT_FAILED_PRECONDITION, "");
  assert_code(pjrt_buffer_to_array(work.out, &array), PJRT_INTERNAL, why);
  assert_null(array);
  assert_ok(pjrt_buffer_delete(work.out));
  pending_free(&work);
  pjrt_buffer_free(arg);
  pjrt_executable_free(failing);
}

/* ---- deleting ------------------------------------------------------------ */

static void deleted_buffer_keeps_its_facts(void **state) {
  fixture *f = *state;
  size_t num;
  pjrt_buffer *buffer = upload_f32(f->device, 3, 1.0, 2.0, 3.0);
  assert_ok(pjrt_buffer_delete(buffer));
  assert_ok(pjrt_buffer_delete(buffer));
  assert_true(pjrt_buffer_is_deleted(buffer));
  assert_int_equal(pjrt_buffer_dtype(buffer), PJRT_F32);
  assert_int_equal(pjrt_buffer_dims(buffer, &num)[0], 3);
  assert_ptr_equal(pjrt_buffer_device(buffer), f->device);
  pjrt_buffer_free(buffer);
}

static void deleted_buffer_cannot_be_used(void **state) {
  fixture *f = *state;
  union {
    pjrt_memory *memory;
    pjrt_layout *layout;
    pjrt_event *event;
    pjrt_array *array;
    const void *view;
    size_t size;
    int64_t dims[3];
    bool flags[3];
    float values[3];
  } out;
  const pjrt_code code = PJRT_FAILED_PRECONDITION;
  const char *why = "the buffer f32[3] was deleted";
  pjrt_buffer *b = upload_f32(f->device, 3, 1.0, 2.0, 3.0);
  assert_ok(pjrt_buffer_delete(b));
  assert_refused(pjrt_buffer_memory(b, &out.memory), code, why);
  assert_refused(pjrt_buffer_on_device_size(b, &out.size), code, why);
  assert_refused(pjrt_buffer_layout(b, &out.layout), code, why);
  assert_refused(pjrt_buffer_unpadded_dims(b, out.dims, 1), code, why);
  assert_refused(pjrt_buffer_dynamic_dims(b, out.flags, 1), code, why);
  assert_refused(pjrt_buffer_is_on_cpu(b, out.flags), code, why);
  assert_refused(pjrt_buffer_ready_event(b, &out.event), code, why);
  assert_refused(pjrt_buffer_await(b), code, why);
  assert_refused(pjrt_buffer_to_host(b, out.values, 12), code, why);
  assert_refused(pjrt_buffer_to_host_async(b, out.values, 12, &out.event), code,
                 why);
  assert_refused(pjrt_buffer_to_array(b, &out.array), code, why);
  assert_refused(pjrt_buffer_map(b, &out.view, NULL), code, why);
  pjrt_buffer_free(b);
}

static void pending_work_survives_delete(void **state) {
  fixture *f = *state;
  pjrt_executable *gate = compile(f, gate_program);
  pjrt_buffer *arg = upload_f32(f->device, 4, 1.0, 2.0, 3.0, 4.0);
  pending work = start_gate(gate, arg);
  assert_ok(pjrt_buffer_delete(arg));
  pjrt_buffer_free(arg);
  gate_open();
  assert_ok(pjrt_event_await(work.done));
  assert_f32(work.out, 4, 1, 2, 3, 4);
  pending_free(&work);
  pjrt_executable_free(gate);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(facts_are_those_of_the_upload),
      cmocka_unit_test(memory_is_the_default_one),
      cmocka_unit_test(device_size_counts_packed_elements),
      cmocka_unit_test(layout_is_row_major),
      cmocka_unit_test(no_dimension_is_dynamic),
      cmocka_unit_test(wrong_room_is_refused),
      cmocka_unit_test(download_waits_for_the_contents),
      cmocka_unit_test(ready_download_is_done_at_once),
      cmocka_unit_test(mappings_nest),
      cmocka_unit_test(sub_byte_mapping_is_one_copy),
      cmocka_unit_test(mapping_survives_free),
      cmocka_unit_test(mapped_buffer_cannot_be_deleted),
      cmocka_unit_test(mapping_waits_for_the_contents),
      cmocka_unit_test(contents_that_failed_cannot_be_read),
      cmocka_unit_test(deleted_buffer_keeps_its_facts),
      cmocka_unit_test(deleted_buffer_cannot_be_used),
      cmocka_unit_test(pending_work_survives_delete),
  };
  return RUN_REAL_TESTS_WITH_HANDLERS(tests);
}
