#!/usr/bin/env python3
"""`pjrt cache`, and --cache of `pjrt run` and `pjrt bench`."""
import os
import sys
from pathlib import Path

from harness import (Skip, as_nobody, case, check, complaints, cpu_plugin,
                     describe, fails, main, succeeds)
from programs import ADD, program

INPUTS = ("--input=4xf32=1,2,3,4", "--input=4xf32=10")
SUM = "result[0]: 4xf32=11 12 13 14\n"


def run(*arguments, folder="compiled", **options):
    """With --cache; the lines that are told of it."""
    result = succeeds("run", *arguments, *INPUTS, f"--cache={folder}",
                      f"--plugin={cpu_plugin()}", **options)
    check(result.stdout == SUM, describe(result))
    return complaints(result)


def run_fails(status, *arguments, **options):
    return fails(status, "run", program(), *INPUTS, *arguments,
                 f"--plugin={cpu_plugin()}", **options)


def explain(*arguments, folder="compiled", **options):
    result = succeeds("cache", folder, f"--explain={program()}", *arguments,
                      f"--plugin={cpu_plugin()}", **options)
    check(not result.stderr, describe(result))
    return result.stdout


def show(*arguments, folder="compiled"):
    lines = succeeds("cache", folder, *arguments).stdout.split("\n")
    check(lines[0].startswith("entries ") and lines[1].startswith("size ") and
          lines[1].endswith(" bytes") and lines[2:] == [""], lines)
    return int(lines[0].split()[1]), int(lines[1].split()[1])


# ---- running ----------------------------------------------------------------


@case
def a_miss_is_told_and_a_hit_is_not():
    told = run(program(), folder="told")
    check(len(told) == 1 and told[0].startswith(
        "pjrt run: cache: miss: there is no entry of this program; stored, "),
        told)
    check(run(program(), folder="told") == [], "a hit is told")
    told = run(program(), "--verbose", folder="told")
    check(any(line.startswith("pjrt run: cache: hit: ") for line in told), told)
    told = run(program(), "--xla-option=xla_cpu_enable_fast_math=true",
               folder="told")
    check("other compile options (env_option_overrides)" in told[0], told)


@case
def folder_is_made_private():
    run(program(), folder="private")
    check(os.stat("private").st_mode & 0o777 == 0o700, "the folder's mode")
    for path in Path("private").iterdir():
        check(path.stat().st_mode & 0o777 == 0o600, f"{path}'s mode")


@case
def bench_uses_it():
    arguments = ("bench", program(), "--runs=2", "--cache=bench",
                 f"--plugin={cpu_plugin()}")
    result = succeeds(*arguments)
    check("cache: miss: " in result.stderr, describe(result))
    check(not succeeds(*arguments).stderr, "a hit is told")
    check(run(program(), folder="bench") == [], "run finds what bench stored")


@case
def what_is_stored_is_bounded():
    told = run(program(), "--cache-size=100", folder="small")
    check("not stored: its " in told[0] and "100 that the cache" in told[0],
          told)
    check(show(folder="small") == (0, 0), "something is stored")
    told = run(program(), "--cache-size=1M", folder="small")
    check("; stored, " in told[0], told)


@case
def damage_is_told_and_repaired():
    run(program(), folder="damage")
    entry, = Path("damage").glob("*.pjrt")
    data = bytearray(entry.read_bytes())
    data[-10] ^= 1
    entry.write_bytes(data)
    told = run(program(), folder="damage")
    check("cache: miss: the entry was damaged: artifact: damaged: its checksum "
          "does not match; stored, " in told[0], told)
    check(run(program(), folder="damage") == [], "it was not repaired")


@case
def folders_that_others_may_write_to_are_refused():
    Path("open").mkdir()
    os.chmod("open", 0o777)
    run_fails(3, "--cache=open",
              says=["compile cache open", "others may write to it (mode 777"])
    fails(3, "cache", "open", says="others may write to it")
    options = as_nobody()
    if not options:
        raise Skip("needs root, to have a folder of another user")
    Path("roots").mkdir(mode=0o755)
    fails(3, "cache", "roots", says="it belongs to user 0", **options)


@case
def wrong_use_of_run():
    run_fails(3, "--cache=no/such/folder", says="cannot create")
    run_fails(2, "--cache=x", "--cache-size=many", says=["--cache-size wants"])
    succeeds("run", program(), "--compile-only", "--save-executable=add.exe",
             f"--plugin={cpu_plugin()}")
    fails(2, "run", "add.exe", *INPUTS, "--cache=x",
          f"--plugin={cpu_plugin()}", says=["compiled already", "--cache"])
    fails(5, "run", program("no program", "bad.mlir"), "--cache=compiled",
          f"--plugin={cpu_plugin()}", says="cannot compile bad.mlir")


# ---- pjrt cache -------------------------------------------------------------


@case
def folder_is_shown_emptied_and_bounded():
    run(program(), folder="shown")
    run(program(ADD.replace("@add", "@other"), "other.mlir"), folder="shown")
    entries, size = show(folder="shown")
    check(entries == 2 and size > 1000, (entries, size))
    check(show("--max-size=1M", folder="shown") == (2, size), "a large bound")
    check(show(f"--max-size={size - 1}", folder="shown")[0] == 1, "a bound")
    check("miss: the entry was evicted" in explain(folder="shown"),
          "the older one is not the one that went")
    check(show("--clear", folder="shown") == (0, 0), "--clear")
    check("miss: there is no entry of this program" in explain(folder="shown"),
          "--clear forgets")


@case
def misses_are_explained():
    run(program())
    check(explain().startswith("hit: "), "hit")
    told = explain("--replicas=2", "--client-option=cpu_device_count=2")
    check(told == "miss: the same program is there, compiled with other compile"
          " options (executable_build_options.num_replicas) and for other "
          "devices\n", told)
    told = explain(env={"XLA_FLAGS": "--xla_cpu_enable_fast_math=true"})
    check("with other XLA_FLAGS or LIBTPU_INIT_ARGS" in told, told)
    other = os.environ.get("PJRT_TEST_PLUGIN_CPU_0_106")
    if other:
        told = succeeds("cache", "compiled", f"--explain={program()}",
                        f"--plugin={other}").stdout
        check("compiled by another plugin (API 0.115, " in told, told)
    check(show()[0] == 1, "explaining stored something")


@case
def wrong_use_of_cache():
    fails(3, "cache", "no-such-folder", says="cannot open")
    fails(3, "cache", program(), says="cannot open")
    check(not Path("no-such-folder").exists(), "it was made")
    fails(2, "cache", says="DIR is missing")
    Path("empty").mkdir(mode=0o700)
    fails(2, "cache", "empty", "--clear", "--max-size=1G",
          says="one at a time")
    for size in ("", "-1", "1T", "1GG", "9999999999G", "G"):
        fails(2, "cache", "empty", f"--max-size={size}",
              says="--max-size wants bytes such as")
    fails(3, "cache", "empty", "--explain=none.mlir",
          f"--plugin={cpu_plugin()}", says="none.mlir")


if __name__ == "__main__":
    sys.exit(main())
