//===- BranchRows.cpp - Rows of a branch -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "BranchRows.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace longnet {

void emitNest(OpBuilder &builder, Location loc, ArrayRef<IndexExpr> sizes,
              function_ref<void(ArrayRef<IndexExpr>)> body) {
  SmallVector<Value> zeros, bounds, ones;
  for (const IndexExpr &size : sizes) {
    zeros.push_back(arith::ConstantIndexOp::create(builder, loc, 0));
    ones.push_back(arith::ConstantIndexOp::create(builder, loc, 1));
    bounds.push_back(size.materialize());
  }
  scf::buildLoopNest(builder, loc, zeros, bounds, ones,
                     [&](OpBuilder &nested, Location, ValueRange ivs) {
                       OpBuilder::InsertionGuard guard(builder);
                       builder.restoreInsertionPoint(
                           nested.saveInsertionPoint());
                       SmallVector<IndexExpr> indices;
                       for (Value iv : ivs)
                         indices.emplace_back(builder, loc, OpFoldResult(iv));
                       body(indices);
                     });
}

/// `value`, or `otherwise` where there is none.
static IndexExpr valueOr(OpBuilder &builder, Location loc, Value value,
                         int64_t otherwise) {
  return value ? IndexExpr(builder, loc, OpFoldResult(value))
               : IndexExpr(builder, loc, otherwise);
}

IndexExpr phaseOf(OpBuilder &builder, Location loc, const AttentionPart &part,
                  BranchAttr branch, const IndexExpr &head) {
  IndexExpr globalHead = valueOr(builder, loc, part.headOffset, 0) + head;
  IndexExpr heads = part.heads ? valueOr(builder, loc, part.heads, 0)
                               : sizeOf(builder, loc, part.query, 1);
  return IndexExpr(
      builder, loc,
      branch.getPhase(builder, loc, globalHead.fold(), heads.fold()));
}

void forEachSegment(OpBuilder &builder, Location loc, const AttentionPart &part,
                    BranchAttr branch, const IndexExpr &batch,
                    const IndexExpr &phase,
                    function_ref<void(const SegmentRows &)> body) {
  int64_t w = branch.getSegment(), r = branch.getDilation();
  IndexExpr queryRows = sizeOf(builder, loc, part.query, 2),
            keyRows = sizeOf(builder, loc, part.key, 2);
  IndexExpr queryBegin = valueOr(builder, loc, part.queryOffset, 0),
            keyBegin = valueOr(builder, loc, part.keyOffset, 0);
  Span<IndexExpr> queries{queryBegin, queryBegin + queryRows};
  Span<IndexExpr> keys{keyBegin, keyBegin + keyRows};
  if (part.lengths) {
    Value length =
        memref::LoadOp::create(builder, loc, part.lengths, batch.materialize());
    keys.end = minimum(keys.end, IndexExpr(builder, loc, OpFoldResult(length)));
  }
  Span<IndexExpr> segments = segmentsOf(queries, w);
  emitLoop(builder, loc, segments.begin, segments.end, 1, [&](Value index) {
    IndexExpr segment(builder, loc, OpFoldResult(index));
    Rows<IndexExpr> keptQueries = keptRows(segment, phase, queries, w, r);
    Rows<IndexExpr> keptKeys = keptRows(segment, phase, keys, w, r);
    // Where there are no rows, the first may lie past the end.
    SegmentRows rows{minimum(keptQueries.first - queryBegin, queryRows),
                     keptQueries.count,
                     minimum(keptKeys.first - keyBegin, keyRows),
                     keptKeys.count, std::nullopt};
    if (part.causal)
      rows.diagonal = floorDiv(keptQueries.first - keptKeys.first, r);
    body(rows);
  });
}

} // namespace longnet
