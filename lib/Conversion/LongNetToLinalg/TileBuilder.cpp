//===- TileBuilder.cpp - Tiles as linalg operations -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TileBuilder.h"
#include "longnet/Conversion/Passes.h"
#include "longnet/Dialect/LongNet/IR/Pairs.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace longnet {

/// Elements of scratch that a thread's stack holds easily.
static constexpr int64_t largestOnStack = 1 << 15;

TileBuilder::TileBuilder(OpBuilder &builder, Location loc, FloatType type)
    : builder(builder), loc(loc), type(type) {
  bindDims(builder.getContext(), d0, d1, d2, d3);
}

Value TileBuilder::constant(double value) {
  return arith::ConstantOp::create(builder, loc,
                                   builder.getFloatAttr(type, value));
}

OpFoldResult TileBuilder::sizeOf(Value buffer, unsigned dim) {
  return memref::getMixedSize(builder, loc, buffer, dim);
}

Value TileBuilder::allocate(ArrayRef<OpFoldResult> sizes, Type element) {
  SmallVector<int64_t> shape;
  SmallVector<Value> dynamic;
  dispatchIndexOpFoldResults(sizes, dynamic, shape);
  auto scratch = MemRefType::get(shape, element ? element : type);
  IntegerAttr alignment = builder.getI64IntegerAttr(64);
  if (!dynamic.empty() || scratch.getNumElements() <= largestOnStack)
    return memref::AllocaOp::create(builder, loc, scratch, dynamic, alignment);
  return onHeap.emplace_back(
      memref::AllocOp::create(builder, loc, scratch, dynamic, alignment));
}

void TileBuilder::deallocate() {
  for (Value scratch : onHeap)
    memref::DeallocOp::create(builder, loc, scratch);
}

AffineMap TileBuilder::map(unsigned dims, ArrayRef<AffineExpr> results) {
  return AffineMap::get(dims, 0, results, builder.getContext());
}

void TileBuilder::fill(Value buffer, double value) {
  linalg::FillOp::create(builder, loc, constant(value), buffer);
}

linalg::GenericOp TileBuilder::emit(ValueRange inputs, ValueRange outputs,
                                    ArrayRef<AffineMap> maps,
                                    ArrayRef<utils::IteratorType> iterators,
                                    Body body) {
  return linalg::GenericOp::create(
      builder, loc, TypeRange{}, inputs, outputs, maps, iterators,
      [&](OpBuilder &b, Location l, ValueRange args) {
        ImplicitLocOpBuilder nested(l, b);
        linalg::YieldOp::create(b, l, body(nested, args));
      });
}

void TileBuilder::contract(Value left, ArrayRef<AffineExpr> leftAt, Value right,
                           ArrayRef<AffineExpr> rightAt, Value out) {
  emit({left, right}, out, {map(3, leftAt), map(3, rightAt), map(3, {d0, d1})},
       {parallel, parallel, reduction},
       [&](ImplicitLocOpBuilder &b, ValueRange args) {
         auto wide = [&](Value x) -> Value {
           return x.getType() == type ? x : arith::ExtFOp::create(b, type, x);
         };
         return SmallVector<Value>{
             math::FmaOp::create(b, wide(args[0]), wide(args[1]), args[2])};
       });
}

Value TileBuilder::splitPairs(Value buffer, unsigned dim) {
  return longnet::splitPairs(builder, loc, buffer, dim);
}

void TileBuilder::contractPairs(Value left, Value right, Value out,
                                int64_t parts) {
  SmallVector<Value> inputs;
  SmallVector<AffineMap> maps;
  for (Value part : longnet::splitParts(builder, loc, left, 1, parts)) {
    inputs.push_back(splitPairs(part, 1));
    maps.push_back(map(4, {d0, d2, d3}));
  }
  for (Value part : longnet::splitParts(builder, loc, right, 0, parts)) {
    inputs.push_back(part);
    maps.push_back(map(4, {d2, d1, d3}));
  }
  maps.push_back(map(4, {d0, d1}));
  emit(inputs, out, maps, {parallel, parallel, reduction, reduction},
       [&](ImplicitLocOpBuilder &b, ValueRange args) {
         SmallVector<Value> wide;
         for (Value factor : args.drop_back())
           wide.push_back(arith::ExtFOp::create(b, type, factor));
         Value sum = args.back();
         auto add = [&](int64_t leftPart, int64_t rightPart) {
           sum = math::FmaOp::create(b, wide[leftPart], wide[parts + rightPart],
                                     sum);
         };
         // The largest product comes last. Of three parts, each product has a
         // factor of the one before, which units for matrices need not load
         // again.
         for (int64_t part = 0; part < parts; ++part)
           for (int64_t other = parts - 1 - part; other >= (part ? 0 : 1);
                --other)
             add(part, other);
         add(0, 0);
         return SmallVector<Value>{sum};
       });
}

Value TileBuilder::exp2(ImplicitLocOpBuilder &builder, Value x,
                        StringRef known) {
  auto power = math::Exp2Op::create(builder, x, arith::FastMathFlags::afn);
  if (!known.empty())
    power->setAttr(known, builder.getUnitAttr());
  return power;
}

void TileBuilder::hide(Value keyPositions, Value queryLimits, Value masked,
                       Value scores) {
  OpBuilder::InsertionGuard guard(builder);
  if (masked) {
    auto branch = scf::IfOp::create(builder, loc, masked);
    builder.setInsertionPointToStart(branch.thenBlock());
  }
  Value minusInf = constant(-INFINITY);
  emit({keyPositions, queryLimits}, scores,
       {map(2, d0), map(2, d1), map(2, {d0, d1})}, {parallel, parallel},
       [&](ImplicitLocOpBuilder &b, ValueRange args) {
         Value visible = arith::CmpIOp::create(b, arith::CmpIPredicate::sle,
                                               args[0], args[1]);
         return SmallVector<Value>{
             arith::SelectOp::create(b, visible, args[2], minusInf)};
       });
}

} // namespace longnet
