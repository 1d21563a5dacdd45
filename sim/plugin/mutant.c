#ifdef SIM_MUTANTS
#include <stdlib.h>
#include <string.h>

#include "plugin/internal.h"

static const char *mutant(void) {
  const char *name = getenv("PJRT_SIM_MUTANT");
  return name ? name : "";
}

bool sim_is_mutant(const char *function) {
  return strcmp(mutant(), function) == 0;
}

static void *do_nothing(void) { return NULL; }

void *sim_mutate(const char *type, const void *table) {
  const size_t length = strlen(type);
  if (strncmp(mutant(), type, length) != 0 || mutant()[length] != '+')
    return (void *)(uintptr_t)table;
  void *(*slot)(void) = do_nothing;
  const size_t offset = strtoul(mutant() + length + 1, NULL, 10);
  const size_t size = *(const size_t *)table;
  if (offset + sizeof(slot) > size) return (void *)(uintptr_t)table;
  char *copy = sim_allocate_forever(size);
  memcpy(copy, table, size);
  memcpy(copy + offset, &slot, sizeof(slot));
  return copy;
}
#else
typedef int sim_no_mutants; /* an empty file is not ISO C */
#endif
