#include <stdarg.h>

#include "doctor.h"

static void start_row(const struct cli *cli, const char *subject,
                      finding what) {
  static const char *const words[] = {"ok  ", "note", "BAD "};
  fprintf(cli->out, "%-11s %s  ", subject, words[what]);
}

void report(const struct cli *cli, const char *subject, finding what,
            const char *format, ...) {
  start_row(cli, subject, what);
  va_list args;
  va_start(args, format);
  vfprintf(cli->out, format, args);
  va_end(args);
  fputc('\n', cli->out);
  fflush(cli->out); /* the plugin may end the process in what follows */
}

void report_error(const struct cli *cli, const char *subject,
                  const pjrt_error *error) {
  report(cli, subject, FINDING_BAD, "%s: %s",
         pjrt_code_name(pjrt_error_code(error)),
         pjrt_error_message(error, NULL));
}
