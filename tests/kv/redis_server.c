#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "pjrt/pjrt.h"
#include "redis_server.h"

/* A port that nobody has now. */
static int free_port(void) {
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_true(fd >= 0);
  assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
  assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
  close(fd);
  return ntohs(address.sin_port);
}

/* In the child. It ends with the test, also with one that fails. */
static void become_server(int port, const char *password) {
  char text[16];
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  snprintf(text, sizeof text, "%d", port);
  const int nowhere = open("/dev/null", O_WRONLY);
  dup2(nowhere, STDOUT_FILENO);
  execlp("redis-server", "redis-server", "--port", text, "--bind", "127.0.0.1",
         "--save", "", "--appendonly", "no", "--requirepass",
         password ? password : "", (char *)NULL);
  _exit(127);
}

/* Whether it takes connections before it ends or a minute is over. */
static bool comes_up(const redis_server *server) {
  const struct timespec pause = {0, 20000000};
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)server->port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  for (int i = 0; i < 3000; i++) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool is_up =
        connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    if (is_up) return true;
    if (waitpid(server->pid, NULL, WNOHANG) != 0) return false;
    nanosleep(&pause, NULL);
  }
  return false;
}

void redis_start(redis_server *server, const char *password) {
  pjrt_kvstore *store;
  pjrt_error *error = pjrt_kvstore_open("redis://[::1]:1", PJRT_NUL_ENDED, "j",
                                        PJRT_NUL_ENDED, &store);
  if (pjrt_error_consume(error) == PJRT_UNIMPLEMENTED) {
    skip_because("the library has no hiredis");
  }
  if (!program_is_there("redis-server")) {
    skip_because("there is no redis-server on this machine");
  }
  for (int i = 0; i < 5; i++) {
    server->port = free_port();
    snprintf(server->address, sizeof server->address, "redis://127.0.0.1:%d",
             server->port);
    fflush(stdout);
    server->pid = fork();
    if (server->pid == 0) become_server(server->port, password);
    if (comes_up(server)) return;
    kill(server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
  }
  fail_msg("redis-server does not come up");
}

void redis_stop(redis_server *server) {
  kill(server->pid, SIGCONT);
  kill(server->pid, SIGKILL);
  waitpid(server->pid, NULL, 0);
}
