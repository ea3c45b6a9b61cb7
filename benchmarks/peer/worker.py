# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Measures one implementation in a process of its own: `python -m peer.worker`.

Reads FOLDER/q.npy, k.npy, v.npy and, for the gradient, dout.npy; writes the times to
FOLDER/run.json and, with --save, the results to FOLDER/out.npy, dq.npy, dk.npy and dv.npy.
"""

from __future__ import annotations

import argparse
import ctypes
import importlib
import json
import math
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from peer.case import CASES

NAMES = ("out", "dq", "dk", "dv")


def resident(name: str) -> int:
    """VmRSS or, the most since `reset_peak`, VmHWM in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith(name))


def reset_peak() -> None:
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")


def seconds_of(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def measure(
    calls: dict[str, Callable[..., Any]], inputs: list[Any], repeat: int, limit: float
) -> tuple[dict[str, Any], Any]:
    """Times of the fastest of the calls, at most `repeat` and for at most about `limit` seconds."""
    first = {name: seconds_of(lambda: calls[name](*inputs)) for name in calls}
    if len(calls) == 1:
        (chosen,) = calls
    else:
        chosen = min(calls, key=lambda name: seconds_of(lambda: calls[name](*inputs)))
    reset_peak()
    before, seconds, results = resident("VmRSS"), [], None
    while len(seconds) < repeat and (not seconds or sum(seconds) < limit):
        results = None
        start = time.perf_counter()
        results = calls[chosen](*inputs)
        seconds.append(time.perf_counter() - start)
    size = sum(math.prod(x.shape) * x.dtype.itemsize for x in results)
    return {
        "variant": chosen,
        "seconds": seconds,
        "peak_memory_bytes": max(0, resident("VmHWM") - before - size),
        "compile_seconds": max(0.0, first[chosen] - statistics.median(seconds)),
    }, results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("implementation", help="a module of this package")
    parser.add_argument("case", choices=[case.name for case in CASES])
    parser.add_argument("--small", action="store_true", help="the case's small version")
    parser.add_argument("--dtype", choices=("f32", "bf16"), default="f32")
    parser.add_argument("--gradient", action="store_true")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--limit", type=float, default=math.inf, metavar="SECONDS")
    parser.add_argument("--save", action="store_true")
    parser.add_argument("--folder", type=Path, default=Path())
    arguments = parser.parse_args()
    case = next(case for case in CASES if case.name == arguments.case)
    if arguments.small:
        case = case.small()
    module = importlib.import_module(f"peer.{arguments.implementation}")
    names = ("q", "k", "v", "dout")[: 3 + arguments.gradient]
    arrays = [np.load(arguments.folder / f"{name}.npy")[0] for name in names]
    inputs = module.prepare(arrays, arguments.dtype)
    del arrays
    calls = module.calls(case, arguments.gradient)
    run, results = measure(calls, inputs, arguments.repeat, arguments.limit)
    (arguments.folder / "run.json").write_text(json.dumps(run))
    if arguments.save:
        for name, result in zip(NAMES, results):
            np.save(arguments.folder / f"{name}.npy", module.to_numpy(result)[None])


if __name__ == "__main__":
    main()
