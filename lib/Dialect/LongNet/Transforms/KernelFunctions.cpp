//===- KernelFunctions.cpp - One function for all branches -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelFunctions.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace longnet {

Value forgetStrides(OpBuilder &builder, Location loc, Value value) {
  auto type = cast<MemRefType>(value.getType());
  int64_t offset;
  SmallVector<int64_t> strides;
  if (failed(type.getStridesAndOffset(strides, offset)))
    return value;
  bool keepsLast = type.getRank() > 1;
  for (int64_t &stride :
       MutableArrayRef<int64_t>(strides).drop_back(keepsLast ? 1 : 0))
    stride = ShapedType::kDynamic;
  auto layout = StridedLayoutAttr::get(builder.getContext(),
                                       ShapedType::kDynamic, strides);
  SmallVector<int64_t> shape(type.getShape());
  shape[0] = ShapedType::kDynamic;
  auto general = MemRefType::get(shape, type.getElementType(), layout,
                                 type.getMemorySpace());
  if (general == type)
    return value;
  return memref::CastOp::create(builder, loc, general, value);
}

func::FuncOp makeKernelFunction(Location loc, StringRef name, FunctionType type,
                                SymbolTable &symbols) {
  auto function = func::FuncOp::create(loc, name, type);
  function.setPrivate();
  function.setNoInline(true);
  function->setAttr(
      "llvm.linkage",
      LLVM::LinkageAttr::get(type.getContext(), LLVM::Linkage::Internal));
  symbols.insert(function);
  return function;
}

void KernelFunctions::call(OpBuilder &builder, Location loc, StringRef name,
                           Attribute key, ValueRange operands, Body body) {
  auto type =
      FunctionType::get(builder.getContext(), operands.getTypes(), TypeRange());
  auto same = llvm::find_if(known, [&](Known &each) {
    return each.name == name && each.key == key &&
           each.function.getFunctionType() == type;
  });
  if (same != known.end()) {
    func::CallOp::create(builder, loc, same->function, operands);
    return;
  }
  OpBuilder::InsertionGuard guard(builder);
  func::FuncOp function = makeKernelFunction(loc, name, type, symbols);
  known.push_back({name.str(), key, function});
  func::CallOp::create(builder, loc, function, operands);
  Block *entry = function.addEntryBlock();
  builder.setInsertionPointToStart(entry);
  body(builder, loc, entry->getArguments());
  func::ReturnOp::create(builder, loc);
}

} // namespace longnet
