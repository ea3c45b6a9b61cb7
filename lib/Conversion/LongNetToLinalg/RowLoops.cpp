//===- RowLoops.cpp - Loops over slices and rows -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PiecesToLinalg.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;

namespace longnet {

SmallVector<ResultShape> getResultShapes(OpBuilder &builder,
                                         ReifyRankedShapedTypeOpInterface op) {
  ReifiedRankedShapedTypeDims sizes;
  if (failed(op.reifyResultShapes(builder, sizes)))
    llvm_unreachable("every piece knows its shape");
  SmallVector<ResultShape> shapes;
  for (auto [result, reified] : llvm::zip_equal(op->getResults(), sizes)) {
    auto type = cast<RankedTensorType>(result.getType());
    // A type may say more than the operands do.
    for (auto [dim, size] : llvm::enumerate(reified))
      if (!type.isDynamicDim(dim))
        size = builder.getIndexAttr(type.getDimSize(dim));
    shapes.push_back({type, reified});
  }
  return shapes;
}

namespace {

/// Offsets, sizes and strides of `[at..., :, ...]`.
struct Place {
  SmallVector<OpFoldResult> offsets, sizes, strides;

  Place(OpBuilder &builder, ValueRange at, ArrayRef<OpFoldResult> trailing) {
    OpFoldResult zero = builder.getIndexAttr(0), one = builder.getIndexAttr(1);
    offsets = getAsOpFoldResult(at);
    offsets.append(trailing.size(), zero);
    sizes.assign(at.size(), one);
    llvm::append_range(sizes, trailing);
    strides.assign(offsets.size(), one);
  }
};

/// Whether `tensor` is known to have no element. No slice of such a tensor is
/// in bounds, and code that takes one never runs, but it has to be valid.
bool isEmpty(Value tensor) {
  return llvm::is_contained(cast<RankedTensorType>(tensor.getType()).getShape(),
                            0);
}

} // namespace

Value extractSlice(OpBuilder &builder, Location loc, Value tensor,
                   ValueRange at, ArrayRef<OpFoldResult> sizes) {
  auto type = cast<RankedTensorType>(tensor.getType());
  if (isEmpty(tensor))
    return tensor::EmptyOp::create(builder, loc, sizes, type.getElementType());
  auto sliceType = RankedTensorType::get(decomposeMixedValues(sizes).first,
                                         type.getElementType());
  Place place(builder, at, sizes);
  return tensor::ExtractSliceOp::create(builder, loc, sliceType, tensor,
                                        place.offsets, place.sizes,
                                        place.strides);
}

Value insertSlice(OpBuilder &builder, Location loc, Value slice, Value tensor,
                  ValueRange at, ArrayRef<OpFoldResult> sizes) {
  if (isEmpty(tensor))
    return tensor;
  Place place(builder, at, sizes);
  return tensor::InsertSliceOp::create(
      builder, loc, slice, tensor, place.offsets, place.sizes, place.strides);
}

Value fill(OpBuilder &builder, Location loc, Value tensor, double value) {
  Type element = cast<RankedTensorType>(tensor.getType()).getElementType();
  Value scalar = arith::ConstantOp::create(
      builder, loc, builder.getFloatAttr(element, value));
  return linalg::FillOp::create(builder, loc, scalar, tensor).getResult(0);
}

SmallVector<Value>
forEachSlice(OpBuilder &builder, Location loc, ArrayRef<ResultShape> shapes,
             unsigned count,
             function_ref<void(ValueRange, MutableArrayRef<Value>)> body) {
  SmallVector<Value> inits;
  for (const ResultShape &shape : shapes)
    inits.push_back(tensor::EmptyOp::create(builder, loc, shape.sizes,
                                            shape.type.getElementType()));
  auto loop = scf::ForallOp::create(
      builder, loc, ArrayRef(shapes.front().sizes).take_front(count), inits,
      /*mapping=*/std::nullopt);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(loop.getTerminator());
  SmallVector<Value> at = loop.getInductionVars(), slices;
  for (auto [shape, out] : llvm::zip_equal(shapes, loop.getRegionIterArgs()))
    slices.push_back(
        extractSlice(builder, loc, out, at, shape.sliceSizes(count)));
  body(at, slices);
  builder.setInsertionPointToEnd(loop.getTerminator().getBody());
  for (auto [shape, slice, out] :
       llvm::zip_equal(shapes, slices, loop.getRegionIterArgs())) {
    if (isEmpty(out))
      continue;
    Place place(builder, at, shape.sliceSizes(count));
    tensor::ParallelInsertSliceOp::create(
        builder, loc, slice, out, place.offsets, place.sizes, place.strides);
  }
  builder.setInsertionPointAfter(loop);
  SmallVector<Value> results(loop.getResults());
  for (auto [shape, result] : llvm::zip_equal(shapes, results))
    if (result.getType() != shape.type)
      result = tensor::CastOp::create(builder, loc, shape.type, result);
  return results;
}

void forEachRow(OpBuilder &builder, Location loc, OpFoldResult count,
                MutableArrayRef<Value> tensors,
                function_ref<void(Value, MutableArrayRef<Value>)> body) {
  Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
  Value one = arith::ConstantIndexOp::create(builder, loc, 1);
  Value end = getValueOrCreateConstantIndexOp(builder, loc, count);
  auto loop = scf::ForOp::create(builder, loc, zero, end, one, tensors);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loop.getBody());
  SmallVector<Value> replaced(loop.getRegionIterArgs());
  body(loop.getInductionVar(), replaced);
  scf::YieldOp::create(builder, loc, replaced);
  llvm::copy(loop.getResults(), tensors.begin());
}

