//===- PiecesTest.cpp - Single operations of levels 1 and 2 -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Programs.h"
#include "llvm/Support/FormatVariadic.h"
#include "gtest/gtest.h"
#include <cmath>

using namespace llvm;
using namespace longnet;
using namespace longnet::test;

static constexpr double infinity = std::numeric_limits<double>::infinity();

using Ints = ArrayRef<int64_t>;
using Floats = ArrayRef<double>;

static RuntimeTensor makeHalves(Ints shape, Floats values) {
  return makeFloats(shape, values)
      .withElementType(mlir::BFloat16Type::get(&getContext()));
}

TEST(PiecesTest, segment) {
  // Rows at positions 3 to 7, in segments of 4: [0, 4) and [4, 8).
  auto results =
      runTensors(R"(
    func.func @main(%x: tensor<1x1x?x1xf64>, %origin: index)
        -> (tensor<1x1x?x?x1xf64>, tensor<?x?xindex>) {
      %r, %at = longnet.segment %x by 4 origin %origin : (tensor<1x1x?x1xf64>)
          -> (tensor<1x1x?x?x1xf64>), tensor<?x?xindex>
      return %r, %at : tensor<1x1x?x?x1xf64>, tensor<?x?xindex>
    })",
                 {makeFloats({1, 1, 5, 1}, {13, 14, 15, 16, 17}), 3});
  EXPECT_EQ(results[1].getShape(), Ints({2, 4}));
  EXPECT_EQ(results[1].getInts(), Ints({3, -1, -1, -1, 4, 5, 6, 7}));
  EXPECT_EQ(results[0].getShape(), Ints({1, 1, 2, 4, 1}));
  EXPECT_EQ(results[0].getFloats(), Floats({13, 0, 0, 0, 14, 15, 16, 17}));
}

TEST(PiecesTest, segmentOnAGrid) {
  // Segments 2, 0, none and one beyond the end of 3 rows in segments of 2.
  auto results = runTensors(
      R"(
    func.func @main(%x: tensor<1x1x?x1xf64>, %grid: tensor<?x?xindex>)
        -> (tensor<1x1x?x?x1xf64>, tensor<?x?xindex>) {
      %r, %at = longnet.segment %x by 2 grid %grid : tensor<?x?xindex>
          : (tensor<1x1x?x1xf64>) -> (tensor<1x1x?x?x1xf64>), tensor<?x?xindex>
      return %r, %at : tensor<1x1x?x?x1xf64>, tensor<?x?xindex>
    })",
      {makeFloats({1, 1, 3, 1}, {10, 11, 12}),
       makeInts({4, 1}, {3, 0, -1, std::numeric_limits<int64_t>::max()})});
  EXPECT_EQ(results[1].getInts(), Ints({2, -1, 0, 1, -1, -1, -1, -1}));
  EXPECT_EQ(results[0].getFloats(), Floats({12, 0, 10, 11, 0, 0, 0, 0}));
}

TEST(PiecesTest, sparsify) {
  // Head 1 has phase 1. The first segment begins at position 1 of its four.
  auto results = runTensors(
      R"(
    func.func @main(%x: tensor<1x1x2x4x1xf64>, %at: tensor<2x4xindex>, %h: index)
        -> (tensor<1x?x2x2x1xf64>, tensor<?x2x2xindex>) {
      %r, %p = longnet.sparsify <segment = 4, dilation = 2> %x at %at heads %h
          : (tensor<1x1x2x4x1xf64>), tensor<2x4xindex>
         -> (tensor<1x?x2x2x1xf64>), tensor<?x2x2xindex>
      return %r, %p : tensor<1x?x2x2x1xf64>, tensor<?x2x2xindex>
    })",
      {makeFloats({1, 1, 2, 4, 1}, {11, 12, 13, 0, 14, 15, 16, 17}),
       makeInts({2, 4}, {1, 2, 3, -1, 4, 5, 6, 7}), 2});
  EXPECT_EQ(results[1].getInts(), Ints({2, -1, 4, 6, 1, 3, 5, 7}));
  EXPECT_EQ(results[0].getFloats(), Floats({12, 0, 14, 16, 11, 13, 15, 17}));
}

