//===- LinalgToVector.h - linalg to loops over vectors ---------*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_LIB_CONVERSION_LINALGTOVECTOR_LINALGTOVECTOR_H
#define LONGNET_LIB_CONVERSION_LINALGTOVECTOR_LINALGTOVECTOR_H

#include "longnet/Support/InstructionSet.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/PatternMatch.h"

namespace longnet {

/// The vector unit.
struct VectorTarget {
  int64_t bits;
  int64_t registers;
  InstructionSet instructions;

  /// Lanes for elements like those of `op`: of the widest float among its
  /// operands, or of its widest element.
  int64_t lanesFor(mlir::linalg::LinalgOp op) const;

  /// A block of sums in registers, at most so large: most registers accumulate,
  /// the rest hold a row of vectors and a scalar.
  struct Block {
    int64_t rows, vectors;
  };

  /// The block for sums whose rows are `vectors` wide, 0 if that is unknown.
  Block blockFor(int64_t vectors) const;
};

/// The size of blocks, none larger than `largest`, that `count` is divided into
/// as evenly as may be. What is left over is one more.
int64_t evenBlock(int64_t count, int64_t largest);

/// How the sums of an operation begin and end.
struct SumEnds {
  /// What they start from; null for what is in memory.
  mlir::Value initial;
  /// What is done to them in place of storing them, or null. Whoever does it
  /// takes it away.
  mlir::linalg::LinalgOp epilogue;

  mlir::linalg::LinalgOp takeEpilogue() { return std::exchange(epilogue, {}); }
};

/// Lowers `op` to loops around vectors along the innermost dimension of its
/// destinations, if that is possible.
llvm::LogicalResult vectorizeLoops(mlir::linalg::LinalgOp op,
                                   mlir::RewriterBase &rewriter,
                                   const VectorTarget &target, SumEnds &ends);

/// Lowers an elementwise `op` from one source to one destination whose
/// contiguous dimensions differ.
llvm::LogicalResult vectorizeTranspose(mlir::linalg::LinalgOp op,
                                       mlir::RewriterBase &rewriter,
                                       const VectorTarget &target);

/// Transposes a square of vectors in registers.
llvm::SmallVector<mlir::Value>
transposeSquare(mlir::OpBuilder &builder, mlir::Location loc,
                llvm::SmallVector<mlir::Value> rows);

/// Lowers a contraction of bf16 in pairs to dot products or products of tiles.
llvm::LogicalResult vectorizePairContraction(mlir::linalg::LinalgOp op,
                                             mlir::RewriterBase &rewriter,
                                             const VectorTarget &target,
                                             SumEnds &ends);

/// Lowers an elementwise operation that brings elements into pairs.
llvm::LogicalResult vectorizePairOrder(mlir::linalg::LinalgOp op,
                                       mlir::RewriterBase &rewriter,
                                       const VectorTarget &target);

/// Where an iteration stands: one index for each dimension of the operation.
using Position = llvm::SmallVector<mlir::Value>;

/// A loop over [begin, end) in steps of `step` with `body` in it.
void emitLoop(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value begin,
              mlir::Value end, int64_t step,
              llvm::function_ref<void(mlir::Value)> body);

/// `base + by`.
mlir::Value offsetBy(mlir::OpBuilder &builder, mlir::Location loc,
                     mlir::Value base, int64_t by);

/// Whether the last dimension of `value`, a buffer, has stride 1.
bool isContiguous(mlir::Value value);

/// Whether every operation of the body has a vector form.
bool hasVectorBody(mlir::linalg::LinalgOp op);

/// Clones the body of `op` for `width` consecutive iterations of dimension
/// `laneDim` from `position`. `arguments` hold the block arguments, vectors
/// where they vary along the lanes; results are vectors (scalars for width 1).
llvm::SmallVector<mlir::Value> emitBody(mlir::linalg::LinalgOp op,
                                        mlir::OpBuilder &builder,
                                        const Position &position,
                                        unsigned laneDim, int64_t width,
                                        llvm::ArrayRef<mlir::Value> arguments);

/// Loads `width` elements of `operand` at `position`: a vector, or a scalar.
mlir::Value loadAt(mlir::OpBuilder &builder, mlir::linalg::LinalgOp op,
                   mlir::OpOperand &operand, const Position &position,
                   int64_t width);

/// Stores `value`, a vector or a scalar, to `to` at `indices`.
void storeAt(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value,
             mlir::Value to, mlir::ValueRange indices);

/// Stores `sums`, a vector or a scalar, to `out` at `at`, or does to them what
/// `epilogue` does to elements of `out` if it is given.
void storeSums(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value sums,
               mlir::Value out, const Position &at,
               mlir::linalg::LinalgOp epilogue);

/// The indices of `operand` at `position`.
llvm::SmallVector<mlir::Value> indicesOf(mlir::linalg::LinalgOp op,
                                         mlir::OpOperand &operand,
                                         const Position &position);

} // namespace longnet

#endif // LONGNET_LIB_CONVERSION_LINALGTOVECTOR_LINALGTOVECTOR_H
