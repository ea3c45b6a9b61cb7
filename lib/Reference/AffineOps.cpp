//===- AffineOps.cpp - Operations of affine -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "Diagnose.h"
#include "Evaluate.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/CheckedArithmetic.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;
using namespace mlir;

namespace longnet {
namespace {

/// The value of `expr`, semi-affine too.
Expected<int64_t> evaluate(AffineExpr expr, ArrayRef<int64_t> dims,
                           ArrayRef<int64_t> symbols) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return constant.getValue();
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return dims[dim.getPosition()];
  if (auto symbol = dyn_cast<AffineSymbolExpr>(expr))
    return symbols[symbol.getPosition()];
  auto binary = cast<AffineBinaryOpExpr>(expr);
  Expected<int64_t> lhs = evaluate(binary.getLHS(), dims, symbols);
  if (!lhs)
    return lhs;
  Expected<int64_t> rhs = evaluate(binary.getRHS(), dims, symbols);
  if (!rhs)
    return rhs;
  bool divides = expr.getKind() != AffineExprKind::Add &&
                 expr.getKind() != AffineExprKind::Mul;
  if (divides && *rhs <= 0)
    return makeError("divides by ", *rhs, ", which is not positive");
  switch (expr.getKind()) {
  case AffineExprKind::Add:
  case AffineExprKind::Mul: {
    std::optional<int64_t> result = expr.getKind() == AffineExprKind::Add
                                        ? checkedAdd(*lhs, *rhs)
                                        : checkedMul(*lhs, *rhs);
    if (!result)
      return makeError("overflows at ", *lhs, " and ", *rhs);
    return *result;
  }
  case AffineExprKind::Mod:
    return llvm::mod(*lhs, *rhs);
  case AffineExprKind::FloorDiv:
    return divideFloorSigned(*lhs, *rhs);
  case AffineExprKind::CeilDiv:
    return divideCeilSigned(*lhs, *rhs);
  default:
    llvm_unreachable("not a binary expression");
  }
}

/// The values of the results of `map`.
Expected<SmallVector<int64_t>> evaluate(Operation *op, AffineMap map,
                                        const Frame &frame) {
  SmallVector<int64_t> operands = map_to_vector(
      op->getOperands(), [&](Value value) { return frame.getInt(value); });
  ArrayRef<int64_t> all = operands;
  SmallVector<int64_t> results;
  for (AffineExpr expr : map.getResults()) {
    Expected<int64_t> result = evaluate(expr, all.take_front(map.getNumDims()),
                                        all.drop_front(map.getNumDims()));
    if (!result)
      return addPrefix(op, result.takeError());
    results.push_back(*result);
  }
  return results;
}

} // namespace

Error evaluateAffine(Operation *op, Frame &frame) {
  AffineMap map =
      llvm::TypeSwitch<Operation *, AffineMap>(op)
          .Case<affine::AffineApplyOp, affine::AffineMaxOp,
                affine::AffineMinOp>([](auto op) { return op.getMap(); })
          .Default([](Operation *) { return AffineMap(); });
  if (!map)
    return makeUnsupportedError(op);
  Expected<SmallVector<int64_t>> values = evaluate(op, map, frame);
  if (!values)
    return values.takeError();
  int64_t result = isa<affine::AffineMinOp>(op) ? *min_element(*values)
                                                : *max_element(*values);
  return frame.set(op->getResult(0), result);
}

} // namespace longnet
