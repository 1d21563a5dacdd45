/* Artifacts: a plugin's serialized executable, wrapped with what is needed to
 * load it safely. Plugins load each other's executables without complaint and
 * then compute wrong results, so the wrapping says whose it is; and it carries
 * the signature, which would cost a compilation to learn again.
 *
 * The checksum finds damage, not malice: an artifact is machine code. */
#ifndef PJRT_CORE_ARTIFACT_H_
#define PJRT_CORE_ARTIFACT_H_

#include "pjrt/error.h"

/* Of the frame and of what is in it; no other version is read. */
#define PJRT_ARTIFACT_VERSION 2

/* Bytes that belong to somebody else. No data: absent. */
typedef struct pjrt_bytes {
  const void *data;
  size_t size;
} pjrt_bytes;

typedef struct pjrt_artifact {
  pjrt_bytes platform_name;
  pjrt_bytes platform_version;
  int api_major;
  int api_minor;
  pjrt_bytes plugin_identity; /* of the plugin's file */
  int num_replicas;
  int num_partitions;
  bool compile_portable_executable;
  pjrt_bytes compile_options; /* a CompileOptionsProto */
  pjrt_bytes signature;       /* of pjrt_signature_pack; absent: unchecked */
  pjrt_bytes executable;      /* the plugin's own form */
} pjrt_artifact;

/* Free with pjrt_host_free. */
pjrt_error *pjrt_artifact_encode(const pjrt_artifact *artifact, void **out,
                                 size_t *out_size)
    __attribute__((warn_unused_result));

/* What is found in `data`, which all of `out` then borrows. INVALID_ARGUMENT
 * when no such library wrote it or it is damaged, UNIMPLEMENTED when one with
 * another version did. */
pjrt_error *pjrt_artifact_decode(const void *data, size_t size,
                                 pjrt_artifact *out)
    __attribute__((warn_unused_result));

#endif /* PJRT_CORE_ARTIFACT_H_ */
