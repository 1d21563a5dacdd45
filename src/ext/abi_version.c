#include "pjrt/ext/abi_version.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "ext/answer.h"
#include "ext/extension.h"
#include "ext/program.h"

#define CALL(plugin, slot, fn, args) \
  PJRT_EXT_CALL(plugin, AbiVersion, PJRT_AbiVersion_Extension, slot, fn, args)

/* What both kinds have. */
typedef struct owner {
  pjrt_plugin *plugin;
  pid_t process; /* that made it */
} owner;

struct pjrt_runtime_abi_version {
  owner owner;
  PJRT_RuntimeAbiVersion *raw;
};

struct pjrt_executable_abi_version {
  owner owner;
  PJRT_ExecutableAbiVersion *raw;
};

/* ---- owners -------------------------------------------------------------- */

static owner own(pjrt_plugin *plugin) {
  return (owner){pjrt_plugin_retain(plugin), getpid()};
}

static bool is_forked(const owner *who) { return who->process != getpid(); }

/* Of a version that is not NULL. */
static pjrt_error *check_owner(const owner *who) {
  if (!is_forked(who)) return NULL;
  return pjrt_error_format(PJRT_FAILED_PRECONDITION,
                           "the ABI version was made before this process was "
                           "forked; make another one");
}

static pjrt_error *check_runtime(const pjrt_runtime_abi_version *version) {
  if (version) return check_owner(&version->owner);
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "the runtime's ABI version is NULL");
}

static pjrt_error *check_executable(
    const pjrt_executable_abi_version *version) {
  if (version) return check_owner(&version->owner);
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "the executable's ABI version is NULL");
}

/* A version of another plugin's is memory of another kind. */
static pjrt_error *check_same(const owner *a, const owner *b) {
  if (a->plugin == b->plugin) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "the ABI versions are of two plugins, %s and %s",
                           a->plugin->label, b->plugin->label);
}

static pjrt_error *check_bytes(const pjrt_plugin *plugin, const void *data) {
  PJRT_TRY(pjrt_plugin_check(plugin));
  if (data) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "expected a serialized ABI version, got nothing");
}

/* ---- life ---------------------------------------------------------------- */

static void destroy_runtime(const pjrt_plugin *plugin,
                            PJRT_RuntimeAbiVersion *raw) {
  PJRT_ARGS(PJRT_RuntimeAbiVersion_Destroy, args);
  args->abi_version = raw;
  pjrt_error_drop(CALL(plugin, runtime_abi_version_destroy,
                       PJRT_RuntimeAbiVersion_Destroy, args));
}

static void destroy_executable(const pjrt_plugin *plugin,
                               PJRT_ExecutableAbiVersion *raw) {
  PJRT_ARGS(PJRT_ExecutableAbiVersion_Destroy, args);
  args->abi_version = raw;
  pjrt_error_drop(CALL(plugin, executable_abi_version_destroy,
                       PJRT_ExecutableAbiVersion_Destroy, args));
}

static pjrt_error *wrap_runtime(pjrt_plugin *plugin, const char *call,
                                PJRT_RuntimeAbiVersion *raw,
                                pjrt_runtime_abi_version **out) {
  void *memory;
  PJRT_TRY(pjrt_ext_check_object(plugin, call, "ABI version", raw));
  pjrt_error *error = pjrt_alloc(1, sizeof **out, &memory);
  if (error) {
    destroy_runtime(plugin, raw);
    return error;
  }
  *out = memory;
  **out = (pjrt_runtime_abi_version){own(plugin), raw};
  return NULL;
}

static pjrt_error *wrap_executable(pjrt_plugin *plugin, const char *call,
                                   PJRT_ExecutableAbiVersion *raw,
                                   pjrt_executable_abi_version **out) {
  void *memory;
  PJRT_TRY(pjrt_ext_check_object(plugin, call, "ABI version", raw));
  pjrt_error *error = pjrt_alloc(1, sizeof **out, &memory);
  if (error) {
    destroy_executable(plugin, raw);
    return error;
  }
  *out = memory;
  **out = (pjrt_executable_abi_version){own(plugin), raw};
  return NULL;
}

