/* A store on a server of Redis: a list of one value for each key, which who
 * waits for it moves from its end to its beginning. So the server does the
 * waiting, for as many as there are, and everything stays where it is.
 *
 * Each call has a connection of its own: calls come from several threads, and
 * one that waits keeps its connection busy. */
#include "base/error.h"
#include "kv/redis_address.h"
#include "kv/stores.h"

#ifdef PJRT_HIREDIS_SONAME

#include <errno.h>
#include <fcntl.h>
#include <hiredis.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/deadline.h"
#include "base/text.h"
#include "kv/library.h"

/* For everything but waiting for a value. */
enum { ANSWER_WITHIN_S = 5 };
#define ANSWER_WITHIN_NS (ANSWER_WITHIN_S * INT64_C(1000000000))
#define DAY_IN_S "86400"

/* What is used of the library. */
typedef struct hiredis {
  __typeof__(redisConnectWithTimeout) *connect;
  __typeof__(redisEnableKeepAlive) *keep_alive;
  __typeof__(redisFree) *free;
  __typeof__(redisFormatCommandArgv) *format;
  __typeof__(redisFreeCommand) *free_command;
  __typeof__(redisReaderFeed) *feed;
  __typeof__(redisReaderGetReply) *next_reply;
  __typeof__(freeReplyObject) *free_reply;
} hiredis;

typedef struct redis_store {
  hiredis lib;
  pjrt_redis_address address;
  char *name;   /* for messages */
  char *prefix; /* of the job's keys */
  size_t prefix_size;
  int bell;
} redis_store;

/* A word of a command. */
typedef struct word {
  const char *data;
  size_t size;
} word;
#define WORD(text) {(text), strlen(text)}

enum { MAX_WORDS = 8 };

static pjrt_error *load(hiredis *out) {
  const pjrt_kv_symbol symbols[] = {{"redisConnectWithTimeout", &out->connect},
                                    {"redisEnableKeepAlive", &out->keep_alive},
                                    {"redisFree", &out->free},
                                    {"redisFormatCommandArgv", &out->format},
                                    {"redisFreeCommand", &out->free_command},
                                    {"redisReaderFeed", &out->feed},
                                    {"redisReaderGetReply", &out->next_reply},
                                    {"freeReplyObject", &out->free_reply}};
  return pjrt_kv_library_load("stores in Redis", PJRT_HIREDIS_SONAME, symbols,
                              sizeof symbols / sizeof *symbols);
}

/* ---- talking ------------------------------------------------------------- */

static pjrt_error *lost(const redis_store *store, const char *why) {
  return pjrt_error_format(PJRT_UNAVAILABLE, "the server at %s port %d: %s",
                           store->address.host, store->address.port, why);
}

static pjrt_error *lost_by(const redis_store *store, int number) {
  char text[128];
  return lost(store, strerror_r(number, text, sizeof text));
}

/* Sends without the signal that a library must not cause. */
static pjrt_error *send_all(const redis_store *store, int fd, const char *data,
                            size_t size, int64_t deadline) {
  while (size) {
    struct pollfd polled = {.fd = fd, .events = POLLOUT};
    const ssize_t sent = send(fd, data, size, MSG_NOSIGNAL);
    if (sent >= 0) {
      data += sent;
      size -= (size_t)sent;
    } else if (errno == EAGAIN) {
      const int64_t left = pjrt_deadline_left(deadline);
      if (!left) return lost(store, "does not listen");
      poll(&polled, 1, pjrt_poll_timeout(left));
    } else if (errno != EINTR) {
      return lost_by(store, errno);
    }
  }
  return NULL;
}

/* Takes in what has arrived. */
static pjrt_error *receive(const redis_store *store, redisContext *connection) {
  char data[4096];
  const ssize_t size = recv(connection->fd, data, sizeof data, 0);
  if (size > 0) {
    return store->lib.feed(connection->reader, data, (size_t)size) == REDIS_OK
               ? NULL
               : lost(store, "answers what makes no sense");
  }
  if (size == 0) return lost(store, "closed the connection");
  return errno == EAGAIN || errno == EINTR ? NULL : lost_by(store, errno);
}

