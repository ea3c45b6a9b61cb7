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

defvar TilesOnTensors = DeclareOpInterfaceMethods<TilingInterface,
    ["getLoopIteratorTypes", "getIterationDomain", "getTiledImplementation",
     "getResultTilePosition", "generateResultTileValue"]>;

class LongNet_KernelOp<string mnemonic, list<Trait> traits = []>
    : LongNet_Op<mnemonic, !listconcat([
        AttrSizedOperandSegments, DestinationStyleOpInterface,
        DeclareOpInterfaceMethods<MemoryEffectsOpInterface>,
        DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
                                  ["reifyResultShapes"]>], traits)> {
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let hasVerifier = 1;
  code destinations = [{
    ::mlir::MutableOperandRange getDpsInitsMutable();
  }];
  let extraClassDeclaration = destinations;
}

def LongNet_AttendOp : LongNet_KernelOp<"attend", [
    DeclareOpInterfaceMethods<TilingInterface,
        ["getLoopIteratorTypes", "getIterationDomain",
         "getTiledImplementation", "getResultTilePosition",
         "generateResultTileValue", "getIterationDomainTileFromResultTile"]>]> {
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

def LongNet_AttendTileOp : LongNet_KernelOp<"attend_tile", [TilesOnTensors]> {
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
    `key_positions[j] <= query_limits[i]` only, or over all of them if `masked`
    is given and false; a state without any key yet is `(0, -inf, 0)`, and stays
    so when no key is visible. `scale` is positive.

    Shapes: `query [D, m]`, `key [n, D]`, `value [n, Dv]`, `acc [Dv, m]`,
    `max [m]`, `sum [m]`, `key_positions [n]`, `query_limits [m]`; tensors or
    memrefs. Tiles of bf16 may come *in pairs*, as units for dot products and
    matrices read them, two elements of the sum side by side: `query
    [D / 2, m, 2]` and `value [Dv, n]`, transposed. Weights are then rounded to
    bf16 before they meet `value`.

    With `parts` of 2 or 3, a tile in pairs stands for one of f32: every element
    is the sum of so many of bf16, each the rest of what those before leave. The
    parts of an operand follow each other along the dimension that is summed
    over: `query [parts * D / 2, m, 2]`, `key [n, parts * D]`, `value [Dv, parts
    * n]`. Weights are split like them, and products of parts `a` and `b` are
    left out where `a + b >= parts`: 3 of 4 remain (bf16x3), or 6 of 9 (bf16x6),
    which have the accuracy of f32.

    Example:

    ```mlir
    longnet.attend_tile scale = 0.125 ins(%q, %k, %v : memref<64x256xf32>, memref<64x64xf32>, memref<64x64xf32>)
        visible(%at, %limits : memref<64xindex>, memref<256xindex>)
        outs(%acc, %max, %sum : memref<64x256xf32>, memref<256xf32>, memref<256xf32>)
    ```
  }];
  let arguments = (ins LongNet_PairTile:$query, LongNet_Tile:$key,
      LongNet_Tile:$value, Optional<LongNet_TilePositions>:$key_positions,
      Optional<LongNet_TilePositions>:$query_limits, Optional<I1>:$masked, LongNet_TileState:$acc,
      LongNet_TileRows:$max, LongNet_TileRows:$sum, F64Attr:$scale,
      DefaultValuedAttr<I64Attr, "1">:$parts);
  let extraClassDeclaration = destinations # [{
    /// Whether 16-bit operands come in pairs.
    bool hasPairs() {
      return ::llvm::cast<::mlir::ShapedType>(getQuery().getType()).getRank() == 3;
    }
  }];
  let assemblyFormat = [{
    `scale` `=` $scale (`parts` `=` $parts^)? attr-dict `ins` `(` $query `,` $key `,` $value `:`
      type($query) `,` type($key) `,` type($value) `)`
    (`visible` `(` $key_positions^ `,` $query_limits `:`
      type($key_positions) `,` type($query_limits) `)` )? (`if` $masked^)?
    `outs` `(` $acc `,` $max `,` $sum `:`
      type($acc) `,` type($max) `,` type($sum) `)` (`->` type($results)^)?
  }];
}

