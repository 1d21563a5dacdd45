/* Addresses of device memory, and views of memory that is not the plugin's. */
#include <pthread.h>
#include <stdatomic.h>

#include "abi/plugin.h"
#include "pjrt/unsafe.h"
#include "sim_fixture.h"

static const int64_t four[] = {4};
static const float floats[] = {1, 2, 3, 4};

/* ---- addresses ----------------------------------------------------------- */

static void test_unsafe_pointer(void **state) {
  const fixture *f = *state;
  uintptr_t first, second;
  pjrt_buffer *buffer = upload_f32(f->device), *other = upload_f32(f->device);
  expect_ok(pjrt_buffer_unsafe_pointer(buffer, &first));
  expect_ok(pjrt_buffer_unsafe_pointer(other, &second));
  assert_true(first && second && first != second);
  expect_ok(pjrt_buffer_delete(buffer));
  expect_error(pjrt_buffer_unsafe_pointer(buffer, &first),
               PJRT_FAILED_PRECONDITION, "was deleted");
  assert_int_equal(first, 0);
  pjrt_buffer_free(buffer);
  pjrt_buffer_free(other);
}

static void test_map_device(void **state) {
  const fixture *f = *state;
  void *pointer, *again;
  const void *view;
  pjrt_buffer *buffer = upload_f32(f->device);
  expect_ok(pjrt_buffer_map_device(buffer, &pointer));
  assert_memory_equal(pointer, floats, sizeof floats);
  expect_ok(pjrt_buffer_map_device(buffer, &again));
  assert_ptr_equal(pointer, again);
  expect_error(pjrt_buffer_delete(buffer), PJRT_FAILED_PRECONDITION, "mapped");
  /* Beside a view of the host's. */
  expect_ok(pjrt_buffer_map(buffer, &view, NULL));
  assert_ptr_equal(view, pointer);
  expect_ok(pjrt_buffer_unmap_device(buffer));
  expect_ok(pjrt_buffer_unmap_device(buffer));
  /* One too many does not take the host's. */
  expect_error(pjrt_buffer_unmap_device(buffer), PJRT_FAILED_PRECONDITION,
               "device memory is not mapped");
  assert_memory_equal(view, floats, sizeof floats);
  assert_true(pjrt_buffer_is_mapped_in_place(buffer));
  expect_ok(pjrt_buffer_unmap(buffer));
  expect_error(pjrt_buffer_unmap_device(buffer), PJRT_FAILED_PRECONDITION,
               "not mapped");
  expect_error(pjrt_buffer_unmap_device(NULL), PJRT_INVALID_ARGUMENT,
               "buffer is NULL");
  expect_ok(pjrt_buffer_delete(buffer));
  expect_error(pjrt_buffer_map_device(buffer, &pointer),
               PJRT_FAILED_PRECONDITION, "was deleted");
  assert_null(pointer);
  pjrt_buffer_free(buffer);
}

static void test_freed_while_mapped(void **state) {
  const fixture *f = *state;
  void *pointer;
  pjrt_buffer *buffer = upload_f32(f->device);
  expect_ok(pjrt_buffer_map_device(buffer, &pointer));
  pjrt_buffer_free(buffer);
  assert_memory_equal(pointer, floats, sizeof floats);
  expect_ok(pjrt_buffer_unmap_device(buffer));
}

/* What is called with the memory. */
typedef struct use {
  pjrt_buffer *buffer;
  int num_calls;
  bool fails;
} use;

static pjrt_error *use_memory(void *data, void *user) {
  use *u = user;
  u->num_calls++;
  assert_memory_equal(data, floats, sizeof floats);
  expect_error(pjrt_buffer_delete(u->buffer), PJRT_FAILED_PRECONDITION,
               "mapped");
  return u->fails ? pjrt_error_create(PJRT_ABORTED, "enough", PJRT_NUL_ENDED)
                  : NULL;
}

