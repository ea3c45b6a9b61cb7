//===- GradientsTest.cpp - The gradient of dilated attention -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Numbers.h"
#include "llvm/Support/FormatVariadic.h"
#include "gtest/gtest.h"
#include <cmath>

using namespace llvm;
using namespace longnet;
using namespace longnet::test;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double tolerance = 1e-12;

ArrayRef<double> getFloats(const RuntimeValue &value) {
  return std::get<RuntimeTensor>(value).getFloats();
}

/// The sum of products, and that of their magnitudes. Infinite elements of
/// `a`, which belong to rows without keys, count as 0.
std::pair<double, double> getProduct(ArrayRef<double> a, ArrayRef<double> b) {
  double total = 0, magnitude = 1;
  for (auto [x, y] : zip_equal(a, b)) {
    if (std::isinf(x))
      continue;
    total += x * y;
    magnitude += std::abs(x * y);
  }
  return {total, magnitude};
}

/// For `writeGradientChain` and `writeGradientTiles`: %lse, and for each branch
/// dout . out - dlse, where out is that of all or with `detached` of the branch
/// alone.
Values makeChainArguments(const Problem &problem, bool detached) {
  Values arguments = makeGradientArguments(problem);
  auto dlse = std::get<RuntimeTensor>(arguments.pop_back_val());
  ArrayRef<double> dout = getFloats(arguments.back());
  Values forward(ArrayRef<RuntimeValue>(arguments).drop_back());
  Result all = runProblem(writeAttention(problem), forward);
  arguments.push_back(all.lse);
  for (const std::string &branch : problem.branches) {
    Problem alone = problem;
    alone.branches = {branch};
    RuntimeTensor out =
        detached ? runProblem(writeAttention(alone), forward).out : all.out;
    RuntimeTensor delta = makeFloats(dlse.getShape(), dlse.getFloats());
    for (auto [row, value] : enumerate(delta.getMutableFloats())) {
      value = -value;
      for (int64_t d = row * problem.valueDim, end = d + problem.valueDim;
           d < end; ++d)
        value += dout[d] * out.getFloats()[d];
    }
    arguments.push_back(delta);
  }
  return arguments;
}

/// Every problem whose rows are not moved.
class GradientsTest : public testing::TestWithParam<Numbers> {
protected:
  void SetUp() override {
    if (!problem.isAligned())
      GTEST_SKIP() << "moved rows have no gradient";
  }

  const Problem &problem = GetParam().problem;
  Values arguments = makeGradientArguments(problem);
};

} // namespace

TEST_P(GradientsTest, agreesWithNumPy) {
  for (bool detached : {false, true}) {
    Tensors gradients = runTensors(writeGradient(problem, detached), arguments);
    for (auto [i, gradient] : enumerate(gradients)) {
      ASSERT_EQ(gradient.getShape(),
                std::get<RuntimeTensor>(arguments[i]).getShape());
      Generator weights(4 + i);
      auto [total, magnitude] =
          getProduct(gradient.getFloats(),
                     weights.makeTensor(gradient.getShape()).getFloats());
      EXPECT_NEAR(total, GetParam().gradientSums[detached][i],
                  tolerance * magnitude)
          << "gradient " << i << ", detached " << detached;
    }
  }
}

