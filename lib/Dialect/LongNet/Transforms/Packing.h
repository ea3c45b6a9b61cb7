//===- Packing.h - Dense tiles of strided rows -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_LIB_DIALECT_LONGNET_TRANSFORMS_PACKING_H
#define LONGNET_LIB_DIALECT_LONGNET_TRANSFORMS_PACKING_H

#include "longnet/Dialect/LongNet/IR/Geometry.h"
#include "longnet/Dialect/LongNet/IR/IndexExpr.h"

namespace longnet {

/// The size of dimension `dim` of a buffer.
IndexExpr sizeOf(mlir::OpBuilder &builder, mlir::Location loc,
                 mlir::Value buffer, unsigned dim);

/// Runs `body` on every index of [begin, end) in steps of `step`.
void emitLoop(mlir::OpBuilder &builder, mlir::Location loc,
              const IndexExpr &begin, const IndexExpr &end, int64_t step,
              llvm::function_ref<void(mlir::Value)> body);

/// Runs `body` on every index of dimension `dim` of `buffer`.
void forEachIndex(mlir::OpBuilder &builder, mlir::Location loc,
                  mlir::Value buffer, unsigned dim,
                  llvm::function_ref<void(const IndexExpr &)> body);

/// Block `index` of a buffer whose first dimension counts blocks.
mlir::Value blockAt(mlir::OpBuilder &builder, mlir::Location loc,
                    mlir::Value buffer, mlir::Value index);

/// The first `count` lanes of a block: of its last dimension.
mlir::Value firstLanes(mlir::OpBuilder &builder, mlir::Location loc,
                       mlir::Value block, const IndexExpr &count);

/// Matrices for tile registers lie in blocks of 32 rows, in the order in which
/// registers take them: [rows / 32, columns / width, 32, width], and in pairs
/// of rows [rows / 32, columns / 16, 16, 16, 2]. A row of a block, or a pair,
/// has 64 bytes: as many columns of bf16, and of f32 or pairs.
constexpr int64_t blockRows = 32, widthOfHalves = 32, widthOfWords = 16;

/// Sizes of a matrix in blocks.
llvm::SmallVector<mlir::OpFoldResult> blockSizes(mlir::Builder &builder,
                                                 int64_t rows, int64_t columns,
                                                 int64_t width);

/// Runs `body` on the parts of `rows` [rows, columns], no more than fit, and
/// the blocks of `blocks` that they belong to. The last ones may be larger.
void forEachBlock(
    mlir::OpBuilder &builder, mlir::Location loc, mlir::Value rows,
    mlir::Value blocks,
    llvm::function_ref<void(mlir::Value part, mlir::Value block)> body);

/// Copies `count` rows of `from` into `to` [rows, parts * columns]: widened if
/// need be, or split into parts, to the leading columns of each. Zeros fill the
/// rows of `to` beyond `count`. `to` may be in blocks.
void packTile(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value from,
              mlir::Value to, const IndexExpr &count, int64_t parts);

/// Transposes `from` [rows, columns] into `to` [columns, rows]; if that is in
/// pairs, [columns / 2, rows, 2].
void packColumns(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value from,
                 mlir::Value to);

/// Transposes the parts of `from` [rows, parts * columns] into those of `to`
/// [columns, parts * rows].
void packPartColumns(mlir::OpBuilder &builder, mlir::Location loc,
                     mlir::Value from, mlir::Value to, int64_t parts);

/// Transposes `from` into `to`, both in blocks.
void transposeBlocks(mlir::OpBuilder &builder, mlir::Location loc,
                     mlir::Value from, mlir::Value to);

/// Sets two rows of `from` [rows, parts * columns] side by side: row `i` of a
/// part of `to`, [parts * rows / 2, columns, 2], gets the rows 2 i and 2 i + 1,
/// or `i` of both halves.
void packRowPairs(mlir::OpBuilder &builder, mlir::Location loc,
                  mlir::Value from, mlir::Value to, int64_t parts,
                  bool ofHalves);

/// `value` in the float type `to`.
mlir::Value convert(mlir::OpBuilder &builder, mlir::Location loc,
                    mlir::Value value, mlir::Type to);

/// The body of a copy.
llvm::SmallVector<mlir::Value> copyElement(mlir::OpBuilder &, mlir::Location,
                                           mlir::ValueRange args);

/// A view of `count` rows of `source` [rows, ...] from `first`, `stride` apart.
mlir::Value viewRows(mlir::OpBuilder &builder, mlir::Location loc,
                     mlir::Value source, const IndexExpr &first,
                     const IndexExpr &count, int64_t stride = 1);

/// A view of `count` columns of `source` [rows, columns, ...] from `first`.
mlir::Value viewColumns(mlir::OpBuilder &builder, mlir::Location loc,
                        mlir::Value source, const IndexExpr &first,
                        int64_t count);

/// A view of `source` with the leading dimensions fixed at `indices`.
mlir::Value viewAt(mlir::OpBuilder &builder, mlir::Location loc,
                   mlir::Value source, llvm::ArrayRef<IndexExpr> indices);

/// A parallel `linalg.generic` of `inputs` into `outputs`.
void emitElementwise(mlir::OpBuilder &builder, mlir::Location loc,
                     mlir::ValueRange inputs, mlir::ValueRange outputs,
                     llvm::ArrayRef<mlir::AffineMap> maps,
                     llvm::function_ref<llvm::SmallVector<mlir::Value>(
                         mlir::OpBuilder &, mlir::Location, mlir::ValueRange)>
                         body);

} // namespace longnet

#endif // LONGNET_LIB_DIALECT_LONGNET_TRANSFORMS_PACKING_H
