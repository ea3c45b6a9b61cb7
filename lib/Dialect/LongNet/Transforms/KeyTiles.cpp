//===- KeyTiles.cpp - Packed keys, and who sees them -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KeyTiles.h"
#include "Packing.h"
#include "longnet/Dialect/LongNet/IR/Geometry.h"
#include "longnet/Dialect/LongNet/IR/Pairs.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace longnet {

void packKeys(OpBuilder &builder, Location loc, const TileShape &shape,
              const KeyRows &keys, const KeyTile &tile, Value firstKey) {
  AffineMap line = AffineMap::getMultiDimIdentityMap(1, builder.getContext());
  IndexExpr first(builder, loc, OpFoldResult(firstKey));
  for (auto [from, to, columns] :
       {std::tuple(keys.key, tile.keys, tile.keyColumns),
        std::tuple(keys.value, tile.values, tile.valueColumns)}) {
    IndexExpr rows(builder, loc, memref::getMixedSize(builder, loc, from, 0));
    IndexExpr count = maximum(minimum(rows - first, shape.keyTile), 0);
    // Rows that do not exist are zero: they may take part, and where they do
    // not, zero times anything packed here before must not be NaN.
    IndexExpr start = minimum(first, rows);
    packTile(builder, loc, viewRows(builder, loc, from, start, count), to,
             count, shape.parts);
    if (columns && shape.hasBlocks())
      transposeBlocks(builder, loc, to, columns);
    else if (columns)
      packPartColumns(builder, loc, to, columns, shape.parts);
  }
  if (!tile.positions)
    return;
  // What is not a key is seen by nobody.
  Value present = (keys.count - first).materialize();
  Value hidden = arith::ConstantIndexOp::create(builder, loc, hiddenPosition);
  if (keys.positions) {
    IndexExpr count = minimum(keys.count - first, shape.keyTile);
    linalg::FillOp::create(builder, loc, hidden, tile.positions);
    emitElementwise(
        builder, loc, viewRows(builder, loc, keys.positions, first, count),
        viewRows(builder, loc, tile.positions, first.constant(0), count),
        {line, line}, copyElement);
    return;
  }
  emitElementwise(builder, loc, {}, tile.positions, {line},
                  [&](OpBuilder &b, Location l, ValueRange) {
                    Value lane = linalg::IndexOp::create(b, l, 0);
                    Value isKey = arith::CmpIOp::create(
                        b, l, arith::CmpIPredicate::slt, lane, present);
                    Value position =
                        arith::AddIOp::create(b, l, lane, firstKey);
                    return SmallVector<Value>{
                        arith::SelectOp::create(b, l, isKey, position, hidden)};
                  });
}

Value isBelow(OpBuilder &builder, Location loc, Value index,
              const IndexExpr &bound) {
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt, index,
                               bound.materialize());
}

void fillLimits(OpBuilder &builder, Location loc, Value limits,
                const IndexExpr &first,
                const std::optional<IndexExpr> &diagonal) {
  AffineMap line = AffineMap::getMultiDimIdentityMap(1, builder.getContext());
  emitElementwise(builder, loc, {}, limits, {line},
                  [&](OpBuilder &b, Location l, ValueRange) {
                    if (!diagonal)
                      return SmallVector<Value>{
                          arith::ConstantIndexOp::create(b, l, unlimited)};
                    Value lane = linalg::IndexOp::create(b, l, 0);
                    Value base = (first + *diagonal).materialize();
                    return SmallVector<Value>{
                        arith::AddIOp::create(b, l, lane, base)};
                  });
}

BlockRanges rangesOf(const TileShape &shape, const IndexExpr &blocks,
                     const IndexExpr &keys, const IndexExpr &first,
                     const std::optional<IndexExpr> &diagonal) {
  IndexExpr hidden = blocks.constant(0), clear = hidden;
  IndexExpr ragged = minimum(maximum(first + shape.keyTile - keys, 0), 1);
  if (diagonal) {
    IndexExpr above = first - *diagonal;
    auto within = [&](const IndexExpr &rows) {
      return minimum(maximum(ceilDiv(rows, shape.queryTile), 0), blocks);
    };
    hidden = within(above - (shape.queryTile - 1));
    clear = within(above + (shape.keyTile - 1));
  }
  return {hidden, maximum(clear, ragged * blocks)};
}

} // namespace longnet
