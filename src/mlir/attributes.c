/* Attributes and dictionaries. */
#include <math.h>
#include <stdlib.h>

#include "base/number.h"
#include "mlir/reader.h"

/* --- Making -------------------------------------------------------------- */

pjrt_mlir_attr *mlir_make_attr(mlir_parser *p, pjrt_mlir_attr_kind kind,
                               pjrt_mlir_place place) {
  pjrt_mlir_attr *attr = mlir_alloc(p, 1, sizeof *attr);
  if (!attr) return NULL;
  attr->kind = kind;
  attr->place = place;
  return attr;
}

const pjrt_mlir_attr *mlir_make_int(mlir_parser *p, pjrt_mlir_place place,
                                    int64_t value) {
  pjrt_mlir_attr *attr = mlir_make_attr(p, PJRT_MLIR_ATTR_INT, place);
  if (!attr) return NULL;
  attr->integer = value;
  attr->type = mlir_make_scalar(p, PJRT_S64);
  return attr;
}

const pjrt_mlir_attr *mlir_make_bool(mlir_parser *p, pjrt_mlir_place place,
                                     bool value) {
  pjrt_mlir_attr *attr = mlir_make_attr(p, PJRT_MLIR_ATTR_BOOL, place);
  if (attr) attr->boolean = value;
  return attr;
}

const pjrt_mlir_attr *mlir_make_ints(mlir_parser *p, pjrt_mlir_place place,
                                     const int64_t *values, size_t num) {
  pjrt_mlir_attr *attr = mlir_make_attr(p, PJRT_MLIR_ATTR_DENSE, place);
  int64_t *data = mlir_alloc(p, num, sizeof *data);
  if (!attr || !data) return NULL;
  if (num) memcpy(data, values, num * sizeof *data);
  int64_t dims[1] = {(int64_t)num};
  attr->type = mlir_make_tensor(p, PJRT_S64, dims, 1);
  attr->data = data;
  attr->num_elements = num;
  return attr;
}

const pjrt_mlir_attr *mlir_make_struct(mlir_parser *p, pjrt_mlir_place place,
                                       const char *name,
                                       const mlir_list *fields) {
  pjrt_mlir_attr *attr = mlir_make_attr(p, PJRT_MLIR_ATTR_STRUCT, place);
  if (!attr || !mlir_make_dict(p, fields, place, &attr->fields)) return NULL;
  attr->name = name;
  return attr;
}

/* --- Text ---------------------------------------------------------------- */

/* One escape behind its backslash: its size, 0 when there is no such escape. */
static size_t read_escape(const char *text, size_t size, char *out) {
  if (size >= 1 && (*text == '"' || *text == '\\')) {
    *out = *text;
    return 1;
  }
  if (size >= 1 && (*text == 'n' || *text == 't')) {
    *out = *text == 'n' ? '\n' : '\t';
    return 1;
  }
  if (size < 2 || mlir_hex_digit(text[0]) < 0 || mlir_hex_digit(text[1]) < 0)
    return 0;
  *out = (char)(mlir_hex_digit(text[0]) * 16 + mlir_hex_digit(text[1]));
  return 2;
}

/* What stands between a string's quotes. */
static bool unescape(mlir_parser *p, const mlir_token *token, const char *text,
                     size_t size, const char **out, size_t *out_size) {
  char *copy = mlir_alloc(p, size + 1, 1);
  if (!copy) return false;
  size_t used = 0;
  for (size_t i = 0; i < size; used++) {
    copy[used] = text[i++];
    if (copy[used] != '\\') continue;
    size_t escape = read_escape(text + i, size - i, &copy[used]);
    if (!escape) {
      return mlir_fail(p, token->place, "unknown escape '\\%c' in a string",
                       text[i]);
    }
    i += escape;
  }
  *out = copy;
  *out_size = used;
  return true;
}

bool mlir_name_of(mlir_parser *p, const mlir_token *token, const char **out,
                  size_t *out_size) {
  const char *text = token->text;
  size_t size = token->size;
  if (token->kind == MLIR_SYMBOL) {
    text++;
    size--;
  }
  if (*text == '"') {
    return unescape(p, token, text + 1, size - 2, out, out_size);
  }
  *out = mlir_copy_text(p, text, size);
  *out_size = size;
  return *out;
}

