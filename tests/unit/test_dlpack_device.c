/* Tensors in the memory of devices. The simulated plugin's is the host's, and
 * stands in for a GPU's. */
#include <stdatomic.h>

#include "abi/plugin.h"
#include "io/dlpack_tensor.h"
#include "pjrt/io/dlpack.h"
#include "pjrt/unsafe.h"

#include "sim_fixture.h"

static const pjrt_dlpack_device cuda = {PJRT_DLPACK_CUDA, 0};
static const int64_t two_by_three[] = {2, 3};
static const float values[] = {0, 1, 2, 3, 4, 5};

static pjrt_buffer *upload(pjrt_device *device) {
  pjrt_buffer *buffer;
  expect_ok(pjrt_buffer_from_host(device, PJRT_F32, two_by_three, 2, values,
                                  sizeof values, &buffer));
  return buffer;
}

/* ---- out ----------------------------------------------------------------- */

static void test_lent(void **state) {
  const fixture *f = *state;
  struct DLManagedTensorVersioned *tensor;
  uintptr_t at;
  pjrt_buffer *buffer = upload(f->device);
  expect_ok(pjrt_buffer_lend_dlpack(buffer, &cuda, &tensor));
  expect_ok(pjrt_buffer_unsafe_pointer(buffer, &at));
  assert_int_equal((uintptr_t)tensor->tensor.data, at);
  assert_int_equal(tensor->tensor.device.type, PJRT_DLPACK_CUDA);
  assert_int_equal(tensor->tensor.device.id, 0);
  assert_int_equal(tensor->flags, PJRT_DLPACK_READ_ONLY);
  assert_int_equal(tensor->tensor.num_dims, 2);
  assert_memory_equal(tensor->tensor.dims, two_by_three, sizeof two_by_three);
  assert_int_equal(tensor->tensor.strides[0], 3);
  assert_int_equal(tensor->tensor.strides[1], 1);
  expect_error(pjrt_buffer_delete(buffer), PJRT_FAILED_PRECONDITION, "mapped");
  tensor->deleter(tensor);
  expect_ok(pjrt_buffer_delete(buffer));
  pjrt_buffer_free(buffer);
}

/* The memory stays until the tensor goes. */
static void test_old_is_lent_and_outlives(void **state) {
  fixture *f = *state;
  struct DLManagedTensor *tensor;
  const pjrt_dlpack_device rocm = {PJRT_DLPACK_ROCM, 3};
  pjrt_buffer *buffer = upload(f->device);
  expect_ok(pjrt_buffer_lend_dlpack_unversioned(buffer, &rocm, &tensor));
  pjrt_buffer_free(buffer);
  fixture_drop(f);
  assert_int_equal(tensor->tensor.device.type, PJRT_DLPACK_ROCM);
  assert_int_equal(tensor->tensor.device.id, 3);
  assert_memory_equal(tensor->tensor.data, values, sizeof values);
  tensor->deleter(tensor);
}

static void expect_not_lent(pjrt_buffer *buffer, const pjrt_dlpack_device *as,
                            pjrt_code code, const char *part) {
  struct DLManagedTensorVersioned *tensor = (void *)&tensor;
  struct DLManagedTensor *old = (void *)&old;
  expect_error(pjrt_buffer_lend_dlpack(buffer, as, &tensor), code, part);
  expect_error(pjrt_buffer_lend_dlpack_unversioned(buffer, as, &old), code,
               part);
  assert_true(!tensor && !old);
}

