/* The frame of an artifact, all numbers little-endian:
 *
 *   0   8  magic
 *   8   8  version
 *  16   8  size of the message
 *  24   8  size of the plugin's executable
 *  32   8  checksum of everything but itself
 *  40      the message, an Artifact (src/proto/artifact.proto)
 *          the plugin's executable, to the end
 *
 * The executable, often hundreds of megabytes, stands outside the message so
 * that it is copied once when written and not at all when read. */
#include "core/artifact.h"

#include <limits.h>
#include <string.h>

#include "base/alloc.h"
#include "base/checksum.h"
#include "base/error.h"
#include "base/little_endian.h"
#include "core/wire.h"
#include "pjrt/array.h"
#include "pjrt/executable.h"
#include "proto/artifact.pb-c.h"

enum {
  VERSION_AT = 8,
  MESSAGE_SIZE_AT = 16,
  EXECUTABLE_SIZE_AT = 24,
  CHECKSUM_AT = 32,
  HEADER_SIZE = 40
};

/* As PNG's: the first byte shows that it is no text, the ends of lines break
 * when it is copied as text. */
static const unsigned char magic[8] = {0x89, 'P',  'J',  'R',
                                       'T',  '\r', '\n', 0x1a};

/* ---- encoding ------------------------------------------------------------ */

static ProtobufCBinaryData field_of(pjrt_bytes bytes) {
  return (ProtobufCBinaryData){.len = bytes.size,
                               .data = (uint8_t *)bytes.data};
}

static Pjrt__Artifact message_of(const pjrt_artifact *artifact) {
  Pjrt__Artifact message;
  pjrt__artifact__init(&message);
  message.platform_name = field_of(artifact->platform_name);
  message.platform_version = field_of(artifact->platform_version);
  message.api_major = artifact->api_major;
  message.api_minor = artifact->api_minor;
  message.plugin_identity = field_of(artifact->plugin_identity);
  message.num_replicas = artifact->num_replicas;
  message.num_partitions = artifact->num_partitions;
  message.compile_portable_executable = artifact->compile_portable_executable;
  message.compile_options = field_of(artifact->compile_options);
  if (artifact->signature.data) {
    message._signature_case = PJRT__ARTIFACT___SIGNATURE_SIGNATURE;
    message.signature = field_of(artifact->signature);
  }
  return message;
}

pjrt_error *pjrt_artifact_encode(const pjrt_artifact *artifact, void **out,
                                 size_t *out_size) {
  *out = NULL;
  *out_size = 0;
  const Pjrt__Artifact message = message_of(artifact);
  const pjrt_bytes executable = artifact->executable;
  const size_t message_size = pjrt__artifact__get_packed_size(&message);
  size_t size;
  if (!pjrt_size_add(HEADER_SIZE + message_size, executable.size, &size)) {
    return pjrt_error_out_of_memory();
  }
  void *memory;
  PJRT_TRY(pjrt_host_alloc(size, &memory));

  unsigned char *bytes = memory;
  memcpy(bytes, magic, sizeof magic);
  pjrt_put_u64(bytes + VERSION_AT, PJRT_ARTIFACT_VERSION);
  pjrt_put_u64(bytes + MESSAGE_SIZE_AT, message_size);
  pjrt_put_u64(bytes + EXECUTABLE_SIZE_AT, executable.size);
  pjrt__artifact__pack(&message, bytes + HEADER_SIZE);
  if (executable.size > 0) {
    memcpy(bytes + HEADER_SIZE + message_size, executable.data,
           executable.size);
  }
  pjrt_put_u64(bytes + CHECKSUM_AT,
               pjrt_checksum_around(bytes, size, CHECKSUM_AT));
  *out = memory;
  *out_size = size;
  return NULL;
}

/* ---- decoding ------------------------------------------------------------ */

_Static_assert(sizeof magic == PJRT_EXECUTABLE_MAGIC_SIZE,
               "the header says how many bytes tell");

bool pjrt_executable_is_serialized(const void *data, size_t size) {
  return data && size >= sizeof magic && memcmp(data, magic, sizeof magic) == 0;
}

static pjrt_error *not_an_artifact(const unsigned char *bytes, size_t size) {
  if (!pjrt_executable_is_serialized(bytes, size)) {
    return pjrt_error_format(
        PJRT_INVALID_ARGUMENT,
        "artifact: expected a serialized executable of this library, got %zu "
        "other bytes",
        size);
  }
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "artifact: damaged: its %zu bytes end within the "
                           "header",
                           size);
}

