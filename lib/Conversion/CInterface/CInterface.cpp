//===- CInterface.cpp - C entries of exported functions -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "EntryBuilder.h"
#include "longnet/Conversion/Passes.h"
#include "mlir/IR/BuiltinOps.h"

using namespace mlir;

namespace longnet {

#define GEN_PASS_DEF_LONGNETCINTERFACE
#include "longnet/Conversion/Passes.h.inc"

namespace {

/// Builds `const char *NAME_error(int32_t code)`, where code `i` means
/// `messages[i - 1]`. Texts lie end to end, with a table of where each begins:
/// a table of pointers would need relocations.
void buildErrorText(ImplicitLocOpBuilder &builder, StringRef name,
                    ArrayRef<std::string> messages) {
  Type i32 = builder.getI32Type(), i64 = builder.getI64Type();
  Type pointerType = LLVM::LLVMPointerType::get(builder.getContext());
  std::string text;
  SmallVector<int32_t> starts;
  auto addText = [&](StringRef message) {
    starts.push_back(text.size());
    text.append(message.begin(), message.end());
    text.push_back('\0');
  };
  addText("no error");
  for (const std::string &message : messages)
    addText(message);
  addText("unknown error code");

  auto textType = LLVM::LLVMArrayType::get(builder.getI8Type(), text.size());
  auto texts = LLVM::GlobalOp::create(
      builder, textType, /*isConstant=*/true, LLVM::Linkage::Internal,
      (name + ".texts").str(), builder.getStringAttr(text));
  auto startsType = LLVM::LLVMArrayType::get(i32, starts.size());
  auto table = LLVM::GlobalOp::create(
      builder, startsType, /*isConstant=*/true, LLVM::Linkage::Internal,
      (name + ".text_starts").str(), builder.getI32TensorAttr(starts));
  auto function =
      LLVM::LLVMFuncOp::create(builder, (name + "_error").str(),
                               LLVM::LLVMFunctionType::get(pointerType, {i32}));

  OpBuilder::InsertionGuard guard(builder);
  Block *body = function.addEntryBlock(builder);
  builder.setInsertionPointToEnd(body);
  Value code = body->getArgument(0);
  Value unknown = LLVM::ConstantOp::create(builder, i32, starts.size() - 1);
  Value isKnown =
      LLVM::ICmpOp::create(builder, LLVM::ICmpPredicate::ult, code, unknown);
  Value index = LLVM::ZExtOp::create(
      builder, i64, LLVM::SelectOp::create(builder, isKnown, code, unknown));
  Value start = LLVM::LoadOp::create(
      builder, i32,
      LLVM::GEPOp::create(builder, pointerType, i32,
                          LLVM::AddressOfOp::create(builder, table),
                          ArrayRef<LLVM::GEPArg>{index}));
  Value result = LLVM::GEPOp::create(builder, pointerType, builder.getI8Type(),
                                     LLVM::AddressOfOp::create(builder, texts),
                                     ArrayRef<LLVM::GEPArg>{start});
  LLVM::ReturnOp::create(builder, result);
}

/// How many arguments the parameters become in the LLVM dialect.
unsigned countArguments(const FunctionInterface &interface) {
  unsigned count = 0;
  for (const Parameter &parameter : interface.parameters) {
    RankedTensorType tensor = parameter.getTensorType();
    count += tensor ? 3 + 2 * tensor.getRank() : 1;
  }
  return count;
}

struct LongNetCInterfacePass
    : impl::LongNetCInterfaceBase<LongNetCInterfacePass> {
  using Base::Base;

  void runOnOperation() override {
    SmallVector<Operation *> functions;
    for (Operation &op : getOperation().getOps())
      if (FunctionInterface::isExported(&op))
        functions.push_back(&op);
    if (!functions.empty() && usesTiles())
      permitTiles = declareSystemCall();
    for (Operation *function : functions)
      if (failed(makeEntry(function)))
        return signalPassFailure();
    // Only entries leave the object file.
    for (auto function : getOperation().getOps<LLVM::LLVMFuncOp>())
      if (function.isPrivate() && !function.isExternal())
        function.setLinkage(LLVM::Linkage::Internal);
  }

  bool usesTiles() {
    WalkResult found = getOperation().walk([](LLVM::CallIntrinsicOp op) {
      return op.getIntrin().starts_with("llvm.x86.tdp")
                 ? WalkResult::interrupt()
                 : WalkResult::advance();
    });
    return found.wasInterrupted();
  }

  /// The C library's `long syscall(long number, ...)`.
  LLVM::LLVMFuncOp declareSystemCall() {
    if (auto known = getOperation().lookupSymbol<LLVM::LLVMFuncOp>("syscall"))
      return known;
    OpBuilder builder = OpBuilder::atBlockEnd(getOperation().getBody());
    Type i64 = builder.getI64Type();
    return LLVM::LLVMFuncOp::create(
        builder, getOperation().getLoc(), "syscall",
        LLVM::LLVMFunctionType::get(i64, i64, /*isVarArg=*/true));
  }

  LogicalResult makeEntry(Operation *op) {
    ModuleOp module = getOperation();
    auto function = dyn_cast<LLVM::LLVMFuncOp>(op);
    if (!function)
      return op->emitOpError("expects an exported function to be lowered to "
                             "the LLVM dialect");
    auto interface = FunctionInterface::of(function);
    if (failed(interface))
      return failure();
    if (function.getNumArguments() != countArguments(*interface))
      return op->emitOpError("expects buffers to be unpacked into pointers, "
                             "offset, sizes and strides");
    LLVM::LLVMFuncOp sizes;
    if (!interface->computedSizes.empty()) {
      sizes = module.lookupSymbol<LLVM::LLVMFuncOp>(interface->getSizesName());
      if (!sizes)
        return op->emitOpError()
               << "expects a function '" << interface->getSizesName() << "'";
    }
    if (failed(makeInternal(function, interface->getImplementationName())))
      return failure();

    ImplicitLocOpBuilder builder(function.getLoc(), module.getBodyRegion());
    builder.setInsertionPointAfter(function);
    EntryBuilder entry(builder, *interface);
    entry.build(function, sizes, permitTiles);
    buildErrorText(builder, interface->name, entry.getMessages());
    return success();
  }

  /// Hides the lowered function behind its entry.
  LogicalResult makeInternal(LLVM::LLVMFuncOp function, StringRef name) {
    ModuleOp module = getOperation();
    for (const std::string &taken :
         {name.str(), (function.getName() + "_error").str()})
      if (module.lookupSymbol(taken))
        return function.emitOpError()
               << "cannot be exported: there is a symbol '" << taken << "'";
    FunctionInterface::removeFrom(function);
    if (failed(SymbolTable::replaceAllSymbolUses(
            function, StringAttr::get(&getContext(), name), module)))
      return failure();
    function.setName(name);
    function.setPrivate();
    return success();
  }

  /// Null if no code uses AMX tiles.
  LLVM::LLVMFuncOp permitTiles;
};

} // namespace
} // namespace longnet
