# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Cuts a branch into batches of dense attentions of one size, each a strided view of its arrays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from longnet.pattern import Branch


@dataclass(frozen=True)
class Block:
    """`heads` heads from `head` on, every `head_step`-th, in `segments` segments from `start` on.

    The first keeps the rows `phase`, `phase + dilation`, ... of its segment, `rows` of them, every
    further one those `phase_step` later.
    """

    head: int
    head_step: int
    heads: int
    start: int
    segments: int
    segment: int
    phase: int
    phase_step: int
    rows: int
    dilation: int


def _parts(branch: Branch, tokens: int) -> Iterator[tuple[int, int, int]]:
    """(start, segments, segment length): the whole segments and the last, short one."""
    whole, rest = divmod(tokens, branch.segment)
    if whole:
        yield 0, whole, branch.segment
    if rest:
        yield whole * branch.segment, 1, rest


def by_phase(branch: Branch, heads: int, tokens: int) -> list[Block]:
    """One block for all heads of a phase. Heads have cyclic phases here."""
    r = branch.dilation
    return [
        Block(s, r, -(-(heads - s) // r), *part, s, 0, branch.rows(part[2], s), r)
        for part in _parts(branch, tokens)
        for s in range(min(r, heads, part[2]))
    ]


def by_period(branch: Branch, heads: int, tokens: int) -> list[Block]:
    """One block for a head of every phase, or two where the later phases have a row less."""
    r = branch.dilation
    return [
        Block(first + low, 1, high - low, *part, low, 1, branch.rows(part[2], low), r)
        for part in _parts(branch, tokens)
        for first in range(0, heads, r)
        for low, high in (
            (0, min(part[2] % r, heads - first)),
            (part[2] % r, min(r, heads - first)),
        )
        if low < min(high, part[2])
    ]


def fewest(branch: Branch, heads: int, tokens: int) -> list[Block]:
    return min(by_phase(branch, heads, tokens), by_period(branch, heads, tokens), key=len)
