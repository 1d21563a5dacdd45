/* Execution: every output gets the bytes of the argument of its number. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stub/executable.h"
#include "stub/stream.h"

struct PJRT_ExecuteContext {
  stub_kind kind;
};

PJRT_Error *stub_PJRT_ExecuteContext_Create(
    PJRT_ExecuteContext_Create_Args *args) {
  args->context = stub_new(STUB_CONTEXT, sizeof(*args->context));
  return NULL;
}

PJRT_Error *stub_PJRT_ExecuteContext_Destroy(
    PJRT_ExecuteContext_Destroy_Args *args) {
  if (!args->context) return NULL;
  STUB_REQUIRE(args->context, STUB_CONTEXT);
  stub_delete(args->context, STUB_CONTEXT);
  return NULL;
}

/* ---- checks -------------------------------------------------------------- */

static bool same_shape(const stub_shape *a, const stub_shape *b) {
  return a->type == b->type && a->num_dims == b->num_dims &&
         memcmp(a->dims, b->dims, a->num_dims * sizeof(*a->dims)) == 0;
}

/* Real plugins look at the byte size alone, and read whatever has it. */
static PJRT_Error *check_argument(const PJRT_Buffer *buffer,
                                  const stub_shape *shape,
                                  const PJRT_Device *device, size_t i) {
  STUB_REQUIRE(buffer, STUB_BUFFER);
  STUB_TRY(stub_buffer_require_data(buffer));
  if (buffer->client != device->client)
    return stub_misuse("argument %zu belongs to another client", i);
  if (buffer->storage->size != stub_host_size(shape))
    return stub_error(PJRT_Error_Code_INVALID_ARGUMENT,
                      "argument %zu has %zu bytes, expected %zu", i,
                      buffer->storage->size, stub_host_size(shape));
  if (!same_shape(&buffer->shape, shape))
    return stub_misuse("argument %zu has another type or shape", i);
  if (buffer->device != device)
    return stub_error(PJRT_Error_Code_INVALID_ARGUMENT,
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
      return stub_error(PJRT_Error_Code_INVALID_ARGUMENT,
                        "a portable executable needs execute_device");
  }
  if (args->num_devices != expected)
    return stub_error(PJRT_Error_Code_INVALID_ARGUMENT,
                      "%zu argument lists for %zu devices", args->num_devices,
                      expected);
  return NULL;
}

static PJRT_Error *check(const PJRT_LoadedExecutable_Execute_Args *args,
                         PJRT_Device *const *devices) {
  const stub_signature *signature = &args->executable->program->signature;
  if (atomic_load(&args->executable->is_deleted))
    return stub_misuse("execution of a deleted executable");
  if (args->num_args != signature->num_parameters)
    return stub_error(PJRT_Error_Code_INVALID_ARGUMENT,
                      "Execution supplied %zu buffers but compiled program "
                      "expected %zu buffers",
                      args->num_args, signature->num_parameters);
  if ((!args->argument_lists && args->num_args) ||
      (!args->output_lists && signature->num_outputs))
    return stub_misuse("NULL argument_lists or output_lists");
  for (size_t d = 0; d < args->num_devices; d++)
    for (size_t i = 0; i < args->num_args; i++)
      STUB_TRY(check_argument(args->argument_lists[d][i],
                              &signature->parameters[i], devices[d], i));
  return NULL;
}

/* ---- running ------------------------------------------------------------- */

/* An output waits for the argument that it copies as well as for the call. */
typedef struct dependency {
  stub_future *argument;
  stub_future *call;
  stub_future *output;
} dependency;

static void finish_output(void *arg, PJRT_Error_Code code) {
  dependency *d = arg;
  (void)code;
  PJRT_Error *error = stub_future_error(d->argument);
  if (!error) error = stub_future_error(d->call);
  stub_future_complete_with(d->output, error);
  stub_future_drop(d->argument);
  stub_future_drop(d->call);
  stub_future_drop(d->output);
  free(d);
}

