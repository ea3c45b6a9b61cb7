//===- GroupFunctions.h - One function for all branches -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_LIB_DIALECT_LONGNET_TRANSFORMS_GROUPFUNCTIONS_H
#define LONGNET_LIB_DIALECT_LONGNET_TRANSFORMS_GROUPFUNCTIONS_H

#include "TileKernel.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/SymbolTable.h"

namespace longnet {

/// Private functions that attend a group, one for all groups of the same types,
/// whatever their strides.
class GroupFunctions {
public:
  explicit GroupFunctions(mlir::ModuleOp module)
      : module(module), symbols(module) {}

  /// Calls the function for `group`, making it first if it is new.
  void call(mlir::OpBuilder &builder, mlir::Location loc,
            const TileShape &shape, const TileScratch &scratch,
            const QueryGroup &group);

private:
  struct Known {
    mlir::func::FuncOp function;
    TileShape shape;
    bool hasDiagonal;
  };

  mlir::func::FuncOp make(mlir::Location loc, mlir::FunctionType type,
                          const TileShape &shape, bool hasDiagonal,
                          bool hasPositions);

  mlir::ModuleOp module;
  mlir::SymbolTable symbols;
  llvm::SmallVector<Known> known;
};

} // namespace longnet

#endif // LONGNET_LIB_DIALECT_LONGNET_TRANSFORMS_GROUPFUNCTIONS_H
