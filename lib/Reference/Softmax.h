//===- Softmax.h - The softmax of one row -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_LIB_REFERENCE_SOFTMAX_H
#define LONGNET_LIB_REFERENCE_SOFTMAX_H

#include "mlir/IR/Threading.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/MathExtras.h"
#include <cstdint>

namespace longnet {

/// A mean of rows weighted by the exponentials of their scores, in two passes:
/// first the largest score, then everything relative to it.
class Softmax {
public:
  /// Adds a row. One that is null is a row of zeros.
  void add(double score, const double *row) { rows.push_back({score, row}); }

  /// Writes the mean of the rows added since the last call and returns the
  /// logarithm of the sum of their weights: zeros and -inf if that sum is zero.
  double finish(llvm::MutableArrayRef<double> mean);

private:
  struct Row {
    double score;
    const double *values;
  };
  llvm::SmallVector<Row, 0> rows;
};

/// The inner product of two rows of `size` elements.
double dot(const double *a, const double *b, int64_t size);

/// Calls `compute(row, softmax)` for every row in [0, count), in parallel.
template <typename Fn>
void forEachRow(mlir::MLIRContext *context, int64_t count, Fn &&compute) {
  // Enough work for a task, and enough tasks for all threads.
  constexpr int64_t chunk = 32;
  mlir::parallelFor(context, 0, llvm::divideCeil(count, chunk), [&](size_t i) {
    Softmax softmax;
    int64_t begin = i * chunk, end = std::min(begin + chunk, count);
    for (int64_t row = begin; row < end; ++row)
      compute(row, softmax);
  });
}

} // namespace longnet

#endif // LONGNET_LIB_REFERENCE_SOFTMAX_H
