/* Checked builds: using a handle that was freed, or one of another kind, ends
 * the process with a line that says which function and which object. */
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim_fixture.h"

#ifdef PJRT_CHECKED
static const bool is_checked = true;
#else
static const bool is_checked = false;
#endif

/* What a child said on stderr before it ended. */
typedef struct last_words {
  char text[512];
  int status;
} last_words;

static last_words run_in_child(const fixture *f,
                               void (*misuse)(const fixture *f)) {
  last_words said = {.text = ""};
  size_t size = 0;
  int ends[2];
  assert_int_equal(pipe(ends), 0);
  fflush(NULL);
  pid_t child = fork();
  assert_int_not_equal(child, -1);
  if (child == 0) {
    const struct rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    signal(SIGABRT, SIG_DFL);
    dup2(ends[1], STDERR_FILENO);
    misuse(f);
    _exit(0);
  }
  close(ends[1]);
  for (ssize_t num = 1; num > 0 && size < sizeof said.text - 1;) {
    num = read(ends[0], said.text + size, sizeof said.text - 1 - size);
    if (num > 0) size += (size_t)num;
  }
  close(ends[0]);
  assert_int_equal(waitpid(child, &said.status, 0), child);
  return said;
}

/* The line has an address between the two parts. */
static void expect_end(void **state, void (*misuse)(const fixture *f),
                       const char *before, const char *after) {
  if (!is_checked) {
    print_message("skip: the library was built without PJRT_CHECKED\n");
    skip();
  }
  const last_words said = run_in_child(*state, misuse);
  assert_true(WIFSIGNALED(said.status));
  assert_int_equal(WTERMSIG(said.status), SIGABRT);
  assert_memory_equal(said.text, before, strlen(before));
  const char *rest = strstr(said.text, after);
  if (!rest) fail_msg("no '%s' in: %s", after, said.text);
  assert_string_equal(rest + strlen(after), "\n");
}

/* In a client of the child's own. */
static fixture in_child(const fixture *parents) {
  fixture f = {.plugin = parents->plugin};
  expect_ok(pjrt_client_create(f.plugin, NULL, &f.client));
  f.device = pjrt_client_addressable_device(f.client, 0);
  return f;
}

static void free_buffer_twice(const fixture *parents) {
  const fixture f = in_child(parents);
  pjrt_buffer *buffer = upload_f32(f.device);
  pjrt_buffer_free(buffer);
  pjrt_buffer_free(buffer);
}

static void test_buffer_freed_twice(void **state) {
  expect_end(state, free_buffer_twice,
             "libpjrt: pjrt_buffer_free: the buffer 0x",
             " was freed before, by pjrt_buffer_free");
}

static void use_freed_buffer(const fixture *parents) {
  float read[4];
  const fixture f = in_child(parents);
  pjrt_buffer *buffer = upload_f32(f.device);
  pjrt_buffer_free(buffer);
  pjrt_error_free(pjrt_buffer_to_host(buffer, read, sizeof read));
}

static void test_buffer_used_after_free(void **state) {
  expect_end(state, use_freed_buffer,
             "libpjrt: pjrt_buffer_to_host: the buffer 0x",
             " was freed before, by pjrt_buffer_free");
}

static void execute_with_freed(const fixture *parents) {
  const fixture f = in_child(parents);
  pjrt_executable *pass = compile(f.client, pass_program, NULL);
  arguments in = upload_arguments(f.device);
  pjrt_buffer *outs[2];
  pjrt_buffer_free(in.args[1]);
  pjrt_error_free(pjrt_executable_execute(pass, in.args, 2, NULL, outs, 2));
}

static void test_argument_used_after_free(void **state) {
  expect_end(state, execute_with_freed,
             "libpjrt: pjrt_executable_execute: the buffer 0x",
             " was freed before, by pjrt_buffer_free");
}

static void free_output_twice(const fixture *parents) {
  const fixture f = in_child(parents);
  pjrt_executable *pass = compile(f.client, pass_program, NULL);
  arguments in = upload_arguments(f.device);
  pjrt_buffer *outs[2];
  expect_ok(pjrt_executable_execute(pass, in.args, 2, NULL, outs, 2));
  free_buffers((pjrt_buffer *[]){outs[0], outs[1]}, 2);
  pjrt_buffer_free(outs[1]);
}

static void test_output_freed_twice(void **state) {
  expect_end(state, free_output_twice,
             "libpjrt: pjrt_buffer_free: the buffer 0x",
             " was freed before, by pjrt_buffer_free");
}

static void await_freed_event(const fixture *parents) {
  const fixture f = in_child(parents);
  pjrt_event *event;
  expect_ok(pjrt_event_create(f.client, &event));
  pjrt_event_free(event);
  pjrt_error_free(pjrt_event_await(event));
}

static void test_event_used_after_free(void **state) {
  expect_end(state, await_freed_event,
             "libpjrt: pjrt_event_await: the event 0x",
             " was freed before, by pjrt_event_free");
}

