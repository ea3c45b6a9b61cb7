//===- Options.cpp - Command-line options that tools share -*- C++ -*-======//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Options.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>

using namespace llvm;
using namespace longnet;

cl::OptionCategory &longnet::getToolCategory() {
  static cl::OptionCategory category("Options");
  return category;
}

void longnet::removeLibraryOptions() {
  SmallVector<cl::Option *> options;
  for (const auto &entry : cl::getRegisteredOptions())
    if (entry.first != "help" && entry.first != "version")
      options.push_back(entry.second);
  for (cl::Option *option : options)
    option->removeArgument();
}

void longnet::parseCommandLine(int argc, char **argv, StringRef overview) {
  cl::SetVersionPrinter([](raw_ostream &stream) {
    stream << "LongNet Compiler " LONGNET_VERSION "\n";
  });
  cl::ParseCommandLineOptions(argc, argv, overview);
}

int longnet::reportError(StringRef tool, Error error) {
  logAllUnhandledErrors(std::move(error), errs(), (tool + ": error: ").str());
  return EXIT_FAILURE;
}

Error longnet::makeOptionError(StringRef name, Error error) {
  return createStringError("--" + name + ": " + toString(std::move(error)));
}

Error longnet::checkWritable(StringRef path) {
  StringRef folder = sys::path::parent_path(path);
  if (folder.empty())
    folder = ".";
  auto error = [&](const Twine &message) {
    return createFileError(path, createStringError(message));
  };
  if (sys::fs::is_directory(path))
    return error("is a directory");
  if (sys::fs::exists(path) && !sys::fs::is_regular_file(path))
    return error("not a regular file");
  if (!sys::fs::is_directory(folder))
    return error("there is no directory '" + folder + "'");
  if (sys::fs::access(folder, sys::fs::AccessMode::Write))
    return error("cannot write to '" + folder + "'");
  return Error::success();
}

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

AttentionOptions::AttentionOptions()
    : pattern(
          "pattern", cl::cat(getToolCategory()), cl::value_desc("W:R,..."),
          cl::desc("Run or compile one attention instead of a file: segment "
                   "length and dilation rate of every branch, such as "
                   "2048:1,4096:2")),
      headOffset("head-offset", cl::cat(getToolCategory()),
                 cl::value_desc("scheme"),
                 cl::desc("Phase of every head: cyclic (default), blocked "
                          "(default with torchscale's padding), none, or a "
                          "list such as 0/1/1/0")),
      padding("padding", cl::cat(getToolCategory()), cl::init("mask"),
              cl::value_desc("rule"),
              cl::desc("Rows past the end: mask (default) or torchscale")),
      dtype("dtype", cl::cat(getToolCategory()), cl::init("f32"),
            cl::value_desc("type"),
            cl::desc("Element type: f32 (default), f64, bf16 or f16")),
      causal("causal", cl::cat(getToolCategory()),
             cl::desc("Hide the keys after a query")),
      scale("scale", cl::cat(getToolCategory()), cl::value_desc("number"),
            cl::desc("Factor of the scores; 1 / sqrt(head dimension) unless "
                     "given")),
      gradient(
          "grad", cl::cat(getToolCategory()), cl::ValueOptional,
          cl::desc("The gradient of query, key and value instead of the "
                   "attention; takes that of its output as a fourth input:"),
          cl::values(clEnumValN(Gradient::exact, "exact",
                                "the true gradient (default)"),
                     clEnumValN(Gradient::detached, "detached",
                                "with the weights of the branches as "
                                "constants, as torchscale trains"),
                     clEnumValN(Gradient::exact, "", ""))) {}

Error AttentionOptions::checkUnused() const {
  const cl::Option *options[] = {&headOffset, &padding, &dtype,
                                 &causal,     &scale,   &gradient};
  for (const cl::Option *option : options)
    if (option->getNumOccurrences() > 0)
      return createStringError("--" + option->ArgStr + " needs --pattern");
  return Error::success();
}

