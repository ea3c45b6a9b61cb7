//===- GroupFunctions.cpp - One function for all branches -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GroupFunctions.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;

namespace longnet {

/// `value` with offset and outer strides forgotten, which differ between
/// branches. A contiguous innermost dimension stays known.
static Value forgetStrides(OpBuilder &builder, Location loc, Value value) {
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

void GroupFunctions::call(OpBuilder &builder, Location loc,
                          const TileShape &shape, const TileScratch &scratch,
                          const QueryGroup &group) {
  SmallVector<Value> operands = scratch.list();
  for (Value view : {group.query, group.state.acc, group.state.max,
                     group.state.sum, group.key, group.value})
    operands.push_back(forgetStrides(builder, loc, view));
  operands.push_back(group.keys.materialize());
  if (group.diagonal)
    operands.push_back(group.diagonal->materialize());
  if (group.keyPositions)
    for (Value view : {group.keyPositions, group.queryLimits})
      operands.push_back(forgetStrides(builder, loc, view));
  auto type = FunctionType::get(builder.getContext(),
                                ValueRange(operands).getTypes(), {});
  bool hasDiagonal = group.diagonal.has_value();
  auto same = llvm::find_if(known, [&](Known &each) {
    return each.function.getFunctionType() == type &&
           each.hasDiagonal == hasDiagonal && each.shape == shape;
  });
  func::FuncOp function;
  if (same != known.end()) {
    function = same->function;
  } else {
    function = make(loc, type, shape, hasDiagonal, bool(group.keyPositions));
    known.push_back({function, shape, hasDiagonal});
  }
  func::CallOp::create(builder, loc, function, operands);
}

func::FuncOp GroupFunctions::make(Location loc, FunctionType type,
                                  const TileShape &shape, bool hasDiagonal,
                                  bool hasPositions) {
  OpBuilder builder(module.getContext());
  auto function =
      func::FuncOp::create(builder, loc, "longnet_attend_group", type);
  function.setPrivate();
  function.setNoInline(true);
  function->setAttr(
      "llvm.linkage",
      LLVM::LinkageAttr::get(builder.getContext(), LLVM::Linkage::Internal));
  symbols.insert(function);
  Block *body = function.addEntryBlock();
  builder.setInsertionPointToStart(body);
  ValueRange args = body->getArguments();
  TileScratch scratch = TileScratch::fromList(args.take_front(8));
  ValueRange views = args.slice(8, 6), rest = args.drop_front(14);
  QueryGroup group{views[0],
                   {views[1], views[2], views[3]},
                   views[4],
                   views[5],
                   IndexExpr(builder, loc, OpFoldResult(rest[0])),
                   std::nullopt,
                   Value(),
                   Value()};
  rest = rest.drop_front();
  if (hasDiagonal) {
    group.diagonal = IndexExpr(builder, loc, OpFoldResult(rest[0]));
    rest = rest.drop_front();
  }
  if (hasPositions) {
    group.keyPositions = rest[0];
    group.queryLimits = rest[1];
  }
  emitGroup(builder, loc, shape, scratch, group);
  func::ReturnOp::create(builder, loc);
  return function;
}

} // namespace longnet
