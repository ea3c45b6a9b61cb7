//===- Geometry.h - The arithmetic of a branch -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Which rows a branch keeps and what they cost, written once: every formula is
// a template that holds for `int64_t` and for `IndexExpr` alike, so verifiers,
// lowerings and cost models share it.
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_DIALECT_LONGNET_IR_GEOMETRY_H
#define LONGNET_DIALECT_LONGNET_IR_GEOMETRY_H

#include "longnet/Dialect/LongNet/IR/IndexExpr.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>
#include <cstdint>

namespace longnet {

class BranchAttr;

/// The largest position of a row, segment length and dilation that are taken.
/// They are summed and multiplied; this leaves room for all of it.
constexpr int64_t largestPosition = int64_t(1) << 48;

inline int64_t floorDiv(int64_t a, int64_t b) {
  return llvm::divideFloorSigned(a, b);
}
inline int64_t ceilDiv(int64_t a, int64_t b) {
  return llvm::divideCeilSigned(a, b);
}
inline int64_t remainder(int64_t a, int64_t b) {
  return a - b * floorDiv(a, b);
}
inline int64_t minimum(int64_t a, int64_t b) { return std::min(a, b); }
inline int64_t maximum(int64_t a, int64_t b) { return std::max(a, b); }

/// Contiguous positions [begin, end) of the global axis.
template <typename Index>
struct Span {
  Index begin;
  Index end;
};

/// `first, first + dilation, ...`: `count` positions.
template <typename Index>
struct Rows {
  Index first;
  Index count;
};

/// Rows that stay of a segment of `rows` rows: `ceil(rows / r)`, the most that
/// any phase keeps. `rows` is `min(w, N)`, so a segment longer than the
/// sequence costs nothing.
template <typename Index>
Index rowsPerSegment(Index rows, int64_t dilation) {
  return ceilDiv(rows, dilation);
}

/// The index of the first segment that holds a position of `span`, and of the
/// one after the last.
template <typename Index>
Span<Index> segmentsOf(Span<Index> span, int64_t segment) {
  return {floorDiv(span.begin, segment), ceilDiv(span.end, segment)};
}

/// Rows of segment `index` in the phase `phase` whose positions lie in `span`.
template <typename Index>
Rows<Index> keptRows(Index index, Index phase, Span<Index> span,
                     int64_t segment, int64_t dilation) {
  Index base = index * segment + phase;
  Index end = minimum(index * segment + segment, span.end);
  Index first =
      base + maximum(ceilDiv(span.begin - base, dilation), 0) * dilation;
  return {first, maximum(ceilDiv(end - first, dilation), 0)};
}

/// How many leading rows of `keys` a causal query at `position` sees, all of
/// one phase. May exceed the number of keys or be negative.
template <typename Index>
Index causalKeys(Rows<Index> keys, Index position, int64_t dilation) {
  return floorDiv(position - keys.first, dilation) + 1;
}

/// A problem's extent, for exact costs. Lengths are in rows.
struct Extent {
  int64_t batch, queryHeads, keyHeads, queries, keys, headDim, valueDim;
  int64_t queryOffset = 0;
  bool causal = false;
  /// Valid keys of each batch entry, or empty.
  llvm::ArrayRef<int64_t> keyLengths = {};

  /// Valid keys of batch entry `b`.
  int64_t keyCount(int64_t b) const {
    return keyLengths.empty() ? keys
                              : std::clamp<int64_t>(keyLengths[b], 0, keys);
  }
};

/// What a pattern costs: useful work only, nothing for masked or absent rows.
struct Cost {
  /// (query, key) pairs, over all batches, heads and branches.
  double pairs = 0;
  /// Floating-point operations of the two contractions, 2 (D + Dv) pairs.
  double flop = 0;
  /// Of the five contractions of the gradient, (6 D + 4 Dv) pairs.
  double gradientFlop = 0;
};

/// The exact cost of `branches` on `extent`, in time linear in the number of
/// segments.
Cost costOf(llvm::ArrayRef<BranchAttr> branches, const Extent &extent);

} // namespace longnet

#endif // LONGNET_DIALECT_LONGNET_IR_GEOMETRY_H
