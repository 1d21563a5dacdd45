#include "pjrt/ext/custom_partitioner.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"
#include "core/opts.h"
#include "core/plugin.h"
#include "core/reaper.h"
#include "ext/custom_partitioner_call.h"
#include "ext/extension.h"
#include "ext/registration.h"
#include "ext/sharding_bytes.h"

#define CALL(plugin, slot, fn, args)                                           \
  PJRT_EXT_CALL(plugin, Custom_Partitioner, PJRT_Custom_Partitioner_Extension, \
                slot, fn, args)

/* As JAX, whose callbacks these are, numbers them. */
enum { CALLBACKS_VERSION = 0 };

typedef struct partitioner {
  pjrt_registration registration;
  pjrt_custom_partitioner user;
  /* What the plugin knows of it. */
  PJRT_ROOM_FOR(JAX_CustomCallPartitioner_Callbacks) callbacks;
} partitioner;

static const pjrt_custom_partitioner *of(
    const JAX_CustomCallPartitioner_Callbacks *callbacks) {
  return &((const partitioner *)((const char *)callbacks -
                                 offsetof(partitioner, callbacks)))
              ->user;
}

static void let_go(JAX_CustomCallPartitioner_Callbacks *callbacks) {
  pjrt_registration_let_go(
      (pjrt_registration *)((char *)callbacks -
                            offsetof(partitioner, callbacks)));
}

/* ---- answers ------------------------------------------------------------- */

typedef JAX_CustomCallPartitioner_version_and_error answer_header;

/* What plugins read, and end by the header's function, which they call without
 * asking whether there is one. */
static void free_error(void *error) { pjrt_error_free(error); }
static void free_nothing(void *nothing) { (void)nothing; }

static void answer(answer_header *header, void *data, void (*end)(void *data)) {
  header->data = data;
  header->cleanup_fn = end;
  header->has_error = false;
}

static void answer_error(answer_header *header, pjrt_error *error) {
  answer(header, error, free_error);
  header->has_error = true;
  header->code = pjrt_error_code_to_plugin(error);
  header->error_msg.data = pjrt_error_message(error, &header->error_msg.size);
}

/* ---- which part each device computes ------------------------------------- */

/* What an answer consists of. */
typedef struct parts {
  pjrt_partition out;
  size_t num_operands;
  JAX_CustomCallPartitioner_string *strings; /* the operands' shardings */
  char **texts;                              /* ours among them */
} parts;

static void parts_free(void *data) {
  parts *p = data;
  for (size_t i = 0; p->out.operand_shardings && i < p->num_operands; i++) {
    pjrt_sharding_free(p->out.operand_shardings[i]);
  }
  for (size_t i = 0; p->texts && i <= p->num_operands; i++) free(p->texts[i]);
  pjrt_sharding_free(p->out.result_sharding);
  pjrt_program_free(p->out.program);
  free(p->out.operand_shardings);
  free(p->strings);
  free(p->texts);
  free(p);
}

static pjrt_error *parts_create(size_t num_operands, parts **out) {
  PJRT_TRY(pjrt_alloc(1, sizeof **out, (void **)out));
  parts *p = *out;
  p->num_operands = num_operands;
  p->out.struct_size = sizeof p->out;
  pjrt_error *error = pjrt_alloc(num_operands, sizeof *p->out.operand_shardings,
                                 (void **)&p->out.operand_shardings);
  if (!error) {
    error = pjrt_alloc(num_operands, sizeof *p->strings, (void **)&p->strings);
  }
  if (!error) {
    error = pjrt_alloc(num_operands + 1, sizeof *p->texts, (void **)&p->texts);
  }
  if (error) parts_free(p);
  return error;
}

/* The user's sharding, or else the value's own; a message without bytes is a
 * replicated one. */
