/* Operations that bring devices together. Devices run in step, so that all
 * operands of a group are at hand when the operation is reached. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "interp/combine.h"
#include "interp/copy.h"
#include "interp/groups.h"
#include "interp/rules.h"

typedef struct collective_plan {
  sim_groups groups;
  const size_t *sources; /* of collective_permute */
  size_t split_dim;      /* what each device keeps its part of */
  size_t join_dim;       /* where parts are put together */
} collective_plan;

static pjrt_error *alloc_plan(sim_prep *prep, collective_plan **out,
                              const void **out_plan) {
  void *memory;
  PJRT_TRY(
      sim_program_alloc(prep->program, 1, sizeof(collective_plan), &memory));
  *out_plan = *out = memory;
  SIM_EXPECT(prep,
             prep->num_operands > 0 && prep->num_results == prep->num_operands,
             "expected as many results as operands");
  return sim_expect_arrays(prep);
}

static pjrt_error *read_dim(const sim_prep *prep, const char *name,
                            size_t *out) {
  int64_t dim;
  PJRT_TRY(pjrt_mlir_op_int(prep->op->source, name, &dim));
  *out = (size_t)dim;
  for (size_t i = 0; i < prep->num_operands; i++) {
    PJRT_TRY(sim_expect_dims(prep, name, &dim, 1, prep->operands[i]->num_dims));
  }
  return NULL;
}

/* Results are the operands with one dimension multiplied and one divided. */
static pjrt_error *expect_scaled(const sim_prep *prep, size_t by,
                                 const size_t *multiplied,
                                 const size_t *divided) {
  for (size_t i = 0; i < prep->num_results; i++) {
    const sim_type *in = prep->operands[i];
    const sim_type *out = &prep->results[i];
    int64_t dims[SIM_MAX_RANK];
    for (size_t k = 0; k < in->num_dims; k++) dims[k] = in->dims[k];
    if (divided) {
      SIM_EXPECT(prep, dims[*divided] % (int64_t)by == 0,
                 "dimension %zu cannot be split into %zu parts", *divided, by);
      dims[*divided] /= (int64_t)by;
    }
    bool fits =
        !multiplied || !__builtin_mul_overflow(dims[*multiplied], (int64_t)by,
                                               &dims[*multiplied]);
    SIM_EXPECT(prep,
               fits && out->dtype == in->dtype &&
                   sim_has_dims(out, dims, in->num_dims),
               "result %zu does not follow from operand %zu and groups of %zu",
               i, i, by);
  }
  return NULL;
}

/* --- Groups at work ------------------------------------------------------- */

/* One group's values of one operand and result. */
typedef struct gathering {
  sim_frame *frame;
  const sim_op *op;
  const collective_plan *plan;
  const size_t *lanes; /* of the group's devices, in order */
  size_t num;
  size_t operand;
} gathering;

static const sim_tensor *member(const gathering *g, size_t i) {
  return sim_frame_get(g->frame, g->op->source->operands[g->operand],
                       g->lanes[i]);
}

static pjrt_error *make_result(const gathering *g, sim_tensor **out) {
  return sim_tensor_create(&g->frame->execution->budget,
                           &g->op->results[g->operand], out);
}

static void give_result(const gathering *g, size_t i, sim_tensor *result) {
  sim_frame_set(g->frame,
                g->op->source->first_result + (pjrt_mlir_value)g->operand,
                g->lanes[i], result);
}

static void share_result(const gathering *g, sim_tensor *result) {
  for (size_t i = 0; i < g->num; i++) {
    give_result(g, i, sim_tensor_retain(result));
  }
  sim_tensor_release(result);
}

static bool takes_part(sim_lanes lanes, size_t lane) {
  if (lane < lanes.num && lanes.lanes[lane] == lane) return true; /* all do */
  for (size_t i = 0; i < lanes.num; i++) {
    if (lanes.lanes[i] == lane) return true;
  }
  return false;
}