/// The change of a loss of which %dout and %dlse are the gradients, in a random
/// direction.
TEST_P(GradientsTest, isThatOfTheForwardOperation) {
  double step = 1e-5 / std::max(1.0, std::abs(problem.scale.value_or(1)));
  Tensors gradients = runTensors(writeGradient(problem, false), arguments);
  Generator directions(9);
  double expected = 0;
  double losses[2] = {};
  Values moved[2] = {makeArguments(problem), makeArguments(problem)};
  for (auto [i, gradient] : enumerate(gradients)) {
    RuntimeTensor direction = directions.makeTensor(gradient.getShape());
    expected += getProduct(gradient.getFloats(), direction.getFloats()).first;
    for (int side : {0, 1})
      for (auto [value, change] :
           zip_equal(std::get<RuntimeTensor>(moved[side][i]).getMutableFloats(),
                     direction.getFloats()))
        value += (side ? step : -step) * change;
  }
  double magnitude = 0;
  for (int side : {0, 1}) {
    Result result = runProblem(writeAttention(problem), moved[side]);
    auto [out, outMagnitude] =
        getProduct(result.out.getFloats(), getFloats(arguments[5]));
    auto [lse, lseMagnitude] =
        getProduct(result.lse.getFloats(), getFloats(arguments[6]));
    losses[side] = out + lse;
    magnitude = outMagnitude + lseMagnitude;
  }
  // Of the step the next error is quadratic; the losses cancel.
  EXPECT_NEAR(expected, (losses[1] - losses[0]) / (2 * step),
              1e-7 * std::abs(expected) + 1e-15 * magnitude / step);
}

TEST_P(GradientsTest, isAChainOfBranches) {
  for (bool detached : {false, true}) {
    Tensors expected = runTensors(writeGradient(problem, detached), arguments);
    Values chain = makeChainArguments(problem, detached);
    EXPECT_LE(
        getDifference(expected, runTensors(writeGradientChain(problem), chain)),
        tolerance);
  }
}

TEST_P(GradientsTest, isASumOfTiles) {
  if (problem.isPadded())
    GTEST_SKIP() << "padding needs all keys at once";
  Tensors expected = runTensors(writeGradient(problem, false), arguments);
  Values chain = makeChainArguments(problem, false);
  for (int64_t chunk : {1, 7, 1000})
    for (int64_t keyChunk : {10, 1000})
      EXPECT_LE(
          getDifference(
              expected,
              runTensors(writeGradientTiles(problem, chunk, keyChunk), chain)),
          tolerance)
          << chunk << " queries, " << keyChunk << " keys";
}

TEST_P(GradientsTest, detachedMeansNothingToOneBranch) {
  Problem single = problem;
  single.branches.resize(1);
  EXPECT_LE(getDifference(runTensors(writeGradient(single, false), arguments),
                          runTensors(writeGradient(single, true), arguments)),
            tolerance);
}

INSTANTIATE_TEST_SUITE_P(, GradientsTest, testing::ValuesIn(getNumbers()),
                         [](const auto &info) { return info.param.name; });

//===----------------------------------------------------------------------===//
// Small cases
//===----------------------------------------------------------------------===//

namespace {

using Floats = ArrayRef<double>;

/// One query, keys 0 and ln 3, values 4 and 8: weights 1/4 and 3/4, out 7.
constexpr const char *two = R"(
  func.func @main(%q: tensor<1x1x1x1xf64>, %k: tensor<1x1x2x1xf64>, %v: tensor<1x1x2x1xf64>,
                  %row: tensor<1x1x1x1xf64>, %lse: tensor<1x1x1xf64>, %dlse: tensor<1x1x1xf64>)
      -> (tensor<1x1x1x1xf64>, tensor<1x1x2x1xf64>, tensor<1x1x2x1xf64>) {
    %out = arith.constant dense<7.0> : tensor<1x1x1x1xf64>
    %dq, %dk, %dv = longnet.dilated_attention_grad %q, %k, %v
        results(%out, %lse : tensor<1x1x1x1xf64>, tensor<1x1x1xf64>)
        gradient(%row : tensor<1x1x1x1xf64>) lse_gradient(%dlse : tensor<1x1x1xf64>)
        branches = [<segment = 2, dilation = 1>] scale = 2.0
        : tensor<1x1x1x1xf64>, tensor<1x1x2x1xf64>, tensor<1x1x2x1xf64>
    return %dq, %dk, %dv : tensor<1x1x1x1xf64>, tensor<1x1x2x1xf64>, tensor<1x1x2x1xf64>
  })";

