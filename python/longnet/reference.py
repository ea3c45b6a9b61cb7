# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Float64 reference of LongNet's dilated attention, forward and backward.

    q [B, Hq, Nq, D]   k [B, Hkv, Nk, D]   v [B, Hkv, Nk, Dv]
    out [B, Hq, Nq, Dv]   lse [B, Hq, Nq]

With x(p, t) = scale q_p . k_t and m_i(p, t) = 1 where branch i shows query p the key t (see
`longnet.pattern`), arXiv 2307.02486, eq. 9-10, weights the branches by their softmax denominators:

    out_p = sum_i sum_t m_i exp(x) v_t / sum_i sum_t m_i exp(x)       lse_p = ln of that denominator

which is one softmax over the multiset union of the branches' keys. A query that sees no key has
out 0 and lse -inf. Tokens are positions in the sequence, lse is a natural logarithm, scale is
1 / sqrt(D) unless given, query head j reads key/value head j Hkv div Hq.

Work and memory follow the pattern: each branch, head and segment is a small dense attention over
strided rows. `longnet.dense` materialises everything instead; this file is checked against it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Protocol, Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray

from longnet.pattern import Branch, Pattern
from longnet.problem import Options, Problem, as_float64, check_problem

Array = NDArray[np.float64]

# Scores of one tile: 2 MiB in float64, so that the passes over them stay in cache.
_TILE_SCORES = 1 << 18


