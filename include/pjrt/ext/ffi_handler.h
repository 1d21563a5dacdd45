/* The inside of FFI handlers: custom calls of programs, written in C.
 *
 *   static pjrt_error *twice(pjrt_ffi_call *call, void *user) {
 *     pjrt_ffi_buffer in, out;
 *     pjrt_ffi_buffer_init(&in);
 *     pjrt_ffi_buffer_init(&out);
 *     PJRT_TRY(pjrt_ffi_call_arg(call, 0, &in));
 *     PJRT_TRY(pjrt_ffi_call_result(call, 0, &out));
 *     ...
 *     return NULL;
 *   }
 *   static PJRT_FFI_HANDLER(twice_entry, twice, NULL);
 *
 * pjrt_ffi_register_handler (ffi.h) gives twice_entry to a plugin. A program
 * calls it as a stablehlo.custom_call with api_version = 4 : i32, whose
 * attributes are the dictionary backend_config.
 *
 * A handler runs on a thread of the plugin's, or on the thread that launches
 * the program before the launch returns; several calls may run at the same
 * time. It may use any object of this library and free it, but must not wait
 * for work of the client that is calling it, which waits for the handler.
 *
 * What a handler is called with belongs to the call: pjrt_ffi_call, and all
 * that is borrowed from it, ends when the handler returns. No function but
 * pjrt_ffi_future_set may be used on another thread or afterwards. */
#ifndef PJRT_EXT_FFI_HANDLER_H_
#define PJRT_EXT_FFI_HANDLER_H_

#include "pjrt/array.h"

PJRT_BEGIN_DECLS

/* What plugins call with and get back: XLA_FFI_CallFrame, XLA_FFI_Error. */
typedef struct pjrt_ffi_frame pjrt_ffi_frame;
typedef struct pjrt_ffi_failure pjrt_ffi_failure;

/* One call of a handler. */
typedef struct pjrt_ffi_call pjrt_ffi_call;

/* Named values: what the program gives to the call, or a value in there. */
typedef struct pjrt_ffi_attrs pjrt_ffi_attrs;

/* ---- handlers ------------------------------------------------------------ */

/* A handler: NULL for success, or why it failed, which becomes the error of
 * the execution (or of its compilation, in the stage instantiate). Called once
 * for each stage that it was registered for: see the top of this file for the
 * threads. It must not jump out of the call.
 * @param call [borrowed: call]
 * @param user [borrowed: static] as in PJRT_FFI_HANDLER
 * @return [taken] */
typedef pjrt_error *(*pjrt_ffi_handler_fn)(pjrt_ffi_call *call, void *user);

/* What a plugin calls: a function that PJRT_FFI_HANDLER defines, or any that
 * has XLA's own type XLA_FFI_Handler, written in C++ perhaps.
 * @param frame [borrowed: call]
 * @return [taken] */
typedef pjrt_ffi_failure *(*pjrt_ffi_entry)(pjrt_ffi_frame *frame);

/* Defines the function `name` for a plugin to call; a semicolon follows, and
 * `static` may precede. It runs `function`, a pjrt_ffi_handler_fn, with `user`,
 * which must be a constant address: a plugin hands handlers nothing of their
 * own, and keeps them for ever. What differs from launch to launch is user data
 * (ffi.h). */
#define PJRT_FFI_HANDLER(name, function, user)         \
  pjrt_ffi_failure *name(pjrt_ffi_frame *frame) {      \
    return pjrt_ffi_handle(frame, (function), (user)); \
  }                                                    \
  struct pjrt_ffi_frame /* for the semicolon */

/* The body of that function, for languages without macros. Checks the frame
 * and runs the handler, and answers a plugin that asks which version of XLA's
 * FFI the handler was made for: the plugin's own, as far as this library knows
 * it. The handler is not called for that, nor with a frame that is broken
 * (INTERNAL).
 * PJRT: XLA_FFI_Error_Create.
 * @param frame [borrowed: call] as it came from the plugin
 * @param user [borrowed: call]
 * @return [taken] by the plugin; NULL for success */
PJRT_API pjrt_ffi_failure *pjrt_ffi_handle(pjrt_ffi_frame *frame,
                                           pjrt_ffi_handler_fn function,
                                           void *user);

/* ---- the call ------------------------------------------------------------ */

/* What a handler is called for. Buffers have contents in `execute`, and an
 * address in `record`, alone. */
typedef enum pjrt_ffi_stage {
  PJRT_FFI_INSTANTIATE = 0, /* once, when the executable is made */
  PJRT_FFI_PREPARE = 1,     /* before each execution, as is what follows; */
  PJRT_FFI_INITIALIZE = 2,  /* neither is on CPUs */
  PJRT_FFI_EXECUTE = 3,
  PJRT_FFI_RECORD = 4 /* into a command buffer; FFI 0.4 */
} pjrt_ffi_stage;

