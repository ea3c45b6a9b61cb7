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
#include "KeyTiles.h"

namespace longnet {

/// The running softmax of some query rows, on buffers of the accumulation type:
/// `acc [rows, Dv]`, `max [rows]` of unscaled scores, `sum [rows]`.
struct RunningState {
  mlir::Value acc, max, sum;
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

/// Allocates scratch for groups of up to `maxRows` queries.
TileScratch allocateScratch(mlir::OpBuilder &builder, mlir::Location loc,
                            const TileShape &shape, const IndexExpr &maxRows);

/// Folds the keys of `group` into its state: calls a function that loops over
/// query and key tiles around `longnet.attend_tile`.
void attendGroup(mlir::OpBuilder &builder, mlir::Location loc,
                 const TileShape &shape, const TileScratch &scratch,
                 const QueryGroup &group, KernelFunctions &functions);

} // namespace longnet

#endif // LONGNET_LIB_DIALECT_LONGNET_TRANSFORMS_TILEKERNEL_H
