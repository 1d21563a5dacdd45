/* Checks the extensions of the simulated plugin through the raw ABI.
 *
 *   ext_check SIM.so            all cases, one line each
 *   ext_check SIM.so chain      "TYPE SIZE" of each node the environment asks
 *                               for, in order */
#include "ext_check.h"

#include <dlfcn.h>

sim_functions sim;
const PJRT_Api *api;

static const char *case_name;
static int num_failures;

void check_failed(const char *file, int line, const char *what) {
  num_failures++;
  printf("not ok %s: %s:%d: %s\n", case_name, strrchr(file, '/') + 1, line,
         what);
}

/* ---- configuration ------------------------------------------------------- */

static void configure(const pjrt_sim_options *options) {
  sim.configure(options);
  api = sim.get_api();
}

static pjrt_sim_options default_options(void) {
  pjrt_sim_options options;
  sim.options_init(&options);
  return options;
}

void use_minor(int minor) {
  pjrt_sim_options options = default_options();
  options.minor = minor;
  configure(&options);
}

void use_defaults(void) {
  const pjrt_sim_options options = default_options();
  configure(&options);
}

const void *find_extension(PJRT_Extension_Type type) {
  const PJRT_Extension_Base *node = api->extension_start;
  while (node && node->type != type) node = node->next;
  return node;
}

/* ---- errors and events --------------------------------------------------- */

bool says(PJRT_Error *error, PJRT_Error_Code code, const char *beginning) {
  MAKE(got, PJRT_Error_GetCode, .error = error);
  MAKE(text, PJRT_Error_Message, .error = error);
  MAKE(destroy, PJRT_Error_Destroy, .error = error);
  if (!error) return false;
  PJRT_Error *second = api->PJRT_Error_GetCode(&got);
  api->PJRT_Error_Message(&text);
  const size_t size = strlen(beginning);
  const bool is_so = !second && got.code == code && text.message_size >= size &&
                     !memcmp(text.message, beginning, size);
  if (!is_so)
    fprintf(stderr, "code %d: %.*s\n", (int)got.code, (int)text.message_size,
            text.message);
  api->PJRT_Error_Destroy(&destroy);
  return is_so;
}

PJRT_Error *await_free(PJRT_Event *event) {
  MAKE(await, PJRT_Event_Await, .event = event);
  MAKE(destroy, PJRT_Event_Destroy, .event = event);
  PJRT_Error *error = api->PJRT_Event_Await(&await);
  api->PJRT_Event_Destroy(&destroy);
  return error;
}

/* ---- clients and buffers ------------------------------------------------- */

PJRT_Client *new_client(void) {
  ARGS(PJRT_Client_Create, .client = NULL);
  return api->PJRT_Client_Create(&args) ? NULL : args.client;
}

void free_client(PJRT_Client *client) {
  ARGS(PJRT_Client_Destroy, .client = client);
  api->PJRT_Client_Destroy(&args);
}

PJRT_Device *device_of(PJRT_Client *client, int id) {
  ARGS(PJRT_Client_LookupDevice, .client = client, .id = id);
  return api->PJRT_Client_LookupDevice(&args) ? NULL : args.device;
}

PJRT_Buffer *upload_floats(PJRT_Client *client, int device, const float *data,
                           size_t num) {
  const int64_t dims[] = {(int64_t)num};
  ARGS(PJRT_Client_BufferFromHostBuffer, .client = client, .data = data,
       .type = PJRT_Buffer_Type_F32, .dims = dims, .num_dims = 1,
       .device = device_of(client, device));
  if (api->PJRT_Client_BufferFromHostBuffer(&args)) return NULL;
  return await_free(args.done_with_host_buffer) ? NULL : args.buffer;
}

bool holds_floats(PJRT_Buffer *buffer, const float *expected, size_t num) {
  float data[64];
  ARGS(PJRT_Buffer_ToHostBuffer, .src = buffer, .dst = data,
       .dst_size = num * sizeof(float));
  if (num > 64 || api->PJRT_Buffer_ToHostBuffer(&args)) return false;
  return !await_free(args.event) &&
         !memcmp(data, expected, num * sizeof(float));
}

PJRT_Buffer *pending_floats(PJRT_Client *client,
                            PJRT_FulfillAliasBufferCallback **out_alias) {
  static const int64_t dims[] = {4};
  MAKE(memory, PJRT_Device_DefaultMemory, .device = device_of(client, 0));
  if (api->PJRT_Device_DefaultMemory(&memory)) return NULL;
  ARGS(PJRT_Client_CreateAliasBuffer, .client = client, .memory = memory.memory,
       .shape_dims = dims, .shape_num_dims = 1,
       .shape_element_type = PJRT_Buffer_Type_F32);
  if (api->PJRT_Client_CreateAliasBuffer(&args)) return NULL;
  *out_alias = args.fulfill_alias_buffer_cb;
  return args.alias_buffer;
}

