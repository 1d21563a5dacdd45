/* What the files of the reader share.
 *
 * The first error stays in the parser and every reading function gives false
 * from then on, so that a grammar rule is one expression. */
#ifndef PJRT_MLIR_READER_H_
#define PJRT_MLIR_READER_H_

#include <string.h>

#include "mlir/mlir.h"
#include "mlir/names.h"

/* --- Memory (arena.c) ---------------------------------------------------- */

typedef struct mlir_arena mlir_arena;

mlir_arena *mlir_arena_new(void);
void mlir_arena_free(mlir_arena *arena);

/* Zeros, aligned to 16. NULL when memory is short. */
void *mlir_arena_alloc(mlir_arena *arena, size_t num, size_t size);

/* Items of one size in an arena; zero-initialize. */
typedef struct mlir_list {
  void *items;
  size_t num;
  size_t capacity;
} mlir_list;

/* --- Tokens (lexer.c) ---------------------------------------------------- */

typedef enum mlir_token_kind {
  MLIR_END,
  MLIR_PUNCTUATION, /* one character */
  MLIR_ARROW,
  MLIR_WORD,
  MLIR_INTEGER, /* decimal, or hexadecimal after 0x; without a sign */
  MLIR_FLOAT,
  MLIR_STRING, /* with its quotes and escapes */
  MLIR_VALUE,  /* %name */
  MLIR_BLOCK,  /* ^name */
  MLIR_SYMBOL, /* @name or @"name" */
  MLIR_HASH,   /* #name */
  MLIR_BANG    /* !name */
} mlir_token_kind;

typedef struct mlir_token {
  mlir_token_kind kind;
  const char *text;
  size_t size;
  pjrt_mlir_place place;
} mlir_token;

typedef struct mlir_parser {
  const char *text;
  const char *end;
  const char *cursor; /* behind `token` */
  const char *line_start;
  uint32_t line;
  mlir_token token; /* the one to read next */
  unsigned depth;
  unsigned deepest; /* since an alias's definition began */
  size_t num_read;  /* attributes, types and operations so far */
  size_t expanded;  /* what aliases stood for so far */

  pjrt_error *error;
  mlir_arena *arena;
  pjrt_mlir_module *module;
  mlir_list funcs;
  mlir_list ops;       /* of the module */
  mlir_list values;    /* of the function that is read */
  mlir_names in_scope; /* their names */
  mlir_names func_names;
  mlir_names op_names;
  mlir_names alias_names; /* #name and !name */
  mlir_list aliases;
} mlir_parser;

