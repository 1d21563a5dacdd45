/* What a program and its host send one another while it runs. */
#include <stdatomic.h>

#include "sim_fixture.h"

/* Sends its argument on channel 5, and returns what it receives on 6. */
static const char program[] =
    "func.func @main(%a: tensor<2xf32>) -> tensor<2xf32> {\n"
    "  %t = stablehlo.create_token : !stablehlo.token\n"
    "  %s = \"stablehlo.send\"(%a, %t) <{channel_handle = "
    "#stablehlo.channel_handle<handle = 5, type = 2>, is_host_transfer = "
    "true}> : (tensor<2xf32>, !stablehlo.token) -> !stablehlo.token\n"
    "  %r:2 = \"stablehlo.recv\"(%s) <{channel_handle = "
    "#stablehlo.channel_handle<handle = 6, type = 3>, is_host_transfer = "
    "true}> : (!stablehlo.token) -> (tensor<2xf32>, !stablehlo.token)\n"
    "  return %r#0 : tensor<2xf32>\n"
    "}\n";

/* ---- a host -------------------------------------------------------------- */

typedef struct host {
  float values[2];   /* what the program sent */
  pjrt_code refuses; /* with this code */
  atomic_int num_released;
  pjrt_error *wrong; /* the first thing that failed in a callback */
  pjrt_chunk *kept;
  _Atomic(pjrt_stream *) stream; /* to be filled later */
} host;

static void note(host *h, pjrt_error *error) {
  if (h->wrong) {
    pjrt_error_free(error);
  } else {
    h->wrong = error;
  }
}

static void count(void *data, void *user) {
  (void)data;
  atomic_fetch_add(&((host *)user)->num_released, 1);
}

static pjrt_chunk *make_chunk(host *h, void *data, size_t size) {
  pjrt_chunk *chunk;
  note(h, pjrt_chunk_create(data, size, count, h, &chunk));
  return chunk;
}

static pjrt_error *take(pjrt_chunk *chunk, size_t total_size, bool is_last,
                        void *user) {
  host *h = user;
  size_t size;
  const void *data = pjrt_chunk_data(chunk, &size);
  if (size == 8) memcpy(h->values, data, size);
  pjrt_chunk_free(chunk);
  if (size == 8 && total_size == 8 && is_last) {
    return pjrt_error_create(h->refuses, "no room", PJRT_NUL_ENDED);
  }
  return pjrt_error_create(PJRT_INTERNAL, "an odd chunk", PJRT_NUL_ENDED);
}

/* Twice what was sent, in two chunks; after a refusal what is refused goes to
 * nobody. */
static pjrt_error *give_twice(host *h, pjrt_stream *stream) {
  size_t total, granule, current;
  pjrt_event *done[2];
  float *values = h->values;
  values[0] *= 2;
  values[1] *= 2;
  PJRT_TRY(pjrt_stream_total_size(stream, &total));
  PJRT_TRY(pjrt_stream_granule_size(stream, &granule));
  PJRT_TRY(pjrt_stream_add_chunk_async(stream, make_chunk(h, &values[0], 4),
                                       &done[0]));
  pjrt_event_free(done[0]);
  PJRT_TRY(pjrt_stream_current_size(stream, &current));
  PJRT_TRY(pjrt_stream_add_chunk_async(stream, make_chunk(h, &values[1], 4),
                                       &done[1]));
  pjrt_event_free(done[1]);
  if (total == 8 && granule == 4 && current == 4) return NULL;
  return pjrt_error_create(PJRT_INTERNAL, "odd sizes", PJRT_NUL_ENDED);
}

static void give(pjrt_stream *stream, void *user) {
  note(user, give_twice(user, stream));
  pjrt_stream_free(stream);
}

static void hang_up(pjrt_stream *stream, void *user) {
  (void)user;
  pjrt_stream_free(stream);
}

static void leave_to_others(pjrt_stream *stream, void *user) {
  atomic_store(&((host *)user)->stream, stream);
}

