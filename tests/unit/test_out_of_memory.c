/* The library when memory is short: the whole life of a program runs while its
 * nth allocation fails, and then while every one from the nth on does. The
 * linker leads the library's allocations here; the plugin's go elsewhere. */
#include <stdatomic.h>

#include "scenario.h"

/* ---- allocations --------------------------------------------------------- */

static atomic_int num_allocations;
static atomic_int first_failure; /* 0: none fails */
static atomic_int last_failure;

void *__real_malloc(size_t size);
void *__real_calloc(size_t num, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t num, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);

static bool fails(void) {
  const int nth = atomic_fetch_add(&num_allocations, 1) + 1;
  const int first = atomic_load(&first_failure);
  return first && nth >= first && nth <= atomic_load(&last_failure);
}

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

/* ---- runs ---------------------------------------------------------------- */

/* Executions end by themselves: the library waits for one whose event it
 * cannot give to anybody. */
static void configure(void) {
  pjrt_sim_options options;
  const pjrt_sim_fault late = {.function = "PJRT_LoadedExecutable_Execute",
                               .async_delay_ms = 1};
  sim_path();
  sim.options_init(&options);
  options.faults = &late;
  options.num_faults = 1;
  sim.configure(&options);
}

/* Says whether allocation number `first` was reached. */
static bool run(int first, int last, bool *out_failed) {
  scenario s;
  configure();
  atomic_store(&num_allocations, 0);
  atomic_store(&last_failure, last);
  atomic_store(&first_failure, first);
  pjrt_error *error = scenario_run(&s);
  const bool reached = atomic_load(&num_allocations) >= first;
  if (error && pjrt_error_code(error) != PJRT_RESOURCE_EXHAUSTED) {
    fail_msg("allocation %d, step %s: %s: %s", first, s.step,
             pjrt_code_name(pjrt_error_code(error)),
             pjrt_error_message(error, NULL));
  }
  *out_failed = error != NULL;
  pjrt_error_free(error);
  scenario_end(&s);
  scenario_await_release(&s);
  expect_nothing_alive();
  atomic_store(&first_failure, 0);
  return reached;
}

/* The first scenario goes well to its end, and takes no allocation along into
 * later ones that would have been made in it. */
static void test_one_allocation_fails(void **state) {
  bool failed = false;
  int num_failed = 0, n = 1;
  (void)state;
  for (; run(n, n, &failed); n++) num_failed += failed;
  assert_false(failed);
  /* A few may be missed: a thing done another way, an error told without its
   * details. */
  assert_true(num_failed > 100 && num_failed > n * 9 / 10);
}

static void test_all_further_allocations_fail(void **state) {
  bool failed = false;
  int n = 1;
  (void)state;
  for (; run(n, INT32_MAX, &failed); n++) {
  }
  assert_false(failed);
  assert_true(n > 100);
}

/* A launch that cannot be started leaves its donated arguments as they were;
 * one that was started has consumed them, whatever failed afterwards. */
static pjrt_error *execute_short_of_memory(pjrt_executable *executable,
                                           pjrt_buffer **args,
                                           pjrt_buffer **outs, int nth) {
  pjrt_event *done;
  atomic_store(&num_allocations, 0);
  atomic_store(&last_failure, nth);
  atomic_store(&first_failure, nth);
  pjrt_error *error =
      pjrt_executable_execute_async(executable, args, 2, NULL, outs, 2, &done);
  atomic_store(&first_failure, 0);
  pjrt_event_free(done);
  return error;
}

static void test_arguments_stay_usable(void **state) {
  fixture *f = *state;
  pjrt_executable *executable = compile(f->client, donate_program, NULL);
  bool failed = true;
  for (int n = 1; failed; n++) {
    pjrt_buffer *outs[2];
    arguments in = upload_arguments(f->device);
    sim_configure_default();
    pjrt_error *error = execute_short_of_memory(executable, in.args, outs, n);
    failed = error != NULL;
    pjrt_error_free(error);
    const bool launched = sim.num_calls("PJRT_LoadedExecutable_Execute");
    for (size_t i = 0; i < 2; i++) {
      assert_int_equal(pjrt_buffer_is_deleted(in.args[i]), launched);
      if (!launched) expect_ok(pjrt_buffer_delete(in.args[i]));
    }
    if (!failed) free_buffers(outs, 2);
    free_buffers(in.args, 2);
  }
  pjrt_executable_free(executable);
}

/* Nobody but the caller ends the wait for what was promised, so no call may
 * wait for it because memory for its event is short. */
static pjrt_error *ask_for_promised(pjrt_buffer *promised, int which) {
  pjrt_event *done;
  float read[4];
  switch (which) {
    case 0:
      return pjrt_buffer_ready_event(promised, &done);
    case 1:
      return pjrt_buffer_to_host_async(promised, read, sizeof read, &done);
    default:
      return pjrt_buffer_copy_raw_to_host_async(promised, 0, read, sizeof read,
                                                &done);
  }
}

static void test_no_wait_for_what_is_promised(void **state) {
  const fixture *f = *state;
  const int64_t four[] = {4};
  pjrt_buffer *promised;
  pjrt_alias *alias;
  expect_ok(pjrt_buffer_create_alias(f->device, PJRT_F32, four, 1, NULL,
                                     &promised, &alias));
  for (int which = 0; which < 3; which++) {
    atomic_store(&num_allocations, 0);
    atomic_store(&last_failure, INT32_MAX);
    atomic_store(&first_failure, 1);
    pjrt_error *error = ask_for_promised(promised, which);
    atomic_store(&first_failure, 0);
    assert_int_equal(pjrt_error_consume(error), PJRT_RESOURCE_EXHAUSTED);
  }
  pjrt_alias_free(alias);
  pjrt_buffer_free(promised);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_one_allocation_fails),
      cmocka_unit_test(test_all_further_allocations_fail),
      sim_test(test_arguments_stay_usable),
      sim_test(test_no_wait_for_what_is_promised),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
