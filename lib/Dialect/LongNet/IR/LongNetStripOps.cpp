//===- LongNetStripOps.cpp - Tiles of level 2 in one pipeline -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Verify.h"

using namespace mlir;
using namespace longnet;

/// A buffer without gaps, of static sizes but for the first one.
static bool isDense(MemRefType type) {
  int64_t offset;
  SmallVector<int64_t> strides;
  if (failed(type.getStridesAndOffset(strides, offset)) || offset != 0 ||
      ShapedType::isDynamicShape(type.getShape().drop_front()))
    return false;
  int64_t expected = 1;
  for (auto [size, stride] :
       llvm::reverse(llvm::zip_equal(type.getShape(), strides))) {
    if (stride != expected)
      return false;
    expected *= size;
  }
  return true;
}

/// What holds of blocks of queries and tiles of keys: dense buffers.
static LogicalResult verifyStrip(Operation *op) {
  for (Value operand : op->getOperands())
    if (auto type = dyn_cast<MemRefType>(operand.getType());
        type && !isDense(type))
      return op->emitOpError() << "expects contiguous buffers of static sizes "
                                  "but for the first one, got "
                               << type;
  return success();
}

static LogicalResult verifyStripScale(Operation *op, APFloat scale) {
  if (scale.isNegative() || scale.isZero())
    return op->emitOpError("expects a positive scale");
  return verifyScale(op, scale, Float32Type::get(op->getContext()));
}

namespace {

/// How a matrix of blocks of queries or tiles of keys lies in memory.
struct StripLayout {
  /// Two rows side by side: the last dimension.
  bool hasPairs = false;
  /// Blocks [rows / 32, columns / width, 32, width] of 64 bytes a row, or of
  /// 64 bytes a pair.
  bool hasBlocks = false;
};

constexpr StripLayout asRows, asPairs{true, false}, asBlocks{false, true},
    asBlocksOfPairs{true, true};

/// Sizes that must agree, of blocks and tiles.
class StripSizesOf {
public:
  explicit StripSizesOf(Operation *op) : op(op) {}

  /// The sizes of `value`: how many `parts` of `rows`.
  void add(Value value, StringRef name, StringRef parts, StringRef rows) {
    auto type = cast<ShapedType>(value.getType());
    dims[parts].push_back({type, 0, name});
    dims[rows].push_back({type, 1, name});
  }

  /// The sizes of `value`: how many `parts` of `rows` and `columns`.
  void add(Value value, StripLayout layout, StringRef name, StringRef parts,
           StringRef rows, StringRef columns) {
    auto type = cast<ShapedType>(value.getType());
    SmallVector<int64_t> sizes(type.getShape());
    if (layout.hasPairs) {
      if (sizes.pop_back_val() != 2)
        return fail(type, "pairs of 2 elements");
      sizes.end()[-2] *= 2;
    }
    if (layout.hasBlocks) {
      constexpr int64_t bits = 8 * 64;
      int64_t width = sizes.pop_back_val(), height = sizes.pop_back_val();
      int64_t pair = layout.hasPairs ? 2 : 1;
      if (height != 32 || width * pair * type.getElementTypeBitWidth() != bits)
        return fail(type, layout.hasPairs ? "blocks of 16 pairs of 64 bytes"
                                          : "blocks of 32 rows of 64 bytes");
      sizes[1] *= height;
      sizes[2] *= width;
    }
    type = RankedTensorType::get(sizes, type.getElementType());
    dims[parts].push_back({type, 0, name});
    dims[rows].push_back({type, 1, name});
    dims[columns].push_back({type, 2, name});
  }

  LogicalResult verify() {
    if (failed(result))
      return failure();
    return verifySameSizes(op, dims);
  }

private:
  void fail(ShapedType type, StringRef what) {
    if (succeeded(result))
      result = op->emitOpError() << "expects " << what << ", got " << type;
  }

  Operation *op;
  LogicalResult result = success();
  NamedSizes dims;
};

} // namespace

static constexpr StringRef blocks = "number of blocks",
                           tiles = "number of tiles";

LogicalResult ScoreBoundOp::verify() {
  if (failed(verifyStrip(*this)))
    return failure();
  StripSizesOf sizes(*this);
  sizes.add(getQuery(), asPairs, "query", blocks, headDim, queries);
  sizes.add(getKey(), asBlocks, "key", tiles, keys, headDim);
  sizes.add(getMax(), "max", blocks, queries);
  return sizes.verify();
}

LogicalResult AttendStripOp::verify() {
  if (failed(verifyStripScale(*this, getScale())) || failed(verifyStrip(*this)))
    return failure();
  StripSizesOf sizes(*this);
  sizes.add(getQuery(), asPairs, "query", blocks, headDim, queries);
  sizes.add(getKey(), asBlocks, "key", tiles, keys, headDim);
  sizes.add(getValue(), asBlocks, "value", tiles, valueDim, keys);
  sizes.add(getAcc(), asRows, "acc", blocks, valueDim, queries);
  sizes.add(getSum(), "sum", blocks, queries);
  return sizes.verify();
}

LogicalResult AttendGradStripOp::verify() {
  if (failed(verifyStripScale(*this, getScale())) || failed(verifyStrip(*this)))
    return failure();
  StripSizesOf sizes(*this);
  sizes.add(getQuery(), asBlocksOfPairs, "query", blocks, headDim, queries);
  sizes.add(getQueryRows(), asBlocksOfPairs, "query_rows", blocks, queries,
            headDim);
  sizes.add(getKey(), asBlocks, "key", tiles, keys, headDim);
  sizes.add(getKeyColumns(), asBlocks, "key_columns", tiles, headDim, keys);
  sizes.add(getValue(), asBlocks, "value", tiles, keys, valueDim);
  sizes.add(getOutGrad(), asBlocksOfPairs, "out_grad", blocks, valueDim,
            queries);
  sizes.add(getOutGradRows(), asBlocksOfPairs, "out_grad_rows", blocks, queries,
            valueDim);
  sizes.add(getLse(), "lse", blocks, queries);
  sizes.add(getDelta(), "delta", blocks, queries);
  sizes.add(getQueryGrad(), asBlocks, "query_grad", blocks, headDim, queries);
  sizes.add(getKeyGrad(), asBlocks, "key_grad", tiles, keys, headDim);
  sizes.add(getValueGrad(), asBlocks, "value_grad", tiles, keys, valueDim);
  if (failed(sizes.verify()))
    return failure();
  int64_t slopes =
      getKey().getType().getDimSize(1) * 32 * getLse().getType().getDimSize(1);
  if (getSlopes().getType().getDimSize(1) != slopes)
    return emitOpError() << "expects slopes of " << slopes << " elements, got "
                         << getSlopes().getType();
  int64_t known = getLse().getType().getDimSize(0),
          places = getSlopes().getType().getDimSize(0);
  if (ShapedType::isStatic(known) && ShapedType::isStatic(places) &&
      places != 2 * known)
    return emitOpError() << "expects slopes of " << 2 * known << " blocks, got "
                         << getSlopes().getType();
  return success();
}
