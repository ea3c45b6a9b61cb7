//===- AttendGradTileOp.cpp - attend_grad_tile -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Diagnose.h"
#include "LongNetOps.h"
#include "llvm/ADT/STLExtras.h"
#include <cmath>
#include <limits>

using namespace llvm;

namespace longnet {

Error evaluate(AttendGradTileOp op, Frame &frame) {
  SmallVector<RuntimeTensor> tiles;
  SmallVector<mlir::Value> operands{op.getQuery(),   op.getQueryRows(),
                                    op.getKey(),     op.getValue(),
                                    op.getOutGrad(), op.getOutGradRows()};
  if (op.getKeyColumns())
    operands.push_back(op.getKeyColumns());
  for (mlir::Value operand : operands) {
    Expected<RuntimeTensor> tile = getTile(op, operand, op.getParts(), frame);
    if (!tile)
      return tile.takeError();
    tiles.push_back(std::move(*tile));
  }
  const RuntimeTensor &query = tiles[0], &queryRows = tiles[1], &key = tiles[2],
                      &value = tiles[3], &outGrad = tiles[4],
                      &outGradRows = tiles[5];
  RuntimeTensor lse = frame.getTensor(op.getLse()),
                delta = frame.getTensor(op.getDelta());
  std::optional<RuntimeTensor> keyPositions, queryLimits;
  bool masked = op.getKeyPositions() && frame.getInt(op.getMasked(), 1) != 0;
  if (op.getKeyPositions()) {
    keyPositions = frame.getTensor(op.getKeyPositions());
    queryLimits = frame.getTensor(op.getQueryLimits());
  }
  Expected<SmallVector<RuntimeTensor>> destinations =
      takeDestinations(op, frame);
  if (!destinations)
    return destinations.takeError();
  MutableArrayRef<RuntimeTensor> results(*destinations);
  RuntimeTensor &queryGrad = results[0], &keyGrad = results[1],
                &valueGrad = results[2];

  int64_t dim = query.getDim(0), queries = query.getDim(1),
          keys = key.getDim(0), valueDim = value.getDim(1);
  SmallVector<NamedSize> rows{{queries, "query"},
                              {queryRows.getDim(0), "query_rows"},
                              {outGrad.getDim(1), "out_grad"},
                              {outGradRows.getDim(0), "out_grad_rows"},
                              {lse.getDim(0), "lse"},
                              {delta.getDim(0), "delta"},
                              {queryGrad.getDim(1), "query_grad"}};
  SmallVector<NamedSize> columns{{keys, "key"},
                                 {value.getDim(0), "value"},
                                 {keyGrad.getDim(0), "key_grad"},
                                 {valueGrad.getDim(0), "value_grad"}};
  SmallVector<NamedSize> dims{{dim, "query"},
                              {queryRows.getDim(1), "query_rows"},
                              {key.getDim(1), "key"},
                              {queryGrad.getDim(0), "query_grad"},
                              {keyGrad.getDim(1), "key_grad"}};
  if (op.getKeyColumns()) {
    dims.push_back({tiles.back().getDim(0), "key_columns"});
    columns.push_back({tiles.back().getDim(1), "key_columns"});
  }
  if (queryLimits) {
    rows.push_back({queryLimits->getDim(0), "query_limits"});
    columns.push_back({keyPositions->getDim(0), "key_positions"});
  }
  if (Error error = checkSameSize(op, "number of queries", rows))
    return error;
  if (Error error = checkSameSize(op, "number of keys", columns))
    return error;
  if (Error error = checkSameSize(op, "head dimension", dims))
    return error;
  if (Error error = checkSameSize(op, "value dimension",
                                  {{valueDim, "value"},
                                   {outGrad.getDim(0), "out_grad"},
                                   {outGradRows.getDim(1), "out_grad_rows"},
                                   {valueGrad.getDim(1), "value_grad"}}))
    return error;

  ArrayRef<double> q = query.getFloats(), qRows = queryRows.getFloats(),
                   k = key.getFloats(), v = value.getFloats(),
                   dout = outGrad.getFloats(),
                   doutRows = outGradRows.getFloats();
  MutableArrayRef<double> dq = queryGrad.getMutableFloats(),
                          dk = keyGrad.getMutableFloats(),
                          dv = valueGrad.getMutableFloats();
  double scale = op.getScale().convertToDouble();
  for (int64_t i = 0; i < queries; ++i) {
    double level = lse.getFloats()[i];
    if (level == std::numeric_limits<double>::infinity())
      continue;
    for (int64_t j = 0; j < keys; ++j) {
      if (masked && keyPositions->getInts()[j] > queryLimits->getInts()[i])
        continue;
      double score = 0, product = 0;
      for (int64_t d = 0; d < dim; ++d)
        score += k[j * dim + d] * q[d * queries + i];
      for (int64_t d = 0; d < valueDim; ++d)
        product += v[j * valueDim + d] * dout[d * queries + i];
      double p = std::exp(scale * score - level);
      double ds = p * (product - delta.getFloats()[i]);
      for (int64_t d = 0; d < dim; ++d) {
        dq[d * queries + i] += k[j * dim + d] * ds;
        dk[j * dim + d] += ds * qRows[i * dim + d];
      }
      for (int64_t d = 0; d < valueDim; ++d)
        dv[j * valueDim + d] += p * doutRows[i * valueDim + d];
    }
  }
  for (auto [result, held] : zip_equal(op->getResults(), results))
    if (Error error = frame.set(result, std::move(held)))
      return error;
  return Error::success();
}

} // namespace longnet
