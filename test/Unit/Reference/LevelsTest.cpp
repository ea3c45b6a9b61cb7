//===- LevelsTest.cpp - The levels of the dialect agree -*- C++ -*-===//
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

namespace {

constexpr double tolerance = 1e-12;

/// Every problem at every level, and as often as it can be split.
class LevelsTest : public testing::TestWithParam<Numbers> {
protected:
  const Problem &problem = GetParam().problem;
  Values arguments = makeArguments(problem);
  Result expected = runProblem(writeAttention(problem), arguments);

  double getDifferenceOf(const std::string &program) {
    return getDifference(expected, runProblem(program, arguments));
  }
};

} // namespace

TEST_P(LevelsTest, pieces) {
  EXPECT_LE(getDifferenceOf(writePieces(problem)), tolerance);
}

TEST_P(LevelsTest, attend) {
  if (!problem.isAligned())
    GTEST_SKIP() << "attend leaves rows where they are";
  EXPECT_LE(getDifferenceOf(writeAttend(problem)), tolerance);
  EXPECT_LE(getDifferenceOf(writeChain(problem)), tolerance);
}

TEST_P(LevelsTest, tiles) {
  if (problem.isPadded())
    GTEST_SKIP() << "padding needs all keys at once";
  for (int64_t chunk : {1, 7, 1000})
    for (int64_t keyChunk : {1, 10, 1000})
      EXPECT_LE(getDifferenceOf(writeTiles(problem, chunk, keyChunk)),
                tolerance)
          << chunk << " queries, " << keyChunk << " keys";
}

TEST_P(LevelsTest, permutedBranches) {
  Problem permuted = problem;
  std::reverse(permuted.branches.begin(), permuted.branches.end());
  EXPECT_LE(getDifferenceOf(writeAttention(permuted)), tolerance);
}

TEST_P(LevelsTest, repeatedBranches) {
  Problem repeated = problem;
  llvm::append_range(repeated.branches, problem.branches);
  Result result = runProblem(writeAttention(repeated), arguments);
  EXPECT_LE(getDifference(result.out, expected.out), tolerance);
  for (auto [once, twice] :
       zip_equal(expected.lse.getFloats(), result.lse.getFloats())) {
    if (std::isinf(once))
      EXPECT_EQ(twice, once);
    else
      EXPECT_NEAR(twice, once + std::log(2), 1e-9);
  }
}

INSTANTIATE_TEST_SUITE_P(, LevelsTest, testing::ValuesIn(getNumbers()),
                         [](const auto &info) { return info.param.name; });
