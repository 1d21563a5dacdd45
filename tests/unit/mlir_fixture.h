/* Reading StableHLO text in tests, and comparing what came of it. */
#ifndef PJRT_TESTS_UNIT_MLIR_FIXTURE_H_
#define PJRT_TESTS_UNIT_MLIR_FIXTURE_H_

#include "mlir/mlir.h"

/* Reads a NUL-ended text from memory that ends with it, so that a sanitizer
 * sees a read behind the end. */
pjrt_error *mlir_parse(const char *text, pjrt_mlir_module **out);

/* Fails with the error's message. */
pjrt_mlir_module *mlir_parse_ok(const char *text);

/* The text must be refused with this code, and a message with this part. */
void mlir_parse_error(const char *text, pjrt_code code, const char *part);

/* "func.func @main(ARGUMENTS) { BODY return }" with format's result as BODY. */
pjrt_mlir_module *mlir_parse_body(const char *arguments, const char *body);

/* Whether two modules are equal but for places and names of values. Fails and
 * says where they differ. */
void mlir_expect_same(const pjrt_mlir_module *a, const pjrt_mlir_module *b);

/* The `index`th operation of @main. */
const pjrt_mlir_op *mlir_main_op(const pjrt_mlir_module *module, size_t index);

#endif /* PJRT_TESTS_UNIT_MLIR_FIXTURE_H_ */
