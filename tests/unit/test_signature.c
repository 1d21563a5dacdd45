/* Signatures from HLO modules and artifacts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "core/signature.h"
#include "wire_writer.h"

/* XLA's numbers for some element types. */
enum { F32 = 11, S32 = 4, TUPLE = 13, OPAQUE = 14, TOKEN = 17, BUFFER = 34 };

/* Field numbers. */
enum { SHAPE_TYPE = 2, SHAPE_DIMS = 3, SHAPE_TUPLE = 4, SHAPE_LAYOUT = 5 };
enum { SHAPE_DYNAMIC = 6, LAYOUT_ORDER = 1, LAYOUT_TILES = 6 };
enum { PROGRAM_PARAMETERS = 1, PROGRAM_RESULT = 2 };
enum { MODULE_NAME = 1, MODULE_COMPUTATIONS = 3, MODULE_SHAPE = 4 };
enum { MODULE_ALIAS = 8, MODULE_DONOR = 18 };

/* ---- building programs --------------------------------------------------- */

static wire_writer layout_of(const int64_t *minor_to_major, size_t rank) {
  wire_writer layout = {.size = 0};
  wire_packed(&layout, LAYOUT_ORDER, minor_to_major, rank);
  return layout;
}

static wire_writer shape_with(uint64_t type, size_t rank, const int64_t *dims,
                              const int64_t *minor_to_major) {
  wire_writer shape = {.size = 0};
  wire_number(&shape, SHAPE_TYPE, type);
  wire_packed(&shape, SHAPE_DIMS, dims, rank);
  const wire_writer layout = layout_of(minor_to_major, rank);
  wire_message(&shape, SHAPE_LAYOUT, &layout);
  return shape;
}

static wire_writer row_major(uint64_t type, size_t rank, const int64_t *dims) {
  int64_t order[80] = {0};
  for (size_t i = 0; i < rank; i++) order[i] = (int64_t)(rank - 1 - i);
  return shape_with(type, rank, dims, order);
}

static wire_writer scalar(uint64_t type) { return row_major(type, 0, NULL); }

static wire_writer matrix(uint64_t type, int64_t rows, int64_t columns) {
  return row_major(type, 2, (const int64_t[]){rows, columns});
}

static wire_writer tuple_of(const wire_writer *elements, size_t num) {
  wire_writer tuple = {.size = 0};
  wire_number(&tuple, SHAPE_TYPE, TUPLE);
  for (size_t i = 0; i < num; i++) {
    wire_message(&tuple, SHAPE_TUPLE, &elements[i]);
  }
  return tuple;
}

static wire_writer program_of(const wire_writer *parameters, size_t num,
                              const wire_writer *result) {
  wire_writer program = {.size = 0};
  for (size_t i = 0; i < num; i++) {
    wire_message(&program, PROGRAM_PARAMETERS, &parameters[i]);
  }
  if (result) wire_message(&program, PROGRAM_RESULT, result);
  return program;
}

static wire_writer module_of(const wire_writer *program) {
  wire_writer module = {.size = 0};
  wire_field(&module, MODULE_NAME, "main", 4);
  wire_field(&module, MODULE_COMPUTATIONS, "computation", 11);
  wire_message(&module, MODULE_SHAPE, program);
  return module;
}

/* A program with the one parameter and the one result `shape`. */
static wire_writer identity_of(const wire_writer *shape) {
  const wire_writer program = program_of(shape, 1, shape);
  return module_of(&program);
}

/* ---- expectations -------------------------------------------------------- */

static pjrt_signature *read_module(const wire_writer *module) {
  pjrt_signature *signature = NULL;
  pjrt_error *error =
      pjrt_signature_from_hlo(module->data, module->size, false, &signature);
  assert_string_equal(pjrt_error_message(error, NULL), "");
  return signature;
}

static pjrt_signature *read_checked(const wire_writer *module) {
  pjrt_signature *signature = read_module(module);
  assert_non_null(signature);
  return signature;
}

static void expect_unchecked(const wire_writer *module) {
  assert_null(read_module(module));
}

static void expect_damaged(const void *data, size_t size) {
  pjrt_signature *signature = (pjrt_signature *)&signature;
  pjrt_error *error = pjrt_signature_from_hlo(data, size, false, &signature);
  assert_int_equal(pjrt_error_code(error), PJRT_INVALID_ARGUMENT);
  assert_non_null(strstr(pjrt_error_message(error, NULL), "HloModuleProto"));
  assert_null(signature);
  pjrt_error_free(error);
}

