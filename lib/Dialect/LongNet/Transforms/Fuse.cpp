//===- Fuse.cpp - Level 1 to 2 -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// A chain scatter(attention(sparsify(segment))) is an `attend` when its rows
// are those that the branch keeps of the whole query, and its keys those that
// the same branch keeps of the key. `ChainProver` proves just that, from the
// operations' definitions and from sizes that provably agree.
//
//===----------------------------------------------------------------------===//

#include "Equality.h"
#include "longnet/Dialect/LongNet/IR/LongNet.h"
#include "longnet/Dialect/LongNet/Transforms/Passes.h"
#include "longnet/Dialect/LongNet/Transforms/Patterns.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace longnet {

#define GEN_PASS_DEF_LONGNETFUSE
#include "longnet/Dialect/LongNet/Transforms/Passes.h.inc"

namespace {

//===----------------------------------------------------------------------===//
// Chains
//===----------------------------------------------------------------------===//

/// What one chain computes, as an `attend`; the branches of chains that differ
/// in nothing else join.
struct Chain {
  Value query, key, value, kvLengths, queryOffset, keyOffset;
  bool causal;
  FloatAttr scale;
  SmallVector<BranchAttr> branches;

  bool isLike(const Chain &other) const {
    auto operands = [](const Chain &chain) {
      return std::tie(chain.query, chain.key, chain.value, chain.kvLengths,
                      chain.queryOffset, chain.keyOffset, chain.causal,
                      chain.scale);
    };
    return operands(*this) == operands(other);
  }
};

/// Rows of a sequence: whole segments, or what a branch keeps of them.
struct Cut {
  Value source;
  SegmentOp segment;
  /// Null where whole segments attend.
  SparsifyOp sparsify;
  BranchAttr branch;

