//===- AttendOps.cpp - dilated_attention and attend -*- C++ -*-===//
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

namespace longnet {
namespace {

/// Attention over a pattern. Query i stands at position queryOffset + i, key i
/// at keyOffset + i, and query head j is head headOffset + j of `heads`.
struct Problem {
  RuntimeTensor query, key, value;
  std::optional<RuntimeTensor> lengths;
  int64_t queryOffset, keyOffset, headOffset, heads;
  ArrayRef<BranchAttr> branches;
  bool causal;
  double scale;
};

/// A query row, and the keys and values that its head reads.
struct QueryRow {
  int64_t batch, head, index;
  const double *queries, *keys, *values;
};

/// The keys that each query of a problem sees, and their scores.
class Attend {
public:
  explicit Attend(const Problem &problem)
      : p(problem), heads(p.query.getDim(1)), queries(p.query.getDim(2)),
        headDim(p.query.getDim(3)), keyHeads(p.key.getDim(1)),
        keys(p.key.getDim(2)), valueDim(p.value.getDim(3)) {}

  int64_t getNumRows() const { return p.query.getDim(0) * heads * queries; }

  /// Adds to `softmax` the keys that row `row` of [B, Hq, Nq] sees.
  void addKeys(int64_t row, Softmax &softmax) const {
    QueryRow at = getRow(row);
    for (BranchAttr branch : p.branches) {
      if (branch.getPadding() == Padding::torchscale)
        addPaddedKeys(branch, at, softmax);
      else
        addKeys(branch, at, softmax);
    }
  }

private:
  QueryRow getRow(int64_t row) const {
    int64_t batch = row / queries / heads, head = row / queries % heads;
    int64_t group = batch * keyHeads + head * keyHeads / heads;
    return {batch,
            head,
            row % queries,
            p.query.getFloats().data() + (row - row % queries) * headDim,
            p.key.getFloats().data() + group * keys * headDim,
            p.value.getFloats().data() + group * keys * valueDim};
  }

  /// Adds the key at position `position`.
  void addKey(const QueryRow &at, const double *query, int64_t position,
              Softmax &softmax) const {
    int64_t index = position - p.keyOffset;
    softmax.add(p.scale * dot(query, at.keys + index * headDim, headDim),
                at.values + index * valueDim);
  }

  /// The definition: keys of the query's segment and phase that exist, if the
  /// query is itself in the phase.
  void addKeys(BranchAttr branch, const QueryRow &at, Softmax &softmax) const {
    int64_t w = branch.getSegment(), r = branch.getDilation();
    int64_t phase = getPhase(branch, p.headOffset + at.head, p.heads);
    int64_t position = p.queryOffset + at.index;
    if (position % w % r != phase)
      return;
    int64_t segment = position / w * w;
    int64_t end = std::min(segment + w, p.keyOffset + keys);
    if (p.causal)
      end = std::min(end, position + 1);
    if (p.lengths)
      end = std::min(end, p.lengths->getInts()[at.batch]);
    int64_t first = segment + phase;
    if (first < p.keyOffset)
      first += divideCeil(p.keyOffset - first, r) * r;
    for (int64_t key = first; key < end; key += r)
      addKey(at, at.queries + at.index * headDim, key, softmax);
  }

  /// torchscale pads every segment to rows of zeros that take part, and lays
  /// its results out with that padding: the result at row `at.index` may be
  /// that of another query, or of one of zeros.
  void addPaddedKeys(BranchAttr branch, const QueryRow &at,
                     Softmax &softmax) const {
    int64_t w = std::min(branch.getSegment(), keys), r = branch.getDilation();
    int64_t phase = getPhase(branch, p.headOffset + at.head, p.heads);
    int64_t rows = divideCeil(w, r), pitch = rows * r;
    int64_t position = p.queryOffset + at.index;
    int64_t segment = position / pitch, inSegment = position % pitch;
    if (inSegment % r != phase)
      return;
    int64_t source = segment * w + inSegment;
    SmallVector<double> zeros;
    const double *query;
    if (inSegment < w && source < keys) {
      query = at.queries + (source - p.queryOffset) * headDim;
    } else {
      zeros.assign(headDim, 0);
      query = zeros.data();
    }
    int64_t end = std::min(segment * w + w, keys), seen = 0;
    for (int64_t key = segment * w + phase; key < end; key += r, ++seen)
      addKey(at, query, key, softmax);
    for (; seen < rows; ++seen)
      softmax.add(0, nullptr);
  }

