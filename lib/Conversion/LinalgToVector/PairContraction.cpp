//===- PairContraction.cpp - Contractions of bf16 in pairs -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PairEmitter.h"
#include "mlir/Dialect/AMX/AMXDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Dialect/X86Vector/X86VectorDialect.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace longnet {
namespace {

/// Lanes of f32 in a dot product of 512 bits.
constexpr int64_t dotLanes = 16;
/// Rows and lanes of an AMX tile of f32, and pairs in a row of one of bf16.
constexpr int64_t tileSize = 16;

/// out[i, l] += sum over k and the pair p of left[i, k, p] right[k, l, p], or
/// of several such products, which may share factors.
class PairContraction : public PairEmitter {
public:
  PairContraction(linalg::LinalgOp op, OpBuilder &builder, SumEnds &ends)
      : PairEmitter(op, builder), ends(ends) {}

  bool match() {
    if (op.getNumLoops() != 4 || op.getNumDpsInputs() < 2 ||
        op.getNumDpsInits() != 1 || op.hasDynamicShape())
      return false;
    AffineExpr i, l, k, p;
    bindDims(op.getContext(), i, l, k, p);
    AffineMap leftMap = AffineMap::get(4, 0, {i, k, p}, op.getContext()),
              rightMap = AffineMap::get(4, 0, {k, l, p}, op.getContext());
    for (OpOperand *input : op.getDpsInputOperands()) {
      AffineMap map = op.getMatchingIndexingMap(input);
      if ((map != leftMap && map != rightMap) ||
          !getElementTypeOrSelf(input->get()).isBF16() ||
          !hasMatrix(input->get()))
        return false;
      (map == leftMap ? lefts : rights).insert(input->getOperandNumber());
      factors.push_back(input->get());
    }
    OpOperand *init = op.getDpsInitOperand(0);
    out = init->get();
    SmallVector<int64_t> ranges = op.getStaticLoopRanges();
    rows = ranges[0];
    lanes = ranges[1];
    pairs = ranges[2];
    return op.getMatchingIndexingMap(init) ==
               AffineMap::get(4, 0, {i, l}, op.getContext()) &&
           ranges[3] == 2 && getElementTypeOrSelf(out).isF32() &&
           isContiguous(out) && matchProducts();
  }

  bool emitDots(const VectorTarget &target) {
    if (lanes % dotLanes != 0)
      return false;
    collapseFactors();
    epilogue = ends.takeEpilogue();
    auto block = target.blockFor(lanes / dotLanes);
    emitSteps(
        rows, evenBlock(rows, block.rows), [&](Value row, int64_t rowCount) {
          emitSteps(lanes, block.vectors * dotLanes,
                    [&](Value lane, int64_t laneCount) {
                      emitDotBlock(row, rowCount, lane, laneCount / dotLanes);
                    });
        });
    return true;
  }

  bool emitTiles() {
    if (rows % tileSize != 0 || lanes % tileSize != 0 ||
        pairs % tileSize != 0 ||
        (ends.initial && !matchPattern(ends.initial, m_AnyZeroFloat())))
      return false;
    collapseFactors();
    emitSteps(rows, 2 * tileSize, [&](Value row, int64_t rowCount) {
      emitSteps(lanes, 2 * tileSize, [&](Value lane, int64_t laneCount) {
        emitTileBlock(row, rowCount / tileSize, lane, laneCount / tileSize);
      });
    });
    return true;
  }

private:
  /// The body adds products of widened factors to the sum, one by one.
  bool matchProducts() {
    Block *body = op.getBlock();
    auto factorOf = [&](Value value) -> std::optional<unsigned> {
      auto wide = value.getDefiningOp<arith::ExtFOp>();
      auto argument =
          wide ? dyn_cast<BlockArgument>(wide.getIn()) : BlockArgument();
      if (!argument || argument.getOwner() != body)
        return std::nullopt;
      return argument.getArgNumber();
    };
    Value sum = body->getTerminator()->getOperand(0);
    while (auto fma = sum.getDefiningOp<math::FmaOp>()) {
      std::optional<unsigned> left = factorOf(fma.getA()),
                              right = factorOf(fma.getB());
      if (!left || !right || !lefts.contains(*left) || !rights.contains(*right))
        return false;
      products.push_back({*left, *right});
      sum = fma.getC();
    }
    std::reverse(products.begin(), products.end());
    return !products.empty() && sum == body->getArgument(op.getNumDpsInputs());
  }

