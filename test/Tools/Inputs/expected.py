# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the functions of two.mlir and tensors.mlir give, for the arrays of arrays.py."""

import sys
from pathlib import Path

import numpy as np

folder = Path(sys.argv[1])
np.save(folder / "doubled.npy", 2 * np.load(folder / "matrix.npy"))
np.save(folder / "ones.npy", np.ones(3, np.float32))
np.save(folder / "sums.npy", np.arange(6) + 5)
