/* Any bytes as a program: no crash, and whatever is refused says why. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "core/program.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  for (int format = PJRT_FORMAT_AUTO; format <= PJRT_FORMAT_HLO; format++) {
    pjrt_program_format found = PJRT_FORMAT_AUTO;
    pjrt_error *error = pjrt_program_check("program", data, size,
                                           (pjrt_program_format)format, &found);
    if (!error && found == PJRT_FORMAT_AUTO) abort();
    if (error && pjrt_error_message(error, NULL)[0] == '\0') abort();
    pjrt_error_free(error);
  }
  return 0;
}
