//===- AttendTileOp.cpp - attend_tile -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Diagnose.h"
#include "LongNetOps.h"
#include <cmath>
#include <limits>

using namespace llvm;

namespace longnet {

/// The weight of `score` relative to the maximum `max`, which is zero where
/// that is -inf: there is nothing yet.
static double getWeight(double scale, double score, double max) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  return max == -infinity ? 0 : std::exp(scale * (score - max));
}

Error evaluate(AttendTileOp op, Frame &frame) {
  SmallVector<RuntimeTensor> tiles;
  for (mlir::Value operand : {op.getQuery(), op.getKey(), op.getValue()}) {
    Expected<RuntimeTensor> tile = getTile(op, operand, op.getParts(), frame);
    if (!tile)
      return tile.takeError();
    tiles.push_back(std::move(*tile));
  }
  const RuntimeTensor &query = tiles[0], &key = tiles[1], &value = tiles[2];
  // In pairs values are transposed.
  unsigned keyOfValue = op.hasPairs() ? 1 : 0;
  int64_t dim = query.getDim(0), queries = query.getDim(1),
          keys = key.getDim(0), valueDim = value.getDim(1 - keyOfValue);
  ArrayRef<int64_t> positions, limits;
  std::optional<RuntimeTensor> keyPositions, queryLimits;
  bool masked = op.getKeyPositions() && frame.getInt(op.getMasked(), 1) != 0;
  if (op.getKeyPositions()) {
    keyPositions = frame.getTensor(op.getKeyPositions());
    queryLimits = frame.getTensor(op.getQueryLimits());
    positions = keyPositions->getInts();
    limits = queryLimits->getInts();
  }
  Expected<RuntimeTensor> acc =
      addPrefix(op, frame.takeTensor(op.getAcc(), op));
  if (!acc)
    return acc.takeError();
  Expected<RuntimeTensor> max =
      addPrefix(op, frame.takeTensor(op.getMax(), op));
  if (!max)
    return max.takeError();
  Expected<RuntimeTensor> sum =
      addPrefix(op, frame.takeTensor(op.getSum(), op));
  if (!sum)
    return sum.takeError();

  SmallVector<NamedSize> rows{{queries, "query"},
                              {acc->getDim(1), "acc"},
                              {max->getDim(0), "max"},
                              {sum->getDim(0), "sum"}};
  SmallVector<NamedSize> columns{{keys, "key"},
                                 {value.getDim(keyOfValue), "value"}};
  if (queryLimits) {
    rows.push_back({queryLimits->getDim(0), "query_limits"});
    columns.push_back({keyPositions->getDim(0), "key_positions"});
  }
  if (Error error = checkSameSize(op, "number of queries", rows))
    return error;
  if (Error error = checkSameSize(op, "number of keys", columns))
    return error;
  if (Error error = checkSameSize(op, "head dimension",
                                  {{dim, "query"}, {key.getDim(1), "key"}}))
    return error;
  if (Error error =
          checkSameSize(op, "value dimension",
                        {{valueDim, "value"}, {acc->getDim(0), "acc"}}))
    return error;

  ArrayRef<double> q = query.getFloats(), k = key.getFloats(),
                   v = value.getFloats();
  MutableArrayRef<double> accs = acc->getMutableFloats(),
                          maxima = max->getMutableFloats(),
                          sums = sum->getMutableFloats();
  int64_t keyStride = keyOfValue ? 1 : valueDim,
          valueStride = keyOfValue ? keys : 1;
  double scale = op.getScale().convertToDouble();
  SmallVector<double> scores;
  SmallVector<int64_t> seen;
  for (int64_t i = 0; i < queries; ++i) {
    scores.clear();
    seen.clear();
    double newMax = maxima[i];
    for (int64_t j = 0; j < keys; ++j) {
      if (masked && positions[j] > limits[i])
        continue;
      double score = 0;
      for (int64_t d = 0; d < dim; ++d)
        score += k[j * dim + d] * q[d * queries + i];
      seen.push_back(j);
      scores.push_back(score);
      // NaN, once it is there, stays.
      if (!(score <= newMax))
        newMax = std::isnan(newMax) ? newMax : score;
    }
    if (seen.empty())
      continue;
    double fade = getWeight(scale, maxima[i], newMax);
    maxima[i] = newMax;
    sums[i] *= fade;
    for (int64_t d = 0; d < valueDim; ++d)
      accs[d * queries + i] *= fade;
    for (auto [j, score] : zip(seen, scores)) {
      double weight = getWeight(scale, score, newMax);
      sums[i] += weight;
      for (int64_t d = 0; d < valueDim; ++d)
        accs[d * queries + i] += weight * v[j * keyStride + d * valueStride];
    }
  }
  if (Error error = frame.set(op.getResult(0), std::move(*acc)))
    return error;
  if (Error error = frame.set(op.getResult(1), std::move(*max)))
    return error;
  return frame.set(op.getResult(2), std::move(*sum));
}

} // namespace longnet