void pjrt_runtime_abi_version_free(pjrt_runtime_abi_version *version) {
  if (!version || is_forked(&version->owner)) return;
  destroy_runtime(version->owner.plugin, version->raw);
  pjrt_plugin_free(version->owner.plugin);
  free(version);
}

void pjrt_executable_abi_version_free(pjrt_executable_abi_version *version) {
  if (!version || is_forked(&version->owner)) return;
  destroy_executable(version->owner.plugin, version->raw);
  pjrt_plugin_free(version->owner.plugin);
  free(version);
}

/* ---- of runtimes --------------------------------------------------------- */

pjrt_error *pjrt_runtime_abi_version_of_client(pjrt_client *client,
                                               pjrt_runtime_abi_version **out) {
  *out = NULL;
  if (!client) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "client is NULL");
  }
  PJRT_TRY(pjrt_client_check(client));
  PJRT_ARGS(PJRT_Client_RuntimeAbiVersion, args);
  args->client = client->raw;
  PJRT_TRY(CALL(client->plugin, client_runtime_abi_version,
                PJRT_Client_RuntimeAbiVersion, args));
  return wrap_runtime(client->plugin, "PJRT_Client_RuntimeAbiVersion",
                      args->abi_version, out);
}

pjrt_error *pjrt_runtime_abi_version_deserialize(
    pjrt_plugin *plugin, const void *data, size_t data_size,
    pjrt_runtime_abi_version **out) {
  *out = NULL;
  PJRT_TRY(check_bytes(plugin, data));
  PJRT_ARGS(PJRT_RuntimeAbiVersion_FromProto, args);
  args->serialized_proto = data;
  args->serialized_proto_size = data_size;
  PJRT_TRY(CALL(plugin, runtime_abi_version_from_proto,
                PJRT_RuntimeAbiVersion_FromProto, args));
  return wrap_runtime(plugin, "PJRT_RuntimeAbiVersion_FromProto",
                      args->abi_version, out);
}

pjrt_error *pjrt_runtime_abi_version_serialize(
    const pjrt_runtime_abi_version *version, void **out, size_t *out_size) {
  *out = NULL;
  *out_size = 0;
  PJRT_TRY(check_runtime(version));
  const pjrt_plugin *plugin = version->owner.plugin;
  PJRT_ARGS(PJRT_RuntimeAbiVersion_ToProto, args);
  args->abi_version = version->raw;
  PJRT_TRY(CALL(plugin, runtime_abi_version_to_proto,
                PJRT_RuntimeAbiVersion_ToProto, args));
  pjrt_error *error = pjrt_ext_copy_bytes(
      plugin, "PJRT_RuntimeAbiVersion_ToProto", args->serialized_proto,
      args->serialized_proto_size, out, out_size);
  if (args->serialized_proto_deleter) {
    args->serialized_proto_deleter(args->serialized_proto_holder);
  }
  return error;
}

pjrt_error *pjrt_runtime_abi_version_platform_id(
    const pjrt_runtime_abi_version *version, uint64_t *out) {
  *out = 0;
  PJRT_TRY(check_runtime(version));
  PJRT_ARGS(PJRT_RuntimeAbiVersion_PlatformId, args);
  args->abi_version = version->raw;
  PJRT_TRY(CALL(version->owner.plugin, runtime_abi_version_platform_id,
                PJRT_RuntimeAbiVersion_PlatformId, args));
  *out = args->platform_id;
  return NULL;
}

pjrt_error *pjrt_runtime_abi_version_check_runtime(
    const pjrt_runtime_abi_version *version,
    const pjrt_runtime_abi_version *other) {
  PJRT_TRY(check_runtime(version));
  PJRT_TRY(check_runtime(other));
  PJRT_TRY(check_same(&version->owner, &other->owner));
  PJRT_ARGS(PJRT_RuntimeAbiVersion_IsCompatibleWithRuntime, args);
  args->abi_version = version->raw;
  args->other_abi_version = other->raw;
  return CALL(version->owner.plugin,
              runtime_abi_version_is_compatible_with_runtime,
              PJRT_RuntimeAbiVersion_IsCompatibleWithRuntime, args);
}

