/* The FFI extension: handlers of custom calls, registered with a plugin, and
 * the user data that a launch hands to them. What a handler does when it is
 * called is in ffi_handler.h.
 *
 * Handlers and types belong to the plugin's shared library, for the life of
 * the process: there is no way to take them back, every client sees them, and
 * they must be registered before the programs that call them are compiled. */
#ifndef PJRT_EXT_FFI_H_
#define PJRT_EXT_FFI_H_

#include "pjrt/context.h"
#include "pjrt/ext/ffi_handler.h"
#include "pjrt/plugin.h"

PJRT_BEGIN_DECLS

/* What a handler consists of. `execute` is needed; the other stages are for
 * handlers that keep a state. One entry may serve several stages, since
 * pjrt_ffi_call_stage tells which it is. */
typedef struct pjrt_ffi_handler {
  size_t struct_size;
  pjrt_ffi_entry execute;
  pjrt_ffi_entry instantiate; /* default NULL, as are those that follow */
  pjrt_ffi_entry prepare;
  pjrt_ffi_entry initialize;
  pjrt_ffi_entry record; /* FFI 0.4 */
  /* The handler may be recorded into a GPU's command buffer. Default false. */
  bool is_command_buffer_compatible;
  /* The type of the state that `instantiate` makes, from
   * pjrt_ffi_register_type; FFI 0.2. Default 0: none is named. */
  int64_t state_type;
} pjrt_ffi_handler;

/* @param handler [borrowed: call] */
PJRT_API void pjrt_ffi_handler_init(pjrt_ffi_handler *handler);

/* Registers a handler for the custom calls to `target` on a platform: "Host"
 * for CPUs, which is what NULL stands for, "CUDA", "ROCM" and so on; case does
 * not matter, and plugins take any name. Needs no client. The plugin calls the
 * entries on this thread, before this returns, to ask which version of XLA's
 * FFI they were made for; one of PJRT_FFI_HANDLER answers for itself.
 *
 * To register the same entries again is fine. INVALID_ARGUMENT for NULL or
 * empty names and no `execute`. The plugin's error, INVALID_ARGUMENT, or
 * UNKNOWN before FFI 0.4, when the target has other entries, and, naming both
 * versions, when an entry was made for a version that it does not take.
 * UNIMPLEMENTED for `record` before FFI 0.4, and `state_type` before 0.2.
 * Plugins before API 0.81 that do not lend their own registration to handlers
 * are asked through their extension: they take `execute` alone (UNIMPLEMENTED),
 * and ignore silently what others refuse.
 * PJRT: PJRT_FFI_Register_Handler (0.74), XLA_FFI_Handler_Register.
 * @param plugin [borrowed: call]
 * @param target [borrowed: call]
 * @param platform [borrowed: call] may be NULL
 * @param handler [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_ffi_register_handler(
    pjrt_plugin *plugin, const char *target, size_t target_size,
    const char *platform, size_t platform_size,
    const pjrt_ffi_handler *handler);

/* Registers a type of user data or states. `*inout_type_id` 0 lets the plugin
 * choose an id; any other is taken as the type's. A name and an id may be
 * registered once: a second time is the plugin's error, INTERNAL on real ones.
 * `deleter` frees states of this type; NULL where there is nothing to free, as
 * with user data. UNIMPLEMENTED for a deleter before API 0.81.
 * INVALID_ARGUMENT for an empty name.
 * PJRT: PJRT_FFI_Type_Register (0.81, in another form from 0.53 on).
 * @param plugin [borrowed: call]
 * @param name [borrowed: call]
 * @param inout_type_id [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_ffi_register_type(
    pjrt_plugin *plugin, const char *name, size_t name_size,
    pjrt_ffi_delete_fn deleter, int64_t *inout_type_id);

/* Puts user data into a context: handlers of launches with that context find
 * it by its type (pjrt_ffi_call_user_data). One for each type: a second is the
 * plugin's error, INTERNAL on real ones; so is a type that was not registered.
 * Nothing is copied and nothing is freed. Before launches with the context, and
 * on one thread at a time.
 * PJRT: PJRT_FFI_UserData_Add (0.53).
 * @param context [borrowed: call]
 * @param data [borrowed: static] until the last launch with the context is
 *     done; may be NULL */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_ffi_add_user_data(
    pjrt_execute_context *context, int64_t type_id, void *data);

PJRT_END_DECLS

#endif /* PJRT_EXT_FFI_H_ */
