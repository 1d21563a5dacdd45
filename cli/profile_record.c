#include <stdlib.h>
#include <string.h>

#include "board.h"
#include "profile.h"
#include "supervise.h"

/* One recording under way. */
struct recording {
  struct cli *cli;
  const profile_options *options;
  struct session session;
  pjrt_profiler *profiler; /* NULL with --host */
  pjrt_executable *executable;
  struct launch launch;
  int64_t *kept; /* every argument: the program may donate none */
  struct host_record host;
};

/* ---- the plugin's profiler ----------------------------------------------- */

enum { PROFILER_EXTENSION = 1 };

/* Before anything is compiled for nothing. */
static status check_plugin(struct recording *r) {
  const pjrt_plugin *plugin = r->session.plugin;
  if (r->options->host ||
      pjrt_plugin_find_extension(plugin, PROFILER_EXTENSION) <
          pjrt_plugin_num_extensions(plugin)) {
    return STATUS_OK;
  }
  return fail(r->cli, STATUS_PLUGIN,
              "%s has no profiler (it lacks the extension Profiler, as plugins "
              "for CPUs do); --host records the steps of this command instead",
              pjrt_plugin_path(plugin, NULL));
}

static status tell(struct recording *r, pjrt_error *error, const char *what) {
  call_end(r->cli);
  if (!error) return STATUS_OK;
  return fail_error(r->cli, STATUS_PLUGIN, error, "cannot %s", what);
}

static status start(struct recording *r) {
  if (r->options->host) return STATUS_OK;
  call_begin(r->cli, "PLUGIN_Profiler_Create", "making a profiler");
  status code =
      tell(r, pjrt_profiler_create(r->session.plugin, NULL, &r->profiler),
           "make a profiler");
  if (code != STATUS_OK) return code;
  call_begin(r->cli, "PLUGIN_Profiler_Start", "starting the profiler");
  return tell(r, pjrt_profiler_start(r->profiler), "start the profiler");
}

static status stop(struct recording *r, void **out, size_t *out_size) {
  *out = NULL;
  *out_size = 0;
  if (!r->profiler) return STATUS_OK;
  call_begin(r->cli, "PLUGIN_Profiler_Stop", "stopping the profiler");
  status code = tell(r, pjrt_profiler_stop(r->profiler), "stop the profiler");
  if (code != STATUS_OK) return code;
  call_begin(r->cli, "PLUGIN_Profiler_CollectData", "collecting the profile");
  return tell(r, pjrt_profiler_collect(r->profiler, out, out_size),
              "collect the profile");
}

/* ---- what is recorded ---------------------------------------------------- */

static status compile(struct recording *r, const struct model *model) {
  const int64_t begin = now_ns();
  status code = model_load(r->cli, model, &r->options->compile,
                           r->session.client, &r->executable);
  host_record_add(&r->host, HOST_COMPILE, begin);
  return code;
}

static status upload(struct recording *r, struct given_arrays *inputs) {
  status code = STATUS_OK;
  if (inputs->num == 0) code = arrays_of_zeros(r->cli, r->executable, inputs);
  if (code != STATUS_OK) return code;
  const int64_t begin = now_ns();
  code = launch_prepare(r->cli, r->executable, inputs, &r->launch);
  host_record_add(&r->host, HOST_UPLOAD, begin);
  if (code != STATUS_OK) return code;
  r->kept = calloc(r->launch.num_args + 1, sizeof *r->kept);
  if (!r->kept) return fail_system(r->cli, "calloc");
  for (size_t i = 0; i < r->launch.num_args; i++) r->kept[i] = (int64_t)i;
  return STATUS_OK;
}

static void free_outs(struct recording *r) {
  const size_t num = r->launch.num_devices * r->launch.num_outs;
  for (size_t i = 0; i < num; i++) {
    pjrt_buffer_free(r->launch.outs[i]);
    r->launch.outs[i] = NULL;
  }
}

