#include "pjrt/ext/gpu_custom_call.h"

#include "base/error.h"
#include "base/text.h"
#include "core/opts.h"
#include "core/plugin.h"
#include "ext/extension.h"

/* The args had two forms before today's, each shorter than the next, which
 * plugins refuse by its size when theirs is a later one. */
typedef enum args_form {
  UNTYPED,     /* the function stands where api_version is now */
  ONE_FUNCTION /* the function stands where the first stage is now */
} args_form;

enum {
  FIRST_SURELY_TYPED = 47,
  FIRST_SURELY_WITH_STAGES = 55,
  API_UNTYPED = 0,
  API_TYPED = 1
};

typedef PJRT_Gpu_Register_Custom_Call_Args call_args;

/* Up to the last field: what is behind it must stay zero, as newer plugins may
 * have one there. */
static pjrt_error *call(const pjrt_plugin *plugin, const call_args *full) {
  PJRT_ARGS(PJRT_Gpu_Register_Custom_Call, args);
  memcpy(args, full, PJRT_Gpu_Register_Custom_Call_Args_STRUCT_SIZE);
  return PJRT_EXT_CALL(plugin, Gpu_Custom_Call, PJRT_Gpu_Custom_Call,
                       custom_call, PJRT_Gpu_Register_Custom_Call, args);
}

/* `full` says it as today's form does. */
static pjrt_error *call_older(const pjrt_plugin *plugin, const call_args *full,
                              args_form form) {
  PJRT_ARGS(PJRT_Gpu_Register_Custom_Call, args);
  memcpy(args, full, PJRT_Gpu_Register_Custom_Call_Args_STRUCT_SIZE);
  if (form == UNTYPED) {
    memcpy((char *)args + offsetof(call_args, api_version),
           &full->handler_execute, sizeof full->handler_execute);
    args->struct_size = offsetof(call_args, handler_instantiate);
  } else {
    args->handler_instantiate = full->handler_execute;
    args->struct_size = offsetof(call_args, handler_prepare);
  }
  return PJRT_EXT_CALL_UNSIZED(plugin, Gpu_Custom_Call, PJRT_Gpu_Custom_Call,
                               custom_call, PJRT_Gpu_Register_Custom_Call,
                               args);
}

/* In the oldest form that a plugin of this minor may have, or the next. */
static pjrt_error *enter(const pjrt_plugin *plugin, const call_args *full) {
  if (plugin->minor >= FIRST_SURELY_WITH_STAGES) return call(plugin, full);
  const bool may_be_untyped = plugin->minor < FIRST_SURELY_TYPED;
  pjrt_error *error =
      call_older(plugin, full, may_be_untyped ? UNTYPED : ONE_FUNCTION);
  if (pjrt_error_code(error) != PJRT_INVALID_ARGUMENT) return error;
  pjrt_error_drop(error);
  return may_be_untyped ? call_older(plugin, full, ONE_FUNCTION)
                        : call(plugin, full);
}

/* ---- what there is no place for ------------------------------------------ */

static bool takes_traits(const pjrt_plugin *plugin) {
  const PJRT_Gpu_Custom_Call *node =
      PJRT_EXT_FIND(plugin, Gpu_Custom_Call, PJRT_Gpu_Custom_Call,
                    custom_call_handles_traits, PJRT_Gpu_Register_Custom_Call);
  return node && node->custom_call_handles_traits;
}

static const char *find_unknown(const pjrt_plugin *plugin,
                                const pjrt_ffi_handler *h) {
  if (h->record) return "the stage record";
  if (h->state_type) return "a type of the state";
  if (plugin->minor < FIRST_SURELY_TYPED) return "handlers";
  if (plugin->minor < FIRST_SURELY_WITH_STAGES &&
      (h->instantiate || h->prepare || h->initialize)) {
    return "stages beside execute";
  }
  if (h->is_command_buffer_compatible && !takes_traits(plugin)) {
    return "is_command_buffer_compatible";
  }
  return NULL;
}

static pjrt_error *check(const pjrt_plugin *plugin, const pjrt_ffi_handler *h) {
  const char *unknown = find_unknown(plugin, h);
  if (!unknown) return NULL;
  return pjrt_error_about(
      pjrt_error_format(PJRT_UNIMPLEMENTED,
                        "the plugin's extension Gpu_Custom_Call has no place "
                        "for %s",
                        unknown),
      plugin, "PJRT_Gpu_Register_Custom_Call");
}

/* ---- registering --------------------------------------------------------- */

static pjrt_error *check_target(const pjrt_plugin *plugin, const char *target,
                                size_t *size) {
  if (!plugin) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "plugin is NULL");
  }
  *size = pjrt_text_size(target, *size);
  if (*size) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT, "the target is empty");
}

static void *address_of(pjrt_ffi_entry entry) {
  return (void *)(uintptr_t)entry;
}

pjrt_error *pjrt_gpu_custom_call_register(pjrt_plugin *plugin,
                                          const char *target,
                                          size_t target_size,
                                          const pjrt_ffi_handler *handler) {
  pjrt_ffi_handler h;
  pjrt_ffi_handler_init(&h);
  PJRT_TRY(check_target(plugin, target, &target_size));
  PJRT_TRY(pjrt_opts_read(handler, "pjrt_ffi_handler", sizeof h, &h));
  if (!h.execute) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "the handler has no execute");
  }
  PJRT_TRY(check(plugin, &h));
  const call_args full = {
      .function_name = target,
      .function_name_size = target_size,
      .api_version = API_TYPED,
      .handler_instantiate = address_of(h.instantiate),
      .handler_prepare = address_of(h.prepare),
      .handler_initialize = address_of(h.initialize),
      .handler_execute = address_of(h.execute),
      .traits = h.is_command_buffer_compatible
                    ? XLA_FFI_HANDLER_TRAITS_COMMAND_BUFFER_COMPATIBLE
                    : 0,
  };
  return enter(plugin, &full);
}

pjrt_error *pjrt_gpu_custom_call_register_untyped(
    pjrt_plugin *plugin, const char *target, size_t target_size,
    pjrt_gpu_untyped_fn function) {
  PJRT_TRY(check_target(plugin, target, &target_size));
  if (!function) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "function is NULL");
  }
  const call_args full = {
      .function_name = target,
      .function_name_size = target_size,
      .api_version = API_UNTYPED,
      .handler_execute = (void *)(uintptr_t)function,
  };
  return enter(plugin, &full);
}
