//===- Array.cpp - Dense arrays in aligned memory -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "longnet/Support/Array.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include <limits>

using namespace llvm;
using namespace longnet;

size_t longnet::getElementSize(ElementType type) {
  switch (type) {
  case ElementType::Bool:
  case ElementType::U8:
    return 1;
  case ElementType::F16:
  case ElementType::BF16:
    return 2;
  case ElementType::I32:
  case ElementType::F32:
    return 4;
  case ElementType::I64:
  case ElementType::F64:
    return 8;
  }
  llvm_unreachable("unknown element type");
}

StringRef longnet::getElementTypeName(ElementType type) {
  switch (type) {
  case ElementType::Bool:
    return "i1";
  case ElementType::U8:
    return "ui8";
  case ElementType::I32:
    return "i32";
  case ElementType::I64:
    return "i64";
  case ElementType::F16:
    return "f16";
  case ElementType::BF16:
    return "bf16";
  case ElementType::F32:
    return "f32";
  case ElementType::F64:
    return "f64";
  }
  llvm_unreachable("unknown element type");
}

std::string longnet::formatArrayType(ElementType type,
                                     ArrayRef<int64_t> shape) {
  std::string text;
  for (int64_t dim : shape)
    text += std::to_string(dim) + "x";
  return text + getElementTypeName(type).str();
}

Expected<size_t> longnet::getArraySize(ElementType type,
                                       ArrayRef<int64_t> shape) {
  // Zeros are left out of the product, so that whether a shape is legal does
  // not depend on where its zeros stand.
  auto bytes = static_cast<int64_t>(getElementSize(type));
  bool empty = false;
  for (int64_t dim : shape) {
    if (dim < 0)
      return createStringError("negative dimension " + Twine(dim));
    if (dim == 0)
      empty = true;
    else if (MulOverflow(bytes, dim, bytes))
      return createStringError("the size of " + formatArrayType(type, shape) +
                               " overflows");
  }
  return empty ? 0 : static_cast<size_t>(bytes);
}

uint64_t longnet::getAvailableMemory() {
  constexpr uint64_t unknown = std::numeric_limits<uint64_t>::max();
  auto buffer = MemoryBuffer::getFileAsStream("/proc/meminfo");
  if (!buffer)
    return unknown;
  StringRef text = (*buffer)->getBuffer().split("MemAvailable:").second.ltrim();
  uint64_t kibibytes;
  return text.consumeInteger(10, kibibytes) ? unknown : kibibytes * 1024;
}

Expected<Array> Array::create(ElementType type, ArrayRef<int64_t> shape,
                              uint64_t maxBytes) {
  Expected<size_t> bytes = getArraySize(type, shape);
  if (!bytes)
    return bytes.takeError();
  if (*bytes > maxBytes)
    return createStringError(formatArrayType(type, shape) + " needs " +
                             Twine(*bytes) + " bytes of memory, but " +
                             Twine(maxBytes) + " are available");
  // An empty array gets memory too: its pointer stands for a valid buffer.
  size_t allocated = alignTo(std::max<size_t>(*bytes, 1), alignment);
  std::unique_ptr<void, Free> data(std::aligned_alloc(alignment, allocated));
  if (!data)
    return createStringError("out of memory: cannot allocate " +
                             Twine(allocated) + " bytes");
  return Array(type, shape, *bytes, std::move(data));
}
