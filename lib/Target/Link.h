//===- Link.h - The system's linker -*- C++ -*-=============================//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_LIB_TARGET_LINK_H
#define LONGNET_LIB_TARGET_LINK_H

#include "llvm/Support/Error.h"
#include "llvm/TargetParser/Triple.h"

namespace longnet {

/// Links the object file `object` to the shared library `output`, with the
/// system's compiler or, for another triple than the host's, with a cross
/// compiler. `isHost` says which.
llvm::Error linkSharedLibrary(llvm::StringRef object, llvm::StringRef output,
                              const llvm::Triple &triple, bool isHost);

} // namespace longnet

#endif // LONGNET_LIB_TARGET_LINK_H
