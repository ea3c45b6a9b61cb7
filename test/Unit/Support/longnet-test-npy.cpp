//===- longnet-test-npy.cpp - Copies a .npy file -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// longnet-test-npy IN OUT f32|f64|i64 [THROUGH]: reads IN, converts it to
// THROUGH if that is given, then to the type of OUT, and writes OUT. What
// comes out is compared with what NumPy makes of IN.
//
//===----------------------------------------------------------------------===//

#include "longnet/Support/Npy.h"
#include "llvm/ADT/StringSwitch.h"

using namespace llvm;
using namespace longnet;

static ElementType parseElementType(StringRef name) {
  return StringSwitch<ElementType>(name)
      .Case("f64", ElementType::F64)
      .Case("f32", ElementType::F32)
      .Case("f16", ElementType::F16)
      .Case("bf16", ElementType::BF16)
      .Case("i64", ElementType::I64);
}

int main(int argc, char **argv) {
  ExitOnError exitOnError("longnet-test-npy: ");
  Array array = exitOnError(readNpy(argv[1]));
  if (argc > 4)
    array =
        exitOnError(convertArray(std::move(array), parseElementType(argv[4])));
  array =
      exitOnError(convertArray(std::move(array), parseElementType(argv[3])));
  exitOnError(writeNpy(argv[2], array));
  return 0;
}