static pjrt_error *check_frame(const unsigned char *bytes, size_t size) {
  if (size < HEADER_SIZE || !pjrt_executable_is_serialized(bytes, size)) {
    return not_an_artifact(bytes, size);
  }
  const uint64_t version = pjrt_get_u64(bytes + VERSION_AT);
  if (version != PJRT_ARTIFACT_VERSION) {
    return pjrt_error_format(
        PJRT_UNIMPLEMENTED,
        "artifact: its format is version %llu, this library reads version %d "
        "alone: compile again",
        (unsigned long long)version, PJRT_ARTIFACT_VERSION);
  }
  const uint64_t left = size - HEADER_SIZE;
  const uint64_t message_size = pjrt_get_u64(bytes + MESSAGE_SIZE_AT);
  const uint64_t executable_size = pjrt_get_u64(bytes + EXECUTABLE_SIZE_AT);
  if (message_size > left || executable_size != left - message_size) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "artifact: damaged: its parts of %llu and %llu "
                             "bytes are not the %llu bytes that are there",
                             (unsigned long long)message_size,
                             (unsigned long long)executable_size,
                             (unsigned long long)left);
  }
  if (pjrt_get_u64(bytes + CHECKSUM_AT) !=
      pjrt_checksum_around(bytes, size, CHECKSUM_AT)) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "artifact: damaged: its checksum does not match");
  }
  return NULL;
}

/* Where a field goes, by its number in src/proto/artifact.proto; NULL for the
 * fields of a newer library, which are passed over. */
static pjrt_bytes *bytes_field(pjrt_artifact *artifact, uint32_t number) {
  switch (number) {
    case 1:
      return &artifact->platform_name;
    case 2:
      return &artifact->platform_version;
    case 5:
      return &artifact->plugin_identity;
    case 9:
      return &artifact->compile_options;
    case 10:
      return &artifact->signature;
    default:
      return NULL;
  }
}

static int *number_field(pjrt_artifact *artifact, uint32_t number) {
  switch (number) {
    case 3:
      return &artifact->api_major;
    case 4:
      return &artifact->api_minor;
    case 6:
      return &artifact->num_replicas;
    case 7:
      return &artifact->num_partitions;
    default:
      return NULL;
  }
}

static void decode_field(const pjrt_wire_field *field, pjrt_artifact *out) {
  if (field->type == PJRT_WIRE_BYTES) {
    pjrt_bytes *bytes = bytes_field(out, field->number);
    if (bytes) *bytes = (pjrt_bytes){field->data, field->size};
  } else if (field->type == PJRT_WIRE_VARINT && field->number == 8) {
    out->compile_portable_executable = field->value != 0;
  } else if (field->type == PJRT_WIRE_VARINT) {
    int *number = number_field(out, field->number);
    if (number) *number = field->value <= INT_MAX ? (int)field->value : -1;
  }
}

/* A plugin may have no name for its platform; the rest is always there. */
static bool is_complete(const pjrt_artifact *artifact) {
  return artifact->plugin_identity.size > 0 && artifact->api_major >= 0 &&
         artifact->api_minor >= 0 && artifact->num_replicas >= 1 &&
         artifact->num_partitions >= 1 && artifact->executable.size > 0;
}

pjrt_error *pjrt_artifact_decode(const void *data, size_t size,
                                 pjrt_artifact *out) {
  *out = (pjrt_artifact){0};
  const unsigned char *bytes = data;
  PJRT_TRY(check_frame(bytes, size));

  pjrt_artifact artifact = {0};
  const size_t message_size = (size_t)pjrt_get_u64(bytes + MESSAGE_SIZE_AT);
  pjrt_wire wire = pjrt_wire_start(bytes + HEADER_SIZE, message_size);
  pjrt_wire_field field;
  while (pjrt_wire_next(&wire, &field)) decode_field(&field, &artifact);
  artifact.executable = (pjrt_bytes){bytes + HEADER_SIZE + message_size,
                                     size - HEADER_SIZE - message_size};
  if (wire.malformed || !is_complete(&artifact)) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "artifact: damaged: its description cannot be "
                             "read");
  }
  *out = artifact;
  return NULL;
}

pjrt_error *pjrt_executable_serialized_raw(const void *data, size_t data_size,
                                           const void **out, size_t *out_size) {
  pjrt_artifact artifact;
  *out = NULL;
  *out_size = 0;
  PJRT_TRY(pjrt_artifact_decode(data, data_size, &artifact));
  *out = artifact.executable.data;
  *out_size = artifact.executable.size;
  return NULL;
}
