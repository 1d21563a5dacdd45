#include <errno.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>

#include "conform.h"
#include "files.h"

static const char *const verdict_names[NUM_VERDICTS] = {
    "not run", "passed",    "failed", "unsupported",
    "crashed", "timed out", "skipped"};

const char *verdict_name(verdict of) { return verdict_names[of]; }

/* ---- exceptions ---------------------------------------------------------- */

/* Cuts the text at ": " and gives what follows; NULL when it has none. */
static char *cut_at_colon(char *text) {
  char *colon = strstr(text, ": ");
  if (!colon) return NULL;
  *colon = '\0';
  return colon + 2;
}

/* "failed" or "failed, 5 ulps". */
static bool read_verdict(char *text, struct exception *out) {
  char *comma = strchr(text, ',');
  if (comma) {
    *comma = '\0';
    char *end;
    out->max_ulps = strtoull(comma + 1, &end, 10);
    if (!out->max_ulps || strcmp(end, " ulps") != 0) return false;
  }
  for (size_t i = VERDICT_FAILED; i < VERDICT_SKIPPED; i++) {
    if (strcmp(text, verdict_names[i]) == 0) out->verdict = (verdict)i;
  }
  return out->verdict != VERDICT_NONE;
}

static bool read_exception(char *line, struct exception *out) {
  *out = (struct exception){.name = line};
  char *said = cut_at_colon(line);
  char *cause = said ? cut_at_colon(said) : NULL;
  if (!cause || !*line || !*cause) return false;
  out->cause = cause;
  return read_verdict(said, out);
}

static status read_lines(const struct cli *cli, const char *path,
                         struct exceptions *out) {
  size_t number = 0;
  char *rest = out->text;
  for (char *line; (line = strsep(&rest, "\n"));) {
    number++;
    if (!*line || *line == '#') continue;
    if (!read_exception(line, &out->items[out->num])) {
      return fail(cli, STATUS_INPUT,
                  "%s:%zu: expected 'NAME: VERDICT[, N ulps]: CAUSE'", path,
                  number);
    }
    out->num++;
  }
  return STATUS_OK;
}

static size_t count_lines(const char *text) {
  size_t num = 1;
  for (; *text; text++) num += *text == '\n';
  return num;
}

status exceptions_read(const struct cli *cli, const char *path,
                       struct exceptions *out) {
  *out = (struct exceptions){0};
  if (!path) return STATUS_OK;
  size_t size;
  char *bytes = read_whole_file(path, &size);
  if (!bytes) {
    return fail(cli, STATUS_INPUT, "cannot read %s: %s", path, strerror(errno));
  }
  out->text = strndup(bytes, size);
  free(bytes);
  if (!out->text) return fail_system(cli, "strndup");
  out->items = calloc(count_lines(out->text), sizeof *out->items);
  if (!out->items) return fail_system(cli, "calloc");
  return read_lines(cli, path, out);
}

void exceptions_free(struct exceptions *exceptions) {
  free(exceptions->items);
  free(exceptions->text);
}

/* ---- programs ------------------------------------------------------------ */

#define SUFFIX ".mlir"

static bool add_program(struct test_programs *programs, const char *path,
                        const char *name, size_t name_size) {
  struct test_program *items =
      realloc(programs->items, (programs->num + 1) * sizeof *items);
  if (!items) return false;
  programs->items = items;
  struct test_program *program = &items[programs->num++];
  *program = (struct test_program){.path = strdup(path),
                                   .name = strndup(name, name_size)};
  return program->path && program->name;
}

/* Adds a file if it is a program whose name matches. */
static bool add_file(struct test_programs *programs, const char *path,
                     size_t folder_size, const char *match) {
  const char *name = path + folder_size;
  while (*name == '/') name++;
  const size_t size = strlen(name);
  const size_t suffix = strlen(SUFFIX);
  if (size <= suffix || strcmp(name + size - suffix, SUFFIX) != 0) return true;
  if (match && !memmem(name, size - suffix, match, strlen(match))) return true;
  return add_program(programs, path, name, size - suffix);
}

/* A link to nowhere is one that cannot be read. */
static bool is_file(const FTSENT *entry) {
  return entry->fts_info == FTS_F || entry->fts_info == FTS_SLNONE;
}

static status walk(const struct cli *cli, const char *folder, const char *match,
                   struct test_programs *programs) {
  char *roots[] = {(char *)(uintptr_t)folder, NULL};
  FTS *tree = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, NULL);
  if (!tree) return fail_system(cli, "fts_open");
  status code = STATUS_OK;
  FTSENT *entry;
  while (code == STATUS_OK && (entry = fts_read(tree))) {
    if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR ||
        entry->fts_info == FTS_NS) {
      code = fail(cli, STATUS_INPUT, "cannot read %s: %s", entry->fts_path,
                  strerror(entry->fts_errno));
    } else if (is_file(entry) &&
               !add_file(programs, entry->fts_path, strlen(folder), match)) {
      code = fail_system(cli, "malloc");
    }
  }
  /* fts_read clears errno at the end. */
  if (code == STATUS_OK && errno) code = fail_system(cli, "fts_read");
  fts_close(tree);
  return code;
}

static int compare_names(const void *a, const void *b) {
  return strcmp(((const struct test_program *)a)->name,
                ((const struct test_program *)b)->name);
}

/* A name that no program has is a mistake, unless only some were asked for. */
static status apply_exceptions(const struct cli *cli, const char *match,
                               const struct exceptions *exceptions,
                               struct test_programs *programs) {
  for (size_t i = 0; i < exceptions->num; i++) {
    const struct exception *exception = &exceptions->items[i];
    const struct test_program key = {.name = exception->name};
    struct test_program *program = bsearch(&key, programs->items, programs->num,
                                           sizeof key, compare_names);
    if (program) {
      program->exception = exception;
    } else if (!match) {
      return fail(cli, STATUS_INPUT, "--exceptions: there is no program %s",
                  exception->name);
    }
  }
  return STATUS_OK;
}

status programs_find(const struct cli *cli, const char *folder,
                     const char *match, const struct exceptions *exceptions,
                     struct test_programs *out) {
  *out = (struct test_programs){0};
  status code = walk(cli, folder, match, out);
  if (code != STATUS_OK) return code;
  if (!out->num) {
    return fail(cli, STATUS_INPUT, "no " SUFFIX " file%s%s below %s",
                match ? " with this in its name: " : "", match ? match : "",
                folder);
  }
  qsort(out->items, out->num, sizeof *out->items, compare_names);
  return apply_exceptions(cli, match, exceptions, out);
}

void programs_free(struct test_programs *programs) {
  for (size_t i = 0; i < programs->num; i++) {
    free(programs->items[i].path);
    free(programs->items[i].name);
  }
  free(programs->items);
}

/* ---- judging ------------------------------------------------------------- */

surprise result_surprise(const struct test_program *program,
                         const struct test_result *result) {
  const struct exception *exception = program->exception;
  if (result->verdict == VERDICT_PASSED) {
    return exception ? SURPRISE_GOOD : SURPRISE_NONE;
  }
  if (result->verdict == VERDICT_SKIPPED) return SURPRISE_NONE;
  if (exception && exception->verdict == result->verdict) {
    const bool is_worse =
        exception->max_ulps && result->max_ulps > exception->max_ulps;
    return is_worse ? SURPRISE_BAD : SURPRISE_NONE;
  }
  /* No plugin must do everything, but it must say so. */
  return result->verdict == VERDICT_UNSUPPORTED ? SURPRISE_NONE : SURPRISE_BAD;
}
