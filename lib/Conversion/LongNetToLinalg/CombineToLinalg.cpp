//===- CombineToLinalg.cpp - combine to linalg -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PiecesToLinalg.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include <limits>

using namespace mlir;

namespace longnet {
namespace {

/// The weights of one row's operands, and its lse.
struct Weights {
  SmallVector<Value> weights;
  Value lse;
};

/// From `lses`, with `m` their maximum: `lse = m + ln s` and the weights
/// `exp(lse_i - lse) = exp(lse_i - m) / s`, where `s = sum_i exp(lse_i - m)`,
/// which takes one exponential an operand and loses nothing where `lse` is
/// large.
Weights getWeights(OpBuilder &builder, Location loc, ArrayRef<Value> lses) {
  auto type = cast<FloatType>(lses.front().getType());
  auto constant = [&](double value) -> Value {
    return arith::ConstantOp::create(builder, loc,
                                     builder.getFloatAttr(type, value));
  };
  Value largest = lses.front();
  for (Value lse : lses.drop_front())
    largest = arith::MaximumFOp::create(builder, loc, largest, lse);
  // -inf - -inf would be NaN in a row that nothing covers.
  Value uncovered =
      arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OEQ, largest,
                            constant(-std::numeric_limits<double>::infinity()));
  Value shift =
      arith::SelectOp::create(builder, loc, uncovered, constant(0), largest);
  Weights result;
  Value sum;
  for (Value lse : lses) {
    Value shifted = arith::SubFOp::create(builder, loc, lse, shift);
    Value weight = math::ExpOp::create(builder, loc, shifted);
    sum = sum ? arith::AddFOp::create(builder, loc, sum, weight) : weight;
    result.weights.push_back(weight);
  }
  result.lse = arith::AddFOp::create(builder, loc, shift,
                                     math::LogOp::create(builder, loc, sum));
  Value divisor =
      arith::SelectOp::create(builder, loc, uncovered, constant(1), sum);
  for (Value &weight : result.weights)
    weight = arith::DivFOp::create(builder, loc, weight, divisor);
  return result;
}

/// `sum_i weights_i rows_i`, rounded to the element type of `out`.
Value weightedSum(OpBuilder &builder, Location loc, ArrayRef<Value> weights,
                  ArrayRef<Value> rows, Value out) {
  unsigned count = rows.size();
  SmallVector<Value> inputs(weights);
  llvm::append_range(inputs, rows);
  SmallVector<AffineMap> maps(
      count, AffineMap::get(/*dimCount=*/1, 0, builder.getContext()));
  maps.append(count + 1, builder.getMultiDimIdentityMap(1));
  Type element = cast<RankedTensorType>(out.getType()).getElementType();
  return linalg::GenericOp::create(
             builder, loc, out.getType(), inputs, out, maps,
             utils::IteratorType::parallel,
             [&](OpBuilder &nested, Location, ValueRange values) {
               Value sum;
               for (unsigned i = 0; i < count; ++i) {
                 Value product = arith::MulFOp::create(nested, loc, values[i],
                                                       values[count + i]);
                 sum = sum ? arith::AddFOp::create(nested, loc, sum, product)
                           : product;
               }
               linalg::YieldOp::create(
                   nested, loc,
                   convertScalarToDtype(nested, loc, sum, element,
                                        /*isUnsignedCast=*/false));
             })
      .getResult(0);
}

struct ConvertCombine : OpRewritePattern<CombineOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(CombineOp op,
                                PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    SmallVector<ResultShape> shapes = getResultShapes(rewriter, op);
    OpFoldResult width = shapes[0].sizes[3];
    // Every row stands alone: a result's slice is a row, and an lse.
    SmallVector<Value> results = forEachSlice(
        rewriter, loc, shapes, /*count=*/3,
        [&](ValueRange at, MutableArrayRef<Value> slices) {
          SmallVector<Value> lses, rows;
          for (auto [out, lse] : llvm::zip(op.getOuts(), op.getLses())) {
            lses.push_back(tensor::ExtractOp::create(rewriter, loc, lse, at));
            rows.push_back(extractSlice(rewriter, loc, out, at, width));
          }
          Weights weights = getWeights(rewriter, loc, lses);
          slices[0] =
              weightedSum(rewriter, loc, weights.weights, rows, slices[0]);
          slices[1] = tensor::InsertOp::create(rewriter, loc, weights.lse,
                                               slices[1], ValueRange{});
        });
    rewriter.replaceOp(op, results);
    return success();
  }
};

} // namespace

void populateCombineToLinalgPatterns(RewritePatternSet &patterns) {
  patterns.add<ConvertCombine>(patterns.getContext());
}

} // namespace longnet
