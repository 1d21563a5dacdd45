/* A forked child has none of the plugin's threads: everything that would need
 * them says so, and freeing touches nothing. Here is a parent in the middle of
 * its work; matrix/typed tries each typed function. */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim_fixture.h"

/* What the parent has when it forks. */
typedef struct heritage {
  fixture *f;
  pjrt_executable *executable;
  arguments in;
  pjrt_buffer *outs[2];
  pjrt_event *done;
  const void *view; /* of the second argument */
} heritage;

static heritage prepare(fixture *f) {
  heritage h = {.f = f};
  sim_hold("PJRT_LoadedExecutable_Execute", PJRT_Error_Code_OK);
  h.executable = compile(f->client, pass_program, NULL);
  h.in = upload_arguments(f->device);
  expect_ok(pjrt_executable_execute_async(h.executable, h.in.args, 2, NULL,
                                          h.outs, 2, &h.done));
  expect_ok(pjrt_buffer_map(h.in.args[1], &h.view, NULL));
  return h;
}

static void free_heritage(heritage *h) {
  free_buffers(h->in.args, 2);
  free_buffers(h->outs, 2);
  pjrt_event_free(h->done);
  pjrt_executable_free(h->executable);
  fixture_drop(h->f);
}

/* Consumes the error; false unless it is the one of a forked child. */
static bool says_forked(pjrt_error *error) {
  const bool right =
      strstr(pjrt_error_message(error, NULL), "before this process was forked");
  return (pjrt_error_consume(error) == PJRT_FAILED_PRECONDITION) && right;
}

static void ignore(const pjrt_error *error, void *user) {
  (void)error;
  (void)user;
}

static int buffers_in_child(heritage *h) {
  pjrt_buffer *buffer = h->in.args[0];
  pjrt_memory *memory;
  pjrt_layout *layout;
  pjrt_event *event;
  pjrt_array *array;
  const void *data;
  size_t size;
  int64_t dims[1];
  bool flag[1];
  float read[4];
  if (!says_forked(pjrt_buffer_memory(buffer, &memory))) return 1;
  if (!says_forked(pjrt_buffer_on_device_size(buffer, &size))) return 2;
  if (!says_forked(pjrt_buffer_layout(buffer, &layout))) return 3;
  if (!says_forked(pjrt_buffer_unpadded_dims(buffer, dims, 1))) return 4;
  if (!says_forked(pjrt_buffer_dynamic_dims(buffer, flag, 1))) return 5;
  if (!says_forked(pjrt_buffer_is_on_cpu(buffer, flag))) return 6;
  if (!says_forked(pjrt_buffer_ready_event(buffer, &event))) return 7;
  if (!says_forked(pjrt_buffer_await(buffer))) return 8;
  if (!says_forked(pjrt_buffer_delete(buffer))) return 9;
  if (!says_forked(pjrt_buffer_to_host(buffer, read, sizeof read))) return 10;
  if (!says_forked(pjrt_buffer_to_host_async(buffer, read, 16, &event))) {
    return 11;
  }
  if (!says_forked(pjrt_buffer_to_array(buffer, &array))) return 12;
  if (!says_forked(pjrt_buffer_map(buffer, &data, NULL))) return 13;
  if (!says_forked(pjrt_buffer_unmap(h->in.args[1]))) return 14;
  if (!says_forked(pjrt_buffer_from_host(h->f->device, PJRT_F32, NULL, 0, read,
                                         4, &buffer))) {
    return 15;
  }
  /* Two that no case of the matrix can try: it would call the plugin first. */
  if (!says_forked(pjrt_buffer_from_raw(
          h->f->device, pjrt_buffer_raw(h->in.args[0]), &buffer))) {
    return 16;
  }
  if (!says_forked(
          pjrt_event_from_raw(h->f->client, pjrt_event_raw(h->done), &event))) {
    return 17;
  }
  return 0;
}

