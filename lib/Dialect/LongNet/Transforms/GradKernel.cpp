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
#include "GradScratch.h"
#include "Packing.h"
#include "Scratch.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace longnet {
namespace {

/// One segment and head: views with any strides.
struct GradGroup {
  /// [rows, D] and [rows, Dv]
  Value query, outGrad;
  /// [rows]
  Value lse, delta;
  Value queryGrad;
  KeyRows keys;
  Value keyGrad, valueGrad;
  std::optional<IndexExpr> diagonal;
};

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
  /// Packs all keys of the segment.
  void packAllKeys(const IndexExpr &tiles);
  void loadBlock(const IndexExpr &start, Value index);
  /// Attends the blocks [begin, end) to the packed keys, masking [begin, seen).
  void attendBlocks(const IndexExpr &begin, const IndexExpr &seen,
                    const IndexExpr &end, Value keyTile);
  /// Runs `body` on the blocks of `blocks` and the parts of `lanes`, of their
  /// transpose, that belong to them.
  void forEachBlockOfLanes(Value blocks, Value lanes,
                           function_ref<void(Value block, Value part)> body);
  /// Adds `factor` times the rows of `from`.
  void addRows(Value from, Value to, double factor);

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

void GradEmitter::addRows(Value from, Value to, double factor) {
  Type storage = getElementTypeOrSelf(to);
  Value by = constant(factor);
  emitElementwise(builder, loc, from, to, {straight, straight},
                  [&](OpBuilder &b, Location l, ValueRange args) {
                    Value x = args[0];
                    if (factor != 1)
                      x = arith::MulFOp::create(b, l, x, by);
                    x = arith::AddFOp::create(
                        b, l, convert(b, l, args[1], shape.accumulation), x);
                    return SmallVector<Value>{convert(b, l, x, storage)};
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
    addRows(firstLanes(builder, loc, gathered, zero.constant(shape.headDim)),
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

void GradEmitter::packAllKeys(const IndexExpr &tiles) {
  emitLoop(builder, loc, rows.constant(0), tiles, 1, [&](Value index) {
    KeyTile tile{block(scratch.tile.keys, index),
                 block(scratch.tile.values, index), /*positions=*/Value(),
                 block(scratch.tile.keyColumns, index)};
    packKeys(builder, loc, shape, group.keys, tile,
             (expr(index) * shape.keyTile).materialize());
  });
}

void GradEmitter::run() {
  IndexExpr zero = rows.constant(0);
  IndexExpr tiles = ceilDiv(group.keys.count, shape.keyTile);
  for (Value buffer : {scratch.keyGrads, scratch.valueGrads})
    fill(viewRows(builder, loc, buffer, zero, tiles), 0);
  if (shape.hasGradStrips)
    packAllKeys(tiles);
  emitLoop(builder, loc, zero, rows, blocksOfChunk(shape) * shape.queryTile,
           [&](Value start) { attendChunk(expr(start)); });
  double scale = shape.sign * shape.scale;
  emitLoop(builder, loc, zero, tiles, 1, [&](Value index) {
    IndexExpr first = expr(index) * shape.keyTile;
    IndexExpr count = minimum(group.keys.count - first, shape.keyTile);
    auto add = [&](Value from, Value to, double factor) {
      Value tile = block(from, index),
            target = viewRows(builder, loc, to, first, count);
      auto addPart = [&](Value part, Value sums) {
        IndexExpr rows = sizeOf(builder, loc, part, 0);
        addRows(firstLanes(builder, loc,
                           viewRows(builder, loc, sums, zero, rows),
                           sizeOf(builder, loc, part, 1)),
                part, factor);
      };
      if (shape.hasGradStrips)
        forEachBlock(builder, loc, target, tile, addPart);
      else
        addPart(target, tile);
    };
    add(scratch.keyGrads, group.keyGrad, scale);
    add(scratch.valueGrads, group.valueGrad, 1);
  });
}

static void attendGradGroup(OpBuilder &builder, Location loc,
                            const TileShape &shape, const GradScratch &scratch,
                            const GradGroup &group,
                            KernelFunctions &functions) {
  SmallVector<Value> operands = scratch.list();
  for (Value view :
       {group.query, group.outGrad, group.lse, group.delta, group.queryGrad,
        group.keys.key, group.keys.value, group.keyGrad, group.valueGrad})
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
        ValueRange rows = next.take(5), keys = next.take(4);
        GradGroup inside{
            rows[0], rows[1], rows[2],
            rows[3], rows[4], {keys[0], keys[1], next.index(), Value()},
            keys[2], keys[3], std::nullopt};
        if (hasDiagonal)
          inside.diagonal = next.index();
        GradEmitter(b, l, shape, buffers, inside).run();
      });
}

void lowerAttendGrad(AttendGradOp op, OpBuilder &builder, TileSizes tiles,
                     KernelFunctions &functions) {
  Location loc = op.getLoc();
  TileShape shape = shapeOf(op, tiles);
  shape.setGradStrips(tiles.strip);
  BranchAttr branch = op.getBranch();
  int64_t w = branch.getSegment(), r = branch.getDilation();
  IndexExpr maxKeys =
      rowsPerSegment(minimum(largestSize(builder, loc, op.getKey(), 2), w), r);
  GradScratch scratch = allocateGradScratch(builder, loc, shape, maxKeys);
  emitNest(
      builder, loc,
      {sizeOf(builder, loc, op.getQuery(), 0),
       sizeOf(builder, loc, op.getQuery(), 1)},
      [&](ArrayRef<IndexExpr> at) {
        IndexExpr keyAt[] = {at[0], keyHeadOf(builder, op, at[1])};
        forEachSegment(
            builder, op, branch, at[0], at[1], [&](const SegmentRows &rows) {
              auto queries = [&](Value sequence) {
                return viewRows(builder, loc,
                                viewAt(builder, loc, sequence, at),
                                rows.firstQuery, rows.queries, r);
              };
              auto keys = [&](Value sequence) {
                return viewRows(builder, loc,
                                viewAt(builder, loc, sequence, keyAt),
                                rows.firstKey, rows.keys, r);
              };
              GradGroup group{
                  queries(op.getQuery()),
                  queries(op.getOutGrad()),
                  queries(op.getLse()),
                  queries(op.getDelta()),
                  queries(op.getQueryGrad()),
                  {keys(op.getKey()), keys(op.getValue()), rows.keys, Value()},
                  keys(op.getKeyGrad()),
                  keys(op.getValueGrad()),
                  rows.diagonal};
              attendGradGroup(builder, loc, shape, scratch, group, functions);
            });
      });
  deallocate(builder, loc, scratch.list());
}

} // namespace longnet
