//===- LoopVectorizer.cpp - Loops over vectors -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// The loops of an operation, from the outside in: parallel dimensions, a row
// dimension whose iterations are unrolled, the lane dimension in steps of
// vectors, and at most one reduction whose accumulators stay in registers.
//
//===----------------------------------------------------------------------===//

#include "LinalgToVector.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace longnet {
namespace {

/// Iterations of the reduction in one body.
constexpr int64_t reductionUnroll = 4;

class LoopVectorizer {
public:
  LoopVectorizer(linalg::LinalgOp op, OpBuilder &builder,
                 const VectorTarget &target, SumEnds &ends)
      : op(op), builder(builder), loc(op.getLoc()), target(target), ends(ends) {
  }

  bool analyze() {
    if (op.getNumDpsInits() == 0 || op.getNumLoops() == 0 || !hasVectorBody(op))
      return false;
    SmallVector<AffineMap> maps = op.getIndexingMapsArray();
    if (!llvm::all_of(maps, [](AffineMap map) {
          return map.isProjectedPermutation(/*allowZeroInResults=*/false);
        }))
      return false;
    AffineMap first = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
    if (first.getNumResults() == 0)
      return false;
    laneDim = dimOf(first, first.getNumResults() - 1);
    for (OpOperand &operand : op->getOpOperands()) {
      bool isInit = op.isDpsInit(&operand);
      AffineMap map = op.getMatchingIndexingMap(&operand);
      if (!map.isFunctionOfDim(laneDim)) {
        if (isInit)
          return false;
        continue;
      }
      if (dimOf(map, map.getNumResults() - 1) != laneDim ||
          !isContiguous(operand.get()))
        return false;
    }
    SmallVector<utils::IteratorType> iterators = op.getIteratorTypesArray();
    if (iterators[laneDim] != utils::IteratorType::parallel)
      return false;
    for (auto [dim, iterator] : llvm::enumerate(iterators)) {
      if (dim == laneDim)
        continue;
      if (iterator == utils::IteratorType::parallel) {
        outerDims.push_back(dim);
        continue;
      }
      if (reductionDim)
        return false;
      reductionDim = dim;
    }
    chooseBlocking();
    return true;
  }

  void run() {
    epilogue = ends.takeEpilogue();
    for (const Range &range : op.createLoopRanges(builder, loc))
      sizes.push_back(range.size);
    position.resize(sizes.size());
    emitOuter(outerDims);
  }

private:
  static unsigned dimOf(AffineMap map, unsigned result) {
    return cast<AffineDimExpr>(map.getResult(result)).getPosition();
  }

  bool dependsOn(OpOperand &operand, unsigned dim) {
    return op.getMatchingIndexingMap(&operand).isFunctionOfDim(dim);
  }

  /// A contraction reuses vectors over rows and scalars over vectors; anything
  /// else gains nothing from blocks of rows.
  void chooseBlocking() {
    // Independent lanes hide the latency of a reduction.
    vectors = 4;
    if (!reductionDim)
      return;
    bool hasScalar = false, hasVector = false;
    for (OpOperand *input : op.getDpsInputOperands()) {
      hasScalar |= !dependsOn(*input, laneDim);
      hasVector |= dependsOn(*input, laneDim);
    }
    if (!hasScalar || !hasVector || outerDims.empty())
      return;
    int64_t size = op.getStaticLoopRanges()[laneDim];
    if (ShapedType::isDynamic(size))
      size = 0;
    auto block = target.blockFor(size / target.lanesFor(op));
    rows = block.rows;
    vectors = block.vectors;
    rowDim = outerDims.pop_back_val();
  }

  /// Sizes of blocks for `emitSteps`, none larger than `largest`.
  static SmallVector<int64_t> blocksOf(int64_t count, int64_t largest) {
    if (count == 0)
      return {};
    SmallVector<int64_t> steps{evenBlock(count, largest)};
    if (int64_t rest = count % steps.front())
      steps.push_back(rest);
    return steps;
  }

  Value constant(int64_t value) {
    return arith::ConstantIndexOp::create(builder, loc, value);
  }

  Value sizeOf(unsigned dim) {
    return getValueOrCreateConstantIndexOp(builder, loc, sizes[dim]);
  }

