//===- TargetMachine.cpp - What code is generated for -*- C++ -*-===========//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "longnet/Target/TargetMachine.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/SubtargetFeature.h"

using namespace llvm;

/// A triple and a processor, named in full.
namespace {
struct Processor {
  Triple triple;
  const Target *target;
  std::string cpu, features;
};
} // namespace

static Triple getHostTriple() { return Triple(sys::getProcessTriple()); }

static std::string getHostFeatures() {
  SubtargetFeatures features;
  for (const auto &feature : sys::getHostCPUFeatures())
    features.AddFeature(feature.getKey(), feature.getValue());
  return features.getString();
}

static Expected<Processor> resolve(const longnet::TargetOptions &options) {
  InitializeAllTargetInfos();
  InitializeAllTargets();
  InitializeAllTargetMCs();
  InitializeAllAsmPrinters();
  InitializeAllAsmParsers();

  Processor processor;
  Triple host = getHostTriple();
  processor.triple =
      options.triple.empty() ? host : Triple(Triple::normalize(options.triple));
  std::string message;
  processor.target = TargetRegistry::lookupTarget(processor.triple, message);
  if (!processor.target)
    return createStringError("unknown triple '" + options.triple + "'");

  bool isHostArch = processor.triple.getArch() == host.getArch();
  if (options.cpu == "native" && !isHostArch)
    return createStringError("cpu 'native' is a " + host.getArchName() +
                             ", not a " + processor.triple.getArchName());
  bool isNative =
      options.cpu == "native" || (options.cpu.empty() && isHostArch);
  processor.cpu = isNative              ? sys::getHostCPUName().str()
                  : options.cpu.empty() ? "generic"
                                        : options.cpu;
  SubtargetFeatures features(isNative ? getHostFeatures() : "");
  // Processors whose clock once fell with wide registers ask for narrow ones.
  if (processor.triple.isX86())
    features.AddFeature("prefer-256-bit", false);
  SubtargetFeatures given(options.features);
  for (const std::string &feature : given.getFeatures())
    features.AddFeature(feature);
  processor.features = features.getString();
  return processor;
}

/// LLVM prints a warning about a processor or feature that it does not know
/// and goes on.
static Error checkNames(const Processor &processor,
                        const longnet::TargetOptions &options) {
  std::unique_ptr<MCSubtargetInfo> info(
      processor.target->createMCSubtargetInfo(processor.triple, "", ""));
  if (!info)
    return createStringError("no code generation for '" +
                             processor.triple.str() + "'");
  if (!info->isCPUStringValid(processor.cpu))
    return createStringError("unknown cpu '" + processor.cpu + "' of " +
                             processor.triple.getArchName());
  SubtargetFeatures given(options.features);
  for (StringRef feature : given.getFeatures()) {
    StringRef name = SubtargetFeatures::StripFlag(feature);
    auto isNamed = [&](const SubtargetFeatureKV &known) {
      return name == known.Key;
    };
    if (llvm::none_of(info->getAllProcessorFeatures(), isNamed))
      return createStringError("unknown feature '" + name + "' of " +
                               processor.triple.getArchName());
  }
  return Error::success();
}

Expected<std::unique_ptr<TargetMachine>>
longnet::createTargetMachine(const TargetOptions &options) {
  Expected<Processor> processor = resolve(options);
  if (!processor)
    return processor.takeError();
  if (Error error = checkNames(*processor, options))
    return std::move(error);
  std::unique_ptr<TargetMachine> machine(processor->target->createTargetMachine(
      processor->triple, processor->cpu, processor->features,
      llvm::TargetOptions(), Reloc::PIC_, std::nullopt,
      CodeGenOptLevel::Aggressive));
  if (!machine)
    return createStringError("no code generation for '" +
                             processor->triple.str() + "'");
  return machine;
}

longnet::VectorUnit longnet::getVectorUnit(const TargetMachine &machine) {
  const MCSubtargetInfo &info = *machine.getMCSubtargetInfo();
  if (!machine.getTargetTriple().isX86())
    return {128, 32};
  if (!info.checkFeatures("+avx512f")) {
    unsigned bits = info.checkFeatures("+avx2") ? 256 : 128;
    return {bits, 16, InstructionSet::generic, /*queryTile=*/32,
            /*keyTile=*/128};
  }
  VectorUnit unit{512, 32};
  unit.cache = 1 << 20;
  // Only Linux is known to hand out tiles.
  bool mayHaveTiles = machine.getTargetTriple().isOSLinux();
  for (auto [set, features] :
       {std::pair(InstructionSet::avx512, "+avx512dq"),
        std::pair(InstructionSet::avx512bf16,
                  "+avx512bf16,+avx512vl,+avx512bw"),
        std::pair(InstructionSet::amx, "+amx-tile,+amx-bf16,+avx512vbmi")}) {
    if (!info.checkFeatures(features) ||
        (set == InstructionSet::amx && !mayHaveTiles))
      break;
    unit.instructions = set;
  }
  if (unit.instructions == InstructionSet::amx) {
    unit.cache = 1 << 21;
    unit.strip = 1 << 19;
  }
  return unit;
}

bool longnet::isHost(const TargetMachine &machine) {
  const Triple &triple = machine.getTargetTriple();
  Triple host = getHostTriple();
  return triple.getArch() == host.getArch() && triple.getOS() == host.getOS();
}

Error longnet::checkRunsHere(const TargetMachine &machine) {
  if (!isHost(machine))
    return createStringError("code for " + machine.getTargetTriple().str() +
                             " does not run here");
  const MCSubtargetInfo &info = *machine.getMCSubtargetInfo();
  for (const auto &feature : sys::getHostCPUFeatures())
    if (!feature.getValue() &&
        info.checkFeatures(("+" + feature.getKey()).str()))
      return createStringError("code for '" + machine.getTargetCPU() +
                               "' needs the feature '" + feature.getKey() +
                               "', which this processor does not have");
  return Error::success();
}
