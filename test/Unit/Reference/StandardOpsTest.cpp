//===- StandardOpsTest.cpp - What surrounds longnet operations -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Programs.h"
#include "gtest/gtest.h"

using namespace llvm;
using namespace longnet;
using namespace longnet::test;

using Ints = SmallVector<int64_t>;
using Floats = ArrayRef<double>;

/// The results of @main, which are all integers.
static Ints runInts(StringRef text, ArrayRef<RuntimeValue> arguments = {}) {
  Expected<Values> results = run(text, arguments);
  if (!results) {
    ADD_FAILURE() << toString(results.takeError());
    return {};
  }
  return map_to_vector(*results, [](const RuntimeValue &value) {
    return std::get<int64_t>(value);
  });
}

static RuntimeTensor runTensor(StringRef text,
                               ArrayRef<RuntimeValue> arguments = {}) {
  Expected<Values> results = run(text, arguments);
  if (!results) {
    ADD_FAILURE() << toString(results.takeError());
    return makeFloats({0}, {});
  }
  return std::get<RuntimeTensor>(results->front());
}

TEST(StandardOpsTest, integerArithmetic) {
  EXPECT_EQ(runInts(R"(
    func.func @main(%a: index, %b: index)
        -> (index, index, index, index, index, index, index, index, index) {
      %0 = arith.addi %a, %b : index
      %1 = arith.subi %a, %b : index
      %2 = arith.muli %a, %b : index
      %3 = arith.divsi %a, %b : index
      %4 = arith.remsi %a, %b : index
      %5 = arith.floordivsi %a, %b : index
      %6 = arith.ceildivsi %a, %b : index
      %7 = arith.minsi %a, %b : index
      %8 = arith.maxsi %a, %b : index
      return %0, %1, %2, %3, %4, %5, %6, %7, %8
          : index, index, index, index, index, index, index, index, index
    })",
                    {-7, 2}),
            Ints({-5, -9, -14, -3, -1, -4, -3, -7, 2}));
}

TEST(StandardOpsTest, narrowIntegersWrapAround) {
  EXPECT_EQ(runInts(R"(
    func.func @main() -> (i8, i1, i1, i1, index, i16) {
      %c100 = arith.constant 100 : i8
      %0 = arith.addi %c100, %c100 : i8
      %true = arith.constant true
      %false = arith.constant false
      %1 = arith.cmpi slt, %true, %false : i1
      %2 = arith.cmpi ult, %true, %false : i1
      %3 = arith.xori %true, %false : i1
      %4 = arith.index_cast %0 : i8 to index
      %c70000 = arith.constant 70000 : index
      %5 = arith.index_cast %c70000 : index to i16
      return %0, %1, %2, %3, %4, %5 : i8, i1, i1, i1, index, i16
    })"),
            Ints({-56, 1, 0, 1, -56, 4464}));
}

TEST(StandardOpsTest, comparisonsAndSelection) {
  EXPECT_EQ(runInts(R"(
    func.func @main(%a: index, %b: index) -> (i1, i1, i1, index) {
      %0 = arith.cmpi sge, %a, %b : index
      %1 = arith.cmpi uge, %a, %b : index
      %2 = arith.cmpi ne, %a, %b : index
      %3 = arith.select %0, %a, %b : index
      return %0, %1, %2, %3 : i1, i1, i1, index
    })",
                    {-1, 3}),
            Ints({0, 1, 1, 3}));
}

TEST(StandardOpsTest, semiAffineMaps) {
  EXPECT_EQ(runInts(R"(
    func.func @main(%i: index, %n: index) -> (index, index, index, index) {
      %0 = affine.apply affine_map<(d0)[s0] -> (d0 mod s0)>(%i)[%n]
      %1 = affine.apply affine_map<(d0)[s0] -> (d0 floordiv s0 + d0 ceildiv s0 * 10)>(%i)[%n]
      %2 = affine.min affine_map<(d0)[s0] -> (d0 * 2, s0, 9)>(%i)[%n]
      %3 = affine.max affine_map<()[s0, s1] -> (s0 * s1, -3)>()[%i, %n]
      return %0, %1, %2, %3 : index, index, index, index
    })",
                    {-7, 4}),
            Ints({1, -12, -14, -3}));
}

