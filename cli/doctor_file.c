#include <string.h>

#include <pjrt/inspect.h>

#include "doctor.h"

/* ---- exported symbols ---------------------------------------------------- */

/* Libraries that plugins are made of. When such symbols are exported, two
 * plugins, or a plugin and the program, may run into each other's copies. */
static const struct family {
  const char *name;
  const char *part; /* of a mangled name */
} families[] = {
    {"protobuf", "6google8protobuf"},
    {"Abseil", "4absl"},
    {"LLVM", "4llvm"},
    {"MLIR", "4mlir"},
    {"XLA", "3xla"},
    {"TSL", "3tsl"},
    {"gRPC", "4grpc"},
    {"gRPC", "grpc_"},
};
#define NUM_FAMILIES (sizeof families / sizeof *families)

static size_t family_of(const char *symbol) {
  size_t i = 0;
  while (i < NUM_FAMILIES && !strstr(symbol, families[i].part)) i++;
  return i;
}

static void examine_exports(const struct cli *cli,
                            const pjrt_plugin_file *file) {
  size_t counts[NUM_FAMILIES + 1] = {0};
  const char *examples[NUM_FAMILIES + 1] = {0};
  size_t num = pjrt_plugin_file_num_exports(file);
  for (size_t i = 0; i < num; i++) {
    const char *symbol = pjrt_plugin_file_export(file, i, NULL);
    if (strcmp(symbol, "GetPjrtApi") == 0) continue;
    size_t family = family_of(symbol);
    counts[family]++;
    if (!examples[family]) examples[family] = symbol;
  }
  report(cli, "exports", FINDING_OK, "GetPjrtApi among %zu", num);
  for (size_t i = 0; i < NUM_FAMILIES; i++) {
    if (!counts[i]) continue;
    report(cli, "exports", FINDING_NOTE,
           "leaks %zu of %s, which clash with another copy in the process, "
           "such as %.80s",
           counts[i], families[i].name, examples[i]);
  }
  if (counts[NUM_FAMILIES]) {
    report(cli, "exports", FINDING_NOTE,
           "%zu that PJRT does not ask for, such as %.80s",
           counts[NUM_FAMILIES], examples[NUM_FAMILIES]);
  }
}

/* ---- libraries ----------------------------------------------------------- */

static void examine_libraries(const struct cli *cli,
                              const pjrt_plugin_file *file) {
  size_t num = pjrt_plugin_file_num_needed(file);
  size_t num_missing = 0;
  char missing[512] = "";
  for (size_t i = 0; i < num; i++) {
    if (*pjrt_plugin_file_needed_path(file, i, NULL)) continue;
    size_t used = strlen(missing);
    snprintf(missing + used, sizeof missing - used, "%s%s",
             num_missing++ ? ", " : "", pjrt_plugin_file_needed(file, i, NULL));
  }
  if (num_missing == 0) {
    report(cli, "libraries", FINDING_OK, "all %zu that it needs are there",
           num);
  } else {
    report(cli, "libraries", FINDING_BAD,
           "missing %zu of %zu: %s; install them, or name their folders in "
           "LD_LIBRARY_PATH",
           num_missing, num, missing);
  }
}

bool examine_file(const struct cli *cli, const char *path) {
  pjrt_plugin_file *file;
  pjrt_error *error = pjrt_plugin_file_open(path, PJRT_NUL_ENDED, &file);
  if (error) {
    report_error(cli, "file", error);
    pjrt_error_free(error);
    return false;
  }
  const pjrt_error *verdict = pjrt_plugin_file_verdict(file);
  if (verdict) {
    report_error(cli, "file", verdict);
  } else {
    report(cli, "file", FINDING_OK, "%s: %.1f MB, for %s, identity %s", path,
           (double)pjrt_plugin_file_size(file) / 1e6,
           pjrt_plugin_file_machine(file),
           pjrt_plugin_file_identity(file, NULL));
  }
  examine_libraries(cli, file);
  examine_exports(cli, file);
  pjrt_plugin_file_free(file);
  return !verdict;
}
