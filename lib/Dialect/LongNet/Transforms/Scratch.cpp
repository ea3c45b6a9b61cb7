//===- Scratch.cpp - Buffers of kernels -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Scratch.h"
#include "Packing.h"
#include "longnet/Conversion/Passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;

namespace longnet {

Value allocateBuffer(OpBuilder &builder, Location loc,
                     ArrayRef<OpFoldResult> sizes, Type element) {
  SmallVector<int64_t> shape;
  SmallVector<Value> dynamic;
  dispatchIndexOpFoldResults(sizes, dynamic, shape);
  // A cache line, and the widest vector.
  return memref::AllocOp::create(builder, loc, MemRefType::get(shape, element),
                                 dynamic, builder.getI64IntegerAttr(64));
}

void deallocate(OpBuilder &builder, Location loc, ArrayRef<Value> buffers) {
  for (Value buffer : buffers)
    memref::DeallocOp::create(builder, loc, buffer);
}

void fillOnce(OpBuilder &builder, Location loc, TypedAttr value, Value buffer) {
  Value filling = arith::ConstantOp::create(builder, loc, value);
  auto fill = linalg::FillOp::create(builder, loc, filling, buffer);
  fill->setAttr(doneOnce, builder.getUnitAttr());
}

IndexExpr largestSize(OpBuilder &builder, Location loc, Value buffer,
                      unsigned dim) {
  IndexExpr size = sizeOf(builder, loc, buffer, dim);
  auto view = buffer.getDefiningOp<memref::SubViewOp>();
  if (!view || size.asConstant() || view.getDroppedDims().any())
    return size;
  auto bounds = view.getDynamicSize(dim).getDefiningOp<affine::AffineMinOp>();
  if (!bounds)
    return size;
  for (AffineExpr bound : bounds.getMap().getResults())
    if (auto most = dyn_cast<AffineConstantExpr>(bound))
      return minimum(sizeOf(builder, loc, view.getSource(), dim),
                     most.getValue());
  return size;
}

} // namespace longnet
