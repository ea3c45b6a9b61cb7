//===- GradKernel.h - The gradient of a segment over tiles -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_LIB_DIALECT_LONGNET_TRANSFORMS_GRADKERNEL_H
#define LONGNET_LIB_DIALECT_LONGNET_TRANSFORMS_GRADKERNEL_H

#include "GradScratch.h"

namespace longnet {

/// Queries of one segment and head, and the keys that they see: views with any
/// strides.
struct GradGroup {
  /// [rows, D] and [rows, Dv]
  mlir::Value query, outGrad;
  /// [rows]
  mlir::Value lse, delta;
  mlir::Value queryGrad;
  KeyRows keys;
  std::optional<IndexExpr> diagonal;
};

/// Sets the gradients of the keys of a segment to zero and, for strips, packs
/// all of them. Emits a call of a function that all segments share, as do the
/// other two.
void startKeys(mlir::OpBuilder &builder, mlir::Location loc,
               const TileShape &shape, const GradScratch &scratch,
               const KeyRows &keys, KernelFunctions &functions);

/// Adds to the gradients of queries, and of keys in scratch, what `group`
/// contributes: loops over tiles around `longnet.attend_grad_tile`.
void attendGradGroup(mlir::OpBuilder &builder, mlir::Location loc,
                     const TileShape &shape, const GradScratch &scratch,
                     const GradGroup &group, KernelFunctions &functions);

/// Adds what has gathered for the `count` keys of a segment to `keyGrad`
/// [rows, D] and `valueGrad` [rows, Dv].
void addKeyGrads(mlir::OpBuilder &builder, mlir::Location loc,
                 const TileShape &shape, const GradScratch &scratch,
                 mlir::Value keyGrad, mlir::Value valueGrad,
                 const IndexExpr &count, KernelFunctions &functions);

} // namespace longnet

#endif // LONGNET_LIB_DIALECT_LONGNET_TRANSFORMS_GRADKERNEL_H
