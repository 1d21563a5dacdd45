/* StableHLO's check calls, as FFI handlers. */
#ifndef CLI_CONFORM_CHECKS_H_
#define CLI_CONFORM_CHECKS_H_

#include <pthread.h>

#include <pjrt/ext/ffi.h>

/* What the checks of one launch found. Handlers write it on any thread. */
struct findings {
  pthread_mutex_t lock;
  size_t num_checks;
  uint64_t max_ulps;
  char problem[256]; /* of the first check that failed; empty: none did */
};

/* Registers the handlers with a plugin, once in a process. */
pjrt_error *checks_register(pjrt_plugin *plugin);

/* A context for launches whose checks write to `findings`, which must outlive
 * it. */
pjrt_error *checks_context(pjrt_client *client, struct findings *findings,
                           pjrt_execute_context **out);

/* Forgets what was found before. */
void findings_reset(struct findings *findings);

#endif /* CLI_CONFORM_CHECKS_H_ */
