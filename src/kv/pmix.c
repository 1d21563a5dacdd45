/* A store in the launcher of the job, through PMIx: keys are published and
 * looked up, and who waits for one looks now and then.
 *
 * What a launcher does with a key that was published before is its own affair:
 * some refuse it, others let the last value win. So a put looks first, and two
 * processes that put the same key at the same moment may not be told of each
 * other. */
#include "base/error.h"
#include "kv/stores.h"

#ifdef PJRT_PMIX_SONAME

#include <pmix.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/deadline.h"
#include "core/kvstore.h"
#include "kv/library.h"
#include "kv/record.h"

#define ANSWER_WITHIN_NS INT64_C(5000000000)

/* What is used of the library. */
typedef struct libpmix {
  __typeof__(PMIx_Init) *init;
  __typeof__(PMIx_Finalize) *finalize;
  __typeof__(PMIx_Publish_nb) *publish;
  __typeof__(PMIx_Lookup_nb) *lookup;
  __typeof__(PMIx_Error_string) *error_text;
} libpmix;

typedef struct pmix_store {
  libpmix lib;
  bool has_begun;
  char *name;   /* for messages */
  char *prefix; /* of the job's keys */
  size_t prefix_size;
} pmix_store;

/* Something that the server is asked. It may answer when nobody waits any more,
 * so what it answers to belongs to who asks and to the library together. */
typedef struct request {
  pthread_mutex_t mutex; /* guards what follows */
  pthread_cond_t answered;
  int num_owners;
  bool is_answered;
  pmix_status_t status;
  pjrt_kvstore_value *found; /* NULL: not to be found, or not any more */
  pjrt_error *error;
  /* What is asked, and stays as it is. */
  char *key; /* with the job's */
  size_t key_size;
  char *name, *names[2]; /* of its record; the list ends with NULL */
  pmix_info_t info;
  char *record;
} request;

static pjrt_error *load(libpmix *out) {
  const pjrt_kv_symbol symbols[] = {{"PMIx_Init", &out->init},
                                    {"PMIx_Finalize", &out->finalize},
                                    {"PMIx_Publish_nb", &out->publish},
                                    {"PMIx_Lookup_nb", &out->lookup},
                                    {"PMIx_Error_string", &out->error_text}};
  return pjrt_kv_library_load("stores in PMIx", PJRT_PMIX_SONAME, symbols,
                              sizeof symbols / sizeof *symbols);
}

/* ---- errors -------------------------------------------------------------- */

static pjrt_code code_of(pmix_status_t status) {
  switch (status) {
    case PMIX_ERR_NOT_SUPPORTED:
      return PJRT_UNIMPLEMENTED;
    case PMIX_ERR_NO_PERMISSIONS:
      return PJRT_PERMISSION_DENIED;
    case PMIX_ERR_NOMEM:
      return PJRT_RESOURCE_EXHAUSTED;
    case PMIX_ERR_UNREACH:
    case PMIX_ERR_COMM_FAILURE:
    case PMIX_ERR_LOST_CONNECTION:
    case PMIX_ERR_TIMEOUT:
      return PJRT_UNAVAILABLE;
    default:
      return PJRT_INTERNAL;
  }
}

static pjrt_error *refused(const pmix_store *store, const char *call,
                           pmix_status_t status) {
  return pjrt_error_format(
      code_of(status), "%s: %s (%d)%s", call, store->lib.error_text(status),
      (int)status,
      status == PMIX_ERR_NOT_SUPPORTED
          ? "; this launcher does not publish values, as Slurm's srun does not"
          : "");
}

/* ---- requests ------------------------------------------------------------ */

static void release(request *r) {
  pthread_mutex_lock(&r->mutex);
  const bool is_last = --r->num_owners == 0;
  pthread_mutex_unlock(&r->mutex);
  if (!is_last) return;
  pthread_cond_destroy(&r->answered);
  pthread_mutex_destroy(&r->mutex);
  free(r->key);
  free(r->name);
  free(r->record);
  free(r);
}

static pjrt_error *name_request(const pmix_store *store, const char *key,
                                size_t key_size, request *r) {
  pjrt_builder text = {0};
  pjrt_builder_append(&text, store->prefix, store->prefix_size);
  pjrt_builder_append(&text, key, key_size);
  PJRT_TRY(pjrt_builder_finish(&text, &r->key, &r->key_size));
  pjrt_builder_append(&text, "pjrt:", 5);
  pjrt_record_append_name(&text, r->key, r->key_size);
  PJRT_TRY(pjrt_builder_finish(&text, &r->name, NULL));
  r->names[0] = r->name;
  return NULL;
}

