/* Characters to tokens. */
#include <stdarg.h>

#include "base/error.h"
#include "base/number.h"
#include "base/text.h"
#include "mlir/reader.h"

/* --- Errors -------------------------------------------------------------- */

static bool fail_with(mlir_parser *p, pjrt_code code, pjrt_mlir_place place,
                      const char *format, va_list args)
    __attribute__((format(printf, 4, 0)));

static bool fail_with(mlir_parser *p, pjrt_code code, pjrt_mlir_place place,
                      const char *format, va_list args) {
  p->token.kind = MLIR_END;
  if (p->error) return false;
  pjrt_builder message = {0};
  pjrt_builder_appendf(&message, "%u:%u: ", place.line, place.column);
  pjrt_builder_vappendf(&message, format, args);
  p->error = message.out_of_memory
                 ? pjrt_error_out_of_memory()
                 : pjrt_error_from_text(code, message.data, message.size);
  pjrt_builder_clear(&message);
  return false;
}

bool mlir_fail(mlir_parser *p, pjrt_mlir_place place, const char *format, ...) {
  va_list args;
  va_start(args, format);
  fail_with(p, PJRT_INVALID_ARGUMENT, place, format, args);
  va_end(args);
  return false;
}

bool mlir_out_of_memory(mlir_parser *p) {
  if (!p->error) p->error = pjrt_error_out_of_memory();
  return false;
}

bool mlir_unimplemented(mlir_parser *p, pjrt_mlir_place place,
                        const char *format, ...) {
  va_list args;
  va_start(args, format);
  fail_with(p, PJRT_UNIMPLEMENTED, place, format, args);
  va_end(args);
  return false;
}

bool mlir_expected(mlir_parser *p, const char *what) {
  enum { most = 40 };
  const mlir_token *token = &p->token;
  if (token->kind == MLIR_END) {
    return mlir_fail(p, token->place, "expected %s, got the end of the text",
                     what);
  }
  int size = token->size < most ? (int)token->size : most;
  return mlir_fail(p, token->place, "expected %s, got '%.*s'%s", what, size,
                   token->text, token->size > most ? "..." : "");
}

static bool reach(mlir_parser *p, unsigned depth) {
  if (depth > PJRT_MLIR_MAX_NESTING) {
    return mlir_fail(p, p->token.place, "nested more than %d deep",
                     PJRT_MLIR_MAX_NESTING);
  }
  if (p->deepest < depth) p->deepest = depth;
  return true;
}

bool mlir_enter(mlir_parser *p) {
  if (!reach(p, p->depth + 1)) return false;
  p->depth++;
  p->num_read++;
  return true;
}

const void *mlir_use_alias(mlir_parser *p, const mlir_token *token) {
  enum { most = 1000000 };
  const mlir_name *name =
      mlir_names_find(&p->alias_names, token->text, token->size);
  if (!name) return NULL;
  const mlir_alias *alias = (const mlir_alias *)p->aliases.items + name->index;
  p->expanded += alias->size;
  if (p->expanded > most) {
    mlir_fail(p, token->place, "aliases stand for more than %d things", most);
    return NULL;
  }
  return reach(p, p->depth + alias->depth) ? alias->value : NULL;
}

/* --- Characters ---------------------------------------------------------- */

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

int mlir_hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

static bool is_hex(char c) { return mlir_hex_digit(c) >= 0; }

static bool in_word(char c) {
  return is_letter(c) || is_digit(c) || c == '$' || c == '.';
}

static bool in_suffix(char c) { return in_word(c) || c == '-'; }

/* The character `ahead` of the cursor; NUL at the end, which begins no token
 * and continues none. */
static char peek(const mlir_parser *p, size_t ahead) {
  return (size_t)(p->end - p->cursor) > ahead ? p->cursor[ahead] : '\0';
}

static pjrt_mlir_place place_of(const mlir_parser *p, const char *at) {
  return (pjrt_mlir_place){p->line, (uint32_t)(at - p->line_start) + 1};
}

static void skip_character(mlir_parser *p) {
  if (*p->cursor++ == '\n') {
    p->line++;
    p->line_start = p->cursor;
  }
}

