//===- Differentiate.cpp - Reverse mode -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Zeros.h"
#include "longnet/Dialect/LongNet/IR/LongNet.h"
#include "longnet/Dialect/LongNet/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/IR/Verifier.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace longnet {

#define GEN_PASS_DEF_LONGNETDIFFERENTIATE
#include "longnet/Dialect/LongNet/Transforms/Passes.h.inc"

namespace {

constexpr StringLiteral nameAttr = "longnet.name";

/// Types of values that have a gradient, which is of the same type.
bool isDifferentiable(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return isa<FloatType>(tensor ? tensor.getElementType() : type) &&
         (!tensor || !tensor.getEncoding());
}

/// Types of values that small changes of an argument do not change.
bool isDiscrete(Type type) { return getElementTypeOrSelf(type).isIntOrIndex(); }

LogicalResult noDerivative(Operation *op) {
  InFlightDiagnostic error = op->emitOpError("has no derivative");
  if (isa<CallOpInterface>(op))
    error.attachNote() << "calls can be differentiated when they are inlined";
  return failure();
}

/// The attributes of a gradient of what has the name `of`, or none.
DictionaryAttr getGradientName(Builder &builder, Attribute of) {
  SmallVector<NamedAttribute> attributes;
  if (auto name = dyn_cast_or_null<StringAttr>(of))
    attributes.push_back(builder.getNamedAttr(
        nameAttr, builder.getStringAttr(name.getValue() + "_grad")));
  return builder.getDictionaryAttr(attributes);
}

/// Turns a copy of a function into its gradient: the operations of the function
/// stay, those that pull gradients back from results to operands follow in
/// reverse order. There is one `pullBack` for each kind of operation; it may
/// build gradients that nobody wants, as what is unused is erased in the end.
class Differentiator {
public:
  Differentiator(func::FuncOp function, bool detached)
      : function(function), body(function.getBody().front()),
        detached(detached), builder(function.getLoc(), function) {}

  LogicalResult run() {
    if (failed(checkSignature()) || failed(findActive()))
      return failure();
    SmallVector<BlockArgument> arguments(body.getArguments());
    auto forward = llvm::map_to_vector(body.without_terminator(),
                                       [](Operation &op) { return &op; });
    builder.setInsertionPoint(body.getTerminator());
    addGradientArguments();
    for (Operation *op : llvm::reverse(forward)) {
      // Otherwise no result depends on this operation, or it on no argument.
      if (!llvm::any_of(op->getResults(),
                        [&](Value result) { return getGradient(result); }))
        continue;
      builder.setLoc(op->getLoc());
      if (failed(pullBack(op)))
        return failure();
    }
    returnGradients(arguments);
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(body)))
      if (isOpTriviallyDead(&op))
        op.erase();
    return success();
  }