static pjrt_error *make_request(const pmix_store *store, const char *key,
                                size_t key_size, request **out) {
  request *r = calloc(1, sizeof *r);
  if (!r) return pjrt_error_out_of_memory();
  pthread_mutex_init(&r->mutex, NULL);
  pthread_cond_init(&r->answered, NULL);
  r->num_owners = 1;
  pjrt_error *error = name_request(store, key, key_size, r);
  if (error) {
    release(r);
    return error;
  }
  *out = r;
  return NULL;
}

/* The value of the key, among what is published under its name. */
static pjrt_error *choose(const request *r, const pmix_pdata_t *data,
                          size_t num, pjrt_kvstore_value *out) {
  for (size_t i = 0; i < num; i++) {
    const pmix_byte_object_t *record = &data[i].value.data.bo;
    size_t size;
    const char *value = data[i].value.type != PMIX_BYTE_OBJECT
                            ? NULL
                            : pjrt_record_value(record->bytes, record->size,
                                                r->key, r->key_size, &size);
    if (value) return pjrt_kvstore_value_set(out, value, size);
  }
  return NULL;
}

/* On the library's thread. */
static void on_values(pmix_status_t status, pmix_pdata_t *data, size_t num,
                      void *arg) {
  request *r = arg;
  pthread_mutex_lock(&r->mutex);
  r->status = status;
  r->is_answered = true;
  if (status == PMIX_SUCCESS && r->found) {
    r->error = choose(r, data, num, r->found);
  }
  pthread_cond_signal(&r->answered);
  pthread_mutex_unlock(&r->mutex);
  release(r);
}

/* Likewise. */
static void on_done(pmix_status_t status, void *arg) {
  on_values(status, NULL, 0, arg);
}

/* Waits for the answer to what was asked with `asked`. Takes the request. */
static pjrt_error *await(const char *call, request *r, pmix_status_t asked,
                         pmix_status_t *out_status) {
  const int64_t deadline = pjrt_deadline_after(ANSWER_WITHIN_NS);
  pthread_mutex_lock(&r->mutex);
  if (asked != PMIX_SUCCESS) { /* and nobody calls back */
    r->is_answered = true;
    r->status = asked == PMIX_OPERATION_SUCCEEDED ? PMIX_SUCCESS : asked;
    r->num_owners--;
  }
  while (!r->is_answered &&
         pjrt_deadline_wait(deadline, &r->answered, &r->mutex)) {
  }
  const bool is_answered = r->is_answered;
  pjrt_error *error = r->error;
  *out_status = r->status;
  r->found = NULL;
  pthread_mutex_unlock(&r->mutex);
  release(r);
  if (is_answered) return error;
  return pjrt_error_format(PJRT_UNAVAILABLE,
                           "%s: the server of PMIx does not answer", call);
}

/* ---- keys and values ----------------------------------------------------- */

static pjrt_error *try_get(void *user, const char *key, size_t key_size,
                           pjrt_kvstore_value *value) {
  const pmix_store *store = user;
  pmix_status_t status;
  request *r;
  PJRT_TRY(make_request(store, key, key_size, &r));
  r->found = value;
  r->num_owners++;
  PJRT_TRY(await("PMIx_Lookup", r,
                 store->lib.lookup(r->names, NULL, 0, on_values, r), &status));
  if (status == PMIX_SUCCESS || status == PMIX_ERR_NOT_FOUND) return NULL;
  return refused(store, "PMIx_Lookup", status);
}

static pjrt_error *add_record(request *r, const void *value,
                              size_t value_size) {
  char header[PJRT_RECORD_HEADER_SIZE + 1];
  pjrt_builder record = {0};
  pjrt_record_header(r->key_size, value_size, header);
  pjrt_builder_append(&record, header, PJRT_RECORD_HEADER_SIZE);
  pjrt_builder_append(&record, r->key, r->key_size);
  pjrt_builder_append(&record, value, value_size);
  pmix_info_t info = {.value.type = PMIX_BYTE_OBJECT};
  pmix_byte_object_t *bytes = &info.value.data.bo;
  PJRT_TRY(pjrt_builder_finish(&record, &r->record, &bytes->size));
  bytes->bytes = r->record;
  memcpy(info.key, r->name, strlen(r->name) + 1);
  r->info = info;
  return NULL;
}

