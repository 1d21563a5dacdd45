/* Attributes of a call: named values, and dictionaries of them. A pointer to
 * XLA's struct is the handle. */
#include <stdlib.h>

#include "base/error.h"
#include "base/text.h"
#include "core/opts.h"
#include "ext/ffi_call.h"

void pjrt_ffi_attr_init(pjrt_ffi_attr *attr) {
  *attr = (pjrt_ffi_attr){.struct_size = sizeof *attr};
}

const pjrt_ffi_attrs *pjrt_ffi_call_attrs(const pjrt_ffi_call *call) {
  return (const pjrt_ffi_attrs *)&call->frame->attrs;
}

static bool is_whole(const XLA_FFI_Attrs *raw) {
  return raw->struct_size >= XLA_FFI_Attrs_STRUCT_SIZE &&
         (raw->size == 0 ||
          (raw->size > 0 && raw->types && raw->names && raw->attrs));
}

pjrt_error *pjrt_ffi_attrs_check(const XLA_FFI_Attrs *raw) {
  return is_whole(raw) ? NULL
                       : pjrt_ffi_broken("no attributes behind their number");
}

/* Where attributes come from they are checked; this is for what a plugin may
 * have changed since. */
size_t pjrt_ffi_attrs_size(const pjrt_ffi_attrs *attrs) {
  const XLA_FFI_Attrs *raw = (const XLA_FFI_Attrs *)attrs;
  return raw && is_whole(raw) ? (size_t)raw->size : 0;
}

/* ---- one attribute ------------------------------------------------------- */

static pjrt_error *read_scalar(const XLA_FFI_Scalar *raw, pjrt_ffi_attr *out) {
  if (!raw->value) return pjrt_ffi_broken("a scalar without a value");
  out->num = 1;
  out->data = raw->value;
  return pjrt_ffi_dtype(raw->dtype, &out->dtype);
}

static pjrt_error *read_array(const XLA_FFI_Array *raw, pjrt_ffi_attr *out) {
  if (raw->size && !raw->data) {
    return pjrt_ffi_broken("an array without elements");
  }
  out->num = raw->size;
  out->data = raw->data;
  return pjrt_ffi_dtype(raw->dtype, &out->dtype);
}

static pjrt_error *read_string(const XLA_FFI_ByteSpan *raw,
                               pjrt_ffi_attr *out) {
  if (raw->len && !raw->ptr) return pjrt_ffi_broken("a string without bytes");
  out->num = raw->len;
  out->data = raw->ptr;
  return NULL;
}

/* Of a kind that is not known, `data` is what the plugin gives. */
static pjrt_error *read_value(const void *raw, pjrt_ffi_attr *out) {
  if (!raw) return pjrt_ffi_broken("an attribute without a value");
  switch (out->kind) {
    case PJRT_FFI_SCALAR:
      return read_scalar(raw, out);
    case PJRT_FFI_ARRAY:
      return read_array(raw, out);
    case PJRT_FFI_STRING:
      return read_string(raw, out);
    case PJRT_FFI_DICTIONARY:
      out->fields = raw;
      out->num = pjrt_ffi_attrs_size(out->fields);
      return pjrt_ffi_attrs_check(raw);
    default:
      out->num = 1;
      out->data = raw;
      return NULL;
  }
}

/* "" for a name that is not there. */
static void read_name(const pjrt_ffi_attrs *attrs, size_t i,
                      const char **out_name, size_t *out_size) {
  const XLA_FFI_ByteSpan *raw = ((const XLA_FFI_Attrs *)attrs)->names[i];
  const bool has_name = raw && raw->ptr;
  *out_name = has_name ? raw->ptr : "";
  *out_size = has_name ? raw->len : 0;
}

pjrt_error *pjrt_ffi_attrs_at(const pjrt_ffi_attrs *attrs, size_t i,
                              pjrt_ffi_attr *out) {
  const XLA_FFI_Attrs *raw = (const XLA_FFI_Attrs *)attrs;
  const size_t num = pjrt_ffi_attrs_size(attrs);
  pjrt_ffi_attr attr;
  if (i >= num) {
    return pjrt_error_format(PJRT_OUT_OF_RANGE, "attribute %zu of %zu", i, num);
  }
  pjrt_ffi_attr_init(&attr);
  read_name(attrs, i, &attr.name, &attr.name_size);
  attr.kind = (pjrt_ffi_attr_kind)raw->types[i];
  pjrt_error *error = read_value(raw->attrs[i], &attr);
  if (!error) return pjrt_opts_write(&attr, "pjrt_ffi_attr", sizeof attr, out);
  pjrt_error_prefix(error, "attribute \"%.*s\"", (int)attr.name_size,
                    attr.name);
  return error;
}

/* ---- by name ------------------------------------------------------------- */

static pjrt_error *not_found(const pjrt_ffi_attrs *attrs, const char *name,
                             size_t size) {
  const size_t num = pjrt_ffi_attrs_size(attrs);
  pjrt_builder text = {0};
  char *list;
  for (size_t i = 0; i < num; i++) {
    const char *other;
    size_t other_size;
    read_name(attrs, i, &other, &other_size);
    pjrt_builder_append(&text, i ? ", " : ": ", 2);
    pjrt_builder_append(&text, other, other_size);
  }
  PJRT_TRY(pjrt_builder_finish(&text, &list, NULL));
  pjrt_error *error = pjrt_error_format(
      PJRT_NOT_FOUND, "no attribute \"%.*s\"; there are %zu%s", (int)size, name,
      num, list);
  free(list);
  return error;
}

