//===- TilesToLinalg.cpp - attend_tile to linalg -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "longnet/Conversion/Passes.h"
#include "longnet/Dialect/LongNet/IR/LongNet.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

using namespace mlir;

namespace longnet {

#define GEN_PASS_DEF_CONVERTLONGNETTILESTOLINALG
#include "longnet/Conversion/Passes.h.inc"

namespace {

using utils::IteratorType;

/// Elements of scratch that a thread's stack holds easily.
constexpr int64_t largestOnStack = 1 << 15;

struct LowerAttendTile : OpRewritePattern<AttendTileOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(AttendTileOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.hasPureBufferSemantics())
      return rewriter.notifyMatchFailure(op, "not bufferized");
    Location loc = op.getLoc();
    MLIRContext *context = rewriter.getContext();
    auto state = cast<MemRefType>(op.getMax().getType());
    FloatType type = cast<FloatType>(state.getElementType());
    Value zero = constant(rewriter, loc, type, 0);
    Value minusInf = constant(rewriter, loc, type, -INFINITY);
    // exp(s x) = 2^(s log2(e) x).
    Value scale =
        constant(rewriter, loc, type,
                 op.getScale().convertToDouble() * 1.44269504088896340736);
    auto exponential = [&](ImplicitLocOpBuilder &b, Value x, Value top) {
      Value difference = arith::SubFOp::create(b, x, top);
      Value bits = arith::MulFOp::create(b, difference, scale);
      return math::Exp2Op::create(b, bits, arith::FastMathFlags::afn)
          .getResult();
    };

    SmallVector<Value> onHeap;
    auto allocate = [&](ArrayRef<OpFoldResult> sizes) -> Value {
      SmallVector<int64_t> shape;
      SmallVector<Value> dynamic;
      dispatchIndexOpFoldResults(sizes, dynamic, shape);
      auto scratch = MemRefType::get(shape, type);
      IntegerAttr alignment = rewriter.getI64IntegerAttr(64);
      if (!dynamic.empty() || scratch.getNumElements() <= largestOnStack)
        return memref::AllocaOp::create(rewriter, loc, scratch, dynamic,
                                        alignment);
      return onHeap.emplace_back(
          memref::AllocOp::create(rewriter, loc, scratch, dynamic, alignment));
    };
    OpFoldResult lanes = memref::getMixedSize(rewriter, loc, op.getMax(), 0);
    OpFoldResult keyRows = memref::getMixedSize(rewriter, loc, op.getKey(), 0);
    Value scores = allocate({keyRows, lanes});
    Value base = allocate(lanes), fade = allocate(lanes);
    Value tileSum = allocate(lanes);
    Value tileAcc =
        allocate({memref::getMixedSize(rewriter, loc, op.getAcc(), 0), lanes});

    AffineExpr d0, d1, d2;
    bindDims(context, d0, d1, d2);
    auto map = [&](unsigned dims, ArrayRef<AffineExpr> results) {
      return AffineMap::get(dims, 0, results, context);
    };
    auto emit =
        [&](ValueRange inputs, ValueRange outputs, ArrayRef<AffineMap> maps,
            ArrayRef<IteratorType> iterators,
            function_ref<SmallVector<Value>(ImplicitLocOpBuilder &, ValueRange)>
                body) {
          linalg::GenericOp::create(
              rewriter, loc, TypeRange{}, inputs, outputs, maps, iterators,
              [&](OpBuilder &b, Location l, ValueRange args) {
                ImplicitLocOpBuilder builder(l, b);
                linalg::YieldOp::create(b, l, body(builder, args));
              });
        };
    const IteratorType parallel = IteratorType::parallel,
                       reduction = IteratorType::reduction;
    auto multiplyAdd = [&](ImplicitLocOpBuilder &b, ValueRange args) {
      auto wide = [&](Value x) -> Value {
        return x.getType() == type ? x : arith::ExtFOp::create(b, type, x);
      };
      return SmallVector<Value>{
          math::FmaOp::create(b, wide(args[0]), wide(args[1]), args[2])};
    };

