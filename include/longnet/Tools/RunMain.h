//===- RunMain.h - The main function of longnet-run -*- C++ -*-=============//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_TOOLS_RUNMAIN_H
#define LONGNET_TOOLS_RUNMAIN_H

namespace longnet {

/// Compiles a function in memory and runs it on .npy files; see its --help.
/// Returns the exit status.
int runMain(int argc, char **argv);

} // namespace longnet

#endif // LONGNET_TOOLS_RUNMAIN_H
