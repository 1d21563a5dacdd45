/* Several plugins of several versions, with several clients each, and threads
 * that use all of them at once in every way. Meant for ThreadSanitizer; threads
 * only count what went wrong. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>

#include "sim_fixture.h"
#include "temp_tree.h"

enum {
  NUM_PLUGINS = 3,
  NUM_CLIENTS = 2, /* of each */
  NUM_MACHINES = NUM_PLUGINS * NUM_CLIENTS,
  NUM_THREADS = 6,
  NUM_ROUNDS = 12
};

static const float floats[] = {1, 2, 3, 4};
static const int64_t four[] = {4};

/* ---- plugins ------------------------------------------------------------- */

/* A client, with what its threads share. */
typedef struct machine {
  pjrt_client *client;
  pjrt_device *devices[2];
  pjrt_executable *pass;
  pjrt_executable *donate;
} machine;

typedef struct world {
  temp_tree tree;
  pjrt_plugin *plugins[NUM_PLUGINS];
  void (*get_live[NUM_PLUGINS])(pjrt_sim_live *out);
  size_t (*num_misuses[NUM_PLUGINS])(void);
  machine machines[NUM_MACHINES];
  atomic_int num_wrong;
  atomic_int num_callbacks, num_expected_callbacks;
} world;

static void copy_file(const char *from, const char *to) {
  char block[1 << 16];
  FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
  assert_true(in && out);
  for (size_t num; (num = fread(block, 1, sizeof block, in)) > 0;) {
    assert_int_equal(fwrite(block, 1, num, out), num);
  }
  fclose(in);
  assert_int_equal(fclose(out), 0);
}

static void find(void *library, const char *name, void *out) {
  void *symbol = dlsym(library, name);
  assert_non_null(symbol);
  memcpy(out, &symbol, sizeof symbol);
}

/* Each copy of the file is a plugin of its own, with a version of its own. What
 * it executes is done a little later, on its own threads. */
static void open_plugin(world *w, size_t i) {
  static const int minors[NUM_PLUGINS] = {117, 89, 67};
  const pjrt_sim_fault late = {.function = "PJRT_LoadedExecutable_Execute",
                               .async_delay_ms = 1};
  void (*init)(pjrt_sim_options *options);
  void (*configure)(const pjrt_sim_options *options);
  pjrt_sim_options options;
  char name[32];
  temp_path path;
  snprintf(name, sizeof name, "sim_%d.so", minors[i]);
  copy_file(sim_path(), temp_at(&w->tree, name, &path));
  void *library = dlopen(path.text, RTLD_NOW | RTLD_LOCAL);
  assert_non_null(library);
  find(library, "pjrt_sim_options_init", &init);
  find(library, "pjrt_sim_configure", &configure);
  find(library, "pjrt_sim_get_live", &w->get_live[i]);
  find(library, "pjrt_sim_num_misuses", &w->num_misuses[i]);
  init(&options);
  options.execution = PJRT_SIM_ECHO;
  options.minor = minors[i];
  options.faults = &late;
  options.num_faults = i == 0;
  configure(&options);
  expect_ok(pjrt_plugin_open(path.text, PJRT_NUL_ENDED, NULL, &w->plugins[i]));
  assert_int_equal(pjrt_plugin_api_minor(w->plugins[i]), minors[i]);
}

static void open_machine(world *w, size_t i) {
  machine *m = &w->machines[i];
  expect_ok(pjrt_client_create(w->plugins[i % NUM_PLUGINS], NULL, &m->client));
  m->devices[0] = pjrt_client_addressable_device(m->client, 0);
  m->devices[1] = pjrt_client_addressable_device(m->client, 1);
  m->pass = compile(m->client, pass_program, NULL);
  m->donate = compile(m->client, donate_program, NULL);
}

static world *open_world(void) {
  world *w = test_calloc(1, sizeof *w);
  temp_tree_make(&w->tree);
  for (size_t i = 0; i < NUM_PLUGINS; i++) open_plugin(w, i);
  for (size_t i = 0; i < NUM_MACHINES; i++) open_machine(w, i);
  return w;
}

static void close_world(world *w) {
  static const pjrt_sim_live nothing;
  pjrt_sim_live live;
  for (size_t i = 0; i < NUM_MACHINES; i++) {
    pjrt_client_free(w->machines[i].client);
    pjrt_executable_free(w->machines[i].pass);
    pjrt_executable_free(w->machines[i].donate);
  }
  for (size_t i = 0; i < NUM_PLUGINS; i++) {
    pjrt_plugin_free(w->plugins[i]);
    wait_until((w->get_live[i](&live), !memcmp(&live, &nothing, sizeof live)));
    assert_int_equal(w->num_misuses[i](), 0);
  }
  temp_tree_remove(&w->tree);
  test_free(w);
}

