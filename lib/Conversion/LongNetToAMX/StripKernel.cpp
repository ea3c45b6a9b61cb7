//===- StripKernel.cpp - attend_strip on tile registers -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// One software pipeline over all pairs of a block of queries and a tile of
// keys. While the tile unit multiplies, the vector unit takes exponentials: a
// step computes the scores of the keys to come, the exponentials of the scores
// at hand, and the sums of values with the weights of the pair before.
//
//   scores    S[key, query]  = K Q        16 keys x 16 queries a tile
//   weights   P[key, query]  = exp(S)     bf16, two keys side by side
//   sums      O[d, query]   += V P        16 dimensions x 16 queries a tile
//
// What tile registers hold is stored just before they are used again: stored
// at once, they would stall the unit. Keys and values are loaded as streams, so
// that scores, weights, sums and queries stay in the first cache.
//
//===----------------------------------------------------------------------===//

#include "LongNetToAMX.h"
#include "PairedExponential.h"
#include "TileUnit.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include <numeric>

using namespace mlir;

namespace longnet {
namespace {

/// Rows of a panel, two tiles of 16 rows below each other and two side by side:
/// the product of 2 x 2 tile registers. Its lanes are the queries of a block.
constexpr int64_t panelRows = 2 * tileRows;
constexpr int64_t lanes = 32;
/// Bytes of a row of a panel, of f32 or of pairs of bf16.
constexpr int64_t panelStride = 2 * tileRowBytes;
constexpr int64_t panelBytes = panelRows * panelStride;
/// The sum of one of the 2 x 2 tiles, and its place in a panel.
constexpr unsigned sumTiles = 4;
constexpr int64_t placeOf(unsigned tile) {
  return tile / 2 * tileRows * panelStride + tile % 2 * tileRowBytes;
}

class StripKernel {
public:
  StripKernel(AttendStripOp op, OpBuilder &builder)
      : op(op), b(op.getLoc(), builder), unit(b) {
    headDim = op.getKey().getType().getDimSize(2);
    keys = op.getKey().getType().getDimSize(1);
    valueDim = op.getValue().getType().getDimSize(1);
    passes = valueDim / panelRows;
    panels = keys / panelRows / passes;
  }

  void emit();

private:
  /// What an iteration needs to know of those before it.
  struct Before {
    /// Values and sums of the pair whose weights are still to be used, and
    /// the panel of sums that is still in tile registers.
    Value values, acc, pending;
    /// Bytes to the weights to be written: those of the two buffers to be read
    /// are the other ones.
    Value weights;

    SmallVector<Value> list() const { return {values, acc, pending, weights}; }
    static Before of(ValueRange values) {
      return {values[0], values[1], values[2], values[3]};
    }
  };
  /// A block of queries and a tile of keys.
  struct Pair {
    Value queries, keys;
  };
  /// What the queries of a block see of a tile: query `i` the keys
  /// `j < min(count, visible + i)`.
  struct Sight {
    Value visible, count;
  };
  /// Code for the vector unit, after each product of tiles.
  using VectorWork = function_ref<void()>;
  /// Where to store what tile `tile` held before.
  using StoreBefore = function_ref<void(unsigned tile)>;

  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(b, value);
  }
  Value add(Value x, Value y) { return arith::AddIOp::create(b, x, y); }
  Value add(Value x, int64_t y) { return add(x, index(y)); }
  /// Element `at` of an array of elements of `bytes`.
  Value element(Value array, Value at, int64_t bytes) {
    return unit.offset(array, arith::MulIOp::create(b, at, index(bytes)));
  }
  Value less(Value x, Value y) {
    return arith::CmpIOp::create(b, arith::CmpIPredicate::slt, x, y);
  }
  void loop(Value begin, Value end, SmallVector<Value> &carried,
            function_ref<void(Value, SmallVector<Value> &)> body);

