# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What is legal and easy to get wrong in dilated attention: a trait bends a random draft to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from longnet.pattern import HEAD_OFFSETS, HeadOffset

Array = NDArray[np.float64]


@dataclass
class Draft:
    """What a trait may change before the arrays are drawn; `edits` then change q and k in place."""

    batch: int
    heads: int
    kv_heads: int
    queries: int
    keys: int
    head_dim: int
    value_dim: int
    branches: list[tuple[int, int]]
    head_offset: HeadOffset
    causal: bool
    padding: str = "mask"
    scale: float | None = None
    query_offset: int = 0
    kv_lengths: list[int] | None = None
    edits: list[Callable[[Array, Array, Generator], None]] = field(default_factory=list)

    def resize(self, tokens: int) -> None:
        self.queries = self.keys = tokens


def between(rng: Generator, low: int, high: int) -> int:
    """A random integer in [low, high]."""
    return int(rng.integers(low, high + 1))


def random_draft(rng: Generator) -> Draft:
    """Something ordinary: equal lengths, ungrouped heads, one to three branches."""
    dims = [3, 4, 8, 16, 20, 24, 32, 48, 64, 80, 128]
    heads = between(rng, 1, 6)
    n = between(rng, 2, 120)
    dim = int(rng.choice(dims))
    return Draft(
        batch=between(rng, 1, 2),
        heads=heads,
        kv_heads=heads,
        queries=n,
        keys=n,
        head_dim=dim,
        value_dim=dim if rng.integers(4) else int(rng.choice(dims)),
        branches=[(between(rng, 2, 64), between(rng, 1, 6)) for _ in range(between(rng, 1, 3))],
        head_offset=HEAD_OFFSETS[between(rng, 0, 2)],
        causal=bool(rng.integers(2)),
    )


Trait = Callable[[Draft, Generator], None]


def _no_tokens(draft: Draft, rng: Generator) -> None:
    draft.resize(0)


def _no_keys(draft: Draft, rng: Generator) -> None:
    draft.keys = 0


def _one_token(draft: Draft, rng: Generator) -> None:
    draft.resize(1)


def _shorter_than_segments(draft: Draft, rng: Generator) -> None:
    n = between(rng, 2, 40)
    draft.resize(n)
    draft.branches = [(n + between(rng, 1, 200), r) for _, r in draft.branches]


def _ragged(draft: Draft, rng: Generator) -> None:
    """An odd length over segments of even length: the last one is always short."""
    draft.resize(2 * between(rng, 10, 60) + 1)
    draft.branches = [(w + w % 2, r) for w, r in draft.branches]


def _indivisible(draft: Draft, rng: Generator) -> None:
    """Dilations that do not divide their segments."""
    dilations = [between(rng, 2, 6) for _ in draft.branches]
    draft.branches = [(r * between(rng, 1, 8) + between(rng, 1, r - 1), r) for r in dilations]


def _sparse(draft: Draft, rng: Generator) -> None:
    """Dilations beyond the segment: at most one row of each, for some heads none."""
    draft.branches = [(w, w + between(rng, 1, 5)) for w in (between(rng, 2, 6), 9)]


def _few_heads(draft: Draft, rng: Generator) -> None:
    draft.heads = draft.kv_heads = between(rng, 1, 2)
    draft.branches = [(w, draft.heads + between(rng, 1, 4)) for w, _ in draft.branches]


def _uneven_heads(draft: Draft, rng: Generator) -> None:
    """More heads than phases, but no multiple of them."""
    draft.heads = draft.kv_heads = 5
    draft.branches = [(w, int(rng.choice([2, 3, 4]))) for w, _ in draft.branches]


def _uncovered_rows(draft: Draft, rng: Generator) -> None:
    draft.branches = [(between(rng, 8, 40), between(rng, 3, 6))]


def _repeated_branch(draft: Draft, rng: Generator) -> None:
    draft.branches = [*draft.branches, draft.branches[0]]


