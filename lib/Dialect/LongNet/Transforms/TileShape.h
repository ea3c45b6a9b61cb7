//===- TileShape.h - Sizes and types of a kernel -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_LIB_DIALECT_LONGNET_TRANSFORMS_TILESHAPE_H
#define LONGNET_LIB_DIALECT_LONGNET_TRANSFORMS_TILESHAPE_H

#include "longnet/Dialect/LongNet/IR/LongNet.h"

namespace longnet {

/// Queries and keys of a tile.
struct TileSizes {
  int64_t query, key;
  /// If not 0, bf16 is packed in pairs and head dimensions are padded to a
  /// multiple of this.
  int64_t pairs;
  /// Bytes of packed keys and values of a strip, 0 for no strips.
  int64_t strip;
  /// If not 1, f32 is packed in pairs as the sum of so many parts of bf16.
  int64_t parts;
};

/// The shape of a kernel: what does not change between groups.
struct TileShape {
  int64_t headDim, valueDim;
  mlir::FloatType accumulation;
  /// What queries are multiplied by, exactly: 1, -1 or 0. With it, the scale
  /// of scores is positive.
  double sign, scale;
  int64_t queryTile, keyTile;
  /// Of packed queries, keys and values: the accumulation type, or bf16 where
  /// they come in pairs.
  mlir::FloatType element;

  /// Head dimensions of packed tiles: zeros fill up those of tiles in pairs.
  int64_t packedHeadDim, packedValueDim;
  /// Of bf16 that packed elements are the sum of.
  int64_t parts = 1;

  /// Tiles of keys that are packed at once for `longnet.attend_strip`, or 0.
  int64_t stripTiles = 0;
  /// Whether gradients are those of `longnet.attend_grad_strip`.
  bool hasGradStrips = false;

  /// Take strips and the tile sizes that they are fastest with, if the shape
  /// allows them: of up to `bytes` of keys and values, or for gradients if that
  /// is not 0.
  void setStrips(int64_t bytes);
  void setGradStrips(int64_t bytes);
  bool hasStrips() const { return stripTiles > 0; }
  /// Whether tiles of keys are packed in blocks (see `forEachBlock`).
  bool hasBlocks() const { return hasStrips() || hasGradStrips; }
  bool hasPairs() const { return element != accumulation; }

  /// All of it, as the key of a kernel function.
  mlir::Attribute asAttribute(bool hasDiagonal) const;
};

} // namespace longnet

#endif // LONGNET_LIB_DIALECT_LONGNET_TRANSFORMS_TILESHAPE_H
