//===- Tile.cpp - Parallel loops -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "longnet/Dialect/LongNet/IR/LongNet.h"
#include "longnet/Dialect/LongNet/Transforms/Passes.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SCF/Transforms/TileUsingInterface.h"

using namespace mlir;

namespace longnet {

#define GEN_PASS_DEF_LONGNETTILE
#include "longnet/Dialect/LongNet/Transforms/Passes.h.inc"

namespace {

struct LongNetTilePass : impl::LongNetTileBase<LongNetTilePass> {
  using Base::Base;

  void runOnOperation() override {
    if (chunk < 1) {
      emitError(getOperation()->getLoc())
          << "longnet-tile: expects a chunk of at least 1, got "
          << int64_t(chunk);
      return signalPassFailure();
    }
    SmallVector<TilingInterface> ops;
    getOperation()->walk([&](TilingInterface op) {
      // Inside a forall, the work of a task is tiled already.
      if (isa<AttendOp, AttendGradOp, AttentionOp>(op.getOperation()) &&
          op->getNumResults() > 0 && !op->getParentOfType<scf::ForallOp>())
        ops.push_back(op);
    });
    IRRewriter rewriter(&getContext());
    for (TilingInterface op : ops)
      if (failed(tile(op, rewriter)))
        return signalPassFailure();
  }

  LogicalResult tile(TilingInterface op, RewriterBase &rewriter) {
    SmallVector<OpFoldResult> sizes(op.getLoopIteratorTypes().size(),
                                    rewriter.getIndexAttr(1));
    int64_t rows = chunk;
    if (auto gradient = dyn_cast<AttendGradOp>(op.getOperation()))
      rows = llvm::alignTo(chunk, gradient.getBranch().getSegment());
    sizes.back() = rewriter.getIndexAttr(rows);
    scf::SCFTilingOptions options;
    options.setLoopType(scf::SCFTilingOptions::LoopType::ForallOp);
    options.setTileSizes(sizes);
    rewriter.setInsertionPoint(op);
    FailureOr<scf::SCFTilingResult> tiled =
        scf::tileUsingSCF(rewriter, op, options);
    if (failed(tiled))
      return op->emitError("cannot be tiled");
    rewriter.replaceOp(op, tiled->replacements);
    return success();
  }
};

} // namespace
} // namespace longnet
