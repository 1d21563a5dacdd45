#include "real/answers.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pjrt/abi.h"

/* ---- the table ----------------------------------------------------------- */

typedef enum answer_kind {
  OK,
  UNIMPL,
  NOT_FOUND,
  ABSENT,
  NEEDS,
  NO_GPU,
  NO_TPU,
  NO_STREAM
} answer_kind;

typedef struct answer_row {
  const char *function;
  const char *needs; /* without "PJRT_"; "NOTHING" */
  answer_kind cells[ANSWERS_NUM_COLUMNS];
} answer_row;

static const answer_row rows[] = {
#define ANSWER(function, needs, ...) {#function, #needs, {__VA_ARGS__}},
#include "real/answers.inc"
};

static const struct {
  const char *function;
  const char *what;
  answer_column first;
  pjrt_code code;
  const char *message;
} refusals[] = {
#define REFUSED(function, what, first, code, message) \
  {#function, what, first, code, message},
#include "real/answers.inc"
};

enum { NUM_REFUSALS = sizeof refusals / sizeof *refusals };
enum { NUM_ROWS = sizeof rows / sizeof *rows };

static size_t index_of(const char *function) {
  size_t i = 0;
  while (i < NUM_ROWS && strcmp(rows[i].function, function)) i++;
  if (i == NUM_ROWS) fail_msg("answers.inc has no row for %s", function);
  return i;
}

/* What must come, and the function that answers so. */
static answer_kind expected(const answer_row *row, answer_column column,
                            const char **out_function) {
  char needed[128];
  if (strcmp(row->needs, "NOTHING")) {
    snprintf(needed, sizeof needed, "PJRT_%s", row->needs);
    const answer_row *first = &rows[index_of(needed)];
    const answer_kind kind = expected(first, column, out_function);
    if (kind != OK) return kind;
  }
  *out_function = row->function;
  if (row->cells[column] != NEEDS) return row->cells[column];
  return expected(&rows[index_of("PJRT_Client_Create")], column, out_function);
}

/* ---- what the plugin answers --------------------------------------------- */

/* The plugin's own functions, and for each the answers that it gave: bit N for
 * the code N, which is 0 for success. */
static PJRT_Api original;
static _Atomic uint32_t answers[NUM_ROWS];

enum {
#define ANSWER(function, ...) ROW_OF_##function,
#include "real/answers.inc"
};

static void note(size_t row, PJRT_Error *error) {
  PJRT_Error_GetCode_Args args = {
      .struct_size = PJRT_Error_GetCode_Args_STRUCT_SIZE, .error = error};
  if (error) original.PJRT_Error_GetCode(&args);
  atomic_fetch_or(&answers[row], UINT32_C(1) << (unsigned)args.code);
}

#define ANSWER(function, ...)                                 \
  static PJRT_Error *note_##function(function##_Args *args) { \
    PJRT_Error *error = original.function(args);              \
    note(ROW_OF_##function, error);                           \
    return error;                                             \
  }
#define ANSWER_VOID(function, ...)                     \
  static void note_##function(function##_Args *args) { \
    original.function(args);                           \
    note(ROW_OF_##function, NULL);                     \
  }
#include "real/answers.inc"

/* The plugin's table, writable. */
static PJRT_Api *table_of(const char *path) {
  union {
    void *symbol;
    const PJRT_Api *(*call)(void);
  } get;
  const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) fail_msg("%s", dlerror());
  get.symbol = dlsym(library, "GetPjrtApi");
  assert_non_null(get.symbol);
  const uintptr_t at = (uintptr_t)get.call();
  const uintptr_t begin = at & ~(page - 1);
  assert_int_equal(mprotect((void *)begin, at + sizeof(PJRT_Api) - begin,
                            PROT_READ | PROT_WRITE),
                   0);
  return (PJRT_Api *)at;
}

/* The library reads the table when it opens the plugin. */
static void stand_in_between(const char *path) {
  PJRT_Api *table = table_of(path);
  memset(&original, 0, sizeof original);
  memcpy(&original, table,
         table->struct_size < sizeof original ? table->struct_size
                                              : sizeof original);
#define ANSWER(function, ...) \
  if (original.function) table->function = note_##function;
#include "real/answers.inc"
}

static void put_back(const char *path) {
  PJRT_Api *table = table_of(path);
#define ANSWER(function, ...) \
  if (original.function) table->function = original.function;
#include "real/answers.inc"
}

/* ---- judging ------------------------------------------------------------- */

static void expect_error(pjrt_error *error, const char *function,
                         pjrt_origin origin, pjrt_code code, const char *part) {
  if (!error)
    fail_msg("%s: success, expected %s", function, pjrt_code_name(code));
  assert_string_equal(pjrt_error_call(error), function);
  assert_int_equal(pjrt_error_origin(error), origin);
  assert_true(*pjrt_error_message(error, NULL));
  assert_code(error, code, part);
}

