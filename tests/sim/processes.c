/* Several processes that make up one machine, and what a client is told of
 * them; executions that are poisoned, and what a client keeps for its caller.
 */
#include <pthread.h>

#include "check.h"

/* ---- a store of keys and values ------------------------------------------ */

enum { MAX_ENTRIES = 16 };

typedef struct entry {
  char key[64];
  char value[256];
  size_t size;
} entry;

/* What all processes share. The numbers and texts below are faults. */
static struct {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  entry entries[MAX_ENTRIES];
  size_t num;
  int num_values; /* given out, and not given back */
  int num_gets;
  int timeout_in_ms;   /* of the latest get */
  bool times_out;      /* a key that is not there is not waited for */
  const char *no_put;  /* such keys are refused */
  const char *garbage; /* such keys have a value that makes no sense */
  bool gives_no_value; /* and no error either */
} store = {.lock = PTHREAD_MUTEX_INITIALIZER,
           .changed = PTHREAD_COND_INITIALIZER};

static void clear_store(void) {
  store.num = 0;
  store.num_values = store.num_gets = store.timeout_in_ms = 0;
  store.times_out = store.gives_no_value = false;
  store.no_put = store.garbage = NULL;
}

static bool begins(const char *key, size_t size, const char *beginning) {
  return beginning && size >= strlen(beginning) &&
         !memcmp(key, beginning, strlen(beginning));
}

static entry *find(const char *key, size_t size) {
  for (size_t i = 0; i < store.num; i++)
    if (strlen(store.entries[i].key) == size &&
        !memcmp(store.entries[i].key, key, size))
      return &store.entries[i];
  return NULL;
}

static PJRT_Error *fail(PJRT_CallbackError *make, PJRT_Error_Code code,
                        const char *message) {
  /* The text is a copy's: the plugin keeps none of ours. */
  char *copy = strdup(message);
  PJRT_Error *error = (*make)(code, copy, strlen(copy));
  free(copy);
  return error;
}

static void give_back(char *value) {
  pthread_mutex_lock(&store.lock);
  store.num_values--;
  pthread_mutex_unlock(&store.lock);
  free(value);
}

/* A value without a NUL, freed by give_back. */
static char *copy_value(const entry *from, const char *key, size_t key_size,
                        size_t *out_size) {
  const char *value = from->value;
  *out_size = from->size;
  if (begins(key, key_size, store.garbage)) {
    value = "garbage";
    *out_size = 7;
  }
  store.num_values++;
  return memcpy(malloc(*out_size), value, *out_size);
}

static PJRT_Error *get(PJRT_KeyValueGetCallback_Args *args) {
  pthread_mutex_lock(&store.lock);
  store.num_gets++;
  store.timeout_in_ms = args->timeout_in_ms;
  entry *found = find(args->key, args->key_size);
  while (!found && !store.times_out) {
    pthread_cond_wait(&store.changed, &store.lock);
    found = find(args->key, args->key_size);
  }
  if (found && !store.gives_no_value) {
    args->value =
        copy_value(found, args->key, args->key_size, &args->value_size);
    args->value_deleter_callback = give_back;
  }
  pthread_mutex_unlock(&store.lock);
  if (found) return NULL;
  return fail(args->callback_error, PJRT_Error_Code_DEADLINE_EXCEEDED,
              "nobody came");
}

static PJRT_Error *try_get(PJRT_KeyValueTryGetCallback_Args *args) {
  pthread_mutex_lock(&store.lock);
  entry *found = find(args->key, args->key_size);
  if (found) {
    args->value =
        copy_value(found, args->key, args->key_size, &args->value_size);
    args->value_deleter_callback = give_back;
  }
  pthread_mutex_unlock(&store.lock);
  if (found) return NULL;
  return fail(args->callback_error, PJRT_Error_Code_NOT_FOUND, "no such key");
}

