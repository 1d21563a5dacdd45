/* What a launch is told besides its arguments. */
#ifndef PJRT_CORE_EXECUTE_REQUEST_H_
#define PJRT_CORE_EXECUTE_REQUEST_H_

#include "core/host_calls.h"

/* The options in the plugin's form, as far as they need one. */
typedef struct pjrt_execute_request {
  char *call_location; /* with a NUL */
  PJRT_NamedValue *custom_options;
  size_t num_custom_options;
  pjrt_host_calls *calls; /* NULL: nothing is needed after the call */
} pjrt_execute_request;

/* Checks and converts. UNIMPLEMENTED for an option that is newer than the
 * plugin; INVALID_ARGUMENT for a list that is NULL, an input past the
 * arguments, or as pjrt_host_calls_create. To be cleared even when it fails. */
pjrt_error *pjrt_execute_request_read(pjrt_client *client,
                                      const pjrt_execute_opts *opts,
                                      size_t num_devices, size_t num_args,
                                      pjrt_execute_request *out)
    __attribute__((warn_unused_result));

/* Says them to the plugin; points into both. */
void pjrt_execute_request_fill(const pjrt_execute_request *request,
                               const pjrt_execute_opts *opts,
                               PJRT_ExecuteOptions *raw);

void pjrt_execute_request_clear(pjrt_execute_request *request);

#endif /* PJRT_CORE_EXECUTE_REQUEST_H_ */
