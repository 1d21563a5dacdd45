/* Objects may be freed in any order, on any thread, in callbacks, and in a
 * forked child. */
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "real/handlers.h"

static fixture *another_client(void **state) {
  fixture *f = *state;
  return fixture_create(pjrt_plugin_path(f->plugin, NULL));
}

/* ---- any order ----------------------------------------------------------- */

enum { NUM_OBJECTS = 7 };

static void free_plugin(void *plugin) { pjrt_plugin_free(plugin); }
static void free_client(void *client) { pjrt_client_free(client); }
static void free_executable(void *e) { pjrt_executable_free(e); }
static void free_buffer(void *buffer) { pjrt_buffer_free(buffer); }
static void free_event(void *event) { pjrt_event_free(event); }

typedef struct object {
  void *pointer;
  void (*free)(void *pointer);
} object;

/* Everything that one execution needs and makes; it is still under way. */
static void make_objects(void **state, object out[NUM_OBJECTS]) {
  fixture *f = another_client(state);
  pjrt_executable *gate = compile(f, gate_program);
  pjrt_buffer *arg = upload_f32(f->device, 4, 1.0, 2.0, 3.0, 4.0);
  pending work = start_gate(gate, arg);
  pjrt_event *join;
  assert_ok(pjrt_event_join(&work.done, 1, &join));
  out[0] = (object){f->plugin, free_plugin};
  out[1] = (object){f->client, free_client};
  out[2] = (object){gate, free_executable};
  out[3] = (object){arg, free_buffer};
  out[4] = (object){work.out, free_buffer};
  out[5] = (object){work.done, free_event};
  out[6] = (object){join, free_event};
  free(f);
}

static void *free_object(void *user) {
  const object *o = user;
  o->free(o->pointer);
  return NULL;
}

/* On a thread that has done nothing else. */
static void free_elsewhere(object *o) {
  pthread_t thread;
  assert_int_equal(pthread_create(&thread, NULL, free_object, o), 0);
  assert_int_equal(pthread_join(thread, NULL), 0);
}

/* The work ends in the middle, when `before_gate` objects are gone. */
static void check_order(void **state, size_t first, bool backwards,
                        size_t before_gate, bool elsewhere) {
  object objects[NUM_OBJECTS];
  make_objects(state, objects);
  for (size_t i = 0; i < NUM_OBJECTS; i++) {
    size_t at = (first + (backwards ? NUM_OBJECTS - i : i)) % NUM_OBJECTS;
    if (i == before_gate) gate_open();
    if (elsewhere) {
      free_elsewhere(&objects[at]);
    } else {
      free_object(&objects[at]);
    }
  }
  gate_open();
}

static void objects_are_freed_in_any_order(void **state) {
  for (size_t first = 0; first < NUM_OBJECTS; first++) {
    check_order(state, first, false, first % 3, false);
    check_order(state, first, true, 4, false);
  }
}

static void objects_are_freed_on_any_thread(void **state) {
  for (size_t first = 0; first < NUM_OBJECTS; first++) {
    check_order(state, first, first % 2, first % 5, true);
  }
}

/* Freeing the last of a client whose program waits would wait with it, so the
 * gate is opened before that. */
static void buffers_work_without_their_clients_handle(void **state) {
  fixture *f = another_client(state);
  pjrt_executable *add = compile(f, add_program);
  pjrt_buffer *x = upload_f32(f->device, 4, 1.0, 2.0, 3.0, 4.0);
  pjrt_device *device = f->device;
  fixture_free(f);
  pjrt_buffer *sum = execute2(add, x, x);
  assert_f32(sum, 4, 2, 4, 6, 8);
  pjrt_buffer *more = upload_f32(device, 4, 1.0, 1.0, 1.0, 1.0);
  pjrt_buffer *again = execute2(add, sum, more);
  assert_f32(again, 4, 3, 5, 7, 9);
  assert_string_equal(pjrt_client_platform_name(pjrt_buffer_client(x), NULL),
                      "cpu");
  pjrt_executable_free(add);
  pjrt_buffer_free(x);
  pjrt_buffer_free(sum);
  pjrt_buffer_free(more);
  assert_f32(again, 4, 3, 5, 7, 9);
  pjrt_buffer_free(again);
}

static void event_outlives_its_clients_handle(void **state) {
  fixture *f = another_client(state);
  pjrt_executable *gate = compile(f, gate_program);
  pjrt_buffer *arg = upload_f32(f->device, 4, 1.0, 2.0, 3.0, 4.0);
  pending work = start_gate(gate, arg);
  fixture_free(f);
  pjrt_executable_free(gate);
  pjrt_buffer_free(arg);
  pjrt_buffer_free(work.out);
  assert_code(pjrt_event_await_for(work.done, 1000), PJRT_DEADLINE_EXCEEDED,
              "");
  gate_open();
  assert_ok(pjrt_event_await(work.done));
  pjrt_event_free(work.done);
}

