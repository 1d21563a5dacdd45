/* The Profiler extension: its states and what is recorded on the simulated
 * plugin, and what other plugins do, played by functions that stand in for
 * those of its table. */
#include "pjrt/ext/profiler.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pjrt/ext/xspace.h"
#include "sim_fixture.h"
#include "temp_tree.h"

static const pjrt_code too_early = PJRT_FAILED_PRECONDITION;

static pjrt_profiler *create(const fixture *f) {
  pjrt_profiler *profiler;
  expect_ok(pjrt_profiler_create(f->plugin, NULL, &profiler));
  return profiler;
}

/* One that recorded an upload. */
static pjrt_profiler *record(const fixture *f) {
  pjrt_profiler *profiler = create(f);
  expect_ok(pjrt_profiler_start(profiler));
  pjrt_buffer_free(upload_f32(f->device));
  expect_ok(pjrt_profiler_stop(profiler));
  return profiler;
}

/* The plugin's table, which a test may change until the plugin is configured
 * again. */
static PLUGIN_Profiler_Api *table(const fixture *f) {
  const size_t i = pjrt_plugin_find_extension(f->plugin, 1);
  const PJRT_Profiler_Extension *node = pjrt_plugin_extension_raw(f->plugin, i);
  return node->profiler_api;
}

static pjrt_error *collect_and_drop(pjrt_profiler *profiler, size_t *out_size) {
  void *data;
  pjrt_error *error = pjrt_profiler_collect(profiler, &data, out_size);
  if (error) assert_null(data);
  pjrt_host_free(data);
  return error;
}

/* ---- what is recorded ---------------------------------------------------- */

static void expect_upload(const void *data, size_t size) {
  pjrt_xspace *space;
  bool is_there = false;
  expect_ok(pjrt_xspace_parse(data, size, &space));
  assert_int_equal(pjrt_xspace_num_planes(space), 1);
  const pjrt_xplane *plane = pjrt_xspace_plane(space, 0);
  assert_string_equal(pjrt_xplane_name(plane, NULL), "/host:sim");
  const pjrt_xline *line = pjrt_xplane_line(plane, 0);
  for (size_t i = 0; i < pjrt_xline_num_events(line); i++) {
    const pjrt_xevent *event = pjrt_xline_event(line, i);
    if (strcmp(pjrt_xevent_name(event, NULL),
               "PJRT_Client_BufferFromHostBuffer") == 0) {
      assert_int_equal(pjrt_xevent_num_occurrences(event), 1);
      is_there = true;
    }
  }
  assert_true(is_there);
  pjrt_xspace_free(space);
}

static void test_collect(void **state) {
  void *data;
  size_t size;
  pjrt_profiler *profiler = record(*state);
  expect_ok(pjrt_profiler_collect(profiler, &data, &size));
  expect_upload(data, size);
  pjrt_host_free(data);
  pjrt_profiler_free(profiler);
}

static void test_consume(void **state) {
  void *data;
  size_t size;
  pjrt_profiler *profiler = record(*state);
  expect_ok(pjrt_profiler_consume(profiler, &data, &size));
  expect_upload(data, size);
  pjrt_host_free(data);
  expect_error(pjrt_profiler_consume(profiler, &data, &size), too_early,
               "was collected");
  pjrt_profiler_free(profiler);
}

static void test_states(void **state) {
  void *data = &data;
  size_t size = 1;
  pjrt_profiler *profiler = create(*state);
  expect_error(pjrt_profiler_stop(profiler), too_early,
               "the profiler was not started");
  expect_error(pjrt_profiler_collect(profiler, &data, &size), too_early,
               "the profiler was not started");
  assert_null(data);
  assert_int_equal(size, 0);
  expect_ok(pjrt_profiler_start(profiler));
  pjrt_error *error = pjrt_profiler_start(profiler);
  assert_string_equal(pjrt_error_call(error), "PLUGIN_Profiler_Start");
  expect_error(error, too_early, "the profiler runs");
  expect_error(collect_and_drop(profiler, &size), too_early,
               "the profiler runs");
  expect_ok(pjrt_profiler_stop(profiler));
  expect_error(pjrt_profiler_start(profiler), too_early, "make another");
  expect_error(pjrt_profiler_stop(profiler), too_early, "was stopped");
  expect_ok(collect_and_drop(profiler, &size));
  expect_error(collect_and_drop(profiler, &size), too_early, "was collected");
  expect_error(pjrt_profiler_start(profiler), too_early, "was collected");
  pjrt_profiler_free(profiler);
  pjrt_profiler_free(NULL);
}

