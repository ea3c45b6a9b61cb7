//===- Measure.h - Time and memory of a call -*- C++ -*-====================//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_LIB_TOOLS_MEASURE_H
#define LONGNET_LIB_TOOLS_MEASURE_H

#include "Evaluate.h"
#include "llvm/Support/JSON.h"

namespace longnet {

/// What was measured of repeated calls.
struct Measurement {
  std::vector<double> seconds;
  /// The most memory that a call took on top of what was there before; nothing
  /// where the system does not tell.
  std::optional<uint64_t> peakBytes;

  double getMedian() const;
};

/// Calls `call` once to warm up, and then `repeat` times.
llvm::Expected<Measurement> measure(llvm::function_ref<llvm::Error()> call,
                                    unsigned repeat);

/// What a measurement is of.
struct MeasuredCode {
  std::string entry, target;
  unsigned threads;
  double compileSeconds;
  CallSizes sizes;
};

/// A report with the fields `median_seconds`, `seconds`, `flop`, `gflops`,
/// `tokens_per_second`, `peak_memory_bytes`, `compile_seconds`, `threads`,
/// `target` and `entry`; what is not known is null.
llvm::json::Value makeReport(const Measurement &measurement,
                             const MeasuredCode &code);

} // namespace longnet

#endif // LONGNET_LIB_TOOLS_MEASURE_H
