//===- Options.h - Command-line options that tools share -*- C++ -*-========//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_LIB_TOOLS_OPTIONS_H
#define LONGNET_LIB_TOOLS_OPTIONS_H

#include "Compiler.h"
#include "longnet/Support/PatternSpec.h"
#include "llvm/Support/CommandLine.h"

namespace longnet {

/// The options of this process's tool.
llvm::cl::OptionCategory &getToolCategory();

/// Withdraws the options that LLVM's libraries register, before a tool makes
/// its own: some have names that tools want, none means anything to them.
void removeLibraryOptions();

/// Parses the command line. Mistakes end the process with status 1.
void parseCommandLine(int argc, char **argv, llvm::StringRef overview);

/// Prints `error` the way every message of the tool looks, and returns the exit
/// status.
int reportError(llvm::StringRef tool, llvm::Error error);

/// `error`, of the option `--name`.
llvm::Error makeOptionError(llvm::StringRef name, llvm::Error error);

/// Checks that a file can be made at `path`, before work begins.
llvm::Error checkWritable(llvm::StringRef path);

/// Describes one attention in place of a file.
struct AttentionOptions {
  AttentionOptions();

  bool isGiven() const { return pattern.getNumOccurrences() > 0; }
  /// An error if other options of this group are given without a pattern.
  llvm::Error checkUnused() const;
  /// Everything but the head dimensions.
  llvm::Expected<AttentionSpec> getSpec() const;

  llvm::cl::opt<std::string> pattern, headOffset, padding, dtype;
  llvm::cl::opt<bool> causal;
  llvm::cl::opt<double> scale;
  llvm::cl::opt<Gradient> gradient;
};

/// Says how code is generated.
struct CodeOptions {
  CodeOptions();

  llvm::Expected<CompilerOptions> get() const;

  llvm::cl::opt<std::string> cpu, features;
  llvm::cl::opt<bool> noFuse, noParallel;
  llvm::cl::opt<int64_t> vectorBits, chunk, queryTile, keyTile;
  llvm::cl::opt<F32Products> f32Products;
};

} // namespace longnet

#endif // LONGNET_LIB_TOOLS_OPTIONS_H
