//===- Program.cpp - What longnet-run runs -*- C++ -*-======================//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Program.h"
#include "longnet/Support/Npy.h"
#include "mlir/IR/MLIRContext.h"

using namespace mlir;
using namespace longnet;
using llvm::createStringError;
using llvm::Expected;

/// Reads a sequence and returns its head dimension.
static Expected<int64_t> readHeadDim(Source &source) {
  Expected<Array> array = readNpy(source.text);
  if (!array)
    return array.takeError();
  ArrayRef<int64_t> shape = array->getShape();
  if (shape.size() != 4 || shape.back() == 0)
    return createFileError(
        source.text,
        createStringError(
            "expects shape [batch, heads, rows, head "
            "dimension], got " +
            formatArrayType(array->getElementType(), array->getShape())));
  source.array = std::move(*array);
  return source.array->getShape().back();
}

/// Builds the module that `options` describe. The inputs in `sources` are
/// query, key and value; others are added.
static Expected<OwningOpRef<ModuleOp>>
buildAttention(MLIRContext &context, const RunOptions &options,
               SmallVectorImpl<Source> &sources) {
  Expected<AttentionSpec> spec = options.attention.getSpec();
  if (!spec)
    return spec.takeError();
  if (spec->gradient && sources.size() != 4)
    return createStringError("--grad takes 4 inputs (query, key, value and the "
                             "gradient of the output), got " +
                             Twine(sources.size()));
  if (!spec->gradient && sources.size() != 3)
    return createStringError("--pattern takes 3 inputs (query, key and value), "
                             "got " +
                             Twine(sources.size()));
  Expected<int64_t> headDim = readHeadDim(sources[0]);
  if (!headDim)
    return headDim.takeError();
  Expected<int64_t> valueDim = readHeadDim(sources[2]);
  if (!valueDim)
    return valueDim.takeError();
  spec->headDim = *headDim;
  spec->valueDim = *valueDim;
  if (options.queryOffset.getNumOccurrences() > 0) {
    spec->takesQueryOffset = true;
    sources.push_back({std::to_string(options.queryOffset)});
  }
  if (options.keyLengths.getNumOccurrences() > 0) {
    spec->takesKeyLengths = true;
    sources.push_back({options.keyLengths});
  }
  return buildAttentionModule(context, *spec);
}

/// The function to run; all others become private.
static Expected<func::FuncOp> selectEntry(ModuleOp module, StringRef name) {
  SmallVector<func::FuncOp> functions;
  std::string names;
  for (auto function : module.getOps<func::FuncOp>()) {
    if (!function.isPublic() || function.isDeclaration())
      continue;
    functions.push_back(function);
    names += (names.empty() ? "'" : ", '") + function.getName().str() + "'";
  }
  func::FuncOp entry;
  for (func::FuncOp function : functions) {
    if (name.empty() ? functions.size() == 1 : function.getName() == name)
      entry = function;
    else
      function.setPrivate();
  }
  if (entry)
    return entry;
  std::string found =
      functions.empty() ? "there is none" : "there are " + names;
  if (name.empty())
    return createStringError("expects one public function or --entry; " +
                             found);
  return createStringError("no public function '" + name + "'; " + found);
}

Expected<Program> longnet::loadProgram(MLIRContext &context,
                                       const RunOptions &options) {
  Program program;
  for (const std::string &input : options.inputs)
    program.sources.push_back({input});
  auto module = options.attention.isGiven()
                    ? buildAttention(context, options, program.sources)
                    : parseModule(context, options.file);
  if (!module)
    return module.takeError();
  program.module = std::move(*module);
  Expected<func::FuncOp> function = selectEntry(*program.module, options.entry);
  if (!function)
    return function.takeError();
  if (llvm::Error error = inlineCalls(*program.module))
    return std::move(error);
  program.function = *function;
  OwningOpRef<ModuleOp> exported = program.module->clone();
  auto interfaces = exportFunctions(*exported);
  if (!interfaces)
    return interfaces.takeError();
  program.interface = std::move(interfaces->front());
  return program;
}
