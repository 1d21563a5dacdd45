/* The least that a user of the library writes: compiled as C and as C++. */
#include <pjrt/pjrt.h>

#include <stdio.h>
#include <string.h>

int main(void) {
  char built[32];
  snprintf(built, sizeof built, "%d.%d.%d", PJRT_VERSION_MAJOR,
           PJRT_VERSION_MINOR, PJRT_VERSION_PATCH);
  if (strcmp(built, pjrt_version()) != 0) {
    fprintf(stderr, "headers are %s, the library is %s\n", built,
            pjrt_version());
    return 1;
  }
  pjrt_plugin *plugin = NULL;
  pjrt_error *error =
      pjrt_plugin_open("nonexistent.so", PJRT_NUL_ENDED, NULL, &plugin);
  if (error == NULL) {
    fprintf(stderr, "a missing file was opened as a plugin\n");
    return 1;
  }
  pjrt_error_free(error);
  puts(pjrt_version());
  return 0;
}