static void errors_outlive_everything(void **state) {
  fixture *f = another_client(state);
  pjrt_executable *failing = compile(f, failing_program);
  pjrt_buffer *arg = upload_f32(f->device, 4, 1.0, 2.0, 3.0, 4.0);
  pending work = start_failing(failing, arg);
  pjrt_error *error = pjrt_event_await(work.done);
  pending_free(&work);
  pjrt_buffer_free(arg);
  pjrt_executable_free(failing);
  fixture_free(f);
  assert_string_not_equal(pjrt_error_plugin(error), "");
  assert_code(error, PJRT_INTERNAL, "the test wants it to fail");
}

static void plugin_opens_again(void **state) {
  for (int i = 0; i < 5; i++) fixture_free(another_client(state));
}

/* ---- in callbacks -------------------------------------------------------- */

typedef struct burial {
  pending work;
  pjrt_executable *gate;
  pjrt_buffer *arg;
  pjrt_client *client;
  pjrt_plugin *plugin;
  int count;
} burial;

static void free_everything(const pjrt_error *error, void *user) {
  burial *b = user;
  (void)error;
  pjrt_client_free(b->client);
  pjrt_plugin_free(b->plugin);
  pjrt_buffer_free(b->work.out);
  pjrt_event_free(b->work.done);
  pjrt_buffer_free(b->arg);
  pjrt_executable_free(b->gate);
  __atomic_add_fetch(&b->count, 1, __ATOMIC_SEQ_CST);
}

static void make_burial(void **state, burial *b) {
  fixture *f = another_client(state);
  b->gate = compile(f, gate_program);
  b->arg = upload_f32(f->device, 4, 1.0, 2.0, 3.0, 4.0);
  b->work = start_gate(b->gate, b->arg);
  b->client = f->client;
  b->plugin = f->plugin;
  b->count = 0;
  free(f);
}

/* The callback runs on the plugin's thread, where a plugin that destroys its
 * client would wait for itself. */
static void callback_frees_everything(void **state) {
  for (int i = 0; i < 8; i++) {
    burial b;
    make_burial(state, &b);
    assert_ok(pjrt_event_on_ready(b.work.done, free_everything, &b));
    gate_open();
    await_count(&b.count, 1);
  }
}

static void callback_at_once_frees_everything(void **state) {
  burial b;
  make_burial(state, &b);
  gate_open();
  assert_ok(pjrt_event_await(b.work.done));
  assert_ok(pjrt_event_on_ready(b.work.done, free_everything, &b));
  assert_int_equal(b.count, 1);
}

/* The plugin has finished, and the library has not noticed yet: the plugin
 * calls back before its own function returns. */
static void unnoticed_end_frees_everything(void **state) {
  burial b;
  pjrt_event *ready;
  make_burial(state, &b);
  assert_ok(pjrt_buffer_ready_event(b.work.out, &ready));
  gate_open();
  assert_ok(pjrt_event_await(b.work.done));
  pjrt_event_free(b.work.done);
  b.work.done = ready;
  assert_ok(pjrt_event_on_ready(ready, free_everything, &b));
  await_count(&b.count, 1);
}

static void free_one(const pjrt_error *error, void *buffer) {
  (void)error;
  pjrt_buffer_free(buffer);
}

/* That client never had a callback itself. */
static void callback_frees_another_clients_buffer(void **state) {
  fixture *f = *state;
  fixture *other = another_client(state);
  const int64_t dims[] = {16};
  int num_released = 0;
  void *memory;
  pjrt_buffer *lent;
  assert_ok(pjrt_host_alloc(16, &memory));
  memset(memory, 0, 16);
  assert_ok(pjrt_buffer_adopt_host(other->device, PJRT_U8, dims, 1, memory, 16,
                                   PJRT_ADOPT_READ_ONLY, count_release,
                                   &num_released, &lent));
  pjrt_executable *gate = compile(f, gate_program);
  pjrt_buffer *arg = upload_f32(f->device, 4, 1.0, 2.0, 3.0, 4.0);
  pending work = start_gate(gate, arg);
  assert_ok(pjrt_event_on_ready(work.done, free_one, lent));
  gate_open();
  await_count(&num_released, 1);
  fixture_free(other);
  pending_free(&work);
  pjrt_buffer_free(arg);
  pjrt_executable_free(gate);
}

/* ---- several clients ----------------------------------------------------- */

