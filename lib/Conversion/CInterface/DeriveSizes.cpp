//===- DeriveSizes.cpp - How the sizes of a function relate -*- C++ -*-=====//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DeriveSizes.h"
#include "SizeTies.h"
#include "longnet/Conversion/CInterface/SizeFunction.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/SymbolTable.h"

using namespace mlir;
using namespace longnet;

namespace {

/// What a size is known to be: a dimension of a parameter, a constant or, with
/// neither, something computed.
struct KnownSize {
  std::optional<ParameterDim> dim = {};
  std::optional<int64_t> constant = {};
};

/// A dynamic dimension of a result.
struct ResultDim {
  ParameterDim dim;
  Value value;
};

class SizeDeriver {
public:
  SizeDeriver(func::FuncOp function, FunctionInterface &interface,
              function_ref<LogicalResult(func::FuncOp)> simplify)
      : function(function), interface(interface), simplify(simplify) {}

  FailureOr<func::FuncOp> derive();

private:
  void collect();
  LogicalResult answerQueries();
  KnownSize getAnswer(unsigned query);
  void addTie(KnownSize subject, KnownSize other, SizeTie::Relation relation,
              StringRef what);
  LogicalResult keepResults(ArrayRef<Value> computed);

  func::FuncOp function;
  FunctionInterface &interface;
  function_ref<LogicalResult(func::FuncOp)> simplify;

  /// Queries are the two sizes of every tie, and then those of the results.
  SmallVector<OperandTie> operandTies;
  SmallVector<ResultDim> resultDims;
  SmallVector<SizeQuery> queries;
  /// Returns the answers.
  func::FuncOp sizes;
};

} // namespace

static bool hasDynamicResult(func::FuncOp function) {
  return llvm::any_of(function.getResultTypes(), [](Type type) {
    return !cast<RankedTensorType>(type).hasStaticShape();
  });
}

static Operation *getEnd(func::FuncOp function) {
  return function.getBody().front().getTerminator();
}

void SizeDeriver::collect() {
  for (Operation &op : function.getBody().front())
    llvm::append_range(operandTies, getSizeTies(&op));
  unsigned inputs = function.getNumArguments();
  for (auto [index, value] : llvm::enumerate(getEnd(function)->getOperands())) {
    auto type = cast<RankedTensorType>(value.getType());
    for (unsigned dim = 0; dim < type.getRank(); ++dim)
      if (type.isDynamicDim(dim))
        resultDims.push_back({{unsigned(inputs + index), dim}, value});
  }
  for (const OperandTie &tie : operandTies) {
    queries.push_back({tie.subject.value, tie.subject.dim});
    queries.push_back({tie.other.value, tie.other.dim});
  }
  for (auto [dim, value] : resultDims)
    queries.push_back({value, dim.dim});
}

LogicalResult SizeDeriver::answerQueries() {
  std::string name = interface.getSizesName();
  if (SymbolTable::lookupSymbolIn(function->getParentOp(), name))
    return function.emitError()
           << "cannot be exported: there is a symbol '" << name << "'";
  sizes = buildSizeFunction(function, name, queries);
  return simplify(sizes);
}

KnownSize SizeDeriver::getAnswer(unsigned query) {
  // An argument's dimension stands for itself where it is static, too.
  if (auto argument = dyn_cast<BlockArgument>(queries[query].value))
    return {ParameterDim{argument.getArgNumber(), queries[query].dim}};
  Value size = getEnd(sizes)->getOperand(query);
  if (std::optional<int64_t> constant = getConstantIntValue(size))
    return {std::nullopt, constant};
  auto dim = size.getDefiningOp<tensor::DimOp>();
  auto argument = dim ? dyn_cast<BlockArgument>(dim.getSource()) : nullptr;
  std::optional<int64_t> index = dim ? dim.getConstantIndex() : std::nullopt;
  if (!argument || !index)
    return {};
  return {ParameterDim{argument.getArgNumber(), unsigned(*index)}};
}

/// Adds a tie unless there is nothing to check, or nothing known to check.
void SizeDeriver::addTie(KnownSize subject, KnownSize other,
                         SizeTie::Relation relation, StringRef what) {
  if (relation == SizeTie::Relation::Equal && !subject.dim)
    std::swap(subject, other);
  if (!subject.dim || subject.dim == other.dim ||
      (!other.dim && !other.constant))
    return;
  SizeTie tie{*subject.dim, relation, other.dim, other.constant.value_or(0),
              what.str()};
  if (!llvm::is_contained(interface.ties, tie))
    interface.ties.push_back(std::move(tie));
}

/// Leaves of `sizes` what computes `computed`.
LogicalResult SizeDeriver::keepResults(ArrayRef<Value> computed) {
  getEnd(sizes)->setOperands(computed);
  sizes.setFunctionType(FunctionType::get(
      sizes.getContext(), sizes.getArgumentTypes(), TypeRange(computed)));
  if (failed(simplify(sizes)))
    return failure();
  for (Operation &op : sizes.getBody().front()) {
    if (!llvm::any_of(op.getResultTypes(), llvm::IsaPred<TensorType>))
      continue;
    function.emitError("cannot be exported: the sizes of its results do not "
                       "follow from the shapes of its arguments")
            .attachNote(op.getLoc())
        << "because of '" << op.getName() << "'";
    return failure();
  }
  return success();
}

FailureOr<func::FuncOp> SizeDeriver::derive() {
  if (!function.getBody().hasOneBlock()) {
    if (hasDynamicResult(function))
      return function.emitError("cannot be exported: results of dynamic sizes "
                                "need a function of one block");
    return func::FuncOp();
  }
  collect();
  if (queries.empty())
    return func::FuncOp();
  if (failed(answerQueries()))
    return failure();

  unsigned next = 0;
  for (const OperandTie &tie : operandTies) {
    KnownSize subject = getAnswer(next++), other = getAnswer(next++);
    addTie(subject, other, tie.relation, tie.what);
  }
  SmallVector<Value> computed;
  for (const ResultDim &result : resultDims) {
    KnownSize size = getAnswer(next);
    if (size.dim || size.constant) {
      addTie({result.dim}, size, SizeTie::Relation::Equal, "");
    } else {
      interface.computedSizes.push_back(result.dim);
      computed.push_back(getEnd(sizes)->getOperand(next));
    }
    ++next;
  }
  if (computed.empty()) {
    sizes.erase();
    return func::FuncOp();
  }
  if (failed(keepResults(computed)))
    return failure();
  return sizes;
}

FailureOr<func::FuncOp>
longnet::deriveSizes(func::FuncOp function, FunctionInterface &interface,
                     function_ref<LogicalResult(func::FuncOp)> simplify) {
  return SizeDeriver(function, interface, simplify).derive();
}
