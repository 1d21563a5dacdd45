/* What an executable tells of itself; serializing and loading it. */
#include <stdio.h>

#include "real/handlers.h"

/* ---- the signature ------------------------------------------------------- */

static const char mixed_program[] =
    "module @mixed {\n"
    "func.func @main(%a: tensor<2x3xf32>, %b: tensor<i8>,\n"
    "                %c: tensor<0x7xi1>, %d: tensor<5xi4>)\n"
    "    -> (tensor<i8>, tensor<5xi4>, tensor<3x2xf32>, tensor<0x7xi1>) {\n"
    "  %0 = stablehlo.transpose %a, dims = [1, 0]\n"
    "      : (tensor<2x3xf32>) -> tensor<3x2xf32>\n"
    "  return %b, %d, %0, %c\n"
    "      : tensor<i8>, tensor<5xi4>, tensor<3x2xf32>, tensor<0x7xi1>\n"
    "}\n"
    "}\n";

typedef const int64_t *dims_getter(const pjrt_executable *executable, size_t i,
                                   size_t *out_num);

static void assert_dims(const pjrt_executable *executable, dims_getter *get,
                        size_t i, size_t num, int64_t first, int64_t second) {
  size_t num_dims;
  const int64_t expected[] = {first, second};
  const int64_t *dims = get(executable, i, &num_dims);
  assert_int_equal(num_dims, num);
  assert_memory_equal(dims, expected, num * sizeof *dims);
}

static void check_mixed(const pjrt_executable *executable) {
  static const pjrt_dtype in[] = {PJRT_F32, PJRT_S8, PJRT_PRED, PJRT_S4};
  static const pjrt_dtype out[] = {PJRT_S8, PJRT_S4, PJRT_F32, PJRT_PRED};
  assert_true(pjrt_executable_is_checked(executable));
  assert_string_equal(pjrt_executable_name(executable, NULL), "mixed");
  assert_int_equal(pjrt_executable_num_parameters(executable), 4);
  assert_int_equal(pjrt_executable_num_outputs(executable), 4);
  for (size_t i = 0; i < 4; i++) {
    assert_int_equal(pjrt_executable_parameter_dtype(executable, i), in[i]);
    assert_int_equal(pjrt_executable_output_dtype(executable, i), out[i]);
    assert_false(pjrt_executable_parameter_is_donated(executable, i));
  }
  assert_dims(executable, pjrt_executable_parameter_dims, 0, 2, 2, 3);
  assert_dims(executable, pjrt_executable_parameter_dims, 1, 0, 0, 0);
  assert_dims(executable, pjrt_executable_parameter_dims, 2, 2, 0, 7);
  assert_dims(executable, pjrt_executable_parameter_dims, 3, 1, 5, 0);
  assert_dims(executable, pjrt_executable_output_dims, 2, 2, 3, 2);
  assert_dims(executable, pjrt_executable_parameter_dims, 4, 0, 0, 0);
  assert_dims(executable, pjrt_executable_output_dims, 4, 0, 0, 0);
  assert_int_equal(pjrt_executable_parameter_dtype(executable, 4),
                   PJRT_DTYPE_INVALID);
  assert_int_equal(pjrt_executable_output_dtype(executable, 4),
                   PJRT_DTYPE_INVALID);
  assert_false(pjrt_executable_parameter_is_donated(executable, 4));
}

static void signature_is_known(void **state) {
  fixture *f = *state;
  pjrt_executable *executable = compile(f, mixed_program);
  check_mixed(executable);
  assert_ptr_equal(pjrt_executable_client(executable), f->client);
  assert_int_equal(pjrt_executable_num_replicas(executable), 1);
  assert_int_equal(pjrt_executable_num_partitions(executable), 1);
  pjrt_executable_free(executable);
}

static void donation_shows_in_the_signature(void **state) {
  fixture *f = *state;
  static const char buffer_donor[] =
      "func.func @main(%a: tensor<4xf32>,\n"
      "                %b: tensor<4xf32> {jax.buffer_donor = true})\n"
      "    -> tensor<4xf32> {\n"
      "  %0 = stablehlo.add %a, %b : tensor<4xf32>\n"
      "  return %0 : tensor<4xf32>\n"
      "}\n";
  pjrt_executable *alias = compile(f, donate_program);
  pjrt_executable *donor = compile(f, buffer_donor);
  assert_true(pjrt_executable_parameter_is_donated(alias, 0));
  assert_false(pjrt_executable_parameter_is_donated(alias, 1));
  assert_false(pjrt_executable_parameter_is_donated(donor, 0));
  assert_true(pjrt_executable_parameter_is_donated(donor, 1));
  pjrt_executable_free(alias);
  pjrt_executable_free(donor);
}

