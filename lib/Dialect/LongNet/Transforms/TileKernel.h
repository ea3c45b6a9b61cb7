//===- TileKernel.h - A group of queries over tiles of keys -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_LIB_DIALECT_LONGNET_TRANSFORMS_TILEKERNEL_H
#define LONGNET_LIB_DIALECT_LONGNET_TRANSFORMS_TILEKERNEL_H

#include "KernelFunctions.h"
#include "Packing.h"
#include "longnet/Dialect/LongNet/IR/IndexExpr.h"
#include "longnet/Dialect/LongNet/IR/LongNet.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace longnet {

/// The running softmax of some query rows, on buffers of the accumulation type:
/// `acc [rows, Dv]`, `max [rows]` of unscaled scores, `sum [rows]`.
struct RunningState {
  mlir::Value acc, max, sum;
};

/// Keys and values of a group: views [keys, D] and [keys, Dv] with any strides.
struct KeyRows {
  mlir::Value key, value;
  /// Keys that take part. Beyond the rows of `key` and `value` they are zeros.
  IndexExpr count;
  /// Positions [keys], or none for 0, 1, 2, ...
  mlir::Value positions;
};

/// Queries that see keys of one list: those of a segment and phase, or of a row
/// of `longnet.attention`. All buffers are views with any strides.
struct QueryGroup {
  /// [rows, D]
  mlir::Value query;
  RunningState state;
  KeyRows keys;
  /// Query `i` sees the keys `j <= i + diagonal`, if given.
  std::optional<IndexExpr> diagonal;
  /// Query `i` sees the key `j` if `keys.positions[j] <= queryLimits[i]`, if
  /// given: an index buffer [rows].
  mlir::Value queryLimits;
};

/// A position or limit that is never or always visible.
constexpr int64_t hiddenPosition = std::numeric_limits<int64_t>::max();
constexpr int64_t unlimited = hiddenPosition - 1;

/// Queries and keys of a tile.
struct TileSizes {
  int64_t query, key;
  /// If not 0, bf16 is packed in pairs and head dimensions are padded to a
  /// multiple of this.
  int64_t pairs;
  /// Bytes of packed keys and values of a strip, 0 for no strips.
  int64_t strip;
  /// If not 1, f32 is packed in pairs as the sum of so many parts of bf16.
  int64_t parts;
};

/// The shape of a kernel: what does not change between groups.
struct TileShape {
  int64_t headDim, valueDim;
  mlir::FloatType accumulation;
  /// What queries are multiplied by, exactly: 1, -1 or 0. With it, the scale
  /// of scores is positive.
  double sign, scale;
  int64_t queryTile, keyTile;
  /// Of packed queries, keys and values: the accumulation type, or bf16 where
  /// they come in pairs.
  mlir::FloatType element;

  /// Head dimensions of packed tiles: zeros fill up those of tiles in pairs.
  int64_t packedHeadDim, packedValueDim;
  /// Of bf16 that packed elements are the sum of.
  int64_t parts = 1;

  /// Tiles of keys that are packed at once for `longnet.attend_strip`, or 0.
  int64_t stripTiles = 0;
  /// Whether gradients are those of `longnet.attend_grad_strip`.
  bool hasGradStrips = false;

  /// Take strips and the tile sizes that they are fastest with, if the shape
  /// allows them: of up to `bytes` of keys and values, or for gradients if that
  /// is not 0.
  void setStrips(int64_t bytes);
  void setGradStrips(int64_t bytes);
  bool hasStrips() const { return stripTiles > 0; }
  /// Whether tiles of keys are packed in blocks (see `forEachBlock`).
  bool hasBlocks() const { return hasStrips() || hasGradStrips; }
  bool hasPairs() const { return element != accumulation; }

  /// All of it, as the key of a kernel function.
  mlir::Attribute asAttribute(bool hasDiagonal) const;
};

/// Packed tiles, reused by all groups of a task: blocks of `queryTile` queries
/// with their limits and states, and a strip of tiles of keys.
struct TileScratch {
  mlir::Value queries, limits, acc, max, sum, keys, values, positions;
  /// Only for pairs: one block of queries as rows, and the values as columns.
  /// `values` then are those of one tile.
  mlir::Value queryRows = {}, valueColumns = {};
  /// Only for strips: one tile that is not in blocks.
  mlir::Value tileKeys = {}, tileValueColumns = {};

