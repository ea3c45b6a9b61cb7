//===- consumer.cpp - A user of the installed package -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Parses, verifies and prints a module with an operation of the dialect, then
// sees the verifier reject a wrong one.
//
//===----------------------------------------------------------------------===//

#include "longnet/Dialect/LongNet/IR/LongNet.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

/// A function with one attention of segments of `segment` rows.
static std::string makeModule(int segment) {
  return llvm::formatv(R"mlir(
    func.func @attention(%q: tensor<1x2x?x8xf32>) -> tensor<1x2x?x8xf32> {
      %out, %lse = longnet.dilated_attention %q, %q, %q
          branches = [<segment = {0}, dilation = 2>] causal
          : (tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>)
          -> (tensor<1x2x?x8xf32>, tensor<1x2x?xf32>)
      return %out : tensor<1x2x?x8xf32>
    })mlir",
                       segment);
}

int main() {
  DialectRegistry registry;
  registry.insert<func::FuncDialect, longnet::LongNetDialect>();
  MLIRContext context(registry);

  // Parsing verifies.
  auto module = parseSourceString<ModuleOp>(makeModule(64), &context);
  if (!module)
    return 1;
  module->print(llvm::outs());

  ScopedDiagnosticHandler handler(&context, [](Diagnostic &diagnostic) {
    llvm::outs() << "rejected: " << diagnostic << "\n";
  });
  return parseSourceString<ModuleOp>(makeModule(0), &context) ? 1 : 0;
}