static void partitioned_signature_is_of_one_device(void **state) {
  fixture *f = *state;
  static const char sharded[] =
      "module @sharded attributes {mhlo.num_partitions = 4 : i32} {\n"
      "func.func @main(%a: tensor<8x2xf32>\n"
      "    {mhlo.sharding = \"{devices=[4,1]<=[4]}\"}) -> (tensor<8x2xf32>\n"
      "    {mhlo.sharding = \"{devices=[4,1]<=[4]}\"}) {\n"
      "  %0 = stablehlo.add %a, %a : tensor<8x2xf32>\n"
      "  return %0 : tensor<8x2xf32>\n"
      "}\n"
      "}\n";
  pjrt_compile_opts opts;
  pjrt_compile_opts_init(&opts);
  opts.num_partitions = 4;
  pjrt_executable *executable = compile_with(f, sharded, &opts);
  assert_int_equal(pjrt_executable_num_partitions(executable), 4);
  assert_int_equal(pjrt_executable_num_devices(executable), 4);
  assert_int_equal(pjrt_executable_num_parameters(executable), 1);
  assert_dims(executable, pjrt_executable_parameter_dims, 0, 2, 2, 2);
  assert_dims(executable, pjrt_executable_output_dims, 0, 2, 2, 2);
  pjrt_executable_free(executable);
}

/* ---- other facts, and delete --------------------------------------------- */

static void fingerprints_tell_programs_apart(void **state) {
  fixture *f = *state;
  const char *first, *second, *other;
  size_t size;
  pjrt_executable *a = compile(f, add_program);
  pjrt_executable *b = compile(f, add_program);
  pjrt_executable *c = compile(f, mixed_program);
  assert_ok(pjrt_executable_fingerprint(a, &first, &size));
  assert_true(size >= 32);
  assert_int_equal(strlen(first), size);
  assert_ok(pjrt_executable_fingerprint(b, &second, &size));
  assert_ok(pjrt_executable_fingerprint(c, &other, &size));
  assert_string_equal(first, second);
  assert_string_not_equal(first, other);
  pjrt_executable_free(a);
  pjrt_executable_free(b);
  pjrt_executable_free(c);
}

static void code_size_is_told(void **state) {
  int64_t size = -2;
  pjrt_executable *add = compile(*state, add_program);
  assert_ok(pjrt_executable_generated_code_size(add, &size));
  assert_true(size >= -1);
  pjrt_executable_free(add);
}

static void deleted_executable_keeps_its_facts(void **state) {
  fixture *f = *state;
  const char *fingerprint;
  size_t size;
  int64_t code_size;
  void *bytes;
  const pjrt_code code = PJRT_FAILED_PRECONDITION;
  const char *why = "the executable mixed was deleted";
  pjrt_executable *e = compile(f, mixed_program);
  assert_false(pjrt_executable_is_deleted(e));
  assert_ok(pjrt_executable_delete(e));
  assert_ok(pjrt_executable_delete(e));
  assert_true(pjrt_executable_is_deleted(e));
  check_mixed(e);
  assert_refused(pjrt_executable_fingerprint(e, &fingerprint, &size), code,
                 why);
  assert_refused(pjrt_executable_generated_code_size(e, &code_size), code, why);
  assert_refused(pjrt_executable_serialize(e, &bytes, &size), code, why);
  pjrt_executable_free(e);
}

static void delete_lets_pending_work_end(void **state) {
  fixture *f = *state;
  pjrt_executable *gate = compile(f, gate_program);
  pjrt_buffer *arg = upload_f32(f->device, 4, 1.0, 2.0, 3.0, 4.0);
  pending work = start_gate(gate, arg);
  assert_ok(pjrt_executable_delete(gate));
  pjrt_executable_free(gate);
  gate_open();
  assert_f32(work.out, 4, 1, 2, 3, 4);
  assert_ok(pjrt_event_await(work.done));
  pending_free(&work);
  pjrt_buffer_free(arg);
}

/* ---- artifacts ----------------------------------------------------------- */

static pjrt_executable *reload(fixture *f, pjrt_executable *executable) {
  void *bytes;
  size_t size;
  pjrt_executable *loaded;
  assert_ok(pjrt_executable_serialize(executable, &bytes, &size));
  assert_ok(pjrt_executable_load(f->client, bytes, size, &loaded));
  pjrt_host_free(bytes);
  pjrt_executable_free(executable);
  return loaded;
}

