//===- SizeFunction.h - Sizes as a function of the arguments -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_CONVERSION_CINTERFACE_SIZEFUNCTION_H
#define LONGNET_CONVERSION_CINTERFACE_SIZEFUNCTION_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlir {
class OpPassManager;
} // namespace mlir

namespace longnet {

/// An index that holds when a function returns: a dimension of a tensor, or the
/// value itself where it is an index.
struct SizeQuery {
  mlir::Value value;
  unsigned dim = 0;
};

/// A private function `name`, next to `function` and with its arguments, that
/// returns what `queries` ask for. It is a copy of `function`; the passes of
/// `addSizeSimplification` leave of it what the sizes need. There is none for a
/// function of several blocks. Values of `queries` live at its top level.
mlir::func::FuncOp buildSizeFunction(mlir::func::FuncOp function,
                                     llvm::StringRef name,
                                     llvm::ArrayRef<SizeQuery> queries);

/// Adds passes, on functions, that express sizes by those of the arguments.
void addSizeSimplification(mlir::OpPassManager &manager);

} // namespace longnet

#endif // LONGNET_CONVERSION_CINTERFACE_SIZEFUNCTION_H
