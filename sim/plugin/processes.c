/* Several processes that make up one machine, as with the CUDA plugin: each
 * puts what it has under a key of its own, the first gathers all of it and puts
 * the whole, and the others get that. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/machine.h"
#include "plugin/slots.h"

/* The CUDA plugin's. */
enum { PART_TIMEOUT_MS = 120000, WHOLE_TIMEOUT_MS = 300000 };

#define PART_KEY "local_topology/sim/"
#define WHOLE_KEY "global_topology/sim"
#define PART_FORMAT "sim process %d of %d, %d devices, mesh "

typedef const PJRT_Client_Create_Args store;

/* ---- the callbacks ------------------------------------------------------- */

static PJRT_Error *callback_error(PJRT_Error_Code code, const char *message,
                                  size_t message_size) {
  return sim_error(code, "%.*s", (int)message_size, message);
}

/* The callback's error, with what was asked of it. Consumes the error. */
static PJRT_Error *about(PJRT_Error *error, const char *what, const char *key) {
  PJRT_Error_Message_Args text = {.error = error};
  PJRT_Error_GetCode_Args code = {.error = error};
  sim_PJRT_Error_Message(&text);
  SIM_TRY(sim_PJRT_Error_GetCode(&code));
  PJRT_Error *longer = sim_error(code.code, "cannot %s %s: %.*s", what, key,
                                 (int)text.message_size, text.message);
  sim_PJRT_Error_Destroy(&(PJRT_Error_Destroy_Args){.error = error});
  return longer;
}

static PJRT_Error *get(store *s, const char *key, int timeout_ms,
                       sim_bytes *out) {
  PJRT_CallbackError make_error = callback_error;
  PJRT_KeyValueGetCallback_Args args = {
      .struct_size = PJRT_KeyValueGetCallback_Args_STRUCT_SIZE,
      .key = key,
      .key_size = strlen(key),
      .timeout_in_ms = timeout_ms,
      .callback_error = &make_error,
      .user_arg = s->kv_get_user_arg};
  PJRT_Error *error = s->kv_get_callback(&args);
  if (error) return about(error, "get", key);
  if (!args.value) return sim_misuse("no value, and no error, for %s", key);
  sim_bytes_append(out, args.value, args.value_size);
  if (args.value_deleter_callback) args.value_deleter_callback(args.value);
  return NULL;
}

/* Whether the key has this value already. */
static bool has(store *s, const char *key, const sim_bytes *value) {
  PJRT_CallbackError make_error = callback_error;
  PJRT_KeyValueTryGetCallback_Args args = {
      .struct_size = PJRT_KeyValueTryGetCallback_Args_STRUCT_SIZE,
      .key = key,
      .key_size = strlen(key),
      .callback_error = &make_error,
      .user_arg = s->kv_try_get_user_arg};
  if (!s->kv_try_get_callback) return false;
  PJRT_Error *error = s->kv_try_get_callback(&args);
  sim_PJRT_Error_Destroy(&(PJRT_Error_Destroy_Args){.error = error});
  if (error || !args.value) return false;
  const bool is_same = args.value_size == value->size &&
                       !memcmp(args.value, value->data, value->size);
  if (args.value_deleter_callback) args.value_deleter_callback(args.value);
  return is_same;
}

/* A process that is started again finds what it has put before. */
static PJRT_Error *put(store *s, const char *key, const sim_bytes *value) {
  PJRT_CallbackError make_error = callback_error;
  PJRT_KeyValuePutCallback_Args args = {
      .struct_size = PJRT_KeyValuePutCallback_Args_STRUCT_SIZE,
      .key = key,
      .key_size = strlen(key),
      .value = (char *)value->data,
      .value_size = value->size,
      .callback_error = &make_error,
      .user_arg = s->kv_put_user_arg};
  PJRT_Error *error = s->kv_put_callback(&args);
  if (!error) return NULL;
  PJRT_Error_GetCode_Args code = {.error = error};
  SIM_TRY(sim_PJRT_Error_GetCode(&code));
  if (code.code != PJRT_Error_Code_ALREADY_EXISTS || !has(s, key, value))
    return about(error, "put", key);
  sim_PJRT_Error_Destroy(&(PJRT_Error_Destroy_Args){.error = error});
  return NULL;
}

/* ---- the part of a process ----------------------------------------------- */

static const char *mesh_of(const pjrt_sim_options *machine) {
  return machine->mesh ? machine->mesh : "none";
}

static PJRT_Error *put_part(store *s, const pjrt_sim_options *machine) {
  char key[64];
  sim_bytes part = {0};
  snprintf(key, sizeof(key), PART_KEY "%d", machine->node_id);
  sim_append(&part, PART_FORMAT, machine->node_id, machine->num_nodes,
             machine->num_devices);
  sim_bytes_append(&part, mesh_of(machine), strlen(mesh_of(machine)));
  sim_seal(&part);
  PJRT_Error *error = put(s, key, &part);
  free(part.data);
  return error;
}