static pjrt_error *launch_and_await(struct recording *r, bool is_recorded) {
  const struct launch *launch = &r->launch;
  struct host_record unheard = {0};
  struct host_record *to = is_recorded ? &r->host : &unheard;
  pjrt_event *done;
  pjrt_execute_opts opts;
  pjrt_execute_opts_init(&opts);
  opts.non_donatable_inputs = r->kept;
  opts.num_non_donatable_inputs = launch->num_args;
  free_outs(r);
  int64_t begin = now_ns();
  pjrt_error *error = pjrt_executable_execute_sharded_async(
      r->executable, launch->num_devices, launch->args, launch->num_args, &opts,
      launch->outs, launch->num_outs, &done);
  host_record_add(to, HOST_LAUNCH, begin);
  begin = now_ns();
  if (!error) error = pjrt_event_await(done);
  host_record_add(to, HOST_AWAIT, begin);
  pjrt_event_free(done);
  host_record_free(&unheard);
  return error;
}

static status run(struct recording *r, int64_t times, bool is_recorded) {
  for (int64_t i = 0; i < times; i++) {
    call_begin(r->cli, "PJRT_LoadedExecutable_Execute", "running");
    pjrt_error *error = launch_and_await(r, is_recorded);
    call_end(r->cli);
    if (!error) continue;
    return fail_error(r->cli, STATUS_EXECUTE, error, "cannot run %s",
                      pjrt_executable_name(r->executable, NULL));
  }
  return STATUS_OK;
}

/* The results of the last run, once; of no run there are none. */
static status download(struct recording *r) {
  const bool has_run = r->options->runs > 0 || r->options->warmup > 0;
  const size_t num = has_run ? r->launch.num_devices * r->launch.num_outs : 0;
  for (size_t i = 0; i < num; i++) {
    pjrt_array *array;
    const int64_t begin = now_ns();
    call_begin(r->cli, "PJRT_Buffer_ToHostBuffer", "downloading");
    pjrt_error *error = pjrt_buffer_to_array(r->launch.outs[i], &array);
    call_end(r->cli);
    host_record_add(&r->host, HOST_DOWNLOAD, begin);
    pjrt_array_free(array);
    if (error) {
      return fail_error(r->cli, STATUS_EXECUTE, error,
                        "cannot download result %zu", i);
    }
  }
  return STATUS_OK;
}

static status run_all(struct recording *r, const struct model *model,
                      struct given_arrays *inputs) {
  const bool from_the_start = r->options->with_compile;
  status code = session_create_client(r->cli, &r->session, NULL);
  if (code == STATUS_OK && from_the_start) code = start(r);
  if (code == STATUS_OK) code = compile(r, model);
  if (code == STATUS_OK) code = upload(r, inputs);
  if (code == STATUS_OK) code = run(r, r->options->warmup, false);
  if (code == STATUS_OK && !from_the_start) code = start(r);
  if (code == STATUS_OK) code = run(r, r->options->runs, true);
  if (code == STATUS_OK) code = download(r);
  return code;
}

/* ---- the whole ----------------------------------------------------------- */

/* Our plane goes behind what the plugin tells. */
static status join(struct recording *r, const void *data, size_t size,
                   struct profile *out) {
  size_t host_size;
  void *host = host_record_pack(&r->host, &host_size);
  out->data = host ? malloc(size + host_size + 1) : NULL;
  if (out->data) {
    out->size = size + host_size;
    if (size) memcpy(out->data, data, size);
    memcpy((char *)out->data + size, host, host_size);
  }
  free(host);
  return out->data ? STATUS_OK : fail_system(r->cli, "malloc");
}

static void clean_up(struct recording *r) {
  pjrt_profiler_free(r->profiler);
  if (r->launch.outs) free_outs(r);
  launch_free(&r->launch);
  free(r->kept);
  host_record_free(&r->host);
  pjrt_executable_free(r->executable);
  session_close(r->cli, &r->session);
}

status profile_record(struct cli *cli, const profile_options *options,
                      const struct model *model, struct given_arrays *inputs,
                      struct profile *out) {
  struct recording r = {.cli = cli, .options = options};
  void *data = NULL;
  size_t size = 0;
  status code =
      session_open_plugin(cli, &options->session, false, &r.session, NULL);
  if (code == STATUS_OK) code = check_plugin(&r);
  if (code == STATUS_OK) code = run_all(&r, model, inputs);
  if (code == STATUS_OK) code = stop(&r, &data, &size);
  if (code == STATUS_OK) code = join(&r, data, size, out);
  pjrt_host_free(data);
  clean_up(&r);
  return code;
}
