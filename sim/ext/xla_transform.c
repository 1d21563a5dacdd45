/* XlaTransform: callbacks that see, and may rewrite, each program that is
 * compiled. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ext/ext.h"

enum { MAX_TRANSFORMS = 64 };

typedef struct transform {
  struct transform *next;
  size_t refs; /* the list's, and one of each compilation that is in it */
  PJRT_XlaTransform_PipelineStage stage;
  PJRT_XlaTransform_Callbacks *callbacks;
  size_t name_size;
  char name[];
} transform;

/* For the process, as in real plugins; in the order of registration. */
static transform *transforms;
static unsigned num_generated_names;

static PJRT_Error *check_stage(PJRT_XlaTransform_PipelineStage stage) {
  if (stage == PJRT_XlaTransform_PipelineStage_kPreScheduler ||
      stage == PJRT_XlaTransform_PipelineStage_kPostScheduler)
    return NULL;
  return sim_error(PJRT_Error_Code_INVALID_ARGUMENT, "there is no stage %d",
                   (int)stage);
}

static bool is_named(const transform *t, const char *name, size_t size) {
  return t->name_size == size && memcmp(t->name, name, size) == 0;
}

static transform *transform_create(
    const PJRT_Register_Xla_Transform_Args *args) {
  char generated[32];
  const char *name = args->name;
  size_t size = args->name_size;
  if (!name) {
    size = (size_t)snprintf(generated, sizeof(generated), "transform-%u",
                            ++num_generated_names);
    name = generated;
  }
  transform *t = sim_allocate(sizeof(*t) + size);
  t->refs = 1;
  t->stage = args->stage;
  t->callbacks = args->callbacks;
  t->name_size = size;
  memcpy(t->name, name, size);
  return t;
}

/* Called with the lock held. As in real plugins, one name may be there several
 * times. */
static PJRT_Error *add(const PJRT_Register_Xla_Transform_Args *args) {
  transform **last = &transforms;
  size_t num = 0;
  for (; *last; last = &(*last)->next) num++;
  if (num == MAX_TRANSFORMS)
    return sim_error(PJRT_Error_Code_RESOURCE_EXHAUSTED,
                     "more than %d transformations", MAX_TRANSFORMS);
  *last = transform_create(args);
  return NULL;
}

static PJRT_Error *register_transform(PJRT_Register_Xla_Transform_Args *args) {
  SIM_EXT_ENTER(args, PJRT_Register_Xla_Transform_Args, 40);
  SIM_TRY(check_stage(args->stage));
  if (!args->callbacks || !args->callbacks->transform_hlo_module)
    return sim_misuse("NULL callbacks of a transformation");
  if (args->callbacks->version != PJRT_API_XLA_TRANSFORM_EXTENSION_VERSION)
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "callbacks of version %lld, expected %d",
                     (long long)args->callbacks->version,
                     PJRT_API_XLA_TRANSFORM_EXTENSION_VERSION);
  sim_ext_lock();
  PJRT_Error *error = add(args);
  sim_ext_unlock();
  return error;
}

/* The last one ends it, without the lock. */
static void drop(transform *t) {
  sim_ext_lock();
  const bool is_last = --t->refs == 0;
  sim_ext_unlock();
  if (!is_last) return;
  if (t->callbacks->dtor) t->callbacks->dtor(t->callbacks);
  free(t);
}

static transform *take(const PJRT_Clear_Xla_Transform_Args *args) {
  transform *taken = NULL;
  sim_ext_lock();
  for (transform **at = &transforms; *at; at = &(*at)->next) {
    if ((*at)->stage != args->stage) continue;
    if (args->name ? !is_named(*at, args->name, args->name_size)
                   : (*at)->callbacks != args->callbacks)
      continue;
    taken = *at;
    *at = taken->next;
    break;
  }
  sim_ext_unlock();
  return taken;
}

static PJRT_Error *clear_transform(PJRT_Clear_Xla_Transform_Args *args) {
  SIM_EXT_ENTER(args, PJRT_Clear_Xla_Transform_Args,
                PJRT_Clear_Xla_Transform_Args_STRUCT_SIZE);
  SIM_TRY(check_stage(args->stage));
  if (!args->name && !args->callbacks)
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "neither a name nor callbacks");
  transform *taken = take(args);
  args->cleared = taken != NULL;
  if (taken) drop(taken);
  return NULL;
}

/* ---- running ------------------------------------------------------------- */

static PJRT_Error *result_of(const PJRT_XlaTransform_Args *args,
                             sim_bytes *hlo) {
  const PJRT_XlaTransform_version_and_error *header = &args->header;
  if (header->has_error)
    return sim_error(header->code, "%.*s", (int)header->error_msg.size,
                     header->error_msg.data);
  if (!args->changed) return NULL;
  hlo->size = 0;
  sim_bytes_append(hlo, args->transformed_hlo_module.data,
                   args->transformed_hlo_module.size);
  return NULL;
}

static PJRT_Error *run(PJRT_XlaTransform_Callbacks *callbacks, sim_bytes *hlo) {
  PJRT_XlaTransform_Args args = {
      .struct_size = PJRT_XlaTransform_Args_STRUCT_SIZE,
      .header = {.api_version = PJRT_API_XLA_TRANSFORM_EXTENSION_VERSION},
      .hlo_module = {(const char *)hlo->data, hlo->size},
  };
  callbacks->transform_hlo_module(callbacks, &args);
  PJRT_Error *error = result_of(&args, hlo);
  if (args.header.cleanup_fn) args.header.cleanup_fn(args.header.data);
  return error;
}

/* The callbacks may register and clear, so they run without the lock, those
 * that were there at first. */
static PJRT_Error *run_stage(PJRT_XlaTransform_PipelineStage stage,
                             sim_bytes *hlo) {
  transform *there[MAX_TRANSFORMS];
  size_t num = 0;
  PJRT_Error *error = NULL;
  sim_ext_lock();
  for (transform *t = transforms; t && num < MAX_TRANSFORMS; t = t->next) {
    if (t->stage != stage) continue;
    t->refs++;
    there[num++] = t;
  }
  sim_ext_unlock();
  for (size_t i = 0; i < num; i++) {
    if (!error) error = run(there[i]->callbacks, hlo);
    drop(there[i]);
  }
  return error;
}

PJRT_Error *sim_ext_transform(sim_bytes *hlo) {
  SIM_TRY(run_stage(PJRT_XlaTransform_PipelineStage_kPreScheduler, hlo));
  return run_stage(PJRT_XlaTransform_PipelineStage_kPostScheduler, hlo);
}

static const PJRT_Xla_Transform_Extension node = {
    .register_xla_transform = register_transform,
    .clear_xla_transform = clear_transform,
};

const sim_extension sim_ext_xla_transform = {
    .type = PJRT_Extension_Type_XlaTransform,
    .name = "XlaTransform",
    .steps = {{110, 40}},
    .node = &node,
    .node_size = sizeof(node),
};