private:
  /// Memory, and values whose gradient would be of another type, cannot come in
  /// or go out: their gradients would be lost without a word.
  LogicalResult checkSignature() {
    auto check = [&](TypeRange types, StringRef kind) -> LogicalResult {
      for (auto [index, type] : llvm::enumerate(types))
        if (!isDifferentiable(type) && !isDiscrete(type))
          return function.emitError()
                 << kind << " " << index << " of type " << type
                 << " has no gradient: expects a number or a ranked tensor";
      return success();
    };
    if (failed(check(function.getArgumentTypes(), "argument")))
      return failure();
    return check(function.getResultTypes(), "result");
  }

  LogicalResult findActive() {
    for (BlockArgument argument : body.getArguments())
      if (isDifferentiable(argument.getType()) &&
          isa<TensorType>(argument.getType()))
        active.insert(argument);
    for (Operation &op : body.without_terminator()) {
      // Regions use values from outside, too.
      bool usesActive = false;
      op.walk([&](Operation *nested) {
        for (Value operand : nested->getOperands())
          usesActive |= isActive(operand);
      });
      if (!usesActive)
        continue;
      // Through memory a value may go where no rule follows it.
      if (!isMemoryEffectFree(&op))
        return noDerivative(&op);
      for (Value result : op.getResults())
        if (!isDiscrete(result.getType()))
          active.insert(result);
    }
    return success();
  }

  void addGradientArguments() {
    for (OpOperand &returned : body.getTerminator()->getOpOperands()) {
      Value result = returned.get();
      if (!isDifferentiable(result.getType()))
        continue;
      Attribute name =
          function.getResultAttr(returned.getOperandNumber(), nameAttr);
      (void)function.insertArgument(
          function.getNumArguments(), result.getType(),
          getGradientName(builder, name), function.getLoc());
      add(result, body.getArguments().back());
    }
  }

  void returnGradients(ArrayRef<BlockArgument> arguments) {
    builder.setLoc(body.getTerminator()->getLoc());
    SmallVector<Value> results;
    SmallVector<DictionaryAttr> attributes;
    for (BlockArgument argument : arguments) {
      if (!isActive(argument))
        continue;
      Value gradient = getGradient(argument);
      results.push_back(gradient ? gradient : zeros(argument));
      Attribute name = function.getArgAttr(argument.getArgNumber(), nameAttr);
      attributes.push_back(getGradientName(builder, name));
    }
    body.getTerminator()->setOperands(results);
    function.removeResAttrsAttr();
    function.setFunctionType(builder.getFunctionType(
        body.getArgumentTypes(), ValueRange(results).getTypes()));
    function.setAllResultAttrs(attributes);
  }

  // The rules.

  LogicalResult pullBack(Operation *op) {
    // Null only for attention, whose rule looks for the gradients of both.
    Value gradient = getGradient(op->getResult(0));
    return llvm::TypeSwitch<Operation *, LogicalResult>(op)
        .Case<DilatedAttentionOp, linalg::FillOp>(
            [&](auto op) { return pullBack(op); })
        .Case([&](tensor::CastOp op) { return pullBack(op, gradient); })
        .Case<linalg::MatmulOp, linalg::BatchMatmulOp, linalg::ContractOp>(
            [&](linalg::LinalgOp op) {
              return pullBackContraction(op, gradient);
            })
        .Case<arith::AddFOp, arith::SubFOp, arith::MulFOp, arith::DivFOp,
              arith::NegFOp, arith::ExtFOp, arith::TruncFOp, math::ExpOp,
              math::LogOp, math::TanhOp, math::SqrtOp, math::RsqrtOp,
              tensor::ExpandShapeOp, tensor::CollapseShapeOp,
              tensor::ExtractSliceOp, tensor::InsertSliceOp,
              linalg::TransposeOp>([&](auto op) {
          pullBack(op, gradient);
          return success();
        })
        .Default([](Operation *op) { return noDerivative(op); });
  }

  LogicalResult pullBack(DilatedAttentionOp op) {
    // Either result may be unused. The gradient of lse is optional.
    Value outGrad = getGradient(op.getOut());
    if (!outGrad)
      outGrad = zeros(op.getOut());
    auto gradient = DilatedAttentionGradOp::create(
        builder,
        TypeRange{op.getQuery().getType(), op.getKey().getType(),
                  op.getValue().getType()},
        op.getQuery(), op.getKey(), op.getValue(), op.getOut(), op.getLse(),
        outGrad, getGradient(op.getLse()), op.getQueryOffset(),
        op.getKvLengths(), op.getBranches(), op.getCausal(), detached,
        op.getScaleAttr());
    // Some patterns have none; the verifier knows which.
    if (failed(verify(gradient)))
      return failure();
    add(op.getQuery(), gradient.getQueryGrad());
    add(op.getKey(), gradient.getKeyGrad());
    add(op.getValue(), gradient.getValueGrad());
    return success();
  }

  // Rules of elementwise operations need no constants, which would have to be
  // spread over dynamic sizes.

  void pullBack(arith::AddFOp op, Value gradient) {
    add(op.getLhs(), gradient);
    add(op.getRhs(), gradient);
  }

  void pullBack(arith::SubFOp op, Value gradient) {
    add(op.getLhs(), gradient);
    add(op.getRhs(), negate(gradient));
  }

  void pullBack(arith::MulFOp op, Value gradient) {
    add(op.getLhs(), multiply(gradient, op.getRhs()));
    add(op.getRhs(), multiply(gradient, op.getLhs()));
  }

  /// d(a / b) = da / b - (a / b) db / b
  void pullBack(arith::DivFOp op, Value gradient) {
    Value quotient = divide(gradient, op.getRhs());
    add(op.getLhs(), quotient);
    add(op.getRhs(), negate(multiply(quotient, op.getResult())));
  }

  void pullBack(arith::NegFOp op, Value gradient) {
    add(op.getOperand(), negate(gradient));
  }

  void pullBack(arith::ExtFOp op, Value gradient) {
    add(op.getIn(), convert(gradient, op.getIn()));
  }

  void pullBack(arith::TruncFOp op, Value gradient) {
    add(op.getIn(), convert(gradient, op.getIn()));
  }

  void pullBack(math::ExpOp op, Value gradient) {
    add(op.getOperand(), multiply(gradient, op.getResult()));
  }

  void pullBack(math::LogOp op, Value gradient) {
    add(op.getOperand(), divide(gradient, op.getOperand()));
  }

  /// d tanh x = (1 - tanh^2 x) dx
  void pullBack(math::TanhOp op, Value gradient) {
    Value once = multiply(gradient, op.getResult());
    add(op.getOperand(), subtract(gradient, multiply(once, op.getResult())));
  }

  /// d sqrt x = dx / (2 sqrt x)
  void pullBack(math::SqrtOp op, Value gradient) {
    Value root = op.getResult();
    add(op.getOperand(), divide(gradient, sum(root, root)));
  }

  /// d rsqrt x = -rsqrt x dx / (2 x)
  void pullBack(math::RsqrtOp op, Value gradient) {
    Value x = op.getOperand();
    Value scaled = multiply(gradient, op.getResult());
    add(x, negate(divide(scaled, sum(x, x))));
  }

  LogicalResult pullBack(tensor::CastOp op, Value gradient) {
    Value source = op.getSource();
    if (!isDifferentiable(source.getType()))
      return noDerivative(op);
    add(source, tensor::CastOp::create(builder, source.getType(), gradient));
    return success();
  }

  void pullBack(tensor::ExpandShapeOp op, Value gradient) {
    add(op.getSrc(),
        tensor::CollapseShapeOp::create(builder, op.getSrcType(), gradient,
                                        op.getReassociationIndices()));
  }

  void pullBack(tensor::CollapseShapeOp op, Value gradient) {
    SmallVector<OpFoldResult> sizes =
        tensor::getMixedSizes(builder, builder.getLoc(), op.getSrc());
    add(op.getSrc(),
        tensor::ExpandShapeOp::create(builder, op.getSrcType(), gradient,
                                      op.getReassociationIndices(), sizes));
  }

  void pullBack(tensor::ExtractSliceOp op, Value gradient) {
    add(op.getSource(),
        tensor::InsertSliceOp::create(builder, gradient, zeros(op.getSource()),
                                      op.getMixedOffsets(), op.getMixedSizes(),
                                      op.getMixedStrides()));
  }

  void pullBack(tensor::InsertSliceOp op, Value gradient) {
    add(op.getSource(),
        tensor::ExtractSliceOp::create(builder, op.getSourceType(), gradient,
                                       op.getMixedOffsets(), op.getMixedSizes(),
                                       op.getMixedStrides()));
    // What was overwritten counts no longer.
    add(op.getDest(),
        tensor::InsertSliceOp::create(builder, zeros(op.getSource()), gradient,
                                      op.getMixedOffsets(), op.getMixedSizes(),
                                      op.getMixedStrides()));
  }

  /// Nothing of the destination is left, so only the value could have a
  /// gradient.
  LogicalResult pullBack(linalg::FillOp op) {
    return isActive(op.value()) ? noDerivative(op) : success();
  }

  void pullBack(linalg::TransposeOp op, Value gradient) {
    Value input = op.getInput();
    Value empty = makeEmpty(builder, builder.getLoc(), input,
                            getElementTypeOrSelf(input));
    auto transpose = linalg::TransposeOp::create(
        builder, gradient, empty, invertPermutationVector(op.getPermutation()));
    add(input, transpose->getResult(0));
  }

  /// In `c[H] += sum a[I] b[J]` all three are on a par: the gradient of each
  /// input is the contraction of the other one and the gradient of c.
  LogicalResult pullBackContraction(linalg::LinalgOp op, Value gradient) {
    Value a = op.getDpsInputs()[0], b = op.getDpsInputs()[1];
    SmallVector<AffineMap> maps = op.getIndexingMapsArray();
    // A dimension of the result alone, of a broadcast input, would have to be
    // summed before.
    for (unsigned dim = 0; dim < op.getNumLoops(); ++dim)
      if (llvm::count_if(maps, [&](AffineMap map) {
            return map.isFunctionOfDim(dim);
          }) < 2)
        return noDerivative(op);
    Type element = getElementTypeOrSelf(gradient);
    add(op.getDpsInits()[0], gradient);
    add(a, contract(gradient, b, a, {maps[2], maps[1], maps[0]}, element));
    add(b, contract(a, gradient, b, {maps[0], maps[2], maps[1]}, element));
    return success();
  }

  // What the rules are written with.

  bool isActive(Value value) const { return active.contains(value); }
  /// The gradient that the users of `value` gave it; null stands for zero.
  Value getGradient(Value value) const { return gradients.lookup(value); }
  Value sum(Value a, Value b) { return arith::AddFOp::create(builder, a, b); }
  Value negate(Value a) { return arith::NegFOp::create(builder, a); }
  Value subtract(Value a, Value b) {
    return arith::SubFOp::create(builder, a, b);
  }
  Value multiply(Value a, Value b) {
    return arith::MulFOp::create(builder, a, b);
  }
  Value divide(Value a, Value b) {
    return arith::DivFOp::create(builder, a, b);
  }
  Value zeros(Value like) { return makeZeros(builder, builder.getLoc(), like); }

  /// Adds to the gradient of `value`.
  void add(Value value, Value gradient) {
    if (!isActive(value))
      return;
    assert(value.getType() == gradient.getType() && "a gradient of its value");
    Value &total = gradients[value];
    total = total ? sum(total, gradient) : gradient;
  }

  /// `value` in the type of `like`, which has the same sizes.
  Value convert(Value value, Value like) {
    Type from = getElementTypeOrSelf(value), to = getElementTypeOrSelf(like);
    if (from == to)
      return value;
    if (from.getIntOrFloatBitWidth() < to.getIntOrFloatBitWidth())
      return arith::ExtFOp::create(builder, like.getType(), value);
    return arith::TruncFOp::create(builder, like.getType(), value);
  }

  /// sum a * b, summed in the type `element`, in the type of `like`.
  Value contract(Value a, Value b, Value like, ArrayRef<AffineMap> maps,
                 Type element) {
    Value zeros = makeZeros(builder, builder.getLoc(), like, element);
    auto contraction = linalg::ContractOp::create(
        builder, ValueRange{a, b}, zeros, builder.getAffineMapArrayAttr(maps));
    return convert(contraction->getResult(0), like);
  }

  func::FuncOp function;
  Block &body;
  bool detached;
  ImplicitLocOpBuilder builder;
  /// Values that depend on an argument with a gradient.
  DenseSet<Value> active;
  DenseMap<Value, Value> gradients;
};

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