def LongNet_ScoreBoundOp : LongNet_Op<"score_bound"> {
  let summary = "a bound of unscaled scores and running maxima";
  let description = [{
    A number that is at least every `|sum_d key[t, j, d] * query[b, d, i]|`, by
    the Cauchy-Schwarz inequality, and every `|max[b, i]|` but those of -inf, up
    to the rounding of f32 and squares below its smallest normal number. It is NaN
    or +inf if any element is NaN or infinite.

    Operands are blocks of queries and tiles of keys, as those of
    `longnet.attend_strip`: `query [blocks, D / 2, m, 2]`, `key
    [tiles, n / 32, D / 32, 32, 32]`, `max [blocks, m]`.

    Example:

    ```mlir
    %bound = longnet.score_bound %q, %k, %max
        : memref<?x32x32x2xbf16>, memref<?x4x2x32x32xbf16>, memref<?x32xf32>
    ```
  }];
  let arguments = (ins
      Arg<MemRefRankOf<[BF16], [4]>, "", [MemRead]>:$query,
      Arg<MemRefRankOf<[BF16], [5]>, "", [MemRead]>:$key,
      Arg<MemRefRankOf<[F32], [2]>, "", [MemRead]>:$max);
  let results = (outs F32:$bound);
  let assemblyFormat = [{
    $query `,` $key `,` $max attr-dict
    `:` type($query) `,` type($key) `,` type($max)
  }];
  let hasVerifier = 1;
}

def LongNet_AttendStripOp : LongNet_Op<"attend_strip"> {
  let summary = "tiles of attention where scores are known to be small";
  let description = [{
    Adds tiles of keys to the softmax of blocks of queries, as many
    `longnet.attend_tile`s would, in one pipeline over all pairs of a block and a
    tile, and without a maximum: the state is relative to a score of 0, whatever
    its maximum says. For every block `b` and query `i` of it,

    ```
    x[t, j]   = sum_d key[t, j, d] * query[b, d, i]
    p[t, j]   = exp(scale * x[t, j]), to about the precision of bf16
    sum'      = sum[b, i]    + sum_t sum_j p[t, j]
    acc'[d]   = acc[b, d, i] + sum_t sum_j value[t, d, j] * p[t, j]
    ```

    over the keys that it sees, `t * n + j < min(count, visible + b * m + i)`.

    `|scale * log2(e) * x|` must be at most 40 (see `longnet.score_bound`).
    Weights then lie in `2^-40` to `2^40`, so that values of magnitudes between
    `2^-86` and `2^70` are safe in f32. `scale` is positive.

    Shapes: `query [blocks, D / 2, m, 2]`, `key [tiles, n / 32, D / 32, 32, 32]`
    and `value [tiles, Dv / 32, n / 32, 32, 32]` in blocks, of two tile registers
    each in the order in which they are loaded, `acc [blocks, Dv, m]`, `sum
    [blocks, m]`; contiguous buffers on addresses that are multiples of 64,
    static but for the numbers of blocks and tiles.

    Example:

    ```mlir
    longnet.attend_strip scale = 0.125 visible = %visible of %count
        ins(%q, %k, %v : memref<?x32x32x2xbf16>, memref<?x4x2x32x32xbf16>, memref<?x2x4x32x32xbf16>)
        outs(%acc, %sum : memref<?x64x32xf32>, memref<?x32xf32>)
    ```
  }];
  let arguments = (ins
      Arg<MemRefRankOf<[BF16], [4]>, "", [MemRead]>:$query,
      Arg<MemRefRankOf<[BF16], [5]>, "", [MemRead]>:$key,
      Arg<MemRefRankOf<[BF16], [5]>, "", [MemRead]>:$value,
      Index:$visible, Index:$count,
      Arg<MemRefRankOf<[F32], [3]>, "", [MemRead, MemWrite]>:$acc,
      Arg<MemRefRankOf<[F32], [2]>, "", [MemRead, MemWrite]>:$sum,
      F64Attr:$scale);
  let assemblyFormat = [{
    `scale` `=` $scale `visible` `=` $visible `of` $count attr-dict
    `ins` `(` $query `,` $key `,` $value `:`
      type($query) `,` type($key) `,` type($value) `)`
    `outs` `(` $acc `,` $sum `:` type($acc) `,` type($sum) `)`
  }];
  let hasVerifier = 1;
}

