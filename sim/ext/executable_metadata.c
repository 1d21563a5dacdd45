/* ExecutableMetadata: a program's size, parameters and outputs in bytes of a
 * form of the plugin's own (a protocol buffer of numbers). */
#include <stdlib.h>

#include "ext/ext.h"

/* What args->metadata points into, counted as alive. */
typedef struct metadata {
  sim_kind kind;
  PJRT_ExecutableMetadata raw;
} metadata;

static PJRT_Error *get_metadata(
    PJRT_ExecutableMetadata_GetExecutableMetadata_Args *args) {
  SIM_EXT_ENTER(args, PJRT_ExecutableMetadata_GetExecutableMetadata_Args, 0);
  SIM_REQUIRE(args->executable, SIM_EXECUTABLE);
  const sim_compiled *program = args->executable->program;
  sim_bytes bytes = {0};
  sim_write_number(&bytes, 1, program->code.size);
  sim_write_number(&bytes, 2, program->signature.num_parameters);
  sim_write_number(&bytes, 3, program->signature.num_outputs);
  metadata *made = sim_new(SIM_OTHER, sizeof(*made));
  made->raw.serialized_metadata = (const char *)bytes.data;
  made->raw.serialized_metadata_size = bytes.size;
  args->metadata = &made->raw;
  return NULL;
}

static void destroy_metadata(
    PJRT_ExecutableMetadata_DestroySerializedMetadata_Args *args) {
  SIM_EXT_ENTER_VOID(args,
                     PJRT_ExecutableMetadata_DestroySerializedMetadata_Args);
  free((void *)(uintptr_t)args->metadata->serialized_metadata);
  sim_delete((char *)args->metadata - offsetof(metadata, raw), SIM_OTHER);
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
