/* Reads the signature of @main from StableHLO text. */
#include <stdlib.h>
#include <string.h>

#include "plugin/internal.h"

/* A stretch of text. */
typedef struct span {
  const char *at;
  const char *end;
} span;

static bool starts_with(span text, const char *prefix) {
  const size_t size = strlen(prefix);
  return (size_t)(text.end - text.at) >= size &&
         memcmp(text.at, prefix, size) == 0;
}

/* From `what` on, or NULL. */
static const char *find(span text, const char *what) {
  return memmem(text.at, (size_t)(text.end - text.at), what, strlen(what));
}

static void skip_spaces(span *text) {
  while (text->at < text->end && strchr(" \t\r\n", *text->at)) text->at++;
}

/* ---- types --------------------------------------------------------------- */

static const struct {
  const char *name;
  PJRT_Buffer_Type type;
} type_names[] = {
    {"i1", PJRT_Buffer_Type_PRED},
    {"i2", PJRT_Buffer_Type_S2},
    {"i4", PJRT_Buffer_Type_S4},
    {"i8", PJRT_Buffer_Type_S8},
    {"i16", PJRT_Buffer_Type_S16},
    {"i32", PJRT_Buffer_Type_S32},
    {"i64", PJRT_Buffer_Type_S64},
    {"ui2", PJRT_Buffer_Type_U2},
    {"ui4", PJRT_Buffer_Type_U4},
    {"ui8", PJRT_Buffer_Type_U8},
    {"ui16", PJRT_Buffer_Type_U16},
    {"ui32", PJRT_Buffer_Type_U32},
    {"ui64", PJRT_Buffer_Type_U64},
    {"f16", PJRT_Buffer_Type_F16},
    {"f32", PJRT_Buffer_Type_F32},
    {"f64", PJRT_Buffer_Type_F64},
    {"bf16", PJRT_Buffer_Type_BF16},
    {"complex<f32>", PJRT_Buffer_Type_C64},
    {"complex<f64>", PJRT_Buffer_Type_C128},
    {"f8E5M2", PJRT_Buffer_Type_F8E5M2},
    {"f8E4M3", PJRT_Buffer_Type_F8E4M3},
    {"f8E3M4", PJRT_Buffer_Type_F8E3M4},
    {"f8E4M3FN", PJRT_Buffer_Type_F8E4M3FN},
    {"f8E4M3FNUZ", PJRT_Buffer_Type_F8E4M3FNUZ},
    {"f8E5M2FNUZ", PJRT_Buffer_Type_F8E5M2FNUZ},
    {"f8E4M3B11FNUZ", PJRT_Buffer_Type_F8E4M3B11FNUZ},
    {"f8E8M0FNU", PJRT_Buffer_Type_F8E8M0FNU},
    {"f4E2M1FN", PJRT_Buffer_Type_F4E2M1FN},
    {"f6E2M3FN", PJRT_Buffer_Type_F6E2M3FN},
    {"f6E3M2FN", PJRT_Buffer_Type_F6E3M2FN},
};

static bool read_element_type(span *text, PJRT_Buffer_Type *out) {
  const char *end = text->at;
  while (end < text->end && *end != '>' && *end != ',') end++;
  if (starts_with(*text, "complex<") && end < text->end) end++;
  const size_t size = (size_t)(end - text->at);
  for (size_t i = 0; i < sizeof type_names / sizeof *type_names; i++) {
    if (strlen(type_names[i].name) != size ||
        memcmp(type_names[i].name, text->at, size) != 0)
      continue;
    *out = type_names[i].type;
    text->at = end;
    return true;
  }
  return false;
}

/* A number, or "?", which leaves *out as it is. */
static bool read_size(span *text, int64_t *out, bool *out_is_known) {
  *out_is_known = text->at < text->end && *text->at != '?';
  if (text->at < text->end && *text->at == '?') return text->at++, true;
  if (text->at == text->end || *text->at < '0' || *text->at > '9') return false;
  *out = 0;
  while (text->at < text->end && *text->at >= '0' && *text->at <= '9')
    if (__builtin_mul_overflow(*out, 10, out) ||
        __builtin_add_overflow(*out, *text->at++ - '0', out))
      return false;
  return true;
}

