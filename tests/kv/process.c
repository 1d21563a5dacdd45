/* One process of a job: it opens the store, makes a client of the simulated
 * plugin together with the others, and then waits until all have made theirs.
 * At each step it can be killed. A thread is not killed: it gives up without a
 * word to the others. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "job.h"
#include "pjrt/pjrt.h"

#define MS INT64_C(1000000)

/* The store of the job, with a step before and after each call. */
typedef struct stepping_store {
  const job_part *part;
  pjrt_kvstore *store;
  int steps_left; /* until the process is killed; -1: for ever */
  bool is_over;
} stepping_store;

static bool is_thread(const job_part *part) { return part->shared; }

static pjrt_error *step(stepping_store *s, const char *what) {
  if (s->steps_left > 0)
    s->steps_left--;
  else if (s->steps_left == 0) {
    fprintf(s->part->output, "killed %s\n", what);
    fflush(s->part->output);
    if (!is_thread(s->part)) raise(SIGKILL);
    s->is_over = true;
    return pjrt_error_create(PJRT_ABORTED, "killed", 6);
  }
  return NULL;
}

/* Takes the data. */
static pjrt_error *hand_over(void *data, size_t size,
                             pjrt_kvstore_value *value) {
  pjrt_error *error = data ? pjrt_kvstore_value_set(value, data, size) : NULL;
  pjrt_host_free(data);
  return error;
}

static pjrt_error *get(void *user, const char *key, size_t key_size,
                       int64_t timeout_ns, pjrt_kvstore_value *value) {
  stepping_store *s = user;
  void *data;
  size_t size;
  PJRT_TRY(step(s, "before a get"));
  PJRT_TRY(pjrt_kvstore_get(s->store, key, key_size, timeout_ns, &data, &size));
  PJRT_TRY(hand_over(data, size, value));
  return step(s, "after a get");
}

static pjrt_error *try_get(void *user, const char *key, size_t key_size,
                           pjrt_kvstore_value *value) {
  stepping_store *s = user;
  void *data;
  size_t size;
  PJRT_TRY(pjrt_kvstore_try_get(s->store, key, key_size, &data, &size));
  return hand_over(data, size, value);
}

static pjrt_error *put(void *user, const char *key, size_t key_size,
                       const void *value, size_t value_size) {
  stepping_store *s = user;
  PJRT_TRY(step(s, "before a put"));
  PJRT_TRY(pjrt_kvstore_put(s->store, key, key_size, value, value_size));
  return step(s, "after a put");
}

static void cancel(void *user) {
  pjrt_kvstore_cancel(((stepping_store *)user)->store);
}

static pjrt_error *wrap(stepping_store *s, pjrt_kvstore **out) {
  pjrt_kvstore_functions functions;
  pjrt_kvstore_functions_init(&functions);
  functions.name = "the job's store";
  functions.user = s;
  functions.try_get = try_get;
  functions.put = put;
  functions.get = get;
  functions.cancel = cancel;
  return pjrt_kvstore_create(&functions, out);
}

/* ---- the process --------------------------------------------------------- */

typedef struct process {
  const job_part *part;
  pjrt_launch *launch;
  stepping_store stepping;
  pjrt_kvstore *store;
  pjrt_named_values *options;
  pjrt_plugin *plugin;
  pjrt_client *client;
} process;

static pjrt_error *find_self(process *p) {
  pjrt_launch_opts opts;
  pjrt_launch_opts_init(&opts);
  if (is_thread(p->part)) {
    opts.process_id = p->part->id;
    opts.num_processes = p->part->num_processes;
  }
  PJRT_TRY(pjrt_launch_detect(&opts, &p->launch));
  fprintf(p->part->output, "process %d of %d, started by %s, job '%s'\n",
          pjrt_launch_process_id(p->launch),
          pjrt_launch_num_processes(p->launch), pjrt_launch_launcher(p->launch),
          pjrt_launch_job(p->launch, NULL));
  return NULL;
}

static pjrt_error *open_store(process *p) {
  p->stepping.store = p->part->shared;
  if (!is_thread(p->part)) {
    PJRT_TRY(pjrt_kvstore_open(p->part->address, PJRT_NUL_ENDED,
                               pjrt_launch_job(p->launch, NULL), PJRT_NUL_ENDED,
                               &p->stepping.store));
  }
  return wrap(&p->stepping, &p->store);
}

