/* Who this process is, from a table of variables: nothing here asks the
 * system. */
#include "pjrt/launch.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/number.h"
#include "base/text.h"
#include "core/opts.h"

struct pjrt_launch {
  const char *launcher;
  int process_id, num_processes; /* -1: not known, as long as it is detected */
  int local_process_id, num_local_processes; /* -1: not known */
  char *coordinator, *job;                   /* NULL: not known */
};

typedef struct environment {
  const char *const *texts;
  size_t num;
} environment;

/* A launcher that says everything in numbers of its own. */
typedef struct launcher {
  const char *name;
  const char *found_by;
  const char *id, *count, *local_id, *local_count; /* NULL: not told */
  const char *same_id; /* must agree if it is there */
  pjrt_error *(*read_more)(const environment *env, pjrt_launch *launch);
} launcher;

/* ---- variables ----------------------------------------------------------- */

/* NULL where it is not there or empty. */
static const char *variable(const environment *env, const char *name) {
  const size_t size = strlen(name);
  for (size_t i = 0; i < env->num; i++) {
    const char *text = env->texts[i];
    if (strncmp(text, name, size) == 0 && text[size] == '=' && text[size + 1]) {
      return text + size + 1;
    }
  }
  return NULL;
}

/* The number of a variable; what it was before where it is not there. */
static pjrt_error *read_number(const environment *env, const char *name,
                               int *out) {
  int64_t number;
  const char *text = name ? variable(env, name) : NULL;
  if (!text) return NULL;
  if (!pjrt_number_read_int64(text, strlen(text), &number) || number < 0 ||
      number > INT_MAX) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "%s is '%s', expected a number from 0 up", name,
                             text);
  }
  *out = (int)number;
  return NULL;
}

/* The same where it has to be there, since `reason` is. */
static pjrt_error *need_number(const environment *env, const char *name,
                               const char *reason, int *out) {
  if (variable(env, name)) return read_number(env, name, out);
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "%s is set, and %s is not: the one says nothing "
                           "without the other",
                           reason, name);
}

static pjrt_error *set_text(char **field, const char *text, size_t size) {
  free(*field);
  *field = NULL;
  return pjrt_text_copy(text, size, field);
}

static pjrt_error *finish_text(pjrt_builder *builder, char **field) {
  free(*field);
  return pjrt_builder_finish(builder, field, NULL);
}

/* ---- launchers ----------------------------------------------------------- */

/* A run that was given no id of its own is called "none". */
static pjrt_error *read_torchrun(const environment *env, pjrt_launch *launch) {
  const char *run = variable(env, "TORCHELASTIC_RUN_ID");
  const char *restart = variable(env, "TORCHELASTIC_RESTART_COUNT");
  const char *host = variable(env, "MASTER_ADDR");
  const char *port = variable(env, "MASTER_PORT");
  pjrt_builder builder = {0};
  if (run && strcmp(run, "none") != 0) {
    pjrt_builder_appendf(&builder, "%s.%s", run, restart ? restart : "0");
    PJRT_TRY(finish_text(&builder, &launch->job));
  }
  if (!host) return NULL;
  pjrt_builder_appendf(&builder, "%s%s%s", host, port ? ":" : "",
                       port ? port : "");
  return finish_text(&builder, &launch->coordinator);
}

/* mpirun's own address: "1531576320.0;tcp://10.0.0.1,10.1.0.1:58319". */
static pjrt_error *read_open_mpi(const environment *env, pjrt_launch *launch) {
  static const char scheme[] = ";tcp://";
  const char *job = variable(env, "PMIX_NAMESPACE");
  const char *uri = variable(env, "OMPI_MCA_orte_hnp_uri");
  const char *host = uri ? strstr(uri, scheme) : NULL;
  if (job) PJRT_TRY(set_text(&launch->job, job, strlen(job)));
  if (!host) return NULL;
  host += sizeof scheme - 1;
  return set_text(&launch->coordinator, host, strcspn(host, ",:"));
}

static pjrt_error *read_pmix(const environment *env, pjrt_launch *launch) {
  const char *job = variable(env, "PMIX_NAMESPACE");
  return job ? set_text(&launch->job, job, strlen(job)) : NULL;
}

/* The first of "rack[2-4,7]n[001-004],other": "rack2n001". */
static pjrt_error *first_host(const char *list, char **out) {
  pjrt_builder builder = {0};
  while (*list && *list != ',') {
    const size_t plain = strcspn(list, ",[");
    pjrt_builder_append(&builder, list, plain);
    list += plain;
    if (*list != '[') continue;
    list++;
    pjrt_builder_append(&builder, list, strcspn(list, "-,]"));
    list += strcspn(list, "]");
    if (*list == ']') list++;
  }
  return finish_text(&builder, out);
}

