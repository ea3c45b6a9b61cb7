//===- Evaluate.cpp - Sizes and cost of a call, ahead of it -*- C++ -*-=====//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Evaluate.h"
#include "longnet/Conversion/CInterface/SizeFunction.h"
#include "longnet/Dialect/LongNet/IR/Geometry.h"
#include "longnet/Dialect/LongNet/IR/LongNet.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Builders.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/ScopeExit.h"

using namespace mlir;
using namespace longnet;
using llvm::createStringError;
using llvm::Expected;

namespace {

/// Asks for sizes and gets them answered all at once.
class SizeQuestions {
public:
  /// Asks for a dimension of `value`, or for `value` itself if it is an index;
  /// returns where its answer will be.
  unsigned ask(Value value, unsigned dim = 0) {
    queries.push_back({value, dim});
    return queries.size() - 1;
  }

  llvm::Error answer(func::FuncOp function, ArrayRef<ArgumentValue> arguments);

  std::optional<int64_t> operator[](unsigned question) const {
    return answers[question];
  }

private:
  SmallVector<SizeQuery> queries;
  SmallVector<std::optional<int64_t>> answers;
};

/// The questions about one operation of attention.
struct AttentionQuestions {
  Operation *op;
  Value query, key, value, lengths;
  SmallVector<BranchAttr> branches;
  bool causal, isGradient;
  unsigned batch, queryHeads, queries, keyHeads, keys;
  std::optional<unsigned> offset;
};

} // namespace

/// Replaces the arguments of `function` by what is known of them: tensors by
/// ones of static sizes, numbers by constants.
static void specialize(func::FuncOp function,
                       ArrayRef<ArgumentValue> arguments) {
  OpBuilder builder = OpBuilder::atBlockBegin(&function.getBody().front());
  Location loc = function.getLoc();
  for (auto [argument, value] :
       llvm::zip_equal(function.getArguments(), arguments)) {
    Type type = argument.getType();
    if (const auto *array = std::get_if<const Array *>(&value)) {
      auto tensor = cast<RankedTensorType>(type);
      auto known =
          RankedTensorType::get((*array)->getShape(), tensor.getElementType());
      if (known == type)
        continue;
      argument.setType(known);
      auto cast = tensor::CastOp::create(builder, loc, type, argument);
      argument.replaceAllUsesExcept(cast, cast);
    } else if (const auto *integer = std::get_if<int64_t>(&value)) {
      Value constant = arith::ConstantOp::create(
          builder, loc, builder.getIntegerAttr(type, *integer));
      argument.replaceAllUsesWith(constant);
    }
  }
  function.setFunctionType(builder.getFunctionType(
      function.getBody().getArgumentTypes(), function.getResultTypes()));
}

llvm::Error SizeQuestions::answer(func::FuncOp function,
                                  ArrayRef<ArgumentValue> arguments) {
  answers.resize(queries.size());
  func::FuncOp sizes = buildSizeFunction(function, "longnet.sizes", queries);
  if (!sizes)
    return llvm::Error::success();
  llvm::scope_exit erase([&] { sizes.erase(); });
  specialize(sizes, arguments);
  PassManager manager(function.getContext(), func::FuncOp::getOperationName());
  addSizeSimplification(manager);
  if (failed(manager.run(sizes)))
    return createStringError("cannot derive the sizes of '" +
                             function.getName() + "'");
  Operation *end = sizes.getBody().front().getTerminator();
  for (auto [answer, value] : llvm::zip_equal(answers, end->getOperands()))
    answer = getConstantIntValue(value);
  return llvm::Error::success();
}

//===----------------------------------------------------------------------===//
// Cost
//===----------------------------------------------------------------------===//

template <typename Op>
static AttentionQuestions askAbout(Op op, ArrayRef<BranchAttr> branches,
                                   SizeQuestions &questions) {
  Value query = op.getQuery(), key = op.getKey();
  AttentionQuestions about{op,
                           query,
                           key,
                           op.getValue(),
                           op.getKvLengths(),
                           SmallVector<BranchAttr>(branches),
                           op.getCausal(),
                           isa<DilatedAttentionGradOp, AttendGradOp>(op),
                           questions.ask(query, 0),
                           questions.ask(query, 1),
                           questions.ask(query, 2),
                           questions.ask(key, 1),
                           questions.ask(key, 2),
                           {}};
  if (op.getQueryOffset())
    about.offset = questions.ask(op.getQueryOffset());
  return about;
}

