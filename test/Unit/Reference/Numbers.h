//===- Numbers.h - What the NumPy reference says -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_TEST_UNIT_REFERENCE_NUMBERS_H
#define LONGNET_TEST_UNIT_REFERENCE_NUMBERS_H

#include "Programs.h"

namespace longnet::test {

/// A problem and what generate_numbers.py computed of its result.
struct Numbers {
  const char *name;
  Problem problem;
  /// Sums weighted by random numbers; infinite elements count as 0.
  double outSum, lseSum;
  int64_t uncovered;
  /// The first, middle and last element of `out`.
  double samples[3];
  /// Sums for query, key and value: of the gradients, and of those with
  /// detached weights. None where rows are moved.
  double gradientSums[2][3];
};

llvm::ArrayRef<Numbers> getNumbers();

} // namespace longnet::test

#endif // LONGNET_TEST_UNIT_REFERENCE_NUMBERS_H
