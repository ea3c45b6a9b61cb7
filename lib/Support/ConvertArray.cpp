//===- ConvertArray.cpp - Conversion between element types -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "longnet/Support/Array.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/ErrorHandling.h"
#include <cmath>

using namespace llvm;
using namespace longnet;

namespace {

/// The types that C++ has no portable name for, by their bits.
struct Boolean {
  uint8_t bits;
};
struct Half {
  uint16_t bits;
};
struct BFloat {
  uint16_t bits;
};

} // namespace

// Every function on one element is free of branches, so that the loop over an
// array becomes vector code.

//===----------------------------------------------------------------------===//
// From narrow types to C++'s own, exactly
//===----------------------------------------------------------------------===//

template <typename T>
static T widen(T value) {
  return value;
}

static uint8_t widen(Boolean value) { return value.bits != 0; }

static float widen(BFloat value) {
  return bit_cast<float>(static_cast<uint32_t>(value.bits) << 16);
}

static float widen(Half value) {
  // Shifts exponent and mantissa into place and corrects the exponent's bias.
  // Subtracting 2^-14 renormalizes what was subnormal.
  uint32_t magnitude = static_cast<uint32_t>(value.bits & 0x7fff) << 13;
  uint32_t exponent = magnitude & 0x0f800000;
  uint32_t biased = magnitude + ((127 - 15) << 23);
  uint32_t special = biased + ((128 - 16) << 23);
  uint32_t subnormal =
      bit_cast<uint32_t>(bit_cast<float>(biased + (1 << 23)) - 0x1p-14f);
  uint32_t result = exponent == 0x0f800000 ? special
                    : exponent == 0        ? subnormal
                                           : biased;
  uint32_t sign = static_cast<uint32_t>(value.bits & 0x8000) << 16;
  return bit_cast<float>(result | sign);
}

//===----------------------------------------------------------------------===//
// Rounding to odd
//===----------------------------------------------------------------------===//

// A wide value reaches f16 and bf16 by way of f32. Rounding to nearest twice
// would be wrong near ties; rounding to odd first keeps what the second
// rounding needs to know, since f32 has more than two bits to spare.

static float roundToOdd(float value) { return value; }

static float roundToOdd(double value) {
  auto nearest = static_cast<float>(value);
  bool inexact = nearest != value && value == value;
  bool away = std::fabs(static_cast<double>(nearest)) > std::fabs(value);
  uint32_t bits = bit_cast<uint32_t>(nearest);
  uint32_t odd = (bits - (away ? 1 : 0)) | 1;
  return bit_cast<float>(inexact ? odd : bits);
}

static float roundToOdd(uint8_t value) { return value; }

static float roundToOdd(int32_t value) {
  return roundToOdd(static_cast<double>(value));
}

static float roundToOdd(int64_t value) {
  // f64 holds integers up to 2^53; larger ones are rounded to odd multiples of
  // 1024 first, which it holds too.
  constexpr int64_t exact = int64_t(1) << 53;
  int64_t odd = (value & ~int64_t(1023)) | ((value & 1023) != 0 ? 1024 : 0);
  bool large = value > exact || value < -exact;
  return roundToOdd(static_cast<double>(large ? odd : value));
}

//===----------------------------------------------------------------------===//
// From f32 to narrower types, to nearest even
//===----------------------------------------------------------------------===//

static void narrow(float value, BFloat &result) {
  uint32_t bits = bit_cast<uint32_t>(value);
  uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  // The top bit of a NaN's mantissa keeps the rest from vanishing.
  uint32_t quiet = (bits >> 16) | 0x40;
  result.bits = value != value ? quiet : rounded;
}

