//===- PatternSpec.h - Attention described in words -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_SUPPORT_PATTERNSPEC_H
#define LONGNET_SUPPORT_PATTERNSPEC_H

#include "longnet/Dialect/LongNet/IR/LongNet.h"
#include "longnet/Support/Array.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace longnet {

/// Segment length and dilation rate of a branch.
struct BranchSpec {
  int64_t segment, dilation;
};

/// Which phase every head has; `phases` are those of `listed`.
struct HeadOffsetSpec {
  HeadOffset scheme = HeadOffset::cyclic;
  llvm::SmallVector<int64_t> phases = {};
};

/// Which gradient of an attention: the true one, or that with the weights of
/// the branches as constants.
enum class Gradient { exact, detached };

/// One dilated attention. Batch, heads and rows are left open.
struct AttentionSpec {
  llvm::SmallVector<BranchSpec> branches;
  /// Unless given, the usual one: blocked with torchscale's padding, otherwise
  /// cyclic.
  std::optional<HeadOffsetSpec> headOffset;
  Padding padding = Padding::mask;
  bool causal = false;
  std::optional<double> scale;
  ElementType elementType = ElementType::F32;
  int64_t headDim = 64;
  int64_t valueDim = 64;
  /// Whether the function takes the position of the first query, and the
  /// number of valid keys of each batch entry.
  bool takesQueryOffset = false;
  bool takesKeyLengths = false;
  /// The function returns this gradient instead of the results.
  std::optional<Gradient> gradient;
};

/// Parses branches such as `2048:1,4096:2`. An error says where the text is
/// wrong.
llvm::Expected<llvm::SmallVector<BranchSpec>>
parsePattern(llvm::StringRef text);

/// Parses `cyclic`, `blocked`, `none` or a list such as `0/1/1/0`.
llvm::Expected<HeadOffsetSpec> parseHeadOffset(llvm::StringRef text);

/// Parses `mask` or `torchscale`.
llvm::Expected<Padding> parsePadding(llvm::StringRef text);

/// Parses `f16`, `bf16`, `f32` or `f64`.
llvm::Expected<ElementType> parseSequenceType(llvm::StringRef text);

/// A module with one function
///
/// ```mlir
/// func.func @attention(%query, %key, %value, %query_offset, %kv_lengths)
///     -> (out, lse)
/// ```
///
/// of the last two arguments only those that `spec` asks for. With a gradient
/// the function is
///
/// ```mlir
/// func.func @attention_grad(%query, %key, %value, %out_grad, %query_offset,
///                           %kv_lengths) -> (query_grad, key_grad, value_grad)
/// ```
///
/// and computes the results it needs itself. An error says which parts of
/// `spec` do not go together.
llvm::Expected<mlir::OwningOpRef<mlir::ModuleOp>>
buildAttentionModule(mlir::MLIRContext &context, const AttentionSpec &spec);

} // namespace longnet

#endif // LONGNET_SUPPORT_PATTERNSPEC_H