static pjrt_stream *await_stream(host *h) {
  pjrt_stream *stream;
  wait_until((stream = atomic_load(&h->stream)));
  return stream;
}

/* ---- a launch ------------------------------------------------------------ */

typedef struct run {
  pjrt_executable *executable;
  pjrt_buffer *arg;
  pjrt_buffer *out;
  pjrt_event *done;
} run;

static int open_computing(void **state) {
  pjrt_sim_options options;
  sim_path();
  sim.options_init(&options);
  options.execution = PJRT_SIM_COMPUTE;
  *state = fixture_create(&options);
  return 0;
}

static run launch(const fixture *f, host *h, pjrt_send_fn send,
                  pjrt_recv_fn recv, bool wants_event) {
  const int64_t dims[] = {2};
  const float values[] = {3, 4};
  const pjrt_send_callback sends[] = {{5, send, h}};
  const pjrt_recv_callback recvs[] = {{6, recv, h}};
  pjrt_execute_opts opts;
  run r = {.executable = compile(f->client, program, NULL)};
  pjrt_execute_opts_init(&opts);
  opts.send_callbacks = sends;
  opts.num_send_callbacks = 1;
  opts.recv_callbacks = recvs;
  opts.num_recv_callbacks = 1;
  expect_ok(pjrt_buffer_from_host(f->device, PJRT_F32, dims, 1, values,
                                  sizeof values, &r.arg));
  expect_ok(pjrt_executable_execute_async(
      r.executable, &r.arg, 1, &opts, &r.out, 1, wants_event ? &r.done : NULL));
  return r;
}

static run start(const fixture *f, host *h, pjrt_send_fn send,
                 pjrt_recv_fn recv) {
  return launch(f, h, send, recv, true);
}

static void end(run *r) {
  pjrt_event_free(r->done);
  pjrt_buffer_free(r->arg);
  pjrt_buffer_free(r->out);
  pjrt_executable_free(r->executable);
}

static void expect_values(pjrt_buffer *buffer, float first, float second) {
  float read[2] = {0};
  expect_ok(pjrt_buffer_to_host(buffer, read, sizeof read));
  assert_true(read[0] == first && read[1] == second);
}

/* ---- both ways ----------------------------------------------------------- */

static void test_both_ways(void **state) {
  host h = {0};
  run r = start(*state, &h, take, give);
  expect_ok(pjrt_event_await(r.done));
  expect_ok(h.wrong);
  expect_values(r.out, 6, 8);
  wait_until(atomic_load(&h.num_released) == 2);
  end(&r);
}

/* The launch asks for no event, and the callbacks are there nevertheless. */
static void test_without_an_event(void **state) {
  host h = {0};
  run r = launch(*state, &h, take, give, false);
  assert_null(r.done);
  expect_values(r.out, 6, 8);
  expect_ok(h.wrong);
  wait_until(atomic_load(&h.num_released) == 2);
  end(&r);
}

static void test_filled_later(void **state) {
  host h = {0};
  bool is_ready = true;
  run r = start(*state, &h, take, leave_to_others);
  pjrt_stream *stream = await_stream(&h);
  expect_ok(pjrt_event_is_ready(r.done, &is_ready));
  assert_false(is_ready);
  expect_ok(pjrt_stream_add_chunk(stream, make_chunk(&h, (float[]){9, 10}, 8)));
  pjrt_stream_free(stream);
  expect_ok(pjrt_event_await(r.done));
  expect_values(r.out, 9, 10);
  wait_until(atomic_load(&h.num_released) == 1);
  end(&r);
}

static pjrt_error *keep(pjrt_chunk *chunk, size_t total_size, bool is_last,
                        void *user) {
  (void)total_size;
  (void)is_last;
  ((host *)user)->kept = chunk;
  return NULL;
}

