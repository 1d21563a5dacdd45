/* Megascale: what the errors of several workers say together. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ext/megascale.h"
#include "ext/wire.h"

/* ---- aggregators --------------------------------------------------------- */

/* The last error of a worker's task. */
typedef struct report {
  struct report *next;
  int32_t task_id;
  sim_bytes worker_id;
  sim_bytes error;
} report;

struct PJRT_Megascale_ErrorAggregator {
  sim_kind kind;
  pthread_mutex_t lock;
  bool is_shut_down;
  sim_bytes app_type;
  sim_bytes first_error;
  report *reports; /* in the order in which they came first */
};

struct PJRT_Megascale_ErrorDigest {
  sim_kind kind;
  char *text;
};

SIM_MEGASCALE_FUNCTION(ErrorAggregator_Create) {
  SIM_EXT_ENTER(args, PJRT_Megascale_ErrorAggregator_Create_Args,
                PJRT_Megascale_ErrorAggregator_Create_Args_STRUCT_SIZE);
  SIM_TRY(sim_megascale_check_name("app_type", args->app_type,
                                   args->app_type_size));
  PJRT_Megascale_ErrorAggregator *aggregator =
      sim_new(SIM_OTHER, sizeof(*aggregator));
  pthread_mutex_init(&aggregator->lock, NULL);
  sim_bytes_append(&aggregator->app_type, args->app_type, args->app_type_size);
  args->aggregator = aggregator;
  return NULL;
}

static void reports_free(report *reports) {
  while (reports) {
    report *next = reports->next;
    free(reports->worker_id.data);
    free(reports->error.data);
    free(reports);
    reports = next;
  }
}

SIM_MEGASCALE_FUNCTION(ErrorAggregator_Delete) {
  SIM_EXT_ENTER(args, PJRT_Megascale_ErrorAggregator_Delete_Args,
                PJRT_Megascale_ErrorAggregator_Delete_Args_STRUCT_SIZE);
  PJRT_Megascale_ErrorAggregator *aggregator = args->aggregator;
  if (!aggregator) return NULL;
  SIM_REQUIRE(aggregator, SIM_OTHER);
  reports_free(aggregator->reports);
  free(aggregator->app_type.data);
  free(aggregator->first_error.data);
  pthread_mutex_destroy(&aggregator->lock);
  sim_delete(aggregator, SIM_OTHER);
  return NULL;
}

/* Where the report of this task is, or the end of the list. */
static report **find_report(
    PJRT_Megascale_ErrorAggregator *aggregator,
    const PJRT_Megascale_ErrorAggregator_AddError_Args *args, int32_t task_id) {
  report **at = &aggregator->reports;
  while (*at && ((*at)->task_id != task_id ||
                 (*at)->worker_id.size != args->worker_id_size ||
                 memcmp((*at)->worker_id.data, args->worker_id,
                        args->worker_id_size) != 0))
    at = &(*at)->next;
  return at;
}

/* A newer error of the same task replaces the older one. A cancellation that
 * comes first says that the job ends on purpose: nothing is collected then.
 * With the lock held. */
static void add(PJRT_Megascale_ErrorAggregator *aggregator,
                const PJRT_Megascale_ErrorAggregator_AddError_Args *args) {
  const char *error = args->serialized_error;
  const size_t size = args->serialized_error_size;
  const int32_t task_id =
      (int32_t)sim_wire_number(error, size, SIM_ERROR_TASK_ID, 0);
  if (aggregator->is_shut_down) return;
  if (!aggregator->reports) {
    aggregator->is_shut_down =
        sim_wire_number(error, size, SIM_ERROR_TYPE, 0) == SIM_CANCELLED;
    if (aggregator->is_shut_down) return;
    sim_bytes_append(&aggregator->first_error, error, size);
  }
  report **at = find_report(aggregator, args, task_id);
  if (!*at) {
    *at = sim_allocate(sizeof(**at));
    (*at)->task_id = task_id;
    sim_bytes_append(&(*at)->worker_id, args->worker_id, args->worker_id_size);
  }
  (*at)->error.size = 0;
  sim_bytes_append(&(*at)->error, error, size);
}

SIM_MEGASCALE_FUNCTION(ErrorAggregator_AddError) {
  SIM_EXT_ENTER(args, PJRT_Megascale_ErrorAggregator_AddError_Args,
                PJRT_Megascale_ErrorAggregator_AddError_Args_STRUCT_SIZE);
  SIM_REQUIRE(args->aggregator, SIM_OTHER);
  SIM_TRY(sim_megascale_check_name("worker_id", args->worker_id,
                                   args->worker_id_size));
  if (args->serialized_error_size && !args->serialized_error)
    return sim_misuse("NULL serialized_error");
  if (!sim_wire_is_valid(args->serialized_error, args->serialized_error_size))
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "serialized_error is no MegaScaleRuntimeError");
  pthread_mutex_lock(&args->aggregator->lock);
  add(args->aggregator, args);
  pthread_mutex_unlock(&args->aggregator->lock);
  return NULL;
}

