//===- LongNetPieceOps.td - Level 1: LongNet's vocabulary ------- -*- tablegen -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_DIALECT_LONGNET_IR_LONGNETPIECEOPS_TD
#define LONGNET_DIALECT_LONGNET_IR_LONGNETPIECEOPS_TD

include "longnet/Dialect/LongNet/IR/LongNetAttrs.td"
include "longnet/Dialect/LongNet/IR/LongNetTypes.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/Interfaces/TilingInterface.td"

class LongNet_PieceOp<string mnemonic, list<Trait> traits = []>
    : LongNet_Op<mnemonic, !listconcat([
        Pure,
        InferTypeOpAdaptorWithIsCompatible,
        DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
                                  ["reifyResultShapes"]>], traits)>;

def LongNet_SegmentOp : LongNet_PieceOp<"segment", [AttrSizedOperandSegments]> {
  let summary = "cuts sequences into segments of equal length";
  let description = [{
    Cuts sequences that share their row count `N` into segments of `w` rows of
    the global position axis, on which row `i` of every source stands at
    position `origin + i` (`origin` is 0 unless given). The segments are those
    that hold a row, `G = ceil((origin + N) / w) - origin div w`, or, with
    `grid`, those that hold the positions `grid[g, 0]`: so keys are cut on the
    grid of the queries.

    The rows of a segment come first, `W = min(w, N)` in all, followed by absent
    rows, which are zero. With `first(g)` the position of the first row that
    segment `g` holds and `last(g)` the position after its last,

    ```
    positions[g, x] = first(g) + x if first(g) + x < last(g), else -1
    rows[b, h, g, x, :] = source[b, h, positions[g, x] - origin, :], or 0
    ```

    Shapes: `source [B, H, N, D]`, `rows [B, H, G, W, D]`, `positions [G, W]`;
    `B`, `H` and `D` may differ between sources.

    Example: block-local attention is `segment`, `attention`, `scatter`.

    ```mlir
    %rows:3, %at = longnet.segment %q, %k, %v by 2048
        : (tensor<1x12x?x64xf32>, tensor<1x12x?x64xf32>, tensor<1x12x?x64xf32>)
       -> (tensor<1x12x?x?x64xf32>, tensor<1x12x?x?x64xf32>,
           tensor<1x12x?x?x64xf32>), tensor<?x?xindex>
    ```
  }];
  let arguments = (ins Variadic<LongNet_Sequence>:$sources,
      ConfinedAttr<I64Attr, [IntPositive]>:$segment, Optional<Index>:$origin,
      Optional<LongNet_GridPositions>:$grid);
  let results = (outs Variadic<LongNet_Segments>:$rows,
      LongNet_GridPositions:$positions);
  let assemblyFormat = [{
    $sources `by` $segment (`origin` $origin^)?
    (`grid` $grid^ `:` type($grid))? attr-dict
    `:` `(` type($sources) `)` `->` `(` type($rows) `)` `,` type($positions)
  }];
  let hasVerifier = 1;
}

