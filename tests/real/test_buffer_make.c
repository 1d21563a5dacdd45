/* Buffers without contents, with an error, that stand for others, and that take
 * another one's memory. */
#include "real/fixture.h"

static const int64_t four[] = {4};
static const float floats[] = {1, 2, 3, 4};

/* The plugins of the suite have a donation that waits from 0.115 on. */
enum { ERRORS_SINCE = 82, BITCAST_SINCE = 98, DONATION_WORKS_SINCE = 115 };

static pjrt_error *oops(void) {
  return pjrt_error_create(PJRT_DATA_LOSS, "a bad day", 9);
}

/* The sum of a buffer and itself, under way. */
static pjrt_buffer *start_sum(pjrt_executable *add, pjrt_buffer *buffer) {
  pjrt_buffer *sum, *args[] = {buffer, buffer};
  assert_ok(pjrt_executable_execute_async(add, args, 2, NULL, &sum, 1, NULL));
  return sum;
}

/* ---- uninitialized ------------------------------------------------------- */

static void memory_can_be_had_without_contents(void **state) {
  fixture *f = *state;
  const int64_t dims[] = {3, 5};
  float read[15];
  pjrt_memory *memory;
  pjrt_buffer_opts opts;
  pjrt_buffer *buffer;
  assert_ok(pjrt_buffer_create_uninitialized(f->device, PJRT_F32, dims, 2, NULL,
                                             &buffer));
  assert_int_equal(pjrt_buffer_host_size(buffer), sizeof read);
  assert_ok(pjrt_buffer_to_host(buffer, read, sizeof read));
  pjrt_buffer_free(buffer);
  pjrt_buffer_opts_init(&opts);
  opts.memory = pjrt_device_memory(f->device, 1);
  assert_ok(pjrt_buffer_create_uninitialized(f->device, PJRT_F32, dims, 2,
                                             &opts, &buffer));
  assert_ok(pjrt_buffer_memory(buffer, &memory));
  assert_ptr_equal(memory, opts.memory);
  pjrt_buffer_free(buffer);
}

/* On these, plugins end the process. */
static void impossible_shapes_are_refused(void **state) {
  fixture *f = *state;
  const int64_t negative[] = {-1};
  pjrt_buffer *buffer;
  assert_refused(pjrt_buffer_create_uninitialized(f->device, PJRT_F32, negative,
                                                  1, NULL, &buffer),
                 PJRT_INVALID_ARGUMENT, "-1");
  assert_refused(pjrt_buffer_create_uninitialized(f->device, PJRT_TOKEN, NULL,
                                                  0, NULL, &buffer),
                 PJRT_INVALID_ARGUMENT, "no elements");
  assert_refused(pjrt_buffer_create_uninitialized(f->device, PJRT_DTYPE_INVALID,
                                                  four, 1, NULL, &buffer),
                 PJRT_INVALID_ARGUMENT, "no elements");
  const int64_t huge[] = {INT64_C(1) << 45};
  assert_code(pjrt_buffer_create_uninitialized(f->device, PJRT_S8, huge, 1,
                                               NULL, &buffer),
              PJRT_RESOURCE_EXHAUSTED, "");
  assert_null(buffer);
}

/* ---- errors -------------------------------------------------------------- */

static void an_error_can_be_contents(void **state) {
  fixture *f = *state;
  float read[4];
  pjrt_buffer *buffer;
  pjrt_error *error = oops();
  if (f->minor < ERRORS_SINCE) {
    assert_code(pjrt_buffer_create_error(f->device, PJRT_F32, four, 1, error,
                                         NULL, &buffer),
                PJRT_UNIMPLEMENTED, "PJRT_Client_CreateErrorBuffer");
    pjrt_error_free(error);
    return;
  }
  assert_ok(pjrt_buffer_create_error(f->device, PJRT_F32, four, 1, error, NULL,
                                     &buffer));
  pjrt_error_free(error);
  assert_code(pjrt_buffer_await(buffer), PJRT_DATA_LOSS, "a bad day");
  assert_code(pjrt_buffer_to_host(buffer, read, sizeof read), PJRT_DATA_LOSS,
              "a bad day");
  pjrt_executable *add = compile(f, add_program);
  pjrt_buffer *sum = start_sum(add, buffer);
  error = pjrt_buffer_await(sum);
  assert_non_null(strstr(pjrt_error_message(error, NULL), "a bad day"));
  pjrt_error_free(error);
  pjrt_buffer_free(sum);
  pjrt_executable_free(add);
  pjrt_buffer_free(buffer);
}

