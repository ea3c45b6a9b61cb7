//===- GradScratch.h - Packed rows of a gradient -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_LIB_DIALECT_LONGNET_TRANSFORMS_GRADSCRATCH_H
#define LONGNET_LIB_DIALECT_LONGNET_TRANSFORMS_GRADSCRATCH_H

#include "KernelFunctions.h"
#include "KeyTiles.h"

namespace longnet {

/// Packed rows, reused by all segments of a task. The first dimension counts
/// blocks of the chunk, for the gradients of keys and values, and for all that
/// strips have of keys, tiles of keys. For strips, matrices lie in blocks of 32
/// rows (see `forEachBlock`), all but those of a single block of queries.
struct GradScratch {
  /// [D, m], [m, D], [Dv, m] and [m, Dv], or in pairs
  mlir::Value queries, queryRows, outGrads, outGradRows;
  /// [m]
  mlir::Value lse, delta, limits;
  /// [D, m]
  mlir::Value queryGrads;
  KeyTile tile;
  /// [n, D] and [n, Dv]
  mlir::Value keyGrads, valueGrads;
  /// One block of gradients of queries as rows: [m, D]
  mlir::Value gradRows;
  /// Only for pairs: one block as rows, [m, D] and [m, Dv]
  mlir::Value queryBlock = {}, outGradBlock = {};
  /// Only for strips: of two tiles, [n * m]
  mlir::Value slopes = {};

  llvm::SmallVector<mlir::Value> list() const {
    llvm::SmallVector<mlir::Value> all{
        queries,        queryRows, outGrads,   outGradRows, lse,
        delta,          limits,    queryGrads, tile.keys,   tile.values,
        tile.positions, keyGrads,  valueGrads, gradRows};
    if (queryBlock)
      all.append({tile.keyColumns, queryBlock, outGradBlock});
    if (slopes)
      all.push_back(slopes);
    return all;
  }
  static GradScratch take(ArgumentReader &next, const TileShape &shape) {
    mlir::ValueRange all = next.take(14);
    GradScratch scratch{all[0],  all[1],  all[2],
                        all[3],  all[4],  all[5],
                        all[6],  all[7],  {all[8], all[9], all[10]},
                        all[11], all[12], all[13]};
    if (shape.hasPairs()) {
      scratch.tile.keyColumns = next.value();
      scratch.queryBlock = next.value();
      scratch.outGradBlock = next.value();
    }
    if (shape.hasGradStrips)
      scratch.slopes = next.value();
    return scratch;
  }
};

/// Blocks come in groups of up to 4 in strips.
constexpr int64_t largestGroup = 4;

/// Blocks of queries of a chunk.
int64_t blocksOfChunk(const TileShape &shape);

/// Allocates scratch for segments of up to `maxKeys` keys.
GradScratch allocateGradScratch(mlir::OpBuilder &builder, mlir::Location loc,
                                const TileShape &shape,
                                const IndexExpr &maxKeys);

} // namespace longnet

#endif // LONGNET_LIB_DIALECT_LONGNET_TRANSFORMS_GRADSCRATCH_H