/* Waits for the answer, which stays NULL after the deadline, and when the bell
 * rings; `bell` is -1 where nothing is to be cancelled. */
static pjrt_error *await(const redis_store *store, redisContext *connection,
                         int bell, int64_t deadline, redisReply **out) {
  void *reply = NULL;
  struct pollfd polled[] = {{.fd = connection->fd, .events = POLLIN},
                            {.fd = bell, .events = POLLIN}};
  for (;;) {
    if (store->lib.next_reply(connection->reader, &reply) != REDIS_OK) {
      return lost(store, "answers what makes no sense");
    }
    *out = reply;
    if (reply) return NULL;
    const int64_t left = pjrt_deadline_left(deadline);
    if (!left || (bell >= 0 && pjrt_bell_has_rung(bell))) return NULL;
    poll(polled, 2, pjrt_poll_timeout(left));
    PJRT_TRY(receive(store, connection));
  }
}

static pjrt_code code_of(const char *message) {
  static const struct {
    const char *beginning;
    pjrt_code code;
  } known[] = {{"NOAUTH", PJRT_UNAUTHENTICATED},
               {"WRONGPASS", PJRT_UNAUTHENTICATED},
               {"NOPERM", PJRT_PERMISSION_DENIED},
               {"OOM", PJRT_RESOURCE_EXHAUSTED},
               {"LOADING", PJRT_UNAVAILABLE}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    const size_t size = strlen(known[i].beginning);
    if (strncmp(message, known[i].beginning, size) == 0) return known[i].code;
  }
  return PJRT_INTERNAL;
}

static pjrt_error *send_command(const redis_store *store,
                                redisContext *connection, const word *words,
                                int num) {
  const char *data[MAX_WORDS];
  size_t sizes[MAX_WORDS];
  char *command;
  for (int i = 0; i < num; i++) {
    data[i] = words[i].data;
    sizes[i] = words[i].size;
  }
  const long long size = store->lib.format(&command, num, data, sizes);
  if (size < 0) return pjrt_error_out_of_memory();
  pjrt_error *error = send_all(store, connection->fd, command, (size_t)size,
                               pjrt_deadline_after(ANSWER_WITHIN_NS));
  store->lib.free_command(command);
  return error;
}

/* A command and its answer, which is NULL when it did not come until the
 * deadline; INT64_MIN stands for one that must come. */
#define MUST_ANSWER INT64_MIN

static pjrt_error *say(const redis_store *store, redisContext *connection,
                       int64_t deadline, const word *words, int num,
                       redisReply **out) {
  const bool must = deadline == MUST_ANSWER;
  *out = NULL;
  if (must) deadline = pjrt_deadline_after(ANSWER_WITHIN_NS);
  PJRT_TRY(send_command(store, connection, words, num));
  PJRT_TRY(await(store, connection, must ? -1 : store->bell, deadline, out));
  if (!*out) return must ? lost(store, "does not answer") : NULL;
  if ((*out)->type != REDIS_REPLY_ERROR) return NULL;
  pjrt_error *error = pjrt_error_format(code_of((*out)->str),
                                        "the server says: %s", (*out)->str);
  store->lib.free_reply(*out);
  *out = NULL;
  return error;
}

/* ---- connections --------------------------------------------------------- */

static pjrt_error *log_in(const redis_store *store, redisContext *connection) {
  const pjrt_redis_address *address = &store->address;
  redisReply *reply;
  word words[3] = {WORD("AUTH")};
  int num = 1;
  if (!address->password) return NULL;
  if (address->user) words[num++] = (word)WORD(address->user);
  words[num++] = (word)WORD(address->password);
  PJRT_TRY(say(store, connection, MUST_ANSWER, words, num, &reply));
  store->lib.free_reply(reply);
  return NULL;
}

