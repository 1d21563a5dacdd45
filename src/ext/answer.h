/* What extensions answer with, before anyone believes it. */
#ifndef PJRT_EXT_ANSWER_H_
#define PJRT_EXT_ANSWER_H_

#include "core/plugin.h"

/* INTERNAL when a call that succeeded gives no object; `what` is its kind, such
 * as "compiler". */
pjrt_error *pjrt_ext_check_object(const pjrt_plugin *plugin, const char *call,
                                  const char *what, const void *object)
    __attribute__((warn_unused_result));

/* A copy of bytes that the plugin keeps, for pjrt_host_free; INTERNAL for a
 * size that cannot be, or bytes that are not there. */
pjrt_error *pjrt_ext_copy_bytes(const pjrt_plugin *plugin, const char *call,
                                const char *bytes, size_t size, void **out,
                                size_t *out_size)
    __attribute__((warn_unused_result));

/* The same of a text, with a NUL; `out_size` may be NULL. */
pjrt_error *pjrt_ext_copy_text(const pjrt_plugin *plugin, const char *call,
                               const char *text, size_t size, char **out,
                               size_t *out_size)
    __attribute__((warn_unused_result));

#endif /* PJRT_EXT_ANSWER_H_ */
