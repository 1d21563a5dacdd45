/* Compiling without a client, and loading what came of it. */
#include "core/compiled.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "core/compile.h"
#include "core/compile_options.h"
#include "core/executable.h"
#include "core/opts.h"
#include "core/plugin.h"
#include "core/program.h"

/* ---- life ---------------------------------------------------------------- */

static bool bury(pjrt_grave *grave) {
  pjrt_compiled *compiled = (pjrt_compiled *)grave;
  pjrt_topology *topology = compiled->topology;
  if (compiled->raw) pjrt_unloaded_destroy(topology->plugin, compiled->raw);
  pjrt_text_fact_clear(&compiled->facts.name);
  pjrt_signature_free(compiled->signature);
  pjrt_memory_kinds_clear(&compiled->parameter_memory_kinds);
  pjrt_memory_kinds_clear(&compiled->output_memory_kinds);
  pthread_mutex_destroy(&compiled->mutex);
  free(compiled->options);
  free(compiled);
  return pjrt_topology_release(topology);
}

void pjrt_compiled_free(pjrt_compiled *compiled) {
  if (!compiled || pjrt_topology_is_forked(compiled->topology)) return;
  pjrt_client *client = compiled->topology->client;
  compiled->grave.bury = bury;
  if (client) {
    pjrt_client_bury(client, &compiled->grave);
  } else {
    (void)!bury(&compiled->grave); /* no client ends with it */
  }
}

/* ---- compiling ----------------------------------------------------------- */

static pjrt_error *check_device(const pjrt_topology *topology, int id) {
  for (size_t i = 0; i < topology->num_devices; i++) {
    if (topology->devices[i].id == id) return NULL;
  }
  return pjrt_error_format(PJRT_NOT_FOUND, "no device %d: the topology has %zu",
                           id, topology->num_devices);
}

pjrt_error *pjrt_topology_check_opts(const pjrt_topology *topology,
                                     const pjrt_compile_opts *opts) {
  PJRT_TRY(
      pjrt_compile_check_counts(opts, "the topology", topology->num_devices));
  for (size_t i = 0; i < opts->num_device_ids; i++) {
    PJRT_TRY(check_device(topology, opts->device_ids[i]));
  }
  return NULL;
}

/* Without the client of a client's topology: compiling is then what it would
 * be on any other machine. */
static pjrt_error *call_compile(pjrt_compiled *compiled,
                                const pjrt_program *program) {
  const pjrt_plugin *plugin = compiled->topology->plugin;
  PJRT_STRUCT(plugin, PJRT_Program, raw);
  pjrt_program_to_raw(program, raw);
  PJRT_ARGS(PJRT_Compile, args);
  args->topology = compiled->topology->raw;
  args->program = raw;
  args->compile_options = compiled->options;
  args->compile_options_size = compiled->options_size;
  PJRT_TRY(PJRT_CALL(plugin, PJRT_Compile, args));
  compiled->raw = args->executable;
  if (compiled->raw) return NULL;
  return pjrt_error_about(
      pjrt_error_format(PJRT_INTERNAL,
                        "the plugin reports success and gives no executable"),
      plugin, "PJRT_Compile");
}

static pjrt_error *compile(pjrt_compiled *compiled, const pjrt_program *program,
                           const pjrt_compile_opts *opts) {
  const pjrt_plugin *plugin = compiled->topology->plugin;
  PJRT_TRY(pjrt_compile_opts_serialize(opts, opts->device_ids,
                                       opts->num_device_ids, &compiled->options,
                                       &compiled->options_size));
  PJRT_TRY(call_compile(compiled, program));
  PJRT_TRY(pjrt_unloaded_read_facts(plugin, compiled->raw, &compiled->facts));
  return pjrt_unloaded_settle_signature(
      plugin, compiled->raw, compiled->facts.num_outputs, &compiled->signature);
}

pjrt_error *pjrt_topology_compile(pjrt_topology *topology,
                                  const pjrt_program *program,
                                  const pjrt_compile_opts *opts,
                                  pjrt_compiled **out) {
  pjrt_compile_opts known;
  void *memory;
  *out = NULL;
  PJRT_TRY(pjrt_topology_check(topology));
  if (!program) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "program is NULL");
  }
  PJRT_TRY(pjrt_compile_opts_read(opts, &known));
  PJRT_TRY(pjrt_topology_check_opts(topology, &known));
  PJRT_TRY(pjrt_alloc(1, sizeof(pjrt_compiled), &memory));
  pjrt_compiled *compiled = memory;
  pthread_mutex_init(&compiled->mutex, NULL);
  compiled->topology = pjrt_topology_retain(topology);
  compiled->is_portable = known.compile_portable_executable;
  pjrt_error *error = compile(compiled, program, &known);
  if (error) {
    pjrt_compiled_free(compiled);
    return error;
  }
  *out = compiled;
  return NULL;
}

