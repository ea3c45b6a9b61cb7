//===- ExtremesTest.cpp - NaN, infinities, emptiness -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Programs.h"
#include "gtest/gtest.h"
#include <cmath>

using namespace llvm;
using namespace longnet;
using namespace longnet::test;

static constexpr double infinity = std::numeric_limits<double>::infinity();

/// Two segments of 4 rows, and every second row of all.
static Problem makeProblem() {
  return {
      1, 2, 2, 8,
      8, 3, 2, {"<segment = 4, dilation = 1>", "<segment = 8, dilation = 2>"}};
}

TEST(ExtremesTest, equalsDenseSoftmax) {
  Problem problem = makeProblem();
  problem.branches = {"<segment = 8, dilation = 1>"};
  problem.scale = 2;
  Values arguments = makeArguments(problem);
  Result result = runProblem(writeAttention(problem), arguments);
  auto at = [&](int argument, int64_t h, int64_t i, int64_t d) {
    auto &tensor = std::get<RuntimeTensor>(arguments[argument]);
    return tensor.getFloats()[(h * 8 + i) * tensor.getDim(3) + d];
  };
  for (int64_t h = 0; h < 2; ++h)
    for (int64_t i = 0; i < 8; ++i) {
      double sum = 0, mean[2] = {};
      for (int64_t j = 0; j < 8; ++j) {
        double score = 0;
        for (int64_t d = 0; d < 3; ++d)
          score += 2 * at(0, h, i, d) * at(1, h, j, d);
        sum += std::exp(score);
        for (int64_t d = 0; d < 2; ++d)
          mean[d] += std::exp(score) * at(2, h, j, d);
      }
      EXPECT_NEAR(result.lse.getFloats()[h * 8 + i], std::log(sum), 1e-14);
      for (int64_t d = 0; d < 2; ++d)
        EXPECT_NEAR(result.out.getFloats()[(h * 8 + i) * 2 + d], mean[d] / sum,
                    1e-14);
    }
}

TEST(ExtremesTest, nanReachesOnlyRowsThatAttendToIt) {
  Problem problem = makeProblem();
  problem.causal = true;
  for (int argument : {1, 2}) {
    Values arguments = makeArguments(problem);
    // Row 2 of head 0, which has phase 0 in the second branch.
    auto &poisoned = std::get<RuntimeTensor>(arguments[argument]);
    poisoned.getMutableFloats()[2 * poisoned.getDim(3)] = NAN;
    Result result = runProblem(writeAttention(problem), arguments);
    for (int64_t row = 0; row < 16; ++row) {
      bool attends = row == 2 || row == 3 || row == 4 || row == 6;
      EXPECT_EQ(std::isnan(result.out.getFloats()[row * 2]), attends) << row;
      // The lse is that of the keys alone.
      EXPECT_EQ(std::isnan(result.lse.getFloats()[row]),
                attends && argument == 1)
          << row;
    }
  }
}

TEST(ExtremesTest, infiniteScores) {
  Problem problem{1, 1, 1, 1, 2, 1, 1, {"<segment = 2, dilation = 1>"}};
  problem.scale = 1;
  auto compute = [&](double first, double second) {
    Values arguments = makeArguments(problem);
    arguments[0] = makeFloats({1, 1, 1, 1}, {1});
    arguments[1] = makeFloats({1, 1, 2, 1}, {first, second});
    arguments[2] = makeFloats({1, 1, 2, 1}, {3, 5});
    Result result = runProblem(writeAttention(problem), arguments);
    return std::pair(result.out.getFloats()[0], result.lse.getFloats()[0]);
  };
  EXPECT_EQ(compute(-infinity, 7), std::pair(5.0, 7.0));
  EXPECT_EQ(compute(-infinity, -infinity), std::pair(0.0, -infinity));
  auto [out, lse] = compute(infinity, 0);
  EXPECT_TRUE(std::isnan(out) && std::isnan(lse));
  // Far beyond the range of the exponential.
  EXPECT_EQ(compute(1e300, -1e300), std::pair(3.0, 1e300));
  EXPECT_EQ(compute(-1e300, -1e300).first, 4);
}

