//===- InitAll.h - Registration -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_INITALL_H
#define LONGNET_INITALL_H

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace longnet {

/// Inserts the longnet dialect with all its interfaces.
void registerDialect(mlir::DialectRegistry &registry);

/// Registers the passes and pipelines of this project, once a process.
void registerPasses();

} // namespace longnet

#endif // LONGNET_INITALL_H