/* ---- loading ------------------------------------------------------------- */

static pjrt_error *check_compiled(const pjrt_compiled *compiled) {
  if (!compiled) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "compiled is NULL");
  }
  return pjrt_topology_check(compiled->topology);
}

/* An executable of another plugin's is memory of another kind. */
static pjrt_error *check_plugin(const pjrt_client *client,
                                const pjrt_compiled *compiled) {
  const pjrt_plugin *plugin = compiled->topology->plugin;
  if (client->plugin == plugin) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "%s was compiled by %s, and the client is one of "
                           "%s; serialize it and load that",
                           compiled->facts.name.data, plugin->label,
                           client->plugin->label);
}

static pjrt_error *copy_signature(const pjrt_signature *signature,
                                  pjrt_signature **out) {
  void *packed;
  size_t size;
  *out = NULL;
  if (!signature) return NULL;
  PJRT_TRY(pjrt_signature_pack(signature, &packed, &size));
  pjrt_error *error = pjrt_signature_unpack(packed, size, out);
  free(packed);
  return error;
}

static pjrt_error *call_load(const pjrt_client *client,
                             const pjrt_compiled *compiled,
                             PJRT_LoadedExecutable **out) {
  PJRT_ARGS(PJRT_Client_Load, args);
  args->client = client->raw;
  args->executable = compiled->raw;
  args->compile_options = compiled->options;
  args->compile_options_size = compiled->options_size;
  PJRT_TRY(PJRT_CALL(client->plugin, PJRT_Client_Load, args));
  *out = args->loaded_executable;
  return NULL;
}

pjrt_error *pjrt_client_load(pjrt_client *client, const pjrt_compiled *compiled,
                             pjrt_executable **out) {
  PJRT_LoadedExecutable *raw;
  pjrt_signature *signature;
  *out = NULL;
  if (!client) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "client is NULL");
  }
  PJRT_TRY(pjrt_client_check(client));
  PJRT_TRY(check_compiled(compiled));
  PJRT_TRY(check_plugin(client, compiled));
  PJRT_TRY(copy_signature(compiled->signature, &signature));
  pjrt_error *error = call_load(client, compiled, &raw);
  if (error) {
    pjrt_signature_free(signature);
    return error;
  }
  return pjrt_executable_wrap(client, raw, compiled->is_portable,
                              compiled->options, compiled->options_size,
                              signature, out);
}

/* The version of the platform is left out: a topology's need not be that of a
 * client on the very machine. */
pjrt_error *pjrt_compiled_serialize(const pjrt_compiled *compiled, void **out,
                                    size_t *out_size) {
  *out = NULL;
  *out_size = 0;
  PJRT_TRY(check_compiled(compiled));
  const pjrt_topology *topology = compiled->topology;
  const pjrt_artifact artifact = {
      .platform_name = {topology->platform_name.data,
                        topology->platform_name.size},
      .num_replicas = (int)compiled->facts.num_replicas,
      .num_partitions = (int)compiled->facts.num_partitions,
      .compile_portable_executable = compiled->is_portable,
      .compile_options = {compiled->options, compiled->options_size}};
  return pjrt_unloaded_serialize(topology->plugin, compiled->raw,
                                 compiled->signature, artifact, out, out_size);
}

/* ---- facts --------------------------------------------------------------- */

const char *pjrt_compiled_name(const pjrt_compiled *compiled,
                               size_t *out_size) {
  if (out_size) *out_size = compiled->facts.name.size;
  return compiled->facts.name.data;
}

size_t pjrt_compiled_num_replicas(const pjrt_compiled *compiled) {
  return compiled->facts.num_replicas;
}

size_t pjrt_compiled_num_partitions(const pjrt_compiled *compiled) {
  return compiled->facts.num_partitions;
}

bool pjrt_compiled_is_checked(const pjrt_compiled *compiled) {
  return compiled->signature != NULL;
}

size_t pjrt_compiled_num_parameters(const pjrt_compiled *compiled) {
  return compiled->signature ? compiled->signature->num_parameters : 0;
}

size_t pjrt_compiled_num_outputs(const pjrt_compiled *compiled) {
  return compiled->facts.num_outputs;
}

/* What is past the end is a scalar of no type. */
static const pjrt_shape past_the_end = {.dims = (const int64_t[]){0}};

static const pjrt_shape *parameter(const pjrt_compiled *compiled, size_t i) {
  return i < pjrt_compiled_num_parameters(compiled)
             ? &compiled->signature->parameters[i]
             : &past_the_end;
}

static const pjrt_shape *output(const pjrt_compiled *compiled, size_t i) {
  return compiled->signature && i < compiled->facts.num_outputs
             ? &compiled->signature->outputs[i]
             : &past_the_end;
}

