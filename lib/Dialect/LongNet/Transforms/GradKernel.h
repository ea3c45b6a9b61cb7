//===- GradKernel.h - The gradient of a segment over tiles -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_LIB_DIALECT_LONGNET_TRANSFORMS_GRADKERNEL_H
#define LONGNET_LIB_DIALECT_LONGNET_TRANSFORMS_GRADKERNEL_H

#include "TileKernel.h"

namespace longnet {

/// Lowers `attend_grad` on buffers to loops over batch entries, heads and
/// segments, and a function for a segment that loops over tiles around
/// `longnet.attend_grad_tile`.
void lowerAttendGrad(AttendGradOp op, mlir::OpBuilder &builder, TileSizes tiles,
                     KernelFunctions &functions);

} // namespace longnet

#endif // LONGNET_LIB_DIALECT_LONGNET_TRANSFORMS_GRADKERNEL_H
