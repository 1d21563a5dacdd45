/* DLPack both ways, with tensors made by hand. */
#include "abi/plugin.h"
#include "io/dlpack_tensor.h"
#include "pjrt/io/dlpack.h"
#include "sim_fixture.h"

/* ---- a producer ---------------------------------------------------------- */

/* A tensor over memory of its own; counts how often it is given back. */
typedef struct producer {
  _Alignas(64) float values[12];
  int64_t dims[3];
  int64_t strides[3];
  int num_deleted;
  union {
    struct DLManagedTensorVersioned tensor;
    struct DLManagedTensor old;
  };
} producer;

static void delete_tensor(struct DLManagedTensorVersioned *tensor) {
  ((producer *)tensor->context)->num_deleted++;
}

static void delete_old(struct DLManagedTensor *tensor) {
  ((producer *)tensor->context)->num_deleted++;
}

/* f32[2,3] of 0 to 5, dense and aligned. */
static pjrt_dlpack_tensor describe(producer *p) {
  memset(p, 0, sizeof *p);
  for (int i = 0; i < 12; i++) p->values[i] = (float)i;
  p->dims[0] = 2;
  p->dims[1] = 3;
  p->strides[0] = 3;
  p->strides[1] = 1;
  return (pjrt_dlpack_tensor){.data = p->values,
                              .device = {PJRT_DLPACK_CPU, 0},
                              .num_dims = 2,
                              .dtype = {2, 32, 1},
                              .dims = p->dims,
                              .strides = p->strides};
}

static void produce(producer *p) {
  const pjrt_dlpack_tensor tensor = describe(p);
  p->tensor = (struct DLManagedTensorVersioned){
      .major = 1, .context = p, .deleter = delete_tensor, .tensor = tensor};
}

static void produce_old(producer *p) {
  const pjrt_dlpack_tensor tensor = describe(p);
  p->old = (struct DLManagedTensor){
      .tensor = tensor, .context = p, .deleter = delete_old};
}

static void expect_values(pjrt_buffer *buffer, const float expected[6]) {
  float read[6];
  expect_ok(pjrt_buffer_to_host(buffer, read, sizeof read));
  assert_memory_equal(read, expected, sizeof read);
}

static const float in_order[] = {0, 1, 2, 3, 4, 5};

/* ---- in ------------------------------------------------------------------ */

static bool is_in_place(pjrt_buffer *buffer, const void *data) {
  const void *view;
  expect_ok(pjrt_buffer_map(buffer, &view, NULL));
  expect_ok(pjrt_buffer_unmap(buffer));
  return view == data;
}

static void test_adopted(void **state) {
  const fixture *f = *state;
  producer p;
  pjrt_buffer *buffer;
  produce(&p);
  expect_ok(pjrt_buffer_from_dlpack(f->device, &p.tensor,
                                    PJRT_DLPACK_COPY_NEVER, &buffer));
  assert_true(is_in_place(buffer, p.values));
  expect_values(buffer, in_order);
  assert_int_equal(p.num_deleted, 0);
  pjrt_buffer_free(buffer);
  wait_until(p.num_deleted == 1);
}

static void test_old_is_adopted(void **state) {
  const fixture *f = *state;
  producer p;
  pjrt_buffer *buffer;
  produce_old(&p);
  p.old.tensor.strides = NULL; /* dense */
  expect_ok(pjrt_buffer_from_dlpack_unversioned(
      f->device, &p.old, PJRT_DLPACK_COPY_IF_NEEDED, &buffer));
  assert_true(is_in_place(buffer, p.values));
  expect_values(buffer, in_order);
  pjrt_buffer_free(buffer);
  wait_until(p.num_deleted == 1);
}

