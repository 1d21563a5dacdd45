/* Executables, and what programs and their host send one another. */
#include "check.h"

static const char *const PROGRAM =
    "func.func @main(%a: tensor<4xf32>, %b: tensor<4xf32>) -> "
    "(tensor<4xf32>, tensor<2x4xf32>) {\n"
    "  %0 = stablehlo.add %a, %b : tensor<4xf32>\n"
    "  %1 = stablehlo.broadcast_in_dim %a, dims = [1] : (tensor<4xf32>) -> "
    "tensor<2x4xf32>\n"
    "  return %0, %1 : tensor<4xf32>, tensor<2x4xf32>\n}";

static PJRT_LoadedExecutable *load_program(PJRT_Client *client) {
  PJRT_LoadedExecutable *loaded;
  return compile(client, PROGRAM, 1, &loaded) ? NULL : loaded;
}

static void check_facts(void) {
  PJRT_Client *client = new_client();
  PJRT_LoadedExecutable *loaded = load_program(client);
  PJRT_Executable *executable = executable_of(loaded);
  ARGS(PJRT_Executable_Name, .executable = executable);
  CHECK(!api->PJRT_Executable_Name(&args));
  CHECK(args.executable_name && args.executable_name_size > 0);
  MAKE(replicas, PJRT_Executable_NumReplicas, .executable = executable);
  CHECK(!api->PJRT_Executable_NumReplicas(&replicas));
  CHECK(replicas.num_replicas == 1);
  MAKE(partitions, PJRT_Executable_NumPartitions, .executable = executable);
  CHECK(!api->PJRT_Executable_NumPartitions(&partitions));
  CHECK(partitions.num_partitions == 1);
  MAKE(outputs, PJRT_Executable_NumOutputs, .executable = executable);
  CHECK(!api->PJRT_Executable_NumOutputs(&outputs));
  CHECK(outputs.num_outputs == 2);
  MAKE(size, PJRT_Executable_SizeOfGeneratedCodeInBytes,
       .executable = executable);
  CHECK(!api->PJRT_Executable_SizeOfGeneratedCodeInBytes(&size));
  CHECK(size.size_in_bytes == (int64_t)strlen(PROGRAM));
  MAKE(stats, PJRT_Executable_GetCompiledMemoryStats, .executable = executable);
  CHECK(!api->PJRT_Executable_GetCompiledMemoryStats(&stats));
  CHECK(stats.argument_size_in_bytes == 32);
  CHECK(stats.output_size_in_bytes == 48);
  free_executable(executable);
  free_loaded(loaded);
  free_client(client);
}

static void check_outputs(void) {
  PJRT_Client *client = new_client();
  PJRT_LoadedExecutable *loaded = load_program(client);
  PJRT_Executable *executable = executable_of(loaded);
  ARGS(PJRT_Executable_OutputElementTypes, .executable = executable);
  CHECK(!api->PJRT_Executable_OutputElementTypes(&args));
  CHECK(args.num_output_types == 2);
  CHECK(args.output_types[1] == PJRT_Buffer_Type_F32);
  MAKE(dims, PJRT_Executable_OutputDimensions, .executable = executable);
  CHECK(!api->PJRT_Executable_OutputDimensions(&dims));
  CHECK(dims.num_outputs == 2 && dims.dim_sizes[0] == 1);
  CHECK(dims.dim_sizes[1] == 2 && dims.dims[1] == 2 && dims.dims[2] == 4);
  MAKE(kinds, PJRT_Executable_OutputMemoryKinds, .executable = executable);
  CHECK(!api->PJRT_Executable_OutputMemoryKinds(&kinds));
  CHECK(kinds.num_outputs == 2 && kinds.memory_kind_sizes[0] == 6);
  CHECK(!memcmp(kinds.memory_kinds[0], "device", 6));
  MAKE(inputs, PJRT_Executable_ParameterMemoryKinds, .executable = executable);
  CHECK(!api->PJRT_Executable_ParameterMemoryKinds(&inputs));
  CHECK(inputs.num_parameters == 2 && inputs.memory_kind_sizes[1] == 6);
  free_executable(executable);
  free_loaded(loaded);
  free_client(client);
}

