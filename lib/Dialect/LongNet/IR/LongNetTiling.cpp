//===- LongNetTiling.cpp - TilingInterface -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Tiles of `attention` and `attend` are the same operation on slices: batch,
// heads, segments and query rows are parallel, keys stay whole. A tile of
// `attend_tile` may also split its keys, which its running state allows. Tiles
// of `attend_grad` hold whole segments, queries and keys, so that they share no
// row of a gradient.
//
//===----------------------------------------------------------------------===//

#include "longnet/Dialect/LongNet/IR/IndexExpr.h"
#include "longnet/Dialect/LongNet/IR/LongNet.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace longnet;

using Sizes = SmallVector<OpFoldResult>;

namespace {

/// Extracts slices and remembers them, as tiling wants to know.
struct Slicer {
  OpBuilder &builder;
  Location loc;
  SmallVector<Operation *> slices = {};

  /// The slice at `offsets` of `sizes`; dimensions beyond those are whole.
  Value operator()(Value source, ArrayRef<OpFoldResult> offsets,
                   ArrayRef<OpFoldResult> sizes) {
    Sizes wholeSizes = tensor::getMixedSizes(builder, loc, source);
    size_t rank = wholeSizes.size();
    Sizes at(offsets), size(sizes), ones(rank, builder.getIndexAttr(1));
    for (size_t dim = at.size(); dim < rank; ++dim) {
      at.push_back(builder.getIndexAttr(0));
      size.push_back(wholeSizes[dim]);
    }
    auto slice =
        tensor::ExtractSliceOp::create(builder, loc, source, at, size, ones);
    slices.push_back(slice);
    return slice;
  }
};

} // namespace

/// `base`, or 0 if it is null, moved by `by`.
static Value shift(OpBuilder &builder, Location loc, Value base,
                   OpFoldResult by) {
  IndexExpr offset(builder, loc, by);
  if (base)
    offset = IndexExpr(builder, loc, OpFoldResult(base)) + offset;
  return offset.materialize();
}

/// The number of heads that those of `op`'s query are some of.
template <typename Op>
static Value getAllHeads(Op op, OpBuilder &builder) {
  if (op.getHeads())
    return op.getHeads();
  OpFoldResult own =
      tensor::getMixedSize(builder, op.getLoc(), op.getQuery(), 1);
  return getValueOrCreateConstantIndexOp(builder, op.getLoc(), own);
}

static SmallVector<Range> getDomain(OpBuilder &builder, Location loc,
                                    Value shaped, unsigned dims) {
  SmallVector<Range> domain;
  for (unsigned dim = 0; dim < dims; ++dim)
    domain.push_back({builder.getIndexAttr(0),
                      tensor::getMixedSize(builder, loc, shaped, dim),
                      builder.getIndexAttr(1)});
  return domain;
}

/// The tile's position in a result whose leading dimensions are the domain's.
static LogicalResult
getLeadingPosition(OpBuilder &builder, Location loc, Value init,
                   ArrayRef<OpFoldResult> offsets, ArrayRef<OpFoldResult> sizes,
                   Sizes &resultOffsets, Sizes &resultSizes) {
  resultOffsets.assign(offsets.begin(), offsets.end());
  resultSizes.assign(sizes.begin(), sizes.end());
  unsigned rank = cast<ShapedType>(init.getType()).getRank();
  for (unsigned dim = offsets.size(); dim < rank; ++dim) {
    resultOffsets.push_back(builder.getIndexAttr(0));
    resultSizes.push_back(tensor::getMixedSize(builder, loc, init, dim));
  }
  return success();
}

template <typename Op>
static FailureOr<TilingResult> generateOneResult(Op op, OpBuilder &builder,
                                                 unsigned number,
                                                 ArrayRef<OpFoldResult> offsets,
                                                 ArrayRef<OpFoldResult> sizes) {
  unsigned dims = op.getLoopIteratorTypes().size();
  FailureOr<TilingResult> tile = op.getTiledImplementation(
      builder, offsets.take_front(dims), sizes.take_front(dims));
  if (failed(tile))
    return failure();
  return TilingResult{
      tile->tiledOps, {tile->tiledValues[number]}, tile->generatedSlices};
}

