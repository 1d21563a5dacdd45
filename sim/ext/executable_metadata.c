/* ExecutableMetadata: a program's size, parameters and outputs in bytes of a
 * form of the plugin's own (a protocol buffer of numbers). */
#include <stdlib.h>

#include "ext/ext.h"

static PJRT_Error *get_metadata(
    PJRT_ExecutableMetadata_GetExecutableMetadata_Args *args) {
  SIM_EXT_ENTER(args, PJRT_ExecutableMetadata_GetExecutableMetadata_Args, 0);
  SIM_REQUIRE(args->executable, SIM_EXECUTABLE);
  if (!args->metadata) return sim_misuse("NULL metadata");
  const sim_compiled *program = args->executable->program;
  sim_bytes bytes = {0};
  sim_write_number(&bytes, 1, program->code.size);
  sim_write_number(&bytes, 2, program->signature.num_parameters);
  sim_write_number(&bytes, 3, program->signature.num_outputs);
  args->metadata->serialized_metadata = (const char *)bytes.data;
  args->metadata->serialized_metadata_size = bytes.size;
  return NULL;
}

static void destroy_metadata(
    PJRT_ExecutableMetadata_DestroySerializedMetadata_Args *args) {
  SIM_EXT_ENTER_VOID(args,
                     PJRT_ExecutableMetadata_DestroySerializedMetadata_Args);
  free((void *)(uintptr_t)args->metadata->serialized_metadata);
  *args->metadata = (PJRT_ExecutableMetadata){0};
}

static const PJRT_ExecutableMetadata_Extension node = {
    .get_executable_metadata = get_metadata,
    .destroy_serialized_metadata = destroy_metadata,
};

const sim_extension sim_ext_executable_metadata = {
    .type = PJRT_Extension_Type_ExecutableMetadata,
    .name = "ExecutableMetadata",
    .steps = {{75, 40}},
    .node = &node,
    .node_size = sizeof(node),
};
