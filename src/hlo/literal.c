/* Values of constants. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/number.h"
#include "hlo/hlo.h"

enum {
  INSTRUCTION_LITERAL = 8,
  LITERAL_SHAPE = 1,
  LITERAL_TUPLE_LITERALS = 10,
  LITERAL_DYNAMIC_SIZES = 34,
  SHAPE_ELEMENT_TYPE = 2,
  SHAPE_DIMENSIONS = 3,
  SHAPE_LAYOUT = 5,
  LAYOUT_MINOR_TO_MAJOR = 1,
  TYPE_TUPLE = 13,
  MAX_RANK = 64,
  MAX_SHOWN = 10 /* elements of a constant that is not large */
};

typedef struct literal {
  hlo_printer *p;
  hlo_bytes message;
  const pjrt_dtype_row *row;
  size_t num_dims;
  int64_t dims[MAX_RANK];     /* what is shown */
  uint64_t strides[MAX_RANK]; /* in elements, of what is stored */
  uint64_t num_elements;      /* stored */
  unsigned num_parts;         /* of an element: 2 if it is complex */
  uint64_t *bits;             /* of all parts, as they are stored */
  uint64_t num_bits;
} literal;

/* ---- shape --------------------------------------------------------------- */

static bool read_dims(literal *it, hlo_bytes shape) {
  int64_t dim;
  hlo_list dims = pjrt_hlo_list(it->p, shape, SHAPE_DIMENSIONS);
  it->num_elements = 1;
  while (pjrt_hlo_next_int(&dims, &dim)) {
    if (it->num_dims == MAX_RANK || dim < 0 ||
        __builtin_mul_overflow(it->num_elements, (uint64_t)dim,
                               &it->num_elements)) {
      pjrt_hlo_fail_here(it->p, "the constant's shape is no array's");
      return false;
    }
    it->dims[it->num_dims++] = dim;
  }
  return !pjrt_hlo_is_over(it->p);
}

/* Elements are stored as the layout says, and shown row by row. */
static bool read_strides(literal *it, hlo_bytes shape) {
  int64_t dim;
  size_t num = 0;
  uint64_t stride = 1;
  bool is_seen[MAX_RANK] = {false};
  const hlo_bytes layout = pjrt_hlo_bytes(it->p, shape, SHAPE_LAYOUT);
  hlo_list order = pjrt_hlo_list(it->p, layout, LAYOUT_MINOR_TO_MAJOR);
  for (; pjrt_hlo_next_int(&order, &dim); num++) {
    if (dim < 0 || (uint64_t)dim >= it->num_dims || is_seen[dim]) break;
    is_seen[dim] = true;
    it->strides[dim] = stride;
    stride *= (uint64_t)it->dims[dim];
  }
  if (num == it->num_dims) return true;
  pjrt_hlo_fail_here(it->p, "the constant's layout is none of its shape");
  return false;
}

/* Of a dimension without a fixed size no more is there than this. */
static void read_dynamic_sizes(literal *it) {
  int64_t size;
  hlo_list sizes = pjrt_hlo_list(it->p, it->message, LITERAL_DYNAMIC_SIZES);
  for (size_t d = 0; d < it->num_dims && pjrt_hlo_next_int(&sizes, &size);
       d++) {
    if (size >= 0 && size < it->dims[d]) it->dims[d] = size;
  }
}

/* ---- elements ------------------------------------------------------------ */

typedef struct storage {
  pjrt_dtype dtype;
  unsigned char field;
  unsigned char width; /* bits of one part; 0 for varints */
} storage;

static const storage *find_storage(pjrt_dtype dtype) {
  static const storage rows[] = {
      {PJRT_PRED, 2, 0},        {PJRT_U8, 3, 8},
      {PJRT_S32, 4, 0},         {PJRT_S64, 5, 0},
      {PJRT_U32, 6, 0},         {PJRT_U64, 7, 0},
      {PJRT_F32, 8, 32},        {PJRT_F64, 9, 64},
      {PJRT_F16, 11, 16},       {PJRT_C64, 12, 32},
      {PJRT_BF16, 13, 16},      {PJRT_S8, 15, 8},
      {PJRT_U16, 16, 16},       {PJRT_S16, 17, 16},
      {PJRT_C128, 18, 64},      {PJRT_F8E5M2, 19, 8},
      {PJRT_F8E4M3FN, 20, 8},   {PJRT_S4, 21, 8},
      {PJRT_U4, 22, 8},         {PJRT_F8E4M3B11FNUZ, 23, 8},
      {PJRT_F8E5M2FNUZ, 24, 8}, {PJRT_F8E4M3FNUZ, 25, 8},
      {PJRT_S2, 26, 8},         {PJRT_U2, 27, 8},
      {PJRT_F8E4M3, 28, 8},     {PJRT_F8E3M4, 29, 8},
      {PJRT_S1, 30, 8},         {PJRT_U1, 31, 8},
      {PJRT_F4E2M1FN, 32, 8},   {PJRT_F8E8M0FNU, 33, 8},
      {PJRT_F6E3M2FN, 35, 8},   {PJRT_F6E2M3FN, 36, 8},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    if (rows[i].dtype == dtype) return &rows[i];
  }
  return NULL;
}

