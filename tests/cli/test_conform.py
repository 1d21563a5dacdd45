#!/usr/bin/env python3
"""`pjrt conform` on programs of tests/data/conform, which hold for every check
and class of types, or do not hold, or cannot be run."""
import json
import os
import sys
from pathlib import Path

from harness import (SOURCE, Skip, case, check, compile_plugin, cpu_plugin,
                     describe, fails, main, on_terminal, pjrt, succeeds)

DATA = SOURCE / "tests" / "data" / "conform"

# What is said of each program in fails/.
CAUSES = {
    "almost_eq": "[1]: got 1.5, expected 1.502 (",
    "almost_eq_complex": "[0]: got 1+0i, expected 1+0.01i (",
    "close_4_ulps": "[2]: got 1.05, expected 1 (6 ulps), 2 of 4 elements",
    "close_infinity": "[0]: got 65504, expected inf, 1 of 2 elements",
    "close_integers": "only floats can be nearly equal",
    "close_too_near": "[]: got 1, expected 1 (0 ulps), 1 of 1 elements",
    "eq_bools": "[1]: got true, expected false, 1 of 2 elements",
    "eq_complex": "[0]: got 1+2i, expected 1+2.5i (",
    "eq_floats": "[1]: got 1.0000001, expected 1 (1 ulp), 1 of 3 elements",
    "eq_integers": "[1,0]: got 3, expected 5, 1 of 4 elements",
    "eq_narrow_floats": "[2]: got 1, expected 0 (2 ulps), 1 of 5 elements",
    "eq_narrow_integers": "[2]: got 1, expected 0, 1 of 5 elements",
    "eq_small_floats": "[1]: got 2, expected 2.2 (1 ulp), 1 of 2 elements",
    "second_check": "[]: got 1, expected 2, 1 of 1 elements",
    "syntax": "does not compile: ",
}

REASONS = {
    "arguments": "wants arguments",
    "dynamic": "dynamic shapes",
    "modules": "several modules in a file",
    "no_check": "checks nothing",
    "quantized": "quantized types",
}

# Takes long for no plugin: one check that holds.
HOLDS = """func.func @main() {
  %0 = stablehlo.constant dense<1> : tensor<i32>
  stablehlo.custom_call @check.expect_eq(%0, %0) {has_side_effect = true}
      : (tensor<i32>, tensor<i32>) -> ()
  return
}
"""

# The simulated plugin, but for programs that ask for the worst.
HOSTILE = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "%s/include/pjrt/abi.h"

static PJRT_Error *(*next)(PJRT_Client_Compile_Args *);

static PJRT_Error *compile(PJRT_Client_Compile_Args *args) {
  const char *code = args->program->code;
  size_t size = args->program->code_size;
  if (memmem(code, size, "abort", 5)) {
    fputs("W0000 only a warning\\nF0001 last words\\n", stderr);
    abort();
  }
  if (memmem(code, size, "leave", 5)) exit(0);
  if (memmem(code, size, "sleep", 5)) for (;;) pause();
  return next(args);
}

static PJRT_Error *(*next_context)(PJRT_ExecuteContext_Create_Args *);

/* The first context is the client's own. */
static PJRT_Error *make_context(PJRT_ExecuteContext_Create_Args *args) {
  static int num;
  if (num++ && getenv("HANG_IN_CONTEXT")) for (;;) pause();
  return next_context(args);
}

