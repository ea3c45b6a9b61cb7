//===- FunctionInterface.h - What a C entry takes -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// The parameters of an exported function and what their sizes have to fulfil.
// Derived while the function is still on tensors, it travels down the lowering
// as attributes of the function:
//
//   longnet.parameters = [{name = "query", type = tensor<?x?x?x64xf32>}, ...]
//   longnet.size_ties = [{size = [1, 0], equal = [0, 0], what = "batch"}, ...]
//   longnet.computed_sizes = [[3, 2], ...]
//
// A size is `[parameter, dimension]`, or in a tie's second place `[constant]`.
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_CONVERSION_CINTERFACE_FUNCTIONINTERFACE_H
#define LONGNET_CONVERSION_CINTERFACE_FUNCTIONINTERFACE_H

#include "longnet/Dialect/LongNet/IR/Geometry.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Operation.h"

namespace longnet {

/// One parameter of a C entry: inputs, then outputs.
struct Parameter {
  std::string name;
  /// A ranked tensor, an index, i32, i64, f32 or f64.
  mlir::Type type;
  bool isOutput = false;
  /// Whether it is the global position of a row, in [0, largestPosition].
  bool isPosition = false;

  mlir::RankedTensorType getTensorType() const {
    return mlir::dyn_cast<mlir::RankedTensorType>(type);
  }
};

/// A dimension of a parameter.
struct ParameterDim {
  unsigned parameter;
  unsigned dim;

  bool operator==(const ParameterDim &other) const {
    return parameter == other.parameter && dim == other.dim;
  }
};

/// A size that has to be equal to another one, or a multiple of it.
struct SizeTie {
  enum class Relation { Equal, Multiple };

  ParameterDim subject;
  Relation relation = Relation::Equal;
  /// The other size: that of a dimension, or else a constant.
  std::optional<ParameterDim> other;
  int64_t constant = 0;
  /// What the dimension is, such as "heads"; may be empty.
  std::string what;

  bool operator==(const SizeTie &tie) const;

  /// Whether the two sizes relate as they should.
  bool isFulfilled(int64_t subjectSize, int64_t otherSize) const {
    if (relation == Relation::Equal)
      return subjectSize == otherSize;
    return otherSize == 0 ? subjectSize == 0 : subjectSize % otherSize == 0;
  }
};

/// What a C entry takes.
struct FunctionInterface {
  std::string name;
  llvm::SmallVector<Parameter> parameters;
  llvm::SmallVector<SizeTie> ties;
  /// Sizes of outputs that the function `<name>.sizes` computes from the
  /// inputs, in the order of its results.
  llvm::SmallVector<ParameterDim> computedSizes;

  /// Writes it into attributes of `function`.
  void attachTo(mlir::Operation *function) const;
  static void removeFrom(mlir::Operation *function);

  /// Whether `function` has such attributes.
  static bool isExported(mlir::Operation *function);
  /// Reads what `attachTo` wrote. Anything else is an error at `function`.
  static llvm::FailureOr<FunctionInterface> of(mlir::Operation *function);

  /// `name` and a suffix that no C identifier has.
  std::string getImplementationName() const { return name + ".impl"; }
  std::string getSizesName() const { return name + ".sizes"; }

  /// What `tie` demands, such as "argument 'key': expects dimension 0 (batch)
  /// equal to that of 'query'".
  std::string describe(const SizeTie &tie) const;
};

/// How DLPack names the type of an element, and how C does.
struct DLPackElement {
  uint8_t code;
  uint8_t bits;
  llvm::StringRef name;
};

/// Elements of tensors that have one: f16, bf16, f32, f64, i32, i64 and, as
/// i64, index.
std::optional<DLPackElement> getDLPackElement(mlir::Type type);

/// Whether a parameter may have this type; outputs are tensors.
bool isParameterType(mlir::Type type);

/// Whether C spells a parameter or function like this.
bool isCIdentifier(llvm::StringRef name);

} // namespace longnet

#endif // LONGNET_CONVERSION_CINTERFACE_FUNCTIONINTERFACE_H
