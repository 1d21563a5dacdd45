#include "harness.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A batch takes at least that long, which is long against reading the clock. */
static const double batch_ns = 1e6;

enum {
  MIN_ROUNDS = 6,
  MAX_ROUNDS = 1000,
  MAX_BATCH = 1 << 20,
  CALIBRATIONS = 5
};

_Noreturn void fail(const char *what) {
  fprintf(stderr, "bench: %s\n", what);
  exit(EXIT_FAILURE);
}

void check(pjrt_error *error) {
  if (!error) return;
  pjrt_error_print(error, stderr);
  exit(EXIT_FAILURE);
}

void *allocate(size_t num, size_t size) {
  void *memory = calloc(num ? num : 1, size);
  if (!memory) fail("out of memory");
  return memory;
}

void check_value(const char *what, float expected, float found) {
  if (found == expected) return;
  fprintf(stderr, "bench: %s: expected %g, found %g\n", what, expected, found);
  exit(EXIT_FAILURE);
}

double now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

size_t row_num_sides(const bench_row *row) {
  size_t num = 0;
  while (num < MAX_SIDES && row->sides[num].name) num++;
  return num;
}

static double run(const bench_side *side, void *state, long times) {
  const double start = now_ns();
  for (long i = 0; i < times; i++) side->run(state);
  return now_ns() - start;
}

/* How often a batch runs the side. Warms it up, too. All batches take the same
 * time: the longer one is, the likelier it is to be interrupted, and no side
 * must be so more often than another. */
static long batch_of(const bench_side *side, void *state) {
  long times = 1;
  while (times < MAX_BATCH && run(side, state, times) < batch_ns) times *= 2;
  double least = 1e30;
  for (int i = 0; times > 1 && i < CALIBRATIONS; i++) {
    const double ns = run(side, state, times);
    if (ns < least) least = ns;
  }
  const long fitting = (long)((double)times * batch_ns / least);
  return fitting < 1 ? 1 : fitting < MAX_BATCH ? fitting : MAX_BATCH;
}

/* ---- in turn ------------------------------------------------------------- */

struct samples {
  long batch[MAX_SIDES];
  double ns[MAX_SIDES][MAX_ROUNDS];
};

static void measure_round(const bench_row *row, void **states, size_t round,
                          struct samples *samples) {
  const size_t num = row_num_sides(row);
  for (size_t i = 0; i < num; i++) {
    /* Back and forth, so that no side is always the first. */
    const size_t which = round % 2 ? num - 1 - i : i;
    const bench_side *side = &row->sides[which];
    const size_t units = side->units ? side->units : 1;
    samples->ns[which][round] =
        run(side, states[which], samples->batch[which]) /
        (double)samples->batch[which] / (double)units;
  }
}

static void print_samples(const bench_row *row, const struct samples *samples,
                          size_t num_rounds) {
  for (size_t i = 0; i < row_num_sides(row); i++) {
    printf("%s\t%s\t", row->name, row->sides[i].name);
    for (size_t j = 0; j < num_rounds; j++) {
      printf("%s%.2f", j ? " " : "", samples->ns[i][j]);
    }
    printf("\n");
  }
  fflush(stdout);
}

static void measure_row(const bench_row *row, void **states, double seconds,
                        int max_rounds) {
  struct samples *samples = allocate(1, sizeof *samples);
  for (size_t i = 0; i < row_num_sides(row); i++) {
    samples->batch[i] = batch_of(&row->sides[i], states[i]);
  }
  const double end = now_ns() + seconds * 1e9;
  size_t round = 0;
  while (round < (size_t)max_rounds && round < MAX_ROUNDS &&
         (round < MIN_ROUNDS || now_ns() < end)) {
    measure_round(row, states, round++, samples);
  }
  print_samples(row, samples, round);
  free(samples);
}

static const bench_row *const tables[] = {execute_rows, transfer_rows,
                                          growth_rows};
enum { NUM_TABLES = sizeof tables / sizeof *tables };

void harness_list(const char *match) {
  for (size_t i = 0; i < NUM_TABLES; i++) {
    for (const bench_row *row = tables[i]; row->name; row++) {
      if (strstr(row->name, match)) printf("%s\n", row->name);
    }
  }
}

void harness_measure(const bench_setup *setup, const char *match,
                     double seconds, int max_rounds) {
  for (size_t i = 0; i < NUM_TABLES; i++) {
    for (const bench_row *row = tables[i]; row->name; row++) {
      if (!strstr(row->name, match)) continue;
      void *states[MAX_SIDES] = {0};
      row->open(setup, row, states);
      measure_row(row, states, seconds, max_rounds);
      row->close(row, states);
    }
  }
}

/* ---- on request ---------------------------------------------------------- */

static const bench_row *find_row(const char *name) {
  for (size_t i = 0; i < NUM_TABLES; i++) {
    for (const bench_row *row = tables[i]; row->name; row++) {
      if (strcmp(row->name, name) == 0) return row;
    }
  }
  return NULL;
}

static size_t find_side(const bench_row *row, const char *name) {
  size_t i = 0;
  while (i < row_num_sides(row) && strcmp(row->sides[i].name, name) != 0) i++;
  return i;
}

/* The row that was asked for last stays open. */
struct served {
  const bench_row *row;
  void *states[MAX_SIDES];
};

static void serve_row(const bench_setup *setup, struct served *it,
                      const bench_row *next) {
  if (it->row == next) return;
  if (it->row) it->row->close(it->row, it->states);
  *it = (struct served){.row = next};
  if (next) next->open(setup, next, it->states);
}

static void serve_line(const bench_setup *setup, struct served *it,
                       char *line) {
  char *rest = line;
  const char *row_name = strsep(&rest, "\t");
  const char *side_name = strsep(&rest, "\t");
  const bench_row *row = find_row(row_name);
  const size_t i = row && side_name ? find_side(row, side_name) : 0;
  const long times = rest ? strtol(rest, NULL, 10) : 0;
  if (!row || i == row_num_sides(row) || times < 1) {
    printf("absent no such row\n");
  } else {
    serve_row(setup, it, row);
    printf("%.0f\n", run(&row->sides[i], it->states[i], times));
  }
  fflush(stdout);
}

void harness_serve(const bench_setup *setup) {
  struct served it = {0};
  char *line = NULL;
  size_t capacity = 0;
  while (getline(&line, &capacity, stdin) > 0) serve_line(setup, &it, line);
  serve_row(setup, &it, NULL);
  free(line);
}