static void judge(const answer_world *w, const answer_row *row,
                  pjrt_error *error) {
  const char *function;
  const answer_kind kind = expected(row, w->column, &function);
  const uint32_t seen = answers[index_of(function)];
  switch (kind) {
    case OK:
      assert_ok(error);
      assert_int_equal(seen, 1);
      return;
    case UNIMPL:
      expect_error(error, function, PJRT_ORIGIN_PLUGIN, PJRT_UNIMPLEMENTED, "");
      assert_int_equal(seen, 1 << PJRT_UNIMPLEMENTED);
      return;
    case NOT_FOUND:
      expect_error(error, function, PJRT_ORIGIN_PLUGIN, PJRT_NOT_FOUND,
                   "platform");
      assert_int_equal(seen, 1 << PJRT_NOT_FOUND);
      return;
    case ABSENT:
      expect_error(error, function, PJRT_ORIGIN_LIBRARY, PJRT_UNIMPLEMENTED,
                   function);
      assert_int_equal(seen, 0);
      return;
    case NO_GPU:
      expect_error(error, function, PJRT_ORIGIN_PLUGIN,
                   PJRT_FAILED_PRECONDITION, "No visible GPU devices");
      return;
    case NO_TPU:
      expect_error(error, function, PJRT_ORIGIN_PLUGIN, PJRT_NOT_FOUND,
                   "No jellyfish device found");
      return;
    case NO_STREAM:
      expect_error(error, "PJRT_Client_Compile", PJRT_ORIGIN_PLUGIN,
                   PJRT_UNIMPLEMENTED, "send");
      assert_int_equal(seen, 0);
      return;
    case NEEDS:
      fail_msg("%s needs what is there", row->function);
  }
}

/* ---- worlds -------------------------------------------------------------- */

static void open_world(answer_world *w, const char *path) {
  for (size_t i = 0; i < NUM_ROWS; i++) answers[i] = 0;
  assert_ok(pjrt_plugin_open(path, PJRT_NUL_ENDED, NULL, &w->plugin));
}

static void close_world(answer_world *w) {
  for (size_t i = 0; i < 3; i++) pjrt_buffer_free(w->buffers[i]);
  pjrt_event_free(w->event);
  pjrt_transfer_free(w->transfer);
  pjrt_compiled_free(w->compiled);
  pjrt_executable_free(w->executable);
  pjrt_topology_free(w->topology);
  pjrt_client_free(w->client);
  pjrt_plugin_free(w->plugin);
}

pjrt_error *answer_client(answer_world *w) {
  if (w->client) return NULL;
  PJRT_TRY(pjrt_client_create(w->plugin, NULL, &w->client));
  w->device = pjrt_client_addressable_device(w->client, 0);
  return NULL;
}

static pjrt_error *create_h100(answer_world *w) {
  pjrt_named_values *options;
  size_t size;
  char *config = read_data("targets/h100.txtpb", &size);
  assert_ok(pjrt_named_values_create(&options));
  assert_ok(pjrt_named_values_set_string(options, "target_config",
                                         PJRT_NUL_ENDED, config, size));
  assert_ok(pjrt_named_values_set_string(options, "topology", PJRT_NUL_ENDED,
                                         "1x1x1", PJRT_NUL_ENDED));
  pjrt_error *error = pjrt_topology_create(w->plugin, "cuda", PJRT_NUL_ENDED,
                                           options, &w->topology);
  pjrt_named_values_free(options);
  free(config);
  return error;
}

pjrt_error *answer_topology(answer_world *w) {
  if (w->topology) return NULL;
  if (w->column == ANSWERS_CUDA) return create_h100(w);
  if (w->column == ANSWERS_TPU)
    return pjrt_topology_create(w->plugin, "v5e:2x2", PJRT_NUL_ENDED, NULL,
                                &w->topology);
  PJRT_TRY(answer_client(w));
  return pjrt_client_topology(w->client, &w->topology);
}

pjrt_error *answer_executable(answer_world *w) {
  pjrt_program *program;
  if (w->executable) return NULL;
  PJRT_TRY(answer_client(w));
  assert_ok(pjrt_program_create(add_program, PJRT_NUL_ENDED, PJRT_FORMAT_AUTO,
                                &program));
  pjrt_error *error =
      pjrt_client_compile(w->client, program, NULL, &w->executable);
  pjrt_program_free(program);
  return error;
}

/* A product, which NVIDIA's library computes: it needs no code of its own, and
 * so no assembler. */
pjrt_error *answer_compiled(answer_world *w) {
  static const char product[] =
      "func.func @main(%a: tensor<1024x1024xf32>, %b: tensor<1024x1024xf32>)\n"
      "    -> tensor<1024x1024xf32> {\n"
      "  %0 = stablehlo.dot_general %a, %b, contracting_dims = [1] x [0]\n"
      "      : (tensor<1024x1024xf32>, tensor<1024x1024xf32>)\n"
      "      -> tensor<1024x1024xf32>\n"
      "  return %0 : tensor<1024x1024xf32>\n"
      "}\n";
  pjrt_program *program;
  pjrt_named_values *options;
  pjrt_compile_opts opts;
  pjrt_compile_opts_init(&opts);
  PJRT_TRY(answer_topology(w));
  assert_ok(pjrt_named_values_create(&options));
  assert_ok(pjrt_named_values_set_bool(options, "xla_gpu_enable_triton_gemm",
                                       PJRT_NUL_ENDED, false));
  if (w->column == ANSWERS_CUDA) opts.xla_options = options;
  assert_ok(
      pjrt_program_create(product, PJRT_NUL_ENDED, PJRT_FORMAT_AUTO, &program));
  pjrt_error *error =
      pjrt_topology_compile(w->topology, program, &opts, &w->compiled);
  pjrt_program_free(program);
  pjrt_named_values_free(options);
  return error;
}

