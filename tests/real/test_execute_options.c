/* What a launch is told besides its arguments, on real plugins: options that
 * they know are taken, older plugins refuse them by name. */
#include <stdio.h>

#include "real/fixture.h"

/* A launch of add_program with these options. */
static pjrt_error *add_with(fixture *f, const pjrt_execute_opts *opts) {
  pjrt_executable *add = compile(f, add_program);
  pjrt_buffer *args[] = {upload_f32(f->device, 4, 1.0, 2.0, 3.0, 4.0),
                         upload_f32(f->device, 4, 1.0, 1.0, 1.0, 1.0)};
  pjrt_buffer *sum;
  pjrt_error *error = pjrt_executable_execute(add, args, 2, opts, &sum, 1);
  if (!error) {
    assert_f32(sum, 4, 2, 3, 4, 5);
    pjrt_buffer_free(sum);
  }
  pjrt_buffer_free(args[0]);
  pjrt_buffer_free(args[1]);
  pjrt_executable_free(add);
  return error;
}

static pjrt_execute_opts defaults(void) {
  pjrt_execute_opts opts;
  pjrt_execute_opts_init(&opts);
  return opts;
}

/* It works, or the option is named with the minor that brought it. */
static void expect_since(fixture *f, const pjrt_execute_opts *opts, int since,
                         const char *name) {
  char message[120];
  snprintf(message, sizeof message,
           "%s is newer than the plugin: API 0.%d brought it", name, since);
  if (f->minor >= since) {
    assert_ok(add_with(f, opts));
  } else {
    assert_refused(add_with(f, opts), PJRT_UNIMPLEMENTED, message);
  }
}

static void contexts_are_taken(void **state) {
  fixture *f = *state;
  pjrt_execute_opts opts = defaults();
  assert_ok(pjrt_execute_context_create(f->client, &opts.context));
  expect_since(f, &opts, 64, "context");
  expect_since(f, &opts, 64, "context");
  pjrt_execute_context_free(opts.context);
}

static void tasks_are_taken(void **state) {
  const int task_ids[] = {0};
  const int64_t incarnation_ids[] = {1};
  pjrt_execute_opts opts = defaults();
  opts.launch_id = -1;
  opts.task_ids = task_ids;
  opts.incarnation_ids = incarnation_ids;
  opts.num_tasks = 1;
  expect_since(*state, &opts, 78, "num_tasks");
}

static void layout_of_callbacks_is_taken(void **state) {
  pjrt_execute_opts opts = defaults();
  opts.use_major_to_minor_data_layout_for_callbacks = true;
  expect_since(*state, &opts, 108,
               "use_major_to_minor_data_layout_for_callbacks");
}

static void show(const pjrt_hlo_output *output, void *user) {
  (void)output;
  ++*(int *)user;
}

/* Nothing in the program is to be shown. */
static void hlo_outputs_are_taken(void **state) {
  int num_shown = 0;
  const pjrt_hlo_output_callback callback = {1, 1, show, &num_shown};
  pjrt_execute_opts opts = defaults();
  opts.hlo_output_callbacks = &callback;
  opts.num_hlo_output_callbacks = 1;
  expect_since(*state, &opts, 112, "num_hlo_output_callbacks");
  assert_int_equal(num_shown, 0);
}

static void custom_options_are_named(void **state) {
  pjrt_named_values *custom;
  pjrt_execute_opts opts = defaults();
  assert_ok(pjrt_named_values_create(&custom));
  assert_ok(pjrt_named_values_set_int64(custom, "level", PJRT_NUL_ENDED, 1));
  opts.custom_options = custom;
  expect_since(*state, &opts, 116, "custom_options");
  pjrt_named_values_free(custom);
}

/* ---- transfers with the host --------------------------------------------- */

static pjrt_error *take(pjrt_chunk *chunk, size_t total_size, bool is_last,
                        void *user) {
  (void)total_size;
  (void)is_last;
  ++*(int *)user;
  pjrt_chunk_free(chunk);
  return NULL;
}

static void give(pjrt_stream *stream, void *user) {
  ++*(int *)user;
  pjrt_stream_free(stream);
}

/* Callbacks for channels that the program does not use. */
static void callbacks_are_taken(void **state) {
  int num_calls = 0;
  const pjrt_send_callback send = {5, take, &num_calls};
  const pjrt_recv_callback recv = {6, give, &num_calls};
  pjrt_execute_opts opts = defaults();
  opts.send_callbacks = &send;
  opts.num_send_callbacks = 1;
  opts.recv_callbacks = &recv;
  opts.num_recv_callbacks = 1;
  assert_ok(add_with(*state, &opts));
  assert_int_equal(num_calls, 0);
}

static void programs_that_send_are_not_compiled(void **state) {
  static const char code[] =
      "func.func @main(%a: tensor<2xf32>) -> tensor<2xf32> {\n"
      "  %t = stablehlo.create_token : !stablehlo.token\n"
      "  %s = \"stablehlo.send\"(%a, %t) <{channel_handle = "
      "#stablehlo.channel_handle<handle = 5, type = 2>, is_host_transfer = "
      "true}> : (tensor<2xf32>, !stablehlo.token) -> !stablehlo.token\n"
      "  return %a : tensor<2xf32>\n"
      "}\n";
  assert_code(try_compile(*state, code, NULL), PJRT_UNIMPLEMENTED, "send");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(contexts_are_taken),
      cmocka_unit_test(tasks_are_taken),
      cmocka_unit_test(layout_of_callbacks_is_taken),
      cmocka_unit_test(hlo_outputs_are_taken),
      cmocka_unit_test(custom_options_are_named),
      cmocka_unit_test(callbacks_are_taken),
      cmocka_unit_test(programs_that_send_are_not_compiled),
  };
  return RUN_REAL_TESTS(tests);
}
