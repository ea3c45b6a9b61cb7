//===- GradKernel.cpp - The gradient of a segment over tiles -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// A segment is a dense attention of its kept rows. Its queries are taken in
// chunks that stay in the second-level cache, packed once: as lanes and as
// rows. Past every chunk stream the tiles of keys. Gradients of queries gather
// in the chunk, those of keys and values in buffers of the whole segment; each
// is added to its destination once.
//
//===----------------------------------------------------------------------===//

#include "GradKernel.h"
#include "BranchRows.h"
#include "Packing.h"
#include "Scratch.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace longnet {
namespace {

/// Adds `factor` times the rows of `from`, which are sums, to those of `to`.
void addRows(OpBuilder &builder, Location loc, Value from, Value to,
             double factor) {
  auto sums = cast<FloatType>(getElementTypeOrSelf(from));
  Type storage = getElementTypeOrSelf(to);
  Value by = arith::ConstantOp::create(builder, loc,
                                       builder.getFloatAttr(sums, factor));
  AffineMap straight =
      AffineMap::getMultiDimIdentityMap(2, builder.getContext());
  emitElementwise(builder, loc, from, to, {straight, straight},
                  [&](OpBuilder &b, Location l, ValueRange args) {
                    Value x = args[0];
                    if (factor != 1)
                      x = arith::MulFOp::create(b, l, x, by);
                    x = arith::AddFOp::create(b, l,
                                              convert(b, l, args[1], sums), x);
                    return SmallVector<Value>{convert(b, l, x, storage)};
                  });
}

class GradEmitter {
public:
  GradEmitter(OpBuilder &builder, Location loc, const TileShape &shape,
              const GradScratch &scratch, const GradGroup &group)
      : builder(builder), loc(loc), shape(shape), scratch(scratch),
        group(group), rows(sizeOf(builder, loc, group.query, 0)) {
    MLIRContext *context = builder.getContext();
    AffineExpr i = getAffineDimExpr(0, context),
               d = getAffineDimExpr(1, context);
    line = AffineMap::get(1, 0, i, context);
    straight = AffineMap::get(2, 0, {i, d}, context);
  }

  void run();

private:
  IndexExpr expr(Value value) {
    return IndexExpr(builder, loc, OpFoldResult(value));
  }
  Value constant(double value) {
    return arith::ConstantOp::create(
        builder, loc, builder.getFloatAttr(shape.accumulation, value));
  }
  Value block(Value buffer, Value index) {
    return blockAt(builder, loc, buffer, index);
  }
  void fill(Value buffer, double value) {
    linalg::FillOp::create(builder, loc, constant(value), buffer);
  }

  void attendChunk(const IndexExpr &start);
  /// Attends `blocks` blocks, `diagonal` of the first one, to the first `count`
  /// keys.
  void attendStrip(const IndexExpr &blocks, const IndexExpr &count,
                   const std::optional<IndexExpr> &diagonal);
  void loadBlock(const IndexExpr &start, Value index);
  /// Attends the blocks [begin, end) to the packed keys, masking [begin, seen).
  void attendBlocks(const IndexExpr &begin, const IndexExpr &seen,
                    const IndexExpr &end, Value keyTile);
  /// Runs `body` on the blocks of `blocks` and the parts of `lanes`, of their
  /// transpose, that belong to them.
  void forEachBlockOfLanes(Value blocks, Value lanes,
                           function_ref<void(Value block, Value part)> body);

  OpBuilder &builder;
  Location loc;
  const TileShape &shape;
  const GradScratch &scratch;
  const GradGroup &group;
  IndexExpr rows;
  AffineMap line, straight;
};

} // namespace

