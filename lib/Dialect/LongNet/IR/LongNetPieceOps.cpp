//===- LongNetPieceOps.cpp - Level 1 -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Verify.h"
#include "longnet/Dialect/LongNet/IR/Geometry.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace longnet;

/// Level 1 infers the shapes it can; sizes and element types are checked by
/// the verifiers, which name what differs. Only the number of results is fixed.
static bool sameCount(TypeRange inferred, TypeRange actual) {
  return inferred.size() == actual.size();
}

static int64_t staticOr(int64_t size, llvm::function_ref<int64_t(int64_t)> fn) {
  return ShapedType::isDynamic(size) ? size : fn(size);
}

/// One dimension of every source, to agree in all.
static SmallVector<NamedDim> getDims(ValueRange sources, unsigned dim) {
  SmallVector<NamedDim> dims;
  for (Value source : sources)
    dims.push_back(
        {source.getType(), dim, dims.empty() ? "the first source" : "another"});
  return dims;
}

/// Results that must have a known size where it is static.
static LogicalResult verifyStaticSize(Operation *op, StringRef what, Type type,
                                      unsigned dim, int64_t expected) {
  int64_t size = cast<ShapedType>(type).getDimSize(dim);
  if (ShapedType::isDynamic(size) || ShapedType::isDynamic(expected) ||
      size == expected)
    return success();
  return op->emitOpError() << "expects " << what << " of " << expected
                           << ", got " << size;
}

//===----------------------------------------------------------------------===//
// SegmentOp
//===----------------------------------------------------------------------===//

LogicalResult SegmentOp::inferReturnTypes(MLIRContext *context,
                                          std::optional<Location> loc,
                                          Adaptor adaptor,
                                          SmallVectorImpl<Type> &types) {
  if (adaptor.getSources().empty())
    return emitOptionalError(loc, "expects at least one source");
  int64_t w = adaptor.getSegment();
  int64_t rows =
      cast<RankedTensorType>(adaptor.getSources()[0].getType()).getDimSize(2);
  int64_t segments = ShapedType::kDynamic;
  if (adaptor.getGrid())
    segments =
        cast<RankedTensorType>(adaptor.getGrid().getType()).getDimSize(0);
  else if (!adaptor.getOrigin())
    segments = staticOr(rows, [&](int64_t n) { return ceilDiv(n, w); });
  int64_t width = staticOr(rows, [&](int64_t n) { return minimum(n, w); });
  for (Value source : adaptor.getSources()) {
    auto type = cast<RankedTensorType>(source.getType());
    types.push_back(
        RankedTensorType::get({type.getDimSize(0), type.getDimSize(1), segments,
                               width, type.getDimSize(3)},
                              type.getElementType()));
  }
  types.push_back(
      RankedTensorType::get({segments, width}, IndexType::get(context)));
  return success();
}

bool SegmentOp::isCompatibleReturnTypes(TypeRange inferred, TypeRange actual) {
  return sameCount(inferred, actual);
}

LogicalResult
SegmentOp::reifyResultShapes(OpBuilder &builder,
                             ReifiedRankedShapedTypeDims &shapes) {
  Location loc = getLoc();
  int64_t w = getSegment();
  auto size = [&](Value value, unsigned dim) {
    return tensor::getMixedSize(builder, loc, value, dim);
  };
  IndexExpr rows(builder, loc, size(getSources()[0], 2));
  IndexExpr begin = getOrigin()
                        ? IndexExpr(builder, loc, OpFoldResult(getOrigin()))
                        : rows.constant(0);
  OpFoldResult segments;
  if (getGrid()) {
    segments = size(getGrid(), 0);
  } else {
    Span<IndexExpr> held = segmentsOf<IndexExpr>({begin, begin + rows}, w);
    segments = (held.end - held.begin).fold();
  }
  OpFoldResult width = minimum(rows, w).fold();
  for (Value source : getSources())
    shapes.push_back(
        {size(source, 0), size(source, 1), segments, width, size(source, 3)});
  shapes.push_back({segments, width});
  return success();
}

