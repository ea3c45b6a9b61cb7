//===- ConvertArrayTest.cpp - Rounding of every conversion -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// LLVM's software floating point is the reference.
//
//===----------------------------------------------------------------------===//

#include "longnet/Support/Array.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/APSInt.h"
#include "llvm/ADT/bit.h"
#include "gtest/gtest.h"
#include <limits>
#include <random>

using namespace llvm;
using namespace longnet;

template <typename T>
static Array makeArray(ElementType type, ArrayRef<T> values) {
  Array array =
      cantFail(Array::create(type, {static_cast<int64_t>(values.size())}));
  llvm::copy(values, array.getElements<T>().begin());
  return array;
}

static const fltSemantics &getSemantics(ElementType type) {
  switch (type) {
  case ElementType::F16:
    return APFloat::IEEEhalf();
  case ElementType::BF16:
    return APFloat::BFloat();
  case ElementType::F32:
    return APFloat::IEEEsingle();
  default:
    return APFloat::IEEEdouble();
  }
}

static APFloat getReference(double value) { return APFloat(value); }
static APFloat getReference(float value) { return APFloat(value); }

/// Converts `values` to `to`, whose bits are of type `Bits`, and compares with
/// the reference.
template <typename Bits, typename T>
static void checkFloats(ElementType from, ArrayRef<T> values, ElementType to) {
  Array result = cantFail(convertArray(makeArray(from, values), to));
  ArrayRef<Bits> bits = result.getElements<Bits>();
  for (size_t i = 0; i < values.size(); ++i) {
    APFloat expected(getSemantics(to));
    if constexpr (std::is_integral_v<T>) {
      expected.convertFromAPInt(APInt(64, values[i], /*isSigned=*/true),
                                /*IsSigned=*/true,
                                APFloat::rmNearestTiesToEven);
    } else {
      expected = getReference(values[i]);
      bool losesInfo;
      expected.convert(getSemantics(to), APFloat::rmNearestTiesToEven,
                       &losesInfo);
    }
    APFloat found(getSemantics(to), APInt(8 * sizeof(Bits), bits[i]));
    if (expected.isNaN())
      ASSERT_TRUE(found.isNaN()) << "element " << i;
    else
      ASSERT_TRUE(found.bitwiseIsEqual(expected))
          << "element " << i << ": " << found.convertToDouble() << " is not "
          << expected.convertToDouble();
  }
}

template <typename T>
static void checkAllFloats(ElementType from, ArrayRef<T> values) {
  checkFloats<uint16_t>(from, values, ElementType::F16);
  checkFloats<uint16_t>(from, values, ElementType::BF16);
  checkFloats<uint32_t>(from, values, ElementType::F32);
  checkFloats<uint64_t>(from, values, ElementType::F64);
}

/// Adds `value` and what a rounding function is likely to get wrong about it:
/// its neighbours and its negation.
template <typename T>
static void addNeighbours(std::vector<T> &values, T value) {
  constexpr T infinity = std::numeric_limits<T>::infinity();
  for (T x : {value, std::nextafter(value, infinity),
              std::nextafter(value, -infinity)})
    for (T sign : {T(1), T(-1)})
      values.push_back(sign * x);
}

/// Every f16 and the ties between them, every bf16 likewise, special values
/// and random bits.
template <typename T, typename Bits>
static std::vector<T> getInterestingFloats() {
  std::vector<T> values;
  for (const fltSemantics *semantics :
       {&APFloat::IEEEhalf(), &APFloat::BFloat()}) {
    for (unsigned bits = 0; bits < (1u << 15); ++bits) {
      APFloat value(*semantics, APInt(16, bits));
      if (!value.isFinite())
        continue;
      APFloat next = value;
      next.next(/*nextDown=*/false);
      double low = value.convertToDouble();
      double high = next.isFinite() ? next.convertToDouble() : low;
      addNeighbours<T>(values, static_cast<T>(low));
      addNeighbours<T>(values, static_cast<T>(low + (high - low) / 2));
    }
  }
  using Limits = std::numeric_limits<T>;
  for (T value : {Limits::infinity(), Limits::quiet_NaN(), Limits::max(),
                  Limits::min(), Limits::denorm_min()})
    addNeighbours<T>(values, value);
  // Between the largest f16 and infinity: the tie is 65520.
  for (T value : {T(65504), T(65519.99), T(65520), T(65536)})
    addNeighbours<T>(values, value);
  std::mt19937_64 random(7);
  for (int i = 0; i < 100000; ++i)
    values.push_back(bit_cast<T>(static_cast<Bits>(random())));
  return values;
}

TEST(ConvertArrayTest, roundsF32) {
  std::vector<float> values = getInterestingFloats<float, uint32_t>();
  checkAllFloats<float>(ElementType::F32, values);
}

TEST(ConvertArrayTest, roundsF64) {
  std::vector<double> values = getInterestingFloats<double, uint64_t>();
  checkAllFloats<double>(ElementType::F64, values);
}

