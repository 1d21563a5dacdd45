/* HLO text of small modules, made field by field. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "expect.h"
#include "pjrt/array.h"
#include "pjrt/hlo.h"
#include "wire_writer.h"

/* XLA's numbers for element types. */
enum { PRED = 1, S32 = 4, F32 = 11, TUPLE = 13 };

/* Field numbers. */
enum { MODULE_NAME = 1, MODULE_COMPUTATIONS = 3, MODULE_SHAPE = 4 };
enum { MODULE_ENTRY_ID = 6, MODULE_SCHEDULE = 7, MODULE_ALIAS = 8 };
enum { MODULE_DONOR = 18 };
enum { COMPUTATION_NAME = 1, COMPUTATION_INSTRUCTIONS = 2 };
enum { COMPUTATION_ID = 5, COMPUTATION_ROOT_ID = 6 };
enum { NAME = 1, OPCODE = 2, SHAPE = 3, METADATA = 7, LITERAL = 8 };
enum { PARAMETER_NUMBER = 9, KIND = 11, ID = 35, OPERANDS = 36 };
enum { CALLED = 38, SHARDING = 40, BACKEND_CONFIG = 43 };
enum { SHAPE_TYPE = 2, SHAPE_DIMS = 3, SHAPE_TUPLE = 4, SHAPE_LAYOUT = 5 };

/* ---- building ------------------------------------------------------------ */

static void put_text(wire_writer *to, unsigned field, const char *text) {
  wire_field(to, field, text, strlen(text));
}

static wire_writer shape_of(uint64_t type, size_t rank, const int64_t *dims) {
  int64_t order[4] = {0};
  wire_writer shape = {.size = 0};
  wire_writer layout = {.size = 0};
  for (size_t i = 0; i < rank; i++) order[i] = (int64_t)(rank - 1 - i);
  wire_packed(&layout, 1, order, rank);
  wire_number(&shape, SHAPE_TYPE, type);
  if (rank) wire_packed(&shape, SHAPE_DIMS, dims, rank);
  wire_message(&shape, SHAPE_LAYOUT, &layout);
  return shape;
}

static wire_writer scalar(uint64_t type) { return shape_of(type, 0, NULL); }

/* An instruction of shape f32[]. */
static wire_writer instruction(uint64_t id, const char *name,
                               const char *opcode) {
  wire_writer made = {.size = 0};
  const wire_writer shape = scalar(F32);
  put_text(&made, NAME, name);
  put_text(&made, OPCODE, opcode);
  wire_message(&made, SHAPE, &shape);
  wire_number(&made, ID, id);
  return made;
}

static wire_writer parameter(uint64_t id, const char *name, uint64_t number) {
  wire_writer made = instruction(id, name, "parameter");
  wire_number(&made, PARAMETER_NUMBER, number);
  return made;
}

static wire_writer binary(uint64_t id, const char *name, const char *opcode,
                          int64_t a, int64_t b) {
  wire_writer made = instruction(id, name, opcode);
  wire_packed(&made, OPERANDS, (const int64_t[]){a, b}, 2);
  return made;
}

static wire_writer computation(uint64_t id, const char *name, uint64_t root,
                               const wire_writer *instructions, size_t num) {
  wire_writer made = {.size = 0};
  put_text(&made, COMPUTATION_NAME, name);
  for (size_t i = 0; i < num; i++) {
    wire_message(&made, COMPUTATION_INSTRUCTIONS, &instructions[i]);
  }
  wire_number(&made, COMPUTATION_ID, id);
  wire_number(&made, COMPUTATION_ROOT_ID, root);
  return made;
}

/* A module of one computation, whose id is 1 and whose result is f32[]. */
static wire_writer module_of(const wire_writer *entry) {
  wire_writer made = {.size = 0};
  wire_writer program = {.size = 0};
  const wire_writer result = scalar(F32);
  wire_message(&program, 2, &result);
  put_text(&made, MODULE_NAME, "m");
  wire_number(&made, MODULE_ENTRY_ID, 1);
  wire_message(&made, MODULE_COMPUTATIONS, entry);
  wire_message(&made, MODULE_SHAPE, &program);
  return made;
}

/* The same around one instruction, the root. */
static wire_writer module_around(const wire_writer *root) {
  const wire_writer entry = computation(1, "e", 1, root, 1);
  return module_of(&entry);
}

