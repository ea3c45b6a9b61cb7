# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""JAX's own attention on the blocks of every branch, its segments one after the other, all jitted.

JAX has no fused attention on CPUs: the scores of a segment are in memory, and computed again for
the gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import numpy as np

from peer.blocks import Block, by_phase
from peer.case import Case

Results = tuple[jax.Array, ...]


def gather(block: Block, x: jax.Array) -> jax.Array:
    """[segments, rows, heads, head_dim] of x [heads, tokens, head_dim]."""
    end = block.start + block.segments * block.segment
    x = x[block.head :: block.head_step, block.start : end]
    x = x.reshape(len(x), block.segments, block.segment, -1)
    return x[:, :, block.phase :: block.dilation].transpose(1, 2, 0, 3)


def scatter(block: Block, x: jax.Array, heads: int, tokens: int, empty: float) -> jax.Array:
    """[heads, tokens, head_dim] of x [segments, rows, heads, head_dim]."""

    def spread(x: jax.Array, axis: int, size: int, first: int, step: int) -> jax.Array:
        last = first + (x.shape[axis] - 1) * step
        padding = [(0, 0, 0)] * x.ndim
        padding[axis] = (first, size - last - 1, step - 1)
        return jax.lax.pad(x, jnp.array(empty, x.dtype), padding)

    x = spread(x, 1, block.segment, block.phase, block.dilation)
    x = x.reshape(-1, *x.shape[2:]).transpose(1, 0, 2)
    x = spread(x, 1, tokens, block.start, 1)
    return spread(x, 0, heads, block.head, block.head_step)


def prepare(arrays: Sequence[np.ndarray], dtype: str) -> list[jax.Array]:
    element = {"f32": jnp.float32, "bf16": jnp.bfloat16}[dtype]
    return [jnp.asarray(x, element) for x in arrays]


def calls(case: Case, gradient: bool) -> dict[str, Callable[..., Results]]:
    size = case.heads, case.tokens

    @jax.checkpoint
    def attend(qkv: Sequence[jax.Array]) -> tuple[jax.Array, jax.Array]:
        q, k, v = (x[None] for x in qkv)
        out, lse = jax.nn.dot_product_attention(
            q, k, v, is_causal=case.causal, return_residual=True
        )
        return out[0], lse[0]

    def attention(q: jax.Array, k: jax.Array, v: jax.Array) -> jax.Array:
        outs, lses = [], []
        for branch in case.branches.branches:
            out, lse = jnp.zeros_like(q), jnp.full((*size, 1), -jnp.inf)
            for block in by_phase(branch, *size):
                part, part_lse = jax.lax.map(attend, [gather(block, x) for x in (q, k, v)])
                out += scatter(block, part, *size, 0)
                part_lse = part_lse.astype(jnp.float32)[..., None]
                lse = jnp.maximum(lse, scatter(block, part_lse, *size, -jnp.inf))
            outs.append(out)
            lses.append(lse)
        weights = jax.nn.softmax(jnp.stack(lses), axis=0)
        return (weights * jnp.stack(outs)).sum(axis=0).astype(q.dtype)

    def forward(q: jax.Array, k: jax.Array, v: jax.Array) -> Results:
        return (attention(q, k, v),)

    def both(q: jax.Array, k: jax.Array, v: jax.Array, dout: jax.Array) -> Results:
        out, backward = jax.vjp(attention, q, k, v)
        return out, *backward(dout)

    compiled = jax.jit(both if gradient else forward)
    return {"": lambda *inputs: jax.block_until_ready(compiled(*inputs))}


def to_numpy(result: jax.Array) -> np.ndarray:
    return np.asarray(result, dtype=np.float32)
