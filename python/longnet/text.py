# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Queries, keys and values from a text's bytes: realistic inputs of any length, without a model.

    python -m longnet.text FILE --heads=4 --head-dim=64 --seed=0 --out-dir=DIR

writes q.npy, k.npy and v.npy, float32 of shape [1, heads, bytes, head_dim]. Every byte value has a
random embedding per head. A key resembles the query of the same byte, and both are rotated by their
position (arXiv 2104.09864), so a token attends most to its own byte nearby: peaked attention, as in
trained models.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from longnet.options import run_main

# Tokens rotated at a time, to bound the angles held in float64.
_CHUNK = 1 << 16


def text_qkv(
    text: bytes, heads: int, head_dim: int, seed: int = 0
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """q, k and v [1, heads, len(text), head_dim], the same for the same arguments."""
    if heads < 1:
        raise ValueError(f"heads: expected an integer >= 1, got {heads}")
    if head_dim < 2 or head_dim % 2:
        raise ValueError(f"head_dim: expected an even integer >= 2, got {head_dim}")
    rng = np.random.default_rng(seed)
    q_table, other, v_table = rng.standard_normal((3, heads, 256, head_dim), dtype=np.float32)
    k_table = (q_table + other) / np.float32(np.sqrt(2))
    tokens = np.frombuffer(text, dtype=np.uint8)
    half = head_dim // 2
    frequency = 10000.0 ** (-np.arange(half) / half)
    shape = (1, heads, len(tokens), head_dim)
    q, k, v = (np.empty(shape, dtype=np.float32) for _ in range(3))
    for start in range(0, len(tokens), _CHUNK):
        part = slice(start, min(start + _CHUNK, len(tokens)))
        angle = np.arange(part.start, part.stop)[:, None] * frequency
        cos, sin = np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)
        for table, rotated in ((q_table, q), (k_table, k)):
            x, y = np.split(table[:, tokens[part]], 2, axis=-1)
            rotated[0, :, part, :half] = x * cos - y * sin
            rotated[0, :, part, half:] = x * sin + y * cos
        v[0, :, part] = v_table[:, tokens[part]]
    return q, k, v


def _main(arguments: argparse.Namespace) -> int:
    text = Path(arguments.file).read_bytes()
    arrays = text_qkv(text, arguments.heads, arguments.head_dim, arguments.seed)
    directory = Path(arguments.out_dir)
    directory.mkdir(parents=True, exist_ok=True)
    for name, array in zip(("q", "k", "v"), arrays, strict=True):
        np.save(directory / f"{name}.npy", array)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m longnet.text",
        description="Make q.npy, k.npy and v.npy from a text's bytes.",
    )
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--head-dim", type=int, default=64)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out-dir", default=".", metavar="DIR")
    return parser


if __name__ == "__main__":
    sys.exit(run_main(_parser(), _main))
