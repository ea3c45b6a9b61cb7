# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Element types, rounding to them, and how far a result may be from the float64 reference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from longnet.problem import as_float64

Array = NDArray[np.float64]

DTYPES = ("f32", "f64", "bf16", "f16")

# The distance from 1 to the next larger number.
EPSILON = {"f64": 2.0**-52, "f32": 2.0**-23, "bf16": 2.0**-7, "f16": 2.0**-10}


def check_dtype(dtype: str) -> None:
    if dtype not in DTYPES:
        raise ValueError(f"dtype: expected one of {', '.join(DTYPES)}, got {dtype!r}")


def round_to(values: ArrayLike, dtype: str) -> NDArray[np.floating]:
    """`values` rounded to nearest even, in float64 for f64 and in float32 for all others."""
    check_dtype(dtype)
    if dtype == "f64":
        return np.asarray(values, dtype=np.float64)
    single = np.array(values, dtype=np.float32)
    if dtype == "f16":
        with np.errstate(over="ignore"):
            return single.astype(np.float16).astype(np.float32)
    if dtype == "bf16":
        bits = single.view(np.uint32)
        rounded = (bits + (0x7FFF + ((bits >> 16) & 1))) & np.uint32(0xFFFF0000)
        # Adding to the bits of a NaN could turn it into an infinity or a zero.
        return np.where(np.isnan(single), single, rounded.view(np.float32))
    return single


def to_storage(values: ArrayLike, dtype: str) -> NDArray[np.generic]:
    """`values` as they lie in memory, rounded; bf16 as the upper halves of f32."""
    rounded = round_to(values, dtype)
    if dtype == "bf16":
        return (rounded.view(np.uint32) >> 16).astype(np.uint16)
    return rounded.astype({"f16": np.float16}.get(dtype, rounded.dtype))


def from_storage(array: NDArray[np.generic]) -> NDArray[np.floating]:
    """The values of what `to_storage` made, in float32 or float64."""
    if array.dtype == np.uint16:
        return (array.astype(np.uint32) << 16).view(np.float32)
    return array.astype(np.promote_types(array.dtype, np.float32))


# Tolerances in units of EPSILON. Those of 16 bits are about twice the errors seen in 100 random
# cases and the configurations, computed in f32 and rounded once, by half a unit: 0.44 units of out,
# in the gradient 1.05 of bf16 and 0.78 of f16, most of it from the rounding of out. PyTorch's
# autograd of bf16, which rounds out, weights, their derivatives and every sum of branches, comes to
# 0.93 in fewer cases. Weights of bf16 between contractions may add half a unit.
OUT_UNITS = {"f32": 32, "bf16": 1.25, "f16": 1}
GRADIENT_UNITS = {"f64": 128, "f32": 128, "bf16": 2, "f16": 1.5}


# What more is allowed of bf16 on `tiles`, AMX, in out and in the gradient: the forward pass has
# less exact weights there, which tell in lse and delta as well.
TILE_UNITS = 1


def _more_units(dtype: str, tiles: bool) -> float:
    return TILE_UNITS if tiles and dtype == "bf16" else 0


def out_tolerance(dtype: str, largest: float, *, tiles: bool = False) -> float:
    """Largest allowed |error| of an output; `largest` is the largest |output| expected."""
    if dtype == "f64":
        return 1e-12 * max(1.0, largest)
    return (OUT_UNITS[dtype] + _more_units(dtype, tiles)) * EPSILON[dtype] * largest


def lse_tolerance(dtype: str, *, tiles: bool = False) -> float:
    """Largest allowed |error| of an lse, divided by max(1, |lse|); lse is f32, f64 for f64.

    Of bf16 on `tiles`, AMX, weights are rounded to bf16 before they are added up.
    """
    if dtype == "f64":
        return 1e-12
    return EPSILON["bf16"] if tiles and dtype == "bf16" else 32 * EPSILON["f32"]


def gradient_tolerance(
    dtype: str,
    largest: float,
    *,
    largest_term: float = 0.0,
    largest_lse: float = 0.0,
    largest_delta: float = 0.0,
    tiles: bool = False,
) -> float:
    """Largest allowed |error| of a gradient whose largest expected |value| is `largest`.

    Three errors may be larger. exp(x - lse) is as exact as the rounding of lse to its type, which
    tells for an lse of hundreds (largest_lse). What cancels to nothing, such as the dq of a query
    with one key, leaves the rounding of its terms (largest_term). And delta = dout . out takes out
    as it was saved, rounded to the type (largest_delta).
    """
    accumulation = EPSILON["f64" if dtype == "f64" else "f32"]
    units = GRADIENT_UNITS[dtype] + _more_units(dtype, tiles)
    return max(
        units * EPSILON[dtype] * largest,
        2 * accumulation * largest_lse * largest,
        accumulation * largest_term,
        2 * largest_delta,
    )


