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
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Bufferization/Pipelines/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/SCF/Transforms/Passes.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace longnet {

static void addCleanup(OpPassManager &pm) {
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}

void buildTilePipeline(OpPassManager &pm, const CPUPipelineOptions &options) {
  // Arithmetic of arith and math on tensors.
  pm.addPass(createConvertElementwiseToLinalgPass());
  pm.addPass(createLongNetDecompose());
  addCleanup(pm);
  if (options.fuse) {
    pm.addPass(createLongNetFuse());
    addCleanup(pm);
  }
  pm.addPass(createConvertLongNetPiecesToLinalg());
  LongNetTileOptions tile;
  tile.chunk = options.chunk;
  tile.cache = options.cache;
  tile.matrixUnit = options.instructions >= InstructionSet::amx;
  pm.addPass(createLongNetTile(tile));
  addCleanup(pm);

  // Results are computed where they are wanted, and nothing is copied.
  pm.addPass(bufferization::createEmptyTensorEliminationPass());
  bufferization::OneShotBufferizePassOptions bufferize;
  bufferize.bufferizeFunctionBoundaries = true;
  bufferize.functionBoundaryTypeConversion =
      bufferization::LayoutMapOption::IdentityLayoutMap;
  pm.addPass(bufferization::createOneShotBufferizePass(bufferize));
  addCleanup(pm);
  bufferization::BufferDeallocationPipelineOptions deallocate;
  bufferization::buildBufferDeallocationPipeline(pm, deallocate);
  pm.addPass(createConvertBufferizationToMemRefPass());
  addCleanup(pm);

  LongNetLowerToTilesOptions lower;
  lower.queryTile = options.queryTile;
  lower.keyTile = options.keyTile;
  // The shapes of dot products of 512 bits, and of tiles.
  if (options.instructions >= InstructionSet::avx512bf16)
    lower.pairs = options.instructions == InstructionSet::amx ? 32 : 16;
  if (options.instructions == InstructionSet::amx)
    lower.strip = options.strip;
  lower.parts = options.parts;
  pm.addPass(createLongNetLowerToTiles(lower));
  addCleanup(pm);
  pm.addPass(createLongNetOutlineTiles());
}

void buildCodePipeline(OpPassManager &pm, const CPUPipelineOptions &options) {
  if (options.parallel) {
    pm.addPass(createForallToParallelLoopPass());
    pm.addPass(createConvertSCFToOpenMPPass());
    pm.addPass(createLongNetBalanceLoops());
  } else {
    pm.addPass(createForallToForLoopPass());
  }
  pm.addPass(createLongNetHoistScratch());

  pm.addPass(createConvertLongNetStripsToAMX());
  pm.addPass(createConvertLongNetTilesToLinalg());

  ConvertLinalgToVectorLoopsOptions vectorize;
  vectorize.vectorBits = options.vectorBits;
  vectorize.registers = options.registers;
  vectorize.instructions = options.instructions;
  pm.addPass(createConvertLinalgToVectorLoops(vectorize));
  pm.addPass(createConvertLinalgToLoopsPass());
  LongNetExpandExp2Options expand;
  expand.avx512 = options.instructions >= InstructionSet::avx512;
  pm.addPass(createLongNetExpandExp2(expand));
  addCleanup(pm);

  pm.addPass(memref::createExpandStridedMetadataPass());
  pm.addPass(createLowerAffinePass());
  addCleanup(pm);
  // Stack scopes of OpenMP loops hold one block until loops become branches, so
  // they go first.
  pm.addPass(createFinalizeMemRefToLLVMConversionPass());
  pm.addPass(createSCFToControlFlowPass());
  // Elsewhere LLVM rounds to bf16 by a call for every element.
  arith::ArithExpandOpsPassOptions expandArith;
  expandArith.includeBf16 = options.instructions < InstructionSet::avx512bf16;
  if (expandArith.includeBf16)
    pm.addPass(createLongNetRoundToBF16());
  pm.addPass(arith::createArithExpandOpsPass(expandArith));
  ConvertVectorToLLVMPassOptions vectors;
  vectors.x86Vector = options.instructions >= InstructionSet::avx512bf16;
  vectors.amx = options.instructions >= InstructionSet::amx;
  pm.addPass(createConvertVectorToLLVMPass(vectors));
  pm.addPass(createConvertMathToLLVMPass());
  pm.addPass(createConvertMathToLibmPass());
  pm.addPass(createConvertToLLVMPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
}

void buildCPUPipeline(OpPassManager &pm, const CPUPipelineOptions &options) {
  buildTilePipeline(pm, options);
  buildCodePipeline(pm, options);
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
