/* Serialized executables: a header, the options, the code. */
#include <stdlib.h>
#include <string.h>

#include "plugin/executable.h"
#include "plugin/slots.h"

struct PJRT_SerializedExecutable {
  sim_kind kind;
  sim_bytes bytes;
};

typedef struct blob_header {
  char magic[16];
  uint64_t options_size;
  uint64_t code_size;
} blob_header;

static const char magic[16] = "sim executable";

static void serialized_free(PJRT_SerializedExecutable *serialized) {
  free(serialized->bytes.data);
  sim_delete(serialized, SIM_OTHER);
}

PJRT_Error *sim_PJRT_Executable_Serialize(
    PJRT_Executable_Serialize_Args *args) {
  SIM_REQUIRE(args->executable, SIM_EXECUTABLE);
  const sim_compiled *program = args->executable->program;
  blob_header header = {.options_size = program->options_bytes.size,
                        .code_size = program->code.size};
  PJRT_SerializedExecutable *blob = sim_new(SIM_OTHER, sizeof(*blob));
  memcpy(header.magic, magic, sizeof(magic));
  sim_bytes_append(&blob->bytes, &header, sizeof(header));
  sim_bytes_append(&blob->bytes, program->options_bytes.data,
                   program->options_bytes.size);
  sim_bytes_append(&blob->bytes, program->code.data, program->code.size);
  args->serialized_bytes = (char *)blob->bytes.data;
  args->serialized_bytes_size = blob->bytes.size;
  args->serialized_executable = blob;
  args->serialized_executable_deleter = serialized_free;
  return NULL;
}

PJRT_Error *sim_compiled_read(const PJRT_TopologyDescription *topology,
                              const char *bytes, size_t size,
                              sim_compiled **out) {
  blob_header header;
  if (!bytes) return sim_misuse("NULL serialized_executable");
  if (size < sizeof(header))
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT, "truncated executable");
  memcpy(&header, bytes, sizeof(header));
  size -= sizeof(header);
  if (memcmp(header.magic, magic, sizeof(magic)) != 0 ||
      header.options_size > size ||
      header.code_size != size - header.options_size)
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "no serialized executable of the plugin");
  const char *options = bytes + sizeof(header);
  return sim_compiled_parse(topology, options + header.options_size,
                            header.code_size, options, header.options_size,
                            out);
}

PJRT_Error *sim_PJRT_Executable_DeserializeAndLoad(
    PJRT_Executable_DeserializeAndLoad_Args *args) {
  sim_compiled *program;
  SIM_REQUIRE(args->client, SIM_CLIENT);
  SIM_TRY(sim_compiled_read(args->client->topology, args->serialized_executable,
                            args->serialized_executable_size, &program));
  return sim_load(args->client, program, &args->loaded_executable);
}
