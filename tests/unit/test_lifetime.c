/* Objects are freed in any order, on any thread, with work in flight: nothing
 * is misused, nothing stays, and the client ends with the last of them. */
#include <pthread.h>

#include "sim_fixture.h"

static const int64_t four[] = {4};

/* ---- what is freed ------------------------------------------------------- */

typedef struct object {
  void *pointer;
  void (*free)(void *pointer);
} object;

enum { MAX_OBJECTS = 24 };

typedef struct object_list {
  object at[MAX_OBJECTS];
  size_t num;
} object_list;

static void free_plugin(void *plugin) { pjrt_plugin_free(plugin); }
static void free_client(void *client) { pjrt_client_free(client); }
static void free_executable(void *e) { pjrt_executable_free(e); }
static void free_buffer(void *buffer) { pjrt_buffer_free(buffer); }
static void free_event(void *event) { pjrt_event_free(event); }
static void free_context(void *c) { pjrt_execute_context_free(c); }
static void free_transfer(void *t) { pjrt_transfer_free(t); }
static void free_writer(void *writer) { pjrt_writer_free(writer); }
static void free_topology(void *t) { pjrt_topology_free(t); }
static void free_compiled(void *c) { pjrt_compiled_free(c); }
static void free_alias(void *alias) { pjrt_alias_free(alias); }
static void free_copy(void *copy) { pjrt_raw_copy_free(copy); }
static void free_kvstore(void *store) { pjrt_kvstore_free(store); }
static void free_tracking(void *e) { pjrt_async_tracking_event_free(e); }
static void end_mapping(void *m) { expect_ok(pjrt_dma_unmap(m)); }

static void add(object_list *list, void *pointer, void (*end)(void *)) {
  assert_true(list->num < MAX_OBJECTS);
  list->at[list->num++] = (object){pointer, end};
}

/* ---- making them --------------------------------------------------------- */

/* A launch whose event and outputs are held back, with its context. */
static void make_launch(const fixture *f, object_list *list) {
  pjrt_execute_context *context;
  pjrt_execute_opts opts;
  pjrt_buffer *outs[2];
  pjrt_event *done, *join;
  pjrt_executable *pass = compile(f->client, pass_program, NULL);
  arguments in = upload_arguments(f->device);
  expect_ok(pjrt_execute_context_create(f->client, &context));
  pjrt_execute_opts_init(&opts);
  opts.context = context;
  expect_ok(
      pjrt_executable_execute_async(pass, in.args, 2, &opts, outs, 2, &done));
  expect_ok(pjrt_event_join(&done, 1, &join));
  pjrt_buffer_free(in.args[1]);
  pjrt_buffer_free(outs[1]);
  add(list, pass, free_executable);
  add(list, in.args[0], free_buffer);
  add(list, outs[0], free_buffer);
  add(list, done, free_event);
  add(list, join, free_event);
  add(list, context, free_context);
}

/* One buffer is being written, the other one was taken and is still empty. */
static void make_transfer(const fixture *f, object_list *list) {
  static const float floats[] = {1, 2, 3, 4};
  const pjrt_transfer_shape shape = {PJRT_F32, four, 1, NULL};
  const pjrt_transfer_shape shapes[] = {shape, shape};
  pjrt_writer_opts opts;
  pjrt_transfer *transfer;
  pjrt_writer *writer;
  pjrt_buffer *buffer;
  pjrt_writer_opts_init(&opts);
  opts.chunk_size = 4;
  expect_ok(pjrt_transfer_create(f->device, NULL, shapes, 2, &transfer));
  expect_ok(pjrt_writer_create(transfer, 0, &opts, &writer));
  expect_ok(pjrt_writer_write(writer, floats, 8));
  expect_ok(pjrt_transfer_take_buffer(transfer, 1, &buffer));
  add(list, transfer, free_transfer);
  add(list, writer, free_writer);
  add(list, buffer, free_buffer);
}

