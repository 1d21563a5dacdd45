#!/usr/bin/env python3
"""`pjrt run`: what it takes, what it gives, and what it says of bad input."""
import os
import resource
import signal
import struct
import sys
from pathlib import Path

from harness import (as_nobody, case, check, complaints, cpu_plugin, describe,
                     fails, floats, main, npy, succeeds)
from programs import ADD, ENDLESS, program

TWO_RESULTS = """module @two {
  func.func public @main(%a: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xi32>) {
    %0 = stablehlo.convert %a : (tensor<2xf32>) -> tensor<2xi32>
    return %a, %0 : tensor<2xf32>, tensor<2xi32>
  }
}
"""


def identity(type_text):
    return (f"module @same {{ func.func public @main(%a: tensor<{type_text}>)"
            f" -> tensor<{type_text}> {{ return %a : tensor<{type_text}> }} }}")


def run(*arguments, **options):
    return succeeds("run", *arguments, f"--plugin={cpu_plugin()}", **options)


def run_fails(status, *arguments, **options):
    return fails(status, "run", *arguments, f"--plugin={cpu_plugin()}",
                 **options)


GOOD = ("--input=4xf32=1,2,3,4", "--input=4xf32=10,20,30,40")

# ---- what it takes ----------------------------------------------------------


@case
def inputs_in_every_form():
    model = program()
    Path("x.npy").write_bytes(npy("<f4", [4], floats(1, 2, 3, 4)))
    Path("x.bin").write_bytes(floats(1, 2, 3, 4))
    for text in ("4xf32=1,2,3,4", "4xf32=1 2 3 4", "4xf32=[1 2 3 4]",
                 "@x.npy", "f32=@x.npy", "4xf32=@x.npy", "4xf32=@x.bin"):
        result = run(model, f"--input={text}", "--input", "4xf32=10")
        check(result.stdout == "result[0]: 4xf32=11 12 13 14\n",
              f"{text}: {describe(result)}")
        check(not result.stderr, describe(result))


@case
def model_from_stdin_and_from_a_pipe():
    result = run("-", *GOOD, input=ADD.encode())
    check(result.stdout == "result[0]: 4xf32=11 22 33 44\n", describe(result))
    reader, writer = os.pipe()
    os.write(writer, ADD.encode())
    os.close(writer)
    result = run(f"/dev/fd/{reader}", *GOOD, pass_fds=[reader])
    os.close(reader)
    check("11 22 33 44" in result.stdout, describe(result))


@case
def types_that_numpy_lacks():
    data = struct.pack("<4H", 0x3f80, 0x4000, 0x7fc0, 0xff80)
    Path("x.npy").write_bytes(npy("|V2", [4], data))
    model = program(identity("4xbf16"))
    for text in ("@x.npy", "bf16=@x.npy"):
        result = run(model, f"--input={text}", "--output=@y.npy")
        check(Path("y.npy").read_bytes().endswith(data), text)
    run(model, "--input=@x.npy", "--expected-output=@x.npy")
    run_fails(3, model, "--input=f16=@x.npy",
              says=["--input 0", "4xbf16", "4xf16"])
    run_fails(3, program(identity("4xf32")), "--input=@x.npy",
              says=["@x.npy", "2 bytes", "f32"])


@case
def results_are_written_as_npy():
    run(program(TWO_RESULTS), "--input=2xf32=1,2", "--output=@a.npy",
        "--output=b.npy")
    check(Path("a.npy").read_bytes().endswith(floats(1, 2)), "a.npy")
    check(Path("b.npy").read_bytes().endswith(struct.pack("<2i", 1, 2)),
          "b.npy")
    result = run("model.mlir", "--input=2xf32=1,2", "--output=", "--output=-")
    check(result.stdout == "result[1]: 2xs32=1 2\n", describe(result))


@case
def long_results_are_cut_when_printed():
    model = program(identity("2000xf32"))
    text = run(model, "--input=2000xf32=1").stdout
    check(text.count(" 1") == 1023 and "..." in text, text[-80:])
    text = run(model, "--input=2000xf32=1", "--print-max-elements=0").stdout
    check(text.count(" 1") == 1999 and "..." not in text, text[-80:])


