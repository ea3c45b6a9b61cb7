//===- AttendGradStrip.cpp - attend_grad_strip on tiles -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// One software pipeline with five products, over tiles of keys, strips of 32
// keys of a tile, and groups of blocks of 32 queries. A unit is a strip and a
// block:
//
//   scores    S[key, query]     = K Q          from zero
//   inner     G[key, query]     = V dO         from zero
//   weights   P[key, query]     = exp(scale S - lse)
//   slopes    dS[key, query]    = P (G - delta)
//   values    dV[key, d]       += P dO
//   keys      dK[key, d]       += dS Q
//   queries   dQ[d, query]     += K dS         over all keys of a tile
//
// A unit computes S and G of the unit to come and P and dS of its own. In
// between go panels of dV and dK with the weights of the group before, and of
// dQ with the slopes of the tile before, which wait in the second cache. P and
// dS take the place of S in memory. Nothing is transposed: rows of P and dS
// hold the queries 0, 16, 1, 17, ..., and so do the rows of Q and dO that they
// are multiplied with; for dQ, slopes of two keys come to lie side by side.
//
//===----------------------------------------------------------------------===//

#include "LongNetToAMX.h"
#include "StripEmitter.h"
#include "longnet/Conversion/Passes.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace longnet {
namespace {

constexpr double log2e = 1.44269504088896340736;

class AttendGradStrip : public StripEmitter {
public:
  AttendGradStrip(AttendGradStripOp op, OpBuilder &builder);

  void emit();

private:
  /// A panel of values or keys that a unit adds to.
  struct RowPanel {
    bool isOfValues;
    Value panel;
  };
  /// Of the group of units before: its first block, the sums of its strip, and
  /// bytes to its scores.
  struct Group {
    Value block, keyGrads, valueGrads, scores;
  };
  /// Of the tile before: its columns, the sums and slopes of block 0 and bytes
  /// to those of the next block, and the first block that saw it.
  struct Tile {
    Value keyColumns, queryGrads, queryGradStride, slopes, slopeStride, first;

    SmallVector<Value> list() const {
      return {keyColumns, queryGrads,  queryGradStride,
              slopes,     slopeStride, first};
    }
    static Tile of(ValueRange v) {
      return {v[0], v[1], v[2], v[3], v[4], v[5]};
    }
  };
  /// A strip and a block.
  struct Unit {
    Value strip, block;
  };
  /// A tile and its slopes, a strip, the first block of a group, and a unit of
  /// it. After the last one comes `next`.
  struct Position {
    Value tile, slopes, strip, block;
    Unit next;
    Value unit;
  };

  /// The pipeline over the first `tiles` tiles.
  void emitTiles(Value tiles);
  /// The units of a strip and the blocks of a group, with panels of rows of the
  /// group before, and of queries of the tile before from `queryPanel` on.
  void emitGroup(Position at, const Group &before, const Tile &tileBefore,
                 Value queryPanel);
  void emitUnit(const Position &at, const Group &before,
                ArrayRef<RowPanel> rowPanels, const Tile &tileBefore,
                Value queryPanel, int64_t queryPanels);
  /// Sums of the group before.
  void emitRowPanel(const Group &group, const RowPanel &which, VectorWork work);
  /// Sums of the tile before: `which` counts panels of all blocks.
  void emitQueryPanel(const Tile &tile, Value which, VectorWork work);
  void emitScores(const Unit &at, Value scores, VectorWork work);
  void emitInner(const Unit &at, VectorWork work);
  /// P and dS of the keys `2 pair` and `2 pair + 1` of a unit.
  void emitWeights(Value scores, Value slopes, int64_t pair);

  /// The bits of `x`, the upper half rounded to bf16.
  Value rounded(Value x);
  /// The upper halves of words of `low`, as lower ones, and of `high`.
  Value merge(Value low, Value high);

  int64_t scoreBytes() const { return unitsOfGroup * panelBytes; }
  int64_t blockBytes(int64_t dim) const { return dim * lanes * 2; }
  int64_t slopeBytes() const { return keys * lanes * 2; }

  AttendGradStripOp op;
  int64_t headDim, valueDim, keys;
  /// Blocks of a group.
  int64_t unitsOfGroup;
  VectorType floats, words, halves;