@dataclass(frozen=True)
class Comparison:
    """Errors of (out, lse) against the reference. `ok` where all of them are tolerable.

    The indices say where the errors are largest; lse_error is relative to max(1, |lse|).
    empty_mismatches counts the rows where only one side has lse -inf, or where a row without keys
    is not exactly 0.
    """

    out_error: float
    out_limit: float
    out_index: tuple[int, ...]
    lse_error: float
    lse_limit: float
    lse_index: tuple[int, ...]
    empty_mismatches: int

    @property
    def ok(self) -> bool:
        return (
            self.out_error <= self.out_limit
            and self.lse_error <= self.lse_limit
            and not self.empty_mismatches
        )

    def __str__(self) -> str:
        return (
            f"{'ok' if self.ok else 'MISMATCH'}: "
            f"out error {self.out_error:.3g} (limit {self.out_limit:.3g}) at {self.out_index}, "
            f"lse error {self.lse_error:.3g} (limit {self.lse_limit:.3g}) at {self.lse_index}, "
            f"{self.empty_mismatches} rows disagree about having keys"
        )


def _largest(error: Array) -> tuple[float, tuple[int, ...]]:
    if not error.size:
        return 0.0, ()
    error = np.where(np.isnan(error), np.inf, error)
    index = np.unravel_index(int(error.argmax()), error.shape)
    return float(error[index]), tuple(int(i) for i in index)


def compare_arrays(
    out: ArrayLike,
    lse: ArrayLike,
    expected_out: Array,
    expected_lse: Array,
    dtype: str,
    *,
    where: NDArray[np.bool_] | None = None,
    tiles: bool = False,
) -> Comparison:
    """Compares out [..., Dv] and lse [...] with expectations free of NaN, in the rows of `where`.

    `tiles` as in `lse_tolerance`. Raises ValueError if the shapes differ.
    """
    check_dtype(dtype)
    out, lse = as_float64("out", out), as_float64("lse", lse)
    for name, got, expected in (("out", out, expected_out), ("lse", lse, expected_lse)):
        if got.shape != expected.shape:
            raise ValueError(f"{name}: expected shape {expected.shape}, got {got.shape}")
    counted = np.ones(lse.shape, dtype=bool) if where is None else where
    empty = expected_lse == -np.inf
    wrong = ((lse == -np.inf) != empty) | (empty & (out != 0).any(axis=-1))
    compared = counted & ~empty
    # Rows that are not compared take the expectation's place: -inf - -inf would be NaN.
    out = np.where(compared[..., None], out, expected_out)
    lse, level = np.where(compared, lse, 0.0), np.where(compared, expected_lse, 0.0)
    with np.errstate(invalid="ignore"):
        out_error, out_index = _largest(np.abs(out - expected_out))
        lse_error, lse_index = _largest(np.abs(lse - level) / np.maximum(1.0, np.abs(level)))
    return Comparison(
        out_error=out_error,
        out_limit=out_tolerance(dtype, float(np.abs(expected_out).max(initial=0.0)), tiles=tiles),
        out_index=out_index,
        lse_error=lse_error,
        lse_limit=lse_tolerance(dtype, tiles=tiles),
        lse_index=lse_index,
        empty_mismatches=int((wrong & counted).sum()),
    )


@dataclass(frozen=True)
class GradientError:
    """How far one gradient is from the reference, and where it is farthest."""

    name: str
    error: float
    limit: float
    index: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.name} error {self.error:.3g} (limit {self.limit:.3g}) at {self.index}"


@dataclass(frozen=True)
class GradientComparison:
    """Errors of dq, dk and dv against the reference. `ok` where all of them are tolerable.

    empty_mismatches counts the rows without keys whose dq is not exactly 0.
    """

    errors: tuple[GradientError, ...]
    empty_mismatches: int

    @property
    def ok(self) -> bool:
        return not self.empty_mismatches and all(e.error <= e.limit for e in self.errors)

    def __str__(self) -> str:
        wrong = [e.name for e in self.errors if not e.error <= e.limit]
        return (
            f"{'ok' if self.ok else ' '.join(['MISMATCH', *wrong])}: "
            + ", ".join(map(str, self.errors))
            + f", {self.empty_mismatches} rows without keys have a gradient"
        )


def compare_gradient(name: str, got: ArrayLike, expected: Array, limit: float) -> GradientError:
    """Compares one gradient with an expectation free of NaN; ValueError if the shapes differ."""
    values = as_float64(name, got)
    if values.shape != expected.shape:
        raise ValueError(f"{name}: expected shape {expected.shape}, got {values.shape}")
    with np.errstate(invalid="ignore"):
        error, index = _largest(np.abs(values - expected))
    return GradientError(name, error, limit, index)
