/* Artifacts: a plugin's serialized executable, wrapped with what is needed to
 * load it safely. Plugins load each other's executables without complaint and
 * then compute wrong results, so the wrapping says whose it is; and it carries
 * the signature, which would cost a compilation to learn again.
 *
 * The checksum finds damage, not malice: an artifact is machine code. */
#ifndef PJRT_CORE_ARTIFACT_H_
#define PJRT_CORE_ARTIFACT_H_

#include "pjrt/error.h"

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
 * when this library did not write it or it is damaged, UNIMPLEMENTED when a
 * newer library did. */
pjrt_error *pjrt_artifact_decode(const void *data, size_t size,
                                 pjrt_artifact *out)
    __attribute__((warn_unused_result));

#endif /* PJRT_CORE_ARTIFACT_H_ */
