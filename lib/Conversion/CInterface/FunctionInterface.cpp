//===- FunctionInterface.cpp - What a C entry takes -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "longnet/Conversion/CInterface/FunctionInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace longnet;

static constexpr StringLiteral parametersName = "longnet.parameters";
static constexpr StringLiteral tiesName = "longnet.size_ties";
static constexpr StringLiteral computedName = "longnet.computed_sizes";

bool SizeTie::operator==(const SizeTie &tie) const {
  return subject == tie.subject && relation == tie.relation &&
         other == tie.other && constant == tie.constant;
}

//===----------------------------------------------------------------------===//
// To and from attributes
//===----------------------------------------------------------------------===//

namespace {

/// Collects the entries of a dictionary.
class DictionaryBuilder {
public:
  explicit DictionaryBuilder(Builder &builder) : builder(builder) {}

  void add(StringRef name, Attribute value) {
    entries.push_back(builder.getNamedAttr(name, value));
  }
  void addIf(StringRef name, bool value) {
    if (value)
      add(name, builder.getUnitAttr());
  }
  Attribute get() { return builder.getDictionaryAttr(entries); }

private:
  Builder &builder;
  SmallVector<NamedAttribute> entries;
};

} // namespace

static Attribute toAttribute(Builder &builder, const Parameter &parameter) {
  DictionaryBuilder entry(builder);
  entry.add("name", builder.getStringAttr(parameter.name));
  entry.add("type", TypeAttr::get(parameter.type));
  entry.addIf("output", parameter.isOutput);
  entry.addIf("position", parameter.isPosition);
  return entry.get();
}

static Attribute toAttribute(Builder &builder, ParameterDim dim) {
  return builder.getI64ArrayAttr({dim.parameter, dim.dim});
}

static Attribute toAttribute(Builder &builder, const SizeTie &tie) {
  DictionaryBuilder entry(builder);
  entry.add("size", toAttribute(builder, tie.subject));
  entry.add(tie.relation == SizeTie::Relation::Equal ? "equal" : "multiple",
            tie.other ? toAttribute(builder, *tie.other)
                      : builder.getI64ArrayAttr(tie.constant));
  if (!tie.what.empty())
    entry.add("what", builder.getStringAttr(tie.what));
  return entry.get();
}

template <typename T>
static void attach(Operation *function, StringRef name, ArrayRef<T> values) {
  if (values.empty())
    return;
  Builder builder(function->getContext());
  auto entries = llvm::map_to_vector(
      values, [&](const T &value) { return toAttribute(builder, value); });
  function->setAttr(name, builder.getArrayAttr(entries));
}

void FunctionInterface::attachTo(Operation *function) const {
  removeFrom(function);
  attach<SizeTie>(function, tiesName, ties);
  attach<ParameterDim>(function, computedName, computedSizes);
  // Also where it is empty: it marks the function as exported.
  function->setAttr(parametersName, ArrayAttr::get(function->getContext(), {}));
  attach<Parameter>(function, parametersName, parameters);
}

void FunctionInterface::removeFrom(Operation *function) {
  for (StringRef name : {parametersName, tiesName, computedName})
    function->removeAttr(name);
}

bool FunctionInterface::isExported(Operation *function) {
  return function->hasAttr(parametersName);
}

namespace {

/// Reads the entries of attributes that anybody may have written.
class InterfaceReader {
public:
  explicit InterfaceReader(Operation *function) : function(function) {}

  bool isValid() const { return valid; }

  template <typename Entry>
  SmallVector<Entry> getEntries(StringRef name) {
    SmallVector<Entry> entries;
    Attribute attribute = function->getAttr(name);
    if (!attribute)
      return entries;
    auto array = dyn_cast<ArrayAttr>(attribute);
    if (!array || !llvm::all_of(array, llvm::IsaPred<Entry>))
      return invalid(entries);
    return llvm::to_vector(array.getAsRange<Entry>());
  }

  Parameter getParameter(DictionaryAttr entry) {
    Parameter parameter;
    parameter.name = getString(entry, "name");
    parameter.isOutput = entry.contains("output");
    parameter.isPosition = entry.contains("position");
    auto type = entry.getAs<TypeAttr>("type");
    if (!type || !isParameterType(type.getValue()))
      return invalid(parameter);
    parameter.type = type.getValue();
    parameters.push_back(parameter);
    return parameter;
  }

  SizeTie getTie(DictionaryAttr entry) {
    SizeTie tie;
    tie.subject = getDim(entry.get("size"));
    Attribute other = entry.get("equal");
    if (!other) {
      tie.relation = SizeTie::Relation::Multiple;
      other = entry.get("multiple");
    }
    if (SmallVector<int64_t> constant = getIntegers(other);
        constant.size() == 1)
      tie.constant = constant.front();
    else
      tie.other = getDim(other);
    if (entry.contains("what"))
      tie.what = getString(entry, "what");
    return tie;
  }

