/* The command pjrt: finds the verb, reads its options, runs it. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "help.h"

/* A file opened later must never take the number of a standard stream that
 * the caller closed. What is written to a closed stdout fails, as it should:
 * the stand-in is open for reading alone. */
static void hold_standard_streams(void) {
  for (int fd = 0; fd <= 2; fd++) {
    if (fcntl(fd, F_GETFD) == -1) {
      (void)!open("/dev/null", fd == STDOUT_FILENO ? O_RDONLY : O_RDWR);
    }
  }
}

static status usage(const struct cli *cli, char *complaint) {
  status code =
      fail(cli, STATUS_USAGE, "%s (pjrt help %s)", complaint, cli->verb->name);
  free(complaint);
  return code;
}

/* Whether the words that are no options are as many as the verb takes. */
static char *check_operands(const struct verb *verb, const texts *operands) {
  char *complaint = NULL;
  int size = 0;
  if (operands->num < verb->min_operands) {
    size = asprintf(&complaint, "%s is missing", verb->operands);
  } else if (operands->num > verb->max_operands) {
    size = asprintf(&complaint, "unexpected operand '%s'",
                    operands->items[verb->max_operands]);
  }
  return size < 0 ? strdup("out of memory") : complaint;
}

static status run_verb(struct cli *cli, char *const *argv) {
  const struct verb *verb = cli->verb;
  void *options = malloc(verb->options_size);
  if (!options) return fail_system(cli, "malloc");
  memcpy(options, verb->defaults, verb->options_size);
  const common_options *common = options;
  texts operands = {0};
  char *complaint =
      options_read(verb->options, verb->num_options, argv, options, &operands);
  if (!complaint && !common->help) complaint = check_operands(verb, &operands);
  cli->verbose = common->verbose;
  cli->timeout_s = common->timeout_s;
  status code;
  if (complaint) {
    code = usage(cli, complaint);
  } else if (common->help) {
    print_verb_help(cli->out, verb);
    code = STATUS_OK;
  } else {
    code = verb->run(cli, options, &operands);
  }
  options_free(verb->options, verb->num_options, options, &operands);
  free(options);
  return code;
}

static status run_command(struct cli *cli, char *const *argv) {
  const char *word = *argv;
  if (!word) {
    print_overview(cli->err);
    return STATUS_USAGE;
  }
  if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
    print_overview(cli->out);
    return STATUS_OK;
  }
  if (strcmp(word, "--version") == 0) word = "version";
  size_t num_words = 1;
  cli->verb = find_verb(word, argv[1], &num_words);
  if (!cli->verb) return unknown_verb(cli, word, argv[1]);
  return run_verb(cli, argv + num_words);
}

int main(int argc, char **argv) {
  hold_standard_streams();
  /* A reader that went away shows as a failed write, with its own status. */
  signal(SIGPIPE, SIG_IGN);
  struct cli cli = {.out = stdout, .err = stderr};
  status code = run_command(&cli, argv + (argc > 0));
  return (int)finish_output(&cli, code);
}
