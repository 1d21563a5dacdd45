#!/usr/bin/env python3
"""`pjrt profile`: what it records, writes, prints and refuses, on the simulated
plugin, which has a profiler, and on a CPU plugin, which has none."""
import json
import os
import sys
from pathlib import Path

from harness import (SOURCE, Skip, case, check, compile_plugin, cpu_plugin,
                     describe, fails, main, succeeds)
from programs import ADD, program


def sim():
    path = os.environ.get("PJRT_TEST_SIM")
    if not path:
        raise Skip("the simulated plugin is not built")
    return path


def profile(*arguments, plugin=None, **options):
    return succeeds("profile", program(), *arguments,
                    f"--plugin={plugin or sim()}", **options)


def tables(result):
    """{(plane, line): {event: count}} of what was printed."""
    found, plane, line = {}, None, None
    for text in result.stdout.splitlines():
        if not text.startswith(" "):
            plane = text
        elif not text.startswith("   "):
            line = found.setdefault((plane, text.strip()), {})
        elif text.split()[-1] != "event" and "more)" not in text:
            total, mean, count, name = text.split(None, 3)
            check(float(total) >= 0 and float(mean) >= 0, text)
            line[name] = int(count)
    return found


@case
def runs_are_recorded():
    found = tables(profile("--runs=3", "--warmup=5", "--top=100"))
    calls = found["/host:sim", "calls"]
    check(calls["PJRT_LoadedExecutable_Execute"] == 3, found)
    check("PJRT_Client_Compile" not in calls, found)
    steps = found["/host:pjrt", "steps"]
    check(steps == {"compile": 1, "upload": 1, "launch": 3, "await": 3,
                    "download": 1}, found)


@case
def with_the_compilation():
    found = tables(profile("--with-compile", "--top=100"))
    calls = found["/host:sim", "calls"]
    check(calls["PJRT_Client_Compile"] == 1, found)
    check(calls["PJRT_LoadedExecutable_Execute"] == 2, found)


@case
def top():
    result = profile("--top=2")
    check(all(len(events) <= 2 for events in tables(result).values()),
          describe(result))
    check("(3 more)" in result.stdout, describe(result))


@case
def files():
    result = profile("--out=logs", "--trace=trace.json", "--runs=2")
    written = list(Path("logs").rglob("*.xplane.pb"))
    check(len(written) == 1, written)
    check(written[0].parts[:3] == ("logs", "plugins", "profile"), written)
    check(b"/host:sim" in written[0].read_bytes(), written)
    check(f"wrote {written[0]}" in result.stderr, describe(result))
    trace = json.loads(Path("trace.json").read_text())["traceEvents"]
    names = [e["args"]["name"] for e in trace if e["name"] == "process_name"]
    check(names == ["/host:sim", "/host:pjrt"], names)
    spans = [e for e in trace if e["ph"] == "X"]
    check(min(e["ts"] for e in spans) < 1, spans)
    check(all(e["ts"] >= 0 and e["dur"] >= 0 for e in spans), spans)
    check(sum(e["name"] == "launch" for e in spans) == 2, spans)
    check(not [p for p in Path().iterdir() if p.name.endswith(".tmp")], "left")


@case
def a_trace_replaces_what_was_there():
    Path("trace.json").write_text("old")
    profile("--trace=trace.json")
    check(json.loads(Path("trace.json").read_text()), "trace.json")
    fails(7, "profile", program(), f"--plugin={sim()}",
          "--trace=nowhere/trace.json", says="nowhere/trace.json")
    Path("file").write_text("")
    fails(7, "profile", program(), f"--plugin={sim()}", "--out=file",
          says="folder file")


@case
def plugins_without_a_profiler():
    fails(4, "profile", program(), f"--plugin={cpu_plugin()}",
          says=("has no profiler", "--host"))
    found = tables(profile("--host", "--runs=4", "--trace=trace.json",
                           plugin=cpu_plugin()))
    check(list(found) == [("/host:pjrt", "steps")], found)
    check(found["/host:pjrt", "steps"]["launch"] == 4, found)
    trace = json.loads(Path("trace.json").read_text())["traceEvents"]
    compiles = [e for e in trace if e["name"] == "compile"]
    check(len(compiles) == 1 and compiles[0]["ts"] == 0, trace)


@case
def host_alone():
    found = tables(profile("--host"))
    check(list(found) == [("/host:pjrt", "steps")], found)


