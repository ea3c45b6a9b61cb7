//===- LongNetAttentionOp.cpp - Attention inside segments -------*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Verify.h"

using namespace mlir;
using namespace longnet;

void AttentionOp::build(OpBuilder &builder, OperationState &state, Value query,
                        Value key, Value value, Value queryPositions,
                        Value keyPositions, Value kvLengths, Value out,
                        Value lse, bool causal, FloatAttr scale) {
  SmallVector<Type> results;
  if (isa<TensorType>(out.getType()))
    results = {out.getType(), lse.getType()};
  build(builder, state, results, query, key, value, queryPositions,
        keyPositions, kvLengths, out, lse, causal, scale);
}

LogicalResult AttentionOp::verify() {
  Type query = getQuery().getType(), key = getKey().getType();
  if (failed(verifyDestinations(
          cast<DestinationStyleOpInterface>(getOperation()))) ||
      failed(verifyQueryKeyValue(*this, query, key, getValue().getType())) ||
      failed(verifyResult(*this, query, getValue().getType(),
                          getOut().getType(), getLse().getType())) ||
      failed(verifySameSize(*this, "number of heads",
                            {{query, 1, "query"}, {key, 1, "key"}})) ||
      failed(verifySameSize(*this, "number of segments",
                            {{query, 2, "query"}, {key, 2, "key"}})) ||
      failed(verifyPositions(*this, query, getQueryPositions().getType(),
                             "the query positions")) ||
      failed(verifyPositions(*this, key, getKeyPositions().getType(),
                             "the key positions")) ||
      failed(verifyScale(*this, getScale(), getElementTypeOrSelf(getLse()))))
    return failure();
  Type element = cast<ShapedType>(getOut().getType()).getElementType();
  if (element != cast<ShapedType>(getLse().getType()).getElementType())
    return emitOpError() << "expects out in the accumulation type, got "
                         << element;
  if (getKvLengths())
    return verifySameSize(
        *this, "batch size",
        {{query, 0, "query"}, {getKvLengths().getType(), 0, "kv_lengths"}});
  return success();
}
