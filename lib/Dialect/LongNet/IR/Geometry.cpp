//===- Geometry.cpp - The arithmetic of a branch -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "longnet/Dialect/LongNet/IR/Geometry.h"
#include "longnet/Dialect/LongNet/IR/LongNet.h"
#include "llvm/ADT/DenseMap.h"

namespace longnet {
namespace {

/// Pairs of `queries` and `keys`, all of one segment and phase.
double pairsOf(Rows<int64_t> queries, Rows<int64_t> keys, int64_t dilation,
               bool causal) {
  if (!causal)
    return double(queries.count) * keys.count;
  // Query i sees min(keys, seen + i) keys: some see none, then one more each,
  // until they see all.
  int64_t seen = causalKeys(keys, queries.first, dilation);
  int64_t blind = std::clamp<int64_t>(1 - seen, 0, queries.count);
  int64_t all = std::clamp<int64_t>(keys.count - seen, blind, queries.count);
  double growing = all - blind;
  return growing * (2.0 * (seen + blind) + growing - 1) / 2 +
         double(queries.count - all) * keys.count;
}

/// Pairs of one head with the given phase.
double pairsOf(BranchAttr branch, int64_t phase, Span<int64_t> queries,
               Span<int64_t> keys, bool causal) {
  int64_t w = branch.getSegment(), r = branch.getDilation();
  double pairs = 0;
  if (queries.begin == queries.end)
    return pairs;
  Span<int64_t> segments = segmentsOf(queries, w);
  for (int64_t g = segments.begin; g < segments.end; ++g)
    pairs += pairsOf(keptRows(g, phase, queries, w, r),
                     keptRows(g, phase, keys, w, r), r, causal);
  return pairs;
}

} // namespace

Cost costOf(llvm::ArrayRef<BranchAttr> branches, const Extent &extent) {
  Cost cost;
  Span<int64_t> queries{extent.queryOffset,
                        extent.queryOffset + extent.queries};
  // Batches differ only by their lengths, and heads only by their phases.
  llvm::SmallDenseMap<int64_t, int64_t> batches;
  for (int64_t b = 0; b < extent.batch; ++b)
    ++batches[extent.keyCount(b)];
  for (auto [length, count] : batches) {
    for (BranchAttr branch : branches) {
      llvm::SmallDenseMap<int64_t, double> pairs;
      for (int64_t h = 0; h < extent.queryHeads; ++h) {
        int64_t phase = branch.getPhase(h, extent.queryHeads);
        auto [entry, isNew] = pairs.try_emplace(phase, 0);
        if (isNew)
          entry->second =
              pairsOf(branch, phase, queries, {0, length}, extent.causal);
        cost.pairs += count * entry->second;
      }
    }
  }
  cost.flop = 2.0 * (extent.headDim + extent.valueDim) * cost.pairs;
  cost.gradientFlop =
      (6.0 * extent.headDim + 4.0 * extent.valueDim) * cost.pairs;
  return cost;
}

} // namespace longnet