/* ---- aliases ------------------------------------------------------------- */

static pjrt_buffer *create_alias(fixture *f, pjrt_alias **out_alias) {
  pjrt_buffer *buffer;
  assert_ok(pjrt_buffer_create_alias(f->device, PJRT_F32, four, 1, NULL,
                                     &buffer, out_alias));
  return buffer;
}

static void an_alias_becomes_the_buffer(void **state) {
  fixture *f = *state;
  pjrt_alias *alias;
  bool ready;
  pjrt_event *event;
  pjrt_buffer *stand_in = create_alias(f, &alias);
  pjrt_buffer *buffer = upload(f->device, PJRT_F32, four, 1, floats);
  assert_ok(pjrt_buffer_ready_event(stand_in, &event));
  assert_ok(pjrt_event_is_ready(event, &ready));
  assert_false(ready);
  assert_ok(pjrt_alias_fulfill(alias, buffer));
  assert_true(pjrt_buffer_is_deleted(buffer));
  assert_ok(pjrt_event_await(event));
  assert_f32(stand_in, 4, 1, 2, 3, 4);
  pjrt_buffer *another = upload(f->device, PJRT_F32, four, 1, floats);
  assert_refused(pjrt_alias_fulfill(alias, another), PJRT_FAILED_PRECONDITION,
                 "before");
  assert_f32(another, 4, 1, 2, 3, 4);
  pjrt_alias_free(alias);
  pjrt_event_free(event);
  pjrt_buffer_free(another);
  pjrt_buffer_free(buffer);
  pjrt_buffer_free(stand_in);
}

/* Work is started before its argument exists. */
static void an_alias_can_be_an_argument(void **state) {
  fixture *f = *state;
  pjrt_alias *alias;
  pjrt_executable *add = compile(f, add_program);
  pjrt_buffer *stand_in = create_alias(f, &alias);
  pjrt_buffer *buffer = upload(f->device, PJRT_F32, four, 1, floats);
  pjrt_buffer *sum = start_sum(add, stand_in);
  assert_ok(pjrt_alias_fulfill(alias, buffer));
  assert_f32(sum, 4, 2, 4, 6, 8);
  pjrt_buffer_free(sum);
  pjrt_buffer_free(buffer);
  pjrt_buffer_free(stand_in);
  pjrt_alias_free(alias);
  pjrt_executable_free(add);
}

static void an_alias_can_fail(void **state) {
  fixture *f = *state;
  pjrt_alias *alias;
  pjrt_buffer *stand_in = create_alias(f, &alias);
  pjrt_error *error = oops();
  assert_ok(pjrt_alias_fail(alias, error));
  assert_code(pjrt_buffer_await(stand_in), PJRT_DATA_LOSS, "a bad day");
  assert_refused(pjrt_alias_fail(alias, error), PJRT_FAILED_PRECONDITION,
                 "before");
  pjrt_error_free(error);
  pjrt_alias_free(alias);
  pjrt_buffer_free(stand_in);
}

static void a_forgotten_alias_is_cancelled(void **state) {
  fixture *f = *state;
  pjrt_alias *alias;
  pjrt_buffer *stand_in = create_alias(f, &alias);
  pjrt_alias_free(alias);
  assert_code(pjrt_buffer_await(stand_in), PJRT_CANCELLED, "dropped");
  pjrt_buffer_free(stand_in);
}