void GradEmitter::loadBlock(const IndexExpr &start, Value index) {
  // Strips have blocks behind the last row.
  IndexExpr first = minimum(start + expr(index) * shape.queryTile, rows);
  IndexExpr count = minimum(rows - first, shape.queryTile);
  auto source = [&](Value buffer) {
    return viewRows(builder, loc, buffer, first, count);
  };
  auto lanesOf = [&](Value buffer) {
    return firstLanes(builder, loc, block(buffer, index), count);
  };
  // Lanes without a query are zeros that see nothing.
  for (auto [from, rowTile, asRows, asLanes] :
       {std::tuple(group.query, scratch.queryBlock, scratch.queryRows,
                   scratch.queries),
        std::tuple(group.outGrad, scratch.outGradBlock, scratch.outGradRows,
                   scratch.outGrads)}) {
    Value target = shape.hasPairs() ? rowTile : block(asRows, index);
    packTile(builder, loc, source(from), target, count, shape.parts);
    if (shape.hasGradStrips) {
      forEachBlockOfLanes(block(asLanes, index), target,
                          [&](Value lanes, Value part) {
                            packColumns(builder, loc, part, lanes);
                          });
      forEachBlock(builder, loc, target, block(asRows, index),
                   [&](Value part, Value rows) {
                     packRowPairs(builder, loc, part, rows, /*parts=*/1,
                                  /*ofHalves=*/true);
                   });
      continue;
    }
    packColumns(builder, loc, target, block(asLanes, index));
    if (shape.hasPairs())
      packRowPairs(builder, loc, target, block(asRows, index), shape.parts,
                   /*ofHalves=*/false);
  }
  if (shape.sign != 1) {
    Value sign = constant(shape.sign), lanes = block(scratch.queries, index);
    emitElementwise(builder, loc, {}, lanes, {straight},
                    [&](OpBuilder &b, Location l, ValueRange args) {
                      return SmallVector<Value>{
                          arith::MulFOp::create(b, l, args[0], sign)};
                    });
  }
  fill(block(scratch.delta, index), 0);
  fill(block(scratch.lse, index), INFINITY);
  fill(block(scratch.queryGrads, index), 0);
  emitElementwise(builder, loc, source(group.delta), lanesOf(scratch.delta),
                  {line, line}, copyElement);
  // A row that sees no key anywhere sees none here.
  Value none = constant(-INFINITY), never = constant(INFINITY);
  emitElementwise(builder, loc, source(group.lse), lanesOf(scratch.lse),
                  {line, line}, [&](OpBuilder &b, Location l, ValueRange args) {
                    Value isEmpty = arith::CmpFOp::create(
                        b, l, arith::CmpFPredicate::OEQ, args[0], none);
                    return SmallVector<Value>{
                        arith::SelectOp::create(b, l, isEmpty, never, args[0])};
                  });
  fillLimits(builder, loc, lanesOf(scratch.limits), first, group.diagonal);
}

void GradEmitter::forEachBlockOfLanes(Value blocks, Value lanes,
                                      function_ref<void(Value, Value)> body) {
  forEachIndex(builder, loc, blocks, 1, [&](const IndexExpr &column) {
    Value part = viewRows(builder, loc, lanes, column * widthOfWords,
                          column.constant(widthOfWords));
    forEachIndex(builder, loc, blocks, 0, [&](const IndexExpr &row) {
      body(viewAt(builder, loc, blocks, {row, column}),
           viewColumns(builder, loc, part, row * blockRows, blockRows));
    });
  });
}

void GradEmitter::attendBlocks(const IndexExpr &begin, const IndexExpr &seen,
                               const IndexExpr &end, Value keyTile) {
  emitLoop(builder, loc, begin, end, 1, [&](Value index) {
    AttendGradTileOp::create(
        builder, loc, TypeRange{}, block(scratch.queries, index),
        block(scratch.queryRows, index), scratch.tile.keys, scratch.tile.values,
        block(scratch.outGrads, index), block(scratch.outGradRows, index),
        block(scratch.lse, index), block(scratch.delta, index),
        scratch.tile.keyColumns, scratch.tile.positions,
        block(scratch.limits, index), isBelow(builder, loc, index, seen),
        block(scratch.queryGrads, index), block(scratch.keyGrads, keyTile),
        block(scratch.valueGrads, keyTile),
        builder.getF64FloatAttr(shape.scale),
        builder.getI64IntegerAttr(shape.parts));
  });
}

