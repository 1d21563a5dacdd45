#include "matrix.h"

#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "abi/generated/sizes.h"

/* ---- what the parent and its children share ------------------------------ */

/* How often a case called a function where everything is there. */
typedef struct measured {
  unsigned short prepare[MATRIX_MAX_FUNCTIONS];
  unsigned short run[MATRIX_MAX_FUNCTIONS];
} measured;

enum { MAX_PRINTED = 40, SECONDS_PER_SETUP = 120 };

typedef struct shared {
  char cell[320]; /* the one that runs */
  size_t num_cells;
  size_t num_wrong;
  bool may_leak; /* in the set-up that runs */
  measured cases[MATRIX_MAX_CASES];
} shared;

static shared *sheet;
static const matrix_program *program;

static const measured *calls_of(const matrix_case *what) {
  return &sheet->cases[what - program->cases];
}

static void report(const char *format, ...)
    __attribute__((format(printf, 1, 2)));
static void report(const char *format, ...) {
  va_list args;
  if (sheet->num_wrong++ >= MAX_PRINTED) return;
  va_start(args, format);
  fprintf(stdout, "%s: ", sheet->cell);
  vfprintf(stdout, format, args);
  fputc('\n', stdout);
  va_end(args);
  fflush(stdout);
}

/* ---- one attempt --------------------------------------------------------- */

pjrt_error *matrix_open(matrix_attempt *a) {
  if (a->plugin) return NULL;
  return pjrt_plugin_open(sim_path(), PJRT_NUL_ENDED, NULL, &a->plugin);
}

bool matrix_has(const matrix_attempt *a, const char *function) {
  const matrix_setup *how = a->how;
  if (how->faulty && !how->is_async && !strcmp(how->faulty, function))
    return false;
  return !how->missing[matrix_index(function)];
}

void matrix_wrong(matrix_attempt *a, const char *format, ...) {
  va_list args;
  if (*a->wrong) return;
  va_start(args, format);
  vsnprintf(a->wrong, sizeof a->wrong, format, args);
  va_end(args);
}

void matrix_expect_text(matrix_attempt *a, const char *function,
                        const char *text, size_t size, const char *expected) {
  if (!matrix_has(a, function)) expected = "";
  const bool is_right =
      expected ? size == strlen(expected) && !memcmp(text, expected, size)
               : size > 0;
  if (!is_right)
    matrix_wrong(a, "%s gave '%s', not '%s'", function, text,
                 expected ? expected : "any text");
}

static void count_calls(unsigned short *out) {
  for (size_t i = 0; i < matrix_num_functions(); i++)
    out[i] = (unsigned short)sim.num_calls(matrix_function_name(i));
}

static void fork_and_run(matrix_attempt *a);

static pjrt_error *try_case(matrix_attempt *a) {
  measured *calls = &sheet->cases[a->what - program->cases];
  pjrt_error *error = a->what->prepare(a);
  if (a->how->is_measure) count_calls(calls->prepare);
  if (!error && a->how->is_forked) {
    if (program->can_fork(a)) fork_and_run(a);
    return NULL;
  }
  if (!error) error = a->what->run(a);
  if (a->how->is_measure) {
    count_calls(calls->run);
    for (size_t i = 0; i < MATRIX_MAX_FUNCTIONS; i++)
      calls->run[i] = (unsigned short)(calls->run[i] - calls->prepare[i]);
  }
  return error;
}

/* ---- what must come out -------------------------------------------------- */

static bool is_called(const matrix_case *what, size_t function) {
  const measured *calls = calls_of(what);
  return calls->prepare[function] || calls->run[function];
}

static bool is_direct(const matrix_case *what, const char *function) {
  const size_t size = strlen(function);
  const char *at = what->direct;
  while (at && (at = strstr(at, function)) && at[size] && at[size] != ' ') at++;
  return at != NULL;
}