PJRT_Error *fulfill(PJRT_Client *client, PJRT_FulfillAliasBufferCallback *alias,
                    PJRT_Buffer *with) {
  ARGS(PJRT_Client_FulfillAliasBuffer, .client = client, .buffer = with,
       .fulfill_alias_buffer_cb = alias);
  return api->PJRT_Client_FulfillAliasBuffer(&args);
}

void free_buffer(PJRT_Buffer *buffer) {
  ARGS(PJRT_Buffer_Destroy, .buffer = buffer);
  api->PJRT_Buffer_Destroy(&args);
}

bool buffer_is_ready(PJRT_Buffer *buffer) {
  ARGS(PJRT_Buffer_ReadyEvent, .buffer = buffer);
  if (api->PJRT_Buffer_ReadyEvent(&args)) return false;
  MAKE(is_ready, PJRT_Event_IsReady, .event = args.event);
  MAKE(destroy, PJRT_Event_Destroy, .event = args.event);
  PJRT_Error *error = api->PJRT_Event_IsReady(&is_ready);
  api->PJRT_Event_Destroy(&destroy);
  return !error && is_ready.is_ready;
}

/* ---- programs ------------------------------------------------------------ */

PJRT_Error *compile(PJRT_Client *client, const char *code, int num_partitions,
                    PJRT_LoadedExecutable **out) {
  /* CompileOptionsProto.executable_build_options = 3: num_replicas = 4,
   * num_partitions = 5, use_spmd_partitioning = 6. */
  char options[] = {0x1a, 6, 0x20, 1, 0x28, (char)num_partitions, 0x30, 1};
  PJRT_Program program = {.struct_size = PJRT_Program_STRUCT_SIZE,
                          .code = (char *)(uintptr_t)code,
                          .code_size = strlen(code),
                          .format = "mlir",
                          .format_size = 4};
  ARGS(PJRT_Client_Compile, .client = client, .program = &program,
       .compile_options = options, .compile_options_size = sizeof(options));
  PJRT_Error *error = api->PJRT_Client_Compile(&args);
  *out = args.executable;
  return error;
}

void free_loaded(PJRT_LoadedExecutable *loaded) {
  ARGS(PJRT_LoadedExecutable_Destroy, .executable = loaded);
  api->PJRT_LoadedExecutable_Destroy(&args);
}

PJRT_Executable *executable_of(PJRT_LoadedExecutable *loaded) {
  ARGS(PJRT_LoadedExecutable_GetExecutable, .loaded_executable = loaded);
  return api->PJRT_LoadedExecutable_GetExecutable(&args) ? NULL
                                                         : args.executable;
}

void free_executable(PJRT_Executable *executable) {
  ARGS(PJRT_Executable_Destroy, .executable = executable);
  api->PJRT_Executable_Destroy(&args);
}

/* ---- the chain ----------------------------------------------------------- */

static void check_absent(void) {
  static const char *const names[] = {"Layouts", "FFI"};
  pjrt_sim_options options = default_options();
  options.absent_extensions = names;
  options.num_absent_extensions = 2;
  configure(&options);
  CHECK(!find_extension(PJRT_Extension_Type_Layouts));
  CHECK(!find_extension(PJRT_Extension_Type_FFI));
  CHECK(find_extension(PJRT_Extension_Type_Stream));
}

static void check_shorter_and_longer(void) {
  static const char *const shorter[] = {"Layouts", "Gpu_Custom_Call"};
  static const char *const longer[] = {"FFI"};
  pjrt_sim_options options = default_options();
  options.short_extensions = shorter;
  options.num_short_extensions = 2;
  options.long_extensions = longer;
  options.num_long_extensions = 1;
  configure(&options);
  const PJRT_Extension_Base *node = find_extension(PJRT_Extension_Type_Layouts);
  CHECK(node->struct_size == 72);
  node = find_extension(PJRT_Extension_Type_Gpu_Custom_Call);
  CHECK(node->struct_size == 24);
  node = find_extension(PJRT_Extension_Type_FFI);
  CHECK(node->struct_size == 64);
  CHECK(((void *const *)(const void *)node)[7] != NULL);
}

