//===- Patterns.h - Rewrites for passes of others -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_DIALECT_LONGNET_TRANSFORMS_PATTERNS_H
#define LONGNET_DIALECT_LONGNET_TRANSFORMS_PATTERNS_H

namespace mlir {
class RewritePatternSet;
} // namespace mlir

namespace longnet {

/// Rewrites `dilated_attention` into its pieces: level 0 to 1.
void populateLongNetDecomposePatterns(mlir::RewritePatternSet &patterns);

/// Rewrites provable chains of pieces into `attend`: level 1 to 2.
void populateLongNetFusePatterns(mlir::RewritePatternSet &patterns);

} // namespace longnet

#endif // LONGNET_DIALECT_LONGNET_TRANSFORMS_PATTERNS_H
