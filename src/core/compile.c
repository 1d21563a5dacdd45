/* Compiling, and loading what was compiled before. */
#include <stdlib.h>

#include "base/error.h"
#include "base/text.h"
#include "core/client.h"
#include "core/compile.h"
#include "core/compile_options.h"
#include "core/executable.h"
#include "core/plugin.h"
#include "core/program.h"
#include "core/unloaded.h"
#include "pjrt/compile.h"
#include "pjrt/unsafe.h"

/* ---- compiling ----------------------------------------------------------- */

pjrt_error *pjrt_compile_check_counts(const pjrt_compile_opts *opts,
                                      const char *whose, size_t num_devices) {
  const int64_t wanted = (int64_t)opts->num_replicas * opts->num_partitions;
  if (wanted <= (int64_t)num_devices) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "%d replicas of %d partitions need %lld devices; "
                           "%s has %zu",
                           opts->num_replicas, opts->num_partitions,
                           (long long)wanted, whose, num_devices);
}

static pjrt_error *check_devices(const pjrt_client *client,
                                 const pjrt_compile_opts *opts) {
  PJRT_TRY(pjrt_compile_check_counts(opts, "the client", client->num_devices));
  for (size_t i = 0; i < opts->num_device_ids; i++) {
    pjrt_device *device;
    PJRT_TRY(pjrt_client_lookup_device(client, opts->device_ids[i], &device));
  }
  return NULL;
}

static pjrt_error *call_compile(pjrt_client *client,
                                const pjrt_program *program,
                                const void *options, size_t options_size,
                                PJRT_LoadedExecutable **out) {
  PJRT_STRUCT(client->plugin, PJRT_Program, raw);
  pjrt_program_to_raw(program, raw);
  PJRT_ARGS(PJRT_Client_Compile, args);
  args->client = client->raw;
  args->program = raw;
  args->compile_options = options;
  args->compile_options_size = options_size;
  PJRT_TRY(PJRT_CALL(client->plugin, PJRT_Client_Compile, args));
  *out = args->executable;
  return NULL;
}

static pjrt_error *compile(pjrt_client *client, const pjrt_program *program,
                           const pjrt_compile_opts *opts,
                           pjrt_executable **out) {
  void *options;
  size_t size;
  PJRT_LoadedExecutable *raw;
  PJRT_TRY(pjrt_compile_opts_serialize(opts, opts->device_ids,
                                       opts->num_device_ids, &options, &size));
  pjrt_error *error = call_compile(client, program, options, size, &raw);
  if (!error) {
    error = pjrt_executable_wrap(client, raw, opts->compile_portable_executable,
                                 options, size, NULL, out);
  }
  free(options);
  return error;
}

pjrt_error *pjrt_client_compile(pjrt_client *client,
                                const pjrt_program *program,
                                const pjrt_compile_opts *opts,
                                pjrt_executable **out) {
  pjrt_compile_opts known;
  *out = NULL;
  if (!client || !program) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "%s is NULL",
                             client ? "program" : "client");
  }
  PJRT_TRY(pjrt_client_check(client));
  PJRT_TRY(pjrt_compile_opts_read(opts, &known));
  PJRT_TRY(check_devices(client, &known));
  return compile(client, program, &known, out);
}

/* ---- artifacts ----------------------------------------------------------- */

static pjrt_bytes bytes_of(const pjrt_text_fact *fact) {
  return (pjrt_bytes){fact->data, fact->size};
}

pjrt_error *pjrt_executable_serialize(pjrt_executable *executable, void **out,
                                      size_t *out_size) {
  *out = NULL;
  *out_size = 0;
  PJRT_TRY(pjrt_executable_check(executable));
  const pjrt_client *client = executable->client;
  const pjrt_artifact artifact = {
      .platform_name = bytes_of(&client->platform_name),
      .platform_version = bytes_of(&client->platform_version),
      .num_replicas = (int)executable->num_replicas,
      .num_partitions = (int)executable->num_partitions,
      .compile_portable_executable = executable->is_portable,
      .compile_options = {executable->compile_options,
                          executable->compile_options_size}};
  return pjrt_unloaded_serialize(client->plugin, executable->unloaded,
                                 executable->signature, artifact, out,
                                 out_size);
}

static bool same_bytes(pjrt_bytes a, pjrt_bytes b) {
  return a.size == b.size && (a.size == 0 || !memcmp(a.data, b.data, a.size));
}