/* The profiler keeps its plugin, and ends what runs. */
static void test_freed_while_it_runs(void **state) {
  fixture *f = *state;
  pjrt_profiler *profiler = create(f);
  expect_ok(pjrt_profiler_start(profiler));
  fixture_drop(f);
  pjrt_profiler_free(profiler);
}

static void test_nulls(void **state) {
  const pjrt_code bad = PJRT_INVALID_ARGUMENT;
  void *data;
  size_t size;
  pjrt_profiler *profiler;
  (void)state;
  expect_error(pjrt_profiler_create(NULL, NULL, &profiler), bad,
               "plugin is NULL");
  expect_error(pjrt_profiler_start(NULL), bad, "profiler is NULL");
  expect_error(pjrt_profiler_stop(NULL), bad, "profiler is NULL");
  expect_error(pjrt_profiler_collect(NULL, &data, &size), bad,
               "profiler is NULL");
  expect_error(pjrt_profiler_consume(NULL, &data, &size), bad,
               "profiler is NULL");
}

/* ---- options ------------------------------------------------------------- */

static char seen_options[256];
static size_t seen_size;

static PLUGIN_Profiler_Error *look_at_options(
    PLUGIN_Profiler_Create_Args *args) {
  assert_true(args->options_size <= sizeof seen_options);
  seen_size = args->options_size;
  memcpy(seen_options, args->options, seen_size);
  args->profiler = NULL;
  return NULL;
}

static void expect_options(const fixture *f, const pjrt_profiler_opts *opts,
                           const void *expected, size_t size) {
  pjrt_profiler *profiler;
  expect_error(pjrt_profiler_create(f->plugin, opts, &profiler), PJRT_INTERNAL,
               "gives no profiler");
  assert_int_equal(seen_size, size);
  assert_memory_equal(seen_options, expected, size);
}

static void test_options(void **state) {
  static const char defaults[] = "\x08\1\x10\2\x18\1\x28\1\x38\1";
  static const char all[] =
      "\x10\3\x20\1\x28\1\x30\3\x40\4\x48\5\x68\1\x5a\2\x08\6"
      "\x62\x08\x0a\1t\x12\3\x0a\1v"
      "\x62\x07\x0a\1b\x12\2\x10\1"
      "\x62\x07\x0a\1n\x12\2\x18\7"
      "\x10\1";
  const fixture *f = *state;
  pjrt_profiler_opts opts;
  pjrt_named_values *advanced;
  table(f)->create = look_at_options;
  expect_options(f, NULL, defaults, sizeof defaults - 1);
  pjrt_profiler_opts_init(&opts);
  expect_options(f, &opts, defaults, sizeof defaults - 1);
  expect_ok(pjrt_named_values_create(&advanced));
  expect_ok(pjrt_named_values_parse(advanced, "t=v", 3));
  expect_ok(pjrt_named_values_parse(advanced, "b=true", 6));
  expect_ok(pjrt_named_values_parse(advanced, "n=7", 3));
  opts = (pjrt_profiler_opts){.struct_size = sizeof opts,
                              .device = PJRT_PROFILE_TPU,
                              .host_tracer_level = 3,
                              .python_tracer_level = 1,
                              .raise_error_on_start_failure = true,
                              .start_timestamp_ns = 4,
                              .duration_ms = 5,
                              .host_traceme_filter_mask = 6,
                              .advanced = advanced,
                              .serialized = "\x10\1",
                              .serialized_size = 2};
  expect_options(f, &opts, all, sizeof all - 1);
  pjrt_named_values_free(advanced);
}

static void expect_bad(const fixture *f, const pjrt_profiler_opts *opts,
                       const char *part) {
  pjrt_profiler *profiler = (pjrt_profiler *)1;
  expect_error(pjrt_profiler_create(f->plugin, opts, &profiler),
               PJRT_INVALID_ARGUMENT, part);
  assert_null(profiler);
}

