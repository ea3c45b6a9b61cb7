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

MutableOperandRange AttendGradOp::getDpsInitsMutable() {
  return MutableOperandRange(*this, getODSOperandIndexAndLength(11).first, 3);
}

void AttendGradOp::getEffects(
    SmallVectorImpl<MemoryEffects::EffectInstance> &effects) {
  getBufferEffects(*this, /*readsDestinations=*/true, effects);
}

LogicalResult
AttendGradOp::reifyResultShapes(OpBuilder &builder,
                                ReifiedRankedShapedTypeDims &shapes) {
  return reifyDestinations(*this, builder, shapes);
}

MutableOperandRange AttendGradTileOp::getDpsInitsMutable() {
  return MutableOperandRange(*this, getODSOperandIndexAndLength(10).first, 3);
}

void AttendGradTileOp::getEffects(
    SmallVectorImpl<MemoryEffects::EffectInstance> &effects) {
  getBufferEffects(*this, /*readsDestinations=*/true, effects);
}

LogicalResult
AttendGradTileOp::reifyResultShapes(OpBuilder &builder,
                                    ReifiedRankedShapedTypeDims &shapes) {
  return reifyDestinations(*this, builder, shapes);
}

//===----------------------------------------------------------------------===//
// AttendOp and AttendGradOp
//===----------------------------------------------------------------------===//

/// What holds of every part of an attention: sequences that fit together,
/// offsets, heads, and branches that read strided rows.
template <typename Op>
static LogicalResult verifyPart(Op op, ArrayRef<BranchAttr> branches) {
  Type query = op.getQuery().getType(), key = op.getKey().getType();
  auto queryType = cast<ShapedType>(query), keyType = cast<ShapedType>(key);
  if (failed(verifyDestinations(
          cast<DestinationStyleOpInterface>(op.getOperation()))) ||
      failed(verifyQueryKeyValue(op, query, key, op.getValue().getType())) ||
      failed(verifyHeadGroups(op, query, key)) ||
      failed(verifyScale(op, op.getScale(), getElementTypeOrSelf(op.getLse()))))
    return failure();
  if (bool(op.getHeadOffset()) != bool(op.getHeads()))
    return op.emitOpError(
        "expects a head offset and a number of heads together");
  // Of heads given as a value, a list of phases is taken at its word.
  std::optional<int64_t> heads = queryType.getDimSize(1);
  if (op.getHeads())
    heads = getConstantIntValue(op.getHeads());
  if (failed(verifyPattern(op, branches, heads, op.getCausal(),
                           bool(op.getKvLengths()), bool(op.getKeyOffset()))))
    return failure();
  for (auto [offset, name] : {std::pair(op.getQueryOffset(), "query_offset"),
                              std::pair(op.getKeyOffset(), "key_offset"),
                              std::pair(op.getHeadOffset(), "head offset")})
    if (auto known = offset ? getConstantIntValue(offset) : std::nullopt;
        known && *known < 0)
      return op.emitOpError()
             << "expects a " << name << " of at least 0, got " << *known;
  if (auto first = op.getHeads() ? getConstantIntValue(op.getHeadOffset())
                                 : std::nullopt;
      first && heads &&
      *first + std::max<int64_t>(queryType.getDimSize(1), 1) > *heads)
    return op.emitOpError() << "expects the query's heads, from " << *first
                            << " on, among " << *heads;
  for (BranchAttr branch : branches)
    if (!branch.isAligned(keyType.getDimSize(2)))
      return op.emitOpError() << "branch " << branch
                              << " moves result rows off their query rows; "
                                 "keep it in pieces";
  if (op.getKvLengths())
    return verifySameSize(
        op, "batch size",
        {{query, 0, "query"}, {op.getKvLengths().getType(), 0, "kv_lengths"}});
  return success();
}

LogicalResult AttendOp::verify() {
  if (failed(verifyPart(*this, getBranches())))
    return failure();
  return verifyResult(*this, getQuery().getType(), getValue().getType(),
                      getOut().getType(), getLse().getType());
}

