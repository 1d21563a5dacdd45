/* Telling a client how the other processes are. */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "core/client.h"
#include "core/plugin.h"

static pjrt_error *wrong(size_t i, const char *what, int found) {
  return pjrt_error_format(PJRT_INVALID_ARGUMENT, "process info %zu has %s %d",
                           i, what, found);
}

static pjrt_error *check_info(const pjrt_process_info *infos, size_t i) {
  const pjrt_process_info *info = &infos[i];
  if (info->process_index < 0) {
    return wrong(i, "the process index", info->process_index);
  }
  for (size_t j = 0; j < i; j++) {
    if (infos[j].process_index == info->process_index) {
      return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                               "process infos %zu and %zu are both of process "
                               "%d",
                               j, i, info->process_index);
    }
  }
  if (info->state < PJRT_PROCESS_UNINITIALIZED ||
      info->state > PJRT_PROCESS_FAILED) {
    return wrong(i, "the unknown state", (int)info->state);
  }
  const bool is_failed = info->state == PJRT_PROCESS_FAILED;
  if (is_failed == (pjrt_error_code(info->error) != PJRT_OK)) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "process info %zu is %s an error, expected one for "
                           "a process that has failed, and for no other",
                           i, info->error ? "with" : "without");
}

/* Before the middle of 0.75 the struct did not tell its size. */
static pjrt_error *check_plugin(const pjrt_plugin *plugin) {
  if (plugin->minor >= 76 ||
      !plugin->table.PJRT_Client_UpdateGlobalProcessInfo) {
    return NULL;
  }
  return pjrt_error_about(
      pjrt_error_format(PJRT_UNIMPLEMENTED,
                        "process infos of this form are newer than the "
                        "plugin: API 0.76 has them for certain"),
      plugin, "PJRT_Client_UpdateGlobalProcessInfo");
}

static pjrt_error *check(const pjrt_client *client,
                         const pjrt_process_info *infos, size_t num_infos) {
  if (!client) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "client is NULL");
  }
  PJRT_TRY(pjrt_client_check(client));
  if (!infos && num_infos) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "infos is NULL for %zu of them", num_infos);
  }
  for (size_t i = 0; i < num_infos; i++) PJRT_TRY(check_info(infos, i));
  return check_plugin(client->plugin);
}

static void fill(const pjrt_plugin *plugin, const pjrt_process_info *from,
                 PJRT_ProcessInfo *out) {
  size_t size;
  out->struct_size = plugin->struct_size[PJRT_STRUCT_PJRT_ProcessInfo];
  out->task_id = from->process_index;
  out->incarnation_id = from->incarnation_id;
  out->state = (PJRT_ProcessState)from->state;
  out->error_code = (int)pjrt_error_code(from->error);
  out->error_message = pjrt_error_message(from->error, &size);
  out->error_message_size = size;
}

pjrt_error *pjrt_client_update_process_infos(pjrt_client *client,
                                             const pjrt_process_info *infos,
                                             size_t num_infos) {
  void *memory;
  PJRT_TRY(check(client, infos, num_infos));
  /* Two more than needed: the zero reserve behind the last one. */
  _Static_assert(2 * sizeof(PJRT_ProcessInfo) >= PJRT_ARGS_RESERVE,
                 "a reserve");
  PJRT_TRY(pjrt_alloc(num_infos + 2, sizeof(PJRT_ProcessInfo), &memory));
  PJRT_ProcessInfo *raw = memory;
  for (size_t i = 0; i < num_infos; i++) {
    fill(client->plugin, &infos[i], &raw[i]);
  }
  PJRT_ARGS(PJRT_Client_UpdateGlobalProcessInfo, args);
  args->client = client->raw;
  args->process_infos = raw;
  args->num_process_infos = num_infos;
  pjrt_error *error =
      PJRT_CALL(client->plugin, PJRT_Client_UpdateGlobalProcessInfo, args);
  free(raw);
  return error;
}
