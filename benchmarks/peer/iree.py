# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One dense segment compiled by IREE for this processor: its attention, or products and a softmax.

IREE has no lse to merge branches by, and no gradient.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import cache
from string import Template
from typing import Any

import iree.compiler
import iree.runtime
import ml_dtypes
import numpy as np

from peer.case import Case

ATTENTION = Template("""
func.func @attention(%q: $qkv, %k: $qkv, %v: $qkv) -> $qkv {
  %scale = arith.constant $scale : $type
  %empty = tensor.empty() : $qkv
  %out = iree_linalg_ext.attention <{indexing_maps = [
      affine_map<(b, m, n, k1, k2) -> (b, m, k1)>, affine_map<(b, m, n, k1, k2) -> (b, k2, k1)>,
      affine_map<(b, m, n, k1, k2) -> (b, k2, n)>, affine_map<(b, m, n, k1, k2) -> ()>,
      affine_map<(b, m, n, k1, k2) -> (b, m, n)>]}>
      ins(%q, %k, %v, %scale : $qkv, $qkv, $qkv, $type) outs(%empty : $qkv) {
  ^bb0(%score: f32):
    iree_linalg_ext.yield %score : f32
  } -> $qkv
  return %out : $qkv
}
""")

PRODUCTS = Template("""
#all = affine_map<(b, m, n) -> (b, m, n)>
func.func @attention(%q: $qkv, %k: $qkv, %v: $qkv) -> $out {
  %zero = arith.constant 0.0 : f32
  %scale = arith.constant $scale : f32
  %scores = tensor.empty() : $scores
  %scores_zero = linalg.fill ins(%zero : f32) outs(%scores : $scores) -> $scores
  %qk = linalg.batch_matmul indexing_maps = [
      affine_map<(b, m, n, k) -> (b, m, k)>, affine_map<(b, m, n, k) -> (b, n, k)>,
      affine_map<(b, m, n, k) -> (b, m, n)>]
      ins(%q, %k : $qkv, $qkv) outs(%scores_zero : $scores) -> $scores
  %scaled = linalg.generic
      {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%qk : $scores) outs(%scores : $scores) {
  ^bb0(%x: f32, %_: f32):
    %y = arith.mulf %x, %scale : f32
    linalg.yield %y : f32
  } -> $scores
  %weights = linalg.softmax dimension(2) ins(%scaled : $scores) outs(%scores : $scores) -> $scores
  $round
  %empty = tensor.empty() : $out
  %empty_zero = linalg.fill ins(%zero : f32) outs(%empty : $out) -> $out
  %out = linalg.batch_matmul
      ins($weights, %v : $rounded, $qkv) outs(%empty_zero : $out) -> $out
  return %out : $out
}
""")

# Only for element types other than f32.
ROUND = Template("""
  %rounded = tensor.empty() : $rounded
  %rounded_weights = linalg.generic
      {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%weights : $scores) outs(%rounded : $rounded) {
  ^bb0(%x: f32, %_: $type):
    %y = arith.truncf %x : f32 to $type
    linalg.yield %y : $type
  } -> $rounded
""")


@cache
def _config() -> iree.runtime.Config:
    iree.runtime.flags.parse_flags(f"--task_topology_group_count={os.environ['OMP_NUM_THREADS']}")
    return iree.runtime.Config("local-task")


def prepare(arrays: Sequence[np.ndarray], dtype: str) -> list[iree.runtime.DeviceArray]:
    element = {"f32": np.float32, "bf16": ml_dtypes.bfloat16}[dtype]
    return [iree.runtime.asdevicearray(_config().device, x.astype(element)) for x in arrays]


@cache
def _compiled(source: Template, shape: tuple[int, ...], dtype: str) -> Callable[..., Any]:
    heads, tokens, _ = shape
    words = {
        "type": dtype,
        "scale": float(shape[2]) ** -0.5,
        "qkv": f"tensor<{'x'.join(map(str, shape))}x{dtype}>",
        "out": f"tensor<{'x'.join(map(str, shape))}xf32>",
        "scores": f"tensor<{heads}x{tokens}x{tokens}xf32>",
        "rounded": f"tensor<{heads}x{tokens}x{tokens}x{dtype}>",
    }
    words["round"] = "" if dtype == "f32" else ROUND.substitute(words)
    words["weights"] = "%weights" if dtype == "f32" else "%rounded_weights"
    binary = iree.compiler.compile_str(
        source.substitute(words),
        target_backends=["llvm-cpu"],
        extra_args=[
            "--iree-llvmcpu-target-cpu=host",
            "--iree-opt-level=O3",
            "--iree-opt-data-tiling",
        ],
    )
    context = iree.runtime.SystemContext(config=_config())
    context.add_vm_module(iree.runtime.VmModule.copy_buffer(context.instance, binary))
    return context.modules.module["attention"]


def calls(case: Case, gradient: bool) -> dict[str, Callable[..., tuple[Any, ...]]]:
    def call(source: Template, *inputs: iree.runtime.DeviceArray) -> tuple[Any, ...]:
        dtype = "f32" if inputs[0].dtype == np.float32 else "bf16"
        function = _compiled(source, tuple(inputs[0].shape), dtype)
        return (function(*inputs).to_host(),)

    return {
        "attention": lambda *inputs: call(ATTENTION, *inputs),
        "products": lambda *inputs: call(PRODUCTS, *inputs),
    }


def to_numpy(result: np.ndarray) -> np.ndarray:
    return result.astype(np.float32)