/* What opening a plugin and reading its errors calls. */
static bool is_called_by_library(const char *function) {
  return !strncmp(function, "PJRT_Plugin_", strlen("PJRT_Plugin_")) ||
         !strncmp(function, "PJRT_Error_", strlen("PJRT_Error_"));
}

/* Nobody is left to tell when something of an extension cannot be ended. */
static const matrix_fallback *fallback_of_extension(const char *function) {
  static const matrix_fallback unheard = {.what = "what it is for is leaked",
                                          .failure = FAILURE_IS_PASSED_OVER};
  return matrix_ends_objects(function) ? &unheard : NULL;
}

static const matrix_fallback *fallback_at(const matrix_case *what,
                                          size_t function) {
  const char *name = matrix_function_name(function);
  if (is_direct(what, name)) return NULL;
  if (function >= pjrt_num_functions()) return fallback_of_extension(name);
  if (program->is_raw && !is_called_by_library(name)) return NULL;
  return matrix_find_fallback(name);
}

/* Puts what is called instead of a missing function in its place. */
static void fall_back(const matrix_fallback *fallback, bool *needed) {
  for (size_t i = 0; i < 2; i++) {
    if (fallback->instead[i]) needed[matrix_index(fallback->instead[i])] = true;
  }
  if (fallback->spared) needed[matrix_index(fallback->spared)] = false;
}

/* What the case cannot do without, and the set-up lacks. */
static size_t find_lacking(const matrix_case *what, const matrix_setup *how,
                           bool *lacking) {
  bool needed[MATRIX_MAX_FUNCTIONS] = {false};
  const size_t num = matrix_num_functions();
  size_t num_lacking = 0;
  for (size_t i = 0; i < num; i++) needed[i] = is_called(what, i);
  if (what->spare) needed[matrix_index(what->spare)] = false;
  for (size_t i = 0; i < num; i++) {
    if (!how->missing[i] || !is_called(what, i)) continue;
    const matrix_fallback *f = fallback_at(what, i);
    if (f && (!f->by || is_called(what, matrix_index(f->by))))
      fall_back(f, needed);
  }
  for (size_t i = 0; i < num; i++) {
    lacking[i] = needed[i] && how->missing[i] && !fallback_at(what, i);
    num_lacking += lacking[i];
  }
  return num_lacking;
}

static void expect_success(matrix_attempt *a, const pjrt_error *error) {
  if (error)
    report("failed: %s: %s", pjrt_code_name(pjrt_error_code(error)),
           pjrt_error_message(error, NULL));
  else if (*a->wrong)
    report("%s", a->wrong);
}

static void expect_error_with(const pjrt_error *error, pjrt_code code,
                              const char *text) {
  if (!error)
    report("worked, where %s '%s' was to come", pjrt_code_name(code), text);
  else if (pjrt_error_code(error) != code ||
           !strstr(pjrt_error_message(error, NULL), text))
    report("expected %s '%s', got %s: %s", pjrt_code_name(code), text,
           pjrt_code_name(pjrt_error_code(error)),
           pjrt_error_message(error, NULL));
}

/* The error of an event bears the name of what the event stands for. */
static bool names_what_it_stands_for(const char *function) {
  return !strcmp(function, "PJRT_Event_Await");
}

/* The error is about this function that lacks, or its whole extension, and
 * says so. */
static bool is_about(const pjrt_error *error, size_t function) {
  char since[32];
  const char *name = matrix_function_name(function);
  const char *extension = matrix_function_extension(function);
  snprintf(since, sizeof since, "API 0.%d", matrix_function_since(function));
  const char *message = pjrt_error_message(error, NULL);
  if (strcmp(pjrt_error_call(error), name) && !names_what_it_stands_for(name))
    return false;
  if (extension) return strstr(message, extension) && strstr(message, "API 0.");
  return strstr(message, name) && strstr(message, since);
}

static bool names_plugin(const matrix_setup *how, const pjrt_error *error) {
  char label[64];
  snprintf(label, sizeof label, "libpjrt_sim.so (API 0.%d)",
           how->options.minor);
  return !strcmp(pjrt_error_plugin(error), label);
}