static pjrt_error *connect_to(const redis_store *store, redisContext **out) {
  const struct timeval limit = {.tv_sec = ANSWER_WITHIN_S};
  redisContext *connection =
      store->lib.connect(store->address.host, store->address.port, limit);
  *out = NULL;
  if (!connection) return pjrt_error_out_of_memory();
  pjrt_error *error = NULL;
  /* Without the last one a wait would not learn that the server's host is
   * gone. */
  const bool is_connected =
      !connection->err && store->lib.keep_alive(connection) == REDIS_OK;
  if (!is_connected) {
    error = lost(store, connection->errstr);
  } else if (fcntl(connection->fd, F_SETFL, O_NONBLOCK) != 0 ||
             fcntl(connection->fd, F_SETFD, FD_CLOEXEC) != 0) {
    error = lost_by(store, errno);
  } else {
    error = log_in(store, connection);
  }
  if (error) {
    store->lib.free(connection);
    return error;
  }
  *out = connection;
  return NULL;
}

/* The key with the job's before it; a value is as good as a name here. */
static pjrt_error *full_key(const redis_store *store, const char *key,
                            size_t key_size, char **out, word *out_word) {
  pjrt_builder builder = {0};
  pjrt_builder_append(&builder, store->prefix, store->prefix_size);
  pjrt_builder_append(&builder, key, key_size);
  PJRT_TRY(pjrt_builder_finish(&builder, out, &out_word->size));
  out_word->data = *out;
  return NULL;
}

/* ---- keys and values ----------------------------------------------------- */

/* Takes the reply, which is nil when there is no value. */
static pjrt_error *take_value(const redis_store *store, redisReply *reply,
                              pjrt_kvstore_value *value) {
  pjrt_error *error = NULL;
  if (!reply) return NULL;
  if (reply->type == REDIS_REPLY_STRING) {
    error = pjrt_kvstore_value_set(value, reply->str, (size_t)reply->len);
  } else if (reply->type != REDIS_REPLY_NIL) {
    error = pjrt_error_format(PJRT_INTERNAL,
                              "the server answers with type %d, expected a "
                              "string",
                              reply->type);
  }
  store->lib.free_reply(reply);
  return error;
}

static pjrt_error *look(const redis_store *store, redisContext *connection,
                        word key, pjrt_kvstore_value *value) {
  redisReply *reply;
  const word words[] = {WORD("LINDEX"), key, WORD("0")};
  PJRT_TRY(say(store, connection, MUST_ANSWER, words, 3, &reply));
  return take_value(store, reply, value);
}

/* The server gives up when the connection is closed. */
static pjrt_error *wait_for(const redis_store *store, redisContext *connection,
                            word key, int64_t deadline,
                            pjrt_kvstore_value *value) {
  redisReply *reply;
  const word words[] = {WORD("BLMOVE"), key,          key,
                        WORD("RIGHT"),  WORD("LEFT"), WORD("0")};
  PJRT_TRY(say(store, connection, deadline, words, 6, &reply));
  return take_value(store, reply, value);
}

static pjrt_error *get(void *user, const char *key, size_t key_size,
                       int64_t timeout_ns, pjrt_kvstore_value *value) {
  redis_store *store = user;
  const int64_t deadline = pjrt_deadline_after(timeout_ns);
  redisContext *connection;
  char *full;
  word name;
  PJRT_TRY(full_key(store, key, key_size, &full, &name));
  pjrt_error *error = connect_to(store, &connection);
  if (!error) {
    error = look(store, connection, name, value);
    if (!error && timeout_ns > 0 && !pjrt_kvstore_value_is_set(value)) {
      error = wait_for(store, connection, name, deadline, value);
    }
    store->lib.free(connection);
  }
  free(full);
  return error;
}

static pjrt_error *try_get(void *user, const char *key, size_t key_size,
                           pjrt_kvstore_value *value) {
  return get(user, key, key_size, 0, value);
}

/* Answers with the old value, or nil after it has put the new one. */
static const char put_script[] =
    "if redis.call('EXISTS', KEYS[1]) == 1 then"
    " return redis.call('LINDEX', KEYS[1], 0) end "
    "redis.call('RPUSH', KEYS[1], ARGV[1]) "
    "redis.call('EXPIRE', KEYS[1], ARGV[2]) "
    "return false";