/* A group must be here as a whole, or not at all. */
static pjrt_error *expect_together(const sim_op *op, sim_lanes lanes,
                                   const size_t *group, size_t num,
                                   bool *out_here) {
  *out_here = takes_part(lanes, group[0]);
  for (size_t i = 1; i < num; i++) {
    if (takes_part(lanes, group[i]) == *out_here) continue;
    return pjrt_mlir_op_error(
        op->source, PJRT_FAILED_PRECONDITION,
        "devices %zu and %zu wait for each other, but only one comes here",
        group[0], group[i]);
  }
  return NULL;
}

/* Collectives see all devices, so that lanes are devices. */
static pjrt_error *for_each_group(sim_frame *frame, const sim_op *op,
                                  sim_lanes lanes,
                                  pjrt_error *(*work)(const gathering *g)) {
  const collective_plan *plan = op->plan;
  const sim_groups *groups = &plan->groups;
  for (size_t i = 0; i < groups->num_groups; i++) {
    bool here;
    gathering g = {.frame = frame,
                   .op = op,
                   .plan = plan,
                   .lanes = groups->devices + i * groups->group_size,
                   .num = groups->group_size};
    PJRT_TRY(expect_together(op, lanes, g.lanes, g.num, &here));
    for (; here && g.operand < op->source->num_operands; g.operand++) {
      PJRT_TRY(work(&g));
    }
  }
  return NULL;
}

/* Combines the operands of all members, in their order. */
static pjrt_error *combine_members(const gathering *g, sim_tensor **out) {
  const sim_tensor *first = member(g, 0);
  PJRT_TRY(sim_tensor_create(&g->frame->execution->budget, &first->type, out));
  size_t num = first->type.num_elements;
  if (num) memcpy((*out)->data, first->data, num * first->element_size);
  for (size_t i = 1; i < g->num; i++) {
    sim_tensor *from = sim_frame_get(
        g->frame, g->op->source->operands[g->operand], g->lanes[i]);
    pjrt_error *error = sim_combine(&(sim_combination){.frame = g->frame,
                                                       .op = g->op,
                                                       .lane = g->lanes[0],
                                                       .num_arrays = 1,
                                                       .into = out,
                                                       .from = &from,
                                                       .num = num});
    if (error) {
      sim_tensor_release(*out);
      *out = NULL;
      return error;
    }
  }
  return NULL;
}

/* Copies a tensor to its place in a larger one, or a larger one's part to it:
 * the i-th of parts along one dimension. */
static void copy_part(const sim_tensor *whole, const sim_tensor *part,
                      size_t dim, size_t i, bool to_whole) {
  sim_side wide = sim_side_of(whole);
  sim_side narrow = sim_side_of(part);
  sim_side_move(&wide, dim, (int64_t)i * part->type.dims[dim],
                part->element_size);
  sim_copy_box(part->type.dims, part->type.num_dims, part->element_size,
               to_whole ? &narrow : &wide, to_whole ? &wide : &narrow);
}

/* --- all_reduce, reduce_scatter ------------------------------------------- */

static pjrt_error *expect_combiners(const sim_prep *prep) {
  for (size_t i = 0; i < prep->num_operands; i++) {
    PJRT_TRY(sim_expect_combiner(prep, &prep->operands[i], 1));
  }
  return NULL;
}

pjrt_error *sim_prepare_all_reduce(sim_prep *prep, const void **out_plan) {
  collective_plan *plan;
  PJRT_TRY(alloc_plan(prep, &plan, out_plan));
  PJRT_TRY(sim_read_groups(prep, false, &plan->groups));
  PJRT_TRY(expect_scaled(prep, 1, NULL, NULL));
  return expect_combiners(prep);
}

static pjrt_error *all_reduce(const gathering *g) {
  sim_tensor *sum;
  PJRT_TRY(combine_members(g, &sum));
  share_result(g, sum);
  return NULL;
}

pjrt_error *sim_run_all_reduce(sim_frame *frame, const sim_op *op,
                               sim_lanes lanes) {
  return for_each_group(frame, op, lanes, all_reduce);
}

