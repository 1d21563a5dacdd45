#include "job.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mpirun.h"
#include "pjrt/pjrt.h"

/* The words that tell a process what to do. */
typedef struct part_words {
  char deadline[16], step[16];
  temp_path output;
} part_words;

static bool is_victim(const job *what, int id) { return id == what->victim; }

static int deadline_of(const job *what, int id) {
  return is_victim(what, id) ? LONG_MS : what->deadline_ms;
}

static int step_of(const job *what, int id) {
  return is_victim(what, id) ? what->step : -1;
}

static void spell(const job *what, int id, part_words *out) {
  snprintf(out->deadline, sizeof out->deadline, "%d", deadline_of(what, id));
  snprintf(out->step, sizeof out->step, "%d", step_of(what, id));
}

/* ---- by hand ------------------------------------------------------------- */

static void set_number(const char *name, int value) {
  char text[16];
  snprintf(text, sizeof text, "%d", value);
  setenv(name, text, 1);
}

/* In the child. */
static void become_process(const job *what, int id) {
  part_words words;
  spell(what, id, &words);
  set_number("RANK", id);
  set_number("WORLD_SIZE", what->num_processes);
  setenv("TORCHELASTIC_RUN_ID", what->name, 1);
  execl("/proc/self/exe", "process", "process", what->address, words.deadline,
        words.step, "-", (char *)NULL);
  _exit(127);
}

static void start_processes(running_job *r) {
  for (int i = 0; i < r->what.num_processes; i++) {
    if (!child_start(&r->processes[i])) become_process(&r->what, i);
  }
}

static bool wait_for_processes(running_job *r) {
  bool have_ended = true;
  for (int i = 0; i < r->what.num_processes; i++) {
    have_ended = child_wait(&r->processes[i]) && have_ended;
  }
  return have_ended;
}

/* ---- by mpirun ----------------------------------------------------------- */

static const char *output_of(const running_job *r, int id, temp_path *out) {
  char name[16];
  snprintf(name, sizeof name, "%d", id);
  return temp_at(&r->outputs, name, out);
}

static void start_mpirun(running_job *r) {
  enum { WORDS_EACH = 9 };
  const char *words[MAX_PROCESSES * WORDS_EACH + 1];
  part_words parts[MAX_PROCESSES];
  char self[PATH_MAX];
  int num = 0;
  const ssize_t size = readlink("/proc/self/exe", self, sizeof self - 1);
  assert_true(size > 0);
  self[size] = '\0';
  temp_tree_make(&r->outputs);
  for (int i = 0; i < r->what.num_processes; i++) {
    part_words *part = &parts[i];
    spell(&r->what, i, part);
    if (i) words[num++] = ":";
    words[num++] = "-n";
    words[num++] = "1";
    words[num++] = self;
    words[num++] = "process";
    words[num++] = r->what.address;
    words[num++] = part->deadline;
    words[num++] = part->step;
    words[num++] = output_of(r, i, &part->output);
  }
  words[num] = NULL;
  mpirun_start(&r->mpirun, words);
}

/* A process says how it ends, unless it is killed. */
static void read_end(const running_job *r, int id, child *out) {
  temp_path path;
  FILE *file = fopen(output_of(r, id, &path), "r");
  const size_t size =
      file ? fread(out->text, 1, sizeof out->text - 1, file) : 0;
  if (file) fclose(file);
  out->text[size] = '\0';
  const char *status = strstr(out->text, "status ");
  out->was_killed = !status;
  out->status = status ? (int)strtol(status + 7, NULL, 10) : -1;
}

static bool wait_for_mpirun(running_job *r) {
  const bool has_ended = child_wait(&r->mpirun);
  for (int i = 0; i < r->what.num_processes; i++) {
    read_end(r, i, &r->processes[i]);
  }
  temp_tree_remove(&r->outputs);
  if (strstr(r->mpirun.text, "Sanitizer")) fail_msg("%s", r->mpirun.text);
  return has_ended;
}

/* ---- threads ------------------------------------------------------------- */

static void *run_thread(void *part) { return (void *)(intptr_t)job_do(part); }

static void start_threads(running_job *r) {
  pjrt_kvstore *shared;
  assert_null(pjrt_kvstore_create_in_process(&shared));
  for (int i = 0; i < r->what.num_processes; i++) {
    child *c = &r->processes[i];
    *c = (child){0};
    r->parts[i] =
        (job_part){.deadline_ns = INT64_C(1000000) * deadline_of(&r->what, i),
                   .step = step_of(&r->what, i),
                   .output = fmemopen(c->text, sizeof c->text, "w"),
                   .shared = shared,
                   .id = i,
                   .num_processes = r->what.num_processes};
    assert_int_equal(
        pthread_create(&r->threads[i], NULL, run_thread, &r->parts[i]), 0);
  }
}

static bool wait_for_threads(running_job *r) {
  for (int i = 0; i < r->what.num_processes; i++) {
    void *status;
    pthread_join(r->threads[i], &status);
    fclose(r->parts[i].output);
    r->processes[i].status = (int)(intptr_t)status;
    r->processes[i].was_killed = r->processes[i].status == JOB_KILLED;
  }
  pjrt_kvstore_free(r->parts[0].shared);
  return true;
}

/* ---- all together -------------------------------------------------------- */

static bool is_mpirun(const job *what) {
  return what->address && strcmp(what->address, "pmix:") == 0;
}

void job_start(running_job *r, const job *what) {
  r->what = *what;
  if (!what->address) {
    start_threads(r);
  } else if (is_mpirun(what)) {
    start_mpirun(r);
  } else {
    start_processes(r);
  }
}

void job_wait(running_job *r) {
  const bool have_ended = !r->what.address      ? wait_for_threads(r)
                          : is_mpirun(&r->what) ? wait_for_mpirun(r)
                                                : wait_for_processes(r);
  if (!have_ended) fail_msg("job %s: a process does not end", r->what.name);
}