  /// A dimension of a parameter read before.
  ParameterDim getDim(Attribute attribute) {
    SmallVector<int64_t> integers = getIntegers(attribute);
    if (integers.size() != 2)
      return invalid(ParameterDim{});
    int64_t parameter = integers[0], dim = integers[1];
    if (parameter < 0 || parameter >= int64_t(parameters.size()))
      return invalid(ParameterDim{});
    RankedTensorType type = parameters[parameter].getTensorType();
    if (!type || dim < 0 || dim >= type.getRank())
      return invalid(ParameterDim{});
    return {static_cast<unsigned>(parameter), static_cast<unsigned>(dim)};
  }

private:
  template <typename T>
  T invalid(T value) {
    valid = false;
    return value;
  }

  SmallVector<int64_t> getIntegers(Attribute attribute) {
    SmallVector<int64_t> integers;
    auto array = dyn_cast_or_null<ArrayAttr>(attribute);
    for (Attribute element : array ? array.getValue() : ArrayRef<Attribute>()) {
      auto integer = dyn_cast<IntegerAttr>(element);
      if (!integer || !integer.getType().isSignlessInteger(64))
        return invalid(integers);
      integers.push_back(integer.getInt());
    }
    return integers;
  }

  std::string getString(DictionaryAttr entry, StringRef name) {
    auto value = entry.getAs<StringAttr>(name);
    return value ? value.str() : invalid(std::string());
  }

  Operation *function;
  SmallVector<Parameter> parameters;
  bool valid = true;
};

} // namespace

FailureOr<FunctionInterface> FunctionInterface::of(Operation *function) {
  InterfaceReader reader(function);
  FunctionInterface interface;
  interface.name = SymbolTable::getSymbolName(function).str();
  for (auto entry : reader.getEntries<DictionaryAttr>(parametersName))
    interface.parameters.push_back(reader.getParameter(entry));
  for (auto entry : reader.getEntries<DictionaryAttr>(tiesName))
    interface.ties.push_back(reader.getTie(entry));
  for (auto entry : reader.getEntries<ArrayAttr>(computedName))
    interface.computedSizes.push_back(reader.getDim(entry));
  if (reader.isValid())
    return interface;
  return function->emitOpError()
         << "has malformed attributes '" << parametersName << "', '" << tiesName
         << "' or '" << computedName << "'";
}

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

std::string FunctionInterface::describe(const SizeTie &tie) const {
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << "argument '" << parameters[tie.subject.parameter].name
         << "': expects dimension " << tie.subject.dim;
  if (!tie.what.empty())
    stream << " (" << tie.what << ")";
  if (!tie.other) {
    stream << " of size " << tie.constant;
    return text;
  }
  stream << (tie.relation == SizeTie::Relation::Equal
                 ? " equal to "
                 : " to be a multiple of ");
  if (tie.other->dim == tie.subject.dim)
    stream << "that";
  else
    stream << "dimension " << tie.other->dim;
  stream << " of '" << parameters[tie.other->parameter].name << "'";
  return text;
}

std::optional<DLPackElement> longnet::getDLPackElement(Type type) {
  // The codes of DLPack's DLDataTypeCode.
  enum : uint8_t { Int = 0, Float = 2, BFloat = 4 };
  if (type.isF16())
    return DLPackElement{Float, 16, "f16"};
  if (type.isBF16())
    return DLPackElement{BFloat, 16, "bf16"};
  if (type.isF32())
    return DLPackElement{Float, 32, "f32"};
  if (type.isF64())
    return DLPackElement{Float, 64, "f64"};
  if (type.isSignlessInteger(32))
    return DLPackElement{Int, 32, "i32"};
  if (type.isSignlessInteger(64) || type.isIndex())
    return DLPackElement{Int, 64, "i64"};
  return std::nullopt;
}

bool longnet::isParameterType(Type type) {
  if (auto tensor = dyn_cast<RankedTensorType>(type))
    return !tensor.getEncoding() &&
           getDLPackElement(tensor.getElementType()).has_value();
  return type.isIndex() || type.isSignlessInteger(32) ||
         type.isSignlessInteger(64) || type.isF32() || type.isF64();
}

bool longnet::isCIdentifier(StringRef name) {
  if (name.empty() || llvm::isDigit(name.front()))
    return false;
  if (!llvm::all_of(name, [](char c) { return llvm::isAlnum(c) || c == '_'; }))
    return false;
  // Words that C99 or C++ keep for themselves: the header is for both.
  static const llvm::StringSet<> keywords = {
      "alignas",   "alignof",  "and",      "asm",      "auto",      "bool",
      "break",     "case",     "catch",    "char",     "class",     "const",
      "constexpr", "continue", "decltype", "default",  "delete",    "do",
      "double",    "else",     "enum",     "explicit", "export",    "extern",
      "false",     "float",    "for",      "friend",   "goto",      "if",
      "inline",    "int",      "long",     "mutable",  "namespace", "new",
      "noexcept",  "not",      "nullptr",  "operator", "or",        "private",
      "protected", "public",   "register", "restrict", "return",    "short",
      "signed",    "sizeof",   "static",   "struct",   "switch",    "template",
      "this",      "throw",    "true",     "try",      "typedef",   "typeid",
      "typename",  "union",    "unsigned", "using",    "virtual",   "void",
      "volatile",  "while",    "xor"};
  return !keywords.contains(name);
}