def LongNet_AttendGradOp : LongNet_KernelOp<"attend_grad", [TilesOnTensors]> {
  let summary = "adds the gradient of one branch, on strided rows";
  let description = [{
    Adds what one branch contributes to the gradient of attention, straight from
    the rows of the operands. With `x(p, t) = scale * q_p . k_t` over the pairs
    that see each other through the branch,

    ```
    P  = exp(x - lse_p)           dS   = P (dout_p . v_t - delta_p)
    dv_t += sum_p P dout_p        dk_t += scale sum_p dS q_p
                                  dq_p += scale sum_t dS k_t
    ```

    `lse` is that of all branches together, so a pattern is a chain of
    `attend_grad`s. `delta_p = dout_p . out_p` gives the true gradient; a delta
    of each branch's own output the one with detached weights. Rows with
    `lse = -inf` have no keys and contribute nothing. `branch`, positions, heads,
    `causal`, `kv_lengths` and `scale` are as in `longnet.attend`.

    The destinations are of the storage type, and rounded to it once for each
    branch, or of the accumulation type.

    Shapes: `query, query_grad [B, Hq, Nq, D]`, `key, key_grad [B, Hkv, Nk, D]`,
    `value, value_grad [B, Hkv, Nk, Dv]`, `out_grad [B, Hq, Nq, Dv]`,
    `lse, delta [B, Hq, Nq]`, `kv_lengths [B]`; tensors or memrefs.

    Example:

    ```mlir
    %dq1, %dk1, %dv1 = longnet.attend_grad <segment = 2048, dilation = 1> causal
        ins(%q, %k, %v, %lse, %delta, %dout : tensor<1x12x?x64xf32>, tensor<1x12x?x64xf32>,
            tensor<1x12x?x64xf32>, tensor<1x12x?xf32>, tensor<1x12x?xf32>, tensor<1x12x?x64xf32>)
        outs(%dq, %dk, %dv : tensor<1x12x?x64xf32>, tensor<1x12x?x64xf32>, tensor<1x12x?x64xf32>)
        -> tensor<1x12x?x64xf32>, tensor<1x12x?x64xf32>, tensor<1x12x?x64xf32>
    ```
  }];
  let arguments = (ins LongNet_AnySequence:$query, LongNet_AnySequence:$key,
      LongNet_AnySequence:$value, LongNet_AnySequenceLse:$lse,
      LongNet_AnySequenceLse:$delta, LongNet_AnySequence:$out_grad,
      Optional<LongNet_AnyLengths>:$kv_lengths, Optional<Index>:$query_offset,
      Optional<Index>:$key_offset, Optional<Index>:$head_offset,
      Optional<Index>:$heads, LongNet_AnySequence:$query_grad,
      LongNet_AnySequence:$key_grad, LongNet_AnySequence:$value_grad,
      LongNet_BranchAttr:$branch, UnitAttr:$causal,
      OptionalAttr<F64Attr>:$scale);
  let assemblyFormat = [{
    $branch (`causal` $causal^)? (`scale` `=` $scale^)?
    (`query_offset` $query_offset^)? (`key_offset` $key_offset^)?
    (`heads` $head_offset^ `of` $heads)? attr-dict
    `ins` `(` $query `,` $key `,` $value `,` $lse `,` $delta `,` $out_grad `:`
      type($query) `,` type($key) `,` type($value) `,` type($lse) `,`
      type($delta) `,` type($out_grad) `)`
    (`kv_lengths` `(` $kv_lengths^ `:` type($kv_lengths) `)`)?
    `outs` `(` $query_grad `,` $key_grad `,` $value_grad `:`
      type($query_grad) `,` type($key_grad) `,` type($value_grad) `)`
    (`->` type($results)^)?
  }];
  let hasCanonicalizer = 1;
}

