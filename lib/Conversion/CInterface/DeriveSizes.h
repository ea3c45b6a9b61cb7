//===- DeriveSizes.h - How the sizes of a function relate -*- C++ -*-=======//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_LIB_CONVERSION_CINTERFACE_DERIVESIZES_H
#define LONGNET_LIB_CONVERSION_CINTERFACE_DERIVESIZES_H

#include "longnet/Conversion/CInterface/FunctionInterface.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace longnet {

/// Sets the ties and computed sizes of `interface`, whose parameters are the
/// arguments and results of `function`, and returns the function for the
/// computed ones, null if there are none. `simplify` runs the passes of
/// `addSizeSimplification` on a function.
llvm::FailureOr<mlir::func::FuncOp> deriveSizes(
    mlir::func::FuncOp function, FunctionInterface &interface,
    llvm::function_ref<llvm::LogicalResult(mlir::func::FuncOp)> simplify);

} // namespace longnet

#endif // LONGNET_LIB_CONVERSION_CINTERFACE_DERIVESIZES_H
