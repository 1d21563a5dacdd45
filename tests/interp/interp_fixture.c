#include "interp_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/text.h"
#include "core/array.h"
#include "interp/copy.h"

pjrt_error *fixture_prepare(fixture *f, const char *text) {
  PJRT_TRY(pjrt_mlir_parse(text, strlen(text), &f->module));
  return sim_program_create(f->module, "main", &f->opts, &f->program);
}

static void free_results(fixture *f) {
  for (size_t i = 0; i < f->num_results; i++) pjrt_array_free(f->results[i]);
  free(f->results);
  f->results = NULL;
  f->num_results = 0;
}

void fixture_end(fixture *f) {
  free_results(f);
  sim_program_free(f->program);
  pjrt_mlir_free(f->module);
}

/* An array of the sizes that are present in a tensor, as a side of a copy. */
static sim_side side_of_array(const pjrt_array *array,
                              const sim_tensor *tensor) {
  sim_type type = tensor->type;
  type.dims = pjrt_array_dims(array, &type.num_dims);
  return sim_side_of(&(sim_tensor){.type = type,
                                   .element_size = tensor->element_size,
                                   .data = pjrt_array_data(array)});
}

static pjrt_error *to_tensor(pjrt_array *array, const sim_type *parameter,
                             sim_tensor **out) {
  sim_type type = {.dtype = pjrt_array_dtype(array),
                   .num_elements = pjrt_array_num_elements(array)};
  type.dims = pjrt_array_dims(array, &type.num_dims);
  if (!parameter->dynamic_dims) {
    PJRT_TRY(sim_tensor_create(NULL, &type, out));
    pjrt_array_copy_dense(array, (*out)->data);
    return NULL;
  }
  PJRT_TRY(sim_tensor_create(NULL, parameter, out));
  assert_int_equal(type.num_dims, parameter->num_dims);
  memcpy((*out)->sizes, type.dims, type.num_dims * sizeof(int64_t));
  memset((*out)->data, 0, parameter->num_elements * (*out)->element_size);
  sim_side from = side_of_array(array, *out);
  sim_side to = sim_side_of(*out);
  sim_copy_box(type.dims, type.num_dims, (*out)->element_size, &from, &to);
  return NULL;
}

static pjrt_error *to_array(const sim_tensor *tensor, pjrt_array **out) {
  const int64_t *dims = tensor->sizes ? tensor->sizes : tensor->type.dims;
  PJRT_TRY(
      pjrt_array_create(tensor->type.dtype, dims, tensor->type.num_dims, out));
  sim_side from = sim_side_of(tensor);
  sim_side to = side_of_array(*out, tensor);
  sim_copy_box(dims, tensor->type.num_dims, tensor->element_size, &from, &to);
  return NULL;
}

static pjrt_error *run_tensors(fixture *f, pjrt_array *const *args,
                               sim_tensor **tensors, size_t num_args) {
  pjrt_error *error = NULL;
  for (size_t i = 0; i < num_args && !error; i++) {
    const size_t parameter = i % sim_program_num_parameters(f->program);
    error = to_tensor(args[i], sim_program_parameter(f->program, parameter),
                      &tensors[i]);
  }
  sim_tensor **out = tensors + num_args;
  if (!error) error = sim_interpret(f->program, tensors, &f->embedder, out);
  for (size_t i = 0; i < f->num_results && !error; i++) {
    error = to_array(out[i], &f->results[i]);
  }
  return error;
}

pjrt_error *fixture_run(fixture *f, pjrt_array *const *args) {
  size_t num_devices = sim_program_num_devices(f->program);
  size_t num_args = num_devices * sim_program_num_parameters(f->program);
  free_results(f);
  f->num_results = num_devices * sim_program_num_results(f->program);
  size_t num = num_args + f->num_results;
  f->results = calloc(num, sizeof *f->results);
  sim_tensor **tensors = calloc(num, sizeof *tensors);
  pjrt_error *error = f->results && tensors
                          ? run_tensors(f, args, tensors, num_args)
                          : pjrt_error_create(PJRT_RESOURCE_EXHAUSTED, "", 0);
  for (size_t i = 0; tensors && i < num; i++) sim_tensor_release(tensors[i]);
  free(tensors);
  return error;
}

/* --- For tests ------------------------------------------------------------ */

static void fail_at(const char *file, int line, pjrt_error *error) {
  print_error("%s:%d: %s\n", file, line, pjrt_error_message(error, NULL));
  pjrt_error_free(error);
  fail();
}

pjrt_array **fixture_arrays(const char *text, size_t *out_num) {
  size_t num = 0;
  pjrt_array **arrays = calloc(strlen(text) + 1, sizeof *arrays);
  assert_non_null(arrays);
  while (*text) {
    size_t size = strcspn(text, ";");
    pjrt_error *error = pjrt_array_parse(text, size, &arrays[num++]);
    if (error) fail_at(__FILE__, __LINE__, error);
    text += size + (text[size] == ';');
  }
  *out_num = num;
  return arrays;
}