pjrt_error *pjrt_ffi_attrs_find(const pjrt_ffi_attrs *attrs, const char *name,
                                size_t name_size, pjrt_ffi_attr *out) {
  const size_t size = pjrt_text_size(name, name_size);
  const size_t num = pjrt_ffi_attrs_size(attrs);
  for (size_t i = 0; i < num; i++) {
    const char *other;
    size_t other_size;
    read_name(attrs, i, &other, &other_size);
    if (other_size == size && (!size || memcmp(other, name, size) == 0)) {
      return pjrt_ffi_attrs_at(attrs, i, out);
    }
  }
  return not_found(attrs, name ? name : "", size);
}

/* ---- as one value -------------------------------------------------------- */

static pjrt_error *wrong(const pjrt_ffi_attr *attr, const char *expected) {
  static const char *const kinds[] = {"a value of an unknown kind", "an array",
                                      "a dictionary", "a scalar", "a string"};
  const size_t kind = (size_t)attr->kind;
  const char *type = attr->dtype ? pjrt_dtype_name(attr->dtype) : "";
  return pjrt_error_format(
      PJRT_INVALID_ARGUMENT, "attribute \"%.*s\" is %s%s%s, expected %s",
      (int)attr->name_size, attr->name,
      kinds[kind < sizeof kinds / sizeof *kinds ? kind : 0],
      attr->dtype ? " of " : "", type, expected);
}

static pjrt_error *find_kind(const pjrt_ffi_attrs *attrs, const char *name,
                             size_t name_size, pjrt_ffi_attr_kind kind,
                             const char *expected, pjrt_ffi_attr *out) {
  pjrt_ffi_attr_init(out);
  PJRT_TRY(pjrt_ffi_attrs_find(attrs, name, name_size, out));
  return out->kind == kind ? NULL : wrong(out, expected);
}

/* uint64 values above int64's are the only ones that do not fit. */
pjrt_error *pjrt_ffi_attrs_int64(const pjrt_ffi_attrs *attrs, const char *name,
                                 size_t name_size, int64_t *out) {
  static const char expected[] = "an integer that fits into an int64";
  pjrt_ffi_attr attr;
  *out = 0;
  PJRT_TRY(find_kind(attrs, name, name_size, PJRT_FFI_SCALAR, expected, &attr));
  const pjrt_dtype_class class_of = pjrt_dtype_class_of(attr.dtype);
  if (class_of != PJRT_CLASS_BOOL && class_of != PJRT_CLASS_SIGNED &&
      class_of != PJRT_CLASS_UNSIGNED) {
    return wrong(&attr, expected);
  }
  pjrt_error *error = pjrt_dtype_to_int64(attr.dtype, attr.data, out);
  if (!error) return NULL;
  pjrt_error_free(error);
  return wrong(&attr, expected);
}

pjrt_error *pjrt_ffi_attrs_double(const pjrt_ffi_attrs *attrs, const char *name,
                                  size_t name_size, double *out) {
  static const char expected[] = "a real number";
  pjrt_ffi_attr attr;
  *out = 0;
  PJRT_TRY(find_kind(attrs, name, name_size, PJRT_FFI_SCALAR, expected, &attr));
  pjrt_error *error = pjrt_dtype_to_double(attr.dtype, attr.data, out);
  if (!error) return NULL;
  pjrt_error_free(error);
  return wrong(&attr, expected);
}

pjrt_error *pjrt_ffi_attrs_bool(const pjrt_ffi_attrs *attrs, const char *name,
                                size_t name_size, bool *out) {
  static const char expected[] = "a bool";
  pjrt_ffi_attr attr;
  *out = false;
  PJRT_TRY(find_kind(attrs, name, name_size, PJRT_FFI_SCALAR, expected, &attr));
  if (attr.dtype != PJRT_PRED) return wrong(&attr, expected);
  *out = *(const unsigned char *)attr.data != 0;
  return NULL;
}

pjrt_error *pjrt_ffi_attrs_text(const pjrt_ffi_attrs *attrs, const char *name,
                                size_t name_size, const char **out,
                                size_t *out_size) {
  pjrt_ffi_attr attr;
  *out = NULL;
  *out_size = 0;
  PJRT_TRY(
      find_kind(attrs, name, name_size, PJRT_FFI_STRING, "a string", &attr));
  *out = attr.data ? attr.data : "";
  *out_size = attr.num;
  return NULL;
}

pjrt_error *pjrt_ffi_attrs_dictionary(const pjrt_ffi_attrs *attrs,
                                      const char *name, size_t name_size,
                                      const pjrt_ffi_attrs **out) {
  pjrt_ffi_attr attr;
  *out = NULL;
  PJRT_TRY(find_kind(attrs, name, name_size, PJRT_FFI_DICTIONARY,
                     "a dictionary", &attr));
  *out = attr.fields;
  return NULL;
}
