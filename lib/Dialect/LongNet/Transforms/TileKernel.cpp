//===- TileKernel.cpp - A group of queries over tiles of keys -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TileKernel.h"
#include "Packing.h"
#include "Scratch.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace longnet {

TileScratch allocateScratch(OpBuilder &builder, Location loc,
                            const TileShape &shape, const IndexExpr &maxRows) {
  auto attr = [&](int64_t value) -> OpFoldResult {
    return builder.getIndexAttr(value);
  };
  auto allocate = [&](ArrayRef<OpFoldResult> sizes, Type element) {
    return allocateBuffer(builder, loc, sizes, element);
  };
  OpFoldResult blocks = ceilDiv(maxRows, shape.queryTile).fold();
  OpFoldResult lanes = attr(shape.queryTile), keyRows = attr(shape.keyTile);
  OpFoldResult headDim = attr(shape.packedHeadDim),
               valueDim = attr(shape.packedValueDim);
  Type state = shape.accumulation, element = shape.element;
  Type index = builder.getIndexType();
  // Of a strip's tiles; where there is one, it is the buffer.
  auto allocateTiles = [&](SmallVector<OpFoldResult> sizes, Type type) {
    if (shape.hasStrips())
      sizes.insert(sizes.begin(), attr(shape.stripTiles));
    return allocate(sizes, type);
  };
  auto allParts = [&](int64_t size) { return attr(size * shape.parts); };
  auto keySizes = [&](int64_t rows, int64_t columns) {
    if (shape.hasStrips())
      return blockSizes(builder, rows, columns, widthOfHalves);
    return SmallVector<OpFoldResult>{attr(rows), allParts(columns)};
  };
  SmallVector<OpFoldResult> queries{blocks, headDim, lanes};
  if (shape.hasPairs())
    queries = {blocks, allParts(shape.packedHeadDim / 2), lanes, attr(2)};
  TileScratch scratch{
      allocate(queries, element),
      allocate({blocks, lanes}, index),
      allocate({blocks, valueDim, lanes}, state),
      allocate({blocks, lanes}, state),
      allocate({blocks, lanes}, state),
      allocateTiles(keySizes(shape.keyTile, shape.packedHeadDim), element),
      allocate(keySizes(shape.keyTile, shape.packedValueDim), element),
      allocateTiles({keyRows}, index)};
  SmallVector<Value> zeroed{scratch.queries, scratch.acc, scratch.max,
                            scratch.sum};
  if (shape.hasPairs()) {
    scratch.queryRows =
        allocate({lanes, allParts(shape.packedHeadDim)}, element);
    scratch.valueColumns =
        allocateTiles(keySizes(shape.packedValueDim, shape.keyTile), element);
    // Columns that only fill up are packed once, here.
    zeroed.append({scratch.keys, scratch.values, scratch.queryRows});
  }
  if (shape.hasStrips()) {
    scratch.tileKeys = allocate({keyRows, headDim}, element);
    scratch.tileValueColumns = allocate({valueDim, keyRows}, element);
  }
  // Lanes without a query compute too; nothing is read from them.
  for (Value buffer : zeroed)
    fillOnce(builder, loc, builder.getZeroAttr(getElementTypeOrSelf(buffer)),
             buffer);
  fillOnce(builder, loc, builder.getIndexAttr(unlimited), scratch.limits);
  return scratch;
}

namespace {

class GroupEmitter {
public:
  GroupEmitter(OpBuilder &builder, Location loc, const TileShape &shape,
               const TileScratch &scratch, const QueryGroup &group)
      : builder(builder), loc(loc), shape(shape), scratch(scratch),
        group(group),
        rows(builder, loc, memref::getMixedSize(builder, loc, group.query, 0)) {
    MLIRContext *context = builder.getContext();
    AffineExpr i = getAffineDimExpr(0, context),
               d = getAffineDimExpr(1, context);
    line = AffineMap::get(1, 0, i, context);
    straight = AffineMap::get(2, 0, {i, d}, context);
    transposed = AffineMap::get(2, 0, {d, i}, context);
  }

