/* XLA's CUDA plugins from 0.40 to the newest: each loads and is negotiated as
 * the registry of the ABI says, refuses a client without a GPU, and describes
 * devices that are not there as soon as its age lets it.
 *
 * In their time these plugins kept PJRT's rules: without a GPU none of them
 * aborts, hangs, or ends the process on what follows, so that no case needs a
 * process of its own.
 * tier: all */
#include <stdio.h>
#include <unistd.h>

#include "compat/plugins.h"

/* Needs the headers above. */
#include <pjrt/raw.h>

/* How a topology comes about that has no client. */
typedef enum topology_kind {
  NO_TOPOLOGY,   /* not at all */
  GPU_TOPOLOGY,  /* from the GPUs of this machine alone */
  TEXT_TOPOLOGY, /* also from the description of a GPU */
} topology_kind;

typedef struct version {
  const char *variable;
  int minor;
  size_t table_size; /* that it declares */
  size_t num_functions;
  size_t num_attributes;
  topology_kind topology;
  const char *extensions; /* type:size in the order of the chain */
} version;

static const version versions[] = {
    {"PJRT_TEST_PLUGIN_CUDA_0_40", 40, 808, 97, 0, NO_TOPOLOGY, "0:0 1:0"},
    {"PJRT_TEST_PLUGIN_CUDA_0_47", 47, 808, 97, 0, GPU_TOPOLOGY,
     "0:32 2:32 1:32"},
    /* Later ones of this minor have 40 bytes of FFI (5): a function more,
     * before the one that is here. */
    {"PJRT_TEST_PLUGIN_CUDA_0_54", 54, 808, 100, 1, GPU_TOPOLOGY,
     "5:32 4:56 0:32 3:40 2:32 1:40"},
    {"PJRT_TEST_PLUGIN_CUDA_0_57", 57, 848, 101, 3, TEXT_TOPOLOGY,
     "5:40 4:56 0:32 3:40 2:32 1:40"},
    {"PJRT_TEST_PLUGIN_CUDA_0_76", 76, 960, 115, 3, TEXT_TOPOLOGY,
     "12:40 7:32 6:40 5:48 4:64 0:32 3:40 2:40 1:40"},
    /* A later one of this minor has 56 bytes of XlaTransform (24) and 33 of
     * Gpu_Custom_Call (0). */
    {"PJRT_TEST_PLUGIN_CUDA_0_114", 114, 1144, 138, 4, TEXT_TOPOLOGY,
     "20:120 24:40 19:40 12:56 7:32 6:40 5:48 4:80 0:32 3:40 2:40 1:40"},
    {"PJRT_TEST_PLUGIN_CUDA", 116, 1144, 138, 4, TEXT_TOPOLOGY,
     "20:120 24:56 19:40 12:56 6:40 5:48 4:80 0:33 3:40 2:40 1:40"},
};

enum { NUM_VERSIONS = sizeof versions / sizeof versions[0] };

/* ---- negotiation --------------------------------------------------------- */

static void check_functions(const pjrt_plugin *plugin, const version *v) {
  assert_int_equal(num_supported(plugin), v->num_functions);
  for (size_t i = 0; i < pjrt_num_functions(); i++) {
    assert_int_equal(
        pjrt_plugin_supports(plugin, pjrt_function_name(i), PJRT_NUL_ENDED),
        pjrt_function_since(i) <= v->minor);
  }
}

static void check_extensions(const pjrt_plugin *plugin, const version *v) {
  char chain[256] = "";
  size_t used = 0;
  for (size_t i = 0; i < pjrt_plugin_num_extensions(plugin); i++) {
    int type = pjrt_plugin_extension_type(plugin, i);
    assert_string_not_equal(pjrt_extension_name(type), "unknown");
    assert_int_equal(pjrt_plugin_find_extension(plugin, type), i);
    used += (size_t)snprintf(chain + used, sizeof chain - used, "%s%d:%zu",
                             i ? " " : "", type,
                             pjrt_plugin_extension_size(plugin, i));
    assert_true(used < sizeof chain);
  }
  assert_string_equal(chain, v->extensions);
}