template <typename Op>
static LogicalResult expectTensors(Op op) {
  if (op->getNumResults() == 0)
    return op.emitOpError("is tiled on tensors, before bufferization");
  return success();
}

//===----------------------------------------------------------------------===//
// AttentionOp: (batch, head, segment, row)
//===----------------------------------------------------------------------===//

SmallVector<utils::IteratorType> AttentionOp::getLoopIteratorTypes() {
  return SmallVector<utils::IteratorType>(4, utils::IteratorType::parallel);
}

SmallVector<Range> AttentionOp::getIterationDomain(OpBuilder &builder) {
  return getDomain(builder, getLoc(), getOut(), 4);
}

FailureOr<TilingResult>
AttentionOp::getTiledImplementation(OpBuilder &builder,
                                    ArrayRef<OpFoldResult> offsets,
                                    ArrayRef<OpFoldResult> sizes) {
  if (failed(expectTensors(*this)))
    return failure();
  Slicer slice{builder, getLoc()};
  auto slicePositions = [&](Value positions, bool rows) {
    unsigned from =
        cast<ShapedType>(positions.getType()).getRank() == 3 ? 1 : 2;
    unsigned count = (rows ? 4 : 3) - from;
    return slice(positions, offsets.slice(from, count),
                 sizes.slice(from, count));
  };
  ArrayRef<OpFoldResult> keyAt = offsets.take_front(3),
                         keySizes = sizes.take_front(3);
  Value query = slice(getQuery(), offsets, sizes);
  Value key = slice(getKey(), keyAt, keySizes);
  Value value = slice(getValue(), keyAt, keySizes);
  Value queryPositions = slicePositions(getQueryPositions(), /*rows=*/true);
  Value keyPositions = slicePositions(getKeyPositions(), /*rows=*/false);
  Value lengths;
  if (getKvLengths())
    lengths = slice(getKvLengths(), offsets[0], sizes[0]);
  Value out = slice(getOut(), offsets, sizes);
  Value lse = slice(getLse(), offsets, sizes);
  auto tile = AttentionOp::create(builder, getLoc(), query, key, value,
                                  queryPositions, keyPositions, lengths, out,
                                  lse, getCausal(), getScaleAttr());
  return TilingResult{
      {tile}, SmallVector<Value>(tile->getResults()), slice.slices};
}

LogicalResult AttentionOp::getResultTilePosition(
    OpBuilder &builder, unsigned number, ArrayRef<OpFoldResult> offsets,
    ArrayRef<OpFoldResult> sizes, Sizes &resultOffsets, Sizes &resultSizes) {
  return getLeadingPosition(builder, getLoc(), getDpsInits()[number], offsets,
                            sizes, resultOffsets, resultSizes);
}

FailureOr<TilingResult>
AttentionOp::generateResultTileValue(OpBuilder &builder, unsigned number,
                                     ArrayRef<OpFoldResult> offsets,
                                     ArrayRef<OpFoldResult> sizes) {
  return generateOneResult(*this, builder, number, offsets, sizes);
}

//===----------------------------------------------------------------------===//
// AttendOp: (batch, head, query)
//===----------------------------------------------------------------------===//

SmallVector<utils::IteratorType> AttendOp::getLoopIteratorTypes() {
  return SmallVector<utils::IteratorType>(3, utils::IteratorType::parallel);
}

SmallVector<Range> AttendOp::getIterationDomain(OpBuilder &builder) {
  return getDomain(builder, getLoc(), getOut(), 3);
}

