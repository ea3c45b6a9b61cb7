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

def LongNet_DilatedAttentionGradOp : LongNet_Op<"dilated_attention_grad", [
    Pure, AttrSizedOperandSegments, AllTypesMatch<["query", "query_grad"]>,
    AllTypesMatch<["key", "key_grad"]>, AllTypesMatch<["value", "value_grad"]>,
    DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
                              ["reifyResultShapes"]>]> {
  let summary = "the gradient of dilated attention";
  let description = [{
    The gradient of `longnet.dilated_attention` with respect to query, key and
    value, from its results and their gradients. Nothing else of the forward
    computation is needed. With `x` and `m_i` as there and `P_i = m_i exp(x -
    lse_p)`, summed over branches `i`,

    ```
    dv_t = sum_i sum_p P_i dout_p          dS_i = P_i (dout_p . v_t - delta_i)
    dq_p = scale sum_i sum_t dS_i k_t      dk_t = scale sum_i sum_p dS_i q_p
    ```

    where `delta_i = dout_p . out_p - dlse_p`: the true gradient. With `detached`
    the weights of the branches count as constants, as torchscale trains, and
    `delta_i` takes the output of branch `i` alone, which is computed again.

    Query rows that no branch covers have the gradient 0 and contribute nothing.
    A branch with `padding = torchscale` needs results at the rows of their
    queries (see `BranchAttr::isAligned`).

    Shapes: `query, query_grad [B, Hq, Nq, D]`, `key, key_grad [B, Hkv, Nk, D]`,
    `value, value_grad [B, Hkv, Nk, Dv]`, `out, out_grad [B, Hq, Nq, Dv]`,
    `lse, lse_grad [B, Hq, Nq]`; the gradient of `lse` is 0 unless given.

    Example:

    ```mlir
    %dq, %dk, %dv = longnet.dilated_attention_grad %q, %k, %v
        results(%out, %lse : tensor<1x12x?x64xbf16>, tensor<1x12x?xf32>)
        gradient(%dout : tensor<1x12x?x64xbf16>)
        branches = [<segment = 2048, dilation = 1>, <segment = 4096, dilation = 2>] causal
        : tensor<1x12x?x64xbf16>, tensor<1x12x?x64xbf16>, tensor<1x12x?x64xbf16>
    ```
  }];
  let arguments = (ins LongNet_Sequence:$query, LongNet_Sequence:$key,
      LongNet_Sequence:$value, LongNet_Sequence:$out, LongNet_SequenceLse:$lse,
      LongNet_Sequence:$out_grad, Optional<LongNet_SequenceLse>:$lse_grad,
      Optional<Index>:$query_offset, Optional<LongNet_Lengths>:$kv_lengths,
      LongNet_PatternAttr:$branches, UnitAttr:$causal, UnitAttr:$detached,
      OptionalAttr<F64Attr>:$scale);
  let results = (outs LongNet_Sequence:$query_grad, LongNet_Sequence:$key_grad,
      LongNet_Sequence:$value_grad);
  let assemblyFormat = [{
    $query `,` $key `,` $value
    `results` `(` $out `,` $lse `:` type($out) `,` type($lse) `)`
    `gradient` `(` $out_grad `:` type($out_grad) `)`
    (`lse_gradient` `(` $lse_grad^ `:` type($lse_grad) `)`)?
    (`query_offset` $query_offset^)?
    (`kv_lengths` $kv_lengths^ `:` type($kv_lengths))?
    `branches` `=` $branches (`causal` $causal^)? (`detached` $detached^)?
    (`scale` `=` $scale^)? attr-dict
    `:` type($query) `,` type($key) `,` type($value)
  }];
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
}

#endif // LONGNET_DIALECT_LONGNET_IR_LONGNETPATTERNOPS_TD
