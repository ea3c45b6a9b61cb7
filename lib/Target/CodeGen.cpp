//===- CodeGen.cpp - From the LLVM dialect to machine code -*- C++ -*-======//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "longnet/Target/CodeGen.h"
#include "longnet/Target/TargetMachine.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/SmallVectorMemoryBuffer.h"

using namespace llvm;

/// Loads and stores bf16 as i16. Where registers cannot hold bf16, LLVM passes
/// what it moves from one block to another through f32, with a call to round
/// every element.
static void moveBF16AsIntegers(Module &module) {
  auto asInteger = [](Type *type) -> Type * {
    if (!type->getScalarType()->isBFloatTy())
      return nullptr;
    return type->getWithNewType(Type::getInt16Ty(type->getContext()));
  };
  for (Function &function : module)
    for (BasicBlock &block : function)
      for (Instruction &instruction : make_early_inc_range(block)) {
        if (auto *load = dyn_cast<LoadInst>(&instruction)) {
          Type *type = asInteger(load->getType());
          if (!type)
            continue;
          IRBuilder<> builder(load);
          LoadInst *moved = builder.CreateAlignedLoad(
              type, load->getPointerOperand(), load->getAlign());
          moved->copyMetadata(*load);
          load->replaceAllUsesWith(
              builder.CreateBitCast(moved, load->getType()));
          load->eraseFromParent();
        } else if (auto *store = dyn_cast<StoreInst>(&instruction)) {
          Value *value = store->getValueOperand();
          if (Type *type = asInteger(value->getType())) {
            IRBuilder<> builder(store);
            store->setOperand(0, builder.CreateBitCast(value, type));
          }
        }
      }
}

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
  if (getVectorUnit(machine).instructions < InstructionSet::avx512bf16)
    moveBF16AsIntegers(*translated);
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