static pjrt_error *make_client(process *p) {
  pjrt_client_opts opts;
  pjrt_client_opts_init(&opts);
  PJRT_TRY(pjrt_plugin_open(getenv("PJRT_TEST_SIM"), PJRT_NUL_ENDED, NULL,
                            &p->plugin));
  PJRT_TRY(pjrt_named_values_create(&p->options));
  PJRT_TRY(pjrt_launch_add_client_options(p->launch, p->options));
  PJRT_TRY(pjrt_named_values_parse(p->options, "devices=1", PJRT_NUL_ENDED));
  opts.options = p->options;
  opts.kvstore = p->store;
  opts.kvstore_timeout_ns = p->part->deadline_ns;
  return pjrt_client_create(p->plugin, &opts, &p->client);
}

static pjrt_error *check_client(const process *p) {
  const int id = pjrt_launch_process_id(p->launch);
  const int num = pjrt_launch_num_processes(p->launch);
  const pjrt_device *own = pjrt_client_addressable_device(p->client, 0);
  if (pjrt_client_process_index(p->client) == id &&
      pjrt_client_num_devices(p->client) == (size_t)num &&
      pjrt_client_num_addressable_devices(p->client) == 1 &&
      pjrt_device_id(own) == id) {
    return NULL;
  }
  return pjrt_error_create(PJRT_INTERNAL, "the client is not as it should be",
                           33);
}

/* Says that this one is done and waits for the others to say so. */
static pjrt_error *wait_for_all(process *p) {
  char key[32];
  snprintf(key, sizeof key, "done/%d", pjrt_launch_process_id(p->launch));
  PJRT_TRY(pjrt_kvstore_put(p->store, key, PJRT_NUL_ENDED, key, strlen(key)));
  for (int i = 0; i < pjrt_launch_num_processes(p->launch); i++) {
    void *value;
    size_t size;
    snprintf(key, sizeof key, "done/%d", i);
    PJRT_TRY(pjrt_kvstore_get(p->store, key, PJRT_NUL_ENDED,
                              p->part->deadline_ns, &value, &size));
    const bool is_right = strcmp(value, key) == 0;
    pjrt_host_free(value);
    if (!is_right) return pjrt_error_create(PJRT_INTERNAL, "wrong value", 11);
  }
  return NULL;
}

static pjrt_error *run(process *p) {
  PJRT_TRY(step(&p->stepping, "at the beginning"));
  PJRT_TRY(find_self(p));
  PJRT_TRY(open_store(p));
  PJRT_TRY(step(&p->stepping, "with a store"));
  PJRT_TRY(make_client(p));
  PJRT_TRY(check_client(p));
  PJRT_TRY(step(&p->stepping, "with a client"));
  return wait_for_all(p);
}

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int job_do(const job_part *part) {
  process p = {.part = part,
               .stepping = {.part = part, .steps_left = part->step}};
  const int64_t begin = now_ms();
  pjrt_error *error = run(&p);
  fprintf(part->output, "after %lld ms: ", (long long)(now_ms() - begin));
  pjrt_error_print(error, part->output);
  pjrt_client_free(p.client);
  pjrt_plugin_free(p.plugin);
  pjrt_named_values_free(p.options);
  pjrt_kvstore_free(p.store);
  if (!is_thread(part)) pjrt_kvstore_free(p.stepping.store);
  pjrt_launch_free(p.launch);
  const bool has_failed = pjrt_error_consume(error) != PJRT_OK;
  return p.stepping.is_over ? JOB_KILLED : has_failed ? JOB_FAILED : JOB_DONE;
}

bool job_is_process(int argc, char **argv) {
  return argc == 6 && strcmp(argv[1], "process") == 0;
}

/* process ADDRESS DEADLINE_MS STEP OUTPUT */
int job_run_process(char **argv) {
  const job_part part = {
      .address = argv[2],
      .deadline_ns = strtol(argv[3], NULL, 10) * MS,
      .step = (int)strtol(argv[4], NULL, 10),
      .output = strcmp(argv[5], "-") == 0 ? stdout : fopen(argv[5], "w")};
  if (!part.output) return JOB_FAILED;
  const int status = job_do(&part);
  fprintf(part.output, "status %d\n", status);
  return fclose(part.output) == 0 ? status : JOB_FAILED;
}

/* What libpmix keeps until the process ends is not ours. Nobody but the leak
 * detector of a sanitized build asks. */
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(
    void);
const char *__lsan_default_suppressions(void) { return "leak:libpmix.so\n"; }
