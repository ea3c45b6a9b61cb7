//===- StripEmitter.h - What pipelines on tiles have in common -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_LIB_CONVERSION_LONGNETTOAMX_STRIPEMITTER_H
#define LONGNET_LIB_CONVERSION_LONGNETTOAMX_STRIPEMITTER_H

#include "TileUnit.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

namespace longnet {

/// Rows of a panel: what 2 x 2 tile registers of f32 hold, 32 x 32 elements.
constexpr int64_t panelRows = 2 * tileRows;
/// Bytes of a tile register in memory, without gaps, and of the four that hold
/// a panel of f32.
constexpr int64_t tileBytes = tileRows * tileRowBytes;
constexpr int64_t panelBytes = 4 * tileBytes;
/// Queries of a block.
constexpr int64_t lanes = 32;

/// A panel of f32 in memory: bytes from a row to the next one, from a tile to
/// the one below it and to the one beside it.
struct Panel {
  mlir::Value pointer;
  int64_t stride = tileRowBytes, below = tileBytes, beside = 2 * tileBytes;
};

/// 32 rows of the left factor of a product of bf16, or 32 columns of the right
/// one in pairs: two tiles, `second` bytes from one to the other, and `step`
/// bytes on, the next 32 terms of the sum.
struct Factor {
  mlir::Value pointer;
  /// Whether it is read so seldom that it should not stay in the first cache.
  bool isStreamed;
  int64_t step = 2 * tileBytes, second = tileBytes, stride = tileRowBytes;
};

/// What the queries of a block see of some keys: query `i` sees the keys
/// `j < min(count, visible + i)`.
struct Sight {
  mlir::Value visible, count;
};

/// Code for pipelines in which tile registers multiply while vectors compute.
///
/// Registers 0 to 3 hold the sums of a panel, 4 to 7 factors. A panel is stored
/// just before its registers are used again: stored at once, it would stall
/// the unit. Between two products, the panel in registers is `held`.
class StripEmitter {
public:
  StripEmitter(mlir::OpBuilder &builder, mlir::Location loc)
      : b(loc, builder), unit(b) {}

protected:
  /// Code for vectors, called after each product of two tiles.
  using VectorWork = llvm::function_ref<void()>;
  static void noWork() {}

  mlir::Value index(int64_t value) {
    return mlir::arith::ConstantIndexOp::create(b, value);
  }
  mlir::Value add(mlir::Value x, mlir::Value y) {
    return mlir::arith::AddIOp::create(b, x, y);
  }
  mlir::Value add(mlir::Value x, int64_t y) { return add(x, index(y)); }
  mlir::Value subtract(mlir::Value x, mlir::Value y) {
    return mlir::arith::SubIOp::create(b, x, y);
  }
  mlir::Value multiply(mlir::Value x, int64_t y) {
    return mlir::arith::MulIOp::create(b, x, index(y));
  }
  mlir::Value divide(mlir::Value x, int64_t y) {
    return mlir::arith::DivUIOp::create(b, x, index(y));
  }
  mlir::Value minimum(mlir::Value x, mlir::Value y) {
    return mlir::arith::MinSIOp::create(b, x, y);
  }
  mlir::Value maximum(mlir::Value x, mlir::Value y) {
    return mlir::arith::MaxSIOp::create(b, x, y);
  }
  mlir::Value less(mlir::Value x, mlir::Value y) {
    return mlir::arith::CmpIOp::create(b, mlir::arith::CmpIPredicate::slt, x,
                                       y);
  }
  mlir::Value choose(mlir::Value condition, mlir::Value yes, mlir::Value no) {
    return mlir::arith::SelectOp::create(b, condition, yes, no);
  }
  /// Element `at` of an array of elements of `bytes`.
  mlir::Value element(mlir::Value array, mlir::Value at, int64_t bytes) {
    return unit.offset(array, multiply(at, bytes));
  }

  /// Runs `body` for [begin, end) in steps of `step`, with values that it
  /// changes.
  void
  loop(mlir::Value begin, mlir::Value end, int64_t step,
       llvm::SmallVector<mlir::Value> &carried,
       llvm::function_ref<void(mlir::Value, llvm::SmallVector<mlir::Value> &)>
           body);
  void emitIf(mlir::Value condition, llvm::function_ref<void()> body);

  /// Stores what is held, and computes `steps * 32` terms of the sums `sums`,
  /// from what is there or from zero. They are held then.
  void multiplyPanels(const Factor &left, const Factor &right, int64_t steps,
                      const Panel &sums, bool fromZero, VectorWork work);
  void storeHeld();
  /// Puts what is stored at `panel` back into registers.
  void hold(const Panel &panel);

  /// The first block of which some query sees key `key`.
  mlir::Value firstBlockOf(mlir::Value key, mlir::Value visible);
  /// What `block` sees of the keys from `key` on.
  Sight sightOf(mlir::Value block, mlir::Value key, mlir::Value visible,
                mlir::Value count);
  /// Whether any of `rows` keys is hidden from any query.
  mlir::Value hides(const Sight &sight, int64_t rows);
  /// Sets the scores of keys that queries do not see to `value`: of `rows`
  /// keys, `skipped` of what they see are others.
  void hide(const Sight &sight, int64_t skipped, int64_t rows,
            mlir::Value scores, double value);
  /// Bytes to a half of row `row` of panels of f32, and of factors in pairs.
  static int64_t panelOffset(int64_t row, int64_t half) {
    return row / panelRows * panelBytes + half * panelBytes / 2 +
           row % panelRows * tileRowBytes;
  }
  static int64_t pairsOffset(int64_t row, int64_t half) {
    return (row / tileRows * 2 + half) * tileBytes +
           row % tileRows * tileRowBytes;
  }

  mlir::ImplicitLocOpBuilder b;
  TileUnit unit;
  std::optional<Panel> held;
};

} // namespace longnet

#endif // LONGNET_LIB_CONVERSION_LONGNETTOAMX_STRIPEMITTER_H