TEST(ExtremesTest, largeValuesDoNotOverflow) {
  Problem problem{1, 1, 1, 1, 2, 1, 1, {"<segment = 2, dilation = 1>"}};
  Values arguments = makeArguments(problem);
  arguments[0] = makeFloats({1, 1, 1, 1}, {0});
  arguments[2] = makeFloats({1, 1, 2, 1}, {1.5e308, 1.5e308});
  Result result = runProblem(writeAttention(problem), arguments);
  EXPECT_EQ(result.out.getFloats()[0], 1.5e308);
}

TEST(ExtremesTest, emptySizes) {
  // Batch, heads, queries and keys, one at a time.
  for (int empty = 0; empty < 4; ++empty) {
    Problem problem = makeProblem();
    if (empty == 0)
      problem.batch = 0;
    if (empty == 1)
      problem.queryHeads = problem.keyHeads = 0;
    if (empty == 2)
      problem.queries = 0;
    if (empty == 3)
      problem.keys = 0;
    Values arguments = makeArguments(problem);
    Result expected = runProblem(writeAttention(problem), arguments);
    for (double value : expected.out.getFloats())
      EXPECT_EQ(value, 0);
    for (double value : expected.lse.getFloats())
      EXPECT_EQ(value, -infinity);
    for (const std::string &program :
         {writePieces(problem), writeAttend(problem),
          writeTiles(problem, 3, 2)})
      EXPECT_EQ(getDifference(expected, runProblem(program, arguments)), 0)
          << program;
  }
}

TEST(ExtremesTest, noKeysWithPadding) {
  Problem problem{1,
                  2,
                  2,
                  0,
                  0,
                  3,
                  2,
                  {"<segment = 4, dilation = 3, heads = blocked, padding = "
                   "torchscale>"}};
  Values arguments = makeArguments(problem);
  for (const std::string &program :
       {writeAttention(problem), writePieces(problem)})
    EXPECT_EQ(runProblem(program, arguments).lse.getNumElements(), 0);
}

TEST(ExtremesTest, keyLengthsOutOfRange) {
  Problem problem = makeProblem();
  problem.batch = 3;
  problem.lengths = {-5, 8, 1000};
  Values arguments = makeArguments(problem);
  Result some = runProblem(writeAttention(problem), arguments);
  problem.lengths = {0, 8, 8};
  Result same = runProblem(writeAttention(problem), makeArguments(problem));
  EXPECT_EQ(getDifference(some, same), 0);
  EXPECT_TRUE(llvm::all_of(some.lse.getFloats().take_front(16),
                           [](double lse) { return lse == -infinity; }));
  for (const std::string &program :
       {writePieces(problem), writeAttend(problem)})
    EXPECT_LE(getDifference(some, runProblem(program, arguments)), 1e-12);
}

TEST(ExtremesTest, batchEntriesAreIndependent) {
  Problem problem = makeProblem();
  Result alone = runProblem(writeAttention(problem), makeArguments(problem));
  problem.batch = 2;
  Values arguments = makeArguments(problem);
  // Entry 1 becomes what the single one is.
  Problem single = makeProblem();
  Values one = makeArguments(single);
  for (int i : {0, 1, 2}) {
    auto &both = std::get<RuntimeTensor>(arguments[i]);
    ArrayRef<double> elements = std::get<RuntimeTensor>(one[i]).getFloats();
    llvm::copy(elements, both.getMutableFloats().begin() + elements.size());
  }
  Result result = runProblem(writeAttention(problem), arguments);
  EXPECT_EQ(result.out.getFloats().drop_front(alone.out.getNumElements()),
            alone.out.getFloats());
}

TEST(ExtremesTest, threadsDoNotMatter) {
  Problem problem = makeProblem();
  problem.queries = problem.keys = 500;
  Values arguments = makeArguments(problem);
  Result parallel = runProblem(writeAttention(problem), arguments);
  getContext().disableMultithreading();
  Result sequential = runProblem(writeAttention(problem), arguments);
  getContext().enableMultithreading();
  EXPECT_EQ(getDifference(parallel, sequential), 0);
}
