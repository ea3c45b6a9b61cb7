//===- NpyHeader.h - The header of NumPy's array files -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_LIB_SUPPORT_NPYHEADER_H
#define LONGNET_LIB_SUPPORT_NPYHEADER_H

#include "longnet/Support/Array.h"

namespace longnet {

/// What the dictionary in the header says.
struct NpyHeader {
  ElementType type;
  bool fortranOrder;
  llvm::SmallVector<int64_t> shape;
};

/// The first bytes of every file; two bytes of version follow.
inline constexpr llvm::StringLiteral npyMagic("\x93NUMPY");

/// Parses the dictionary of a header: a Python literal with exactly the keys
/// `descr`, `fortran_order` and `shape`.
llvm::Expected<NpyHeader> parseNpyHeader(llvm::StringRef dictionary);

/// Everything that precedes the data of an array in C order, from the magic
/// string to the padding that aligns the data.
llvm::Expected<std::string> formatNpyHeader(ElementType type,
                                            llvm::ArrayRef<int64_t> shape);

} // namespace longnet

#endif // LONGNET_LIB_SUPPORT_NPYHEADER_H
