//===- LongNetBase.td - The longnet dialect ----------------*- tablegen -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_DIALECT_LONGNET_IR_LONGNETBASE_TD
#define LONGNET_DIALECT_LONGNET_IR_LONGNETBASE_TD

include "mlir/IR/DialectBase.td"
include "mlir/IR/OpBase.td"

def LongNet_Dialect : Dialect {
  let name = "longnet";
  let cppNamespace = "::longnet";
  let summary = "Dilated attention, from its definition down to tiles";
  let description = [{
    LongNet (arXiv 2307.02486) attends inside segments of `w` rows of which
    every `r`-th is kept, with a phase per head, and combines several such
    branches `(w, r)` by their softmax denominators. Cost is linear in the
    sequence length.

    The dialect has three levels:

    - level 0, *what*: `dilated_attention`, the definition in one operation;
    - level 1, *pieces*: `segment`, `sparsify`, `attention`, `scatter` and
      `combine`, from which any segmented and dilated pattern can be built;
    - level 2, *kernels*: `attend`, a whole pattern read directly from strided
      rows of the original sequences, and `attend_tile`, one dense tile of it
      with a running softmax, or `attend_strip`, many tiles for a unit that wants
      them in one pipeline.

    Sequence length, batch and heads may be dynamic everywhere; the head
    dimension and the pattern are static.
  }];
  let useDefaultAttributePrinterParser = 1;
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::tensor::TensorDialect"
  ];
}

class LongNet_Op<string mnemonic, list<Trait> traits = []>
    : Op<LongNet_Dialect, mnemonic, traits>;

#endif // LONGNET_DIALECT_LONGNET_IR_LONGNETBASE_TD