void fixture_free_arrays(pjrt_array **arrays, size_t num) {
  for (size_t i = 0; i < num; i++) pjrt_array_free(arrays[i]);
  free(arrays);
}

void fixture_expect(const char *text, const char *args, const char *expected,
                    const char *file, int line) {
  fixture f = {0};
  size_t num_args;
  size_t num_expected;
  pjrt_array **inputs = fixture_arrays(args, &num_args);
  pjrt_array **outputs = fixture_arrays(expected, &num_expected);
  pjrt_error *error = fixture_prepare(&f, text);
  if (!error) {
    assert_int_equal(sim_program_num_parameters(f.program), num_args);
    error = fixture_run(&f, inputs);
  }
  if (error) fail_at(file, line, error);
  assert_int_equal(f.num_results, num_expected);
  for (size_t i = 0; i < num_expected; i++) {
    error = pjrt_array_compare(f.results[i], outputs[i], NULL);
    if (error) fail_at(file, line, error);
  }
  fixture_end(&f);
  fixture_free_arrays(inputs, num_args);
  fixture_free_arrays(outputs, num_expected);
}

/* One list of types and one of values, as "TYPE=VALUES;..."; also appends the
 * types as MLIR writes them. */
static const char *join_values(const char *types, const char *values,
                               pjrt_builder *out, pjrt_builder *mlir) {
  for (bool first = true; *types && *types != '-'; first = false) {
    size_t type = strcspn(types, " ");
    size_t value = strcspn(values, ";");
    pjrt_builder_appendf(out, "%s%.*s=%.*s", first ? "" : ";", (int)type, types,
                         (int)value, values);
    pjrt_builder_appendf(mlir, "%stensor<%.*s>", first ? "" : ", ", (int)type,
                         types);
    types += type + strspn(types + type, " ");
    values += value + (values[value] == ';');
  }
  return types;
}

static char *finish(pjrt_builder *builder) {
  char *text = NULL;
  size_t size;
  pjrt_error *error = pjrt_builder_finish(builder, &text, &size);
  if (error) fail_at(__FILE__, __LINE__, error);
  return text;
}

/* func.func @main(%0: A, %1: B) -> C { %r = stablehlo.op ... } */
static char *write_op(const char *op, const char *arguments,
                      const char *results) {
  pjrt_builder text = {0};
  pjrt_builder operands = {0};
  pjrt_builder_appendf(&text, "func.func @main(");
  size_t num = 0;
  for (const char *type = arguments; *type; num++) {
    size_t size = strcspn(type, ">") + 1;
    while (type[size] == '>') size++;
    pjrt_builder_appendf(&text, "%s%%%zu: %.*s", num ? ", " : "", num,
                         (int)size, type);
    pjrt_builder_appendf(&operands, "%s%%%zu", num ? ", " : "", num);
    type += size + strspn(type + size, ", ");
  }
  char *list = finish(&operands);
  int name = (int)strcspn(op, "|");
  pjrt_builder_appendf(&text,
                       ") -> %s {\n  %%r = stablehlo.%.*s %s%s : ", results,
                       name, op, list, op[name] ? op + name + 1 : "");
  if (num) pjrt_builder_appendf(&text, "(%s) -> ", arguments);
  pjrt_builder_appendf(&text, "%s\n  return %%r : %s\n}\n", results, results);
  free(list);
  return finish(&text);
}

void fixture_expect_op(const char *op, const char *types, const char *args,
                       const char *expected, const char *file, int line) {
  pjrt_builder values[2] = {{0}, {0}};
  pjrt_builder mlir[2] = {{0}, {0}};
  const char *arrow = join_values(types, args, &values[0], &mlir[0]);
  join_values(arrow + strspn(arrow, "-> "), expected, &values[1], &mlir[1]);
  char *texts[4];
  for (size_t i = 0; i < 2; i++) {
    texts[i] = finish(&values[i]);
    texts[2 + i] = finish(&mlir[i]);
  }
  char *program = write_op(op, texts[2], texts[3]);
  fixture_expect(program, texts[0], texts[1], file, line);
  free(program);
  for (size_t i = 0; i < 4; i++) free(texts[i]);
}

void fixture_expect_failure(const char *text, const char *args, pjrt_code code,
                            const char *part, const char *file, int line) {
  fixture f = {.embedder = {.memory_limit = 1 << 20}};
  size_t num_args;
  pjrt_array **inputs = fixture_arrays(args, &num_args);
  pjrt_error *error = fixture_prepare(&f, text);
  if (!error) error = fixture_run(&f, inputs);
  if (pjrt_error_code(error) != code ||
      !strstr(pjrt_error_message(error, NULL), part)) {
    print_error("expected %s and \"%s\"\n", pjrt_code_name(code), part);
    fail_at(file, line, error);
  }
  pjrt_error_free(error);
  fixture_end(&f);
  fixture_free_arrays(inputs, num_args);
}