const PJRT_Api *GetPjrtApi(void) {
  static PJRT_Api table;
  void *sim = dlopen("%s", RTLD_NOW | RTLD_LOCAL);
  const PJRT_Api *(*get)(void) = dlsym(sim, "GetPjrtApi");
  table = *get();
  next = table.PJRT_Client_Compile;
  table.PJRT_Client_Compile = compile;
  next_context = table.PJRT_ExecuteContext_Create;
  table.PJRT_ExecuteContext_Create = make_context;
  return &table;
}
"""


def sim():
    path = os.environ.get("PJRT_TEST_SIM")
    if not path:
        raise Skip("the simulated plugin is not built")
    return path


def conform(folder, plugin, *arguments, **options):
    return pjrt("conform", f"--stablehlo={folder}", f"--plugin={plugin}",
                *arguments, **options)


def report(folder, plugin, *arguments, **options):
    """What --json tells, with the programs by name."""
    result = conform(folder, plugin, "--json", *arguments, **options)
    check(result.returncode in (0, 1), describe(result))
    found = json.loads(result.stdout)
    check((result.returncode == 0) == (found["unexpected"] == 0),
          describe(result))
    found["programs"] = {one["name"]: one for one in found["programs"]}
    return found


def write(name, text=HOLDS):
    Path("programs").mkdir(exist_ok=True)
    Path("programs", f"{name}.mlir").write_text(text)


# ---- verdicts ---------------------------------------------------------------


def check_own_programs(plugin, **options):
    found = report(DATA, plugin, **options)
    programs = found["programs"]
    for name, one in programs.items():
        kind, short = name.split("/")
        if kind == "passes":
            check(one["verdict"] == "passed" and one["checks"] > 0, one)
        elif kind == "fails":
            check(one["verdict"] == "failed", one)
            check(CAUSES[short] in one["cause"], one)
        else:
            check(one["verdict"] == "skipped", one)
            check(one["group"] == REASONS[short], one)
    check(found["passed"] >= 16 and found["failed"] == len(CAUSES)
          and found["skipped"] == len(REASONS), found)
    check(found["passed"] + found["failed"] + found["skipped"]
          == len(programs), found)
    for name, ulps in (("passes/eq_integers", 0), ("passes/close_3_ulps", 3),
                       ("passes/close_bounds", 10), ("fails/close_4_ulps", 6),
                       ("fails/close_infinity", None)):
        check(programs[name]["ulps"] == ulps, programs[name])


@case
def own_programs_on_the_simulated_plugin():
    check_own_programs(sim())


@case
def own_programs_on_the_cpu_plugin():
    check_own_programs(cpu_plugin())


@case
def own_programs_on_older_versions():
    for minor in ("74", "90", "106"):
        check_own_programs(sim(), env={"PJRT_SIM_MINOR": minor})


@case
def other_numbers_of_jobs_give_the_same():
    def verdicts(jobs):
        found = report(DATA, sim(), f"--jobs={jobs}")["programs"]
        return {name: one["verdict"] for name, one in found.items()}
    check(verdicts(1) == verdicts(3) == verdicts(1000), "they differ")


@case
def what_the_plugin_lacks_is_unsupported():
    write("sort", """func.func @main() {
  %0 = stablehlo.constant dense<[2, 1]> : tensor<2xi32>
  %1 = "stablehlo.sort"(%0) ({
  ^bb0(%a: tensor<i32>, %b: tensor<i32>):
    %2 = stablehlo.compare LT, %a, %b : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %2 : tensor<i1>
  }) {dimension = 0 : i64} : (tensor<2xi32>) -> tensor<2xi32>
  stablehlo.custom_call @check.expect_eq(%1, %1) {has_side_effect = true}
      : (tensor<2xi32>, tensor<2xi32>) -> ()
  return
}
""")
    result = conform("programs", sim())
    check(result.returncode == 0, describe(result))
    check("unsupported  1: 1 stablehlo.sort\n" in result.stdout,
          describe(result))


@case
def a_check_that_is_not_made_is_a_failure():
    write("never", """func.func @main() {
  %0 = stablehlo.constant dense<1> : tensor<i32>
  %1 = stablehlo.constant dense<false> : tensor<i1>
  %2 = "stablehlo.if"(%1) ({
    stablehlo.custom_call @check.expect_eq(%0, %0) {has_side_effect = true}
        : (tensor<i32>, tensor<i32>) -> ()
    stablehlo.return %0 : tensor<i32>
  }, {
    stablehlo.return %0 : tensor<i32>
  }) : (tensor<i1>) -> tensor<i32>
  return
}
""")
    one = report("programs", sim())["programs"]["never"]
    check(one["verdict"] == "failed"
          and one["cause"] == "0 of 1 checks were made", one)


# ---- plugins that take the process with them --------------------------------


@case
def crashes_and_hangs_cost_one_program():
    plugin = compile_plugin("hostile", HOSTILE % (SOURCE, sim()))
    for i in range(8):
        write(f"holds{i}")
    for word in ("abort", "leave", "sleep"):
        write(word, f"// {word}\n{HOLDS}")
    for jobs in (1, 2):
        found = report("programs", plugin, f"--jobs={jobs}", "--timeout=1")
        check((found["passed"], found["crashed"], found["timed_out"])
              == (8, 2, 1), found)
        programs = found["programs"]
        cause = programs["abort"]["cause"]
        check("PJRT_Client_Compile: SIGABRT" in cause
              and cause.endswith("it said: F0001 last words"), cause)
        check("exit status 0" in programs["leave"]["cause"], programs)
        check("PJRT_Client_Compile did not return within 1 s"
              in programs["sleep"]["cause"], programs)


@case
def a_plugin_that_cannot_start_is_told_once():
    aborts = compile_plugin("aborts", """
        #include <stdlib.h>
        void *GetPjrtApi(void) { abort(); }""")
    write("holds")
    write("too")
    fails(8, "conform", "--stablehlo=programs", f"--plugin={aborts}",
          "--jobs=2", says=["GetPjrtApi", "SIGABRT"])
    fails(4, "conform", "--stablehlo=programs", "--plugin=./none.so",
          says="none.so")
    old = {"PJRT_SIM_MINOR": "50"}
    fails(4, "conform", "--stablehlo=programs", f"--plugin={sim()}",
          says=["cannot run the checks", "FFI"], env=old)


@case
def a_plugin_that_hangs_before_it_begins():
    plugin = compile_plugin("hostile", HOSTILE % (SOURCE, sim()))
    write("holds")
    fails(9, "conform", "--stablehlo=programs", f"--plugin={plugin}",
          "--timeout=0.5", says="PJRT_ExecuteContext_Create did not return",
          env={"HANG_IN_CONTEXT": "1"})


# The simulated plugin, but that it does not find handlers: as plugins for
# devices that handlers of the host do not serve.
DEVICE = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include "%s/include/pjrt/abi.h"

static PJRT_Error *(*next)(PJRT_Client_Compile_Args *);

static PJRT_Error *compile(PJRT_Client_Compile_Args *args) {
  PJRT_Program program = *args->program;
  program.code = malloc(program.code_size);
  memcpy(program.code, args->program->code, program.code_size);
  char *name = memmem(program.code, program.code_size, "check.", 6);
  if (name) memcpy(name, "other.", 6);
  args->program = &program;
  return next(args);
}

const PJRT_Api *GetPjrtApi(void) {
  static PJRT_Api table;
  void *sim = dlopen("%s", RTLD_NOW | RTLD_LOCAL);
  const PJRT_Api *(*get)(void) = dlsym(sim, "GetPjrtApi");
  table = *get();
  next = table.PJRT_Client_Compile;
  table.PJRT_Client_Compile = compile;
  return &table;
}
"""


