/* Named values between our list and a plugin's array. */
#ifndef PJRT_CORE_RAW_VALUES_H_
#define PJRT_CORE_RAW_VALUES_H_

#include "abi/call.h"
#include "pjrt/named_values.h"

/* A list with copies of a plugin's values. */
pjrt_error *pjrt_named_values_from_raw(const PJRT_NamedValue *raw, size_t num,
                                       pjrt_named_values **out)
    __attribute__((warn_unused_result));

/* An array for a plugin that points into `values`; free() it. INVALID_ARGUMENT
 * for a value of a kind that the library does not know. NULL and num 0 for an
 * empty list. */
pjrt_error *pjrt_named_values_to_raw(const pjrt_named_values *values,
                                     const pjrt_plugin *plugin,
                                     PJRT_NamedValue **out, size_t *out_num)
    __attribute__((warn_unused_result));

#endif /* PJRT_CORE_RAW_VALUES_H_ */