void GradEmitter::attendChunk(const IndexExpr &start) {
  IndexExpr zero = rows.constant(0);
  IndexExpr count =
      minimum(rows - start, blocksOfChunk(shape) * shape.queryTile);
  IndexExpr blocks = ceilDiv(count, shape.queryTile);
  IndexExpr visible = group.keys.count;
  std::optional<IndexExpr> diagonal;
  if (group.diagonal) {
    diagonal = *group.diagonal + start;
    visible = maximum(minimum(visible, count + *diagonal), 0);
  }
  IndexExpr loaded = blocks;
  if (shape.hasGradStrips)
    loaded = ceilDiv(blocks, largestGroup) * largestGroup;
  emitLoop(builder, loc, zero, loaded, 1,
           [&](Value index) { loadBlock(start, index); });
  if (shape.hasGradStrips) {
    attendStrip(loaded, visible, diagonal);
  } else {
    emitLoop(builder, loc, zero, visible, shape.keyTile, [&](Value first) {
      packKeys(builder, loc, shape, group.keys, scratch.tile, first);
      Value tile = floorDiv(expr(first), shape.keyTile).materialize();
      auto [hidden, seen] =
          rangesOf(shape, blocks, group.keys.count, expr(first), diagonal);
      attendBlocks(hidden, seen, blocks, tile);
    });
  }
  double scale = shape.sign * shape.scale;
  emitLoop(builder, loc, zero, blocks, 1, [&](Value index) {
    IndexExpr first = expr(index) * shape.queryTile;
    IndexExpr lanes = minimum(count - first, shape.queryTile);
    // Transposed first: adding goes along rows.
    Value columns = block(scratch.queryGrads, index);
    if (shape.hasGradStrips)
      forEachBlockOfLanes(columns, scratch.gradRows,
                          [&](Value lanes, Value part) {
                            packColumns(builder, loc, lanes, part);
                          });
    else
      packColumns(builder, loc, columns, scratch.gradRows);
    Value gathered = viewRows(builder, loc, scratch.gradRows, zero, lanes);
    addRows(builder, loc,
            firstLanes(builder, loc, gathered, zero.constant(shape.headDim)),
            viewRows(builder, loc, group.queryGrad, start + first, lanes),
            scale);
  });
}

void GradEmitter::attendStrip(const IndexExpr &blocks, const IndexExpr &count,
                              const std::optional<IndexExpr> &diagonal) {
  IndexExpr zero = rows.constant(0);
  IndexExpr tiles = ceilDiv(count, shape.keyTile);
  auto ofBlocks = [&](Value buffer) {
    return viewRows(builder, loc, buffer, zero, blocks);
  };
  auto ofTiles = [&](Value buffer) {
    return viewRows(builder, loc, buffer, zero, tiles);
  };
  IndexExpr visible = diagonal ? *diagonal + 1 : count;
  AttendGradStripOp::create(
      builder, loc, ofBlocks(scratch.queries), ofBlocks(scratch.queryRows),
      ofTiles(scratch.tile.keys), ofTiles(scratch.tile.keyColumns),
      ofTiles(scratch.tile.values), ofBlocks(scratch.outGrads),
      ofBlocks(scratch.outGradRows), ofBlocks(scratch.lse),
      ofBlocks(scratch.delta), visible.materialize(), count.materialize(),
      ofBlocks(scratch.queryGrads), ofTiles(scratch.keyGrads),
      ofTiles(scratch.valueGrads), scratch.slopes,
      builder.getF64FloatAttr(shape.scale));
}

void GradEmitter::run() {
  emitLoop(builder, loc, rows.constant(0), rows,
           blocksOfChunk(shape) * shape.queryTile,
           [&](Value start) { attendChunk(expr(start)); });
}

/// Sets the gradients of the keys of a segment to zero and, for strips, packs
/// all of them.
static void emitStartKeys(OpBuilder &builder, Location loc,
                          const TileShape &shape, const GradScratch &scratch,
                          const KeyRows &keys) {
  IndexExpr zero = keys.count.constant(0);
  IndexExpr tiles = ceilDiv(keys.count, shape.keyTile);
  Value nothing = arith::ConstantOp::create(
      builder, loc, builder.getZeroAttr(shape.accumulation));
  for (Value buffer : {scratch.keyGrads, scratch.valueGrads})
    linalg::FillOp::create(builder, loc, nothing,
                           viewRows(builder, loc, buffer, zero, tiles));
  if (!shape.hasGradStrips)
    return;
  emitLoop(builder, loc, zero, tiles, 1, [&](Value index) {
    auto block = [&](Value buffer) {
      return blockAt(builder, loc, buffer, index);
    };
    KeyTile tile{block(scratch.tile.keys), block(scratch.tile.values),
                 /*positions=*/Value(), block(scratch.tile.keyColumns)};
    IndexExpr first =
        IndexExpr(builder, loc, OpFoldResult(index)) * shape.keyTile;
    packKeys(builder, loc, shape, keys, tile, first.materialize());
  });
}