@case
def a_plugin_that_finds_no_checks():
    plugin = compile_plugin("device", DEVICE % (SOURCE, sim()))
    write("holds")
    fails(4, "conform", "--stablehlo=programs", f"--plugin={plugin}",
          says=["cannot run the checks on platform sim", "other.expect_eq"])


# ---- exceptions -------------------------------------------------------------


def listed(text, folder=DATA / "fails", *arguments):
    Path("known.txt").write_text(text)
    return conform(folder, sim(), "--exceptions=known.txt", *arguments)


@case
def what_is_listed_is_expected():
    text = "# all of them\n\n" + "".join(
        f"{name}: failed: for the test\n" for name in sorted(CAUSES))
    result = listed(text)
    check(result.returncode == 0 and not result.stderr, describe(result))
    check(f"failed       {len(CAUSES)}, {len(CAUSES)} of them expected\n"
          in result.stdout, describe(result))
    check("expected     second_check: []: got 1, expected 2, 1 of 1 elements: "
          "for the test\n" in result.stdout, describe(result))


@case
def what_is_listed_otherwise_is_not():
    ulps = ("--match=close_4_ulps",)
    check(listed("close_4_ulps: failed, 6 ulps: x\n", DATA / "fails",
                 *ulps).returncode == 0, "6 ulps are 6")
    result = listed("close_4_ulps: failed, 5 ulps: x\n", DATA / "fails", *ulps)
    check(result.returncode == 1, describe(result))
    check("failed       close_4_ulps: [2]: got 1.05" in result.stdout,
          describe(result))
    result = listed("close_4_ulps: crashed: x\n", DATA / "fails", *ulps)
    check(result.returncode == 1, describe(result))