static int events_in_child(heritage *h) {
  bool ready;
  int fd;
  pjrt_event *join;
  if (!says_forked(pjrt_event_await(h->done))) return 21;
  if (!says_forked(pjrt_event_await_for(h->done, 0))) return 22;
  if (!says_forked(pjrt_event_is_ready(h->done, &ready))) return 23;
  if (!says_forked(pjrt_event_on_ready(h->done, ignore, NULL))) return 24;
  if (!says_forked(pjrt_event_fd(h->done, &fd))) return 25;
  if (!says_forked(pjrt_event_join(&h->done, 1, &join))) return 26;
  return 0;
}

static int executables_in_child(heritage *h) {
  pjrt_executable *executable = h->executable, *other;
  pjrt_buffer *outs[2];
  pjrt_event *done;
  const char *text;
  void *artifact;
  size_t size;
  int64_t code_size;
  int ids[1];
  if (!says_forked(pjrt_executable_execute_async(executable, h->in.args, 2,
                                                 NULL, outs, 2, &done))) {
    return 31;
  }
  if (!says_forked(pjrt_executable_fingerprint(executable, &text, &size))) {
    return 32;
  }
  if (!says_forked(
          pjrt_executable_generated_code_size(executable, &code_size))) {
    return 33;
  }
  if (!says_forked(pjrt_executable_serialize(executable, &artifact, &size))) {
    return 34;
  }
  if (!says_forked(pjrt_executable_delete(executable))) return 35;
  if (!says_forked(try_compile(h->f->client, pass_program, NULL, &other))) {
    return 36;
  }
  if (!says_forked(pjrt_executable_load(h->f->client, "x", 1, &other))) {
    return 37;
  }
  if (!says_forked(
          pjrt_client_default_device_assignment(h->f->client, 1, 1, ids, 1))) {
    return 38;
  }
  return 0;
}

/* The number of the first thing that went wrong. */
static int live_in_child(heritage *h) {
  pjrt_sim_live before, after;
  int wrong = buffers_in_child(h);
  if (!wrong) wrong = events_in_child(h);
  if (!wrong) wrong = executables_in_child(h);
  /* Facts can still be read. */
  if (!wrong && pjrt_buffer_host_size(h->in.args[0]) != 16) wrong = 51;
  if (!wrong && pjrt_client_num_devices(h->f->client) != 4) wrong = 52;
  sim.get_live(&before);
  free_heritage(h);
  sim.get_live(&after);
  if (!wrong && memcmp(&before, &after, sizeof before)) wrong = 53;
  return wrong;
}

/* A client that is made after the fork works. */
static int new_client_in_child(void) {
  pjrt_plugin *plugin;
  pjrt_client *client;
  pjrt_error *error =
      pjrt_plugin_open(sim_path(), PJRT_NUL_ENDED, NULL, &plugin);
  if (!error) error = pjrt_client_create(plugin, NULL, &client);
  if (error) {
    pjrt_error_free(error);
    return 61;
  }
  pjrt_buffer *buffer = upload_f32(pjrt_client_device(client, 0));
  expect_f32(buffer);
  pjrt_buffer_free(buffer);
  pjrt_client_free(client);
  pjrt_plugin_free(plugin);
  return 0;
}

static void test_child(void **state) {
  heritage h = prepare(*state);
  int status = 0;
  fflush(NULL);
  pid_t child = fork();
  assert_int_not_equal(child, -1);
  if (child == 0) {
    int wrong = live_in_child(&h);
    if (!wrong) wrong = new_client_in_child();
    _exit(wrong);
  }
  assert_int_equal(waitpid(child, &status, 0), child);
  if (status) fail_msg("the child ended with status %d", status);
  /* The parent goes on as if nothing had been. */
  sim.release_events();
  expect_ok(pjrt_event_await(h.done));
  expect_f32(h.outs[0]);
  expect_ok(pjrt_buffer_unmap(h.in.args[1]));
  free_heritage(&h);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      sim_test(test_child),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