static void check_costs_and_options(void) {
  PJRT_Client *client = new_client();
  PJRT_LoadedExecutable *loaded = load_program(client);
  PJRT_Executable *executable = executable_of(loaded);
  ARGS(PJRT_Executable_GetCostAnalysis, .executable = executable);
  CHECK(!api->PJRT_Executable_GetCostAnalysis(&args));
  CHECK(args.num_properties >= 1);
  CHECK(args.properties[0].type == PJRT_NamedValue_kFloat);
  MAKE(options, PJRT_Executable_GetCompileOptions, .executable = executable);
  CHECK(!api->PJRT_Executable_GetCompileOptions(&options));
  CHECK(options.serialized_bytes && options.serialized_bytes_size > 0);
  options.serialized_compile_options_deleter(
      options.serialized_compile_options);
  free_executable(executable);
  free_loaded(loaded);
  free_client(client);
}

/* ---- fingerprints -------------------------------------------------------- */

/* At most 63 bytes. */
static void fingerprint(PJRT_LoadedExecutable *loaded, char out[64]) {
  PJRT_Executable *executable = executable_of(loaded);
  ARGS(PJRT_Executable_Fingerprint, .executable = executable);
  out[0] = '\0';
  CHECK(!api->PJRT_Executable_Fingerprint(&args));
  CHECK(args.executable_fingerprint && args.executable_fingerprint_size < 64);
  memcpy(out, args.executable_fingerprint, args.executable_fingerprint_size);
  out[args.executable_fingerprint_size] = '\0';
  free_executable(executable);
}

static void check_fingerprints(void) {
  char first[64], same[64], other[64];
  PJRT_LoadedExecutable *different;
  PJRT_Client *client = new_client();
  PJRT_LoadedExecutable *loaded = load_program(client);
  PJRT_LoadedExecutable *again = load_program(client);
  CHECK(!compile(client,
                 "func.func @main(%a: tensor<f32>) -> tensor<f32> {\n"
                 "  return %a : tensor<f32>\n}",
                 1, &different));
  fingerprint(loaded, first);
  fingerprint(again, same);
  fingerprint(different, other);
  CHECK(first[0] && !strcmp(first, same) && strcmp(first, other) != 0);
  /* Plugins refuse the older way of asking. */
  ARGS(PJRT_LoadedExecutable_Fingerprint, .executable = loaded);
  CHECK(says(api->PJRT_LoadedExecutable_Fingerprint(&args),
             PJRT_Error_Code_UNIMPLEMENTED, ""));
  free_loaded(loaded);
  free_loaded(again);
  free_loaded(different);
  free_client(client);
}

/* ---- loaded executables -------------------------------------------------- */

static bool is_deleted(PJRT_LoadedExecutable *loaded) {
  ARGS(PJRT_LoadedExecutable_IsDeleted, .executable = loaded);
  return !api->PJRT_LoadedExecutable_IsDeleted(&args) && args.is_deleted;
}

static void check_loaded(void) {
  PJRT_Client *client = new_client();
  PJRT_LoadedExecutable *loaded = load_program(client);
  ARGS(PJRT_LoadedExecutable_AddressableDevices, .executable = loaded);
  CHECK(!api->PJRT_LoadedExecutable_AddressableDevices(&args));
  CHECK(args.num_addressable_devices == 1);
  CHECK(args.addressable_devices[0] == device_of(client, 0));
  MAKE(ids, PJRT_LoadedExecutable_AddressableDeviceLogicalIds,
       .executable = loaded);
  CHECK(!api->PJRT_LoadedExecutable_AddressableDeviceLogicalIds(&ids));
  CHECK(ids.num_addressable_device_logical_ids == 1);
  CHECK(ids.addressable_device_logical_ids[0].replica == 0);
  CHECK(!is_deleted(loaded));
  MAKE(delete, PJRT_LoadedExecutable_Delete, .executable = loaded);
  CHECK(!api->PJRT_LoadedExecutable_Delete(&delete));
  CHECK(is_deleted(loaded));
  free_loaded(loaded);
  free_client(client);
}

static PJRT_Error *add(PJRT_Client *client, PJRT_LoadedExecutable *loaded,
                       PJRT_Buffer *out[2]) {
  PJRT_Buffer *in[] = {upload_floats(client, 0, FOUR, 4),
                       upload_floats(client, 0, FOUR, 4)};
  PJRT_Error *error = execute(loaded, in, 2, out, NULL);
  free_buffer(in[0]);
  free_buffer(in[1]);
  return error;
}

