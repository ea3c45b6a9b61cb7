//===- Execute.h - Calling a function -*- C++ -*-===========================//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_LIB_TOOLS_EXECUTE_H
#define LONGNET_LIB_TOOLS_EXECUTE_H

#include "Arguments.h"
#include "Compiler.h"
#include "longnet/Target/JIT.h"

namespace longnet {

/// A function compiled into this process, with its arguments.
class CompiledCall {
public:
  /// Compiles `module`, whose only public function is the one that
  /// `interface` describes.
  static llvm::Expected<CompiledCall>
  create(mlir::ModuleOp module, const CompilerOptions &options,
         const FunctionInterface &interface);

  /// Runs parallel loops on `threads` threads; says whether there are any.
  llvm::Error setThreads(unsigned threads);
  /// The number of threads of parallel loops.
  unsigned getThreads();
  /// What the code is for, such as "x86_64-unknown-linux-gnu znver4".
  llvm::StringRef getTarget() const { return target; }

  /// Calls the function.
  llvm::Error run(llvm::ArrayRef<Argument> arguments,
                  llvm::MutableArrayRef<Array> outputs);

private:
  CompiledCall(std::unique_ptr<JIT> jit, const FunctionInterface &interface,
               std::string target)
      : jit(std::move(jit)), interface(interface), target(std::move(target)) {}

  std::unique_ptr<JIT> jit;
  FunctionInterface interface;
  std::string target;
};

/// Calls `function` in the interpreter, which computes in float64. Results are
/// rounded once, to f64 or f32, which stands for narrower floats too.
llvm::Expected<llvm::SmallVector<Array>>
runReference(mlir::func::FuncOp function, llvm::ArrayRef<Argument> arguments);

} // namespace longnet

#endif // LONGNET_LIB_TOOLS_EXECUTE_H
