/* The parts of `pjrt conform`. */
#ifndef CLI_CONFORM_H_
#define CLI_CONFORM_H_

#include <stdatomic.h>

#include "model.h"
#include "session.h"

typedef struct conform_options {
  common_options common;
  session_options session;
  compile_options compile;
  const char *folder;
  const char *match;
  const char *exceptions;
  int64_t jobs; /* 0: as many as there are cores */
  bool json;
} conform_options;

typedef enum verdict {
  VERDICT_NONE, /* it was not run */
  VERDICT_PASSED,
  VERDICT_FAILED,
  VERDICT_UNSUPPORTED, /* the plugin says that it does not compile such */
  VERDICT_CRASHED,
  VERDICT_TIMED_OUT,
  VERDICT_SKIPPED
} verdict;
#define NUM_VERDICTS (VERDICT_SKIPPED + 1)

/* "timed out" */
const char *verdict_name(verdict of);

/* ---- what is to be run --------------------------------------------------- */

/* A line of the --exceptions file. */
struct exception {
  char *name;
  verdict verdict;
  uint64_t max_ulps; /* of the result, at most; 0: no matter */
  const char *cause;
};

struct exceptions {
  char *text; /* of the file; the rest points into it */
  struct exception *items;
  size_t num;
};

/* Reads "NAME: VERDICT[, N ulps]: CAUSE", one a line, # for comments.
 * exceptions_free whatever happens. */
status exceptions_read(const struct cli *cli, const char *path,
                       struct exceptions *out);
void exceptions_free(struct exceptions *exceptions);

struct test_program {
  char *path;
  char *name; /* the path within the folder, without .mlir */
  const struct exception *exception; /* NULL: it must pass */
};

/* Sorted by name. */
struct test_programs {
  struct test_program *items;
  size_t num;
};

/* Finds the programs below the folder whose name has `match` in it, and what is
 * expected of them. programs_free whatever happens. */
status programs_find(const struct cli *cli, const char *folder,
                     const char *match, const struct exceptions *exceptions,
                     struct test_programs *out);
void programs_free(struct test_programs *programs);

/* ---- what came out ------------------------------------------------------- */

/* Of one program; in memory that workers and their parent share. */
struct test_result {
  verdict verdict;
  size_t num_checks;
  uint64_t max_ulps; /* ULPS_INFINITE where one of two was not finite */
  int64_t time_ns;
  char cause[512]; /* why it did not pass */
  /* What programs have in common that were skipped for the same reason, or that
   * the plugin does not support; else empty. */
  char group[48];
};

/* What a worker tells. */
struct test_state {
  atomic_bool has_begun; /* it has a client */
  atomic_size_t present; /* the program that it works on, + 1; 0: none */
};

enum { MAX_JOBS = 256 };

/* What all processes share. */
struct ledger {
  atomic_size_t next; /* the next program that nobody works on */
  struct {
    char plugin[256];
    char platform[64];
    int api_minor;
  } target; /* by the first worker, before it begins */
  struct test_state workers[MAX_JOBS];
  struct test_result results[];
};

/* How a result compares with what was expected. */
typedef enum surprise {
  SURPRISE_NONE,
  SURPRISE_BAD, /* nobody said that it would fail, or so badly */
  SURPRISE_GOOD /* it passes, although somebody said that it would not */
} surprise;

surprise result_surprise(const struct test_program *program,
                         const struct test_result *result);

/* ---- running ------------------------------------------------------------- */

/* What a worker process works with. */
struct test_worker {
  const conform_options *options;
  const struct test_programs *programs;
  struct ledger *ledger;
  struct test_state *state;
  int chatter;    /* where the plugin's words go; -1: to stderr */
  bool is_silent; /* why there is no client goes there, too */
};

/* Takes programs from the ledger and runs them until there are none; a
 * work_fn, whose `user` is a struct test_worker. */
status test_work(struct cli *cli, void *user);

/* Runs all programs in `num_jobs` processes. STATUS_OK when each has a
 * verdict. */
status pool_run(const struct cli *cli, const conform_options *options,
                const struct test_programs *programs, size_t num_jobs,
                struct ledger *ledger);

/* Draws how far it is, where stderr is a terminal; and takes it away. */
void progress_draw(const struct cli *cli, const struct ledger *ledger,
                   size_t num_programs);
void progress_erase(const struct cli *cli);

/* Prints the results. */
status conform_report(const struct cli *cli, const conform_options *options,
                      const struct test_programs *programs,
                      const struct ledger *ledger, int64_t time_ns);

#endif /* CLI_CONFORM_H_ */
