/* Arrays as the command line names them: --input and --expected-output. */
#ifndef CLI_ARRAYS_H_
#define CLI_ARRAYS_H_

#include "cli.h"

struct given_array {
  const char *text; /* as it was typed */
  pjrt_array *array;
  /* From a .npy file that cannot spell its element type ("V2"): the program
   * says what the bytes mean. */
  bool is_raw;
};

struct given_arrays {
  struct given_array *items;
  size_t num;
};

/* Reads them all; `option` is the option's name for messages.
 *   2x3xf32=1,2,3,4,5,6    elements; one fills all, none are zeros
 *   @x.npy                 a file, type and shape as it says
 *   bf16=@x.npy            a file whose type is bf16, also if it says "V2"
 *   2x3xf32=@x.bin         a file of the bare elements
 * arrays_free whatever happens. */
status arrays_read(const struct cli *cli, const char *option,
                   const texts *specs, struct given_arrays *out);

/* Zeros for each parameter of the executable.
 * arrays_free whatever happens. */
status arrays_of_zeros(const struct cli *cli, const pjrt_executable *executable,
                       struct given_arrays *out);

void arrays_free(struct given_arrays *arrays);

/* Gives a raw array the type that the program expects at its place.
 * INVALID_ARGUMENT when the sizes differ or the type is not known. */
pjrt_error *array_settle(struct given_array *given, pjrt_dtype dtype)
    __attribute__((warn_unused_result));

/* "2x3xf32" into `out`. */
void shape_text(pjrt_dtype dtype, const int64_t *dims, size_t num_dims,
                char *out, size_t out_size);

#endif /* CLI_ARRAYS_H_ */
