#include "conform_program.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A part of the text. */
struct span {
  const char *begin;
  const char *end;
};

struct rewriter {
  const char *copied; /* what comes before is in `out` already */
  const char *end;
  FILE *out;
  struct conform_program *program;
};

/* ---- text ---------------------------------------------------------------- */

static bool starts_with(const char *at, const char *end, const char *word) {
  const size_t size = strlen(word);
  return (size_t)(end - at) >= size && memcmp(at, word, size) == 0;
}

static bool is_name(char c) {
  return isalnum((unsigned char)c) || c == '_' || c == '.' || c == '$';
}

static const char *skip_blanks(const char *at, const char *end) {
  while (at < end && isspace((unsigned char)*at)) at++;
  return at;
}

/* Behind the string that starts at `at`. */
static const char *skip_string(const char *at, const char *end) {
  for (at++; at < end && *at != '"'; at++) {
    if (*at == '\\' && at + 1 < end) at++;
  }
  return at < end ? at + 1 : end;
}

static const char *skip_line(const char *at, const char *end) {
  const char *newline = memchr(at, '\n', (size_t)(end - at));
  return newline ? newline : end;
}

/* Behind the string, comment or character that starts at `at`. */
static const char *skip_one(const char *at, const char *end) {
  if (*at == '"') return skip_string(at, end);
  if (starts_with(at, end, "//")) return skip_line(at, end);
  /* The arrow of a function type closes no bracket. */
  return starts_with(at, end, "->") ? at + 2 : at + 1;
}

/* Behind the bracket that closes the one at `at`. */
static const char *skip_brackets(const char *at, const char *end) {
  size_t depth = 0;
  while (at < end) {
    const char c = *at;
    if (strchr("([{<", c)) depth++;
    if (strchr(")]}>", c)) depth--;
    at = skip_one(at, end);
    if (depth == 0) break;
  }
  return at;
}

/* ---- dictionaries -------------------------------------------------------- */

/* The value of an entry of a dictionary, "{name = value, ...}". False when it
 * has none of this name. */
static bool dictionary_find(struct span dictionary, const char *name,
                            struct span *out) {
  const char *at = dictionary.begin + 1;
  const char *end = dictionary.end - 1;
  while (at < end) {
    at = skip_blanks(at, end);
    const char *key = at;
    while (at < end && is_name(*at)) at++;
    const bool found = (size_t)(at - key) == strlen(name) &&
                       memcmp(key, name, strlen(name)) == 0;
    at = skip_blanks(at, end);
    if (at < end && *at == '=') at = skip_blanks(at + 1, end);
    out->begin = at;
    while (at < end && *at != ',') {
      at = strchr("([{<", *at) ? skip_brackets(at, end) : skip_one(at, end);
    }
    out->end = at;
    if (found) return true;
    at++;
  }
  return false;
}

static bool dictionary_has(struct span dictionary, const char *name) {
  struct span value;
  return dictionary_find(dictionary, name, &value);
}

static bool dictionary_is_empty(struct span dictionary) {
  return skip_blanks(dictionary.begin + 1, dictionary.end) + 1 ==
         dictionary.end;
}

/* ---- check calls --------------------------------------------------------- */

static void copy_up_to(struct rewriter *rewriter, const char *to) {
  fwrite(rewriter->copied, 1, (size_t)(to - rewriter->copied), rewriter->out);
  rewriter->copied = to;
}

/* Attributes beside the call's own never reach a handler; those of its
 * backend_config do. */
static void write_bounds(FILE *out, struct span dictionary) {
  static const char *const bounds[] = {"max_ulp_difference",
                                       "min_ulp_difference", "tolerance"};
  const char *separator = "backend_config = {";
  for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
    struct span value;
    if (!dictionary_find(dictionary, bounds[i], &value)) continue;
    fprintf(out, "%s%s = %.*s", separator, bounds[i],
            (int)(value.end - value.begin), value.begin);
    separator = ", ";
  }
  if (*separator == ',') fputs("}, ", out);
}

/* Adds what is missing to the attributes of a check call: one without an effect
 * is nothing to a compiler. */
static void complete_attributes(struct rewriter *rewriter,
                                struct span dictionary) {
  static const char *const wanted[][2] = {{"api_version", "4 : i32"},
                                          {"has_side_effect", "true"}};
  const char *separator = dictionary_is_empty(dictionary) ? "" : ", ";
  copy_up_to(rewriter, dictionary.begin + 1);
  if (!dictionary_has(dictionary, "backend_config")) {
    write_bounds(rewriter->out, dictionary);
  }
  for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
    if (dictionary_has(dictionary, wanted[i][0])) continue;
    fprintf(rewriter->out, "%s = %s%s", wanted[i][0], wanted[i][1],
            i + 1 == sizeof wanted / sizeof *wanted ? separator : ", ");
  }
}