Values makeTwo(double dout, double lse, double dlse) {
  return {makeFloats({1, 1, 1, 1}, {0.5}),
          makeFloats({1, 1, 2, 1}, {0, std::log(3)}),
          makeFloats({1, 1, 2, 1}, {4, 8}),
          makeFloats({1, 1, 1, 1}, {dout}),
          makeFloats({1, 1, 1}, {lse}),
          makeFloats({1, 1, 1}, {dlse})};
}

void expectNear(Floats values, Floats expected) {
  for (auto [value, wanted] : zip_equal(values, expected))
    EXPECT_NEAR(value, wanted, 1e-14);
}

} // namespace

TEST(GradientsOfRowsTest, byHand) {
  // Of dout 10 and dlse 8 the weights' gradients are 40 and 80, less delta 62.
  Tensors results = runTensors(two, makeTwo(10, std::log(4), 8));
  expectNear(results[2].getFloats(), {2.5, 7.5});
  expectNear(results[1].getFloats(), {0.25 * -22, 0.75 * 18});
  expectNear(results[0].getFloats(), {2 * 0.75 * 18 * std::log(3)});
}

TEST(GradientsOfRowsTest, rowsWithoutKeysContributeNothing) {
  Tensors results = runTensors(two, makeTwo(NAN, -infinity, NAN));
  for (const RuntimeTensor &result : results)
    for (double value : result.getFloats())
      EXPECT_EQ(value, 0);
}

TEST(GradientsOfRowsTest, threadsDoNotMatter) {
  Problem problem{
      2,  6,
      3,  90,
      90, 3,
      2,  {"<segment = 8, dilation = 1>", "<segment = 64, dilation = 2>"}};
  Values arguments = makeGradientArguments(problem);
  std::string program = writeGradient(problem, /*detached=*/true);
  Tensors parallel = runTensors(program, arguments);
  getContext().disableMultithreading();
  Tensors sequential = runTensors(program, arguments);
  getContext().enableMultithreading();
  EXPECT_EQ(getDifference(parallel, sequential), 0);
}

TEST(GradientsOfRowsTest, emptySizes) {
  // Batch, heads, queries and keys, one at a time.
  for (int empty = 0; empty < 4; ++empty) {
    Problem problem{1, 2, 2, 8, 8, 3, 2, {"<segment = 4, dilation = 1>"}};
    if (empty == 0)
      problem.batch = 0;
    if (empty == 1)
      problem.queryHeads = problem.keyHeads = 0;
    if (empty == 2)
      problem.queries = 0;
    if (empty == 3)
      problem.keys = 0;
    for (const RuntimeTensor &gradient :
         runTensors(writeGradient(problem, /*detached=*/true),
                    makeGradientArguments(problem)))
      for (double value : gradient.getFloats())
        EXPECT_EQ(value, 0);
  }
}

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

static RuntimeTensor transpose(const RuntimeTensor &rows) {
  int64_t m = rows.getDim(0), n = rows.getDim(1);
  RuntimeTensor columns = makeFloats({n, m}, rows.getFloats());
  for (auto [at, value] : enumerate(columns.getMutableFloats()))
    value = rows.getFloats()[at % m * n + at / m];
  return columns;
}

/// [m, n] as [m / 2, n, 2] of bf16.
static RuntimeTensor pair(const RuntimeTensor &rows) {
  int64_t m = rows.getDim(0), n = rows.getDim(1);
  RuntimeTensor pairs = makeFloats({m / 2, n, 2}, rows.getFloats());
  for (auto [at, value] : enumerate(pairs.getMutableFloats()))
    value = rows.getFloats()[(at / 2 / n * 2 + at % 2) * n + at / 2 % n];
  return pairs.withElementType(mlir::BFloat16Type::get(&getContext()));
}

