#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conform.h"
#include "conform_checks.h"
#include "conform_program.h"
#include "files.h"
#include "worker.h"

/* What a worker keeps from program to program. */
struct harness {
  struct session session;
  struct compile_request request;
  struct findings findings;
  pjrt_execute_context *context;
};

/* ---- verdicts ------------------------------------------------------------ */

/* One line, as much of it as there is room for. */
static void set_cause(struct test_result *result, const char *what,
                      const char *cause) {
  snprintf(result->cause, sizeof result->cause, "%s%s", what, cause);
  char *end = result->cause;
  for (char *c = result->cause; *c; c++) {
    if ((unsigned char)*c < ' ' || *c == 0x7f) *c = ' ';
    if (*c != ' ') end = c + 1;
  }
  *end = '\0';
}

static void set_verdict(struct test_result *result, verdict v, const char *what,
                        const char *cause) {
  result->verdict = v;
  set_cause(result, what, cause);
}

static void set_group(struct test_result *result, const char *text,
                      size_t size) {
  snprintf(result->group, sizeof result->group, "%.*s", (int)size, text);
}

/* The operation that an error speaks of, stablehlo.sort or `sort`; else what it
 * says. */
static void set_operation(struct test_result *result, const char *message) {
  static const char *const dialects[] = {"stablehlo.", "chlo.", "mhlo."};
  static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_.-";
  const char *name = NULL;
  for (size_t i = 0; !name && i < sizeof dialects / sizeof *dialects; i++) {
    name = strstr(message, dialects[i]);
  }
  const char *quote = strchr(message, '`');
  if (!name && quote) name = quote + 1;
  if (name) {
    set_group(result, name, strspn(name, letters));
  } else {
    set_group(result, result->cause, strlen(result->cause));
  }
}

/* @param error [taken] */
static void set_uncompiled(struct test_result *result, pjrt_error *error) {
  const char *message = pjrt_error_message(error, NULL);
  if (pjrt_error_code(error) == PJRT_UNIMPLEMENTED) {
    set_verdict(result, VERDICT_UNSUPPORTED, "", message);
    set_operation(result, message);
  } else {
    set_verdict(result, VERDICT_FAILED, "does not compile: ", message);
  }
  pjrt_error_free(error);
}

/* A launch that ended well is not enough: every check must have been made. A
 * check that failed says more than the error that became of it.
 * @param error [taken] */
static void set_outcome(struct test_result *result, struct findings *findings,
                        pjrt_error *error) {
  pthread_mutex_lock(&findings->lock);
  result->max_ulps = findings->max_ulps;
  if (*findings->problem) {
    set_verdict(result, VERDICT_FAILED, "", findings->problem);
  } else if (error) {
    set_verdict(result, VERDICT_FAILED,
                "does not run: ", pjrt_error_message(error, NULL));
  } else if (findings->num_checks < result->num_checks) {
    char text[64];
    snprintf(text, sizeof text, "%zu of %zu checks were made",
             findings->num_checks, result->num_checks);
    set_verdict(result, VERDICT_FAILED, "", text);
  } else {
    result->verdict = VERDICT_PASSED;
  }
  pthread_mutex_unlock(&findings->lock);
  pjrt_error_free(error);
}

/* ---- one program --------------------------------------------------------- */

static pjrt_error *launch(struct harness *harness,
                          pjrt_executable *executable) {
  pjrt_execute_opts opts;
  pjrt_execute_opts_init(&opts);
  opts.context = harness->context;
  const size_t num_outs = pjrt_executable_num_outputs(executable);
  pjrt_buffer **outs = calloc(num_outs + 1, sizeof(pjrt_buffer *));
  if (!outs) {
    return pjrt_error_create(PJRT_RESOURCE_EXHAUSTED, "out of memory",
                             PJRT_NUL_ENDED);
  }
  pjrt_error *error =
      pjrt_executable_execute(executable, NULL, 0, &opts, outs, num_outs);
  for (size_t i = 0; i < num_outs; i++) pjrt_buffer_free(outs[i]);
  free(outs);
  return error;
}

static void run_program(struct cli *cli, struct harness *harness,
                        const struct conform_program *program,
                        struct test_result *result) {
  pjrt_program *code;
  pjrt_executable *executable = NULL;
  pjrt_error *error = pjrt_program_create(program->text, program->size,
                                          PJRT_FORMAT_MLIR, &code);
  if (!error) {
    call_begin(cli, "PJRT_Client_Compile", "compiling");
    error = pjrt_client_compile(harness->session.client, code,
                                &harness->request.opts, &executable);
    call_end(cli);
  }
  pjrt_program_free(code);
  if (error) {
    set_uncompiled(result, error);
    return;
  }
  findings_reset(&harness->findings);
  call_begin(cli, "PJRT_LoadedExecutable_Execute", "running");
  error = launch(harness, executable);
  call_end(cli);
  set_outcome(result, &harness->findings, error);
  call_begin(cli, "PJRT_LoadedExecutable_Destroy", "freeing");
  pjrt_executable_free(executable);
  call_end(cli);
}