/* The tensor comes back at once. */
static void expect_copied(pjrt_device *device, producer *p,
                          pjrt_dlpack_copy copy, const float expected[6]) {
  pjrt_buffer *buffer;
  expect_ok(pjrt_buffer_from_dlpack(device, &p->tensor, copy, &buffer));
  assert_int_equal(p->num_deleted, 1);
  expect_values(buffer, expected);
  pjrt_buffer_free(buffer);
}

static void transpose(producer *p) {
  produce(p);
  p->strides[0] = 1;
  p->strides[1] = 2;
}

static void reverse(producer *p) {
  produce(p);
  p->strides[0] = -3;
  p->tensor.tensor.byte_offset = 12;
}

static void broadcast(producer *p) {
  produce(p);
  p->strides[0] = 0;
}

static void step_off(producer *p) { /* dense, and not aligned */
  produce(p);
  p->tensor.tensor.byte_offset = 4;
}

static void test_copied(void **state) {
  const fixture *f = *state;
  static const struct {
    void (*make)(producer *p);
    float expected[6];
  } rows[] = {{transpose, {0, 2, 4, 1, 3, 5}},
              {reverse, {3, 4, 5, 0, 1, 2}},
              {broadcast, {0, 1, 2, 0, 1, 2}},
              {step_off, {1, 2, 3, 4, 5, 6}}};
  producer p;
  pjrt_buffer *buffer;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    rows[i].make(&p);
    expect_copied(f->device, &p, PJRT_DLPACK_COPY_IF_NEEDED, rows[i].expected);
    rows[i].make(&p);
    expect_error(pjrt_buffer_from_dlpack(f->device, &p.tensor,
                                         PJRT_DLPACK_COPY_NEVER, &buffer),
                 PJRT_FAILED_PRECONDITION, "a copy was not wanted");
    assert_null(buffer);
    assert_int_equal(p.num_deleted, 1);
  }
  produce(&p);
  expect_copied(f->device, &p, PJRT_DLPACK_COPY_ALWAYS, in_order);
}

/* What a dimension of one element, or none at all, has for a stride is noise.
 */
static void test_strides_that_mean_nothing(void **state) {
  const fixture *f = *state;
  producer p;
  pjrt_array *array;
  pjrt_buffer *buffer;
  produce(&p);
  p.dims[0] = 1;
  p.strides[0] = INT64_MAX;
  expect_ok(pjrt_buffer_from_dlpack(f->device, &p.tensor,
                                    PJRT_DLPACK_COPY_NEVER, &buffer));
  pjrt_buffer_free(buffer);
  wait_until(p.num_deleted == 1);
  produce(&p);
  p.dims[1] = 0;
  p.strides[0] = INT64_MAX;
  p.tensor.tensor.data = NULL;
  expect_ok(pjrt_array_from_dlpack(&p.tensor, &array));
  assert_int_equal(pjrt_array_size(array), 0);
  pjrt_array_free(array);
  assert_int_equal(p.num_deleted, 1);
}

/* Without elements there need be no memory. */
static void test_nothing_in_it(void **state) {
  const fixture *f = *state;
  for (int i = 0; i < 12; i++) {
    producer p;
    pjrt_buffer *buffer;
    size_t num_dims;
    produce(&p);
    p.dims[i % 2] = 0;
    if (i / 6) p.tensor.tensor.data = NULL;
    expect_ok(pjrt_buffer_from_dlpack(f->device, &p.tensor,
                                      (pjrt_dlpack_copy)(i / 2 % 3), &buffer));
    assert_int_equal(pjrt_buffer_dims(buffer, &num_dims)[i % 2], 0);
    expect_ok(pjrt_buffer_to_host(buffer, NULL, 0));
    pjrt_buffer_free(buffer);
    wait_until(p.num_deleted == 1);
  }
}

