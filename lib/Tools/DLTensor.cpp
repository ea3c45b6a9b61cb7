//===- DLTensor.cpp - DLPack's tensors -*- C++ -*-==========================//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DLTensor.h"
#include "longnet/Conversion/CInterface/FunctionInterface.h"

using namespace longnet;

/// DLPack's code of an element type.
static uint8_t getTypeCode(ElementType type) {
  switch (type) {
  case ElementType::I32:
  case ElementType::I64:
    return 0;
  case ElementType::F16:
  case ElementType::F32:
  case ElementType::F64:
    return 2;
  case ElementType::BF16:
    return 4;
  case ElementType::Bool:
  case ElementType::U8:
    break;
  }
  llvm_unreachable("not a type of tensors");
}

DLTensor longnet::viewArray(const Array &array) {
  constexpr int32_t cpu = 1;
  ElementType type = array.getElementType();
  llvm::ArrayRef<int64_t> shape = array.getShape();
  return {const_cast<void *>(array.getData()),
          cpu,
          /*deviceId=*/0,
          static_cast<int32_t>(shape.size()),
          getTypeCode(type),
          static_cast<uint8_t>(8 * getElementSize(type)),
          /*typeLanes=*/1,
          shape.data(),
          /*strides=*/nullptr,
          /*byteOffset=*/0};
}

Scalar longnet::makeScalar(const ArgumentValue &value, mlir::Type type) {
  Scalar scalar;
  if (type.isF32())
    scalar.f32 = static_cast<float>(std::get<double>(value));
  else if (type.isF64())
    scalar.f64 = std::get<double>(value);
  else if (type.isInteger(32))
    scalar.i32 = static_cast<int32_t>(std::get<int64_t>(value));
  else
    scalar.i64 = std::get<int64_t>(value);
  return scalar;
}
