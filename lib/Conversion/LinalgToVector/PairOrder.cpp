//===- PairOrder.cpp - Bringing elements into pairs -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PairEmitter.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace longnet {
namespace {

/// An elementwise operation over pairs p of rows i and lanes l. Operands are
/// rows, two that follow each other [i, p, l] or stand in two halves [p, i, l],
/// lines [l] that may be sums over rows, or, as destinations, pairs [i, l, p]:
/// two rows side by side.
class PairInterleave : public PairEmitter {
public:
  using PairEmitter::PairEmitter;

  bool match(const VectorTarget &target) {
    if (op.getNumLoops() != 3 || op.hasDynamicShape() ||
        op.getStaticLoopRanges()[2] != 2 || !hasVectorBody(op))
      return false;
    AffineExpr i, l, p;
    bindDims(op.getContext(), i, l, p);
    auto map = [&](ArrayRef<AffineExpr> results) {
      return AffineMap::get(3, 0, results, op.getContext());
    };
    asRows = {map({i, p, l}), map({p, i, l})};
    asPairs = map({i, l, p});
    asLine = map({l});
    bool hasPairs = false;
    for (OpOperand &operand : op->getOpOperands()) {
      AffineMap each = op.getMatchingIndexingMap(&operand);
      bool isPairs = op.isDpsInit(&operand) && each == asPairs &&
                     !op.payloadUsesValueFromOperand(&operand);
      hasPairs |= isPairs;
      if ((!isPairs && !isRows(each) && each != asLine) ||
          !isContiguous(operand.get()) ||
          (isPairs && !hasMatrix(operand.get())))
        return false;
    }
    SmallVector<int64_t> ranges = op.getStaticLoopRanges();
    lanes = target.lanesFor(op);
    rows = ranges[0];
    size = ranges[1];
    while (size % lanes != 0)
      lanes /= 2;
    return hasPairs && lanes > 1;
  }

  void emit() {
    for (OpOperand &init : op.getDpsInitsMutable())
      if (op.getMatchingIndexingMap(&init) == asPairs)
        matrices[init.getOperandNumber()] = asMatrix(init.get());
    // Several vectors at once hide the latency of the body.
    emitSteps(size, 4 * lanes, [&](Value lane, int64_t count) {
      emitColumns(lane, count / lanes);
    });
  }

private:
  /// All rows of `vectors` vectors from `lane` on.
  void emitColumns(Value lane, int64_t vectors) {
    // Lines are loaded once; those that are destinations are sums.
    llvm::DenseMap<std::pair<unsigned, int64_t>, Value> lines;
    SmallVector<std::pair<unsigned, int64_t>> sums;
    SmallVector<Value> starts;
    for (OpOperand &operand : op->getOpOperands()) {
      if (op.getMatchingIndexingMap(&operand) != asLine)
        continue;
      for (int64_t v = 0; v < vectors; ++v) {
        std::pair<unsigned, int64_t> key(operand.getOperandNumber(), v);
        lines[key] = load(operand, {Value(), offset(lane, v * lanes), Value()});
        if (op.isDpsInit(&operand)) {
          sums.push_back(key);
          starts.push_back(lines[key]);
        }
      }
    }
    SmallVector<Value> results = emitReduction(
        rows, starts, [&](Value row, MutableArrayRef<Value> carried) {
          for (auto [key, value] : llvm::zip_equal(sums, carried))
            lines[key] = value;
          for (int64_t v = 0; v < vectors; ++v)
            emitPair(row, offset(lane, v * lanes), v, lines);
          for (auto [key, value] : llvm::zip_equal(sums, carried))
            value = lines[key];
        });
    for (auto [key, value] : llvm::zip_equal(sums, results)) {
      OpOperand &init = op->getOpOperand(key.first);
      vector::StoreOp::create(builder, loc, value, init.get(),
                              ValueRange{offset(lane, key.second * lanes)});
    }
  }

