//===- RunOptions.h - The command line of longnet-run -*- C++ -*-===========//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_LIB_TOOLS_RUNOPTIONS_H
#define LONGNET_LIB_TOOLS_RUNOPTIONS_H

#include "Options.h"

namespace longnet {

/// The command line of longnet-run.
struct RunOptions {
  RunOptions();

  /// Checks that the options go together, and that outputs can be written.
  llvm::Error check() const;

  AttentionOptions attention;
  CodeOptions code;
  llvm::cl::opt<std::string> file, entry, keyLengths, json;
  llvm::cl::opt<int64_t> queryOffset, threads, repeat;
  llvm::cl::opt<bool> reference;
  llvm::cl::list<std::string> inputs, outputs;
};

} // namespace longnet

#endif // LONGNET_LIB_TOOLS_RUNOPTIONS_H
