/* Adopted host memory: taken without a copy where that is possible, and given
 * back exactly once, in every case. */
#include "real/handlers.h"

static const int64_t dims[] = {4};

/* 1, 2, 3, 4 in memory that plugins take as it is. */
static float *aligned_floats(void) {
  void *memory;
  assert_ok(pjrt_host_alloc(4 * sizeof(float), &memory));
  for (int i = 0; i < 4; i++) ((float *)memory)[i] = (float)(i + 1);
  return memory;
}

static pjrt_buffer *adopt(fixture *f, float *data, pjrt_adopt_mode mode,
                          int *num_released) {
  pjrt_buffer *buffer;
  assert_ok(pjrt_buffer_adopt_host(f->device, PJRT_F32, dims, 1, data, 16, mode,
                                   count_release, num_released, &buffer));
  return buffer;
}

static int count_of(const int *counter) {
  return __atomic_load_n(counter, __ATOMIC_SEQ_CST);
}

/* ---- in place, and copied ------------------------------------------------ */

static void check_in_place(fixture *f, pjrt_adopt_mode mode) {
  int num_released = 0;
  const void *view;
  float *data = aligned_floats();
  pjrt_buffer *buffer = adopt(f, data, mode, &num_released);
  assert_f32(buffer, 4, 1, 2, 3, 4);
  assert_ok(pjrt_buffer_map(buffer, &view, NULL));
  assert_ptr_equal(view, data);
  assert_true(pjrt_buffer_is_mapped_in_place(buffer));
  assert_ok(pjrt_buffer_unmap(buffer));
  assert_int_equal(count_of(&num_released), 0);
  pjrt_buffer_free(buffer);
  await_count(&num_released, 1);
}

static void aligned_memory_is_taken_in_place(void **state) {
  check_in_place(*state, PJRT_ADOPT_READ_ONLY);
  check_in_place(*state, PJRT_ADOPT_MUTABLE);
}

static void release_base(void *data, void *user) {
  count_release((char *)data - sizeof(float), user);
}

static void check_unaligned(fixture *f, pjrt_adopt_mode mode) {
  int num_released = 0;
  void *memory;
  const void *view;
  pjrt_buffer *buffer;
  assert_ok(pjrt_host_alloc(5 * sizeof(float), &memory));
  float *data = (float *)memory + 1;
  for (int i = 0; i < 4; i++) data[i] = (float)-i;
  assert_ok(pjrt_buffer_adopt_host(f->device, PJRT_F32, dims, 1, data, 16, mode,
                                   release_base, &num_released, &buffer));
  assert_ok(pjrt_buffer_map(buffer, &view, NULL));
  assert_ptr_not_equal(view, data);
  assert_ok(pjrt_buffer_unmap(buffer));
  assert_f32(buffer, 4, 0, -1, -2, -3);
  assert_int_equal(count_of(&num_released), 0);
  pjrt_buffer_free(buffer);
  await_count(&num_released, 1);
}

static void unaligned_memory_is_copied_and_kept(void **state) {
  check_unaligned(*state, PJRT_ADOPT_READ_ONLY);
  check_unaligned(*state, PJRT_ADOPT_MUTABLE);
}

static void sub_byte_types_are_converted(void **state) {
  fixture *f = *state;
  int num_released = 0;
  void *memory;
  unsigned char read[4];
  pjrt_buffer *buffer;
  assert_ok(pjrt_host_alloc(4, &memory));
  memcpy(memory, "\x01\x0f\x08\x07", 4);
  assert_ok(pjrt_buffer_adopt_host(f->device, PJRT_U4, dims, 1, memory, 4,
                                   PJRT_ADOPT_READ_ONLY, count_release,
                                   &num_released, &buffer));
  assert_ok(pjrt_buffer_to_host(buffer, read, 4));
  assert_memory_equal(read, "\x01\x0f\x08\x07", 4);
  pjrt_buffer_free(buffer);
  await_count(&num_released, 1);
}

static void nothing_can_be_adopted(void **state) {
  fixture *f = *state;
  const int64_t none[] = {0};
  int num_released = 0;
  void *memory;
  pjrt_buffer *buffer;
  assert_ok(pjrt_host_alloc(0, &memory));
  assert_ok(pjrt_buffer_adopt_host(f->device, PJRT_F32, none, 1, memory, 0,
                                   PJRT_ADOPT_MUTABLE, count_release,
                                   &num_released, &buffer));
  assert_ok(pjrt_buffer_to_host(buffer, NULL, 0));
  pjrt_buffer_free(buffer);
  await_count(&num_released, 1);
}

static void release_may_be_left_out(void **state) {
  fixture *f = *state;
  static _Alignas(PJRT_HOST_ALIGNMENT) float forever[] = {5, 6, 7, 8};
  pjrt_buffer *buffer;
  assert_ok(pjrt_buffer_adopt_host(f->device, PJRT_F32, dims, 1, forever, 16,
                                   PJRT_ADOPT_READ_ONLY, NULL, NULL, &buffer));
  assert_f32(buffer, 4, 5, 6, 7, 8);
  pjrt_buffer_free(buffer);
}

/* ---- when it is given back ----------------------------------------------- */

static void failure_gives_back_at_once(void **state) {
  fixture *f = *state;
  int num_released = 0;
  pjrt_buffer *buffer;
  assert_refused(
      pjrt_buffer_adopt_host(f->device, PJRT_F32, dims, 1, aligned_floats(), 12,
                             PJRT_ADOPT_READ_ONLY, count_release, &num_released,
                             &buffer),
      PJRT_INVALID_ARGUMENT, "12 bytes of data");
  assert_null(buffer);
  assert_int_equal(num_released, 1);
  assert_refused(
      pjrt_buffer_adopt_host(f->device, PJRT_TOKEN, dims, 1, aligned_floats(),
                             16, PJRT_ADOPT_READ_ONLY, count_release,
                             &num_released, &buffer),
      PJRT_INVALID_ARGUMENT, "no elements");
  assert_int_equal(num_released, 2);
}

