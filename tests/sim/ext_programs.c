/* Shardings, AbiVersion, ExecutableMetadata, PhaseCompile, XlaTransform,
 * Triton, Profiler, Callback, Custom_Partitioner and Example. */
#include <dlfcn.h>

#include "check.h"

/* ---- Shardings ----------------------------------------------------------- */

static const char *const SHARDED =
    "module attributes {mhlo.num_partitions = 4 : i32} {\n"
    "func.func @main(%a: tensor<4xf32> {mhlo.sharding = "
    "\"{devices=[4]<=[4]}\"}) -> (tensor<4xf32> {mhlo.sharding = "
    "\"{replicated}\"}) {\n"
    "  return %a : tensor<4xf32>\n}}";

static void check_shardings(void) {
  static const char expected[] = {8, 3, 26, 1, 4, 74, 1, 4, 82, 1, 0};
  const PJRT_Shardings_Extension *extension =
      find_extension(PJRT_Extension_Type_Shardings);
  PJRT_Client *client = new_client();
  PJRT_LoadedExecutable *loaded, *single;
  CHECK(!compile(client, SHARDED, 4, &loaded));
  PJRT_Executable *executable = executable_of(loaded);
  ARGS(PJRT_Shardings_PJRT_Executable_ParameterShardings,
       .executable = executable);
  CHECK(!extension->PJRT_Shardings_PJRT_Executable_ParameterShardings(&args));
  CHECK(args.num_parameters == 1 && args.sharding_sizes[0] == 11);
  CHECK(!memcmp(args.shardings[0], expected, 11));
  MAKE(outputs, PJRT_Shardings_PJRT_Executable_OutputShardings,
       .executable = executable);
  CHECK(!extension->PJRT_Shardings_PJRT_Executable_OutputShardings(&outputs));
  CHECK(outputs.num_outputs == 1 && outputs.sharding_sizes[0] == 2);
  free_executable(executable);
  free_loaded(loaded);

  CHECK(!compile(client, TWICE_PROGRAM, 1, &single));
  args.executable = executable = executable_of(single);
  CHECK(!extension->PJRT_Shardings_PJRT_Executable_ParameterShardings(&args));
  CHECK(args.num_parameters == 0 && !args.shardings);
  free_executable(executable);
  free_loaded(single);
  free_client(client);
}

/* ---- AbiVersion ---------------------------------------------------------- */

static const PJRT_AbiVersion_Extension *abi(void) {
  return find_extension(PJRT_Extension_Type_AbiVersion);
}

static void free_runtime(PJRT_RuntimeAbiVersion *version) {
  ARGS(PJRT_RuntimeAbiVersion_Destroy, .abi_version = version);
  CHECK(!abi()->runtime_abi_version_destroy(&args));
}

static void free_version(PJRT_ExecutableAbiVersion *version) {
  ARGS(PJRT_ExecutableAbiVersion_Destroy, .abi_version = version);
  CHECK(!abi()->executable_abi_version_destroy(&args));
}

/* The version after a detour through bytes. */
static PJRT_RuntimeAbiVersion *runtime_again(PJRT_RuntimeAbiVersion *version,
                                             size_t cut) {
  ARGS(PJRT_RuntimeAbiVersion_ToProto, .abi_version = version);
  if (abi()->runtime_abi_version_to_proto(&args)) return NULL;
  MAKE(from, PJRT_RuntimeAbiVersion_FromProto,
       .serialized_proto = args.serialized_proto,
       .serialized_proto_size = args.serialized_proto_size - cut);
  PJRT_Error *error = abi()->runtime_abi_version_from_proto(&from);
  args.serialized_proto_deleter(args.serialized_proto_holder);
  if (error && says(error, PJRT_Error_Code_INVALID_ARGUMENT, "")) return NULL;
  return from.abi_version;
}

