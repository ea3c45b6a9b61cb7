//===- ErrorsTest.cpp - What cannot be interpreted -*- C++ -*-===//
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

//===----------------------------------------------------------------------===//
// Sizes of longnet operations
//===----------------------------------------------------------------------===//

namespace {

/// dilated_attention with everything dynamic.
constexpr const char *attention = R"(
func.func @main(%q: tensor<?x?x?x2xf64>, %k: tensor<?x?x?x2xf64>, %v: tensor<?x?x?x2xf64>,
                %offset: index, %lengths: tensor<?xindex>) -> tensor<?x?x?x2xf64> {
  %o, %l = longnet.dilated_attention %q, %k, %v query_offset %offset
      kv_lengths %lengths : tensor<?xindex>
      branches = [<segment = 4, dilation = 2>]
      : (tensor<?x?x?x2xf64>, tensor<?x?x?x2xf64>, tensor<?x?x?x2xf64>)
     -> (tensor<?x?x?x2xf64>, tensor<?x?x?xf64>)
  return %o : tensor<?x?x?x2xf64>
})";

/// Arguments that fit `attention`.
Values makeFitting() {
  Generator generator(1);
  return {generator.makeTensor({2, 4, 5, 2}),
          generator.makeTensor({2, 2, 6, 2}),
          generator.makeTensor({2, 2, 6, 2}), 0, makeInts({2}, {6, 6})};
}

/// The message for `attention` with argument `index` replaced, without its
/// beginning.
std::string runWith(size_t index, RuntimeValue argument) {
  Values arguments = makeFitting();
  arguments[index] = argument;
  std::string error = runToError(attention, arguments);
  StringRef rest = error;
  if (!rest.consume_front("input:4:12: 'longnet.dilated_attention' op "))
    return error;
  return rest.str();
}

} // namespace

TEST(ErrorsTest, attentionSizes) {
  Generator any(1);
  EXPECT_EQ(runWith(3, 7), "no error");
  EXPECT_EQ(runWith(0, any.makeTensor({3, 4, 5, 2})),
            "expects one batch size, got 3 in query and 2 in kv_lengths");
  EXPECT_EQ(runWith(1, any.makeTensor({3, 2, 6, 2})),
            "expects one batch size, got 2 in query and 3 in key");
  EXPECT_EQ(
      runWith(0, any.makeTensor({2, 3, 5, 2})),
      "expects a number of heads (3) that is a multiple of that of key (2)");
  EXPECT_EQ(runWith(2, any.makeTensor({2, 1, 6, 2})),
            "expects one number of key and value heads, got 2 in key and 1 in "
            "value");
  EXPECT_EQ(runWith(2, any.makeTensor({2, 2, 7, 2})),
            "expects one number of key and value rows, got 6 in key and 7 in "
            "value");
  EXPECT_EQ(runWith(4, makeInts({1}, {6})),
            "expects one batch size, got 2 in query and 1 in kv_lengths");
  EXPECT_EQ(runWith(3, -1), "expects query_offset in [0, 2^60], got -1");
  EXPECT_EQ(runWith(3, std::numeric_limits<int64_t>::max()),
            "expects query_offset in [0, 2^60], got 9223372036854775807");
}

TEST(ErrorsTest, noKeyHeads) {
  Generator any(1);
  Values arguments = makeFitting();
  arguments[1] = arguments[2] = any.makeTensor({2, 0, 6, 2});
  EXPECT_EQ(runToError(attention, arguments),
            "input:4:12: 'longnet.dilated_attention' op expects a number of "
            "heads (4) that is a multiple of that of key (0)");
}