static void skip_blanks(mlir_parser *p) {
  while (p->cursor < p->end) {
    char c = *p->cursor;
    if (c == ' ' || c == '\n' || c == '\t' || c == '\r') {
      skip_character(p);
    } else if (c == '/' && peek(p, 1) == '/') {
      while (p->cursor < p->end && *p->cursor != '\n') p->cursor++;
    } else {
      return;
    }
  }
}

/* Behind the closing quote; the cursor is at the opening one. */
static bool skip_string(mlir_parser *p) {
  pjrt_mlir_place place = place_of(p, p->cursor);
  p->cursor++;
  while (p->cursor < p->end && *p->cursor != '\n') {
    char c = *p->cursor++;
    if (c == '"') return true;
    if (c == '\\' && p->cursor < p->end && *p->cursor != '\n') p->cursor++;
  }
  return mlir_fail(p, place, "expected a string that ends on its line");
}

static mlir_token_kind lex_number(mlir_parser *p) {
  if (peek(p, 0) == '0' && peek(p, 1) == 'x' && is_hex(peek(p, 2))) {
    p->cursor += 2;
    while (is_hex(peek(p, 0))) p->cursor++;
    return MLIR_INTEGER;
  }
  while (is_digit(peek(p, 0))) p->cursor++;
  if (peek(p, 0) != '.') return MLIR_INTEGER;
  p->cursor++;
  while (is_digit(peek(p, 0))) p->cursor++;
  char c = peek(p, 0);
  size_t sign = peek(p, 1) == '+' || peek(p, 1) == '-';
  if ((c == 'e' || c == 'E') && is_digit(peek(p, 1 + sign))) {
    p->cursor += 1 + sign;
    while (is_digit(peek(p, 0))) p->cursor++;
  }
  return MLIR_FLOAT;
}

/* A name behind %, ^, @, # or !. */
static mlir_token_kind lex_sigil(mlir_parser *p, mlir_token_kind kind) {
  const char *start = p->cursor++;
  if (kind == MLIR_SYMBOL && peek(p, 0) == '"') {
    return skip_string(p) ? kind : MLIR_END;
  }
  /* '-' would take the arrow of "!a->!b" into the name. */
  bool dash = kind == MLIR_VALUE || kind == MLIR_BLOCK;
  while (dash ? in_suffix(peek(p, 0)) : in_word(peek(p, 0))) p->cursor++;
  if (p->cursor - start > 1) return kind;
  mlir_fail(p, place_of(p, start), "expected a name after '%c'", *start);
  return MLIR_END;
}

static mlir_token_kind lex_other(mlir_parser *p) {
  static const char punctuation[] = "()[]{}<>,:=-?*+|";
  char c = *p->cursor;
  if (c == '-' && peek(p, 1) == '>') {
    p->cursor += 2;
    return MLIR_ARROW;
  }
  if (c && strchr(punctuation, c)) {
    p->cursor++;
    return MLIR_PUNCTUATION;
  }
  bool printable = c > ' ' && c < 0x7f;
  mlir_fail(p, place_of(p, p->cursor),
            printable ? "unexpected character '%c'" : "unexpected byte 0x%02x",
            (unsigned char)c);
  return MLIR_END;
}

static mlir_token_kind lex(mlir_parser *p) {
  if (p->cursor == p->end) return MLIR_END;
  char c = *p->cursor;
  if (is_digit(c)) return lex_number(p);
  if (is_letter(c)) {
    while (in_word(peek(p, 0))) p->cursor++;
    return MLIR_WORD;
  }
  switch (c) {
    case '"':
      return skip_string(p) ? MLIR_STRING : MLIR_END;
    case '%':
      return lex_sigil(p, MLIR_VALUE);
    case '^':
      return lex_sigil(p, MLIR_BLOCK);
    case '@':
      return lex_sigil(p, MLIR_SYMBOL);
    case '#':
      return lex_sigil(p, MLIR_HASH);
    case '!':
      return lex_sigil(p, MLIR_BANG);
    default:
      return lex_other(p);
  }
}

bool mlir_next(mlir_parser *p) {
  if (p->error) return false;
  skip_blanks(p);
  mlir_token token = {.text = p->cursor, .place = place_of(p, p->cursor)};
  token.kind = lex(p);
  token.size = (size_t)(p->cursor - token.text);
  p->token = token;
  return !p->error;
}

