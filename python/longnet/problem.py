# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One checked attention problem: the shapes of q, k, v and the options with defaults filled in."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict, Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray

from longnet.pattern import Pattern


class Options(TypedDict, total=False):
    """Keyword arguments that every function on (q, k, v, pattern) takes.

    causal: hide the keys after a query (False).
    scale: factor of the scores (1 / sqrt(D)).
    query_offset: global position of the first query row (0).
    kv_lengths: integers [B]; keys from that position on do not exist (all of them do).
    """

    causal: bool
    scale: float | None
    query_offset: int
    kv_lengths: ArrayLike | None


@dataclass(frozen=True)
class Problem:
    """q [batch, heads, queries, head_dim], k and v [batch, kv_heads, keys, head_dim or value_dim].

    key_counts holds how many keys exist in every batch entry (all of them without kv_lengths),
    phases[i][h] is the phase of query head h in branch i.
    """

    pattern: Pattern
    batch: int
    heads: int
    kv_heads: int
    queries: int
    keys: int
    head_dim: int
    value_dim: int
    causal: bool
    scale: float
    query_offset: int
    key_counts: tuple[int, ...]
    phases: tuple[tuple[int, ...], ...]

    def kv_head(self, head: int) -> int:
        """The key/value head that a query head reads."""
        return head * self.kv_heads // self.heads


def _rank4(name: str, shape: Sequence[int]) -> None:
    if len(shape) != 4:
        raise ValueError(f"{name}: expected 4 dimensions [batch, heads, tokens, dim], got {shape}")


def _key_counts(kv_lengths: ArrayLike | None, batch: int, keys: int) -> tuple[int, ...]:
    if kv_lengths is None:
        return (keys,) * batch
    lengths = np.asarray(kv_lengths)
    if lengths.shape != (batch,) or lengths.dtype.kind not in "iu":
        raise ValueError(
            f"kv_lengths: expected {batch} integers, one per batch entry, "
            f"got {lengths.dtype} of shape {lengths.shape}"
        )
    if lengths.size and (lengths.min() < 0 or lengths.max() > keys):
        raise ValueError(f"kv_lengths: expected values in [0, {keys}], got {lengths.tolist()}")
    return tuple(int(length) for length in lengths)


def _check_torchscale(problem: Problem, kv_lengths: ArrayLike | None) -> None:
    if problem.causal:
        raise ValueError("causal: expected False with torchscale padding, got True")
    if problem.query_offset:
        raise ValueError(
            f"query_offset: expected 0 with torchscale padding, got {problem.query_offset}"
        )
    if kv_lengths is not None:
        raise ValueError("kv_lengths: expected None with torchscale padding, got lengths")
    if problem.queries != problem.keys:
        raise ValueError(
            "q: expected as many rows as k with torchscale padding "
            f"({problem.keys}), got {problem.queries}"
        )


def check_problem(
    q_shape: tuple[int, ...],
    k_shape: tuple[int, ...],
    v_shape: tuple[int, ...],
    pattern: Pattern,
    **options: Unpack[Options],
) -> Problem:
    """The problem these arguments describe; ValueError naming the argument that does not fit."""
    causal, scale = options.get("causal", False), options.get("scale")
    query_offset, kv_lengths = options.get("query_offset", 0), options.get("kv_lengths")
    for name, shape in (("q", q_shape), ("k", k_shape), ("v", v_shape)):
        _rank4(name, shape)
    if not isinstance(pattern, Pattern):
        raise ValueError(f"pattern: expected a longnet.Pattern, got {type(pattern).__name__}")
    batch, heads, queries, head_dim = q_shape
    kv_heads, keys, value_dim = v_shape[1:]
    if k_shape[0] != batch or k_shape[3] != head_dim:
        raise ValueError(
            f"k: expected batch {batch} and head dimension {head_dim} as in q, got {k_shape}"
        )
    if v_shape[:3] != k_shape[:3]:
        raise ValueError(
            f"v: expected batch, heads and tokens {k_shape[:3]} as in k, got {v_shape}"
        )
    if min(heads, kv_heads, head_dim, value_dim) < 1:
        raise ValueError(
            f"q, v: expected at least one head and dimension, got {q_shape}, {v_shape}"
        )
    if heads % kv_heads:
        raise ValueError(f"k: expected a number of heads that divides {heads}, got {kv_heads}")
    scale = head_dim**-0.5 if scale is None else float(scale)
    if not math.isfinite(scale):
        raise ValueError(f"scale: expected a finite number, got {scale}")
    if isinstance(query_offset, bool) or not hasattr(query_offset, "__index__") or query_offset < 0:
        raise ValueError(f"query_offset: expected an integer >= 0, got {query_offset!r}")
    problem = Problem(
        pattern=pattern,
        batch=batch,
        heads=heads,
        kv_heads=kv_heads,
        queries=queries,
        keys=keys,
        head_dim=head_dim,
        value_dim=value_dim,
        causal=bool(causal),
        scale=scale,
        query_offset=operator.index(query_offset),
        key_counts=_key_counts(kv_lengths, batch, keys),
        phases=tuple(branch.phases(heads) for branch in pattern.branches),
    )
    if pattern.padding == "torchscale":
        _check_torchscale(problem, kv_lengths)
    return problem


def as_float64(name: str, array: ArrayLike) -> NDArray[np.float64]:
    """`array` in float64; ValueError unless it holds real numbers."""
    values = np.asarray(array)
    if values.dtype.kind not in "fiu":
        raise ValueError(f"{name}: expected real numbers, got {values.dtype}")
    return values.astype(np.float64, copy=False)
