//===- LongNetOps.cpp - What longnet operations share -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LongNetOps.h"
#include "Diagnose.h"
#include "Evaluate.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>

using namespace llvm;
using mlir::Operation;

namespace longnet {

Expected<SmallVector<RuntimeTensor>>
takeDestinations(mlir::DestinationStyleOpInterface op, Frame &frame) {
  SmallVector<RuntimeTensor> destinations;
  for (mlir::Value init : op.getDpsInits()) {
    Expected<RuntimeTensor> destination =
        addPrefix(op, frame.takeTensor(init, op));
    if (!destination)
      return destination.takeError();
    destinations.push_back(std::move(*destination));
  }
  return destinations;
}

int64_t getPhase(BranchAttr branch, int64_t head, int64_t heads) {
  int64_t r = branch.getDilation();
  switch (branch.getHeadOffset()) {
  case HeadOffset::cyclic:
    return head % r;
  case HeadOffset::blocked:
    return head / divideCeilSigned(heads, r);
  case HeadOffset::none:
    return 0;
  case HeadOffset::listed:
    return branch.getPhases()[head];
  }
  llvm_unreachable("unknown head offset");
}

Error checkPhases(Operation *op, BranchAttr branch, int64_t heads) {
  int64_t listed = branch.getPhases().size();
  if (branch.getHeadOffset() != HeadOffset::listed || listed == heads)
    return Error::success();
  return makeOpError(op, "branch ", branch, " lists ", listed, " phases, for ",
                     heads, " heads");
}

Expected<RuntimeTensor> getTile(Operation *op, mlir::Value value, int64_t parts,
                                const Frame &frame) {
  RuntimeTensor tile = frame.getTensor(value);
  bool isPaired = tile.getShape().size() == 3;
  if (!isPaired && parts == 1)
    return tile;
  int64_t rows = tile.getDim(0) * (isPaired ? 2 : 1), lanes = tile.getDim(1);
  int64_t &summed = isPaired ? rows : lanes;
  if (summed % parts != 0)
    return makeOpError(op, "expects operands of ", parts, " parts");
  summed /= parts;
  Expected<RuntimeTensor> sums = addPrefix(
      op, RuntimeTensor::create(tile.getElementType(), {rows, lanes}));
  if (!sums)
    return sums.takeError();
  MutableArrayRef<double> elements = sums->getMutableFloats();
  for (auto [at, element] : enumerate(tile.getFloats())) {
    int64_t row = isPaired ? at / 2 / lanes * 2 + at % 2 : at / (parts * lanes);
    int64_t lane = isPaired ? at / 2 : at;
    elements[row % rows * lanes + lane % lanes] += element;
  }
  return sums;
}

double getScaleOr(std::optional<APFloat> scale, int64_t headDim) {
  return scale ? scale->convertToDouble() : 1 / std::sqrt(double(headDim));
}

Expected<std::optional<RuntimeTensor>> getLengths(Operation *op,
                                                  mlir::Value value,
                                                  int64_t batch,
                                                  const Frame &frame) {
  if (!value)
    return std::nullopt;
  RuntimeTensor lengths = frame.getTensor(value);
  if (Error error =
          checkSameSize(op, "batch size",
                        {{batch, "query"}, {lengths.getDim(0), "kv_lengths"}}))
    return std::move(error);
  return lengths;
}

Error evaluateLongNet(Operation *op, Frame &frame) {
  bool onBuffers =
      llvm::any_of(op->getOperandTypes(), llvm::IsaPred<mlir::MemRefType>);
  if (onBuffers)
    return makeOpError(op, "is interpreted on tensors, not on buffers");
  return TypeSwitch<Operation *, Error>(op)
      .Case<AttendGradOp, AttendGradTileOp, AttendOp, AttendTileOp, AttentionOp,
            CombineOp, DilatedAttentionGradOp, DilatedAttentionOp, ScatterOp,
            SegmentOp, SparsifyOp>([&](auto op) { return evaluate(op, frame); })
      .Default(makeUnsupportedError);
}

} // namespace longnet
