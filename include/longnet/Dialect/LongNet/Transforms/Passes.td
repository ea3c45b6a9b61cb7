//===- Passes.td - longnet to longnet ----------------------*- tablegen -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_DIALECT_LONGNET_TRANSFORMS_PASSES_TD
#define LONGNET_DIALECT_LONGNET_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def LongNetDecompose : Pass<"longnet-decompose"> {
  let summary = "Split dilated attention into its pieces (level 0 to 1 and 2)";
  let description = [{
    Rewrites every `longnet.dilated_attention` into one chain of `segment`,
    `sparsify`, `attention` and `scatter` for each branch, and a `combine` of
    them all. Keys are cut on the grid of the queries. Pieces stay in the
    accumulation type; only the last `combine` rounds to the storage type.

    A `longnet.dilated_attention_grad` becomes a chain of `attend_grad`, one for
    each branch, that adds to gradients of zeros. With `detached` weights every
    branch is attended to once more, alone, for its delta.
  }];
  let dependentDialects = ["::mlir::affine::AffineDialect",
                           "::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect",
                           "::mlir::math::MathDialect",
                           "::mlir::tensor::TensorDialect"];
}

def LongNetDifferentiate : Pass<"longnet-differentiate", "::mlir::ModuleOp"> {
  let summary = "Add functions that compute gradients, in reverse mode (level 0)";
  let description = [{
    For a function `f` adds `f_grad`, which takes the arguments of `f` and the
    gradients of its floating-point results, and returns the gradients of its
    floating-point tensor arguments, each in order. Integers and indices, such
    as `query_offset` and `kv_lengths`, have none, nor have scalar arguments.

    ```mlir
    func.func @f(%q: !seq, %k: !seq, %v: !seq) -> !seq {
      %out, %lse = longnet.dilated_attention %q, %k, %v branches = ...
      %y = math.tanh %out : !seq
      return %y : !seq
    }
    ```

    also becomes

    ```mlir
    func.func @f_grad(%q: !seq, %k: !seq, %v: !seq, %dy: !seq) -> (!seq, !seq, !seq) {
      %out, %lse = longnet.dilated_attention %q, %k, %v branches = ...
      %y = math.tanh %out : !seq
      %0 = arith.mulf %dy, %y : !seq
      %1 = arith.mulf %0, %y : !seq
      %dout = arith.subf %dy, %1 : !seq
      %dq, %dk, %dv = longnet.dilated_attention_grad %q, %k, %v
          results(%out, %lse ...) gradient(%dout ...) branches = ...
      return %dq, %dk, %dv : !seq, !seq, !seq
    }
    ```

    The function computes its values again; of an attention nothing but `out`
    and `lse` is kept. Gradients of a value with several uses are summed in its
    type. Names given by `longnet.name` get the suffix `_grad`.

    Derivatives have `longnet.dilated_attention`; `addf`, `subf`, `mulf`,
    `divf`, `negf`, `extf` and `truncf` of arith; `exp`, `log`, `tanh`, `sqrt`
    and `rsqrt` of math; `cast`, `expand_shape`, `collapse_shape`,
    `extract_slice` and `insert_slice` of tensor; `transpose`, `fill` with a
    constant, `matmul`, `batch_matmul` and `contract` of linalg. Any other
    operation between an argument and a result, a call included, is an error.
    After an error the module is as it was.
  }];
  let options = [
    ListOption<"functions", "functions", "std::string",
               "Functions to differentiate; by default the public ones of one "
               "block with a dilated_attention">,
    Option<"detached", "detached", "bool", /*default=*/"false",
           "Weights of branches count as constants, as torchscale trains">
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
}

def LongNetFuse : Pass<"longnet-fuse"> {
  let summary = "Fuse chains of pieces into attend (level 1 to 2)";
  let description = [{
    Rewrites chains of `segment`, `sparsify`, `attention` and `scatter`, alone or
    as operands of a `combine`, into `longnet.attend`, which reads
    strided rows of the original sequences: branches over the same query, key
    and value become one operation, others a chain with `accumulate`. A chain
    is fused only where its rows, positions and heads provably cover the whole
    query; what cannot be proved is left alone.
  }];
  let dependentDialects = ["::mlir::affine::AffineDialect",
                           "::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
}

def LongNetTile : Pass<"longnet-tile"> {
  let summary = "Tile attend and attention into parallel loops (level 2)";
  let description = [{
    Tiles `longnet.attend` by one batch entry, one head and `chunk` contiguous
    queries, `longnet.attention` by one batch entry, head and segment and
    `chunk` rows, and `longnet.attend_grad` by one batch entry, one key head with
    its query heads, and whole segments of at least `chunk` rows, into
    `scf.forall`. Sizes may be dynamic. Through a chunk run all branches, so the
    running state of a query never leaves its chunk.

    An `attend` with a dilation above 4 takes chunks of twice that size if their
    packed queries and accumulators fit into `cache`: a chunk keeps few of its
    queries there, and packs as many keys for them. So does one of bf16 with
    `matrix-unit`, whose products take little time beside packing.

    A sum over rows of the output of an `attend`, such as that of delta, is
    computed in the same loop if nothing else reads the output, which is then
    never stored.
  }];
  let options = [
    Option<"chunk", "chunk", "int64_t", /*default=*/"1024",
           "Contiguous queries of a parallel task">,
    Option<"cache", "cache", "int64_t", /*default=*/"0",
           "Bytes of a core's second cache">,
    Option<"matrixUnit", "matrix-unit", "bool", /*default=*/"false",
           "Whether bf16 goes to a matrix unit">
  ];
  let dependentDialects = ["::mlir::affine::AffineDialect",
                           "::mlir::scf::SCFDialect",
                           "::mlir::tensor::TensorDialect"];
}

def LongNetLowerToTiles : Pass<"longnet-lower-to-tiles", "::mlir::ModuleOp"> {
  let summary = "Lower bufferized attention and gradients to loops over tiles";
  let description = [{
    Rewrites `longnet.attend` and `longnet.attention` on buffers into loops over
    query and key tiles around `longnet.attend_tile`, and `longnet.attend_grad`
    around `longnet.attend_grad_tile`. Strided rows are packed
    into dense tiles of the accumulation type, queries transposed so that
    lanes are queries; a packed key tile serves all queries of the chunk.
    Keys that causality hides from a whole tile are never visited, and only
    tiles that are partly visible are masked. Batch entries and heads become
    loops; tile first to have one of each.

    The loops over tiles go to a private function that all branches of the same
    types share, so that code size and compile time do not grow with the number
    of branches.

    With `pairs`, bf16 is packed in pairs instead of widened (see
    `longnet.attend_tile`), and head dimensions are filled up with zeros.

    With `parts` of 2 or 3 as well, f32 is packed as sums of so many parts of
    bf16, for units that multiply nothing wider.

    With `strip` beside `pairs`, an `attend` of bf16 packs as many tiles of keys
    at once as fit into that many bytes. Where `longnet.score_bound` says that
    scores are small, all of them go to one `longnet.attend_strip`. Blocks then
    have 32 queries, and a tile so many keys that their scores come with as
    many products as values: these take no `query-tile` and `key-tile`. Head
    dimensions above 128 do without, as their tiles exceed the first cache. An
    `attend_grad` packs all keys of a segment, whatever the number of bytes, and
    becomes `longnet.attend_grad_strip`s.
  }];
  let options = [
    Option<"queryTile", "query-tile", "int64_t", /*default=*/"64",
           "Queries of a tile">,
    Option<"keyTile", "key-tile", "int64_t", /*default=*/"64",
           "Keys of a tile">,
    Option<"pairs", "pairs", "int64_t", /*default=*/"0",
           "Pack bf16 in pairs, with head dimensions padded to a multiple of "
           "this; 0 for no pairs">,
    Option<"strip", "strip", "int64_t", /*default=*/"0",
           "Bytes of keys and values that are packed at once for attend_strip; "
           "0 for none">,
    Option<"parts", "parts", "int64_t", /*default=*/"1",
           "With pairs, parts of bf16 that f32 is split into; 1 for f32 as it "
           "is">
  ];
  let dependentDialects = ["::mlir::affine::AffineDialect",
                           "::mlir::arith::ArithDialect",
                           "::mlir::func::FuncDialect",
                           "::mlir::LLVM::LLVMDialect",
                           "::mlir::linalg::LinalgDialect",
                           "::mlir::math::MathDialect",
                           "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect"];
}

def LongNetOutlineTiles : Pass<"longnet-outline-tiles", "::mlir::ModuleOp"> {
  let summary = "Outline tiles into one function for each kind and shape";
  let description = [{
    Moves every `longnet.attend_tile` and `longnet.attend_grad_tile` on buffers
    into a private function shared
    by all tiles of the same types. Its score tile then lives in the frame of
    that function, and it is compiled once.
  }];
  let dependentDialects = ["::mlir::func::FuncDialect",
                           "::mlir::LLVM::LLVMDialect"];
}

#endif // LONGNET_DIALECT_LONGNET_TRANSFORMS_PASSES_TD