def LongNet_AttendGradTileOp : LongNet_KernelOp<"attend_grad_tile"> {
  let summary = "one dense tile of the gradient of attention";
  let description = [{
    Adds what a tile of queries and a tile of keys contribute to the gradient.
    As in `longnet.attend_tile`, lanes are queries; the two sums over queries
    read them as rows, so queries and gradients come in both orders and nothing
    is transposed in a tile.

    ```
    x[j, i]   = sum_d key[j, d] * query[d, i]
    p[j, i]   = exp(scale * x[j, i] - lse[i])
    ds[j, i]  = p[j, i] * (sum_d value[j, d] * out_grad[d, i] - delta[i])
    query_grad'[d, i] = query_grad[d, i] + sum_j key[j, d] * ds[j, i]
    key_grad'[j, d]   = key_grad[j, d]   + sum_i ds[j, i] * query_rows[i, d]
    value_grad'[j, d] = value_grad[j, d] + sum_i p[j, i] * out_grad_rows[i, d]
    ```

    The factor `scale` of the first two gradients is left to the caller. With
    `visible`, `p` is 0 unless `key_positions[j] <= query_limits[i]`, or
    `masked` is given and false. Where
    `lse` is +inf it is 0 as well. `scale` is positive. Tiles in pairs (see
    `longnet.attend_tile`) come with `key_columns`, the transpose of `key`.

    Shapes: `query, query_grad [D, m]`, `query_rows [m, D]`, `key, key_grad
    [n, D]`, `value, value_grad [n, Dv]`, `out_grad [Dv, m]`, `out_grad_rows
    [m, Dv]`, `lse, delta [m]`, `key_positions [n]`, `query_limits [m]`; in
    pairs `query [D / 2, m, 2]`, `query_rows [m / 2, D, 2]`, `out_grad
    [Dv / 2, m, 2]`, `out_grad_rows [m / 2, Dv, 2]` and `key_columns [D, n]`;
    tensors or memrefs. `parts` multiply the first dimension of operands in
    pairs and the last one of `key`, `value` and `key_columns`.

    Example:

    ```mlir
    longnet.attend_grad_tile scale = 0.125
        ins(%q, %qr, %k, %v, %do, %dor, %lse, %delta : memref<64x64xf32>, memref<64x64xf32>, memref<64x64xf32>,
            memref<64x64xf32>, memref<64x64xf32>, memref<64x64xf32>, memref<64xf32>, memref<64xf32>)
        outs(%dq, %dk, %dv : memref<64x64xf32>, memref<64x64xf32>, memref<64x64xf32>)
    ```
  }];
  let arguments = (ins LongNet_PairTile:$query, LongNet_PairTile:$query_rows,
      LongNet_Tile:$key, LongNet_Tile:$value, LongNet_PairTile:$out_grad,
      LongNet_PairTile:$out_grad_rows, LongNet_TileRows:$lse,
      LongNet_TileRows:$delta, Optional<LongNet_Tile>:$key_columns, Optional<LongNet_TilePositions>:$key_positions,
      Optional<LongNet_TilePositions>:$query_limits, Optional<I1>:$masked,
      LongNet_TileState:$query_grad, LongNet_TileState:$key_grad,
      LongNet_TileState:$value_grad, F64Attr:$scale,
      DefaultValuedAttr<I64Attr, "1">:$parts);
  let extraClassDeclaration = destinations # [{
    /// Whether 16-bit operands come in pairs.
    bool hasPairs() {
      return ::llvm::cast<::mlir::ShapedType>(getQuery().getType()).getRank() == 3;
    }
  }];
  let assemblyFormat = [{
    `scale` `=` $scale (`parts` `=` $parts^)? attr-dict
    `ins` `(` $query `,` $query_rows `,` $key `,` $value `,` $out_grad `,`
      $out_grad_rows `,` $lse `,` $delta `:` type($query) `,` type($query_rows)
      `,` type($key) `,` type($value) `,` type($out_grad) `,`
      type($out_grad_rows) `,` type($lse) `,` type($delta) `)`
    (`key_columns` `(` $key_columns^ `:` type($key_columns) `)`)?
    (`visible` `(` $key_positions^ `,` $query_limits `:`
      type($key_positions) `,` type($query_limits) `)` )? (`if` $masked^)?
    `outs` `(` $query_grad `,` $key_grad `,` $value_grad `:`
      type($query_grad) `,` type($key_grad) `,` type($value_grad) `)`
    (`->` type($results)^)?
  }];
}

