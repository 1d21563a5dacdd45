/* Alias buffers: promised, and then fulfilled, failed or forgotten. */
#include "abi/plugin.h"
#include "sim_fixture.h"

static const int64_t four[] = {4};

typedef struct promise {
  pjrt_buffer *buffer;
  pjrt_alias *alias;
} promise;

static promise create(pjrt_device *device) {
  promise made;
  expect_ok(pjrt_buffer_create_alias(device, PJRT_F32, four, 1, NULL,
                                     &made.buffer, &made.alias));
  return made;
}

static void drop(promise *made) {
  pjrt_alias_free(made->alias);
  pjrt_buffer_free(made->buffer);
}

static bool is_ready(pjrt_buffer *buffer) {
  pjrt_event *event;
  bool ready;
  expect_ok(pjrt_buffer_ready_event(buffer, &event));
  expect_ok(pjrt_event_is_ready(event, &ready));
  pjrt_event_free(event);
  return ready;
}

static void test_fulfilled(void **state) {
  const fixture *f = *state;
  promise made = create(f->device);
  pjrt_buffer *buffer = upload_f32(f->device);
  size_t num_dims;
  assert_ptr_equal(pjrt_buffer_device(made.buffer), f->device);
  assert_int_equal(pjrt_buffer_dtype(made.buffer), PJRT_F32);
  assert_int_equal(pjrt_buffer_dims(made.buffer, &num_dims)[0], 4);
  assert_int_equal(num_dims, 1);
  assert_false(is_ready(made.buffer));
  expect_ok(pjrt_alias_fulfill(made.alias, buffer));
  assert_true(is_ready(made.buffer));
  expect_f32(made.buffer);
  expect_error(pjrt_buffer_await(buffer), PJRT_FAILED_PRECONDITION, "donated");
  pjrt_buffer_free(buffer);
  drop(&made);
}

static void test_memory(void **state) {
  const fixture *f = *state;
  pjrt_buffer_opts opts;
  pjrt_buffer *buffer;
  pjrt_alias *alias;
  pjrt_memory *memory;
  pjrt_buffer_opts_init(&opts);
  opts.memory = pjrt_device_memory(f->device, 1);
  expect_ok(pjrt_buffer_create_alias(f->device, PJRT_F32, four, 1, &opts,
                                     &buffer, &alias));
  expect_ok(pjrt_buffer_memory(buffer, &memory));
  assert_ptr_equal(memory, opts.memory);
  pjrt_alias_free(alias);
  pjrt_buffer_free(buffer);
}

/* Once only; what comes second is left alone. */
static void test_fulfilled_once(void **state) {
  const fixture *f = *state;
  promise made = create(f->device);
  pjrt_buffer *first = upload_f32(f->device), *second = upload_f32(f->device);
  pjrt_error *error = pjrt_error_create(PJRT_ABORTED, "no", 2);
  expect_ok(pjrt_alias_fulfill(made.alias, first));
  sim_configure_default();
  expect_error(pjrt_alias_fulfill(made.alias, second), PJRT_FAILED_PRECONDITION,
               "fulfilled or failed before");
  expect_error(pjrt_alias_fail(made.alias, error), PJRT_FAILED_PRECONDITION,
               "fulfilled or failed before");
  assert_int_equal(sim.num_calls("PJRT_Client_FulfillAliasBuffer"), 0);
  expect_f32(second);
  pjrt_error_free(error);
  pjrt_buffer_free(first);
  pjrt_buffer_free(second);
  drop(&made);
}

static void test_failed(void **state) {
  const fixture *f = *state;
  promise made = create(f->device);
  pjrt_error *error = pjrt_error_create(PJRT_DATA_LOSS, "a bad day", 9);
  expect_error(pjrt_alias_fail(made.alias, NULL), PJRT_INVALID_ARGUMENT,
               "error is NULL");
  pjrt_error *odd = pjrt_error_create((pjrt_code)99, "odd", 3);
  expect_error(pjrt_alias_fail(made.alias, odd), PJRT_INVALID_ARGUMENT,
               "the error has code 99");
  pjrt_error_free(odd);
  expect_ok(pjrt_alias_fail(made.alias, error));
  expect_error(pjrt_buffer_await(made.buffer), PJRT_DATA_LOSS, "a bad day");
  pjrt_error_free(error);
  drop(&made);
}

static void test_forgotten(void **state) {
  const fixture *f = *state;
  promise made = create(f->device);
  pjrt_alias_free(made.alias);
  expect_error(pjrt_buffer_await(made.buffer), PJRT_CANCELLED, "dropped");
  pjrt_buffer_free(made.buffer);
  pjrt_alias_free(NULL);
  expect_error(pjrt_alias_fail(NULL, NULL), PJRT_INVALID_ARGUMENT,
               "alias is NULL");
}

/* The buffer goes first, and the client's handle too. */
static void test_fulfilled_for_nobody(void **state) {
  fixture *f = *state;
  promise made = create(f->device);
  promise forgotten = create(f->device);
  pjrt_buffer *buffer = upload_f32(f->device);
  pjrt_buffer_free(made.buffer);
  pjrt_buffer_free(forgotten.buffer);
  fixture_drop(f);
  expect_ok(pjrt_alias_fulfill(made.alias, buffer));
  pjrt_buffer_free(buffer);
  pjrt_alias_free(made.alias);
  pjrt_alias_free(forgotten.alias);
}

/* ---- what does not fit --------------------------------------------------- */

