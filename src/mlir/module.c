/* The text as a whole: aliases, modules, what is in them. */
#include <stdlib.h>

#include "base/error.h"
#include "mlir/reader.h"

/* --- Aliases ------------------------------------------------------------- */

static bool read_alias_type(mlir_parser *p, const void **out) {
  pjrt_mlir_place place = p->token.place;
  const pjrt_mlir_type *type;
  if (!mlir_read_type(p, &type)) return false;
  *out = type;
  if (type->kind != PJRT_MLIR_TYPE_TUPLE &&
      type->kind != PJRT_MLIR_TYPE_FUNCTION) {
    return true;
  }
  return mlir_unimplemented(p, place, "aliases of tuple and function types");
}

static bool read_alias_value(mlir_parser *p, bool is_type, mlir_alias *out) {
  size_t before = p->num_read + p->expanded;
  p->deepest = p->depth;
  if (is_type) {
    if (!read_alias_type(p, &out->value)) return false;
  } else {
    const pjrt_mlir_attr *attr;
    if (!mlir_read_attr(p, &attr)) return false;
    out->value = attr;
  }
  out->depth = p->deepest - p->depth;
  out->size = p->num_read + p->expanded - before;
  return true;
}

/* #name = attribute, !name = type. Locations are of no use here. */
static bool read_alias(mlir_parser *p) {
  mlir_token token = p->token;
  mlir_alias alias;
  if (!mlir_next(p) || !mlir_expect(p, '=')) return false;
  if (mlir_at_word(p, "loc")) return mlir_skip_location(p);
  if (memchr(token.text, '.', token.size)) {
    return mlir_fail(p, token.place, "an alias has no '.' in its name");
  }
  if (mlir_names_find(&p->alias_names, token.text, token.size)) {
    return mlir_fail(p, token.place, "alias %.*s is defined already",
                     (int)token.size, token.text);
  }
  if (!read_alias_value(p, token.kind == MLIR_BANG, &alias)) return false;
  mlir_name name = {.text = token.text,
                    .size = token.size,
                    .index = (uint32_t)p->aliases.num,
                    .num = 1,
                    .place = token.place};
  mlir_alias *added = mlir_push(p, &p->aliases, sizeof *added);
  if (!added) return false;
  *added = alias;
  return mlir_names_add(&p->alias_names, &name) || mlir_out_of_memory(p);
}

/* --- What is in a module ------------------------------------------------- */

static bool add_func(mlir_parser *p, const pjrt_mlir_func *func) {
  mlir_name name = {.text = func->name,
                    .size = strlen(func->name),
                    .index = (uint32_t)p->funcs.num,
                    .num = 1,
                    .place = func->place};
  if (mlir_names_find(&p->func_names, name.text, name.size)) {
    return mlir_fail(p, func->place, "@%s is defined already", func->name);
  }
  pjrt_mlir_func *added = mlir_push(p, &p->funcs, sizeof *added);
  if (!added) return false;
  *added = *func;
  return mlir_names_add(&p->func_names, &name) || mlir_out_of_memory(p);
}

static bool read_other(mlir_parser *p) {
  pjrt_mlir_op op;
  if (!mlir_read_op(p, &op)) return false;
  if (strcmp(op.name, "func.func") == 0) {
    pjrt_mlir_func func;
    return mlir_func_of_op(p, &op, &func) && add_func(p, &func);
  }
  if (op.num_results || op.num_regions) {
    return mlir_unimplemented(p, op.place, "%s outside of a function", op.name);
  }
  pjrt_mlir_op *added = mlir_push(p, &p->ops, sizeof *added);
  if (!added) return false;
  *added = op;
  return true;
}

/* A function or an operation of the module: its values are its own. */
static bool read_item(mlir_parser *p) {
  p->values = (mlir_list){0};
  mlir_names_pop(&p->in_scope, 0);
  if (mlir_at_word(p, "module")) {
    return mlir_unimplemented(p, p->token.place, "modules within modules");
  }
  if (!mlir_accept_word(p, "func.func")) return read_other(p);
  pjrt_mlir_func func;
  return mlir_read_func(p, &func) && add_func(p, &func);
}

static bool read_items(mlir_parser *p) {
  if (!mlir_expect(p, '{')) return false;
  while (!mlir_at(p, '}')) {
    if (!read_item(p)) return false;
  }
  return mlir_expect(p, '}');
}

/* --- Modules ------------------------------------------------------------- */

