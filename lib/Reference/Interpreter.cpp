//===- Interpreter.cpp - Functions and control flow -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "longnet/Reference/Interpreter.h"
#include "Diagnose.h"
#include "Evaluate.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/CheckedArithmetic.h"

using namespace llvm;
using namespace mlir;

namespace longnet {
namespace {

using Values = SmallVector<RuntimeValue>;

class Interpreter {
public:
  Expected<Values> call(func::FuncOp function, ArrayRef<RuntimeValue> arguments,
                        Operation *caller);

private:
  /// Executes everything but the terminator of `block`.
  Error executeBody(Block &block, Frame &frame);
  /// Executes all of `block` and returns the operands of its terminator.
  Expected<Values> executeBlock(Block &block, Frame &frame);
  Error execute(Operation *op, Frame &frame);

  Error execute(func::CallOp op, Frame &frame);
  Error execute(scf::ForOp op, Frame &frame);
  Error execute(scf::IfOp op, Frame &frame);
  Error execute(scf::ForallOp op, Frame &frame);
  Error executeIteration(scf::ForallOp op, ArrayRef<int64_t> indices,
                         ArrayRef<RuntimeValue> inits, Values &results,
                         Frame &frame);

  llvm::DenseMap<Operation *, std::unique_ptr<LastUses>> lastUses;
  unsigned depth = 0;
};

Error setAll(ValueRange values, ArrayRef<RuntimeValue> held, Frame &frame) {
  for (auto [value, holds] : zip_equal(values, held))
    if (Error error = frame.set(value, holds))
      return error;
  return Error::success();
}

} // namespace

//===----------------------------------------------------------------------===//
// Functions and blocks
//===----------------------------------------------------------------------===//

Expected<Values> Interpreter::call(func::FuncOp function,
                                   ArrayRef<RuntimeValue> arguments,
                                   Operation *caller) {
  constexpr unsigned maxDepth = 256;
  if (function.isExternal())
    return makeOpError(caller, "calls @", function.getName(),
                       ", which has no body");
  if (!function.getBody().hasOneBlock())
    return makeOpError(function, "is interpreted with one block only");
  if (depth == maxDepth)
    return makeOpError(caller, "exceeds ", maxDepth, " nested calls");
  std::unique_ptr<LastUses> &uses = lastUses[function];
  if (!uses)
    uses = std::make_unique<LastUses>(function);
  Frame frame(*uses);
  if (Error error = setAll(function.getArguments(), arguments, frame))
    return std::move(error);
  ++depth;
  Expected<Values> results = executeBlock(function.getBody().front(), frame);
  --depth;
  return results;
}

Error Interpreter::executeBody(Block &block, Frame &frame) {
  for (Operation &op : block.without_terminator()) {
    if (Error error = execute(&op, frame))
      return error;
    frame.forgetAfter(&op);
  }
  return Error::success();
}

Expected<Values> Interpreter::executeBlock(Block &block, Frame &frame) {
  if (Error error = executeBody(block, frame))
    return std::move(error);
  Operation *terminator = block.getTerminator();
  Values values = frame.getAll(terminator->getOperands());
  frame.forgetAfter(terminator);
  return values;
}

Error Interpreter::execute(Operation *op, Frame &frame) {
  using Evaluate = Error (*)(Operation *, Frame &);
  return llvm::TypeSwitch<Operation *, Error>(op)
      .Case<func::CallOp, scf::ForOp, scf::IfOp, scf::ForallOp>(
          [&](auto op) { return execute(op, frame); })
      .Default([&](Operation *op) {
        auto evaluate =
            llvm::StringSwitch<Evaluate>(op->getName().getDialectNamespace())
                .Case("affine", evaluateAffine)
                .Case("arith", evaluateArith)
                .Case("linalg", evaluateLinalg)
                .Case("longnet", evaluateLongNet)
                .Case("tensor", evaluateTensor)
                .Default(nullptr);
        return evaluate ? evaluate(op, frame) : makeUnsupportedError(op);
      });
}

Error Interpreter::execute(func::CallOp op, Frame &frame) {
  auto callee = SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(
      op, op.getCalleeAttr());
  if (!callee)
    return makeOpError(op, "calls no function of this module");
  Expected<Values> results = call(callee, frame.getAll(op.getOperands()), op);
  if (!results)
    return results.takeError();
  return setAll(op.getResults(), *results, frame);
}

//===----------------------------------------------------------------------===//
// Control flow
//===----------------------------------------------------------------------===//

Error Interpreter::execute(scf::ForOp op, Frame &frame) {
  if (op.getUnsignedCmp())
    return makeOpError(op, "is not interpreted with unsigned comparison");
  int64_t index = frame.getInt(op.getLowerBound());
  int64_t end = frame.getInt(op.getUpperBound());
  int64_t step = frame.getInt(op.getStep());
  if (step <= 0)
    return makeOpError(op, "expects a positive step, got ", step);
  Values values = frame.getAll(op.getInitArgs());
  while (index < end) {
    if (Error error = frame.set(op.getInductionVar(), index))
      return error;
    if (Error error = setAll(op.getRegionIterArgs(), values, frame))
      return error;
    // The body may write in place what only its arguments hold.
    values.clear();
    Expected<Values> next = executeBlock(*op.getBody(), frame);
    if (!next)
      return next.takeError();
    values = std::move(*next);
    std::optional<int64_t> following = checkedAdd(index, step);
    if (!following)
      break;
    index = *following;
  }
  return setAll(op.getResults(), values, frame);
}

Error Interpreter::execute(scf::IfOp op, Frame &frame) {
  Region &region =
      frame.getInt(op.getCondition()) ? op.getThenRegion() : op.getElseRegion();
  if (region.empty())
    return Error::success();
  Expected<Values> values = executeBlock(region.front(), frame);
  if (!values)
    return values.takeError();
  return setAll(op.getResults(), *values, frame);
}

/// Iterations run one after another. Each sees its destinations as they were
/// before the loop.
Error Interpreter::execute(scf::ForallOp op, Frame &frame) {
  SmallVector<int64_t> lower = frame.getInts(op.getMixedLowerBound());
  SmallVector<int64_t> upper = frame.getInts(op.getMixedUpperBound());
  SmallVector<int64_t> steps = frame.getInts(op.getMixedStep());
  bool done = false;
  for (auto [begin, end, step] : zip(lower, upper, steps)) {
    if (step <= 0)
      return makeOpError(op, "expects positive steps, got ", step);
    done |= begin >= end;
  }
  Values inits = frame.getAll(op.getOutputs()), results = inits;
  SmallVector<int64_t> indices = lower;
  while (!done) {
    if (Error error = executeIteration(op, indices, inits, results, frame))
      return error;
    // The last dimension is the fastest; one that is through starts again.
    done = true;
    for (size_t dim = indices.size(); done && dim-- > 0;) {
      std::optional<int64_t> next = checkedAdd(indices[dim], steps[dim]);
      done = !next || *next >= upper[dim];
      indices[dim] = done ? lower[dim] : *next;
    }
  }
  return setAll(op.getResults(), results, frame);
}

Error Interpreter::executeIteration(scf::ForallOp op, ArrayRef<int64_t> indices,
                                    ArrayRef<RuntimeValue> inits,
                                    Values &results, Frame &frame) {
  for (auto [variable, index] : zip_equal(op.getInductionVars(), indices))
    if (Error error = frame.set(variable, index))
      return error;
  if (Error error = setAll(op.getRegionOutArgs(), inits, frame))
    return error;
  if (Error error = executeBody(*op.getBody(), frame))
    return error;
  for (Operation &yielding : op.getTerminator().getYieldingOps()) {
    auto insert = dyn_cast<tensor::ParallelInsertSliceOp>(yielding);
    if (!insert)
      return makeUnsupportedError(&yielding);
    auto destination = cast<BlockArgument>(insert.getDest());
    auto &result = std::get<RuntimeTensor>(
        results[destination.getArgNumber() - indices.size()]);
    if (Error error = result.detach())
      return addPrefix(insert, std::move(error));
    if (Error error = insertSlice(insert, frame.getTensor(insert.getSource()),
                                  result, Slice::get(insert, frame)))
      return error;
  }
  return Error::success();
}

//===----------------------------------------------------------------------===//
// Entry
//===----------------------------------------------------------------------===//

/// Whether `argument` may be passed as `type`. Unlike a result, an argument
/// must be of the element type too.
static bool isArgument(const RuntimeValue &argument, Type type) {
  auto *tensor = std::get_if<RuntimeTensor>(&argument);
  return isOfType(argument, type) &&
         (!tensor || tensor->getElementType() == getElementTypeOrSelf(type));
}

Expected<Values> interpret(func::FuncOp entry,
                           ArrayRef<RuntimeValue> arguments) {
  ArrayRef<Type> types = entry.getArgumentTypes();
  if (arguments.size() != types.size())
    return makeOpError(entry, "@", entry.getName(), " takes ", types.size(),
                       " arguments, got ", arguments.size());
  for (auto [index, argument, type] : enumerate(arguments, types))
    if (!isArgument(argument, type))
      return makeOpError(entry, "expects argument ", index, " of type '", type,
                         "', got ", formatType(argument));
  return Interpreter().call(entry, arguments, entry);
}

} // namespace longnet
