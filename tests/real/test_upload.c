/* Copying uploads and what comes back: every element type, every shape of
 * memory, every way to read. */
#include <stdio.h>

#include "real/fixture.h"

/* ---- element types ------------------------------------------------------- */

enum { NUM_ELEMENTS = 65536 }; /* every bit pattern of 16 bits */

static const pjrt_dtype newest_dtype = PJRT_F6E3M2FN;

static bool has_elements(pjrt_dtype dtype) {
  return pjrt_dtype_host_size(dtype) > 0;
}

/* Bits of an element's byte that mean something. */
static unsigned char mask_of(pjrt_dtype dtype) {
  unsigned width = pjrt_dtype_bit_width(dtype);
  return (unsigned char)(width < 8 ? (1u << width) - 1 : 0xffu);
}

/* Counts through all bit patterns; wider elements mix their index. */
static unsigned char *patterns(pjrt_dtype dtype) {
  size_t size = pjrt_dtype_host_size(dtype);
  unsigned char *data = malloc(NUM_ELEMENTS * size);
  assert_non_null(data);
  for (uint64_t i = 0; i < NUM_ELEMENTS; i++) {
    uint64_t bits = size > 2 ? (i + 1) * UINT64_C(0x9e3779b97f4a7c15) : i;
    for (size_t at = 0; at < size; at++) {
      data[i * size + at] =
          (unsigned char)(bits >> (8 * (at % 8))) & mask_of(dtype);
    }
  }
  return data;
}

static void assert_same_elements(pjrt_dtype dtype, const void *actual,
                                 const unsigned char *expected) {
  const unsigned char *bytes = actual;
  size_t size = NUM_ELEMENTS * pjrt_dtype_host_size(dtype);
  for (size_t i = 0; i < size; i++) {
    if ((bytes[i] & mask_of(dtype)) == expected[i]) continue;
    fail_msg("%s: byte %zu is %02x, expected %02x", pjrt_dtype_name(dtype), i,
             bytes[i] & mask_of(dtype), expected[i]);
  }
}

static void reads_back(pjrt_buffer *buffer, pjrt_dtype dtype,
                       const unsigned char *expected) {
  pjrt_array *array;
  pjrt_event *done;
  size_t size = NUM_ELEMENTS * pjrt_dtype_host_size(dtype);
  assert_int_equal(pjrt_buffer_host_size(buffer), size);
  void *copy = malloc(size);
  assert_non_null(copy);
  assert_ok(pjrt_buffer_to_host(buffer, copy, size));
  assert_same_elements(dtype, copy, expected);
  memset(copy, 0xcd, size);
  assert_ok(pjrt_buffer_to_host_async(buffer, copy, size, &done));
  assert_ok(pjrt_event_await(done));
  assert_same_elements(dtype, copy, expected);
  assert_ok(pjrt_buffer_to_array(buffer, &array));
  assert_int_equal(pjrt_array_dtype(array), dtype);
  assert_same_elements(dtype, pjrt_array_data(array), expected);
  pjrt_array_free(array);
  pjrt_event_free(done);
  free(copy);
}

static void maps(pjrt_buffer *buffer, pjrt_dtype dtype,
                 const unsigned char *expected) {
  const void *view;
  size_t size;
  bool whole_bytes = dtype == PJRT_PRED || pjrt_dtype_bit_width(dtype) % 8 == 0;
  assert_ok(pjrt_buffer_map(buffer, &view, &size));
  assert_int_equal(size, NUM_ELEMENTS * pjrt_dtype_host_size(dtype));
  assert_same_elements(dtype, view, expected);
  assert_int_equal(pjrt_buffer_is_mapped_in_place(buffer), whole_bytes);
  assert_ok(pjrt_buffer_unmap(buffer));
}

static void every_known_type_comes_back_bit_by_bit(void **state) {
  fixture *f = *state;
  const int64_t dims[] = {256, 256};
  for (int i = 1; i <= (int)newest_dtype; i++) {
    pjrt_dtype dtype = (pjrt_dtype)i;
    if (!has_elements(dtype) || pjrt_dtype_since(dtype) > f->minor) continue;
    unsigned char *data = patterns(dtype);
    pjrt_buffer *buffer = upload(f->device, dtype, dims, 2, data);
    assert_int_equal(pjrt_buffer_dtype(buffer), dtype);
    reads_back(buffer, dtype, data);
    maps(buffer, dtype, data);
    pjrt_buffer_free(buffer);
    free(data);
  }
}

