//===- PairedExponential.cpp - exp to bf16 in 16-bit integers -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PairedExponential.h"
#include <cmath>

using namespace mlir;

namespace longnet {

/// Fraction bits of fixed-point exponents, and of a bf16.
static constexpr int fractionBitsOfT = 8, mantissaBits = 7;
static constexpr int octave = 1 << fractionBitsOfT;
/// Entries of the table.
static constexpr int entryCount = 64, step = octave / entryCount;
/// Exponents are taken this much too small, so that no correction is negative.
static constexpr int shortfall = 32;
/// 1.5 * 2^23: added to a small number, its nearest integer is in the low bits.
static constexpr double magic = 12582912;
/// The upper 16 bits of such a sum.
static constexpr double magicHalf = 0x4b40;

static constexpr double log2e = 1.44269504088896340736;
/// The fixed-point exponent of 1, before the correction.
static constexpr int exponentOfOne = 127 * octave - shortfall;

/// What to add to fixed-point exponents by the upper six bits of the fraction:
/// the least mean square of relative errors, rounding at both ends included.
static std::array<int8_t, entryCount> getCorrections() {
  std::array<int8_t, entryCount> corrections;
  for (int entry = 0; entry < entryCount; ++entry) {
    int first = entry * step;
    auto errorOf = [&](int correction) {
      constexpr int samples = 64;
      double error = 0;
      for (int sample = 0; sample < samples; ++sample) {
        double exact = first - 0.5 + step * (sample + 0.5) / samples;
        int rounded =
            std::clamp(int(std::nearbyint(exact)), first, first + step - 1);
        int bits = (rounded + correction) >> (fractionBitsOfT - mantissaBits);
        double result = std::ldexp(1 + (bits & 127) / 128.0, bits >> 7);
        double relative = result / std::exp2((exact + shortfall) / octave) - 1;
        error += relative * relative;
      }
      return error;
    };
    int best = 0;
    for (int correction = 1; correction <= 2 * shortfall; ++correction)
      if (errorOf(correction) < errorOf(best))
        best = correction;
    corrections[entry] = best;
  }
  return corrections;
}

PairedExponential::PairedExponential(ImplicitLocOpBuilder &b, TileUnit &unit,
                                     double scale)
    : b(b), unit(unit), floats(VectorType::get(16, b.getF32Type())),
      words(VectorType::get(16, b.getI32Type())),
      halves(VectorType::get(32, b.getI16Type())),
      bytes(VectorType::get(64, b.getI8Type())),
      pairs(VectorType::get(32, b.getBF16Type())) {
  // Pinned, constants stay in registers.
  auto splat = [&](VectorType type, double value) {
    return unit.pin(unit.splat(type, value));
  };
  auto table = [&](ArrayRef<int8_t> values) {
    return unit.pin(
        unit.constant(bytes, DenseElementsAttr::get(bytes, values)));
  };
  double bias = exponentOfOne + magic;
  factor = splat(floats, scale * log2e * octave);
  evenBias = splat(floats, bias);
  // The upper half of the other one is added to it.
  oddBias = splat(floats, bias - magicHalf);
  ones = splat(pairs, 1);
  corrections = table(getCorrections());
  // Byte `i` of a quad word takes the eight bits from `8 i + 2` on: in the low
  // byte of each half, the upper six bits of the fraction come first.
  SmallVector<int8_t> from;
  for (int byte = 0; byte < 64; ++byte)
    from.push_back(8 * (byte % 8) + 2);
  fractionBits = table(from);
  // Table entries go to the low byte of each half only.
  Value mask =
      unit.constant(b.getI64Type(), b.getI64IntegerAttr(0x5555555555555555));
  lowBytes = LLVM::BitcastOp::create(b, VectorType::get(64, b.getI1Type()),
                                     unit.pin(mask, "k"));
}

double PairedExponential::scoreOfZero(double scale) {
  // Far from what would be negative, and from exponent 1.
  constexpr int fixedPoint = octave / 4;
  return (fixedPoint - exponentOfOne) / (scale * log2e * octave);
}

Value PairedExponential::emit(Value even, Value odd) {
  auto fixed = [&](Value x, Value bias) -> Value {
    Value sum = LLVM::FMAOp::create(b, x, factor, bias);
    return LLVM::BitcastOp::create(b, words, sum);
  };
  Value shifted =
      LLVM::ShlOp::create(b, fixed(odd, oddBias), unit.splat(words, 16));
  Value both = LLVM::AddOp::create(b, fixed(even, evenBias), shifted);
  Value entries =
      unit.call("llvm.x86.avx512.pmultishift.qb.512", bytes,
                {fractionBits, LLVM::BitcastOp::create(b, bytes, both)});
  Value found = unit.call("llvm.x86.avx512.permvar.qi.512", bytes,
                          {corrections, entries});
  Value correction =
      LLVM::SelectOp::create(b, lowBytes, found, unit.splat(bytes, 0));
  Value corrected =
      LLVM::AddOp::create(b, LLVM::BitcastOp::create(b, halves, both),
                          LLVM::BitcastOp::create(b, halves, correction));
  Value result = LLVM::LShrOp::create(b, corrected, unit.splat(halves, 1));
  return LLVM::BitcastOp::create(b, pairs, result);
}

Value PairedExponential::addPairs(Value sums, Value elements) {
  return unit.call("llvm.x86.avx512bf16.dpbf16ps.512", floats,
                   {sums, elements, ones});
}

} // namespace longnet
