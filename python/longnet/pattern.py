# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Patterns of dilated attention and their exact arithmetic: rows, pairs, FLOP, bytes, coverage.

A pattern is a list of branches. A branch (w, r) cuts the sequence into segments of w tokens and
keeps every r-th row of each; head j keeps the rows of phase s, its head offset. A query at global
position p sees the key at position t through a branch when

    p div w == t div w   and   (p mod w) mod r == s   and   (t mod w) mod r == s
"""

from __future__ import annotations

import math
import operator
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

HeadOffset = str | tuple[int, ...]

HEAD_OFFSETS = ("cyclic", "blocked", "none")
PADDINGS = ("mask", "torchscale")
ELEMENT_BYTES = {"f64": 8, "f32": 4, "bf16": 2, "f16": 2}


def _positive(name: str, value: int) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__") or operator.index(value) < 1:
        raise ValueError(f"{name}: expected an integer >= 1, got {value!r}")
    return operator.index(value)


def parse_head_offset(text: str) -> HeadOffset:
    """'cyclic', 'blocked', 'none', or one phase per query head separated by slashes: '0/1/1/0'."""
    if text in HEAD_OFFSETS:
        return text
    entries = text.split("/")
    if not all(entry.isascii() and entry.isdigit() for entry in entries):
        raise ValueError(
            f"head_offset: expected one of {', '.join(HEAD_OFFSETS)} or a list such as 0/1/1/0, "
            f"got {text!r}"
        )
    return tuple(int(entry) for entry in entries)


@dataclass(frozen=True)
class Branch:
    """One (segment length w, dilation rate r) pair with the rule that gives every head its phase.

    head_offset: 'cyclic' (j mod r, the paper), 'blocked' (j div ceil(H / r), torchscale and the
    models trained with it), 'none' (0), or a tuple of one phase in [0, r) for every query head.
    """

    segment: int
    dilation: int
    head_offset: HeadOffset = "cyclic"

    def __post_init__(self) -> None:
        object.__setattr__(self, "segment", _positive("segment", self.segment))
        object.__setattr__(self, "dilation", _positive("dilation", self.dilation))
        if isinstance(self.head_offset, str):
            if self.head_offset not in HEAD_OFFSETS:
                raise ValueError(
                    f"head_offset: expected one of {', '.join(HEAD_OFFSETS)} or integers, "
                    f"got {self.head_offset!r}"
                )
            return
        offsets = tuple(operator.index(offset) for offset in self.head_offset)
        if not offsets or not all(0 <= offset < self.dilation for offset in offsets):
            raise ValueError(
                f"head_offset: expected integers in [0, {self.dilation}), got {list(offsets)}"
            )
        object.__setattr__(self, "head_offset", offsets)

    def phases(self, heads: int) -> tuple[int, ...]:
        """The phase of every query head."""
        if not isinstance(self.head_offset, str):
            if len(self.head_offset) != heads:
                raise ValueError(
                    f"head_offset: expected {heads} entries, one per query head, "
                    f"got {len(self.head_offset)}"
                )
            return self.head_offset
        if self.head_offset == "cyclic":
            return tuple(head % self.dilation for head in range(heads))
        if self.head_offset == "blocked":
            return tuple(head // -(-heads // self.dilation) for head in range(heads))
        return (0,) * heads

    def rows(self, length: int, phase: int) -> int:
        """Rows of one phase in a segment of `length` tokens: max(0, ceil((length - phase) / r))."""
        return max(0, -(-(length - phase) // self.dilation))

    def segment_lengths(self, n: int) -> Counter[int]:
        """How many segments of which length a sequence of n tokens is cut into."""
        full, rest = divmod(n, self.segment)
        return Counter(
            {
                length: count
                for length, count in ((self.segment, full), (rest, 1))
                if length and count
            }
        )

    def pairs(self, n: int, phase: int, *, causal: bool = False) -> int:
        """(query, key) pairs that one head attends to over n tokens."""
        total = 0
        for length, count in self.segment_lengths(n).items():
            rows = self.rows(length, phase)
            total += count * (rows * (rows + 1) // 2 if causal else rows * rows)
        return total

    def visible(
        self,
        heads: int,
        n_query: int,
        n_key: int,
        *,
        causal: bool = False,
        query_offset: int = 0,
        kv_length: int | None = None,
    ) -> NDArray[np.bool_]:
        """[heads, n_query, n_key]: the pairs this branch attends to. For small sequences."""
        p, t = np.arange(n_query)[:, None] + query_offset, np.arange(n_key)[None, :]
        same_segment = p // self.segment == t // self.segment
        if causal:
            same_segment &= t <= p
        if kv_length is not None:
            same_segment &= t < kv_length
        phase = np.asarray(self.phases(heads), dtype=np.int64)[:, None, None]
        query_kept = p % self.segment % self.dilation == phase
        key_kept = t % self.segment % self.dilation == phase
        mask: NDArray[np.bool_] = same_segment & query_kept & key_kept
        return mask


@dataclass(frozen=True)
class Pattern:
    """Branches attended to jointly: one softmax over the multiset union of the keys they show.

    padding: 'mask' (rows past the end do not exist) or 'torchscale' (the zero padding of
    checkpoints trained with torchscale; needs blocked head offsets and is never causal).
    """

    branches: tuple[Branch, ...]
    padding: str = "mask"

    def __post_init__(self) -> None:
        object.__setattr__(self, "branches", tuple(self.branches))
        if not self.branches:
            raise ValueError("branches: expected at least one, got none")
        if self.padding not in PADDINGS:
            raise ValueError(
                f"padding: expected one of {', '.join(PADDINGS)}, got {self.padding!r}"
            )
        if self.padding == "torchscale":
            for branch in self.branches:
                if branch.head_offset != "blocked":
                    raise ValueError(
                        "head_offset: expected blocked with torchscale padding, "
                        f"got {branch.head_offset!r}"
                    )

    @classmethod
    def of(
        cls,
        pairs: Sequence[tuple[int, int]],
        head_offset: HeadOffset | None = None,
        padding: str = "mask",
    ) -> Pattern:
        """The pattern of (segment, dilation) pairs that share one head offset.

        head_offset None means the usual one: blocked with torchscale padding, cyclic otherwise.
        """
        if head_offset is None:
            head_offset = "blocked" if padding == "torchscale" else "cyclic"
        return cls(tuple(Branch(w, r, head_offset) for w, r in pairs), padding)

    @classmethod
    def parse(
        cls, text: str, head_offset: HeadOffset | None = None, padding: str = "mask"
    ) -> Pattern:
        """'2048:1,4096:2', as `longnet-run --pattern=` reads it; head_offset also as '0/1/1/0'."""
        if isinstance(head_offset, str):
            head_offset = parse_head_offset(head_offset)
        pairs = []
        for entry in text.split(","):
            numbers = entry.split(":")
            if len(numbers) != 2 or not all(x.isascii() and x.isdigit() for x in numbers):
                raise ValueError(
                    f"pattern: expected SEGMENT:DILATION entries separated by commas, got {text!r}"
                )
            pairs.append((int(numbers[0]), int(numbers[1])))
        return cls.of(pairs, head_offset, padding)

    @classmethod
    def geometric(
        cls,
        n: int,
        w0: int = 2048,
        head_offset: HeadOffset | None = None,
        padding: str = "mask",
    ) -> Pattern:
        """Segments w0 * 2^i up to n with dilations 2^i; always at least the first branch."""
        _positive("w0", w0)
        count = max(1, (n // w0).bit_length())
        return cls.of([(w0 << i, 1 << i) for i in range(count)], head_offset, padding)

    def __str__(self) -> str:
        return ",".join(f"{branch.segment}:{branch.dilation}" for branch in self.branches)

    @property
    def is_aligned(self) -> bool:
        """Whether results stand at the rows of their queries, whatever the length.

        torchscale's padding moves them where the dilation does not divide the segment. The compiler
        has gradients of aligned patterns only; the reference has all.
        """
        return self.padding == "mask" or all(
            branch.segment % branch.dilation == 0 for branch in self.branches
        )

    def scaled_down(self, factor: int) -> Pattern:
        """The same dilations with every segment length divided by `factor` (for drawing)."""
        _positive("factor", factor)
        return replace(
            self,
            branches=tuple(
                replace(branch, segment=max(1, branch.segment // factor))
                for branch in self.branches
            ),
        )

    def pairs(self, n: int, heads: int, *, causal: bool = False) -> int:
        """(query, key) pairs, and so exponentials, of all branches and heads over n tokens."""
        return sum(
            count * branch.pairs(n, phase, causal=causal)
            for branch in self.branches
            for phase, count in Counter(branch.phases(heads)).items()
        )

    def flop(
        self,
        n: int,
        heads: int,
        head_dim: int,
        value_dim: int | None = None,
        *,
        batch: int = 1,
        causal: bool = False,
        backward: bool = False,
    ) -> int:
        """Floating-point operations: 2 (D + Dv) per pair forward, 6 D + 4 Dv backward.

        With Dv = D that is 4 D and 10 D; exponentials are not counted.
        """
        dv = head_dim if value_dim is None else value_dim
        per_pair = 6 * head_dim + 4 * dv if backward else 2 * (head_dim + dv)
        return batch * per_pair * self.pairs(n, heads, causal=causal)

    def traffic_bytes(
        self,
        n: int,
        heads: int,
        head_dim: int,
        value_dim: int | None = None,
        *,
        batch: int = 1,
        kv_heads: int | None = None,
        dtype: str = "f32",
    ) -> int:
        """Least bytes of a fused forward: q, k, v, out once in `dtype`, lse once in f32 or f64."""
        if dtype not in ELEMENT_BYTES:
            raise ValueError(f"dtype: expected one of {', '.join(ELEMENT_BYTES)}, got {dtype!r}")
        dv = head_dim if value_dim is None else value_dim
        kv_heads = heads if kv_heads is None else kv_heads
        size = ELEMENT_BYTES[dtype]
        return batch * n * ((heads + kv_heads) * (head_dim + dv) * size + heads * max(size, 4))

    def covered_rows(self, n: int, heads: int) -> int:
        """(head, row) combinations that some branch covers; the others give out 0 and lse -inf."""
        # Coverage repeats every lcm(w) tokens, which for geometric patterns is the longest segment.
        period = min(n, math.lcm(*(branch.segment for branch in self.branches)))
        repeats, rest = divmod(n, period) if n else (0, 0)
        total = 0
        head_phases = zip(*(branch.phases(heads) for branch in self.branches), strict=True)
        for phases, count in Counter(head_phases).items():
            covered = np.zeros(period, dtype=bool)
            for branch, phase in zip(self.branches, phases, strict=True):
                for start in range(0, period, branch.segment):
                    covered[start + phase : start + branch.segment : branch.dilation] = True
            total += count * (repeats * int(covered.sum()) + int(covered[:rest].sum()))
        return total

    def coverage(self, n: int, heads: int) -> float:
        """Share of the (head, row) combinations that some branch covers; 1 where there are none."""
        return self.covered_rows(n, heads) / (n * heads) if n * heads else 1.0

    def multiplicity(
        self,
        heads: int,
        n_query: int,
        n_key: int,
        *,
        causal: bool = False,
        query_offset: int = 0,
        kv_length: int | None = None,
    ) -> NDArray[np.int64]:
        """[heads, n_query, n_key]: how many branches show a query a key. For small sequences."""
        if self.padding != "mask":
            raise ValueError(f"padding: expected mask for a multiplicity, got {self.padding}")
        total = np.zeros((heads, n_query, n_key), dtype=np.int64)
        for branch in self.branches:
            total += branch.visible(
                heads,
                n_query,
                n_key,
                causal=causal,
                query_offset=query_offset,
                kv_length=kv_length,
            )
        return total


@dataclass(frozen=True)
class Configuration:
    """A setting that people really run. branches None: geometric, growing with the sequence."""

    name: str
    lengths: tuple[int, ...]
    heads: int
    head_dims: tuple[int, ...]
    branches: str | None
    causal: tuple[bool, ...] = (False,)

    def pattern(
        self, n: int, head_offset: HeadOffset | None = None, padding: str = "mask"
    ) -> Pattern:
        if self.branches is None:
            return Pattern.geometric(n, head_offset=head_offset, padding=padding)
        return Pattern.parse(self.branches, head_offset, padding)


_SLIDE_LENGTHS = (1069, 5309, 45681)

CONFIGURATIONS = {
    configuration.name: configuration
    for configuration in (
        Configuration(
            "paper-lm",
            (8192, 16384, 32768),
            12,
            (64,),
            "2048:1,4096:2,8192:4,16384:6,32768:12",
            (True,),
        ),
        Configuration("torchscale-readme", (4096,), 12, (64,), "2048:1,4096:2", (True,)),
        Configuration(
            "gigapath",
            _SLIDE_LENGTHS,
            16,
            (48, 64, 96),
            "1024:1,5792:2,32768:4,185363:8,1048576:16",
        ),
        Configuration(
            "gigapath-panda",
            _SLIDE_LENGTHS,
            16,
            (48, 64, 96),
            "1024:1,4870:2,23170:4,110217:8,524288:16",
        ),
        Configuration("longvit-1024px", (1024,), 16, (24,), "64:1,128:2,256:4,512:8,1024:16"),
        Configuration(
            "longvit-8192px", (65536,), 16, (24,), "1024:1,4096:2,8192:4,16384:8,65536:16"
        ),
        Configuration(
            "longvit-32768px", (1048576,), 16, (24,), "1024:1,4096:2,32768:4,262144:8,1048576:16"
        ),
        # Its users choose the heads; 8 x 64 stands for them.
        Configuration(
            "geometric", tuple(1 << k for k in range(11, 31)), 8, (64,), None, (False, True)
        ),
    )
}
