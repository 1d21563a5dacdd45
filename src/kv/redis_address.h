/* Where a server of Redis is: [[USER]:PASSWORD@]HOST[:PORT]. */
#ifndef PJRT_KV_REDIS_ADDRESS_H_
#define PJRT_KV_REDIS_ADDRESS_H_

#include "pjrt/error.h"

typedef struct pjrt_redis_address {
  char *user, *password; /* NULL: not given */
  char *host;            /* without brackets */
  int port;
} pjrt_redis_address;

/* INVALID_ARGUMENT, which repeats nothing that may be a password. Clear what
 * was read in either case. */
pjrt_error *pjrt_redis_address_read(const char *text, pjrt_redis_address *out)
    __attribute__((warn_unused_result));
void pjrt_redis_address_clear(pjrt_redis_address *address);

#endif /* PJRT_KV_REDIS_ADDRESS_H_ */
