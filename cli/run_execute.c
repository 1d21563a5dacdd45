#include <stdlib.h>

#include "run.h"
#include "supervise.h"

static status launch_execute(struct cli *cli, pjrt_executable *executable,
                             struct launch *launch) {
  call_begin(cli, "PJRT_LoadedExecutable_Execute", "running");
  pjrt_error *error = pjrt_executable_execute_sharded(
      executable, launch->num_devices, launch->args, launch->num_args, NULL,
      launch->outs, launch->num_outs);
  call_end(cli);
  if (!error) return STATUS_OK;
  return fail_error(cli, STATUS_EXECUTE, error, "cannot run %s",
                    pjrt_executable_name(executable, NULL));
}

static status download(struct cli *cli, const struct launch *launch,
                       struct results *out) {
  size_t num = launch->num_devices * launch->num_outs;
  out->num_devices = launch->num_devices;
  out->num_outputs = launch->num_outs;
  out->arrays = calloc(num + 1, sizeof *out->arrays);
  if (!out->arrays) return fail_system(cli, "calloc");
  for (size_t i = 0; i < num; i++) {
    call_begin(cli, "PJRT_Buffer_ToHostBuffer", "downloading");
    pjrt_error *error = pjrt_buffer_to_array(launch->outs[i], &out->arrays[i]);
    call_end(cli);
    if (error) {
      return fail_error(cli, STATUS_EXECUTE, error,
                        "cannot download result %zu", i);
    }
  }
  return STATUS_OK;
}

status execute(struct cli *cli, pjrt_executable *executable,
               const struct given_arrays *inputs, struct results *out) {
  struct launch launch;
  status code = launch_prepare(cli, executable, inputs, &launch);
  if (code == STATUS_OK) code = launch_execute(cli, executable, &launch);
  if (code == STATUS_OK) code = download(cli, &launch, out);
  launch_free(&launch);
  return code;
}

void results_free(struct results *results) {
  size_t num = results->num_devices * results->num_outputs;
  for (size_t i = 0; results->arrays && i < num; i++) {
    pjrt_array_free(results->arrays[i]);
  }
  free(results->arrays);
}