FailureOr<TilingResult>
AttendOp::getTiledImplementation(OpBuilder &builder,
                                 ArrayRef<OpFoldResult> offsets,
                                 ArrayRef<OpFoldResult> sizes) {
  if (failed(expectTensors(*this)))
    return failure();
  Location loc = getLoc();
  Slicer slice{builder, loc};
  OpFoldResult queryHeads = tensor::getMixedSize(builder, loc, getQuery(), 1);
  OpFoldResult keyHeads = tensor::getMixedSize(builder, loc, getKey(), 1);
  SmallVector<OpFoldResult> keyAt{offsets[0], offsets[1]},
      keySizes{sizes[0], sizes[1]};
  auto known = getConstantIntValue(queryHeads);
  if (!known || known != getConstantIntValue(keyHeads)) {
    // A group of query heads shares a key head.
    if (!isConstantIntValue(sizes[1], 1))
      return emitOpError("tile grouped heads one at a time"), failure();
    IndexExpr head(builder, loc, offsets[1]);
    keyAt[1] = floorDiv(head * IndexExpr(builder, loc, keyHeads),
                        IndexExpr(builder, loc, queryHeads))
                   .fold();
  }
  Value query = slice(getQuery(), offsets, sizes);
  Value key = slice(getKey(), keyAt, keySizes);
  Value value = slice(getValue(), keyAt, keySizes);
  Value lengths;
  if (getKvLengths())
    lengths = slice(getKvLengths(), offsets[0], sizes[0]);
  Value out = slice(getOut(), offsets, sizes);
  Value lse = slice(getLse(), offsets, sizes);
  auto tile = AttendOp::create(
      builder, loc, TypeRange{out.getType(), lse.getType()}, query, key, value,
      lengths, shift(builder, loc, getQueryOffset(), offsets[2]),
      getKeyOffset(), shift(builder, loc, getHeadOffset(), offsets[1]),
      getAllHeads(*this, builder), out, lse, getBranchesAttr(),
      getAccumulateAttr(), getCausalAttr(), getScaleAttr());
  return TilingResult{
      {tile}, SmallVector<Value>(tile->getResults()), slice.slices};
}

LogicalResult AttendOp::getResultTilePosition(
    OpBuilder &builder, unsigned number, ArrayRef<OpFoldResult> offsets,
    ArrayRef<OpFoldResult> sizes, Sizes &resultOffsets, Sizes &resultSizes) {
  return getLeadingPosition(builder, getLoc(), getDpsInits()[number], offsets,
                            sizes, resultOffsets, resultSizes);
}

FailureOr<TilingResult>
AttendOp::generateResultTileValue(OpBuilder &builder, unsigned number,
                                  ArrayRef<OpFoldResult> offsets,
                                  ArrayRef<OpFoldResult> sizes) {
  return generateOneResult(*this, builder, number, offsets, sizes);
}

// Of the last dimension, results are computed whole.
LogicalResult AttendOp::getIterationDomainTileFromResultTile(
    OpBuilder &, unsigned, ArrayRef<OpFoldResult> offsets,
    ArrayRef<OpFoldResult> sizes, SmallVectorImpl<OpFoldResult> &domainOffsets,
    SmallVectorImpl<OpFoldResult> &domainSizes) {
  domainOffsets.assign(offsets.begin(), offsets.begin() + 3);
  domainSizes.assign(sizes.begin(), sizes.begin() + 3);
  return success();
}

//===----------------------------------------------------------------------===//
// AttendGradOp: (batch, key head, row)
//===----------------------------------------------------------------------===//

/// Segments are cut at multiples of their length only where the first row's
/// position is known to be one. Torchscale's padding has no meaning at an
/// offset.
static bool splitsRows(AttendGradOp op) {
  return !op.getQueryOffset() && !op.getKeyOffset() &&
         op.getBranch().getPadding() == Padding::mask;
}

SmallVector<utils::IteratorType> AttendGradOp::getLoopIteratorTypes() {
  return SmallVector<utils::IteratorType>(3, utils::IteratorType::parallel);
}

SmallVector<Range> AttendGradOp::getIterationDomain(OpBuilder &builder) {
  Location loc = getLoc();
  SmallVector<Range> domain = getDomain(builder, loc, getKey(), 3);
  auto rows = [&](Value sequence) {
    return IndexExpr(builder, loc,
                     tensor::getMixedSize(builder, loc, sequence, 2));
  };
  domain[2].size = splitsRows(*this)
                       ? maximum(rows(getQuery()), rows(getKey())).fold()
                       : OpFoldResult(builder.getIndexAttr(1));
  return domain;
}

