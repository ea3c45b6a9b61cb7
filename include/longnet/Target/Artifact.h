//===- Artifact.h - Files that a compilation ends in -*- C++ -*-============//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_TARGET_ARTIFACT_H
#define LONGNET_TARGET_ARTIFACT_H

#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"
#include "llvm/Target/TargetMachine.h"

namespace longnet {

enum class Artifact { Shared, Object, LLVM, Assembly };

/// Writes `module`, which has been optimized, to `path`, or for `-` to standard
/// output. The file appears only when it is complete.
llvm::Error writeArtifact(llvm::Module &module, llvm::TargetMachine &machine,
                          Artifact artifact, llvm::StringRef path);

/// Calls `write` with a stream whose contents become the file `path` if all
/// goes well; `-` is standard output.
llvm::Error
writeFile(llvm::StringRef path,
          llvm::function_ref<llvm::Error(llvm::raw_ostream &)> write);

} // namespace longnet

#endif // LONGNET_TARGET_ARTIFACT_H
