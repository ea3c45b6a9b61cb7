//===- Pipelines.cpp - The named pipelines -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "longnet/Pipelines/Pipelines.h"
#include "longnet/Conversion/Passes.h"
#include "longnet/Dialect/LongNet/Transforms/Passes.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace longnet {

static void addCleanup(OpPassManager &pm) {
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}

void buildTilePipeline(OpPassManager &pm, const CPUPipelineOptions &options) {
  pm.addPass(createLongNetDecompose());
  addCleanup(pm);
  if (options.fuse) {
    pm.addPass(createLongNetFuse());
    addCleanup(pm);
  }
}

void buildCPUPipeline(OpPassManager &pm, const CPUPipelineOptions &options) {
  buildTilePipeline(pm, options);
}

void registerPipelines() {
  PassPipelineRegistration<CPUPipelineOptions>(
      "longnet-tile-pipeline",
      "Bufferized loops over tiles, from longnet operations of any level",
      buildTilePipeline);
  PassPipelineRegistration<CPUPipelineOptions>(
      "longnet-cpu-pipeline",
      "The LLVM dialect, from longnet operations of any level",
      buildCPUPipeline);
}

} // namespace longnet
