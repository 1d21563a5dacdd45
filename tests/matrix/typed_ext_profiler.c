/* The Profiler extension. */
#include "pjrt/ext/profiler.h"
#include "typed.h"

static void free_profiler(void *profiler) { pjrt_profiler_free(profiler); }

static pjrt_profiler *profiler_of(matrix_attempt *a) {
  return typed(a)->kept[0].object;
}

static pjrt_error *create(matrix_attempt *a) {
  pjrt_profiler *profiler;
  PJRT_TRY(matrix_open(a));
  PJRT_TRY(pjrt_profiler_create(a->plugin, NULL, &profiler));
  typed_keep(a, profiler, free_profiler);
  return NULL;
}

static pjrt_error *start(matrix_attempt *a) {
  return pjrt_profiler_start(profiler_of(a));
}

static pjrt_error *create_and_start(matrix_attempt *a) {
  PJRT_TRY(create(a));
  return start(a);
}

static pjrt_error *stop(matrix_attempt *a) {
  return pjrt_profiler_stop(profiler_of(a));
}

static pjrt_error *record(matrix_attempt *a) {
  PJRT_TRY(create_and_start(a));
  return stop(a);
}

static pjrt_error *collect_by(matrix_attempt *a,
                              pjrt_error *(*collect)(pjrt_profiler *profiler,
                                                     void **out,
                                                     size_t *out_size)) {
  void *data;
  size_t size;
  PJRT_TRY(collect(profiler_of(a), &data, &size));
  MATRIX_EXPECT(a, size > 0);
  pjrt_host_free(data);
  return NULL;
}

static pjrt_error *collect(matrix_attempt *a) {
  return collect_by(a, pjrt_profiler_collect);
}

static pjrt_error *consume(matrix_attempt *a) {
  return collect_by(a, pjrt_profiler_consume);
}

static pjrt_error *free_it(matrix_attempt *a) {
  pjrt_sim_live before, after;
  sim.get_live(&before);
  pjrt_profiler_free(profiler_of(a));
  typed(a)->kept[0].object = NULL;
  sim.get_live(&after);
  if (!a->how->may_leak) MATRIX_EXPECT(a, after.others + 1 == before.others);
  return NULL;
}

const matrix_case typed_ext_profiler_cases[] = {
    {.name = "pjrt_profiler_create", .prepare = typed_nothing, .run = create},
    {.name = "pjrt_profiler_start", .prepare = create, .run = start},
    {.name = "pjrt_profiler_stop", .prepare = create_and_start, .run = stop},
    {.name = "pjrt_profiler_collect", .prepare = record, .run = collect},
    {.name = "pjrt_profiler_consume", .prepare = record, .run = consume},
    {.name = "pjrt_profiler_free",
     .prepare = create_and_start,
     .run = free_it,
     .spare = "PLUGIN_Profiler_Stop"},
};
const size_t typed_num_ext_profiler_cases =
    sizeof typed_ext_profiler_cases / sizeof *typed_ext_profiler_cases;
