/* The printed forms of dot_general and convolution. */
#include "mlir/reader.h"

/* --- dot_general --------------------------------------------------------- */

/* NAME = [0] x [1], the dimensions of both operands. */
static bool read_dot_pair(mlir_parser *p, mlir_list *fields, const char *lhs,
                          const char *rhs) {
  const pjrt_mlir_attr *dims;
  return mlir_next(p) && mlir_expect(p, '=') && mlir_read_int_list(p, &dims) &&
         mlir_add_attr(p, fields, lhs, dims) && mlir_expect_word(p, "x") &&
         mlir_read_int_list(p, &dims) && mlir_add_attr(p, fields, rhs, dims);
}

static bool add_no_dims(mlir_parser *p, mlir_list *fields, const char *name) {
  return mlir_add_attr(p, fields, name,
                       mlir_make_ints(p, p->token.place, NULL, 0));
}

/* batching_dims = [0] x [0], contracting_dims = [2] x [1]; the first may be
 * left out. */
static bool read_dot_dims(mlir_parser *p, mlir_op_state *state) {
  pjrt_mlir_place place = p->token.place;
  mlir_list fields = {0};
  if (mlir_at_word(p, "batching_dims")) {
    if (!read_dot_pair(p, &fields, "lhs_batching_dimensions",
                       "rhs_batching_dimensions") ||
        !mlir_expect(p, ',')) {
      return false;
    }
  } else if (!add_no_dims(p, &fields, "lhs_batching_dimensions") ||
             !add_no_dims(p, &fields, "rhs_batching_dimensions")) {
    return false;
  }
  if (!mlir_at_word(p, "contracting_dims")) {
    return mlir_expected(p, "contracting_dims");
  }
  return read_dot_pair(p, &fields, "lhs_contracting_dimensions",
                       "rhs_contracting_dimensions") &&
         mlir_state_attr(p, state, "dot_dimension_numbers",
                         mlir_make_struct(p, place, "stablehlo.dot", &fields));
}

/* , algorithm = <lhs_precision_type = tf32, ...> */
static bool read_algorithm(mlir_parser *p, mlir_op_state *state) {
  const pjrt_mlir_attr *algorithm;
  return mlir_expect_word(p, "algorithm") && mlir_expect(p, '=') &&
         mlir_read_struct(p, "stablehlo.dot_algorithm", &algorithm) &&
         mlir_state_attr(p, state, "algorithm", algorithm);
}

/* dot_general %a, %b, contracting_dims = [1] x [0], precision = [...] : ... */
bool mlir_form_dot_general(mlir_parser *p, mlir_op_state *state) {
  if (!mlir_read_operand(p, state) || !mlir_expect(p, ',') ||
      !mlir_read_operand(p, state) || !mlir_expect(p, ',') ||
      !read_dot_dims(p, state)) {
    return false;
  }
  bool more = mlir_accept(p, ',');
  if (more && mlir_accept_word(p, "precision")) {
    if (!mlir_expect(p, '=') || !mlir_state_precisions(p, state)) return false;
    more = mlir_accept(p, ',');
  }
  if (more && !read_algorithm(p, state)) return false;
  return mlir_read_end(p, state);
}

/* --- convolution --------------------------------------------------------- */

