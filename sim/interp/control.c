/* Operations that run others, and those that only pass values on. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "interp/rules.h"

/* --- call ----------------------------------------------------------------- */

pjrt_error *sim_prepare_call(sim_prep *prep, const void **out_plan) {
  *out_plan = NULL;
  SIM_EXPECT(prep, prep->op->callee, "expected a function");
  return NULL;
}

static pjrt_error *call_callee(sim_frame *frame, const sim_op *op,
                               sim_lanes lanes, sim_tensor **args,
                               sim_tensor **results) {
  const pjrt_mlir_op *source = op->source;
  for (size_t i = 0; i < lanes.num; i++) {
    for (size_t k = 0; k < source->num_operands; k++) {
      args[lanes.lanes[i] * source->num_operands + k] =
          sim_frame_get(frame, source->operands[k], lanes.lanes[i]);
    }
  }
  PJRT_TRY(sim_call_func(frame->execution, op->callee, lanes, args, results));
  for (size_t i = 0; i < lanes.num; i++) {
    for (size_t k = 0; k < source->num_results; k++) {
      sim_frame_set(frame, source->first_result + (pjrt_mlir_value)k,
                    lanes.lanes[i],
                    results[lanes.lanes[i] * source->num_results + k]);
    }
  }
  return NULL;
}

pjrt_error *sim_run_call(sim_frame *frame, const sim_op *op, sim_lanes lanes) {
  size_t num_lanes = frame->execution->num_lanes;
  size_t num_args = num_lanes * op->source->num_operands;
  void *memory;
  PJRT_TRY(pjrt_alloc(num_args + num_lanes * op->source->num_results,
                      sizeof(sim_tensor *), &memory));
  sim_tensor **args = memory;
  pjrt_error *error = call_callee(frame, op, lanes, args, args + num_args);
  free(memory);
  return error;
}

/* --- Regions -------------------------------------------------------------- */

/* Gives values from one place of the frame to another. */
static void pass(sim_frame *frame, pjrt_mlir_value from, pjrt_mlir_value to,
                 size_t lane) {
  sim_frame_set(frame, to, lane,
                sim_tensor_retain(sim_frame_get(frame, from, lane)));
}

static pjrt_error *run_region(sim_frame *frame, const sim_op *op, size_t i,
                              sim_lanes lanes) {
  const sim_block *block = &op->regions[i];
  return lanes.num ? sim_run_block(frame, block, lanes) : NULL;
}

static void take_results(sim_frame *frame, const sim_op *op,
                         const sim_block *block, sim_lanes lanes) {
  const pjrt_mlir_op *end = sim_terminator(block);
  for (size_t i = 0; i < lanes.num; i++) {
    for (size_t k = 0; k < op->source->num_results; k++) {
      pass(frame, end->operands[k],
           op->source->first_result + (pjrt_mlir_value)k, lanes.lanes[i]);
    }
  }
}

/* --- if, case ------------------------------------------------------------- */

static pjrt_error *expect_branches(sim_prep *prep) {
  void *memory;
  PJRT_TRY(sim_program_alloc(prep->program, prep->num_results,
                             sizeof(sim_type *), &memory));
  const sim_type **results = memory;
  for (size_t k = 0; k < prep->num_results; k++) {
    results[k] = &prep->results[k];
  }
  for (size_t i = 0; i < prep->op->source->num_regions; i++) {
    PJRT_TRY(sim_expect_region(prep, i, NULL, 0, results, prep->num_results));
  }
  return NULL;
}

pjrt_error *sim_prepare_if(sim_prep *prep, const void **out_plan) {
  *out_plan = NULL;
  SIM_EXPECT(prep,
             prep->num_operands == 1 &&
                 sim_is_scalar(prep->operands[0], PJRT_PRED) &&
                 prep->op->source->num_regions == 2,
             "expected one i1 and two regions");
  return expect_branches(prep);
}

pjrt_error *sim_prepare_case(sim_prep *prep, const void **out_plan) {
  *out_plan = NULL;
  SIM_EXPECT(prep,
             prep->num_operands == 1 &&
                 sim_is_scalar(prep->operands[0], PJRT_S32) &&
                 prep->op->source->num_regions > 0,
             "expected one i32 and regions");
  return expect_branches(prep);
}

