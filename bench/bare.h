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
  PJRT_Buffer *args[2];
} bare;

/* Makes a client and compiles `code`, which adds two scalars. The plugin must
 * have been initialized already. */
void bare_open(const char *plugin_path, const char *code, bare *out);
void bare_close(bare *it);

void bare_execute(bare *it);
void bare_execute_await(bare *it);
void bare_upload(bare *it, const void *data, size_t size);
void bare_upload_in_place(bare *it, const void *data, size_t size);
void bare_download(bare *it, void *dst, size_t size);
void bare_round_trip(bare *it, float *value);

#endif /* PJRT_BENCH_BARE_H_ */