static void test_bad_options(void **state) {
  const fixture *f = *state;
  pjrt_profiler_opts opts, good;
  pjrt_named_values *advanced;
  pjrt_profiler_opts_init(&good);
  opts = good;
  opts.device_tracer_level = -1;
  expect_bad(f, &opts, "device_tracer_level is -1");
  opts = good;
  opts.duration_ms = -2;
  expect_bad(f, &opts, "duration_ms is -2");
  opts = good;
  opts.device = (pjrt_profiler_device)5;
  expect_bad(f, &opts, "no kind of device 5");
  opts = good;
  opts.serialized_size = 1;
  expect_bad(f, &opts, "serialized is NULL for 1 bytes");
  opts = good;
  opts.struct_size = 0;
  expect_bad(f, &opts, "pjrt_profiler_opts_init");
  expect_ok(pjrt_named_values_create(&advanced));
  expect_ok(pjrt_named_values_parse(advanced, "half=0.5", PJRT_NUL_ENDED));
  opts = good;
  opts.advanced = advanced;
  expect_bad(f, &opts, "half is neither a text nor an integer nor a boolean");
  pjrt_named_values_free(advanced);
}

/* ---- how plugins collect ------------------------------------------------- */

/* As XLA's do: they lend what they have with a zero behind it, and fill
 * nothing. */
static PLUGIN_Profiler_Error *lend(PLUGIN_Profiler_CollectData_Args *args) {
  static uint8_t message[] = {0x0a, 0x02, 0x12, 0x00, 0x00};
  if (args->buffer) return NULL;
  args->buffer = message;
  args->buffer_size_in_bytes = sizeof message;
  return NULL;
}

static void test_lent_data(void **state) {
  void *data;
  size_t size;
  pjrt_profiler *profiler = record(*state);
  table(*state)->collect_data = lend;
  expect_ok(pjrt_profiler_collect(profiler, &data, &size));
  assert_int_equal(size, 4); /* the zero inside stays */
  assert_memory_equal(data, "\x0a\2\x12", 4);
  pjrt_host_free(data);
  pjrt_profiler_free(profiler);
}

static PLUGIN_Profiler_Error *lend_a_zero(
    PLUGIN_Profiler_CollectData_Args *args) {
  static uint8_t zero;
  args->buffer = &zero;
  args->buffer_size_in_bytes = 1;
  return NULL;
}

static PLUGIN_Profiler_Error *have_none(
    PLUGIN_Profiler_CollectData_Args *args) {
  args->buffer_size_in_bytes = 0;
  return NULL;
}

static PLUGIN_Profiler_Error *want_everything(
    PLUGIN_Profiler_CollectData_Args *args) {
  args->buffer_size_in_bytes = SIZE_MAX / 2;
  return NULL;
}

/* Says first that there are 4 bytes, and then 5, or 3. */
static size_t second_size;
static PLUGIN_Profiler_Error *change_its_mind(
    PLUGIN_Profiler_CollectData_Args *args) {
  if (args->buffer) memcpy(args->buffer, "\x0a\1\0", 3);
  args->buffer_size_in_bytes = args->buffer ? second_size : 4;
  return NULL;
}

static void test_sizes(void **state) {
  static PLUGIN_Profiler_CollectData *const empty[] = {lend_a_zero, have_none};
  size_t size = 7;
  for (size_t i = 0; i < 2; i++) {
    pjrt_profiler *profiler = record(*state);
    PLUGIN_Profiler_CollectData *const usual = table(*state)->collect_data;
    table(*state)->collect_data = empty[i];
    expect_ok(collect_and_drop(profiler, &size));
    assert_int_equal(size, 0);
    table(*state)->collect_data = usual;
    pjrt_profiler_free(profiler);
  }
  pjrt_profiler *profiler = record(*state);
  table(*state)->collect_data = want_everything;
  pjrt_error *error = collect_and_drop(profiler, &size);
  assert_string_equal(pjrt_error_call(error), "PLUGIN_Profiler_CollectData");
  expect_error(error, PJRT_INTERNAL, "a number of bytes");
  table(*state)->collect_data = change_its_mind;
  second_size = 5;
  expect_error(collect_and_drop(profiler, &size), PJRT_INTERNAL,
               "put 5 bytes where it asked for 4");
  second_size = 3; /* what failed may be tried again */
  expect_ok(collect_and_drop(profiler, &size));
  assert_int_equal(size, 3);
  pjrt_profiler_free(profiler);
}

