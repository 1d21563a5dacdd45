#include "pjrt/ext/ffi.h"

#include "base/error.h"
#include "base/text.h"
#include "core/context.h"
#include "core/opts.h"
#include "core/plugin.h"
#include "core/thread.h"
#include "ext/extension.h"
#include "ext/ffi_call.h"

/* PJRT minors between which the extension changed its form. */
enum { LAST_MINOR_OF_OLDEST = 54, FIRST_MINOR_OF_VERSION_3 = 81 };

static bool is_version_2(const pjrt_plugin *plugin) {
  return plugin->minor < FIRST_MINOR_OF_VERSION_3;
}

static pjrt_error *check_plugin(const pjrt_plugin *plugin) {
  if (plugin) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT, "plugin is NULL");
}

static pjrt_error *check_name(const char *what, const char *name, size_t size) {
  if (name && size) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT, "%s is %s", what,
                           name ? "empty" : "NULL");
}

/* ---- registering handlers ------------------------------------------------ */

void pjrt_ffi_handler_init(pjrt_ffi_handler *handler) {
  *handler = (pjrt_ffi_handler){.struct_size = sizeof *handler};
}

typedef struct request {
  const pjrt_plugin *plugin;
  XLA_FFI_ByteSpan target;
  XLA_FFI_ByteSpan platform;
  pjrt_ffi_handler handler;
} request;

static XLA_FFI_Handler_Traits traits_of(const pjrt_ffi_handler *handler) {
  return handler->is_command_buffer_compatible
             ? XLA_FFI_HANDLER_TRAITS_COMMAND_BUFFER_COMPATIBLE
             : 0;
}

/* Through the extension, which takes `execute` alone. */
static pjrt_error *register_simply(const request *it,
                                   const XLA_FFI_ByteSpan *target,
                                   pjrt_ffi_entry execute) {
  PJRT_ARGS(PJRT_FFI_Register_Handler, args);
  args->target_name = target->ptr;
  args->target_name_size = target->len;
  args->platform_name = it->platform.ptr;
  args->platform_name_size = it->platform.len;
  args->traits = (PJRT_FFI_Handler_TraitsBits)traits_of(&it->handler);
  memcpy(&args->handler, &execute, sizeof execute);
  return PJRT_EXT_CALL(it->plugin, FFI, PJRT_FFI_Extension, register_handler,
                       PJRT_FFI_Register_Handler, args);
}

/* The extension has plugins ignore a handler of another version, and one for a
 * target that has a handler, without a word; the function that they lend to
 * handlers tells. So a plugin is first given a handler of ours, under a name of
 * ours, which looks at what it is called with. Another copy of this library in
 * the process may have taken that name: ours is asked all the same. */
static pjrt_error *refuse(pjrt_ffi_call *call, void *user) {
  (void)call;
  (void)user;
  return pjrt_error_format(PJRT_UNIMPLEMENTED,
                           "this target is for looking at plugins alone");
}

static pjrt_ffi_failure *look(pjrt_ffi_frame *frame) {
  pjrt_ffi_registration *registration = pjrt_this_thread.registration;
  const XLA_FFI_CallFrame *raw = (const XLA_FFI_CallFrame *)frame;
  if (registration && raw) registration->api = raw->api;
  return pjrt_ffi_handle(frame, refuse, NULL);
}

static pjrt_error *find_api(const request *it, pjrt_ffi_registration *found) {
  static const char name[] = "pjrt_ffi_look";
  const XLA_FFI_ByteSpan target = {name, sizeof name - 1};
  pjrt_error *error = register_simply(it, &target, look);
  if (error && !found->api) return error;
  pjrt_error_free(error);
  const bool has_register =
      found->api && PJRT_FFI_HAS(found->api, XLA_FFI_Handler_Register);
  if (!has_register) found->api = NULL;
  return NULL;
}

/* Before FFI 0.4, which brought the stage `record`. */
enum { FIRST_MINOR_WITH_STATE_TYPES = 2, FIRST_MINOR_WITH_RECORD = 4 };
typedef struct old_register_args {
  size_t struct_size;
  XLA_FFI_InternalExtension *extension_start;
  XLA_FFI_ByteSpan name;
  XLA_FFI_ByteSpan platform;
  XLA_FFI_Handler *stages[4];
  XLA_FFI_Handler_Traits traits;
} old_register_args;
typedef union register_args {
  XLA_FFI_Handler_Register_Args newest;
  old_register_args old;
} register_args;
_Static_assert(offsetof(register_args, newest.bundle) ==
                       offsetof(register_args, old.stages) &&
                   sizeof(XLA_FFI_Handler *) == sizeof(pjrt_ffi_entry),
               "the older args begin as the newer ones do");