static void judge_missing(matrix_attempt *a, const pjrt_error *error) {
  bool lacking[MATRIX_MAX_FUNCTIONS] = {false};
  bool is_named = false;
  const size_t num_lacking = find_lacking(a->what, a->how, lacking);
  for (size_t i = 0; error && i < matrix_num_functions(); i++)
    is_named = is_named || (lacking[i] && is_about(error, i));
  if (num_lacking == 0) {
    expect_success(a, error);
  } else if (!error) {
    report("worked, although %zu functions lack", num_lacking);
  } else if (!is_named || pjrt_error_code(error) != PJRT_UNIMPLEMENTED ||
             pjrt_error_origin(error) != PJRT_ORIGIN_LIBRARY ||
             !names_plugin(a->how, error)) {
    report("the error does not say what lacks: %s: %s (%s, %s)",
           pjrt_code_name(pjrt_error_code(error)),
           pjrt_error_message(error, NULL), pjrt_error_call(error),
           pjrt_error_plugin(error));
  }
}

/* Whether the failure of the function is to be seen. */
static bool is_felt(const matrix_attempt *a) {
  const matrix_setup *how = a->how;
  const matrix_fallback *fallback =
      fallback_at(a->what, matrix_index(how->faulty));
  if (a->what->spare && !strcmp(a->what->spare, how->faulty)) return false;
  if (!fallback) return true;
  if (fallback->failure == FAILURE_IS_PASSED_OVER) return false;
  if (fallback->failure == FAILURE_MAY_TELL)
    return how->code == PJRT_RESOURCE_EXHAUSTED;
  /* A plugin may have a function and not implement it; but what is needed to
   * begin, or is asked in the middle of reading, is not asked for the second
   * time. */
  return how->code != PJRT_UNIMPLEMENTED || fallback->spared ||
         !strcmp(how->faulty, "PJRT_Plugin_Initialize");
}

static void judge_fault(matrix_attempt *a, const pjrt_error *error) {
  const char *faulty = a->how->faulty;
  if (!is_felt(a)) {
    expect_success(a, error);
    return;
  }
  expect_error_with(error, a->how->code, "the fault");
  if (!error) return;
  if (pjrt_error_origin(error) != PJRT_ORIGIN_PLUGIN ||
      !names_plugin(a->how, error))
    report("the error does not name the plugin: %s", pjrt_error_plugin(error));
  if (!a->how->is_async && !names_what_it_stands_for(faulty) &&
      strcmp(pjrt_error_call(error), faulty))
    report("the error names %s", pjrt_error_call(error));
}

static void judge(matrix_attempt *a, const pjrt_error *error) {
  if (a->how->refused)
    expect_error_with(error, PJRT_INVALID_ARGUMENT, a->how->refused);
  else if (a->how->faulty)
    judge_fault(a, error);
  else if (a->what->since > a->how->options.minor)
    expect_error_with(error, PJRT_UNIMPLEMENTED, a->what->before);
  else
    judge_missing(a, error);
}

/* ---- one cell ------------------------------------------------------------ */

static void add_fault(pjrt_sim_options *options, pjrt_sim_fault *faults,
                      pjrt_sim_fault fault) {
  faults[options->num_faults++] = fault;
  options->faults = faults;
}

static void configure(const matrix_case *what, const matrix_setup *how) {
  pjrt_sim_options options = how->options;
  pjrt_sim_fault faults[2];
  options.num_faults = 0;
  if (how->faulty) {
    const measured *calls = calls_of(what);
    const size_t i = matrix_index(how->faulty);
    const int nth = calls->run[i] ? calls->prepare[i] + 1 : 1;
    add_fault(&options, faults,
              (pjrt_sim_fault){
                  .function = how->faulty,
                  .nth = nth,
                  .message = "the fault",
                  .code = how->is_async ? PJRT_Error_Code_OK
                                        : (PJRT_Error_Code)how->code,
                  .async_code = how->is_async ? (PJRT_Error_Code)how->code
                                              : PJRT_Error_Code_OK,
                  .async_delay_ms = how->delay_ms});
  }
  if (what->held)
    add_fault(&options, faults,
              (pjrt_sim_fault){.function = what->held,
                               .nth = 1,
                               .async_code = (PJRT_Error_Code)what->ends,
                               .message = "how it ends",
                               .async_delay_ms = -1});
  sim.configure(&options);
}