/* ---- checking ------------------------------------------------------------ */

static pjrt_error *print(const wire_writer *module, const pjrt_hlo_opts *opts,
                         char **out) {
  size_t size;
  pjrt_program *program;
  expect_ok(pjrt_program_create(module->data, module->size, PJRT_FORMAT_HLO,
                                &program));
  pjrt_error *error = pjrt_hlo_print(program, opts, out, &size);
  if (!error) assert_int_equal(size, strlen(*out));
  if (error) assert_null(*out);
  pjrt_program_free(program);
  return error;
}

static void expect_text_with(const wire_writer *module,
                             const pjrt_hlo_opts *opts, const char *expected) {
  char *text;
  expect_ok(print(module, opts, &text));
  assert_string_equal(text, expected);
  pjrt_host_free(text);
}

static void expect_text(const wire_writer *module, const char *expected) {
  expect_text_with(module, NULL, expected);
}

/* What stands between the head and the end of a module of one instruction. */
static void expect_line(const wire_writer *root, const char *line) {
  char expected[2048];
  snprintf(expected, sizeof expected,
           "HloModule m, entry_computation_layout={()->f32[]}\n\n"
           "ENTRY %%e () -> f32[] {\n  ROOT %s\n}\n\n",
           line);
  const wire_writer module = module_around(root);
  expect_text(&module, expected);
}

static void expect_refused(const wire_writer *module, pjrt_code code,
                           const char *part) {
  char *text;
  expect_error(print(module, NULL, &text), code, part);
}

/* ---- texts --------------------------------------------------------------- */

static void test_computations_and_schedule(void **state) {
  (void)state;
  const wire_writer inner[] = {parameter(7, "a", 1), parameter(8, "b", 0),
                               binary(9, "c", "add", 7, 8)};
  wire_writer call = binary(3, "f", "fusion", 1, 1);
  put_text(&call, KIND, "kLoop");
  wire_packed(&call, CALLED, (const int64_t[]){5}, 1);
  const wire_writer outer[] = {parameter(1, "x", 0),
                               binary(2, "unused", "negate", 1, 1), call};
  const wire_writer entry = computation(1, "main", 3, outer, 3);
  const wire_writer called = computation(5, "fused", 9, inner, 3);

  wire_writer module = {.size = 0};
  wire_message(&module, MODULE_COMPUTATIONS, &called);
  const wire_writer rest = module_of(&entry);
  wire_bytes(&module, rest.data, rest.size);
  wire_writer ids = {.size = 0}, sequence = {.size = 0}, schedule = {.size = 0};
  wire_packed(&ids, 1, (const int64_t[]){1, 3, 2}, 3);
  wire_number(&sequence, 1, 1);
  wire_message(&sequence, 2, &ids);
  wire_message(&schedule, 1, &sequence);
  wire_message(&module, MODULE_SCHEDULE, &schedule);
  expect_text(&module,
              "HloModule m, is_scheduled=true, "
              "entry_computation_layout={()->f32[]}\n\n"
              "%fused (b: f32[], a: f32[]) -> f32[] {\n"
              "  %a = f32[] parameter(1)\n"
              "  %b = f32[] parameter(0)\n"
              "  ROOT %c = f32[] add(%a, %b)\n"
              "}\n\n"
              "ENTRY %main (x: f32[]) -> f32[] {\n"
              "  %x = f32[] parameter(0)\n"
              "  ROOT %f = f32[] fusion(%x, %x), kind=kLoop, calls=%fused\n"
              "  %unused = f32[] negate(%x, %x)\n"
              "}\n\n");
}

static wire_writer literal_of(const wire_writer *shape, unsigned field,
                              const void *data, size_t size) {
  wire_writer literal = {.size = 0};
  wire_message(&literal, 1, shape);
  wire_field(&literal, field, data, size);
  return literal;
}

static void test_constants(void **state) {
  (void)state;
  const float numbers[] = {0.1f, -1e30f, 16777216.0f, 1.0f / 3};
  const wire_writer square = shape_of(F32, 2, (const int64_t[]){2, 2});
  const wire_writer literal = literal_of(&square, 8, numbers, sizeof numbers);
  wire_writer constant = instruction(1, "c", "constant");
  wire_message(&constant, LITERAL, &literal);
  expect_line(&constant,
              "%c = f32[] constant({ { 0.1, -1e+30 }, "
              "{ 16777216, 0.333333343 } })");

  const wire_writer yes = scalar(PRED);
  const wire_writer flag = literal_of(&yes, 2, "\1", 1);
  constant = instruction(1, "c", "constant");
  wire_message(&constant, LITERAL, &flag);
  expect_line(&constant, "%c = f32[] constant(true)");
}

