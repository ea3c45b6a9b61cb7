//===- SparsifyToLinalg.cpp - sparsify to linalg -*- C++ -*-===//
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

/// The number of heads to divide by: where there is none, nothing is computed,
/// but the formulas are still written down.
IndexExpr positiveHeads(OpBuilder &builder, SparsifyOp op, OpFoldResult heads) {
  return maximum(IndexExpr(builder, op.getLoc(), heads), 1);
}

/// The rows of one segment that one head keeps.
struct KeptRows {
  IndexExpr phase;
  /// The position of the segment's first row.
  IndexExpr start;
  /// Where in the segment the first kept row stands.
  IndexExpr first;

  KeptRows(OpBuilder &builder, SparsifyOp op, Value head,
           const IndexExpr &heads, Value segment)
      : phase(
            builder, op.getLoc(),
            op.getBranch().getPhase(builder, op.getLoc(), head, heads.fold())),
        start(loadPosition(builder, op.getLoc(), op.getAt(), segment,
                           phase.constant(0))),
        first(remainder(phase - remainder(start, op.getBranch().getSegment()),
                        op.getBranch().getDilation())) {}

  /// Where in the segment the kept row `m` stands.
  IndexExpr row(const IndexExpr &m, int64_t dilation) const {
    return m * dilation + first;
  }
};

struct ConvertSparsify : OpRewritePattern<SparsifyOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(SparsifyOp op,
                                PatternRewriter &rewriter) const override {
    SmallVector<ResultShape> shapes = getResultShapes(rewriter, op);
    SmallVector<Value> results;
    for (auto [source, shape] : llvm::zip(op.getSources(), shapes))
      results.push_back(gather(rewriter, op, source, shape));
    results.push_back(positions(rewriter, op, shapes.back()));
    rewriter.replaceOp(op, results);
    return success();
  }

private:
  /// The positions of the kept rows of every head.
  static Value positions(OpBuilder &builder, SparsifyOp op,
                         const ResultShape &shape) {
    Location loc = op.getLoc();
    BranchAttr branch = op.getBranch();
    int64_t w = branch.getSegment(), r = branch.getDilation();
    IndexExpr heads = positiveHeads(builder, op, shape.sizes[0]);
    auto fillSlice = [&](ValueRange at, MutableArrayRef<Value> slices) {
      KeptRows kept(builder, op, at[0], heads, at[1]);
      if (branch.getPadding() == Padding::mask) {
        slices[0] =
            generate(builder, loc, slices[0], [&](OpBuilder &nested, Value m) {
              return loadPosition(nested, loc, op.getAt(), at[1],
                                  kept.row(IndexExpr(nested, loc, m), r))
                  .materialize();
            });
        return;
      }
      // A segment without any row has only its place to go by.
      Value start = kept.start.materialize();
      Value index =
          arith::SelectOp::create(builder, loc, isPresent(builder, loc, start),
                                  floorDiv(kept.start, w).materialize(), at[1]);
      IndexExpr before = IndexExpr(builder, loc, index) *
                         IndexExpr(builder, loc, shape.sizes[2]);
      slices[0] =
          generate(builder, loc, slices[0], [&](OpBuilder &nested, Value m) {
            return ((IndexExpr(nested, loc, m) + before) * r + kept.phase)
                .materialize();
          });
    };
    return forEachSlice(builder, loc, shape, /*count=*/2, fillSlice)[0];
  }

  /// The kept rows of `source`, spread over the heads of the result.
  static Value gather(OpBuilder &builder, SparsifyOp op, Value source,
                      const ResultShape &shape) {
    Location loc = op.getLoc();
    int64_t r = op.getBranch().getDilation();
    IndexExpr heads = positiveHeads(builder, op, shape.sizes[1]);
    IndexExpr sourceHeads(builder, loc,
                          tensor::getMixedSize(builder, loc, source, 1));
    return forEachSlice(
        builder, loc, shape, /*count=*/3,
        [&](ValueRange at, MutableArrayRef<Value> slices) {
          Value sourceHead =
              floorDiv(IndexExpr(builder, loc, at[1]) * sourceHeads, heads)
                  .materialize();
          KeptRows kept(builder, op, at[1], heads, at[2]);
          forEachRow(builder, loc, shape.sizes[3], slices,
                     [&](Value m, MutableArrayRef<Value> rows) {
                       IndexExpr x = kept.row(IndexExpr(builder, loc, m), r);
                       IndexExpr position =
                           loadPosition(builder, loc, op.getAt(), at[2], x);
                       rows[0] = copyRow(
                           builder, loc,
                           isPresent(builder, loc, position.materialize()),
                           source, {at[0], sourceHead, at[2], x.materialize()},
                           rows[0], m, shape.sizes[4]);
                     });
        })[0];
  }
};

} // namespace

void populateSparsifyToLinalgPatterns(RewritePatternSet &patterns) {
  patterns.add<ConvertSparsify>(patterns.getContext());
}

} // namespace longnet
