# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A test case: one attention with inputs, expected results and `longnet-run` command lines."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from longnet.pattern import HeadOffset, Pattern
from longnet.precision import (
    Comparison,
    GradientComparison,
    compare_arrays,
    compare_gradient,
    gradient_tolerance,
    round_to,
)
from longnet.problem import Options
from longnet.reference import backward, forward

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

    @cached_property
    def dout(self) -> NDArray[np.floating]:
        """A gradient of out, rounded like the inputs: the same for the same shape and type."""
        shape = (*self.q.shape[:3], self.v.shape[3])
        return round_to(np.random.default_rng([2, *shape]).standard_normal(shape), self.dtype)

    def expected_gradients(self, detached: bool = False) -> tuple[Array, Array, Array]:
        """dq, dk and dv in float64, from the rounded inputs and dout."""
        return self._gradients(detached)

    # Many results are compared with those of the last case, exact and detached.
    @lru_cache(maxsize=2)
    def _gradients(self, detached: bool) -> tuple[Array, Array, Array]:
        return backward(
            self.dout, self.q, self.k, self.v, self.pattern, detached=detached, **self.options
        )

    def in_type(self, dtype: str) -> Case:
        """The same numbers in a type that holds them: the reference need not run again.

        f16 holds those of bf16 up to 2^-25, which its tolerances do not see.
        """
        other = replace(self, dtype=dtype)
        vars(other).update(
            dout=round_to(self.dout, dtype),
            expected=self.expected,
            expected_gradients=self.expected_gradients,
        )
        return other

    def __str__(self) -> str:
        shapes = "q {} k {} v {}".format(
            *("x".join(map(str, array.shape)) for array in (self.q, self.k, self.v))
        )
        return f"{self.name}: {self.pattern} {self.dtype} {shapes}"


def compare(
    case: Case,
    out: ArrayLike,
    lse: ArrayLike,
    *,
    where: NDArray[np.bool_] | None = None,
    tiles: bool = False,
) -> Comparison:
    """Compares a result with what the case expects, in the rows of `where` [B, Hq, Nq] if given.

    `tiles` allows for what AMX does (see `longnet.precision`).
    """
    return compare_arrays(out, lse, *case.expected, case.dtype, where=where, tiles=tiles)


def _scale(case: Case) -> float:
    return abs(case.q.shape[3] ** -0.5 if case.scale is None else case.scale)


def _largest_term(case: Case, other: NDArray[np.floating]) -> float:
    """A bound of scale P (dP - delta) times an element of `other`, k in dq and q in dk."""
    norms = (
        np.linalg.norm(rows.astype(np.float64), axis=-1).max(initial=0.0)
        for rows in (case.dout, case.v)
    )
    return float(_scale(case) * math.prod(norms) * np.abs(other).max(initial=0.0))


def _largest_delta(case: Case, other: NDArray[np.floating]) -> float:
    """What the rounding of out makes of delta = dout . out, and that of an element of a gradient."""
    out = case.expected[0]
    delta = (case.dout * (round_to(out, case.dtype) - out)).sum(axis=-1)
    return float(_scale(case) * np.abs(delta).max(initial=0.0) * np.abs(other).max(initial=0.0))


def compare_gradients(
    case: Case,
    dq: ArrayLike,
    dk: ArrayLike,
    dv: ArrayLike,
    *,
    detached: bool = False,
    tiles: bool = False,
) -> GradientComparison:
    """Compares gradients for `case.dout` with what the case expects; `tiles` as in `compare`."""
    expected = case.expected_gradients(detached)
    lse = case.expected[1]
    empty = lse == -np.inf
    largest_lse = float(np.abs(lse[~empty]).max(initial=0.0))
    terms = _largest_term(case, case.k), _largest_term(case, case.q), 0.0
    deltas = _largest_delta(case, case.k), _largest_delta(case, case.q), 0.0
    errors = tuple(
        compare_gradient(
            name,
            got,
            want,
            gradient_tolerance(
                case.dtype,
                float(np.abs(want).max(initial=0.0)),
                largest_term=term,
                largest_lse=largest_lse,
                largest_delta=delta,
                tiles=tiles,
            ),
        )
        for name, got, want, term, delta in zip(
            ("dq", "dk", "dv"), (dq, dk, dv), expected, terms, deltas, strict=True
        )
    )
    return GradientComparison(
        errors=errors, empty_mismatches=int((empty & (np.asarray(dq) != 0).any(axis=-1)).sum())
    )


def _head_offset(pattern: Pattern) -> HeadOffset:
    offsets = {branch.head_offset for branch in pattern.branches}
    if len(offsets) > 1:
        raise ValueError(
            "pattern: expected one head offset for all branches on a command line, "
            f"got {len(offsets)} different ones"
        )
    return offsets.pop()


def save_case(
    case: Case, directory: str | Path, *, gradients: bool = False, detached: bool = False
) -> list[str]:
    """Writes the inputs into `directory` and returns the arguments for `longnet-run`.

    They make it write out.npy and lse.npy there, or with `gradients` dq.npy, dk.npy and dv.npy for
    the gradient `case.dout`, which `detached` chooses the kind of (see `longnet.backward`).
    """
    if gradients and not case.pattern.is_aligned:
        raise ValueError(
            "pattern: expected dilations that divide their segments for gradients with torchscale "
            f"padding, got {case.pattern}"
        )
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
    inputs, outputs = {"q": case.q, "k": case.k, "v": case.v}, ("out", "lse")
    if gradients:
        arguments.append("--grad=detached" if detached else "--grad")
        inputs["dout"], outputs = case.dout, ("dq", "dk", "dv")
    for name, array in inputs.items():
        path = directory / f"{name}.npy"
        np.save(path, array)
        arguments.append(f"--input={path}")
    return [*arguments, *(f"--output={directory / name}.npy" for name in outputs)]