/* *out_taken says that there was a value, which stays. */
static pjrt_error *publish(const pmix_store *store, const char *key,
                           size_t key_size, const void *value,
                           size_t value_size, bool *out_taken) {
  pmix_status_t status;
  request *r;
  PJRT_TRY(make_request(store, key, key_size, &r));
  pjrt_error *error = add_record(r, value, value_size);
  if (error) {
    release(r);
    return error;
  }
  r->num_owners++;
  PJRT_TRY(await("PMIx_Publish", r, store->lib.publish(&r->info, 1, on_done, r),
                 &status));
  *out_taken = status == PMIX_ERR_DUPLICATE_KEY;
  if (status == PMIX_SUCCESS || *out_taken) return NULL;
  return refused(store, "PMIx_Publish", status);
}

static pjrt_error *put(void *user, const char *key, size_t key_size,
                       const void *value, size_t value_size) {
  pjrt_kvstore_value old = {0};
  bool is_taken;
  PJRT_TRY(try_get(user, key, key_size, &old));
  if (!old.data) {
    PJRT_TRY(publish(user, key, key_size, value, value_size, &is_taken));
    if (!is_taken) return NULL;
    PJRT_TRY(try_get(user, key, key_size, &old));
  }
  if (!old.data) {
    return pjrt_error_format(PJRT_DATA_LOSS,
                             "it was published before, and not by a store");
  }
  pjrt_error *error = pjrt_kv_check_same(old.data, old.size, value, value_size);
  free(old.data);
  return error;
}

/* ---- life ---------------------------------------------------------------- */

static void destroy(void *user) {
  pmix_store *store = user;
  if (store->has_begun) store->lib.finalize(NULL, 0);
  free(store->prefix);
  free(store->name);
  free(store);
}

/* The library counts how often it was begun, so that a program that uses it
 * for itself, as those of MPI do, is not disturbed. */
static pjrt_error *begin(pmix_store *store) {
  pmix_proc_t self;
  if (!getenv("PMIX_NAMESPACE")) {
    return pjrt_error_format(PJRT_FAILED_PRECONDITION,
                             "PMIX_NAMESPACE is not set: this process was not "
                             "started by a launcher with PMIx, such as mpirun");
  }
  PJRT_TRY(load(&store->lib));
  const pmix_status_t status = store->lib.init(&self, NULL, 0);
  /* What it began without a server it cannot end: it crashes. */
  store->has_begun = status == PMIX_SUCCESS;
  return store->has_begun ? NULL : refused(store, "PMIx_Init", status);
}

/* Some servers publish nothing, which is better known at once. */
static pjrt_error *try_out(pmix_store *store) {
  pjrt_kvstore_value nothing = {0};
  pjrt_error *error = try_get(store, "", 0, &nothing);
  free(nothing.data);
  return error;
}

static pjrt_error *prepare(pmix_store *store, const char *job) {
  pjrt_builder text = {0};
  pjrt_builder_appendf(&text, "pmix:, job %s", job);
  PJRT_TRY(pjrt_builder_finish(&text, &store->name, NULL));
  pjrt_kv_append_encoded(&text, job, strlen(job));
  pjrt_builder_append(&text, ":", 1);
  PJRT_TRY(pjrt_builder_finish(&text, &store->prefix, &store->prefix_size));
  PJRT_TRY(begin(store));
  return try_out(store);
}

static pjrt_error *open_store(const char *job, pjrt_kvstore **out) {
  pjrt_kvstore_functions functions;
  pmix_store *store = calloc(1, sizeof *store);
  if (!store) return pjrt_error_out_of_memory();
  pjrt_error *error = prepare(store, job);
  if (error) {
    destroy(store);
    return error;
  }
  pjrt_kvstore_functions_init(&functions);
  functions.name = store->name;
  functions.user = store;
  functions.try_get = try_get;
  functions.put = put;
  functions.destroy = destroy;
  return pjrt_kvstore_create(&functions, out);
}

#else /* PJRT_PMIX_SONAME */

static pjrt_error *open_store(const char *job, pjrt_kvstore **out) {
  (void)job;
  (void)out;
  return pjrt_error_format(PJRT_UNIMPLEMENTED,
                           "the library was built without libpmix, which "
                           "stores in PMIx need");
}

#endif /* PJRT_PMIX_SONAME */

pjrt_error *pjrt_pmix_store_open(const char *nothing, const char *job,
                                 pjrt_kvstore **out) {
  if (*nothing) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "pmix: is followed by '%s', expected nothing",
                             nothing);
  }
  return open_store(job, out);
}