TEST(ErrorsTest, attendHeads) {
  const char *text = R"(
func.func @main(%q: tensor<1x?x?x1xf64>, %h: index, %n: index) -> tensor<1x?x?xf64> {
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %0 = tensor.dim %q, %c1 : tensor<1x?x?x1xf64>
  %1 = tensor.dim %q, %c2 : tensor<1x?x?x1xf64>
  %l = tensor.empty(%0, %1) : tensor<1x?x?xf64>
  %r:2 = longnet.attend [<segment = 4, dilation = 2, heads = [0, 1]>] heads %h of %n
      ins(%q, %q, %q : tensor<1x?x?x1xf64>, tensor<1x?x?x1xf64>, tensor<1x?x?x1xf64>)
      outs(%q, %l : tensor<1x?x?x1xf64>, tensor<1x?x?xf64>) -> tensor<1x?x?x1xf64>, tensor<1x?x?xf64>
  return %r#1 : tensor<1x?x?xf64>
})";
  RuntimeTensor q = Generator(1).makeTensor({1, 1, 3, 1});
  EXPECT_EQ(runToError(text, {q, 1, 2}), "no error");
  EXPECT_EQ(
      runToError(text, {q, 2, 2}),
      "input:8:10: 'longnet.attend' op expects 1 heads from head 2 within "
      "2 heads");
  EXPECT_EQ(runToError(text, {q, -1, 2}),
            "input:8:10: 'longnet.attend' op expects 1 heads from head -1 "
            "within 2 heads");
  EXPECT_EQ(
      runToError(text, {q, 0, 3}),
      "input:8:10: 'longnet.attend' op branch #longnet.branch<segment = 4, "
      "dilation = 2, heads = [0, 1]> lists 2 phases, for 3 heads");
}

TEST(ErrorsTest, destinationSizes) {
  const char *text = R"(
func.func @main(%q: tensor<?x?x?x1xf64>, %o: tensor<?x?x?x1xf64>, %l: tensor<?x?x?xf64>) -> tensor<?x?x?xf64> {
  %r:2 = longnet.attend [<segment = 4, dilation = 2>]
      ins(%q, %q, %q : tensor<?x?x?x1xf64>, tensor<?x?x?x1xf64>, tensor<?x?x?x1xf64>)
      outs(%o, %l : tensor<?x?x?x1xf64>, tensor<?x?x?xf64>) -> tensor<?x?x?x1xf64>, tensor<?x?x?xf64>
  return %r#1 : tensor<?x?x?xf64>
})";
  Generator any(1);
  RuntimeTensor q = any.makeTensor({1, 2, 3, 1}), l = any.makeTensor({1, 2, 3});
  EXPECT_EQ(runToError(text, {q, any.makeTensor({1, 2, 4, 1}), l}),
            "input:3:10: 'longnet.attend' op expects one number of query rows, "
            "got 3 in query and 4 in out");
  EXPECT_EQ(runToError(text, {q, q, any.makeTensor({2, 2, 3})}),
            "input:3:10: 'longnet.attend' op expects one batch size, got 1 in "
            "query and 2 in lse");
}

