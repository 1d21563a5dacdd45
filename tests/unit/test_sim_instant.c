/* The simulated plugin's instant mode: whatever a loop calls allocates nothing,
 * neither in the plugin nor in the library, and what is asked of the buffers is
 * true. */
#include "sim_fixture.h"

/* ---- counting allocations ------------------------------------------------ */

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HAS_OTHER_ALLOCATOR
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_OTHER_ALLOCATOR
#endif

static size_t num_allocations;

#ifndef HAS_OTHER_ALLOCATOR
/* The whole process allocates here. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t num, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

void *malloc(size_t size) {
  __atomic_fetch_add(&num_allocations, 1, __ATOMIC_RELAXED);
  return __libc_malloc(size);
}

void *calloc(size_t num, size_t size) {
  __atomic_fetch_add(&num_allocations, 1, __ATOMIC_RELAXED);
  return __libc_calloc(num, size);
}

void *realloc(void *memory, size_t size) {
  __atomic_fetch_add(&num_allocations, 1, __ATOMIC_RELAXED);
  return __libc_realloc(memory, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  __atomic_fetch_add(&num_allocations, 1, __ATOMIC_RELAXED);
  return __libc_memalign(alignment, size);
}
#endif

/* ---- a loop -------------------------------------------------------------- */

enum { NUM_ROUNDS = 1000000 };

static int open_instant(void **state) {
  pjrt_sim_options options;
  sim_path();
  sim.options_init(&options);
  options.execution = PJRT_SIM_INSTANT;
  *state = fixture_create(&options);
  return 0;
}

static void run_once(const fixture *f, pjrt_executable *executable) {
  pjrt_buffer *outs[2];
  pjrt_event *done;
  float read[4];
  arguments in = upload_arguments(f->device);
  expect_ok(pjrt_executable_execute_async(executable, in.args, 2, NULL, outs, 2,
                                          &done));
  expect_ok(pjrt_event_await(done));
  pjrt_event_free(done);
  expect_ok(pjrt_buffer_to_host(outs[0], read, sizeof read));
  free_buffers(in.args, 2);
  free_buffers(outs, 2);
}

static void test_a_loop_allocates_nothing(void **state) {
  const fixture *f = *state;
  pjrt_executable *executable = compile(f->client, pass_program, NULL);
  run_once(f, executable);
#ifndef HAS_OTHER_ALLOCATOR
  assert_true(num_allocations > 0);
#endif
  const size_t before = num_allocations;
  for (int i = 0; i < NUM_ROUNDS; i++) run_once(f, executable);
  assert_int_equal(num_allocations, before);
  assert_int_equal(sim.num_calls("PJRT_LoadedExecutable_Execute"), 0);
  assert_int_equal(sim.num_calls("PJRT_Client_Compile"), 1);
  pjrt_executable_free(executable);
}

/* ---- facts --------------------------------------------------------------- */

static void test_buffers_tell_the_truth(void **state) {
  const fixture *f = *state;
  pjrt_device *last = pjrt_client_addressable_device(f->client, 3);
  pjrt_buffer *buffer = upload_s32(last);
  size_t size;
  expect_ok(pjrt_buffer_on_device_size(buffer, &size));
  assert_int_equal(size, 8);
  assert_int_equal(pjrt_buffer_dtype(buffer), PJRT_S32);
  assert_ptr_equal(pjrt_buffer_device(buffer), last);
  int32_t read[2] = {7, 7};
  expect_ok(pjrt_buffer_to_host(buffer, read, sizeof read));
  assert_int_equal(read[0] | read[1], 0);
  pjrt_buffer_free(buffer);
}

int main(void) {
#define instant_test(function) \
  cmocka_unit_test_setup_teardown(function, open_instant, fixture_close)
  const struct CMUnitTest tests[] = {
      instant_test(test_a_loop_allocates_nothing),
      instant_test(test_buffers_tell_the_truth),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