static PJRT_ExecutableAbiVersion *version_again(
    PJRT_ExecutableAbiVersion *version) {
  ARGS(PJRT_ExecutableAbiVersion_ToProto, .abi_version = version);
  if (abi()->executable_abi_version_to_proto(&args)) return NULL;
  MAKE(from, PJRT_ExecutableAbiVersion_FromProto,
       .serialized_proto = args.serialized_proto,
       .serialized_proto_size = args.serialized_proto_size);
  PJRT_Error *error = abi()->executable_abi_version_from_proto(&from);
  args.serialized_proto_deleter(args.serialized_proto_holder);
  return error ? NULL : from.abi_version;
}

static void check_abi_version(void) {
  PJRT_Client *client = new_client();
  PJRT_LoadedExecutable *loaded;
  CHECK(!compile(client, TWICE_PROGRAM, 1, &loaded));
  PJRT_Executable *executable = executable_of(loaded);
  MAKE(runtime, PJRT_Client_RuntimeAbiVersion, .client = client);
  MAKE(version, PJRT_Executable_GetAbiVersion, .executable = executable);
  CHECK(!abi()->client_runtime_abi_version(&runtime));
  CHECK(!abi()->executable_get_abi_version(&version));
  PJRT_RuntimeAbiVersion *other = runtime_again(runtime.abi_version, 0);
  PJRT_ExecutableAbiVersion *same = version_again(version.abi_version);
  CHECK(other && same && !runtime_again(runtime.abi_version, 1));
  MAKE(id, PJRT_RuntimeAbiVersion_PlatformId, .abi_version = other);
  MAKE(same_id, PJRT_ExecutableAbiVersion_PlatformId, .abi_version = same);
  CHECK(!abi()->runtime_abi_version_platform_id(&id) && id.platform_id);
  CHECK(!abi()->executable_abi_version_platform_id(&same_id));
  CHECK(id.platform_id == same_id.platform_id);
  MAKE(with_runtime, PJRT_RuntimeAbiVersion_IsCompatibleWithRuntime,
       .abi_version = runtime.abi_version, .other_abi_version = other);
  CHECK(!abi()->runtime_abi_version_is_compatible_with_runtime(&with_runtime));
  MAKE(with, PJRT_RuntimeAbiVersion_IsCompatibleWithExecutable,
       .abi_version = runtime.abi_version, .executable_abi_version = same);
  CHECK(!abi()->runtime_abi_version_is_compatible_with_executable(&with));
  /* What a newer plugin made, this one does not take. */
  static const char newer[] = {8, 1, 16, 1};
  MAKE(from, PJRT_RuntimeAbiVersion_FromProto, .serialized_proto = newer,
       .serialized_proto_size = sizeof(newer));
  CHECK(!abi()->runtime_abi_version_from_proto(&from));
  with_runtime.other_abi_version = from.abi_version;
  CHECK(
      says(abi()->runtime_abi_version_is_compatible_with_runtime(&with_runtime),
           PJRT_Error_Code_FAILED_PRECONDITION, "platform 1, expected"));
  with.abi_version = from.abi_version;
  CHECK(says(abi()->runtime_abi_version_is_compatible_with_executable(&with),
             PJRT_Error_Code_FAILED_PRECONDITION, "platform"));
  free_runtime(from.abi_version);
  free_runtime(runtime.abi_version);
  free_runtime(other);
  free_version(version.abi_version);
  free_version(same);
  free_executable(executable);
  free_loaded(loaded);
  free_client(client);
}

/* ---- ExecutableMetadata -------------------------------------------------- */

