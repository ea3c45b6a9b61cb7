//===- BufferizableOpInterfaceImpl.h - Bufferization -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_DIALECT_LONGNET_TRANSFORMS_BUFFERIZABLEOPINTERFACEIMPL_H
#define LONGNET_DIALECT_LONGNET_TRANSFORMS_BUFFERIZABLEOPINTERFACEIMPL_H

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace longnet {

/// Lets the destination-style operations (`attention`, `attend` and
/// `attend_tile`) bufferize in place.
void registerBufferizableOpInterfaceExternalModels(
    mlir::DialectRegistry &registry);

} // namespace longnet

#endif // LONGNET_DIALECT_LONGNET_TRANSFORMS_BUFFERIZABLEOPINTERFACEIMPL_H
