/* The Gpu_Custom_Call extension: custom calls of programs for GPUs, as GPU
 * plugins took them before there was the FFI extension (ext/ffi.h), and for
 * functions that know nothing of XLA's FFI.
 *
 * What is registered belongs to the plugin's shared library, for the life of
 * the process: there is no way to take it back, every client sees it, and it
 * must be there before the programs that call it are compiled. No client is
 * needed, and no GPU.
 *
 * UNIMPLEMENTED where the plugin has no such extension: GPU plugins alone have
 * it. */
#ifndef PJRT_EXT_GPU_CUSTOM_CALL_H_
#define PJRT_EXT_GPU_CUSTOM_CALL_H_

#include "pjrt/ext/ffi.h"

PJRT_BEGIN_DECLS

/* Registers a handler for the custom calls to `target` with api_version 4, on
 * the plugin's platform. `handler` is the same as for pjrt_ffi_register_handler
 * and its entries are called as that says, on this thread too, before this
 * returns; but real plugins pass silently over an entry that was made for
 * another version of XLA's FFI, and over a second handler for a target.
 * INVALID_ARGUMENT: NULL, an empty target, no `execute`. UNIMPLEMENTED: what
 * this extension has no place for: `record`, `state_type`, stages beside
 * `execute` before API 0.55, is_command_buffer_compatible before 0.114, and any
 * handler before 0.47.
 * PJRT: PJRT_Gpu_Register_Custom_Call (0.40).
 * @param plugin [borrowed: call]
 * @param target [borrowed: call]
 * @param handler [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_gpu_custom_call_register(
    pjrt_plugin *plugin, const char *target, size_t target_size,
    const pjrt_ffi_handler *handler);

/* A function that programs call without XLA's FFI, cast to this type from the
 * type that it has: for custom calls with api_version 1
 *   void f(void *stream, void **buffers, const char *opaque, size_t size)
 * and with 2 or 3 the same with a fifth parameter, an XlaCustomCallStatus * of
 * XLA's. It is called with the native stream to put its work into, the device
 * addresses of all arguments and results, and the call's backend_config: once
 * per execution, on a thread of the plugin's, several at once, and never within
 * the registering call. */
typedef void (*pjrt_gpu_untyped_fn)(void);

/* Registers such a function for the custom calls to `target`. Nobody checks
 * that it has the type that programs expect. A target keeps its first function.
 * INVALID_ARGUMENT: NULL, an empty target.
 * PJRT: PJRT_Gpu_Register_Custom_Call (0.40).
 * @param plugin [borrowed: call]
 * @param target [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_gpu_custom_call_register_untyped(
    pjrt_plugin *plugin, const char *target, size_t target_size,
    pjrt_gpu_untyped_fn function);

PJRT_END_DECLS

#endif /* PJRT_EXT_GPU_CUSTOM_CALL_H_ */