  /// Tiles that `block` attends.
  Value tilesOf(Value block);
  /// The pipeline over blocks from `first` on.
  void emitPairs(Value first);
  /// A panel of scores of `pair`.
  void emitScores(const Pair &pair, StoreBefore store, VectorWork work);
  /// A panel of sums with all keys of a tile.
  void emitSums(Value values, Value weights, Value acc, StoreBefore store,
                VectorWork work);
  void emitPair(const Pair &now, const Pair &next, const Sight &sight,
                Before &before, MutableArrayRef<Value> sums,
                PairedExponential &exponential);
  Sight sightOf(Value block, Value tile);
  /// Hides scores of the keys from `first` on that queries do not see.
  void hide(const Sight &sight, int64_t first, Value scores);
  /// Scores of the keys of a tile that a step of `emitPair` computes, from
  /// panel `first` on.
  Pair panelOf(const Pair &pair, int64_t panel) {
    return {pair.queries,
            unit.offset(pair.keys, panel * panelRows * headDim * 2)};
  }
  /// Stores one of the four sums to its place in `panel`.
  auto storeTo(Value panel) {
    return [this, panel](unsigned tile) {
      unit.store(tile, unit.offset(panel, placeOf(tile)), panelStride);
    };
  }
  void storeSums(Value panel) {
    for (unsigned tile = 0; tile < sumTiles; ++tile)
      storeTo(panel)(tile);
  }
  /// Bytes to the weights of the pair before.
  Value otherWeights(const Before &before) {
    return arith::SubIOp::create(b, index(weightBytes()), before.weights);
  }
  Value valuesOf(const Before &before, int64_t pass) {
    return unit.offset(before.values, pass * panelRows * keys * 2);
  }

  double scale() { return op.getScale().convertToDouble(); }
  int64_t weightBytes() const { return keys * lanes * 2; }
  int64_t accBytes() const { return valueDim * lanes * 4; }

