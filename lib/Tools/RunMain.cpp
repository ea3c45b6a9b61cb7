//===- RunMain.cpp - The main function of longnet-run -*- C++ -*-===========//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "longnet/Tools/RunMain.h"
#include "Execute.h"
#include "Measure.h"
#include "Program.h"
#include "longnet/Support/Npy.h"
#include "longnet/Target/Artifact.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/ThreadPool.h"
#include <chrono>

using namespace mlir;
using namespace longnet;
using llvm::createStringError;
using llvm::Error;
using llvm::Expected;

/// Memory for the results, filled with zeros so that it is there before
/// anything is measured.
static Expected<SmallVector<Array>> allocateOutputs(const Program &program,
                                                    const CallSizes &sizes) {
  SmallVector<Array> outputs;
  auto parameters =
      ArrayRef(program.interface.parameters).take_back(sizes.results.size());
  for (auto [parameter, shape] : llvm::zip_equal(parameters, sizes.results)) {
    Expected<Array> array = Array::create(
        getElementType(parameter.getTensorType().getElementType()), shape);
    if (!array)
      return createStringError("result '" + parameter.name +
                               "': " + toString(array.takeError()));
    std::memset(array->getData(), 0, array->getSizeInBytes());
    outputs.push_back(std::move(*array));
  }
  return outputs;
}

static Error measureAndReport(CompiledCall &call, const Program &program,
                              ArrayRef<Argument> arguments,
                              MutableArrayRef<Array> outputs,
                              const RunOptions &options, CallSizes sizes,
                              double compileSeconds) {
  auto measurement =
      measure([&] { return call.run(arguments, outputs); }, options.repeat);
  if (!measurement)
    return measurement.takeError();
  MeasuredCode code{program.interface.name, call.getTarget().str(),
                    call.getThreads(), compileSeconds, std::move(sizes)};
  if (options.json.empty())
    return Error::success();
  return writeFile(options.json, [&](llvm::raw_ostream &stream) {
    stream << llvm::formatv("{0:2}\n", makeReport(*measurement, code));
    return Error::success();
  });
}

static Expected<SmallVector<Array>> runCompiled(Program &program,
                                                ArrayRef<Argument> arguments,
                                                const CallSizes &sizes,
                                                const RunOptions &options) {
  Expected<CompilerOptions> compiler = options.code.get();
  if (!compiler)
    return compiler.takeError();
  auto outputs = allocateOutputs(program, sizes);
  if (!outputs)
    return outputs.takeError();
  auto start = std::chrono::steady_clock::now();
  auto call =
      CompiledCall::create(*program.module, *compiler, program.interface);
  if (!call)
    return call.takeError();
  std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
  if (options.threads.getNumOccurrences() > 0)
    if (Error error = call->setThreads(options.threads))
      return std::move(error);
  Error error = options.repeat.getNumOccurrences() > 0
                    ? measureAndReport(*call, program, arguments, *outputs,
                                       options, sizes, time.count())
                    : call->run(arguments, *outputs);
  if (error)
    return std::move(error);
  return outputs;
}

/// Writes floats as f32 or f64 and integers as they are.
static Error writeOutput(StringRef path, Array array) {
  ElementType type = array.getElementType();
  if (type == ElementType::F16 || type == ElementType::BF16) {
    Expected<Array> wide = convertArray(std::move(array), ElementType::F32);
    if (!wide)
      return createFileError(path, wide.takeError());
    return writeNpy(path, *wide);
  }
  return writeNpy(path, array);
}

static Error run(const RunOptions &options) {
  if (Error error = options.check())
    return error;
  std::optional<llvm::DefaultThreadPool> pool; // Outlives its user.
  std::unique_ptr<MLIRContext> context = createContext();
  if (options.threads.getNumOccurrences() > 0) {
    context->disableMultithreading();
    if (options.threads > 1) {
      pool.emplace(llvm::hardware_concurrency(options.threads));
      context->setThreadPool(*pool);
    }
  }
  Expected<Program> program = loadProgram(*context, options);
  if (!program)
    return program.takeError();
  size_t results = program->function.getNumResults();
  if (options.outputs.size() > results)
    return createStringError("'" + program->interface.name + "' has " +
                             Twine(results) + " results, got " +
                             Twine(options.outputs.size()) + " outputs");
  auto arguments = readArguments(program->interface, program->sources);
  if (!arguments)
    return arguments.takeError();
  auto values = llvm::map_to_vector(
      *arguments, [](const Argument &argument) { return argument.getValue(); });
  Expected<CallSizes> sizes = evaluateSizes(program->function, values);
  if (!sizes)
    return sizes.takeError();
  auto outputs = options.reference
                     ? runReference(program->function, *arguments)
                     : runCompiled(*program, *arguments, *sizes, options);
  if (!outputs)
    return outputs.takeError();
  for (auto [path, array] : llvm::zip(options.outputs, *outputs))
    if (Error error = writeOutput(path, std::move(array)))
      return error;
  return Error::success();
}

int longnet::runMain(int argc, char **argv) {
  removeLibraryOptions();
  RunOptions options;
  parseCommandLine(argc, argv,
                   "Runs a function on .npy files, compiled in memory\n\n"
                   "  longnet-run IN.mlir --input=A.npy --output=B.npy\n"
                   "  longnet-run --pattern=2048:1,4096:2 --input=q.npy "
                   "--input=k.npy --input=v.npy --output=out.npy\n");
  if (Error error = run(options))
    return reportError("longnet-run", std::move(error));
  return EXIT_SUCCESS;
}
