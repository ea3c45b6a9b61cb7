# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Dilated attention as the users of other libraries can have it, for `benchmarks/peers.py`.

Every implementation is a module of three functions:

    prepare(arrays, dtype)  what its calls take, from the float32 arrays q, k, v and, for the
                            gradient, dout, each [heads, tokens, head_dim]
    calls(case, gradient)   ways to compute the case by name, of which the fastest counts; a call
                            returns out by itself, or with dq, dk and dv
    to_numpy(result)        float32 [heads, tokens, head_dim] of one of those
"""