static bool is_alive(pjrt_sim_live *before) {
  pjrt_sim_live now;
  sim.get_live(&now);
  return memcmp(&now, before, sizeof now) != 0;
}

/* A client that ends on its reaper's thread does so a moment later. That is
 * waited for with patience, but not again and again. */
static void expect_nothing_new(pjrt_sim_live *before) {
  const struct timespec moment = {0, 200000};
  const int most = sheet->num_wrong ? 100 : 10000;
  pjrt_sim_live now;
  for (int i = 0; i < most && is_alive(before); i++) nanosleep(&moment, NULL);
  if (!is_alive(before)) return;
  sim.get_live(&now);
  report(
      "alive: %zu errors, %zu events, %zu clients, %zu buffers, "
      "%zu executables, %zu loaded, %zu topologies, %zu managers, "
      "%zu others, %zu bytes",
      now.errors, now.events, now.clients, now.buffers, now.executables,
      now.loaded_executables, now.topologies, now.transfer_managers, now.others,
      now.bytes);
}

/* What cannot be ended or given back is still there when its owner ends. */
static bool is_misuse_by_nature(const matrix_setup *how) {
  return how->may_leak && strstr(sim.first_misuse(), "_Destroy ");
}

static bool calls_extensions(const matrix_case *what) {
  for (size_t i = pjrt_num_functions(); i < matrix_num_functions(); i++) {
    if (is_called(what, i)) return true;
  }
  return false;
}

/* What of extensions the plugin lacks now is seen by looking at it. */
static void look_at_plugin(const matrix_case *what, matrix_setup *how) {
  if (!how->is_measure && !calls_extensions(what)) return;
  matrix_note_extensions(how->missing);
  for (size_t i = pjrt_num_functions(); i < matrix_num_functions(); i++) {
    if (how->missing[i] && is_called(what, i) &&
        matrix_ends_objects(matrix_function_name(i)))
      how->may_leak = true;
  }
  sheet->may_leak = sheet->may_leak || how->may_leak;
}

static void run_cell(const matrix_case *what, const matrix_setup *setup) {
  pjrt_sim_live before;
  snprintf(sheet->cell, sizeof sheet->cell, "%s: %s%s%s", setup->name,
           what->name, what->variant ? ", " : "",
           what->variant ? what->variant : "");
  sheet->num_cells++;
  matrix_setup now = *setup;
  const matrix_setup *const how = &now;
  if (what->configure) what->configure(&now.options);
  configure(what, how);
  look_at_plugin(what, &now);
  matrix_attempt a = {.what = what, .how = how};
  sim.get_live(&before);
  a.world = calloc(1, program->world_size);
  if (!a.world) abort();
  pjrt_error *error = try_case(&a);
  judge(&a, error);
  pjrt_error_free(error);
  sim.release_events();
  program->end(&a);
  pjrt_plugin_free(a.plugin);
  free(a.world);
  if (sim.num_misuses() && !is_misuse_by_nature(how))
    report("misuse: %s", sim.first_misuse());
  if (!how->may_leak) expect_nothing_new(&before);
}

/* ---- set-ups ------------------------------------------------------------- */

typedef void sweep(matrix_setup *how, size_t i);

/* cmocka catches these and goes on to the next test, which is the parent's to
 * do. */
static void die_of_signals(void) {
  static const int signals[] = {SIGFPE, SIGILL, SIGSEGV, SIGBUS, SIGSYS};
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
    signal(signals[i], SIG_DFL);
}