/* What came from the program goes back as it is, without a copy. */
static void test_chunk_is_passed_on(void **state) {
  host h = {0};
  run r = start(*state, &h, keep, leave_to_others);
  pjrt_stream *stream = await_stream(&h);
  expect_ok(pjrt_stream_add_chunk(stream, h.kept));
  pjrt_stream_free(stream);
  expect_ok(pjrt_event_await(r.done));
  expect_values(r.out, 3, 4);
  end(&r);
}

/* ---- errors -------------------------------------------------------------- */

static void test_refused_send(void **state) {
  host h = {.refuses = PJRT_OUT_OF_RANGE};
  run r = start(*state, &h, take, give);
  expect_error(pjrt_event_await(r.done), PJRT_OUT_OF_RANGE, "no room");
  expect_error(pjrt_buffer_await(r.out), PJRT_OUT_OF_RANGE, "no room");
  end(&r);
}

/* Plugins know no other codes. */
static void test_refused_with_an_odd_code(void **state) {
  host h = {.refuses = (pjrt_code)77};
  run r = start(*state, &h, take, give);
  expect_error(pjrt_event_await(r.done), PJRT_UNKNOWN, "no room");
  end(&r);
}

static void test_stream_freed_too_early(void **state) {
  host h = {0};
  run r = start(*state, &h, take, hang_up);
  expect_error(pjrt_event_await(r.done), PJRT_CANCELLED,
               "the stream was destroyed before it was full");
  end(&r);
}

static void test_chunks_refused(void **state) {
  host h = {0};
  float values[4] = {1, 2, 3, 4};
  pjrt_event *done = (pjrt_event *)1;
  run r = start(*state, &h, take, leave_to_others);
  pjrt_stream *stream = await_stream(&h);
  expect_error(
      pjrt_stream_add_chunk_async(stream, make_chunk(&h, values, 2), &done),
      PJRT_INVALID_ARGUMENT,
      "a chunk of 2 bytes for a stream in granules of 4");
  assert_null(done);
  assert_int_equal(h.num_released, 1);
  expect_error(pjrt_stream_add_chunk(stream, make_chunk(&h, values, 12)),
               PJRT_INVALID_ARGUMENT,
               "a chunk of 12 bytes for a stream that has 0 of 8");
  assert_int_equal(h.num_released, 2);
  expect_error(pjrt_stream_add_chunk(stream, NULL), PJRT_INVALID_ARGUMENT,
               "chunk is NULL");
  expect_error(pjrt_stream_add_chunk(NULL, make_chunk(&h, values, 4)),
               PJRT_INVALID_ARGUMENT, "stream is NULL");
  assert_int_equal(h.num_released, 3);
  assert_int_equal(sim.num_calls("PJRT_CopyToDeviceStream_AddChunk"), 0);
  expect_ok(pjrt_stream_add_chunk(stream, make_chunk(&h, values, 4)));
  expect_error(pjrt_stream_add_chunk(stream, make_chunk(&h, values, 8)),
               PJRT_INVALID_ARGUMENT, "that has 4 of 8");
  expect_ok(pjrt_stream_add_chunk(stream, make_chunk(&h, values + 1, 4)));
  pjrt_stream_free(stream);
  expect_values(r.out, 1, 2);
  end(&r);
}

/* A plugin that did not take the chunk does not give it back: we do, once. */
static void test_chunk_that_fails(void **state) {
  host h = {0};
  float values[2] = {1, 2};
  run r = start(*state, &h, take, leave_to_others);
  pjrt_stream *stream = await_stream(&h);
  sim_fail("PJRT_CopyToDeviceStream_AddChunk", 1, PJRT_Error_Code_INTERNAL);
  expect_error(pjrt_stream_add_chunk(stream, make_chunk(&h, values, 8)),
               PJRT_INTERNAL, "the fault");
  assert_int_equal(h.num_released, 1);
  sim_fail_later("PJRT_CopyToDeviceStream_AddChunk", PJRT_Error_Code_DATA_LOSS);
  expect_error(pjrt_stream_add_chunk(stream, make_chunk(&h, values, 8)),
               PJRT_DATA_LOSS, "the fault");
  wait_until(atomic_load(&h.num_released) == 2);
  pjrt_stream_free(stream);
  pjrt_error *error = pjrt_event_await(r.done);
  assert_int_equal(pjrt_error_consume(error), PJRT_DATA_LOSS);
  end(&r);
}