  llvm::SmallVector<mlir::Value> list() const {
    llvm::SmallVector<mlir::Value> all{queries, limits, acc,    max,
                                       sum,     keys,   values, positions};
    if (queryRows)
      all.append({queryRows, valueColumns});
    if (tileKeys)
      all.append({tileKeys, tileValueColumns});
    return all;
  }
  static TileScratch take(ArgumentReader &next, const TileShape &shape) {
    mlir::ValueRange all = next.take(8);
    TileScratch scratch{all[0], all[1], all[2], all[3],
                        all[4], all[5], all[6], all[7]};
    if (shape.hasPairs()) {
      scratch.queryRows = next.value();
      scratch.valueColumns = next.value();
    }
    if (shape.hasStrips()) {
      scratch.tileKeys = next.value();
      scratch.tileValueColumns = next.value();
    }
    return scratch;
  }
};

/// Allocates a buffer on the heap, aligned to vectors.
mlir::Value allocateBuffer(mlir::OpBuilder &builder, mlir::Location loc,
                           llvm::ArrayRef<mlir::OpFoldResult> sizes,
                           mlir::Type element);

/// Fills scratch for all its uses: what one leaves there suits the next.
void fillOnce(mlir::OpBuilder &builder, mlir::Location loc,
              mlir::TypedAttr value, mlir::Value buffer);

/// The size of dimension `dim` of `buffer`, or where that is a tile's, which
/// may be smaller at the end, that of the largest: scratch of that size can be
/// used again.
IndexExpr largestSize(mlir::OpBuilder &builder, mlir::Location loc,
                      mlir::Value buffer, unsigned dim);

/// Frees what `allocateBuffer` made.
void deallocate(mlir::OpBuilder &builder, mlir::Location loc,
                llvm::ArrayRef<mlir::Value> buffers);

/// Allocates scratch for groups of up to `maxRows` queries.
TileScratch allocateScratch(mlir::OpBuilder &builder, mlir::Location loc,
                            const TileShape &shape, const IndexExpr &maxRows);

/// Folds the keys of `group` into its state: calls a function that loops over
/// query and key tiles around `longnet.attend_tile`.
void attendGroup(mlir::OpBuilder &builder, mlir::Location loc,
                 const TileShape &shape, const TileScratch &scratch,
                 const QueryGroup &group, KernelFunctions &functions);

//===----------------------------------------------------------------------===//
// Pieces of kernels
//===----------------------------------------------------------------------===//

/// One packed tile of keys, [n, D] and [n, Dv] with positions [n], and the
/// transposes [D, n] and [Dv, n] where there is room for them; or all of them
/// but the positions in blocks.
struct KeyTile {
  mlir::Value keys, values, positions;
  mlir::Value keyColumns = {}, valueColumns = {};
};

/// Packs the keys from `first` on; rows that do not exist are zeros.
void packKeys(mlir::OpBuilder &builder, mlir::Location loc,
              const TileShape &shape, const KeyRows &rows, const KeyTile &tile,
              mlir::Value first);

/// How blocks of queries see a tile of keys: [0, hidden) not at all, [hidden,
/// seen) in part, [seen, blocks) wholly.
struct BlockRanges {
  IndexExpr hidden, seen;
};

/// Of `blocks` blocks and the key tile from `first` on, of `keys` keys. Query
/// `i` sees the keys `j <= i + diagonal`, if given.
BlockRanges rangesOf(const TileShape &shape, const IndexExpr &blocks,
                     const IndexExpr &keys, const IndexExpr &first,
                     const std::optional<IndexExpr> &diagonal);

/// Whether `index` is less than `bound`.
mlir::Value isBelow(mlir::OpBuilder &builder, mlir::Location loc,
                    mlir::Value index, const IndexExpr &bound);

/// Fills limits `[count]` of the queries from `first` on.
void fillLimits(mlir::OpBuilder &builder, mlir::Location loc,
                mlir::Value limits, const IndexExpr &first,
                const std::optional<IndexExpr> &diagonal);

} // namespace longnet

#endif // LONGNET_LIB_DIALECT_LONGNET_TRANSFORMS_TILEKERNEL_H
