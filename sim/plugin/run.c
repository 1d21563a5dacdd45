#include "plugin/run.h"

#include <stdlib.h>
#include <string.h>

#include "ext/ext.h"
#include "plugin/clock.h"
#include "plugin/computation.h"
#include "plugin/line.h"
#include "plugin/pool.h"
#include "plugin/stream.h"
#include "plugin/tiles.h"

/* Everything that it needs is shared, for the caller may destroy what it holds
 * as soon as the call returns. */
typedef struct run {
  sim_compiled *compiled;
  sim_pool *pool;
  size_t num_devices;
  sim_line **programs; /* of each device */
  size_t num_args;
  size_t num_outputs; /* of all devices, like the arguments */
  sim_storage **args;
  sim_future **ready; /* of each argument */
  sim_storage **outputs;
  sim_shape *shapes; /* of the arguments, then of the outputs */
  size_t num_ready;
  sim_host_transfers *transfers;
  PJRT_ExecuteContext *context; /* the caller's; NULL: none */
  int64_t launch_id;
  sim_future *fault;  /* may hold the call back */
  sim_future *call;   /* done after that, and when the program took its time */
  sim_future *result; /* what the outputs wait for */
  PJRT_Error *error;
} run;

static bool is_echoed(const run *r) { return !r->compiled->computation; }

/* ---- the end ------------------------------------------------------------- */

static void run_free(run *r) {
  for (size_t i = 0; i < r->num_devices; i++) sim_line_drop(r->programs[i]);
  for (size_t i = 0; i < r->num_args; i++) {
    sim_storage_drop(r->args[i]);
    sim_future_drop(r->ready[i]);
  }
  for (size_t i = 0; i < r->num_outputs; i++)
    if (r->outputs[i]) sim_storage_drop(r->outputs[i]);
  sim_compiled_drop(r->compiled);
  sim_host_transfers_free(r->transfers);
  sim_pool_drop(r->pool);
  sim_future_drop(r->fault);
  sim_future_drop(r->call);
  sim_future_drop(r->result);
  free(r->programs);
  free(r->args);
  free(r->ready);
  free(r->outputs);
  free(r->shapes);
  free(r);
}

static void finish(void *arg, PJRT_Error_Code code) {
  run *r = arg;
  (void)code;
  if (!r->error) r->error = sim_future_error(r->call);
  /* The arguments go first: whoever waits for the outputs may look whether
   * they are gone. */
  PJRT_Error *error = r->error;
  sim_future *result = sim_future_share(r->result);
  run_free(r);
  sim_future_complete_with(result, error);
  sim_future_drop(result);
}

static void end(run *r, PJRT_Error *error) {
  r->error = error;
  sim_future_then(r->call, finish, r);
}

/* ---- running ------------------------------------------------------------- */

static pjrt_error *poll_pool(void *user) {
  const run *r = user;
  if (!sim_pool_is_closed(r->pool)) return NULL;
  return pjrt_error_create(PJRT_CANCELLED, "the client is gone",
                           PJRT_NUL_ENDED);
}

static pjrt_error *send(void *user, size_t device, int64_t channel,
                        const sim_tensor *value) {
  const run *r = user;
  return sim_host_send(r->transfers, device, channel, value);
}

static pjrt_error *receive(void *user, size_t device, int64_t channel,
                           sim_tensor *out_value) {
  const run *r = user;
  return sim_host_receive(r->transfers, device, channel, out_value);
}

static pjrt_error *call_handler(void *user, const sim_custom_call *call) {
  const run *r = user;
  return sim_ffi_custom_call(r->context, r->launch_id, call);
}

/* A tensor has room for the bounds of dynamic dimensions, which is cleared
 * first: operations compute with all of it. */
static void load(const sim_shape *shape, const sim_storage *storage,
                 sim_tensor *out) {
  if (out->sizes) {
    memset(out->data, 0, out->type.num_elements * out->element_size);
    sim_present_dims(shape, storage->bytes, out->sizes);
  }
  sim_unpack(shape, out->sizes ? out->sizes : shape->dims, storage->bytes,
             out->data, NULL);
}

static void store(const sim_shape *shape, const sim_tensor *tensor,
                  sim_storage *out) {
  sim_pack(shape, tensor->sizes ? tensor->sizes : shape->dims, tensor->data,
           NULL, out->bytes);
}

static pjrt_error *load_arguments(const run *r, sim_tensor **tensors) {
  const sim_program *program =
      sim_computation_program(r->compiled->computation);
  const size_t num_parameters = sim_program_num_parameters(program);
  for (size_t i = 0; i < r->num_args; i++) {
    const sim_type *type = sim_program_parameter(program, i % num_parameters);
    pjrt_error *error = sim_tensor_create(NULL, type, &tensors[i]);
    if (error) return error;
    load(&r->shapes[i], r->args[i], tensors[i]);
  }
  return NULL;
}

static pjrt_error *compute(run *r, sim_tensor **args, sim_tensor **results) {
  const sim_embedder embedder = {.user = r,
                                 .poll = poll_pool,
                                 .custom_call = call_handler,
                                 .send = send,
                                 .recv = receive};
  pjrt_error *error = load_arguments(r, args);
  if (error) return error;
  error = sim_interpret(sim_computation_program(r->compiled->computation), args,
                        &embedder, results);
  for (size_t i = 0; !error && i < r->num_outputs; i++)
    store(&r->shapes[r->num_args + i], results[i], r->outputs[i]);
  return error;
}

static void run_program(void *arg) {
  run *r = arg;
  const size_t num = r->num_args + r->num_outputs;
  sim_tensor **tensors = sim_allocate(num * sizeof(sim_tensor *));
  PJRT_Error *error =
      sim_error_from(compute(r, tensors, tensors + r->num_args));
  for (size_t i = 0; i < num; i++) sim_tensor_release(tensors[i]);
  free(tensors);
  end(r, error);
}

