/* What a call costs while more and more is alive: the library has no cost that
 * grows with it. Each side of a row is another count. */
#include <stdlib.h>

#include "session.h"

typedef struct growth {
  session *session;
  size_t num;
  pjrt_buffer **buffers;
  pjrt_executable **executables;
} growth;

static growth *growth_of(session *opened, size_t num) {
  growth *it = allocate(1, sizeof *it);
  *it = (growth){.session = opened, .num = num};
  return it;
}

static void execute_await(const session *it, pjrt_executable *executable) {
  check(pjrt_executable_execute(executable, it->args, it->shape.num_args, NULL,
                                it->outs, it->shape.num_outs));
  for (size_t i = 0; i < it->shape.num_outs; i++) pjrt_buffer_free(it->outs[i]);
}

/* ---- buffers ------------------------------------------------------------- */

static void open_buffers(const bench_setup *setup, const bench_row *row,
                         void **states) {
  for (size_t i = 0; i < row_num_sides(row); i++) {
    growth *it = growth_of(session_open(setup, (program_shape){2, 1, 1}, 1),
                           row->sides[i].size);
    it->buffers = allocate(it->num, sizeof *it->buffers);
    for (size_t j = 0; j < it->num; j++) {
      it->buffers[j] = session_scalar(it->session, 1);
    }
    states[i] = it;
  }
}

/* One more of each: an uploaded buffer and an output. */
static void run_buffers(void *state) {
  const growth *it = state;
  pjrt_buffer_free(session_scalar(it->session, 1));
  execute_await(it->session, it->session->executable);
}

/* ---- executables --------------------------------------------------------- */

static void open_executables(const bench_setup *setup, const bench_row *row,
                             void **states) {
  for (size_t i = 0; i < row_num_sides(row); i++) {
    const program_shape shape = {2, 1, 1};
    growth *it = growth_of(session_open(setup, shape, 1), row->sides[i].size);
    it->executables = allocate(it->num, sizeof *it->executables);
    for (size_t j = 0; j < it->num; j++) {
      it->executables[j] = session_compile(it->session, shape, 1);
    }
    states[i] = it;
  }
}

static void run_executables(void *state) {
  const growth *it = state;
  execute_await(it->session, it->executables[it->num / 2]);
}

/* ---- arguments ----------------------------------------------------------- */

static void open_arguments(const bench_setup *setup, const bench_row *row,
                           void **states) {
  for (size_t i = 0; i < row_num_sides(row); i++) {
    const program_shape shape = {row->sides[i].size, 1, 1};
    states[i] = growth_of(session_open(setup, shape, 1), 0);
  }
}

static void run_arguments(void *state) {
  const growth *it = state;
  execute_await(it->session, it->session->executable);
}

/* ---- devices ------------------------------------------------------------- */

static void open_devices(const bench_setup *setup, const bench_row *row,
                         void **states) {
  for (size_t i = 0; i < row_num_sides(row); i++) {
    const size_t num = row->sides[i].size;
    states[i] = growth_of(session_open_client(setup, (int64_t)num), num);
  }
}

/* Finds the last device, and uploads to it. */
static void run_devices(void *state) {
  const growth *it = state;
  static const float value = 1;
  pjrt_device *device;
  pjrt_buffer *buffer;
  check(pjrt_client_lookup_device(it->session->client, (int)it->num - 1,
                                  &device));
  check(pjrt_buffer_from_host(device, PJRT_F32, NULL, 0, &value, sizeof value,
                              &buffer));
  pjrt_buffer_free(buffer);
}

/* A client of so many devices from the first call to the last. */
static void run_clients(void *state) {
  const growth *it = state;
  session_close(session_open_client(it->session->setup, (int64_t)it->num));
}

/* ---- the rows ------------------------------------------------------------ */

static void close_growth(const bench_row *row, void **states) {
  for (size_t i = 0; i < row_num_sides(row); i++) {
    growth *it = states[i];
    for (size_t j = 0; it->buffers && j < it->num; j++) {
      pjrt_buffer_free(it->buffers[j]);
    }
    for (size_t j = 0; it->executables && j < it->num; j++) {
      pjrt_executable_free(it->executables[j]);
    }
    free(it->buffers);
    free(it->executables);
    session_close(it->session);
    free(it);
  }
}

const bench_row growth_rows[] = {{"growth: live buffers",
                                  open_buffers,
                                  close_growth,
                                  0,
                                  {{"1", run_buffers, 1, 1},
                                   {"100", run_buffers, 100, 1},
                                   {"10000", run_buffers, 10000, 1},
                                   {"100000", run_buffers, 100000, 1}}},
                                 {"growth: executables",
                                  open_executables,
                                  close_growth,
                                  0,
                                  {{"1", run_executables, 1, 1},
                                   {"100", run_executables, 100, 1},
                                   {"1000", run_executables, 1000, 1},
                                   {"10000", run_executables, 10000, 1}}},
                                 {"growth: arguments",
                                  open_arguments,
                                  close_growth,
                                  0,
                                  {{"1", run_arguments, 1, 1},
                                   {"16", run_arguments, 16, 16},
                                   {"256", run_arguments, 256, 256},
                                   {"1024", run_arguments, 1024, 1024}}},
                                 {"growth: devices",
                                  open_devices,
                                  close_growth,
                                  0,
                                  {{"1", run_devices, 1, 1},
                                   {"100", run_devices, 100, 1},
                                   {"1000", run_devices, 1000, 1},
                                   {"10000", run_devices, 10000, 1}}},
                                 {"growth: client, each device",
                                  open_devices,
                                  close_growth,
                                  0,
                                  {{"1", run_clients, 1, 1},
                                   {"100", run_clients, 100, 100},
                                   {"1000", run_clients, 1000, 1000},
                                   {"10000", run_clients, 10000, 10000}}},
                                 {0}};
