//===- LongNetPatternOps.td - Level 0: what is computed ----*- tablegen -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_DIALECT_LONGNET_IR_LONGNETPATTERNOPS_TD
#define LONGNET_DIALECT_LONGNET_IR_LONGNETPATTERNOPS_TD

include "longnet/Dialect/LongNet/IR/LongNetAttrs.td"
include "longnet/Dialect/LongNet/IR/LongNetTypes.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def LongNet_DilatedAttentionOp : LongNet_Op<"dilated_attention", [
    Pure, AttrSizedOperandSegments,
    InferTypeOpAdaptorWithIsCompatible,
    DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
                              ["reifyResultShapes"]>]> {
  let summary = "dilated attention over a pattern of branches";
  let description = [{
    The definition of LongNet's attention in one operation (arXiv 2307.02486,
    equations 9 and 10). Query head `j` has, in every branch `(w, r)`, the phase
    `s = phase(j)`. The query at global position `p` sees the key at position
    `t` through a branch, `m(p, t) = 1`, when

    ```
    p div w == t div w            same segment
    (p mod w) mod r == s          the query row is kept
    (t mod w) mod r == s          the key row is kept
    t <= p                        if causal
    t < kv_lengths[b]             if lengths are given
    ```

    With `x(p, t) = scale * q_p . k_t`, summed over all branches `i`,

    ```
    out_p = sum_i sum_t m_i exp(x) v_t / sum_i sum_t m_i exp(x)
    lse_p = ln sum_i sum_t m_i exp(x)
    ```

    A query that no branch covers has `out = 0` and `lse = -inf`.

    Shapes: `query [B, Hq, Nq, D]`, `key [B, Hkv, Nk, D]`,
    `value [B, Hkv, Nk, Dv]`, `out [B, Hq, Nq, Dv]`, `lse [B, Hq, Nq]`. `Hkv`
    divides `Hq`; query head `j` reads key and value head `j * Hkv div Hq`.
    `query_offset` is the global position of the first query (0 unless given),
    `kv_lengths [B]` the number of valid keys of each batch entry, and `scale`
    is `1 / sqrt(D)` unless given. `lse` is f64 for f64 sequences, f32 for all
    others.

    Example:

    ```mlir
    %out, %lse = longnet.dilated_attention %q, %k, %v
        branches = [<segment = 2048, dilation = 1>,
                    <segment = 4096, dilation = 2>] causal
        : (tensor<1x12x?x64xbf16>, tensor<1x12x?x64xbf16>,
           tensor<1x12x?x64xbf16>) -> (tensor<1x12x?x64xbf16>, tensor<1x12x?xf32>)
    ```
  }];
  let arguments = (ins LongNet_Sequence:$query, LongNet_Sequence:$key,
      LongNet_Sequence:$value, Optional<Index>:$query_offset,
      Optional<LongNet_Lengths>:$kv_lengths, LongNet_PatternAttr:$branches,
      UnitAttr:$causal, OptionalAttr<F64Attr>:$scale);
  let results = (outs LongNet_Sequence:$out, LongNet_SequenceLse:$lse);
  let assemblyFormat = [{
    $query `,` $key `,` $value (`query_offset` $query_offset^)?
    (`kv_lengths` $kv_lengths^ `:` type($kv_lengths))?
    `branches` `=` $branches (`causal` $causal^)? (`scale` `=` $scale^)?
    attr-dict `:` `(` type($query) `,` type($key) `,` type($value) `)`
    `->` `(` type($out) `,` type($lse) `)`
  }];
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
}

#endif // LONGNET_DIALECT_LONGNET_IR_LONGNETPATTERNOPS_TD