  AttendStripOp op;
  ImplicitLocOpBuilder b;
  TileUnit unit;
  int64_t headDim, valueDim, keys;
  /// Panels of sums, each a step of a pair, and panels of scores in a step.
  int64_t passes, panels;
  Value blocks, tiles;
  /// Two buffers each.
  Value scoreBuffers, weightBuffers;
  /// Takes the sums of the first iteration, which has no pair before it.
  Value nowhere;
};

void StripKernel::loop(Value begin, Value end, SmallVector<Value> &carried,
                       function_ref<void(Value, SmallVector<Value> &)> body) {
  auto loop = scf::ForOp::create(b, begin, end, index(1), carried);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  SmallVector<Value> inside(loop.getRegionIterArgs());
  body(loop.getInductionVar(), inside);
  // A loop that carries nothing ends by itself.
  if (!inside.empty())
    scf::YieldOp::create(b, inside);
  carried.assign(loop.result_begin(), loop.result_end());
}

void StripKernel::emitScores(const Pair &pair, StoreBefore store,
                             VectorWork work) {
  int64_t keyStride = headDim * 2;
  for (int64_t step = 0; step < headDim / 32; ++step) {
    Value keyPanel = unit.offset(pair.keys, step * tileRowBytes);
    Value queryPanel = unit.offset(pair.queries, step * tileRows * panelStride);
    auto multiply = [&](unsigned sum, unsigned left, unsigned right) {
      if (step == 0) {
        store(sum);
        unit.zero(sum);
      }
      unit.multiply(sum, left, right);
      work();
    };
    unit.loadStreamed(4, keyPanel, keyStride);
    unit.load(6, queryPanel, panelStride);
    multiply(0, 4, 6);
    unit.load(7, unit.offset(queryPanel, tileRowBytes), panelStride);
    multiply(1, 4, 7);
    unit.loadStreamed(5, unit.offset(keyPanel, tileRows * keyStride),
                      keyStride);
    multiply(2, 5, 6);
    multiply(3, 5, 7);
  }
}

void StripKernel::emitSums(Value values, Value weights, Value acc,
                           StoreBefore store, VectorWork work) {
  int64_t valueStride = keys * 2;
  for (int64_t step = 0; step < keys / 32; ++step) {
    Value valuePanel = unit.offset(values, step * tileRowBytes);
    Value weightPanel = unit.offset(weights, step * tileRows * panelStride);
    auto multiply = [&](unsigned sum, unsigned left, unsigned right) {
      if (step == 0) {
        store(sum);
        unit.load(sum, unit.offset(acc, placeOf(sum)), panelStride);
      }
      unit.multiply(sum, left, right);
      work();
    };
    unit.loadStreamed(4, valuePanel, valueStride);
    unit.load(6, weightPanel, panelStride);
    multiply(0, 4, 6);
    unit.load(7, unit.offset(weightPanel, tileRowBytes), panelStride);
    multiply(1, 4, 7);
    unit.loadStreamed(5, unit.offset(valuePanel, tileRows * valueStride),
                      valueStride);
    multiply(2, 5, 6);
    multiply(3, 5, 7);
  }
}

StripKernel::Sight StripKernel::sightOf(Value block, Value tile) {
  Value first = arith::MulIOp::create(b, tile, index(keys));
  Value seen =
      add(arith::MulIOp::create(b, block, index(lanes)), op.getVisible());
  return {arith::SubIOp::create(b, seen, first),
          arith::SubIOp::create(b, op.getCount(), first)};
}

void StripKernel::hide(const Sight &sight, int64_t first, Value scores) {
  auto words = VectorType::get(tileRows, b.getI32Type());
  auto floats = VectorType::get(tileRows, b.getF32Type());
  // Relative to `first`, and no further off than matters.
  int64_t rows = panels * panelRows;
  auto limit = [&](Value x, int64_t least) {
    x = arith::MaxSIOp::create(b, add(x, -first), index(least));
    x = arith::MinSIOp::create(b, x, index(rows));
    x = arith::IndexCastOp::create(b, b.getI32Type(), x);
    return vector::BroadcastOp::create(b, words, x).getResult();
  };
  Value visible = limit(sight.visible, -lanes), count = limit(sight.count, 0);
  Value hidden = unit.splat(floats, PairedExponential::scoreOfZero(scale()));
  SmallVector<Value> none;
  loop(index(0), index(rows), none, [&](Value row, SmallVector<Value> &) {
    Value at = element(scores, row, panelStride);
    Value key = vector::BroadcastOp::create(
        b, words, arith::IndexCastOp::create(b, b.getI32Type(), row));
    for (int64_t half : {0, 1}) {
      SmallVector<int32_t> query(tileRows);
      std::iota(query.begin(), query.end(), half * tileRows);
      Value seen = arith::AddIOp::create(
          b, visible,
          unit.constant(words, DenseElementsAttr::get(words, ArrayRef(query))));
      seen = arith::MinSIOp::create(b, seen, count);
      Value isSeen =
          arith::CmpIOp::create(b, arith::CmpIPredicate::slt, key, seen);
      Value score = unit.offset(at, half * tileRowBytes);
      unit.store(
          arith::SelectOp::create(b, isSeen, unit.load(floats, score), hidden),
          score);
    }
  });
}

void StripKernel::emitPair(const Pair &now, const Pair &next,
                           const Sight &sight, Before &before,
                           MutableArrayRef<Value> sums,
                           PairedExponential &exponential) {
  auto vector = VectorType::get(16, b.getF32Type());
  int64_t scoreBytes = panels * panelBytes;
  Value written = unit.offset(weightBuffers, before.weights);
  Value other = otherWeights(before);
  Value read = unit.offset(weightBuffers, other);
  // With an odd number of steps, every other pair starts in the other buffer of
  // scores.
  Value scores = scoreBuffers, otherScores = unit.offset(scores, scoreBytes);
  if (passes % 2 != 0) {
    Value isFirst = arith::CmpIOp::create(b, arith::CmpIPredicate::eq,
                                          before.weights, index(0));
    Value first = arith::SelectOp::create(b, isFirst, scores, otherScores);
    otherScores = arith::SelectOp::create(b, isFirst, otherScores, scores);
    scores = first;
  }

  Value isHidden =
      less(arith::MinSIOp::create(b, sight.visible, sight.count), index(keys));
  for (int64_t pass = 0; pass < passes; ++pass) {
    auto branch = scf::IfOp::create(b, isHidden, /*withElseRegion=*/false);
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(branch.thenBlock());
      hide(sight, pass * panels * panelRows, scores);
    }
    // Exponentials of the scores at hand, spread over the products of a step.
    int64_t products = panels * headDim / 8 + keys / 8;
    int64_t vectors = panels * panelRows / 2 * (lanes / tileRows);
    int64_t product = 0;
    auto work = [&, scores] {
      int64_t begin = product * vectors / products;
      int64_t end = ++product * vectors / products;
      for (int64_t at = begin; at < end; ++at) {
        int64_t half = at % 2 * tileRowBytes, row = at / 2;
        Value even = unit.offset(scores, 2 * row * panelStride + half);
        Value pairs =
            exponential.emit(unit.load(vector, even),
                             unit.load(vector, unit.offset(even, panelStride)));
        unit.store(pairs, unit.offset(written, pass * weightBytes() / passes +
                                                   row * panelStride + half));
        Value &sum = sums[at % 2];
        // Pinned, or LLVM adds up everything at the end of the step.
        sum = unit.pin(exponential.addPairs(sum, pairs));
      }
    };
    bool isLast = pass + 1 == passes;
    for (int64_t panel = 0; panel < panels; ++panel) {
      Pair source = isLast ? panelOf(next, panel)
                           : panelOf(now, (pass + 1) * panels + panel);
      Value held = panel == 0
                       ? before.pending
                       : unit.offset(otherScores, (panel - 1) * panelBytes);
      emitScores(source, storeTo(held), work);
    }
    before.pending = unit.offset(before.acc, pass * panelBytes);
    emitSums(valuesOf(before, pass), read, before.pending,
             storeTo(unit.offset(otherScores, (panels - 1) * panelBytes)),
             work);
    std::swap(scores, otherScores);
  }
  before.weights = other;
}

