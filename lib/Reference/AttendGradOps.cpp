//===- AttendGradOps.cpp - Gradients -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Attend.h"
#include "Diagnose.h"
#include <cmath>
#include <limits>

using namespace llvm;

namespace longnet {
namespace {

constexpr StringRef rowSizes[] = {"batch size", "number of heads",
                                  "number of query rows"};
constexpr StringRef gradientSizes[] = {"batch size", "number of heads",
                                       "number of rows", "head dimension"};

/// The gradients of a problem's query, key and value.
class Gradients {
public:
  Gradients(const Problem &problem, RuntimeTensor lse, RuntimeTensor outGrad,
            MutableArrayRef<double> query, MutableArrayRef<double> key,
            MutableArrayRef<double> value)
      : p(problem), attend(problem), lse(lse), outGrad(outGrad), query(query),
        key(key), value(value) {}

  /// Adds what every branch contributes. `getDelta(branch, row)` is what is
  /// taken off the gradients of the weights of row `row`.
  template <typename Fn>
  void add(mlir::MLIRContext *context, Fn &&getDelta) {
    // A group alone writes the gradients of its keys and values.
    mlir::parallelFor(context, 0, attend.getNumGroups(), [&](size_t group) {
      int64_t rows = attend.getRowsPerGroup(), first = group * rows;
      for (int64_t row = first; row < first + rows; ++row) {
        if (lse.getFloats()[row] == -std::numeric_limits<double>::infinity())
          continue;
        for (BranchAttr branch : p.branches)
          addRow(branch, group, row, getDelta(branch, row));
      }
    });
  }

  /// The output of `branch` alone at row `row`, times the gradient there.
  double getBranchDelta(BranchAttr branch, int64_t row) const {
    Softmax softmax;
    attend.addKeys(branch, row, softmax);
    SmallVector<double> mean(attend.getValueDim());
    softmax.finish(mean);
    return dot(mean.data(), getOutGrad(row), attend.getValueDim());
  }

  const double *getOutGrad(int64_t row) const {
    return outGrad.getFloats().data() + row * attend.getValueDim();
  }

private:
  void addRow(BranchAttr branch, int64_t group, int64_t row, double delta) {
    int64_t headDim = attend.getHeadDim(), valueDim = attend.getValueDim();
    SeenKeys seen = attend.getKeys(branch, row);
    const double *out = getOutGrad(row);
    // Missing keys have no gradient, and as rows of zeros they change no other.
    for (int64_t at = seen.first; at < seen.end; at += seen.step) {
      int64_t keyAt = attend.getKeyAt(group, at);
      int64_t valueAt = attend.getValueAt(group, at);
      const double *k = p.key.getFloats().data() + keyAt;
      const double *v = p.value.getFloats().data() + valueAt;
      double weight = std::exp(p.scale * dot(seen.query, k, headDim) -
                               lse.getFloats()[row]);
      double scoreGrad = p.scale * weight * (dot(out, v, valueDim) - delta);
      for (int64_t d = 0; d < headDim; ++d) {
        query[row * headDim + d] += scoreGrad * k[d];
        key[keyAt + d] += scoreGrad * seen.query[d];
      }
      for (int64_t d = 0; d < valueDim; ++d)
        value[valueAt + d] += weight * out[d];
    }
  }

  const Problem &p;
  Attend attend;
  RuntimeTensor lse, outGrad;
  MutableArrayRef<double> query, key, value;
};

} // namespace

Error evaluate(DilatedAttentionGradOp op, Frame &frame) {
  Expected<Problem> problem = getProblem(op, op.getBranches(), frame);
  if (!problem)
    return problem.takeError();
  RuntimeTensor out = frame.getTensor(op.getOut()),
                lse = frame.getTensor(op.getLse()),
                outGrad = frame.getTensor(op.getOutGrad());
  SmallVector<NamedTensor> rows{{problem->query, "query"},
                                {out, "out"},
                                {lse, "lse"},
                                {outGrad, "the gradient of out"}};
  std::optional<RuntimeTensor> lseGrad;
  if (op.getLseGrad()) {
    lseGrad = frame.getTensor(op.getLseGrad());
    rows.push_back({*lseGrad, "the gradient of lse"});
  }
  if (Error error = checkSameSizes(op, rowSizes, rows))
    return error;
  int64_t valueDim = problem->value.getDim(3);
  if (Error error = checkSameSize(op, "value dimension",
                                  {{valueDim, "value"},
                                   {out.getDim(3), "out"},
                                   {outGrad.getDim(3), "the gradient of out"}}))
    return error;

  SmallVector<RuntimeTensor> results;
  for (const RuntimeTensor *of :
       {&problem->query, &problem->key, &problem->value}) {
    Expected<RuntimeTensor> result = addPrefix(
        op, RuntimeTensor::create(of->getElementType(), of->getShape()));
    if (!result)
      return result.takeError();
    results.push_back(std::move(*result));
  }
  Gradients gradients(*problem, lse, outGrad, results[0].getMutableFloats(),
                      results[1].getMutableFloats(),
                      results[2].getMutableFloats());
  bool detached = op.getDetached();
  gradients.add(op.getContext(), [&](BranchAttr branch, int64_t row) {
    double delta = detached ? gradients.getBranchDelta(branch, row)
                            : dot(out.getFloats().data() + row * valueDim,
                                  gradients.getOutGrad(row), valueDim);
    return lseGrad ? delta - lseGrad->getFloats()[row] : delta;
  });
  for (auto [value, result] : zip_equal(op->getResults(), results))
    if (Error error = frame.set(value, std::move(result)))
      return error;
  return Error::success();
}

Error evaluate(AttendGradOp op, Frame &frame) {
  BranchAttr branch = op.getBranch();
  Expected<Problem> problem = getProblem(op, branch, frame);
  if (!problem)
    return problem.takeError();
  RuntimeTensor lse = frame.getTensor(op.getLse()),
                delta = frame.getTensor(op.getDelta()),
                outGrad = frame.getTensor(op.getOutGrad());
  if (Error error = checkSameSizes(op, rowSizes,
                                   {{problem->query, "query"},
                                    {outGrad, "out_grad"},
                                    {lse, "lse"},
                                    {delta, "delta"}}))
    return error;
  if (Error error = checkSameSize(op, "value dimension",
                                  {{problem->value.getDim(3), "value"},
                                   {outGrad.getDim(3), "out_grad"}}))
    return error;

  Expected<SmallVector<RuntimeTensor>> destinations =
      takeDestinations(op, frame);
  if (!destinations)
    return destinations.takeError();
  MutableArrayRef<RuntimeTensor> results(*destinations);
  const NamedTensor operands[] = {{problem->query, "query"},
                                  {problem->key, "key"},
                                  {problem->value, "value"}};
  static constexpr StringRef names[] = {"query_grad", "key_grad", "value_grad"};
  for (auto [operand, result, name] : zip_equal(operands, results, names))
    if (Error error =
            checkSameSizes(op, gradientSizes, {operand, {result, name}}))
      return error;
  Gradients gradients(*problem, lse, outGrad, results[0].getMutableFloats(),
                      results[1].getMutableFloats(),
                      results[2].getMutableFloats());
  gradients.add(op.getContext(), [&](BranchAttr, int64_t row) {
    return delta.getFloats()[row];
  });
  for (auto [value, result] : zip_equal(op->getResults(), results))
    if (Error error = frame.set(value, std::move(result)))
      return error;
  return Error::success();
}

} // namespace longnet