  void collapseFactors() {
    for (Value &factor : factors)
      factor = asMatrix(factor);
  }

  /// Operand numbers of factors.
  struct Product {
    unsigned left, right;
  };
  using Factors = ArrayRef<Value>;

  /// Adds to `sums`, in `size` steps over k, what `add` makes of every product
  /// and what `load` loads for its factors: once for products that follow each
  /// other. The last product comes after all others are summed up: of parts it
  /// is by far the largest, and most of the others would be rounded away.
  SmallVector<Value> emitSums(
      int64_t size, SmallVector<Value> sums,
      function_ref<SmallVector<Value>(unsigned, Value)> load,
      function_ref<void(Factors, Factors, Value, MutableArrayRef<Value>)> add) {
    ArrayRef<Product> all(products);
    for (ArrayRef<Product> pass : {all.drop_back(), all.take_back()}) {
      if (pass.empty())
        continue;
      sums = emitReduction(size, sums,
                           [&](Value k, MutableArrayRef<Value> carried) {
                             Product last{};
                             SmallVector<Value> left, right;
                             for (const Product &product : pass) {
                               if (left.empty() || last.left != product.left)
                                 left = load(product.left, k);
                               if (right.empty() || last.right != product.right)
                                 right = load(product.right, k);
                               add(left, right, k, carried);
                               last = product;
                             }
                           });
    }
    return sums;
  }

  /// `rowCount` rows by `vectorCount` vectors of sums in registers.
  void emitDotBlock(Value row, int64_t rowCount, Value lane,
                    int64_t vectorCount) {
    auto sums = VectorType::get(dotLanes, builder.getF32Type());
    auto type = VectorType::get(2 * dotLanes, builder.getBF16Type());
    auto pair = VectorType::get(2, builder.getBF16Type());
    auto forEach = [&](function_ref<void(Value, Value)> body) {
      for (int64_t i = 0; i < rowCount; ++i)
        for (int64_t v = 0; v < vectorCount; ++v)
          body(offset(row, i), offset(lane, v * dotLanes));
    };
    SmallVector<Value> starts;
    forEach([&](Value i, Value l) {
      starts.push_back(
          ends.initial
              ? vector::BroadcastOp::create(builder, loc, sums, ends.initial)
                    .getResult()
              : vector::LoadOp::create(builder, loc, sums, out,
                                       ValueRange{i, l})
                    .getResult());
    });
    // Scalars are loaded where they are used: registers hold sums.
    auto load = [&](unsigned number, Value k) {
      Value factor = factors[number];
      SmallVector<Value> loaded;
      if (lefts.contains(number))
        return SmallVector<Value>{factor};
      for (int64_t v = 0; v < vectorCount; ++v) {
        Value at = doubled(offset(lane, v * dotLanes));
        loaded.push_back(vector::LoadOp::create(builder, loc, type, factor,
                                                ValueRange{k, at}));
      }
      return loaded;
    };
    SmallVector<Value> results =
        emitSums(pairs, starts, load,
                 [&](Factors left, Factors right, Value k,
                     MutableArrayRef<Value> carried) {
                   for (int64_t i = 0; i < rowCount; ++i) {
                     Value scalar = vector::LoadOp::create(
                         builder, loc, pair, left.front(),
                         ValueRange{offset(row, i), doubled(k)});
                     Value both = broadcastPair(scalar, type);
                     for (int64_t v = 0; v < vectorCount; ++v) {
                       Value &sum = carried[i * vectorCount + v];
                       sum = x86vector::DotBF16Op::create(builder, loc, sums,
                                                          sum, both, right[v]);
                     }
                   }
                 });
    unsigned next = 0;
    forEach([&](Value i, Value l) {
      storeSums(builder, loc, results[next++], out, {i, l}, epilogue);
    });
  }

