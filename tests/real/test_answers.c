/* Every PJRT function on the CPU plugins: each answers as answers.inc says. */
#include <stdio.h>

#include "real/answers.h"

int main(void) {
  const char *path = getenv("PJRT_TEST_PLUGIN");
  pjrt_plugin *plugin;
  if (!path || pjrt_error_consume(
                   pjrt_plugin_open(path, PJRT_NUL_ENDED, NULL, &plugin))) {
    fputs("PJRT_TEST_PLUGIN is no plugin\n", stderr);
    return 1;
  }
  const int minor = pjrt_plugin_api_minor(plugin);
  pjrt_plugin_free(plugin);
  return answers_run(path, minor >= 115   ? ANSWERS_CPU_115
                           : minor >= 106 ? ANSWERS_CPU_106
                                          : ANSWERS_CPU_81);
}