static void expect_dims(const pjrt_shape *shape, size_t num,
                        const int64_t *dims) {
  assert_int_equal(shape->num_dims, num);
  for (size_t i = 0; i < num; i++) assert_int_equal(shape->dims[i], dims[i]);
}

/* ---- programs that can be checked ---------------------------------------- */

static void parameters_and_tuple_of_results(void **state) {
  (void)state;
  const wire_writer parameters[] = {matrix(F32, 2, 3), scalar(S32)};
  const wire_writer results[] = {matrix(S32, 3, 0), scalar(F32), scalar(TOKEN)};
  const wire_writer result = tuple_of(results, 3);
  const wire_writer program = program_of(parameters, 2, &result);
  const wire_writer module = module_of(&program);

  pjrt_signature *signature = read_checked(&module);
  assert_int_equal(signature->num_parameters, 2);
  assert_int_equal(signature->parameters[0].dtype, PJRT_F32);
  expect_dims(&signature->parameters[0], 2, (const int64_t[]){2, 3});
  assert_null(signature->parameters[0].minor_to_major);
  assert_int_equal(signature->parameters[1].dtype, PJRT_S32);
  expect_dims(&signature->parameters[1], 0, NULL);
  assert_int_equal(signature->num_outputs, 3);
  assert_int_equal(signature->outputs[0].dtype, PJRT_S32);
  expect_dims(&signature->outputs[0], 2, (const int64_t[]){3, 0});
  assert_int_equal(signature->outputs[1].dtype, PJRT_F32);
  assert_int_equal(signature->outputs[2].dtype, PJRT_TOKEN);
  assert_false(signature->is_donated[0]);
  assert_false(signature->is_donated[1]);
  pjrt_signature_free(signature);
}

static void result_that_is_no_tuple_is_one_output(void **state) {
  (void)state;
  const wire_writer result = matrix(F32, 4, 5);
  const wire_writer program = program_of(NULL, 0, &result);
  const wire_writer module = module_of(&program);
  pjrt_signature *signature = read_checked(&module);
  assert_int_equal(signature->num_parameters, 0);
  assert_int_equal(signature->num_outputs, 1);
  expect_dims(&signature->outputs[0], 2, (const int64_t[]){4, 5});
  pjrt_signature_free(signature);
}

static void empty_tuple_is_no_output(void **state) {
  (void)state;
  const wire_writer result = tuple_of(NULL, 0);
  const wire_writer program = program_of(NULL, 0, &result);
  const wire_writer module = module_of(&program);
  pjrt_signature *signature = read_checked(&module);
  assert_int_equal(signature->num_outputs, 0);
  pjrt_signature_free(signature);
}

static void every_element_type_is_translated(void **state) {
  (void)state;
  /* By XLA's number. */
  static const pjrt_dtype expected[] = {PJRT_DTYPE_INVALID,
                                        PJRT_PRED,
                                        PJRT_S8,
                                        PJRT_S16,
                                        PJRT_S32,
                                        PJRT_S64,
                                        PJRT_U8,
                                        PJRT_U16,
                                        PJRT_U32,
                                        PJRT_U64,
                                        PJRT_F16,
                                        PJRT_F32,
                                        PJRT_F64,
                                        PJRT_DTYPE_INVALID,
                                        PJRT_DTYPE_INVALID,
                                        PJRT_C64,
                                        PJRT_BF16,
                                        PJRT_TOKEN,
                                        PJRT_C128,
                                        PJRT_F8E5M2,
                                        PJRT_F8E4M3FN,
                                        PJRT_S4,
                                        PJRT_U4,
                                        PJRT_F8E4M3B11FNUZ,
                                        PJRT_F8E5M2FNUZ,
                                        PJRT_F8E4M3FNUZ,
                                        PJRT_S2,
                                        PJRT_U2,
                                        PJRT_F8E4M3,
                                        PJRT_F8E3M4,
                                        PJRT_S1,
                                        PJRT_U1,
                                        PJRT_F4E2M1FN,
                                        PJRT_F8E8M0FNU,
                                        PJRT_DTYPE_INVALID,
                                        PJRT_F6E3M2FN,
                                        PJRT_F6E2M3FN,
                                        PJRT_DTYPE_INVALID};
  for (uint64_t type = 0; type < sizeof expected / sizeof *expected; type++) {
    if (type == TUPLE) continue;
    const wire_writer shape = scalar(type);
    const wire_writer module = identity_of(&shape);
    pjrt_signature *signature = read_module(&module);
    if (expected[type] == PJRT_DTYPE_INVALID) {
      assert_null(signature);
    } else {
      assert_non_null(signature);
      assert_int_equal(signature->parameters[0].dtype, expected[type]);
      assert_int_equal(signature->outputs[0].dtype, expected[type]);
    }
    pjrt_signature_free(signature);
  }
}

