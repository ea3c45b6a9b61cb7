//===- HoistScratch.cpp - Scratch of a thread, not of a task -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "longnet/Conversion/Passes.h"
#include "longnet/Dialect/LongNet/IR/IndexExpr.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/OpenMP/OpenMPDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;

namespace longnet {

#define GEN_PASS_DEF_LONGNETHOISTSCRATCH
#include "longnet/Conversion/Passes.h.inc"

namespace {

/// A line of the caches, and so many bytes between buffers: those of a multiple
/// of a page's size would all begin in the same sets of the first cache.
constexpr int64_t lineBytes = 64, gapBytes = 21 * lineBytes;

/// The outermost loop around `op` whose iterations run one after another in
/// the thread that runs `op`; null if there is none.
Operation *findLoop(Operation *op) {
  Operation *loop = nullptr;
  for (Operation *parent = op->getParentOp();
       isa_and_nonnull<memref::AllocaScopeOp, omp::LoopNestOp, omp::WsloopOp,
                       scf::ForOp>(parent);
       parent = parent->getParentOp())
    // A loop nest stands in a worksharing loop, which is not left without it.
    if (isa<omp::WsloopOp, scf::ForOp>(parent))
      loop = parent;
  return loop;
}

/// Whether `value` is known before `loop`, or can be computed there.
bool canPrecede(Value value, Operation *loop) {
  if (!loop->isAncestor(value.getParentRegion()->getParentOp()))
    return true;
  Operation *op = value.getDefiningOp();
  return op && isPure(op) &&
         llvm::all_of(op->getOperands(),
                      [&](Value operand) { return canPrecede(operand, loop); });
}

void movePrecedingOps(Value value, Operation *loop) {
  if (!loop->isAncestor(value.getParentRegion()->getParentOp()))
    return;
  Operation *op = value.getDefiningOp();
  for (Value operand : op->getOperands())
    movePrecedingOps(operand, loop);
  op->moveBefore(loop);
}

/// A buffer that no iteration of a loop leaves anything in.
struct Scratch {
  memref::AllocOp alloc;
  memref::DeallocOp dealloc;
  /// Fillings that hold for all iterations.
  SmallVector<linalg::FillOp> fills;
};

/// Whether `alloc` can be a part of a buffer of bytes.
bool canBePart(memref::AllocOp alloc) {
  MemRefType type = alloc.getType();
  return type.getLayout().isIdentity() && !type.getMemorySpace() &&
         type.getElementType().isIntOrIndexOrFloat() &&
         alloc.getAlignment().value_or(0) <= lineBytes;
}

/// `alloc` as scratch of `loop`, if it is that.
std::optional<Scratch> findScratch(memref::AllocOp alloc, Operation *loop) {
  Scratch scratch{alloc, {}, {}};
  if (!canBePart(alloc) ||
      !llvm::all_of(alloc->getOperands(),
                    [&](Value operand) { return canPrecede(operand, loop); }))
    return std::nullopt;
  for (Operation *user : alloc->getUsers()) {
    if (auto freeing = dyn_cast<memref::DeallocOp>(user)) {
      if (scratch.dealloc || user->getBlock() != alloc->getBlock())
        return std::nullopt;
      scratch.dealloc = freeing;
    }
    if (auto fill = dyn_cast<linalg::FillOp>(user);
        fill && fill->hasAttr(doneOnce) &&
        canPrecede(fill.getInputs()[0], loop))
      scratch.fills.push_back(fill);
  }
  if (!scratch.dealloc)
    return std::nullopt;
  return scratch;
}

/// Puts `all` into one buffer that lives as long as `loop`.
void hoist(ArrayRef<Scratch> all, Operation *loop) {
  OpBuilder b(loop);
  Location loc = loop->getLoc();
  DataLayout layout = DataLayout::closest(loop);
  IndexExpr end(b, loc, b.getIndexAttr(0));
  SmallVector<Value> begins;
  for (const Scratch &scratch : all) {
    memref::AllocOp alloc = scratch.alloc;
    for (Value operand : alloc->getOperands())
      movePrecedingOps(operand, loop);
    begins.push_back(end.materialize());
    IndexExpr size =
        end.constant(layout.getTypeSize(alloc.getType().getElementType()));
    for (OpFoldResult extent : alloc.getMixedSizes())
      size = size * IndexExpr(b, loc, extent);
    end = end + ceilDiv(size, lineBytes) * lineBytes + gapBytes;
  }
  auto type = MemRefType::get(ShapedType::kDynamic, b.getI8Type());
  Value buffer = memref::AllocOp::create(b, loc, type, end.materialize(),
                                         b.getI64IntegerAttr(lineBytes));
  for (auto [scratch, begin] : llvm::zip_equal(all, begins)) {
    memref::AllocOp alloc = scratch.alloc;
    Value view = memref::ViewOp::create(b, loc, alloc.getType(), buffer, begin,
                                        alloc.getDynamicSizes());
    for (linalg::FillOp fill : scratch.fills) {
      movePrecedingOps(fill.getInputs()[0], loop);
      fill->moveBefore(loop);
    }
    memref::DeallocOp dealloc = scratch.dealloc;
    dealloc.erase();
    alloc.replaceAllUsesWith(view);
    alloc.erase();
  }
  b.setInsertionPointAfter(loop);
  memref::DeallocOp::create(b, loc, buffer);
}

struct LongNetHoistScratchPass
    : impl::LongNetHoistScratchBase<LongNetHoistScratchPass> {
  using Base::Base;

  void runOnOperation() override {
    llvm::MapVector<Operation *, SmallVector<Scratch>> found;
    getOperation()->walk([&](memref::AllocOp alloc) {
      if (Operation *loop = findLoop(alloc))
        if (std::optional<Scratch> scratch = findScratch(alloc, loop))
          found[loop].push_back(*scratch);
    });
    for (auto &[loop, scratch] : found)
      hoist(scratch, loop);
  }
};

} // namespace
} // namespace longnet