LogicalResult SegmentOp::verify() {
  if (getSources().empty() || getSources().size() != getRows().size())
    return emitOpError("expects as many results as sources, and at least one");
  if (getSegment() > largestPosition)
    return emitOpError() << "segment must lie in [1, 2^48], got "
                         << getSegment();
  if (getOrigin())
    if (auto origin = getConstantIntValue(getOrigin()); origin && *origin < 0)
      return emitOpError() << "expects an origin of at least 0, got "
                           << *origin;
  Type at = getPositions().getType();
  if (failed(verifySameSize(*this, "number of rows in all sources",
                            getDims(getSources(), 2))))
    return failure();
  for (auto [source, rows] : llvm::zip(getSources(), getRows())) {
    Type from = source.getType(), to = rows.getType();
    if (cast<ShapedType>(from).getElementType() !=
        cast<ShapedType>(to).getElementType())
      return emitOpError() << "expects rows of "
                           << cast<ShapedType>(from).getElementType();
    if (failed(
            verifySameSize(*this, "batch size",
                           {{from, 0, "the source"}, {to, 0, "the rows"}})) ||
        failed(
            verifySameSize(*this, "number of heads",
                           {{from, 1, "the source"}, {to, 1, "the rows"}})) ||
        failed(
            verifySameSize(*this, "head dimension",
                           {{from, 3, "the source"}, {to, 4, "the rows"}})) ||
        failed(
            verifySameSize(*this, "number of segments",
                           {{to, 2, "the rows"}, {at, 0, "the positions"}})) ||
        failed(verifySameSize(*this, "number of rows a segment",
                              {{to, 3, "the rows"}, {at, 1, "the positions"}})))
      return failure();
  }
  SmallVector<Type> inferred;
  if (failed(
          inferReturnTypes(getContext(), getLoc(), Adaptor(*this), inferred)))
    return failure();
  auto expected = cast<RankedTensorType>(inferred.back());
  if (failed(verifyStaticSize(*this, "a number of segments", at, 0,
                              expected.getDimSize(0))) ||
      failed(verifyStaticSize(*this, "a number of rows a segment", at, 1,
                              expected.getDimSize(1))))
    return failure();
  return success();
}

//===----------------------------------------------------------------------===//
// SparsifyOp
//===----------------------------------------------------------------------===//

LogicalResult SparsifyOp::inferReturnTypes(MLIRContext *context,
                                           std::optional<Location> loc,
                                           Adaptor adaptor,
                                           SmallVectorImpl<Type> &types) {
  if (adaptor.getSources().empty())
    return emitOptionalError(loc, "expects at least one source");
  int64_t r = adaptor.getBranch().getDilation();
  auto at = cast<RankedTensorType>(adaptor.getAt().getType());
  int64_t kept = staticOr(at.getDimSize(1),
                          [&](int64_t w) { return rowsPerSegment(w, r); });
  int64_t heads =
      cast<RankedTensorType>(adaptor.getSources()[0].getType()).getDimSize(1);
  if (adaptor.getHeads())
    heads =
        getConstantIntValue(adaptor.getHeads()).value_or(ShapedType::kDynamic);
  for (Value source : adaptor.getSources()) {
    auto type = cast<RankedTensorType>(source.getType());
    types.push_back(RankedTensorType::get(
        {type.getDimSize(0), heads, at.getDimSize(0), kept, type.getDimSize(4)},
        type.getElementType()));
  }
  types.push_back(RankedTensorType::get({heads, at.getDimSize(0), kept},
                                        IndexType::get(context)));
  return success();
}

bool SparsifyOp::isCompatibleReturnTypes(TypeRange inferred, TypeRange actual) {
  return sameCount(inferred, actual);
}

