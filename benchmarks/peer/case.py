# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What is compared: attentions that people really run."""

from __future__ import annotations

from dataclasses import dataclass, replace

from longnet.pattern import Pattern

PAPER = "2048:1,4096:2,8192:4,16384:6,32768:12"
POWERS = "2048:1,4096:2,8192:4,16384:8,32768:16"
SLIDES = "1024:1,5792:2,32768:4,185363:8,1048576:16"


@dataclass(frozen=True)
class Case:
    """One attention of batch 1; `pattern` as on the command line of `longnet-run`."""

    name: str
    tokens: int
    heads: int
    head_dim: int
    pattern: str
    causal: bool = False
    gradient: bool = True

    @property
    def branches(self) -> Pattern:
        return Pattern.parse(self.pattern)

    @property
    def group(self) -> str:
        return self.name.split("-")[0]

    def flop(self, gradient: bool) -> int:
        """Of useful pairs: forward, or forward and backward."""
        shape = (self.tokens, self.heads, self.head_dim)
        return sum(
            self.branches.flop(*shape, causal=self.causal, backward=backward)
            for backward in (False, True)[: 1 + gradient]
        )

    def small(self, factor: int = 16) -> Case:
        """The same proportions, to try the benchmark out."""
        scaled = self.branches.scaled_down(factor)
        return replace(self, tokens=max(1, self.tokens // factor), pattern=str(scaled))


def _geometric(name: str, tokens: int, gradient: bool) -> Case:
    return Case(f"L-{name}", tokens, 1, 64, str(Pattern.geometric(tokens)), gradient=gradient)


CASES = (
    Case("P", 32768, 12, 64, PAPER),
    Case("P-causal", 32768, 12, 64, PAPER, causal=True),
    Case("P2", 32768, 16, 64, POWERS),
    Case("P2-causal", 32768, 16, 64, POWERS, causal=True),
    Case("D", 16384, 16, 128, POWERS.rpartition(",")[0]),
    Case("D-causal", 16384, 16, 128, POWERS.rpartition(",")[0], causal=True),
    Case("G", 10000, 16, 48, SLIDES),
    _geometric("64K", 1 << 16, gradient=True),
    _geometric("512K", 1 << 19, gradient=False),
    _geometric("4M", 1 << 22, gradient=False),
    # All that a compiler of dense attention can show.
    Case("S", 2048, 12, 64, "2048:1", gradient=False),
)