/* Runs one set-up, and whatever it does, in a child. */
static void in_child(sweep *run, size_t i) {
  int status = 0;
  matrix_setup how = {.name = "?"};
  sim_path();
  sim.options_init(&how.options);
  how.options.execution = PJRT_SIM_COMPUTE;
  how.options.num_devices = 2;
  fflush(NULL);
  sheet->may_leak = false;
  pid_t child = fork();
  assert_int_not_equal(child, -1);
  if (child == 0) {
    die_of_signals();
    alarm(SECONDS_PER_SETUP);
    run(&how, i);
    fflush(NULL);
    /* Leak checkers look at exit; where the plugin cannot end what it made,
     * there is nothing to be found. */
    if (how.may_leak || sheet->may_leak) _exit(0);
    exit(0);
  }
  assert_int_equal(waitpid(child, &status, 0), child);
  if (WIFSIGNALED(status))
    report("ended by signal %d", WTERMSIG(status));
  else if (status)
    report("exit status %d", WEXITSTATUS(status));
}

static void run_cases(const matrix_setup *how) {
  for (size_t i = 0; i < program->num_cases; i++)
    run_cell(&program->cases[i], how);
}

/* Ends a cmocka test. */
static void expect_no_cell_wrong(size_t num_cells) {
  const size_t num_wrong = sheet->num_wrong;
  print_message("%zu cells\n", sheet->num_cells - num_cells);
  sheet->num_wrong = 0;
  if (num_wrong) fail_msg("%zu cells are wrong", num_wrong);
}

static void sweep_all(sweep *run, size_t num) {
  const size_t num_cells = sheet->num_cells;
  for (size_t i = 0; i < num; i++) in_child(run, i);
  expect_no_cell_wrong(num_cells);
}

/* ---- everything is there ------------------------------------------------- */

static void measure(matrix_setup *how, size_t i) {
  (void)i;
  snprintf(how->name, sizeof how->name, "newest");
  how->is_measure = true;
  run_cases(how);
}

static void test_newest(void **state) {
  (void)state;
  sweep_all(measure, 1);
}

/* ---- versions ------------------------------------------------------------ */

enum { FIRST_MINOR = 40, REORDERED_MINOR = 56, NUM_NEWER = 3 };

static void lack_functions_after(matrix_setup *how, int minor) {
  for (size_t i = 0; i < pjrt_num_functions(); i++)
    how->missing[i] = matrix_function_since(i) > minor;
}

static void run_minor(matrix_setup *how, size_t i) {
  const int minor = FIRST_MINOR + (int)i;
  if (minor == REORDERED_MINOR) return;
  snprintf(how->name, sizeof how->name, "0.%d", minor);
  how->options.minor = minor;
  lack_functions_after(how, minor);
  run_cases(how);
}

static void test_every_minor(void **state) {
  (void)state;
  sweep_all(run_minor, PJRT_NEWEST_MINOR + NUM_NEWER + 1 - FIRST_MINOR);
}

/* Plugins that demand the sizes of their own minor, of some. */
static void run_exact_minor(matrix_setup *how, size_t i) {
  static const int minors[] = {40, 48, 55, 57, 66, 76, 90, 99, 110, 117};
  if (i >= sizeof minors / sizeof *minors) return;
  snprintf(how->name, sizeof how->name, "0.%d, exact sizes", minors[i]);
  how->options.minor = minors[i];
  how->options.exact_sizes = true;
  lack_functions_after(how, minors[i]);
  run_cases(how);
}

static void test_exact_sizes(void **state) {
  (void)state;
  sweep_all(run_exact_minor, 10);
}

/* ---- functions that are not there ---------------------------------------- */

static const char *required_that_lacks(const matrix_setup *how) {
  for (size_t i = 0; i < matrix_num_functions(); i++) {
    if (how->missing[i] && matrix_is_required(matrix_function_name(i)))
      return matrix_function_name(i);
  }
  return NULL;
}

static void allow_leaks(matrix_setup *how) {
  for (size_t i = 0; i < matrix_num_functions(); i++) {
    if (how->missing[i] && matrix_ends_objects(matrix_function_name(i)))
      how->may_leak = true;
  }
}