/* @param call [borrowed: call] */
PJRT_API pjrt_ffi_stage pjrt_ffi_call_stage(const pjrt_ffi_call *call);

/* The minor of XLA's FFI that the plugin speaks: 1 to 5 are known.
 * @param call [borrowed: call] */
PJRT_API int pjrt_ffi_call_api_minor(const pjrt_ffi_call *call);

/* An argument or result of the call: dense and row-major. Elements narrower
 * than a byte, but for bools, are packed, the first in the low bits, and not
 * one to a byte as in host form (dtype.h). */
typedef struct pjrt_ffi_buffer {
  size_t struct_size;
  pjrt_dtype dtype;
  /* Host memory in a handler for CPUs, an address of the device's in others.
   * NULL in the stages before execute, and perhaps where size is 0. */
  void *data;
  size_t size;         /* in bytes */
  const int64_t *dims; /* num_dims of them; may be NULL for none */
  size_t num_dims;
  size_t num_elements;
} pjrt_ffi_buffer;

/* @param buffer [borrowed: call] */
PJRT_API void pjrt_ffi_buffer_init(pjrt_ffi_buffer *buffer);

/* @param call [borrowed: call] */
PJRT_API size_t pjrt_ffi_call_num_args(const pjrt_ffi_call *call);

/* @param call [borrowed: call] */
PJRT_API size_t pjrt_ffi_call_num_results(const pjrt_ffi_call *call);

/* The i-th argument, to be read only, and the i-th result, to be written in
 * full. What the struct points to is valid until the handler returns, the
 * elements until its future is set.
 * OUT_OF_RANGE past the end. UNIMPLEMENTED for an argument that is no buffer,
 * or elements of a type, that this library does not know. INTERNAL when the
 * plugin's description cannot be right.
 * @param call [borrowed: call]
 * @param out [borrowed: call] initialized; untouched on failure */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_ffi_call_arg(const pjrt_ffi_call *call,
                                                     size_t i,
                                                     pjrt_ffi_buffer *out);

/* @param call [borrowed: call]
 * @param out [borrowed: call] initialized; untouched on failure */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_ffi_call_result(
    const pjrt_ffi_call *call, size_t i, pjrt_ffi_buffer *out);

/* The buffer as an array in host form: over its memory, or a copy where the
 * elements are packed. For buffers in host memory that have contents:
 * INVALID_ARGUMENT for NULL and data that is NULL.
 * @param buffer [borrowed: out] as long as the elements are valid
 * @param out [owned: pjrt_array_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_ffi_buffer_to_array(
    const pjrt_ffi_buffer *buffer, pjrt_array **out);

/* Writes the elements of an array in host form into the buffer.
 * INVALID_ARGUMENT when type or dimensions differ, and as above.
 * @param buffer [borrowed: call]
 * @param array [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_ffi_buffer_from_array(
    const pjrt_ffi_buffer *buffer, const pjrt_array *array);

/* ---- attributes ---------------------------------------------------------- */

/* The call's attributes; there may be none in it.
 * @param call [borrowed: call]
 * @return [borrowed: call] never NULL */
PJRT_API const pjrt_ffi_attrs *pjrt_ffi_call_attrs(const pjrt_ffi_call *call);

/* Plugins may send kinds that are not listed. */
typedef enum pjrt_ffi_attr_kind {
  PJRT_FFI_ARRAY = 1,
  PJRT_FFI_DICTIONARY = 2,
  PJRT_FFI_SCALAR = 3,
  PJRT_FFI_STRING = 4
} pjrt_ffi_attr_kind;

/* One attribute. Names and strings are the program's own bytes, without a NUL
 * behind them. */
typedef struct pjrt_ffi_attr {
  size_t struct_size;
  const char *name;
  size_t name_size;
  pjrt_ffi_attr_kind kind;
  pjrt_dtype dtype; /* of a scalar's value or an array's elements */
  size_t num;       /* elements of an array, bytes of a string; else 1 */
  const void *data; /* the value, the elements, the bytes; or NULL */
  const pjrt_ffi_attrs *fields; /* of a dictionary */
} pjrt_ffi_attr;

/* @param attr [borrowed: call] */
PJRT_API void pjrt_ffi_attr_init(pjrt_ffi_attr *attr);

/* How many there are; 0 for NULL.
 * @param attrs [borrowed: call] */
PJRT_API size_t pjrt_ffi_attrs_size(const pjrt_ffi_attrs *attrs);

