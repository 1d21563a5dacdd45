/* The inside of a list of named values, for code that converts it to and from
 * a plugin's arrays. */
#ifndef PJRT_CORE_NAMED_VALUES_H_
#define PJRT_CORE_NAMED_VALUES_H_

#include "pjrt/named_values.h"

/* `kind` says which member of the union holds the value; for a kind that this
 * library does not know, none does. Texts are followed by a NUL. */
typedef struct pjrt_named_value {
  const char *name;
  size_t name_size;
  pjrt_value_kind kind;
  union {
    const char *string;
    const int64_t *int64_list;
    int64_t int64;
    float float32;
    bool boolean;
  };
  size_t value_size; /* bytes of a string, elements of a list, else 1 */
} pjrt_named_value;

/* The i-th value, NULL past the end; valid until the list changes. */
const pjrt_named_value *pjrt_named_values_at(const pjrt_named_values *values,
                                             size_t i);

/* Appends a copy of `value` as it is: its name may be empty or be there
 * already, its kind may be unknown, which keeps name and kind alone. A text or
 * list at NULL counts as empty. */
pjrt_error *pjrt_named_values_append(pjrt_named_values *values,
                                     const pjrt_named_value *value)
    __attribute__((warn_unused_result));

#endif /* PJRT_CORE_NAMED_VALUES_H_ */
