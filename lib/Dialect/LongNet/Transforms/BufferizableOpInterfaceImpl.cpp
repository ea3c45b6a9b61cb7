//===- BufferizableOpInterfaceImpl.cpp - Bufferization -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "longnet/Dialect/LongNet/Transforms/BufferizableOpInterfaceImpl.h"
#include "longnet/Dialect/LongNet/IR/LongNet.h"
#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/DstBufferizableOpInterfaceImpl.h"

using namespace mlir;
using namespace mlir::bufferization;

namespace longnet {
namespace {

template <typename Op>
struct DestinationModel
    : DstBufferizableOpInterfaceExternalModel<DestinationModel<Op>, Op> {
  /// A destination is read only where it holds a state to go on from.
  bool bufferizesToMemoryRead(Operation *op, OpOperand &operand,
                              const AnalysisState &) const {
    auto destination = cast<DestinationStyleOpInterface>(op);
    if (!destination.isDpsInit(&operand))
      return true;
    if (auto attend = dyn_cast<AttendOp>(op))
      return attend.getAccumulate();
    return isa<AttendTileOp, AttendGradOp, AttendGradTileOp>(op);
  }

  LogicalResult bufferize(Operation *op, RewriterBase &rewriter,
                          const BufferizationOptions &options,
                          BufferizationState &state) const {
    auto destination = cast<DestinationStyleOpInterface>(op);
    if (destination.hasPureBufferSemantics())
      return success();
    SmallVector<Value> operands, inits;
    for (OpOperand &operand : op->getOpOperands()) {
      Value value = operand.get();
      if (isa<TensorType>(value.getType())) {
        FailureOr<Value> buffer = getBuffer(rewriter, value, options, state);
        if (failed(buffer))
          return failure();
        value = *buffer;
      }
      operands.push_back(value);
      if (destination.isDpsInit(&operand))
        inits.push_back(value);
    }
    rewriter.setInsertionPoint(op);
    OperationState onBuffers(op->getLoc(), op->getName(), operands, TypeRange{},
                             {});
    onBuffers.addAttributes(llvm::to_vector(op->getDiscardableAttrs()));
    onBuffers.propertiesAttr = op->getPropertiesAsAttribute();
    rewriter.create(onBuffers);
    replaceOpWithBufferizedValues(rewriter, op, inits);
    return success();
  }
};

} // namespace

void registerBufferizableOpInterfaceExternalModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, LongNetDialect *) {
    AttentionOp::attachInterface<DestinationModel<AttentionOp>>(*context);
    AttendOp::attachInterface<DestinationModel<AttendOp>>(*context);
    AttendGradOp::attachInterface<DestinationModel<AttendGradOp>>(*context);
    AttendTileOp::attachInterface<DestinationModel<AttendTileOp>>(*context);
    AttendGradTileOp::attachInterface<DestinationModel<AttendGradTileOp>>(
        *context);
  });
}

} // namespace longnet
