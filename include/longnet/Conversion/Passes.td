//===- Passes.td - Conversions ------------------------------*- tablegen -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_CONVERSION_PASSES_TD
#define LONGNET_CONVERSION_PASSES_TD

include "mlir/Pass/PassBase.td"

def ConvertLongNetPiecesToLinalg : Pass<"convert-longnet-pieces-to-linalg"> {
  let summary = "Lower segment, sparsify, scatter and combine to linalg";
  let description = [{
    Lowers the pieces of level 1 that no fusion took, on tensors: `segment` and
    `sparsify` become gathers, `scatter` loops over rows and `combine`
    elementwise operations. `longnet.attention` stays; it is tiled and lowered
    like `longnet.attend`.
  }];
  let dependentDialects = ["::mlir::affine::AffineDialect",
                           "::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect",
                           "::mlir::math::MathDialect",
                           "::mlir::scf::SCFDialect",
                           "::mlir::tensor::TensorDialect"];
}

def ConvertLongNetTilesToLinalg : Pass<"convert-longnet-tiles-to-linalg"> {
  let summary = "Lower attend_tile on buffers to linalg";
  let description = [{
    Lowers `longnet.attend_tile` on buffers to two contractions and the
    elementwise steps of the online softmax, on a score tile on the stack.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect",
                           "::mlir::math::MathDialect",
                           "::mlir::memref::MemRefDialect"];
}

#endif // LONGNET_CONVERSION_PASSES_TD