static void check_negotiation(const pjrt_plugin *plugin, const version *v) {
  assert_int_equal(pjrt_plugin_api_major(plugin), 0);
  assert_int_equal(pjrt_plugin_api_minor(plugin), v->minor);
  assert_int_equal(pjrt_plugin_table_size(plugin), v->table_size);
  assert_false(pjrt_plugin_wants_exact_struct_sizes(plugin));
  assert_int_equal(pjrt_named_values_size(pjrt_plugin_attributes(plugin)),
                   v->num_attributes);
  check_functions(plugin, v);
  check_extensions(plugin, v);
}

/* ---- what it lacks ------------------------------------------------------- */

static void assert_missing(pjrt_error *error, const char *function, int since,
                           int minor) {
  char brought[128], label[64];
  snprintf(brought, sizeof brought, "no %s, which API 0.%d brought", function,
           since);
  snprintf(label, sizeof label, "(API 0.%d)", minor);
  assert_non_null(error);
  assert_string_equal(pjrt_error_call(error), function);
  assert_non_null(strstr(pjrt_error_plugin(error), label));
  assert_refused(error, PJRT_UNIMPLEMENTED, brought);
}

/* Calls a function, unless the plugin has it. */
#define CALL_IF_MISSING(since, call, function)                       \
  if (v->minor < (since)) {                                          \
    function##_Args args;                                            \
    memset(&args, 0, sizeof args);                                   \
    assert_missing(call(plugin, &args), #function, since, v->minor); \
  }

/* One of what came after each version. */
static void check_missing(pjrt_plugin *plugin, const version *v) {
  CALL_IF_MISSING(48, pjrt_raw_PJRT_Memory_Kind_Id, PJRT_Memory_Kind_Id)
  CALL_IF_MISSING(52, pjrt_raw_PJRT_ExecuteContext_Create,
                  PJRT_ExecuteContext_Create)
  CALL_IF_MISSING(56, pjrt_raw_PJRT_Buffer_CopyRawToHost,
                  PJRT_Buffer_CopyRawToHost)
  CALL_IF_MISSING(67, pjrt_raw_PJRT_Client_DmaMap, PJRT_Client_DmaMap)
  CALL_IF_MISSING(77, pjrt_raw_PJRT_Client_CreateAliasBuffer,
                  PJRT_Client_CreateAliasBuffer)
  CALL_IF_MISSING(89, pjrt_raw_PJRT_Event_Create, PJRT_Event_Create)
  CALL_IF_MISSING(110, pjrt_raw_PJRT_TopologyDescription_GetMemorySpaceKindIds,
                  PJRT_TopologyDescription_GetMemorySpaceKindIds)
}

static void is_negotiated(void **state) {
  const version *v = *state;
  pjrt_plugin *plugin = open_plugin(v->variable);
  check_negotiation(plugin, v);
  check_missing(plugin, v);
  pjrt_plugin_free(plugin);
}

/* ---- no GPU -------------------------------------------------------------- */

static void says_that_there_is_no_gpu(void **state) {
  const version *v = *state;
  pjrt_plugin *plugin = open_plugin(v->variable);
  assert_no_client(plugin, PJRT_FAILED_PRECONDITION, "No visible GPU devices.");
  pjrt_plugin_free(plugin);
}

static pjrt_error *try_option(pjrt_plugin *plugin, const char *option) {
  pjrt_client_opts opts;
  pjrt_named_values *values;
  pjrt_client *client;
  pjrt_client_opts_init(&opts);
  assert_ok(pjrt_named_values_create(&values));
  assert_ok(pjrt_named_values_parse(values, option, PJRT_NUL_ENDED));
  opts.options = values;
  pjrt_error *error = pjrt_client_create(plugin, &opts, &client);
  pjrt_named_values_free(values);
  return error;
}

static void checks_options_first(void **state) {
  const version *v = *state;
  pjrt_plugin *plugin = open_plugin(v->variable);
  assert_code(try_option(plugin, "unheard_of=1"), PJRT_INVALID_ARGUMENT,
              "unheard_of");
  assert_code(try_option(plugin, "visible_devices:string=a"),
              PJRT_INVALID_ARGUMENT, "visible_devices");
  pjrt_plugin_free(plugin);
}

/* ---- topology ------------------------------------------------------------ */

/* As much of a GPU as plugins want to know for a topology. */
static const char gpu[] =
    "gpu_device_info { threads_per_warp: 32"
    " cuda_compute_capability { major: 9 } }"
    " platform_name: \"CUDA\""
    " device_description_str: \"NVIDIA H100 80GB HBM3\"";

static PJRT_NamedValue string_option(const char *name, const char *value) {
  PJRT_NamedValue option;
  memset(&option, 0, sizeof option);
  option.struct_size = PJRT_NamedValue_STRUCT_SIZE;
  option.name = name;
  option.name_size = strlen(name);
  option.type = PJRT_NamedValue_kString;
  option.string_value = value;
  option.value_size = strlen(value);
  return option;
}

/* Either text may be NULL. */
static pjrt_error *try_topology(pjrt_plugin *plugin, const char *target,
                                const char *shape,
                                PJRT_TopologyDescription **out) {
  PJRT_NamedValue options[2];
  PJRT_TopologyDescription_Create_Args args;
  memset(&args, 0, sizeof args);
  args.topology_name = "cuda";
  args.topology_name_size = strlen(args.topology_name);
  if (target) {
    options[args.num_options++] = string_option("target_config", target);
  }
  if (shape) options[args.num_options++] = string_option("topology", shape);
  args.create_options = options;
  pjrt_error *error = pjrt_raw_PJRT_TopologyDescription_Create(plugin, &args);
  *out = args.topology;
  return error;
}

/* A topology that cannot be; a machine with a GPU makes the first three. */
static void check_refusals(pjrt_plugin *plugin, topology_kind kind) {
  static const struct {
    const char *target, *shape;
    pjrt_code code;
    const char *says;
  } rows[] = {
      {NULL, NULL, PJRT_FAILED_PRECONDITION, "No visible GPU devices."},
      {NULL, "1x1x4", PJRT_FAILED_PRECONDITION, "No visible GPU devices."},
      {gpu, NULL, PJRT_FAILED_PRECONDITION, "without an explicit topology"},
      {gpu, "4", PJRT_INTERNAL, "topology must be of shape"},
      {"nonsense {", "1x1x4", PJRT_FAILED_PRECONDITION, "Failed to parse"},
  };
  PJRT_TopologyDescription *topology;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    pjrt_code code = rows[i].code;
    const char *says = rows[i].says;
    if (kind == NO_TOPOLOGY) {
      code = PJRT_UNIMPLEMENTED;
      says = "Topology not supported for GPU compilation.";
    } else if (kind == GPU_TOPOLOGY) {
      code = PJRT_FAILED_PRECONDITION;
      says = "No visible GPU devices.";
    }
    assert_code(try_topology(plugin, rows[i].target, rows[i].shape, &topology),
                code, says);
    assert_null(topology);
  }
}

