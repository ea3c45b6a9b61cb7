//===- SegmentToLinalg.cpp - segment to linalg -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PiecesToLinalg.h"
#include "longnet/Dialect/LongNet/IR/Geometry.h"

using namespace mlir;

namespace longnet {
namespace {

/// The positions that a segment holds: those of the sequence in it.
Span<IndexExpr> heldBy(OpBuilder &builder, SegmentOp op, Value segment,
                       const IndexExpr &origin, const IndexExpr &rows) {
  Location loc = op.getLoc();
  int64_t w = op.getSegment();
  IndexExpr index = IndexExpr(builder, loc, segment) + floorDiv(origin, w);
  if (op.getGrid())
    index = floorDiv(
        loadPosition(builder, loc, op.getGrid(), segment, origin.constant(0)),
        w);
  return {maximum(index * w, origin), minimum(index * w + w, origin + rows)};
}

struct ConvertSegment : OpRewritePattern<SegmentOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(SegmentOp op,
                                PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    SmallVector<ResultShape> shapes = getResultShapes(rewriter, op);
    IndexExpr rows(rewriter, loc,
                   tensor::getMixedSize(rewriter, loc, op.getSources()[0], 2));
    IndexExpr origin =
        op.getOrigin() ? IndexExpr(rewriter, loc, OpFoldResult(op.getOrigin()))
                       : rows.constant(0);

    Value positions = forEachSlice(
        rewriter, loc, shapes.back(), /*count=*/1,
        [&](ValueRange at, MutableArrayRef<Value> slices) {
          slices[0] = fillPositions(rewriter, loc, slices[0],
                                    heldBy(rewriter, op, at[0], origin, rows));
        })[0];
    SmallVector<Value> results;
    for (auto [source, shape] : llvm::zip(op.getSources(), shapes))
      results.push_back(
          gather(rewriter, loc, source, shape, positions, origin));
    results.push_back(positions);
    rewriter.replaceOp(op, results);
    return success();
  }

private:
  /// The positions of `held`, then -1.
  static Value fillPositions(OpBuilder &builder, Location loc, Value slice,
                             const Span<IndexExpr> &held) {
    Value first = held.begin.materialize(), last = held.end.materialize();
    return generate(
        builder, loc, slice, [&](OpBuilder &nested, Value x) -> Value {
          Value position = arith::AddIOp::create(nested, loc, first, x);
          Value inside = arith::CmpIOp::create(
              nested, loc, arith::CmpIPredicate::slt, position, last);
          Value absent = arith::ConstantIndexOp::create(nested, loc, -1);
          return arith::SelectOp::create(nested, loc, inside, position, absent);
        });
  }

  /// `source[b, h, positions[g, x] - origin, :]`, or 0.
  static Value gather(OpBuilder &builder, Location loc, Value source,
                      const ResultShape &shape, Value positions,
                      const IndexExpr &origin) {
    return forEachSlice(
        builder, loc, shape, /*count=*/3,
        [&](ValueRange at, MutableArrayRef<Value> slices) {
          forEachRow(builder, loc, shape.sizes[3], slices,
                     [&](Value x, MutableArrayRef<Value> rows) {
                       Value position = tensor::ExtractOp::create(
                           builder, loc, positions, ValueRange{at[2], x});
                       IndexExpr row =
                           IndexExpr(builder, loc, position) - origin;
                       rows[0] = copyRow(
                           builder, loc, isPresent(builder, loc, position),
                           source, {at[0], at[1], row.materialize()}, rows[0],
                           x, shape.sizes[4]);
                     });
        })[0];
  }
};

} // namespace

void populateSegmentToLinalgPatterns(RewritePatternSet &patterns) {
  patterns.add<ConvertSegment>(patterns.getContext());
}

} // namespace longnet
