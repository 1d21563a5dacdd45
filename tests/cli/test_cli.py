#!/usr/bin/env python3
"""The command itself: help, usage errors, streams, odd plugins."""
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

from harness import (COMMAND, SOURCE, as_nobody, case, check, compile_plugin,
                     cpu_plugin, describe, environment, fails, main,
                     on_terminal, pjrt, succeeds)

VERBS = ["run", "info", "plugin list", "plugin install", "plugin doctor",
         "cache", "conform", "help", "version"]

# ---- help -------------------------------------------------------------------


@case
def overview_lists_every_verb():
    text = succeeds("--help").stdout
    check(text == succeeds("help").stdout, "help and --help differ")
    for verb in VERBS:
        check(f"  {verb} " in text, f"{verb} is not listed")


@case
def every_verb_has_help_with_examples():
    for verb in VERBS:
        text = succeeds("help", *verb.split()).stdout
        check(text == succeeds(*verb.split(), "--help").stdout,
              f"help {verb} and {verb} --help differ")
        check(text.startswith(f"usage: pjrt {verb}"), f"usage of {verb}")
        examples = text.split("Examples:\n")[1].splitlines()
        check(any(f"pjrt {verb}" in e for e in examples),
              f"{verb} shows no example of itself")
        if verb != "version":
            check(len(examples) >= 2, f"{verb} has too few examples")
        wide = [line for line in text.splitlines() if len(line) > 80]
        check(not wide, f"{verb}: wider than a terminal: {wide[:1]}")


@case
def exit_codes_are_listed():
    text = succeeds("help", "exit-codes").stdout
    codes = [int(n) for n in re.findall(r"^ +(\d+)  \S", text, re.M)]
    check(codes == list(range(11)), f"found {codes}")


@case
def exit_codes_are_those_of_the_guide():
    guide = (SOURCE / "docs" / "command.md").read_text().replace("`", "")
    told = re.findall(r"^ +(\d+)  (\S.*)$",
                      succeeds("help", "exit-codes").stdout, re.M)
    written = re.findall(r"^\| (\d+) \| (.*) \|$", guide, re.M)
    check(told == written, f"{set(told) ^ set(written)}")


@case
def version_is_the_library_s():
    check(re.fullmatch(r"pjrt \d+\.\d+\.\d+\n", succeeds("version").stdout),
          "not a version")
    succeeds("--version")


@case
def no_command_prints_the_overview_to_stderr():
    result = pjrt()
    check(result.returncode == 2 and not result.stdout
          and "usage: pjrt" in result.stderr, describe(result))


# ---- usage errors -----------------------------------------------------------


@case
def usage_errors():
    for arguments, says in [
            (["rum"], "did you mean 'run'?"),
            (["frobnicate"], "there is no command 'frobnicate'"),
            (["plugin"], "list, install or doctor"),
            (["plugin", "instal"], "did you mean 'plugin install'?"),
            (["help", "nothing"], "there is no command 'nothing'"),
            (["run"], "MODEL is missing"),
            (["run", "a", "b"], "unexpected operand 'b'"),
            (["run", "a", "--inptu=1"], "did you mean --input?"),
            (["run", "a", "--nonsense"], "unknown option --nonsense"),
            (["run", "a", "-x"], "two dashes"),
            (["run", "a", "--input"], "--input wants a value"),
            (["run", "a", "--ulps=x"], "whole number of at least 0, not 'x'"),
            (["run", "a", "--ulps=-1"], "whole number of at least 0, not '-1'"),
            (["run", "a", "--rtol=nan"], "a number of at least 0, not 'nan'"),
            (["info", "--json=yes"], "--json takes no value"),
            (["info", "extra"], "unexpected operand 'extra'"),
            (["plugin", "install"], "NAME is missing"),
            (["plugin", "install", "cqu"], "did you mean 'cpu'?")]:
        fails(2, *arguments, says=says)


@case
def options_take_both_forms_and_dashes_end_them():
    fails(3, "run", "--ulps", "3", "--", "--model", says="--model")
    fails(3, "run", "--ulps=3", "-h.mlir".replace("-h", "h"), says="h.mlir")


# ---- plugins that cannot be loaded ------------------------------------------


@case
def odd_files_as_plugin():
    Path("text.so").write_text("hello\n")
    Path("empty.so").write_bytes(b"")
    Path("cut.so").write_bytes(Path("/proc/self/exe").read_bytes()[:100])
    library = compile_plugin("library", "int f(void) { return 1; }")
    here = os.getcwd()
    for path, says in [(here, "expected a file, found a folder"),
                       (f"{here}/missing.so", "missing.so"),
                       (f"{here}/text.so", 'starts with "hello"'),
                       (f"{here}/empty.so", "empty.so"),
                       (f"{here}/cut.so", "cut.so"),
                       (library, "GetPjrtApi")]:
        fails(4, "info", f"--plugin={path}", says=[path, says])
        doctor = fails(4, "plugin", "doctor", path, says=path,
                       allow_output=True)
        check("BAD" in doctor.stdout and says in doctor.stdout,
              describe(doctor))