TEST(PiecesTest, sparsifyWithPadding) {
  // Two segments of 3 of which a row is missing: each is padded to 4.
  auto results = runTensors(
      R"(
    func.func @main(%x: tensor<1x2x2x3x1xf64>, %at: tensor<2x3xindex>)
        -> (tensor<1x2x2x2x1xf64>, tensor<2x2x2xindex>) {
      %r, %p = longnet.sparsify
          <segment = 3, dilation = 2, heads = blocked, padding = torchscale>
          %x at %at : (tensor<1x2x2x3x1xf64>), tensor<2x3xindex>
         -> (tensor<1x2x2x2x1xf64>), tensor<2x2x2xindex>
      return %r, %p : tensor<1x2x2x2x1xf64>, tensor<2x2x2xindex>
    })",
      {makeFloats({1, 2, 2, 3, 1},
                  {10, 11, 12, 13, 14, 0, 20, 21, 22, 23, 24, 0}),
       makeInts({2, 3}, {0, 1, 2, 3, 4, -1})});
  EXPECT_EQ(results[1].getInts(), Ints({0, 2, 4, 6, 1, 3, 5, 7}));
  EXPECT_EQ(results[0].getFloats(), Floats({10, 12, 13, 0, 21, 0, 24, 0}));
}

TEST(PiecesTest, scatter) {
  // Absent, before the origin, behind the end, and twice in one place.
  auto results = runTensors(
      R"(
    func.func @main(%x: tensor<1x1x2x3x1xf64>, %l: tensor<1x1x2x3xf64>,
                    %at: tensor<2x3xindex>, %n: index, %origin: index)
        -> (tensor<1x1x?x1xf64>, tensor<1x1x?xf64>) {
      %o, %lse = longnet.scatter %x, %l at %at into %n origin %origin
          : (tensor<1x1x2x3x1xf64>, tensor<1x1x2x3xf64>), tensor<2x3xindex>
         -> (tensor<1x1x?x1xf64>, tensor<1x1x?xf64>)
      return %o, %lse : tensor<1x1x?x1xf64>, tensor<1x1x?xf64>
    })",
      {makeFloats({1, 1, 2, 3, 1}, {1, 2, 3, 4, 5, 6}),
       makeFloats({1, 1, 2, 3}, {.1, .2, .3, .4, .5, .6}),
       makeInts({2, 3}, {-1, 4, 6, 8, 6, 5}), 3, 5});
  EXPECT_EQ(results[0].getFloats(), Floats({6, 5, 0}));
  EXPECT_EQ(results[1].getFloats(), Floats({.6, .5, -infinity}));
}

TEST(PiecesTest, attentionOfAbsentRows) {
  // Absent keys are not seen, NaN or not; an absent query sees nothing.
  auto results = runTensors(
      R"(
    func.func @main(%q: tensor<1x1x1x2x1xf64>, %k: tensor<1x1x1x3x1xf64>,
                    %p: tensor<1x2xindex>, %t: tensor<1x1x3xindex>)
        -> (tensor<1x1x1x2x1xf64>, tensor<1x1x1x2xf64>) {
      %o = tensor.empty() : tensor<1x1x1x2x1xf64>
      %l = tensor.empty() : tensor<1x1x1x2xf64>
      %r:2 = longnet.attention causal ins(%q, %k, %k : tensor<1x1x1x2x1xf64>,
          tensor<1x1x1x3x1xf64>, tensor<1x1x1x3x1xf64>)
          at(%p, %t : tensor<1x2xindex>, tensor<1x1x3xindex>)
          outs(%o, %l : tensor<1x1x1x2x1xf64>, tensor<1x1x1x2xf64>)
          -> tensor<1x1x1x2x1xf64>, tensor<1x1x1x2xf64>
      return %r#0, %r#1 : tensor<1x1x1x2x1xf64>, tensor<1x1x1x2xf64>
    })",
      {makeFloats({1, 1, 1, 2, 1}, {2, 2}),
       makeFloats({1, 1, 1, 3, 1}, {3, NAN, NAN}), makeInts({1, 2}, {4, -1}),
       makeInts({1, 1, 3}, {4, 5, -1})});
  EXPECT_EQ(results[0].getFloats(), Floats({3, 0}));
  EXPECT_EQ(results[1].getFloats(), Floats({6, -infinity}));
}

TEST(PiecesTest, combine) {
  auto results = runTensors(
      R"(
    func.func @main(%a: tensor<1x1x3x1xf64>, %b: tensor<1x1x3x1xf64>,
                    %la: tensor<1x1x3xf64>, %lb: tensor<1x1x3xf64>)
        -> (tensor<1x1x3x1xf64>, tensor<1x1x3xf64>) {
      %o, %l = longnet.combine(%a, %b), (%la, %lb)
          : (tensor<1x1x3x1xf64>, tensor<1x1x3x1xf64>),
            (tensor<1x1x3xf64>, tensor<1x1x3xf64>)
         -> (tensor<1x1x3x1xf64>, tensor<1x1x3xf64>)
      return %o, %l : tensor<1x1x3x1xf64>, tensor<1x1x3xf64>
    })",
      {makeFloats({1, 1, 3, 1}, {1, 0, 4}), makeFloats({1, 1, 3, 1}, {3, 0, 0}),
       makeFloats({1, 1, 3}, {1000, -infinity, -2000}),
       makeFloats({1, 1, 3}, {1000, -infinity, -infinity})});
  EXPECT_EQ(results[0].getFloats(), Floats({2, 0, 4}));
  EXPECT_EQ(results[1].getFloats(),
            Floats({1000 + std::log(2), -infinity, -2000}));
}