  Value blocks;
  Value queries, queryRows, keyRows, keyColumns, valueRows, outGrads,
      outGradRows, lse, delta, queryGrads, keyGrads, valueGrads, slopeBuffers;
  /// Scores and then weights of two groups, and inner products of a unit.
  Value scoreBuffers, inner;
  /// Takes the sums of the first groups and tiles, which have none before.
  Value nowhere;
  /// Constants in registers, and what is added for the queries of a unit.
  Value halfUnit, upperHalves;
  SmallVector<Value> levels, deltas;
};

AttendGradStrip::AttendGradStrip(AttendGradStripOp op, OpBuilder &builder)
    : StripEmitter(builder, op.getLoc()), op(op),
      floats(VectorType::get(tileRows, b.getF32Type())),
      words(VectorType::get(tileRows, b.getI32Type())),
      halves(VectorType::get(2 * tileRows, b.getI16Type())) {
  headDim = op.getKey().getType().getDimSize(2) * panelRows;
  keys = op.getKey().getType().getDimSize(1) * panelRows;
  valueDim = op.getValue().getType().getDimSize(2) * panelRows;
  // The more queries a group has, the less often are sums of its keys loaded,
  // and the less of the first cache is left for them.
  unitsOfGroup = headDim == 2 * panelRows ? 2 : 4;
}

void AttendGradStrip::emitRowPanel(const Group &group, const RowPanel &which,
                                   VectorWork work) {
  int64_t dim = which.isOfValues ? valueDim : headDim;
  Value sums = which.isOfValues ? group.valueGrads : group.keyGrads;
  Value rows = which.isOfValues ? outGradRows : queryRows;
  // Weights in the first half of the scores, slopes in the second.
  Value weights = unit.offset(unit.offset(scoreBuffers, group.scores),
                              panelOffset(0, which.isOfValues ? 0 : 1));
  Factor left{weights, /*isStreamed=*/false, panelBytes};
  Factor right{element(element(rows, group.block, blockBytes(dim)), which.panel,
                       2 * tileBytes),
               /*isStreamed=*/true, blockBytes(dim)};
  multiplyPanels(left, right, unitsOfGroup,
                 {element(sums, which.panel, panelBytes)},
                 /*fromZero=*/false, work);
}

void AttendGradStrip::emitQueryPanel(const Tile &tile, Value which,
                                     VectorWork work) {
  int64_t panels = headDim / panelRows;
  Value block = divide(which, panels);
  Value panel = subtract(which, multiply(block, panels));
  Factor left{element(tile.keyColumns, panel, panelRows * keys * 2),
              /*isStreamed=*/true};
  Value slopes = arith::MulIOp::create(b, block, tile.slopeStride);
  Factor right{unit.offset(tile.slopes, slopes), /*isStreamed=*/true};
  Value sums = arith::MulIOp::create(b, block, tile.queryGradStride);
  sums = unit.offset(tile.queryGrads, add(sums, multiply(panel, panelBytes)));
  multiplyPanels(left, right, keys / panelRows, {sums}, /*fromZero=*/false,
                 work);
}

void AttendGradStrip::emitScores(const Unit &at, Value scores,
                                 VectorWork work) {
  Factor left{element(keyRows, at.strip, panelRows * headDim * 2),
              /*isStreamed=*/true};
  Factor right{element(queries, at.block, blockBytes(headDim)),
               /*isStreamed=*/true};
  multiplyPanels(left, right, headDim / panelRows, {scores}, /*fromZero=*/true,
                 work);
}

void AttendGradStrip::emitInner(const Unit &at, VectorWork work) {
  Factor left{element(valueRows, at.strip, panelRows * valueDim * 2),
              /*isStreamed=*/true};
  Factor right{element(outGrads, at.block, blockBytes(valueDim)),
               /*isStreamed=*/true};
  multiplyPanels(left, right, valueDim / panelRows, {inner}, /*fromZero=*/true,
                 work);
}

void AttendGradStrip::emitWeights(Value scores, Value slopes, int64_t pair) {
  Value scale = unit.splat(floats, op.getScale().convertToDouble() * log2e);
  // Of two keys, each in two vectors of queries.
  Value weight[2][2], slope[2][2];
  for (int64_t key : {0, 1})
    for (int64_t half : {0, 1}) {
      int64_t at = panelOffset(2 * pair + key, half);
      Value score = unit.load(floats, unit.offset(scores, at));
      Value bits = math::FmaOp::create(b, score, scale, levels[half]);
      auto power = math::Exp2Op::create(b, bits, arith::FastMathFlags::afn);
      for (StringRef known : {roundedToBF16, flushedToZero})
        power->setAttr(known, b.getUnitAttr());
      Value product = unit.load(floats, unit.offset(inner, at));
      Value difference = arith::AddFOp::create(b, product, deltas[half]);
      weight[key][half] = rounded(power);
      slope[key][half] = rounded(arith::MulFOp::create(b, power, difference));
    }
  // Two vectors of queries side by side, and for slopes two keys.
  for (int64_t key : {0, 1}) {
    int64_t row = 2 * pair + key;
    unit.store(merge(weight[key][0], weight[key][1]),
               unit.offset(scores, panelOffset(row, 0)));
    unit.store(merge(slope[key][0], slope[key][1]),
               unit.offset(scores, panelOffset(row, 1)));
  }
  for (int64_t half : {0, 1})
    unit.store(merge(slope[0][half], slope[1][half]),
               unit.offset(slopes, pairsOffset(pair, half)));
  // Otherwise LLVM has too much in registers at once.
  unit.fence();
}

Value AttendGradStrip::rounded(Value x) {
  return arith::AddIOp::create(b, arith::BitcastOp::create(b, words, x),
                               halfUnit);
}

Value AttendGradStrip::merge(Value low, Value high) {
  low = arith::ShRUIOp::create(b, low, unit.splat(words, 16));
  auto asHalves = [&](Value x) {
    return LLVM::BitcastOp::create(b, halves, x).getResult();
  };
  // By a mask that LLVM does not know: it would take a permutation.
  Value both =
      LLVM::SelectOp::create(b, upperHalves, asHalves(high), asHalves(low));
  return LLVM::BitcastOp::create(b, words, both);
}

void AttendGradStrip::emitUnit(const Position &at, const Group &before,
                               ArrayRef<RowPanel> rowPanels,
                               const Tile &tileBefore, Value queryPanel,
                               int64_t queryPanels) {
  Value current = add(at.block, at.unit);
  Value written = subtract(index(scoreBytes()), before.scores);
  written = add(written, multiply(at.unit, panelBytes));
  Value scores = unit.offset(scoreBuffers, written);
  Sight sight = sightOf(current, multiply(at.strip, panelRows), op.getVisible(),
                        op.getCount());
  emitIf(hides(sight, panelRows),
         [&] { hide(sight, /*skipped=*/0, panelRows, scores, -INFINITY); });
  levels.clear();
  deltas.clear();
  for (int64_t half : {0, 1}) {
    auto load = [&](Value from) {
      return unit.load(floats, unit.offset(element(from, current, lanes * 4),
                                           half * tileRowBytes));
    };
    // Negative, to be added.
    Value level =
        arith::MulFOp::create(b, load(lse), unit.splat(floats, -log2e));
    levels.push_back(unit.pin(level));
    deltas.push_back(unit.pin(arith::NegFOp::create(b, load(delta))));
  }
  Value stripInTile = subtract(at.strip, multiply(at.tile, keys / panelRows));
  Value slopes = unit.offset(element(at.slopes, current, slopeBytes()),
                             multiply(stripInTile, 2 * tileBytes));

  int64_t products =
      4 * (rowPanels.size() * unitsOfGroup + queryPanels * keys / panelRows +
           (headDim + valueDim) / panelRows);
  // Inner products are stored during the first four products.
  constexpr int64_t pairs = panelRows / 2, wait = 4;
  products -= wait;
  int64_t product = -wait;
  auto work = [&] {
    int64_t from = std::max<int64_t>(product, 0) * pairs / products;
    int64_t to = std::max<int64_t>(++product, 0) * pairs / products;
    for (int64_t pair = from; pair < to; ++pair)
      emitWeights(scores, slopes, pair);
  };
  held = Panel{inner};
  for (const RowPanel &panel : rowPanels)
    emitRowPanel(before, panel, work);
  for (int64_t panel = 0; panel < queryPanels; ++panel)
    emitQueryPanel(tileBefore, add(queryPanel, panel), work);
  // What the group before left has been used when its last unit gets here.
  Value isLast = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, at.unit,
                                       index(unitsOfGroup - 1));
  Unit next{choose(isLast, at.next.strip, at.strip),
            choose(isLast, at.next.block, add(current, 1))};
  Value target = choose(isLast, before.scores, add(written, panelBytes));
  emitScores(next, unit.offset(scoreBuffers, target), work);
  emitInner(next, work);
}