@case
def what_is_listed_and_passes_is_told():
    write("holds")
    result = listed("holds: failed, 9 ulps: it did\n", "programs")
    check(result.returncode == 0, describe(result))
    check("better       holds: passes, listed as failed: it did\n"
          in result.stdout, describe(result))


@case
def wrong_lists():
    write("holds")
    for line in ("holds", "holds: failed", "holds: sunk: why",
                 "holds: failed, many ulps: why", "holds: failed, 0 ulps: why",
                 "holds: passed: why", ": failed: why", "holds: failed: "):
        Path("known.txt").write_text(f"# fine\n{line}\n")
        fails(3, "conform", "--stablehlo=programs", f"--plugin={sim()}",
              "--exceptions=known.txt", says="known.txt:2: expected 'NAME: ")
    Path("known.txt").write_text("hold: failed: why\n")
    fails(3, "conform", "--stablehlo=programs", f"--plugin={sim()}",
          "--exceptions=known.txt", says="there is no program hold")
    succeeds("conform", "--stablehlo=programs", f"--plugin={sim()}",
             "--exceptions=known.txt", "--match=ol")
    fails(3, "conform", "--stablehlo=programs", f"--plugin={sim()}",
          "--exceptions=none.txt", says="none.txt: No such file")


# ---- the command line -------------------------------------------------------


@case
def wrong_use():
    fails(2, "conform", says="--stablehlo=DIR is missing")
    fails(2, "conform", "--stablehlo=", says="--stablehlo=DIR is missing")
    fails(2, "conform", "programs", says="unexpected operand")
    fails(3, "conform", "--stablehlo=programs", says="programs: No such file")
    Path("empty").mkdir()
    fails(3, "conform", "--stablehlo=empty", says="no .mlir file below empty")
    write("holds")
    fails(3, "conform", "--stablehlo=programs", "--match=sink",
          says="no .mlir file with this in its name: sink below programs")
    fails(2, "conform", "--stablehlo=programs", f"--plugin={sim()}",
          "--xla-option=x", says="--xla-option")


@case
def folders_are_searched_in_order():
    write("b")
    Path("programs/a.b").mkdir()
    Path("programs/a.b/c.mlir").write_text(HOLDS)
    Path("programs/note.txt").write_text("no program")
    found = json.loads(conform("programs", sim(), "--json").stdout)
    names = [one["name"] for one in found["programs"]]
    check(names == ["a.b/c", "b"], names)
    found = report("programs", sim(), "--match=b/c")
    check(list(found["programs"]) == ["a.b/c"], found)


@case
def files_of_any_name_and_none():
    write("holds")
    os.rename(b"programs/holds.mlir", b"programs/caf\xe9.mlir")
    os.symlink("nowhere", "programs/gone.mlir")
    found = report("programs", sim())
    check(found["passed"] == 1 and found["failed"] == 1, found)
    check(found["programs"]["caf?"]["verdict"] == "passed", found)
    check("No such file" in found["programs"]["gone"]["cause"], found)


@case
def text_form():
    result = conform(DATA / "skips", sim())
    check(result.returncode == 0 and not result.stderr, describe(result))
    labels = [line[:12].strip() for line in result.stdout.splitlines()]
    check(labels == ["passed", "failed", "unsupported", "crashed", "timed out",
                     "skipped"], describe(result))
    result = conform(DATA / "fails", sim())
    check(result.returncode == 1 and result.stderr ==
          f"pjrt conform: {len(CAUSES)} of {len(CAUSES)} programs did not do "
          "what was expected\n", describe(result))


@case
def a_terminal_shows_how_far_it_is():
    write("sleep", "// sleep\n" + HOLDS)
    plugin = compile_plugin("hostile", HOSTILE % (SOURCE, sim()))
    shown = on_terminal(["conform", "--stablehlo=programs",
                         f"--plugin={plugin}", "--timeout=0.5"], TERM="xterm")
    check("] 0 of 1, 0 failed" in shown, repr(shown))
    check(shown.rindex("\r\x1b[K") < shown.index("pjrt conform: 1 of 1"),
          repr(shown))


if __name__ == "__main__":
    sys.exit(main())