static pjrt_error *read_slurm(const environment *env, pjrt_launch *launch) {
  const char *job = variable(env, "SLURM_JOB_ID");
  const char *step = variable(env, "SLURM_STEP_ID");
  const char *restart = variable(env, "SLURM_RESTART_COUNT");
  const char *hosts = variable(env, "SLURM_STEP_NODELIST");
  pjrt_builder builder = {0};
  if (job && step) {
    pjrt_builder_appendf(&builder, "%s.%s%s%s", job, step, restart ? "." : "",
                         restart ? restart : "");
    PJRT_TRY(finish_text(&builder, &launch->job));
  }
  if (!hosts) hosts = variable(env, "SLURM_JOB_NODELIST");
  return hosts ? first_host(hosts, &launch->coordinator) : NULL;
}

static const launcher launchers[] = {
    {.name = "torchrun",
     .found_by = "WORLD_SIZE",
     .id = "RANK",
     .count = "WORLD_SIZE",
     .local_id = "LOCAL_RANK",
     .local_count = "LOCAL_WORLD_SIZE",
     .read_more = read_torchrun},
    {.name = "open-mpi",
     .found_by = "OMPI_COMM_WORLD_SIZE",
     .id = "OMPI_COMM_WORLD_RANK",
     .count = "OMPI_COMM_WORLD_SIZE",
     .local_id = "OMPI_COMM_WORLD_LOCAL_RANK",
     .local_count = "OMPI_COMM_WORLD_LOCAL_SIZE",
     .same_id = "PMIX_RANK",
     .read_more = read_open_mpi},
    {.name = "slurm",
     .found_by = "SLURM_STEP_NUM_TASKS",
     .id = "SLURM_PROCID",
     .count = "SLURM_STEP_NUM_TASKS",
     .local_id = "SLURM_LOCALID",
     .same_id = "PMIX_RANK",
     .read_more = read_slurm},
    {.name = "pmix",
     .found_by = "PMIX_RANK",
     .id = "PMIX_RANK",
     .read_more = read_pmix},
};

static pjrt_error *read_launcher(const launcher *l, const environment *env,
                                 pjrt_launch *launch) {
  int other = -1;
  launch->launcher = l->name;
  PJRT_TRY(need_number(env, l->id, l->found_by, &launch->process_id));
  PJRT_TRY(read_number(env, l->count, &launch->num_processes));
  PJRT_TRY(read_number(env, l->local_id, &launch->local_process_id));
  PJRT_TRY(read_number(env, l->local_count, &launch->num_local_processes));
  PJRT_TRY(read_number(env, l->same_id, &other));
  if (other >= 0 && other != launch->process_id) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "%s is %d and %s is %d: they are from different "
                             "launchers",
                             l->id, launch->process_id, l->same_id, other);
  }
  return l->read_more(env, launch);
}

static int num_hosts(const char *list) {
  int num = 1;
  for (; *list && num < INT_MAX; list++) num += *list == ',';
  return num;
}

/* A multislice job numbers the workers of each slice from 0. */
static pjrt_error *read_tpu(const environment *env, pjrt_launch *launch) {
  const char *hosts = variable(env, "TPU_WORKER_HOSTNAMES");
  const char *first = variable(env, "MEGASCALE_COORDINATOR_ADDRESS");
  const int workers = num_hosts(hosts);
  int worker = 0, slice = 0, slices = 1, num = 0;
  launch->launcher = "tpu";
  PJRT_TRY(read_number(env, "TPU_WORKER_ID", &worker));
  if (variable(env, "MEGASCALE_NUM_SLICES")) {
    PJRT_TRY(read_number(env, "MEGASCALE_NUM_SLICES", &slices));
    PJRT_TRY(
        need_number(env, "MEGASCALE_SLICE_ID", "MEGASCALE_NUM_SLICES", &slice));
  }
  if (worker >= workers) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "TPU_WORKER_ID is %d, and TPU_WORKER_HOSTNAMES "
                             "has %d names",
                             worker, workers);
  }
  if (slice >= slices || __builtin_mul_overflow(slices, workers, &num)) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "MEGASCALE_SLICE_ID is %d, and "
                             "MEGASCALE_NUM_SLICES is %d",
                             slice, slices);
  }
  launch->process_id = slice * workers + worker;
  launch->num_processes = num;
  if (!first) first = hosts;
  return set_text(&launch->coordinator, first, strcspn(first, ","));
}

static pjrt_error *ask(const environment *env, pjrt_launch *launch) {
  for (size_t i = 0; i < sizeof launchers / sizeof *launchers; i++) {
    if (variable(env, launchers[i].found_by)) {
      return read_launcher(&launchers[i], env, launch);
    }
  }
  if (variable(env, "TPU_WORKER_HOSTNAMES") && variable(env, "TPU_WORKER_ID")) {
    return read_tpu(env, launch);
  }
  if (variable(env, "JOB_COMPLETION_INDEX")) {
    launch->launcher = "kubernetes";
    return read_number(env, "JOB_COMPLETION_INDEX", &launch->process_id);
  }
  launch->launcher = "none";
  return NULL;
}

/* ---- all together -------------------------------------------------------- */

void pjrt_launch_opts_init(pjrt_launch_opts *opts) {
  *opts = (pjrt_launch_opts){.struct_size = sizeof *opts,
                             .process_id = -1,
                             .num_processes = -1,
                             .local_process_id = -1,
                             .num_local_processes = -1};
}

static void override(int given, int *field) {
  if (given != -1) *field = given;
}

