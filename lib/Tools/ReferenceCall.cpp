//===- ReferenceCall.cpp - Calling the interpreter -*- C++ -*-==============//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Execute.h"
#include "longnet/Reference/Interpreter.h"

using namespace mlir;
using namespace longnet;
using llvm::Expected;

/// Copies `from` into `to` elementwise.
template <typename T>
static void copyElements(ArrayRef<T> from, MutableArrayRef<T> to) {
  llvm::copy(from, to.begin());
}

static Expected<RuntimeTensor> toRuntime(const Array &array, Type element) {
  auto tensor = RuntimeTensor::create(element, array.getShape());
  if (!tensor)
    return tensor;
  // A copy that conversion may take apart.
  Expected<Array> wide =
      Array::create(array.getElementType(), array.getShape());
  if (!wide)
    return wide.takeError();
  std::memcpy(wide->getData(), array.getData(), array.getSizeInBytes());
  wide = convertArray(std::move(*wide),
                      tensor->isFloat() ? ElementType::F64 : ElementType::I64);
  if (!wide)
    return wide.takeError();
  if (tensor->isFloat())
    copyElements<double>(wide->getElements<double>(),
                         tensor->getMutableFloats());
  else
    copyElements<int64_t>(wide->getElements<int64_t>(),
                          tensor->getMutableInts());
  return tensor;
}

static Expected<Array> toArray(const RuntimeTensor &tensor) {
  Expected<Array> array =
      Array::create(tensor.isFloat() ? ElementType::F64 : ElementType::I64,
                    tensor.getShape());
  if (!array)
    return array;
  if (!tensor.isFloat()) {
    copyElements<int64_t>(tensor.getInts(), array->getElements<int64_t>());
    return array;
  }
  copyElements<double>(tensor.getFloats(), array->getElements<double>());
  return convertArray(std::move(*array), tensor.getElementType().isF64()
                                             ? ElementType::F64
                                             : ElementType::F32);
}

Expected<SmallVector<Array>>
longnet::runReference(func::FuncOp function, ArrayRef<Argument> arguments) {
  SmallVector<RuntimeValue> values;
  for (auto [argument, type] :
       llvm::zip_equal(arguments, function.getArgumentTypes())) {
    ArgumentValue value = argument.getValue();
    if (const auto *integer = std::get_if<int64_t>(&value)) {
      values.push_back(*integer);
    } else if (const auto *number = std::get_if<double>(&value)) {
      values.push_back(*number);
    } else {
      auto tensor = toRuntime(*std::get<const Array *>(value),
                              cast<RankedTensorType>(type).getElementType());
      if (!tensor)
        return tensor.takeError();
      values.push_back(std::move(*tensor));
    }
  }
  auto results = interpret(function, values);
  if (!results)
    return results.takeError();
  SmallVector<Array> arrays;
  for (const RuntimeValue &result : *results) {
    Expected<Array> array = toArray(std::get<RuntimeTensor>(result));
    if (!array)
      return array.takeError();
    arrays.push_back(std::move(*array));
  }
  return arrays;
}