/* Behind "module": @name attributes {...} {...} */
static bool read_module(mlir_parser *p) {
  pjrt_mlir_module *module = p->module;
  if (mlir_at_kind(p, MLIR_SYMBOL)) {
    size_t size;
    if (!mlir_name_of(p, &p->token, &module->name, &size)) return false;
    if (!mlir_next(p)) return false;
  }
  if (mlir_accept_word(p, "attributes") &&
      !mlir_read_optional_dict(p, &module->attributes)) {
    return false;
  }
  return read_items(p) && mlir_skip_location(p);
}

/* Behind "builtin.module" in quotes: () <{...}> ({...}) {...} : () -> () */
static bool read_generic_module(mlir_parser *p) {
  pjrt_mlir_module *module = p->module;
  pjrt_mlir_place place = p->token.place;
  mlir_list items = {0};
  const pjrt_mlir_type *type;
  if (!mlir_expect(p, '(') || !mlir_expect(p, ')')) return false;
  if (mlir_accept(p, '<') &&
      (!mlir_read_dict_items(p, &items) || !mlir_expect(p, '>'))) {
    return false;
  }
  if (!mlir_expect(p, '(') || !read_items(p) || !mlir_expect(p, ')')) {
    return false;
  }
  if (mlir_at(p, '{') && !mlir_read_dict_items(p, &items)) return false;
  if (!mlir_make_dict(p, &items, place, &module->attributes)) return false;
  const pjrt_mlir_attr *name =
      pjrt_mlir_dict_find(&module->attributes, "sym_name");
  if (name && name->kind == PJRT_MLIR_ATTR_STRING) module->name = name->text;
  return mlir_expect(p, ':') && mlir_read_function_type(p, &type) &&
         mlir_skip_location(p);
}

/* One module, or functions; aliases before and after. */
static bool read_text(mlir_parser *p) {
  bool has_module = false;
  bool has_items = false;
  while (!mlir_at_kind(p, MLIR_END)) {
    if (mlir_at_kind(p, MLIR_HASH) || mlir_at_kind(p, MLIR_BANG)) {
      if (!read_alias(p)) return false;
      continue;
    }
    if (mlir_at(p, '{')) {
      return mlir_unimplemented(p, p->token.place, "resources");
    }
    if (has_module) return mlir_expected(p, "nothing after the module");
    bool generic = mlir_at_kind(p, MLIR_STRING) &&
                   mlir_token_is(&p->token, "\"builtin.module\"");
    has_module = !has_items && (generic || mlir_at_word(p, "module"));
    has_items = true;
    bool read = !has_module ? read_item(p)
                            : mlir_next(p) && (generic ? read_generic_module(p)
                                                       : read_module(p));
    if (!read) return false;
  }
  if (p->error) return false;
  return has_items || mlir_expected(p, "a module or a function");
}

/* --- Parsing ------------------------------------------------------------- */

static bool name_ops(mlir_parser *p) {
  for (uint32_t id = PJRT_MLIR_OTHER + 1; id < PJRT_MLIR_NUM_OPS; id++) {
    const char *text = pjrt_mlir_op_name((pjrt_mlir_op_id)id);
    mlir_name name = {.text = text, .size = strlen(text), .index = id};
    if (!mlir_names_add(&p->op_names, &name)) return mlir_out_of_memory(p);
  }
  return true;
}

static bool parse(mlir_parser *p) {
  p->module = mlir_alloc(p, 1, sizeof *p->module);
  if (!p->module) return false;
  *p->module = (pjrt_mlir_module){.name = "", .arena = p->arena};
  if (!name_ops(p) || !mlir_next(p) || !read_text(p)) return false;
  p->module->funcs = p->funcs.items;
  p->module->num_funcs = p->funcs.num;
  p->module->ops = p->ops.items;
  p->module->num_ops = p->ops.num;
  return mlir_verify(p);
}

pjrt_error *pjrt_mlir_parse(const char *text, size_t size,
                            pjrt_mlir_module **out) {
  *out = NULL;
  /* Lines, columns and values are numbered in 32 bits. */
  if (size >= UINT32_MAX / 2) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "1:1: a text of %zu bytes is too large", size);
  }
  mlir_parser p = {.text = text,
                   .end = text + size,
                   .cursor = text,
                   .line_start = text,
                   .line = 1,
                   .arena = mlir_arena_new()};
  if (!p.arena) return pjrt_error_out_of_memory();
  bool parsed = parse(&p);
  mlir_names_clear(&p.in_scope);
  mlir_names_clear(&p.func_names);
  mlir_names_clear(&p.op_names);
  mlir_names_clear(&p.alias_names);
  if (parsed) {
    *out = p.module;
    return NULL;
  }
  mlir_arena_free(p.arena);
  return p.error;
}

void pjrt_mlir_free(pjrt_mlir_module *module) {
  if (module) mlir_arena_free(module->arena);
}
