#include "base/error.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"

typedef struct payload {
  char *key;
  size_t key_size;
  char *value;
  size_t value_size;
} payload;

/* Texts that are absent are NULL, so that freeing needs no special cases. */
struct pjrt_error {
  pjrt_code code;
  pjrt_origin origin;
  char *message;
  size_t message_size;
  char *call;
  char *plugin;
  payload *payloads;
  size_t num_payloads;
};

/* Shared by all threads, hence never written: setters and free test for it. */
static const char out_of_memory_message[] = "out of memory";
static const pjrt_error out_of_memory = {
    .code = PJRT_RESOURCE_EXHAUSTED,
    .origin = PJRT_ORIGIN_SYSTEM,
    .message = (char *)out_of_memory_message,
    .message_size = sizeof out_of_memory_message - 1,
};

static const char *const code_names[] = {
    [PJRT_OK] = "OK",
    [PJRT_CANCELLED] = "CANCELLED",
    [PJRT_UNKNOWN] = "UNKNOWN",
    [PJRT_INVALID_ARGUMENT] = "INVALID_ARGUMENT",
    [PJRT_DEADLINE_EXCEEDED] = "DEADLINE_EXCEEDED",
    [PJRT_NOT_FOUND] = "NOT_FOUND",
    [PJRT_ALREADY_EXISTS] = "ALREADY_EXISTS",
    [PJRT_PERMISSION_DENIED] = "PERMISSION_DENIED",
    [PJRT_RESOURCE_EXHAUSTED] = "RESOURCE_EXHAUSTED",
    [PJRT_FAILED_PRECONDITION] = "FAILED_PRECONDITION",
    [PJRT_ABORTED] = "ABORTED",
    [PJRT_OUT_OF_RANGE] = "OUT_OF_RANGE",
    [PJRT_UNIMPLEMENTED] = "UNIMPLEMENTED",
    [PJRT_INTERNAL] = "INTERNAL",
    [PJRT_UNAVAILABLE] = "UNAVAILABLE",
    [PJRT_DATA_LOSS] = "DATA_LOSS",
    [PJRT_UNAUTHENTICATED] = "UNAUTHENTICATED",
};

const char *pjrt_code_name(pjrt_code code) {
  size_t i = (size_t)code;
  return i < sizeof code_names / sizeof *code_names ? code_names[i]
                                                    : "UNKNOWN_CODE";
}

pjrt_error *pjrt_error_out_of_memory(void) {
  pjrt_handle_revive(&out_of_memory);
  return (pjrt_error *)&out_of_memory;
}

/* An error around a message that it takes over. */
static pjrt_error *wrap_message(pjrt_code code, char *message, size_t size) {
  pjrt_error *error = calloc(1, sizeof *error);
  if (!error) {
    free(message);
    return pjrt_error_out_of_memory();
  }
  pjrt_handle_forget(error);
  error->code = code == PJRT_OK ? PJRT_UNKNOWN : code;
  error->message = message;
  error->message_size = size;
  return error;
}

pjrt_error *pjrt_error_from_text(pjrt_code code, const char *message,
                                 size_t message_size) {
  size_t size = pjrt_text_size(message, message_size);
  char *copy;
  pjrt_error *error = pjrt_text_copy(message, size, &copy);
  return error ? error : wrap_message(code, copy, size);
}

pjrt_error *pjrt_error_create(pjrt_code code, const char *message,
                              size_t message_size) {
  if (code == PJRT_OK) return NULL;
  return pjrt_error_from_text(code, message, message_size);
}

pjrt_error *pjrt_error_format(pjrt_code code, const char *format, ...) {
  va_list args;
  va_start(args, format);
  char *message;
  int size = vasprintf(&message, format, args);
  va_end(args);
  if (size < 0) return pjrt_error_out_of_memory();
  return wrap_message(code, message, (size_t)size);
}

static pjrt_code code_from_errno(int number) {
  switch (number) {
    case ENOENT:
    case ENODEV:
    case ENXIO:
    case ESRCH:
      return PJRT_NOT_FOUND;
    case EACCES:
    case EPERM:
    case EROFS:
      return PJRT_PERMISSION_DENIED;
    case EEXIST:
      return PJRT_ALREADY_EXISTS;
    case ENOMEM:
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case EMFILE:
    case ENFILE:
      return PJRT_RESOURCE_EXHAUSTED;
    case EINVAL:
    case EISDIR:
    case ENOTDIR:
    case ENAMETOOLONG:
    case ELOOP:
      return PJRT_INVALID_ARGUMENT;
    case ETIMEDOUT:
      return PJRT_DEADLINE_EXCEEDED;
    case ECANCELED:
    case EINTR:
      return PJRT_CANCELLED;
    case EBUSY:
    case EAGAIN:
      return PJRT_UNAVAILABLE;
    case ENOSYS:
    case EOPNOTSUPP:
      return PJRT_UNIMPLEMENTED;
    case EIO:
    case EPIPE:
      return PJRT_DATA_LOSS;
    default:
      return PJRT_UNKNOWN;
  }
}

pjrt_error *pjrt_error_from_errno(int number, const char *format, ...) {
  pjrt_builder message = {0};
  va_list args;
  va_start(args, format);
  pjrt_builder_vappendf(&message, format, args);
  va_end(args);
  char buffer[128];
  pjrt_builder_appendf(&message, ": %s",
                       strerror_r(number, buffer, sizeof buffer));
  char *text;
  size_t size;
  pjrt_error *error = pjrt_builder_finish(&message, &text, &size);
  if (error) return error;
  error = wrap_message(code_from_errno(number), text, size);
  pjrt_error_set_origin(error, PJRT_ORIGIN_SYSTEM);
  return error;
}