TEST(StandardOpsTest, constants) {
  EXPECT_EQ(runTensor(R"(
    func.func @main() -> tensor<2x2xbf16> {
      %0 = arith.constant dense<[[1.0, 2.5], [-3.0, 0xFF80]]> : tensor<2x2xbf16>
      return %0 : tensor<2x2xbf16>
    })")
                .getFloats(),
            Floats({1, 2.5, -3, -std::numeric_limits<double>::infinity()}));
  EXPECT_EQ(runTensor(R"(
    func.func @main() -> tensor<3xindex> {
      %0 = arith.constant dense<-7> : tensor<3xi32>
      %1 = arith.index_cast %0 : tensor<3xi32> to tensor<3xindex>
      return %1 : tensor<3xindex>
    })")
                .getInts(),
            ArrayRef<int64_t>({-7, -7, -7}));
}

TEST(StandardOpsTest, sizesAndElements) {
  EXPECT_EQ(runInts(R"(
    func.func @main(%x: tensor<?x3xindex>) -> (index, index, index) {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %0 = tensor.dim %x, %c0 : tensor<?x3xindex>
      %1 = tensor.extract %x[%c1, %c0] : tensor<?x3xindex>
      %2 = tensor.cast %x : tensor<?x3xindex> to tensor<2x?xindex>
      %3 = tensor.dim %2, %c1 : tensor<2x?xindex>
      return %0, %1, %3 : index, index, index
    })",
                    {makeInts({2, 3}, {0, 1, 2, 3, 4, 5})}),
            Ints({2, 3, 3}));
}

TEST(StandardOpsTest, slices) {
  // Every second element of the last row, written back into the first one.
  RuntimeTensor x = makeFloats({2, 5}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  RuntimeTensor result = runTensor(R"(
    func.func @main(%x: tensor<2x?xf64>, %n: index) -> tensor<2x?xf64> {
      %0 = tensor.extract_slice %x[1, 0] [1, %n] [1, 2] : tensor<2x?xf64> to tensor<?xf64>
      %1 = tensor.insert_slice %0 into %x[0, 1] [1, %n] [1, 1] : tensor<?xf64> into tensor<2x?xf64>
      return %1 : tensor<2x?xf64>
    })",
                                   {x, 3});
  EXPECT_EQ(result.getFloats(), Floats({0, 5, 7, 9, 4, 5, 6, 7, 8, 9}));
  // The argument stays as it is.
  EXPECT_EQ(x.getFloats(), Floats({0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
}

TEST(StandardOpsTest, aSliceMayBeItsOwnSource) {
  EXPECT_EQ(runTensor(R"(
    func.func @main() -> tensor<2xf64> {
      %0 = arith.constant dense<[1.0, 2.0]> : tensor<2xf64>
      %1 = tensor.insert_slice %0 into %0[0] [2] [1] : tensor<2xf64> into tensor<2xf64>
      return %1 : tensor<2xf64>
    })")
                .getFloats(),
            Floats({1, 2}));
}

TEST(StandardOpsTest, emptyTensorsHoldWhatShows) {
  EXPECT_TRUE(std::isnan(runTensor(R"(
    func.func @main() -> tensor<1xf32> {
      %0 = tensor.empty() : tensor<1xf32>
      return %0 : tensor<1xf32>
    })")
                             .getFloats()[0]));
}

TEST(StandardOpsTest, fillAndCast) {
  RuntimeTensor result = runTensor(R"(
    #id = affine_map<(d0) -> (d0)>
    func.func @main(%n: index) -> tensor<?xbf16> {
      %c = arith.constant 0.1 : f32
      %0 = tensor.empty(%n) : tensor<?xf32>
      %1 = linalg.fill ins(%c : f32) outs(%0 : tensor<?xf32>) -> tensor<?xf32>
      %2 = tensor.empty(%n) : tensor<?xbf16>
      %3 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
          ins(%1 : tensor<?xf32>) outs(%2 : tensor<?xbf16>) {
        ^bb0(%in: f32, %out: bf16):
          %4 = arith.truncf %in : f32 to bf16
          linalg.yield %4 : bf16
      } -> tensor<?xbf16>
      return %3 : tensor<?xbf16>
    })",
                                   {2});
  EXPECT_EQ(result.getFloats(), Floats({double(0.1f), double(0.1f)}));
  EXPECT_TRUE(result.getElementType().isBF16());
}

TEST(StandardOpsTest, loopsCarryValues) {
  EXPECT_EQ(runInts(R"(
    func.func @main(%n: index) -> (index, index) {
      %c0 = arith.constant 0 : index
      %c2 = arith.constant 2 : index
      %0:2 = scf.for %i = %c0 to %n step %c2 iter_args(%a = %c0, %b = %c2) -> (index, index) {
        %sum = arith.addi %a, %i : index
        scf.yield %b, %sum : index, index
      }
      return %0#0, %0#1 : index, index
    })",
                    {7}),
            // (0, 2) -> (2, 0) -> (0, 4) -> (4, 4) -> (4, 10)
            Ints({4, 10}));
}

TEST(StandardOpsTest, loopsEndAtTheLargestIndex) {
  EXPECT_EQ(runInts(R"(
    func.func @main() -> index {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %n = arith.constant 9223372036854775807 : index
      %step = arith.constant 5000000000000000000 : index
      %0 = scf.for %i = %c0 to %n step %step iter_args(%a = %c0) -> index {
        %1 = arith.addi %a, %c1 : index
        scf.yield %1 : index
      }
      return %0 : index
    })"),
            Ints({2}));
}

TEST(StandardOpsTest, conditions) {
  const char *text = R"(
    func.func @main(%c: i1) -> index {
      %0 = scf.if %c -> index {
        %1 = arith.constant 1 : index
        scf.yield %1 : index
      } else {
        %2 = arith.constant 2 : index
        scf.yield %2 : index
      }
      scf.if %c {
      }
      return %0 : index
    })";
  EXPECT_EQ(runInts(text, {1}), Ints({1}));
  EXPECT_EQ(runInts(text, {0}), Ints({2}));
}

