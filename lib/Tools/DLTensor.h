//===- DLTensor.h - DLPack's tensors -*- C++ -*-============================//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_LIB_TOOLS_DLTENSOR_H
#define LONGNET_LIB_TOOLS_DLTENSOR_H

#include "Evaluate.h"
#include "mlir/IR/Types.h"

namespace longnet {

/// DLTensor as DLPack defines it.
struct DLTensor {
  void *data;
  int32_t deviceType;
  int32_t deviceId;
  int32_t rank;
  uint8_t typeCode;
  uint8_t typeBits;
  uint16_t typeLanes;
  const int64_t *shape;
  const int64_t *strides;
  uint64_t byteOffset;
};

/// A tensor that lies in `array`, dense and in C order. Entries write only to
/// what they take for an output.
DLTensor viewArray(const Array &array);

/// A number in the type of a C parameter.
union Scalar {
  int32_t i32;
  int64_t i64;
  float f32;
  double f64;
};

Scalar makeScalar(const ArgumentValue &value, mlir::Type type);

} // namespace longnet

#endif // LONGNET_LIB_TOOLS_DLTENSOR_H
