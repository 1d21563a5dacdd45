/* Where whole arrays meet those of one device: arguments and results of a
 * partitioned program, and the operations that annotate shardings. */
#include "interp/partition.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "interp/rules.h"
#include "interp/sharding_text.h"

/* --- Arguments and results ------------------------------------------------ */

static pjrt_error *prepare_ports(sim_program *program, size_t num,
                                 const pjrt_mlir_dict *attributes,
                                 const sim_type *const *whole,
                                 const sim_port **out) {
  void *memory;
  PJRT_TRY(sim_program_alloc(program, num, sizeof **out, &memory));
  sim_port *ports = memory;
  *out = ports;
  for (size_t i = 0; i < num; i++) {
    ports[i].whole = whole[i];
    PJRT_TRY(sim_sharding_find(program, &attributes[i], whole[i],
                               &ports[i].sharding));
    PJRT_TRY(sim_sharding_part(program, whole[i], ports[i].sharding,
                               &ports[i].part));
    program->has_collectives |= ports[i].sharding != NULL;
  }
  return NULL;
}

pjrt_error *sim_prepare_ports(sim_program *program) {
  const sim_func *func = program->entry;
  const pjrt_mlir_func *source = func->source;
  const pjrt_mlir_op *end = sim_terminator(&func->body);
  size_t num_inputs = source->type->num_inputs;
  size_t num_results = source->type->num_results;
  void *memory;
  PJRT_TRY(sim_program_alloc(program, num_inputs + num_results,
                             sizeof(sim_type *), &memory));
  const sim_type **types = memory;
  for (size_t i = 0; i < num_inputs; i++) types[i] = &func->types[i];
  for (size_t i = 0; i < num_results; i++) {
    types[num_inputs + i] = &func->types[end->operands[i]];
  }
  PJRT_TRY(prepare_ports(program, num_inputs, source->argument_attributes,
                         types, &program->parameters));
  return prepare_ports(program, num_results, source->result_attributes,
                       types + num_inputs, &program->results);
}

/* Values of one port, lane by lane: of lane i at values[i * stride]. */
static pjrt_error *join_port(sim_execution *execution, const sim_port *port,
                             sim_tensor **values, size_t stride) {
  size_t num = execution->program->opts.num_partitions;
  void *memory;
  PJRT_TRY(pjrt_alloc(num, sizeof(sim_tensor *), &memory));
  sim_tensor **parts = memory;
  pjrt_error *error = NULL;
  for (size_t r = 0; r < execution->num_lanes && !error; r += num) {
    sim_tensor *whole;
    for (size_t i = 0; i < num; i++) parts[i] = values[(r + i) * stride];
    error = sim_sharding_join(&execution->budget, parts, port->sharding,
                              port->whole, num, &whole);
    for (size_t i = 0; i < num && !error; i++) {
      sim_tensor_release(parts[i]);
      values[(r + i) * stride] = sim_tensor_retain(whole);
    }
    if (!error) sim_tensor_release(whole);
  }
  free(parts);
  return error;
}

static pjrt_error *cut_port(sim_execution *execution, const sim_port *port,
                            sim_tensor **values, size_t stride) {
  for (size_t lane = 0; lane < execution->num_lanes; lane++) {
    sim_tensor *part;
    sim_tensor **value = &values[lane * stride];
    PJRT_TRY(sim_sharding_cut(&execution->budget, *value, port->sharding,
                              &port->part,
                              lane % execution->program->opts.num_partitions,
                              &part));
    sim_tensor_release(*value);
    *value = part;
  }
  return NULL;
}

pjrt_error *sim_join_arguments(sim_execution *execution, sim_tensor **args) {
  const sim_program *program = execution->program;
  size_t num = sim_program_num_parameters(program);
  for (size_t i = 0; i < num; i++) {
    const sim_port *port = &program->parameters[i];
    if (port->sharding) {
      PJRT_TRY(join_port(execution, port, args + i, num));
    }
  }
  return NULL;
}

pjrt_error *sim_cut_results(sim_execution *execution, sim_tensor **results) {
  const sim_program *program = execution->program;
  size_t num = sim_program_num_results(program);
  for (size_t i = 0; i < num; i++) {
    const sim_port *port = &program->results[i];
    if (port->sharding) {
      PJRT_TRY(cut_port(execution, port, results + i, num));
    }
  }
  return NULL;
}

/* --- Regions and calls that are written for one device -------------------- */

/* One value that changes sides. */
static pjrt_error *prepare_crossing(sim_prep *prep, const sim_type *whole,
                                    const sim_type *part, sim_port *port) {
  port->whole = whole;
  PJRT_TRY(
      sim_sharding_part(prep->program, whole, port->sharding, &port->part));
  SIM_EXPECT(prep, sim_type_equal(&port->part, part),
             "the part does not follow from the whole and its sharding");
  return NULL;
}