static void check_metadata(void) {
  const PJRT_ExecutableMetadata_Extension *extension =
      find_extension(PJRT_Extension_Type_ExecutableMetadata);
  PJRT_Client *client = new_client();
  PJRT_LoadedExecutable *loaded;
  CHECK(!compile(client, TWICE_PROGRAM, 1, &loaded));
  PJRT_ExecutableMetadata_GetExecutableMetadata_Args args = {
      .executable = executable_of(loaded)};
  CHECK(!extension->get_executable_metadata(&args));
  /* code size, one parameter, one output */
  const PJRT_ExecutableMetadata *metadata = args.metadata;
  CHECK(metadata && metadata->serialized_metadata_size >= 6 &&
        metadata->serialized_metadata[0] == 8);
  const char *end =
      metadata->serialized_metadata + metadata->serialized_metadata_size;
  CHECK(!memcmp(end - 4, (const char[]){16, 1, 24, 1}, 4));
  PJRT_ExecutableMetadata_DestroySerializedMetadata_Args destroy = {
      args.metadata};
  extension->destroy_serialized_metadata(&destroy);
  free_executable(args.executable);
  free_loaded(loaded);
  free_client(client);
}

/* ---- PhaseCompile -------------------------------------------------------- */

static void check_phase_compile(void) {
  const PJRT_PhaseCompile_Extension *extension =
      find_extension(PJRT_Extension_Type_PhaseCompile);
  const char *program = "code", *phases[] = {"parse", "emit"};
  const size_t size = 4, phase_sizes[] = {5, 4};
  PJRT_Client *client = new_client();
  MAKE(own, PJRT_Client_TopologyDescription, .client = client);
  CHECK(!api->PJRT_Client_TopologyDescription(&own));
  ARGS(PJRT_PhaseCompile_Get_Compiler, .phase_compiler = NULL);
  CHECK(!extension->phase_compile_get_compiler(&args) && args.phase_compiler);
  MAKE(names, PJRT_PhaseCompile_Get_PhaseNames,
       .phase_compiler = args.phase_compiler);
  CHECK(!extension->phase_compile_get_phase_names(&names));
  CHECK(names.num_phase_names == 3 && names.phase_names_sizes[1] == 8 &&
        !memcmp(names.phase_names[1], "optimize", 8));
  MAKE(run, PJRT_PhaseCompile_Run_Phase, .phase_compiler = args.phase_compiler,
       .input_programs = &program, .input_programs_sizes = &size,
       .num_input_programs = 1, .phases_to_run = phases,
       .phases_to_run_sizes = phase_sizes, .num_phases_to_run = 2,
       .topology = own.topology);
  CHECK(!extension->phase_compile_run_phases(&run));
  static const char expected[] = "code\n// parse\n// emit";
  CHECK(run.num_output_programs == 1 &&
        run.output_programs_sizes[0] == sizeof(expected) - 1 &&
        !memcmp(run.output_programs[0], expected, sizeof(expected) - 1));
  MAKE(free_names, PJRT_PhaseCompile_C_Buffers_Destroy,
       .char_buffers = names.phase_names,
       .char_buffer_sizes = names.phase_names_sizes, .num_char_buffers = 3);
  extension->phase_compile_c_buffers_destroy(&free_names);
  MAKE(free_outputs, PJRT_PhaseCompile_C_Buffers_Destroy,
       .char_buffers = run.output_programs,
       .char_buffer_sizes = run.output_programs_sizes, .num_char_buffers = 1);
  extension->phase_compile_c_buffers_destroy(&free_outputs);
  phases[1] = "link";
  CHECK(says(extension->phase_compile_run_phases(&run),
             PJRT_Error_Code_INVALID_ARGUMENT, "there is no phase 'link'"));
  MAKE(destroy, PJRT_PhaseCompile_Destroy_Compiler,
       .phase_compiler = args.phase_compiler);
  extension->phase_compile_destroy_compiler(&destroy);
  free_client(client);
}

/* ---- XlaTransform -------------------------------------------------------- */

typedef struct test_transform {
  PJRT_XlaTransform_Callbacks base;
  size_t seen;
  bool fails;
  int num_destroyed;
} test_transform;

static const char REWRITTEN[] = "rewritten";

