#include "core/kvstore.h"

#include <stdlib.h>
#include <string.h>

#include "base/deadline.h"
#include "base/error.h"
#include "base/text.h"
#include "core/opts.h"

void pjrt_kvstore_functions_init(pjrt_kvstore_functions *functions) {
  *functions = (pjrt_kvstore_functions){.struct_size = sizeof *functions};
}

pjrt_error *pjrt_kvstore_value_set(pjrt_kvstore_value *value, const void *data,
                                   size_t size) {
  char *copy;
  if (!data && size) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "a value of %zu bytes is NULL", size);
  }
  PJRT_TRY(pjrt_text_copy(data, size, &copy));
  free(value->data);
  *value = (pjrt_kvstore_value){copy, size};
  return NULL;
}

bool pjrt_kvstore_value_is_set(const pjrt_kvstore_value *value) {
  return value->data != NULL;
}

/* ---- life ---------------------------------------------------------------- */

static pjrt_error *check_functions(const pjrt_kvstore_functions *functions) {
  const char *missing = !functions->name      ? "name"
                        : !functions->try_get ? "try_get"
                        : !functions->put     ? "put"
                        : functions->get && !functions->cancel
                            ? "cancel, which get needs"
                            : NULL;
  if (!missing) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "the functions of a store have no %s", missing);
}

static pjrt_error *create(const pjrt_kvstore_functions *functions,
                          pjrt_kvstore **out) {
  PJRT_TRY(check_functions(functions));
  pjrt_kvstore *store = calloc(1, sizeof *store);
  if (!store) return pjrt_error_out_of_memory();
  store->functions = *functions;
  store->functions.name = strdup(functions->name);
  if (!store->functions.name) {
    free(store);
    return pjrt_error_out_of_memory();
  }
  atomic_init(&store->refs, 1);
  pthread_mutex_init(&store->mutex, NULL);
  pthread_cond_init(&store->woken, NULL);
  *out = store;
  return NULL;
}

pjrt_error *pjrt_kvstore_create(const pjrt_kvstore_functions *functions,
                                pjrt_kvstore **out) {
  pjrt_kvstore_functions known;
  *out = NULL;
  pjrt_kvstore_functions_init(&known);
  if (!functions) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "functions is NULL");
  }
  PJRT_TRY(pjrt_opts_read(functions, "pjrt_kvstore_functions", sizeof known,
                          &known));
  pjrt_error *error = create(&known, out);
  if (error && known.destroy) known.destroy(known.user);
  return error;
}

pjrt_kvstore *pjrt_kvstore_retain(pjrt_kvstore *store) {
  if (store) atomic_fetch_add_explicit(&store->refs, 1, memory_order_relaxed);
  return store;
}

void pjrt_kvstore_free(pjrt_kvstore *store) {
  if (!store ||
      atomic_fetch_sub_explicit(&store->refs, 1, memory_order_acq_rel) != 1) {
    return;
  }
  if (store->functions.destroy) store->functions.destroy(store->functions.user);
  pthread_cond_destroy(&store->woken);
  pthread_mutex_destroy(&store->mutex);
  free((char *)(uintptr_t)store->functions.name);
  free(store);
}

/* ---- errors -------------------------------------------------------------- */

/* As much of a key as a message can bear, as plain text. */
typedef struct key_text {
  char text[128];
} key_text;

static const char *printable(const char *key, size_t size, key_text *out) {
  const size_t room = sizeof out->text - 1;
  const size_t num = size < room ? size : room;
  for (size_t i = 0; i < num; i++) {
    const unsigned char c = (unsigned char)key[i];
    out->text[i] = (char)(c < ' ' || c >= 0x7f ? '?' : c);
  }
  out->text[num] = '\0';
  return out->text;
}

/* Says in the store's own error what was asked of it. */
static pjrt_error *about(pjrt_error *error, const pjrt_kvstore *store,
                         const char *verb, const char *key, size_t key_size) {
  key_text text;
  if (error) {
    pjrt_error_prefix(error, "cannot %s key '%s' in %s", verb,
                      printable(key, key_size, &text), store->functions.name);
  }
  return error;
}

/* A NUL-ended copy of the key, so that stores need not make one. */
static pjrt_error *take_key(const pjrt_kvstore *store, const char *key,
                            size_t key_size, char **out, size_t *out_size) {
  if (!store) return pjrt_error_format(PJRT_INVALID_ARGUMENT, "store is NULL");
  *out_size = pjrt_text_size(key, key_size);
  if (*out_size) return pjrt_text_copy(key, *out_size, out);
  return pjrt_error_format(PJRT_INVALID_ARGUMENT, "the key is empty");
}

/* ---- waiting ------------------------------------------------------------- */

static bool is_cancelled(pjrt_kvstore *store) {
  pthread_mutex_lock(&store->mutex);
  const bool is = store->is_cancelled;
  pthread_mutex_unlock(&store->mutex);
  return is;
}