static PJRT_Error *put(PJRT_KeyValuePutCallback_Args *args) {
  if (begins(args->key, args->key_size, store.no_put))
    return fail(args->callback_error, PJRT_Error_Code_PERMISSION_DENIED,
                "not you");
  pthread_mutex_lock(&store.lock);
  const bool is_new = !find(args->key, args->key_size);
  if (is_new) {
    entry *one = &store.entries[store.num++];
    memset(one, 0, sizeof(*one));
    memcpy(one->key, args->key, args->key_size);
    memcpy(one->value, args->value, args->value_size);
    one->size = args->value_size;
    pthread_cond_broadcast(&store.changed);
  }
  pthread_mutex_unlock(&store.lock);
  if (is_new) return NULL;
  return fail(args->callback_error, PJRT_Error_Code_ALREADY_EXISTS, "twice");
}

/* ---- clients of several processes ---------------------------------------- */

static PJRT_NamedValue text(const char *name, const char *value) {
  return (PJRT_NamedValue){.struct_size = PJRT_NamedValue_STRUCT_SIZE,
                           .name = name,
                           .name_size = strlen(name),
                           .type = PJRT_NamedValue_kString,
                           .string_value = value,
                           .value_size = strlen(value)};
}

typedef struct process {
  int node_id, num_nodes, num_devices;
  const char *mesh; /* NULL: none is given */
  PJRT_Client *client;
  PJRT_Error *error;
} process;

static void *start(void *arg) {
  process *p = arg;
  const PJRT_NamedValue options[] = {int64_option("node_id", p->node_id),
                                     int64_option("num_nodes", p->num_nodes),
                                     int64_option("devices", p->num_devices),
                                     text("mesh", p->mesh ? p->mesh : "")};
  ARGS(PJRT_Client_Create, .create_options = options,
       .num_options = p->mesh ? 4 : 3, .kv_get_callback = get,
       .kv_put_callback = put, .kv_try_get_callback = try_get);
  p->error = api->PJRT_Client_Create(&args);
  p->client = args.client;
  return NULL;
}

/* Each on a thread of its own. */
static void start_all(process *processes, size_t num) {
  pthread_t threads[4];
  for (size_t i = 0; i < num; i++)
    pthread_create(&threads[i], NULL, start, &processes[i]);
  for (size_t i = 0; i < num; i++) pthread_join(threads[i], NULL);
}

static PJRT_Error *start_alone(int node_id, int num_nodes, const char *mesh) {
  process p = {node_id, num_nodes, 2, mesh, NULL, NULL};
  start(&p);
  return p.error;
}

static int local_id_of(PJRT_Device *device) {
  ARGS(PJRT_Device_LocalHardwareId, .device = device);
  return api->PJRT_Device_LocalHardwareId(&args) ? -2 : args.local_hardware_id;
}

static bool is_addressable(PJRT_Device *device) {
  ARGS(PJRT_Device_IsAddressable, .device = device);
  return !api->PJRT_Device_IsAddressable(&args) && args.is_addressable;
}

/* Processes of 2, 0 and 3 devices: ids 0 to 1 and 2 to 4. */
static bool is_right(PJRT_Client *client, int self, int begin, int end) {
  MAKE(index, PJRT_Client_ProcessIndex, .client = client);
  MAKE(own, PJRT_Client_AddressableDevices, .client = client);
  if (api->PJRT_Client_ProcessIndex(&index) || index.process_index != self ||
      api->PJRT_Client_AddressableDevices(&own) ||
      own.num_addressable_devices != (size_t)(end - begin))
    return false;
  for (int id = 0; id < 5; id++) {
    PJRT_Device *device = device_of(client, id);
    const bool is_own = id >= begin && id < end;
    if (!device || process_of(description_of(device)) != (id < 2 ? 0 : 2) ||
        is_addressable(device) != is_own ||
        local_id_of(device) != (is_own ? id - begin : -1) ||
        (is_own && own.addressable_devices[id - begin] != device))
      return false;
  }
  return true;
}

