/* The Layouts extension of real plugins. */
#include "real/fixture.h"

/* Needs the header above. */
#include <pjrt/ext/layouts.h>

enum { PARAMETERS_FROM = 93, ELEMENT_BITS_FROM = 107 };

static const int64_t two_by_three[] = {2, 3};

static void assert_text(pjrt_error *error, pjrt_layout *layout,
                        const char *expected) {
  char *text;
  assert_ok(error);
  assert_ok(pjrt_layout_to_text(layout, &text, NULL));
  assert_string_equal(text, expected);
  pjrt_host_free(text);
  pjrt_layout_free(layout);
}

static void defaults(void **state) {
  fixture *f = *state;
  pjrt_layout *layout;
  pjrt_error *error =
      pjrt_layouts_default(f->client, PJRT_F32, two_by_three, 2, &layout);
  assert_text(error, layout, "{1,0}");
  error = pjrt_layouts_default(f->client, PJRT_F32, NULL, 0, &layout);
  assert_text(error, layout, "{}");
  error = pjrt_layouts_default(f->client, PJRT_S4, two_by_three, 2, &layout);
  assert_text(error, layout,
              f->minor < ELEMENT_BITS_FROM ? "{1,0}" : "{1,0:E(4)}");
}

static void defaults_of_the_topology(void **state) {
  fixture *f = *state;
  pjrt_layout *layout;
  pjrt_topology *topology;
  assert_ok(pjrt_client_topology(f->client, &topology));
  pjrt_error *error = pjrt_layouts_default_for_topology(
      topology, PJRT_F32, two_by_three, 2, &layout);
  assert_text(error, layout, "{1,0}");
}

/* What ends the process if it gets to the plugin. */
static void what_is_no_array_is_refused(void **state) {
  fixture *f = *state;
  const int64_t negative[] = {-1};
  pjrt_layout *layout;
  assert_refused(pjrt_layouts_default(f->client, PJRT_TOKEN, NULL, 0, &layout),
                 PJRT_INVALID_ARGUMENT, "token");
  assert_refused(
      pjrt_layouts_default(f->client, PJRT_F32, negative, 1, &layout),
      PJRT_INVALID_ARGUMENT, "-1");
  assert_refused(pjrt_layouts_default(f->client, PJRT_F32, NULL, 1, &layout),
                 PJRT_INVALID_ARGUMENT, "dims is NULL");
}

static void layouts_of_a_buffer(void **state) {
  fixture *f = *state;
  const float data[6] = {0};
  pjrt_layout *layout;
  pjrt_buffer *buffer = upload(f->device, PJRT_F32, two_by_three, 2, data);
  pjrt_error *error = pjrt_layouts_of_buffer(buffer, &layout);
  assert_text(error, layout, "{1,0}");
  assert_ok(pjrt_buffer_delete(buffer));
  assert_refused(pjrt_layouts_of_buffer(buffer, &layout),
                 PJRT_FAILED_PRECONDITION, "deleted");
  pjrt_buffer_free(buffer);
}

static void layouts_of_a_program(void **state) {
  fixture *f = *state;
  pjrt_layout *layout;
  pjrt_executable *add = compile(f, add_program);
  pjrt_error *error = pjrt_layouts_of_output(add, 0, &layout);
  assert_text(error, layout, "{0}");
  error = pjrt_layouts_of_parameter(add, 1, &layout);
  if (f->minor < PARAMETERS_FROM) {
    assert_refused(error, PJRT_UNIMPLEMENTED, "which API 0.93 brought");
    assert_null(layout);
  } else {
    assert_text(error, layout, "{0}");
    assert_code(pjrt_layouts_of_parameter(add, 2, &layout),
                PJRT_INVALID_ARGUMENT, "layout 2 of a program that has 2");
  }
  assert_code(pjrt_layouts_of_output(add, 1, &layout), PJRT_INVALID_ARGUMENT,
              "layout 1 of a program that has 1");
  pjrt_executable_free(add);
}

/* Asking does not use them up. */
static void layouts_stay(void **state) {
  fixture *f = *state;
  pjrt_layout *layout;
  pjrt_executable *add = compile(f, add_program);
  for (int i = 0; i < 3; i++) {
    pjrt_error *error = pjrt_layouts_of_output(add, 0, &layout);
    assert_text(error, layout, "{0}");
  }
  pjrt_executable_free(add);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(defaults),
      cmocka_unit_test(defaults_of_the_topology),
      cmocka_unit_test(what_is_no_array_is_refused),
      cmocka_unit_test(layouts_of_a_buffer),
      cmocka_unit_test(layouts_of_a_program),
      cmocka_unit_test(layouts_stay),
  };
  return RUN_REAL_TESTS(tests);
}