pjrt_error *pjrt_runtime_abi_version_check_executable(
    const pjrt_runtime_abi_version *version,
    const pjrt_executable_abi_version *executable) {
  PJRT_TRY(check_runtime(version));
  PJRT_TRY(check_executable(executable));
  PJRT_TRY(check_same(&version->owner, &executable->owner));
  PJRT_ARGS(PJRT_RuntimeAbiVersion_IsCompatibleWithExecutable, args);
  args->abi_version = version->raw;
  args->executable_abi_version = executable->raw;
  return CALL(version->owner.plugin,
              runtime_abi_version_is_compatible_with_executable,
              PJRT_RuntimeAbiVersion_IsCompatibleWithExecutable, args);
}

/* ---- of executables ------------------------------------------------------ */

static pjrt_error *of_program(const pjrt_ext_program *program,
                              pjrt_executable_abi_version **out) {
  PJRT_ARGS(PJRT_Executable_GetAbiVersion, args);
  args->executable = program->raw;
  PJRT_TRY(CALL(program->plugin, executable_get_abi_version,
                PJRT_Executable_GetAbiVersion, args));
  return wrap_executable(program->plugin, "PJRT_Executable_GetAbiVersion",
                         args->abi_version, out);
}

pjrt_error *pjrt_executable_abi_version_of_executable(
    const pjrt_executable *executable, pjrt_executable_abi_version **out) {
  pjrt_ext_program program;
  *out = NULL;
  PJRT_TRY(pjrt_ext_executable(executable, &program));
  return of_program(&program, out);
}

pjrt_error *pjrt_executable_abi_version_of_compiled(
    const pjrt_compiled *compiled, pjrt_executable_abi_version **out) {
  pjrt_ext_program program;
  *out = NULL;
  PJRT_TRY(pjrt_ext_compiled(compiled, &program));
  return of_program(&program, out);
}

pjrt_error *pjrt_executable_abi_version_deserialize(
    pjrt_plugin *plugin, const void *data, size_t data_size,
    pjrt_executable_abi_version **out) {
  *out = NULL;
  PJRT_TRY(check_bytes(plugin, data));
  PJRT_ARGS(PJRT_ExecutableAbiVersion_FromProto, args);
  args->serialized_proto = data;
  args->serialized_proto_size = data_size;
  PJRT_TRY(CALL(plugin, executable_abi_version_from_proto,
                PJRT_ExecutableAbiVersion_FromProto, args));
  return wrap_executable(plugin, "PJRT_ExecutableAbiVersion_FromProto",
                         args->abi_version, out);
}

pjrt_error *pjrt_executable_abi_version_serialize(
    const pjrt_executable_abi_version *version, void **out, size_t *out_size) {
  *out = NULL;
  *out_size = 0;
  PJRT_TRY(check_executable(version));
  const pjrt_plugin *plugin = version->owner.plugin;
  PJRT_ARGS(PJRT_ExecutableAbiVersion_ToProto, args);
  args->abi_version = version->raw;
  PJRT_TRY(CALL(plugin, executable_abi_version_to_proto,
                PJRT_ExecutableAbiVersion_ToProto, args));
  pjrt_error *error = pjrt_ext_copy_bytes(
      plugin, "PJRT_ExecutableAbiVersion_ToProto", args->serialized_proto,
      args->serialized_proto_size, out, out_size);
  if (args->serialized_proto_deleter) {
    args->serialized_proto_deleter(args->serialized_proto_holder);
  }
  return error;
}

pjrt_error *pjrt_executable_abi_version_platform_id(
    const pjrt_executable_abi_version *version, uint64_t *out) {
  *out = 0;
  PJRT_TRY(check_executable(version));
  PJRT_ARGS(PJRT_ExecutableAbiVersion_PlatformId, args);
  args->abi_version = version->raw;
  PJRT_TRY(CALL(version->owner.plugin, executable_abi_version_platform_id,
                PJRT_ExecutableAbiVersion_PlatformId, args));
  *out = args->platform_id;
  return NULL;
}
