#include "kv/redis_address.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "base/text.h"

static pjrt_error *read_user(const char *text, size_t size,
                             pjrt_redis_address *out) {
  const char *colon = memchr(text, ':', size);
  const char *end = text + size;
  if (!colon) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "expected USER:PASSWORD or :PASSWORD before the @ "
                             "of a redis address");
  }
  if (colon > text) {
    PJRT_TRY(pjrt_text_copy(text, (size_t)(colon - text), &out->user));
  }
  return pjrt_text_copy(colon + 1, (size_t)(end - colon - 1), &out->password);
}

static pjrt_error *read_port(const char *text, int *out) {
  int64_t port;
  if (!pjrt_number_read_int64(text, strlen(text), &port) || port < 1 ||
      port > 65535) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "'%s' is no port of a redis address: expected a "
                             "number from 1 to 65535",
                             text);
  }
  *out = (int)port;
  return NULL;
}

/* HOST, HOST:PORT, [HOST] or [HOST]:PORT, where a host in brackets may have
 * colons. */
static pjrt_error *read_host(const char *text, pjrt_redis_address *out) {
  const bool has_brackets = *text == '[';
  if (has_brackets) text++;
  const size_t size = strcspn(text, has_brackets ? "]" : ":");
  const char *rest = text + size;
  if (has_brackets && *rest++ != ']') {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "a redis address has no ] after its [");
  }
  if (!size || (*rest && *rest != ':')) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "a redis address has no host: expected "
                             "redis://HOST or redis://HOST:PORT");
  }
  PJRT_TRY(pjrt_text_copy(text, size, &out->host));
  return *rest ? read_port(rest + 1, &out->port) : NULL;
}

/* A password may hold an @, a host may not. */
pjrt_error *pjrt_redis_address_read(const char *text, pjrt_redis_address *out) {
  enum { USUAL_PORT = 6379 };
  const char *at = strrchr(text, '@');
  *out = (pjrt_redis_address){.port = USUAL_PORT};
  if (at) PJRT_TRY(read_user(text, (size_t)(at - text), out));
  return read_host(at ? at + 1 : text, out);
}

void pjrt_redis_address_clear(pjrt_redis_address *address) {
  free(address->user);
  free(address->password);
  free(address->host);
  *address = (pjrt_redis_address){0};
}
