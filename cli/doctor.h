/* The parts of `pjrt plugin doctor`: a report of rows, some of them bad. */
#ifndef CLI_DOCTOR_H_
#define CLI_DOCTOR_H_

#include "cli.h"

typedef enum finding {
  FINDING_OK,   /* as it should be */
  FINDING_NOTE, /* worth knowing; does not stop the plugin */
  FINDING_BAD   /* stops the plugin */
} finding;

/* Prints one row: what was looked at, and what was found. */
void report(const struct cli *cli, const char *subject, finding what,
            const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The same with what an error says. */
void report_error(const struct cli *cli, const char *subject,
                  const pjrt_error *error);

/* The file without loading it: kind, libraries, exports. False when it cannot
 * be loaded whatever one does. */
bool examine_file(const struct cli *cli, const char *path);

/* An opened plugin: table, functions, extensions. */
void examine_table(const struct cli *cli, const pjrt_plugin *plugin);

#endif /* CLI_DOCTOR_H_ */