/* "text", or "text" : type, whose type is of no use here. */
static bool read_string(mlir_parser *p, const pjrt_mlir_attr **out) {
  mlir_token token = p->token;
  pjrt_mlir_attr *attr = mlir_make_attr(p, PJRT_MLIR_ATTR_STRING, token.place);
  *out = attr;
  return attr && mlir_next(p) &&
         mlir_name_of(p, &token, &attr->text, &attr->text_size);
}

/* @name or @name::@nested. */
static bool read_symbol(mlir_parser *p, const pjrt_mlir_attr **out) {
  mlir_token token = p->token;
  pjrt_mlir_attr *attr = mlir_make_attr(p, PJRT_MLIR_ATTR_SYMBOL, token.place);
  *out = attr;
  if (!attr || !mlir_next(p)) return false;
  if (mlir_at(p, ':') && p->cursor < p->end && *p->cursor == ':') {
    return mlir_unimplemented(p, token.place, "symbols within symbols");
  }
  return mlir_name_of(p, &token, &attr->text, &attr->text_size);
}

/* --- Numbers ------------------------------------------------------------- */

static bool is_integer_type(const pjrt_mlir_type *type) {
  if (type->kind == PJRT_MLIR_TYPE_INDEX) return true;
  if (type->kind != PJRT_MLIR_TYPE_SCALAR) return false;
  pjrt_dtype_class class_of = pjrt_dtype_class_of(type->dtype);
  return class_of == PJRT_CLASS_SIGNED || class_of == PJRT_CLASS_UNSIGNED ||
         class_of == PJRT_CLASS_BOOL;
}

/* The value of a number whose type stands behind it: reads it again, now that
 * the type is known. */
static bool read_value(mlir_parser *p, const mlir_position *start,
                       pjrt_mlir_attr *attr) {
  pjrt_dtype dtype =
      attr->type->kind == PJRT_MLIR_TYPE_INDEX ? PJRT_S64 : attr->type->dtype;
  bool integer = is_integer_type(attr->type);
  bool real = !integer && attr->type->kind == PJRT_MLIR_TYPE_SCALAR &&
              pjrt_dtype_class_of(dtype) == PJRT_CLASS_FLOAT;
  if (!integer && !real) {
    char text[PJRT_MLIR_TYPE_TEXT_SIZE];
    return mlir_fail(p, attr->place, "expected a number's type, got %s",
                     pjrt_mlir_type_text(attr->type, text, sizeof text));
  }
  mlir_position end = mlir_save(p);
  char element[16] = {0};
  mlir_restore(p, start);
  if (!mlir_read_element(p, dtype, element)) return false;
  mlir_restore(p, &end);
  attr->kind = integer ? PJRT_MLIR_ATTR_INT : PJRT_MLIR_ATTR_FLOAT;
  if (real) {
    pjrt_error_free(pjrt_dtype_to_double(dtype, element, &attr->number));
  } else if (dtype == PJRT_U64) {
    memcpy(&attr->integer, element, sizeof attr->integer);
  } else {
    pjrt_error_free(pjrt_dtype_to_int64(dtype, element, &attr->integer));
  }
  return true;
}

/* -1, 1.5, 1 : i32, 0x7FC00000 : f32. */
static bool read_number(mlir_parser *p, const pjrt_mlir_attr **out) {
  mlir_position start = mlir_save(p);
  pjrt_mlir_attr *attr = mlir_make_attr(p, PJRT_MLIR_ATTR_INT, p->token.place);
  *out = attr;
  if (!attr) return false;
  (void)mlir_accept(p, '-');
  bool real = mlir_at_kind(p, MLIR_FLOAT);
  if (!real && !mlir_at_kind(p, MLIR_INTEGER)) {
    return mlir_expected(p, "a number");
  }
  if (!mlir_next(p)) return false;
  if (mlir_accept(p, ':')) {
    if (!mlir_read_type(p, &attr->type)) return false;
  } else {
    attr->type = mlir_make_scalar(p, real ? PJRT_F64 : PJRT_S64);
  }
  return attr->type && read_value(p, &start, attr);
}