@case
def unreadable_plugin():
    Path("secret.so").write_text("x")
    os.chmod("secret.so", 0)
    fails(4, "info", "--plugin=./secret.so", **as_nobody(),
          says=["secret.so", "Permission denied"])


@case
def odd_get_pjrt_api():
    null = compile_plugin("null", "void *GetPjrtApi(void) { return 0; }")
    fails(4, "info", f"--plugin={null}", says=[null, "NULL"])
    short = compile_plugin("short", """
        #include <stddef.h>
        static struct { size_t size; void *next; size_t version_size;
                        void *version_next; int major, minor; void *slot; }
            table = {sizeof table, 0, 24, 0, 0, 100, 0};
        void *GetPjrtApi(void) { return &table; }""")
    fails(4, "info", f"--plugin={short}", says=short)
    doctor = fails(4, "plugin", "doctor", short, says=short, allow_output=True)
    check("load        BAD" in doctor.stdout, describe(doctor))


@case
def another_major_version():
    major = compile_plugin("major", """
        #include <stddef.h>
        static struct { size_t size; void *next; size_t version_size;
                        void *version_next; int major, minor;
                        void *slots[138]; }
            table = {sizeof table, 0, 24, 0, 7, 1, {0}};
        void *GetPjrtApi(void) { return &table; }""")
    fails(4, "info", f"--plugin={major}", says=[major, "7.1"])


@case
def missing_library_is_named():
    compile_plugin("dependency", "int f(void) { return 1; }")
    Path("needy.c").write_text(
        "int f(void); int GetPjrtApi(void) { return f(); }")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", "needy.so", "needy.c",
                    "./dependency.so"], check=True)
    os.rename("dependency.so", "gone.so")
    doctor = fails(4, "plugin", "doctor", "./needy.so", says="does not load",
                   allow_output=True)
    check("dependency.so" in doctor.stdout and "missing 1 of" in doctor.stdout,
          describe(doctor))
    fails(4, "info", "--plugin=./needy.so", says="dependency.so")


@case
def leaked_symbols_are_told():
    leaky = compile_plugin("leaky", """
        int _ZN6google8protobuf7Message3fooEv(void) { return 0; }
        int _ZN4absl3barEv(void) { return 0; }
        void *GetPjrtApi(void) { return 0; }""")
    text = pjrt("plugin", "doctor", leaky).stdout
    check("leaks 1 of protobuf" in text and "leaks 1 of Abseil" in text, text)


# ---- plugins that take the process with them --------------------------------


@case
def a_plugin_that_aborts():
    plugin = compile_plugin("aborts", """
        #include <stdio.h>
        #include <stdlib.h>
        void *GetPjrtApi(void) {
          fputs("last words\\n", stderr);
          abort();
        }""")
    result = fails(8, "info", f"--plugin={plugin}",
                   says=["GetPjrtApi", "SIGABRT"])
    check("  | last words" in result.stderr, describe(result))
    fails(8, "plugin", "doctor", plugin, says="SIGABRT", allow_output=True)


@case
def a_plugin_that_exits_is_no_success():
    plugin = compile_plugin("exits", """
        #include <stdlib.h>
        void *GetPjrtApi(void) { exit(0); }""")
    fails(8, "info", f"--plugin={plugin}", says="exit status 0")


@case
def a_plugin_that_hangs_is_named_by_the_watchdog():
    plugin = compile_plugin("hangs", """
        #include <unistd.h>
        void *GetPjrtApi(void) { for (;;) pause(); }""")
    start = time.monotonic()
    fails(9, "info", f"--plugin={plugin}", "--timeout=0.3",
          says=["GetPjrtApi", "0.3 s"])
    fails(9, "plugin", "doctor", plugin, "--timeout=0.3", says="GetPjrtApi",
          allow_output=True)
    check(time.monotonic() - start < 20, "the watchdog was late")


