//===- Npy.h - NumPy's array files -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_SUPPORT_NPY_H
#define LONGNET_SUPPORT_NPY_H

#include "longnet/Support/Array.h"

namespace longnet {

/// Reads a .npy file of version 1.0 to 3.0: bool, u1, i4, i8, f2, f4 or f8,
/// little endian, rank 0 to 8. Fortran order becomes C order. Every error
/// names the file and what is wrong with it; one that takes more than
/// `maxBytes` is not read.
llvm::Expected<Array> readNpy(llvm::StringRef path,
                              uint64_t maxBytes = getAvailableMemory());

/// Writes a .npy file of version 1.0. The file appears under its name only
/// when it is complete: on an error whatever was there before is untouched.
/// The format has no bf16: convert such an array first.
llvm::Error writeNpy(llvm::StringRef path, const Array &array);

} // namespace longnet

#endif // LONGNET_SUPPORT_NPY_H
