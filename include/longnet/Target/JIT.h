//===- JIT.h - Code that runs in this process -*- C++ -*-===================//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_TARGET_JIT_H
#define LONGNET_TARGET_JIT_H

#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"
#include "llvm/Target/TargetMachine.h"
#include <memory>

namespace llvm::orc {
class LLJIT;
} // namespace llvm::orc

namespace longnet {

/// Adds `int32_t NAME.packed(void **arguments)` to `module`, which calls the
/// function `name` with what `arguments` point to: for callers that learn its
/// signature only at run time.
llvm::Error addPackedEntry(llvm::Module &module, llvm::StringRef name);

/// Machine code that has been loaded into this process: the same that an object
/// file gets.
class JIT {
public:
  /// Generates code of `module`, which has been optimized for `machine`, the
  /// host's.
  static llvm::Expected<std::unique_ptr<JIT>>
  create(llvm::Module &module, llvm::TargetMachine &machine);
  ~JIT();

  /// The address of a function of the module, or of the OpenMP runtime.
  llvm::Expected<void *> lookup(llvm::StringRef name);

private:
  explicit JIT(std::unique_ptr<llvm::orc::LLJIT> engine);

  std::unique_ptr<llvm::orc::LLJIT> engine;
};

} // namespace longnet

#endif // LONGNET_TARGET_JIT_H