static void test_not_lent(void **state) {
  const fixture *f = *state;
  const unsigned char bits[6] = {0};
  pjrt_buffer *buffer = upload(f->device), *narrow;
  expect_not_lent(NULL, &cuda, PJRT_INVALID_ARGUMENT, "buffer is NULL");
  expect_not_lent(buffer, NULL, PJRT_UNIMPLEMENTED, "the platform sim");
  sim_fail("PJRT_Buffer_GetMemoryLayout", 0, PJRT_Error_Code_UNIMPLEMENTED);
  expect_not_lent(buffer, &cuda, PJRT_UNIMPLEMENTED, "");
  sim_fail("PJRT_Buffer_OpaqueDeviceMemoryDataPointer", 0,
           PJRT_Error_Code_UNIMPLEMENTED);
  expect_not_lent(buffer, &cuda, PJRT_UNIMPLEMENTED, "");
  sim_configure_default();
  expect_ok(pjrt_buffer_delete(buffer));
  expect_not_lent(buffer, &cuda, PJRT_FAILED_PRECONDITION, "was deleted");
  pjrt_buffer_free(buffer);
  struct DLManagedTensorVersioned *tensor;
  expect_ok(pjrt_buffer_from_host(f->device, PJRT_S4, two_by_three, 2, bits, 6,
                                  &narrow));
  expect_error(pjrt_buffer_lend_dlpack(narrow, &cuda, &tensor),
               PJRT_UNIMPLEMENTED, "elements of s4");
  pjrt_buffer_free(narrow);
}

static void test_tiles_are_not_lent(void **state) {
  pjrt_sim_options options;
  (void)state;
  sim_path();
  sim.options_init(&options);
  options.tiled_layouts = true;
  fixture *f = fixture_create(&options);
  pjrt_buffer *buffer = upload(f->device);
  expect_not_lent(buffer, &cuda, PJRT_FAILED_PRECONDITION, "tiles");
  expect_ok(pjrt_buffer_delete(buffer)); /* nothing holds it */
  pjrt_buffer_free(buffer);
  fixture_drop(f);
  test_free(f);
  expect_nothing_alive();
}

static void test_device_of(void **state) {
  const fixture *f = *state;
  pjrt_dlpack_device device = {7, 7};
  expect_error(pjrt_dlpack_device_of(NULL, &device), PJRT_INVALID_ARGUMENT,
               "device is NULL");
  expect_error(pjrt_dlpack_device_of(f->device, &device), PJRT_UNIMPLEMENTED,
               "no number for devices of the platform sim");
  assert_true(device.type == 0 && device.id == 0);
}

/* ---- in ------------------------------------------------------------------ */

typedef struct producer {
  _Alignas(64) float values[16 + 6];
  int64_t dims[2];
  int64_t strides[2];
  atomic_int num_deleted; /* on the reaper's thread */
  struct DLManagedTensorVersioned tensor;
} producer;

static void delete_tensor(struct DLManagedTensorVersioned *tensor) {
  ((producer *)tensor->context)->num_deleted++;
}

/* f32[2,3] on CUDA's first device. */
static void produce(producer *p) {
  *p = (producer){.dims = {2, 3}, .strides = {3, 1}};
  memcpy(p->values, values, sizeof values);
  p->tensor = (struct DLManagedTensorVersioned){
      .major = 1,
      .context = p,
      .deleter = delete_tensor,
      .tensor = {.data = p->values,
                 .device = {PJRT_DLPACK_CUDA, 0},
                 .num_dims = 2,
                 .dtype = {2, 32, 1},
                 .dims = p->dims,
                 .strides = p->strides}};
}

static void test_viewed(void **state) {
  const fixture *f = *state;
  producer p;
  pjrt_buffer *buffer;
  uintptr_t at;
  float read[6];
  produce(&p);
  memcpy(p.values + 16, values, sizeof values);
  p.tensor.tensor.byte_offset = 64;
  expect_ok(
      pjrt_buffer_view_dlpack(f->device, &p.tensor, &cuda, NULL, &buffer));
  expect_ok(pjrt_buffer_unsafe_pointer(buffer, &at));
  assert_int_equal(at, (uintptr_t)(p.values + 16));
  expect_ok(pjrt_buffer_to_host(buffer, read, sizeof read));
  assert_memory_equal(read, values, sizeof values);
  assert_int_equal(p.num_deleted, 0);
  pjrt_buffer_free(buffer);
  wait_until(p.num_deleted == 1);
}