static void transform(PJRT_XlaTransform_Callbacks *callbacks,
                      PJRT_XlaTransform_Args *args) {
  test_transform *t = (test_transform *)(void *)callbacks;
  t->seen = args->hlo_module.size;
  if (t->fails) {
    args->header.has_error = true;
    args->header.code = PJRT_Error_Code_PERMISSION_DENIED;
    args->header.error_msg = (PJRT_XlaTransform_string){"forbidden", 9};
    return;
  }
  args->changed = true;
  args->transformed_hlo_module =
      (PJRT_XlaTransform_string){REWRITTEN, sizeof(REWRITTEN)};
}

static void transform_destroy(PJRT_XlaTransform_Callbacks *callbacks) {
  ((test_transform *)(void *)callbacks)->num_destroyed++;
}

static size_t optimized_size(PJRT_LoadedExecutable *loaded) {
  PJRT_Executable *executable = executable_of(loaded);
  PJRT_Program program = {.struct_size = PJRT_Program_STRUCT_SIZE};
  ARGS(PJRT_Executable_OptimizedProgram, .executable = executable,
       .program = &program);
  PJRT_Error *error = api->PJRT_Executable_OptimizedProgram(&args);
  free_executable(executable);
  return error ? 0 : program.code_size;
}

static void check_transform(void) {
  const PJRT_Xla_Transform_Extension *extension =
      find_extension(PJRT_Extension_Type_XlaTransform);
  test_transform t = {.base = {1, transform_destroy, transform}};
  PJRT_LoadedExecutable *loaded;
  PJRT_Client *client = new_client();
  MAKE(enter, PJRT_Register_Xla_Transform, .name = "test", .name_size = 4,
       .callbacks = &t.base);
  CHECK(!extension->register_xla_transform(&enter));
  CHECK(!compile(client, TWICE_PROGRAM, 1, &loaded) && t.seen > 20);
  CHECK(optimized_size(loaded) == sizeof(REWRITTEN));
  free_loaded(loaded);
  t.fails = true;
  CHECK(says(compile(client, TWICE_PROGRAM, 1, &loaded),
             PJRT_Error_Code_PERMISSION_DENIED, "forbidden"));
  MAKE(clear, PJRT_Clear_Xla_Transform, .name = "test", .name_size = 4);
  CHECK(!extension->clear_xla_transform(&clear) && clear.cleared);
  CHECK(t.num_destroyed == 1);
  CHECK(!extension->clear_xla_transform(&clear) && !clear.cleared);
  CHECK(!compile(client, TWICE_PROGRAM, 1, &loaded));
  CHECK(optimized_size(loaded) != sizeof(REWRITTEN));
  free_loaded(loaded);
  free_client(client);
}

/* ---- Triton -------------------------------------------------------------- */

/* C++'s delete[], where the process has it. */
static void delete_array(const char *array) {
  union {
    void *symbol;
    void (*function)(void *array);
  } delete = {.symbol = dlsym(RTLD_DEFAULT, "_ZdaPv")};
  (delete.symbol ? delete.function : free)((void *)(uintptr_t)array);
}

static void check_triton(void) {
  CHECK(!find_extension(PJRT_Extension_Type_Triton));
  use_minor(114);
  const PJRT_Triton_Extension *extension =
      find_extension(PJRT_Extension_Type_Triton);
  ARGS(PJRT_Triton_Compile, .module = "module {}", .module_size = 9,
       .arch_name = "sim", .arch_name_size = 3, .num_warps = 4,
       .num_stages = 2);
  CHECK(!extension->compile(&args));
  CHECK(args.out_smem_bytes == 4096);
  CHECK(!memcmp(args.out_asm, "// sim: 4 warps, 2 stages, 9 bytes", 34));
  CHECK(args.out_path_size == 5 && !memcmp(args.out_path, "sim.s", 5));
  delete_array(args.out_asm);
  delete_array(args.out_path);
  args.num_warps = 0;
  CHECK(says(extension->compile(&args), PJRT_Error_Code_INVALID_ARGUMENT,
             "num_warps is 0"));
}

/* ---- Profiler ------------------------------------------------------------ */

static bool contains(const void *bytes, size_t size, const char *text) {
  const size_t length = strlen(text);
  for (size_t i = 0; i + length <= size; i++)
    if (!memcmp((const char *)bytes + i, text, length)) return true;
  return false;
}

