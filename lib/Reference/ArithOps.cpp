//===- ArithOps.cpp - Operations of arith -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Diagnose.h"
#include "Evaluate.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;
using namespace mlir;

namespace longnet {
namespace {

unsigned getWidth(Type type) {
  return type.isIndex() ? 64 : type.getIntOrFloatBitWidth();
}

/// The low bits of `value` as a value of `type` holds them.
int64_t wrap(int64_t value, Type type) {
  unsigned width = getWidth(type);
  return width == 1 ? value & 1 : SignExtend64(value, width);
}

/// `value` of `type` as a signed number: true is -1.
int64_t asSigned(int64_t value, Type type) {
  return SignExtend64(value, getWidth(type));
}

uint64_t asUnsigned(int64_t value, Type type) {
  return value & maskTrailingOnes<uint64_t>(getWidth(type));
}

double toDouble(APFloat value) {
  bool losesInfo;
  value.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven,
                &losesInfo);
  return value.convertToDouble();
}

Expected<RuntimeTensor> getConstant(DenseElementsAttr attr) {
  auto type = cast<ShapedType>(attr.getType());
  Expected<RuntimeTensor> tensor =
      RuntimeTensor::create(type.getElementType(), type.getShape());
  if (!tensor)
    return tensor;
  if (tensor->isFloat()) {
    for (auto [element, value] :
         zip(tensor->getMutableFloats(), attr.getValues<APFloat>()))
      element = toDouble(value);
    return tensor;
  }
  for (auto [element, value] :
       zip(tensor->getMutableInts(), attr.getValues<APInt>()))
    element = wrap(value.getSExtValue(), type.getElementType());
  return tensor;
}

Error evaluate(arith::ConstantOp op, Frame &frame) {
  Type type = op.getType();
  if (auto value = dyn_cast<FloatAttr>(op.getValue()))
    return frame.set(op, toDouble(value.getValue()));
  if (auto value = dyn_cast<IntegerAttr>(op.getValue());
      value && getWidth(type) <= 64)
    return frame.set(op, wrap(value.getValue().getSExtValue(), type));
  auto elements = dyn_cast<DenseElementsAttr>(op.getValue());
  if (!elements || !isa<RankedTensorType>(type))
    return makeUnsupportedError(op);
  Expected<RuntimeTensor> tensor = getConstant(elements);
  if (!tensor)
    return addPrefix(op, tensor.takeError());
  return frame.set(op, *tensor);
}

Error evaluate(arith::SelectOp op, Frame &frame) {
  if (!op.getCondition().getType().isInteger(1))
    return makeUnsupportedError(op);
  bool condition = frame.getInt(op.getCondition());
  return frame.set(
      op, frame.get(condition ? op.getTrueValue() : op.getFalseValue()));
}

/// Between index and integers, elementwise on tensors.
Error evaluate(arith::IndexCastOp op, Frame &frame) {
  Type to = getElementTypeOrSelf(op.getType());
  Type from = getElementTypeOrSelf(op.getIn().getType());
  auto cast = [&](int64_t value) { return wrap(asSigned(value, from), to); };
  if (op.getType().isIntOrIndex())
    return frame.set(op, cast(frame.getInt(op.getIn())));
  if (!isa<RankedTensorType>(op.getType()))
    return makeUnsupportedError(op);
  Expected<RuntimeTensor> tensor = frame.takeTensor(op.getIn(), op);
  if (!tensor)
    return addPrefix(op, tensor.takeError());
  for (int64_t &element : tensor->getMutableInts())
    element = cast(element);
  return frame.set(op, std::move(*tensor));
}

bool compare(arith::CmpIPredicate predicate, int64_t lhs, int64_t rhs,
             Type type) {
  int64_t a = asSigned(lhs, type), b = asSigned(rhs, type);
  uint64_t u = asUnsigned(lhs, type), v = asUnsigned(rhs, type);
  switch (predicate) {
  case arith::CmpIPredicate::eq:
    return a == b;
  case arith::CmpIPredicate::ne:
    return a != b;
  case arith::CmpIPredicate::slt:
    return a < b;
  case arith::CmpIPredicate::sle:
    return a <= b;
  case arith::CmpIPredicate::sgt:
    return a > b;
  case arith::CmpIPredicate::sge:
    return a >= b;
  case arith::CmpIPredicate::ult:
    return u < v;
  case arith::CmpIPredicate::ule:
    return u <= v;
  case arith::CmpIPredicate::ugt:
    return u > v;
  case arith::CmpIPredicate::uge:
    return u >= v;
  }
  llvm_unreachable("unknown predicate");
}

Error evaluate(arith::CmpIOp op, Frame &frame) {
  Type type = op.getLhs().getType();
  if (!type.isIntOrIndex())
    return makeUnsupportedError(op);
  return frame.set(op,
                   int64_t(compare(op.getPredicate(), frame.getInt(op.getLhs()),
                                   frame.getInt(op.getRhs()), type)));
}

/// Integer arithmetic wraps around.
Error evaluateBinary(Operation *op, Frame &frame) {
  Type type = op->getResult(0).getType();
  if (!type.isIntOrIndex())
    return makeUnsupportedError(op);
  int64_t a = asSigned(frame.getInt(op->getOperand(0)), type);
  int64_t b = asSigned(frame.getInt(op->getOperand(1)), type);
  if (isa<arith::DivSIOp, arith::RemSIOp, arith::FloorDivSIOp,
          arith::CeilDivSIOp>(op)) {
    if (b == 0)
      return makeOpError(op, "divides ", a, " by zero");
    if (b == -1 && a == minIntN(getWidth(type)))
      return makeOpError(op, "overflows: ", a, " by -1");
  }
  uint64_t u = a, v = b;
  uint64_t result =
      llvm::TypeSwitch<Operation *, uint64_t>(op)
          .Case([&](arith::AddIOp) { return u + v; })
          .Case([&](arith::SubIOp) { return u - v; })
          .Case([&](arith::MulIOp) { return u * v; })
          .Case([&](arith::AndIOp) { return u & v; })
          .Case([&](arith::OrIOp) { return u | v; })
          .Case([&](arith::XOrIOp) { return u ^ v; })
          .Case([&](arith::MinSIOp) { return std::min(a, b); })
          .Case([&](arith::MaxSIOp) { return std::max(a, b); })
          .Case([&](arith::DivSIOp) { return a / b; })
          .Case([&](arith::RemSIOp) { return a % b; })
          .Case([&](arith::FloorDivSIOp) { return divideFloorSigned(a, b); })
          .Case([&](arith::CeilDivSIOp) { return divideCeilSigned(a, b); });
  return frame.set(op->getResult(0), wrap(result, type));
}

} // namespace

Error evaluateArith(Operation *op, Frame &frame) {
  return llvm::TypeSwitch<Operation *, Error>(op)
      .Case<arith::CmpIOp, arith::ConstantOp, arith::IndexCastOp,
            arith::SelectOp>([&](auto op) { return evaluate(op, frame); })
      .Case<arith::AddIOp, arith::AndIOp, arith::CeilDivSIOp, arith::DivSIOp,
            arith::FloorDivSIOp, arith::MaxSIOp, arith::MinSIOp, arith::MulIOp,
            arith::OrIOp, arith::RemSIOp, arith::SubIOp, arith::XOrIOp>(
          [&](auto op) { return evaluateBinary(op, frame); })
      .Default(makeUnsupportedError);
}

} // namespace longnet