static void delete_keeps_it_until_free(void **state) {
  fixture *f = *state;
  int num_released = 0;
  pjrt_buffer *buffer =
      adopt(f, aligned_floats(), PJRT_ADOPT_READ_ONLY, &num_released);
  assert_ok(pjrt_buffer_delete(buffer));
  pjrt_buffer_free(buffer);
  await_count(&num_released, 1);
  assert_int_equal(count_of(&num_released), 1);
}

static void mapping_keeps_it(void **state) {
  fixture *f = *state;
  int num_released = 0;
  const void *view;
  pjrt_buffer *buffer =
      adopt(f, aligned_floats(), PJRT_ADOPT_READ_ONLY, &num_released);
  assert_ok(pjrt_buffer_map(buffer, &view, NULL));
  pjrt_buffer_free(buffer);
  assert_int_equal(count_of(&num_released), 0);
  assert_true(((const float *)view)[3] == 4);
  assert_ok(pjrt_buffer_unmap(buffer));
  await_count(&num_released, 1);
}

static void pending_execution_keeps_it(void **state) {
  fixture *f = *state;
  int num_released = 0;
  pjrt_executable *gate = compile(f, gate_program);
  pjrt_buffer *buffer =
      adopt(f, aligned_floats(), PJRT_ADOPT_READ_ONLY, &num_released);
  pending work = start_gate(gate, buffer);
  pjrt_buffer_free(buffer);
  assert_int_equal(count_of(&num_released), 0);
  gate_open();
  assert_f32(work.out, 4, 1, 2, 3, 4);
  await_count(&num_released, 1);
  pending_free(&work);
  pjrt_executable_free(gate);
  assert_int_equal(count_of(&num_released), 1);
}

/* The client is the last to go, and the memory goes before it. */
static void client_may_be_freed_before_the_end(void **state) {
  fixture *shared = *state;
  int num_released = 0;
  fixture *f = fixture_create(pjrt_plugin_path(shared->plugin, NULL));
  pjrt_executable *gate = compile(f, gate_program);
  pjrt_buffer *buffer =
      adopt(f, aligned_floats(), PJRT_ADOPT_READ_ONLY, &num_released);
  pending work = start_gate(gate, buffer);
  fixture_free(f);
  pjrt_executable_free(gate);
  pjrt_buffer_free(buffer);
  pending_free(&work);
  assert_int_equal(count_of(&num_released), 0);
  gate_open();
  await_count(&num_released, 1);
}

/* ---- donation ------------------------------------------------------------ */

static void donated_read_only_memory_stays_as_it_is(void **state) {
  fixture *f = *state;
  int num_released = 0;
  float *data = aligned_floats();
  pjrt_executable *add = compile(f, donate_program);
  pjrt_buffer *a = adopt(f, data, PJRT_ADOPT_READ_ONLY, &num_released);
  pjrt_buffer *b = upload_f32(f->device, 4, 10.0, 10.0, 10.0, 10.0);
  pjrt_buffer *sum = execute2(add, a, b);
  assert_f32(sum, 4, 11, 12, 13, 14);
  if (count_of(&num_released) == 0) assert_true(data[0] == 1);
  pjrt_buffer_free(a);
  await_count(&num_released, 1);
  assert_f32(sum, 4, 11, 12, 13, 14);
  pjrt_buffer_free(sum);
  pjrt_buffer_free(b);
  pjrt_executable_free(add);
}

/* The output lives in the adopted memory, which must outlive it. */
static void donated_mutable_memory_holds_the_output(void **state) {
  fixture *f = *state;
  int num_released = 0;
  const void *view;
  float *data = aligned_floats();
  pjrt_executable *add = compile(f, donate_program);
  pjrt_buffer *a = adopt(f, data, PJRT_ADOPT_MUTABLE, &num_released);
  pjrt_buffer *b = upload_f32(f->device, 4, 10.0, 10.0, 10.0, 10.0);
  pjrt_buffer *sum = execute2(add, a, b);
  assert_true(pjrt_buffer_is_deleted(a));
  pjrt_buffer_free(a);
  assert_ok(pjrt_buffer_map(sum, &view, NULL));
  if (view == data) assert_int_equal(count_of(&num_released), 0);
  assert_true(((const float *)view)[0] == 11);
  assert_ok(pjrt_buffer_unmap(sum));
  assert_f32(sum, 4, 11, 12, 13, 14);
  pjrt_buffer_free(sum);
  await_count(&num_released, 1);
  pjrt_buffer_free(b);
  pjrt_executable_free(add);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(aligned_memory_is_taken_in_place),
      cmocka_unit_test(unaligned_memory_is_copied_and_kept),
      cmocka_unit_test(sub_byte_types_are_converted),
      cmocka_unit_test(nothing_can_be_adopted),
      cmocka_unit_test(release_may_be_left_out),
      cmocka_unit_test(failure_gives_back_at_once),
      cmocka_unit_test(delete_keeps_it_until_free),
      cmocka_unit_test(mapping_keeps_it),
      cmocka_unit_test(pending_execution_keeps_it),
      cmocka_unit_test(client_may_be_freed_before_the_end),
      cmocka_unit_test(donated_read_only_memory_stays_as_it_is),
      cmocka_unit_test(donated_mutable_memory_holds_the_output),
  };
  return RUN_REAL_TESTS_WITH_HANDLERS(tests);
}
