/* Machines of any size and shape: devices, meshes, topologies, and programs on
 * many devices. */
#include "check.h"

static PJRT_Error *create(const pjrt_sim_options *options, PJRT_Client **out) {
  use_options(options);
  ARGS(PJRT_Client_Create, .client = NULL);
  PJRT_Error *error = api->PJRT_Client_Create(&args);
  *out = args.client;
  return error;
}

static PJRT_Client *client_of(int num_devices) {
  pjrt_sim_options options = default_options();
  options.num_devices = num_devices;
  return client_with(&options);
}

static int id_of(PJRT_Device *device) {
  ARGS(PJRT_DeviceDescription_Id, .device_description = description_of(device));
  return api->PJRT_DeviceDescription_Id(&args) ? -1 : args.id;
}

/* ---- many devices -------------------------------------------------------- */

static void check_many_devices(void) {
  enum { NUM = 100000 };
  static int ids[NUM];
  PJRT_Client *client = client_of(NUM);
  CHECK(client);
  MAKE(all, PJRT_Client_Devices, .client = client);
  MAKE(own, PJRT_Client_AddressableDevices, .client = client);
  CHECK(!api->PJRT_Client_Devices(&all) && all.num_devices == NUM);
  CHECK(!api->PJRT_Client_AddressableDevices(&own) &&
        own.num_addressable_devices == NUM);
  for (int i = 0; i < NUM; i++) {
    MAKE(local, PJRT_Client_LookupAddressableDevice, .client = client,
         .local_hardware_id = i);
    CHECK(device_of(client, i) == all.devices[i] && id_of(all.devices[i]) == i);
    CHECK(!api->PJRT_Client_LookupAddressableDevice(&local) &&
          local.addressable_device == all.devices[i]);
  }
  ARGS(PJRT_Client_DefaultDeviceAssignment, .client = client,
       .num_replicas = NUM / 2, .num_partitions = 2,
       .default_assignment_size = NUM, .default_assignment = ids);
  CHECK(!api->PJRT_Client_DefaultDeviceAssignment(&args));
  for (int i = 0; i < NUM; i++) CHECK(ids[i] == i);
  args.num_replicas++;
  CHECK(says(api->PJRT_Client_DefaultDeviceAssignment(&args),
             PJRT_Error_Code_INVALID_ARGUMENT,
             "50001 replicas of 2 partitions need more than the 100000 "));
  free_client(client);
}

static void check_unknown_devices(void) {
  PJRT_Client *client = client_of(2);
  ARGS(PJRT_Client_LookupDevice, .client = client, .id = 2);
  CHECK(says(api->PJRT_Client_LookupDevice(&args),
             PJRT_Error_Code_INVALID_ARGUMENT,
             "No matching device found for device_id 2"));
  args.id = -1;
  CHECK(says(api->PJRT_Client_LookupDevice(&args),
             PJRT_Error_Code_INVALID_ARGUMENT, "No matching device"));
  MAKE(local, PJRT_Client_LookupAddressableDevice, .client = client,
       .local_hardware_id = 2);
  CHECK(says(api->PJRT_Client_LookupAddressableDevice(&local),
             PJRT_Error_Code_INVALID_ARGUMENT,
             "No matching device found for local_hardware_id 2"));
  free_client(client);
}

static void check_no_devices(void) {
  PJRT_Client *client = client_of(0);
  CHECK(client);
  ARGS(PJRT_Client_Devices, .client = client);
  CHECK(!api->PJRT_Client_Devices(&args) && args.num_devices == 0);
  MAKE(memories, PJRT_Client_AddressableMemories, .client = client);
  CHECK(!api->PJRT_Client_AddressableMemories(&memories) &&
        memories.num_addressable_memories == 0);
  free_client(client);
}

/* ---- meshes -------------------------------------------------------------- */

static const PJRT_NamedValue *attribute(PJRT_DeviceDescription *description,
                                        const char *name) {
  ARGS(PJRT_DeviceDescription_Attributes, .device_description = description);
  if (api->PJRT_DeviceDescription_Attributes(&args)) return NULL;
  return named_value(args.attributes, args.num_attributes, name);
}

