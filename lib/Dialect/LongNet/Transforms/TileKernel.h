//===- TileKernel.h - A group of queries over tiles of keys -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_LIB_DIALECT_LONGNET_TRANSFORMS_TILEKERNEL_H
#define LONGNET_LIB_DIALECT_LONGNET_TRANSFORMS_TILEKERNEL_H

#include "longnet/Dialect/LongNet/IR/IndexExpr.h"
#include "longnet/Dialect/LongNet/IR/LongNet.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

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
  /// [keys, D] and [keys, Dv]
  mlir::Value key, value;
  /// Keys that take part. Beyond the rows of `key` and `value` they are zeros.
  IndexExpr keys;
  /// Query `i` sees the keys `j <= i + diagonal`, if given.
  std::optional<IndexExpr> diagonal;
  /// Query `i` sees the key `j` if `keyPositions[j] <= queryLimits[i]`, if
  /// given: index buffers [keys] and [rows].
  mlir::Value keyPositions, queryLimits;
};

/// A position or limit that is never or always visible.
constexpr int64_t hiddenPosition = std::numeric_limits<int64_t>::max();
constexpr int64_t unlimited = hiddenPosition - 1;

/// The shape of a kernel: what does not change between groups.
struct TileShape {
  int64_t headDim, valueDim;
  mlir::FloatType accumulation;
  /// What queries are multiplied by, exactly: 1, -1 or 0. With it, the scale
  /// of scores is positive.
  double sign, scale;
  int64_t queryTile, keyTile;

  bool operator==(const TileShape &other) const {
    return headDim == other.headDim && valueDim == other.valueDim &&
           accumulation == other.accumulation && sign == other.sign &&
           scale == other.scale && queryTile == other.queryTile &&
           keyTile == other.keyTile;
  }
};

/// Packed tiles, reused by all groups of a task: blocks of `queryTile` queries
/// with their limits and states, and one tile of keys.
struct TileScratch {
  mlir::Value queries, limits, acc, max, sum, keys, values, positions;

  llvm::SmallVector<mlir::Value> list() const {
    return {queries, limits, acc, max, sum, keys, values, positions};
  }
  static TileScratch fromList(mlir::ValueRange values);
};

/// Allocates a buffer on the heap, aligned to vectors.
mlir::Value allocateBuffer(mlir::OpBuilder &builder, mlir::Location loc,
                           llvm::ArrayRef<mlir::OpFoldResult> sizes,
                           mlir::Type element);

/// Allocates scratch for groups of up to `maxRows` queries.
TileScratch allocateScratch(mlir::OpBuilder &builder, mlir::Location loc,
                            const TileShape &shape, const IndexExpr &maxRows);

/// Folds the keys of `group` into its state: loops over query and key tiles
/// around `longnet.attend_tile`.
void emitGroup(mlir::OpBuilder &builder, mlir::Location loc,
               const TileShape &shape, const TileScratch &scratch,
               const QueryGroup &group);

/// A view of `count` rows of `source` [rows, ...] from `first`, `stride` apart.
mlir::Value viewRows(mlir::OpBuilder &builder, mlir::Location loc,
                     mlir::Value source, const IndexExpr &first,
                     const IndexExpr &count, int64_t stride = 1);

/// A view of `source` with the leading dimensions fixed at `indices`.
mlir::Value viewAt(mlir::OpBuilder &builder, mlir::Location loc,
                   mlir::Value source, llvm::ArrayRef<IndexExpr> indices);

/// A parallel `linalg.generic` of `inputs` into `outputs`.
void emitElementwise(mlir::OpBuilder &builder, mlir::Location loc,
                     mlir::ValueRange inputs, mlir::ValueRange outputs,
                     llvm::ArrayRef<mlir::AffineMap> maps,
                     llvm::function_ref<llvm::SmallVector<mlir::Value>(
                         mlir::OpBuilder &, mlir::Location, mlir::ValueRange)>
                         body);

} // namespace longnet

#endif // LONGNET_LIB_DIALECT_LONGNET_TRANSFORMS_TILEKERNEL_H
