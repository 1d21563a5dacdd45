/* AbiVersion: what an executable needs of a runtime. */
#include <stdlib.h>
#include <string.h>

#include "ext/ext.h"

static const uint64_t PLATFORM_ID = UINT64_C(0x6a72742d73696d);

/* Both kinds hold the same. */
typedef struct version {
  sim_kind kind;
  bool is_runtime;
  uint64_t platform_id;
  uint64_t minor;
} version;

static version *version_create(bool is_runtime, uint64_t platform_id,
                               uint64_t minor) {
  version *v = sim_new(SIM_OTHER, sizeof(*v));
  v->is_runtime = is_runtime;
  v->platform_id = platform_id;
  v->minor = minor;
  return v;
}

static PJRT_Error *check(const void *handle, bool is_runtime,
                         const version **out) {
  const version *v = handle;
  SIM_REQUIRE(v, SIM_OTHER);
  if (v->is_runtime != is_runtime)
    return sim_misuse("an ABI version of the other kind");
  *out = v;
  return NULL;
}

static PJRT_Error *destroy(void *handle, bool is_runtime) {
  const version *v = NULL;
  if (!handle) return NULL;
  SIM_TRY(check(handle, is_runtime, &v));
  sim_delete(handle, SIM_OTHER);
  return NULL;
}

/* ---- serialized: platform = 1, minor = 2 --------------------------------- */

struct PJRT_SerializedProto {
  sim_kind kind;
  sim_bytes bytes;
};

static void proto_free(PJRT_SerializedProto *proto) {
  free(proto->bytes.data);
  sim_delete(proto, SIM_OTHER);
}

static PJRT_SerializedProto *to_proto(const version *v) {
  PJRT_SerializedProto *proto = sim_new(SIM_OTHER, sizeof(*proto));
  sim_write_number(&proto->bytes, 1, v->platform_id);
  sim_write_number(&proto->bytes, 2, v->minor);
  return proto;
}

