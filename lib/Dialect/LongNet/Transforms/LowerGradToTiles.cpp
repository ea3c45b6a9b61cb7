//===- LowerGradToTiles.cpp - Loops around the gradient -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LowerGradToTiles.h"
#include "BranchRows.h"
#include "GradKernel.h"
#include "Packing.h"
#include "Scratch.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace longnet {

/// Whether none of the query heads [first, head) has the phase of `head`.
static Value isFirstOfPhase(OpBuilder &builder, Location loc,
                            const AttentionPart &part, BranchAttr branch,
                            const IndexExpr &first, const IndexExpr &head) {
  Value phase = phaseOf(builder, loc, part, branch, head).materialize();
  Value one = arith::ConstantIndexOp::create(builder, loc, 1);
  Value yes = arith::ConstantIntOp::create(builder, loc, 1, 1);
  auto loop = scf::ForOp::create(builder, loc, first.materialize(),
                                 head.materialize(), one, yes);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loop.getBody());
  IndexExpr earlier(builder, loc, OpFoldResult(loop.getInductionVar()));
  Value other = phaseOf(builder, loc, part, branch, earlier).materialize();
  Value differs = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne,
                                        other, phase);
  Value isFirst =
      arith::AndIOp::create(builder, loc, loop.getRegionIterArg(0), differs);
  scf::YieldOp::create(builder, loc, isFirst);
  return loop.getResult(0);
}

void lowerAttendGrad(AttendGradOp op, OpBuilder &builder, TileSizes tiles,
                     KernelFunctions &functions) {
  Location loc = op.getLoc();
  TileShape shape = shapeOf(op, tiles);
  shape.setGradStrips(tiles.strip);
  BranchAttr branch = op.getBranch();
  int64_t w = branch.getSegment(), r = branch.getDilation();
  AttentionPart part = partOf(op);
  IndexExpr maxKeys =
      rowsPerSegment(minimum(largestSize(builder, loc, op.getKey(), 2), w), r);
  GradScratch scratch = allocateGradScratch(builder, loc, shape, maxKeys);
  auto emitIf = [&](Value condition, function_ref<void()> body) {
    auto guarded = scf::IfOp::create(builder, loc, condition,
                                     /*withElseRegion=*/false);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(guarded.thenBlock());
    body();
  };

  // Query heads of one phase see the same rows of their key head: what they
  // add to the gradients of those gathers, and is rounded once.
  auto attendPhase = [&](ArrayRef<IndexExpr> keyAt, const IndexExpr &firstHead,
                         const IndexExpr &endHead) {
    IndexExpr phase = phaseOf(builder, loc, part, branch, firstHead);
    forEachSegment(
        builder, loc, part, branch, keyAt[0], phase,
        [&](const SegmentRows &rows) {
          auto keysOf = [&](Value sequence) {
            return viewRows(builder, loc, viewAt(builder, loc, sequence, keyAt),
                            rows.firstKey, rows.keys, r);
          };
          KeyRows keys{keysOf(op.getKey()), keysOf(op.getValue()), rows.keys,
                       Value()};
          startKeys(builder, loc, shape, scratch, keys, functions);
          emitLoop(builder, loc, firstHead, endHead, 1, [&](Value index) {
            IndexExpr head(builder, loc, OpFoldResult(index));
            auto queriesOf = [&](Value sequence) {
              return viewRows(builder, loc,
                              viewAt(builder, loc, sequence, {keyAt[0], head}),
                              rows.firstQuery, rows.queries, r);
            };
            Value other =
                phaseOf(builder, loc, part, branch, head).materialize();
            Value sees =
                arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq,
                                      other, phase.materialize());
            emitIf(sees, [&] {
              GradGroup group{queriesOf(op.getQuery()),
                              queriesOf(op.getOutGrad()),
                              queriesOf(op.getLse()),
                              queriesOf(op.getDelta()),
                              queriesOf(op.getQueryGrad()),
                              keys,
                              rows.diagonal};
              attendGradGroup(builder, loc, shape, scratch, group, functions);
            });
          });
          addKeyGrads(builder, loc, shape, scratch, keysOf(op.getKeyGrad()),
                      keysOf(op.getValueGrad()), rows.keys, functions);
        });
  };
  IndexExpr keyHeads = sizeOf(builder, loc, op.getKey(), 1);
  emitNest(builder, loc, {sizeOf(builder, loc, op.getQuery(), 0), keyHeads},
           [&](ArrayRef<IndexExpr> keyAt) {
             IndexExpr heads = floorDiv(sizeOf(builder, loc, op.getQuery(), 1),
                                        maximum(keyHeads, 1));
             IndexExpr first = keyAt[1] * heads, end = first + heads;
             emitLoop(builder, loc, first, end, 1, [&](Value index) {
               IndexExpr head(builder, loc, OpFoldResult(index));
               emitIf(isFirstOfPhase(builder, loc, part, branch, first, head),
                      [&] { attendPhase(keyAt, head, end); });
             });
           });
  deallocate(builder, loc, scratch.list());
}

} // namespace longnet
