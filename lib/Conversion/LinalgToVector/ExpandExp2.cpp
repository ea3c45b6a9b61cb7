//===- ExpandExp2.cpp - exp2 by polynomials -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "longnet/Conversion/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

using namespace mlir;

namespace longnet {

#define GEN_PASS_DEF_LONGNETEXPANDEXP2
#include "longnet/Conversion/Passes.h.inc"

namespace {

/// What 2^x needs to know of a type.
struct Format {
  unsigned mantissaBits;
  int64_t bias;
  /// Coefficients of 2^f on [-1/2, 1/2], constant first: ln(2)^k / k! up to an
  /// error below half a unit in the last place.
  SmallVector<double> coefficients;
};

Format formatOf(Type element) {
  unsigned degree = element.isF64() ? 13 : 7;
  SmallVector<double> coefficients{1.0};
  for (unsigned k = 1; k <= degree; ++k)
    coefficients.push_back(coefficients.back() * 0.69314718055994530942 / k);
  return element.isF64() ? Format{52, 1023, coefficients}
                         : Format{23, 127, coefficients};
}

struct ExpandExp2 : OpRewritePattern<math::Exp2Op> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::Exp2Op op,
                                PatternRewriter &rewriter) const override {
    Type type = op.getType(), element = getElementTypeOrSelf(type);
    if (!element.isF32() && !element.isF64())
      return rewriter.notifyMatchFailure(op, "neither f32 nor f64");
    if (!arith::bitEnumContainsAll(op.getFastmath(), arith::FastMathFlags::afn))
      return rewriter.notifyMatchFailure(op, "not to be approximated");
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Format format = formatOf(element);
    Type integer = b.getIntegerType(element.getIntOrFloatBitWidth());
    if (auto vector = dyn_cast<VectorType>(type))
      integer = vector.clone(integer);
    auto splat = [&](Type shaped, TypedAttr value) -> Value {
      TypedAttr attr = value;
      if (auto vector = dyn_cast<VectorType>(shaped))
        attr = DenseElementsAttr::get(vector, Attribute(value));
      return arith::ConstantOp::create(b, attr);
    };
    auto real = [&](double value) {
      return splat(type, b.getFloatAttr(element, value));
    };
    auto whole = [&](int64_t value) {
      return splat(integer,
                   b.getIntegerAttr(getElementTypeOrSelf(integer), value));
    };

    // At -bias the scale below is zero, and so is everything further down. NaN
    // compares false and stays.
    Value smallest = real(-double(format.bias));
    Value tooSmall = arith::CmpFOp::create(b, arith::CmpFPredicate::OLT,
                                           op.getOperand(), smallest);
    Value x = arith::SelectOp::create(b, tooSmall, smallest, op.getOperand());
    // One above the largest exponent, the scale is infinite.
    Value largest = real(double(format.bias) + 1);
    Value tooLarge =
        arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, x, largest);
    x = arith::SelectOp::create(b, tooLarge, largest, x);
    // Adding 1.5 * 2^mantissaBits rounds to an integer, left in the low bits.
    Value magic = real(1.5 * std::ldexp(1.0, format.mantissaBits));
    Value shifted = arith::AddFOp::create(b, x, magic);
    Value nearest = arith::SubFOp::create(b, shifted, magic);
    Value fraction = arith::SubFOp::create(b, x, nearest);
    Value power = real(format.coefficients.back());
    for (double coefficient :
         llvm::reverse(ArrayRef(format.coefficients).drop_back()))
      power = math::FmaOp::create(b, power, fraction, real(coefficient));
    // 2^n as a float: n + bias in the exponent.
    Value bits = arith::BitcastOp::create(b, integer, shifted);
    Value exponent = arith::AddIOp::create(b, bits, whole(format.bias));
    exponent = arith::ShLIOp::create(b, exponent, whole(format.mantissaBits));
    Value scale = arith::BitcastOp::create(b, type, exponent);
    rewriter.replaceOp(op, arith::MulFOp::create(b, power, scale).getResult());
    return success();
  }
};

struct LongNetExpandExp2Pass
    : impl::LongNetExpandExp2Base<LongNetExpandExp2Pass> {
  using Base::Base;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ExpandExp2>(&getContext());
    walkAndApplyPatterns(getOperation(), std::move(patterns));
  }
};

} // namespace
} // namespace longnet
