//===- Softmax.cpp - The softmax of one row -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Softmax.h"
#include <cmath>
#include <limits>

using namespace llvm;

namespace longnet {

static constexpr double infinity = std::numeric_limits<double>::infinity();

double Softmax::finish(MutableArrayRef<double> mean) {
  double largest = -infinity;
  for (const Row &row : rows)
    if (row.score > largest)
      largest = row.score;
  // Without a score above -inf all weights are zero, not exp(-inf + inf).
  double level = largest == -infinity ? 0 : largest;
  double sum = 0;
  for (Row &row : rows) {
    row.score = std::exp(row.score - level);
    sum += row.score;
  }
  // Weights are normalized first, so that the mean of large values is finite.
  double denominator = sum == 0 ? 1 : sum;
  std::fill(mean.begin(), mean.end(), 0);
  for (const Row &row : rows) {
    if (!row.values)
      continue;
    double weight = row.score / denominator;
    for (size_t d = 0, e = mean.size(); d < e; ++d)
      mean[d] += weight * row.values[d];
  }
  rows.clear();
  return level + std::log(sum);
}

double dot(const double *a, const double *b, int64_t size) {
  // Independent sums, for the compiler to keep in vectors.
  constexpr int64_t lanes = 8;
  double sums[lanes] = {};
  int64_t d = 0;
  for (; d + lanes <= size; d += lanes)
    for (int64_t lane = 0; lane < lanes; ++lane)
      sums[lane] += a[d + lane] * b[d + lane];
  double total = 0;
  for (double sum : sums)
    total += sum;
  for (; d < size; ++d)
    total += a[d] * b[d];
  return total;
}

} // namespace longnet
