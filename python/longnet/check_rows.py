# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks sampled rows of an attention over a sequence too long to be computed in float64.

    python -m longnet.check_rows --pattern=2048:1,4096:2 --causal --samples=64 \\
        --input=q.npy --input=k.npy --input=v.npy --output=out.npy --output=lse.npy

takes the options of `longnet-run`, computes the sampled rows exactly and prints the largest errors.
The exit status is 1 if one is beyond the tolerance of the element type.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any, Unpack

import numpy as np
from numpy.typing import NDArray

from longnet.options import add_pattern_options, pattern_of, run_main
from longnet.pattern import Pattern
from longnet.precision import DTYPES, Comparison, compare_arrays, round_to
from longnet.problem import Options, check_problem
from longnet.reference import rows


class _Rounded:
    """Rounds what is read of an array, which may be a memory map, to an element type."""

    def __init__(self, array: NDArray[Any], dtype: str) -> None:
        self._array, self._dtype = array, dtype

    @property
    def shape(self) -> tuple[int, ...]:
        return self._array.shape

    def __getitem__(self, index: Any, /) -> NDArray[Any]:
        return round_to(self._array[index], self._dtype)


def check_rows(
    q: NDArray[Any],
    k: NDArray[Any],
    v: NDArray[Any],
    out: NDArray[Any],
    lse: NDArray[Any],
    pattern: Pattern,
    *,
    samples: int = 64,
    seed: int = 0,
    dtype: str = "f32",
    **options: Unpack[Options],
) -> Comparison:
    """Compares the first, the last and `samples` random rows of all heads with exact ones.

    q, k and v are rounded to `dtype` first, as the computation did. The tolerance is relative to
    the largest output of the sampled rows. Raises ValueError where shapes or options do not fit.
    """
    problem = check_problem(q.shape, k.shape, v.shape, pattern, **options)
    size = q.shape[:3]
    for name, array, shape in (("out", out, (*size, problem.value_dim)), ("lse", lse, size)):
        if array.shape != shape:
            raise ValueError(f"{name}: expected shape {shape}, got {array.shape}")
    if samples < 0:
        raise ValueError(f"samples: expected an integer >= 0, got {samples}")
    total = int(np.prod(size))
    drawn = np.random.default_rng(seed).integers(total, size=samples) if total else ()
    chosen = sorted({0, total - 1, *map(int, drawn)}) if total else []
    at = np.array(np.unravel_index(chosen, size), dtype=np.int64)
    expected_out = np.empty((len(chosen), problem.value_dim))
    expected_lse = np.empty(len(chosen))
    q_source, k_source, v_source = (_Rounded(array, dtype) for array in (q, k, v))
    for i, (batch, head, row) in enumerate(at.T.tolist()):
        row_out, row_lse = rows(
            q_source, k_source, v_source, pattern, batch, head, [row], **options
        )
        expected_out[i], expected_lse[i] = row_out[0], row_lse[0]
    picked = tuple(at)
    # Nothing tells on what processor the result was computed.
    return compare_arrays(out[picked], lse[picked], expected_out, expected_lse, dtype, tiles=True)


def _main(arguments: argparse.Namespace) -> int:
    for name, paths, count in (
        ("--input", arguments.input, 3),
        ("--output", arguments.output, 2),
    ):
        if len(paths) != count:
            raise ValueError(f"{name}: expected {count} files, got {len(paths)}")
    q, k, v, out, lse = (
        np.load(path, mmap_mode="r") for path in (*arguments.input, *arguments.output)
    )
    comparison = check_rows(
        q,
        k,
        v,
        out,
        lse,
        pattern_of(arguments),
        samples=arguments.samples,
        seed=arguments.seed,
        dtype=arguments.dtype,
        causal=arguments.causal,
        scale=arguments.scale,
        query_offset=arguments.query_offset,
        kv_lengths=None if arguments.kv_lengths is None else np.load(arguments.kv_lengths),
    )
    print(comparison)
    return 0 if comparison.ok else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m longnet.check_rows",
        description="Check sampled rows of a dilated attention against float64.",
    )
    add_pattern_options(parser)
    parser.add_argument("--scale", type=float, help="factor of the scores (1 / sqrt(D))")
    parser.add_argument("--query-offset", type=int, default=0, metavar="N")
    parser.add_argument("--kv-lengths", metavar="L.npy")
    parser.add_argument("--dtype", choices=DTYPES, default="f32", help="element type computed in")
    parser.add_argument("--samples", type=int, default=64, metavar="N", help="random rows to check")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--input", action="append", required=True, metavar="FILE", help="q.npy, k.npy and v.npy"
    )
    parser.add_argument(
        "--output", action="append", required=True, metavar="FILE", help="out.npy and lse.npy"
    )
    return parser


if __name__ == "__main__":
    sys.exit(run_main(_parser(), _main))
