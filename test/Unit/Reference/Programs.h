//===- Programs.h - Programs for the interpreter to run -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_TEST_UNIT_REFERENCE_PROGRAMS_H
#define LONGNET_TEST_UNIT_REFERENCE_PROGRAMS_H

#include "longnet/Reference/Interpreter.h"
#include "mlir/IR/MLIRContext.h"
#include <optional>
#include <string>
#include <vector>

namespace longnet::test {

using Values = llvm::SmallVector<RuntimeValue>;
using Tensors = llvm::SmallVector<RuntimeTensor>;

/// The context of all tests, with the dialects that are interpreted.
mlir::MLIRContext &getContext();

mlir::Type getF64();
mlir::Type getIndex();

/// Interprets @main of a module.
llvm::Expected<Values> run(llvm::StringRef text,
                           llvm::ArrayRef<RuntimeValue> arguments = {});

/// The message of the error that interpreting @main ends with.
std::string runToError(llvm::StringRef text,
                       llvm::ArrayRef<RuntimeValue> arguments = {});

RuntimeTensor makeFloats(llvm::ArrayRef<int64_t> shape,
                         llvm::ArrayRef<double> values);
RuntimeTensor makeInts(llvm::ArrayRef<int64_t> shape,
                       llvm::ArrayRef<int64_t> values);

/// The generator of generate_numbers.py.
class Generator {
public:
  explicit Generator(uint64_t seed) : state(seed) {}

  double next();
  RuntimeTensor makeTensor(llvm::ArrayRef<int64_t> shape);

private:
  uint64_t state;
};

/// A problem of dilated attention on f64. Batch, key heads and rows are dynamic
/// in the programs.
struct Problem {
  int64_t batch, queryHeads, keyHeads, queries, keys, headDim, valueDim;
  std::vector<std::string> branches;
  bool causal = false;
  std::optional<double> scale = std::nullopt;
  std::optional<int64_t> queryOffset = std::nullopt;
  std::vector<int64_t> lengths = {};

  bool isPadded() const;
  /// Whether `attend` can express it: no result row is moved.
  bool isAligned() const;
};

/// A query, key and value for `problem`, always the same, and the arguments
/// %offset and %lengths that every program below takes after them.
Values makeArguments(const Problem &problem);
/// The same, and gradients %dout and %dlse.
Values makeGradientArguments(const Problem &problem);

// Programs that compute `problem`, each in its own way.

/// `dilated_attention`.
std::string writeAttention(const Problem &problem);
/// Pieces, as a person would write them.
std::string writePieces(const Problem &problem);
/// One `attend`.
std::string writeAttend(const Problem &problem);
/// `attend` on tiles of one batch entry, head and `chunk` queries, and in it
/// on `keyChunk` keys at a time.
std::string writeTiles(const Problem &problem, int64_t chunk, int64_t keyChunk);
/// An `attend` for each branch.
std::string writeChain(const Problem &problem);

// Programs that compute the gradients of query, key and value.

/// `dilated_attention_grad` of the results of `dilated_attention`.
std::string writeGradient(const Problem &problem, bool detached);
/// An `attend_grad` for each branch. This and the next program take %dout, %lse
/// and a delta for each branch after the arguments of the programs above.
std::string writeGradientChain(const Problem &problem);
/// The same on tiles of one batch entry, head, `chunk` queries and `keyChunk`
/// keys.
std::string writeGradientTiles(const Problem &problem, int64_t chunk,
                               int64_t keyChunk);

/// The results of a program, which must run and return tensors.
Tensors runTensors(llvm::StringRef text,
                   llvm::ArrayRef<RuntimeValue> arguments);

/// `out` and `lse` of a program, which must run.
struct Result {
  RuntimeTensor out, lse;
};
Result runProblem(llvm::StringRef text, llvm::ArrayRef<RuntimeValue> arguments);

/// The largest difference, relative to values above 1. Infinite where only one
/// of two elements is infinite or NaN, or the shapes differ.
double getDifference(const RuntimeTensor &a, const RuntimeTensor &b);
double getDifference(llvm::ArrayRef<RuntimeTensor> a,
                     llvm::ArrayRef<RuntimeTensor> b);
double getDifference(const Result &a, const Result &b);

} // namespace longnet::test

#endif // LONGNET_TEST_UNIT_REFERENCE_PROGRAMS_H
