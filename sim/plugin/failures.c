/* Processes of which the client was told that they have failed. */
#include <stdlib.h>

#include "plugin/machine.h"
#include "plugin/slots.h"

static bool has_failed(const PJRT_ProcessInfo *info) {
  return info->state == PJRT_ProcessState_kDisconnected ||
         info->state == PJRT_ProcessState_kError;
}

static PJRT_Error *check_info(const PJRT_Client *client,
                              const PJRT_ProcessInfo *info) {
  const size_t num = client->topology->num_processes;
  PJRT_ProcessInfo copy;
  SIM_TRY(SIM_READ_STRUCT(PJRT_ProcessInfo, info, &copy));
  if (info->task_id < 0 || (size_t)info->task_id >= num)
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "task_id is %d, expected one of %zu processes",
                     info->task_id, num);
  if ((int)info->state < PJRT_ProcessState_kUnspecified ||
      info->state > PJRT_ProcessState_kError)
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "process %d has the unknown state %d", info->task_id,
                     (int)info->state);
  return NULL;
}

static char *describe(const PJRT_ProcessInfo *info) {
  sim_bytes text = {0};
  sim_append(&text, "process %d %s: ", info->task_id,
             info->state == PJRT_ProcessState_kError ? "has failed"
                                                     : "is disconnected");
  sim_bytes_append(&text, info->error_message,
                   info->error_message ? info->error_message_size : 0);
  sim_bytes_append(&text, "", 1);
  return (char *)text.data;
}

static void note(PJRT_Client *client, const PJRT_ProcessInfo *info) {
  char **failure = &client->failures[info->task_id];
  pthread_mutex_lock(&client->lock);
  client->num_failures -= *failure != NULL;
  free(*failure);
  *failure = has_failed(info) ? describe(info) : NULL;
  client->num_failures += *failure != NULL;
  pthread_mutex_unlock(&client->lock);
}

/* From then on nothing is executed together with a process that has failed,
 * until it is connected again. */
PJRT_Error *sim_PJRT_Client_UpdateGlobalProcessInfo(
    PJRT_Client_UpdateGlobalProcessInfo_Args *args) {
  PJRT_Client *client = args->client;
  SIM_REQUIRE(client, SIM_CLIENT);
  if (args->num_process_infos && !args->process_infos)
    return sim_misuse("NULL process_infos");
  for (size_t i = 0; i < args->num_process_infos; i++)
    SIM_TRY(check_info(client, &args->process_infos[i]));
  for (size_t i = 0; i < args->num_process_infos; i++)
    note(client, &args->process_infos[i]);
  return NULL;
}

PJRT_Error *sim_processes_check(PJRT_Client *client, const int *ids,
                                size_t num_ids) {
  PJRT_Error *error = NULL;
  pthread_mutex_lock(&client->lock);
  if (client->num_failures == 0) num_ids = 0;
  for (size_t i = 0; i < num_ids && !error; i++) {
    const int process = client->devices[ids[i]]->description->process_index;
    if (client->failures[process])
      error = sim_error(PJRT_Error_Code_UNAVAILABLE, "%s",
                        client->failures[process]);
  }
  pthread_mutex_unlock(&client->lock);
  return error;
}

void sim_processes_clear(PJRT_Client *client) {
  for (size_t i = 0; i < client->topology->num_processes; i++)
    free(client->failures[i]);
  free(client->failures);
}