TEST(ErrorsTest, gradientSizes) {
  const char *text = R"(
func.func @main(%q: tensor<?x?x?x2xf64>, %k: tensor<?x?x?x2xf64>, %o: tensor<?x?x?x?xf64>, %l: tensor<?x?x?xf64>,
                %do: tensor<?x?x?x?xf64>, %dl: tensor<?x?x?xf64>) -> tensor<?x?x?x2xf64> {
  %dq, %dk, %dv = longnet.dilated_attention_grad %q, %k, %k
      results(%o, %l : tensor<?x?x?x?xf64>, tensor<?x?x?xf64>) gradient(%do : tensor<?x?x?x?xf64>)
      lse_gradient(%dl : tensor<?x?x?xf64>)
      branches = [<segment = 4, dilation = 2, heads = blocked, padding = torchscale>]
      : tensor<?x?x?x2xf64>, tensor<?x?x?x2xf64>, tensor<?x?x?x2xf64>
  return %dq : tensor<?x?x?x2xf64>
})";
  Generator any(1);
  RuntimeTensor q = any.makeTensor({1, 2, 3, 2}), l = any.makeTensor({1, 2, 3});
  auto runWith = [&](size_t index, RuntimeTensor argument) {
    Values arguments = {q, q, q, l, q, l};
    arguments[index] = argument;
    std::string error = runToError(text, arguments);
    StringRef rest = error;
    rest.consume_front("input:4:19: 'longnet.dilated_attention_grad' op ");
    return rest.str();
  };
  EXPECT_EQ(runWith(0, q), "no error");
  EXPECT_EQ(runWith(1, any.makeTensor({1, 2, 4, 2})),
            "expects one number of rows with padding = torchscale, got 3 in "
            "query and 4 in key");
  EXPECT_EQ(runWith(2, any.makeTensor({1, 2, 3, 3})),
            "expects one value dimension, got 2 in value and 3 in out");
  EXPECT_EQ(runWith(3, any.makeTensor({1, 1, 3})),
            "expects one number of heads, got 2 in query and 1 in lse");
  EXPECT_EQ(runWith(4, any.makeTensor({2, 2, 3, 2})),
            "expects one batch size, got 1 in query and 2 in the gradient of "
            "out");
  EXPECT_EQ(runWith(4, any.makeTensor({1, 2, 3, 1})),
            "expects one value dimension, got 2 in value and 1 in the gradient "
            "of out");
  EXPECT_EQ(runWith(5, any.makeTensor({1, 2, 4})),
            "expects one number of query rows, got 3 in query and 4 in the "
            "gradient of lse");
}

TEST(ErrorsTest, attendGradSizes) {
  const char *text = R"(
func.func @main(%q: tensor<?x?x?x2xf64>, %k: tensor<?x?x?x2xf64>, %v: tensor<?x?x?x1xf64>, %l: tensor<?x?x?xf64>,
                %delta: tensor<?x?x?xf64>, %do: tensor<?x?x?x?xf64>,
                %dq: tensor<?x?x?x?xf64>, %dk: tensor<?x?x?x?xf64>, %dv: tensor<?x?x?x?xf64>, %h: index, %n: index)
    -> tensor<?x?x?x?xf64> {
  %r:3 = longnet.attend_grad <segment = 4, dilation = 2> heads %h of %n
      ins(%q, %k, %v, %l, %delta, %do : tensor<?x?x?x2xf64>, tensor<?x?x?x2xf64>, tensor<?x?x?x1xf64>,
          tensor<?x?x?xf64>, tensor<?x?x?xf64>, tensor<?x?x?x?xf64>)
      outs(%dq, %dk, %dv : tensor<?x?x?x?xf64>, tensor<?x?x?x?xf64>, tensor<?x?x?x?xf64>)
      -> tensor<?x?x?x?xf64>, tensor<?x?x?x?xf64>, tensor<?x?x?x?xf64>
  return %r#0 : tensor<?x?x?x?xf64>
})";
  Generator any(1);
  RuntimeTensor q = any.makeTensor({1, 2, 3, 2}), l = any.makeTensor({1, 2, 3}),
                k = any.makeTensor({1, 1, 5, 2}),
                v = any.makeTensor({1, 1, 5, 1}),
                out = any.makeTensor({1, 2, 3, 1});
  auto runWith = [&](size_t index, RuntimeValue argument) {
    Values arguments = {q, k, v, l, l, out, q, k, v, 0, 2};
    arguments[index] = argument;
    std::string error = runToError(text, arguments);
    StringRef rest = error;
    rest.consume_front("input:6:10: 'longnet.attend_grad' op expects ");
    return rest.str();
  };
  EXPECT_EQ(runWith(0, q), "no error");
  EXPECT_EQ(runWith(3, any.makeTensor({1, 2, 4})),
            "one number of query rows, got 3 in query and 4 in lse");
  EXPECT_EQ(runWith(4, any.makeTensor({1, 1, 3})),
            "one number of heads, got 2 in query and 1 in delta");
  EXPECT_EQ(runWith(5, any.makeTensor({2, 2, 3, 1})),
            "one batch size, got 1 in query and 2 in out_grad");
  EXPECT_EQ(runWith(5, any.makeTensor({1, 2, 3, 2})),
            "one value dimension, got 1 in value and 2 in out_grad");
  EXPECT_EQ(runWith(6, any.makeTensor({1, 2, 4, 2})),
            "one number of rows, got 3 in query and 4 in query_grad");
  EXPECT_EQ(runWith(7, any.makeTensor({1, 2, 5, 2})),
            "one number of heads, got 1 in key and 2 in key_grad");
  EXPECT_EQ(runWith(8, any.makeTensor({1, 1, 5, 2})),
            "one head dimension, got 1 in value and 2 in value_grad");
  EXPECT_EQ(runWith(9, 1), "2 heads from head 1 within 2 heads");
}

