/* Custom_Partitioner: how custom calls are cut into partitions. Partitioners of
 * targets that a program calls are asked as XLA asks, always about the same
 * array; their answers are looked at and not used. */
#include <stdlib.h>
#include <string.h>

#include "ext/ext.h"

/* As JAX numbers its callbacks. */
enum { VERSION = 0 };

/* One name and how its calls are partitioned; NULL: along the batch. */
typedef struct partitioner {
  struct partitioner *next;
  JAX_CustomCallPartitioner_Callbacks *callbacks;
  size_t name_size;
  char name[];
} partitioner;

static partitioner *partitioners;

/* As in real plugins, a name keeps what was registered first, and the newer
 * callbacks are let go at once. */
static void add(const char *name, size_t size,
                JAX_CustomCallPartitioner_Callbacks *callbacks) {
  sim_ext_lock();
  partitioner *p = partitioners;
  while (p && (p->name_size != size || memcmp(p->name, name, size) != 0))
    p = p->next;
  const bool is_new = !p;
  if (is_new) {
    p = sim_allocate_forever(sizeof(*p) + size);
    p->name_size = size;
    memcpy(p->name, name, size);
    p->callbacks = callbacks;
    p->next = partitioners;
    partitioners = p;
  }
  sim_ext_unlock();
  if (!is_new && callbacks) callbacks->dtor(callbacks);
}

static PJRT_Error *register_partitioner(
    PJRT_Register_Custom_Partitioner_Args *args) {
  SIM_EXT_ENTER(args, PJRT_Register_Custom_Partitioner_Args, 32);
  if (!args->name || !args->name_size)
    return sim_misuse("a partitioner without a name");
  if (!args->callbacks) return sim_misuse("NULL callbacks of a partitioner");
  if (args->callbacks->version != VERSION)
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "callbacks of version %lld, expected %d",
                     (long long)args->callbacks->version, VERSION);
  add(args->name, args->name_size, args->callbacks);
  return NULL;
}

static PJRT_Error *register_batch(
    PJRT_Register_Batch_Partitionable_Args *args) {
  SIM_EXT_ENTER(args, PJRT_Register_Batch_Partitionable_Args, 24);
  if (!args->name || !args->name_size)
    return sim_misuse("a partitioner without a name");
  add(args->name, args->name_size, NULL);
  return NULL;
}

/* ---- asking -------------------------------------------------------------- */

typedef JAX_CustomCallPartitioner_version_and_error header;

/* An array of f32[8,4], and its rows split over the partitions. */
static const char shape_proto[] = "\x10\x0b\x1a\x02\x08\x04";

static void write_sharding(int num_partitions, sim_bytes *out) {
  char tiles[] = {0, 1};
  unsigned char device;
  sim_bytes devices = {0};
  tiles[0] = (char)num_partitions;
  for (device = 0; device < num_partitions; device++)
    sim_bytes_append(&devices, &device, 1);
  sim_write_number(out, 1, 3);
  sim_write_bytes(out, 3, tiles, sizeof(tiles));
  sim_write_bytes(out, 4, devices.data, devices.size);
  free(devices.data);
}

/* As in real plugins, whether there was an error is for the callback to say,
 * and only one of them can have one. */
static header begin(void) { return (header){.has_error = true}; }

static PJRT_Error *end(const header *answer, bool may_fail) {
  PJRT_Error *error = NULL;
  if (!answer->cleanup_fn) return sim_misuse("a partitioner without cleanup");
  if (answer->has_error && !may_fail)
    error = sim_misuse("a partitioner that fails where it cannot");
  else if (answer->has_error)
    error = sim_error(answer->code, "%.*s", (int)answer->error_msg.size,
                      answer->error_msg.data);
  answer->cleanup_fn(answer->data);
  return error;
}

static PJRT_Error *ask_partition(JAX_CustomCallPartitioner_Callbacks *callbacks,
                                 JAX_CustomCallPartitioner_aval *value) {
  JAX_CustomCallPartitioner_Partition_Args args = {
      .header = begin(),
      .num_args = 1,
      .op_args = value,
      .op_result = *value,
      .backend_config = {"config", 6},
  };
  callbacks->partition(callbacks, &args);
  if (!args.header.has_error && (!args.mlir_module.size || !args.args_sharding))
    return sim_misuse("a partitioner that answers nothing");
  return end(&args.header, true);
}

static PJRT_Error *ask(JAX_CustomCallPartitioner_Callbacks *callbacks,
                       JAX_CustomCallPartitioner_aval *value) {
  JAX_CustomCallPartitioner_PropagateUserSharding_Args propagate = {
      .header = begin(),
      .result_shape = value->shape,
      .result_sharding = value->sharding,
  };
  JAX_CustomCallPartitioner_InferShardingFromOperands_Args infer = {
      .header = begin(),
      .num_args = 1,
      .op_args = value,
      .result_shape = value->shape,
  };
  callbacks->propagate_user_sharding(callbacks, &propagate);
  SIM_TRY(end(&propagate.header, false));
  callbacks->infer_sharding(callbacks, &infer);
  SIM_TRY(end(&infer.header, false));
  return ask_partition(callbacks, value);
}

static bool calls(const char *code, size_t size, const partitioner *p) {
  const size_t needed = p->name_size + 2;
  for (size_t i = 0; i + needed <= size; i++)
    if (code[i] == '@' && code[i + needed - 1] == '(' &&
        memcmp(code + i + 1, p->name, p->name_size) == 0)
      return true;
  return false;
}

PJRT_Error *sim_ext_partition(const char *code, size_t size,
                              int num_partitions) {
  sim_bytes sharding = {0};
  PJRT_Error *error = NULL;
  if (num_partitions < 2 || num_partitions > 127) return NULL;
  write_sharding(num_partitions, &sharding);
  JAX_CustomCallPartitioner_aval value = {
      .shape = {shape_proto, sizeof(shape_proto) - 1},
      .has_sharding = true,
      .sharding = {(const char *)sharding.data, sharding.size},
  };
  sim_ext_lock();
  partitioner *p = partitioners; /* none ever goes */
  sim_ext_unlock();
  for (; p && !error; p = p->next)
    if (p->callbacks && calls(code, size, p)) error = ask(p->callbacks, &value);
  free(sharding.data);
  return error;
}

static const PJRT_Custom_Partitioner_Extension node = {
    .register_custom_partitioner = register_partitioner,
    .register_batch_partitionable = register_batch,
};

const sim_extension sim_ext_custom_partitioner = {
    .type = PJRT_Extension_Type_Custom_Partitioner,
    .name = "Custom_Partitioner",
    .steps = {{47, 32}, {67, 40}},
    .node = &node,
    .node_size = sizeof(node),
};
