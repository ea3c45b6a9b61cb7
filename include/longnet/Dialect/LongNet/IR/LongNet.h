//===- LongNet.h - The longnet dialect -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_DIALECT_LONGNET_IR_LONGNET_H
#define LONGNET_DIALECT_LONGNET_IR_LONGNET_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Interfaces/TilingInterface.h"

#include "longnet/Dialect/LongNet/IR/LongNetDialect.h.inc"
#include "longnet/Dialect/LongNet/IR/LongNetEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "longnet/Dialect/LongNet/IR/LongNetAttrs.h.inc"

#define GET_OP_CLASSES
#include "longnet/Dialect/LongNet/IR/LongNetOps.h.inc"

namespace longnet {

/// The type of running states and statistics over sequences of type `storage`:
/// f64 for f64, f32 for everything else.
mlir::FloatType getAccumulationType(mlir::Type storage);

/// The scale of scores over a head dimension: 1 / sqrt(headDim) unless given.
double getScale(mlir::FloatAttr scale, int64_t headDim);

} // namespace longnet

#endif // LONGNET_DIALECT_LONGNET_IR_LONGNET_H
