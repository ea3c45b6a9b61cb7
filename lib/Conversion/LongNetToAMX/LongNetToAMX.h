//===- LongNetToAMX.h - Strips to tile registers -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_LIB_CONVERSION_LONGNETTOAMX_LONGNETTOAMX_H
#define LONGNET_LIB_CONVERSION_LONGNETTOAMX_LONGNETTOAMX_H

#include "longnet/Dialect/LongNet/IR/LongNet.h"
#include "mlir/IR/PatternMatch.h"

namespace longnet {

/// Lower `op` to a pipeline on tile registers, in a function that does not use
/// the `amx` dialect.
llvm::LogicalResult lowerAttendStrip(AttendStripOp op,
                                     mlir::PatternRewriter &rewriter);
llvm::LogicalResult lowerAttendGradStrip(AttendGradStripOp op,
                                         mlir::PatternRewriter &rewriter);

/// Lowers `op` to dot products of 512 bits.
llvm::LogicalResult lowerScoreBound(ScoreBoundOp op,
                                    mlir::PatternRewriter &rewriter);

} // namespace longnet

#endif // LONGNET_LIB_CONVERSION_LONGNETTOAMX_LONGNETTOAMX_H