/* stablehlo.custom_call @check.expect_eq(%0, %1) {...} : ..., from "(" on. */
static const char *rewrite_call(struct rewriter *rewriter,
                                const char *operands) {
  const char *end = rewriter->end;
  const char *behind = skip_brackets(operands, end);
  const char *at = skip_blanks(behind, end);
  rewriter->program->num_checks++;
  if (at == end || *at != '{') {
    copy_up_to(rewriter, behind);
    fputs(" {api_version = 4 : i32, has_side_effect = true}", rewriter->out);
    return behind;
  }
  const struct span dictionary = {at, skip_brackets(at, end)};
  complete_attributes(rewriter, dictionary);
  return dictionary.end;
}

/* "stablehlo.custom_call"(%0, %1) <{call_target_name = "check.expect_eq"}> :
 * ..., from "(" on. */
static const char *rewrite_generic_call(struct rewriter *rewriter,
                                        const char *operands) {
  const char *end = rewriter->end;
  const char *behind = skip_brackets(operands, end);
  const char *at = skip_blanks(behind, end);
  if (at < end && *at == '<') at++;
  if (at == end || *at != '{') return behind;
  const struct span dictionary = {at, skip_brackets(at, end)};
  struct span target;
  if (dictionary_find(dictionary, "call_target_name", &target) &&
      starts_with(target.begin, target.end, "\"check.")) {
    rewriter->program->num_checks++;
    complete_attributes(rewriter, dictionary);
  }
  return dictionary.end;
}

/* Rewrites the call that starts at `at`, if one does. Behind what was read. */
static const char *rewrite_at(struct rewriter *rewriter, const char *at) {
  static const char pretty[] = "custom_call";
  static const char generic[] = "\"stablehlo.custom_call\"";
  const char *end = rewriter->end;
  if (starts_with(at, end, generic)) {
    at = skip_blanks(at + strlen(generic), end);
    return at < end && *at == '(' ? rewrite_generic_call(rewriter, at) : at;
  }
  if (!starts_with(at, end, pretty)) return skip_one(at, end);
  at = skip_blanks(at + strlen(pretty), end);
  const bool quoted = starts_with(at, end, "@\"check.");
  if (!quoted && !starts_with(at, end, "@check.")) return at;
  at = quoted ? skip_string(at + 1, end) : at + 1;
  while (at < end && is_name(*at)) at++;
  at = skip_blanks(at, end);
  return at < end && *at == '(' ? rewrite_call(rewriter, at) : at;
}

/* ---- what cannot be run -------------------------------------------------- */

/* Why a program cannot be run, the weightiest first. */
static const char *const reasons[] = {"several modules in a file",
                                      "quantized types", "dynamic shapes",
                                      "wants arguments", "checks nothing"};
#define NUM_REASONS (sizeof reasons / sizeof *reasons)

enum { SEVERAL_MODULES, QUANTIZED, DYNAMIC, ARGUMENTS, NO_CHECKS };

/* What speaks against the program at this place; NUM_REASONS: nothing. */
static size_t reason_at(const char *at, const char *end) {
  static const char type[] = "tensor<";
  static const char main_function[] = "@main(";
  if (starts_with(at, end, "// -----")) return SEVERAL_MODULES;
  if (starts_with(at, end, "!quant.")) return QUANTIZED;
  if (starts_with(at, end, type)) {
    const char *stop = memchr(at, '>', (size_t)(end - at));
    const size_t size = (size_t)((stop ? stop : end) - at);
    if (memchr(at, '?', size) || memchr(at, '*', size)) return DYNAMIC;
  } else if (starts_with(at, end, main_function)) {
    at = skip_blanks(at + strlen(main_function), end);
    if (at < end && *at != ')') return ARGUMENTS;
  }
  return NUM_REASONS;
}

bool conform_program_make(const char *text, size_t size,
                          struct conform_program *out) {
  *out = (struct conform_program){0};
  struct rewriter rewriter = {
      .copied = text, .end = text + size, .program = out};
  rewriter.out = open_memstream(&out->text, &out->size);
  if (!rewriter.out) return false;
  size_t weightiest = NUM_REASONS;
  for (const char *at = text; at < rewriter.end;) {
    const size_t reason = reason_at(at, rewriter.end);
    if (reason < weightiest) weightiest = reason;
    at = rewrite_at(&rewriter, at);
  }
  copy_up_to(&rewriter, rewriter.end);
  const bool failed = ferror(rewriter.out) != 0;
  if (fclose(rewriter.out) != 0 || failed) return false;
  if (weightiest == NUM_REASONS && !out->num_checks) weightiest = NO_CHECKS;
  if (weightiest < NUM_REASONS) out->skipped = reasons[weightiest];
  return true;
}

void conform_program_free(struct conform_program *program) {
  free(program->text);
}
