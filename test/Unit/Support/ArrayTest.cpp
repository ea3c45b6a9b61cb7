//===- ArrayTest.cpp - Sizes and allocation of arrays -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "longnet/Support/Array.h"
#include "gtest/gtest.h"
#include <limits>

using namespace llvm;
using namespace longnet;

static constexpr int64_t largest = std::numeric_limits<int64_t>::max();

TEST(ArrayTest, createsAlignedArrays) {
  Expected<Array> array = Array::create(ElementType::F32, {2, 3, 5});
  ASSERT_TRUE(static_cast<bool>(array));
  EXPECT_EQ(array->getElementType(), ElementType::F32);
  EXPECT_EQ(array->getShape(), ArrayRef<int64_t>({2, 3, 5}));
  EXPECT_EQ(array->getNumElements(), 30u);
  EXPECT_EQ(array->getSizeInBytes(), 120u);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(array->getData()) % Array::alignment,
            0u);
}

TEST(ArrayTest, scalarHasOneElement) {
  Expected<Array> array = Array::create(ElementType::F64, {});
  ASSERT_TRUE(static_cast<bool>(array));
  EXPECT_EQ(array->getNumElements(), 1u);
}

TEST(ArrayTest, emptyArrayHasABuffer) {
  // The other dimensions would overflow, but there is nothing to hold.
  Expected<Array> array = Array::create(ElementType::F64, {0, 1 << 30});
  ASSERT_TRUE(static_cast<bool>(array));
  EXPECT_EQ(array->getNumElements(), 0u);
  EXPECT_NE(array->getData(), nullptr);
}

TEST(ArrayTest, rejectsImpossibleShapes) {
  EXPECT_EQ(toString(getArraySize(ElementType::U8, {4, -3}).takeError()),
            "negative dimension -3");
  EXPECT_EQ(toString(getArraySize(ElementType::F32, {largest}).takeError()),
            "the size of 9223372036854775807xf32 overflows");
  // The product wraps around to a small number.
  EXPECT_EQ(toString(getArraySize(ElementType::BF16,
                                  {int64_t(1) << 32, int64_t(1) << 32, 0})
                         .takeError()),
            "the size of 4294967296x4294967296x0xbf16 overflows");
}

TEST(ArrayTest, respectsTheLimit) {
  EXPECT_TRUE(static_cast<bool>(Array::create(ElementType::I32, {4}, 16)));
  EXPECT_EQ(toString(Array::create(ElementType::I32, {5}, 16).takeError()),
            "5xi32 needs 20 bytes of memory, but 16 are available");
}

TEST(ArrayTest, reportsFailedAllocation) {
  EXPECT_EQ(toString(Array::create(ElementType::U8, {largest - 127},
                                   std::numeric_limits<uint64_t>::max())
                         .takeError()),
            "out of memory: cannot allocate 9223372036854775680 bytes");
}

TEST(ArrayTest, availableMemoryIsPlausible) {
  EXPECT_GT(getAvailableMemory(), uint64_t(1) << 20);
}