/* Each output gets the bytes of the argument with the same number, which must
 * have as many and lie alike. */
static void echo(const run *r) {
  const sim_signature *signature = &r->compiled->signature;
  for (size_t i = 0; i < r->num_outputs; i++) {
    const size_t d = i / signature->num_outputs;
    const size_t o = i % signature->num_outputs;
    if (o >= signature->num_parameters) continue;
    const size_t a = d * signature->num_parameters + o;
    const sim_storage *from = r->args[a];
    sim_storage *to = r->outputs[i];
    if (to->size && to->size == from->size &&
        r->shapes[a].is_tiled == r->shapes[r->num_args + i].is_tiled)
      memcpy(to->bytes, from->bytes, to->size);
  }
}

/* All devices run it at the same time. */
static void start(run *r) {
  sim_future_follow(
      r->call, sim_future_both(sim_future_share(r->fault),
                               sim_lines_use(r->programs, r->num_devices, 0)));
  if (is_echoed(r)) {
    echo(r);
    end(r, NULL);
  } else if (sim_pool_submit(r->pool, run_program, r)) {
    sim_computing_settle();
  } else {
    end(r, sim_error(PJRT_Error_Code_CANCELLED, "the client is gone"));
  }
}

/* ---- waiting for the arguments ------------------------------------------- */

static void wait_for_arguments(void *arg, PJRT_Error_Code code) {
  run *r = arg;
  (void)code;
  while (r->num_ready < r->num_args) {
    sim_future *ready = r->ready[r->num_ready];
    if (!sim_future_is_done(ready)) {
      sim_future_then(ready, wait_for_arguments, r);
      return;
    }
    PJRT_Error *error = sim_future_error(ready);
    if (error) {
      sim_future_follow(r->call, sim_future_share(r->fault));
      end(r, error);
      return;
    }
    r->num_ready++;
  }
  start(r);
}

/* ---- the beginning ------------------------------------------------------- */

static run *run_create(const PJRT_LoadedExecutable_Execute_Args *args,
                       const PJRT_ExecuteOptions *options,
                       PJRT_Device *const *devices) {
  const PJRT_LoadedExecutable *loaded = args->executable;
  const sim_signature *signature = &loaded->program->signature;
  run *r = sim_allocate(sizeof(*r));
  r->num_devices = args->num_devices;
  r->num_args = args->num_devices * signature->num_parameters;
  r->num_outputs = args->num_devices * signature->num_outputs;
  r->args = sim_allocate(r->num_args * sizeof(*r->args));
  r->ready = sim_allocate(r->num_args * sizeof(sim_future *));
  r->outputs = sim_allocate(r->num_outputs * sizeof(*r->outputs));
  r->programs = sim_allocate(r->num_devices * sizeof(sim_line *));
  for (size_t i = 0; i < r->num_devices; i++)
    r->programs[i] = sim_line_share(devices[i]->programs);
  r->shapes = sim_allocate((r->num_args + r->num_outputs) * sizeof(*r->shapes));
  for (size_t i = 0; i < r->num_args; i++) {
    const PJRT_Buffer *argument =
        args->argument_lists[i / args->num_args][i % args->num_args];
    r->args[i] = sim_storage_share(argument->storage);
    r->shapes[i] = argument->shape;
    r->ready[i] = sim_future_share(argument->ready);
  }
  r->compiled = sim_compiled_share(loaded->program);
  r->pool = sim_pool_share(loaded->client->pool);
  r->context = options->context;
  r->launch_id = options->launch_id;
  r->transfers = sim_host_transfers_create(options, devices, r->num_devices);
  r->fault = sim_future_create();
  r->call = sim_future_pending();
  r->result = sim_future_pending();
  return r;
}

static PJRT_Error *make_outputs(const PJRT_LoadedExecutable_Execute_Args *args,
                                PJRT_Device *const *devices, run *r) {
  const sim_signature *signature = &args->executable->program->signature;
  for (size_t i = 0; i < r->num_outputs; i++) {
    const size_t d = i / signature->num_outputs;
    const size_t o = i % signature->num_outputs;
    PJRT_Buffer **output = &args->output_lists[d][o];
    SIM_TRY(sim_buffer_allocate(args->executable->client, devices[d],
                                devices[d]->memories[0], &signature->outputs[o],
                                sim_future_share(r->result), output));
    r->outputs[i] = sim_storage_share((*output)->storage);
    r->shapes[r->num_args + i] = (*output)->shape;
  }
  return NULL;
}

static PJRT_Error *check_devices(
    const PJRT_LoadedExecutable_Execute_Args *args) {
  const sim_computation *computation = args->executable->program->computation;
  if (!computation) return NULL;
  const size_t expected =
      sim_program_num_devices(sim_computation_program(computation));
  if (args->num_devices == expected) return NULL;
  return sim_error(PJRT_Error_Code_UNIMPLEMENTED,
                   "a program on %zu devices of which %zu are of this process",
                   expected, args->num_devices);
}

PJRT_Error *sim_run_start(const PJRT_LoadedExecutable_Execute_Args *args,
                          const PJRT_ExecuteOptions *options,
                          PJRT_Device *const *devices, sim_future **out) {
  SIM_TRY(check_devices(args));
  run *r = run_create(args, options, devices);
  PJRT_Error *error = make_outputs(args, devices, r);
  if (error) {
    run_free(r);
    return error;
  }
  *out = sim_future_share(is_echoed(r) ? r->call : r->result);
  wait_for_arguments(r, PJRT_Error_Code_OK);
  return NULL;
}
