/* A serialized message as JSON, in Google's mapping with the names of the
 * .proto files. What has no name is written by its number: a varint as a
 * number, bytes in base64, the rest as {"fixed32": N} or {"fixed64": N}. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/number.h"
#include "options/proto.h"

typedef struct printer {
  pjrt_builder *out;
  int depth;
} printer;

/* A field as it stands in a message. */
typedef struct occurrence {
  pjrt_wire_field at;
  const pjrt_proto_field *field; /* NULL: unknown, or of another wire type */
  size_t position;
} occurrence;

/* ---- scalars ------------------------------------------------------------- */

static void print_string(pjrt_builder *out, const void *data, size_t size) {
  const unsigned char *text = data;
  pjrt_builder_append(out, "\"", 1);
  for (size_t i = 0, step; i < size; i += step) {
    step = pjrt_text_utf8_size(text + i, size - i);
    if (step == 0) {
      step = 1;
      pjrt_builder_append(out, "\\ufffd", 6);
    } else if (text[i] < 0x20 || text[i] == 0x7f) {
      pjrt_builder_appendf(out, "\\u%04x", text[i]);
    } else {
      if (text[i] == '"' || text[i] == '\\') pjrt_builder_append(out, "\\", 1);
      pjrt_builder_append(out, (const char *)text + i, step);
    }
  }
  pjrt_builder_append(out, "\"", 1);
}

static void print_base64(pjrt_builder *out, const void *data, size_t size) {
  static const char digits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const unsigned char *bytes = data;
  pjrt_builder_append(out, "\"", 1);
  for (size_t i = 0; i < size; i += 3) {
    const size_t left = size - i;
    const uint32_t three = (uint32_t)bytes[i] << 16 |
                           (left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) |
                           (left > 2 ? bytes[i + 2] : 0);
    const char four[4] = {digits[three >> 18], digits[three >> 12 & 63],
                          left > 1 ? digits[three >> 6 & 63] : '=',
                          left > 2 ? digits[three & 63] : '='};
    pjrt_builder_append(out, four, sizeof four);
  }
  pjrt_builder_append(out, "\"", 1);
}

/* With as few digits as tell it from every other number of its type. */
static void print_number(pjrt_builder *out, double value, bool is_float) {
  if (isnan(value) || isinf(value)) {
    pjrt_builder_appendf(out, "\"%s\"",
                         isnan(value) ? "NaN"
                         : value > 0  ? "Infinity"
                                      : "-Infinity");
    return;
  }
  char text[PJRT_NUMBER_SIZE];
  const int most = is_float ? 9 : 17;
  for (int digits = is_float ? 6 : 15; digits <= most; digits++) {
    double again = 0;
    pjrt_number_write_double(value, digits, text);
    (void)pjrt_number_read_double(text, strlen(text), &again);
    if (is_float ? (float)again == (float)value : again == value) break;
  }
  pjrt_builder_append(out, text, PJRT_NUL_ENDED);
  if (!strpbrk(text, ".e")) pjrt_builder_append(out, ".0", 2);
}

static void print_enum(pjrt_builder *out, const pjrt_proto_field *field,
                       uint32_t value) {
  const pjrt_proto_field *known =
      pjrt_proto_field_numbered(pjrt_proto_type_of(field), value);
  if (known) {
    pjrt_builder_appendf(out, "\"%s\"", PJRT_PROTO_NAME(known));
  } else {
    pjrt_builder_appendf(out, "%" PRId32, (int32_t)value);
  }
}

/* A number from its varint or its fixed bits. */
static void print_bits(pjrt_builder *out, const pjrt_proto_field *field,
                       uint64_t bits) {
  const uint32_t low = (uint32_t)bits;
  double number;
  float narrow;
  switch (pjrt_proto_kind_of(field)) {
    case PJRT_PROTO_BOOL:
      pjrt_builder_appendf(out, bits ? "true" : "false");
      return;
    case PJRT_PROTO_INT32:
      pjrt_builder_appendf(out, "%" PRId32, (int32_t)low);
      return;
    case PJRT_PROTO_UINT32:
      pjrt_builder_appendf(out, "%" PRIu32, low);
      return;
    case PJRT_PROTO_UINT64:
      pjrt_builder_appendf(
          out, bits > INT64_MAX ? "\"%" PRIu64 "\"" : "%" PRIu64, bits);
      return;
    case PJRT_PROTO_ENUM:
      print_enum(out, field, low);
      return;
    case PJRT_PROTO_FLOAT:
      memcpy(&narrow, &low, sizeof narrow);
      print_number(out, (double)narrow, true);
      return;
    case PJRT_PROTO_DOUBLE:
      memcpy(&number, &bits, sizeof number);
      print_number(out, number, false);
      return;
    default:
      pjrt_builder_appendf(out, "%" PRId64, (int64_t)bits);
      return;
  }
}

