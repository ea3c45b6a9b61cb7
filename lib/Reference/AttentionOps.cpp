//===- AttentionOps.cpp - attention and combine -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Diagnose.h"
#include "LongNetOps.h"
#include "Softmax.h"

using namespace llvm;
using mlir::Operation;

namespace longnet {

//===----------------------------------------------------------------------===//
// AttentionOp
//===----------------------------------------------------------------------===//

/// Positions [G, M] or [H, G, M] of rows [B, H, G, M, D].
static Error checkPositions(Operation *op, const RuntimeTensor &rows,
                            const RuntimeTensor &positions, StringRef name) {
  size_t from = positions.getShape().size() == 3 ? 1 : 2;
  if (positions.getShape() == rows.getShape().drop_back().drop_front(from))
    return Error::success();
  return makeOpError(op, "expects ", name, " positions of the sizes of ", name,
                     ", ", formatType(rows), ", got ", formatType(positions));
}

/// The positions of the rows of segment `g` of head `h`.
static ArrayRef<int64_t> getPositions(const RuntimeTensor &positions, int64_t h,
                                      int64_t g) {
  size_t rank = positions.getShape().size();
  int64_t width = positions.getDim(rank - 1);
  int64_t segment = rank == 3 ? h * positions.getDim(1) + g : g;
  return positions.getInts().slice(segment * width, width);
}

Error evaluate(AttentionOp op, Frame &frame) {
  RuntimeTensor query = frame.getTensor(op.getQuery()),
                key = frame.getTensor(op.getKey()),
                value = frame.getTensor(op.getValue()),
                queryPositions = frame.getTensor(op.getQueryPositions()),
                keyPositions = frame.getTensor(op.getKeyPositions());
  if (Error error = checkSameSizes(
          op, {"batch size", "number of heads", "number of segments"},
          {{query, "query"}, {key, "key"}, {value, "value"}}))
    return error;
  if (Error error =
          checkSameSize(op, "number of key and value rows",
                        {{key.getDim(3), "key"}, {value.getDim(3), "value"}}))
    return error;
  if (Error error = checkPositions(op, query, queryPositions, "query"))
    return error;
  if (Error error = checkPositions(op, key, keyPositions, "key"))
    return error;
  auto lengths = getLengths(op, op.getKvLengths(), query.getDim(0), frame);
  if (!lengths)
    return lengths.takeError();

  Expected<RuntimeTensor> out =
      addPrefix(op, frame.takeTensor(op.getOut(), op));
  if (!out)
    return out.takeError();
  Expected<RuntimeTensor> lse =
      addPrefix(op, frame.takeTensor(op.getLse(), op));
  if (!lse)
    return lse.takeError();
  SmallVector<int64_t> shape(query.getShape().drop_back());
  if (lse->getShape() != ArrayRef(shape))
    return makeOpError(op, "expects lse of the sizes of query, ",
                       formatType(query), ", got ", formatType(*lse));
  shape.push_back(value.getDim(4));
  if (out->getShape() != ArrayRef(shape))
    return makeOpError(op, "expects out of sizes ",
                       formatType(out->withShape(shape)), ", got ",
                       formatType(*out));

  int64_t heads = query.getDim(1), segments = query.getDim(2);
  int64_t queries = query.getDim(3), keys = key.getDim(3);
  int64_t headDim = query.getDim(4), valueDim = value.getDim(4);
  double scale = getScaleOr(op.getScale(), headDim);
  bool causal = op.getCausal();
  MutableArrayRef<double> means = out->getMutableFloats(),
                          logs = lse->getMutableFloats();
  forEachRow(op.getContext(), logs.size(), [&](int64_t row, Softmax &softmax) {
    int64_t i = row % queries, segment = row / queries;
    int64_t g = segment % segments, h = segment / segments % heads,
            b = segment / segments / heads;
    int64_t position = getPositions(queryPositions, h, g)[i];
    const double *q = query.getFloats().data() + row * headDim;
    // An absent query, whose result is unspecified, sees nothing.
    for (int64_t j = 0; position != -1 && j < keys; ++j) {
      int64_t at = getPositions(keyPositions, h, g)[j];
      if (at == -1 || (causal && at > position) ||
          (*lengths && at >= (*lengths)->getInts()[b]))
        continue;
      int64_t from = segment * keys + j;
      softmax.add(scale *
                      dot(q, key.getFloats().data() + from * headDim, headDim),
                  value.getFloats().data() + from * valueDim);
    }
    logs[row] = softmax.finish(means.slice(row * valueDim, valueDim));
  });
  if (Error error = frame.set(op.getResult(0), std::move(*out)))
    return error;
  return frame.set(op.getResult(1), std::move(*lse));
}

//===----------------------------------------------------------------------===//
// CombineOp
//===----------------------------------------------------------------------===//

Error evaluate(CombineOp op, Frame &frame) {
  SmallVector<RuntimeTensor> outs, lses;
  for (auto [outOperand, lseOperand] : zip(op.getOuts(), op.getLses())) {
    RuntimeTensor out = frame.getTensor(outOperand),
                  lse = frame.getTensor(lseOperand);
    if (!outs.empty() && out.getShape() != outs.front().getShape())
      return makeOpError(op, "expects operands of one shape, got ",
                         formatType(outs.front()), " and ", formatType(out));
    if (lse.getShape() != out.getShape().drop_back())
      return makeOpError(op, "expects an lse of the sizes of its operand, ",
                         formatType(out), ", got ", formatType(lse));
    outs.push_back(out);
    lses.push_back(lse);
  }
  Expected<RuntimeTensor> out = addPrefix(
      op, RuntimeTensor::create(outs[0].getElementType(), outs[0].getShape()));
  if (!out)
    return out.takeError();
  Expected<RuntimeTensor> lse = addPrefix(
      op, RuntimeTensor::create(lses[0].getElementType(), lses[0].getShape()));
  if (!lse)
    return lse.takeError();
  int64_t dim = out->getDim(3);
  MutableArrayRef<double> means = out->getMutableFloats(),
                          logs = lse->getMutableFloats();
  forEachRow(op.getContext(), logs.size(), [&](int64_t row, Softmax &softmax) {
    for (auto [out, lse] : zip(outs, lses))
      softmax.add(lse.getFloats()[row], out.getFloats().data() + row * dim);
    logs[row] = softmax.finish(means.slice(row * dim, dim));
  });
  if (Error error = frame.set(op.getOut(), std::move(*out)))
    return error;
  return frame.set(op.getLse(), std::move(*lse));
}

} // namespace longnet