static void check_devices(pjrt_plugin *plugin,
                          PJRT_TopologyDescription *topology, size_t num) {
  PJRT_TopologyDescription_GetDeviceDescriptions_Args args;
  memset(&args, 0, sizeof args);
  args.topology = topology;
  assert_ok(
      pjrt_raw_PJRT_TopologyDescription_GetDeviceDescriptions(plugin, &args));
  assert_int_equal(args.num_descriptions, num);
  for (size_t i = 0; i < num; i++) {
    static const char kind[] = "NVIDIA H100 80GB HBM3";
    PJRT_DeviceDescription_Id_Args id;
    PJRT_DeviceDescription_Kind_Args text;
    memset(&id, 0, sizeof id);
    memset(&text, 0, sizeof text);
    id.device_description = text.device_description = args.descriptions[i];
    assert_ok(pjrt_raw_PJRT_DeviceDescription_Id(plugin, &id));
    assert_int_equal(id.id, i);
    assert_ok(pjrt_raw_PJRT_DeviceDescription_Kind(plugin, &text));
    assert_int_equal(text.device_kind_size, sizeof kind - 1);
    assert_memory_equal(text.device_kind, kind, sizeof kind - 1);
  }
}

/* Two hosts with four GPUs each, none of which is here. */
static void check_text_topology(pjrt_plugin *plugin) {
  PJRT_TopologyDescription *topology;
  PJRT_TopologyDescription_PlatformName_Args name;
  PJRT_TopologyDescription_Destroy_Args destroy;
  memset(&name, 0, sizeof name);
  memset(&destroy, 0, sizeof destroy);
  assert_ok(try_topology(plugin, gpu, "1x2x4", &topology));
  name.topology = destroy.topology = topology;
  assert_ok(pjrt_raw_PJRT_TopologyDescription_PlatformName(plugin, &name));
  assert_int_equal(name.platform_name_size, strlen("cuda"));
  assert_memory_equal(name.platform_name, "cuda", strlen("cuda"));
  check_devices(plugin, topology, 8);
  assert_ok(pjrt_raw_PJRT_TopologyDescription_Destroy(plugin, &destroy));
}