  Value offset(Value base, int64_t by) {
    return offsetBy(builder, loc, base, by);
  }

  void emitLoop(Value begin, Value end, int64_t step,
                function_ref<void(Value)> body) {
    longnet::emitLoop(builder, loc, begin, end, step, body);
  }

  /// `dim` in steps of `steps[0]`, the rest in `steps[1]`, and so on down to 1.
  /// What is known at compile time leaves no loop that does not run.
  void emitSteps(unsigned dim, ArrayRef<int64_t> steps,
                 function_ref<void(Value, int64_t)> body) {
    std::optional<int64_t> known = getConstantIntValue(sizes[dim]);
    Value begin = constant(0), size = sizeOf(dim);
    int64_t done = 0;
    for (int64_t step : steps) {
      if (known) {
        int64_t count = (*known - done) / step;
        if (count == 0)
          continue;
        Value end = constant(done + count * step);
        if (count == 1)
          body(constant(done), step);
        else
          emitLoop(constant(done), end, step,
                   [&](Value at) { body(at, step); });
        done += count * step;
        continue;
      }
      Value end = size;
      if (step > 1) {
        Value rest = builder.createOrFold<arith::SubIOp>(loc, size, begin);
        rest = arith::RemUIOp::create(builder, loc, rest, constant(step));
        end = arith::SubIOp::create(builder, loc, size, rest);
      }
      emitLoop(begin, end, step, [&](Value at) { body(at, step); });
      begin = end;
    }
  }

  void emitOuter(ArrayRef<unsigned> dims) {
    if (dims.empty())
      return emitRows();
    emitLoop(constant(0), sizeOf(dims[0]), 1, [&](Value at) {
      position[dims[0]] = at;
      emitOuter(dims.drop_front());
    });
  }

  void emitRows() {
    if (!rowDim)
      return emitLanes(1);
    SmallVector<int64_t> steps{rows, 1};
    if (auto known = getConstantIntValue(sizes[*rowDim]))
      steps = blocksOf(*known, rows);
    emitSteps(*rowDim, steps, [&](Value at, int64_t count) {
      position[*rowDim] = at;
      emitLanes(count);
    });
  }

  /// Lanes in blocks of vectors, the rest in narrower ones.
  void emitLanes(int64_t rowCount) {
    int64_t lanes = target.lanesFor(op);
    SmallVector<int64_t> steps{vectors * lanes, lanes};
    if (auto known = getConstantIntValue(sizes[laneDim])) {
      steps.clear();
      for (int64_t count : blocksOf(*known / lanes, vectors))
        steps.push_back(count * lanes);
      for (int64_t width = lanes / 2; width > 1; width /= 2)
        steps.push_back(width);
    }
    if (lanes > 1)
      steps.push_back(1);
    emitSteps(laneDim, steps, [&](Value at, int64_t step) {
      position[laneDim] = at;
      int64_t width = std::min(step, lanes);
      emitBlock(rowCount, step / width, width);
    });
  }

  /// `rowCount` rows by `vectorCount` vectors of `width` lanes.
  void emitBlock(int64_t rowCount, int64_t vectorCount, int64_t width) {
    Block block{rowCount, vectorCount, width};
    if (!reductionDim)
      return emitBodies(block, {});
    // Destinations that do not vary along the reduction are accumulators.
    SmallVector<Value> accumulators;
    for (OpOperand &init : op.getDpsInitsMutable())
      if (!dependsOn(init, *reductionDim))
        forEachPart(block, [&](const Position &at) {
          accumulators.push_back(ends.initial ? splat(ends.initial, width)
                                              : load(init, at, width));
        });
    std::optional<int64_t> known = getConstantIntValue(sizes[*reductionDim]);
    int64_t unroll =
        known && *known % reductionUnroll == 0 ? reductionUnroll : 1;
    auto loop =
        scf::ForOp::create(builder, loc, constant(0), sizeOf(*reductionDim),
                           constant(unroll), accumulators);
    {
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToStart(loop.getBody());
      SmallVector<Value> carried(loop.getRegionIterArgs());
      for (int64_t step = 0; step < unroll; ++step) {
        position[*reductionDim] = offset(loop.getInductionVar(), step);
        emitBodies(block, carried);
      }
      scf::YieldOp::create(builder, loc, carried);
    }
    unsigned next = 0;
    for (OpOperand &init : op.getDpsInitsMutable())
      if (!dependsOn(init, *reductionDim))
        forEachPart(block, [&](const Position &at) {
          storeSums(builder, loc, loop.getResult(next++), init.get(),
                    indicesOf(op, init, at), epilogue);
        });
  }