  void run();

private:
  Value block(Value buffer, Value index) {
    return blockAt(builder, loc, buffer, index);
  }
  Value constant(double value) {
    return arith::ConstantOp::create(
        builder, loc, builder.getFloatAttr(shape.accumulation, value));
  }
  /// The lanes of a block that hold queries.
  Value partOfBlock(Value buffer, Value index, const IndexExpr &count) {
    return firstLanes(builder, loc, block(buffer, index), count);
  }
  /// The rows of an accumulator that hold more than filling.
  Value accRows(Value acc) {
    return viewRows(builder, loc, acc, rows.constant(0),
                    rows.constant(shape.valueDim));
  }
  /// Moves a block of queries, limits and state to scratch, or the state back.
  void loadQueries(Value block);
  void storeState(Value block);
  IndexExpr blocks() { return ceilDiv(rows, shape.queryTile); }
  /// Tile `index` of a strip.
  KeyTile tileAt(const IndexExpr &index);
  /// `tile` without blocks.
  KeyTile unpackBlocks(const KeyTile &tile);
  /// Attends the blocks [begin, end) to `tile`, masking [begin, seen).
  void attendBlocks(const KeyTile &tile, const IndexExpr &begin,
                    const IndexExpr &seen, const IndexExpr &end);
  /// Packs and attends the keys of [first, end), no more than fit.
  void attendTile(const IndexExpr &first);
  void attendStrip(const IndexExpr &first, const IndexExpr &end);
  /// Makes the sums of all blocks, or of one, relative to a score of 0.
  void moveToZero();
  void moveToZero(Value block);
  void setIsAtZero(bool value) {
    Value flag = arith::ConstantIntOp::create(builder, loc, value, 1);
    memref::StoreOp::create(builder, loc, flag, isAtZero);
  }

  OpBuilder &builder;
  Location loc;
  const TileShape &shape;
  const TileScratch &scratch;
  const QueryGroup &group;
  IndexExpr rows;
  /// Of a row of elements, of a matrix, and of its transpose.
  AffineMap line, straight, transposed;
  /// Only for strips: what a block is multiplied by, [queryTile], and whether
  /// all sums are relative to a score of 0.
  Value fade, isAtZero;
};

} // namespace

//===----------------------------------------------------------------------===//
// Packing
//===----------------------------------------------------------------------===//

void GroupEmitter::loadQueries(Value blockIndex) {
  IndexExpr first =
      IndexExpr(builder, loc, OpFoldResult(blockIndex)) * shape.queryTile;
  IndexExpr count = minimum(rows - first, shape.queryTile);
  auto source = [&](Value buffer) {
    return viewRows(builder, loc, buffer, first, count);
  };
  auto target = [&](Value buffer) {
    return partOfBlock(buffer, blockIndex, count);
  };

  if (shape.hasPairs()) {
    packTile(builder, loc, source(group.query), scratch.queryRows, count,
             shape.parts);
    packColumns(builder, loc, scratch.queryRows,
                block(scratch.queries, blockIndex));
  } else {
    Value sign = arith::ConstantOp::create(
        builder, loc, builder.getFloatAttr(shape.accumulation, shape.sign));
    emitElementwise(builder, loc, source(group.query), target(scratch.queries),
                    {straight, transposed},
                    [&](OpBuilder &b, Location l, ValueRange args) {
                      Value x = convert(b, l, args[0], shape.accumulation);
                      if (shape.sign != 1)
                        x = arith::MulFOp::create(b, l, x, sign);
                      return SmallVector<Value>{x};
                    });
  }
  emitElementwise(builder, loc, source(group.state.acc),
                  accRows(target(scratch.acc)), {straight, transposed},
                  copyElement);
  // The bound of scores is one of all lanes, also of those without a query.
  if (shape.hasStrips())
    linalg::FillOp::create(builder, loc, constant(0),
                           block(scratch.max, blockIndex));
  emitElementwise(builder, loc, source(group.state.max), target(scratch.max),
                  {line, line}, copyElement);
  emitElementwise(builder, loc, source(group.state.sum), target(scratch.sum),
                  {line, line}, copyElement);
  if (group.queryLimits)
    return emitElementwise(builder, loc, source(group.queryLimits),
                           target(scratch.limits), {line, line}, copyElement);
  fillLimits(builder, loc, target(scratch.limits), first, group.diagonal);
}