static int first_memory_id(PJRT_Client *client) {
  ARGS(PJRT_Client_AddressableMemories, .client = client);
  return api->PJRT_Client_AddressableMemories(&args)
             ? -1
             : memory_id(args.addressable_memories[0]);
}

static void check_three_processes(void) {
  process p[3] = {{0, 3, 2, "5x1x1", NULL, NULL},
                  {1, 3, 0, "5x1x1", NULL, NULL},
                  {2, 3, 3, "5x1x1", NULL, NULL}};
  clear_store();
  start_all(p, 3);
  for (int i = 0; i < 3; i++) CHECK(!p[i].error && p[i].client);
  CHECK(is_right(p[0].client, 0, 0, 2));
  CHECK(is_right(p[1].client, 1, 2, 2));
  CHECK(is_right(p[2].client, 2, 2, 5));
  CHECK(first_memory_id(p[0].client) == 0 && first_memory_id(p[2].client) == 6);
  CHECK(topology_fingerprint(topology_of(p[0].client)) ==
        topology_fingerprint(topology_of(p[2].client)));
  CHECK(store.num == 4 && find("local_topology/sim/2", 20) &&
        find("global_topology/sim", 19));
  /* The first process got three values, the others one each. */
  CHECK(store.num_gets == 5 && store.num_values == 0);
  CHECK(store.timeout_in_ms > 0);
  for (int i = 0; i < 3; i++) free_client(p[i].client);
}

static void check_devices_of_others(void) {
  process p[2] = {{0, 2, 2, NULL, NULL, NULL}, {1, 2, 2, NULL, NULL, NULL}};
  clear_store();
  start_all(p, 2);
  CHECK(p[0].client && p[1].client);
  PJRT_Device *remote = device_of(p[1].client, 0);
  CHECK(remote && !is_addressable(remote));
  MAKE(memories, PJRT_Device_AddressableMemories, .device = remote);
  CHECK(!api->PJRT_Device_AddressableMemories(&memories) &&
        memories.num_memories == 0);
  MAKE(stats, PJRT_Device_MemoryStats, .device = remote);
  CHECK(says(api->PJRT_Device_MemoryStats(&stats),
             PJRT_Error_Code_FAILED_PRECONDITION, "device 0 is of process 0"));
  MAKE(clear, PJRT_Device_ClearMemoryStats, .device = remote);
  CHECK(says(api->PJRT_Device_ClearMemoryStats(&clear),
             PJRT_Error_Code_FAILED_PRECONDITION, "device 0 is of process 0"));
  /* What fits into a process stays in it. */
  int ids[4] = {-1, -1, -1, -1};
  ARGS(PJRT_Client_DefaultDeviceAssignment, .client = p[1].client,
       .num_replicas = 2, .num_partitions = 1, .default_assignment_size = 4,
       .default_assignment = ids);
  CHECK(!api->PJRT_Client_DefaultDeviceAssignment(&args));
  CHECK(ids[0] == 2 && ids[1] == 3);
  args.num_replicas = 4;
  CHECK(!api->PJRT_Client_DefaultDeviceAssignment(&args));
  CHECK(ids[0] == 0 && ids[3] == 3);
  free_client(p[0].client);
  free_client(p[1].client);
}

/* A process that comes again finds its own part in the store. */
static void check_restart(void) {
  process p[2] = {{0, 2, 1, NULL, NULL, NULL}, {1, 2, 1, NULL, NULL, NULL}};
  clear_store();
  start_all(p, 2);
  CHECK(p[0].client && p[1].client);
  free_client(p[1].client);
  start(&p[1]);
  CHECK(!p[1].error && is_addressable(device_of(p[1].client, 1)));
  CHECK(store.num_values == 0);
  free_client(p[1].client);
  p[1].num_devices = 2;
  start(&p[1]);
  CHECK(says(p[1].error, PJRT_Error_Code_ALREADY_EXISTS,
             "cannot put local_topology/sim/1: twice"));
  CHECK(store.num_values == 0);
  free_client(p[0].client);
}

