//===- SizeTies.h - Sizes that operations need to agree -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_LIB_CONVERSION_CINTERFACE_SIZETIES_H
#define LONGNET_LIB_CONVERSION_CINTERFACE_SIZETIES_H

#include "longnet/Conversion/CInterface/FunctionInterface.h"

namespace longnet {

/// A dimension of a tensor operand.
struct ValueDim {
  mlir::Value value;
  unsigned dim;
};

/// Two sizes that an operation needs to be equal, or the first a multiple of
/// the second.
struct OperandTie {
  ValueDim subject, other;
  SizeTie::Relation relation;
  llvm::StringRef what;
};

/// What the verifier of `op`, an operation on tensors, checks where sizes are
/// static and has to take on trust where they are not.
llvm::SmallVector<OperandTie> getSizeTies(mlir::Operation *op);

} // namespace longnet

#endif // LONGNET_LIB_CONVERSION_CINTERFACE_SIZETIES_H