static void keep(literal *it, uint64_t bits) {
  const uint64_t capacity = it->num_elements * it->num_parts;
  if (it->num_bits < capacity) it->bits[it->num_bits] = bits;
  it->num_bits++;
}

static void keep_all(literal *it, const unsigned char *bytes, size_t size,
                     size_t element_size) {
  const unsigned part_width = it->row->bit_width / it->num_parts;
  for (size_t i = 0; size - i >= element_size; i += element_size) {
    uint64_t bits = 0;
    memcpy(&bits, bytes + i, element_size);
    keep(it, bits & UINT64_MAX >> (64 - part_width));
  }
}

static void read_elements(literal *it, const storage *from) {
  pjrt_wire_field field;
  pjrt_wire wire = pjrt_wire_start(it->message.data, it->message.size);
  int64_t value;
  hlo_list list = pjrt_hlo_list(it->p, it->message, from->field);
  const unsigned part_width = it->row->bit_width / it->num_parts;
  const uint64_t mask = UINT64_MAX >> (64 - part_width);
  while (from->width == 0 && pjrt_hlo_next_int(&list, &value)) {
    keep(it, (uint64_t)value & mask); /* negative ones have 64 bits */
  }
  while (from->width && pjrt_wire_next(&wire, &field)) {
    if (field.number != from->field || field.type == PJRT_WIRE_VARINT) continue;
    keep_all(it, field.data, field.size, from->width / 8);
  }
}

/* ---- text ---------------------------------------------------------------- */

/* NaNs are told apart; the usual one has no more than its top bit. */
static void put_nan(hlo_printer *p, const pjrt_float_format *format,
                    uint64_t bits) {
  const unsigned sign = format->exponent_bits + format->mantissa_bits;
  const uint64_t payload = bits & ((1ull << format->mantissa_bits) - 1);
  const bool is_ieee = format->style == PJRT_FLOAT_IEEE;
  const bool has_sign = is_ieee || format->style == PJRT_FLOAT_FN ||
                        format->style == PJRT_FLOAT_FNUZ;
  pjrt_hlo_put(p, has_sign && bits >> sign & 1 ? "-nan" : "nan");
  if (is_ieee && payload != 1ull << (format->mantissa_bits - 1)) {
    pjrt_hlo_putf(p, "(0x%llx)", (unsigned long long)payload);
  }
}

/* Few digits where they suffice for float and double; always enough. */
static void put_float(hlo_printer *p, const pjrt_float_format *format,
                      uint64_t bits) {
  const double value = pjrt_float_decode(format, bits);
  const unsigned precision = format->mantissa_bits + 1;
  const int enough = 2 + (int)(precision * 30103 / 100000);
  const int few = precision == 24 ? 6 : precision == 53 ? 15 : enough;
  char text[PJRT_NUMBER_SIZE];
  double back;
  if (isnan(value)) {
    put_nan(p, format, bits);
    return;
  }
  pjrt_number_write_double(value, few, text);
  if (few < enough && pjrt_number_read_double(text, strlen(text), &back) &&
      pjrt_float_encode(format, back) != bits) {
    pjrt_number_write_double(value, enough, text);
  }
  pjrt_hlo_put(p, text);
}

static void put_element(const literal *it, uint64_t i) {
  hlo_printer *p = it->p;
  const uint64_t *bits = it->bits + i * it->num_parts;
  const pjrt_dtype_row *row = it->row;
  switch (row->class_of) {
    case PJRT_CLASS_BOOL:
      pjrt_hlo_put(
          p, it->num_dims ? (*bits ? "1" : "0") : (*bits ? "true" : "false"));
      return;
    case PJRT_CLASS_SIGNED:
      pjrt_hlo_put_int(p, pjrt_dtype_bits_to_int64(row, *bits));
      return;
    case PJRT_CLASS_UNSIGNED:
      pjrt_hlo_putf(p, "%llu", (unsigned long long)*bits);
      return;
    case PJRT_CLASS_COMPLEX:
      pjrt_hlo_put(p, "(");
      put_float(p, &row->format, bits[0]);
      pjrt_hlo_put(p, ", ");
      put_float(p, &row->format, bits[1]);
      pjrt_hlo_put(p, ")");
      return;
    default:
      put_float(p, &row->format, *bits);
  }
}

/* Dimension d and those within it, from the element `start`. Rows of arrays of
 * many dimensions say which they are. */
