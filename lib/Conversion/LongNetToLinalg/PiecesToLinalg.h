//===- PiecesToLinalg.h - Level 1 to linalg -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// The patterns of `convert-longnet-pieces-to-linalg`, one file an operation,
// and the loops that they share. All follow one plan: an `scf.forall` over
// the dimensions that are independent (batch, head, segment), whose body fills
// its own slice of the results row by row. So the work is parallel whatever
// comes next, every decision is made once a row, and what is left for the
// innermost loop is a contiguous row. Slices are taken and put back in the form
// that bufferizes in place.
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_LIB_CONVERSION_LONGNETTOLINALG_PIECESTOLINALG_H
#define LONGNET_LIB_CONVERSION_LONGNETTOLINALG_PIECESTOLINALG_H

#include "longnet/Dialect/LongNet/IR/IndexExpr.h"
#include "longnet/Dialect/LongNet/IR/LongNet.h"
#include "mlir/IR/PatternMatch.h"

namespace longnet {

void populateSegmentToLinalgPatterns(mlir::RewritePatternSet &patterns);
void populateSparsifyToLinalgPatterns(mlir::RewritePatternSet &patterns);
void populateScatterToLinalgPatterns(mlir::RewritePatternSet &patterns);
void populateCombineToLinalgPatterns(mlir::RewritePatternSet &patterns);

/// The type of a result and its sizes, constant where the type or the operation
/// knows them.
struct ResultShape {
  mlir::RankedTensorType type;
  llvm::SmallVector<mlir::OpFoldResult> sizes;

  /// The sizes after the first `count`: those of a slice.
  llvm::ArrayRef<mlir::OpFoldResult> sliceSizes(unsigned count) const {
    return llvm::ArrayRef(sizes).drop_front(count);
  }
};

/// The shapes of all results of `op`.
llvm::SmallVector<ResultShape>
getResultShapes(mlir::OpBuilder &builder,
                mlir::ReifyRankedShapedTypeOpInterface op);

/// `tensor[at..., :, ...]`, of the trailing `sizes`.
mlir::Value extractSlice(mlir::OpBuilder &builder, mlir::Location loc,
                         mlir::Value tensor, mlir::ValueRange at,
                         llvm::ArrayRef<mlir::OpFoldResult> sizes);

/// `tensor` with `slice` at `[at..., :, ...]`.
mlir::Value insertSlice(mlir::OpBuilder &builder, mlir::Location loc,
                        mlir::Value slice, mlir::Value tensor,
                        mlir::ValueRange at,
                        llvm::ArrayRef<mlir::OpFoldResult> sizes);

/// `tensor` filled with `value`.
mlir::Value fill(mlir::OpBuilder &builder, mlir::Location loc,
                 mlir::Value tensor, double value);

/// Makes the results `shapes` in parallel over the first `count` dimensions,
/// which they share. `body` gets the place in those dimensions and each
/// result's slice there, of undefined contents, which it replaces.
llvm::SmallVector<mlir::Value>
forEachSlice(mlir::OpBuilder &builder, mlir::Location loc,
             llvm::ArrayRef<ResultShape> shapes, unsigned count,
             llvm::function_ref<void(mlir::ValueRange at,
                                     llvm::MutableArrayRef<mlir::Value> slices)>
                 body);

/// Replaces `tensors` by what becomes of them when `body` replaces them once
/// for every index below `count`, in order.
void forEachRow(
    mlir::OpBuilder &builder, mlir::Location loc, mlir::OpFoldResult count,
    llvm::MutableArrayRef<mlir::Value> tensors,
    llvm::function_ref<void(mlir::Value row,
                            llvm::MutableArrayRef<mlir::Value> tensors)>
        body);

/// `tensor` of rank 1 with the element `element(i)` at every `i`.
mlir::Value generate(
    mlir::OpBuilder &builder, mlir::Location loc, mlir::Value tensor,
    llvm::function_ref<mlir::Value(mlir::OpBuilder &, mlir::Value)> element);

/// `rows` with row `row` set to the row of `source` at `at`, or to zero unless
/// `present`. Reads `source` only then.
mlir::Value copyRow(mlir::OpBuilder &builder, mlir::Location loc,
                    mlir::Value present, mlir::Value source,
                    mlir::ValueRange at, mlir::Value rows, mlir::Value row,
                    mlir::OpFoldResult width);

/// `positions[segment, row]`, or -1, absent, where `row` is at or past the end.
IndexExpr loadPosition(mlir::OpBuilder &builder, mlir::Location loc,
                       mlir::Value positions, mlir::Value segment,
                       const IndexExpr &row);

/// Whether `position` is that of a row, not of an absent one.
mlir::Value isPresent(mlir::OpBuilder &builder, mlir::Location loc,
                      mlir::Value position);

} // namespace longnet

#endif // LONGNET_LIB_CONVERSION_LONGNETTOLINALG_PIECESTOLINALG_H