void AttendGradStrip::emitGroup(Position at, const Group &before,
                                const Tile &tileBefore, Value queryPanel) {
  int64_t keyPanels = headDim / panelRows, valuePanels = valueDim / panelRows;
  // With every strip of a tile goes its part of the panels of the tile before.
  int64_t queryPanels = keyPanels * unitsOfGroup / (keys / panelRows);
  auto panelAt = [&](bool isOfValues, Value panel) {
    return RowPanel{isOfValues, panel};
  };
  if (llvm::all_equal({keyPanels, valuePanels, queryPanels, unitsOfGroup})) {
    // One of each kind with every unit. As a loop, the code stays in the first
    // cache.
    SmallVector<Value> none;
    loop(index(0), index(unitsOfGroup), 1, none,
         [&](Value which, SmallVector<Value> &) {
           at.unit = which;
           emitUnit(at, before, {panelAt(true, which), panelAt(false, which)},
                    tileBefore, add(queryPanel, which), 1);
         });
    return;
  }
  SmallVector<RowPanel> rowPanels;
  for (int64_t panel = 0; panel < std::max(keyPanels, valuePanels); ++panel) {
    if (panel < valuePanels)
      rowPanels.push_back(panelAt(true, index(panel)));
    if (panel < keyPanels)
      rowPanels.push_back(panelAt(false, index(panel)));
  }
  for (int64_t which = 0; which < unitsOfGroup; ++which) {
    auto share = [&](int64_t total) { return which * total / unitsOfGroup; };
    auto shareEnd = [&](int64_t total) {
      return (which + 1) * total / unitsOfGroup;
    };
    at.unit = index(which);
    int64_t row = share(rowPanels.size()), query = share(queryPanels);
    emitUnit(at, before,
             ArrayRef(rowPanels).slice(row, shareEnd(rowPanels.size()) - row),
             tileBefore, add(queryPanel, query), shareEnd(queryPanels) - query);
  }
}