/* ---- what plugins lack --------------------------------------------------- */

static void test_empty_slots(void **state) {
  void *data;
  size_t size;
  pjrt_profiler *profiler = record(*state);
  PLUGIN_Profiler_Api *api = table(*state);
  api->consume = NULL;
  expect_error(pjrt_profiler_consume(profiler, &data, &size),
               PJRT_UNIMPLEMENTED,
               "the plugin's extension Profiler has no "
               "PLUGIN_Profiler_Consume, which API 0.113 brought");
  expect_ok(collect_and_drop(profiler, &size));
  pjrt_profiler_free(profiler);
}

static PLUGIN_Profiler_Error *refuse(PLUGIN_Profiler_Start_Args *args) {
  (void)args;
  return (PLUGIN_Profiler_Error *)1;
}

/* Some plugins can say that something failed, and no more. */
static void test_errors_without_words(void **state) {
  pjrt_profiler *profiler = create(*state);
  PLUGIN_Profiler_Api *api = table(*state);
  PLUGIN_Profiler_Start *const usual = api->start;
  api->error_destroy = NULL;
  api->error_message = NULL;
  api->error_get_code = NULL;
  api->start = refuse;
  expect_error(pjrt_profiler_start(profiler), PJRT_UNKNOWN,
               "the plugin gave no message");
  api->start = usual;
  expect_ok(pjrt_profiler_start(profiler));
  pjrt_profiler_free(profiler);
}

/* An error of the plugin's own, after which the same may be tried again. */
static void expect_failure(pjrt_error *error, const char *function) {
  assert_int_equal(pjrt_error_origin(error), PJRT_ORIGIN_PLUGIN);
  assert_string_equal(pjrt_error_call(error), function);
  assert_non_null(strstr(pjrt_error_plugin(error), "sim"));
  expect_error(error, PJRT_DATA_LOSS, "fault");
}

static void test_failures(void **state) {
  size_t size;
  const fixture *f = *state;
  pjrt_profiler *profiler;
  sim_fail("PLUGIN_Profiler_Create", 1, PJRT_Error_Code_DATA_LOSS);
  expect_failure(pjrt_profiler_create(f->plugin, NULL, &profiler),
                 "PLUGIN_Profiler_Create");
  assert_null(profiler);
  profiler = create(f);
  sim_fail("PLUGIN_Profiler_Start", 1, PJRT_Error_Code_DATA_LOSS);
  expect_failure(pjrt_profiler_start(profiler), "PLUGIN_Profiler_Start");
  expect_ok(pjrt_profiler_start(profiler));
  sim_fail("PLUGIN_Profiler_Stop", 1, PJRT_Error_Code_DATA_LOSS);
  expect_failure(pjrt_profiler_stop(profiler), "PLUGIN_Profiler_Stop");
  expect_ok(pjrt_profiler_stop(profiler));
  sim_fail("PLUGIN_Profiler_CollectData", 1, PJRT_Error_Code_DATA_LOSS);
  expect_failure(collect_and_drop(profiler, &size),
                 "PLUGIN_Profiler_CollectData");
  sim_fail("PLUGIN_Profiler_CollectData", 2, PJRT_Error_Code_DATA_LOSS);
  expect_failure(collect_and_drop(profiler, &size),
                 "PLUGIN_Profiler_CollectData");
  expect_ok(collect_and_drop(profiler, &size));
  assert_int_equal(sim.num_calls("PLUGIN_Profiler_Error_Destroy"), 1);
  pjrt_profiler_free(profiler);
}