LogicalResult AttendGradOp::verify() {
  if (failed(verifyPart(*this, getBranch())) ||
      failed(verifyResult(*this, getQuery().getType(), getValue().getType(),
                          getOutGrad().getType(), getLse().getType())) ||
      failed(verifyGradient(*this, getQuery().getType(),
                            getQueryGrad().getType(), "query", "query_grad")) ||
      failed(verifyGradient(*this, getKey().getType(), getKeyGrad().getType(),
                            "key", "key_grad")) ||
      failed(verifyGradient(*this, getValue().getType(),
                            getValueGrad().getType(), "value", "value_grad")))
    return failure();
  return verifyGradient(*this, getLse().getType(), getDelta().getType(), "lse",
                        "delta");
}

//===----------------------------------------------------------------------===//
// AttendTileOp and AttendGradTileOp
//===----------------------------------------------------------------------===//

/// What holds of every tile: a scale in range, `inputs` of one element type and
/// destinations of its accumulation type.
template <typename Op>
static LogicalResult verifyTile(Op op, ValueRange inputs) {
  Type element = getElementTypeOrSelf(op.getQuery());
  if (failed(verifyDestinations(
          cast<DestinationStyleOpInterface>(op.getOperation()))))
    return failure();
  if (op.getScale().isNegative() || op.getScale().isZero())
    return op.emitOpError("expects a positive scale");
  if (failed(verifyScale(op, op.getScale(), getAccumulationType(element))))
    return failure();
  if (bool(op.getKeyPositions()) != bool(op.getQueryLimits()))
    return op.emitOpError("expects key positions and query limits together");
  for (Value input : inputs)
    if (getElementTypeOrSelf(input) != element)
      return op.emitOpError("expects query, key and value of one element type");
  for (Value state : op.getDpsInits())
    if (getElementTypeOrSelf(state) != getAccumulationType(element))
      return op.emitOpError()
             << "expects a state of " << getAccumulationType(element);
  return success();
}

LogicalResult AttendTileOp::verify() {
  if (failed(verifyTile(*this, {getKey(), getValue()})))
    return failure();
  Type query = getQuery().getType(), key = getKey().getType();
  Type value = getValue().getType(), acc = getAcc().getType();
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

LogicalResult AttendGradTileOp::verify() {
  if (failed(verifyTile(*this, {getQueryRows(), getKey(), getValue(),
                                getOutGrad(), getOutGradRows()})))
    return failure();
  auto dim = [](Value value, unsigned dim, StringRef name) {
    return NamedDim{value.getType(), dim, name};
  };
  for (auto [rows, name] :
       {std::pair(getLse(), "lse"), std::pair(getDelta(), "delta")})
    if (getElementTypeOrSelf(rows) != getElementTypeOrSelf(getQueryGrad()))
      return emitOpError() << "expects " << name << " of "
                           << getElementTypeOrSelf(getQueryGrad());
  SmallVector<NamedDim> rows{dim(getQuery(), 1, "query"),
                             dim(getQueryRows(), 0, "query_rows"),
                             dim(getOutGrad(), 1, "out_grad"),
                             dim(getOutGradRows(), 0, "out_grad_rows"),
                             dim(getLse(), 0, "lse"),
                             dim(getDelta(), 0, "delta"),
                             dim(getQueryGrad(), 1, "query_grad")};
  SmallVector<NamedDim> keys{
      dim(getKey(), 0, "key"), dim(getValue(), 0, "value"),
      dim(getKeyGrad(), 0, "key_grad"), dim(getValueGrad(), 0, "value_grad")};
  if (getQueryLimits()) {
    rows.push_back(dim(getQueryLimits(), 0, "query_limits"));
    keys.push_back(dim(getKeyPositions(), 0, "key_positions"));
  }
  if (failed(verifySameSize(*this, "number of queries", rows)) ||
      failed(verifySameSize(*this, "number of keys", keys)) ||
      failed(verifySameSize(
          *this, "head dimension",
          {dim(getQuery(), 0, "query"), dim(getQueryRows(), 1, "query_rows"),
           dim(getKey(), 1, "key"), dim(getQueryGrad(), 0, "query_grad"),
           dim(getKeyGrad(), 1, "key_grad")})) ||
      failed(verifySameSize(*this, "value dimension",
                            {dim(getValue(), 1, "value"),
                             dim(getOutGrad(), 0, "out_grad"),
                             dim(getOutGradRows(), 1, "out_grad_rows"),
                             dim(getValueGrad(), 1, "value_grad")})))
    return failure();
  return success();
}
