# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Seeded test cases for every implementation of dilated attention.

`random_case` walks through TRAITS, what is legal and easy to get wrong, and draws the rest at
random; `nonfinite_case` puts NaN and inf into the inputs; `configuration_cases` are the settings
that people really run.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from longnet.case import Case, compare, compare_gradients, save_case
from longnet.pattern import CONFIGURATIONS, PADDINGS, Pattern
from longnet.precision import DTYPES
from longnet.traits import TRAITS, Draft, between, random_draft

__all__ = [
    "TRAITS",
    "Case",
    "NonfiniteCase",
    "compare",
    "compare_gradients",
    "configuration_cases",
    "nonfinite_case",
    "random_case",
    "save_case",
]


def random_case(seed: int) -> Case:
    """The case of a seed. TRAITS and, every time round, the element types take turns."""
    rng = np.random.default_rng(seed)
    turn, index = divmod(seed, len(TRAITS))
    name = list(TRAITS)[index]
    draft = random_draft(rng)
    TRAITS[name](draft, rng)
    return _build(f"{name}-{seed}", draft, DTYPES[(index + turn) % len(DTYPES)], rng)


def _build(name: str, draft: Draft, dtype: str, rng: Generator) -> Case:
    q = rng.standard_normal((draft.batch, draft.heads, draft.queries, draft.head_dim))
    k = rng.standard_normal((draft.batch, draft.kv_heads, draft.keys, draft.head_dim))
    v = rng.standard_normal((draft.batch, draft.kv_heads, draft.keys, draft.value_dim))
    for edit in draft.edits:
        edit(q, k, rng)
    lengths = draft.kv_lengths
    return Case(
        name,
        Pattern.of(draft.branches, draft.head_offset, draft.padding),
        q,
        k,
        v,
        dtype=dtype,
        causal=draft.causal,
        scale=draft.scale,
        query_offset=draft.query_offset,
        kv_lengths=None if lengths is None else np.array(lengths, dtype=np.int64),
    )


@dataclass(frozen=True)
class NonfiniteCase:
    """A case with one poisoned row in q, k or v, and how far the poison may spread.

    clean: the same with the poisoned row set to 0; what it expects holds for all unaffected rows.
    may_change [B, Hq, Nq]: rows that attend to the poison or that only causality hides it from.
    must_be_nonfinite [B, Hq, Nq]: those of them whose out cannot be finite.
    """

    case: Case
    clean: Case
    may_change: NDArray[np.bool_]
    must_be_nonfinite: NDArray[np.bool_]


def _rows_reading(
    case: Case, tensor: str, batch: int, head: int, token: int, *, causal: bool
) -> NDArray[np.bool_]:
    """[B, Hq, Nq]: the rows whose result depends on one row of q, k or v."""
    heads, queries, keys = case.q.shape[1], case.q.shape[2], case.k.shape[2]
    shown = case.pattern.multiplicity(
        heads,
        queries,
        keys,
        causal=causal,
        kv_length=None if case.kv_lengths is None else int(case.kv_lengths[batch]),
    )
    reading = np.zeros(case.q.shape[:3], dtype=bool)
    if tensor == "q":
        reading[batch, head, token] = shown[head, token].any()
    else:
        group = heads // case.k.shape[1]
        readers = slice(head * group, (head + 1) * group)
        reading[batch, readers] = shown[readers, :, token] > 0
    return reading


def nonfinite_case(seed: int) -> NonfiniteCase:
    """The case of a seed: NaN, inf or -inf in a row of q, k or v, maybe beyond the key length."""
    rng = np.random.default_rng([seed, 1])
    tensor, hidden = (("q", False), ("k", False), ("v", False), ("k", True), ("v", True))[seed % 5]
    draft = random_draft(rng)
    draft.batch, draft.causal = 2, bool(seed // 5 % 2)
    draft.resize(between(rng, 20, 90))
    if rng.integers(4):
        # A branch in which every row is read by its whole segment.
        draft.branches[0] = (draft.branches[0][0], 1)
    if seed % 3 == 0:
        TRAITS["grouped-heads"](draft, rng)
    if hidden:
        draft.kv_lengths = [between(rng, 1, draft.keys - 1), draft.keys - 1]
    drawn = _build(f"nonfinite-{seed}", draft, DTYPES[seed % len(DTYPES)], rng)

    array = getattr(drawn, tensor).copy()
    batch, head = between(rng, 0, 1), between(rng, 0, array.shape[1] - 1)
    first = 0 if draft.kv_lengths is None else draft.kv_lengths[batch]
    token = between(rng, first, draft.keys - 1)
    array[batch, head, token] = 0
    clean = replace(drawn, **{tensor: array.copy()})
    poison = (np.nan, np.inf, -np.inf)[between(rng, 0, 2)]
    array[batch, head, token, between(rng, 0, array.shape[3] - 1)] = poison
    case = replace(drawn, **{tensor: array})

    may_change = _rows_reading(case, tensor, batch, head, token, causal=False)
    must = _rows_reading(case, tensor, batch, head, token, causal=case.causal)
    if tensor != "v" and not np.isnan(poison):
        # An infinite score may be -inf, which only hides the key.
        must[:] = False
    return NonfiniteCase(case, clean, may_change, must)


def configuration_cases(
    max_n: int = 5309,
    *,
    min_n: int = 0,
    names: Iterable[str] = tuple(CONFIGURATIONS),
    heads: int | None = None,
    dtype: str = "f32",
) -> Iterator[Case]:
    """The named CONFIGURATIONS of min_n to max_n tokens, with `heads` heads or else their own.

    Where they are not causal, torchscale's padding, with which such models were trained, comes too.
    All their head dimensions come at the shortest length, only the first one at the others.
    """
    for configuration in map(CONFIGURATIONS.__getitem__, names):
        h = configuration.heads if heads is None else heads
        settings = [
            (causal, padding)
            for causal in configuration.causal
            for padding in PADDINGS
            if padding == "mask" or not causal
        ]
        for n in configuration.lengths:
            if not min_n <= n <= max_n:
                continue
            dims = configuration.head_dims[: None if n == configuration.lengths[0] else 1]
            for d, (causal, padding) in itertools.product(dims, settings):
                name = f"{configuration.name}-{n}-{h}x{d}-{'causal' if causal else padding}"
                rng = np.random.default_rng([n, h, d])
                q, k, v = rng.standard_normal((3, 1, h, n, d), dtype=np.float32)
                pattern = configuration.pattern(n, padding=padding)
                yield Case(name, pattern, q, k, v, dtype=dtype, causal=causal)