  const Problem &p;
  int64_t heads, queries, headDim, keyHeads, keys, valueDim;
};

/// Sizes that the types leave open.
template <typename Op>
Error check(Op op, const Problem &p) {
  if (Error error = checkSameSize(op, "batch size",
                                  {{p.query.getDim(0), "query"},
                                   {p.key.getDim(0), "key"},
                                   {p.value.getDim(0), "value"}}))
    return error;
  if (Error error = checkSameSize(
          op, "number of key and value heads",
          {{p.key.getDim(1), "key"}, {p.value.getDim(1), "value"}}))
    return error;
  if (Error error = checkSameSize(
          op, "number of key and value rows",
          {{p.key.getDim(2), "key"}, {p.value.getDim(2), "value"}}))
    return error;
  if (Error error = checkGroups(op, p.query.getDim(1), p.key.getDim(1), "key"))
    return error;
  if (Error error = checkFirstPosition(op, "query_offset", p.queryOffset))
    return error;
  if (Error error = checkFirstPosition(op, "key_offset", p.keyOffset))
    return error;
  for (BranchAttr branch : p.branches) {
    if (Error error = checkPhases(op, branch, p.heads))
      return error;
    // Padding depends on how long the sequence is.
    int64_t end = p.queryOffset + p.query.getDim(2);
    if (branch.getPadding() == Padding::torchscale && end > p.key.getDim(2))
      return makeOpError(op, "expects all keys with padding = torchscale, got ",
                         p.key.getDim(2), " keys and queries up to position ",
                         end);
  }
  return Error::success();
}

template <typename Op>
Expected<Problem> getProblem(Op op, const Frame &frame) {
  RuntimeTensor query = frame.getTensor(op.getQuery());
  auto lengths = getLengths(op, op.getKvLengths(), query.getDim(0), frame);
  if (!lengths)
    return lengths.takeError();
  return Problem{query,
                 frame.getTensor(op.getKey()),
                 frame.getTensor(op.getValue()),
                 *lengths,
                 frame.getInt(op.getQueryOffset(), 0),
                 /*keyOffset=*/0,
                 /*headOffset=*/0,
                 /*heads=*/query.getDim(1),
                 op.getBranches(),
                 op.getCausal(),
                 getScaleOr(op.getScale(), query.getDim(3))};
}

} // namespace

Error evaluate(DilatedAttentionOp op, Frame &frame) {
  Expected<Problem> problem = getProblem(op, frame);
  if (!problem)
    return problem.takeError();
  if (Error error = check(op, *problem))
    return error;
  ArrayRef<int64_t> rows = problem->query.getShape().drop_back();
  bool padded = llvm::any_of(op.getBranches(), [](BranchAttr branch) {
    return branch.getPadding() == Padding::torchscale;
  });
  if (padded)
    if (Error error = checkSameSize(
            op, "number of rows with padding = torchscale",
            {{rows[2], "query"}, {problem->key.getDim(2), "key"}}))
      return error;
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
  Expected<Problem> problem = getProblem(op, frame);
  if (!problem)
    return problem.takeError();
  int64_t batch = problem->query.getDim(0), queryHeads = problem->heads;
  int64_t queries = problem->query.getDim(2);
  problem->keyOffset = frame.getInt(op.getKeyOffset(), 0);
  problem->headOffset = frame.getInt(op.getHeadOffset(), 0);
  problem->heads = frame.getInt(op.getHeads(), queryHeads);
  if (Error error = check(op, *problem))
    return error;
  if (problem->headOffset < 0 || problem->headOffset > problem->heads ||
      problem->heads - problem->headOffset < queryHeads)
    return makeOpError(op, "expects ", queryHeads, " heads from head ",
                       problem->headOffset, " within ", problem->heads,
                       " heads");
  Expected<RuntimeTensor> out = frame.takeTensor(op.getOut(), op);
  if (!out)
    return addPrefix(op, out.takeError());
  Expected<RuntimeTensor> lse = frame.takeTensor(op.getLse(), op);
  if (!lse)
    return addPrefix(op, lse.takeError());
  const std::pair<const char *, int64_t> sizes[] = {
      {"batch size", batch},
      {"number of heads", queryHeads},
      {"number of query rows", queries}};
  for (auto [dim, size] : enumerate(sizes))
    if (Error error = checkSameSize(op, size.first,
                                    {{size.second, "query"},
                                     {out->getDim(dim), "out"},
                                     {lse->getDim(dim), "lse"}}))
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
