//===- PatternSpec.cpp - Parsing of patterns -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "longnet/Support/PatternSpec.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;
using namespace longnet;

namespace {

/// What is left of a text, and where that begins.
class Cursor {
public:
  explicit Cursor(StringRef text) : text(text), rest(text) {}

  bool atEnd() const { return rest.empty(); }
  bool consume(StringRef token) { return rest.consume_front(token); }

  /// An error at the current position, counted from one.
  Error error(const Twine &message) const {
    return createStringError("'" + text + "', character " +
                             Twine(text.size() - rest.size() + 1) + ": " +
                             message);
  }

  /// Parses an integer of at least `least`.
  Expected<int64_t> parseInteger(StringRef what, int64_t least) {
    StringRef digits = rest.take_while(isDigit);
    if (digits.empty())
      return error("expects " + what +
                   (atEnd() ? Twine() : ", got '" + Twine(rest.front()) + "'"));
    int64_t value;
    if (digits.getAsInteger(10, value))
      return error(what + " " + digits + " is too large");
    if (value < least)
      return error("expects " + what + " of at least " + Twine(least) +
                   ", got " + digits);
    rest = rest.drop_front(digits.size());
    return value;
  }

private:
  StringRef text, rest;
};

} // namespace

Expected<SmallVector<BranchSpec>> longnet::parsePattern(StringRef text) {
  Cursor cursor(text);
  SmallVector<BranchSpec> branches;
  do {
    Expected<int64_t> segment = cursor.parseInteger("a segment length", 1);
    if (!segment)
      return segment.takeError();
    if (!cursor.consume(":"))
      return cursor.error("expects ':' and a dilation rate");
    Expected<int64_t> dilation = cursor.parseInteger("a dilation rate", 1);
    if (!dilation)
      return dilation.takeError();
    branches.push_back({*segment, *dilation});
  } while (cursor.consume(","));
  if (!cursor.atEnd())
    return cursor.error("expects ',' or the end");
  return branches;
}

Expected<HeadOffsetSpec> longnet::parseHeadOffset(StringRef text) {
  std::optional<HeadOffset> scheme = symbolizeHeadOffset(text);
  if (scheme && *scheme != HeadOffset::listed)
    return HeadOffsetSpec{*scheme};
  if (text.empty() || !isDigit(text.front()))
    return createStringError("expects cyclic, blocked, none or a list such as "
                             "0/1/1/0, got '" +
                             text + "'");
  Cursor cursor(text);
  HeadOffsetSpec spec{HeadOffset::listed};
  do {
    Expected<int64_t> phase = cursor.parseInteger("a phase", 0);
    if (!phase)
      return phase.takeError();
    spec.phases.push_back(*phase);
  } while (cursor.consume("/"));
  if (!cursor.atEnd())
    return cursor.error("expects '/' or the end");
  return spec;
}

Expected<Padding> longnet::parsePadding(StringRef text) {
  if (std::optional<Padding> padding = symbolizePadding(text))
    return *padding;
  return createStringError("expects mask or torchscale, got '" + text + "'");
}

Expected<ElementType> longnet::parseSequenceType(StringRef text) {
  for (ElementType type : {ElementType::F16, ElementType::BF16,
                           ElementType::F32, ElementType::F64})
    if (getElementTypeName(type) == text)
      return type;
  return createStringError("expects f16, bf16, f32 or f64, got '" + text + "'");
}