/* ---- processes that do not meet ------------------------------------------ */

static void check_options_of_processes(void) {
  const PJRT_NamedValue options[] = {int64_option("num_nodes", 2),
                                     int64_option("remote_devices", 0),
                                     int64_option("node_id", 0)};
  clear_store();
  ARGS(PJRT_Client_Create, .create_options = options, .num_options = 1,
       .kv_put_callback = put);
  CHECK(says(api->PJRT_Client_Create(&args), PJRT_Error_Code_INVALID_ARGUMENT,
             "num_nodes is 2, which needs kv_get_callback and kv_put"));
  CHECK(says(start_alone(2, 2, NULL), PJRT_Error_Code_INVALID_ARGUMENT,
             "node_id is 2, expected less than num_nodes, which is 2"));
  PJRT_NamedValue both[] = {options[0], int64_option("remote_devices", 1)};
  args.create_options = both;
  args.num_options = 2;
  args.kv_get_callback = get;
  CHECK(says(api->PJRT_Client_Create(&args), PJRT_Error_Code_INVALID_ARGUMENT,
             "remote_devices is 1 and num_nodes is 2, expected one"));
  CHECK(store.num == 0);
}

static void check_failing_store(void) {
  clear_store();
  store.times_out = true;
  CHECK(says(start_alone(0, 2, NULL), PJRT_Error_Code_DEADLINE_EXCEEDED,
             "cannot get local_topology/sim/1: nobody came"));
  clear_store();
  store.times_out = true;
  CHECK(says(start_alone(1, 2, NULL), PJRT_Error_Code_DEADLINE_EXCEEDED,
             "cannot get global_topology/sim: nobody came"));
  clear_store();
  store.no_put = "local";
  CHECK(says(start_alone(1, 2, NULL), PJRT_Error_Code_PERMISSION_DENIED,
             "cannot put local_topology/sim/1: not you"));
  CHECK(store.num_values == 0);
}

/* Runs the first of two processes after the second has left its part. */
static PJRT_Error *meet(process second, const char *mesh) {
  store.times_out = true;
  start(&second);
  if (!says(second.error, PJRT_Error_Code_DEADLINE_EXCEEDED, "cannot get"))
    return NULL;
  return start_alone(0, 2, mesh);
}

static void check_garbage_in_the_store(void) {
  const PJRT_Error_Code code = PJRT_Error_Code_INVALID_ARGUMENT;
  const process second = {1, 2, 2, NULL, NULL, NULL};
  clear_store();
  store.garbage = "local_topology/sim/1";
  CHECK(says(meet(second, NULL), code,
             "what is under local_topology/sim/1 is nothing that process 1"));
  CHECK(store.num_values == 0);
  clear_store();
  store.no_put = "global";
  CHECK(says(meet(second, NULL), PJRT_Error_Code_PERMISSION_DENIED,
             "cannot put global_topology/sim: not you"));
  clear_store();
  store.gives_no_value = true;
  CHECK(says(meet(second, NULL), PJRT_Error_Code_INTERNAL,
             "misuse: no value, and no error, for local_topology/sim/0"));
  CHECK(store.num_values == 0);
  process p[2] = {{0, 2, 2, NULL, NULL, NULL}, {1, 2, 2, NULL, NULL, NULL}};
  clear_store();
  store.garbage = "global";
  start_all(p, 2);
  CHECK(!p[0].error);
  CHECK(says(p[1].error, code,
             "cannot use global_topology/sim: 7 bytes are no serialized"));
  free_client(p[0].client);
}