/* [[1, 1], [0, 2]]: low and high padding of each spatial dimension. */
static bool read_padding(mlir_parser *p, mlir_op_state *state) {
  int64_t values[2 * PJRT_MLIR_MAX_RANK];
  int64_t dims[2] = {0, 2};
  pjrt_mlir_attr *attr =
      mlir_make_attr(p, PJRT_MLIR_ATTR_DENSE, p->token.place);
  if (!attr || !mlir_expect(p, '[')) return false;
  while (!mlir_at(p, ']')) {
    if (dims[0] == PJRT_MLIR_MAX_RANK) return mlir_expected(p, "']'");
    int64_t *pair = &values[2 * dims[0]++];
    if (!mlir_expect(p, '[') || !mlir_read_int64(p, &pair[0]) ||
        !mlir_expect(p, ',') || !mlir_read_int64(p, &pair[1]) ||
        !mlir_expect(p, ']')) {
      return false;
    }
    if (!mlir_accept(p, ',')) break;
  }
  attr->num_elements = 2 * (size_t)dims[0];
  int64_t *data = mlir_alloc(p, attr->num_elements, sizeof *data);
  if (!data) return false;
  memcpy(data, values, attr->num_elements * sizeof *data);
  attr->data = data;
  attr->type = mlir_make_tensor(p, PJRT_S64, dims, 2);
  return mlir_expect(p, ']') && mlir_state_attr(p, state, "padding", attr);
}

/* [false, true] */
static bool read_reversal(mlir_parser *p, mlir_op_state *state) {
  char values[PJRT_MLIR_MAX_RANK];
  int64_t dims[1] = {0};
  pjrt_mlir_attr *attr =
      mlir_make_attr(p, PJRT_MLIR_ATTR_DENSE, p->token.place);
  if (!attr || !mlir_expect(p, '[')) return false;
  while (!mlir_at(p, ']')) {
    if (dims[0] == PJRT_MLIR_MAX_RANK) return mlir_expected(p, "']'");
    if (!mlir_read_element(p, PJRT_PRED, &values[dims[0]++])) return false;
    if (!mlir_accept(p, ',')) break;
  }
  attr->num_elements = (size_t)dims[0];
  attr->type = mlir_make_tensor(p, PJRT_PRED, dims, 1);
  attr->data = mlir_copy_text(p, values, attr->num_elements);
  return mlir_expect(p, ']') &&
         mlir_state_attr(p, state, "window_reversal", attr);
}

/* stride = [1], pad = [[0, 0]], ...: each may be left out. */
static bool read_window_item(mlir_parser *p, mlir_op_state *state) {
  mlir_token key;
  if (!mlir_expect_kind(p, MLIR_WORD, "a window's part", &key) ||
      !mlir_expect(p, '=')) {
    return false;
  }
  if (mlir_token_is(&key, "stride")) {
    return mlir_state_ints(p, state, "window_strides");
  }
  if (mlir_token_is(&key, "pad")) return read_padding(p, state);
  if (mlir_token_is(&key, "lhs_dilate")) {
    return mlir_state_ints(p, state, "lhs_dilation");
  }
  if (mlir_token_is(&key, "rhs_dilate")) {
    return mlir_state_ints(p, state, "rhs_dilation");
  }
  if (mlir_token_is(&key, "reverse")) return read_reversal(p, state);
  return mlir_fail(p, key.place,
                   "expected stride, pad, lhs_dilate, rhs_dilate or reverse, "
                   "got '%.*s'",
                   (int)key.size, key.text);
}

static bool read_window(mlir_parser *p, mlir_op_state *state) {
  if (!mlir_expect_word(p, "window") || !mlir_expect(p, '=') ||
      !mlir_expect(p, '{')) {
    return false;
  }
  while (!mlir_at(p, '}')) {
    if (!read_window_item(p, state)) return false;
    if (!mlir_accept(p, ',')) break;
  }
  return mlir_expect(p, '}');
}

/* convolution(%a, %b) dim_numbers = [...]x[...]->[...], window = {...} {...}
 * : (A, B) -> C */
bool mlir_form_convolution(mlir_parser *p, mlir_op_state *state) {
  const pjrt_mlir_attr *dims;
  return mlir_read_operand_list(p, state) &&
         mlir_expect_word(p, "dim_numbers") && mlir_expect(p, '=') &&
         mlir_read_conv_dims(p, &dims) &&
         mlir_state_attr(p, state, "dimension_numbers", dims) &&
         mlir_expect(p, ',') && read_window(p, state) &&
         mlir_read_end(p, state);
}
