//===- JIT.cpp - Code that runs in this process -*- C++ -*-=================//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "longnet/Target/JIT.h"
#include "TargetConfig.h"
#include "longnet/Target/CodeGen.h"
#include "longnet/Target/TargetMachine.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/IR/IRBuilder.h"

using namespace llvm;

Error longnet::addPackedEntry(Module &module, StringRef name) {
  Function *function = module.getFunction(name);
  if (!function || function->isDeclaration())
    return createStringError("there is no function '" + name + "'");
  LLVMContext &context = module.getContext();
  Type *pointer = PointerType::getUnqual(context);
  auto *type = FunctionType::get(Type::getInt32Ty(context), {pointer}, false);
  auto *packed = Function::Create(type, GlobalValue::ExternalLinkage,
                                  name + ".packed", module);
  IRBuilder<> builder(BasicBlock::Create(context, "", packed));
  SmallVector<Value *> arguments;
  for (auto [index, type] :
       llvm::enumerate(function->getFunctionType()->params())) {
    Value *slot = builder.CreateConstGEP1_64(pointer, packed->getArg(0), index);
    Value *address = builder.CreateLoad(pointer, slot);
    // A pointer is what the array holds, anything else what it points to.
    arguments.push_back(
        type->isPointerTy() ? address : builder.CreateLoad(type, address));
  }
  builder.CreateRet(builder.CreateCall(function, arguments));
  return Error::success();
}

longnet::JIT::JIT(std::unique_ptr<orc::LLJIT> engine)
    : engine(std::move(engine)) {}

longnet::JIT::~JIT() = default;

/// Symbols of the library at `path`, or of this process if it is null.
static Error addSymbolsOf(orc::LLJIT &engine, const char *path) {
  auto symbols = orc::DynamicLibrarySearchGenerator::Load(
      path, engine.getDataLayout().getGlobalPrefix());
  if (!symbols)
    return symbols.takeError();
  engine.getMainJITDylib().addGenerator(std::move(*symbols));
  return Error::success();
}

Expected<std::unique_ptr<longnet::JIT>>
longnet::JIT::create(Module &module, TargetMachine &machine) {
  if (Error error = checkRunsHere(machine))
    return std::move(error);
  Expected<std::unique_ptr<MemoryBuffer>> object = emitObject(module, machine);
  if (!object)
    return object.takeError();
  orc::JITTargetMachineBuilder builder(machine.getTargetTriple());
  Expected<std::unique_ptr<orc::LLJIT>> engine =
      orc::LLJITBuilder()
          .setJITTargetMachineBuilder(std::move(builder))
          .create();
  if (!engine)
    return engine.takeError();
  if (StringRef omp = LONGNET_OMP_LIBRARY; !omp.empty())
    if (Error error = addSymbolsOf(**engine, omp.data()))
      return std::move(error);
  if (Error error = addSymbolsOf(**engine, nullptr))
    return std::move(error);
  if (Error error = (*engine)->addObjectFile(std::move(*object)))
    return std::move(error);
  return std::unique_ptr<JIT>(new JIT(std::move(*engine)));
}

Expected<void *> longnet::JIT::lookup(StringRef name) {
  Expected<orc::ExecutorAddr> address = engine->lookup(name);
  if (!address)
    return address.takeError();
  return address->toPtr<void *>();
}
