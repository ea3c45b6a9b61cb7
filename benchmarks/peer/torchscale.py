# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""torchscale's way through dilated attention, step by step, on PyTorch's flash attention.

Every branch pads, cuts and gathers q, k and v, attends, and puts its result back into zeros for all
rows; the branches are then summed with weights that take no gradient. Neighbouring heads share a
phase and the zeros of the padding are keys: `longnet.Pattern` with padding "torchscale".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
import torch.nn.functional as F

from peer import pytorch
from peer.case import Case
from peer.pytorch import Results, attend, with_gradient


def gather(x: torch.Tensor, segment: int, dilation: int) -> torch.Tensor:
    """[segments, heads, rows, head_dim] of x [tokens, heads, head_dim]."""
    x = F.pad(x, (0, 0, 0, 0, 0, -len(x) % segment)).unflatten(0, (-1, segment))
    x = F.pad(x, (0, 0, 0, 0, 0, -segment % dilation))
    # [segments, rows, phase of row, phase of head, heads of a phase, head_dim]
    x = x.unflatten(1, (-1, dilation)).unflatten(3, (dilation, -1))
    return x.diagonal(dim1=2, dim2=3).permute(0, 4, 2, 1, 3).flatten(1, 2).contiguous()


def scatter(x: torch.Tensor, dilation: int, tokens: int) -> torch.Tensor:
    """[heads, tokens, ...] of x [segments, heads, rows, ...], with zeros in the rows between."""
    x = x.unflatten(1, (dilation, -1)).movedim(1, -1).diag_embed()
    # From [segments, heads of a phase, rows, ..., phase of row, phase of head].
    x = x.movedim((-1, 1, 0, 2, -2), (0, 1, 2, 3, 4))
    return x.flatten(2, 4).flatten(0, 1)[:, :tokens]


def prepare(arrays: Sequence[np.ndarray], dtype: str) -> list[torch.Tensor]:
    """[tokens, heads, head_dim], as torchscale has them."""
    return pytorch.prepare([x.swapaxes(0, 1).copy() for x in arrays], dtype)


def calls(case: Case, gradient: bool) -> dict[str, Callable[..., Results]]:
    def call(*inputs: torch.Tensor) -> Results:
        outs, lses = [], []
        for branch in case.branches.branches:
            segment, dilation = min(branch.segment, case.tokens), branch.dilation
            gathered = (gather(x, segment, dilation) for x in inputs[:3])
            out, lse = attend(*gathered, 0.0, case.causal)
            outs.append(scatter(out, dilation, case.tokens))
            lse = scatter(lse, dilation, case.tokens)
            lses.append(lse.masked_fill(lse == 0, -1e8)[..., None])
        with torch.no_grad():
            weights = torch.stack(lses).softmax(dim=0).to(outs[0].dtype)
        out = sum(out * weight for out, weight in zip(outs, weights, strict=True))
        return with_gradient(out.transpose(0, 1).contiguous(), inputs)

    return {"": call}


def to_numpy(result: torch.Tensor) -> np.ndarray:
    return pytorch.to_numpy(result).swapaxes(0, 1)
