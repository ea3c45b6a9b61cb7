//===- ExpandExp2.cpp - exp2 by polynomials -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "longnet/Conversion/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
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
  /// Coefficients of 2^f on [-1/2, 1/2], constant first and 1, so that 2^0 is.
  SmallVector<double> coefficients;
};

Format formatOf(Type element, bool isRounded) {
  // Of least relative error: 1.1e-4, a thirtieth of a unit of bf16, and 9.2e-8,
  // 0.8 units in the last place of f32.
  if (element.isF32() && isRounded)
    return {23, 127, {1.0, 0.6932829666, 0.2422109638, 0.0550085683}};
  if (element.isF32())
    return {23,
            127,
            {1.0, 0.6931469775, 0.240222421, 0.05550733893, 0.009671512473,
             0.001326466468}};
  // Taylor's, ln(2)^k / k!, up to an error below half a unit.
  SmallVector<double> coefficients{1.0};
  for (unsigned k = 1; k <= 13; ++k)
    coefficients.push_back(coefficients.back() * 0.69314718055994530942 / k);
  return {52, 1023, coefficients};
}

/// Builds 2^x for one operation.
class Exp2Builder {
public:
  Exp2Builder(ImplicitLocOpBuilder &b, math::Exp2Op op)
      : b(b), type(op.getType()), element(getElementTypeOrSelf(type)),
        format(formatOf(element, op->hasAttr(roundedToBF16))),
        isAtMostOne(op->hasAttr(atMostOne)),
        isFlushed(op->hasAttr(flushedToZero)) {}

  /// By instructions that split and scale at any magnitude.
  Value withAVX512(Value x) {
    Value all = arith::ConstantOp::create(
        b, b.getIntegerAttr(b.getIntegerType(lanes()), -1));
    Value current = integer(4); // The rounding mode in force.
    Value fraction =
        call("reduce", {x, integer(roundToNearest), x, all, current});
    Value whole = arith::SubFOp::create(b, x, fraction);
    Value power = polynomial(fraction);
    if (isFlushed)
      return call("scalef", {power, whole, real(0), all, current});
    // Denormal results would be slow to compute with.
    Value smallest = real(-double(format.bias) + 1);
    Value isNormal =
        arith::CmpFOp::create(b, arith::CmpFPredicate::UGE, x, smallest);
    Value normal =
        LLVM::BitcastOp::create(b, b.getIntegerType(lanes()), isNormal);
    return call("scalef", {power, whole, real(0), normal, current});
  }

  Value withIntegers(Value x);

private:
  static constexpr int64_t roundToNearest = 8;

  int64_t lanes() { return cast<VectorType>(type).getNumElements(); }

  Value integer(int64_t value) {
    return arith::ConstantOp::create(b, b.getI32IntegerAttr(value));
  }

  Value call(StringRef name, ValueRange operands) {
    std::string full = ("llvm.x86.avx512.mask." + name +
                        (element.isF64() ? ".pd.512" : ".ps.512"))
                           .str();
    return LLVM::CallIntrinsicOp::create(b, type, b.getStringAttr(full),
                                         operands)
        .getResult(0);
  }

  Value splat(Type shaped, TypedAttr value) {
    TypedAttr attr = value;
    if (auto vector = dyn_cast<VectorType>(shaped))
      attr = DenseElementsAttr::get(vector, Attribute(value));
    return arith::ConstantOp::create(b, attr);
  }

  Value real(double value) {
    return splat(type, b.getFloatAttr(element, value));
  }

  Value polynomial(Value fraction) {
    Value power = real(format.coefficients.back());
    for (double coefficient :
         llvm::reverse(ArrayRef(format.coefficients).drop_back()))
      power = math::FmaOp::create(b, power, fraction, real(coefficient));
    return power;
  }

  ImplicitLocOpBuilder &b;
  Type type, element;
  Format format;
  bool isAtMostOne, isFlushed;
};

Value Exp2Builder::withIntegers(Value x) {
  Type bitsType = b.getIntegerType(element.getIntOrFloatBitWidth());
  if (auto vector = dyn_cast<VectorType>(type))
    bitsType = vector.clone(bitsType);
  auto whole = [&](int64_t value) {
    return splat(bitsType,
                 b.getIntegerAttr(getElementTypeOrSelf(bitsType), value));
  };
  // At -bias the scale below is zero, and so is everything further down. NaN
  // compares false and stays.
  Value smallest = real(-double(format.bias));
  Value tooSmall =
      arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, x, smallest);
  x = arith::SelectOp::create(b, tooSmall, smallest, x);
  // One above the largest exponent, the scale is infinite.
  if (!isAtMostOne) {
    Value largest = real(double(format.bias) + 1);
    Value tooLarge =
        arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, x, largest);
    x = arith::SelectOp::create(b, tooLarge, largest, x);
  }
  // Adding 1.5 * 2^mantissaBits rounds to an integer, left in the low bits. The
  // bias on top makes it the exponent of 2^n as a float.
  Value magic = real(1.5 * std::ldexp(1.0, format.mantissaBits) + format.bias);
  Value shifted = arith::AddFOp::create(b, x, magic);
  Value nearest = arith::SubFOp::create(b, shifted, magic);
  Value power = polynomial(arith::SubFOp::create(b, x, nearest));
  Value bits = arith::BitcastOp::create(b, bitsType, shifted);
  bits = arith::ShLIOp::create(b, bits, whole(format.mantissaBits));
  Value scale = arith::BitcastOp::create(b, type, bits);
  return arith::MulFOp::create(b, power, scale);
}

struct ExpandExp2 : OpRewritePattern<math::Exp2Op> {
  ExpandExp2(MLIRContext *context, bool avx512)
      : OpRewritePattern(context), avx512(avx512) {}

  LogicalResult matchAndRewrite(math::Exp2Op op,
                                PatternRewriter &rewriter) const override {
    Type type = op.getType(), element = getElementTypeOrSelf(type);
    if (!element.isF32() && !element.isF64())
      return rewriter.notifyMatchFailure(op, "neither f32 nor f64");
    if (!arith::bitEnumContainsAll(op.getFastmath(), arith::FastMathFlags::afn))
      return rewriter.notifyMatchFailure(op, "not to be approximated");
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Exp2Builder power(b, op);
    auto vector = dyn_cast<VectorType>(type);
    bool fills =
        vector && vector.getRank() == 1 && !vector.isScalable() &&
        vector.getNumElements() * element.getIntOrFloatBitWidth() == 512;
    rewriter.replaceOp(op, avx512 && fills
                               ? power.withAVX512(op.getOperand())
                               : power.withIntegers(op.getOperand()));
    return success();
  }

private:
  bool avx512;
};

struct LongNetExpandExp2Pass
    : impl::LongNetExpandExp2Base<LongNetExpandExp2Pass> {
  using Base::Base;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ExpandExp2>(&getContext(), avx512);
    walkAndApplyPatterns(getOperation(), std::move(patterns));
  }
};

} // namespace
} // namespace longnet
