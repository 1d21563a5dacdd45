/* The XlaTransform extension on the simulated plugin: transformations see each
 * program that is compiled, refuse and change it, and go when they are
 * cleared. */
#include "pjrt/ext/xla_transform.h"

#include <pthread.h>
#include <stdatomic.h>

#include "core/thread.h"
#include "sim_fixture.h"

static const pjrt_xla_transform_stage BEFORE =
    PJRT_XLA_TRANSFORM_BEFORE_SCHEDULER;
static const pjrt_xla_transform_stage AFTER =
    PJRT_XLA_TRANSFORM_AFTER_SCHEDULER;

/* What a transformation does, and what was seen of it. */
typedef struct watcher {
  pjrt_error *(*act)(const pjrt_program *hlo, pjrt_program **out);
  atomic_int num_runs;
  atomic_int num_destroyed;
  atomic_int *clock; /* when it ran last; NULL: nobody asks */
  int ran_at;
  pjrt_executable *kept; /* freed with it */
} watcher;

static pjrt_error *watch(const pjrt_program *hlo, void *user,
                         pjrt_program **out) {
  watcher *w = user;
  size_t size;
  assert_int_equal(pjrt_program_format_of(hlo), PJRT_FORMAT_HLO);
  assert_non_null(pjrt_program_code(hlo, &size));
  assert_true(size > 0);
  assert_null(*out);
  atomic_fetch_add(&w->num_runs, 1);
  if (w->clock) w->ran_at = atomic_fetch_add(w->clock, 1);
  return w->act ? w->act(hlo, out) : NULL;
}

/* Comes within the plugin: what is freed here must end on another thread. */
static void destroy(void *user) {
  watcher *w = user;
  assert_true(pjrt_in_callback());
  pjrt_executable_free(w->kept);
  atomic_fetch_add(&w->num_destroyed, 1);
}

static void enter(fixture *f, const char *name, pjrt_xla_transform_stage stage,
                  watcher *w) {
  expect_ok(pjrt_xla_transform_register(f->plugin, name, PJRT_NUL_ENDED, stage,
                                        watch, w, destroy));
}

static bool clear(fixture *f, const char *name,
                  pjrt_xla_transform_stage stage) {
  bool cleared = false;
  expect_ok(pjrt_xla_transform_clear(f->plugin, name, PJRT_NUL_ENDED, stage,
                                     &cleared));
  return cleared;
}

static pjrt_error *compile_once(fixture *f) {
  pjrt_executable *executable;
  pjrt_error *error = try_compile(f->client, pass_program, NULL, &executable);
  pjrt_executable_free(executable);
  return error;
}

/* ---- what they do -------------------------------------------------------- */

static void test_sees_each_compilation(void **state) {
  fixture *f = *state;
  watcher w = {0};
  enter(f, "watch", BEFORE, &w);
  assert_int_equal(w.num_runs, 0);
  expect_ok(compile_once(f));
  expect_ok(compile_once(f));
  assert_int_equal(w.num_runs, 2);
  assert_int_equal(w.num_destroyed, 0);
  assert_true(clear(f, "watch", BEFORE));
  assert_int_equal(w.num_destroyed, 1);
  expect_ok(compile_once(f));
  assert_int_equal(w.num_runs, 2);
  assert_false(clear(f, "watch", BEFORE));
  assert_int_equal(w.num_destroyed, 1);
}

static void test_runs_by_stage_and_then_in_order(void **state) {
  fixture *f = *state;
  atomic_int clock = 0;
  watcher after = {.clock = &clock}, first = {.clock = &clock},
          second = {.clock = &clock};
  enter(f, "after", AFTER, &after);
  enter(f, "same", BEFORE, &first);
  enter(f, "same", BEFORE, &second);
  expect_ok(compile_once(f));
  assert_int_equal(first.ran_at, 0);
  assert_int_equal(second.ran_at, 1);
  assert_int_equal(after.ran_at, 2);
  assert_false(clear(f, "same", AFTER));
  assert_true(clear(f, "same", BEFORE));
  assert_int_equal(first.num_destroyed, 1);
  assert_int_equal(second.num_destroyed, 0);
  assert_true(clear(f, "same", BEFORE));
  assert_true(clear(f, "after", AFTER));
  assert_int_equal(second.num_destroyed + after.num_destroyed, 2);
}

