/* Runs blocks of operations on all devices in step. */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "interp/partition.h"

size_t sim_device_of(const sim_frame *frame, size_t lane) {
  return frame->execution->first_device + lane;
}

static sim_tensor **slot(const sim_frame *frame, pjrt_mlir_value value,
                         size_t lane) {
  return &frame->values[value * frame->execution->num_lanes + lane];
}

sim_tensor *sim_frame_get(const sim_frame *frame, pjrt_mlir_value value,
                          size_t lane) {
  return *slot(frame, value, lane);
}

void sim_frame_set(sim_frame *frame, pjrt_mlir_value value, size_t lane,
                   sim_tensor *tensor) {
  sim_tensor **place = slot(frame, value, lane);
  sim_tensor_release(*place);
  *place = tensor;
}

pjrt_error *sim_poll(const sim_execution *execution) {
  const sim_embedder *embedder = execution->embedder;
  return embedder->poll ? embedder->poll(embedder->user) : NULL;
}

const pjrt_mlir_op *sim_terminator(const sim_block *block) {
  return &block->source->ops[block->source->num_ops - 1];
}

/* Results are as large as the operands, which must be so as well. */
static pjrt_error *keep_sizes(const sim_call *call) {
  const sim_tensor *first = NULL;
  sim_tensor *out = call->results[0];
  for (size_t i = 0; i < call->op->source->num_operands; i++) {
    const sim_tensor *in = call->operands[i];
    if (!in->sizes) continue;
    if (!first) first = in;
    for (size_t k = 0; k < in->type.num_dims; k++) {
      if (in->sizes[k] == first->sizes[k]) continue;
      return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                               "dimension %zu of operand %zu has size %lld, "
                               "where another's has %lld",
                               k, i, (long long)in->sizes[k],
                               (long long)first->sizes[k]);
    }
  }
  for (size_t k = 0; first && k < out->type.num_dims; k++) {
    out->sizes[k] = first->sizes[k];
  }
  return NULL;
}

static pjrt_error *compute(const sim_call *call) {
  const sim_op *op = call->op;
  if (op->rule->produce) return op->rule->produce(call);
  for (size_t i = 0; i < op->source->num_results; i++) {
    PJRT_TRY(sim_tensor_create(&call->frame->execution->budget, &op->results[i],
                               &call->results[i]));
  }
  if (op->rule->dynamism == SIM_KEEPS_SIZES && op->results->dynamic_dims) {
    PJRT_TRY(keep_sizes(call));
  }
  return op->rule->compute(call);
}

/* Gives the results to the frame, or back. */
static pjrt_error *run_on_lane(sim_frame *frame, const sim_op *op, size_t lane,
                               sim_tensor **operands, sim_tensor **results) {
  const pjrt_mlir_op *source = op->source;
  for (size_t i = 0; i < source->num_operands; i++) {
    operands[i] = sim_frame_get(frame, source->operands[i], lane);
  }
  for (size_t i = 0; i < source->num_results; i++) results[i] = NULL;
  sim_call call = {.frame = frame,
                   .op = op,
                   .plan = op->plan,
                   .lane = lane,
                   .operands = operands,
                   .results = results};
  pjrt_error *error = compute(&call);
  for (size_t i = 0; i < source->num_results; i++) {
    if (error) {
      sim_tensor_release(results[i]);
    } else {
      sim_frame_set(frame, source->first_result + (pjrt_mlir_value)i, lane,
                    results[i]);
    }
  }
  return error;
}

/* Most operations have few operands; more go to the heap. */
enum { FEW = 16 };

static pjrt_error *run_lane_by_lane(sim_frame *frame, const sim_op *op,
                                    sim_lanes lanes) {
  sim_tensor *few[FEW];
  size_t num_operands = op->source->num_operands;
  size_t num = num_operands + op->source->num_results;
  void *many = NULL;
  if (num > FEW) PJRT_TRY(pjrt_alloc(num, sizeof *few, &many));
  sim_tensor **values = many ? many : few;
  pjrt_error *error = NULL;
  for (size_t i = 0; i < lanes.num && !error; i++) {
    error =
        run_on_lane(frame, op, lanes.lanes[i], values, values + num_operands);
  }
  free(many);
  return error;
}

static void release_last_uses(sim_frame *frame, const sim_op *op,
                              sim_lanes lanes) {
  uint32_t value = op->first_last_use;
  while (value != SIM_NO_VALUE) {
    for (size_t i = 0; i < lanes.num; i++) {
      sim_frame_set(frame, value, lanes.lanes[i], NULL);
    }
    value = frame->func->next_last_use[value];
  }
}

/* Errors of running say where, unless they come from further inside. */
static pjrt_error *run_op(sim_frame *frame, const sim_op *op, sim_lanes lanes) {
  if (op->rule->run) return op->rule->run(frame, op, lanes);
  pjrt_error *error = run_lane_by_lane(frame, op, lanes);
  if (error && op->source->num_regions == 0) {
    pjrt_error_prefix(error, "%u:%u: %s", op->source->place.line,
                      op->source->place.column, op->source->name);
  }
  return error;
}

pjrt_error *sim_run_block(sim_frame *frame, const sim_block *block,
                          sim_lanes lanes) {
  PJRT_TRY(sim_expect_depth(++frame->execution->depth));
  for (size_t i = 0; i + 1 < block->source->num_ops; i++) {
    const sim_op *op = &block->ops[i];
    PJRT_TRY(sim_poll(frame->execution));
    PJRT_TRY(run_op(frame, op, lanes));
    release_last_uses(frame, op, lanes);
  }
  frame->execution->depth--;
  return NULL;
}