void GroupEmitter::storeState(Value blockIndex) {
  IndexExpr first =
      IndexExpr(builder, loc, OpFoldResult(blockIndex)) * shape.queryTile;
  IndexExpr count = minimum(rows - first, shape.queryTile);
  for (auto [from, to] : {std::pair(scratch.acc, group.state.acc),
                          std::pair(scratch.max, group.state.max),
                          std::pair(scratch.sum, group.state.sum)}) {
    Value target = viewRows(builder, loc, to, first, count);
    Value source = partOfBlock(from, blockIndex, count);
    if (from == scratch.acc)
      source = accRows(source);
    if (cast<ShapedType>(to.getType()).getRank() == 1)
      emitElementwise(builder, loc, source, target, {line, line}, copyElement);
    else
      emitElementwise(builder, loc, source, target, {transposed, straight},
                      copyElement);
  }
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

KeyTile GroupEmitter::tileAt(const IndexExpr &index) {
  auto at = [&](Value buffer) {
    return shape.hasStrips() && buffer ? viewAt(builder, loc, buffer, index)
                                       : buffer;
  };
  return {at(scratch.keys), scratch.values, at(scratch.positions),
          /*keyColumns=*/Value(), at(scratch.valueColumns)};
}

KeyTile GroupEmitter::unpackBlocks(const KeyTile &tile) {
  for (auto [blocks, rows] :
       {std::pair(tile.keys, scratch.tileKeys),
        std::pair(tile.valueColumns, scratch.tileValueColumns)})
    forEachBlock(builder, loc, rows, blocks, [&](Value part, Value block) {
      emitElementwise(builder, loc, block, part, {straight, straight},
                      copyElement);
    });
  return {scratch.tileKeys, /*values=*/Value(), tile.positions,
          /*keyColumns=*/Value(), scratch.tileValueColumns};
}

void GroupEmitter::attendBlocks(const KeyTile &tile, const IndexExpr &begin,
                                const IndexExpr &seen, const IndexExpr &end) {
  emitLoop(builder, loc, begin, end, 1, [&](Value index) {
    AttendTileOp::create(
        builder, loc, TypeRange{}, block(scratch.queries, index), tile.keys,
        shape.hasPairs() ? tile.valueColumns : tile.values, tile.positions,
        block(scratch.limits, index), isBelow(builder, loc, index, seen),
        block(scratch.acc, index), block(scratch.max, index),
        block(scratch.sum, index), builder.getF64FloatAttr(shape.scale),
        builder.getI64IntegerAttr(shape.parts));
  });
}

void GroupEmitter::attendTile(const IndexExpr &first) {
  KeyTile tile = tileAt(rows.constant(0));
  packKeys(builder, loc, shape, group.keys, tile, first.materialize());
  if (group.keys.positions)
    return attendBlocks(tile, rows.constant(0), blocks(), blocks());
  auto [hidden, seen] =
      rangesOf(shape, blocks(), group.keys.count, first, group.diagonal);
  attendBlocks(tile, hidden, seen, blocks());
}

void GroupEmitter::moveToZero() {
  Value flag = memref::LoadOp::create(builder, loc, isAtZero);
  auto branch = scf::IfOp::create(builder, loc, flag, /*withElseRegion=*/true);
  {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(branch.elseBlock());
    emitLoop(builder, loc, rows.constant(0), blocks(), 1,
             [&](Value index) { moveToZero(index); });
  }
  setIsAtZero(true);
}

void GroupEmitter::moveToZero(Value index) {
  Value max = block(scratch.max, index), sum = block(scratch.sum, index),
        acc = block(scratch.acc, index);
  constexpr double log2e = 1.44269504088896340736;
  Value scale = constant(shape.scale * log2e);
  emitElementwise(builder, loc, max, fade, {line, line},
                  [&](OpBuilder &b, Location l, ValueRange args) {
                    Value bits = arith::MulFOp::create(b, l, args[0], scale);
                    return SmallVector<Value>{math::Exp2Op::create(
                        b, l, bits, arith::FastMathFlags::afn)};
                  });
  auto multiply = [](OpBuilder &b, Location l, ValueRange args) {
    return SmallVector<Value>{arith::MulFOp::create(b, l, args[0], args[1])};
  };
  AffineMap lanes =
      AffineMap::get(2, 0, getAffineDimExpr(1, builder.getContext()));
  emitElementwise(builder, loc, fade, sum, {line, line}, multiply);
  emitElementwise(builder, loc, fade, acc, {lanes, straight}, multiply);
}

void GroupEmitter::attendStrip(const IndexExpr &first, const IndexExpr &end) {
  IndexExpr zero = rows.constant(0), blocks = this->blocks();
  IndexExpr tiles =
      minimum(ceilDiv(end - first, shape.keyTile), shape.stripTiles);
  auto forEachTile =
      [&](function_ref<void(const KeyTile &, const IndexExpr &)> body) {
        emitLoop(builder, loc, zero, tiles, 1, [&](Value at) {
          IndexExpr index(builder, loc, OpFoldResult(at));
          body(tileAt(index), first + index * shape.keyTile);
        });
      };
  forEachTile([&](const KeyTile &tile, const IndexExpr &key) {
    packKeys(builder, loc, shape, group.keys, tile, key.materialize());
  });

  // Keys of the strip, and those that query 0 sees.
  IndexExpr count = group.keys.count - first;
  IndexExpr visible = group.diagonal ? *group.diagonal + 1 - first : count;
  auto upTo = [&](Value buffer, const IndexExpr &size) {
    return viewRows(builder, loc, buffer, zero, size);
  };
  Value queries = upTo(scratch.queries, blocks),
        keys = upTo(scratch.keys, tiles),
        values = upTo(scratch.valueColumns, tiles),
        acc = upTo(scratch.acc, blocks), max = upTo(scratch.max, blocks),
        sum = upTo(scratch.sum, blocks);
  Value bound = ScoreBoundOp::create(builder, loc, builder.getF32Type(),
                                     queries, keys, max);
  constexpr double largestPower = 40, log2e = 1.44269504088896340736;
  Value limit = constant(largestPower / (shape.scale * log2e));
  Value isSmall = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OLE,
                                        bound, limit);
  auto branch = scf::IfOp::create(builder, loc, isSmall,
                                  /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(branch.thenBlock());
  moveToZero();
  AttendStripOp::create(builder, loc, queries, keys, values,
                        visible.materialize(), count.materialize(), acc, sum,
                        builder.getF64FloatAttr(shape.scale));
  // Without a key, the maximum is that of none.
  Value none = constant(-INFINITY), nothing = constant(0);
  emitElementwise(builder, loc, sum, max, {straight, straight},
                  [&](OpBuilder &b, Location l, ValueRange args) {
                    Value isEmpty = arith::CmpFOp::create(
                        b, l, arith::CmpFPredicate::OEQ, args[0], nothing);
                    return SmallVector<Value>{
                        arith::SelectOp::create(b, l, isEmpty, none, nothing)};
                  });
  builder.setInsertionPointToStart(branch.elseBlock());
  setIsAtZero(false);
  forEachTile([&](const KeyTile &tile, const IndexExpr &key) {
    auto [hidden, seen] =
        rangesOf(shape, blocks, group.keys.count, key, group.diagonal);
    attendBlocks(unpackBlocks(tile), hidden, seen, blocks);
  });
}

void GroupEmitter::run() {
  IndexExpr zero = rows.constant(0);
  IndexExpr visible = group.keys.count;
  // The last query sees the keys j <= rows - 1 + diagonal.
  if (group.diagonal)
    visible = maximum(minimum(visible, rows + *group.diagonal), 0);
  if (shape.hasStrips()) {
    fade = memref::AllocaOp::create(
        builder, loc, MemRefType::get(shape.queryTile, shape.accumulation),
        builder.getI64IntegerAttr(64));
    isAtZero = memref::AllocaOp::create(
        builder, loc, MemRefType::get({}, builder.getI1Type()));
    setIsAtZero(false);
  }

  emitLoop(builder, loc, zero, blocks(), 1,
           [&](Value index) { loadQueries(index); });
  int64_t step = shape.keyTile * std::max<int64_t>(shape.stripTiles, 1);
  emitLoop(builder, loc, zero, visible, step, [&](Value key) {
    IndexExpr first(builder, loc, OpFoldResult(key));
    if (shape.hasStrips())
      attendStrip(first, visible);
    else
      attendTile(first);
  });
  emitLoop(builder, loc, zero, blocks(), 1,
           [&](Value index) { storeState(index); });
}

void attendGroup(OpBuilder &builder, Location loc, const TileShape &shape,
                 const TileScratch &scratch, const QueryGroup &group,
                 KernelFunctions &functions) {
  SmallVector<Value> operands = scratch.list();
  for (Value view : {group.query, group.state.acc, group.state.max,
                     group.state.sum, group.keys.key, group.keys.value})
    operands.push_back(forgetStrides(builder, loc, view));
  operands.push_back(group.keys.count.materialize());
  bool hasDiagonal = group.diagonal.has_value();
  if (hasDiagonal)
    operands.push_back(group.diagonal->materialize());
  bool hasPositions = bool(group.keys.positions);
  if (hasPositions)
    for (Value view : {group.keys.positions, group.queryLimits})
      operands.push_back(forgetStrides(builder, loc, view));
  functions.call(builder, loc, "longnet_attend_group",
                 shape.asAttribute(hasDiagonal), operands,
                 [&](OpBuilder &b, Location l, ValueRange arguments) {
                   ArgumentReader next{b, l, arguments};
                   TileScratch buffers = TileScratch::take(next, shape);
                   Value query = next.value();
                   ValueRange state = next.take(3), rows = next.take(2);
                   QueryGroup inside{query,
                                     {state[0], state[1], state[2]},
                                     {rows[0], rows[1], next.index(), Value()},
                                     std::nullopt,
                                     Value()};
                   if (hasDiagonal)
                     inside.diagonal = next.index();
                   if (hasPositions) {
                     inside.keys.positions = next.value();
                     inside.queryLimits = next.value();
                   }
                   GroupEmitter(b, l, shape, buffers, inside).run();
                 });
}

} // namespace longnet
