//===- Passes.h - Conversions -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_CONVERSION_PASSES_H
#define LONGNET_CONVERSION_PASSES_H

#include "longnet/Support/InstructionSet.h"
#include "mlir/Pass/Pass.h"

namespace longnet {

/// Marks a `math.exp2 fastmath<afn>` whose result is rounded to bf16: it needs
/// no more than bf16's accuracy.
constexpr llvm::StringLiteral roundedToBF16 = "longnet.rounded_to_bf16";

/// Marks one whose result, where it is a number, is at most 1.
constexpr llvm::StringLiteral atMostOne = "longnet.at_most_one";

/// Marks one that runs where denormal results are flushed to zero.
constexpr llvm::StringLiteral flushedToZero = "longnet.flushed_to_zero";

/// Marks a `linalg.fill` of scratch that need not be repeated when the same
/// memory is used again: what is left there does as well.
constexpr llvm::StringLiteral doneOnce = "longnet.done_once";

/// Marks an elementwise `linalg.generic` that follows a reduction and reads its
/// result: it may be done to each part of that as soon as it is there, since
/// nothing that it writes overlaps with what the reduction reads.
constexpr llvm::StringLiteral isEpilogue = "longnet.epilogue";

#define GEN_PASS_DECL
#include "longnet/Conversion/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "longnet/Conversion/Passes.h.inc"

} // namespace longnet

#endif // LONGNET_CONVERSION_PASSES_H
