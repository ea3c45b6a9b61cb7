//===- Measure.cpp - Time and memory of a call -*- C++ -*-==================//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Measure.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include <chrono>
#ifdef __GLIBC__
#include <malloc.h>
#endif

using namespace llvm;
using namespace longnet;

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

/// A size from /proc/self/status, in bytes.
static std::optional<uint64_t> readStatus(StringRef name) {
  auto buffer = MemoryBuffer::getFileAsStream("/proc/self/status");
  if (!buffer)
    return std::nullopt;
  StringRef text =
      (*buffer)->getBuffer().split(("\n" + name + ":").str()).second;
  uint64_t kibibytes;
  if (text.ltrim().consumeInteger(10, kibibytes))
    return std::nullopt;
  return kibibytes * 1024;
}

/// Makes the process's peak of resident memory its current size.
static bool resetPeak() {
#ifdef __GLIBC__
  // What was freed would hide as much of what is allocated from now on.
  malloc_trim(0);
#endif
  int descriptor;
  if (sys::fs::openFileForWrite("/proc/self/clear_refs", descriptor,
                                sys::fs::CD_OpenExisting))
    return false;
  raw_fd_ostream stream(descriptor, /*shouldClose=*/true);
  stream << "5";
  stream.flush();
  bool done = !stream.has_error();
  stream.clear_error();
  return done;
}

namespace {
/// The most memory that is resident since this was made, above what was then.
class PeakMemory {
public:
  PeakMemory() {
    if (resetPeak())
      before = readStatus("VmRSS");
  }

  std::optional<uint64_t> getBytes() const {
    std::optional<uint64_t> peak = readStatus("VmHWM");
    if (!before || !peak)
      return std::nullopt;
    return *peak > *before ? *peak - *before : 0;
  }

private:
  std::optional<uint64_t> before;
};
} // namespace

//===----------------------------------------------------------------------===//
// Time
//===----------------------------------------------------------------------===//

double Measurement::getMedian() const {
  std::vector<double> sorted = seconds;
  llvm::sort(sorted);
  size_t middle = sorted.size() / 2;
  return sorted.size() % 2 ? sorted[middle]
                           : (sorted[middle - 1] + sorted[middle]) / 2;
}

Expected<Measurement> longnet::measure(function_ref<Error()> call,
                                       unsigned repeat) {
  Measurement measurement;
  {
    // The first call is the one that has to get its memory from the system.
    PeakMemory peak;
    if (Error error = call())
      return std::move(error);
    measurement.peakBytes = peak.getBytes();
  }
  for (unsigned i = 0; i < repeat; ++i) {
    auto start = std::chrono::steady_clock::now();
    if (Error error = call())
      return std::move(error);
    std::chrono::duration<double> time =
        std::chrono::steady_clock::now() - start;
    measurement.seconds.push_back(time.count());
  }
  return measurement;
}

//===----------------------------------------------------------------------===//
// The report
//===----------------------------------------------------------------------===//

json::Value longnet::makeReport(const Measurement &measurement,
                                const MeasuredCode &code) {
  double median = measurement.getMedian();
  json::Object report{{"entry", code.entry},
                      {"target", code.target},
                      {"threads", code.threads},
                      {"compile_seconds", code.compileSeconds},
                      {"median_seconds", median},
                      {"seconds", json::Array(measurement.seconds)},
                      {"peak_memory_bytes", measurement.peakBytes},
                      {"flop", code.sizes.flop},
                      {"gflops", nullptr},
                      {"tokens_per_second", nullptr}};
  if (code.sizes.flop && median > 0)
    report["gflops"] = *code.sizes.flop / median * 1e-9;
  if (code.sizes.tokens && median > 0)
    report["tokens_per_second"] = *code.sizes.tokens / median;
  return report;
}
