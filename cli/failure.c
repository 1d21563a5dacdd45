#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* Prints text as part of one line: line ends become " | " and other control
 * characters, which a plugin might send to a terminal, become blanks. */
static void print_flat(FILE *to, const char *text) {
  size_t size = strlen(text);
  while (size > 0 && strchr(" \r\n\t", text[size - 1])) size--;
  for (size_t i = 0; i < size; i++) {
    unsigned char c = (unsigned char)text[i];
    if (c == '\n') {
      fputs(" | ", to);
    } else {
      fputc(c < ' ' || c == 0x7f ? ' ' : c, to);
    }
  }
}

static void print_who(const struct cli *cli) {
  fprintf(cli->err, "pjrt%s%s: ", cli->verb ? " " : "",
          cli->verb ? cli->verb->name : "");
}

static void print_failure(const struct cli *cli, const char *format,
                          va_list args) {
  print_who(cli);
  char *text = NULL;
  if (vasprintf(&text, format, args) < 0) {
    fputs("out of memory", cli->err);
    return;
  }
  print_flat(cli->err, text);
  free(text);
}

status fail(const struct cli *cli, status code, const char *format, ...) {
  va_list args;
  va_start(args, format);
  print_failure(cli, format, args);
  va_end(args);
  fputc('\n', cli->err);
  return code;
}

/* The code and the call help where the plugin speaks; the library's own
 * messages stand alone. */
static void print_error(FILE *to, const pjrt_error *error) {
  bool from_plugin = pjrt_error_origin(error) == PJRT_ORIGIN_PLUGIN;
  if (from_plugin) {
    fprintf(to, "%s: ", pjrt_code_name(pjrt_error_code(error)));
  }
  print_flat(to, pjrt_error_message(error, NULL));
  const char *call = pjrt_error_call(error);
  const char *plugin = pjrt_error_plugin(error);
  if (from_plugin && *call && *plugin) {
    fprintf(to, " (%s, %s)", call, plugin);
  }
}

status fail_error(const struct cli *cli, status code, pjrt_error *error,
                  const char *format, ...) {
  va_list args;
  va_start(args, format);
  print_failure(cli, format, args);
  va_end(args);
  fputs(": ", cli->err);
  print_error(cli->err, error);
  fputc('\n', cli->err);
  pjrt_error_free(error);
  return code;
}

status fail_plainly(const struct cli *cli, status code, pjrt_error *error) {
  print_who(cli);
  print_error(cli->err, error);
  fputc('\n', cli->err);
  pjrt_error_free(error);
  return code;
}

status fail_system(const struct cli *cli, const char *operation) {
  return fail(cli, STATUS_SYSTEM, "%s: %s", operation, strerror(errno));
}

status finish_output(const struct cli *cli, status code) {
  errno = 0;
  bool failed = fflush(cli->out) != 0 || ferror(cli->out);
  if (!failed || code != STATUS_OK) return code;
  return fail(cli, STATUS_OUTPUT, "cannot write to stdout: %s",
              errno ? strerror(errno) : "an earlier write failed");
}
