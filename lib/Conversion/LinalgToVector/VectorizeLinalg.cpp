//===- VectorizeLinalg.cpp - The pass, and bodies on vectors -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LinalgToVector.h"
#include "longnet/Conversion/Passes.h"
#include "mlir/Dialect/AMX/AMXDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Dialect/X86Vector/X86VectorDialect.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

using namespace mlir;

namespace longnet {

#define GEN_PASS_DEF_CONVERTLINALGTOVECTORLOOPS
#include "longnet/Conversion/Passes.h.inc"

int64_t VectorTarget::lanesFor(linalg::LinalgOp op) const {
  unsigned widest = 0;
  bool isFloat = false;
  for (Value operand : op->getOperands()) {
    Type element = getElementTypeOrSelf(operand.getType());
    if (isa<FloatType>(element) && !isFloat) {
      isFloat = true;
      widest = 0;
    }
    if (isa<FloatType>(element) == isFloat)
      widest = std::max(widest, isa<IndexType>(element)
                                    ? 64u
                                    : element.getIntOrFloatBitWidth());
  }
  return std::max<int64_t>(bits / widest, 1);
}

VectorTarget::Block VectorTarget::blockFor(int64_t vectors) const {
  int64_t widest = registers >= 32 ? 4 : 2;
  int64_t width = vectors > 0 ? evenBlock(vectors, widest) : widest;
  return {(registers - registers / 8 - width) / width, width};
}

int64_t evenBlock(int64_t count, int64_t largest) {
  if (count == 0)
    return largest;
  return llvm::divideCeil(count, llvm::divideCeil(count, largest));
}

void emitLoop(OpBuilder &builder, Location loc, Value begin, Value end,
              int64_t step, function_ref<void(Value)> body) {
  auto loop =
      scf::ForOp::create(builder, loc, begin, end,
                         arith::ConstantIndexOp::create(builder, loc, step));
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loop.getBody());
  body(loop.getInductionVar());
}

Value offsetBy(OpBuilder &builder, Location loc, Value base, int64_t by) {
  if (by == 0)
    return base;
  Value constant = arith::ConstantIndexOp::create(builder, loc, by);
  return builder.createOrFold<arith::AddIOp>(loc, base, constant);
}

bool isContiguous(Value value) {
  auto type = dyn_cast<MemRefType>(value.getType());
  int64_t offset;
  SmallVector<int64_t> strides;
  return type && type.getRank() > 0 &&
         succeeded(type.getStridesAndOffset(strides, offset)) &&
         strides.back() == 1;
}

/// Types that lie in memory as they lie in a vector. i1 and odd integers do
/// not: vectors pack their bits.
static bool hasVectorLayout(Type type) {
  if (auto integer = dyn_cast<IntegerType>(type))
    return integer.getWidth() >= 8 && llvm::isPowerOf2_32(integer.getWidth()) &&
           integer.getWidth() <= 64;
  return type.isIndex() || type.isF16() || type.isBF16() || type.isF32() ||
         type.isF64();
}

static bool hasVectorOperands(linalg::LinalgOp op) {
  return llvm::all_of(op->getOperandTypes(), [](Type type) {
    return hasVectorLayout(getElementTypeOrSelf(type));
  });
}

bool hasVectorBody(linalg::LinalgOp op) {
  return llvm::all_of(
      op.getBlock()->without_terminator(), [](Operation &nested) {
        if (isa<linalg::IndexOp>(nested))
          return true;
        // What does not vary along the lanes is cloned as it stands.
        bool isUniform =
            llvm::none_of(nested.getOperands(), [&](Value operand) {
              return operand.getParentBlock() == nested.getBlock();
            });
        return nested.getNumRegions() == 0 && isMemoryEffectFree(&nested) &&
               (isUniform || OpTrait::hasElementwiseMappableTraits(&nested));
      });
}

SmallVector<Value> indicesOf(linalg::LinalgOp op, OpOperand &operand,
                             const Position &position) {
  AffineMap map = op.getMatchingIndexingMap(&operand);
  return llvm::map_to_vector(map.getResults(), [&](AffineExpr expr) {
    return position[cast<AffineDimExpr>(expr).getPosition()];
  });
}