static pjrt_error *write_sharding(const pjrt_sharding *sharding,
                                  const JAX_CustomCallPartitioner_aval *value,
                                  char **text,
                                  JAX_CustomCallPartitioner_string *out) {
  *out = (JAX_CustomCallPartitioner_string){"", 0};
  if (!sharding) {
    if (value->has_sharding) *out = value->sharding;
    return NULL;
  }
  PJRT_TRY(pjrt_sharding_to_bytes(sharding, text, &out->size));
  out->data = *text;
  return NULL;
}

static pjrt_error *write(parts *p,
                         JAX_CustomCallPartitioner_Partition_Args *args) {
  if (!p->out.program ||
      pjrt_program_format_of(p->out.program) != PJRT_FORMAT_MLIR) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             p->out.program ? "a partition's program is no MLIR"
                                            : "the partition has no program");
  }
  for (size_t i = 0; i < p->num_operands; i++) {
    PJRT_TRY(write_sharding(p->out.operand_shardings[i], &args->op_args[i],
                            &p->texts[i], &p->strings[i]));
  }
  PJRT_TRY(write_sharding(p->out.result_sharding, &args->op_result,
                          &p->texts[p->num_operands], &args->result_sharding));
  args->args_sharding = p->strings;
  args->mlir_module.data =
      pjrt_program_code(p->out.program, &args->mlir_module.size);
  return NULL;
}

static pjrt_error *ask_partition(const pjrt_custom_partitioner *user,
                                 JAX_CustomCallPartitioner_Partition_Args *args,
                                 parts **out) {
  parts *p;
  pjrt_partition_reading reading = {0};
  pjrt_error *error =
      pjrt_partition_read(args->op_args, args->num_args, &args->op_result,
                          args->backend_config, &reading);
  if (!error) error = parts_create(args->num_args, &p);
  if (!error) {
    error = user->partition(&reading.call, user->user, &p->out);
    if (!error) error = write(p, args);
    if (error) {
      parts_free(p);
    } else {
      *out = p;
    }
  }
  pjrt_partition_reading_end(&reading);
  return error;
}

static void partition(JAX_CustomCallPartitioner_Callbacks *callbacks,
                      JAX_CustomCallPartitioner_Partition_Args *args) {
  parts *p = NULL;
  pjrt_enter_callback();
  pjrt_error *error = ask_partition(of(callbacks), args, &p);
  pjrt_leave_callback();
  if (error) {
    answer_error(&args->header, error);
  } else {
    answer(&args->header, p, parts_free);
  }
}

/* ---- how shardings spread ------------------------------------------------ */

/* The user's sharding as bytes; NULL for none, and where anything fails, since
 * plugins end the process on an error here. */
static char *ask_sharding(
    pjrt_sharding *(*function)(const pjrt_partition_call *call, void *user),
    void *user, const JAX_CustomCallPartitioner_aval *operands,
    size_t num_operands, const JAX_CustomCallPartitioner_aval *result,
    JAX_CustomCallPartitioner_string backend_config, size_t *out_size) {
  char *text = NULL;
  pjrt_partition_reading reading = {0};
  if (!function) return NULL;
  pjrt_enter_callback();
  pjrt_error *error = pjrt_partition_read(operands, num_operands, result,
                                          backend_config, &reading);
  if (!error) {
    pjrt_sharding *sharding = function(&reading.call, user);
    if (sharding) error = pjrt_sharding_to_bytes(sharding, &text, out_size);
    pjrt_sharding_free(sharding);
  }
  pjrt_partition_reading_end(&reading);
  pjrt_leave_callback();
  pjrt_error_drop(error);
  return text;
}

static void infer(
    JAX_CustomCallPartitioner_Callbacks *callbacks,
    JAX_CustomCallPartitioner_InferShardingFromOperands_Args *args) {
  const pjrt_custom_partitioner *user = of(callbacks);
  const JAX_CustomCallPartitioner_aval result = {.shape = args->result_shape};
  size_t size = 0;
  char *text =
      ask_sharding(user->infer_sharding, user->user, args->op_args,
                   args->num_args, &result, args->backend_config, &size);
  answer(&args->header, text, text ? free : free_nothing);
  args->has_result_sharding = text != NULL;
  args->result_sharding = (JAX_CustomCallPartitioner_string){text, size};
}

