//===- Array.h - Dense arrays in aligned memory -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_SUPPORT_ARRAY_H
#define LONGNET_SUPPORT_ARRAY_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cassert>
#include <cstdint>
#include <cstdlib>
#include <memory>

namespace longnet {

/// What an array holds. Bool is one byte, true unless it is zero.
enum class ElementType { Bool, U8, I32, I64, F16, BF16, F32, F64 };

/// The size of one element in bytes.
size_t getElementSize(ElementType type);

/// The element type's name as MLIR spells it, such as `bf16`.
llvm::StringRef getElementTypeName(ElementType type);

/// A shape and its element type as MLIR spells them, such as `2x3xf32`.
std::string formatArrayType(ElementType type, llvm::ArrayRef<int64_t> shape);

/// The bytes that an array takes, or an error where a dimension is negative or
/// the size overflows.
llvm::Expected<size_t> getArraySize(ElementType type,
                                    llvm::ArrayRef<int64_t> shape);

/// The memory that can be had without swapping, in bytes; no limit where the
/// system does not tell.
uint64_t getAvailableMemory();

/// A dense array in C order. It owns its memory, which is aligned for any
/// vector instruction and never null.
class Array {
public:
  static constexpr size_t alignment = 64;

  /// An array whose elements are not initialized. Asking for more than
  /// `maxBytes` is an error, so that a wrong shape does not bring the machine
  /// down.
  static llvm::Expected<Array> create(ElementType type,
                                      llvm::ArrayRef<int64_t> shape,
                                      uint64_t maxBytes = getAvailableMemory());

  ElementType getElementType() const { return elementType; }
  llvm::ArrayRef<int64_t> getShape() const { return shape; }
  size_t getNumElements() const { return bytes / getElementSize(elementType); }
  size_t getSizeInBytes() const { return bytes; }

  void *getData() { return data.get(); }
  const void *getData() const { return data.get(); }

  /// The elements as `T`, which must be as wide as the element type.
  template <typename T>
  llvm::MutableArrayRef<T> getElements() {
    assert(sizeof(T) == getElementSize(elementType) && "wrong element type");
    return {static_cast<T *>(getData()), getNumElements()};
  }
  template <typename T>
  llvm::ArrayRef<T> getElements() const {
    assert(sizeof(T) == getElementSize(elementType) && "wrong element type");
    return {static_cast<const T *>(getData()), getNumElements()};
  }

private:
  struct Free {
    void operator()(void *pointer) const { std::free(pointer); }
  };

  Array(ElementType elementType, llvm::ArrayRef<int64_t> shape, size_t bytes,
        std::unique_ptr<void, Free> data)
      : elementType(elementType), shape(shape.begin(), shape.end()),
        bytes(bytes), data(std::move(data)) {}

  ElementType elementType;
  llvm::SmallVector<int64_t> shape;
  size_t bytes;
  std::unique_ptr<void, Free> data;
};

/// The array with its elements converted to `type`, which is i64 or a float
/// type. Rounds once, to nearest even, whatever the two types; NaN stays NaN,
/// and what exceeds the range becomes infinite. A float that is not an i64 is
/// an error that names the element.
llvm::Expected<Array> convertArray(Array array, ElementType type,
                                   uint64_t maxBytes = getAvailableMemory());

} // namespace longnet

#endif // LONGNET_SUPPORT_ARRAY_H