static void check_processes_that_disagree(void) {
  const PJRT_Error_Code code = PJRT_Error_Code_INVALID_ARGUMENT;
  clear_store();
  CHECK(says(meet((process){1, 3, 2, NULL, NULL, NULL}, NULL), code,
             "num_nodes is 2 in process 0, and 3 in process 1"));
  clear_store();
  CHECK(says(meet((process){1, 2, 2, "4x1", NULL, NULL}, "2x2"), code,
             "the mesh is 2x2 in process 0, and 4x1 in process 1"));
  clear_store();
  CHECK(says(meet((process){1, 2, 2, "3x1", NULL, NULL}, "3x1"), code,
             "the mesh 3x1x1 has 3 devices, the machine has 4"));
  /* The second takes itself for one of three, when two have met already. */
  process p[2] = {{0, 2, 1, NULL, NULL, NULL}, {1, 2, 1, NULL, NULL, NULL}};
  clear_store();
  start_all(p, 2);
  CHECK(!p[0].error && !p[1].error);
  CHECK(says(start_alone(2, 3, NULL), code,
             "num_nodes is 2 in process 0, and 3 in process 2"));
  CHECK(store.num_values == 0);
  free_client(p[0].client);
  free_client(p[1].client);
}

/* Before 0.61 there is no kv_try_get_callback. */
static void check_old_processes(void) {
  process p[2] = {{0, 2, 1, NULL, NULL, NULL}, {1, 2, 1, NULL, NULL, NULL}};
  use_minor(60);
  clear_store();
  start_all(p, 2);
  CHECK(!p[0].error && !p[1].error);
  free_client(p[1].client);
  start(&p[1]);
  CHECK(says(p[1].error, PJRT_Error_Code_ALREADY_EXISTS,
             "cannot put local_topology/sim/1: twice"));
  free_client(p[0].client);
}

/* ---- executions ---------------------------------------------------------- */

static const char twins[] =
    "func.func @main(%a: tensor<2xf32>) -> tensor<2xf32> {\n"
    "  %0 = stablehlo.add %a, %a : tensor<2xf32>\n"
    "  return %0 : tensor<2xf32>\n}\n";

static PJRT_Error *launch(PJRT_LoadedExecutable *loaded, int launch_id,
                          PJRT_Buffer *argument, PJRT_Buffer **out_output,
                          PJRT_Event **out_event) {
  return execute_with((PJRT_ExecuteOptions){.launch_id = launch_id}, loaded,
                      &argument, 1, out_output, out_event);
}

static bool poisons(PJRT_Client *client, int device, int launch_id,
                    const char *message) {
  ARGS(PJRT_Device_PoisonExecution, .device = device_of(client, device),
       .launch_id = launch_id, .error_code = PJRT_Error_Code_ABORTED,
       .error_message = message, .error_message_size = strlen(message),
       .poisoned = true);
  return !api->PJRT_Device_PoisonExecution(&args) && args.poisoned;
}

/* Every execution is held back until the test lets it go. */
static void hold_executions(pjrt_sim_execution_mode mode) {
  const pjrt_sim_fault fault = {.function = "PJRT_LoadedExecutable_Execute",
                                .async_delay_ms = -1};
  pjrt_sim_options options = default_options();
  options.execution = mode;
  options.num_devices = 2;
  options.faults = &fault;
  options.num_faults = 1;
  use_options(&options);
}

static void check_poison(pjrt_sim_execution_mode mode) {
  static const float two[] = {1, 2};
  PJRT_LoadedExecutable *loaded;
  PJRT_Buffer *outputs[3];
  PJRT_Event *events[3];
  hold_executions(mode);
  PJRT_Client *client = new_client();
  PJRT_Buffer *argument = upload_floats(client, 0, two, 2);
  CHECK(!compile(client, twins, 1, &loaded));
  for (int i = 0; i < 3; i++)
    CHECK(!launch(loaded, i == 2 ? 8 : 7, argument, &outputs[i], &events[i]));
  CHECK(!poisons(client, 0, 9, "no such launch"));
  CHECK(!poisons(client, 1, 7, "on another device"));
  CHECK(poisons(client, 0, 7, "the first"));
  CHECK(says(await_free(events[0]), PJRT_Error_Code_ABORTED, "the first"));
  CHECK(says(await_free(ready_event(outputs[0])), PJRT_Error_Code_ABORTED,
             "the first"));
  CHECK(!buffer_is_ready(outputs[1]));
  CHECK(poisons(client, 0, 7, "the second"));
  CHECK(says(await_free(ready_event(outputs[1])), PJRT_Error_Code_ABORTED,
             "the second"));
  CHECK(says(await_free(events[1]), PJRT_Error_Code_ABORTED, "the second"));
  CHECK(!poisons(client, 0, 7, "none is left"));
  sim.release_events();
  CHECK(!await_free(events[2]) && !await_free(ready_event(outputs[2])));
  CHECK(!poisons(client, 0, 8, "it has ended"));
  for (int i = 0; i < 3; i++) free_buffer(outputs[i]);
  free_buffer(argument);
  free_loaded(loaded);
  free_client(client);
}

