//===- LongNetOps.td - All operations ------------------------- -*- tablegen -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_DIALECT_LONGNET_IR_LONGNETOPS_TD
#define LONGNET_DIALECT_LONGNET_IR_LONGNETOPS_TD

include "longnet/Dialect/LongNet/IR/LongNetKernelOps.td"
include "longnet/Dialect/LongNet/IR/LongNetPatternOps.td"
include "longnet/Dialect/LongNet/IR/LongNetPieceOps.td"

#endif // LONGNET_DIALECT_LONGNET_IR_LONGNETOPS_TD
