//===- AttendOps.cpp - dilated_attention and attend -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Attend.h"
#include "Diagnose.h"

using namespace llvm;

namespace longnet {

Error evaluate(DilatedAttentionOp op, Frame &frame) {
  Expected<Problem> problem = getProblem(op, op.getBranches(), frame);
  if (!problem)
    return problem.takeError();
  ArrayRef<int64_t> rows = problem->query.getShape().drop_back();
  int64_t valueDim = problem->value.getDim(3);
  Expected<RuntimeTensor> out = addPrefix(
      op, RuntimeTensor::create(op.getOut().getType().getElementType(),
                                {rows[0], rows[1], rows[2], valueDim}));
  if (!out)
    return out.takeError();
  Expected<RuntimeTensor> lse = addPrefix(
      op, RuntimeTensor::create(op.getLse().getType().getElementType(), rows));
  if (!lse)
    return lse.takeError();
  MutableArrayRef<double> means = out->getMutableFloats();
  MutableArrayRef<double> logs = lse->getMutableFloats();
  Attend attend(*problem);
  forEachRow(
      op.getContext(), attend.getNumRows(), [&](int64_t row, Softmax &softmax) {
        attend.addKeys(row, softmax);
        logs[row] = softmax.finish(means.slice(row * valueDim, valueDim));
      });
  if (Error error = frame.set(op.getOut(), std::move(*out)))
    return error;
  return frame.set(op.getLse(), std::move(*lse));
}

Error evaluate(AttendOp op, Frame &frame) {
  Expected<Problem> problem = getProblem(op, op.getBranches(), frame);
  if (!problem)
    return problem.takeError();
  Expected<RuntimeTensor> out = frame.takeTensor(op.getOut(), op);
  if (!out)
    return addPrefix(op, out.takeError());
  Expected<RuntimeTensor> lse = frame.takeTensor(op.getLse(), op);
  if (!lse)
    return addPrefix(op, lse.takeError());
  if (Error error = checkSameSizes(
          op, {"batch size", "number of heads", "number of query rows"},
          {{problem->query, "query"}, {*out, "out"}, {*lse, "lse"}}))
    return error;
  int64_t valueDim = problem->value.getDim(3);
  if (Error error =
          checkSameSize(op, "value dimension",
                        {{valueDim, "value"}, {out->getDim(3), "out"}}))
    return error;
  MutableArrayRef<double> means = out->getMutableFloats();
  MutableArrayRef<double> logs = lse->getMutableFloats();
  bool accumulate = op.getAccumulate();
  Attend attend(*problem);
  forEachRow(
      op.getContext(), attend.getNumRows(), [&](int64_t row, Softmax &softmax) {
        MutableArrayRef<double> mean = means.slice(row * valueDim, valueDim);
        SmallVector<double> state;
        if (accumulate) {
          state.assign(mean.begin(), mean.end());
          softmax.add(logs[row], state.data());
        }
        attend.addKeys(row, softmax);
        logs[row] = softmax.finish(mean);
      });
  if (Error error = frame.set(op.getResult(0), std::move(*out)))
    return error;
  return frame.set(op.getResult(1), std::move(*lse));
}

} // namespace longnet
