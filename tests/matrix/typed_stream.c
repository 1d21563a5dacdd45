/* Streams and chunks, execute contexts, and the options of a launch. An echoing
 * plugin calls every callback before the launch returns. */
#include <unistd.h>

#include "core/multi_slice.h"
#include "typed.h"

static void echo(pjrt_sim_options *options) {
  options->execution = PJRT_SIM_ECHO;
}

static pjrt_error *launch_with(matrix_attempt *a,
                               const pjrt_execute_opts *opts) {
  typed_world *w = typed(a);
  PJRT_TRY(
      pjrt_executable_execute(w->executable, w->args, 2, opts, w->outs, 1));
  return typed_expect(a, w->outs[0], typed_values);
}

/* ---- streams ------------------------------------------------------------- */

enum { STREAM_SIZE = 16, GRANULE = 4 };

static pjrt_error *take(pjrt_chunk *chunk, size_t total_size, bool is_last,
                        void *user) {
  size_t size;
  typed_world *w = user;
  pjrt_chunk_data(chunk, &size);
  w->num_callbacks += size == total_size && is_last;
  pjrt_chunk_free(chunk);
  return NULL;
}

static void keep(pjrt_stream *stream, void *user) {
  ((typed_world *)user)->stream = stream;
}

static void hang_up(pjrt_stream *stream, void *user) {
  ((typed_world *)user)->num_callbacks++;
  pjrt_stream_free(stream);
}

static pjrt_error *launch_with_callbacks(matrix_attempt *a, pjrt_recv_fn recv) {
  const pjrt_send_callback sends[] = {{5, take, typed(a)}};
  const pjrt_recv_callback recvs[] = {{6, recv, typed(a)}};
  pjrt_execute_opts opts;
  pjrt_execute_opts_init(&opts);
  opts.send_callbacks = sends;
  opts.num_send_callbacks = 1;
  opts.recv_callbacks = recvs;
  opts.num_recv_callbacks = 1;
  return launch_with(a, &opts);
}

static pjrt_error *execute_with_callbacks(matrix_attempt *a) {
  PJRT_TRY(launch_with_callbacks(a, hang_up));
  MATRIX_EXPECT(a, typed(a)->num_callbacks == 2);
  return NULL;
}

static pjrt_error *stream(matrix_attempt *a) {
  PJRT_TRY(typed_launch(a));
  PJRT_TRY(launch_with_callbacks(a, keep));
  MATRIX_EXPECT(a, typed(a)->stream);
  return NULL;
}

static pjrt_error *total_size(matrix_attempt *a) {
  size_t size;
  PJRT_TRY(pjrt_stream_total_size(typed(a)->stream, &size));
  MATRIX_EXPECT(a, size == STREAM_SIZE);
  return NULL;
}

static pjrt_error *granule_size(matrix_attempt *a) {
  size_t size;
  PJRT_TRY(pjrt_stream_granule_size(typed(a)->stream, &size));
  MATRIX_EXPECT(a, size == GRANULE);
  return NULL;
}

static pjrt_error *current_size(matrix_attempt *a) {
  size_t size;
  PJRT_TRY(pjrt_stream_current_size(typed(a)->stream, &size));
  MATRIX_EXPECT(a, size == 0);
  return NULL;
}

static void count_release(void *data, void *user) {
  (void)data;
  atomic_fetch_add(&((typed_world *)user)->num_releases, 1);
}

/* The bytes come back, whatever happens. */
static pjrt_error *add_chunk_async(matrix_attempt *a) {
  typed_world *w = typed(a);
  pjrt_chunk *chunk;
  PJRT_TRY(pjrt_chunk_create(w->read, STREAM_SIZE, count_release, w, &chunk));
  pjrt_error *error = pjrt_stream_add_chunk_async(w->stream, chunk, &w->event);
  if (!error) error = pjrt_event_await(w->event);
  MATRIX_EXPECT(a, atomic_load(&w->num_releases) == 1);
  return error;
}

static pjrt_error *free_stream(matrix_attempt *a) {
  typed_world *w = typed(a);
  pjrt_sim_live live;
  pjrt_stream_free(w->stream);
  w->stream = NULL;
  sim.get_live(&live);
  if (!a->how->may_leak) MATRIX_EXPECT(a, live.streams == 0);
  return NULL;
}

/* ---- contexts ------------------------------------------------------------ */

static pjrt_error *create_context(matrix_attempt *a) {
  typed_world *w = typed(a);
  return pjrt_execute_context_create(w->client, &w->context);
}

static pjrt_error *context(matrix_attempt *a) {
  PJRT_TRY(typed_client(a));
  return create_context(a);
}

static pjrt_error *free_context(matrix_attempt *a) {
  typed_world *w = typed(a);
  pjrt_sim_live live;
  pjrt_execute_context_free(w->context);
  w->context = NULL;
  sim.get_live(&live);
  /* The client has one of its own where it has handlers. */
  if (!a->how->may_leak) MATRIX_EXPECT(a, live.contexts <= live.clients);
  return NULL;
}