  /// Two elements in all pairs of a vector: one 32-bit broadcast.
  Value broadcastPair(Value pair, VectorType type) {
    Type word = builder.getI32Type();
    Value single =
        vector::BitCastOp::create(builder, loc, VectorType::get(1, word), pair);
    Value scalar = vector::ExtractOp::create(builder, loc, single, 0);
    Value words = vector::BroadcastOp::create(
        builder, loc, VectorType::get(type.getNumElements() / 2, word), scalar);
    return vector::BitCastOp::create(builder, loc, type, words);
  }

  void emitTileBlock(Value row, int64_t rowTiles, Value lane,
                     int64_t laneTiles) {
    auto sums = amx::TileType::get({tileSize, tileSize}, builder.getF32Type());
    auto type =
        amx::TileType::get({tileSize, 2 * tileSize}, builder.getBF16Type());
    auto at = [&](Value base, int64_t tile) {
      return offset(base, tile * tileSize);
    };
    SmallVector<Value> starts;
    for (int64_t i = 0; i < rowTiles; ++i)
      for (int64_t l = 0; l < laneTiles; ++l)
        starts.push_back(
            ends.initial
                ? amx::TileZeroOp::create(builder, loc, sums).getResult()
                : amx::TileLoadOp::create(builder, loc, sums, out,
                                          ValueRange{at(row, i), at(lane, l)})
                      .getResult());
    auto load = [&](unsigned number, Value step) {
      Value k = arith::MulIOp::create(builder, loc, step, constant(tileSize));
      bool isLeft = lefts.contains(number);
      SmallVector<Value> loaded;
      for (int64_t tile = 0; tile < (isLeft ? rowTiles : laneTiles); ++tile) {
        SmallVector<Value> from{k, doubled(at(lane, tile))};
        if (isLeft)
          from = {at(row, tile), doubled(k)};
        loaded.push_back(
            amx::TileLoadOp::create(builder, loc, type, factors[number], from));
      }
      return loaded;
    };
    SmallVector<Value> results =
        emitSums(pairs / tileSize, starts, load,
                 [&](Factors left, Factors right, Value,
                     MutableArrayRef<Value> carried) {
                   for (int64_t i = 0; i < rowTiles; ++i)
                     for (int64_t l = 0; l < laneTiles; ++l) {
                       Value &sum = carried[i * laneTiles + l];
                       sum = amx::TileMulFOp::create(builder, loc, sums,
                                                     left[i], right[l], sum);
                     }
                 });
    for (int64_t i = 0; i < rowTiles; ++i)
      for (int64_t l = 0; l < laneTiles; ++l)
        amx::TileStoreOp::create(builder, loc, out,
                                 ValueRange{at(row, i), at(lane, l)},
                                 results[i * laneTiles + l]);
  }

  llvm::SmallDenseSet<unsigned> lefts, rights;
  SmallVector<Value> factors;
  SmallVector<Product> products;
  Value out;
  int64_t rows, lanes, pairs;
  SumEnds &ends;
  linalg::LinalgOp epilogue;
};

} // namespace

LogicalResult vectorizePairContraction(linalg::LinalgOp op,
                                       RewriterBase &rewriter,
                                       const VectorTarget &target,
                                       SumEnds &ends) {
  PairContraction contraction(op, rewriter, ends);
  if (!contraction.match())
    return failure();
  bool done =
      target.instructions == InstructionSet::amx && contraction.emitTiles();
  done = done || (target.instructions >= InstructionSet::avx512bf16 &&
                  contraction.emitDots(target));
  return success(done);
}

} // namespace longnet