static void run_file(struct cli *cli, struct harness *harness, const char *path,
                     struct test_result *result) {
  size_t size;
  char *text = read_whole_file(path, &size);
  if (!text) {
    set_verdict(result, VERDICT_FAILED, "cannot be read: ", strerror(errno));
    return;
  }
  struct conform_program program;
  const bool made = conform_program_make(text, size, &program);
  free(text);
  result->num_checks = program.num_checks;
  if (!made) {
    set_verdict(result, VERDICT_FAILED, "", "out of memory");
  } else if (program.skipped) {
    set_verdict(result, VERDICT_SKIPPED, "", program.skipped);
    set_group(result, program.skipped, strlen(program.skipped));
  } else {
    run_program(cli, harness, &program, result);
  }
  conform_program_free(&program);
}

/* ---- the worker ---------------------------------------------------------- */

/* What the plugin said of earlier programs would explain nothing. */
static void forget_chatter(int chatter) {
  if (chatter < 0) return;
  fflush(stderr);
  lseek(chatter, 0, SEEK_SET);
  (void)!ftruncate(chatter, 0);
}

static void run_all(struct cli *cli, struct harness *harness,
                    const struct test_worker *worker) {
  struct ledger *ledger = worker->ledger;
  const size_t num = worker->programs->num;
  for (size_t i; (i = atomic_fetch_add(&ledger->next, 1)) < num;) {
    struct test_result result = {0};
    atomic_store(&worker->state->present, i + 1);
    forget_chatter(worker->chatter);
    const int64_t begin = now_ns();
    run_file(cli, harness, worker->programs->items[i].path, &result);
    result.time_ns = now_ns() - begin;
    ledger->results[i] = result;
    atomic_store(&worker->state->present, 0);
  }
}

static status prepare_checks(struct cli *cli, struct harness *harness) {
  const pjrt_plugin *plugin = harness->session.plugin;
  call_begin(cli, "PJRT_FFI_Register_Handler", "registering the checks");
  pjrt_error *error = checks_register(harness->session.plugin);
  call_end(cli);
  if (!error) {
    call_begin(cli, "PJRT_ExecuteContext_Create", "preparing the checks");
    error = checks_context(harness->session.client, &harness->findings,
                           &harness->context);
    call_end(cli);
  }
  if (!error) return STATUS_OK;
  return fail_error(cli, STATUS_PLUGIN, error, "%s cannot run the checks",
                    pjrt_plugin_path(plugin, NULL));
}

/* Handlers are for the host. Where programs run elsewhere, plugins find none,
 * and call each program unimplemented; which says nothing of the programs. */
static status try_checks(struct cli *cli, struct harness *harness) {
  static char holds[] =
      "func.func @main() {\n"
      "  %0 = stablehlo.constant dense<1> : tensor<i32>\n"
      "  stablehlo.custom_call @check.expect_eq(%0, %0)\n"
      "      {api_version = 4 : i32, has_side_effect = true}\n"
      "      : (tensor<i32>, tensor<i32>) -> ()\n"
      "  return\n"
      "}\n";
  const struct conform_program program = {
      .text = holds, .size = sizeof holds - 1, .num_checks = 1};
  struct test_result result = {.num_checks = program.num_checks};
  run_program(cli, harness, &program, &result);
  if (result.verdict == VERDICT_PASSED) return STATUS_OK;
  return fail(cli, STATUS_PLUGIN, "%s cannot run the checks on platform %s: %s",
              pjrt_plugin_path(harness->session.plugin, NULL),
              pjrt_client_platform_name(harness->session.client, NULL),
              result.cause);
}

static status prepare(struct cli *cli, const conform_options *options,
                      struct harness *harness) {
  status code = session_open_plugin(cli, &options->session, false,
                                    &harness->session, NULL);
  if (code == STATUS_OK) {
    code = session_create_client(cli, &harness->session, NULL);
  }
  if (code == STATUS_OK) {
    code = compile_request_make(cli, &options->compile, &harness->request);
  }
  return code == STATUS_OK ? prepare_checks(cli, harness) : code;
}

static void describe_target(struct ledger *ledger,
                            const struct session *session) {
  snprintf(ledger->target.plugin, sizeof ledger->target.plugin, "%s",
           pjrt_plugin_path(session->plugin, NULL));
  snprintf(ledger->target.platform, sizeof ledger->target.platform, "%s",
           pjrt_client_platform_name(session->client, NULL));
  ledger->target.api_minor = pjrt_plugin_api_minor(session->plugin);
}

status test_work(struct cli *cli, void *user) {
  const struct test_worker *worker = user;
  struct harness harness = {.findings.lock = PTHREAD_MUTEX_INITIALIZER};
  if (worker->is_silent) cli->err = stderr;
  status code = prepare(cli, worker->options, &harness);
  if (code == STATUS_OK && !worker->is_silent) code = try_checks(cli, &harness);
  if (code == STATUS_OK) {
    if (!worker->is_silent) describe_target(worker->ledger, &harness.session);
    atomic_store(&worker->state->has_begun, true);
    run_all(cli, &harness, worker);
  }
  call_begin(cli, "PJRT_ExecuteContext_Destroy", "ending the checks");
  pjrt_execute_context_free(harness.context);
  call_end(cli);
  compile_request_free(&harness.request);
  session_close(cli, &harness.session);
  return code;
}