static void test_array(void **state) {
  (void)state;
  producer p;
  pjrt_array *array;
  size_t num;
  transpose(&p);
  expect_ok(pjrt_array_from_dlpack(&p.tensor, &array));
  assert_ptr_equal(pjrt_array_data(array), p.values);
  assert_int_equal(pjrt_array_byte_strides(array, &num)[1], 8);
  assert_int_equal(num, 2);
  assert_false(pjrt_array_is_dense(array));
  pjrt_array_free(array);
  assert_int_equal(p.num_deleted, 1);
  produce_old(&p);
  p.old.deleter = NULL; /* nothing to give back */
  expect_ok(pjrt_array_from_dlpack_unversioned(&p.old, &array));
  assert_true(pjrt_array_is_dense(array));
  pjrt_array_free(array);
}

/* ---- what is refused ----------------------------------------------------- */

static void expect_refused(producer *p, pjrt_code code, const char *part) {
  pjrt_array *array = (pjrt_array *)p;
  expect_error(pjrt_array_from_dlpack(&p->tensor, &array), code, part);
  assert_null(array);
  assert_int_equal(p->num_deleted, 1);
  produce(p);
}

static void test_refused(void **state) {
  const fixture *f = *state;
  producer p;
  pjrt_array *array;
  pjrt_buffer *buffer;
  pjrt_dlpack_tensor *tensor = &p.tensor.tensor;
  produce(&p);
  tensor->device.type = 2;
  expect_refused(&p, PJRT_INVALID_ARGUMENT, "device of DLPack's type 2");
  tensor->dtype.lanes = 4;
  expect_refused(&p, PJRT_INVALID_ARGUMENT, "4 lanes");
  tensor->dtype.code = 3;
  expect_refused(&p, PJRT_UNIMPLEMENTED, "code 3 with 32 bits");
  tensor->dtype = (pjrt_dlpack_dtype){0, 4, 1};
  expect_refused(&p, PJRT_UNIMPLEMENTED, "elements of s4 are packed");
  tensor->num_dims = -1;
  expect_refused(&p, PJRT_INVALID_ARGUMENT, "-1 dimensions");
  tensor->dims = NULL;
  expect_refused(&p, PJRT_INVALID_ARGUMENT, "2 dimensions at");
  p.dims[1] = -3;
  expect_refused(&p, PJRT_INVALID_ARGUMENT, "-3");
  p.dims[1] = INT64_MAX;
  expect_refused(&p, PJRT_INVALID_ARGUMENT, "");
  p.strides[1] = INT64_MAX / 2;
  expect_refused(&p, PJRT_INVALID_ARGUMENT, "stride");
  p.strides[1] = INT64_MAX / 4;
  expect_refused(&p, PJRT_INVALID_ARGUMENT, "stride");
  tensor->data = NULL;
  expect_refused(&p, PJRT_INVALID_ARGUMENT, "data is NULL for 6 elements");
  p.tensor.major = 2;
  expect_refused(&p, PJRT_UNIMPLEMENTED, "DLPack 2.0");
  expect_error(pjrt_array_from_dlpack(NULL, &array), PJRT_INVALID_ARGUMENT,
               "tensor is NULL");
  expect_error(pjrt_buffer_from_dlpack_unversioned(
                   f->device, NULL, PJRT_DLPACK_COPY_NEVER, &buffer),
               PJRT_INVALID_ARGUMENT, "tensor is NULL");
  expect_error(pjrt_buffer_from_dlpack(f->device, &p.tensor,
                                       (pjrt_dlpack_copy)3, &buffer),
               PJRT_INVALID_ARGUMENT, "copy is 3");
  assert_int_equal(p.num_deleted, 1);
  for (int copy = 0; copy < 3; copy++) {
    produce(&p);
    expect_error(pjrt_buffer_from_dlpack(NULL, &p.tensor,
                                         (pjrt_dlpack_copy)copy, &buffer),
                 PJRT_INVALID_ARGUMENT, "device is NULL");
    assert_int_equal(p.num_deleted, 1);
  }
}

/* ---- out ----------------------------------------------------------------- */