static uint64_t fixed_bits(const void *data, size_t size) {
  const unsigned char *bytes = data;
  uint64_t bits = 0;
  for (size_t i = 0; i < size; i++) bits |= (uint64_t)bytes[i] << (8 * i);
  return bits;
}

/* ---- fields -------------------------------------------------------------- */

static pjrt_error *print_message(printer *p, const pjrt_proto_type *type,
                                 const void *data, size_t size);

static void new_line(const printer *p) {
  pjrt_builder_appendf(p->out, "\n%*s", 2 * p->depth, "");
}

/* Goes before the n-th thing of a list or an object. */
static void separate(const printer *p, size_t n, bool in_line) {
  if (n > 0) pjrt_builder_append(p->out, ",", 1);
  if (!in_line) {
    new_line(p);
  } else if (n > 0) {
    pjrt_builder_append(p->out, " ", 1);
  }
}

/* All numbers in one occurrence of a field, packed or not. */
static void print_numbers(const printer *p, const pjrt_proto_field *field,
                          const pjrt_wire_field *at, size_t *n) {
  const pjrt_wire_type type = pjrt_proto_wire_type(field);
  const size_t width = type == PJRT_WIRE_FIXED32   ? 4
                       : type == PJRT_WIRE_FIXED64 ? 8
                                                   : 0;
  if (at->type != PJRT_WIRE_BYTES) {
    separate(p, (*n)++, true);
    print_bits(p->out, field,
               width ? fixed_bits(at->data, at->size) : at->value);
    return;
  }
  pjrt_wire wire = pjrt_wire_start(at->data, at->size);
  const unsigned char *bytes = at->data;
  uint64_t bits;
  for (size_t i = 0; width && i < at->size; i += width) {
    separate(p, (*n)++, true);
    print_bits(p->out, field, fixed_bits(bytes + i, width));
  }
  while (!width && pjrt_wire_next_varint(&wire, &bits)) {
    separate(p, (*n)++, true);
    print_bits(p->out, field, bits);
  }
}

static pjrt_error *print_value(printer *p, const pjrt_proto_field *field,
                               const pjrt_wire_field *at) {
  size_t none = 0;
  switch (pjrt_proto_kind_of(field)) {
    case PJRT_PROTO_STRING:
      print_string(p->out, at->data, at->size);
      return NULL;
    case PJRT_PROTO_BYTES:
      print_base64(p->out, at->data, at->size);
      return NULL;
    case PJRT_PROTO_MESSAGE:
      return print_message(p, pjrt_proto_type_of(field), at->data, at->size);
    default:
      print_numbers(p, field, at, &none);
      return NULL;
  }
}

/* A field of a map's entry; what is not there has its type's zero. */
static pjrt_wire_field find_in_entry(const pjrt_proto_field *field,
                                     const pjrt_wire_field *entry) {
  pjrt_wire wire = pjrt_wire_start(entry->data, entry->size);
  pjrt_wire_field inner;
  pjrt_wire_field found = {.number = field->number, .data = "", .size = 0};
  while (pjrt_wire_next(&wire, &inner)) {
    if (inner.number == field->number && pjrt_proto_fits(field, &inner)) {
      found = inner;
    }
  }
  return found;
}

static pjrt_error *print_entry_field(printer *p, const pjrt_proto_field *map,
                                     size_t i, const pjrt_wire_field *at) {
  const pjrt_proto_field *field =
      &pjrt_proto_fields(pjrt_proto_type_of(map))[i];
  const pjrt_wire_field found = find_in_entry(field, at);
  const bool is_number = pjrt_proto_wire_type(field) != PJRT_WIRE_BYTES;
  if (i == 0 && is_number) pjrt_builder_append(p->out, "\"", 1);
  pjrt_error *error = print_value(p, field, &found);
  if (i == 0 && is_number) pjrt_builder_append(p->out, "\"", 1);
  return error;
}