  /// One vector of two rows.
  void emitPair(Value row, Value lane, int64_t v,
                llvm::DenseMap<std::pair<unsigned, int64_t>, Value> &lines) {
    SmallVector<SmallVector<Value>> halves;
    for (int64_t half = 0; half < 2; ++half) {
      Position at{row, lane, constant(half)};
      SmallVector<Value> arguments;
      for (OpOperand &operand : op->getOpOperands()) {
        AffineMap map = op.getMatchingIndexingMap(&operand);
        if (map == asLine)
          arguments.push_back(lines[{operand.getOperandNumber(), v}]);
        else if (isRows(map) && op.payloadUsesValueFromOperand(&operand))
          arguments.push_back(load(operand, at));
        else
          arguments.push_back(Value());
      }
      halves.push_back(
          emitBody(op, builder, at, /*laneDim=*/1, lanes, arguments));
      for (OpOperand &init : op.getDpsInitsMutable()) {
        Value result =
            halves.back()[init.getOperandNumber() - op.getNumDpsInputs()];
        AffineMap map = op.getMatchingIndexingMap(&init);
        if (map == asLine)
          lines[{init.getOperandNumber(), v}] = result;
        else if (isRows(map))
          vector::StoreOp::create(builder, loc, result, init.get(),
                                  indicesOf(op, init, at));
      }
    }
    for (auto [number, matrix] : matrices) {
      unsigned result = number - op.getNumDpsInputs();
      Value pairs = vector::InterleaveOp::create(
          builder, loc, halves[0][result], halves[1][result]);
      vector::StoreOp::create(builder, loc, pairs, matrix,
                              ValueRange{row, doubled(lane)});
    }
  }

  Value load(OpOperand &operand, const Position &at) {
    return loadAt(builder, op, operand, at, lanes);
  }

  bool isRows(AffineMap map) const { return llvm::is_contained(asRows, map); }

  SmallVector<AffineMap> asRows;
  AffineMap asPairs, asLine;
  int64_t lanes, rows, size;
  /// Destinations in pairs by operand number, as matrices.
  llvm::MapVector<unsigned, Value> matrices;
};

/// to[k, i, p] = from[i, k, p]: transposes pairs of 16 bits as words.
class PairTranspose : public PairEmitter {
public:
  using PairEmitter::PairEmitter;

  bool match() {
    if (!copiesMatrix())
      return false;
    SmallVector<int64_t> ranges = op.getStaticLoopRanges();
    rows = ranges[0];
    columns = ranges[1];
    square = rows % 16 == 0 && columns % 16 == 0 ? 16 : 8;
    AffineExpr i, k, p;
    bindDims(op.getContext(), i, k, p);
    SmallVector<AffineMap> maps{
        AffineMap::get(3, 0, {i, k, p}, op.getContext()),
        AffineMap::get(3, 0, {k, i, p}, op.getContext())};
    Value from = op.getDpsInputOperand(0)->get();
    return op.getIndexingMapsArray() == maps && ranges[2] == 2 &&
           getElementTypeOrSelf(from).getIntOrFloatBitWidth() == 16 &&
           rows % square == 0 && columns % square == 0;
  }

  void emit() {
    Value from = asMatrix(op.getDpsInputOperand(0)->get()),
          to = asMatrix(op.getDpsInitOperand(0)->get());
    auto words = VectorType::get(square, builder.getI32Type());
    auto pairs = VectorType::get(2 * square, getElementTypeOrSelf(from));
    emitLoop(0, rows, square, [&](Value row) {
      emitLoop(0, columns, square, [&](Value column) {
        SmallVector<Value> lines;
        for (int64_t line = 0; line < square; ++line) {
          Value loaded = vector::LoadOp::create(
              builder, loc, pairs, from,
              ValueRange{offset(row, line), doubled(column)});
          lines.push_back(
              vector::BitCastOp::create(builder, loc, words, loaded));
        }
        lines = transposeSquare(builder, loc, std::move(lines));
        for (int64_t line = 0; line < square; ++line) {
          Value stored =
              vector::BitCastOp::create(builder, loc, pairs, lines[line]);
          vector::StoreOp::create(
              builder, loc, stored, to,
              ValueRange{offset(column, line), doubled(row)});
        }
      });
    });
  }

private:
  /// Whether `op` copies all pairs of one buffer into another.
  bool copiesMatrix() {
    return op.getNumLoops() == 3 && op.getNumParallelLoops() == 3 &&
           op.getNumDpsInputs() == 1 && op.getNumDpsInits() == 1 &&
           !op.hasDynamicShape() && !op.hasIndexSemantics() &&
           llvm::hasSingleElement(*op.getBlock()) &&
           hasMatrix(op.getDpsInputOperand(0)->get()) &&
           hasMatrix(op.getDpsInitOperand(0)->get()) &&
           !op.payloadUsesValueFromOperand(op.getDpsInitOperand(0));
  }

  int64_t rows, columns, square;
};

} // namespace

LogicalResult vectorizePairOrder(linalg::LinalgOp op, RewriterBase &rewriter,
                                 const VectorTarget &target) {
  if (PairInterleave interleave(op, rewriter); interleave.match(target)) {
    interleave.emit();
    return success();
  }
  if (PairTranspose transpose(op, rewriter); transpose.match()) {
    transpose.emit();
    return success();
  }
  return failure();
}

} // namespace longnet
