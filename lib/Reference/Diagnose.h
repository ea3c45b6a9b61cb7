//===- Diagnose.h - Errors of the interpreter -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_LIB_REFERENCE_DIAGNOSE_H
#define LONGNET_LIB_REFERENCE_DIAGNOSE_H

#include "longnet/Reference/RuntimeValue.h"
#include "mlir/IR/Operation.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

namespace longnet {

/// An error whose message is all of `parts`, printed one after the other.
template <typename... Parts>
llvm::Error makeError(const Parts &...parts) {
  std::string message;
  llvm::raw_string_ostream os(message);
  (os << ... << parts);
  return llvm::createStringError(message);
}

/// `file:line:column: 'dialect.name' op `: what precedes the messages of `op`.
std::string formatPrefix(mlir::Operation *op);

/// An error in interpreting `op`.
template <typename... Parts>
llvm::Error makeOpError(mlir::Operation *op, const Parts &...parts) {
  return makeError(formatPrefix(op), parts...);
}

/// The same error as one in interpreting `op`.
llvm::Error addPrefix(mlir::Operation *op, llvm::Error error);

template <typename T>
llvm::Expected<T> addPrefix(mlir::Operation *op, llvm::Expected<T> value) {
  return value ? std::move(value)
               : llvm::Expected<T>(addPrefix(op, value.takeError()));
}

/// `op` is none of those that are interpreted.
llvm::Error makeUnsupportedError(mlir::Operation *op);

/// A size with the name of what has it.
struct NamedSize {
  int64_t size;
  llvm::StringRef name;
};

/// Sizes that must agree. `what` says what they are sizes of.
llvm::Error checkSameSize(mlir::Operation *op, llvm::StringRef what,
                          llvm::ArrayRef<NamedSize> sizes);

/// A tensor with the name of the operand that it is.
struct NamedTensor {
  const RuntimeTensor &tensor;
  llvm::StringRef name;
};

/// Tensors whose first sizes must agree, as many as `whats` says the names of.
llvm::Error checkSameSizes(mlir::Operation *op,
                           llvm::ArrayRef<llvm::StringRef> whats,
                           llvm::ArrayRef<NamedTensor> tensors);

/// `heads` heads that share `groups` heads of `name`.
llvm::Error checkGroups(mlir::Operation *op, int64_t heads, int64_t groups,
                        llvm::StringRef name);

/// Rows that stand at `first`, `first + 1`, ...: `first` must not be negative,
/// nor so large that arithmetic on positions could overflow.
llvm::Error checkFirstPosition(mlir::Operation *op, llvm::StringRef name,
                               int64_t first);

} // namespace longnet

#endif // LONGNET_LIB_REFERENCE_DIAGNOSE_H
