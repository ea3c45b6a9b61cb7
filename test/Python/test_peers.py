# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What benchmarks/peers.py compares with computes the same; skipped where PyTorch is missing."""

import sys
from pathlib import Path

import numpy as np
import pytest
from longnet import Pattern, backward, forward

pytest.importorskip("torch")
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

from peer import pytorch, torchscale  # noqa: E402
from peer.case import Case  # noqa: E402

CASES = (
    Case("indivisible", 130, 6, 8, "16:1,32:3,128:6"),
    Case("indivisible causal", 130, 6, 8, "16:1,32:3,128:6", causal=True),
    Case("longer segments", 100, 4, 8, "10:1,58:2,327:4"),
    Case("uneven heads", 96, 5, 8, "16:1,48:3,96:4", causal=True),
    Case("one head", 128, 1, 8, "16:1,32:2,64:4"),
)


def errors(results, pattern, arrays, case, detached=False):
    """Of out, dq, dk and dv, relative to the largest expected values."""
    *qkv, dout = (x[None] for x in arrays)
    out, _ = forward(*qkv, pattern, causal=case.causal)
    gradients = backward(dout, *qkv, pattern, causal=case.causal, detached=detached)
    return [
        float(np.abs(result - expected[0]).max() / np.abs(expected).max())
        for result, expected in zip(results, (out, *gradients), strict=True)
    ]


def inputs(case):
    rng = np.random.default_rng(0)
    shape = (case.heads, case.tokens, case.head_dim)
    return [rng.standard_normal(shape, dtype=np.float32) for _ in range(4)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_pytorch(case):
    arrays = inputs(case)
    # Not compiled: that takes longer than everything else here.
    results = pytorch.attention(case, pytorch.merge, *pytorch.prepare(arrays, "f32"))
    results = [pytorch.to_numpy(x) for x in results]
    assert max(errors(results, case.branches, arrays, case)) < 1e-5


@pytest.mark.parametrize("case", [CASES[0], CASES[2]], ids=lambda case: case.name)
def test_torchscale(case):
    arrays = inputs(case)
    results = torchscale.calls(case, True)[""](*torchscale.prepare(arrays, "f32"))
    results = [torchscale.to_numpy(x) for x in results]
    pattern = Pattern.parse(case.pattern, padding="torchscale")
    assert max(errors(results, pattern, arrays, case, detached=True)) < 1e-5