static void put_rows(const literal *it, size_t d, uint64_t start,
                     int64_t index) {
  hlo_printer *p = it->p;
  const bool is_inner = d + 1 == it->num_dims;
  const bool is_tight = is_inner && (d == 0 || it->dims[d] <= 1);
  if (d == it->num_dims) {
    put_element(it, start);
    return;
  }
  pjrt_hlo_put(p, "{");
  if (!is_inner && d > 0 && it->num_dims > 3) {
    pjrt_hlo_putf(p, " /*i%zu=%lld*/", d - 1, (long long)index);
  }
  pjrt_hlo_put(p, is_tight ? "" : " ");
  for (int64_t i = 0; i < it->dims[d] && !pjrt_hlo_is_over(p); i++) {
    pjrt_hlo_put(p, i ? ", " : "");
    put_rows(it, d + 1, start + (uint64_t)i * it->strides[d], i);
  }
  pjrt_hlo_put(p, is_tight ? "}" : " }");
}

static void put_array(literal *it, const storage *from) {
  void *bits;
  uint64_t num;
  /* No element takes less than a byte of the message. */
  if (it->num_elements > it->message.size ||
      __builtin_mul_overflow(it->num_elements, it->num_parts, &num)) {
    pjrt_hlo_fail_here(it->p,
                       "the constant has not the %llu elements of its "
                       "shape",
                       (unsigned long long)it->num_elements);
    return;
  }
  pjrt_error *error = pjrt_alloc(num, sizeof *it->bits, &bits);
  if (error) {
    pjrt_hlo_fail(it->p, error);
    return;
  }
  it->bits = bits;
  read_elements(it, from);
  if (it->num_bits != num) {
    pjrt_hlo_fail_here(it->p,
                       "the constant has %llu of the %llu elements of "
                       "its shape",
                       (unsigned long long)(it->num_bits / it->num_parts),
                       (unsigned long long)it->num_elements);
  }
  read_dynamic_sizes(it);
  put_rows(it, 0, 0, 0);
  free(bits);
}

static void put_value(hlo_printer *p, hlo_bytes message);

static void put_tuple(hlo_printer *p, hlo_bytes message) {
  hlo_bytes element;
  const char *before = "";
  hlo_list list = pjrt_hlo_list(p, message, LITERAL_TUPLE_LITERALS);
  pjrt_hlo_put(p, "( ");
  while (pjrt_hlo_next_bytes(&list, &element)) {
    pjrt_hlo_put(p, before);
    before = ", ";
    put_value(p, element);
  }
  pjrt_hlo_put(p, " )");
}

static void put_value(hlo_printer *p, hlo_bytes message) {
  const hlo_bytes shape = pjrt_hlo_bytes(p, message, LITERAL_SHAPE);
  const uint64_t type = pjrt_hlo_varint(p, shape, SHAPE_ELEMENT_TYPE);
  const pjrt_dtype dtype = pjrt_hlo_dtype(type);
  const storage *from = find_storage(dtype);
  literal it = {.p = p, .message = message, .row = pjrt_dtype_row_of(dtype)};
  if (!pjrt_hlo_enter(p)) return;
  if (type == TYPE_TUPLE) {
    put_tuple(p, message);
  } else if (!from) {
    pjrt_hlo_put(p, "{...}");
  } else if (read_dims(&it, shape) && read_strides(&it, shape)) {
    it.num_parts = it.row->class_of == PJRT_CLASS_COMPLEX ? 2 : 1;
    put_array(&it, from);
  }
  pjrt_hlo_leave(p);
}

void pjrt_hlo_put_literal(hlo_printer *p, hlo_bytes message) {
  pjrt_hlo_put_shape(p, pjrt_hlo_bytes(p, message, LITERAL_SHAPE), true);
  pjrt_hlo_put(p, " ");
  put_value(p, message);
}

static bool is_small(hlo_printer *p, hlo_bytes message) {
  int64_t dim;
  uint64_t num = 1;
  const hlo_bytes shape = pjrt_hlo_bytes(p, message, LITERAL_SHAPE);
  hlo_list dims = pjrt_hlo_list(p, shape, SHAPE_DIMENSIONS);
  if (pjrt_hlo_varint(p, shape, SHAPE_ELEMENT_TYPE) == TYPE_TUPLE) return false;
  while (pjrt_hlo_next_int(&dims, &dim)) {
    if (__builtin_mul_overflow(num, (uint64_t)dim, &num)) return false;
  }
  return num <= MAX_SHOWN;
}

void pjrt_hlo_put_constant(hlo_printer *p, const hlo_instruction *constant) {
  const hlo_bytes message =
      pjrt_hlo_bytes(p, constant->message, INSTRUCTION_LITERAL);
  if (message.data && (p->opts.print_large_constants || is_small(p, message))) {
    put_value(p, message);
  } else {
    pjrt_hlo_put(p, "{...}");
  }
}
