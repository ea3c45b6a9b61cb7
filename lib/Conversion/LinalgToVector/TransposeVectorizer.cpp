//===- TransposeVectorizer.cpp - Transpositions in registers -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LinalgToVector.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace longnet {

/// log2(n) rounds, each interleaving the first half of the rows with the
/// second.
SmallVector<Value> transposeSquare(OpBuilder &builder, Location loc,
                                   SmallVector<Value> rows) {
  int64_t n = rows.size();
  SmallVector<int64_t> low, high;
  for (int64_t lane = 0; lane < n / 2; ++lane) {
    low.append({lane, n + lane});
    high.append({n / 2 + lane, n + n / 2 + lane});
  }
  for (int64_t round = 1; round < n; round *= 2) {
    SmallVector<Value> next;
    for (int64_t row = 0; row < n / 2; ++row)
      for (ArrayRef<int64_t> mask : {ArrayRef(low), ArrayRef(high)})
        next.push_back(vector::ShuffleOp::create(builder, loc, rows[row],
                                                 rows[row + n / 2], mask));
    rows = std::move(next);
  }
  return rows;
}

LogicalResult vectorizeTranspose(linalg::LinalgOp op, RewriterBase &rewriter,
                                 const VectorTarget &target) {
  if (op.getNumDpsInputs() != 1 || op.getNumDpsInits() != 1 ||
      op.getNumLoops() != 2 || op.getNumParallelLoops() != 2 ||
      !hasVectorBody(op) || op.hasIndexSemantics())
    return failure();
  OpOperand *input = op.getDpsInputOperand(0), *init = op.getDpsInitOperand(0);
  AffineMap from = op.getMatchingIndexingMap(input),
            to = op.getMatchingIndexingMap(init);
  if (!from.isPermutation() || !to.isPermutation() || from == to ||
      !isContiguous(input->get()) || !isContiguous(init->get()) ||
      op.payloadUsesValueFromOperand(init))
    return failure();
  int64_t lanes = target.lanesFor(op);
  if (lanes < 2)
    return failure();
  unsigned readDim = cast<AffineDimExpr>(from.getResult(1)).getPosition();
  unsigned writeDim = cast<AffineDimExpr>(to.getResult(1)).getPosition();
  Location loc = op.getLoc();
  auto constant = [&](int64_t value) -> Value {
    return arith::ConstantIndexOp::create(rewriter, loc, value);
  };
  Type sourceElement = getElementTypeOrSelf(input->get().getType());

  // One element, for the remainders.
  auto emitElement = [&](const Position &at) {
    Value element = memref::LoadOp::create(rewriter, loc, input->get(),
                                           indicesOf(op, *input, at));
    SmallVector<Value> results =
        emitBody(op, rewriter, at, readDim, 1, {element, element});
    memref::StoreOp::create(rewriter, loc, results[0], init->get(),
                            indicesOf(op, *init, at));
  };
  // A square of lanes by lanes elements.
  auto emitSquare = [&](const Position &at) {
    SmallVector<Value> rows;
    for (int64_t row = 0; row < lanes; ++row) {
      Position source = at;
      source[writeDim] = offsetBy(rewriter, loc, at[writeDim], row);
      Value line = vector::LoadOp::create(
          rewriter, loc, VectorType::get(lanes, sourceElement), input->get(),
          indicesOf(op, *input, source));
      rows.push_back(
          emitBody(op, rewriter, source, readDim, lanes, {line, line})[0]);
    }
    rows = transposeSquare(rewriter, loc, std::move(rows));
    for (int64_t row = 0; row < lanes; ++row) {
      Position target = at;
      target[readDim] = offsetBy(rewriter, loc, at[readDim], row);
      vector::StoreOp::create(rewriter, loc, rows[row], init->get(),
                              indicesOf(op, *init, target));
    }
  };

  Position position(2);
  SmallVector<Value> sizes, mains;
  for (const Range &range : op.createLoopRanges(rewriter, loc)) {
    Value size = getValueOrCreateConstantIndexOp(rewriter, loc, range.size);
    Value rest =
        rewriter.createOrFold<arith::RemUIOp>(loc, size, constant(lanes));
    sizes.push_back(size);
    mains.push_back(rewriter.createOrFold<arith::SubIOp>(loc, size, rest));
  }
  auto loop = [&](Value begin, Value end, int64_t step,
                  function_ref<void(Value)> body) {
    emitLoop(rewriter, loc, begin, end, step, body);
  };
  loop(constant(0), mains[writeDim], lanes, [&](Value write) {
    position[writeDim] = write;
    loop(constant(0), mains[readDim], lanes, [&](Value read) {
      position[readDim] = read;
      emitSquare(position);
    });
    Value end = arith::AddIOp::create(rewriter, loc, write, constant(lanes));
    loop(mains[readDim], sizes[readDim], 1, [&](Value read) {
      position[readDim] = read;
      loop(write, end, 1, [&](Value element) {
        position[writeDim] = element;
        emitElement(position);
      });
    });
  });
  loop(mains[writeDim], sizes[writeDim], 1, [&](Value write) {
    position[writeDim] = write;
    loop(constant(0), sizes[readDim], 1, [&](Value read) {
      position[readDim] = read;
      emitElement(position);
    });
  });
  return success();
}

} // namespace longnet
