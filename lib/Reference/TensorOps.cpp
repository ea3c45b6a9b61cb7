//===- TensorOps.cpp - Operations of tensor and linalg -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Diagnose.h"
#include "Evaluate.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/TypeSwitch.h"
#include <limits>

using namespace llvm;
using namespace mlir;

namespace longnet {
namespace {

/// Fills with what shows when it is read.
void poison(RuntimeTensor &tensor) {
  if (tensor.isFloat())
    llvm::fill(tensor.getMutableFloats(),
               std::numeric_limits<double>::quiet_NaN());
  else
    llvm::fill(tensor.getMutableInts(), std::numeric_limits<int64_t>::min());
}

Error evaluate(tensor::EmptyOp op, Frame &frame) {
  Expected<RuntimeTensor> tensor = RuntimeTensor::create(
      op.getType().getElementType(), frame.getInts(op.getMixedSizes()));
  if (!tensor)
    return addPrefix(op, tensor.takeError());
  poison(*tensor);
  return frame.set(op, *tensor);
}

Error evaluate(tensor::DimOp op, Frame &frame) {
  RuntimeTensor source = frame.getTensor(op.getSource());
  int64_t dim = frame.getInt(op.getIndex()), rank = source.getShape().size();
  if (dim < 0 || dim >= rank)
    return makeOpError(op, "expects a dimension in [0, ", rank, "), got ", dim);
  return frame.set(op, source.getDim(dim));
}

Error evaluate(tensor::CastOp op, Frame &frame) {
  return frame.set(op, frame.get(op.getSource()));
}

Error evaluate(tensor::ExtractOp op, Frame &frame) {
  RuntimeTensor source = frame.getTensor(op.getTensor());
  int64_t at = 0;
  for (auto [dim, value] : enumerate(op.getIndices())) {
    int64_t index = frame.getInt(value), size = source.getDim(dim);
    if (index < 0 || index >= size)
      return makeOpError(op, "expects index ", dim, " in [0, ", size, "), got ",
                         index);
    at = at * size + index;
  }
  if (source.isFloat())
    return frame.set(op, source.getFloats()[at]);
  return frame.set(op, source.getInts()[at]);
}

Error evaluate(tensor::ExtractSliceOp op, Frame &frame) {
  Expected<RuntimeTensor> result =
      extractSlice(op, frame.getTensor(op.getSource()), Slice::get(op, frame));
  if (!result)
    return result.takeError();
  return frame.set(op, *result);
}

Error evaluate(tensor::InsertSliceOp op, Frame &frame) {
  Slice slice = Slice::get(op, frame);
  RuntimeTensor source = frame.getTensor(op.getSource());
  Expected<RuntimeTensor> result = frame.takeTensor(op.getDest(), op);
  if (!result)
    return addPrefix(op, result.takeError());
  if (Error error = insertSlice(op, source, *result, slice))
    return error;
  return frame.set(op, std::move(*result));
}

Error evaluate(linalg::FillOp op, Frame &frame) {
  if (op.getNumResults() == 0)
    return makeUnsupportedError(op);
  RuntimeValue value = frame.get(op.getInputs()[0]);
  Expected<RuntimeTensor> result = frame.takeTensor(op.getOutputs()[0], op);
  if (!result)
    return addPrefix(op, result.takeError());
  if (result->isFloat())
    llvm::fill(result->getMutableFloats(), std::get<double>(value));
  else
    llvm::fill(result->getMutableInts(), std::get<int64_t>(value));
  return frame.set(op.getResult(0), std::move(*result));
}

/// Whether `op` casts every element of its input to another float type, and
/// does nothing else.
bool isFloatCast(linalg::GenericOp op) {
  if (op.getNumDpsInputs() != 1 || op.getNumDpsInits() != 1 ||
      op.getNumResults() != 1 || op.getNumParallelLoops() != op.getNumLoops() ||
      !llvm::all_of(op.getIndexingMapsArray(),
                    [](AffineMap map) { return map.isIdentity(); }))
    return false;
  Block &body = *op.getBlock();
  Operation &cast = body.front();
  return isa<arith::ExtFOp, arith::TruncFOp>(cast) &&
         cast.getOperand(0) == body.getArgument(0) &&
         cast.getNextNode() == body.getTerminator() &&
         body.getTerminator()->getOperand(0) == cast.getResult(0);
}

Error evaluate(linalg::GenericOp op, Frame &frame) {
  if (!isFloatCast(op))
    return makeOpError(op, "is interpreted only where it does nothing but cast "
                           "between float types");
  RuntimeTensor input = frame.getTensor(op.getInputs()[0]);
  RuntimeTensor init = frame.getTensor(op.getOutputs()[0]);
  if (input.getShape() != init.getShape())
    return makeOpError(op, "expects operands of one shape, got ",
                       formatType(input), " and ", formatType(init));
  return frame.set(op.getResult(0), input);
}

} // namespace

Error evaluateTensor(Operation *op, Frame &frame) {
  return llvm::TypeSwitch<Operation *, Error>(op)
      .Case<tensor::CastOp, tensor::DimOp, tensor::EmptyOp, tensor::ExtractOp,
            tensor::ExtractSliceOp, tensor::InsertSliceOp>(
          [&](auto op) { return evaluate(op, frame); })
      .Default(makeUnsupportedError);
}

Error evaluateLinalg(Operation *op, Frame &frame) {
  return llvm::TypeSwitch<Operation *, Error>(op)
      .Case<linalg::FillOp, linalg::GenericOp>(
          [&](auto op) { return evaluate(op, frame); })
      .Default(makeUnsupportedError);
}

} // namespace longnet
