//===- TilesToLinalg.cpp - Tiles to linalg -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TileBuilder.h"
#include "longnet/Conversion/Passes.h"
#include "longnet/Dialect/LongNet/IR/Pairs.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

using namespace mlir;

namespace longnet {

#define GEN_PASS_DEF_CONVERTLONGNETTILESTOLINALG
#include "longnet/Conversion/Passes.h.inc"

namespace {

/// Room for `parts` of weights of `keys` [n, D] in pairs: [parts * n / 2,
/// queries, 2].
Value allocatePairs(TileBuilder &tile, Value keys, OpFoldResult queries,
                    int64_t parts) {
  auto type = cast<MemRefType>(keys.getType());
  Builder builder(type.getContext());
  return tile.allocate({builder.getIndexAttr(parts * type.getDimSize(0) / 2),
                        queries, builder.getIndexAttr(2)},
                       type.getElementType());
}

struct LowerAttendTile : OpRewritePattern<AttendTileOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(AttendTileOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.hasPureBufferSemantics())
      return rewriter.notifyMatchFailure(op, "not bufferized");
    auto type = cast<FloatType>(getElementTypeOrSelf(op.getMax()));
    TileBuilder tile(rewriter, op.getLoc(), type);
    AffineExpr d0 = tile.d0, d1 = tile.d1, d2 = tile.d2;
    auto parallel = TileBuilder::parallel, reduction = TileBuilder::reduction;
    AffineMap line = tile.map(1, d0), lanes = tile.map(2, d1),
              matrix = tile.map(2, {d0, d1});
    Value zero = tile.constant(0), minusInf = tile.constant(-INFINITY);
    // exp(s x) = 2^(s log2(e) x).
    Value scale =
        tile.constant(op.getScale().convertToDouble() * 1.44269504088896340736);
    // Scores stay unscaled until the maximum is subtracted: the difference of
    // large ones is then exact, and that of a maximum from itself is zero.
    auto exponential = [&](ImplicitLocOpBuilder &b, Value x, Value top) {
      Value difference = arith::SubFOp::create(b, x, top);
      Value bits = arith::MulFOp::create(b, difference, scale);
      return TileBuilder::exp2(b, bits, atMostOne);
    };
    OpFoldResult queries = tile.sizeOf(op.getMax(), 0);
    Value scores = tile.allocate({tile.sizeOf(op.getKey(), 0), queries});
    Value base = tile.allocate(queries), fade = tile.allocate(queries);
    Value tileSum = tile.allocate(queries);
    Value tileAcc = tile.allocate({tile.sizeOf(op.getAcc(), 0), queries});

    // x[j, i] = sum_d key[j, d] query[d, i], in dimensions (j, i, d).
    tile.fill(scores, 0);
    if (op.hasPairs())
      tile.contractPairs(op.getKey(), op.getQuery(), scores, op.getParts());
    else
      tile.contract(op.getKey(), {d0, d2}, op.getQuery(), {d2, d1}, scores);
    if (op.getKeyPositions())
      tile.hide(op.getKeyPositions(), op.getQueryLimits(), op.getMasked(),
                scores);