static void test_failures_of_consume(void **state) {
  void *data = &data;
  size_t size;
  pjrt_profiler *profiler = record(*state);
  sim_fail("PLUGIN_Profiler_Consume", 1, PJRT_Error_Code_DATA_LOSS);
  expect_failure(pjrt_profiler_consume(profiler, &data, &size),
                 "PLUGIN_Profiler_Consume");
  sim_fail("PLUGIN_Profiler_Serialize", 1, PJRT_Error_Code_DATA_LOSS);
  expect_failure(pjrt_profiler_consume(profiler, &data, &size),
                 "PLUGIN_Profiler_Serialize");
  assert_null(data);
  assert_int_equal(sim.num_calls("PLUGIN_Profiler_ConsumeResult_Destroy"), 1);
  pjrt_profiler_free(profiler);
}

static pjrt_error *consume_at(int minor) {
  void *data;
  size_t size;
  pjrt_sim_options options;
  sim_path();
  sim.options_init(&options);
  options.minor = minor;
  fixture *f = fixture_create(&options);
  pjrt_profiler *profiler = record(f);
  pjrt_error *error = pjrt_profiler_consume(profiler, &data, &size);
  if (error) {
    expect_ok(pjrt_profiler_collect(profiler, &data, &size));
  }
  expect_upload(data, size);
  pjrt_host_free(data);
  pjrt_profiler_free(profiler);
  fixture_drop(f);
  test_free(f);
  expect_nothing_alive();
  return error;
}

static void test_older_plugins(void **state) {
  (void)state;
  expect_error(consume_at(40), PJRT_UNIMPLEMENTED, "API 0.113 brought");
  expect_error(consume_at(112), PJRT_UNIMPLEMENTED, "API 0.113 brought");
  expect_ok(consume_at(113));
}

static size_t declared_size;

static PLUGIN_Profiler_Error *look_at_the_size(
    PLUGIN_Profiler_Create_Args *args) {
  declared_size = args->struct_size;
  args->profiler = NULL;
  return NULL;
}

/* Args may have grown since: what is declared reaches beyond those we know. */
static void test_newer_plugins(void **state) {
  (void)state;
  for (int minor = 117; minor <= 118; minor++) {
    pjrt_sim_options options;
    pjrt_profiler *profiler;
    sim_path();
    sim.options_init(&options);
    options.minor = minor;
    fixture *f = fixture_create(&options);
    table(f)->create = look_at_the_size;
    expect_error(pjrt_profiler_create(f->plugin, NULL, &profiler),
                 PJRT_INTERNAL, "gives no profiler");
    assert_int_equal(declared_size > PLUGIN_Profiler_Create_Args_STRUCT_SIZE,
                     minor > 117);
    fixture_drop(f);
    test_free(f);
    expect_nothing_alive();
  }
}

static void test_without_the_extension(void **state) {
  static const char *const absent[] = {"Profiler"};
  pjrt_sim_options options;
  pjrt_profiler *profiler;
  (void)state;
  sim_path();
  sim.options_init(&options);
  options.absent_extensions = absent;
  options.num_absent_extensions = 1;
  fixture *f = fixture_create(&options);
  expect_error(pjrt_profiler_create(f->plugin, NULL, &profiler),
               PJRT_UNIMPLEMENTED,
               "the plugin has no extension Profiler, which API 0.34 brought");
  fixture_drop(f);
  test_free(f);
  expect_nothing_alive();
}

/* ---- forks and threads --------------------------------------------------- */

static void test_forked_child(void **state) {
  int status;
  pjrt_profiler *profiler = create(*state);
  expect_ok(pjrt_profiler_start(profiler));
  const pid_t child = fork();
  assert_int_not_equal(child, -1);
  if (child == 0) {
    const pjrt_code code = pjrt_error_consume(pjrt_profiler_stop(profiler));
    pjrt_profiler_free(profiler);
    _exit(code == PJRT_FAILED_PRECONDITION ? 0 : 1);
  }
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  expect_ok(pjrt_profiler_stop(profiler));
  pjrt_profiler_free(profiler);
}

static void *try_to_collect(void *profiler) {
  size_t size;
  return (void *)(uintptr_t)pjrt_error_consume(
      collect_and_drop(profiler, &size));
}

