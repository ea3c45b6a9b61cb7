//===- Diagnose.cpp - Errors of the interpreter -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Diagnose.h"
#include "mlir/IR/Location.h"

using namespace llvm;
using mlir::Operation;

namespace longnet {

std::string formatPrefix(Operation *op) {
  std::string text;
  raw_string_ostream os(text);
  if (auto at = op->getLoc()->findInstanceOf<mlir::FileLineColLoc>())
    os << at.getFilename().getValue() << ':' << at.getLine() << ':'
       << at.getColumn();
  else
    os << op->getLoc();
  os << ": '" << op->getName() << "' op ";
  return text;
}

Error addPrefix(Operation *op, Error error) {
  if (!error)
    return error;
  return makeOpError(op, toString(std::move(error)));
}

Error makeUnsupportedError(Operation *op) {
  return makeOpError(op, "is not interpreted");
}

Error checkSameSize(Operation *op, StringRef what, ArrayRef<NamedSize> sizes) {
  const NamedSize &first = sizes.front();
  for (const NamedSize &other : sizes)
    if (other.size != first.size)
      return makeOpError(op, "expects one ", what, ", got ", first.size, " in ",
                         first.name, " and ", other.size, " in ", other.name);
  return Error::success();
}

Error checkSameSizes(Operation *op, ArrayRef<StringRef> whats,
                     ArrayRef<NamedTensor> tensors) {
  for (auto [dim, what] : enumerate(whats)) {
    SmallVector<NamedSize> sizes;
    for (const NamedTensor &named : tensors)
      sizes.push_back({named.tensor.getDim(dim), named.name});
    if (Error error = checkSameSize(op, what, sizes))
      return error;
  }
  return Error::success();
}

Error checkGroups(Operation *op, int64_t heads, int64_t groups,
                  StringRef name) {
  if (groups == 0 ? heads == 0 : heads % groups == 0)
    return Error::success();
  return makeOpError(op, "expects a number of heads (", heads,
                     ") that is a multiple of that of ", name, " (", groups,
                     ")");
}

Error checkFirstPosition(Operation *op, StringRef name, int64_t first) {
  constexpr int64_t largest = int64_t(1) << 60;
  if (first >= 0 && first <= largest)
    return Error::success();
  return makeOpError(op, "expects ", name, " in [0, 2^60], got ", first);
}

} // namespace longnet
