# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Arrays for client.c: `make DIR` writes q, k and v as .npy and .raw; `raw DIR` the results as .raw."""

import sys
from pathlib import Path

import numpy as np

command, folder = sys.argv[1], Path(sys.argv[2])
folder.mkdir(parents=True, exist_ok=True)
if command == "make":
    rng = np.random.default_rng(7)
    for name, heads in (("q", 4), ("k", 2), ("v", 2)):
        array = rng.standard_normal((2, heads, 37, 16), dtype=np.float32)
        np.save(folder / f"{name}.npy", array)
        array.tofile(folder / f"{name}.raw")
else:
    for name in ("out", "lse"):
        np.load(folder / f"{name}.npy").tofile(folder / f"{name}.raw")
