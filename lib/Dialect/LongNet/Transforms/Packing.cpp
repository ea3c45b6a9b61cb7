//===- Packing.cpp - Dense tiles of strided rows -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Packing.h"
#include "longnet/Dialect/LongNet/IR/Pairs.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;

namespace longnet {

//===----------------------------------------------------------------------===//
// Views and elementwise operations
//===----------------------------------------------------------------------===//

IndexExpr sizeOf(OpBuilder &builder, Location loc, Value buffer, unsigned dim) {
  return IndexExpr(builder, loc,
                   memref::getMixedSize(builder, loc, buffer, dim));
}

static Value makeView(OpBuilder &builder, Location loc, Value source,
                      ArrayRef<OpFoldResult> offsets,
                      ArrayRef<OpFoldResult> sizes,
                      ArrayRef<OpFoldResult> strides, unsigned dropped) {
  auto type = cast<MemRefType>(source.getType());
  SmallVector<int64_t> shape;
  for (OpFoldResult size : sizes.drop_front(dropped))
    shape.push_back(getConstantIntValue(size).value_or(ShapedType::kDynamic));
  MemRefType view = memref::SubViewOp::inferRankReducedResultType(
      shape, type, offsets, sizes, strides);
  return memref::SubViewOp::create(builder, loc, view, source, offsets, sizes,
                                   strides);
}

/// `count` places of dimension `dim` of `source` from `first`, `stride` apart.
static Value viewAlong(OpBuilder &builder, Location loc, Value source,
                       unsigned dim, OpFoldResult first, OpFoldResult count,
                       int64_t stride = 1) {
  SmallVector<OpFoldResult> sizes = memref::getMixedSizes(builder, loc, source);
  SmallVector<OpFoldResult> offsets(sizes.size(), builder.getIndexAttr(0));
  SmallVector<OpFoldResult> strides(sizes.size(), builder.getIndexAttr(1));
  offsets[dim] = first;
  sizes[dim] = count;
  strides[dim] = builder.getIndexAttr(stride);
  return makeView(builder, loc, source, offsets, sizes, strides,
                  /*dropped=*/0);
}

Value viewRows(OpBuilder &builder, Location loc, Value source,
               const IndexExpr &first, const IndexExpr &count, int64_t stride) {
  return viewAlong(builder, loc, source, 0, first.fold(), count.fold(), stride);
}

Value viewColumns(OpBuilder &builder, Location loc, Value source,
                  const IndexExpr &first, int64_t count) {
  return viewAlong(builder, loc, source, 1, first.fold(),
                   builder.getIndexAttr(count));
}

Value firstLanes(OpBuilder &builder, Location loc, Value block,
                 const IndexExpr &count) {
  unsigned last = cast<MemRefType>(block.getType()).getRank() - 1;
  return viewAlong(builder, loc, block, last, builder.getIndexAttr(0),
                   count.fold());
}

Value viewAt(OpBuilder &builder, Location loc, Value source,
             ArrayRef<IndexExpr> indices) {
  SmallVector<OpFoldResult> sizes = memref::getMixedSizes(builder, loc, source);
  SmallVector<OpFoldResult> offsets(sizes.size(), builder.getIndexAttr(0));
  SmallVector<OpFoldResult> strides(sizes.size(), builder.getIndexAttr(1));
  for (auto [dim, index] : llvm::enumerate(indices)) {
    offsets[dim] = index.fold();
    sizes[dim] = builder.getIndexAttr(1);
  }
  return makeView(builder, loc, source, offsets, sizes, strides,
                  indices.size());
}

void emitElementwise(
    OpBuilder &builder, Location loc, ValueRange inputs, ValueRange outputs,
    ArrayRef<AffineMap> maps,
    function_ref<SmallVector<Value>(OpBuilder &, Location, ValueRange)> body) {
  SmallVector<utils::IteratorType> iterators(maps[0].getNumDims(),
                                             utils::IteratorType::parallel);
  linalg::GenericOp::create(
      builder, loc, TypeRange{}, inputs, outputs, maps, iterators,
      [&](OpBuilder &nested, Location at, ValueRange args) {
        linalg::YieldOp::create(nested, at, body(nested, at, args));
      });
}

SmallVector<Value> copyElement(OpBuilder &, Location, ValueRange args) {
  return {args[0]};
}

Value convert(OpBuilder &builder, Location loc, Value value, Type to) {
  if (value.getType() == to)
    return value;
  if (value.getType().getIntOrFloatBitWidth() < to.getIntOrFloatBitWidth())
    return arith::ExtFOp::create(builder, loc, to, value);
  return arith::TruncFOp::create(builder, loc, to, value);
}

//===----------------------------------------------------------------------===//
// Blocks and packing
//===----------------------------------------------------------------------===//

void emitLoop(OpBuilder &builder, Location loc, const IndexExpr &begin,
              const IndexExpr &end, int64_t step,
              function_ref<void(Value)> body) {
  auto loop =
      scf::ForOp::create(builder, loc, begin.materialize(), end.materialize(),
                         arith::ConstantIndexOp::create(builder, loc, step));
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loop.getBody());
  body(loop.getInductionVar());
}