/* Plugins tell the two by their declared size. */
static pjrt_error *register_wholly(const request *it, const XLA_FFI_Api *api) {
  const pjrt_ffi_handler *handler = &it->handler;
  const pjrt_ffi_entry stages[] = {handler->instantiate, handler->prepare,
                                   handler->initialize, handler->execute,
                                   handler->record};
  const bool is_old = pjrt_ffi_minor(api) < FIRST_MINOR_WITH_RECORD;
  PJRT_ROOM(register_args, args);
  args->newest.name = it->target;
  args->newest.platform = it->platform;
  memcpy(&args->newest.bundle, stages,
         is_old ? sizeof args->old.stages : sizeof stages);
  if (is_old) {
    args->old.struct_size = PJRT_STRUCT_SIZE(old_register_args, traits);
    args->old.traits = traits_of(handler);
  } else {
    args->newest.struct_size = XLA_FFI_Handler_Register_Args_STRUCT_SIZE;
    args->newest.traits = traits_of(handler);
  }
  return pjrt_ffi_error_take(api, "XLA_FFI_Handler_Register",
                             api->XLA_FFI_Handler_Register(&args->newest));
}

/* What the plugin cannot take. */
static pjrt_error *check_handler(const pjrt_ffi_handler *handler,
                                 const XLA_FFI_Api *api) {
  const bool has_record = handler->record;
  if (!api) {
    if (!handler->instantiate && !handler->prepare && !handler->initialize &&
        !has_record && !handler->state_type) {
      return NULL;
    }
    return pjrt_error_format(PJRT_UNIMPLEMENTED,
                             "the plugin takes handlers for execute alone: "
                             "it lends no XLA_FFI_Handler_Register");
  }
  const int minor = pjrt_ffi_minor(api);
  const int needed = has_record            ? FIRST_MINOR_WITH_RECORD
                     : handler->state_type ? FIRST_MINOR_WITH_STATE_TYPES
                                           : 0;
  if (minor >= needed) return NULL;
  return pjrt_error_format(PJRT_UNIMPLEMENTED,
                           "%s is newer than the plugin: XLA FFI 0.%d brought "
                           "it, and the plugin speaks 0.%d",
                           has_record ? "the stage record" : "state_type",
                           needed, minor);
}

static pjrt_error *register_here(const request *it,
                                 pjrt_ffi_registration *found) {
  PJRT_TRY(find_api(it, found));
  const XLA_FFI_Api *api = found->api;
  PJRT_TRY(check_handler(&it->handler, api));
  found->state_type = it->handler.state_type;
  return api ? register_wholly(it, api)
             : register_simply(it, &it->target, it->handler.execute);
}

pjrt_error *pjrt_ffi_register_handler(pjrt_plugin *plugin, const char *target,
                                      size_t target_size, const char *platform,
                                      size_t platform_size,
                                      const pjrt_ffi_handler *handler) {
  static const char host[] = "Host";
  request it = {.plugin = plugin};
  pjrt_ffi_registration found = {.api = NULL};
  pjrt_ffi_handler_init(&it.handler);
  PJRT_TRY(check_plugin(plugin));
  PJRT_TRY(pjrt_opts_read(handler, "pjrt_ffi_handler", sizeof it.handler,
                          &it.handler));
  it.target = (XLA_FFI_ByteSpan){target, pjrt_text_size(target, target_size)};
  it.platform = (XLA_FFI_ByteSpan){host, sizeof host - 1};
  if (platform) {
    it.platform =
        (XLA_FFI_ByteSpan){platform, pjrt_text_size(platform, platform_size)};
  }
  PJRT_TRY(check_name("target", it.target.ptr, it.target.len));
  PJRT_TRY(check_name("platform", it.platform.ptr, it.platform.len));
  if (!it.handler.execute) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "the handler has no execute");
  }
  /* The plugin asks the handlers on this thread, and they look here. */
  pjrt_this_thread.registration = &found;
  pjrt_error *error = register_here(&it, &found);
  pjrt_this_thread.registration = NULL;
  return error ? pjrt_error_about(error, plugin, NULL) : NULL;
}