static bool read_varint(const unsigned char **at, const unsigned char *end,
                        uint64_t *out) {
  *out = 0;
  for (int shift = 0; shift < 64 && *at < end; shift += 7) {
    const unsigned char byte = *(*at)++;
    *out |= (uint64_t)(byte & 0x7f) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

static PJRT_Error *from_proto(const char *bytes, size_t size, bool is_runtime,
                              version **out) {
  const unsigned char *at = (const unsigned char *)bytes;
  const unsigned char *end = at + size;
  uint64_t fields[3] = {0};
  if (!bytes) return sim_misuse("a NULL serialized_proto");
  while (at < end) {
    uint64_t tag = 0;
    if (!read_varint(&at, end, &tag) || (tag != 1 << 3 && tag != 2 << 3) ||
        !read_varint(&at, end, &fields[tag >> 3]))
      return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                       "%zu bytes are no ABI version", size);
  }
  *out = version_create(is_runtime, fields[1], fields[2]);
  return NULL;
}

/* ---- runtimes ------------------------------------------------------------ */

static PJRT_Error *client_runtime(PJRT_Client_RuntimeAbiVersion_Args *args) {
  SIM_EXT_ENTER(args, PJRT_Client_RuntimeAbiVersion_Args, 24);
  SIM_REQUIRE(args->client, SIM_CLIENT);
  args->abi_version = (PJRT_RuntimeAbiVersion *)(void *)version_create(
      true, PLATFORM_ID, (uint64_t)sim_options()->minor);
  return NULL;
}

static PJRT_Error *runtime_destroy(PJRT_RuntimeAbiVersion_Destroy_Args *args) {
  SIM_EXT_ENTER(args, PJRT_RuntimeAbiVersion_Destroy_Args, 16);
  return destroy(args->abi_version, true);
}

static PJRT_Error *compare(const version *runtime, const version *other) {
  if (runtime->platform_id != other->platform_id)
    return sim_error(PJRT_Error_Code_FAILED_PRECONDITION,
                     "platform %llx, expected %llx",
                     (unsigned long long)other->platform_id,
                     (unsigned long long)runtime->platform_id);
  if (runtime->minor < other->minor)
    return sim_error(PJRT_Error_Code_FAILED_PRECONDITION,
                     "version %llu is newer than the runtime's %llu",
                     (unsigned long long)other->minor,
                     (unsigned long long)runtime->minor);
  return NULL;
}

static PJRT_Error *runtime_with_runtime(
    PJRT_RuntimeAbiVersion_IsCompatibleWithRuntime_Args *args) {
  const version *runtime = NULL, *other = NULL;
  SIM_EXT_ENTER(args, PJRT_RuntimeAbiVersion_IsCompatibleWithRuntime_Args, 24);
  SIM_TRY(check(args->abi_version, true, &runtime));
  SIM_TRY(check(args->other_abi_version, true, &other));
  return compare(runtime, other);
}

static PJRT_Error *runtime_with_executable(
    PJRT_RuntimeAbiVersion_IsCompatibleWithExecutable_Args *args) {
  const version *runtime = NULL, *other = NULL;
  SIM_EXT_ENTER(args, PJRT_RuntimeAbiVersion_IsCompatibleWithExecutable_Args,
                24);
  SIM_TRY(check(args->abi_version, true, &runtime));
  SIM_TRY(check(args->executable_abi_version, false, &other));
  return compare(runtime, other);
}

static PJRT_Error *runtime_to_proto(PJRT_RuntimeAbiVersion_ToProto_Args *args) {
  const version *v = NULL;
  SIM_EXT_ENTER(args, PJRT_RuntimeAbiVersion_ToProto_Args, 48);
  SIM_TRY(check(args->abi_version, true, &v));
  args->serialized_proto_holder = to_proto(v);
  args->serialized_proto =
      (const char *)args->serialized_proto_holder->bytes.data;
  args->serialized_proto_size = args->serialized_proto_holder->bytes.size;
  args->serialized_proto_deleter = proto_free;
  return NULL;
}

static PJRT_Error *runtime_platform_id(
    PJRT_RuntimeAbiVersion_PlatformId_Args *args) {
  const version *v = NULL;
  SIM_EXT_ENTER(args, PJRT_RuntimeAbiVersion_PlatformId_Args, 24);
  SIM_TRY(check(args->abi_version, true, &v));
  args->platform_id = v->platform_id;
  return NULL;
}

static PJRT_Error *runtime_from_proto(
    PJRT_RuntimeAbiVersion_FromProto_Args *args) {
  version *v = NULL;
  SIM_EXT_ENTER(args, PJRT_RuntimeAbiVersion_FromProto_Args, 32);
  SIM_TRY(from_proto(args->serialized_proto, args->serialized_proto_size, true,
                     &v));
  args->abi_version = (PJRT_RuntimeAbiVersion *)(void *)v;
  return NULL;
}

/* ---- executables --------------------------------------------------------- */

static PJRT_Error *executable_version(
    PJRT_Executable_GetAbiVersion_Args *args) {
  SIM_EXT_ENTER(args, PJRT_Executable_GetAbiVersion_Args, 24);
  SIM_REQUIRE(args->executable, SIM_EXECUTABLE);
  args->abi_version = (PJRT_ExecutableAbiVersion *)(void *)version_create(
      false, PLATFORM_ID, (uint64_t)sim_options()->minor);
  return NULL;
}

static PJRT_Error *executable_destroy(
    PJRT_ExecutableAbiVersion_Destroy_Args *args) {
  SIM_EXT_ENTER(args, PJRT_ExecutableAbiVersion_Destroy_Args, 16);
  return destroy(args->abi_version, false);
}

static PJRT_Error *executable_to_proto(
    PJRT_ExecutableAbiVersion_ToProto_Args *args) {
  const version *v = NULL;
  SIM_EXT_ENTER(args, PJRT_ExecutableAbiVersion_ToProto_Args, 48);
  SIM_TRY(check(args->abi_version, false, &v));
  args->serialized_proto_holder = to_proto(v);
  args->serialized_proto =
      (const char *)args->serialized_proto_holder->bytes.data;
  args->serialized_proto_size = args->serialized_proto_holder->bytes.size;
  args->serialized_proto_deleter = proto_free;
  return NULL;
}

static PJRT_Error *executable_platform_id(
    PJRT_ExecutableAbiVersion_PlatformId_Args *args) {
  const version *v = NULL;
  SIM_EXT_ENTER(args, PJRT_ExecutableAbiVersion_PlatformId_Args, 24);
  SIM_TRY(check(args->abi_version, false, &v));
  args->platform_id = v->platform_id;
  return NULL;
}

static PJRT_Error *executable_from_proto(
    PJRT_ExecutableAbiVersion_FromProto_Args *args) {
  version *v = NULL;
  SIM_EXT_ENTER(args, PJRT_ExecutableAbiVersion_FromProto_Args, 32);
  SIM_TRY(from_proto(args->serialized_proto, args->serialized_proto_size, false,
                     &v));
  args->abi_version = (PJRT_ExecutableAbiVersion *)(void *)v;
  return NULL;
}

static const PJRT_AbiVersion_Extension node = {
    .client_runtime_abi_version = client_runtime,
    .executable_get_abi_version = executable_version,
    .runtime_abi_version_destroy = runtime_destroy,
    .runtime_abi_version_is_compatible_with_runtime = runtime_with_runtime,
    .runtime_abi_version_is_compatible_with_executable =
        runtime_with_executable,
    .runtime_abi_version_to_proto = runtime_to_proto,
    .runtime_abi_version_platform_id = runtime_platform_id,
    .executable_abi_version_destroy = executable_destroy,
    .executable_abi_version_to_proto = executable_to_proto,
    .executable_abi_version_platform_id = executable_platform_id,
    .runtime_abi_version_from_proto = runtime_from_proto,
    .executable_abi_version_from_proto = executable_from_proto,
};

const sim_extension sim_ext_abi_version = {
    .type = PJRT_Extension_Type_AbiVersion,
    .name = "AbiVersion",
    .steps = {{94, 120}},
    .node = &node,
    .node_size = sizeof(node),
};
