//===- NumbersTest.cpp - The interpreter and NumPy -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Numbers.h"
#include "gtest/gtest.h"
#include <cmath>

using namespace llvm;
using namespace longnet;
using namespace longnet::test;

ArrayRef<Numbers> longnet::test::getNumbers() {
  static const Numbers numbers[] = {
#include "Numbers.inc"
  };
  return numbers;
}

namespace {

class NumbersTest : public testing::TestWithParam<Numbers> {};

/// The weighted sum of finite elements, and that of their magnitudes.
std::pair<double, double> sum(const RuntimeTensor &tensor, uint64_t seed) {
  Generator weights(seed);
  double total = 0, magnitude = 1;
  for (double value : tensor.getFloats()) {
    double term = weights.next() * value;
    if (std::isinf(term))
      continue;
    total += term;
    magnitude += std::abs(term);
  }
  return {total, magnitude};
}

} // namespace

TEST_P(NumbersTest, agreesWithNumPy) {
  const Numbers &numbers = GetParam();
  const Problem &p = numbers.problem;
  Result result = runProblem(writeAttention(p), makeArguments(p));
  ASSERT_EQ(result.out.getShape(),
            ArrayRef<int64_t>({p.batch, p.queryHeads, p.queries, p.valueDim}));
  ASSERT_EQ(result.lse.getShape(), result.out.getShape().drop_back());

  auto [outSum, outMagnitude] = sum(result.out, 2);
  EXPECT_NEAR(outSum, numbers.outSum, 1e-12 * outMagnitude);
  auto [lseSum, lseMagnitude] = sum(result.lse, 3);
  EXPECT_NEAR(lseSum, numbers.lseSum, 1e-12 * lseMagnitude);
  EXPECT_EQ(llvm::count(result.lse.getFloats(), -INFINITY), numbers.uncovered);
  ArrayRef<double> out = result.out.getFloats();
  EXPECT_NEAR(out.front(), numbers.samples[0], 1e-12);
  EXPECT_NEAR(out[(out.size() - 1) / 2], numbers.samples[1], 1e-12);
  EXPECT_NEAR(out.back(), numbers.samples[2], 1e-12);
}

INSTANTIATE_TEST_SUITE_P(, NumbersTest, testing::ValuesIn(getNumbers()),
                         [](const auto &info) { return info.param.name; });
