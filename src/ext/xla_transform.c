#include "pjrt/ext/xla_transform.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "core/plugin.h"
#include "core/program.h"
#include "core/reaper.h"
#include "ext/extension.h"
#include "ext/registration.h"

#define CALL(plugin, slot, fn, args)                                          \
  PJRT_EXT_CALL(plugin, XlaTransform, PJRT_Xla_Transform_Extension, slot, fn, \
                args)

typedef struct transformation {
  pjrt_registration registration;
  pjrt_xla_transform_fn transform;
  /* What the plugin knows of it. */
  PJRT_ROOM_FOR(PJRT_XlaTransform_Callbacks) callbacks;
} transformation;

static transformation *of(PJRT_XlaTransform_Callbacks *callbacks) {
  return (transformation *)((char *)callbacks -
                            offsetof(transformation, callbacks));
}

/* ---- what the plugin calls ----------------------------------------------- */

static void let_go(PJRT_XlaTransform_Callbacks *callbacks) {
  pjrt_registration_let_go(&of(callbacks)->registration);
}

/* The plugin reads what it is answered, and calls one of these then. */
static void free_error(void *error) { pjrt_error_free(error); }
static void free_program(void *program) { pjrt_program_free(program); }

static void answer_error(PJRT_XlaTransform_version_and_error *header,
                         pjrt_error *error) {
  header->has_error = true;
  header->code = pjrt_error_code_to_plugin(error);
  header->error_msg.data = pjrt_error_message(error, &header->error_msg.size);
  header->data = error;
  header->cleanup_fn = free_error;
}

static void answer_program(PJRT_XlaTransform_Args *args,
                           pjrt_program *program) {
  args->transformed_hlo_module.data =
      pjrt_program_code(program, &args->transformed_hlo_module.size);
  args->changed = true;
  args->header.data = program;
  args->header.cleanup_fn = free_program;
}

/* The plugin's module, for the user to look at. */
static pjrt_error *read(const PJRT_XlaTransform_string *module,
                        pjrt_program **out) {
  void *copy;
  PJRT_TRY(pjrt_bytes_check("a module's size", module->size, module->data));
  PJRT_TRY(pjrt_alloc_copy(module->data, module->size, 1, &copy));
  return pjrt_program_take(PJRT_FORMAT_HLO, copy, module->size, out);
}

static pjrt_error *show(const transformation *t,
                        const PJRT_XlaTransform_string *module,
                        pjrt_program **out) {
  pjrt_program *program;
  PJRT_TRY(read(module, &program));
  pjrt_error *error = t->transform(program, t->registration.user, out);
  pjrt_program_free(program);
  if (error || !*out || pjrt_program_format_of(*out) == PJRT_FORMAT_HLO) {
    return error;
  }
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "a transformation's program is no HLO");
}

static void transform(PJRT_XlaTransform_Callbacks *callbacks,
                      PJRT_XlaTransform_Args *args) {
  pjrt_program *changed = NULL;
  pjrt_enter_callback();
  pjrt_error *error = show(of(callbacks), &args->hlo_module, &changed);
  pjrt_leave_callback();
  if (error) {
    pjrt_program_free(changed);
    answer_error(&args->header, error);
  } else if (changed) {
    answer_program(args, changed);
  }
}

/* ---- registering --------------------------------------------------------- */

static pjrt_error *check(const pjrt_plugin *plugin, const char *name,
                         size_t *name_size, pjrt_xla_transform_stage stage) {
  PJRT_TRY(pjrt_registration_check(plugin, name, name_size));
  if (stage == PJRT_XLA_TRANSFORM_BEFORE_SCHEDULER ||
      stage == PJRT_XLA_TRANSFORM_AFTER_SCHEDULER) {
    return NULL;
  }
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "there is no stage %d of a compilation", (int)stage);
}

/* Plugins that cannot take a transformation back keep a copy of its callbacks,
 * from which nothing leads to ours. */
static bool can_clear(const pjrt_plugin *plugin) {
  const PJRT_Xla_Transform_Extension *node =
      PJRT_EXT_FIND(plugin, XlaTransform, PJRT_Xla_Transform_Extension,
                    clear_xla_transform, PJRT_Clear_Xla_Transform);
  return node && node->clear_xla_transform;
}

static bool can_register(const pjrt_plugin *plugin) {
  const PJRT_Xla_Transform_Extension *node =
      PJRT_EXT_FIND(plugin, XlaTransform, PJRT_Xla_Transform_Extension,
                    register_xla_transform, PJRT_Register_Xla_Transform);
  return node && node->register_xla_transform;
}

static pjrt_error *check_functions(const pjrt_plugin *plugin) {
  const int type = PJRT_Extension_Type_XlaTransform;
  if (!can_register(plugin)) {
    return pjrt_ext_missing(plugin, type, "PJRT_Register_Xla_Transform");
  }
  if (can_clear(plugin)) return NULL;
  return pjrt_ext_missing(plugin, type, "PJRT_Clear_Xla_Transform");
}

static pjrt_error *create(pjrt_xla_transform_fn function, void *user,
                          pjrt_xla_transform_destroy_fn destroy,
                          transformation **out) {
  PJRT_TRY(pjrt_alloc(1, sizeof **out, (void **)out));
  transformation *t = *out;
  t->registration.user = user;
  t->registration.destroy = destroy;
  t->transform = function;
  t->callbacks.value = (PJRT_XlaTransform_Callbacks){
      .version = PJRT_API_XLA_TRANSFORM_EXTENSION_VERSION,
      .dtor = let_go,
      .transform_hlo_module = transform,
  };
  return NULL;
}

pjrt_error *pjrt_xla_transform_register(pjrt_plugin *plugin, const char *name,
                                        size_t name_size,
                                        pjrt_xla_transform_stage stage,
                                        pjrt_xla_transform_fn function,
                                        void *user,
                                        pjrt_xla_transform_destroy_fn destroy) {
  transformation *t;
  PJRT_TRY(check(plugin, name, &name_size, stage));
  if (!function) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "transform is NULL");
  }
  PJRT_TRY(check_functions(plugin));
  PJRT_TRY(create(function, user, destroy, &t));
  PJRT_ARGS(PJRT_Register_Xla_Transform, args);
  args->name = name;
  args->name_size = name_size;
  args->stage = (PJRT_XlaTransform_PipelineStage)stage;
  args->callbacks = &t->callbacks.value;
  pjrt_error *error =
      CALL(plugin, register_xla_transform, PJRT_Register_Xla_Transform, args);
  if (error) {
    free(t);
    return error;
  }
  /* Another thread may have cleared it already. */
  if (!pjrt_registration_keep(&t->registration) && destroy) destroy(user);
  return NULL;
}

pjrt_error *pjrt_xla_transform_clear(pjrt_plugin *plugin, const char *name,
                                     size_t name_size,
                                     pjrt_xla_transform_stage stage,
                                     bool *out_cleared) {
  if (out_cleared) *out_cleared = false;
  PJRT_TRY(check(plugin, name, &name_size, stage));
  PJRT_ARGS(PJRT_Clear_Xla_Transform, args);
  args->name = name;
  args->name_size = name_size;
  args->stage = (PJRT_XlaTransform_PipelineStage)stage;
  PJRT_TRY(CALL(plugin, clear_xla_transform, PJRT_Clear_Xla_Transform, args));
  if (out_cleared) *out_cleared = args->cleared;
  return NULL;
}