/* Out of one buffer and into another, which is all that keeps the memory. */
static void test_old_goes_around(void **state) {
  const fixture *f = *state;
  struct DLManagedTensor *tensor;
  pjrt_buffer *buffer = upload(f->device), *again;
  float read[6];
  expect_ok(pjrt_buffer_lend_dlpack_unversioned(buffer, &cuda, &tensor));
  expect_ok(pjrt_buffer_view_dlpack_unversioned(f->device, tensor, &cuda, NULL,
                                                &again));
  pjrt_buffer_free(buffer);
  expect_ok(pjrt_buffer_to_host(again, read, sizeof read));
  assert_memory_equal(read, values, sizeof values);
  pjrt_buffer_free(again);
}

static void expect_not_viewed(pjrt_device *device, producer *p,
                              const pjrt_dlpack_device *as,
                              const pjrt_view_opts *opts, pjrt_code code,
                              const char *part) {
  pjrt_buffer *buffer = (pjrt_buffer *)p;
  expect_error(pjrt_buffer_view_dlpack(device, &p->tensor, as, opts, &buffer),
               code, part);
  assert_null(buffer);
  wait_until(p->num_deleted == 1);
  produce(p);
}

static void test_not_viewed(void **state) {
  const fixture *f = *state;
  const pjrt_dlpack_device second = {PJRT_DLPACK_CUDA, 1};
  producer p;
  pjrt_buffer *buffer;
  pjrt_view_opts opts = {.struct_size = 1};
  produce(&p);
  expect_not_viewed(f->device, &p, &second, NULL, PJRT_INVALID_ARGUMENT,
                    "on device 0 of DLPack's type 2, where device 1 of type 2");
  expect_not_viewed(f->device, &p, NULL, NULL, PJRT_UNIMPLEMENTED,
                    "the platform sim");
  expect_not_viewed(NULL, &p, &cuda, NULL, PJRT_INVALID_ARGUMENT,
                    "device is NULL");
  expect_not_viewed(NULL, &p, NULL, NULL, PJRT_INVALID_ARGUMENT,
                    "device is NULL");
  expect_not_viewed(f->device, &p, &cuda, &opts, PJRT_INVALID_ARGUMENT,
                    "pjrt_view_opts");
  p.strides[0] = 4;
  expect_not_viewed(f->device, &p, &cuda, NULL, PJRT_FAILED_PRECONDITION,
                    "not dense and row-major");
  p.tensor.tensor.dtype = (pjrt_dlpack_dtype){0, 4, 1};
  p.tensor.flags = PJRT_DLPACK_SUBBYTE_PADDED;
  expect_not_viewed(f->device, &p, &cuda, NULL, PJRT_UNIMPLEMENTED,
                    "elements of s4 are packed");
  p.tensor.major = 2;
  expect_not_viewed(f->device, &p, &cuda, NULL, PJRT_UNIMPLEMENTED, "1.x");
  p.tensor.tensor.data = NULL;
  expect_not_viewed(f->device, &p, &cuda, NULL, PJRT_INVALID_ARGUMENT,
                    "data is NULL for 6");
  sim_fail("PJRT_Client_CreateViewOfDeviceBuffer", 0,
           PJRT_Error_Code_UNIMPLEMENTED);
  expect_not_viewed(f->device, &p, &cuda, NULL, PJRT_UNIMPLEMENTED, "");
  expect_error(pjrt_buffer_view_dlpack(f->device, NULL, &cuda, NULL, &buffer),
               PJRT_INVALID_ARGUMENT, "tensor is NULL");
  expect_error(pjrt_buffer_view_dlpack_unversioned(f->device, NULL, &cuda, NULL,
                                                   &buffer),
               PJRT_INVALID_ARGUMENT, "tensor is NULL");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      sim_test(test_lent),
      sim_test(test_old_is_lent_and_outlives),
      sim_test(test_not_lent),
      cmocka_unit_test(test_tiles_are_not_lent),
      sim_test(test_device_of),
      sim_test(test_viewed),
      sim_test(test_old_goes_around),
      sim_test(test_not_viewed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
