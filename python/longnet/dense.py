# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Dilated attention by brute force, to check `longnet.reference` against.

Everything is materialised: for short sequences and finite inputs.
"""

from __future__ import annotations

from typing import Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray

from longnet.pattern import Pattern
from longnet.problem import Options, as_float64, check_problem
from longnet.reference import combine

Array = NDArray[np.float64]


def _dense_softmax(score: Array, times: Array, value: Array) -> tuple[Array, Array]:
    """Softmax of scores [..., n, m] in which key t counts times[..., t]; (0, -inf) without keys."""
    score = np.where(times > 0, score, -np.inf)
    top = score.max(axis=-1, keepdims=True, initial=-np.inf)
    top = np.where(np.isinf(top), 0.0, top)
    weight = times * np.exp(score - top)
    total = weight.sum(axis=-1, keepdims=True)
    with np.errstate(divide="ignore"):
        lse = (top + np.log(total))[..., 0]
    return weight / np.where(total > 0, total, 1.0) @ value, lse


def dense_forward(
    q: ArrayLike, k: ArrayLike, v: ArrayLike, pattern: Pattern, **options: Unpack[Options]
) -> tuple[Array, Array]:
    """`forward` with mask padding: all N x N scores, a key as often as branches show it."""
    q, k, v = as_float64("q", q), as_float64("k", k), as_float64("v", v)
    problem = check_problem(q.shape, k.shape, v.shape, pattern, **options)
    group = problem.heads // problem.kv_heads
    k, v = np.repeat(k, group, axis=1), np.repeat(v, group, axis=1)
    times = np.zeros((*q.shape[:3], problem.keys))
    for b, length in enumerate(problem.key_counts):
        times[b] = pattern.multiplicity(
            problem.heads,
            problem.queries,
            problem.keys,
            causal=problem.causal,
            query_offset=problem.query_offset,
            kv_length=length,
        )
    return _dense_softmax(problem.scale * (q @ k.swapaxes(2, 3)), times, v)


def _pad_and_cut(x: Array, segment: int, pitch: int) -> Array:
    """[N, D] -> [segments, pitch, D]: zeros fill up the last segment, then each up to `pitch`."""
    segments = -(-len(x) // segment)
    whole = np.pad(x, ((0, segments * segment - len(x)), (0, 0)))
    cut = whole.reshape(segments, segment, -1)
    return np.pad(cut, ((0, 0), (0, pitch - segment), (0, 0)))


def torchscale_forward(
    q: ArrayLike, k: ArrayLike, v: ArrayLike, pattern: Pattern, *, scale: float | None = None
) -> tuple[Array, Array]:
    """`forward` with torchscale padding, done as torchscale does: pad, cut, attend, put back.

    It takes a branch whose lse happens to be 0 for an uncovered row; here it counts.
    """
    q, k, v = as_float64("q", q), as_float64("k", k), as_float64("v", v)
    problem = check_problem(q.shape, k.shape, v.shape, pattern, scale=scale)
    if pattern.padding != "torchscale":
        raise ValueError(f"padding: expected torchscale, got {pattern.padding}")
    n, count = problem.queries, len(pattern.branches)
    branch_out = np.zeros((count, *q.shape[:3], problem.value_dim))
    branch_lse = np.full((count, *q.shape[:3]), -np.inf)
    for i, b, h in np.ndindex(count if n else 0, problem.batch, problem.heads):
        w, r = min(pattern.branches[i].segment, n), pattern.branches[i].dilation
        phase, g = problem.phases[i][h], problem.kv_head(h)
        pitch = -(-w // r) * r
        query, key, value = (
            _pad_and_cut(x, w, pitch)[:, phase::r] for x in (q[b, h], k[b, g], v[b, g])
        )
        score = problem.scale * (query @ key.swapaxes(1, 2))
        out = np.zeros((len(score), pitch, problem.value_dim))
        lse = np.full((len(score), pitch), -np.inf)
        out[:, phase::r], lse[:, phase::r] = _dense_softmax(score, np.ones_like(score), value)
        branch_out[i, b, h] = out.reshape(-1, problem.value_dim)[:n]
        branch_lse[i, b, h] = lse.reshape(-1)[:n]
    return combine(branch_out, branch_lse)