static void test_exported(void **state) {
  fixture *f = *state;
  struct DLManagedTensorVersioned *tensor;
  pjrt_buffer *buffer = upload_f32(f->device);
  expect_ok(pjrt_buffer_to_dlpack(buffer, PJRT_DLPACK_COPY_NEVER, &tensor));
  assert_true(is_in_place(buffer, tensor->tensor.data));
  assert_int_equal(tensor->major, 1);
  assert_int_equal(tensor->flags, PJRT_DLPACK_READ_ONLY);
  assert_int_equal(tensor->tensor.device.type, PJRT_DLPACK_CPU);
  assert_int_equal(tensor->tensor.num_dims, 1);
  assert_int_equal(tensor->tensor.dims[0], 4);
  assert_int_equal(tensor->tensor.strides[0], 1);
  assert_int_equal(tensor->tensor.dtype.code, 2);
  assert_int_equal(tensor->tensor.dtype.bits, 32);
  assert_int_equal(tensor->tensor.dtype.lanes, 1);
  expect_error(pjrt_buffer_delete(buffer), PJRT_FAILED_PRECONDITION, "mapped");
  /* It outlives everything. */
  pjrt_buffer_free(buffer);
  fixture_drop(f);
  assert_true(((const float *)tensor->tensor.data)[3] == 4);
  tensor->deleter(tensor);
}

static void test_old_is_exported(void **state) {
  const fixture *f = *state;
  struct DLManagedTensor *tensor;
  const int64_t dims[] = {2, 0, 3};
  pjrt_buffer *buffer;
  expect_ok(
      pjrt_buffer_from_host(f->device, PJRT_S8, dims, 3, NULL, 0, &buffer));
  expect_ok(pjrt_buffer_to_dlpack_unversioned(
      buffer, PJRT_DLPACK_COPY_IF_NEEDED, &tensor));
  assert_int_equal(tensor->tensor.num_dims, 3);
  assert_memory_equal(tensor->tensor.dims, dims, sizeof dims);
  tensor->deleter(tensor);
  pjrt_buffer_free(buffer);
}

/* A copy of its own can be written. */
static void test_exported_copy(void **state) {
  const fixture *f = *state;
  struct DLManagedTensorVersioned *tensor;
  pjrt_buffer *buffer = upload_f32(f->device);
  expect_ok(pjrt_buffer_to_dlpack(buffer, PJRT_DLPACK_COPY_ALWAYS, &tensor));
  assert_int_equal(tensor->flags, PJRT_DLPACK_IS_COPIED);
  ((float *)tensor->tensor.data)[0] = 9;
  expect_f32(buffer);
  expect_ok(pjrt_buffer_delete(buffer));
  pjrt_buffer_free(buffer);
  assert_true(((const float *)tensor->tensor.data)[3] == 4);
  tensor->deleter(tensor);
}

static void test_device_memory_is_copied(void **state) {
  pjrt_sim_options options;
  struct DLManagedTensorVersioned *tensor;
  producer p;
  pjrt_buffer *buffer;
  (void)state;
  sim_path();
  sim.options_init(&options);
  options.not_on_cpu = true;
  fixture *f = fixture_create(&options);
  buffer = upload_f32(f->device);
  expect_error(pjrt_buffer_to_dlpack(buffer, PJRT_DLPACK_COPY_NEVER, &tensor),
               PJRT_FAILED_PRECONDITION, "a copy was not wanted");
  assert_null(tensor);
  expect_ok(pjrt_buffer_to_dlpack(buffer, PJRT_DLPACK_COPY_IF_NEEDED, &tensor));
  assert_int_equal(tensor->flags,
                   PJRT_DLPACK_READ_ONLY | PJRT_DLPACK_IS_COPIED);
  tensor->deleter(tensor);
  pjrt_buffer_free(buffer);
  produce(&p);
  expect_error(pjrt_buffer_from_dlpack(f->device, &p.tensor,
                                       PJRT_DLPACK_COPY_NEVER, &buffer),
               PJRT_FAILED_PRECONDITION, "not the host's");
  assert_null(buffer);
  wait_until(p.num_deleted == 1);
  fixture_drop(f);
  test_free(f);
  expect_nothing_alive();
}

