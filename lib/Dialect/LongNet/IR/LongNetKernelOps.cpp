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
  return MutableOperandRange(*this, getODSOperandIndexAndLength(6).first, 3);
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
  return MutableOperandRange(*this, getODSOperandIndexAndLength(12).first, 3);
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
                          getOutGrad().getType(), getLse().getType(),
                          "out_grad")) ||
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

/// What holds of every tile: a scale in range, `inputs` of the query's element
/// type and destinations of its accumulation type. `pairs` are the inputs that
/// come in pairs if any does.
template <typename Op>
static LogicalResult verifyTile(Op op,
                                ArrayRef<std::pair<StringRef, Value>> inputs,
                                ValueRange pairs) {
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
  if (op.getMasked() && !op.getKeyPositions())
    return op.emitOpError("expects key positions and query limits to mask by");
  for (auto [name, input] : inputs)
    if (input && getElementTypeOrSelf(input) != element)
      return op.emitOpError()
             << "expects one element type, got " << element << " in query and "
             << getElementTypeOrSelf(input) << " in " << name;
  for (Value state : op.getDpsInits())
    if (getElementTypeOrSelf(state) != getAccumulationType(element))
      return op.emitOpError()
             << "expects a state of " << getAccumulationType(element);
  if (op.hasPairs() && !element.isBF16())
    return op.emitOpError() << "expects pairs of bf16, got " << element;
  if (op.getParts() < 1 || op.getParts() > 3)
    return op.emitOpError() << "expects 1, 2 or 3 parts, got " << op.getParts();
  if (op.getParts() != 1 && !op.hasPairs())
    return op.emitOpError("expects operands in pairs to be parts of others");
  // Lowered, they are unrolled.
  for (Value operand : op->getOperands())
    if (auto buffer = dyn_cast<MemRefType>(operand.getType());
        buffer && op.hasPairs() && !buffer.hasStaticShape())
      return op.emitOpError()
             << "expects buffers of static sizes with pairs, got " << buffer;
  if (auto key = dyn_cast<MemRefType>(op.getKey().getType());
      key && op.hasPairs() && key.getDimSize(0) % 2 != 0)
    return op.emitOpError() << "expects an even number of keys with pairs, got "
                            << key.getDimSize(0);
  for (Value input : pairs) {
    auto type = cast<ShapedType>(input.getType());
    if (type.getRank() != (op.hasPairs() ? 3 : 2))
      return op.emitOpError("expects all operands in pairs, or none");
    if (op.hasPairs() && type.getDimSize(2) != 2)
      return op.emitOpError() << "expects pairs of 2 elements, got " << type;
  }
  return success();
}

namespace {

/// Sizes that must agree, of a tile whose operands may come in pairs and, if
/// they are bf16 as all inputs in pairs, in `parts`.
class TileSizesOf {
public:
  TileSizesOf(Operation *op, int64_t parts) : op(op), parts(parts) {}

  /// The sizes of `value`, a tile [rows, lanes]; in pairs [rows / 2, lanes, 2].
  void add(Value value, StringRef name, StringRef rows, StringRef lanes = {}) {
    auto type = cast<ShapedType>(value.getType());
    SmallVector<int64_t> sizes(type.getShape());
    bool isPaired = type.getRank() == 3;
    if (isPaired) {
      if (!ShapedType::isDynamic(sizes[0]))
        sizes[0] *= 2;
      sizes.pop_back();
    }
    if (type.getElementType().isBF16()) {
      int64_t &summed = sizes[isPaired ? 0 : 1];
      if (!ShapedType::isDynamic(summed)) {
        // No pair belongs to two parts.
        isWhole &= summed % (parts * (isPaired ? 2 : 1)) == 0;
        summed /= parts;
      }
    }
    type = RankedTensorType::get(sizes, type.getElementType());
    dims[rows].push_back({type, 0, name});
    if (type.getRank() > 1)
      dims[lanes].push_back({type, 1, name});
  }

  LogicalResult verify() {
    if (!isWhole)
      return op->emitOpError() << "expects operands of " << parts << " parts";
    return verifySameSizes(op, dims);
  }

private:
  Operation *op;
  int64_t parts;
  bool isWhole = true;
  NamedSizes dims;
};

} // namespace

LogicalResult AttendTileOp::verify() {
  if (failed(verifyTile(*this, {{"key", getKey()}, {"value", getValue()}},
                        getQuery())))
    return failure();
  TileSizesOf sizes(*this, getParts());
  sizes.add(getQuery(), "query", headDim, queries);
  sizes.add(getKey(), "key", keys, headDim);
  if (hasPairs())
    sizes.add(getValue(), "value", valueDim, keys);
  else
    sizes.add(getValue(), "value", keys, valueDim);
  sizes.add(getAcc(), "acc", valueDim, queries);
  sizes.add(getMax(), "max", queries);
  sizes.add(getSum(), "sum", queries);
  if (getQueryLimits()) {
    sizes.add(getQueryLimits(), "query_limits", queries);
    sizes.add(getKeyPositions(), "key_positions", keys);
  }
  return sizes.verify();
}

LogicalResult AttendGradTileOp::verify() {
  if (failed(verifyTile(
          *this,
          {{"query_rows", getQueryRows()},
           {"key", getKey()},
           {"value", getValue()},
           {"out_grad", getOutGrad()},
           {"out_grad_rows", getOutGradRows()},
           {"key_columns", getKeyColumns()}},
          {getQuery(), getQueryRows(), getOutGrad(), getOutGradRows()})))
    return failure();
  for (auto [rows, name] :
       {std::pair(getLse(), "lse"), std::pair(getDelta(), "delta")})
    if (getElementTypeOrSelf(rows) != getElementTypeOrSelf(getQueryGrad()))
      return emitOpError() << "expects " << name << " of "
                           << getElementTypeOrSelf(getQueryGrad());
  if (hasPairs() != bool(getKeyColumns()))
    return emitOpError("expects key_columns with operands in pairs");
  TileSizesOf sizes(*this, getParts());
  sizes.add(getQuery(), "query", headDim, queries);
  sizes.add(getQueryRows(), "query_rows", queries, headDim);
  sizes.add(getKey(), "key", keys, headDim);
  if (getKeyColumns())
    sizes.add(getKeyColumns(), "key_columns", headDim, keys);
  sizes.add(getValue(), "value", keys, valueDim);
  sizes.add(getOutGrad(), "out_grad", valueDim, queries);
  sizes.add(getOutGradRows(), "out_grad_rows", queries, valueDim);
  sizes.add(getLse(), "lse", queries);
  sizes.add(getDelta(), "delta", queries);
  sizes.add(getQueryGrad(), "query_grad", headDim, queries);
  sizes.add(getKeyGrad(), "key_grad", keys, headDim);
  sizes.add(getValueGrad(), "value_grad", keys, valueDim);
  if (getQueryLimits()) {
    sizes.add(getQueryLimits(), "query_limits", queries);
    sizes.add(getKeyPositions(), "key_positions", keys);
  }
  return sizes.verify();
}
