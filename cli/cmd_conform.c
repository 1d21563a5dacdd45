/* pjrt conform: whether a plugin computes what StableHLO says, by StableHLO's
 * own test suite. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "board.h"
#include "conform.h"

static size_t num_jobs(const conform_options *options, size_t num_programs) {
  size_t num = (size_t)options->jobs;
  if (!num) {
    const long num_cores = sysconf(_SC_NPROCESSORS_ONLN);
    num = num_cores > 0 ? (size_t)num_cores : 1;
  }
  if (num > MAX_JOBS) num = MAX_JOBS;
  return num < num_programs ? num : num_programs;
}

static status run_programs(const struct cli *cli,
                           const conform_options *options,
                           const struct test_programs *programs) {
  const size_t size =
      sizeof(struct ledger) + programs->num * sizeof(struct test_result);
  struct ledger *ledger = mmap(NULL, size, PROT_READ | PROT_WRITE,
                               MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (ledger == MAP_FAILED) return fail_system(cli, "mmap");
  const int64_t begin = now_ns();
  status code = pool_run(cli, options, programs,
                         num_jobs(options, programs->num), ledger);
  if (code == STATUS_OK) {
    code = conform_report(cli, options, programs, ledger, now_ns() - begin);
  }
  munmap(ledger, size);
  return code;
}

static status run_conform(struct cli *cli, const void *options,
                          const texts *operands) {
  const conform_options *given = options;
  (void)operands;
  if (!given->folder || !*given->folder) {
    return fail(cli, STATUS_USAGE,
                "--stablehlo=DIR is missing: the folder testdata of "
                "StableHLO's sources (pjrt help conform)");
  }
  struct exceptions exceptions;
  struct test_programs programs = {0};
  status code = exceptions_read(cli, given->exceptions, &exceptions);
  if (code == STATUS_OK) {
    code =
        programs_find(cli, given->folder, given->match, &exceptions, &programs);
  }
  if (code == STATUS_OK) code = run_programs(cli, given, &programs);
  programs_free(&programs);
  exceptions_free(&exceptions);
  return code;
}

static const struct option conform_rows[] = {
    {"stablehlo", "DIR", OPTION_TEXT, offsetof(conform_options, folder),
     "run every .mlir file below DIR, the folder testdata of\n"
     "StableHLO's sources"},
    {"match", "TEXT", OPTION_TEXT, offsetof(conform_options, match),
     "only those with TEXT in their path within DIR"},
    {"exceptions", "FILE", OPTION_TEXT, offsetof(conform_options, exceptions),
     "what is known not to pass, one a line, as\n"
     "NAME: VERDICT[, N ulps]: CAUSE; a verdict is failed,\n"
     "unsupported, crashed or timed out"},
    {"jobs", "N", OPTION_COUNT, offsetof(conform_options, jobs),
     "processes that run programs at the same time; default:\n"
     "as many as there are cores"},
    {"json", NULL, OPTION_FLAG, offsetof(conform_options, json),
     "print one JSON object, with every program"},
    SESSION_OPTIONS(conform_options),
    {"xla-option", "NAME=VALUE", OPTION_TEXTS,
     offsetof(conform_options, compile.xla_options),
     "a flag of XLA's for the compilations, such as\n"
     "xla_cpu_enable_fast_math=true; may be repeated"},
    COMMON_OPTIONS(conform_options),
};

static const conform_options conform_defaults = {.common = {.timeout_s = 60},
                                                 .compile = COMPILE_DEFAULTS};

const struct verb verb_conform = {
    .name = "conform",
    .operands = "",
    .summary = "run StableHLO's own test suite on a plugin",
    .about =
        "Compiles and runs the programs of StableHLO's test suite. Each holds "
        "its inputs\nand what must come out, and compares them itself: with "
        "check.expect_eq,\ncheck.expect_close (at most 3 units in the last "
        "place apart, or what the program\nsays) and check.expect_almost_eq "
        "(at most 0.001 apart, or what it says). These\nare custom calls, for "
        "which the plugin calls handlers of this command; it needs\nthe FFI "
        "extension and host memory for that, which is tried first.\n"
        "\n"
        "Programs that no PJRT plugin takes as they are, are skipped: those "
        "with dynamic\nshapes, quantized types, arguments, or several modules "
        "in a file. What the\nplugin calls unimplemented is unsupported. What "
        "else does not pass is a failure\n(exit status 1), unless "
        "--exceptions lists it, with this verdict and at least as\nmany ulps. "
        "What is listed and passes nevertheless is told.\n"
        "\n"
        "Each of --jobs processes runs one program after the other; when a "
        "program ends\nor blocks its process, another one goes on with the "
        "next. --timeout is 60 here\nunless you set it.",
    .examples =
        "  pjrt conform --stablehlo=stablehlo/testdata --plugin=cpu\n"
        "  pjrt conform --stablehlo=stablehlo/testdata --match=fft --json |\n"
        "    jq '.programs[] | {name, verdict, ulps}'\n"
        "  pjrt conform --stablehlo=stablehlo/testdata "
        "--exceptions=known.txt\n",
    .options = conform_rows,
    .num_options = sizeof conform_rows / sizeof *conform_rows,
    .defaults = &conform_defaults,
    .options_size = sizeof conform_defaults,
    .run = run_conform,
};