/* Whatever comes of it, nothing holds the buffer afterwards. */
static void test_with_device_memory(void **state) {
  const fixture *f = *state;
  use u = {.buffer = upload_f32(f->device)};
  expect_error(pjrt_buffer_with_device_memory(u.buffer, NULL, &u),
               PJRT_INVALID_ARGUMENT, "use is NULL");
  expect_error(pjrt_buffer_with_device_memory(NULL, use_memory, &u),
               PJRT_INVALID_ARGUMENT, "buffer is NULL");
  expect_ok(pjrt_buffer_with_device_memory(u.buffer, use_memory, &u));
  u.fails = true;
  expect_error(pjrt_buffer_with_device_memory(u.buffer, use_memory, &u),
               PJRT_ABORTED, "enough");
  assert_int_equal(u.num_calls, 2);
  sim_fail("PJRT_Buffer_OpaqueDeviceMemoryDataPointer", 1,
           PJRT_Error_Code_INTERNAL);
  expect_error(pjrt_buffer_with_device_memory(u.buffer, use_memory, &u),
               PJRT_INTERNAL, "");
  assert_int_equal(u.num_calls, 2);
  expect_error(pjrt_buffer_unmap_device(u.buffer), PJRT_FAILED_PRECONDITION,
               "not mapped");
  expect_ok(pjrt_buffer_delete(u.buffer));
  pjrt_buffer_free(u.buffer);
}

static void test_failed_mapping(void **state) {
  static const char *const functions[] = {
      "PJRT_Buffer_ReadyEvent", "PJRT_Buffer_IncreaseExternalReferenceCount",
      "PJRT_Buffer_OpaqueDeviceMemoryDataPointer"};
  const fixture *f = *state;
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    void *pointer = &pointer;
    pjrt_buffer *buffer = upload_f32(f->device);
    sim_fail(functions[i], 1, PJRT_Error_Code_INTERNAL);
    expect_error(pjrt_buffer_map_device(buffer, &pointer), PJRT_INTERNAL, "");
    assert_null(pointer);
    expect_ok(pjrt_buffer_delete(buffer)); /* nothing holds it */
    pjrt_buffer_free(buffer);
  }
}

/* ---- views --------------------------------------------------------------- */

typedef struct loan {
  _Alignas(64) float values[4];
  atomic_int num_releases;
  pthread_t thread; /* that released it */
} loan;

static void released(void *data, void *user) {
  loan *lent = user;
  assert_ptr_equal(data, lent->values);
  lent->thread = pthread_self();
  atomic_fetch_add(&lent->num_releases, 1);
}

static void lend(loan *lent) {
  memset(lent, 0, sizeof *lent);
  memcpy(lent->values, floats, sizeof floats);
}

static pjrt_buffer *view_of(const fixture *f, loan *lent) {
  pjrt_buffer *buffer;
  lend(lent);
  expect_ok(pjrt_buffer_view_device_memory(f->device, PJRT_F32, four, 1,
                                           lent->values, NULL, released, lent,
                                           &buffer));
  return buffer;
}

/* On a thread of the library's, whoever frees the buffer. */
static void test_view(void **state) {
  const fixture *f = *state;
  loan lent;
  uintptr_t at;
  pjrt_buffer *buffer = view_of(f, &lent);
  expect_ok(pjrt_buffer_unsafe_pointer(buffer, &at));
  assert_ptr_equal((void *)at, lent.values);
  expect_f32(buffer);
  assert_int_equal(atomic_load(&lent.num_releases), 0);
  pjrt_buffer_free(buffer);
  wait_until(atomic_load(&lent.num_releases) == 1);
  assert_false(pthread_equal(lent.thread, pthread_self()));
}

static void test_view_without_release(void **state) {
  const fixture *f = *state;
  _Alignas(64) static float values[4] = {1, 2, 3, 4};
  pjrt_buffer *buffer;
  expect_ok(pjrt_buffer_view_device_memory(f->device, PJRT_F32, four, 1, values,
                                           NULL, NULL, NULL, &buffer));
  expect_f32(buffer);
  pjrt_buffer_free(buffer);
}

/* The memory outlives the client's handle, not the client. */
static void test_view_is_last(void **state) {
  fixture *f = *state;
  loan lent;
  pjrt_buffer *buffer = view_of(f, &lent);
  fixture_drop(f);
  pjrt_buffer_free(buffer);
  wait_until(atomic_load(&lent.num_releases) == 1);
}