TEST(ConvertArrayTest, roundsI64Once) {
  std::vector<int64_t> values = {0, 1, -1, std::numeric_limits<int64_t>::min(),
                                 std::numeric_limits<int64_t>::max()};
  std::mt19937_64 random(7);
  for (int i = 0; i < 100000; ++i)
    values.push_back(static_cast<int64_t>(random()) >> (i % 64));
  // Just beside the ties of f16, bf16 and f32, where rounding twice goes wrong.
  for (int shift = 0; shift < 60; ++shift)
    for (int64_t mantissa : {0x101, 0x103, 0x1001, 0x1003, 0x2000001})
      for (int64_t delta : {-1, 0, 1})
        if (mantissa <= std::numeric_limits<int64_t>::max() >> shift)
          values.push_back((mantissa << shift) + delta);
  checkAllFloats<int64_t>(ElementType::I64, values);
}

/// Converts all 2^16 values of a narrow type and compares with the reference.
static void checkWidening(ElementType from) {
  std::vector<uint16_t> bits(1 << 16);
  for (size_t i = 0; i < bits.size(); ++i)
    bits[i] = i;
  Array array = makeArray<uint16_t>(from, bits);
  Array result = cantFail(convertArray(std::move(array), ElementType::F64));
  for (auto [i, found] : llvm::enumerate(result.getElements<double>())) {
    APFloat expected(getSemantics(from), APInt(16, i));
    if (expected.isNaN())
      ASSERT_TRUE(std::isnan(found)) << i;
    else
      ASSERT_EQ(bit_cast<uint64_t>(found),
                bit_cast<uint64_t>(expected.convertToDouble()))
          << i;
  }
}

TEST(ConvertArrayTest, widensF16) { checkWidening(ElementType::F16); }

TEST(ConvertArrayTest, widensBF16) { checkWidening(ElementType::BF16); }

TEST(ConvertArrayTest, convertsSmallIntegers) {
  Array bools = makeArray<uint8_t>(ElementType::Bool, {0, 1, 255});
  Array result = cantFail(convertArray(std::move(bools), ElementType::I64));
  EXPECT_EQ(result.getElements<int64_t>(), ArrayRef<int64_t>({0, 1, 1}));
  Array bytes = makeArray<uint8_t>(ElementType::U8, {0, 1, 255});
  result = cantFail(convertArray(std::move(bytes), ElementType::F32));
  EXPECT_EQ(result.getElements<float>(), ArrayRef<float>({0, 1, 255}));
  // 2^24 + 1 lies between two f32.
  Array words = makeArray<int32_t>(ElementType::I32, {-7, 16777217});
  result = cantFail(convertArray(std::move(words), ElementType::F32));
  EXPECT_EQ(result.getElements<float>(), ArrayRef<float>({-7, 16777216}));
  words = makeArray<int32_t>(ElementType::I32, {257, -2147483647});
  result = cantFail(convertArray(std::move(words), ElementType::BF16));
  EXPECT_EQ(result.getElements<uint16_t>(),
            ArrayRef<uint16_t>({0x4380, 0xcf00}));
}

TEST(ConvertArrayTest, convertsIntegralFloats) {
  Array array = makeArray<double>(ElementType::F64, {3, -0.0, -0x1p63});
  Array result = cantFail(convertArray(std::move(array), ElementType::I64));
  EXPECT_EQ(result.getElements<int64_t>(),
            ArrayRef<int64_t>({3, 0, std::numeric_limits<int64_t>::min()}));
}

static std::string getErrorToI64(double value) {
  Array array = makeArray<double>(ElementType::F64, {3, value});
  return toString(convertArray(std::move(array), ElementType::I64).takeError());
}

TEST(ConvertArrayTest, rejectsFloatsThatAreNoIntegers) {
  EXPECT_EQ(getErrorToI64(1.5), "element 1 is 1.5, which is not an i64");
  EXPECT_EQ(getErrorToI64(std::nan("")),
            "element 1 is nan, which is not an i64");
  EXPECT_EQ(getErrorToI64(-INFINITY), "element 1 is -inf, which is not an i64");
  EXPECT_EQ(getErrorToI64(0x1p63),
            "element 1 is 9.2233720368547758e+18, which is not an i64");
}

TEST(ConvertArrayTest, keepsTheBufferOfTheSameType) {
  Array array = makeArray<float>(ElementType::F32, {1, 2});
  const void *data = array.getData();
  Array result = cantFail(convertArray(std::move(array), ElementType::F32));
  EXPECT_EQ(result.getData(), data);
}

TEST(ConvertArrayTest, respectsTheLimit) {
  Array array = makeArray<float>(ElementType::F32, {1, 2});
  EXPECT_EQ(
      toString(
          convertArray(std::move(array), ElementType::F64, 15).takeError()),
      "2xf64 needs 16 bytes of memory, but 15 are available");
}
