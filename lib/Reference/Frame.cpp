//===- Frame.cpp - Values of a function being interpreted -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Frame.h"
#include "Diagnose.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Block.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Region.h"
#include "mlir/IR/TypeUtilities.h"

using namespace llvm;
using mlir::Block;
using mlir::Operation;
using mlir::Type;
using mlir::Value;

namespace longnet {

LastUses::LastUses(Operation *function) {
  function->walk([&](Block *block) {
    for (Value argument : block->getArguments())
      add(argument, *block);
    for (Operation &op : *block)
      for (Value result : op.getResults())
        add(result, *block);
  });
}

void LastUses::add(Value value, Block &block) {
  // A use inside a region is one by the operation that holds the region.
  Operation *last = value.getDefiningOp();
  for (Operation *user : value.getUsers()) {
    Operation *ancestor = block.findAncestorOpInBlock(*user);
    if (ancestor && (!last || last->isBeforeInBlock(ancestor)))
      last = ancestor;
  }
  if (last)
    dying[last].push_back(value);
}

ArrayRef<Value> LastUses::get(Operation *op) const {
  auto found = dying.find(op);
  return found == dying.end() ? ArrayRef<Value>() : found->second;
}

bool isOfType(const RuntimeValue &held, Type type) {
  if (auto ranked = dyn_cast<mlir::RankedTensorType>(type)) {
    auto *tensor = std::get_if<RuntimeTensor>(&held);
    return tensor &&
           tensor->isFloat() == isa<mlir::FloatType>(ranked.getElementType()) &&
           succeeded(mlir::verifyCompatibleShape(ranked.getShape(),
                                                 tensor->getShape()));
  }
  if (isa<mlir::FloatType>(type))
    return std::holds_alternative<double>(held);
  return type.isIntOrIndex() && std::holds_alternative<int64_t>(held);
}

Error Frame::set(Value value, RuntimeValue held) {
  if (!isOfType(held, value.getType())) {
    Operation *op = value.getDefiningOp();
    return makeOpError(op ? op : value.getParentBlock()->getParentOp(),
                       "expects a value of type '", value.getType(), "', got ",
                       formatType(held));
  }
  if (auto *tensor = std::get_if<RuntimeTensor>(&held))
    *tensor = tensor->withElementType(
        cast<mlir::RankedTensorType>(value.getType()).getElementType());
  values.insert_or_assign(value, std::move(held));
  return Error::success();
}

const RuntimeValue &Frame::get(Value value) const {
  auto found = values.find(value);
  assert(found != values.end() && "a value is used before it is defined");
  return found->second;
}

int64_t Frame::getInt(Value value) const {
  return std::get<int64_t>(get(value));
}

int64_t Frame::getInt(Value value, int64_t otherwise) const {
  return value ? getInt(value) : otherwise;
}

double Frame::getFloat(Value value) const {
  return std::get<double>(get(value));
}

RuntimeTensor Frame::getTensor(Value value) const {
  return std::get<RuntimeTensor>(get(value));
}

SmallVector<int64_t> Frame::getInts(ArrayRef<mlir::OpFoldResult> values) const {
  return map_to_vector(values, [&](mlir::OpFoldResult value) {
    if (auto dynamic = dyn_cast<Value>(value))
      return getInt(dynamic);
    return *mlir::getConstantIntValue(value);
  });
}

SmallVector<RuntimeValue> Frame::getAll(mlir::ValueRange values) const {
  return map_to_vector(values, [&](Value value) { return get(value); });
}

Expected<RuntimeTensor> Frame::takeTensor(Value value, Operation *op) {
  RuntimeTensor tensor = getTensor(value);
  if (is_contained(lastUses.get(op), value) &&
      llvm::count(op->getOperands(), value) == 1)
    values.erase(value);
  if (Error error = tensor.detach())
    return std::move(error);
  return tensor;
}

void Frame::forgetAfter(Operation *op) {
  for (Value value : lastUses.get(op))
    values.erase(value);
}

} // namespace longnet