/* ---- options that came later --------------------------------------------- */

static pjrt_error *execute_in_context(matrix_attempt *a) {
  pjrt_execute_opts opts;
  pjrt_execute_opts_init(&opts);
  PJRT_TRY(create_context(a));
  opts.context = typed(a)->context;
  return launch_with(a, &opts);
}

static pjrt_error *execute_with_tasks(matrix_attempt *a) {
  static const int ids[] = {1, 2};
  static const int64_t incarnations[] = {10, 20};
  pjrt_execute_opts opts;
  pjrt_execute_opts_init(&opts);
  opts.task_ids = ids;
  opts.incarnation_ids = incarnations;
  opts.num_tasks = 2;
  return launch_with(a, &opts);
}

/* The plugin does not look into it. */
static pjrt_error *execute_in_slices(matrix_attempt *a) {
  pjrt_execute_opts opts;
  struct pjrt_multi_slice_config config = {
      .object = {.plugin = a->plugin,
                 .client = typed(a)->client,
                 .process = getpid(),
                 .refs = 1},
      .raw = (PJRT_MultiSlice_Config *)(void *)typed(a)->read};
  pjrt_execute_opts_init(&opts);
  opts.multi_slice_config = &config;
  return launch_with(a, &opts);
}

static pjrt_error *execute_major_to_minor(matrix_attempt *a) {
  pjrt_execute_opts opts;
  pjrt_execute_opts_init(&opts);
  opts.use_major_to_minor_data_layout_for_callbacks = true;
  return launch_with(a, &opts);
}

static void show(const pjrt_hlo_output *output, void *user) {
  typed_world *w = user;
  w->num_callbacks += output->operand_index == w->num_callbacks;
}

static pjrt_error *execute_showing(matrix_attempt *a) {
  const pjrt_hlo_output_callback callback = {7, 2, show, typed(a)};
  pjrt_execute_opts opts;
  pjrt_execute_opts_init(&opts);
  opts.hlo_output_callbacks = &callback;
  opts.num_hlo_output_callbacks = 1;
  PJRT_TRY(launch_with(a, &opts));
  MATRIX_EXPECT(a, typed(a)->num_callbacks == 2);
  return NULL;
}

static pjrt_error *execute_with_custom_options(matrix_attempt *a) {
  pjrt_execute_opts opts;
  pjrt_named_values *custom;
  pjrt_execute_opts_init(&opts);
  PJRT_TRY(pjrt_named_values_create(&custom));
  pjrt_error *error =
      pjrt_named_values_set_int64(custom, "level", PJRT_NUL_ENDED, 1);
  opts.custom_options = custom;
  if (!error) error = launch_with(a, &opts);
  pjrt_named_values_free(custom);
  return error;
}

/* ---- all ----------------------------------------------------------------- */

#define STREAM(function, check) \
  {.name = (function), .prepare = stream, .run = (check), .configure = echo}
#define OPTION(what, check, minor, message) \
  {.name = "pjrt_executable_execute",       \
   .prepare = typed_launch,                 \
   .run = (check),                          \
   .variant = (what),                       \
   .configure = echo,                       \
   .since = (minor),                        \
   .before = (message)}

const matrix_case typed_stream_cases[] = {
    STREAM("pjrt_stream_total_size", total_size),
    STREAM("pjrt_stream_granule_size", granule_size),
    STREAM("pjrt_stream_current_size", current_size),
    STREAM("pjrt_stream_add_chunk_async", add_chunk_async),
    STREAM("pjrt_stream_free", free_stream),
    {.name = "pjrt_execute_context_create",
     .prepare = typed_client,
     .run = create_context,
     .direct = "PJRT_ExecuteContext_Create"},
    {.name = "pjrt_execute_context_free",
     .prepare = context,
     .run = free_context,
     .direct = "PJRT_ExecuteContext_Create"},
    OPTION("with callbacks", execute_with_callbacks, 0, NULL),
    {.name = "pjrt_executable_execute",
     .prepare = typed_launch,
     .run = execute_in_context,
     .variant = "with context",
     .configure = echo,
     .since = 64,
     .before = "API 0.",
     .direct = "PJRT_ExecuteContext_Create"},
    OPTION("with task_ids", execute_with_tasks, 78,
           "num_tasks is newer than the plugin: API 0.78"),
    OPTION("with multi_slice_config", execute_in_slices, 97,
           "multi_slice_config is newer than the plugin: API 0.97"),
    OPTION("with use_major_to_minor_data_layout_for_callbacks",
           execute_major_to_minor, 108,
           "use_major_to_minor_data_layout_for_callbacks is newer than the "
           "plugin: API 0.108"),
    OPTION("with hlo_output_callbacks", execute_showing, 112,
           "num_hlo_output_callbacks is newer than the plugin: API 0.112"),
    OPTION("with custom_options", execute_with_custom_options, 116,
           "custom_options is newer than the plugin: API 0.116"),
};
const size_t typed_num_stream_cases =
    sizeof typed_stream_cases / sizeof *typed_stream_cases;
