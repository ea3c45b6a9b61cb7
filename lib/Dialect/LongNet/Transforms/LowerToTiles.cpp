//===- LowerToTiles.cpp - Loops over tiles -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "BranchRows.h"
#include "LowerGradToTiles.h"
#include "Packing.h"
#include "Scratch.h"
#include "TileKernel.h"
#include "longnet/Dialect/LongNet/IR/Geometry.h"
#include "longnet/Dialect/LongNet/Transforms/Passes.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace longnet {

#define GEN_PASS_DEF_LONGNETLOWERTOTILES
#include "longnet/Dialect/LongNet/Transforms/Passes.h.inc"

namespace {

Value floatConstant(OpBuilder &builder, Location loc, Type type, double value) {
  return arith::ConstantOp::create(builder, loc,
                                   builder.getFloatAttr(type, value));
}

/// The running softmax of one batch entry, head and chunk, in scratch buffers.
/// It starts empty, or from (out, lse), and ends in (out, lse).
class ChunkState {
public:
  /// Of `rows` rows, and room for `largest`.
  ChunkState(OpBuilder &builder, Location loc, const IndexExpr &rows,
             const IndexExpr &largest, const TileShape &shape)
      : builder(builder), loc(loc), type(shape.accumulation),
        scale(shape.scale) {
    MLIRContext *context = builder.getContext();
    AffineExpr i = getAffineDimExpr(0, context);
    matrix = AffineMap::getMultiDimIdentityMap(2, context);
    row = AffineMap::get(2, 0, i, context);
    line = AffineMap::get(1, 0, i, context);
    auto allocate = [&](ArrayRef<OpFoldResult> sizes) {
      return allocateBuffer(builder, loc, sizes, type);
    };
    buffers = {allocate({largest.fold(), builder.getIndexAttr(shape.valueDim)}),
               allocate(largest.fold()), allocate(largest.fold())};
    auto used = [&](Value buffer) {
      return viewRows(builder, loc, buffer, rows.constant(0), rows);
    };
    state = {used(buffers[0]), used(buffers[1]), used(buffers[2])};
  }

  const RunningState &get() const { return state; }

  void startEmpty() {
    for (auto [buffer, value] :
         {std::pair(state.acc, 0.0), std::pair(state.max, -HUGE_VAL),
          std::pair(state.sum, 0.0)})
      linalg::FillOp::create(builder, loc,
                             floatConstant(builder, loc, type, value), buffer);
  }

  /// A finished result is a state of sum 1, or empty where lse is -inf.
  void startFrom(Value out, Value lse) {
    // What stands in a row without keys is nothing, whatever it is.
    emitElementwise(builder, loc, {out, lse}, state.acc, {matrix, row, matrix},
                    [&](OpBuilder &b, Location l, ValueRange args) {
                      Value x = args[0];
                      if (x.getType() != type)
                        x = arith::ExtFOp::create(b, l, type, x);
                      Value empty = arith::CmpFOp::create(
                          b, l, arith::CmpFPredicate::OEQ, args[1],
                          floatConstant(b, l, type, -HUGE_VAL));
                      return SmallVector<Value>{arith::SelectOp::create(
                          b, l, empty, floatConstant(b, l, type, 0), x)};
                    });
    emitElementwise(
        builder, loc, lse, {state.max, state.sum}, {line, line, line},
        [&](OpBuilder &b, Location l, ValueRange args) {
          Value top = arith::DivFOp::create(b, l, args[0],
                                            floatConstant(b, l, type, scale));
          Value empty =
              arith::CmpFOp::create(b, l, arith::CmpFPredicate::OEQ, args[0],
                                    floatConstant(b, l, type, -INFINITY));
          Value one =
              arith::SelectOp::create(b, l, empty, floatConstant(b, l, type, 0),
                                      floatConstant(b, l, type, 1));
          return SmallVector<Value>{top, one};
        });
  }

