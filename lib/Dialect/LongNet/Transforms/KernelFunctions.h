//===- KernelFunctions.h - One function for all branches -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_LIB_DIALECT_LONGNET_TRANSFORMS_KERNELFUNCTIONS_H
#define LONGNET_LIB_DIALECT_LONGNET_TRANSFORMS_KERNELFUNCTIONS_H

#include "longnet/Dialect/LongNet/IR/IndexExpr.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/SymbolTable.h"

namespace longnet {

/// Adds a private function, `name` or one like it, that is never inlined:
/// inlined into every caller, it would be compiled once for each.
mlir::func::FuncOp makeKernelFunction(mlir::Location loc, llvm::StringRef name,
                                      mlir::FunctionType type,
                                      mlir::SymbolTable &symbols);

/// Private functions, one for all calls of the same name, operand types and
/// key, so that code does not grow with the number of branches.
class KernelFunctions {
public:
  using Body = llvm::function_ref<void(mlir::OpBuilder &, mlir::Location,
                                       mlir::ValueRange arguments)>;

  explicit KernelFunctions(mlir::ModuleOp module)
      : module(module), symbols(module) {}

  /// Calls the function for `operands`, making it with `body` if it is new.
  /// `key` says what its body depends on beside the types.
  void call(mlir::OpBuilder &builder, mlir::Location loc, llvm::StringRef name,
            mlir::Attribute key, mlir::ValueRange operands, Body body);

private:
  struct Known {
    std::string name;
    mlir::Attribute key;
    mlir::func::FuncOp function;
  };

  mlir::ModuleOp module;
  mlir::SymbolTable symbols;
  llvm::SmallVector<Known> known;
};

/// Takes the arguments of a function in their order.
struct ArgumentReader {
  mlir::OpBuilder &builder;
  mlir::Location loc;
  mlir::ValueRange rest;

  mlir::ValueRange take(size_t count) {
    mlir::ValueRange taken = rest.take_front(count);
    rest = rest.drop_front(count);
    return taken;
  }
  mlir::Value value() { return take(1).front(); }
  IndexExpr index() {
    return IndexExpr(builder, loc, mlir::OpFoldResult(value()));
  }
};

/// The buffer `value` with its offset and strides forgotten, which differ
/// between branches. A contiguous innermost dimension stays known.
mlir::Value forgetStrides(mlir::OpBuilder &builder, mlir::Location loc,
                          mlir::Value value);

} // namespace longnet

#endif // LONGNET_LIB_DIALECT_LONGNET_TRANSFORMS_KERNELFUNCTIONS_H