static void check_serialized(void) {
  PJRT_Buffer *out[2];
  PJRT_Client *client = new_client();
  PJRT_LoadedExecutable *loaded = load_program(client);
  PJRT_Executable *executable = executable_of(loaded);
  ARGS(PJRT_Executable_Serialize, .executable = executable);
  CHECK(!api->PJRT_Executable_Serialize(&args));
  MAKE(again, PJRT_Executable_DeserializeAndLoad, .client = client,
       .serialized_executable = args.serialized_bytes,
       .serialized_executable_size = args.serialized_bytes_size);
  CHECK(!api->PJRT_Executable_DeserializeAndLoad(&again));
  args.serialized_executable_deleter(args.serialized_executable);
  free_executable(executable);
  free_loaded(loaded);
  CHECK(again.loaded_executable);
  CHECK(!add(client, again.loaded_executable, out));
  CHECK(holds_floats(out[0], TWICE, 4));
  free_buffer(out[0]);
  free_buffer(out[1]);
  free_loaded(again.loaded_executable);
  free_client(client);
}

static void check_outlives(void) {
  PJRT_Client *client = new_client();
  PJRT_LoadedExecutable *loaded = load_program(client);
  ARGS(PJRT_Executable_OutputDimensions, .executable = executable_of(loaded));
  CHECK(!api->PJRT_Executable_OutputDimensions(&args));
  free_loaded(loaded);
  CHECK(says(api->PJRT_Executable_OutputDimensions(&args),
             PJRT_Error_Code_INTERNAL, "misuse: an executable outlived"));
  free_executable(args.executable);
  free_client(client);
}

/* Without a client, for a topology; then loaded. */
static void check_compiled_ahead(void) {
  static const char format[] = "mlir";
  static const char options[] = {0x1a, 4, 0x20, 1, 0x28, 1};
  PJRT_Buffer *out[2];
  PJRT_Client *client = new_client();
  PJRT_Program program = {.struct_size = PJRT_Program_STRUCT_SIZE,
                          .code = (char *)(uintptr_t)PROGRAM,
                          .code_size = strlen(PROGRAM),
                          .format = format,
                          .format_size = 4};
  ARGS(PJRT_Compile, .topology = topology_of(client), .program = &program,
       .compile_options = options, .compile_options_size = sizeof options);
  CHECK(!api->PJRT_Compile(&args));
  MAKE(outputs, PJRT_Executable_NumOutputs, .executable = args.executable);
  CHECK(!api->PJRT_Executable_NumOutputs(&outputs));
  CHECK(outputs.num_outputs == 2);
  MAKE(load, PJRT_Client_Load, .client = client, .executable = args.executable);
  CHECK(!api->PJRT_Client_Load(&load) && load.loaded_executable);
  free_executable(args.executable);
  CHECK(!add(client, load.loaded_executable, out));
  CHECK(holds_floats(out[0], TWICE, 4));
  free_buffer(out[0]);
  free_buffer(out[1]);
  free_loaded(load.loaded_executable);
  free_client(client);
}

/* ---- transfers to and from the host -------------------------------------- */

static const char *const TRANSFERS =
    "func.func @main(%a: tensor<2xf32>) -> tensor<2xf32> {\n"
    "  %t = stablehlo.create_token : !stablehlo.token\n"
    "  %s = \"stablehlo.send\"(%a, %t) <{channel_handle = "
    "#stablehlo.channel_handle<handle = 5, type = 2>, is_host_transfer = "
    "true}> : (tensor<2xf32>, !stablehlo.token) -> !stablehlo.token\n"
    "  %r:2 = \"stablehlo.recv\"(%s) <{channel_handle = "
    "#stablehlo.channel_handle<handle = 6, type = 3>, is_host_transfer = "
    "true}> : (!stablehlo.token) -> (tensor<2xf32>, !stablehlo.token)\n"
    "  return %r#0 : tensor<2xf32>\n}";

/* The host takes a value, and sends twice the value back. */
typedef struct host {
  float value[2];
  PJRT_Error_Code refuses_with;
  bool is_wrong; /* something was not as the contract says */
} host;

static PJRT_Error *take(PJRT_Chunk *chunk, PJRT_CallbackError *make_error,
                        size_t total, bool is_done, void *arg) {
  host *h = arg;
  h->is_wrong |= total != 8 || chunk->size != 8 || !is_done;
  memcpy(h->value, chunk->data, 8);
  chunk->deleter(chunk->data, chunk->deleter_arg);
  if (!h->refuses_with) return NULL;
  return (*make_error)(h->refuses_with, "no room?", 7);
}

static void keep(void *data, void *arg) {
  (void)data;
  (void)arg;
}

static int64_t current_bytes(PJRT_CopyToDeviceStream *stream) {
  ARGS(PJRT_CopyToDeviceStream_CurrentBytes, .stream = stream);
  return api->PJRT_CopyToDeviceStream_CurrentBytes(&args) ? -1
                                                          : args.current_bytes;
}