SmallVector<Value> emitBody(linalg::LinalgOp op, OpBuilder &builder,
                            const Position &position, unsigned laneDim,
                            int64_t width, ArrayRef<Value> arguments) {
  Location loc = op.getLoc();
  Block *body = op.getBlock();
  IRMapping mapping;
  mapping.map(body->getArguments(), arguments);
  auto isVector = [](Value value) { return isa<VectorType>(value.getType()); };
  auto asVector = [&](Value value) -> Value {
    if (width == 1 || isVector(value))
      return value;
    return vector::BroadcastOp::create(
        builder, loc, VectorType::get(width, value.getType()), value);
  };
  for (Operation &nested : body->without_terminator()) {
    if (auto index = dyn_cast<linalg::IndexOp>(nested)) {
      Value at = position[index.getDim()];
      if (index.getDim() == laneDim && width > 1) {
        auto type = VectorType::get(width, builder.getIndexType());
        Value lane = vector::StepOp::create(builder, loc, type);
        at = arith::AddIOp::create(builder, loc, asVector(at), lane);
      }
      mapping.map(index.getResult(), at);
      continue;
    }
    SmallVector<Value> operands =
        llvm::map_to_vector(nested.getOperands(), [&](Value operand) {
          return mapping.lookupOrDefault(operand);
        });
    bool varies = llvm::any_of(operands, isVector);
    if (varies)
      for (Value &operand : operands)
        operand = asVector(operand);
    Operation *clone = builder.insert(nested.clone());
    clone->setOperands(operands);
    if (varies)
      for (Value result : clone->getResults())
        result.setType(VectorType::get(width, result.getType()));
    mapping.map(nested.getResults(), clone->getResults());
  }
  return llvm::map_to_vector(
      body->getTerminator()->getOperands(),
      [&](Value value) { return asVector(mapping.lookupOrDefault(value)); });
}

Value loadAt(OpBuilder &builder, linalg::LinalgOp op, OpOperand &operand,
             const Position &position, int64_t width) {
  SmallVector<Value> indices = indicesOf(op, operand, position);
  Value source = operand.get();
  if (width == 1)
    return memref::LoadOp::create(builder, op.getLoc(), source, indices);
  auto type = VectorType::get(width, getElementTypeOrSelf(source));
  return vector::LoadOp::create(builder, op.getLoc(), type, source, indices);
}

void storeAt(OpBuilder &builder, Location loc, Value value, Value to,
             ValueRange indices) {
  if (isa<VectorType>(value.getType()))
    vector::StoreOp::create(builder, loc, value, to, indices);
  else
    memref::StoreOp::create(builder, loc, value, to, indices);
}

void storeSums(OpBuilder &builder, Location loc, Value sums, Value out,
               const Position &at, linalg::LinalgOp epilogue) {
  if (!epilogue)
    return storeAt(builder, loc, sums, out, at);
  auto type = dyn_cast<VectorType>(sums.getType());
  int64_t width = type ? type.getNumElements() : 1;
  unsigned laneDim = at.size() - 1;
  SmallVector<Value> arguments;
  for (OpOperand &operand : epilogue->getOpOperands()) {
    bool varies =
        epilogue.getMatchingIndexingMap(&operand).isFunctionOfDim(laneDim);
    if (operand.get() == out)
      arguments.push_back(sums);
    else if (epilogue.payloadUsesValueFromOperand(&operand))
      arguments.push_back(
          loadAt(builder, epilogue, operand, at, varies ? width : 1));
    else
      arguments.push_back(Value());
  }
  SmallVector<Value> results =
      emitBody(epilogue, builder, at, laneDim, width, arguments);
  for (auto [result, init] :
       llvm::zip_equal(results, epilogue.getDpsInitsMutable()))
    storeAt(builder, loc, result, init.get(), indicesOf(epilogue, init, at));
}

/// The fill whose value the sums of `op` start from: what comes last before
/// `op` of all that touches its destination, which nobody else sees.
static linalg::FillOp findFill(linalg::LinalgOp op) {
  if (op.getNumDpsInits() != 1 || op.getNumReductionLoops() == 0)
    return {};
  Value buffer = op.getDpsInits()[0];
  if (!buffer.getDefiningOp<memref::AllocaOp>() &&
      !buffer.getDefiningOp<memref::AllocOp>())
    return {};
  Operation *last = nullptr;
  for (Operation *user : buffer.getUsers()) {
    Operation *ancestor = op->getBlock()->findAncestorOpInBlock(*user);
    if (!ancestor)
      return {};
    if (ancestor == op || op->isBeforeInBlock(ancestor))
      continue;
    // What is done to views is not followed.
    if (isa<ViewLikeOpInterface>(user))
      return {};
    if (!last || last->isBeforeInBlock(ancestor))
      last = ancestor;
  }
  return dyn_cast_or_null<linalg::FillOp>(last);
}

