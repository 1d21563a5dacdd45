#!/usr/bin/env python3
"""`pjrt bench`: what it measures, reports and refuses. How long anything takes
is not looked at, but for what must hold on every machine."""
import json
import sys
from pathlib import Path

from harness import (case, check, cpu_plugin, describe, fails, main,
                     succeeds)
from programs import ADD, ENDLESS, program

DONATES = """module @donates {
  func.func public @main(%a: tensor<4xf32> {tf.aliasing_output = 0 : i32})
      -> tensor<4xf32> {
    %0 = stablehlo.add %a, %a : tensor<4xf32>
    return %0 : tensor<4xf32>
  }
}
"""


def bench(*arguments, **options):
    return succeeds("bench", *arguments, f"--plugin={cpu_plugin()}", **options)


def bench_json(*arguments, **options):
    return json.loads(bench(*arguments, "--json", **options).stdout)


def bench_fails(status, *arguments, **options):
    return fails(status, "bench", *arguments, f"--plugin={cpu_plugin()}",
                 **options)


@case
def text_form():
    result = bench(program(), "--runs=20", "--warmup=3")
    labels = [line[:12].strip() for line in result.stdout.splitlines()]
    check(labels == ["compile", "upload", "run, min", "run, median",
                     "run, p90", "run, p99", "runs", "throughput"],
          describe(result))
    check("20, after 3 to warm up" in result.stdout, describe(result))
    check(not result.stderr, describe(result))


@case
def json_form():
    found = bench_json(program(), "--runs=50", "--in-flight=4")
    check(found["model"] == "model.mlir", found)
    check(found["plugin"] == str(cpu_plugin()), found)
    check(found["platform"] == "cpu", found)
    check(found["devices"] == [0] and found["in_flight"] == 4, found)
    check(found["runs"] == 50 and found["warmup"] == 10, found)
    times = found["run_ns"]
    check(0 < times["min"] <= times["median"] <= times["p90"]
          <= times["p99"] <= times["max"], times)
    check(times["min"] <= times["mean"] <= times["max"], times)
    check(found["compile_ns"] > 0 and found["runs_per_s"] > 0, found)


@case
def runs_are_those_asked_for():
    for runs in (1, 2, 7):
        for flights in (1, 3, 16):
            found = bench_json(program(), f"--runs={runs}",
                               f"--in-flight={flights}", "--warmup=0")
            check(found["runs"] == runs, found)


@case
def time_decides_without_runs():
    check(bench_json(program(), "--seconds=0")["runs"] == 1, "one at least")
    check(bench_json(program(), "--seconds=0.05")["runs"] > 1, "several")


@case
def inputs_are_zeros_or_given():
    bench(program(), "--runs=2", "--input=4xf32=1,2,3,4", "--input=4xf32=5")
    result = bench_fails(3, program(), "--input=4xf32=1")
    check("expected 2 --input for add, found 1" in result.stderr,
          describe(result))
    result = bench_fails(3, program(), "--input=3xf32=1", "--input=4xf32=1")
    check("expected 4xf32" in result.stderr, describe(result))


@case
def nothing_is_donated():
    bench(program(DONATES), "--runs=5")
    bench(program(DONATES), "--runs=5", "--transfers")


@case
def transfers():
    found = bench_json(program(), "--runs=5", "--transfers")
    check(found["transfers"] and found["runs"] == 5, found)


@case
def several_devices():
    found = bench_json(program(), "--replicas=2", "--runs=3",
                       "--client-option=cpu_device_count=2")
    check(found["devices"] == [0, 1], found)
    Path("two.json").write_text(
        '{"executable_build_options": {"num_replicas": 2}}')
    found = bench_json(program(), "--compile-options=two.json", "--runs=3",
                       "--client-option=cpu_device_count=2")
    check(found["devices"] == [0, 1], found)


@case
def saved_executables():
    model = program()
    succeeds("run", model, "--compile-only", "--save-executable=add.exe",
             f"--plugin={cpu_plugin()}")
    check(bench_json("add.exe", "--runs=3")["runs"] == 3, "saved")


@case
def wrong_use():
    model = program()
    for options, expected in (
            (["--in-flight=0"], "--in-flight wants 1 to 100000, not 0"),
            (["--in-flight=2", "--transfers"], "one run at a time"),
            (["--runs=x"], "--runs")):
        result = bench_fails(2, model, *options)
        check(expected in result.stderr, describe(result))
    bench_fails(3, "missing.mlir")
    Path("bad.mlir").write_text(ADD.replace("add %a", "sum %a"))
    bench_fails(5, "bad.mlir")


@case
def a_run_that_does_not_end():
    result = bench_fails(9, program(ENDLESS), "--timeout=2")
    check("did not return within 2 s" in result.stderr, describe(result))


@case
def many_runs_may_take_longer_than_one_call():
    found = bench_json(program(), "--seconds=1.5", "--timeout=1")
    check(found["runs"] > 0, found)


if __name__ == "__main__":
    sys.exit(main())