/* ---- what threads do ----------------------------------------------------- */

static pjrt_error *wrong(const char *what) {
  return pjrt_error_create(PJRT_INTERNAL, what, PJRT_NUL_ENDED);
}

static pjrt_error *expect_floats(pjrt_buffer *buffer) {
  float read[4] = {0};
  PJRT_TRY(pjrt_buffer_to_host(buffer, read, sizeof read));
  return memcmp(read, floats, sizeof read) ? wrong("contents") : NULL;
}

static void count(const pjrt_error *error, void *user) {
  world *w = user;
  if (error) atomic_fetch_add(&w->num_wrong, 1);
  atomic_fetch_add(&w->num_callbacks, 1);
}

/* What one thread has under way. */
typedef struct job {
  pjrt_buffer *args[2];
  pjrt_buffer *outs[2];
  pjrt_buffer *copy;
  pjrt_event *done;
  pjrt_event *join;
} job;

static void free_job(job *j) {
  free_buffers(j->args, 2);
  free_buffers(j->outs, 2);
  free_buffers(&j->copy, 1);
  pjrt_event_free(j->done);
  pjrt_event_free(j->join);
}

static pjrt_error *launch(const machine *m, bool donates, job *j) {
  static const int32_t integers[] = {5, 6};
  PJRT_TRY(pjrt_buffer_from_host(m->devices[0], PJRT_F32, four, 1, floats,
                                 sizeof floats, &j->args[0]));
  PJRT_TRY(pjrt_buffer_from_host(m->devices[0], PJRT_S32, (const int64_t[]){2},
                                 1, integers, sizeof integers, &j->args[1]));
  return pjrt_executable_execute_async(donates ? m->donate : m->pass, j->args,
                                       2, NULL, j->outs, 2, &j->done);
}

static pjrt_error *wait(world *w, int round, job *j) {
  int fd;
  PJRT_TRY(pjrt_event_join(&j->done, 1, &j->join));
  switch (round % 4) {
    case 0:
      PJRT_TRY(pjrt_event_on_ready(j->join, count, w));
      atomic_fetch_add(&w->num_expected_callbacks, 1);
      break;
    case 1:
      PJRT_TRY(pjrt_event_fd(j->join, &fd));
      break;
    case 2: /* our waiting for the join is given up, not the work */
      PJRT_TRY(pjrt_event_cancel_waits(j->join));
      pjrt_code code =
          pjrt_error_consume(pjrt_event_await_for(j->join, PJRT_NO_DEADLINE));
      if (code != PJRT_OK && code != PJRT_CANCELLED) return wrong("cancelled");
      break;
    default:
      PJRT_TRY(pjrt_event_await_for(j->join, INT64_C(60000000000)));
      break;
  }
  return pjrt_event_await(j->done);
}

static pjrt_error *describe(const machine *m, const job *j) {
  char *text;
  PJRT_TRY(pjrt_client_describe(m->client, PJRT_ALL_LINES, &text, NULL));
  pjrt_host_free(text);
  PJRT_TRY(pjrt_buffer_describe(j->outs[0], PJRT_ALL_LINES, &text, NULL));
  pjrt_host_free(text);
  PJRT_TRY(pjrt_event_describe(j->join, PJRT_ALL_LINES, &text, NULL));
  pjrt_host_free(text);
  return NULL;
}

static pjrt_error *use(world *w, const machine *m, int round, job *j) {
  PJRT_TRY(launch(m, round % 2, j));
  PJRT_TRY(wait(w, round, j));
  PJRT_TRY(describe(m, j));
  PJRT_TRY(expect_floats(j->outs[0]));
  PJRT_TRY(
      pjrt_buffer_copy_to_device_async(j->outs[0], m->devices[1], &j->copy));
  PJRT_TRY(pjrt_buffer_delete(j->outs[0]));
  return expect_floats(j->copy);
}

static pjrt_error *write_all(pjrt_transfer *transfer) {
  pjrt_writer *writer;
  PJRT_TRY(pjrt_writer_create(transfer, 0, NULL, &writer));
  pjrt_error *error = pjrt_writer_write(writer, floats, sizeof floats);
  if (!error) error = pjrt_writer_finish(writer);
  pjrt_writer_free(writer);
  return error;
}

