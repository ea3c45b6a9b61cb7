//===- Zeros.h - Tensors of the sizes of another -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_LIB_DIALECT_LONGNET_TRANSFORMS_ZEROS_H
#define LONGNET_LIB_DIALECT_LONGNET_TRANSFORMS_ZEROS_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace longnet {

/// A new tensor of `element` with the sizes of `like`.
inline mlir::Value makeEmpty(mlir::OpBuilder &builder, mlir::Location loc,
                             mlir::Value like, mlir::Type element) {
  return mlir::tensor::EmptyOp::create(
      builder, loc, mlir::tensor::getMixedSizes(builder, loc, like), element);
}

/// Zeros of `element` with the sizes of `like`.
inline mlir::Value makeZeros(mlir::OpBuilder &builder, mlir::Location loc,
                             mlir::Value like, mlir::Type element) {
  mlir::Value zero = mlir::arith::ConstantOp::create(
      builder, loc, builder.getZeroAttr(element));
  mlir::Value empty = makeEmpty(builder, loc, like, element);
  return mlir::linalg::FillOp::create(builder, loc, zero, empty).getResult(0);
}

/// Zeros of the type of `like`.
inline mlir::Value makeZeros(mlir::OpBuilder &builder, mlir::Location loc,
                             mlir::Value like) {
  return makeZeros(builder, loc, like, mlir::getElementTypeOrSelf(like));
}

} // namespace longnet

#endif // LONGNET_LIB_DIALECT_LONGNET_TRANSFORMS_ZEROS_H
