/* The same operations as bare calls of the ABI, written as the fastest careful
 * client would: the baseline of the benchmarks. An error ends the program. */
#ifndef PJRT_BENCH_BARE_H_
#define PJRT_BENCH_BARE_H_

#include <pjrt/abi.h>
#include <stddef.h>

typedef struct bare {
  const PJRT_Api *api;
  PJRT_Client *client;
  PJRT_Device *device;
  PJRT_LoadedExecutable *executable;
  PJRT_Buffer **args;
  size_t num_args;
  PJRT_Buffer **outs; /* between launch and destruction */
  size_t num_outs;
} bare;

/* Makes a client, compiles `code` and uploads its arguments, which are scalars
 * as its outputs. The plugin must have been initialized already. */
void bare_open(const char *plugin_path, const char *code, size_t num_args,
               size_t num_outs, bare *out);
void bare_close(bare *it);

void bare_execute(bare *it);
void bare_execute_await(bare *it);
void bare_ready(bare *it); /* waits for the first argument */
void bare_upload(bare *it, const void *data, const int64_t *dims,
                 size_t num_dims);
void bare_upload_in_place(bare *it, const void *data, size_t size);
void bare_download(bare *it, void *dst, size_t size);
void bare_round_trip(bare *it, float *value);

#endif /* PJRT_BENCH_BARE_H_ */
