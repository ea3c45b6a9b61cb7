//===- RuntimeValue.h - Values of the interpreter -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_REFERENCE_RUNTIMEVALUE_H
#define LONGNET_REFERENCE_RUNTIMEVALUE_H

#include "mlir/IR/Types.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <memory>
#include <variant>

namespace longnet {

/// A dense tensor in C order. Every float element is a double, whatever the
/// element type, and every integer or index an int64_t: sign extended, but
/// 0 or 1 for i1. Copies share their elements until one of them is detached.
class RuntimeTensor {
public:
  /// A tensor of zeros. Fails where a size is negative, the tensor does not fit
  /// in memory, or the element type is neither a float, an index nor an integer
  /// of at most 64 bits.
  static llvm::Expected<RuntimeTensor> create(mlir::Type elementType,
                                              llvm::ArrayRef<int64_t> shape);

  mlir::Type getElementType() const { return elementType; }
  llvm::ArrayRef<int64_t> getShape() const { return shape; }
  int64_t getDim(unsigned dim) const { return shape[dim]; }
  int64_t getNumElements() const { return count; }
  bool isFloat() const;

  llvm::ArrayRef<double> getFloats() const {
    assert(isFloat() && "integer elements");
    return {static_cast<const double *>(data.get()), size_t(count)};
  }
  llvm::ArrayRef<int64_t> getInts() const {
    assert(!isFloat() && "float elements");
    return {static_cast<const int64_t *>(data.get()), size_t(count)};
  }

  /// The elements to be written, which no other tensor may share: those of a
  /// tensor fresh from `create`, or detached.
  llvm::MutableArrayRef<double> getMutableFloats() {
    assert(isFloat() && data.use_count() == 1 && "shared or integer elements");
    return {static_cast<double *>(data.get()), size_t(count)};
  }
  llvm::MutableArrayRef<int64_t> getMutableInts() {
    assert(!isFloat() && data.use_count() == 1 && "shared or float elements");
    return {static_cast<int64_t *>(data.get()), size_t(count)};
  }

  /// Copies the elements unless this tensor has them for itself.
  llvm::Error detach();

  /// The same elements as another shape with as many, or as another element
  /// type of the same kind. Values are not rounded.
  RuntimeTensor withShape(llvm::ArrayRef<int64_t> shape) const;
  RuntimeTensor withElementType(mlir::Type elementType) const;

private:
  RuntimeTensor(mlir::Type elementType, llvm::ArrayRef<int64_t> shape,
                int64_t count, std::shared_ptr<void> data)
      : elementType(elementType), shape(shape), count(count),
        data(std::move(data)) {}

  mlir::Type elementType;
  llvm::SmallVector<int64_t, 5> shape;
  int64_t count;
  std::shared_ptr<void> data;
};

/// What an SSA value holds at run time: an index or integer as in the elements
/// of a tensor, a float, or a tensor.
using RuntimeValue = std::variant<int64_t, double, RuntimeTensor>;

/// The type of `value` for messages, such as `tensor<2x3xf32>`.
std::string formatType(const RuntimeValue &value);

} // namespace longnet

#endif // LONGNET_REFERENCE_RUNTIMEVALUE_H
