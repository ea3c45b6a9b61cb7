//===- GradScratch.cpp - Packed rows of a gradient -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GradScratch.h"
#include "Packing.h"
#include "Scratch.h"

using namespace mlir;

namespace longnet {

/// Bytes of packed queries that a chunk may take: a part of a core's cache.
static constexpr int64_t chunkBytes = 640 << 10;

int64_t blocksOfChunk(const TileShape &shape) {
  if (shape.hasGradStrips)
    return 16;
  auto bytes = [&](int64_t elements, FloatType type) {
    return shape.queryTile * elements * (type.getWidth() / 8);
  };
  int64_t block =
      bytes(2 * shape.parts * (shape.packedHeadDim + shape.packedValueDim),
            shape.element) +
      bytes(shape.packedHeadDim, shape.accumulation);
  return std::clamp<int64_t>(chunkBytes / block, 1, 16);
}

GradScratch allocateGradScratch(OpBuilder &builder, Location loc,
                                const TileShape &shape,
                                const IndexExpr &maxKeys) {
  auto attr = [&](int64_t value) -> OpFoldResult {
    return builder.getIndexAttr(value);
  };
  auto allocate = [&](ArrayRef<OpFoldResult> sizes, Type type) {
    return allocateBuffer(builder, loc, sizes, type);
  };
  int64_t m = shape.queryTile, n = shape.keyTile, headDim = shape.packedHeadDim,
          valueDim = shape.packedValueDim;
  OpFoldResult blocks = attr(blocksOfChunk(shape)),
               tiles = ceilDiv(maxKeys, n).fold();
  Type element = shape.element, state = shape.accumulation;
  Type index = builder.getIndexType();
  bool inBlocks = shape.hasGradStrips;
  // Sums, and what is packed in pairs of rows and in rows: for strips in
  // blocks.
  auto sums = [&](OpFoldResult count, int64_t rows, int64_t columns) {
    SmallVector<OpFoldResult> sizes{attr(rows), attr(columns)};
    if (inBlocks)
      sizes = blockSizes(builder, rows, columns, widthOfWords);
    sizes.insert(sizes.begin(), count);
    return allocate(sizes, state);
  };
  auto packed = [&](int64_t rows, int64_t lanes) {
    SmallVector<OpFoldResult> sizes{attr(rows), attr(lanes)};
    if (inBlocks) {
      sizes = blockSizes(builder, rows, lanes, widthOfWords);
      sizes[2] = attr(blockRows / 2);
    } else if (shape.hasPairs()) {
      sizes[0] = attr(shape.parts * rows / 2);
    }
    if (shape.hasPairs())
      sizes.push_back(attr(2));
    sizes.insert(sizes.begin(), blocks);
    return allocate(sizes, element);
  };
  auto packedKeys = [&](int64_t rows, int64_t lanes) {
    SmallVector<OpFoldResult> sizes{attr(rows), attr(shape.parts * lanes)};
    if (inBlocks) {
      sizes = blockSizes(builder, rows, lanes, widthOfHalves);
      sizes.insert(sizes.begin(), tiles);
    }
    return allocate(sizes, element);
  };
  GradScratch scratch{packed(headDim, m),
                      packed(m, headDim),
                      packed(valueDim, m),
                      packed(m, valueDim),
                      allocate({blocks, attr(m)}, state),
                      allocate({blocks, attr(m)}, state),
                      allocate({blocks, attr(m)}, index),
                      sums(blocks, headDim, m),
                      {packedKeys(n, headDim), packedKeys(n, valueDim),
                       allocate(attr(n), index)},
                      sums(tiles, n, headDim),
                      sums(tiles, n, valueDim),
                      allocate({attr(m), attr(headDim)}, state)};
  if (!shape.hasPairs())
    return scratch;
  scratch.queryBlock =
      allocate({attr(m), attr(shape.parts * headDim)}, element);
  scratch.outGradBlock =
      allocate({attr(m), attr(shape.parts * valueDim)}, element);
  scratch.tile.keyColumns = packedKeys(headDim, n);
  if (shape.hasGradStrips)
    scratch.slopes =
        allocate({attr(2 * blocksOfChunk(shape)), attr(n * m)}, element);
  // Columns that only fill up are packed once, here.
  for (Value buffer : {scratch.tile.keys, scratch.tile.values,
                       scratch.queryBlock, scratch.outGradBlock})
    fillOnce(builder, loc, builder.getZeroAttr(element), buffer);
  return scratch;
}

} // namespace longnet