/// Adds what has gathered for the first `count` keys of a segment to its
/// destination [rows, D] or [rows, Dv], `factor` times.
static void emitAddKeyGrads(OpBuilder &builder, Location loc,
                            const TileShape &shape, Value sums,
                            Value destination, const IndexExpr &count,
                            double factor) {
  IndexExpr zero = count.constant(0);
  auto addPart = [&](Value part, Value sums) {
    Value rows =
        viewRows(builder, loc, sums, zero, sizeOf(builder, loc, part, 0));
    addRows(builder, loc,
            firstLanes(builder, loc, rows, sizeOf(builder, loc, part, 1)), part,
            factor);
  };
  emitLoop(builder, loc, zero, ceilDiv(count, shape.keyTile), 1,
           [&](Value index) {
             IndexExpr first =
                 IndexExpr(builder, loc, OpFoldResult(index)) * shape.keyTile;
             Value tile = blockAt(builder, loc, sums, index),
                   target = viewRows(builder, loc, destination, first,
                                     minimum(count - first, shape.keyTile));
             if (shape.hasGradStrips)
               forEachBlock(builder, loc, target, tile, addPart);
             else
               addPart(target, tile);
           });
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

void startKeys(OpBuilder &builder, Location loc, const TileShape &shape,
               const GradScratch &scratch, const KeyRows &keys,
               KernelFunctions &functions) {
  SmallVector<Value> operands{scratch.keyGrads, scratch.valueGrads};
  if (shape.hasGradStrips)
    operands.append(
        {scratch.tile.keys, scratch.tile.values, scratch.tile.keyColumns});
  for (Value view : {keys.key, keys.value})
    operands.push_back(forgetStrides(builder, loc, view));
  operands.push_back(keys.count.materialize());
  functions.call(builder, loc, "longnet_start_keys",
                 shape.asAttribute(/*hasDiagonal=*/false), operands,
                 [&](OpBuilder &b, Location l, ValueRange arguments) {
                   ArgumentReader next{b, l, arguments};
                   GradScratch buffers;
                   buffers.keyGrads = next.value();
                   buffers.valueGrads = next.value();
                   if (shape.hasGradStrips) {
                     buffers.tile.keys = next.value();
                     buffers.tile.values = next.value();
                     buffers.tile.keyColumns = next.value();
                   }
                   ValueRange rows = next.take(2);
                   KeyRows inside{rows[0], rows[1], next.index(), Value()};
                   emitStartKeys(b, l, shape, buffers, inside);
                 });
}

void attendGradGroup(OpBuilder &builder, Location loc, const TileShape &shape,
                     const GradScratch &scratch, const GradGroup &group,
                     KernelFunctions &functions) {
  SmallVector<Value> operands = scratch.list();
  for (Value view : {group.query, group.outGrad, group.lse, group.delta,
                     group.queryGrad, group.keys.key, group.keys.value})
    operands.push_back(forgetStrides(builder, loc, view));
  operands.push_back(group.keys.count.materialize());
  bool hasDiagonal = group.diagonal.has_value();
  if (hasDiagonal)
    operands.push_back(group.diagonal->materialize());
  functions.call(
      builder, loc, "longnet_attend_grad_group", shape.asAttribute(hasDiagonal),
      operands, [&](OpBuilder &b, Location l, ValueRange arguments) {
        ArgumentReader next{b, l, arguments};
        GradScratch buffers = GradScratch::take(next, shape);
        ValueRange rows = next.take(5), keys = next.take(2);
        GradGroup inside{rows[0],     rows[1],
                         rows[2],     rows[3],
                         rows[4],     {keys[0], keys[1], next.index(), Value()},
                         std::nullopt};
        if (hasDiagonal)
          inside.diagonal = next.index();
        GradEmitter(b, l, shape, buffers, inside).run();
      });
}

void addKeyGrads(OpBuilder &builder, Location loc, const TileShape &shape,
                 const GradScratch &scratch, Value keyGrad, Value valueGrad,
                 const IndexExpr &count, KernelFunctions &functions) {
  SmallVector<Value> operands{scratch.keyGrads, scratch.valueGrads};
  for (Value view : {keyGrad, valueGrad})
    operands.push_back(forgetStrides(builder, loc, view));
  operands.push_back(count.materialize());
  functions.call(builder, loc, "longnet_add_key_grads",
                 shape.asAttribute(/*hasDiagonal=*/false), operands,
                 [&](OpBuilder &b, Location l, ValueRange arguments) {
                   ArgumentReader next{b, l, arguments};
                   ValueRange sums = next.take(2), destinations = next.take(2);
                   IndexExpr keys = next.index();
                   emitAddKeyGrads(b, l, shape, sums[0], destinations[0], keys,
                                   shape.sign * shape.scale);
                   emitAddKeyGrads(b, l, shape, sums[1], destinations[1], keys,
                                   1);
                 });
}

} // namespace longnet
