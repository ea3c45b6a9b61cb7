//===- PairEmitter.h - bf16 in pairs -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_LIB_CONVERSION_LINALGTOVECTOR_PAIREMITTER_H
#define LONGNET_LIB_CONVERSION_LINALGTOVECTOR_PAIREMITTER_H

#include "LinalgToVector.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace longnet {

/// What vectorizers of operations on pairs have in common. Pairs are two
/// elements of a sum side by side, as units for dot products and tiles read
/// them. All sizes are static.
class PairEmitter {
public:
  PairEmitter(mlir::linalg::LinalgOp op, mlir::OpBuilder &builder)
      : op(op), builder(builder), loc(op.getLoc()) {}

protected:
  mlir::Value constant(int64_t value) {
    return mlir::arith::ConstantIndexOp::create(builder, loc, value);
  }

  mlir::Value offset(mlir::Value base, int64_t by) {
    return offsetBy(builder, loc, base, by);
  }

  /// A loop over [begin, end) in steps of `step`; none for a single step.
  void emitLoop(int64_t begin, int64_t end, int64_t step,
                llvm::function_ref<void(mlir::Value)> body) {
    if (begin + step == end)
      return body(constant(begin));
    longnet::emitLoop(builder, loc, constant(begin), constant(end), step, body);
  }

  /// [0, size) in steps of `step`, the rest in smaller ones.
  void emitSteps(int64_t size, int64_t step,
                 llvm::function_ref<void(mlir::Value, int64_t)> body) {
    int64_t main = size - size % step;
    if (main > 0)
      emitLoop(0, main, step, [&](mlir::Value at) { body(at, step); });
    if (size > main)
      body(constant(main), size - main);
  }

  /// A loop that carries values.
  llvm::SmallVector<mlir::Value> emitReduction(
      int64_t size, mlir::ValueRange initial,
      llvm::function_ref<void(mlir::Value, llvm::MutableArrayRef<mlir::Value>)>
          body) {
    auto loop = mlir::scf::ForOp::create(builder, loc, constant(0),
                                         constant(size), constant(1), initial);
    mlir::OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(loop.getBody());
    llvm::SmallVector<mlir::Value> carried(loop.getRegionIterArgs());
    body(loop.getInductionVar(), carried);
    // A loop that carries nothing ends by itself.
    if (!initial.empty())
      mlir::scf::YieldOp::create(builder, loc, carried);
    return llvm::SmallVector<mlir::Value>(loop.getResults());
  }

  /// `buffer` with its pairs as two elements of a row.
  mlir::Value asMatrix(mlir::Value buffer) {
    llvm::SmallVector<mlir::ReassociationIndices> groups{{0}, {1, 2}};
    return mlir::memref::CollapseShapeOp::create(builder, loc, buffer, groups);
  }

  /// Whether pairs lie side by side in every row.
  static bool hasMatrix(mlir::Value buffer) {
    auto type = llvm::dyn_cast<mlir::MemRefType>(buffer.getType());
    return type && isContiguous(buffer) &&
           mlir::memref::CollapseShapeOp::isGuaranteedCollapsible(
               type, {{0}, {1, 2}});
  }

  /// The index of the first element of a pair in a row.
  mlir::Value doubled(mlir::Value index) {
    return builder.createOrFold<mlir::arith::MulIOp>(loc, index, constant(2));
  }

  mlir::linalg::LinalgOp op;
  mlir::OpBuilder &builder;
  mlir::Location loc;
};

} // namespace longnet

#endif // LONGNET_LIB_CONVERSION_LINALGTOVECTOR_PAIREMITTER_H
