//===- AttendStrip.cpp - attend_strip on tile registers -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// One software pipeline over all pairs of a block of queries and a tile of
// keys. A step computes the scores of the keys to come, the exponentials of the
// scores at hand, and the sums of values with the weights of the pair before;
// a pair takes as many steps as there are panels of values.
//
//   scores    S[key, query]  = K Q        from zero
//   weights   P[key, query]  = exp(S)     bf16, two keys side by side
//   sums      O[d, query]   += V P
//
// Keys and values are loaded as streams, so that scores, weights, sums and
// queries stay in the first cache.
//
//===----------------------------------------------------------------------===//

#include "LongNetToAMX.h"
#include "PairedExponential.h"
#include "StripEmitter.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace longnet {
namespace {

class AttendStrip : public StripEmitter {
public:
  AttendStrip(AttendStripOp op, OpBuilder &builder)
      : StripEmitter(builder, op.getLoc()), op(op) {
    headDim = 2 * op.getQuery().getType().getDimSize(1);
    keys = op.getKey().getType().getDimSize(1) * panelRows;
    valueDim = op.getValue().getType().getDimSize(1) * panelRows;
    passes = valueDim / panelRows;
    panels = keys / panelRows / passes;
  }

  void emit();

private:
  /// What an iteration needs to know of those before it.
  struct Before {
    /// Values and sums of the pair whose weights are still to be used, and
    /// the panel of sums that is held.
    Value values, acc, held;
    /// Bytes to the weights to be written, in one of two buffers.
    Value weights;

    SmallVector<Value> list() const { return {values, acc, held, weights}; }
    static Before of(ValueRange values) {
      return {values[0], values[1], values[2], values[3]};
    }
  };
  /// A block of queries and a tile of keys.
  struct Pair {
    Value queries, keys;
  };

  /// Tiles that `block` attends.
  Value tilesOf(Value block);
  /// The pipeline over blocks from `first` on.
  void emitPairs(Value first);
  void emitPair(const Pair &now, const Pair &next, const Sight &sight,
                Before &before, MutableArrayRef<Value> sums,
                PairedExponential &exponential);
  /// Scores of panel `panel` of a tile.
  void emitScores(const Pair &pair, int64_t panel, Value scores,
                  VectorWork work);
  /// One panel of the sums of the pair before.
  void emitSums(const Before &before, int64_t pass, VectorWork work);

  double scale() { return op.getScale().convertToDouble(); }
  /// A panel of sums, whose rows are those of all lanes.
  static Panel sumsAt(Value pointer) {
    return {pointer, lanes * 4, tileRows * lanes * 4, tileRowBytes};
  }
  int64_t weightBytes() const { return keys * lanes * 2; }
  int64_t accBytes() const { return valueDim * lanes * 4; }
  /// Bytes to the weights of the pair before.
  Value otherWeights(const Before &before) {
    return subtract(index(weightBytes()), before.weights);
  }