/* Plugins of one platform load each other's executables without complaint and
 * compute wrong results; only the very same plugin may load one. What was
 * compiled without a client has no version of its platform. */
static pjrt_error *check_maker(const pjrt_client *client,
                               const pjrt_artifact *artifact) {
  const char *identity;
  pjrt_plugin *plugin = client->plugin;
  PJRT_TRY(pjrt_plugin_identity(plugin, &identity));
  pjrt_bytes own = {identity, strlen(identity)};
  bool same =
      same_bytes(artifact->platform_name, bytes_of(&client->platform_name)) &&
      (artifact->platform_version.size == 0 ||
       same_bytes(artifact->platform_version,
                  bytes_of(&client->platform_version))) &&
      artifact->api_major == plugin->major &&
      artifact->api_minor == plugin->minor &&
      same_bytes(artifact->plugin_identity, own);
  if (same) return NULL;
  return pjrt_error_about(
      pjrt_error_format(
          PJRT_FAILED_PRECONDITION,
          "the artifact was made by another plugin (platform %.*s, API %d.%d, "
          "%.*s); this one is platform %s, API %d.%d, %s: compile again",
          (int)artifact->platform_name.size,
          (const char *)artifact->platform_name.data, artifact->api_major,
          artifact->api_minor, (int)artifact->plugin_identity.size,
          (const char *)artifact->plugin_identity.data,
          client->platform_name.data, plugin->major, plugin->minor, identity),
      plugin, NULL);
}

static pjrt_error *call_load(pjrt_client *client, pjrt_bytes executable,
                             PJRT_LoadedExecutable **out) {
  PJRT_ARGS(PJRT_Executable_DeserializeAndLoad, args);
  args->client = client->raw;
  args->serialized_executable = executable.data;
  args->serialized_executable_size = executable.size;
  PJRT_TRY(PJRT_CALL(client->plugin, PJRT_Executable_DeserializeAndLoad, args));
  *out = args->loaded_executable;
  return NULL;
}

static pjrt_error *check_load(const pjrt_client *client, const void *data) {
  if (!client || !data) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "%s is NULL",
                             client ? "data" : "client");
  }
  return pjrt_client_check(client);
}

static pjrt_error *load(pjrt_client *client, const pjrt_artifact *artifact,
                        pjrt_executable **out) {
  pjrt_signature *signature = NULL;
  PJRT_LoadedExecutable *raw;
  if (artifact->signature.data) {
    PJRT_TRY(pjrt_signature_unpack(artifact->signature.data,
                                   artifact->signature.size, &signature));
  }
  pjrt_error *error = call_load(client, artifact->executable, &raw);
  if (error) {
    pjrt_signature_free(signature);
    return error;
  }
  return pjrt_executable_wrap(client, raw,
                              artifact->compile_portable_executable,
                              artifact->compile_options.data,
                              artifact->compile_options.size, signature, out);
}

pjrt_error *pjrt_executable_load(pjrt_client *client, const void *data,
                                 size_t data_size, pjrt_executable **out) {
  pjrt_artifact artifact;
  *out = NULL;
  PJRT_TRY(check_load(client, data));
  PJRT_TRY(pjrt_artifact_decode(data, data_size, &artifact));
  PJRT_TRY(check_maker(client, &artifact));
  return load(client, &artifact, out);
}

pjrt_error *pjrt_executable_load_unchecked(pjrt_client *client,
                                           const void *data, size_t data_size,
                                           pjrt_executable **out) {
  pjrt_artifact artifact;
  *out = NULL;
  PJRT_TRY(check_load(client, data));
  PJRT_TRY(pjrt_artifact_decode(data, data_size, &artifact));
  return load(client, &artifact, out);
}

pjrt_error *pjrt_executable_load_raw(pjrt_client *client, const void *data,
                                     size_t data_size, pjrt_executable **out) {
  const pjrt_artifact artifact = {.executable = {data, data_size}};
  *out = NULL;
  PJRT_TRY(check_load(client, data));
  if (data_size == 0 || pjrt_executable_is_serialized(data, data_size)) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "expected the plugin's own bytes, got %s",
                             data_size ? "an artifact of this library: see "
                                         "pjrt_executable_load"
                                       : "none");
  }
  return load(client, &artifact, out);
}
