//===- IndexExpr.cpp - Index arithmetic, folded where constant -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "longnet/Dialect/LongNet/IR/IndexExpr.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;

namespace longnet {

IndexExpr::IndexExpr(OpBuilder &builder, Location loc, OpFoldResult value)
    : builder(&builder), loc(loc), value(value) {
  // A constant that arrives as a value folds as well as one that does not.
  if (auto known = getConstantIntValue(value))
    this->value = builder.getIndexAttr(*known);
}

IndexExpr IndexExpr::constant(int64_t value) const {
  return IndexExpr(*builder, loc, value);
}

Value IndexExpr::materialize() const {
  return getValueOrCreateConstantIndexOp(*builder, loc, value);
}

std::optional<int64_t> IndexExpr::asConstant() const {
  return getConstantIntValue(value);
}

IndexExpr IndexExpr::combine(AffineExprKind kind,
                             const IndexExpr &other) const {
  MLIRContext *context = builder->getContext();
  AffineExpr expr = getAffineBinaryOpExpr(kind, getAffineSymbolExpr(0, context),
                                          getAffineSymbolExpr(1, context));
  return IndexExpr(*builder, loc,
                   affine::makeComposedFoldedAffineApply(*builder, loc, expr,
                                                         {value, other.value}));
}

IndexExpr IndexExpr::operator+(const IndexExpr &other) const {
  return combine(AffineExprKind::Add, other);
}

IndexExpr IndexExpr::operator-(const IndexExpr &other) const {
  MLIRContext *context = builder->getContext();
  AffineExpr expr =
      getAffineSymbolExpr(0, context) - getAffineSymbolExpr(1, context);
  return IndexExpr(*builder, loc,
                   affine::makeComposedFoldedAffineApply(*builder, loc, expr,
                                                         {value, other.value}));
}

IndexExpr IndexExpr::operator*(const IndexExpr &other) const {
  return combine(AffineExprKind::Mul, other);
}

IndexExpr floorDiv(const IndexExpr &a, const IndexExpr &b) {
  return a.combine(AffineExprKind::FloorDiv, b);
}

IndexExpr ceilDiv(const IndexExpr &a, const IndexExpr &b) {
  return a.combine(AffineExprKind::CeilDiv, b);
}

IndexExpr remainder(const IndexExpr &a, const IndexExpr &b) {
  return a.combine(AffineExprKind::Mod, b);
}

IndexExpr minimum(const IndexExpr &a, const IndexExpr &b) {
  MLIRContext *context = a.builder->getContext();
  AffineMap both = AffineMap::getMultiDimIdentityMap(2, context);
  return IndexExpr(*a.builder, a.loc,
                   affine::makeComposedFoldedAffineMin(*a.builder, a.loc, both,
                                                       {a.value, b.value}));
}

IndexExpr maximum(const IndexExpr &a, const IndexExpr &b) {
  MLIRContext *context = a.builder->getContext();
  AffineMap both = AffineMap::getMultiDimIdentityMap(2, context);
  return IndexExpr(*a.builder, a.loc,
                   affine::makeComposedFoldedAffineMax(*a.builder, a.loc, both,
                                                       {a.value, b.value}));
}

} // namespace longnet