static pjrt_error *refuse(const pjrt_program *hlo, pjrt_program **out) {
  static const char why[] = "no\0such thing here";
  (void)hlo;
  (void)out;
  return pjrt_error_create(PJRT_PERMISSION_DENIED, why + 3, sizeof why - 1 - 3);
}

static void test_refuses_a_program(void **state) {
  fixture *f = *state;
  watcher w = {.act = refuse}, later = {0};
  enter(f, "refuse", BEFORE, &w);
  enter(f, "later", AFTER, &later);
  expect_error(compile_once(f), PJRT_PERMISSION_DENIED, "such thing here");
  assert_int_equal(w.num_runs, 1);
  assert_int_equal(later.num_runs, 0);
  assert_true(clear(f, "refuse", BEFORE));
  assert_true(clear(f, "later", AFTER));
  expect_ok(compile_once(f));
}

static pjrt_error *refuse_oddly(const pjrt_program *hlo, pjrt_program **out) {
  (void)hlo;
  (void)out;
  return pjrt_error_create((pjrt_code)99, "an odd code", PJRT_NUL_ENDED);
}

/* Codes that PJRT does not define end some plugins. */
static void test_odd_codes_stay_here(void **state) {
  fixture *f = *state;
  watcher w = {.act = refuse_oddly};
  enter(f, "odd", BEFORE, &w);
  expect_error(compile_once(f), PJRT_UNKNOWN, "an odd code");
  assert_true(clear(f, "odd", BEFORE));
}

/* ---- what they change ---------------------------------------------------- */

/* The same module with a computation more, an empty one. */
static const char computation[] = "\x1a";

static pjrt_error *append(const pjrt_program *hlo, pjrt_program **out) {
  size_t size;
  const void *code = pjrt_program_code(hlo, &size);
  char *longer = malloc(size + sizeof computation);
  assert_non_null(longer);
  memcpy(longer, code, size);
  memcpy(longer + size, computation, sizeof computation);
  pjrt_error *error = pjrt_program_create(longer, size + sizeof computation,
                                          PJRT_FORMAT_HLO, out);
  free(longer);
  return error;
}

static size_t optimized_size(fixture *f) {
  pjrt_program *optimized;
  size_t size;
  pjrt_executable *executable = compile(f->client, pass_program, NULL);
  expect_ok(pjrt_executable_optimized_program(executable, &optimized));
  pjrt_program_code(optimized, &size);
  pjrt_program_free(optimized);
  pjrt_executable_free(executable);
  return size;
}

static void test_changes_a_program(void **state) {
  fixture *f = *state;
  watcher w = {.act = append}, again = {.act = append};
  const size_t before = optimized_size(f);
  enter(f, "append", BEFORE, &w);
  enter(f, "append", AFTER, &again);
  assert_int_equal(optimized_size(f), before + 2 * sizeof computation);
  assert_true(clear(f, "append", BEFORE));
  assert_int_equal(optimized_size(f), before + sizeof computation);
  assert_true(clear(f, "append", AFTER));
  assert_int_equal(optimized_size(f), before);
}

static pjrt_error *give_text(const pjrt_program *hlo, pjrt_program **out) {
  (void)hlo;
  return pjrt_program_create("module {}", PJRT_NUL_ENDED, PJRT_FORMAT_AUTO,
                             out);
}

static pjrt_error *give_both(const pjrt_program *hlo, pjrt_program **out) {
  expect_ok(append(hlo, out));
  return refuse(hlo, out);
}