static void other_layouts_are_kept(void **state) {
  (void)state;
  const int64_t dims[] = {2, 3, 4};
  const int64_t order[] = {0, 2, 1};
  const wire_writer shape = shape_with(F32, 3, dims, order);
  const wire_writer module = identity_of(&shape);
  pjrt_signature *signature = read_checked(&module);
  const pjrt_shape *parameter = &signature->parameters[0];
  assert_non_null(parameter->minor_to_major);
  assert_memory_equal(parameter->minor_to_major, order, sizeof order);
  assert_false(parameter->is_tiled);
  pjrt_signature_free(signature);
}

static void tiles_and_dynamic_dims_are_told(void **state) {
  (void)state;
  wire_writer shape = {.size = 0};
  wire_number(&shape, SHAPE_TYPE, F32);
  /* Not packed: a reader must take both. */
  wire_number(&shape, SHAPE_DIMS, 8);
  wire_number(&shape, SHAPE_DIMS, 128);
  wire_packed(&shape, SHAPE_DYNAMIC, (const int64_t[]){0, 1}, 2);
  wire_writer layout = layout_of((const int64_t[]){1, 0}, 2);
  wire_message(&layout, LAYOUT_TILES, &(const wire_writer){.size = 0});
  wire_message(&shape, SHAPE_LAYOUT, &layout);
  const wire_writer module = identity_of(&shape);

  pjrt_signature *signature = read_checked(&module);
  const pjrt_shape *parameter = &signature->parameters[0];
  expect_dims(parameter, 2, (const int64_t[]){8, 128});
  assert_true(parameter->is_tiled);
  assert_true(parameter->has_dynamic_dims);
  assert_null(parameter->minor_to_major);
  pjrt_signature_free(signature);
}

static void aliases_and_donors_are_donated(void **state) {
  (void)state;
  const wire_writer parameters[] = {scalar(F32), scalar(F32), scalar(F32),
                                    scalar(F32)};
  const wire_writer program = program_of(parameters, 4, &parameters[0]);
  wire_writer module = module_of(&program);
  wire_writer alias = {.size = 0};
  wire_number(&alias, 2, 2);
  wire_number(&alias, 4, 1);
  wire_writer aliases = {.size = 0};
  wire_message(&aliases, 1, &alias);
  wire_message(&module, MODULE_ALIAS, &aliases);
  wire_writer donor = {.size = 0};
  wire_number(&donor, 1, 1);
  wire_writer donors = {.size = 0};
  wire_message(&donors, 1, &donor);
  wire_message(&module, MODULE_DONOR, &donors);

  pjrt_signature *signature = read_checked(&module);
  assert_false(signature->is_donated[0]);
  assert_true(signature->is_donated[1]);
  assert_true(signature->is_donated[2]);
  assert_false(signature->is_donated[3]);
  pjrt_signature_free(signature);
}

static void module_with_config_is_unwrapped(void **state) {
  (void)state;
  const wire_writer shape = scalar(F32);
  const wire_writer module = identity_of(&shape);
  wire_writer wrapped = {.size = 0};
  wire_message(&wrapped, 1, &module);
  wire_field(&wrapped, 2, "config", 6);
  pjrt_signature *signature = NULL;
  assert_null(
      pjrt_signature_from_hlo(wrapped.data, wrapped.size, true, &signature));
  assert_non_null(signature);
  assert_int_equal(signature->num_parameters, 1);
  pjrt_signature_free(signature);

  assert_null(pjrt_signature_from_hlo(NULL, 0, true, &signature));
  assert_null(signature);
}