namespace {

/// Where a tile of `attend_grad` lies in [B, H, N] of queries and of keys.
struct GradTile {
  Sizes queryOffsets, querySizes, keyOffsets, keySizes;

  GradTile(AttendGradOp op, OpBuilder &builder, ArrayRef<OpFoldResult> offsets,
           ArrayRef<OpFoldResult> sizes);
};

} // namespace

GradTile::GradTile(AttendGradOp op, OpBuilder &builder,
                   ArrayRef<OpFoldResult> offsets,
                   ArrayRef<OpFoldResult> sizes) {
  Location loc = op.getLoc();
  auto sizeOf = [&](Value sequence, unsigned dim) {
    return tensor::getMixedSize(builder, loc, sequence, dim);
  };
  auto expr = [&](OpFoldResult value) {
    return IndexExpr(builder, loc, value);
  };
  queryOffsets = keyOffsets = {offsets[0], offsets[1]};
  querySizes = keySizes = {sizes[0], sizes[1]};
  OpFoldResult queryHeads = sizeOf(op.getQuery(), 1),
               keyHeads = sizeOf(op.getKey(), 1);
  auto known = getConstantIntValue(queryHeads);
  if (!known || known != getConstantIntValue(keyHeads)) {
    // A group of query heads shares a key head.
    IndexExpr group = floorDiv(expr(queryHeads), expr(keyHeads));
    queryOffsets[1] = (expr(offsets[1]) * group).fold();
    querySizes[1] = (expr(sizes[1]) * group).fold();
  }
  if (!splitsRows(op))
    return;
  // The longer sequence may have tiles that the other one does not reach.
  auto clip = [&](Value sequence, Sizes &resultOffsets, Sizes &resultSizes) {
    IndexExpr rows = expr(sizeOf(sequence, 2));
    IndexExpr first = minimum(expr(offsets[2]), rows);
    resultOffsets.push_back(first.fold());
    resultSizes.push_back(minimum(expr(sizes[2]), rows - first).fold());
  };
  clip(op.getQuery(), queryOffsets, querySizes);
  clip(op.getKey(), keyOffsets, keySizes);
}

FailureOr<TilingResult>
AttendGradOp::getTiledImplementation(OpBuilder &builder,
                                     ArrayRef<OpFoldResult> offsets,
                                     ArrayRef<OpFoldResult> sizes) {
  if (failed(expectTensors(*this)))
    return failure();
  Location loc = getLoc();
  Slicer slice{builder, loc};
  GradTile at(*this, builder, offsets, sizes);
  auto queries = [&](Value sequence) {
    return slice(sequence, at.queryOffsets, at.querySizes);
  };
  auto keys = [&](Value sequence) {
    return slice(sequence, at.keyOffsets, at.keySizes);
  };
  Value query = queries(getQuery()), key = keys(getKey()),
        value = keys(getValue());
  Value lse = queries(getLse()), delta = queries(getDelta()),
        outGrad = queries(getOutGrad());
  Value lengths;
  if (getKvLengths())
    lengths = slice(getKvLengths(), offsets[0], sizes[0]);
  Value queryGrad = queries(getQueryGrad()), keyGrad = keys(getKeyGrad()),
        valueGrad = keys(getValueGrad());
  Value queryOffset = getQueryOffset(), keyOffset = getKeyOffset();
  if (splitsRows(*this))
    queryOffset = keyOffset = IndexExpr(builder, loc, offsets[2]).materialize();
  auto tile = AttendGradOp::create(
      builder, loc,
      TypeRange{queryGrad.getType(), keyGrad.getType(), valueGrad.getType()},
      query, key, value, lse, delta, outGrad, lengths, queryOffset, keyOffset,
      shift(builder, loc, getHeadOffset(), at.queryOffsets[1]),
      getAllHeads(*this, builder), queryGrad, keyGrad, valueGrad,
      getBranchAttr(), getCausalAttr(), getScaleAttr());
  return TilingResult{
      {tile}, SmallVector<Value>(tile->getResults()), slice.slices};
}

