/* The XlaTransform extension on real plugins: each compilation shows its HLO
 * once per stage, and a transformation can refuse a program and change what it
 * computes. */
#include "pjrt/ext/xla_transform.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "fixture.h"

static const pjrt_xla_transform_stage stages[] = {
    PJRT_XLA_TRANSFORM_BEFORE_SCHEDULER, PJRT_XLA_TRANSFORM_AFTER_SCHEDULER};

/* Adds 10 to each of four numbers. */
static const char add_ten[] =
    "func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {\n"
    "  %ten = stablehlo.constant dense<10.0> : tensor<4xf32>\n"
    "  %y = stablehlo.add %x, %ten : tensor<4xf32>\n"
    "  return %y : tensor<4xf32>\n"
    "}\n";

enum { HAS_IT_FROM = 114 };

/* The first plugins that had the extension come later than this one; those can
 * only say so. */
static void require(fixture *f) {
  pjrt_error *error;
  if (f->minor >= HAS_IT_FROM) return;
  error = pjrt_xla_transform_clear(f->plugin, "none", PJRT_NUL_ENDED, stages[0],
                                   NULL);
  assert_refused(error, PJRT_UNIMPLEMENTED,
                 "the plugin has no extension XlaTransform");
  skip_because("the plugin is too old for XlaTransform");
}

typedef struct watcher {
  char *text; /* what was seen last */
  atomic_int num_runs;
  atomic_int num_destroyed;
} watcher;

static pjrt_error *watch(const pjrt_program *hlo, void *user,
                         pjrt_program **out) {
  watcher *w = user;
  (void)out;
  atomic_fetch_add(&w->num_runs, 1);
  pjrt_host_free(w->text);
  return pjrt_hlo_print(hlo, NULL, &w->text, NULL);
}

static void destroy(void *user) {
  atomic_fetch_add(&((watcher *)user)->num_destroyed, 1);
}

static bool clear(fixture *f, const char *name,
                  pjrt_xla_transform_stage stage) {
  bool cleared;
  assert_ok(pjrt_xla_transform_clear(f->plugin, name, PJRT_NUL_ENDED, stage,
                                     &cleared));
  return cleared;
}

static void each_compilation_is_seen_once_per_stage(void **state) {
  fixture *f = *state;
  require(f);
  for (size_t i = 0; i < 2; i++) {
    watcher w = {0};
    assert_ok(pjrt_xla_transform_register(f->plugin, "watch", PJRT_NUL_ENDED,
                                          stages[i], watch, &w, destroy));
    assert_ok(try_compile(f, add_ten, NULL));
    assert_int_equal(w.num_runs, 1);
    assert_ok(try_compile(f, add_ten, NULL));
    assert_int_equal(w.num_runs, 2);
    assert_non_null(strstr(w.text, "ENTRY "));
    assert_non_null(strstr(w.text, " add("));
    assert_int_equal(!strstr(w.text, "is_scheduled=true"), i == 0);
    assert_int_equal(w.num_destroyed, 0);
    assert_true(clear(f, "watch", stages[i]));
    assert_int_equal(w.num_destroyed, 1);
    assert_ok(try_compile(f, add_ten, NULL));
    assert_int_equal(w.num_runs, 2);
    assert_false(clear(f, "watch", stages[i]));
    pjrt_host_free(w.text);
  }
}

static void a_name_may_be_given_twice(void **state) {
  fixture *f = *state;
  watcher first = {0}, second = {0};
  require(f);
  assert_ok(pjrt_xla_transform_register(f->plugin, "same", PJRT_NUL_ENDED,
                                        stages[0], watch, &first, destroy));
  assert_ok(pjrt_xla_transform_register(f->plugin, "same", PJRT_NUL_ENDED,
                                        stages[0], watch, &second, destroy));
  assert_ok(try_compile(f, add_ten, NULL));
  assert_int_equal(first.num_runs, 1);
  assert_int_equal(second.num_runs, 1);
  assert_true(clear(f, "same", stages[0]));
  assert_int_equal(first.num_destroyed, 1);
  assert_int_equal(second.num_destroyed, 0);
  assert_true(clear(f, "same", stages[0]));
  assert_int_equal(second.num_destroyed, 1);
  pjrt_host_free(first.text);
  pjrt_host_free(second.text);
}

/* ---- clearing ------------------------------------------------------------ */

static atomic_bool is_running, is_cleared;

static pjrt_error *wait_for_the_end(const pjrt_program *hlo, void *user,
                                    pjrt_program **out) {
  watcher *w = user;
  (void)hlo;
  (void)out;
  is_running = true;
  while (!is_cleared) sched_yield();
  assert_int_equal(w->num_destroyed, 0);
  atomic_fetch_add(&w->num_runs, 1);
  return NULL;
}

