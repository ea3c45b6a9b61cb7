//===- LongNetKernelOps.td - Level 2: kernels ------------------- -*- tablegen -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_DIALECT_LONGNET_IR_LONGNETKERNELOPS_TD
#define LONGNET_DIALECT_LONGNET_IR_LONGNETKERNELOPS_TD

include "longnet/Dialect/LongNet/IR/LongNetAttrs.td"
include "longnet/Dialect/LongNet/IR/LongNetTypes.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/Interfaces/TilingInterface.td"

class LongNet_KernelOp<string mnemonic, list<Trait> traits = []>
    : LongNet_Op<mnemonic, !listconcat([
        AttrSizedOperandSegments, DestinationStyleOpInterface,
        DeclareOpInterfaceMethods<MemoryEffectsOpInterface>,
        DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
                                  ["reifyResultShapes"]>,
        DeclareOpInterfaceMethods<TilingInterface,
            ["getLoopIteratorTypes", "getIterationDomain",
             "getTiledImplementation", "getResultTilePosition",
             "generateResultTileValue"]>], traits)> {
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable();
  }];
}

def LongNet_AttendOp : LongNet_KernelOp<"attend"> {
  let summary = "attention over a pattern, read from strided rows";
  let description = [{
    Attends over all branches of a pattern, straight from the rows of `query`,
    `key` and `value`: gathers, scatters and merges are gone.

    ```
    (out, lse) <- combine(accumulate ? (out, lse) : nothing, every branch)
    ```

    The running state is the pair `(out, lse)` itself, so branches, keys and
    queries can be split into a chain of `attend`s. Positions are global: row
    `i` of `query` stands at `query_offset + i`, row `i` of `key` and `value` at
    `key_offset + i`, and head `j` of `query` is head `h + j` of `n` with
    `heads %h of %n`, which decides its phase. Key and value heads are those of
    the operands: head `j` of `query` reads `j * Hkv div Hq`. What a branch
    means, and `causal`, `kv_lengths` and `scale`, is as in
    `longnet.dilated_attention`.

    A branch with `padding = torchscale` needs all keys at once and dilations
    that leave result rows at their query rows (see `BranchAttr::isAligned`).

    `out` is of the storage type, or of the accumulation type, which a chain
    needs to lose no precision. Without `accumulate`, `outs` are not read.

    Shapes: `query [B, Hq, Nq, D]`, `key [B, Hkv, Nk, D]`,
    `value [B, Hkv, Nk, Dv]`, `out [B, Hq, Nq, Dv]`, `lse [B, Hq, Nq]`,
    `kv_lengths [B]`; tensors or memrefs.

    Example:

    ```mlir
    %out, %lse = longnet.attend [<segment = 2048, dilation = 1>, <segment = 4096, dilation = 2>] causal
        ins(%q, %k, %v : tensor<1x12x?x64xf32>, tensor<1x12x?x64xf32>, tensor<1x12x?x64xf32>)
        outs(%o, %l : tensor<1x12x?x64xf32>, tensor<1x12x?xf32>)
        -> tensor<1x12x?x64xf32>, tensor<1x12x?xf32>
    ```
  }];
  let arguments = (ins LongNet_AnySequence:$query, LongNet_AnySequence:$key,
      LongNet_AnySequence:$value, Optional<LongNet_AnyLengths>:$kv_lengths,
      Optional<Index>:$query_offset, Optional<Index>:$key_offset,
      Optional<Index>:$head_offset, Optional<Index>:$heads,
      LongNet_AnySequence:$out, LongNet_AnySequenceLse:$lse,
      LongNet_PatternAttr:$branches, UnitAttr:$accumulate, UnitAttr:$causal,
      OptionalAttr<F64Attr>:$scale);
  let assemblyFormat = [{
    $branches (`accumulate` $accumulate^)? (`causal` $causal^)?
    (`scale` `=` $scale^)? (`query_offset` $query_offset^)?
    (`key_offset` $key_offset^)? (`heads` $head_offset^ `of` $heads)? attr-dict
    `ins` `(` $query `,` $key `,` $value `:`
      type($query) `,` type($key) `,` type($value) `)`
    (`kv_lengths` `(` $kv_lengths^ `:` type($kv_lengths) `)`)?
    `outs` `(` $out `,` $lse `:` type($out) `,` type($lse) `)`
    (`->` type($results)^)?
  }];
  let hasCanonicalizer = 1;
}

def LongNet_AttendTileOp : LongNet_KernelOp<"attend_tile"> {
  let summary = "one dense tile of attention with a running softmax";
  let description = [{
    Folds a tile of keys into the running softmax of a tile of queries. Queries
    lie along the last dimension, so that vector lanes are queries and maximum,
    sum and rescaling are elementwise. The maximum is that of unscaled scores,
    so that the exponent of large scores is as exact as their difference.

    ```
    x[j, i]    = sum_d key[j, d] * query[d, i]
    max'[i]    = max(max[i], max_j x[j, i])
    p[j, i]    = exp(scale * (x[j, i] - max'[i]))
    fade[i]    = exp(scale * (max[i] - max'[i]))
    sum'[i]    = fade[i] * sum[i] + sum_j p[j, i]
    acc'[d, i] = fade[i] * acc[d, i] + sum_j value[j, d] * p[j, i]
    ```

    With `visible`, the sums run over the keys `j` with
    `key_positions[j] <= query_limits[i]` only; a state without any key yet is
    `(0, -inf, 0)`, and stays so when no key is visible. `scale` is positive.

    Shapes: `query [D, m]`, `key [n, D]`, `value [n, Dv]`, `acc [Dv, m]`,
    `max [m]`, `sum [m]`, `key_positions [n]`, `query_limits [m]`; tensors or
    memrefs.

    Example:

    ```mlir
    longnet.attend_tile scale = 0.125 ins(%q, %k, %v : memref<64x256xf32>, memref<64x64xf32>, memref<64x64xf32>)
        visible(%at, %limits : memref<64xindex>, memref<256xindex>)
        outs(%acc, %max, %sum : memref<64x256xf32>, memref<256xf32>, memref<256xf32>)
    ```
  }];
  let arguments = (ins LongNet_Tile:$query, LongNet_Tile:$key,
      LongNet_Tile:$value, Optional<LongNet_TilePositions>:$key_positions,
      Optional<LongNet_TilePositions>:$query_limits, LongNet_TileState:$acc,
      LongNet_TileRows:$max, LongNet_TileRows:$sum, F64Attr:$scale);
  let assemblyFormat = [{
    `scale` `=` $scale attr-dict `ins` `(` $query `,` $key `,` $value `:`
      type($query) `,` type($key) `,` type($value) `)`
    (`visible` `(` $key_positions^ `,` $query_limits `:`
      type($key_positions) `,` type($query_limits) `)`)?
    `outs` `(` $acc `,` $max `,` $sum `:`
      type($acc) `,` type($max) `,` type($sum) `)` (`->` type($results)^)?
  }];
}

#endif // LONGNET_DIALECT_LONGNET_IR_LONGNETKERNELOPS_TD
