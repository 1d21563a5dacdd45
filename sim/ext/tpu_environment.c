/* TpuExecutable: the plugin's part of a CompilationEnvironmentsProto, and what
 * kind of error a status is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ext/tpu_executable.h"
#include "ext/wire.h"

/* The plugin's own environment, among others of type google.protobuf.Any. */
static const char type_url[] = "type.googleapis.com/pjrt.sim.Environment";

/* Its fields: the options that bear on compiled programs. */
enum { NUM_FIELDS = 3 };
static const char *const field_names[NUM_FIELDS] = {
    "num_devices", "memory_capacity", "execute_latency_us"};

static uint64_t option_of(int field) {
  const pjrt_sim_options *options = sim_options();
  const int64_t values[NUM_FIELDS] = {options->num_devices,
                                      options->memory_capacity,
                                      options->execute_latency_us};
  return (uint64_t)values[field];
}

static bool is_ours(const sim_wire_field *environment) {
  sim_wire_field url;
  return environment->number == 1 && environment->is_bytes &&
         sim_wire_bytes(environment->data, environment->size, 1, &url) &&
         url.size == sizeof(type_url) - 1 &&
         memcmp(url.data, type_url, url.size) == 0;
}

/* The plugin's environment, and whether there is one. */
static bool find_ours(const char *environments, size_t size,
                      sim_wire_field *out) {
  sim_wire wire = sim_wire_of(environments, size);
  sim_wire_field field;
  *out = (sim_wire_field){0};
  while (sim_wire_next(&wire, &field))
    if (is_ours(&field))
      return sim_wire_bytes(field.data, field.size, 2, out) || true;
  return false;
}

static void append_ours(sim_bytes *out) {
  sim_bytes any = {0}, fields = {0};
  for (int i = 0; i < NUM_FIELDS; i++)
    sim_write_number(&fields, i + 1, option_of(i));
  sim_write_bytes(&any, 1, type_url, sizeof(type_url) - 1);
  sim_write_bytes(&any, 2, fields.data, fields.size);
  sim_write_bytes(out, 1, any.data, any.size);
  free(fields.data);
  free(any.data);
}

static void free_environments(
    PJRT_TpuExecutable_CompilationEnvironments *holder) {
  sim_tpu_bytes_free((sim_tpu_bytes *)holder);
}

/* One that is there already stays as it is. */
SIM_TPU_EXECUTABLE_FUNCTION(SetTpuCompilationEnv) {
  sim_bytes bytes = {0};
  sim_wire_field ours;
  SIM_EXT_ENTER(args, PJRT_TpuExecutable_SetTpuCompilationEnv_Args,
                PJRT_TpuExecutable_SetTpuCompilationEnv_Args_STRUCT_SIZE);
  const char *given = args->serialized_compilation_environments;
  const size_t size = args->serialized_compilation_environments_size;
  SIM_TRY(sim_tpu_check_message("serialized_compilation_environments", given,
                                size));
  sim_bytes_append(&bytes, given, size);
  if (!find_ours(given, size, &ours)) append_ours(&bytes);
  args->result_compilation_environments = (const char *)bytes.data;
  args->result_compilation_environments_size = bytes.size;
  args->result_compilation_environments_ptr =
      (PJRT_TpuExecutable_CompilationEnvironments *)sim_tpu_bytes_create(bytes);
  args->result_compilation_environments_deleter = free_environments;
  return NULL;
}

static void free_value(PJRT_TpuExecutable_FieldValue *holder) {
  sim_tpu_bytes_free((sim_tpu_bytes *)holder);
}

static PJRT_Error *field_named(const char *name, size_t size, int *out) {
  if (!name) return sim_misuse("NULL field_name");
  for (int i = 0; i < NUM_FIELDS; i++)
    if (strlen(field_names[i]) == size &&
        memcmp(field_names[i], name, size) == 0) {
      *out = i;
      return NULL;
    }
  return sim_error(PJRT_Error_Code_NOT_FOUND,
                   "the compilation environment has no field '%.*s'", (int)size,
                   name);
}

/* Where the environment leaves it out, the option in force. */
SIM_TPU_EXECUTABLE_FUNCTION(GetTpuCompilationEnvFieldAsString) {
  int field = 0;
  char text[24];
  sim_bytes bytes = {0};
  sim_wire_field ours;
  SIM_EXT_ENTER(
      args, PJRT_TpuExecutable_GetTpuCompilationEnvFieldAsString_Args,
      PJRT_TpuExecutable_GetTpuCompilationEnvFieldAsString_Args_STRUCT_SIZE);
  const char *given = args->serialized_compilation_environments;
  const size_t size = args->serialized_compilation_environments_size;
  SIM_TRY(sim_tpu_check_message("serialized_compilation_environments", given,
                                size));
  SIM_TRY(field_named(args->field_name, args->field_name_size, &field));
  find_ours(given, size, &ours);
  const uint64_t value =
      sim_wire_number(ours.data, ours.size, field + 1, option_of(field));
  const int text_size =
      snprintf(text, sizeof(text), "%lld", (long long)(int64_t)value);
  sim_bytes_append(&bytes, text, (size_t)text_size);
  args->field_value = (const char *)bytes.data;
  args->field_value_size = bytes.size;
  args->field_value_ptr =
      (PJRT_TpuExecutable_FieldValue *)sim_tpu_bytes_create(bytes);
  args->field_value_deleter = free_value;
  return NULL;
}

/* Of a StatusProto: whether the same program with the same arguments would end
 * so again. */
SIM_TPU_EXECUTABLE_FUNCTION(IsTpuPredeterminedError) {
  SIM_EXT_ENTER(args, PJRT_TpuExecutable_IsTpuPredeterminedError_Args,
                PJRT_TpuExecutable_IsTpuPredeterminedError_Args_STRUCT_SIZE);
  const char *status = args->serialized_status;
  const size_t size = args->serialized_status_size;
  SIM_TRY(sim_tpu_check_message("serialized_status", status, size));
  const uint64_t code = sim_wire_number(status, size, 1, PJRT_Error_Code_OK);
  args->is_predetermined = code == PJRT_Error_Code_INVALID_ARGUMENT ||
                           code == PJRT_Error_Code_FAILED_PRECONDITION ||
                           code == PJRT_Error_Code_OUT_OF_RANGE ||
                           code == PJRT_Error_Code_UNIMPLEMENTED;
  return NULL;
}
