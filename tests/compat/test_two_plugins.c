/* Plugins of several versions side by side in one process.
 * tier: all */
#include "compat/plugins.h"

static const char *const variables[] = {"PJRT_TEST_PLUGIN_CPU",
                                        "PJRT_TEST_PLUGIN_CPU_0_106",
                                        "PJRT_TEST_PLUGIN_CPU_0_81"};

static void check_adds(fixture *f) {
  pjrt_executable *add = compile(f, add_program);
  pjrt_buffer *a = upload_f32(f->device, 4, 1.0, 2.0, 3.0, 4.0);
  pjrt_buffer *sum = execute2(add, a, a);
  assert_f32(sum, 4, 2, 4, 6, 8);
  pjrt_buffer_free(sum);
  pjrt_buffer_free(a);
  pjrt_executable_free(add);
}

static void check_pair(const char *first, const char *second) {
  fixture *a = fixture_create(plugin_path(first));
  fixture *b = fixture_create(plugin_path(second));
  check_adds(a);
  check_adds(b);
  check_adds(a);
  fixture_free(a);
  check_adds(b);
  fixture_free(b);
}

static void any_two_compute_in_any_order(void **state) {
  (void)state;
  for (int i = 0; i < 3; i++) {
    for (int k = 0; k < 3; k++) check_pair(variables[i], variables[k]);
  }
}

static void all_three_compute_at_once(void **state) {
  (void)state;
  static const int minors[] = {115, 106, 81};
  fixture *f[3];
  for (int i = 0; i < 3; i++) {
    f[i] = fixture_create(plugin_path(variables[i]));
    assert_int_equal(f[i]->minor, minors[i]);
  }
  for (int round = 0; round < 3; round++) {
    for (int i = 0; i < 3; i++) check_adds(f[i]);
  }
  for (int i = 0; i < 3; i++) fixture_free(f[i]);
}

/* The plugin would crash. */
static void buffer_of_another_plugin_is_refused(void **state) {
  (void)state;
  fixture *a = fixture_create(plugin_path(variables[0]));
  fixture *b = fixture_create(plugin_path(variables[1]));
  pjrt_buffer *out;
  pjrt_executable *add = compile(a, add_program);
  pjrt_buffer *own = upload_f32(a->device, 4, 1.0, 2.0, 3.0, 4.0);
  pjrt_buffer *foreign = upload_f32(b->device, 4, 1.0, 2.0, 3.0, 4.0);
  pjrt_buffer *args[] = {own, foreign};
  assert_refused(pjrt_executable_execute(add, args, 2, NULL, &out, 1),
                 PJRT_INVALID_ARGUMENT,
                 "argument 1 of main: it belongs to another client");
  pjrt_buffer_free(own);
  pjrt_buffer_free(foreign);
  pjrt_executable_free(add);
  fixture_free(a);
  fixture_free(b);
}

static void events_of_two_plugins_join(void **state) {
  (void)state;
  fixture *a = fixture_create(plugin_path(variables[0]));
  fixture *b = fixture_create(plugin_path(variables[2]));
  pjrt_event *ready[2], *join;
  pjrt_buffer *x = upload_f32(a->device, 1, 1.0);
  pjrt_buffer *y = upload_f32(b->device, 1, 1.0);
  assert_ok(pjrt_buffer_ready_event(x, &ready[0]));
  assert_ok(pjrt_buffer_ready_event(y, &ready[1]));
  assert_ok(pjrt_event_join(ready, 2, &join));
  assert_ok(pjrt_event_await(join));
  pjrt_event_free(join);
  pjrt_event_free(ready[0]);
  pjrt_event_free(ready[1]);
  pjrt_buffer_free(x);
  pjrt_buffer_free(y);
  fixture_free(a);
  fixture_free(b);
}

/* Some load it without complaint and compute wrong results. */
static void artifact_of_another_plugin_is_refused(void **state) {
  (void)state;
  for (int i = 0; i < 3; i++) {
    void *bytes;
    size_t size;
    fixture *maker = fixture_create(plugin_path(variables[i]));
    pjrt_executable *add = compile(maker, add_program);
    assert_ok(pjrt_executable_serialize(add, &bytes, &size));
    for (int k = 0; k < 3; k++) {
      pjrt_executable *loaded;
      fixture *other = fixture_create(plugin_path(variables[k]));
      pjrt_error *error =
          pjrt_executable_load(other->client, bytes, size, &loaded);
      if (i == k) {
        assert_ok(error);
        pjrt_executable_free(loaded);
      } else {
        assert_refused(error, PJRT_FAILED_PRECONDITION,
                       "the artifact was made by another plugin");
        assert_null(loaded);
      }
      fixture_free(other);
    }
    pjrt_host_free(bytes);
    pjrt_executable_free(add);
    fixture_free(maker);
  }
}

static void errors_name_their_plugin(void **state) {
  (void)state;
  static const char *const versions[] = {"(API 0.115)", "(API 0.106)",
                                         "(API 0.81)"};
  for (int i = 0; i < 3; i++) {
    fixture *f = fixture_create(plugin_path(variables[i]));
    pjrt_error *error = try_compile(f, "this is no program", NULL);
    assert_non_null(strstr(pjrt_error_plugin(error), versions[i]));
    assert_plugin_error(error);
    fixture_free(f);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(any_two_compute_in_any_order),
      cmocka_unit_test(all_three_compute_at_once),
      cmocka_unit_test(buffer_of_another_plugin_is_refused),
      cmocka_unit_test(events_of_two_plugins_join),
      cmocka_unit_test(artifact_of_another_plugin_is_refused),
      cmocka_unit_test(errors_name_their_plugin),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
