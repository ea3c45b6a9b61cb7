//===- Verify.cpp - Checks shared by verifiers -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Verify.h"

using namespace mlir;

namespace longnet {

static ShapedType shaped(Type type) { return cast<ShapedType>(type); }

LogicalResult verifySameSize(Operation *op, StringRef what,
                             ArrayRef<NamedDim> dims) {
  const NamedDim *known = nullptr;
  for (const NamedDim &dim : dims) {
    int64_t size = shaped(dim.type).getDimSize(dim.dim);
    if (ShapedType::isDynamic(size))
      continue;
    if (!known) {
      known = &dim;
      continue;
    }
    int64_t expected = shaped(known->type).getDimSize(known->dim);
    if (size != expected)
      return op->emitOpError()
             << "expects one " << what << ", got " << expected << " in "
             << known->name << " and " << size << " in " << dim.name;
  }
  return success();
}

LogicalResult verifySameSizes(Operation *op, const NamedSizes &sizes) {
  for (auto &[what, dims] : sizes)
    if (failed(verifySameSize(op, what, dims)))
      return failure();
  return success();
}

LogicalResult verifyQueryKeyValue(Operation *op, Type query, Type key,
                                  Type value) {
  unsigned last = shaped(query).getRank() - 1;
  for (auto [type, name] : {std::pair(key, "key"), std::pair(value, "value")})
    if (shaped(type).getElementType() != shaped(query).getElementType())
      return op->emitOpError()
             << "expects one element type, got "
             << shaped(query).getElementType() << " in query and "
             << shaped(type).getElementType() << " in " << name;
  for (auto [type, name] : {std::pair(query, "query"), std::pair(key, "key"),
                            std::pair(value, "value")})
    if (shaped(type).isDynamicDim(last) || shaped(type).getDimSize(last) == 0)
      return op->emitOpError()
             << "expects a static, positive head dimension in " << name;
  if (failed(verifySameSize(
          op, "batch size",
          {{query, 0, "query"}, {key, 0, "key"}, {value, 0, "value"}})) ||
      failed(verifySameSize(op, "number of key and value heads",
                            {{key, 1, "key"}, {value, 1, "value"}})) ||
      failed(verifySameSize(op, "head dimension",
                            {{query, last, "query"}, {key, last, "key"}})))
    return failure();
  for (unsigned dim = 2; dim < last; ++dim)
    if (failed(verifySameSize(op, "number of key and value rows",
                              {{key, dim, "key"}, {value, dim, "value"}})))
      return failure();
  return success();
}

LogicalResult verifyHeadGroups(Operation *op, Type query, Type key) {
  int64_t heads = shaped(query).getDimSize(1),
          groups = shaped(key).getDimSize(1);
  if (ShapedType::isDynamic(heads) || ShapedType::isDynamic(groups))
    return success();
  if (groups == 0 ? heads != 0 : heads % groups != 0)
    return op->emitOpError()
           << "expects the query heads (" << heads
           << ") to be a multiple of the key heads (" << groups << ")";
  return success();
}

/// Elements that are stored as they are or as they are accumulated.
static LogicalResult verifyStorage(Operation *op, Type storage, Type type,
                                   StringRef name) {
  FloatType accumulation = getAccumulationType(storage);
  Type element = shaped(type).getElementType();
  if (element == storage || element == accumulation)
    return success();
  InFlightDiagnostic error = op->emitOpError()
                             << "expects " << name << " of " << storage;
  if (storage != accumulation)
    error << " or " << accumulation;
  return error << ", got " << element;
}

LogicalResult verifyResult(Operation *op, Type query, Type value, Type out,
                           Type lse, StringRef outName) {
  unsigned last = shaped(query).getRank() - 1;
  static constexpr StringRef names[] = {"batch size", "number of heads",
                                        "number of query rows",
                                        "number of query rows"};
  for (unsigned dim = 0; dim < last; ++dim)
    if (failed(verifySameSize(
            op, names[dim],
            {{query, dim, "query"}, {out, dim, outName}, {lse, dim, "lse"}})))
      return failure();
  if (failed(verifySameSize(op, "value dimension",
                            {{value, last, "value"}, {out, last, outName}})))
    return failure();
  Type storage = shaped(query).getElementType();
  FloatType accumulation = getAccumulationType(storage);
  if (shaped(lse).getElementType() != accumulation)
    return op->emitOpError()
           << "expects lse of " << accumulation << " for " << storage
           << " sequences, got " << shaped(lse).getElementType();
  return verifyStorage(op, storage, out, outName);
}

LogicalResult verifyGradient(Operation *op, Type of, Type gradient,
                             StringRef name, StringRef gradientName) {
  static constexpr StringRef sizes[] = {"batch size", "number of heads",
                                        "number of rows", "head dimension"};
  for (unsigned dim = 0; dim < shaped(of).getRank(); ++dim)
    if (failed(verifySameSize(
            op, sizes[dim], {{of, dim, name}, {gradient, dim, gradientName}})))
      return failure();
  return verifyStorage(op, shaped(of).getElementType(), gradient, gradientName);
}

LogicalResult verifyPattern(Operation *op, ArrayRef<BranchAttr> branches,
                            std::optional<int64_t> heads, bool causal,
                            bool hasLengths, bool hasOffset) {
  if (branches.empty())
    return op->emitOpError("expects at least one branch");
  for (auto [index, branch] : llvm::enumerate(branches)) {
    int64_t listed = branch.getPhases().size();
    if (branch.getHeadOffset() == HeadOffset::listed && heads &&
        *heads != listed) {
      InFlightDiagnostic error = op->emitOpError()
                                 << "branch " << index << " lists " << listed
                                 << " phases, for ";
      return ShapedType::isDynamic(*heads)
                 ? error << "a dynamic number of heads"
                 : error << *heads << " heads";
    }
    if (branch.getPadding() != Padding::torchscale)
      continue;
    StringRef unfit = causal       ? "causal attention"
                      : hasLengths ? "key lengths"
                      : hasOffset  ? "an offset"
                                   : "";
    if (!unfit.empty())
      return op->emitOpError()
             << "branch " << index
             << ": padding = torchscale has no meaning with " << unfit;
  }
  return success();
}

LogicalResult verifyScale(Operation *op, std::optional<APFloat> scale,
                          Type accumulation) {
  if (!scale || scale->isZero())
    return success();
  double bits = std::abs(scale->convertToDouble()) * 1.44269504088896340736;
  bool fits = accumulation.isF64()
                  ? std::isfinite(bits)
                  : bits <= std::numeric_limits<float>::max() &&
                        bits >= std::numeric_limits<float>::min();
  if (!fits)
    return op->emitOpError()
           << "expects a scale in the range of " << accumulation << ", got "
           << scale->convertToDouble();
  return success();
}

LogicalResult verifyDestinations(DestinationStyleOpInterface op) {
  bool tensors = llvm::any_of(op->getOperandTypes(), llvm::IsaPred<TensorType>);
  bool buffers = llvm::any_of(op->getOperandTypes(), llvm::IsaPred<MemRefType>);
  if (tensors && buffers)
    return op->emitOpError("expects all tensors or all buffers, got both");
  for (Type type : op->getOperandTypes()) {
    int64_t offset;
    SmallVector<int64_t> strides;
    if (auto buffer = dyn_cast<MemRefType>(type);
        buffer && failed(buffer.getStridesAndOffset(strides, offset)))
      return op->emitOpError() << "expects strided buffers, got " << type;
  }
  unsigned expected = tensors ? op.getNumDpsInits() : 0;
  if (op->getNumResults() != expected)
    return op->emitOpError()
           << "expects " << expected << " results, got " << op->getNumResults();
  for (auto [index, result] : llvm::enumerate(op->getResults()))
    if (result.getType() != op.getDpsInitOperand(index)->get().getType())
      return op->emitOpError()
             << "expects result " << index << " of its destination's type "
             << op.getDpsInitOperand(index)->get().getType() << ", got "
             << result.getType();
  return success();
}

LogicalResult verifyPositions(Operation *op, Type rows, Type positions,
                              StringRef name) {
  auto type = cast<ShapedType>(positions);
  unsigned last = type.getRank() - 1;
  if (type.getRank() == 3 &&
      failed(verifySameSize(op, "number of heads",
                            {{rows, 1, "the rows"}, {positions, 0, name}})))
    return failure();
  if (failed(verifySameSize(
          op, "number of segments",
          {{rows, 2, "the rows"}, {positions, last - 1, name}})) ||
      failed(verifySameSize(op, "number of rows a segment",
                            {{rows, 3, "the rows"}, {positions, last, name}})))
    return failure();
  return success();
}

} // namespace longnet
