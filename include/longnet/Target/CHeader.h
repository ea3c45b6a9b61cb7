//===- CHeader.h - Declarations of C entries -*- C++ -*-====================//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_TARGET_CHEADER_H
#define LONGNET_TARGET_CHEADER_H

#include "longnet/Conversion/CInterface/FunctionInterface.h"
#include "llvm/Support/raw_ostream.h"

namespace longnet {

/// Writes a C and C++ header that declares the entries of `functions` and what
/// their parameters are. It needs nothing but the C library, and uses DLPack's
/// header where there is one. `name`, such as `attention.h`, gives the include
/// guard.
void writeCHeader(llvm::ArrayRef<FunctionInterface> functions,
                  llvm::StringRef name, llvm::raw_ostream &stream);

} // namespace longnet

#endif // LONGNET_TARGET_CHEADER_H
