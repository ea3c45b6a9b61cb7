//===- CompiledCall.cpp - Calling compiled code -*- C++ -*-=================//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DLTensor.h"
#include "Execute.h"
#include "longnet/Target/CodeGen.h"

using namespace mlir;
using namespace longnet;
using llvm::createStringError;
using llvm::Expected;

Expected<CompiledCall>
CompiledCall::create(ModuleOp module, const CompilerOptions &options,
                     const FunctionInterface &interface) {
  Expected<CompiledModule> compiled = compile(module, options);
  if (!compiled)
    return compiled.takeError();
  if (llvm::Error error = addPackedEntry(*compiled->module, interface.name))
    return std::move(error);
  optimize(*compiled->module, *compiled->machine);
  auto jit = JIT::create(*compiled->module, *compiled->machine);
  if (!jit)
    return jit.takeError();
  // Code is loaded when it is first looked up, which is not to be measured.
  Expected<void *> entry = (*jit)->lookup(interface.name + ".packed");
  if (!entry)
    return entry.takeError();
  const llvm::TargetMachine &machine = *compiled->machine;
  return CompiledCall(
      std::move(*jit), interface,
      (machine.getTargetTriple().str() + " " + machine.getTargetCPU()).str());
}

/// A function of the OpenMP runtime, or null where code does not use it.
template <typename Function>
static Function *lookupRuntime(JIT &jit, StringRef name) {
  Expected<void *> address = jit.lookup(name);
  if (!address) {
    consumeError(address.takeError());
    return nullptr;
  }
  return reinterpret_cast<Function *>(*address);
}

llvm::Error CompiledCall::setThreads(unsigned threads) {
  auto *set = lookupRuntime<void(int)>(*jit, "omp_set_num_threads");
  if (!set)
    return createStringError("--threads: there is no OpenMP runtime");
  set(threads);
  return llvm::Error::success();
}

unsigned CompiledCall::getThreads() {
  auto *get = lookupRuntime<int()>(*jit, "omp_get_max_threads");
  return get ? get() : 1;
}

llvm::Error CompiledCall::run(ArrayRef<Argument> arguments,
                              MutableArrayRef<Array> outputs) {
  // Neither changes size: the entry is given their addresses.
  size_t count = interface.parameters.size();
  std::vector<DLTensor> tensors(count);
  std::vector<Scalar> scalars(count);
  SmallVector<void *> slots;
  for (auto [index, parameter] : llvm::enumerate(interface.parameters)) {
    DLTensor &tensor = tensors[index];
    if (parameter.isOutput) {
      tensor = viewArray(outputs[index - arguments.size()]);
      slots.push_back(&tensor);
      continue;
    }
    const Argument &argument = arguments[index];
    if (const Array *array = argument.getArray()) {
      tensor = viewArray(*array);
      slots.push_back(&tensor);
    } else {
      scalars[index] = makeScalar(argument.getValue(), parameter.type);
      slots.push_back(&scalars[index]);
    }
  }
  Expected<void *> entry = jit->lookup(interface.name + ".packed");
  if (!entry)
    return entry.takeError();
  int32_t code = reinterpret_cast<int32_t (*)(void **)>(*entry)(slots.data());
  if (code == 0)
    return llvm::Error::success();
  Expected<void *> explain = jit->lookup(interface.name + "_error");
  if (!explain)
    return explain.takeError();
  return createStringError(
      interface.name + ": " +
      reinterpret_cast<const char *(*)(int32_t)>(*explain)(code));
}