static void *compile_once(void *f) {
  assert_ok(try_compile(f, add_ten, NULL));
  return NULL;
}

/* A compilation that is in it keeps it. */
static void one_is_cleared_while_it_runs(void **state) {
  fixture *f = *state;
  watcher w = {0};
  pthread_t compiler;
  require(f);
  assert_ok(pjrt_xla_transform_register(f->plugin, "outlasts", PJRT_NUL_ENDED,
                                        stages[0], wait_for_the_end, &w,
                                        destroy));
  assert_int_equal(pthread_create(&compiler, NULL, compile_once, f), 0);
  while (!is_running) sched_yield();
  assert_true(clear(f, "outlasts", stages[0]));
  is_cleared = true;
  pthread_join(compiler, NULL);
  assert_int_equal(w.num_runs, 1);
  assert_int_equal(w.num_destroyed, 1);
}

/* ---- refusing ------------------------------------------------------------ */

static pjrt_error *refuse(const pjrt_program *hlo, void *user,
                          pjrt_program **out) {
  (void)hlo;
  (void)user;
  (void)out;
  return pjrt_error_create(PJRT_PERMISSION_DENIED, "there is to be no add",
                           PJRT_NUL_ENDED);
}

/* The plugin keeps the message, and has its own code for all of them. */
static void an_error_ends_the_compilation(void **state) {
  fixture *f = *state;
  require(f);
  for (size_t i = 0; i < 2; i++) {
    assert_ok(pjrt_xla_transform_register(f->plugin, "refuse", PJRT_NUL_ENDED,
                                          stages[i], refuse, NULL, NULL));
    assert_code(try_compile(f, add_ten, NULL), PJRT_INTERNAL,
                "there is to be no add");
    assert_true(clear(f, "refuse", stages[i]));
    assert_ok(try_compile(f, add_ten, NULL));
  }
}

/* ---- changing ------------------------------------------------------------ */

/* Makes 20 of the 10, in the bytes of the module. */
static pjrt_error *double_ten(const pjrt_program *hlo, void *user,
                              pjrt_program **out) {
  const float ten = 10, twenty = 20;
  size_t size;
  const char *code = pjrt_program_code(hlo, &size);
  char *copy = malloc(size);
  int *num_changed = user;
  memcpy(copy, code, size);
  for (size_t i = 0; i + sizeof ten <= size; i++) {
    if (memcmp(copy + i, &ten, sizeof ten) != 0) continue;
    memcpy(copy + i, &twenty, sizeof twenty);
    ++*num_changed;
  }
  pjrt_error *error = pjrt_program_create(copy, size, PJRT_FORMAT_HLO, out);
  free(copy);
  return error;
}

static void a_changed_program_computes_something_else(void **state) {
  fixture *f = *state;
  require(f);
  for (size_t i = 0; i < 2; i++) {
    int num_changed = 0;
    assert_ok(pjrt_xla_transform_register(f->plugin, "double", PJRT_NUL_ENDED,
                                          stages[i], double_ten, &num_changed,
                                          NULL));
    pjrt_executable *executable = compile(f, add_ten);
    assert_true(clear(f, "double", stages[i]));
    assert_int_equal(num_changed, 1);
    pjrt_buffer *x = upload_f32(f->device, 4, 1.f, 2.f, 3.f, 4.f);
    pjrt_buffer *y = execute1(executable, x);
    assert_f32(y, 4, 21, 22, 23, 24);
    pjrt_buffer_free(x);
    pjrt_buffer_free(y);
    pjrt_executable_free(executable);
  }
}

/* A module whose computation is none. */
static pjrt_error *damage(const pjrt_program *hlo, void *user,
                          pjrt_program **out) {
  (void)hlo;
  return pjrt_program_create(user, PJRT_NUL_ENDED, PJRT_FORMAT_HLO, out);
}

static void a_damaged_program_is_an_error(void **state) {
  fixture *f = *state;
  require(f);
  assert_ok(pjrt_xla_transform_register(
      f->plugin, "damage", PJRT_NUL_ENDED, stages[0], damage,
      (void *)(uintptr_t)"\x0a\x01m\x1a\x02\xff\xff", NULL));
  assert_code(try_compile(f, add_ten, NULL), PJRT_INTERNAL,
              "Failed to parse transformed HLO module");
  assert_true(clear(f, "damage", stages[0]));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_compilation_is_seen_once_per_stage),
      cmocka_unit_test(a_name_may_be_given_twice),
      cmocka_unit_test(one_is_cleared_while_it_runs),
      cmocka_unit_test(an_error_ends_the_compilation),
      cmocka_unit_test(a_changed_program_computes_something_else),
      cmocka_unit_test(a_damaged_program_is_an_error),
  };
  return RUN_REAL_TESTS(tests);
}
