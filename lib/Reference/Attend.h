//===- Attend.h - Who attends to whom -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_LIB_REFERENCE_ATTEND_H
#define LONGNET_LIB_REFERENCE_ATTEND_H

#include "LongNetOps.h"
#include "Softmax.h"

namespace longnet {

/// Attention over a pattern. Query i stands at position queryOffset + i, key i
/// at keyOffset + i, and query head j is head headOffset + j of `heads`.
struct Problem {
  RuntimeTensor query, key, value;
  std::optional<RuntimeTensor> lengths;
  int64_t queryOffset, keyOffset, headOffset, heads;
  llvm::ArrayRef<BranchAttr> branches;
  bool causal;
  double scale;
};

/// Sizes that the types leave open.
llvm::Error check(mlir::Operation *op, const Problem &problem);

/// With torchscale's padding, as many queries as keys.
llvm::Error checkPadding(mlir::Operation *op, const Problem &problem);

/// The checked problem that `op` computes or differentiates over `branches`.
template <typename Op>
llvm::Expected<Problem> getProblem(Op op, llvm::ArrayRef<BranchAttr> branches,
                                   const Frame &frame) {
  constexpr bool isPart = llvm::is_one_of<Op, AttendOp, AttendGradOp>::value;
  RuntimeTensor query = frame.getTensor(op.getQuery());
  auto lengths = getLengths(op, op.getKvLengths(), query.getDim(0), frame);
  if (!lengths)
    return lengths.takeError();
  Problem problem{query,
                  frame.getTensor(op.getKey()),
                  frame.getTensor(op.getValue()),
                  *lengths,
                  frame.getInt(op.getQueryOffset(), 0),
                  /*keyOffset=*/0,
                  /*headOffset=*/0,
                  /*heads=*/query.getDim(1),
                  branches,
                  op.getCausal(),
                  getScaleOr(op.getScale(), query.getDim(3))};
  if constexpr (isPart) {
    problem.keyOffset = frame.getInt(op.getKeyOffset(), 0);
    problem.headOffset = frame.getInt(op.getHeadOffset(), 0);
    problem.heads = frame.getInt(op.getHeads(), query.getDim(1));
  }
  if (llvm::Error error = check(op, problem))
    return std::move(error);
  if constexpr (!isPart)
    if (llvm::Error error = checkPadding(op, problem))
      return std::move(error);
  return problem;
}

/// What a row of a branch's result is made from: a query, every `step`-th row
/// from `first` to `end` of its head's keys, and `missing` keys of score 0 and
/// value 0.
struct SeenKeys {
  const double *query;
  int64_t first, end, step, missing;
};

/// The keys that each query of a problem sees, and their scores.
class Attend {
public:
  explicit Attend(const Problem &problem);

  /// Rows of queries are numbered through [B, Hq, Nq]. Those of one group,
  /// [group * getRowsPerGroup(), (group + 1) * getRowsPerGroup()), share the
  /// keys and values of one head of [B, Hkv].
  int64_t getNumRows() const { return p.query.getDim(0) * heads * queries; }
  int64_t getNumGroups() const { return p.query.getDim(0) * keyHeads; }
  int64_t getRowsPerGroup() const { return heads / keyHeads * queries; }

  int64_t getHeadDim() const { return headDim; }
  int64_t getValueDim() const { return valueDim; }

  /// Where row `index` of a group's keys or values begins in all of them.
  int64_t getKeyAt(int64_t group, int64_t index) const {
    return (group * keys + index) * headDim;
  }
  int64_t getValueAt(int64_t group, int64_t index) const {
    return (group * keys + index) * valueDim;
  }

  /// What `branch` shows row `row`.
  SeenKeys getKeys(BranchAttr branch, int64_t row) const;

  /// Adds to `softmax` what `branch`, or every branch, shows row `row`.
  void addKeys(BranchAttr branch, int64_t row, Softmax &softmax) const;
  void addKeys(int64_t row, Softmax &softmax) const;

private:
  SeenKeys getPaddedKeys(BranchAttr branch, int64_t row) const;

  const double *getQuery(int64_t row) const {
    return p.query.getFloats().data() + row * headDim;
  }

  const Problem &p;
  int64_t heads, queries, headDim, keyHeads, keys, valueDim;
  /// A query that padding makes up.
  llvm::SmallVector<double> zeros;
};

} // namespace longnet

#endif // LONGNET_LIB_REFERENCE_ATTEND_H
