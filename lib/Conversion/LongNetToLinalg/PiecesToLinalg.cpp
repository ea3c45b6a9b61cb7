//===- PiecesToLinalg.cpp - Level 1 to linalg -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PiecesToLinalg.h"
#include "longnet/Conversion/Passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

using namespace mlir;

namespace longnet {

#define GEN_PASS_DEF_CONVERTLONGNETPIECESTOLINALG
#include "longnet/Conversion/Passes.h.inc"

namespace {

struct ConvertLongNetPiecesToLinalgPass
    : impl::ConvertLongNetPiecesToLinalgBase<ConvertLongNetPiecesToLinalgPass> {
  using Base::Base;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateSegmentToLinalgPatterns(patterns);
    populateSparsifyToLinalgPatterns(patterns);
    populateScatterToLinalgPatterns(patterns);
    populateCombineToLinalgPatterns(patterns);
    walkAndApplyPatterns(getOperation(), std::move(patterns));
  }
};

} // namespace
} // namespace longnet