/* --- Dictionaries -------------------------------------------------------- */

bool mlir_add_attr(mlir_parser *p, mlir_list *items, const char *name,
                   const pjrt_mlir_attr *attr) {
  pjrt_mlir_named_attr *item = mlir_push(p, items, sizeof *item);
  if (!item || !attr) return false;
  *item = (pjrt_mlir_named_attr){name, attr};
  return true;
}

/* name = value, or a name alone. */
static bool read_dict_item(mlir_parser *p, mlir_list *items) {
  mlir_token token = p->token;
  const char *name;
  size_t size = 0;
  if (token.kind != MLIR_WORD && token.kind != MLIR_STRING) {
    return mlir_expected(p, "an attribute's name");
  }
  if (!mlir_next(p) || !mlir_name_of(p, &token, &name, &size)) return false;
  if (!size || memchr(name, '\0', size)) {
    return mlir_fail(p, token.place,
                     "an attribute's name is empty or has a "
                     "NUL byte");
  }
  const pjrt_mlir_attr *attr;
  if (!mlir_accept(p, '=')) {
    attr = mlir_make_attr(p, PJRT_MLIR_ATTR_UNIT, token.place);
  } else if (!mlir_read_attr(p, &attr)) {
    return false;
  }
  return !p->error && mlir_add_attr(p, items, name, attr);
}

bool mlir_read_dict_items(mlir_parser *p, mlir_list *items) {
  if (!mlir_expect(p, '{')) return false;
  if (mlir_accept(p, '}')) return true;
  do {
    if (!read_dict_item(p, items)) return false;
  } while (mlir_accept(p, ','));
  return mlir_expect(p, '}');
}

static int compare_names(const void *a, const void *b) {
  const pjrt_mlir_named_attr *const *x = a;
  const pjrt_mlir_named_attr *const *y = b;
  return strcmp((*x)->name, (*y)->name);
}

/* A name that is there twice, or NULL. */
static const char *find_duplicate(mlir_parser *p,
                                  const pjrt_mlir_named_attr *items,
                                  size_t num) {
  const pjrt_mlir_named_attr **sorted = mlir_alloc(p, num, sizeof *sorted);
  if (!sorted) return NULL;
  for (size_t i = 0; i < num; i++) sorted[i] = &items[i];
  qsort(sorted, num, sizeof *sorted, compare_names);
  for (size_t i = 1; i < num; i++) {
    if (!compare_names(&sorted[i - 1], &sorted[i])) return sorted[i]->name;
  }
  return NULL;
}

bool mlir_make_dict(mlir_parser *p, const mlir_list *items,
                    pjrt_mlir_place place, pjrt_mlir_dict *out) {
  *out = (pjrt_mlir_dict){items->items, items->num};
  if (items->num < 2) return !p->error;
  const char *name = find_duplicate(p, items->items, items->num);
  if (name) return mlir_fail(p, place, "attribute %s is there twice", name);
  return !p->error;
}

bool mlir_read_optional_dict(mlir_parser *p, pjrt_mlir_dict *out) {
  *out = (pjrt_mlir_dict){0};
  if (!mlir_at(p, '{')) return !p->error;
  pjrt_mlir_place place = p->token.place;
  mlir_list items = {0};
  return mlir_read_dict_items(p, &items) &&
         mlir_make_dict(p, &items, place, out);
}

static bool read_dict(mlir_parser *p, const pjrt_mlir_attr **out) {
  pjrt_mlir_attr *attr = mlir_make_attr(p, PJRT_MLIR_ATTR_DICT, p->token.place);
  *out = attr;
  return attr && mlir_read_optional_dict(p, &attr->fields);
}

/* --- Any attribute ------------------------------------------------------- */

