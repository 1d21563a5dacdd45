/* Compiling and loading. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ext/ext.h"
#include "plugin/instant.h"
#include "plugin/machine.h"
#include "plugin/tiles.h"

/* ---- programs ------------------------------------------------------------ */

static void set_outputs(sim_compiled *program) {
  int64_t *dims = program->output_dims;
  for (size_t i = 0; i < program->signature.num_outputs; i++) {
    const sim_shape *shape = &program->signature.outputs[i];
    program->output_types[i] = shape->type;
    program->output_dim_sizes[i] = shape->num_dims;
    memcpy(dims, shape->dims, shape->num_dims * sizeof(*dims));
    dims += shape->num_dims;
  }
  for (size_t i = 0; i < SIM_MAX_VALUES; i++)
    SIM_SET_TEXT(program->memory_kinds[i], program->memory_kind_sizes[i],
                 "device");
}

static void tile(sim_signature *signature, bool tiled_layouts) {
  for (size_t i = 0; i < signature->num_parameters; i++)
    sim_shape_tile(&signature->parameters[i], tiled_layouts);
  for (size_t i = 0; i < signature->num_outputs; i++)
    sim_shape_tile(&signature->outputs[i], tiled_layouts);
}

/* Real plugins abort on types that they do not know. */
static PJRT_Error *check_types(const sim_signature *signature) {
  for (size_t i = 0; i < signature->num_parameters; i++)
    if (!sim_type_bits(signature->parameters[i].type))
      return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                       "parameter %zu has a type that is too new", i);
  for (size_t i = 0; i < signature->num_outputs; i++)
    if (!sim_type_bits(signature->outputs[i].type))
      return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                       "output %zu has a type that is too new", i);
  return NULL;
}

static void set_fingerprint(sim_compiled *program) {
  snprintf(program->fingerprint, sizeof(program->fingerprint),
           "%016" PRIx64 "%016" PRIx64 SIM_JUNK,
           sim_hash(program->code.data, program->code.size),
           sim_hash(program->options_bytes.data, program->options_bytes.size));
}

static PJRT_Error *parse(sim_compiled *program,
                         const PJRT_TopologyDescription *topology,
                         const char *code, size_t size, const char *options,
                         size_t options_size) {
  SIM_TRY(sim_read_compile_options(options, options_size, &program->options));
  if (sim_options()->execution != PJRT_SIM_COMPUTE)
    SIM_TRY(sim_signature_parse(code, size, &program->signature));
  else
    SIM_TRY(sim_computation_create(code, size, &program->options,
                                   &program->signature, &program->computation));
  SIM_TRY(check_types(&program->signature));
  SIM_TRY(sim_ext_partition(code, size, (int)program->options.num_partitions));
  tile(&program->signature, topology->tiled_layouts);
  set_outputs(program);
  sim_bytes_append(&program->code, code, size);
  sim_bytes_append(&program->options_bytes, options, options_size);
  sim_write_hlo(&program->signature, &program->hlo);
  set_fingerprint(program);
  return sim_ext_transform(&program->hlo);
}

PJRT_Error *sim_compiled_parse(const PJRT_TopologyDescription *topology,
                               const char *code, size_t size,
                               const char *options, size_t options_size,
                               sim_compiled **out) {
  sim_compiled *program = sim_allocate(sizeof(*program));
  program->refs = 1;
  PJRT_Error *error =
      parse(program, topology, code, size, options, options_size);
  if (error)
    sim_compiled_drop(program);
  else
    *out = program;
  return error;
}

PJRT_Error *sim_compiled_create(const PJRT_TopologyDescription *topology,
                                const PJRT_Program *program,
                                const char *options, size_t options_size,
                                sim_compiled **out) {
  PJRT_Program copy;
  SIM_TRY(SIM_READ_STRUCT(PJRT_Program, program, &copy));
  if (!copy.code || !copy.format) return sim_misuse("a program without code");
  if (copy.format_size >= 3 && memcmp(copy.format, "hlo", 3) == 0)
    return sim_error(PJRT_Error_Code_UNIMPLEMENTED,
                     "program format %.*s is not supported, StableHLO text is",
                     (int)copy.format_size, copy.format);
  if (copy.format_size != 4 || memcmp(copy.format, "mlir", 4) != 0)
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "Unknown program format '%.*s'.", (int)copy.format_size,
                     copy.format);
  return sim_compiled_parse(topology, copy.code, copy.code_size, options,
                            options_size, out);
}

