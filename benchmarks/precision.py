# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Measures how exact the generated code is: attention and gradient of every type against float64.

    scripts/build.sh && PYTHONPATH=python .venv/bin/python benchmarks/precision.py

Errors are the largest and the root mean square over all elements, both divided by the largest value
expected. Inputs are rounded to the type first, so what they lose by that does not count.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from longnet.cases import Case, save_case
from longnet.pattern import Pattern

ROOT = Path(__file__).resolve().parent.parent


def run(case: Case, products: str, gradients: bool) -> list[np.ndarray]:
    with tempfile.TemporaryDirectory() as folder:
        arguments = [*save_case(case, folder, gradients=gradients), f"--f32-products={products}"]
        subprocess.run([ROOT / "build/bin/longnet-run", *arguments], check=True)
        names = ("dq", "dk", "dv") if gradients else ("out",)
        return [np.load(f"{folder}/{name}.npy") for name in names]


def main() -> int:
    pattern = Pattern.parse("512:1,1024:2,2048:4")
    print(f"pattern {pattern}, causal, 2048 tokens, 2 heads of dimension 64, normal inputs")
    print(
        f"{'type':11} {'scores':>7}  "
        + "  ".join(f"{n + ' max':>9} {n + ' rms':>9}" for n in ("out", "dq", "dk", "dv"))
    )
    ways = [("f64", "fma"), ("f32", "fma"), ("bf16", "fma"), ("f16", "fma")]
    if "avx512_bf16" in Path("/proc/cpuinfo").read_text():
        ways[2:2] = [("f32", "bf16x6"), ("f32", "bf16x3")]
    for dtype, products in ways:
        for size in (1.0, 4.0):
            q, k, v = np.random.default_rng(0).normal(size=(3, 1, 2, 2048, 64))
            case = Case("precision", pattern, size * q, size * k, v, dtype, causal=True)
            got = run(case, products, gradients=False) + run(case, products, gradients=True)
            expected = [case.expected[0], *case.expected_gradients()]
            errors = []
            for ours, exact in zip(got, expected, strict=True):
                difference = np.abs(ours - exact) / np.abs(exact).max()
                errors.append(f"{difference.max():9.1e} {np.sqrt((difference**2).mean()):9.1e}")
            largest = np.abs(np.einsum("bhid,bhjd->bhij", case.q, case.k)).max() / 8
            name = dtype if products == "fma" else f"{dtype} {products}"
            print(f"{name:11} {largest:7.0f}  " + "  ".join(errors), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
