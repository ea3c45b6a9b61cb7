//===- ScoreBound.cpp - score_bound on vectors -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../LinalgToVector/LinalgToVector.h"
#include "LongNetToAMX.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Dialect/X86Vector/X86VectorDialect.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

using namespace mlir;

namespace longnet {
namespace {

/// Lanes of f32, and rows that are transposed at once.
constexpr int64_t lanes = 16;

/// Maxima are taken of the bits of numbers that are not negative, which are
/// ordered like the numbers, with NaN, of either sign, above them all.
class BoundEmitter {
public:
  BoundEmitter(ScoreBoundOp op, OpBuilder &builder)
      : op(op), b(op.getLoc(), builder),
        floats(VectorType::get(lanes, b.getF32Type())),
        words(VectorType::get(lanes, b.getI32Type())),
        pairs(VectorType::get(2 * lanes, b.getBF16Type())) {
    SmallVector<ReassociationIndices> groups{{0}, {1}, {2, 3}};
    queryRows = memref::CollapseShapeOp::create(b, op.getQuery(), groups);
  }

  Value emit() {
    Value queries = maximumOver(
        op.getQuery(), 1, [&](Value block) { return emitQueryNorms(block); });
    int64_t keys = keysOfTile();
    Value norms = maximumOver(op.getKey(), keys / lanes,
                              [&](Value group) { return emitKeyNorms(group); });
    Value levels = maximumOver(op.getMax(), 1,
                               [&](Value block) { return emitLevels(block); });
    Value product = arith::MulFOp::create(b, asFloat(queries), asFloat(norms));
    Value bound = arith::BitcastOp::create(b, b.getI32Type(),
                                           math::SqrtOp::create(b, product));
    return asFloat(arith::MaxUIOp::create(b, bound, levels));
  }

private:
  int64_t keysOfTile() {
    return 2 * lanes * op.getKey().getType().getDimSize(1);
  }
  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(b, value);
  }
  Value splat(VectorType type, int64_t value) {
    return arith::ConstantOp::create(
        b, DenseElementsAttr::get(type, b.getI32IntegerAttr(value)));
  }
  Value asFloat(Value word) {
    return arith::BitcastOp::create(b, b.getF32Type(), word);
  }
  Value asWords(Value vector) {
    return vector::BitCastOp::create(b, words, vector);
  }

  /// The maximum of what `body` finds in each of `parts` parts of every element
  /// of the first dimension of `buffer`.
  Value maximumOver(Value buffer, int64_t parts,
                    function_ref<Value(Value)> body) {
    Value size = memref::DimOp::create(b, buffer, 0);
    Value end = arith::MulIOp::create(b, size, index(parts));
    auto loop = scf::ForOp::create(b, index(0), end, index(1),
                                   ValueRange{splat(words, 0)});
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Value found = body(loop.getInductionVar());
    scf::YieldOp::create(
        b, arith::MaxUIOp::create(b, loop.getRegionIterArgs()[0], found)
               .getResult());
    b.setInsertionPointAfter(loop);
    return vector::ReductionOp::create(b, vector::CombiningKind::MAXUI,
                                       loop.getResult(0));
  }

  /// `sums[i]` plus the squares of pair `i`.
  Value addSquares(Value sums, Value elements) {
    return x86vector::DotBF16Op::create(b, floats, sums, elements, elements);
  }
  Value zero() { return arith::ConstantOp::create(b, b.getZeroAttr(floats)); }

  /// Of a block [D / 2, m, 2], along its lanes.
  Value emitQueryNorms(Value block) {
    auto type = op.getQuery().getType();
    int64_t m = type.getDimSize(2);
    SmallVector<Value> starts(m / lanes, zero());
    auto loop = scf::ForOp::create(b, index(0), index(type.getDimSize(1)),
                                   index(1), starts);
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(loop.getBody());
      SmallVector<Value> sums;
      for (auto [at, sum] : llvm::enumerate(loop.getRegionIterArgs())) {
        Value elements = vector::LoadOp::create(
            b, pairs, queryRows,
            ValueRange{block, loop.getInductionVar(), index(at * 2 * lanes)});
        sums.push_back(addSquares(sum, elements));
      }
      scf::YieldOp::create(b, sums);
    }
    Value largest = splat(words, 0);
    for (Value sum : loop.getResults())
      largest = arith::MaxUIOp::create(b, largest, asWords(sum));
    return largest;
  }

  /// Of 16 rows of a tile [n / 32, D / 32, 32, 32]: sums of vectors of pairs,
  /// transposed.
  Value emitKeyNorms(Value group) {
    auto type = op.getKey().getType();
    Value parts = index(keysOfTile() / lanes);
    Value tile = arith::DivUIOp::create(b, group, parts);
    Value part = arith::RemUIOp::create(b, group, parts);
    // Two of them in a block.
    Value band = arith::DivUIOp::create(b, part, index(2));
    Value first = arith::MulIOp::create(
        b, arith::RemUIOp::create(b, part, index(2)), index(lanes));
    SmallVector<Value> rows;
    for (int64_t row = 0; row < lanes; ++row) {
      Value sum = zero();
      Value at = arith::AddIOp::create(b, first, index(row));
      for (int64_t column = 0; column < type.getDimSize(2); ++column)
        sum = addSquares(
            sum, vector::LoadOp::create(
                     b, pairs, op.getKey(),
                     ValueRange{tile, band, index(column), at, index(0)}));
      rows.push_back(sum);
    }
    rows = transposeSquare(b, op.getLoc(), std::move(rows));
    while (rows.size() > 1) {
      SmallVector<Value> sums;
      for (size_t at = 0; at < rows.size(); at += 2)
        sums.push_back(arith::AddFOp::create(b, rows[at], rows[at + 1]));
      rows = std::move(sums);
    }
    return asWords(rows.front());
  }

  /// Magnitudes of maxima [m], and 0 for -inf.
  Value emitLevels(Value block) {
    Value largest = splat(words, 0);
    int64_t m = op.getMax().getType().getDimSize(1);
    for (int64_t at = 0; at < m; at += lanes) {
      Value level = asWords(vector::LoadOp::create(
          b, floats, op.getMax(), ValueRange{block, index(at)}));
      Value isUnseen = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, level,
                                             splat(words, int32_t(0xff800000)));
      Value magnitude =
          arith::AndIOp::create(b, level, splat(words, 0x7fffffff));
      level = arith::SelectOp::create(b, isUnseen, splat(words, 0), magnitude);
      largest = arith::MaxUIOp::create(b, largest, level);
    }
    return largest;
  }

  ScoreBoundOp op;
  ImplicitLocOpBuilder b;
  VectorType floats, words, pairs;
  /// Queries as [blocks, D / 2, 2 m].
  Value queryRows;
};

} // namespace

LogicalResult lowerScoreBound(ScoreBoundOp op, PatternRewriter &rewriter) {
  if (op.getQuery().getType().getDimSize(2) % lanes != 0)
    return rewriter.notifyMatchFailure(op,
                                       "expects queries in multiples of 16");
  rewriter.replaceOp(op, BoundEmitter(op, rewriter).emit());
  return success();
}

} // namespace longnet
