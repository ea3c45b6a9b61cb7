//===- StripEmitter.cpp - What pipelines on tiles have in common -*- C++ -*-==//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "StripEmitter.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include <numeric>

using namespace mlir;

namespace longnet {

/// Registers of the sums of a panel, two rows of two.
static constexpr unsigned sumTiles = 4;

/// The place of the sums of register `tile`.
static Value placeOf(TileUnit &unit, const Panel &panel, unsigned tile) {
  return unit.offset(panel.pointer,
                     tile / 2 * panel.below + tile % 2 * panel.beside);
}

void StripEmitter::loop(Value begin, Value end, int64_t step,
                        SmallVector<Value> &carried,
                        function_ref<void(Value, SmallVector<Value> &)> body) {
  auto loop = scf::ForOp::create(b, begin, end, index(step), carried);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  SmallVector<Value> inside(loop.getRegionIterArgs());
  body(loop.getInductionVar(), inside);
  // A loop that carries nothing ends by itself.
  if (!inside.empty())
    scf::YieldOp::create(b, inside);
  carried.assign(loop.result_begin(), loop.result_end());
}

void StripEmitter::emitIf(Value condition, function_ref<void()> body) {
  auto branch = scf::IfOp::create(b, condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  body();
}

void StripEmitter::multiplyPanels(const Factor &left, const Factor &right,
                                  int64_t steps, const Panel &sums,
                                  bool fromZero, VectorWork work) {
  auto load = [&](unsigned tile, const Factor &factor, int64_t at) {
    Value pointer = unit.offset(factor.pointer, at);
    if (factor.isStreamed)
      unit.loadStreamed(tile, pointer, factor.stride);
    else
      unit.load(tile, pointer, factor.stride);
  };
  for (int64_t step = 0; step < steps; ++step) {
    auto multiply = [&](unsigned sum, unsigned row, unsigned column) {
      if (step == 0) {
        if (held)
          unit.store(sum, placeOf(unit, *held, sum), held->stride);
        if (fromZero)
          unit.zero(sum);
        else
          unit.load(sum, placeOf(unit, sums, sum), sums.stride);
      }
      unit.multiply(sum, row, column);
      work();
    };
    load(4, left, step * left.step);
    load(6, right, step * right.step);
    multiply(0, 4, 6);
    load(7, right, step * right.step + right.second);
    multiply(1, 4, 7);
    load(5, left, step * left.step + left.second);
    multiply(2, 5, 6);
    multiply(3, 5, 7);
  }
  held = sums;
}

void StripEmitter::storeHeld() {
  for (unsigned tile = 0; tile < sumTiles; ++tile)
    unit.store(tile, placeOf(unit, *held, tile), held->stride);
  held.reset();
}

void StripEmitter::hold(const Panel &panel) {
  for (unsigned tile = 0; tile < sumTiles; ++tile)
    unit.load(tile, placeOf(unit, panel, tile), panel.stride);
  held = panel;
}

Value StripEmitter::firstBlockOf(Value key, Value visible) {
  // Its last query sees the keys below `visible + block * lanes + lanes - 1`.
  Value missing = subtract(add(key, 2 - lanes), visible);
  missing = maximum(missing, index(0));
  return divide(add(missing, lanes - 1), lanes);
}

Sight StripEmitter::sightOf(Value block, Value key, Value visible,
                            Value count) {
  return {subtract(add(multiply(block, lanes), visible), key),
          subtract(count, key)};
}

Value StripEmitter::hides(const Sight &sight, int64_t rows) {
  return less(minimum(sight.visible, sight.count), index(rows));
}

void StripEmitter::hide(const Sight &sight, int64_t skipped, int64_t rows,
                        Value scores, double value) {
  auto words = VectorType::get(tileRows, b.getI32Type());
  auto floats = VectorType::get(tileRows, b.getF32Type());
  auto broadcast = [&](Value x) -> Value {
    x = arith::IndexCastOp::create(b, b.getI32Type(), x);
    return vector::BroadcastOp::create(b, words, x);
  };
  // No further off than matters, for 32 bits.
  auto limit = [&](Value x, int64_t least) {
    x = maximum(add(x, -skipped), index(least));
    return broadcast(minimum(x, index(rows)));
  };
  Value visible = limit(sight.visible, -lanes), count = limit(sight.count, 0);
  SmallVector<Value> limits;
  for (int64_t half : {0, 1}) {
    SmallVector<int32_t> query(tileRows);
    std::iota(query.begin(), query.end(), half * tileRows);
    Value offsets =
        unit.constant(words, DenseElementsAttr::get(words, ArrayRef(query)));
    limits.push_back(arith::MinSIOp::create(
        b, arith::AddIOp::create(b, visible, offsets), count));
  }
  Value hidden = unit.splat(floats, value);
  SmallVector<Value> none;
  loop(index(0), index(rows / panelRows), 1, none,
       [&](Value panel, SmallVector<Value> &) {
         Value lines = element(scores, panel, panelBytes),
               first = multiply(panel, panelRows);
         loop(index(0), index(panelRows), 1, none,
              [&](Value row, SmallVector<Value> &) {
                Value line = element(lines, row, tileRowBytes),
                      key = broadcast(add(first, row));
                for (int64_t half : {0, 1}) {
                  Value at = unit.offset(line, panelOffset(0, half));
                  Value isSeen = less(key, limits[half]);
                  unit.store(choose(isSeen, unit.load(floats, at), hidden), at);
                }
              });
       });
}

} // namespace longnet
