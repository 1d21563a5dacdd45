/* What a compiled program and the device it runs on tell when they are asked.
 * Plugins answer what they can: where one does not know, the code of the error
 * is printed.
 *
 *   12_ask [PLUGIN] */
#include <inttypes.h>
#include <pjrt/pjrt.h>
#include <stdlib.h>

static const char code[] =
    "func.func @main(%x: tensor<4xf32> {tf.aliasing_output = 0 : i32},\n"
    "                %y: tensor<4xf32>) -> tensor<4xf32> {\n"
    "  %sum = stablehlo.add %x, %y : tensor<4xf32>\n"
    "  return %sum : tensor<4xf32>\n"
    "}\n";

/* Not knowing is an answer too. */
static pjrt_error *answer(const char *what, pjrt_error *error) {
  if (pjrt_error_code(error) != PJRT_UNIMPLEMENTED) return error;
  printf("%s: %s\n", what, pjrt_code_name(pjrt_error_consume(error)));
  return NULL;
}

static void print_number(const char *what, pjrt_optional_int64 number) {
  if (number.has_value) printf("%s: %" PRId64 "\n", what, number.value);
}

/* ---- the program --------------------------------------------------------- */

static pjrt_error *ask_memory(pjrt_executable *executable) {
  pjrt_memory_analysis memory;
  pjrt_memory_analysis_init(&memory);
  PJRT_TRY(pjrt_executable_memory_analysis(executable, &memory));
  print_number("bytes of arguments", memory.argument_size_in_bytes);
  print_number("bytes of outputs", memory.output_size_in_bytes);
  print_number("bytes shared by both", memory.alias_size_in_bytes);
  print_number("bytes in between", memory.temp_size_in_bytes);
  return NULL;
}

static pjrt_error *ask_cost(pjrt_executable *executable) {
  pjrt_named_values *costs;
  PJRT_TRY(pjrt_executable_cost_analysis(executable, &costs));
  for (size_t i = 0; i < pjrt_named_values_size(costs); i++)
    printf("%s: %g\n", pjrt_named_values_name(costs, i, NULL),
           (double)pjrt_named_values_float(costs, i));
  pjrt_named_values_free(costs);
  return NULL;
}

static pjrt_error *ask_memory_kinds(pjrt_executable *executable) {
  const char *kind;
  for (size_t i = 0; i < pjrt_executable_num_parameters(executable); i++) {
    PJRT_TRY(pjrt_executable_parameter_memory_kind(executable, i, &kind, NULL));
    printf("parameter %zu is in memory of kind %s\n", i, kind);
  }
  PJRT_TRY(pjrt_executable_output_memory_kind(executable, 0, &kind, NULL));
  printf("output 0 is in memory of kind %s\n", kind);
  return NULL;
}

static pjrt_error *ask_devices(pjrt_executable *executable) {
  int id, replica, partition;
  PJRT_TRY(pjrt_executable_device_assignment(executable, &id, 1));
  PJRT_TRY(
      pjrt_executable_device_logical_ids(executable, 0, &replica, &partition));
  printf("replica %d, partition %d is on device %d\n", replica, partition, id);
  return NULL;
}

/* What the compiler made of it, and what it was told to do. */
static pjrt_error *ask_program(pjrt_executable *executable) {
  pjrt_program *program;
  void *options;
  size_t size;
  PJRT_TRY(pjrt_executable_optimized_program(executable, &program));
  printf("the optimized program is %s\n",
         pjrt_program_format_of(program) == PJRT_FORMAT_HLO ? "HLO" : "MLIR");
  pjrt_program_free(program);
  PJRT_TRY(pjrt_executable_compile_options(executable, &options, &size));
  printf("the compile options are %s\n", size ? "known" : "empty");
  pjrt_host_free(options);
  return NULL;
}

static pjrt_error *ask_executable(pjrt_executable *executable) {
  PJRT_TRY(ask_memory(executable));
  PJRT_TRY(answer("costs", ask_cost(executable)));
  PJRT_TRY(answer("memory kinds", ask_memory_kinds(executable)));
  PJRT_TRY(answer("devices", ask_devices(executable)));
  PJRT_TRY(answer("program", ask_program(executable)));
  printf("deleted: %s\n",
         pjrt_executable_is_deleted(executable) ? "yes" : "no");
  return NULL;
}

/* ---- the device ---------------------------------------------------------- */

static pjrt_error *ask_memory_stats(pjrt_device *device) {
  pjrt_memory_stats stats;
  pjrt_memory_stats_init(&stats);
  PJRT_TRY(pjrt_device_memory_stats(device, &stats));
  printf("bytes in use: %" PRId64 "\n", stats.bytes_in_use);
  print_number("at most so far", stats.peak_bytes_in_use);
  print_number("of", stats.bytes_limit);
  return pjrt_device_clear_memory_stats(device);
}

static pjrt_error *ask_attributes(const pjrt_device *device) {
  pjrt_named_values *values;
  PJRT_TRY(pjrt_device_get_attributes(device, &values));
  printf("attributes now: %zu\n", pjrt_named_values_size(values));
  pjrt_named_values_free(values);
  return NULL;
}

/* The plugin's tools may show what the caller is doing with the device. */
static pjrt_error *track(pjrt_device *device) {
  pjrt_async_tracking_event *loading;
  PJRT_TRY(pjrt_device_create_async_tracking_event(device, "loading weights",
                                                   PJRT_NUL_ENDED, &loading));
  printf("the device knows what it is used for\n");
  pjrt_async_tracking_event_free(loading);
  return NULL;
}

/* Ends a launch that is under way; here there is none. */
static pjrt_error *poison(pjrt_device *device) {
  bool poisoned;
  const int32_t launch_id = 7;
  pjrt_error *reason =
      pjrt_error_create(PJRT_ABORTED, "no longer wanted", PJRT_NUL_ENDED);
  pjrt_error *error =
      pjrt_device_poison_execution(device, launch_id, reason, &poisoned);
  pjrt_error_free(reason);
  if (!error) printf("launch 7 was %sended\n", poisoned ? "" : "not ");
  return error;
}

static pjrt_error *ask_device(pjrt_device *device) {
  PJRT_TRY(answer("memory in use", ask_memory_stats(device)));
  PJRT_TRY(answer("attributes", ask_attributes(device)));
  PJRT_TRY(answer("tracking", track(device)));
  return answer("poison", poison(device));
}

static pjrt_error *run(pjrt_client *client) {
  pjrt_program *program = NULL;
  pjrt_executable *executable = NULL;
  pjrt_error *error =
      pjrt_program_create(code, PJRT_NUL_ENDED, PJRT_FORMAT_AUTO, &program);
  if (!error) error = pjrt_client_compile(client, program, NULL, &executable);
  if (!error) error = ask_executable(executable);
  if (!error) error = ask_device(pjrt_client_addressable_device(client, 0));
  pjrt_executable_free(executable);
  pjrt_program_free(program);
  return error;
}

int main(int argc, char **argv) {
  pjrt_plugin *plugin = NULL;
  pjrt_client *client = NULL;

  pjrt_error *error =
      pjrt_plugin_find(argc > 1 ? argv[1] : "", PJRT_NUL_ENDED, NULL, &plugin);
  if (!error) error = pjrt_client_create(plugin, NULL, &client);
  if (!error) error = run(client);

  if (error) pjrt_error_print(error, stderr);
  int status = error ? EXIT_FAILURE : EXIT_SUCCESS;
  pjrt_error_free(error);
  pjrt_client_free(client);
  pjrt_plugin_free(plugin);
  return status;
}
