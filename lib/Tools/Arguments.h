//===- Arguments.h - What a function is called with -*- C++ -*-=============//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_LIB_TOOLS_ARGUMENTS_H
#define LONGNET_LIB_TOOLS_ARGUMENTS_H

#include "Evaluate.h"
#include "longnet/Conversion/CInterface/FunctionInterface.h"
#include "longnet/Support/Array.h"

namespace longnet {

/// Where an argument comes from: a .npy file or a number written out.
struct Source {
  std::string text;
  /// The contents of the file, if it has been read already.
  std::optional<Array> array = {};
};

/// An argument and where it came from.
class Argument {
public:
  Argument(std::string source, std::variant<Array, int64_t, double> value)
      : source(std::move(source)), value(std::move(value)) {}

  llvm::StringRef getSource() const { return source; }
  const Array *getArray() const { return std::get_if<Array>(&value); }
  ArgumentValue getValue() const;

private:
  std::string source;
  std::variant<Array, int64_t, double> value;
};

/// Reads the inputs of a function. Elements are converted to the type of the
/// parameter; ranks and sizes have to fit. Arrays move out of `sources`.
llvm::Expected<llvm::SmallVector<Argument>>
readArguments(const FunctionInterface &interface,
              llvm::MutableArrayRef<Source> sources);

/// What holds elements of a tensor of `type`.
ElementType getElementType(mlir::Type type);

} // namespace longnet

#endif // LONGNET_LIB_TOOLS_ARGUMENTS_H
