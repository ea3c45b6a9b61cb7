//===- TargetMachine.h - What code is generated for -*- C++ -*-=============//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_TARGET_TARGETMACHINE_H
#define LONGNET_TARGET_TARGETMACHINE_H

#include "longnet/Support/InstructionSet.h"
#include "llvm/Support/Error.h"
#include "llvm/Target/TargetMachine.h"
#include <memory>
#include <string>

namespace longnet {

/// A processor to generate code for.
struct TargetOptions {
  /// Empty for the one that this runs on.
  std::string triple = {};
  /// Empty or `native` for the one that this runs on; empty means `generic`
  /// where the triple is of another architecture.
  std::string cpu = {};
  /// In addition to those of `cpu`, such as `+avx2,-fma`.
  std::string features = {};
};

/// A machine for position-independent code at the highest level of
/// optimization. Unknown triples and processors are errors.
llvm::Expected<std::unique_ptr<llvm::TargetMachine>>
createTargetMachine(const TargetOptions &options);

/// The vector registers and instructions that pay on a processor, and the
/// queries and keys of a tile that suit its registers and first cache.
struct VectorUnit {
  unsigned bits, registers;
  InstructionSet instructions = InstructionSet::generic;
  unsigned queryTile = 64, keyTile = 64;
  /// Bytes of a core's second cache: what most such processors have at least.
  unsigned cache = 1 << 19;
  /// Bytes of keys and values that are attended in one pipeline on AMX.
  unsigned strip = 0;
};
VectorUnit getVectorUnit(const llvm::TargetMachine &machine);

/// Whether code for `machine` is linked where this runs.
bool isHost(const llvm::TargetMachine &machine);

/// An error if code for `machine` cannot run where this runs.
llvm::Error checkRunsHere(const llvm::TargetMachine &machine);

} // namespace longnet

#endif // LONGNET_TARGET_TARGETMACHINE_H
