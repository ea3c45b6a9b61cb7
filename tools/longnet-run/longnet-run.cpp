//===- longnet-run.cpp - Runs a function on .npy files -*- C++ -*-==========//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "longnet/Tools/RunMain.h"

int main(int argc, char **argv) { return longnet::runMain(argc, argv); }