static bool is_at(PJRT_DeviceDescription *description, int64_t x, int64_t y,
                  int64_t z, int64_t core) {
  const PJRT_NamedValue *coords = attribute(description, "coords");
  const PJRT_NamedValue *on_chip = attribute(description, "core_on_chip");
  return coords && on_chip && coords->type == PJRT_NamedValue_kInt64List &&
         coords->value_size == 3 && coords->int64_array_value[0] == x &&
         coords->int64_array_value[1] == y &&
         coords->int64_array_value[2] == z &&
         on_chip->type == PJRT_NamedValue_kInt64 &&
         on_chip->int64_value == core;
}

static PJRT_Error *create_mesh(int num_devices, const char *mesh,
                               PJRT_Client **out) {
  pjrt_sim_options options = default_options();
  options.num_devices = num_devices;
  options.mesh = mesh;
  return create(&options, out);
}

static void check_mesh(void) {
  PJRT_Client *client;
  CHECK(!create_mesh(24, "2x3x2x2", &client));
  CHECK(is_at(description_of(device_of(client, 0)), 0, 0, 0, 0));
  CHECK(is_at(description_of(device_of(client, 3)), 1, 0, 0, 1));
  CHECK(is_at(description_of(device_of(client, 4)), 0, 1, 0, 0));
  CHECK(is_at(description_of(device_of(client, 23)), 1, 2, 1, 1));
  PJRT_DeviceDescription *last = description_of(device_of(client, 23));
  MAKE(debug, PJRT_DeviceDescription_DebugString, .device_description = last);
  CHECK(!api->PJRT_DeviceDescription_DebugString(&debug) &&
        is_text(debug.debug_string, debug.debug_string_size,
                "sim:23(process=0, coords=(1,2,1), core=1)"));
  MAKE(text, PJRT_DeviceDescription_ToString, .device_description = last);
  CHECK(!api->PJRT_DeviceDescription_ToString(&text) &&
        is_text(text.to_string, text.to_string_size, "sim:23"));
  MAKE(kind, PJRT_DeviceDescription_Kind, .device_description = last);
  CHECK(!api->PJRT_DeviceDescription_Kind(&kind) &&
        is_text(kind.device_kind, kind.device_kind_size, "sim device"));
  free_client(client);
  CHECK(!create_mesh(6, "3x2", &client));
  CHECK(is_at(description_of(device_of(client, 5)), 2, 1, 0, 0));
  free_client(client);
  CHECK(!create_mesh(3, NULL, &client));
  CHECK(is_at(description_of(device_of(client, 2)), 2, 0, 0, 0));
  free_client(client);
}

static void check_meshes_that_do_not_fit(void) {
  static const char *const nonsense[] = {
      "",    "x",       "4x",        "x4",     "4x2x2x2x2",       "4x-2",
      "4 x", "2x2x2x2", "1000001x1", "1e3x1x", "4294967297x4x1x1"};
  PJRT_Client *client;
  CHECK(says(create_mesh(4, "4x2x2", &client), PJRT_Error_Code_INVALID_ARGUMENT,
             "the mesh 4x2x2 has 16 devices, the machine has 4"));
  CHECK(says(create_mesh(4, "2x0", &client), PJRT_Error_Code_INVALID_ARGUMENT,
             "the mesh 2x0x1 has 0 devices, the machine has 4"));
  for (size_t i = 0; i < sizeof nonsense / sizeof *nonsense; i++)
    CHECK(says(create_mesh(4, nonsense[i], &client),
               PJRT_Error_Code_INVALID_ARGUMENT, "the mesh "));
}

/* ---- topologies ---------------------------------------------------------- */

static PJRT_Error *describe(const char *name, const PJRT_NamedValue *options,
                            size_t num_options,
                            PJRT_TopologyDescription **out) {
  ARGS(PJRT_TopologyDescription_Create, .topology_name = name,
       .topology_name_size = strlen(name), .create_options = options,
       .num_options = num_options);
  PJRT_Error *error = api->PJRT_TopologyDescription_Create(&args);
  *out = args.topology;
  return error;
}