/* The middle of a computation lies on a page that cannot be read. */
static void constants_are_not_touched(void **state) {
  (void)state;
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  unsigned char *pages = mmap(NULL, 3 * page, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  assert_ptr_not_equal(pages, MAP_FAILED);
  const wire_writer shape = matrix(F32, 2, 3);
  const wire_writer program = program_of(&shape, 1, &shape);
  wire_writer last = {.size = 0};
  wire_message(&last, MODULE_SHAPE, &program);
  wire_writer first = {.size = 0};
  wire_varint(&first, MODULE_COMPUTATIONS << 3 | 2);
  wire_varint(&first, 2 * page);
  memcpy(pages, first.data, first.size);
  const size_t end = first.size + 2 * page;
  memcpy(pages + end, last.data, last.size);
  assert_int_equal(mprotect(pages + page, page, PROT_NONE), 0);

  pjrt_signature *signature = NULL;
  assert_null(
      pjrt_signature_from_hlo(pages, end + last.size, false, &signature));
  assert_non_null(signature);
  expect_dims(&signature->parameters[0], 2, (const int64_t[]){2, 3});
  pjrt_signature_free(signature);
  munmap(pages, 3 * page);
}

static void real_module(void **state) {
  (void)state;
  const char *source = getenv("PJRT_TEST_SOURCE_DIR");
  if (!source) {
    print_message("skip: PJRT_TEST_SOURCE_DIR is not set\n");
    skip();
  }
  char path[4096];
  snprintf(path, sizeof path, "%s/tests/data/formats/dense/program.hlo.pb",
           source);
  char *code;
  size_t size;
  assert_null(pjrt_file_read("program", path, 1 << 20, &code, &size));
  pjrt_signature *signature = NULL;
  assert_null(pjrt_signature_from_hlo(code, size, false, &signature));
  free(code);
  assert_non_null(signature);
  assert_int_equal(signature->num_parameters, 2);
  expect_dims(&signature->parameters[0], 2, (const int64_t[]){2, 3});
  expect_dims(&signature->parameters[1], 2, (const int64_t[]){3, 2});
  assert_int_equal(signature->num_outputs, 2);
  assert_int_equal(signature->outputs[0].dtype, PJRT_F32);
  expect_dims(&signature->outputs[0], 2, (const int64_t[]){2, 2});
  assert_int_equal(signature->outputs[1].dtype, PJRT_S32);
  expect_dims(&signature->outputs[1], 2, (const int64_t[]){2, 3});
  pjrt_signature_free(signature);
}

/* ---- programs that cannot be checked ------------------------------------- */

static void shapes_that_are_not_understood(void **state) {
  (void)state;
  const wire_writer element = scalar(F32);
  const int64_t many[65] = {0};
  wire_writer no_layout = {.size = 0};
  wire_number(&no_layout, SHAPE_TYPE, F32);
  wire_number(&no_layout, SHAPE_DIMS, 4);
  const wire_writer shapes[] = {
      tuple_of(&element, 1),
      scalar(OPAQUE),
      scalar(BUFFER),
      scalar(0),
      scalar(99),
      scalar(UINT64_MAX),
      matrix(TOKEN, 1, 1),
      matrix(F32, 2, -1),
      matrix(F32, INT64_MIN, 2),
      row_major(F32, 65, many),
      shape_with(F32, 2, (const int64_t[]){2, 3}, (const int64_t[]){0, 0}),
      shape_with(F32, 2, (const int64_t[]){2, 3}, (const int64_t[]){1, 2}),
      shape_with(F32, 2, (const int64_t[]){2, 3}, (const int64_t[]){-1, 0}),
      no_layout,
  };
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    const wire_writer as_parameter = program_of(&shapes[i], 1, &element);
    const wire_writer first = module_of(&as_parameter);
    expect_unchecked(&first);
    const wire_writer results = tuple_of(&shapes[i], 1);
    const wire_writer as_result = program_of(&element, 1, &results);
    const wire_writer second = module_of(&as_result);
    expect_unchecked(&second);
  }
}

static void rank_64_is_understood(void **state) {
  (void)state;
  const int64_t dims[64] = {0};
  const wire_writer shape = row_major(F32, 64, dims);
  const wire_writer module = identity_of(&shape);
  pjrt_signature_free(read_checked(&module));
}

static void modules_without_a_program_shape(void **state) {
  (void)state;
  expect_unchecked(&(const wire_writer){.size = 0});
  const wire_writer shape = scalar(F32);
  const wire_writer no_result = program_of(&shape, 1, NULL);
  const wire_writer module = module_of(&no_result);
  expect_unchecked(&module);
}

