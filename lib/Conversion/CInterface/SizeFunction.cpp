//===- SizeFunction.cpp - Sizes as a function of arguments -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "longnet/Conversion/CInterface/SizeFunction.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

func::FuncOp longnet::buildSizeFunction(func::FuncOp function, StringRef name,
                                        ArrayRef<SizeQuery> queries) {
  if (!function.getBody().hasOneBlock())
    return {};
  OpBuilder builder(function->getContext());
  builder.setInsertionPointAfter(function);
  SmallVector<Type> sizes(queries.size(), builder.getIndexType());
  auto copy = func::FuncOp::create(
      builder, function.getLoc(), name,
      builder.getFunctionType(function.getArgumentTypes(), sizes));
  copy.setPrivate();

  IRMapping mapping;
  function.getBody().cloneInto(&copy.getBody(), mapping);
  Operation *end = copy.getBody().front().getTerminator();
  builder.setInsertionPoint(end);
  SmallVector<Value> results;
  for (SizeQuery query : queries) {
    Value value = mapping.lookup(query.value);
    results.push_back(isa<ShapedType>(value.getType())
                          ? tensor::DimOp::create(builder, function.getLoc(),
                                                  value, query.dim)
                                .getResult()
                          : value);
  }
  end->setOperands(results);
  return copy;
}

void longnet::addSizeSimplification(OpPassManager &manager) {
  OpPassManager &functions =
      manager.getOpName() == func::FuncOp::getOperationName()
          ? manager
          : manager.nest<func::FuncOp>();
  // Arithmetic on tensors does not tell its sizes; linalg does.
  functions.addPass(createConvertElementwiseToLinalgPass());
  functions.addPass(memref::createResolveShapedTypeResultDimsPass());
  functions.addPass(createCanonicalizerPass());
  functions.addPass(createCSEPass());
}
