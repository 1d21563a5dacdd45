#include "options.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A word longer than this is nobody's typing error. */
#define MAX_WORD 40

static char *complain(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

static char *complain(const char *format, ...) {
  va_list args;
  va_start(args, format);
  char *text = NULL;
  if (vasprintf(&text, format, args) < 0) text = strdup("out of memory");
  va_end(args);
  return text;
}

static bool add_text(texts *list, const char *text) {
  const char **items =
      realloc(list->items, (list->num + 1) * sizeof *list->items);
  if (!items) return false;
  items[list->num++] = text;
  list->items = items;
  return true;
}

static size_t min3(size_t a, size_t b, size_t c) {
  size_t least = a < b ? a : b;
  return least < c ? least : c;
}

/* The number of letters to insert, drop or replace to get from a to b. */
static size_t edit_distance(const char *a, const char *b) {
  size_t row[MAX_WORD + 1];
  size_t size_b = strlen(b);
  for (size_t j = 0; j <= size_b; j++) row[j] = j;
  for (size_t i = 1; a[i - 1]; i++) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= size_b; j++) {
      size_t replace = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = min3(row[j] + 1, row[j - 1] + 1, replace);
    }
  }
  return row[size_b];
}

const char *nearest(const char *word, const char *const *names, size_t num) {
  size_t size = strlen(word);
  if (size > MAX_WORD) return NULL;
  const char *best = NULL;
  size_t best_distance = size / 3 + 1; /* farther is no typing error */
  for (size_t i = 0; i < num; i++) {
    if (strlen(names[i]) > MAX_WORD) continue;
    size_t distance = edit_distance(word, names[i]);
    if (distance < best_distance || (distance == best_distance && !best)) {
      best = names[i];
      best_distance = distance;
    }
  }
  return best;
}

static const struct option *find_option(const struct option *options,
                                        size_t num, const char *name,
                                        size_t name_size) {
  for (size_t i = 0; i < num; i++) {
    if (strlen(options[i].name) == name_size &&
        memcmp(options[i].name, name, name_size) == 0) {
      return &options[i];
    }
  }
  return NULL;
}

static char *complain_unknown(const struct option *options, size_t num,
                              const char *name, size_t name_size) {
  char word[MAX_WORD + 1] = "";
  if (name_size <= MAX_WORD) memcpy(word, name, name_size);
  const char **names = calloc(num, sizeof *names);
  if (!names) return complain("out of memory");
  for (size_t i = 0; i < num; i++) names[i] = options[i].name;
  const char *near = *word ? nearest(word, names, num) : NULL;
  free(names);
  if (near) {
    return complain("unknown option --%.*s; did you mean --%s?", (int)name_size,
                    name, near);
  }
  return complain("unknown option --%.*s; --help lists the options",
                  (int)name_size, name);
}

static char *read_count(const struct option *option, const char *text,
                        int64_t *out) {
  char *end = NULL;
  errno = 0;
  long long value = strtoll(text, &end, 10);
  if (errno || end == text || *end || value < 0) {
    return complain("--%s wants a whole number of at least 0, not '%s'",
                    option->name, text);
  }
  *out = value;
  return NULL;
}

static char *read_number(const struct option *option, const char *text,
                         double *out) {
  char *end = NULL;
  double value = strtod(text, &end);
  if (end == text || *end || !isfinite(value) || value < 0) {
    return complain("--%s wants a number of at least 0, not '%s'", option->name,
                    text);
  }
  *out = value;
  return NULL;
}

static char *store(const struct option *option, const char *value, void *into) {
  void *field = (char *)into + option->offset;
  switch (option->kind) {
    case OPTION_FLAG:
      *(bool *)field = true;
      return NULL;
    case OPTION_TEXT:
      *(const char **)field = value;
      return NULL;
    case OPTION_TEXTS:
      return add_text(field, value) ? NULL : complain("out of memory");
    case OPTION_COUNT:
      return read_count(option, value, field);
    case OPTION_NUMBER:
      return read_number(option, value, field);
  }
  return NULL;
}

/* Reads the option `word`, which stands at *argv, and steps over the value if
 * that is a word of its own. */
static char *read_option(const struct option *options, size_t num,
                         const char *word, char *const **argv, void *into) {
  const char *name = word + 2;
  size_t name_size = strcspn(name, "=");
  const char *value = name[name_size] ? name + name_size + 1 : NULL;
  const struct option *option = find_option(options, num, name, name_size);
  if (!option) return complain_unknown(options, num, name, name_size);
  if (option->kind == OPTION_FLAG) {
    if (value) return complain("--%s takes no value", option->name);
    return store(option, NULL, into);
  }
  if (!value) value = *++*argv;
  if (!value) {
    --*argv;
    return complain("--%s wants a value: --%s=%s", option->name, option->name,
                    option->argument);
  }
  return store(option, value, into);
}

char *options_read(const struct option *options, size_t num_options,
                   char *const *argv, void *into, texts *operands) {
  bool only_operands = false;
  for (; *argv; argv++) {
    const char *word = *argv;
    char *complaint = NULL;
    if (only_operands || word[0] != '-' || !word[1]) {
      if (!add_text(operands, word)) complaint = complain("out of memory");
    } else if (strcmp(word, "--") == 0) {
      only_operands = true;
    } else if (word[1] == '-') {
      complaint = read_option(options, num_options, word, &argv, into);
    } else if (strcmp(word, "-h") == 0) {
      complaint = read_option(options, num_options, "--help", &argv, into);
    } else {
      complaint =
          complain("unknown option %s; options start with two dashes", word);
    }
    if (complaint) return complaint;
  }
  return NULL;
}

void options_free(const struct option *options, size_t num_options, void *into,
                  texts *operands) {
  for (size_t i = 0; i < num_options; i++) {
    if (options[i].kind != OPTION_TEXTS) continue;
    texts *list = (texts *)((char *)into + options[i].offset);
    free(list->items);
  }
  free(operands->items);
}