static void parts_that_come_twice(void **state) {
  (void)state;
  const wire_writer shape = scalar(F32);
  const wire_writer program = program_of(&shape, 1, &shape);
  wire_writer module = module_of(&program);
  wire_message(&module, MODULE_SHAPE, &program);
  expect_unchecked(&module);
}

static void donations_that_are_not_understood(void **state) {
  (void)state;
  const wire_writer shape = scalar(F32);
  for (int variant = 0; variant < 4; variant++) {
    wire_writer module = identity_of(&shape);
    wire_writer entry = {.size = 0};
    const bool is_alias = variant % 2 == 0;
    if (variant < 2) {
      wire_number(&entry, is_alias ? 2 : 1, variant == 0 ? 1 : UINT64_MAX);
    } else {
      wire_packed(&entry, is_alias ? 3 : 2, (const int64_t[]){0}, 1);
    }
    wire_writer entries = {.size = 0};
    wire_message(&entries, 1, &entry);
    wire_message(&module, is_alias ? MODULE_ALIAS : MODULE_DONOR, &entries);
    expect_unchecked(&module);
  }
}

static void tuples_nested_without_end(void **state) {
  (void)state;
  /* Each level's size is written as 4 bytes, so each adds 5 bytes. */
  const size_t levels = 100000;
  const size_t size = levels * 5;
  unsigned char *nested = malloc(size + 64);
  assert_non_null(nested);
  for (size_t i = 0; i < levels; i++) {
    unsigned char *at = nested + i * 5;
    size_t left = size - (i + 1) * 5;
    at[0] = SHAPE_TUPLE << 3 | 2;
    for (int byte = 1; byte < 5; byte++, left >>= 7) {
      at[byte] = (unsigned char)((left & 0x7f) | (byte < 4 ? 0x80 : 0));
    }
  }
  wire_writer head = {.size = 0};
  wire_varint(&head, MODULE_SHAPE << 3 | 2);
  wire_varint(&head, size + 4);
  wire_varint(&head, PROGRAM_RESULT << 3 | 2);
  wire_varint(&head, size);
  unsigned char *module = malloc(head.size + size);
  assert_non_null(module);
  memcpy(module, head.data, head.size);
  memcpy(module + head.size, nested, size);
  pjrt_signature *signature = NULL;
  assert_null(
      pjrt_signature_from_hlo(module, head.size + size, false, &signature));
  assert_null(signature);
  free(module);
  free(nested);
}

/* ---- damage -------------------------------------------------------------- */

static void cut_anywhere_within_a_field(void **state) {
  (void)state;
  const wire_writer shapes[] = {matrix(F32, 2, 3), scalar(S32)};
  const wire_writer result = tuple_of(shapes, 2);
  const wire_writer program = program_of(shapes, 2, &result);
  wire_writer module = {.size = 0};
  wire_message(&module, MODULE_SHAPE, &program);
  for (size_t size = 1; size < module.size; size++) {
    /* A copy, so that a read past the end is found. */
    unsigned char *cut = malloc(size);
    assert_non_null(cut);
    memcpy(cut, module.data, size);
    expect_damaged(cut, size);
    free(cut);
  }
}

static void parts_that_do_not_parse(void **state) {
  (void)state;
  const wire_writer shape = scalar(F32);
  const unsigned parts[] = {MODULE_ALIAS, MODULE_DONOR};
  for (size_t i = 0; i < 2; i++) {
    wire_writer module = identity_of(&shape);
    wire_field(&module, parts[i], "\x0a\x7f", 2);
    expect_damaged(module.data, module.size);
  }
  wire_writer bad_shape = {.size = 0};
  wire_field(&bad_shape, MODULE_SHAPE, "\x12\x7f", 2);
  expect_damaged(bad_shape.data, bad_shape.size);
}

static void bytes_that_are_no_fields(void **state) {
  (void)state;
  const char *const damaged[] = {
      "\x0b",                                         /* a group */
      "\x0f",                                         /* no such wire type */
      "\x02\x01x",                                    /* field 0 */
      "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", /* endless varint */
      "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", /* larger than memory */
      "\x09xxxxxxx",                                  /* 7 of 8 bytes */
      "\x0dxxx",                                      /* 3 of 4 bytes */
  };
  for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
    expect_damaged(damaged[i], strlen(damaged[i]));
  }
}

/* ---- artifacts ----------------------------------------------------------- */

