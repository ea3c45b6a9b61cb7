//===- TileUnit.cpp - AMX instructions on pointers -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TileUnit.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace longnet {

static constexpr unsigned registerCount = 8;
static constexpr unsigned vectorBytes = 64, pageBytes = 4096;

Value TileUnit::pointerTo(Value buffer) {
  Value address = memref::ExtractAlignedPointerAsIndexOp::create(b, buffer);
  address = arith::IndexCastOp::create(b, b.getI64Type(), address);
  return LLVM::IntToPtrOp::create(b, LLVM::LLVMPointerType::get(b.getContext()),
                                  address);
}

Value TileUnit::offset(Value pointer, int64_t bytes) {
  if (bytes == 0)
    return pointer;
  return LLVM::GEPOp::create(b, pointer.getType(), b.getI8Type(), pointer,
                             ArrayRef<LLVM::GEPArg>{int32_t(bytes)});
}

Value TileUnit::offset(Value pointer, Value bytes) {
  Value number = arith::IndexCastOp::create(b, b.getI64Type(), bytes);
  return LLVM::GEPOp::create(b, pointer.getType(), b.getI8Type(), pointer,
                             ArrayRef<LLVM::GEPArg>{number});
}

Value TileUnit::allocate(int64_t bytes) {
  Value count =
      LLVM::ConstantOp::create(b, b.getI64Type(), b.getI64IntegerAttr(bytes));
  return LLVM::AllocaOp::create(b, LLVM::LLVMPointerType::get(b.getContext()),
                                b.getI8Type(), count, pageBytes);
}

Value TileUnit::load(Type vector, Value pointer) {
  return LLVM::LoadOp::create(b, vector, pointer, vectorBytes);
}

void TileUnit::store(Value vector, Value pointer) {
  LLVM::StoreOp::create(b, vector, pointer, vectorBytes);
}

Value TileUnit::constant(Type type, Attribute value) {
  return LLVM::ConstantOp::create(b, type, value);
}

Value TileUnit::splat(VectorType type, double value) {
  Type element = type.getElementType();
  Attribute attribute = isa<FloatType>(element)
                            ? Attribute(b.getFloatAttr(element, value))
                            : b.getIntegerAttr(element, int64_t(value));
  return constant(type, DenseElementsAttr::get(type, attribute));
}

void TileUnit::configure() {
  // Palette 1; bytes of a row from 16 on, two each, and rows from 48 on.
  SmallVector<int8_t> layout(64, 0);
  layout[0] = 1;
  for (unsigned tile = 0; tile < registerCount; ++tile) {
    layout[16 + 2 * tile] = tileRowBytes;
    layout[48 + tile] = tileRows;
  }
  auto type = VectorType::get(64, b.getI8Type());
  Value memory = allocate(64);
  store(constant(type, DenseElementsAttr::get(type, ArrayRef(layout))), memory);
  emit("llvm.x86.ldtilecfg", memory);
}

void TileUnit::release() { emit("llvm.x86.tilerelease", {}); }

void TileUnit::flushDenormals(Value saved, Value scratch) {
  // Results to zero and operands to zero.
  constexpr int32_t bits = 0x8040;
  emit("llvm.x86.sse.stmxcsr", saved);
  Value control = LLVM::LoadOp::create(b, b.getI32Type(), saved);
  control = arith::OrIOp::create(
      b, control, LLVM::ConstantOp::create(b, b.getI32IntegerAttr(bits)));
  LLVM::StoreOp::create(b, control, scratch);
  emit("llvm.x86.sse.ldmxcsr", scratch);
}

void TileUnit::restoreDenormals(Value saved) {
  emit("llvm.x86.sse.ldmxcsr", saved);
}

void TileUnit::zero(unsigned tile) { emit("llvm.x86.tilezero", number(tile)); }

void TileUnit::load(unsigned tile, Value pointer, int64_t stride) {
  move("llvm.x86.tileloadd64", tile, pointer, stride);
}

void TileUnit::loadStreamed(unsigned tile, Value pointer, int64_t stride) {
  move("llvm.x86.tileloaddt164", tile, pointer, stride);
}

void TileUnit::store(unsigned tile, Value pointer, int64_t stride) {
  move("llvm.x86.tilestored64", tile, pointer, stride);
}

void TileUnit::multiply(unsigned sums, unsigned left, unsigned right) {
  emit("llvm.x86.tdpbf16ps", {number(sums), number(left), number(right)});
}

Value TileUnit::call(StringRef name, Type result, ValueRange operands) {
  return LLVM::CallIntrinsicOp::create(b, result, b.getStringAttr(name),
                                       operands)
      .getResult(0);
}

Value TileUnit::pin(Value value, StringRef constraint) {
  std::string constraints = ("=" + constraint + ",0").str();
  return LLVM::InlineAsmOp::create(b, value.getType(), value, "", constraints,
                                   /*has_side_effects=*/true,
                                   /*is_align_stack=*/false,
                                   LLVM::TailCallKind::None,
                                   LLVM::AsmDialectAttr(), ArrayAttr())
      .getResult(0);
}

void TileUnit::fence() {
  LLVM::InlineAsmOp::create(b, Type(), ValueRange(), "", "~{memory}",
                            /*has_side_effects=*/true,
                            /*is_align_stack=*/false, LLVM::TailCallKind::None,
                            LLVM::AsmDialectAttr(), ArrayAttr());
}

Value TileUnit::number(unsigned tile) {
  return LLVM::ConstantOp::create(b, b.getI8Type(), b.getI8IntegerAttr(tile));
}

void TileUnit::emit(StringRef name, ValueRange operands) {
  LLVM::CallIntrinsicOp::create(b, b.getStringAttr(name), operands);
}

void TileUnit::move(StringRef name, unsigned tile, Value pointer,
                    int64_t stride) {
  Value bytes =
      LLVM::ConstantOp::create(b, b.getI64Type(), b.getI64IntegerAttr(stride));
  emit(name, {number(tile), pointer, bytes});
}

} // namespace longnet