static bool profiler_says(const PLUGIN_Profiler_Api *table,
                          PLUGIN_Profiler_Error *error, int code,
                          const char *text) {
  MAKE(got, PLUGIN_Profiler_Error_GetCode, .error = error);
  MAKE(message, PLUGIN_Profiler_Error_Message, .error = error);
  MAKE(destroy, PLUGIN_Profiler_Error_Destroy, .error = error);
  if (!error) return false;
  PLUGIN_Profiler_Error *second = table->error_get_code(&got);
  table->error_message(&message);
  const bool is_so = !second && got.code == code &&
                     message.message_size == strlen(text) &&
                     !memcmp(message.message, text, message.message_size);
  table->error_destroy(&destroy);
  return is_so;
}

static void check_profiler(void) {
  static uint8_t data[65536];
  const PJRT_Profiler_Extension *extension =
      find_extension(PJRT_Extension_Type_Profiler);
  const PLUGIN_Profiler_Api *table = extension->profiler_api;
  CHECK(table->struct_size == 104 && extension->traceme_context_id == 0);
  MAKE(create, PLUGIN_Profiler_Create, .profiler = NULL);
  CHECK(!table->create(&create));
  MAKE(start, PLUGIN_Profiler_Start, .profiler = create.profiler);
  MAKE(stop, PLUGIN_Profiler_Stop, .profiler = create.profiler);
  MAKE(collect, PLUGIN_Profiler_CollectData, .profiler = create.profiler);
  CHECK(
      profiler_says(table, table->stop(&stop), 9, "the profiler does not run"));
  CHECK(!table->start(&start));
  CHECK(profiler_says(table, table->start(&start), 9,
                      "the profiler runs already"));
  free_client(new_client());
  CHECK(profiler_says(table, table->collect_data(&collect), 9,
                      "the profiler was not stopped"));
  CHECK(!table->stop(&stop) && !table->collect_data(&collect));
  CHECK(collect.buffer_size_in_bytes > 50 &&
        collect.buffer_size_in_bytes < sizeof(data));
  collect.buffer = data;
  CHECK(!table->collect_data(&collect));
  const size_t size = collect.buffer_size_in_bytes;
  CHECK(contains(data, size, "/host:sim") &&
        contains(data, size, "PJRT_Client_Create") &&
        !contains(data, size, "PJRT_Client_Compile"));
  MAKE(consume, PLUGIN_Profiler_Consume, .profiler = create.profiler);
  CHECK(!table->consume(&consume));
  MAKE(serialize, PLUGIN_Profiler_Serialize, .profiler = create.profiler,
       .consume_result = consume.result);
  CHECK(!table->serialize(&serialize) && serialize.serialized_size == size &&
        !memcmp(serialize.serialized_bytes, data, size));
  MAKE(done, PLUGIN_Profiler_ConsumeResult_Destroy,
       .consume_result = consume.result);
  table->consume_result_destroy(&done);
  MAKE(destroy, PLUGIN_Profiler_Destroy, .profiler = create.profiler);
  CHECK(!table->destroy(&destroy));
}

/* ---- Callback ------------------------------------------------------------ */

static void count_prefatal(void *args, void *user_arg) {
  const PJRT_Callback_PrefatalArgs *prefatal = args;
  *(int *)user_arg += (int)prefatal->error_code;
}

