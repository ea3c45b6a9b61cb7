//===- Evaluate.h - Sizes and cost of a call, ahead of it -*- C++ -*-=======//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_LIB_TOOLS_EVALUATE_H
#define LONGNET_LIB_TOOLS_EVALUATE_H

#include "longnet/Support/Array.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include <variant>

namespace longnet {

/// What a function is called with: an array, an integer or a float.
using ArgumentValue = std::variant<const Array *, int64_t, double>;

/// What is known about a call before it is made.
struct CallSizes {
  llvm::SmallVector<llvm::SmallVector<int64_t>> results;
  /// Floating-point operations of the attention in it, counting useful work
  /// only; nothing if some of it has no known extent.
  std::optional<double> flop;
  /// Query rows of the first attention, over all batch entries; nothing if
  /// there is none.
  std::optional<int64_t> tokens;
};

/// Derives the sizes of the results of `function` for `arguments`, which are of
/// its types, without running it.
llvm::Expected<CallSizes>
evaluateSizes(mlir::func::FuncOp function,
              llvm::ArrayRef<ArgumentValue> arguments);

} // namespace longnet

#endif // LONGNET_LIB_TOOLS_EVALUATE_H