static void describes_topologies(void **state) {
  const version *v = *state;
  pjrt_plugin *plugin = open_plugin(v->variable);
  if (v->topology == TEXT_TOPOLOGY) check_text_topology(plugin);
  if (access("/dev/nvidiactl", F_OK) == 0) {
    pjrt_plugin_free(plugin);
    skip_because("this machine has a GPU");
  }
  check_refusals(plugin, v->topology);
  pjrt_plugin_free(plugin);
}

/* ---- all in one process -------------------------------------------------- */

/* Each is a C++ library of its own copy of everything; one must not end up
 * with another's. */
static void all_live_side_by_side(void **state) {
  (void)state;
  pjrt_plugin *plugins[NUM_VERSIONS];
  for (int i = 0; i < NUM_VERSIONS; i++) {
    plugins[i] = open_plugin(versions[i].variable);
  }
  for (int i = 0; i < NUM_VERSIONS; i++) {
    check_negotiation(plugins[i], &versions[i]);
    if (versions[i].topology == TEXT_TOPOLOGY) {
      check_text_topology(plugins[i]);
    }
  }
  for (int i = 0; i < NUM_VERSIONS; i++) pjrt_plugin_free(plugins[i]);
}

/* ---- every case for every version ---------------------------------------- */

static const struct {
  const char *name;
  CMUnitTestFunction function;
} cases[] = {
    {"is_negotiated", is_negotiated},
    {"says_that_there_is_no_gpu", says_that_there_is_no_gpu},
    {"checks_options_first", checks_options_first},
    {"describes_topologies", describes_topologies},
};

enum { NUM_CASES = sizeof cases / sizeof cases[0] };

int main(void) {
  struct CMUnitTest tests[NUM_VERSIONS * NUM_CASES + 1] = {
      cmocka_unit_test(all_live_side_by_side)};
  char names[NUM_VERSIONS * NUM_CASES][64];
  for (size_t i = 0; i < NUM_VERSIONS * NUM_CASES; i++) {
    const version *v = &versions[i / NUM_CASES];
    size_t k = i % NUM_CASES;
    snprintf(names[i], sizeof names[i], "cuda_0_%d_%s", v->minor,
             cases[k].name);
    tests[i + 1] = (struct CMUnitTest){
        .name = names[i],
        .test_func = cases[k].function,
        .initial_state = (void *)(uintptr_t)v,
    };
  }
  return cmocka_run_group_tests(tests, NULL, NULL);
}
