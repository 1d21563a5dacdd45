/* The one place where an extension's function is called, as abi/call.h is for
 * those of the table. A file names its extension once:
 *
 *   #define CALL(plugin, fn, args) \
 *     PJRT_EXT_CALL(plugin, Layouts, PJRT_Layouts_Extension, fn, fn, args)
 *
 *   PJRT_ARGS(PJRT_Layouts_PJRT_Buffer_MemoryLayout, args);
 *   args->buffer = buffer->raw;
 *   PJRT_TRY(CALL(plugin, PJRT_Layouts_PJRT_Buffer_MemoryLayout, args));
 *
 * A slot is there when the node's own size covers it and it is not NULL: nodes
 * are shorter than ours on older plugins, and have gaps on some. */
#ifndef PJRT_EXT_EXTENSION_H_
#define PJRT_EXT_EXTENSION_H_

#include "abi/call.h"

/* Calls `slot` of the node `node` of type PJRT_Extension_Type_<kind> with args
 * of type <fn>_Args from PJRT_ARGS; a pjrt_error *, UNIMPLEMENTED where the
 * extension or the slot is missing. */
#define PJRT_EXT_CALL(plugin, kind, node, slot, fn, args)      \
  ((args)->struct_size = PJRT_EXT_ARGS_SIZE(plugin, fn, args), \
   PJRT_EXT_CALL_UNSIZED(plugin, kind, node, slot, fn, args))

#define PJRT_EXT_ARGS_SIZE(plugin, fn, args)                       \
  pjrt_ext_args_size((plugin), #fn "_Args", fn##_Args_STRUCT_SIZE, \
                     sizeof *(args))

/* The same for args that have no struct_size. */
#define PJRT_EXT_CALL_UNSIZED(plugin, kind, node, slot, fn, args) \
  PJRT_EXT_CALL_BY(plugin, kind, node, slot, fn,                  \
                   pjrt_ext_result((plugin), #fn, node_->slot(args)))

/* The same for functions that return nothing. */
#define PJRT_EXT_CALL_VOID(plugin, kind, node, slot, fn, args) \
  ((args)->struct_size = PJRT_EXT_ARGS_SIZE(plugin, fn, args), \
   PJRT_EXT_CALL_VOID_UNSIZED(plugin, kind, node, slot, fn, args))
#define PJRT_EXT_CALL_VOID_UNSIZED(plugin, kind, node, slot, fn, args) \
  PJRT_EXT_CALL_BY(plugin, kind, node, slot, fn,                       \
                   (node_->slot(args), (pjrt_error *)NULL))

#define PJRT_EXT_CALL_BY(plugin, kind, node, slot, fn, call)           \
  __extension__({                                                      \
    const node *node_ = PJRT_EXT_FIND(plugin, kind, node, slot, fn);   \
    node_ && node_->slot                                               \
        ? (call)                                                       \
        : pjrt_ext_missing((plugin), PJRT_Extension_Type_##kind, #fn); \
  })

/* The node, where its size covers the slot; the slot may be NULL in it. */
#define PJRT_EXT_FIND(plugin, kind, node, slot, fn)   \
  pjrt_ext_find((plugin), PJRT_Extension_Type_##kind, \
                offsetof(node, slot) + sizeof((node *)0)->slot, #fn)

/* The struct_size to declare: the newest; to a plugin that is newer than the
 * library, with the reserve behind the `size` bytes of the struct; to one that
 * wants its own, that of its minor. */
size_t pjrt_ext_args_size(const pjrt_plugin *plugin, const char *args,
                          size_t newest, size_t size);

/* The first node of this type whose size covers `end` bytes; NULL when there
 * is none. A node that declares no size, as before API 0.45, is taken for what
 * the plugin's minor had. */
const void *pjrt_ext_find(const pjrt_plugin *plugin, int type, size_t end,
                          const char *function);

/* Turns what the plugin returned into an error of ours. */
pjrt_error *pjrt_ext_result(const pjrt_plugin *plugin, const char *function,
                            PJRT_Error *raw)
    __attribute__((warn_unused_result));

/* UNIMPLEMENTED, naming what is missing, and the minor that brought it. */
pjrt_error *pjrt_ext_missing(const pjrt_plugin *plugin, int type,
                             const char *function)
    __attribute__((cold, warn_unused_result, returns_nonnull));

#endif /* PJRT_EXT_EXTENSION_H_ */
