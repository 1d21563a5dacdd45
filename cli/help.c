#include "help.h"

#include <stdlib.h>
#include <string.h>

static const struct verb *const verbs[] = {
    &verb_run,           &verb_compile, &verb_bench,       &verb_profile,
    &verb_cache,         &verb_info,    &verb_plugin_list, &verb_plugin_install,
    &verb_plugin_doctor, &verb_conform, &verb_help,        &verb_version,
};
#define NUM_VERBS (sizeof verbs / sizeof *verbs)

static const struct {
  status code;
  const char *meaning;
} exit_codes[] = {
    {STATUS_OK, "success"},
    {STATUS_DIFFERS,
     "a result differs from its --expected-output, or a program of "
     "pjrt conform failed"},
    {STATUS_USAGE, "the command line is wrong; nothing was done"},
    {STATUS_INPUT,
     "a model, array or other file cannot be read, is not "
     "valid, or does not fit the program"},
    {STATUS_PLUGIN,
     "the plugin cannot be found, loaded or installed, or "
     "cannot make a client or describe the target"},
    {STATUS_COMPILE, "the plugin does not compile the program"},
    {STATUS_EXECUTE, "uploading, running or downloading failed"},
    {STATUS_OUTPUT,
     "a result cannot be written: stdout, --output, "
     "--save-executable or --save-hlo"},
    {STATUS_CRASH, "the plugin ended its process; the call is named"},
    {STATUS_TIMEOUT, "a call took longer than --timeout; it is named"},
    {STATUS_SYSTEM, "the system gave no memory, process or the like"},
};

const struct verb *find_verb(const char *first, const char *second,
                             size_t *out_num_words) {
  for (size_t i = 0; i < NUM_VERBS; i++) {
    const char *name = verbs[i]->name;
    const char *blank = strchr(name, ' ');
    size_t size = blank ? (size_t)(blank - name) : strlen(name);
    if (strncmp(name, first, size) != 0 || first[size]) continue;
    if (blank && (!second || strcmp(blank + 1, second) != 0)) continue;
    *out_num_words = blank ? 2 : 1;
    return verbs[i];
  }
  return NULL;
}

/* "plugin" alone is half a verb; its other halves are told. */
static status half_verb(const struct cli *cli, const char *second) {
  if (!second || second[0] == '-') {
    return fail(cli, STATUS_USAGE,
                "'plugin' wants list, install or doctor after it (pjrt help)");
  }
  static const char *const halves[] = {"list", "install", "doctor"};
  const char *near = nearest(second, halves, 3);
  return fail(cli, STATUS_USAGE, "there is no 'plugin %s'; %s%s%s", second,
              near ? "did you mean 'plugin " : "there are list, install, ",
              near ? near : "doctor", near ? "'?" : "");
}

status unknown_verb(const struct cli *cli, const char *first,
                    const char *second) {
  if (strcmp(first, "plugin") == 0) return half_verb(cli, second);
  const char *names[NUM_VERBS + 1];
  for (size_t i = 0; i < NUM_VERBS; i++) names[i] = verbs[i]->name;
  names[NUM_VERBS] = "plugin";
  const char *near = nearest(first, names, NUM_VERBS + 1);
  if (near) {
    return fail(cli, STATUS_USAGE,
                "there is no command '%s'; did you mean '%s'?", first, near);
  }
  return fail(cli, STATUS_USAGE,
              "there is no command '%s'; pjrt help lists them", first);
}

void print_overview(FILE *to) {
  fputs(
      "pjrt runs machine learning models through PJRT plugins: one shared\n"
      "library per kind of hardware (CPU, CUDA, TPU, ...).\n"
      "\n"
      "usage: pjrt COMMAND [OPTION...]\n"
      "\n",
      to);
  for (size_t i = 0; i < NUM_VERBS; i++) {
    fprintf(to, "  %-15s  %s\n", verbs[i]->name, verbs[i]->summary);
  }
  fputs(
      "\n"
      "A first run, with a plugin from PyPI:\n"
      "  pjrt plugin install cpu\n"
      "  pjrt info\n"
      "  pjrt run model.mlir --input=4xf32=1,2,3,4\n"
      "\n"
      "pjrt help COMMAND tells more, pjrt help exit-codes what the exit\n"
      "status means.\n",
      to);
}

/* The column at which the explanations of options stand. */
#define HELP_COLUMN 24

static void print_option(FILE *to, const struct option *option) {
  int size =
      fprintf(to, "  --%s%s%s", option->name, option->argument ? "=" : "",
              option->argument ? option->argument : "");
  if (size > HELP_COLUMN - 2) {
    fputc('\n', to);
    size = 0;
  }
  fprintf(to, "%*s", HELP_COLUMN - size, "");
  for (const char *c = option->help; *c; c++) {
    fputc(*c, to);
    if (*c == '\n') fprintf(to, "%*s", HELP_COLUMN, "");
  }
  fputc('\n', to);
}

void print_verb_help(FILE *to, const struct verb *verb) {
  fprintf(to, "usage: pjrt %s %s%s[OPTION...]\n\n%s\n\nOptions:\n", verb->name,
          verb->operands, *verb->operands ? " " : "", verb->about);
  for (size_t i = 0; i < verb->num_options; i++) {
    print_option(to, &verb->options[i]);
  }
  fprintf(to, "\nExamples:\n%s", verb->examples);
}

void print_exit_codes(FILE *to) {
  fputs("The exit status of every command:\n\n", to);
  for (size_t i = 0; i < sizeof exit_codes / sizeof *exit_codes; i++) {
    fprintf(to, "  %2d  %s\n", (int)exit_codes[i].code, exit_codes[i].meaning);
  }
}
