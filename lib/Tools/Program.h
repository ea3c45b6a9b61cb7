//===- Program.h - What longnet-run runs -*- C++ -*-========================//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_LIB_TOOLS_PROGRAM_H
#define LONGNET_LIB_TOOLS_PROGRAM_H

#include "Arguments.h"
#include "RunOptions.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace longnet {

/// A module of whose functions only the one to run is public.
struct Program {
  mlir::OwningOpRef<mlir::ModuleOp> module;
  mlir::func::FuncOp function;
  FunctionInterface interface;
  llvm::SmallVector<Source> sources;
};

/// Reads or builds what `options` ask for.
llvm::Expected<Program> loadProgram(mlir::MLIRContext &context,
                                    const RunOptions &options);

} // namespace longnet

#endif // LONGNET_LIB_TOOLS_PROGRAM_H
