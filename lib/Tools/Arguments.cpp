//===- Arguments.cpp - What a function is called with -*- C++ -*-===========//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Arguments.h"
#include "longnet/Support/Npy.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace longnet;
using llvm::createStringError;
using llvm::Expected;

ArgumentValue Argument::getValue() const {
  if (const Array *array = getArray())
    return array;
  if (const auto *integer = std::get_if<int64_t>(&value))
    return *integer;
  return std::get<double>(value);
}

ElementType longnet::getElementType(Type type) {
  if (type.isF16())
    return ElementType::F16;
  if (type.isBF16())
    return ElementType::BF16;
  if (type.isF32())
    return ElementType::F32;
  if (type.isF64())
    return ElementType::F64;
  return type.isInteger(32) ? ElementType::I32 : ElementType::I64;
}

//===----------------------------------------------------------------------===//
// One argument
//===----------------------------------------------------------------------===//

static std::string formatShape(RankedTensorType type) {
  std::string text;
  for (int64_t size : type.getShape())
    text += (ShapedType::isDynamic(size) ? "?" : std::to_string(size)) + "x";
  return text + getElementTypeName(getElementType(type.getElementType())).str();
}

/// Checks that `array` is a value of the tensor type, up to its elements.
static llvm::Error checkShape(const Array &array, RankedTensorType type) {
  bool fits = array.getShape().size() == size_t(type.getRank());
  for (auto [given, size] : llvm::zip(array.getShape(), type.getShape()))
    fits &= ShapedType::isDynamic(size) || given == size;
  if (fits)
    return llvm::Error::success();
  return createStringError(
      "expects shape " + formatShape(type) + ", got " +
      formatArrayType(array.getElementType(), array.getShape()));
}

/// `array` with elements of `type`.
static Expected<Array> convertElements(Array array, Type type) {
  ElementType element = getElementType(type);
  if (element != ElementType::I32)
    return convertArray(std::move(array), element);
  if (array.getElementType() == element)
    return array;
  return createStringError("expects elements of type i32, got " +
                           getElementTypeName(array.getElementType()));
}

static Expected<Array> readTensor(Source &source, RankedTensorType type) {
  Expected<Array> array = source.array
                              ? Expected<Array>(std::move(*source.array))
                              : readNpy(source.text);
  if (!array)
    return array.takeError();
  if (llvm::Error error = checkShape(*array, type))
    return createFileError(source.text, std::move(error));
  array = convertElements(std::move(*array), type.getElementType());
  if (!array)
    return createFileError(source.text, array.takeError());
  return array;
}

/// Reads a number of `type` from text or, failing that, from a file.
static Expected<std::variant<Array, int64_t, double>> readNumber(Source &source,
                                                                 Type type) {
  bool isFloat = isa<FloatType>(type);
  StringRef text = source.text;
  int64_t integer;
  double number;
  if (isFloat && llvm::to_float(text, number))
    return type.isF32() ? double(float(number)) : number;
  if (!isFloat && llvm::to_integer(text, integer, 10))
    return integer;
  if (!text.ends_with(".npy"))
    return createStringError("expects " +
                             Twine(isFloat ? "a number" : "an integer") +
                             " or a .npy file, got '" + text + "'");
  Type element = isFloat ? type : IntegerType::get(type.getContext(), 64);
  Expected<Array> array =
      readTensor(source, RankedTensorType::get({}, element));
  if (!array)
    return array.takeError();
  if (type.isF32())
    return double(array->getElements<float>().front());
  if (type.isF64())
    return array->getElements<double>().front();
  return array->getElements<int64_t>().front();
}

static Expected<std::variant<Array, int64_t, double>>
readValue(const Parameter &parameter, Source &source) {
  if (RankedTensorType tensor = parameter.getTensorType())
    return readTensor(source, tensor);
  auto number = readNumber(source, parameter.type);
  const auto *integer = number ? std::get_if<int64_t>(&*number) : nullptr;
  if (integer && parameter.isPosition &&
      (*integer < 0 || *integer > largestPosition))
    return createStringError("expects a position in [0, 2^48], got " +
                             Twine(*integer));
  if (integer && parameter.type.isInteger(32) && !llvm::isInt<32>(*integer))
    return createStringError("expects an i32, got " + Twine(*integer));
  return number;
}

//===----------------------------------------------------------------------===//
// All arguments
//===----------------------------------------------------------------------===//

/// Checks that the sizes of inputs agree.
static llvm::Error checkTies(const FunctionInterface &interface,
                             ArrayRef<Argument> arguments) {
  auto getSize = [&](ParameterDim dim) {
    return arguments[dim.parameter].getArray()->getShape()[dim.dim];
  };
  auto isInput = [&](ParameterDim dim) {
    return !interface.parameters[dim.parameter].isOutput;
  };
  for (const SizeTie &tie : interface.ties) {
    if (!isInput(tie.subject) || (tie.other && !isInput(*tie.other)))
      continue;
    int64_t subject = getSize(tie.subject);
    int64_t other = tie.other ? getSize(*tie.other) : tie.constant;
    if (tie.isFulfilled(subject, other))
      continue;
    return createFileError(arguments[tie.subject.parameter].getSource(),
                           createStringError(interface.describe(tie) +
                                             ", got " + Twine(subject) +
                                             " and " + Twine(other)));
  }
  return llvm::Error::success();
}

Expected<SmallVector<Argument>>
longnet::readArguments(const FunctionInterface &interface,
                       MutableArrayRef<Source> sources) {
  auto isInput = [](const Parameter &parameter) { return !parameter.isOutput; };
  size_t expected = llvm::count_if(interface.parameters, isInput);
  if (sources.size() != expected)
    return createStringError("'" + interface.name + "' takes " +
                             Twine(expected) + " inputs, got " +
                             Twine(sources.size()));
  SmallVector<Argument> arguments;
  for (auto [source, parameter] : llvm::zip(sources, interface.parameters)) {
    auto value = readValue(parameter, source);
    if (!value)
      return createStringError("argument '" + parameter.name +
                               "': " + toString(value.takeError()));
    arguments.emplace_back(source.text, std::move(*value));
  }
  if (llvm::Error error = checkTies(interface, arguments))
    return std::move(error);
  return arguments;
}