/* The first region of `if` is for true; of `case`, the last one is for
 * whatever has none. */
static size_t branch_of(const sim_op *op, int64_t index) {
  size_t last = op->source->num_regions - 1;
  if (op->source->id == PJRT_MLIR_IF) return index & 1 ? 0 : 1;
  return index < 0 || (size_t)index > last ? last : (size_t)index;
}

pjrt_error *sim_run_branch(sim_frame *frame, const sim_op *op,
                           sim_lanes lanes) {
  void *memory;
  PJRT_TRY(pjrt_alloc(lanes.num, sizeof(size_t), &memory));
  size_t *chosen = memory;
  pjrt_error *error = NULL;
  for (size_t i = 0; i < op->source->num_regions && !error; i++) {
    sim_lanes here = {chosen, 0};
    for (size_t k = 0; k < lanes.num; k++) {
      const sim_tensor *index =
          sim_frame_get(frame, op->source->operands[0], lanes.lanes[k]);
      if (branch_of(op, sim_tensor_index(index)) == i) {
        chosen[here.num++] = lanes.lanes[k];
      }
    }
    error = run_region(frame, op, i, here);
    if (!error) take_results(frame, op, &op->regions[i], here);
  }
  free(memory);
  return error;
}

/* --- while ---------------------------------------------------------------- */

pjrt_error *sim_prepare_while(sim_prep *prep, const void **out_plan) {
  static const sim_type pred = {.dtype = PJRT_PRED, .num_elements = 1};
  const sim_type *const condition[] = {&pred};
  *out_plan = NULL;
  SIM_EXPECT(prep,
             prep->op->source->num_regions == 2 &&
                 prep->num_results == prep->num_operands,
             "expected two regions and as many results as operands");
  for (size_t i = 0; i < prep->num_operands; i++) {
    SIM_EXPECT(prep, sim_type_equal(prep->operands[i], &prep->results[i]),
               "operand %zu must have the type of result %zu", i, i);
  }
  PJRT_TRY(sim_expect_region(prep, 0, prep->operands, prep->num_operands,
                             condition, 1));
  return sim_expect_region(prep, 1, prep->operands, prep->num_operands,
                           prep->operands, prep->num_operands);
}

/* The loop's state is in the place of the results. */
static void enter_region(sim_frame *frame, const sim_op *op, size_t region,
                         sim_lanes lanes) {
  pjrt_mlir_value first = op->regions[region].source->first_argument;
  for (size_t i = 0; i < lanes.num; i++) {
    for (size_t k = 0; k < op->source->num_results; k++) {
      pass(frame, op->source->first_result + (pjrt_mlir_value)k,
           first + (pjrt_mlir_value)k, lanes.lanes[i]);
    }
  }
}

/* Runs the condition and keeps the lanes that go on. */
static pjrt_error *run_condition(sim_frame *frame, const sim_op *op,
                                 size_t *lanes, size_t *num) {
  sim_lanes before = {lanes, *num};
  pjrt_mlir_value result = sim_terminator(&op->regions[0])->operands[0];
  enter_region(frame, op, 0, before);
  PJRT_TRY(sim_run_block(frame, &op->regions[0], before));
  *num = 0;
  for (size_t i = 0; i < before.num; i++) {
    const sim_tensor *goes_on = sim_frame_get(frame, result, lanes[i]);
    if (sim_tensor_index(goes_on) & 1) lanes[(*num)++] = lanes[i];
  }
  return NULL;
}

static pjrt_error *run_loop(sim_frame *frame, const sim_op *op, size_t *lanes,
                            size_t num) {
  for (;;) {
    PJRT_TRY(sim_poll(frame->execution));
    PJRT_TRY(run_condition(frame, op, lanes, &num));
    if (num == 0) return NULL;
    sim_lanes here = {lanes, num};
    enter_region(frame, op, 1, here);
    PJRT_TRY(sim_run_block(frame, &op->regions[1], here));
    take_results(frame, op, &op->regions[1], here);
  }
}

