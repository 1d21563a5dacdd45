#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "conform.h"
#include "conform_compare.h"
#include "json_text.h"
#include "spinner.h"

/* ---- counting ------------------------------------------------------------ */

/* How many programs share a reason. */
struct group {
  const char *name;
  size_t num;
};

struct tally {
  size_t verdicts[NUM_VERDICTS];
  size_t expected[NUM_VERDICTS]; /* of them, listed as exceptions */
  size_t num_bad;
  size_t num_good;
};

static struct tally count(const struct test_programs *programs,
                          const struct ledger *ledger) {
  struct tally tally = {0};
  for (size_t i = 0; i < programs->num; i++) {
    const struct test_program *program = &programs->items[i];
    const struct test_result *result = &ledger->results[i];
    const surprise surprised = result_surprise(program, result);
    tally.verdicts[result->verdict]++;
    if (program->exception && surprised == SURPRISE_NONE) {
      tally.expected[result->verdict]++;
    }
    tally.num_bad += surprised == SURPRISE_BAD;
    tally.num_good += surprised == SURPRISE_GOOD;
  }
  return tally;
}

/* The largest first. */
static int compare_groups(const void *a, const void *b) {
  const struct group *left = a, *right = b;
  if (left->num != right->num) return left->num < right->num ? 1 : -1;
  return strcmp(left->name, right->name);
}

/* The reasons of one verdict, for free(). */
static struct group *group(const struct test_programs *programs,
                           const struct ledger *ledger, verdict of,
                           size_t *out_num) {
  struct group *groups = calloc(programs->num, sizeof *groups);
  size_t num = 0;
  for (size_t i = 0; groups && i < programs->num; i++) {
    const struct test_result *result = &ledger->results[i];
    if (result->verdict != of || !*result->group) continue;
    size_t g = 0;
    while (g < num && strcmp(groups[g].name, result->group) != 0) g++;
    if (g == num) groups[num++].name = result->group;
    groups[g].num++;
  }
  if (groups) qsort(groups, num, sizeof *groups, compare_groups);
  *out_num = groups ? num : 0;
  return groups;
}

/* ---- text ---------------------------------------------------------------- */

static void print_groups(FILE *out, const struct test_programs *programs,
                         const struct ledger *ledger, verdict of) {
  size_t num;
  struct group *groups = group(programs, ledger, of, &num);
  for (size_t g = 0; g < num; g++) {
    fprintf(out, "%s%zu %s", g ? ", " : ": ", groups[g].num, groups[g].name);
  }
  free(groups);
}

/* What was not expected, and what was so by the list. */
static void print_program(FILE *out, const struct test_program *program,
                          const struct test_result *result) {
  const struct exception *exception = program->exception;
  switch (result_surprise(program, result)) {
    case SURPRISE_BAD:
      fprintf(out, "%-12s %s: %s\n", verdict_name(result->verdict),
              program->name, result->cause);
      break;
    case SURPRISE_GOOD:
      fprintf(out, "%-12s %s: passes, listed as %s: %s\n", "better",
              program->name, verdict_name(exception->verdict),
              exception->cause);
      break;
    case SURPRISE_NONE:
      if (!exception || result->verdict == VERDICT_SKIPPED) break;
      fprintf(out, "%-12s %s: %s: %s\n", "expected", program->name,
              result->cause, exception->cause);
      break;
  }
}

static status print_text(const struct cli *cli,
                         const struct test_programs *programs,
                         const struct ledger *ledger,
                         const struct tally *tally) {
  for (size_t i = 0; i < programs->num; i++) {
    print_program(cli->out, &programs->items[i], &ledger->results[i]);
  }
  for (verdict v = VERDICT_PASSED; v < NUM_VERDICTS; v++) {
    fprintf(cli->out, "%-12s %zu", verdict_name(v), tally->verdicts[v]);
    if (tally->expected[v]) {
      fprintf(cli->out, ", %zu of them expected", tally->expected[v]);
    }
    print_groups(cli->out, programs, ledger, v);
    fputc('\n', cli->out);
  }
  return STATUS_OK;
}

/* ---- JSON ---------------------------------------------------------------- */

static json_t *string_json(const char *text) {
  json_t *string = text_json(text, strlen(text));
  return string ? string : json_null();
}