# The simulated plugin, whose profiler has what a file says.
TOLD = f"""
    #include <dlfcn.h>
    #include "{SOURCE}/include/pjrt/abi.h"
    #include <stdio.h>
    #include <stdlib.h>
    static PLUGIN_Profiler_Error *tell(
        PLUGIN_Profiler_CollectData_Args *args) {{
      static uint8_t data[4096];
      FILE *file = fopen("space.pb", "r");
      args->buffer_size_in_bytes = fread(data, 1, sizeof data, file);
      args->buffer = data;
      fclose(file);
      return NULL;
    }}
    const PJRT_Api *GetPjrtApi(void) {{
      void *real = dlopen(getenv("REAL_PLUGIN"), RTLD_NOW | RTLD_LOCAL);
      const PJRT_Api *(*get)(void) =
          (const PJRT_Api *(*)(void))dlsym(real, "GetPjrtApi");
      const PJRT_Api *api = get();
      PJRT_Extension_Base *node = api->extension_start;
      while (node->type != PJRT_Extension_Type_Profiler) node = node->next;
      ((PJRT_Profiler_Extension *)node)->profiler_api->collect_data = tell;
      return api;
    }}"""


def varint(value):
    low, rest = value & 127, value >> 7
    return bytes([low | 128]) + varint(rest) if rest else bytes([low])


def part(number, value):
    """A field of a message: a number, a text, or a message."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def profile_of(space, *arguments):
    Path("space.pb").write_bytes(space)
    return profile(*arguments, plugin=compile_plugin("told", TOLD),
                   env={"REAL_PLUGIN": sim()})


@case
def events_of_kinds_without_names():
    kinds, events = b"", b""
    for i in range(4):
        shown = part(4, f"kind{i}") if i < 3 else b""
        kinds += part(4, part(1, i) + part(2, shown))
        events += part(4, part(1, i) + part(3, 1000000)) * (i + 1)
    line = part(3, part(2, "line") + events)
    result = profile_of(part(1, part(2, "/plane") + line + kinds),
                        "--trace=trace.json")
    expected = {"kind0": 1, "kind1": 2, "kind2": 3, "(unnamed)": 4}
    check(tables(result)["/plane", "line"] == expected, describe(result))


@case
def sums_beyond_any_integer():
    most = (1 << 63) - 1
    event = part(4, part(5, most))
    line = part(3, part(2, "line") + event * 3)
    result = profile_of(part(1, part(2, "/plane") + line))
    count, = tables(result)["/plane", "line"].values()
    check(abs(count - 3 * most) < 1e4, describe(result))


@case
def long_names_are_cut_between_characters():
    for name in ("\u00fc" * 60, "x" + "\u00fc" * 60, "x" * 99 + "\U0001f600\n"):
        line = part(3, part(2, "line") + part(4, b""))
        kinds = part(4, part(1, 0) + part(2, part(2, name)))
        result = profile_of(part(1, part(2, "/plane") + line + kinds))
        shown, = tables(result)["/plane", "line"]
        check(shown.endswith("...") and name.startswith(shown[:-3])
              and 97 <= len(shown[:-3].encode()) <= 100, repr(shown))


@case
def profiles_that_cannot_be_read():
    Path("space.pb").write_bytes(b"\x0a\x7f")
    fails(4, "profile", program(), "--trace=trace.json",
          f"--plugin={compile_plugin('told', TOLD)}",
          env={"REAL_PLUGIN": sim()}, says="profile cannot be read")
    check(not Path("trace.json").exists(), "a trace was written")


@case
def the_compilation_alone():
    found = tables(profile("--with-compile", "--runs=0", "--warmup=0",
                           "--top=100"))
    check("PJRT_LoadedExecutable_Execute" not in found["/host:sim", "calls"],
          found)
    check(found["/host:pjrt", "steps"] == {"compile": 1, "upload": 1}, found)


@case
def inputs_are_zeros_or_given():
    profile("--input=4xf32=1,2,3,4", "--input=4xf32=5")
    fails(3, "profile", program(), f"--plugin={sim()}", "--input=4xf32=1",
          says="expected 2 --input for main, found 1")


@case
def wrong_use():
    fails(2, "profile", says="MODEL is missing")
    fails(2, "profile", program(), "--runs=x", says="--runs")
    fails(3, "profile", "missing.mlir", f"--plugin={sim()}")
    Path("bad.mlir").write_text(ADD.replace("add %a", "sum %a"))
    fails(5, "profile", "bad.mlir", f"--plugin={cpu_plugin()}", "--host")


if __name__ == "__main__":
    sys.exit(main())