/* The buffer that it stands for goes first. */
static void an_alias_is_fulfilled_for_nobody(void **state) {
  fixture *f = *state;
  pjrt_alias *alias;
  pjrt_buffer *buffer = upload(f->device, PJRT_F32, four, 1, floats);
  pjrt_buffer_free(create_alias(f, &alias));
  assert_ok(pjrt_alias_fulfill(alias, buffer));
  assert_true(pjrt_buffer_is_deleted(buffer));
  pjrt_alias_free(alias);
  pjrt_buffer_free(buffer);
  pjrt_buffer_free(create_alias(f, &alias));
  pjrt_alias_free(alias);
}

/* Plugins take what does not fit, or crash. */
static void an_alias_takes_only_what_it_stands_for(void **state) {
  fixture *f = *state;
  pjrt_alias *alias;
  const void *view;
  const int32_t integers[4] = {0};
  pjrt_buffer *stand_in = create_alias(f, &alias);
  pjrt_buffer *buffer = upload(f->device, PJRT_S32, four, 1, integers);
  assert_refused(pjrt_alias_fulfill(alias, buffer), PJRT_INVALID_ARGUMENT,
                 "the alias is f32[4]");
  pjrt_buffer_free(buffer);
  buffer = upload(pjrt_client_device(f->client, 1), PJRT_F32, four, 1, floats);
  assert_refused(pjrt_alias_fulfill(alias, buffer), PJRT_INVALID_ARGUMENT,
                 "on device 1");
  pjrt_buffer_free(buffer);
  buffer = upload(f->device, PJRT_F32, four, 1, floats);
  assert_ok(pjrt_buffer_map(buffer, &view, NULL));
  assert_refused(pjrt_alias_fulfill(alias, buffer), PJRT_FAILED_PRECONDITION,
                 "unmap it first");
  assert_ok(pjrt_buffer_unmap(buffer));
  assert_ok(pjrt_alias_fulfill(alias, buffer));
  assert_f32(stand_in, 4, 1, 2, 3, 4);
  pjrt_alias_free(alias);
  pjrt_buffer_free(buffer);
  pjrt_buffer_free(stand_in);
}

/* ---- of another buffer's memory ------------------------------------------ */

static void bits_can_be_taken_for_others(void **state) {
  fixture *f = *state;
  const int64_t dims[] = {2, 2};
  const uint32_t ones[] = {0x3f800000, 0x3f800000, 0x3f800000, 0x3f800000};
  pjrt_buffer *cast;
  pjrt_buffer *buffer = upload(f->device, PJRT_U32, four, 1, ones);
  if (f->minor < BITCAST_SINCE) {
    assert_code(pjrt_buffer_bitcast(buffer, PJRT_F32, dims, 2, &cast),
                PJRT_UNIMPLEMENTED, "PJRT_Buffer_Bitcast");
    assert_false(pjrt_buffer_is_deleted(buffer));
    pjrt_buffer_free(buffer);
    return;
  }
  assert_plugin_error(pjrt_buffer_bitcast(buffer, PJRT_F64, four, 1, &cast));
  assert_null(cast);
  assert_false(pjrt_buffer_is_deleted(buffer));
  assert_ok(pjrt_buffer_bitcast(buffer, PJRT_F32, dims, 2, &cast));
  assert_true(pjrt_buffer_is_deleted(buffer));
  assert_f32(cast, 4, 1, 1, 1, 1);
  pjrt_buffer_free(cast);
  pjrt_buffer_free(buffer);
}

/* Adopted memory goes to the new buffer, and comes back with it. */
static void adopted_memory_follows_a_bitcast(void **state) {
  fixture *f = *state;
  int released = 0;
  void *memory;
  pjrt_buffer *buffer, *cast;
  if (f->minor < BITCAST_SINCE) skip_because("API 0.98 brought it");
  assert_ok(pjrt_host_alloc(sizeof floats, &memory));
  memcpy(memory, floats, sizeof floats);
  assert_ok(pjrt_buffer_adopt_host(f->device, PJRT_F32, four, 1, memory,
                                   sizeof floats, PJRT_ADOPT_READ_ONLY,
                                   count_release, &released, &buffer));
  assert_ok(
      pjrt_buffer_bitcast(buffer, PJRT_F32, (const int64_t[]){2, 2}, 2, &cast));
  pjrt_buffer_free(buffer);
  assert_f32(cast, 4, 1, 2, 3, 4);
  pjrt_buffer_free(cast);
  await_count(&released, 1);
}

