//===- Evaluate.h - The meaning of operations without regions -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_LIB_REFERENCE_EVALUATE_H
#define LONGNET_LIB_REFERENCE_EVALUATE_H

#include "Frame.h"
#include "llvm/ADT/SmallBitVector.h"

namespace longnet {

// Each of these gives the results of an operation of one dialect their values.
// An operation that is not interpreted is an error.

llvm::Error evaluateAffine(mlir::Operation *op, Frame &frame);
llvm::Error evaluateArith(mlir::Operation *op, Frame &frame);
llvm::Error evaluateLinalg(mlir::Operation *op, Frame &frame);
llvm::Error evaluateLongNet(mlir::Operation *op, Frame &frame);
llvm::Error evaluateTensor(mlir::Operation *op, Frame &frame);

/// A slice of a tensor. `dropped` are the dimensions of size 1 that the tensor
/// which is read or written does not have.
struct Slice {
  llvm::SmallVector<int64_t> offsets, sizes, strides;
  llvm::SmallBitVector dropped;

  template <typename Op>
  static Slice get(Op op, const Frame &frame) {
    return {frame.getInts(op.getMixedOffsets()),
            frame.getInts(op.getMixedSizes()),
            frame.getInts(op.getMixedStrides()), op.getDroppedDims()};
  }
};

/// The elements of `source` in `slice`.
llvm::Expected<RuntimeTensor> extractSlice(mlir::Operation *op,
                                           const RuntimeTensor &source,
                                           const Slice &slice);

/// Overwrites the elements of `destination` in `slice`.
llvm::Error insertSlice(mlir::Operation *op, const RuntimeTensor &source,
                        RuntimeTensor &destination, const Slice &slice);

} // namespace longnet

#endif // LONGNET_LIB_REFERENCE_EVALUATE_H
