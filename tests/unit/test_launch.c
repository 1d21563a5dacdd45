/* Who a process is, by tables of what its launcher set. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "expect.h"
#include "pjrt/array.h"
#include "pjrt/describe.h"
#include "pjrt/launch.h"

enum { MAX_TEXTS = 12 };

/* What a launcher sets, and what comes of it. */
typedef struct launch_case {
  const char *environment[MAX_TEXTS];
  const char *launcher;
  int process_id, num_processes, local_process_id, num_local_processes;
  const char *coordinator, *job;
} launch_case;

static const launch_case cases[] = {
    {{NULL}, "none", 0, 1, -1, -1, "", ""},
    {{"RANK=3", "PATH=/bin"}, "none", 0, 1, -1, -1, "", ""},
    {{"RANK=3", "WORLD_SIZE="}, "none", 0, 1, -1, -1, "", ""},
    {{"RANK=3", "WORLD_SIZE=8", "LOCAL_RANK=1", "LOCAL_WORLD_SIZE=2",
      "MASTER_ADDR=head", "MASTER_PORT=29500", "TORCHELASTIC_RUN_ID=a1",
      "TORCHELASTIC_RESTART_COUNT=2"},
     "torchrun",
     3,
     8,
     1,
     2,
     "head:29500",
     "a1.2"},
    {{"RANK=0", "WORLD_SIZE=1", "MASTER_ADDR=::1", "TORCHELASTIC_RUN_ID=none"},
     "torchrun",
     0,
     1,
     -1,
     -1,
     "::1",
     ""},
    {{"OMPI_COMM_WORLD_RANK=1", "OMPI_COMM_WORLD_SIZE=4",
      "OMPI_COMM_WORLD_LOCAL_RANK=1", "OMPI_COMM_WORLD_LOCAL_SIZE=2",
      "PMIX_RANK=1", "PMIX_NAMESPACE=3541630977",
      "OMPI_MCA_orte_hnp_uri=3541630976.0;tcp://10.0.0.1,10.1.0.1:58319"},
     "open-mpi",
     1,
     4,
     1,
     2,
     "10.0.0.1",
     "3541630977"},
    {{"OMPI_COMM_WORLD_RANK=0", "OMPI_COMM_WORLD_SIZE=1",
      "OMPI_MCA_orte_hnp_uri=1.0;usock"},
     "open-mpi",
     0,
     1,
     -1,
     -1,
     "",
     ""},
    {{"SLURM_PROCID=5", "SLURM_STEP_NUM_TASKS=6", "SLURM_NTASKS=12",
      "SLURM_LOCALID=1", "SLURM_JOB_ID=17", "SLURM_STEP_ID=0",
      "SLURM_STEP_NODELIST=node[001-003]", "SLURM_JOB_NODELIST=x",
      "PMIX_RANK=5"},
     "slurm",
     5,
     6,
     1,
     -1,
     "node001",
     "17.0"},
    {{"SLURM_PROCID=0", "SLURM_STEP_NUM_TASKS=1", "SLURM_JOB_ID=17",
      "SLURM_STEP_ID=4", "SLURM_RESTART_COUNT=2",
      "SLURM_JOB_NODELIST=rack[2-4,7]n[001-004]-ib,other"},
     "slurm",
     0,
     1,
     -1,
     -1,
     "rack2n001-ib",
     "17.4.2"},
    /* A batch script is no step. */
    {{"SLURM_PROCID=0", "SLURM_NTASKS=8", "SLURM_JOB_ID=17"},
     "none",
     0,
     1,
     -1,
     -1,
     "",
     ""},
    {{"TPU_WORKER_ID=2", "TPU_WORKER_HOSTNAMES=t-0,t-1,t-2,t-3",
      "JOB_COMPLETION_INDEX=2"},
     "tpu",
     2,
     4,
     -1,
     -1,
     "t-0",
     ""},
    {{"TPU_WORKER_ID=1", "TPU_WORKER_HOSTNAMES=a,b", "MEGASCALE_NUM_SLICES=3",
      "MEGASCALE_SLICE_ID=2", "MEGASCALE_COORDINATOR_ADDRESS=s-0:8080"},
     "tpu",
     5,
     6,
     -1,
     -1,
     "s-0:8080",
     ""},
    {{"TPU_WORKER_HOSTNAMES=a,b"}, "none", 0, 1, -1, -1, "", ""},
    /* The innermost wins. */
    {{"SLURM_PROCID=1", "SLURM_STEP_NUM_TASKS=2", "OMPI_COMM_WORLD_RANK=3",
      "OMPI_COMM_WORLD_SIZE=4", "JOB_COMPLETION_INDEX=9"},
     "open-mpi",
     3,
     4,
     -1,
     -1,
     "",
     ""},
    {{"SLURM_PROCID=1", "SLURM_STEP_NUM_TASKS=2", "RANK=15", "WORLD_SIZE=16",
      "PMIX_RANK=1"},
     "torchrun",
     15,
     16,
     -1,
     -1,
     "",
     ""},
};

