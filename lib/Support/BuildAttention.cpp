//===- BuildAttention.cpp - A module with one attention -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "longnet/Support/PatternSpec.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"

using namespace mlir;
using namespace longnet;
using llvm::createStringError;
using llvm::Expected;

static Type getSequenceType(Builder &builder, ElementType type) {
  switch (type) {
  case ElementType::F16:
    return builder.getF16Type();
  case ElementType::BF16:
    return builder.getBF16Type();
  case ElementType::F32:
    return builder.getF32Type();
  case ElementType::F64:
    return builder.getF64Type();
  case ElementType::Bool:
  case ElementType::U8:
  case ElementType::I32:
  case ElementType::I64:
    break;
  }
  llvm_unreachable("not a type of sequences");
}

static HeadOffsetSpec getHeadOffset(const AttentionSpec &spec) {
  if (spec.headOffset)
    return *spec.headOffset;
  return {spec.padding == Padding::torchscale ? HeadOffset::blocked
                                              : HeadOffset::cyclic};
}

namespace {

/// Keeps the diagnostics of its lifetime instead of printing them.
class DiagnosticText {
public:
  explicit DiagnosticText(MLIRContext &context)
      : handler(&context,
                [this](Diagnostic &diagnostic) { text = diagnostic.str(); }) {}

  StringRef get() const { return text; }

private:
  std::string text;
  ScopedDiagnosticHandler handler;
};

} // namespace

static Expected<SmallVector<BranchAttr>>
buildBranches(MLIRContext &context, const AttentionSpec &spec) {
  HeadOffsetSpec heads = getHeadOffset(spec);
  SmallVector<BranchAttr> branches;
  DiagnosticText diagnostics(context);
  auto emitUnlocated = [&] { return emitError(UnknownLoc::get(&context)); };
  function_ref<InFlightDiagnostic()> emit = emitUnlocated;
  for (auto [segment, dilation] : spec.branches) {
    auto branch =
        BranchAttr::getChecked(emit, &context, segment, dilation, heads.scheme,
                               ArrayRef<int64_t>(heads.phases), spec.padding);
    if (!branch)
      return createStringError("branch " + Twine(segment) + ":" +
                               Twine(dilation) + ": " + diagnostics.get());
    branches.push_back(branch);
  }
  return branches;
}

Expected<OwningOpRef<ModuleOp>>
longnet::buildAttentionModule(MLIRContext &context, const AttentionSpec &spec) {
  context.loadDialect<LongNetDialect, func::FuncDialect>();
  Expected<SmallVector<BranchAttr>> branches = buildBranches(context, spec);
  if (!branches)
    return branches.takeError();

  OpBuilder builder(&context);
  Location loc = builder.getUnknownLoc();
  Type element = getSequenceType(builder, spec.elementType);
  constexpr int64_t dynamic = ShapedType::kDynamic;
  // A list of phases is one for a number of heads.
  HeadOffsetSpec headOffset = getHeadOffset(spec);
  int64_t heads = headOffset.scheme == HeadOffset::listed
                      ? int64_t(headOffset.phases.size())
                      : dynamic;
  SmallVector<Type> types;
  SmallVector<StringRef> names;
  auto addArgument = [&](StringRef name, Type type) {
    names.push_back(name);
    types.push_back(type);
  };
  auto sequence = [&](int64_t heads, int64_t dim) {
    return RankedTensorType::get({dynamic, heads, dynamic, dim}, element);
  };
  addArgument("query", sequence(heads, spec.headDim));
  addArgument("key", sequence(dynamic, spec.headDim));
  addArgument("value", sequence(dynamic, spec.valueDim));
  if (spec.gradient)
    addArgument("out_grad", sequence(heads, spec.valueDim));
  if (spec.takesQueryOffset)
    addArgument("query_offset", builder.getIndexType());
  if (spec.takesKeyLengths)
    addArgument("kv_lengths",
                RankedTensorType::get({dynamic}, builder.getIndexType()));
  SmallVector<Type> attended = {
      sequence(heads, spec.valueDim),
      RankedTensorType::get({dynamic, heads, dynamic},
                            getAccumulationType(element))};
  SmallVector<Type> results = attended;
  SmallVector<StringRef> resultNames = {"out", "lse"};
  if (spec.gradient) {
    results.assign(types.begin(), types.begin() + 3);
    resultNames = {"query_grad", "key_grad", "value_grad"};
  }

  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  builder.setInsertionPointToEnd(module->getBody());
  auto func = func::FuncOp::create(
      builder, loc, spec.gradient ? "attention_grad" : "attention",
      builder.getFunctionType(types, results));
  for (auto [index, name] : llvm::enumerate(names))
    func.setArgAttr(index, "longnet.name", builder.getStringAttr(name));
  for (auto [index, name] : llvm::enumerate(resultNames))
    func.setResultAttr(index, "longnet.name", builder.getStringAttr(name));

  Block *body = func.addEntryBlock();
  builder.setInsertionPointToEnd(body);
  auto argument = [&](StringRef name) -> Value {
    auto at = llvm::find(names, name);
    return at == names.end() ? Value() : body->getArgument(at - names.begin());
  };
  auto pattern = PatternAttr::get(&context, *branches);
  FloatAttr scale =
      spec.scale ? builder.getF64FloatAttr(*spec.scale) : FloatAttr();
  Operation *last = DilatedAttentionOp::create(
      builder, loc, attended, argument("query"), argument("key"),
      argument("value"), argument("query_offset"), argument("kv_lengths"),
      pattern, spec.causal, scale);
  if (spec.gradient)
    last = DilatedAttentionGradOp::create(
        builder, loc, results, argument("query"), argument("key"),
        argument("value"), last->getResult(0), last->getResult(1),
        argument("out_grad"), /*lse_grad=*/Value(), argument("query_offset"),
        argument("kv_lengths"), pattern, spec.causal,
        *spec.gradient == Gradient::detached, scale);
  func::ReturnOp::create(builder, loc, last->getResults());

  DiagnosticText diagnostics(context);
  if (failed(verify(*module))) {
    StringRef message = diagnostics.get();
    message.consume_front("'longnet.dilated_attention' op ");
    message.consume_front("'longnet.dilated_attention_grad' op ");
    return createStringError(message);
  }
  return module;
}