void StripKernel::emit() {
  Value zero = index(0);
  blocks = memref::DimOp::create(b, op.getQuery(), 0);
  tiles = memref::DimOp::create(b, op.getKey(), 0);
  scoreBuffers = unit.allocate(2 * panels * panelBytes);
  weightBuffers = unit.allocate(2 * weightBytes());
  nowhere = unit.allocate(accBytes());
  // The first block whose last query sees a key; those before it see none.
  Value missing = arith::SubIOp::create(b, index(2 - lanes), op.getVisible());
  missing = arith::MaxSIOp::create(b, missing, zero);
  Value first =
      arith::DivUIOp::create(b, add(missing, lanes - 1), index(lanes));
  Value hasKeys = less(zero, arith::MinSIOp::create(b, tiles, op.getCount()));
  Value hasPairs = arith::AndIOp::create(b, less(first, blocks), hasKeys);
  unit.configure();
  auto branch = scf::IfOp::create(b, hasPairs, /*withElseRegion=*/false);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(branch.thenBlock());
    emitPairs(first);
  }
  unit.release();
}

Value StripKernel::tilesOf(Value block) {
  Value seen = arith::MulIOp::create(b, block, index(lanes));
  seen = add(add(seen, op.getVisible()), lanes - 1);
  seen = arith::MinSIOp::create(b, seen, op.getCount());
  seen = arith::MaxSIOp::create(b, seen, index(0));
  seen = arith::DivUIOp::create(b, add(seen, keys - 1), index(keys));
  return arith::MinSIOp::create(b, seen, tiles);
}

