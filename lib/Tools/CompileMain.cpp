//===- CompileMain.cpp - The main function of longnet-compile -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "longnet/Tools/CompileMain.h"
#include "Options.h"
#include "longnet/Target/Artifact.h"
#include "longnet/Target/CHeader.h"
#include "longnet/Target/CodeGen.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace longnet;
using llvm::createStringError;
using llvm::Error;
using llvm::Expected;
namespace cl = llvm::cl;

namespace {

enum class TargetKind { CPU };

/// The command line.
struct CompileOptions {
  CompileOptions();

  Error check() const;

  AttentionOptions attention;
  CodeOptions code;
  cl::opt<std::string> file, output, triple, header;
  cl::opt<TargetKind> target;
  cl::opt<Artifact> emit;
  cl::opt<int64_t> headDim, valueDim;
  cl::opt<bool> queryOffset, keyLengths;
};

CompileOptions::CompileOptions()
    : file(cl::Positional, cl::desc("[IN.mlir]"), cl::cat(getToolCategory())),
      output("o", cl::cat(getToolCategory()), cl::Required,
             cl::value_desc("file"), cl::desc("Where the artifact goes")),
      triple("triple", cl::cat(getToolCategory()), cl::value_desc("triple"),
             cl::desc("System to generate code for; this one unless given")),
      header("header", cl::cat(getToolCategory()), cl::value_desc("file"),
             cl::desc("Write a C header of the functions here")),
      target("target", cl::cat(getToolCategory()), cl::init(TargetKind::CPU),
             cl::desc("Kind of processor:"),
             cl::values(
                 clEnumValN(TargetKind::CPU, "cpu", "vector code (default)"))),
      emit("emit", cl::cat(getToolCategory()), cl::init(Artifact::Shared),
           cl::desc("Artifact:"),
           cl::values(clEnumValN(Artifact::Shared, "shared",
                                 "shared library (default)"),
                      clEnumValN(Artifact::Object, "obj", "object file"),
                      clEnumValN(Artifact::LLVM, "llvm", "optimized LLVM IR"),
                      clEnumValN(Artifact::Assembly, "asm", "assembly"))),
      headDim("head-dim", cl::cat(getToolCategory()), cl::value_desc("size"),
              cl::desc("With --pattern: head dimension of query and key")),
      valueDim("value-dim", cl::cat(getToolCategory()), cl::value_desc("size"),
               cl::desc("With --pattern: head dimension of value; that of "
                        "query unless given")),
      queryOffset("query-offset", cl::cat(getToolCategory()),
                  cl::desc("With --pattern: take the global position of the "
                           "first query")),
      keyLengths("kv-lengths", cl::cat(getToolCategory()),
                 cl::desc("With --pattern: take the number of valid keys of "
                          "each batch entry")) {}

Error CompileOptions::check() const {
  if (!header.empty() && header == output)
    return createFileError(header, createStringError("is given twice"));
  for (const std::string &path : {output.getValue(), header.getValue()})
    if (!path.empty() && path != "-")
      if (Error error = checkWritable(path))
        return error;
  bool hasFile = file.getNumOccurrences() > 0;
  if (hasFile == attention.isGiven())
    return createStringError("expects either a file or --pattern");
  if (!hasFile) {
    if (headDim.getNumOccurrences() == 0)
      return createStringError("--pattern needs --head-dim");
    for (const cl::opt<int64_t> *dim : {&headDim, &valueDim})
      if (dim->getNumOccurrences() > 0 && (*dim < 1 || *dim > (1 << 20)))
        return createStringError("--" + dim->ArgStr +
                                 ": expects a size in [1, 2^20], got " +
                                 Twine(dim->getValue()));
    return Error::success();
  }
  const cl::Option *options[] = {&headDim, &valueDim, &queryOffset,
                                 &keyLengths};
  for (const cl::Option *option : options)
    if (option->getNumOccurrences() > 0)
      return createStringError("--" + option->ArgStr + " needs --pattern");
  return attention.checkUnused();
}

} // namespace

static Expected<OwningOpRef<ModuleOp>>
loadModule(MLIRContext &context, const CompileOptions &options) {
  if (!options.attention.isGiven())
    return parseModule(context, options.file);
  Expected<AttentionSpec> spec = options.attention.getSpec();
  if (!spec)
    return spec.takeError();
  spec->headDim = options.headDim;
  spec->valueDim = options.valueDim.getNumOccurrences() > 0 ? options.valueDim
                                                            : options.headDim;
  spec->takesQueryOffset = options.queryOffset;
  spec->takesKeyLengths = options.keyLengths;
  return buildAttentionModule(context, *spec);
}

static Error run(const CompileOptions &options) {
  if (Error error = options.check())
    return error;
  Expected<CompilerOptions> compiler = options.code.get();
  if (!compiler)
    return compiler.takeError();
  compiler->target.triple = options.triple;
  std::unique_ptr<MLIRContext> context = createContext();
  auto module = loadModule(*context, options);
  if (!module)
    return module.takeError();
  Expected<CompiledModule> compiled = compile(**module, *compiler);
  if (!compiled)
    return compiled.takeError();
  optimize(*compiled->module, *compiled->machine);
  if (Error error = writeArtifact(*compiled->module, *compiled->machine,
                                  options.emit, options.output))
    return error;
  if (options.header.empty())
    return Error::success();
  return writeFile(options.header, [&](llvm::raw_ostream &stream) {
    writeCHeader(compiled->interfaces,
                 llvm::sys::path::filename(options.header), stream);
    return Error::success();
  });
}

int longnet::compileMain(int argc, char **argv) {
  removeLibraryOptions();
  CompileOptions options;
  parseCommandLine(argc, argv,
                   "Compiles a module to an artifact with a C interface\n\n"
                   "  longnet-compile IN.mlir -o libattention.so "
                   "--header=attention.h\n"
                   "  longnet-compile --pattern=2048:1,4096:2 --head-dim=64 "
                   "-o libattention.so\n");
  if (Error error = run(options))
    return reportError("longnet-compile", std::move(error));
  return EXIT_SUCCESS;
}