  void finish(Value out, Value lse) {
    Type storage = getElementTypeOrSelf(out);
    // Rows without a key have the sum 0 and get (0, -inf).
    emitElementwise(builder, loc, {state.acc, state.sum}, out,
                    {matrix, row, matrix},
                    [&](OpBuilder &b, Location l, ValueRange args) {
                      Value zero = floatConstant(b, l, type, 0);
                      Value empty = arith::CmpFOp::create(
                          b, l, arith::CmpFPredicate::OEQ, args[1], zero);
                      Value sum = arith::SelectOp::create(
                          b, l, empty, floatConstant(b, l, type, 1), args[1]);
                      Value x = arith::DivFOp::create(b, l, args[0], sum);
                      if (storage != type)
                        x = arith::TruncFOp::create(b, l, storage, x);
                      return SmallVector<Value>{x};
                    });
    emitElementwise(
        builder, loc, {state.max, state.sum}, lse, {line, line, line},
        [&](OpBuilder &b, Location l, ValueRange args) {
          Value zero = floatConstant(b, l, type, 0);
          Value empty = arith::CmpFOp::create(b, l, arith::CmpFPredicate::OEQ,
                                              args[1], zero);
          Value top = arith::MulFOp::create(b, l, args[0],
                                            floatConstant(b, l, type, scale));
          Value natural = arith::AddFOp::create(
              b, l, top, math::LogOp::create(b, l, args[1]));
          return SmallVector<Value>{arith::SelectOp::create(
              b, l, empty, floatConstant(b, l, type, -INFINITY), natural)};
        });
  }

  /// The state of `count` rows from `first`, `stride` apart.
  RunningState view(const IndexExpr &first, const IndexExpr &count,
                    int64_t stride) const {
    auto at = [&](Value buffer) {
      return viewRows(builder, loc, buffer, first, count, stride);
    };
    return {at(state.acc), at(state.max), at(state.sum)};
  }

  void deallocate() { longnet::deallocate(builder, loc, buffers); }

private:
  OpBuilder &builder;
  Location loc;
  FloatType type;
  double scale;
  SmallVector<Value> buffers;
  RunningState state;
  AffineMap matrix, row, line;
};

//===----------------------------------------------------------------------===//
// attend
//===----------------------------------------------------------------------===//

class AttendLowering {
public:
  AttendLowering(AttendOp op, OpBuilder &builder, TileSizes tiles,
                 KernelFunctions &functions)
      : op(op), builder(builder), loc(op.getLoc()), tiles(tiles),
        functions(functions) {}

  void run() {
    IndexExpr batch = sizeOf(builder, loc, op.getQuery(), 0),
              heads = sizeOf(builder, loc, op.getQuery(), 1);
    IndexExpr rows = sizeOf(builder, loc, op.getQuery(), 2);
    TileShape shape = shapeOf(op, tiles);
    shape.setStrips(tiles.strip);
    IndexExpr largest = largestSize(builder, loc, op.getQuery(), 2);
    TileScratch scratch = allocateScratch(builder, loc, shape, largest);
    ChunkState state(builder, loc, rows, largest, shape);
    emitNest(builder, loc, {batch, heads}, [&](ArrayRef<IndexExpr> at) {
      Value out = viewAt(builder, loc, op.getOut(), at);
      Value lse = viewAt(builder, loc, op.getLse(), at);
      if (op.getAccumulate())
        state.startFrom(out, lse);
      else
        state.startEmpty();
      for (BranchAttr branch : op.getBranches())
        attendBranch(branch, at[0], at[1], shape, scratch, state);
      state.finish(out, lse);
    });
    state.deallocate();
    deallocate(builder, loc, scratch.list());
  }

private:
  void attendBranch(BranchAttr branch, const IndexExpr &b, const IndexExpr &h,
                    const TileShape &shape, const TileScratch &scratch,
                    ChunkState &state) {
    int64_t w = branch.getSegment(), r = branch.getDilation();
    Value query = viewAt(builder, loc, op.getQuery(), {b, h});
    IndexExpr keyHead = keyHeadOf(builder, op, h);
    Value key = viewAt(builder, loc, op.getKey(), {b, keyHead});
    Value value = viewAt(builder, loc, op.getValue(), {b, keyHead});
    AttentionPart part = partOf(op);
    IndexExpr phase = phaseOf(builder, loc, part, branch, h);
    forEachSegment(
        builder, loc, part, branch, b, phase, [&](const SegmentRows &rows) {
          auto keysOf = [&](Value source) {
            return viewRows(builder, loc, source, rows.firstKey, rows.keys, r);
          };
          QueryGroup group{
              viewRows(builder, loc, query, rows.firstQuery, rows.queries, r),
              state.view(rows.firstQuery, rows.queries, r),
              {keysOf(key), keysOf(value), rows.keys, Value()},
              rows.diagonal,
              Value()};
          // Torchscale's missing keys take part as zeros.
          if (branch.getPadding() == Padding::torchscale)
            group.keys.count =
                rowsPerSegment(minimum(sizeOf(builder, loc, key, 0), w), r);
          attendGroup(builder, loc, shape, scratch, group, functions);
        });
  }