def _grouped_heads(draft: Draft, rng: Generator) -> None:
    draft.kv_heads = between(rng, 1, 3)
    draft.heads = draft.kv_heads * between(rng, 2, 3)


def _value_dim(draft: Draft, rng: Generator) -> None:
    draft.value_dim = int(rng.choice([d for d in (1, 5, 16, 40, 64) if d != draft.head_dim]))


def _offset_list(draft: Draft, rng: Generator) -> None:
    draft.branches = [(w, between(rng, 2, 5)) for w, _ in draft.branches]
    smallest = min(r for _, r in draft.branches)
    draft.head_offset = tuple(rng.integers(smallest, size=draft.heads).tolist())


def _scale(draft: Draft, rng: Generator) -> None:
    draft.scale = float(rng.choice([0.0, 0.1, 0.3, -0.2]))


def _decode(draft: Draft, rng: Generator) -> None:
    """The next token: its query alone, with all keys up to its own. One branch surely covers it."""
    draft.queries, draft.query_offset, draft.causal = 1, draft.keys - 1, True
    draft.branches[0] = (draft.branches[0][0], 1)


def _chunk(draft: Draft, rng: Generator) -> None:
    """A chunk of queries in the middle, with the keys up to its end or the end of the sequence."""
    draft.query_offset = between(rng, 1, 60)
    draft.queries = between(rng, 2, 40)
    draft.keys = draft.query_offset + draft.queries + int(rng.choice([0, 17]))


def _other_length(draft: Draft, rng: Generator) -> None:
    """More keys than queries or fewer, so that the last queries see none."""
    draft.queries, draft.keys = between(rng, 5, 90), between(rng, 5, 90)


def _key_lengths(draft: Draft, rng: Generator) -> None:
    draft.batch = 3
    draft.kv_lengths = [0, between(rng, 1, draft.keys), draft.keys]


def _large_scores(draft: Draft, rng: Generator) -> None:
    """Scores from hundreds below zero to hundreds above, exact in the accumulation of every type.

    An exponential turns the rounding of a score into a relative error, so at this size a kernel has
    to apply the scale after the dot product: scaling q by anything but a power of two costs digits.
    """
    draft.head_dim, draft.scale = 16, 16.0
    sign = int(rng.choice([-1, 1]))

    def edit(q: Array, k: Array, rng: Generator) -> None:
        q[:], k[:] = rng.integers(-2, 3, size=q.shape), rng.integers(-2, 3, size=k.shape)
        q[..., 0], k[..., 0] = 2 * sign, 8

    draft.edits.append(edit)


def _zero_lse(draft: Draft, rng: Generator) -> None:
    """The first row of a segment sees only itself, with score 0: its lse is 0, yet it has a key."""
    segment = between(rng, 2, 20)
    draft.causal = True
    draft.branches = [(segment, 1), *draft.branches[: between(rng, 0, 1)]]

    def edit(q: Array, k: Array, rng: Generator) -> None:
        q[:, :, ::segment] = 0

    draft.edits.append(edit)


def _torchscale(draft: Draft, rng: Generator) -> None:
    draft.causal, draft.padding, draft.head_offset = False, "torchscale", "blocked"


def _torchscale_indivisible(draft: Draft, rng: Generator) -> None:
    _torchscale(draft, rng)
    _indivisible(draft, rng)


TRAITS: dict[str, Trait] = {
    trait.__name__.lstrip("_").replace("_", "-"): trait
    for trait in (
        _no_tokens,
        _no_keys,
        _one_token,
        _shorter_than_segments,
        _ragged,
        _indivisible,
        _sparse,
        _few_heads,
        _uneven_heads,
        _uncovered_rows,
        _repeated_branch,
        _grouped_heads,
        _value_dim,
        _offset_list,
        _scale,
        _decode,
        _chunk,
        _other_length,
        _key_lengths,
        _large_scores,
        _zero_lse,
        _torchscale,
        _torchscale_indivisible,
    )
}