LogicalResult
SparsifyOp::reifyResultShapes(OpBuilder &builder,
                              ReifiedRankedShapedTypeDims &shapes) {
  Location loc = getLoc();
  auto size = [&](Value value, unsigned dim) {
    return tensor::getMixedSize(builder, loc, value, dim);
  };
  OpFoldResult heads =
      getHeads() ? getAsOpFoldResult(getHeads()) : size(getSources()[0], 1);
  OpFoldResult segments = size(getAt(), 0);
  OpFoldResult kept = rowsPerSegment(IndexExpr(builder, loc, size(getAt(), 1)),
                                     getBranch().getDilation())
                          .fold();
  for (Value source : getSources())
    shapes.push_back({size(source, 0), heads, segments, kept, size(source, 4)});
  shapes.push_back({heads, segments, kept});
  return success();
}

LogicalResult SparsifyOp::verify() {
  if (getSources().empty() || getSources().size() != getRows().size())
    return emitOpError("expects as many results as sources, and at least one");
  SmallVector<Type> inferred;
  if (failed(
          inferReturnTypes(getContext(), getLoc(), Adaptor(*this), inferred)))
    return failure();
  Type at = getAt().getType(), positions = getPositions().getType();
  auto expected = cast<RankedTensorType>(inferred.back());
  int64_t heads = expected.getDimSize(0);
  if (ShapedType::isDynamic(heads))
    heads = getPositions().getType().getDimSize(0);
  if (failed(verifyPattern(*this, getBranch(), heads, /*causal=*/false,
                           /*hasLengths=*/false, /*hasOffset=*/false)))
    return failure();
  if (getHeads() &&
      failed(verifySameSize(*this, "number of heads in all sources",
                            getDims(getSources(), 1))))
    return failure();
  for (auto [source, rows] : llvm::zip(getSources(), getRows())) {
    Type from = source.getType(), to = rows.getType();
    if (cast<ShapedType>(from).getElementType() !=
        cast<ShapedType>(to).getElementType())
      return emitOpError() << "expects rows of "
                           << cast<ShapedType>(from).getElementType();
    if (failed(
            verifySameSize(*this, "batch size",
                           {{from, 0, "the source"}, {to, 0, "the rows"}})) ||
        failed(verifySameSize(*this, "number of segments",
                              {{from, 2, "the source"},
                               {at, 0, "the source's positions"},
                               {to, 2, "the rows"},
                               {positions, 1, "the positions"}})) ||
        failed(verifySameSize(
            *this, "number of rows a segment",
            {{from, 3, "the source"}, {at, 1, "the source's positions"}})) ||
        failed(verifySameSize(
            *this, "number of kept rows",
            {{to, 3, "the rows"}, {positions, 2, "the positions"}})) ||
        failed(
            verifySameSize(*this, "head dimension",
                           {{from, 4, "the source"}, {to, 4, "the rows"}})) ||
        failed(verifySameSize(
            *this, "number of heads",
            {{to, 1, "the rows"}, {positions, 0, "the positions"}})))
      return failure();
    int64_t groups = cast<ShapedType>(from).getDimSize(1);
    if (!ShapedType::isDynamic(heads) && !ShapedType::isDynamic(groups) &&
        (groups == 0 ? heads != 0 : heads % groups != 0))
      return emitOpError() << "expects the heads (" << heads
                           << ") to be a multiple of the source's (" << groups
                           << ")";
  }
  if (failed(verifyStaticSize(*this, "a number of heads", positions, 0,
                              expected.getDimSize(0))) ||
      failed(verifyStaticSize(*this, "a number of kept rows", positions, 2,
                              expected.getDimSize(2))))
    return failure();
  return success();
}

//===----------------------------------------------------------------------===//
// ScatterOp
//===----------------------------------------------------------------------===//

LogicalResult ScatterOp::inferReturnTypes(MLIRContext *,
                                          std::optional<Location>,
                                          Adaptor adaptor,
                                          SmallVectorImpl<Type> &types) {
  auto rows = cast<RankedTensorType>(adaptor.getRows().getType());
  auto lse = cast<RankedTensorType>(adaptor.getRowsLse().getType());
  int64_t length =
      getConstantIntValue(adaptor.getLength()).value_or(ShapedType::kDynamic);
  if (length < 0)
    length = ShapedType::kDynamic;
  types.push_back(RankedTensorType::get(
      {rows.getDimSize(0), rows.getDimSize(1), length, rows.getDimSize(4)},
      rows.getElementType()));
  types.push_back(RankedTensorType::get(
      {rows.getDimSize(0), rows.getDimSize(1), length}, lse.getElementType()));
  return success();
}