static pjrt_launch_opts opts_of(const char *const *environment) {
  pjrt_launch_opts opts;
  pjrt_launch_opts_init(&opts);
  opts.environment = environment;
  while (environment[opts.num_environment]) opts.num_environment++;
  return opts;
}

static void expect_text(const char *text, size_t size, const char *expected) {
  assert_string_equal(text, expected);
  assert_int_equal(size, strlen(expected));
}

static void test_launchers(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const launch_case *c = &cases[i];
    const pjrt_launch_opts opts = opts_of(c->environment);
    pjrt_launch *launch;
    size_t size;
    expect_ok(pjrt_launch_detect(&opts, &launch));
    assert_string_equal(pjrt_launch_launcher(launch), c->launcher);
    assert_int_equal(pjrt_launch_process_id(launch), c->process_id);
    assert_int_equal(pjrt_launch_num_processes(launch), c->num_processes);
    assert_int_equal(pjrt_launch_local_process_id(launch), c->local_process_id);
    assert_int_equal(pjrt_launch_num_local_processes(launch),
                     c->num_local_processes);
    const char *coordinator = pjrt_launch_coordinator(launch, &size);
    expect_text(coordinator, size, c->coordinator);
    const char *job = pjrt_launch_job(launch, &size);
    expect_text(job, size, c->job);
    pjrt_launch_free(launch);
  }
}

/* What makes no sense, and the words that say so. */
static const struct {
  const char *environment[MAX_TEXTS];
  const char *says;
} mistakes[] = {
    {{"WORLD_SIZE=8"}, "WORLD_SIZE is set, and RANK is not"},
    {{"WORLD_SIZE=8", "RANK="}, "WORLD_SIZE is set, and RANK is not"},
    {{"WORLD_SIZE=8", "RANK=8"}, "process 8 of 8: expected"},
    {{"WORLD_SIZE=0", "RANK=0"}, "process 0 of 0: expected"},
    {{"WORLD_SIZE=8", "RANK=-1"}, "RANK is '-1', expected a number from 0"},
    {{"WORLD_SIZE=8", "RANK=x"}, "launcher torchrun: RANK is 'x'"},
    {{"WORLD_SIZE=8 ", "RANK=1"}, "WORLD_SIZE is '8 '"},
    {{"WORLD_SIZE=99999999999", "RANK=1"}, "WORLD_SIZE is '99999999999'"},
    {{"WORLD_SIZE=8", "RANK=1", "LOCAL_RANK=4", "LOCAL_WORLD_SIZE=4"},
     "process 4 of 4 on this host"},
    {{"WORLD_SIZE=8", "RANK=1", "LOCAL_RANK=8"},
     "process 8 of 8 on this host, at most"},
    {{"WORLD_SIZE=2", "RANK=1", "LOCAL_WORLD_SIZE=4"},
     "4 processes on this host, of 2 in all"},
    {{"WORLD_SIZE=2", "RANK=1", "LOCAL_WORLD_SIZE=0"},
     "0 processes on this host, of 2 in all"},
    {{"OMPI_COMM_WORLD_SIZE=4", "OMPI_COMM_WORLD_RANK=1", "PMIX_RANK=2"},
     "OMPI_COMM_WORLD_RANK is 1 and PMIX_RANK is 2"},
    {{"SLURM_STEP_NUM_TASKS=4", "SLURM_PROCID=1", "PMIX_RANK=0"},
     "launcher slurm: SLURM_PROCID is 1 and PMIX_RANK is 0"},
    {{"PMIX_RANK=2"}, "process 2 (launcher: pmix), and nothing tells how many"},
    {{"JOB_COMPLETION_INDEX=2"}, "(launcher: kubernetes), and nothing tells"},
    {{"JOB_COMPLETION_INDEX=two"}, "JOB_COMPLETION_INDEX is 'two'"},
    {{"TPU_WORKER_ID=2", "TPU_WORKER_HOSTNAMES=a,b"},
     "TPU_WORKER_ID is 2, and TPU_WORKER_HOSTNAMES has 2 names"},
    {{"TPU_WORKER_ID=0", "TPU_WORKER_HOSTNAMES=a", "MEGASCALE_NUM_SLICES=2"},
     "MEGASCALE_NUM_SLICES is set, and MEGASCALE_SLICE_ID is not"},
    {{"TPU_WORKER_ID=0", "TPU_WORKER_HOSTNAMES=a", "MEGASCALE_NUM_SLICES=2",
      "MEGASCALE_SLICE_ID=2"},
     "MEGASCALE_SLICE_ID is 2, and MEGASCALE_NUM_SLICES is 2"},
    {{"TPU_WORKER_ID=0", "TPU_WORKER_HOSTNAMES=a,b",
      "MEGASCALE_NUM_SLICES=2000000000", "MEGASCALE_SLICE_ID=0"},
     "MEGASCALE_NUM_SLICES is 2000000000"},
};