static void test_chunk_facts(void **state) {
  host h = {0};
  size_t size;
  char bytes[3];
  pjrt_chunk *chunk = make_chunk(&h, bytes, 3);
  (void)state;
  assert_ptr_equal(pjrt_chunk_data(chunk, &size), bytes);
  assert_int_equal(size, 3);
  pjrt_chunk_free(chunk);
  assert_int_equal(h.num_released, 1);
  expect_error(pjrt_chunk_create(NULL, 3, count, &h, &chunk),
               PJRT_INVALID_ARGUMENT, "data is NULL for 3 bytes");
  assert_null(chunk);
  assert_int_equal(h.num_released, 2);
  expect_ok(pjrt_chunk_create(bytes, 3, NULL, NULL, &chunk));
  pjrt_chunk_free(chunk);
  pjrt_chunk_free(NULL);
  pjrt_stream_free(NULL);
}

/* ---- options ------------------------------------------------------------- */

static pjrt_error *try_options(const fixture *f,
                               const pjrt_execute_opts *opts) {
  pjrt_executable *pass = compile(f->client, pass_program, NULL);
  arguments in = upload_arguments(f->device);
  pjrt_buffer *outs[2];
  pjrt_error *error =
      pjrt_executable_execute_async(pass, in.args, 2, opts, outs, 2, NULL);
  if (!error) free_buffers(outs, 2);
  free_buffers(in.args, 2);
  pjrt_executable_free(pass);
  return error;
}

static void test_options_refused(void **state) {
  const fixture *f = *state;
  const pjrt_send_callback send = {1, NULL, NULL};
  const pjrt_recv_callback recv = {1, NULL, NULL};
  pjrt_execute_opts opts;
  pjrt_execute_opts_init(&opts);
  opts.num_send_callbacks = 2;
  expect_error(try_options(f, &opts), PJRT_INVALID_ARGUMENT,
               "send_callbacks is NULL for 2 of them");
  opts.num_send_callbacks = 1;
  opts.send_callbacks = &send;
  expect_error(try_options(f, &opts), PJRT_INVALID_ARGUMENT,
               "send_callbacks[0].callback is NULL");
  opts.num_send_callbacks = 0;
  opts.num_recv_callbacks = 1;
  expect_error(try_options(f, &opts), PJRT_INVALID_ARGUMENT,
               "recv_callbacks is NULL for 1 of them");
  opts.recv_callbacks = &recv;
  expect_error(try_options(f, &opts), PJRT_INVALID_ARGUMENT,
               "recv_callbacks[0].callback is NULL");
  assert_int_equal(sim.num_calls("PJRT_LoadedExecutable_Execute"), 0);
}

typedef struct counter {
  int num_sends;
  int num_recvs;
} counter;

static pjrt_error *count_send(pjrt_chunk *chunk, size_t total_size,
                              bool is_last, void *user) {
  (void)total_size;
  (void)is_last;
  ((counter *)user)->num_sends++;
  pjrt_chunk_free(chunk);
  return NULL;
}

static void count_recv(pjrt_stream *stream, void *user) {
  ((counter *)user)->num_recvs++;
  pjrt_stream_free(stream);
}