struct LongNetDifferentiatePass
    : impl::LongNetDifferentiateBase<LongNetDifferentiatePass> {
  using Base::Base;

  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    for (const std::string &name : functions)
      if (!symbols.lookup<func::FuncOp>(name)) {
        getOperation().emitError()
            << "the module has no function '" << name << "'";
        return signalPassFailure();
      }
    // The module changes only if all of them can be differentiated.
    SmallVector<std::pair<func::FuncOp, OwningOpRef<func::FuncOp>>> done;
    bool failed = false;
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      if (!isChosen(function))
        continue;
      OwningOpRef<func::FuncOp> gradient = differentiate(function, symbols);
      failed |= !gradient;
      done.emplace_back(function, std::move(gradient));
    }
    if (failed)
      return signalPassFailure();
    for (auto &[function, gradient] : done)
      symbols.insert(gradient.release(), ++function->getIterator());
  }

  bool isChosen(func::FuncOp function) {
    if (!functions.empty())
      return llvm::is_contained(functions, function.getName());
    if (!function.isPublic() || !llvm::hasSingleElement(function.getBody()))
      return false;
    auto isAttention = [](DilatedAttentionOp) {
      return WalkResult::interrupt();
    };
    return function.walk(isAttention).wasInterrupted();
  }

  /// The gradient of `function`, not yet in the module, or null.
  OwningOpRef<func::FuncOp> differentiate(func::FuncOp function,
                                          SymbolTable &symbols) {
    if (!llvm::hasSingleElement(function.getBody())) {
      function.emitError() << "expects one block to differentiate, got "
                           << function.getBody().getBlocks().size();
      return nullptr;
    }
    std::string name = (function.getName() + "_grad").str();
    if (symbols.lookup(name)) {
      function.emitError() << "expects no '" << name << "' in the module yet";
      return nullptr;
    }
    OwningOpRef<func::FuncOp> gradient = function.clone();
    gradient->setName(name);
    if (failed(Differentiator(*gradient, detached).run()))
      return nullptr;
    return gradient;
  }
};

} // namespace
} // namespace longnet