void forEachIndex(OpBuilder &builder, Location loc, Value buffer, unsigned dim,
                  function_ref<void(const IndexExpr &)> body) {
  IndexExpr count = sizeOf(builder, loc, buffer, dim);
  emitLoop(builder, loc, count.constant(0), count, 1, [&](Value index) {
    body(IndexExpr(builder, loc, OpFoldResult(index)));
  });
}

Value blockAt(OpBuilder &builder, Location loc, Value buffer, Value index) {
  return viewAt(builder, loc, buffer,
                IndexExpr(builder, loc, OpFoldResult(index)));
}

SmallVector<OpFoldResult> blockSizes(Builder &builder, int64_t rows,
                                     int64_t columns, int64_t width) {
  return {builder.getIndexAttr(rows / blockRows),
          builder.getIndexAttr(columns / width),
          builder.getIndexAttr(blockRows), builder.getIndexAttr(width)};
}

void forEachBlock(OpBuilder &builder, Location loc, Value rows, Value blocks,
                  function_ref<void(Value, Value)> body) {
  auto type = cast<MemRefType>(blocks.getType());
  int64_t width = type.getDimSize(3),
          columns = cast<MemRefType>(rows.getType()).getDimSize(1);
  IndexExpr count = sizeOf(builder, loc, rows, 0);
  auto number = [&](int64_t value) { return count.constant(value); };
  std::optional<int64_t> known = count.asConstant();
  bool isWhole = known && *known % blockRows == 0;
  emitLoop(builder, loc, number(0), ceilDiv(count, blockRows), 1,
           [&](Value band) {
             IndexExpr index(builder, loc, OpFoldResult(band));
             IndexExpr first = index * blockRows;
             Value part = viewRows(builder, loc, rows, first,
                                   isWhole ? number(blockRows)
                                           : minimum(count - first, blockRows));
             auto visit = [&](const IndexExpr &at, int64_t size) {
               body(viewColumns(builder, loc, part, at * width, size),
                    viewAt(builder, loc, blocks, {index, at}));
             };
             emitLoop(builder, loc, number(0), number(columns / width), 1,
                      [&](Value at) {
                        visit(IndexExpr(builder, loc, OpFoldResult(at)), width);
                      });
             if (columns % width != 0)
               visit(number(columns / width), columns % width);
           });
}

static void fillZero(OpBuilder &builder, Location loc, Value buffer) {
  Value zero = arith::ConstantOp::create(
      builder, loc, builder.getZeroAttr(getElementTypeOrSelf(buffer)));
  linalg::FillOp::create(builder, loc, zero, buffer);
}

