# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Arrays for the tests of the tools: `arrays.py DIR` writes them all, named by what they are."""

import sys
from pathlib import Path

import numpy as np

folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
rng = np.random.default_rng(3)


def save(name, array):
    np.save(folder / f"{name}.npy", array)


for name, heads in (("q", 4), ("k", 2), ("v", 2)):
    save(name, rng.standard_normal((2, heads, 21, 8), dtype=np.float32))
save("q64", np.load(folder / "q.npy").astype(np.float64))
save("v5", rng.standard_normal((2, 2, 21, 5), dtype=np.float32))
save("lengths", np.array([21, 9]))
save("matrix", rng.standard_normal((6, 64), dtype=np.float32))
save("ints", np.arange(6))
save("half", np.float32(0.5))
save("three", np.int64(3))

# What does not fit the rest.
save("k-batch", np.zeros((1, 2, 21, 8), np.float32))
save("k-heads", np.zeros((2, 3, 21, 8), np.float32))
save("k-dim", np.zeros((2, 2, 21, 16), np.float32))
save("v-rows", np.zeros((2, 2, 20, 8), np.float32))
save("rank3", np.zeros((2, 21, 8), np.float32))
save("dim0", np.zeros((2, 4, 21, 0), np.float32))
save("lengths3", np.array([1, 2, 3]))
save("fractions", np.array([1.5, 2.0]))
save("complex", np.zeros((2, 4, 21, 8), np.complex64))
(folder / "text.npy").write_text("not an array\n")
(folder / "cut.npy").write_bytes((folder / "q.npy").read_bytes()[:-4])
(folder / "empty.npy").write_bytes(b"")