TEST(PiecesTest, attendTile) {
  // Query 0 sees both keys, query 1 the first, and query 2 none.
  auto results = runTensors(
      R"(
    func.func @main(%q: tensor<1x3xf64>, %k: tensor<2x1xf64>,
                    %v: tensor<2x2xf64>, %at: tensor<2xindex>,
                    %limits: tensor<3xindex>)
        -> (tensor<2x3xf64>, tensor<3xf64>, tensor<3xf64>) {
      %acc = arith.constant dense<0.0> : tensor<2x3xf64>
      %max = arith.constant dense<0xFFF0000000000000> : tensor<3xf64>
      %sum = arith.constant dense<0.0> : tensor<3xf64>
      %r:3 = longnet.attend_tile scale = 0.69314718055994531
          ins(%q, %k, %v : tensor<1x3xf64>, tensor<2x1xf64>, tensor<2x2xf64>)
          visible(%at, %limits : tensor<2xindex>, tensor<3xindex>)
          outs(%acc, %max, %sum : tensor<2x3xf64>, tensor<3xf64>, tensor<3xf64>)
          -> tensor<2x3xf64>, tensor<3xf64>, tensor<3xf64>
      return %r#0, %r#1, %r#2 : tensor<2x3xf64>, tensor<3xf64>, tensor<3xf64>
    })",
      {makeFloats({1, 3}, {1, 1, 1}), makeFloats({2, 1}, {3, 5}),
       makeFloats({2, 2}, {4, 8, 16, 32}), makeInts({2}, {7, 9}),
       makeInts({3}, {9, 8, 6})});
  // Of scale ln 2: relative to the maximum 5 the first key weighs 2^-2.
  EXPECT_EQ(results[0].getFloats(), Floats({17, 4, 0, 34, 8, 0}));
  EXPECT_EQ(results[1].getFloats(), Floats({5, 3, -infinity}));
  EXPECT_EQ(results[2].getFloats(), Floats({1.25, 1, 0}));
}

TEST(PiecesTest, attendTileUnmasked) {
  // Positions hide both keys, but there is nothing to mask.
  auto results = runTensors(
      R"(
    func.func @main(%q: tensor<1x1xf64>, %k: tensor<2x1xf64>,
                    %at: tensor<2xindex>, %limits: tensor<1xindex>)
        -> (tensor<1x1xf64>, tensor<1xf64>, tensor<1xf64>) {
      %acc = arith.constant dense<0.0> : tensor<1x1xf64>
      %max = arith.constant dense<0xFFF0000000000000> : tensor<1xf64>
      %sum = arith.constant dense<0.0> : tensor<1xf64>
      %masked = arith.constant false
      %r:3 = longnet.attend_tile scale = 0.69314718055994531
          ins(%q, %k, %k : tensor<1x1xf64>, tensor<2x1xf64>, tensor<2x1xf64>)
          visible(%at, %limits : tensor<2xindex>, tensor<1xindex>) if %masked
          outs(%acc, %max, %sum : tensor<1x1xf64>, tensor<1xf64>, tensor<1xf64>)
          -> tensor<1x1xf64>, tensor<1xf64>, tensor<1xf64>
      return %r#0, %r#1, %r#2 : tensor<1x1xf64>, tensor<1xf64>, tensor<1xf64>
    })",
      {makeFloats({1, 1}, {1}), makeFloats({2, 1}, {3, 5}),
       makeInts({2}, {7, 9}), makeInts({1}, {6})});
  EXPECT_EQ(results[0].getFloats(), Floats({5.75}));
  EXPECT_EQ(results[1].getFloats(), Floats({5}));
  EXPECT_EQ(results[2].getFloats(), Floats({1.25}));
}