static void run_truncated(matrix_setup *how, size_t i) {
  const size_t header = offsetof(PJRT_Api, PJRT_Error_Destroy);
  snprintf(how->name, sizeof how->name, "table ends before %s",
           matrix_function_name(i));
  how->options.table_size = header + i * sizeof(void *);
  for (size_t f = i; f < pjrt_num_functions(); f++) how->missing[f] = true;
  how->refused = required_that_lacks(how);
  allow_leaks(how);
  run_cases(how);
}

static void test_truncated_tables(void **state) {
  (void)state;
  sweep_all(run_truncated, pjrt_num_functions());
}

static void run_without(matrix_setup *how, size_t i) {
  const char *function = matrix_function_name(i);
  snprintf(how->name, sizeof how->name, "without %s", function);
  how->options.null_functions = &function;
  how->options.num_null_functions = 1;
  how->missing[i] = true;
  how->refused = required_that_lacks(how);
  allow_leaks(how);
  for (size_t c = 0; c < program->num_cases; c++) {
    if (is_called(&program->cases[c], i)) run_cell(&program->cases[c], how);
  }
}

static void test_missing_functions(void **state) {
  (void)state;
  sweep_all(run_without, matrix_num_functions());
}

/* ---- functions that fail ------------------------------------------------- */

/* A fault is tried in the cases that are about the function: others meet it
 * on their way to where they start, or while they read another error. */
static bool is_own(const matrix_case *what, size_t function) {
  const char *name = matrix_function_name(function);
  if (!strncmp(name, "PJRT_Error_", strlen("PJRT_Error_")))
    return is_direct(what, name);
  return calls_of(what)->run[function] ||
         (what->fact && !strcmp(what->fact, name));
}

/* Nothing is returned: an error cannot be told. */
static bool cannot_fail(const char *function) {
  return !strcmp(function, "PJRT_Error_Destroy") ||
         !strcmp(function, "PJRT_Error_Message") ||
         !strcmp(function, "PJRT_Transfers_PJRT_Buffer_CopyToRemoteDevice");
}

static void run_faulty(matrix_setup *how, size_t i) {
  static const pjrt_code codes[] = {PJRT_DATA_LOSS, PJRT_RESOURCE_EXHAUSTED,
                                    PJRT_UNIMPLEMENTED};
  how->faulty = matrix_function_name(i);
  how->may_leak = matrix_ends_objects(how->faulty);
  if (cannot_fail(how->faulty)) return;
  for (size_t n = 0; n < sizeof codes / sizeof *codes; n++) {
    how->code = codes[n];
    snprintf(how->name, sizeof how->name, "%s fails with %s", how->faulty,
             pjrt_code_name(how->code));
    for (size_t c = 0; c < program->num_cases; c++) {
      if (is_own(&program->cases[c], i)) run_cell(&program->cases[c], how);
    }
  }
}

static void test_failing_functions(void **state) {
  (void)state;
  sweep_all(run_faulty, matrix_num_functions());
}

static void run_faulty_later(matrix_setup *how, size_t i) {
  how->faulty = matrix_function_name(i);
  how->is_async = true;
  how->code = PJRT_DATA_LOSS;
  if (!matrix_gives_event(how->faulty)) return;
  for (how->delay_ms = 0; how->delay_ms < 4; how->delay_ms += 2) {
    snprintf(how->name, sizeof how->name, "%s fails %d ms later", how->faulty,
             how->delay_ms);
    for (size_t c = 0; c < program->num_cases; c++) {
      const matrix_case *what = &program->cases[c];
      if (calls_of(what)->run[i] && !what->held) run_cell(what, how);
    }
  }
}

static void test_failing_events(void **state) {
  (void)state;
  sweep_all(run_faulty_later, matrix_num_functions());
}

/* ---- extensions ---------------------------------------------------------- */

enum { ABSENT, SHORT, LONG, NUM_ODDITIES };