static size_t num_descriptions(PJRT_TopologyDescription *topology,
                               PJRT_DeviceDescription *const **out) {
  ARGS(PJRT_TopologyDescription_GetDeviceDescriptions, .topology = topology);
  if (api->PJRT_TopologyDescription_GetDeviceDescriptions(&args)) return 0;
  *out = args.descriptions;
  return args.num_descriptions;
}

static void check_topology_facts(void) {
  const PJRT_NamedValue options[] = {int64_option("num_nodes", 4)};
  PJRT_TopologyDescription *topology;
  PJRT_DeviceDescription *const *devices = NULL;
  CHECK(!describe("4x2x2", options, 1, &topology));
  CHECK(num_descriptions(topology, &devices) == 16);
  CHECK(process_of(devices[3]) == 0 && process_of(devices[4]) == 1);
  CHECK(process_of(devices[15]) == 3 && is_at(devices[15], 3, 1, 1, 0));
  ARGS(PJRT_TopologyDescription_Attributes, .topology = topology);
  CHECK(!api->PJRT_TopologyDescription_Attributes(&args));
  const PJRT_NamedValue *a = args.attributes;
  CHECK(args.num_attributes == 3 && is_text(a[0].name, a[0].name_size, "mesh"));
  CHECK(a[0].value_size == 3 && a[0].int64_array_value[0] == 4 &&
        a[0].int64_array_value[2] == 2);
  CHECK(is_text(a[1].name, a[1].name_size, "cores_per_chip") &&
        a[1].int64_value == 1);
  CHECK(is_text(a[2].name, a[2].name_size, "num_processes") &&
        a[2].int64_value == 4);
  MAKE(kind_ids, PJRT_TopologyDescription_GetMemorySpaceKindIds,
       .topology = topology);
  CHECK(!api->PJRT_TopologyDescription_GetMemorySpaceKindIds(&kind_ids));
  CHECK(kind_ids.num_memory_space_kind_ids == 3 &&
        kind_ids.memory_space_kind_ids[2] == 23);
  free_topology(topology);
}

static void check_topology_without_devices(void) {
  const PJRT_NamedValue options[] = {int64_option("devices", 0)};
  PJRT_TopologyDescription *topology;
  PJRT_DeviceDescription *const *devices = NULL;
  CHECK(!describe("", options, 1, &topology));
  CHECK(num_descriptions(topology, &devices) == 0);
  MAKE(name, PJRT_TopologyDescription_PlatformName, .topology = topology);
  CHECK(!api->PJRT_TopologyDescription_PlatformName(&name) &&
        is_text(name.platform_name, name.platform_name_size, "sim"));
  MAKE(version, PJRT_TopologyDescription_PlatformVersion, .topology = topology);
  CHECK(!api->PJRT_TopologyDescription_PlatformVersion(&version) &&
        is_text(version.platform_version, version.platform_version_size,
                "sim 1.0"));
  free_topology(topology);
}

/* ShapeProto: element_type 11, dimensions 5 and 3, layout {1,0}. */
static void check_canonical_shape(void) {
  const int64_t dims[] = {5, 3};
  PJRT_TopologyDescription *topology;
  CHECK(!describe("", NULL, 0, &topology));
  ARGS(PJRT_TopologyDescription_MakeCanonicalShapeForMemorySpace,
       .topology = topology, .element_type = PJRT_Buffer_Type_F32, .dims = dims,
       .num_dims = 2, .memory_space_kind_id = 7);
  CHECK(!api->PJRT_TopologyDescription_MakeCanonicalShapeForMemorySpace(&args));
  CHECK(args.serialized_shape_size > 6 &&
        !memcmp(args.serialized_shape, "\x10\x0b\x18\x05\x18\x03", 6));
  args.serialized_shape_deleter(args.serialized_shape);
  free_topology(topology);
}

