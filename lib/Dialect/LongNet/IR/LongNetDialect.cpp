//===- LongNetDialect.cpp - Dialect and attributes -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "longnet/Dialect/LongNet/IR/Geometry.h"
#include "longnet/Dialect/LongNet/IR/LongNet.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/Transforms/InliningUtils.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace longnet;

#include "longnet/Dialect/LongNet/IR/LongNetDialect.cpp.inc"
#include "longnet/Dialect/LongNet/IR/LongNetEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "longnet/Dialect/LongNet/IR/LongNetAttrs.cpp.inc"

namespace {

/// Operations mean the same in any function.
struct LongNetInliner : DialectInlinerInterface {
  using DialectInlinerInterface::DialectInlinerInterface;

  bool isLegalToInline(Operation *, Region *, bool, IRMapping &) const final {
    return true;
  }
};

} // namespace

void LongNetDialect::initialize() {
  addInterfaces<LongNetInliner>();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "longnet/Dialect/LongNet/IR/LongNetAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "longnet/Dialect/LongNet/IR/LongNetOps.cpp.inc"
      >();
}

FloatType longnet::getAccumulationType(Type storage) {
  if (storage.isF64())
    return Float64Type::get(storage.getContext());
  return Float32Type::get(storage.getContext());
}

double longnet::getScale(FloatAttr scale, int64_t headDim) {
  return scale ? scale.getValueAsDouble() : 1.0 / std::sqrt(double(headDim));
}

//===----------------------------------------------------------------------===//
// BranchAttr
//===----------------------------------------------------------------------===//

namespace {

template <typename Enum>
ParseResult parseEnum(AsmParser &parser, Enum &value,
                      std::optional<Enum> (*symbolize)(StringRef),
                      StringRef what) {
  SMLoc loc = parser.getCurrentLocation();
  StringRef keyword;
  if (parser.parseKeyword(&keyword))
    return failure();
  std::optional<Enum> known = symbolize(keyword);
  if (!known)
    return parser.emitError(loc)
           << "unknown " << what << " '" << keyword << "'";
  value = *known;
  return success();
}

} // namespace

/// `<segment = w, dilation = r (, heads = scheme | [..])? (, padding =
/// rule)?>`, in any order.
Attribute BranchAttr::parse(AsmParser &parser, Type) {
  std::optional<int64_t> segment, dilation;
  HeadOffset headOffset = HeadOffset::cyclic;
  SmallVector<int64_t> phases;
  Padding padding = Padding::mask;
  llvm::SmallDenseSet<StringRef, 4> seen;
  SMLoc start = parser.getCurrentLocation();
  auto parseField = [&]() -> ParseResult {
    SMLoc loc = parser.getCurrentLocation();
    StringRef name;
    if (parser.parseKeyword(&name) || parser.parseEqual())
      return failure();
    if (!seen.insert(name).second)
      return parser.emitError(loc)
             << "repeated branch parameter '" << name << "'";
    if (name == "segment")
      return parser.parseInteger(segment.emplace());
    if (name == "dilation")
      return parser.parseInteger(dilation.emplace());
    if (name == "padding")
      return parseEnum<Padding>(parser, padding, symbolizePadding, "padding");
    if (name != "heads")
      return parser.emitError(loc)
             << "unknown branch parameter '" << name << "'";
    auto parsePhase = [&] {
      return parser.parseInteger(phases.emplace_back());
    };
    if (failed(parser.parseOptionalLSquare()))
      return parseEnum<HeadOffset>(parser, headOffset, symbolizeHeadOffset,
                                   "head offset");
    headOffset = HeadOffset::listed;
    return failure(parser.parseCommaSeparatedList(parsePhase) ||
                   parser.parseRSquare());
  };
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::LessGreater,
                                     parseField))
    return {};
  if (!segment || !dilation) {
    parser.emitError(start) << "expects 'segment' and 'dilation'";
    return {};
  }
  return parser.getChecked<BranchAttr>(start, parser.getContext(), *segment,
                                       *dilation, headOffset, phases, padding);
}

void BranchAttr::print(AsmPrinter &printer) const {
  printer << "<segment = " << getSegment() << ", dilation = " << getDilation();
  if (getHeadOffset() == HeadOffset::listed) {
    printer << ", heads = [";
    llvm::interleaveComma(getPhases(), printer);
    printer << "]";
  } else if (getHeadOffset() != HeadOffset::cyclic) {
    printer << ", heads = " << stringifyHeadOffset(getHeadOffset());
  }
  if (getPadding() != Padding::mask)
    printer << ", padding = " << stringifyPadding(getPadding());
  printer << ">";
}

LogicalResult BranchAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                 int64_t segment, int64_t dilation,
                                 HeadOffset headOffset,
                                 ArrayRef<int64_t> phases, Padding padding) {
  if (segment < 1 || segment > largestPosition)
    return emitError() << "segment must lie in [1, 2^48], got " << segment;
  if (dilation < 1 || dilation > largestPosition)
    return emitError() << "dilation must lie in [1, 2^48], got " << dilation;
  if ((headOffset == HeadOffset::listed) == phases.empty())
    return emitError() << "expects a list of phases exactly where heads are "
                          "listed";
  for (int64_t phase : phases)
    if (phase < 0 || phase >= dilation)
      return emitError() << "phase " << phase << " is outside [0, " << dilation
                         << ")";
  if (padding == Padding::torchscale && headOffset != HeadOffset::blocked)
    return emitError() << "padding = torchscale needs heads = blocked";
  return success();
}

int64_t BranchAttr::getPhase(int64_t head, int64_t heads) const {
  switch (getHeadOffset()) {
  case HeadOffset::cyclic:
    return head % getDilation();
  case HeadOffset::blocked:
    return head / ceilDiv(heads, getDilation());
  case HeadOffset::none:
    return 0;
  case HeadOffset::listed:
    return getPhases()[head];
  }
  llvm_unreachable("unknown head offset");
}

OpFoldResult BranchAttr::getPhase(OpBuilder &builder, Location loc,
                                  OpFoldResult head, OpFoldResult heads) const {
  IndexExpr j(builder, loc, head), count(builder, loc, heads);
  if (getDilation() == 1)
    return builder.getIndexAttr(0);
  switch (getHeadOffset()) {
  case HeadOffset::cyclic:
    return remainder(j, getDilation()).fold();
  case HeadOffset::blocked:
    // Without heads there is no phase to ask for, but there is no division by
    // zero either.
    return floorDiv(j, ceilDiv(maximum(count, 1), getDilation())).fold();
  case HeadOffset::none:
    return builder.getIndexAttr(0);
  case HeadOffset::listed:
    break;
  }
  if (auto known = j.asConstant())
    return builder.getIndexAttr(getPhases()[*known]);
  Value at = j.materialize();
  Value phase = arith::ConstantIndexOp::create(builder, loc, getPhases()[0]);
  for (auto [index, listed] : llvm::enumerate(getPhases().drop_front())) {
    Value here = arith::CmpIOp::create(
        builder, loc, arith::CmpIPredicate::eq, at,
        arith::ConstantIndexOp::create(builder, loc, index + 1));
    phase = arith::SelectOp::create(
        builder, loc, here,
        arith::ConstantIndexOp::create(builder, loc, listed), phase);
  }
  return phase;
}

bool BranchAttr::isAligned(int64_t rows) const {
  if (getPadding() == Padding::mask || getSegment() % getDilation() == 0)
    return true;
  return !ShapedType::isDynamic(rows) && rows <= getSegment();
}