/* The names of the extensions that the plugin can have. */
static const char *const *extensions_of(size_t *out_num) {
  static const char *const names[] = {
#define PJRT_EXTENSION_ROW(type, name, table, since, kind) name,
#include "abi/generated/extensions.inc"
  };
  *out_num = sizeof names / sizeof *names;
  return names;
}

/* Which of them this plugin offers, by asking it. */
static bool is_offered(const char *name) {
  pjrt_plugin *plugin;
  bool is_there = false;
  sim_configure_default();
  pjrt_error *error =
      pjrt_plugin_open(sim_path(), PJRT_NUL_ENDED, NULL, &plugin);
  for (size_t i = 0; i < pjrt_plugin_num_extensions(plugin); i++) {
    const int type = pjrt_plugin_extension_type(plugin, i);
    is_there = is_there || !strcmp(pjrt_extension_name(type), name);
  }
  pjrt_error_free(error);
  pjrt_plugin_free(plugin);
  return is_there;
}

static void make_odd(pjrt_sim_options *options, int oddity,
                     const char *const *name) {
  options->num_absent_extensions = oddity == ABSENT;
  options->num_short_extensions = oddity == SHORT;
  options->num_long_extensions = oddity == LONG;
  options->absent_extensions = name;
  options->short_extensions = name;
  options->long_extensions = name;
}

static void run_odd_extension(matrix_setup *how, size_t i) {
  static const char *const what[] = {"without", "short", "long"};
  size_t num;
  const char *const *name = extensions_of(&num) + i;
  if (!is_offered(*name)) return;
  for (int oddity = 0; oddity < NUM_ODDITIES; oddity++) {
    make_odd(&how->options, oddity, name);
    snprintf(how->name, sizeof how->name, "%s extension %s", what[oddity],
             *name);
    run_cases(how);
  }
}

static void test_odd_extensions(void **state) {
  size_t num;
  (void)state;
  extensions_of(&num);
  sweep_all(run_odd_extension, num);
}

/* All at once, with unknown ones before them, at the minors between which the
 * nodes changed. */
static void run_odd_chain(matrix_setup *how, size_t i) {
  static const int minors[] = {
      40, 44, 45, 57, PJRT_NEWEST_MINOR, PJRT_NEWEST_MINOR + 1};
  static const char *const all = "all";
  const int minor = minors[i / 4];
  const int oddity = (int)(i % 4);
  how->options.minor = minor;
  lack_functions_after(how, minor);
  how->options.num_unknown_extensions = 3;
  how->options.garbage_in_unknown_extensions = oddity % 2 == 0;
  make_odd(&how->options, oddity, &all);
  snprintf(how->name, sizeof how->name, "0.%d, odd chain %d", minor, oddity);
  run_cases(how);
}

static void test_odd_chains(void **state) {
  (void)state;
  sweep_all(run_odd_chain, 4 * 6);
}

static void run_endless_chain(matrix_setup *how, size_t i) {
  how->options.minor = i ? PJRT_NEWEST_MINOR : FIRST_MINOR;
  how->options.extension_cycle = true;
  how->refused = "chain of extensions does not end";
  snprintf(how->name, sizeof how->name, "0.%d, an endless chain",
           how->options.minor);
  run_cases(how);
}

static void test_endless_chain(void **state) {
  (void)state;
  sweep_all(run_endless_chain, 2);
}

/* ---- forked children ----------------------------------------------------- */

static bool ends_something(const matrix_case *what) {
  const size_t size = strlen(what->name);
  return size > 5 && !strcmp(what->name + size - 5, "_free");
}

/* Whether the case must be refused: it would call the plugin, and is not one
 * of those that can do without. */
static bool is_refused_when_forked(const matrix_case *what) {
  if (ends_something(what)) return false;
  for (size_t i = 0; i < matrix_num_functions(); i++) {
    const char *function = matrix_function_name(i);
    if (calls_of(what)->run[i] && !is_called_by_library(function) &&
        !fallback_at(what, i) &&
        !(what->spare && !strcmp(what->spare, function)))
      return true;
  }
  return false;
}