    // x[j, i] = sum_d key[j, d] query[d, i], in dimensions (j, i, d).
    linalg::FillOp::create(rewriter, loc, zero, scores);
    emit({op.getKey(), op.getQuery()}, scores,
         {map(3, {d0, d2}), map(3, {d2, d1}), map(3, {d0, d1})},
         {parallel, parallel, reduction}, multiplyAdd);
    if (op.getKeyPositions())
      emit({op.getKeyPositions(), op.getQueryLimits()}, scores,
           {map(2, d0), map(2, d1), map(2, {d0, d1})}, {parallel, parallel},
           [&](ImplicitLocOpBuilder &b, ValueRange args) {
             Value visible = arith::CmpIOp::create(b, arith::CmpIPredicate::sle,
                                                   args[0], args[1]);
             return SmallVector<Value>{
                 arith::SelectOp::create(b, visible, args[2], minusInf)};
           });

    // The new maximum; `base` holds the old one until `fade` is known. NaN
    // scores do not enter the maximum; they enter the sum.
    emit({op.getMax()}, base, {map(1, d0), map(1, d0)}, {parallel},
         [](ImplicitLocOpBuilder &, ValueRange args) {
           return SmallVector<Value>{args[0]};
         });
    emit({scores}, op.getMax(), {map(2, {d0, d1}), map(2, d1)},
         {reduction, parallel}, [&](ImplicitLocOpBuilder &b, ValueRange args) {
           Value above = arith::CmpFOp::create(b, arith::CmpFPredicate::OGT,
                                               args[0], args[1]);
           return SmallVector<Value>{
               arith::SelectOp::create(b, above, args[0], args[1])};
         });
    // What is subtracted must be finite where nothing has been seen yet.
    emit({op.getMax()}, {base, fade}, {map(1, d0), map(1, d0), map(1, d0)},
         {parallel}, [&](ImplicitLocOpBuilder &b, ValueRange args) {
           Value unseen = arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ,
                                                args[0], minusInf);
           Value top = arith::SelectOp::create(b, unseen, zero, args[0]);
           return SmallVector<Value>{top, exponential(b, args[1], top)};
         });
    // Sums of a tile start at zero and are added to the running ones once: the
    // error grows with the number of tiles, not with that of keys.
    auto merge = [](ImplicitLocOpBuilder &b, ValueRange args) {
      return SmallVector<Value>{
          math::FmaOp::create(b, args[0], args[2], args[1])};
    };
    linalg::FillOp::create(rewriter, loc, zero, tileSum);
    emit({base}, {scores, tileSum}, {map(2, d1), map(2, {d0, d1}), map(2, d1)},
         {reduction, parallel}, [&](ImplicitLocOpBuilder &b, ValueRange args) {
           Value p = exponential(b, args[1], args[0]);
           return SmallVector<Value>{p, arith::AddFOp::create(b, args[2], p)};
         });
    emit({fade, tileSum}, op.getSum(), {map(1, d0), map(1, d0), map(1, d0)},
         {parallel}, merge);

    // tileAcc[d, i] = sum_j value[j, d] p[j, i], in dimensions (d, i, j).
    linalg::FillOp::create(rewriter, loc, zero, tileAcc);
    emit({op.getValue(), scores}, tileAcc,
         {map(3, {d2, d0}), map(3, {d2, d1}), map(3, {d0, d1})},
         {parallel, parallel, reduction}, multiplyAdd);
    emit({fade, tileAcc}, op.getAcc(),
         {map(2, d1), map(2, {d0, d1}), map(2, {d0, d1})}, {parallel, parallel},
         merge);
    for (Value scratch : onHeap)
      memref::DeallocOp::create(rewriter, loc, scratch);
    rewriter.eraseOp(op);
    return success();
  }

  static Value constant(OpBuilder &builder, Location loc, Type type,
                        double value) {
    return arith::ConstantOp::create(builder, loc,
                                     builder.getFloatAttr(type, value));
  }
};

struct ConvertLongNetTilesToLinalgPass
    : impl::ConvertLongNetTilesToLinalgBase<ConvertLongNetTilesToLinalgPass> {
  using Base::Base;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<LowerAttendTile>(&getContext());
    walkAndApplyPatterns(getOperation(), std::move(patterns));
  }
};

} // namespace
} // namespace longnet