@case
def the_worker_dies_with_the_command():
    plugin = compile_plugin("waits", """
        #include <stdio.h>
        #include <unistd.h>
        void *GetPjrtApi(void) {
          FILE *file = fopen("worker.pid", "w");
          fprintf(file, "%d", (int)getpid());
          fclose(file);
          for (;;) pause();
        }""")
    command = subprocess.Popen([COMMAND, "info", f"--plugin={plugin}"],
                               env=environment())
    deadline = time.monotonic() + 20
    while not Path("worker.pid").exists() or not os.stat("worker.pid").st_size:
        check(time.monotonic() < deadline, "the worker did not start")
        time.sleep(0.02)
    worker = Path("/proc") / Path("worker.pid").read_text()
    command.kill()
    command.wait()
    while worker.exists() and "Z" not in (worker / "stat").read_text().split():
        check(time.monotonic() < deadline, "the worker lives on")
        time.sleep(0.02)


# ---- streams ----------------------------------------------------------------

NOISY = """
    #include <dlfcn.h>
    #include <stdio.h>
    #include <stdlib.h>
    void *GetPjrtApi(void) {
      for (int i = 0; i < 20000; i++) {
        puts("noise on stdout");
        fputs("noise on stderr\\n", stderr);
      }
      fflush(stdout);
      void *real = dlopen(getenv("REAL_PLUGIN"), RTLD_NOW | RTLD_LOCAL);
      void *(*get)(void) = (void *(*)(void))dlsym(real, "GetPjrtApi");
      return get();
    }"""


@case
def noise_of_the_plugin_stays_off_stdout():
    env = {"REAL_PLUGIN": cpu_plugin()}
    noisy = compile_plugin("noisy", NOISY)
    result = succeeds("info", "--json", f"--plugin={noisy}", env=env)
    json.loads(result.stdout)
    check(not result.stderr, describe(result))
    result = succeeds("info", "--json", "--verbose", f"--plugin={noisy}",
                      env=env)
    json.loads(result.stdout)
    check("noise on stdout" in result.stderr
          and "noise on stderr" in result.stderr, "--verbose shows nothing")


@case
def spinner_shows_seconds_and_goes_away():
    slow = compile_plugin("slow", """
        #include <unistd.h>
        void *GetPjrtApi(void) { usleep(1500000); return 0; }""")
    arguments = ["info", f"--plugin={slow}"]
    shown = on_terminal(arguments, TERM="xterm")
    check(re.search(r"loading the plugin  \d\.\d s", shown), repr(shown))
    check(shown.rindex("\r\x1b[K") < shown.index("pjrt info: "), repr(shown))
    for env in ({"TERM": "dumb"}, {"TERM": "xterm", "NO_COLOR": "1"}):
        plain = on_terminal(arguments, **env)
        check("\x1b" not in plain, repr(plain))
        check(plain.count("loading the plugin") == 1, repr(plain))
    check("loading" not in pjrt(*arguments).stderr, "a spinner in a pipe")


@case
def full_or_closed_stdout_is_told():
    for arguments in (["help"], ["version"], ["help", "run"],
                      ["plugin", "install", "--list"]):
        with open("/dev/full", "w") as full:
            fails(7, *arguments, stdout=full, allow_output=True,
                  says="cannot write to stdout: No space left on device")
        fails(7, *arguments, stdout=None, allow_output=True,
              preexec_fn=lambda: os.close(1), says="cannot write to stdout")
    plugin = cpu_plugin()
    with open("/dev/full", "w") as full:
        fails(7, "info", f"--plugin={plugin}", stdout=full, allow_output=True,
              says="No space left on device")


# ---- info -------------------------------------------------------------------


@case
def info_is_json_with_the_facts():
    data = json.loads(succeeds("info", "--json",
                               f"--plugin={cpu_plugin()}").stdout)
    plugin, client = data["plugin"], data["client"]
    check(plugin["path"] == cpu_plugin(), plugin["path"])
    check(plugin["api_major"] == 0 and plugin["api_minor"] == 115, str(plugin))
    check(plugin["known_functions"] == 138, str(plugin["known_functions"]))
    check(plugin["missing_functions"] == [], str(plugin["missing_functions"]))
    sizes = {e["name"]: e["struct_size"] for e in plugin["extensions"]}
    check(sizes["Layouts"] == 80 and len(sizes) == 6, str(sizes))
    check(plugin["attributes"]["xla_version"] == 2, str(plugin["attributes"]))
    check(client["platform_name"] == "cpu", client["platform_name"])
    check([d["id"] for d in client["devices"]] == [0, 1, 2, 3], "device ids")
    check(len(client["memories"]) == 12, "memories")
    memories = {m["id"]: m["kind"] for m in client["memories"]}
    for device in client["devices"]:
        check(memories[device["default_memory"]] == "device", str(device))
        check(device["is_addressable"], str(device))
        check(device["memory_stats"] is None, str(device))


