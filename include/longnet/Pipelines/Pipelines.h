//===- Pipelines.h - The named pipelines -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// The only place that knows the order of passes.
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_PIPELINES_PIPELINES_H
#define LONGNET_PIPELINES_PIPELINES_H

#include "longnet/Support/InstructionSet.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"

namespace longnet {

/// Options of `--longnet-cpu-pipeline`.
struct CPUPipelineOptions
    : public mlir::PassPipelineOptions<CPUPipelineOptions> {
  Option<bool> fuse{*this, "fuse",
                    llvm::cl::desc("Fuse chains of pieces into kernels"),
                    llvm::cl::init(true)};
  Option<bool> parallel{*this, "parallel",
                        llvm::cl::desc("Run parallel loops with OpenMP"),
                        llvm::cl::init(true)};
  Option<int64_t> vectorBits{
      *this, "vector-bits",
      llvm::cl::desc("Width of the target's vector registers in bits"),
      llvm::cl::init(512)};
  Option<int64_t> registers{
      *this, "registers",
      llvm::cl::desc("Number of the target's vector registers"),
      llvm::cl::init(32)};
  Option<InstructionSet> instructions{
      *this, "isa", llvm::cl::desc("Instructions to use beyond plain vectors:"),
      llvm::cl::init(InstructionSet::generic), instructionSetValues()};
  Option<int64_t> chunk{*this, "chunk",
                        llvm::cl::desc("Contiguous queries of a parallel task"),
                        llvm::cl::init(1024)};
  Option<int64_t> cache{*this, "cache",
                        llvm::cl::desc("Bytes of a core's second cache, for "
                                       "chunks of twice the size"),
                        llvm::cl::init(0)};
  Option<int64_t> queryTile{*this, "query-tile",
                            llvm::cl::desc("Queries of a tile"),
                            llvm::cl::init(64)};
  Option<int64_t> keyTile{*this, "key-tile", llvm::cl::desc("Keys of a tile"),
                          llvm::cl::init(64)};
  Option<int64_t> strip{*this, "strip",
                        llvm::cl::desc("Bytes of keys and values packed at "
                                       "once for AMX, 0 for single tiles"),
                        llvm::cl::init(0)};
  Option<int64_t> parts{*this, "parts",
                        llvm::cl::desc("Parts of bf16 that f32 is split into "
                                       "for dot products and tiles, 1 for f32 "
                                       "as it is"),
                        llvm::cl::init(1)};
};

/// From longnet operations of any level on tensors to bufferized loops over
/// tiles: everything that does not depend on the target.
void buildTilePipeline(mlir::OpPassManager &pm,
                       const CPUPipelineOptions &options);

/// From what `buildTilePipeline` leaves to the LLVM dialect.
void buildCodePipeline(mlir::OpPassManager &pm,
                       const CPUPipelineOptions &options);

/// From longnet operations of any level to the LLVM dialect: both.
void buildCPUPipeline(mlir::OpPassManager &pm,
                      const CPUPipelineOptions &options);

/// Registers `longnet-tile-pipeline` and `longnet-cpu-pipeline`.
void registerPipelines();

} // namespace longnet

#endif // LONGNET_PIPELINES_PIPELINES_H
