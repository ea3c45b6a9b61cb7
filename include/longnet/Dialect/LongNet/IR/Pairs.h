//===- Pairs.h - Buffers in pairs and in parts -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_DIALECT_LONGNET_IR_PAIRS_H
#define LONGNET_DIALECT_LONGNET_IR_PAIRS_H

#include "mlir/Dialect/Arith/IR/Arith.h"
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

/// The `parts` of dimension `dim` of `buffer`, static, as views.
inline llvm::SmallVector<mlir::Value> splitParts(mlir::OpBuilder &builder,
                                                 mlir::Location loc,
                                                 mlir::Value buffer,
                                                 unsigned dim, int64_t parts) {
  if (parts == 1)
    return {buffer};
  auto type = llvm::cast<mlir::MemRefType>(buffer.getType());
  llvm::SmallVector<mlir::OpFoldResult> sizes =
      mlir::memref::getMixedSizes(builder, loc, buffer);
  llvm::SmallVector<mlir::OpFoldResult> offsets(sizes.size(),
                                                builder.getIndexAttr(0)),
      strides(sizes.size(), builder.getIndexAttr(1));
  int64_t size = type.getDimSize(dim) / parts;
  sizes[dim] = builder.getIndexAttr(size);
  llvm::SmallVector<mlir::Value> views;
  for (int64_t part = 0; part < parts; ++part) {
    offsets[dim] = builder.getIndexAttr(part * size);
    views.push_back(mlir::memref::SubViewOp::create(builder, loc, buffer,
                                                    offsets, sizes, strides));
  }
  return views;
}

/// What an element of f32 is the sum of: `parts` of type `element`, each the
/// rest of what those before leave, rounded.
inline llvm::SmallVector<mlir::Value>
splitElement(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value x,
             mlir::Type element, int64_t parts) {
  llvm::SmallVector<mlir::Value> all;
  for (int64_t part = 0; part < parts; ++part) {
    all.push_back(mlir::arith::TruncFOp::create(builder, loc, element, x));
    if (part + 1 == parts)
      break;
    mlir::Value wide =
        mlir::arith::ExtFOp::create(builder, loc, x.getType(), all.back());
    x = mlir::arith::SubFOp::create(builder, loc, x, wide);
  }
  return all;
}

} // namespace longnet

#endif // LONGNET_DIALECT_LONGNET_IR_PAIRS_H