/* The i-th. Plugins sort them by name. OUT_OF_RANGE past the end, INTERNAL
 * when what the plugin gives cannot be right, UNIMPLEMENTED for elements of a
 * type that this library does not know.
 * @param attrs [borrowed: call]
 * @param out [borrowed: call] initialized; untouched on failure. What it
 *     points to is valid until the handler returns */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_ffi_attrs_at(
    const pjrt_ffi_attrs *attrs, size_t i, pjrt_ffi_attr *out);

/* The one of this name, in whatever order they are. NOT_FOUND, saying which
 * there are.
 * @param attrs [borrowed: call]
 * @param name [borrowed: call]
 * @param out [borrowed: call] initialized; untouched on failure. What it
 *     points to is valid until the handler returns */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_ffi_attrs_find(
    const pjrt_ffi_attrs *attrs, const char *name, size_t name_size,
    pjrt_ffi_attr *out);

/* The attribute of this name as one value: any scalar integer, bool too, that
 * fits; any scalar number that is not complex; a bool; a string; a dictionary.
 * NOT_FOUND when there is none of this name, INVALID_ARGUMENT when it is
 * another kind, type or does not fit.
 * @param attrs [borrowed: call]
 * @param name [borrowed: call]
 * @param out [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_ffi_attrs_int64(
    const pjrt_ffi_attrs *attrs, const char *name, size_t name_size,
    int64_t *out);

/* @param attrs [borrowed: call]
 * @param name [borrowed: call]
 * @param out [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_ffi_attrs_double(
    const pjrt_ffi_attrs *attrs, const char *name, size_t name_size,
    double *out);

/* @param attrs [borrowed: call]
 * @param name [borrowed: call]
 * @param out [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_ffi_attrs_bool(
    const pjrt_ffi_attrs *attrs, const char *name, size_t name_size, bool *out);

/* The text has no NUL behind it.
 * @param attrs [borrowed: call]
 * @param name [borrowed: call]
 * @param out [borrowed: attrs]
 * @param out_size [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_ffi_attrs_text(
    const pjrt_ffi_attrs *attrs, const char *name, size_t name_size,
    const char **out, size_t *out_size);

/* @param attrs [borrowed: call]
 * @param name [borrowed: call]
 * @param out [borrowed: attrs] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_ffi_attrs_dictionary(
    const pjrt_ffi_attrs *attrs, const char *name, size_t name_size,
    const pjrt_ffi_attrs **out);

/* ---- what the launch lends ----------------------------------------------- */

/* The user data of this type in the launch's context (pjrt_ffi_add_user_data).
 * The plugin's error when there is none.
 * PJRT: XLA_FFI_InvokeContext_Get.
 * @param call [borrowed: call]
 * @param out [borrowed: call] as it was added, by whoever added it */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_ffi_call_user_data(pjrt_ffi_call *call,
                                                           int64_t type_id,
                                                           void **out);

/* The options that the launch was given for its handlers, such as
 * pjrt_execute_opts.custom_options. UNIMPLEMENTED before FFI 0.5.
 * PJRT: XLA_FFI_CustomOptions_Get.
 * @param call [borrowed: call]
 * @param out [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_ffi_call_custom_options(
    pjrt_ffi_call *call, const pjrt_ffi_attrs **out);

/* The platform's stream that the handler is to enqueue its work to, a CUstream
 * on CUDA. The plugin's error on CPUs.
 * PJRT: XLA_FFI_Stream_Get.
 * @param call [borrowed: call]
 * @param out [borrowed: call] the plugin's */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_ffi_call_stream(pjrt_ffi_call *call,
                                                        void **out);

/* A number that all calls of one execution share; 0 on some older plugins.
 * PJRT: XLA_FFI_RunId_Get.
 * @param call [borrowed: call]
 * @param out [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_ffi_call_run_id(pjrt_ffi_call *call,
                                                        int64_t *out);

/* Which of the process's devices runs the call.
 * PJRT: XLA_FFI_DeviceOrdinal_Get.
 * @param call [borrowed: call]
 * @param out [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_ffi_call_device_ordinal(
    pjrt_ffi_call *call, int *out);

/* An extension of the call's, as XLA describes it; what `type` means and what
 * `out` points to is between the plugin and the handler. NULL, without an
 * error, where there is none. UNIMPLEMENTED before FFI 0.4.
 * PJRT: XLA_FFI_InvokeContext_FindExtension.
 * @param call [borrowed: call]
 * @param out [borrowed: call] the plugin's */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_ffi_call_find_extension(
    pjrt_ffi_call *call, int64_t type, const void **out);

/* ---- memory and threads -------------------------------------------------- */