TEST(ErrorsTest, attendGradTileSizes) {
  const char *text = R"(
func.func @main(%q: tensor<?x?xf64>, %qr: tensor<?x?xf64>, %k: tensor<?x?xf64>, %v: tensor<?x?xf64>,
                %do: tensor<?x?xf64>, %dor: tensor<?x?xf64>, %l: tensor<?xf64>, %delta: tensor<?xf64>,
                %dq: tensor<?x?xf64>, %dk: tensor<?x?xf64>, %dv: tensor<?x?xf64>,
                %at: tensor<?xindex>, %limits: tensor<?xindex>) -> tensor<?x?xf64> {
  %r:3 = longnet.attend_grad_tile scale = 1.0
      ins(%q, %qr, %k, %v, %do, %dor, %l, %delta : tensor<?x?xf64>, tensor<?x?xf64>, tensor<?x?xf64>,
          tensor<?x?xf64>, tensor<?x?xf64>, tensor<?x?xf64>, tensor<?xf64>, tensor<?xf64>)
      visible(%at, %limits : tensor<?xindex>, tensor<?xindex>)
      outs(%dq, %dk, %dv : tensor<?x?xf64>, tensor<?x?xf64>, tensor<?x?xf64>)
      -> tensor<?x?xf64>, tensor<?x?xf64>, tensor<?x?xf64>
  return %r#0 : tensor<?x?xf64>
})";
  Generator any(1);
  // Two queries and three keys of dimension 4, values of dimension 5.
  auto runWith = [&](size_t index, RuntimeTensor argument) {
    Values arguments = {
        any.makeTensor({4, 2}), any.makeTensor({2, 4}), any.makeTensor({3, 4}),
        any.makeTensor({3, 5}), any.makeTensor({5, 2}), any.makeTensor({2, 5}),
        any.makeTensor({2}),    any.makeTensor({2}),    any.makeTensor({4, 2}),
        any.makeTensor({3, 4}), any.makeTensor({3, 5}), makeInts({3}, {0}),
        makeInts({2}, {0})};
    arguments[index] = argument;
    std::string error = runToError(text, arguments);
    StringRef rest = error;
    rest.consume_front(
        "input:6:10: 'longnet.attend_grad_tile' op expects one ");
    return rest.str();
  };
  EXPECT_EQ(runWith(6, any.makeTensor({2})), "no error");
  EXPECT_EQ(runWith(7, any.makeTensor({3})),
            "number of queries, got 2 in query and 3 in delta");
  EXPECT_EQ(runWith(12, makeInts({3}, {0})),
            "number of queries, got 2 in query and 3 in query_limits");
  EXPECT_EQ(runWith(11, makeInts({2}, {0})),
            "number of keys, got 3 in key and 2 in key_positions");
  EXPECT_EQ(runWith(9, any.makeTensor({3, 5})),
            "head dimension, got 4 in query and 5 in key_grad");
  EXPECT_EQ(runWith(4, any.makeTensor({4, 2})),
            "value dimension, got 5 in value and 4 in out_grad");
}

