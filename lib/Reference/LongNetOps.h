//===- LongNetOps.h - The meaning of longnet operations -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_LIB_REFERENCE_LONGNETOPS_H
#define LONGNET_LIB_REFERENCE_LONGNETOPS_H

#include "Frame.h"
#include "longnet/Dialect/LongNet/IR/LongNet.h"

namespace longnet {

llvm::Error evaluate(DilatedAttentionOp op, Frame &frame);
llvm::Error evaluate(SegmentOp op, Frame &frame);
llvm::Error evaluate(SparsifyOp op, Frame &frame);
llvm::Error evaluate(AttentionOp op, Frame &frame);
llvm::Error evaluate(ScatterOp op, Frame &frame);
llvm::Error evaluate(CombineOp op, Frame &frame);
llvm::Error evaluate(AttendOp op, Frame &frame);
llvm::Error evaluate(AttendTileOp op, Frame &frame);
llvm::Error evaluate(DilatedAttentionGradOp op, Frame &frame);
llvm::Error evaluate(AttendGradOp op, Frame &frame);
llvm::Error evaluate(AttendGradTileOp op, Frame &frame);

/// The phase of head `head` of `heads` in `branch`.
/// The tensors that `op` starts its results from, taken to be written.
llvm::Expected<llvm::SmallVector<RuntimeTensor>>
takeDestinations(mlir::DestinationStyleOpInterface op, Frame &frame);

int64_t getPhase(BranchAttr branch, int64_t head, int64_t heads);

/// A branch that lists phases must do so for every head.
llvm::Error checkPhases(mlir::Operation *op, BranchAttr branch, int64_t heads);

/// The tile `value`, an operand of `op`, as [rows, lanes] also where its rows
/// come in pairs, [rows / 2, lanes, 2]. The `parts` of rows in pairs, and of
/// lanes otherwise, are added up.
llvm::Expected<RuntimeTensor> getTile(mlir::Operation *op, mlir::Value value,
                                      int64_t parts, const Frame &frame);

/// `scale`, or 1 / sqrt(`headDim`) if there is none.
double getScaleOr(std::optional<llvm::APFloat> scale, int64_t headDim);

/// The number of keys that exist for each of `batch` batch entries, if `value`
/// gives it: what it holds, which may be negative or exceed the keys.
llvm::Expected<std::optional<RuntimeTensor>> getLengths(mlir::Operation *op,
                                                        mlir::Value value,
                                                        int64_t batch,
                                                        const Frame &frame);

} // namespace longnet

#endif // LONGNET_LIB_REFERENCE_LONGNETOPS_H