def LongNet_SparsifyOp : LongNet_PieceOp<"sparsify", [AttrSizedOperandSegments]> {
  let summary = "keeps the rows of a head's phase";
  let description = [{
    Keeps, of every segment, the rows in the phase of each head. Row `m` of the
    result is row

    ```
    x = (phase(h) - positions[g, 0] mod w) mod r + m * r
    ```

    of segment `g`, absent (zero, position -1) if `x >= W` or
    `positions[g, x] = -1`. The result has `heads` heads, those of the first
    source unless given; head `h` of the result reads head `h * Hs div H` of a
    source with `Hs` heads, so key and value heads that several query heads
    share are spread over them here. With `heads` given, all sources have one
    `Hs`.

    With `padding = torchscale`, absent rows take part as zeros: row `m` of the
    segment with index `i = positions[g, 0] div w` (`g` where it has no row) has
    position `(i * M + m) * r + phase(h)`, never -1.

    Shapes: `source [B, Hs, G, W, D]`, `at [G, W]`,
    `rows [B, H, G, M, D]` with `M = ceil(W / r)`, `positions [H, G, M]`.

    Example: strided attention is `sparsify` of a single segment.

    ```mlir
    %kept:3, %p = longnet.sparsify <segment = 4096, dilation = 2> %rows#0, %rows#1, %rows#2 at %at
        : (tensor<1x12x?x?x64xf32>, tensor<1x12x?x?x64xf32>, tensor<1x12x?x?x64xf32>), tensor<?x?xindex>
       -> (tensor<1x12x?x?x64xf32>, tensor<1x12x?x?x64xf32>, tensor<1x12x?x?x64xf32>), tensor<12x?x?xindex>
    ```
  }];
  let arguments = (ins LongNet_BranchAttr:$branch,
      Variadic<LongNet_Segments>:$sources, LongNet_GridPositions:$at,
      Optional<Index>:$heads);
  let results = (outs Variadic<LongNet_Segments>:$rows,
      LongNet_HeadPositions:$positions);
  let assemblyFormat = [{
    $branch $sources `at` $at (`heads` $heads^)? attr-dict
    `:` `(` type($sources) `)` `,` type($at)
    `->` `(` type($rows) `)` `,` type($positions)
  }];
  let hasVerifier = 1;
}

def LongNet_ScatterOp : LongNet_PieceOp<"scatter"> {
  let summary = "puts the rows of segments back into a sequence";
  let description = [{
    The inverse of `segment` and `sparsify`: row `(g, m)` of head `h` goes to
    row `positions[h, g, m] - origin` of a sequence of `length` rows. Rows that
    nothing is put into have `out = 0` and `lse = -inf`; absent rows
    (position -1) and rows outside the sequence are dropped. Of several rows
    with one position, the last in order of `(g, m)` stays.

    Shapes: `rows [B, H, G, M, D]`, `rows_lse [B, H, G, M]`,
    `positions [H, G, M]` or `[G, M]`, `out [B, H, length, D]`,
    `lse [B, H, length]`.

    Example:

    ```mlir
    %out, %lse = longnet.scatter %rows, %rows_lse at %p into %n
        : (tensor<1x12x?x?x64xf32>, tensor<1x12x?x?xf32>), tensor<12x?x?xindex>
       -> (tensor<1x12x?x64xf32>, tensor<1x12x?xf32>)
    ```
  }];
  let arguments = (ins LongNet_Segments:$rows, LongNet_SegmentsLse:$rows_lse,
      LongNet_Positions:$positions, Index:$length, Optional<Index>:$origin);
  let results = (outs LongNet_Sequence:$out, LongNet_SequenceLse:$lse);
  let assemblyFormat = [{
    $rows `,` $rows_lse `at` $positions `into` $length (`origin` $origin^)?
    attr-dict `:` `(` type($rows) `,` type($rows_lse) `)` `,` type($positions)
    `->` `(` type($out) `,` type($lse) `)`
  }];
  let hasVerifier = 1;
}