static json_t *result_json(const struct test_program *program,
                           const struct test_result *result) {
  json_t *one = json_object();
  json_object_set_new(one, "name", string_json(program->name));
  json_object_set_new(one, "verdict",
                      string_json(verdict_name(result->verdict)));
  json_object_set_new(
      one, "expected",
      json_boolean(result_surprise(program, result) == SURPRISE_NONE));
  json_object_set_new(one, "checks",
                      json_integer((json_int_t)result->num_checks));
  json_object_set_new(one, "ulps",
                      result->max_ulps == ULPS_INFINITE
                          ? json_null()
                          : json_integer((json_int_t)result->max_ulps));
  json_object_set_new(one, "ns", json_integer(result->time_ns));
  if (*result->cause) {
    json_object_set_new(one, "cause", string_json(result->cause));
  }
  if (*result->group) {
    json_object_set_new(one, "group", string_json(result->group));
  }
  return one;
}

static status print_json(const struct cli *cli, const conform_options *options,
                         const struct test_programs *programs,
                         const struct ledger *ledger, const struct tally *tally,
                         int64_t time_ns) {
  json_t *all = json_object();
  json_object_set_new(all, "folder", string_json(options->folder));
  json_object_set_new(all, "plugin", string_json(ledger->target.plugin));
  json_object_set_new(all, "api_minor", json_integer(ledger->target.api_minor));
  json_object_set_new(all, "platform", string_json(ledger->target.platform));
  for (verdict v = VERDICT_PASSED; v < NUM_VERDICTS; v++) {
    const char *name = v == VERDICT_TIMED_OUT ? "timed_out" : verdict_name(v);
    json_object_set_new(all, name,
                        json_integer((json_int_t)tally->verdicts[v]));
  }
  json_object_set_new(all, "unexpected",
                      json_integer((json_int_t)tally->num_bad));
  json_object_set_new(all, "better", json_integer((json_int_t)tally->num_good));
  json_object_set_new(all, "ns", json_integer(time_ns));
  json_t *list = json_array();
  for (size_t i = 0; i < programs->num; i++) {
    json_array_append_new(
        list, result_json(&programs->items[i], &ledger->results[i]));
  }
  json_object_set_new(all, "programs", list);
  int failed = json_dumpf(all, cli->out, JSON_INDENT(2));
  fputc('\n', cli->out);
  json_decref(all);
  return failed && !ferror(cli->out) ? fail_system(cli, "json_dumpf")
                                     : STATUS_OK;
}

status conform_report(const struct cli *cli, const conform_options *options,
                      const struct test_programs *programs,
                      const struct ledger *ledger, int64_t time_ns) {
  const struct tally tally = count(programs, ledger);
  const status code = options->json ? print_json(cli, options, programs, ledger,
                                                 &tally, time_ns)
                                    : print_text(cli, programs, ledger, &tally);
  if (code != STATUS_OK || !tally.num_bad) return code;
  return fail(cli, STATUS_DIFFERS,
              "%zu of %zu programs did not do what was expected", tally.num_bad,
              programs->num);
}

/* ---- while it runs ------------------------------------------------------- */

#define BAR_WIDTH 30

/* Workers write meanwhile; the next drawing shows what this one missed. */
void progress_draw(const struct cli *cli, const struct ledger *ledger,
                   size_t num_programs) {
  if (spinner_style_for(cli->err) != SPINNER_ANIMATED || !num_programs) return;
  size_t num = 0, num_bad = 0;
  for (size_t i = 0; i < num_programs; i++) {
    const verdict v = ledger->results[i].verdict;
    num += v != VERDICT_NONE;
    num_bad +=
        v == VERDICT_FAILED || v == VERDICT_CRASHED || v == VERDICT_TIMED_OUT;
  }
  const int filled = (int)(num * BAR_WIDTH / num_programs);
  fprintf(cli->err, "\r\x1b[K[%.*s%*s] %zu of %zu, %zu failed", filled,
          "##############################", BAR_WIDTH - filled, "", num,
          num_programs, num_bad);
  fflush(cli->err);
}

void progress_erase(const struct cli *cli) {
  if (spinner_style_for(cli->err) != SPINNER_ANIMATED) return;
  fputs("\r\x1b[K", cli->err);
  fflush(cli->err);
}
