//===- Verify.h - Checks shared by verifiers -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_LIB_DIALECT_LONGNET_IR_VERIFY_H
#define LONGNET_LIB_DIALECT_LONGNET_IR_VERIFY_H

#include "longnet/Dialect/LongNet/IR/LongNet.h"

namespace longnet {

/// One dimension of an operand or result, with the name it has in diagnostics.
struct NamedDim {
  mlir::Type type;
  unsigned dim;
  llvm::StringRef name;
};

/// Sizes that must agree as far as they are static. `what` names the size.
llvm::LogicalResult verifySameSize(mlir::Operation *op, llvm::StringRef what,
                                   llvm::ArrayRef<NamedDim> dims);

/// What sizes of tiles are called in diagnostics.
inline constexpr llvm::StringLiteral queries = "number of queries",
                                     keys = "number of keys",
                                     headDim = "head dimension",
                                     valueDim = "value dimension";

/// Sizes that must agree, by what they are called.
using NamedSizes =
    llvm::MapVector<llvm::StringRef, llvm::SmallVector<NamedDim>>;
llvm::LogicalResult verifySameSizes(mlir::Operation *op,
                                    const NamedSizes &sizes);

/// Query, key and value of rank `2 + rows`: [B, H, rows..., D]. Checks the
/// element types, batch, key rows and head dimensions, which must be static.
llvm::LogicalResult verifyQueryKeyValue(mlir::Operation *op, mlir::Type query,
                                        mlir::Type key, mlir::Type value);

/// Key heads divide query heads, as far as they are static.
llvm::LogicalResult verifyHeadGroups(mlir::Operation *op, mlir::Type query,
                                     mlir::Type key);

/// `out`, which is called `outName`, and `lse` of `query` and `value`: sizes
/// and element types.
llvm::LogicalResult verifyResult(mlir::Operation *op, mlir::Type query,
                                 mlir::Type value, mlir::Type out,
                                 mlir::Type lse,
                                 llvm::StringRef outName = "out");

/// The gradient of `of`, which is called `name`: its sizes, and its element
/// type or the accumulation type.
llvm::LogicalResult verifyGradient(mlir::Operation *op, mlir::Type of,
                                   mlir::Type gradient, llvm::StringRef name,
                                   llvm::StringRef gradientName);

/// A pattern: branches exist, phases are listed for every head, and no branch
/// with torchscale's padding meets what it has no meaning for. Without `heads`
/// a list is taken at its word.
llvm::LogicalResult verifyPattern(mlir::Operation *op,
                                  llvm::ArrayRef<BranchAttr> branches,
                                  std::optional<int64_t> heads, bool causal,
                                  bool hasLengths, bool hasOffset);

/// Positions [G, M] or [H, G, M] of rows [B, H, G, M, ...].
llvm::LogicalResult verifyPositions(mlir::Operation *op, mlir::Type rows,
                                    mlir::Type positions, llvm::StringRef name);

/// A scale that the accumulation type can tell from zero and infinity, also in
/// units of log2; or zero.
llvm::LogicalResult verifyScale(mlir::Operation *op,
                                std::optional<llvm::APFloat> scale,
                                mlir::Type accumulation);

/// A destination-style operation: all tensors and as many results as
/// destinations, or all buffers and no results; results typed like the
/// destinations.
llvm::LogicalResult verifyDestinations(mlir::DestinationStyleOpInterface op);

} // namespace longnet

#endif // LONGNET_LIB_DIALECT_LONGNET_IR_VERIFY_H
