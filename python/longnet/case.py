# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A test case: one attention with inputs, expected result and `longnet-run` command line."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from longnet.pattern import HeadOffset, Pattern
from longnet.precision import Comparison, compare_arrays, round_to
from longnet.problem import Options
from longnet.reference import forward

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Case:
    """One attention. q, k and v are rounded to `dtype`; float64 holds f64, float32 the others."""

    name: str
    pattern: Pattern
    q: NDArray[np.floating] = field(repr=False)
    k: NDArray[np.floating] = field(repr=False)
    v: NDArray[np.floating] = field(repr=False)
    dtype: str = "f32"
    causal: bool = False
    scale: float | None = None
    query_offset: int = 0
    kv_lengths: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        for name in ("q", "k", "v"):
            object.__setattr__(self, name, round_to(getattr(self, name), self.dtype))

    @property
    def options(self) -> Options:
        """Keyword arguments of `forward` and the other functions of the reference."""
        return Options(
            causal=self.causal,
            scale=self.scale,
            query_offset=self.query_offset,
            kv_lengths=self.kv_lengths,
        )

    @cached_property
    def expected(self) -> tuple[Array, Array]:
        """out and lse in float64, from the rounded inputs."""
        return forward(self.q, self.k, self.v, self.pattern, **self.options)

    def __str__(self) -> str:
        shapes = "q {} k {} v {}".format(
            *("x".join(map(str, array.shape)) for array in (self.q, self.k, self.v))
        )
        return f"{self.name}: {self.pattern} {self.dtype} {shapes}"


def compare(
    case: Case, out: ArrayLike, lse: ArrayLike, *, where: NDArray[np.bool_] | None = None
) -> Comparison:
    """Compares a result with what the case expects, in the rows of `where` [B, Hq, Nq] if given."""
    return compare_arrays(out, lse, *case.expected, case.dtype, where=where)


def _head_offset(pattern: Pattern) -> HeadOffset:
    offsets = {branch.head_offset for branch in pattern.branches}
    if len(offsets) > 1:
        raise ValueError(
            "pattern: expected one head offset for all branches on a command line, "
            f"got {len(offsets)} different ones"
        )
    return offsets.pop()


def save_case(case: Case, directory: str | Path) -> list[str]:
    """Writes the inputs into `directory` and returns the arguments for `longnet-run`.

    They make it write out.npy and lse.npy there.
    """
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    offset = _head_offset(case.pattern)
    text = offset if isinstance(offset, str) else "/".join(map(str, offset))
    arguments = [
        f"--pattern={case.pattern}",
        f"--head-offset={text}",
        f"--padding={case.pattern.padding}",
        f"--dtype={case.dtype}",
    ]
    if case.causal:
        arguments.append("--causal")
    if case.scale is not None:
        arguments.append(f"--scale={case.scale!r}")
    if case.query_offset:
        arguments.append(f"--query-offset={case.query_offset}")
    if case.kv_lengths is not None:
        path = directory / "kv_lengths.npy"
        np.save(path, case.kv_lengths)
        arguments.append(f"--kv-lengths={path}")
    for name, array in (("q", case.q), ("k", case.k), ("v", case.v)):
        path = directory / f"{name}.npy"
        np.save(path, array)
        arguments.append(f"--input={path}")
    return [*arguments, f"--output={directory / 'out.npy'}", f"--output={directory / 'lse.npy'}"]