static bool read_array(mlir_parser *p, const pjrt_mlir_attr **out) {
  pjrt_mlir_attr *array =
      mlir_make_attr(p, PJRT_MLIR_ATTR_ARRAY, p->token.place);
  mlir_list items = {0};
  *out = array;
  if (!array || !mlir_expect(p, '[')) return false;
  while (!mlir_at(p, ']')) {
    const pjrt_mlir_attr **item = mlir_push(p, &items, sizeof *item);
    const pjrt_mlir_attr *read;
    if (!item || !mlir_read_attr(p, &read)) return false;
    *item = read;
    if (!mlir_accept(p, ',')) break;
    if (mlir_at(p, ']')) return mlir_expected(p, "an attribute");
  }
  array->items = items.items;
  array->num_items = items.num;
  return mlir_expect(p, ']');
}

/* #name: an alias, or a dialect's attribute. */
static bool read_hash(mlir_parser *p, const pjrt_mlir_attr **out) {
  *out = mlir_use_alias(p, &p->token);
  if (*out) return mlir_next(p);
  return !p->error && mlir_read_dialect_attr(p, out);
}

static bool read_location(mlir_parser *p, const pjrt_mlir_attr **out) {
  pjrt_mlir_attr *attr =
      mlir_make_attr(p, PJRT_MLIR_ATTR_OPAQUE, p->token.place);
  const char *start = p->token.text;
  const char *end;
  *out = attr;
  if (!attr || !mlir_next(p)) return false;
  if (!mlir_at(p, '(')) return mlir_expected(p, "'('");
  if (!mlir_skip_balanced(p, &end)) return false;
  attr->text_size = (size_t)(end - start);
  attr->text = mlir_copy_text(p, start, attr->text_size);
  return attr->text;
}

static bool read_word(mlir_parser *p, const pjrt_mlir_attr **out) {
  mlir_token word = p->token;
  *out = NULL;
  if (mlir_at_type(p)) {
    pjrt_mlir_attr *attr = mlir_make_attr(p, PJRT_MLIR_ATTR_TYPE, word.place);
    *out = attr;
    return attr && mlir_read_type(p, &attr->type);
  }
  if (mlir_token_is(&word, "dense")) return mlir_read_dense(p, out);
  if (mlir_token_is(&word, "array")) return mlir_read_dense_array(p, out);
  if (mlir_token_is(&word, "loc")) return read_location(p, out);
  if (mlir_token_is(&word, "true") || mlir_token_is(&word, "false")) {
    *out = mlir_make_bool(p, word.place, mlir_token_is(&word, "true"));
  } else if (mlir_token_is(&word, "unit")) {
    *out = mlir_make_attr(p, PJRT_MLIR_ATTR_UNIT, word.place);
  } else if (mlir_token_is(&word, "dense_resource") ||
             mlir_token_is(&word, "sparse") ||
             mlir_token_is(&word, "affine_map") ||
             mlir_token_is(&word, "affine_set") ||
             mlir_token_is(&word, "strided") ||
             mlir_token_is(&word, "distinct")) {
    return mlir_unimplemented(p, word.place, "the attribute %.*s",
                              (int)word.size, word.text);
  } else {
    return mlir_expected(p, "an attribute");
  }
  return *out && mlir_next(p);
}

static bool read_any(mlir_parser *p, const pjrt_mlir_attr **out) {
  switch (p->token.kind) {
    case MLIR_STRING:
      return read_string(p, out);
    case MLIR_SYMBOL:
      return read_symbol(p, out);
    case MLIR_HASH:
      return read_hash(p, out);
    case MLIR_INTEGER:
    case MLIR_FLOAT:
      return read_number(p, out);
    case MLIR_WORD:
      return read_word(p, out);
    default:
      break;
  }
  if (mlir_at(p, '-')) return read_number(p, out);
  if (mlir_at(p, '[')) return read_array(p, out);
  if (mlir_at(p, '{')) return read_dict(p, out);
  if (!mlir_at_type(p)) return mlir_expected(p, "an attribute");
  pjrt_mlir_attr *type = mlir_make_attr(p, PJRT_MLIR_ATTR_TYPE, p->token.place);
  *out = type;
  return type && mlir_read_type(p, &type->type);
}

bool mlir_read_attr(mlir_parser *p, const pjrt_mlir_attr **out) {
  *out = NULL;
  if (!mlir_enter(p)) return false;
  bool read = read_any(p, out);
  mlir_leave(p);
  return read;
}
