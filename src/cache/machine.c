#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "cache/key.h"

/* The rows of /proc/cpuinfo, on x86, ARM, RISC-V, POWER and s390, that say what
 * code a processor runs, and none that changes while it does. */
static bool tells_the_processor(const char *line) {
  static const char *const rows[] = {"vendor_id",
                                     "cpu family",
                                     "model",
                                     "flags",
                                     "Features",
                                     "features",
                                     "CPU implementer",
                                     "CPU architecture",
                                     "CPU variant",
                                     "CPU part",
                                     "isa",
                                     "uarch",
                                     "cpu",
                                     "machine"};
  const size_t size = strcspn(line, "\t:");
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    if (strlen(rows[i]) == size && memcmp(rows[i], line, size) == 0) {
      return true;
    }
  }
  return false;
}

/* Of the first processor: an empty line ends it. */
static void hash_cpuinfo(FILE *file, pjrt_sha256 *hash) {
  char *line = NULL;
  size_t room = 0;
  ssize_t size;
  while ((size = getline(&line, &room, file)) > 1) {
    if (!tells_the_processor(line)) continue;
    pjrt_sha256_update_part(hash, line, (size_t)size);
  }
  free(line);
}

void pjrt_cache_hash_machine(pjrt_sha256 *hash) {
  struct utsname name;
  if (uname(&name) == 0) {
    pjrt_sha256_update_part(hash, name.machine, strlen(name.machine));
  }
  FILE *file = fopen("/proc/cpuinfo", "re");
  if (!file) return;
  hash_cpuinfo(file, hash);
  fclose(file);
}