static void a_donation_waits_for_its_dependency(void **state) {
  fixture *f = *state;
  pjrt_alias *alias;
  pjrt_event *dependency;
  pjrt_buffer *given;
  bool ready;
  pjrt_buffer *before = create_alias(f, &alias);
  pjrt_buffer *buffer = upload(f->device, PJRT_F32, four, 1, floats);
  assert_ok(pjrt_buffer_ready_event(before, &dependency));
  pjrt_error *error =
      pjrt_buffer_donate_with_dependency(buffer, dependency, &given);
  if (f->minor < DONATION_WORKS_SINCE) { /* not there, or not done */
    assert_code(error, PJRT_UNIMPLEMENTED, "");
    assert_false(pjrt_buffer_is_deleted(buffer));
    assert_f32(buffer, 4, 1, 2, 3, 4);
  } else {
    pjrt_event *event;
    assert_ok(error);
    assert_true(pjrt_buffer_is_deleted(buffer));
    assert_ok(pjrt_buffer_ready_event(given, &event));
    assert_ok(pjrt_event_is_ready(event, &ready));
    assert_false(ready);
    pjrt_buffer *first = upload(f->device, PJRT_F32, four, 1, floats);
    assert_ok(pjrt_alias_fulfill(alias, first));
    assert_ok(pjrt_event_await(event));
    assert_f32(given, 4, 1, 2, 3, 4);
    pjrt_buffer_free(first);
    pjrt_event_free(event);
    pjrt_buffer_free(given);
  }
  pjrt_alias_free(alias);
  pjrt_event_free(dependency);
  pjrt_buffer_free(before);
  pjrt_buffer_free(buffer);
}

static void a_donation_fails_with_its_dependency(void **state) {
  fixture *f = *state;
  pjrt_alias *alias;
  pjrt_event *dependency;
  pjrt_buffer *given;
  if (f->minor < DONATION_WORKS_SINCE) skip_because("the plugin cannot do it");
  pjrt_buffer *before = create_alias(f, &alias);
  pjrt_buffer *buffer = upload(f->device, PJRT_F32, four, 1, floats);
  assert_ok(pjrt_buffer_ready_event(before, &dependency));
  assert_ok(pjrt_buffer_donate_with_dependency(buffer, dependency, &given));
  pjrt_alias_free(alias);
  assert_code(pjrt_buffer_await(given), PJRT_CANCELLED, "dropped");
  pjrt_event_free(dependency);
  pjrt_buffer_free(given);
  pjrt_buffer_free(before);
  pjrt_buffer_free(buffer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(memory_can_be_had_without_contents),
      cmocka_unit_test(impossible_shapes_are_refused),
      cmocka_unit_test(an_error_can_be_contents),
      cmocka_unit_test(an_alias_becomes_the_buffer),
      cmocka_unit_test(an_alias_can_be_an_argument),
      cmocka_unit_test(an_alias_can_fail),
      cmocka_unit_test(a_forgotten_alias_is_cancelled),
      cmocka_unit_test(an_alias_is_fulfilled_for_nobody),
      cmocka_unit_test(an_alias_takes_only_what_it_stands_for),
      cmocka_unit_test(bits_can_be_taken_for_others),
      cmocka_unit_test(adopted_memory_follows_a_bitcast),
      cmocka_unit_test(a_donation_waits_for_its_dependency),
      cmocka_unit_test(a_donation_fails_with_its_dependency),
  };
  return RUN_REAL_TESTS(tests);
}
