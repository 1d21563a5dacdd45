#include "plugin/line.h"

#include <stdlib.h>

#include "plugin/clock.h"
#include "plugin/faults.h"

enum {
  PLACES_BACK = 8,          /* how far a piece may fall behind */
  SHORTEST_DELAY_US = 1000, /* for each of them */
  MICROSECONDS = 1000000    /* in a second */
};

struct sim_line {
  atomic_int refs;
  int64_t latency_us;
  int64_t bytes_per_s;
  /* Guarded by the clock's lock. */
  int64_t free_at;
  uint64_t num_pieces;
  int start; /* which one of the clock's these two belong to */
};

sim_line *sim_line_create(int64_t latency_us, int64_t bytes_per_s) {
  sim_line *line = sim_allocate(sizeof(*line));
  line->refs = 1;
  line->latency_us = latency_us;
  line->bytes_per_s = bytes_per_s;
  return line;
}

sim_line *sim_line_share(sim_line *line) {
  atomic_fetch_add(&line->refs, 1);
  return line;
}

void sim_line_drop(sim_line *line) {
  if (atomic_fetch_sub(&line->refs, 1) == 1) free(line);
}

/* Rounded up to microseconds. */
static int64_t time_of_bytes(uint64_t bytes, uint64_t rate) {
  const uint64_t seconds = bytes / rate, rest = bytes % rate;
  if (seconds >= INT64_MAX / MICROSECONDS) return INT64_MAX;
  const uint64_t us = rest > INT64_MAX / MICROSECONDS
                          ? rest / (rate / MICROSECONDS)
                          : (rest * MICROSECONDS + rate - 1) / rate;
  return (int64_t)(seconds * MICROSECONDS + us);
}

static int64_t duration(const sim_line *line, size_t num_bytes) {
  if (!line->bytes_per_s) return line->latency_us;
  return sim_time_after(time_of_bytes(num_bytes, (uint64_t)line->bytes_per_s),
                        line->latency_us);
}

/* What was before the clock's latest start is over. */
static void renew(sim_line *line, int start) {
  if (line->start == start) return;
  line->start = start;
  line->free_at = 0;
  line->num_pieces = 0;
}

/* Takes the lines, and returns when that ends. */
static int64_t reserve(sim_line *const *lines, size_t num_lines, int64_t us) {
  int start;
  sim_clock_lock();
  int64_t begin = sim_clock_read(&start);
  for (size_t i = 0; i < num_lines; i++) {
    renew(lines[i], start);
    if (begin < lines[i]->free_at) begin = lines[i]->free_at;
  }
  const int64_t end = sim_time_after(begin, us);
  for (size_t i = 0; i < num_lines; i++) lines[i]->free_at = end;
  sim_clock_unlock();
  return end;
}

static sim_future *done_already(void) {
  sim_future *future = sim_future_pending();
  sim_future_complete(future, PJRT_Error_Code_OK, "", 0);
  return future;
}

sim_future *sim_lines_use(sim_line *const *lines, size_t num_lines,
                          size_t num_bytes) {
  int64_t longest = 0;
  for (size_t i = 0; i < num_lines; i++) {
    const int64_t us = duration(lines[i], num_bytes);
    if (longest < us) longest = us;
  }
  if (!longest) return done_already();
  return sim_future_at(reserve(lines, num_lines, longest));
}

sim_future *sim_line_use_for_piece(sim_line *line, size_t num_bytes) {
  const pjrt_sim_options *options = sim_options();
  if (!options->chunks_out_of_order) return sim_lines_use(&line, 1, num_bytes);
  const int64_t us = duration(line, num_bytes);
  const int64_t place = us < SHORTEST_DELAY_US ? SHORTEST_DELAY_US : us;
  int64_t when = reserve(&line, 1, us);
  sim_clock_lock();
  const uint64_t n = line->num_pieces++;
  sim_clock_unlock();
  const uint64_t back =
      sim_mix(sim_mix((uint64_t)options->seed) ^ n) % PLACES_BACK;
  for (uint64_t i = 0; i < back; i++) when = sim_time_after(when, place);
  return sim_future_at(when);
}