void packTile(OpBuilder &builder, Location loc, Value from, Value to,
              const IndexExpr &count, int64_t parts) {
  if (cast<MemRefType>(to.getType()).getRank() == 4) {
    IndexExpr bands = ceilDiv(count, blockRows);
    fillZero(
        builder, loc,
        viewRows(builder, loc, to, bands, sizeOf(builder, loc, to, 0) - bands));
    return forEachBlock(builder, loc, from, to, [&](Value part, Value block) {
      packTile(builder, loc, part, block, sizeOf(builder, loc, part, 0), parts);
    });
  }
  SmallVector<AffineMap> maps(
      1 + parts, AffineMap::getMultiDimIdentityMap(2, builder.getContext()));
  IndexExpr columns = sizeOf(builder, loc, from, 1);
  SmallVector<Value> targets;
  for (Value part : splitParts(builder, loc, to, 1, parts))
    targets.push_back(firstLanes(
        builder, loc, viewRows(builder, loc, part, count.constant(0), count),
        columns));
  Type element = getElementTypeOrSelf(to);
  emitElementwise(builder, loc, from, targets, maps,
                  [&](OpBuilder &b, Location l, ValueRange args) {
                    if (parts > 1)
                      return splitElement(b, l, args[0], element, parts);
                    return SmallVector<Value>{convert(b, l, args[0], element)};
                  });
  IndexExpr rows = sizeOf(builder, loc, to, 0);
  fillZero(builder, loc, viewRows(builder, loc, to, count, rows - count));
}

void packColumns(OpBuilder &builder, Location loc, Value from, Value to) {
  AffineExpr row, column, half;
  bindDims(builder.getContext(), row, column, half);
  bool pairs = cast<MemRefType>(to.getType()).getRank() == 3;
  auto map = [&](ArrayRef<AffineExpr> results) {
    return AffineMap::get(pairs ? 3 : 2, 0, results, builder.getContext());
  };
  if (!pairs)
    return emitElementwise(builder, loc, from, to,
                           {map({row, column}), map({column, row})},
                           copyElement);
  emitElementwise(builder, loc, splitPairs(builder, loc, from, 1), to,
                  {map({row, column, half}), map({column, row, half})},
                  copyElement);
}

void packPartColumns(OpBuilder &builder, Location loc, Value from, Value to,
                     int64_t parts) {
  for (auto [rows, columns] :
       llvm::zip_equal(splitParts(builder, loc, from, 1, parts),
                       splitParts(builder, loc, to, 1, parts)))
    packColumns(builder, loc, rows, columns);
}

void transposeBlocks(OpBuilder &builder, Location loc, Value from, Value to) {
  forEachIndex(builder, loc, from, 0, [&](const IndexExpr &row) {
    forEachIndex(builder, loc, from, 1, [&](const IndexExpr &column) {
      packColumns(builder, loc, viewAt(builder, loc, from, {row, column}),
                  viewAt(builder, loc, to, {column, row}));
    });
  });
}

static void packRowPairs(OpBuilder &builder, Location loc, Value from, Value to,
                         bool ofHalves) {
  AffineExpr row, column, half;
  MLIRContext *context = builder.getContext();
  bindDims(context, row, column, half);
  Value split;
  SmallVector<AffineExpr> place{row, half, column};
  if (ofHalves) {
    auto type = cast<MemRefType>(from.getType());
    SmallVector<ReassociationIndices> groups{{0, 1}, {2}};
    split = memref::ExpandShapeOp::create(
        builder, loc,
        ArrayRef<int64_t>{2, type.getDimSize(0) / 2, type.getDimSize(1)}, from,
        groups);
    std::swap(place[0], place[1]);
  } else {
    split = splitPairs(builder, loc, from, 0);
  }
  emitElementwise(builder, loc, split, to,
                  {AffineMap::get(3, 0, place, context),
                   AffineMap::get(3, 0, {row, column, half}, context)},
                  copyElement);
}

void packRowPairs(OpBuilder &builder, Location loc, Value from, Value to,
                  int64_t parts, bool ofHalves) {
  for (auto [rows, pairs] :
       llvm::zip_equal(splitParts(builder, loc, from, 1, parts),
                       splitParts(builder, loc, to, 0, parts)))
    packRowPairs(builder, loc, rows, pairs, ofHalves);
}

} // namespace longnet
