#include "plugin/computation.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "ext/ext.h"
#include "plugin/slots.h"

struct sim_computation {
  pjrt_mlir_module *module;
  sim_program *program;
};

PJRT_Error *sim_error_from(pjrt_error *error) {
  if (!error) return NULL;
  PJRT_Error *copy = sim_error((PJRT_Error_Code)pjrt_error_code(error), "%s",
                               pjrt_error_message(error, NULL));
  pjrt_error_free(error);
  return copy;
}

pjrt_error *sim_error_to(PJRT_Error *error) {
  if (!error) return NULL;
  PJRT_Error_Message_Args text = {.error = error};
  PJRT_Error_GetCode_Args code = {.error = error};
  sim_PJRT_Error_Message(&text);
  sim_PJRT_Error_GetCode(&code);
  pjrt_error *copy = pjrt_error_from_text((pjrt_code)code.code, text.message,
                                          text.message_size);
  sim_PJRT_Error_Destroy(&(PJRT_Error_Destroy_Args){.error = error});
  return copy;
}

/* ---- the signature ------------------------------------------------------- */

static PJRT_Error *shape_of(const sim_type *type, const char *what, size_t i,
                            sim_shape *out) {
  if (type->dtype == PJRT_DTYPE_INVALID || type->dtype == PJRT_TOKEN)
    return sim_error(PJRT_Error_Code_UNIMPLEMENTED,
                     "%s %zu of main is no array", what, i);
  if (type->num_dims > SIM_MAX_DIMS)
    return sim_error(PJRT_Error_Code_UNIMPLEMENTED,
                     "%s %zu of main has %zu dimensions, supported are %d",
                     what, i, type->num_dims, SIM_MAX_DIMS);
  *out = (sim_shape){.type = (PJRT_Buffer_Type)type->dtype,
                     .num_dims = type->num_dims,
                     .dynamic_dims = type->dynamic_dims};
  for (size_t d = 0; d < type->num_dims; d++) {
    out->dims[d] = type->dims[d];
    /* Sizes are int32 in memory. */
    if (type->dynamic_dims >> d & 1 && type->dims[d] > INT32_MAX)
      return sim_error(PJRT_Error_Code_UNIMPLEMENTED,
                       "%s %zu of main has a bound that does not fit 32 bits",
                       what, i);
  }
  return NULL;
}

static bool is_donated(const pjrt_mlir_dict *attributes) {
  const pjrt_mlir_attr *donor =
      pjrt_mlir_dict_find(attributes, "jax.buffer_donor");
  return pjrt_mlir_dict_find(attributes, "tf.aliasing_output") ||
         (donor && donor->kind == PJRT_MLIR_ATTR_BOOL && donor->boolean);
}

static PJRT_Error *read_signature(const sim_computation *computation,
                                  sim_signature *out) {
  const sim_program *program = computation->program;
  const pjrt_mlir_func *func =
      pjrt_mlir_module_func(computation->module, "main");
  *out = (sim_signature){
      .num_parameters = sim_program_num_parameters(program),
      .num_outputs = sim_program_num_results(program),
  };
  if (out->num_parameters > SIM_MAX_VALUES || out->num_outputs > SIM_MAX_VALUES)
    return sim_error(PJRT_Error_Code_UNIMPLEMENTED,
                     "main has %zu parameters and %zu results, supported are "
                     "%d of each",
                     out->num_parameters, out->num_outputs, SIM_MAX_VALUES);
  for (size_t i = 0; i < out->num_parameters; i++) {
    SIM_TRY(shape_of(sim_program_parameter(program, i), "parameter", i,
                     &out->parameters[i]));
    out->is_donated[i] = is_donated(&func->argument_attributes[i]);
  }
  for (size_t i = 0; i < out->num_outputs; i++)
    SIM_TRY(shape_of(sim_program_result(program, i), "result", i,
                     &out->outputs[i]));
  return NULL;
}

/* ---- reading ------------------------------------------------------------- */

static PJRT_Error *check_text(const char *code, size_t size) {
  static const char bytecode[] = {'M', 'L', '\xef', 'R'};
  if (size < sizeof(bytecode) || memcmp(code, bytecode, sizeof(bytecode)) != 0)
    return NULL;
  return sim_error(PJRT_Error_Code_UNIMPLEMENTED,
                   "MLIR bytecode is not supported, StableHLO text is");
}

PJRT_Error *sim_computation_create(const char *code, size_t size,
                                   const sim_compile_options *options,
                                   sim_signature *out_signature,
                                   sim_computation **out) {
  const sim_program_opts opts = {
      .num_replicas = (size_t)options->num_replicas,
      .num_partitions = (size_t)options->num_partitions,
      .knows_custom_call = sim_ffi_knows};
  SIM_TRY(check_text(code, size));
  sim_computation *computation = sim_allocate(sizeof(*computation));
  pjrt_error *failure = pjrt_mlir_parse(code, size, &computation->module);
  if (!failure)
    failure = sim_program_create(computation->module, "main", &opts,
                                 &computation->program);
  PJRT_Error *error = sim_error_from(failure);
  if (!error) error = read_signature(computation, out_signature);
  if (error)
    sim_computation_free(computation);
  else
    *out = computation;
  return error;
}

void sim_computation_free(sim_computation *computation) {
  if (!computation) return;
  sim_program_free(computation->program);
  pjrt_mlir_free(computation->module);
  free(computation);
}

const sim_program *sim_computation_program(const sim_computation *computation) {
  return computation->program;
}

const pjrt_mlir_module *sim_computation_module(
    const sim_computation *computation) {
  return computation->module;
}
