//===- Frame.h - Values of a function being interpreted -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_LIB_REFERENCE_FRAME_H
#define LONGNET_LIB_REFERENCE_FRAME_H

#include "longnet/Reference/RuntimeValue.h"
#include "mlir/IR/Operation.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/DenseMap.h"

namespace longnet {

/// For every operation of a function the values that nothing uses after it, so
/// that memory does not grow with the length of a chain.
class LastUses {
public:
  explicit LastUses(mlir::Operation *function);

  llvm::ArrayRef<mlir::Value> get(mlir::Operation *op) const;

private:
  void add(mlir::Value value, mlir::Block &block);

  llvm::DenseMap<mlir::Operation *, llvm::SmallVector<mlir::Value, 2>> dying;
};

/// Whether an SSA value of type `type` may hold `held`, whatever float or
/// integer its elements are.
bool isOfType(const RuntimeValue &held, mlir::Type type);

/// The values of one call of a function.
class Frame {
public:
  explicit Frame(const LastUses &lastUses) : lastUses(lastUses) {}

  /// Gives `value`, a result or a block argument, what it holds. Fails where
  /// that is not of its type; a tensor takes on the element type.
  llvm::Error set(mlir::Value value, RuntimeValue held);

  const RuntimeValue &get(mlir::Value value) const;
  int64_t getInt(mlir::Value value) const;
  /// The integer, or `otherwise` where there is no value.
  int64_t getInt(mlir::Value value, int64_t otherwise) const;
  double getFloat(mlir::Value value) const;
  RuntimeTensor getTensor(mlir::Value value) const;

  /// Integers that are partly static.
  llvm::SmallVector<int64_t>
  getInts(llvm::ArrayRef<mlir::OpFoldResult> values) const;

  /// What `values` hold.
  llvm::SmallVector<RuntimeValue> getAll(mlir::ValueRange values) const;

  /// The tensor `value`, an operand of `op`, to be written in place.
  llvm::Expected<RuntimeTensor> takeTensor(mlir::Value value,
                                           mlir::Operation *op);

  /// Forgets the values that nothing uses after `op`.
  void forgetAfter(mlir::Operation *op);

private:
  const LastUses &lastUses;
  llvm::DenseMap<mlir::Value, RuntimeValue> values;
};

} // namespace longnet

#endif // LONGNET_LIB_REFERENCE_FRAME_H