static void two_clients_of_one_plugin_work(void **state) {
  fixture *f = *state;
  fixture *other = another_client(state);
  pjrt_executable *add = compile(f, add_program);
  pjrt_executable *add2 = compile(other, add_program);
  pjrt_buffer *x = upload_f32(f->device, 4, 1.0, 2.0, 3.0, 4.0);
  pjrt_buffer *y = upload_f32(other->device, 4, 5.0, 6.0, 7.0, 8.0);
  pjrt_buffer *sum = execute2(add, x, x), *sum2 = execute2(add2, y, y);
  pjrt_buffer *none, *mixed[] = {x, y};
  assert_f32(sum, 4, 2, 4, 6, 8);
  assert_f32(sum2, 4, 10, 12, 14, 16);
  assert_refused(pjrt_executable_execute(add, mixed, 2, NULL, &none, 1),
                 PJRT_INVALID_ARGUMENT,
                 "argument 1 of main: it belongs to another client");
  fixture_free(other);
  pjrt_buffer_free(x);
  pjrt_buffer_free(y);
  pjrt_buffer_free(sum);
  pjrt_buffer_free(sum2);
  pjrt_executable_free(add);
  pjrt_executable_free(add2);
}

static void events_of_two_clients_join(void **state) {
  fixture *f = *state;
  fixture *other = another_client(state);
  pjrt_event *ready, *join;
  pjrt_executable *gate = compile(f, gate_program);
  pjrt_buffer *arg = upload_f32(f->device, 4, 1.0, 2.0, 3.0, 4.0);
  pjrt_buffer *foreign = upload_f32(other->device, 1, 1.0);
  pending work = start_gate(gate, arg);
  assert_ok(pjrt_buffer_ready_event(foreign, &ready));
  assert_ok(pjrt_event_join((pjrt_event *[]){ready, work.done}, 2, &join));
  pjrt_event_free(ready);
  pjrt_buffer_free(foreign);
  fixture_free(other);
  pending_free(&work);
  gate_open();
  assert_ok(pjrt_event_await(join));
  pjrt_event_free(join);
  pjrt_buffer_free(arg);
  pjrt_executable_free(gate);
}

/* ---- fork ---------------------------------------------------------------- */

/* The number of what went wrong in the child; 0 for nothing. */
static int misbehaviour_of_child(fixture *f, pjrt_executable *add,
                                 pjrt_buffer *x, pjrt_event *event) {
  float read[4];
  bool ready;
  pjrt_buffer *out, *args[] = {x, x};
  pjrt_event *made;
  const void *view;
  const int64_t dims[] = {4};
  pjrt_error *errors[] = {
      pjrt_buffer_to_host(x, read, 16),
      pjrt_buffer_map(x, &view, NULL),
      pjrt_buffer_delete(x),
      pjrt_buffer_ready_event(x, &made),
      pjrt_buffer_from_host(f->device, PJRT_F32, dims, 1, read, 16, &out),
      pjrt_executable_execute(add, args, 2, NULL, &out, 1),
      pjrt_executable_delete(add),
      pjrt_event_await(event),
      pjrt_event_is_ready(event, &ready),
      pjrt_client_default_device_assignment(f->client, 1, 1, &(int){0}, 1)};
  int wrong = 0;
  for (int i = 0; i < (int)(sizeof errors / sizeof *errors); i++) {
    bool refused = strstr(pjrt_error_message(errors[i], NULL), "forked");
    if (pjrt_error_consume(errors[i]) != PJRT_FAILED_PRECONDITION || !refused) {
      wrong = i + 1;
    }
  }
  pjrt_event_free(event);
  pjrt_buffer_free(x);
  pjrt_executable_free(add);
  fixture_free(f);
  return wrong;
}

static void forked_child_is_refused(void **state) {
  fixture *f = another_client(state);
  pjrt_event *event;
  int status;
  pjrt_executable *add = compile(f, add_program);
  pjrt_buffer *x = upload_f32(f->device, 4, 1.0, 2.0, 3.0, 4.0);
  assert_ok(pjrt_buffer_ready_event(x, &event));
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    alarm(60);
    _exit(misbehaviour_of_child(f, add, x, event));
  }
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 0);
  pjrt_buffer *sum = execute2(add, x, x);
  assert_f32(sum, 4, 2, 4, 6, 8);
  pjrt_buffer_free(sum);
  pjrt_buffer_free(x);
  pjrt_event_free(event);
  pjrt_executable_free(add);
  fixture_free(f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(objects_are_freed_in_any_order),
      cmocka_unit_test(objects_are_freed_on_any_thread),
      cmocka_unit_test(buffers_work_without_their_clients_handle),
      cmocka_unit_test(event_outlives_its_clients_handle),
      cmocka_unit_test(errors_outlive_everything),
      cmocka_unit_test(plugin_opens_again),
      cmocka_unit_test(callback_frees_everything),
      cmocka_unit_test(callback_at_once_frees_everything),
      cmocka_unit_test(unnoticed_end_frees_everything),
      cmocka_unit_test(callback_frees_another_clients_buffer),
      cmocka_unit_test(two_clients_of_one_plugin_work),
      cmocka_unit_test(events_of_two_clients_join),
      cmocka_unit_test(forked_child_is_refused),
  };
  return RUN_REAL_TESTS_WITH_HANDLERS(tests);
}