    // The new maximum; `base` holds the old one until `fade` is known. NaN
    // scores do not enter the maximum; they enter the sum.
    tile.emit(op.getMax(), base, {line, line}, {parallel},
              [](ImplicitLocOpBuilder &, ValueRange args) {
                return SmallVector<Value>{args[0]};
              });
    tile.emit(scores, op.getMax(), {matrix, lanes}, {reduction, parallel},
              [&](ImplicitLocOpBuilder &b, ValueRange args) {
                Value above = arith::CmpFOp::create(
                    b, arith::CmpFPredicate::OGT, args[0], args[1]);
                return SmallVector<Value>{
                    arith::SelectOp::create(b, above, args[0], args[1])};
              });
    // What is subtracted must be finite where nothing has been seen yet.
    tile.emit(op.getMax(), {base, fade}, {line, line, line}, {parallel},
              [&](ImplicitLocOpBuilder &b, ValueRange args) {
                Value unseen = arith::CmpFOp::create(
                    b, arith::CmpFPredicate::OEQ, args[0], minusInf);
                Value top = arith::SelectOp::create(b, unseen, zero, args[0]);
                return SmallVector<Value>{top, exponential(b, args[1], top)};
              });
    // Sums of a tile start at zero and are added to the running ones once: the
    // error grows with the number of tiles, not with that of keys.
    auto merge = [](ImplicitLocOpBuilder &b, ValueRange args) {
      return SmallVector<Value>{
          math::FmaOp::create(b, args[0], args[2], args[1])};
    };
    // tileAcc[d, i] = sum_j value[j, d] p[j, i], in dimensions (d, i, j).
    tile.fill(tileSum, 0);
    tile.fill(tileAcc, 0);
    if (op.hasPairs()) {
      // Two rows of weights come to lie side by side, in (j / 2, i, j mod 2).
      Type element = getElementTypeOrSelf(op.getKey());
      int64_t parts = op.getParts();
      Value weights = allocatePairs(tile, op.getKey(), queries, parts);
      AffineMap lanesOfPairs = tile.map(3, d1);
      SmallVector<Value> outputs =
          splitParts(rewriter, op.getLoc(), weights, 0, parts);
      SmallVector<AffineMap> maps{tile.map(3, {d0, d2, d1}), lanesOfPairs};
      maps.append(parts, tile.map(3, {d0, d1, d2}));
      outputs.push_back(tileSum);
      maps.push_back(lanesOfPairs);
      tile.emit({tile.splitPairs(scores), base}, outputs, maps,
                {reduction, parallel, reduction},
                [&](ImplicitLocOpBuilder &b, ValueRange args) {
                  Value p = exponential(b, args[0], args[1]);
                  SmallVector<Value> results =
                      splitElement(b, b.getLoc(), p, element, parts);
                  results.push_back(arith::AddFOp::create(b, args.back(), p));
                  return results;
                });
      tile.contractPairs(op.getValue(), weights, tileAcc, parts);
    } else {
      tile.emit(
          base, {scores, tileSum}, {lanes, matrix, lanes},
          {reduction, parallel}, [&](ImplicitLocOpBuilder &b, ValueRange args) {
            Value p = exponential(b, args[1], args[0]);
            return SmallVector<Value>{p, arith::AddFOp::create(b, args[2], p)};
          });
      tile.contract(op.getValue(), {d2, d0}, scores, {d2, d1}, tileAcc);
    }
    tile.emit({fade, tileAcc}, op.getAcc(), {lanes, matrix, matrix},
              {parallel, parallel}, merge)
        ->setAttr(isEpilogue, rewriter.getUnitAttr());
    tile.emit({fade, tileSum}, op.getSum(), {line, line, line}, {parallel},
              merge);
    tile.deallocate();
    rewriter.eraseOp(op);
    return success();
  }
};