void StripKernel::emitPairs(Value first) {
  Value zero = index(0);
  Value queries = unit.pointerTo(op.getQuery()),
        keyTiles = unit.pointerTo(op.getKey()),
        valueTiles = unit.pointerTo(op.getValue()),
        acc = unit.pointerTo(op.getAcc()), sum = unit.pointerTo(op.getSum());
  auto queriesOf = [&](Value block) {
    return element(queries, block, headDim * lanes * 2);
  };
  auto vector = VectorType::get(16, b.getF32Type());
  PairedExponential exponential(b, unit, scale());

  Pair start{queriesOf(first), keyTiles};
  for (int64_t panel = 0; panel < panels; ++panel) {
    emitScores(panelOf(start, panel), [](unsigned) {}, [] {});
    storeSums(unit.offset(scoreBuffers, panel * panelBytes));
  }
  Value last = arith::SubIOp::create(b, blocks, index(1));
  SmallVector<Value> state = Before{valueTiles, nowhere, nowhere, zero}.list();
  loop(first, blocks, state, [&](Value block, SmallVector<Value> &outer) {
    Value blockSums = element(sum, block, lanes * 4);
    SmallVector<Value> carried = outer;
    for (int64_t half : {0, 1})
      carried.push_back(
          unit.load(vector, unit.offset(blockSums, half * tileRowBytes)));
    Value count = tilesOf(block);
    // Behind the last block, scores are computed that nobody uses.
    Value nextBlock = arith::MinSIOp::create(b, add(block, 1), last);
    loop(zero, count, carried, [&](Value tile, SmallVector<Value> &inner) {
      Value nextTile = add(tile, 1);
      Value goesOn = less(nextTile, count);
      auto choose = [&](Value yes, Value no) {
        return arith::SelectOp::create(b, goesOn, yes, no).getResult();
      };
      auto keysOf = [&](Value at) {
        return element(keyTiles, at, keys * headDim * 2);
      };
      Pair now{queriesOf(block), keysOf(tile)};
      Pair next{queriesOf(choose(block, nextBlock)),
                keysOf(choose(nextTile, zero))};
      Before before = Before::of(inner);
      emitPair(now, next, sightOf(block, tile), before,
               MutableArrayRef(inner).drop_front(4), exponential);
      before.values = element(valueTiles, tile, valueDim * keys * 2);
      before.acc = element(acc, block, accBytes());
      llvm::copy(before.list(), inner.begin());
    });
    for (int64_t half : {0, 1})
      unit.store(carried[4 + half],
                 unit.offset(blockSums, half * tileRowBytes));
    outer.assign(carried.begin(), carried.begin() + 4);
  });

  // The sums of the last pair.
  Before before = Before::of(state);
  Value weights = unit.offset(weightBuffers, otherWeights(before));
  for (int64_t pass = 0; pass < passes; ++pass) {
    Value panel = unit.offset(before.acc, pass * panelBytes);
    emitSums(valuesOf(before, pass), weights, panel, storeTo(before.pending),
             [] {});
    before.pending = panel;
  }
  storeSums(before.pending);
}

} // namespace

LogicalResult lowerAttendStrip(AttendStripOp op, PatternRewriter &rewriter) {
  int64_t queries = op.getQuery().getType().getDimSize(2),
          headDim = op.getKey().getType().getDimSize(2),
          keys = op.getKey().getType().getDimSize(1),
          valueDim = op.getValue().getType().getDimSize(1);
  if (queries != lanes || headDim % panelRows != 0 ||
      valueDim % panelRows != 0 || keys % valueDim != 0)
    return rewriter.notifyMatchFailure(
        op, "expects blocks of 32 queries, head dimensions in multiples of 32, "
            "and keys of a tile in multiples of the value dimension");
  StripKernel(op, rewriter).emit();
  rewriter.eraseOp(op);
  return success();
}

} // namespace longnet