static void test_large_constants(void **state) {
  (void)state;
  const wire_writer shape = shape_of(S32, 1, (const int64_t[]){11});
  const wire_writer literal =
      literal_of(&shape, 4, "\0\1\2\3\4\5\6\7\10\11\12", 11);
  wire_writer constant = instruction(1, "c", "constant");
  wire_message(&constant, LITERAL, &literal);
  expect_line(&constant, "%c = f32[] constant({...})");

  pjrt_hlo_opts opts;
  pjrt_hlo_opts_init(&opts);
  opts.print_large_constants = true;
  const wire_writer module = module_around(&constant);
  expect_text_with(&module, &opts,
                   "HloModule m, entry_computation_layout={()->f32[]}\n\n"
                   "ENTRY %e () -> f32[] {\n"
                   "  ROOT %c = f32[] constant({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, "
                   "10})\n}\n\n");
}

static void test_options_leave_out(void **state) {
  (void)state;
  wire_writer metadata = {.size = 0};
  put_text(&metadata, 2, "a\"b");
  put_text(&metadata, 3, "f.py");
  wire_number(&metadata, 4, 7);
  wire_writer root = instruction(1, "x", "replica-id");
  wire_message(&root, METADATA, &metadata);
  put_text(&root, BACKEND_CONFIG, "{\"a\":[1]}");
  expect_line(&root,
              "%x = f32[] replica-id(), metadata={op_name=\"a\\\"b\" "
              "source_file=\"f.py\" source_line=7}, "
              "backend_config={\"a\":[1]}");

  pjrt_hlo_opts opts;
  pjrt_hlo_opts_init(&opts);
  opts.print_metadata = false;
  opts.print_backend_config = false;
  const wire_writer module = module_around(&root);
  expect_text_with(&module, &opts,
                   "HloModule m, entry_computation_layout={()->f32[]}\n\n"
                   "ENTRY %e () -> f32[] {\n"
                   "  ROOT %x = f32[] replica-id()\n}\n\n");
}

static void test_operand_shapes(void **state) {
  (void)state;
  const wire_writer body[] = {parameter(0, "p", 0),
                              binary(1, "s", "add", 0, 0)};
  const wire_writer entry = computation(1, "e", 1, body, 2);
  const wire_writer module = module_of(&entry);
  pjrt_hlo_opts opts;
  pjrt_hlo_opts_init(&opts);
  opts.print_operand_shapes = true;
  expect_text_with(&module, &opts,
                   "HloModule m, entry_computation_layout={()->f32[]}\n\n"
                   "ENTRY %e (p: f32[]) -> f32[] {\n"
                   "  %p = f32[] parameter(0)\n"
                   "  ROOT %s = f32[] add(f32[] %p, f32[] %p)\n}\n\n");
}

static void test_shardings(void **state) {
  (void)state;
  wire_writer sharding = {.size = 0};
  wire_number(&sharding, 1, 3);
  wire_packed(&sharding, 3, (const int64_t[]){2, 1, 2}, 3);
  wire_number(&sharding, 6, 1);
  wire_packed(&sharding, 9, (const int64_t[]){2, 2}, 2);
  wire_packed(&sharding, 10, (const int64_t[]){1, 0}, 2);
  wire_writer root = instruction(1, "x", "replica-id");
  wire_message(&root, SHARDING, &sharding);
  expect_line(&root,
              "%x = f32[] replica-id(), sharding={devices=[2,1,2]<=[2,2]T(1,0)"
              " last_tile_dim_replicate}");
}

