//===- Decompose.cpp - Level 0 to 1 -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Equality.h"
#include "Zeros.h"
#include "longnet/Dialect/LongNet/IR/Geometry.h"
#include "longnet/Dialect/LongNet/IR/LongNet.h"
#include "longnet/Dialect/LongNet/Transforms/Passes.h"
#include "longnet/Dialect/LongNet/Transforms/Patterns.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace longnet {

#define GEN_PASS_DEF_LONGNETDECOMPOSE
#include "longnet/Dialect/LongNet/Transforms/Passes.h.inc"

namespace {

/// Query, key and value rows on their way from segments to `attention`.
struct Pieces {
  Value query, key, value, queryPositions, keyPositions;
};

/// One chain of pieces for every branch, and a `combine` of them all.
struct DecomposeAttention : OpRewritePattern<DilatedAttentionOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(DilatedAttentionOp op,
                                PatternRewriter &rewriter) const override {
    SmallVector<Value> outs, lses;
    for (BranchAttr branch : op.getBranches()) {
      ScatterOp scatter = decompose(op, branch, rewriter);
      outs.push_back(scatter.getOut());
      lses.push_back(scatter.getLse());
    }
    rewriter.replaceOpWithNewOp<CombineOp>(op, op.getResultTypes(), outs, lses);
    return success();
  }

private:
  static ScatterOp decompose(DilatedAttentionOp op, BranchAttr branch,
                             OpBuilder &builder) {
    Location loc = op.getLoc();
    Value offset = op.getQueryOffset();
    // torchscale's padding is only defined for as many queries as keys.
    bool sameRows = branch.getPadding() == Padding::torchscale ||
                    provablyEqual({op.getQuery(), 2}, {op.getKey(), 2});
    SegmentOp queries, keys;
    if (!offset && sameRows) {
      queries = keys = SegmentOp::create(
          builder, loc, ValueRange{op.getQuery(), op.getKey(), op.getValue()},
          branch.getSegment(), /*origin=*/Value(), /*grid=*/Value());
    } else {
      queries =
          SegmentOp::create(builder, loc, op.getQuery(), branch.getSegment(),
                            offset, /*grid=*/Value());
      keys = SegmentOp::create(
          builder, loc, ValueRange{op.getKey(), op.getValue()},
          branch.getSegment(), /*origin=*/Value(), queries.getPositions());
    }
    Pieces kept = sparsify(op, branch, queries, keys, builder);
    SmallVector<OpFoldResult> sizes = getRowSizes(op, branch, queries, builder);
    Type accumulation = op.getLse().getType().getElementType();
    Value out = tensor::EmptyOp::create(builder, loc, sizes, accumulation);
    sizes.pop_back();
    Value lse = tensor::EmptyOp::create(builder, loc, sizes, accumulation);
    auto attention = AttentionOp::create(
        builder, loc, kept.query, kept.key, kept.value, kept.queryPositions,
        kept.keyPositions, op.getKvLengths(), out, lse, op.getCausal(),
        op.getScaleAttr());
    Value length = getValueOrCreateConstantIndexOp(
        builder, loc, tensor::getMixedSize(builder, loc, op.getQuery(), 2));
    return ScatterOp::create(builder, loc, attention->getResult(0),
                             attention->getResult(1), kept.queryPositions,
                             length, offset);
  }

  /// Keeps the rows of `branch`, of keys and values one head for each query
  /// head. One `sparsify` serves all three where they are cut together.
  static Pieces sparsify(DilatedAttentionOp op, BranchAttr branch,
                         SegmentOp queries, SegmentOp keys,
                         OpBuilder &builder) {
    Location loc = op.getLoc();
    // That key and value heads agree is known here, but not of the pieces, so
    // an operation that spreads keys over query heads must tell: `heads` does.
    bool sameGroups = provablyEqual({op.getKey(), 1}, {op.getValue(), 1});
    if (queries == keys && sameGroups) {
      auto kept = SparsifyOp::create(builder, loc, branch, queries.getRows(),
                                     queries.getPositions(), /*heads=*/Value());
      return {kept.getRows()[0], kept.getRows()[1], kept.getRows()[2],
              kept.getPositions(), kept.getPositions()};
    }
    Value heads;
    if (!sameGroups || !provablyEqual({op.getQuery(), 1}, {op.getKey(), 1}))
      heads = getValueOrCreateConstantIndexOp(
          builder, loc, tensor::getMixedSize(builder, loc, op.getQuery(), 1));
    auto keptQueries =
        SparsifyOp::create(builder, loc, branch, queries.getRows().front(),
                           queries.getPositions(), /*heads=*/Value());
    auto keptKeys =
        SparsifyOp::create(builder, loc, branch, keys.getRows().take_back(2),
                           keys.getPositions(), heads);
    return {keptQueries.getRows()[0], keptKeys.getRows()[0],
            keptKeys.getRows()[1], keptQueries.getPositions(),
            keptKeys.getPositions()};
  }

