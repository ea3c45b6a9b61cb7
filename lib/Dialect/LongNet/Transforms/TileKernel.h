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

/// Emits loops over query and key tiles around `longnet.attend_tile`. Scratch
/// is allocated once, where the object is constructed, and reused by all groups
/// of up to `maxRows` queries.
class TileKernel {
public:
  struct Shape {
    int64_t headDim, valueDim;
    mlir::FloatType accumulation;
    /// What queries are multiplied by, exactly: 1, -1 or 0. With it, the scale
    /// of scores is positive.
    double sign, scale;
    int64_t queryTile, keyTile;
  };

  TileKernel(mlir::OpBuilder &builder, mlir::Location loc, Shape shape,
             const IndexExpr &maxRows);

  /// Folds the keys of `group` into its state.
  void attend(const QueryGroup &group);

  /// Frees the scratch.
  void deallocate();

private:
  mlir::Value allocate(llvm::ArrayRef<mlir::OpFoldResult> sizes,
                       mlir::Type element);
  /// Block `index` of a scratch buffer whose first dimension counts blocks.
  mlir::Value block(mlir::Value buffer, mlir::Value index);
  /// Moves a group's queries, limits and state to scratch, or the state back.
  void loadQueries(const QueryGroup &group, const IndexExpr &rows,
                   mlir::Value block, bool masked);
  void storeState(const QueryGroup &group, const IndexExpr &rows,
                  mlir::Value block);
  /// Packs the keys [first, first + keyTile) of the group.
  void packKeys(const QueryGroup &group, mlir::Value first);
  /// Attends the blocks [begin, end) to the packed keys.
  void attendBlocks(const IndexExpr &begin, const IndexExpr &end, bool masked);

  mlir::OpBuilder &builder;
  mlir::Location loc;
  Shape shape;
  mlir::Value queries, limits, acc, max, sum, keys, values, positions;
};

/// A view of `count` rows of `source` [rows, ...] from `first`, `stride` apart.
mlir::Value viewRows(mlir::OpBuilder &builder, mlir::Location loc,
                     mlir::Value source, const IndexExpr &first,
                     const IndexExpr &count, int64_t stride = 1);

/// A view of `source` with the leading dimensions fixed at `indices`.
mlir::Value viewAt(mlir::OpBuilder &builder, mlir::Location loc,
                   mlir::Value source, llvm::ArrayRef<IndexExpr> indices);

/// Element `index` of the float buffer `value`, or a map of several operands of
/// equal rank to one destination; see the definition.
void emitElementwise(
    mlir::OpBuilder &builder, mlir::Location loc, mlir::ValueRange inputs,
    mlir::ValueRange outputs, llvm::ArrayRef<mlir::AffineMap> maps,
    llvm::function_ref<llvm::SmallVector<mlir::Value>(
        mlir::OpBuilder &, mlir::Location, mlir::ValueRange)>
        body);

} // namespace longnet

#endif // LONGNET_LIB_DIALECT_LONGNET_TRANSFORMS_TILEKERNEL_H