void pjrt_kvstore_cancel(pjrt_kvstore *store) {
  if (!store) return;
  pthread_mutex_lock(&store->mutex);
  store->is_cancelled = true;
  pthread_cond_broadcast(&store->woken);
  pthread_mutex_unlock(&store->mutex);
  if (store->functions.cancel) store->functions.cancel(store->functions.user);
}

/* Waits a while before the store is asked again; false when there is no point
 * in asking any more. */
static bool pause_for(pjrt_kvstore *store, int64_t pause_ns, int64_t deadline) {
  const int64_t pause_end = pjrt_deadline_after(pause_ns);
  const int64_t end = deadline < pause_end ? deadline : pause_end;
  pthread_mutex_lock(&store->mutex);
  while (!store->is_cancelled &&
         pjrt_deadline_wait(end, &store->woken, &store->mutex)) {
  }
  const bool goes_on = !store->is_cancelled;
  pthread_mutex_unlock(&store->mutex);
  return goes_on;
}

/* For a store that cannot wait. It is asked once more after the deadline has
 * passed, so that what came during the last pause is seen. */
static pjrt_error *ask_again_and_again(pjrt_kvstore *store, const char *key,
                                       size_t key_size, int64_t timeout_ns,
                                       pjrt_kvstore_value *value) {
  const int64_t longest_pause_ns = 100000000;
  const int64_t deadline = pjrt_deadline_after(timeout_ns);
  const pjrt_kvstore_functions *functions = &store->functions;
  for (int64_t pause_ns = 1000000;;) {
    const bool is_last = pjrt_deadline_left(deadline) == 0;
    PJRT_TRY(functions->try_get(functions->user, key, key_size, value));
    if (value->data || is_last || !pause_for(store, pause_ns, deadline)) {
      return NULL;
    }
    pause_ns *= 2;
    if (pause_ns > longest_pause_ns) pause_ns = longest_pause_ns;
  }
}

static pjrt_error *wait_for_value(pjrt_kvstore *store, const char *key,
                                  size_t key_size, int64_t timeout_ns,
                                  pjrt_kvstore_value *value) {
  const pjrt_kvstore_functions *functions = &store->functions;
  if (timeout_ns < 0) timeout_ns = 0;
  PJRT_TRY(
      functions->get
          ? functions->get(functions->user, key, key_size, timeout_ns, value)
          : ask_again_and_again(store, key, key_size, timeout_ns, value));
  if (value->data) return NULL;
  if (is_cancelled(store)) {
    return pjrt_error_format(PJRT_CANCELLED, "waiting for keys was cancelled");
  }
  return pjrt_error_format(PJRT_DEADLINE_EXCEEDED, "no value within %g s",
                           (double)timeout_ns / 1e9);
}

/* ---- keys and values ----------------------------------------------------- */

/* What was found, or the error, about which all is said. Takes the key. */
static pjrt_error *finish_get(pjrt_error *error, const pjrt_kvstore *store,
                              char *key, size_t key_size,
                              pjrt_kvstore_value value, void **out,
                              size_t *out_size) {
  about(error, store, "get", key, key_size);
  free(key);
  if (error) {
    free(value.data);
    return error;
  }
  *out = value.data;
  *out_size = value.size;
  return NULL;
}

pjrt_error *pjrt_kvstore_get(pjrt_kvstore *store, const char *key,
                             size_t key_size, int64_t timeout_ns, void **out,
                             size_t *out_size) {
  pjrt_kvstore_value value = {0};
  char *copy;
  *out = NULL;
  *out_size = 0;
  PJRT_TRY(take_key(store, key, key_size, &copy, &key_size));
  pjrt_error *error = wait_for_value(store, copy, key_size, timeout_ns, &value);
  return finish_get(error, store, copy, key_size, value, out, out_size);
}

pjrt_error *pjrt_kvstore_try_get(pjrt_kvstore *store, const char *key,
                                 size_t key_size, void **out,
                                 size_t *out_size) {
  pjrt_kvstore_value value = {0};
  char *copy;
  *out = NULL;
  *out_size = 0;
  PJRT_TRY(take_key(store, key, key_size, &copy, &key_size));
  pjrt_error *error =
      store->functions.try_get(store->functions.user, copy, key_size, &value);
  return finish_get(error, store, copy, key_size, value, out, out_size);
}

pjrt_error *pjrt_kvstore_put(pjrt_kvstore *store, const char *key,
                             size_t key_size, const void *value,
                             size_t value_size) {
  char *copy;
  if (!value && value_size) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "value is NULL for %zu bytes", value_size);
  }
  PJRT_TRY(take_key(store, key, key_size, &copy, &key_size));
  pjrt_error *error =
      about(store->functions.put(store->functions.user, copy, key_size,
                                 value ? value : "", value_size),
            store, "put", copy, key_size);
  free(copy);
  return error;
}