/* The same machine with a client and without one. */
static void check_topology_of_client(void) {
  pjrt_sim_options options = default_options();
  PJRT_Client *client;
  PJRT_TopologyDescription *topology;
  options.num_devices = 8;
  options.mesh = "2x2x1x2";
  CHECK(!create(&options, &client));
  ARGS(PJRT_Client_TopologyDescription, .client = client);
  CHECK(!api->PJRT_Client_TopologyDescription(&args));
  CHECK(!describe("", NULL, 0, &topology));
  const uint64_t expected = topology_fingerprint(args.topology);
  CHECK(expected && topology_fingerprint(topology) == expected);
  free_topology(topology);
  CHECK(!describe("2x2x1x2", NULL, 0, &topology));
  CHECK(topology_fingerprint(topology) == expected);
  free_topology(topology);
  CHECK(!describe("2x2x2", NULL, 0, &topology));
  CHECK(topology_fingerprint(topology) != expected);
  free_topology(topology);
  const PJRT_NamedValue nodes[] = {int64_option("num_nodes", 2)};
  CHECK(!describe("2x2x1x2", nodes, 1, &topology));
  CHECK(topology_fingerprint(topology) != expected);
  free_topology(topology);
  MAKE(destroy, PJRT_TopologyDescription_Destroy, .topology = args.topology);
  CHECK(says(api->PJRT_TopologyDescription_Destroy(&destroy),
             PJRT_Error_Code_INTERNAL, "misuse: "));
  free_client(client);
}

static void check_topologies_that_make_no_sense(void) {
  const PJRT_NamedValue three[] = {int64_option("num_nodes", 3)};
  const PJRT_NamedValue many[] = {int64_option("num_nodes", 1000000),
                                  int64_option("devices", 100000)};
  const PJRT_NamedValue both[] = {int64_option("num_nodes", 2),
                                  int64_option("remote_devices", 1)};
  const PJRT_NamedValue unknown[] = {int64_option("nodes", 3)};
  const PJRT_NamedValue five[] = {int64_option("devices", 5)};
  const PJRT_Error_Code code = PJRT_Error_Code_INVALID_ARGUMENT;
  PJRT_TopologyDescription *none;
  CHECK(says(describe("v9", NULL, 0, &none), code, "the mesh 'v9' makes no"));
  CHECK(says(describe("4x1x1", three, 1, &none), code,
             "the mesh 4x1x1 has 4 devices, which 3 processes cannot share"));
  CHECK(says(describe("4x1x1", five, 1, &none), code,
             "the mesh 4x1x1 has 4 devices, the machine has 5"));
  CHECK(says(describe("", many, 2, &none), code,
             "a machine of 1000000 processes has too many devices"));
  CHECK(says(describe("", both, 2, &none), code,
             "remote_devices is 1 and num_nodes is 2, expected one"));
  CHECK(says(describe("", unknown, 1, &none), code,
             "Unexpected option name passed to "
             "PJRT_TopologyDescription_Create: nodes"));
}

static PJRT_Error *deserialize(const char *bytes, size_t size,
                               PJRT_TopologyDescription **out) {
  ARGS(PJRT_TopologyDescription_Deserialize, .serialized_topology = bytes,
       .serialized_topology_size = size);
  PJRT_Error *error = api->PJRT_TopologyDescription_Deserialize(&args);
  *out = args.topology;
  return error;
}

/* Of the same machine, with dense layouts. */
static uint64_t fingerprint_untiled(const PJRT_NamedValue *options) {
  PJRT_TopologyDescription *topology;
  if (describe("2x2x2", options, 2, &topology)) return 0;
  const uint64_t found = topology_fingerprint(topology);
  free_topology(topology);
  return found;
}

static bool is_refused(const char *bytes, size_t size) {
  PJRT_TopologyDescription *none;
  char expected[64];
  snprintf(expected, sizeof(expected), "%zu bytes are no serialized topology",
           size);
  return says(deserialize(bytes, size, &none), PJRT_Error_Code_INVALID_ARGUMENT,
              expected);
}

