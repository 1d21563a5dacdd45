#!/usr/bin/env python3
"""`pjrt info --extensions`: the functions of each extension, as text and as
JSON, of the simulated plugin, of CPU plugins, and of one that has what this
library does not know."""
import json
import os
import re
import sys

from harness import (SOURCE, Skip, case, check, compile_plugin, cpu_plugin,
                     describe, fails, main, succeeds)

EXTENSION = re.compile(r"  ([ \d]\d|\d+)  (\S+) +version (\d+|\?) +"
                       r"(\d+ bytes|no size declared)")
SLOT = re.compile(r"      (present|NULL   |absent |unknown) (\w+) \((.+)\)")
NAMELESS = re.compile(r"      (NULL   |unknown) of no published meaning")


def sim():
    path = os.environ.get("PJRT_TEST_SIM")
    if not path:
        raise Skip("the simulated plugin is not built")
    return path


def info(plugin, *more, **options):
    return succeeds("info", "--extensions", f"--plugin={plugin}", *more,
                    **options)


def as_json(plugin, **options):
    found = json.loads(info(plugin, "--json", **options).stdout)
    check(found["client"] is None, "a client was made")
    return found["plugin"]["extensions"]


def since(told):
    if told == "its arguments are not published":
        return None
    return 40 if told == "0.40 or earlier" else int(told.split("0.")[1])


def as_text(plugin, **options):
    """The same facts, read from the text; a minor of 40 stands for less."""
    result = info(plugin, **options)
    first, *lines = result.stdout.splitlines()
    found = []
    for line in lines:
        extension, slot = EXTENSION.fullmatch(line), SLOT.fullmatch(line)
        nameless = NAMELESS.fullmatch(line)
        if extension:
            number, name, version, size = extension.groups()
            found.append((int(number), name,
                          None if version == "?" else int(version),
                          int(size.split()[0]) if "bytes" in size else 0, []))
            continue
        check(slot or nameless, f"{line!r} in {describe(result)}")
        state = (slot or nameless)[1].strip().lower()
        name, minor = (slot[2], since(slot[3])) if slot else (None, None)
        found[-1][4].append((state, name, minor))
    check(first == f"extensions: {len(found)}", describe(result))
    return found


def same_as_text(extensions):
    def row(slot):
        name = slot["name"]
        published = name and name.startswith(("PJRT_", "PLUGIN_"))
        return (slot["state"], name,
                max(slot["since_minor"], 40) if published else None)

    return [(e["type"], e["name"], e["version"], e["struct_size"],
             [row(slot) for slot in e["slots"]]) for e in extensions]


def states(plugin, extension, **options):
    found = {e["name"]: e for e in as_json(plugin, **options)}
    return {s["name"]: s["state"] for s in found[extension]["slots"]}


@case
def text_and_json_tell_the_same():
    for minor in (40, 44, 45, 90, 117):
        env = {"PJRT_SIM_MINOR": str(minor)}
        extensions = as_json(sim(), env=env)
        text = as_text(sim(), env=env)
        check(text == same_as_text(extensions), f"{minor}: {text}")
        check(len({e["type"] for e in extensions}) == len(extensions), text)
        check(all(e["slots"] for e in extensions), text)
        sized = [e["struct_size"] > 0 for e in extensions]
        check(extensions and all(sized) == any(sized) == (minor >= 45), text)


@case
def functions_that_a_plugin_is_too_old_for():
    layouts = {"PJRT_Layouts_MemoryLayout_Serialize": "present",
               "PJRT_Layouts_PJRT_Executable_GetOutputLayouts": "present",
               "PJRT_Layouts_PJRT_Executable_GetParameterLayouts": "absent"}
    found = states(sim(), "Layouts", env={"PJRT_SIM_MINOR": "92"})
    check(found.items() >= layouts.items(), found)
    for minor, state in (112, "absent"), (113, "present"):
        found = states(sim(), "Profiler", env={"PJRT_SIM_MINOR": str(minor)})
        check(found["PLUGIN_Profiler_CollectData"] == "present", found)
        check(found["PLUGIN_Profiler_Consume"] == state, found)


@case
def slots_that_nobody_has_published():
    text = info(sim()).stdout
    check("NULL    delete_multi_slice_config (its arguments are not "
          "published)\n" in text, text)


@case
def a_cpu_plugin():
    extensions = as_json(cpu_plugin())
    check(as_text(cpu_plugin()) == same_as_text(extensions), extensions)
    found = {e["name"]: e for e in extensions}
    check(len(found) == 6, found)
    check(found["Layouts"]["version"] == 4, found["Layouts"])
    check([s["state"] for s in found["Layouts"]["slots"]] == ["present"] * 7,
          found["Layouts"])
    phases = states(cpu_plugin(), "PhaseCompile")
    check(phases["PJRT_PhaseCompile_Get_Compiler"] == "null", phases)
    check(phases["PJRT_PhaseCompile_Run_Phase"] == "present", phases)


# The simulated plugin with nodes before its own, which ends the process when it
# is initialized or asked for a client.
ODD = f"""
    #include <dlfcn.h>
    #include "{SOURCE}/include/pjrt/abi.h"
    #include <stdlib.h>
    static PJRT_Error *end(PJRT_Client_Create_Args *args) {{
      (void)args;
      abort();
    }}
    static PJRT_Error *fail(PJRT_Plugin_Initialize_Args *args) {{
      (void)args;
      abort();
    }}
    static struct {{
      PJRT_Layouts_Extension known;
      void *more[2];
    }} longer;
    static PJRT_Extension_Base strange;
    const PJRT_Api *GetPjrtApi(void) {{
      static PJRT_Api api;
      void *real = dlopen(getenv("REAL_PLUGIN"), RTLD_NOW | RTLD_LOCAL);
      const PJRT_Api *(*get)(void) =
          (const PJRT_Api *(*)(void))dlsym(real, "GetPjrtApi");
      api = *get();
      api.PJRT_Client_Create = end;
      api.PJRT_Plugin_Initialize = fail;
      strange.struct_size = sizeof strange;
      strange.type = (PJRT_Extension_Type)999;
      strange.next = api.extension_start;
      longer.known.base.struct_size = sizeof longer;
      longer.known.base.type = PJRT_Extension_Type_Layouts;
      longer.known.base.next = &strange;
      longer.more[1] = &longer;
      api.extension_start = &longer.known.base;
      return &api;
    }}"""


@case
def what_nobody_knows():
    plugin = compile_plugin("odd", ODD)
    env = {"REAL_PLUGIN": sim()}
    extensions = as_json(plugin, env=env)
    check(as_text(plugin, env=env) == same_as_text(extensions), extensions)
    layouts, strange = extensions[:2]
    check(layouts["name"] == "Layouts" and layouts["struct_size"] == 96,
          layouts)
    check([s["state"] for s in layouts["slots"]] == ["null"] * 8 + ["unknown"],
          layouts)
    check(layouts["slots"][-1] == {"state": "unknown", "name": None}, layouts)
    check(strange["type"] == 999 and strange["version"] is None
          and strange["slots"] == [], strange)
    fails(8, "info", f"--plugin={plugin}", env=env, says="SIGABRT",
          allow_output=True)


@case
def wrong_use():
    fails(2, "info", "--extensions=all", says="takes no value")
    fails(4, "info", "--extensions", "--plugin=./nowhere.so",
          says="nowhere.so")


if __name__ == "__main__":
    sys.exit(main())
