//===- longnet-compile.cpp - From IR to artifact in one step -*- C++ -*-====//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "longnet/Tools/CompileMain.h"

int main(int argc, char **argv) { return longnet::compileMain(argc, argv); }