static void test_contradictions(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
    const pjrt_launch_opts opts = opts_of(mistakes[i].environment);
    pjrt_launch *launch = (pjrt_launch *)state;
    expect_error(pjrt_launch_detect(&opts, &launch), PJRT_INVALID_ARGUMENT,
                 mistakes[i].says);
    assert_null(launch);
  }
}

/* ---- what the user says -------------------------------------------------- */

static const char *const nothing[] = {NULL};
static const char *const torchrun[] = {"RANK=3", "WORLD_SIZE=8",
                                       "TORCHELASTIC_RUN_ID=a",
                                       "MASTER_ADDR=head", NULL};
static const char *const nonsense[] = {"RANK=x", "WORLD_SIZE=y", NULL};

static void test_flags_win(void **state) {
  pjrt_launch *launch;
  (void)state;
  pjrt_launch_opts opts = opts_of(torchrun);
  opts.num_processes = 4;
  opts.job = "mine";
  opts.num_local_processes = 2;
  opts.local_process_id = 1;
  expect_ok(pjrt_launch_detect(&opts, &launch));
  assert_int_equal(pjrt_launch_process_id(launch), 3);
  assert_int_equal(pjrt_launch_num_processes(launch), 4);
  assert_int_equal(pjrt_launch_local_process_id(launch), 1);
  assert_int_equal(pjrt_launch_num_local_processes(launch), 2);
  assert_string_equal(pjrt_launch_job(launch, NULL), "mine");
  assert_string_equal(pjrt_launch_coordinator(launch, NULL), "head");
  assert_string_equal(pjrt_launch_launcher(launch), "torchrun");
  pjrt_launch_free(launch);
  /* With both nothing is read, so nothing can be wrong. */
  opts = opts_of(nonsense);
  opts.process_id = 1;
  opts.num_processes = 2;
  opts.coordinator = "here:1";
  expect_ok(pjrt_launch_detect(&opts, &launch));
  assert_string_equal(pjrt_launch_launcher(launch), "flags");
  assert_string_equal(pjrt_launch_coordinator(launch, NULL), "here:1");
  assert_int_equal(pjrt_launch_process_id(launch), 1);
  pjrt_launch_free(launch);
}