TEST(ErrorsTest, sourcesOfDifferentLength) {
  const char *text = R"(
func.func @main(%x: tensor<1x1x?x1xf64>, %y: tensor<1x1x?x1xf64>, %origin: index) -> tensor<?x?xindex> {
  %r:2, %p = longnet.segment %x, %y by 4 origin %origin
      : (tensor<1x1x?x1xf64>, tensor<1x1x?x1xf64>)
     -> (tensor<1x1x?x?x1xf64>, tensor<1x1x?x?x1xf64>), tensor<?x?xindex>
  return %p : tensor<?x?xindex>
})";
  Generator any(1);
  RuntimeTensor x = any.makeTensor({1, 1, 3, 1});
  EXPECT_EQ(
      runToError(text, {x, any.makeTensor({1, 1, 2, 1}), 0}),
      "input:3:14: 'longnet.segment' op expects one number of rows in all "
      "sources, got 3 in the first source and 2 in another");
  EXPECT_EQ(runToError(text, {x, x, -2}),
            "input:3:14: 'longnet.segment' op expects origin in [0, 2^60], got "
            "-2");
}

TEST(ErrorsTest, pieceSizes) {
  const char *sparsify = R"(
func.func @main(%x: tensor<1x2x?x?x1xf64>, %at: tensor<?x?xindex>, %h: index) -> tensor<?x?x?xindex> {
  %r, %p = longnet.sparsify <segment = 4, dilation = 2> %x at %at heads %h
      : (tensor<1x2x?x?x1xf64>), tensor<?x?xindex> -> (tensor<1x?x?x?x1xf64>), tensor<?x?x?xindex>
  return %p : tensor<?x?x?xindex>
})";
  Generator any(1);
  RuntimeTensor x = any.makeTensor({1, 2, 1, 4, 1}), at = makeInts({1, 4}, {0});
  std::string prefix = "input:3:12: 'longnet.sparsify' op expects ";
  EXPECT_EQ(runToError(sparsify, {x, at, 2}), "no error");
  EXPECT_EQ(runToError(sparsify, {x, at, -4}),
            prefix + "a number of heads of at least 0, got -4");
  EXPECT_EQ(runToError(sparsify, {x, at, 3}),
            prefix + "a number of heads (3) that is a multiple of that of a "
                     "source (2)");
  EXPECT_EQ(runToError(sparsify, {x, makeInts({2, 4}, {0}), 2}),
            prefix + "one number of segments, got 2 in the positions and 1 in "
                     "a source");
  EXPECT_EQ(runToError(sparsify, {x, makeInts({1, 5}, {0}), 2}),
            prefix + "one number of rows a segment, got 5 in the positions and "
                     "4 in a source");

  const char *scatter = R"(
func.func @main(%x: tensor<1x1x?x?x1xf64>, %l: tensor<1x1x?x?xf64>, %at: tensor<?x?xindex>, %n: index)
    -> tensor<1x1x?xf64> {
  %o, %lse = longnet.scatter %x, %l at %at into %n
      : (tensor<1x1x?x?x1xf64>, tensor<1x1x?x?xf64>), tensor<?x?xindex>
     -> (tensor<1x1x?x1xf64>, tensor<1x1x?xf64>)
  return %lse : tensor<1x1x?xf64>
})";
  prefix = "input:4:14: 'longnet.scatter' op expects ";
  x = any.makeTensor({1, 1, 2, 3, 1});
  RuntimeTensor l = any.makeTensor({1, 1, 2, 3}), p = makeInts({2, 3}, {0});
  EXPECT_EQ(runToError(scatter, {x, l, p, 4}), "no error");
  EXPECT_EQ(runToError(scatter, {x, l, p, -4}),
            prefix + "a length of at least 0, got -4");
  EXPECT_EQ(runToError(scatter, {x, l, makeInts({3, 2}, {0}), 4}),
            prefix + "positions of the sizes of the rows, "
                     "tensor<1x1x2x3x1xf64>, got tensor<3x2xindex>");
  EXPECT_EQ(runToError(scatter, {x, any.makeTensor({1, 1, 3, 3}), p, 4}),
            prefix +
                "rows_lse of the sizes of the rows, tensor<1x1x2x3x1xf64>, "
                "got tensor<1x1x3x3xf64>");
}

