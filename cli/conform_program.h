/* The programs of StableHLO's own test suite: text that holds its inputs and
 * what must come out, and ends in custom calls to check.expect_eq,
 * check.expect_close or check.expect_almost_eq. */
#ifndef CLI_CONFORM_PROGRAM_H_
#define CLI_CONFORM_PROGRAM_H_

#include <stdbool.h>
#include <stddef.h>

struct conform_program {
  char *text; /* what is compiled */
  size_t size;
  size_t num_checks;
  const char *skipped; /* why it cannot be run; NULL: it can */
};

/* Makes the check calls of a program typed, so that handlers can serve them:
 * each gets api_version = 4 and has_side_effect = true where it lacks them, and
 * its bounds (max_ulp_difference, min_ulp_difference, tolerance), if it has
 * some, as backend_config. Attributes that are there stay as they are, and so
 * does every other byte. False when
 * memory is short. conform_program_free whatever happens. */
bool conform_program_make(const char *text, size_t size,
                          struct conform_program *out);
void conform_program_free(struct conform_program *program);

#endif /* CLI_CONFORM_PROGRAM_H_ */
