/* Programs in, arrays out: what the tests of the interpreter share. */
#ifndef PJRT_TESTS_INTERP_FIXTURE_H_
#define PJRT_TESTS_INTERP_FIXTURE_H_

#include "interp/interp.h"
#include "pjrt/array.h"

/* What cmocka.h wants to have seen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* A program with all that it stands on. */
typedef struct fixture {
  sim_program_opts opts;
  sim_embedder embedder;
  pjrt_mlir_module *module;
  sim_program *program;
  pjrt_array **results; /* device after device */
  size_t num_results;
} fixture;

/* Reads and prepares a program; NUL-ended text. */
pjrt_error *fixture_prepare(fixture *f, const char *text)
    __attribute__((warn_unused_result));

/* Runs it; the arguments are device after device. Those with dynamic dimensions
 * and results of the kind are as large as they are at present. */
pjrt_error *fixture_run(fixture *f, pjrt_array *const *args)
    __attribute__((warn_unused_result));

void fixture_end(fixture *f);

/* The same in one line for tests: a program of one device, the arguments as
 * pjrt_array_parse reads them, separated by ';' ("" for none), and what is
 * expected in the same form. Fails the test when anything is different. */
#define expect_results(text, args, expected) \
  fixture_expect(text, args, expected, __FILE__, __LINE__)
void fixture_expect(const char *text, const char *args, const char *expected,
                    const char *file, int line);

/* One operation: operands and result have the types in `types`, such as
 * "2xf32 2xf32 -> 2xi1", and the values are separated by ';' again, without
 * types. `op` is what stands between "stablehlo." and the operands; what
 * stands behind them may follow a '|', as in "compare LT,|, FLOAT". */
#define expect_op(op, types, args, expected) \
  fixture_expect_op(op, types, args, expected, __FILE__, __LINE__)
void fixture_expect_op(const char *op, const char *types, const char *args,
                       const char *expected, const char *file, int line);

/* Fails the test unless the program is refused, or fails, with this code and a
 * message that contains `part`. */
#define expect_failure(text, args, code, part) \
  fixture_expect_failure(text, args, code, part, __FILE__, __LINE__)
void fixture_expect_failure(const char *text, const char *args, pjrt_code code,
                            const char *part, const char *file, int line);

/* Arrays from a text as above. */
pjrt_array **fixture_arrays(const char *text, size_t *out_num);
void fixture_free_arrays(pjrt_array **arrays, size_t num);

#endif /* PJRT_TESTS_INTERP_FIXTURE_H_ */
