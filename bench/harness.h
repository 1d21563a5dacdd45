/* Rows of a benchmark: the sides of a row do the same, each in its own way, and
 * are timed in turn, batch by batch, so that a noisy neighbour hits all. */
#ifndef PJRT_BENCH_HARNESS_H_
#define PJRT_BENCH_HARNESS_H_

#include <pjrt/pjrt.h>

enum { MAX_SIDES = 16 };

typedef struct bench_setup {
  pjrt_plugin *plugin;
  bool checked; /* results are compared: the plugin computes them */
} bench_setup;

typedef struct bench_side {
  const char *name;
  void (*run)(void *state);
  size_t size;  /* what the row varies: bytes, arguments, threads, ... */
  size_t units; /* how many calls a run stands for; 0: one */
} bench_side;

typedef struct bench_row {
  const char *name;
  /* Makes the state of each side; several may share one. */
  void (*open)(const bench_setup *setup, const struct bench_row *row,
               void **states);
  void (*close)(const struct bench_row *row, void **states);
  size_t size;
  bench_side sides[MAX_SIDES]; /* up to the first without a name */
} bench_row;

/* The rows of each file, up to the first without a name. */
extern const bench_row execute_rows[];
extern const bench_row transfer_rows[];
extern const bench_row growth_rows[];

size_t row_num_sides(const bench_row *row);

/* Prints the names of the rows whose name holds `match`. */
void harness_list(const char *match);

/* Measures the rows whose name holds `match`, each for about so many seconds
 * and at most so many rounds, and prints for each side
 *   row TAB side TAB nanoseconds per unit, one for each round
 */
void harness_measure(const bench_setup *setup, const char *match,
                     double seconds, int max_rounds);

/* Reads lines "row TAB side TAB times" from stdin, runs that side so often and
 * prints the nanoseconds that it took. How a script measures it in turn with
 * other programs. */
void harness_serve(const bench_setup *setup);

/* These end the program, saying why. */
_Noreturn void fail(const char *what);
void check(pjrt_error *error);
void *allocate(size_t num, size_t size); /* zeros */

/* Unless the value is what was expected. */
void check_value(const char *what, float expected, float found);

double now_ns(void);

#endif /* PJRT_BENCH_HARNESS_H_ */