bool ScatterOp::isCompatibleReturnTypes(TypeRange inferred, TypeRange actual) {
  return sameCount(inferred, actual);
}

LogicalResult
ScatterOp::reifyResultShapes(OpBuilder &builder,
                             ReifiedRankedShapedTypeDims &shapes) {
  auto size = [&](unsigned dim) {
    return tensor::getMixedSize(builder, getLoc(), getRows(), dim);
  };
  OpFoldResult length = getAsOpFoldResult(getLength());
  shapes = {{size(0), size(1), length, size(4)}, {size(0), size(1), length}};
  return success();
}

LogicalResult ScatterOp::verify() {
  Type rows = getRows().getType(), rowsLse = getRowsLse().getType();
  Type out = getOut().getType(), lse = getLse().getType();
  if (getOut().getType().getElementType() !=
          getRows().getType().getElementType() ||
      getLse().getType().getElementType() !=
          getRowsLse().getType().getElementType())
    return emitOpError("expects results of the element types of the rows");
  if (auto length = getConstantIntValue(getLength()); length && *length < 0)
    return emitOpError() << "expects a length of at least 0, got " << *length;
  for (unsigned dim : {0, 1})
    if (failed(verifySameSize(*this, dim ? "number of heads" : "batch size",
                              {{rows, dim, "the rows"},
                               {rowsLse, dim, "their lse"},
                               {out, dim, "out"},
                               {lse, dim, "lse"}})))
      return failure();
  for (unsigned dim : {2, 3})
    if (failed(verifySameSize(
            *this, dim == 2 ? "number of segments" : "number of rows a segment",
            {{rows, dim, "the rows"}, {rowsLse, dim, "their lse"}})))
      return failure();
  SmallVector<Type> inferred;
  if (failed(
          inferReturnTypes(getContext(), getLoc(), Adaptor(*this), inferred)) ||
      failed(verifyPositions(*this, rows, getPositions().getType(),
                             "the positions")) ||
      failed(verifySameSize(*this, "head dimension",
                            {{rows, 4, "the rows"}, {out, 3, "out"}})) ||
      failed(verifySameSize(
          *this, "length",
          {{inferred[1], 2, "the operand"}, {out, 2, "out"}, {lse, 2, "lse"}})))
    return failure();
  return success();
}

//===----------------------------------------------------------------------===//
// CombineOp
//===----------------------------------------------------------------------===//

LogicalResult CombineOp::inferReturnTypes(MLIRContext *,
                                          std::optional<Location> loc,
                                          Adaptor adaptor,
                                          SmallVectorImpl<Type> &types) {
  if (adaptor.getOuts().empty())
    return emitOptionalError(loc, "expects at least one operand");
  types.assign(
      {adaptor.getOuts()[0].getType(), adaptor.getLses()[0].getType()});
  return success();
}

bool CombineOp::isCompatibleReturnTypes(TypeRange inferred, TypeRange actual) {
  return sameCount(inferred, actual);
}

LogicalResult
CombineOp::reifyResultShapes(OpBuilder &builder,
                             ReifiedRankedShapedTypeDims &shapes) {
  shapes = {tensor::getMixedSizes(builder, getLoc(), getOuts()[0]),
            tensor::getMixedSizes(builder, getLoc(), getLses()[0])};
  return success();
}