/* Scratch memory on the device, freed with the call where it is not before.
 * INVALID_ARGUMENT for an alignment that is no power of two. The plugin's error
 * on CPUs, where a handler has malloc.
 * PJRT: XLA_FFI_DeviceMemory_Allocate.
 * @param call [borrowed: call]
 * @param out [borrowed: call] an address of the device's */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_ffi_call_allocate(pjrt_ffi_call *call,
                                                          size_t size,
                                                          size_t alignment,
                                                          void **out);

/* Frees it earlier. `size` is that of the allocation.
 * PJRT: XLA_FFI_DeviceMemory_Free.
 * @param call [borrowed: call]
 * @param data [taken] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_ffi_call_deallocate(pjrt_ffi_call *call,
                                                            void *data,
                                                            size_t size);

/* How many threads the plugin has for pjrt_ffi_call_schedule. The plugin's
 * error where it has none.
 * PJRT: XLA_FFI_ThreadPool_NumThreads.
 * @param call [borrowed: call]
 * @param out [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_ffi_call_num_threads(
    pjrt_ffi_call *call, int64_t *out);

/* Called once, on a thread of the plugin's or inside the scheduling call.
 * @param data [borrowed: call] as it was scheduled */
typedef void (*pjrt_ffi_task_fn)(void *data);

/* Runs a task on the plugin's threads. It may run after the handler returned,
 * and must not use the call; a handler that does not wait for its tasks takes
 * a future. Not called when this fails.
 * PJRT: XLA_FFI_ThreadPool_Schedule.
 * @param call [borrowed: call]
 * @param data [borrowed: static] passed to the task, valid until it ran */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_ffi_call_schedule(pjrt_ffi_call *call,
                                                          pjrt_ffi_task_fn task,
                                                          void *data);

/* ---- state --------------------------------------------------------------- */

/* Frees what a handler kept as its state; called once for each, on any thread,
 * when the plugin needs it no longer: a thread of the plugin's, or one that
 * frees the executable, inside that call. It must not wait for the plugin, nor
 * free objects of this library. Not called when the state could not be kept.
 * @param state [taken] */
typedef void (*pjrt_ffi_delete_fn)(void *state);

/* Registers a type of states or user data, as pjrt_ffi_register_type does, for
 * a handler that has no plugin at hand.
 * PJRT: XLA_FFI_Type_Register.
 * @param call [borrowed: call]
 * @param name [borrowed: call]
 * @param inout_type_id [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_ffi_call_register_type(
    pjrt_ffi_call *call, const char *name, size_t name_size,
    pjrt_ffi_delete_fn deleter, int64_t *inout_type_id);

/* Keeps a state of the call's stage for the stages and executions that follow:
 * that of `instantiate` for the life of the executable. The plugin's error when
 * there is one already. The type's deleter frees the state, on any thread; if
 * this fails it is still yours.
 * PJRT: XLA_FFI_State_Set.
 * @param call [borrowed: call]
 * @param state [borrowed: static] until the deleter is called */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_ffi_call_set_state(pjrt_ffi_call *call,
                                                           int64_t type_id,
                                                           void *state);

/* The state that `stage` left. The plugin's error when it left none, or one of
 * another type. UNIMPLEMENTED before FFI 0.3 for another stage than
 * instantiate.
 * PJRT: XLA_FFI_State_Get.
 * @param call [borrowed: call]
 * @param out [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_ffi_call_state(pjrt_ffi_call *call,
                                                       pjrt_ffi_stage stage,
                                                       int64_t type_id,
                                                       void **out);

/* ---- results that come later --------------------------------------------- */

/* A promise that the results of a call will be there. */
typedef struct pjrt_ffi_future pjrt_ffi_future;

/* Lets the handler return before its results are there: the call ends when the
 * future is set, which must happen exactly once, on any thread, before the
 * handler returns or after. If the handler then returns an error, the call
 * fails with it at once, and setting the future does nothing more.
 * FAILED_PRECONDITION for a second future of one call.
 * PJRT: XLA_FFI_Future_Create.
 * @param call [borrowed: call]
 * @param out [owned: pjrt_ffi_future_set] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_ffi_call_defer(pjrt_ffi_call *call,
                                                       pjrt_ffi_future **out);

/* Ends the call, with success when `error` is NULL. The plugin goes on from
 * here, on this thread perhaps: hold no lock that it may need.
 * PJRT: XLA_FFI_Future_SetAvailable, XLA_FFI_Future_SetError.
 * @param future [taken]
 * @param error [taken] NULL for success */
PJRT_API void pjrt_ffi_future_set(pjrt_ffi_future *future, pjrt_error *error);

PJRT_END_DECLS

#endif /* PJRT_EXT_FFI_HANDLER_H_ */
