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

LogicalResult DilatedAttentionOp::verify() {
  Type query = getQuery().getType();
  if (failed(verifyQueryKeyValue(*this, query, getKey().getType(),
                                 getValue().getType())) ||
      failed(verifyHeadGroups(*this, query, getKey().getType())) ||
      failed(verifyResult(*this, query, getValue().getType(),
                          getOut().getType(), getLse().getType())) ||
      failed(verifyPattern(*this, getBranches(),
                           getQuery().getType().getDimSize(1), getCausal(),
                           bool(getKvLengths()), bool(getQueryOffset()))) ||
      failed(verifyScale(*this, getScale(), getElementTypeOrSelf(getLse()))))
    return failure();
  if (getKvLengths() &&
      failed(verifySameSize(
          *this, "batch size",
          {{query, 0, "query"}, {getKvLengths().getType(), 0, "kv_lengths"}})))
    return failure();
  if (getQueryOffset())
    if (auto offset = getConstantIntValue(getQueryOffset());
        offset && *offset < 0)
      return emitOpError() << "expects a query offset of at least 0, got "
                           << *offset;
  auto isPadded = [](BranchAttr branch) {
    return branch.getPadding() == Padding::torchscale;
  };
  if (llvm::any_of(getBranches(), isPadded))
    return verifySameSize(
        *this, "number of rows with padding = torchscale",
        {{query, 2, "query"}, {getKey().getType(), 2, "key"}});
  return success();
}

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