/* A map's entry by its key. */
typedef struct entry {
  pjrt_wire_field key;
  size_t index;
} entry;

static int compare_keys(const entry *a, const entry *b) {
  const size_t size = a->key.size < b->key.size ? a->key.size : b->key.size;
  if (a->key.value != b->key.value) {
    return a->key.value < b->key.value ? -1 : 1;
  }
  const int order = memcmp(a->key.data ? a->key.data : "",
                           b->key.data ? b->key.data : "", size);
  return order ? order
               : (a->key.size > b->key.size) - (a->key.size < b->key.size);
}

static int compare_entries(const void *a, const void *b) {
  const entry *left = a;
  const entry *right = b;
  const int order = compare_keys(left, right);
  return order ? order
               : (left->index > right->index) - (left->index < right->index);
}

/* Of several entries with one key the last counts; unsets the others' fields.
 */
static pjrt_error *drop_replaced(const pjrt_proto_field *map, occurrence *all,
                                 size_t num) {
  entry *entries;
  PJRT_TRY(pjrt_alloc(num, sizeof *entries, (void **)&entries));
  for (size_t i = 0; i < num; i++) {
    entries[i] =
        (entry){find_in_entry(pjrt_proto_entry_key(map), &all[i].at), i};
  }
  qsort(entries, num, sizeof *entries, compare_entries);
  for (size_t i = 1; i < num; i++) {
    if (compare_keys(&entries[i - 1], &entries[i]) == 0) {
      all[entries[i - 1].index].field = NULL;
    }
  }
  free(entries);
  return NULL;
}

static pjrt_error *print_map(printer *p, const pjrt_proto_field *field,
                             occurrence *all, size_t num) {
  size_t printed = 0;
  PJRT_TRY(drop_replaced(field, all, num));
  pjrt_builder_append(p->out, "{", 1);
  p->depth++;
  for (size_t i = 0; i < num; i++) {
    if (!all[i].field) continue;
    separate(p, printed++, false);
    PJRT_TRY(print_entry_field(p, field, 0, &all[i].at));
    pjrt_builder_append(p->out, ": ", 2);
    PJRT_TRY(print_entry_field(p, field, 1, &all[i].at));
  }
  p->depth--;
  new_line(p);
  pjrt_builder_append(p->out, "}", 1);
  return NULL;
}

static pjrt_error *print_list(printer *p, const pjrt_proto_field *field,
                              const occurrence *all, size_t num) {
  const bool is_message = pjrt_proto_kind_of(field) == PJRT_PROTO_MESSAGE;
  const bool is_number = pjrt_proto_wire_type(field) != PJRT_WIRE_BYTES;
  size_t n = 0;
  pjrt_builder_append(p->out, "[", 1);
  p->depth++;
  for (size_t i = 0; i < num; i++) {
    if (is_number) {
      print_numbers(p, field, &all[i].at, &n);
    } else {
      separate(p, n++, !is_message);
      PJRT_TRY(print_value(p, field, &all[i].at));
    }
  }
  p->depth--;
  if (is_message) new_line(p);
  pjrt_builder_append(p->out, "]", 1);
  return NULL;
}

/* A message that comes in several pieces is what they are when joined. */
static pjrt_error *print_joined(printer *p, const pjrt_proto_field *field,
                                const occurrence *all, size_t num) {
  pjrt_builder whole = {0};
  for (size_t i = 0; i < num; i++) {
    pjrt_builder_append(&whole, all[i].at.data, all[i].at.size);
  }
  pjrt_error *error =
      whole.out_of_memory
          ? pjrt_error_out_of_memory()
          : print_message(p, pjrt_proto_type_of(field), whole.data, whole.size);
  pjrt_builder_clear(&whole);
  return error;
}

static pjrt_error *print_known(printer *p, const pjrt_proto_field *field,
                               occurrence *all, size_t num) {
  pjrt_builder_appendf(p->out, "\"%s\": ", PJRT_PROTO_NAME(field));
  if (pjrt_proto_is_map(field)) return print_map(p, field, all, num);
  if (pjrt_proto_is_repeated(field)) return print_list(p, field, all, num);
  if (pjrt_proto_kind_of(field) == PJRT_PROTO_MESSAGE) {
    return print_joined(p, field, all, num);
  }
  return print_value(p, field, &all[num - 1].at); /* the last one counts */
}