/* Every changed and every missing byte is noticed. */
static void check_serialized_topology(void) {
  PJRT_NamedValue options[] = {int64_option("devices", 3),
                               int64_option("remote_devices", 5),
                               int64_option("tiled_layouts", 0)};
  PJRT_TopologyDescription *topology, *again;
  char bytes[256];
  options[2].type = PJRT_NamedValue_kBool;
  options[2].bool_value = true;
  CHECK(!describe("v9:2x2x2", options, 3, &topology));
  ARGS(PJRT_TopologyDescription_Serialize, .topology = topology);
  CHECK(!api->PJRT_TopologyDescription_Serialize(&args));
  const size_t size = args.serialized_bytes_size;
  CHECK(size && size < sizeof(bytes));
  memcpy(bytes, args.serialized_bytes, size);
  args.serialized_topology_deleter(args.serialized_topology);
  CHECK(!deserialize(bytes, size, &again));
  CHECK(topology_fingerprint(again) == topology_fingerprint(topology));
  CHECK(topology_fingerprint(again) != fingerprint_untiled(options));
  args.topology = again;
  CHECK(!api->PJRT_TopologyDescription_Serialize(&args));
  CHECK(args.serialized_bytes_size == size &&
        !memcmp(args.serialized_bytes, bytes, size));
  args.serialized_topology_deleter(args.serialized_topology);
  free_topology(again);
  for (size_t i = 0; i < size; i++) {
    CHECK(is_refused(bytes, i));
    bytes[i] ^= 1;
    CHECK(is_refused(bytes, size));
    bytes[i] ^= 1;
  }
  free_topology(topology);
}

/* ---- programs on many devices -------------------------------------------- */

typedef struct proto {
  unsigned char bytes[16384];
  size_t size;
} proto;

static void put_varint(proto *out, uint64_t value) {
  for (; value > 0x7f; value >>= 7)
    out->bytes[out->size++] = (unsigned char)(value | 0x80);
  out->bytes[out->size++] = (unsigned char)value;
}

static void put_number(proto *out, unsigned field, uint64_t value) {
  put_varint(out, field << 3);
  put_varint(out, value);
}

static void put_part(proto *out, unsigned field, const proto *part) {
  put_varint(out, field << 3 | 2);
  put_varint(out, part->size);
  memcpy(out->bytes + out->size, part->bytes, part->size);
  out->size += part->size;
}

/* Compile options for replicas of one partition; `ids` may be NULL. */
static void write_options(proto *out, int num_replicas, const int64_t *ids,
                          int num_ids) {
  static proto build, assignment, partition, replicas;
  out->size = build.size = assignment.size = partition.size = replicas.size = 0;
  for (int i = 0; ids && i < num_ids; i++)
    put_varint(&replicas, (uint64_t)ids[i]);
  put_part(&partition, 1, &replicas);
  put_number(&assignment, 1, (uint64_t)num_ids);
  put_number(&assignment, 2, 1);
  put_part(&assignment, 3, &partition);
  put_number(&build, 4, (uint64_t)num_replicas);
  put_number(&build, 5, 1);
  if (ids) put_part(&build, 9, &assignment);
  put_part(out, 3, &build);
}

static const char identity[] =
    "func.func @main(%a: tensor<f32>) -> tensor<f32> {\n"
    "  return %a : tensor<f32>\n}\n";

static PJRT_Error *compile_on(PJRT_Client *client, const char *code,
                              int num_replicas, const int64_t *ids, int num_ids,
                              PJRT_LoadedExecutable **out) {
  static proto options;
  write_options(&options, num_replicas, ids, num_ids);
  PJRT_Program program = {.struct_size = PJRT_Program_STRUCT_SIZE,
                          .code = (char *)(uintptr_t)code,
                          .code_size = strlen(code),
                          .format = "mlir",
                          .format_size = 4};
  ARGS(PJRT_Client_Compile, .client = client, .program = &program,
       .compile_options = (char *)options.bytes,
       .compile_options_size = options.size);
  PJRT_Error *error = api->PJRT_Client_Compile(&args);
  *out = args.executable;
  return error;
}