static void wait_for_call(void *arg, PJRT_Error_Code code) {
  dependency *d = arg;
  (void)code;
  stub_future_then(d->call, finish_output, d);
}

static stub_future *after_both(stub_future *argument, stub_future *call) {
  dependency *d = stub_allocate(sizeof(*d));
  stub_future *output = stub_future_pending();
  d->argument = stub_future_share(argument);
  d->call = stub_future_share(call);
  d->output = stub_future_share(output);
  stub_future_then(d->argument, wait_for_call, d);
  return output;
}

static PJRT_Buffer *make_output(const PJRT_LoadedExecutable *loaded,
                                PJRT_Device *device, const stub_shape *shape,
                                const PJRT_Buffer *argument,
                                stub_future *call) {
  const size_t size = stub_host_size(shape);
  stub_storage *storage = stub_storage_create(size);
  stub_future *ready;
  if (argument && argument->storage->size == size) {
    if (size) memcpy(storage->bytes, argument->storage->bytes, size);
    ready = after_both(argument->ready, call);
  } else {
    ready = stub_future_share(call);
  }
  return stub_buffer_create(loaded->client, device, device->memories[0], shape,
                            storage, ready);
}

static bool is_kept(const PJRT_ExecuteOptions *options, size_t i) {
  for (size_t n = 0; n < options->num_non_donatable_input_indices; n++)
    if (options->non_donatable_input_indices[n] == (int64_t)i) return true;
  return false;
}

static void run_on(const PJRT_LoadedExecutable_Execute_Args *args,
                   const PJRT_ExecuteOptions *options, PJRT_Device *device,
                   size_t d, stub_future *call) {
  const stub_signature *signature = &args->executable->program->signature;
  for (size_t i = 0; i < signature->num_outputs; i++) {
    const PJRT_Buffer *argument =
        i < args->num_args ? args->argument_lists[d][i] : NULL;
    args->output_lists[d][i] = make_output(
        args->executable, device, &signature->outputs[i], argument, call);
  }
  for (size_t i = 0; i < args->num_args; i++) {
    PJRT_Buffer *argument = args->argument_lists[d][i];
    /* As on real plugins, an external reference turns donation into a copy. */
    if (signature->is_donated[i] && !is_kept(options, i) &&
        !atomic_load(&argument->external_references))
      stub_buffer_delete_data(argument);
  }
  if (args->device_complete_events)
    args->device_complete_events[d] = stub_event(stub_future_share(call));
}

static void note(const PJRT_LoadedExecutable_Execute_Args *args,
                 const PJRT_ExecuteOptions *options) {
  pjrt_stub_execution execution = {
      .launch_id = options->launch_id,
      .num_devices = args->num_devices,
      .num_args = args->num_args,
      .num_non_donatable = options->num_non_donatable_input_indices,
      .has_context = options->context != NULL,
      .wants_events = args->device_complete_events != NULL,
  };
  snprintf(execution.call_location, sizeof(execution.call_location), "%s",
           options->call_location ? options->call_location : "");
  stub_note_execution(&execution);
}

PJRT_Error *stub_PJRT_LoadedExecutable_Execute(
    PJRT_LoadedExecutable_Execute_Args *args) {
  PJRT_ExecuteOptions options;
  PJRT_Device *const *devices;
  STUB_REQUIRE(args->executable, STUB_LOADED_EXECUTABLE);
  STUB_TRY(STUB_READ_STRUCT(PJRT_ExecuteOptions, args->options, &options));
  STUB_TRY(devices_of(args, &devices));
  STUB_TRY(check(args, devices));
  note(args, &options);
  STUB_TRY(stub_run_callbacks(&options, args->num_devices));
  stub_future *call = stub_future_create();
  for (size_t d = 0; d < args->num_devices; d++)
    run_on(args, &options, devices[d], d, call);
  stub_future_drop(call);
  return NULL;
}