static void check_unknown(void) {
  pjrt_sim_options options = default_options();
  options.num_unknown_extensions = 2;
  options.garbage_in_unknown_extensions = true;
  configure(&options);
  const PJRT_Extension_Base *node = api->extension_start;
  CHECK((int)node->type == 900 && (int)node->next->type == 901);
  CHECK(node->struct_size > sizeof(*node));
  CHECK(((const unsigned char *)node)[node->struct_size - 1] == 0xa5);
}

/* Before 0.45 a node begins with its type. */
static void check_old_nodes(void) {
  typedef struct old_profiler {
    int type;
    void *next;
    const PLUGIN_Profiler_Api *profiler_api;
  } old_profiler;
  use_minor(40);
  const old_profiler *node = (const void *)api->extension_start;
  CHECK(node->type == PJRT_Extension_Type_Profiler);
  CHECK(node->profiler_api->struct_size == 80);
  CHECK(((const old_profiler *)node->next)->type ==
        PJRT_Extension_Type_Gpu_Custom_Call);
  CHECK(!((const old_profiler *)node->next)->next);
}

static void check_faults(void) {
  const pjrt_sim_fault fault = {
      .function = "PJRT_Layouts_MemoryLayout_Serialize",
      .nth = 2,
      .code = PJRT_Error_Code_UNAVAILABLE,
      .message = "not now"};
  pjrt_sim_options options = default_options();
  options.faults = &fault;
  options.num_faults = 1;
  configure(&options);
  const PJRT_Layouts_Extension *layouts =
      find_extension(PJRT_Extension_Type_Layouts);
  ARGS(PJRT_Layouts_MemoryLayout_Serialize, .layout = NULL);
  CHECK(says(layouts->PJRT_Layouts_MemoryLayout_Serialize(&args),
             PJRT_Error_Code_INTERNAL, "misuse"));
  CHECK(says(layouts->PJRT_Layouts_MemoryLayout_Serialize(&args),
             PJRT_Error_Code_UNAVAILABLE, "not now"));
  CHECK(sim.num_calls(fault.function) == 2);
  args.struct_size = 8;
  CHECK(says(layouts->PJRT_Layouts_MemoryLayout_Serialize(&args),
             PJRT_Error_Code_INVALID_ARGUMENT,
             "Unexpected PJRT_Layouts_MemoryLayout_Serialize_Args size: "
             "expected 56, got 8."));
}

static void print_chain(void) {
  api = sim.get_api();
  for (const PJRT_Extension_Base *node = api->extension_start; node;
       node = node->next)
    printf("%d %zu\n", (int)node->type, node->struct_size);
}

/* ---- running ------------------------------------------------------------- */

void run_check(const char *name, void (*check)(void)) {
  const int failures = num_failures;
  pjrt_sim_live live, none = {0};
  case_name = name;
  use_defaults();
  check();
  sim.get_live(&live);
  if (num_failures == failures && memcmp(&live, &none, sizeof(live)) != 0)
    check_failed("/ext_check.c", __LINE__, "something is alive");
  if (num_failures == failures) printf("ok %s\n", name);
}

static void load(const char *path) {
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    fprintf(stderr, "%s\n", dlerror());
    exit(2);
  }
#define LOAD(field, name) *(void **)&sim.field = dlsym(library, name)
  LOAD(configure, "pjrt_sim_configure");
  LOAD(options_init, "pjrt_sim_options_init");
  LOAD(release_events, "pjrt_sim_release_events");
  LOAD(lose_device, "pjrt_sim_lose_device");
  LOAD(now_us, "pjrt_sim_now_us");
  LOAD(advance_us, "pjrt_sim_advance_us");
  LOAD(get_live, "pjrt_sim_get_live");
  LOAD(num_calls, "pjrt_sim_num_calls");
  LOAD(num_misuses, "pjrt_sim_num_misuses");
  LOAD(stream_num_waits, "pjrt_sim_stream_num_waits");
  LOAD(get_api, "GetPjrtApi");
#undef LOAD
}

int main(int argc, char **argv) {
  if (argc < 2) return 2;
  setvbuf(stdout, NULL, _IOLBF, 0);
  load(argv[1]);
  if (argc > 2) return print_chain(), 0;
  run_check("absent", check_absent);
  run_check("shorter-and-longer", check_shorter_and_longer);
  run_check("unknown", check_unknown);
  run_check("old-nodes", check_old_nodes);
  run_check("faults", check_faults);
  check_clients();
  check_buffers();
  check_executables();
  check_machine();
  check_processes();
  check_oddities();
  check_time();
  check_layouts_and_dims();
  check_buffer_extensions();
  check_program_extensions();
  check_ffi_extensions();
  check_tpu_topology();
  check_tpu_executable();
  check_megascale();
  check_collectives();
  return num_failures ? 1 : 0;
}