/* Whatever the case does and frees, the plugin is not called. */
static void run_in_fork(matrix_attempt *a) {
  measured calls;
  count_calls(calls.prepare);
  pjrt_error *error = a->what->run(a);
  if (is_refused_when_forked(a->what))
    expect_error_with(error, PJRT_FAILED_PRECONDITION,
                      "before this process was forked");
  pjrt_error_free(error);
  program->end(a);
  count_calls(calls.run);
  for (size_t i = 0; i < matrix_num_functions(); i++) {
    if (calls.run[i] != calls.prepare[i])
      report("called %s in a forked child", matrix_function_name(i));
  }
}

static void fork_and_run(matrix_attempt *a) {
  int status = 0;
  fflush(NULL);
  pid_t child = fork();
  if (child == 0) {
    alarm(SECONDS_PER_SETUP);
    run_in_fork(a);
    _exit(0);
  }
  if (waitpid(child, &status, 0) != child || status)
    report("the forked child ended with status %d", status);
}

/* Each case is prepared, and tried in a child; the parent goes on as if nothing
 * had been. */
static void run_forked(matrix_setup *how, size_t i) {
  (void)i;
  snprintf(how->name, sizeof how->name, "forked");
  how->is_forked = true;
  run_cases(how);
}

static void test_forked_children(void **state) {
  (void)state;
  if (!program->can_fork) {
    print_message("skip: raw calls know no client, and so no fork\n");
    skip();
  }
  sweep_all(run_forked, 1);
}

/* ---- facts, and running -------------------------------------------------- */

static void print_facts(void) {
  for (size_t c = 0; c < program->num_cases; c++) {
    const matrix_case *what = &program->cases[c];
    printf("%s\t%s\t", what->name, what->variant ? what->variant : "");
    for (size_t i = 0; i < matrix_num_functions(); i++) {
      if (is_own(what, i)) printf(" %s", matrix_function_name(i));
    }
    printf("\t");
    for (size_t i = 0; i < matrix_num_functions(); i++) {
      if (is_called(what, i)) printf(" %s", matrix_function_name(i));
    }
    printf("\t%s\t%d\n", what->direct ? what->direct : "", what->since);
  }
}

static void print_fallbacks(void) {
  for (size_t i = 0; i < matrix_num_fallbacks; i++) {
    const matrix_fallback *f = &matrix_fallbacks[i];
    printf("fallback\t%s\t%d\t%s\n", f->function, (int)f->failure, f->what);
  }
  for (size_t i = pjrt_num_functions(); i < matrix_num_functions(); i++) {
    const char *function = matrix_function_name(i);
    const matrix_fallback *f = fallback_of_extension(function);
    if (f) printf("fallback\t%s\t%d\t%s\n", function, (int)f->failure, f->what);
  }
}

static int print_all(void) {
  in_child(measure, 0);
  if (sheet->num_wrong) return 1;
  print_facts();
  print_fallbacks();
  return 0;
}

int matrix_main(int argc, char **argv, const matrix_program *cases) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_newest),
      cmocka_unit_test(test_every_minor),
      cmocka_unit_test(test_exact_sizes),
      cmocka_unit_test(test_truncated_tables),
      cmocka_unit_test(test_missing_functions),
      cmocka_unit_test(test_failing_functions),
      cmocka_unit_test(test_failing_events),
      cmocka_unit_test(test_odd_extensions),
      cmocka_unit_test(test_odd_chains),
      cmocka_unit_test(test_endless_chain),
      cmocka_unit_test(test_forked_children),
  };
  program = cases;
  if (cases->num_cases > MATRIX_MAX_CASES) return 2;
  sheet = mmap(NULL, sizeof *sheet, PROT_READ | PROT_WRITE,
               MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (sheet == MAP_FAILED) return 2;
  if (argc > 1 && !strcmp(argv[1], "--facts")) return print_all();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