/* ", #stablehlo.bounds<8, ?>", which each dynamic dimension must have, and only
 * they. */
static bool read_bounds(span *text, sim_shape *out) {
  static const char start[] = ", #stablehlo.bounds<";
  if (!out->dynamic_dims) return true;
  if (!starts_with(*text, start)) return false;
  text->at += strlen(start);
  for (size_t i = 0; i < out->num_dims; i++) {
    bool is_known;
    if (i > 0 && (!starts_with(*text, ", ") || !(text->at += 2))) return false;
    if (!read_size(text, &out->dims[i], &is_known)) return false;
    if (is_known != (out->dynamic_dims >> i & 1)) return false;
  }
  return starts_with(*text, ">");
}

/* The inside of tensor<...>: "2x3xf32", "?xf32, #stablehlo.bounds<8>". */
static bool read_tensor(span text, sim_shape *out) {
  *out = (sim_shape){0};
  while (text.at < text.end &&
         (*text.at == '?' || (*text.at >= '0' && *text.at <= '9'))) {
    bool is_known;
    if (out->num_dims == SIM_MAX_DIMS) return false;
    if (!read_size(&text, &out->dims[out->num_dims], &is_known)) return false;
    if (text.at == text.end || *text.at++ != 'x') return false;
    if (!is_known) out->dynamic_dims |= UINT32_C(1) << out->num_dims;
    out->num_dims++;
  }
  return read_element_type(&text, &out->type) && read_bounds(&text, out);
}

/* ---- lists of values ----------------------------------------------------- */

static const char *end_of_string(span text) {
  const char *p = text.at + 1;
  while (p < text.end && *p != '"') p += *p == '\\' ? 2 : 1;
  return p < text.end ? p : text.end - 1;
}

/* Cuts the next value of a list off: up to a comma or `)` at its own level. */
static span next_value(span *list) {
  span value = {list->at, list->at};
  int depth = 0;
  for (; list->at < list->end; list->at++) {
    const char c = *list->at;
    if (c == '"') {
      list->at = end_of_string(*list);
    } else if (strchr("([{<", c)) {
      depth++;
    } else if (depth == 0 && (c == ',' || c == ')')) {
      break;
    } else if (strchr(")]}>", c)) {
      depth--;
    }
  }
  value.end = list->at;
  return value;
}

/* Reads "(...)" into shapes; `donated` may be NULL. */
static bool read_list(span *text, sim_shape *shapes, bool *donated,
                      size_t *out_num) {
  size_t num = 0;
  text->at++;
  skip_spaces(text);
  while (text->at < text->end && *text->at != ')') {
    span value = next_value(text);
    const char *tensor = find(value, "tensor<");
    if (!tensor || num == SIM_MAX_VALUES) return false;
    span inside = {tensor + strlen("tensor<"), value.end};
    if (!read_tensor(inside, &shapes[num])) return false;
    if (donated)
      donated[num] =
          find(value, "tf.aliasing_output") || find(value, "jax.buffer_donor");
    num++;
    if (text->at < text->end && *text->at == ',') text->at++;
  }
  *out_num = num;
  return text->at++ < text->end;
}

/* One result has no parentheses around it. */
static bool read_results(span *text, sim_signature *out) {
  skip_spaces(text);
  if (!starts_with(*text, "->")) return true;
  text->at += 2;
  skip_spaces(text);
  if (starts_with(*text, "("))
    return read_list(text, out->outputs, NULL, &out->num_outputs);
  if (!starts_with(*text, "tensor<")) return false;
  text->at += strlen("tensor<");
  out->num_outputs = 1;
  return read_tensor(*text, &out->outputs[0]);
}

PJRT_Error *sim_signature_parse(const char *code, size_t size,
                                sim_signature *out) {
  span text = {code, code + size};
  const char *main = find(text, "@main(");
  *out = (sim_signature){0};
  if (!main)
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "the program has no @main");
  text.at = main + strlen("@main");
  if (!read_list(&text, out->parameters, out->is_donated,
                 &out->num_parameters) ||
      !read_results(&text, out))
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "cannot parse the signature of @main");
  return NULL;
}
