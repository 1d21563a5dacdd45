/* Any bytes as serialized compile options: no crash, and what is accepted has
 * counts on which no plugin ends the process. */
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "core/compile_options.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  int num_replicas;
  int num_partitions;
  pjrt_error *error =
      pjrt_compile_options_counts(data, size, &num_replicas, &num_partitions);
  if (!error && (num_replicas < 1 || num_partitions < 1 ||
                 num_replicas > INT_MAX / num_partitions)) {
    abort();
  }
  pjrt_error_free(error);
  return 0;
}
