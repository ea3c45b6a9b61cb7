//===- Compiler.h - From a module to LLVM IR -*- C++ -*-====================//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_LIB_TOOLS_COMPILER_H
#define LONGNET_LIB_TOOLS_COMPILER_H

#include "longnet/Conversion/CInterface/FunctionInterface.h"
#include "longnet/Target/TargetMachine.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"

namespace longnet {

/// How f32 is multiplied: as it is, or as sums of 2 or 3 parts of bf16 with the
/// 3 or 6 largest of their products.
enum class F32Products { fma = 1, bf16x3 = 2, bf16x6 = 3 };

/// How code is generated. What is not given is the pipeline's default, or the
/// target's.
struct CompilerOptions {
  TargetOptions target = {};
  bool fuse = true;
  bool parallel = true;
  std::optional<int64_t> vectorBits, chunk, queryTile, keyTile;
  F32Products f32Products = F32Products::fma;
};

/// A module with C entries, not optimized yet.
struct CompiledModule {
  std::unique_ptr<llvm::LLVMContext> context;
  std::unique_ptr<llvm::Module> module;
  std::unique_ptr<llvm::TargetMachine> machine;
  llvm::SmallVector<FunctionInterface> interfaces;
};

/// A context with all dialects, ours and MLIR's.
std::unique_ptr<mlir::MLIRContext> createContext();

/// Reads a module of MLIR from a file, or for `-` from standard input. Mistakes
/// in it are printed with their locations.
llvm::Expected<mlir::OwningOpRef<mlir::ModuleOp>>
parseModule(mlir::MLIRContext &context, llvm::StringRef path);

/// Inlines calls and drops private functions that nothing calls, so that
/// results and their sizes pass no call on their way out.
llvm::Error inlineCalls(mlir::ModuleOp module);

/// Runs `longnet-export` and returns what the exported functions take.
llvm::Expected<llvm::SmallVector<FunctionInterface>>
exportFunctions(mlir::ModuleOp module);

/// Lowers `module`, which is on tensors, and translates it to LLVM IR.
llvm::Expected<CompiledModule> compile(mlir::ModuleOp module,
                                       const CompilerOptions &options);

} // namespace longnet

#endif // LONGNET_LIB_TOOLS_COMPILER_H
