/* Every PJRT function on plugins whose hardware is not there: CUDA without a
 * GPU, and TPU without a TPU. Each answers as tests/real/answers.inc says.
 * tier: all */
#include <stdio.h>

#include "real/answers.h"

/* Where there is hardware after all, the table is not about this machine. */
static bool has_hardware(const char *path) {
  pjrt_plugin *plugin;
  pjrt_client *client;
  if (pjrt_error_consume(pjrt_plugin_open(path, PJRT_NUL_ENDED, NULL, &plugin)))
    return false;
  const pjrt_code code =
      pjrt_error_consume(pjrt_client_create(plugin, NULL, &client));
  pjrt_client_free(client);
  pjrt_plugin_free(plugin);
  return code == PJRT_OK;
}

static int run(const char *variable, answer_column column) {
  const char *path = getenv(variable);
  if (path && *path && !has_hardware(path)) return answers_run(path, column);
  printf("skip %s: %s\n", variable,
         path && *path ? "this machine has the hardware" : "it is not set");
  return 0;
}

int main(void) {
  /* libtpu is not to ask the network, nor to mind another user's lock file;
   * NVIDIA's assembler is not to be found. */
  setenv("TPU_SKIP_MDS_QUERY", "1", 1);
  setenv("ALLOW_MULTIPLE_LIBTPU_LOAD", "1", 1);
  setenv("PATH", ".", 1);
  return run("PJRT_TEST_PLUGIN_CUDA", ANSWERS_CUDA) +
         run("PJRT_TEST_PLUGIN_TPU", ANSWERS_TPU);
}
