#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "launch.h"
#include "supervise.h"

/* ---- do the inputs fit? -------------------------------------------------- */

static status check_count(const struct cli *cli,
                          const pjrt_executable *executable, size_t num_inputs,
                          size_t num_devices) {
  if (!pjrt_executable_is_checked(executable)) return STATUS_OK;
  size_t num = pjrt_executable_num_parameters(executable);
  if (num_inputs == num || num_inputs == num * num_devices) return STATUS_OK;
  if (num_devices == 1) {
    return fail(cli, STATUS_INPUT, "expected %zu --input for %s, found %zu",
                num, pjrt_executable_name(executable, NULL), num_inputs);
  }
  return fail(cli, STATUS_INPUT,
              "expected %zu --input for %s, or %zu for its %zu devices, found "
              "%zu",
              num, pjrt_executable_name(executable, NULL), num * num_devices,
              num_devices, num_inputs);
}

static bool fits(const pjrt_array *array, pjrt_dtype dtype, const int64_t *dims,
                 size_t num_dims) {
  size_t num;
  const int64_t *array_dims = pjrt_array_dims(array, &num);
  return pjrt_array_dtype(array) == dtype && num == num_dims &&
         memcmp(array_dims, dims, num * sizeof *dims) == 0;
}

static status check_input(const struct cli *cli,
                          const pjrt_executable *executable, size_t i,
                          struct given_array *input) {
  size_t parameter = i % pjrt_executable_num_parameters(executable);
  pjrt_dtype dtype = pjrt_executable_parameter_dtype(executable, parameter);
  size_t num_dims;
  const int64_t *dims =
      pjrt_executable_parameter_dims(executable, parameter, &num_dims);
  pjrt_error *error = array_settle(input, dtype);
  if (error) return fail_error(cli, STATUS_INPUT, error, "--input %zu", i);
  if (fits(input->array, dtype, dims, num_dims)) return STATUS_OK;
  char want[128], got[128];
  shape_text(dtype, dims, num_dims, want, sizeof want);
  dims = pjrt_array_dims(input->array, &num_dims);
  shape_text(pjrt_array_dtype(input->array), dims, num_dims, got, sizeof got);
  return fail(cli, STATUS_INPUT,
              "--input %zu (%.40s%s): expected %s for parameter %zu of %s, "
              "found %s",
              i, input->text, strlen(input->text) > 40 ? "..." : "", want,
              parameter, pjrt_executable_name(executable, NULL), got);
}

/* Arrays that name no type have none without a signature either. */
static status check_unchecked(const struct cli *cli,
                              const struct given_arrays *inputs) {
  for (size_t i = 0; i < inputs->num; i++) {
    pjrt_error *error = array_settle(&inputs->items[i], PJRT_DTYPE_INVALID);
    if (error) return fail_error(cli, STATUS_INPUT, error, "--input %zu", i);
  }
  return STATUS_OK;
}

static status check_inputs(const struct cli *cli,
                           const pjrt_executable *executable,
                           const struct given_arrays *inputs,
                           size_t num_devices) {
  if (!pjrt_executable_is_checked(executable)) {
    return check_unchecked(cli, inputs);
  }
  status code = check_count(cli, executable, inputs->num, num_devices);
  for (size_t i = 0; code == STATUS_OK && i < inputs->num; i++) {
    code = check_input(cli, executable, i, &inputs->items[i]);
  }
  return code;
}

/* ---- buffers ------------------------------------------------------------- */

static void free_buffers(pjrt_buffer **buffers, size_t num) {
  for (size_t i = 0; buffers && i < num; i++) pjrt_buffer_free(buffers[i]);
  free(buffers);
}

static bool launch_init(struct launch *launch,
                        const pjrt_executable *executable, size_t num_inputs) {
  size_t num_devices = pjrt_executable_num_devices(executable);
  bool checked = pjrt_executable_is_checked(executable);
  *launch = (struct launch){
      .num_devices = num_devices,
      .num_args = checked ? pjrt_executable_num_parameters(executable)
                          : num_inputs / num_devices,
      .num_outs = pjrt_executable_num_outputs(executable)};
  /* One more: calloc of nothing may be NULL. */
  launch->args =
      calloc(num_devices * launch->num_args + 1, sizeof *launch->args);
  launch->outs =
      calloc(num_devices * launch->num_outs + 1, sizeof *launch->outs);
  return launch->args && launch->outs;
}

void launch_free(struct launch *launch) {
  free_buffers(launch->args, launch->num_devices * launch->num_args);
  free_buffers(launch->outs, launch->num_devices * launch->num_outs);
}

static status upload(struct cli *cli, pjrt_executable *executable,
                     const struct given_arrays *inputs, struct launch *launch) {
  for (size_t d = 0; d < launch->num_devices; d++) {
    pjrt_device *device = pjrt_executable_device(executable, d);
    for (size_t a = 0; a < launch->num_args; a++) {
      size_t at = d * launch->num_args + a;
      const struct given_array *input = &inputs->items[at % inputs->num];
      call_begin(cli, "PJRT_Client_BufferFromHostBuffer", "uploading");
      pjrt_error *error =
          pjrt_buffer_from_array(device, input->array, &launch->args[at]);
      call_end(cli);
      if (error) {
        return fail_error(cli, STATUS_EXECUTE, error,
                          "cannot upload --input %zu to device %d",
                          at % inputs->num, pjrt_device_id(device));
      }
    }
  }
  return STATUS_OK;
}

status launch_prepare(struct cli *cli, pjrt_executable *executable,
                      const struct given_arrays *inputs, struct launch *out) {
  size_t num_devices = pjrt_executable_num_devices(executable);
  *out = (struct launch){0};
  if (num_devices == 0) { /* a portable one, saved by another program */
    return fail(cli, STATUS_INPUT, "%s is compiled for no device in particular",
                pjrt_executable_name(executable, NULL));
  }
  status code = check_inputs(cli, executable, inputs, num_devices);
  if (code != STATUS_OK) return code;
  if (!launch_init(out, executable, inputs->num)) {
    return fail_system(cli, "calloc");
  }
  return upload(cli, executable, inputs, out);
}
