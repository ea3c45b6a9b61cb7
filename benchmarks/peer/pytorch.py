# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The best composition of PyTorch's own parts: its flash attention on strided views, no gather.

Branches are merged in place by their lse, in one compiled pass over the rows of a branch. Heads
before tokens are faster than tokens before heads, and an eager merge is slower; gathered copies
instead of views make no difference. The gradient is exact: the backward of every branch gets the
merged out and lse, and nothing else is saved.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import chain
from typing import Any

import numpy as np
import torch

from peer.blocks import Block, fewest
from peer.case import Case

attend = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
attend_backward = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward

Results = tuple[torch.Tensor, ...]


def view(block: Block, x: torch.Tensor) -> torch.Tensor:
    """[segments, heads, rows, ...] of x [heads, tokens, ...]."""
    head, token, *rest = x.stride()
    return x.as_strided(
        (block.segments, block.heads, block.rows, *x.shape[2:]),
        (
            block.segment * token,
            block.head_step * head + block.phase_step * token,
            block.dilation * token,
            *rest,
        ),
        x.storage_offset() + block.head * head + (block.start + block.phase) * token,
    )


def merge(
    out: torch.Tensor, lse: torch.Tensor, branch_out: torch.Tensor, branch_lse: torch.Tensor
) -> None:
    """Adds the result of a branch to out and lse."""
    total = torch.logaddexp(lse, branch_lse)
    kept, added = (lse - total).exp()[..., None], (branch_lse - total).exp()[..., None]
    out.copy_(out * kept + branch_out * added)
    lse.copy_(total)


class DilatedAttention(torch.autograd.Function):
    """out and lse of q, k and v [heads, tokens, head_dim]; the first branch must show every row."""

    @staticmethod
    def forward(
        ctx: Any, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, case: Case, merge: Callable
    ) -> Results:
        first, *others = (fewest(branch, *q.shape[:2]) for branch in case.branches.branches)

        def attended(block: Block) -> Results:
            return attend(*(view(block, x) for x in (q, k, v)), 0.0, case.causal)

        # What comes first is not merged but becomes the result.
        parts = [[x.transpose(0, 1).flatten(1, 2) for x in attended(block)] for block in first]
        out, lse = parts[0] if len(parts) == 1 else map(torch.hstack, zip(*parts, strict=True))
        for block in chain(*others):
            merge(view(block, out), view(block, lse), *attended(block))
        ctx.save_for_backward(q, k, v, out, lse)
        ctx.blocks, ctx.causal = [*first, *chain(*others)], case.causal
        ctx.mark_non_differentiable(lse)
        return out, lse

    @staticmethod
    def backward(ctx: Any, dout: torch.Tensor, _: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        gradients = [torch.zeros_like(x) for x in ctx.saved_tensors[:3]]
        for block in ctx.blocks:
            views = (view(block, x) for x in (dout, *ctx.saved_tensors))
            parts = attend_backward(*views, 0.0, ctx.causal)
            for total, part in zip(gradients, parts, strict=True):
                view(block, total).add_(part)
        return *gradients, None, None


def prepare(arrays: Sequence[np.ndarray], dtype: str) -> list[torch.Tensor]:
    element = {"f32": torch.float32, "bf16": torch.bfloat16}[dtype]
    tensors = [torch.from_numpy(np.array(x)).to(element) for x in arrays]
    for x in tensors[:3]:
        x.requires_grad_(len(arrays) > 3)
    return tensors


def with_gradient(out: torch.Tensor, inputs: Sequence[torch.Tensor]) -> Results:
    """out, and dq, dk and dv if there is dout among the inputs."""
    if len(inputs) == 3:
        return (out,)
    return out.detach(), *torch.autograd.grad(out, inputs[:3], inputs[3])


def attention(case: Case, merge: Callable[..., None], *inputs: torch.Tensor) -> Results:
    """out, with the gradients if there is dout among the inputs."""
    return with_gradient(DilatedAttention.apply(*inputs[:3], case, merge)[0], inputs)


def calls(case: Case, gradient: bool) -> dict[str, Callable[..., Results]]:
    # Blocks of one head or one segment are compiled apart.
    torch._dynamo.config.recompile_limit = 64
    return {"": partial(attention, case, torch.compile(merge, dynamic=True))}


def to_numpy(result: torch.Tensor) -> np.ndarray:
    return result.float().numpy()
