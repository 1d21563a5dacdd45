#!/usr/bin/env python3
"""`pjrt compile`: a model for a machine that is not there. The simulated plugin
compiles and runs; libtpu and the CUDA plugin compile."""
import os
import shutil
import sys
from pathlib import Path

from harness import (SOURCE, Skip, case, check, complaints, describe, fails,
                     main, pjrt, succeeds)
from programs import ADD, program

GOOD = ("--input=4xf32=1,2,3,4", "--input=4xf32=10")
SUM = "4xf32=11 12 13 14\n"
H100 = ("--target=cuda", "--topology-option=topology=1x1x1",
        f"--topology-option=target_config=@{SOURCE}/tests/data/targets/"
        "h100.txtpb")


def fetched(variable):
    path = os.environ.get(variable)
    if not path:
        raise Skip(f"{variable} is not set: the plugin is not fetched")
    return path


def sim():
    return fetched("PJRT_TEST_SIM")


def compile_sim(*arguments, **options):
    return succeeds("compile", *arguments, f"--plugin={sim()}", **options)


def compile_fails(status, *arguments, **options):
    return fails(status, "compile", *arguments, f"--plugin={sim()}",
                 **options)


@case
def compiled_programs_run():
    done = compile_sim(program(), "--target=sim:4x1x1", "--output=add.exe")
    check(not done.stdout and not done.stderr, describe(done))
    done = succeeds("run", "add.exe", *GOOD, f"--plugin={sim()}")
    check(done.stdout == "result[0]: " + SUM, describe(done))


@case
def several_devices():
    compile_sim(program(), "--target=sim:4x1x1", "--replicas=2",
                "--device=3,1", "--output=add.exe")
    done = succeeds("run", "add.exe", *GOOD, f"--plugin={sim()}")
    check(done.stdout == f"device[0] result[0]: {SUM}device[1] result[0]: "
          f"{SUM}", describe(done))


@case
def model_from_stdin():
    compile_sim("-", "--target=sim:1x1x1", "--output=add.exe",
                input=ADD.encode())
    check(Path("add.exe").stat().st_size > 0, "nothing was written")


@case
def topology_options():
    compile_sim(program(), "--target=sim", "--topology-option=devices=3",
                "--replicas=3", "--output=add.exe")
    Path("mesh").write_text("2x2x1")
    compile_sim("model.mlir", "--target=sim", "--topology-option=devices=4",
                "--topology-option=mesh=@mesh", "--output=add.exe")
    compile_fails(4, "model.mlir", "--target=sim",
                  "--topology-option=no_such=1", "--output=x",
                  says="no_such")
    compile_fails(3, "model.mlir", "--target=sim",
                  "--topology-option=mesh=@no-file", "--output=x",
                  says=["no-file", "No such file"])
    compile_fails(2, "model.mlir", "--target=sim", "--topology-option=mesh",
                  "--output=x", says="--topology-option=mesh")
    check(not Path("x").exists(), "a failure left a file")


@case
def usage():
    model = program()
    compile_fails(2, model, "--output=x", says="--target is missing")
    compile_fails(2, model, "--target=sim", says="--output is missing")
    compile_fails(2, "--target=sim", "--output=x", says="MODEL is missing")
    compile_fails(2, model, "--target=sim", "--output=x", "--replicas=0",
                  says="--replicas wants at least 1")


@case
def bad_targets():
    model = program()
    compile_fails(4, model, "--target=sim:nonsense", "--output=x",
                  says=["sim:nonsense", "'nonsense'"])
    compile_fails(4, model, "--target=tpu:2x1x1", "--output=x",
                  says=["platform sim", "--target=tpu:2x1x1"])
    compile_fails(5, model, "--target=sim:2x1x1", "--replicas=3",
                  "--output=x", says="the topology has 2")
    fails(4, "compile", model, "--target=nowhere:2x2", "--output=x",
          says="nowhere")


@case
def bad_models():
    compile_fails(5, program("func.func @main("), "--target=sim",
                  "--output=x", says="cannot compile model.mlir")
    compile_fails(3, "no-such.mlir", "--target=sim", "--output=x",
                  says="no-such.mlir")
    compile_sim(program(), "--target=sim", "--output=add.exe")
    compile_fails(3, "add.exe", "--target=sim", "--output=x",
                  says="is compiled already")
    compile_fails(7, "model.mlir", "--target=sim", "--output=no/folder/x",
                  says="no/folder/x")


@case
def cpu_plugin_describes_no_machine():
    fails(4, "compile", program(), "--target=cpu", "--output=x",
          f"--plugin={fetched('PJRT_TEST_PLUGIN_CPU')}",
          says="Topology not supported for CPU")


@case
def for_a_tpu():
    plugin = fetched("PJRT_TEST_PLUGIN_TPU")
    succeeds("compile", program(), "--target=tpu:v5e:2x2",
             f"--plugin={plugin}", "--output=add.exe", "--save-hlo=add.hlo")
    check(Path("add.exe").read_bytes()[1:4] == b"PJR", "no executable")
    text = Path("add.hlo").read_text()
    check(text.startswith("HloModule add, ") and "ENTRY %main" in text and
          "f32[4]{0:T(128)}" in text, text[:500])
    fails(4, "compile", "model.mlir", "--target=tpu:v9:2x2", "--output=x",
          f"--plugin={plugin}", says="tpu:v9:2x2")
    # Another plugin says whose it is.
    fails(3, "run", "add.exe", *GOOD, f"--plugin={sim()}",
          says="another plugin (platform tpu")


@case
def for_an_h100():
    plugin = fetched("PJRT_TEST_PLUGIN_CUDA")
    path = fetched("PJRT_TEST_REF_PTXAS")
    if Path("/usr/local/cuda/bin/ptxas").exists():
        raise Skip("there is a ptxas in /usr/local/cuda")
    done = pjrt("compile", program(), *H100, f"--plugin={plugin}",
                "--output=add.exe")
    check(done.returncode == 5 and "ptxas" in complaints(done)[0],
          describe(done))
    check(not Path("add.exe").exists(), "a failure left a file")
    Path("bin").mkdir()
    shutil.copy(path, "bin/ptxas")
    Path("bin/ptxas").chmod(0o755)
    succeeds("compile", "model.mlir", *H100, f"--plugin={plugin}",
             "--output=add.exe",
             env={"PATH": f"{os.getcwd()}/bin:/usr/bin:/bin"})
    check(Path("add.exe").stat().st_size > 1000, "nothing was written")


if __name__ == "__main__":
    sys.exit(main())