pjrt_error *sim_prepare_reduce_scatter(sim_prep *prep, const void **out_plan) {
  collective_plan *plan;
  PJRT_TRY(alloc_plan(prep, &plan, out_plan));
  PJRT_TRY(sim_read_groups(prep, false, &plan->groups));
  PJRT_TRY(read_dim(prep, "scatter_dimension", &plan->split_dim));
  PJRT_TRY(
      expect_scaled(prep, plan->groups.group_size, NULL, &plan->split_dim));
  return expect_combiners(prep);
}

static pjrt_error *reduce_scatter(const gathering *g) {
  sim_tensor *sum;
  PJRT_TRY(combine_members(g, &sum));
  pjrt_error *error = NULL;
  for (size_t i = 0; i < g->num && !error; i++) {
    sim_tensor *part;
    error = make_result(g, &part);
    if (error) break;
    copy_part(sum, part, g->plan->split_dim, i, false);
    give_result(g, i, part);
  }
  sim_tensor_release(sum);
  return error;
}

pjrt_error *sim_run_reduce_scatter(sim_frame *frame, const sim_op *op,
                                   sim_lanes lanes) {
  return for_each_group(frame, op, lanes, reduce_scatter);
}

/* --- all_gather, all_to_all, collective_broadcast ------------------------- */

pjrt_error *sim_prepare_all_gather(sim_prep *prep, const void **out_plan) {
  collective_plan *plan;
  PJRT_TRY(alloc_plan(prep, &plan, out_plan));
  PJRT_TRY(sim_read_groups(prep, false, &plan->groups));
  PJRT_TRY(read_dim(prep, "all_gather_dim", &plan->join_dim));
  return expect_scaled(prep, plan->groups.group_size, &plan->join_dim, NULL);
}

static pjrt_error *all_gather(const gathering *g) {
  sim_tensor *whole;
  PJRT_TRY(make_result(g, &whole));
  for (size_t i = 0; i < g->num; i++) {
    copy_part(whole, member(g, i), g->plan->join_dim, i, true);
  }
  share_result(g, whole);
  return NULL;
}

pjrt_error *sim_run_all_gather(sim_frame *frame, const sim_op *op,
                               sim_lanes lanes) {
  return for_each_group(frame, op, lanes, all_gather);
}

pjrt_error *sim_prepare_all_to_all(sim_prep *prep, const void **out_plan) {
  collective_plan *plan;
  int64_t count;
  PJRT_TRY(alloc_plan(prep, &plan, out_plan));
  PJRT_TRY(sim_read_groups(prep, true, &plan->groups));
  PJRT_TRY(read_dim(prep, "split_dimension", &plan->split_dim));
  PJRT_TRY(read_dim(prep, "concat_dimension", &plan->join_dim));
  PJRT_TRY(pjrt_mlir_op_int(prep->op->source, "split_count", &count));
  SIM_EXPECT(prep, count > 0 && (size_t)count == plan->groups.group_size,
             "split_count %lld is not the size of the groups, %zu",
             (long long)count, plan->groups.group_size);
  return expect_scaled(prep, (size_t)count, &plan->join_dim, &plan->split_dim);
}

/* What member `to` gets of member `from`: its part along the one dimension, to
 * the place of `from` along the other. */
static void exchange(const gathering *g, sim_tensor *result, size_t to,
                     size_t from) {
  const sim_tensor *in = member(g, from);
  const collective_plan *plan = g->plan;
  int64_t dims[SIM_MAX_RANK];
  for (size_t k = 0; k < in->type.num_dims; k++) dims[k] = in->type.dims[k];
  dims[plan->split_dim] /= (int64_t)g->num;
  sim_side source = sim_side_of(in);
  sim_side target = sim_side_of(result);
  sim_side_move(&source, plan->split_dim, (int64_t)to * dims[plan->split_dim],
                in->element_size);
  sim_side_move(&target, plan->join_dim, (int64_t)from * dims[plan->join_dim],
                in->element_size);
  sim_copy_box(dims, in->type.num_dims, in->element_size, &source, &target);
}