pjrt_error *answer_buffer(answer_world *w, size_t i) {
  const float values[] = {1, 2, 3, 4};
  PJRT_TRY(answer_client(w));
  return pjrt_buffer_from_host(w->device, PJRT_F32, (const int64_t[]){4}, 1,
                               values, sizeof values, &w->buffers[i]);
}

/* ---- running ------------------------------------------------------------- */

typedef struct answer_test {
  const char *path;
  answer_column column;
  const answer_row *row;
  answer_check_fn *run;
  size_t refusal;
} answer_test;

static void run_check(void **state) {
  const answer_test *test = *state;
  answer_world w = {.column = test->column};
  open_world(&w, test->path);
  const bool is_there =
      pjrt_plugin_supports(w.plugin, test->row->function, PJRT_NUL_ENDED);
  assert_int_equal(is_there, test->row->cells[test->column] != ABSENT);
  judge(&w, test->row, test->run(&w));
  close_world(&w);
}

/* The plugin does not see it. */
static void run_refusal(void **state) {
  const answer_test *test = *state;
  answer_world w = {.column = test->column};
  open_world(&w, test->path);
  assert_refused(test->run(&w), refusals[test->refusal].code,
                 refusals[test->refusal].message);
  close_world(&w);
}

static answer_check_fn *find_in(const answer_check *checks, size_t num,
                                const char *function) {
  for (size_t i = 0; i < num; i++) {
    if (!strcmp(checks[i].function, function)) return checks[i].run;
  }
  return NULL;
}

static answer_check_fn *find_check(const char *function) {
  answer_check_fn *found =
      find_in(answer_machine_checks, answer_num_machine_checks, function);
  return found ? found
               : find_in(answer_client_checks, answer_num_client_checks,
                         function);
}

static answer_check_fn *find_refusal(const char *function) {
  return find_in(answer_refusals, answer_num_refusals, function);
}

/* The table is of this library's functions, in their order, and each has a
 * check. */
static void table_is_whole(void **state) {
  (void)state;
  assert_int_equal(NUM_ROWS, pjrt_num_functions());
  for (size_t i = 0; i < NUM_ROWS; i++) {
    assert_string_equal(rows[i].function, pjrt_function_name(i));
    if (!find_check(rows[i].function))
      fail_msg("no check for %s", rows[i].function);
  }
  assert_int_equal(NUM_REFUSALS, answer_num_refusals);
  for (size_t i = 0; i < NUM_REFUSALS; i++) {
    if (!find_refusal(refusals[i].function))
      fail_msg("no misuse of %s", refusals[i].function);
  }
}

static size_t list_refusals(const char *path, answer_column column,
                            answer_test *states, struct CMUnitTest *tests) {
  size_t num = 0;
  if (column >= ANSWERS_CUDA) return 0;
  for (size_t i = 0; i < NUM_REFUSALS; i++) {
    if (column < refusals[i].first) continue;
    states[num] = (answer_test){.path = path,
                                .column = column,
                                .run = find_refusal(refusals[i].function),
                                .refusal = i};
    tests[num] = (struct CMUnitTest){.name = refusals[i].what,
                                     .test_func = run_refusal,
                                     .initial_state = &states[num]};
    num++;
  }
  return num;
}

static size_t list_checks(const char *path, answer_column column,
                          answer_test *states, struct CMUnitTest *tests) {
  size_t num = 0;
  for (size_t i = 0; i < NUM_ROWS; i++) {
    states[num] = (answer_test){.path = path,
                                .column = column,
                                .row = &rows[i],
                                .run = find_check(rows[i].function)};
    if (!states[num].run) continue; /* table_is_whole fails */
    tests[num] = (struct CMUnitTest){.name = rows[i].function,
                                     .test_func = run_check,
                                     .initial_state = &states[num]};
    num++;
  }
  return num;
}

int answers_run(const char *path, answer_column column) {
  struct CMUnitTest tests[1 + NUM_ROWS + NUM_REFUSALS] = {
      cmocka_unit_test(table_is_whole)};
  answer_test states[NUM_ROWS + NUM_REFUSALS];
  size_t num = list_checks(path, column, states, tests + 1);
  num += list_refusals(path, column, states + num, tests + 1 + num);
  stand_in_between(path);
  const int failed =
      _cmocka_run_group_tests("answers", tests, 1 + num, NULL, NULL);
  put_back(path);
  return failed;
}
