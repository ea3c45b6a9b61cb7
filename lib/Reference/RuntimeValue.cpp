//===- RuntimeValue.cpp - Values of the interpreter -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "longnet/Reference/RuntimeValue.h"
#include "Diagnose.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/CheckedArithmetic.h"
#include "llvm/Support/raw_ostream.h"
#include <cstdlib>
#include <cstring>

using namespace llvm;
using mlir::Type;

namespace longnet {

// Elements are doubles or 64-bit integers.
static constexpr size_t elementSize = 8;
static_assert(sizeof(double) == elementSize && sizeof(int64_t) == elementSize);

static std::string formatTensorType(Type elementType, ArrayRef<int64_t> shape) {
  std::string text;
  raw_string_ostream os(text);
  os << "tensor<";
  for (int64_t size : shape)
    os << size << 'x';
  os << elementType << '>';
  return text;
}

std::string formatType(const RuntimeValue &value) {
  if (auto *tensor = std::get_if<RuntimeTensor>(&value))
    return formatTensorType(tensor->getElementType(), tensor->getShape());
  return std::holds_alternative<double>(value) ? "a float" : "an integer";
}

static bool isInterpreted(Type elementType) {
  if (auto integer = dyn_cast<mlir::IntegerType>(elementType))
    return integer.getWidth() >= 1 && integer.getWidth() <= 64;
  return isa<mlir::FloatType, mlir::IndexType>(elementType);
}

Expected<RuntimeTensor> RuntimeTensor::create(Type elementType,
                                              ArrayRef<int64_t> shape) {
  if (!isInterpreted(elementType))
    return makeError("elements of type ", elementType, " are not interpreted");
  std::optional<int64_t> count = 1;
  for (int64_t size : shape) {
    if (size < 0)
      return makeError("a tensor cannot have the negative size ", size);
    if (count)
      count = checkedMul(*count, size);
  }
  // Nothing is as large as the other sizes say if one of them is zero.
  if (is_contained(shape, 0))
    count = 0;
  std::optional<int64_t> bytes =
      count ? checkedMul<int64_t>(*count, elementSize) : std::nullopt;
  void *data = bytes ? std::calloc(std::max<size_t>(*bytes, 1), 1) : nullptr;
  if (!data)
    return makeError(formatTensorType(elementType, shape),
                     " does not fit in memory");
  return RuntimeTensor(elementType, shape, *count,
                       std::shared_ptr<void>(data, std::free));
}

bool RuntimeTensor::isFloat() const {
  return isa<mlir::FloatType>(elementType);
}

Error RuntimeTensor::detach() {
  if (data.use_count() == 1)
    return Error::success();
  Expected<RuntimeTensor> copy = create(elementType, shape);
  if (!copy)
    return copy.takeError();
  std::memcpy(copy->data.get(), data.get(), count * elementSize);
  *this = std::move(*copy);
  return Error::success();
}

RuntimeTensor RuntimeTensor::withShape(ArrayRef<int64_t> shape) const {
  RuntimeTensor result = *this;
  result.shape.assign(shape.begin(), shape.end());
  return result;
}

RuntimeTensor RuntimeTensor::withElementType(Type elementType) const {
  assert(isa<mlir::FloatType>(elementType) == isFloat() &&
         "floats cannot become integers");
  RuntimeTensor result = *this;
  result.elementType = elementType;
  return result;
}

} // namespace longnet