static pjrt_error *expect_all_lanes(const sim_frame *frame, const sim_op *op,
                                    sim_lanes lanes) {
  if (lanes.num == frame->execution->num_lanes) return NULL;
  return pjrt_mlir_op_error(op->source, PJRT_FAILED_PRECONDITION,
                            "only %zu of %zu devices come here", lanes.num,
                            frame->execution->num_lanes);
}

/* Takes a value across, from one place of the frame to another. */
static pjrt_error *cross(sim_frame *frame, const sim_port *port, bool cuts,
                         pjrt_mlir_value from, pjrt_mlir_value to) {
  size_t num = frame->execution->num_lanes;
  void *memory;
  PJRT_TRY(pjrt_alloc(num, sizeof(sim_tensor *), &memory));
  sim_tensor **values = memory;
  for (size_t i = 0; i < num; i++) {
    values[i] = sim_tensor_retain(sim_frame_get(frame, from, i));
  }
  pjrt_error *error = NULL;
  if (port->sharding) {
    error = cuts ? cut_port(frame->execution, port, values, 1)
                 : join_port(frame->execution, port, values, 1);
  }
  for (size_t i = 0; i < num; i++) {
    if (error) {
      sim_tensor_release(values[i]);
    } else {
      sim_frame_set(frame, to, i, values[i]);
    }
  }
  free(values);
  return error;
}

/* --- sdy.manual_computation ----------------------------------------------- */

typedef struct manual_plan {
  sim_port *inputs;
  sim_port *outputs;
} manual_plan;

static pjrt_error *read_shardings(sim_prep *prep, const char *name, size_t num,
                                  const sim_type *const *whole,
                                  const sim_type *const *parts,
                                  sim_port **out) {
  void *memory;
  PJRT_TRY(sim_program_alloc(prep->program, num, sizeof **out, &memory));
  *out = memory;
  const pjrt_mlir_attr *attr = pjrt_mlir_op_attr(prep->op->source, name);
  SIM_EXPECT(prep, attr && attr->text && attr->text[0] == '[', "expected %s",
             name);
  const char *text = attr->text + 1;
  for (size_t i = 0; i < num; i++) {
    PJRT_TRY(sim_sharding_next(prep->program, &text, whole[i],
                               &(*out)[i].sharding));
    PJRT_TRY(prepare_crossing(prep, whole[i], parts[i], &(*out)[i]));
    text += strspn(text, ", ");
  }
  return NULL;
}

static pjrt_error *expect_manual(const sim_prep *prep) {
  const pjrt_mlir_op *op = prep->op->source;
  const pjrt_mlir_attr *shardings = pjrt_mlir_op_attr(op, "in_shardings");
  const pjrt_mlir_attr *axes = pjrt_mlir_op_attr(op, "manual_axes");
  SIM_EXPECT(prep,
             op->num_regions == 1 && shardings && shardings->text && axes &&
                 axes->text,
             "expected one region, in_shardings and manual_axes");
  PJRT_TRY(sim_expect_arrays(prep));
  if (sim_names_all_axes(prep->program, shardings->text, axes->text)) {
    return NULL;
  }
  return pjrt_mlir_op_error(
      op, PJRT_UNIMPLEMENTED,
      "only regions that are manual in all axes are supported");
}

pjrt_error *sim_prepare_manual(sim_prep *prep, const void **out_plan) {
  const pjrt_mlir_op *op = prep->op->source;
  void *memory;
  PJRT_TRY(expect_manual(prep));
  const pjrt_mlir_block *block = &op->regions[0];
  const pjrt_mlir_op *end = sim_terminator(&prep->op->regions[0]);
  SIM_EXPECT(prep,
             block->num_arguments == prep->num_operands &&
                 end->num_operands == prep->num_results,
             "the region must take the operands and return the results");
  PJRT_TRY(sim_program_alloc(prep->program, 1, sizeof(manual_plan), &memory));
  manual_plan *plan = memory;
  *out_plan = plan;
  size_t most = prep->num_operands > prep->num_results ? prep->num_operands
                                                       : prep->num_results;
  PJRT_TRY(sim_program_alloc(prep->program, 2 * most, sizeof(sim_type *),
                             &memory));
  const sim_type **parts = memory;
  const sim_type **whole = parts + most;
  for (size_t i = 0; i < prep->num_operands; i++) {
    parts[i] = &prep->func->types[block->first_argument + i];
  }
  PJRT_TRY(read_shardings(prep, "in_shardings", prep->num_operands,
                          prep->operands, parts, &plan->inputs));
  for (size_t i = 0; i < prep->num_results; i++) {
    parts[i] = &prep->func->types[end->operands[i]];
    whole[i] = &prep->results[i];
  }
  return read_shardings(prep, "out_shardings", prep->num_results, whole, parts,
                        &plan->outputs);
}