/* What was recorded goes to one of several threads. */
static void test_threads(void **state) {
  enum { NUM = 4 };
  pthread_t threads[NUM];
  size_t num_successes = 0;
  pjrt_profiler *profiler = record(*state);
  for (size_t i = 0; i < NUM; i++) {
    assert_int_equal(
        pthread_create(&threads[i], NULL, try_to_collect, profiler), 0);
  }
  for (size_t i = 0; i < NUM; i++) {
    void *code;
    pthread_join(threads[i], &code);
    num_successes += !code;
    assert_true(!code || (uintptr_t)code == PJRT_FAILED_PRECONDITION);
  }
  assert_int_equal(num_successes, 1);
  pjrt_profiler_free(profiler);
}

/* ---- files --------------------------------------------------------------- */

static pjrt_error *write_profile(const char *dir, const char *run,
                                 const char *host, char **out_path) {
  return pjrt_profile_write(dir, PJRT_NUL_ENDED, run, PJRT_NUL_ENDED, host,
                            PJRT_NUL_ENDED, "bytes", 5, out_path);
}

static void test_written_profiles(void **state) {
  char *path, bytes[8] = "";
  temp_tree tree;
  temp_path dir, expected;
  (void)state;
  temp_tree_make(&tree);
  temp_at(&tree, "new/logs", &dir);
  expect_ok(write_profile(dir.text, "run", "host", &path));
  assert_string_equal(
      path,
      temp_at(&tree, "new/logs/plugins/profile/run/host.xplane.pb", &expected));
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  assert_int_equal(fread(bytes, 1, sizeof bytes, file), 5);
  assert_string_equal(bytes, "bytes");
  fclose(file);
  pjrt_host_free(path);
  expect_ok(write_profile(dir.text, NULL, NULL, &path));
  assert_non_null(strstr(path, "/new/logs/plugins/profile/20"));
  assert_non_null(strstr(path, ".xplane.pb"));
  assert_int_equal(access(path, F_OK), 0);
  pjrt_host_free(path);
  temp_write(&tree, "file", "", 0);
  temp_at(&tree, "file", &dir);
  pjrt_error *error = write_profile(dir.text, "run", "host", &path);
  assert_int_equal(pjrt_error_origin(error), PJRT_ORIGIN_SYSTEM);
  assert_null(path);
  pjrt_error_free(error);
  temp_tree_remove(&tree);
}

static void test_unsafe_names(void **state) {
  static const char *const bad[] = {"",    ".",    "..", ".hidden",
                                    "a/b", "a\nb", "/"};
  static char long_name[300];
  (void)state;
  memset(long_name, 'n', sizeof long_name - 1);
  for (size_t i = 0; i <= sizeof bad / sizeof *bad; i++) {
    const char *name =
        i < sizeof bad / sizeof *bad ? bad[i] : (const char *)long_name;
    expect_error(write_profile("nowhere", name, "host", NULL),
                 PJRT_INVALID_ARGUMENT, "run");
    expect_error(write_profile("nowhere", "run", name, NULL),
                 PJRT_INVALID_ARGUMENT, "host");
  }
  expect_error(write_profile("", "run", "host", NULL), PJRT_INVALID_ARGUMENT,
               "dir");
  expect_error(pjrt_profile_write("d", 1, "r", 1, "h", 1, NULL, 1, NULL),
               PJRT_INVALID_ARGUMENT, "data is NULL for 1 bytes");
  assert_int_not_equal(access("nowhere", F_OK), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      sim_test(test_collect),
      sim_test(test_consume),
      sim_test(test_states),
      sim_test(test_freed_while_it_runs),
      sim_test(test_nulls),
      sim_test(test_options),
      sim_test(test_bad_options),
      sim_test(test_lent_data),
      sim_test(test_sizes),
      sim_test(test_empty_slots),
      sim_test(test_errors_without_words),
      sim_test(test_failures),
      sim_test(test_failures_of_consume),
      cmocka_unit_test(test_older_plugins),
      cmocka_unit_test(test_newer_plugins),
      cmocka_unit_test(test_without_the_extension),
      sim_test(test_forked_child),
      sim_test(test_threads),
      cmocka_unit_test(test_written_profiles),
      cmocka_unit_test(test_unsafe_names),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