/* Processes that were told different things make no machine. */
static PJRT_Error *check_part(const char *text, const pjrt_sim_options *machine,
                              int process, int *out_num_devices) {
  int node_id, num_nodes, mesh = 0;
  if (!text ||
      sscanf(text, PART_FORMAT "%n", &node_id, &num_nodes, out_num_devices,
             &mesh) != 3 ||
      !mesh || node_id != process || *out_num_devices < 0)
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "what is under " PART_KEY
                     "%d is nothing that process %d "
                     "of the plugin put there",
                     process, process);
  if (num_nodes != machine->num_nodes)
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "num_nodes is %d in process %d, and %d in process %d",
                     machine->num_nodes, machine->node_id, num_nodes, process);
  if (strcmp(text + mesh, mesh_of(machine)) != 0)
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "the mesh is %s in process %d, and %s in process %d",
                     mesh_of(machine), machine->node_id, text + mesh, process);
  return NULL;
}

static PJRT_Error *get_part(store *s, const pjrt_sim_options *machine,
                            int process, size_t *out_num_devices) {
  char key[64];
  sim_bytes part = {0};
  int num_devices = 0;
  snprintf(key, sizeof(key), PART_KEY "%d", process);
  PJRT_Error *error = get(s, key, PART_TIMEOUT_MS, &part);
  if (error) return error;
  char *text = sim_unseal((char *)part.data, part.size);
  error = check_part(text, machine, process, &num_devices);
  *out_num_devices = (size_t)num_devices;
  free(text);
  free(part.data);
  return error;
}

/* ---- the whole ----------------------------------------------------------- */

static PJRT_Error *put_whole(store *s, const PJRT_TopologyDescription *whole) {
  sim_bytes text = {0};
  sim_topology_write(whole, &text);
  PJRT_Error *error = put(s, WHOLE_KEY, &text);
  free(text.data);
  return error;
}

static PJRT_Error *gather(store *s, const pjrt_sim_options *machine,
                          PJRT_TopologyDescription **out) {
  const size_t num = (size_t)machine->num_nodes;
  PJRT_Error *error = NULL;
  sim_mesh mesh;
  if (machine->mesh)
    SIM_TRY(sim_mesh_parse(machine->mesh, strlen(machine->mesh), &mesh));
  size_t *sizes = sim_allocate(num * sizeof(*sizes));
  for (size_t i = 0; i < num && !error; i++)
    error = get_part(s, machine, (int)i, &sizes[i]);
  if (!error)
    error = sim_topology_create(machine->mesh ? &mesh : NULL, sizes, num, out);
  free(sizes);
  if (error) return error;
  error = put_whole(s, *out);
  if (error) sim_topology_delete(*out);
  return error;
}

static PJRT_Error *check_whole(const PJRT_TopologyDescription *whole,
                               const pjrt_sim_options *machine) {
  if (whole->num_processes != (size_t)machine->num_nodes)
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "num_nodes is %zu in process 0, and %d in process %d",
                     whole->num_processes, machine->num_nodes,
                     machine->node_id);
  const size_t num = whole->process_sizes[machine->node_id];
  if (num != (size_t)machine->num_devices)
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "process %d has %d devices, process 0 takes it for one "
                     "with %zu",
                     machine->node_id, machine->num_devices, num);
  return NULL;
}

static PJRT_Error *receive(store *s, const pjrt_sim_options *machine,
                           PJRT_TopologyDescription **out) {
  sim_bytes text = {0};
  SIM_TRY(get(s, WHOLE_KEY, WHOLE_TIMEOUT_MS, &text));
  PJRT_Error *error = sim_topology_read((char *)text.data, text.size, out);
  free(text.data);
  if (error) return about(error, "use", WHOLE_KEY);
  error = check_whole(*out, machine);
  if (error) sim_topology_delete(*out);
  return error;
}

PJRT_Error *sim_processes_meet(const PJRT_Client_Create_Args *args,
                               const pjrt_sim_options *machine,
                               PJRT_TopologyDescription **out) {
  if (machine->num_remote_devices)
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "remote_devices is %d and num_nodes is %d, expected one "
                     "of them alone",
                     machine->num_remote_devices, machine->num_nodes);
  if (!args->kv_get_callback || !args->kv_put_callback)
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "num_nodes is %d, which needs kv_get_callback and "
                     "kv_put_callback",
                     machine->num_nodes);
  SIM_TRY(put_part(args, machine));
  return machine->node_id == 0 ? gather(args, machine, out)
                               : receive(args, machine, out);
}
