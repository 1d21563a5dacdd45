/* Compiling and executing, where only the signature of a program is read. */
#include "check.h"

/* Donates its first argument. */
static const char PROGRAM[] =
    "module @add {\n  func.func public @main(%arg0: tensor<2x3xf32> "
    "{jax.buffer_donor = true, a = \"x)\"}, %arg1: tensor<i8>) -> "
    "(tensor<2x3xf32> {b = 1}, tensor<4xui16>) {\n";

static PJRT_Client *new_echo(void) {
  pjrt_sim_options options = default_options();
  options.execution = PJRT_SIM_ECHO;
  return client_with(&options);
}

static void check_signatures(void) {
  PJRT_LoadedExecutable *loaded;
  PJRT_Client *client = new_echo();
  CHECK(says(compile(client, "module {}", 1, &loaded),
             PJRT_Error_Code_INVALID_ARGUMENT, "the program has no @main"));
  CHECK(says(compile(client, "@main(%a: tensor<?xf32>)", 1, &loaded),
             PJRT_Error_Code_INVALID_ARGUMENT,
             "cannot parse the signature of @main"));
  CHECK(!sim.num_misuses());
  free_client(client);
}

/* A matrix of 3 by 2, and a number. */
static bool upload_arguments(PJRT_Client *client, const float *matrix,
                             PJRT_Buffer *out[2]) {
  static const int64_t dims[] = {3, 2};
  static const int8_t number = 9;
  host_array array = {.client = client,
                      .data = matrix,
                      .type = PJRT_Buffer_Type_F32,
                      .dims = dims,
                      .num_dims = 2,
                      .device = device_of(client, 0)};
  if (upload(array, &out[0], NULL)) return false;
  array.data = &number;
  array.type = PJRT_Buffer_Type_S8;
  array.num_dims = 0;
  return !upload(array, &out[1], NULL);
}

static PJRT_Buffer *bitcast(PJRT_Buffer *buffer) {
  static const int64_t dims[] = {2, 3};
  ARGS(PJRT_Buffer_Bitcast, .buffer = buffer,
       .element_type = PJRT_Buffer_Type_F32, .dims = dims, .num_dims = 2);
  return api->PJRT_Buffer_Bitcast(&args) ? NULL : args.out_buffer;
}

static void check_donation(void) {
  static const float matrix[6] = {1, 2, 3, 4, 5, 6};
  const PJRT_ExecuteOptions options = {.launch_id = 42,
                                       .call_location = "here"};
  PJRT_Buffer *in[2], *out[2];
  PJRT_LoadedExecutable *loaded;
  pjrt_sim_execution execution;
  PJRT_Client *client = new_echo();
  CHECK(!compile(client, PROGRAM, 1, &loaded));
  CHECK(upload_arguments(client, matrix, in));
  CHECK(says(execute(loaded, in, 2, out, NULL), PJRT_Error_Code_INTERNAL,
             "misuse: argument 0 has another type or shape"));
  PJRT_Buffer *cast = bitcast(in[0]);
  CHECK(cast);
  free_buffer(in[0]);
  in[0] = cast;
  CHECK(!execute_with(options, loaded, in, 2, out, NULL));
  sim.get_execution(&execution);
  CHECK(execution.launch_id == 42 && !strcmp(execution.call_location, "here"));
  CHECK(holds_floats(out[0], matrix, 6));
  CHECK(says(execute(loaded, in, 2, out, NULL),
             PJRT_Error_Code_INVALID_ARGUMENT,
             "Buffer has been deleted or donated."));
  for (int i = 0; i < 2; i++) {
    free_buffer(in[i]);
    free_buffer(out[i]);
  }
  free_loaded(loaded);
  free_client(client);
}

void suite_execution(void) {
  run_check("signatures", check_signatures);
  run_check("donation", check_donation);
}