/// Sums over queries take the rows of what stands in lanes elsewhere.
struct LowerAttendGradTile : OpRewritePattern<AttendGradTileOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(AttendGradTileOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.hasPureBufferSemantics())
      return rewriter.notifyMatchFailure(op, "not bufferized");
    auto type = cast<FloatType>(getElementTypeOrSelf(op.getLse()));
    TileBuilder tile(rewriter, op.getLoc(), type);
    AffineExpr d0 = tile.d0, d1 = tile.d1, d2 = tile.d2;
    auto parallel = TileBuilder::parallel;
    AffineMap line = tile.map(1, d0), lanes = tile.map(2, d1),
              matrix = tile.map(2, {d0, d1});
    Value log2e = tile.constant(1.44269504088896340736);
    Value scale =
        tile.constant(op.getScale().convertToDouble() * 1.44269504088896340736);
    OpFoldResult keys = tile.sizeOf(op.getKey(), 0),
                 queries = tile.sizeOf(op.getLse(), 0);
    Value p = tile.allocate({keys, queries}),
          ds = tile.allocate({keys, queries});
    Value level = tile.allocate(queries);

    // p = exp(scale x - lse) = 2^(scale log2(e) x - log2(e) lse), in dimensions
    // (j, i); the product is not rounded before the difference is taken.
    auto contract = [&](Value left, Value right, Value out) {
      if (op.hasPairs())
        return tile.contractPairs(left, right, out, op.getParts());
      tile.contract(left, {d0, d2}, right, {d2, d1}, out);
    };
    tile.fill(p, 0);
    contract(op.getKey(), op.getQuery(), p);
    if (op.getKeyPositions())
      tile.hide(op.getKeyPositions(), op.getQueryLimits(), op.getMasked(), p);
    tile.emit(op.getLse(), level, {line, line}, {parallel},
              [&](ImplicitLocOpBuilder &b, ValueRange args) {
                Value bits = arith::MulFOp::create(b, args[0], log2e);
                return SmallVector<Value>{arith::NegFOp::create(b, bits)};
              });
    tile.fill(ds, 0);
    contract(op.getValue(), op.getOutGrad(), ds);
    bool isRounded = op.hasPairs() && op.getParts() == 1;
    // Sums of a tile start at zero, as in the forward pass: what is small would
    // be lost beside those of all tiles before. That of bf16 is lost anyway.
    auto add = [&](Value out, function_ref<void(Value)> contract) {
      if (isRounded)
        return contract(out);
      Value sums = tile.allocate({tile.sizeOf(out, 0), tile.sizeOf(out, 1)});
      tile.fill(sums, 0);
      contract(sums);
      tile.emit(sums, out, {matrix, matrix}, {parallel, parallel},
                [](ImplicitLocOpBuilder &b, ValueRange args) {
                  return SmallVector<Value>{
                      arith::AddFOp::create(b, args[0], args[1])};
                })
          ->setAttr(isEpilogue, rewriter.getUnitAttr());
    };
    auto differentiate = [&](ImplicitLocOpBuilder &b, Value score, Value inner,
                             Value base, Value delta) {
      Value bits = math::FmaOp::create(b, score, scale, base);
      Value weight = TileBuilder::exp2(b, bits, isRounded ? roundedToBF16 : "");
      Value difference = arith::SubFOp::create(b, inner, delta);
      Value slope = arith::MulFOp::create(b, weight, difference);
      return std::pair(weight, slope);
    };
    // Gradients of values and keys in dimensions (j, d, i), of queries in
    // (d, i, j).
    if (op.hasPairs()) {
      // Both are rounded as rows, dS as pairs too, in (j / 2, i, j mod 2).
      Type element = getElementTypeOrSelf(op.getKey());
      int64_t parts = op.getParts();
      auto queryType = cast<MemRefType>(op.getQuery().getType());
      OpFoldResult wide =
          rewriter.getIndexAttr(parts * queryType.getDimSize(1));
      Value weights = tile.allocate({keys, wide}, element),
            slopes = tile.allocate({keys, wide}, element);
      Value pairs = allocatePairs(tile, op.getKey(), queries, parts);
      AffineMap rows = tile.map(3, {d0, d2, d1}), line = tile.map(3, d1);
      SmallVector<Value> outputs;
      for (Value buffer : {weights, slopes})
        for (Value part : splitParts(rewriter, op.getLoc(), buffer, 1, parts))
          outputs.push_back(tile.splitPairs(part));
      llvm::append_range(outputs,
                         splitParts(rewriter, op.getLoc(), pairs, 0, parts));
      SmallVector<AffineMap> maps{rows, rows, line, line};
      maps.append(2 * parts, rows);
      maps.append(parts, tile.map(3, {d0, d1, d2}));
      tile.emit({tile.splitPairs(p), tile.splitPairs(ds), level, op.getDelta()},
                outputs, maps, {parallel, parallel, parallel},
                [&](ImplicitLocOpBuilder &b, ValueRange args) {
                  auto [weight, slope] =
                      differentiate(b, args[0], args[1], args[2], args[3]);
                  SmallVector<Value> results =
                      splitElement(b, b.getLoc(), weight, element, parts);
                  SmallVector<Value> rounded =
                      splitElement(b, b.getLoc(), slope, element, parts);
                  results.append(rounded);
                  results.append(rounded);
                  return results;
                });
      add(op.getValueGrad(),
          [&](Value out) { contract(weights, op.getOutGradRows(), out); });
      add(op.getKeyGrad(),
          [&](Value out) { contract(slopes, op.getQueryRows(), out); });
      add(op.getQueryGrad(),
          [&](Value out) { contract(op.getKeyColumns(), pairs, out); });
    } else {
      tile.emit({level, op.getDelta()}, {p, ds}, {lanes, lanes, matrix, matrix},
                {parallel, parallel},
                [&](ImplicitLocOpBuilder &b, ValueRange args) {
                  auto [weight, slope] =
                      differentiate(b, args[2], args[3], args[0], args[1]);
                  return SmallVector<Value>{weight, slope};
                });
      add(op.getValueGrad(),
          [&](Value out) { contract(p, op.getOutGradRows(), out); });
      add(op.getKeyGrad(),
          [&](Value out) { contract(ds, op.getQueryRows(), out); });
      add(op.getQueryGrad(), [&](Value out) {
        tile.contract(op.getKey(), {d2, d0}, ds, {d2, d1}, out);
      });
    }
    tile.deallocate();
    rewriter.eraseOp(op);
    return success();
  }
};

struct ConvertLongNetTilesToLinalgPass
    : impl::ConvertLongNetTilesToLinalgBase<ConvertLongNetTilesToLinalgPass> {
  using Base::Base;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<LowerAttendTile, LowerAttendGradTile>(&getContext());
    walkAndApplyPatterns(getOperation(), std::move(patterns));
  }
};

} // namespace
} // namespace longnet