static pjrt_error *say_put(const redis_store *store, word key, word value) {
  const word words[] = {WORD("EVAL"), WORD(put_script), WORD("1"), key,
                        value,        WORD(DAY_IN_S)};
  redisContext *connection;
  redisReply *old;
  PJRT_TRY(connect_to(store, &connection));
  pjrt_error *error = say(store, connection, MUST_ANSWER, words, 6, &old);
  if (old && old->type == REDIS_REPLY_STRING) {
    error =
        pjrt_kv_check_same(old->str, (size_t)old->len, value.data, value.size);
  }
  if (old) store->lib.free_reply(old);
  store->lib.free(connection);
  return error;
}

static pjrt_error *put(void *user, const char *key, size_t key_size,
                       const void *value, size_t value_size) {
  redis_store *store = user;
  char *full;
  word name;
  PJRT_TRY(full_key(store, key, key_size, &full, &name));
  pjrt_error *error = say_put(store, name, (word){value, value_size});
  free(full);
  return error;
}

/* ---- life ---------------------------------------------------------------- */

static void cancel(void *user) { pjrt_bell_ring(((redis_store *)user)->bell); }

static void destroy(void *user) {
  redis_store *store = user;
  if (store->bell >= 0) close(store->bell);
  pjrt_redis_address_clear(&store->address);
  free(store->prefix);
  free(store->name);
  free(store);
}

/* Nothing but that the server answers. */
static pjrt_error *greet(const redis_store *store) {
  const word words[] = {WORD("PING")};
  redisContext *connection;
  redisReply *reply;
  PJRT_TRY(connect_to(store, &connection));
  pjrt_error *error = say(store, connection, MUST_ANSWER, words, 1, &reply);
  if (reply) store->lib.free_reply(reply);
  store->lib.free(connection);
  return error;
}

static pjrt_error *prepare(redis_store *store, const char *server,
                           const char *job) {
  pjrt_builder text = {0};
  PJRT_TRY(pjrt_redis_address_read(server, &store->address));
  PJRT_TRY(load(&store->lib));
  PJRT_TRY(pjrt_bell_make(&store->bell));
  pjrt_builder_appendf(&text, "redis://%s:%d, job %s", store->address.host,
                       store->address.port, job);
  PJRT_TRY(pjrt_builder_finish(&text, &store->name, NULL));
  pjrt_builder_append(&text, "pjrt:", 5);
  pjrt_kv_append_encoded(&text, job, strlen(job));
  pjrt_builder_append(&text, ":", 1);
  PJRT_TRY(pjrt_builder_finish(&text, &store->prefix, &store->prefix_size));
  return greet(store);
}

pjrt_error *pjrt_redis_store_open(const char *server, const char *job,
                                  pjrt_kvstore **out) {
  pjrt_kvstore_functions functions;
  redis_store *store = calloc(1, sizeof *store);
  if (!store) return pjrt_error_out_of_memory();
  store->bell = -1;
  pjrt_error *error = prepare(store, server, job);
  if (error) {
    destroy(store);
    return error;
  }
  pjrt_kvstore_functions_init(&functions);
  functions.name = store->name;
  functions.user = store;
  functions.try_get = try_get;
  functions.put = put;
  functions.get = get;
  functions.cancel = cancel;
  functions.destroy = destroy;
  return pjrt_kvstore_create(&functions, out);
}

#else /* PJRT_HIREDIS_SONAME */

pjrt_error *pjrt_redis_store_open(const char *server, const char *job,
                                  pjrt_kvstore **out) {
  pjrt_redis_address address;
  (void)job;
  (void)out;
  pjrt_error *error = pjrt_redis_address_read(server, &address);
  pjrt_redis_address_clear(&address);
  PJRT_TRY(error);
  return pjrt_error_format(PJRT_UNIMPLEMENTED,
                           "the library was built without hiredis, which "
                           "stores in Redis need");
}

#endif /* PJRT_HIREDIS_SONAME */