static void test_flags_complete_a_launcher(void **state) {
  static const char *const kubernetes[] = {"JOB_COMPLETION_INDEX=2", NULL};
  pjrt_launch *launch;
  (void)state;
  pjrt_launch_opts opts = opts_of(kubernetes);
  opts.num_processes = 3;
  expect_ok(pjrt_launch_detect(&opts, &launch));
  assert_string_equal(pjrt_launch_launcher(launch), "kubernetes");
  assert_int_equal(pjrt_launch_process_id(launch), 2);
  pjrt_launch_free(launch);
}

static void expect_refused(const pjrt_launch_opts *opts, const char *part) {
  pjrt_launch *launch;
  expect_error(pjrt_launch_detect(opts, &launch), PJRT_INVALID_ARGUMENT, part);
}

static void test_flags_that_make_no_sense(void **state) {
  (void)state;
  pjrt_launch_opts opts = opts_of(nothing);
  opts.process_id = 2;
  expect_refused(&opts, "give num_processes");
  opts = opts_of(nothing);
  opts.num_processes = 2;
  expect_refused(&opts, "give process_id");
  opts.process_id = 2;
  expect_refused(&opts, "process 2 of 2");
  opts.process_id = -7;
  expect_refused(&opts, "process -7 of 2");
  opts.process_id = 1;
  opts.local_process_id = -7;
  expect_refused(&opts, "process -7 of 2 on this host");
  opts = opts_of(torchrun);
  opts.process_id = 8;
  expect_refused(&opts, "process 8 of 8");
  opts.struct_size = 5;
  expect_refused(&opts, "pjrt_launch_opts.struct_size is 5");
}

/* NULL for the environment is the process's own. */
static void test_own_environment(void **state) {
  pjrt_launch *launch;
  (void)state;
  setenv("RANK", "1", 1);
  setenv("WORLD_SIZE", "2", 1);
  expect_ok(pjrt_launch_detect(NULL, &launch));
  assert_string_equal(pjrt_launch_launcher(launch), "torchrun");
  assert_int_equal(pjrt_launch_process_id(launch), 1);
  pjrt_launch_free(launch);
  unsetenv("RANK");
  unsetenv("WORLD_SIZE");
}

/* ---- what it is for ------------------------------------------------------ */

static void test_client_options(void **state) {
  pjrt_launch *launch;
  pjrt_named_values *options;
  (void)state;
  const pjrt_launch_opts opts = opts_of(torchrun);
  expect_ok(pjrt_launch_detect(&opts, &launch));
  expect_ok(pjrt_named_values_create(&options));
  expect_ok(pjrt_launch_add_client_options(launch, options));
  assert_int_equal(pjrt_named_values_size(options), 2);
  const size_t id = pjrt_named_values_find(options, "node_id", PJRT_NUL_ENDED);
  const size_t num =
      pjrt_named_values_find(options, "num_nodes", PJRT_NUL_ENDED);
  assert_int_equal(pjrt_named_values_int64(options, id), 3);
  assert_int_equal(pjrt_named_values_int64(options, num), 8);
  pjrt_named_values_free(options);
  pjrt_launch_free(launch);
}

static void expect_description(const launch_case *c, const char *expected) {
  const pjrt_launch_opts opts = opts_of(c->environment);
  pjrt_launch *launch;
  char *text;
  size_t size;
  expect_ok(pjrt_launch_detect(&opts, &launch));
  expect_ok(pjrt_launch_describe(launch, PJRT_ONE_LINE, &text, &size));
  expect_text(text, size, expected);
  pjrt_host_free(text);
  pjrt_launch_free(launch);
}

static void test_description(void **state) {
  (void)state;
  expect_description(&cases[0], "process 0 of 1, started by none");
  expect_description(&cases[3],
                     "process 3 of 8, 1 of 2 on its host, started by torchrun, "
                     "job a1.2, coordinator head:29500");
  pjrt_launch_free(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_launchers),
      cmocka_unit_test(test_contradictions),
      cmocka_unit_test(test_flags_win),
      cmocka_unit_test(test_flags_complete_a_launcher),
      cmocka_unit_test(test_flags_that_make_no_sense),
      cmocka_unit_test(test_own_environment),
      cmocka_unit_test(test_client_options),
      cmocka_unit_test(test_description),
  };
  return cmocka_run_group_tests_name("launch", tests, NULL, NULL);
}
