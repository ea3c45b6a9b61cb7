//===- CodeGen.h - From the LLVM dialect to machine code -*- C++ -*-========//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_TARGET_CODEGEN_H
#define LONGNET_TARGET_CODEGEN_H

#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Target/TargetMachine.h"

namespace mlir {
class ModuleOp;
} // namespace mlir

namespace longnet {

/// Translates a module in the LLVM dialect for `machine`. What cannot be
/// translated is reported as a diagnostic.
llvm::Expected<std::unique_ptr<llvm::Module>>
translateToLLVMIR(mlir::ModuleOp module, llvm::LLVMContext &context,
                  const llvm::TargetMachine &machine);

/// Runs LLVM's pipeline of the highest level, with vectorization.
void optimize(llvm::Module &module, llvm::TargetMachine &machine);

/// Writes an object or assembly.
llvm::Error emitCode(llvm::Module &module, llvm::TargetMachine &machine,
                     llvm::CodeGenFileType type, llvm::raw_ostream &stream);

/// An object in memory.
llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>>
emitObject(llvm::Module &module, llvm::TargetMachine &machine);

} // namespace longnet

#endif // LONGNET_TARGET_CODEGEN_H