sim_compiled *sim_compiled_share(sim_compiled *program) {
  atomic_fetch_add(&program->refs, 1);
  return program;
}

void sim_compiled_drop(sim_compiled *program) {
  if (atomic_fetch_sub(&program->refs, 1) != 1) return;
  sim_attachments_release(&program->attachments);
  sim_computation_free(program->computation);
  free(program->code.data);
  free(program->options_bytes.data);
  free(program->hlo.data);
  free(program->options.ids);
  free(program);
}

/* ---- executables --------------------------------------------------------- */

PJRT_Executable *sim_executable_create(sim_compiled *program,
                                       sim_lifetime *parent) {
  PJRT_Executable *executable = sim_new(SIM_EXECUTABLE, sizeof(*executable));
  executable->program = sim_compiled_share(program);
  executable->parent = parent;
  if (parent) atomic_fetch_add(&parent->refs, 1);
  return executable;
}

static void lifetime_drop(sim_lifetime *lifetime) {
  if (lifetime && atomic_fetch_sub(&lifetime->refs, 1) == 1) free(lifetime);
}

PJRT_Error *sim_PJRT_Executable_Destroy(PJRT_Executable_Destroy_Args *args) {
  PJRT_Executable *executable = args->executable;
  if (!executable) return NULL;
  SIM_REQUIRE(executable, SIM_EXECUTABLE);
  sim_compiled_drop(executable->program);
  lifetime_drop(executable->parent);
  sim_delete(executable, SIM_EXECUTABLE);
  return NULL;
}

PJRT_Error *sim_load(PJRT_Client *client, sim_compiled *program,
                     PJRT_LoadedExecutable **out) {
  PJRT_LoadedExecutable *loaded =
      sim_new(SIM_LOADED_EXECUTABLE, sizeof(*loaded));
  loaded->client = client;
  loaded->program = program;
  loaded->lifetime = sim_allocate(sizeof(*loaded->lifetime));
  loaded->lifetime->refs = 1;
  PJRT_Error *error = sim_assign(loaded);
  if (!error && client->instant)
    loaded->instant = sim_instant_outputs_create(loaded);
  if (error)
    sim_PJRT_LoadedExecutable_Destroy(
        &(PJRT_LoadedExecutable_Destroy_Args){.executable = loaded});
  else
    *out = loaded;
  return error;
}

PJRT_Error *sim_PJRT_LoadedExecutable_Destroy(
    PJRT_LoadedExecutable_Destroy_Args *args) {
  PJRT_LoadedExecutable *loaded = args->executable;
  if (!loaded) return NULL;
  SIM_REQUIRE(loaded, SIM_LOADED_EXECUTABLE);
  atomic_store(&loaded->lifetime->is_over, true);
  lifetime_drop(loaded->lifetime);
  sim_compiled_drop(loaded->program);
  sim_instant_outputs_free(loaded->instant);
  free(loaded->ids);
  free(loaded->devices);
  free(loaded->logical_ids);
  sim_delete(loaded, SIM_LOADED_EXECUTABLE);
  return NULL;
}

PJRT_Error *sim_PJRT_Client_Compile(PJRT_Client_Compile_Args *args) {
  sim_compiled *program;
  SIM_REQUIRE(args->client, SIM_CLIENT);
  SIM_TRY(sim_compiled_create(args->client->topology, args->program,
                              args->compile_options, args->compile_options_size,
                              &program));
  return sim_load(args->client, program, &args->executable);
}

PJRT_Error *sim_PJRT_Compile(PJRT_Compile_Args *args) {
  sim_compiled *program;
  SIM_REQUIRE(args->topology, SIM_TOPOLOGY);
  SIM_TRY(sim_compiled_create(args->topology, args->program,
                              args->compile_options, args->compile_options_size,
                              &program));
  PJRT_Error *error =
      sim_check_assignment(&program->options, args->topology->num_descriptions);
  if (!error) args->executable = sim_executable_create(program, NULL);
  sim_compiled_drop(program);
  return error;
}

PJRT_Error *sim_PJRT_Client_Load(PJRT_Client_Load_Args *args) {
  SIM_REQUIRE(args->client, SIM_CLIENT);
  SIM_REQUIRE(args->executable, SIM_EXECUTABLE);
  return sim_load(args->client, sim_compiled_share(args->executable->program),
                  &args->loaded_executable);
}
