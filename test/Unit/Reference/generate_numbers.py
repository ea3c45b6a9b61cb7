#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes Numbers.inc: what the NumPy reference says of a few seeded problems.

    PYTHONPATH=python python3 test/Unit/Reference/generate_numbers.py > test/Unit/Reference/Numbers.inc

The C++ tests fill the same inputs from the same generator and compare checksums and samples.
"""

import numpy as np
from longnet.dense import dense_forward, torchscale_forward
from longnet.pattern import Branch, Pattern
from longnet.reference import backward

# name, (batch, query heads, key heads, queries, keys, D, Dv), branches, options.
CASES = [
    ("Cyclic", (1, 4, 4, 64, 64, 8, 8), [(16, 1), (32, 2), (64, 4)], {}),
    ("CausalRagged", (2, 3, 3, 53, 53, 6, 5), [(10, 1), (20, 3), (41, 5)], {"causal": True}),
    (
        "BlockedHeads",
        (1, 5, 5, 37, 37, 7, 4),
        [(8, 1, "blocked"), (100, 3, "blocked"), (16, 7, "blocked")],
        {},
    ),
    (
        "GroupedHeadsListedPhases",
        (1, 6, 2, 40, 40, 5, 3),
        [(8, 2, (0, 1, 1, 0, 1, 0)), (40, 3, "none"), (16, 4, "cyclic")],
        {"causal": True, "scale": 0.75},
    ),
    (
        "Decoding",
        (2, 4, 2, 9, 50, 4, 4),
        [(8, 1), (32, 2), (64, 4)],
        {"causal": True, "query_offset": 38},
    ),
    ("KeyLengths", (3, 2, 2, 30, 30, 4, 6), [(8, 1), (16, 2)], {"kv_lengths": [30, 0, 13]}),
    ("FewerHeadsThanPhases", (1, 2, 1, 33, 33, 4, 4), [(3, 7), (12, 5)], {}),
    ("DilationBeyondSegment", (1, 3, 3, 20, 20, 2, 2), [(2, 4), (5, 9, "none")], {}),
    ("LargeScores", (1, 2, 2, 48, 48, 16, 8), [(16, 1), (48, 2)], {"scale": 900.0}),
    ("OneRow", (1, 2, 2, 1, 1, 4, 4), [(2048, 1), (4096, 2)], {"causal": True}),
    ("Torchscale", (1, 4, 4, 45, 45, 6, 6), [(8, 1), (16, 2), (32, 4)], "torchscale"),
    ("TorchscaleMovesRows", (2, 5, 5, 50, 50, 4, 3), [(7, 2), (20, 3), (100, 4)], "torchscale"),
]


class Generator:
    """Knuth's linear congruential generator; its upper 24 bits as a float in [-1, 1)."""

    def __init__(self, seed: int) -> None:
        self.state = seed

    def next(self) -> float:
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 40) / 2.0**23 - 1.0

    def array(self, *shape: int) -> np.ndarray:
        count = int(np.prod(shape))
        return np.array([self.next() for _ in range(count)]).reshape(shape)


def branch_text(branch: Branch, padding: str) -> str:
    text = f"<segment = {branch.segment}, dilation = {branch.dilation}"
    if branch.head_offset != "cyclic":
        heads = branch.head_offset
        text += f", heads = {heads if isinstance(heads, str) else list(heads)}"
    return text + (", padding = torchscale>" if padding == "torchscale" else ">")


def checksum(values: np.ndarray, seed: int) -> float:
    """A sum with random weights, so that the order of the values matters."""
    weights = Generator(seed).array(values.size)
    return float((np.where(np.isinf(values), 0.0, values).ravel() * weights).sum())


def main() -> None:
    print("// Written by generate_numbers.py: change that instead.\n")
    for name, sizes, branches, options in CASES:
        padding = "torchscale" if options == "torchscale" else "mask"
        options = {} if padding == "torchscale" else options
        default = "blocked" if padding == "torchscale" else "cyclic"
        pattern = Pattern(
            tuple(Branch(*branch[:2], *(branch[2:] or (default,))) for branch in branches), padding
        )
        batch, heads, key_heads, queries, keys, dim, value_dim = sizes
        source = Generator(1)
        q = source.array(batch, heads, queries, dim)
        k = source.array(batch, key_heads, keys, dim)
        v = source.array(batch, key_heads, keys, value_dim)
        forward = torchscale_forward if padding == "torchscale" else dense_forward
        out, lse = forward(q, k, v, pattern, **options)
        dout, dlse = source.array(*out.shape), source.array(*lse.shape)
        gradients = [
            backward(dout, q, k, v, pattern, dlse=dlse, detached=detached, **options)
            for detached in (False, True)
            if pattern.is_aligned
        ]
        sums = ", ".join(
            "{" + ", ".join(repr(checksum(x, 4 + i)) for i, x in enumerate(gradient)) + "}"
            for gradient in gradients
        )
        samples = [float(out.flat[i * (out.size - 1) // 2]) for i in range(3)]
        texts = ", ".join(f'"{branch_text(branch, padding)}"' for branch in pattern.branches)
        offset = options.get("query_offset")
        lengths = ", ".join(map(str, options.get("kv_lengths", [])))
        scale = options.get("scale")
        print(
            f'{{"{name}",\n'
            f" {{{', '.join(map(str, sizes))},\n"
            f"  {{{texts}}}, {str(options.get('causal', False)).lower()},\n"
            f"  {'std::nullopt' if scale is None else scale}, "
            f"{'std::nullopt' if offset is None else offset}, {{{lengths}}}}},\n"
            f" {checksum(out, 2)!r}, {checksum(lse, 3)!r}, {int(np.isinf(lse).sum())},\n"
            f" {{{', '.join(map(repr, samples))}}},\n"
            f" {{{sums}}}}},"
        )


if __name__ == "__main__":
    main()