static pjrt_error *transfer_one(const machine *m) {
  const pjrt_transfer_shape shape = {PJRT_F32, four, 1, NULL};
  pjrt_transfer *transfer;
  pjrt_buffer *buffer = NULL;
  PJRT_TRY(pjrt_transfer_create(m->devices[0], NULL, &shape, 1, &transfer));
  pjrt_error *error = pjrt_transfer_take_buffer(transfer, 0, &buffer);
  if (!error) error = write_all(transfer);
  if (!error) error = expect_floats(buffer);
  pjrt_transfer_free(transfer);
  pjrt_buffer_free(buffer);
  return error;
}

static pjrt_error *take_chunk(pjrt_chunk *chunk, size_t total_size,
                              bool is_last, void *user) {
  size_t size;
  pjrt_chunk_data(chunk, &size);
  pjrt_chunk_free(chunk);
  (void)is_last;
  atomic_fetch_add((atomic_size_t *)user, size == total_size);
  return NULL;
}

static void hang_up(pjrt_stream *stream, void *user) {
  (void)user;
  pjrt_stream_free(stream);
}

static pjrt_error *stream(const machine *m, job *j) {
  atomic_size_t num_chunks = 0;
  const pjrt_send_callback sends[] = {{5, take_chunk, &num_chunks}};
  const pjrt_recv_callback recvs[] = {{6, hang_up, NULL}};
  pjrt_execute_opts opts;
  pjrt_execute_opts_init(&opts);
  opts.send_callbacks = sends;
  opts.num_send_callbacks = 1;
  opts.recv_callbacks = recvs;
  opts.num_recv_callbacks = 1;
  pjrt_buffer *args[2] = {j->copy, j->outs[1]}, *outs[2];
  PJRT_TRY(pjrt_buffer_copy_to_device(j->copy, m->devices[0], &args[0]));
  pjrt_error *error = pjrt_executable_execute(m->pass, args, 2, &opts, outs, 2);
  pjrt_buffer_free(args[0]);
  PJRT_TRY(error);
  free_buffers(outs, 2);
  return num_chunks == 1 ? NULL : wrong("chunks");
}

/* A client of the thread's own, for as long as a buffer of it lives. */
static pjrt_error *make_client(const world *w, int round) {
  pjrt_client *client;
  pjrt_buffer *buffer;
  PJRT_TRY(pjrt_client_create(w->plugins[round % NUM_PLUGINS], NULL, &client));
  pjrt_error *error =
      pjrt_buffer_from_host(pjrt_client_addressable_device(client, 0), PJRT_F32,
                            four, 1, floats, sizeof floats, &buffer);
  pjrt_client_free(client);
  PJRT_TRY(error);
  error = expect_floats(buffer);
  pjrt_buffer_free(buffer);
  return error;
}

static pjrt_error *work(world *w, int round, job *j) {
  const machine *m = &w->machines[round % NUM_MACHINES];
  PJRT_TRY(use(w, m, round, j));
  PJRT_TRY(transfer_one(m));
  PJRT_TRY(stream(m, j));
  return round % 4 ? NULL : make_client(w, round);
}

typedef struct worker {
  world *w;
  int first_round;
} worker;

static void *run(void *user) {
  const worker *me = user;
  for (int i = 0; i < NUM_ROUNDS; i++) {
    job j = {.done = NULL};
    pjrt_error *error = work(me->w, me->first_round + i, &j);
    if (error) {
      pjrt_error_print(error, stderr);
      pjrt_error_free(error);
      atomic_fetch_add(&me->w->num_wrong, 1);
    }
    free_job(&j);
  }
  return NULL;
}

static void test_all_at_once(void **state) {
  pthread_t threads[NUM_THREADS];
  worker workers[NUM_THREADS];
  (void)state;
  world *w = open_world();
  for (int i = 0; i < NUM_THREADS; i++) {
    workers[i] = (worker){w, i};
    assert_int_equal(pthread_create(&threads[i], NULL, run, &workers[i]), 0);
  }
  for (int i = 0; i < NUM_THREADS; i++) pthread_join(threads[i], NULL);
  wait_until(atomic_load(&w->num_callbacks) ==
             atomic_load(&w->num_expected_callbacks));
  assert_true(w->num_expected_callbacks > 0);
  assert_int_equal(atomic_load(&w->num_wrong), 0);
  close_world(w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_all_at_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