static void test_donation(void **state) {
  (void)state;
  wire_writer alias = {.size = 0}, aliases = {.size = 0};
  wire_packed(&alias, 1, (const int64_t[]){0}, 1);
  wire_number(&alias, 2, 1);
  wire_number(&alias, 4, 2);
  wire_message(&aliases, 1, &alias);
  wire_writer donor = {.size = 0}, donors = {.size = 0};
  wire_number(&donor, 1, 3);
  wire_message(&donors, 1, &donor);
  const wire_writer root = instruction(1, "x", "replica-id");
  wire_writer module = module_around(&root);
  wire_message(&module, MODULE_ALIAS, &aliases);
  wire_message(&module, MODULE_DONOR, &donors);
  expect_text(&module,
              "HloModule m, input_output_alias={ {0}: (1, {}, must-alias) }, "
              "buffer_donor={ (3, {}) }, "
              "entry_computation_layout={()->f32[]}\n\n"
              "ENTRY %e () -> f32[] {\n  ROOT %x = f32[] replica-id()\n}\n\n");
}

/* What is newer than the library is named at the end. */
static void test_newer_things_are_named(void **state) {
  (void)state;
  wire_writer root = instruction(1, "x", "teleport");
  wire_number(&root, 4000, 1);
  wire_number(&root, 4000, 2);
  const wire_writer module = module_around(&root);
  expect_text(&module,
              "HloModule m, entry_computation_layout={()->f32[]}\n\n"
              "ENTRY %e () -> f32[] {\n  ROOT %x = f32[] teleport()\n}\n\n"
              "// Not shown: field 4000 of HloInstructionProto, as in \"x\"\n"
              "// Not shown: attributes of the opcode \"teleport\"\n");
}

static void test_unknown_element_type(void **state) {
  (void)state;
  wire_writer root = {.size = 0};
  const wire_writer shape = scalar(99);
  put_text(&root, NAME, "x");
  put_text(&root, OPCODE, "replica-id");
  wire_message(&root, SHAPE, &shape);
  wire_number(&root, ID, 1);
  const wire_writer module = module_around(&root);
  char *text;
  expect_ok(print(&module, NULL, &text));
  assert_non_null(strstr(text, "%x = type99[] replica-id()"));
  assert_non_null(strstr(text, "// Not shown: the name of element type 99"));
  pjrt_host_free(text);
}

/* ---- what is refused ----------------------------------------------------- */

static void test_references(void **state) {
  (void)state;
  const wire_writer to_nothing = binary(1, "x", "add", 5, 5);
  wire_writer module = module_around(&to_nothing);
  expect_refused(
      &module, PJRT_INVALID_ARGUMENT,
      "instruction 'x': computation 'e': HLO module: operand 5 is no "
      "instruction of the computation");

  wire_writer calls_itself = instruction(1, "x", "call");
  wire_packed(&calls_itself, CALLED, (const int64_t[]){1}, 1);
  module = module_around(&calls_itself);
  expect_refused(&module, PJRT_INVALID_ARGUMENT,
                 "calls 'e', which does not stand before it");

  const wire_writer twice[] = {parameter(1, "a", 0), parameter(1, "b", 1)};
  const wire_writer entry = computation(1, "e", 1, twice, 2);
  module = module_of(&entry);
  expect_refused(&module, PJRT_INVALID_ARGUMENT,
                 "two instructions have the id 1");
}

static void test_parameters(void **state) {
  (void)state;
  const wire_writer far = parameter(1, "a", 9);
  const wire_writer module = module_around(&far);
  expect_refused(&module, PJRT_INVALID_ARGUMENT,
                 "parameter number 9 of 1 parameters");
}

static void test_missing_root_and_entry(void **state) {
  (void)state;
  const wire_writer root = instruction(1, "x", "replica-id");
  wire_writer entry = computation(1, "e", 6, &root, 1);
  wire_writer module = module_of(&entry);
  expect_refused(&module, PJRT_INVALID_ARGUMENT, "the root 6 is no");
  entry = computation(2, "e", 1, &root, 1);
  module = module_of(&entry);
  expect_refused(&module, PJRT_INVALID_ARGUMENT, "there is no computation 1");
}

static void test_constant_without_its_elements(void **state) {
  (void)state;
  const wire_writer shape = shape_of(F32, 1, (const int64_t[]){3});
  const wire_writer literal = literal_of(&shape, 8, "\0\0\0\0", 4);
  wire_writer constant = instruction(1, "c", "constant");
  wire_message(&constant, LITERAL, &literal);
  const wire_writer module = module_around(&constant);
  expect_refused(&module, PJRT_INVALID_ARGUMENT,
                 "the constant has 1 of the 3 elements of its shape");
}

