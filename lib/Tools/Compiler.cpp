//===- Compiler.cpp - From a module to LLVM IR -*- C++ -*-==================//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Compiler.h"
#include "longnet/Conversion/Passes.h"
#include "longnet/Dialect/LongNet/IR/LongNet.h"
#include "longnet/InitAll.h"
#include "longnet/Pipelines/Pipelines.h"
#include "longnet/Target/CodeGen.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Verifier.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Support/FileUtilities.h"
#include "mlir/Target/LLVMIR/Dialect/All.h"
#include "mlir/Transforms/InliningUtils.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;
using namespace longnet;
using llvm::createStringError;
using llvm::Expected;

std::unique_ptr<MLIRContext> longnet::createContext() {
  DialectRegistry registry;
  registerAllDialects(registry);
  registerAllExtensions(registry);
  registerAllToLLVMIRTranslations(registry);
  registerDialect(registry);
  auto context = std::make_unique<MLIRContext>(registry);
  // Where lowering fails, the operation may be a whole function by then.
  context->printOpOnDiagnostic(false);
  return context;
}

Expected<OwningOpRef<ModuleOp>> longnet::parseModule(MLIRContext &context,
                                                     StringRef path) {
  std::string message;
  std::unique_ptr<llvm::MemoryBuffer> buffer = openInputFile(path, &message);
  if (!buffer)
    return createStringError(message);
  auto sources = std::make_shared<llvm::SourceMgr>();
  sources->AddNewSourceBuffer(std::move(buffer), llvm::SMLoc());
  SourceMgrDiagnosticHandler handler(*sources, &context);
  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(sources, &context);
  if (!module)
    return createFileError(path, createStringError("not a valid module"));
  return module;
}

/// Runs `manager` on `module`; diagnostics go to standard error.
static llvm::Error run(PassManager &manager, ModuleOp module,
                       const Twine &failure) {
  llvm::SourceMgr sources;
  SourceMgrDiagnosticHandler handler(sources, module.getContext());
  if (failed(manager.run(module)) || failed(verify(module)))
    return createStringError(failure);
  return llvm::Error::success();
}

llvm::Error longnet::inlineCalls(ModuleOp module) {
  PassManager manager(module.getContext());
  // Without the canonicalization that comes with inlining by default: what is
  // run is what was written.
  manager.addPass(createInlinerPass({}, [](OpPassManager &) {}));
  manager.addPass(createSymbolDCEPass());
  return run(manager, module, "the module cannot be simplified");
}

Expected<SmallVector<FunctionInterface>>
longnet::exportFunctions(ModuleOp module) {
  PassManager manager(module.getContext());
  manager.addPass(createLongNetExport());
  if (llvm::Error error =
          run(manager, module, "the module cannot be exported to C"))
    return std::move(error);
  SmallVector<FunctionInterface> interfaces;
  for (auto function : module.getOps<func::FuncOp>()) {
    if (!FunctionInterface::isExported(function))
      continue;
    FailureOr<FunctionInterface> interface = FunctionInterface::of(function);
    if (failed(interface))
      return createStringError("the module cannot be exported to C");
    interfaces.push_back(std::move(*interface));
  }
  return interfaces;
}

/// The pipeline's options for a machine.
static llvm::Error setPipelineOptions(CPUPipelineOptions &pipeline,
                                      const CompilerOptions &options,
                                      const llvm::TargetMachine &machine) {
  pipeline.fuse = options.fuse;
  pipeline.parallel = options.parallel;
  VectorUnit unit = getVectorUnit(machine);
  pipeline.vectorBits = options.vectorBits.value_or(unit.bits);
  pipeline.registers = unit.registers;
  pipeline.instructions = unit.instructions;
  // A chunk that was asked for is taken as it is.
  if (options.chunk)
    pipeline.chunk = *options.chunk;
  else
    pipeline.cache = unit.cache;
  pipeline.queryTile = options.queryTile.value_or(unit.queryTile);
  pipeline.keyTile = options.keyTile.value_or(unit.keyTile);
  // So are tiles: strips have their own.
  if (!options.queryTile && !options.keyTile)
    pipeline.strip = unit.strip;
  pipeline.parts = int64_t(options.f32Products);
  if (pipeline.parts > 1 && unit.instructions < InstructionSet::avx512bf16)
    return createStringError("f32 by products of bf16 needs AVX512-BF16, which "
                             "'" +
                             machine.getTargetCPU() + "' does not have");
  return llvm::Error::success();
}

Expected<CompiledModule> longnet::compile(ModuleOp module,
                                          const CompilerOptions &options) {
  CompiledModule result;
  auto machine = createTargetMachine(options.target);
  if (!machine)
    return machine.takeError();
  result.machine = std::move(*machine);
  if (llvm::Error error = inlineCalls(module))
    return std::move(error);
  auto interfaces = exportFunctions(module);
  if (!interfaces)
    return interfaces.takeError();
  result.interfaces = std::move(*interfaces);

  CPUPipelineOptions pipeline;
  if (llvm::Error error =
          setPipelineOptions(pipeline, options, *result.machine))
    return std::move(error);
  PassManager toTiles(module.getContext()), toCode(module.getContext());
  buildTilePipeline(toTiles, pipeline);
  buildCodePipeline(toCode, pipeline);
  toCode.addPass(createLongNetCInterface());
  // What users wrote is verified after every pass. When it is code of ours that
  // would take a third of the time of the passes: once, at the end, will do.
  toCode.enableVerifier(false);
  for (PassManager *manager : {&toTiles, &toCode})
    if (llvm::Error error = run(*manager, module, "compilation failed"))
      return std::move(error);
  result.context = std::make_unique<llvm::LLVMContext>();
  auto translated = translateToLLVMIR(module, *result.context, *result.machine);
  if (!translated)
    return translated.takeError();
  result.module = std::move(*translated);
  return result;
}
