//===- CompileMain.h - The main function of longnet-compile -*- C++ -*-=====//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_TOOLS_COMPILEMAIN_H
#define LONGNET_TOOLS_COMPILEMAIN_H

namespace longnet {

/// Compiles a module to an object, a shared library, assembly or LLVM IR; see
/// its --help. Returns the exit status.
int compileMain(int argc, char **argv);

} // namespace longnet

#endif // LONGNET_TOOLS_COMPILEMAIN_H
