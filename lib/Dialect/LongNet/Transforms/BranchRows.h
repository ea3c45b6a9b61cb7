//===- BranchRows.h - Rows of a branch -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_LIB_DIALECT_LONGNET_TRANSFORMS_BRANCHROWS_H
#define LONGNET_LIB_DIALECT_LONGNET_TRANSFORMS_BRANCHROWS_H

#include "Packing.h"
#include "TileShape.h"
#include "longnet/Dialect/LongNet/IR/Geometry.h"

namespace longnet {

/// Nested loops over [0, sizes[0]) x [0, sizes[1]) x ...
void emitNest(mlir::OpBuilder &builder, mlir::Location loc,
              llvm::ArrayRef<IndexExpr> sizes,
              llvm::function_ref<void(llvm::ArrayRef<IndexExpr>)> body);

/// Rows of one head and segment, `dilation` apart in queries and keys [N, ...].
struct SegmentRows {
  IndexExpr firstQuery, queries;
  IndexExpr firstKey, keys;
  /// Query `i` sees the keys `j <= i + diagonal`, if causal.
  std::optional<IndexExpr> diagonal;
};

/// What of an attention decides which rows see each other.
struct AttentionPart {
  mlir::Value query, key;
  mlir::Value lengths, queryOffset, keyOffset, headOffset, heads;
  bool causal;
};

/// Of `attend` or `attend_grad`.
template <typename Op>
AttentionPart partOf(Op op) {
  return {op.getQuery(),       op.getKey(),       op.getKvLengths(),
          op.getQueryOffset(), op.getKeyOffset(), op.getHeadOffset(),
          op.getHeads(),       op.getCausal()};
}

/// The phase of query head `head` in `branch`.
IndexExpr phaseOf(mlir::OpBuilder &builder, mlir::Location loc,
                  const AttentionPart &part, BranchAttr branch,
                  const IndexExpr &head);

/// Emits a loop over the segments of `branch` that hold queries of batch entry
/// `batch`, with `body` in it for the rows of `phase`.
void forEachSegment(mlir::OpBuilder &builder, mlir::Location loc,
                    const AttentionPart &part, BranchAttr branch,
                    const IndexExpr &batch, const IndexExpr &phase,
                    llvm::function_ref<void(const SegmentRows &)> body);

/// The key head that head `head` of `op`'s query reads.
template <typename Op>
IndexExpr keyHeadOf(mlir::OpBuilder &builder, Op op, const IndexExpr &head) {
  return floorDiv(head * sizeOf(builder, op.getLoc(), op.getKey(), 1),
                  maximum(sizeOf(builder, op.getLoc(), op.getQuery(), 1), 1));
}

/// The shape of the kernel that `op` needs.
template <typename Op>
TileShape shapeOf(Op op, TileSizes tiles) {
  int64_t headDim =
      llvm::cast<mlir::ShapedType>(op.getQuery().getType()).getShape().back();
  int64_t valueDim =
      llvm::cast<mlir::ShapedType>(op.getValue().getType()).getShape().back();
  double scale = getScale(op.getScaleAttr(), headDim);
  // exp(s x) with s = 0 is that of zeros.
  double sign = scale > 0 ? 1 : scale < 0 ? -1 : 0;
  double positive = scale == 0 ? 1 : std::abs(scale);
  auto accumulation =
      llvm::cast<mlir::FloatType>(mlir::getElementTypeOrSelf(op.getLse()));
  TileShape shape{headDim,     valueDim,  accumulation, sign,    positive,
                  tiles.query, tiles.key, accumulation, headDim, valueDim};
  // Negative scales and odd tiles are rare enough to go the common way.
  mlir::Type storage = mlir::getElementTypeOrSelf(op.getQuery());
  bool isSplit = storage.isF32() && tiles.parts > 1;
  if (tiles.pairs && (storage.isBF16() || isSplit) && sign == 1 &&
      tiles.query % 32 == 0 && tiles.key % 32 == 0) {
    shape.element = mlir::BFloat16Type::get(op.getContext());
    shape.parts = isSplit ? tiles.parts : 1;
    shape.packedHeadDim = llvm::alignTo(headDim, tiles.pairs);
    shape.packedValueDim = llvm::alignTo(valueDim, tiles.pairs);
  }
  return shape;
}

} // namespace longnet

#endif // LONGNET_LIB_DIALECT_LONGNET_TRANSFORMS_BRANCHROWS_H