static void check_assignments(void) {
  static const int64_t backwards[] = {3, 1}, twice[] = {1, 1},
                       unknown[] = {0, 4}, negative[] = {0, -1},
                       huge[] = {0, INT64_C(1) << 32};
  const PJRT_Error_Code code = PJRT_Error_Code_INVALID_ARGUMENT;
  PJRT_LoadedExecutable *loaded = NULL;
  PJRT_Client *client = client_of(4);
  CHECK(!compile_on(client, identity, 2, backwards, 2, &loaded));
  ARGS(PJRT_LoadedExecutable_AddressableDevices, .executable = loaded);
  CHECK(!api->PJRT_LoadedExecutable_AddressableDevices(&args));
  CHECK(args.num_addressable_devices == 2 &&
        args.addressable_devices[0] == device_of(client, 3) &&
        args.addressable_devices[1] == device_of(client, 1));
  MAKE(logical, PJRT_LoadedExecutable_AddressableDeviceLogicalIds,
       .executable = loaded);
  CHECK(!api->PJRT_LoadedExecutable_AddressableDeviceLogicalIds(&logical));
  CHECK(logical.num_addressable_device_logical_ids == 2 &&
        logical.addressable_device_logical_ids[1].replica == 1);
  /* replica_count 2, computation_count 1, one device with both ids */
  MAKE(whole, PJRT_LoadedExecutable_GetDeviceAssignment, .executable = loaded);
  CHECK(!api->PJRT_LoadedExecutable_GetDeviceAssignment(&whole));
  CHECK(is_text(whole.serialized_bytes, whole.serialized_bytes_size,
                "\x08\x02\x10\x01\x1a\x04\x0a\x02\x03\x01"));
  whole.serialized_device_assignment_deleter(
      whole.serialized_device_assignment);
  free_loaded(loaded);
  CHECK(says(compile_on(client, identity, 2, twice, 2, &loaded), code,
             "the device assignment names device 1 twice"));
  CHECK(says(compile_on(client, identity, 2, unknown, 2, &loaded), code,
             "the device assignment names device 4 of 4"));
  CHECK(says(compile_on(client, identity, 2, negative, 2, &loaded), code,
             "the device assignment names device -1"));
  CHECK(says(compile_on(client, identity, 2, huge, 2, &loaded), code,
             "the device assignment names device 4294967296"));
  CHECK(says(compile_on(client, identity, 2, backwards, 1, &loaded), code,
             "the device assignment has 1 partitions of up to 1 replicas, "
             "expected 1 of 2"));
  CHECK(says(compile_on(client, identity, 1, backwards, 2, &loaded), code,
             "the device assignment has 1 partitions of up to 2 replicas"));
  CHECK(says(compile_on(client, identity, 5, NULL, 0, &loaded), code,
             "5 replicas of 1 partitions need more than the 4 devices"));
  CHECK(says(compile_on(client, identity, 2000000, NULL, 0, &loaded), code,
             "too many replicas and partitions: 2000000 by 1"));
  free_client(client);
}

static void check_compile_on_topology(void) {
  static proto options;
  PJRT_TopologyDescription *topology;
  CHECK(!describe("4x2x2", NULL, 0, &topology));
  PJRT_Program program = {.struct_size = PJRT_Program_STRUCT_SIZE,
                          .code = (char *)(uintptr_t)identity,
                          .code_size = strlen(identity),
                          .format = "mlir",
                          .format_size = 4};
  write_options(&options, 16, NULL, 0);
  ARGS(PJRT_Compile, .topology = topology, .program = &program,
       .compile_options = (char *)options.bytes,
       .compile_options_size = options.size);
  CHECK(!api->PJRT_Compile(&args));
  MAKE(num, PJRT_Executable_NumReplicas, .executable = args.executable);
  CHECK(!api->PJRT_Executable_NumReplicas(&num) && num.num_replicas == 16);
  free_executable(args.executable);
  write_options(&options, 17, NULL, 0);
  args.compile_options_size = options.size;
  CHECK(says(api->PJRT_Compile(&args), PJRT_Error_Code_INVALID_ARGUMENT,
             "17 replicas of 1 partitions need more than the 16 devices"));
  free_topology(topology);
}