TEST(ErrorsTest, sizesThatDoNotFitInMemory) {
  const char *text = R"(
func.func @main(%n: index) -> tensor<?x?xf64> {
  %0 = tensor.empty(%n, %n) : tensor<?x?xf64>
  return %0 : tensor<?x?xf64>
})";
  EXPECT_EQ(runToError(text, {-1}),
            "input:3:8: 'tensor.empty' op a tensor cannot have the negative "
            "size -1");
  EXPECT_EQ(
      runToError(text, {int64_t(1) << 40}),
      "input:3:8: 'tensor.empty' op tensor<1099511627776x1099511627776xf64> "
      "does not fit in memory");
}

//===----------------------------------------------------------------------===//
// Standard operations
//===----------------------------------------------------------------------===//

TEST(ErrorsTest, division) {
  const char *text = R"(
func.func @main(%a: index, %b: index) -> index {
  %0 = arith.divsi %a, %b : index
  return %0 : index
})";
  EXPECT_EQ(runToError(text, {4, 0}),
            "input:3:8: 'arith.divsi' op divides 4 by zero");
  EXPECT_EQ(
      runToError(text, {std::numeric_limits<int64_t>::min(), -1}),
      "input:3:8: 'arith.divsi' op overflows: -9223372036854775808 by -1");
}

TEST(ErrorsTest, affineMaps) {
  const char *text = R"(
func.func @main(%a: index, %b: index) -> index {
  %0 = affine.apply affine_map<()[s0, s1] -> (s0 mod s1 + s0 * s1)>()[%a, %b]
  return %0 : index
})";
  EXPECT_EQ(runToError(text, {4, 0}), "input:3:8: 'affine.apply' op divides by "
                                      "0, which is not positive");
  EXPECT_EQ(runToError(text, {int64_t(1) << 62, 4}),
            "input:3:8: 'affine.apply' op overflows at 4611686018427387904 and "
            "4");
}

TEST(ErrorsTest, slices) {
  const char *text = R"(
func.func @main(%x: tensor<?xf64>, %at: index, %n: index, %by: index) -> tensor<?xf64> {
  %0 = tensor.extract_slice %x[%at] [%n] [%by] : tensor<?xf64> to tensor<?xf64>
  return %0 : tensor<?xf64>
})";
  RuntimeTensor x = Generator(1).makeTensor({5});
  std::string prefix = "input:3:8: 'tensor.extract_slice' op ";
  EXPECT_EQ(runToError(text, {x, 5, 0, 1}), "no error");
  EXPECT_EQ(runToError(text, {x, 4, 3, -2}), "no error");
  EXPECT_EQ(runToError(text, {x, 0, -1, 1}),
            prefix + "expects a size of at least 0 in dimension 0, got -1");
  EXPECT_EQ(runToError(text, {x, 2, 4, 1}),
            prefix + "slice of offset 2, size 4 and stride 1 exceeds dimension "
                     "0 of size 5");
  EXPECT_EQ(runToError(text, {x, -1, 1, 1}),
            prefix +
                "slice of offset -1, size 1 and stride 1 exceeds dimension "
                "0 of size 5");
  int64_t huge = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(runToError(text, {x, 0, huge, huge}),
            prefix + "slice of offset 0, size 9223372036854775807 and stride "
                     "9223372036854775807 exceeds dimension 0 of size 5");
}

TEST(ErrorsTest, castsAndIndices) {
  const char *text = R"(
func.func @main(%x: tensor<?xf64>, %i: index) -> f64 {
  %0 = tensor.cast %x : tensor<?xf64> to tensor<3xf64>
  %1 = tensor.extract %0[%i] : tensor<3xf64>
  return %1 : f64
})";
  Generator any(1);
  EXPECT_EQ(runToError(text, {any.makeTensor({4}), 0}),
            "input:3:8: 'tensor.cast' op expects a value of type "
            "'tensor<3xf64>', got tensor<4xf64>");
  EXPECT_EQ(runToError(text, {any.makeTensor({3}), 3}),
            "input:4:8: 'tensor.extract' op expects index 0 in [0, 3), got 3");
}

