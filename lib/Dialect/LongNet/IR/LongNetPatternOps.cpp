//===- LongNetPatternOps.cpp - Level 0 -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Verify.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace longnet;

LogicalResult
DilatedAttentionOp::inferReturnTypes(MLIRContext *, std::optional<Location>,
                                     Adaptor adaptor,
                                     SmallVectorImpl<Type> &types) {
  auto query = cast<RankedTensorType>(adaptor.getQuery().getType());
  auto value = cast<RankedTensorType>(adaptor.getValue().getType());
  SmallVector<int64_t> shape(query.getShape().drop_back());
  types.resize(2);
  types[1] =
      RankedTensorType::get(shape, getAccumulationType(query.getElementType()));
  shape.push_back(value.getDimSize(3));
  types[0] = RankedTensorType::get(shape, query.getElementType());
  return success();
}

bool DilatedAttentionOp::isCompatibleReturnTypes(TypeRange inferred,
                                                 TypeRange actual) {
  // Sizes and element types are the verifier's, which names what differs.
  return inferred.size() == actual.size();
}

static bool isPadded(BranchAttr branch) {
  return branch.getPadding() == Padding::torchscale;
}

/// What holds of an attention and of its gradient.
template <typename Op>
static LogicalResult verifyAttention(Op op) {
  Type query = op.getQuery().getType(), key = op.getKey().getType();
  if (failed(verifyQueryKeyValue(op, query, key, op.getValue().getType())) ||
      failed(verifyHeadGroups(op, query, key)) ||
      failed(verifyResult(op, query, op.getValue().getType(),
                          op.getOut().getType(), op.getLse().getType())) ||
      failed(verifyPattern(op, op.getBranches(),
                           op.getQuery().getType().getDimSize(1),
                           op.getCausal(), bool(op.getKvLengths()),
                           bool(op.getQueryOffset()))) ||
      failed(verifyScale(op, op.getScale(), getElementTypeOrSelf(op.getLse()))))
    return failure();
  if (op.getKvLengths() &&
      failed(verifySameSize(op, "batch size",
                            {{query, 0, "query"},
                             {op.getKvLengths().getType(), 0, "kv_lengths"}})))
    return failure();
  if (op.getQueryOffset())
    if (auto offset = getConstantIntValue(op.getQueryOffset());
        offset && *offset < 0)
      return op.emitOpError()
             << "expects a query offset of at least 0, got " << *offset;
  if (llvm::any_of(op.getBranches(), isPadded))
    return verifySameSize(op, "number of rows with padding = torchscale",
                          {{query, 2, "query"}, {key, 2, "key"}});
  return success();
}

LogicalResult DilatedAttentionOp::verify() { return verifyAttention(*this); }

LogicalResult
DilatedAttentionOp::reifyResultShapes(OpBuilder &builder,
                                      ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> rows;
  for (unsigned dim : {0, 1, 2})
    rows.push_back(tensor::getMixedSize(builder, getLoc(), getQuery(), dim));
  SmallVector<OpFoldResult> out = rows;
  out.push_back(builder.getIndexAttr(getValue().getType().getDimSize(3)));
  shapes = {out, rows};
  return success();
}

LogicalResult DilatedAttentionGradOp::verify() {
  if (failed(verifyAttention(*this)) ||
      failed(verifyGradient(*this, getOut().getType(), getOutGrad().getType(),
                            "out", "the gradient of out")))
    return failure();
  if (getLseGrad() &&
      failed(verifyGradient(*this, getLse().getType(), getLseGrad().getType(),
                            "lse", "the gradient of lse")))
    return failure();
  for (auto [index, branch] : llvm::enumerate(getBranches()))
    if (!branch.isAligned(getKey().getType().getDimSize(2)))
      return emitOpError() << "branch " << index
                           << ": with padding = torchscale, a dilation that "
                              "does not divide the segment moves result rows "
                              "off their query rows and has no gradient";
  return success();
}

LogicalResult
DilatedAttentionGradOp::reifyResultShapes(OpBuilder &builder,
                                          ReifiedRankedShapedTypeDims &shapes) {
  for (Value operand : {getQuery(), getKey(), getValue()})
    shapes.push_back(tensor::getMixedSizes(builder, getLoc(), operand));
  return success();
}