void mlir_seek(mlir_parser *p, const char *cursor) {
  p->cursor = cursor;
  mlir_next(p);
}

mlir_position mlir_save(const mlir_parser *p) {
  return (mlir_position){p->cursor, p->line_start, p->line, p->token};
}

void mlir_restore(mlir_parser *p, const mlir_position *position) {
  p->cursor = position->cursor;
  p->line_start = position->line_start;
  p->line = position->line;
  p->token = position->token;
}

/* --- Reading tokens ------------------------------------------------------ */

bool mlir_at_word(const mlir_parser *p, const char *word) {
  return p->token.kind == MLIR_WORD && mlir_token_is(&p->token, word);
}

bool mlir_accept(mlir_parser *p, char punctuation) {
  return mlir_at(p, punctuation) && mlir_next(p);
}

bool mlir_accept_word(mlir_parser *p, const char *word) {
  return mlir_at_word(p, word) && mlir_next(p);
}

bool mlir_expect(mlir_parser *p, char punctuation) {
  char what[] = {'\'', punctuation, '\'', '\0'};
  return mlir_at(p, punctuation) ? mlir_next(p) : mlir_expected(p, what);
}

bool mlir_expect_word(mlir_parser *p, const char *word) {
  return mlir_at_word(p, word) ? mlir_next(p) : mlir_expected(p, word);
}

bool mlir_expect_kind(mlir_parser *p, mlir_token_kind kind, const char *what,
                      mlir_token *out) {
  *out = p->token;
  return p->token.kind == kind ? mlir_next(p) : mlir_expected(p, what);
}

bool mlir_expect_arrow(mlir_parser *p) {
  mlir_token arrow;
  return mlir_expect_kind(p, MLIR_ARROW, "'->'", &arrow);
}

bool mlir_read_int64(mlir_parser *p, int64_t *out) {
  pjrt_mlir_place place = p->token.place;
  bool negative = mlir_accept(p, '-');
  mlir_token token;
  if (!mlir_expect_kind(p, MLIR_INTEGER, "an integer", &token)) return false;
  bool sign;
  uint64_t magnitude;
  if (!pjrt_number_read_integer(token.text, token.size, &sign, &magnitude) ||
      magnitude > (uint64_t)INT64_MAX + negative) {
    return mlir_fail(p, place, "%.*s does not fit 64 bits", (int)token.size,
                     token.text);
  }
  *out = (int64_t)(negative ? 0 - magnitude : magnitude);
  return true;
}

/* --- Skipping ------------------------------------------------------------ */

static char closing_of(char c) {
  switch (c) {
    case '(':
      return ')';
    case '[':
      return ']';
    case '{':
      return '}';
    default:
      return c == '<' ? '>' : '\0';
  }
}

bool mlir_skip_balanced(mlir_parser *p, const char **out_end) {
  char open[PJRT_MLIR_MAX_NESTING]; /* what closes each */
  size_t depth = 0;
  pjrt_mlir_place place = p->token.place;
  if (!mlir_at_kind(p, MLIR_PUNCTUATION) || !closing_of(*p->token.text)) {
    return mlir_expected(p, "a bracket");
  }
  p->cursor = p->token.text;
  while (p->cursor < p->end) {
    char c = *p->cursor;
    if (c == '"') {
      if (!skip_string(p)) return false;
      continue;
    }
    bool arrow = c == '-' && peek(p, 1) == '>';
    skip_character(p);
    if (arrow) {
      p->cursor++;
    } else if (closing_of(c)) {
      if (depth == sizeof open) break;
      open[depth++] = closing_of(c);
    } else if (strchr(")]}>", c) && c) {
      if (open[--depth] != c) break;
      if (depth == 0) {
        *out_end = p->cursor;
        return mlir_next(p);
      }
    }
  }
  return mlir_fail(p, place, "expected the bracket that closes '%c'",
                   *p->token.text);
}

bool mlir_skip_location(mlir_parser *p) {
  if (!mlir_accept_word(p, "loc")) return !p->error;
  const char *end;
  if (!mlir_at(p, '(')) return mlir_expected(p, "'('");
  return mlir_skip_balanced(p, &end);
}