/// Asks about the attention in `function`; nothing if there is some whose cost
/// is not known.
static std::optional<SmallVector<AttentionQuestions>>
askAboutAttention(func::FuncOp function, SizeQuestions &questions) {
  SmallVector<AttentionQuestions> about;
  bool isKnown = true;
  auto isWhole = [&](auto op) {
    return op->getParentOp() == function && !op.getKeyOffset() &&
           !op.getHeads();
  };
  function.walk([&](Operation *op) {
    if (auto whole = dyn_cast<DilatedAttentionOp>(op);
        whole && op->getParentOp() == function)
      about.push_back(askAbout(whole, whole.getBranches(), questions));
    else if (auto gradient = dyn_cast<DilatedAttentionGradOp>(op);
             gradient && op->getParentOp() == function)
      about.push_back(askAbout(gradient, gradient.getBranches(), questions));
    else if (auto attend = dyn_cast<AttendOp>(op); attend && isWhole(attend))
      about.push_back(askAbout(attend, attend.getBranches(), questions));
    else if (auto part = dyn_cast<AttendGradOp>(op); part && isWhole(part))
      about.push_back(askAbout(part, part.getBranch(), questions));
    else if (isa<DilatedAttentionOp, DilatedAttentionGradOp, AttendOp,
                 AttendGradOp, AttentionOp>(op))
      isKnown = false;
  });
  if (!isKnown)
    return std::nullopt;
  return about;
}

/// The numbers of valid keys, if they are an argument.
static std::optional<ArrayRef<int64_t>>
getLengths(Value lengths, ArrayRef<ArgumentValue> arguments) {
  if (!lengths)
    return ArrayRef<int64_t>();
  auto argument = dyn_cast<BlockArgument>(lengths);
  if (!argument)
    return std::nullopt;
  const Array *array =
      std::get<const Array *>(arguments[argument.getArgNumber()]);
  return array->getElements<int64_t>();
}

/// The FLOP of one attention.
static std::optional<double> getFlop(const AttentionQuestions &about,
                                     const SizeQuestions &answers,
                                     ArrayRef<ArgumentValue> arguments) {
  auto lengths = getLengths(about.lengths, arguments);
  std::optional<int64_t> offset =
      about.offset ? answers[*about.offset] : std::optional<int64_t>(0);
  for (unsigned question : {about.batch, about.queryHeads, about.queries,
                            about.keyHeads, about.keys})
    if (!answers[question])
      return std::nullopt;
  if (!lengths || !offset)
    return std::nullopt;
  auto headDim = [](Value value) {
    return cast<ShapedType>(value.getType()).getDimSize(3);
  };
  Extent extent{*answers[about.batch],    *answers[about.queryHeads],
                *answers[about.keyHeads], *answers[about.queries],
                *answers[about.keys],     headDim(about.query),
                headDim(about.value)};
  extent.queryOffset = *offset;
  extent.causal = about.causal;
  extent.keyLengths = *lengths;
  Cost cost = costOf(about.branches, extent);
  return about.isGradient ? cost.gradientFlop : cost.flop;
}

static void addCost(CallSizes &sizes, ArrayRef<AttentionQuestions> attentions,
                    const SizeQuestions &answers,
                    ArrayRef<ArgumentValue> arguments) {
  if (attentions.empty())
    return;
  const AttentionQuestions &first = attentions.front();
  if (answers[first.batch] && answers[first.queries])
    sizes.tokens = *answers[first.batch] * *answers[first.queries];
  double total = 0;
  for (const AttentionQuestions &about : attentions) {
    std::optional<double> flop = getFlop(about, answers, arguments);
    if (!flop)
      return;
    total += *flop;
  }
  sizes.flop = total;
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

Expected<CallSizes> longnet::evaluateSizes(func::FuncOp function,
                                           ArrayRef<ArgumentValue> arguments) {
  SizeQuestions questions;
  auto attentions = askAboutAttention(function, questions);
  Operation *end = function.getBody().front().getTerminator();
  bool hasOneBlock = function.getBody().hasOneBlock();
  SmallVector<SmallVector<unsigned>> resultQuestions;
  for (auto [index, type] : llvm::enumerate(function.getResultTypes())) {
    auto &dims = resultQuestions.emplace_back();
    for (int64_t dim = 0; dim < cast<RankedTensorType>(type).getRank(); ++dim)
      dims.push_back(hasOneBlock ? questions.ask(end->getOperand(index), dim)
                                 : 0);
  }
  if (llvm::Error error = questions.answer(function, arguments))
    return std::move(error);

  CallSizes sizes;
  for (auto [index, type] : llvm::enumerate(function.getResultTypes())) {
    auto tensor = cast<RankedTensorType>(type);
    auto &shape = sizes.results.emplace_back(tensor.getShape());
    for (auto [dim, size] : llvm::enumerate(shape)) {
      if (!ShapedType::isDynamic(size))
        continue;
      auto answer = hasOneBlock ? questions[resultQuestions[index][dim]]
                                : std::optional<int64_t>();
      if (!answer)
        return createStringError("cannot derive the size of dimension " +
                                 Twine(dim) + " of result " + Twine(index) +
                                 " from the inputs");
      if (*answer < 0)
        return createStringError("dimension " + Twine(dim) + " of result " +
                                 Twine(index) + " has size " + Twine(*answer));
      size = *answer;
    }
  }
  if (attentions)
    addCost(sizes, *attentions, questions, arguments);
  return sizes;
}
