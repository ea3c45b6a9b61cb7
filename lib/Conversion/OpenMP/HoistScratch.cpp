//===- HoistScratch.cpp - Scratch of a thread, not of a task -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "longnet/Conversion/Passes.h"
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

void hoist(memref::AllocOp alloc) {
  Operation *loop = findLoop(alloc);
  if (!loop || !llvm::all_of(alloc->getOperands(), [&](Value operand) {
        return canPrecede(operand, loop);
      }))
    return;
  // Nothing is left of the buffer when an iteration ends.
  memref::DeallocOp dealloc;
  SmallVector<linalg::FillOp> fills;
  for (Operation *user : alloc->getUsers()) {
    if (auto freeing = dyn_cast<memref::DeallocOp>(user)) {
      if (dealloc || user->getBlock() != alloc->getBlock())
        return;
      dealloc = freeing;
    }
    if (auto fill = dyn_cast<linalg::FillOp>(user);
        fill && fill->hasAttr(doneOnce) &&
        canPrecede(fill.getInputs()[0], loop))
      fills.push_back(fill);
  }
  if (!dealloc)
    return;
  for (Value operand : alloc->getOperands())
    movePrecedingOps(operand, loop);
  alloc->moveBefore(loop);
  for (linalg::FillOp fill : fills) {
    movePrecedingOps(fill.getInputs()[0], loop);
    fill->moveBefore(loop);
  }
  dealloc->moveAfter(loop);
}

struct LongNetHoistScratchPass
    : impl::LongNetHoistScratchBase<LongNetHoistScratchPass> {
  using Base::Base;

  void runOnOperation() override {
    SmallVector<memref::AllocOp> allocs;
    getOperation()->walk(
        [&](memref::AllocOp alloc) { allocs.push_back(alloc); });
    for (memref::AllocOp alloc : allocs)
      hoist(alloc);
  }
};

} // namespace
} // namespace longnet