@case
def several_devices():
    model = program(identity("f32"))
    each = [f"--input=f32={i}" for i in range(4)]
    text = run(model, "--replicas=4", *each).stdout
    check(text == "".join(f"device[{i}] result[0]: f32={i}\n"
                          for i in range(4)), text)
    text = run(model, "--replicas=2", "--device=3,1", "--input=f32=7").stdout
    check(text.count("f32=7") == 2, text)
    run(model, "--replicas=4", *each,
        *[f"--expected-output=f32={i}" for i in range(4)])
    run_fails(3, model, "--replicas=4", *each[:3],
              says=["expected 1 --input", "or 4", "found 3"])
    run_fails(5, model, "--replicas=5", "--input=f32=1", says="5")
    run_fails(5, model, "--device=9", "--input=f32=1", says="9")
    run_fails(2, model, "--device=one", "--input=f32=1", says="'one'")
    run_fails(2, model, "--replicas=0", "--input=f32=1", says="at least 1")


@case
def expected_outputs():
    model = program()
    result = run(model, *GOOD, "--expected-output=4xf32=11,22,33,44")
    check("as expected" in result.stdout, describe(result))
    near = "--expected-output=4xf32=11,22,33,44.00001"
    run_fails(1, model, *GOOD, near, says=["result[0] differs", "44.00001"])
    run(model, *GOOD, near, "--ulps=4")
    run(model, *GOOD, near, "--rtol=1e-5")
    run(model, *GOOD, near, "--atol=1e-3")
    run_fails(1, model, *GOOD, "--expected-output=2x2xf32=0",
              says=["2x2xf32", "4xf32"])
    run_fails(2, model, *GOOD, *[near] * 2, says="found 2")


@case
def optimized_programs_are_saved():
    run(program(), "--compile-only", "--save-hlo=add.hlo")
    text = Path("add.hlo").read_text()
    check(text.startswith("HloModule add, ") and " add(" in text, text[:500])
    fails(5, "run", program(), "--compile-only", "--save-hlo=sim.hlo",
          f"--plugin={os.environ['PJRT_TEST_SIM']}",
          says="as HLO: HLO module: there is no computation")
    check(not Path("sim.hlo").exists(), "a failure left a file")
    run_fails(7, program(), "--compile-only", "--save-hlo=none/add.hlo",
              says="cannot write none/add.hlo")


