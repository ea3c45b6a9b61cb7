//===- BalanceLoops.cpp - Schedules of OpenMP loops -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "longnet/Conversion/Passes.h"
#include "mlir/Dialect/OpenMP/OpenMPDialect.h"

using namespace mlir;

namespace longnet {

#define GEN_PASS_DEF_LONGNETBALANCELOOPS
#include "longnet/Conversion/Passes.h.inc"

namespace {

struct LongNetBalanceLoopsPass
    : impl::LongNetBalanceLoopsBase<LongNetBalanceLoopsPass> {
  using Base::Base;

  void runOnOperation() override {
    getOperation()->walk([](omp::WsloopOp loop) {
      if (!loop.getScheduleKind())
        loop.setScheduleKind(omp::ClauseScheduleKind::Dynamic);
    });
  }
};

} // namespace
} // namespace longnet