static void narrow(float value, Half &result) {
  uint32_t bits = bit_cast<uint32_t>(value);
  uint32_t magnitude = bits & 0x7fffffff;
  uint32_t sign = (bits >> 16) & 0x8000;
  // Normal: corrects the exponent's bias and rounds at bit 13.
  uint32_t normal =
      (magnitude - ((127 - 15) << 23) + 0xfff + ((magnitude >> 13) & 1)) >> 13;
  // Subnormal: the sum with 0.5 has its last bit where f16 has it.
  uint32_t subnormal = bit_cast<uint32_t>(bit_cast<float>(magnitude) + 0.5f) -
                       bit_cast<uint32_t>(0.5f);
  uint32_t quiet = 0x7e00 | ((magnitude >> 13) & 0x3ff);
  constexpr uint32_t infinity = 0x7f800000;
  constexpr uint32_t tooLarge = (127 + 16) << 23;
  constexpr uint32_t smallestNormal = (127 - 14) << 23;
  uint32_t rounded = magnitude > infinity         ? quiet
                     : magnitude >= tooLarge      ? 0x7c00
                     : magnitude < smallestNormal ? subnormal
                                                  : normal;
  result.bits = rounded | sign;
}

//===----------------------------------------------------------------------===//
// Arrays
//===----------------------------------------------------------------------===//

template <typename T>
static constexpr bool isNarrow =
    std::is_same_v<T, Half> || std::is_same_v<T, BFloat>;

template <typename From, typename To>
static void convertElements(const Array &from, Array &to) {
  const From *source = from.getElements<From>().data();
  To *target = to.getElements<To>().data();
  for (size_t i = 0, size = from.getNumElements(); i < size; ++i) {
    if constexpr (isNarrow<To>)
      narrow(roundToOdd(widen(source[i])), target[i]);
    else
      target[i] = static_cast<To>(widen(source[i]));
  }
}

template <typename From>
static void convertElements(const Array &from, Array &to) {
  switch (to.getElementType()) {
  case ElementType::F64:
    return convertElements<From, double>(from, to);
  case ElementType::F32:
    return convertElements<From, float>(from, to);
  case ElementType::F16:
    return convertElements<From, Half>(from, to);
  case ElementType::BF16:
    return convertElements<From, BFloat>(from, to);
  case ElementType::I64:
    return convertElements<From, int64_t>(from, to);
  case ElementType::Bool:
  case ElementType::U8:
  case ElementType::I32:
    break;
  }
  llvm_unreachable("not a type to convert to");
}

/// Calls `function` with a value of the C++ type of the elements.
template <typename Function>
static auto visitElementType(ElementType type, Function function) {
  switch (type) {
  case ElementType::Bool:
    return function(Boolean());
  case ElementType::U8:
    return function(uint8_t());
  case ElementType::I32:
    return function(int32_t());
  case ElementType::I64:
    return function(int64_t());
  case ElementType::F16:
    return function(Half());
  case ElementType::BF16:
    return function(BFloat());
  case ElementType::F32:
    return function(float());
  case ElementType::F64:
    return function(double());
  }
  llvm_unreachable("unknown element type");
}

/// Checks that every element is an integer that i64 holds.
template <typename T>
static Error checkIntegers(const Array &array) {
  for (auto [index, element] : llvm::enumerate(array.getElements<T>())) {
    double value = widen(element);
    if (std::trunc(value) != value || value < -0x1p63 || value >= 0x1p63)
      return createStringError("element %zu is %.17g, which is not an i64",
                               index, value);
  }
  return Error::success();
}

Expected<Array> longnet::convertArray(Array array, ElementType type,
                                      uint64_t maxBytes) {
  if (array.getElementType() == type)
    return array;
  Error error =
      visitElementType(array.getElementType(), [&](auto element) -> Error {
        using From = decltype(element);
        if constexpr (isNarrow<From> || std::is_floating_point_v<From>)
          if (type == ElementType::I64)
            return checkIntegers<From>(array);
        return Error::success();
      });
  if (error)
    return std::move(error);
  Expected<Array> result = Array::create(type, array.getShape(), maxBytes);
  if (!result)
    return result.takeError();
  visitElementType(array.getElementType(), [&](auto element) {
    convertElements<decltype(element)>(array, *result);
  });
  return result;
}