static void make_compiled(const fixture *f, object_list *list) {
  pjrt_topology *topology, *of_client;
  pjrt_program *program;
  pjrt_compiled *compiled, *for_client;
  expect_ok(pjrt_topology_create(f->plugin, "4x1x1", 5, NULL, &topology));
  expect_ok(pjrt_client_topology(f->client, &of_client));
  expect_ok(pjrt_program_create(pass_program, PJRT_NUL_ENDED, PJRT_FORMAT_AUTO,
                                &program));
  expect_ok(pjrt_topology_compile(topology, program, NULL, &compiled));
  expect_ok(pjrt_topology_compile(of_client, program, NULL, &for_client));
  pjrt_program_free(program);
  add(list, topology, free_topology);
  add(list, compiled, free_compiled);
  add(list, for_client, free_compiled);
}

/* Of a buffer, of a destination, and of an event. */
static void make_promises(const fixture *f, object_list *list) {
  pjrt_buffer *promised, *buffer = upload_f32(f->device);
  pjrt_alias *alias;
  pjrt_raw_copy *copy;
  pjrt_event *copied, *promise;
  expect_ok(pjrt_buffer_create_alias(f->device, PJRT_F32, four, 1, NULL,
                                     &promised, &alias));
  expect_ok(pjrt_buffer_copy_raw_to_host_future(buffer, 0, 16, &copy, &copied));
  expect_ok(pjrt_event_create(f->client, &promise));
  pjrt_buffer_free(buffer);
  add(list, promised, free_buffer);
  add(list, alias, free_alias);
  add(list, copy, free_copy);
  add(list, copied, free_event);
  add(list, promise, free_event);
}

static void make_others(const fixture *f, object_list *list) {
  static char page[64];
  pjrt_async_tracking_event *tracking;
  pjrt_dma_mapping *mapping;
  expect_ok(
      pjrt_device_create_async_tracking_event(f->device, "work", 4, &tracking));
  expect_ok(pjrt_dma_map(f->client, page, sizeof page, &mapping));
  add(list, tracking, free_tracking);
  add(list, mapping, end_mapping);
}

/* What f was made of goes on the list. */
static void give_client(fixture *f, object_list *list) {
  add(list, f->client, free_client);
  add(list, f->plugin, free_plugin);
  test_free(f);
}

/* ---- freeing them -------------------------------------------------------- */

static void *free_here(void *user) {
  const object *o = user;
  o->free(o->pointer);
  return NULL;
}

static void free_elsewhere(object *o) {
  pthread_t thread;
  assert_int_equal(pthread_create(&thread, NULL, free_here, o), 0);
  assert_int_equal(pthread_join(thread, NULL), 0);
}

/* When the work ends, `before_end` objects are gone. */
static void free_all(object_list *list, const size_t *order, size_t before_end,
                     bool elsewhere) {
  for (size_t i = 0; i < list->num; i++) {
    object *o = &list->at[order[i]];
    if (i == before_end) sim.release_events();
    if (elsewhere) {
      free_elsewhere(o);
    } else {
      free_here(o);
    }
  }
  sim.release_events();
  expect_nothing_alive();
}

/* The n-th order of `num` things; each number below num! is another one. */
static void find_order(size_t n, size_t num, size_t *out) {
  for (size_t i = 0; i < num; i++) out[i] = i;
  for (size_t left = num; left > 1; left--) {
    const size_t at = n % left, last = left - 1, moved = out[at];
    n /= left;
    out[at] = out[last];
    out[last] = moved;
  }
}

static fixture *open_held(void) {
  pjrt_sim_options options;
  const pjrt_sim_fault held = {.function = "PJRT_LoadedExecutable_Execute",
                               .async_delay_ms = -1};
  sim_path();
  sim.options_init(&options);
  options.faults = &held;
  options.num_faults = 1;
  return fixture_create(&options);
}

typedef void make_objects(const fixture *f, object_list *list);

/* Every order of a client, its plugin and what `make` makes: when the work ends
 * and on which threads differs from one to the next. */
static void check_every_order(make_objects *make) {
  size_t num_orders = 1;
  for (size_t n = 0; n < num_orders; n++) {
    size_t order[MAX_OBJECTS];
    object_list list = {.num = 0};
    fixture *f = open_held();
    make(f, &list);
    give_client(f, &list);
    if (n == 0) {
      for (size_t i = 2; i <= list.num; i++) num_orders *= i;
    }
    find_order(n, list.num, order);
    free_all(&list, order, n % (list.num + 1), n % 5 == 0);
  }
}

