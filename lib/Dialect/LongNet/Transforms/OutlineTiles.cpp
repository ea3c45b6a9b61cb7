//===- OutlineTiles.cpp - One function a tile shape -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelFunctions.h"
#include "longnet/Dialect/LongNet/IR/LongNet.h"
#include "longnet/Dialect/LongNet/Transforms/Passes.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace longnet {

#define GEN_PASS_DEF_LONGNETOUTLINETILES
#include "longnet/Dialect/LongNet/Transforms/Passes.h.inc"

namespace {

struct LongNetOutlineTilesPass
    : impl::LongNetOutlineTilesBase<LongNetOutlineTilesPass> {
  using Base::Base;

  void runOnOperation() override {
    // Kind, operand types and scale say all there is about a tile: the number
    // of operands tells masked ones from others.
    using Key = std::tuple<ModuleOp, OperationName, FunctionType, FloatAttr>;
    llvm::MapVector<Key, SmallVector<Operation *>> tiles;
    auto collect = [&](auto op) {
      tiles[Key(op->template getParentOfType<ModuleOp>(), op->getName(),
                FunctionType::get(&getContext(), op->getOperandTypes(), {}),
                op.getScaleAttr())]
          .push_back(op);
    };
    auto collectOnBuffers = [&](auto op) {
      if (op.hasPureBufferSemantics())
        collect(op);
    };
    getOperation().walk([&](Operation *op) {
      llvm::TypeSwitch<Operation *>(op)
          .Case<AttendTileOp, AttendGradTileOp>(collectOnBuffers)
          .Case<AttendStripOp, AttendGradStripOp>(collect);
    });
    SymbolTableCollection tables;
    for (auto &[key, ops] : tiles) {
      func::FuncOp function =
          outline(ops.front(), std::get<FunctionType>(key),
                  tables.getSymbolTable(std::get<ModuleOp>(key)));
      for (Operation *op : ops) {
        OpBuilder builder(op);
        func::CallOp::create(builder, op->getLoc(), function,
                             op->getOperands());
        op->erase();
      }
    }
  }

  func::FuncOp outline(Operation *op, FunctionType type, SymbolTable &symbols) {
    OpBuilder builder(&getContext());
    Location loc = op->getLoc();
    std::string name = "longnet_" + op->getName().stripDialect().str();
    func::FuncOp function = makeKernelFunction(loc, name, type, symbols);
    Block *body = function.addEntryBlock();
    builder.setInsertionPointToStart(body);
    // By number: one value may be several operands here, but not everywhere.
    builder.clone(*op)->setOperands(body->getArguments());
    func::ReturnOp::create(builder, loc);
    // LLVM must not mix registers chosen by hand with those it chooses itself.
    if (isa<AttendStripOp, AttendGradStripOp>(op))
      function->setAttr("passthrough", builder.getStrArrayAttr({"noinline"}));
    return function;
  }
};

} // namespace
} // namespace longnet
