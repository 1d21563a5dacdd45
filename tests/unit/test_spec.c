/* Specs: equal contents have equal addresses. */
#include "core/spec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "expect.h"

/* Devices are addresses only. */
static char places[3];
static struct pjrt_device *device(size_t i) {
  return (struct pjrt_device *)(void *)&places[i];
}

static int set_up(void **state) {
  static pjrt_spec_table table;
  pjrt_spec_table_init(&table);
  *state = &table;
  return 0;
}

static int tear_down(void **state) {
  pjrt_spec_table_destroy(*state);
  return 0;
}

static const pjrt_spec *intern(pjrt_spec_table *table, pjrt_dtype dtype,
                               const int64_t *dims, size_t num_dims,
                               pjrt_spec_order order, const int64_t *given,
                               struct pjrt_device *where) {
  const pjrt_spec *spec;
  expect_ok(pjrt_spec_intern(table, dtype, dims, num_dims, order, given, where,
                             &spec));
  return spec;
}

static const int64_t two_by_three[] = {2, 3}, three_by_two[] = {3, 2};
static const int64_t by_rows[] = {1, 0}, by_columns[] = {0, 1};

static const pjrt_spec *matrix(pjrt_spec_table *table, pjrt_spec_order order,
                               const int64_t *given, size_t place) {
  return intern(table, PJRT_F32, two_by_three, 2, order, given, device(place));
}

static void test_equal_contents(void **state) {
  const pjrt_spec *spec = matrix(*state, PJRT_ORDER_ROW_MAJOR, NULL, 0);
  int64_t copy[] = {2, 3};
  assert_ptr_equal(
      intern(*state, PJRT_F32, copy, 2, PJRT_ORDER_ROW_MAJOR, NULL, device(0)),
      spec);
  /* A given order that is row-major is that. */
  assert_ptr_equal(matrix(*state, PJRT_ORDER_GIVEN, by_rows, 0), spec);
  assert_int_equal(spec->host_size, 24);
  assert_int_equal(spec->row_major[0], 1);
  assert_null(spec->minor_to_major);
  const pjrt_spec *columns = matrix(*state, PJRT_ORDER_GIVEN, by_columns, 0);
  assert_ptr_equal(matrix(*state, PJRT_ORDER_GIVEN, by_columns, 0), columns);
  assert_memory_equal(columns->minor_to_major, by_columns, sizeof by_columns);
}

static void test_unequal_contents(void **state) {
  const pjrt_spec *specs[] = {
      matrix(*state, PJRT_ORDER_ROW_MAJOR, NULL, 0),
      matrix(*state, PJRT_ORDER_ROW_MAJOR, NULL, 1),
      matrix(*state, PJRT_ORDER_UNKNOWN, NULL, 0),
      matrix(*state, PJRT_ORDER_GIVEN, by_columns, 0),
      intern(*state, PJRT_F32, three_by_two, 2, PJRT_ORDER_ROW_MAJOR, NULL,
             device(0)),
      intern(*state, PJRT_S32, two_by_three, 2, PJRT_ORDER_ROW_MAJOR, NULL,
             device(0)),
      intern(*state, PJRT_F32, two_by_three, 1, PJRT_ORDER_ROW_MAJOR, NULL,
             device(0)),
      intern(*state, PJRT_F32, NULL, 0, PJRT_ORDER_ROW_MAJOR, NULL, device(0)),
      intern(*state, PJRT_F32, NULL, 0, PJRT_ORDER_ROW_MAJOR, NULL, NULL),
  };
  for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) {
    for (size_t k = 0; k < i; k++) assert_ptr_not_equal(specs[i], specs[k]);
  }
}

static void test_refused(void **state) {
  const pjrt_spec *spec = *state;
  const int64_t negative[] = {2, -3}, huge[] = {INT64_MAX, 8};
  expect_error(pjrt_spec_intern(*state, PJRT_F32, negative, 2,
                                PJRT_ORDER_UNKNOWN, NULL, NULL, &spec),
               PJRT_INVALID_ARGUMENT, "-3");
  assert_null(spec);
  expect_error(pjrt_spec_intern(*state, PJRT_F32, huge, 2, PJRT_ORDER_UNKNOWN,
                                NULL, NULL, &spec),
               PJRT_INVALID_ARGUMENT, "memory");
}

static void test_valid_orders(void **state) {
  const int64_t twice[] = {1, 1}, outside[] = {0, 2}, negative[] = {0, -1};
  int64_t many[65];
  (void)state;
  for (int i = 0; i < 65; i++) many[i] = i;
  assert_true(pjrt_order_is_valid(NULL, 0));
  assert_true(pjrt_order_is_valid(by_columns, 2));
  assert_true(pjrt_order_is_valid(many, 64));
  assert_false(pjrt_order_is_valid(many, 65));
  assert_false(pjrt_order_is_valid(twice, 2));
  assert_false(pjrt_order_is_valid(outside, 2));
  assert_false(pjrt_order_is_valid(negative, 2));
}

/* ---- comparing ----------------------------------------------------------- */

