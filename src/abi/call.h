/* The one place where a plugin is called.
 *
 *   PJRT_ARGS(PJRT_Client_Compile, args);
 *   args->client = client->raw;
 *   PJRT_TRY(PJRT_CALL(plugin, PJRT_Client_Compile, args));
 *
 * Args live in zeroed memory of the newest size plus a reserve, since some
 * plugins write past a struct that is shorter than their own. Nothing keeps a
 * pointer into them beyond the call. */
#ifndef PJRT_ABI_CALL_H_
#define PJRT_ABI_CALL_H_

#include <string.h>

#include "abi/counts.h"
#include "abi/plugin.h"

/* Zero bytes behind every struct that a plugin sees. */
enum { PJRT_ARGS_RESERVE = 64 };

/* Room for a struct of type `type` with a reserve behind it. */
#define PJRT_ROOM_FOR(type)                   \
  struct {                                    \
    type value;                               \
    unsigned char reserve[PJRT_ARGS_RESERVE]; \
  }

/* A zeroed struct in a room of its own, and a pointer to it. */
#define PJRT_ROOM(type, name)                        \
  PJRT_ROOM_FOR(type) name##_room;                   \
  pjrt_room_clear(&name##_room, sizeof name##_room); \
  type *const name = &name##_room.value

/* memset, since an initializer may leave padding alone, and that is where a
 * newer plugin may have put a field. In steps that compilers make plain stores
 * of: for more bytes at once they call memset, which costs more than most of
 * our calls do. */
static inline __attribute__((always_inline)) void pjrt_room_clear(void *room,
                                                                  size_t size) {
  enum { STEP = 64 };
#pragma GCC unroll 16
  for (size_t i = 0; i < size / STEP; i++) {
    memset((char *)room + i * STEP, 0, STEP);
  }
  memset((char *)room + size / STEP * STEP, 0, size % STEP);
}

/* The args of a call. */
#define PJRT_ARGS(fn, name) PJRT_ROOM(fn##_Args, name)

/* A struct that args point to; it carries its own struct_size. */
#define PJRT_STRUCT(plugin, type, name) \
  PJRT_ROOM(type, name);                \
  name->struct_size = (plugin)->struct_size[PJRT_STRUCT_##type]

/* Calls a function of the plugin with args from PJRT_ARGS; a pjrt_error *. */
#define PJRT_CALL(plugin, fn, args)                         \
  ((plugin)->table.fn ? PJRT_CALL_PRESENT(plugin, fn, args) \
                      : pjrt_call_missing((plugin), PJRT_CALL_##fn))

/* The same where it is known that the plugin has the function. */
#define PJRT_CALL_PRESENT(plugin, fn, args)                              \
  ((args)->struct_size = (plugin)->args_size[PJRT_CALL_##fn],            \
   pjrt_call_result((plugin), PJRT_CALL_##fn, PJRT_FIRST_OUT_COUNT_##fn, \
                    (args), (plugin)->table.fn(args)))

/* The same for the two functions that return nothing. */
#define PJRT_CALL_VOID(plugin, fn, args)                             \
  ((plugin)->table.fn                                                \
       ? ((args)->struct_size = (plugin)->args_size[PJRT_CALL_##fn], \
          (plugin)->table.fn(args), (pjrt_error *)NULL)              \
       : pjrt_call_missing((plugin), PJRT_CALL_##fn))

/* For args that are a user's plain struct: the call works on a copy with a
 * reserve behind it, and its outputs are copied back. */
#define PJRT_RAW_CALL(plugin, fn, args) \
  PJRT_RAW_CALL_BY(PJRT_CALL, plugin, fn, args)
#define PJRT_RAW_CALL_VOID(plugin, fn, args) \
  PJRT_RAW_CALL_BY(PJRT_CALL_VOID, plugin, fn, args)
#define PJRT_RAW_CALL_BY(call, plugin, fn, args)                \
  __extension__({                                               \
    pjrt_error *error_ = pjrt_raw_check((plugin), (args), #fn); \
    if (!error_) {                                              \
      PJRT_ARGS(fn, copy_);                                     \
      *copy_ = *(args);                                         \
      error_ = call((plugin), fn, copy_);                       \
      *(args) = *copy_;                                         \
    }                                                           \
    error_;                                                     \
  })

/* Turns what a plugin returned into an error of ours and destroys it. */
pjrt_error *pjrt_error_from_plugin(const pjrt_plugin *plugin, pjrt_call_id id,
                                   PJRT_Error *raw)
    __attribute__((cold, warn_unused_result));

/* The same of a function that is not in the table. */
pjrt_error *pjrt_error_from_function(const pjrt_plugin *plugin,
                                     const char *function, PJRT_Error *raw)
    __attribute__((cold, warn_unused_result));

/* The same of an error that a callback is told and the plugin keeps. NULL for
 * NULL, and for one that says that all is well. */
pjrt_error *pjrt_error_lent_by_plugin(const pjrt_plugin *plugin,
                                      const char *function, PJRT_Error *raw)
    __attribute__((warn_unused_result));

/* The same the other way round, for a callback to return: an error that the
 * plugin makes and owns, with our code and message. Takes ours; NULL for
 * NULL. */
PJRT_Error *pjrt_error_to_plugin(pjrt_error *error,
                                 const PJRT_CallbackError *make)
    __attribute__((warn_unused_result));

/* The code that a plugin is told: those that PJRT does not define end some
 * plugins, and become UNKNOWN. */
PJRT_Error_Code pjrt_error_code_to_plugin(const pjrt_error *error);

/* UNIMPLEMENTED, naming function, plugin, version and the minor that brought
 * the function. */
pjrt_error *pjrt_call_missing(const pjrt_plugin *plugin, pjrt_call_id id)
    __attribute__((cold, warn_unused_result, returns_nonnull));

/* INVALID_ARGUMENT when either is NULL. */
pjrt_error *pjrt_raw_check(const pjrt_plugin *plugin, const void *args,
                           const char *function)
    __attribute__((warn_unused_result));

static inline __attribute__((warn_unused_result)) pjrt_error *pjrt_call_result(
    const pjrt_plugin *plugin, pjrt_call_id id, int first_count,
    const void *args, PJRT_Error *raw) {
  if (__builtin_expect(raw != NULL, false)) {
    return pjrt_error_from_plugin(plugin, id, raw);
  }
  /* Known at compile time. */
  if (first_count < 0) return NULL;
  return pjrt_counts_check(plugin, first_count, args);
}

/* The official name of a call, and the minor that brought it. */
const char *pjrt_call_name(pjrt_call_id id);
int pjrt_call_since(pjrt_call_id id);

/* Whether the plugin's table has the function. */
bool pjrt_call_exists(const pjrt_plugin *plugin, pjrt_call_id id);

#endif /* PJRT_ABI_CALL_H_ */
