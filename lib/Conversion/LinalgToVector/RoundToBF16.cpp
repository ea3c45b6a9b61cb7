//===- RoundToBF16.cpp - Rounding to bf16 in integers -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "longnet/Conversion/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

using namespace mlir;

namespace longnet {

#define GEN_PASS_DEF_LONGNETROUNDTOBF16
#include "longnet/Conversion/Passes.h.inc"

namespace {

struct RoundToBF16 : OpRewritePattern<arith::TruncFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::TruncFOp op,
                                PatternRewriter &rewriter) const override {
    Value x = op.getIn();
    Type type = x.getType();
    if (!getElementTypeOrSelf(type).isF32() ||
        !getElementTypeOrSelf(op.getType()).isBF16())
      return rewriter.notifyMatchFailure(op, "not from f32 to bf16");
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto as = [](Type shaped, Type element) -> Type {
      auto vector = dyn_cast<VectorType>(shaped);
      return vector ? vector.clone(element) : element;
    };
    auto constant = [&](TypedAttr value) -> Value {
      auto vector = dyn_cast<VectorType>(as(type, value.getType()));
      if (vector)
        value = DenseElementsAttr::get(vector, Attribute(value));
      return arith::ConstantOp::create(b, value);
    };
    auto integer = [&](int64_t value) {
      return constant(b.getI32IntegerAttr(value));
    };
    // Chosen as f32: a choice between values of bf16 may become a call for
    // every element. What is added below does not carry into this NaN's
    // upper half.
    APFloat quiet = APFloat::getQNaN(APFloat::IEEEsingle());
    Value isNaN = arith::CmpFOp::create(b, arith::CmpFPredicate::UNO, x, x);
    x = arith::SelectOp::create(
        b, isNaN, constant(b.getFloatAttr(b.getF32Type(), quiet)), x);
    // To the nearest, to even from half way: half a unit less one bit, and that
    // bit where the upper half is odd.
    Value bits = arith::BitcastOp::create(b, as(type, b.getI32Type()), x);
    Value upper = arith::ShRUIOp::create(b, bits, integer(16));
    Value odd = arith::AndIOp::create(b, upper, integer(1));
    bits = arith::AddIOp::create(b, bits, integer(0x7fff));
    bits = arith::AddIOp::create(b, bits, odd);
    upper = arith::ShRUIOp::create(b, bits, integer(16));
    Value half = arith::TruncIOp::create(b, as(type, b.getI16Type()), upper);
    rewriter.replaceOpWithNewOp<arith::BitcastOp>(op, op.getType(), half);
    return success();
  }
};

struct LongNetRoundToBF16Pass
    : impl::LongNetRoundToBF16Base<LongNetRoundToBF16Pass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<RoundToBF16>(&getContext());
    walkAndApplyPatterns(getOperation(), std::move(patterns));
  }
};

} // namespace
} // namespace longnet
