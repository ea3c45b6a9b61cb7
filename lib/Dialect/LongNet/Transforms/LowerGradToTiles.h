//===- LowerGradToTiles.h - Loops around the gradient -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_LIB_DIALECT_LONGNET_TRANSFORMS_LOWERGRADTOTILES_H
#define LONGNET_LIB_DIALECT_LONGNET_TRANSFORMS_LOWERGRADTOTILES_H

#include "KernelFunctions.h"
#include "TileShape.h"

namespace longnet {

/// Lowers `attend_grad` on buffers to loops over batch entries, heads, phases
/// and segments around the functions of GradKernel.h.
void lowerAttendGrad(AttendGradOp op, mlir::OpBuilder &builder, TileSizes tiles,
                     KernelFunctions &functions);

} // namespace longnet

#endif // LONGNET_LIB_DIALECT_LONGNET_TRANSFORMS_LOWERGRADTOTILES_H
