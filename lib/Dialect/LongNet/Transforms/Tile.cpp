//===- Tile.cpp - Parallel loops -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "longnet/Dialect/LongNet/IR/LongNet.h"
#include "longnet/Dialect/LongNet/Transforms/Passes.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SCF/Transforms/TileUsingInterface.h"

using namespace mlir;

namespace longnet {

#define GEN_PASS_DEF_LONGNETTILE
#include "longnet/Dialect/LongNet/Transforms/Passes.h.inc"

namespace {

/// Whether `attend` can be computed where `op` reads its output: nothing else
/// does, and what uses its lse comes later.
bool onlyServes(AttendOp attend, linalg::LinalgOp op) {
  Block *block = op->getBlock();
  if (attend->getNumResults() == 0 || attend->getBlock() != block ||
      !attend->getResult(0).hasOneUse())
    return false;
  return llvm::all_of(attend->getResult(1).getUsers(), [&](Operation *user) {
    Operation *ancestor = block->findAncestorOpInBlock(*user);
    return ancestor && op->isBeforeInBlock(ancestor);
  });
}

/// Reductions of whole rows of attention's output, such as delta.
bool readsRowsOfAttend(linalg::LinalgOp op) {
  unsigned parallel = 0;
  for (utils::IteratorType type : op.getIteratorTypesArray())
    parallel += type == utils::IteratorType::parallel;
  return op.hasPureTensorSemantics() && parallel == 3 &&
         op.getNumLoops() == 4 &&
         op.getIteratorTypesArray().back() == utils::IteratorType::reduction &&
         llvm::any_of(op.getDpsInputOperands(), [&](OpOperand *input) {
           auto attend = input->get().getDefiningOp<AttendOp>();
           return attend && onlyServes(attend, op) &&
                  op.getMatchingIndexingMap(input).isIdentity();
         });
}

struct LongNetTilePass : impl::LongNetTileBase<LongNetTilePass> {
  using Base::Base;

  void runOnOperation() override {
    if (chunk < 1 || cache < 0) {
      emitError(getOperation()->getLoc())
          << "longnet-tile: expects a chunk of at least 1 and a cache of at "
             "least 0, got "
          << int64_t(chunk) << " and " << int64_t(cache);
      return signalPassFailure();
    }
    IRRewriter rewriter(&getContext());
    SmallVector<linalg::LinalgOp> readers;
    getOperation()->walk([&](linalg::LinalgOp op) {
      if (readsRowsOfAttend(op) && !op->getParentOfType<scf::ForallOp>())
        readers.push_back(op);
    });
    for (linalg::LinalgOp op : readers)
      if (failed(tileWithAttend(op, rewriter)))
        return signalPassFailure();
    SmallVector<TilingInterface> ops;
    getOperation()->walk([&](TilingInterface op) {
      // Inside a forall, the work of a task is tiled already.
      if (isa<AttendOp, AttendGradOp, AttentionOp>(op.getOperation()) &&
          op->getNumResults() > 0 && !op->getParentOfType<scf::ForallOp>())
        ops.push_back(op);
    });
    for (TilingInterface op : ops)
      if (failed(tile(op, rewriter)))
        return signalPassFailure();
  }

  /// Queries of a task of `op`. Of a dilated branch they keep few, which pay
  /// for packing all keys and fill tiles badly, and a matrix unit is through
  /// with them while as many keys are packed as for any other, so that twice as
  /// many are better as long as they stay in the cache.
  int64_t rowsOf(AttendOp op) {
    bool isDilated = llvm::any_of(op.getBranches(), [](BranchAttr branch) {
      return branch.getDilation() > 4;
    });
    // A packed query and its accumulator, f32 or f64.
    auto lastDim = [](Value sequence) {
      return cast<ShapedType>(sequence.getType()).getShape().back();
    };
    int64_t dims = lastDim(op.getQuery()) + lastDim(op.getValue());
    int64_t bytes =
        dims * (getElementTypeOrSelf(op.getQuery()).isF64() ? 8 : 4);
    bool packsMuch =
        isDilated ||
        (matrixUnit && getElementTypeOrSelf(op.getQuery()).isBF16());
    return packsMuch && chunk <= cache / bytes / 2 ? 2 * chunk : chunk;
  }