pjrt_dtype pjrt_compiled_parameter_dtype(const pjrt_compiled *compiled,
                                         size_t i) {
  return parameter(compiled, i)->dtype;
}

const int64_t *pjrt_compiled_parameter_dims(const pjrt_compiled *compiled,
                                            size_t i, size_t *out_num) {
  *out_num = parameter(compiled, i)->num_dims;
  return parameter(compiled, i)->dims;
}

bool pjrt_compiled_parameter_is_donated(const pjrt_compiled *compiled,
                                        size_t i) {
  return i < pjrt_compiled_num_parameters(compiled) &&
         compiled->signature->is_donated[i];
}

pjrt_dtype pjrt_compiled_output_dtype(const pjrt_compiled *compiled, size_t i) {
  return output(compiled, i)->dtype;
}

const int64_t *pjrt_compiled_output_dims(const pjrt_compiled *compiled,
                                         size_t i, size_t *out_num) {
  *out_num = output(compiled, i)->num_dims;
  return output(compiled, i)->dims;
}

pjrt_error *pjrt_compiled_generated_code_size(const pjrt_compiled *compiled,
                                              int64_t *out_size) {
  *out_size = 0;
  PJRT_TRY(check_compiled(compiled));
  return pjrt_unloaded_code_size(compiled->topology->plugin, compiled->raw,
                                 out_size);
}

pjrt_error *pjrt_compiled_fingerprint(const pjrt_compiled *compiled, char **out,
                                      size_t *out_size) {
  pjrt_text_fact fingerprint = {0};
  *out = NULL;
  if (out_size) *out_size = 0;
  PJRT_TRY(check_compiled(compiled));
  PJRT_TRY(pjrt_unloaded_fingerprint(compiled->topology->plugin, compiled->raw,
                                     &fingerprint));
  *out = fingerprint.data;
  if (out_size) *out_size = fingerprint.size;
  return NULL;
}

pjrt_error *pjrt_compiled_optimized_program(const pjrt_compiled *compiled,
                                            pjrt_program **out) {
  *out = NULL;
  PJRT_TRY(check_compiled(compiled));
  return pjrt_unloaded_optimized_program(compiled->topology->plugin,
                                         compiled->raw, out);
}

pjrt_error *pjrt_compiled_compile_options(const pjrt_compiled *compiled,
                                          void **out, size_t *out_size) {
  *out = NULL;
  *out_size = 0;
  PJRT_TRY(check_compiled(compiled));
  return pjrt_unloaded_compile_options(compiled->topology->plugin,
                                       compiled->raw, out, out_size);
}

pjrt_error *pjrt_compiled_cost_analysis(const pjrt_compiled *compiled,
                                        pjrt_named_values **out) {
  *out = NULL;
  PJRT_TRY(check_compiled(compiled));
  return pjrt_unloaded_cost_analysis(compiled->topology->plugin, compiled->raw,
                                     out);
}

pjrt_error *pjrt_compiled_memory_analysis(const pjrt_compiled *compiled,
                                          pjrt_memory_analysis *out) {
  pjrt_memory_analysis nothing;
  pjrt_memory_analysis_init(&nothing);
  PJRT_TRY(
      pjrt_opts_write(&nothing, "pjrt_memory_analysis", sizeof nothing, out));
  PJRT_TRY(check_compiled(compiled));
  return pjrt_unloaded_memory_analysis(compiled->topology->plugin,
                                       compiled->raw, out);
}

pjrt_error *pjrt_compiled_parameter_memory_kind(pjrt_compiled *compiled,
                                                size_t i, const char **out,
                                                size_t *out_size) {
  *out = NULL;
  if (out_size) *out_size = 0;
  PJRT_TRY(check_compiled(compiled));
  pthread_mutex_lock(&compiled->mutex);
  pjrt_error *error = pjrt_unloaded_parameter_memory_kinds(
      compiled->topology->plugin, compiled->raw,
      &compiled->parameter_memory_kinds);
  pthread_mutex_unlock(&compiled->mutex);
  PJRT_TRY(error);
  return pjrt_memory_kinds_get(&compiled->parameter_memory_kinds, "parameter",
                               i, out, out_size);
}

pjrt_error *pjrt_compiled_output_memory_kind(pjrt_compiled *compiled, size_t i,
                                             const char **out,
                                             size_t *out_size) {
  *out = NULL;
  if (out_size) *out_size = 0;
  PJRT_TRY(check_compiled(compiled));
  pthread_mutex_lock(&compiled->mutex);
  pjrt_error *error = pjrt_unloaded_output_memory_kinds(
      compiled->topology->plugin, compiled->raw,
      &compiled->output_memory_kinds);
  pthread_mutex_unlock(&compiled->mutex);
  PJRT_TRY(error);
  return pjrt_memory_kinds_get(&compiled->output_memory_kinds, "output", i, out,
                               out_size);
}