static size_t count(PJRT_Megascale_ErrorAggregator *aggregator,
                    bool *out_is_active) {
  size_t num = 0;
  pthread_mutex_lock(&aggregator->lock);
  for (const report *r = aggregator->reports; r; r = r->next) num++;
  *out_is_active = !aggregator->is_shut_down;
  pthread_mutex_unlock(&aggregator->lock);
  return num;
}

SIM_MEGASCALE_FUNCTION(ErrorAggregator_Size) {
  bool is_active;
  SIM_EXT_ENTER(args, PJRT_Megascale_ErrorAggregator_Size_Args,
                PJRT_Megascale_ErrorAggregator_Size_Args_STRUCT_SIZE);
  SIM_REQUIRE(args->aggregator, SIM_OTHER);
  args->size = count(args->aggregator, &is_active);
  return NULL;
}

SIM_MEGASCALE_FUNCTION(ErrorAggregator_Active) {
  SIM_EXT_ENTER(args, PJRT_Megascale_ErrorAggregator_Active_Args,
                PJRT_Megascale_ErrorAggregator_Active_Args_STRUCT_SIZE);
  SIM_REQUIRE(args->aggregator, SIM_OTHER);
  count(args->aggregator, &args->active);
  return NULL;
}

/* ---- digests ------------------------------------------------------------- */

static bool is_unrecoverable(const report *r) {
  return sim_wire_number(r->error.data, r->error.size, SIM_ERROR_TYPE, 0) ==
         SIM_UNRECOVERABLE_ERROR;
}

/* "app: 2 errors, the first 'text'; UNKNOWN_CAUSE; workers a, b" */
static char *digest_text(const PJRT_Megascale_ErrorAggregator *aggregator) {
  char number[48];
  const char *cause = "UNKNOWN_CAUSE";
  sim_wire_field message;
  sim_bytes text = {0}, workers = {0};
  size_t num = 0;
  for (const report *r = aggregator->reports; r; r = r->next, num++) {
    if (is_unrecoverable(r)) cause = "UNRECOVERABLE_ERROR";
    sim_bytes_append(&workers, num ? ", " : "; workers ", num ? 2 : 10);
    sim_bytes_append(&workers, r->worker_id.data, r->worker_id.size);
  }
  snprintf(number, sizeof(number), ": %zu errors, the first '", num);
  sim_wire_bytes(aggregator->first_error.data, aggregator->first_error.size,
                 SIM_ERROR_MESSAGE, &message);
  sim_bytes_append(&text, aggregator->app_type.data, aggregator->app_type.size);
  sim_bytes_append(&text, number, strlen(number));
  sim_bytes_append(&text, message.data, message.size);
  sim_bytes_append(&text, "'; ", 3);
  sim_bytes_append(&text, cause, strlen(cause));
  sim_bytes_append(&text, workers.data, workers.size);
  sim_bytes_append(&text, "", 1);
  free(workers.data);
  return (char *)text.data;
}

/* A second one says the same. */
SIM_MEGASCALE_FUNCTION(ErrorAggregator_ProcessAndShutdown) {
  SIM_EXT_ENTER(
      args, PJRT_Megascale_ErrorAggregator_ProcessAndShutdown_Args,
      PJRT_Megascale_ErrorAggregator_ProcessAndShutdown_Args_STRUCT_SIZE);
  SIM_REQUIRE(args->aggregator, SIM_OTHER);
  args->digest = sim_new(SIM_OTHER, sizeof(*args->digest));
  pthread_mutex_lock(&args->aggregator->lock);
  args->aggregator->is_shut_down = true;
  args->digest->text = digest_text(args->aggregator);
  pthread_mutex_unlock(&args->aggregator->lock);
  return NULL;
}

SIM_MEGASCALE_FUNCTION(ErrorAggregator_LogErrorDigest) {
  SIM_EXT_ENTER(args, PJRT_Megascale_ErrorAggregator_LogErrorDigest_Args,
                PJRT_Megascale_ErrorAggregator_LogErrorDigest_Args_STRUCT_SIZE);
  SIM_REQUIRE(args->aggregator, SIM_OTHER);
  SIM_REQUIRE(args->digest, SIM_OTHER);
  fprintf(stderr, "pjrt_sim: %s\n", args->digest->text);
  return NULL;
}

SIM_MEGASCALE_FUNCTION(ErrorDigest_Delete) {
  SIM_EXT_ENTER(args, PJRT_Megascale_ErrorDigest_Delete_Args,
                PJRT_Megascale_ErrorDigest_Delete_Args_STRUCT_SIZE);
  if (!args->digest) return NULL;
  SIM_REQUIRE(args->digest, SIM_OTHER);
  free(args->digest->text);
  sim_delete(args->digest, SIM_OTHER);
  return NULL;
}
