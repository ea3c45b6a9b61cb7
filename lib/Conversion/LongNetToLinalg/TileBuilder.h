//===- TileBuilder.h - Tiles as linalg operations -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_LIB_CONVERSION_LONGNETTOLINALG_TILEBUILDER_H
#define LONGNET_LIB_CONVERSION_LONGNETTOLINALG_TILEBUILDER_H

#include "longnet/Dialect/LongNet/IR/LongNet.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace longnet {

/// Emits the operations of one tile on buffers, in its accumulation type.
class TileBuilder {
public:
  using Body = llvm::function_ref<llvm::SmallVector<mlir::Value>(
      mlir::ImplicitLocOpBuilder &, mlir::ValueRange)>;

  TileBuilder(mlir::OpBuilder &builder, mlir::Location loc,
              mlir::FloatType type);

  /// Dimensions of maps.
  mlir::AffineExpr d0, d1, d2, d3;
  static constexpr auto parallel = mlir::utils::IteratorType::parallel;
  static constexpr auto reduction = mlir::utils::IteratorType::reduction;

  mlir::Value constant(double value);

  /// The size of dimension `dim` of a buffer.
  mlir::OpFoldResult sizeOf(mlir::Value buffer, unsigned dim);

  /// Scratch of the tile, of the accumulation type or of `element`: on the
  /// stack where it is small.
  mlir::Value allocate(llvm::ArrayRef<mlir::OpFoldResult> sizes,
                       mlir::Type element = {});

  /// Frees what did not fit on the stack.
  void deallocate();

  mlir::AffineMap map(unsigned dims, llvm::ArrayRef<mlir::AffineExpr> results);

  void fill(mlir::Value buffer, double value);

  /// A `linalg.generic`; the body gets the elements of inputs and outputs.
  mlir::linalg::GenericOp
  emit(mlir::ValueRange inputs, mlir::ValueRange outputs,
       llvm::ArrayRef<mlir::AffineMap> maps,
       llvm::ArrayRef<mlir::utils::IteratorType> iterators, Body body);

  /// out[d0, d1] += sum over d2 of left and right, indexed by their maps.
  void contract(mlir::Value left, llvm::ArrayRef<mlir::AffineExpr> leftAt,
                mlir::Value right, llvm::ArrayRef<mlir::AffineExpr> rightAt,
                mlir::Value out);

  /// out[d0, d1] += sum over d2 of left[d0, d2] and right[d2, d1], which is in
  /// pairs: [d2 / 2, d1, 2]. With `parts`, both are sums of so many along d2,
  /// and products of small parts are left out.
  void contractPairs(mlir::Value left, mlir::Value right, mlir::Value out,
                     int64_t parts);

  /// `buffer` [rows, lanes] as [rows / 2, 2, lanes], or with dimension 1 split.
  mlir::Value splitPairs(mlir::Value buffer, unsigned dim = 0);

  /// 2^x to the accuracy of the type. `known` names what else is known of the
  /// result: `roundedToBF16` or `atMostOne`.
  static mlir::Value exp2(mlir::ImplicitLocOpBuilder &builder, mlir::Value x,
                          llvm::StringRef known = {});

  /// Scores [keys, queries] that are not visible become -inf; none do where
  /// `masked` is given and false.
  void hide(mlir::Value keyPositions, mlir::Value queryLimits,
            mlir::Value masked, mlir::Value scores);

private:
  mlir::OpBuilder &builder;
  mlir::Location loc;
  mlir::FloatType type;
  llvm::SmallVector<mlir::Value> onHeap;
};

} // namespace longnet

#endif // LONGNET_LIB_CONVERSION_LONGNETTOLINALG_TILEBUILDER_H
