/* Addresses of device memory, views of foreign memory, memory mapped for
 * devices. */
#include <pjrt/unsafe.h>

#include "real/fixture.h"

static const int64_t four[] = {4};
static const float floats[] = {1, 2, 3, 4};

static void addresses_are_told(void **state) {
  fixture *f = *state;
  uintptr_t at;
  void *pointer;
  pjrt_buffer *buffer = upload(f->device, PJRT_F32, four, 1, floats);
  assert_ok(pjrt_buffer_unsafe_pointer(buffer, &at));
  assert_ok(pjrt_buffer_map_device(buffer, &pointer));
  assert_ptr_equal(pointer, (void *)at);
  assert_memory_equal(pointer, floats, sizeof floats);
  assert_refused(pjrt_buffer_delete(buffer), PJRT_FAILED_PRECONDITION,
                 "mapped");
  assert_ok(pjrt_buffer_unmap_device(buffer));
  assert_ok(pjrt_buffer_delete(buffer));
  assert_refused(pjrt_buffer_unsafe_pointer(buffer, &at),
                 PJRT_FAILED_PRECONDITION, "was deleted");
  pjrt_buffer_free(buffer);
}

/* The handle goes while its memory is lent. */
static void lent_memory_outlives_the_handle(void **state) {
  fixture *f = *state;
  void *pointer;
  pjrt_buffer *buffer = upload(f->device, PJRT_F32, four, 1, floats);
  assert_ok(pjrt_buffer_map_device(buffer, &pointer));
  pjrt_buffer_free(buffer);
  assert_memory_equal(pointer, floats, sizeof floats);
  assert_ok(pjrt_buffer_unmap_device(buffer));
}

static void a_view_is_the_memory_itself(void **state) {
  fixture *f = *state;
  uintptr_t at;
  int released = 0;
  void *memory;
  pjrt_buffer *view;
  pjrt_executable *add = compile(f, add_program);
  assert_ok(pjrt_host_alloc(sizeof floats, &memory));
  memcpy(memory, floats, sizeof floats);
  assert_ok(pjrt_buffer_view_device_memory(f->device, PJRT_F32, four, 1, memory,
                                           NULL, count_release, &released,
                                           &view));
  assert_ok(pjrt_buffer_unsafe_pointer(view, &at));
  assert_ptr_equal(memory, (void *)at);
  pjrt_buffer *sum = execute2(add, view, view);
  assert_f32(sum, 4, 2, 4, 6, 8);
  assert_int_equal(released, 0);
  pjrt_buffer_free(view);
  await_count(&released, 1);
  pjrt_buffer_free(sum);
  pjrt_executable_free(add);
}

/* Some plugins take the first, and end the process on the last. */
static void impossible_views_are_refused(void **state) {
  fixture *f = *state;
  int released = 0;
  void *memory;
  pjrt_view_opts opts;
  pjrt_buffer *view;
  assert_refused(pjrt_buffer_view_device_memory(f->device, PJRT_F32, four, 1,
                                                NULL, NULL, NULL, NULL, &view),
                 PJRT_INVALID_ARGUMENT, "data is NULL for 4 elements");
  assert_ok(pjrt_host_alloc(sizeof floats, &memory));
  assert_refused(
      pjrt_buffer_view_device_memory(f->device, PJRT_DTYPE_INVALID, four, 1,
                                     memory, NULL, NULL, NULL, &view),
      PJRT_INVALID_ARGUMENT, "no elements");
  assert_plugin_error(pjrt_buffer_view_device_memory(f->device, PJRT_S8, four,
                                                     1, (char *)memory + 1,
                                                     NULL, NULL, NULL, &view));
  pjrt_view_opts_init(&opts);
  opts.stream = 1;
  assert_plugin_error(
      pjrt_buffer_view_device_memory(f->device, PJRT_F32, four, 1, memory,
                                     &opts, count_release, &released, &view));
  await_count(&released, 1);
}

/* Out of one buffer as a tensor of its own memory, and into another. */
static void a_tensor_is_the_memory_itself(void **state) {
  fixture *f = *state;
  uintptr_t at, again_at;
  pjrt_dlpack_device cpu;
  struct DLManagedTensorVersioned *tensor;
  pjrt_buffer *again;
  pjrt_executable *add = compile(f, add_program);
  pjrt_buffer *buffer = upload(f->device, PJRT_F32, four, 1, floats);
  assert_ok(pjrt_dlpack_device_of(f->device, &cpu));
  assert_true(cpu.type == 1 && cpu.id == 0);
  assert_ok(pjrt_buffer_unsafe_pointer(buffer, &at));
  assert_ok(pjrt_buffer_lend_dlpack(buffer, NULL, &tensor));
  assert_ok(pjrt_buffer_view_dlpack(f->device, tensor, NULL, NULL, &again));
  pjrt_buffer_free(buffer);
  assert_ok(pjrt_buffer_unsafe_pointer(again, &again_at));
  assert_int_equal(at, again_at);
  pjrt_buffer *sum = execute2(add, again, again);
  assert_f32(sum, 4, 2, 4, 6, 8);
  pjrt_buffer_free(again);
  pjrt_buffer_free(sum);
  pjrt_executable_free(add);
}

static void host_memory_cannot_be_mapped(void **state) {
  fixture *f = *state;
  static char memory[4096];
  pjrt_dma_mapping *mapping;
  assert_code(pjrt_dma_map(f->client, memory, sizeof memory, &mapping),
              PJRT_UNIMPLEMENTED, "");
  assert_null(mapping);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(addresses_are_told),
      cmocka_unit_test(lent_memory_outlives_the_handle),
      cmocka_unit_test(a_view_is_the_memory_itself),
      cmocka_unit_test(impossible_views_are_refused),
      cmocka_unit_test(a_tensor_is_the_memory_itself),
      cmocka_unit_test(host_memory_cannot_be_mapped),
  };
  return RUN_REAL_TESTS(tests);
}