  AttendOp op;
  OpBuilder &builder;
  Location loc;
  TileSizes tiles;
  KernelFunctions &functions;
};

//===----------------------------------------------------------------------===//
// attention
//===----------------------------------------------------------------------===//

class AttentionLowering {
public:
  AttentionLowering(AttentionOp op, OpBuilder &builder, TileSizes tiles,
                    KernelFunctions &functions)
      : op(op), builder(builder), loc(op.getLoc()), tiles(tiles),
        functions(functions) {}

  void run() {
    SmallVector<IndexExpr> outer;
    for (unsigned dim : {0, 1, 2})
      outer.push_back(sizeOf(builder, loc, op.getQuery(), dim));
    IndexExpr rows = sizeOf(builder, loc, op.getQuery(), 3),
              keys = sizeOf(builder, loc, op.getKey(), 3);
    TileShape shape = shapeOf(op, tiles);
    TileScratch scratch = allocateScratch(builder, loc, shape, rows);
    ChunkState state(builder, loc, rows, rows, shape);
    Value limits = makeIndices(rows), positions = makeIndices(keys);
    emitNest(builder, loc, outer, [&](ArrayRef<IndexExpr> at) {
      fillLimits(limits, positionsAt(op.getQueryPositions(), at));
      fillPositions(positions, positionsAt(op.getKeyPositions(), at), at[0]);
      state.startEmpty();
      attendGroup(builder, loc, shape, scratch,
                  {viewAt(builder, loc, op.getQuery(), at),
                   state.get(),
                   {viewAt(builder, loc, op.getKey(), at),
                    viewAt(builder, loc, op.getValue(), at), keys, positions},
                   std::nullopt,
                   limits},
                  functions);
      state.finish(viewAt(builder, loc, op.getOut(), at),
                   viewAt(builder, loc, op.getLse(), at));
    });
    deallocate(builder, loc, {limits, positions});
    state.deallocate();
    deallocate(builder, loc, scratch.list());
  }

private:
  Value makeIndices(const IndexExpr &count) {
    return allocateBuffer(builder, loc, count.fold(), builder.getIndexType());
  }

  /// Positions [M] of a head and segment, of [G, M] or [H, G, M].
  Value positionsAt(Value positions, ArrayRef<IndexExpr> at) {
    bool perHead = cast<ShapedType>(positions.getType()).getRank() == 3;
    return viewAt(builder, loc, positions,
                  perHead ? at.slice(1, 2) : at.slice(2, 1));
  }

  /// A causal query sees keys up to its position, any other all of them.
  void fillLimits(Value limits, Value positions) {
    AffineMap line = AffineMap::getMultiDimIdentityMap(1, builder.getContext());
    emitElementwise(builder, loc, positions, limits, {line, line},
                    [&](OpBuilder &b, Location l, ValueRange args) {
                      Value limit = args[0];
                      if (!op.getCausal())
                        limit = arith::ConstantIndexOp::create(b, l, unlimited);
                      return SmallVector<Value>{limit};
                    });
  }