/* Four bits of information in a byte that holds more of them. */
static void bits_above_the_type_do_not_matter(void **state) {
  fixture *f = *state;
  const int64_t dims[] = {4};
  const unsigned char sign_extended[] = {0xf8, 0xff, 0x07, 0x31};
  const unsigned char expected[] = {0x8, 0xf, 0x7, 0x1};
  unsigned char read[4];
  pjrt_buffer *buffer = upload(f->device, PJRT_S4, dims, 1, sign_extended);
  assert_ok(pjrt_buffer_to_host(buffer, read, 4));
  for (int i = 0; i < 4; i++) assert_int_equal(read[i] & 0xf, expected[i]);
  pjrt_buffer_free(buffer);
}

static void types_newer_than_the_plugin_are_refused(void **state) {
  fixture *f = *state;
  const unsigned char data[4] = {0};
  int num_refused = 0;
  for (int i = 1; i <= (int)newest_dtype; i++) {
    pjrt_buffer *buffer;
    pjrt_dtype dtype = (pjrt_dtype)i;
    const int64_t dims[] = {4};
    if (pjrt_dtype_since(dtype) <= f->minor) continue;
    assert_refused(
        pjrt_buffer_from_host(f->device, dtype, dims, 1, data, 4, &buffer),
        PJRT_UNIMPLEMENTED, "newer than the plugin");
    assert_null(buffer);
    num_refused++;
  }
  assert_int_equal(num_refused, f->minor >= 115 ? 0 : f->minor >= 106 ? 2 : 4);
}

static void types_without_elements_are_refused(void **state) {
  fixture *f = *state;
  static const int dtypes[] = {PJRT_DTYPE_INVALID, PJRT_TOKEN, 34, 99, -1,
                               INT32_MAX};
  for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++) {
    pjrt_buffer *buffer;
    const int64_t dims[] = {1};
    const char data[16] = {0};
    assert_refused(pjrt_buffer_from_host(f->device, (pjrt_dtype)dtypes[i], dims,
                                         1, data, 0, &buffer),
                   PJRT_INVALID_ARGUMENT, "no elements");
    assert_null(buffer);
  }
}

/* ---- shapes -------------------------------------------------------------- */

static void check_zero_size(fixture *f, pjrt_dtype dtype, const int64_t *dims,
                            size_t num_dims) {
  pjrt_buffer *buffer;
  pjrt_array *array;
  const void *view;
  size_t size;
  assert_ok(pjrt_buffer_from_host(f->device, dtype, dims, num_dims, NULL, 0,
                                  &buffer));
  assert_memory_equal(pjrt_buffer_dims(buffer, &size), dims, num_dims * 8);
  assert_int_equal(size, num_dims);
  assert_int_equal(pjrt_buffer_host_size(buffer), 0);
  assert_ok(pjrt_buffer_await(buffer));
  assert_ok(pjrt_buffer_to_host(buffer, NULL, 0));
  assert_ok(pjrt_buffer_map(buffer, &view, &size));
  assert_non_null(view);
  assert_int_equal(size, 0);
  assert_ok(pjrt_buffer_unmap(buffer));
  assert_ok(pjrt_buffer_to_array(buffer, &array));
  assert_int_equal(pjrt_array_num_elements(array), 0);
  pjrt_array_free(array);
  pjrt_buffer_free(buffer);
}

static void zero_size_arrays_work(void **state) {
  static const pjrt_dtype dtypes[] = {PJRT_F32, PJRT_PRED, PJRT_S4, PJRT_C128};
  for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++) {
    check_zero_size(*state, dtypes[i], (const int64_t[]){0}, 1);
    check_zero_size(*state, dtypes[i], (const int64_t[]){3, 0, 2}, 3);
    check_zero_size(*state, dtypes[i], (const int64_t[]){0, 1 << 20}, 2);
  }
}

static void any_rank_comes_back(void **state) {
  fixture *f = *state;
  const int64_t dims[] = {1, 2, 1, 2, 1, 1, 2, 1, 1, 2};
  int32_t values[16], read[16];
  for (int i = 0; i < 16; i++) values[i] = i * 1000;
  for (size_t num_dims = 0; num_dims <= 10; num_dims++) {
    pjrt_buffer *buffer = upload(f->device, PJRT_S32, dims, num_dims, values);
    size_t size = pjrt_buffer_host_size(buffer);
    assert_ok(pjrt_buffer_to_host(buffer, read, size));
    assert_memory_equal(read, values, size);
    pjrt_buffer_free(buffer);
  }
}

static void arrays_upload_whatever_their_strides(void **state) {
  fixture *f = *state;
  const int64_t dims[] = {2, 2}, strides[] = {4, 8};
  float values[] = {1, 3, 2, 4}, read[4];
  const float expected[] = {1, 2, 3, 4};
  pjrt_array *array;
  pjrt_buffer *buffer;
  assert_ok(
      pjrt_array_wrap(PJRT_F32, dims, 2, strides, values, NULL, NULL, &array));
  assert_ok(pjrt_buffer_from_array(f->device, array, &buffer));
  assert_ok(pjrt_buffer_to_host(buffer, read, sizeof read));
  assert_memory_equal(read, expected, sizeof read);
  pjrt_buffer_free(buffer);
  pjrt_array_free(array);
  assert_refused(pjrt_buffer_from_array(f->device, NULL, &buffer),
                 PJRT_INVALID_ARGUMENT, "array is NULL");
}