  struct Block {
    int64_t rows, vectors, width;
  };

  /// Position of part (row, vector) of a block.
  Position partAt(const Block &block, int64_t row, int64_t vector) {
    Position at = position;
    if (rowDim)
      at[*rowDim] = offset(at[*rowDim], row);
    at[laneDim] = offset(at[laneDim], vector * block.width);
    return at;
  }

  void forEachPart(const Block &block,
                   function_ref<void(const Position &)> body) {
    for (int64_t row = 0; row < block.rows; ++row)
      for (int64_t vector = 0; vector < block.vectors; ++vector)
        body(partAt(block, row, vector));
  }

  /// The bodies of all parts. Accumulators are replaced by their new values;
  /// other results are stored.
  void emitBodies(const Block &block, MutableArrayRef<Value> accumulators) {
    // Loads are shared by the parts they do not vary over.
    llvm::DenseMap<std::tuple<unsigned, int64_t, int64_t>, Value> loaded;
    int64_t parts = block.rows * block.vectors;
    for (int64_t row = 0; row < block.rows; ++row)
      for (int64_t vector = 0; vector < block.vectors; ++vector) {
        Position at = partAt(block, row, vector);
        SmallVector<Value> arguments;
        SmallVector<int64_t> accumulatorOf(op.getNumDpsInits(), -1);
        int64_t slot = row * block.vectors + vector;
        for (OpOperand &operand : op->getOpOperands()) {
          if (op.isDpsInit(&operand) && reductionDim &&
              !dependsOn(operand, *reductionDim)) {
            unsigned init = operand.getOperandNumber() - op.getNumDpsInputs();
            accumulatorOf[init] = slot;
            arguments.push_back(accumulators[slot]);
            slot += parts;
            continue;
          }
          bool perRow = rowDim && dependsOn(operand, *rowDim);
          bool perVector = dependsOn(operand, laneDim);
          Value &value = loaded[{operand.getOperandNumber(), perRow ? row : 0,
                                 perVector ? vector : 0}];
          if (!value && op.payloadUsesValueFromOperand(&operand))
            value = load(operand, at, perVector ? block.width : 1);
          arguments.push_back(value);
        }
        SmallVector<Value> results =
            emitBody(op, builder, at, laneDim, block.width, arguments);
        for (OpOperand &init : op.getDpsInitsMutable()) {
          unsigned number = init.getOperandNumber() - op.getNumDpsInputs();
          if (accumulatorOf[number] >= 0)
            accumulators[accumulatorOf[number]] = results[number];
          else
            store(init, at, results[number]);
        }
      }
  }

  Value splat(Value scalar, int64_t width) {
    if (width == 1)
      return scalar;
    return vector::BroadcastOp::create(
        builder, loc, VectorType::get(width, scalar.getType()), scalar);
  }

  Value load(OpOperand &operand, const Position &at, int64_t width) {
    if (op.isScalar(&operand))
      return operand.get();
    return loadAt(builder, op, operand, at, width);
  }

  void store(OpOperand &init, const Position &at, Value value) {
    storeAt(builder, loc, value, init.get(), indicesOf(op, init, at));
  }

  linalg::LinalgOp op;
  OpBuilder &builder;
  Location loc;
  VectorTarget target;
  SumEnds &ends;
  linalg::LinalgOp epilogue;
  unsigned laneDim = 0;
  std::optional<unsigned> rowDim, reductionDim;
  SmallVector<unsigned> outerDims;
  /// Of a block, at most.
  int64_t rows = 1, vectors = 1;
  SmallVector<OpFoldResult> sizes;
  Position position;
};

} // namespace

LogicalResult vectorizeLoops(linalg::LinalgOp op, RewriterBase &rewriter,
                             const VectorTarget &target, SumEnds &ends) {
  LoopVectorizer vectorizer(op, rewriter, target, ends);
  if (!vectorizer.analyze())
    return failure();
  vectorizer.run();
  return success();
}

} // namespace longnet
