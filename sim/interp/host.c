/* Operations that the embedder carries out: custom_call, send and recv. */
#include <string.h>

#include "base/error.h"
#include "interp/partition.h"
#include "interp/rules.h"

static bool is_known(const sim_prep *prep, const char *target) {
  const sim_program_opts *opts = &prep->program->opts;
  return opts->knows_custom_call && opts->knows_custom_call(opts->user, target);
}

pjrt_error *sim_prepare_custom_call(sim_prep *prep, const void **out_plan) {
  const pjrt_mlir_attr *target =
      pjrt_mlir_op_attr(prep->op->source, "call_target_name");
  SIM_EXPECT(prep, target && target->kind == PJRT_MLIR_ATTR_STRING,
             "expected call_target_name");
  if (sim_is_sharding_call(target->text)) {
    return sim_prepare_sharding_call(prep, target->text, out_plan);
  }
  *out_plan = target->text;
  if (!is_known(prep, target->text)) {
    return pjrt_mlir_op_error(prep->op->source, PJRT_UNIMPLEMENTED,
                              "there is no custom call target \"%s\"",
                              target->text);
  }
  for (size_t i = 0; i < prep->num_results; i++) {
    SIM_EXPECT(prep, prep->results[i].dtype != PJRT_DTYPE_INVALID,
               "result %zu must not be a tuple", i);
  }
  return NULL;
}

static pjrt_error *nobody(const char *what) {
  return pjrt_error_format(PJRT_UNIMPLEMENTED, "there is nobody to %s", what);
}

pjrt_error *sim_compute_custom_call(const sim_call *call) {
  const sim_embedder *embedder = call->frame->execution->embedder;
  const pjrt_mlir_op *op = call->op->source;
  if (!embedder->custom_call) return nobody("call");
  sim_custom_call what = {.op = op,
                          .target = call->plan,
                          .device = sim_device_of(call->frame, call->lane),
                          .operands = call->operands,
                          .num_operands = op->num_operands,
                          .results = call->results,
                          .num_results = op->num_results};
  return embedder->custom_call(embedder->user, &what);
}

/* --- send, recv ----------------------------------------------------------- */

static pjrt_error *read_channel(const sim_prep *prep, const void **out_plan) {
  const pjrt_mlir_dict *handle;
  PJRT_TRY(pjrt_mlir_op_struct(prep->op->source, "channel_handle", &handle));
  const pjrt_mlir_attr *number = pjrt_mlir_dict_find(handle, "handle");
  SIM_EXPECT(prep, number && number->kind == PJRT_MLIR_ATTR_INT,
             "channel_handle must have a handle");
  *out_plan = &number->integer;
  if (!pjrt_mlir_op_bool(prep->op->source, "is_host_transfer")) {
    return pjrt_mlir_op_error(
        prep->op->source, PJRT_UNIMPLEMENTED,
        "only transfers between a device and the host are supported");
  }
  return NULL;
}

pjrt_error *sim_prepare_send(sim_prep *prep, const void **out_plan) {
  size_t num = prep->num_operands;
  PJRT_TRY(read_channel(prep, out_plan));
  SIM_EXPECT(prep, num >= 2 && prep->operands[num - 1]->dtype == PJRT_TOKEN,
             "the operands must be values and a token");
  for (size_t i = 0; i + 1 < num; i++) {
    SIM_EXPECT(prep, sim_is_array(prep->operands[i]),
               "operand %zu must be an array", i);
  }
  SIM_EXPECT(prep, prep->num_results == 1 && prep->results->dtype == PJRT_TOKEN,
             "the result must be a token");
  return NULL;
}

pjrt_error *sim_prepare_recv(sim_prep *prep, const void **out_plan) {
  PJRT_TRY(read_channel(prep, out_plan));
  SIM_EXPECT(prep,
             prep->num_operands == 1 && prep->operands[0]->dtype == PJRT_TOKEN,
             "the operand must be a token");
  size_t num = prep->num_results;
  SIM_EXPECT(prep, num >= 2 && prep->results[num - 1].dtype == PJRT_TOKEN,
             "the results must be values and a token");
  for (size_t i = 0; i + 1 < num; i++) {
    SIM_EXPECT(prep, sim_is_array(&prep->results[i]),
               "result %zu must be an array", i);
  }
  return NULL;
}

pjrt_error *sim_compute_send(const sim_call *call) {
  const sim_embedder *embedder = call->frame->execution->embedder;
  const int64_t *channel = call->plan;
  size_t device = sim_device_of(call->frame, call->lane);
  if (!embedder->send) return nobody("send to");
  for (size_t i = 0; i + 1 < call->op->source->num_operands; i++) {
    PJRT_TRY(
        embedder->send(embedder->user, device, *channel, call->operands[i]));
  }
  return NULL;
}

pjrt_error *sim_compute_recv(const sim_call *call) {
  const sim_embedder *embedder = call->frame->execution->embedder;
  const int64_t *channel = call->plan;
  size_t device = sim_device_of(call->frame, call->lane);
  if (!embedder->recv) return nobody("receive from");
  for (size_t i = 0; i + 1 < call->op->source->num_results; i++) {
    PJRT_TRY(
        embedder->recv(embedder->user, device, *channel, call->results[i]));
  }
  return NULL;
}
