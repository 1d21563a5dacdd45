/* Events of the caller's: work of your own that is waited for like work of a
 * device, and what to do about waits that do not end.
 *
 *   13_promises [PLUGIN] */
#define _POSIX_C_SOURCE 200809L
#include <pjrt/pjrt.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- a promise that is kept ---------------------------------------------- */

typedef struct work {
  pjrt_event *done;
  int sum;
} work;

static void *add_up(void *user) {
  work *w = user;
  for (int i = 1; i <= 100; i++) w->sum += i;
  return pjrt_event_set(w->done, NULL);
}

static pjrt_error *kept(pjrt_client *client) {
  work w = {NULL, 0};
  pthread_t thread;
  void *failure = NULL;
  PJRT_TRY(pjrt_event_create(client, &w.done));
  if (pthread_create(&thread, NULL, add_up, &w) != 0) abort();
  pjrt_error *error = pjrt_event_await(w.done);
  if (!error) printf("kept: the sum is %d\n", w.sum);
  pthread_join(thread, &failure);
  pjrt_event_free(w.done);
  if (!error) return failure;
  pjrt_error_free(failure);
  return error;
}

/* ---- promises that are not ----------------------------------------------- */

static void print_error(const char *what, pjrt_error *error) {
  printf("%s: %s: %s\n", what, pjrt_code_name(pjrt_error_code(error)),
         pjrt_error_message(error, NULL));
  pjrt_error_free(error);
}

/* Whoever waits gets the error; a second attempt to set it is refused. */
static pjrt_error *broken(pjrt_client *client) {
  pjrt_event *done;
  PJRT_TRY(pjrt_event_create(client, &done));
  print_error("too early", pjrt_event_error(done));
  pjrt_error *reason =
      pjrt_error_create(PJRT_ABORTED, "the disk is full", PJRT_NUL_ENDED);
  pjrt_error *error = pjrt_event_set(done, reason);
  pjrt_error_free(reason);
  if (!error) {
    print_error("broken", pjrt_event_error(done));
    print_error("again", pjrt_event_set(done, NULL));
  }
  pjrt_event_free(done);
  return error;
}

/* ---- waits that do not end ----------------------------------------------- */

static void *wait_for_ever(void *event) {
  return pjrt_event_await_for(event, PJRT_NO_DEADLINE);
}

/* What a watchdog prints: the age follows. */
static pjrt_error *print_stall(pjrt_event *event) {
  static const char age[] = ", first waited for ";
  const struct timespec moment = {0, 1000000};
  const char *at = NULL;
  while (!at) {
    char *text;
    nanosleep(&moment, NULL);
    PJRT_TRY(pjrt_event_describe(event, PJRT_ALL_LINES, &text, NULL));
    at = strstr(text, age);
    if (at) printf("stalled: %.*s%s...\n", (int)(at - text), text, age);
    pjrt_host_free(text);
  }
  return NULL;
}

static pjrt_error *given_up(pjrt_client *client) {
  pjrt_event *never;
  pthread_t thread;
  void *result = NULL;
  PJRT_TRY(pjrt_event_create(client, &never));
  if (pthread_create(&thread, NULL, wait_for_ever, never) != 0) abort();
  pjrt_error *error = print_stall(never);
  if (!error) error = pjrt_event_cancel_waits(never);
  pthread_join(thread, &result);
  print_error("given up", result);
  pjrt_event_free(never);
  return error;
}

int main(int argc, char **argv) {
  pjrt_plugin *plugin = NULL;
  pjrt_client *client = NULL;

  pjrt_error *error =
      pjrt_plugin_find(argc > 1 ? argv[1] : "", PJRT_NUL_ENDED, NULL, &plugin);
  if (!error) error = pjrt_client_create(plugin, NULL, &client);
  if (!error) error = kept(client);
  if (!error) error = broken(client);
  if (!error) error = given_up(client);

  if (error) pjrt_error_print(error, stderr);
  int status = error ? EXIT_FAILURE : EXIT_SUCCESS;
  pjrt_error_free(error);
  pjrt_client_free(client);
  pjrt_plugin_free(plugin);
  return status;
}
