/* The interpreter: runs a module of StableHLO text on simulated devices.
 *
 * A program is prepared once, which checks that everything in it is supported,
 * and then runs any number of times, on several threads at once. The devices
 * of one run advance in step, one operation at a time in the calling thread,
 * so that a collective finds the operands of all devices at hand. The table of
 * rules.c is the list of what is supported.
 *
 * The arithmetic: integers wrap around at their width, floats are computed in
 * double and round once to their type, except that a reduction rounds after
 * every application of its region. */
#ifndef SIM_INTERP_INTERP_H_
#define SIM_INTERP_INTERP_H_

#include "interp/tensor.h"
#include "mlir/mlir.h"

typedef struct sim_program sim_program;

/* One custom call on one device, for the embedder to carry out. */
typedef struct sim_custom_call {
  const pjrt_mlir_op *op; /* its attributes: backend_config, api_version, ... */
  const char *target;     /* call_target_name */
  size_t device;
  sim_tensor *const *operands;
  size_t num_operands;
  sim_tensor *const *results; /* made, to be filled */
  size_t num_results;
} sim_custom_call;

/* What a program asks of the world around it. A callback that is NULL is one
 * that programs must not need: UNIMPLEMENTED names who does. */
typedef struct sim_embedder {
  void *user;
  /* Bytes that the values of one run may take; 0: no limit. */
  size_t memory_limit;
  /* Called between operations and now and then within long ones. An error ends
   * the run: for cancellation and deadlines. */
  pjrt_error *(*poll)(void *user);
  pjrt_error *(*custom_call)(void *user, const sim_custom_call *call);
  /* Transfers between a device and the host. */
  pjrt_error *(*send)(void *user, size_t device, int64_t channel,
                      const sim_tensor *value);
  pjrt_error *(*recv)(void *user, size_t device, int64_t channel,
                      sim_tensor *out_value);
} sim_embedder;

typedef struct sim_program_opts {
  size_t num_replicas; /* 0 means 1 */
  size_t num_partitions;
  /* Whether the embedder will carry out custom calls to `target`; NULL: none.
   * Those about sharding are the interpreter's own. */
  bool (*knows_custom_call)(void *user, const char *target);
  void *user;
} sim_program_opts;

/* Checks and prepares a module whose entry point is the function `entry`,
 * usually "main". UNIMPLEMENTED names the first operation that is not
 * supported, INVALID_ARGUMENT the first that makes no sense; both say where.
 * `opts` may be NULL. The module must outlive the program. */
pjrt_error *sim_program_create(const pjrt_mlir_module *module,
                               const char *entry, const sim_program_opts *opts,
                               sim_program **out)
    __attribute__((warn_unused_result));
void sim_program_free(sim_program *program); /* NULL is a no-op */

/* What one device is given and gives. */
size_t sim_program_num_parameters(const sim_program *program);
const sim_type *sim_program_parameter(const sim_program *program, size_t i);
size_t sim_program_num_results(const sim_program *program);
const sim_type *sim_program_result(const sim_program *program, size_t i);
/* num_replicas * num_partitions. Device d is replica d / num_partitions and
 * partition d % num_partitions. */
size_t sim_program_num_devices(const sim_program *program);

/* Runs the program on all of its devices. `args` has the arguments of device
 * 0, then those of device 1, and so on, and so has `out`, whose values are the
 * caller's to release, all NULL on failure. An argument's type must be the
 * parameter's. */
pjrt_error *sim_interpret(const sim_program *program, sim_tensor *const *args,
                          const sim_embedder *embedder, sim_tensor **out)
    __attribute__((warn_unused_result));

#endif /* SIM_INTERP_INTERP_H_ */