static void print_unknown(printer *p, const occurrence *all, size_t num) {
  pjrt_builder_appendf(p->out, "\"%" PRIu32 "\": ", all->at.number);
  if (num > 1) pjrt_builder_append(p->out, "[", 1);
  for (size_t i = 0; i < num; i++) {
    if (i > 0) pjrt_builder_append(p->out, ", ", 2);
    if (all[i].at.type == PJRT_WIRE_VARINT) {
      pjrt_builder_appendf(p->out, "%" PRId64, (int64_t)all[i].at.value);
    } else if (all[i].at.type == PJRT_WIRE_BYTES) {
      print_base64(p->out, all[i].at.data, all[i].at.size);
    } else {
      pjrt_builder_appendf(p->out, "{\"fixed%zu\": %" PRId64 "}",
                           8 * all[i].at.size,
                           (int64_t)fixed_bits(all[i].at.data, all[i].at.size));
    }
  }
  if (num > 1) pjrt_builder_append(p->out, "]", 1);
}

/* ---- messages ------------------------------------------------------------ */

static int compare(const void *a, const void *b) {
  const occurrence *left = a;
  const occurrence *right = b;
  if (left->at.number != right->at.number) {
    return left->at.number < right->at.number ? -1 : 1;
  }
  if (!left->field != !right->field) return left->field ? -1 : 1;
  return left->position < right->position ? -1 : 1;
}

/* By number, those of one number in their order; free() them. */
static pjrt_error *list_fields(const pjrt_proto_type *type, const void *data,
                               size_t size, occurrence **out, size_t *out_num) {
  pjrt_wire wire = pjrt_wire_start(data, size);
  pjrt_wire_field at;
  size_t num = 0;
  while (pjrt_wire_next(&wire, &at)) num++;
  PJRT_TRY(pjrt_alloc(num, sizeof **out, (void **)out));
  wire = pjrt_wire_start(data, size);
  for (size_t i = 0; i < num && pjrt_wire_next(&wire, &at); i++) {
    const pjrt_proto_field *field = pjrt_proto_field_at(type, &at);
    (*out)[i] = (occurrence){.at = at, .field = field, .position = i};
  }
  qsort(*out, num, sizeof **out, compare);
  *out_num = num;
  return NULL;
}

/* How many of those, a oneof's member, another member unset: all before it. */
static size_t count_unset(const occurrence *those, size_t num_those,
                          const occurrence *all, size_t num) {
  const pjrt_proto_field *field = those->field;
  size_t num_unset = 0;
  if (!field || field->form < PJRT_PROTO_ONEOF) return 0;
  for (size_t i = 0; i < num; i++) {
    if (all[i].field == field || !pjrt_proto_same_oneof(all[i].field, field)) {
      continue;
    }
    while (num_unset < num_those &&
           those[num_unset].position < all[i].position) {
      num_unset++;
    }
  }
  return num_unset;
}

static pjrt_error *print_fields(printer *p, occurrence *all, size_t num) {
  size_t printed = 0;
  for (size_t start = 0, end; start < num; start = end) {
    occurrence *first = &all[start];
    for (end = start + 1; end < num; end++) {
      if (all[end].at.number != first->at.number ||
          all[end].field != first->field) {
        break;
      }
    }
    first += count_unset(first, end - start, all, num);
    const size_t num_left = (size_t)(&all[end] - first);
    if (num_left == 0) continue;
    separate(p, printed++, false);
    if (first->field) {
      PJRT_TRY(print_known(p, first->field, first, num_left));
    } else {
      print_unknown(p, first, num_left);
    }
  }
  return NULL;
}

static pjrt_error *print_message(printer *p, const pjrt_proto_type *type,
                                 const void *data, size_t size) {
  occurrence *all;
  size_t num;
  if (size == 0) {
    pjrt_builder_append(p->out, "{}", 2);
    return NULL;
  }
  PJRT_TRY(list_fields(type, data, size, &all, &num));
  pjrt_builder_append(p->out, "{", 1);
  p->depth++;
  pjrt_error *error = print_fields(p, all, num);
  p->depth--;
  new_line(p);
  pjrt_builder_append(p->out, "}", 1);
  free(all);
  return error;
}

pjrt_error *pjrt_proto_print(const pjrt_proto_type *type, const void *data,
                             size_t size, pjrt_builder *out) {
  printer p = {.out = out};
  PJRT_TRY(print_message(&p, type, data, size));
  return out->out_of_memory ? pjrt_error_out_of_memory() : NULL;
}
