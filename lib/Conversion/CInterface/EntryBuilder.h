//===- EntryBuilder.h - Builds one C entry -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_LIB_CONVERSION_CINTERFACE_ENTRYBUILDER_H
#define LONGNET_LIB_CONVERSION_CINTERFACE_ENTRYBUILDER_H

#include "longnet/Conversion/CInterface/FunctionInterface.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace longnet {

/// Builds the function that checks its arguments and passes them on. The
/// builder's insertion point is where the function goes.
class EntryBuilder {
public:
  EntryBuilder(mlir::ImplicitLocOpBuilder &builder,
               const FunctionInterface &interface);

  /// `sizes` computes `interface.computedSizes`, null if there are none.
  /// `permit` asks the system to let the process use AMX tiles, null if the
  /// code does not.
  mlir::LLVM::LLVMFuncOp build(mlir::LLVM::LLVMFuncOp implementation,
                               mlir::LLVM::LLVMFuncOp sizes,
                               mlir::LLVM::LLVMFuncOp permit);

  /// What the codes that the entry returns mean, beginning with code 1.
  llvm::ArrayRef<std::string> getMessages() const { return messages; }

private:
  /// What a checked tensor argument holds.
  struct Tensor {
    mlir::Value data, isEmpty;
    llvm::SmallVector<mlir::Value> sizes, strides;
  };

  /// Goes on if `condition` holds and otherwise returns the code of `message`.
  void check(mlir::Value condition, const llvm::Twine &message);

  Tensor unpack(const Parameter &parameter, mlir::Value argument);
  void checkElements(const Parameter &parameter, mlir::Value argument);
  void unpackSizes(const Parameter &parameter, mlir::Value argument,
                   Tensor &tensor);
  void unpackStrides(const Parameter &parameter, mlir::Value argument,
                     Tensor &tensor);
  void unpackData(const Parameter &parameter, mlir::Value argument,
                  Tensor &tensor);
  void checkTie(const SizeTie &tie);
  void checkComputedSizes(mlir::LLVM::LLVMFuncOp sizes);
  void checkTiles(mlir::LLVM::LLVMFuncOp permit);

  /// The arguments of the lowered function for the parameters up to the first
  /// output, or for all.
  llvm::SmallVector<mlir::Value> getArguments(bool withOutputs);

  mlir::Value getSize(ParameterDim dim) {
    return tensors[dim.parameter].sizes[dim.dim];
  }
  mlir::Value constant(int64_t value, unsigned bits = 64);
  mlir::Value compare(mlir::LLVM::ICmpPredicate predicate, mlir::Value lhs,
                      mlir::Value rhs);
  mlir::Value isGiven(mlir::Value pointer);
  /// Loads field `index` of the DLTensor at `argument`.
  mlir::Value loadField(mlir::Value argument, int32_t index);
  /// Loads element `index` of an array of i64.
  mlir::Value loadElement(mlir::Value array, int32_t index);

  mlir::ImplicitLocOpBuilder &builder;
  const FunctionInterface &interface;
  mlir::LLVM::LLVMStructType tensorType;
  mlir::Type pointerType, i64;

  mlir::Block *fail = nullptr;
  llvm::SmallVector<mlir::Value> arguments;
  /// One for each parameter; nothing for scalars.
  llvm::SmallVector<Tensor> tensors;
  std::vector<std::string> messages;
};

} // namespace longnet

#endif // LONGNET_LIB_CONVERSION_CINTERFACE_ENTRYBUILDER_H
