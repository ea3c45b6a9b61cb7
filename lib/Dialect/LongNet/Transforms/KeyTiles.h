//===- KeyTiles.h - Packed keys, and who sees them -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_LIB_DIALECT_LONGNET_TRANSFORMS_KEYTILES_H
#define LONGNET_LIB_DIALECT_LONGNET_TRANSFORMS_KEYTILES_H

#include "TileShape.h"
#include "longnet/Dialect/LongNet/IR/IndexExpr.h"

namespace longnet {

/// Keys and values of a group: views [keys, D] and [keys, Dv] with any strides.
struct KeyRows {
  mlir::Value key, value;
  /// Keys that take part. Beyond the rows of `key` and `value` they are zeros.
  IndexExpr count;
  /// Positions [keys], or none for 0, 1, 2, ...
  mlir::Value positions;
};

/// A position or limit that is never or always visible.
constexpr int64_t hiddenPosition = std::numeric_limits<int64_t>::max();
constexpr int64_t unlimited = hiddenPosition - 1;

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

#endif // LONGNET_LIB_DIALECT_LONGNET_TRANSFORMS_KEYTILES_H