static void expect_not_taken(const promise *made, pjrt_buffer *buffer,
                             pjrt_code code, const char *part) {
  const size_t before = sim.num_calls("PJRT_Client_FulfillAliasBuffer");
  expect_error(pjrt_alias_fulfill(made->alias, buffer), code, part);
  assert_int_equal(sim.num_calls("PJRT_Client_FulfillAliasBuffer"), before);
  assert_false(is_ready(made->buffer));
}

static void test_refused(void **state) {
  const fixture *f = *state;
  const void *view;
  pjrt_client *other;
  promise made = create(f->device);
  pjrt_buffer *buffer = upload_s32(f->device);
  expect_not_taken(&made, buffer, PJRT_INVALID_ARGUMENT,
                   "the alias is f32[4] on device 0, and the buffer is s32[2]");
  pjrt_buffer_free(buffer);
  buffer = upload_f32(pjrt_client_device(f->client, 2));
  expect_not_taken(&made, buffer, PJRT_INVALID_ARGUMENT, "on device 2");
  pjrt_buffer_free(buffer);
  expect_ok(pjrt_client_create(f->plugin, NULL, &other));
  buffer = upload_f32(pjrt_client_device(other, 0));
  expect_not_taken(&made, buffer, PJRT_INVALID_ARGUMENT, "another client");
  pjrt_buffer_free(buffer);
  pjrt_client_free(other);
  buffer = upload_f32(f->device);
  expect_ok(pjrt_buffer_map(buffer, &view, NULL));
  expect_not_taken(&made, buffer, PJRT_FAILED_PRECONDITION, "unmap it first");
  expect_ok(pjrt_buffer_unmap(buffer));
  expect_ok(pjrt_buffer_delete(buffer));
  expect_not_taken(&made, buffer, PJRT_FAILED_PRECONDITION, "was deleted");
  pjrt_buffer_free(buffer);
  expect_not_taken(&made, NULL, PJRT_INVALID_ARGUMENT, "buffer is NULL");
  expect_error(pjrt_alias_fulfill(made.alias, made.buffer),
               PJRT_INVALID_ARGUMENT, "the alias itself");
  drop(&made);
}

/* Nobody could keep the promise. */
static void test_without_fulfilling(void **state) {
  const fixture *f = *state;
  pjrt_buffer *buffer;
  pjrt_alias *alias;
  f->plugin->table.PJRT_Client_FulfillAliasBuffer = NULL;
  expect_error(pjrt_buffer_create_alias(f->device, PJRT_F32, four, 1, NULL,
                                        &buffer, &alias),
               PJRT_UNIMPLEMENTED, "PJRT_Client_FulfillAliasBuffer");
  assert_int_equal(sim.num_calls("PJRT_Client_CreateAliasBuffer"), 0);
  assert_null(buffer);
  assert_null(alias);
}

/* A failure before the promise leaves nothing behind. */
static void test_creation_fails(void **state) {
  static const char *const functions[] = {"PJRT_Client_CreateAliasBuffer",
                                          "PJRT_Buffer_ElementType",
                                          "PJRT_Buffer_Dimensions"};
  const fixture *f = *state;
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    pjrt_buffer *buffer = (pjrt_buffer *)f->device;
    pjrt_alias *alias = (pjrt_alias *)f->device;
    sim_fail(functions[i], 0, PJRT_Error_Code_INTERNAL);
    expect_error(pjrt_buffer_create_alias(f->device, PJRT_F32, four, 1, NULL,
                                          &buffer, &alias),
                 PJRT_INTERNAL, "");
    assert_null(buffer);
    assert_null(alias);
  }
}

/* The plugin refuses: what it did not consume is the caller's again. */
static void test_fulfilling_fails(void **state) {
  const fixture *f = *state;
  promise made = create(f->device);
  pjrt_buffer *buffer = upload_f32(f->device);
  sim.lose_device(pjrt_device_id(f->device));
  expect_error(pjrt_alias_fulfill(made.alias, buffer), PJRT_UNAVAILABLE, "");
  assert_false(pjrt_buffer_is_deleted(buffer));
  expect_error(pjrt_buffer_await(made.buffer), PJRT_UNAVAILABLE, "");
  expect_error(pjrt_alias_fulfill(made.alias, buffer), PJRT_FAILED_PRECONDITION,
               "before");
  pjrt_buffer_free(buffer);
  drop(&made);
}

/* Without memories there is nowhere to make it. */
static void test_without_memories(void **state) {
  const char *const missing[] = {"PJRT_Device_DefaultMemory"};
  pjrt_sim_options options;
  promise made = {0};
  (void)state;
  sim_path();
  sim.options_init(&options);
  options.null_functions = missing;
  options.num_null_functions = 1;
  fixture *f = fixture_create(&options);
  expect_error(pjrt_buffer_create_alias(f->device, PJRT_F32, four, 1, NULL,
                                        &made.buffer, &made.alias),
               PJRT_UNIMPLEMENTED, "PJRT_Device_DefaultMemory");
  fixture_drop(f);
  test_free(f);
  expect_nothing_alive();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      sim_test(test_fulfilled),
      sim_test(test_memory),
      sim_test(test_fulfilled_once),
      sim_test(test_failed),
      sim_test(test_forgotten),
      sim_test(test_fulfilled_for_nobody),
      sim_test(test_refused),
      sim_test(test_creation_fails),
      sim_test(test_without_fulfilling),
      sim_test(test_fulfilling_fails),
      cmocka_unit_test(test_without_memories),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
