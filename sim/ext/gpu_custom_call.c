/* Gpu_Custom_Call: custom calls as GPU plugins took them before FFI had an
 * extension, and with all their stages. */
#include <string.h>

#include "ext/ext.h"

enum { FIRST_MINOR_WITH_STAGES = 55, FIRST_MINOR_WITH_TRAITS = 114 };

static size_t size_expected(int minor) {
  if (minor < FIRST_MINOR_WITH_STAGES) return 40;
  return minor < FIRST_MINOR_WITH_TRAITS ? 64 : 68;
}

/* An untyped function is a name that programs may call; nothing here knows how
 * to call it. */
static PJRT_Error *register_untyped(
    const PJRT_Gpu_Register_Custom_Call_Args *args, const void *function) {
  if (!args->function_name || !args->function_name_size || !function)
    return sim_misuse("a custom call without a name or function");
  return NULL;
}

static PJRT_Error *register_custom_call(
    PJRT_Gpu_Register_Custom_Call_Args *args) {
  const int minor = sim_options()->minor;
  XLA_FFI_Handler *stages[SIM_FFI_NUM_STAGES] = {0};
  SIM_EXT_ENTER(args, PJRT_Gpu_Register_Custom_Call_Args, size_expected(minor));
  /* Then the one function stood where the first stage is now. */
  if (minor < FIRST_MINOR_WITH_STAGES)
    return register_untyped(args, args->handler_instantiate);
  if (args->api_version == 0)
    return register_untyped(args, args->handler_execute);
  if (args->api_version != 1)
    return sim_error(PJRT_Error_Code_UNIMPLEMENTED,
                     "API version %d of custom calls", args->api_version);
  void *const handlers[] = {args->handler_instantiate, args->handler_prepare,
                            args->handler_initialize, args->handler_execute};
  memcpy(stages, handlers, sizeof(handlers));
  return sim_ffi_register_silently(
      args->function_name, args->function_name_size, "Host", 4, stages,
      minor < FIRST_MINOR_WITH_TRAITS ? 0 : args->traits);
}

static const PJRT_Gpu_Custom_Call node = {
    .custom_call = register_custom_call,
    .custom_call_handles_traits = true,
};

const sim_extension sim_ext_gpu_custom_call = {
    .type = PJRT_Extension_Type_Gpu_Custom_Call,
    .name = "Gpu_Custom_Call",
    .steps = {{31, 32}, {114, 33}},
    .node = &node,
    .node_size = sizeof(node),
};