  /// One task for each of the leading dimensions, `rows` of the last one tiled.
  static scf::SCFTilingOptions getOptions(OpBuilder &builder, unsigned dims,
                                          int64_t rows) {
    SmallVector<OpFoldResult> sizes(dims, builder.getIndexAttr(1));
    sizes.back() = builder.getIndexAttr(rows);
    scf::SCFTilingOptions options;
    options.setLoopType(scf::SCFTilingOptions::LoopType::ForallOp);
    options.setTileSizes(sizes);
    return options;
  }

  LogicalResult tile(TilingInterface op, RewriterBase &rewriter) {
    int64_t rows = chunk;
    if (auto attend = dyn_cast<AttendOp>(op.getOperation()))
      rows = rowsOf(attend);
    if (auto gradient = dyn_cast<AttendGradOp>(op.getOperation()))
      rows = llvm::alignTo(chunk, gradient.getBranch().getSegment());
    rewriter.setInsertionPoint(op);
    FailureOr<scf::SCFTilingResult> tiled = scf::tileUsingSCF(
        rewriter, op,
        getOptions(rewriter, op.getLoopIteratorTypes().size(), rows));
    if (failed(tiled))
      return op->emitError("cannot be tiled");
    rewriter.replaceOp(op, tiled->replacements);
    return success();
  }

  /// Tiles `op` together with the attention whose rows it reads, which are then
  /// never stored.
  LogicalResult tileWithAttend(linalg::LinalgOp op, RewriterBase &rewriter) {
    scf::SCFTileAndFuseOptions options;
    using Result = scf::SCFTileAndFuseOptions::ControlFnResult;
    DenseSet<Operation *> served;
    int64_t rows = chunk;
    for (Value input : op.getDpsInputs())
      if (auto attend = input.getDefiningOp<AttendOp>();
          attend && onlyServes(attend, op)) {
        served.insert(attend);
        rows = rowsOf(attend);
      }
    options.setTilingOptions(getOptions(rewriter, 3, rows));
    options.setFusionControlFn([&](tensor::ExtractSliceOp, OpResult producer,
                                   bool) -> std::optional<Result> {
      if (served.contains(producer.getOwner()))
        return Result{/*yieldProducerReplacement=*/true};
      return std::nullopt;
    });
    rewriter.setInsertionPoint(op);
    auto interface = cast<TilingInterface>(op.getOperation());
    FailureOr<scf::SCFTileAndFuseResult> tiled =
        scf::tileConsumerAndFuseProducersUsingSCF(rewriter, interface, options);
    if (failed(tiled))
      return op->emitError("cannot be tiled");
    // Slices of what is computed in the loop now are left over.
    Operation *loop = tiled->loops.front();
    loop->walk([&](tensor::ExtractSliceOp slice) {
      if (slice->use_empty())
        rewriter.eraseOp(slice);
    });
    SmallVector<Operation *> replaced{op};
    llvm::append_range(replaced, tiled->fusedProducers);
    for (Operation *each : replaced) {
      // The loop and its tiles ask for sizes before the loop has results.
      auto destinations = cast<DestinationStyleOpInterface>(each);
      for (auto [result, init] :
           llvm::zip_equal(each->getResults(), destinations.getDpsInits())) {
        rewriter.replaceUsesWithIf(result, init, [](OpOperand &use) {
          return isa<tensor::DimOp>(use.getOwner());
        });
        if (Value replacement = tiled->replacements.lookup(result))
          rewriter.replaceAllUsesWith(result, replacement);
      }
      if (each->use_empty())
        rewriter.eraseOp(each);
    }
    return success();
  }
};

} // namespace
} // namespace longnet