Value generate(OpBuilder &builder, Location loc, Value tensor,
               function_ref<Value(OpBuilder &, Value)> element) {
  return linalg::GenericOp::create(
             builder, loc, tensor.getType(), /*inputs=*/ValueRange{}, tensor,
             builder.getMultiDimIdentityMap(1), utils::IteratorType::parallel,
             [&](OpBuilder &nested, Location, ValueRange) {
               Value index = linalg::IndexOp::create(nested, loc, 0);
               linalg::YieldOp::create(nested, loc, element(nested, index));
             })
      .getResult(0);
}

Value copyRow(OpBuilder &builder, Location loc, Value present, Value source,
              ValueRange at, Value rows, Value row, OpFoldResult width) {
  auto insert = [&](OpBuilder &nested, Value values) {
    scf::YieldOp::create(nested, loc,
                         insertSlice(nested, loc, values, rows, row, width));
  };
  return scf::IfOp::create(
             builder, loc, present,
             [&](OpBuilder &nested, Location) {
               insert(nested, extractSlice(nested, loc, source, at, width));
             },
             [&](OpBuilder &nested, Location) {
               Value old = extractSlice(nested, loc, rows, row, width);
               insert(nested, fill(nested, loc, old, 0));
             })
      .getResult(0);
}

IndexExpr loadPosition(OpBuilder &builder, Location loc, Value positions,
                       Value segment, const IndexExpr &row) {
  IndexExpr rows(builder, loc,
                 tensor::getMixedSize(builder, loc, positions, 1));
  Value index = row.materialize();
  auto load = [&](OpBuilder &nested) -> Value {
    return tensor::ExtractOp::create(nested, loc, positions,
                                     ValueRange{segment, index});
  };
  if (row.asConstant() && rows.asConstant() &&
      *row.asConstant() < *rows.asConstant())
    return {builder, loc, load(builder)};
  Value inside = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt,
                                       index, rows.materialize());
  auto guarded = scf::IfOp::create(
      builder, loc, inside,
      [&](OpBuilder &nested, Location) {
        scf::YieldOp::create(nested, loc, load(nested));
      },
      [&](OpBuilder &nested, Location) {
        scf::YieldOp::create(
            nested, loc,
            arith::ConstantIndexOp::create(nested, loc, -1).getResult());
      });
  return {builder, loc, guarded.getResult(0)};
}

Value isPresent(OpBuilder &builder, Location loc, Value position) {
  Value absent = arith::ConstantIndexOp::create(builder, loc, -1);
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne, position,
                               absent);
}

} // namespace longnet
