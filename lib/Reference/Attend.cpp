//===- Attend.cpp - Who attends to whom -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Attend.h"
#include "Diagnose.h"

using namespace llvm;
using mlir::Operation;

namespace longnet {

static bool isPadded(BranchAttr branch) {
  return branch.getPadding() == Padding::torchscale;
}

Error check(Operation *op, const Problem &p) {
  if (Error error = checkSameSizes(
          op, {"batch size"},
          {{p.query, "query"}, {p.key, "key"}, {p.value, "value"}}))
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
    if (isPadded(branch) && end > p.key.getDim(2))
      return makeOpError(op, "expects all keys with padding = torchscale, got ",
                         p.key.getDim(2), " keys and queries up to position ",
                         end);
  }
  if (p.headOffset < 0 || p.headOffset > p.heads ||
      p.heads - p.headOffset < p.query.getDim(1))
    return makeOpError(op, "expects ", p.query.getDim(1), " heads from head ",
                       p.headOffset, " within ", p.heads, " heads");
  return Error::success();
}

Error checkPadding(Operation *op, const Problem &p) {
  if (llvm::none_of(p.branches, isPadded))
    return Error::success();
  return checkSameSize(
      op, "number of rows with padding = torchscale",
      {{p.query.getDim(2), "query"}, {p.key.getDim(2), "key"}});
}

Attend::Attend(const Problem &problem)
    : p(problem), heads(p.query.getDim(1)), queries(p.query.getDim(2)),
      headDim(p.query.getDim(3)), keyHeads(p.key.getDim(1)),
      keys(p.key.getDim(2)), valueDim(p.value.getDim(3)), zeros(headDim) {}

/// The definition: keys of the query's segment and phase that exist, if the
/// query is itself in the phase.
SeenKeys Attend::getKeys(BranchAttr branch, int64_t row) const {
  if (isPadded(branch))
    return getPaddedKeys(branch, row);
  int64_t w = branch.getSegment(), r = branch.getDilation();
  int64_t head = row / queries % heads, batch = row / queries / heads;
  int64_t phase = getPhase(branch, p.headOffset + head, p.heads);
  int64_t position = p.queryOffset + row % queries;
  if (position % w % r != phase)
    return {};
  int64_t segment = position / w * w;
  int64_t end = std::min(segment + w, p.keyOffset + keys);
  if (p.causal)
    end = std::min(end, position + 1);
  if (p.lengths)
    end = std::min(end, p.lengths->getInts()[batch]);
  int64_t first = segment + phase;
  if (first < p.keyOffset)
    first += divideCeil(p.keyOffset - first, r) * r;
  return {getQuery(row), first - p.keyOffset, end - p.keyOffset, r,
          /*missing=*/0};
}

/// torchscale pads every segment to rows of zeros that take part, and lays its
/// results out with that padding: the result at a row may be that of another
/// query, or of one of zeros.
SeenKeys Attend::getPaddedKeys(BranchAttr branch, int64_t row) const {
  int64_t w = std::min(branch.getSegment(), keys), r = branch.getDilation();
  int64_t head = row / queries % heads;
  int64_t phase = getPhase(branch, p.headOffset + head, p.heads);
  int64_t rows = divideCeil(w, r), pitch = rows * r;
  int64_t position = p.queryOffset + row % queries;
  int64_t segment = position / pitch, inSegment = position % pitch;
  if (inSegment % r != phase)
    return {};
  int64_t source = segment * w + inSegment;
  int64_t first = segment * w + phase, end = std::min(segment * w + w, keys);
  int64_t seen = first < end ? divideCeil(end - first, r) : 0;
  bool exists = inSegment < w && source < keys;
  return {exists ? getQuery(row + source - position) : zeros.data(), first, end,
          r, rows - seen};
}

void Attend::addKeys(BranchAttr branch, int64_t row, Softmax &softmax) const {
  SeenKeys seen = getKeys(branch, row);
  int64_t group = row / getRowsPerGroup();
  const double *k = p.key.getFloats().data() + getKeyAt(group, 0);
  const double *v = p.value.getFloats().data() + getValueAt(group, 0);
  for (int64_t at = seen.first; at < seen.end; at += seen.step)
    softmax.add(p.scale * dot(seen.query, k + at * headDim, headDim),
                v + at * valueDim);
  for (int64_t i = 0; i < seen.missing; ++i)
    softmax.add(0, nullptr);
}

void Attend::addKeys(int64_t row, Softmax &softmax) const {
  for (BranchAttr branch : p.branches)
    addKeys(branch, row, softmax);
}

} // namespace longnet
