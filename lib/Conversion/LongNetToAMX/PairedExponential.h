//===- PairedExponential.h - exp to bf16 in 16-bit integers -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_LIB_CONVERSION_LONGNETTOAMX_PAIREDEXPONENTIAL_H
#define LONGNET_LIB_CONVERSION_LONGNETTOAMX_PAIREDEXPONENTIAL_H

#include "TileUnit.h"

namespace longnet {

/// exp(scale x) of two vectors of f32 as pairs of bf16, 32 results in eight
/// instructions. Results of bf16 need no more than 16 bits on the way:
///
/// A multiplication and addition puts `2^8 (log2(e) scale x + 127)` as an
/// integer into the low bits of an f32. Shifted by one, this is the bf16 of
/// exponent `floor(log2(e) scale x)` and a mantissa that is linear in the
/// fraction, 6 % off at most. What is missing there depends on the upper six
/// bits of the fraction alone, as far as bf16 can tell, and comes from a table
/// in a register. Two vectors share these steps: one is shifted by 16 bits and
/// added to the other.
///
/// Requires `|log2(e) scale x| < 120`. Relative errors are at
/// most 5.9e-3, 2.0e-3 in the root mean square, and -5e-5 in the mean; rounding
/// to bf16 alone makes 3.9e-3, 1.7e-3 and 0.
class PairedExponential {
public:
  /// Loads constants at the insertion point.
  PairedExponential(mlir::ImplicitLocOpBuilder &b, TileUnit &unit,
                    double scale);

  /// An `x` whose result is denormal, which units for bf16 take for zero.
  static double scoreOfZero(double scale);
  /// Of vectors of 16 f32, a vector of 32 bf16: even[0], odd[0], even[1], ...
  mlir::Value emit(mlir::Value even, mlir::Value odd);
  /// `sums[i]` plus both elements of pair `i`, in a vector of 16 f32.
  mlir::Value addPairs(mlir::Value sums, mlir::Value pairs);

private:
  mlir::ImplicitLocOpBuilder &b;
  TileUnit &unit;
  mlir::VectorType floats, words, halves, bytes, pairs;
  mlir::Value factor, evenBias, oddBias, corrections, fractionBits, lowBytes,
      ones;
};

} // namespace longnet

#endif // LONGNET_LIB_CONVERSION_LONGNETTOAMX_PAIREDEXPONENTIAL_H
