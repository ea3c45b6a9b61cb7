//===- IndexExpr.h - Index arithmetic, folded where constant -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_DIALECT_LONGNET_IR_INDEXEXPR_H
#define LONGNET_DIALECT_LONGNET_IR_INDEXEXPR_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/OpDefinition.h"

namespace longnet {

/// An index known at compile time or at run time, with the arithmetic of
/// integers. Operations emit folded affine maps at the builder's insertion
/// point, so that a formula reads the same on `IndexExpr` as on `int64_t`.
class IndexExpr {
public:
  IndexExpr(mlir::OpBuilder &builder, mlir::Location loc,
            mlir::OpFoldResult value);
  IndexExpr(mlir::OpBuilder &builder, mlir::Location loc, int64_t value)
      : IndexExpr(builder, loc,
                  mlir::OpFoldResult(builder.getIndexAttr(value))) {}

  /// A constant in the same place as this one.
  IndexExpr constant(int64_t value) const;

  mlir::OpFoldResult fold() const { return value; }
  mlir::Value materialize() const;
  std::optional<int64_t> asConstant() const;

  IndexExpr operator+(const IndexExpr &other) const;
  IndexExpr operator-(const IndexExpr &other) const;
  IndexExpr operator*(const IndexExpr &other) const;
  IndexExpr operator+(int64_t other) const { return *this + constant(other); }
  IndexExpr operator-(int64_t other) const { return *this - constant(other); }
  IndexExpr operator*(int64_t other) const { return *this * constant(other); }

  friend IndexExpr floorDiv(const IndexExpr &a, const IndexExpr &b);
  friend IndexExpr ceilDiv(const IndexExpr &a, const IndexExpr &b);
  friend IndexExpr remainder(const IndexExpr &a, const IndexExpr &b);
  friend IndexExpr minimum(const IndexExpr &a, const IndexExpr &b);
  friend IndexExpr maximum(const IndexExpr &a, const IndexExpr &b);

private:
  IndexExpr combine(mlir::AffineExprKind kind, const IndexExpr &other) const;

  mlir::OpBuilder *builder;
  mlir::Location loc;
  mlir::OpFoldResult value;
};

inline IndexExpr floorDiv(const IndexExpr &a, int64_t b) {
  return floorDiv(a, a.constant(b));
}
inline IndexExpr ceilDiv(const IndexExpr &a, int64_t b) {
  return ceilDiv(a, a.constant(b));
}
inline IndexExpr remainder(const IndexExpr &a, int64_t b) {
  return remainder(a, a.constant(b));
}
inline IndexExpr minimum(const IndexExpr &a, int64_t b) {
  return minimum(a, a.constant(b));
}
inline IndexExpr maximum(const IndexExpr &a, int64_t b) {
  return maximum(a, a.constant(b));
}

} // namespace longnet

#endif // LONGNET_DIALECT_LONGNET_IR_INDEXEXPR_H