/// Two parts along dimension `dim` of a tile whose sum is `tile`.
static RuntimeTensor split(const RuntimeTensor &tile, unsigned dim) {
  SmallVector<int64_t> shape(tile.getShape());
  int64_t size = tile.getFloats().size(), row = dim == 0 ? size : shape[1];
  shape[dim] *= 2;
  SmallVector<double> parts;
  for (int64_t at = 0; at < size; at += row)
    for (double weight : {1.5, -0.5})
      for (double element : tile.getFloats().slice(at, row))
        parts.push_back(weight * element);
  return makeFloats(shape, parts)
      .withElementType(mlir::BFloat16Type::get(&getContext()));
}

TEST(GradientsOfTilesTest, byHand) {
  // Query 0 sees both keys with weights 1/4 and 1/2, query 1 the first with
  // weight 1/2, and query 2 none. Nothing else of query 3 would be finite.
  auto results = runTensors(
      R"(
    func.func @main(%q: tensor<1x4xf64>, %rows: tensor<4x1xf64>, %k: tensor<2x1xf64>,
                    %v: tensor<2x2xf64>, %dout: tensor<2x4xf64>, %dout_rows: tensor<4x2xf64>,
                    %lse: tensor<4xf64>, %delta: tensor<4xf64>,
                    %at: tensor<2xindex>, %limits: tensor<4xindex>)
        -> (tensor<1x4xf64>, tensor<2x1xf64>, tensor<2x2xf64>) {
      %dq = arith.constant dense<100.0> : tensor<1x4xf64>
      %dk = arith.constant dense<1000.0> : tensor<2x1xf64>
      %dv = arith.constant dense<0.0> : tensor<2x2xf64>
      %r:3 = longnet.attend_grad_tile scale = 0.69314718055994531
          ins(%q, %rows, %k, %v, %dout, %dout_rows, %lse, %delta
              : tensor<1x4xf64>, tensor<4x1xf64>, tensor<2x1xf64>, tensor<2x2xf64>,
                tensor<2x4xf64>, tensor<4x2xf64>, tensor<4xf64>, tensor<4xf64>)
          visible(%at, %limits : tensor<2xindex>, tensor<4xindex>)
          outs(%dq, %dk, %dv : tensor<1x4xf64>, tensor<2x1xf64>, tensor<2x2xf64>)
          -> tensor<1x4xf64>, tensor<2x1xf64>, tensor<2x2xf64>
      return %r#0, %r#1, %r#2 : tensor<1x4xf64>, tensor<2x1xf64>, tensor<2x2xf64>
    })",
      {makeFloats({1, 4}, {1, 2, 3, NAN}), makeFloats({4, 1}, {1, 2, 3, NAN}),
       makeFloats({2, 1}, {3, 4}), makeFloats({2, 2}, {1, 2, 3, 4}),
       // The second of the two orders is the first's transpose.
       makeFloats({2, 4}, {10, 20, 30, NAN, 1, 2, 3, NAN}),
       makeFloats({4, 2}, {10, 1, 20, 2, 30, 3, NAN, NAN}),
       makeFloats({4}, {5 * std::log(2), 7 * std::log(2), 0, infinity}),
       makeFloats({4}, {4, 8, 16, NAN}), makeInts({2}, {7, 9}),
       makeInts({4}, {9, 8, 6, 9})});
  // ds is 1/4 (12 - 4) and 1/2 (34 - 4) for query 0, 1/2 (24 - 8) for query 1.
  expectNear(results[0].getFloats(),
             {100 + 3 * 2 + 4 * 15, 100 + 3 * 8, 100, 100});
  expectNear(results[1].getFloats(), {1000 + 2 * 1 + 8 * 2, 1000 + 15 * 1});
  expectNear(results[2].getFloats(),
             {0.25 * 10 + 0.5 * 20, 0.25 + 0.5 * 2, 0.5 * 10, 0.5});
}

