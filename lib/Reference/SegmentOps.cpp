//===- SegmentOps.cpp - segment, sparsify and scatter -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Diagnose.h"
#include "LongNetOps.h"
#include "llvm/Support/CheckedArithmetic.h"
#include "llvm/Support/MathExtras.h"
#include <limits>

using namespace llvm;
using mlir::Value;

namespace longnet {

/// Copies row `from` of `source` to row `to` of `result`, both counted in rows
/// of `width` elements.
static void copyRow(ArrayRef<double> source, int64_t from,
                    MutableArrayRef<double> result, int64_t to, int64_t width) {
  llvm::copy(source.slice(from * width, width), result.begin() + to * width);
}

//===----------------------------------------------------------------------===//
// SegmentOp
//===----------------------------------------------------------------------===//

Error evaluate(SegmentOp op, Frame &frame) {
  int64_t n = frame.getTensor(op.getSources()[0]).getDim(2);
  for (Value source : op.getSources())
    if (Error error =
            checkSameSize(op, "number of rows in all sources",
                          {{n, "the first source"},
                           {frame.getTensor(source).getDim(2), "another"}}))
      return error;
  int64_t origin = frame.getInt(op.getOrigin(), 0);
  if (Error error = checkFirstPosition(op, "origin", origin))
    return error;
  int64_t w = op.getSegment(), end = origin + n, width = std::min(w, n);
  std::optional<RuntimeTensor> grid;
  int64_t segments = divideCeil(end, w) - origin / w;
  if (op.getGrid()) {
    grid = frame.getTensor(op.getGrid());
    segments = grid->getDim(0);
  }

  Expected<RuntimeTensor> positions = addPrefix(
      op, RuntimeTensor::create(op.getPositions().getType().getElementType(),
                                {segments, width}));
  if (!positions)
    return positions.takeError();
  MutableArrayRef<int64_t> at = positions->getMutableInts();
  for (int64_t g = 0; width > 0 && g < segments; ++g) {
    int64_t index = origin / w + g;
    if (grid) {
      // A segment of the grid without rows is one without rows here.
      int64_t gridWidth = grid->getDim(1);
      int64_t position = gridWidth == 0 ? -1 : grid->getInts()[g * gridWidth];
      index = position < 0 ? -1 : position / w;
    }
    // Not start + w, which may overflow.
    int64_t start = index * w, first = std::max(start, origin);
    int64_t rows = index < 0 ? 0 : std::min(w - (first - start), end - first);
    for (int64_t x = 0; x < width; ++x)
      at[g * width + x] = x < rows ? first + x : -1;
  }

  for (auto [value, result] : zip(op.getSources(), op.getRows())) {
    RuntimeTensor source = frame.getTensor(value);
    int64_t outer = source.getDim(0) * source.getDim(1), d = source.getDim(3);
    Expected<RuntimeTensor> rows =
        addPrefix(op, RuntimeTensor::create(source.getElementType(),
                                            {source.getDim(0), source.getDim(1),
                                             segments, width, d}));
    if (!rows)
      return rows.takeError();
    for (int64_t bh = 0; bh < outer; ++bh)
      for (int64_t row = 0; row < segments * width; ++row)
        if (at[row] != -1)
          copyRow(source.getFloats(), bh * n + at[row] - origin,
                  rows->getMutableFloats(), bh * segments * width + row, d);
    if (Error error = frame.set(result, std::move(*rows)))
      return error;
  }
  return frame.set(op.getPositions(), std::move(*positions));
}

//===----------------------------------------------------------------------===//
// SparsifyOp
//===----------------------------------------------------------------------===//

/// `a mod b`, which is not negative.
static int64_t modulo(int64_t a, int64_t b) {
  int64_t rest = a % b;
  return rest < 0 ? rest + b : rest;
}

Error evaluate(SparsifyOp op, Frame &frame) {
  BranchAttr branch = op.getBranch();
  int64_t w = branch.getSegment(), r = branch.getDilation();
  RuntimeTensor at = frame.getTensor(op.getAt());
  int64_t segments = at.getDim(0), width = at.getDim(1);
  int64_t firstHeads = frame.getTensor(op.getSources()[0]).getDim(1);
  int64_t heads = frame.getInt(op.getHeads(), firstHeads);
  if (heads < 0)
    return makeOpError(op, "expects a number of heads of at least 0, got ",
                       heads);
  if (Error error = checkPhases(op, branch, heads))
    return error;
  int64_t kept = divideCeil(width, r);
  Expected<RuntimeTensor> positions = addPrefix(
      op, RuntimeTensor::create(op.getPositions().getType().getElementType(),
                                {heads, segments, kept}));
  if (!positions)
    return positions.takeError();

  // The row of segment `g` that becomes row `m` of head `h`, or -1.
  auto getSource = [&](int64_t h, int64_t g, int64_t m) -> int64_t {
    ArrayRef<int64_t> segment = at.getInts().slice(g * width, width);
    int64_t phase = getPhase(branch, h, heads);
    int64_t x = modulo(phase - modulo(segment[0], w), r) + m * r;
    return x < width && segment[x] != -1 ? x : -1;
  };

  MutableArrayRef<int64_t> result = positions->getMutableInts();
  for (int64_t row = 0, e = result.size(); row < e; ++row) {
    int64_t m = row % kept, g = row / kept % segments,
            h = row / kept / segments;
    if (branch.getPadding() != Padding::torchscale) {
      int64_t x = getSource(h, g, m);
      result[row] = x == -1 ? -1 : at.getInts()[g * width + x];
      continue;
    }
    // Padding is laid out by the segment's place in the whole sequence.
    int64_t first = at.getInts()[g * width], index = first < 0 ? g : first / w;
    std::optional<int64_t> position = checkedMulAdd(index, kept, m);
    if (position)
      position = checkedMulAdd(*position, r, getPhase(branch, h, heads));
    if (!position)
      return makeOpError(op, "position of row ", m, " of segment ", index,
                         " overflows");
    result[row] = *position;
  }

  for (auto [value, rowsOf] : zip(op.getSources(), op.getRows())) {
    RuntimeTensor source = frame.getTensor(value);
    int64_t batch = source.getDim(0), groups = source.getDim(1),
            d = source.getDim(4);
    if (op.getHeads())
      if (Error error = checkSameSize(
              op, "number of heads in all sources",
              {{firstHeads, "the first source"}, {groups, "another"}}))
        return error;
    if (Error error = checkGroups(op, heads, groups, "a source"))
      return error;
    if (Error error = checkSameSize(
            op, "number of segments",
            {{segments, "the positions"}, {source.getDim(2), "a source"}}))
      return error;
    if (Error error = checkSameSize(
            op, "number of rows a segment",
            {{width, "the positions"}, {source.getDim(3), "a source"}}))
      return error;
    Expected<RuntimeTensor> sparse =
        addPrefix(op, RuntimeTensor::create(source.getElementType(),
                                            {batch, heads, segments, kept, d}));
    if (!sparse)
      return sparse.takeError();
    for (int64_t b = 0; b < batch; ++b)
      for (int64_t h = 0; h < heads; ++h)
        for (int64_t g = 0; g < segments; ++g)
          for (int64_t m = 0; m < kept; ++m) {
            int64_t x = getSource(h, g, m);
            int64_t group = b * groups + h * groups / heads;
            if (x != -1)
              copyRow(source.getFloats(), (group * segments + g) * width + x,
                      sparse->getMutableFloats(),
                      ((b * heads + h) * segments + g) * kept + m, d);
          }
    if (Error error = frame.set(rowsOf, std::move(*sparse)))
      return error;
  }
  return frame.set(op.getPositions(), std::move(*positions));
}

//===----------------------------------------------------------------------===//
// ScatterOp
//===----------------------------------------------------------------------===//

Error evaluate(ScatterOp op, Frame &frame) {
  RuntimeTensor rows = frame.getTensor(op.getRows()),
                rowsLse = frame.getTensor(op.getRowsLse()),
                positions = frame.getTensor(op.getPositions());
  int64_t batch = rows.getDim(0), heads = rows.getDim(1), d = rows.getDim(4);
  int64_t perHead = rows.getDim(2) * rows.getDim(3);
  if (rowsLse.getShape() != rows.getShape().drop_back())
    return makeOpError(op, "expects rows_lse of the sizes of the rows, ",
                       formatType(rows), ", got ", formatType(rowsLse));
  bool perHeadPositions = positions.getShape().size() == 3;
  if (positions.getShape() !=
      rows.getShape().drop_back().drop_front(perHeadPositions ? 1 : 2))
    return makeOpError(op, "expects positions of the sizes of the rows, ",
                       formatType(rows), ", got ", formatType(positions));
  int64_t length = frame.getInt(op.getLength());
  int64_t origin = frame.getInt(op.getOrigin(), 0);
  if (length < 0)
    return makeOpError(op, "expects a length of at least 0, got ", length);
  if (Error error = checkFirstPosition(op, "origin", origin))
    return error;

  Expected<RuntimeTensor> out =
      addPrefix(op, RuntimeTensor::create(rows.getElementType(),
                                          {batch, heads, length, d}));
  if (!out)
    return out.takeError();
  Expected<RuntimeTensor> lse =
      addPrefix(op, RuntimeTensor::create(rowsLse.getElementType(),
                                          {batch, heads, length}));
  if (!lse)
    return lse.takeError();
  MutableArrayRef<double> outs = out->getMutableFloats(),
                          lses = lse->getMutableFloats();
  llvm::fill(lses, -std::numeric_limits<double>::infinity());
  for (int64_t bh = 0; bh < batch * heads; ++bh)
    for (int64_t row = 0; row < perHead; ++row) {
      int64_t head = perHeadPositions ? bh % heads : 0;
      int64_t position = positions.getInts()[head * perHead + row];
      if (position == -1 || position < origin || position - origin >= length)
        continue;
      int64_t from = bh * perHead + row, to = bh * length + position - origin;
      copyRow(rows.getFloats(), from, outs, to, d);
      lses[to] = rowsLse.getFloats()[from];
    }
  if (Error error = frame.set(op.getOut(), std::move(*out)))
    return error;
  return frame.set(op.getLse(), std::move(*lse));
}

} // namespace longnet
