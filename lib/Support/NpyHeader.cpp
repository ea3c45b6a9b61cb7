//===- NpyHeader.cpp - The header of NumPy's array files -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NpyHeader.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"
#include <optional>

using namespace llvm;
using namespace longnet;

static constexpr size_t maxRank = 8;

/// The element types of the format. One byte has no order.
static constexpr std::pair<StringLiteral, ElementType> descriptors[] = {
    {"|b1", ElementType::Bool}, {"|u1", ElementType::U8},
    {"<i4", ElementType::I32},  {"<i8", ElementType::I64},
    {"<f2", ElementType::F16},  {"<f4", ElementType::F32},
    {"<f8", ElementType::F64},
};

static Expected<ElementType> parseDescriptor(StringRef descriptor) {
  for (auto [name, type] : descriptors)
    if (descriptor == name)
      return type;
  StringRef reason;
  if (descriptor.starts_with(">"))
    reason = ", which is big endian";
  std::string supported = join(make_first_range(descriptors), ", ");
  return createStringError("unsupported element type '" + descriptor + "'" +
                           reason + " (supported: " + supported + ")");
}

namespace {

/// Parses the part of Python's literals that headers are written in.
class HeaderParser {
public:
  explicit HeaderParser(StringRef text) : text(text), rest(text) {}

  Expected<NpyHeader> parse();

private:
  Error parseEntry();
  Error parseType();
  Error parseOrder();
  Error parseShape();
  Expected<StringRef> parseString();
  Expected<int64_t> parseDimension();

  /// Skips white space, then `token` if it comes next.
  bool consume(StringRef token) {
    rest = rest.ltrim();
    return rest.consume_front(token);
  }
  Error expect(StringRef token) {
    return consume(token) ? Error::success() : malformed("'" + token + "'");
  }
  Error malformed(const Twine &expected) const {
    return createStringError("malformed header: expected " + expected +
                             " at offset " + Twine(text.size() - rest.size()));
  }

  StringRef text;
  StringRef rest;
  std::optional<ElementType> type;
  std::optional<bool> fortranOrder;
  std::optional<SmallVector<int64_t>> shape;
};

} // namespace

Expected<StringRef> HeaderParser::parseString() {
  rest = rest.ltrim();
  char quote = rest.empty() ? 0 : rest.front();
  size_t end = rest.find(quote, 1);
  if ((quote != '\'' && quote != '"') || end == StringRef::npos)
    return malformed("a string");
  StringRef value = rest.slice(1, end);
  rest = rest.drop_front(end + 1);
  return value;
}

Expected<int64_t> HeaderParser::parseDimension() {
  rest = rest.ltrim();
  size_t sign = rest.starts_with("-") ? 1 : 0;
  StringRef digits = rest.take_front(rest.find_if_not(isDigit, sign));
  int64_t value;
  if (digits.getAsInteger(10, value)) {
    if (!digits.empty() && isDigit(digits.back()))
      return createStringError("dimension " + digits + " is out of range");
    return malformed("a dimension");
  }
  rest = rest.drop_front(digits.size());
  return value;
}

Error HeaderParser::parseType() {
  if (consume("["))
    return createStringError("unsupported element type: a structure");
  Expected<StringRef> descriptor = parseString();
  if (!descriptor)
    return descriptor.takeError();
  return parseDescriptor(*descriptor).moveInto(type);
}

Error HeaderParser::parseOrder() {
  if (consume("True"))
    fortranOrder = true;
  else if (consume("False"))
    fortranOrder = false;
  else
    return malformed("True or False");
  return Error::success();
}

Error HeaderParser::parseShape() {
  if (Error error = expect("("))
    return error;
  shape.emplace();
  bool comma = true;
  while (!consume(")")) {
    if (!comma)
      return malformed("',' or ')'");
    if (shape->size() == maxRank)
      return createStringError("rank exceeds " + Twine(maxRank));
    if (Error error = parseDimension().moveInto(shape->emplace_back()))
      return error;
    comma = consume(",");
  }
  // Python reads (3) as a number.
  if (shape->size() == 1 && !comma)
    return malformed("a tuple before");
  return Error::success();
}

Error HeaderParser::parseEntry() {
  Expected<StringRef> key = parseString();
  if (!key)
    return key.takeError();
  if (Error error = expect(":"))
    return error;
  if (*key == "descr" && !type)
    return parseType();
  if (*key == "fortran_order" && !fortranOrder)
    return parseOrder();
  if (*key == "shape" && !shape)
    return parseShape();
  return createStringError("malformed header: unexpected key '" + *key + "'");
}

Expected<NpyHeader> HeaderParser::parse() {
  if (Error error = expect("{"))
    return error;
  bool comma = true;
  while (!consume("}")) {
    if (!comma)
      return malformed("',' or '}'");
    if (Error error = parseEntry())
      return error;
    comma = consume(",");
  }
  if (!rest.trim().empty())
    return malformed("nothing more");
  for (auto [key, present] :
       {std::pair("descr", type.has_value()),
        std::pair("fortran_order", fortranOrder.has_value()),
        std::pair("shape", shape.has_value())})
    if (!present)
      return createStringError("malformed header: no key '" + Twine(key) + "'");
  return NpyHeader{*type, *fortranOrder, std::move(*shape)};
}

Expected<NpyHeader> longnet::parseNpyHeader(StringRef dictionary) {
  return HeaderParser(dictionary).parse();
}

Expected<std::string> longnet::formatNpyHeader(ElementType type,
                                               ArrayRef<int64_t> shape) {
  const auto *descriptor = llvm::find_if(
      descriptors, [&](const auto &entry) { return entry.second == type; });
  if (descriptor == std::end(descriptors))
    return createStringError(getElementTypeName(type) +
                             " has no type in a .npy file");
  std::string dictionary;
  raw_string_ostream stream(dictionary);
  stream << "{'descr': '" << descriptor->first
         << "', 'fortran_order': False, 'shape': (";
  interleaveComma(shape, stream);
  stream << (shape.size() == 1 ? ",), }" : "), }");

  // The data starts at a multiple of 64 bytes. Eight dimensions never fill the
  // 16 bits of the length.
  size_t prefix = npyMagic.size() + 4;
  size_t length =
      alignTo(prefix + dictionary.size() + 1, Array::alignment) - prefix;
  dictionary.resize(length - 1, ' ');
  dictionary += '\n';
  std::string header = npyMagic.str();
  header += {'\x01', '\x00', static_cast<char>(length & 0xff),
             static_cast<char>(length >> 8)};
  return header + dictionary;
}