class RowSource(Protocol):
    """What `rows` reads: an array, or anything that gives float arrays when sliced like one."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    def __getitem__(self, index: Any, /) -> NDArray[Any]: ...


class _Block(NamedTuple):
    """Global positions of one segment and phase of a branch.

    The result of queries[i] goes to row outputs[i]: the same position, unless torchscale's padding
    moves rows; outputs beyond the queries then belong to queries of zeros, and `missing` more keys
    of score 0 and value 0 take part.
    """

    queries: range
    outputs: range
    keys: range
    missing: int


def _blocks(
    branch: Branch, phase: int, n_query: int, n_key: int, query_offset: int
) -> Iterator[_Block]:
    """The segments in which a head of this phase has both queries and keys."""
    w, r = branch.segment, branch.dilation
    end = query_offset + n_query
    for start in range(query_offset // w * w, min(end, n_key), w):
        # The first kept row at or after query_offset.
        skipped = max(0, -(-(query_offset - start - phase) // r))
        queries = range(start + phase + skipped * r, min(start + w, end), r)
        keys = range(start + phase, min(start + w, n_key), r)
        if queries and keys:
            yield _Block(queries, queries, keys, 0)


def _torchscale_blocks(branch: Branch, phase: int, n: int) -> Iterator[_Block]:
    """torchscale pads every segment to ceil(w / r) rows per phase, and so lays out its output."""
    w, r = min(branch.segment, n), branch.dilation
    for index in range(-(-n // w) if n else 0):
        start, rows = index * w, -(-w // r)
        keys = range(start + phase, min(start + w, n), r)
        outputs = range(index * rows * r + phase, min((index + 1) * rows * r, n), r)
        if outputs:
            yield _Block(keys, outputs, keys, rows - len(keys))


class _Tile(NamedTuple):
    """Some queries of a block with their scores. The slices select rows of q, out, and k or v."""

    queries: slice
    outputs: slice
    keys: slice
    query: Array
    score: Array
    missing: int


def _slice(positions: range, offset: int = 0) -> slice:
    return slice(positions.start - offset, positions.stop - offset, positions.step)


def _tiles(problem: Problem, index: int, head: int, q: Array, k: Array) -> Iterator[_Tile]:
    """Branch `index` of one head, q [Nq, D] and k [existing keys, D], in tiles of bounded size."""
    branch, phase = problem.pattern.branches[index], problem.phases[index][head]
    offset = problem.query_offset
    if problem.pattern.padding == "torchscale":
        blocks = _torchscale_blocks(branch, phase, len(q))
    else:
        blocks = _blocks(branch, phase, len(q), len(k), offset)
    for block in blocks:
        keys = _slice(block.keys)
        step = max(1, _TILE_SCORES // max(1, len(block.keys)))
        for first in range(0, len(block.outputs), step):
            outputs = block.outputs[first : first + step]
            queries = block.queries[first : first + len(outputs)]
            query = np.zeros((len(outputs), q.shape[1]))
            query[: len(queries)] = q[_slice(queries, offset)]
            score = problem.scale * (query @ k[keys].T)
            if problem.causal:
                hidden = np.asarray(block.keys)[None, :] > np.asarray(queries)[:, None]
                score[hidden] = -np.inf
            yield _Tile(
                _slice(queries, offset), _slice(outputs, offset), keys, query, score, block.missing
            )


@np.errstate(divide="ignore", invalid="ignore")
def _softmax(score: Array, value: Array, missing: int = 0) -> tuple[Array, Array]:
    """out [n, Dv], lse [n] of scores [n, m]; (0, -inf) for a row whose scores are all -inf."""
    top = score.max(axis=1, initial=0.0 if missing else -np.inf)
    level = np.where(top == -np.inf, 0.0, top)
    weight = np.exp(score - level[:, None])
    total = weight.sum(axis=1)
    if missing:
        total += missing * np.exp(-level)
    lse = level + np.log(total)
    return weight @ value / np.where(total == 0, 1.0, total)[:, None], lse


@np.errstate(divide="ignore", invalid="ignore")
def combine(branch_out: ArrayLike, branch_lse: ArrayLike) -> tuple[Array, Array]:
    """Merges branch results [K, ..., Dv] and [K, ...] into out and lse: eq. 9-10 of the paper."""
    outs, lses = as_float64("branch_out", branch_out), as_float64("branch_lse", branch_lse)
    if outs.ndim < 1 or outs.shape[:-1] != lses.shape:
        raise ValueError(
            f"branch_lse: expected shape {outs.shape[:-1]} as in branch_out, got {lses.shape}"
        )
    top = lses.max(axis=0, initial=-np.inf)
    level = np.where(top == -np.inf, 0.0, top)
    weight = np.exp(lses - level)
    total = weight.sum(axis=0)
    lse = level + np.log(total)
    out = (weight[..., None] * outs).sum(axis=0) / np.where(total == 0, 1.0, total)[..., None]
    return out, lse


def _heads(problem: Problem) -> Iterator[tuple[tuple[int, int], tuple[int, int, slice]]]:
    """Where each query head is in q, as (batch, head), and its existing keys in k and v."""
    for b, keys in enumerate(problem.key_counts):
        for h in range(problem.heads):
            yield (b, h), (b, problem.kv_head(h), slice(keys))


def _head_branches(
    problem: Problem, head: int, q: Array, k: Array, v: Array
) -> tuple[Array, Array]:
    """branch_out [K, Nq, Dv] and branch_lse [K, Nq] of one batch entry and head."""
    count = len(problem.pattern.branches)
    out = np.zeros((count, len(q), v.shape[1]))
    lse = np.full((count, len(q)), -np.inf)
    for index in range(count):
        for tile in _tiles(problem, index, head, q, k):
            out[index, tile.outputs], lse[index, tile.outputs] = _softmax(
                tile.score, v[tile.keys], tile.missing
            )
    return out, lse


def branch_forward(
    q: ArrayLike, k: ArrayLike, v: ArrayLike, pattern: Pattern, **options: Unpack[Options]
) -> tuple[Array, Array]:
    """Every branch on its own: branch_out [K, B, Hq, Nq, Dv] and branch_lse [K, B, Hq, Nq]."""
    q, k, v = as_float64("q", q), as_float64("k", k), as_float64("v", v)
    problem = check_problem(q.shape, k.shape, v.shape, pattern, **options)
    count = len(pattern.branches)
    out = np.empty((count, *q.shape[:3], problem.value_dim))
    lse = np.empty((count, *q.shape[:3]))
    for at, kv in _heads(problem):
        out[:, *at], lse[:, *at] = _head_branches(problem, at[1], q[at], k[kv], v[kv])
    return out, lse


def forward(
    q: ArrayLike, k: ArrayLike, v: ArrayLike, pattern: Pattern, **options: Unpack[Options]
) -> tuple[Array, Array]:
    """out [B, Hq, Nq, Dv] and lse [B, Hq, Nq] in float64.

    Raises ValueError where shapes or options do not fit. NaN and inf reach the rows that attend to
    them, and through 0 * NaN those that only causality hides them from.
    """
    q, k, v = as_float64("q", q), as_float64("k", k), as_float64("v", v)
    problem = check_problem(q.shape, k.shape, v.shape, pattern, **options)
    out, lse = np.empty((*q.shape[:3], problem.value_dim)), np.empty(q.shape[:3])
    for at, kv in _heads(problem):
        out[at], lse[at] = combine(*_head_branches(problem, at[1], q[at], k[kv], v[kv]))
    return out, lse


def backward(
    dout: ArrayLike,
    q: ArrayLike,
    k: ArrayLike,
    v: ArrayLike,
    pattern: Pattern,
    *,
    dlse: ArrayLike | None = None,
    detached: bool = False,
    **options: Unpack[Options],
) -> tuple[Array, Array, Array]:
    """dq, dk, dv for the gradients dout and dlse (0) of the loss with respect to out and lse.

    With P_i = m_i exp(x - lse) and dP = dout . v_t:

        dV_t = sum_i sum_p P_i dout_p        dS_i = P_i (dP - delta)
        dQ_p = scale sum dS_i k_t            dK_t = scale sum dS_i q_p

    delta = dout_p . out_p - dlse_p is the true gradient. detached uses every branch's own out
    instead, which treats the weights of the branches as constants, as torchscale trains. A query
    that sees no key has the gradient 0 and contributes nothing.
    """
    q, k, v = as_float64("q", q), as_float64("k", k), as_float64("v", v)
    dout = as_float64("dout", dout)
    problem = check_problem(q.shape, k.shape, v.shape, pattern, **options)
    if dout.shape != (*q.shape[:3], problem.value_dim):
        raise ValueError(
            f"dout: expected shape {(*q.shape[:3], problem.value_dim)} as out, got {dout.shape}"
        )
    dlse = np.zeros(q.shape[:3]) if dlse is None else as_float64("dlse", dlse)
    if dlse.shape != q.shape[:3]:
        raise ValueError(f"dlse: expected shape {q.shape[:3]} as lse, got {dlse.shape}")
    dq, dk, dv = np.zeros(q.shape), np.zeros(k.shape), np.zeros(v.shape)
    for at, kv in _heads(problem):
        branch_out, branch_lse = _head_branches(problem, at[1], q[at], k[kv], v[kv])
        out, lse = combine(branch_out, branch_lse)
        level = np.where(lse == -np.inf, 0.0, lse)
        for index in range(len(pattern.branches)):
            delta = (dout[at] * (branch_out[index] if detached else out)).sum(axis=1) - dlse[at]
            for tile in _tiles(problem, index, at[1], q[at], k[kv]):
                grad, key, value = dout[at][tile.outputs], k[kv][tile.keys], v[kv][tile.keys]
                p = np.exp(tile.score - level[tile.outputs, None])
                ds = problem.scale * p * (grad @ value.T - delta[tile.outputs, None])
                dv[kv][tile.keys] += p.T @ grad
                dk[kv][tile.keys] += ds.T @ tile.query
                # Queries of zeros that torchscale padded with take no gradient.
                real = len(q[at][tile.queries])
                dq[at][tile.queries] += ds[:real] @ key
    return dq, dk, dv


def _row_keys(
    problem: Problem, index: int, head: int, row: int, n_key: int
) -> tuple[int | None, range, int] | None:
    """What branch `index` shows row `row` of out; None if it does not cover the row.

    That is the row of q that it answers (None: a query of zeros), its keys and the number of
    missing ones (see _Block).
    """
    branch, phase = problem.pattern.branches[index], problem.phases[index][head]
    w, r = branch.segment, branch.dilation
    if problem.pattern.padding == "torchscale":
        n = problem.queries
        w = min(w, n)
        rows = -(-w // r)
        segment, t = divmod(row, rows * r)
        if t % r != phase:
            return None
        start = segment * w
        keys = range(start + phase, min(start + w, n), r)
        return (start + t if t < w and start + t < n else None), keys, rows - len(keys)
    position = row + problem.query_offset
    segment, t = divmod(position, w)
    if t % r != phase:
        return None
    stop = min(segment * w + w, n_key, position + 1 if problem.causal else n_key)
    return row, range(segment * w + phase, stop, r), 0


def _check_range(name: str, value: int, size: int) -> None:
    if not 0 <= value < size:
        raise ValueError(f"{name}: expected an index in [0, {size}), got {value}")


def rows(
    q: RowSource,
    k: RowSource,
    v: RowSource,
    pattern: Pattern,
    batch: int,
    head: int,
    indices: Sequence[int],
    **options: Unpack[Options],
) -> tuple[Array, Array]:
    """out [n, Dv] and lse [n] of single rows of q in one batch entry and head, as in `forward`.

    Only the keys of these rows are read, so q, k and v may be memory maps of any length. Every row
    is one softmax over the union of its keys: branches are not merged, unlike in `forward`.
    """
    problem = check_problem(q.shape, k.shape, v.shape, pattern, **options)
    _check_range("batch", batch, problem.batch)
    _check_range("head", head, problem.heads)
    for row in indices:
        _check_range("indices", row, problem.queries)
    g, n_key = problem.kv_head(head), problem.key_counts[batch]
    out, lse = np.empty((len(indices), problem.value_dim)), np.empty(len(indices))
    for i, row in enumerate(indices):
        scores, values = [np.empty(0)], [np.empty((0, problem.value_dim))]
        missing = 0
        for index in range(len(pattern.branches)):
            shown = _row_keys(problem, index, head, int(row), n_key)
            if shown is None:
                continue
            source, keys, absent = shown
            key = np.asarray(k[batch, g, _slice(keys)], dtype=np.float64)
            if source is None:
                scores.append(np.zeros(len(keys)))
            else:
                query = np.asarray(q[batch, head, source], dtype=np.float64)
                scores.append(problem.scale * (key @ query))
            values.append(np.asarray(v[batch, g, _slice(keys)], dtype=np.float64))
            missing += absent
        row_out, row_lse = _softmax(np.concatenate(scores)[None], np.concatenate(values), missing)
        out[i], lse[i] = row_out[0], row_lse[0]
    return out, lse