LogicalResult AttendGradOp::getResultTilePosition(
    OpBuilder &builder, unsigned number, ArrayRef<OpFoldResult> offsets,
    ArrayRef<OpFoldResult> sizes, Sizes &resultOffsets, Sizes &resultSizes) {
  GradTile at(*this, builder, offsets, sizes);
  bool ofQueries = number == 0;
  return getLeadingPosition(builder, getLoc(), getDpsInits()[number],
                            ofQueries ? at.queryOffsets : at.keyOffsets,
                            ofQueries ? at.querySizes : at.keySizes,
                            resultOffsets, resultSizes);
}

FailureOr<TilingResult>
AttendGradOp::generateResultTileValue(OpBuilder &builder, unsigned number,
                                      ArrayRef<OpFoldResult> offsets,
                                      ArrayRef<OpFoldResult> sizes) {
  // A slice of a result need not be one of whole segments.
  return emitOpError("is tiled as a whole, not from a slice of a result");
}

//===----------------------------------------------------------------------===//
// AttendTileOp: (query, key)
//===----------------------------------------------------------------------===//

SmallVector<utils::IteratorType> AttendTileOp::getLoopIteratorTypes() {
  return {utils::IteratorType::parallel, utils::IteratorType::reduction};
}

SmallVector<Range> AttendTileOp::getIterationDomain(OpBuilder &builder) {
  return {getDomain(builder, getLoc(), getMax(), 1)[0],
          getDomain(builder, getLoc(), getKey(), 1)[0]};
}

FailureOr<TilingResult>
AttendTileOp::getTiledImplementation(OpBuilder &builder,
                                     ArrayRef<OpFoldResult> offsets,
                                     ArrayRef<OpFoldResult> sizes) {
  if (failed(expectTensors(*this)))
    return failure();
  if (hasPairs())
    return emitOpError("is not tiled in pairs");
  Location loc = getLoc();
  Slicer slice{builder, loc};
  auto lanes = [&](Value operand) {
    if (cast<ShapedType>(operand.getType()).getRank() == 1)
      return slice(operand, offsets[0], sizes[0]);
    return slice(operand, {builder.getIndexAttr(0), offsets[0]},
                 {tensor::getMixedSize(builder, loc, operand, 0), sizes[0]});
  };
  auto keys = [&](Value operand) {
    return slice(operand, offsets[1], sizes[1]);
  };
  Value query = lanes(getQuery()), key = keys(getKey()),
        value = keys(getValue());
  Value positions, limits;
  if (getKeyPositions()) {
    positions = keys(getKeyPositions());
    limits = lanes(getQueryLimits());
  }
  Value acc = lanes(getAcc()), max = lanes(getMax()), sum = lanes(getSum());
  auto tile = AttendTileOp::create(
      builder, loc, TypeRange{acc.getType(), max.getType(), sum.getType()},
      query, key, value, positions, limits, getMasked(), acc, max, sum,
      getScaleAttr());
  return TilingResult{
      {tile}, SmallVector<Value>(tile->getResults()), slice.slices};
}

LogicalResult AttendTileOp::getResultTilePosition(
    OpBuilder &builder, unsigned number, ArrayRef<OpFoldResult> offsets,
    ArrayRef<OpFoldResult> sizes, Sizes &resultOffsets, Sizes &resultSizes) {
  resultOffsets = {offsets[0]};
  resultSizes = {sizes[0]};
  if (number == 0) {
    resultOffsets.insert(resultOffsets.begin(), builder.getIndexAttr(0));
    resultSizes.insert(resultSizes.begin(),
                       tensor::getMixedSize(builder, getLoc(), getAcc(), 0));
  }
  return success();
}

FailureOr<TilingResult>
AttendTileOp::generateResultTileValue(OpBuilder &builder, unsigned number,
                                      ArrayRef<OpFoldResult> offsets,
                                      ArrayRef<OpFoldResult> sizes) {
  return generateOneResult(*this, builder, number, offsets, sizes);
}
