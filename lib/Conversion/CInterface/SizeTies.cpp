//===- SizeTies.cpp - Sizes that operations need to agree -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SizeTies.h"
#include "longnet/Dialect/LongNet/IR/LongNet.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace longnet;

namespace {

class TieCollector {
public:
  SmallVector<OperandTie> ties;

  void addEqual(StringRef what, ValueDim subject, ValueDim other) {
    // Optional operands may be absent.
    if (subject.value && other.value)
      ties.push_back({subject, other, SizeTie::Relation::Equal, what});
  }
  void addMultiple(StringRef what, ValueDim subject, ValueDim other) {
    ties.push_back({subject, other, SizeTie::Relation::Multiple, what});
  }
  /// Ties every dimension of `dims` of all values to that of the first one.
  void addEqual(ValueRange values,
                ArrayRef<std::pair<unsigned, StringRef>> dims) {
    for (Value value : values.drop_front(values.empty() ? 0 : 1))
      for (auto [dim, what] : dims)
        addEqual(what, {value, dim}, {values.front(), dim});
  }

  /// Rows `[B, H, N, D]`, the same for one attention as for a part of it.
  void addSequences(Value query, Value key, Value value, Value lengths) {
    addEqual("batch", {key, 0}, {query, 0});
    addEqual("batch", {value, 0}, {query, 0});
    addMultiple("heads", {query, 1}, {key, 1});
    addEqual("heads", {value, 1}, {key, 1});
    addEqual("rows", {value, 2}, {key, 2});
    addEqual("batch", {lengths, 0}, {query, 0});
  }
  void addResult(Value result, Value query) {
    for (auto [dim, what] : {std::pair(0u, "batch"), std::pair(1u, "heads"),
                             std::pair(2u, "rows")})
      addEqual(what, {result, dim}, {query, dim});
  }

  void add(DilatedAttentionOp op) { addAttention(op); }

  void add(DilatedAttentionGradOp op) {
    addAttention(op);
    for (Value result : {op.getOut(), op.getLse(), op.getOutGrad()})
      addResult(result, op.getQuery());
    if (op.getLseGrad())
      addResult(op.getLseGrad(), op.getQuery());
  }

  void add(AttendGradOp op) {
    addSequences(op.getQuery(), op.getKey(), op.getValue(), op.getKvLengths());
    for (Value result :
         {op.getLse(), op.getDelta(), op.getOutGrad(), op.getQueryGrad()})
      addResult(result, op.getQuery());
    for (Value gradient : {op.getKeyGrad(), op.getValueGrad()})
      addResult(gradient, op.getKey());
  }

  void add(AttendOp op) {
    addSequences(op.getQuery(), op.getKey(), op.getValue(), op.getKvLengths());
    addResult(op.getOut(), op.getQuery());
    addResult(op.getLse(), op.getQuery());
  }

  void add(SegmentOp op) { addEqual(op.getSources(), {{2, "rows"}}); }

  void add(SparsifyOp op) {
    for (Value source : op.getSources()) {
      addEqual("segments", {source, 2}, {op.getAt(), 0});
      addEqual("rows", {source, 3}, {op.getAt(), 1});
    }
  }

  void add(AttentionOp op) {
    Value query = op.getQuery(), key = op.getKey();
    for (Value rows : {key, op.getValue(), op.getOut(), op.getLse()}) {
      addEqual("batch", {rows, 0}, {query, 0});
      addEqual("heads", {rows, 1}, {query, 1});
      addEqual("segments", {rows, 2}, {query, 2});
    }
    addEqual("rows", {op.getValue(), 3}, {key, 3});
    addEqual("rows", {op.getOut(), 3}, {query, 3});
    addEqual("rows", {op.getLse(), 3}, {query, 3});
    addPositions(op.getQueryPositions(), query);
    addPositions(op.getKeyPositions(), key);
    addEqual("batch", {op.getKvLengths(), 0}, {query, 0});
  }

  void add(ScatterOp op) {
    addEqual({op.getRows(), op.getRowsLse()},
             {{0, "batch"}, {1, "heads"}, {2, "segments"}, {3, "rows"}});
    addPositions(op.getPositions(), op.getRows());
  }

  void add(CombineOp op) {
    SmallVector<Value> results(op.getOuts());
    llvm::append_range(results, op.getLses());
    addEqual(results, {{0, "batch"}, {1, "heads"}, {2, "rows"}});
  }

private:
  /// What an attention and its gradient have in common.
  template <typename Op>
  void addAttention(Op op) {
    addSequences(op.getQuery(), op.getKey(), op.getValue(), op.getKvLengths());
    auto isPadded = [](BranchAttr branch) {
      return branch.getPadding() == Padding::torchscale;
    };
    if (llvm::any_of(op.getBranches(), isPadded))
      addEqual("rows", {op.getKey(), 2}, {op.getQuery(), 2});
  }

  /// Positions `[G, M]` or `[H, G, M]` of rows `[B, H, G, M, D]`.
  void addPositions(Value positions, Value rows) {
    unsigned rank = cast<ShapedType>(positions.getType()).getRank();
    StringRef names[] = {"heads", "segments", "rows"};
    for (unsigned dim = 0; dim < rank; ++dim)
      addEqual(names[dim + 3 - rank], {positions, dim}, {rows, dim + 4 - rank});
  }
};

} // namespace

SmallVector<OperandTie> longnet::getSizeTies(Operation *op) {
  TieCollector collector;
  llvm::TypeSwitch<Operation *>(op)
      .Case<DilatedAttentionOp, DilatedAttentionGradOp, AttendOp, AttendGradOp,
            SegmentOp, SparsifyOp, AttentionOp, ScatterOp, CombineOp>(
          [&](auto op) { collector.add(op); });
  return collector.ties;
}
