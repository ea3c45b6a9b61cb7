# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`same.py TOLERANCE A B ...`: checks that pairs of files hold the same numbers, and prints shapes and types."""

import sys

import numpy as np

tolerance, files = float(sys.argv[1]), sys.argv[2:]
for a, b in zip(files[::2], files[1::2]):
    x, y = np.load(a), np.load(b)
    print(x.dtype, x.shape, y.dtype, y.shape)
    np.testing.assert_allclose(x, y, rtol=tolerance, atol=tolerance)
