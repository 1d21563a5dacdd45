/* What all sub-commands share: exit statuses, the table of verbs, and how
 * failures are told. */
#ifndef CLI_H_
#define CLI_H_

#include <stdbool.h>
#include <stdio.h>

#include <pjrt/pjrt.h>

#include "options.h"

/* The exit statuses. `pjrt help exit-codes` prints their table, help.c. */
typedef enum status {
  STATUS_OK = 0,
  STATUS_DIFFERS = 1,
  STATUS_USAGE = 2,
  STATUS_INPUT = 3,
  STATUS_PLUGIN = 4,
  STATUS_COMPILE = 5,
  STATUS_EXECUTE = 6,
  STATUS_OUTPUT = 7,
  STATUS_CRASH = 8,
  STATUS_TIMEOUT = 9,
  STATUS_SYSTEM = 10
} status;

/* The options of every verb. A verb's own options struct starts with these. */
typedef struct common_options {
  bool help;
  bool verbose;
  double timeout_s; /* 0: none */
} common_options;

/* Their rows, which end every verb's table. */
#define COMMON_OPTIONS(type)                                              \
  {"timeout", "SECONDS", OPTION_NUMBER, offsetof(type, common.timeout_s), \
   "give up when one call into the plugin takes longer, and\n"            \
   "name it"},                                                            \
      {"verbose", NULL, OPTION_FLAG, offsetof(type, common.verbose),      \
       "show what the plugin writes to stdout and stderr"},               \
      {"help", NULL, OPTION_FLAG, offsetof(type, common.help), "show this"}

struct board;
struct cli;

struct verb {
  const char *name;     /* "run", "plugin list" */
  const char *operands; /* "MODEL" */
  const char *summary;  /* one line for the list of verbs */
  const char *about;    /* what the help page tells */
  const char *examples; /* indented, one a line */
  const struct option *options;
  size_t num_options;
  const void *defaults; /* what the options are before they are read */
  size_t options_size;
  size_t min_operands;
  size_t max_operands;
  status (*run)(struct cli *cli, const void *options, const texts *operands);
};

/* One invocation. Data goes to `out` and nothing else does; messages go to
 * `err`. Code that runs in a worker (supervise.h) gets streams that the plugin
 * cannot write to. */
struct cli {
  const struct verb *verb;
  FILE *out;
  FILE *err;
  bool verbose;
  double timeout_s;
  struct board *board; /* where a worker says what it does; supervise.h */
};

extern const struct verb verb_run;
extern const struct verb verb_bench;
extern const struct verb verb_compile;
extern const struct verb verb_cache;
extern const struct verb verb_conform;
extern const struct verb verb_info;
extern const struct verb verb_profile;
extern const struct verb verb_plugin_list;
extern const struct verb verb_plugin_install;
extern const struct verb verb_plugin_doctor;
extern const struct verb verb_help;
extern const struct verb verb_version;

/* Prints "pjrt VERB: ..." as one line and returns `code`. */
status fail(const struct cli *cli, status code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same, followed by what the error says. A message of several lines
 * becomes one.
 * @param error [taken] */
status fail_error(const struct cli *cli, status code, pjrt_error *error,
                  const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The same for an error that names its thing itself, as those about files and
 * plugins do.
 * @param error [taken] */
status fail_plainly(const struct cli *cli, status code, pjrt_error *error);

/* Out of memory, fork and the like: names the operation and errno's text. */
status fail_system(const struct cli *cli, const char *operation);

/* Flushes the data. A full disk or a closed pipe is told here at the latest,
 * and turns success into STATUS_OUTPUT. */
status finish_output(const struct cli *cli, status code);

#endif /* CLI_H_ */
