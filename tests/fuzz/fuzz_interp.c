/* Any bytes as StableHLO text, prepared and run on two devices with arguments
 * of zeros, a little memory and a little patience. Whatever it says, it ends,
 * stays within its arrays and gives everything back. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "interp/interp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
  NUM_DEVICES = 2,
  MEMORY_LIMIT = 1 << 18,
  ARGUMENT_LIMIT = 1 << 12,
  PATIENCE = 2000
};

static void check(bool holds) {
  if (!holds) abort();
}

static pjrt_error *lose_patience(void *user) {
  int *left = user;
  return --*left > 0 ? NULL : pjrt_error_format(PJRT_CANCELLED, "patience");
}

static bool knows_all(void *user, const char *target) {
  (void)user;
  return target[0] != '\0';
}

static pjrt_error *fill(void *user, const sim_custom_call *call) {
  (void)user;
  for (size_t i = 0; i < call->num_results; i++) {
    sim_tensor *out = call->results[i];
    memset(out->data, 1, out->type.num_elements * out->element_size);
  }
  return NULL;
}

static void run(const sim_program *program, sim_tensor **args,
                sim_tensor **out) {
  int left = PATIENCE;
  size_t num_args = sim_program_num_parameters(program);
  size_t num_out = NUM_DEVICES * sim_program_num_results(program);
  sim_embedder embedder = {.user = &left,
                           .memory_limit = MEMORY_LIMIT,
                           .poll = lose_patience,
                           .custom_call = fill};
  for (size_t i = 0; i < NUM_DEVICES * num_args; i++) {
    const sim_type *type = sim_program_parameter(program, i % num_args);
    pjrt_error *error = sim_tensor_create(NULL, type, &args[i]);
    check(!error);
    memset(args[i]->data, 0, type->num_elements * args[i]->element_size);
  }
  pjrt_error *error = sim_interpret(program, args, &embedder, out);
  for (size_t i = 0; i < num_out; i++) {
    check(!out[i] == !!error);
    if (!out[i]) continue;
    check(sim_type_equal(
        &out[i]->type,
        sim_program_result(program, i % (num_out / NUM_DEVICES))));
    sim_tensor_release(out[i]);
  }
  pjrt_error_free(error);
  for (size_t i = 0; i < NUM_DEVICES * num_args; i++) {
    sim_tensor_release(args[i]);
  }
}

/* Tuples are no arguments, and large ones no use. */
static bool takes_arguments(const sim_program *program) {
  for (size_t i = 0; i < sim_program_num_parameters(program); i++) {
    const sim_type *type = sim_program_parameter(program, i);
    if (type->dtype == PJRT_DTYPE_INVALID ||
        type->num_elements > ARGUMENT_LIMIT) {
      return false;
    }
  }
  return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  pjrt_mlir_module *module;
  sim_program *program = NULL;
  bool replicas = data[size - 1] & 1;
  sim_program_opts opts = {.num_replicas = replicas ? NUM_DEVICES : 1,
                           .num_partitions = replicas ? 1 : NUM_DEVICES,
                           .knows_custom_call = knows_all};
  pjrt_error *error = pjrt_mlir_parse((const char *)data, size, &module);
  if (!error) error = sim_program_create(module, "main", &opts, &program);
  if (!error && takes_arguments(program)) {
    size_t num = NUM_DEVICES * (sim_program_num_parameters(program) +
                                sim_program_num_results(program));
    sim_tensor **values = calloc(num + 1, sizeof *values);
    check(values);
    run(program, values,
        values + NUM_DEVICES * sim_program_num_parameters(program));
    free(values);
  }
  pjrt_error_free(error);
  sim_program_free(program);
  pjrt_mlir_free(module);
  return 0;
}