LogicalResult CombineOp::verify() {
  if (getOuts().empty())
    return emitOpError("expects at least one operand");
  // Operands are split in halves, which leaves out an odd one.
  if (getNumOperands() % 2 != 0)
    return emitOpError("expects as many lses as outs");
  FloatType accumulation = cast<FloatType>(getLse().getType().getElementType());
  for (auto [out, lse] : llvm::zip(getOuts(), getLses()))
    if (cast<ShapedType>(out.getType()).getElementType() != accumulation ||
        cast<ShapedType>(lse.getType()).getElementType() != accumulation)
      return emitOpError() << "expects operands in the accumulation type, "
                           << accumulation;
  Type element = getOut().getType().getElementType();
  if (getAccumulationType(element) != accumulation)
    return emitOpError() << "expects out of a type that accumulates in "
                         << accumulation << ", got " << element;
  static constexpr StringRef names[] = {"batch size", "number of heads",
                                        "number of rows", "head dimension"};
  for (unsigned dim = 0; dim < 4; ++dim) {
    SmallVector<NamedDim> sizes{{getOut().getType(), dim, "out"}};
    for (Value out : getOuts())
      sizes.push_back({out.getType(), dim, "an operand"});
    if (dim < 3) {
      sizes.push_back({getLse().getType(), dim, "lse"});
      for (Value lse : getLses())
        sizes.push_back({lse.getType(), dim, "an operand's lse"});
    }
    if (failed(verifySameSize(*this, names[dim], sizes)))
      return failure();
  }
  return success();
}

/// One operand is its own combination.
LogicalResult CombineOp::fold(FoldAdaptor,
                              SmallVectorImpl<OpFoldResult> &results) {
  if (getOuts().size() != 1 || getOuts()[0].getType() != getOut().getType() ||
      getLses()[0].getType() != getLse().getType())
    return failure();
  results.assign({getOuts()[0], getLses()[0]});
  return success();
}

namespace {

/// Combining is associative: combine(combine(a, b), c) is combine(a, b, c).
struct FlattenCombine : OpRewritePattern<CombineOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(CombineOp op,
                                PatternRewriter &rewriter) const override {
    SmallVector<Value> outs, lses;
    bool changed = false;
    for (auto [out, lse] : llvm::zip(op.getOuts(), op.getLses())) {
      auto inner = out.getDefiningOp<CombineOp>();
      if (inner && inner.getOut() == out && inner.getLse() == lse &&
          llvm::all_of(inner->getUsers(),
                       [&](Operation *user) { return user == op; })) {
        llvm::append_range(outs, inner.getOuts());
        llvm::append_range(lses, inner.getLses());
        changed = true;
        continue;
      }
      outs.push_back(out);
      lses.push_back(lse);
    }
    if (!changed)
      return rewriter.notifyMatchFailure(op, "no nested combine of its own");
    rewriter.replaceOpWithNewOp<CombineOp>(op, op.getResultTypes(), outs, lses);
    return success();
  }
};

/// A branch without rows adds nothing.
struct DropEmptyBranch : OpRewritePattern<CombineOp> {
  using OpRewritePattern::OpRewritePattern;

  static bool isEmpty(Value out, Value lse) {
    DenseFPElementsAttr values;
    if (matchPattern(lse, m_Constant(&values)) && values.isSplat()) {
      APFloat value = values.getSplatValue<APFloat>();
      return value.isInfinity() && value.isNegative();
    }
    auto scatter = out.getDefiningOp<ScatterOp>();
    if (!scatter || scatter.getOut() != out || scatter.getLse() != lse)
      return false;
    RankedTensorType rows = scatter.getRows().getType();
    return rows.getDimSize(2) == 0 || rows.getDimSize(3) == 0;
  }

  LogicalResult matchAndRewrite(CombineOp op,
                                PatternRewriter &rewriter) const override {
    SmallVector<Value> outs, lses;
    for (auto [out, lse] : llvm::zip(op.getOuts(), op.getLses()))
      if (!isEmpty(out, lse)) {
        outs.push_back(out);
        lses.push_back(lse);
      }
    if (outs.size() == op.getOuts().size() || outs.empty())
      return rewriter.notifyMatchFailure(op, "no branch to drop");
    rewriter.replaceOpWithNewOp<CombineOp>(op, op.getResultTypes(), outs, lses);
    return success();
  }
};

} // namespace

void CombineOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                            MLIRContext *context) {
  patterns.add<FlattenCombine, DropEmptyBranch>(context);
}
