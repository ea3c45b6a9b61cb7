//===- LongNetCanonicalization.cpp - What is said by default -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Offsets of zero, the default scale and whole sets of heads need not be said.
//
//===----------------------------------------------------------------------===//

#include "longnet/Dialect/LongNet/IR/LongNet.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace longnet;

namespace {

/// A scale of 1 / sqrt(D) is the default one.
template <typename Op>
struct DropDefaultScale : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;

  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter &rewriter) const override {
    auto query = cast<ShapedType>(op.getQuery().getType());
    if (!op.getScale() || op.getScale()->convertToDouble() !=
                              longnet::getScale({}, query.getShape().back()))
      return rewriter.notifyMatchFailure(op, "no scale or another one");
    rewriter.modifyOpInPlace(op, [&] { op.removeScaleAttr(); });
    return success();
  }
};

/// An offset of 0 is none.
template <typename Op>
struct DropZeroOffset : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;

  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter &rewriter) const override {
    auto isZero = [](Value offset) {
      return offset && matchPattern(offset, m_Zero());
    };
    if (isZero(op.getQueryOffset())) {
      rewriter.modifyOpInPlace(op, [&] { op.getQueryOffsetMutable().clear(); });
      return success();
    }
    if constexpr (std::is_same_v<Op, AttendOp> ||
                  std::is_same_v<Op, AttendGradOp>)
      if (isZero(op.getKeyOffset())) {
        rewriter.modifyOpInPlace(op, [&] { op.getKeyOffsetMutable().clear(); });
        return success();
      }
    return rewriter.notifyMatchFailure(op, "no offset known to be zero");
  }
};

/// Heads 0 on of as many as the query has are its own.
template <typename Op>
struct DropWholeHeads : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;

  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter &rewriter) const override {
    APInt heads;
    auto query = cast<ShapedType>(op.getQuery().getType());
    if (!op.getHeads() || !matchPattern(op.getHeadOffset(), m_Zero()) ||
        !matchPattern(op.getHeads(), m_ConstantInt(&heads)) ||
        heads.getSExtValue() != query.getDimSize(1))
      return rewriter.notifyMatchFailure(op, "some heads of others");
    rewriter.modifyOpInPlace(op, [&] {
      op.getHeadsMutable().clear();
      op.getHeadOffsetMutable().clear();
    });
    return success();
  }
};

} // namespace

void DilatedAttentionOp::getCanonicalizationPatterns(
    RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<DropDefaultScale<DilatedAttentionOp>,
               DropZeroOffset<DilatedAttentionOp>>(context);
}

void DilatedAttentionGradOp::getCanonicalizationPatterns(
    RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<DropDefaultScale<DilatedAttentionGradOp>,
               DropZeroOffset<DilatedAttentionGradOp>>(context);
}

void AttentionOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                              MLIRContext *context) {
  patterns.add<DropDefaultScale<AttentionOp>>(context);
}

void AttendOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                           MLIRContext *context) {
  patterns.add<DropDefaultScale<AttendOp>, DropZeroOffset<AttendOp>,
               DropWholeHeads<AttendOp>>(context);
}

void AttendGradOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                               MLIRContext *context) {
  patterns.add<DropDefaultScale<AttendGradOp>, DropZeroOffset<AttendGradOp>,
               DropWholeHeads<AttendGradOp>>(context);
}