Expected<AttentionSpec> AttentionOptions::getSpec() const {
  AttentionSpec spec;
  Expected<SmallVector<BranchSpec>> branches = parsePattern(pattern);
  if (!branches)
    return makeOptionError("pattern", branches.takeError());
  spec.branches = std::move(*branches);
  if (headOffset.getNumOccurrences() > 0) {
    Expected<HeadOffsetSpec> parsed = parseHeadOffset(headOffset);
    if (!parsed)
      return makeOptionError("head-offset", parsed.takeError());
    spec.headOffset = std::move(*parsed);
  }
  Expected<Padding> parsedPadding = parsePadding(padding);
  if (!parsedPadding)
    return makeOptionError("padding", parsedPadding.takeError());
  spec.padding = *parsedPadding;
  Expected<ElementType> type = parseSequenceType(dtype);
  if (!type)
    return makeOptionError("dtype", type.takeError());
  spec.elementType = *type;
  spec.causal = causal;
  if (scale.getNumOccurrences() > 0) {
    if (!std::isfinite(scale))
      return createStringError("--scale: expects a finite number");
    spec.scale = scale;
  }
  if (gradient.getNumOccurrences() > 0)
    spec.gradient = gradient;
  return spec;
}

//===----------------------------------------------------------------------===//
// Code
//===----------------------------------------------------------------------===//

CodeOptions::CodeOptions()
    : cpu("mcpu", cl::cat(getToolCategory()), cl::value_desc("name"),
          cl::desc("Processor to generate code for; native (default) is this "
                   "one")),
      features("mattr", cl::cat(getToolCategory()), cl::value_desc("+a,-b,..."),
               cl::desc("Features to add to the processor's or to remove")),
      noFuse("no-fuse", cl::cat(getToolCategory()),
             cl::desc("Leave the pieces of level 1 unfused")),
      noParallel("no-parallel", cl::cat(getToolCategory()),
                 cl::desc("Generate code without threads")),
      vectorBits("vector-bits", cl::cat(getToolCategory()),
                 cl::value_desc("bits"),
                 cl::desc("Width of vectors; that of the processor's registers "
                          "unless given")),
      chunk("chunk", cl::cat(getToolCategory()), cl::value_desc("rows"),
            cl::desc("Contiguous queries of a parallel task")),
      queryTile("query-tile", cl::cat(getToolCategory()),
                cl::value_desc("rows"), cl::desc("Queries of a tile")),
      keyTile("key-tile", cl::cat(getToolCategory()), cl::value_desc("rows"),
              cl::desc("Keys of a tile")),
      f32Products(
          "f32-products", cl::cat(getToolCategory()),
          cl::init(F32Products::fma), cl::value_desc("way"),
          cl::desc("How f32 is multiplied, on AVX512-BF16 and AMX:"),
          cl::values(clEnumValN(F32Products::fma, "fma", "as it is (default)"),
                     clEnumValN(F32Products::bf16x6, "bf16x6",
                                "by six products of bf16, as exact; "
                                "as it is where the scale is not positive"),
                     clEnumValN(F32Products::bf16x3, "bf16x3",
                                "by three, to about 16 bits"))) {}

namespace {
/// An option that is a size, where it goes, and the largest value that makes
/// sense.
struct SizeOption {
  const cl::opt<int64_t> *option;
  std::optional<int64_t> *target;
  int64_t largest;

  Error read() const {
    if (option->getNumOccurrences() == 0)
      return Error::success();
    if (*option < 1 || *option > largest)
      return createStringError("--" + option->ArgStr +
                               ": expects a number in [1, " + Twine(largest) +
                               "], got " + Twine(option->getValue()));
    *target = *option;
    return Error::success();
  }
};
} // namespace

Expected<CompilerOptions> CodeOptions::get() const {
  CompilerOptions options;
  options.target.cpu = cpu;
  options.target.features = features;
  options.fuse = !noFuse;
  options.parallel = !noParallel;
  options.f32Products = f32Products;
  // The scores of a tile are on the stack.
  SizeOption sizes[] = {{&vectorBits, &options.vectorBits, 4096},
                        {&chunk, &options.chunk, int64_t(1) << 30},
                        {&queryTile, &options.queryTile, 512},
                        {&keyTile, &options.keyTile, 512}};
  for (const SizeOption &size : sizes)
    if (Error error = size.read())
      return std::move(error);
  return options;
}