/* --- Functions ------------------------------------------------------------ */

static pjrt_error *take_frame(sim_execution *execution, const sim_func *func,
                              size_t *out_size, sim_frame *out) {
  void *memory;
  size_t num = func->source->num_values;
  sim_budget *budget = &execution->budget;
  if (!pjrt_size_mul(num, execution->num_lanes * sizeof(sim_tensor *),
                     out_size) ||
      *out_size > budget->limit - budget->used) {
    return pjrt_error_format(
        PJRT_RESOURCE_EXHAUSTED,
        "no memory for %zu values of function @%s on %zu devices", num,
        func->source->name, execution->num_lanes);
  }
  PJRT_TRY(pjrt_alloc(1, *out_size, &memory));
  budget->used += *out_size;
  *out = (sim_frame){.execution = execution, .func = func, .values = memory};
  return NULL;
}

static void give_frame(sim_frame *frame, size_t size) {
  for (size_t i = 0; i < size / sizeof *frame->values; i++) {
    sim_tensor_release(frame->values[i]);
  }
  frame->execution->budget.used -= size;
  free(frame->values);
}

pjrt_error *sim_call_func(sim_execution *execution, const sim_func *func,
                          sim_lanes lanes, sim_tensor *const *args,
                          sim_tensor **out) {
  const pjrt_mlir_type *type = func->source->type;
  sim_frame frame;
  size_t size;
  PJRT_TRY(take_frame(execution, func, &size, &frame));
  for (size_t i = 0; i < lanes.num; i++) {
    size_t lane = lanes.lanes[i];
    for (size_t k = 0; k < type->num_inputs; k++) {
      sim_frame_set(&frame, (pjrt_mlir_value)k, lane,
                    sim_tensor_retain(args[lane * type->num_inputs + k]));
    }
  }
  pjrt_error *error = sim_run_block(&frame, &func->body, lanes);
  const pjrt_mlir_op *end = sim_terminator(&func->body);
  for (size_t i = 0; i < lanes.num && !error; i++) {
    size_t lane = lanes.lanes[i];
    for (size_t k = 0; k < type->num_results; k++) {
      out[lane * type->num_results + k] =
          sim_tensor_retain(sim_frame_get(&frame, end->operands[k], lane));
    }
  }
  give_frame(&frame, size);
  return error;
}

/* --- Programs ------------------------------------------------------------- */

static pjrt_error *check_arguments(const sim_program *program,
                                   sim_tensor *const *args) {
  size_t num = sim_program_num_parameters(program);
  for (size_t d = 0; d < sim_program_num_devices(program); d++) {
    for (size_t i = 0; i < num; i++) {
      const sim_tensor *arg = args[d * num + i];
      if (!arg ||
          !sim_type_equal(&arg->type, sim_program_parameter(program, i))) {
        return pjrt_error_format(
            PJRT_INVALID_ARGUMENT,
            "argument %zu of device %zu is not of the parameter's type", i, d);
      }
    }
  }
  return NULL;
}

/* `args` are references of the execution's own. */
static pjrt_error *run_lanes(sim_execution *execution, sim_lanes lanes,
                             sim_tensor **args, sim_tensor **out) {
  PJRT_TRY(sim_join_arguments(execution, args));
  PJRT_TRY(
      sim_call_func(execution, execution->program->entry, lanes, args, out));
  return sim_cut_results(execution, out);
}

static pjrt_error *run_devices(sim_execution *execution,
                               sim_tensor *const *args, sim_tensor **out) {
  size_t num_lanes = execution->num_lanes;
  size_t num_args = num_lanes * sim_program_num_parameters(execution->program);
  void *memory;
  PJRT_TRY(pjrt_alloc(num_lanes, sizeof(size_t), &memory));
  size_t *all = memory;
  pjrt_error *error = pjrt_alloc_copy(args, num_args, sizeof *args, &memory);
  if (!error) {
    sim_tensor **own = memory;
    for (size_t i = 0; i < num_lanes; i++) all[i] = i;
    for (size_t i = 0; i < num_args; i++) sim_tensor_retain(own[i]);
    error = run_lanes(execution, (sim_lanes){all, num_lanes}, own, out);
    for (size_t i = 0; i < num_args; i++) sim_tensor_release(own[i]);
    free(own);
  }
  free(all);
  return error;
}

pjrt_error *sim_interpret(const sim_program *program, sim_tensor *const *args,
                          const sim_embedder *embedder, sim_tensor **out) {
  size_t num_devices = sim_program_num_devices(program);
  size_t num_out = num_devices * sim_program_num_results(program);
  for (size_t i = 0; i < num_out; i++) out[i] = NULL;
  PJRT_TRY(check_arguments(program, args));
  /* Devices that know nothing of one another need not be held in memory
   * together. */
  size_t step = program->has_collectives ? num_devices : 1;
  sim_execution execution = {
      .program = program, .embedder = embedder, .num_lanes = step};
  execution.budget.limit =
      embedder->memory_limit ? embedder->memory_limit : SIZE_MAX;
  pjrt_error *error = NULL;
  for (size_t d = 0; d < num_devices && !error; d += step) {
    execution.first_device = d;
    error =
        run_devices(&execution, args + d * sim_program_num_parameters(program),
                    out + d * sim_program_num_results(program));
  }
  for (size_t i = 0; i < num_out; i++) {
    if (!out[i]) continue;
    if (!error) {
      sim_tensor_leave_budget(out[i]);
      continue;
    }
    sim_tensor_release(out[i]);
    out[i] = NULL;
  }
  return error;
}