static void test_answers_that_are_none(void **state) {
  fixture *f = *state;
  watcher text = {.act = give_text}, both = {.act = give_both};
  enter(f, "text", BEFORE, &text);
  expect_error(compile_once(f), PJRT_INVALID_ARGUMENT,
               "a transformation's program is no HLO");
  assert_true(clear(f, "text", BEFORE));
  enter(f, "both", BEFORE, &both);
  expect_error(compile_once(f), PJRT_PERMISSION_DENIED, "such thing");
  assert_true(clear(f, "both", BEFORE));
}

/* ---- who keeps them ------------------------------------------------------ */

static void test_outlives_clients_and_handles(void **state) {
  fixture *f = *state;
  watcher w = {0};
  pjrt_plugin *other;
  expect_ok(pjrt_plugin_open(sim_path(), PJRT_NUL_ENDED, NULL, &other));
  expect_ok(pjrt_xla_transform_register(other, "kept", PJRT_NUL_ENDED, AFTER,
                                        watch, &w, destroy));
  pjrt_plugin_free(other);
  expect_ok(compile_once(f));
  assert_int_equal(w.num_runs, 1);
  assert_true(clear(f, "kept", AFTER));
  assert_int_equal(w.num_destroyed, 1);
}

static void *compile_often(void *f) {
  for (int i = 0; i < 50; i++) expect_ok(compile_once(f));
  return NULL;
}

/* Cleared while others compile. */
static void test_many_threads(void **state) {
  enum { NUM = 3 };
  fixture *f = *state;
  pthread_t threads[NUM];
  watcher stays = {.act = append}, comes = {0};
  enter(f, "stays", BEFORE, &stays);
  for (int i = 0; i < NUM; i++) {
    assert_int_equal(pthread_create(&threads[i], NULL, compile_often, f), 0);
  }
  for (int i = 0; i < 20; i++) {
    enter(f, "comes", AFTER, &comes);
    assert_true(clear(f, "comes", AFTER));
  }
  for (int i = 0; i < NUM; i++) pthread_join(threads[i], NULL);
  assert_int_equal(stays.num_runs, NUM * 50);
  assert_true(clear(f, "stays", BEFORE));
  assert_int_equal(stays.num_destroyed, 1);
  assert_int_equal(comes.num_destroyed, 20);
}

static void test_frees_what_it_kept(void **state) {
  fixture *f = *state;
  watcher w = {.kept = compile(f->client, pass_program, NULL)};
  enter(f, "keeps", AFTER, &w);
  assert_true(clear(f, "keeps", AFTER));
  assert_int_equal(w.num_destroyed, 1);
}

static atomic_bool is_running, may_end;

static pjrt_error *stay(const pjrt_program *hlo, pjrt_program **out) {
  (void)hlo;
  (void)out;
  is_running = true;
  wait_until(may_end);
  return NULL;
}

static void *compile_in_thread(void *f) {
  expect_ok(compile_once(f));
  return NULL;
}

/* A compilation that is in it keeps it. */
static void test_cleared_while_it_runs(void **state) {
  fixture *f = *state;
  watcher w = {.act = stay};
  pthread_t compiler;
  is_running = may_end = false;
  enter(f, "stays", BEFORE, &w);
  assert_int_equal(pthread_create(&compiler, NULL, compile_in_thread, f), 0);
  wait_until(is_running);
  assert_true(clear(f, "stays", BEFORE));
  assert_int_equal(w.num_destroyed, 0);
  may_end = true;
  pthread_join(compiler, NULL);
  assert_int_equal(w.num_destroyed, 1);
}

/* ---- what is refused ----------------------------------------------------- */