def LongNet_CombineOp : LongNet_PieceOp<"combine", [SameVariadicOperandSize]> {
  let summary = "merges attention results by their softmax denominators";
  let description = [{
    Merges attention over disjoint multisets of keys into attention over their
    union (arXiv 2307.02486, equations 9 and 10):

    ```
    lse = ln sum_i exp(lse_i)        out = sum_i exp(lse_i - lse) out_i
    ```

    A row that no operand covers (`lse_i = -inf` for all `i`) stays `(0, -inf)`.
    Operands are in the accumulation type; `out` may be rounded to a storage
    type.

    Shapes: `outs [B, H, N, D]`, `lses [B, H, N]`, and the same for the results.

    Example:

    ```mlir
    %out, %lse = longnet.combine(%a, %b), (%la, %lb)
        : (tensor<1x12x?x64xf32>, tensor<1x12x?x64xf32>), (tensor<1x12x?xf32>, tensor<1x12x?xf32>)
       -> (tensor<1x12x?x64xf32>, tensor<1x12x?xf32>)
    ```
  }];
  let arguments = (ins Variadic<LongNet_Sequence>:$outs,
      Variadic<LongNet_SequenceLse>:$lses);
  let results = (outs LongNet_Sequence:$out, LongNet_SequenceLse:$lse);
  let assemblyFormat = [{
    `(` $outs `)` `,` `(` $lses `)` attr-dict
    `:` `(` type($outs) `)` `,` `(` type($lses) `)`
    `->` `(` type($out) `,` type($lse) `)`
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def LongNet_AttentionOp : LongNet_Op<"attention", [
    DestinationStyleOpInterface,
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>,
    DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
                              ["reifyResultShapes"]>,
    DeclareOpInterfaceMethods<TilingInterface,
        ["getLoopIteratorTypes", "getIterationDomain", "getTiledImplementation",
         "getResultTilePosition", "generateResultTileValue"]>]> {
  let summary = "attention of rows in segments";
  let description = [{
    Softmax attention inside every segment. A query row sees the key row `j` of
    its own segment when

    ```
    key_positions[j] != -1
    key_positions[j] <= query_positions[i]     if causal
    key_positions[j] < kv_lengths[b]           if lengths are given
    ```

    With `x = scale * q_i . k_j`, `lse = ln sum_j exp(x)` and
    `out = sum_j exp(x - lse) v_j` over the keys seen; without any,
    `out = 0` and `lse = -inf`. The scale is `1 / sqrt(D)` unless given. The
    result of an absent query row (position -1) is unspecified: `scatter`
    drops it.

    `outs` are destinations only, their contents are not read.

    Shapes: `query [B, H, G, M, D]`, `key [B, H, G, Mk, D]`,
    `value [B, H, G, Mk, Dv]`, positions `[H, G, M]` or `[G, M]`,
    `kv_lengths [B]`, `out [B, H, G, M, Dv]`, `lse [B, H, G, M]`, the last two
    in the accumulation type.

    Example:

    ```mlir
    %o, %l = longnet.attention causal ins(%q, %k, %v : tensor<1x12x?x?x64xf32>, tensor<1x12x?x?x64xf32>, tensor<1x12x?x?x64xf32>)
        at(%p, %p : tensor<12x?x?xindex>, tensor<12x?x?xindex>)
        outs(%o0, %l0 : tensor<1x12x?x?x64xf32>, tensor<1x12x?x?xf32>)
        -> tensor<1x12x?x?x64xf32>, tensor<1x12x?x?xf32>
    ```
  }];
  let arguments = (ins LongNet_AnySegments:$query, LongNet_AnySegments:$key,
      LongNet_AnySegments:$value, LongNet_AnyPositions:$query_positions,
      LongNet_AnyPositions:$key_positions,
      Optional<LongNet_AnyLengths>:$kv_lengths,
      LongNet_AnySegments:$out, LongNet_AnySegmentsLse:$lse,
      UnitAttr:$causal, OptionalAttr<F64Attr>:$scale);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = [{
    (`causal` $causal^)? (`scale` `=` $scale^)? attr-dict
    `ins` `(` $query `,` $key `,` $value `:`
      type($query) `,` type($key) `,` type($value) `)`
    `at` `(` $query_positions `,` $key_positions `:`
      type($query_positions) `,` type($key_positions) `)`
    (`kv_lengths` `(` $kv_lengths^ `:` type($kv_lengths) `)`)?
    `outs` `(` $out `,` $lse `:` type($out) `,` type($lse) `)`
    (`->` type($results)^)?
  }];
  let builders = [OpBuilder<(ins "::mlir::Value":$query, "::mlir::Value":$key,
      "::mlir::Value":$value, "::mlir::Value":$queryPositions,
      "::mlir::Value":$keyPositions, "::mlir::Value":$kvLengths,
      "::mlir::Value":$out, "::mlir::Value":$lse, "bool":$causal,
      "::mlir::FloatAttr":$scale)>];
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable();
  }];
}

#endif // LONGNET_DIALECT_LONGNET_IR_LONGNETPIECEOPS_TD