static void loaded_executable_computes_the_same(void **state) {
  fixture *f = *state;
  pjrt_executable *add = reload(f, compile(f, donate_program));
  pjrt_buffer *a = upload_f32(f->device, 4, 1.0, 2.0, 3.0, 4.0);
  pjrt_buffer *b = upload_f32(f->device, 4, 5.0, 6.0, 7.0, 8.0);
  pjrt_buffer *sum = execute2(add, a, b);
  assert_f32(sum, 4, 6, 8, 10, 12);
  assert_true(pjrt_buffer_is_deleted(a));
  pjrt_buffer_free(sum);
  pjrt_buffer_free(a);
  pjrt_buffer_free(b);
  pjrt_executable_free(add);
}

static void loaded_executable_keeps_its_signature(void **state) {
  fixture *f = *state;
  pjrt_executable *mixed = reload(f, reload(f, compile(f, mixed_program)));
  check_mixed(mixed);
  pjrt_executable_free(mixed);
}

static void loaded_executable_keeps_its_devices(void **state) {
  fixture *f = *state;
  pjrt_compile_opts opts;
  pjrt_compile_opts_init(&opts);
  opts.num_replicas = 4;
  pjrt_executable *e = reload(f, compile_with(f, replicas_program, &opts));
  assert_int_equal(pjrt_executable_num_replicas(e), 4);
  assert_int_equal(pjrt_executable_num_devices(e), 4);
  for (size_t i = 0; i < 4; i++) {
    assert_ptr_equal(pjrt_executable_device(e, i),
                     pjrt_client_device(f->client, i));
  }
  pjrt_executable_free(e);
}

static void loaded_executable_stays_portable(void **state) {
  fixture *f = *state;
  pjrt_compile_opts opts;
  pjrt_execute_opts where;
  pjrt_buffer *sum;
  pjrt_compile_opts_init(&opts);
  opts.compile_portable_executable = true;
  pjrt_executable *add = reload(f, compile_with(f, add_program, &opts));
  assert_int_equal(pjrt_executable_num_devices(add), 0);
  pjrt_execute_opts_init(&where);
  where.device = pjrt_client_device(f->client, 3);
  pjrt_buffer *arg = upload_f32(where.device, 4, 1.0, 2.0, 3.0, 4.0);
  pjrt_buffer *args[] = {arg, arg};
  assert_ok(pjrt_executable_execute(add, args, 2, &where, &sum, 1));
  assert_f32(sum, 4, 2, 4, 6, 8);
  pjrt_buffer_free(sum);
  pjrt_buffer_free(arg);
  pjrt_executable_free(add);
}

static void check_damaged(fixture *f, const void *bytes, size_t size) {
  pjrt_executable *loaded;
  assert_refused(pjrt_executable_load(f->client, bytes, size, &loaded),
                 PJRT_INVALID_ARGUMENT, "artifact");
  assert_null(loaded);
}

/* A plugin would take many of these for its own. */
static void damaged_artifacts_are_refused(void **state) {
  fixture *f = *state;
  void *memory;
  size_t size;
  pjrt_executable *add = compile(f, add_program);
  assert_ok(pjrt_executable_serialize(add, &memory, &size));
  unsigned char *bytes = memory;
  for (size_t cut = 0; cut < 64; cut++) {
    check_damaged(f, bytes, size * cut / 64);
    size_t at = size * cut / 64;
    bytes[at] ^= 0x10;
    check_damaged(f, bytes, size);
    bytes[at] ^= 0x10;
  }
  check_damaged(f, "no artifact at all", 18);
  pjrt_host_free(memory);
  pjrt_executable_free(add);
}

static void nothing_to_load_is_refused(void **state) {
  fixture *f = *state;
  pjrt_executable *loaded;
  assert_refused(pjrt_executable_load(f->client, NULL, 0, &loaded),
                 PJRT_INVALID_ARGUMENT, "data is NULL");
  assert_refused(pjrt_executable_load(NULL, "a", 1, &loaded),
                 PJRT_INVALID_ARGUMENT, "client is NULL");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(signature_is_known),
      cmocka_unit_test(donation_shows_in_the_signature),
      cmocka_unit_test(partitioned_signature_is_of_one_device),
      cmocka_unit_test(fingerprints_tell_programs_apart),
      cmocka_unit_test(code_size_is_told),
      cmocka_unit_test(deleted_executable_keeps_its_facts),
      cmocka_unit_test(delete_lets_pending_work_end),
      cmocka_unit_test(loaded_executable_computes_the_same),
      cmocka_unit_test(loaded_executable_keeps_its_signature),
      cmocka_unit_test(loaded_executable_keeps_its_devices),
      cmocka_unit_test(loaded_executable_stays_portable),
      cmocka_unit_test(damaged_artifacts_are_refused),
      cmocka_unit_test(nothing_to_load_is_refused),
  };
  return RUN_REAL_TESTS_WITH_HANDLERS(tests);
}
