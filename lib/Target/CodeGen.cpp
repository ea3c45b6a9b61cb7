//===- CodeGen.cpp - From the LLVM dialect to machine code -*- C++ -*-======//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "longnet/Target/CodeGen.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/SmallVectorMemoryBuffer.h"

using namespace llvm;

Expected<std::unique_ptr<Module>>
longnet::translateToLLVMIR(mlir::ModuleOp module, LLVMContext &context,
                           const TargetMachine &machine) {
  std::unique_ptr<Module> translated =
      mlir::translateModuleToLLVMIR(module, context, "longnet");
  if (!translated)
    return createStringError("cannot translate to LLVM IR");
  translated->setDataLayout(machine.createDataLayout());
  translated->setTargetTriple(machine.getTargetTriple());
  // Functions carry what they are compiled for, so that LLVM IR that is
  // written out becomes the same code.
  for (Function &function : *translated) {
    if (function.isDeclaration())
      continue;
    function.addFnAttr("target-cpu", machine.getTargetCPU());
    function.addFnAttr("target-features", machine.getTargetFeatureString());
  }
  return translated;
}

void longnet::optimize(Module &module, TargetMachine &machine) {
  PipelineTuningOptions tuning;
  tuning.LoopVectorization = true;
  tuning.LoopInterleaving = true;
  // Loops that gain by it come unrolled.
  tuning.LoopUnrolling = false;
  tuning.SLPVectorization = true;
  PassBuilder builder(&machine, tuning);

  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager components;
  ModuleAnalysisManager modules;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  builder.buildPerModuleDefaultPipeline(OptimizationLevel::O3)
      .run(module, modules);
}

/// Generates code into `buffer`.
static Error generate(Module &module, TargetMachine &machine,
                      CodeGenFileType type, SmallVectorImpl<char> &buffer) {
  raw_svector_ostream stream(buffer);
  legacy::PassManager passes;
  if (machine.addPassesToEmitFile(passes, stream, nullptr, type))
    return createStringError("the target '" + machine.getTargetTriple().str() +
                             "' emits no such file");
  passes.run(module);
  return Error::success();
}

Error longnet::emitCode(Module &module, TargetMachine &machine,
                        CodeGenFileType type, raw_ostream &stream) {
  SmallVector<char, 0> buffer;
  if (Error error = generate(module, machine, type, buffer))
    return error;
  stream.write(buffer.data(), buffer.size());
  return Error::success();
}

Expected<std::unique_ptr<MemoryBuffer>>
longnet::emitObject(Module &module, TargetMachine &machine) {
  SmallVector<char, 0> buffer;
  if (Error error =
          generate(module, machine, CodeGenFileType::ObjectFile, buffer))
    return std::move(error);
  return std::make_unique<SmallVectorMemoryBuffer>(
      std::move(buffer), /*RequiresNullTerminator=*/false);
}