/* Without the join and the context: eight things have too many orders. */
static void make_launch_alone(const fixture *f, object_list *list) {
  make_launch(f, list);
  while (list->num > 4) {
    const object *last = &list->at[--list->num];
    last->free(last->pointer);
  }
}

static void test_launches(void **state) {
  (void)state;
  check_every_order(make_launch_alone);
}

static void test_transfers(void **state) {
  (void)state;
  check_every_order(make_transfer);
}

static void test_compiled(void **state) {
  (void)state;
  check_every_order(make_compiled);
}

/* Without the event of the caller's, for the same reason. */
static void make_promises_alone(const fixture *f, object_list *list) {
  make_promises(f, list);
  const object *last = &list->at[--list->num];
  last->free(last->pointer);
}

static void test_promises(void **state) {
  (void)state;
  check_every_order(make_promises_alone);
}

/* ---- everything at once -------------------------------------------------- */

static void make_everything(const fixture *f, object_list *list) {
  make_launch(f, list);
  make_transfer(f, list);
  make_compiled(f, list);
  make_promises(f, list);
  make_others(f, list);
}

/* Numbers that look drawn, and are the same in each run. */
static size_t draw(uint64_t *seed) {
  *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (size_t)(*seed >> 33);
}

static void shuffle(uint64_t *seed, size_t num, size_t *out) {
  for (size_t i = 0; i < num; i++) out[i] = i;
  for (size_t i = num; i > 1; i--) {
    const size_t at = draw(seed) % i, moved = out[at];
    out[at] = out[i - 1];
    out[i - 1] = moved;
  }
}

static void test_everything(void **state) {
  enum { NUM_ORDERS = 300 };
  uint64_t seed = 1;
  (void)state;
  for (int n = 0; n < NUM_ORDERS; n++) {
    size_t order[MAX_OBJECTS];
    object_list list = {.num = 0};
    fixture *f = open_held();
    make_everything(f, &list);
    give_client(f, &list);
    shuffle(&seed, list.num, order);
    free_all(&list, order, draw(&seed) % (list.num + 1), n % 5 == 0);
  }
}

/* The client goes first, and everything else at once, each on a thread of its
 * own, while the work ends. */
static void test_all_threads_at_once(void **state) {
  (void)state;
  for (int n = 0; n < 50; n++) {
    pthread_t threads[MAX_OBJECTS];
    object_list list = {.num = 0};
    fixture *f = open_held();
    make_everything(f, &list);
    fixture_drop(f);
    test_free(f);
    for (size_t i = 0; i < list.num; i++) {
      assert_int_equal(
          pthread_create(&threads[i], NULL, free_here, &list.at[i]), 0);
    }
    sim.release_events();
    for (size_t i = 0; i < list.num; i++) pthread_join(threads[i], NULL);
    expect_nothing_alive();
    assert_int_equal(sim.num_calls("PJRT_Client_Destroy"), 1);
  }
}

/* ---- a store that a client uses ------------------------------------------ */

static void test_kvstore(void **state) {
  (void)state;
  for (size_t n = 0; n < 6; n++) {
    size_t order[3];
    pjrt_client_opts opts;
    fixture *f = fixture_create(NULL);
    object_list list = {.num = 0};
    pjrt_client_opts_init(&opts);
    expect_ok(pjrt_kvstore_create_in_process(&opts.kvstore));
    pjrt_client_free(f->client);
    expect_ok(pjrt_client_create(f->plugin, &opts, &f->client));
    add(&list, opts.kvstore, free_kvstore);
    give_client(f, &list);
    find_order(n, list.num, order);
    free_all(&list, order, 0, n % 2 == 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_launches),
      cmocka_unit_test(test_transfers),
      cmocka_unit_test(test_compiled),
      cmocka_unit_test(test_promises),
      cmocka_unit_test(test_everything),
      cmocka_unit_test(test_all_threads_at_once),
      cmocka_unit_test(test_kvstore),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