@case
def saved_executables_run_and_are_guarded():
    model = program()
    run(model, "--compile-only", "--save-executable=net.exe")
    result = run("net.exe", *GOOD)
    check(result.stdout == "result[0]: 4xf32=11 22 33 44\n", describe(result))
    data = Path("net.exe").read_bytes()
    result = run("-", *GOOD, input=data)
    check("11 22 33 44" in result.stdout, describe(result))
    run_fails(2, "net.exe", *GOOD, "--replicas=2", says="compiled already")
    run_fails(2, "net.exe", *GOOD, "--compile-options=o.json",
              says="compiled already")
    for name, damaged in (("cut", data[:len(data) // 2]), ("head", data[:30]),
                          ("bit", data[:-1] + bytes([data[-1] ^ 1]))):
        Path(name).write_bytes(damaged)
        run_fails(3, name, *GOOD, says=f"cannot load {name}")
    other = os.environ.get("PJRT_TEST_PLUGIN_CPU_0_81")
    if other:
        fails(3, "run", "net.exe", *GOOD, f"--plugin={other}",
              says="another plugin")


@case
def xla_options_reach_the_compiler():
    model = program()
    run(model, *GOOD, "--xla-option=xla_cpu_enable_fast_math=true")
    run_fails(5, model, *GOOD, "--xla-option=xla_no_such_flag=true",
              says="xla_no_such_flag")
    run_fails(2, model, *GOOD, "--xla-option=x", says="--xla-option=x")


@case
def compile_options_come_from_a_file():
    model = program(identity("f32"))
    options = Path("options.json")
    options.write_text('{"executable_build_options": {"num_replicas": 2}}')
    given = "--compile-options=options.json"
    text = run(model, given, "--input=f32=7").stdout
    check(text.count("f32=7") == 2, text)
    text = run(model, given, "--device=3,1", "--input=f32=7").stdout
    check(text.count("f32=7") == 2, text)
    text = run(model, given, "--replicas=1", "--input=f32=7",
               "--xla-option=xla_cpu_enable_fast_math=true").stdout
    check(text == "result[0]: f32=7\n", text)
    run_fails(2, model, given, "--device=0", "--input=f32=7",
              says=["options.json", "2 replicas", "got 1"])
    run_fails(5, model, given, "--xla-option=xla_no_such_flag=true",
              "--input=f32=7", says="xla_no_such_flag")
    options.write_text('{"num_replicas": 2}')
    run_fails(3, model, given, "--input=f32=7",
              says=["options.json", "did you mean executable_build_options."])
    run_fails(3, model, "--compile-options=none.json", "--input=f32=7",
              says="none.json")


@case
def the_default_plugin_comes_from_the_environment():
    succeeds("run", program(), *GOOD, env={"PJRT_PLUGIN": cpu_plugin()})
    fails(4, "run", program(), *GOOD, env={"PJRT_PLUGIN": "/no/plugin.so"},
          says="/no/plugin.so")


# ---- bad models -------------------------------------------------------------


@case
def bad_models():
    Path("empty.mlir").write_bytes(b"")
    Path("zeros.mlir").write_bytes(bytes(1000))
    Path("array.npy").write_bytes(npy("<f4", [4], floats(1, 2, 3, 4)))
    Path("folder").mkdir()
    for name in ("missing.mlir", "empty.mlir", "zeros.mlir", "array.npy",
                 "folder"):
        run_fails(3, name, says=name)
    run_fails(3, "-", input=b"", says="stdin")


@case
def wrong_programs():
    bytecode = b"ML\xefR" + bytes(range(60))
    for name, text in {"garbage": b"hello world\n",
                       "dialect": b"module { \"foo.bar\"() : () -> () }\n",
                       "cut": ADD[:100].encode(),
                       "types": ADD.replace("tensor<4xf32>\n", "tensor<3xf32>\n"
                                            ).encode(),
                       "main": ADD.replace("@main", "@start").encode(),
                       "bytecode": bytecode}.items():
        Path(name).write_bytes(text)
        run_fails(5, name, *GOOD, says=f"cannot compile {name}")


@case
def unreadable_model():
    program()
    os.chmod("model.mlir", 0)
    run_fails(3, "model.mlir", **as_nobody(),
              says=["model.mlir", "Permission denied"])
    program(name="other.mlir")
    Path("x.npy").write_bytes(npy("<f4", [4], floats(1, 2, 3, 4)))
    os.chmod("x.npy", 0)
    run_fails(3, "other.mlir", "--input=@x.npy", **as_nobody(),
              says=["x.npy", "Permission denied"])


# ---- bad inputs -------------------------------------------------------------


@case
def inputs_that_do_not_fit():
    model = program()
    for arguments, says in [
            ((), ["expected 2 --input", "found 0"]),
            (GOOD[:1], ["expected 2 --input", "found 1"]),
            ((*GOOD, GOOD[0]), ["expected 2 --input", "found 3"]),
            ((GOOD[0], "--input=3xf32=1"), ["--input 1", "4xf32", "3xf32"]),
            ((GOOD[0], "--input=2x2xf32=1"), ["--input 1", "2x2xf32"]),
            ((GOOD[0], "--input=4xs32=1"), ["--input 1", "4xs32"]),
            ((GOOD[0], "--input=f32=1"), ["--input 1", "found f32"])]:
        run_fails(3, model, *arguments, says=says)


@case
def inputs_that_cannot_be_read_as_text():
    model = program()
    for text in ("", "4xf32=1,2,3", "4xf32=1,2,x,4", "4xf99=1", "-4xf32=1",
                 "4x=1", "4xtoken=1", "99999999999999999999xf32=1",
                 "9999999999xf64", "4xu8=256"):
        run_fails(3, model, f"--input={text}", says="--input 0")


def hostile_headers():
    data = floats(1, 2, 3, 4)
    good = npy("<f4", [4], data)
    yield "empty", b""
    yield "magic", good[:4]
    yield "header", good[:40]
    yield "data", good[:-1]
    yield "longer", good + b"x"
    yield "version", good[:6] + b"\x09\x00" + good[8:]
    yield "length", good[:8] + b"\xff\xff" + good[10:]
    yield "object", npy("|O", [4], data)
    yield "big_endian", npy(">f4", [4], data)
    yield "text_type", npy("<U4", [4], data)
    yield "negative", npy("<f4", [-4], data)
    yield "huge", npy("<f4", [1 << 62], data)
    yield "overflow", npy("<f4", [1 << 33, 1 << 33], data)
    yield "no_shape", npy("", [], data, header="{'descr': '<f4'}")
    yield "code", npy("", [], data, header="__import__('os').system('x')")
    yield "nested", npy("", [], data, header="{" * 50000)
    yield "nul", npy("", [], data, header="{'descr': '<f4\0'}")


@case
def hostile_npy_files():
    model = program()
    for name, content in hostile_headers():
        path = Path(f"{name}.npy")
        path.write_bytes(content)
        run_fails(3, model, f"--input=@{path}", GOOD[1], says=str(path))


@case
def files_that_are_no_arrays():
    model = program()
    Path("folder").mkdir()
    Path("short.bin").write_bytes(floats(1, 2, 3))
    Path("long.bin").write_bytes(floats(1, 2, 3, 4, 5))
    for text in ("@missing.npy", "@folder", "4xf32=@missing.bin",
                 "4xf32=@folder", "4xf32=@short.bin", "4xf32=@long.bin",
                 "nonsense=@short.bin", "@/dev/null"):
        run_fails(3, model, f"--input={text}", GOOD[1], says="--input 0")
    run_fails(3, model, *GOOD, "--expected-output=@missing.npy",
              says="--expected-output 0")


# ---- outputs that cannot be written -----------------------------------------


def listing():
    return sorted(os.listdir("."))


@case
def outputs_that_cannot_be_written():
    model = program()
    Path("folder").mkdir()
    before = listing()
    for target in ("folder", "missing/y.npy", "/dev/full"):
        run_fails(7, model, *GOOD, f"--output=@{target}", says=target)
        run_fails(7, model, "--compile-only", f"--save-executable={target}",
                  says=target)
    with open("/dev/full", "w") as full:
        run_fails(7, model, *GOOD, stdout=full, allow_output=True)
    check(listing() == before, f"left behind: {listing()}")
    run_fails(2, program(TWO_RESULTS, "two.mlir"), "--input=2xf32=1",
              "--output=@y.npy", says=["2 results", "found 1"])
    check(not Path("y.npy").exists(), "y.npy was written")


def limit_file_size():
    """No file may grow beyond this: as a full disk, but for one process."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))


@case
def a_full_disk_leaves_the_old_file():
    model = program(identity("4000xf32"))
    Path("y.npy").write_text("old")
    before = listing()
    run_fails(7, model, "--input=4000xf32=1", "--output=@y.npy", says="y.npy",
              preexec_fn=limit_file_size)
    check(Path("y.npy").read_text() == "old", "the old file is damaged")
    check(listing() == before, f"left behind: {listing()}")


@case
def no_output_when_execution_fails():
    run_fails(3, program(), GOOD[0], "--output=@y.npy")
    check(not Path("y.npy").exists(), "y.npy was written")


@case
def an_endless_program_is_ended_by_the_watchdog():
    result = run_fails(9, program(ENDLESS), "--input=f32=1", "--timeout=2",
                       says=["PJRT_LoadedExecutable_Execute", "2 s"])
    check(complaints(result), describe(result))


if __name__ == "__main__":
    sys.exit(main())