TEST(GradientsOfTilesTest, equalsOneSegment) {
  // A head of one segment is one tile, whose rows are the columns here.
  Generator any(3);
  RuntimeTensor q = any.makeTensor({5, 3}), k = any.makeTensor({4, 3}),
                v = any.makeTensor({4, 2}), dout = any.makeTensor({5, 2}),
                lse = any.makeTensor({5}), delta = any.makeTensor({5});
  Tensors tile = runTensors(
      R"(
    func.func @main(%q: tensor<?x?xf64>, %rows: tensor<?x?xf64>, %k: tensor<?x?xf64>,
                    %v: tensor<?x?xf64>, %dout: tensor<?x?xf64>, %dout_rows: tensor<?x?xf64>,
                    %lse: tensor<?xf64>, %delta: tensor<?xf64>)
        -> (tensor<3x5xf64>, tensor<4x3xf64>, tensor<4x2xf64>) {
      %dq = arith.constant dense<0.0> : tensor<3x5xf64>
      %dk = arith.constant dense<0.0> : tensor<4x3xf64>
      %dv = arith.constant dense<0.0> : tensor<4x2xf64>
      %r:3 = longnet.attend_grad_tile scale = 1.0
          ins(%q, %rows, %k, %v, %dout, %dout_rows, %lse, %delta
              : tensor<?x?xf64>, tensor<?x?xf64>, tensor<?x?xf64>, tensor<?x?xf64>,
                tensor<?x?xf64>, tensor<?x?xf64>, tensor<?xf64>, tensor<?xf64>)
          outs(%dq, %dk, %dv : tensor<3x5xf64>, tensor<4x3xf64>, tensor<4x2xf64>)
          -> tensor<3x5xf64>, tensor<4x3xf64>, tensor<4x2xf64>
      return %r#0, %r#1, %r#2 : tensor<3x5xf64>, tensor<4x3xf64>, tensor<4x2xf64>
    })",
      {transpose(q), q, k, v, transpose(dout), dout, lse, delta});
  Tensors head = runTensors(
      R"(
    func.func @main(%q: tensor<1x1x5x3xf64>, %k: tensor<1x1x4x3xf64>, %v: tensor<1x1x4x2xf64>,
                    %dout: tensor<1x1x5x2xf64>, %lse: tensor<1x1x5xf64>, %delta: tensor<1x1x5xf64>)
        -> (tensor<1x1x5x3xf64>, tensor<1x1x4x3xf64>, tensor<1x1x4x2xf64>) {
      %dq = arith.constant dense<0.0> : tensor<1x1x5x3xf64>
      %dk = arith.constant dense<0.0> : tensor<1x1x4x3xf64>
      %dv = arith.constant dense<0.0> : tensor<1x1x4x2xf64>
      %r:3 = longnet.attend_grad <segment = 8, dilation = 1> scale = 1.0
          ins(%q, %k, %v, %lse, %delta, %dout : tensor<1x1x5x3xf64>, tensor<1x1x4x3xf64>,
              tensor<1x1x4x2xf64>, tensor<1x1x5xf64>, tensor<1x1x5xf64>, tensor<1x1x5x2xf64>)
          outs(%dq, %dk, %dv : tensor<1x1x5x3xf64>, tensor<1x1x4x3xf64>, tensor<1x1x4x2xf64>)
          -> tensor<1x1x5x3xf64>, tensor<1x1x4x3xf64>, tensor<1x1x4x2xf64>
      return %r#0, %r#1, %r#2 : tensor<1x1x5x3xf64>, tensor<1x1x4x3xf64>, tensor<1x1x4x2xf64>
    })",
      {q.withShape({1, 1, 5, 3}), k.withShape({1, 1, 4, 3}),
       v.withShape({1, 1, 4, 2}), dout.withShape({1, 1, 5, 2}),
       lse.withShape({1, 1, 5}), delta.withShape({1, 1, 5})});
  expectNear(transpose(tile[0]).getFloats(), head[0].getFloats());
  expectNear(tile[1].getFloats(), head[1].getFloats());
  expectNear(tile[2].getFloats(), head[2].getFloats());
}

