#ifndef PJRT_TESTS_KV_REDIS_SERVER_H_
#define PJRT_TESTS_KV_REDIS_SERVER_H_

#include <sys/types.h>

typedef struct redis_server {
  pid_t pid;
  int port;
  char address[64]; /* for pjrt_kvstore_open, without a password */
} redis_server;

/* Starts one on this host alone, which keeps nothing; `password` may be NULL.
 * Skips the test where there is none to start. */
void redis_start(redis_server *server, const char *password);
void redis_stop(redis_server *server);

#endif /* PJRT_TESTS_KV_REDIS_SERVER_H_ */
