//===- LongNetKernelOps.cpp - Level 2 -*- C++ -*-===//
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

#define GET_OP_CLASSES
#include "longnet/Dialect/LongNet/IR/LongNetOps.cpp.inc"

//===----------------------------------------------------------------------===//
// Destination style
//===----------------------------------------------------------------------===//

/// On buffers, operands are read and destinations written, and read too where
/// they hold a state to go on from.
template <typename Op>
static void
getBufferEffects(Op op, bool readsDestinations,
                 SmallVectorImpl<MemoryEffects::EffectInstance> &effects) {
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<MemRefType>(operand.get().getType()))
      continue;
    if (!op.isDpsInit(&operand) || readsDestinations)
      effects.emplace_back(MemoryEffects::Read::get(), &operand,
                           SideEffects::DefaultResource::get());
    if (op.isDpsInit(&operand))
      effects.emplace_back(MemoryEffects::Write::get(), &operand,
                           SideEffects::DefaultResource::get());
  }
}

template <typename Op>
static LogicalResult reifyDestinations(Op op, OpBuilder &builder,
                                       ReifiedRankedShapedTypeDims &shapes) {
  if (op->getNumResults() == 0)
    return failure();
  for (Value init : op.getDpsInits())
    shapes.push_back(tensor::getMixedSizes(builder, op.getLoc(), init));
  return success();
}

MutableOperandRange AttentionOp::getDpsInitsMutable() {
  return MutableOperandRange(*this, getODSOperandIndexAndLength(6).first, 2);
}

void AttentionOp::getEffects(
    SmallVectorImpl<MemoryEffects::EffectInstance> &effects) {
  getBufferEffects(*this, /*readsDestinations=*/false, effects);
}

LogicalResult
AttentionOp::reifyResultShapes(OpBuilder &builder,
                               ReifiedRankedShapedTypeDims &shapes) {
  return reifyDestinations(*this, builder, shapes);
}

MutableOperandRange AttendOp::getDpsInitsMutable() {
  return MutableOperandRange(*this, getODSOperandIndexAndLength(8).first, 2);
}

void AttendOp::getEffects(
    SmallVectorImpl<MemoryEffects::EffectInstance> &effects) {
  getBufferEffects(*this, getAccumulate(), effects);
}

LogicalResult AttendOp::reifyResultShapes(OpBuilder &builder,
                                          ReifiedRankedShapedTypeDims &shapes) {
  return reifyDestinations(*this, builder, shapes);
}

MutableOperandRange AttendTileOp::getDpsInitsMutable() {
  return MutableOperandRange(*this, getODSOperandIndexAndLength(5).first, 3);
}

void AttendTileOp::getEffects(
    SmallVectorImpl<MemoryEffects::EffectInstance> &effects) {
  getBufferEffects(*this, /*readsDestinations=*/true, effects);
}

LogicalResult
AttendTileOp::reifyResultShapes(OpBuilder &builder,
                                ReifiedRankedShapedTypeDims &shapes) {
  return reifyDestinations(*this, builder, shapes);
}

//===----------------------------------------------------------------------===//
// AttendOp
//===----------------------------------------------------------------------===//

LogicalResult AttendOp::verify() {
  Type query = getQuery().getType(), key = getKey().getType();
  auto queryType = cast<ShapedType>(query), keyType = cast<ShapedType>(key);
  if (failed(verifyDestinations(
          cast<DestinationStyleOpInterface>(getOperation()))) ||
      failed(verifyQueryKeyValue(*this, query, key, getValue().getType())) ||
      failed(verifyHeadGroups(*this, query, key)) ||
      failed(verifyResult(*this, query, getValue().getType(),
                          getOut().getType(), getLse().getType())) ||
      failed(verifyScale(*this, getScale(), getElementTypeOrSelf(getLse()))))
    return failure();
  if (bool(getHeadOffset()) != bool(getHeads()))
    return emitOpError("expects a head offset and a number of heads together");
  // Of heads given as a value, a list of phases is taken at its word.
  std::optional<int64_t> heads = queryType.getDimSize(1);
  if (getHeads())
    heads = getConstantIntValue(getHeads());
  if (failed(verifyPattern(*this, getBranches(), heads, getCausal(),
                           bool(getKvLengths()), bool(getKeyOffset()))))
    return failure();
  for (auto [offset, name] : {std::pair(getQueryOffset(), "query_offset"),
                              std::pair(getKeyOffset(), "key_offset"),
                              std::pair(getHeadOffset(), "head offset")})
    if (auto known = offset ? getConstantIntValue(offset) : std::nullopt;
        known && *known < 0)
      return emitOpError() << "expects a " << name << " of at least 0, got "
                           << *known;
  if (auto first =
          getHeads() ? getConstantIntValue(getHeadOffset()) : std::nullopt;
      first && heads &&
      *first + std::max<int64_t>(queryType.getDimSize(1), 1) > *heads)
    return emitOpError() << "expects the query's heads, from " << *first
                         << " on, among " << *heads;
  for (BranchAttr branch : getBranches())
    if (!branch.isAligned(keyType.getDimSize(2)))
      return emitOpError() << "branch " << branch
                           << " moves result rows off their query rows; keep "
                              "it in pieces";
  if (getKvLengths())
    return verifySameSize(
        *this, "batch size",
        {{query, 0, "query"}, {getKvLengths().getType(), 0, "kv_lengths"}});
  return success();
}

//===----------------------------------------------------------------------===//
// AttendTileOp
//===----------------------------------------------------------------------===//

LogicalResult AttendTileOp::verify() {
  Type query = getQuery().getType(), key = getKey().getType();
  Type value = getValue().getType(), acc = getAcc().getType();
  Type element = cast<ShapedType>(query).getElementType();
  if (failed(verifyDestinations(
          cast<DestinationStyleOpInterface>(getOperation()))))
    return failure();
  if (getScale().isNegative() || getScale().isZero())
    return emitOpError("expects a positive scale");
  if (failed(verifyScale(*this, getScale(), getAccumulationType(element))))
    return failure();
  if (bool(getKeyPositions()) != bool(getQueryLimits()))
    return emitOpError("expects key positions and query limits together");
  for (Type type : {key, value})
    if (cast<ShapedType>(type).getElementType() != element)
      return emitOpError("expects query, key and value of one element type");
  for (Value state : getDpsInits())
    if (cast<ShapedType>(state.getType()).getElementType() !=
        getAccumulationType(element))
      return emitOpError() << "expects a state of "
                           << getAccumulationType(element);
  SmallVector<NamedDim> rows{{query, 1, "query"},
                             {acc, 1, "acc"},
                             {getMax().getType(), 0, "max"},
                             {getSum().getType(), 0, "sum"}};
  SmallVector<NamedDim> keys{{key, 0, "key"}, {value, 0, "value"}};
  if (getQueryLimits()) {
    rows.push_back({getQueryLimits().getType(), 0, "query_limits"});
    keys.push_back({getKeyPositions().getType(), 0, "key_positions"});
  }
  if (failed(verifySameSize(*this, "number of queries", rows)) ||
      failed(verifySameSize(*this, "number of keys", keys)) ||
      failed(verifySameSize(*this, "head dimension",
                            {{query, 0, "query"}, {key, 1, "key"}})) ||
      failed(verifySameSize(*this, "value dimension",
                            {{value, 1, "value"}, {acc, 0, "acc"}})))
    return failure();
  return success();
}