/* Records an error, unless there is one; false. */
bool mlir_fail(mlir_parser *p, pjrt_mlir_place place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
bool mlir_unimplemented(mlir_parser *p, pjrt_mlir_place place,
                        const char *format, ...)
    __attribute__((format(printf, 3, 4)));
bool mlir_out_of_memory(mlir_parser *p);
/* "expected WHAT, got TOKEN". */
bool mlir_expected(mlir_parser *p, const char *what);

/* Reads the next token; at an error it is MLIR_END. */
bool mlir_next(mlir_parser *p);

static inline bool mlir_at(const mlir_parser *p, char punctuation) {
  return p->token.kind == MLIR_PUNCTUATION && *p->token.text == punctuation;
}
static inline bool mlir_at_kind(const mlir_parser *p, mlir_token_kind kind) {
  return p->token.kind == kind;
}
static inline bool mlir_token_is(const mlir_token *token, const char *text) {
  return token->size == strlen(text) &&
         memcmp(token->text, text, token->size) == 0;
}
bool mlir_at_word(const mlir_parser *p, const char *word);

/* Whether the token was there; it is read if so. */
bool mlir_accept(mlir_parser *p, char punctuation);
bool mlir_accept_word(mlir_parser *p, const char *word);

/* The token must be there. */
bool mlir_expect(mlir_parser *p, char punctuation);
bool mlir_expect_word(mlir_parser *p, const char *word);
bool mlir_expect_kind(mlir_parser *p, mlir_token_kind kind, const char *what,
                      mlir_token *out);
bool mlir_expect_arrow(mlir_parser *p);

/* Continues at another place of the current line. */
void mlir_seek(mlir_parser *p, const char *cursor);

/* Where reading stands, to come back to it. */
typedef struct mlir_position {
  const char *cursor;
  const char *line_start;
  uint32_t line;
  mlir_token token;
} mlir_position;

mlir_position mlir_save(const mlir_parser *p);
void mlir_restore(mlir_parser *p, const mlir_position *position);

/* Skips from an opening bracket to behind the one that closes it, whatever lies
 * between. `out_end` is behind the closing one. */
bool mlir_skip_balanced(mlir_parser *p, const char **out_end);

/* Nesting: every recursive rule is between these. */
bool mlir_enter(mlir_parser *p);
static inline void mlir_leave(mlir_parser *p) { p->depth--; }

/* What an alias stands for. Its depth and size count wherever it is used, so
 * that aliases of aliases make no tree that cannot be walked. */
typedef struct mlir_alias {
  const void *value; /* pjrt_mlir_attr of #name, pjrt_mlir_type of !name */
  unsigned depth;
  size_t size;
} mlir_alias;

/* NULL, and no error, when there is none of this name. */
const void *mlir_use_alias(mlir_parser *p, const mlir_token *token);

/* Memory that records running out of it. */
void *mlir_alloc(mlir_parser *p, size_t num, size_t size);
void *mlir_push(mlir_parser *p, mlir_list *list, size_t item_size);
/* NUL-ended copies. */
char *mlir_copy_text(mlir_parser *p, const char *text, size_t size);
/* What a token names: the text of a string, a symbol without @, a word. */
bool mlir_name_of(mlir_parser *p, const mlir_token *token, const char **out,
                  size_t *out_size);

/* The value of a hexadecimal digit; -1 when it is none. */
int mlir_hex_digit(char c);

/* An integer as int64, sign included. */
bool mlir_read_int64(mlir_parser *p, int64_t *out);

/* loc(...), if it is there. */
bool mlir_skip_location(mlir_parser *p);

/* --- Types (types.c) ----------------------------------------------------- */

/* Whether the token can only begin a type. */
bool mlir_at_type(const mlir_parser *p);
bool mlir_read_type(mlir_parser *p, const pjrt_mlir_type **out);
/* (A, B) -> C or (A, B) -> (C, D). */
bool mlir_read_function_type(mlir_parser *p, const pjrt_mlir_type **out);
bool mlir_read_result_types(mlir_parser *p, const pjrt_mlir_type *const **out,
                            size_t *out_num);
bool mlir_read_type_list(mlir_parser *p, mlir_list *out);
const pjrt_mlir_type *mlir_make_tensor(mlir_parser *p, pjrt_dtype dtype,
                                       const int64_t *dims, size_t num_dims);
const pjrt_mlir_type *mlir_make_scalar(mlir_parser *p, pjrt_dtype dtype);

/* --- Attributes (attributes.c, dense.c, dialects.c) ---------------------- */

bool mlir_read_attr(mlir_parser *p, const pjrt_mlir_attr **out);
/* {a = 1, b} at its brace; appends to `items`. */
bool mlir_read_dict_items(mlir_parser *p, mlir_list *items);
/* Takes the named attributes of a list, which must be unique. */
bool mlir_make_dict(mlir_parser *p, const mlir_list *items,
                    pjrt_mlir_place place, pjrt_mlir_dict *out);
/* {...} if it is there. */
bool mlir_read_optional_dict(mlir_parser *p, pjrt_mlir_dict *out);
bool mlir_add_attr(mlir_parser *p, mlir_list *items, const char *name,
                   const pjrt_mlir_attr *attr);

pjrt_mlir_attr *mlir_make_attr(mlir_parser *p, pjrt_mlir_attr_kind kind,
                               pjrt_mlir_place place);
const pjrt_mlir_attr *mlir_make_int(mlir_parser *p, pjrt_mlir_place place,
                                    int64_t value);
const pjrt_mlir_attr *mlir_make_bool(mlir_parser *p, pjrt_mlir_place place,
                                     bool value);
const pjrt_mlir_attr *mlir_make_ints(mlir_parser *p, pjrt_mlir_place place,
                                     const int64_t *values, size_t num);
const pjrt_mlir_attr *mlir_make_enum(mlir_parser *p, const char *name,
                                     const mlir_token *value);
const pjrt_mlir_attr *mlir_make_struct(mlir_parser *p, pjrt_mlir_place place,
                                       const char *name,
                                       const mlir_list *fields);

/* One number of an element type into its host form, sign included. */
bool mlir_read_element(mlir_parser *p, pjrt_dtype dtype, void *out);
bool mlir_read_dense(mlir_parser *p, const pjrt_mlir_attr **out);
bool mlir_read_dense_array(mlir_parser *p, const pjrt_mlir_attr **out);
/* [1, 2] as a list of int64. */
bool mlir_read_int_list(mlir_parser *p, const pjrt_mlir_attr **out);

/* #dialect<...>, #dialect.name<...>. */
bool mlir_read_dialect_attr(mlir_parser *p, const pjrt_mlir_attr **out);
/* <a = 1, b = [0]> at its bracket. */
bool mlir_read_struct(mlir_parser *p, const char *name,
                      const pjrt_mlir_attr **out);
/* [b, 0, f]x[0, i, o]->[b, 0, f]. */
bool mlir_read_conv_dims(mlir_parser *p, const pjrt_mlir_attr **out);

/* --- Operations (operation.c, forms*.c, ops.c) --------------------------- */

typedef struct mlir_operand {
  pjrt_mlir_value value;
  pjrt_mlir_place place;
} mlir_operand;

/* A name that is going to be defined. */
typedef struct mlir_definition {
  mlir_token name;
  const pjrt_mlir_type *type;
} mlir_definition;

typedef struct mlir_op_row mlir_op_row;

/* An operation that is being read. */
typedef struct mlir_op_state {
  const mlir_op_row *row; /* NULL for PJRT_MLIR_OTHER */
  pjrt_mlir_op op;
  mlir_list operands;   /* mlir_operand */
  mlir_list attributes; /* pjrt_mlir_named_attr */
  mlir_list regions;    /* pjrt_mlir_block */
  const pjrt_mlir_type *const *result_types;
  size_t num_result_types;
} mlir_op_state;

typedef bool (*mlir_form)(mlir_parser *p, mlir_op_state *state);

typedef enum mlir_clause_kind {
  MLIR_CLAUSE_NONE,
  MLIR_CLAUSE_INT,
  MLIR_CLAUSE_INTS,
  MLIR_CLAUSE_BOOL,
  MLIR_CLAUSE_ENUM,
  MLIR_CLAUSE_PRECISIONS /* may be left out */
} mlir_clause_kind;

/* ", key = value" of a printed form. */
typedef struct mlir_clause {
  const char *key;
  const char *attr; /* its name in the generic form; of an enum also its kind */
  mlir_clause_kind kind;
} mlir_clause;

enum { MLIR_MAX_CLAUSES = 3 };

/* How many operands, results or regions: a number, or ~n for n or more. */
typedef struct mlir_op_row {
  const char *name;
  mlir_form form; /* NULL: generic form only */
  mlir_form types;
  int operands;
  int results;
  int regions;
  mlir_clause clauses[MLIR_MAX_CLAUSES];
} mlir_op_row;

/* NULL for PJRT_MLIR_OTHER. */
const mlir_op_row *mlir_op_row_of(pjrt_mlir_op_id id);

/* One operation with its results, up to and with its location. */
bool mlir_read_op(mlir_parser *p, pjrt_mlir_op *out);
/* { ... }. `arguments` of the block when the form names them before the brace,
 * else NULL: then a label may. */
bool mlir_read_region(mlir_parser *p, const mlir_definition *arguments,
                      size_t num_arguments, pjrt_mlir_block *out);
/* The same, for an operation that is being read. */
bool mlir_state_region(mlir_parser *p, mlir_op_state *state,
                       const mlir_definition *arguments, size_t num_arguments);
/* (%a: tensor<f32>, ...), as mlir_definition. */
bool mlir_read_definitions(mlir_parser *p, mlir_list *out);
bool mlir_define(mlir_parser *p, const mlir_definition *definition,
                 pjrt_mlir_value *out);
/* Values without a name. */
bool mlir_define_unnamed(mlir_parser *p, const pjrt_mlir_type *type,
                         pjrt_mlir_place place, pjrt_mlir_value *out);

bool mlir_read_operand(mlir_parser *p, mlir_op_state *state);
/* (%a, %b). */
bool mlir_read_operand_list(mlir_parser *p, mlir_op_state *state);
bool mlir_state_attr(mlir_parser *p, mlir_op_state *state, const char *name,
                     const pjrt_mlir_attr *attr);
/* [1, 2] as an attribute. */
bool mlir_state_ints(mlir_parser *p, mlir_op_state *state, const char *name);
/* [DEFAULT, HIGH] as precision_config. */
bool mlir_state_precisions(mlir_parser *p, mlir_op_state *state);
/* Whatever stands from the bracket at the token to the one that closes it. */
bool mlir_state_opaque(mlir_parser *p, mlir_op_state *state, const char *name);
/* {...} if it is there. */
bool mlir_state_dict(mlir_parser *p, mlir_op_state *state);
/* The operands have these types, or an error at the one that has not. */
bool mlir_check_operands(mlir_parser *p, const mlir_op_state *state,
                         const pjrt_mlir_type *const *types, size_t num);
/* : (A, B) -> C. */
bool mlir_read_signature(mlir_parser *p, mlir_op_state *state);

/* What most printed forms end with: {attributes} : types. */
bool mlir_read_end(mlir_parser *p, mlir_op_state *state);

/* What follows the colon of printed forms. */
bool mlir_types_same(mlir_parser *p, mlir_op_state *state);
bool mlir_types_results(mlir_parser *p, mlir_op_state *state);
bool mlir_types_operands(mlir_parser *p, mlir_op_state *state);
bool mlir_types_select(mlir_parser *p, mlir_op_state *state);
bool mlir_types_complex(mlir_parser *p, mlir_op_state *state);
bool mlir_types_tuple(mlir_parser *p, mlir_op_state *state);
bool mlir_types_pairwise(mlir_parser *p, mlir_op_state *state);
bool mlir_types_arrow(mlir_parser *p, mlir_op_state *state);

/* Printed forms; each begins behind the name. */
bool mlir_form_regular(mlir_parser *p, mlir_op_state *state);
bool mlir_form_call(mlir_parser *p, mlir_op_state *state);
bool mlir_form_compare(mlir_parser *p, mlir_op_state *state);
bool mlir_form_composite(mlir_parser *p, mlir_op_state *state);
bool mlir_form_constant(mlir_parser *p, mlir_op_state *state);
bool mlir_form_convolution(mlir_parser *p, mlir_op_state *state);
bool mlir_form_custom_call(mlir_parser *p, mlir_op_state *state);
bool mlir_form_dot_general(mlir_parser *p, mlir_op_state *state);
bool mlir_form_get_tuple_element(mlir_parser *p, mlir_op_state *state);
bool mlir_form_manual_computation(mlir_parser *p, mlir_op_state *state);
bool mlir_form_mesh(mlir_parser *p, mlir_op_state *state);
bool mlir_form_reduce(mlir_parser *p, mlir_op_state *state);
bool mlir_form_reduce_precision(mlir_parser *p, mlir_op_state *state);
bool mlir_form_return(mlir_parser *p, mlir_op_state *state);
bool mlir_form_slice(mlir_parser *p, mlir_op_state *state);
bool mlir_form_top_k(mlir_parser *p, mlir_op_state *state);
bool mlir_form_while(mlir_parser *p, mlir_op_state *state);

/* --- The whole (function.c, verify.c) ------------------------------------ */

bool mlir_read_func(mlir_parser *p, pjrt_mlir_func *out);
/* A function that was read as a generic operation. */
bool mlir_func_of_op(mlir_parser *p, const pjrt_mlir_op *op,
                     pjrt_mlir_func *out);
bool mlir_verify(mlir_parser *p);

#endif /* PJRT_MLIR_READER_H_ */