static pjrt_signature *repack(const pjrt_signature *signature) {
  void *packed;
  size_t size;
  assert_null(pjrt_signature_pack(signature, &packed, &size));
  pjrt_signature *again = NULL;
  assert_null(pjrt_signature_unpack(packed, size, &again));
  free(packed);
  assert_non_null(again);
  return again;
}

static void packing_keeps_everything(void **state) {
  (void)state;
  const int64_t dims[] = {2, 3, 4};
  const int64_t order[] = {0, 2, 1};
  bool is_donated[] = {false, true};
  pjrt_shape shapes[] = {
      {PJRT_F32, 3, dims, order, true, true},
      {PJRT_F6E3M2FN, 1, dims, NULL, false, false},
      {PJRT_TOKEN, 0, NULL, NULL, false, false},
  };
  const pjrt_signature signature = {2, shapes, is_donated, 3, shapes};
  pjrt_signature *again = repack(&signature);
  assert_int_equal(again->num_parameters, 2);
  assert_int_equal(again->num_outputs, 3);
  assert_false(again->is_donated[0]);
  assert_true(again->is_donated[1]);
  for (size_t i = 0; i < 3; i++) {
    const pjrt_shape *shape = &again->outputs[i];
    assert_int_equal(shape->dtype, shapes[i].dtype);
    expect_dims(shape, shapes[i].num_dims, shapes[i].dims);
    assert_int_equal(shape->is_tiled, shapes[i].is_tiled);
    assert_int_equal(shape->has_dynamic_dims, shapes[i].has_dynamic_dims);
  }
  assert_memory_equal(again->parameters[0].minor_to_major, order, sizeof order);
  assert_null(again->parameters[1].minor_to_major);
  pjrt_signature_free(again);
}

static void packing_nothing(void **state) {
  (void)state;
  const pjrt_signature signature = {0, NULL, NULL, 0, NULL};
  pjrt_signature *again = repack(&signature);
  assert_int_equal(again->num_parameters, 0);
  assert_int_equal(again->num_outputs, 0);
  pjrt_signature_free(again);
}

static void unpacking_damage(void **state) {
  (void)state;
  const char *const damaged[] = {
      "\x0a",             /* cut */
      "\x0a\x02\x08\x0b", /* a parameter, no donation flag */
      "\x12\x01\x01",     /* the other way round */
      "\x1a\x02\x08\x63", /* element type 99 */
      "\x1a\x08\x08\x0b\x12\x01\x04\x1a\x01\x01",     /* layout {1} of rank 1 */
      "\x1a\x09\x08\x0b\x12\x01\x04\x1a\x02\x01\x01", /* {1,1} of rank 1 */
  };
  for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
    pjrt_signature *signature = (pjrt_signature *)&signature;
    pjrt_error *error =
        pjrt_signature_unpack(damaged[i], strlen(damaged[i]), &signature);
    assert_int_equal(pjrt_error_code(error), PJRT_INVALID_ARGUMENT);
    assert_null(signature);
    pjrt_error_free(error);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(parameters_and_tuple_of_results),
      cmocka_unit_test(result_that_is_no_tuple_is_one_output),
      cmocka_unit_test(empty_tuple_is_no_output),
      cmocka_unit_test(every_element_type_is_translated),
      cmocka_unit_test(other_layouts_are_kept),
      cmocka_unit_test(tiles_and_dynamic_dims_are_told),
      cmocka_unit_test(aliases_and_donors_are_donated),
      cmocka_unit_test(module_with_config_is_unwrapped),
      cmocka_unit_test(constants_are_not_touched),
      cmocka_unit_test(real_module),
      cmocka_unit_test(shapes_that_are_not_understood),
      cmocka_unit_test(rank_64_is_understood),
      cmocka_unit_test(modules_without_a_program_shape),
      cmocka_unit_test(parts_that_come_twice),
      cmocka_unit_test(donations_that_are_not_understood),
      cmocka_unit_test(tuples_nested_without_end),
      cmocka_unit_test(cut_anywhere_within_a_field),
      cmocka_unit_test(parts_that_do_not_parse),
      cmocka_unit_test(bytes_that_are_no_fields),
      cmocka_unit_test(packing_keeps_everything),
      cmocka_unit_test(packing_nothing),
      cmocka_unit_test(unpacking_damage),
  };
  return cmocka_run_group_tests_name("signature", tests, NULL, NULL);
}
