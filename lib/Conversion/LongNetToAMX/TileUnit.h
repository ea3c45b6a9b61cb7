//===- TileUnit.h - AMX instructions on pointers -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_LIB_CONVERSION_LONGNETTOAMX_TILEUNIT_H
#define LONGNET_LIB_CONVERSION_LONGNETTOAMX_TILEUNIT_H

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace longnet {

/// Rows of a tile register, and f32 or pairs of bf16 in a row.
constexpr int64_t tileRows = 16;
constexpr int64_t tileRowBytes = 64;

/// Emits instructions for tile registers by their numbers, as the schedule of
/// a kernel needs them: with the `amx` dialect, LLVM assigns registers, and
/// stores them where it pleases. All tiles have full size. A function that
/// uses this must not use that dialect.
class TileUnit {
public:
  explicit TileUnit(mlir::ImplicitLocOpBuilder &b) : b(b) {}

  /// The address of the first element of `buffer`, of offset 0.
  mlir::Value pointerTo(mlir::Value buffer);
  mlir::Value offset(mlir::Value pointer, int64_t bytes);
  /// `bytes` is an index.
  mlir::Value offset(mlir::Value pointer, mlir::Value bytes);
  /// Scratch on the stack, aligned to a page.
  mlir::Value allocate(int64_t bytes);

  mlir::Value load(mlir::Type vector, mlir::Value pointer);
  void store(mlir::Value vector, mlir::Value pointer);
  mlir::Value constant(mlir::Type type, mlir::Attribute value);
  mlir::Value splat(mlir::VectorType type, double value);

  /// Gives all tile registers their full size, and clears them.
  void configure();
  /// Clears the registers and their configuration.
  void release();
  /// Makes vectors take denormals for zero, and saves what they did to `saved`.
  void flushDenormals(mlir::Value saved, mlir::Value scratch);
  void restoreDenormals(mlir::Value saved);
  void zero(unsigned tile);
  void load(unsigned tile, mlir::Value pointer, int64_t stride);
  /// The same for what is read once and should not stay in the first cache.
  void loadStreamed(unsigned tile, mlir::Value pointer, int64_t stride);
  void store(unsigned tile, mlir::Value pointer, int64_t stride);
  /// sums[16, 16] += left[16, 32] right[16, 16, 2] of bf16.
  void multiply(unsigned sums, unsigned left, unsigned right);

  /// The result of an LLVM intrinsic.
  mlir::Value call(llvm::StringRef name, mlir::Type result,
                   mlir::ValueRange operands);
  /// `value` behind a barrier that code does not move across, in a register of
  /// class `constraint`.
  mlir::Value pin(mlir::Value value, llvm::StringRef constraint = "v");

  /// A barrier that loads and stores do not move across.
  void fence();

private:
  mlir::Value number(unsigned tile);
  void emit(llvm::StringRef name, mlir::ValueRange operands);
  void move(llvm::StringRef name, unsigned tile, mlir::Value pointer,
            int64_t stride);

  mlir::ImplicitLocOpBuilder &b;
};

} // namespace longnet

#endif // LONGNET_LIB_CONVERSION_LONGNETTOAMX_TILEUNIT_H