/* The result's sharding is there already: that of its user. */
static void propagate(
    JAX_CustomCallPartitioner_Callbacks *callbacks,
    JAX_CustomCallPartitioner_PropagateUserSharding_Args *args) {
  const pjrt_custom_partitioner *user = of(callbacks);
  const JAX_CustomCallPartitioner_aval result = {
      .shape = args->result_shape,
      .has_sharding = true,
      .sharding = args->result_sharding};
  size_t size = 0;
  char *text = ask_sharding(user->propagate_user_sharding, user->user, NULL, 0,
                            &result, args->backend_config, &size);
  answer(&args->header, text, text ? free : free_nothing);
  if (text) {
    args->result_sharding = (JAX_CustomCallPartitioner_string){text, size};
  }
}

/* ---- registering --------------------------------------------------------- */

void pjrt_custom_partitioner_init(pjrt_custom_partitioner *user) {
  *user = (pjrt_custom_partitioner){.struct_size = sizeof *user};
}

static pjrt_error *create(const pjrt_custom_partitioner *user,
                          partitioner **out) {
  PJRT_TRY(pjrt_alloc(1, sizeof **out, (void **)out));
  partitioner *p = *out;
  p->user = *user;
  p->callbacks.value = (JAX_CustomCallPartitioner_Callbacks){
      .version = CALLBACKS_VERSION,
      .private_data = p,
      .dtor = let_go,
      .partition = partition,
      .infer_sharding = infer,
      .propagate_user_sharding = propagate,
      .can_side_effecting_have_replicated_sharding =
          user->can_side_effecting_have_replicated_sharding,
  };
  return NULL;
}

/* The plugin lets callbacks go at once that it does not keep. */
static pjrt_error *enter(const pjrt_plugin *plugin, const char *target,
                         size_t target_size, partitioner *p) {
  PJRT_ARGS(PJRT_Register_Custom_Partitioner, args);
  args->name = target;
  args->name_size = target_size;
  args->callbacks = &p->callbacks.value;
  pjrt_error *error = CALL(plugin, register_custom_partitioner,
                           PJRT_Register_Custom_Partitioner, args);
  if (error) {
    free(p);
    return error;
  }
  if (pjrt_registration_keep(&p->registration)) return NULL;
  return pjrt_error_about(
      pjrt_error_format(PJRT_ALREADY_EXISTS,
                        "the target %.*s has a partitioner already",
                        target_size < 256 ? (int)target_size : 256, target),
      plugin, "PJRT_Register_Custom_Partitioner");
}

pjrt_error *pjrt_custom_partitioner_register(
    pjrt_plugin *plugin, const char *target, size_t target_size,
    const pjrt_custom_partitioner *given) {
  pjrt_custom_partitioner user;
  partitioner *p;
  pjrt_custom_partitioner_init(&user);
  PJRT_TRY(pjrt_registration_check(plugin, target, &target_size));
  PJRT_TRY(
      pjrt_opts_read(given, "pjrt_custom_partitioner", sizeof user, &user));
  if (!user.partition) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "the partitioner has no partition");
  }
  PJRT_TRY(create(&user, &p));
  return enter(plugin, target, target_size, p);
}

pjrt_error *pjrt_custom_partitioner_register_batch(pjrt_plugin *plugin,
                                                   const char *target,
                                                   size_t target_size) {
  PJRT_TRY(pjrt_registration_check(plugin, target, &target_size));
  PJRT_ARGS(PJRT_Register_Batch_Partitionable, args);
  args->name = target;
  args->name_size = target_size;
  return CALL(plugin, register_batch_partitionable,
              PJRT_Register_Batch_Partitionable, args);
}
