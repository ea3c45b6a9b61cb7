//===- InstructionSet.h - What code may use -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_SUPPORT_INSTRUCTIONSET_H
#define LONGNET_SUPPORT_INSTRUCTIONSET_H

#include "llvm/Support/CommandLine.h"

namespace longnet {

/// Instructions beyond plain vectors that code may use; each set includes those
/// before it.
enum class InstructionSet { generic, avx512, avx512bf16, amx };

/// Their names as the values of an option.
inline llvm::cl::ValuesClass instructionSetValues() {
  return llvm::cl::values(
      clEnumValN(InstructionSet::generic, "generic", "plain vectors (default)"),
      clEnumValN(InstructionSet::avx512, "avx512", "AVX-512"),
      clEnumValN(InstructionSet::avx512bf16, "avx512bf16",
                 "dot products of bf16"),
      clEnumValN(InstructionSet::amx, "amx", "tiles of bf16"));
}

} // namespace longnet

#endif // LONGNET_SUPPORT_INSTRUCTIONSET_H