/* Every type that has elements goes out and comes back as it was. */
static void test_every_type(void **state) {
  const fixture *f = *state;
  const unsigned char data[4 * 16] = {1, 0, 1, 1, 0, 1};
  const int64_t dims[] = {4};
  for (int i = 1; i <= (int)PJRT_F6E3M2FN; i++) {
    const pjrt_dtype dtype = (pjrt_dtype)i;
    const size_t size = 4 * pjrt_dtype_host_size(dtype);
    struct DLManagedTensorVersioned *tensor;
    unsigned char read[4 * 16];
    pjrt_buffer *buffer, *back;
    if (size == 0) continue;
    expect_ok(
        pjrt_buffer_from_host(f->device, dtype, dims, 1, data, size, &buffer));
    expect_ok(
        pjrt_buffer_to_dlpack(buffer, PJRT_DLPACK_COPY_IF_NEEDED, &tensor));
    expect_ok(pjrt_buffer_from_dlpack(f->device, tensor,
                                      PJRT_DLPACK_COPY_IF_NEEDED, &back));
    assert_int_equal(pjrt_buffer_dtype(back), dtype);
    expect_ok(pjrt_buffer_to_host(back, read, size));
    assert_memory_equal(read, data, size);
    pjrt_buffer_free(buffer);
    pjrt_buffer_free(back);
  }
}

static void test_export_refused(void **state) {
  const fixture *f = *state;
  const unsigned char data[] = {1, 2, 3, 4};
  const int64_t dims[] = {4};
  struct DLManagedTensorVersioned *tensor;
  struct DLManagedTensor *old;
  pjrt_buffer *buffer;
  expect_ok(
      pjrt_buffer_from_host(f->device, PJRT_S4, dims, 1, data, 4, &buffer));
  expect_error(pjrt_buffer_to_dlpack_unversioned(
                   buffer, PJRT_DLPACK_COPY_IF_NEEDED, &old),
               PJRT_UNIMPLEMENTED, "elements of s4 to be packed");
  assert_null(old);
  expect_ok(pjrt_buffer_to_dlpack(buffer, PJRT_DLPACK_COPY_IF_NEEDED, &tensor));
  assert_true(tensor->flags & PJRT_DLPACK_SUBBYTE_PADDED);
  tensor->deleter(tensor);
  expect_error(pjrt_buffer_to_dlpack(buffer, (pjrt_dlpack_copy)-1, &tensor),
               PJRT_INVALID_ARGUMENT, "copy is -1");
  expect_ok(pjrt_buffer_delete(buffer));
  for (int copy = 0; copy < 3; copy++) {
    expect_error(pjrt_buffer_to_dlpack(buffer, (pjrt_dlpack_copy)copy, &tensor),
                 PJRT_FAILED_PRECONDITION, "was deleted");
    assert_null(tensor);
  }
  expect_error(pjrt_buffer_to_dlpack(NULL, PJRT_DLPACK_COPY_NEVER, &tensor),
               PJRT_INVALID_ARGUMENT, "buffer is NULL");
  pjrt_buffer_free(buffer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      sim_test(test_adopted),
      sim_test(test_old_is_adopted),
      sim_test(test_copied),
      sim_test(test_strides_that_mean_nothing),
      sim_test(test_nothing_in_it),
      sim_test(test_array),
      sim_test(test_refused),
      sim_test(test_exported),
      sim_test(test_old_is_exported),
      sim_test(test_exported_copy),
      cmocka_unit_test(test_device_memory_is_copied),
      sim_test(test_every_type),
      sim_test(test_export_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
