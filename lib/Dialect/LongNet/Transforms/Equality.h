//===- Equality.h - Sizes and offsets that provably agree -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_LIB_DIALECT_LONGNET_TRANSFORMS_EQUALITY_H
#define LONGNET_LIB_DIALECT_LONGNET_TRANSFORMS_EQUALITY_H

#include "mlir/Interfaces/ValueBoundsOpInterface.h"

namespace longnet {

/// An index, or one size of a tensor.
using Quantity = mlir::ValueBoundsConstraintSet::Variable;

/// True only for a proof: not knowing is not being equal.
inline bool provablyEqual(const Quantity &a, const Quantity &b) {
  llvm::FailureOr<bool> equal = mlir::ValueBoundsConstraintSet::areEqual(a, b);
  return llvm::succeeded(equal) && *equal;
}

} // namespace longnet

#endif // LONGNET_LIB_DIALECT_LONGNET_TRANSFORMS_EQUALITY_H