TEST(StandardOpsTest, parallelLoops) {
  // Every iteration sees the destination as it was before the loop.
  EXPECT_EQ(runTensor(R"(
    func.func @main(%x: tensor<2x?xf64>, %n: index) -> tensor<2x?xf64> {
      %c1 = arith.constant 1 : index
      %0 = scf.forall (%i, %j) in (2, %n) shared_outs(%o = %x) -> tensor<2x?xf64> {
        %last = arith.subi %n, %c1 : index
        %from = arith.subi %last, %j : index
        %1 = tensor.extract_slice %o[%i, %from] [1, 1] [1, 1] : tensor<2x?xf64> to tensor<1xf64>
        scf.forall.in_parallel {
          tensor.parallel_insert_slice %1 into %o[%i, %j] [1, 1] [1, 1] : tensor<1xf64> into tensor<2x?xf64>
        }
      }
      return %0 : tensor<2x?xf64>
    })",
                      {makeFloats({2, 3}, {1, 2, 3, 4, 5, 6}), 3})
                .getFloats(),
            Floats({3, 2, 1, 6, 5, 4}));
}

TEST(StandardOpsTest, emptyParallelLoops) {
  EXPECT_EQ(runTensor(R"(
    func.func @main(%x: tensor<?xf64>, %n: index) -> tensor<?xf64> {
      %0 = scf.forall (%i, %j) in (2, %n) shared_outs(%o = %x) -> tensor<?xf64> {
        %1 = tensor.extract_slice %o[%i] [1] [1] : tensor<?xf64> to tensor<1xf64>
        scf.forall.in_parallel {
          tensor.parallel_insert_slice %1 into %o[%j] [1] [1] : tensor<1xf64> into tensor<?xf64>
        }
      }
      return %0 : tensor<?xf64>
    })",
                      {makeFloats({1}, {5}), 0})
                .getFloats(),
            Floats({5}));
}

TEST(StandardOpsTest, calls) {
  EXPECT_EQ(runInts(R"(
    func.func private @swap(%a: index, %b: index) -> (index, index) {
      return %b, %a : index, index
    }
    func.func @main(%a: index) -> (index, index) {
      %c1 = arith.constant 1 : index
      %0:2 = call @swap(%a, %c1) : (index, index) -> (index, index)
      %1:2 = call @swap(%0#0, %0#0) : (index, index) -> (index, index)
      return %1#0, %0#1 : index, index
    })",
                    {9}),
            Ints({1, 9}));
}