  /// Absent keys, and those past the length, are hidden.
  void fillPositions(Value buffer, Value positions, const IndexExpr &batch) {
    Value length;
    if (op.getKvLengths())
      length = memref::LoadOp::create(builder, loc, op.getKvLengths(),
                                      batch.materialize());
    AffineMap line = AffineMap::getMultiDimIdentityMap(1, builder.getContext());
    emitElementwise(
        builder, loc, positions, buffer, {line, line},
        [&](OpBuilder &b, Location l, ValueRange args) {
          Value zero = arith::ConstantIndexOp::create(b, l, 0);
          Value hidden = arith::ConstantIndexOp::create(b, l, hiddenPosition);
          Value present = arith::CmpIOp::create(b, l, arith::CmpIPredicate::sge,
                                                args[0], zero);
          if (length) {
            Value valid = arith::CmpIOp::create(b, l, arith::CmpIPredicate::slt,
                                                args[0], length);
            present = arith::AndIOp::create(b, l, present, valid);
          }
          return SmallVector<Value>{
              arith::SelectOp::create(b, l, present, args[0], hidden)};
        });
  }

  AttentionOp op;
  OpBuilder &builder;
  Location loc;
  TileSizes tiles;
  KernelFunctions &functions;
};

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

struct LongNetLowerToTilesPass
    : impl::LongNetLowerToTilesBase<LongNetLowerToTilesPass> {
  using Base::Base;

  void runOnOperation() override {
    if (queryTile < 1 || keyTile < 1) {
      emitError(getOperation()->getLoc())
          << "longnet-lower-to-tiles: expects tiles of at least 1, got "
          << int64_t(queryTile) << " queries and " << int64_t(keyTile)
          << " keys";
      return signalPassFailure();
    }
    if (pairs < 0 || pairs % 16 != 0) {
      emitError(getOperation()->getLoc())
          << "longnet-lower-to-tiles: expects pairs to be 0 or a multiple of "
             "16, got "
          << int64_t(pairs);
      return signalPassFailure();
    }
    if (strip < 0) {
      emitError(getOperation()->getLoc())
          << "longnet-lower-to-tiles: expects a strip of at least 0 bytes, got "
          << int64_t(strip);
      return signalPassFailure();
    }
    if (parts < 1 || parts > 3 || (parts > 1 && pairs == 0)) {
      emitError(getOperation()->getLoc())
          << "longnet-lower-to-tiles: expects 1 to 3 parts, and pairs for more "
             "than 1, got "
          << int64_t(parts) << " parts and pairs " << int64_t(pairs);
      return signalPassFailure();
    }
    TileSizes tiles{queryTile, keyTile, pairs, strip, parts};
    // Modules may be nested, and calls stay inside theirs.
    llvm::MapVector<ModuleOp, KernelFunctions> functions;
    SmallVector<Operation *> lowered;
    getOperation().walk([&](Operation *op) {
      OpBuilder builder(op);
      auto functionsOf = [&]() -> KernelFunctions & {
        auto module = op->getParentOfType<ModuleOp>();
        return functions.try_emplace(module, module).first->second;
      };
      if (auto attend = dyn_cast<AttendOp>(op);
          attend && attend.hasPureBufferSemantics())
        AttendLowering(attend, builder, tiles, functionsOf()).run();
      else if (auto attention = dyn_cast<AttentionOp>(op);
               attention && attention.hasPureBufferSemantics())
        AttentionLowering(attention, builder, tiles, functionsOf()).run();
      else if (auto gradient = dyn_cast<AttendGradOp>(op);
               gradient && gradient.hasPureBufferSemantics())
        lowerAttendGrad(gradient, builder, tiles, functionsOf());
      else
        return;
      lowered.push_back(op);
    });
    for (Operation *op : lowered)
      op->erase();
  }
};

} // namespace
} // namespace longnet
