/* Execution: what is asked for, and what becomes of the arguments. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/executable.h"
#include "plugin/loss.h"
#include "plugin/machine.h"
#include "plugin/run.h"
#include "plugin/stream.h"
#include "plugin/tiles.h"

PJRT_Error *sim_PJRT_ExecuteContext_Create(
    PJRT_ExecuteContext_Create_Args *args) {
  args->context = sim_new(SIM_CONTEXT, sizeof(*args->context));
  return NULL;
}

PJRT_Error *sim_PJRT_ExecuteContext_Destroy(
    PJRT_ExecuteContext_Destroy_Args *args) {
  if (!args->context) return NULL;
  SIM_REQUIRE(args->context, SIM_CONTEXT);
  sim_attachments_release(&args->context->attachments);
  sim_delete(args->context, SIM_CONTEXT);
  return NULL;
}

/* ---- checks -------------------------------------------------------------- */

/* Real plugins look at the byte size alone, and read whatever has it. */
static PJRT_Error *check_argument(const PJRT_Buffer *buffer,
                                  const sim_shape *shape,
                                  const PJRT_Device *device, size_t i) {
  SIM_REQUIRE(buffer, SIM_BUFFER);
  SIM_TRY(sim_buffer_require_data(buffer));
  if (buffer->client != device->client)
    return sim_misuse("argument %zu belongs to another client", i);
  sim_shape expected = *shape;
  sim_shape_place(&expected, buffer->memory);
  if (buffer->storage->size != sim_device_size(&expected))
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "argument %zu has %zu bytes, expected %zu", i,
                     buffer->storage->size, sim_device_size(&expected));
  if (!sim_shape_equal(&buffer->shape, shape))
    return sim_misuse("argument %zu has another type or shape", i);
  if (buffer->device != device)
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "argument %zu is on another device", i);
  return NULL;
}

/* The devices of this execution. */
static PJRT_Error *devices_of(const PJRT_LoadedExecutable_Execute_Args *args,
                              PJRT_Device *const **out) {
  const PJRT_LoadedExecutable *loaded = args->executable;
  size_t expected = loaded->num_devices;
  *out = loaded->devices;
  if (loaded->program->options.is_portable) {
    expected = 1;
    *out = &args->execute_device;
    if (!args->execute_device)
      return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                       "a portable executable needs execute_device");
  }
  if (args->num_devices != expected)
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "%zu argument lists for %zu devices", args->num_devices,
                     expected);
  for (size_t d = 0; d < expected; d++) SIM_TRY(sim_device_check((*out)[d]));
  return NULL;
}

static PJRT_Error *check(const PJRT_LoadedExecutable_Execute_Args *args,
                         PJRT_Device *const *devices) {
  const PJRT_LoadedExecutable *loaded = args->executable;
  const sim_signature *signature = &loaded->program->signature;
  if (atomic_load(&loaded->is_deleted))
    return sim_misuse("execution of a deleted executable");
  if (loaded->ids)
    SIM_TRY(sim_processes_check(loaded->client, loaded->ids,
                                loaded->program->options.num_ids));
  if (args->num_args != signature->num_parameters)
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "Execution supplied %zu buffers but compiled program "
                     "expected %zu buffers",
                     args->num_args, signature->num_parameters);
  if ((!args->argument_lists && args->num_args) ||
      (!args->output_lists && signature->num_outputs))
    return sim_misuse("NULL argument_lists or output_lists");
  for (size_t d = 0; d < args->num_devices; d++)
    for (size_t i = 0; i < args->num_args; i++)
      SIM_TRY(check_argument(args->argument_lists[d][i],
                             &signature->parameters[i], devices[d], i));
  return NULL;
}

/* ---- launching ----------------------------------------------------------- */

static bool is_kept(const PJRT_ExecuteOptions *options, size_t i) {
  for (size_t n = 0; n < options->num_non_donatable_input_indices; n++)
    if (options->non_donatable_input_indices[n] == (int64_t)i) return true;
  return false;
}

static void clear_outputs(const PJRT_LoadedExecutable_Execute_Args *args) {
  const size_t num = args->executable->program->signature.num_outputs;
  for (size_t d = 0; d < args->num_devices; d++)
    for (size_t i = 0; i < num; i++) args->output_lists[d][i] = NULL;
}

static void destroy_outputs(const PJRT_LoadedExecutable_Execute_Args *args) {
  const size_t num = args->executable->program->signature.num_outputs;
  for (size_t d = 0; d < args->num_devices; d++)
    for (size_t i = 0; i < num; i++)
      sim_buffer_destroy(args->output_lists[d][i]);
  clear_outputs(args);
}

static void donate(const PJRT_LoadedExecutable_Execute_Args *args,
                   const PJRT_ExecuteOptions *options, size_t d) {
  const sim_signature *signature = &args->executable->program->signature;
  for (size_t i = 0; i < args->num_args; i++) {
    PJRT_Buffer *argument = args->argument_lists[d][i];
    /* As on real plugins, an external reference turns donation into a copy. */
    if (signature->is_donated[i] && !is_kept(options, i) &&
        !atomic_load(&argument->external_references))
      sim_buffer_delete_data(argument);
  }
}

static void note(const PJRT_LoadedExecutable_Execute_Args *args,
                 const PJRT_ExecuteOptions *options) {
  pjrt_sim_execution execution = {
      .launch_id = options->launch_id,
      .num_devices = args->num_devices,
      .num_args = args->num_args,
      .num_non_donatable = options->num_non_donatable_input_indices,
      .has_context = options->context != NULL,
      .wants_events = args->device_complete_events != NULL,
      .num_tasks = options->num_tasks,
      .has_multi_slice_config = options->multi_slice_config != NULL,
      .uses_major_to_minor =
          options->use_major_to_minor_data_layout_for_callbacks,
      .num_custom_options = options->num_custom_options,
  };
  if (options->num_tasks) {
    execution.last_task_id = options->task_ids[options->num_tasks - 1];
    execution.last_incarnation_id =
        options->incarnation_ids[options->num_tasks - 1];
  }
  snprintf(execution.call_location, sizeof(execution.call_location), "%s",
           options->call_location ? options->call_location : "");
  sim_note_execution(&execution);
}

PJRT_Error *sim_PJRT_LoadedExecutable_Execute(
    PJRT_LoadedExecutable_Execute_Args *args) {
  PJRT_ExecuteOptions options;
  PJRT_Device *const *devices;
  SIM_REQUIRE(args->executable, SIM_LOADED_EXECUTABLE);
  SIM_TRY(SIM_READ_STRUCT(PJRT_ExecuteOptions, args->options, &options));
  SIM_TRY(devices_of(args, &devices));
  SIM_TRY(check(args, devices));
  note(args, &options);
  sim_future *end;
  clear_outputs(args);
  PJRT_Error *error = NULL;
  if (!args->executable->program->computation)
    error = sim_run_callbacks(&options, devices, args->num_devices);
  if (!error) error = sim_run_start(args, &options, devices, &end);
  if (error) {
    destroy_outputs(args);
    return error;
  }
  sim_devices_watch(devices, args->num_devices, options.launch_id, end);
  for (size_t d = 0; d < args->num_devices; d++) {
    donate(args, &options, d);
    if (args->device_complete_events)
      args->device_complete_events[d] = sim_event(sim_future_share(end));
  }
  sim_future_drop(end);
  return NULL;
}