/* ---- types and user data ------------------------------------------------- */

/* The extension's first node, of early 0.54, had one function, where types are
 * registered in all others. */
typedef struct oldest_node {
  PJRT_Extension_Base base;
  PJRT_FFI_UserData_Add *user_data_add;
} oldest_node;

static bool is_oldest(const pjrt_plugin *plugin) {
  if (plugin->minor > LAST_MINOR_OF_OLDEST) return false;
  const size_t i = pjrt_plugin_find_extension(plugin, PJRT_Extension_Type_FFI);
  return i < plugin->num_extensions &&
         plugin->extensions[i].size == sizeof(oldest_node);
}

/* Version 2 had no type_info at the end. */
static pjrt_error *type_register(const pjrt_plugin *plugin,
                                 PJRT_FFI_Type_Register_Args *args) {
  static const char name[] = "PJRT_FFI_Type_Register";
  if (is_oldest(plugin)) {
    return pjrt_ext_missing(plugin, PJRT_Extension_Type_FFI, name);
  }
  if (!is_version_2(plugin)) {
    return PJRT_EXT_CALL(plugin, FFI, PJRT_FFI_Extension, type_register,
                         PJRT_FFI_Type_Register, args);
  }
  args->struct_size = offsetof(PJRT_FFI_Type_Register_Args, type_info);
  return PJRT_EXT_CALL_UNSIZED(plugin, FFI, PJRT_FFI_Extension, type_register,
                               PJRT_FFI_Type_Register, args);
}

/* Version 2 had the data's deleter at the end. */
static pjrt_error *user_data_add(const pjrt_plugin *plugin,
                                 PJRT_FFI_UserData_Add_Args *args) {
  if (!is_version_2(plugin)) {
    return PJRT_EXT_CALL(plugin, FFI, PJRT_FFI_Extension, user_data_add,
                         PJRT_FFI_UserData_Add, args);
  }
  args->struct_size =
      PJRT_FFI_UserData_Add_Args_STRUCT_SIZE + sizeof(void (*)(void *));
  if (is_oldest(plugin)) {
    return PJRT_EXT_CALL_UNSIZED(plugin, FFI, oldest_node, user_data_add,
                                 PJRT_FFI_UserData_Add, args);
  }
  return PJRT_EXT_CALL_UNSIZED(plugin, FFI, PJRT_FFI_Extension, user_data_add,
                               PJRT_FFI_UserData_Add, args);
}

pjrt_error *pjrt_ffi_register_type(pjrt_plugin *plugin, const char *name,
                                   size_t name_size, pjrt_ffi_delete_fn deleter,
                                   int64_t *inout_type_id) {
  const size_t size = pjrt_text_size(name, name_size);
  PJRT_TRY(check_plugin(plugin));
  PJRT_TRY(check_name("name", name, size));
  if (deleter && is_version_2(plugin)) {
    return pjrt_error_about(
        pjrt_error_format(PJRT_UNIMPLEMENTED,
                          "a deleter is newer than the plugin: API 0.%d "
                          "brought it",
                          FIRST_MINOR_OF_VERSION_3),
        plugin, "PJRT_FFI_Type_Register");
  }
  PJRT_ROOM(PJRT_FFI_Type_Info, info);
  info->deleter = deleter;
  PJRT_ARGS(PJRT_FFI_Type_Register, args);
  args->type_name = name;
  args->type_name_size = size;
  args->type_id = *inout_type_id;
  args->type_info = is_version_2(plugin) ? NULL : info;
  PJRT_TRY(type_register(plugin, args));
  *inout_type_id = args->type_id;
  return NULL;
}

pjrt_error *pjrt_ffi_add_user_data(pjrt_execute_context *context,
                                   int64_t type_id, void *data) {
  if (!context) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "context is NULL");
  }
  PJRT_TRY(pjrt_client_check(context->client));
  PJRT_ARGS(PJRT_FFI_UserData_Add, args);
  args->context = context->raw;
  args->user_data.type_id = type_id;
  args->user_data.data = data;
  return user_data_add(context->client->plugin, args);
}
