//===- InitAll.cpp - Registration -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "longnet/InitAll.h"
#include "longnet/Conversion/Passes.h"
#include "longnet/Dialect/LongNet/IR/LongNet.h"
#include "longnet/Dialect/LongNet/Transforms/BufferizableOpInterfaceImpl.h"
#include "longnet/Dialect/LongNet/Transforms/Passes.h"
#include "longnet/Pipelines/Pipelines.h"

void longnet::registerDialect(mlir::DialectRegistry &registry) {
  registry.insert<LongNetDialect>();
  registerBufferizableOpInterfaceExternalModels(registry);
}

void longnet::registerPasses() {
  registerLongNetTransformsPasses();
  registerLongNetConversionPasses();
  registerPipelines();
}
