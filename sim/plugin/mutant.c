#ifdef SIM_MUTANTS
#include <stdlib.h>
#include <string.h>

#include "plugin/internal.h"

bool sim_is_mutant(const char *function) {
  const char *mutant = getenv("PJRT_SIM_MUTANT");
  return mutant && strcmp(mutant, function) == 0;
}
#else
typedef int sim_no_mutants; /* an empty file is not ISO C */
#endif
