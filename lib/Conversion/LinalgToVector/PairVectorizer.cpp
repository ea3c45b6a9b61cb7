//===- PairVectorizer.cpp - bf16 in pairs -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Contractions whose factors hold two elements of the sum side by side, as
// units for dot products and tiles read them, and the copies that bring
// elements into that order. All sizes are static.
//
//===----------------------------------------------------------------------===//

#include "LinalgToVector.h"
#include "mlir/Dialect/AMX/AMXDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
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

class PairEmitter {
public:
  PairEmitter(linalg::LinalgOp op, OpBuilder &builder)
      : op(op), builder(builder), loc(op.getLoc()) {}

protected:
  Value constant(int64_t value) {
    return arith::ConstantIndexOp::create(builder, loc, value);
  }

  Value offset(Value base, int64_t by) {
    return offsetBy(builder, loc, base, by);
  }

  /// A loop over [begin, end) in steps of `step`; none for a single step.
  void emitLoop(int64_t begin, int64_t end, int64_t step,
                function_ref<void(Value)> body) {
    if (begin + step == end)
      return body(constant(begin));
    longnet::emitLoop(builder, loc, constant(begin), constant(end), step, body);
  }

  /// [0, size) in steps of `step`, the rest in smaller ones.
  void emitSteps(int64_t size, int64_t step,
                 function_ref<void(Value, int64_t)> body) {
    int64_t main = size - size % step;
    if (main > 0)
      emitLoop(0, main, step, [&](Value at) { body(at, step); });
    if (size > main)
      body(constant(main), size - main);
  }

  /// A loop that carries values.
  SmallVector<Value>
  emitReduction(int64_t size, ValueRange initial,
                function_ref<void(Value, MutableArrayRef<Value>)> body) {
    auto loop = scf::ForOp::create(builder, loc, constant(0), constant(size),
                                   constant(1), initial);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(loop.getBody());
    SmallVector<Value> carried(loop.getRegionIterArgs());
    body(loop.getInductionVar(), carried);
    // A loop that carries nothing ends by itself.
    if (!initial.empty())
      scf::YieldOp::create(builder, loc, carried);
    return SmallVector<Value>(loop.getResults());
  }

  /// `buffer` with its pairs as two elements of a row.
  Value asMatrix(Value buffer) {
    SmallVector<ReassociationIndices> groups{{0}, {1, 2}};
    return memref::CollapseShapeOp::create(builder, loc, buffer, groups);
  }

  /// Whether pairs lie side by side in every row.
  static bool hasMatrix(Value buffer) {
    auto type = dyn_cast<MemRefType>(buffer.getType());
    return type && isContiguous(buffer) &&
           memref::CollapseShapeOp::isGuaranteedCollapsible(type,
                                                            {{0}, {1, 2}});
  }

  /// The index of the first element of a pair in a row.
  Value doubled(Value index) {
    return builder.createOrFold<arith::MulIOp>(loc, index, constant(2));
  }

  /// Whether the loops of `op` are those of `results`, one for each operand.
  bool hasMaps(ArrayRef<SmallVector<AffineExpr>> results) {
    auto maps = llvm::map_to_vector(results, [&](ArrayRef<AffineExpr> each) {
      return AffineMap::get(op.getNumLoops(), 0, each, op.getContext());
    });
    return op.getIndexingMapsArray() == maps;
  }

  /// Whether `op` copies one buffer into another of the same size.
  bool isCopyLike() {
    return op.getNumLoops() == 3 && op.getNumParallelLoops() == 3 &&
           op.getNumDpsInputs() == 1 && op.getNumDpsInits() == 1 &&
           !op.hasDynamicShape() && !op.hasIndexSemantics() &&
           hasMatrix(op.getDpsInputOperand(0)->get()) &&
           hasMatrix(op.getDpsInitOperand(0)->get()) &&
           !op.payloadUsesValueFromOperand(op.getDpsInitOperand(0));
  }

  linalg::LinalgOp op;
  OpBuilder &builder;
  Location loc;
};

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
    if (!isCopyLike() || !llvm::hasSingleElement(*op.getBlock()))
      return false;
    AffineExpr i, k, p;
    bindDims(op.getContext(), i, k, p);
    SmallVector<int64_t> ranges = op.getStaticLoopRanges();
    rows = ranges[0];
    columns = ranges[1];
    square = rows % 16 == 0 && columns % 16 == 0 ? 16 : 8;
    Value from = op.getDpsInputOperand(0)->get();
    return hasMaps({{i, k, p}, {k, i, p}}) && ranges[2] == 2 &&
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
  int64_t rows, columns, square;
};

} // namespace

LogicalResult vectorizePairs(linalg::LinalgOp op, RewriterBase &rewriter,
                             const VectorTarget &target, SumEnds &ends) {
  PairContraction contraction(op, rewriter, ends);
  if (contraction.match()) {
    bool done =
        target.instructions == InstructionSet::amx && contraction.emitTiles();
    done = done || (target.instructions >= InstructionSet::avx512bf16 &&
                    contraction.emitDots(target));
    return success(done);
  }
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