/* ---- strides ------------------------------------------------------------- */

typedef struct strided {
  size_t num_dims;
  int64_t dims[3];
  int64_t strides[3]; /* in elements */
  int64_t first;      /* the first element's index in the memory */
} strided;

static const strided layouts[] = {
    {2, {2, 3}, {3, 1}, 0},          /* dense */
    {2, {2, 3}, {1, 2}, 0},          /* column-major */
    {2, {2, 3}, {-3, 1}, 3},         /* rows reversed */
    {2, {2, 3}, {-3, -1}, 5},        /* all reversed */
    {2, {2, 3}, {0, 1}, 2},          /* one row, twice */
    {2, {2, 3}, {0, 0}, 7},          /* one element, six times */
    {2, {2, 3}, {7, 2}, 1},          /* gaps */
    {3, {2, 3, 4}, {1, 2, 6}, 0},    /* three dimensions, reversed order */
    {3, {2, 3, 4}, {4, -8, 1}, 16},  /* permuted, one reversed */
    {1, {5}, {-2}, 9},               /* a vector with gaps, reversed */
    {3, {2, 1, 4}, {4, 1000, 1}, 0}, /* a stride that is never taken */
    {2, {0, 3}, {5, -9}, 0},         /* nothing */
};

enum { MEMORY_ELEMENTS = 64 };

/* What a strided upload must give, element by element. */
static void gather(const strided *layout, size_t element_size,
                   const unsigned char *memory, unsigned char *out) {
  size_t num = 1;
  for (size_t d = 0; d < layout->num_dims; d++) num *= (size_t)layout->dims[d];
  for (size_t i = 0; i < num; i++) {
    size_t rest = i;
    int64_t at = layout->first;
    for (size_t d = layout->num_dims; d-- > 0;) {
      at += (int64_t)(rest % (size_t)layout->dims[d]) * layout->strides[d];
      rest /= (size_t)layout->dims[d];
    }
    memcpy(out + i * element_size, memory + (size_t)at * element_size,
           element_size);
  }
}

static void check_strided(fixture *f, const strided *layout, pjrt_dtype dtype,
                          pjrt_host_semantics semantics) {
  unsigned char memory[MEMORY_ELEMENTS * 16], expected[24 * 16], read[24 * 16];
  int64_t byte_strides[3];
  pjrt_upload_opts opts;
  pjrt_buffer *buffer;
  pjrt_event *done;
  size_t element = pjrt_dtype_host_size(dtype), size = element;
  for (size_t i = 0; i < sizeof memory; i++) {
    memory[i] = (unsigned char)(i * 7 + i / 256) & mask_of(dtype);
  }
  pjrt_upload_opts_init(&opts);
  opts.semantics = semantics;
  opts.byte_strides = byte_strides;
  opts.num_byte_strides = layout->num_dims;
  for (size_t d = 0; d < layout->num_dims; d++) {
    byte_strides[d] = layout->strides[d] * (int64_t)element;
    size *= (size_t)layout->dims[d];
  }
  assert_ok(pjrt_buffer_from_host_async(
      f->device, dtype, layout->dims, layout->num_dims,
      memory + (size_t)layout->first * element, size, &opts, &buffer, &done));
  assert_ok(pjrt_event_await(done));
  gather(layout, element, memory, expected);
  memset(memory, 0, sizeof memory);
  assert_ok(pjrt_buffer_to_host(buffer, read, size));
  for (size_t i = 0; i < size; i++) read[i] &= mask_of(dtype);
  assert_memory_equal(read, expected, size);
  pjrt_event_free(done);
  pjrt_buffer_free(buffer);
}

static void strided_memory_is_gathered(void **state) {
  static const pjrt_dtype dtypes[] = {PJRT_F32, PJRT_U8, PJRT_BF16, PJRT_C128,
                                      PJRT_S4};
  for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
    for (size_t t = 0; t < sizeof dtypes / sizeof *dtypes; t++) {
      check_strided(*state, &layouts[i], dtypes[t], PJRT_HOST_ONLY_DURING_CALL);
      check_strided(*state, &layouts[i], dtypes[t],
                    PJRT_HOST_UNTIL_TRANSFER_COMPLETES);
    }
  }
}

/* ---- big uploads --------------------------------------------------------- */