/* Messages that hold themselves, as deep as a small module can. */
static void test_depth(void **state) {
  (void)state;
  wire_writer shape = scalar(F32);
  for (int i = 0; i < 200; i++) {
    wire_writer tuple = {.size = 0};
    wire_number(&tuple, SHAPE_TYPE, TUPLE);
    wire_message(&tuple, SHAPE_TUPLE, &shape);
    shape = tuple;
  }
  wire_writer root = {.size = 0};
  put_text(&root, NAME, "x");
  put_text(&root, OPCODE, "replica-id");
  wire_message(&root, SHAPE, &shape);
  wire_number(&root, ID, 1);
  const wire_writer module = module_around(&root);
  expect_refused(&module, PJRT_INVALID_ARGUMENT, "nested more than 64 deep");
}

/* Few bytes that ask for much: rows of an array that has no elements. */
static void test_size(void **state) {
  (void)state;
  const wire_writer shape = shape_of(F32, 2, (const int64_t[]){1ll << 40, 0});
  const wire_writer literal = literal_of(&shape, 8, "", 0);
  wire_writer constant = instruction(1, "c", "constant");
  wire_message(&constant, LITERAL, &literal);
  const wire_writer module = module_around(&constant);
  expect_refused(&module, PJRT_RESOURCE_EXHAUSTED, "characters of text");
}

/* Each start of a module ends in a text or in an error, never in between. */
static void test_truncated(void **state) {
  (void)state;
  wire_writer root = binary(1, "x", "add", 1, 1);
  wire_writer module = module_around(&root);
  size_t refused = 0;
  for (size_t size = module.size; size > 0; size--) {
    char *text = NULL;
    pjrt_program *program;
    if (pjrt_error_consume(pjrt_program_create(
            module.data, size, PJRT_FORMAT_HLO, &program)) != PJRT_OK) {
      continue;
    }
    pjrt_error *error = pjrt_hlo_print(program, NULL, &text, NULL);
    assert_true(!error == (text != NULL));
    refused += error != NULL;
    pjrt_error_free(error);
    pjrt_host_free(text);
    pjrt_program_free(program);
  }
  assert_int_equal(refused, 0); /* a program that is created is whole */
}

static void test_damaged_inside(void **state) {
  (void)state;
  wire_writer root = instruction(1, "x", "replica-id");
  wire_field(&root, SHARDING, "\x22\x7f", 2);
  const wire_writer module = module_around(&root);
  expect_refused(&module, PJRT_INVALID_ARGUMENT, "HLO module: damaged");
}

static void test_other_formats(void **state) {
  (void)state;
  char *text;
  pjrt_program *program;
  expect_ok(pjrt_program_create("module {}", PJRT_NUL_ENDED, PJRT_FORMAT_MLIR,
                                &program));
  expect_error(pjrt_hlo_print(program, NULL, &text, NULL), PJRT_UNIMPLEMENTED,
               "the program is of format mlir, and no HLO to print");
  assert_null(text);
  pjrt_program_free(program);
  expect_error(pjrt_hlo_print(NULL, NULL, &text, NULL), PJRT_INVALID_ARGUMENT,
               "program is NULL");
}

static void test_options_are_checked(void **state) {
  (void)state;
  const wire_writer root = instruction(1, "x", "replica-id");
  const wire_writer module = module_around(&root);
  const pjrt_hlo_opts opts = {.struct_size = 1};
  char *text;
  expect_error(print(&module, &opts, &text), PJRT_INVALID_ARGUMENT,
               "pjrt_hlo_opts.struct_size is 1");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_computations_and_schedule),
      cmocka_unit_test(test_constants),
      cmocka_unit_test(test_large_constants),
      cmocka_unit_test(test_options_leave_out),
      cmocka_unit_test(test_operand_shapes),
      cmocka_unit_test(test_shardings),
      cmocka_unit_test(test_donation),
      cmocka_unit_test(test_newer_things_are_named),
      cmocka_unit_test(test_unknown_element_type),
      cmocka_unit_test(test_references),
      cmocka_unit_test(test_parameters),
      cmocka_unit_test(test_missing_root_and_entry),
      cmocka_unit_test(test_constant_without_its_elements),
      cmocka_unit_test(test_depth),
      cmocka_unit_test(test_size),
      cmocka_unit_test(test_truncated),
      cmocka_unit_test(test_damaged_inside),
      cmocka_unit_test(test_other_formats),
      cmocka_unit_test(test_options_are_checked),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