/// Three queries and two keys of two dimensions in pairs, and three of values,
/// [Dv, n], whose elements are sums of `parts`.
static Tensors attendInPairs(int parts, ArrayRef<double> q, ArrayRef<double> k,
                             ArrayRef<double> v) {
  std::string text = formatv(R"(
    func.func @main(%q: tensor<{0}x3x2xbf16>, %k: tensor<2x{1}xbf16>, %v: tensor<3x{1}xbf16>)
        -> (tensor<3x3xf32>, tensor<3xf32>, tensor<3xf32>) {{
      %acc = arith.constant dense<0.0> : tensor<3x3xf32>
      %max = arith.constant dense<0xFF800000> : tensor<3xf32>
      %sum = arith.constant dense<0.0> : tensor<3xf32>
      %r:3 = longnet.attend_tile scale = 0.69314718055994531 parts = {0}
          ins(%q, %k, %v : tensor<{0}x3x2xbf16>, tensor<2x{1}xbf16>, tensor<3x{1}xbf16>)
          outs(%acc, %max, %sum : tensor<3x3xf32>, tensor<3xf32>, tensor<3xf32>)
          -> tensor<3x3xf32>, tensor<3xf32>, tensor<3xf32>
      return %r#0, %r#1, %r#2 : tensor<3x3xf32>, tensor<3xf32>, tensor<3xf32>
    })",
                             parts, 2 * parts)
                         .str();
  return runTensors(text, {makeHalves({parts, 3, 2}, q),
                           makeHalves({2, 2 * parts}, k),
                           makeHalves({3, 2 * parts}, v)});
}

TEST(PiecesTest, attendTileInPairs) {
  // Dimensions 0 and 1 of each query side by side.
  auto results = attendInPairs(1, {1, 10, 2, 20, 0, 30}, {1, 0, 0, 0.1},
                               {1, 2, 3, 4, 5, 6});
  // Query 0 scores both keys 1, query 1 both 2, and query 2 0 and 3.
  EXPECT_EQ(results[0].getFloats(),
            Floats({3, 3, 2.125, 7, 7, 4.375, 11, 11, 6.625}));
  EXPECT_EQ(results[1].getFloats(), Floats({1, 2, 3}));
  EXPECT_EQ(results[2].getFloats(), Floats({2, 2, 1.125}));
}

TEST(PiecesTest, attendTileInParts) {
  // The same, with every element as the sum of two.
  auto results = attendInPairs(2, {0.5, 8, 2, 15, 1, 40, 0.5, 2, 0, 5, -1, -10},
                               {0.75, 0, 0.25, 0, 0, 0.05, 0, 0.05},
                               {1, 1, 0, 1, 2, 5, 1, -1, 5, 4, 0, 2});
  EXPECT_EQ(results[0].getFloats(),
            Floats({3, 3, 2.125, 7, 7, 4.375, 11, 11, 6.625}));
  EXPECT_EQ(results[1].getFloats(), Floats({1, 2, 3}));
  EXPECT_EQ(results[2].getFloats(), Floats({2, 2, 1.125}));
}

TEST(PiecesTest, attendTileGoesOn) {
  // `max` and `sum` are one value here, and keys double the state's weight.
  auto results = runTensors(
      R"(
    func.func @main(%q: tensor<1x1xf64>, %k: tensor<1x1xf64>,
                    %acc: tensor<1x1xf64>, %one: tensor<1xf64>)
        -> (tensor<1x1xf64>, tensor<1xf64>, tensor<1xf64>) {
      %r:3 = longnet.attend_tile scale = 0.69314718055994531
          ins(%q, %k, %k : tensor<1x1xf64>, tensor<1x1xf64>, tensor<1x1xf64>)
          outs(%acc, %one, %one : tensor<1x1xf64>, tensor<1xf64>, tensor<1xf64>)
          -> tensor<1x1xf64>, tensor<1xf64>, tensor<1xf64>
      return %r#0, %r#1, %r#2 : tensor<1x1xf64>, tensor<1xf64>, tensor<1xf64>
    })",
      {makeFloats({1, 1}, {1}), makeFloats({1, 1}, {2}),
       makeFloats({1, 1}, {6}), makeFloats({1}, {1})});
  EXPECT_EQ(results[0].getFloats(), Floats({5}));
  EXPECT_EQ(results[1].getFloats(), Floats({2}));
  EXPECT_EQ(results[2].getFloats(), Floats({1.5}));
}

TEST(PiecesTest, storageTypesAreNotRounded) {
  auto results = runTensors(
      R"(
    func.func @main() -> (tensor<1x1x1x1xbf16>, tensor<1x1x1xf32>) {
      %o = arith.constant dense<0.1> : tensor<1x1x1x1xf32>
      %l = arith.constant dense<0.2> : tensor<1x1x1xf32>
      %c, %lse = longnet.combine(%o), (%l)
          : (tensor<1x1x1x1xf32>), (tensor<1x1x1xf32>)
         -> (tensor<1x1x1x1xbf16>, tensor<1x1x1xf32>)
      return %c, %lse : tensor<1x1x1x1xbf16>, tensor<1x1x1xf32>
    })",
      {});
  EXPECT_EQ(results[0].getFloats(), Floats({double(0.1f)}));
  EXPECT_TRUE(results[0].getElementType().isBF16());
}
