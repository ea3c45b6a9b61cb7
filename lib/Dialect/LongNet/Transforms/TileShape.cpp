//===- TileShape.cpp - Sizes and types of a kernel -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TileShape.h"
#include "Packing.h"

using namespace mlir;

namespace longnet {

/// Whether strips take tiles of `shape`: whole blocks, in the first cache.
static bool fitsStrips(const TileShape &shape) {
  constexpr int64_t largestDim = 128;
  // Below 1, squares that are flushed to zero in the bound of scores do not
  // count; down to this, what scores are compared to is an f32.
  constexpr double largestScale = 1, smallestScale = 1e-30;
  return shape.hasPairs() && shape.parts == 1 &&
         shape.packedHeadDim % blockRows == 0 &&
         shape.packedValueDim % blockRows == 0 &&
         std::max(shape.packedHeadDim, shape.packedValueDim) <= largestDim &&
         shape.scale <= largestScale && shape.scale >= smallestScale;
}

void TileShape::setStrips(int64_t bytes) {
  if (bytes == 0 || !fitsStrips(*this))
    return;
  // Keys whose scores are computed while one panel of values is added up: at
  // least 128 keys of all together keep what is loaded for each low.
  int64_t passes = packedValueDim / blockRows;
  queryTile = blockRows;
  keyTile = passes * std::max<int64_t>(128 / blockRows / passes, 1) * blockRows;
  int64_t tileBytes = keyTile * (packedHeadDim + packedValueDim) * 2;
  stripTiles = std::max<int64_t>(bytes / tileBytes, 1);
}

void TileShape::setGradStrips(int64_t bytes) {
  if (bytes == 0 || !fitsStrips(*this))
    return;
  queryTile = blockRows;
  keyTile = 4 * blockRows;
  hasGradStrips = true;
}

Attribute TileShape::asAttribute(bool hasDiagonal) const {
  Builder builder(accumulation.getContext());
  return builder.getArrayAttr(
      {builder.getI64ArrayAttr({headDim, valueDim, queryTile, keyTile,
                                packedHeadDim, packedValueDim, stripTiles,
                                hasGradStrips, parts}),
       builder.getF64ArrayAttr({sign, scale}), TypeAttr::get(accumulation),
       TypeAttr::get(element), builder.getBoolAttr(hasDiagonal)});
}

} // namespace longnet
