/* What a plugin writes to stdout and stderr: kept in memory, and shown when
 * something failed. A pipe could fill up and stop the plugin; this cannot. */
#ifndef CLI_CHATTER_H_
#define CLI_CHATTER_H_

#include <stddef.h>
#include <stdio.h>

/* A descriptor to write to, or -1: then the chatter goes to stderr at once. */
int chatter_create(void);

/* Shows the last lines, indented. */
void chatter_show(int fd, FILE *to);

/* Copies the line that says why the process ended, as far as one can tell: the
 * first fatal one, or the first of all; "" when there is none. */
void chatter_cause(int fd, char *out, size_t size);

#endif /* CLI_CHATTER_H_ */