  Value getPositions() {
    return sparsify ? sparsify.getPositions() : segment.getPositions();
  }
};

/// Casts that canonicalization put between the pieces tell sizes, no more.
Value skipCasts(Value value) {
  while (auto cast = value.getDefiningOp<tensor::CastOp>())
    value = cast.getSource();
  return value;
}

/// Whether two optional operands are the same value.
bool isSame(Value a, Value b) {
  return a && b ? skipCasts(a) == skipCasts(b) : a == b;
}

/// An origin, 0 unless given.
Quantity getOrigin(Value origin, MLIRContext *context) {
  if (origin)
    return getAsOpFoldResult(origin);
  return OpFoldResult(Builder(context).getIndexAttr(0));
}

/// Whether two segments hold the same positions.
bool holdSamePositions(SegmentOp a, SegmentOp b) {
  MLIRContext *context = a.getContext();
  return a == b ||
         (a.getSegment() == b.getSegment() &&
          isSame(a.getGrid(), b.getGrid()) &&
          provablyEqual(getOrigin(a.getOrigin(), context),
                        getOrigin(b.getOrigin(), context)) &&
          provablyEqual({a.getSources()[0], 2}, {b.getSources()[0], 2}));
}

/// The heads that `sparsify` spreads its sources over.
Quantity getHeads(SparsifyOp sparsify) {
  if (sparsify.getHeads())
    return getAsOpFoldResult(sparsify.getHeads());
  Value first = skipCasts(sparsify.getSources()[0]);
  if (auto segment = first.getDefiningOp<SegmentOp>())
    first = segment.getSources()[cast<OpResult>(first).getResultNumber()];
  return {first, 1};
}

/// Takes over the static sizes of `shaped`, or fails if they contradict.
LogicalResult refine(MutableArrayRef<int64_t> sizes, Value shaped,
                     ArrayRef<unsigned> dims) {
  auto type = cast<ShapedType>(shaped.getType());
  for (unsigned dim : dims) {
    int64_t size = type.getDimSize(dim);
    if (ShapedType::isDynamic(size))
      continue;
    if (!ShapedType::isDynamic(sizes[dim]) && sizes[dim] != size)
      return failure();
    sizes[dim] = size;
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Proofs
//===----------------------------------------------------------------------===//

/// Proves of the chain that ends in a scatter that it is an `attend`.
class ChainProver {
public:
  ChainProver(PatternRewriter &rewriter, ScatterOp scatter)
      : rewriter(rewriter), scatter(scatter) {}

  FailureOr<Chain> prove();

private:
  FailureOr<Cut> proveCut(Value rows, Value positions);
  LogicalResult proveQuery(Cut &query);
  LogicalResult proveKeys(Cut &query, Cut &keys);
  LogicalResult proveGroups(Cut &key, Cut &value);
  LogicalResult provePadding(AttentionOp attention, Cut &query, Cut &key);
  LogicalResult proveOperands(const Chain &chain);

  LogicalResult fail(const char *reason) {
    return rewriter.notifyMatchFailure(scatter, reason);
  }

  PatternRewriter &rewriter;
  ScatterOp scatter;
};

FailureOr<Chain> ChainProver::prove() {
  Value rows = skipCasts(scatter.getRows());
  auto attention = rows.getDefiningOp<AttentionOp>();
  if (!attention || rows != attention->getResult(0) ||
      skipCasts(scatter.getRowsLse()) != attention->getResult(1))
    return fail("the scattered rows and lse are not one attention's");
  FailureOr<Cut> query =
      proveCut(attention.getQuery(), attention.getQueryPositions());
  if (failed(query) || failed(proveQuery(*query)))
    return failure();
  FailureOr<Cut> key =
      proveCut(attention.getKey(), attention.getKeyPositions());
  if (failed(key) || failed(proveKeys(*query, *key)))
    return failure();
  // Values need not be cut by the operation that cuts the keys, whose positions
  // `attention` is given; proveGroups sees to it that theirs are the same.
  FailureOr<Cut> value = proveCut(attention.getValue(), /*positions=*/Value());
  if (failed(value) || failed(proveKeys(*query, *value)) ||
      failed(proveGroups(*key, *value)) ||
      failed(provePadding(attention, *query, *key)))
    return failure();
  Chain chain{query->source,
              key->source,
              value->source,
              attention.getKvLengths(),
              query->segment.getOrigin(),
              key->segment.getOrigin(),
              attention.getCausal(),
              attention.getScaleAttr(),
              {query->branch}};
  if (failed(proveOperands(chain)))
    return failure();
  return chain;
}

/// `rows` are cut from a sequence, and stand at `positions` if those are given.
FailureOr<Cut> ChainProver::proveCut(Value rows, Value positions) {
  Cut cut;
  rows = skipCasts(rows);
  cut.sparsify = rows.getDefiningOp<SparsifyOp>();
  if (cut.sparsify)
    rows = skipCasts(
        cut.sparsify.getSources()[cast<OpResult>(rows).getResultNumber()]);
  cut.segment = rows.getDefiningOp<SegmentOp>();
  if (!cut.segment)
    return fail("rows that no segment cuts");
  cut.source = cut.segment.getSources()[cast<OpResult>(rows).getResultNumber()];
  if (cut.sparsify && !isSame(cut.sparsify.getAt(), cut.segment.getPositions()))
    return fail("rows are kept at positions of other segments");
  if (positions && !isSame(positions, cut.getPositions()))
    return fail("attention at positions of other rows");
  cut.branch =
      cut.sparsify
          ? cut.sparsify.getBranch()
          : BranchAttr::get(scatter.getContext(), cut.segment.getSegment(),
                            /*dilation=*/1, HeadOffset::cyclic, /*phases=*/{},
                            Padding::mask);
  if (cut.branch.getSegment() != int64_t(cut.segment.getSegment()))
    return fail("the branch has another segment length than the segments");
  return cut;
}

/// The rows are all that a branch keeps of the query, and go back to where they
/// come from.
LogicalResult ChainProver::proveQuery(Cut &query) {
  if (query.segment.getGrid())
    return fail("queries are cut on a grid, which need not hold all of them");
  if (query.sparsify &&
      !provablyEqual(getHeads(query.sparsify), {query.source, 1}))
    return fail("query rows are not provably kept for the query's own heads");
  if (!isSame(scatter.getPositions(), query.getPositions()))
    return fail("rows are scattered to positions of others");
  MLIRContext *context = scatter.getContext();
  if (!provablyEqual(getOrigin(scatter.getOrigin(), context),
                     getOrigin(query.segment.getOrigin(), context)))
    return fail("the scattered rows have another origin than the query");
  if (!provablyEqual(getAsOpFoldResult(scatter.getLength()), {query.source, 2}))
    return fail("the scattered length is not provably the query's");
  return success();
}

/// The rows are all that the query's branch keeps of keys or values in the
/// segments of the query.
LogicalResult ChainProver::proveKeys(Cut &query, Cut &keys) {
  if (query.branch != keys.branch || !query.sparsify != !keys.sparsify)
    return fail("query and key rows are kept by different branches");
  Value grid = keys.segment.getGrid();
  if (grid ? !isSame(grid, query.segment.getPositions())
           : !holdSamePositions(query.segment, keys.segment))
    return fail("query and key are not provably cut into the same segments");
  // Whole segments are spread over no heads: `attention` needs as many of keys
  // as of queries.
  if (keys.sparsify &&
      !provablyEqual(getHeads(keys.sparsify), {query.source, 1}))
    return fail("key rows are not provably kept for the query's heads");
  return success();
}

/// Keys and values have the same positions and as many heads.
LogicalResult ChainProver::proveGroups(Cut &key, Cut &value) {
  if (!holdSamePositions(key.segment, value.segment))
    return fail("key and value do not provably hold the same positions");
  if (!key.sparsify)
    return success();
  bool told = key.sparsify == value.sparsify && key.sparsify.getHeads();
  if (!told && !provablyEqual({key.source, 1}, {value.source, 1}))
    return fail("key and value do not provably have as many heads");
  return success();
}

/// A branch with torchscale's padding is one that `attend` knows.
LogicalResult ChainProver::provePadding(AttentionOp attention, Cut &query,
                                        Cut &key) {
  if (query.branch.getPadding() != Padding::torchscale)
    return success();
  if (attention.getCausal() || attention.getKvLengths())
    return fail("torchscale's padding of masked attention");
  if (query.segment.getOrigin() || key.segment.getOrigin())
    return fail("torchscale's padding at an offset");
  if (query.segment != key.segment &&
      !provablyEqual({query.source, 2}, {key.source, 2}))
    return fail("torchscale's padding needs provably as many queries as keys");
  if (!query.branch.isAligned(
          cast<ShapedType>(key.source.getType()).getDimSize(2)))
    return fail("torchscale's padding moves rows off their queries");
  return success();
}

/// The sequences, whose types may know more than those of the pieces or less,
/// suit `attend`.
LogicalResult ChainProver::proveOperands(const Chain &chain) {
  auto sizeOf = [](Value value, unsigned dim) {
    return cast<ShapedType>(value.getType()).getDimSize(dim);
  };
  for (Value sequence : {chain.query, chain.key, chain.value})
    if (ShapedType::isDynamic(sizeOf(sequence, 3)))
      return fail("a head dimension is not static");
  SmallVector<int64_t> sizes(3, ShapedType::kDynamic);
  if (failed(refine(sizes, chain.query, {0})) ||
      failed(refine(sizes, chain.key, {0, 1, 2})) ||
      failed(refine(sizes, chain.value, {0, 1, 2})) ||
      (chain.kvLengths && failed(refine(sizes, chain.kvLengths, {0}))))
    return fail("static sizes of the sequences contradict");
  int64_t heads = sizeOf(chain.query, 1), groups = sizes[1];
  if (!ShapedType::isDynamic(heads) && !ShapedType::isDynamic(groups) &&
      (groups == 0 ? heads != 0 : heads % groups != 0))
    return fail("query heads are no multiple of the key heads");
  BranchAttr branch = chain.branches.front();
  if (branch.getHeadOffset() == HeadOffset::listed &&
      int64_t(branch.getPhases().size()) != heads)
    return fail("phases are listed for heads that are not static");
  return success();
}

//===----------------------------------------------------------------------===//
// Rewrites
//===----------------------------------------------------------------------===//

/// The scatter that yields an operand of `op`. Of another block it does not
/// count: what is computed once must not move into a loop.
ScatterOp getScatter(CombineOp op, Value out, Value lse) {
  auto scatter = skipCasts(out).getDefiningOp<ScatterOp>();
  if (scatter && scatter->getBlock() == op->getBlock() &&
      scatter.getOut() == skipCasts(out) && scatter.getLse() == skipCasts(lse))
    return scatter;
  return nullptr;
}

/// Whether `scatter` yields an operand of a `combine`.
bool feedsCombine(ScatterOp scatter) {
  SmallVector<Operation *> users(scatter.getOut().getUsers());
  while (!users.empty()) {
    Operation *user = users.pop_back_val();
    if (isa<tensor::CastOp>(user))
      users.append(user->user_begin(), user->user_end());
    if (auto op = dyn_cast<CombineOp>(user))
      for (auto [out, lse] : llvm::zip(op.getOuts(), op.getLses()))
        if (getScatter(op, out, lse) == scatter)
          return true;
  }
  return false;
}

/// Sizes [B, H, N, Dv] of the result of all `chains`, as far as `out`, `lse`
/// and their operands know them.
FailureOr<SmallVector<int64_t>> getSizes(ArrayRef<Chain> chains, Value out,
                                         Value lse) {
  SmallVector<int64_t> sizes(4, ShapedType::kDynamic);
  if (failed(refine(sizes, out, {0, 1, 2, 3})) ||
      failed(refine(sizes, lse, {0, 1, 2})))
    return failure();
  for (const Chain &chain : chains)
    if (failed(refine(sizes, chain.query, {0, 1, 2})) ||
        failed(refine(sizes, chain.value, {3})))
      return failure();
  return sizes;
}

/// Emits `chains` one after the other, each from the state that the one before
/// it leaves. Returns the last `attend`.
AttendOp emitAttends(ArrayRef<Chain> chains, ArrayRef<int64_t> shape,
                     Type element, Type accumulation, Location loc,
                     OpBuilder &builder) {
  SmallVector<OpFoldResult> sizes;
  for (auto [dim, size] : llvm::enumerate(shape))
    sizes.push_back(
        ShapedType::isDynamic(size)
            ? tensor::getMixedSize(builder, loc, chains.front().query, dim)
            : builder.getIndexAttr(size));
  Value out = tensor::EmptyOp::create(builder, loc, sizes, element);
  sizes.pop_back();
  Value lse = tensor::EmptyOp::create(builder, loc, sizes, accumulation);
  AttendOp attend;
  for (const Chain &chain : chains) {
    bool accumulate = bool(attend);
    attend = AttendOp::create(
        builder, loc, TypeRange{out.getType(), lse.getType()}, chain.query,
        chain.key, chain.value, chain.kvLengths, chain.queryOffset,
        chain.keyOffset, /*head_offset=*/Value(), /*heads=*/Value(), out, lse,
        chain.branches, accumulate, chain.causal, chain.scale);
    out = attend->getResult(0);
    lse = attend->getResult(1);
  }
  return attend;
}

/// Rounds a state to the element type that its storage has.
Value round(Value state, Type element, Location loc, OpBuilder &builder) {
  auto type = cast<RankedTensorType>(state.getType());
  if (type.getElementType() == element)
    return state;
  Value init = tensor::EmptyOp::create(
      builder, loc, tensor::getMixedSizes(builder, loc, state), element);
  SmallVector<AffineMap> maps(2,
                              builder.getMultiDimIdentityMap(type.getRank()));
  SmallVector<utils::IteratorType> loops(type.getRank(),
                                         utils::IteratorType::parallel);
  auto body = [&](OpBuilder &b, Location l, ValueRange arguments) {
    Value rounded = arith::TruncFOp::create(b, l, element, arguments[0]);
    linalg::YieldOp::create(b, l, rounded);
  };
  return linalg::GenericOp::create(builder, loc, init.getType(), state, init,
                                   maps, loops, body)
      .getResult(0);
}

/// Replaces `op` by an attention result whose types may know more sizes.
void replace(Operation *op, Value out, Value lse, PatternRewriter &rewriter) {
  SmallVector<Value> results{out, lse};
  for (auto [result, old] : llvm::zip(results, op->getResultTypes()))
    if (result.getType() != old)
      result = tensor::CastOp::create(rewriter, op->getLoc(), old, result);
  rewriter.replaceOp(op, results);
}

/// Of a `combine`, chains over the same sequences become one `attend`, the
/// `attend`s a chain of accumulation, and the rest stays.
struct FuseCombine : OpRewritePattern<CombineOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(CombineOp op,
                                PatternRewriter &rewriter) const override {
    SmallVector<Chain> chains;
    SmallVector<Value> outs, lses;
    for (auto [out, lse] : llvm::zip(op.getOuts(), op.getLses())) {
      ScatterOp scatter = getScatter(op, out, lse);
      FailureOr<Chain> chain = failure();
      if (scatter)
        chain = ChainProver(rewriter, scatter).prove();
      if (failed(chain)) {
        outs.push_back(out);
        lses.push_back(lse);
        continue;
      }
      auto *like = llvm::find_if(
          chains, [&](const Chain &other) { return other.isLike(*chain); });
      if (like == chains.end())
        chains.push_back(*chain);
      else
        llvm::append_range(like->branches, chain->branches);
    }
    if (chains.empty())
      return rewriter.notifyMatchFailure(op, "no operand is a provable chain");
    FailureOr<SmallVector<int64_t>> sizes =
        getSizes(chains, op.getOut(), op.getLse());
    if (failed(sizes))
      return rewriter.notifyMatchFailure(op, "static sizes contradict");

    Type element = op.getOut().getType().getElementType();
    Type accumulation = op.getLse().getType().getElementType();
    // A state that goes on, or that `attend` cannot round, is not rounded.
    Type storage =
        cast<ShapedType>(chains.front().query.getType()).getElementType();
    bool direct = outs.empty() && chains.size() == 1 && element == storage;
    AttendOp attend =
        emitAttends(chains, *sizes, direct ? element : accumulation,
                    accumulation, op.getLoc(), rewriter);
    Value out = attend->getResult(0), lse = attend->getResult(1);
    if (outs.empty()) {
      replace(op, round(out, element, op.getLoc(), rewriter), lse, rewriter);
      return success();
    }
    outs.insert(outs.begin(), out);
    lses.insert(lses.begin(), lse);
    rewriter.replaceOpWithNewOp<CombineOp>(op, op.getResultTypes(), outs, lses);
    return success();
  }
};

/// A chain that nothing combines.
struct FuseScatter : OpRewritePattern<ScatterOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ScatterOp op,
                                PatternRewriter &rewriter) const override {
    if (feedsCombine(op))
      return rewriter.notifyMatchFailure(op, "left to the combine it feeds");
    FailureOr<Chain> chain = ChainProver(rewriter, op).prove();
    if (failed(chain))
      return failure();
    FailureOr<SmallVector<int64_t>> sizes =
        getSizes(*chain, op.getOut(), op.getLse());
    if (failed(sizes))
      return rewriter.notifyMatchFailure(op, "static sizes contradict");
    AttendOp attend = emitAttends(
        *chain, *sizes, op.getOut().getType().getElementType(),
        op.getLse().getType().getElementType(), op.getLoc(), rewriter);
    replace(op, attend->getResult(0), attend->getResult(1), rewriter);
    return success();
  }
};

struct LongNetFusePass : impl::LongNetFuseBase<LongNetFusePass> {
  using Base::Base;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateLongNetFusePatterns(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace

void populateLongNetFusePatterns(RewritePatternSet &patterns) {
  patterns.add<FuseCombine, FuseScatter>(patterns.getContext());
}

} // namespace longnet