  /// Sizes [B, H, G, M, Dv] of attention's result, in those of the query.
  static SmallVector<OpFoldResult> getRowSizes(DilatedAttentionOp op,
                                               BranchAttr branch,
                                               SegmentOp queries,
                                               OpBuilder &builder) {
    ReifiedRankedShapedTypeDims shapes;
    LogicalResult reified = queries.reifyResultShapes(builder, shapes);
    assert(succeeded(reified) && "segments always have sizes");
    (void)reified;
    SmallVector<OpFoldResult> sizes = shapes.front();
    sizes[3] = rowsPerSegment(IndexExpr(builder, op.getLoc(), sizes[3]),
                              branch.getDilation())
                   .fold();
    sizes[4] = builder.getIndexAttr(op.getValue().getType().getDimSize(3));
    return sizes;
  }
};

/// A chain of `attend_grad`, one for each branch. With detached weights a
/// branch has a delta of its own, of its own output, which is computed again.
struct DecomposeGradient : OpRewritePattern<DilatedAttentionGradOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(DilatedAttentionGradOp op,
                                PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    SmallVector<Value> gradients;
    for (Value operand : {op.getQuery(), op.getKey(), op.getValue()})
      gradients.push_back(makeZeros(rewriter, loc, operand));
    Value delta;
    if (!op.getDetached())
      delta = makeDelta(op, op.getOut(), rewriter);
    for (BranchAttr branch : op.getBranches()) {
      if (op.getDetached())
        delta = makeDelta(op, attendAlone(op, branch, rewriter), rewriter);
      // What torchscale pads with is in lse and delta, and has no gradient.
      auto present = BranchAttr::get(
          rewriter.getContext(), branch.getSegment(), branch.getDilation(),
          branch.getHeadOffset(), branch.getPhases(), Padding::mask);
      auto next = AttendGradOp::create(
          rewriter, loc, ValueRange(gradients).getTypes(), op.getQuery(),
          op.getKey(), op.getValue(), op.getLse(), delta, op.getOutGrad(),
          op.getKvLengths(), op.getQueryOffset(), /*key_offset=*/Value(),
          /*head_offset=*/Value(), /*heads=*/Value(), gradients[0],
          gradients[1], gradients[2], present, op.getCausal(),
          op.getScaleAttr());
      llvm::copy(next.getResults(), gradients.begin());
    }
    rewriter.replaceOp(op, gradients);
    return success();
  }

private:
  /// out of `branch` alone.
  static Value attendAlone(DilatedAttentionGradOp op, BranchAttr branch,
                           OpBuilder &builder) {
    Location loc = op.getLoc();
    Type accumulation = getElementTypeOrSelf(op.getLse());
    Value out = makeEmpty(builder, loc, op.getOut(), accumulation);
    Value lse = makeEmpty(builder, loc, op.getLse(), accumulation);
    auto attend = AttendOp::create(
        builder, loc, TypeRange{out.getType(), lse.getType()}, op.getQuery(),
        op.getKey(), op.getValue(), op.getKvLengths(), op.getQueryOffset(),
        /*key_offset=*/Value(), /*head_offset=*/Value(), /*heads=*/Value(), out,
        lse, PatternAttr::get(builder.getContext(), branch),
        /*accumulate=*/false, op.getCausal(), op.getScaleAttr());
    return attend.getResult(0);
  }

  /// delta = dout . out - dlse, in the accumulation type.
  static Value makeDelta(DilatedAttentionGradOp op, Value out,
                         OpBuilder &builder) {
    Location loc = op.getLoc();
    MLIRContext *context = builder.getContext();
    Type accumulation = getElementTypeOrSelf(op.getLse());
    AffineMap sequence = AffineMap::getMultiDimIdentityMap(4, context);
    AffineMap row = sequence.dropResult(3);
    SmallVector<utils::IteratorType> iterators(4,
                                               utils::IteratorType::parallel);
    iterators.back() = utils::IteratorType::reduction;
    auto dot = linalg::GenericOp::create(
        builder, loc, op.getLse().getType(), ValueRange{op.getOutGrad(), out},
        makeZeros(builder, loc, op.getLse()),
        ArrayRef<AffineMap>{sequence, sequence, row}, iterators,
        [&](OpBuilder &b, Location l, ValueRange args) {
          auto extend = [&](Value value) -> Value {
            if (value.getType() == accumulation)
              return value;
            return arith::ExtFOp::create(b, l, accumulation, value);
          };
          Value sum = math::FmaOp::create(b, l, extend(args[0]),
                                          extend(args[1]), args[2]);
          linalg::YieldOp::create(b, l, sum);
        });
    if (!op.getLseGrad())
      return dot.getResult(0);
    return linalg::SubOp::create(
               builder, loc, ValueRange{dot.getResult(0), op.getLseGrad()},
               makeEmpty(builder, loc, op.getLse(), accumulation))
        .getResult(0);
  }
};

struct LongNetDecomposePass : impl::LongNetDecomposeBase<LongNetDecomposePass> {
  using Base::Base;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateLongNetDecomposePatterns(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace

void populateLongNetDecomposePatterns(RewritePatternSet &patterns) {
  patterns.add<DecomposeAttention, DecomposeGradient>(patterns.getContext());
}

} // namespace longnet