/// The reduction right before `op`, an epilogue of it with vectors along the
/// last dimension, whose result nobody else reads.
static linalg::LinalgOp findReduction(linalg::LinalgOp op) {
  if (!op->hasAttr(isEpilogue) || !hasVectorBody(op) ||
      op.getNumParallelLoops() != op.getNumLoops())
    return {};
  // Right before, so that all that is there for `op` is there for it too.
  auto reduction = dyn_cast_or_null<linalg::LinalgOp>(op->getPrevNode());
  if (!reduction || reduction.getNumReductionLoops() == 0 ||
      reduction.getNumDpsInits() != 1)
    return {};
  Value sums = reduction.getDpsInits()[0];
  if (!sums.getDefiningOp<memref::AllocaOp>() &&
      !sums.getDefiningOp<memref::AllocOp>())
    return {};
  bool isOwn = llvm::all_of(sums.getUsers(), [&](Operation *user) {
    return user == op || user == reduction ||
           isa<linalg::FillOp, memref::DeallocOp>(user);
  });
  bool isRead = false;
  for (OpOperand &operand : op->getOpOperands()) {
    AffineMap map = op.getMatchingIndexingMap(&operand);
    if (operand.get() == sums) {
      if (op.isDpsInit(&operand) || !map.isIdentity())
        return {};
      isRead = true;
      continue;
    }
    if (!isa<MemRefType>(operand.get().getType()) ||
        !map.isProjectedPermutation())
      return {};
    if (map.isFunctionOfDim(op.getNumLoops() - 1)
            ? !isContiguous(operand.get()) ||
                  map.getResults().back() !=
                      getAffineDimExpr(op.getNumLoops() - 1, op.getContext())
            : op.isDpsInit(&operand))
      return {};
  }
  return isOwn && isRead ? reduction : linalg::LinalgOp();
}

namespace {

struct ConvertLinalgToVectorLoopsPass
    : impl::ConvertLinalgToVectorLoopsBase<ConvertLinalgToVectorLoopsPass> {
  using Base::Base;

  void runOnOperation() override {
    if (vectorBits < 64 || !llvm::isPowerOf2_64(vectorBits) || registers < 8) {
      emitError(getOperation()->getLoc())
          << "longnet-vectorize: expects vector-bits to be a power of two of "
             "at least 64, and at least 8 registers, got "
          << int64_t(vectorBits) << " and " << int64_t(registers);
      return signalPassFailure();
    }
    IRRewriter rewriter(&getContext());
    // Copies are elementwise operations too.
    SmallVector<memref::CopyOp> copies;
    getOperation()->walk([&](memref::CopyOp copy) {
      if (isa<MemRefType>(copy.getSource().getType()) &&
          isa<MemRefType>(copy.getTarget().getType()) &&
          hasVectorLayout(getElementTypeOrSelf(copy.getSource().getType())))
        copies.push_back(copy);
    });
    for (memref::CopyOp copy : copies) {
      rewriter.setInsertionPoint(copy);
      rewriter.replaceOpWithNewOp<linalg::CopyOp>(copy, copy.getSource(),
                                                  copy.getTarget());
    }
    SmallVector<linalg::LinalgOp> ops;
    getOperation()->walk([&](linalg::LinalgOp op) {
      if (op.hasPureBufferSemantics() && hasVectorOperands(op))
        ops.push_back(op);
    });
    VectorTarget target{vectorBits, registers, instructions};
    // From the last to the first, so that fills are still there when the sums
    // that start from them are lowered.
    DenseSet<Operation *> taken;
    DenseMap<Operation *, linalg::LinalgOp> epilogues;
    for (linalg::LinalgOp op : llvm::reverse(ops)) {
      if (taken.contains(op))
        continue;
      if (linalg::LinalgOp reduction = findReduction(op)) {
        epilogues[reduction] = op;
        continue;
      }
      linalg::FillOp fill = findFill(op);
      linalg::LinalgOp epilogue = epilogues.lookup(op);
      SumEnds ends{fill ? fill.getInputs()[0] : Value(), epilogue};
      bool done = lower(op, rewriter, target, ends);
      // The rest of what could not be done at once.
      if (ends.epilogue) {
        SumEnds none;
        lower(ends.epilogue, rewriter, target, none);
      } else if (epilogue) {
        rewriter.eraseOp(epilogue);
      }
      if (done && fill) {
        taken.insert(fill);
        rewriter.eraseOp(fill);
      }
    }
  }

private:
  /// Whether `op` had a form to lower it from.
  static bool lower(linalg::LinalgOp op, RewriterBase &rewriter,
                    const VectorTarget &target, SumEnds &ends) {
    rewriter.setInsertionPoint(op);
    if (failed(vectorizePairContraction(op, rewriter, target, ends)) &&
        failed(vectorizePairOrder(op, rewriter, target)) &&
        failed(vectorizeLoops(op, rewriter, target, ends)) &&
        failed(vectorizeTranspose(op, rewriter, target)))
      return false;
    rewriter.eraseOp(op);
    return true;
  }
};

} // namespace
} // namespace longnet
