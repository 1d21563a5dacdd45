/* pjrt help, and pjrt version, which is no larger. */
#include <string.h>

#include "cli.h"
#include "help.h"

static status run_help(struct cli *cli, const void *options,
                       const texts *operands) {
  (void)options;
  if (operands->num == 0) {
    print_overview(cli->out);
    return STATUS_OK;
  }
  const char *first = operands->items[0];
  const char *second = operands->num > 1 ? operands->items[1] : NULL;
  if (strcmp(first, "exit-codes") == 0) {
    print_exit_codes(cli->out);
    return STATUS_OK;
  }
  size_t num_words;
  const struct verb *verb = find_verb(first, second, &num_words);
  if (!verb) return unknown_verb(cli, first, second);
  print_verb_help(cli->out, verb);
  return STATUS_OK;
}

static status run_version(struct cli *cli, const void *options,
                          const texts *operands) {
  (void)options;
  (void)operands;
  fprintf(cli->out, "pjrt %s\n", pjrt_version());
  return STATUS_OK;
}

static const struct option plain_options[] = {
    {"help", NULL, OPTION_FLAG, offsetof(common_options, help), "show this"},
};

static const common_options plain_defaults = {0};

const struct verb verb_help = {
    .name = "help",
    .operands = "[COMMAND | exit-codes]",
    .summary = "explain a command or the exit codes",
    .about =
        "Explains a command with its options and examples. \"exit-codes\" "
        "lists what\nthe exit status of every command means.",
    .examples =
        "  pjrt help run\n"
        "  pjrt help plugin doctor\n"
        "  pjrt help exit-codes\n",
    .options = plain_options,
    .num_options = 1,
    .defaults = &plain_defaults,
    .options_size = sizeof plain_defaults,
    .max_operands = 2,
    .run = run_help,
};

const struct verb verb_version = {
    .name = "version",
    .operands = "",
    .summary = "print the version",
    .about = "Prints the version of the library that the command runs with.",
    .examples = "  pjrt version\n",
    .options = plain_options,
    .num_options = 1,
    .defaults = &plain_defaults,
    .options_size = sizeof plain_defaults,
    .run = run_version,
};