pjrt_error *sim_run_while(sim_frame *frame, const sim_op *op, sim_lanes lanes) {
  void *memory;
  PJRT_TRY(pjrt_alloc_copy(lanes.lanes, lanes.num, sizeof(size_t), &memory));
  for (size_t i = 0; i < lanes.num; i++) {
    for (size_t k = 0; k < op->source->num_operands; k++) {
      pass(frame, op->source->operands[k],
           op->source->first_result + (pjrt_mlir_value)k, lanes.lanes[i]);
    }
  }
  pjrt_error *error = run_loop(frame, op, memory, lanes.num);
  free(memory);
  return error;
}

/* --- Passing values on ---------------------------------------------------- */

pjrt_error *sim_prepare_barrier(sim_prep *prep, const void **out_plan) {
  *out_plan = NULL;
  SIM_EXPECT(prep, prep->num_results == prep->num_operands,
             "expected as many results as operands");
  for (size_t i = 0; i < prep->num_operands; i++) {
    SIM_EXPECT(prep, sim_type_equal(prep->operands[i], &prep->results[i]),
               "operand %zu must have the type of result %zu", i, i);
  }
  return NULL;
}

pjrt_error *sim_produce_operands(const sim_call *call) {
  for (size_t i = 0; i < call->op->source->num_results; i++) {
    call->results[i] = sim_tensor_retain(call->operands[i]);
  }
  return NULL;
}

pjrt_error *sim_prepare_tuple(sim_prep *prep, const void **out_plan) {
  *out_plan = NULL;
  const sim_type *tuple = prep->results;
  SIM_EXPECT(prep,
             prep->num_results == 1 && tuple->dtype == PJRT_DTYPE_INVALID &&
                 tuple->num_dims == prep->num_operands,
             "the result must be a tuple of the operands");
  for (size_t i = 0; i < prep->num_operands; i++) {
    SIM_EXPECT(prep, sim_type_equal(prep->operands[i], &tuple->parts[i]),
               "operand %zu must have the type of its place", i);
  }
  return NULL;
}

pjrt_error *sim_produce_tuple(const sim_call *call) {
  return sim_tensor_create_tuple(call->op->results, call->operands,
                                 &call->results[0]);
}

pjrt_error *sim_prepare_tuple_element(sim_prep *prep, const void **out_plan) {
  void *memory;
  PJRT_TRY(sim_program_alloc(prep->program, 1, sizeof(int64_t), &memory));
  int64_t *index = memory;
  *out_plan = index;
  PJRT_TRY(pjrt_mlir_op_int(prep->op->source, "index", index));
  SIM_EXPECT(prep,
             prep->num_operands == 1 && prep->num_results == 1 &&
                 prep->operands[0]->dtype == PJRT_DTYPE_INVALID,
             "expected a tuple");
  const sim_type *tuple = prep->operands[0];
  SIM_EXPECT(prep,
             *index >= 0 && (size_t)*index < tuple->num_dims &&
                 sim_type_equal(&tuple->parts[*index], prep->results),
             "element %lld of the tuple is not of the result's type",
             (long long)*index);
  return NULL;
}

pjrt_error *sim_produce_tuple_element(const sim_call *call) {
  const int64_t *index = call->plan;
  call->results[0] = sim_tensor_retain(call->operands[0]->parts[*index]);
  return NULL;
}

/* create_token, after_all: tokens order what is in order anyway. */
pjrt_error *sim_prepare_token(sim_prep *prep, const void **out_plan) {
  *out_plan = NULL;
  for (size_t i = 0; i < prep->num_operands; i++) {
    SIM_EXPECT(prep, prep->operands[i]->dtype == PJRT_TOKEN,
               "operand %zu must be a token", i);
  }
  SIM_EXPECT(prep, prep->num_results == 1 && prep->results->dtype == PJRT_TOKEN,
             "the result must be a token");
  return NULL;
}

pjrt_error *sim_compute_nothing(const sim_call *call) {
  (void)call;
  return NULL;
}