  AttendStripOp op;
  int64_t headDim, valueDim, keys;
  /// Panels of sums, each a step of a pair, and panels of scores in a step.
  int64_t passes, panels;
  Value blocks, tiles;
  /// Two buffers each.
  Value scoreBuffers, weightBuffers;
  /// Takes the sums of the first iteration, which has no pair before it.
  Value nowhere;
};

void AttendStrip::emitScores(const Pair &pair, int64_t panel, Value scores,
                             VectorWork work) {
  Factor left{unit.offset(pair.keys, panel * panelRows * headDim * 2),
              /*isStreamed=*/true};
  Factor right{pair.queries, /*isStreamed=*/false, 2 * tileBytes, tileRowBytes,
               2 * tileRowBytes};
  multiplyPanels(left, right, headDim / panelRows, {scores}, /*fromZero=*/true,
                 work);
}

void AttendStrip::emitSums(const Before &before, int64_t pass,
                           VectorWork work) {
  Factor left{unit.offset(before.values, pass * panelRows * keys * 2),
              /*isStreamed=*/true};
  Factor right{unit.offset(weightBuffers, otherWeights(before)),
               /*isStreamed=*/false};
  multiplyPanels(left, right, keys / panelRows,
                 sumsAt(unit.offset(before.acc, pass * panelBytes)),
                 /*fromZero=*/false, work);
}

void AttendStrip::emitPair(const Pair &now, const Pair &next,
                           const Sight &sight, Before &before,
                           MutableArrayRef<Value> sums,
                           PairedExponential &exponential) {
  auto vector = VectorType::get(tileRows, b.getF32Type());
  Value written = unit.offset(weightBuffers, before.weights);
  // With an odd number of steps, every other pair starts in the other buffer of
  // scores.
  Value scores = scoreBuffers,
        otherScores = unit.offset(scores, panels * panelBytes);
  if (passes % 2 != 0) {
    Value isFirst = arith::CmpIOp::create(b, arith::CmpIPredicate::eq,
                                          before.weights, index(0));
    Value first = choose(isFirst, scores, otherScores);
    otherScores = choose(isFirst, otherScores, scores);
    scores = first;
  }
  held = sumsAt(before.held);
  Value isHidden = hides(sight, keys);
  for (int64_t pass = 0; pass < passes; ++pass) {
    emitIf(isHidden, [&] {
      int64_t rows = panels * panelRows;
      hide(sight, pass * rows, rows, scores,
           PairedExponential::scoreOfZero(scale()));
    });
    // Exponentials of the scores at hand, spread over the products of a step.
    int64_t products = panels * headDim / 8 + keys / 8;
    int64_t vectors = panels * panelRows / 2 * (lanes / tileRows);
    int64_t product = 0;
    auto work = [&, scores] {
      int64_t begin = product * vectors / products;
      int64_t end = ++product * vectors / products;
      for (int64_t at = begin; at < end; ++at) {
        int64_t half = at % 2, row = at / 2;
        Value even = unit.offset(scores, panelOffset(2 * row, half));
        Value pairs = exponential.emit(
            unit.load(vector, even),
            unit.load(vector, unit.offset(even, tileRowBytes)));
        unit.store(pairs, unit.offset(written, pass * weightBytes() / passes +
                                                   pairsOffset(row, half)));
        Value &sum = sums[at % 2];
        // Pinned, or LLVM adds up everything at the end of the step.
        sum = unit.pin(exponential.addPairs(sum, pairs));
      }
    };
    bool isLast = pass + 1 == passes;
    for (int64_t panel = 0; panel < panels; ++panel)
      emitScores(isLast ? next : now,
                 isLast ? panel : (pass + 1) * panels + panel,
                 unit.offset(otherScores, panel * panelBytes), work);
    emitSums(before, pass, work);
    std::swap(scores, otherScores);
  }
  before.held = held->pointer;
  before.weights = otherWeights(before);
}

Value AttendStrip::tilesOf(Value block) {
  Sight sight = sightOf(block, index(0), op.getVisible(), op.getCount());
  Value seen = minimum(add(sight.visible, lanes - 1), sight.count);
  seen = maximum(seen, index(0));
  return minimum(divide(add(seen, keys - 1), keys), tiles);
}

void AttendStrip::emit() {
  Value zero = index(0);
  blocks = memref::DimOp::create(b, op.getQuery(), 0);
  tiles = memref::DimOp::create(b, op.getKey(), 0);
  scoreBuffers = unit.allocate(2 * panels * panelBytes);
  weightBuffers = unit.allocate(2 * weightBytes());
  nowhere = unit.allocate(accBytes());
  Value first = firstBlockOf(zero, op.getVisible());
  Value hasKeys = less(zero, minimum(tiles, op.getCount()));
  unit.configure();
  emitIf(arith::AndIOp::create(b, less(first, blocks), hasKeys),
         [&] { emitPairs(first); });
  unit.release();
}

void AttendStrip::emitPairs(Value first) {
  Value zero = index(0);
  Value queries = unit.pointerTo(op.getQuery()),
        keyTiles = unit.pointerTo(op.getKey()),
        valueTiles = unit.pointerTo(op.getValue()),
        acc = unit.pointerTo(op.getAcc()), sum = unit.pointerTo(op.getSum());
  auto queriesOf = [&](Value block) {
    return element(queries, block, headDim * lanes * 2);
  };
  auto vector = VectorType::get(tileRows, b.getF32Type());
  PairedExponential exponential(b, unit, scale());

  Pair start{queriesOf(first), keyTiles};
  for (int64_t panel = 0; panel < panels; ++panel) {
    emitScores(start, panel, unit.offset(scoreBuffers, panel * panelBytes),
               noWork);
    storeHeld();
  }
  Value last = subtract(blocks, index(1));
  SmallVector<Value> state = Before{valueTiles, nowhere, nowhere, zero}.list();
  loop(first, blocks, 1, state, [&](Value block, SmallVector<Value> &outer) {
    Value blockSums = element(sum, block, lanes * 4);
    SmallVector<Value> carried = outer;
    for (int64_t half : {0, 1})
      carried.push_back(
          unit.load(vector, unit.offset(blockSums, half * tileRowBytes)));
    Value count = tilesOf(block);
    // Behind the last block, scores are computed that nobody uses.
    Value nextBlock = minimum(add(block, 1), last);
    loop(zero, count, 1, carried, [&](Value tile, SmallVector<Value> &inner) {
      Value nextTile = add(tile, 1), goesOn = less(nextTile, count);
      auto keysOf = [&](Value at) {
        return element(keyTiles, at, keys * headDim * 2);
      };
      Pair now{queriesOf(block), keysOf(tile)};
      Pair next{queriesOf(choose(goesOn, block, nextBlock)),
                keysOf(choose(goesOn, nextTile, zero))};
      Sight sight =
          sightOf(block, multiply(tile, keys), op.getVisible(), op.getCount());
      Before before = Before::of(inner);
      emitPair(now, next, sight, before, MutableArrayRef(inner).drop_front(4),
               exponential);
      before.values = element(valueTiles, tile, valueDim * keys * 2);
      before.acc = element(acc, block, accBytes());
      llvm::copy(before.list(), inner.begin());
    });
    for (int64_t half : {0, 1})
      unit.store(carried[4 + half],
                 unit.offset(blockSums, half * tileRowBytes));
    outer.assign(carried.begin(), carried.begin() + 4);
  });

  Before before = Before::of(state);
  held = sumsAt(before.held);
  for (int64_t pass = 0; pass < passes; ++pass)
    emitSums(before, pass, noWork);
  storeHeld();
}

} // namespace

LogicalResult lowerAttendStrip(AttendStripOp op, PatternRewriter &rewriter) {
  if (op.getQuery().getType().getDimSize(2) != lanes ||
      op.getKey().getType().getDimSize(1) %
              op.getValue().getType().getDimSize(1) !=
          0)
    return rewriter.notifyMatchFailure(
        op, "expects blocks of 32 queries, and keys of a tile in multiples of "
            "the value dimension");
  AttendStrip(op, rewriter).emit();
  rewriter.eraseOp(op);
  return success();
}

} // namespace longnet
