/* Any bytes as an HLO module: its text, or an error, and nothing in between. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/program.h"
#include "pjrt/array.h"
#include "pjrt/hlo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *text = NULL;
  size_t text_size = 0;
  pjrt_program *program;
  if (size < 2) return 0;
  void *copy = malloc(size - 1);
  if (!copy) return 0;
  memcpy(copy, data + 1, size - 1);
  if (pjrt_error_consume(pjrt_program_take(PJRT_FORMAT_HLO, copy, size - 1,
                                           &program)) != PJRT_OK) {
    return 0;
  }
  pjrt_hlo_opts opts;
  pjrt_hlo_opts_init(&opts);
  opts.print_large_constants = data[0] & 1;
  opts.print_operand_shapes = data[0] & 2;
  opts.print_metadata = data[0] & 4;
  pjrt_error *error = pjrt_hlo_print(program, &opts, &text, &text_size);
  if (!error != (text != NULL) || (text && text[text_size] != '\0')) abort();
  pjrt_error_free(error);
  pjrt_host_free(text);
  pjrt_program_free(program);
  return 0;
}
