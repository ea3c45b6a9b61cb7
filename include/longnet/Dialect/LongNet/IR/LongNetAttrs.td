//===- LongNetAttrs.td - Branches and patterns -------------*- tablegen -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_DIALECT_LONGNET_IR_LONGNETATTRS_TD
#define LONGNET_DIALECT_LONGNET_IR_LONGNETATTRS_TD

include "longnet/Dialect/LongNet/IR/LongNetBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"

def LongNet_HeadOffset : I32EnumAttr<"HeadOffset",
    "the phase of a head in a branch", [
      I32EnumAttrCase<"cyclic", 0>, I32EnumAttrCase<"blocked", 1>,
      I32EnumAttrCase<"none", 2>, I32EnumAttrCase<"listed", 3>]> {
  let cppNamespace = "::longnet";
}

def LongNet_Padding : I32EnumAttr<"Padding",
    "what stands for rows past the end of the sequence", [
      I32EnumAttrCase<"mask", 0>, I32EnumAttrCase<"torchscale", 1>]> {
  let cppNamespace = "::longnet";
}

def LongNet_BranchAttr : AttrDef<LongNet_Dialect, "Branch"> {
  let mnemonic = "branch";
  let summary = "segment length, dilation and head phases of one branch";
  let description = [{
    A branch `(w, r)` cuts the sequence into segments of `w` rows and keeps, in
    every segment, the rows whose index is `s` modulo `r`, where the phase
    `s` depends on the query head `j` of `H`:

    | `heads`            | phase of head `j`                                 |
    | ------------------ | ------------------------------------------------- |
    | `cyclic` (default) | `j mod r`, as in the paper                        |
    | `blocked`          | `j div ceil(H / r)`, as in torchscale             |
    | `none`             | `0`                                               |
    | `[s0, s1, ...]`    | `s_j`, one integer in `[0, r)` for each head      |

    `padding` says what happens to rows past the end of the sequence. With
    `mask` (the default) they do not exist. With `torchscale` they take part
    with score 0 and value 0, the segment length is cut to the sequence length,
    and results are laid out `ceil(w / r) * r` rows a segment, which reproduces
    models trained with torchscale. It needs `heads = blocked`.

    Example:

    ```mlir
    #longnet.branch<segment = 2048, dilation = 1>
    #longnet.branch<segment = 4096, dilation = 2, heads = blocked>
    #longnet.branch<segment = 8192, dilation = 4, heads = [0, 2, 1, 3]>
    #longnet.branch<segment = 64, dilation = 2, heads = blocked, padding = torchscale>
    ```
  }];
  let parameters = (ins "int64_t":$segment, "int64_t":$dilation,
      "::longnet::HeadOffset":$headOffset,
      OptionalArrayRefParameter<"int64_t">:$phases,
      "::longnet::Padding":$padding);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// Phase of head `head` of `heads` heads. `head` must lie in [0, heads).
    int64_t getPhase(int64_t head, int64_t heads) const;

    /// The same as index arithmetic.
    ::mlir::OpFoldResult getPhase(::mlir::OpBuilder &builder,
                                  ::mlir::Location loc,
                                  ::mlir::OpFoldResult head,
                                  ::mlir::OpFoldResult heads) const;

    /// Whether every result row lies at its query row, so that the branch can
    /// be computed where it stands. False only for torchscale's padding with a
    /// dilation that does not divide the segment length, unless one segment
    /// holds the whole sequence of `rows` rows (dynamic if unknown).
    bool isAligned(int64_t rows) const;
  }];
}

def LongNet_PatternAttr
    : ArrayOfAttr<LongNet_Dialect, "Pattern", "pattern", "BranchAttr"> {
  let summary = "the branches of a dilated attention";
  let description = [{
    A list of branches. A key that a query sees through several branches counts
    once for each.

    Example: `[<segment = 2048, dilation = 1>, <segment = 4096, dilation = 2>]`
  }];
}

#endif // LONGNET_DIALECT_LONGNET_IR_LONGNETATTRS_TD
