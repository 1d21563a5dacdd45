/* Named values: PJRT's way to pass options in and attributes out.
 *
 * One growable list of (name, value) pairs, used for client create options,
 * device and plugin attributes and cost analyses. Values have five kinds; a
 * kind that this library does not know is kept, listed and passed over. */
#ifndef PJRT_NAMED_VALUES_H_
#define PJRT_NAMED_VALUES_H_

#include "pjrt/error.h"

PJRT_BEGIN_DECLS

typedef struct pjrt_named_values pjrt_named_values;

/* The numbers equal PJRT_NamedValue_Type. */
typedef enum pjrt_value_kind {
  PJRT_VALUE_STRING = 0,
  PJRT_VALUE_INT64 = 1,
  PJRT_VALUE_INT64_LIST = 2,
  PJRT_VALUE_FLOAT = 3,
  PJRT_VALUE_BOOL = 4
} pjrt_value_kind;

/* Makes an empty list. Not thread-safe while it is being filled.
 * @param out [owned: pjrt_named_values_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_named_values_create(
    pjrt_named_values **out);

/* @param values [taken] */
PJRT_API void pjrt_named_values_free(pjrt_named_values *values);

/* Setting a name that is already there replaces its value. Names must not be
 * empty: INVALID_ARGUMENT. The text and the list are copied.
 * @param values [borrowed: call]
 * @param name [borrowed: call]
 * @param value [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_named_values_set_string(
    pjrt_named_values *values, const char *name, size_t name_size,
    const char *value, size_t value_size);

/* @param values [borrowed: call]
 * @param name [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_named_values_set_int64(
    pjrt_named_values *values, const char *name, size_t name_size,
    int64_t value);

/* @param values [borrowed: call]
 * @param name [borrowed: call]
 * @param list [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_named_values_set_int64_list(
    pjrt_named_values *values, const char *name, size_t name_size,
    const int64_t *list, size_t num_list);

/* @param values [borrowed: call]
 * @param name [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_named_values_set_float(
    pjrt_named_values *values, const char *name, size_t name_size, float value);

/* @param values [borrowed: call]
 * @param name [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_named_values_set_bool(
    pjrt_named_values *values, const char *name, size_t name_size, bool value);

/* Sets one value from text such as "cpu_device_count=8". The kind follows the
 * spelling: true/false bool, 8 int64, 0.5 or 1e3 float, [1,2] int64 list, else
 * string; "name:string=8" names the kind (string, int64, list, float, bool).
 * Blanks around the numbers of a list are passed over, and nowhere else.
 * INVALID_ARGUMENT names the text that does not parse, and an integer that does
 * not fit.
 * @param values [borrowed: call]
 * @param text [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_named_values_parse(
    pjrt_named_values *values, const char *text, size_t text_size);

/* 0 for NULL.
 * @param values [borrowed: call] */
PJRT_API size_t pjrt_named_values_size(const pjrt_named_values *values);

/* The index of a name, or the list's size when it is not there.
 * @param values [borrowed: call]
 * @param name [borrowed: call] */
PJRT_API size_t pjrt_named_values_find(const pjrt_named_values *values,
                                       const char *name, size_t name_size);

/* The i-th name; "" past the end.
 * @param values [borrowed: call]
 * @param out_size [borrowed: call] may be NULL
 * @return [borrowed: values] never NULL */
PJRT_API const char *pjrt_named_values_name(const pjrt_named_values *values,
                                            size_t i, size_t *out_size);

/* The i-th value's kind. A number outside the enum is a kind newer than this
 * library: such a value has a name and nothing that can be read. Past the end
 * it is no kind's number either.
 * @param values [borrowed: call] */
PJRT_API pjrt_value_kind pjrt_named_values_kind(const pjrt_named_values *values,
                                                size_t i);

/* The readers below answer "", 0, false or an empty list when the i-th value
 * is of another kind.
 * @param values [borrowed: call]
 * @param out_size [borrowed: call] may be NULL
 * @return [borrowed: values] never NULL */
PJRT_API const char *pjrt_named_values_string(const pjrt_named_values *values,
                                              size_t i, size_t *out_size);

/* @param values [borrowed: call] */
PJRT_API int64_t pjrt_named_values_int64(const pjrt_named_values *values,
                                         size_t i);

/* @param values [borrowed: call]
 * @param out_num [borrowed: call] the number of elements
 * @return [borrowed: values] */
PJRT_API const int64_t *pjrt_named_values_int64_list(
    const pjrt_named_values *values, size_t i, size_t *out_num);

/* @param values [borrowed: call] */
PJRT_API float pjrt_named_values_float(const pjrt_named_values *values,
                                       size_t i);

/* @param values [borrowed: call] */
PJRT_API bool pjrt_named_values_bool(const pjrt_named_values *values, size_t i);

PJRT_END_DECLS

#endif /* PJRT_NAMED_VALUES_H_ */
