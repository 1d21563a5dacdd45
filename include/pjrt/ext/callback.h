/* The Callback extension: functions that a client runs when something is wrong
 * with its machine. Of the plugins that are known those for TPUs have it.
 *
 * PJRT has no way to take a callback back, and does not say when a plugin calls
 * one for the last time. So what the plugin is given is never freed: a page of
 * memory for each callback that was registered. The handle here stands between
 * it and the caller: once it is freed, the caller's function is not called any
 * more, and what it uses may go.
 *
 * Callbacks run on any thread, several at once, any number of times, and before
 * the registering function has returned, too. They may use the library, and
 * register and free callbacks.
 *
 * UNIMPLEMENTED where the plugin has no such extension;
 * pjrt_plugin_find_extension tells before. */
#ifndef PJRT_EXT_CALLBACK_H_
#define PJRT_EXT_CALLBACK_H_

#include "pjrt/client.h"

PJRT_BEGIN_DECLS

/* A callback that is registered. */
typedef struct pjrt_callback pjrt_callback;

/* Why a slice of TPUs could not be built, or fell apart. Plugins may tell
 * numbers that are not here. */
typedef enum pjrt_slice_failure {
  PJRT_SLICE_FAILURE_UNKNOWN = 0,
  PJRT_SLICE_FAILURE_INIT_ERROR = 1,
  PJRT_SLICE_FAILURE_WORKER_UNAVAILABLE = 2,
  PJRT_SLICE_FAILURE_FLAPPING_TASK_ERROR = 3,
  PJRT_SLICE_FAILURE_SW_INJECT_ERROR = 4,
  PJRT_SLICE_FAILURE_CHIP_DRIVER_ERROR = 5
} pjrt_slice_failure;

/* Called each time the client's slice of TPUs fails.
 * @param failure [borrowed: call] a number
 * @param user [borrowed: call] as it was registered */
typedef void (*pjrt_slice_failure_fn)(pjrt_slice_failure failure, void *user);

/* Called before the plugin ends the process for an error, which it does when
 * all such callbacks have returned.
 * @param error [borrowed: call]
 * @param user [borrowed: call] as it was registered */
typedef void (*pjrt_prefatal_fn)(const pjrt_error *error, void *user);

/* ---- registering --------------------------------------------------------- */

/* Has the client call back when its slice of TPUs fails. The handle keeps the
 * client alive.
 * INVALID_ARGUMENT: client or callback is NULL.
 * PJRT: PJRT_Callback_RegisterCallback (0.78).
 * @param client [shared]
 * @param callback see pjrt_slice_failure_fn
 * @param user [borrowed: out] passed to the callback
 * @param out [owned: pjrt_callback_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_callback_on_slice_failure(
    pjrt_client *client, pjrt_slice_failure_fn callback, void *user,
    pjrt_callback **out);

/* Has the client call back before its plugin ends the process. Otherwise as
 * above.
 * PJRT: PJRT_Callback_RegisterCallback (0.78).
 * @param client [shared]
 * @param callback see pjrt_prefatal_fn
 * @param user [borrowed: out] passed to the callback
 * @param out [owned: pjrt_callback_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_callback_on_prefatal(
    pjrt_client *client, pjrt_prefatal_fn callback, void *user,
    pjrt_callback **out);

/* Ends it: waits until calls that are under way on other threads have returned,
 * after which there are none. Inside a callback, this one or another, it does
 * not wait: calls on other threads may then still be under way.
 * @param callback [taken] */
PJRT_API void pjrt_callback_free(pjrt_callback *callback);

/* ---- invoking ------------------------------------------------------------ */

/* Runs all callbacks that were registered with the client for failures of its
 * slice, by whomever, on this thread and in this call: to try them, or to tell
 * what the caller knows before the plugin does. Nothing fails by it.
 * INVALID_ARGUMENT: client is NULL, no such failure.
 * PJRT: PJRT_Callback_InvokeCallback (0.78).
 * @param client [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_callback_invoke_slice_failure(
    pjrt_client *client, pjrt_slice_failure failure);

/* The same for those that come before the end of the process, which goes on.
 * INVALID_ARGUMENT: NULL, or an error with a code that PJRT does not define.
 * PJRT: PJRT_Callback_InvokeCallback (0.78).
 * @param client [borrowed: call]
 * @param error [borrowed: call] its code and message */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_callback_invoke_prefatal(
    pjrt_client *client, const pjrt_error *error);

PJRT_END_DECLS

#endif /* PJRT_EXT_CALLBACK_H_ */