static void check_big(fixture *f, pjrt_host_semantics semantics) {
  enum { NUM = 4 << 20 };
  const int64_t dims[] = {NUM};
  pjrt_upload_opts opts;
  pjrt_buffer *buffer;
  pjrt_event *done;
  const void *view;
  uint32_t *data = malloc(NUM * sizeof *data);
  assert_non_null(data);
  for (uint32_t i = 0; i < NUM; i++) data[i] = i * 2654435761u;
  pjrt_upload_opts_init(&opts);
  opts.semantics = semantics;
  assert_ok(pjrt_buffer_from_host_async(f->device, PJRT_U32, dims, 1, data,
                                        NUM * 4, &opts, &buffer, &done));
  /* With the shorter promise the memory is ours again at once. */
  if (semantics == PJRT_HOST_UNTIL_TRANSFER_COMPLETES) {
    assert_ok(pjrt_event_await(done));
  }
  memset(data, 0, NUM * sizeof *data);
  assert_ok(pjrt_buffer_map(buffer, &view, NULL));
  for (uint32_t i = 0; i < NUM; i++) {
    if (((const uint32_t *)view)[i] != i * 2654435761u) fail();
  }
  assert_ok(pjrt_buffer_unmap(buffer));
  pjrt_event_free(done);
  pjrt_buffer_free(buffer);
  free(data);
}

static void big_uploads_keep_their_promises(void **state) {
  check_big(*state, PJRT_HOST_ONLY_DURING_CALL);
  check_big(*state, PJRT_HOST_UNTIL_TRANSFER_COMPLETES);
}

/* ---- memories and devices ------------------------------------------------ */

static void check_in_memory(fixture *f, pjrt_executable *add,
                            pjrt_memory *memory) {
  const float data[] = {1, 2, 3, 4};
  const int64_t dims[] = {4};
  pjrt_upload_opts opts;
  pjrt_buffer *buffer;
  pjrt_memory *actual;
  pjrt_upload_opts_init(&opts);
  opts.memory = memory;
  assert_ok(pjrt_buffer_from_host_async(f->device, PJRT_F32, dims, 1, data, 16,
                                        &opts, &buffer, NULL));
  assert_ok(pjrt_buffer_memory(buffer, &actual));
  assert_ptr_equal(actual, memory);
  assert_ptr_equal(pjrt_buffer_device(buffer), f->device);
  pjrt_buffer *sum = execute2(add, buffer, buffer);
  assert_f32(sum, 4, 2, 4, 6, 8);
  pjrt_buffer_free(sum);
  pjrt_buffer_free(buffer);
}

static void each_memory_of_the_device_can_be_chosen(void **state) {
  fixture *f = *state;
  pjrt_executable *add = compile(f, add_program);
  for (size_t i = 0; i < pjrt_device_num_memories(f->device); i++) {
    check_in_memory(f, add, pjrt_device_memory(f->device, i));
  }
  pjrt_executable_free(add);
}

static void memory_of_another_device_is_refused(void **state) {
  fixture *f = *state;
  const float data[] = {1};
  pjrt_buffer *buffer;
  pjrt_upload_opts opts;
  pjrt_upload_opts_init(&opts);
  opts.memory = pjrt_device_default_memory(pjrt_client_device(f->client, 1));
  assert_refused(pjrt_buffer_from_host_async(f->device, PJRT_F32, NULL, 0, data,
                                             4, &opts, &buffer, NULL),
                 PJRT_INVALID_ARGUMENT, "none of device 0's");
  assert_null(buffer);
}

static void each_device_takes_uploads(void **state) {
  fixture *f = *state;
  for (size_t i = 0; i < pjrt_client_num_devices(f->client); i++) {
    pjrt_device *device = pjrt_client_device(f->client, i);
    pjrt_buffer *buffer = upload_f32(device, 2, (double)i, -1.0);
    assert_ptr_equal(pjrt_buffer_device(buffer), device);
    assert_ptr_equal(pjrt_buffer_client(buffer), f->client);
    assert_f32(buffer, 2, (float)i, -1);
    pjrt_buffer_free(buffer);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_known_type_comes_back_bit_by_bit),
      cmocka_unit_test(bits_above_the_type_do_not_matter),
      cmocka_unit_test(types_newer_than_the_plugin_are_refused),
      cmocka_unit_test(types_without_elements_are_refused),
      cmocka_unit_test(zero_size_arrays_work),
      cmocka_unit_test(any_rank_comes_back),
      cmocka_unit_test(arrays_upload_whatever_their_strides),
      cmocka_unit_test(strided_memory_is_gathered),
      cmocka_unit_test(big_uploads_keep_their_promises),
      cmocka_unit_test(each_memory_of_the_device_can_be_chosen),
      cmocka_unit_test(memory_of_another_device_is_refused),
      cmocka_unit_test(each_device_takes_uploads),
  };
  return RUN_REAL_TESTS(tests);
}