static pjrt_error *all_to_all(const gathering *g) {
  for (size_t to = 0; to < g->num; to++) {
    sim_tensor *result;
    PJRT_TRY(make_result(g, &result));
    for (size_t from = 0; from < g->num; from++) exchange(g, result, to, from);
    give_result(g, to, result);
  }
  return NULL;
}

pjrt_error *sim_run_all_to_all(sim_frame *frame, const sim_op *op,
                               sim_lanes lanes) {
  return for_each_group(frame, op, lanes, all_to_all);
}

pjrt_error *sim_prepare_collective_broadcast(sim_prep *prep,
                                             const void **out_plan) {
  collective_plan *plan;
  PJRT_TRY(alloc_plan(prep, &plan, out_plan));
  PJRT_TRY(sim_read_groups(prep, true, &plan->groups));
  return expect_scaled(prep, 1, NULL, NULL);
}

static pjrt_error *broadcast(const gathering *g) {
  sim_tensor *first =
      sim_frame_get(g->frame, g->op->source->operands[g->operand], g->lanes[0]);
  share_result(g, sim_tensor_retain(first));
  return NULL;
}

pjrt_error *sim_run_collective_broadcast(sim_frame *frame, const sim_op *op,
                                         sim_lanes lanes) {
  return for_each_group(frame, op, lanes, broadcast);
}

/* --- collective_permute --------------------------------------------------- */

pjrt_error *sim_prepare_permute(sim_prep *prep, const void **out_plan) {
  collective_plan *plan;
  PJRT_TRY(alloc_plan(prep, &plan, out_plan));
  PJRT_TRY(sim_read_pairs(prep, &plan->sources));
  return expect_scaled(prep, 1, NULL, NULL);
}

/* Who is nobody's target gets zeros. */
static pjrt_error *permute_to(sim_frame *frame, const sim_op *op, size_t k,
                              size_t lane) {
  const collective_plan *plan = op->plan;
  size_t source = plan->sources[lane];
  sim_tensor *result;
  if (source == SIM_NO_DEVICE) {
    PJRT_TRY(
        sim_tensor_create(&frame->execution->budget, &op->results[k], &result));
    memset(result->data, 0, result->type.num_elements * result->element_size);
  } else {
    result = sim_tensor_retain(
        sim_frame_get(frame, op->source->operands[k], source));
  }
  sim_frame_set(frame, op->source->first_result + (pjrt_mlir_value)k, lane,
                result);
  return NULL;
}

pjrt_error *sim_run_permute(sim_frame *frame, const sim_op *op,
                            sim_lanes lanes) {
  const collective_plan *plan = op->plan;
  for (size_t lane = 0; lane < frame->execution->num_lanes; lane++) {
    bool here;
    const size_t pair[] = {lane, plan->sources[lane]};
    size_t num = pair[1] == SIM_NO_DEVICE ? 1 : 2;
    PJRT_TRY(expect_together(op, lanes, pair, num, &here));
    for (size_t k = 0; here && k < op->source->num_operands; k++) {
      PJRT_TRY(permute_to(frame, op, k, lane));
    }
  }
  return NULL;
}

/* --- replica_id, partition_id --------------------------------------------- */

pjrt_error *sim_prepare_id(sim_prep *prep, const void **out_plan) {
  *out_plan = NULL;
  PJRT_TRY(sim_expect_counts(prep, 0, 1));
  SIM_EXPECT(prep, sim_is_scalar(prep->results, PJRT_U32),
             "the result must be one ui32");
  return NULL;
}

pjrt_error *sim_compute_id(const sim_call *call) {
  size_t partitions = call->frame->execution->program->opts.num_partitions;
  size_t device = sim_device_of(call->frame, call->lane);
  uint64_t id = call->op->source->id == PJRT_MLIR_REPLICA_ID
                    ? device / partitions
                    : device % partitions;
  sim_store_bits(call->results[0], 0, 1, &id);
  return NULL;
}