static void test_fits(void **state) {
  const pjrt_spec *rows = matrix(*state, PJRT_ORDER_ROW_MAJOR, NULL, 0);
  const pjrt_spec *columns = matrix(*state, PJRT_ORDER_GIVEN, by_columns, 0);
  const pjrt_spec *unknown = matrix(*state, PJRT_ORDER_UNKNOWN, NULL, 0);
  const pjrt_spec *elsewhere = matrix(*state, PJRT_ORDER_ROW_MAJOR, NULL, 1);
  const pjrt_spec *anywhere = intern(*state, PJRT_F32, two_by_three, 2,
                                     PJRT_ORDER_ROW_MAJOR, NULL, NULL);
  const pjrt_spec *integers = intern(*state, PJRT_S32, two_by_three, 2,
                                     PJRT_ORDER_ROW_MAJOR, NULL, device(0));
  assert_true(pjrt_spec_fits(rows, rows));
  assert_true(pjrt_spec_fits(unknown, rows));
  assert_true(pjrt_spec_fits(columns, unknown));
  assert_true(pjrt_spec_fits(rows, anywhere));
  assert_true(pjrt_spec_fits(elsewhere, anywhere));
  assert_false(pjrt_spec_fits(columns, rows));
  assert_false(pjrt_spec_fits(elsewhere, rows));
  assert_false(pjrt_spec_fits(integers, rows));
  assert_true(pjrt_spec_same_shape(elsewhere, rows));
  assert_false(pjrt_spec_same_shape(columns, rows));
}

static void expect_text(const pjrt_spec *spec, const char *expected) {
  char text[PJRT_SPEC_TEXT_SIZE];
  pjrt_spec_print(spec, text);
  assert_string_equal(text, expected);
}

static void test_print(void **state) {
  char text[PJRT_SPEC_TEXT_SIZE];
  int64_t many[60];
  expect_text(matrix(*state, PJRT_ORDER_GIVEN, by_columns, 0), "f32[2,3]{0,1}");
  expect_text(matrix(*state, PJRT_ORDER_UNKNOWN, NULL, 0), "f32[2,3]");
  expect_text(
      intern(*state, PJRT_BF16, NULL, 0, PJRT_ORDER_ROW_MAJOR, NULL, NULL),
      "bf16[]");
  for (size_t i = 0; i < 60; i++) many[i] = i ? 1 : 123456789;
  pjrt_spec_print(
      intern(*state, PJRT_PRED, many, 60, PJRT_ORDER_ROW_MAJOR, NULL, NULL),
      text);
  assert_non_null(strstr(text, "[123456789,1,1"));
  assert_true(strlen(text) < PJRT_SPEC_TEXT_SIZE);
  for (size_t i = 0; i < 60; i++) many[i] = i < 2 ? 1000000 : 1;
  pjrt_spec_print(
      intern(*state, PJRT_PRED, many, 60, PJRT_ORDER_UNKNOWN, NULL, NULL),
      text);
  assert_true(strlen(text) < PJRT_SPEC_TEXT_SIZE);
}

/* ---- growth -------------------------------------------------------------- */

enum { NUM_SPECS = 100000, NUM_THREADS = 4 };

typedef struct reader {
  pjrt_spec_table *table;
  const pjrt_spec **found; /* NUM_SPECS */
  int64_t stride;          /* every thread has an order of its own */
} reader;

static void *intern_all(void *user) {
  const reader *r = user;
  for (int64_t n = 0; n < NUM_SPECS; n++) {
    const int64_t dim = n * r->stride % NUM_SPECS;
    if (pjrt_error_consume(pjrt_spec_intern(r->table, PJRT_U8, &dim, 1,
                                            PJRT_ORDER_ROW_MAJOR, NULL, NULL,
                                            &r->found[dim]))) {
      return user;
    }
  }
  return NULL;
}

/* Threads that add and find the same ones agree on every one of them. */
static void test_growth(void **state) {
  static const int64_t strides[NUM_THREADS] = {1, 3, 7, 99999};
  pthread_t threads[NUM_THREADS];
  reader readers[NUM_THREADS];
  void *failure;
  for (size_t i = 0; i < NUM_THREADS; i++) {
    readers[i] =
        (reader){*state, test_calloc(NUM_SPECS, sizeof(void *)), strides[i]};
    pthread_create(&threads[i], NULL, intern_all, &readers[i]);
  }
  for (size_t i = 0; i < NUM_THREADS; i++) {
    pthread_join(threads[i], &failure);
    assert_null(failure);
  }
  for (size_t n = 0; n < NUM_SPECS; n++) {
    assert_int_equal(readers[0].found[n]->dims[0], n);
    for (size_t i = 1; i < NUM_THREADS; i++) {
      assert_ptr_equal(readers[i].found[n], readers[0].found[n]);
    }
  }
  for (size_t i = 0; i < NUM_THREADS; i++) test_free(readers[i].found);
  assert_int_equal(((pjrt_spec_table *)*state)->num_specs, NUM_SPECS);
}

#define SPEC_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      SPEC_TEST(test_equal_contents), SPEC_TEST(test_unequal_contents),
      SPEC_TEST(test_refused),        SPEC_TEST(test_valid_orders),
      SPEC_TEST(test_fits),           SPEC_TEST(test_print),
      SPEC_TEST(test_growth),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