static void test_view_in_a_memory(void **state) {
  const fixture *f = *state;
  loan lent;
  pjrt_buffer *buffer;
  pjrt_memory *memory;
  pjrt_view_opts opts;
  lend(&lent);
  pjrt_view_opts_init(&opts);
  opts.memory = pjrt_device_memory(f->device, 1);
  expect_ok(pjrt_buffer_view_device_memory(f->device, PJRT_F32, four, 1,
                                           lent.values, &opts, released, &lent,
                                           &buffer));
  expect_ok(pjrt_buffer_memory(buffer, &memory));
  assert_ptr_equal(memory, opts.memory);
  pjrt_buffer_free(buffer);
  wait_until(atomic_load(&lent.num_releases) == 1);
}

/* The memory comes back, once, also from what fails. */
static void expect_no_view(pjrt_device *device, pjrt_dtype dtype, void *data,
                           const pjrt_view_opts *opts, pjrt_code code,
                           const char *part) {
  loan lent;
  pjrt_buffer *buffer = (pjrt_buffer *)device;
  lend(&lent);
  expect_error(pjrt_buffer_view_device_memory(
                   device, dtype, four, 1, data ? lent.values : NULL, opts,
                   data ? released : NULL, &lent, &buffer),
               code, part);
  assert_null(buffer);
  wait_until(atomic_load(&lent.num_releases) == (data ? 1 : 0));
}

static void test_view_refused(void **state) {
  const fixture *f = *state;
  pjrt_view_opts opts;
  char data;
  pjrt_view_opts_init(&opts);
  sim_configure_default();
  expect_no_view(NULL, PJRT_F32, &data, NULL, PJRT_INVALID_ARGUMENT,
                 "device is NULL");
  expect_no_view(f->device, PJRT_F32, NULL, NULL, PJRT_INVALID_ARGUMENT,
                 "data is NULL for 4 elements");
  expect_no_view(f->device, PJRT_DTYPE_INVALID, &data, NULL,
                 PJRT_INVALID_ARGUMENT, "no elements");
  opts.memory = pjrt_device_memory(pjrt_client_device(f->client, 1), 0);
  expect_no_view(f->device, PJRT_F32, &data, &opts, PJRT_INVALID_ARGUMENT,
                 "none of device 0's");
  opts.struct_size = 1;
  expect_no_view(f->device, PJRT_F32, &data, &opts, PJRT_INVALID_ARGUMENT,
                 "pjrt_view_opts");
  assert_int_equal(sim.num_calls("PJRT_Client_CreateViewOfDeviceBuffer"), 0);
  sim_fail("PJRT_Client_CreateViewOfDeviceBuffer", 0,
           PJRT_Error_Code_UNIMPLEMENTED);
  expect_no_view(f->device, PJRT_F32, &data, NULL, PJRT_UNIMPLEMENTED, "");
  /* Made, and then found to be unusable: it comes back by itself. */
  sim_fail("PJRT_Buffer_ElementType", 0, PJRT_Error_Code_INTERNAL);
  expect_no_view(f->device, PJRT_F32, &data, NULL, PJRT_INTERNAL, "");
}

static void test_memory_newer_than_the_plugin(void **state) {
  pjrt_sim_options options;
  pjrt_view_opts opts;
  char data;
  (void)state;
  sim_path();
  sim.options_init(&options);
  options.minor = 65;
  fixture *f = fixture_create(&options);
  pjrt_view_opts_init(&opts);
  opts.memory = pjrt_device_memory(f->device, 0);
  expect_no_view(f->device, PJRT_F32, &data, &opts, PJRT_UNIMPLEMENTED,
                 "API 0.66 brought");
  fixture_drop(f);
  test_free(f);
  expect_nothing_alive();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      sim_test(test_unsafe_pointer),
      sim_test(test_map_device),
      sim_test(test_freed_while_mapped),
      sim_test(test_with_device_memory),
      sim_test(test_failed_mapping),
      sim_test(test_view),
      sim_test(test_view_without_release),
      sim_test(test_view_is_last),
      sim_test(test_view_in_a_memory),
      sim_test(test_view_refused),
      cmocka_unit_test(test_memory_newer_than_the_plugin),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
