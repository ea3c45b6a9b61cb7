//===- Interpreter.h - The oracle -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// A float64 interpreter of the operations of levels 0 to 2 on tensors, written
// from their definitions and sharing no code with any lowering. It also runs
// what surrounds them before bufferization:
//
//   func    func, call, return, without recursion deeper than 256 calls
//   arith   constant, select, cmpi, index_cast, integer arithmetic
//   affine  apply, min, max, semi-affine too
//   tensor  empty, dim, cast, extract, extract_slice, insert_slice
//   linalg  fill, and generic that only casts between float types
//   scf     for, if, forall with tensor.parallel_insert_slice
//
// Arithmetic is in double whatever the element types, and nothing is rounded
// to them. The results of absent query rows of `longnet.attention`, which are
// unspecified, are 0 and -inf; the contents of `tensor.empty` are NaN, or the
// smallest integer, so that a read of them shows.
//
// A score of -inf has weight zero: a row that sees no other is (0, -inf), like
// one that sees nothing. A score that is +inf or NaN makes its row NaN.
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_REFERENCE_INTERPRETER_H
#define LONGNET_REFERENCE_INTERPRETER_H

#include "longnet/Reference/RuntimeValue.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace longnet {

/// Calls `entry` and returns its results. The arguments must be of the types of
/// `entry`. Sizes that do not fit, operands out of range and operations that
/// are not interpreted are errors that name the operation and its location.
///
/// Rows are computed in parallel on the thread pool of the context, if it has
/// one; the results do not depend on it.
llvm::Expected<llvm::SmallVector<RuntimeValue>>
interpret(mlir::func::FuncOp entry, llvm::ArrayRef<RuntimeValue> arguments);

} // namespace longnet

#endif // LONGNET_REFERENCE_INTERPRETER_H