static pjrt_error *apply(const pjrt_launch_opts *given, pjrt_launch *launch) {
  override(given->process_id, &launch->process_id);
  override(given->num_processes, &launch->num_processes);
  override(given->local_process_id, &launch->local_process_id);
  override(given->num_local_processes, &launch->num_local_processes);
  if (given->coordinator) {
    PJRT_TRY(
        set_text(&launch->coordinator, given->coordinator, PJRT_NUL_ENDED));
  }
  return given->job ? set_text(&launch->job, given->job, PJRT_NUL_ENDED) : NULL;
}

/* A process of no launcher is alone, unless it was told of others. */
static void assume_alone(pjrt_launch *launch) {
  if (strcmp(launch->launcher, "none") != 0) return;
  if (launch->process_id == -1 && launch->num_processes == -1) {
    launch->process_id = 0;
    launch->num_processes = 1;
  }
}

static pjrt_error *check_place(const char *where, int id, int num) {
  if (id >= 0 && num >= 1 && id < num) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "process %d of %d%s: expected ids from 0 up to the "
                           "number of processes",
                           id, num, where);
}

static pjrt_error *check(const pjrt_launch *launch) {
  if (launch->num_processes == -1) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "this is process %d (launcher: %s), and nothing "
                             "tells how many there are: give num_processes",
                             launch->process_id, launch->launcher);
  }
  if (launch->process_id == -1) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "there are %d processes, and nothing tells which "
                             "this one is: give process_id",
                             launch->num_processes);
  }
  PJRT_TRY(check_place("", launch->process_id, launch->num_processes));
  const int local = launch->local_process_id;
  const int num_local = launch->num_local_processes;
  if (num_local == -1) {
    return local == -1 ? NULL
                       : check_place(" on this host, at most", local,
                                     launch->num_processes);
  }
  if (num_local < 1 || num_local > launch->num_processes) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "%d processes on this host, of %d in all",
                             num_local, launch->num_processes);
  }
  return local == -1 ? NULL : check_place(" on this host", local, num_local);
}

static environment own_environment(void) {
  environment env = {(const char *const *)environ, 0};
  while (env.texts && env.texts[env.num]) env.num++;
  return env;
}

static pjrt_error *detect(const pjrt_launch_opts *given, pjrt_launch *launch) {
  const environment env =
      given->environment
          ? (environment){given->environment, given->num_environment}
          : own_environment();
  launch->launcher = "flags";
  if (given->process_id == -1 || given->num_processes == -1) {
    pjrt_error *error = ask(&env, launch);
    if (error) {
      pjrt_error_prefix(error, "launcher %s", launch->launcher);
      return error;
    }
  }
  PJRT_TRY(apply(given, launch));
  assume_alone(launch);
  return check(launch);
}

pjrt_error *pjrt_launch_detect(const pjrt_launch_opts *opts,
                               pjrt_launch **out) {
  pjrt_launch_opts known;
  *out = NULL;
  pjrt_launch_opts_init(&known);
  PJRT_TRY(pjrt_opts_read(opts, "pjrt_launch_opts", sizeof known, &known));
  pjrt_launch *launch = malloc(sizeof *launch);
  if (!launch) return pjrt_error_out_of_memory();
  *launch = (pjrt_launch){.process_id = -1,
                          .num_processes = -1,
                          .local_process_id = -1,
                          .num_local_processes = -1};
  pjrt_error *error = detect(&known, launch);
  if (error) {
    pjrt_launch_free(launch);
    return error;
  }
  *out = launch;
  return NULL;
}

void pjrt_launch_free(pjrt_launch *launch) {
  if (!launch) return;
  free(launch->coordinator);
  free(launch->job);
  free(launch);
}

/* ---- what was found ------------------------------------------------------ */

const char *pjrt_launch_launcher(const pjrt_launch *launch) {
  return launch->launcher;
}

int pjrt_launch_process_id(const pjrt_launch *launch) {
  return launch->process_id;
}

int pjrt_launch_num_processes(const pjrt_launch *launch) {
  return launch->num_processes;
}

int pjrt_launch_local_process_id(const pjrt_launch *launch) {
  return launch->local_process_id;
}

int pjrt_launch_num_local_processes(const pjrt_launch *launch) {
  return launch->num_local_processes;
}

static const char *known_text(const char *text, size_t *out_size) {
  if (!text) text = "";
  if (out_size) *out_size = strlen(text);
  return text;
}

const char *pjrt_launch_coordinator(const pjrt_launch *launch,
                                    size_t *out_size) {
  return known_text(launch->coordinator, out_size);
}

const char *pjrt_launch_job(const pjrt_launch *launch, size_t *out_size) {
  return known_text(launch->job, out_size);
}

pjrt_error *pjrt_launch_add_client_options(const pjrt_launch *launch,
                                           pjrt_named_values *options) {
  PJRT_TRY(pjrt_named_values_set_int64(options, "node_id", PJRT_NUL_ENDED,
                                       launch->process_id));
  return pjrt_named_values_set_int64(options, "num_nodes", PJRT_NUL_ENDED,
                                     launch->num_processes);
}
