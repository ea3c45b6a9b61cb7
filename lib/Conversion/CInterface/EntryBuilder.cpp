//===- EntryBuilder.cpp - Builds one C entry -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "EntryBuilder.h"

using namespace mlir;
using namespace longnet;
using LLVM::ICmpPredicate;

namespace {

/// The fields of DLPack's DLTensor, with its nested structures flattened.
enum Field : int32_t {
  Data,
  DeviceType,
  DeviceId,
  Rank,
  TypeCode,
  TypeBits,
  TypeLanes,
  Shape,
  Strides,
  ByteOffset
};

/// DLPack's kDLCPU.
constexpr int64_t cpuDevice = 1;

} // namespace

static std::string describe(const Parameter &parameter) {
  return "argument '" + parameter.name + "': ";
}

EntryBuilder::EntryBuilder(ImplicitLocOpBuilder &builder,
                           const FunctionInterface &interface)
    : builder(builder), interface(interface),
      pointerType(LLVM::LLVMPointerType::get(builder.getContext())),
      i64(builder.getI64Type()) {
  Type i8 = builder.getI8Type(), i16 = builder.getI16Type(),
       i32 = builder.getI32Type();
  tensorType = LLVM::LLVMStructType::getLiteral(
      builder.getContext(),
      {pointerType, i32, i32, i32, i8, i8, i16, pointerType, pointerType, i64});
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

Value EntryBuilder::constant(int64_t value, unsigned bits) {
  return LLVM::ConstantOp::create(builder, builder.getIntegerType(bits), value);
}

Value EntryBuilder::compare(ICmpPredicate predicate, Value lhs, Value rhs) {
  return LLVM::ICmpOp::create(builder, predicate, lhs, rhs);
}

Value EntryBuilder::isGiven(Value pointer) {
  Value null = LLVM::ZeroOp::create(builder, pointerType);
  return compare(ICmpPredicate::ne, pointer, null);
}

Value EntryBuilder::loadField(Value argument, int32_t index) {
  Value address =
      LLVM::GEPOp::create(builder, pointerType, tensorType, argument,
                          ArrayRef<LLVM::GEPArg>{0, index});
  return LLVM::LoadOp::create(builder, tensorType.getBody()[index], address);
}

Value EntryBuilder::loadElement(Value array, int32_t index) {
  Value address = LLVM::GEPOp::create(builder, pointerType, i64, array,
                                      ArrayRef<LLVM::GEPArg>{index});
  return LLVM::LoadOp::create(builder, i64, address);
}

void EntryBuilder::check(Value condition, const Twine &message) {
  messages.push_back(message.str());
  Value code = constant(messages.size(), 32);
  Block *next = builder.createBlock(fail);
  builder.setInsertionPointToEnd(next->getPrevNode());
  LLVM::CondBrOp::create(builder, condition, next, ValueRange(), fail,
                         ValueRange(code));
  builder.setInsertionPointToEnd(next);
}

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

EntryBuilder::Tensor EntryBuilder::unpack(const Parameter &parameter,
                                          Value argument) {
  Tensor tensor;
  check(isGiven(argument),
        describe(parameter) + "expects a tensor, got a null pointer");
  checkElements(parameter, argument);
  unpackSizes(parameter, argument, tensor);
  unpackStrides(parameter, argument, tensor);
  unpackData(parameter, argument, tensor);
  return tensor;
}

void EntryBuilder::checkElements(const Parameter &parameter, Value argument) {
  auto isField = [&](Field field, int64_t expected) {
    Value value = loadField(argument, field);
    unsigned bits = value.getType().getIntOrFloatBitWidth();
    return compare(ICmpPredicate::eq, value, constant(expected, bits));
  };
  std::string what = describe(parameter);
  RankedTensorType type = parameter.getTensorType();
  DLPackElement element = *getDLPackElement(type.getElementType());
  check(isField(DeviceType, cpuDevice),
        what + "expects a tensor in the CPU's memory");
  check(isField(Rank, type.getRank()),
        what + "expects rank " + Twine(type.getRank()));
  Value isElement =
      LLVM::AndOp::create(builder, isField(TypeCode, element.code),
                          isField(TypeBits, element.bits));
  check(LLVM::AndOp::create(builder, isElement, isField(TypeLanes, 1)),
        what + "expects elements of type " + element.name);
}

void EntryBuilder::unpackSizes(const Parameter &parameter, Value argument,
                               Tensor &tensor) {
  RankedTensorType type = parameter.getTensorType();
  tensor.isEmpty = constant(0, 1);
  if (type.getRank() == 0)
    return;
  std::string what = describe(parameter);
  Value shape = loadField(argument, Shape);
  check(isGiven(shape), what + "expects a shape, got a null pointer");
  for (auto [dim, size] : llvm::enumerate(type.getShape())) {
    Value given = loadElement(shape, dim);
    std::string dimension = what + "expects dimension " + std::to_string(dim);
    if (ShapedType::isDynamic(size))
      check(compare(ICmpPredicate::sge, given, constant(0)),
            dimension + " of at least 0");
    else
      check(compare(ICmpPredicate::eq, given, constant(size)),
            dimension + " of size " + Twine(size));
    tensor.sizes.push_back(given);
    tensor.isEmpty =
        LLVM::OrOp::create(builder, tensor.isEmpty,
                           compare(ICmpPredicate::eq, given, constant(0)));
  }
}

void EntryBuilder::unpackStrides(const Parameter &parameter, Value argument,
                                 Tensor &tensor) {
  int64_t rank = parameter.getTensorType().getRank();
  if (rank == 0)
    return;
  // Without strides, the tensor is dense and in C order. Reading the shape in
  // their place keeps the code free of branches.
  Value strides = loadField(argument, Strides);
  Value hasStrides = isGiven(strides);
  Value array = LLVM::SelectOp::create(builder, hasStrides, strides,
                                       loadField(argument, Shape));
  tensor.strides.resize(rank);
  Value dense = constant(1);
  for (int64_t dim = rank; dim-- > 0;) {
    tensor.strides[dim] = LLVM::SelectOp::create(
        builder, hasStrides, loadElement(array, dim), dense);
    if (dim > 0)
      dense = LLVM::MulOp::create(builder, dense, tensor.sizes[dim]);
  }

  // Strides mean nothing where there is no second element.
  auto isFree = [&](int64_t dim) {
    Value isShort = compare(ICmpPredicate::sle, tensor.sizes[dim], constant(1));
    return LLVM::OrOp::create(builder, tensor.isEmpty, isShort);
  };
  Value isContiguous =
      compare(ICmpPredicate::eq, tensor.strides[rank - 1], constant(1));
  check(LLVM::OrOp::create(builder, isFree(rank - 1), isContiguous),
        describe(parameter) + "expects a contiguous last dimension");
  tensor.strides[rank - 1] = constant(1);
  if (!parameter.isOutput)
    return;
  for (int64_t dim = 0; dim + 1 < rank; ++dim) {
    Value moves = compare(ICmpPredicate::ne, tensor.strides[dim], constant(0));
    check(LLVM::OrOp::create(builder, isFree(dim), moves),
          describe(parameter) + "expects a stride other than 0 in dimension " +
              Twine(dim));
  }
}

void EntryBuilder::unpackData(const Parameter &parameter, Value argument,
                              Tensor &tensor) {
  std::string what = describe(parameter);
  Value isEmpty = constant(0, 1);
  for (Value size : tensor.sizes)
    isEmpty = LLVM::OrOp::create(builder, isEmpty,
                                 compare(ICmpPredicate::eq, size, constant(0)));
  Value data = loadField(argument, Data);
  check(LLVM::OrOp::create(builder, isEmpty, isGiven(data)),
        what + "expects data, got a null pointer");

  tensor.data = LLVM::GEPOp::create(
      builder, pointerType, builder.getI8Type(), data,
      ArrayRef<LLVM::GEPArg>{loadField(argument, ByteOffset)});
  int64_t bytes =
      getDLPackElement(parameter.getTensorType().getElementType())->bits / 8;
  Value address = LLVM::PtrToIntOp::create(builder, i64, tensor.data);
  Value excess = LLVM::AndOp::create(builder, address, constant(bytes - 1));
  Value isAligned = compare(ICmpPredicate::eq, excess, constant(0));
  check(LLVM::OrOp::create(builder, tensor.isEmpty, isAligned),
        what + "expects data aligned to " + Twine(bytes) + " bytes");
}

//===----------------------------------------------------------------------===//
// Ties
//===----------------------------------------------------------------------===//

void EntryBuilder::checkTie(const SizeTie &tie) {
  Value subject = getSize(tie.subject);
  Value other = tie.other ? getSize(*tie.other) : constant(tie.constant);
  Value holds;
  if (tie.relation == SizeTie::Relation::Equal) {
    holds = compare(ICmpPredicate::eq, subject, other);
  } else {
    // The only multiple of 0 is 0. Division by 1 stands in for that by 0.
    Value isZero = compare(ICmpPredicate::eq, other, constant(0));
    Value divisor = LLVM::SelectOp::create(builder, isZero, constant(1), other);
    Value rest = LLVM::URemOp::create(builder, subject, divisor);
    Value excess = LLVM::SelectOp::create(builder, isZero, subject, rest);
    holds = compare(ICmpPredicate::eq, excess, constant(0));
  }
  check(holds, interface.describe(tie));
}

void EntryBuilder::checkComputedSizes(LLVM::LLVMFuncOp sizes) {
  auto call =
      LLVM::CallOp::create(builder, sizes, getArguments(/*withOutputs=*/false));
  for (auto [index, dim] : llvm::enumerate(interface.computedSizes)) {
    // Several results of a function come in a structure.
    Value expected = call.getResult();
    if (interface.computedSizes.size() > 1)
      expected = LLVM::ExtractValueOp::create(
          builder, expected, ArrayRef<int64_t>{int64_t(index)});
    check(compare(ICmpPredicate::eq, getSize(dim), expected),
          describe(interface.parameters[dim.parameter]) +
              "expects another size of dimension " + Twine(dim.dim) +
              ", which follows from the inputs");
  }
}

//===----------------------------------------------------------------------===//
// The entry
//===----------------------------------------------------------------------===//

SmallVector<Value> EntryBuilder::getArguments(bool withOutputs) {
  SmallVector<Value> values;
  for (auto [parameter, argument, tensor] :
       llvm::zip_equal(interface.parameters, arguments, tensors)) {
    if (parameter.isOutput && !withOutputs)
      continue;
    if (!parameter.getTensorType()) {
      values.push_back(argument);
      continue;
    }
    // A buffer as convert-func-to-llvm unpacks it: allocated and aligned
    // pointer, offset, sizes and strides.
    values.append({tensor.data, tensor.data, constant(0)});
    llvm::append_range(values, tensor.sizes);
    llvm::append_range(values, tensor.strides);
  }
  return values;
}

void EntryBuilder::checkTiles(LLVM::LLVMFuncOp permit) {
  // arch_prctl(ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA): Linux gives the state
  // of tiles to processes that ask for it. Asking again is harmless.
  Value result = LLVM::CallOp::create(
                     builder, permit,
                     ValueRange{constant(158), constant(0x1023), constant(18)})
                     .getResult();
  check(compare(ICmpPredicate::eq, result, constant(0)),
        "the system does not let this process use AMX tiles");
}

LLVM::LLVMFuncOp EntryBuilder::build(LLVM::LLVMFuncOp implementation,
                                     LLVM::LLVMFuncOp sizes,
                                     LLVM::LLVMFuncOp permit) {
  Type i32 = builder.getI32Type();
  SmallVector<Type> types;
  for (const Parameter &parameter : interface.parameters)
    types.push_back(parameter.getTensorType()  ? pointerType
                    : parameter.type.isIndex() ? i64
                                               : parameter.type);
  auto entry = LLVM::LLVMFuncOp::create(
      builder, interface.name, LLVM::LLVMFunctionType::get(i32, types));
  OpBuilder::InsertionGuard guard(builder);
  Block *start = entry.addEntryBlock(builder);
  fail = builder.createBlock(&entry.getBody(), {}, {i32}, {builder.getLoc()});
  LLVM::ReturnOp::create(builder, fail->getArguments());
  builder.setInsertionPointToEnd(start);

  arguments.assign(start->args_begin(), start->args_end());
  for (auto [parameter, argument] :
       llvm::zip_equal(interface.parameters, arguments)) {
    tensors.push_back(parameter.getTensorType() ? unpack(parameter, argument)
                                                : Tensor());
    if (parameter.isPosition)
      check(compare(ICmpPredicate::ule, argument, constant(largestPosition)),
            describe(parameter) + "expects a position in [0, 2^48]");
  }
  for (const SizeTie &tie : interface.ties)
    checkTie(tie);
  if (sizes)
    checkComputedSizes(sizes);
  if (permit)
    checkTiles(permit);
  LLVM::CallOp::create(builder, implementation,
                       getArguments(/*withOutputs=*/true));
  LLVM::ReturnOp::create(builder, constant(0, 32));
  return entry;
}