static void test_refused(void **state) {
  const pjrt_code bad = PJRT_INVALID_ARGUMENT;
  fixture *f = *state;
  watcher w = {0};
  bool cleared = true;
  expect_error(
      pjrt_xla_transform_register(NULL, "a", 1, BEFORE, watch, &w, destroy),
      bad, "plugin is NULL");
  expect_error(pjrt_xla_transform_register(f->plugin, "a", 0, BEFORE, watch, &w,
                                           destroy),
               bad, "the name is empty");
  expect_error(pjrt_xla_transform_register(f->plugin, NULL, 3, BEFORE, watch,
                                           &w, destroy),
               bad, "the name is empty");
  expect_error(
      pjrt_xla_transform_register(
          f->plugin, "a", 1, (pjrt_xla_transform_stage)2, watch, &w, destroy),
      bad, "no stage 2");
  expect_error(
      pjrt_xla_transform_register(f->plugin, "a", 1, BEFORE, NULL, &w, destroy),
      bad, "transform is NULL");
  expect_error(pjrt_xla_transform_clear(NULL, "a", 1, BEFORE, &cleared), bad,
               "plugin is NULL");
  assert_false(cleared);
  expect_error(pjrt_xla_transform_clear(f->plugin, "", 0, BEFORE, &cleared),
               bad, "the name is empty");
  assert_int_equal(sim.num_calls("PJRT_Register_Xla_Transform"), 0);
  assert_int_equal(sim.num_calls("PJRT_Clear_Xla_Transform"), 0);
  assert_int_equal(w.num_destroyed, 0);
}

static void test_the_plugin_refuses(void **state) {
  fixture *f = *state;
  watcher w = {0};
  bool cleared = true;
  sim_fail("PJRT_Register_Xla_Transform", 1, PJRT_Error_Code_ABORTED);
  expect_error(pjrt_xla_transform_register(f->plugin, "a", 1, BEFORE, watch, &w,
                                           destroy),
               PJRT_ABORTED, "");
  assert_int_equal(w.num_destroyed, 0);
  sim_fail("PJRT_Clear_Xla_Transform", 1, PJRT_Error_Code_ABORTED);
  expect_error(pjrt_xla_transform_clear(f->plugin, "a", 1, BEFORE, &cleared),
               PJRT_ABORTED, "");
  assert_false(cleared);
  sim_configure_default();
}

static pjrt_error *ask(const pjrt_sim_options *options) {
  watcher w = {0};
  fixture *f = fixture_create(options);
  expect_error(pjrt_xla_transform_clear(f->plugin, "a", 1, BEFORE, NULL),
               PJRT_UNIMPLEMENTED, "XlaTransform");
  pjrt_error *error = pjrt_xla_transform_register(f->plugin, "a", 1, BEFORE,
                                                  watch, &w, destroy);
  fixture_drop(f);
  test_free(f);
  expect_nothing_alive();
  return error;
}

static void test_plugins_without_it(void **state) {
  static const char *const name[] = {"XlaTransform"};
  pjrt_sim_options options;
  (void)state;
  sim_path();
  sim.options_init(&options);
  options.minor = 109;
  pjrt_error *error = ask(&options);
  expect_error(error, PJRT_UNIMPLEMENTED,
               "the plugin has no extension XlaTransform, which API 0.110 "
               "brought");
  /* Without the last function, which takes transformations back. */
  sim.options_init(&options);
  options.short_extensions = name;
  options.num_short_extensions = 1;
  error = ask(&options);
  expect_error(error, PJRT_UNIMPLEMENTED,
               "the plugin's extension XlaTransform has no "
               "PJRT_Clear_Xla_Transform");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      sim_test(test_sees_each_compilation),
      sim_test(test_runs_by_stage_and_then_in_order),
      sim_test(test_refuses_a_program),
      sim_test(test_odd_codes_stay_here),
      sim_test(test_changes_a_program),
      sim_test(test_answers_that_are_none),
      sim_test(test_outlives_clients_and_handles),
      sim_test(test_many_threads),
      sim_test(test_frees_what_it_kept),
      sim_test(test_cleared_while_it_runs),
      sim_test(test_refused),
      sim_test(test_the_plugin_refuses),
      cmocka_unit_test(test_plugins_without_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
