//===- Pairs.h - Buffers in pairs -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_DIALECT_LONGNET_IR_PAIRS_H
#define LONGNET_DIALECT_LONGNET_IR_PAIRS_H

#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace longnet {

/// A view of `buffer` with dimension `dim`, static and even, split into pairs:
/// [..., size / 2, 2, ...].
inline mlir::Value splitPairs(mlir::OpBuilder &builder, mlir::Location loc,
                              mlir::Value buffer, unsigned dim) {
  auto type = llvm::cast<mlir::MemRefType>(buffer.getType());
  llvm::SmallVector<int64_t> shape(type.getShape());
  llvm::SmallVector<mlir::ReassociationIndices> groups;
  for (int64_t at = 0, next = 0; at < type.getRank(); ++at) {
    groups.push_back({next++});
    if (at == dim)
      groups.back().push_back(next++);
  }
  shape[dim] /= 2;
  shape.insert(shape.begin() + dim + 1, 2);
  return mlir::memref::ExpandShapeOp::create(builder, loc, shape, buffer,
                                             groups);
}

} // namespace longnet

#endif // LONGNET_DIALECT_LONGNET_IR_PAIRS_H