TEST(ErrorsTest, loops) {
  const char *text = R"(
func.func @main(%step: index) {
  %c0 = arith.constant 0 : index
  scf.for %i = %c0 to %step step %step {
  }
  return
})";
  EXPECT_EQ(runToError(text, {0}),
            "input:4:3: 'scf.for' op expects a positive step, got 0");
}

TEST(ErrorsTest, recursion) {
  EXPECT_EQ(runToError(R"(
func.func @main() {
  call @main() : () -> ()
  return
})"),
            "input:3:3: 'func.call' op exceeds 256 nested calls");
}

TEST(ErrorsTest, unsupportedOperations) {
  EXPECT_EQ(runToError(R"(
func.func @main(%a: f64) -> f64 {
  %0 = arith.addf %a, %a : f64
  return %0 : f64
})",
                       {1.0}),
            "input:3:8: 'arith.addf' op is not interpreted");
  EXPECT_EQ(runToError(R"(
func.func @main() {
  "some.thing"() : () -> ()
  return
})"),
            "input:3:3: 'some.thing' op is not interpreted");
  EXPECT_EQ(runToError(R"(
func.func private @other()
func.func @main() {
  call @other() : () -> ()
  return
})"),
            "input:4:3: 'func.call' op calls @other, which has no body");
}

//===----------------------------------------------------------------------===//
// Arguments
//===----------------------------------------------------------------------===//

TEST(ErrorsTest, arguments) {
  const char *text = R"(
func.func @main(%x: tensor<?x2xf32>, %n: index) {
  return
})";
  std::string prefix = "input:2:1: 'func.func' op ";
  auto make = [](mlir::Type type, ArrayRef<int64_t> shape) {
    return cantFail(RuntimeTensor::create(type, shape));
  };
  mlir::Type f32 = mlir::Float32Type::get(&getContext());
  EXPECT_EQ(runToError(text, {make(f32, {3, 2}), 1}), "no error");
  EXPECT_EQ(runToError(text, {make(f32, {3, 2})}),
            prefix + "@main takes 2 arguments, got 1");
  EXPECT_EQ(runToError(text, {make(getF64(), {3, 2}), 1}),
            prefix + "expects argument 0 of type 'tensor<?x2xf32>', got "
                     "tensor<3x2xf64>");
  EXPECT_EQ(runToError(text, {make(f32, {3, 3}), 1}),
            prefix + "expects argument 0 of type 'tensor<?x2xf32>', got "
                     "tensor<3x3xf32>");
  EXPECT_EQ(runToError(text, {make(f32, {3, 2}), 1.0}),
            prefix + "expects argument 1 of type 'index', got a float");
  EXPECT_EQ(runToError("func.func @main(%x: memref<2xf32>) { return }",
                       {make(f32, {2})}),
            "input:1:1: 'func.func' op expects argument 0 of type "
            "'memref<2xf32>', got tensor<2xf32>");
}

TEST(ErrorsTest, tensors) {
  auto message = [](mlir::Type type, ArrayRef<int64_t> shape) {
    return toString(RuntimeTensor::create(type, shape).takeError());
  };
  EXPECT_EQ(message(getF64(), {2, -1}),
            "a tensor cannot have the negative size -1");
  EXPECT_EQ(message(mlir::IntegerType::get(&getContext(), 65), {2}),
            "elements of type i65 are not interpreted");
  // The other sizes would overflow, but there is nothing to hold.
  int64_t huge = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(cantFail(RuntimeTensor::create(getF64(), {huge, huge, 0}))
                .getNumElements(),
            0);
}