void AttendGradStrip::emit() {
  blocks = memref::DimOp::create(b, op.getQuery(), 0);
  Value tiles = memref::DimOp::create(b, op.getKey(), 0);
  scoreBuffers = unit.allocate(2 * scoreBytes());
  inner = unit.allocate(panelBytes);
  nowhere = unit.allocate(panelRows * std::max(headDim, valueDim) * 4);
  // Products of small weights would be denormal, which takes long.
  Value control = unit.allocate(8), ours = unit.offset(control, 4);
  unit.flushDenormals(control, ours);
  unit.configure();
  // Tiles that the last block sees.
  Value last = subtract(blocks, index(1));
  Sight sight = sightOf(last, index(0), op.getVisible(), op.getCount());
  Value seen = minimum(add(sight.visible, lanes - 1), sight.count);
  seen = maximum(seen, index(0));
  tiles = minimum(divide(add(seen, keys - 1), keys), tiles);
  Value hasUnits =
      arith::AndIOp::create(b, less(index(0), blocks), less(index(0), tiles));
  emitIf(hasUnits, [&] { emitTiles(tiles); });
  unit.release();
  unit.restoreDenormals(control);
}

void AttendGradStrip::emitTiles(Value tiles) {
  Value zero = index(0);
  queries = unit.pointerTo(op.getQuery());
  queryRows = unit.pointerTo(op.getQueryRows());
  keyRows = unit.pointerTo(op.getKey());
  keyColumns = unit.pointerTo(op.getKeyColumns());
  valueRows = unit.pointerTo(op.getValue());
  outGrads = unit.pointerTo(op.getOutGrad());
  outGradRows = unit.pointerTo(op.getOutGradRows());
  lse = unit.pointerTo(op.getLse());
  delta = unit.pointerTo(op.getDelta());
  queryGrads = unit.pointerTo(op.getQueryGrad());
  keyGrads = unit.pointerTo(op.getKeyGrad());
  valueGrads = unit.pointerTo(op.getValueGrad());
  slopeBuffers = unit.pointerTo(op.getSlopes());
  halfUnit = unit.pin(unit.splat(words, 0x8000));
  Value mask = unit.constant(b.getI32Type(), b.getI32IntegerAttr(0xaaaaaaaa));
  upperHalves = LLVM::BitcastOp::create(
      b, VectorType::get(2 * tileRows, b.getI1Type()), unit.pin(mask, "k"));

  int64_t strips = keys / panelRows;
  // Groups start at multiples of their size.
  auto firstOf = [&](Value tile) {
    Value first = firstBlockOf(multiply(tile, keys), op.getVisible());
    first = multiply(divide(first, unitsOfGroup), unitsOfGroup);
    return minimum(first, subtract(blocks, index(unitsOfGroup)));
  };
  Value first = firstOf(zero);
  Unit start{zero, first};
  emitScores(start, scoreBuffers, noWork);
  emitInner(start, noWork);
  auto groupOf = [](ValueRange v) { return Group{v[0], v[1], v[2], v[3]}; };
  SmallVector<Value> state{first, nowhere, nowhere, index(scoreBytes())};
  Tile none{keyColumns, nowhere, zero, scoreBuffers, zero, first};
  state.append(none.list());
  state.push_back(zero);
  loop(zero, tiles, 1, state, [&](Value tile, SmallVector<Value> &outer) {
    Tile before = Tile::of(ArrayRef(outer).slice(4, 6));
    Value slopeOffset = outer[10];
    Value slopes = unit.offset(slopeBuffers, slopeOffset);
    Value begin = firstOf(tile), nextBegin = firstOf(add(tile, 1));
    int64_t panels = headDim / panelRows;
    // Blocks that saw the tile before, but not this one.
    held = Panel{inner};
    emitIf(less(before.first, begin), [&] {
      storeHeld();
      SmallVector<Value> nothing;
      loop(multiply(before.first, panels), multiply(begin, panels), 1, nothing,
           [&](Value which, SmallVector<Value> &) {
             emitQueryPanel(before, which, noWork);
             storeHeld();
           });
      hold({inner});
    });
    SmallVector<Value> carried(outer.begin(), outer.begin() + 4);
    carried.push_back(multiply(begin, panels));
    loop(zero, index(strips), 1, carried,
         [&](Value stripInTile, SmallVector<Value> &middle) {
           Value strip = add(multiply(tile, strips), stripInTile);
           Value isLastStrip = arith::CmpIOp::create(
               b, arith::CmpIPredicate::eq, stripInTile, index(strips - 1));
           Value afterwards = choose(isLastStrip, nextBegin, begin);
           Value nextStrip = minimum(
               add(strip, 1), subtract(multiply(tiles, strips), index(1)));
           loop(begin, blocks, unitsOfGroup, middle,
                [&](Value block, SmallVector<Value> &inside) {
                  Value following = add(block, unitsOfGroup);
                  Value goesOn = less(following, blocks);
                  Unit next{choose(goesOn, strip, nextStrip),
                            choose(goesOn, following, afterwards)};
                  Group group = groupOf(inside);
                  emitGroup({tile, slopes, strip, block, next, Value()}, group,
                            before, inside[4]);
                  inside = {
                      block, element(keyGrads, strip, panelRows * headDim * 4),
                      element(valueGrads, strip, panelRows * valueDim * 4),
                      subtract(index(scoreBytes()), group.scores),
                      add(inside[4], panels * unitsOfGroup / strips)};
                });
         });
    outer.assign(carried.begin(), carried.begin() + 4);
    Tile now{element(keyColumns, tile, headDim * keys * 2),
             queryGrads,
             index(headDim * lanes * 4),
             slopes,
             index(slopeBytes()),
             begin};
    outer.append(now.list());
    // Slopes of two tiles take turns.
    outer.push_back(subtract(multiply(blocks, slopeBytes()), slopeOffset));
  });

  held.reset();
  Group group = groupOf(ArrayRef(state).take_front(4));
  for (auto [isOfValues, dim] :
       {std::pair(true, valueDim), std::pair(false, headDim)})
    for (int64_t panel = 0; panel < dim / panelRows; ++panel)
      emitRowPanel(group, {isOfValues, index(panel)}, noWork);
  storeHeld();
  Tile tile = Tile::of(ArrayRef(state).slice(4, 6));
  int64_t panels = headDim / panelRows;
  SmallVector<Value> nothing;
  loop(multiply(tile.first, panels), multiply(blocks, panels), 1, nothing,
       [&](Value which, SmallVector<Value> &) {
         emitQueryPanel(tile, which, noWork);
         storeHeld();
       });
}

} // namespace

LogicalResult lowerAttendGradStrip(AttendGradStripOp op,
                                   PatternRewriter &rewriter) {
  if (op.getLse().getType().getDimSize(1) != lanes ||
      op.getKey().getType().getDimSize(1) != 4)
    return rewriter.notifyMatchFailure(
        op, "expects blocks of 32 queries and tiles of 128 keys");
  AttendGradStrip(op, rewriter).emit();
  rewriter.eraseOp(op);
  return success();
}

} // namespace longnet