@case
def info_tells_what_is_counted_of_memory():
    plugin = f"--plugin={os.environ['PJRT_TEST_SIM']}"
    data = json.loads(succeeds("info", "--json", plugin).stdout)
    stats = data["client"]["devices"][0]["memory_stats"]
    check(stats["bytes_in_use"] == 0 and stats["bytes_limit"] > 0, str(stats))
    check("peak_bytes_in_use" in stats and "pool_bytes" not in stats,
          str(stats))
    text = succeeds("info", plugin).stdout
    check(f"memory in use: 0 of {stats['bytes_limit']} bytes" in text, text)


@case
def info_without_a_client():
    arguments = ["info", f"--plugin={cpu_plugin()}", "--no-client"]
    data = json.loads(succeeds(*arguments, "--json").stdout)
    check(data["client"] is None, str(data["client"]))
    text = succeeds(*arguments).stdout
    check("PJRT API: 0.115" in text and "devices" not in text, text)


@case
def client_options_reach_the_plugin():
    plugin = f"--plugin={cpu_plugin()}"
    option = "--client-option=cpu_device_count"
    data = json.loads(succeeds("info", "--json", plugin, f"{option}=2").stdout)
    check(len(data["client"]["devices"]) == 2, "two devices")
    fails(2, "info", plugin, "--client-option=x", says="--client-option=x")
    result = fails(4, "info", plugin, f"{option}=many", allow_output=True,
                   says="cpu_device_count")
    check("PJRT API" in result.stdout, "the plugin's facts are not printed")


# ---- plugin list and doctor -------------------------------------------------


def write_manifest(name, content):
    folder = Path("data/pjrt/plugins.d")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(json.dumps(content))
    return {"XDG_DATA_HOME": os.path.abspath("data")}


@case
def plugin_list_names_what_is_found():
    empty = succeeds("plugin", "list")
    check(not empty.stdout and "no plugin found" in empty.stderr,
          describe(empty))
    check(json.loads(succeeds("plugin", "list", "--json").stdout) == [], "[]")
    Path("no.so").write_text("no")
    env = write_manifest("mine.json",
                         {"library_path": os.path.abspath("no.so")})
    (found,) = json.loads(succeeds("plugin", "list", "--json", env=env).stdout)
    check(found["name"] == "mine" and not found["usable"]
          and found["source"] == "manifest" and found["reason"], str(found))
    text = succeeds("plugin", "list", env=env).stdout
    check("mine" in text and "unusable" in text, text)
    fails(4, "info", "--plugin=mine", env=env, says="no.so")


@case
def manifest_options_apply_and_can_be_overridden():
    env = write_manifest("four.json", {"library_path": cpu_plugin(),
                                       "create_options":
                                       {"cpu_device_count": 3}})

    def devices(*arguments):
        result = succeeds("info", "--json", *arguments, env=env)
        return len(json.loads(result.stdout)["client"]["devices"])

    check(devices() == 3, "the manifest's option")
    check(devices("--plugin=four") == 3, "by name")
    check(devices("--client-option=cpu_device_count=5") == 5, "the user's")


@case
def no_plugin_is_told_with_advice():
    fails(4, "info", says="pjrt plugin install cpu")
    fails(4, "info", "--plugin=nosuch", says="nosuch")
    fails(4, "plugin", "doctor", "nosuch", says="nosuch")


@case
def doctor_finds_the_cpu_plugin_healthy():
    text = succeeds("plugin", "doctor", cpu_plugin()).stdout
    for row in ("file        ok", "libraries   ok", "table       ok    1144",
                "4 Layouts, 80 bytes", "client      ok    platform cpu, 4",
                "verdict     ok"):
        check(row in text, f"{row!r} is not in {text}")


@case
def doctor_tells_a_null_slot():
    env = {"REAL_PLUGIN": cpu_plugin()}
    holed = compile_plugin("holed", """
        #include <dlfcn.h>
        #include <stdlib.h>
        #include <string.h>
        static char table[1144];
        void *GetPjrtApi(void) {
          void *real = dlopen(getenv("REAL_PLUGIN"), RTLD_NOW | RTLD_LOCAL);
          void *(*get)(void) = (void *(*)(void))dlsym(real, "GetPjrtApi");
          memcpy(table, get(), sizeof table);
          memset(table + 40 + 130 * 8, 0, 8);
          return table;
        }""")
    text = succeeds("plugin", "doctor", holed, env=env).stdout
    check("PJRT_LoadedExecutable_AddressableDeviceLogicalIds is NULL" in text,
          text)
    data = json.loads(succeeds("info", "--json", "--no-client",
                               f"--plugin={holed}", env=env).stdout)
    check([f["since_minor"] for f in data["plugin"]["missing_functions"]]
          == [96], str(data["plugin"]["missing_functions"]))


if __name__ == "__main__":
    sys.exit(main())