void pjrt_error_set_origin(pjrt_error *error, pjrt_origin origin) {
  if (error && error != &out_of_memory) error->origin = origin;
}

static void replace_text(char **field, const char *text) {
  char *copy = strdup(text);
  if (!copy) return;
  free(*field);
  *field = copy;
}

void pjrt_error_set_call(pjrt_error *error, const char *call) {
  if (error && error != &out_of_memory) replace_text(&error->call, call);
}

void pjrt_error_set_plugin(pjrt_error *error, const char *plugin) {
  if (error && error != &out_of_memory) replace_text(&error->plugin, plugin);
}

void pjrt_error_prefix(pjrt_error *error, const char *format, ...) {
  if (!error || error == &out_of_memory) return;
  pjrt_builder builder = {0};
  va_list args;
  va_start(args, format);
  pjrt_builder_vappendf(&builder, format, args);
  va_end(args);
  pjrt_builder_append(&builder, ": ", 2);
  pjrt_builder_append(&builder, error->message, error->message_size);
  char *message;
  size_t size;
  if (pjrt_error_consume(pjrt_builder_finish(&builder, &message, &size))) {
    return;
  }
  free(error->message);
  error->message = message;
  error->message_size = size;
}

void pjrt_error_add_payload(pjrt_error *error, const char *key, size_t key_size,
                            const char *value, size_t value_size) {
  if (!error || error == &out_of_memory) return;
  payload new = {.key_size = pjrt_text_size(key, key_size),
                 .value_size = pjrt_text_size(value, value_size)};
  payload *payloads =
      realloc(error->payloads, (error->num_payloads + 1) * sizeof *payloads);
  if (!payloads) return;
  error->payloads = payloads;
  /* Losing a payload to a short memory must not lose the error: drop it. */
  if (pjrt_error_consume(pjrt_text_copy(key, new.key_size, &new.key))) return;
  if (pjrt_error_consume(pjrt_text_copy(value, new.value_size, &new.value))) {
    free(new.key);
    return;
  }
  payloads[error->num_payloads++] = new;
}

pjrt_error *pjrt_error_copy(const pjrt_error *error) {
  if (!error) return NULL;
  if (error == &out_of_memory) return pjrt_error_out_of_memory();
  pjrt_error *copy =
      pjrt_error_from_text(error->code, error->message, error->message_size);
  pjrt_error_set_origin(copy, error->origin);
  if (error->call) pjrt_error_set_call(copy, error->call);
  if (error->plugin) pjrt_error_set_plugin(copy, error->plugin);
  for (size_t i = 0; i < error->num_payloads; i++) {
    const payload *p = &error->payloads[i];
    pjrt_error_add_payload(copy, p->key, p->key_size, p->value, p->value_size);
  }
  return copy;
}

pjrt_code pjrt_error_code(const pjrt_error *error) {
  return error ? error->code : PJRT_OK;
}

const char *pjrt_error_message(const pjrt_error *error, size_t *out_size) {
  if (out_size) *out_size = error ? error->message_size : 0;
  return error ? error->message : "";
}

const char *pjrt_error_call(const pjrt_error *error) {
  return error && error->call ? error->call : "";
}

const char *pjrt_error_plugin(const pjrt_error *error) {
  return error && error->plugin ? error->plugin : "";
}

pjrt_origin pjrt_error_origin(const pjrt_error *error) {
  return error ? error->origin : PJRT_ORIGIN_LIBRARY;
}

size_t pjrt_error_num_payloads(const pjrt_error *error) {
  return error ? error->num_payloads : 0;
}

const char *pjrt_error_payload_key(const pjrt_error *error, size_t i,
                                   size_t *out_size) {
  bool there = i < pjrt_error_num_payloads(error);
  if (out_size) *out_size = there ? error->payloads[i].key_size : 0;
  return there ? error->payloads[i].key : "";
}

const char *pjrt_error_payload_value(const pjrt_error *error, size_t i,
                                     size_t *out_size) {
  bool there = i < pjrt_error_num_payloads(error);
  if (out_size) *out_size = there ? error->payloads[i].value_size : 0;
  return there ? error->payloads[i].value : "";
}

void pjrt_error_print(const pjrt_error *error, FILE *to) {
  const char *name = pjrt_code_name(pjrt_error_code(error));
  fputs(name, to);
  if (error) {
    if (strcmp(name, "UNKNOWN_CODE") == 0) fprintf(to, " %d", (int)error->code);
    fputs(": ", to);
    fwrite(error->message, 1, error->message_size, to);
    if (error->call && error->plugin) {
      fprintf(to, " (%s on %s)", error->call, error->plugin);
    } else if (error->call || error->plugin) {
      fprintf(to, " (%s)", error->call ? error->call : error->plugin);
    }
  }
  fputc('\n', to);
}

void pjrt_error_free(pjrt_error *error) {
  if (!error || error == &out_of_memory) return;
  for (size_t i = 0; i < error->num_payloads; i++) {
    free(error->payloads[i].key);
    free(error->payloads[i].value);
  }
  free(error->payloads);
  free(error->plugin);
  free(error->call);
  free(error->message);
  free(error);
}

pjrt_code pjrt_error_consume(pjrt_error *error) {
  pjrt_code code = pjrt_error_code(error);
  pjrt_error_free(error);
  return code;
}
