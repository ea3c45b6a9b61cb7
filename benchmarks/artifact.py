# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Measures a compiled library beside `longnet-run`: the same code, so the same speed and bits.

Bits of out and dq are compared here, all others in `test_shared_library_gives_the_same_bits`.

    scripts/build.sh && PYTHONPATH=python .venv/bin/python benchmarks/artifact.py

Every configuration is compiled by `longnet-compile` and called from Python through its C function,
in turn with `longnet-run --repeat`. Writes `benchmarks/results/artifact-<processor>.json`.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from cpu import PAPER, ROOT, Measurement, input_files, machine, run_once

from longnet.precision import from_storage, to_storage

# Codes of DLPack for floats and bfloats.
FLOAT, BFLOAT = 2, 4


class DLTensor(ctypes.Structure):
    """A tensor as the generated functions take it; see the header of a library."""

    _fields_ = [
        ("data", ctypes.c_void_p),
        ("device_type", ctypes.c_int32),
        ("device_id", ctypes.c_int32),
        ("ndim", ctypes.c_int32),
        ("code", ctypes.c_uint8),
        ("bits", ctypes.c_uint8),
        ("lanes", ctypes.c_uint16),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    ]

    @classmethod
    def of(cls, array: np.ndarray) -> DLTensor:
        """`array`, which must outlive the tensor; 16-bit integers are taken for bf16."""
        code = BFLOAT if array.dtype == np.uint16 else FLOAT
        shape = (ctypes.c_int64 * array.ndim)(*array.shape)
        on_cpu = 1
        bits = 8 * array.itemsize
        return cls(array.ctypes.data, on_cpu, 0, array.ndim, code, bits, 1, shape, None, 0)


class Library:
    """The compiled attention, or its gradient, on the inputs that `longnet-run` gets."""

    def __init__(self, what: Measurement, folder: Path) -> None:
        path = folder / f"{what.name.replace(' ', '-')}.so"
        command = [ROOT / "build/bin/longnet-compile", f"--pattern={what.pattern}", "-o", path]
        command += [f"--head-dim={what.head_dim}", f"--dtype={what.dtype}"]
        command += ["--causal"] * what.causal + ["--grad"] * what.gradient
        subprocess.run(command, check=True)
        library = ctypes.CDLL(path)
        self.function = library.attention_grad if what.gradient else library.attention
        arrays = [to_storage(np.load(file), what.dtype) for file in input_files(what, folder)]
        self.results = [np.empty_like(arrays[0]) for _ in range(3 if what.gradient else 1)]
        lse = [] if what.gradient else [np.empty(arrays[0].shape[:3], np.float32)]
        self.arrays = arrays + self.results + lse
        self.tensors = [DLTensor.of(array) for array in self.arrays]

    def call(self) -> float:
        """Seconds of a call."""
        begin = time.perf_counter()
        code = self.function(*map(ctypes.byref, self.tensors))
        seconds = time.perf_counter() - begin
        if code != 0:
            raise RuntimeError(f"the library returns {code}")
        return seconds

    def first_result(self) -> np.ndarray:
        return from_storage(self.results[0])


def measurements() -> list[Measurement]:
    return [
        Measurement(
            f"{name} {dtype} D={dim}{' with gradient' if gradient else ''}",
            pattern,
            tokens,
            heads,
            dim,
            dtype=dtype,
            threads=os.cpu_count(),
            gradient=gradient,
        )
        for name, pattern, tokens, heads in (("dense", "8192:1", 8192, 2), ("P", PAPER, 32768, 2))
        for dtype in ("f32", "bf16")
        for dim in (64, 128)
        for gradient in (False, True)
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds")
    parser.add_argument("--output", type=Path, help="the JSON file")
    arguments = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = str(os.cpu_count())
    runs: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for what in measurements():
            library = Library(what, folder)
            library.call()
            seconds: dict[str, list[float]] = {"longnet-run": [], "library": []}
            for _ in range(arguments.rounds):
                seconds["longnet-run"] += run_once(what, folder, 1)["seconds"][:3]
                seconds["library"] += [library.call() for _ in range(3)]
            same = np.array_equal(np.load(folder / "out.npy"), library.first_result())
            median = {which: statistics.median(times) for which, times in seconds.items()}
            ratio = median["library"] / median["longnet-run"]
            runs.append({**what.__dict__, "seconds": seconds, "same_bits": same, "ratio": ratio})
            print(
                f"{what.name:32} longnet-run {median['longnet-run']:7.3f} s  library"
                f" {median['library']:7.3f} s  {ratio:5.2f}  {'same' if same else 'OTHER'} bits"
            )
    report = {"machine": machine(), "runs": runs}
    report["median_ratio"] = statistics.median(run["ratio"] for run in runs)
    output = arguments.output or (
        ROOT / f"benchmarks/results/artifact-{report['machine']['llvm_cpu']}.json"
    )
    output.write_text(json.dumps(report, indent=1) + "\n")
    print(f"library over longnet-run, median: {report['median_ratio']:.3f}; wrote {output}")
    return 0 if all(run["same_bits"] for run in runs) else 1


if __name__ == "__main__":
    sys.exit(main())
