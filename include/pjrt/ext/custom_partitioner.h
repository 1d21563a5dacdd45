/* The Custom_Partitioner extension: how XLA cuts custom calls into partitions.
 * A custom call in a program of several partitions is run whole on every
 * device, unless a partitioner for its target says what each device computes.
 *
 * A partitioner belongs to the plugin's shared library, for the life of the
 * process: there is no way to take it back, it holds for every client, and it
 * must be there before the programs are compiled. No client is needed.
 *
 * UNIMPLEMENTED where the plugin has no such extension: GPU plugins alone have
 * it. */
#ifndef PJRT_EXT_CUSTOM_PARTITIONER_H_
#define PJRT_EXT_CUSTOM_PARTITIONER_H_

#include "pjrt/dtype.h"
#include "pjrt/ext/shardings.h"
#include "pjrt/program.h"

PJRT_BEGIN_DECLS

/* An operand or the result of a custom call, before it is cut. Where it has a
 * sharding of a kind that this library does not read, such as those by the axes
 * of a mesh, which plugins of 0.116 make of all, there are its bytes alone. */
typedef struct pjrt_partition_value {
  size_t struct_size;
  pjrt_dtype dtype;    /* PJRT_INVALID for a tuple, or a type not known here */
  const int64_t *dims; /* num_dims of them; may be NULL for none */
  size_t num_dims;
  bool has_sharding;
  const pjrt_sharding *sharding; /* NULL: none, or of another kind */
  const void *shape_proto;       /* a serialized xla.ShapeProto, with tuples */
  size_t shape_proto_size;
  const void *sharding_proto; /* a serialized xla.OpSharding */
  size_t sharding_proto_size;
} pjrt_partition_value;

/* A custom call in a program that is being compiled. */
typedef struct pjrt_partition_call {
  size_t struct_size;
  const pjrt_partition_value *operands;
  size_t num_operands;
  pjrt_partition_value result;
  const char *backend_config; /* as in the program; no NUL behind it */
  size_t backend_config_size;
} pjrt_partition_call;

/* What each partition is to compute: all NULL at first, and all [taken]. */
typedef struct pjrt_partition {
  size_t struct_size;
  /* MLIR whose main takes a shard of each operand and gives a shard of the
   * result. Must be set. */
  pjrt_program *program;
  /* How the operands are to be split for it, call->num_operands of them. NULL:
   * as they are; replicated if they have no sharding. */
  pjrt_sharding **operand_shardings;
  /* How its results are split. NULL: as the call's result is to be. */
  pjrt_sharding *result_sharding;
} pjrt_partition;

/* All callbacks come on the thread that compiles, which may be the caller's or
 * one of the plugin's, on several at once, within a compilation and never
 * within the registering call. What they are shown is theirs until they return.
 * They must not compile or register. */
typedef struct pjrt_custom_partitioner {
  size_t struct_size;

  /* Says what the partitions compute, once for each call that is cut. An error
   * ends the compilation. Must be set.
   * @param call [borrowed: call]
   * @param user [borrowed: call] as below
   * @param out [borrowed: call]
   * @return [taken] NULL for success */
  pjrt_error *(*partition)(const pjrt_partition_call *call, void *user,
                           pjrt_partition *out);

  /* Says how the result is split when the operands are split so: any number of
   * times while the compiler spreads shardings. NULL: nothing can be said. It
   * cannot fail: plugins end the process then. Default NULL: always nothing.
   * @param call [borrowed: call] whose result has no sharding
   * @param user [borrowed: call] as below
   * @return [taken] */
  pjrt_sharding *(*infer_sharding)(const pjrt_partition_call *call, void *user);

  /* Says how the result is split when whoever uses it wants it as the result's
   * sharding says: any number of times. NULL: so. It cannot fail either.
   * Default NULL: always so.
   * @param call [borrowed: call] without operands
   * @param user [borrowed: call] as below
   * @return [taken] */
  pjrt_sharding *(*propagate_user_sharding)(const pjrt_partition_call *call,
                                            void *user);

  /* A call with side effects may have a replicated sharding. Default false. */
  bool can_side_effecting_have_replicated_sharding;

  /* Passed to the callbacks. The plugin keeps it for ever. */
  void *user;
} pjrt_custom_partitioner;

/* @param partitioner [borrowed: call] */
PJRT_API void pjrt_custom_partitioner_init(
    pjrt_custom_partitioner *partitioner);

/* Registers a partitioner for the custom calls to `target`.
 * INVALID_ARGUMENT: NULL, an empty target, no `partition`. ALREADY_EXISTS: the
 * target has a partitioner, which it keeps.
 * PJRT: PJRT_Register_Custom_Partitioner (0.47).
 * @param plugin [borrowed: call]
 * @param target [borrowed: call]
 * @param partitioner [borrowed: call] copied; its user data is kept */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_custom_partitioner_register(
    pjrt_plugin *plugin, const char *target, size_t target_size,
    const pjrt_custom_partitioner *partitioner);

/* Says that calls to `target` work on each element of the leading dimensions by
 * itself, so that the compiler may cut them there without asking. A target that
 * has a partitioner keeps it, silently.
 * INVALID_ARGUMENT: NULL, an empty target.
 * PJRT: PJRT_Register_Batch_Partitionable (0.67).
 * @param plugin [borrowed: call]
 * @param target [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_custom_partitioner_register_batch(
    pjrt_plugin *plugin, const char *target, size_t target_size);

PJRT_END_DECLS

#endif /* PJRT_EXT_CUSTOM_PARTITIONER_H_ */