/* An echoing plugin calls all of them: each device has its own. */
static void test_each_device_has_its_own(void **state) {
  const fixture *f = *state;
  counter counters[2] = {{0, 0}, {0, 0}};
  const pjrt_send_callback sends[] = {{1, count_send, &counters[0]},
                                      {2, count_send, &counters[0]},
                                      {1, count_send, &counters[1]},
                                      {2, count_send, &counters[1]}};
  const pjrt_recv_callback recvs[] = {{3, count_recv, &counters[0]},
                                      {3, count_recv, &counters[1]}};
  pjrt_compile_opts compile_opts;
  pjrt_execute_opts opts;
  pjrt_compile_opts_init(&compile_opts);
  compile_opts.num_replicas = 2;
  pjrt_executable *pass = compile(f->client, pass_program, &compile_opts);
  pjrt_device *second = pjrt_executable_device(pass, 1);
  pjrt_buffer *args[] = {upload_f32(f->device), upload_s32(f->device),
                         upload_f32(second), upload_s32(second)};
  pjrt_buffer *outs[4];
  pjrt_execute_opts_init(&opts);
  opts.send_callbacks = sends;
  opts.num_send_callbacks = SIZE_MAX / 2 + 1; /* no more than 0 in all */
  opts.recv_callbacks = recvs;
  opts.num_recv_callbacks = 1;
  expect_error(
      pjrt_executable_execute_sharded(pass, 2, args, 2, &opts, outs, 2),
      PJRT_INVALID_ARGUMENT, "send_callbacks for each of 2 devices");
  opts.num_send_callbacks = 2;
  expect_ok(pjrt_executable_execute_sharded(pass, 2, args, 2, &opts, outs, 2));
  for (size_t d = 0; d < 2; d++) {
    assert_int_equal(counters[d].num_sends, 2);
    assert_int_equal(counters[d].num_recvs, 1);
  }
  free_buffers(args, 4);
  free_buffers(outs, 4);
  pjrt_executable_free(pass);
}

/* ---- life ---------------------------------------------------------------- */

/* The program waits for its host, and everything else is gone. */
static void test_all_freed_before(void **state) {
  fixture *f = *state;
  host h = {0};
  run r = start(f, &h, take, leave_to_others);
  pjrt_stream *stream = await_stream(&h);
  end(&r);
  fixture_drop(f);
  expect_ok(pjrt_stream_add_chunk(stream, make_chunk(&h, (float[]){1, 2}, 8)));
  pjrt_stream_free(stream);
  wait_until(atomic_load(&h.num_released) == 1);
}

/* Without a word from the plugin nobody knows when the callbacks may go: the
 * launch waits for its end, and fails. */
static void test_no_word_of_the_end(void **state) {
  const fixture *f = *state;
  counter counted = {0, 0};
  const pjrt_send_callback send = {1, count_send, &counted};
  pjrt_execute_opts opts;
  pjrt_execute_opts_init(&opts);
  opts.send_callbacks = &send;
  opts.num_send_callbacks = 1;
  pjrt_sim_options options;
  sim.options_init(&options);
  const pjrt_sim_fault faults[] = {
      {.function = "PJRT_Event_OnReady",
       .code = PJRT_Error_Code_RESOURCE_EXHAUSTED,
       .message = "the fault"},
      {.function = "PJRT_LoadedExecutable_Execute", .async_delay_ms = 20}};
  options.faults = faults;
  options.num_faults = 2;
  sim.configure(&options);
  expect_error(try_options(f, &opts), PJRT_RESOURCE_EXHAUSTED, "the fault");
  assert_int_equal(counted.num_sends, 1);
}

#define computing_test(function) \
  cmocka_unit_test_setup_teardown(function, open_computing, fixture_close)

int main(void) {
  const struct CMUnitTest tests[] = {
      computing_test(test_both_ways),
      computing_test(test_without_an_event),
      computing_test(test_filled_later),
      computing_test(test_chunk_is_passed_on),
      computing_test(test_refused_send),
      computing_test(test_refused_with_an_odd_code),
      computing_test(test_stream_freed_too_early),
      computing_test(test_chunks_refused),
      computing_test(test_chunk_that_fails),
      cmocka_unit_test(test_chunk_facts),
      sim_test(test_options_refused),
      sim_test(test_each_device_has_its_own),
      computing_test(test_all_freed_before),
      sim_test(test_no_word_of_the_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
