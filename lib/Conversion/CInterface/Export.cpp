//===- Export.cpp - Functions that write into the caller's memory -*- C++ -*-=//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DeriveSizes.h"
#include "longnet/Conversion/CInterface/SizeFunction.h"
#include "longnet/Conversion/Passes.h"
#include "longnet/Dialect/LongNet/IR/LongNet.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace longnet {

#define GEN_PASS_DEF_LONGNETEXPORT
#include "longnet/Conversion/Passes.h.inc"

namespace {

constexpr StringLiteral nameAttr = "longnet.name";

//===----------------------------------------------------------------------===//
// Parameters
//===----------------------------------------------------------------------===//

LogicalResult checkType(func::FuncOp function, Type type, const Twine &what,
                        bool isOutput) {
  if (isParameterType(type) && (!isOutput || isa<RankedTensorType>(type)))
    return success();
  return function.emitError()
         << what << " of type " << type << " cannot be exported: expects "
         << (isOutput ? "a ranked tensor"
                      : "an index, i32, i64, f32, f64 or a ranked tensor")
         << " of f16, bf16, f32, f64, i32, i64 or index";
}

class ParameterCollector {
public:
  explicit ParameterCollector(func::FuncOp function) : function(function) {}

  LogicalResult add(Type type, Attribute name, StringRef kind, unsigned index,
                    bool isOutput) {
    std::string what = (kind + " " + Twine(index)).str();
    if (failed(checkType(function, type, what, isOutput)))
      return failure();
    Parameter parameter;
    parameter.type = type;
    parameter.isOutput = isOutput;
    if (auto given = dyn_cast_or_null<StringAttr>(name))
      parameter.name = given.str();
    else
      parameter.name = ((isOutput ? "result" : "arg") + Twine(index)).str();
    if (!isCIdentifier(parameter.name))
      return function.emitError()
             << what << ": expects a C identifier as its name, got '"
             << parameter.name << "'";
    if (!names.insert(parameter.name).second)
      return function.emitError() << what << ": its name '" << parameter.name
                                  << "' is another parameter's";
    parameters.push_back(std::move(parameter));
    return success();
  }

  SmallVector<Parameter> parameters;

private:
  func::FuncOp function;
  llvm::StringSet<> names;
};

FailureOr<SmallVector<Parameter>> getParameters(func::FuncOp function) {
  ParameterCollector collector(function);
  for (auto [index, type] : llvm::enumerate(function.getArgumentTypes()))
    if (failed(collector.add(type, function.getArgAttr(index, nameAttr),
                             "argument", index, /*isOutput=*/false)))
      return failure();
  for (auto [index, type] : llvm::enumerate(function.getResultTypes()))
    if (failed(collector.add(type, function.getResultAttr(index, nameAttr),
                             "result", index, /*isOutput=*/true)))
      return failure();
  return std::move(collector.parameters);
}

/// An index that attention takes for the global position of a row.
bool isPosition(BlockArgument argument) {
  return llvm::any_of(argument.getUses(), [](OpOperand &use) {
    if (auto op = dyn_cast<DilatedAttentionOp>(use.getOwner()))
      return op.getQueryOffset() == use.get();
    auto op = dyn_cast<AttendOp>(use.getOwner());
    return op &&
           (op.getQueryOffset() == use.get() || op.getKeyOffset() == use.get());
  });
}

/// Strides and offset of any view whose last dimension is contiguous.
StridedLayoutAttr getLayout(RankedTensorType type) {
  SmallVector<int64_t> strides(type.getRank(), ShapedType::kDynamic);
  if (!strides.empty())
    strides.back() = 1;
  return StridedLayoutAttr::get(type.getContext(), ShapedType::kDynamic,
                                strides);
}

/// Lets tensor arguments be read-only views.
void annotateInputs(func::FuncOp function) {
  Builder builder(function->getContext());
  for (BlockArgument argument : function.getArguments()) {
    unsigned index = argument.getArgNumber();
    function.removeArgAttr(index, nameAttr);
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    if (!type)
      continue;
    function.setArgAttr(
        index, bufferization::BufferizationDialect::kBufferLayoutAttrName,
        getLayout(type));
    function.setArgAttr(index,
                        bufferization::BufferizationDialect::kWritableAttrName,
                        builder.getBoolAttr(false));
  }
}

//===----------------------------------------------------------------------===//
// Destinations
//===----------------------------------------------------------------------===//

/// Turns results into arguments that the function writes.
void writeToDestinations(func::FuncOp function) {
  OpBuilder builder(function->getContext());
  SmallVector<BlockArgument> destinations;
  for (Type result : function.getResultTypes()) {
    auto type = cast<RankedTensorType>(result);
    auto buffer = MemRefType::get(type.getShape(), type.getElementType(),
                                  getLayout(type));
    (void)function.insertArgument(function.getNumArguments(), buffer, {},
                                  function.getLoc());
    destinations.push_back(function.getArguments().back());
  }
  SmallVector<func::ReturnOp> ends;
  function.walk([&](func::ReturnOp end) { ends.push_back(end); });
  for (func::ReturnOp end : ends) {
    builder.setInsertionPoint(end);
    for (auto [value, destination] :
         llvm::zip_equal(end.getOperands(), destinations)) {
      auto write = bufferization::MaterializeInDestinationOp::create(
          builder, end.getLoc(), Type(), value, destination);
      write.setRestrict(true);
      write.setWritable(true);
    }
    end.getOperandsMutable().clear();
  }
  function.removeResAttrsAttr();
  function.setFunctionType(
      builder.getFunctionType(function.getArgumentTypes(), {}));
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

struct LongNetExportPass : impl::LongNetExportBase<LongNetExportPass> {
  using Base::Base;

  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    SmallVector<func::FuncOp> functions;
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (function.isPublic() && !function.isDeclaration())
        functions.push_back(function);
    for (func::FuncOp function : functions)
      if (failed(keepForCallers(function, symbols)) ||
          failed(exportFunction(function)))
        return signalPassFailure();
  }

  /// Calls go to a private copy that returns results, so that the exported
  /// function is free to change its type.
  LogicalResult keepForCallers(func::FuncOp function, SymbolTable &symbols) {
    ModuleOp module = getOperation();
    if (SymbolTable::symbolKnownUseEmpty(function, module))
      return success();
    func::FuncOp copy = function.clone();
    copy.setPrivate();
    StringAttr name = symbols.insert(copy);
    return SymbolTable::replaceAllSymbolUses(function, name, module);
  }

  LogicalResult exportFunction(func::FuncOp function) {
    FunctionInterface interface;
    interface.name = function.getName();
    if (!isCIdentifier(interface.name))
      return function.emitError(
          "cannot be exported: its name is not a C identifier");
    auto parameters = getParameters(function);
    if (failed(parameters))
      return failure();
    interface.parameters = std::move(*parameters);
    for (BlockArgument argument : function.getArguments())
      interface.parameters[argument.getArgNumber()].isPosition =
          isPosition(argument);

    OpPassManager manager(func::FuncOp::getOperationName());
    addSizeSimplification(manager);
    auto simplify = [&](Operation *op) { return runPipeline(manager, op); };
    FailureOr<func::FuncOp> sizes = deriveSizes(function, interface, simplify);
    if (failed(sizes))
      return failure();
    if (*sizes)
      annotateInputs(*sizes);
    interface.attachTo(function);
    annotateInputs(function);
    writeToDestinations(function);
    return success();
  }
};

} // namespace
} // namespace longnet
