/* Command lines, read by table: each option is a row that says its name, what
 * it takes, and where in the verb's options struct its value goes. */
#ifndef CLI_OPTIONS_H_
#define CLI_OPTIONS_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Texts of the command line, borrowed from argv. */
typedef struct texts {
  const char **items;
  size_t num;
} texts;

/* What an option takes, and the type of the field it goes to. */
typedef enum option_kind {
  OPTION_FLAG,  /* nothing: bool */
  OPTION_TEXT,  /* a text, the last one wins: const char * */
  OPTION_TEXTS, /* a text, any number of times: texts */
  OPTION_COUNT, /* a whole number of at least 0: int64_t */
  OPTION_NUMBER /* a number of at least 0: double */
} option_kind;

struct option {
  const char *name;     /* without the dashes */
  const char *argument; /* what the help calls its value; NULL for flags */
  option_kind kind;
  size_t offset;
  const char *help;
};

/* Reads argv[0] to its terminating NULL: "--name=value", "--name value",
 * "--flag", "--" before operands that start with a dash; "-" alone is an
 * operand. Returns NULL, or a one-line complaint for free(). The lists it
 * makes need options_free either way. */
char *options_read(const struct option *options, size_t num_options,
                   char *const *argv, void *into, texts *operands);

void options_free(const struct option *options, size_t num_options, void *into,
                  texts *operands);

/* The one of `names` that `word` most likely means; NULL when none is near. */
const char *nearest(const char *word, const char *const *names, size_t num);

#endif /* CLI_OPTIONS_H_ */