static void await_a_buffer(const fixture *parents) {
  const fixture f = in_child(parents);
  pjrt_buffer *buffer = upload_f32(f.device);
  pjrt_error_free(pjrt_event_await((pjrt_event *)buffer));
}

static void test_wrong_kind(void **state) {
  expect_end(state, await_a_buffer, "libpjrt: pjrt_event_await: 0x",
             " is no event, but the buffer that pjrt_buffer_from_host gave");
}

static void free_a_device(const fixture *parents) {
  const fixture f = in_child(parents);
  pjrt_client_free((pjrt_client *)f.device);
}

static void test_wrong_kind_of_borrowed(void **state) {
  expect_end(state, free_a_device, "libpjrt: pjrt_client_free: 0x",
             " is no client, but the device that "
             "pjrt_client_addressable_device gave");
}

static void free_error_twice(const fixture *parents) {
  (void)parents;
  pjrt_error *error = pjrt_error_create(PJRT_ABORTED, "no", 2);
  (void)pjrt_error_consume(error);
  pjrt_error_free(error);
}

static void test_error_freed_twice(void **state) {
  expect_end(state, free_error_twice, "libpjrt: pjrt_error_free: the error 0x",
             " was freed before, by pjrt_error_consume");
}

static void free_client_twice(const fixture *parents) {
  fixture f = in_child(parents);
  pjrt_buffer *buffer = upload_f32(f.device); /* keeps the client */
  pjrt_client_free(f.client);
  pjrt_client_free(f.client);
  pjrt_buffer_free(buffer);
}

static void test_client_freed_twice(void **state) {
  expect_end(state, free_client_twice,
             "libpjrt: pjrt_client_free: the client 0x",
             " was freed before, by pjrt_client_free");
}

/* A chunk that a call took is not the caller's any more. */
static void use_taken_chunk(const fixture *parents) {
  (void)parents;
  static char byte;
  size_t size;
  pjrt_chunk *chunk;
  expect_ok(pjrt_chunk_create(&byte, 1, NULL, NULL, &chunk));
  (void)!pjrt_error_consume(pjrt_stream_add_chunk(NULL, chunk));
  (void)pjrt_chunk_data(chunk, &size);
}

static void test_taken_chunk(void **state) {
  expect_end(state, use_taken_chunk, "libpjrt: pjrt_chunk_data: the chunk 0x",
             " was freed before, by pjrt_stream_add_chunk");
}

/* ---- what is right is let through ---------------------------------------- */

/* Handles come back at the same addresses, as the same and as other kinds. */
static void test_addresses_are_used_again(void **state) {
  const fixture *f = *state;
  pjrt_event *ready;
  for (int i = 0; i < 100; i++) {
    pjrt_buffer *buffer = upload_f32(f->device);
    expect_ok(pjrt_buffer_ready_event(buffer, &ready));
    expect_f32(buffer);
    pjrt_buffer_free(buffer);
    expect_ok(pjrt_event_await(ready));
    pjrt_event_free(ready);
    pjrt_error_free(pjrt_error_create(PJRT_ABORTED, "no", 2));
  }
}

/* The client is borrowed from what keeps it, after its handle was freed. */
static void test_client_borrowed_again(void **state) {
  (void)state;
  fixture *f = fixture_create(NULL);
  pjrt_buffer *buffer = upload_f32(f->device);
  fixture_drop(f);
  assert_int_equal(pjrt_client_num_devices(pjrt_buffer_client(buffer)), 4);
  pjrt_buffer_free(buffer);
  test_free(f);
  expect_nothing_alive();
}

/* A client's topology is lent: freeing it is nothing. */
static void test_lent_topology(void **state) {
  const fixture *f = *state;
  pjrt_topology *topology;
  expect_ok(pjrt_client_topology(f->client, &topology));
  pjrt_topology_free(topology);
  assert_int_equal(pjrt_topology_num_devices(topology), 4);
  pjrt_topology_free(topology);
}

static void test_null(void **state) {
  (void)state;
  pjrt_buffer_free(NULL);
  pjrt_event_free(NULL);
  pjrt_client_free(NULL);
  pjrt_error_free(NULL);
  assert_int_equal(pjrt_error_code(NULL), PJRT_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      sim_test(test_buffer_freed_twice),
      sim_test(test_buffer_used_after_free),
      sim_test(test_argument_used_after_free),
      sim_test(test_output_freed_twice),
      sim_test(test_event_used_after_free),
      sim_test(test_wrong_kind),
      sim_test(test_wrong_kind_of_borrowed),
      sim_test(test_error_freed_twice),
      sim_test(test_client_freed_twice),
      sim_test(test_taken_chunk),
      sim_test(test_addresses_are_used_again),
      cmocka_unit_test(test_client_borrowed_again),
      sim_test(test_lent_topology),
      cmocka_unit_test(test_null),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
