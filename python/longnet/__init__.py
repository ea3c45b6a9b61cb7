# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""LongNet's dilated attention (arXiv 2307.02486) in NumPy: definition, patterns, test cases.

    q [B, Hq, Nq, D]   k [B, Hkv, Nk, D]   v [B, Hkv, Nk, Dv]
    out [B, Hq, Nq, Dv]   lse [B, Hq, Nq]

`Pattern` says who attends to whom, `forward` and `backward` compute it in float64, `rows` computes
single rows of a sequence too long for anything else.
"""

from longnet.dense import dense_forward, torchscale_forward
from longnet.pattern import CONFIGURATIONS, Branch, Configuration, Pattern
from longnet.reference import backward, branch_forward, combine, forward, rows

__all__ = [
    "CONFIGURATIONS",
    "Branch",
    "Configuration",
    "Pattern",
    "backward",
    "branch_forward",
    "combine",
    "dense_forward",
    "forward",
    "rows",
    "torchscale_forward",
]
