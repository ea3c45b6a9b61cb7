//===- ScatterToLinalg.cpp - scatter to linalg -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PiecesToLinalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include <limits>

using namespace mlir;

namespace longnet {
namespace {

struct ConvertScatter : OpRewritePattern<ScatterOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ScatterOp op,
                                PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    SmallVector<ResultShape> shapes = getResultShapes(rewriter, op);
    OpFoldResult segments =
        tensor::getMixedSize(rewriter, loc, op.getRows(), 2);
    OpFoldResult rows = tensor::getMixedSize(rewriter, loc, op.getRows(), 3);
    // Only batches and heads are independent: of two rows with one position,
    // the last in order of (g, m) stays.
    SmallVector<Value> results = forEachSlice(
        rewriter, loc, shapes, /*count=*/2,
        [&](ValueRange at, MutableArrayRef<Value> slices) {
          slices[0] = fill(rewriter, loc, slices[0], 0);
          slices[1] = fill(rewriter, loc, slices[1],
                           -std::numeric_limits<double>::infinity());
          forEachRow(rewriter, loc, segments, slices,
                     [&](Value g, MutableArrayRef<Value> outer) {
                       forEachRow(rewriter, loc, rows, outer,
                                  [&](Value m, MutableArrayRef<Value> inner) {
                                    putRow(rewriter, op, {at[0], at[1], g, m},
                                           shapes[0].sizes, inner);
                                  });
                     });
        });
    rewriter.replaceOp(op, results);
    return success();
  }

private:
  /// Puts the row and the lse at `at` = (b, h, g, m) into `slices`.
  static void putRow(OpBuilder &builder, ScatterOp op, ValueRange at,
                     ArrayRef<OpFoldResult> sizes,
                     MutableArrayRef<Value> slices) {
    Location loc = op.getLoc();
    auto positions = op.getPositions();
    Value position = tensor::ExtractOp::create(
        builder, loc, positions, at.take_back(positions.getType().getRank()));
    IndexExpr target(builder, loc, position);
    if (op.getOrigin())
      target = target - IndexExpr(builder, loc, OpFoldResult(op.getOrigin()));
    Value row = target.materialize();
    // Unsigned, so that rows before the sequence are outside, too.
    Value inside = arith::CmpIOp::create(
        builder, loc, arith::CmpIPredicate::ult, row,
        getValueOrCreateConstantIndexOp(builder, loc, sizes[2]));
    Value kept = arith::AndIOp::create(
        builder, loc, isPresent(builder, loc, position), inside);
    auto result = scf::IfOp::create(
        builder, loc, kept,
        [&](OpBuilder &nested, Location) {
          Value values = extractSlice(nested, loc, op.getRows(), at, sizes[3]);
          Value lse =
              tensor::ExtractOp::create(nested, loc, op.getRowsLse(), at);
          scf::YieldOp::create(
              nested, loc,
              ValueRange{
                  insertSlice(nested, loc, values, slices[0], row, sizes[3]),
                  tensor::InsertOp::create(nested, loc, lse, slices[1], row)});
        },
        [&](OpBuilder &nested, Location) {
          scf::YieldOp::create(nested, loc, slices);
        });
    llvm::copy(result.getResults(), slices.begin());
  }
};

} // namespace

void populateScatterToLinalgPatterns(RewritePatternSet &patterns) {
  patterns.add<ConvertScatter>(patterns.getContext());
}

} // namespace longnet
