"""Makes seeded arrays, and compares results: what the integration tests need of NumPy.

arrays.py make FOLDER SHAPE [SCALE]     q.npy, k.npy, v.npy, dout.npy of SHAPE, such as 1x2x100x16
arrays.py same A B TOLERANCE            A and B agree, -inf exactly
"""

import sys
from pathlib import Path

import numpy as np


def make(folder: str, shape: str, scale: str = "1") -> None:
    Path(folder).mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(7)
    for name in ("q", "k", "v", "dout"):
        size = [int(part) for part in shape.split("x")]
        array = rng.standard_normal(size, dtype=np.float32) * np.float32(scale)
        np.save(f"{folder}/{name}.npy", array)


def same(first: str, second: str, tolerance: str) -> None:
    a, b = np.load(first), np.load(second)
    assert a.shape == b.shape, f"shapes differ: {a.shape} and {b.shape}"
    assert (np.isneginf(a) == np.isneginf(b)).all(), "-inf in different places"
    known = np.isfinite(a)
    assert (known == np.isfinite(b)).all(), "infinite or NaN in different places"
    error = np.abs(a[known] - b[known]).max(initial=0)
    print(f"largest difference {error:.2e} of {known.sum()} values")
    assert known.any() and error <= float(tolerance), f"beyond {tolerance}"


if __name__ == "__main__":
    {"make": make, "same": same}[sys.argv[1]](*sys.argv[2:])