enum { NUM_REPLICAS = 1000 };

static PJRT_Error *run(PJRT_LoadedExecutable *loaded, PJRT_Buffer **buffers,
                       PJRT_Buffer **outputs) {
  static PJRT_Buffer *const *arguments[NUM_REPLICAS];
  static PJRT_Buffer **lists[NUM_REPLICAS];
  PJRT_ExecuteOptions options = {.struct_size =
                                     PJRT_ExecuteOptions_STRUCT_SIZE};
  for (int i = 0; i < NUM_REPLICAS; i++) {
    arguments[i] = &buffers[i];
    lists[i] = &outputs[i];
  }
  ARGS(PJRT_LoadedExecutable_Execute, .executable = loaded, .options = &options,
       .argument_lists = arguments, .num_devices = NUM_REPLICAS, .num_args = 1,
       .output_lists = lists);
  return api->PJRT_LoadedExecutable_Execute(&args);
}

/* A sum over all replicas: 0 + 1 + ... + 999. */
static void check_many_replicas(void) {
  static const char head[] =
      "func.func @main(%a: tensor<1xf32>) -> tensor<1xf32> {\n"
      "  %0 = \"stablehlo.all_reduce\"(%a) <{replica_groups = dense<[[";
  static const char tail[] =
      "]]> : tensor<1x1000xi64>}> ({\n"
      "  ^bb0(%x: tensor<f32>, %y: tensor<f32>):\n"
      "    %1 = stablehlo.add %x, %y : tensor<f32>\n"
      "    stablehlo.return %1 : tensor<f32>\n"
      "  }) : (tensor<1xf32>) -> tensor<1xf32>\n"
      "  return %0 : tensor<1xf32>\n}\n";
  static char code[16384];
  static PJRT_Buffer *buffers[NUM_REPLICAS], *outputs[NUM_REPLICAS];
  const float sum = NUM_REPLICAS * (NUM_REPLICAS - 1) / 2;
  PJRT_LoadedExecutable *loaded;
  size_t size = (size_t)snprintf(code, sizeof(code), "%s", head);
  for (int i = 0; i < NUM_REPLICAS; i++)
    size +=
        (size_t)snprintf(code + size, sizeof(code) - size, i ? ",%d" : "%d", i);
  snprintf(code + size, sizeof(code) - size, "%s", tail);
  PJRT_Client *client = client_of(NUM_REPLICAS);
  CHECK(!compile_on(client, code, NUM_REPLICAS, NULL, 0, &loaded));
  for (int i = 0; i < NUM_REPLICAS; i++)
    buffers[i] = upload_floats(client, i, &(const float){(float)i}, 1);
  CHECK(!run(loaded, buffers, outputs));
  for (int i = 0; i < NUM_REPLICAS; i++) {
    CHECK(holds_floats(outputs[i], &sum, 1));
    free_buffer(outputs[i]);
    free_buffer(buffers[i]);
  }
  free_loaded(loaded);
  free_client(client);
}

void suite_machine(void) {
  run_check("many-devices", check_many_devices);
  run_check("unknown-devices", check_unknown_devices);
  run_check("no-devices", check_no_devices);
  run_check("mesh", check_mesh);
  run_check("meshes-that-do-not-fit", check_meshes_that_do_not_fit);
  run_check("topology-facts", check_topology_facts);
  run_check("topology-without-devices", check_topology_without_devices);
  run_check("canonical-shape", check_canonical_shape);
  run_check("topology-of-client", check_topology_of_client);
  run_check("topologies-that-make-no-sense",
            check_topologies_that_make_no_sense);
  run_check("serialized-topology", check_serialized_topology);
  run_check("assignments", check_assignments);
  run_check("compile-on-topology", check_compile_on_topology);
  run_check("many-replicas", check_many_replicas);
}