static void check_poison_of_programs(void) { check_poison(PJRT_SIM_COMPUTE); }
static void check_poison_of_echoes(void) { check_poison(PJRT_SIM_ECHO); }

static void check_poison_without_error(void) {
  PJRT_Client *client = new_client();
  ARGS(PJRT_Device_PoisonExecution, .device = device_of(client, 0));
  CHECK(says(api->PJRT_Device_PoisonExecution(&args),
             PJRT_Error_Code_INVALID_ARGUMENT, "error_code is OK"));
  free_client(client);
}

/* ---- what a client is told of processes ---------------------------------- */

static PJRT_Error *tell(PJRT_Client *client, int task, PJRT_ProcessState state,
                        const char *message) {
  PJRT_ProcessInfo info = {.struct_size = PJRT_ProcessInfo_STRUCT_SIZE,
                           .task_id = task,
                           .state = state,
                           .error_message = message,
                           .error_message_size = strlen(message)};
  ARGS(PJRT_Client_UpdateGlobalProcessInfo, .client = client,
       .process_infos = &info, .num_process_infos = 1);
  return api->PJRT_Client_UpdateGlobalProcessInfo(&args);
}

/* An execution ends with the processes that it needs. */
static void check_failed_processes(void) {
  static const float two[] = {1, 2};
  const PJRT_Error_Code unavailable = PJRT_Error_Code_UNAVAILABLE;
  pjrt_sim_options options = default_options();
  PJRT_LoadedExecutable *on_both, *alone;
  PJRT_Buffer *output;
  options.num_devices = options.num_remote_devices = 1;
  options.execution = PJRT_SIM_ECHO;
  use_options(&options);
  PJRT_Client *client = new_client();
  PJRT_Buffer *argument = upload_floats(client, 0, two, 2);
  CHECK(!compile(client, twins, 2, &on_both));
  CHECK(!compile(client, twins, 1, &alone));
  CHECK(!launch(on_both, 0, argument, &output, NULL));
  free_buffer(output);
  CHECK(!tell(client, 1, PJRT_ProcessState_kError, "power cut"));
  CHECK(says(launch(on_both, 0, argument, &output, NULL), unavailable,
             "process 1 has failed: power cut"));
  CHECK(!launch(alone, 0, argument, &output, NULL));
  free_buffer(output);
  CHECK(!tell(client, 1, PJRT_ProcessState_kDisconnected, ""));
  CHECK(says(launch(on_both, 0, argument, &output, NULL), unavailable,
             "process 1 is disconnected: "));
  CHECK(!tell(client, 1, PJRT_ProcessState_kConnected, ""));
  CHECK(!launch(on_both, 0, argument, &output, NULL));
  free_buffer(output);
  CHECK(!tell(client, 0, PJRT_ProcessState_kError, "still here at the end"));
  CHECK(says(tell(client, 2, PJRT_ProcessState_kConnected, ""),
             PJRT_Error_Code_INVALID_ARGUMENT,
             "task_id is 2, expected one of 2 processes"));
  CHECK(says(tell(client, 1, (PJRT_ProcessState)9, ""),
             PJRT_Error_Code_INVALID_ARGUMENT,
             "process 1 has the unknown state 9"));
  free_buffer(argument);
  free_loaded(on_both);
  free_loaded(alone);
  free_client(client);
}

