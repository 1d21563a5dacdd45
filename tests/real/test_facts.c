/* What devices and executables are asked while they work. Where a plugin does
 * not implement a function, or is too old for it, one clear error says so. */
#include "real/fixture.h"

/* The plugin is too old, or says itself that it does not do it. */
#define assert_unimplemented(f, since, expression)                       \
  do {                                                                   \
    pjrt_error *error_ = (expression);                                   \
    assert_int_equal(pjrt_error_code(error_), PJRT_UNIMPLEMENTED);       \
    if ((f)->minor < (since))                                            \
      assert_refused(error_, PJRT_UNIMPLEMENTED, "which API 0." #since); \
    else                                                                 \
      assert_plugin_error(error_);                                       \
  } while (0)

/* ---- devices ------------------------------------------------------------- */

static void cpus_do_not_count_memory(void **state) {
  fixture *f = *state;
  pjrt_memory_stats stats;
  pjrt_memory_stats_init(&stats);
  stats.bytes_limit = (pjrt_optional_int64){7, true};
  assert_unimplemented(f, 40, pjrt_device_memory_stats(f->device, &stats));
  assert_false(stats.bytes_limit.has_value);
  assert_unimplemented(f, 106, pjrt_device_clear_memory_stats(f->device));
}

static void attributes_are_empty(void **state) {
  fixture *f = *state;
  pjrt_named_values *values;
  if (f->minor < 92) {
    assert_unimplemented(f, 92, pjrt_device_get_attributes(f->device, &values));
    assert_null(values);
    return;
  }
  assert_ok(pjrt_device_get_attributes(f->device, &values));
  assert_int_equal(pjrt_named_values_size(values), 0);
  pjrt_named_values_free(values);
}

static void cpus_poison_nothing(void **state) {
  fixture *f = *state;
  bool poisoned = true;
  pjrt_error *reason = pjrt_error_create(PJRT_ABORTED, "not today", 9);
  if (f->minor < 85) {
    assert_unimplemented(
        f, 85, pjrt_device_poison_execution(f->device, 1, reason, &poisoned));
  } else {
    assert_ok(pjrt_device_poison_execution(f->device, 1, reason, &poisoned));
  }
  assert_false(poisoned);
  pjrt_error_free(reason);
  assert_refused(pjrt_device_poison_execution(f->device, 1, NULL, &poisoned),
                 PJRT_INVALID_ARGUMENT, "expected one from 1 to 16");
}

static void work_is_tracked(void **state) {
  fixture *f = *state;
  pjrt_async_tracking_event *event;
  if (f->minor < 86) {
    assert_unimplemented(f, 86,
                         pjrt_device_create_async_tracking_event(
                             f->device, "loading", PJRT_NUL_ENDED, &event));
    assert_null(event);
    return;
  }
  assert_ok(pjrt_device_create_async_tracking_event(f->device, "loading",
                                                    PJRT_NUL_ENDED, &event));
  assert_non_null(event);
  pjrt_async_tracking_event_free(event);
  assert_refused(
      pjrt_device_create_async_tracking_event(f->device, NULL, 0, &event),
      PJRT_INVALID_ARGUMENT, "description is NULL");
}

/* ---- analyses ------------------------------------------------------------ */

static void costs_are_told_by_the_old(void **state) {
  fixture *f = *state;
  pjrt_named_values *costs;
  pjrt_executable *add = compile(f, add_program);
  if (f->minor > 81) {
    assert_unimplemented(f, 40, pjrt_executable_cost_analysis(add, &costs));
    assert_null(costs);
  } else {
    assert_ok(pjrt_executable_cost_analysis(add, &costs));
    const size_t i = pjrt_named_values_find(costs, "flops", PJRT_NUL_ENDED);
    assert_int_equal(pjrt_named_values_kind(costs, i), PJRT_VALUE_FLOAT);
    assert_true(pjrt_named_values_float(costs, i) == 4.0f);
    pjrt_named_values_free(costs);
  }
  pjrt_executable_free(add);
}

static void memory_needs_are_told(void **state) {
  fixture *f = *state;
  pjrt_memory_analysis a;
  pjrt_executable *add = compile(f, donate_program);
  pjrt_memory_analysis_init(&a);
  assert_ok(pjrt_executable_memory_analysis(add, &a));
  assert_int_equal(a.argument_size_in_bytes.value, 32);
  assert_int_equal(a.output_size_in_bytes.value, 16);
  assert_int_equal(a.alias_size_in_bytes.value, 16);
  assert_true(a.temp_size_in_bytes.has_value);
  assert_true(a.host_temp_size_in_bytes.has_value);
  assert_true(a.peak_memory_in_bytes.has_value);
  assert_int_equal(a.total_size_in_bytes.has_value, f->minor >= 90);
  assert_int_equal(a.total_allocation_bytes.has_value, f->minor >= 104);
  assert_int_equal(a.indefinite_allocations.has_value, f->minor >= 104);
  assert_int_equal(a.peak_unpadded_heap_bytes.has_value, f->minor >= 104);
  pjrt_executable_free(add);
}

/* ---- the program --------------------------------------------------------- */

static void check_add(fixture *f, pjrt_executable *add) {
  pjrt_buffer *arg = upload_f32(f->device, 4, 1.0, 2.0, 3.0, 4.0);
  pjrt_buffer *sum = execute2(add, arg, arg);
  assert_f32(sum, 4, 2, 4, 6, 8);
  pjrt_buffer_free(sum);
  pjrt_buffer_free(arg);
}

static void optimized_program_compiles_again(void **state) {
  fixture *f = *state;
  pjrt_program *program;
  pjrt_executable *add = compile(f, add_program), *again;
  assert_ok(pjrt_executable_optimized_program(add, &program));
  pjrt_executable_free(add);
  assert_int_equal(pjrt_program_format_of(program), PJRT_FORMAT_HLO);
  assert_ok(pjrt_client_compile(f->client, program, NULL, &again));
  check_add(f, again);
  pjrt_executable_free(again);
  pjrt_program_free(program);
}

static void compile_options_compile_again(void **state) {
  fixture *f = *state;
  pjrt_compile_opts opts;
  void *bytes;
  pjrt_executable *add = compile(f, add_program);
  pjrt_compile_opts_init(&opts);
  if (f->minor < 87) {
    assert_unimplemented(
        f, 87,
        pjrt_executable_compile_options(add, &bytes, &opts.serialized_size));
    assert_null(bytes);
    pjrt_executable_free(add);
    return;
  }
  assert_ok(
      pjrt_executable_compile_options(add, &bytes, &opts.serialized_size));
  pjrt_executable_free(add);
  opts.serialized = bytes;
  add = compile_with(f, add_program, &opts);
  check_add(f, add);
  pjrt_executable_free(add);
  pjrt_host_free(bytes);
}

/* Its parameters are one tuple, so the signature cannot tell them. */
static void unchecked_program_has_outputs(void **state) {
  fixture *f = *state;
  static const unsigned char tupled[] = {0x10, 1, 0x1a, 4, 0x20, 1, 0x28, 1};
  pjrt_compile_opts opts;
  size_t num;
  pjrt_compile_opts_init(&opts);
  opts.serialized = tupled;
  opts.serialized_size = sizeof tupled;
  pjrt_executable *add = compile_with(f, add_program, &opts);
  assert_false(pjrt_executable_is_checked(add));
  assert_int_equal(pjrt_executable_num_parameters(add), 0);
  assert_int_equal(pjrt_executable_num_outputs(add), 1);
  assert_int_equal(pjrt_executable_output_dtype(add, 0), PJRT_F32);
  const int64_t *dims = pjrt_executable_output_dims(add, 0, &num);
  assert_int_equal(num, 1);
  assert_int_equal(dims[0], 4);
  check_add(f, add);
  pjrt_executable_free(add);
}

/* ---- memory kinds -------------------------------------------------------- */

static void memory_kinds_are_told_by_the_new(void **state) {
  fixture *f = *state;
  const char *kind;
  size_t size;
  pjrt_executable *add = compile(f, add_program);
  if (f->minor < 115) {
    assert_unimplemented(
        f, 102, pjrt_executable_parameter_memory_kind(add, 0, &kind, &size));
    assert_unimplemented(
        f, 40, pjrt_executable_output_memory_kind(add, 0, &kind, &size));
    assert_null(kind);
    pjrt_executable_free(add);
    return;
  }
  for (size_t i = 0; i < 2; i++) {
    assert_ok(pjrt_executable_parameter_memory_kind(add, i, &kind, &size));
    assert_string_equal(kind, "device");
    assert_int_equal(size, 6);
  }
  assert_ok(pjrt_executable_output_memory_kind(add, 0, &kind, &size));
  assert_string_equal(kind, "device");
  assert_refused(pjrt_executable_parameter_memory_kind(add, 2, &kind, NULL),
                 PJRT_INVALID_ARGUMENT, "no parameter 2");
  pjrt_executable_free(add);
}

/* ---- devices of an executable -------------------------------------------- */

static void check_logical_ids(fixture *f, const pjrt_executable *executable,
                              const int *ids) {
  int replica, partition;
  for (size_t i = 0; i < pjrt_executable_num_devices(executable); i++) {
    pjrt_error *error =
        pjrt_executable_device_logical_ids(executable, i, &replica, &partition);
    if (f->minor < 96) {
      assert_unimplemented(f, 96, error);
      continue;
    }
    assert_ok(error);
    assert_int_equal(partition, 0);
    assert_int_equal(pjrt_device_id(pjrt_executable_device(executable, i)),
                     ids[replica]);
  }
}

static void devices_are_those_asked_for(void **state) {
  fixture *f = *state;
  static const int wanted[] = {2, 0, 3, 1};
  int ids[4] = {-1, -1, -1, -1};
  pjrt_compile_opts opts;
  pjrt_compile_opts_init(&opts);
  opts.num_replicas = 4;
  opts.device_ids = wanted;
  opts.num_device_ids = 4;
  pjrt_executable *executable = compile_with(f, replicas_program, &opts);
  assert_ok(pjrt_executable_device_assignment(executable, ids, 4));
  assert_memory_equal(ids, wanted, sizeof ids);
  assert_refused(pjrt_executable_device_assignment(executable, ids, 3),
                 PJRT_INVALID_ARGUMENT, "expected 4");
  check_logical_ids(f, executable, ids);
  pjrt_executable_free(executable);
}

static void portable_program_has_no_devices(void **state) {
  fixture *f = *state;
  int id;
  pjrt_compile_opts opts;
  pjrt_compile_opts_init(&opts);
  opts.compile_portable_executable = true;
  pjrt_executable *add = compile_with(f, add_program, &opts);
  assert_refused(pjrt_executable_device_assignment(add, &id, 1),
                 PJRT_FAILED_PRECONDITION, "is portable");
  pjrt_executable_free(add);
}

static void deletion_is_remembered(void **state) {
  fixture *f = *state;
  pjrt_executable *add = compile(f, add_program);
  assert_false(pjrt_executable_is_deleted(add));
  assert_ok(pjrt_executable_delete(add));
  assert_true(pjrt_executable_is_deleted(add));
  pjrt_executable_free(add);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(cpus_do_not_count_memory),
      cmocka_unit_test(attributes_are_empty),
      cmocka_unit_test(cpus_poison_nothing),
      cmocka_unit_test(work_is_tracked),
      cmocka_unit_test(costs_are_told_by_the_old),
      cmocka_unit_test(memory_needs_are_told),
      cmocka_unit_test(optimized_program_compiles_again),
      cmocka_unit_test(compile_options_compile_again),
      cmocka_unit_test(unchecked_program_has_outputs),
      cmocka_unit_test(memory_kinds_are_told_by_the_new),
      cmocka_unit_test(devices_are_those_asked_for),
      cmocka_unit_test(portable_program_has_no_devices),
      cmocka_unit_test(deletion_is_remembered),
  };
  return RUN_REAL_TESTS(tests);
}
