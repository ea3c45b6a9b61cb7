//===- Scratch.h - Buffers of kernels -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_LIB_DIALECT_LONGNET_TRANSFORMS_SCRATCH_H
#define LONGNET_LIB_DIALECT_LONGNET_TRANSFORMS_SCRATCH_H

#include "longnet/Dialect/LongNet/IR/IndexExpr.h"

namespace longnet {

/// Allocates a buffer on the heap, aligned to vectors.
mlir::Value allocateBuffer(mlir::OpBuilder &builder, mlir::Location loc,
                           llvm::ArrayRef<mlir::OpFoldResult> sizes,
                           mlir::Type element);

/// Fills scratch for all its uses: what one leaves there suits the next.
void fillOnce(mlir::OpBuilder &builder, mlir::Location loc,
              mlir::TypedAttr value, mlir::Value buffer);

/// The size of dimension `dim` of `buffer`, or where that is a tile's, which
/// may be smaller at the end, that of the largest: scratch of that size can be
/// used again.
IndexExpr largestSize(mlir::OpBuilder &builder, mlir::Location loc,
                      mlir::Value buffer, unsigned dim);

/// Frees what `allocateBuffer` made.
void deallocate(mlir::OpBuilder &builder, mlir::Location loc,
                llvm::ArrayRef<mlir::Value> buffers);

} // namespace longnet

#endif // LONGNET_LIB_DIALECT_LONGNET_TRANSFORMS_SCRATCH_H
