/* The reader of StableHLO text when memory is short: a program is read while
 * its nth allocation fails. The linker leads the allocations here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mlir/mlir.h"

static size_t num_allocations;
static size_t failing; /* 0: none fails */

void *__real_malloc(size_t size);
void *__real_calloc(size_t num, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t num, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);

static bool fails(void) { return failing && ++num_allocations == failing; }

void *__wrap_malloc(size_t size) {
  return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t num, size_t size) {
  return fails() ? NULL : __real_calloc(num, size);
}

void *__wrap_realloc(void *memory, size_t size) {
  return fails() ? NULL : __real_realloc(memory, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size) {
  return fails() ? NULL : __real_aligned_alloc(alignment, size);
}

/* Large enough for several chunks and a grown table of names. */
static char *make_program(size_t *out_size) {
  static const char begin[] =
      "#a = [1, \"b\"]\n"
      "func.func @main(%x: tensor<4xf32> {a = #a}) -> tensor<4xf32> {\n"
      "%c = stablehlo.constant dense<1.0> : tensor<4xf32>\n";
  static const char line[] = "%000 = stablehlo.add %x, %c : tensor<4xf32>\n";
  static const char end[] = "return %x : tensor<4xf32> }\n";
  enum { num_lines = 300 };
  size_t size = sizeof begin + num_lines * sizeof line + sizeof end;
  char *text = __real_malloc(size);
  assert_non_null(text);
  char *at = text;
  memcpy(at, begin, sizeof begin - 1);
  at += sizeof begin - 1;
  for (int i = 0; i < num_lines; i++) {
    memcpy(at, line, sizeof line - 1);
    at[1] = (char)('0' + i / 100);
    at[2] = (char)('0' + i / 10 % 10);
    at[3] = (char)('0' + i % 10);
    at += sizeof line - 1;
  }
  memcpy(at, end, sizeof end - 1);
  *out_size = (size_t)(at + sizeof end - 1 - text);
  return text;
}

static void test_every_allocation(void **state) {
  (void)state;
  size_t size;
  char *text = make_program(&size);
  size_t num_failed = 0;
  for (bool reached = true; reached;) {
    pjrt_mlir_module *module;
    num_allocations = 0;
    failing = num_failed + 1;
    pjrt_error *error = pjrt_mlir_parse(text, size, &module);
    reached = num_allocations >= failing;
    failing = 0;
    assert_int_equal(pjrt_error_consume(error),
                     reached ? PJRT_RESOURCE_EXHAUSTED : PJRT_OK);
    assert_int_equal(module == NULL, reached);
    pjrt_mlir_free(module);
    num_failed += reached;
  }
  assert_in_range(num_failed, 10, 1000);
  free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_allocation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