def LongNet_AttendGradStripOp : LongNet_Op<"attend_grad_strip"> {
  let summary = "tiles of the gradient of attention in one pipeline";
  let description = [{
    Adds what blocks of queries and tiles of keys contribute to the gradient, as
    many `longnet.attend_grad_tile`s would, in one pipeline over all tiles and
    all blocks that see them. Query `i` of block `b` sees key `j` of tile `t` if
    `t * n + j < min(count, visible + b * m + i)`; those pairs add to all three
    gradients what `longnet.attend_grad_tile` says.

    Weights and their derivatives are rounded to bf16 between contractions, from
    half way up.

    Matrices lie in blocks of 32 rows, 64 bytes wide or where rows come in pairs
    64 bytes a pair, in the order in which tile registers are loaded: `query
    [blocks, D / 32, m / 16, 16, 16, 2]`, `query_rows [blocks, m / 32, D / 16,
    16, 16, 2]`, `key [tiles, n / 32, D / 32, 32, 32]`, `key_columns [tiles, D /
    32, n / 32, 32, 32]`, `value` like `key`, `out_grad` and `out_grad_rows`
    like those of queries, `query_grad [blocks, D / 32, m / 16, 32, 16]`,
    `key_grad [tiles, n / 32, D / 16, 32, 16]` and `value_grad` like it;
    besides, `lse, delta [blocks, m]`. They are contiguous buffers on addresses
    that are multiples of 64, static but for the numbers of blocks and of tiles.
    The number of blocks is a multiple of 4, which nobody checks. Two rows of
    `query_rows` and `out_grad_rows` that lie side by side are `r` and `r + m /
    2`. `slopes [2 * blocks, n * m]` is scratch.

    Example:

    ```mlir
    longnet.attend_grad_strip scale = 0.125 visible = %visible of %count
        ins(%q, %qr, %k, %kc, %v, %do, %dor, %lse, %delta :
            memref<?x2x2x16x16x2xbf16>, memref<?x1x4x16x16x2xbf16>, memref<?x4x2x32x32xbf16>, memref<?x2x4x32x32xbf16>,
            memref<?x4x2x32x32xbf16>, memref<?x2x2x16x16x2xbf16>, memref<?x1x4x16x16x2xbf16>, memref<?x32xf32>, memref<?x32xf32>)
        outs(%dq, %dk, %dv : memref<?x2x2x32x16xf32>, memref<?x4x4x32x16xf32>, memref<?x4x4x32x16xf32>)
        scratch(%slopes : memref<?x4096xbf16>)
    ```
  }];
  defvar Half2 = MemRefRankOf<[BF16], [2]>;
  defvar Half5 = MemRefRankOf<[BF16], [5]>;
  defvar Half6 = MemRefRankOf<[BF16], [6]>;
  defvar Float2 = MemRefRankOf<[F32], [2]>;
  defvar Float5 = MemRefRankOf<[F32], [5]>;
  let arguments = (ins
      Arg<Half6, "", [MemRead]>:$query, Arg<Half6, "", [MemRead]>:$query_rows,
      Arg<Half5, "", [MemRead]>:$key, Arg<Half5, "", [MemRead]>:$key_columns,
      Arg<Half5, "", [MemRead]>:$value, Arg<Half6, "", [MemRead]>:$out_grad,
      Arg<Half6, "", [MemRead]>:$out_grad_rows, Arg<Float2, "", [MemRead]>:$lse,
      Arg<Float2, "", [MemRead]>:$delta, Index:$visible, Index:$count,
      Arg<Float5, "", [MemRead, MemWrite]>:$query_grad,
      Arg<Float5, "", [MemRead, MemWrite]>:$key_grad,
      Arg<Float5, "", [MemRead, MemWrite]>:$value_grad,
      Arg<Half2, "", [MemRead, MemWrite]>:$slopes, F64Attr:$scale);
  let assemblyFormat = [{
    `scale` `=` $scale `visible` `=` $visible `of` $count attr-dict
    `ins` `(` $query `,` $query_rows `,` $key `,` $key_columns `,` $value `,`
      $out_grad `,` $out_grad_rows `,` $lse `,` $delta `:` type($query) `,`
      type($query_rows) `,` type($key) `,` type($key_columns) `,` type($value)
      `,` type($out_grad) `,` type($out_grad_rows) `,` type($lse) `,`
      type($delta) `)`
    `outs` `(` $query_grad `,` $key_grad `,` $value_grad `:`
      type($query_grad) `,` type($key_grad) `,` type($value_grad) `)`
    `scratch` `(` $slopes `:` type($slopes) `)`
  }];
  let hasVerifier = 1;
}

#endif // LONGNET_DIALECT_LONGNET_IR_LONGNETKERNELOPS_TD
