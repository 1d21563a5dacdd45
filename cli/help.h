/* Help texts, made from the verbs' tables. */
#ifndef CLI_HELP_H_
#define CLI_HELP_H_

#include "cli.h"

/* The verb that one or two words name, and how many words that took. */
const struct verb *find_verb(const char *first, const char *second,
                             size_t *out_num_words);

/* Says that there is no such verb, and what may have been meant. */
status unknown_verb(const struct cli *cli, const char *first,
                    const char *second);

void print_overview(FILE *to);
void print_verb_help(FILE *to, const struct verb *verb);
void print_exit_codes(FILE *to);

#endif /* CLI_HELP_H_ */