static void check_callback(void) {
  const PJRT_Callback_Extension *extension =
      find_extension(PJRT_Extension_Type_Callback);
  int sum = 0;
  PJRT_Client *client = new_client(), *other = new_client();
  MAKE(enter, PJRT_Callback_RegisterCallback, .client = client,
       .type = PJRT_Callback_Type_Prefatal, .callback = count_prefatal,
       .user_arg = &sum);
  CHECK(!extension->register_callback(&enter));
  CHECK(!extension->register_callback(&enter));
  PJRT_Callback_PrefatalArgs prefatal = {
      .struct_size = PJRT_Callback_PrefatalArgs_STRUCT_SIZE,
      .error_code = PJRT_Error_Code_ABORTED};
  MAKE(invoke, PJRT_Callback_InvokeCallback, .client = client,
       .type = PJRT_Callback_Type_Prefatal, .args = &prefatal);
  CHECK(!extension->invoke_callback(&invoke) && sum == 20);
  invoke.type = PJRT_Callback_Type_Tpu_SliceBuilder;
  CHECK(!extension->invoke_callback(&invoke) && sum == 20);
  invoke.client = other;
  invoke.type = PJRT_Callback_Type_Prefatal;
  CHECK(!extension->invoke_callback(&invoke) && sum == 20);
  enter.type = PJRT_Callback_Type_Unknown;
  CHECK(says(extension->register_callback(&enter),
             PJRT_Error_Code_INVALID_ARGUMENT, "there are no callbacks"));
  free_client(client);
  free_client(other);
}

/* ---- Custom_Partitioner -------------------------------------------------- */

static int num_dtors;
static void on_dtor(JAX_CustomCallPartitioner_Callbacks *callbacks) {
  num_dtors += callbacks->version == 0;
}

static void check_partitioner(void) {
  const PJRT_Custom_Partitioner_Extension *extension =
      find_extension(PJRT_Extension_Type_Custom_Partitioner);
  static JAX_CustomCallPartitioner_Callbacks callbacks = {.version = 0,
                                                          .dtor = on_dtor};
  num_dtors = 0;
  MAKE(enter, PJRT_Register_Custom_Partitioner, .name = "split", .name_size = 5,
       .callbacks = &callbacks);
  CHECK(!extension->register_custom_partitioner(&enter) && !num_dtors);
  /* The name keeps the old registration. */
  MAKE(batch, PJRT_Register_Batch_Partitionable, .name = "split",
       .name_size = 5);
  CHECK(!extension->register_batch_partitionable(&batch) && num_dtors == 0);
  JAX_CustomCallPartitioner_Callbacks again = {.dtor = on_dtor};
  enter.callbacks = &again;
  CHECK(!extension->register_custom_partitioner(&enter) && num_dtors == 1);
  /* So does one that is cut along its batch. */
  batch.name = "rows";
  batch.name_size = 4;
  CHECK(!extension->register_batch_partitionable(&batch));
  enter.name = "rows";
  enter.name_size = 4;
  CHECK(!extension->register_custom_partitioner(&enter) && num_dtors == 2);
  JAX_CustomCallPartitioner_Callbacks newer = {.version = 1};
  enter.callbacks = &newer;
  CHECK(says(extension->register_custom_partitioner(&enter),
             PJRT_Error_Code_INVALID_ARGUMENT, "callbacks of version 1"));
}

/* ---- Example ------------------------------------------------------------- */

static void check_example(void) {
  const PJRT_Example_Extension *extension =
      find_extension(PJRT_Extension_Type_Example);
  PJRT_ExampleExtension_CreateExampleExtensionCpp_Args args = {0};
  CHECK(!extension->create(&args) && args.extension_cpp);
  PJRT_ExampleExtension_ExampleMethod_Args method = {args.extension_cpp, 5};
  CHECK(!extension->example_method(&method));
  method.value = -6;
  CHECK(says(extension->example_method(&method), PJRT_Error_Code_OUT_OF_RANGE,
             "5 and -6 have no sum"));
  CHECK(!extension->destroy(&args));
}

void suite_ext_programs(void) {
  run_check("shardings", check_shardings);
  run_check("abi-version", check_abi_version);
  run_check("executable-metadata", check_metadata);
  run_check("phase-compile", check_phase_compile);
  run_check("xla-transform", check_transform);
  run_check("triton", check_triton);
  run_check("profiler", check_profiler);
  run_check("callback", check_callback);
  run_check("custom-partitioner", check_partitioner);
  run_check("example", check_example);
}