/* One value at a time. */
static bool send_half(PJRT_CopyToDeviceStream *stream, float *value) {
  PJRT_Chunk chunk = {.data = value, .size = 4, .deleter = keep};
  ARGS(PJRT_CopyToDeviceStream_AddChunk, .stream = stream, .chunk = &chunk);
  return !api->PJRT_CopyToDeviceStream_AddChunk(&args) &&
         !await_free(args.transfer_complete);
}

static void give(PJRT_CopyToDeviceStream *stream, void *arg) {
  host *h = arg;
  float twice[] = {2 * h->value[0], 2 * h->value[1]};
  ARGS(PJRT_CopyToDeviceStream_TotalBytes, .stream = stream);
  h->is_wrong |=
      api->PJRT_CopyToDeviceStream_TotalBytes(&args) || args.total_bytes != 8;
  MAKE(granule, PJRT_CopyToDeviceStream_GranuleSize, .stream = stream);
  h->is_wrong |= api->PJRT_CopyToDeviceStream_GranuleSize(&granule) ||
                 granule.granule_size_in_bytes != 4;
  h->is_wrong |= current_bytes(stream) != 0;
  h->is_wrong |= !send_half(stream, &twice[0]) || current_bytes(stream) != 4;
  h->is_wrong |= !send_half(stream, &twice[1]);
  MAKE(destroy, PJRT_CopyToDeviceStream_Destroy, .stream = stream);
  api->PJRT_CopyToDeviceStream_Destroy(&destroy);
}

/* Gives up. */
static void hang_up(PJRT_CopyToDeviceStream *stream, void *arg) {
  ARGS(PJRT_CopyToDeviceStream_Destroy, .stream = stream);
  (void)arg;
  api->PJRT_CopyToDeviceStream_Destroy(&args);
}

static PJRT_Buffer *run_transfers(PJRT_Client *client, host *h,
                                  PJRT_RecvCallback receive,
                                  PJRT_Event **out_done) {
  static const float values[] = {3, 4};
  PJRT_LoadedExecutable *loaded;
  PJRT_SendCallbackInfo send = {5, h, take}, *sends[] = {&send};
  PJRT_RecvCallbackInfo recv = {6, h, receive}, *recvs[] = {&recv};
  const PJRT_ExecuteOptions options = {.send_callbacks = sends,
                                       .recv_callbacks = recvs,
                                       .num_send_ops = 1,
                                       .num_recv_ops = 1};
  PJRT_Buffer *arg = upload_floats(client, 0, values, 2), *out = NULL;
  if (compile(client, TRANSFERS, 1, &loaded) ||
      execute_with(options, loaded, &arg, 1, &out, out_done))
    return NULL;
  free_buffer(arg);
  free_loaded(loaded);
  return out;
}

static void check_transfers(void) {
  static const float expected[] = {6, 8};
  host h = {0};
  PJRT_Event *done;
  PJRT_Client *client = new_client();
  PJRT_Buffer *out = run_transfers(client, &h, give, &done);
  CHECK(out && !await_free(done));
  CHECK(!h.is_wrong && h.value[1] == 4);
  CHECK(holds_floats(out, expected, 2));
  free_buffer(out);
  free_client(client);
}

static void check_refused_transfer(void) {
  host h = {.refuses_with = PJRT_Error_Code_OUT_OF_RANGE};
  PJRT_Event *done;
  PJRT_Client *client = new_client();
  PJRT_Buffer *out = run_transfers(client, &h, give, &done);
  CHECK(out);
  CHECK(says(await_free(done), PJRT_Error_Code_OUT_OF_RANGE,
             "3:8: stablehlo.send: no room"));
  free_buffer(out);
  free_client(client);
}

static void check_stream_without_data(void) {
  host h = {0};
  PJRT_Event *done;
  PJRT_Client *client = new_client();
  PJRT_Buffer *out = run_transfers(client, &h, hang_up, &done);
  CHECK(out);
  CHECK(says(await_free(done), PJRT_Error_Code_CANCELLED,
             "4:10: stablehlo.recv: the stream was destroyed before it was "
             "full"));
  free_buffer(out);
  free_client(client);
}

void suite_executables(void) {
  run_check("executable-facts", check_facts);
  run_check("executable-outputs", check_outputs);
  run_check("executable-costs", check_costs_and_options);
  run_check("executable-fingerprints", check_fingerprints);
  run_check("executable-loaded", check_loaded);
  run_check("executable-serialized", check_serialized);
  run_check("executable-outlives", check_outlives);
  run_check("executable-ahead", check_compiled_ahead);
  run_check("host-transfers", check_transfers);
  run_check("host-refuses", check_refused_transfer);
  run_check("host-hangs-up", check_stream_without_data);
}