/* ---- what a client keeps for its caller ---------------------------------- */

static PJRT_Error *map(PJRT_Client *client, char *data, size_t size) {
  ARGS(PJRT_Client_DmaMap, .client = client, .data = data, .size = size);
  return api->PJRT_Client_DmaMap(&args);
}

static PJRT_Error *unmap(PJRT_Client *client, char *data) {
  ARGS(PJRT_Client_DmaUnmap, .client = client, .data = data);
  return api->PJRT_Client_DmaUnmap(&args);
}

static void check_dma(void) {
  static char data[64];
  PJRT_Client *client = new_client();
  CHECK(!map(client, data, 32) && !map(client, data + 32, 32));
  CHECK(num_others() == 2);
  CHECK(says(map(client, data + 16, 1), PJRT_Error_Code_ALREADY_EXISTS,
             "of 1 bytes at 0x"));
  CHECK(says(map(client, data, 64), PJRT_Error_Code_ALREADY_EXISTS, "of 64"));
  CHECK(says(unmap(client, data + 16), PJRT_Error_Code_NOT_FOUND,
             "nothing is mapped at 0x"));
  CHECK(!unmap(client, data));
  CHECK(says(unmap(client, data), PJRT_Error_Code_NOT_FOUND, "nothing is"));
  CHECK(!map(client, data + 16, 16) && !unmap(client, data + 16));
  CHECK(says(map(client, NULL, 8), PJRT_Error_Code_INVALID_ARGUMENT,
             "cannot map 8 bytes"));
  CHECK(says(map(client, data, 0), PJRT_Error_Code_INVALID_ARGUMENT,
             "cannot map 0 bytes"));
  CHECK(says(map(client, data, SIZE_MAX), PJRT_Error_Code_INVALID_ARGUMENT,
             "cannot map"));
  CHECK(!sim.num_misuses());
  free_client(client); /* the second is still mapped */
  CHECK(sim.num_misuses() == 1);
}

static PJRT_AsyncTrackingEvent *track(PJRT_Client *client) {
  ARGS(PJRT_Device_CreateAsyncTrackingEvent, .device = device_of(client, 0),
       .description = "a copy", .description_size = 6);
  return api->PJRT_Device_CreateAsyncTrackingEvent(&args) ? NULL : args.event;
}

static void untrack(PJRT_AsyncTrackingEvent *event) {
  ARGS(PJRT_AsyncTrackingEvent_Destroy, .event = event);
  api->PJRT_AsyncTrackingEvent_Destroy(&args);
}

static void check_tracking_events(void) {
  PJRT_Client *client = new_client();
  PJRT_AsyncTrackingEvent *first = track(client), *second = track(client);
  CHECK(first && second && num_others() == 2);
  untrack(first);
  CHECK(num_others() == 1 && !sim.num_misuses());
  free_client(client);
  CHECK(sim.num_misuses() == 1);
  untrack(second);
  untrack(NULL);
}

void suite_processes(void) {
  run_check("three-processes", check_three_processes);
  run_check("devices-of-others", check_devices_of_others);
  run_check("restart", check_restart);
  run_check("options-of-processes", check_options_of_processes);
  run_check("failing-store", check_failing_store);
  run_check("garbage-in-the-store", check_garbage_in_the_store);
  run_check("processes-that-disagree", check_processes_that_disagree);
  run_check("old-processes", check_old_processes);
  run_check("poison-of-programs", check_poison_of_programs);
  run_check("poison-of-echoes", check_poison_of_echoes);
  run_check("poison-without-error", check_poison_without_error);
  run_check("failed-processes", check_failed_processes);
  run_check("dma", check_dma);
  run_check("tracking-events", check_tracking_events);
}