pjrt_error *sim_run_manual(sim_frame *frame, const sim_op *op,
                           sim_lanes lanes) {
  const manual_plan *plan = op->plan;
  const sim_block *block = &op->regions[0];
  const pjrt_mlir_op *end = sim_terminator(block);
  PJRT_TRY(expect_all_lanes(frame, op, lanes));
  for (size_t i = 0; i < op->source->num_operands; i++) {
    PJRT_TRY(cross(frame, &plan->inputs[i], true, op->source->operands[i],
                   block->source->first_argument + (pjrt_mlir_value)i));
  }
  PJRT_TRY(sim_run_block(frame, block, lanes));
  for (size_t i = 0; i < op->source->num_results; i++) {
    PJRT_TRY(cross(frame, &plan->outputs[i], false, end->operands[i],
                   op->source->first_result + (pjrt_mlir_value)i));
  }
  return NULL;
}

/* --- The custom calls about sharding -------------------------------------- */

typedef enum sharding_call { ANNOTATE, TO_PART, TO_WHOLE, NOT_SHARDING } call;

static call call_of(const char *target) {
  if (strcmp(target, "Sharding") == 0) return ANNOTATE;
  if (strcmp(target, "SPMDFullToShardShape") == 0) return TO_PART;
  return strcmp(target, "SPMDShardToFullShape") == 0 ? TO_WHOLE : NOT_SHARDING;
}

bool sim_is_sharding_call(const char *target) {
  return call_of(target) != NOT_SHARDING;
}

static bool is_manual(const pjrt_mlir_op *op) {
  const pjrt_mlir_attr *attr = pjrt_mlir_op_attr(op, "mhlo.sharding");
  return attr && attr->text && strcmp(attr->text, "{manual}") == 0;
}

typedef struct crossing_plan {
  bool cuts;
  sim_port port;
} crossing_plan;

static pjrt_error *run_sharding_call(sim_frame *frame, const sim_op *op,
                                  sim_lanes lanes) {
  const crossing_plan *plan = op->plan;
  if (plan->port.sharding) PJRT_TRY(expect_all_lanes(frame, op, lanes));
  if (plan->port.sharding) {
    return cross(frame, &plan->port, plan->cuts, op->source->operands[0],
                 op->source->first_result);
  }
  for (size_t i = 0; i < lanes.num; i++) {
    size_t lane = lanes.lanes[i];
    sim_frame_set(frame, op->source->first_result, lane,
                  sim_tensor_retain(
                      sim_frame_get(frame, op->source->operands[0], lane)));
  }
  return NULL;
}

static const sim_rule sharding_rule = {.run = run_sharding_call};

/* The sharding of the whole is what Sharding said about the operand before, or
 * what ShardToFull itself says. */
pjrt_error *sim_prepare_sharding_call(sim_prep *prep, const char *target,
                                      const void **out_plan) {
  void *memory;
  PJRT_TRY(sim_expect_counts(prep, 1, 1));
  PJRT_TRY(
      sim_program_alloc(prep->program, 1, sizeof(crossing_plan), &memory));
  crossing_plan *plan = memory;
  *out_plan = plan;
  prep->op->rule = &sharding_rule;
  const pjrt_mlir_op *op = prep->op->source;
  const pjrt_mlir_op *before = prep->func->definitions[op->operands[0]];
  plan->cuts = call_of(target) == TO_PART;
  if (call_of(target) == ANNOTATE) {
    return prepare_crossing(prep, prep->operands[0], prep->results,
                            &plan->port);
  }
  SIM_EXPECT(prep, before, "the operand must come from a custom call Sharding");
  const pjrt_mlir_op *manual = plan->cuts ? op : before;
  const pjrt_mlir_op *sharded = plan->cuts ? before : op;
  if (!is_manual(manual)) {
    return pjrt_mlir_op_error(op, PJRT_UNIMPLEMENTED,
                              "only the sharding {manual} is supported here");
  }
  const sim_type *whole = plan->cuts ? prep->operands[0] : prep->results;
  const sim_type *part = plan->cuts ? prep->results : prep->operands[0];
  PJRT_TRY(sim_sharding_find(prep->program, &sharded->attributes, whole,
                             &plan->port.sharding));
  prep->program->has_collectives |= plan->port.sharding != NULL;
  return prepare_crossing(prep, whole, part, &plan->port);
}