TEST(GradientsOfTilesTest, inPairs) {
  // The interpreter does not round to bf16.
  Generator any(5);
  RuntimeTensor q = any.makeTensor({6, 4}), k = any.makeTensor({3, 4}),
                v = any.makeTensor({3, 2}), dout = any.makeTensor({6, 2});
  mlir::Type bf16 = mlir::BFloat16Type::get(&getContext());
  mlir::Type f32 = mlir::Float32Type::get(&getContext());
  RuntimeTensor lse = any.makeTensor({6}).withElementType(f32),
                delta = any.makeTensor({6}).withElementType(f32);
  auto text = [](StringRef queries, StringRef queryRows, StringRef outGrads,
                 StringRef outGradRows, StringRef columns, int parts = 1) {
    return formatv(R"(
    func.func @main(%q: {0}, %rows: {1}, %k: tensor<3x{6}xbf16>, %v: tensor<3x{7}xbf16>, %dout: {2}, %dout_rows: {3},
                    %lse: tensor<6xf32>, %delta: tensor<6xf32>, %kt: tensor<4x{8}xbf16>)
        -> (tensor<4x6xf32>, tensor<3x4xf32>, tensor<3x2xf32>) {{
      %dq = arith.constant dense<0.0> : tensor<4x6xf32>
      %dk = arith.constant dense<0.0> : tensor<3x4xf32>
      %dv = arith.constant dense<0.0> : tensor<3x2xf32>
      %r:3 = longnet.attend_grad_tile scale = 1.0 parts = {5}
          ins(%q, %rows, %k, %v, %dout, %dout_rows, %lse, %delta
              : {0}, {1}, tensor<3x{6}xbf16>, tensor<3x{7}xbf16>, {2}, {3}, tensor<6xf32>, tensor<6xf32>)
          {4} outs(%dq, %dk, %dv : tensor<4x6xf32>, tensor<3x4xf32>, tensor<3x2xf32>)
          -> tensor<4x6xf32>, tensor<3x4xf32>, tensor<3x2xf32>
      return %r#0, %r#1, %r#2 : tensor<4x6xf32>, tensor<3x4xf32>, tensor<3x2xf32>
    })",
                   queries, queryRows, outGrads, outGradRows, columns, parts,
                   4 * parts, 2 * parts, 3 * parts)
        .str();
  };
  auto half = [&](const RuntimeTensor &rows) {
    return rows.withElementType(bf16);
  };
  Tensors rows = runTensors(text("tensor<4x6xbf16>", "tensor<6x4xbf16>",
                                 "tensor<2x6xbf16>", "tensor<6x2xbf16>", ""),
                            {half(transpose(q)), half(q), half(k), half(v),
                             half(transpose(dout)), half(dout), lse, delta,
                             half(transpose(k))});
  Tensors pairs = runTensors(
      text("tensor<2x6x2xbf16>", "tensor<3x4x2xbf16>", "tensor<1x6x2xbf16>",
           "tensor<3x2x2xbf16>", "key_columns(%kt : tensor<4x3xbf16>)"),
      {pair(transpose(q)), pair(q), half(k), half(v), pair(transpose(dout)),
       pair(dout), lse, delta, half(transpose(k))});
  EXPECT_EQ(getDifference(rows, pairs), 0);

  Tensors parts = runTensors(
      text("tensor<4x6x2xbf16>", "tensor<6x4x2xbf16>", "tensor<2x6x2xbf16>",
           "tensor<6x2x2xbf16>", "key_columns(%kt : tensor<4x6xbf16>)", 2),
      {split(pair(transpose(q)), 0), split(pair(q), 0), split(k, 1),
       split(v, 1), split(pair(transpose(dout)), 0), split(pair(dout), 0), lse,
       delta, split(transpose(k), 1)});
  for (auto [one, other] : zip_equal(rows, parts))
    expectNear(one.getFloats(), other.getFloats());
}
